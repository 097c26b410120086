//! One input, many ways to run it: the bytes are the same.

use crate::bench::{Ran, run};
use expressway::batch::{Batch, ReadAt, Source};
use std::io::{self, Read, Write};

const LINE_BYTES_MAX: usize = 3_000;

/// Lines of every kind, about as many as fit into 300 KiB.
fn corpus() -> Vec<u8> {
    let mut bytes = b"\xef\xbb\xbf{\"do\":\"pass\",\"id\":\"first\"}\r\n".to_vec();
    for n in 0..1_500u32 {
        let line: Vec<u8> = match n % 25 {
            0 => format!("{{\"do\":\"fail\",\"error\":\"E{}\",\"cause\":\"line {n}\"}}", n % 7).into(),
            1 => b"   \t".to_vec(),
            2 => format!("{{\"do\": \"pass\", \"id\": {n}, \"word\": \"\\u00e9t\u{e9}\"}}\r").into(),
            3 => format!("{{\"do\":\"name\",\"id\":{n}}}").into(),
            4 => format!("[{n},").into(),
            5 => format!("{{\"do\":\"map\",\"items\":[1,{n},3]}}").into(),
            6 => format!("{{\"do\":\"map\",\"items\":[1,-{n},\"x\"]}}").into(),
            7 if n % 2 == 0 => format!("{{\"do\":\"pass\",\"long\":\"{}\"}}", "l".repeat(LINE_BYTES_MAX)).into(),
            7 => format!("{{\"do\":\"pass\",\"almost\":\"{}\"}}", "a".repeat(LINE_BYTES_MAX - 30)).into(),
            8 if n % 3 == 0 => b"\"\xff\xfe\"".to_vec(),
            8 => b"{\"do\":\"loop\"}".to_vec(),
            9 => Vec::new(),
            _ => format!("{{\"id\":{n},\"do\":\"pass\",\"pad\":\"{}\"}}", "p".repeat(n as usize % 97)).into(),
        };
        bytes.extend_from_slice(&line);
        bytes.push(b'\n');
        if n == 700 {
            // Longer than what is shown, and than any chunk.
            bytes.extend_from_slice(format!("\"{}\u{e9}\"\n", "\u{e9}".repeat(150_000)).as_bytes());
        }
    }
    bytes.extend_from_slice(b"{\"do\":\"pass\",\"id\":\"last, without an end\"}");
    bytes
}

fn second() -> Vec<u8> {
    b"{\"do\":\"name\",\"id\":\"of two\"}\n{\"do\":\"pass\"}".to_vec()
}

/// The forms that one input can have.
const FORMS: [&str; 7] = ["memory", "pieces", "file", "gzip", "zstd", "reader", "pipe"];

/// Something of which pieces can be read, some bytes at a time.
struct Shreds(Vec<u8>);

impl ReadAt for Shreds {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = self.0.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(into.len()).min(7_001);
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

/// A reader that gives a few bytes at a time, as a pipe may.
struct Trickle(io::Cursor<Vec<u8>>);

impl Read for Trickle {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = into.len().min(3_001);
        self.0.read(&mut into[..count])
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    // Several members, as `cat a.gz b.gz` makes them, cut where no line ends.
    let mut out = Vec::new();
    for part in bytes.chunks(bytes.len() / 3 + 1) {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(part).unwrap();
        out.extend_from_slice(&encoder.finish().unwrap());
    }
    out
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let (one, other) = bytes.split_at(bytes.len() / 2);
    [one, other].map(|part| zstd::encode_all(part, 1).unwrap()).concat()
}

fn source<'s>(form: &str, name: &str, bytes: &'s [u8], folder: &std::path::Path) -> Source<'s> {
    match form {
        "memory" => Source::memory(name, bytes),
        "pieces" => Source::pieces(name, Shreds(bytes.to_vec()), bytes.len() as u64),
        "gzip" => Source::reader(name, io::Cursor::new(gzip(bytes))),
        "zstd" => Source::reader(name, io::Cursor::new(zstd(bytes))),
        "reader" => Source::reader(name, Trickle(io::Cursor::new(bytes.to_vec()))),
        _ => {
            let path = folder.join(name);
            std::fs::write(&path, bytes).unwrap();
            if form == "file" { Source::file(path) } else { Source::reader(name, std::fs::File::open(path).unwrap()) }
        }
    }
}

fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("expressway-batch-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs two sources in every form, and compares with the first run. Files have their folder's name in front of theirs.
fn every_way(name: &str, set: impl Fn(Batch) -> Batch) -> Ran {
    let (one, two) = (corpus(), second());
    let folder = folder(name);
    let prefix = format!("{}/", folder.display());
    let sources = |form| vec![source(form, "one", &one, &folder), source(form, "two", &two, &folder)];
    let wanted = run(sources("memory"), |batch| set(batch).threads(1).max_line_bytes(Some(LINE_BYTES_MAX)));
    for form in FORMS {
        for threads in [1, 2, 3, 8] {
            for chunk_bytes in [1 << 10, 64 << 10, 256 << 10] {
                let ran = run(sources(form), |batch| {
                    set(batch).threads(threads).chunk_bytes(chunk_bytes).max_line_bytes(Some(LINE_BYTES_MAX))
                });
                let (results, failures, dead_letters, counts) = ran.same();
                let what = format!("{name}: {form}, {threads} threads, chunks of {chunk_bytes}");
                let bare = |text: String| text.replace(&prefix, "");
                assert!(bare(results) == wanted.results, "{what}: other results");
                assert!(bare(failures) == wanted.failures, "{what}: other failures");
                assert!(bare(dead_letters) == wanted.dead_letters, "{what}: other dead letters");
                assert_eq!(counts, wanted.same().3, "{what}");
            }
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
    wanted
}

#[test]
fn outcomes() {
    let ran = every_way("outcomes", |batch| batch);
    let summary = ran.summary();
    assert_eq!(ran.results.lines().count() as u64, summary.events);
    assert_eq!(summary.events, summary.succeeded + summary.failed + summary.timed_out + summary.rejected);
    assert_eq!(ran.failures.lines().count() as u64, summary.failed + summary.timed_out);
    assert_eq!(ran.dead_letters.lines().count() as u64, summary.rejected);
    assert_eq!(summary.blank, 120);
    assert!(summary.succeeded > 1_000 && summary.failed > 100 && summary.timed_out > 30 && summary.rejected > 80);
    assert_eq!(summary.limits.get("steps"), Some(&summary.timed_out));
    assert_eq!(summary.errors.values().sum::<u64>(), summary.failed);
}

#[test]
fn outcomes_with_their_positions() {
    let ran = every_way("positions", |batch| batch.position(true));
    assert_eq!(
        ran.results.lines().nth(1_000).map(|line| line.starts_with("{\"source\":\"one\",\"offset\":")),
        Some(true)
    );
}

#[test]
fn bare_outputs() {
    let ran = every_way("outputs", |batch| batch.emit(expressway::batch::Emit::Output));
    assert_eq!(ran.results.lines().count() as u64, ran.summary().succeeded);
}

#[test]
fn the_first_records() {
    for limit in [0, 1, 2, 700, 1_381, 1_000_000] {
        let ran = every_way(&format!("limit-{limit}"), |batch| batch.limit(limit));
        let (one, two) = (corpus(), second());
        let whole = run(vec![Source::memory("one", &one), Source::memory("two", &two)], |batch| {
            batch.max_line_bytes(Some(LINE_BYTES_MAX))
        });
        let wanted: Vec<&str> = whole.results.lines().take(limit as usize).collect();
        assert!(ran.results.lines().collect::<Vec<_>>() == wanted, "{limit}");
        assert_eq!(ran.summary().events, limit.min(whole.summary().events));
    }
}

/// Without order there are the same lines, with the same line numbers.
#[test]
fn without_order() {
    let bytes = corpus();
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    let sources = || vec![Source::memory("one", &bytes), Source::reader("two", &bytes[3..])];
    let ordered = run(sources(), |batch| batch.position(true).threads(1).max_line_bytes(Some(LINE_BYTES_MAX)));
    for threads in [1, 3] {
        let ran = run(sources(), |batch| {
            batch.unordered(true).threads(threads).chunk_bytes(5_000).max_line_bytes(Some(LINE_BYTES_MAX))
        });
        assert!(sorted(&ran.results) == sorted(&ordered.results), "{threads}");
        assert!(sorted(&ran.failures) == sorted(&ordered.failures), "{threads}");
        assert!(sorted(&ran.dead_letters) == sorted(&ordered.dead_letters), "{threads}");
        assert_eq!(ran.same().3, ordered.same().3);
    }
}

/// A dead letter says where its bytes are.
#[test]
fn dead_letters_cut_their_bytes_out_again() {
    let bytes = corpus();
    let ran = run(vec![Source::memory("one", &bytes)], |batch| batch.max_line_bytes(Some(LINE_BYTES_MAX)));
    assert!(!ran.dead_letters.is_empty());
    for line in ran.dead_letters.lines() {
        let letter: serde_json::Value = serde_json::from_str(line).unwrap();
        let number = |key: &str| letter[key].as_u64().unwrap() as usize;
        let original = &bytes[number("offset")..number("offset") + number("length")];
        let end = bytes.get(number("offset") + number("length"));
        assert_eq!((end, original.contains(&b'\n')), (Some(&b'\n'), false), "{line}");
        let lines_before = bytes[..number("offset")].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(number("line"), lines_before + 1);
        match letter["text"].as_str() {
            Some(text) => {
                assert_eq!(letter["truncated"] == true, text.len() < original.len());
                assert!(original.starts_with(text.as_bytes()));
            }
            None => assert!(std::str::from_utf8(original).is_err()),
        }
    }
}

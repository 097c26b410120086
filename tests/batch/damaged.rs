//! Damaged input: every line that is no event can be cut out of its source again, and of a damaged compressed file
//! everything comes through that stands before the damage.
//!
//! Long forms: `EXPRESSWAY_LONG_TESTS=1` runs two million lines instead of twenty thousand.

use crate::bench::run;
use expressway::batch::{Batch, Emit, Latency, Source};
use expressway::value::scan::validate;
use serde_json::Value;
use std::io::{Read, Write};

const GOOD: &[u8] = br#"{"do":"pass","id":7}"#;

/// A cell of the table: what stands between its backticks, escapes resolved.
fn cell(text: &str) -> Option<Vec<u8>> {
    let (from, to) = (text.find('`')?, text.rfind('`')?);
    let text = &text.as_bytes()[from + 1..to];
    let (mut bytes, mut at) = (Vec::new(), 0);
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            (b'\\', Some(b'x')) => {
                let digits = std::str::from_utf8(&text[at + 2..at + 4]).expect("two digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("two digits"));
                at += 4;
            }
            (b'\\', Some(b'p')) => {
                bytes.push(b'|');
                at += 2;
            }
            (b'\\', Some(other)) => {
                bytes.push(*other);
                at += 2;
            }
            (byte, _) => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    Some(bytes)
}

#[test]
fn lines_are_what_the_table_says() {
    let table = include_str!("../../src/batch/lines.md");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert!(rows.len() > 70, "{} rows", rows.len());
    for row in rows {
        let line = if row[0] == "``" { Vec::new() } else { cell(row[0]).expect("a line") };
        // Not the machine's own fields: what passes comes out as `$.of`.
        let bytes = [GOOD, b"\n", &line, b"\n", GOOD].concat();
        for threads in [1, 2] {
            let ran = run(vec![Source::memory("s", &bytes)], |batch| batch.threads(threads).chunk_bytes(16));
            let outcomes: Vec<&str> = ran.results.lines().collect();
            let (first, last) = (outcomes.first().expect("a line"), outcomes.last().expect("a line"));
            assert!(first.contains("SUCCEEDED") && last.contains("SUCCEEDED"), "{row:?}: {outcomes:?}");
            let verdict = row[1].split(' ').next().expect("a verdict");
            match (verdict, &outcomes[1..outcomes.len() - 1]) {
                ("blank", []) => assert_eq!(ran.summary().blank, 1, "{row:?}"),
                ("rejected", [outcome]) => {
                    assert!(outcome.contains("REJECTED"), "{row:?}: {outcome}");
                    let dead: Value = serde_json::from_str(ran.dead_letters.trim()).expect("a dead letter");
                    assert_eq!(cut(&bytes, &dead), line, "{row:?}");
                }
                // An event whose `do` is none goes to no state: it was an event.
                ("accepted", [outcome]) => assert!(outcome.contains("FAILED"), "{row:?}: {outcome}"),
                (_, others) => panic!("{row:?}: {others:?}"),
            }
        }
        if row[1].starts_with("accepted") {
            let written = cell(row[1]).unwrap_or_else(|| line.clone());
            let bytes = [b"{\"do\":\"pass\",\"of\":", &line[..], b"}"].concat();
            let ran = run(vec![Source::memory("s", &bytes)], |batch| batch);
            let expected = [b"{\"do\":\"pass\",\"of\":", &written[..], b",\"done\":1}"].concat();
            let found = ran.results.split_once("\"output\":").map(|(_, output)| output.trim_end().as_bytes());
            let found = found.and_then(|output| output.strip_suffix(b"}")).unwrap_or_default();
            assert_eq!(String::from_utf8_lossy(found), String::from_utf8_lossy(&expected), "{row:?}");
        }
    }
}

/// What a dead letter's place cuts out of its source; what it shows must be the same.
fn cut(bytes: &[u8], dead: &Value) -> Vec<u8> {
    use base64::Engine;
    let number = |key: &str| dead[key].as_u64().unwrap_or_else(|| panic!("{key} in {dead}")) as usize;
    let line = bytes[number("offset")..][..number("length")].to_vec();
    let shown = match (&dead["text"], &dead["bytes"]) {
        (Value::String(text), Value::Null) => text.clone().into_bytes(),
        (Value::Null, Value::String(bytes)) => base64::engine::general_purpose::STANDARD.decode(bytes).expect("base64"),
        other => panic!("{other:?} in {dead}"),
    };
    match dead["truncated"].as_bool() {
        Some(true) => assert!(line.starts_with(&shown) && shown.len() < line.len(), "{dead:.200}"),
        _ => assert_eq!(shown, line, "{dead:.200}"),
    }
    line
}

/// The n-th line: every other one is good, the others are spoilt in one of many ways.
fn line(n: usize, out: &mut Vec<u8>) {
    const SPOILT: [&[u8]; 16] = [
        b"{\"do\":\"pass\"",
        b"{\"do\":\"pass\",}",
        b"{\"do\":\"pa\x00ss\"}",
        b"\xff\xfe{\"do\":1}",
        b"{\"do\":\"pass\"}{\"do\":\"pass\"}",
        b"{\"do\":\"p\\qss\"}",
        b"{\"do\":\"pass\xed\xa0\x80\"}",
        b"not json at all",
        b"{\"id\":01}",
        b"]",
        b"\"",
        b"\\",
        b"{\"do\":\"pass\",\"deep\":[[[[[[[[}",
        b"{do:pass}",
        b"\xef\xbb\xbf{}",
        b"{\"do\":\"pass\"} // and so on",
    ];
    match n % 2 {
        0 => write!(out, "{{\"do\":\"pass\",\"id\":{n}}}").expect("in memory"),
        _ => out.extend_from_slice(SPOILT[n / 2 % SPOILT.len()]),
    }
    // Some end as Windows has it, some are followed by blank lines.
    out.extend_from_slice([&b"\n"[..], b"\n", b"\n", b"\r\n", b"\n\n"][n % 5]);
}

#[test]
fn every_other_line_is_no_event() {
    let count = if std::env::var_os("EXPRESSWAY_LONG_TESTS").is_some() { 2_000_000 } else { 20_000 };
    let mut bytes = Vec::new();
    (0..count).for_each(|n| line(n, &mut bytes));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&bytes).expect("in memory");
    let packed = packed.finish().expect("in memory");
    let mut first = None;
    for (stored, threads) in [(&bytes, 1), (&bytes, 2), (&bytes, 8), (&packed, 2)] {
        let ran = run(vec![Source::memory("s", stored)], |batch| batch.threads(threads));
        assert_eq!(ran.summary().rejected, count as u64 / 2);
        assert_eq!(ran.results.lines().count(), count);
        assert_eq!(first.get_or_insert_with(|| ran.same()), &ran.same(), "{threads} threads");
    }
    let (_, _, dead_letters, _) = first.expect("runs");
    let (mut spoilt, mut wanted) = (1, Vec::new());
    for dead in dead_letters.lines() {
        let dead: Value = serde_json::from_str(dead).expect("a dead letter");
        wanted.clear();
        line(spoilt, &mut wanted);
        let wanted = wanted.strip_suffix(b"\n\n").or(wanted.strip_suffix(b"\n")).expect("a line end");
        let found = cut(&bytes, &dead);
        assert_eq!(found.strip_suffix(b"\r").unwrap_or(&found), wanted.strip_suffix(b"\r").unwrap_or(wanted));
        spoilt += 2;
    }
    assert_eq!(spoilt, count + 1);
}

/// Lines with a byte too few, too many or another one somewhere, each behind others that were good or bad.
fn damaged_lines() -> Vec<Vec<u8>> {
    const LINES: [&str; 4] = [
        r#"{"do":"pass","id":-12.5e3,"more":[true,null,{"a":[]}]}"#,
        r#"{"do":"p\u0061ss\n","id":"\"","é":"日"}"#,
        r#" { "do" : "pass" , "id" : [ 1 , 2 ] } "#,
        "false",
    ];
    let mut lines: Vec<Vec<u8>> = vec![b"{\"long\":".repeat(100), [b"[".repeat(1025), b"]".repeat(1025)].concat()];
    for line in LINES.map(str::as_bytes) {
        for at in 0..line.len() {
            lines.push(line[..at].to_vec());
            lines.push([&line[..at], &line[at + 1..]].concat());
            for byte in *b"\"\\{}[],:0ae-. `\x00\x1f\x7f\xc3\xff" {
                lines.push([&line[..at], &[byte], &line[at + 1..]].concat());
                lines.push([&line[..at], &[byte], &line[at..]].concat());
            }
        }
        lines.push(line.to_vec());
    }
    lines
}

#[test]
fn a_line_is_rejected_for_its_own_fault_whatever_stands_around_it() {
    // Good lines of one kind, which are recognised; and then all lines in other orders, so that each is met on each way.
    let usual = |n: usize| format!("{{\"do\":\"pass\",\"id\":{n}}}").into_bytes();
    let damaged = damaged_lines();
    let mixed = |every: usize| {
        damaged
            .iter()
            .enumerate()
            .flat_map(move |(n, line)| std::iter::once(line.clone()).chain((n % every == 0).then(|| usual(n))))
    };
    let orders: [Vec<Vec<u8>>; 3] = [mixed(1).collect(), mixed(7).collect(), damaged.iter().rev().cloned().collect()];
    for lines in orders {
        let bytes: Vec<u8> = lines.iter().flat_map(|line| [&line[..], b"\n"].concat()).collect();
        let told = run(vec![Source::memory("s", &bytes)], |batch| batch.threads(1));
        let (mut results, mut letters) = (told.results.lines(), told.dead_letters.lines());
        let mut offset = 0;
        for (n, line) in lines.iter().enumerate() {
            let blank = line.iter().all(|byte| b" \t\r".contains(byte));
            let outcome = if blank { "" } else { results.next().expect("a line for each") };
            if let Err(fault) = validate(line).map(drop).or_else(|fault| if blank { Ok(()) } else { Err(fault) }) {
                let outcome: Value = serde_json::from_str(outcome).expect("an outcome");
                let dead: Value = serde_json::from_str(letters.next().expect("a dead letter")).expect("a dead letter");
                let fault = Value::from(fault.to_string());
                let shown = String::from_utf8_lossy(line);
                assert_eq!((&outcome["status"], &outcome["error"]), (&"REJECTED".into(), &fault), "{shown}");
                assert_eq!((&dead["reason"], &dead["line"]), (&fault, &(n + 1).into()), "{shown}");
                assert_eq!((cut(&bytes, &dead), dead["offset"].as_u64()), (line.clone(), Some(offset)), "{shown}");
            } else {
                assert!(!outcome.contains("REJECTED"), "{outcome}");
            }
            offset += line.len() as u64 + 1;
        }
        assert_eq!((results.next(), letters.next()), (None, None));
        // However lines are told, they are told the same.
        type Set = fn(Batch) -> Batch;
        let usual: [(&str, Set); 6] = [
            ("run", |batch| batch.shortcuts(false)),
            ("chunks", |batch| batch.chunk_bytes(300).threads(3)),
            ("each timed", |batch| batch.latency(Latency::All)),
            ("some timed", |batch| batch.latency(Latency::Sampled(5))),
            ("handed in at once", |batch| batch.window_bytes(200).threads(1)),
            ("noted", |batch| batch.observe()),
        ];
        for (what, set) in usual {
            let other = run(vec![Source::memory("s", &bytes)], set);
            assert_eq!(other.same(), told.same(), "{what}");
        }
        let other: [(&str, Set); 4] = [
            ("outputs", |batch| batch.emit(Emit::Output)),
            ("skipped", |batch| batch.skip_rejected(true)),
            ("with places", |batch| batch.position(true)),
            ("short lines", |batch| batch.max_line_bytes(Some(20))),
        ];
        for (what, set) in other {
            let told = run(vec![Source::memory("s", &bytes)], set);
            let executed = run(vec![Source::memory("s", &bytes)], |batch| set(batch).shortcuts(false));
            assert_eq!(told.same(), executed.same(), "{what}");
        }
    }
}

fn packed(bytes: &[u8]) -> [(&'static str, Vec<u8>); 2] {
    // Two members and two frames, of which each holds lines in part; names, comments and checksums, as tools write them.
    let (one, other) = bytes.split_at(bytes.len() / 2 + 3);
    let gzip = [one, other].map(|part| {
        let builder = flate2::GzBuilder::new().filename("events").comment("two parts").extra(&b"extra"[..]);
        let mut encoder = builder.write(Vec::new(), flate2::Compression::default());
        encoder.write_all(part).expect("in memory");
        encoder.finish().expect("in memory")
    });
    let zstd = [one, other].map(|part| {
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("an encoder");
        encoder.include_checksum(true).expect("checksums");
        encoder.write_all(part).expect("in memory");
        encoder.finish().expect("in memory")
    });
    // A frame that is to be skipped.
    let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
    [("gzip", gzip.concat()), ("zstd", [zstd[0].clone(), skipped, zstd[1].clone()].concat())]
}

/// What the library's own reader gives, asked for a byte at a time so that it loses nothing of what it has unpacked.
fn told(what: &str, stored: &[u8]) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    let mut reader: Box<dyn Read> = match what {
        "gzip" => Box::new(flate2::bufread::MultiGzDecoder::new(stored)),
        _ => Box::new(zstd::stream::read::Decoder::with_buffer(stored).expect("a decoder")),
    };
    let mut byte = [0];
    loop {
        match reader.read(&mut byte) {
            Ok(0) => return (bytes, true),
            Ok(_) => bytes.push(byte[0]),
            Err(_) => return (bytes, false),
        }
    }
}

/// Runs what is stored, and holds it to what can be told of it.
fn holds(what: &str, case: &str, stored: &[u8]) {
    let (known, whole) = told(what, stored);
    let complete = known.iter().rposition(|byte| *byte == b'\n').map_or(&known[..0], |end| &known[..end]);
    let blank = |line: &&[u8]| !line.iter().all(|byte| b" \t\r".contains(byte));
    let lines = complete.split(|byte| *byte == b'\n').filter(blank).count();
    for chunk_bytes in [64, 1 << 18] {
        let ran =
            run(vec![Source::reader("s", stored)], |batch| batch.threads(1).chunk_bytes(chunk_bytes).position(true));
        let found = ran.results.lines().count();
        let errors = &ran.summary().source_errors;
        assert_eq!(errors.is_empty(), whole, "{what} {case}: {errors:?}");
        if whole {
            assert!(found >= lines, "{what} {case}: {found} of {lines}");
            continue;
        }
        // The libraries' readers lose the byte that they were to give when they failed.
        assert!(found == lines || found == lines + 1, "{what} {case}: {found} of {lines}: {errors:?}");
        assert_eq!(errors.len(), 1);
        let offset = errors[0].offset as usize;
        assert!(
            known.get(..offset).is_none_or(|part| part.is_empty() || part.ends_with(b"\n")),
            "{what} {case}: {errors:?}"
        );
    }
}

/// Lines without blank ones, no two alike.
fn events() -> Vec<u8> {
    (0..40)
        .flat_map(|n| {
            format!("{{\"do\":\"pass\",\"id\":{},\"text\":\"{}\"}}\n", n * n, "ab".repeat(n % 7)).into_bytes()
        })
        .collect()
}

#[test]
fn of_a_file_cut_off_anywhere_all_before_the_cut_is_processed() {
    for (what, stored) in packed(&events()) {
        holds(what, "whole", &stored);
        // Fewer bytes than tell that it is compressed at all are a plain file.
        for cut in 4..stored.len() {
            holds(what, &format!("cut at {cut}"), &stored[..cut]);
        }
    }
}

#[test]
fn of_a_file_damaged_anywhere_all_before_the_damage_is_processed() {
    for (what, stored) in packed(&events()) {
        for at in 4..stored.len() {
            for change in [0x01, 0xff] {
                let mut damaged = stored.clone();
                damaged[at] ^= change;
                holds(what, &format!("byte {at} changed by {change}"), &damaged);
            }
        }
    }
}

#[test]
fn large_members_lose_nothing_either() {
    // Many blocks: damage in a late one, behind more than any buffer holds.
    let bytes: Vec<u8> =
        (0..40_000).flat_map(|n| format!("{{\"do\":\"pass\",\"id\":{}}}\n", n * 7_919 % 65_521).into_bytes()).collect();
    for (what, stored) in packed(&bytes) {
        for part in [3, 5, 7, 8, 9] {
            let mut damaged = stored.clone();
            let at = stored.len() * part / 10;
            damaged[at..at + 8].fill(0xff);
            holds(what, &format!("damaged at {at}"), &damaged);
            holds(what, &format!("cut at {at}"), &stored[..at]);
        }
    }
}

/// Files that unpack to far more than they are: what is held of them is what a chunk holds.
#[test]
fn what_unpacks_to_much_is_one_long_line() {
    for (what, packed) in [
        ("gzip", {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            let zeros = vec![b'x'; 1 << 20];
            (0..64).for_each(|_| encoder.write_all(&zeros).expect("in memory"));
            encoder.write_all(b"\n1\n").expect("in memory");
            encoder.finish().expect("in memory")
        }),
        ("zstd", zstd::encode_all(&[vec![b'x'; 64 << 20], b"\n1\n".to_vec()].concat()[..], 3).expect("in memory")),
    ] {
        assert!(packed.len() < 1 << 17, "{what}");
        let ran = run(vec![Source::memory("s", &packed)], |batch| batch.threads(1));
        let dead: Value = serde_json::from_str(ran.dead_letters.trim()).expect("one dead letter");
        assert_eq!((dead["length"].as_u64(), dead["truncated"].as_bool()), (Some(64 << 20), Some(true)), "{what}");
        assert_eq!(ran.results.lines().count(), 2, "{what}");
    }
}

//! How the bytes of a source become events: formats, envelopes, parts, samples.
//!
//! Cases are data, in `reading/cases.json`: a source's text, how it is to be read, the events with the offsets that they
//! are known by, and what is rejected, with offset, length and reason. Each is read whole, in small pieces, a byte at a
//! time, packed, on one thread and on two, and has to come to the same.

#[path = "reading/command.rs"]
mod command;
#[path = "reading/kept.rs"]
mod kept;
#[cfg(feature = "parquet")]
#[path = "reading/parquet.rs"]
mod parquet;
#[path = "reading/random.rs"]
mod random;

use expressway::batch::{Batch, Envelope, Format, Pointer, Reading, Sink, Source, Summary};
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::{Bound, Handlers};
use expressway::program::Program;
use serde_json::{Value, json};
use std::io::{Read, Write};

/// A machine that gives back what it gets.
const MACHINE: &str = r#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}"#;

fn machine() -> (Program, Bound) {
    let definition = Definition::parse(MACHINE, "pass.asl.json", &ParseOptions::default()).unwrap();
    let program = expressway::compile::compile(&definition, &Default::default()).unwrap();
    let bound = Handlers::new().bind(&program).unwrap();
    (program, bound)
}

/// What a run writes.
#[derive(Debug, Clone, PartialEq)]
struct Written {
    /// Offset and output of each event, in order.
    events: Vec<(u64, Value)>,
    /// What was rejected.
    dead: Vec<Value>,
    /// What is wrong with sources.
    wrong: Vec<String>,
    results: String,
}

fn run(sources: Vec<Source<'_>>, set: impl FnOnce(Batch) -> Batch) -> (Written, Summary) {
    let (program, bound) = machine();
    let (mut results, mut dead) = (Vec::new(), Vec::new());
    let batch = Batch::new(&program, &bound).position(true).results(Sink::new("results", &mut results));
    let summary = set(batch.dead_letters(Sink::new("dead", &mut dead))).run(sources).unwrap();
    let parse = |bytes: &[u8]| -> Vec<Value> {
        bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(|l| serde_json::from_slice(l).unwrap()).collect()
    };
    let events = parse(&results).into_iter().filter(|line| line["status"] == "SUCCEEDED");
    let events = events.map(|line| (line["offset"].as_u64().unwrap(), line["output"].clone())).collect();
    let wrong = summary.source_errors.iter().map(ToString::to_string).collect();
    let results = String::from_utf8(results).unwrap();
    (Written { events, dead: parse(&dead), wrong, results }, summary)
}

/// How a case says that it is to be read.
fn reading(case: &Value) -> Reading {
    let pointer = |name: &str| case[name].as_str().map(|text| Pointer::parse(text).unwrap());
    let mut reading = Reading::new(match case["format"].as_str().unwrap_or("lines") {
        "auto" => Format::Auto,
        "lines" => Format::Lines,
        "json" => Format::Json,
        "csv" => Format::Csv,
        other => panic!("{other}"),
    });
    reading = reading.typed_cells(case["typed"] == true);
    let names = case["unwrap"].as_str().unwrap_or_default().split(',').filter(|name| !name.is_empty());
    reading = reading.unwrap_from(names.map(|name| match name.starts_with('$') {
        true => Envelope::At(Pointer::parse(name).unwrap()),
        false => Envelope::named(name).unwrap(),
    }));
    if let Some(pointer) = pointer("explode") {
        reading = reading.explode(pointer);
    }
    if let Some(pointer) = pointer("select") {
        reading = reading.select(pointer);
    }
    reading
}

struct OneByOne<'b>(&'b [u8]);

impl Read for OneByOne<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = into.len().min(1);
        self.0.read(&mut into[..count])
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// Reads bytes in all ways, which have to come to the same.
fn every_way(name: &str, source: &str, bytes: &[u8], reading: &Reading) -> Written {
    let packed = gzip(bytes);
    let mut first: Option<Written> = None;
    for (threads, chunk_bytes) in [(1, 1 << 18), (1, 64), (2, 100)] {
        let sources = [
            Source::memory(source, bytes),
            Source::reader(source, OneByOne(bytes)),
            Source::reader(source, bytes),
            Source::memory(source, &packed),
        ];
        for (number, source) in sources.into_iter().enumerate() {
            let (written, _) = run(vec![source.read_as(reading)], |batch| {
                batch.threads(threads).chunk_bytes(chunk_bytes).max_line_bytes(Some(200_000))
            });
            for dead in &written.dead {
                // What is cut out of the source is what was shown.
                let (offset, length) = (dead["offset"].as_u64().unwrap(), dead["length"].as_u64().unwrap());
                let cut = &bytes[offset as usize..(offset + length) as usize];
                let shown = dead["text"].as_str().map(str::as_bytes).unwrap_or(cut);
                assert!(cut.starts_with(shown), "{name}: {dead}");
                assert!(cut.len() == shown.len() || dead["truncated"] == true, "{name}: {dead}");
            }
            match &first {
                None => first = Some(written),
                Some(first) => assert_eq!(written, *first, "{name}, {threads} threads, {chunk_bytes}, source {number}"),
            }
        }
    }
    first.unwrap()
}

#[test]
fn cases() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("reading/cases.json")).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let source = case["source"].as_str().unwrap_or("events");
        let text = match &case["text"] {
            Value::Array(lines) => lines.iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n"),
            text => text.as_str().unwrap().to_owned(),
        };
        let written = every_way(name, source, text.as_bytes(), &reading(case));
        let events: Vec<Value> = written.events.iter().map(|(offset, event)| json!([offset, event])).collect();
        let dead: Vec<Value> =
            written.dead.iter().map(|dead| json!([dead["offset"], dead["length"], dead["reason"]])).collect();
        let mut found = json!({"events": events});
        if !dead.is_empty() {
            found["rejected"] = dead.into();
        }
        if !written.wrong.is_empty() {
            found["wrong"] = written.wrong.into();
        }
        let mut wanted = json!({"events": case["events"]});
        for key in ["rejected", "wrong"] {
            if !case[key].is_null() {
                wanted[key] = case[key].clone();
            }
        }
        if found != wanted {
            wrong.push(format!("{name}\n  found  {found}\n  wanted {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Who is in a sample depends on nothing but the seed and who an event is.
#[test]
fn samples() {
    let text: String = (0..10_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let taken = |share, seed, by_content, threads, text: &str| {
        let reading = Reading::new(Format::Lines).sample(share, seed, by_content);
        let source = Source::memory("events", text.as_bytes()).read_as(&reading);
        let (written, summary) = run(vec![source], |batch| batch.threads(threads).chunk_bytes(1_000));
        assert_eq!(summary.events, written.events.len() as u64);
        written.events
    };
    let first = taken(0.1, 1, false, 1, &text);
    assert!((900..1_100).contains(&first.len()), "{}", first.len());
    assert_eq!(taken(0.1, 1, false, 3, &text), first);
    assert_ne!(taken(0.1, 2, false, 1, &text), first);
    assert_eq!(taken(1.0, 1, false, 1, &text).len(), 10_000);
    assert_eq!(taken(0.0, 1, false, 1, &text).len(), 0);
    // By content it does not matter where an event stands.
    let values = |taken: Vec<(u64, Value)>| taken.into_iter().map(|(_, value)| value).collect::<Vec<_>>();
    let here = values(taken(0.1, 1, true, 1, &text));
    assert_eq!(values(taken(0.1, 1, true, 1, &format!("\n  \n{text}"))), here);
    assert_ne!(values(first), here);
}

/// The first records are passed over, in whatever form, and blank lines and what is no event counted as ever.
#[test]
fn skipping() {
    let lines = "{\"n\":0}\n\n{\"n\":1}\nno\n{\"n\":3}\n{\"n\":4}\n";
    let values = "{\"n\":0}{\"n\":1}[{\"n\":2},{\"n\":3}] {\"n\":4}";
    for (format, text, all) in [(Format::Lines, lines, 5), (Format::Json, values, 5)] {
        let ran = |skip, limit, chunk_bytes| {
            let source = Source::memory("events", text.as_bytes()).read_as(&Reading::new(format));
            run(vec![source], |batch| batch.skip(skip).limit(limit).chunk_bytes(chunk_bytes)).0
        };
        let whole = ran(0, u64::MAX, 1 << 18);
        let whole: Vec<&str> = whole.results.lines().collect();
        assert_eq!(whole.len(), all);
        for (skip, limit) in (0..7).flat_map(|skip| (0..7).map(move |limit| (skip, limit))) {
            let wanted: Vec<&str> = whole.iter().copied().skip(skip).take(limit).collect();
            for chunk_bytes in [64, 1 << 18] {
                let found = ran(skip as u64, limit as u64, chunk_bytes).results;
                assert_eq!(found.lines().collect::<Vec<_>>(), wanted, "{format:?}, skip {skip}, limit {limit}");
            }
        }
    }
}

/// One record that is larger than what may be held does not keep the others from their results.
#[test]
fn long_records() {
    let long = format!("{{\"x\":\"{}\"}}", "y".repeat(300_000));
    let json = format!("{{\"a\":1}}{long}{{\"a\":2}}[{long},{{\"a\":3}}]");
    let written = every_way("long", "events", json.as_bytes(), &Reading::new(Format::Json));
    let values: Vec<&Value> = written.events.iter().map(|(_, value)| value).collect();
    assert_eq!(values, [&json!({"a":1}), &json!({"a":2}), &json!({"a":3})]);
    let lengths: Vec<u64> = written.dead.iter().map(|dead| dead["length"].as_u64().unwrap()).collect();
    assert_eq!(lengths, [long.len() as u64; 2]);
    let table = format!("a,b\n1,2\n\"{}\",3\n4,5\n", "y\n".repeat(150_000));
    let written = every_way("long row", "events", table.as_bytes(), &Reading::new(Format::Csv));
    assert_eq!(written.events.len(), 2);
    assert_eq!(written.dead[0]["length"], 300_004);
}

//! What becomes of a line: tables of inputs and of what is written.

use crate::bench::{Ran, run};
use expressway::batch::{Emit, Identity, Latency, Source};
use serde_json::Value;

/// `P` in an input is an event that passes, `P` in a result its outcome.
fn spelled(text: &str) -> String {
    let text = text.replace('P', r#"{"do":"pass"}"#);
    text.replace('F', r#"{"do":"fail","error":"E","cause":"c"}"#)
}

/// What a result line says, in short.
fn short(line: &str) -> String {
    let outcome: Value = serde_json::from_str(line).unwrap();
    match outcome["status"].as_str().unwrap() {
        "SUCCEEDED" => "ok".to_owned(),
        "FAILED" => format!("failed {}", outcome["error"].as_str().unwrap_or("-")),
        "TIMED_OUT" => format!("timed out {}", outcome["limit"].as_str().unwrap_or("-")),
        _ => format!("rejected: {}", outcome["error"].as_str().unwrap()),
    }
}

/// Runs a text whole, a byte at a time, and in small pieces, on one thread and on two.
fn every_way(name: &str, bytes: &[u8], line_bytes_max: usize) -> Ran {
    struct OneByOne<'b>(&'b [u8]);
    impl std::io::Read for OneByOne<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let count = into.len().min(1);
            self.0.read(&mut into[..count])
        }
    }
    let runs = [(1, 1 << 18), (1, 64), (2, 64)].map(|(threads, chunk_bytes)| {
        let way = |source| {
            run(vec![source], |batch| {
                batch.threads(threads).chunk_bytes(chunk_bytes).max_line_bytes(Some(line_bytes_max)).position(true)
            })
        };
        let pieces = expressway::batch::Source::pieces("s", InMemory(bytes.to_vec()), bytes.len() as u64);
        [way(Source::memory("s", bytes)), way(Source::reader("s", OneByOne(bytes))), way(pieces)]
    });
    let mut runs = runs.into_iter().flatten();
    let first = runs.next().unwrap();
    for ran in runs {
        assert_eq!(ran.same(), first.same(), "{name}");
    }
    first
}

struct InMemory(Vec<u8>);

impl expressway::batch::ReadAt for InMemory {
    fn read_at(&self, into: &mut [u8], offset: u64) -> std::io::Result<usize> {
        let rest = self.0.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

#[test]
fn inputs_and_their_results() {
    // Name, input, results in short, how many lines were blank.
    let cases: &[(&str, &str, &[&str], u64)] = &[
        ("nothing", "", &[], 0),
        ("a line end", "\n", &[], 1),
        ("blanks only", " \n\t\r\n\n  ", &[], 4),
        ("a byte order mark only", "\u{feff}", &[], 0),
        ("a byte order mark", "\u{feff}P\nP\n", &["ok", "ok"], 0),
        ("a byte order mark, then a blank line", "\u{feff}\nP", &["ok"], 1),
        ("a byte order mark elsewhere", "P\n\u{feff}P\n", &["ok", "rejected"], 0),
        ("line ends", "P\nP\n", &["ok", "ok"], 0),
        ("line ends with carriage returns", "P\r\n\r\nF\r\n", &["ok", "failed E"], 1),
        ("no line end at the end", "F\nP", &["failed E", "ok"], 0),
        ("carriage returns alone", "P\rP\n", &["rejected"], 0),
        ("two values", "P P\nP", &["rejected", "ok"], 0),
        ("an open string", "\"abc\nP", &["rejected", "ok"], 0),
        ("no rule matches", "{\"do\":\"?\"}\n", &["failed States.Runtime"], 0),
        ("for ever", "{\"do\":\"loop\"}\n", &["timed out steps"], 0),
    ];
    for (name, input, results, blank) in cases {
        let ran = every_way(name, spelled(input).as_bytes(), 1 << 20);
        // The scanner has tests of its own for what it says of a line.
        let short = ran.results.lines().map(|line| short(line).split(": ").next().unwrap_or_default().to_owned());
        assert_eq!(short.collect::<Vec<_>>(), *results, "{name}");
        assert_eq!(ran.summary().blank, *blank, "{name}");
        assert_eq!(ran.summary().events, results.len() as u64, "{name}");
    }
}

#[test]
fn lines_around_the_limit() {
    for limit in [20, 63, 64, 65, 200, 65_533, 65_536, 70_000] {
        let line = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
        let input = [limit, limit + 1, limit - 1, 3 * limit, limit, limit + 3].map(line).join("\n");
        for (mark, end) in [("", ""), ("\u{feff}", "\n")] {
            let input = format!("{mark}{input}{end}");
            let ran = every_way(&format!("limit {limit}"), input.as_bytes(), limit);
            let short: Vec<String> = ran.results.lines().map(short).collect();
            let over = |bytes: usize| format!("rejected: a line of {bytes} bytes is over the limit of {limit} bytes");
            let ok = "failed States.Runtime".to_owned();
            assert_eq!(
                short,
                [ok.clone(), over(limit + 1), ok.clone(), over(3 * limit), ok, over(limit + 3)],
                "{limit}"
            );
        }
    }
}

/// Inputs put together at random from what lines and their ends are made of.
#[test]
fn made_up_inputs() {
    let parts = ["\n", "\r\n", "P", "F", " ", "1", "{}", "\"", "\u{e9}", "xxxxxxxxxxxxxxxxxxxxxxxxx", "\u{feff}", "\n"];
    let mut state = 1u64;
    for n in 0..300 {
        let mut input = String::new();
        for _ in 0..n % 50 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            input.push_str(parts[(state >> 33) as usize % parts.len()]);
        }
        let input = spelled(&input);
        let ran = every_way(&format!("input {n}: {input:?}"), input.as_bytes(), 70);
        let text = input.strip_prefix('\u{feff}').unwrap_or(&input);
        let is_blank = |line: &&str| line.trim_matches([' ', '\t', '\r', '\n']).is_empty();
        assert_eq!(ran.summary().blank as usize, text.split_inclusive('\n').filter(is_blank).count(), "{input:?}");
        let records = text.split_inclusive('\n').filter(|line| !is_blank(line)).count();
        assert_eq!(ran.results.lines().count(), records, "{input:?}");
    }
}

/// An endless line is gone through, not held.
#[test]
fn an_endless_line() {
    let endless = std::io::Read::take(std::io::repeat(b'['), 300 << 20);
    let rest = std::io::Cursor::new(b"\n{\"do\":\"pass\"}\n");
    let ran = run(vec![Source::reader("s", std::io::Read::chain(endless, rest))], |batch| batch.threads(2));
    let letter: Value = serde_json::from_str(&ran.dead_letters).unwrap();
    assert_eq!((&letter["offset"], &letter["length"], &letter["line"]), (&0.into(), &(300 << 20).into(), &1.into()));
    assert_eq!(ran.results.lines().map(short).next_back().as_deref(), Some("ok"));
    assert_eq!((ran.summary().succeeded, ran.summary().rejected), (1, 1));
}

#[test]
fn what_is_written() {
    let input = "{\"do\" : \"pass\"}\n\n[1\nF\n{\"do\":\"loop\"}\n{\"do\":\"fail\",\"error\":null,\"cause\":\"\"}";
    let cases = [
        (
            "outcomes",
            run(vec![Source::memory("dir/\"s\"", spelled(input).as_bytes())], |batch| batch),
            r#"{"status":"SUCCEEDED","output":{"do":"pass","done":1}}"#,
        ),
        (
            "positions",
            run(vec![Source::memory("dir/\"s\"", spelled(input).as_bytes())], |batch| batch.position(true)),
            r#"{"source":"dir/\"s\"","offset":0,"line":1,"status":"SUCCEEDED","output":{"do":"pass","done":1}}"#,
        ),
        (
            "outputs",
            run(vec![Source::memory("dir/\"s\"", spelled(input).as_bytes())], |batch| batch.emit(Emit::Output)),
            r#"{"do":"pass","done":1}"#,
        ),
    ];
    for (name, ran, first) in &cases {
        assert_eq!(ran.results.lines().next(), Some(*first), "{name}");
        let failures: Vec<&str> = ran.failures.lines().collect();
        assert_eq!(
            failures[0],
            r#"{"source":"dir/\"s\"","offset":20,"line":4,"status":"FAILED","error":"E","cause":"c","input":{"do":"fail","error":"E","cause":"c"}}"#
        );
        assert_eq!(
            failures[1],
            r#"{"source":"dir/\"s\"","offset":58,"line":5,"status":"TIMED_OUT","error":"States.Timeout","limit":"steps","input":{"do":"loop"}}"#
        );
        let letter = ran.dead_letters.lines().next().unwrap();
        assert!(letter.starts_with(r#"{"source":"dir/\"s\"","offset":17,"line":3,"length":2,"reason":""#), "{letter}");
        assert!(letter.ends_with(r#","text":"[1"}"#), "{letter}");
    }
    let skipped = run(vec![Source::memory("s", spelled(input).as_bytes())], |batch| batch.skip_rejected(true));
    assert_eq!(skipped.results.lines().count(), 4);
    assert_eq!(
        cases[0].1.results.lines().nth(1).map(|line| line.starts_with("{\"status\":\"REJECTED\",\"error\":\"")),
        Some(true)
    );
}

#[test]
fn who_an_execution_is() {
    let event = "{\"do\":\"name\",\"id\":1}\n";
    let names = |text: &str, seed: u64, identity: Identity| -> Vec<String> {
        let ran = run(vec![Source::memory("s", text.as_bytes())], |batch| batch.seed(seed).identity(identity));
        let name =
            |line: &str| serde_json::from_str::<Value>(line).unwrap()["output"]["name"].as_str().unwrap().to_owned();
        ran.results.lines().map(name).collect()
    };
    let position = names(&event.repeat(2), 0, Identity::Position);
    assert_ne!(position[0], position[1]);
    assert_ne!(names(event, 1, Identity::Position)[0], position[0]);
    assert_eq!(names(&event.repeat(3), 0, Identity::Position).first(), position.first());
    let content = names(&format!("{event} {}\r\n{event}", event.trim_end()), 0, Identity::Content);
    assert_eq!((&content[0], &content[0]), (&content[1], &content[2]));
    assert_ne!(names(event, 1, Identity::Content)[0], content[0]);
}

#[test]
fn when_an_execution_starts() {
    let cases = [
        (r#"{"do":"name","at":{"time":"2024-02-29T12:00:00Z"}}"#, "2024-02-29T12:00:00.000Z"),
        (r#"{"do":"name","at":{"time":"2024-02-29T12\u003a00:00.5+01:00"}}"#, "2024-02-29T11:00:00.500Z"),
        (r#"{"do":"name","at":{"time":"yesterday"}}"#, "rejected: no timestamp at $.at.time, which tells the time"),
        (r#"{"do":"name","at":{"time":1709208000}}"#, "rejected: no timestamp at $.at.time, which tells the time"),
        (r#"{"do":"name","at":null}"#, "rejected: no timestamp at $.at.time, which tells the time"),
    ];
    for (event, wanted) in cases {
        let ran = run(vec![Source::memory("s", event.as_bytes())], |batch| batch.now_path("$.at.time").unwrap());
        let outcome: Value = serde_json::from_str(&ran.results).unwrap();
        let got = outcome["output"]["time"].as_str().map_or_else(|| short(&ran.results), str::to_owned);
        assert_eq!(got, wanted, "{event}");
    }
    let ran = run(vec![Source::memory("s", b"{\"do\":\"name\"}")], |batch| batch.now(0));
    assert!(ran.results.contains("1970-01-01T00:00:00.000Z"), "{}", ran.results);
    let ran = run(vec![Source::memory("s", b"{\"do\":\"name\"}")], |batch| batch);
    assert!(ran.results.contains("2020-01-01T00:00:00.000Z"), "{}", ran.results);
}

#[test]
fn the_summary() {
    let input = spelled("P\nF\nF\n{\"do\":\"loop\"}\n{\"do\":\"x\"}\n[\n\n").repeat(1_000);
    let ran = run(vec![Source::memory("s", input.as_bytes())], |batch| batch.threads(2).latency(Latency::All).seed(7));
    let summary = ran.summary();
    let json = summary.to_json();
    let head = "{\"schema\":1,\"events\":6000,\"succeeded\":1000,\"failed\":3000,\"timed_out\":1000,\"rejected\":1000,\"blank\":1000,\
        \"errors\":{\"E\":2000,\"States.Runtime\":1000},\"limits\":{\"steps\":1000},\"steps\":";
    assert!(json.starts_with(head), "{json}");
    let parsed: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&parsed["timing"]["seed"], &parsed["timing"]["threads"]), (&7.into(), &2.into()));
    assert_eq!(parsed["timing"]["latency_ns"]["measured"], 5_000);
    assert_eq!(parsed["bytes_written"], ran.results.len());
    let text = summary.to_text();
    for row in ["events", "failed", "  E", "limit: steps", "seed 7, clock from 2020-01-01T00:00:00.000Z"] {
        assert!(text.contains(row), "{row}: {text}");
    }
    assert!(text.contains("6,000") && text.contains("50.00 %"), "{text}");
}

//! Every folder under `corpora/` gives what its `expected.jsonl` says, byte for byte, however many threads run it.
//!
//! A folder that is added there is tested here without a line of code: the runner reads its machine, handlers and
//! events as the command does. It must never know what any one workflow does.

use expressway::batch::drive::{Alone, drive};
use expressway::compile::{Options, compile};
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::Handlers;
use expressway::value::scan::validate;
use expressway::value::{Arena, Value};
use expressway::vm::{Execution, Input, Outcome, Seed, Settings, Start};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// 2020-01-01T00:00:00Z, where the clock of a run starts.
const NOW_MS: i64 = 1_577_836_800_000;

#[test]
fn every_corpus_gives_what_it_expects() {
    let mut failures = Vec::new();
    for folder in folders() {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let expected = fs::read_to_string(folder.join("expected.jsonl")).expect("every corpus has expected.jsonl");
        let outcomes = outcomes(&folder);
        if let Some(difference) = difference(&expected, &outcomes) {
            failures.push(format!("{name}: {difference}"));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// The folders of `corpora/`, in order.
fn folders() -> Vec<PathBuf> {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora");
    let entries = fs::read_dir(&corpora).expect("corpora/ is part of the sources");
    let mut folders: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty(), "no folder in {}", corpora.display());
    folders
}

/// One line for each record of a corpus.
fn outcomes(folder: &Path) -> String {
    let definition = ["machine.asl.json", "template.yaml"].iter().map(|name| folder.join(name)).find(|p| p.is_file());
    let definition = parse(&definition.expect("every corpus has a machine"));
    let handlers: BTreeMap<String, Definition> = fs::read_dir(folder.join("handlers"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().trim_end_matches(".asl.json").to_owned();
            (name, parse(&entry.path()))
        })
        .collect();
    let program = compile(&definition, &Options { handlers: Some(&handlers), bound: None }).expect("it compiles");
    let bound = Handlers::new().bind(&program).expect("every function has its handler");
    let events = fs::read(folder.join("events.jsonl")).expect("every corpus has events.jsonl");
    let (mut out, mut offset) = (String::new(), 0);
    let settings = Settings::default();
    for line in events.split_inclusive(|byte| *byte == b'\n') {
        let at = offset;
        offset += line.len();
        if line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            continue;
        }
        let Ok(text) = validate(line).map(|_| std::str::from_utf8(line).unwrap_or_default().trim()) else {
            out.push_str("{\"status\":\"REJECTED\",\"error\":\"?\"}\n");
            continue;
        };
        let arena = Arena::new();
        let start = Start {
            input: Input::whole(Value::from_text(&arena, text)),
            seed: Seed::new(0, 0, at as u64),
            now_ms: NOW_MS,
            history: false,
        };
        let mut execution = Execution::new(&program, &settings, &arena, start);
        let outcome = drive(&mut execution, &bound, &mut bound.counters(), &Alone);
        out.push_str(&outcome_line(outcome, &arena));
        out.push('\n');
    }
    out
}

fn parse(file: &Path) -> Definition {
    let text = fs::read_to_string(file).expect("it can be read");
    Definition::parse(&text, &file.display().to_string(), &ParseOptions::default())
        .unwrap_or_else(|found| panic!("{}: {found:?}", file.display()))
}

fn outcome_line<'a>(outcome: Outcome<'a>, arena: &'a Arena) -> String {
    let quote = |text: &str| serde_json::to_string(text).unwrap_or_default();
    match outcome {
        Outcome::Succeeded(value) => format!("{{\"status\":\"SUCCEEDED\",\"output\":{}}}", value.to_json()),
        Outcome::Failed(failure) => {
            let error = failure.error.map(|e| format!(",\"error\":{}", quote(e))).unwrap_or_default();
            let cause = failure.cause_text(arena).map(|c| format!(",\"cause\":{}", quote(c))).unwrap_or_default();
            format!("{{\"status\":\"FAILED\"{error}{cause}}}")
        }
        Outcome::TimedOut(_) => "{\"status\":\"TIMED_OUT\"}".to_owned(),
    }
}

/// The first lines that differ, with the record's number.
fn difference(expected: &str, found: &str) -> Option<String> {
    if expected == found {
        return None;
    }
    let (expected, found): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    let differing = (0..expected.len().max(found.len())).filter(|&n| expected.get(n) != found.get(n));
    let shown = differing.clone().take(5).map(|n| {
        let side = |lines: &[&str]| lines.get(n).map_or("(no line)", |line| line).to_owned();
        format!("record {}\n  expected {}\n  found    {}", n + 1, side(&expected), side(&found))
    });
    let shown: Vec<String> = shown.collect();
    Some(format!("{} of {} records differ\n{}", differing.count(), expected.len(), shown.join("\n")))
}

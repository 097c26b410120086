//! Every folder under `corpora/` gives what its `expected.jsonl` says, byte for byte, however many threads run it.
//!
//! A folder that is added there is tested here without a line of code: the runner reads its machine, handlers and
//! events as the command does. It must never know what any one workflow does.

use expressway::batch::{Batch, Sink, Source};
use expressway::compile::{Options, compile};
use expressway::definition::template::{StackTemplate, is_template};
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::{Bound, Handlers};
use expressway::program::Program;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const THREADS: [usize; 3] = [1, 2, 8];

/// Small pieces, so that a corpus of a few lines is cut often; and large ones, as the command takes them.
const CHUNK_BYTES: [usize; 3] = [64, 1_000, 256 << 10];

#[test]
fn every_corpus_gives_what_it_expects() {
    let mut differences = Vec::new();
    for folder in folders() {
        let (program, bound) = program(&folder);
        let events = fs::read(folder.join("events.jsonl")).expect("every corpus has events.jsonl");
        let expected = fs::read(folder.join("expected.jsonl")).expect("every corpus has expected.jsonl");
        for (threads, chunk_bytes) in THREADS.iter().flat_map(|t| CHUNK_BYTES.map(|c| (*t, c))) {
            let mut results = Vec::new();
            let batch = Batch::new(&program, &bound).threads(threads).chunk_bytes(chunk_bytes);
            let batch = batch.results(Sink::new("memory", &mut results));
            let summary = batch.run(vec![Source::memory("events", &events)]).expect("memory takes everything");
            if let Some(difference) = difference(&expected, &results) {
                let name = folder.file_name().unwrap_or_default().display();
                differences.push(format!("{name}, {threads} threads, chunks of {chunk_bytes}: {difference}"));
                break;
            }
            assert_eq!(summary.events, expected.split_inclusive(|byte| *byte == b'\n').count() as u64);
        }
    }
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
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

/// A folder's machine with its handlers compiled in.
fn program(folder: &Path) -> (Program, Bound) {
    let machine = ["machine.asl.json", "template.yaml"].iter().map(|name| folder.join(name)).find(|p| p.is_file());
    let definition = definition(&machine.expect("every corpus has a machine"));
    let mut handlers = BTreeMap::new();
    for entry in fs::read_dir(folder.join("handlers")).into_iter().flatten().flatten() {
        if let Some(function) = entry.file_name().to_string_lossy().strip_suffix(".asl.json") {
            handlers.insert(function.to_owned(), self::definition(&entry.path()));
        }
    }
    let options = Options { handlers: Some(&handlers), bound: None };
    let program = compile(&definition, &options).unwrap_or_else(|errors| panic!("{}: {errors:?}", folder.display()));
    let bound = Handlers::new().bind(&program).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    (program, bound)
}

fn definition(file: &Path) -> Definition {
    let text = fs::read_to_string(file).expect("it can be read");
    let name = file.display().to_string();
    if is_template(&text, &name) {
        let template = StackTemplate::read(&text, &name).unwrap_or_else(|found| panic!("{name}: {found:?}"));
        let alone = |path: &Path| Err(std::io::Error::other(path.display().to_string()));
        return template.definition(None, &BTreeMap::new(), &alone).unwrap_or_else(|found| panic!("{name}: {found:?}"));
    }
    Definition::parse(&text, &name, &ParseOptions::default()).unwrap_or_else(|found| panic!("{name}: {found:?}"))
}

/// What differs: how many records, and the first five of them.
fn difference(expected: &[u8], found: &[u8]) -> Option<String> {
    if expected == found {
        return None;
    }
    let lines = |text: &[u8]| String::from_utf8_lossy(text).lines().map(str::to_owned).collect::<Vec<_>>();
    let (expected, found) = (lines(expected), lines(found));
    let differing = (0..expected.len().max(found.len())).filter(|&n| expected.get(n) != found.get(n));
    let mut told = format!("{} of {} records differ", differing.clone().count(), expected.len());
    for n in differing.take(5) {
        let side = |lines: &[String]| lines.get(n).map_or("(no line)".to_owned(), String::clone);
        let (expected, found) = (side(&expected), side(&found));
        let same = expected.bytes().zip(found.bytes()).take_while(|(a, b)| a == b).count();
        told.push_str(&format!(
            "\n  record {}, from byte {same} on:\n    expected {expected}\n    found    {found}",
            n + 1
        ));
    }
    Some(told)
}

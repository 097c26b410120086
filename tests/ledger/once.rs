//! Events that must not be run twice: whatever happens, a function is called at most once for each.

use crate::world::{Chance, OUTPUTS, Shape, Turns, World};
use expressway::batch::{Batch, BatchError, Ledger, Sink, Source, Turn};
use expressway::handler::Handlers;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MACHINE: &str = r#"{"StartAt": "Note", "States": {"Note": {"Type": "Task", "End": true,
  "Resource": "arn:aws:lambda:us-east-1:123456789012:function:note"}}}"#;

/// Runs events through crash after crash; gives how often each was called, and what was written.
fn calls(seed: u64, once: bool) -> (BTreeMap<i64, usize>, [String; 2]) {
    let definition = expressway::definition::Definition::parse(MACHINE, "note.asl.json", &Default::default()).unwrap();
    let program = expressway::compile::compile(&definition, &Default::default()).unwrap();
    let noted: Arc<Mutex<BTreeMap<i64, usize>>> = Arc::default();
    let notes = noted.clone();
    let handlers = Handlers::new().lambda("note", move |event, call| {
        *notes.lock().unwrap().entry(event.as_i64().unwrap_or(-1)).or_default() += 1;
        Ok(call.text("noted"))
    });
    let bound = handlers.bind(&program).unwrap();
    let input: String = (0..600).map(|n| format!("{n}\n")).collect();
    // The disk and the turns of a world; its events are not used.
    let world = World::new(&mut Chance(seed), Shape { workers: 3, ..Shape::default() }, 1);
    let mut chance = Chance(seed);
    let mut turns = Turns::random(&world, seed);
    loop {
        let ledger = match world.resumed() {
            Ok(ledger) => ledger,
            Err(_) => world.new_ledger().unwrap(),
        };
        let ledger: Ledger = ledger.once(once).every(Duration::ZERO);
        let sink = |name: &str| Sink::kept_on(Arc::new(world.disk.clone()), Path::new(name));
        let mut left = 20 + chance.below(120);
        let ran = Batch::new(&program, &bound)
            .threads(3)
            .chunk_bytes(100)
            .results(sink(OUTPUTS[0]))
            .dead_letters(sink(OUTPUTS[2]))
            .ledger(ledger)
            .run_in_turns(vec![Source::memory("events", input.as_bytes())], || {
                left -= 1;
                if left == 0 { Turn::End } else { turns.next() }
            });
        match ran {
            Ok(summary) => {
                assert_eq!(summary.events, 600);
                break;
            }
            Err(BatchError::GivenUp) => world.disk.crash(&mut |limit| chance.below(limit)),
            Err(other) => panic!("{other}"),
        }
    }
    let text = |name: &str| String::from_utf8(world.disk.bytes(Path::new(name)).unwrap()).unwrap();
    let noted = noted.lock().unwrap().clone();
    (noted, [text(OUTPUTS[0]), text(OUTPUTS[2])])
}

#[test]
fn no_function_is_called_twice_for_an_event() {
    let (mut letters, mut twice) = (0, 0);
    for seed in 0..60 {
        let (noted, [results, dead]) = calls(seed, true);
        assert!(noted.values().all(|count| *count == 1), "seed {seed}: {noted:?}");
        // Each event has one line, and was called for unless it is a dead letter.
        let lines: Vec<&str> = results.lines().collect();
        assert_eq!(lines.len(), 600, "seed {seed}");
        let rejected = lines.iter().filter(|line| line.contains("REJECTED")).count();
        assert_eq!(dead.lines().filter(|line| line.contains("may have been under way")).count(), rejected);
        for (n, line) in lines.iter().enumerate() {
            let called = noted.contains_key(&(n as i64));
            assert!(called || line.contains("REJECTED"), "seed {seed}: event {n} was left out");
        }
        letters += rejected;
        let (noted, [results, dead]) = calls(seed, false);
        assert!(noted.len() == 600 && dead.is_empty() && results.lines().all(|line| line.contains("noted")));
        twice += usize::from(noted.values().any(|count| *count > 1));
    }
    assert!(letters > 0 && twice > 0, "{letters} dead letters, {twice} runs with second calls");
}

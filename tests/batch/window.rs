//! Events that take long: the others go on, what they come to waits in memory and then in a file, both bounded.

use expressway::batch::{Batch, Sink, Source};
use expressway::handler::Handlers;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

const MACHINE: &str = r#"{"StartAt": "Do", "States": {"Do": {"Type": "Task", "End": true,
  "Resource": "arn:aws:lambda:us-east-1:123456789012:function:do"}}}"#;

/// Runs 2,000 events of which the first waits until `enough` others have been called, or until somebody was told that all
/// wait for it; gives how many had been called by then, and who was told of.
fn run(
    (window_bytes, chunk_bytes): (usize, usize),
    spill: Option<(&str, u64)>,
    enough: usize,
) -> (usize, Vec<(String, u64)>) {
    let definition = expressway::definition::Definition::parse(MACHINE, "do.asl.json", &Default::default()).unwrap();
    let program = expressway::compile::compile(&definition, &Default::default()).unwrap();
    let called = Arc::new(AtomicUsize::new(0));
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let (behind, opened) = (called.clone(), gate.clone());
    let handlers = Handlers::new().lambda("do", move |event, call| {
        if event.as_i64() == Some(0) {
            let mut open = opened.0.lock().unwrap();
            while !*open && behind.load(Ordering::Relaxed) < enough {
                open = opened.1.wait_timeout(open, Duration::from_millis(5)).unwrap().0;
            }
        } else {
            behind.fetch_add(1, Ordering::Relaxed);
        }
        Ok(call.text(&"r".repeat(100)))
    });
    let bound = handlers.bind(&program).unwrap();
    let input: String = (0..2_000).map(|n| format!("{n}\n")).collect();
    let (mut results, told) = (Vec::new(), Mutex::new(Vec::new()));
    let mut by_then = 0;
    let mut batch = Batch::new(&program, &bound)
        .threads(3)
        .chunk_bytes(chunk_bytes)
        .position(true)
        .window_bytes(window_bytes)
        .results(Sink::new("results", &mut results))
        .waiting_for(|source, offset| {
            told.lock().unwrap().push((source.to_owned(), offset));
            *gate.0.lock().unwrap() = true;
            gate.1.notify_all();
        })
        .progress(|_| {
            if by_then == 0 {
                by_then = called.load(Ordering::Relaxed);
            }
        });
    if let Some((folder, bytes_max)) = spill {
        batch = batch.spill(folder, bytes_max);
    }
    let summary = batch.run(vec![Source::memory("events", input.as_bytes())]).unwrap();
    assert_eq!(summary.succeeded, 2_000);
    let text = String::from_utf8(results).unwrap();
    let mut offset = 0;
    for (n, line) in text.lines().enumerate() {
        let wanted = format!("{{\"source\":\"events\",\"offset\":{offset},\"line\":{},\"status\":\"SUCCEEDED\"", n + 1);
        assert!(line.starts_with(&wanted), "{line}");
        offset += n.to_string().len() + 1;
    }
    (by_then, told.into_inner().unwrap())
}

#[test]
fn the_others_go_on() {
    let folder = std::env::temp_dir();
    let folder = folder.to_str().unwrap();
    // Everything fits in memory, or in memory and a file.
    for (window_bytes, spill) in [(4_000, Some((folder, 1 << 20))), (20_000, Some((folder, 1 << 20)))] {
        let (by_then, told) = run((window_bytes, 64), spill, 1_900);
        assert!(by_then >= 1_900 && told.is_empty(), "{by_then} {told:?}");
    }
    // Neither has room for all: then all wait, and it is said for whom.
    for spill in [None, Some((folder, 50_000)), Some(("/nowhere", 1 << 30))] {
        let (by_then, told) = run((4_000, 64), spill, 1_900);
        assert_eq!(told, [("events".to_owned(), 0)], "{spill:?}");
        let bound = if spill.is_some_and(|(_, bytes)| bytes == 50_000) { 800 } else { 500 };
        assert!(by_then > 0 && by_then < bound, "{by_then} {spill:?}");
    }
}

/// Chunks of which each comes to more than may wait in memory put what they have come to aside, part by part.
#[test]
fn chunks_that_come_to_much_go_on() {
    let folder = std::env::temp_dir();
    let folder = folder.to_str().unwrap();
    // The first 1,024 bytes are 280 events, of which the first is waited for.
    let (by_then, told) = run((4_000, 1_024), Some((folder, 1 << 20)), 1_700);
    assert!(by_then >= 1_700 && told.is_empty(), "{by_then} {told:?}");
    // With no room for them, each stops at its first part.
    for spill in [None, Some((folder, 20_000))] {
        let (by_then, told) = run((4_000, 1_024), spill, 1_700);
        assert_eq!(told, [("events".to_owned(), 0)], "{spill:?}");
        assert!(by_then > 0 && by_then < 600, "{by_then} {spill:?}");
    }
}

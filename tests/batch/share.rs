//! Maps whose items run on several threads: one large event, more threads than events.

use crate::bench::{SLOW, program, run};
use expressway::batch::{Batch, Source};
use expressway::handler::Handlers;
use expressway::vm::{Limits, Settings};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Items, as a text, a slow one first: numbers that are to be squared. Below 0 one fails, above 1,000,000 it takes five
/// seconds of virtual time first, above 2,000,000 it fails after six, above 3,000,000 it takes ten.
fn event(kind: &str, items: impl Iterator<Item = i64>) -> String {
    let items: Vec<String> = std::iter::once(SLOW).chain(items).map(|n| n.to_string()).collect();
    format!("{{\"do\":\"{kind}\",\"items\":[{}]}}\n", items.join(","))
}

#[test]
fn shared_items_give_what_they_give_in_sequence() {
    let cases = [
        ("many", event("each", 0..50)),
        ("few", event("map", 0..2)),
        ("one of many fails", event("each", (0..50).map(|n| if n == 31 { -1 } else { n }))),
        ("the last fails", event("map", (0..30).map(|n| if n == 29 { -1 } else { n }))),
        ("some fail, some wait", event("map", (0..39).map(|n| if n % 13 == 12 { -n } else { n * 60_000 }))),
        (
            "one fails while some wait",
            event("map", (0..39).map(|n| [1_000_001, 3_000_001, 7][n % 3] + 1_000_000 * i64::from(n == 21))),
        ),
        ("all wait", event("map", (0..39).map(|n| 1_000_001 + n))),
        ("not all at once", event("map", (0..50).map(|n| 999_960 + n))),
        ("too many steps", event("each", 0..1_000)),
        ("too many steps, and a failure", event("each", (0..1_000).map(|n| if n == 70 { -1 } else { n }))),
    ];
    for (name, event) in &cases {
        // The first events keep all threads busy; then the others help with the last one.
        let input = [event.as_str(), "{\"do\":\"pass\"}\n", event.as_str()].concat();
        let sources = || vec![Source::memory("s", input.as_bytes())];
        let wanted = run(sources(), |batch| batch.threads(1)).same();
        for threads in [2, 3, 8] {
            for _ in 0..5 {
                let ran = run(sources(), |batch| batch.threads(threads).chunk_bytes(64));
                assert_eq!(ran.same(), wanted, "{name} on {threads} threads");
            }
        }
    }
}

/// An item that runs out of virtual time ends none of those behind it: they are counted, and may have failed before.
#[test]
fn so_they_do_where_time_is_limited() {
    let settings = || {
        let limits = Limits { steps: 200, virtual_ms: Some(8_000), ..Limits::STANDARD };
        Settings { limits, ..Settings::default() }
    };
    let cases = [
        ("all in time", event("map", (0..39).map(|n| 1_000_001 + n))),
        ("some too late", event("map", (0..39).map(|n| if n % 9 == 4 { 3_000_001 } else { 1_000_001 + n }))),
        (
            "one too late, one fails behind it, before",
            event(
                "map",
                (0..39).map(|n| [1_000_001, 3_000_001, 2_000_001][usize::from(n == 3) + 2 * usize::from(n == 30)]),
            ),
        ),
        (
            "one fails, one too late behind it",
            event(
                "map",
                (0..39).map(|n| [1_000_001, 2_000_001, 3_000_001][usize::from(n == 3) + 2 * usize::from(n == 30)]),
            ),
        ),
        ("all too late", event("map", (0..39).map(|_| 3_000_001))),
    ];
    for (name, event) in &cases {
        let input = [event.as_str(), "{\"do\":\"pass\"}\n", event.as_str()].concat();
        let sources = || vec![Source::memory("s", input.as_bytes())];
        let wanted = run(sources(), |batch| batch.threads(1).settings(settings())).same();
        for threads in [2, 3, 8] {
            for _ in 0..5 {
                let ran = run(sources(), |batch| batch.threads(threads).chunk_bytes(64).settings(settings()));
                assert_eq!(ran.same(), wanted, "{name} on {threads} threads");
            }
        }
    }
}

/// With one event and several threads, more than one thread works on its items; and each is worked on once, although the
/// first ones are told before anybody else has time.
#[test]
fn idle_threads_help() {
    let seen: Arc<Mutex<HashSet<std::thread::ThreadId>>> = Arc::default();
    let program = program();
    let (noted, calls) = (seen.clone(), Arc::new(AtomicUsize::new(0)));
    let counted = calls.clone();
    let handlers = Handlers::new().lambda("repeat", |_, call| Ok(call.text(""))).lambda("square", move |_, call| {
        counted.fetch_add(1, Ordering::Relaxed);
        noted.lock().unwrap().insert(std::thread::current().id());
        std::thread::sleep(std::time::Duration::from_micros(300));
        Ok(call.text("done"))
    });
    let bound = handlers.bind(&program).unwrap();
    let event = event("each", 0..80);
    // A thread may take its time to wake, but not every time.
    for _ in 0..50 {
        let summary = Batch::new(&program, &bound).threads(3).run(vec![Source::memory("s", event.as_bytes())]).unwrap();
        assert_eq!((summary.succeeded, calls.swap(0, Ordering::Relaxed)), (1, 80));
        if seen.lock().unwrap().len() > 1 {
            return;
        }
        seen.lock().unwrap().clear();
    }
    panic!("all items were run on one thread");
}

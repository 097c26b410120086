//! Lines that are told one after the other with their calls: whatever is asked of each line, and whatever comes between, they
//! come to what they come to when each is run by itself.

use super::{Asked, MACHINES, compiled, events, handlers};
use expressway::Program;
use expressway::batch::{Batch, Emit, Identity, Latency, Sink, Source, Turn};
use expressway::handler::Handlers;
use expressway::handler::function::FunctionError;
use expressway::handler::watch::Watch;
use expressway::vm::{Limits, Settings};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ONE: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Task",
    "Resource":"arn:aws:lambda:us-east-1:123456789012:function:act","End":true}}}"#;

/// What a run has written, what it has counted, and how many executions were measured.
#[derive(Debug, PartialEq)]
struct Came {
    written: [String; 3],
    counts: String,
    measured: Option<u64>,
}

/// Runs events as `set` says.
fn run(program: &Program, handlers: &Handlers, events: &[u8], set: impl FnOnce(Batch) -> Batch) -> Came {
    let bound = handlers.bind(program).expect("everybody is there");
    let [mut results, mut failures, mut dead_letters] = [const { Vec::new() }; 3];
    let batch = Batch::new(program, &bound)
        .settings(Settings { limits: Limits::STANDARD, ..Settings::default() })
        .results(Sink::new("results", &mut results))
        .failures(Sink::new("failures", &mut failures))
        .dead_letters(Sink::new("dead letters", &mut dead_letters));
    let summary = set(batch).run(vec![Source::memory("events", events)]).expect("writing to memory");
    let json = summary.to_json();
    Came {
        written: [results, failures, dead_letters].map(|bytes| String::from_utf8(bytes).expect("text")),
        counts: json[..json.find(",\"timing\"").expect("a timing member")].to_owned(),
        measured: summary.timing.latency.map(|latency| latency.measured),
    }
}

/// Good events with everything between them that a file may have.
fn mixed() -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for (n, line) in events().lines().enumerate() {
        lines.push(line.into());
        match n % 9 {
            2 => lines.push(b"  ".into()),
            4 => lines.push(b"{\"n\": nothing}".into()),
            5 => lines.push(b"{\"n\":1} {\"n\":2}".into()),
            6 => lines.push([b"{\"n\":\"", &[0xc3, 0x28][..], b"\"}"].concat()),
            8 => lines.push(format!("{{\"n\":4,\"filler\":\"{}\"}}", "x".repeat(900)).into()),
            _ => {}
        }
    }
    lines.join(&b'\n')
}

type Set = fn(Batch) -> Batch;

const WAYS: &[(&str, Set)] = &[
    ("as it is", |batch| batch),
    ("bare outputs", |batch| batch.emit(Emit::Output)),
    ("with positions", |batch| batch.position(true)),
    ("rejected ones skipped", |batch| batch.skip_rejected(true)),
    ("nothing measured", |batch| batch.latency(Latency::Off)),
    ("all measured", |batch| batch.latency(Latency::All)),
    ("every third measured", |batch| batch.latency(Latency::Sampled(3))),
    ("long lines", |batch| batch.max_line_bytes(Some(500))),
    ("small chunks", |batch| batch.chunk_bytes(64)),
    ("little room", |batch| batch.window_bytes(2_000).chunk_bytes(1_000)),
    ("some of them", |batch| batch.skip(7).limit(50)),
    ("by content", |batch| batch.identity(Identity::Content)),
    ("out of order", |batch| batch.unordered(true)),
];

#[test]
fn lines_come_to_the_same_whatever_is_asked_of_them() {
    let events = mixed();
    for (title, machine) in MACHINES {
        let program = compiled(machine);
        for (way, set) in WAYS {
            let [told, ran] = [true, false].map(|shortcuts| {
                let asked = Asked::default();
                let came =
                    run(&program, &handlers(&asked), &events, |batch| set(batch).threads(1).shortcuts(shortcuts));
                let asked = std::mem::take(&mut *asked.lock().expect("all calls are over"));
                (came, asked)
            });
            assert!(told == ran, "{title}, {way}:\n told {:?}\n run  {:?}", told.0, ran.0);
        }
    }
}

/// Workers that take turns of a few lines leave off anywhere, and go on from there.
#[test]
fn turns_of_a_few_lines_come_to_the_same() {
    let events = mixed();
    for (title, machine) in MACHINES {
        let program = compiled(machine);
        let whole = run(&program, &handlers(&Asked::default()), &events, |batch| batch.threads(1));
        let bound = handlers(&Asked::default());
        let bound = bound.bind(&program).expect("everybody is there");
        let (mut results, mut turn) = (Vec::new(), 0);
        Batch::new(&program, &bound)
            .settings(Settings { limits: Limits::STANDARD, ..Settings::default() })
            .threads(2)
            .chunk_bytes(700)
            .results(Sink::new("results", &mut results))
            .run_in_turns(vec![Source::memory("events", &events)], || {
                turn += 1;
                Turn::Worker(turn % 2, turn % 5)
            })
            .expect("writing to memory");
        assert_eq!(String::from_utf8_lossy(&results), whole.written[0], "{title}");
    }
}

/// A run that is over makes no further call, and has written what was called for.
#[test]
fn nobody_is_called_once_the_run_is_over() {
    let program = compiled(ONE);
    let events = "{\"n\":1}\n".repeat(500);
    for last in [1, 2, 63, 64, 65, 200] {
        // Whatever a run borrows lives on, since nobody says here for how long it does.
        let (stop, calls): (&AtomicBool, _) = (Box::leak(Box::default()), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&calls);
        let handlers = Handlers::new().lambda("act", move |event, _| {
            if counted.fetch_add(1, Ordering::Relaxed) + 1 == last {
                stop.store(true, Ordering::Relaxed);
            }
            Ok(event.value())
        });
        let came = run(&program, &handlers, events.as_bytes(), |batch| batch.threads(1).stop(stop));
        assert_eq!(calls.load(Ordering::Relaxed), last);
        assert_eq!(came.written[0].lines().count(), last);
    }
}

/// Who waits for a call is told which event it is for.
#[test]
fn the_event_that_all_wait_for_is_known() {
    let program = compiled(ONE);
    let events: String = (0..2_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let slow = events.find("{\"n\":40}").expect("there is one") as u64;
    let (told, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
    let (go_on, noted) = (Arc::clone(&told), Arc::clone(&asked));
    let handlers = Handlers::new().lambda("act", move |event, _| {
        let began = std::time::Instant::now();
        while event.get("n").and_then(|n| n.as_i64()) == Some(40)
            && !go_on.load(Ordering::Relaxed)
            && began.elapsed() < Duration::from_secs(60)
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(event.value())
    });
    run(&program, &handlers, events.as_bytes(), |batch| {
        batch.threads(2).chunk_bytes(1_000).window_bytes(2_000).waiting_for(move |_, offset| {
            noted.lock().expect("no panic while it is held").push(offset);
            told.store(true, Ordering::Relaxed);
        })
    });
    assert_eq!(*asked.lock().expect("the run is over"), [slow]);
}

/// Functions that are watched are counted and given up as ever, and nobody else's results suffer.
#[test]
fn watched_functions_come_to_the_same() {
    let program = compiled(ONE);
    let events: String = (0..300).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let functions = |limited: bool| {
        super::hush();
        Handlers::new().lambda("act", move |event, call| match event.get("n").and_then(|n| n.as_i64()).unwrap_or(0) {
            n if n % 10 == 3 => std::panic::panic_any(super::NINE),
            7 if limited => {
                std::thread::sleep(Duration::from_secs(20));
                Ok(call.text("late"))
            }
            n if n % 10 == 8 => Err(FunctionError::new("Eight", "no")),
            _ => Ok(event.value()),
        })
    };
    for limit in [None, Some(Duration::from_secs(2))] {
        let came = [true, false].map(|shortcuts| {
            let watch = Arc::new(Watch::new(limit, Arc::default()));
            let handlers =
                functions(limit.is_some()).watched(&watch).watched(&Arc::new(Watch::new(None, Arc::default())));
            let came = run(&program, &handlers, events.as_bytes(), |batch| batch.threads(1).shortcuts(shortcuts));
            assert_eq!((watch.panics(), watch.unanswered()), (30, u64::from(limit.is_some())));
            came
        });
        assert_eq!(came[0], came[1]);
        assert_eq!(came[0].written[0].matches("\"Lambda.Unknown\"").count(), 30);
        assert_eq!(came[0].written[0].matches("\"Eight\"").count(), 30);
        assert_eq!(came[0].written[0].matches("gave no answer").count(), usize::from(limit.is_some()));
    }
}

//! Measurements: that they are made, kept and compared. How fast anything is, no test says.

use crate::{Folder, expressway, json};
use expressway::bench::{Fixture, FixtureError};
use expressway::handler::Handlers;
use std::path::Path;

#[test]
fn a_measurement_is_saved_and_compared() {
    let folder = Folder::new("bench");
    let saved = folder.file("before.json");
    let quick = ["--warm-up", "0", "--rounds", "3", "--round-time", "0", "--threads", "1"];
    let ran = expressway(&[&["bench", "corpora/which-coat", "--save", &saved][..], &quick].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    for label in ["events ", "rounds ", "executions/s ", "latency ", "time by state", "  WhichCoat "] {
        assert!(ran.out.lines().any(|line| line.starts_with(label)), "{label:?} is not in\n{}", ran.out);
    }
    let before = json(&std::fs::read_to_string(&saved).expect("it was saved"));
    assert_eq!(before["rounds"].as_array().map(Vec::len), Some(3));
    let states = before["states"].as_array().expect("a list");
    let shares: f64 = states.iter().filter_map(|state| state["share"].as_f64()).sum();
    assert!((shares - 1.0).abs() < 0.001, "{shares}");
    assert!(states.iter().all(|state| state["entered"].as_u64() > Some(0)), "{states:?}");

    // Against one that was as fast as nothing is, and one that stood still.
    for (rate, code) in [("1e15", 1), ("0.001", 0)] {
        let text = format!("{{\"executions_per_second\":{{\"median\":{rate},\"lower\":{rate},\"upper\":{rate}}}}}");
        let baseline = folder.write("baseline.json", &text);
        let options =
            ["bench", "corpora/which-coat", "--baseline", &baseline, "--max-slower", "50", "--format", "json"];
        let ran = expressway(&[&options[..], &quick].concat());
        assert_eq!(ran.code, code, "{}", ran.err);
        assert_eq!(json(&ran.out)["baseline"]["overlap"], false);
    }
    let wrong = folder.write("wrong.json", "{}");
    let ran = expressway(&["bench", "corpora/which-coat", "--baseline", &wrong]);
    assert!(ran.code == 2 && ran.err.contains("is no measurement that bench saved"), "{}", ran.err);
    let empty = folder.write("empty.jsonl", "\n\n");
    let ran = expressway(&["bench", "corpora/which-coat", &empty, "--warm-up", "0"]);
    assert!(ran.code == 2 && ran.err.contains("there are no events to run"), "{}", ran.err);
}

/// Times by state are drawn onto the machine, those of a measurement and those of a run with a report.
#[test]
fn times_by_state_are_drawn() {
    let folder = Folder::new("bench-drawn");
    let (saved, summary, page) = (folder.file("saved.json"), folder.file("summary.json"), folder.file("page.html"));
    let quick = ["--rounds", "1", "--round-time", "0", "--warm-up", "0"];
    let ran = expressway(&[&["bench", "corpora/orders", "--save", &saved], &quick[..]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let run = ["run", "corpora/orders", "-q", "-o", "/dev/null", "--summary", &summary, "--report", &page];
    assert_eq!(expressway(&run).code, 0);
    for file in [&saved, &summary] {
        let ran = expressway(&["graph", "corpora/orders", "--overlay", file]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        // Every state of that machine is reached by its events, those in a Map and a Parallel too.
        assert_eq!(ran.out.matches(" each</text>").count(), 18, "{file}: {}", ran.out);
    }
    // Without a report nobody looks at the clock.
    assert_eq!(expressway(&["run", "corpora/orders", "-q", "-o", "/dev/null", "--summary", &summary]).code, 0);
    assert!(!std::fs::read_to_string(&summary).expect("a summary").contains("state_ns"));
}

/// A fixture gives the results that a run gives, one after the other, and begins again behind the last.
#[test]
fn a_fixture_runs_what_a_run_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/orders");
    let mut fixture = Fixture::open(&folder, Handlers::new()).expect("it has all its parts");
    let expected = std::fs::read_to_string(folder.join("expected.jsonl")).expect("every corpus expects something");
    assert_eq!(fixture.events(), expected.lines().count());
    for _ in 0..2 {
        for line in expected.lines().filter(|line| !line.contains("REJECTED")) {
            let mut result = String::from_utf8_lossy(fixture.run_one()).into_owned();
            while result.is_empty() {
                result = String::from_utf8_lossy(fixture.run_one()).into_owned();
            }
            assert_eq!(result, line);
            assert_eq!(fixture.succeeded(), line.contains("\"SUCCEEDED\""));
        }
    }
    for threads in [1, 2] {
        let summary = fixture.run_all(threads).expect("threads start");
        assert_eq!(summary.events, expected.lines().count() as u64);
    }
}

#[test]
fn a_fixture_that_cannot_be_made_says_why() {
    let pass = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#;
    let task = r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true}}}"#;
    let of = |machine: &str, events: &str| Fixture::new(machine, events, Handlers::new()).err();
    assert!(of(pass, "1\n").is_none());
    assert!(matches!(of(pass, " \n"), Some(FixtureError::Empty)));
    assert!(matches!(of("{}", "1\n"), Some(FixtureError::Refused { .. })));
    assert!(matches!(of(task, "1\n"), Some(FixtureError::Missing(_))));
    assert!(matches!(Fixture::open("nowhere", Handlers::new()).err(), Some(FixtureError::Io { .. })));
}

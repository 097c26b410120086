//! Comparisons: what counts as a difference, where ways part, and that it all depends on the events alone.

use crate::{Folder, corpora, expressway, json};
use expressway::batch::Source;
use expressway::batch::pair::{Comparison, Pair, Side};
use expressway::compile::instrument::{Instrument, compile};
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::Handlers;
use expressway::program::Program;
use expressway::value::difference::Ignored;
use expressway::vm::Settings;

const OLD: &str = r#"{"StartAt": "Price", "States": {
    "Price": {"Type": "Pass", "Parameters": {"n.$": "$.n", "price": 10, "at.$": "$$.State.EnteredTime"}, "Next": "Dear?"},
    "Dear?": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericGreaterThan": 5, "Next": "Refuse"}], "Default": "Sell"},
    "Refuse": {"Type": "Fail", "Error": "TooMany", "Cause": "no more than five"},
    "Sell": {"Type": "Pass", "End": true}}}"#;

/// Another limit, another price for some, another order of members, another way for others, another cause.
const NEW: &str = r#"{"StartAt": "Price", "States": {
    "Price": {"Type": "Pass", "Parameters": {"at.$": "$$.State.EnteredTime", "price": 1e1, "n.$": "$.n"}, "Next": "Dear?"},
    "Dear?": {"Type": "Choice", "Choices": [
        {"Variable": "$.n", "NumericGreaterThan": 7, "Next": "Refuse"},
        {"Variable": "$.n", "NumericEquals": 3, "Next": "Reduce"},
        {"Variable": "$.n", "NumericEquals": 4, "Next": "Wait"}], "Default": "Sell"},
    "Refuse": {"Type": "Fail", "Error": "TooMany", "Cause": "no more than seven"},
    "Reduce": {"Type": "Pass", "Result": 9, "ResultPath": "$.price", "Next": "Sell"},
    "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Sell"},
    "Sell": {"Type": "Pass", "End": true}}}"#;

fn program(text: &str) -> Program {
    let definition = Definition::parse(text, "m.asl.json", &ParseOptions::default()).expect("it breaks no rule");
    compile(&definition, &Default::default(), Instrument::Trail).expect("it compiles")
}

fn compare(old: &str, new: &str, run: impl FnOnce(Pair<'_>) -> Comparison) -> Comparison {
    let (old, new) = (program(old), program(new));
    let settings = Settings::default();
    let (one, other) = (Handlers::new().bind_loosely(&old), Handlers::new().bind_loosely(&new));
    run(Pair::new(
        Side { program: &old, bound: &one, settings: &settings },
        Side { program: &new, bound: &other, settings: &settings },
    ))
}

fn events(count: u64) -> Vec<u8> {
    (0..count).flat_map(|n| format!("{{\"n\":{}}}\n", n % 10).into_bytes()).chain(*b"[1,\n\n").collect()
}

#[test]
fn all_that_differs_is_counted_on_any_number_of_threads() {
    let events = events(1_000);
    let mut all = Vec::new();
    for (threads, chunk_bytes) in [(1, 1 << 18), (2, 64), (4, 1_000)] {
        let found = compare(OLD, NEW, |pair| {
            let pair = pair.threads(threads).chunk_bytes(chunk_bytes).max_shown(7);
            pair.run(vec![Source::memory("a", &events), Source::memory("b", &events)]).expect("threads start")
        });
        assert_eq!((found.events, found.rejected, found.same, found.different), (2_002, 2, 1_000, 1_000));
        // n = 3 and 4 go another way, n = 6 and 7 too, which succeed now; 8 and 9 fail in other words.
        assert_eq!((found.ways, found.outputs, found.failures), (800, 200, 400));
        assert_eq!(found.statuses.iter().collect::<Vec<_>>(), [(&("FAILED", "SUCCEEDED"), &400)]);
        let places = found.places.expect("there are few");
        assert_eq!(places.get("$.output.price"), Some(&200));
        assert_eq!(places.get("$.cause"), Some(&800), "gone from some, other in others");
        let shown: Vec<_> =
            found.first_different.iter().map(|d| (d.source.0, d.line_number, d.input.clone())).collect();
        assert_eq!(shown.len(), 7);
        assert_eq!(shown[0], (0, 4, "{\"n\":3}".to_owned()));
        assert_eq!(shown[6], (0, 17, "{\"n\":6}".to_owned()));
        let other: Vec<_> = found.first_other_way.iter().map(|d| d.line_number).collect();
        assert_eq!(other, [5, 15, 25, 35, 45, 55, 65]);
        all.push((found.first_different, found.first_other_way, places));
    }
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn what_is_ignored_is_no_difference() {
    let events = events(100);
    let ignored = ["$.output.price", "$.cause", "$.status", "$.error", "$.output"].map(|p| Ignored::parse(p).unwrap());
    for (count, different) in [(0, 50), (1, 40), (2, 20), (5, 0)] {
        let found = compare(OLD, NEW, |pair| {
            pair.ignore(&ignored[..count]).limit(100).run(vec![Source::memory("a", &events)]).expect("threads start")
        });
        assert_eq!((found.different, found.same), (different, 100 - different), "{count} ignored");
    }
}

/// Every corpus is like itself, and like what a plain run makes of it.
#[test]
fn a_machine_does_not_differ_from_itself() {
    for folder in corpora() {
        let place = folder.display().to_string();
        let ran = expressway(&["diff", &place, &place, "--format", "json", "--fail-on", "way", "--threads", "2"]);
        assert_eq!(ran.code, 0, "{place}: {}{}", ran.out, ran.err);
        let found = json(&ran.out);
        assert_eq!((&found["different"], &found["ways"]), (&0.into(), &0.into()), "{place}");
        let lines = std::fs::read_to_string(folder.join("expected.jsonl")).expect("every corpus expects something");
        assert_eq!(found["events"], lines.lines().count() as u64, "{place}");
    }
}

#[test]
fn the_command_shows_where_ways_part() {
    let folder = Folder::new("diff");
    let (old, new) = (folder.write("old.asl.json", OLD), folder.write("new.asl.json", NEW));
    let events = folder.write("events.jsonl", &String::from_utf8(events(20)).expect("it is text"));

    let ran = expressway(&["diff", &old, &new]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for line in [
        "same result                            10   50.00 %",
        "  FAILED → SUCCEEDED                    4   20.00 %",
        "another way                             8   40.00 %",
        "rejected, not compared                  1",
        "  $.cause                               8",
        "  ~ $.output.price  10 → 9",
        "  the ways part after 'Dear?': old goes on to 'Sell', new to 'Reduce'",
        "  the ways part after 'Dear?': old goes on to 'Refuse', new to 'Sell'",
        "  ~ $.cause  \"no more than five\" → \"no more than seven\"",
    ] {
        assert!(ran.out.lines().any(|l| l == line), "{line:?} is not in\n{}", ran.out);
    }
    assert!(ran.out.contains(&format!("{events}:4  {{\"n\":3}}")), "{}", ran.out);

    for (arguments, code) in [
        (vec!["--fail-on", "diff"], 1),
        (vec!["--fail-on", "way"], 1),
        (vec!["--fail-on", "diff", "--limit", "3"], 0),
        (vec!["--fail-on", "diff", "--ignore", "$"], 0),
        (vec!["--fail-on", "way", "--ignore", "$"], 1),
        (vec!["--ignore", "$.a[?(@.b)]"], 2),
        (vec!["--now-path", "$..x"], 2),
    ] {
        let ran = expressway(&[vec!["diff", &old, &new, &events], arguments.clone()].concat());
        assert_eq!(ran.code, code, "{arguments:?}: {}", ran.err);
    }

    let found = json(&expressway(&["diff", &old, &new, "--format", "json", "--max-shown", "2"]).out);
    assert_eq!(found["shown"].as_array().map(Vec::len), Some(2));
    assert_eq!(found["shown"][0]["differences"], json(r#"[{"path":"$.output.price","old":10,"new":9}]"#));
    assert_eq!(found["shown"][0]["ways_part"], json(r#"{"after":"Dear?","old":"Sell","new":"Reduce"}"#));
}

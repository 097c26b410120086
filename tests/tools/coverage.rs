//! Coverage: what is counted, how it is told, and that counting changes nothing.

use crate::{Folder, corpora, expressway, json};
use expressway::batch::{Batch, Coverage, Sink, Source, Summary};
use expressway::compile::Options;
use expressway::compile::instrument::{Instrument, compile};
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::Handlers;
use expressway::program::Program;
use std::collections::BTreeMap;

const MACHINE: &str = r#"{
  "StartAt": "Which",
  "States": {
    "Which": {
      "Type": "Choice",
      "Choices": [
        {"Variable": "$.do", "StringEquals": "fan", "Next": "Fan"},
        {"Variable": "$.do", "StringEquals": "map", "Next": "Each"},
        {"And": [{"Variable": "$.do", "IsPresent": true}, {"Variable": "$.do", "IsNull": true}], "Next": "Never"}
      ],
      "Default": "Ask"
    },
    "Never": {"Type": "Fail"},
    "Ask": {
      "Type": "Task",
      "Resource": "arn:aws:lambda:us-east-1:123456789012:function:ask",
      "Retry": [
        {"ErrorEquals": ["Busy"], "MaxAttempts": 2},
        {"ErrorEquals": ["Rare"]},
        {"ErrorEquals": ["Hopeless"], "MaxAttempts": 0}
      ],
      "Catch": [
        {"ErrorEquals": ["Busy"], "Next": "Sorry"},
        {"ErrorEquals": ["States.ALL"], "Next": "Sorry"}
      ],
      "End": true
    },
    "Sorry": {"Type": "Succeed"},
    "Fan": {
      "Type": "Parallel",
      "Branches": [
        {"StartAt": "Left", "States": {"Left": {"Type": "Pass", "End": true}}},
        {"StartAt": "Right", "States": {"Right": {"Type": "Pass", "End": true}}}
      ],
      "Next": "Sorry"
    },
    "Each": {
      "Type": "Map",
      "ItemsPath": "$.items",
      "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": true}}},
      "End": true
    }
  }
}"#;

/// Raises the error that its event names, as often as it says; then answers.
const ASK: &str = r#"{
  "StartAt": "Error?",
  "States": {
    "Error?": {
      "Type": "Choice",
      "Choices": [{"Variable": "$.error", "IsPresent": true, "Next": "Raise"}],
      "Default": "Reply"
    },
    "Raise": {"Type": "Fail", "ErrorPath": "$.error", "Cause": "as it was told"},
    "Reply": {"Type": "Pass", "End": true}
  }
}"#;

const EVENTS: &str = r#"{"do":"fan"}
{"do":"map","items":[1,2,3]}

{"do":"ask"}
{"do":"ask","error":"Busy"}
not JSON
{"do":"fan"}
"#;

fn run(program: &Program, events: &[u8], threads: usize, chunk_bytes: usize) -> (Summary, Vec<u8>) {
    let bound = Handlers::new().bind(program).expect("every function is written in ASL");
    let mut results = Vec::new();
    let batch = Batch::new(program, &bound).threads(threads).chunk_bytes(chunk_bytes);
    let summary = batch.results(Sink::new("memory", &mut results)).run(vec![Source::memory("events", events)]);
    (summary.expect("memory takes everything"), results)
}

fn parse(text: &str, name: &str) -> Definition {
    Definition::parse(text, name, &ParseOptions::default()).unwrap_or_else(|found| panic!("{name}: {found:?}"))
}

fn counts(coverage: &Coverage) -> BTreeMap<String, u64> {
    coverage.parts.iter().map(|part| (part.to_string(), part.count)).collect()
}

#[test]
fn every_part_is_counted() {
    let handlers = BTreeMap::from([("ask".to_owned(), parse(ASK, "ask.asl.json"))]);
    let options = Options { handlers: Some(&handlers), bound: None };
    let program = compile(&parse(MACHINE, "m.asl.json"), &options, Instrument::Coverage).expect("it compiles");
    let (summary, _) = run(&program, EVENTS.as_bytes(), 1, 1_000);
    let coverage = summary.coverage.expect("it was counted");
    let expected = [
        ("state 'Which'", 5),
        ("Choices[0] of 'Which'", 2),
        ("Choices[1] of 'Which'", 1),
        ("Choices[2] of 'Which'", 0),
        ("Default of 'Which'", 2),
        ("transition 'Which' → 'Fan'", 2),
        ("transition 'Which' → 'Each'", 1),
        ("transition 'Which' → 'Never'", 0),
        ("transition 'Which' → 'Ask'", 2),
        ("state 'Never'", 0),
        ("state 'Ask'", 2),
        ("Retry[0] of 'Ask'", 2),
        ("Retry[1] of 'Ask'", 0),
        ("Catch[0] of 'Ask'", 1),
        ("Catch[1] of 'Ask'", 0),
        ("end at 'Ask'", 1),
        ("transition 'Ask' → 'Sorry'", 1),
        ("state 'Sorry'", 3),
        ("end at 'Sorry'", 3),
        ("state 'Fan'", 2),
        ("Branches[0] of 'Fan'", 2),
        ("Branches[1] of 'Fan'", 2),
        ("transition 'Fan' → 'Sorry'", 2),
        ("state 'Left'", 2),
        ("end at 'Left'", 2),
        ("state 'Right'", 2),
        ("end at 'Right'", 2),
        ("state 'Each'", 1),
        ("items of 'Each'", 3),
        ("end at 'Each'", 1),
        ("state 'One'", 3),
        ("end at 'One'", 3),
        // The function's own, which was called once by one event and three times by the other.
        ("state 'Error?'", 4),
        ("Choices[0] of 'Error?'", 3),
        ("Default of 'Error?'", 1),
        ("transition 'Error?' → 'Raise'", 3),
        ("transition 'Error?' → 'Reply'", 1),
        ("state 'Raise'", 3),
        ("state 'Reply'", 1),
        ("end at 'Reply'", 1),
    ];
    let expected: BTreeMap<String, u64> = expected.map(|(part, count)| (part.to_owned(), count)).into();
    assert_eq!(counts(&coverage), expected);
    let raise = coverage.parts.iter().find(|part| &*part.state == "Raise").expect("it is a part");
    assert_eq!((raise.handler.as_deref(), raise.line_number), (Some("ask"), 9));
    let retrier = coverage.parts.iter().find(|part| part.to_string() == "Retry[1] of 'Ask'").expect("it is a part");
    assert_eq!((retrier.handler.as_deref(), retrier.line_number), (None, 19));
}

/// The same results, steps and counts, whatever is counted besides; and the counts are the same on any number of threads.
#[test]
fn counting_changes_nothing() {
    for folder in corpora() {
        let machine = folder.join("machine.asl.json");
        let Ok(text) = std::fs::read_to_string(&machine) else { continue };
        let mut handlers = BTreeMap::new();
        for entry in std::fs::read_dir(folder.join("handlers")).into_iter().flatten().flatten() {
            if let Some(function) = entry.file_name().to_string_lossy().strip_suffix(".asl.json") {
                let text = std::fs::read_to_string(entry.path()).expect("it can be read");
                handlers.insert(function.to_owned(), parse(&text, function));
            }
        }
        let definition = parse(&text, &machine.display().to_string());
        let events = std::fs::read(folder.join("events.jsonl")).expect("every corpus has events");
        let options = Options { handlers: Some(&handlers), bound: None };
        let of = |instrument| compile(&definition, &options, instrument).expect("it compiles");
        let (plain, results) = run(&of(Instrument::Plain), &events, 1, 1 << 18);
        assert_eq!(plain.coverage, None);
        for instrument in [Instrument::Trail, Instrument::Coverage, Instrument::Watch] {
            let program = of(instrument);
            let (first, _) = run(&program, &events, 1, 1 << 18);
            for (threads, chunk_bytes) in [(1, 64), (3, 500), (2, 1 << 18)] {
                let (summary, other) = run(&program, &events, threads, chunk_bytes);
                assert!(other == results, "{}: {instrument:?} gives other results", folder.display());
                assert_eq!((summary.steps, summary.retries), (plain.steps, plain.retries), "{}", folder.display());
                assert_eq!(summary.coverage, first.coverage, "{}", folder.display());
            }
        }
    }
}

#[test]
fn jsonata_machines_are_counted_too() {
    let text = r#"{"QueryLanguage": "JSONata", "StartAt": "C", "States": {
        "C": {"Type": "Choice", "Choices": [
            {"Condition": "{% $states.input.n > 5 %}", "Next": "Big"},
            {"Condition": "{% $states.input.n < 0 %}", "Next": "Bad"}], "Default": "Small"},
        "Big": {"Type": "Pass", "Output": "{% $states.input.n %}", "End": true},
        "Small": {"Type": "Succeed"},
        "Bad": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:ask",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Next": "Small"}], "End": true}}}"#;
    let handlers = BTreeMap::from([("ask".to_owned(), parse(ASK, "ask.asl.json"))]);
    let options = Options { handlers: Some(&handlers), bound: None };
    let program = compile(&parse(text, "j.asl.json"), &options, Instrument::Coverage).expect("it compiles");
    let events = b"{\"n\":7}\n{\"n\":1}\n{\"n\":8}\n{\"n\":-1,\"error\":\"E\"}\n";
    let coverage = run(&program, events, 2, 64).0.coverage.expect("it was counted");
    let counts = counts(&coverage);
    for (part, count) in [
        ("Choices[0] of 'C'", 2),
        ("Choices[1] of 'C'", 1),
        ("Default of 'C'", 1),
        ("Catch[0] of 'Bad'", 1),
        ("end at 'Bad'", 0),
        ("transition 'Bad' → 'Small'", 1),
    ] {
        assert_eq!(counts.get(part), Some(&count), "{part}");
    }
}

#[test]
fn the_command_tells_it_in_every_form() {
    let folder = Folder::new("coverage");
    folder.write("machine.asl.json", MACHINE);
    folder.write("handlers/ask.asl.json", ASK);
    folder.write("events.jsonl", EVENTS);
    let place = folder.path.display().to_string();

    let text = expressway(&["coverage", &place]);
    assert_eq!(text.code, 0, "{}", text.err);
    assert!(text.out.contains("all             35 of    40   87.50 %"), "{}", text.out);
    assert!(text.out.contains(&format!("  {place}/machine.asl.json:13  state 'Never'")), "{}", text.out);
    assert!(text.out.contains("machine.asl.json:9  Choices[2] of 'Which'"), "{}", text.out);

    assert_eq!(expressway(&["coverage", &place, "--fail-under", "87.5"]).code, 0);
    let short = expressway(&["coverage", &place, "--fail-under", "90"]);
    assert_eq!(short.code, 1);
    assert!(short.err.contains("87.50 % of all parts were reached, and 90 % are asked for"), "{}", short.err);
    assert_eq!(expressway(&["coverage", &place, "--fail-under", "x"]).code, 2);

    let all = json(&expressway(&["coverage", &place, "--format", "json"]).out);
    assert_eq!(
        (&all["reached"], &all["parts"], all["missed"].as_array().map(Vec::len)),
        (&35.into(), &40.into(), Some(5))
    );
    let rules = all["rules"].as_array().expect("a list");
    assert!(rules.contains(&json(r#"{"state":"Which","rule":1,"line":8,"count":1}"#)), "{rules:?}");
    let transitions = all["transitions"].as_array().expect("a list");
    assert!(transitions.contains(&json(r#"{"from":"Ask","to":null,"line":14,"count":1}"#)), "{transitions:?}");

    let lcov = expressway(&["coverage", &place, "--format", "lcov"]).out;
    for line in ["FNDA:0,Never", "FNDA:5,Which", "DA:18,2", "DA:19,0", "SF:", "BRF:", "end_of_record"] {
        assert!(lcov.lines().any(|l| l.starts_with(line)), "{line} is not in {lcov}");
    }
    assert_eq!(lcov.matches("end_of_record").count(), 2, "the machine and its function");

    let page = folder.file("coverage.html");
    assert_eq!(expressway(&["coverage", &place, "--format", "html", "-o", &page]).code, 0);
    let page = std::fs::read_to_string(page).expect("it was written");
    assert!(page.contains("class=\"missed\"") && page.contains("state 'Never': 0") && !page.contains("<script"));

    // And of a run, whose results are the same as ever.
    let summary = folder.file("summary.json");
    let ran = expressway(&["run", &place, "--coverage", "--summary", &summary, "--fail-under", "90"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("Retry[1] of 'Ask'"), "{}", ran.err);
    assert_eq!(ran.out, expressway(&["run", &place, "-q"]).out);
    let summary = json(&std::fs::read_to_string(summary).expect("it was written"));
    assert_eq!((&summary["coverage"]["reached"], &summary["transitions"]), (&35.into(), &all["transitions"]));
    let file = folder.file("parts.json");
    assert_eq!(expressway(&["run", &place, "-q", "-o", "/dev/null", &format!("--coverage={file}")]).code, 0);
    assert_eq!(json(&std::fs::read_to_string(file).expect("it was written")), all);
}

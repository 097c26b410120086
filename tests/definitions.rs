//! Realistic definitions, with many integrations and in every form that a definition comes in: each is accepted at creation,
//! compiled, verified, and run with made-up replies behind all its tasks.
//!
//! Flows in: the files of `tests/definitions/`. What an execution comes to does not matter here, as long as it comes to an
//! end: no panic, no endless run, whatever the input. A file that is added there is tested without a line of code.

use expressway::batch::drive::{Alone, drive};
use expressway::compile::{Options, compile};
use expressway::definition::template::{StackTemplate, is_template, parse_with_values};
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::Handlers;
use expressway::handler::mock::Mock;
use expressway::program::Program;
use expressway::program::verify::verify;
use expressway::value::{Arena, Value};
use expressway::vm::{Execution, Input, Limits, Outcome, Seed, Settings, Start};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What behind any task may come back: a bit of every service's answer.
const PLAUSIBLE: &str = r#"{"Payload": {"id": 7, "ok": true}, "StatusCode": 200, "ok": true, "approved": true,
  "Item": {"overdue": {"N": "0"}}, "JobId": "j-1", "Crawler": {"State": "READY"}, "Output": "{\"x\": 1}",
  "QueryExecution": {"QueryExecutionId": "q-1"}, "ResponseBody": {"name": "Ada"}, "StatusText": "sunny", "Body": {"text": "short"},
  "UserPool": {"Id": "p-1"}, "TableDescription": {"TableName": "tenant-a"}, "Table": {"TableStatus": "ACTIVE"},
  "ModerationLabels": [{"Name": "Smoke", "Confidence": 90}], "Sentiment": "MIXED", "Parameter": {"Value": "v"},
  "ModelArtifacts": {"S3ModelArtifacts": "s3://models/1"}, "Headers": {}}"#;

/// Everything that some definition reads.
const USUAL: &str = r#"{"reader": "r1", "isbn": "i1", "sizes": [64, 128], "bucket": "b", "key": "k", "day": "2026-05-01",
  "source": "cam-1", "amount": 250, "employee": "e1", "order": 5, "letters": [{"id": 1, "text": "Dear"}, {"id": 2, "text": "Sir"}],
  "tenant": "a", "phone": "+49", "shelves": ["A1", "A2"], "limit": 5, "city": "Ulm", "pause": 3, "level": "ERROR",
  "at": "2025-01-01T00:00:00Z", "bytes": 10, "text": "some words", "scores": [5, 3, 5, 1], "a": {"x": 1}, "b": {"y": 2},
  "post": {"id": "1", "text": "t", "image": "i.png"}, "rows": [1, 2, 3], "name": "n", "account": "1",
  "due": "2026-01-01T00:00:00Z", "to": "x@example.org", "cluster": "c-1", "id": "p1", "orders": [{"bread": 1}],
  "moisture": 0.1, "issue": 4}"#;

/// Inputs that nobody had in mind.
const HOSTILE: [&str; 12] = [
    "{}",
    "null",
    "[]",
    "\"\"",
    "-0",
    "1e999",
    "[[[[[[1]]]]]]",
    "{\"rows\":{},\"scores\":[1e999,null,[]],\"a\":[],\"b\":1}",
    "{\"rows\":[[],{}],\"sizes\":\"x\",\"amount\":\"100\",\"letters\":[1],\"limit\":-1,\"pause\":1e30,\"due\":5,\"text\":\"\",\"level\":null}",
    "{\"\":0,\"rows\":[],\"rows\":[1,2],\"shelves\":[\"\\u0000\\ud800\"],\"at\":\"9999-99-99T99:99:99Z\",\"moisture\":null}",
    "{\"limit\":99999999999999999999,\"pause\":-1,\"amount\":1e-400,\"city\":\"\\\"'{}\",\"orders\":\"orders\"}",
    "{\"orders\":[null,true,{}],\"post\":{\"id\":{},\"text\":[],\"image\":\"\"},\"why\":1,\"error\":2}",
];

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/definitions");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the definitions are there").flatten().map(|f| f.path()).collect();
    files.sort();
    assert!(files.len() > 20, "only {} definitions", files.len());
    files
}

fn read(file: &Path) -> Definition {
    let (text, name) = (fs::read_to_string(file).expect("it can be read"), file.display().to_string());
    let none = BTreeMap::new();
    if is_template(&text, &name) {
        let template = StackTemplate::read(&text, &name).unwrap_or_else(|found| panic!("{name}: {found:?}"));
        let alone = |path: &Path| Err(std::io::Error::other(path.display().to_string()));
        return template.definition(None, &none, &alone).unwrap_or_else(|found| panic!("{name}: {found:?}"));
    }
    let read = parse_with_values(&text, &name, &none, &ParseOptions::default());
    read.unwrap_or_else(|refused| panic!("{name}: {:?}", refused.diagnostics))
}

/// Answers every task: with something plausible at first, now and then with a failure, later with nothing much.
fn mock(program: &Program) -> Mock {
    let names: Vec<String> = program.tasks().iter().map(|task| program.state(task.state).name.to_string()).collect();
    let cases: Vec<String> = names.iter().map(|name| format!("\"{name}\":\"any\"")).collect();
    let text = format!(
        "{{\"StateMachines\":{{\"Machine\":{{\"TestCases\":{{\"Case\":{{{}}}}}}}}},\"MockedResponses\":{{\"any\":{{\
         \"0-2\":{{\"Return\":{PLAUSIBLE}}},\"3\":{{\"Throw\":{{\"Error\":\"States.Timeout\"}}}},\"4-9\":{{\"Return\":{PLAUSIBLE}}},\
         \"10-4000000000\":{{\"Return\":{{}}}}}}}}}}",
        cases.join(",")
    );
    Mock::read(&text, "Machine", None).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_definition_is_accepted_and_comes_to_an_end() {
    let (mut succeeded, mut files_seen) = (0, 0);
    for file in files() {
        let name = file.display().to_string();
        let program = compile(&read(&file), &Options::default()).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        verify(&program).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let bound =
            Handlers::new().mock(mock(&program)).bind(&program).unwrap_or_else(|missing| panic!("{name}: {missing}"));
        files_seen += 1;
        for input in [USUAL].into_iter().chain(HOSTILE) {
            let limits = Limits { steps: 20_000, ..Limits::STANDARD };
            let (settings, arena) = (Settings { limits, ..Settings::default() }, Arena::new());
            let start = Start {
                input: Input::whole(Value::from_text(&arena, input)),
                seed: Seed::new(0, 0, 0),
                now_ms: 1_577_836_800_000,
                history: true,
            };
            let mut execution = Execution::new(&program, &settings, &arena, start);
            let outcome = drive(&mut execution, &bound, &mut bound.counters(), &Alone);
            if let (true, Outcome::Succeeded(_)) = (input == USUAL, &outcome) {
                succeeded += 1;
            } else if input == USUAL {
                println!("{name}: {outcome:?}");
            }
            // A cause that is asked for can be told.
            if let Outcome::Failed(failure) = outcome {
                failure.cause_text(&arena);
            }
        }
    }
    assert!(
        succeeded * 4 > files_seen * 3,
        "only {succeeded} of {files_seen} succeed with the input that they are made for"
    );
}

//! Executions are run, logged as AWS logs them, imported, and run again with nothing but what was imported: they have to
//! come to the same. And what cannot be imported is told.
//!
//! | file | holds |
//! | --- | --- |
//! | `import/machines.json` | machines whose tasks end out of order, fail, are cut short, tried again |
//! | `import/leaving_out.rs` | texts that cannot be run again, or are none |
//! | `import/command.rs` | the command |

#[path = "import/command.rs"]
mod command;
#[path = "import/leaving_out.rs"]
mod leaving_out;

use expressway::batch::{Batch, Single, Sink, Source};
use expressway::compile::{Options, compile};
use expressway::definition::template::{StackTemplate, is_template};
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::mock::Mock;
use expressway::handler::recorded::Recorded;
use expressway::handler::{Bound, Handlers};
use expressway::import::{Counts, Importer};
use expressway::program::Program;
use expressway::value::difference::{Key, differences};
use expressway::value::tree;
use expressway::view::history;
use expressway::view::logs::{self, LogLevel};
use expressway::vm::{Seed, Settings};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// What the functions of `machines.json` do: wait, then fail or reply, as the event says.
const WORK: &str = r#"{"StartAt": "W", "States": {
    "W": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "C"},
    "C": {"Type": "Choice", "Choices": [{"Variable": "$.error", "IsPresent": true, "Next": "D"}], "Default": "R"},
    "D": {"Type": "Choice", "Choices": [{"Variable": "$.cause", "IsPresent": true, "Next": "F"}], "Default": "G"},
    "F": {"Type": "Fail", "ErrorPath": "$.error", "CausePath": "$.cause"},
    "G": {"Type": "Fail", "ErrorPath": "$.error"},
    "R": {"Type": "Pass", "OutputPath": "$.reply", "End": true}}}"#;

/// A machine with all that its first run needs.
struct Machine {
    name: String,
    definition: Definition,
    handlers: BTreeMap<String, Definition>,
    mock: Option<Mock>,
    inputs: Vec<String>,
}

/// What an import wrote.
struct Imported {
    counts: Counts,
    events: String,
    recorded: String,
    expected: String,
    left_out: String,
}

fn import(files: &[(&str, &[u8])]) -> Imported {
    let [mut events, mut recorded, mut expected, mut left_out] = [const { Vec::new() }; 4];
    let mut importer = Importer::new(&mut events, &mut recorded, &mut expected, &mut left_out);
    for (name, bytes) in files {
        importer.read(name, bytes).unwrap();
    }
    let counts = importer.finish().unwrap();
    let [events, recorded, expected, left_out] =
        [events, recorded, expected, left_out].map(|bytes| String::from_utf8(bytes).unwrap());
    Imported { counts, events, recorded, expected, left_out }
}

fn definition(text: &str, name: &str) -> Definition {
    if is_template(text, name) {
        let template = StackTemplate::read(text, name).unwrap();
        let alone = |path: &Path| Err(std::io::Error::other(path.display().to_string()));
        return template.definition(None, &BTreeMap::new(), &alone).unwrap_or_else(|found| panic!("{name}: {found:?}"));
    }
    Definition::parse(text, name, &ParseOptions::default()).unwrap_or_else(|found| panic!("{name}: {found:?}"))
}

fn machines() -> Vec<Machine> {
    let cases: Vec<Value> = serde_json::from_str(include_str!("import/machines.json")).unwrap();
    let mut machines: Vec<Machine> = cases
        .iter()
        .map(|case| {
            let name = case["name"].as_str().unwrap();
            let outcomes = case["outcomes"].as_object().map(|states| {
                let responses: serde_json::Map<String, Value> = states
                    .iter()
                    .map(|(state, list)| {
                        let numbered = list.as_array().unwrap().iter().enumerate();
                        (state.clone(), numbered.map(|(n, outcome)| (n.to_string(), outcome.clone())).collect())
                    })
                    .collect();
                let names: Value = states.keys().map(|state| (state.clone(), json!(state))).collect();
                json!({"StateMachines": {"M": {"TestCases": {"C": names}}}, "MockedResponses": responses})
            });
            Machine {
                name: name.to_owned(),
                definition: definition(&case["definition"].to_string(), name),
                handlers: BTreeMap::from([("work".to_owned(), definition(WORK, "work"))]),
                mock: outcomes.map(|file| Mock::read(&file.to_string(), "M", None).unwrap()),
                inputs: case["inputs"].as_array().unwrap().iter().map(Value::to_string).collect(),
            }
        })
        .collect();
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora");
    let mut folders: Vec<_> = std::fs::read_dir(corpora).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    for folder in folders {
        let file =
            ["machine.asl.json", "template.yaml"].map(|name| folder.join(name)).into_iter().find(|f| f.is_file());
        let read = |path: &Path| definition(&std::fs::read_to_string(path).unwrap(), &path.display().to_string());
        let handlers = std::fs::read_dir(folder.join("handlers")).into_iter().flatten().flatten();
        let handlers = handlers.filter_map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            Some((name.strip_suffix(".asl.json")?.to_owned(), read(&entry.path())))
        });
        let events = std::fs::read(folder.join("events.jsonl")).unwrap();
        let events = events.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
        machines.push(Machine {
            name: folder.display().to_string(),
            definition: read(&file.unwrap()),
            handlers: handlers.collect(),
            mock: None,
            inputs: events
                .filter(|line| expressway::value::scan::validate(line.as_bytes()).is_ok())
                .map(str::to_owned)
                .collect(),
        });
    }
    machines
}

/// An execution as AWS tells of it.
struct Told {
    input: String,
    line: String,
    arn: String,
    /// The log's records.
    logs: Vec<Value>,
    history: Value,
}

/// Runs a machine's inputs, each where it will stand in the file of events.
fn tell(machine: &Machine, program: &Program, bound: &Bound) -> Vec<Told> {
    let settings = Settings::default();
    let mut offset = 0;
    let mut all = Vec::new();
    for input in &machine.inputs {
        // As it is logged: compact.
        let compact = tree::parse(input).unwrap().to_json();
        let single =
            Single { input: &compact, seed: Seed::new(0, 0, offset), now_ms: 1_700_000_000_000, history: true };
        let recorded = single.run(program, bound, &settings);
        let arn = format!("{}:{offset}", recorded.names.0);
        let logs = logs::to_json(&recorded.events, LogLevel::All, true, &arn, &recorded.names.1);
        let history = format!("{{\"events\":{}}}", history::to_json(&recorded.events, &recorded.names.1));
        let [logs, history] = [logs, history].map(|text| serde_json::from_str::<Value>(&text).unwrap());
        let Value::Array(logs) = logs else { panic!("records are an array") };
        let input = logs[0]["details"]["input"].as_str().unwrap().to_owned();
        offset += input.len() as u64 + 1;
        all.push(Told { input, line: recorded.line.clone(), arn, logs, history });
    }
    all
}

/// Runs events with what was recorded of them alone.
fn replay(machine: &Machine, imported: &Imported, threads: usize) -> String {
    let mock = Mock::of_recorded(Recorded::read(&imported.recorded, 0).unwrap());
    let handlers = Handlers::new().mock(mock);
    let program = compile(&machine.definition, &Options { handlers: None, bound: None });
    let program = program.unwrap_or_else(|errors| panic!("{}: {errors:?}", machine.name));
    let bound = handlers.bind(&program).unwrap_or_else(|error| panic!("{}: {error}", machine.name));
    let mut results = Vec::new();
    let batch = Batch::new(&program, &bound).threads(threads).chunk_bytes(500).now(1_700_000_000_000);
    let batch = batch.results(Sink::new("results", &mut results));
    batch.run(vec![Source::memory("events", imported.events.as_bytes())]).unwrap();
    String::from_utf8(results).unwrap()
}

/// What differs but for which limit of ours ended an execution.
fn assert_same(found: &str, wanted: &[String], what: &str) {
    let parse = |line: &str| tree::parse(line).unwrap();
    let limit = [Key::Member("limit".into())];
    assert_eq!(found.lines().count(), wanted.len(), "{what}");
    for (number, (found, wanted)) in found.lines().zip(wanted).enumerate() {
        let mut unlike = differences(&parse(wanted), &parse(found));
        unlike.retain(|difference| difference.at != limit);
        assert!(unlike.is_empty(), "{what}, line {}: {unlike:?}", number + 1);
    }
}

#[test]
fn there_and_back() {
    for machine in machines() {
        let bound_mock = machine.mock.clone();
        let handlers = bound_mock.map_or_else(Handlers::new, |mock| Handlers::new().mock(mock));
        let program =
            compile(&machine.definition, &Options { handlers: Some(&machine.handlers), bound: None }).unwrap();
        let bound = handlers.bind(&program).unwrap();
        let told = tell(&machine, &program, &bound);
        let name = &machine.name;
        let wanted: Vec<String> = told.iter().map(|told| told.line.clone()).collect();
        for (form, files) in forms(&told) {
            let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (&**name, &**bytes)).collect();
            let imported = import(&files);
            let what = format!("{name}, {form}: {:?} {}", imported.counts, imported.left_out);
            assert_eq!(imported.counts.executions, told.len() as u64, "{what}");
            assert_eq!(
                imported.events.lines().collect::<Vec<_>>(),
                told.iter().map(|t| &*t.input).collect::<Vec<_>>(),
                "{what}"
            );
            assert_same(&imported.expected, &wanted, &what);
            for threads in [1, 2] {
                assert_same(&replay(&machine, &imported, threads), &wanted, &what);
            }
        }
    }
}

/// Files of a name with their bytes.
type Files = Vec<(String, Vec<u8>)>;

/// Executions in all the forms that they leave AWS in.
fn forms(told: &[Told]) -> Vec<(&'static str, Files)> {
    let file = |text: String| vec![("log".to_owned(), text.into_bytes())];
    let records: Vec<&Value> = told.iter().flat_map(|told| &told.logs).collect();
    let lines = records.iter().map(|record| format!("{record}\n")).collect::<String>();
    // Of each execution the records come in another order; the executions end in theirs.
    let shuffled = told.iter().flat_map(|told| {
        let (even, odd): (Vec<_>, Vec<_>) = told.logs.iter().enumerate().partition(|(n, _)| n % 2 == 0);
        odd.into_iter().chain(even.into_iter().rev()).map(|(_, record)| format!("2026-01-31T09:08:07.123Z {record}\n"))
    });
    let batches = records.chunks(7).map(|records| {
        let events = records
            .iter()
            .enumerate()
            .map(|(n, record)| json!({"id": n, "timestamp": 1, "message": record.to_string()}));
        json!({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logEvents": events.collect::<Vec<_>>()})
            .to_string()
    });
    let filtered = json!({"events": records.iter().map(|record| json!({"logStreamName": "s", "timestamp": 1, "message": record.to_string()})).collect::<Vec<_>>()});
    let rows = records.iter().map(
        |record| json!([{"field": "@timestamp", "value": "t"}, {"field": "@message", "value": record.to_string()}]),
    );
    let query = json!({"results": rows.collect::<Vec<_>>(), "status": "Complete"});
    let histories = told.iter().map(|told| (told.arn.clone(), serde_json::to_vec_pretty(&told.history).unwrap()));
    let together = told.iter().map(|told| told.history.to_string()).collect::<String>();
    vec![
        ("lines", file(lines.clone())),
        ("lines twice", file(lines.repeat(2))),
        ("an export, out of order", file(shuffled.collect())),
        (
            "a subscription",
            file(format!(
                "{{\"messageType\":\"CONTROL_MESSAGE\",\"logEvents\":[{{}}]}}{}",
                batches.collect::<String>()
            )),
        ),
        ("filter-log-events", file(serde_json::to_string_pretty(&filtered).unwrap())),
        ("get-query-results", file(query.to_string())),
        ("histories", histories.collect()),
        ("histories in one file", file(together)),
    ]
}

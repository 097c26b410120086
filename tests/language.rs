//! The States Language as a set of cases: every file in `tests/language/` holds a list of them, each with a definition, an
//! input, what its tasks come to, and what AWS makes of it.
//!
//! Flows in: JSON files. Flows out: one failed test per file, with every case that differs. The runner must never know what
//! a case is about: a new fact is a new case, not a line of code.
//!
//! | member | meaning |
//! | --- | --- |
//! | `name` | the section and the fact |
//! | `definition` | a whole machine; or `states`, whose first is StartAt; or `state`, alone, called `S` |
//! | `template` | a Pass called `S` with these Parameters; `call` is a template `{"v.$": call}` |
//! | `rule` | a Choice called `S` with this rule: `Y` where it holds, `N` where not; the output is that name |
//! | `expression` | a JSONata Pass called `S` whose Output is this expression |
//! | `input` | the input, `{}` if absent; `input_bytes`: a string that is that long as JSON |
//! | `tasks` | outcomes by state: `{"Return": …}` or `{"Throw": {…}}`, the last of which repeats |
//! | `handlers` | functions written in ASL, by name |
//! | `express`, `limits` | the type of workflow, and limits that replace its own |
//! | `output`, `output_bytes` | it succeeds with exactly this text, or with text of that length |
//! | `error`, `cause` | it fails; a cause after `at` (`"S#2"`) stands behind the sentence that names state and event |
//! | `timed_out` | the limit that ends it |
//! | `refused` | the diagnostics of a definition that is refused: code, message, location |
//! | `not_run` | what the compiler says that is not run here: location and text each |
//! | `trace` | the history, `id<-previous Type` each; with ` @seconds`, its clock too |
//! | `seconds` | the clock at the end, in seconds since the start |
//! | `logs` | the log records by level (`ALL`, `ERROR`, `FATAL`, `OFF`): `id<-previous Type details` each |
//! | `log_data` | whether log records hold what the execution worked on |
//!
//! Lambda functions `echo` (gives its event back), `raise` (raises `error` with `message`) and `letters` (a string that is
//! `bytes` long as JSON) stand behind tasks that are not mocked.

use expressway::batch::drive::{Alone, drive, drive_moving};
use expressway::compile::{Options, compile};
use expressway::definition::{Definition, MachineType, ParseOptions};
use expressway::handler::Handlers;
use expressway::handler::function::FunctionError;
use expressway::handler::mock::Mock;
use expressway::program::verify::verify;
use expressway::value::tree::{Kind, Node, parse};
use expressway::value::{Arena, Value};
use expressway::view::logs::{self, LogLevel};
use expressway::vm::{Event, EventKind, Execution, Input, Limits, Names, Outcome, Seed, Settings, Start};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// 2020-01-01T00:00:00Z
const START_MS: i64 = 1_577_836_800_000;

#[test]
fn every_case_is_as_the_language_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language");
    let mut files: Vec<_> = fs::read_dir(&folder).expect("the cases are part of the sources").flatten().collect();
    files.sort_by_key(fs::DirEntry::path);
    let (mut count, mut wrong, mut names) = (0, Vec::new(), BTreeMap::new());
    for file in files {
        let text = fs::read_to_string(file.path()).expect("it can be read");
        let place = file.file_name().to_string_lossy().into_owned();
        let cases = parse(&text).unwrap_or_else(|error| panic!("{place}: {error}"));
        for case in cases.as_array().unwrap_or_else(|| panic!("{place} is no list")) {
            let name = text_of(case, "name").unwrap_or_else(|| panic!("{place} has a case without a name"));
            if let Some(other) = names.insert(name.to_owned(), place.clone()) {
                wrong.push(format!("{place}: {name}: there is a case of that name in {other}"));
            }
            if let Err(difference) = run(case) {
                wrong.push(format!("{place}: {name}\n  {difference}"));
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases differ\n\n{}\n", wrong.len(), wrong.join("\n\n"));
}

fn text_of<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key).and_then(Node::as_str)
}

fn number_of(node: &Node, key: &str) -> Option<u64> {
    match &node.get(key)?.kind {
        Kind::Number(text) => text.parse().ok(),
        _ => None,
    }
}

fn json(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// The definition's text.
fn definition(case: &Node) -> String {
    let alone = |state: String| format!("{{\"StartAt\":\"S\",\"States\":{{\"S\":{state}}}}}");
    if let Some(definition) = case.get("definition") {
        return definition.as_str().map_or_else(|| definition.to_json(), str::to_owned);
    }
    if let Some(states) = case.get("states") {
        let first = states.members().first().map_or("", |member| &member.key);
        return format!("{{\"StartAt\":{},\"States\":{}}}", json(first), states.to_json());
    }
    if let Some(state) = case.get("state") {
        return alone(state.to_json());
    }
    if let Some(template) = case.get("template") {
        return alone(format!("{{\"Type\":\"Pass\",\"Parameters\":{},\"End\":true}}", template.to_json()));
    }
    if let Some(call) = text_of(case, "call") {
        return alone(format!("{{\"Type\":\"Pass\",\"Parameters\":{{\"v.$\":{}}},\"End\":true}}", json(call)));
    }
    if let Some(expression) = text_of(case, "expression") {
        let output = json(&format!("{{% {expression} %}}"));
        return alone(format!("{{\"Type\":\"Pass\",\"QueryLanguage\":\"JSONata\",\"Output\":{output},\"End\":true}}"));
    }
    let rule = case.get("rule").map(Node::to_json).unwrap_or_default();
    let rule = rule.strip_suffix('}').unwrap_or_default();
    let end = |name| format!("\"{name}\":{{\"Type\":\"Pass\",\"Result\":\"{name}\",\"End\":true}}");
    let choice = format!("{{\"Type\":\"Choice\",\"Choices\":[{rule},\"Next\":\"Y\"}}],\"Default\":\"N\"}}");
    format!("{{\"StartAt\":\"S\",\"States\":{{\"S\":{choice},{},{}}}}}", end("Y"), end("N"))
}

/// The tasks' outcomes in the form of a mock file.
fn mock(case: &Node) -> Option<Mock> {
    let tasks = case.get("tasks")?.members();
    let (mut names, mut responses) = (Vec::new(), Vec::new());
    for task in tasks {
        let outcomes = task.value.as_array().unwrap_or_default();
        let numbered = outcomes.iter().enumerate().map(|(n, outcome)| match n + 1 == outcomes.len() {
            true => format!("\"{n}-4000000000\":{}", outcome.to_json()),
            false => format!("\"{n}\":{}", outcome.to_json()),
        });
        names.push(format!("{0}:{0}", json(&task.key)));
        responses.push(format!("{}:{{{}}}", json(&task.key), numbered.collect::<Vec<_>>().join(",")));
    }
    let text = format!(
        "{{\"StateMachines\":{{\"Machine\":{{\"TestCases\":{{\"Case\":{{{}}}}}}}}},\"MockedResponses\":{{{}}}}}",
        names.join(","),
        responses.join(",")
    );
    Some(Mock::read(&text, "Machine", None).unwrap_or_else(|error| panic!("{error}")))
}

fn handlers(case: &Node) -> Handlers {
    let handlers = Handlers::new()
        .lambda("echo", |event, _| Ok(event.value()))
        .lambda("raise", |event, _| {
            let text = |key| event.get(key).and_then(|v| v.as_str()).unwrap_or_default();
            Err(FunctionError::new(text("error"), text("message")))
        })
        .lambda("letters", |event, call| {
            let bytes = event.get("bytes").and_then(|v| v.as_i64()).and_then(|n| usize::try_from(n).ok()).unwrap_or(2);
            Ok(call.text(&"x".repeat(bytes - 2)))
        });
    match mock(case) {
        Some(mock) => handlers.mock(mock),
        None => handlers,
    }
}

fn run(case: &Node) -> Result<(), String> {
    let express = case.get("express").and_then(Node::as_bool) == Some(true);
    let machine_type = if express { MachineType::Express } else { MachineType::Standard };
    let text = definition(case);
    let definition = Definition::parse(&text, "case", &ParseOptions { machine_type });
    if let Some(refused) = case.get("refused") {
        let found = match definition {
            Ok(_) => "nothing".to_owned(),
            Err(diagnostics) => format!(
                "[{}]",
                diagnostics
                    .iter()
                    .filter(|d| d.is_error())
                    .map(|d| {
                        let location = d.location.as_ref().map_or("null".to_owned(), ToString::to_string);
                        json(&format!("{}: {} at {location}", d.code.as_str(), d.message))
                    })
                    .collect::<Vec<_>>()
                    .join(",")
            ),
        };
        return same("refused", &refused.to_json(), &found);
    }
    let definition = definition.map_err(|found| format!("refused: {found:?}\n  {text}"))?;
    let functions: BTreeMap<String, Definition> = case
        .get("handlers")
        .map(Node::members)
        .unwrap_or_default()
        .iter()
        .map(|h| {
            let parsed = Definition::parse(&h.value.to_json(), &h.key, &ParseOptions::default());
            (h.key.to_string(), parsed.unwrap_or_else(|found| panic!("{}: {found:?}", h.key)))
        })
        .collect();
    let options = Options { handlers: Some(&functions), bound: None };
    let program = compile(&definition, &options);
    if let Some(not_run) = case.get("not_run").and_then(Node::as_array) {
        let wanted: Vec<&str> = not_run.iter().filter_map(Node::as_str).collect();
        let found: Vec<String> = program.err().iter().flatten().map(ToString::to_string).collect();
        return same("not_run", &wanted.join("\n"), &found.join("\n"));
    }
    let program = program.map_err(|errors| format!("not compiled: {errors:?}"))?;
    verify(&program).map_err(|error| format!("not verified: {error:?}"))?;
    let bound = handlers(case).bind(&program).map_err(|error| error.to_string())?;

    let mut limits = if express { Limits::EXPRESS } else { Limits::STANDARD };
    if let Some(own) = case.get("limits") {
        limits.steps = number_of(own, "steps").unwrap_or(limits.steps);
        limits.state_bytes = number_of(own, "state_bytes").unwrap_or(limits.state_bytes);
        limits.events = number_of(own, "events").and_then(|n| u32::try_from(n).ok()).unwrap_or(limits.events);
    }
    let settings = Settings { limits, names: Names { express, ..Names::default() } };
    let input = match number_of(case, "input_bytes") {
        Some(bytes) => format!("\"{}\"", "x".repeat(bytes as usize - 2)),
        None => case.get("input").map_or("{}".to_owned(), Node::to_json),
    };
    let arena = Arena::new();
    let mut told = Vec::new();
    // The answer must not depend on whether somebody watches.
    for history in [true, false] {
        let input = Input::whole(Value::from_text(&arena, arena.alloc_str(&input)));
        let start = Start { input, seed: Seed::new(0, 0, 0), now_ms: START_MS, history };
        let mut execution = Execution::new(&program, &settings, &arena, start);
        let outcome = drive(&mut execution, &bound, &mut bound.counters(), &Alone);
        let now_ms = execution.now_ms();
        told.push((outcome, now_ms, execution.event_count(), execution.take_events()));
    }
    let [(watched, watched_ms, watched_count, events), (outcome, now_ms, count, _)] = &told[..] else {
        return Err("two runs".to_owned());
    };
    same("unwatched", &tell(watched, &arena), &tell(outcome, &arena))?;
    same("unwatched", &format!("{watched_ms} {watched_count}"), &format!("{now_ms} {count}"))?;
    same("number of events", &watched_count.to_string(), &events.len().to_string())?;
    // Nor on whether it goes on over fresh memory time and again.
    let moving = Settings { limits: Limits { crowded_bytes: 0, ..limits }, ..settings.clone() };
    let value = Value::from_text(&arena, &input);
    let start = Start { input: Input::whole(value), seed: Seed::new(0, 0, 0), now_ms: START_MS, history: true };
    let execution = Execution::new(&program, &moving, &arena, start);
    let (moved, kinds) = drive_moving(execution, &bound, &mut bound.counters(), &Alone, |execution, outcome, arena| {
        let told = format!("{} {} {}", tell(&outcome, arena), execution.now_ms(), execution.event_count());
        (told, execution.take_events())
    });
    same("moved", &format!("{} {watched_ms} {watched_count}", tell(watched, &arena)), &moved)?;
    same("moved", &format!("{events:?}"), &format!("{kinds:?}"))?;
    expect_outcome(case, outcome, &arena)?;
    if let Some(seconds) = case.get("seconds") {
        same("seconds", &seconds.to_json(), &clock(*now_ms))?;
    }
    if let Some(logs) = case.get("logs") {
        expect_logs(logs, case.get("log_data").and_then(Node::as_bool) == Some(true), events)?;
    }
    match case.get("trace").and_then(Node::as_array) {
        Some(trace) => expect_trace(trace, events),
        None => Ok(()),
    }
}

fn expect_logs(logs: &Node, data: bool, events: &[Event]) -> Result<(), String> {
    for level in logs.members() {
        let which = match &*level.key {
            "ALL" => LogLevel::All,
            "ERROR" => LogLevel::Error,
            "FATAL" => LogLevel::Fatal,
            "OFF" => LogLevel::Off,
            other => return Err(format!("{other} is no level")),
        };
        let records = logs::to_json(events, which, data, "arn", "role");
        let records = parse(&records).map_err(|error| format!("the records are no JSON: {error}\n{records}"))?;
        let found: Vec<String> = records
            .as_array()
            .unwrap_or_default()
            .iter()
            .map(|record| {
                let text = |key| text_of(record, key).unwrap_or("(not a string)");
                let details = record.get("details").map(Node::to_json).unwrap_or_default();
                format!("{}<-{} {} {details}", text("id"), text("previous_event_id"), text("type"))
            })
            .collect();
        let expected: Vec<&str> = level.value.as_array().unwrap_or_default().iter().filter_map(Node::as_str).collect();
        same(&level.key, &expected.join("\n      "), &found.join("\n      "))?;
    }
    Ok(())
}

/// A record as a whole: all numbers are strings, and members stand in AWS's order.
#[test]
fn a_log_record_is_as_aws_writes_it() {
    let failed = EventKind::ExecutionFailed { error: Some("E".to_owned()), cause: None };
    let event = Event { id: 12, previous: 9, time_ms: 1_577_836_800_123, kind: failed };
    let records = logs::to_json(&[event], LogLevel::Fatal, false, "arn:aws:states:us-east-1:1:express:M:N:U", "role");
    let expected = concat!(
        r#"[{"id":"12","type":"ExecutionFailed","details":{"error":"E"},"previous_event_id":"9","#,
        r#""event_timestamp":"1577836800123","execution_arn":"arn:aws:states:us-east-1:1:express:M:N:U","#,
        r#""redrive_count":"0"}]"#
    );
    assert_eq!(records, expected);
}

fn expect_outcome(case: &Node, outcome: &Outcome, arena: &Arena) -> Result<(), String> {
    let found = tell(outcome, arena);
    if let (Some(bytes), Outcome::Succeeded(value)) = (number_of(case, "output_bytes"), outcome) {
        return same("output bytes", &bytes.to_string(), &value.to_json().len().to_string());
    }
    if let Some(limit) = text_of(case, "timed_out") {
        return same("outcome", &format!("timed out: {limit}"), &found);
    }
    if let Some(output) = case.get("output") {
        return same("outcome", &format!("output {}", output.to_json()), &found);
    }
    let cause = match (text_of(case, "cause"), text_of(case, "at").and_then(|at| at.rsplit_once('#'))) {
        (Some(cause), Some((state, id))) => Some(format!(
            "An error occurred while executing the state '{state}' (entered at the event id #{id}). {cause}"
        )),
        (cause, _) => cause.map(str::to_owned),
    };
    if case.get("error").is_none() && case.get("fails").is_none() {
        return Err(format!("the case expects nothing; found\n    {found}"));
    }
    same("outcome", &failure(text_of(case, "error"), cause.as_deref()), &found)
}

fn failure(error: Option<&str>, cause: Option<&str>) -> String {
    format!("error {}, cause {}", error.unwrap_or("(none)"), cause.unwrap_or("(none)"))
}

fn tell<'a>(outcome: &Outcome<'a>, arena: &'a Arena) -> String {
    match outcome {
        Outcome::Succeeded(value) => format!("output {}", value.to_json()),
        Outcome::Failed(f) => failure(f.error, f.cause_text(arena)),
        Outcome::TimedOut(limit) => format!("timed out: {}", limit.name()),
    }
}

fn clock(time_ms: i64) -> String {
    let ms = time_ms - START_MS;
    if ms % 1_000 == 0 { (ms / 1_000).to_string() } else { format!("{}.{:03}", ms / 1_000, ms % 1_000) }
}

fn expect_trace(trace: &[Node], events: &[Event]) -> Result<(), String> {
    let expected: Vec<&str> = trace.iter().filter_map(Node::as_str).collect();
    let found: Vec<String> = events
        .iter()
        .enumerate()
        .map(|(n, event)| {
            let line = format!("{}<-{} {}", event.id, event.previous, event.kind.name());
            let with_clock = expected.get(n).is_some_and(|line| line.contains(" @"));
            if with_clock { format!("{line} @{}", clock(event.time_ms)) } else { line }
        })
        .collect();
    same("trace", &expected.join("\n      "), &found.join("\n      "))
}

fn same(what: &str, expected: &str, found: &str) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    let cut = |text: &str| text.chars().take(3_000).collect::<String>();
    Err(format!("{what}: expected\n      {}\n    found\n      {}", cut(expected), cut(found)))
}

//! Two interpreters, one language: machines from a seed run through the engine and through a plain second interpreter
//! (`tests/oracle/`), which shares no code with it, and must come to the same end in the same way.
//!
//! Compared are the status, the output's text, error and cause, the clock at the end, and every event of the history: its
//! type, its time, its details, its id and previousEventId; run unwatched, and as a line of a file, the engine must come to
//! the same end once more.
//! Every field, comparator and intrinsic function of the language must come up often enough among what has run, or the
//! test fails: the list is the one that definitions are checked with.
//!
//! | variable | meaning |
//! | --- | --- |
//! | `EXPRESSWAY_ORACLE_PAIRS` | how many pairs run; 20,000 if absent, 100,000 where changes are checked, 10,000,000 on demand |
//! | `EXPRESSWAY_ORACLE_FROM` | the first pair's seed, 0 if absent: with it a long run can be cut in parts |
//! | `EXPRESSWAY_ORACLE_SEED` | runs this pair alone and prints it whole; a disagreement prints its seed |

#[path = "oracle/mod.rs"]
mod oracle;

use expressway::batch::drive::{Alone, drive};
use expressway::batch::{Batch, Sink, Source};
use expressway::compile::{Options, compile};
use expressway::definition::{Definition, ParseOptions, QueryLanguage, vocabulary};
use expressway::handler::mock::Mock;
use expressway::handler::{Bound, Handlers};
use expressway::program::verify::verify;
use expressway::program::{Function, Program};
use expressway::value::{Arena, Value};
use expressway::view::details::{Content, details};
use expressway::vm::{Event, Execution, Input, Outcome, Seed, Settings, Start};
use oracle::generate::{Pair, pair};
use oracle::history::{self, Told};
use oracle::interpreter::{self, Cause, End, Ran, Seen};
use oracle::json::Json;
use oracle::mocks;
use std::collections::BTreeMap;

/// 2020-01-01T00:00:00Z
const START_MS: i64 = 1_577_836_800_000;

/// Every word has to come up once in so many pairs.
const PAIRS_PER_WORD: u64 = 2_000;

/// Fields that the language has and the engine does not run: reading items from elsewhere, writing results elsewhere.
const NOT_RUN: &[(&str, &[&str])] = &[
    ("Map", &["ItemReader"]),
    ("ItemReader", &["Resource", "ReaderConfig", "Parameters"]),
    (
        "ReaderConfig",
        &[
            "InputType",
            "CSVHeaderLocation",
            "CSVHeaders",
            "CSVDelimiter",
            "MaxItems",
            "MaxItemsPath",
            "ItemsPointer",
            "ManifestType",
            "Transformation",
        ],
    ),
    ("ResultWriter", &["Resource", "Parameters"]),
];

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

#[test]
fn both_interpreters_come_to_the_same_end() {
    let alone = setting("EXPRESSWAY_ORACLE_SEED");
    let pairs = setting("EXPRESSWAY_ORACLE_PAIRS").unwrap_or(20_000);
    let from = setting("EXPRESSWAY_ORACLE_FROM").unwrap_or(0);
    let seeds = alone.map_or(from..from + pairs, |seed| seed..seed + 1);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let told: Vec<Compared> = std::thread::scope(|scope| {
        let seeds = (0..threads).map(|t| seeds.clone().skip(t as usize).step_by(threads as usize));
        let started: Vec<_> = seeds.map(|seeds| scope.spawn(move || compare(seeds, alone.is_some()))).collect();
        started.into_iter().flat_map(|thread| thread.join()).collect()
    });
    assert_eq!(told.len() as u64, threads, "a thread panicked: its message stands above");
    let mut all = Compared::default();
    for mut part in told {
        (0..4).for_each(|n| all.ends[n] += part.ends[n]);
        all.wrong.append(&mut part.wrong);
        all.events += part.events;
        for (object, fields) in part.seen {
            let known = all.seen.entry(object).or_default();
            fields.into_iter().for_each(|(field, count)| *known.entry(field).or_default() += count);
        }
    }
    all.wrong.sort();
    println!("succeeded, failed, timed out, undefined: {:?}; {} events", all.ends, all.events);
    let shown: Vec<_> = all.wrong.iter().take(8).map(|(seed, text)| format!("seed {seed}: {text}")).collect();
    assert!(
        all.wrong.is_empty(),
        "{} pairs disagree; EXPRESSWAY_ORACLE_SEED=n shows one\n{}",
        all.wrong.len(),
        shown.join("\n")
    );
    if alone.is_some() {
        return;
    }
    assert!(all.ends[0] * 4 > pairs, "too few of the machines succeed: {:?}", all.ends);
    assert!(all.ends[3] * 10 < pairs, "too few of the machines are compared: {:?}", all.ends);
    let unmet = unmet(&all.seen, (pairs / PAIRS_PER_WORD).max(1));
    assert!(unmet.is_empty() || pairs < PAIRS_PER_WORD, "not met often enough:\n{}", unmet.join("\n"));
}

/// The words of the language that have come up less than so many times.
fn unmet(seen: &Seen, least: u64) -> Vec<String> {
    let mut words: Vec<(&str, Vec<String>)> =
        vocabulary(QueryLanguage::JsonPath).into_iter().map(|entry| (entry.object, entry.fields)).collect();
    words.push(("intrinsic", Function::ALL.iter().map(|function| function.name().to_owned()).collect()));
    let mut unmet = Vec::new();
    for (object, fields) in words {
        let not_run = NOT_RUN.iter().find(|(of, _)| *of == object).map_or(&[][..], |(_, fields)| *fields);
        for field in fields.iter().filter(|field| !not_run.contains(&&***field)) {
            let count = seen.get(object).and_then(|fields| fields.get(field)).copied().unwrap_or(0);
            if count < least {
                unmet.push(format!("{object} {field}: {count} times, {least} wanted"));
            }
        }
        for field in not_run {
            assert!(fields.iter().any(|f| f == field), "{object} has no {field} any more");
        }
    }
    unmet
}

/// How many pairs came to which end, which disagree, and what came up.
#[derive(Default)]
struct Compared {
    ends: [u64; 4],
    wrong: Vec<(u64, String)>,
    events: u64,
    seen: Seen,
}

fn compare(seeds: impl Iterator<Item = u64>, show: bool) -> Compared {
    let mut compared = Compared::default();
    for seed in seeds {
        let pair = pair(seed);
        let ran = interpreter::run(&pair.definition, &pair.input, &pair.tasks, &pair.functions);
        compared.ends[match ran.end {
            End::Succeeded(_) => 0,
            End::Failed(..) => 1,
            End::TimedOut => 2,
            End::Undefined => 3,
        }] += 1;
        compared.events += ran.events.len() as u64;
        if show {
            println!("{}\n{}\n{:?}", pair.definition.print(), pair.input.print(), pair.tasks);
            pair.functions.iter().for_each(|(name, machine)| println!("{name}: {}", machine.print()));
            ran.events.iter().enumerate().for_each(|(n, event)| println!("  {}", line(n + 1, event)));
        }
        if let Err(difference) = engine(&pair, &ran) {
            compared.wrong.push((seed, difference));
        }
        for (object, fields) in ran.seen {
            let known = compared.seen.entry(object).or_default();
            fields.into_iter().for_each(|(field, count)| *known.entry(field).or_default() += count);
        }
    }
    compared
}

/// Runs the pair through the engine, watched and unwatched; the first thing that differs from what was expected.
fn engine(pair: &Pair, expected: &Ran) -> Result<(), String> {
    let text = pair.definition.print();
    let parsed = |text: &str| Definition::parse(text, "machine", &ParseOptions::default());
    let definition = parsed(&text).map_err(|d| format!("refused: {d:?}\n{text}"))?;
    let functions: BTreeMap<String, Definition> = pair
        .functions
        .iter()
        .map(|(name, machine)| parsed(&machine.print()).map(|machine| (name.clone(), machine)))
        .collect::<Result<_, _>>()
        .map_err(|d| format!("a function is refused: {d:?}"))?;
    let options = Options { handlers: Some(&functions), bound: None };
    let program = compile(&definition, &options).map_err(|errors| format!("not compiled: {errors:?}"))?;
    verify(&program).map_err(|error| format!("not verified: {error:?}"))?;
    if matches!(expected.end, End::Undefined) {
        return Ok(());
    }
    let tasks = Mock::read(&mocks::file(&pair.tasks), "Machine", None).map_err(|error| error.to_string())?;
    let bound = Handlers::new().mock(tasks).bind(&program).map_err(|missing| missing.to_string())?;
    let (settings, arena, input) = (Settings::default(), Arena::new(), pair.input.print());
    for history in [true, false] {
        let input = Input::whole(Value::from_text(&arena, &input));
        let start = Start { input, seed: Seed::new(0, 0, 0), now_ms: START_MS, history };
        let mut execution = Execution::new(&program, &settings, &arena, start);
        let outcome = drive(&mut execution, &bound, &mut bound.counters(), &Alone);
        let end = match outcome {
            Outcome::Succeeded(value) => End::Succeeded(value.to_json()),
            Outcome::Failed(failure) => End::Failed(
                failure.error.map(str::to_owned),
                failure.cause_text(&arena).map_or(Cause::Absent, |cause| Cause::Text(cause.to_owned())),
            ),
            Outcome::TimedOut(_) => End::TimedOut,
        };
        let now_ms = execution.now_ms() - START_MS;
        let same = match (&expected.end, &end) {
            (End::Failed(error, Cause::Any), End::Failed(other, cause)) => error == other && *cause != Cause::Absent,
            (one, other) => one == other,
        };
        let counts = (expected.events.len() as u32, expected.now_ms);
        if !same || (!history && counts != (execution.event_count(), now_ms)) {
            let found = (execution.event_count(), now_ms, end);
            return Err(format!("\n  expected {counts:?} {:?}\n  found    {found:?}", expected.end));
        }
        if history {
            same_history(expected, &execution.take_events())?;
        }
    }
    batched(&program, &bound, &input, &expected.end)
}

/// Runs the pair as a line of a file, where what is known of the line beforehand may spare the execution.
fn batched(program: &Program, bound: &Bound, input: &str, expected: &End) -> Result<(), String> {
    let mut results = Vec::new();
    let batch = Batch::new(program, bound).threads(1).results(Sink::new("results", &mut results));
    batch.run(vec![Source::memory("input", input.as_bytes())]).map_err(|error| error.to_string())?;
    let found = String::from_utf8(results).map_err(|error| error.to_string())?;
    let found = found.trim_end();
    let (wanted, whole) = match expected {
        End::Succeeded(output) => (format!("{{\"status\":\"SUCCEEDED\",\"output\":{output}}}"), true),
        End::TimedOut => ("{\"status\":\"TIMED_OUT\"".to_owned(), false),
        End::Failed(error, cause) => {
            let mut line = Json::object([("status", Json::text("FAILED"))]);
            if let Some(error) = error {
                line.set("error", Json::text(&**error));
            }
            if let Cause::Text(cause) = cause {
                line.set("cause", Json::text(&**cause));
            }
            let text = line.print();
            match cause {
                Cause::Any => (format!("{},\"cause\":", text.trim_end_matches('}')), false),
                _ => (text, true),
            }
        }
        End::Undefined => return Ok(()),
    };
    match if whole { found == wanted } else { found.starts_with(&wanted) } {
        true => Ok(()),
        false => Err(format!("in a batch\n  expected {wanted}\n  found    {found}")),
    }
}

fn line(id: usize, event: &history::Event) -> String {
    format!("{id}<-{} @{} {} {:?}", event.previous, event.time_ms, event.kind, event.details)
}

fn same_history(expected: &Ran, found: &[Event]) -> Result<(), String> {
    for (n, event) in expected.events.iter().enumerate() {
        let Some(other) = found.get(n) else {
            return Err(format!("\n  expected {}\n  found    no more events", line(n + 1, event)));
        };
        let mut details = told(other);
        // What no reference tells is only looked for.
        for ((name, value), (known, wanted)) in details.iter_mut().zip(&event.details) {
            if *wanted == Told::Any && name == known {
                *value = Told::Any;
            }
        }
        let other = history::Event {
            previous: other.previous as usize,
            time_ms: other.time_ms - START_MS,
            kind: other.kind.name(),
            details,
        };
        let head = |event: &history::Event| (event.previous, event.time_ms);
        if head(event) != head(&other) || event.kind != other.kind || event.details != other.details {
            return Err(format!("\n  expected {}\n  found    {}", line(n + 1, event), line(n + 1, &other)));
        }
    }
    match found.get(expected.events.len()) {
        Some(more) => Err(format!("\n  expected no more events\n  found    {more:?}")),
        None => Ok(()),
    }
}

/// An event's details as the second interpreter writes them.
fn told(event: &Event) -> history::Details {
    let details = details(&event.kind).unwrap_or_default();
    let tell = |value: Content| match value {
        Content::Text(text) | Content::Data(text) | Content::Json(text) => text.to_owned(),
        Content::Number(number) => number.to_string(),
        Content::Variables(variables) => {
            let members = variables.iter().map(|(name, json)| (name.clone(), Json::text(&**json)));
            Json::Object(members.collect()).print()
        }
    };
    details.into_iter().map(|detail| (detail.name, Told::Is(tell(detail.value)))).collect()
}

//! Two interpreters, one language: machines from a seed run through the engine and through a plain second interpreter
//! (`tests/oracle/`), which shares no code with it, and must come to the same end.
//!
//! Compared are the status, the output's text, error and cause, the number of events and the clock at the end. A disagreement
//! prints its seed; `EXPRESSWAY_ORACLE_SEED=n` runs that pair alone and prints it whole, `EXPRESSWAY_ORACLE_PAIRS=n` sets
//! how many pairs run.

#[path = "oracle/evaluate.rs"]
mod evaluate;
#[path = "oracle/generate.rs"]
mod generate;
#[path = "oracle/interpreter.rs"]
mod interpreter;
#[path = "oracle/json.rs"]
mod json;
#[path = "oracle/path.rs"]
mod path;

use expressway::batch::drive::{Alone, drive};
use expressway::compile::{Options, compile};
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::Handlers;
use expressway::handler::mock::Mock;
use expressway::program::verify::verify;
use expressway::value::{Arena, Value};
use expressway::vm::{Execution, Input, Outcome, Seed, Settings, Start};
use generate::{Pair, pair};
use interpreter::{Cause, End, Mocked};
use json::Json;

/// 2020-01-01T00:00:00Z
const START_MS: i64 = 1_577_836_800_000;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

#[test]
fn both_interpreters_come_to_the_same_end() {
    let alone = setting("EXPRESSWAY_ORACLE_SEED");
    let pairs = setting("EXPRESSWAY_ORACLE_PAIRS").unwrap_or(20_000);
    let seeds = alone.map_or(0..pairs, |seed| seed..seed + 1);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let mut told: Vec<Told> = std::thread::scope(|scope| {
        let seeds = (0..threads).map(|t| seeds.clone().skip(t as usize).step_by(threads as usize));
        let started: Vec<_> = seeds.map(|seeds| scope.spawn(move || compare(seeds, alone.is_some()))).collect();
        started.into_iter().flat_map(|thread| thread.join()).collect()
    });
    assert_eq!(told.len() as u64, threads, "a thread panicked: its message stands above");
    let mut ends = [0; 4];
    let mut wrong: Vec<(u64, String)> = Vec::new();
    for part in &mut told {
        (0..4).for_each(|n| ends[n] += part.ends[n]);
        wrong.append(&mut part.wrong);
    }
    wrong.sort();
    println!("succeeded, failed, timed out, undefined: {ends:?}");
    let shown: Vec<_> = wrong.iter().take(12).map(|(seed, text)| format!("seed {seed}: {text}")).collect();
    assert!(
        wrong.is_empty(),
        "{} pairs disagree; EXPRESSWAY_ORACLE_SEED=n shows one\n{}",
        wrong.len(),
        shown.join("\n")
    );
    assert!(alone.is_some() || ends[0] * 4 > pairs, "too few of the machines succeed: {ends:?}");
}

/// How many pairs came to which end, and which disagree.
#[derive(Default)]
struct Told {
    ends: [u64; 4],
    wrong: Vec<(u64, String)>,
}

fn compare(seeds: impl Iterator<Item = u64>, show: bool) -> Told {
    let mut told = Told::default();
    for seed in seeds {
        let pair = pair(seed);
        if show {
            println!("{}\n{}\n{:?}", pair.definition.print(), pair.input.print(), pair.tasks);
        }
        let expected = interpreter::run(&pair.definition, &pair.input, &pair.tasks);
        told.ends[match expected.0 {
            End::Succeeded(_) => 0,
            End::Failed(..) => 1,
            End::TimedOut => 2,
            End::Undefined => 3,
        }] += 1;
        match engine(&pair) {
            Err(refused) => told.wrong.push((seed, refused)),
            Ok(found) if !agree(&expected, &found) => {
                told.wrong.push((seed, format!("\n  expected {expected:?}\n  found    {found:?}")));
            }
            Ok(_) => {}
        }
    }
    told
}

fn agree(expected: &(End, usize, i64), found: &(End, usize, i64)) -> bool {
    let same = match (&expected.0, &found.0) {
        (End::Undefined, _) => return true,
        (End::Failed(error, Cause::Any), End::Failed(other, _)) => error == other,
        (End::TimedOut, End::TimedOut) => return expected.2 == found.2,
        (one, other) => one == other,
    };
    same && expected.1 == found.1 && expected.2 == found.2
}

fn mock(pair: &Pair) -> Mock {
    let (mut names, mut responses) = (Json::Object(Vec::new()), Json::Object(Vec::new()));
    for (state, outcomes) in &pair.tasks {
        let mut response = Json::Object(Vec::new());
        for (n, outcome) in outcomes.iter().enumerate() {
            let key = if n + 1 == outcomes.len() { format!("{n}-4000000000") } else { n.to_string() };
            let outcome = match outcome {
                Mocked::Return(value) => Json::object([("Return", value.clone())]),
                Mocked::Throw(error, cause) => {
                    let mut throw = Json::Object(Vec::new());
                    for (key, text) in [("Error", error), ("Cause", cause)] {
                        if let Some(text) = text {
                            throw.set(key, Json::text(&**text));
                        }
                    }
                    Json::object([("Throw", throw)])
                }
            };
            response.set(&key, outcome);
        }
        names.set(state, Json::text(&**state));
        responses.set(state, response);
    }
    let cases = Json::object([("TestCases", Json::object([("Case", names)]))]);
    let file = Json::object([("StateMachines", Json::object([("Machine", cases)])), ("MockedResponses", responses)]);
    Mock::read(&file.print(), "Machine", None).expect("a mock file")
}

fn engine(pair: &Pair) -> Result<(End, usize, i64), String> {
    let text = pair.definition.print();
    let definition =
        Definition::parse(&text, "machine", &ParseOptions::default()).map_err(|d| format!("refused: {d:?}\n{text}"))?;
    let program = compile(&definition, &Options::default()).map_err(|errors| format!("not compiled: {errors:?}"))?;
    verify(&program).map_err(|error| format!("not verified: {error:?}"))?;
    let bound = Handlers::new().mock(mock(pair)).bind(&program).map_err(|missing| missing.to_string())?;
    let (settings, arena, input) = (Settings::default(), Arena::new(), pair.input.print());
    let start = Start {
        input: Input::whole(Value::from_text(&arena, &input)),
        seed: Seed::new(0, 0, 0),
        now_ms: START_MS,
        history: false,
    };
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
    Ok((end, execution.event_count() as usize, execution.now_ms() - START_MS))
}

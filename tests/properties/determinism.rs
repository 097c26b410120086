//! The same program, events and seed give the same bytes at any number of threads and however the input is cut; another
//! seed gives other random numbers, and no jitter leaves its bounds.

use crate::oracle::generate::{Dice, Pair, document, pair};
use crate::oracle::interpreter::Mocked;
use crate::oracle::json::Json;
use crate::oracle::mocks;
use crate::program;
use expressway::batch::drive::{Alone, drive};
use expressway::batch::{Batch, Sink, Source};
use expressway::handler::mock::Mock;
use expressway::handler::{Bound, Handlers};
use expressway::program::Program;
use expressway::value::{Arena, Value};
use expressway::vm::{Execution, Input, Seed, Settings, Start};

/// Puts a state in front that makes what must come from the seed, and keeps it where most machines leave it alone.
fn with_randomness(pair: &mut Pair) {
    let first = pair.definition.get("StartAt").cloned().unwrap_or(Json::Null);
    let made = Json::object([
        ("id.$", Json::text("States.UUID()")),
        ("number.$", Json::text("States.MathRandom(0, 1000000)")),
        ("name.$", Json::text("$$.Execution.Name")),
    ]);
    let state = Json::object([
        ("Type", Json::text("Pass")),
        ("Parameters", made),
        ("ResultPath", Json::text("$.random")),
        ("Next", first),
    ]);
    let Some(mut states) = pair.definition.get("States").cloned() else { return };
    states.set("First", state);
    pair.definition.set("StartAt", Json::text("First"));
    pair.definition.set("States", states);
}

/// A machine in which everything is random that can be: in a Map whose items are tried again after a while.
fn gamble() -> Pair {
    let text = r#"{"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemsPath": "$.l", "MaxConcurrency": 2,
      "ItemSelector": {"id.$": "States.UUID()", "v.$": "$$.Map.Item.Value"},
      "ItemProcessor": {"StartAt": "Ask", "States": {
        "Ask": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "ResultPath": "$.r",
          "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 8, "MaxAttempts": 3, "JitterStrategy": "FULL"}],
          "Next": "Both"},
        "Both": {"Type": "Parallel", "Branches": [
          {"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"a.$": "States.UUID()", "t.$": "$$.State.EnteredTime"}, "End": true}}},
          {"StartAt": "B", "States": {"B": {"Type": "Pass", "Parameters": {"b.$": "States.MathRandom(0, 1000000)"}, "End": true}}}],
          "End": true}}},
      "End": true}}}"#;
    let busy = Mocked::Throw(Some("Busy".to_owned()), None);
    let outcomes = vec![busy.clone(), Mocked::Return(Json::int(1)), busy, Mocked::Return(Json::int(2))];
    Pair {
        definition: Json::parse(text).expect("a machine"),
        input: Json::Null,
        tasks: [("Ask".to_owned(), outcomes)].into(),
        functions: Default::default(),
    }
}

fn events(seed: u64, count: u64) -> String {
    let mut text = String::new();
    let mut dice = Dice(seed);
    for n in 0..count {
        match dice.below(20) {
            0 => text.push_str("{\"n\": 1,,}"),
            1 => text.push_str("   "),
            2 => text.push_str("null"),
            _ => text.push_str(&document(seed * 1_000 + n).print()),
        }
        text.push('\n');
    }
    text
}

/// The results, the failures, the dead letters and the counts of a run.
fn ran(program: &Program, bound: &Bound, events: &str, set: impl FnOnce(Batch) -> Batch) -> [String; 4] {
    let (mut results, mut failures, mut dead_letters) = (Vec::new(), Vec::new(), Vec::new());
    let batch = Batch::new(program, bound)
        .results(Sink::new("results", &mut results))
        .failures(Sink::new("failures", &mut failures))
        .dead_letters(Sink::new("dead letters", &mut dead_letters));
    let summary = set(batch).run(vec![Source::memory("events", events.as_bytes())]).expect("memory takes everything");
    let summary = summary.to_json();
    let counts = summary.split(",\"timing\":").next().unwrap_or_default().to_owned();
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    [text(results), text(failures), text(dead_letters), counts]
}

fn bound(pair: &Pair, program: &Program) -> Bound {
    let mock = Mock::read(&mocks::file(&pair.tasks), "Machine", None).expect("a mock file");
    Handlers::new().mock(mock).bind(program).expect("all are mocked")
}

#[test]
fn the_same_bytes_however_it_runs() {
    for seed in 0..80 {
        let mut pair = if seed == 0 { gamble() } else { pair(seed + 7_000) };
        if seed > 0 {
            with_randomness(&mut pair);
        }
        let program = program(&pair).unwrap_or_else(|errors| panic!("seed {seed}: {errors:?}"));
        let (bound, events) = (bound(&pair, &program), events(seed, if seed == 0 { 300 } else { 40 }));
        let wanted = ran(&program, &bound, &events, |batch| batch.threads(1));
        for threads in [1, 2, 3, 8] {
            for chunk_bytes in [64, 1_000, 256 << 10] {
                let found = ran(&program, &bound, &events, |batch| batch.threads(threads).chunk_bytes(chunk_bytes));
                assert!(found == wanted, "seed {seed}: {threads} threads, chunks of {chunk_bytes}");
            }
        }
    }
}

/// One huge event, whose items idle threads may take.
#[test]
fn the_same_bytes_however_one_event_is_shared() {
    let pair = gamble();
    let program = program(&pair).expect("a program");
    let bound = bound(&pair, &program);
    let items: Vec<Json> = (0..3_000).map(Json::int).collect();
    let event = Json::object([("l", Json::List(items))]).print();
    let wanted = ran(&program, &bound, &event, |batch| batch.threads(1));
    for threads in [2, 3, 8] {
        assert!(ran(&program, &bound, &event, |batch| batch.threads(threads)) == wanted, "{threads} threads");
    }
}

#[test]
fn another_seed_gives_other_numbers() {
    let pair = gamble();
    let program = program(&pair).expect("a program");
    let (bound, events) = (bound(&pair, &program), events(3, 40));
    let results = |seed| ran(&program, &bound, &events, |batch| batch.seed(seed))[0].clone();
    assert!(results(1) == results(1));
    assert!(results(1) != results(2));
}

/// FULL jitter takes a part of the delay, never more than all of it.
#[test]
fn jitter_stays_within_the_delay() {
    let mut pair = gamble();
    pair.tasks.insert("Ask".to_owned(), vec![Mocked::Throw(Some("Busy".to_owned()), None), Mocked::Return(Json::Null)]);
    let program = program(&pair).expect("a program");
    let bound = bound(&pair, &program);
    let mut delays = Vec::new();
    for seed in 0..500 {
        let (arena, settings) = (Arena::new(), Settings::default());
        let input = Input::whole(Value::from_text(&arena, "{\"l\": [1]}"));
        let start = Start { input, seed: Seed::new(seed, 0, 0), now_ms: 0, history: false };
        let mut execution = Execution::new(&program, &settings, &arena, start);
        drive(&mut execution, &bound, &mut bound.counters(), &Alone);
        delays.push(execution.now_ms());
    }
    assert!(delays.iter().all(|ms| (0..=8_000).contains(ms)), "{delays:?}");
    delays.sort_unstable();
    assert!(delays[50] < 2_000 && delays[450] > 6_000, "not spread: {delays:?}");
}

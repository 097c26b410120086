//! What does it cost to go from one state to the next? Throughput is of states entered.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use expressway::batch::drive::{Alone, drive};
use expressway::compile::{Options, compile};
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::Handlers;
use expressway::value::{Arena, Value};
use expressway::vm::{Execution, Input, Limits, Outcome, Seed, Settings, Start};
use std::hint::black_box;
use std::time::Duration;

fn transition(c: &mut Criterion) {
    let mut group = c.benchmark_group("transition");
    let event = r#"{"who":"Ada","n":0,"end":100}"#;
    let cases = [
        ("100 Pass states", chain(r#""Type":"Pass""#)),
        ("100 Pass states that place a result", chain(r#""Type":"Pass","Result":1,"ResultPath":"$.n""#)),
        ("100 Pass states that assign a variable", chain(r#""Type":"Pass","Assign":{"n.$":"$.n"}"#)),
        ("100 Choice states of one comparison", choices()),
        ("a loop of Choice and Pass, 100 times round", counting()),
    ];
    for (name, machine) in cases {
        let definition = Definition::parse(&machine, name, &ParseOptions::default()).expect("it breaks no rule");
        let program = compile(&definition, &Options::default()).expect("it compiles");
        let bound = Handlers::new().bind(&program).expect("there are no tasks");
        let settings = Settings::default();
        let mut arena = Arena::new();
        let mut run = || {
            arena.reset();
            let input = Input::whole(Value::from_text(&arena, event));
            let start = Start { input, seed: Seed::new(0, 0, 0), now_ms: 0, history: false };
            let mut execution = Execution::new(&program, &settings, &arena, start);
            let outcome = drive(&mut execution, &bound, &mut bound.counters(), &Alone);
            assert!(matches!(black_box(outcome), Outcome::Succeeded(_)));
            Limits::STANDARD.steps - execution.steps_left()
        };
        group.throughput(Throughput::Elements(run()));
        group.bench_function(name, |b| b.iter(&mut run));
    }
    group.finish();
}

/// A hundred states with the same fields, one after the other.
fn chain(fields: &str) -> String {
    let states = (0..100).map(|n| match n {
        99 => format!(r#""S{n}":{{{fields},"End":true}}"#),
        _ => format!(r#""S{n}":{{{fields},"Next":"S{}"}}"#, n + 1),
    });
    format!(r#"{{"StartAt":"S0","States":{{{}}}}}"#, states.collect::<Vec<_>>().join(","))
}

/// A hundred Choice states, whose rule always holds.
fn choices() -> String {
    let states = (0..100).map(|n| {
        let rule = format!(r#"{{"Variable":"$.n","NumericEquals":0,"Next":"S{}"}}"#, n + 1);
        format!(r#""S{n}":{{"Type":"Choice","Choices":[{rule}]}},"#)
    });
    format!(r#"{{"StartAt":"S0","States":{{{}"S100":{{"Type":"Succeed"}}}}}}"#, states.collect::<String>())
}

/// Counts a variable up to the event's `end`.
fn counting() -> String {
    r#"{"StartAt":"Begin","States":{
        "Begin":{"Type":"Pass","Assign":{"n":0},"Next":"Enough?"},
        "Enough?":{"Type":"Choice","Choices":[{"Variable":"$n","NumericGreaterThanEqualsPath":"$.end","Next":"Done"}],"Default":"Add"},
        "Add":{"Type":"Pass","Assign":{"n.$":"States.MathAdd($n, 1)"},"Next":"Enough?"},
        "Done":{"Type":"Succeed"}}}"#
        .to_owned()
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = transition
}
criterion_main!(benches);

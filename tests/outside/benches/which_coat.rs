//! A machine with functions of one's own as a criterion benchmark.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use expressway::{Compiler, Executor, Handlers, Source};

const MACHINE: &str = r#"{"StartAt": "Cold", "States": {
    "Cold": {"Type": "Choice", "Choices": [{"Variable": "$.t", "NumericLessThan": 8, "Next": "Coat"}], "Default": "Warm"},
    "Coat": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:coat", "End": true},
    "Warm": {"Type": "Succeed"}}}"#;

fn which_coat(criterion: &mut Criterion) {
    let handlers = Handlers::new().lambda("coat", |event, call| {
        let town = event.get("town").map_or(call.text("?"), |town| town.value());
        Ok(call.object(&[("town", town), ("wear", call.text("a coat")), ("at", call.time())]))
    });
    let program = Compiler::new().handlers(&handlers).compile(MACHINE).expect("a definition");
    let executor = Executor::new(program, &handlers).expect("functions");
    let events: Vec<String> = (0..10_000).map(|n| format!("{{\"town\":\"t{n}\",\"t\":{}}}", n % 16)).collect();

    let mut group = criterion.benchmark_group("which coat");
    group.throughput(Throughput::Elements(1));
    let mut session = executor.session();
    group.bench_function("one event", |bencher| {
        bencher.iter(|| session.run(events[3].as_bytes()).expect("an event").steps());
    });
    group.throughput(Throughput::Elements(events.len() as u64));
    let lines = events.join("\n");
    group.bench_function("a batch", |bencher| {
        bencher.iter(|| executor.batch().run(vec![Source::memory("events", lines.as_bytes())]).expect("a run"));
    });
    group.finish();
}

criterion_group!(benches, which_coat);
criterion_main!(benches);

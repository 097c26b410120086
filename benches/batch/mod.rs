//! Whole executions of a workflow over events in memory, beside a parser that does nothing with them.

use crate::events::{Workload, events};
use crate::machine::corpus;
use criterion::{Criterion, Throughput};
use expressway::batch::{Batch, Emit, Sink, Source};
use expressway::bench::Fixture;
use expressway::handler::Handlers;
use simd_json::{Buffers, to_borrowed_value_with_buffers};
use std::hint::black_box;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Benches one workflow of `corpora/` over so many events.
pub fn bench(name: &str, workload: Workload, count: u64) {
    let file = events(workload, count, false);
    let (program, bound) = corpus(name);
    let mut c = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(count));
    for threads in [1, 2] {
        group.bench_function(format!("executions, {threads} thread(s)"), |b| {
            b.iter(|| {
                let batch = Batch::new(&program, &bound).threads(threads).emit(Emit::Output);
                let summary =
                    batch.results(Sink::new("nowhere", io::sink())).run(vec![Source::memory("events", &file)]);
                assert_eq!(summary.expect("nowhere takes everything").succeeded, count);
            });
        });
    }
    let (mut line, mut buffers) = (Vec::new(), Buffers::default());
    group.bench_function("parsing alone, simd-json DOM", |b| {
        b.iter(|| {
            for text in file.split_inclusive(|byte| *byte == b'\n') {
                line.clear();
                line.extend_from_slice(text);
                let event = to_borrowed_value_with_buffers(&mut line, &mut buffers).expect("made to be valid");
                black_box(&event);
            }
        });
    });
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora").join(name);
    let mut fixture = Fixture::open(folder, Handlers::new()).expect("a corpus has all its parts");
    group.throughput(Throughput::Elements(1));
    group.bench_function("one event of the corpus", |b| b.iter(|| fixture.run_one().len()));
    group.finish();
    c.final_summary();
}

//! What does it cost to read events and find one member of each? Our scanner (index and walk) beside simd-json's borrowed
//! DOM and its tape, both with all buffers reused, over the same bytes. Throughput is of the bytes read.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use expressway::value::scan::{Lines, Record, Scratch, Slot, SlotTrie, WalkPlan};
use simd_json::prelude::*;
use simd_json::{Buffers, Node, fill_tape, to_borrowed_value_with_buffers};
use std::hint::black_box;
use std::time::Duration;

#[path = "../tests/examples/events.rs"]
mod events;
use events::{Workload, events};

/// As much as a batch takes at once.
const CHUNK_BYTES: usize = 256 << 10;

fn parse(c: &mut Criterion) {
    let cases = [
        ("which_coat", Workload::WhichCoat, 20_000, "Weather", false),
        ("which_coat_spaced", Workload::WhichCoat, 20_000, "Weather", true),
        ("etl", Workload::Etl, 2_000, "station", false),
    ];
    for (name, workload, count, member, spaced) in cases {
        let file = events(workload, count, spaced);
        let mut group = c.benchmark_group(format!("parse/{name}"));
        group.throughput(Throughput::Bytes(file.len() as u64));
        let plan = WalkPlan { trie: SlotTrie::new(&[[member]]), find_duplicates: false };
        let mut scratch = Scratch::new();
        group.bench_function("scan", |b| b.iter(|| scan(&file, &mut scratch, &plan)));
        let plan = WalkPlan { find_duplicates: true, ..plan };
        group.bench_function("scan, equal keys found", |b| b.iter(|| scan(&file, &mut scratch, &plan)));
        let (mut line, mut buffers) = (Vec::new(), Buffers::default());
        group.bench_function("simd-json DOM", |b| {
            b.iter(|| {
                for text in file.split_inclusive(|byte| *byte == b'\n') {
                    line.clear();
                    line.extend_from_slice(text);
                    let event = to_borrowed_value_with_buffers(&mut line, &mut buffers).expect("made to be valid");
                    black_box(event.get(member));
                }
            });
        });
        group.bench_function("simd-json tape", |b| {
            let mut nodes: Vec<Node<'static>> = Vec::new();
            b.iter(|| {
                for text in file.split_inclusive(|byte| *byte == b'\n') {
                    line.clear();
                    line.extend_from_slice(text);
                    let mut tape = simd_json::Tape(std::mem::take(&mut nodes));
                    fill_tape(&mut line, &mut buffers, &mut tape).expect("made to be valid");
                    black_box(tape.0.len());
                    nodes = tape.reset().0;
                }
            });
        });
        group.finish();
    }
}

/// Reads a file in chunks of whole lines; adds up the lengths of what it finds.
fn scan(file: &[u8], scratch: &mut Scratch, plan: &WalkPlan) -> usize {
    let (mut rest, mut found) = (file, 0);
    let mut slots = [Slot::Absent];
    while !rest.is_empty() {
        let end = match rest.get(CHUNK_BYTES..) {
            Some(behind) => CHUNK_BYTES + behind.iter().position(|byte| *byte == b'\n').map_or(behind.len(), |n| n + 1),
            None => rest.len(),
        };
        let (chunk, behind) = rest.split_at(end);
        let mut lines = Lines::new(chunk, scratch, plan);
        while let Some(item) = lines.next(&mut slots) {
            if let Record::Line(line) = item.record {
                found += line.slice(slots[0]).map_or(0, str::len);
            }
        }
        rest = behind;
    }
    found
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = parse
}
criterion_main!(benches);

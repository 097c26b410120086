//! What does a whole execution of `corpora/which-coat` cost (one member compared, one function called), beside parsing its event? Throughput is of
//! events.

#[path = "batch/mod.rs"]
mod batch;
#[path = "../tests/examples/events.rs"]
mod events;
#[path = "machine/mod.rs"]
mod machine;

fn main() {
    batch::bench("which-coat", events::Workload::WhichCoat, 100_000);
}

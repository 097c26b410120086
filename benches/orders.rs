//! What does a whole execution of `corpora/orders` cost (Choice, Parallel, Map with a task for each item, Retry and Catch), beside parsing its event? Throughput is of
//! events.

#[path = "batch/mod.rs"]
mod batch;
#[path = "../tests/examples/events.rs"]
mod events;
#[path = "machine/mod.rs"]
mod machine;

fn main() {
    batch::bench("orders", events::Workload::Orders, 5_000);
}

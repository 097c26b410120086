//! Makes event files for the workflows under `corpora/`, of any size, on stdout.
//!
//! ```text
//! cargo run --release --example make_events -- which-coat --events 1000000 > events.jsonl
//! ```

mod events;

use clap::{Parser, ValueEnum};
use events::{Workload, write_events};
use std::io::{ErrorKind, stdout};
use std::process::ExitCode;

/// Makes events: the same bytes for the same seed
#[derive(Parser)]
struct Arguments {
    /// What the events are for
    workload: Name,
    /// How many
    #[arg(long, default_value_t = 1_000)]
    events: u64,
    /// Where the random parts come from
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// With blanks after commas and colons, as Python writes JSON
    #[arg(long)]
    spaced: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    WhichCoat,
    #[value(name = "which-coat-1k")]
    WhichCoat1K,
    #[value(name = "which-coat-20k")]
    WhichCoat20K,
    WhichCoatMixed,
    Orders,
    Checkout,
    Etl,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let workload = match arguments.workload {
        Name::WhichCoat => Workload::WhichCoat,
        Name::WhichCoat1K => Workload::WhichCoat1K,
        Name::WhichCoat20K => Workload::WhichCoat20K,
        Name::WhichCoatMixed => Workload::WhichCoatMixed,
        Name::Orders => Workload::Orders,
        Name::Checkout => Workload::Checkout,
        Name::Etl => Workload::Etl,
    };
    match write_events(workload, arguments.events, arguments.seed, arguments.spaced, &mut stdout().lock()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("make_events: {error}");
            ExitCode::from(3)
        }
        _ => ExitCode::SUCCESS,
    }
}

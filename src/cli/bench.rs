//! `bench`: how fast a machine runs over given events, and whether that has changed.
//!
//! Rounds are whole runs over events in memory, results made and thrown away. What would disturb them is measured in rounds
//! of its own: the durations of single executions, and the time by state.

use super::machine::MachineArguments;
use super::replay::{Prepared, ReplayArguments};
use super::{CliError, write_out};
use crate::batch::{Latency, Quantiles, Sink, Source, Summary, nanoseconds, read_all};
use crate::bench::Fixture;
use crate::compile::instrument::Instrument;
use crate::handler::Handlers;
use crate::value::tree;
use crate::view::bench::{self, Baseline, Measured, Round, StateTime};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What `bench --help` ends with.
pub(super) const EXAMPLES: &str = "\
Examples:
  expressway bench orders/                       ten rounds over events.jsonl beside the machine
  expressway bench orders/ may.jsonl --threads 1 --rounds 20
  expressway bench orders/ --save before.json    then, after a change:
  expressway bench orders/ --baseline before.json --max-slower 5
                                                 exit code 1 if it is more than 5 % slower

All events are read into memory first; few events are run many times in a round, so that it takes
long enough to be measured. Of two measurements that overlap in their middle halves neither is
called faster.";

/// Sources of few bytes are repeated to this many.
const SOURCE_BYTES_MIN: usize = 4 << 20;
/// The round that takes times by state runs about so many executions at most,
const TIMED_MAX: usize = 200_000;
/// in so many parts,
const PARTS: usize = 10;
/// each of which takes about so long at most, where functions take their time.
const PART_SECONDS: f64 = 0.3;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    machine: MachineArguments,
    /// Files of events, as for `run`; `-` for stdin [default: events.jsonl in the machine's folder]
    events: Vec<PathBuf>,
    /// How long to run before the first round
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = seconds)]
    warm_up: f64,
    /// How many rounds
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
    /// How long a round takes at least
    #[arg(long, value_name = "SECONDS", default_value_t = 0.5, value_parser = seconds)]
    round_time: f64,
    /// Write the measurement as JSON, to be a baseline later
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Compare with a measurement that was saved
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// End with exit code 1 if the median is slower than the baseline's by more than this
    #[arg(long, value_name = "PERCENT", requires = "baseline", value_parser = super::coverage::percent)]
    max_slower: Option<f64>,
    /// What to write
    #[arg(long, value_name = "FORM", default_value = "text")]
    format: Form,
    /// Where to, `-` for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    replay: ReplayArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// Aligned rows
    Text,
    /// The same for programs
    Json,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=3_600.0).contains(&seconds) => Ok(seconds),
        _ => Err("expected seconds, from 0 to 3600".to_owned()),
    }
}

pub(super) fn run(arguments: &Arguments, handlers: &Handlers) -> Result<ExitCode, CliError> {
    // Read first: whether there is something to compare with should not turn out at the end.
    let baseline = arguments.baseline.as_deref().map(read_baseline).transpose()?;
    let handlers = &arguments.replay.attach(handlers)?;
    let prepared = arguments.replay.prepare(&arguments.machine, handlers, Instrument::Plain)?;
    let (sources, _) = arguments.replay.sources(&arguments.events, &prepared.machine.folder)?;
    let events =
        read_all(sources, arguments.replay.reading.skip).map_err(|error| CliError::Usage(error.to_string()))?;
    let bytes = enough(&events);
    let rounds = Rounds { arguments, prepared: &prepared, bytes: &bytes };
    let once = rounds.warm_up()?;
    if once.executions == 0 {
        return Err(CliError::Usage("there are no events to run".to_owned()));
    }
    let repeats = (arguments.round_time / once.seconds.max(1e-6)).ceil().clamp(1.0, 1e6) as usize;
    let measured = (0..arguments.rounds).map(|_| rounds.round(repeats)).collect::<Result<Vec<_>, _>>()?;
    let measured = Measured {
        events: events.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count() as u64,
        bytes: events.len() as u64,
        threads: once.threads,
        rounds: measured,
        latency: rounds.latency()?,
        states: time_by_state(arguments, handlers, &events, &once)?,
    };
    let json = bench::to_json(&measured, baseline.as_ref());
    if let Some(path) = &arguments.save {
        write_out(path, &json)?;
    }
    let text = match arguments.format {
        Form::Text => bench::to_text(&measured, baseline.as_ref()),
        Form::Json => json,
    };
    write_out(&arguments.output, &text)?;
    let slower = baseline.map_or(0.0, |baseline| -bench::change_percent(&measured, &baseline));
    Ok(ExitCode::from(u8::from(arguments.max_slower.is_some_and(|most| slower > most))))
}

fn read_baseline(path: &Path) -> Result<Baseline, CliError> {
    let text = super::machine::read_text(path)?;
    let wrong = |what: &str| CliError::Usage(format!("{} is no measurement that bench saved: {what}", path.display()));
    let root = tree::parse(&text).map_err(|error| wrong(&error.to_string()))?;
    bench::read_baseline(&root).ok_or_else(|| wrong("it has no executions_per_second"))
}

/// The events, repeated until there are enough of them to be worth a source.
fn enough(events: &[u8]) -> Vec<u8> {
    let times = SOURCE_BYTES_MIN.div_ceil(events.len().max(1)).clamp(1, 100_000);
    events.repeat(times)
}

/// What one pass over the events came to.
struct Once {
    seconds: f64,
    executions: u64,
    threads: usize,
}

struct Rounds<'b> {
    arguments: &'b Arguments,
    prepared: &'b Prepared,
    bytes: &'b [u8],
}

impl Rounds<'_> {
    fn pass(&self, repeats: usize, latency: Latency) -> Result<Summary, CliError> {
        let sources = (0..repeats).map(|_| Source::memory("events", self.bytes)).collect();
        let batch = self.arguments.replay.batch(self.prepared)?.latency(latency);
        batch
            .results(Sink::new("nowhere", std::io::sink()))
            .run(sources)
            .map_err(|error| CliError::Usage(error.to_string()))
    }

    /// Runs for as long as it takes to be warm; how long the last pass took.
    fn warm_up(&self) -> Result<Once, CliError> {
        let started = Instant::now();
        loop {
            let summary = self.pass(1, Latency::Off)?;
            let once = Once {
                seconds: summary.timing.elapsed.as_secs_f64(),
                executions: summary.events - summary.rejected,
                threads: summary.timing.threads,
            };
            if started.elapsed() >= Duration::from_secs_f64(self.arguments.warm_up) {
                return Ok(once);
            }
        }
    }

    fn round(&self, repeats: usize) -> Result<Round, CliError> {
        let before = cpu_seconds();
        let summary = self.pass(repeats, Latency::Off)?;
        let cpu_seconds = cpu_seconds().zip(before).map(|(after, before)| after - before);
        let executions = summary.events - summary.rejected;
        Ok(Round { executions, seconds: summary.timing.elapsed.as_secs_f64(), cpu_seconds })
    }

    fn latency(&self) -> Result<Option<Quantiles>, CliError> {
        Ok(self.pass(1, Latency::All)?.timing.latency)
    }
}

/// What the process has spent of the processors' time, in all threads that it ever had; only Linux tells.
fn cpu_seconds() -> Option<f64> {
    /// In the file that Linux keeps of a process times count in hundredths of a second, on whatever processor.
    const TICKS_PER_SECOND: f64 = 100.0;
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in brackets, may hold blanks.
    let (_, fields) = text.rsplit_once(')')?;
    let mut times = fields.split_ascii_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<f64>().ok());
    Some((times.next()?? + times.next()??) / TICKS_PER_SECOND)
}

/// The time by state, on one thread, in a program that looks at the clock whenever it enters a state.
fn time_by_state(
    arguments: &Arguments,
    handlers: &Handlers,
    events: &[u8],
    once: &Once,
) -> Result<Vec<StateTime>, CliError> {
    let prepared = arguments.replay.prepare(&arguments.machine, handlers, Instrument::Trail)?;
    let mut fixture = Fixture::of(prepared.program, prepared.bound, prepared.settings, events.to_vec())
        .map_err(|error| CliError::Usage(error.to_string()))?;
    // Whole turns, as far as there is room for one: then all parts run the same events.
    let events = fixture.events();
    let on_one_thread = once.executions as f64 / once.seconds.max(1e-6) / once.threads as f64;
    let timed_max = ((on_one_thread * PART_SECONDS) as usize).clamp(PARTS, TIMED_MAX);
    let count = (events * (timed_max / PARTS / events).max(1)).min(timed_max);
    for _ in 0..count {
        fixture.run_one();
    }
    // Whatever else the computer does makes some part slower: of each state the fastest counts.
    let reading_ns = clock_cost();
    let mut states: Vec<StateTime> = Vec::new();
    for part in 0..PARTS {
        fixture.take_times(nanoseconds);
        for _ in 0..count {
            fixture.run_one();
        }
        for (n, (name, kind, entered, ns)) in fixture.times().into_iter().enumerate() {
            let ns = ns.saturating_sub((entered as f64 * reading_ns) as u64);
            match states.get_mut(n) {
                None => states.push(StateTime { name: name.to_owned(), kind, entered, ns }),
                // Compared by the visit: parts begin at different events.
                Some(known) if part > 0 && ns * known.entered < known.ns * entered => {
                    (known.entered, known.ns) = (entered, ns);
                }
                Some(known) if known.entered == 0 => (known.entered, known.ns) = (entered, ns),
                Some(_) => {}
            }
        }
    }
    Ok(states)
}

/// What a reading of the clock costs, which every visit of a state holds.
fn clock_cost() -> f64 {
    const READINGS: u32 = 1_000;
    let costs = (0..100).map(|_| {
        let start = nanoseconds();
        for _ in 0..READINGS {
            std::hint::black_box(nanoseconds());
        }
        nanoseconds() - start
    });
    costs.min().unwrap_or(0) as f64 / f64::from(READINGS)
}

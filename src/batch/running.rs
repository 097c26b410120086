//! A run, from what it consists of to its summary.
//!
//! Flows in: a [`Batch`] and its sources. Flows out: the [`Summary`], or why there is no going on. Here everything is put
//! together: intake, order, workers, and the ledger if there is one. Workers are threads, or take turns on one thread
//! ([`Turn`]), so that a seed can decide who goes on and where all ends. It must never close an output after a failure
//! as if all were well.

use super::coverage::Coverage;
use super::intake::{Cutting, Done, Intake};
use super::job::Job;
use super::keeping::{Begun, Keeping};
use super::latency::{Latencies, nanoseconds};
use super::ledger::{Claimed, Committer, Likeness, digest};
use super::order::{Order, WaitingHook, Window};
use super::outputs::Failure;
use super::report::StateCounts;
use super::spill::Spill;
use super::swift::Swift;
use super::wording::Wording;
use super::worker::{self, Pace, Seat, Step};
use super::{
    Batch, BatchError, PATIENCE, RESULTS_BYTES_MAX, SPILLED_CHUNKS, Source, Summary, Timing, drive, pool, real,
};
use crate::program::Program;
use crate::program::point::Instrument;
use crate::value::scan::{SlotTrie, TEXT_BYTES_MAX, WalkPlan};
use crate::value::timestamp::Timestamp;
use crate::vm::Tally;
use crate::vm::shortcut::Shortcuts;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Who goes on, where workers take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// A worker, by its number, for so many lines at most. A worker that has to wait for another lets its turn pass.
    Worker(usize, usize),
    /// Whoever makes the ledger's entries last.
    Ledger,
    /// Nobody any more: the run ends on the spot, as if the process were killed.
    End,
}

/// How workers come to work.
pub(super) enum Hands<'t> {
    Threads,
    Turns(&'t mut dyn FnMut() -> Turn),
}

impl Batch<'_> {
    pub(super) fn execute(mut self, mut sources: Vec<Source<'_>>, hands: Hands) -> Result<Summary, BatchError> {
        let started = Instant::now();
        let cutting = Cutting {
            chunk_bytes: self.chunk_bytes,
            line_bytes_max: self.line_bytes_max.unwrap_or(TEXT_BYTES_MAX).min(TEXT_BYTES_MAX),
            records_skipped: self.records_skipped,
            records_max: self.records_max,
            counting: self.records_max.is_some() || self.records_skipped > 0 || !self.ordered,
        };
        self.outputs.started = Some(started);
        let observed = self.outputs.findings.is_some();
        // Where executions take turns on a thread, the time that goes by is nobody's in particular.
        let times = observed && self.program.instrument() == Instrument::Trail && self.in_flight_max.is_none();
        let clock = times.then_some(nanoseconds as fn() -> u64);
        self.outputs.visits = Tally::with(self.program, clock);
        let latencies = Arc::new(Mutex::new(Latencies::new()));
        let (mut done, mut claimed) = (Done::default(), Claimed::default());
        let mut ended = false;
        if let Some(ledger) = self.ledger.take() {
            if !self.ordered {
                return Err(super::LedgerError::Unkept { what: UNORDERED.to_owned() }.into());
            }
            if self.in_flight_max.is_some() {
                return Err(super::LedgerError::Unkept { what: REAL.to_owned() }.into());
            }
            if observed || !self.program.points().is_empty() {
                return Err(super::LedgerError::Unkept { what: NOTED.to_owned() }.into());
            }
            if self.records_skipped > 0 {
                return Err(super::LedgerError::Unkept { what: SKIPPED.to_owned() }.into());
            }
            let likeness = self.likeness(&mut sources)?;
            let states = self.program.states().len();
            match Keeping::begin(ledger, likeness, states, latencies.clone(), &mut self.outputs)? {
                Begun::Running { done: before, claimed: places } => (done, claimed) = (before, places),
                Begun::Ended => ended = true,
            }
        } else if let Err(error) = self.outputs.begin() {
            return Err(BatchError::Sink { error, summary: Box::default() });
        }
        let (committer, claims) = match &self.outputs.keeping {
            Some(keeping) => (Some(keeping.committer.clone()), keeping.claims.clone()),
            None => (None, None),
        };
        let intake = Intake::new(if ended { Vec::new() } else { sources }, cutting, done);
        let wording = Wording {
            emit: self.emit,
            position: self.position || !self.ordered,
            skip_rejected: self.skip_rejected,
            results: self.outputs.results.is_some(),
            failures: self.outputs.failures.is_some(),
            dead_letters: self.outputs.dead_letters.is_some(),
            ..Wording::new(intake.names())
        };
        let mut paths: Vec<Vec<&str>> =
            self.program.slots().iter().map(|path| path.iter().map(|key| &**key).collect()).collect();
        if let Some((_, members)) = &self.now_path {
            paths.push(members.iter().map(String::as_str).collect());
        }
        let plan = WalkPlan { trie: SlotTrie::new(&paths), find_duplicates: self.program.copies_input() };
        // Where chunks are as small as what has come in, as many have to be under way as executions may.
        let chunks = self.in_flight_max.map_or(4, |most| most.max(4)) as u64 * self.threads as u64 + 4;
        let window = Window { chunks, bytes: self.window_bytes, spilled_chunks: SPILLED_CHUNKS, patience: PATIENCE };
        let waiting = self.waiting.map(|hook| -> WaitingHook {
            let names = intake.names().to_vec();
            Box::new(move |source, offset| hook(names.get(source).map_or("", String::as_str), offset))
        });
        let spill = self.spill.map(|(folder, bytes_max)| Spill::new(folder, bytes_max));
        let order = Order::new(self.outputs, window, self.ordered, self.stop, spill, waiting);
        // What is told without being run leaves no traces for a report.
        let shortcuts = Shortcuts::new(self.program, &self.settings).filter(|_| self.shortcuts && !observed);
        let results_bytes_max = RESULTS_BYTES_MAX.min(window.bytes);
        let plain = self.now_path.is_none() && claimed.is_empty();
        let swift = shortcuts.filter(|_| plain).and_then(|shortcuts| {
            Swift::new(shortcuts, &wording, cutting.line_bytes_max, results_bytes_max, self.now_ms)
        });
        let job = Job {
            program: self.program,
            bound: self.bound,
            settings: &self.settings,
            shortcuts,
            swift,
            intake: &intake,
            order: &order,
            wording: &wording,
            plan: &plan,
            seed: self.seed,
            identity: self.identity,
            now_ms: self.now_ms,
            now_path: self.now_path.as_ref().map(|(path, _)| &**path),
            line_bytes_max: cutting.line_bytes_max,
            latency: self.latency,
            scanner: self.scanner,
            latencies: &latencies,
            kept: committer.is_some(),
            results_bytes_max,
            claims: claims.as_deref(),
            claimed: &claimed,
            observed,
            clock,
        };
        if !ended {
            match (hands, self.in_flight_max) {
                (Hands::Threads, Some(most)) => real::run(&job, self.threads, most)?,
                (Hands::Threads, None) => on_threads(&job, self.threads, committer.as_deref())?,
                (Hands::Turns(next), _) => in_turns(&job, self.threads, committer.as_deref(), next)?,
            }
        }
        let timing = Timing {
            seed: self.seed,
            now: match self.now_path {
                Some((path, _)) => path,
                None => Timestamp::from_millis(self.now_ms).to_rfc3339_millis(),
            },
            threads: self.threads,
            elapsed: started.elapsed(),
            latency: None,
            state_ns: Vec::new(),
            unanswered: 0,
        };
        finish(self.program, order, &intake, timing, &latencies, ended)
    }

    /// What has to be the same for this run to be gone on with.
    fn likeness(&self, sources: &mut [Source]) -> Result<Likeness, BatchError> {
        let mut settings = format!(
            "{:?}",
            (
                (&self.settings, self.identity, self.now_ms, &self.now_path, self.records_max),
                (self.line_bytes_max, self.emit, self.position, self.skip_rejected),
            )
        );
        for reading in sources.iter().filter_map(Source::reading) {
            settings.push_str(&reading.describe());
        }
        Ok(Likeness {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            program: digest(&format!("{:?}", self.program)),
            handlers: digest(&self.bound.describe()),
            settings: digest(&settings),
            seed: self.seed,
            sources: sources.iter_mut().map(Source::likeness).collect::<Result<_, _>>()?,
        })
    }
}

const REAL: &str = "would go on with the results of one time at another: the clock cannot be real";
const NOTED: &str = "keeps counts alone: neither what a report shows nor coverage can be gathered";
const SKIPPED: &str = "does not keep how many records were passed over: none can be skipped";
const UNORDERED: &str = "writes results in the order of the events: they cannot be unordered";

/// Workers are threads; whoever makes the ledger's entries last is one more.
fn on_threads(job: &Job, threads: usize, committer: Option<&Committer>) -> Result<(), BatchError> {
    let work = || pool::run(threads, job.program, job.bound, &|helpers| worker::run(job, helpers));
    let Some(committer) = committer else { return Ok(work()?) };
    /// Lets the other thread end, whatever happens to this one.
    struct Close<'c>(&'c Committer);
    impl Drop for Close<'_> {
        fn drop(&mut self) {
            self.0.close();
        }
    }
    std::thread::scope(|scope| {
        let beside = std::thread::Builder::new().name("expressway-ledger".to_owned());
        let source = match beside.spawn_scoped(scope, || committer.run()) {
            Ok(_) => {
                let _close = Close(committer);
                return Ok(work()?);
            }
            Err(error) => error,
        };
        Err(pool::ThreadsError { threads: threads + 1, source: Box::new(source) }.into())
    })
}

/// Workers take turns on this thread.
fn in_turns(
    job: &Job,
    workers: usize,
    committer: Option<&Committer>,
    next: &mut dyn FnMut() -> Turn,
) -> Result<(), BatchError> {
    let mut seats: Vec<Option<Seat>> = (0..workers).map(|_| Some(Seat::new(job, &drive::Alone))).collect();
    while seats.iter().any(Option::is_some) {
        match next() {
            Turn::Worker(number, lines) => {
                let seat = number.checked_rem(workers).and_then(|number| seats.get_mut(number));
                if let Some(seat) = seat
                    && let Some(worker) = seat
                    && worker.step(Pace::Lines(lines.max(1))) == Step::Finished
                {
                    *seat = None;
                }
            }
            Turn::Ledger => {
                committer.map(Committer::step);
            }
            Turn::End => return Err(BatchError::GivenUp),
        }
    }
    while committer.is_some_and(Committer::step) {}
    Ok(())
}

/// Closes the sinks and adds up.
fn finish(
    program: &Program,
    order: Order,
    intake: &Intake,
    timing: Timing,
    latencies: &Mutex<Latencies>,
    ended: bool,
) -> Result<Summary, BatchError> {
    let (mut outputs, mut failed, cut) = order.into_parts();
    let done = !cut && intake.is_finished();
    // After a failure nothing more is written, not even what the other sinks still hold. Only where a source was the
    // reason is everything before it there, and can be kept.
    if !ended && !matches!(failed, Some(Failure::Sink(_) | Failure::Ledger(_) | Failure::Spill(_))) {
        let kept = outputs.end(done && failed.is_none());
        failed = failed.or(kept.err());
    }
    let keeping = outputs.keeping.take();
    let kept = keeping.as_ref().map(|keeping| keeping.committer.kept());
    let mut result_bytes = 0;
    if failed.is_none() {
        match outputs.close() {
            Ok(bytes) => result_bytes = kept.map_or(bytes, |kept| kept.result_bytes),
            Err(error) => failed = Some(error.into()),
        }
    }
    let tally = outputs.tally;
    let (elapsed, (quantiles, bars)) = {
        let latencies = latencies.lock().unwrap_or_else(PoisonError::into_inner);
        (timing.elapsed, (latencies.quantiles(), latencies.bars()))
    };
    if let Some(findings) = &mut outputs.findings {
        findings.end(elapsed, tally.records(), bars);
    }
    outputs.failed.sort_by_key(|(source, _)| *source);
    let summary = Summary {
        events: tally.records(),
        succeeded: tally.succeeded,
        failed: tally.failed,
        timed_out: tally.timed_out,
        rejected: tally.rejected,
        blank: tally.blank,
        errors: tally.errors.into_iter().map(|(name, (count, _))| (name, count)).collect(),
        errors_other: tally.errors_other,
        limits: tally.limits,
        steps: tally.steps,
        states: StateCounts::of(program, &outputs.visits),
        coverage: Coverage::of(program, &outputs.visits),
        retries: outputs.visits.retries(),
        caught: outputs.visits.caught(),
        stored_bytes: outputs.stored_bytes,
        result_bytes,
        source_errors: outputs.failed.into_iter().map(|(_, error)| error).collect(),
        partial: failed.is_some() || !(done || ended),
        findings: outputs.findings,
        kept,
        timing: Timing {
            elapsed: keeping.map_or(timing.elapsed, |keeping| keeping.elapsed()),
            latency: quantiles,
            state_ns: outputs.visits.spent_ns().collect(),
            ..timing
        },
    };
    let summary = Box::new(summary);
    match failed {
        None => Ok(*summary),
        Some(Failure::Sink(error)) => Err(BatchError::Sink { error, summary }),
        Some(Failure::Source(error)) => Err(BatchError::Source { error, summary }),
        Some(Failure::Ledger(error)) => Err(BatchError::Ledger { error, summary }),
        Some(Failure::Spill(error)) => Err(BatchError::Spill { error, summary }),
    }
}

/// Before a run has begun there is nothing to sum up.
impl From<super::LedgerError> for BatchError {
    fn from(error: super::LedgerError) -> BatchError {
        BatchError::Ledger { error, summary: Box::default() }
    }
}

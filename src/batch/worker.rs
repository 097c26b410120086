//! A worker: claims chunks until none are left, and runs an execution for each line.
//!
//! Flows in: chunks. Flows out: their results, to the [`Order`]. All memory is used again: buffer, scanner, slots, arena
//! and results; in the steady state a line costs no allocation, no lock and no hashing. It must never let a record know
//! when or by whom it was run: seed and clock come from the record and the run's settings alone.

use super::chunk::{Buffer, Chunk};
use super::drive::{Helpers, drive};
use super::intake::Intake;
use super::latency::Latencies;
use super::order::Order;
use super::outputs::Results;
use super::wording::{Place, Wording};
use crate::handler::Bound;
use crate::program::Program;
use crate::value::scan::{Item, Line, Lines, Record, Scratch, Slot, WalkPlan};
use crate::value::text::unescape_owned;
use crate::value::timestamp::Timestamp;
use crate::value::{Arena, Value, raw};
use crate::vm::{Execution, Input, Outcome, Seed, Settings, Start, Tally};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// A chunk whose results outgrow this hands them in before it is done.
const RESULTS_BYTES_MAX: usize = 4 << 20;
/// An arena that has grown beyond this is not kept: it would no longer stay in the processor's cache.
pub(super) const ARENA_BYTES_MAX: usize = 1 << 20;

/// Who an execution is: what its random numbers, UUIDs and name derive from, together with the seed of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Identity {
    /// The number of its source and its byte offset there.
    #[default]
    Position,
    /// Its bytes: equal records are equal executions, wherever they stand.
    Content,
}

/// Which executions are timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Latency {
    /// None.
    Off,
    /// One in so many, on each thread.
    Sampled(u32),
    /// All: a clock reading costs about a third of a small execution.
    All,
}

impl Default for Latency {
    fn default() -> Self {
        Latency::Sampled(64)
    }
}

/// What all workers of a run share.
pub(super) struct Job<'r, 's, 'w> {
    pub program: &'r Program,
    pub bound: &'r Bound,
    pub settings: &'r Settings,
    pub intake: &'r Intake<'s>,
    pub order: &'r Order<'w>,
    pub wording: &'r Wording,
    /// What to look for in each line: the program's slots, then the clock's place if records carry their time.
    pub plan: &'r WalkPlan,
    pub seed: u64,
    pub identity: Identity,
    pub now_ms: i64,
    /// Where records carry their time.
    pub now_path: Option<&'r str>,
    pub line_bytes_max: usize,
    pub latency: Latency,
    /// What all workers have measured, once they are done.
    pub latencies: &'r Mutex<Latencies>,
}

/// Claims chunks and runs them until none are left or the run is over.
pub(super) fn run(job: &Job, helpers: &dyn Helpers) {
    let _guard = Guard { order: job.order };
    let (mut buffer, mut scratch) = (Buffer::default(), Scratch::new());
    let mut slots = vec![Slot::Absent; job.plan.trie.slots()];
    let mut worker = Worker { job, helpers, arena: Arena::new(), latencies: Latencies::new(), until_timed: 1 };
    while let Some(mut chunk) = job.intake.claim(job.order, &mut buffer) {
        let mut results = job.order.fresh();
        let bytes = chunk.data.clone();
        let lines = Lines::new(bytes.bytes(&buffer), &mut scratch, job.plan);
        worker.chunk(&mut chunk, lines, &mut slots, &mut results);
        job.order.complete(chunk.sequence, results);
        buffer.settle();
    }
    job.latencies.lock().unwrap_or_else(PoisonError::into_inner).add(&worker.latencies);
}

/// Ends the run if a worker panics, which would be a mistake of ours: the others would wait for its chunk for ever.
pub(super) struct Guard<'r, 'w> {
    pub order: &'r Order<'w>,
}

impl Drop for Guard<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.order.abandon();
        }
    }
}

struct Worker<'j, 'r, 's, 'w> {
    job: &'j Job<'r, 's, 'w>,
    helpers: &'j dyn Helpers,
    arena: Arena,
    latencies: Latencies,
    /// How many executions there are until the next one that is timed, itself included.
    until_timed: u32,
}

impl Worker<'_, '_, '_, '_> {
    fn chunk(&mut self, chunk: &mut Chunk, mut lines: Lines, slots: &mut [Slot], results: &mut Results) {
        let job = self.job;
        (results.source, results.lines_before) = (chunk.source, chunk.lines_before);
        (results.visits, results.live) = (Tally::new(job.program), chunk.live);
        (results.stored_bytes, results.failed) = (chunk.stored_bytes, chunk.failed.take());
        let mut line_index = 0;
        while let Some(item) = lines.next(slots) {
            if job.order.is_over() {
                results.cut = true;
                break;
            }
            let place = Place { source: chunk.source, offset: chunk.offset + item.offset as u64, line_index };
            line_index += 1;
            self.line(place, &item, slots, results);
            if results.bytes() > RESULTS_BYTES_MAX {
                job.order.relieve(chunk.sequence, results);
            }
        }
        if let Some(long) = chunk.long.take().filter(|_| !results.cut) {
            let place = Place { source: chunk.source, offset: chunk.offset + chunk.data.len() as u64, line_index };
            line_index += 1;
            self.too_long(place, long.length, &long.start, results);
        }
        results.lines = line_index;
    }

    #[inline]
    fn line(&mut self, place: Place, item: &Item, slots: &[Slot], results: &mut Results) {
        if item.raw.len() > self.job.line_bytes_max {
            return self.too_long(place, item.raw.len() as u64, item.raw, results);
        }
        match &item.record {
            Record::Line(line) => match clock_at(self.job, line, slots) {
                Ok(now_ms) => self.execute(place, line, slots, now_ms, results),
                Err(reason) => self.reject(place, &reason, item.raw, results),
            },
            Record::Blank => results.tally.blank += 1,
            Record::Bad(error) => self.reject(place, &error.to_string(), item.raw, results),
        }
    }

    #[inline]
    fn execute(&mut self, place: Place, line: &Line, slots: &[Slot], now_ms: i64, results: &mut Results) {
        let job = self.job;
        let started = self.times_this().then(Instant::now);
        {
            let arena = &self.arena;
            let known = job.program.slots().len().min(slots.len());
            let form = line.form();
            let input =
                Input { value: Value::raw(arena, line.text, form), text: line.text, form, slots: &slots[..known] };
            let seed = match job.identity {
                Identity::Position => Seed::new(job.seed, place.source as u64, place.offset),
                Identity::Content => Seed::of_content(job.seed, line.text),
            };
            let start = Start { input, seed, now_ms, history: false };
            let mut execution = Execution::new(job.program, job.settings, arena, start);
            execution.count_in(&results.visits);
            let outcome = drive(&mut execution, job.bound, &mut job.bound.counters(), self.helpers);
            results.tally.steps += job.settings.limits.steps.saturating_sub(execution.steps_left());
            match &outcome {
                Outcome::Succeeded(_) => results.tally.succeeded += 1,
                Outcome::Failed(failure) => results.tally.failure(failure.error),
                Outcome::TimedOut(limit) => results.tally.time_out(*limit),
            }
            job.wording.outcome(place, &outcome, arena, line.text, &mut results.text);
        }
        if let Some(started) = started {
            self.latencies.record(u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX));
        }
        self.arena.reset();
        if self.arena.allocated_bytes() > ARENA_BYTES_MAX {
            self.arena = Arena::new();
        }
    }

    fn times_this(&mut self) -> bool {
        match self.job.latency {
            Latency::Off => false,
            Latency::All => true,
            Latency::Sampled(every) => {
                self.until_timed -= 1;
                let times = self.until_timed == 0;
                if times {
                    self.until_timed = every.max(1);
                }
                times
            }
        }
    }

    #[cold]
    fn too_long(&self, place: Place, length: u64, start: &[u8], results: &mut Results) {
        let reason = too_long(self.job, length);
        results.tally.rejected += 1;
        self.job.wording.rejected(place, &reason, length, start, &mut results.text);
    }

    #[cold]
    fn reject(&self, place: Place, reason: &str, line: &[u8], results: &mut Results) {
        results.tally.rejected += 1;
        self.job.wording.rejected(place, reason, line.len() as u64, line, &mut results.text);
    }
}

/// What an execution's clock shows at its start.
#[inline]
pub(super) fn clock_at(job: &Job, line: &Line, slots: &[Slot]) -> Result<i64, String> {
    match job.now_path {
        None => Ok(job.now_ms),
        Some(path) => {
            let text = slots.last().and_then(|slot| line.slice(*slot)).unwrap_or_default();
            let time = match (text.starts_with('"'), text.contains('\\')) {
                (true, false) => Timestamp::parse(raw::unquote(text)).ok(),
                (true, true) => Timestamp::parse(&unescape_owned(raw::unquote(text))).ok(),
                (false, _) => None,
            };
            time.map(Timestamp::as_millis).ok_or_else(|| format!("no timestamp at {path}, which tells the time"))
        }
    }
}

/// What is said of a line of that length.
#[cold]
pub(super) fn too_long(job: &Job, length_bytes: u64) -> String {
    format!("a line of {length_bytes} bytes is over the limit of {} bytes", job.line_bytes_max)
}

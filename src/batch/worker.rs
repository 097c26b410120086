//! A worker: claims chunks until none are left, and runs an execution for each line.
//!
//! Flows in: chunks. Flows out: their results, to the [`Order`]. All memory is used again: buffer, scanner, slots, arena
//! and results; in the steady state a line costs no allocation, no lock and no hashing. It must never let a record know
//! when or by whom it was run: seed and clock come from the record and the run's settings alone.

mod asking;

use super::chunk::{self, Buffer, Chunk};
use super::drive::{Helpers, Moved, drive_moved, drive_while_roomy};
use super::findings::{Notes, Seen, Watch};
use super::job::{Job, record_clock, too_long};
use super::latency::{Laps, Latencies, Latency};
use super::once;
use super::order::{Order, Whereabouts};
use super::outputs::{Failure, Results};
use super::reading::Origins;
use super::swift::{Spoilt, Telling};
use super::wording::Place;
use crate::handler::mock::Counters;
use crate::program::shortcut::Trouble;
use crate::value::Arena;
use crate::value::scan::{Line, LineKind, LineView, Lines, Scratch, Slot};
use crate::vm::shortcut::{Calls, GivenReplies, Scanned, Stencils, Told};
use crate::vm::{Asker, Execution, Outcome, Seed, Start, Stream, Tally};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// An arena that has grown beyond this is not kept: it would no longer stay in the processor's cache.
pub(super) const ARENA_BYTES_MAX: usize = 1 << 20;

/// Why an event is not run again.
const CLAIMED: &str = "the run was stopped while this event may have been under way, and --once runs none twice";

/// A worker looks up from its chunk after so many lines that were told without being run.
const LOOKED_UP_EVERY: u64 = 64;

/// Room for so many counts of ends at least. They are counted up at each line, and go from thread to thread: as few as most machines
/// have would lie beside what other threads read at each line, and whoever reads that would wait for each count.
const TOLD_APART: usize = 64;

/// So many executions that leave next to nothing in the arena may go by before it is emptied.
const UNTIDY_MAX: u32 = 64;

/// Claims chunks and runs them until none are left or the run is over.
pub(super) fn run(job: &Job, helpers: &dyn Helpers) {
    let _guard = Guard { order: job.order };
    let mut seat = Seat::new(job, helpers);
    while seat.step(Pace::Steady) != Step::Finished {}
}

/// How much a worker does at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// A chunk, with whatever waiting that takes.
    Steady,
    /// So many lines at most, and no waiting.
    Lines(usize),
}

/// What came of a worker's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It has done something.
    Moved,
    /// It waits for another worker.
    Stuck,
    /// It has nothing left to do.
    Finished,
}

/// A worker with its memory, all of which is used again.
pub(super) struct Seat<'j, 'r, 's, 'w> {
    worker: Worker<'j, 'r, 's, 'w>,
    buffer: Buffer,
    scratch: Scratch,
    slots: Vec<Slot>,
    /// The chunk that is under way.
    open: Option<(Chunk<'s>, Results, Reached)>,
}

/// How far a chunk has been run.
#[derive(Debug, Clone, Copy, Default)]
struct Reached {
    bytes: usize,
    line_index: u64,
}

impl<'j, 'r, 's, 'w> Seat<'j, 'r, 's, 'w> {
    pub fn new(job: &'j Job<'r, 's, 'w>, helpers: &'j dyn Helpers) -> Self {
        Seat {
            worker: Worker {
                job,
                helpers,
                arena: Arena::new(),
                latencies: Latencies::new(),
                laps: Laps::new().filter(|_| job.latency == Latency::All),
                until_timed: 1,
                place: Arc::default(),
                look_up_at: 0,
                untidy: 0,
                reason: String::new(),
                stencils: Stencils::default(),
                watch: job.observed.then(|| Watch::new(job.program)),
                origins: None,
            },
            buffer: Buffer::default(),
            scratch: Scratch::with_engine(job.scanner),
            slots: vec![Slot::Absent; job.plan.trie.slots()],
            open: None,
        }
    }

    /// Does one thing: takes a chunk, runs lines of one, hands it in.
    pub fn step(&mut self, pace: Pace) -> Step {
        let job = self.worker.job;
        let (mut chunk, mut results, reached) = match self.open.take() {
            Some(open) => open,
            None => {
                let claimed = match pace {
                    Pace::Steady => job.intake.claim(job.order, &mut self.buffer),
                    Pace::Lines(_) => match job.intake.claim_now(job.order, &mut self.buffer) {
                        Some(claimed) => claimed,
                        None => return Step::Stuck,
                    },
                };
                let Some(chunk) = claimed else {
                    self.worker.hand_in_latencies();
                    return Step::Finished;
                };
                if let Some(claims) = job.claims
                    && (chunk.data.len() > 0 || chunk.long.is_some())
                    && let Err(error) = claims.claim(chunk.source, chunk.offset..chunk.after.offset)
                {
                    job.order.fail(Failure::Ledger(error));
                }
                let mut results = job.order.fresh(chunk.sequence, &self.worker.place);
                self.worker.begin(&chunk, &mut results);
                if pace != Pace::Steady {
                    self.open = Some((chunk, results, Reached::default()));
                    return Step::Moved;
                }
                (chunk, results, Reached::default())
            }
        };
        let bytes = chunk.data.clone();
        let lines = Lines::new(&bytes.bytes(&self.buffer)[reached.bytes..], &mut self.scratch, job.plan);
        match self.worker.chunk(&mut chunk, lines, &mut self.slots, &mut results, reached, pace) {
            Ok(()) => {
                if job.kept {
                    self.worker.hand_in_latencies();
                }
                job.order.complete(chunk.sequence, results);
                self.buffer.settle();
                Step::Moved
            }
            Err(now) => {
                let moved = now.line_index > reached.line_index;
                self.open = Some((chunk, results, now));
                if moved { Step::Moved } else { Step::Stuck }
            }
        }
    }
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
    /// As well, if all executions are measured, those that are told.
    laps: Option<Laps>,
    /// How many executions there are until the next one that is timed, itself included.
    until_timed: u32,
    place: Arc<Whereabouts>,
    /// The line before which it looks up from its chunk, to see whether the run is over.
    look_up_at: u64,
    /// How many executions there were since the arena was emptied.
    untidy: u32,
    /// What is noted of executions for a report.
    watch: Option<Watch>,
    /// Where the lines of the chunk came from, if they were made.
    origins: Option<Box<Origins>>,
    /// Memory for what is wrong with a line.
    reason: String,
    /// How replies have been spelled before.
    stencils: Stencils,
}

impl Worker<'_, '_, '_, '_> {
    /// What is known of a chunk's results before the first line is run.
    fn begin(&self, chunk: &Chunk, results: &mut Results) {
        self.place.source.store(chunk.source, Ordering::Relaxed);
        (results.source, results.lines_before) = (chunk.source, chunk.lines_before);
        (results.visits, results.live) = (Tally::with(self.job.program, self.job.clock), chunk.live);
        (results.stored_bytes, results.after) = (chunk.stored_bytes, chunk.after);
        results.notes = self.job.observed.then(Default::default);
        results.told.clear();
        results.told.reserve(TOLD_APART);
        results.told.resize(self.job.shortcuts.map_or(0, |shortcuts| shortcuts.ends()), 0);
    }

    /// Runs the lines of a chunk, or some of them: then it says how far it has come.
    fn chunk(
        &mut self,
        chunk: &mut Chunk,
        mut lines: Lines,
        slots: &mut [Slot],
        results: &mut Results,
        reached: Reached,
        pace: Pace,
    ) -> Result<(), Reached> {
        let job = self.job;
        if reached.line_index == 0 {
            self.origins = chunk.origins.take();
        }
        let mut line_index = reached.line_index;
        let line_index_max = match pace {
            Pace::Steady => u64::MAX,
            Pace::Lines(lines) => line_index + lines as u64,
        };
        self.look_up_at = line_index;
        let origin = Place { source: chunk.source, offset: chunk.offset + reached.bytes as u64, line_index: 0 };
        while let Some(kind) = self.tell_on(&mut lines, slots, results, origin, (&mut line_index, line_index_max)) {
            let at = reached.bytes + lines.offset();
            let place = chunk::place(chunk.source, chunk.offset, self.origins.as_deref(), at, line_index);
            if line_index >= self.look_up_at {
                // A run is gone on with from where a record begins.
                if job.order.is_over() && self.origins.as_ref().is_none_or(|origins| origins.begins(line_index)) {
                    self.cut(place, results);
                    break;
                }
                if line_index == line_index_max {
                    return Err(Reached { bytes: at, line_index });
                }
                self.look_up_at = line_index_max.min(line_index + LOOKED_UP_EVERY);
            }
            if results.bytes() > job.results_bytes_max
                && !job.order.relieve(chunk.sequence, results, pace == Pace::Steady)
            {
                return Err(Reached { bytes: at, line_index });
            }
            line_index += 1;
            self.line(place, kind, &lines, slots, results);
        }
        results.failed = chunk.failed.take();
        if let Some(long) = chunk.long.take().filter(|_| !results.cut) {
            let place = Place { source: chunk.source, offset: long.offset, line_index };
            line_index += 1;
            self.too_long(place, long.length, &long.start, results);
        }
        results.lines = line_index;
        // What was told has been counted by its ends; now it counts for the states on the way there.
        for (end, count) in results.told.iter().enumerate().filter(|(_, count)| **count > 0) {
            let Some(shortcuts) = &job.shortcuts else { continue };
            results.tally.steps += shortcuts.steps(end) * count;
            for state in shortcuts.visits(end) {
                results.visits.enter_many(*state, *count);
            }
            for (state, trouble) in shortcuts.troubles(end) {
                match trouble {
                    Trouble::Failed => results.visits.fail_many(*state, *count),
                    Trouble::Retried => results.visits.retry_many(*state, *count),
                    Trouble::Caught => results.visits.catch_many(*state, *count),
                }
            }
            match shortcuts.fails_in(end) {
                Some(state) => results.visits.fail_many(state, *count),
                None if shortcuts.is_item(end) => {}
                None => results.tally.succeeded += count,
            }
        }
        Ok(())
    }

    /// Goes on to a line that calls for more than being told, or before which it is time to look up: that line's kind.
    /// `origin` is where the lines are counted from.
    #[inline(always)]
    fn tell_on(
        &mut self,
        lines: &mut Lines,
        slots: &mut [Slot],
        results: &mut Results,
        origin: Place,
        (line_index, line_index_max): (&mut u64, u64),
    ) -> Option<LineKind> {
        let latency = self.job.latency;
        let Some(swift) = self.job.swift.as_ref().filter(|_| latency != Latency::All || self.laps.is_some()) else {
            return lines.advance(slots);
        };
        // Where functions are called it is looked up after each.
        let until = if swift.asks() { line_index_max } else { self.look_up_at.min(line_index_max) };
        let most = until.saturating_sub(*line_index);
        // The one that is timed is the next but these.
        let most = match latency {
            Latency::Sampled(_) => most.min(u64::from(self.until_timed) - 1),
            _ => most,
        };
        // Lines that were made have places of their own, and single records are noted for a report.
        let plain = self.origins.is_none() && results.notes.is_none();
        if swift.asks() {
            let before = *line_index;
            let most = if plain { most } else { 0 };
            let behind = self.ask_on(swift, (lines, slots), results, (origin, line_index), most);
            if matches!(latency, Latency::Sampled(_)) {
                self.until_timed -= (*line_index - before) as u32;
            }
            return behind;
        }
        let mut spoilt = plain.then_some(Spoilt {
            wording: self.job.wording,
            origin: Place { line_index: *line_index, ..origin },
            dead_letters: &mut results.text.dead_letters,
            count: 0,
        });
        let mut telling = Telling {
            arena: &mut self.arena,
            out: &mut results.text.results.bytes,
            ends: &mut results.told,
            company: self.helpers,
            laps: self.laps.as_mut(),
        };
        let (told, kind) = swift.tell(lines, slots, most, &mut telling, &mut spoilt);
        *line_index += told;
        let rejected = spoilt.map_or(0, |spoilt| spoilt.count);
        results.tally.rejected += rejected;
        if matches!(latency, Latency::Sampled(_)) {
            self.until_timed -= (told - rejected) as u32;
        }
        kind
    }

    /// The run is over before this line.
    #[cold]
    fn cut(&self, place: Place, results: &mut Results) {
        (results.cut, results.cut_at) = (true, Some(place.offset));
        if let Some(claims) = self.job.claims
            && let Err(error) = claims.free(place.source, place.offset..results.after.offset)
        {
            self.job.order.fail(Failure::Ledger(error));
        }
    }

    /// Adds what was measured to what others have.
    fn hand_in_latencies(&mut self) {
        if let Some(laps) = &mut self.laps {
            laps.hand_in(&mut self.latencies);
        }
        self.job.latencies.lock().unwrap_or_else(PoisonError::into_inner).add(&self.latencies);
        self.latencies.clear();
    }

    #[inline]
    fn line(&mut self, place: Place, kind: LineKind, lines: &Lines, slots: &[Slot], results: &mut Results) {
        if lines.raw().len() > self.job.line_bytes_max {
            return self.too_long(place, lines.raw().len() as u64, lines.raw(), results);
        }
        match kind {
            LineKind::Json if !self.job.claimed.is_empty() && self.job.claimed.holds(place.source, place.offset) => {
                self.reject(place, CLAIMED, lines.raw(), results);
            }
            LineKind::Json => {
                let line = lines.line();
                match record_clock(self.job.now_ms, self.job.now_path, &line, slots) {
                    Ok(now_ms) => self.execute(place, &line, lines, slots, now_ms, results),
                    Err(reason) => self.reject(place, &reason, lines.raw(), results),
                }
            }
            LineKind::Blank => results.tally.blank += 1,
            LineKind::Bad => {
                let mut reason = std::mem::take(&mut self.reason);
                reason.clear();
                lines.fault_to(&mut reason);
                self.reject(place, &reason, lines.raw(), results);
                self.reason = reason;
            }
        }
    }

    #[inline]
    fn execute(
        &mut self,
        place: Place,
        line: &Line,
        lines: &Lines,
        slots: &[Slot],
        now_ms: i64,
        results: &mut Results,
    ) {
        let job = self.job;
        let started = self.times_this().then(Instant::now);
        let slots = &slots[..job.program.slots().len().min(slots.len())];
        let who = job.who(place, || line.text);
        let view = LineView::new(lines, slots, job.program.slots());
        let asker = Asker::new(job.program, who, &self.arena, view);
        let mut given = GivenReplies::default();
        if let Some(shortcuts) = job.shortcuts {
            if shortcuts.asks() {
                // This may take long: others may want to know where it is, and afterwards whether the run is over.
                self.place.offset.store(place.offset, Ordering::Relaxed);
                self.look_up_at = 0;
            }
            let input = once::scanned(&shortcuts, lines, slots, now_ms);
            let mut calls = Calls::of(job.bound.answers(), &asker).with(&self.stencils);
            if let Some(told) = shortcuts.tell(&input, &self.arena, self.helpers, &mut calls)
                && self.take_down(place, &told, &input, results)
            {
                // What is compared may leave a little in the arena, seldom.
                self.untidy += 1;
                if told.computes() || self.untidy == UNTIDY_MAX {
                    self.tidy();
                }
                return self.time(started, place, results);
            }
            given = calls.given();
        }
        let counters = &mut job.bound.counters_for(who);
        counters.give_again(given);
        self.run(place, (lines, slots), (who, now_ms), counters, results);
        self.time(started, place, results);
        self.tidy();
    }

    /// Runs an execution, and writes down what it came to.
    fn run(
        &mut self,
        place: Place,
        (lines, slots): (&Lines, &[Slot]),
        (who, now_ms): (Stream, i64),
        counters: &mut Counters,
        results: &mut Results,
    ) {
        let (job, text) = (self.job, lines.line().text);
        // This may take long.
        self.place.offset.store(place.offset, Ordering::Relaxed);
        self.look_up_at = 0;
        {
            let arena = &self.arena;
            let input = once::input(job.program, lines, slots, arena);
            let start = Start { input, seed: Seed::NOBODY, now_ms, history: false };
            let mut execution = Execution::new(job.program, job.settings, arena, start);
            execution.known_by(who);
            let Results { tally, text: written, visits, notes, .. } = results;
            let mut observers = self.watch.as_mut().zip(notes.as_deref_mut());
            execution.count_in(visits);
            match drive_while_roomy(&mut execution, job.bound, counters, self.helpers) {
                Some(outcome) => {
                    note(&mut observers, &Seen { place, who, now_ms, text, outcome: &outcome }, visits);
                    job.ended(place, text, &execution, outcome, arena, (tally, written));
                }
                None => {
                    let (program, settings) = (job.program, job.settings);
                    let moved = Moved { parked: execution.leave_memory(), program, settings, tally: Some(visits) };
                    self.arena = Arena::new();
                    drive_moved(moved, job.bound, counters, self.helpers, |execution, outcome, arena| {
                        note(&mut observers, &Seen { place, who, now_ms, text, outcome: &outcome }, visits);
                        job.ended(place, text, execution, outcome, arena, (tally, written));
                    });
                }
            }
        }
        results.visits.stop_clock();
    }

    /// Writes down an execution that was told without being run; whether that was possible.
    #[inline]
    fn take_down(&self, place: Place, told: &Told, input: &Scanned, results: &mut Results) -> bool {
        let job = self.job;
        if told.succeeds() {
            job.wording.success(place, &mut results.text, |out| told.write((input, Some(&self.stencils)), out));
        } else {
            let Some(failure) = told.failure(job.program, input, &self.arena) else { return false };
            results.tally.failure(failure.error);
            let outcome = Outcome::Failed(failure);
            job.wording.outcome(place, &outcome, &self.arena, input.text(), &mut results.text);
        }
        count_ends(told, &mut results.told);
        true
    }

    #[inline]
    fn time(&mut self, started: Option<Instant>, place: Place, results: &mut Results) {
        if let Some(started) = started {
            let ns = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.latencies.record(ns);
            if let Some(notes) = &mut results.notes {
                notes.time(ns, place);
            }
        }
    }

    /// Empties the arena.
    #[inline]
    fn tidy(&mut self) {
        self.untidy = 0;
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
        let reason = too_long(self.job, length, self.origins.is_some());
        results.tally.rejected += 1;
        if let Some(notes) = &mut results.notes {
            notes.reject(place, &reason);
        }
        self.job.wording.rejected(place, &reason, length, start, &mut results.text);
    }

    #[cold]
    fn reject(&self, place: Place, reason: &str, line: &[u8], results: &mut Results) {
        let (reason, length, line) = match self.origins.as_ref().and_then(|o| o.rejected(place.line_index)) {
            None => (reason, line.len() as u64, line),
            Some(known) => (&*known.reason, known.length, &*known.start),
        };
        results.tally.rejected += 1;
        if let Some(notes) = &mut results.notes {
            notes.reject(place, reason);
        }
        self.job.wording.rejected(place, reason, length, line, &mut results.text);
    }
}

/// Notes an execution for a report, if one is asked for.
#[inline]
fn note(observers: &mut Option<(&mut Watch, &mut Notes)>, seen: &Seen, visits: &Tally) {
    if let Some((watch, notes)) = observers {
        watch.note(seen, visits, notes);
    }
}

/// Counts the ends that an execution and the items of its Maps have come to; mostly one item comes to the same as the one before.
#[inline(always)]
fn count_ends(told: &Told, ends: &mut [u64]) {
    ends[told.index] += 1;
    for items in told.items.chunk_by(|a, b| a == b) {
        ends[items[0] as usize] += items.len() as u64;
    }
}

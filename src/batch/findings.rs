//! What a report shows besides the summary: how fast a run went from moment to moment, which executions were slowest, and
//! examples of events: of each error, of each state, of lines that were no events.
//!
//! Flows in: what workers note of single executions while a chunk is run, and when chunks were written. Flows out:
//! [`Findings`]. Examples are the first of their kind in the order of the sources, whoever ran them, so that two reports of
//! one run show the same ones; times are real and differ. Nothing is noted, and nothing paid, unless somebody asks
//! ([`Batch::observe`](super::Batch::observe)). It must never keep more than a few examples of anything.

use super::drive::{Alone, drive};
use super::latency::Bar;
use super::wording::Place;
use crate::handler::Bound;
use crate::program::Program;
use crate::value::{Arena, Value};
use crate::vm::{Event, Execution, Input, Outcome, Seed, Settings, Start, Stream, Tally};
use std::collections::BTreeMap;
use std::time::Duration;

/// Examples of one error.
const EXAMPLES_MAX: usize = 3;
/// Errors of which examples are kept.
const ERRORS_MAX: usize = 200;
/// Lines that were no events.
const REJECTED_MAX: usize = 10;
/// Slowest executions.
const SLOWEST_MAX: usize = 20;
/// An example's text that is longer than this is not kept.
const TEXT_BYTES_MAX: usize = 64 << 10;
/// Moments; when there are this many, every other one is forgotten.
const MOMENTS_MAX: usize = 512;
/// How far moments are apart at first.
const MOMENT_FIRST: Duration = Duration::from_millis(1);

/// What executions that a limit ended are listed as, among the errors.
pub const TIMED_OUT: &str = "(timed out)";
/// What failures without a name are listed as.
pub const NAMELESS: &str = "(no name)";

/// What a run came to in detail.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Findings {
    /// How far the run had come when, at about equal distances.
    pub moments: Vec<Moment>,
    /// How long executions took: counts of those that were timed, from short to long.
    pub latencies: Vec<Bar>,
    /// The slowest of those that were timed, the slowest first.
    pub slowest: Vec<Slow>,
    /// By error the first events that ended with it.
    pub errors: BTreeMap<Box<str>, Vec<Example>>,
    /// The first event that succeeded.
    pub success: Option<Example>,
    /// By state, in the order of the program's states, the first event that entered it.
    pub states: Vec<Option<Example>>,
    /// The first lines that were no events.
    pub rejected: Vec<Rejected>,
    every: Duration,
}

/// How far a run had come at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Since the run began.
    pub elapsed: Duration,
    /// Records whose results had been written.
    pub records: u64,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The source's number.
    pub source: usize,
    /// Its first byte's offset in the source, decompressed.
    pub offset: u64,
    /// Its line, from 1.
    pub line_number: u64,
}

/// An event that can be run again.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Where it stands.
    pub position: Position,
    seed: Seed,
    now_ms: i64,
    /// Its text, unless that is long.
    text: Option<Box<str>>,
}

/// An execution that took long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slow {
    /// How long, in real nanoseconds.
    pub ns: u64,
    /// Where its event stands.
    pub position: Position,
}

/// A line that was no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Where it stands.
    pub position: Position,
    /// Why.
    pub reason: String,
}

/// An example that was run again.
#[derive(Debug)]
pub struct Again {
    /// `SUCCEEDED`, `FAILED` or `TIMED_OUT`.
    pub status: &'static str,
    /// The output, or error and cause, as text.
    pub result: String,
    /// The input.
    pub input: String,
    /// The history.
    pub events: Vec<Event>,
}

impl Example {
    /// Runs the event once more, as it ran before, and keeps the history; nothing if its text was too long to be kept.
    pub fn run_again(&self, program: &Program, bound: &Bound, settings: &Settings) -> Option<Again> {
        let text = self.text.as_deref()?;
        let arena = Arena::new();
        let input = Input::whole(Value::from_text(&arena, text));
        let start = Start { input, seed: self.seed, now_ms: self.now_ms, history: true };
        let mut execution = Execution::new(program, settings, &arena, start);
        let outcome = drive(&mut execution, bound, &mut bound.counters_of(self.seed), &Alone);
        let (status, result) = match outcome {
            Outcome::Succeeded(output) => ("SUCCEEDED", output.to_json()),
            Outcome::Failed(failure) => {
                let cause = failure.cause_text(&arena).map(|cause| format!(": {cause}")).unwrap_or_default();
                ("FAILED", format!("{}{cause}", failure.error.unwrap_or(NAMELESS)))
            }
            Outcome::TimedOut(limit) => ("TIMED_OUT", limit.name().to_owned()),
        };
        Some(Again { status, result, input: text.to_owned(), events: execution.take_events() })
    }
}

/// What a worker notes of the executions of one chunk; line numbers count within the chunk.
#[derive(Debug, Default)]
pub(super) struct Notes {
    errors: BTreeMap<Box<str>, Vec<Example>>,
    success: Option<Example>,
    states: Vec<(usize, Example)>,
    slowest: Vec<Slow>,
    rejected: Vec<Rejected>,
}

/// An execution that is over, as a worker sees it.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub place: Place,
    pub who: Stream<'a>,
    pub now_ms: i64,
    pub text: &'a str,
    pub outcome: &'a Outcome<'a>,
}

/// What one worker remembers from chunk to chunk: the states that none of its executions has entered yet. Since a worker
/// takes chunks in their order, the first execution of all that enters a state is the first of its worker too.
#[derive(Debug)]
pub(super) struct Watch {
    unseen: Vec<usize>,
}

impl Watch {
    pub fn new(program: &Program) -> Watch {
        Watch { unseen: (0..program.states().len()).collect() }
    }

    /// Notes an execution; `visits` has counted it.
    pub fn note(&mut self, seen: &Seen, visits: &Tally, notes: &mut Notes) {
        let error = match seen.outcome {
            Outcome::Succeeded(_) => {
                notes.success.get_or_insert_with(|| seen.example());
                None
            }
            Outcome::Failed(failure) => Some(failure.error.unwrap_or(NAMELESS)),
            Outcome::TimedOut(_) => Some(TIMED_OUT),
        };
        if let Some(error) = error {
            let room = notes.errors.len() < ERRORS_MAX;
            match notes.errors.get_mut(error) {
                Some(examples) if examples.len() < EXAMPLES_MAX => examples.push(seen.example()),
                None if room => {
                    notes.errors.insert(error.into(), vec![seen.example()]);
                }
                _ => {}
            }
        }
        self.unseen.retain(|state| {
            let entered = visits.has_entered(*state);
            if entered {
                notes.states.push((*state, seen.example()));
            }
            !entered
        });
    }
}

impl Seen<'_> {
    fn example(&self) -> Example {
        let text = (self.text.len() <= TEXT_BYTES_MAX).then(|| self.text.into());
        Example { position: position(self.place), seed: self.who.get(), now_ms: self.now_ms, text }
    }
}

fn position(place: Place) -> Position {
    Position { source: place.source, offset: place.offset, line_number: place.line_index }
}

impl Notes {
    /// Notes how long an execution took.
    pub fn time(&mut self, ns: u64, place: Place) {
        if self.slowest.len() == SLOWEST_MAX && self.slowest.last().is_some_and(|least| least.ns >= ns) {
            return;
        }
        self.slowest.push(Slow { ns, position: position(place) });
        keep_slowest(&mut self.slowest);
    }

    /// Notes a line that is no event.
    pub fn reject(&mut self, place: Place, reason: &str) {
        if self.rejected.len() < REJECTED_MAX {
            self.rejected.push(Rejected { position: position(place), reason: reason.to_owned() });
        }
    }
}

fn keep_slowest(slowest: &mut Vec<Slow>) {
    slowest.sort_by_key(|slow| (std::cmp::Reverse(slow.ns), slow.position));
    slowest.truncate(SLOWEST_MAX);
}

impl Findings {
    /// Nothing found yet.
    pub(super) fn new(program: &Program) -> Findings {
        Findings { states: vec![None; program.states().len()], every: MOMENT_FIRST, ..Findings::default() }
    }

    /// Takes in what was noted of a chunk, before which its source has so many lines.
    pub(super) fn add(&mut self, mut notes: Notes, lines_before: u64) {
        let place = |position: &mut Position| position.line_number += lines_before + 1;
        for (error, mut examples) in notes.errors {
            examples.iter_mut().for_each(|example| place(&mut example.position));
            if self.errors.len() >= ERRORS_MAX && !self.errors.contains_key(&error) {
                continue;
            }
            let known = self.errors.entry(error).or_default();
            known.extend(examples);
            // Chunks may come in any order; what counts is theirs.
            known.sort_by_key(|example| example.position);
            known.truncate(EXAMPLES_MAX);
        }
        let first = |known: &mut Option<Example>, example: Example| {
            if known.as_ref().is_none_or(|known| example.position < known.position) {
                *known = Some(example);
            }
        };
        if let Some(mut example) = notes.success {
            place(&mut example.position);
            first(&mut self.success, example);
        }
        for (state, mut example) in notes.states {
            place(&mut example.position);
            if let Some(known) = self.states.get_mut(state) {
                first(known, example);
            }
        }
        notes.slowest.iter_mut().for_each(|slow| place(&mut slow.position));
        self.slowest.append(&mut notes.slowest);
        keep_slowest(&mut self.slowest);
        notes.rejected.iter_mut().for_each(|rejected| place(&mut rejected.position));
        self.rejected.append(&mut notes.rejected);
        self.rejected.sort_by_key(|rejected| rejected.position);
        self.rejected.truncate(REJECTED_MAX);
    }

    /// Notes how far the run has come, if that was not just done.
    pub(super) fn moment(&mut self, elapsed: Duration, records: u64) {
        if self.moments.last().is_some_and(|last| elapsed < last.elapsed + self.every) {
            return;
        }
        self.moments.push(Moment { elapsed, records });
        if self.moments.len() >= MOMENTS_MAX {
            let mut n = 0;
            self.moments.retain(|_| {
                n += 1;
                n % 2 == 0
            });
            self.every *= 2;
        }
    }

    /// The run is over.
    pub(super) fn end(&mut self, elapsed: Duration, records: u64, latencies: Vec<Bar>) {
        self.moments.push(Moment { elapsed, records });
        self.latencies = latencies;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_thin_out_and_cover_the_run() {
        let mut findings = Findings { every: MOMENT_FIRST, ..Findings::default() };
        for ms in 1..=10_000 {
            findings.moment(Duration::from_millis(ms), ms * 10);
        }
        assert!(findings.moments.len() < MOMENTS_MAX && findings.moments.len() > 100, "{}", findings.moments.len());
        let steps: Vec<Duration> = findings.moments.windows(2).map(|two| two[1].elapsed - two[0].elapsed).collect();
        assert!(steps.iter().all(|step| *step <= Duration::from_millis(64)), "{steps:?}");
    }

    #[test]
    fn the_slowest_are_kept_whoever_saw_them() {
        let mut findings = Findings::default();
        for chunk in 0..4 {
            let mut notes = Notes::default();
            for line_index in 0..50 {
                notes.time(
                    (line_index * 37 + chunk * 11) % 199,
                    Place { source: 0, offset: chunk * 100 + line_index, line_index },
                );
            }
            findings.add(notes, chunk * 50);
        }
        let mut all: Vec<u64> = (0..4).flat_map(|chunk| (0..50).map(move |n| (n * 37 + chunk * 11) % 199)).collect();
        all.sort_unstable_by_key(|ns| std::cmp::Reverse(*ns));
        let kept: Vec<u64> = findings.slowest.iter().map(|slow| slow.ns).collect();
        assert_eq!(kept, all[..SLOWEST_MAX]);
        assert!(findings.slowest.iter().all(|slow| slow.position.line_number > 0));
    }
}

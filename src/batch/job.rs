//! The job that all workers of a run share: what is run, how, from where and to where.
//!
//! Flows in: a run's settings, made ready. Flows out: the same to each worker, and what follows from them for a single
//! record: its clock, and what is said of one that is too long. It must never hold what belongs to one worker.

use super::intake::Intake;
use super::latency::{Latencies, Latency};
use super::ledger::{Claimed, Claims};
use super::order::Order;
use super::swift::Swift;
use super::tally;
use super::wording::{self, Place, Wording};
use crate::handler::Bound;
use crate::program::Program;
use crate::value::scan::{Engine, Line, Slot, WalkPlan};
use crate::value::text::unescape_owned;
use crate::value::timestamp::Timestamp;
use crate::value::{Arena, raw};
use crate::vm::shortcut::Shortcuts;
use crate::vm::{Execution, Outcome, Settings, Stream};
use std::sync::Mutex;

/// Who an execution is: what its random numbers, UUIDs and name derive from, together with the seed of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Identity {
    /// The number of its source and its byte offset there.
    #[default]
    Position,
    /// Its bytes: equal records are equal executions, wherever they stand.
    Content,
}

/// What all workers of a run share.
pub(super) struct Job<'r, 's, 'w> {
    pub program: &'r Program,
    pub bound: &'r Bound,
    pub settings: &'r Settings,
    /// The ways on which only the input decides, if the program has any and nobody has forbidden them.
    pub shortcuts: Option<Shortcuts<'r>>,
    /// How they are gone along one line after the other, if nothing else is asked of each line.
    pub swift: Option<Swift<'r>>,
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
    pub scanner: Engine,
    /// What all workers have measured: once they are done, or chunk by chunk if it is kept in a ledger.
    pub latencies: &'r Mutex<Latencies>,
    pub kept: bool,
    /// A chunk whose results outgrow this hands them in before it is done.
    pub results_bytes_max: usize,
    /// Where chunks are claimed before they are run, and what had been claimed when the run was stopped.
    pub claims: Option<&'r Claims>,
    pub claimed: &'r Claimed,
    /// Whether single executions are noted for a report.
    pub observed: bool,
    /// What times by state are taken by, if they are.
    pub clock: Option<fn() -> u64>,
}

impl Job<'_, '_, '_> {
    /// Who the execution of an event is, which stands there and says that.
    #[inline(always)]
    pub fn who<'t>(&self, place: Place, text: impl FnOnce() -> &'t str) -> Stream<'t> {
        match self.identity {
            Identity::Position => Stream::of_place(self.seed, place.source as u64, place.offset),
            Identity::Content => Stream::of_content(self.seed, text()),
        }
    }

    /// Counts an execution that has come to its end, and words it.
    #[inline]
    pub fn ended<'a>(
        &self,
        place: Place,
        input: &str,
        execution: &Execution<'a>,
        outcome: Outcome<'a>,
        arena: &'a Arena,
        (tally, text): (&mut tally::Tally, &mut wording::Lines),
    ) {
        tally.steps += self.settings.limits.steps.saturating_sub(execution.steps_left());
        match &outcome {
            Outcome::Succeeded(_) => tally.succeeded += 1,
            Outcome::Failed(failure) => tally.failure(failure.error),
            Outcome::TimedOut(limit) => tally.time_out(*limit),
        }
        self.wording.outcome(place, &outcome, arena, input, text);
    }
}

/// What the clock of a record's execution shows at its start: the run's time, or the time at a path, whose slot is the last.
#[inline]
pub(super) fn record_clock(now_ms: i64, now_path: Option<&str>, line: &Line, slots: &[Slot]) -> Result<i64, String> {
    match now_path {
        None => Ok(now_ms),
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

/// What is said of a line of that length, or of a record that is none.
#[cold]
pub(super) fn too_long(job: &Job, length_bytes: u64, is_record: bool) -> String {
    let what = if is_record { "record" } else { "line" };
    format!("a {what} of {length_bytes} bytes is over the limit of {} bytes", job.line_bytes_max)
}

//! Room: how much an execution may make and hold, and when it wants fresh memory.
//!
//! Two things are kept apart. What an execution *makes* during one visit of a state is counted, from what its
//! instructions give and never from what the arena looks like, so that the limit strikes at the same place on any thread,
//! parked or not. How full the arena *is* depends on what has been there before; it only decides when the execution asks
//! to be moved to fresh memory, which no outcome shows. So a loop may build and drop as much as it likes: between two
//! states it asks for room ([`Request::Room`]) once what it no longer needs has piled up.
//!
//! One case cannot be told by counting alone: values opened again and again within one visit. There, far behind the limit,
//! the arena itself has the last word. It must never let a definition take memory without end.

use super::budget::Limits;
use super::machine::{Execution, Reason, Stop};
use super::outcome::{Failure, LimitHit};
use super::request::Request;
use crate::program::{Addr, AssignId, StateId};
use crate::value::{Arena, Value};

/// How many times the limit on a single Assign all variables of an execution may take: 10 MiB, where that is 256 KiB.
const VARIABLES_OF_AN_ASSIGN: u64 = 40;
/// What opening an array or object takes for each of its parts.
pub(super) const OPENED_BYTES: u64 = 40;
/// How often the limit the arena may hold before it has the last word.
const MEASURED_OF_COUNTED: u64 = 2;
/// And at least: an arena grows by doubling, so that it says little about small limits.
const MEASURED_MIN: u64 = 64 << 20;

/// What an execution may still make, and when it wants fresh memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Bytes that the visit at hand may still make.
    pub left: u64,
    /// Bytes that every visit may make: for children, what their parent had left.
    pub whole: u64,
    /// How full the arena may become before the execution asks.
    crowded_at: usize,
}

impl Room {
    /// None at all: to be replaced.
    pub const NONE: Room = Room { left: 0, whole: 0, crowded_at: 0 };

    /// Room for so many bytes, over an arena as it is.
    pub fn new(limits: &Limits, bytes: u64, arena: &Arena) -> Room {
        Room { left: bytes, whole: bytes, crowded_at: crowded_at(limits, arena) }
    }
}

/// How full an arena may become that holds so much already: what is needed is not copied again for little.
fn crowded_at(limits: &Limits, arena: &Arena) -> usize {
    let (held, least) = (arena.allocated_bytes(), limits.crowded_bytes);
    held.saturating_add(least.max(held.min(least.saturating_mul(16))))
}

impl<'a> Execution<'a> {
    fn is_crowded(&self) -> bool {
        self.arena.allocated_bytes() > self.room.crowded_at
    }

    /// What is made from here on belongs to a new visit.
    #[inline]
    pub(super) fn enter_with_room(&mut self) -> Result<(), Stop<'a>> {
        self.room.left = self.room.whole;
        match self.is_crowded() {
            true => Err(Stop(&Reason::Crowded)),
            false => Ok(()),
        }
    }

    /// Asks for room where there is none, and nothing is pending.
    pub(super) fn make_room(&mut self) -> Option<Request<'a>> {
        if !self.is_crowded() || self.pending.is_some() {
            return None;
        }
        // Whoever does not give any is asked again only once as much has piled up again.
        self.room.crowded_at = crowded_at(&self.settings.limits, self.arena);
        Some(Request::Room)
    }

    /// Asks for room in front of the instruction that found none.
    #[cold]
    pub(super) fn again_with_room(&mut self) -> Request<'a> {
        self.pc = Addr(self.pc.0 - 1);
        self.room.crowded_at = crowded_at(&self.settings.limits, self.arena);
        Request::Room
    }

    /// Counts bytes that the visit at hand has made.
    #[inline]
    pub(super) fn make(&mut self, bytes: u64) -> Result<(), Stop<'a>> {
        match self.room.left.checked_sub(bytes) {
            Some(left) => {
                self.room.left = left;
                Ok(())
            }
            None => Err(self.no_room()),
        }
    }

    /// Counts a value that was made, without the values in it: they have been counted before, or were there.
    #[inline]
    pub(super) fn made(&mut self, value: Value<'a>) -> Result<(), Stop<'a>> {
        self.make(match value {
            Value::Text(text) => 16 + text.len() as u64,
            Value::Array(array) => 48 + 16 * array.items.len() as u64,
            Value::Object(object) => 48 + 32 * object.members.len() as u64,
            _ => 16,
        })
    }

    /// Counts what a function or an expression has given; if it has opened and dropped so much on the way that counting
    /// says nothing any more, the arena tells.
    pub(super) fn computed(&mut self, value: Value<'a>) -> Result<(), Stop<'a>> {
        let most = self.settings.limits.execution_bytes.saturating_mul(MEASURED_OF_COUNTED);
        let most = most.saturating_add(self.room.crowded_at as u64 + MEASURED_MIN);
        if self.arena.allocated_bytes() as u64 > most {
            return Err(self.no_room());
        }
        self.made(value)
    }

    #[cold]
    pub(super) fn no_room(&self) -> Stop<'a> {
        self.stop_at(LimitHit::ExecutionBytes(self.settings.limits.execution_bytes))
    }

    /// Looks at a document between states that may be too large.
    #[cold]
    pub(super) fn leaves_with(&self, state: StateId, document: Value<'a>) -> Result<(), Stop<'a>> {
        let limits = &self.settings.limits;
        if !document.fits(limits.state_bytes) {
            let failure = self.too_large(&self.program.state(state).name);
            return Err(self.stop(Failure { catchable: false, ..failure }));
        }
        match document.fits(limits.execution_bytes) {
            true => Ok(()),
            false => Err(self.no_room()),
        }
    }

    /// Looks at the variables that a state assigns: together they may take as much as a document, and all that the
    /// execution has, 40 times as much. AWS documents both numbers; the text is ours.
    pub(super) fn assigns(&self, state: StateId, to: AssignId, values: &[Value<'a>]) -> Result<(), Stop<'a>> {
        let limits = &self.settings.limits;
        let limit = limits.between_states();
        let problem = if !fit(values.iter().copied(), limit) {
            format!("assigns variables with a size exceeding the {limit} bytes that one Assign may have")
        } else {
            let limit = limit.saturating_mul(VARIABLES_OF_AN_ASSIGN);
            let assigned = self.program.assign(to);
            let kept = self.variables.iter().enumerate().filter(|(n, _)| !assigned.iter().any(|v| v.index() == *n));
            match fit(kept.filter_map(|(_, value)| *value).chain(values.iter().copied()), limit) {
                true => return Ok(()),
                false => format!("brings the execution's variables over the {limit} bytes that they may have in all"),
            }
        };
        if limits.state_bytes > limits.execution_bytes {
            return Err(self.no_room());
        }
        let cause = format!("The state/task '{}' {problem}.", self.program.state(state).name);
        let failure = Failure::reported(Some("States.DataLimitExceeded"), Some(self.arena.alloc_str(&cause)));
        Err(self.stop(Failure { catchable: false, ..failure }))
    }
}

/// Whether values take at most so many bytes, each in compact form.
fn fit<'a>(values: impl Iterator<Item = Value<'a>> + Clone, limit: u64) -> bool {
    let most = values.clone().fold(0u64, |sum, value| sum.saturating_add(value.size().bytes_max));
    let mut left = limit;
    most <= limit || values.into_iter().all(|value| value.take_from(&mut left))
}

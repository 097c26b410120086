//! Counting events, and keeping them where the history is kept.
//!
//! Ids are counted whether anybody looks or not: causes quote them, and a Standard history ends at its limit.

use super::event::{Event, EventKind};
use super::machine::{Execution, Stop};
use super::outcome::Failure;
use super::watch::Notes;

/// The count of events, and the events themselves if they are kept.
#[derive(Default)]
pub(super) struct History {
    pub count: u32,
    pub previous: u32,
    /// For children: how many events there had been whenever the clock moved on.
    pub pace: Vec<(i64, u32)>,
    pub events: Option<Vec<Event>>,
    /// What was decided, if somebody looks on.
    pub notes: Option<Box<Notes>>,
}

impl<'a> Execution<'a> {
    /// Stops where the history has room for its last event only.
    pub(super) fn within_history(&mut self) -> Result<(), Stop<'a>> {
        if self.history.count >= self.settings.limits.events.saturating_sub(1) {
            return Err(self.history_is_full());
        }
        Ok(())
    }

    /// The history may not grow past its limit, whose last event says so.
    #[cold]
    fn history_is_full(&mut self) -> Stop<'a> {
        let limit = self.settings.limits.events;
        self.history.count = limit.saturating_sub(1);
        if let Some(events) = &mut self.history.events {
            events.truncate(self.history.count as usize);
        }
        self.history.previous = self.history.count;
        let cause = format!("The execution reached the maximum number of history events ({limit}).");
        let cause = self.arena.alloc_str(&cause);
        self.stop(Failure { error: Some("States.Runtime"), cause: Some(cause), origin: None, catchable: false })
    }

    /// Counts an event of the chain, and keeps it if the history is kept.
    pub(super) fn event(&mut self, kind: impl FnOnce(&mut Self) -> EventKind) {
        let previous = self.history.previous;
        if self.side_event(previous, kind) {
            self.history.previous = self.history.count;
        }
    }

    /// Counts an event that the next one does not point at; whether it counts at all: a handler written in ASL has no
    /// history.
    pub(super) fn side_event(&mut self, previous: u32, kind: impl FnOnce(&mut Self) -> EventKind) -> bool {
        if self.quiet {
            return false;
        }
        self.history.count += 1;
        if self.history.events.is_some() {
            let kind = kind(self);
            let event = Event { id: self.history.count, previous, time_ms: self.now_ms, kind };
            if let Some(events) = &mut self.history.events {
                events.push(event);
            }
        }
        true
    }
}

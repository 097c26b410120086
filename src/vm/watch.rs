//! What an execution decides, noted for a person who looks on: rules tried, retriers and catchers that act.
//!
//! Flows in: the instructions of a program that was compiled to be counted or watched. Flows out: counts in a
//! [`Tally`](super::Tally); and, where the history of a watched program is kept, [`Note`]s beside its events. Notes are no
//! events: ids do not count them. It must never change what the execution does, nor what it would have done unwatched.

use super::machine::Execution;
use super::outcome::Failure;
use crate::program::choice::{Comparison, Test};
use crate::program::point::{Instrument, PointKind};
use crate::program::{PathId, PointId, Program, Root, StateId, TestId};

/// Something that an execution has decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The id of the event that had happened last; in a child its own until the children are joined.
    pub after: u32,
    /// The event that the next one of the chain will point at.
    pub previous: u32,
    /// The clock.
    pub time_ms: i64,
    /// The state.
    pub state: StateId,
    /// What was decided.
    pub what: NoteKind,
}

/// What an execution decides.
#[derive(Clone, Debug, PartialEq)]
pub enum NoteKind {
    /// It has come by a place: a rule that is tried, a rule that decides, a catcher.
    Point(PointId),
    /// It compares; the values as compact JSON, where there are any.
    Tested {
        /// The comparison.
        test: TestId,
        /// What Variable finds.
        value: Option<String>,
        /// What the comparator's own path finds, if it has one.
        other: Option<String>,
        /// Whether it holds; nothing, if looking fails the state.
        holds: Option<bool>,
    },
    /// It tries the state again.
    Retried {
        /// The retrier's index.
        retrier: usize,
        /// How often the retrier has acted in this visit, this time included.
        count: u32,
        /// The error that it answers.
        error: Option<String>,
        /// Milliseconds until the state is tried again.
        delay_ms: i64,
    },
    /// A catcher takes an error.
    Caught {
        /// The catcher's index.
        catcher: usize,
        /// The error.
        error: Option<String>,
    },
}

/// The notes of one execution, where somebody looks on.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub list: Vec<Note>,
}

/// Room for notes, if the history is kept and the program was compiled to be watched.
pub(super) fn notes_of(program: &Program, history: bool) -> Option<Box<Notes>> {
    (history && program.instrument() == Instrument::Watch).then(Box::default)
}

impl<'a> Execution<'a> {
    /// The notes so far, if they were taken.
    pub fn take_notes(&mut self) -> Vec<Note> {
        self.history.notes.take().map_or_else(Vec::new, |notes| notes.list)
    }

    /// Comes by a place that is counted.
    pub(super) fn count(&mut self, id: PointId) {
        let program = self.program;
        let point = program.point(id);
        if let Some(tally) = self.tally {
            tally.come_by(id, point);
        }
        if matches!(point.kind, PointKind::Tried(_) | PointKind::Rule(_) | PointKind::Default) {
            self.note(point.state, |_| NoteKind::Point(id));
        }
    }

    /// Notes what a comparison will see.
    pub(super) fn watch(&mut self, id: TestId) {
        let Some(state) = self.visit.state.filter(|_| self.history.notes.is_some()) else { return };
        let test: &'a Test = self.program.test(id);
        let value = self.seen(test.from, test.path);
        let other = match &test.comparison {
            Comparison::Against(_, _, root, path, _) => self.seen(*root, *path),
            _ => None,
        };
        let holds = self.holds(id).ok();
        self.note(state, |_| NoteKind::Tested { test: id, value, other, holds });
    }

    /// Notes that a retrier lets the state be tried again.
    pub(super) fn note_retry(&mut self, state: StateId, retrier: usize, used: u32, delay_ms: i64, failure: &Failure) {
        let error = failure.error.map(str::to_owned);
        self.note(state, |_| NoteKind::Retried { retrier, count: used.saturating_add(1), error, delay_ms });
    }

    /// Notes that a catcher takes an error.
    pub(super) fn note_catch(&mut self, state: StateId, catcher: usize, failure: &Failure) {
        self.note(state, |_| NoteKind::Caught { catcher, error: failure.error.map(str::to_owned) });
    }

    fn note(&mut self, state: StateId, what: impl FnOnce(&mut Self) -> NoteKind) {
        if self.quiet || self.history.notes.is_none() {
            return;
        }
        let what = what(self);
        let (after, previous, time_ms) = (self.history.count, self.history.previous, self.now_ms);
        if let Some(notes) = &mut self.history.notes {
            notes.list.push(Note { after, previous, time_ms, state, what });
        }
    }

    fn seen(&mut self, from: Root, path: PathId) -> Option<String> {
        self.look_up(from, path, false).ok().map(|value| value.to_json())
    }
}

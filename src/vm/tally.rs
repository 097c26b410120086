//! Counts of what executions went through, kept by whoever drives them: one tally a thread, added up at the end.
//!
//! It must never cost more than an addition, and never decide anything.

use crate::program::{Program, StateId};
use std::cell::Cell;

/// Counts over many executions of one program.
#[derive(Debug, Default)]
pub struct Tally {
    entered: Vec<Cell<u64>>,
    /// What went wrong, by state: apart from `entered`, which is all that most executions touch.
    troubles: Vec<Cell<Troubles>>,
    retries: Cell<u64>,
    caught: Cell<u64>,
}

/// What went wrong in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Troubles {
    /// How often it failed for good: nothing tried it again or caught the error.
    pub failed: u64,
    /// How often a limit ended an execution there.
    pub timed_out: u64,
    /// How often it was tried again.
    pub retries: u64,
    /// How often one of its Catchers took an error.
    pub caught: u64,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(program: &Program) -> Tally {
        let states = program.states().len();
        Tally {
            entered: vec![Cell::new(0); states],
            troubles: vec![Cell::new(Troubles::default()); states],
            ..Tally::default()
        }
    }

    /// Counts that were written down before: of each state in the order of the program's states, how often it was entered
    /// and what went wrong there; of retries, of errors that were caught.
    pub fn restored(entered: Vec<u64>, troubles: Vec<Troubles>, retries: u64, caught: u64) -> Tally {
        let entered = entered.into_iter().map(Cell::new).collect();
        let troubles = troubles.into_iter().map(Cell::new).collect();
        Tally { entered, troubles, retries: Cell::new(retries), caught: Cell::new(caught) }
    }

    /// How often each state was entered, in the order of the program's states.
    pub fn entered(&self) -> impl Iterator<Item = u64> + '_ {
        self.entered.iter().map(Cell::get)
    }

    /// Whether a state has been entered.
    pub fn has_entered(&self, state: usize) -> bool {
        self.entered.get(state).is_some_and(|count| count.get() > 0)
    }

    /// What went wrong in each state, in the order of the program's states.
    pub fn troubles(&self) -> impl Iterator<Item = Troubles> + '_ {
        self.troubles.iter().map(Cell::get)
    }

    /// How often a state was tried again.
    pub fn retries(&self) -> u64 {
        self.retries.get()
    }

    /// How often a Catcher took an error.
    pub fn caught(&self) -> u64 {
        self.caught.get()
    }

    /// Adds another tally of the same program.
    pub fn add(&self, other: &Tally) {
        for (mine, theirs) in self.entered.iter().zip(&other.entered) {
            mine.set(mine.get() + theirs.get());
        }
        for (mine, theirs) in self.troubles.iter().zip(&other.troubles) {
            let (sum, more) = (mine.get(), theirs.get());
            mine.set(Troubles {
                failed: sum.failed + more.failed,
                timed_out: sum.timed_out + more.timed_out,
                retries: sum.retries + more.retries,
                caught: sum.caught + more.caught,
            });
        }
        self.retries.set(self.retries.get() + other.retries.get());
        self.caught.set(self.caught.get() + other.caught.get());
    }

    /// Counts a state that many executions have entered.
    pub fn enter_many(&self, state: StateId, times: u64) {
        if let Some(count) = self.entered.get(state.index()) {
            count.set(count.get() + times);
        }
    }

    /// Counts a state that many executions have failed in.
    pub fn fail_many(&self, state: StateId, times: u64) {
        self.trouble(state, |counts| counts.failed += times);
    }

    pub(super) fn enter(&self, state: StateId) {
        if let Some(count) = self.entered.get(state.index()) {
            count.set(count.get() + 1);
        }
    }

    #[cold]
    pub(super) fn retry(&self, state: StateId) {
        self.retries.set(self.retries.get() + 1);
        self.trouble(state, |counts| counts.retries += 1);
    }

    #[cold]
    pub(super) fn catch(&self, state: StateId) {
        self.caught.set(self.caught.get() + 1);
        self.trouble(state, |counts| counts.caught += 1);
    }

    #[cold]
    pub(super) fn fail(&self, state: StateId) {
        self.trouble(state, |counts| counts.failed += 1);
    }

    #[cold]
    pub(super) fn time_out(&self, state: StateId) {
        self.trouble(state, |counts| counts.timed_out += 1);
    }

    fn trouble(&self, state: StateId, count: impl FnOnce(&mut Troubles)) {
        if let Some(cell) = self.troubles.get(state.index()) {
            let mut counts = cell.get();
            count(&mut counts);
            cell.set(counts);
        }
    }
}

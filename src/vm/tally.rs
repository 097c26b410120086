//! Counts of what executions went through, kept by whoever drives them: one tally a thread, added up at the end.
//!
//! It must never cost more than an addition, and never decide anything.

use crate::program::{Program, StateId};
use std::cell::Cell;

/// Counts over many executions of one program.
#[derive(Debug, Default)]
pub struct Tally {
    entered: Vec<Cell<u64>>,
    retries: Cell<u64>,
    caught: Cell<u64>,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(program: &Program) -> Tally {
        Tally { entered: vec![Cell::new(0); program.states().len()], ..Tally::default() }
    }

    /// Counts that were written down before: of each state in the order of the program's states, of retries, of errors
    /// that were caught.
    pub fn restored(entered: Vec<u64>, retries: u64, caught: u64) -> Tally {
        let entered = entered.into_iter().map(Cell::new).collect();
        Tally { entered, retries: Cell::new(retries), caught: Cell::new(caught) }
    }

    /// How often each state was entered, in the order of the program's states.
    pub fn entered(&self) -> impl Iterator<Item = u64> + '_ {
        self.entered.iter().map(Cell::get)
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
        self.retries.set(self.retries.get() + other.retries.get());
        self.caught.set(self.caught.get() + other.caught.get());
    }

    /// Counts a state that many executions have entered.
    pub fn enter_many(&self, state: StateId, times: u64) {
        if let Some(count) = self.entered.get(state.index()) {
            count.set(count.get() + times);
        }
    }

    pub(super) fn enter(&self, state: StateId) {
        if let Some(count) = self.entered.get(state.index()) {
            count.set(count.get() + 1);
        }
    }

    pub(super) fn retry(&self) {
        self.retries.set(self.retries.get() + 1);
    }

    pub(super) fn catch(&self) {
        self.caught.set(self.caught.get() + 1);
    }
}

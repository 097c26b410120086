//! Counts of what executions went through, kept by whoever drives them: one tally a thread, added up at the end.
//!
//! It must never cost more than an addition where nothing special was asked for, and never decide anything. What time it
//! is it learns from a clock that it was given ([`Tally::timed`]).

use crate::program::point::{Point, PointKind, Trail};
use crate::program::{PointId, Program, StateId};
use std::cell::Cell;

/// Counts over many executions of one program.
#[derive(Debug, Default)]
pub struct Tally {
    entered: Vec<Cell<u64>>,
    /// What went wrong, by state: apart from `entered`, which is all that most executions touch.
    troubles: Vec<Cell<Troubles>>,
    retries: Cell<u64>,
    caught: Cell<u64>,
    /// How often an instrumented program came by each of its points.
    points: Vec<Cell<u64>>,
    trail: Cell<Trail>,
    meter: Option<Meter>,
}

/// Time by state.
#[derive(Debug)]
struct Meter {
    clock: fn() -> u64,
    /// The state that time is being spent in, and since when.
    at: Cell<Option<StateId>>,
    since_ns: Cell<u64>,
    spent_ns: Vec<Cell<u64>>,
}

/// What went wrong in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Troubles {
    /// How often it failed for good: nothing tried it again or caught the error.
    pub failed: u64,
    /// How often a limit ended an execution there.
    pub timed_out: u64,
    /// How often it was tried again.
    pub retries: u64,
    /// How often one of its Catchers took an error and led on: a visit either fails or is caught, never both.
    pub caught: u64,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(program: &Program) -> Tally {
        let zeros = |count: usize| vec![Cell::new(0); count];
        let states = program.states().len();
        let troubles = vec![Cell::new(Troubles::default()); states];
        Tally { entered: zeros(states), troubles, points: zeros(program.points().len()), ..Tally::default() }
    }

    /// Nothing counted yet; a program that counts the states it enters has their time taken too, by a clock that gives
    /// nanoseconds. A state's time includes its functions and, for a Map or Parallel, not its children's states.
    pub fn timed(program: &Program, clock: fn() -> u64) -> Tally {
        let spent_ns = vec![Cell::new(0); program.states().len()];
        let meter = Meter { clock, at: Cell::new(None), since_ns: Cell::new(0), spent_ns };
        Tally { meter: Some(meter), ..Tally::new(program) }
    }

    /// Nothing counted yet, and times taken if there is a clock.
    pub fn with(program: &Program, clock: Option<fn() -> u64>) -> Tally {
        clock.map_or_else(|| Tally::new(program), |clock| Tally::timed(program, clock))
    }

    /// The clock that times are taken by, if any is.
    pub fn clock(&self) -> Option<fn() -> u64> {
        self.meter.as_ref().map(|meter| meter.clock)
    }

    /// Counts that were written down before: of each state in the order of the program's states, how often it was entered
    /// and what went wrong there; of retries, of errors that were caught.
    pub fn restored(entered: Vec<u64>, troubles: Vec<Troubles>, retries: u64, caught: u64) -> Tally {
        let entered = entered.into_iter().map(Cell::new).collect();
        let troubles = troubles.into_iter().map(Cell::new).collect();
        Tally { entered, troubles, retries: Cell::new(retries), caught: Cell::new(caught), ..Tally::default() }
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

    /// How often an instrumented program came by each of its [points](Program::points), in their order.
    pub fn points(&self) -> impl Iterator<Item = u64> + '_ {
        self.points.iter().map(Cell::get)
    }

    /// The way that a program which counts the states it enters has taken since this was last asked.
    pub fn take_trail(&self) -> Trail {
        self.trail.take()
    }

    /// How much time was spent in each state, in nanoseconds; nothing without a clock.
    pub fn spent_ns(&self) -> impl Iterator<Item = u64> + '_ {
        self.meter.iter().flat_map(|meter| meter.spent_ns.iter().map(Cell::get))
    }

    /// The execution at hand is over: the time that goes by from here is no state's.
    pub fn stop_clock(&self) {
        if let Some(meter) = &self.meter {
            meter.turn(None);
        }
    }

    /// Adds another tally of the same program, whose executions came after this one's.
    pub fn add(&self, other: &Tally) {
        let pairs = |mine: &[Cell<u64>], theirs: &[Cell<u64>]| {
            for (mine, theirs) in mine.iter().zip(theirs) {
                mine.set(mine.get() + theirs.get());
            }
        };
        pairs(&self.entered, &other.entered);
        pairs(&self.points, &other.points);
        if let (Some(mine), Some(theirs)) = (&self.meter, &other.meter) {
            pairs(&mine.spent_ns, &theirs.spent_ns);
        }
        self.trail.set(self.trail.get().then(other.trail.get()));
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

    /// Counts a state that has been tried again in many executions.
    pub fn retry_many(&self, state: StateId, times: u64) {
        self.retries.set(self.retries.get() + times);
        self.trouble(state, |counts| counts.retries += times);
    }

    /// Counts a state whose Catchers have taken the errors of many executions.
    pub fn catch_many(&self, state: StateId, times: u64) {
        self.caught.set(self.caught.get() + times);
        self.trouble(state, |counts| counts.caught += times);
    }

    pub(super) fn enter(&self, state: StateId) {
        if let Some(count) = self.entered.get(state.index()) {
            count.set(count.get() + 1);
        }
    }

    #[cold]
    pub(super) fn retry(&self, state: StateId) {
        self.retry_many(state, 1);
    }

    #[cold]
    pub(super) fn catch(&self, state: StateId) {
        self.catch_many(state, 1);
    }

    #[cold]
    pub(super) fn fail(&self, state: StateId, in_catcher: bool) {
        self.trouble(state, |counts| {
            counts.failed += 1;
            counts.caught = counts.caught.saturating_sub(u64::from(in_catcher));
        });
    }

    #[cold]
    pub(super) fn time_out(tally: Option<&Tally>, state: Option<StateId>) {
        if let (Some(tally), Some(state)) = (tally, state) {
            tally.trouble(state, |counts| counts.timed_out += 1);
        }
    }

    fn trouble(&self, state: StateId, count: impl FnOnce(&mut Troubles)) {
        if let Some(cell) = self.troubles.get(state.index()) {
            let mut counts = cell.get();
            count(&mut counts);
            cell.set(counts);
        }
    }

    pub(super) fn come_by(&self, id: PointId, point: &Point) {
        if let Some(count) = self.points.get(id.index()) {
            count.set(count.get() + 1);
        }
        if point.kind == PointKind::Entered {
            self.trail.set(self.trail.get().then(Trail::step(point.step)));
            if let Some(meter) = &self.meter {
                meter.turn(Some(point.state));
            }
        }
    }
}

impl Meter {
    /// Gives the time since the last turn to the state that had it, and the time from now on to another.
    fn turn(&self, to: Option<StateId>) {
        let now_ns = (self.clock)();
        if let Some(spent) = self.at.get().and_then(|state| self.spent_ns.get(state.index())) {
            spent.set(spent.get() + now_ns.saturating_sub(self.since_ns.get()));
        }
        self.since_ns.set(now_ns);
        self.at.set(to);
    }
}

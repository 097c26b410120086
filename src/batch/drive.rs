//! Drives one execution to its end: answers its tasks, lets its clock move, runs its children.
//!
//! This is the whole driver for virtual time, where waiting takes none: handlers are called on the spot, without queues.
//! Children run one after the other in their parent's arena, unless whoever calls offers to run independent ones at the
//! same time ([`Helpers`]). An execution whose arena fills up goes on over fresh memory; a child whose parent's is full
//! already begins there. It must never let the outcome depend on any of that.

use crate::handler::Bound;
use crate::handler::mock::Counters;
use crate::program::Program;
use crate::value::Arena;
use crate::vm::join::FinishedElsewhere;
use crate::vm::shortcut::{Company, Nobody, PartOfMap};
use crate::vm::{Children, Execution, Join, Next, Outcome, Parked, Request, Settings, Step, Tally};

/// Somebody who can run several children at a time.
pub trait Helpers: Company {
    /// Runs the children, counting them in `tally`, and gives what they came to; nothing, if it is not worth it now. As long as
    /// there are calls that are answered as before, from what this thread knows, nobody else runs any.
    fn run<'a>(
        &self,
        children: &'a Children<'a>,
        tally: Option<&'a Tally>,
        arena: &'a Arena,
        counters: &mut Counters,
    ) -> Option<Join<'a>>;
}

/// Nobody helps: children run one after the other.
pub struct Alone;

impl Company for Alone {
    fn has_time(&self) -> bool {
        false
    }

    fn share(&self, parts: &mut [Option<PartOfMap>], part: &(dyn Fn(usize, &Arena) -> Option<PartOfMap> + Sync)) {
        Nobody.share(parts, part);
    }
}

impl Helpers for Alone {
    fn run<'a>(&self, _: &'a Children<'a>, _: Option<&'a Tally>, _: &'a Arena, _: &mut Counters) -> Option<Join<'a>> {
        None
    }
}

/// Runs an execution to its end in virtual time, in one arena however full it becomes.
pub fn drive<'a>(
    execution: &mut Execution<'a>,
    bound: &Bound,
    counters: &mut Counters,
    helpers: &dyn Helpers,
) -> Outcome<'a> {
    loop {
        if let Some(outcome) = drive_while_roomy(execution, bound, counters, helpers) {
            return outcome;
        }
    }
}

/// The same, until the arena has filled up: then there is no outcome, and the execution is to be moved.
pub(super) fn drive_while_roomy<'a>(
    execution: &mut Execution<'a>,
    bound: &Bound,
    counters: &mut Counters,
    helpers: &dyn Helpers,
) -> Option<Outcome<'a>> {
    loop {
        match execution.run() {
            Step::Done(outcome) => return Some(outcome),
            Step::Request(Request::Task(request)) => {
                let reply = bound.answer(request, counters);
                execution.answer(reply);
            }
            Step::Request(Request::WaitUntil(_)) => execution.wake(),
            Step::Request(Request::Children(children)) => {
                let arena = execution.arena();
                // Where invocations are counted in the order of the children, those cannot run side by side.
                let alone = bound.counts();
                let helped = if alone { None } else { helpers.run(children, execution.tally(), arena, counters) };
                let join = helped.unwrap_or_else(|| {
                    let (mut join, mut spare) = (Join::new(children), Spare::default());
                    while next_child(&mut join, execution.tally(), arena, &mut spare, bound, counters, helpers)
                        .is_some()
                    {}
                    join
                });
                execution.join(join);
            }
            Step::Request(Request::Room) => return None,
        }
    }
}

/// An execution that is to go on over fresh memory.
pub(super) struct Moved<'r> {
    pub parked: Parked,
    pub program: &'r Program,
    pub settings: &'r Settings,
    pub tally: Option<&'r Tally>,
}

impl<'a> Moved<'a> {
    fn of(execution: Execution<'a>) -> Moved<'a> {
        let (program, settings, tally) = (execution.program(), execution.settings(), execution.tally());
        Moved { parked: execution.leave_memory(), program, settings, tally }
    }
}

/// Runs an execution to its end in virtual time, moving it to fresh memory whenever its arena fills up; `end` takes what it
/// came to before the last of that memory is given back.
pub fn drive_moving<T>(
    mut execution: Execution,
    bound: &Bound,
    counters: &mut Counters,
    helpers: &dyn Helpers,
    end: impl for<'x> FnOnce(&mut Execution<'x>, Outcome<'x>, &'x Arena) -> T,
) -> T {
    match drive_while_roomy(&mut execution, bound, counters, helpers) {
        Some(outcome) => {
            let arena = execution.arena();
            end(&mut execution, outcome, arena)
        }
        None => drive_moved(Moved::of(execution), bound, counters, helpers, end),
    }
}

/// Runs an execution that its arena has become too small for to its end, over fresh memory each time that this fills up;
/// `end` takes what it came to before the last of it is given back.
pub(super) fn drive_moved<T>(
    moved: Moved,
    bound: &Bound,
    counters: &mut Counters,
    helpers: &dyn Helpers,
    end: impl for<'x> FnOnce(&mut Execution<'x>, Outcome<'x>, &'x Arena) -> T,
) -> T {
    let mut parked = moved.parked;
    loop {
        let arena = Arena::new();
        let mut execution = parked.resume(moved.program, moved.settings, &arena);
        if let Some(tally) = moved.tally {
            execution.count_in(tally);
        }
        if let Some(outcome) = drive_while_roomy(&mut execution, bound, counters, helpers) {
            return end(&mut execution, outcome, &arena);
        }
        parked = execution.leave_memory();
    }
}

/// Memory for children whose parent's is full: for one after the other.
#[derive(Default)]
pub(super) struct Spare(Arena);

/// When a child came to its end, and what it left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub end_ms: i64,
    pub failed: bool,
    pub steps_left: u64,
}

/// Runs the next child and takes in what it came to; nothing if there was none.
pub(super) fn next_child<'a>(
    join: &mut Join<'a>,
    tally: Option<&'a Tally>,
    arena: &'a Arena,
    spare: &mut Spare,
    bound: &Bound,
    counters: &mut Counters,
    helpers: &dyn Helpers,
) -> Option<Ended> {
    let next = join.next_child()?;
    let children = join.children();
    let item = if bound.counts() { children.item(next) } else { None };
    item.into_iter().for_each(|item| counters.enter(item));
    let ended = run_next(next, join, tally, arena, spare, bound, counters, helpers);
    item.into_iter().for_each(|_| counters.leave());
    Some(ended)
}

#[allow(clippy::too_many_arguments)]
fn run_next<'a>(
    next: Next,
    join: &mut Join<'a>,
    tally: Option<&'a Tally>,
    arena: &'a Arena,
    spare: &mut Spare,
    bound: &Bound,
    counters: &mut Counters,
    helpers: &dyn Helpers,
) -> Ended {
    let children = join.children();
    let crowded_bytes = children.settings().limits.crowded_bytes;
    if arena.allocated_bytes() > crowded_bytes {
        let child = children.child(next, &spare.0);
        let (ended, finished) = run_apart(child, tally, bound, counters, helpers);
        spare.0.reset();
        if spare.0.allocated_bytes() > crowded_bytes {
            spare.0 = Arena::new();
        }
        join.add_owned(finished, arena);
        return ended;
    }
    let mut child = children.child(next, arena);
    if let Some(tally) = tally {
        child.count_in(tally);
    }
    match drive_while_roomy(&mut child, bound, counters, helpers) {
        Some(outcome) => {
            let ended = Ended::of(&child, &outcome);
            join.add(child.finish(outcome));
            ended
        }
        None => {
            let (ended, finished) = drive_moved(Moved::of(child), bound, counters, helpers, Ended::apart);
            join.add_owned(finished, arena);
            ended
        }
    }
}

/// Runs a child in memory that is about to be given back.
pub(super) fn run_apart<'c>(
    mut child: Execution<'c>,
    tally: Option<&'c Tally>,
    bound: &Bound,
    counters: &mut Counters,
    helpers: &dyn Helpers,
) -> (Ended, FinishedElsewhere) {
    if let Some(tally) = tally {
        child.count_in(tally);
    }
    drive_moving(child, bound, counters, helpers, Ended::apart)
}

impl Ended {
    fn of(child: &Execution, outcome: &Outcome) -> Ended {
        Ended { end_ms: child.now_ms(), failed: matches!(outcome, Outcome::Failed(_)), steps_left: child.steps_left() }
    }

    /// What a child came to, with nothing borrowed from its memory.
    fn apart<'x>(child: &mut Execution<'x>, outcome: Outcome<'x>, _: &'x Arena) -> (Ended, FinishedElsewhere) {
        (Ended::of(child, &outcome), child.finish(outcome).into_owned())
    }
}

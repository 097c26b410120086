//! Drives one execution to its end: answers its tasks, lets its clock move, runs its children.
//!
//! This is the whole driver for virtual time, where waiting takes none: handlers are called on the spot, without queues.
//! Children run one after the other in their parent's arena, unless whoever calls offers to run independent ones at the
//! same time ([`Helpers`]).

use crate::handler::Bound;
use crate::handler::mock::Counters;
use crate::value::Arena;
use crate::vm::{Children, Execution, Join, Outcome, Request, Step, Tally};

/// Somebody who can run several children at a time.
pub trait Helpers {
    /// Runs the children, counting them in `tally`, and gives what they came to; nothing, if it is not worth it now.
    fn run<'a>(&self, children: &'a Children<'a>, tally: Option<&'a Tally>, arena: &'a Arena) -> Option<Join<'a>>;
}

/// Nobody helps: children run one after the other.
pub struct Alone;

impl Helpers for Alone {
    fn run<'a>(&self, _: &'a Children<'a>, _: Option<&'a Tally>, _: &'a Arena) -> Option<Join<'a>> {
        None
    }
}

/// Runs an execution to its end in virtual time.
pub fn drive<'a>(
    execution: &mut Execution<'a>,
    bound: &Bound,
    counters: &mut Counters,
    helpers: &dyn Helpers,
) -> Outcome<'a> {
    loop {
        match execution.run() {
            Step::Done(outcome) => return outcome,
            Step::Request(Request::Task(request)) => {
                let reply = bound.answer(request, counters);
                execution.answer(reply);
            }
            Step::Request(Request::WaitUntil(_)) => execution.wake(),
            Step::Request(Request::Children(children)) => {
                let arena = execution.arena();
                // Invocations are counted in the order of the children, so those cannot run side by side.
                let helped = if bound.counts() { None } else { helpers.run(children, execution.tally(), arena) };
                let join = helped.unwrap_or_else(|| {
                    let mut join = Join::new(children);
                    while let Some(next) = join.next_child() {
                        let mut child = children.child(next, arena);
                        if let Some(tally) = execution.tally() {
                            child.count_in(tally);
                        }
                        let outcome = drive(&mut child, bound, counters, helpers);
                        join.add(child.finish(outcome));
                    }
                    join
                });
                execution.join(join);
            }
        }
    }
}

//! Drives one execution to its end: answers its tasks, lets its clock move, runs its children.
//!
//! This is the whole driver for virtual time, where waiting takes none: handlers are called on the spot, without queues.
//! Children run one after the other in their parent's arena, unless whoever calls offers to run independent ones at the
//! same time ([`Helpers`]).

use crate::handler::Bound;
use crate::handler::mock::Counters;
use crate::vm::{Children, Execution, Join, Outcome, Request, Step};

/// Somebody who can run several children at a time.
pub trait Helpers {
    /// Runs the children and gives what they came to, or gives them back untouched if it is not worth it now.
    ///
    /// # Errors
    ///
    /// The children, untouched.
    fn run<'a>(&self, children: Children<'a>, arena: &'a crate::value::Arena) -> Result<Join<'a>, Children<'a>>;
}

/// Nobody helps: children run one after the other.
pub struct Alone;

impl Helpers for Alone {
    fn run<'a>(&self, children: Children<'a>, _: &'a crate::value::Arena) -> Result<Join<'a>, Children<'a>> {
        Err(children)
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
                let reply = bound.answer(&request, counters);
                execution.answer(reply);
            }
            Step::Request(Request::WaitUntil(_)) => execution.wake(),
            Step::Request(Request::Children(children)) => {
                let arena = execution.arena();
                // Invocations are counted in the order of the children, so those cannot run side by side.
                let offer = if bound.counts() { Err(children) } else { helpers.run(children, arena) };
                let join = match offer {
                    Ok(join) => join,
                    Err(children) => {
                        let mut join = Join::new(children);
                        while let Some(next) = join.next() {
                            let mut child = join.children().child(next, arena);
                            if let Some(tally) = execution.tally() {
                                child.count_in(tally);
                            }
                            let outcome = drive(&mut child, bound, counters, helpers);
                            join.add(child.finish(outcome));
                        }
                        join
                    }
                };
                execution.join(join);
            }
        }
    }
}

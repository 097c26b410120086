//! Functions that are called on the way.
//!
//! Flows in: what a state gives its task. Flows out: what the function returned, or where the error that it raised leads.
//! All replies are kept: where the machine has to run the execution after all, whoever drives it answers the same calls by
//! them ([`Calls::given`]), so that no function is called twice. It must never call one that the machine would not call.

use super::{REGISTER_DEPTH_MAX, Walk};
use crate::program::shortcut::{Ask, ERROR_BYTES_MAX, NodeId, Offspring, Operand};
use crate::program::state;
use crate::value::scan::LineView;
use crate::value::{Arena, Value};
use crate::vm::request::{Calling, Reply, TaskRequest};
use crate::vm::seed::{Seed, Stream};

/// Those who do tasks.
pub trait Answers {
    /// Does a task at once; nothing, if that is another's matter.
    fn answer<'a>(&self, request: &'a TaskRequest<'a>) -> Option<Reply<'a>>;
}

/// The calls that an execution has made, each with its reply; the last one first.
#[derive(Clone, Copy, Debug, Default)]
pub struct GivenReplies<'a>(Option<&'a Given<'a>>);

#[derive(Debug)]
struct Given<'a> {
    request: &'a TaskRequest<'a>,
    reply: Reply<'a>,
    before: Option<&'a Given<'a>>,
}

impl<'a> GivenReplies<'a> {
    /// Whether no call has been made.
    pub fn is_empty(self) -> bool {
        self.0.is_none()
    }
}

impl<'a> Iterator for GivenReplies<'a> {
    type Item = (&'a TaskRequest<'a>, Reply<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let Given { request, reply, before } = self.0?;
        self.0 = *before;
        Some((request, *reply))
    }
}

/// What an execution that is told needs for the calls that it makes, and what they came to.
pub struct Calls<'c, 'a> {
    answers: Option<&'c dyn Answers>,
    /// Who the execution is, or the child of it at hand.
    pub(super) who: Stream<'a>,
    root: Stream<'a>,
    given: GivenReplies<'a>,
    view: Option<LineView<'a>>,
    /// The same, once a call has been made.
    placed: Option<&'a LineView<'a>>,
}

impl<'c, 'a> Calls<'c, 'a> {
    /// Nobody does any task: what calls, the machine has to run.
    pub fn none() -> Calls<'c, 'a> {
        let who = Seed::NOBODY.into();
        Calls { answers: None, who, root: who, given: GivenReplies(None), view: None, placed: None }
    }

    /// Calls of the execution with this stream of numbers, of which nothing has been drawn; its input is that line.
    #[inline(always)]
    pub(crate) fn of(answers: &'c dyn Answers, who: Stream<'a>, view: LineView<'a>) -> Calls<'c, 'a> {
        Calls { answers: Some(answers), who, root: who, given: GivenReplies(None), view: Some(view), placed: None }
    }

    /// The calls that have been made, each with its reply.
    pub fn given(&self) -> GivenReplies<'a> {
        self.given
    }

    /// The event's line, for all calls.
    #[inline(always)]
    fn view(&mut self, arena: &'a Arena) -> Option<&'a LineView<'a>> {
        if self.placed.is_none() {
            self.placed = self.view.map(|view| &*arena.alloc(view));
        }
        self.placed
    }

    /// The stream of a parent, to go on with; it is worked out now, since its children's derive from it.
    pub(super) fn parent(&mut self) -> Seed {
        *self.who.known()
    }

    /// From here on it is about this child.
    pub(super) fn enter(&mut self, parent: Seed, child: Offspring) {
        let mut fork = parent.after(child.draws).child(u64::from(child.fork.0));
        self.who = fork.child(u64::from(child.index)).into();
    }

    /// It is about the parent again, which is known by its key.
    pub(super) fn leave(&mut self, key: u64) {
        let root = *self.root.known();
        self.who = if root.key() == key { root.into() } else { Seed::of_key(key).into() };
    }
}

impl<'p: 'a, 'a> Walk<'p, '_, '_, 'a> {
    /// Calls a function; the next node, or nothing if the machine has to go on from its reply.
    #[inline(never)]
    pub(super) fn ask(&mut self, ask: &'p Ask) -> Option<NodeId> {
        let answers = self.calls.answers?;
        let (program, arena) = (self.shortcuts.program, self.arena);
        let payload = match ask.payload {
            Operand::Input => Value::raw(arena, self.input.text(), self.input.form),
            other => self.value(other),
        };
        let calling = Calling {
            arguments: if ask.arguments == ask.payload { payload } else { self.value(ask.arguments) },
            payload,
            retry_count: ask.retry_count,
            now_ms: self.now_ms,
            seed: self.calls.who.after(ask.draws),
            calls: ask.calls,
            rest: None,
            view: self.calls.view(arena),
        };
        let request = &*arena.alloc(TaskRequest::of(program, ask.task, calling, arena));
        let reply = answers.answer(request)?;
        let before = self.calls.given.0;
        self.calls.given = GivenReplies(Some(arena.alloc(Given { request, reply, before })));
        // Memory that is given back on the way only the machine has.
        if arena.allocated_bytes() > self.shortcuts.crowded_bytes {
            return None;
        }
        match reply {
            Reply::Returned(value) => {
                // So that what the compiler has counted with holds.
                if self.keep(ask.register, value) > REGISTER_DEPTH_MAX {
                    return None;
                }
                Some(ask.then)
            }
            Reply::Raised { error, message } if error.len() <= ERROR_BYTES_MAX => {
                let info = program.state(program.task(ask.task).state);
                let retrier = info.retriers.iter().position(|retrier| state::matches(&retrier.errors, Some(error)));
                if let Some(Some(to)) = retrier.and_then(|n| ask.retriers.get(n)) {
                    return Some(*to);
                }
                let catcher = info.catchers.iter().position(|catcher| state::matches(&catcher.errors, Some(error)))?;
                self.keep(ask.register + 1, Value::text(arena, error));
                self.keep(ask.register + 2, Value::text(arena, message));
                ask.catchers.get(catcher).copied()
            }
            _ => None,
        }
    }
}

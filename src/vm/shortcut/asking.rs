//! Functions that are called on the way.
//!
//! Flows in: what a state gives its task. Flows out: what the function returned, or where the error that it raised leads.
//! All replies are kept: where the machine has to run the execution after all, whoever drives it answers the same calls by
//! them ([`Calls::given`]), so that no function is called twice. It must never call one that the machine would not call.

use super::writing::Stencils;
use super::{REGISTER_DEPTH_MAX, Walk};
use crate::program::shortcut::{
    Arguments, Ask, CallSite, ERROR_BYTES_MAX, Members, NodeId, Offspring, Operand, Payload,
};
use crate::program::state;
use crate::value::{Arena, Value};
use crate::vm::request::{self, Answered, Asker, Child, Reply, TaskRequest};
use std::cell::Cell;

/// Those who do tasks.
pub trait Answers {
    /// Does a task at once, and puts down how it ended; no, if that is another's matter.
    fn answer<'a>(&self, request: &'a TaskRequest<'a>, ended: &Cell<Answered<'a>>) -> bool;

    /// The same where what the task comes to may be appended to a text: whether it has been. If not, how it ended is put down, and a
    /// part of a reply may have been appended. Nothing, if it is another's matter.
    fn write<'a>(&self, request: &'a TaskRequest<'a>, out: &mut Vec<u8>, ended: &Cell<Answered<'a>>) -> Option<bool>;
}

/// The calls that an execution has made, each with its reply; the last one first.
#[derive(Clone, Copy, Debug, Default)]
pub struct GivenReplies<'a>(Option<&'a Given<'a>>);

/// A call, and its reply as soon as it has one: both in one place, which is made before the call.
#[derive(Debug)]
pub(super) struct Given<'a> {
    request: TaskRequest<'a>,
    reply: Cell<Answered<'a>>,
    before: Option<&'a Given<'a>>,
}

impl<'a> Given<'a> {
    /// A call that has not been made.
    #[inline(always)]
    pub fn new(request: TaskRequest<'a>, before: GivenReplies<'a>) -> Given<'a> {
        Given { request, reply: Cell::new(Answered::Returned(Value::Null)), before: before.0 }
    }

    /// Makes it; whether what it came to has been appended, or nothing if nobody does it at once.
    #[inline(always)]
    pub fn write(&'a self, answers: &dyn Answers, out: &mut Vec<u8>) -> Option<bool> {
        answers.write(&self.request, out, &self.reply)
    }

    /// It came to that value.
    pub fn returned(&self, value: Value<'a>) {
        self.reply.set(Answered::Returned(value));
    }

    /// How it ended.
    #[inline(always)]
    pub fn reply(&self) -> Answered<'a> {
        self.reply.get()
    }
}

impl<'a> GivenReplies<'a> {
    /// Whether no call has been made.
    pub fn is_empty(self) -> bool {
        self.0.is_none()
    }

    /// One call and no other.
    #[inline(always)]
    pub(super) fn only(given: &'a Given<'a>) -> GivenReplies<'a> {
        GivenReplies(Some(given))
    }

    /// The one that was made last.
    #[inline(always)]
    pub(super) fn last(self) -> Option<&'a Given<'a>> {
        self.0
    }
}

impl<'a> Iterator for GivenReplies<'a> {
    type Item = (&'a TaskRequest<'a>, Reply<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let Given { request, reply, before } = self.0?;
        self.0 = *before;
        Some((request, reply.get().into()))
    }
}

/// Those who do an execution's tasks, and who asks them.
pub(super) type Asked<'c, 'a> = (&'c dyn Answers, &'a Asker<'a>);

/// What an execution that is told needs for the calls that it makes, and what they came to.
pub struct Calls<'c, 'a> {
    pub(super) asked: Option<Asked<'c, 'a>>,
    /// The child at hand, if there is one.
    pub(super) child: Option<&'a Child<'a>>,
    given: GivenReplies<'a>,
    /// How replies have been spelled before.
    pub(super) stencils: Option<&'c Stencils>,
}

impl<'c, 'a> Calls<'c, 'a> {
    /// Nobody does any task: what calls, the machine has to run.
    pub fn none() -> Calls<'c, 'a> {
        Calls { asked: None, child: None, given: GivenReplies(None), stencils: None }
    }

    /// Calls of that execution; if nobody does any task, what calls has to be run.
    #[inline(always)]
    pub(crate) fn of(answers: Option<&'c dyn Answers>, asker: &'a Asker<'a>) -> Calls<'c, 'a> {
        Calls { asked: answers.map(|answers| (answers, asker)), ..Calls::none() }
    }

    /// The same of one execution after the other, whose outputs are [written](super::Told::write_parts) with the same stencils.
    #[inline(always)]
    pub(crate) fn with(self, stencils: &'c Stencils) -> Calls<'c, 'a> {
        Calls { stencils: Some(stencils), ..self }
    }

    /// From here on these have been made.
    pub(crate) fn go_on_from(&mut self, given: GivenReplies<'a>) {
        self.given = given;
    }

    /// The calls that have been made, each with its reply.
    #[inline(always)]
    pub fn given(&self) -> GivenReplies<'a> {
        self.given
    }

    /// Makes a call with these arguments and that payload; what came of it, or nothing if that is for the machine.
    #[inline(always)]
    pub(super) fn make(
        &mut self,
        (answers, asker): Asked<'_, 'a>,
        site: &'a CallSite,
        given: (request::Arguments<'a>, Value<'a>),
        now_ms: i64,
        arena: &'a Arena,
    ) -> Option<&'a Given<'a>> {
        let given = &*arena.alloc(Given::new(asker.request(site, given, now_ms, self.child), self.given));
        if !answers.answer(&given.request, &given.reply) {
            return None;
        }
        self.given = GivenReplies(Some(given));
        Some(given)
    }

    /// From here on it is about a child of that parent, or of the execution. What numbers it draws is worked out for who asks.
    #[inline(always)]
    pub(super) fn enter(&mut self, parent: Option<&'a Child<'a>>, who: Offspring, arena: &'a Arena) {
        self.child = Some(arena.alloc(Child { parent, who }));
    }
}

impl<'p: 'a, 'a> Walk<'p, '_, '_, 'a> {
    /// Calls a function; the next node, or nothing if the machine has to go on from its reply.
    #[inline(never)]
    pub(super) fn ask(&mut self, ask: &'p Ask) -> Option<NodeId> {
        let asked = self.calls.asked?;
        // Each of them apart, so that what is given is put where it is wanted at once.
        let given = match &ask.payload {
            Payload::Object(members) => self.make_built(asked, ask, members)?,
            Payload::Value(Operand::Input) => {
                let input = Value::raw(self.arena, self.input.text(), self.input.form);
                self.make(asked, ask, input)?
            }
            Payload::Value(other) => self.make(asked, ask, self.value(*other))?,
        };
        self.led(ask, given)
    }

    /// Makes a call with an object that is built for it; what came of it.
    #[inline(always)]
    pub(super) fn make_built(
        &mut self,
        asked: Asked<'_, 'a>,
        ask: &'p Ask,
        members: &'p Members,
    ) -> Option<&'a Given<'a>> {
        let (value, size) = self.built(members);
        // As of a value that is kept.
        if size.depth > REGISTER_DEPTH_MAX {
            return None;
        }
        self.make(asked, ask, value)
    }

    /// Makes a call with that; what came of it, or nothing if that is for the machine.
    #[inline(always)]
    pub(super) fn make(
        &mut self,
        (answers, asker): Asked<'_, 'a>,
        ask: &'p Ask,
        payload: Value<'a>,
    ) -> Option<&'a Given<'a>> {
        let arguments = match &ask.arguments {
            Arguments::Payload => request::Arguments::Payload,
            Arguments::Around(members) => request::Arguments::Around(members),
            Arguments::Value(operand) => request::Arguments::Value(self.value(*operand)),
        };
        let given = self.calls.make((answers, asker), &ask.site, (arguments, payload), self.now_ms, self.arena)?;
        // Memory that is given back on the way only the machine has.
        (self.arena.allocated_bytes() <= self.shortcuts.crowded_bytes).then_some(given)
    }

    /// Where a call leads that has been made: the next node, or nothing if the machine has to go on from its reply.
    #[inline(always)]
    pub(super) fn led(&mut self, ask: &'p Ask, given: &'a Given<'a>) -> Option<NodeId> {
        let (program, arena) = (self.shortcuts.program, self.arena);
        // So that what the compiler has counted with holds.
        let is_shallow = |depth: u32| depth <= REGISTER_DEPTH_MAX;
        match given.reply.get() {
            Answered::Object(object) => is_shallow(self.keep(ask.register, Value::Object(object))).then_some(ask.then),
            Answered::Returned(value) => is_shallow(self.keep(ask.register, value)).then_some(ask.then),
            Answered::Otherwise(&Reply::Raised { error, message }) if error.len() <= ERROR_BYTES_MAX => {
                let info = program.state(program.task(ask.site.task).state);
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

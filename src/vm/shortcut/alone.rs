//! Executions that are one call: what the input chooses is given the input, and what it replies is the output.
//!
//! Flows in: an input whose slots a scanner has filled. Flows out: the call, what came of it, the end that it leads to. All of it
//! is done where it is asked for, without a walk: whoever tells one execution after the other keeps what all have in common.
//! An execution whose call comes to anything but an output that fits is walked from there on. It must never make a call that a
//! walk would not make.

use super::asking::{Calls, Given, GivenReplies};
use super::each::Company;
use super::{Answers, Scanned, Shortcuts, Told};
use crate::program::shortcut::{Ask, Node, REGISTER_DEPTH_MAX};
use crate::value::raw::Form;
use crate::value::{Arena, Value};
use crate::vm::Asker;
use crate::vm::request::{self, Answered};

/// The call that an execution is.
#[derive(Clone, Copy, Debug)]
pub struct Alone<'p> {
    ask: &'p Ask,
    /// The end that it leads to, if its reply is an output that fits.
    pub end: usize,
}

/// What came of the call that an execution is.
#[derive(Clone, Copy)]
pub enum Called<'a> {
    /// Nobody does it at once.
    ByNobody,
    /// It has been made and answered.
    Answered(GivenReplies<'a>),
    /// The output has been written.
    Written,
}

impl Alone<'_> {
    /// Where a walk would keep what it replies.
    pub fn register(&self) -> u32 {
        self.ask.register
    }
}

impl<'p> Shortcuts<'p> {
    /// The call that an execution is, if it is nothing else.
    #[inline(always)]
    pub fn alone(&self, input: &Scanned) -> Option<Alone<'p>> {
        if !self.is_within(input) {
            return None;
        }
        let Node::Ask(ask) = &self.shortcut.nodes[self.first_node(input) as usize] else { return None };
        ask.alone().map(|end| Alone { ask, end: end as usize })
    }

    /// Makes the call that an execution is, and appends what it comes to, if that can be done so. Else what has been appended is of
    /// no meaning.
    #[inline(always)]
    pub(crate) fn call<'a>(
        &self,
        alone: Alone<'p>,
        input: &Scanned<'a>,
        (answers, asker): (&dyn Answers, &'a Asker<'a>),
        arena: &'a Arena,
        out: &mut Vec<u8>,
    ) -> Called<'a>
    where
        'p: 'a,
    {
        let payload = Value::raw(arena, asker.input(), input.form);
        let arguments = (request::Arguments::Payload, payload);
        let request = asker.request(&alone.ask.site, arguments, input.now_ms, None);
        let given = &*arena.alloc(Given::new(request, GivenReplies::default()));
        let start = out.len();
        match given.write(answers, out) {
            None => Called::ByNobody,
            Some(true) if (out.len() - start) as u64 <= self.roomy(input.bytes()) => Called::Written,
            Some(true) => {
                // Whatever writes there writes text.
                let text = arena.alloc_str(std::str::from_utf8(&out[start..]).unwrap_or("null"));
                given.returned(Value::raw(arena, text, Form::COMPACT));
                Called::Answered(GivenReplies::only(given))
            }
            Some(false) => Called::Answered(GivenReplies::only(given)),
        }
    }

    /// How the call that an execution is was answered, if that is its output: nothing if more has to be looked at.
    #[inline(always)]
    pub fn output_of<'a>(&self, given: GivenReplies<'a>, input: &Scanned, arena: &Arena) -> Option<Answered<'a>> {
        let answered = given.last()?.reply();
        let size = match answered {
            Answered::Object(object) => Value::Object(object).size(),
            Answered::Returned(value) => value.size(),
            Answered::Otherwise(_) => return None,
        };
        // As in a walk: of a reply that fits with room to spare it has not to be known what else there is.
        let fits = size.bytes_max <= self.roomy(input.bytes()) && size.depth <= REGISTER_DEPTH_MAX;
        (fits && arena.allocated_bytes() <= self.crowded_bytes).then_some(answered)
    }

    /// As [`Shortcuts::tell`], from where the call that it is has been made.
    pub fn go_on<'a>(
        &self,
        alone: Alone<'p>,
        input: &Scanned<'a>,
        arena: &'a Arena,
        company: &dyn Company,
        calls: &mut Calls<'_, 'a>,
    ) -> Option<Told<'p, 'a>>
    where
        'p: 'a,
    {
        let given = calls.given().last().filter(|_| arena.allocated_bytes() <= self.crowded_bytes)?;
        let mut walk = self.walk(input, arena, company, calls);
        let node = walk.led(alone.ask, given)?;
        self.told(walk, node)
    }
}

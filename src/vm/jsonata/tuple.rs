//! Tuples: items with the variables that `@`, `#` and `%` bind on the way to them.
//!
//! A tuple is an object that no path can name: its item under [`ITEM`], beside it one member a variable. A stream of
//! tuples is an array with a flag, which steps, predicates, sorting and grouping know.

use super::Evaluated;
use super::frame::{Frame, Walk};
use super::machine::{Flow, Machine};
use super::query::{self, List};
use crate::program::expression::At;
use crate::value::{Arena, Flags, Member, Value};

/// The member that holds a tuple's item.
pub(super) const ITEM: &str = "@";

/// A step that makes tuples of tuples.
pub(super) struct TupleStepping<'a> {
    walk: Walk<'a>,
    step: u32,
}

/// One tuple for each element.
pub(super) fn stream<'a>(value: Value<'a>, first: bool, arena: &'a Arena) -> Value<'a> {
    let elements = match value {
        Value::Undefined if !first => &[][..],
        _ => query::items(value, arena),
    };
    let tuple =
        |value: &Value<'a>| Value::object(arena, arena.alloc_slice_copy(&[Member { key: ITEM, value: *value }]));
    let mut tuples = List::with_capacity_in(elements.len(), arena);
    tuples.extend(elements.iter().map(tuple));
    flagged(tuples, arena)
}

fn flagged<'a>(tuples: List<'a>, arena: &'a Arena) -> Value<'a> {
    Value::flagged(arena, tuples.into_bump_slice(), Flags::SEQUENCE | Flags::TUPLES)
}

/// A tuple with one more variable, or another value of it.
fn with<'a>(tuple: Value<'a>, key: &'a str, value: Value<'a>, arena: &'a Arena) -> Value<'a> {
    let mut members = bumpalo::collections::Vec::new_in(arena);
    members.extend_from_slice(tuple.members(arena).unwrap_or_default());
    match members.iter_mut().find(|m: &&mut Member| m.key == key) {
        Some(member) => member.value = value,
        None => members.push(Member { key, value }),
    }
    Value::object(arena, members.into_bump_slice())
}

/// The tuples, numbered under a name.
pub(super) fn number<'a>(stream: Value<'a>, name: &'a str, arena: &'a Arena) -> Value<'a> {
    let mut out = List::new_in(arena);
    let tuples = stream.elements(arena).unwrap_or_default();
    out.extend(tuples.iter().enumerate().map(|(n, tuple)| with(*tuple, name, Value::Int(n as i64), arena)));
    flagged(out, arena)
}

/// The items of the tuples.
pub(super) fn items<'a>(stream: Value<'a>, arena: &'a Arena) -> Value<'a> {
    let mut out = List::new_in(arena);
    let tuples = stream.elements(arena).unwrap_or_default();
    out.extend(tuples.iter().filter_map(|tuple| tuple.get(arena, ITEM)));
    query::sequence(out, arena)
}

impl<'a> Machine<'a, '_> {
    /// Starts a step over tuples.
    pub fn tuple_step(&mut self, stream: Value<'a>, step: u32, done: At) {
        let mut walk = self.walk(stream.elements(self.arena).unwrap_or_default(), done);
        let Some(first) = walk.items.first().copied() else {
            self.stack.push(flagged(List::new_in(self.arena), self.arena));
            self.pc = walk.done;
            return;
        };
        walk.next = 1;
        self.enter_tuple(first, self.code.tuples[step as usize].names, walk.scope);
        self.frames.push(Frame::TupleStep(self.arena.alloc(TupleStepping { walk, step })));
    }

    pub fn tuple_stepped(&mut self, value: Option<Value<'a>>) -> Evaluated<Flow<'a>> {
        let arena = self.arena;
        let Some(Frame::TupleStep(frame)) = self.frames.pop() else { return Ok(Flow::Code) };
        let step = &self.code.tuples[frame.step as usize];
        let tuple = frame.walk.items[frame.walk.next - 1];
        let value = value.unwrap_or(Value::Undefined);
        let inner = query::flags(value).has(Flags::TUPLES);
        let found = match value {
            Value::Undefined => &[][..],
            _ => query::items(value, arena),
        };
        for (n, item) in found.iter().enumerate() {
            let mut next = tuple;
            if inner {
                for member in item.members(arena).unwrap_or_default() {
                    next = with(next, member.key, member.value, arena);
                }
            } else {
                match &step.focus {
                    Some(focus) => next = with(next, focus, *item, arena),
                    None => next = with(next, ITEM, *item, arena),
                }
                if let Some(index) = &step.index {
                    next = with(next, index, Value::Int(n as i64), arena);
                }
                if let Some(label) = &step.ancestor {
                    let parent = tuple.get(arena, ITEM).unwrap_or(Value::Undefined);
                    next = with(next, label, parent, arena);
                }
            }
            frame.walk.out.push(next);
        }
        self.burn(1 + found.len() as u64)?;
        if let Some(next) = frame.walk.items.get(frame.walk.next).copied() {
            frame.walk.next += 1;
            self.pc = frame.walk.body;
            self.enter_tuple(next, step.names, frame.walk.scope);
            self.frames.push(Frame::TupleStep(frame));
            return Ok(Flow::Code);
        }
        (self.pc, self.context, self.scope) = (frame.walk.done, frame.walk.context, frame.walk.scope);
        let out = std::mem::replace(&mut frame.walk.out, List::new_in(arena));
        self.stack.push(flagged(out, arena));
        Ok(Flow::Code)
    }
}

//! `{key: value, …}`: elements grouped by key, then one value for each group.
//!
//! The keys of all elements come first, in order; then the values, each with all elements of its group as context.

use super::error::EvaluationError;
use super::frame::{Frame, Walk};
use super::machine::{Flow, Machine};
use super::query::{self, List};
use super::{Evaluated, text};
use crate::program::expression::At;
use crate::value::{Flags, Member, Value};
use std::collections::HashMap;

/// A grouping under way.
pub(super) struct Grouping<'a> {
    walk: Walk<'a>,
    id: u32,
    /// The pair whose key is being computed.
    pair: usize,
    started: bool,
    tuples: bool,
    groups: bumpalo::collections::Vec<'a, Entry<'a>>,
    places: HashMap<&'a str, usize>,
    members: bumpalo::collections::Vec<'a, Member<'a>>,
    /// The group whose value is being computed, once all keys are known.
    valued: Option<usize>,
    /// The tuple that a group was the only one of, the last time.
    spent: Option<usize>,
}

struct Entry<'a> {
    key: &'a str,
    pair: usize,
    /// Which of all elements is the first of the group.
    first: usize,
    items: List<'a>,
}

impl<'a> Machine<'a, '_> {
    pub fn group(&mut self, value: Value<'a>, id: u32, done: At) {
        let arena = self.arena;
        let mut items = query::items(value, arena);
        if items.is_empty() {
            // Even nothing makes one object.
            items = arena.alloc_slice_copy(&[Value::Undefined]);
        }
        let grouping = Grouping {
            walk: self.walk(items, done),
            id,
            pair: 0,
            started: false,
            tuples: query::flags(value).has(Flags::TUPLES),
            groups: bumpalo::collections::Vec::new_in(arena),
            places: HashMap::new(),
            members: bumpalo::collections::Vec::new_in(arena),
            valued: None,
            spent: None,
        };
        self.frames.push(Frame::Group(Box::new(grouping)));
    }

    pub fn grouped(&mut self, value: Option<Value<'a>>) -> Evaluated<Flow<'a>> {
        let arena = self.arena;
        let Some(Frame::Group(mut frame)) = self.frames.pop() else { return Ok(Flow::Code) };
        let group = &self.code.groups[frame.id as usize];
        match (value, frame.valued) {
            (Some(value), None) => {
                frame.key(value, arena)?;
                frame.pair += 1;
            }
            (Some(value), Some(at)) => {
                if !matches!(value, Value::Undefined) {
                    frame.members.push(Member { key: frame.groups[at].key, value });
                }
                frame.valued = Some(at + 1);
            }
            (None, _) => frame.started = true,
        }
        self.burn(1)?;
        if frame.valued.is_none() {
            if frame.pair >= group.pairs.len() {
                frame.pair = 0;
                frame.walk.next += 1;
            }
            if let (Some(item), Some((key, _))) =
                (frame.walk.items.get(frame.walk.next).copied(), group.pairs.get(frame.pair))
            {
                match group.names.filter(|_| frame.tuples) {
                    Some(names) => self.enter_tuple(item, names, frame.walk.scope),
                    None => self.context = item,
                }
                self.pc = key.0 as usize;
                self.frames.push(Frame::Group(frame));
                return Ok(Flow::Code);
            }
            frame.valued = Some(0);
        }
        let at = frame.valued.unwrap_or(0);
        if let Some(entry) = frame.groups.get(at) {
            match group.names.filter(|_| frame.tuples) {
                Some(names) => {
                    let tuple = reduced(&entry.items, arena);
                    self.enter_tuple(tuple, names, frame.walk.scope);
                    // The reference takes the item out of a tuple that makes up a group by itself: the next group of that
                    // tuple finds its variables, and no context.
                    if let [_] = entry.items[..] {
                        if frame.spent == Some(entry.first) {
                            self.context = Value::Undefined;
                        }
                        frame.spent = Some(entry.first);
                    }
                }
                None => self.context = one_or_all(&entry.items, arena),
            }
            self.pc = group.pairs[entry.pair].1.0 as usize;
            self.frames.push(Frame::Group(frame));
            return Ok(Flow::Code);
        }
        (self.pc, self.context, self.scope) = (frame.walk.done, frame.walk.context, frame.walk.scope);
        let members = std::mem::replace(&mut frame.members, bumpalo::collections::Vec::new_in(arena));
        let object = self.built(Value::object(arena, members.into_bump_slice()))?;
        self.stack.push(object);
        Ok(Flow::Code)
    }
}

impl<'a> Grouping<'a> {
    fn key(&mut self, key: Value<'a>, arena: &'a crate::value::Arena) -> Evaluated<()> {
        let item = self.walk.items[self.walk.next];
        let name = match key {
            Value::Undefined => return Ok(()),
            _ => key.as_str(arena),
        };
        let Some(name) = name else {
            return Err(EvaluationError::new("T1003", "", &text::quoted(key, arena)));
        };
        match self.places.get(name) {
            Some(at) if self.groups[*at].pair != self.pair => {
                Err(EvaluationError::new("D1009", "", &text::quoted(key, arena)))
            }
            Some(at) => {
                self.groups[*at].items.push(item);
                Ok(())
            }
            None => {
                self.places.insert(name, self.groups.len());
                let mut items = List::new_in(arena);
                items.push(item);
                self.groups.push(Entry { key: name, pair: self.pair, first: self.walk.next, items });
                Ok(())
            }
        }
    }
}

/// A group's context: its element, or all of them, flattened.
fn one_or_all<'a>(items: &[Value<'a>], arena: &'a crate::value::Arena) -> Value<'a> {
    match items {
        [] => Value::Undefined,
        [one] => *one,
        many => {
            let mut all = List::with_capacity_in(many.len(), arena);
            for item in many {
                match item.elements(arena) {
                    Some(inner) => all.extend_from_slice(inner),
                    None if matches!(item, Value::Undefined) => {}
                    None => all.push(*item),
                }
            }
            Value::array(arena, all.into_bump_slice())
        }
    }
}

/// Many tuples as one, whose variables hold all their values.
fn reduced<'a>(tuples: &[Value<'a>], arena: &'a crate::value::Arena) -> Value<'a> {
    let mut columns: Vec<(&'a str, List<'a>)> = Vec::new();
    for tuple in tuples {
        for member in tuple.members(arena).unwrap_or_default() {
            match columns.iter_mut().find(|(key, _)| *key == member.key) {
                Some((_, values)) => values.push(member.value),
                None => {
                    let mut values = List::new_in(arena);
                    values.push(member.value);
                    columns.push((member.key, values));
                }
            }
        }
    }
    let members = columns.into_iter().map(|(key, values)| Member { key, value: one_or_all(&values, arena) });
    query::object(members, arena)
}

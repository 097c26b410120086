//! `^(…)`: the keys of every element first, then a stable sort of them.
//!
//! Each term's body runs once for each element, however often elements are compared.

use super::Evaluated;
use super::error::EvaluationError;
use super::frame::{Frame, Walk};
use super::machine::{Flow, Machine};
use super::query::{self, List, letter};
use super::{operate, text};
use crate::program::expression::At;
use crate::value::{Arena, Flags, Value};
use std::cmp::Ordering;

/// A sort whose keys are being computed: `walk.out` has them, element by element, term by term.
pub(super) struct Sorting<'a> {
    walk: Walk<'a>,
    id: u32,
    term: usize,
    flags: Flags,
}

impl<'a> Machine<'a, '_> {
    pub fn sort(&mut self, value: Value<'a>, id: u32, done: At) -> Evaluated<()> {
        let flags = query::flags(value);
        let items = query::items(value, self.arena);
        if items.len() < 2 || matches!(value, Value::Undefined) {
            // What the step before has found is a sequence, unless it was written as an array.
            let kept = matches!(value, Value::Undefined) || flags.has(Flags::SEQUENCE) || flags.has(Flags::CONSTRUCTED);
            self.stack.push(if kept { value } else { Value::flagged(self.arena, items, Flags::SEQUENCE) });
            self.pc = done.0 as usize;
            return Ok(());
        }
        // What has been sorted is a plain array; only tuples are still a stream of them.
        let flags = if flags.has(Flags::TUPLES) { Flags::SEQUENCE | Flags::TUPLES } else { Flags::NONE };
        let walk = self.walk(items, done);
        self.frames.push(Frame::Sort(self.arena.alloc(Sorting { walk, id, term: 0, flags })));
        self.sort_term(items[0], id, 0);
        Ok(())
    }

    /// Goes to a term's body for an element.
    fn sort_term(&mut self, item: Value<'a>, id: u32, term: usize) {
        let sort = &self.code.sorts[id as usize];
        match sort.names {
            Some(names) if term == 0 => self.enter_tuple(item, names, self.outer_scope()),
            None => self.context = item,
            Some(_) => {}
        }
        self.pc = sort.terms[term].0.0 as usize;
    }

    fn outer_scope(&self) -> Option<&'a super::machine::Scope<'a>> {
        match self.frames.last() {
            Some(Frame::Sort(frame)) => frame.walk.scope,
            _ => self.scope,
        }
    }

    pub fn sorted(&mut self, value: Option<Value<'a>>) -> Evaluated<Flow<'a>> {
        let arena = self.arena;
        let Some(Frame::Sort(frame)) = self.frames.last_mut() else { return Ok(Flow::Code) };
        let sort = &self.code.sorts[frame.id as usize];
        let value = value.unwrap_or(Value::Undefined);
        // A key is compared again and again: what it is as a number is computed once.
        frame.walk.out.push(query::number(value).map_or(value, Value::Float));
        frame.term += 1;
        if frame.term == sort.terms.len() {
            frame.term = 0;
            frame.walk.next += 1;
        }
        if let Some(item) = frame.walk.items.get(frame.walk.next).copied() {
            let (id, term) = (frame.id, frame.term);
            self.burn(1)?;
            self.sort_term(item, id, term);
            return Ok(Flow::Code);
        }
        let Some(Frame::Sort(frame)) = self.frames.pop() else { return Ok(Flow::Code) };
        (self.pc, self.context, self.scope) = (frame.walk.done, frame.walk.context, frame.walk.scope);
        let (keys, terms) = (&frame.walk.out[..], sort.terms.len());
        let order = merge_sort(frame.walk.items.len(), arena, &mut |a, b| {
            for (term, (_, descending)) in sort.terms.iter().enumerate() {
                match (keys[a * terms + term], keys[b * terms + term]) {
                    (Value::Float(left), Value::Float(right)) if left < right => return Ok(*descending),
                    (Value::Float(left), Value::Float(right)) if left > right => return Ok(!*descending),
                    // What is undefined stands last, whichever way the others are sorted.
                    (Value::Undefined, Value::Undefined) => {}
                    (Value::Undefined, _) => return Ok(true),
                    (_, Value::Undefined) => return Ok(false),
                    (left, right) => match compare(left, right, arena)? {
                        Ordering::Equal => {}
                        order => return Ok((order == Ordering::Greater) != *descending),
                    },
                }
            }
            Ok(false)
        })?;
        self.burn(order.len() as u64 * 8)?;
        let mut out = List::with_capacity_in(order.len(), arena);
        out.extend(order.iter().map(|at| frame.walk.items[*at]));
        let result = Value::flagged(arena, out.into_bump_slice(), frame.flags);
        self.stack.push(result);
        Ok(Flow::Code)
    }
}

/// The order of two keys.
fn compare<'a>(left: Value<'a>, right: Value<'a>, arena: &'a Arena) -> Evaluated<Ordering> {
    let (l, r) = (letter(left), letter(right));
    if !matches!(l, b's' | b'n') || !matches!(r, b's' | b'n') {
        return Err(EvaluationError::new("T2008", "^", ""));
    }
    if l != r {
        let values = format!("{} and {}", text::quoted(left, arena), text::quoted(right, arena));
        return Err(EvaluationError::new("T2007", "^", &values));
    }
    Ok(operate::order(left, right, arena).unwrap_or(Ordering::Equal))
}

/// The places of `count` elements in order; `after` says whether the one must stand behind the other.
pub(super) fn merge_sort<'a>(
    count: usize,
    arena: &'a Arena,
    after: &mut dyn FnMut(usize, usize) -> Evaluated<bool>,
) -> Evaluated<&'a [usize]> {
    let order = arena.alloc_slice_fill_with(count, |at| at);
    let merged = arena.alloc_slice_fill_copy(count, 0);
    // Halves before the whole, the left one first: errors of comparing come in the reference's order. The recursion is as
    // deep as the count has binary digits.
    halves(order, merged, after)?;
    Ok(order)
}

/// Puts places in order; `merged` has room for as many.
fn halves(
    order: &mut [usize],
    merged: &mut [usize],
    after: &mut dyn FnMut(usize, usize) -> Evaluated<bool>,
) -> Evaluated<()> {
    if order.len() < 2 {
        return Ok(());
    }
    let middle = order.len() / 2;
    halves(&mut order[..middle], merged, after)?;
    halves(&mut order[middle..], merged, after)?;
    let (mut left, mut right) = (0, middle);
    let merged = &mut merged[..order.len()];
    for place in merged.iter_mut() {
        // What is left of one half when the other is used up comes behind, as it is.
        let from_right = right < order.len() && (left == middle || after(order[left], order[right])?);
        let from = if from_right { &mut right } else { &mut left };
        *place = order[*from];
        *from += 1;
    }
    order.copy_from_slice(merged);
    Ok(())
}

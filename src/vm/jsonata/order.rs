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
        frame.walk.out.push(value.unwrap_or(Value::Undefined));
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
        let keys: Vec<&[Value]> = frame.walk.out.chunks(sort.terms.len().max(1)).collect();
        let order = merge_sort(keys.len(), &mut |a, b| {
            for (term, (_, descending)) in sort.terms.iter().enumerate() {
                match (keys[a][term], keys[b][term]) {
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
        out.extend(order.into_iter().map(|at| frame.walk.items[at]));
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
pub(super) fn merge_sort(
    count: usize,
    after: &mut dyn FnMut(usize, usize) -> Evaluated<bool>,
) -> Evaluated<Vec<usize>> {
    let (mut order, mut merged) = ((0..count).collect::<Vec<_>>(), Vec::with_capacity(count));
    // Halves before the whole, the left one first: errors of comparing come in the reference's order. The recursion is as
    // deep as the count has binary digits.
    halves(&mut order, &mut merged, after)?;
    Ok(order)
}

fn halves(
    order: &mut [usize],
    merged: &mut Vec<usize>,
    after: &mut dyn FnMut(usize, usize) -> Evaluated<bool>,
) -> Evaluated<()> {
    if order.len() < 2 {
        return Ok(());
    }
    let middle = order.len() / 2;
    halves(&mut order[..middle], merged, after)?;
    halves(&mut order[middle..], merged, after)?;
    merged.clear();
    let (mut left, mut right) = (0, middle);
    while left < middle && right < order.len() {
        let from = if after(order[left], order[right])? { &mut right } else { &mut left };
        merged.push(order[*from]);
        *from += 1;
    }
    merged.extend_from_slice(&order[left..middle]);
    merged.extend_from_slice(&order[right..]);
    order.copy_from_slice(merged);
    Ok(())
}

//! Bodies under way: what happens when one yields.
//!
//! A frame remembers the registers as they were, and what its body has given so far. The two that matter most, steps and
//! predicates, are here; so are calls. It must never be left behind: whoever pushes a frame names where the code goes on.

use super::Evaluated;
use super::builtin::Matching;
use super::group::Grouping;
use super::higher::Higher;
use super::machine::{Asked, Flow, Machine, Scope};
use super::order::Sorting;
use super::query::{self, List};
use super::transform::Transforming;
use super::tuple::{self, TupleStepping};
use crate::program::expression::{At, Expression};
use crate::value::{Arena, Flags, Value};

/// A body under way.
pub(super) enum Frame<'a> {
    /// A step that runs for each element.
    Each {
        walk: Walk<'a>,
        last: bool,
    },
    /// A predicate.
    Filter {
        walk: Walk<'a>,
        names: Option<u32>,
    },
    /// A function of the expression.
    Call {
        code: &'a Expression,
        pc: usize,
        scope: Option<&'a Scope<'a>>,
        context: Value<'a>,
        asked: Asked,
    },
    TupleStep(&'a mut TupleStepping<'a>),
    Sort(&'a mut Sorting<'a>),
    Group(Box<Grouping<'a>>),
    Transform(Box<Transforming<'a>>),
    Higher(&'a mut Higher<'a>),
    Matching(Box<Matching<'a>>),
    /// The second of two functions in a row.
    Chain {
        second: Value<'a>,
        asked: Asked,
    },
}

/// Elements that a body runs for, and the registers to restore.
pub(super) struct Walk<'a> {
    pub items: &'a [Value<'a>],
    pub next: usize,
    pub out: List<'a>,
    pub body: usize,
    pub done: usize,
    pub context: Value<'a>,
    pub scope: Option<&'a Scope<'a>>,
}

impl<'a> Machine<'a, '_> {
    pub fn walk(&self, items: &'a [Value<'a>], done: At) -> Walk<'a> {
        /// Room for so many results is made at once, if there are as many elements.
        const ROOM: usize = 16;
        Walk {
            items,
            next: 0,
            out: List::with_capacity_in(items.len().min(ROOM), self.arena),
            body: self.pc,
            done: done.0 as usize,
            context: self.context,
            scope: self.scope,
        }
    }

    /// Starts a step for each element of what is there.
    pub fn each(&mut self, value: Value<'a>, done: At, last: bool) {
        let mut walk = self.walk(query::items(value, self.arena), done);
        match walk.items {
            [] => {
                self.stack.push(Value::Undefined);
                self.pc = walk.done;
            }
            [first, ..] => {
                walk.next = 1;
                self.context = *first;
                self.frames.push(Frame::Each { walk, last });
            }
        }
    }

    /// Starts a predicate.
    pub fn filter(&mut self, value: Value<'a>, done: At, names: Option<u32>) {
        let mut walk = self.walk(query::items(value, self.arena), done);
        let names = names.filter(|_| query::flags(value).has(Flags::TUPLES));
        match walk.items {
            [] => {
                let tuples = query::flags(value).has(Flags::TUPLES);
                let flags = Flags::SEQUENCE | if tuples { Flags::TUPLES } else { Flags::NONE };
                self.stack.push(Value::flagged(self.arena, &[], flags));
                self.pc = walk.done;
            }
            [first, ..] => {
                walk.next = 1;
                self.context = *first;
                if let Some(names) = names {
                    self.enter_tuple(*first, names, walk.scope);
                }
                self.frames.push(Frame::Filter { walk, names });
            }
        }
    }

    /// Lets the frame on top go on.
    pub fn frame(&mut self, value: Option<Value<'a>>) -> Evaluated<Flow<'a>> {
        let arena = self.arena;
        let Some(top) = self.frames.last_mut() else {
            return Ok(Flow::End(value.unwrap_or(Value::Undefined)));
        };
        match top {
            Frame::Each { .. } => self.stepped(value.unwrap_or(Value::Undefined)).map(|()| Flow::Code),
            Frame::Filter { .. } => self.filtered(value.unwrap_or(Value::Undefined)).map(|()| Flow::Code),
            Frame::Call { code, pc, scope, context, asked } => {
                let asked = *asked;
                (self.code, self.pc, self.scope, self.context) = (*code, *pc, *scope, *context);
                self.frames.pop();
                self.depth -= 1;
                let value = value.unwrap_or(Value::Undefined);
                match asked {
                    Asked::Code | Asked::Applied => {
                        self.stack.push(value);
                        Ok(Flow::Code)
                    }
                    // Who has called is the frame below, and no call itself: this goes no deeper.
                    Asked::Frame => self.frame(Some(value)),
                }
            }
            Frame::Chain { second, asked } => {
                let (second, asked) = (*second, *asked);
                self.frames.pop();
                let arguments = arena.alloc_slice_copy(&[value.unwrap_or(Value::Undefined)]);
                self.call(second, arguments, asked)
            }
            Frame::TupleStep(_) => self.tuple_stepped(value),
            Frame::Sort(_) => self.sorted(value),
            Frame::Group(_) => self.grouped(value),
            Frame::Transform(_) => self.transformed(value),
            Frame::Higher(_) => self.higher(value),
            Frame::Matching(_) => self.matched(value),
        }
    }

    /// Lets a step go on, whose frame is on top.
    #[inline]
    pub fn stepped(&mut self, value: Value<'a>) -> Evaluated<()> {
        let Some(Frame::Each { walk, last }) = self.frames.last_mut() else { return Ok(()) };
        if !matches!(value, Value::Undefined) {
            walk.out.push(value);
        }
        if let Some(item) = walk.items.get(walk.next) {
            walk.next += 1;
            self.context = *item;
            self.pc = walk.body;
            return self.burn(1);
        }
        let out = std::mem::replace(&mut walk.out, List::new_in(self.arena));
        let result = query::step_result(out, *last, self.arena);
        (self.pc, self.context) = (walk.done, walk.context);
        self.frames.pop();
        let result = self.built(result)?;
        self.stack.push(result);
        Ok(())
    }

    /// Lets a predicate go on, whose frame is on top.
    #[inline]
    pub fn filtered(&mut self, value: Value<'a>) -> Evaluated<()> {
        let arena = self.arena;
        let Some(Frame::Filter { walk, names }) = self.frames.last_mut() else { return Ok(()) };
        let (at, names) = (walk.next - 1, *names);
        let item = walk.items[at];
        let kept = match value {
            // No predicate holds of what is undefined.
            _ if matches!(item, Value::Undefined) => false,
            Value::Bool(holds) => holds,
            _ => keeps(value, at, walk.items.len(), arena, &mut |_| walk.out.push(item)),
        };
        if kept {
            walk.out.push(item);
        }
        if let Some(item) = walk.items.get(walk.next).copied() {
            walk.next += 1;
            self.context = item;
            self.pc = walk.body;
            if let Some(names) = names {
                let scope = walk.scope;
                self.enter_tuple(item, names, scope);
            }
            return self.burn(1);
        }
        let out = std::mem::replace(&mut walk.out, List::new_in(arena));
        (self.pc, self.context, self.scope) = (walk.done, walk.context, walk.scope);
        self.frames.pop();
        let tuples = if names.is_some() { Flags::TUPLES } else { Flags::NONE };
        let result = Value::flagged(arena, out.into_bump_slice(), Flags::SEQUENCE | tuples);
        self.stack.push(result);
        Ok(())
    }

    /// Opens the scope of a tuple's variables, and makes its item the context.
    pub fn enter_tuple(&mut self, tuple: Value<'a>, names: u32, outer: Option<&'a Scope<'a>>) {
        self.scope = outer;
        let names = &self.code.names[names as usize];
        if !names.is_empty() {
            let scope = self.enter(names.len() as u32);
            for (name, slot) in names.iter().zip(scope.slots) {
                slot.set(tuple.get(self.arena, name));
            }
        }
        self.context = tuple.get(self.arena, tuple::ITEM).unwrap_or(Value::Undefined);
    }
}

/// Whether a predicate's result keeps the element at `at`; if it is a list of numbers, `again` is called for every one
/// but the first that names it.
fn keeps<'a>(result: Value<'a>, at: usize, length: usize, arena: &'a Arena, again: &mut dyn FnMut(usize)) -> bool {
    let names = |number: f64| {
        let index = number.floor();
        let index = if index < 0.0 { index + length as f64 } else { index };
        index == at as f64
    };
    if let Some(number) = query::number(result) {
        return names(number);
    }
    match result.elements(arena) {
        Some(numbers) if numbers.iter().all(|n| query::letter(*n) == b'n') => {
            let count = numbers.iter().filter(|n| query::number(**n).is_some_and(names)).count();
            (1..count).for_each(again);
            count > 0
        }
        _ => query::truth(result, arena),
    }
}

/// The element of that index, from the end if negative.
pub(super) fn index<'a>(value: Value<'a>, index: f64, arena: &'a Arena) -> Value<'a> {
    let items = query::items(value, arena);
    let index = index.floor();
    let index = if index < 0.0 { index + items.len() as f64 } else { index };
    let found = match index >= 0.0 && index < items.len() as f64 {
        true => items[index as usize],
        false => Value::Undefined,
    };
    let flags = Flags::SEQUENCE | if query::flags(value).has(Flags::TUPLES) { Flags::TUPLES } else { Flags::NONE };
    match found {
        Value::Undefined => Value::flagged(arena, &[], flags),
        found if query::is_array(found) => found,
        found => Value::flagged(arena, arena.alloc_slice_copy(&[found]), flags),
    }
}

/// A sequence that stays an array with one element; `bare` says that a bare value stands for a sequence.
pub(super) fn keep<'a>(value: Value<'a>, bare: bool, arena: &'a Arena) -> Value<'a> {
    const KEPT: Flags = Flags::SEQUENCE;
    match value {
        Value::Array(array) if array.items.is_empty() && array.flags.has(Flags::SEQUENCE) => Value::Undefined,
        Value::Array(array) if array.flags.has(Flags::CONSTRUCTED) && bare => {
            Value::flagged(arena, arena.alloc_slice_copy(&[value]), KEPT | Flags::KEEP)
        }
        Value::Array(array) if array.flags.has(Flags::SEQUENCE) => {
            Value::flagged(arena, array.items, array.flags | Flags::KEEP)
        }
        Value::Undefined => value,
        _ if query::is_array(value) || !bare => value,
        _ => Value::flagged(arena, arena.alloc_slice_copy(&[value]), KEPT | Flags::KEEP),
    }
}

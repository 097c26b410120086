//! Functions that call functions: `$map`, `$filter`, `$reduce` and their kin, `$sort` with a comparison.
//!
//! Each is a frame that hands one call after the other to the machine and takes in what they give. None calls anything by
//! itself, so however deep they are nested, the native stack stays flat. A function of the expression is called without a
//! frame of its own: its body yields to the frame here, which sets the registers for the next call and restores them behind
//! the last. Unless it makes functions, which may keep them, its variables stay where they are from call to call.

use super::Evaluated;
use super::call::Callable;
use super::error::EvaluationError;
use super::frame::Frame;
use super::machine::{Asked, Flow, Machine, Scope};
use super::query::{self, List, letter};
use crate::program::expression::{Builtin, Expression, Lambda};
use crate::value::{Arena, Flags, Member, Value};
use std::cell::Cell;

/// A function that calls another, under way.
pub(super) struct Higher<'a> {
    kind: Builtin,
    function: Value<'a>,
    arity: usize,
    source: Value<'a>,
    items: &'a [Value<'a>],
    /// For functions of objects: its members, instead of `items`.
    members: &'a [Member<'a>],
    next: usize,
    /// Results; for `$sift` the places of the members that stay.
    out: List<'a>,
    carried: Option<Value<'a>>,
    merge: Option<&'a mut Merge<'a>>,
    /// What is compared.
    pair: (usize, usize),
    asked: Asked,
    direct: Option<Direct<'a>>,
}

/// A function of the expression that is called again and again.
struct Direct<'a> {
    code: &'a Expression,
    lambda: &'a Lambda,
    outer: Option<&'a Scope<'a>>,
    context: Value<'a>,
    /// The variables of the last call, if the next may have their place.
    own: Option<&'a Scope<'a>>,
    /// The registers to restore.
    back: (&'a Expression, usize, Option<&'a Scope<'a>>, Value<'a>),
}

impl<'a> Direct<'a> {
    /// The scope of the next call; its parameters are still to be set.
    #[inline]
    fn scope(&mut self, arena: &'a Arena) -> &'a Scope<'a> {
        let Some(own) = self.own else { return self.new_scope(arena) };
        if own.slots.len() > self.lambda.parameters.len() {
            // Variables of the body are unbound again.
            own.slots.iter().for_each(|slot| slot.set(None));
        }
        own
    }

    fn new_scope(&mut self, arena: &'a Arena) -> &'a Scope<'a> {
        let slots = arena.alloc_slice_fill_with(self.lambda.slots as usize, |_| Cell::new(None));
        let scope: &'a Scope<'a> = arena.alloc(Scope { parent: self.outer, slots });
        if !self.lambda.captured {
            self.own = Some(scope);
        }
        scope
    }
}

impl<'a> Machine<'a, '_> {
    /// Starts one of them, its arguments checked.
    pub fn start_higher(&mut self, kind: Builtin, arguments: &'a [Value<'a>], asked: Asked) -> Evaluated<Flow<'a>> {
        let argument = |n: usize| arguments.get(n).copied().unwrap_or(Value::Undefined);
        let mut function = argument(1);
        let source = match (kind, argument(0)) {
            // `$sift` and `$each` take their object from the context if only the function is given.
            (Builtin::Sift | Builtin::Each, only) if letter(only) == b'f' => {
                function = only;
                self.context
            }
            (_, source) => source,
        };
        if matches!(source, Value::Undefined) {
            return Ok(Flow::Return(Value::Undefined, asked));
        }
        let direct = match self.callable(function) {
            Some(Callable::Lambda { code, id, scope, context }) if self.depth < self.limits.depth => {
                let lambda = &code.lambdas[id as usize];
                lambda.signature.is_none().then(|| self.direct(code, lambda, scope, context))
            }
            _ => None,
        };
        let arity = self.arity(function);
        self.begin_higher(kind, source, argument(2), (function, arity, direct), asked)
    }

    /// Starts one of them with a function that is written right there, so that it needs to be no value.
    pub fn over(
        &mut self,
        kind: Builtin,
        lambda: u32,
        source: Value<'a>,
        start: Option<Value<'a>>,
    ) -> Evaluated<Flow<'a>> {
        let letter = letter(source);
        let of_members = matches!(kind, Builtin::Sift | Builtin::Each);
        let usual = self.depth < self.limits.depth
            && (!of_members || letter == b'o')
            && !start.is_some_and(|start| matches!(start, Value::Function(_)));
        if !usual {
            let function = Callable::Lambda { code: self.code, id: lambda, scope: self.scope, context: self.context };
            let function = self.function(function);
            let arguments = match start {
                Some(start) => self.arena.alloc_slice_copy(&[source, function, start]),
                None => self.arena.alloc_slice_copy(&[source, function]),
            };
            return self.call_builtin(kind, arguments);
        }
        let source = match letter {
            b'm' => return Ok(Flow::Return(source, Asked::Code)),
            b'a' | b'o' if of_members || letter == b'a' => source,
            _ => Value::array(self.arena, self.arena.alloc_slice_copy(&[source])),
        };
        let called = &self.code.lambdas[lambda as usize];
        let direct = self.direct(self.code, called, self.scope, self.context);
        // Who is called directly is asked for by nobody as a value.
        let callee = (Value::Undefined, called.parameters.len(), Some(direct));
        self.begin_higher(kind, source, start.unwrap_or(Value::Undefined), callee, Asked::Code)
    }

    fn direct(
        &self,
        code: &'a Expression,
        lambda: &'a Lambda,
        outer: Option<&'a Scope<'a>>,
        context: Value<'a>,
    ) -> Direct<'a> {
        Direct { code, lambda, outer, context, own: None, back: (self.code, self.pc, self.scope, self.context) }
    }

    /// Starts one of them: what it goes through, and whom it calls, by value, number of parameters, and place if that is
    /// a function of the expression.
    #[inline]
    fn begin_higher(
        &mut self,
        kind: Builtin,
        source: Value<'a>,
        start: Value<'a>,
        (function, arity, direct): (Value<'a>, usize, Option<Direct<'a>>),
        asked: Asked,
    ) -> Evaluated<Flow<'a>> {
        /// Room for so many results is made at once, if there are as many elements.
        const ROOM: usize = 16;
        let arena = self.arena;
        let (mut items, mut members): (&[_], &[_]) = (&[], &[]);
        match kind {
            Builtin::Sift | Builtin::Each => members = source.members(arena).unwrap_or_default(),
            _ => items = query::items(source, arena),
        }
        let (mut carried, mut next, mut merge, mut room) = (None, 0, None, 0);
        match kind {
            Builtin::Reduce => {
                if arity < 2 {
                    return Err(EvaluationError::new("D3050", "reduce", ""));
                }
                carried = Some(start);
                if let (Value::Undefined, [first, ..]) = (start, items) {
                    (carried, next) = (Some(*first), 1);
                }
            }
            Builtin::Sort => {
                if items.len() < 2 {
                    return Ok(Flow::Return(source, asked));
                }
                merge = Some(arena.alloc(Merge::new(items.len(), arena)));
            }
            Builtin::Map | Builtin::Filter => room = items.len().min(ROOM),
            _ => {}
        }
        let is_direct = direct.is_some();
        self.frames.push(Frame::Higher(arena.alloc(Higher {
            kind,
            function,
            arity,
            source,
            items,
            members,
            next,
            out: List::with_capacity_in(room, arena),
            carried,
            merge,
            pair: (0, 0),
            asked,
            direct,
        })));
        if !is_direct {
            return Ok(Flow::Frame(None));
        }
        self.depth += 1;
        // This only sets registers: what is called runs when the loop goes on.
        self.higher(None)
    }

    /// Takes in what a call has given, and hands on the next.
    #[inline]
    pub fn higher(&mut self, value: Option<Value<'a>>) -> Evaluated<Flow<'a>> {
        let arena = self.arena;
        self.burn(1)?;
        let Some(Frame::Higher(higher)) = self.frames.last_mut() else { return Ok(Flow::Code) };
        if let Some(value) = value {
            higher.take(value, arena)?;
        }
        if !higher.advance() {
            return self.finish_higher();
        }
        let count = higher.count();
        let Some(direct) = &mut higher.direct else {
            let arguments = arena.alloc_slice_fill_with(count, |n| higher.argument(n, arena));
            let function = higher.function;
            return self.call(function, arguments, Asked::Frame);
        };
        let lambda = direct.lambda;
        (self.code, self.pc, self.context) = (direct.code, lambda.body.0 as usize, direct.context);
        self.scope = match lambda.slots {
            0 => direct.outer,
            _ => Some(direct.scope(arena)),
        };
        if let (Some(scope), Some(slot)) = (self.scope, lambda.parameters.first()) {
            scope.slots[usize::from(*slot)].set(Some(higher.first()));
            for (n, slot) in lambda.parameters.iter().enumerate().skip(1) {
                let value = if n < count { higher.argument(n, arena) } else { Value::Undefined };
                scope.slots[usize::from(*slot)].set(Some(value));
            }
        }
        Ok(Flow::Code)
    }

    fn finish_higher(&mut self) -> Evaluated<Flow<'a>> {
        let Some(Frame::Higher(higher)) = self.frames.pop() else { return Ok(Flow::Code) };
        if let Some(direct) = &higher.direct {
            (self.code, self.pc, self.scope, self.context) = direct.back;
            self.depth -= 1;
        }
        let result = self.built(higher.finish(self.arena)?)?;
        Ok(Flow::Return(result, higher.asked))
    }
}

impl<'a> Higher<'a> {
    /// Goes to the next call, if there is one.
    #[inline]
    fn advance(&mut self) -> bool {
        let more = match (self.kind, &mut self.merge) {
            (Builtin::Sort, merge) => match merge.as_mut().and_then(|merge| merge.pair()) {
                Some(pair) => {
                    self.pair = pair;
                    true
                }
                None => false,
            },
            (Builtin::Sift | Builtin::Each, _) => self.next < self.members.len(),
            _ => self.next < self.items.len(),
        };
        self.next += usize::from(more);
        more
    }

    /// How many arguments a call has.
    fn count(&self) -> usize {
        match self.kind {
            Builtin::Sort => 2,
            Builtin::Reduce => self.arity.clamp(2, 4),
            // `$single` without a function asks for the elements themselves.
            _ => self.arity.clamp(1, 3),
        }
    }

    /// The first argument of the call that [`Higher::advance`] has gone to.
    #[inline]
    fn first(&self) -> Value<'a> {
        match self.kind {
            Builtin::Sort => self.items[self.pair.0],
            Builtin::Sift | Builtin::Each => self.members[self.next - 1].value,
            Builtin::Reduce => self.carried.unwrap_or(Value::Undefined),
            _ => self.items[self.next - 1],
        }
    }

    /// Any of its arguments.
    #[inline]
    fn argument(&self, n: usize, arena: &'a Arena) -> Value<'a> {
        let index = self.next - 1;
        match (self.kind, n) {
            (_, 0) => self.first(),
            (Builtin::Sort, _) => self.items[self.pair.1],
            (Builtin::Sift | Builtin::Each, 1) => Value::text(arena, self.members[index].key),
            (Builtin::Reduce, 1) => self.items[index],
            (Builtin::Reduce, 2) | (_, 1) => Value::Int(index as i64),
            _ => self.source,
        }
    }

    /// Takes in what a call has given.
    #[inline]
    fn take(&mut self, value: Value<'a>, arena: &'a Arena) -> Evaluated<()> {
        let defined = !matches!(value, Value::Undefined);
        match self.kind {
            Builtin::Map | Builtin::Each if defined => self.out.push(match value {
                // A sequence that a call in the last place has handed on as it is: here it is an element, and stays one.
                Value::Array(array) if array.flags.has(Flags::SEQUENCE) => Value::array(arena, array.items),
                _ => value,
            }),
            Builtin::Filter if query::truth(value, arena) => self.out.push(self.items[self.next - 1]),
            Builtin::Sift if query::truth(value, arena) => self.out.push(Value::Int(self.next as i64 - 1)),
            Builtin::Single if query::truth(value, arena) => {
                if self.carried.is_some() {
                    return Err(EvaluationError::new("D3138", "single", ""));
                }
                self.carried = Some(self.items[self.next - 1]);
            }
            Builtin::Reduce => self.carried = Some(value),
            Builtin::Sort => {
                if let Some(merge) = &mut self.merge {
                    merge.answer(query::counts(value, arena));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, arena: &'a Arena) -> Evaluated<Value<'a>> {
        let out = std::mem::replace(&mut self.out, List::new_in(arena));
        Ok(match self.kind {
            Builtin::Sift => {
                let mut kept = bumpalo::collections::Vec::with_capacity_in(out.len(), arena);
                kept.extend(out.iter().filter_map(|place| match place {
                    Value::Int(place) => self.members.get(*place as usize).copied(),
                    _ => None,
                }));
                match kept.is_empty() {
                    true => Value::Undefined,
                    false => Value::object(arena, kept.into_bump_slice()),
                }
            }
            Builtin::Single => self.carried.ok_or_else(|| EvaluationError::new("D3139", "single", ""))?,
            Builtin::Reduce => self.carried.unwrap_or(Value::Undefined),
            Builtin::Sort => {
                let mut sorted = List::with_capacity_in(self.items.len(), arena);
                if let Some(merge) = &self.merge {
                    sorted.extend(merge.order.iter().map(|at| self.items[*at]));
                }
                Value::array(arena, sorted.into_bump_slice())
            }
            _ => query::sequence(out, arena),
        })
    }
}

/// A merge sort that asks one comparison at a time.
struct Merge<'a> {
    order: bumpalo::collections::Vec<'a, usize>,
    merged: bumpalo::collections::Vec<'a, usize>,
    width: usize,
    start: usize,
    left: usize,
    right: usize,
}

impl<'a> Merge<'a> {
    fn new(count: usize, arena: &'a Arena) -> Merge<'a> {
        let mut order = bumpalo::collections::Vec::with_capacity_in(count, arena);
        order.extend(0..count);
        let merged = bumpalo::collections::Vec::with_capacity_in(count, arena);
        Merge { order, merged, width: 1, start: 0, left: 0, right: 1 }
    }

    fn bounds(&self) -> (usize, usize) {
        let count = self.order.len();
        ((self.start + self.width).min(count), (self.start + 2 * self.width).min(count))
    }

    /// The next two elements to compare; none if all are in order.
    fn pair(&mut self) -> Option<(usize, usize)> {
        let count = self.order.len();
        while self.width < count {
            let (middle, end) = self.bounds();
            if self.left < middle && self.right < end {
                return Some((self.order[self.left], self.order[self.right]));
            }
            self.merged.extend_from_slice(&self.order[self.left..middle]);
            self.merged.extend_from_slice(&self.order[self.right..end]);
            self.start = end;
            if self.start >= count {
                std::mem::swap(&mut self.order, &mut self.merged);
                self.merged.clear();
                self.width *= 2;
                self.start = 0;
            }
            self.left = self.start;
            self.right = (self.start + self.width).min(count);
        }
        None
    }

    /// Whether the left of the two must stand behind the right.
    fn answer(&mut self, after: bool) {
        let from = if after { &mut self.right } else { &mut self.left };
        self.merged.push(self.order[*from]);
        *from += 1;
    }
}

//! The registers of an evaluation and the loop over its instructions.
//!
//! The loop runs until a body yields; the frame on top then says how it goes on (`frame.rs`). Whatever runs code of the
//! expression is a frame, never a native call.

use super::call::Callable;
use super::error::EvaluationError;
use super::frame::Frame;
use super::query::{self, List};
use super::{Evaluated, Host, Limits, operate};
use crate::program::expression::{ExprOp, Expression, Global, Path, Reference};
use crate::value::{Arena, Flags, Member, Value};
use std::cell::Cell;

/// An evaluation under way.
pub(super) struct Machine<'a, 'h> {
    pub arena: &'a Arena,
    pub host: &'h mut dyn Host<'a>,
    pub limits: Limits,
    pub code: &'a Expression,
    pub pc: usize,
    pub stack: List<'a>,
    pub frames: bumpalo::collections::Vec<'a, Frame<'a>>,
    pub functions: bumpalo::collections::Vec<'a, Callable<'a>>,
    pub scope: Option<&'a Scope<'a>>,
    pub context: Value<'a>,
    pub root: Value<'a>,
    pub fuel: u64,
    pub depth: u32,
    /// The clock as it was first read: `$now` is the same throughout an evaluation.
    pub now_ms: Option<i64>,
    bytes_before: usize,
}

/// Variables that were bound together.
pub(super) struct Scope<'a> {
    pub parent: Option<&'a Scope<'a>>,
    pub slots: &'a [Cell<Option<Value<'a>>>],
}

/// What to do next.
pub(super) enum Flow<'a> {
    /// Run instructions.
    Code,
    /// Let the frame on top go on, with a value that it has waited for.
    Frame(Option<Value<'a>>),
    /// Hand a result to who asked for it: a frame, or the code.
    Return(Value<'a>, Asked),
    /// The evaluation is over.
    End(Value<'a>),
}

/// Who waits for the result of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// The code, which finds it on the stack.
    Code,
    /// The code, by `~>`: what is called last there has no context.
    Applied,
    /// The frame below.
    Frame,
}

impl<'a, 'h> Machine<'a, 'h> {
    /// A machine that has not begun. It is made where it runs: moving it costs more than a short expression.
    #[inline(always)]
    pub fn new(
        code: &'a Expression,
        input: Value<'a>,
        host: &'h mut dyn Host<'a>,
        limits: Limits,
        arena: &'a Arena,
    ) -> Machine<'a, 'h> {
        let context = match query::is_array(input) {
            true => Value::flagged(arena, arena.alloc_slice_copy(&[input]), Flags::SEQUENCE | Flags::WRAPPER),
            false => input,
        };
        Machine {
            arena,
            host,
            limits,
            code,
            pc: 0,
            stack: List::with_capacity_in(8, arena),
            // An expression of a few instructions has no bodies.
            frames: bumpalo::collections::Vec::with_capacity_in(if code.ops.len() > 6 { 3 } else { 0 }, arena),
            functions: bumpalo::collections::Vec::new_in(arena),
            scope: None,
            context,
            root: input,
            fuel: limits.fuel,
            depth: 0,
            now_ms: None,
            bytes_before: arena.allocated_bytes(),
        }
    }

    /// Runs to the end.
    pub fn run(&mut self) -> Evaluated<Value<'a>> {
        if self.code.slots > 0 {
            self.enter(self.code.slots);
        }
        let mut flow = Flow::Code;
        loop {
            let next = match flow {
                Flow::Code => self.code(),
                Flow::Frame(value) => self.frame(value),
                Flow::Return(value, Asked::Frame) => Ok(Flow::Frame(Some(value))),
                Flow::Return(value, Asked::Code | Asked::Applied) => {
                    self.stack.push(value);
                    Ok(Flow::Code)
                }
                Flow::End(value) => return Ok(query::unwrap(value)),
            };
            flow = next.map_err(|error| self.placed(error))?;
        }
    }

    /// An error with its place, if it has none yet.
    fn placed(&self, mut error: Box<EvaluationError>) -> Box<EvaluationError> {
        let at = self.code.positions.get(self.pc.saturating_sub(1));
        error.position = error.position.or(at.map(|at| *at as usize));
        error
    }

    /// Pays for work.
    #[inline]
    pub fn burn(&mut self, steps: u64) -> Evaluated<()> {
        let bytes = self.arena.allocated_bytes().saturating_sub(self.bytes_before);
        match self.fuel.checked_sub(steps) {
            Some(rest) if bytes <= self.limits.bytes => {
                self.fuel = rest;
                Ok(())
            }
            rest => Err(self.spent(rest.is_none())),
        }
    }

    #[cold]
    fn spent(&self, fuel: bool) -> Box<EvaluationError> {
        let limit = match fuel {
            true => format!("{} steps", self.limits.fuel),
            false => format!("{} bytes of memory", self.limits.bytes),
        };
        EvaluationError::new("U1001", "", &limit)
    }

    /// A value that was built, if it is not nested too deeply.
    pub fn built(&self, value: Value<'a>) -> Evaluated<Value<'a>> {
        if value.size().depth > self.limits.nesting {
            return Err(EvaluationError::new("U1001", "", &format!("{} levels of nesting", self.limits.nesting)));
        }
        Ok(value)
    }

    /// The stack never runs dry: the compiler leaves a value wherever it takes one. Undefined is what would be there.
    pub fn pop(&mut self) -> Value<'a> {
        self.stack.pop().unwrap_or(Value::Undefined)
    }

    pub fn pop_many(&mut self, count: usize) -> &'a [Value<'a>] {
        let from = self.stack.len().saturating_sub(count);
        let values = self.arena.alloc_slice_copy(&self.stack[from..]);
        self.stack.truncate(from);
        values
    }

    pub fn enter(&mut self, slots: u32) -> &'a Scope<'a> {
        let slots = self.arena.alloc_slice_fill_with(slots as usize, |_| Cell::new(None));
        let scope: &'a Scope<'a> = self.arena.alloc(Scope { parent: self.scope, slots });
        self.scope = Some(scope);
        scope
    }

    /// What is bound to a name; none if nothing that the expression binds itself.
    fn bound(&self, reference: &Reference) -> Option<Value<'a>> {
        for (hops, slot) in &reference.places {
            let mut scope = self.scope;
            for _ in 0..*hops {
                scope = scope.and_then(|s| s.parent);
            }
            let value = scope.and_then(|s| s.slots.get(usize::from(*slot))).and_then(Cell::get);
            if value.is_some() {
                return value;
            }
        }
        None
    }

    #[inline]
    fn parameter(&self, hops: u16, slot: u16) -> Value<'a> {
        let mut scope = self.scope;
        for _ in 0..hops {
            scope = scope.and_then(|s| s.parent);
        }
        let value = scope.and_then(|s| s.slots.get(usize::from(slot))).and_then(Cell::get);
        value.unwrap_or(Value::Undefined)
    }

    fn load(&mut self, reference: &Reference) -> Value<'a> {
        match (self.bound(reference), reference.global) {
            (Some(value), _) => value,
            (None, Global::Builtin(builtin)) => Value::Function(builtin as u32),
            (None, global) => self.host.global(global).unwrap_or(Value::Undefined),
        }
    }

    fn path(&mut self, path: &'a Path) -> Value<'a> {
        match self.bound(&path.from) {
            Some(value) => {
                let from = if path.names.is_empty() { value } else { query::whole(value, self.arena) };
                super::fields(from, path.names.iter().map(|name| &**name), self.arena)
            }
            None if path.names.is_empty() => self.load(&path.from),
            None => self.host.path(path.from.global, &path.names, self.arena),
        }
    }

    fn start(&self, key: u32) -> Value<'a> {
        query::field(self.context, &self.code.texts[key as usize], self.arena)
    }

    /// What the grouping of the context, item by item under one key, would come to.
    fn group_context(&mut self) -> Value<'a> {
        match self.context.elements(self.arena) {
            None => self.context,
            Some([]) => Value::Undefined,
            Some([one]) => *one,
            Some(many) => {
                let mut all = List::with_capacity_in(many.len(), self.arena);
                for item in many {
                    match item.elements(self.arena) {
                        Some(inner) => all.extend_from_slice(inner),
                        None => all.push(*item),
                    }
                }
                Value::array(self.arena, all.into_bump_slice())
            }
        }
    }

    fn code(&mut self) -> Evaluated<Flow<'a>> {
        let arena = self.arena;
        loop {
            self.fuel = match self.fuel.checked_sub(1) {
                Some(rest) => rest,
                None => return self.burn(1).map(|()| Flow::Code),
            };
            // By reference: each instruction reads of its operands what it needs.
            let code = self.code;
            let op = &code.ops[self.pc];
            self.pc += 1;
            match *op {
                ExprOp::Text(id) => self.stack.push(Value::text(arena, &self.code.texts[id as usize])),
                ExprOp::Number(id) => {
                    self.stack.push(super::constant_number(&self.code.numbers[id as usize].text, arena));
                }
                ExprOp::Bool(value) => self.stack.push(Value::Bool(value)),
                ExprOp::Null => self.stack.push(Value::Null),
                ExprOp::Undefined => self.stack.push(Value::Undefined),
                ExprOp::Context => {
                    let context = match self.context {
                        Value::Array(array) if array.flags.has(Flags::WRAPPER) => self.root,
                        context => context,
                    };
                    self.stack.push(context);
                }
                ExprOp::Start => self.stack.push(self.context),
                ExprOp::Root => self.stack.push(self.root),
                ExprOp::Load(id) => {
                    let value = self.load(&self.code.references[id as usize]);
                    self.stack.push(value);
                }
                ExprOp::Parameter(hops, slot) => {
                    let value = self.parameter(hops, slot);
                    self.stack.push(value);
                }
                ExprOp::Path(id, unwrap) => {
                    let value = self.path(&self.code.paths[id as usize]);
                    self.stack.push(if unwrap { query::unwrap(value) } else { value });
                }
                ExprOp::StartField(key, unwrap) => {
                    let value = self.start(key);
                    self.stack.push(if unwrap { query::unwrap(value) } else { value });
                }
                ExprOp::Bind(hops, slot) => {
                    let mut scope = self.scope;
                    for _ in 0..hops {
                        scope = scope.and_then(|s| s.parent);
                    }
                    if let (Some(value), Some(place)) =
                        (self.stack.last(), scope.and_then(|s| s.slots.get(usize::from(slot))))
                    {
                        place.set(Some(*value));
                    }
                }
                ExprOp::Enter(slots) => drop(self.enter(slots)),
                ExprOp::Leave => self.scope = self.scope.and_then(|s| s.parent),
                ExprOp::Pop => drop(self.pop()),
                ExprOp::Lambda(id) => {
                    let function = Callable::Lambda { code: self.code, id, scope: self.scope, context: self.context };
                    let value = self.function(function);
                    self.stack.push(value);
                }
                ExprOp::Regex(id) => {
                    let value = self.regex(id)?;
                    self.stack.push(value);
                }
                ExprOp::Transform(id) => {
                    let function =
                        Callable::Transform { code: self.code, id, scope: self.scope, context: self.context };
                    let value = self.function(function);
                    self.stack.push(value);
                }

                ExprOp::Field(key) => {
                    let value = self.pop();
                    self.stack.push(query::field(value, &self.code.texts[key as usize], arena));
                }
                ExprOp::Wildcard => {
                    let value = self.pop();
                    self.stack.push(query::wildcard(value, arena));
                    self.burn(1)?;
                }
                ExprOp::Descendants => {
                    let value = self.pop();
                    self.stack.push(query::descendants(value, arena));
                    self.burn(1)?;
                }
                ExprOp::Each { done, first, last } => {
                    let value = self.pop();
                    if !first && matches!(value, Value::Undefined) {
                        self.stack.push(value);
                        self.pc = done.0 as usize;
                    } else {
                        self.each(value, done, last);
                    }
                }
                ExprOp::Whole => {
                    let value = self.pop();
                    self.stack.push(query::whole(value, arena));
                }
                ExprOp::Stop(done) => {
                    if let Some(Value::Array(array)) = self.stack.last()
                        && array.items.is_empty()
                    {
                        self.pc = done.0 as usize;
                    }
                }
                ExprOp::Filter(done) => {
                    let value = self.pop();
                    self.filter(value, done, None);
                }
                ExprOp::FilterTuples(done, names) => {
                    let value = self.pop();
                    self.filter(value, done, Some(names));
                }
                ExprOp::Index(number) => {
                    let value = self.pop();
                    self.stack.push(super::frame::index(value, self.code.numbers[number as usize].value, arena));
                }
                ExprOp::Unwrap => {
                    let value = self.pop();
                    self.stack.push(query::unwrap(value));
                }
                ExprOp::Keep(bare) => {
                    let value = self.pop();
                    self.stack.push(super::frame::keep(value, bare, arena));
                }
                ExprOp::Tuples(first) => {
                    let value = self.pop();
                    self.stack.push(super::tuple::stream(value, first, arena));
                }
                ExprOp::TupleStep(id, done) => {
                    let value = self.pop();
                    self.tuple_step(value, id, done);
                }
                ExprOp::TupleIndex(name) => {
                    let value = self.pop();
                    self.stack.push(super::tuple::number(value, &self.code.texts[name as usize], arena));
                }
                ExprOp::TupleItems => {
                    let value = self.pop();
                    self.stack.push(super::tuple::items(value, arena));
                }
                ExprOp::Sort(id, done) => {
                    let value = self.pop();
                    self.sort(value, id, done)?;
                }
                ExprOp::Group(id, done) => {
                    let value = self.pop();
                    self.group(value, id, done);
                    return Ok(Flow::Frame(None));
                }

                ExprOp::GroupContext => {
                    self.stack.push(self.context);
                    self.context = self.group_context();
                }
                ExprOp::Object(shape) => {
                    let keys = &self.code.shapes[shape as usize];
                    let values = self.pop_many(keys.len());
                    self.context = self.pop();
                    let mut members = bumpalo::collections::Vec::with_capacity_in(keys.len(), arena);
                    members.extend(
                        keys.iter()
                            .zip(values)
                            .filter(|(_, value)| !matches!(value, Value::Undefined))
                            .map(|(key, value)| Member { key, value: *value }),
                    );
                    let object = self.built(Value::object(arena, members.into_bump_slice()))?;
                    self.stack.push(object);
                }
                ExprOp::Array(count, constructed) => {
                    let parts = self.pop_many(count as usize);
                    let mut items = List::with_capacity_in(parts.len(), arena);
                    for part in parts {
                        match part.elements(arena) {
                            Some(inner) => items.extend_from_slice(inner),
                            None if matches!(part, Value::Undefined) => {}
                            None => items.push(*part),
                        }
                    }
                    self.burn(items.len() as u64)?;
                    let flags = if constructed { Flags::CONSTRUCTED } else { Flags::NONE };
                    let array = self.built(Value::flagged(arena, items.into_bump_slice(), flags))?;
                    self.stack.push(array);
                }
                ExprOp::Wrap => {
                    let value = self.pop();
                    self.stack.push(Value::array(arena, arena.alloc_slice_copy(&[value])));
                }
                ExprOp::Range => {
                    let (to, from) = (self.pop(), self.pop());
                    let range = operate::range(from, to, self.limits.length, arena)?;
                    self.burn(range.elements(arena).map_or(0, <[_]>::len) as u64)?;
                    self.stack.push(range);
                }

                ExprOp::Negate => {
                    let value = self.pop();
                    let negated = match operate::operand(value, "D1002", "-", arena)? {
                        Some(n) => Value::Float(-n),
                        None => Value::Undefined,
                    };
                    self.stack.push(negated);
                }
                ExprOp::By(operator) => {
                    let (right, left) = (self.pop(), self.pop());
                    self.stack.push(operate::between(operator, left, right, arena)?);
                }
                ExprOp::ByParameter(operator, hops, slot) => {
                    let right = self.parameter(hops, slot);
                    let left = self.pop();
                    self.stack.push(operate::between(operator, left, right, arena)?);
                }
                ExprOp::ByPath(operator, path) => {
                    let right = query::unwrap(self.path(&code.paths[path as usize]));
                    let left = self.pop();
                    self.stack.push(operate::between(operator, left, right, arena)?);
                }
                ExprOp::ByField(operator, key) => {
                    let right = query::unwrap(self.start(key));
                    let left = self.pop();
                    self.stack.push(operate::between(operator, left, right, arena)?);
                }
                ExprOp::ByNumber(operator, number) => {
                    let left = self.pop();
                    let right = &code.numbers[number as usize];
                    let value = match query::number(left) {
                        Some(a) if a.is_finite() && right.value.is_finite() => {
                            operate::numbers(operator, a, right.value)
                        }
                        _ => operate::by_number(operator, left, right, arena)?,
                    };
                    self.stack.push(value);
                }
                ExprOp::ByText(operator, text) => {
                    let left = self.pop();
                    self.stack.push(operate::by_text(operator, left, &self.code.texts[text as usize], arena)?);
                }
                ExprOp::Concat => {
                    let (right, left) = (self.pop(), self.pop());
                    let text = operate::concat(left, right, arena)?;
                    self.burn(1 + text.size().bytes_max / 16)?;
                    self.stack.push(text);
                }
                ExprOp::In => {
                    let (right, left) = (self.pop(), self.pop());
                    self.stack.push(operate::contains(left, right, arena));
                }
                ExprOp::Truth => {
                    let value = self.pop();
                    self.stack.push(Value::Bool(query::truth(value, arena)));
                }
                ExprOp::And(to) => {
                    if !query::truth(self.pop(), arena) {
                        self.stack.push(Value::Bool(false));
                        self.pc = to.0 as usize;
                    }
                }
                ExprOp::Or(to) => {
                    if query::truth(self.pop(), arena) {
                        self.stack.push(Value::Bool(true));
                        self.pc = to.0 as usize;
                    }
                }
                ExprOp::Unless(to) => {
                    if !query::truth(self.pop(), arena) {
                        self.pc = to.0 as usize;
                    }
                }
                ExprOp::Jump(to) => self.pc = to.0 as usize,

                ExprOp::Call(count, name) => {
                    let arguments = self.pop_many(usize::from(count));
                    let function = self.pop();
                    self.name_check(function, name, "T1005", "T1006")?;
                    match self.call_named(function, arguments, Asked::Code, &self.code.texts[name as usize])? {
                        Flow::Return(value, Asked::Code | Asked::Applied) => self.stack.push(value),
                        Flow::Code => {}
                        flow => return Ok(flow),
                    }
                }
                ExprOp::TailCall(count, name) => {
                    let arguments = self.pop_many(usize::from(count));
                    let function = self.pop();
                    self.name_check(function, name, "T1005", "T1006")?;
                    match self.tail_call(function, arguments, &self.code.texts[name as usize])? {
                        Flow::Return(value, Asked::Code | Asked::Applied) => self.stack.push(value),
                        Flow::Code => {}
                        flow => return Ok(flow),
                    }
                }
                ExprOp::CallerContext => self.context = self.caller_context(),
                ExprOp::CallBuiltin(builtin, count) => {
                    let arguments = self.pop_many(usize::from(count));
                    match self.call_builtin(builtin, arguments)? {
                        Flow::Return(value, Asked::Code | Asked::Applied) => self.stack.push(value),
                        Flow::Code => {}
                        flow => return Ok(flow),
                    }
                }
                ExprOp::Over { builtin, starts, lambda } => {
                    let start = starts.then(|| self.pop());
                    let source = self.pop();
                    self.pc = code.lambdas[lambda as usize].end.0 as usize;
                    match self.over(builtin, lambda, source, start)? {
                        Flow::Return(value, _) => self.stack.push(value),
                        Flow::Code => {}
                        flow => return Ok(flow),
                    }
                }
                ExprOp::Hole => self.stack.push(Value::Function(super::call::HOLE)),
                ExprOp::Partial(count, name) => {
                    let arguments = self.pop_many(usize::from(count));
                    let function = self.pop();
                    self.name_check(function, name, "T1007", "T1008")?;
                    let value = self.partial(function, arguments);
                    self.stack.push(value);
                }
                ExprOp::Apply => {
                    let (function, argument) = (self.pop(), self.pop());
                    match self.apply(argument, function)? {
                        Flow::Return(value, Asked::Code | Asked::Applied) => self.stack.push(value),
                        Flow::Code => {}
                        flow => return Ok(flow),
                    }
                }
                ExprOp::Yield => {
                    let value = self.pop();
                    let flow = match self.frames.last_mut() {
                        None => return Ok(Flow::End(value)),
                        Some(Frame::Each { .. }) => {
                            self.stepped(value)?;
                            continue;
                        }
                        Some(Frame::Filter { .. }) => {
                            self.filtered(value)?;
                            continue;
                        }
                        Some(Frame::Higher(_)) => self.higher(Some(value))?,
                        Some(_) => self.frame(Some(value))?,
                    };
                    match flow {
                        Flow::Code => {}
                        Flow::Return(value, Asked::Code | Asked::Applied) => self.stack.push(value),
                        flow => return Ok(flow),
                    }
                }
            }
        }
    }
}

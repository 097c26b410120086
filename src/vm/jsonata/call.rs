//! Functions as values, and calling them.
//!
//! Flows in: a function value and arguments. Flows out: a result at once, or a frame that will give one. Arguments are
//! checked against the function's signature here; a missing one may be the context. Calls in the last place of a function
//! take over its frame, so that loops written as recursion need no depth.

use super::error::EvaluationError;
use super::frame::Frame;
use super::machine::{Asked, Flow, Machine, Scope};
use super::query::{self, List, letter};
use super::{Evaluated, text};
use crate::program::expression::{Builtin, Expression};
use crate::value::signature::{Parameter, Signature};
use crate::value::{Arena, Value};

/// A hole among the arguments of a partial application.
pub(super) const HOLE: u32 = u32::MAX;

/// A function that is not built in.
#[derive(Clone, Copy)]
pub(super) enum Callable<'a> {
    /// Written in the expression.
    Lambda { code: &'a Expression, id: u32, scope: Option<&'a Scope<'a>>, context: Value<'a> },
    /// `|…|…|`
    Transform { code: &'a Expression, id: u32, scope: Option<&'a Scope<'a>>, context: Value<'a> },
    /// A function with some of its arguments.
    Partial { function: Value<'a>, arguments: &'a [Value<'a>] },
    /// Two functions in a row.
    Chain { first: Value<'a>, second: Value<'a> },
    /// A regular expression.
    Regex { code: &'a Expression, id: u32 },
    /// What finds the match behind another.
    Next { code: &'a Expression, id: u32, text: Value<'a>, from: usize },
}

impl<'a> Machine<'a, '_> {
    /// A new function value.
    pub fn function(&mut self, function: Callable<'a>) -> Value<'a> {
        self.functions.push(function);
        Value::Function((Builtin::ALL.len() + self.functions.len() - 1) as u32)
    }

    /// What a function value that is not built in stands for.
    pub fn callable(&self, function: Value<'a>) -> Option<Callable<'a>> {
        match function {
            Value::Function(id) => self.functions.get((id as usize).checked_sub(Builtin::ALL.len())?).copied(),
            _ => None,
        }
    }

    /// How many arguments a function is handed by one that takes functions.
    pub fn arity(&self, function: Value<'a>) -> usize {
        match (function, self.callable(function)) {
            (_, Some(Callable::Lambda { code, id, .. })) => code.lambdas[id as usize].parameters.len(),
            (_, Some(Callable::Partial { function, arguments })) => {
                let holes = arguments.iter().filter(|a| is_hole(**a)).count();
                // A partial application of one that is partial itself asks no deeper: two levels are what people write.
                match self.callable(function) {
                    Some(Callable::Lambda { code, id, .. }) => {
                        holes + code.lambdas[id as usize].parameters.len().saturating_sub(arguments.len())
                    }
                    _ => holes,
                }
            }
            (_, Some(_)) => 1,
            (Value::Function(id), None) => Builtin::ALL.get(id as usize).map_or(0, |b| b.arity()),
            _ => 0,
        }
    }

    /// Refuses to call what is no function; a name behind a bar is one whose `$` was forgotten.
    pub fn name_check(
        &self,
        function: Value<'a>,
        name: u32,
        forgotten: &'static str,
        otherwise: &'static str,
    ) -> Evaluated<()> {
        if matches!(function, Value::Function(_)) {
            return Ok(());
        }
        let name = &self.code.texts[name as usize];
        match name.strip_prefix('|').filter(|_| matches!(function, Value::Undefined)) {
            Some(name) => Err(EvaluationError::new(forgotten, name, "")),
            None => Err(EvaluationError::new(otherwise, name, "")),
        }
    }

    /// Calls a function of the library that was known beforehand.
    pub fn call_builtin(&mut self, builtin: Builtin, arguments: &'a [Value<'a>]) -> Evaluated<Flow<'a>> {
        self.burn(1)?;
        let arguments = validate(builtin.signature(), arguments, self.context, builtin.name(), self.arena)?;
        self.builtin(builtin, arguments, Asked::Code)
    }

    pub fn call(&mut self, function: Value<'a>, arguments: &'a [Value<'a>], asked: Asked) -> Evaluated<Flow<'a>> {
        self.call_named(function, arguments, asked, "")
    }

    pub fn call_named(
        &mut self,
        mut function: Value<'a>,
        mut arguments: &'a [Value<'a>],
        mut asked: Asked,
        name: &str,
    ) -> Evaluated<Flow<'a>> {
        // Partial applications ask for no signature: what does not fit it is handed on as it is.
        let mut partial = false;
        loop {
            self.burn(1)?;
            match self.callable(function) {
                None => {
                    let builtin = match function {
                        Value::Function(id) => Builtin::ALL.get(id as usize).copied(),
                        _ => None,
                    };
                    let builtin = builtin.ok_or_else(|| EvaluationError::new("T1006", name, ""))?;
                    // A function that is called by another has no context of its own.
                    let context = if asked == Asked::Code { self.context } else { Value::Null };
                    let arguments = match validate(builtin.signature(), arguments, context, builtin.name(), self.arena)
                    {
                        Err(_) if partial => arguments,
                        validated => validated?,
                    };
                    return self.builtin(builtin, arguments, asked);
                }
                Some(Callable::Lambda { code, id, scope, context }) => {
                    if self.depth >= self.limits.depth {
                        let limit = format!("{} calls inside calls", self.limits.depth);
                        return Err(EvaluationError::new("U1001", "", &limit));
                    }
                    let lambda = &code.lambdas[id as usize];
                    let arguments = match &lambda.signature {
                        Some(signature) if !partial => validate(signature, arguments, self.context, name, self.arena)?,
                        _ => arguments,
                    };
                    self.enter_lambda((code, id, scope, context), arguments, asked);
                    return Ok(Flow::Code);
                }
                Some(Callable::Partial { function: inner, arguments: bound }) => {
                    arguments = filled(bound, arguments, self.arena);
                    (function, partial) = (inner, true);
                }
                Some(Callable::Chain { first, second }) => {
                    self.frames.push(Frame::Chain { second, asked });
                    (function, asked) = (first, Asked::Frame);
                }
                Some(Callable::Transform { code, id, scope, context }) => {
                    return self.transform(code, id, scope, context, arguments, asked);
                }
                Some(Callable::Regex { code, id }) => {
                    let text = arguments.first().copied().unwrap_or(Value::Undefined);
                    let found = self.first_match(code, id, text, 0)?;
                    return Ok(Flow::Return(found, asked));
                }
                Some(Callable::Next { code, id, text, from }) => {
                    let found = self.first_match(code, id, text, from)?;
                    return Ok(Flow::Return(found, asked));
                }
            }
        }
    }

    /// Begins a call of a function of the expression, its arguments checked.
    fn enter_lambda(
        &mut self,
        (code, id, scope, context): (&'a Expression, u32, Option<&'a Scope<'a>>, Value<'a>),
        arguments: &[Value<'a>],
        asked: Asked,
    ) {
        self.depth += 1;
        let (pc, above) = (self.pc, self.scope);
        self.frames.push(Frame::Call { code: self.code, pc, scope: above, context: self.context, asked });
        self.begin(code, id, scope, context, arguments);
    }

    /// A call in the last place of a function of the expression: the frame stays, the registers become the callee's.
    pub fn tail_call(&mut self, function: Value<'a>, arguments: &'a [Value<'a>], name: &str) -> Evaluated<Flow<'a>> {
        match (self.callable(function), self.frames.last()) {
            (Some(Callable::Lambda { code, id, scope, context }), Some(Frame::Call { .. } | Frame::Higher(_))) => {
                let arguments = match &code.lambdas[id as usize].signature {
                    Some(signature) => validate(signature, arguments, self.caller_context(), name, self.arena)?,
                    None => arguments,
                };
                self.burn(1)?;
                self.begin(code, id, scope, context, arguments);
                Ok(Flow::Code)
            }
            _ => {
                self.context = self.caller_context();
                self.call_named(function, arguments, Asked::Code, name)
            }
        }
    }

    /// What a call in the last place of a function has for its context: that of the call which it takes the place of. A
    /// function that was called by one of the library's, or by `~>`, has none.
    pub fn caller_context(&self) -> Value<'a> {
        match self.frames.last() {
            Some(Frame::Call { asked: Asked::Frame | Asked::Applied, .. } | Frame::Higher(_)) => Value::Null,
            Some(Frame::Call { context, .. }) => *context,
            _ => self.context,
        }
    }

    fn begin(
        &mut self,
        code: &'a Expression,
        id: u32,
        scope: Option<&'a Scope<'a>>,
        context: Value<'a>,
        arguments: &[Value<'a>],
    ) {
        let lambda = &code.lambdas[id as usize];
        (self.code, self.pc, self.scope, self.context) = (code, lambda.body.0 as usize, scope, context);
        if lambda.slots > 0 {
            let scope = self.enter(lambda.slots);
            for (n, slot) in lambda.parameters.iter().enumerate() {
                let value = arguments.get(n).copied().unwrap_or(Value::Undefined);
                scope.slots[usize::from(*slot)].set(Some(value));
            }
        }
    }

    pub fn partial(&mut self, function: Value<'a>, arguments: &'a [Value<'a>]) -> Value<'a> {
        self.function(Callable::Partial { function, arguments })
    }

    /// `argument ~> function`
    pub fn apply(&mut self, argument: Value<'a>, function: Value<'a>) -> Evaluated<Flow<'a>> {
        if letter(function) != b'f' {
            return Err(EvaluationError::new("T2006", "~>", &text::quoted(function, self.arena)));
        }
        if letter(argument) == b'f' {
            let chain = self.function(Callable::Chain { first: argument, second: function });
            return Ok(Flow::Return(chain, Asked::Code));
        }
        self.call(function, self.arena.alloc_slice_copy(&[argument]), Asked::Applied)
    }
}

fn is_hole(value: Value) -> bool {
    matches!(value, Value::Function(HOLE))
}

/// The arguments of a partial application, its holes filled in order; what is left over comes behind.
fn filled<'a>(bound: &'a [Value<'a>], given: &'a [Value<'a>], arena: &'a Arena) -> &'a [Value<'a>] {
    let mut given = given.iter().copied();
    let mut all = List::with_capacity_in(bound.len(), arena);
    for argument in bound {
        all.push(if is_hole(*argument) { given.next().unwrap_or(Value::Undefined) } else { *argument });
    }
    all.extend(given);
    all.into_bump_slice()
}

/// Checks arguments against a signature, and brings them into the form that it asks for: the context for a missing one,
/// an array of one where an array is wanted.
fn validate<'a>(
    signature: &Signature,
    arguments: &'a [Value<'a>],
    context: Value<'a>,
    name: &str,
    arena: &'a Arena,
) -> Evaluated<&'a [Value<'a>]> {
    let parameters = &signature.parameters;
    // Arguments that are what each parameter in its turn asks for are what any matching would come to.
    let fits = |parameter: &Parameter, argument: &Value<'a>| {
        let kind = letter(*argument);
        let element = || match parameter.element.as_deref().map(str::as_bytes) {
            Some([wanted, ..]) => query::items(*argument, arena).iter().all(|item| letter(*item) == *wanted),
            _ => true,
        };
        !parameter.repeated && parameter.takes(kind) && (!parameter.array || kind == b'a' && element())
    };
    let rest = parameters.get(arguments.len()..);
    if rest.is_some_and(|rest| rest.iter().all(|p| p.optional && !p.context))
        && parameters.iter().zip(arguments).all(|(parameter, argument)| fits(parameter, argument))
    {
        return Ok(arguments);
    }
    let letters: Vec<u8> = arguments.iter().map(|a| letter(*a)).collect();
    let taken = signature.matches(&letters).map_err(|at| EvaluationError::new("T0410", name, &at.to_string()))?;
    let mut out = List::with_capacity_in(parameters.len(), arena);
    // Which argument is next, and which letter: an optional parameter that matches nothing still takes an argument.
    let (mut at, mut letter_at) = (0, 0);
    for (parameter, count) in parameters.iter().zip(taken) {
        if count == 0 {
            if !parameter.context {
                out.push(arguments.get(at).copied().unwrap_or(Value::Undefined));
                at += 1;
                continue;
            }
            if !parameter.takes(letter(context)) {
                return Err(EvaluationError::new("T0411", name, &(at + 1).to_string()));
            }
            out.push(context);
            continue;
        }
        for _ in 0..count {
            let argument = arguments.get(at).copied().unwrap_or(Value::Undefined);
            let kind = letters[letter_at];
            at += 1;
            letter_at += 1;
            if !parameter.array || kind == b'm' {
                out.push(argument);
                continue;
            }
            let right = match &parameter.element {
                None => true,
                Some(element) if kind != b'a' => element.as_bytes() == [kind],
                Some(element) => {
                    let wanted = element.as_bytes().first().copied();
                    query::items(argument, arena).iter().all(|item| Some(letter(*item)) == wanted)
                }
            };
            if !right {
                return Err(EvaluationError::new("T0412", name, &at.to_string()));
            }
            out.push(match kind {
                b'a' => argument,
                _ => Value::array(arena, arena.alloc_slice_copy(&[argument])),
            });
        }
    }
    Ok(out.into_bump_slice())
}

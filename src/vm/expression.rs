//! JSONata in a state: evaluating a field's expression, and the failures that come of it.
//!
//! States Language, "JSONata": an expression that fails, or has no value, fails its state with
//! States.QueryEvaluationError, which Retry and Catch look at; the history shows where (EvaluationFailed).

use super::context::Wanted;
use super::event::EventKind;
use super::jsonata::{self, EvaluationError, Host};
use super::machine::{Execution, Family, Stop};
use super::outcome::Failure;
use crate::program::expression::{Expression, Global, Left};
use crate::program::state::StateType;
use crate::program::{Blame, BlameId, Expected, ExpressionId, Root};
use crate::value::scan::Slot;
use crate::value::{Arena, Kind, Member, Value};

/// The error that all of these are.
const ERROR: &str = "States.QueryEvaluationError";

impl<'a> Execution<'a> {
    /// Puts the value of an expression on the stack.
    pub(super) fn evaluate(&mut self, id: ExpressionId, blame: BlameId) -> Result<(), Stop<'a>> {
        let expression = self.program.expression(id);
        let arena = self.arena;
        let bare = expression.bare();
        let mut host = StateHost { execution: self, opens: bare.is_none() };
        if let Some((global, names)) = bare {
            return match jsonata::follow(&mut host, global, names, arena) {
                Value::Undefined => Err(self.unevaluated(blame, "returned nothing (undefined).")),
                value => {
                    self.stack.push(value);
                    Ok(())
                }
            };
        }
        let value = jsonata::evaluate(expression, Value::Undefined, &mut host, jsonata::Limits::STATE, arena);
        let value = match value {
            Ok(Value::Undefined) => return Err(self.unevaluated(blame, "returned nothing (undefined).")),
            Ok(Value::Function(_)) => return Err(self.unevaluated(blame, "returned an unsupported result type.")),
            Ok(value) if expression.functions && holds_function(value) => {
                return Err(self.unevaluated(blame, "returned an unsupported result type."));
            }
            // JSON has no such numbers: they are given by name.
            Ok(Value::Float(f)) if !f.is_finite() => Value::text(arena, not_finite(f)),
            Ok(value) => value,
            Err(error) => {
                let text = format!("threw an error during evaluation. {error}");
                return Err(self.unevaluated(blame, &text));
            }
        };
        self.computed(value)?;
        self.stack.push(value);
        Ok(())
    }

    /// The value of an expression that is nothing but a path; undefined if there is none.
    pub(super) fn queried(&mut self, id: ExpressionId) -> Value<'a> {
        let (expression, arena) = (self.program.expression(id), self.arena);
        let mut host = StateHost { execution: self, opens: false };
        match expression.bare() {
            Some((global, names)) => jsonata::follow(&mut host, global, names, arena),
            // The verifier has seen to it that this does not happen.
            None => Value::Undefined,
        }
    }

    /// Fails unless the top of the stack is of a kind.
    pub(super) fn expect(&mut self, kind: Expected, blame: BlameId) -> Result<(), Stop<'a>> {
        let Some(value) = self.stack.last().copied() else { return Ok(()) };
        let found = match value.kind() {
            Kind::Null => "null",
            Kind::Bool => "boolean",
            Kind::Number => "number",
            Kind::String => "string",
            Kind::Array => "array",
            Kind::Object => "object",
        };
        if found == kind.name() {
            return Ok(());
        }
        let text = format!(
            "returned an unexpected result type. Expected '{}', but was '{found}' for value: {}",
            kind.name(),
            value.to_json()
        );
        Err(self.unevaluated(blame, &text))
    }

    /// The failure of an expression: what it did.
    fn unevaluated(&mut self, blame: BlameId, what: &str) -> Stop<'a> {
        let Blame::Expression { field, text } = self.program.blame(blame) else {
            return self.stop(self.runtime(what));
        };
        let cause = format!("The JSONata expression '{text}' specified for the field '{field}' {what}");
        self.query_failed(Some(field), &cause)
    }

    /// A failure of a JSONata field, with its event.
    pub(super) fn query_failed(&mut self, location: Option<&str>, cause: &str) -> Stop<'a> {
        let kind = self.visit.state.map(|state| self.program.state(state).kind);
        let failure = Failure {
            error: Some(ERROR),
            cause: Some(self.arena.alloc_str(cause)),
            origin: self.origin(),
            catchable: true,
        };
        if self.inside.is_some() {
            // In a handler, which has no history.
            return self.stop(failure);
        }
        let entering = self.visit.state.is_some() && self.history.previous == self.visit.entered;
        if entering && kind == Some(StateType::Map) {
            // A Map says that it has failed although it has not started.
            self.forked = true;
        }
        // On entry the event points past the state's own Entered event, but not in a Wait.
        if entering && kind != Some(StateType::Wait) && !self.quiet {
            let first = matches!(self.family, Family::Root) && self.visit.entered == 2;
            self.history.previous = if first { 0 } else { self.visit.entered - 1 };
        }
        self.event(|e| EventKind::EvaluationFailed {
            error: ERROR.to_owned(),
            cause: failure.cause_text(e.arena).unwrap_or_default().to_owned(),
            location: location.map(str::to_owned),
            state: failure.origin.map(|origin| origin.state.to_owned()).unwrap_or_default(),
        });
        self.stop(failure)
    }

    /// Whether an expression gave a value.
    pub(super) fn is_query(&self, blame: BlameId) -> bool {
        matches!(self.program.blame(blame), Blame::Expression { .. })
    }

    /// The whole number of seconds that an expression gave; none if a path gave it.
    pub(super) fn whole_query(&mut self, blame: BlameId, value: Value<'a>) -> Option<Result<u64, Stop<'a>>> {
        let Blame::Expression { field, .. } = self.program.blame(blame) else { return None };
        let Some(number) = value.as_number().and_then(|n| n.as_i64()) else {
            let text = format!("The {field} field cannot be parsed as an integer: {}", self.plain(value));
            return Some(Err(self.query_failed(Some(field), &text)));
        };
        Some(match u64::try_from(number) {
            Ok(number) if number <= 99_999_999 => Ok(number),
            _ => {
                let text = format!("{field} must be between 0 and 99999999 but was: {number}");
                Err(self.query_failed(Some(field), &text))
            }
        })
    }

    /// A value that will not do for its field, in the words of JSONata states; none if a path gave it.
    pub(super) fn bad_query(&mut self, blame: BlameId, why: &str) -> Option<Stop<'a>> {
        let Blame::Expression { field, .. } = self.program.blame(blame) else { return None };
        Some(self.query_failed(Some(field), &format!("The {field} field {why}")))
    }
}

fn not_finite(number: f64) -> &'static str {
    match number {
        n if n.is_nan() => "NaN",
        n if n > 0.0 => "Infinity",
        _ => "-Infinity",
    }
}

/// Whether a function has got into a value; only what was built can hold one.
fn holds_function(value: Value) -> bool {
    match value {
        Value::Function(_) => true,
        Value::Array(array) => array.items.iter().any(|item| holds_function(*item)),
        Value::Object(object) => object.members.iter().any(|member| holds_function(member.value)),
        Value::Overlay(overlay) => holds_function(overlay.base) || holds_function(overlay.member.value),
        _ => false,
    }
}

/// What an expression finds around it.
struct StateHost<'e, 'a> {
    execution: &'e mut Execution<'a>,
    /// Whether values are looked into, rather than handed on.
    opens: bool,
}

impl<'a> StateHost<'_, 'a> {
    fn root(&mut self, root: Root) -> Option<Value<'a>> {
        let execution = &mut *self.execution;
        match root {
            Root::Register(register) => Some(*execution.register(register)),
            Root::Outer => Some(execution.outer()),
            Root::Context => Some(execution.context(Wanted::ALL)),
            Root::Variable(variable) => execution.variables[variable.index()],
            Root::Slot(slot) => match execution.input.slots.get(slot.index()) {
                Some(Slot::Found(span)) => {
                    let input = &execution.input;
                    let text = &input.text[span.start as usize..span.end as usize];
                    // Who looks inside again and again had better look at what the scanner's tokens have opened.
                    match input.tokens.filter(|_| self.opens && text.starts_with(['{', '['])) {
                        Some(tokens) => Some(tokens.open(*span, execution.arena)),
                        None => Some(Value::raw(execution.arena, text, input.form.of_part(text))),
                    }
                }
                Some(Slot::Absent | Slot::Missing { .. }) => None,
                // An array may be on the way: then the fields of its elements are meant.
                _ => {
                    let names = execution.program.slot(slot).iter().map(|name| &**name);
                    Some(jsonata::fields(execution.input.value, names, execution.arena))
                }
            },
        }
    }
}

impl<'a> Host<'a> for StateHost<'_, 'a> {
    fn global(&mut self, global: Global) -> Option<Value<'a>> {
        match global {
            Global::Root(root) => self.root(root),
            Global::Variable(variable) => self.execution.variables[variable.index()],
            Global::States { input, left } => {
                let mut members = vec![Member { key: "input", value: self.root(input)? }];
                match left {
                    Left::Nothing => {}
                    Left::Result => members.push(Member { key: "result", value: self.execution.res }),
                    Left::ErrorOutput => members.push(Member { key: "errorOutput", value: self.execution.res }),
                }
                members.push(Member { key: "context", value: self.execution.context(Wanted::ALL) });
                let arena = self.execution.arena;
                Some(Value::object(arena, arena.alloc_slice_copy(&members)))
            }
            Global::None | Global::Binding(_) | Global::Builtin(_) => None,
        }
    }

    fn path(&mut self, global: Global, names: &[Box<str>], arena: &'a Arena) -> Value<'a> {
        let value = match global {
            Global::Root(Root::Context) => Some(self.execution.context(Wanted::below(names))),
            global => self.global(global),
        };
        jsonata::fields(value.unwrap_or(Value::Undefined), names.iter().map(|name| &**name), arena)
    }

    fn now_ms(&mut self) -> i64 {
        self.execution.now_ms
    }

    fn draw(&mut self) -> u64 {
        self.execution.seed.known().draw()
    }

    fn compile(&mut self, _: &str) -> Option<Result<&'a Expression, EvaluationError>> {
        None
    }
}

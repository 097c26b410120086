//! The operators between values.
//!
//! Flows in: two values. Flows out: one. Numbers are doubles while they are computed with; a number that is only handed
//! on keeps its text.

use super::error::EvaluationError;
use super::library::string;
use super::query::{self, letter, number};
use super::text;
use crate::program::expression::ExprOp;
use crate::value::{Arena, Flags, Value};
use std::cmp::Ordering;

type Operated<'a> = Result<Value<'a>, Box<EvaluationError>>;

/// An operand of arithmetic: none for undefined.
pub(super) fn operand<'a>(
    value: Value<'a>,
    code: &'static str,
    token: &str,
    arena: &'a Arena,
) -> Result<Option<f64>, Box<EvaluationError>> {
    match number(value) {
        Some(n) if n.is_finite() => Ok(Some(n)),
        Some(n) => Err(EvaluationError::new("D1001", token, if n.is_nan() { "NaN" } else { "Infinity" })),
        None if matches!(value, Value::Undefined) => Ok(None),
        None => Err(EvaluationError::new(code, token, &text::quoted(value, arena))),
    }
}

pub(super) fn arithmetic<'a>(op: ExprOp, left: Value<'a>, right: Value<'a>, arena: &'a Arena) -> Operated<'a> {
    let token = match op {
        ExprOp::Add => "+",
        ExprOp::Subtract => "-",
        ExprOp::Multiply => "*",
        ExprOp::Divide => "/",
        _ => "%",
    };
    let (left, right) = (operand(left, "T2001", token, arena)?, operand(right, "T2002", token, arena)?);
    let (Some(a), Some(b)) = (left, right) else { return Ok(Value::Undefined) };
    Ok(Value::Float(match op {
        ExprOp::Add => a + b,
        ExprOp::Subtract => a - b,
        ExprOp::Multiply => a * b,
        ExprOp::Divide => a / b,
        _ => a % b,
    }))
}

pub(super) fn compare<'a>(op: ExprOp, left: Value<'a>, right: Value<'a>, arena: &'a Arena) -> Operated<'a> {
    let token = match op {
        ExprOp::Less => "<",
        ExprOp::LessEqual => "<=",
        ExprOp::Greater => ">",
        _ => ">=",
    };
    let (l, r) = (letter(left), letter(right));
    if !matches!(l, b'm' | b's' | b'n') || !matches!(r, b'm' | b's' | b'n') {
        return Err(EvaluationError::new("T2010", token, ""));
    }
    if l == b'm' || r == b'm' {
        return Ok(Value::Undefined);
    }
    if l != r {
        let values = format!("{} and {}", text::quoted(left, arena), text::quoted(right, arena));
        return Err(EvaluationError::new("T2009", token, &values));
    }
    let order = order(left, right, arena);
    Ok(Value::Bool(match op {
        ExprOp::Less => order == Some(Ordering::Less),
        ExprOp::LessEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        ExprOp::Greater => order == Some(Ordering::Greater),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }))
}

/// The order of two numbers or two strings; none where a number is none.
pub(super) fn order<'a>(left: Value<'a>, right: Value<'a>, arena: &'a Arena) -> Option<Ordering> {
    match (number(left), number(right)) {
        (Some(a), Some(b)) => a.partial_cmp(&b),
        _ => Some(string::compare(left.as_str(arena)?, right.as_str(arena)?)),
    }
}

pub(super) fn equality<'a>(op: ExprOp, left: Value<'a>, right: Value<'a>, arena: &'a Arena) -> Value<'a> {
    // Nothing is equal to undefined, and nothing is unequal to it.
    if matches!(left, Value::Undefined) || matches!(right, Value::Undefined) {
        return Value::Bool(false);
    }
    Value::Bool(query::equal(left, right, arena) == (op == ExprOp::Equal))
}

pub(super) fn contains<'a>(left: Value<'a>, right: Value<'a>, arena: &'a Arena) -> Value<'a> {
    if matches!(left, Value::Undefined) || matches!(right, Value::Undefined) {
        return Value::Bool(false);
    }
    Value::Bool(query::items(right, arena).iter().any(|item| query::equal(left, *item, arena)))
}

pub(super) fn concat<'a>(left: Value<'a>, right: Value<'a>, arena: &'a Arena) -> Operated<'a> {
    let (a, b) = (text::joined(left, arena)?, text::joined(right, arena)?);
    let mut both = bumpalo::collections::String::with_capacity_in(a.len() + b.len(), arena);
    both.push_str(a);
    both.push_str(b);
    Ok(Value::text(arena, both.into_bump_str()))
}

/// `a..b`, held to `length_max` numbers.
pub(super) fn range<'a>(from: Value<'a>, to: Value<'a>, length_max: u64, arena: &'a Arena) -> Operated<'a> {
    let whole = |value: Value<'a>, code| match number(value) {
        Some(n) if n.fract() == 0.0 => Ok(Some(n)),
        None if matches!(value, Value::Undefined) => Ok(None),
        _ => Err(EvaluationError::new(code, "..", &text::quoted(value, arena))),
    };
    let (from, to) = (whole(from, "T2003")?, whole(to, "T2004")?);
    let (Some(from), Some(to)) = (from, to) else { return Ok(Value::Undefined) };
    if from > to {
        return Ok(Value::Undefined);
    }
    let size = to - from + 1.0;
    if size > length_max as f64 {
        return Err(EvaluationError::new("D2014", "..", &size.to_string()));
    }
    let items = arena.alloc_slice_fill_with(size as usize, |n| Value::Float(from + n as f64));
    Ok(Value::flagged(arena, items, Flags::SEQUENCE))
}

//! The operators between values.
//!
//! Flows in: two values. Flows out: one. Numbers are doubles while they are computed with; a number that is only handed
//! on keeps its text.

use super::error::EvaluationError;
use super::library::string;
use super::query::{self, letter, number};
use super::text;
use crate::program::expression::{Number, Operator};
use crate::value::{Arena, Flags, Value, raw, text as text_of};
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
        // What is no number is no operand; what is too large for one has an error of its own.
        Some(n) if n.is_nan() => Err(EvaluationError::new(code, token, "NaN")),
        Some(_) => Err(EvaluationError::new("D1001", token, "Infinity")),
        None if matches!(value, Value::Undefined) => Ok(None),
        None => Err(EvaluationError::new(code, token, &text::quoted(value, arena))),
    }
}

/// One value by another.
#[inline]
pub(super) fn between<'a>(by: Operator, left: Value<'a>, right: Value<'a>, arena: &'a Arena) -> Operated<'a> {
    match (number(left), number(right)) {
        (Some(a), Some(b)) if a.is_finite() && b.is_finite() => Ok(numbers(by, a, b)),
        _ => others(by, left, right, arena),
    }
}

/// The same of what are not two numbers to compute with.
fn others<'a>(by: Operator, left: Value<'a>, right: Value<'a>, arena: &'a Arena) -> Operated<'a> {
    match by {
        Operator::Equal | Operator::NotEqual => Ok(equality(by, left, right, arena)),
        Operator::Less | Operator::LessEqual | Operator::Greater | Operator::GreaterEqual => {
            compare(by, left, right, arena)
        }
        _ => arithmetic(by, left, right, arena),
    }
}

/// A value by a number of the expression.
pub(super) fn by_number<'a>(by: Operator, left: Value<'a>, right: &'a Number, arena: &'a Arena) -> Operated<'a> {
    match number(left) {
        Some(a) if a.is_finite() && right.value.is_finite() => Ok(numbers(by, a, right.value)),
        _ => between(by, left, super::constant_number(&right.text, arena), arena),
    }
}

/// A value by a string of the expression.
pub(super) fn by_text<'a>(by: Operator, left: Value<'a>, right: &'a str, arena: &'a Arena) -> Operated<'a> {
    let equal = match (by, left) {
        (Operator::Equal | Operator::NotEqual, Value::Text(left)) => *left == right,
        (Operator::Equal | Operator::NotEqual, Value::Raw(left)) if left.text.starts_with('"') => {
            let left = raw::unquote(left.text);
            if left.contains('\\') { text_of::unescaped_eq(left, right) } else { left == right }
        }
        _ => return between(by, left, Value::text(arena, right), arena),
    };
    Ok(Value::Bool(equal == (by == Operator::Equal)))
}

/// Finite numbers need no more looking at.
#[inline]
pub(super) fn numbers<'a>(by: Operator, a: f64, b: f64) -> Value<'a> {
    match by {
        Operator::Add => Value::Float(a + b),
        Operator::Subtract => Value::Float(a - b),
        Operator::Multiply => Value::Float(a * b),
        Operator::Divide => Value::Float(a / b),
        Operator::Modulo => Value::Float(a % b),
        Operator::Equal => Value::Bool(a == b),
        Operator::NotEqual => Value::Bool(a != b),
        Operator::Less => Value::Bool(a < b),
        Operator::LessEqual => Value::Bool(a <= b),
        Operator::Greater => Value::Bool(a > b),
        Operator::GreaterEqual => Value::Bool(a >= b),
    }
}

/// Arithmetic of what may be no number, or none that can be computed with.
fn arithmetic<'a>(by: Operator, left: Value<'a>, right: Value<'a>, arena: &'a Arena) -> Operated<'a> {
    let token = by.token();
    let (left, right) = (operand(left, "T2001", token, arena)?, operand(right, "T2002", token, arena)?);
    let (Some(a), Some(b)) = (left, right) else { return Ok(Value::Undefined) };
    Ok(numbers(by, a, b))
}

fn compare<'a>(by: Operator, left: Value<'a>, right: Value<'a>, arena: &'a Arena) -> Operated<'a> {
    let token = by.token();
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
    Ok(Value::Bool(match by {
        Operator::Less => order == Some(Ordering::Less),
        Operator::LessEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Operator::Greater => order == Some(Ordering::Greater),
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

fn equality<'a>(by: Operator, left: Value<'a>, right: Value<'a>, arena: &'a Arena) -> Value<'a> {
    // Nothing is equal to undefined, and nothing is unequal to it.
    if matches!(left, Value::Undefined) || matches!(right, Value::Undefined) {
        return Value::Bool(false);
    }
    Value::Bool(query::equal(left, right, arena) == (by == Operator::Equal))
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

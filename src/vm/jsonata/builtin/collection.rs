//! Functions of arrays and objects.

use super::Arguments;
use crate::program::expression::Builtin;
use crate::value::{Flags, Member, Value};
use crate::vm::jsonata::error::EvaluationError;
use crate::vm::jsonata::query::{self, List, letter};
use crate::vm::jsonata::{Evaluated, operate, order};

/// The function's value; none if it is not one of arrays and objects.
pub(super) fn call<'a>(builtin: Builtin, arguments: Arguments<'a>) -> Evaluated<Option<Value<'a>>> {
    let arena = arguments.arena;
    let first = arguments.at(0);
    Ok(Some(match builtin {
        Builtin::Sum | Builtin::Max | Builtin::Min | Builtin::Average => total(builtin, arguments),
        Builtin::Keys => keys(first, arguments),
        Builtin::Lookup => match arguments.text(1) {
            Some(key) => query::found(first, key, arena),
            None => Value::Undefined,
        },
        Builtin::Spread => spread(first, arguments),
        Builtin::Merge => {
            let mut all = bumpalo::collections::Vec::new_in(arena);
            for object in arguments.items(0) {
                all.extend_from_slice(object.members(arena).unwrap_or_default());
            }
            query::object(all.iter().copied(), arena)
        }
        Builtin::Reverse => {
            let mut items = List::new_in(arena);
            items.extend(arguments.items(0).iter().rev().copied());
            Value::array(arena, items.into_bump_slice())
        }
        Builtin::Distinct => distinct(first, arguments),
        Builtin::Sort => sort(arguments)?,
        Builtin::Clone => first,
        _ => return Ok(None),
    }))
}

fn total<'a>(builtin: Builtin, arguments: Arguments<'a>) -> Value<'a> {
    let numbers = arguments.items(0);
    if numbers.is_empty() && builtin != Builtin::Sum {
        return Value::Undefined;
    }
    let numbers = numbers.iter().map(|n| query::number(*n).unwrap_or(f64::NAN));
    let count = arguments.items(0).len() as f64;
    Value::Float(match builtin {
        Builtin::Sum => numbers.fold(0.0, |a, b| a + b),
        Builtin::Max => numbers.fold(f64::NEG_INFINITY, f64::max),
        Builtin::Min => numbers.fold(f64::INFINITY, f64::min),
        _ => numbers.fold(0.0, |a, b| a + b) / count,
    })
}

fn keys<'a>(value: Value<'a>, arguments: Arguments<'a>) -> Value<'a> {
    let arena = arguments.arena;
    let mut names: Vec<&'a str> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        if let Some(elements) = value.elements(arena) {
            open.extend(elements.iter().rev());
        }
        names.extend(value.members(arena).unwrap_or_default().iter().map(|m| m.key).filter(|key| seen.insert(*key)));
    }
    let mut out = List::new_in(arena);
    out.extend(names.into_iter().map(|name| Value::text(arena, name)));
    query::sequence(out, arena)
}

/// `$spread`: what an object gives is a sequence, what an array gives a plain array, for its parts are appended.
fn spread<'a>(value: Value<'a>, arguments: Arguments<'a>) -> Value<'a> {
    let arena = arguments.arena;
    let one = |m: &Member<'a>| Value::object(arena, arena.alloc_slice_copy(&[*m]));
    let mut out = List::new_in(arena);
    match letter(value) {
        b'o' => out.extend(value.members(arena).unwrap_or_default().iter().map(one)),
        b'a' => {
            let items = query::items(value, arena);
            for item in items {
                match letter(*item) {
                    b'a' => query::flatten(&mut out, spread(*item, arguments), arena),
                    b'o' => out.extend(item.members(arena).unwrap_or_default().iter().map(one)),
                    _ => out.push(*item),
                }
            }
            if !items.is_empty() {
                return Value::array(arena, out.into_bump_slice());
            }
        }
        _ => return value,
    }
    query::sequence(out, arena)
}

fn distinct<'a>(value: Value<'a>, arguments: Arguments<'a>) -> Value<'a> {
    let arena = arguments.arena;
    let Some(items) = value.elements(arena).filter(|items| items.len() > 1) else { return value };
    let mut out = List::new_in(arena);
    // Scalars are told apart by their text; only what has parts is compared one by one.
    let mut seen = std::collections::HashSet::new();
    for item in items {
        let fresh = match letter(*item) {
            b'a' | b'o' | b'f' => !out.iter().any(|known| query::equal(*known, *item, arena)),
            b's' => seen.insert((b's', 0, item.as_str(arena))),
            b'n' => {
                // Zero has two signs, but is one number.
                let number = query::number(*item).unwrap_or(f64::NAN) + 0.0;
                seen.insert((b'n', number.to_bits(), None))
            }
            kind => seen.insert((kind, u64::from(item.as_bool() == Some(true)), None)),
        };
        if fresh {
            out.push(*item);
        }
    }
    let flags = if query::flags(value).has(Flags::SEQUENCE) { Flags::SEQUENCE } else { Flags::NONE };
    Value::flagged(arena, out.into_bump_slice(), flags)
}

fn sort<'a>(arguments: Arguments<'a>) -> Evaluated<Value<'a>> {
    let (arena, items) = (arguments.arena, arguments.items(0));
    let all = |kind| items.iter().all(|item| letter(*item) == kind);
    if items.len() < 2 {
        return Ok(arguments.at(0));
    }
    if !all(b'n') && !all(b's') {
        return Err(EvaluationError::new("D3070", "sort", ""));
    }
    // What is compared again and again is read once.
    let mut keys = List::with_capacity_in(items.len(), arena);
    keys.extend(items.iter().map(|item| query::number(*item).map_or(*item, Value::Float)));
    let order = order::merge_sort(items.len(), arena, &mut |a, b| {
        Ok(operate::order(keys[a], keys[b], arena) == Some(std::cmp::Ordering::Greater))
    })?;
    let mut out = List::with_capacity_in(items.len(), arena);
    out.extend(order.iter().map(|at| items[*at]));
    Ok(Value::array(arena, out.into_bump_slice()))
}

/// `$zip`: the first elements of all, the second elements, as far as the shortest goes.
pub(super) fn zip<'a>(arguments: Arguments<'a>) -> Value<'a> {
    let arena = arguments.arena;
    let column = |value: &Value<'a>| match value {
        Value::Undefined => &[][..],
        value => query::items(*value, arena),
    };
    let columns: Vec<&[Value]> = arguments.values.iter().map(column).collect();
    let length = columns.iter().map(|c| c.len()).min().unwrap_or(0);
    let mut rows = List::with_capacity_in(length, arena);
    for at in 0..length {
        let row: Vec<Value> = columns.iter().map(|c| c[at]).collect();
        rows.push(Value::array(arena, arena.alloc_slice_copy(&row)));
    }
    Value::array(arena, rows.into_bump_slice())
}

/// `$partition` and `$range`, which AWS adds.
pub(super) fn made<'a>(builtin: Builtin, arguments: Arguments<'a>, length_max: u64) -> Evaluated<Value<'a>> {
    let arena = arguments.arena;
    let mut out = List::new_in(arena);
    if builtin == Builtin::Partition {
        let (false, Some(size)) = (matches!(arguments.at(0), Value::Undefined), arguments.number(1)) else {
            return Ok(Value::Undefined);
        };
        if size < 1.0 {
            let message = "The second argument of partition function must be a positive number".to_owned();
            return Err(EvaluationError::said("D3010", message));
        }
        out.extend(arguments.items(0).chunks(size as usize).map(|part| Value::array(arena, part)));
        return Ok(Value::array(arena, out.into_bump_slice()));
    }
    let (Some(from), Some(to), Some(step)) = (arguments.number(0), arguments.number(1), arguments.number(2)) else {
        return Ok(Value::Undefined);
    };
    let count = ((to - from) / step).floor() + 1.0;
    if step == 0.0 || count > length_max as f64 {
        return Err(EvaluationError::new("D2014", "range", &count.to_string()));
    }
    // Computed from the start each time, so that rounding does not add up.
    out.extend((0..count.max(0.0) as u64).map(|n| Value::Float(from + n as f64 * step)));
    Ok(query::sequence(out, arena))
}

//! Array and the functions on arrays. Elements are handed on as they are: nothing here copies one.

use super::{Call, ELEMENTS_MAX, Rejected, java};
use crate::value::raw::Form;
use crate::value::text::{needs_escape, same};
use crate::value::{Kind, Raw, Value};

/// `States.Array(a, …)`: the arguments, none included.
pub(super) fn array<'a>(call: &Call<'_, 'a>) -> Value<'a> {
    Value::array(call.arena, call.arena.alloc_slice_copy(call.arguments))
}

/// `States.ArrayPartition(array, size)`: the elements in arrays of that many, the last one shorter.
#[inline(never)]
pub(super) fn partition<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let [array, size] = call.exactly()?;
    let (items, size) = (call.elements(array)?, call.truncated(size)?);
    if size < 1 {
        return Err(call.rejected());
    }
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let parts = items.chunks(size).map(|part| Value::array(call.arena, part));
    Ok(Value::array(call.arena, call.arena.alloc_slice_fill_iter(parts)))
}

/// `States.ArrayContains(array, value)`: whether an element has the same text form. AWS compares those: it finds `1` in
/// `["1"]`, `true` in `["true"]`, and no object whose members stand in another order.
#[inline(never)]
pub(super) fn contains<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let [array, wanted] = call.exactly()?;
    let items = call.elements(array)?;
    call.fits(array)?;
    call.fits(wanted)?;
    let mut text = java::Text::new_in(call.arena);
    java::write_text(wanted, call.arena, &mut text);
    let mut other = java::Text::new_in(call.arena);
    // There is but one way to spell such a text in a compact form: as it is.
    let is_plain = !needs_escape(text.as_bytes());
    let found = items.iter().any(|item| {
        if let Value::Raw(Raw { text: spelled, form: Form::COMPACT }) = item
            && is_plain
            && let Some((b'"', rest)) = spelled.as_bytes().split_first()
        {
            return rest.len() == text.len() + 1 && same(&rest[..text.len()], text.as_bytes());
        }
        if let Some(string) = item.as_str(call.arena) {
            return same(string.as_bytes(), text.as_bytes());
        }
        other.clear();
        java::write_text(*item, call.arena, &mut other);
        other == text
    });
    Ok(Value::Bool(found))
}

/// `States.ArrayRange(first, last, step)`: the numbers from the first to the last, which is included if a step meets it;
/// none if the step leads away from it.
#[inline(never)]
pub(super) fn range<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let [first, last, step] = call.exactly()?;
    let (first, last, step) = (call.truncated(first)?, call.truncated(last)?, call.truncated(step)?);
    if step == 0 {
        return Err(call.rejected());
    }
    // 128 bits: the distance of two numbers of 64 bits may take 65.
    let distance = i128::from(last) - i128::from(first);
    if distance != 0 && (distance > 0) != (step > 0) {
        return Ok(Value::array(call.arena, &[]));
    }
    let steps = distance / i128::from(step);
    let length = usize::try_from(steps + 1).ok().filter(|length| *length <= ELEMENTS_MAX).ok_or(call.rejected())?;
    let mut next = first;
    let items = call.arena.alloc_slice_fill_with(length, |_| {
        let item = Value::Int(next);
        next = next.saturating_add(step);
        item
    });
    Ok(Value::array(call.arena, items))
}

/// `States.ArrayGetItem(array, index)`: the element, counted from 0. An empty array gives `null`, as it does on AWS.
#[inline(never)]
pub(super) fn item<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let [array, index] = call.exactly()?;
    let index = usize::try_from(call.truncated(index)?).map_err(|_| call.rejected())?;
    if array.kind() != Kind::Array {
        return Err(call.rejected());
    }
    match array.element(call.arena, index) {
        Some(item) => Ok(item),
        None if array.element(call.arena, 0).is_none() => Ok(Value::Null),
        None => Err(call.rejected()),
    }
}

/// `States.ArrayLength(array)`
pub(super) fn length<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let [array] = call.exactly()?;
    let length = match array {
        Value::Array(array) => array.items.len(),
        Value::Raw(raw) if array.kind() == Kind::Array => crate::value::raw::Elements::new(raw.text).count(),
        _ => return Err(call.rejected()),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

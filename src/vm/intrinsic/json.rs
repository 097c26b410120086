//! StringToJson, JsonToString, JsonMerge.

use super::{Call, Rejected};
use crate::value::{Arena, Member, Value, raw, scan};
use std::collections::HashMap;

/// `States.StringToJson(text)`: the value that the text is; `null` if it is empty or blank.
pub(super) fn parse<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let [text] = call.exactly()?;
    match call.string(text)?.trim_matches(raw::BLANKS) {
        "" => Ok(Value::Null),
        // Java's integers have one zero.
        "-0" => Ok(Value::Int(0)),
        text => match scan::validate(text.as_bytes()) {
            Ok(text) => Ok(Value::from_text(call.arena, text)),
            Err(_) => Err(call.rejected()),
        },
    }
}

/// `States.JsonToString(value)`: the compact text.
pub(super) fn write<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let [value] = call.exactly()?;
    call.fits(value)?;
    Ok(Value::copy_str(call.arena, &value.to_json()))
}

/// `States.JsonMerge(a, b, deep)`: the members of both, those of the second winning in the place of the first's. Only
/// `true` asks for a deep merge, which AWS has never offered; anything else that is no boolean counts as `false`.
pub(super) fn merge<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let [first, second, deep] = call.exactly()?;
    let (Some(first), Some(second)) = (first.members(call.arena), second.members(call.arena)) else {
        return Err(call.rejected());
    };
    if deep.as_bool() == Some(true) {
        return Err(call.rejected());
    }
    Ok(Value::object(call.arena, merged(first, second, call.arena)))
}

fn merged<'a>(first: &'a [Member<'a>], second: &'a [Member<'a>], arena: &'a Arena) -> &'a [Member<'a>] {
    let mut members = bumpalo::collections::Vec::with_capacity_in(first.len() + second.len(), arena);
    members.extend_from_slice(first);
    let places: HashMap<&str, usize> = first.iter().enumerate().map(|(at, member)| (member.key, at)).collect();
    for member in second {
        match places.get(member.key) {
            Some(&at) => members[at].value = member.value,
            None => members.push(*member),
        }
    }
    members.into_bump_slice()
}

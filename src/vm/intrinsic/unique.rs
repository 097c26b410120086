//! ArrayUnique.

use super::{Call, Rejected, java};
use crate::value::{Arena, Kind, Value};
use std::collections::HashSet;

/// `States.ArrayUnique(array)`: each element once, in the order of a Java hash set. Numbers are equal by value, objects
/// whatever the order of their members; of equal ones the first is kept.
pub(super) fn unique<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let [array] = call.exactly()?;
    let items = call.elements(array)?;
    call.fits(array)?;
    let mut seen = HashSet::new();
    let mut distinct = Vec::new();
    for item in items {
        let mut key = Vec::new();
        write_key(*item, call.arena, &mut key);
        if seen.insert(key) {
            distinct.push(*item);
        }
    }
    let hashes: Vec<i32> = distinct.iter().map(|item| java::hash_code(*item, call.arena)).collect();
    let order = java::hash_set_order(&hashes, items.len());
    let ordered = call.arena.alloc_slice_fill_iter(order.into_iter().map(|at| distinct[at]));
    Ok(Value::array(call.arena, ordered))
}

/// Writes a text that equal values share and others do not. (A Java hash will not do to find equals: whoever writes the
/// events could make all of them collide.)
fn write_key<'a>(value: Value<'a>, arena: &'a Arena, key: &mut Vec<u8>) {
    match value.kind() {
        Kind::Number => {
            let mut text = Vec::new();
            if let Some(number) = value.as_number() {
                number.write(&mut text);
            }
            write_number_key(&text, key);
        }
        Kind::Array => {
            key.push(b'[');
            for item in value.elements(arena).unwrap_or(&[]) {
                write_key(*item, arena, key);
                key.push(b',');
            }
            key.push(b']');
        }
        Kind::Object => {
            let mut members: Vec<_> = value.members(arena).unwrap_or(&[]).iter().collect();
            members.sort_by_key(|member| member.key);
            key.push(b'{');
            for member in members {
                crate::value::text::write_string(member.key, key);
                write_key(member.value, arena, key);
                key.push(b',');
            }
            key.push(b'}');
        }
        Kind::Null | Kind::Bool => value.write(key),
        Kind::String => crate::value::text::write_string(value.as_str(arena).unwrap_or(""), key),
    }
}

/// A number as sign, digits without zeros at either end, and exponent: `1.50` is `15e0` as 0.15 × 10^1 is `15e1`.
fn write_number_key(text: &[u8], key: &mut Vec<u8>) {
    let (negative, text) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, text),
    };
    let end = text.iter().position(|b| matches!(b, b'e' | b'E')).unwrap_or(text.len());
    let (mantissa, exponent) = (&text[..end], text.get(end + 1..).unwrap_or(b""));
    let point = mantissa.iter().position(|b| *b == b'.').unwrap_or(mantissa.len());
    let digits: Vec<u8> = mantissa.iter().copied().filter(|b| *b != b'.').collect();
    let leading = digits.iter().take_while(|b| **b == b'0').count();
    let Some(last) = digits.iter().rposition(|b| *b != b'0') else {
        key.push(b'0');
        return;
    };
    // An exponent that no 64 bits hold makes a number that equals only itself as written.
    let written = std::str::from_utf8(exponent).ok().map(|text| text.trim_start_matches('+'));
    let exponent = match written {
        Some("") => Some(0),
        Some(text) => text.parse::<i64>().ok(),
        None => None,
    };
    let Some(exponent) = exponent else {
        key.extend_from_slice(if negative { b"#-" } else { b"#" });
        key.extend_from_slice(text);
        return;
    };
    // A mantissa is shorter than 2^31 bytes, so that the sum fits 128 bits with ease.
    let scale = i128::from(exponent) + point as i128 - leading as i128;
    key.extend_from_slice(if negative { b"-" } else { b"" });
    key.extend_from_slice(&digits[leading..=last]);
    key.extend_from_slice(format!("e{scale}").as_bytes());
}

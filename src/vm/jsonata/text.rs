//! `$string`, and how values are joined into text: JSON in which numbers have at most 15 significant digits.
//!
//! Flows in: a value. Flows out: its text. A function is the empty string; a number beyond doubles is an error. What is no
//! number is one by itself, and `null` inside an array or object.

use super::error::EvaluationError;
use super::library::number;
use super::query;
use crate::value::{Arena, Flags, Value, text};

type Written<T> = Result<T, Box<EvaluationError>>;

/// The text of a value; nothing for undefined.
pub(super) fn string<'a>(value: Value<'a>, pretty: bool, arena: &'a Arena) -> Written<Option<&'a str>> {
    // A whole document that is an array is its own text, not that of its wrapping.
    let value = match value {
        Value::Array(array) if array.flags.has(Flags::WRAPPER) => array.items.first().copied().unwrap_or(value),
        value => value,
    };
    Ok(match query::letter(value) {
        b'm' => None,
        b's' => value.as_str(arena),
        b'f' => Some(""),
        b'n' => {
            let n = query::number(value).unwrap_or(f64::NAN);
            if !n.is_finite() {
                return Err(EvaluationError::new("D3001", "string", ""));
            }
            Some(arena.alloc_str(&number::to_text(n)?))
        }
        _ => {
            let mut out = Vec::new();
            write(value, pretty.then_some(0), &mut out, arena)?;
            // Only whole strings were written.
            Some(arena.alloc_str(&String::from_utf8_lossy(&out)))
        }
    })
}

/// The text that joins in a message or with `&`: empty for undefined.
pub(super) fn joined<'a>(value: Value<'a>, arena: &'a Arena) -> Written<&'a str> {
    Ok(string(value, false, arena)?.unwrap_or_default())
}

/// A value as a message quotes it, cut to a bearable length.
pub(super) fn quoted<'a>(value: Value<'a>, arena: &'a Arena) -> String {
    let mut out = Vec::new();
    if write(value, None, &mut out, arena).is_err() {
        return "Infinity".to_owned();
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn write<'a>(value: Value<'a>, level: Option<usize>, out: &mut Vec<u8>, arena: &'a Arena) -> Written<()> {
    let inner = level.map(|level| level + 1);
    match query::letter(value) {
        b'n' => {
            let n = query::number(value).unwrap_or(f64::NAN);
            match n {
                // As JavaScript writes it in JSON, inside something else.
                n if n.is_nan() => out.extend_from_slice(b"null"),
                n if n.is_infinite() => return Err(EvaluationError::new("D1001", "", "Infinity")),
                n => out.extend_from_slice(number::to_text(n)?.as_bytes()),
            }
        }
        b's' => text::write_string(value.as_str(arena).unwrap_or_default(), out),
        b'f' => out.extend_from_slice(b"\"\""),
        b'a' => {
            let items = query::items(value, arena);
            out.push(b'[');
            for (n, item) in items.iter().enumerate() {
                separate(n, inner, out);
                write(*item, inner, out, arena)?;
            }
            close(items.len(), level, b']', out);
        }
        b'o' => {
            let members = value.members(arena).unwrap_or_default();
            out.push(b'{');
            for (n, member) in members.iter().enumerate() {
                separate(n, inner, out);
                text::write_string(member.key, out);
                out.extend_from_slice(if level.is_some() { b": " } else { b":" });
                write(member.value, inner, out, arena)?;
            }
            close(members.len(), level, b'}', out);
        }
        b'b' => out.extend_from_slice(if value.as_bool() == Some(true) { b"true" } else { b"false" }),
        _ => out.extend_from_slice(b"null"),
    }
    Ok(())
}

fn separate(index: usize, level: Option<usize>, out: &mut Vec<u8>) {
    if index > 0 {
        out.push(b',');
    }
    indent(level, out);
}

fn close(count: usize, level: Option<usize>, bracket: u8, out: &mut Vec<u8>) {
    if count > 0 {
        indent(level, out);
    }
    out.push(bracket);
}

fn indent(level: Option<usize>, out: &mut Vec<u8>) {
    if let Some(level) = level {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', level * 2));
    }
}

//! Format, StringSplit, UUID.

use super::{Brace, Call, Draws, Rejected, TEXT_BYTES_MAX, java};
use crate::value::Value;
use crate::vm::seed::uuid_of;

/// Room that is made at first for a part of a text.
const LIKELY_BYTES: u64 = 64;

/// `States.Format(template, a, …)`: the template with each `{}` replaced by the text of the next argument.
///
/// There must be as many arguments as placeholders. Nothing else than `{}` is a placeholder: after `{` there must be `}`.
/// Text forms are Java's: strings bare, objects `{a=1}`, arrays `[1, 2]`.
pub(super) fn format<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let (template, mut arguments) = match call.arguments.split_first() {
        Some((template, arguments)) => (call.string(*template)?, arguments.iter()),
        None => return Err(call.rejected()),
    };
    let likely = call.arguments.iter().map(|argument| argument.size().bytes_max.min(LIKELY_BYTES) as usize).sum();
    let mut out = java::Text::with_capacity_in(likely, call.arena);
    let mut rest = template;
    // What stands between the characters that mean something is copied as a whole.
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'\\' | b'{' | b'}')) {
        out.push_str(&rest[..at]);
        let (special, behind) = rest[at..].split_at(1);
        rest = behind;
        match special {
            "\\" => match rest.chars().next().filter(|next| matches!(next, '{' | '}' | '\'' | '\\')) {
                Some(escaped) => {
                    out.push(escaped);
                    rest = &rest[1..];
                }
                None => out.push('\\'),
            },
            "{" => {
                rest = rest.strip_prefix('}').ok_or(Rejected::InvalidTemplate { lone: Brace::Open })?;
                let argument = *arguments.next().ok_or(call.rejected())?;
                call.fits(argument)?;
                java::write_text(argument, call.arena, &mut out);
                if out.len() as u64 > TEXT_BYTES_MAX {
                    return Err(call.too_long());
                }
            }
            _ => return Err(Rejected::InvalidTemplate { lone: Brace::Close }),
        }
    }
    out.push_str(rest);
    if arguments.next().is_some() {
        return Err(call.rejected());
    }
    Ok(Value::text(call.arena, out.into_bump_str()))
}

/// `States.StringSplit(text, separators)`: the pieces between characters of the second string; empty ones are dropped.
/// Without separators the text is one piece.
pub(super) fn split<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let [text, separators] = call.exactly()?;
    let (text, separators) = (call.string(text)?, Separators::new(call.string(separators)?));
    let pieces = text.split(|c| separators.contain(c)).filter(|piece| !piece.is_empty());
    let pieces = pieces.map(|piece| Value::text(call.arena, piece));
    let pieces = bumpalo::collections::Vec::from_iter_in(pieces, call.arena);
    Ok(Value::array(call.arena, pieces.into_bump_slice()))
}

/// A set of characters; both strings of a split may be long.
struct Separators {
    ascii: u128,
    others: Vec<char>,
}

impl Separators {
    fn new(text: &str) -> Separators {
        let mut ascii = 0;
        let mut others = Vec::new();
        for c in text.chars() {
            if c.is_ascii() {
                ascii |= 1 << u32::from(c);
            } else {
                others.push(c);
            }
        }
        others.sort_unstable();
        Separators { ascii, others }
    }

    fn contain(&self, c: char) -> bool {
        if c.is_ascii() { self.ascii >> u32::from(c) & 1 == 1 } else { self.others.binary_search(&c).is_ok() }
    }
}

/// `States.UUID()`: a UUID of version 4, in lower case.
pub(super) fn uuid<'a>(call: &Call<'_, 'a>, draws: &mut dyn Draws) -> Result<Value<'a>, Rejected> {
    let [] = call.exactly()?;
    let high = draws.draw();
    Ok(Value::copy_str(call.arena, &uuid_of(high, draws.draw())))
}

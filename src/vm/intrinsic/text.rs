//! Format, StringSplit, UUID.

use super::{Bit, Call, Draws, Rejected, TEXT_BYTES_MAX, java};
use crate::program::format::{Piece, Pieces};
use crate::value::{Arena, Value};
use crate::vm::seed::uuid_of;

/// Room that is made at first for a part of a text.
const LIKELY_BYTES: usize = 64;

/// As many pieces as most texts are split into.
const LIKELY_PIECES: usize = 4;

/// `States.Format(template, a, …)`: the template with each `{}` replaced by the text of the next argument.
///
/// There must be as many arguments as placeholders. Text forms are Java's: strings bare, objects `{a=1}`, arrays `[1, 2]`.
#[inline(never)]
pub(super) fn format<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let (template, mut arguments) = match call.arguments.split_first() {
        Some((template, arguments)) => (call.string(*template)?, arguments.iter()),
        None => return Err(call.rejected()),
    };
    let likely = template.len() + call.arguments.iter().skip(1).map(|argument| likely_bytes(*argument)).sum::<usize>();
    let mut out = java::Text::with_capacity_in(likely, call.arena);
    for piece in Pieces::new(template) {
        match piece.map_err(|lone| Rejected::InvalidTemplate { lone })? {
            Piece::Text(text) => out.push_str(text),
            Piece::Placeholder => {
                let argument = *arguments.next().ok_or(call.rejected())?;
                put(argument, call.arena, &mut out).ok_or(call.too_long())?;
            }
        }
    }
    if arguments.next().is_some() {
        return Err(call.rejected());
    }
    Ok(Value::text(call.arena, out.into_bump_str()))
}

/// What [`format()`] makes of a template that has been taken apart; room for so many bytes is made at first. Nothing if it is
/// too long.
#[inline(always)]
pub(in crate::vm) fn put_together<'t, 'a>(
    likely_bytes: usize,
    bits: impl Iterator<Item = Bit<'t, 'a>>,
    arena: &'a Arena,
) -> Option<Value<'a>> {
    let mut out = java::Text::with_capacity_in(likely_bytes, arena);
    for bit in bits {
        match bit {
            Bit::Text(text) => out.push_str(text),
            Bit::Value(value) => put(value, arena, &mut out)?,
        }
    }
    Some(Value::text(arena, out.into_bump_str()))
}

/// Appends the text form of a value to the inside of a string of JSON that is being written, the quote of which stands there
/// already.
#[inline(always)]
pub(in crate::vm) fn write_inside<'a>(value: Value<'a>, arena: &'a Arena, out: &mut Vec<u8>) {
    java::write_text(value, arena, &mut java::Inside(out));
}

/// Appends the text form of a value; nothing if it would be too long.
#[inline(always)]
fn put<'a>(value: Value<'a>, arena: &'a Arena, out: &mut java::Text<'a>) -> Option<()> {
    if !value.fits(TEXT_BYTES_MAX) {
        return None;
    }
    java::write_text(value, arena, out);
    (out.len() as u64 <= TEXT_BYTES_MAX).then_some(())
}

/// How much room to make for the text form of a value: of a scalar, enough.
fn likely_bytes(value: Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Raw(raw) => raw.text.len().min(LIKELY_BYTES),
        Value::Int(_) => 20,
        _ => LIKELY_BYTES,
    }
}

/// `States.StringSplit(text, separators)`: the pieces between characters of the second string; empty ones are dropped.
/// Without separators the text is one piece.
#[inline(never)]
pub(super) fn split<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let [text, separators] = call.exactly()?;
    let (text, separators) = (call.string(text)?, Separators::new(call.string(separators)?));
    let mut pieces = bumpalo::collections::Vec::with_capacity_in(LIKELY_PIECES, call.arena);
    let mut take = |piece: &'a str| {
        if !piece.is_empty() {
            pieces.push(Value::text(call.arena, piece));
        }
    };
    if separators.others.is_empty() {
        // Then no byte of any other character is one of them.
        let mut start = 0;
        for (at, byte) in text.bytes().enumerate() {
            if separators.has(byte) {
                take(&text[start..at]);
                start = at + 1;
            }
        }
        take(&text[start..]);
    } else {
        text.split(|c| separators.contain(c)).for_each(take);
    }
    Ok(Value::array(call.arena, pieces.into_bump_slice()))
}

/// A set of characters; both strings of a split may be long.
struct Separators {
    /// For each byte a bit, whether it is one of them; never one of another character.
    ascii: [u64; 4],
    others: Vec<char>,
}

impl Separators {
    fn new(text: &str) -> Separators {
        let mut ascii = [0; 4];
        let mut others = Vec::new();
        for c in text.chars() {
            if c.is_ascii() {
                ascii[c as usize / 64] |= 1 << (c as u32 % 64);
            } else {
                others.push(c);
            }
        }
        others.sort_unstable();
        Separators { ascii, others }
    }

    #[inline(always)]
    fn has(&self, byte: u8) -> bool {
        self.ascii[usize::from(byte / 64)] >> (byte % 64) & 1 == 1
    }

    fn contain(&self, c: char) -> bool {
        if c.is_ascii() { self.has(c as u8) } else { self.others.binary_search(&c).is_ok() }
    }
}

/// `States.UUID()`: a UUID of version 4, in lower case.
pub(super) fn uuid<'a>(call: &Call<'_, 'a>, draws: &mut dyn Draws) -> Result<Value<'a>, Rejected> {
    let [] = call.exactly()?;
    let high = draws.draw();
    Ok(Value::copy_str(call.arena, &uuid_of(high, draws.draw())))
}

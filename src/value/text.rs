//! String escapes, both ways: from the text between two quotes to the string it means, and back.
//!
//! Written out, a string is spelled as Jackson spells it, which is how AWS's answers look: only `"`, `\` and control
//! characters are escaped, everything else stands as it is. A lone surrogate escape (`\ud800`), which UTF-8 cannot carry,
//! is read as U+FFFD: a choice of ours, since no recorded answer shows one. It must never fail: what it is given has been
//! checked.

use super::Arena;

/// The string that the text between two quotes means; borrowed if it has no escape.
pub fn unescape<'a>(text: &'a str, arena: &'a Arena) -> &'a str {
    if !any_in(text.as_bytes(), is_backslash, any_backslash) {
        return text;
    }
    let mut out = bumpalo::collections::String::with_capacity_in(text.len(), arena);
    decode(text, |c| {
        out.push(c);
        true
    });
    out.into_bump_str()
}

/// The string that the text between two quotes means, as an owned string.
pub fn unescape_owned(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    decode(text, |c| {
        out.push(c);
        true
    });
    out
}

/// Whether the text between two quotes means `wanted`, without making it.
pub fn unescaped_eq(text: &str, wanted: &str) -> bool {
    let mut rest = wanted.chars();
    decode(text, |c| rest.next() == Some(c)) && rest.next().is_none()
}

/// Hands on each character the text means, until `take` says false; whether it never did.
fn decode(text: &str, mut take: impl FnMut(char) -> bool) -> bool {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let c = if c == '\\' { escape(&mut chars) } else { c };
        if !take(c) {
            return false;
        }
    }
    true
}

fn escape(chars: &mut std::str::Chars) -> char {
    match chars.next() {
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => unicode(chars),
        Some(c) => c,
        None => char::REPLACEMENT_CHARACTER,
    }
}

fn unicode(chars: &mut std::str::Chars) -> char {
    let first = four_digits(chars);
    if (0xD800..0xDC00).contains(&first) {
        let mut ahead = chars.clone();
        if ahead.next() == Some('\\') && ahead.next() == Some('u') {
            let second = four_digits(&mut ahead);
            if (0xDC00..0xE000).contains(&second) {
                *chars = ahead;
                let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
            }
        }
    }
    char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn four_digits(chars: &mut std::str::Chars) -> u32 {
    let mut code = 0;
    for _ in 0..4 {
        code = code * 16 + chars.next().and_then(|c| c.to_digit(16)).unwrap_or(0);
    }
    code
}

/// At most this many bytes when written with its quotes, were every byte to be escaped: a bound that costs nothing.
pub fn bytes_max(text: &str) -> u64 {
    text.len() as u64 * 6 + 2
}

/// Writes the string with its quotes.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    if needs_escape(bytes) {
        write_escaped(bytes, out);
    } else {
        out.extend_from_slice(bytes);
    }
    out.push(b'"');
}

fn needs_escape(bytes: &[u8]) -> bool {
    any_in(bytes, |byte| byte < 0x20 || byte == b'"' || byte == b'\\', any_special)
}

fn is_backslash(byte: u8) -> bool {
    byte == b'\\'
}

/// Whether there is a byte that is looked for, one by one or in a word.
#[inline(always)]
fn any_in(bytes: &[u8], is_one: impl Fn(u8) -> bool, any_of: impl Fn(u64) -> bool) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    if words.iter().any(|word| any_of(u64::from_le_bytes(*word))) {
        return true;
    }
    // What is left goes into one more word, of bytes that are seen twice.
    let half = |at: usize| bytes[at..].first_chunk().map_or(0, |part| u64::from(u32::from_le_bytes(*part)));
    match (bytes.last_chunk(), rest.len()) {
        (_, 0) => false,
        (Some(last), _) => any_of(u64::from_le_bytes(*last)),
        (None, length @ 4..) => any_of(half(0) | half(length - 4) << 32),
        (None, _) => rest.iter().any(|byte| is_one(*byte)),
    }
}

/// Whether one of eight bytes is a backslash; as [`any_special`].
fn any_backslash(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let found = word ^ (ONES * u64::from(b'\\'));
    found.wrapping_sub(ONES) & !found & TOPS != 0
}

/// Whether one of eight bytes must be escaped. A byte is zero after the exclusive or with what is looked for, and the
/// subtraction borrows into the top bit of a zero byte; a byte of 128 or more never counts.
fn any_special(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let control = word.wrapping_sub(ONES * 0x20);
    let quote = (word ^ (ONES * u64::from(b'"'))).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
    (control | quote | backslash) & !word & TOPS != 0
}

fn write_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    // What needs no escape is copied as a whole, from one that does to the next.
    out.reserve(bytes.len() + 16);
    let mut from = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[from..at]);
        from = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(&bytes[from..]);
}

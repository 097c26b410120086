//! Strings between their JSON form and their meaning.
//!
//! Flows in: the inside of a JSON string whose grammar was checked, or plain text. Flows out: the decoded text, or a
//! quoted string. It must never fail: half of a surrogate pair (`\ud800` alone) means U+FFFD here.

use std::borrow::Cow;

/// The meaning of the inside of a JSON string (without its quotes); borrowed if it holds no escape.
///
/// An escape that the grammar does not know is kept as it stands.
pub fn decode(inside: &str) -> Cow<'_, str> {
    match inside.find('\\') {
        None => Cow::Borrowed(inside),
        Some(first) => {
            let mut text = String::with_capacity(inside.len());
            text.push_str(&inside[..first]);
            text.extend(Decoded { rest: &inside[first..] });
            Cow::Owned(text)
        }
    }
}

/// The characters that the inside of a JSON string means, one after the other.
#[derive(Clone)]
pub(crate) struct Decoded<'a> {
    rest: &'a str,
}

impl<'a> Decoded<'a> {
    pub(crate) fn new(inside: &'a str) -> Self {
        Decoded { rest: inside }
    }
}

impl Iterator for Decoded<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let first = chars.next()?;
        if first != '\\' {
            self.rest = chars.as_str();
            return Some(first);
        }
        let plain = match chars.next() {
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(c @ ('"' | '\\' | '/')) => c,
            Some('u') => {
                let (c, length) = unicode(self.rest);
                self.rest = &self.rest[length..];
                return Some(c);
            }
            _ => {
                self.rest = &self.rest[1..];
                return Some('\\');
            }
        };
        self.rest = chars.as_str();
        Some(plain)
    }
}

/// The character of a `\uXXXX` at the start of `text`, with its second half if it is a pair, and the bytes it took.
fn unicode(text: &str) -> (char, usize) {
    let unit = |from: usize| -> Option<u32> {
        let escape = text.get(from..from + 6)?;
        let hex = escape
            .strip_prefix("\\u")
            .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        u32::from_str_radix(hex, 16).ok()
    };
    match unit(0) {
        None => ('\\', 1),
        Some(high @ 0xd800..0xdc00) => match unit(6) {
            Some(low @ 0xdc00..0xe000) => {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
            }
            _ => (char::REPLACEMENT_CHARACTER, 6),
        },
        Some(code) => (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
    }
}

/// Appends `text` as a JSON string, quotes included; only what must be escaped is.
pub fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => '"',
            b'\\' => '\\',
            0x08 => 'b',
            0x0c => 'f',
            b'\n' => 'n',
            b'\r' => 'r',
            b'\t' => 't',
            ..0x20 => 'u',
            _ => continue,
        };
        out.push_str(&text[copied..at]);
        out.push('\\');
        out.push(short);
        if short == 'u' {
            out.push_str(if byte < 0x10 { "000" } else { "001" });
            out.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        copied = at + 1;
    }
    out.push_str(&text[copied..]);
    out.push('"');
}

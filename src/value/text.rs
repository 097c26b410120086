//! String escapes, both ways: from the text between two quotes to the string it means, and back.
//!
//! Written out, a string is spelled as Jackson spells it, which is how AWS's answers look: only `"`, `\` and control
//! characters are escaped, everything else stands as it is. A lone surrogate escape (`\ud800`), which UTF-8 cannot carry,
//! is read as U+FFFD: a choice of ours, since no recorded answer shows one. It must never fail: what it is given has been
//! checked.

mod short;

use super::{Arena, scan};
use short::{BLOCK, any_marked, marks};
pub(crate) use short::{SHORT_MAX, append, is_plain, put_short, put_short_string, write_short_member};

/// The string that the text between two quotes means; borrowed if it has no escape.
#[inline]
pub fn unescape<'a>(text: &'a str, arena: &'a Arena) -> &'a str {
    if !has_backslash(text.as_bytes()) {
        return text;
    }
    resolve(text, arena)
}

/// As [`unescape`], of a text that has escapes.
#[inline(never)]
fn resolve<'a>(text: &str, arena: &'a Arena) -> &'a str {
    with_escapes(text, arena, |c, out| out.push(c))
}

/// A string with its quotes as it is written, of one that may have been spelled otherwise.
#[inline(never)]
pub(crate) fn respell<'a>(string: &str, arena: &'a Arena) -> &'a str {
    with_escapes(string, arena, |c, out| match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\0'..' ' => {
            let mut spelled = Vec::new();
            write_escaped(&[c as u8], &mut spelled);
            out.extend(spelled.iter().map(|byte| char::from(*byte)));
        }
        other => out.push(other),
    })
}

/// A text with something in the place of each escape, which takes no more than that.
#[inline(always)]
fn with_escapes<'a>(
    text: &str,
    arena: &'a Arena,
    put: impl Fn(char, &mut bumpalo::collections::String<'a>),
) -> &'a str {
    let mut out = bumpalo::collections::String::with_capacity_in(text.len(), arena);
    let mut rest = text;
    // What stands between escapes is copied as a whole.
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let mut chars = rest[at + 1..].chars();
        put(escape(&mut chars), &mut out);
        rest = chars.as_str();
    }
    out.push_str(rest);
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
    write_string_of(text.as_bytes(), out);
}

/// As [`write_string`], of bytes that are known to be UTF-8.
pub(crate) fn write_string_of(bytes: &[u8], out: &mut Vec<u8>) {
    // Here and not where it is written, so that nothing has to be kept for the case that there is none.
    if out.capacity() - out.len() < BLOCK {
        return write_with_room(bytes, out);
    }
    if bytes.len() > SHORT_MAX {
        return write_long(bytes, out);
    }
    // Most are short, and have nothing to be escaped: a block, the string and its quotes over that, and what is too much is
    // cut off.
    let start = out.len();
    out.extend_from_slice(&[b'"'; BLOCK]);
    let is_put = out.last_chunk_mut::<BLOCK>().is_some_and(|room| put_short_string(bytes, room));
    out.truncate(if is_put { start + bytes.len() + 2 } else { start });
    if !is_put {
        write_json_of(bytes, out);
    }
}

#[cold]
#[inline(never)]
fn write_with_room(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(BLOCK + bytes.len());
    write_string_of(bytes, out);
}

/// The same of a long one.
#[inline(never)]
fn write_long(bytes: &[u8], out: &mut Vec<u8>) {
    let (blocks, _) = bytes.as_chunks::<16>();
    let last = bytes.last_chunk::<16>().is_some_and(|last| any_marked(marks(last)));
    if last || blocks.iter().any(|block| any_marked(marks(block))) {
        return write_json_of(bytes, out);
    }
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    out.extend_from_slice(bytes);
    out.push(b'"');
}

/// As [`write_string_of`], where most texts need escapes, so that it is not asked first.
#[inline]
pub(crate) fn write_json_of(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    write_escaped(bytes, out);
    out.push(b'"');
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Whether a byte of a text must be escaped.
#[inline(always)]
pub(crate) fn needs_escape(bytes: &[u8]) -> bool {
    any_in(bytes, is_special, any_special)
}

/// Whether there is a backslash in a text.
#[inline(always)]
pub(crate) fn has_backslash(bytes: &[u8]) -> bool {
    any_in(bytes, |byte| byte == b'\\', any_backslash)
}

/// Whether two texts are the same. Most that are compared are names, too short for it to be worth to call for that.
#[inline(always)]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let words = |text: &[u8]| Some((u64::from_le_bytes(*text.first_chunk()?), u64::from_le_bytes(*text.last_chunk()?)));
    let halves =
        |text: &[u8]| Some((u32::from_le_bytes(*text.first_chunk()?), u32::from_le_bytes(*text.last_chunk()?)));
    match (a, b) {
        ([], _) => true,
        ([a], [b]) => a == b,
        ([a, x], [b, y]) => a == b && x == y,
        ([a, x, p], [b, y, q]) => a == b && x == y && p == q,
        _ => match a.len() {
            4..8 => halves(a) == halves(b),
            8..=16 => words(a) == words(b),
            _ => a == b,
        },
    }
}

/// Whether there is a byte that is looked for, one by one or in a word.
#[inline(always)]
fn any_in(bytes: &[u8], is_one: impl Fn(u8) -> bool, any_of: impl Fn(u64) -> bool) -> bool {
    // The last word may hold bytes that were in another.
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let is_long = bytes.len() > 2 * size_of::<u64>();
        return any_of(u64::from_le_bytes(*first))
            || any_of(u64::from_le_bytes(*last))
            || is_long && bytes.as_chunks().0.iter().any(|word| any_of(u64::from_le_bytes(*word)));
    }
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            any_of(u64::from(first) | u64::from(last) << 32)
        }
        // Of no more than three these are all; where they are known, nothing is left to do.
        _ => match (bytes.first(), bytes.get(bytes.len() / 2), bytes.last()) {
            (Some(a), Some(b), Some(c)) => is_one(*a) || is_one(*b) || is_one(*c),
            _ => false,
        },
    }
}

/// The lowest and the highest bit of each of eight bytes.
const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = ONES << 7;
/// Eight bytes that take a byte each when they are written.
const BLANKS: u64 = ONES * b' ' as u64;

/// Whether one of eight bytes is a backslash; as [`specials`].
fn any_backslash(word: u64) -> bool {
    let found = word ^ (ONES * u64::from(b'\\'));
    found.wrapping_sub(ONES) & !found & TOPS != 0
}

/// Whether one of eight bytes must be escaped.
fn any_special(word: u64) -> bool {
    specials(word) != 0
}

/// Marks those of eight bytes that must be escaped, the first byte lowest, by their top bits; behind the first that is marked,
/// a byte may be marked without need. A byte is zero after the exclusive or with what is looked for, and the subtraction
/// borrows into the top bit of a zero byte; a byte of 128 or more never counts.
pub(crate) fn specials(word: u64) -> u64 {
    let control = word.wrapping_sub(ONES * 0x20);
    let quote = (word ^ (ONES * u64::from(b'"'))).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
    (control | quote | backslash) & !word & TOPS
}

#[inline]
fn write_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    if !scan::escape(bytes, out) {
        write_by_words(bytes, out);
    }
}

#[inline(never)]
fn write_by_words(bytes: &[u8], out: &mut Vec<u8>) {
    let (words, rest) = bytes.as_chunks();
    out.reserve(bytes.len() + 16);
    for word in words {
        write_word(u64::from_le_bytes(*word), out);
    }
    if !rest.is_empty() {
        write_word(last_word(bytes, rest), out);
        out.truncate(out.len() - (8 - rest.len()));
    }
}

/// What is left of a text behind its whole words, as a word, filled up with what takes a byte each.
#[inline(always)]
pub(super) fn last_word(text: &[u8], rest: &[u8]) -> u64 {
    let used = 8 * rest.len() as u32;
    let last = match text.last_chunk() {
        Some(last) => u64::from_le_bytes(*last) >> (u64::BITS - used),
        None => rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    };
    last | BLANKS << used
}

/// Writes eight bytes with their escapes. Where the quotes stand in a text nobody can guess, so this does not branch on them.
#[inline(always)]
fn write_word(word: u64, out: &mut Vec<u8>) {
    let bytes = word.to_le_bytes();
    if !any_special(word) {
        return out.extend_from_slice(&bytes);
    }
    if word.wrapping_sub(ONES * 0x20) & !word & TOPS != 0 {
        return write_controls(bytes, out);
    }
    // A backslash stands wherever no byte is put: before those that are marked. A product with ones is, byte for byte, how
    // many are marked up to there.
    const ROOM: usize = 16;
    let zeros = |word: u64| !((word & !TOPS).wrapping_add(!TOPS) | word) & TOPS;
    let marked = (zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')))) >> 7;
    let counts = marked.wrapping_mul(ONES).to_le_bytes();
    let before = out.len();
    out.extend_from_slice(&[b'\\'; ROOM]);
    let Some(room) = out.last_chunk_mut::<ROOM>() else { return };
    for (at, (byte, count)) in bytes.into_iter().zip(counts).enumerate() {
        room[(at + usize::from(count)) % ROOM] = byte;
    }
    out.truncate(before + bytes.len() + usize::from(counts[7]));
}

#[inline(never)]
fn write_controls(word: [u8; 8], out: &mut Vec<u8>) {
    for byte in word {
        match byte {
            b'"' | b'\\' | ..0x20 => write_escape(byte, out),
            _ => out.push(byte),
        }
    }
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        _ => {
            return out.extend_from_slice(&[
                b'\\',
                b'u',
                b'0',
                b'0',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ]);
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A byte at a time, as the module says.
    fn spelled(text: &str) -> String {
        let escaped = |c: char| match c {
            '"' | '\\' => format!("\\{c}"),
            '\u{8}' => "\\b".into(),
            '\t' => "\\t".into(),
            '\n' => "\\n".into(),
            '\u{c}' => "\\f".into(),
            '\r' => "\\r".into(),
            '\0'..' ' => format!("\\u{:04X}", u32::from(c)),
            _ => c.to_string(),
        };
        format!("\"{}\"", text.chars().map(escaped).collect::<String>())
    }

    #[test]
    fn what_is_respelled_is_spelled_as_it_is_written() {
        let arena = Arena::new();
        let escapes = [
            "a",
            "\\\"",
            "\\\\",
            "\\/",
            "\\b\\f\\n\\r\\t",
            "\\u0000",
            "\\u001F",
            "\\u0041\\u00e9",
            "\\ud83d\\ude00",
            "\\ud800",
            "é",
        ];
        for (a, b) in escapes.iter().flat_map(|a| escapes.iter().map(move |b| (a, b))) {
            let text = format!("{a}{b}{a}");
            assert_eq!(respell(&format!("\"{text}\""), &arena), spelled(unescape(&text, &arena)), "{text}");
        }
    }

    #[test]
    fn texts_are_compared_whatever_their_length() {
        let text: Vec<u8> = (0..40).collect();
        for length in 0..text.len() {
            assert!(same(&text[..length], &text[..length]) && !same(&text[..length], &text[..length + 1]));
            for at in 0..length {
                let mut other = text[..length].to_vec();
                other[at] ^= 1;
                assert!(!same(&text[..length], &other), "{length} {at}");
            }
        }
    }

    #[test]
    fn bytes_are_appended_whatever_their_length() {
        let text: Vec<u8> = (0..40).collect();
        let (mut out, mut wanted) = (Vec::new(), Vec::new());
        for length in (0..text.len()).chain(0..text.len()) {
            append(&text[..length], &mut out);
            wanted.extend_from_slice(&text[..length]);
            assert_eq!(out, wanted);
        }
    }

    #[test]
    fn each_byte_of_a_string_is_written_whatever_its_length() {
        for length in 0..140_usize {
            let clean: Vec<u8> = (0..length).map(|n| b'#' + (n * 7 % 53) as u8).collect();
            for (at, special) in
                (0..=length).flat_map(|at| [b'"', b'\\', b'\n', 0x1f, 0x7f, b' '].map(|byte| (at, byte)))
            {
                let mut text = clean.clone();
                if let Some(byte) = text.get_mut(at) {
                    *byte = special;
                }
                let text = String::from_utf8(text).expect("one byte each");
                for room in [0, 40, 300] {
                    let mut out = Vec::with_capacity(room);
                    out.push(b'x');
                    write_string(&text, &mut out);
                    assert_eq!(String::from_utf8_lossy(&out[1..]), spelled(&text), "{length} {at} {special} {room}");
                }
            }
        }
    }

    #[test]
    fn strings_are_written_as_they_are_spelled_a_byte_at_a_time() {
        let alphabet = ['a', '"', '\\', '!', '#', '[', ']', 'é', '日', '\u{1}', '\n', '\u{1f}', ' ', '\u{7f}', '😀'];
        // Numbers from a seed (xorshift): few special characters, or many.
        let mut state = 7_u64;
        let mut below = |limit: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as usize % limit
        };
        for round in 0..20_000 {
            let kinds = [1, 3, 7, alphabet.len()][round % 4];
            let text: String = (0..below(80)).map(|_| alphabet[below(kinds)]).collect();
            let mut out = Vec::new();
            write_string(&text, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), spelled(&text));
            // Whether it needs escapes or not; and without the instructions that not every machine has.
            out.clear();
            write_json_of(text.as_bytes(), &mut out);
            assert_eq!(String::from_utf8_lossy(&out), spelled(&text));
            out = b"\"".to_vec();
            write_by_words(text.as_bytes(), &mut out);
            out.push(b'"');
            assert_eq!(String::from_utf8_lossy(&out), spelled(&text));
        }
    }
}

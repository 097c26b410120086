//! The grammar of JSON (RFC 8259), a byte at a time but for the insides of strings: simple, and exact about where a text
//! stops being JSON.
//!
//! Flows in: bytes, UTF-8 or not. Flows out: the first [`Fault`]. The fast reader only knows *that* a text is
//! bad; this one is then asked where and why, so its speed matters to damaged input alone.
//! It must never recurse or allocate, and never accept what the fast reader refuses (a test compares the two).

use super::DEPTH_MAX;
use crate::value::text::specials;

/// Where a text stops being JSON, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Byte offset of the first byte that cannot belong to a JSON text; the text's length if it ends too early.
    pub offset: usize,
    /// The rule that was broken.
    pub rule: Rule,
}

/// The rules a text can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Something else had to stand here: the words for that, up to what was found.
    Expected(Phrase),
    /// One of the letters that make an escape had to stand here.
    EscapeLetter,
    /// One of the digits of an escape had to stand here.
    EscapeDigit,
    /// A byte below 0x20 inside a string.
    RawControl,
    /// The text ends inside the string that opens at this offset.
    OpenString(usize),
    /// A number starts with a zero that is followed by a digit.
    LeadingZero,
    /// One level of nesting too many.
    TooDeep,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// The text is too long for 32-bit positions.
    TooLong,
}

/// What had to stand where something else does, and the words around it: whole, because it is written once for each of many
/// bad lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Phrase(&'static str);

macro_rules! expected {
    ($what:literal) => {
        Phrase(concat!("expected ", $what, ", found "))
    };
}

/// For a text of which nothing more is known.
pub(super) const A_TEXT: Phrase = expected!("a JSON text");

/// Where the words of a fault go.
pub(crate) trait Words {
    /// Takes words that are the same inside a JSON string: without quotes, backslashes and control characters.
    fn plain(&mut self, words: &str);

    /// Takes any character but a control character.
    fn character(&mut self, c: char);

    /// Takes a letter, a digit or a structural character, between backquotes.
    fn quoted(&mut self, byte: u8) {
        self.plain("`");
        self.character(char::from(byte));
        self.plain("`");
    }

    /// Takes a number.
    fn number(&mut self, number: usize) {
        self.plain(itoa::Buffer::new().format(number));
    }
}

impl Words for String {
    fn plain(&mut self, words: &str) {
        self.push_str(words);
    }

    fn character(&mut self, c: char) {
        self.push(c);
    }
}

/// The inside of a JSON string.
struct Quoted<'o>(&'o mut Vec<u8>);

impl Words for Quoted<'_> {
    #[inline(always)]
    fn plain(&mut self, words: &str) {
        debug_assert!(words.bytes().all(|byte| byte >= 0x20 && !b"\"\\".contains(&byte)), "{words}");
        self.0.extend_from_slice(words.as_bytes());
    }

    #[inline]
    fn quoted(&mut self, byte: u8) {
        self.0.extend_from_slice(&[b'`', byte, b'`']);
    }

    #[inline(always)]
    fn number(&mut self, number: usize) {
        match number {
            // Most lines that are cut off, or damaged by hand, are bad early on.
            0..10 => self.0.push(b'0' + number as u8),
            10..100 => self.0.extend_from_slice(&[b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]),
            _ => self.plain(itoa::Buffer::new().format(number)),
        }
    }

    #[inline]
    fn character(&mut self, c: char) {
        if let '"' | '\\' = c {
            self.0.push(b'\\');
        }
        match u8::try_from(c) {
            Ok(byte @ ..0x80) => self.0.push(byte),
            _ => self.0.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

impl Fault {
    fn expected(offset: usize, what: Phrase) -> Self {
        Fault { offset, rule: Rule::Expected(what) }
    }

    /// The fault and its place in words, as a JSON string behind what is there; `text` must be the text it was found in.
    #[inline(always)]
    pub(super) fn quote_to(&self, text: &[u8], out: &mut Vec<u8>) {
        out.push(b'"');
        self.place_to(text, &mut Quoted(out));
        out.push(b'"');
    }

    /// The fault and its place in words, behind what is there.
    #[inline(always)]
    pub(super) fn place_to(&self, text: &[u8], out: &mut impl Words) {
        self.describe_to(text, out);
        out.plain(" at byte ");
        out.number(self.offset);
    }

    /// The fault in words; `text` must be the text it was found in.
    pub(crate) fn describe(&self, text: &[u8]) -> String {
        let mut words = String::new();
        self.describe_to(text, &mut words);
        words
    }

    /// The fault in words, behind what is there.
    #[inline(always)]
    fn describe_to<W: Words>(&self, text: &[u8], out: &mut W) {
        match self.rule {
            Rule::Expected(Phrase(words)) => out.plain(words),
            Rule::EscapeLetter => {
                out.plain("expected one of `");
                out.character('"');
                out.character('\\');
                out.plain("/bfnrtu` after a backslash, found ");
            }
            Rule::EscapeDigit => {
                out.plain("expected four hexadecimal digits after `");
                out.character('\\');
                out.plain("u`, found ");
            }
            Rule::RawControl | Rule::NotUtf8 => {}
            Rule::OpenString(start) => {
                out.plain("the string that opens at byte ");
                out.number(start);
                return out.plain(" is not closed");
            }
            Rule::LeadingZero => {
                return out.plain("a number must not start with a zero that is followed by a digit");
            }
            Rule::TooDeep => {
                out.plain("arrays and objects are nested deeper than ");
                out.number(DEPTH_MAX);
                return out.plain(" levels");
            }
            Rule::TooLong => {
                out.plain("the text is longer than ");
                out.number(super::TEXT_BYTES_MAX);
                return out.plain(" bytes");
            }
        }
        found(text.get(self.offset..).unwrap_or_default(), out);
        match self.rule {
            Rule::RawControl => out.plain(" inside a string must be written as an escape"),
            Rule::NotUtf8 => out.plain(" is not UTF-8"),
            _ => {}
        }
    }
}

/// What stands at the start of the rest of a text, for a person to read.
#[inline(always)]
fn found(rest: &[u8], out: &mut impl Words) {
    match rest.first() {
        None => out.plain("the end of the text"),
        Some(&byte) if byte.is_ascii_alphanumeric() || b"{}[]:,".contains(&byte) => out.quoted(byte),
        Some(&byte) => found_other(byte, rest, out),
    }
}

/// The same of anything but what stands there most often: `byte` is the first of the rest.
#[inline(never)]
fn found_other(byte: u8, rest: &[u8], out: &mut impl Words) {
    let first = match byte {
        0..0x80 => Some(char::from(byte)),
        _ => {
            // A character has at most four bytes; a cut or damaged one is shown as its first byte.
            let head = &rest[..rest.len().min(4)];
            let valid = match std::str::from_utf8(head) {
                Ok(text) => text,
                Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
            };
            valid.chars().next()
        }
    };
    match first {
        Some('\u{feff}') => out.plain("a byte order mark"),
        Some('\n') => out.plain("the end of the line"),
        Some('`') => out.plain("a backquote"),
        Some(c) if !c.is_control() => {
            out.character('`');
            out.character(c);
            out.character('`');
        }
        _ => {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            out.plain("byte 0x");
            out.character(char::from(HEX[usize::from(byte >> 4)]));
            out.character(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// What the grammar allows next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A value.
    Value,
    /// A value or `]`, after `[`.
    ValueOrEnd,
    /// A key or `}`, after `{`.
    KeyOrEnd,
    /// A key, after a comma.
    Key,
    /// A colon.
    Colon,
    /// A comma, or the end of the innermost container or of the text.
    AfterValue,
}

/// Whether each open container is an object: a bit per level, so that depth costs no native stack.
pub(crate) struct Levels {
    bits: [u64; DEPTH_MAX / 64],
    depth: usize,
}

impl Levels {
    pub(crate) fn new() -> Self {
        Levels { bits: [0; DEPTH_MAX / 64], depth: 0 }
    }

    /// Opens a container; false if that is one too many.
    pub(crate) fn open(&mut self, object: bool) -> bool {
        if self.depth == DEPTH_MAX {
            return false;
        }
        let (word, bit) = (self.depth / 64, self.depth % 64);
        self.bits[word] = self.bits[word] & !(1 << bit) | u64::from(object) << bit;
        self.depth += 1;
        true
    }

    /// Closes the innermost container.
    pub(crate) fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Whether the innermost container is an object; `None` outside all of them.
    pub(crate) fn in_object(&self) -> Option<bool> {
        let level = self.depth.checked_sub(1)?;
        Some(self.bits[level / 64] >> (level % 64) & 1 == 1)
    }
}

/// Checks one JSON text. Whether bytes beyond ASCII are UTF-8 is not checked here.
pub(crate) fn check(text: &[u8]) -> Result<(), Fault> {
    let mut levels = Levels::new();
    let mut next = Next::Value;
    let mut at = 0;
    loop {
        while at < text.len() && is_blank(text[at]) {
            at += 1;
        }
        let byte = text.get(at).copied();
        (next, at) = match (next, byte) {
            (Next::Value | Next::ValueOrEnd, Some(b'{' | b'[')) => {
                let object = byte == Some(b'{');
                if !levels.open(object) {
                    return Err(Fault { offset: at, rule: Rule::TooDeep });
                }
                (if object { Next::KeyOrEnd } else { Next::ValueOrEnd }, at + 1)
            }
            (Next::ValueOrEnd, Some(b']')) | (Next::KeyOrEnd, Some(b'}')) => {
                levels.close();
                (Next::AfterValue, at + 1)
            }
            (Next::Value | Next::ValueOrEnd, Some(b'"')) => (Next::AfterValue, string(text, at)?),
            (Next::Value | Next::ValueOrEnd, Some(b'-' | b'0'..=b'9')) => (Next::AfterValue, number(text, at)?),
            (Next::Value | Next::ValueOrEnd, Some(b't')) => {
                (Next::AfterValue, literal(text, at, b"true", expected!("`true`"))?)
            }
            (Next::Value | Next::ValueOrEnd, Some(b'f')) => {
                (Next::AfterValue, literal(text, at, b"false", expected!("`false`"))?)
            }
            (Next::Value | Next::ValueOrEnd, Some(b'n')) => {
                (Next::AfterValue, literal(text, at, b"null", expected!("`null`"))?)
            }
            (Next::Value, _) => return Err(Fault::expected(at, expected!("a value"))),
            (Next::ValueOrEnd, _) => return Err(Fault::expected(at, expected!("a value or `]`"))),
            (Next::Key | Next::KeyOrEnd, Some(b'"')) => match string(text, at)? {
                // Nearly always; blanks may stand between.
                end if text.get(end) == Some(&b':') => (Next::Value, end + 1),
                end => (Next::Colon, end),
            },
            (Next::Key, _) => return Err(Fault::expected(at, expected!("a key in double quotes"))),
            (Next::KeyOrEnd, _) => return Err(Fault::expected(at, expected!("a key in double quotes or `}`"))),
            (Next::Colon, Some(b':')) => (Next::Value, at + 1),
            (Next::Colon, _) => return Err(Fault::expected(at, expected!("`:` after the key"))),
            (Next::AfterValue, _) => match (levels.in_object(), byte) {
                (None, None) => return Ok(()),
                (None, _) => return Err(Fault::expected(at, expected!("nothing after the value"))),
                (Some(true), Some(b',')) => (Next::Key, at + 1),
                (Some(false), Some(b',')) => (Next::Value, at + 1),
                (Some(true), Some(b'}')) | (Some(false), Some(b']')) => {
                    levels.close();
                    (Next::AfterValue, at + 1)
                }
                (Some(true), _) => return Err(Fault::expected(at, expected!("`,` or `}`"))),
                (Some(false), _) => return Err(Fault::expected(at, expected!("`,` or `]`"))),
            },
        };
    }
}

/// Whether JSON allows `byte` between tokens.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The end of the string that opens at `start`.
#[inline]
fn string(text: &[u8], start: usize) -> Result<usize, Fault> {
    let mut at = start + 1;
    loop {
        while let Some(word) = text.get(at..).and_then(|rest| rest.first_chunk()) {
            let found = specials(u64::from_le_bytes(*word)).trailing_zeros() as usize / 8;
            at += found;
            if found < word.len() {
                break;
            }
        }
        match text.get(at) {
            None => {
                return Err(Fault { offset: at, rule: Rule::OpenString(start) });
            }
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = escape(text, start, at + 1)?,
            Some(..0x20) => {
                return Err(Fault { offset: at, rule: Rule::RawControl });
            }
            Some(_) => at += 1,
        }
    }
}

/// The end of an escape whose backslash stands before `at`.
fn escape(text: &[u8], string_start: usize, at: usize) -> Result<usize, Fault> {
    match text.get(at) {
        None => Err(Fault { offset: at, rule: Rule::OpenString(string_start) }),
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 1),
        Some(b'u') => {
            let hex = text[at + 1..].iter().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
            match hex {
                4 => Ok(at + 5),
                _ => Err(Fault { offset: at + 1 + hex, rule: Rule::EscapeDigit }),
            }
        }
        Some(_) => Err(Fault { offset: at, rule: Rule::EscapeLetter }),
    }
}

/// The end of the number that starts at `start`.
fn number(text: &[u8], start: usize) -> Result<usize, Fault> {
    let digits = |from: usize| -> Result<usize, Fault> {
        match text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count() {
            0 => Err(Fault::expected(from, expected!("a digit"))),
            count => Ok(from + count),
        }
    };
    let integer = start + usize::from(text[start] == b'-');
    let mut at = digits(integer)?;
    if text[integer] == b'0' && at > integer + 1 {
        return Err(Fault { offset: integer + 1, rule: Rule::LeadingZero });
    }
    if text.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        at = digits(at)?;
    }
    Ok(at)
}

/// The end of a literal of this name.
fn literal(text: &[u8], start: usize, name: &[u8], expected: Phrase) -> Result<usize, Fault> {
    let same = text[start..].iter().zip(name).take_while(|(found, wanted)| found == wanted).count();
    if same < name.len() {
        return Err(Fault::expected(start + same, expected));
    }
    Ok(start + same)
}

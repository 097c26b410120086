//! Looking into JSON text that a scanner has checked, without building anything.
//!
//! Flows in: the text of one value. Flows out: the texts of its members or elements, as slices. Because the text is known
//! to be valid, finding the end of a value is a matter of strings and brackets; on text that is not valid the answers are
//! unspecified but there is no panic and every loop ends. It must never decode what nobody asked for.

use super::{Arena, Kind, Member, Raw, Value, text};

/// JSON's white space.
pub const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// In what a text may differ from the compact form that is written out: no bit set means that a copy will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Form(u8);

impl Form {
    /// The compact form itself.
    pub const COMPACT: Form = Form(0);
    /// There may be blanks outside strings.
    pub const SPACED: Form = Form(1);
    /// There may be escapes in strings, which could be spelled otherwise.
    pub const ESCAPED: Form = Form(2);
    /// There may be objects that have a key twice.
    pub const REPEATED: Form = Form(4);

    /// The form of these bits: 1 for SPACED, 2 for ESCAPED, 4 for REPEATED.
    #[inline(always)]
    pub(crate) fn from_bits(bits: u32) -> Form {
        Form(bits as u8 & 7)
    }

    /// Looks the text over: SPACED and ESCAPED as they are, REPEATED always unless there is no object in it.
    pub fn of(text: &str) -> Form {
        let (mut form, mut in_string, mut bytes) = (Form::COMPACT, false, text.bytes());
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' => in_string = !in_string,
                b'\\' => {
                    form = form | Form::ESCAPED;
                    bytes.next();
                }
                b' ' | b'\t' | b'\n' | b'\r' if !in_string => form = form | Form::SPACED,
                b',' if !in_string => form = form | Form::REPEATED,
                _ => {}
            }
        }
        form
    }

    /// What still holds of a part of a text of this form: only arrays and objects have blanks and keys inside.
    #[inline]
    pub fn of_part(self, part: &str) -> Form {
        if self == Form::COMPACT {
            return self;
        }
        match part.as_bytes().first() {
            Some(b'{' | b'[') => self,
            _ => self.of_scalar(part),
        }
    }

    /// As [`Form::of_part`], of a string, a number or a literal: only strings with escapes can be spelled otherwise.
    #[inline(always)]
    pub(super) fn of_scalar(self, part: &str) -> Form {
        match self.has(Form::ESCAPED) && text::has_backslash(part.as_bytes()) {
            true => Form::ESCAPED,
            false => Form::COMPACT,
        }
    }

    /// Whether all bits of `other` are set here.
    pub fn has(self, other: Form) -> bool {
        self.0 & other.0 == other.0
    }
}

impl std::ops::BitOr for Form {
    type Output = Form;
    fn bitor(self, other: Form) -> Form {
        Form(self.0 | other.0)
    }
}

/// The kind of a value, which its first byte tells.
pub fn kind(text: &str) -> Kind {
    match text.as_bytes().first() {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::String,
        Some(b't' | b'f') => Kind::Bool,
        Some(b'n') | None => Kind::Null,
        Some(_) => Kind::Number,
    }
}

/// The text between the quotes of a string.
pub fn unquote(text: &str) -> &str {
    text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text)
}

/// A key as it stands in the text, between its quotes.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// The text between the quotes.
    pub text: &'a str,
    /// Whether it holds an escape.
    pub escaped: bool,
}

impl<'a> Key<'a> {
    /// Whether this is the key `name`.
    pub fn is(self, name: &str) -> bool {
        if self.escaped { text::unescaped_eq(self.text, name) } else { self.text == name }
    }

    /// The key with its escapes resolved.
    pub fn decode(self, arena: &'a Arena) -> &'a str {
        if self.escaped { text::unescape(self.text, arena) } else { self.text }
    }
}

/// The members of an object's text in order, equal keys and all; empty for any other kind.
pub struct Members<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Members<'a> {
    /// Starts at the first member.
    pub fn new(text: &'a str) -> Members<'a> {
        let at = if text.starts_with('{') { 1 } else { text.len() };
        Members { text, at }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Key<'a>, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let open = skip_to_value(bytes, self.at);
        if bytes.get(open) != Some(&b'"') {
            self.at = bytes.len();
            return None;
        }
        let (close, escaped) = string_end(bytes, open);
        let colon = skip_blanks(bytes, close);
        let start = skip_blanks(bytes, colon + 1);
        let end = value_end(bytes, start);
        self.at = end;
        let key = self.text.get(open + 1..close.saturating_sub(1).max(open + 1))?;
        Some((Key { text: key, escaped }, self.text.get(start..end)?))
    }
}

/// The elements of an array's text in order; empty for any other kind.
pub struct Elements<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Elements<'a> {
    /// Starts at the first element.
    pub fn new(text: &'a str) -> Elements<'a> {
        let at = if text.starts_with('[') { 1 } else { text.len() };
        Elements { text, at }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let start = skip_to_value(bytes, self.at);
        if start >= bytes.len() || bytes[start] == b']' {
            self.at = bytes.len();
            return None;
        }
        self.at = value_end(bytes, start).max(start + 1);
        self.text.get(start..self.at)
    }
}

/// Opens one level of an array's text: the elements are still text.
pub(super) fn open_elements<'a>(raw: &'a Raw<'a>, arena: &'a Arena) -> &'a [Value<'a>] {
    let mut items = bumpalo::collections::Vec::new_in(arena);
    items.extend(Elements::new(raw.text).map(|text| Value::raw(arena, text, raw.form)));
    items.into_bump_slice()
}

/// Opens one level of an object's text: keys decoded and distinct, values still text.
pub(super) fn open_members<'a>(raw: &'a Raw<'a>, arena: &'a Arena) -> &'a [Member<'a>] {
    let mut members: bumpalo::collections::Vec<'a, Member<'a>> = bumpalo::collections::Vec::new_in(arena);
    // A text that is compact or merely spaced has been found to have no key twice.
    let repeated = raw.form.has(Form::REPEATED);
    let mut seen = std::collections::HashMap::new();
    for (key, value) in Members::new(raw.text) {
        let member = Member { key: key.decode(arena), value: Value::raw(arena, value, raw.form) };
        if repeated {
            match seen.entry(member.key) {
                std::collections::hash_map::Entry::Occupied(at) => {
                    let at: usize = *at.get();
                    members[at].value = member.value;
                    continue;
                }
                std::collections::hash_map::Entry::Vacant(place) => {
                    place.insert(members.len());
                }
            }
        }
        members.push(member);
    }
    members.into_bump_slice()
}

fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Over blanks and the comma between two parts.
fn skip_to_value(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r' | b',')) {
        at += 1;
    }
    at
}

/// The offset after the closing quote of the string that opens at `open`, and whether it holds an escape.
fn string_end(bytes: &[u8], open: usize) -> (usize, bool) {
    let (mut at, mut escaped) = (open + 1, false);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return (at + 1, escaped),
            b'\\' => {
                escaped = true;
                at += 2;
            }
            _ => at += 1,
        }
    }
    (bytes.len(), escaped)
}

/// The offset after the value that starts at `start`.
pub fn value_end(bytes: &[u8], start: usize) -> usize {
    match bytes.get(start) {
        Some(b'"') => string_end(bytes, start).0,
        Some(b'{' | b'[') => {
            let (mut at, mut depth) = (start, 0usize);
            while let Some(&byte) = bytes.get(at) {
                match byte {
                    b'"' => {
                        at = string_end(bytes, at).0;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return at + 1;
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
            bytes.len()
        }
        _ => {
            let rest = &bytes[start.min(bytes.len())..];
            let length = rest.iter().position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'));
            start + length.unwrap_or(rest.len())
        }
    }
}

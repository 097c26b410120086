//! Values to compact JSON text; their exact size; whether two are equal.
//!
//! Flows in: a value. Flows out: the text that a compact serialiser writes: no blanks, escapes only where they are needed,
//! an object's keys once each (the last value, at the place of the first), numbers as they were written. Text whose form
//! is known to be compact is copied. It must never build a value.

mod stencil;

use super::raw::{self, Elements, Form, Members};
use super::{Arena, Array, Keys, Kind, Member, Object, Raw, Value, number, text};
pub(crate) use stencil::{Page, Stencil, write_head, write_short};

impl<'a> Value<'a> {
    /// Appends the compact text to `out`.
    pub fn write(self, out: &mut Vec<u8>) {
        match self {
            Value::Null | Value::Undefined => out.extend_from_slice(b"null"),
            Value::Function(_) => out.extend_from_slice(b"\"\""),
            Value::Bool(true) => out.extend_from_slice(b"true"),
            Value::Bool(false) => out.extend_from_slice(b"false"),
            Value::Int(i) => number::Number::Int(i).write(out),
            Value::Float(f) if !f.is_finite() => out.extend_from_slice(b"null"),
            Value::Float(f) => number::write_f64(f, out),
            Value::Text(string) => text::write_string(string, out),
            Value::Raw(raw) if raw.form == Form::COMPACT => out.extend_from_slice(raw.text.as_bytes()),
            Value::Raw(raw) => write_text(raw.text, raw.form, out),
            Value::Array(Array { source: Some(Raw { text, form: Form::COMPACT }), .. })
            | Value::Object(Object { source: Some(Raw { text, form: Form::COMPACT }), .. }) => {
                out.extend_from_slice(text.as_bytes());
            }
            Value::Array(array) => {
                out.push(b'[');
                for (n, item) in array.items.iter().enumerate() {
                    if n > 0 {
                        out.push(b',');
                    }
                    item.write_part(out);
                }
                out.push(b']');
            }
            Value::Object(object) => {
                let plain = object.keys != Keys::Any;
                out.push(b'{');
                for member in object.members {
                    let mut digits = itoa::Buffer::new();
                    let is_written = match (member.value, member.value.short(&mut digits)) {
                        (_, Some(text)) => text::write_short_member::<false>(member.key, plain, text, out),
                        (Value::Text(text), _) => text::write_short_member::<true>(member.key, plain, text, out),
                        _ => false,
                    };
                    if !is_written {
                        write_member(member, out);
                        out.push(b',');
                    }
                }
                // In the place of the last comma.
                close(b'}', object.members.is_empty(), out);
            }
            Value::Overlay(overlay) => write_overlay(overlay.base, &overlay.member, out),
        }
    }

    /// As [`Value::write`], where most values are scalars.
    #[inline(always)]
    fn write_part(self, out: &mut Vec<u8>) {
        match (self.short(&mut itoa::Buffer::new()), self) {
            (Some(text), _) => text::append(text.as_bytes(), out),
            (None, Value::Text(string)) => text::write_string(string, out),
            (None, other) => other.write(out),
        }
    }

    /// The compact text, where that is at hand or soon made.
    #[inline(always)]
    fn short<'t>(self, digits: &'t mut itoa::Buffer) -> Option<&'t str>
    where
        'a: 't,
    {
        match self {
            Value::Raw(Raw { text, form: Form::COMPACT }) => Some(text),
            Value::Int(i) => Some(digits.format(i)),
            Value::Null => Some("null"),
            Value::Bool(whether) => Some(if whether { "true" } else { "false" }),
            _ => None,
        }
    }

    /// The compact text as an owned string.
    pub fn to_json(self) -> String {
        let mut out = Vec::with_capacity(self.size().bytes_max.min(1 << 16) as usize);
        self.write(&mut out);
        // Every part was a string slice; were it ever otherwise, the text is still readable.
        String::from_utf8(out).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
    }

    /// Whether the compact text takes at most `limit` bytes. Settled by the bound that values keep wherever that is
    /// enough; else measured, at no more than the limit's cost.
    pub fn fits(self, limit: u64) -> bool {
        self.size().bytes_max <= limit || measure(self, &mut limit.clone())
    }

    /// Takes the size of the compact text from `room`; false, at no more than the room's cost, if there is not so much.
    pub fn take_from(self, room: &mut u64) -> bool {
        measure(self, room)
    }

    /// Whether two values are equal: numbers by value, objects whatever the order of their members.
    pub fn equals(self, other: Value<'a>, arena: &'a Arena) -> bool {
        match (self.kind(), other.kind()) {
            (Kind::Null, Kind::Null) => true,
            (Kind::Bool, Kind::Bool) => self.as_bool() == other.as_bool(),
            (Kind::Number, Kind::Number) => match (self.as_number(), other.as_number()) {
                (Some(a), Some(b)) => a.compare(b).is_eq(),
                _ => false,
            },
            (Kind::String, Kind::String) => self.as_str(arena) == other.as_str(arena),
            (Kind::Array, Kind::Array) => match (self.elements(arena), other.elements(arena)) {
                (Some(a), Some(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.equals(*b, arena)),
                _ => false,
            },
            (Kind::Object, Kind::Object) => match (self.members(arena), other.members(arena)) {
                (Some(a), Some(b)) if a.len() == b.len() => {
                    let (a, b) = (by_key(a, arena), by_key(b, arena));
                    a.iter().zip(b).all(|(a, b)| a.key == b.key && a.value.equals(b.value, arena))
                }
                _ => false,
            },
            _ => false,
        }
    }
}

/// Members in the order of their keys, so that large objects are compared in one pass.
fn by_key<'a>(members: &'a [Member<'a>], arena: &'a Arena) -> &'a [Member<'a>] {
    let sorted = arena.alloc_slice_copy(members);
    sorted.sort_unstable_by_key(|member| member.key);
    sorted
}

/// Closes what was begun, where a comma stands behind each of its parts.
#[inline(always)]
fn close(bracket: u8, is_empty: bool, out: &mut Vec<u8>) {
    match out.last_mut() {
        Some(comma) if !is_empty => *comma = bracket,
        _ => out.push(bracket),
    }
}

#[inline]
fn write_member(member: &Member, out: &mut Vec<u8>) {
    text::write_string(member.key, out);
    out.push(b':');
    member.value.write_part(out);
}

/// An object with one member set: the text below is copied around the place of that member.
fn write_overlay(base: Value, member: &Member, out: &mut Vec<u8>) {
    let start = out.len();
    base.write(out);
    let mut place = None;
    // The base has been written in compact form, its keys distinct: the member's value is found in what was written.
    if may_have(base, member.key) {
        let mut at = start + 1;
        while out.get(at) == Some(&b'"') {
            let key_end = raw::value_end(out, at);
            let value_end = raw::value_end(out, key_end + 1);
            if key_is(&out[at + 1..key_end - 1], member.key) {
                place = Some((key_end + 1, value_end));
                break;
            }
            at = value_end + 1;
        }
    }
    match place {
        Some((from, to)) => {
            let tail = out.split_off(to);
            out.truncate(from);
            member.value.write(out);
            out.extend_from_slice(&tail);
        }
        None => {
            out.pop();
            if out.len() > start + 1 {
                out.push(b',');
            }
            write_member(member, out);
            out.push(b'}');
        }
    }
}

/// Whether an object may have such a member; of text that is not known without going over it.
fn may_have(mut object: Value, key: &str) -> bool {
    loop {
        object = match object {
            Value::Overlay(overlay) if overlay.member.key == key => return true,
            Value::Overlay(overlay) => overlay.base,
            Value::Object(object) => return object.members.iter().any(|member| member.key == key),
            _ => return true,
        }
    }
}

fn key_is(written: &[u8], key: &str) -> bool {
    if !written.contains(&b'\\') {
        return written == key.as_bytes();
    }
    std::str::from_utf8(written).is_ok_and(|text| text::unescaped_eq(text, key))
}

/// Text that may differ from the compact form, but in which no object has a key twice: a pass over it, without looking for
/// the ends of what is inside.
fn write_without_blanks(value: &str, out: &mut Vec<u8>) {
    let bytes = value.as_bytes();
    out.reserve(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b'"' => {
                let (start, mut end, mut escaped) = (at, bytes.len(), false);
                while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
                    at += found + 1;
                    if bytes[at - 1] == b'"' {
                        end = at - 1;
                        break;
                    }
                    // What is escaped may be a quote.
                    (at, escaped) = (bytes.len().min(at + 1), true);
                }
                write_quoted(&value[start..end], escaped, out);
                at = bytes.len().min(end + 1);
            }
            other => out.push(other),
        }
    }
}

/// Text that may differ from the compact form.
fn write_text(value: &str, form: Form, out: &mut Vec<u8>) {
    if !form.has(Form::REPEATED) {
        return write_without_blanks(value, out);
    }
    match raw::kind(value) {
        Kind::Object => write_distinct(value, form, out),
        Kind::Array => {
            out.push(b'[');
            for (n, element) in Elements::new(value).enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                write_text(element, form, out);
            }
            out.push(b']');
        }
        Kind::String => write_quoted(raw::unquote(value), form.has(Form::ESCAPED), out),
        _ => out.extend_from_slice(value.as_bytes()),
    }
}

/// An object that may have a key twice: the last value counts, at the place of the first.
fn write_distinct(value: &str, form: Form, out: &mut Vec<u8>) {
    let mut last = std::collections::HashMap::new();
    for (n, (key, _)) in Members::new(value).enumerate() {
        last.insert(text::unescape_owned(key.text), n);
    }
    let members: Vec<_> = Members::new(value).collect();
    let mut written = std::collections::HashSet::new();
    out.push(b'{');
    for (key, _) in &members {
        let name = text::unescape_owned(key.text);
        let Some(&at) = last.get(&name) else { continue };
        if !written.insert(name) {
            continue;
        }
        if written.len() > 1 {
            out.push(b',');
        }
        write_quoted(key.text, key.escaped, out);
        out.push(b':');
        write_text(members[at].1, form, out);
    }
    out.push(b'}');
}

fn write_quoted(between_quotes: &str, escaped: bool, out: &mut Vec<u8>) {
    if escaped && between_quotes.contains('\\') {
        text::write_string(&text::unescape_owned(between_quotes), out);
    } else {
        out.push(b'"');
        out.extend_from_slice(between_quotes.as_bytes());
        out.push(b'"');
    }
}

/// Takes the size of the compact text from `room`; false as soon as it does not fit, so that values which share parts
/// cost no more than the limit.
fn measure(value: Value, room: &mut u64) -> bool {
    match value {
        Value::Array(array) => {
            take(room, 2 + (array.items.len() as u64).saturating_sub(1))
                && array.items.iter().all(|v| measure(*v, room))
        }
        Value::Object(object) => {
            let marks = 2 + (object.members.len() as u64 * 2).saturating_sub(1);
            take(room, marks)
                && object.members.iter().all(|m| take(room, written_string(m.key)) && measure(m.value, room))
        }
        Value::Raw(raw) if raw.form == Form::COMPACT => take(room, raw.text.len() as u64),
        Value::Text(text) => take(room, written_string(text)),
        // What has been set may share parts, and be far too large to be written only to be measured.
        Value::Overlay(overlay) if !measure(overlay.member.value, &mut room.clone()) => false,
        leaf => {
            let mut out = Vec::new();
            leaf.write(&mut out);
            take(room, out.len() as u64)
        }
    }
}

fn written_string(string: &str) -> u64 {
    let mut out = Vec::new();
    text::write_string(string, &mut out);
    out.len() as u64
}

fn take(room: &mut u64, bytes: u64) -> bool {
    match room.checked_sub(bytes) {
        Some(rest) => {
            *room = rest;
            true
        }
        None => false,
    }
}

//! JSON values over borrowed bytes and a bump arena: what flows through an execution.
//!
//! Flows in: checked JSON text (a line of events, a handler's reply, a constant of the program) and values that the
//! execution computes. Flows out: compact JSON text. Inside an execution a value is a [`Value`]: a `Copy` handle of 16
//! bytes over text that somebody else owns and over an arena that the worker resets after every execution. What leaves
//! an execution for another thread or another time leaves as owned compact text ([`Value::to_json`]).
//!
//! A value that arrived as text stays text until somebody looks inside ([`Raw`]); writing it back is a copy. The parts:
//!
//! | file | holds |
//! | --- | --- |
//! | `mod.rs` | the handle, its constructors and its readers |
//! | [`raw`] | looking into JSON text without building anything |
//! | [`text`] | string escapes, both ways |
//! | [`once`] | what is made once and kept
//! | `name` | things by their names |
//! | [`number`] | numbers as they were written: comparing and converting them |
//! | [`write`](mod@write) | compact JSON text, sizes, equality |
//! | [`path`] | paths: selecting from a value, writing into one |
//! | [`difference`] | what tells two documents apart |
//! | [`pattern`] | patterns with `*` |
//! | [`timestamp`] | instants, as RFC 3339 writes them |
//! | [`signature`] | what arguments a function takes
//! | [`scan`] | the reader: bytes to checked lines and documents |
//! | [`tree`] | an owned tree with positions, for definitions and mocks |
//!
//! It must never know of states, and must never change a number's text.

pub mod difference;
pub(crate) mod name;
pub mod number;
pub mod once;
pub mod path;
pub mod pattern;
pub mod raw;
pub mod scan;
pub mod signature;
pub mod text;
pub mod timestamp;
pub mod tree;
pub mod write;

use raw::Form;

/// The arena that the values of one execution live in; a worker resets it after every execution.
///
/// Nothing placed in it is ever dropped, so only plain data may be put there.
pub type Arena = bumpalo::Bump;

/// A JSON value: a small handle, cheap to copy, over text or nodes that live as long as the execution.
///
/// The handle takes 16 bytes. Two variants, and the [`Flags`] of arrays, belong to JSONata: they exist while an
/// expression is evaluated and never leave it.
///
/// ```
/// use expressway::value::{Arena, Value};
/// let arena = Arena::new();
/// let event = Value::from_text(&arena, r#"{"Weather": "COOL", "n": 1.50}"#);
/// assert_eq!(event.get(&arena, "Weather").unwrap().as_str(&arena), Some("COOL"));
/// assert_eq!(event.to_json(), r#"{"Weather":"COOL","n":1.50}"#);
/// ```
// The tag takes a whole word: with a tag of one byte, copies are made of overlapping parts that the processor cannot
// forward from the store before, which cost a third of the time of a small execution.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
#[non_exhaustive]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer that was computed (a number that arrived as text is [`Value::Raw`], its text kept).
    Int(i64),
    /// A real number that was computed; finite, except while a JSONata expression is evaluated.
    Float(f64),
    /// A string whose escapes are resolved.
    Text(&'a &'a str),
    /// Checked JSON text of any kind, opened only when somebody looks inside.
    Raw(&'a Raw<'a>),
    /// An array that was built.
    Array(&'a Array<'a>),
    /// An object that was built; its keys are distinct.
    Object(&'a Object<'a>),
    /// An object with one member added or replaced, and nothing copied: what ResultPath makes.
    Overlay(&'a Overlay<'a>),
    /// JSONata: nothing at all, which is not `null`.
    Undefined,
    /// JSONata: a function, by its place in the table of the evaluation that made it.
    Function(u32),
}

const _: () = assert!(size_of::<Value<'static>>() == 16);

/// JSON text that a scanner has checked: one value, without blanks around it.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a> {
    /// The text.
    pub text: &'a str,
    /// In what its text may differ from the compact form.
    pub form: Form,
}

impl Raw<'_> {
    /// The text of `null`.
    pub const NULL: Raw<'static> = Raw { text: "null", form: Form::COMPACT };

    /// A string of the program with quotes around it, for [`constant!`](crate::constant): there it is looked at when the
    /// program is compiled.
    ///
    /// # Panics
    ///
    /// If anything in it must be escaped.
    #[doc(hidden)]
    pub const fn quoted(text: &'static str) -> Raw<'static> {
        let (bytes, mut at) = (text.as_bytes(), 1);
        while at + 1 < bytes.len() {
            assert!(bytes[at] >= b' ' && bytes[at] != b'"' && bytes[at] != b'\\', "a constant must not need escapes");
            at += 1;
        }
        Raw { text, form: Form::COMPACT }
    }
}

/// An array that was built during the execution.
#[derive(Debug)]
pub struct Array<'a> {
    /// The elements.
    pub items: &'a [Value<'a>],
    /// What JSONata has to know of it; elsewhere none.
    pub flags: Flags,
    /// The text that it was opened from, if it was.
    pub source: Option<&'a Raw<'a>>,
    size: Size,
}

/// How JSONata came by an array: plain arrays are values, sequences are results that may still shrink to their only
/// element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// A plain array.
    pub const NONE: Flags = Flags(0);
    /// The result of a query: with no element it is undefined, with one it is that element.
    pub const SEQUENCE: Flags = Flags(1);
    /// A sequence that stays an array even with one element: `[]` was asked for.
    pub const KEEP: Flags = Flags(2);
    /// An array that was constructed in a path and is not to be flattened.
    pub const CONSTRUCTED: Flags = Flags(4);
    /// The wrapping of a whole document that is an array.
    pub const WRAPPER: Flags = Flags(8);
    /// A stream of tuples: items with the variables that were bound on the way.
    pub const TUPLES: Flags = Flags(16);

    /// Whether all bits of `other` are set here.
    pub fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }
}

impl std::ops::BitOr for Flags {
    type Output = Flags;
    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// An object that was built during the execution; its keys are distinct and keep their order.
#[derive(Debug)]
pub struct Object<'a> {
    /// The members, in order.
    pub members: &'a [Member<'a>],
    /// The text that it was opened from, if it was.
    pub source: Option<&'a Raw<'a>>,
    size: Size,
    keys: Keys,
}

/// What is known of the keys of an object that was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Nothing.
    Any,
    /// They stay where they are as long as executions run, and have nothing in them that must be escaped.
    Constant,
}

/// One member of a built object.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// The key, escapes resolved.
    pub key: &'a str,
    /// The value.
    pub value: Value<'a>,
}

/// An object as it was, with one member set: replaced in its place, or added at the end.
#[derive(Debug)]
pub struct Overlay<'a> {
    /// The object below; never anything but an object.
    pub base: Value<'a>,
    /// The member that was set.
    pub member: Member<'a>,
    size: Size,
}

/// What a built node knows of its extent, so that limits are cheap to hold: built nodes may share parts, so that the
/// written form can be far larger than the memory they take.
#[derive(Clone, Copy, Debug, Default)]
pub struct Size {
    /// At most this many bytes in compact form, saturating.
    pub bytes_max: u64,
    /// Levels of built nodes, this one included. Text counts as one level: a scanner has held it to its own limit.
    pub depth: u32,
}

/// The kinds of JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number of any form.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl<'a> Value<'a> {
    /// Takes JSON text that is known to be valid (a scanner has checked it, or the program's own compiler wrote it),
    /// with any blanks inside and around it. Text that is not valid JSON gives a value of unspecified content, never a
    /// panic.
    pub fn from_text(arena: &'a Arena, text: &'a str) -> Value<'a> {
        let text = text.trim_matches(raw::BLANKS);
        Value::Raw(arena.alloc(Raw { text, form: Form::of(text) }))
    }

    /// Takes JSON text whose form is known.
    pub fn raw(arena: &'a Arena, text: &'a str, form: Form) -> Value<'a> {
        Value::Raw(arena.alloc(Raw { text, form }))
    }

    /// A string, copied into the arena.
    #[inline]
    pub fn copy_str(arena: &'a Arena, text: &str) -> Value<'a> {
        Value::text(arena, arena.alloc_str(text))
    }

    /// A string that lives long enough already.
    #[inline]
    pub fn text(arena: &'a Arena, text: &'a str) -> Value<'a> {
        Value::Text(arena.alloc(text))
    }

    /// An array of the given elements.
    pub fn array(arena: &'a Arena, items: &'a [Value<'a>]) -> Value<'a> {
        Value::flagged(arena, items, Flags::NONE)
    }

    /// An array of the given elements, with what JSONata has to know of it.
    pub fn flagged(arena: &'a Arena, items: &'a [Value<'a>], flags: Flags) -> Value<'a> {
        let mut size = Size { bytes_max: 2 + items.len() as u64, depth: 0 };
        for item in items {
            size.add(item.size());
        }
        size.depth += 1;
        Value::Array(arena.alloc(Array { items, flags, source: None, size }))
    }

    /// An object of the given members, whose keys are distinct.
    #[inline]
    pub fn object(arena: &'a Arena, members: &'a [Member<'a>]) -> Value<'a> {
        Value::object_of(arena, members, Keys::Any)
    }

    /// The same where the members are put together, and something is known of their keys.
    #[inline(always)]
    pub(crate) fn object_of(arena: &'a Arena, members: &'a [Member<'a>], keys: Keys) -> Value<'a> {
        let around = Value::bytes_around(members.iter().map(|member| member.key));
        let mut size = Size { bytes_max: around, depth: 0 };
        for member in members {
            size.add(member.value.size());
        }
        size.depth += 1;
        Value::measured_object(arena, members, size, keys)
    }

    /// The most that an object of these keys takes when it is written, beside its members' values.
    #[inline(always)]
    pub(crate) fn bytes_around<'k>(keys: impl Iterator<Item = &'k str>) -> u64 {
        keys.fold(2, |bytes, key| bytes + text::bytes_max(key) + 2)
    }

    /// The object of these members, of which that size is known, and that of the keys.
    #[inline(always)]
    pub(crate) fn measured_object(arena: &'a Arena, members: &'a [Member<'a>], size: Size, keys: Keys) -> Value<'a> {
        Value::Object(arena.alloc(Object { members, source: None, size, keys }))
    }

    /// The array of these elements, which is what its text says. As text it is one level deep, however deep it is.
    pub(crate) fn opened_array(arena: &'a Arena, items: &'a [Value<'a>], source: &'a Raw<'a>) -> Value<'a> {
        let size = Size { bytes_max: source.text.len() as u64, depth: 0 };
        Value::Array(arena.alloc(Array { items, flags: Flags::NONE, source: Some(source), size }))
    }

    /// The array of these elements, which takes so many bytes when it is written.
    pub(crate) fn measured_array(arena: &'a Arena, items: &'a [Value<'a>], bytes: u64) -> Value<'a> {
        let depth = items.iter().map(|item| item.size().depth).max().unwrap_or(0) + 1;
        let size = Size { bytes_max: bytes, depth };
        Value::Array(arena.alloc(Array { items, flags: Flags::NONE, source: None, size }))
    }

    /// The object of these members, whose keys are distinct, which is what its text says.
    #[inline]
    pub(crate) fn opened_object(arena: &'a Arena, members: &'a [Member<'a>], source: &'a Raw<'a>) -> Value<'a> {
        let size = Size { bytes_max: source.text.len() as u64, depth: 0 };
        Value::Object(arena.alloc(Object { members, source: Some(source), size, keys: Keys::Any }))
    }

    /// The object `base` with the member `key` set to `value`. `base` must be an object.
    pub fn overlay(arena: &'a Arena, base: Value<'a>, key: &'a str, value: Value<'a>) -> Value<'a> {
        debug_assert_eq!(base.kind(), Kind::Object);
        let mut size = base.size();
        size.bytes_max = size.bytes_max.saturating_add(text::bytes_max(key) + 2);
        size.add(value.size());
        size.depth += 1;
        Value::Overlay(arena.alloc(Overlay { base, member: Member { key, value }, size }))
    }

    /// The empty object.
    pub fn empty_object() -> Value<'a> {
        const EMPTY: Raw<'static> = Raw { text: "{}", form: Form::COMPACT };
        Value::Raw(&EMPTY)
    }

    /// What kind of value it is; what only JSONata has counts as null.
    pub fn kind(self) -> Kind {
        match self {
            Value::Null | Value::Undefined | Value::Function(_) => Kind::Null,
            Value::Bool(_) => Kind::Bool,
            Value::Int(_) | Value::Float(_) => Kind::Number,
            Value::Text(_) => Kind::String,
            Value::Raw(raw) => raw::kind(raw.text),
            Value::Array(_) => Kind::Array,
            Value::Object(_) | Value::Overlay(_) => Kind::Object,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The boolean, if it is one.
    pub fn as_bool(self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(b),
            Value::Raw(Raw { text: "true", .. }) => Some(true),
            Value::Raw(Raw { text: "false", .. }) => Some(false),
            _ => None,
        }
    }

    /// The string with its escapes resolved, if it is one; copies only if there are escapes.
    #[inline]
    pub fn as_str(self, arena: &'a Arena) -> Option<&'a str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Raw(raw) if raw.text.starts_with('"') => Some(text::unescape(raw::unquote(raw.text), arena)),
            _ => None,
        }
    }

    /// The number, if it is one; a number that arrived as text keeps it.
    pub fn as_number(self) -> Option<number::Number<'a>> {
        match self {
            Value::Int(i) => Some(number::Number::Int(i)),
            Value::Float(f) => Some(number::Number::Float(f)),
            Value::Raw(raw) if raw::kind(raw.text) == Kind::Number => Some(number::Number::Text(raw.text)),
            _ => None,
        }
    }

    /// The member of that name, if it is an object that has one; of equal keys the last counts.
    pub fn get(self, arena: &'a Arena, key: &str) -> Option<Value<'a>> {
        match self {
            Value::Raw(raw) => {
                let mut found = None;
                for (name, value) in raw::Members::new(raw.text) {
                    if name.is(key) {
                        found = Some(value);
                    }
                }
                found.map(|text| Value::raw(arena, text, raw.form))
            }
            Value::Object(object) => {
                name::first_of_name(object.members, |member| member.key, key).map(|member| member.value)
            }
            Value::Overlay(mut overlay) => loop {
                if overlay.member.key == key {
                    return Some(overlay.member.value);
                }
                match overlay.base {
                    Value::Overlay(below) => overlay = below,
                    base => return base.get(arena, key),
                }
            },
            _ => None,
        }
    }

    /// The element at `index`, counted from 0, if it is an array that has one.
    pub fn element(self, arena: &'a Arena, index: usize) -> Option<Value<'a>> {
        match self {
            Value::Raw(raw) => raw::Elements::new(raw.text).nth(index).map(|text| Value::raw(arena, text, raw.form)),
            Value::Array(array) => array.items.get(index).copied(),
            _ => None,
        }
    }

    /// The elements, if it is an array. The first call on text opens one level of it: 40 bytes of arena an element.
    #[inline]
    pub fn elements(self, arena: &'a Arena) -> Option<&'a [Value<'a>]> {
        match self {
            Value::Array(array) => Some(array.items),
            Value::Raw(raw) if raw.text.starts_with('[') => Some(raw::open_elements(raw, arena)),
            _ => None,
        }
    }

    /// The members in order, keys distinct (of equal keys the last value counts, at the place of the first), if it is
    /// an object.
    pub fn members(self, arena: &'a Arena) -> Option<&'a [Member<'a>]> {
        match self {
            Value::Object(object) => Some(object.members),
            Value::Raw(raw) if raw.text.starts_with('{') => Some(raw::open_members(raw, arena)),
            Value::Overlay(overlay) => {
                let base = overlay.base.members(arena)?;
                let mut members = bumpalo::collections::Vec::with_capacity_in(base.len() + 1, arena);
                members.extend_from_slice(base);
                match members.iter_mut().find(|m| m.key == overlay.member.key) {
                    Some(member) => member.value = overlay.member.value,
                    None => members.push(overlay.member),
                }
                Some(members.into_bump_slice())
            }
            _ => None,
        }
    }

    /// How large it may be when written, and how deep it was built.
    #[inline]
    pub fn size(self) -> Size {
        match self {
            Value::Null | Value::Bool(_) | Value::Undefined | Value::Function(_) => Size { bytes_max: 5, depth: 0 },
            Value::Int(_) => Size { bytes_max: 20, depth: 0 },
            Value::Float(_) => Size { bytes_max: 25, depth: 0 },
            Value::Text(text) => Size { bytes_max: text::bytes_max(text), depth: 0 },
            Value::Raw(raw) => Size { bytes_max: raw.text.len() as u64, depth: 0 },
            Value::Array(array) => array.size,
            Value::Object(object) => object.size,
            Value::Overlay(overlay) => overlay.size,
        }
    }
}

impl Size {
    /// Takes in a part: its bytes are added, its depth is the depth if it is the deepest.
    #[inline(always)]
    pub(crate) fn add(&mut self, part: Size) {
        self.bytes_max = self.bytes_max.saturating_add(part.bytes_max);
        self.depth = self.depth.max(part.depth);
    }
}

#[cfg(test)]
mod tests;

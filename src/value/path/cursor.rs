//! A place in a value, reached without making handles on the way.
//!
//! A definite path over text walks the text; only what it ends at becomes a handle. It must never decode or copy what it
//! steps over.

use crate::value::raw::{Elements, Form, Members};
use crate::value::{Arena, Kind, Member, Value, raw};

/// A place in a value.
#[derive(Clone, Copy)]
pub(super) enum Cursor<'a> {
    /// Somewhere in JSON text.
    Text(&'a str, Form),
    /// A value that is not text.
    Node(Value<'a>),
    /// An array's element beyond its end: reads as `null`, cannot be stepped into.
    Beyond,
}

impl<'a> Cursor<'a> {
    pub fn new(value: Value<'a>) -> Cursor<'a> {
        match value {
            Value::Raw(raw) => Cursor::Text(raw.text, raw.form),
            other => Cursor::Node(other),
        }
    }

    pub fn value(self, arena: &'a Arena) -> Value<'a> {
        match self {
            Cursor::Text(text, form) => Value::raw(arena, text, form),
            Cursor::Node(value) => value,
            Cursor::Beyond => Value::Null,
        }
    }

    pub fn kind(self) -> Kind {
        match self {
            Cursor::Text(text, _) => raw::kind(text),
            Cursor::Node(value) => value.kind(),
            Cursor::Beyond => Kind::Null,
        }
    }

    /// How much text there is to go over; 0 for what is no text.
    pub fn bytes(self) -> u64 {
        match self {
            Cursor::Text(text, _) => text.len() as u64,
            _ => 0,
        }
    }

    /// The member of that name; nothing if there is none or this is no object.
    pub fn member(self, name: &str) -> Option<Cursor<'a>> {
        let mut here = self;
        loop {
            match here {
                Cursor::Text(text, form) => {
                    let mut same = Members::new(text).filter(|(key, _)| key.is(name));
                    let found = if form.has(Form::REPEATED) { same.last() } else { same.next() };
                    return found.map(|(_, text)| Cursor::Text(text, form));
                }
                Cursor::Node(Value::Object(object)) => {
                    let found = object.members.iter().rev().find(|member| member.key == name)?;
                    return Some(Cursor::new(found.value));
                }
                Cursor::Node(Value::Overlay(overlay)) if overlay.member.key == name => {
                    return Some(Cursor::new(overlay.member.value));
                }
                Cursor::Node(Value::Overlay(overlay)) => here = Cursor::new(overlay.base),
                Cursor::Node(_) | Cursor::Beyond => return None,
            }
        }
    }

    /// The element at an index, negative counted from the end; [`Cursor::Beyond`] if the array has none there.
    pub fn element(self, index: i32) -> Cursor<'a> {
        let index = if index < 0 {
            self.length().checked_sub(index.unsigned_abs() as usize)
        } else {
            usize::try_from(index).ok()
        };
        let found = index.and_then(|index| match self {
            Cursor::Text(text, form) => Elements::new(text).nth(index).map(|text| Cursor::Text(text, form)),
            Cursor::Node(Value::Array(array)) => array.items.get(index).map(|item| Cursor::new(*item)),
            _ => None,
        });
        found.unwrap_or(Cursor::Beyond)
    }

    /// How many elements an array has; 0 for anything else.
    pub fn length(self) -> usize {
        match self {
            Cursor::Text(text, _) => Elements::new(text).count(),
            Cursor::Node(Value::Array(array)) => array.items.len(),
            _ => 0,
        }
    }

    /// The elements of an array or the members' values of an object, in order, each key once; nothing for a scalar.
    pub fn children(self, arena: &'a Arena) -> Children<'a> {
        match self {
            Cursor::Text(text, form) if text.starts_with('[') => Children::Elements(Elements::new(text), form),
            Cursor::Text(text, form) if !form.has(Form::REPEATED) => Children::Members(Members::new(text), form),
            Cursor::Node(Value::Array(array)) => Children::Items(array.items.iter()),
            Cursor::Text(..) | Cursor::Node(_) => match self.value(arena).members(arena) {
                Some(members) => Children::Fields(members.iter()),
                None => Children::Items([].iter()),
            },
            Cursor::Beyond => Children::Items([].iter()),
        }
    }
}

/// The children of a place.
pub(super) enum Children<'a> {
    Elements(Elements<'a>, Form),
    Members(Members<'a>, Form),
    Items(std::slice::Iter<'a, Value<'a>>),
    Fields(std::slice::Iter<'a, Member<'a>>),
}

impl<'a> Iterator for Children<'a> {
    type Item = Cursor<'a>;

    fn next(&mut self) -> Option<Cursor<'a>> {
        match self {
            Children::Elements(elements, form) => elements.next().map(|text| Cursor::Text(text, *form)),
            Children::Members(members, form) => members.next().map(|(_, text)| Cursor::Text(text, *form)),
            Children::Items(items) => items.next().map(|item| Cursor::new(*item)),
            Children::Fields(fields) => fields.next().map(|field| Cursor::new(field.value)),
        }
    }
}

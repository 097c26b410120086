//! Checked text as built values, by the tokens that were found when it was checked.
//!
//! Flows in: the tokens of a line, the bounds of a value in it. Flows out: arrays and objects whose scalars are still text, so
//! that who looks into them again and again goes over no text any more. An opened value is written as its text where that
//! is compact. It must never read a string or a number, recurse, or open what holds equal keys: for those the text
//! itself knows best which one counts.

use super::walk::trimmed;
use crate::value::raw::{Form, Key};
use crate::value::tree::Span;
use crate::value::{Arena, Member, Raw, Value};
use bumpalo::collections::Vec;

/// Objects of more members are not searched for equal keys one by one.
const COMPARED_MAX: usize = 24;

/// The tokens of one line that a scanner has checked.
#[derive(Clone, Copy, Debug)]
pub struct Tokens<'t> {
    /// What the positions count in.
    pub(super) source: &'t str,
    pub(super) positions: &'t [u32],
    pub(super) classes: &'t [u8],
    /// Where the line's value starts.
    pub(super) start: u32,
    pub(super) form: Form,
}

/// A container whose elements are being collected.
struct Frame<'a> {
    /// The key under which it stands in the container around it.
    key: &'a str,
    start: usize,
    is_object: bool,
    /// How many values had been collected before its own.
    before: usize,
}

impl<'t> Tokens<'t> {
    /// The value at these bounds, counted from the start of the line's value, opened as far down as it goes. A scalar
    /// stays text, and so does a value in which an object holds a key twice, or may do so.
    pub fn open<'a>(&self, span: Span, arena: &'a Arena) -> Value<'a>
    where
        't: 'a,
    {
        let (start, end) = ((self.start + span.start) as usize, (self.start + span.end) as usize);
        let text = &self.source[start..end];
        let raw = || Value::raw(arena, text, self.form.of_part(text));
        match text.as_bytes().first() {
            Some(b'{' | b'[') => {
                let first = self.positions.partition_point(|position| (*position as usize) < start);
                self.build(first, arena).unwrap_or_else(raw)
            }
            _ => raw(),
        }
    }

    /// The container that begins at a token.
    fn build<'a>(&self, first: usize, arena: &'a Arena) -> Option<Value<'a>>
    where
        't: 'a,
    {
        let (mut at, mut key) = (first, "");
        let mut frames: Vec<'a, Frame<'a>> = Vec::new_in(arena);
        // What has been collected for all open containers; elements of arrays have no keys.
        let mut values: Vec<'a, Member<'a>> = Vec::with_capacity_in(32, arena);
        loop {
            let class = *self.classes.get(at)?;
            let start = *self.positions.get(at)? as usize;
            at += 1;
            if let b'{' | b'[' = class {
                let is_object = class == b'{';
                frames.push(Frame { key, start, is_object, before: values.len() });
                if self.classes[at] != class + 2 {
                    (at, key) = if is_object { self.key(at, arena)? } else { (at, "") };
                    continue;
                }
            } else {
                let text = &self.source[start..self.end_before(at)?];
                values.push(Member { key, value: Value::raw(arena, text, self.form.of_part(text)) });
                if self.classes[at] == b',' {
                    (at, key) = if frames.last()?.is_object { self.key(at + 1, arena)? } else { (at + 1, "") };
                    continue;
                }
            }
            // Closes the container at hand and all that end with it.
            loop {
                let frame = frames.pop()?;
                let text = &self.source[frame.start..=*self.positions.get(at)? as usize];
                at += 1;
                let source = arena.alloc(Raw { text, form: self.form });
                let collected = &values[frame.before..];
                let value = match frame.is_object {
                    true => {
                        let members = arena.alloc_slice_copy(collected);
                        if self.form.has(Form::REPEATED) && may_repeat(members) {
                            return None;
                        }
                        Value::opened_object(arena, members, source)
                    }
                    false => {
                        let items = collected.iter().map(|member| member.value);
                        Value::opened_array(arena, arena.alloc_slice_fill_iter(items), source)
                    }
                };
                values.truncate(frame.before);
                let Some(outer) = frames.last() else { return Some(value) };
                values.push(Member { key: frame.key, value });
                if self.classes[at] == b',' {
                    (at, key) = if outer.is_object { self.key(at + 1, arena)? } else { (at + 1, "") };
                    break;
                }
            }
        }
    }

    /// The key at a token, and the token of its value.
    #[inline]
    fn key<'a>(&self, at: usize, arena: &'a Arena) -> Option<(usize, &'a str)>
    where
        't: 'a,
    {
        let start = *self.positions.get(at)? as usize + 1;
        let text = self.source.get(start..self.end_before(at + 1)? - 1)?;
        let escaped = self.form.has(Form::ESCAPED) && text.contains('\\');
        Some((at + 2, Key { text, escaped }.decode(arena)))
    }

    /// The end of what stands before a token.
    #[inline]
    fn end_before(&self, at: usize) -> Option<usize> {
        Some(trimmed(self.source, *self.positions.get(at)? as usize))
    }
}

/// Whether two members have the same key, or it would take long to find out.
fn may_repeat(members: &[Member]) -> bool {
    members.len() > COMPARED_MAX
        || members.iter().enumerate().any(|(n, member)| members[..n].iter().any(|other| other.key == member.key))
}

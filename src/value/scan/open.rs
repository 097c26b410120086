//! Checked text as built values, by the tokens that were found when it was checked.
//!
//! Flows in: the tokens of a line, the bounds of a value in it. Flows out: arrays and objects whose scalars are still text, so
//! that who looks into them again and again goes over no text any more. An opened value is written as its text where that
//! is compact. It must never read a string or a number, recurse, or open what holds equal keys: for those the text
//! itself knows best which one counts.

use super::walk::trimmed;
use crate::value::raw::{Form, Key};
use crate::value::tree::Span;
use crate::value::{Arena, Member, Raw, Value, text};
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

/// What has been collected for all open containers; elements of arrays have no keys.
type Values<'a> = Vec<'a, Member<'a>>;

/// Where [`Tokens::members`] or [`Tokens::elements`] stopped.
enum Stop<'a> {
    /// At the bracket of a container, which stands under that key.
    Open(&'a str),
    /// Behind the last value.
    After,
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
        let mut frames: Vec<'a, Frame<'a>> = Vec::with_capacity_in(4, arena);
        let mut values: Values<'a> = Vec::with_capacity_in(32, arena);
        // The members of the object that was closed last: those of the next often have the same keys.
        let mut model: &'a [Member<'a>] = &[];
        'open: loop {
            // Token `at` opens a container.
            let opening = *self.classes.get(at)?;
            let mut is_object = opening == b'{';
            frames.push(Frame { key, start: *self.positions.get(at)? as usize, is_object, before: values.len() });
            at += 1;
            let mut empty = *self.classes.get(at)? == opening + 2;
            loop {
                if !empty {
                    let stop;
                    let known = model.get(values.len() - frames.last()?.before..).unwrap_or(&[]);
                    (at, stop) = match is_object {
                        true => self.members(at, known, &mut values, arena)?,
                        false => self.elements(at, &mut values, arena)?,
                    };
                    if let Stop::Open(inner) = stop {
                        key = inner;
                        continue 'open;
                    }
                }
                // Closes the container at hand and all that end with it.
                loop {
                    let frame = frames.pop()?;
                    let text = self.source.get(frame.start..*self.positions.get(at)? as usize + 1)?;
                    at += 1;
                    let source = arena.alloc(Raw { text, form: self.form });
                    let collected = values.get(frame.before..)?;
                    let value = match frame.is_object {
                        true => {
                            let members = arena.alloc_slice_copy(collected);
                            if self.form.has(Form::REPEATED) && !has_keys_of(members, model) && may_repeat(members) {
                                return None;
                            }
                            model = members;
                            Value::opened_object(arena, members, source)
                        }
                        false => {
                            let items = collected.iter().map(|member| member.value);
                            Value::opened_array(arena, arena.alloc_slice_fill_iter(items), source)
                        }
                    };
                    values.truncate(frame.before);
                    let Some(outer) = frames.last() else { return Some(value) };
                    is_object = outer.is_object;
                    values.push(Member { key: frame.key, value });
                    if *self.classes.get(at)? == b',' {
                        at += 1;
                        break;
                    }
                }
                empty = false;
            }
        }
    }

    /// Collects members from the key at a token on, up to one that is a container, or the last. Where a key is spelled as the
    /// one in the same place of `known`, it is that.
    #[inline(always)]
    fn members<'a>(
        &self,
        mut at: usize,
        known: &'a [Member<'a>],
        values: &mut Values<'a>,
        arena: &'a Arena,
    ) -> Option<(usize, Stop<'a>)>
    where
        't: 'a,
    {
        let mut known = known.iter();
        loop {
            // A key, its colon, its value and what follows.
            let [_, _, class, after]: [u8; 4] = *self.classes.get(at..)?.first_chunk()?;
            let [name, colon, start, next]: [u32; 4] = *self.positions.get(at..)?.first_chunk()?;
            let spelled = self.source.as_bytes().get(name as usize + 1..self.trimmed(colon) - 1)?;
            let key = match known.next() {
                Some(model) if text::same(model.key.as_bytes(), spelled) && !self.escapes(spelled) => model.key,
                _ => self.key(name, colon, arena)?,
            };
            if class | 0x20 == b'{' {
                return Some((at + 2, Stop::Open(key)));
            }
            values.push(Member { key, value: self.scalar(start, next, arena)? });
            if after != b',' {
                return Some((at + 3, Stop::After));
            }
            at += 4;
        }
    }

    /// Collects elements from that at a token on, up to one that is a container, or the last.
    #[inline(always)]
    fn elements<'a>(&self, mut at: usize, values: &mut Values<'a>, arena: &'a Arena) -> Option<(usize, Stop<'a>)>
    where
        't: 'a,
    {
        loop {
            let [class, after]: [u8; 2] = *self.classes.get(at..)?.first_chunk()?;
            if class | 0x20 == b'{' {
                return Some((at, Stop::Open("")));
            }
            let [start, next]: [u32; 2] = *self.positions.get(at..)?.first_chunk()?;
            values.push(Member { key: "", value: self.scalar(start, next, arena)? });
            if after != b',' {
                return Some((at + 1, Stop::After));
            }
            at += 2;
        }
    }

    /// The string, number or literal that starts there, before a token that starts at `next`.
    #[inline(always)]
    fn scalar<'a>(&self, start: u32, next: u32, arena: &'a Arena) -> Option<Value<'a>>
    where
        't: 'a,
    {
        let text = self.source.get(start as usize..self.trimmed(next))?;
        Some(Value::raw(arena, text, self.form.of_scalar(text)))
    }

    /// A key, by where it and its colon start.
    #[inline(never)]
    fn key<'a>(&self, start: u32, colon: u32, arena: &'a Arena) -> Option<&'a str>
    where
        't: 'a,
    {
        let text = self.source.get(start as usize + 1..self.trimmed(colon) - 1)?;
        Some(Key { text, escaped: self.escapes(text.as_bytes()) }.decode(arena))
    }

    /// Whether there is an escape in a string.
    #[inline(always)]
    fn escapes(&self, string: &[u8]) -> bool {
        self.form.has(Form::ESCAPED) && text::has_backslash(string)
    }

    /// The end of what stands before a token that starts there.
    #[inline(always)]
    pub(super) fn trimmed(&self, next: u32) -> usize {
        trimmed(self.source, next as usize)
    }
}

/// Whether the members have the very keys of others, in their order, which are distinct.
fn has_keys_of(members: &[Member], others: &[Member]) -> bool {
    members.len() == others.len() && members.iter().zip(others).all(|(a, b)| std::ptr::eq(a.key, b.key))
}

/// Whether two members have the same key, or it would take long to find out.
fn may_repeat(members: &[Member]) -> bool {
    members.len() > COMPARED_MAX
        || members.iter().enumerate().any(|(n, member)| members[..n].iter().any(|other| other.key == member.key))
}

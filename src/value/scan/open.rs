//! Checked text as built values, by the tokens that were found when it was checked.
//!
//! Flows in: the tokens of a line, the bounds of a value in it. Flows out: arrays and objects whose scalars are still text, so
//! that who looks into them again and again goes over no text any more. An opened value is written as its text where that
//! is compact; a string with escapes is spelled as it will be written. It must never read a number, recurse, or open what
//! holds equal keys: for those the text itself knows best which one counts.

mod built;

use super::guide::Keys;
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
    /// Where escapes start.
    pub(super) escapes: &'t [u32],
    /// Where the line's value starts.
    pub(super) start: u32,
    pub(super) form: Form,
    /// Its keys, if they are known.
    pub(super) keys: Option<Keys<'t>>,
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

/// The object that was closed last: the next often has the same keys.
struct Model<'a> {
    members: &'a [Member<'a>],
    heads: Vec<'a, Head<'a>>,
}

/// A key, and how its first bytes are found in a text.
struct Head<'a> {
    key: &'a str,
    word: u64,
    mask: u64,
}

impl<'a> Model<'a> {
    fn become_of(&mut self, members: &'a [Member<'a>]) {
        self.members = members;
        self.heads.clear();
    }

    /// How its keys are found; worked out when they are first looked for.
    #[inline(always)]
    fn heads(&mut self) -> &[Head<'a>] {
        if self.heads.len() < self.members.len() {
            self.find_heads();
        }
        &self.heads
    }

    #[inline(never)]
    fn find_heads(&mut self) {
        self.heads.extend(self.members.iter().map(|member| {
            let bytes = member.key.len().min(8);
            let mut word = [0; 8];
            word[..bytes].copy_from_slice(&member.key.as_bytes()[..bytes]);
            let mask = u64::MAX.checked_shr(64 - 8 * bytes as u32).unwrap_or(0);
            Head { key: member.key, word: u64::from_le_bytes(word), mask }
        }));
    }
}

impl Head<'_> {
    /// Whether the key, which has no escapes in a text that has none, stands there with its quotes.
    #[inline(always)]
    fn is_at(&self, text: &[u8], quote: u32, colon: u32) -> bool {
        let (start, end) = (quote as usize + 1, (colon as usize).wrapping_sub(1));
        let Some(word) = text.get(start..).and_then(<[u8]>::first_chunk) else { return false };
        end.wrapping_sub(start) == self.key.len()
            && (u64::from_le_bytes(*word) ^ self.word) & self.mask == 0
            && text.get(end) == Some(&b'"')
            && (self.key.len() <= 8 || text.get(start..end) == Some(self.key.as_bytes()))
    }
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
                self.build(first, None, arena).unwrap_or_else(raw)
            }
            _ => raw(),
        }
    }

    /// The same for an array of whose elements one at a time is wanted: those of an array of more than `most` stay text, to be
    /// opened each when its turn comes ([`open_part`](Self::open_part)), perhaps over memory that is soon given back.
    pub fn open_items<'a>(&self, span: Span, most: usize, arena: &'a Arena) -> Value<'a>
    where
        't: 'a,
    {
        // Each element has a token, and something follows it; and no token is shorter than a byte.
        if (span.end - span.start) as usize <= 2 * most || self.tokens_within(span) <= 2 * most {
            return self.open(span, arena);
        }
        let start = (self.start + span.start) as usize;
        let first = self.positions.partition_point(|position| (*position as usize) < start);
        match self.count(first).filter(|count| *count > most).and_then(|count| self.split(first, count, arena)) {
            Some(array) => array,
            None => self.open(span, arena),
        }
    }

    /// How many tokens there are within these bounds.
    fn tokens_within(&self, span: Span) -> usize {
        let before = |end: u32| self.positions.partition_point(|position| *position < self.start + end);
        before(span.end) - before(span.start)
    }

    /// A text that is a part of this line, opened; any other stays text.
    pub fn open_part<'a>(&self, part: &'a Raw<'a>, arena: &'a Arena) -> Value<'a>
    where
        't: 'a,
    {
        let start = self.place(part.text).and_then(|start| u32::try_from(start).ok()?.checked_sub(self.start));
        match start {
            Some(start) => self.open(Span { start, end: start + part.text.len() as u32 }, arena),
            None => Value::Raw(part),
        }
    }

    /// Elements of one of this line's arrays that follow one another, opened together; nothing if they are none of those that
    /// [stayed text](Self::open_items), or if one of them cannot be opened.
    pub fn open_run<'a>(&self, run: &[Value<'a>], arena: &'a Arena) -> Option<&'a [Value<'a>]>
    where
        't: 'a,
    {
        let mut span: Option<(usize, usize)> = None;
        for value in run {
            let Value::Raw(raw) = value else { return None };
            let start = self.place(raw.text)?;
            // Only a comma stands between two of them: then both are elements, and of the same array.
            if let Some((_, end)) = span
                && self.source.as_bytes().get(end..start)?.trim_ascii() != b","
            {
                return None;
            }
            span = Some((span.map_or(start, |(first, _)| first), start + raw.text.len()));
        }
        let (start, _) = span?;
        let first = self.positions.partition_point(|position| (*position as usize) < start);
        self.build(first, Some(run.len()), arena)?.elements(arena)
    }

    /// How many elements the array at a token has.
    fn count(&self, first: usize) -> Option<usize> {
        let classes = self.classes.get(first..)?;
        if *classes.first()? != b'[' || *classes.get(1)? == b']' {
            return None;
        }
        let (mut count, mut open) = (1, 0usize);
        for class in classes {
            match class {
                b'{' | b'[' => open += 1,
                b'}' | b']' => open -= 1,
                b',' => count += usize::from(open == 1),
                _ => {}
            }
            if open == 0 {
                return Some(count);
            }
        }
        None
    }

    /// The array at a token, which has so many elements, each of them as text.
    fn split<'a>(&self, first: usize, count: usize, arena: &'a Arena) -> Option<Value<'a>>
    where
        't: 'a,
    {
        let items = arena.alloc_slice_fill_copy(count, Value::Null);
        let mut at = first + 1;
        for item in items.iter_mut() {
            let start = *self.positions.get(at)? as usize;
            at = self.behind(at)?;
            let text = self.source.get(start..self.trimmed(*self.positions.get(at)?))?;
            *item = Value::raw(arena, text, self.form.of_part(text));
            at += 1;
        }
        let start = *self.positions.get(first)? as usize;
        let text = self.source.get(start..*self.positions.get(at - 1)? as usize + 1)?;
        Some(Value::opened_array(arena, items, arena.alloc(Raw { text, form: self.form })))
    }

    /// The container that begins at a token; or an array of so many elements, the first of which does.
    fn build<'a>(&self, first: usize, run: Option<usize>, arena: &'a Arena) -> Option<Value<'a>>
    where
        't: 'a,
    {
        let before = self.escapes.partition_point(|escape| Some(escape) < self.positions.get(first));
        let mut escapes = &self.escapes[before..];
        let (mut at, mut key) = (first, "");
        let most = run.unwrap_or(usize::MAX);
        let mut frames: Vec<'a, Frame<'a>> = Vec::with_capacity_in(4, arena);
        let mut values: Values<'a> = Vec::with_capacity_in(32, arena);
        let mut model = Model { members: &[], heads: Vec::new_in(arena) };
        'open: loop {
            let (mut is_object, mut empty) = (false, false);
            let start = *self.positions.get(at)? as usize;
            let is_run = run.is_some() && frames.is_empty();
            if !is_run {
                // Token `at` opens a container.
                let opening = *self.classes.get(at)?;
                is_object = opening == b'{';
                at += 1;
                empty = *self.classes.get(at)? == opening + 2;
            }
            // An object that is built in a known way is taken as a whole.
            let mut whole = None;
            match self.keys {
                Some(keys) if is_object && keys.built(at - 1).is_some() => {
                    at = self.all_built(at - 1, keys, values.len() + 1, &mut escapes, &mut values, arena)?;
                    whole = Some((key, values.pop()?.value));
                }
                _ => frames.push(Frame { key, start, is_object, before: values.len() }),
            }
            loop {
                if !empty && whole.is_none() {
                    let stop;
                    let known = model.members.get(values.len() - frames.last()?.before..).unwrap_or(&[]);
                    (at, stop) = match is_object {
                        true => self.members(at, known, &mut values, arena)?,
                        false => {
                            let most = if frames.len() == 1 { most } else { usize::MAX };
                            self.elements(at, most, (&mut model, &mut escapes), &mut values, arena)?
                        }
                    };
                    if let Stop::Open(inner) = stop {
                        key = inner;
                        continue 'open;
                    }
                }
                // Closes the container at hand and all that end with it.
                loop {
                    let (key, value) = match whole.take() {
                        Some(whole) => whole,
                        None => {
                            let frame = frames.pop()?;
                            let value = self.closed(&frame, at, &values, &mut model, arena)?;
                            values.truncate(frame.before);
                            at += 1;
                            (frame.key, value)
                        }
                    };
                    let Some(outer) = frames.last() else { return Some(value) };
                    is_object = outer.is_object;
                    values.push(Member { key, value });
                    let is_full = frames.len() == 1 && values.len() == most;
                    if *self.classes.get(at)? == b',' && !is_full {
                        at += 1;
                        break;
                    }
                }
                empty = false;
            }
        }
    }

    /// The container that closes at a token, and whose values have been collected; nothing if it may hold a key twice.
    #[inline(always)]
    fn closed<'a>(
        &self,
        frame: &Frame<'a>,
        at: usize,
        values: &Values<'a>,
        model: &mut Model<'a>,
        arena: &'a Arena,
    ) -> Option<Value<'a>>
    where
        't: 'a,
    {
        let text = self.source.get(frame.start..*self.positions.get(at)? as usize + 1)?;
        let source = arena.alloc(Raw { text, form: self.form });
        let collected = values.get(frame.before..)?;
        if !frame.is_object {
            let items = collected.iter().map(|member| member.value);
            return Some(Value::opened_array(arena, arena.alloc_slice_fill_iter(items), source));
        }
        let members = arena.alloc_slice_copy(collected);
        if self.form.has(Form::REPEATED) && !has_keys_of(members, model.members) && may_repeat(members) {
            return None;
        }
        model.become_of(members);
        Some(Value::opened_object(arena, members, source))
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
            let key = match self.keys {
                Some(keys) => keys.at(at)?,
                None => {
                    let spelled = self.source.as_bytes().get(name as usize + 1..self.trimmed(colon) - 1)?;
                    match known.next() {
                        Some(model) if text::same(model.key.as_bytes(), spelled) && !self.escapes(spelled) => model.key,
                        _ => self.key(name, colon, arena)?,
                    }
                }
            };
            if class | 0x20 == b'{' {
                return Some((at + 2, Stop::Open(key)));
            }
            values.push(Member { key, value: self.scalar(class, start, next, arena)? });
            if after != b',' {
                return Some((at + 3, Stop::After));
            }
            at += 4;
        }
    }

    /// Collects elements from that at a token on, up to one that is a container, or the last, or until there are so many
    /// values. An object like the model need not be one to stop at.
    #[inline(always)]
    fn elements<'a>(
        &self,
        mut at: usize,
        most: usize,
        (model, escapes): (&mut Model<'a>, &mut &'t [u32]),
        values: &mut Values<'a>,
        arena: &'a Arena,
    ) -> Option<(usize, Stop<'a>)>
    where
        't: 'a,
    {
        loop {
            let [class, after]: [u8; 2] = *self.classes.get(at..)?.first_chunk()?;
            if class | 0x20 == b'{' {
                let end = match self.keys {
                    Some(keys) => self.all_built(at, keys, most, escapes, values, arena)?,
                    None => self.alike(at, model, escapes, arena).map_or(at, |(end, value)| {
                        values.push(Member { key: "", value });
                        end
                    }),
                };
                if end == at {
                    return Some((at, Stop::Open("")));
                }
                if *self.classes.get(end)? != b',' || values.len() >= most {
                    return Some((end, Stop::After));
                }
                at = end + 1;
                continue;
            }
            let [start, next]: [u32; 2] = *self.positions.get(at..)?.first_chunk()?;
            values.push(Member { key: "", value: self.scalar(class, start, next, arena)? });
            if after != b',' || values.len() >= most {
                return Some((at + 1, Stop::After));
            }
            at += 2;
        }
    }

    /// The object at a token, if it has the very keys of another in their order, and no containers or escapes in it; and the
    /// token behind it. Escapes before it are passed over.
    #[inline(always)]
    fn alike<'a>(
        &self,
        at: usize,
        model: &mut Model<'a>,
        escapes: &mut &'t [u32],
        arena: &'a Arena,
    ) -> Option<(usize, Value<'a>)>
    where
        't: 'a,
    {
        // Each member is a key, its colon, its value and what follows.
        let tokens = at + 1..at + 1 + 4 * model.members.len();
        let (heads, _) = self.classes.get(tokens.clone())?.as_chunks::<4>();
        let (starts, _) = self.positions.get(tokens)?.as_chunks::<4>();
        let (open, close) = (*self.positions.get(at)?, starts.last()?[3]);
        while let Some((escape, rest)) = escapes.split_first()
            && *escape < close
        {
            if *escape > open {
                return None;
            }
            *escapes = rest;
        }
        if !model.heads().first()?.is_at(self.source.as_bytes(), starts[0][0], starts[0][1]) {
            return None;
        }
        let members = arena.alloc_slice_copy(model.members);
        let model = &model.heads()[..members.len()];
        let (heads, starts) = (&heads[..members.len()], &starts[..members.len()]);
        for (n, member) in members.iter_mut().enumerate() {
            let [quote, colon, class, after] = heads[n];
            let [name, name_end, start, next] = starts[n];
            let follows = if n + 1 < heads.len() { b',' } else { b'}' };
            let is_key = [quote, colon] == *b"\":" && model[n].is_at(self.source.as_bytes(), name, name_end);
            if !is_key || class | 0x20 == b'{' || after != follows {
                return None;
            }
            let text = self.source.get(start as usize..self.trimmed(next))?;
            member.value = Value::raw(arena, text, Form::COMPACT);
        }
        let text = self.source.get(open as usize..close as usize + 1)?;
        let source = arena.alloc(Raw { text, form: self.form });
        Some((at + 1 + heads.len() * 4, Value::opened_object(arena, members, source)))
    }

    /// The string, number or literal that starts there, before a token that starts at `next`.
    #[inline(always)]
    fn scalar<'a>(&self, class: u8, start: u32, next: u32, arena: &'a Arena) -> Option<Value<'a>>
    where
        't: 'a,
    {
        let text = self.source.get(start as usize..self.trimmed(next))?;
        match class == b'"' && self.escapes(text.as_bytes()) {
            true => Some(respelled(text, arena)),
            false => Some(Value::raw(arena, text, Form::COMPACT)),
        }
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

/// A string that has escapes, spelled as it will be written: that may be more than once.
fn respelled<'a>(string: &str, arena: &'a Arena) -> Value<'a> {
    Value::raw(arena, text::respell(string, arena), Form::COMPACT)
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

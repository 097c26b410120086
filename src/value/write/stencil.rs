//! Objects of the same keys, written one after the other: what functions reply, most of all.
//!
//! Flows in: objects whose keys are constants, of the program or of functions. Flows out: their text, as
//! [`Value::write`] has it. What stands before each value is put together once, and then copied as a block; keys are told by
//! where they are and not by what they say. It must never keep where a key is if another may be there later.

use crate::value::raw::Form;
use crate::value::text::{SHORT_MAX, append, put_short, put_short_string};
use crate::value::{Keys, Member, Object, Raw, Value};

/// Objects of more members are written without one.
const MEMBERS_MAX: usize = 8;

/// So many bytes are copied before each value: a longer key is not kept.
const HEAD: usize = 16;

/// What a member takes at once.
const ROOM: usize = HEAD + SHORT_MAX + 2;

/// So many times other keys are taken instead of those before; who meets others again and again is better off without.
const CHANGES_MAX: u32 = 64;

/// What objects of the same keys have in common: what stands before their values.
#[derive(Debug, Default)]
pub(crate) struct Stencil {
    heads: Vec<Head>,
    changes: u32,
}

/// What stands before a value: a bracket or a comma, the key, its colon.
#[derive(Debug)]
struct Head {
    /// Where the key is, and how long.
    key: (usize, usize),
    text: [u8; HEAD],
    length: u8,
}

/// A bracket or a comma, two quotes and a colon.
const AROUND_KEY: usize = 4;

/// A bracket or a comma, a key in which nothing is escaped, its colon; what is behind that has no meaning. Nothing if it is too long.
// Put together as one number, so that of a constant key nothing is left to do when the program runs. Put together in memory, byte
// by byte, whoever copies it as a block waits for the bytes.
#[inline(always)]
fn head(key: &str, is_first: bool) -> Option<[u8; HEAD]> {
    if key.len() + AROUND_KEY > HEAD {
        return None;
    }
    let opening = u128::from(u16::from_le_bytes([if is_first { b'{' } else { b',' }, b'"']));
    let closing = u128::from(u16::from_le_bytes(*b"\":"));
    let key = key.bytes().rev().fold(closing, |head, byte| head << 8 | u128::from(byte));
    Some((key << 16 | opening).to_le_bytes())
}

/// Appends what stands before a value: a bracket or a comma, a key in which nothing is escaped, its colon.
#[inline(always)]
pub(crate) fn write_head(key: &str, is_first: bool, out: &mut Vec<u8>) {
    match head(key, is_first) {
        Some(head) => {
            let end = out.len() + key.len() + AROUND_KEY;
            out.extend_from_slice(&head);
            out.truncate(end);
        }
        None => {
            out.extend_from_slice(if is_first { b"{\"" } else { b",\"" });
            out.extend_from_slice(key.as_bytes());
            out.extend_from_slice(b"\":");
        }
    }
}

impl Head {
    /// What stands before the value of a key that must not be escaped; nothing if it is too long.
    fn of(key: &str, is_first: bool) -> Option<Head> {
        let text = head(key, is_first)?;
        Some(Head { key: place(key), text, length: (key.len() + AROUND_KEY) as u8 })
    }

    #[inline(always)]
    fn is_of(&self, member: &Member) -> bool {
        self.key == place(member.key)
    }

    /// Puts this down and a value behind it, if that is short; how many bytes both take, or this alone.
    #[inline(always)]
    fn put(&self, value: &Value, room: &mut [u8; ROOM]) -> Result<usize, usize> {
        room[..HEAD].copy_from_slice(&self.text);
        let length = usize::from(self.length).min(HEAD);
        put(value, &mut room[length..]).map_or(Err(length), |bytes| Ok(length + bytes))
    }

    /// Appends this and a value behind it.
    #[inline(always)]
    fn write(&self, value: &Value, out: &mut Vec<u8>) {
        let start = out.len();
        // A block of quotes, what goes over it, and what is too much is cut off.
        out.extend_from_slice(&[b'"'; ROOM]);
        let Some(room) = out.last_chunk_mut::<ROOM>() else { return };
        match self.put(value, room) {
            Ok(bytes) => out.truncate(start + bytes),
            Err(bytes) => {
                out.truncate(start + bytes);
                value.write(out);
            }
        }
    }
}

/// Puts down a value that is short; how many bytes it takes.
// By a reference: the value has just been written in two halves, and whoever read it as a whole would wait for both.
#[inline(always)]
fn put(value: &Value, room: &mut [u8]) -> Option<usize> {
    let mut digits = itoa::Buffer::new();
    let text = match value {
        Value::Raw(Raw { text, form: Form::COMPACT }) => text,
        Value::Int(i) => digits.format(*i),
        Value::Text(text) => return put_short_string(text.as_bytes(), room).then_some(text.len() + 2),
        _ => return None,
    };
    put_short(text.as_bytes(), room).then_some(text.len())
}

/// Appends a value, most likely a short text.
// What else it may be is done elsewhere, so that nothing has to be kept for that.
#[inline(never)]
pub(crate) fn write_short(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Raw(Raw { text, form: Form::COMPACT }) => append(text.as_bytes(), out),
        value => write_scalar(value, out),
    }
}

/// Appends a value, most likely a number or a short string.
#[inline(never)]
fn write_scalar(value: &Value, out: &mut Vec<u8>) {
    const VALUE: usize = SHORT_MAX + 2;
    let start = out.len();
    out.extend_from_slice(&[b'"'; VALUE]);
    match out.last_chunk_mut::<VALUE>().and_then(|room| put(value, room)) {
        Some(bytes) => out.truncate(start + bytes),
        None => {
            out.truncate(start);
            value.write(out);
        }
    }
}

/// Where a text is, and how long. A constant stays there.
#[inline(always)]
fn place(text: &str) -> (usize, usize) {
    (text.as_ptr().addr(), text.len())
}

impl Stencil {
    /// Appends an object.
    #[inline(always)]
    pub fn write(&mut self, object: &Object, out: &mut Vec<u8>) {
        if !(matches!(object.keys, Keys::Constant) && self.write_known(object.members, out)) {
            self.write_other(object, out);
        }
    }

    /// Appends an object of these members, if their keys are those that are known; whether that was so.
    // A function of its own, so that nothing of what is done around it takes registers from it.
    #[inline(never)]
    fn write_known(&self, members: &[Member], out: &mut Vec<u8>) -> bool {
        if members.len() != self.heads.len() || members.is_empty() {
            return false;
        }
        let start = out.len();
        for (member, head) in members.iter().zip(&self.heads) {
            if !head.is_of(member) {
                out.truncate(start);
                return false;
            }
            head.write(&member.value, out);
        }
        out.push(b'}');
        true
    }

    /// An object of other keys.
    #[cold]
    #[inline(never)]
    fn write_other(&mut self, object: &Object, out: &mut Vec<u8>) {
        let members = object.members;
        let is_kept = matches!(object.keys, Keys::Constant) && (1..=MEMBERS_MAX).contains(&members.len());
        if is_kept && self.changes < CHANGES_MAX {
            self.changes += 1;
            self.heads.clear();
            self.heads.extend(members.iter().enumerate().map_while(|(n, member)| Head::of(member.key, n == 0)));
            if self.write_known(members, out) {
                return;
            }
        }
        Value::Object(object).write(out);
    }
}

/// A text that is written over another: nothing has to be made ready for it.
#[derive(Debug, Default)]
pub(crate) struct Page {
    bytes: Vec<u8>,
    end: usize,
    aside: Vec<u8>,
}

/// The least that a page is made for.
const LEAST: usize = 32 * ROOM;

/// A page that has become larger is not kept for others.
const KEPT_BYTES_MAX: usize = 1 << 20;

impl Page {
    /// Begins a text with a byte, in the place of what was there.
    pub fn begin(&mut self, first: u8) {
        self.end = 0;
        self.push(first);
    }

    /// Appends a byte.
    #[inline(always)]
    pub fn push(&mut self, byte: u8) {
        if self.end == self.bytes.len() {
            self.make_room(1);
        }
        self.bytes[self.end] = byte;
        self.end += 1;
    }

    /// Puts a byte in the place of the last.
    pub fn replace_last(&mut self, byte: u8) {
        if let Some(last) = self.bytes[..self.end].last_mut() {
            *last = byte;
        }
    }

    /// Appends an object.
    #[inline(always)]
    pub fn write_object(&mut self, object: &Object, stencil: &mut Stencil) {
        if !(matches!(object.keys, Keys::Constant) && self.write_known(object.members, stencil)) {
            self.write_aside(|aside| stencil.write(object, aside));
        }
    }

    /// As of a [`Stencil`].
    #[inline(never)]
    fn write_known(&mut self, members: &[Member], stencil: &Stencil) -> bool {
        if members.len() != stencil.heads.len() || members.is_empty() {
            return false;
        }
        let start = self.end;
        for (member, head) in members.iter().zip(&stencil.heads) {
            if !head.is_of(member) {
                self.end = start;
                return false;
            }
            if self.bytes.len() - self.end < ROOM {
                self.make_room(ROOM);
            }
            let Some(room) = self.bytes[self.end..].first_chunk_mut() else { return false };
            match head.put(&member.value, room) {
                Ok(bytes) => self.end += bytes,
                Err(bytes) => {
                    self.end += bytes;
                    self.write(member.value);
                }
            }
        }
        self.push(b'}');
        true
    }

    /// Appends a value.
    #[inline(never)]
    pub fn write(&mut self, value: Value) {
        match value {
            Value::Raw(Raw { text, form: Form::COMPACT }) => self.append(text.as_bytes()),
            value => self.write_aside(|aside| value.write(aside)),
        }
    }

    /// Appends what is written aside first.
    #[inline(never)]
    pub fn write_aside(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut aside = std::mem::take(&mut self.aside);
        aside.clear();
        write(&mut aside);
        self.append(&aside);
        self.aside = aside;
    }

    fn append(&mut self, text: &[u8]) {
        if self.bytes.len() - self.end < text.len() {
            self.make_room(text.len());
        }
        self.bytes[self.end..self.end + text.len()].copy_from_slice(text);
        self.end += text.len();
    }

    /// The text.
    pub fn text(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    /// How long the text is.
    pub fn len(&self) -> usize {
        self.end
    }

    /// Whether its memory should be given back rather than kept for another text.
    pub fn is_large(&self) -> bool {
        self.bytes.len() + self.aside.capacity() > KEPT_BYTES_MAX
    }

    #[cold]
    #[inline(never)]
    fn make_room(&mut self, more: usize) {
        self.bytes.resize((2 * self.bytes.len()).max(self.end + more).max(LEAST), b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::{CHANGES_MAX, Page, Stencil, place};
    use crate::value::{Arena, Keys, Member, Value};

    /// Objects of these members, each written with the stencil and without.
    fn assert_written(arena: &Arena, stencil: &mut Stencil, members: &[(&'static str, Value)], is_kept: bool) {
        let members = members.iter().map(|(key, value)| Member { key, value: *value });
        let object = Value::object_of(arena, arena.alloc_slice_fill_iter(members), Keys::Constant);
        let Value::Object(members) = object else { panic!("{object:?}") };
        for before in [&b""[..], b"[1,"] {
            let mut out = before.to_vec();
            stencil.write(members, &mut out);
            let are_those = stencil.heads.iter().map(|head| head.key).eq(members.members.iter().map(|m| place(m.key)));
            assert_eq!(are_those && !stencil.heads.is_empty(), is_kept, "{object:?}");
            assert_eq!(String::from_utf8_lossy(&out[before.len()..]), object.to_json());
            assert_eq!(out[..before.len()], *before);
            let mut page = Page::default();
            page.begin(b'[');
            page.write_object(members, stencil);
            page.push(b',');
            page.write(object);
            assert_eq!(String::from_utf8_lossy(page.text()), format!("[{0},{0}", object.to_json()));
        }
    }

    #[test]
    fn what_is_written_is_the_object() {
        let arena = Arena::new();
        let texts = (0..70).map(|length| ('a'..='z').cycle().take(length).collect::<String>());
        for text in texts {
            let mut stencil = Stencil::default();
            let number = Value::Int(i64::MIN >> (text.len() % 64));
            let raw = Value::from_text(&arena, arena.alloc_str(&format!("[{text:?}]")));
            let string = Value::text(&arena, &text);
            let broken = Value::text(&arena, arena.alloc_str(&format!("{text}\n")));
            let nested = Value::array(&arena, arena.alloc_slice_copy(&[string, broken, Value::Null]));
            assert_written(&arena, &mut stencil, &[("a", number), ("of_12_bytes_", raw)], true);
            assert_written(&arena, &mut stencil, &[("a", raw), ("b", number), ("", number)], true);
            assert_written(&arena, &mut stencil, &[("a", string)], true);
            assert_written(&arena, &mut stencil, &[("a", broken), ("b", nested), ("c", string)], true);
        }
    }

    #[test]
    fn keys_that_are_not_kept_are_written_all_the_same() {
        let arena = Arena::new();
        let many: Vec<_> = ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map(|key| (key, Value::Null)).into();
        let numbers: Vec<_> = many.iter().map(|(key, _)| (*key, Value::Int(1))).collect();
        let mut stencil = Stencil::default();
        assert_written(&arena, &mut stencil, &[], false);
        assert_written(&arena, &mut stencil, &numbers[..8], true);
        assert_written(&arena, &mut stencil, &numbers, false);
        assert_written(&arena, &mut stencil, &many[..8], true);
        assert_written(&arena, &mut stencil, &[("of_13_bytes__", Value::Int(1))], false);
        // Who changes again and again is left alone in the end, but for the keys that were kept last.
        for n in 0..200 {
            let mut out = Vec::new();
            let members = arena.alloc_slice_copy(&[Member { key: ["x", "y"][n % 2], value: Value::Int(1) }]);
            let Value::Object(object) = Value::object_of(&arena, members, Keys::Constant) else { panic!() };
            stencil.write(object, &mut out);
            assert_eq!(out, [&b"{\"x\":1}"[..], b"{\"y\":1}"][n % 2]);
            let knows = stencil.heads.iter().map(|head| head.key).eq([place(members[0].key)]);
            assert!(knows || n > 40, "{n}");
        }
        assert_eq!(stencil.changes, CHANGES_MAX);
    }
}

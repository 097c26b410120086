//! Objects of the same keys, written one after the other: what functions reply, most of all.
//!
//! Flows in: objects whose keys are constants, of the program or of functions. Flows out: their text. What stands before each
//! value is put together once, and then copied as a block; keys are told by where they are and not by what they say. It must
//! never keep where a key is if another may be there later.

use crate::value::raw::Form;
use crate::value::text::{SHORT_VALUE_MAX, put_short, put_short_string};
use crate::value::{Keys, Member, Object, Raw, Value};

/// Objects of more members are written without one.
const MEMBERS_MAX: usize = 8;

/// So many bytes are copied before each value: a longer key is not kept.
const HEAD: usize = 16;

/// What a member takes at once.
const ROOM: usize = HEAD + SHORT_VALUE_MAX + 2;

/// And an object.
const OBJECT: usize = MEMBERS_MAX * ROOM + 1;

/// The least that a page is made for.
const LEAST: usize = 4 * OBJECT;

/// A page that has become larger is not kept for others.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// So many times other keys are taken instead of those before; who meets others again and again is better off without.
const CHANGES_MAX: u32 = 64;

/// What objects of the same keys have in common, and where they are put together.
#[derive(Debug, Default)]
pub(crate) struct Stencil {
    heads: Heads,
    room: Vec<u8>,
}

/// What stands before the values of objects.
#[derive(Debug, Default)]
struct Heads {
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

impl Head {
    /// What stands before the value of a key that must not be escaped; nothing if it is too long.
    fn of(key: &str, is_first: bool) -> Option<Head> {
        let mut text = [b'"'; HEAD];
        let length = key.len() + 4;
        let (last, rest) = text.get_mut(..length)?.split_last_mut()?;
        *last = b':';
        rest[0] = if is_first { b'{' } else { b',' };
        rest[2..2 + key.len()].copy_from_slice(key.as_bytes());
        Some(Head { key: place(key), text, length: length as u8 })
    }

    /// Puts down a member of that key; how many bytes it takes. Nothing if its value is not short.
    #[inline(always)]
    fn put(&self, member: &Member, room: &mut [u8; ROOM]) -> Option<usize> {
        if !self.is_of(member) {
            return None;
        }
        let length = usize::from(self.length).min(HEAD);
        room[..HEAD].copy_from_slice(&self.text);
        let (mut digits, room) = (itoa::Buffer::new(), &mut room[length..]);
        let text = match member.value {
            Value::Raw(Raw { text, form: Form::COMPACT }) => text,
            Value::Int(i) => digits.format(i),
            Value::Text(text) => return put_short_string(text.as_bytes(), room).then_some(length + text.len() + 2),
            _ => return None,
        };
        if text.len() > SHORT_VALUE_MAX {
            return None;
        }
        put_short(text.as_bytes(), room);
        Some(length + text.len())
    }

    #[inline(always)]
    fn is_of(&self, member: &Member) -> bool {
        self.key == place(member.key)
    }
}

/// Where a text is, and how long. A constant stays there.
#[inline(always)]
fn place(text: &str) -> (usize, usize) {
    (text.as_ptr().addr(), text.len())
}

impl Stencil {
    /// Appends an object, if its keys are constants and short, and so are its values; whether that was so. Else nothing is
    /// appended.
    #[inline]
    pub fn write(&mut self, object: &Object, out: &mut Vec<u8>) -> bool {
        if self.room.is_empty() {
            self.room.resize(OBJECT, b'"');
        }
        let end = self.heads.put(object, &mut self.room);
        if let Some(end) = end {
            out.extend_from_slice(&self.room[..end]);
        }
        end.is_some()
    }
}

impl Heads {
    /// Puts down an object, if it can be written so and there is room; how many bytes it takes.
    #[inline(always)]
    fn put(&mut self, object: &Object, room: &mut [u8]) -> Option<usize> {
        match object.keys {
            Keys::Constant => self.put_same(object, room).or_else(|| self.put_other(object, room)),
            Keys::Any => None,
        }
    }

    /// An object of other keys, or one whose values are not short.
    #[cold]
    #[inline(never)]
    fn put_other(&mut self, object: &Object, room: &mut [u8]) -> Option<usize> {
        let mut both = object.members.iter().zip(&self.heads);
        let is_same = object.members.len() == self.heads.len() && both.all(|(member, head)| head.is_of(member));
        if is_same || object.members.len() > MEMBERS_MAX || self.changes == CHANGES_MAX {
            return None;
        }
        self.changes += 1;
        self.heads.clear();
        let heads = object.members.iter().enumerate().map_while(|(n, member)| Head::of(member.key, n == 0));
        self.heads.extend(heads);
        self.put_same(object, room)
    }

    // A function of its own, so that nothing of what is done around it takes registers from it.
    #[inline(never)]
    fn put_same(&self, object: &Object, room: &mut [u8]) -> Option<usize> {
        if object.members.len() != self.heads.len() || self.heads.is_empty() {
            return None;
        }
        let mut end = 0;
        for (member, head) in object.members.iter().zip(&self.heads) {
            end += head.put(member, room.get_mut(end..)?.first_chunk_mut()?)?;
        }
        *room.get_mut(end)? = b'}';
        Some(end + 1)
    }
}

/// A text that is written over another: nothing has to be made ready for it.
#[derive(Debug, Default)]
pub(crate) struct Page {
    bytes: Vec<u8>,
    end: usize,
    aside: Vec<u8>,
}

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

    /// Appends an object that a stencil may be of use for.
    #[inline(always)]
    pub fn put_object(&mut self, object: &Object, stencil: &mut Stencil) {
        if self.bytes.len() - self.end < OBJECT {
            self.make_room(OBJECT);
        }
        match stencil.heads.put(object, &mut self.bytes[self.end..]) {
            Some(bytes) => self.end += bytes,
            None => self.put(Value::Object(object)),
        }
    }

    /// Appends a value.
    #[inline(never)]
    pub fn put(&mut self, value: Value) {
        if let Value::Raw(Raw { text, form: Form::COMPACT }) = value {
            return self.append(text.as_bytes());
        }
        let mut aside = std::mem::take(&mut self.aside);
        aside.clear();
        value.write(&mut aside);
        self.append(&aside);
        self.aside = aside;
    }

    /// Appends a text.
    pub fn append(&mut self, text: &[u8]) {
        self.make_room(text.len());
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
        if self.bytes.len() - self.end < more {
            self.bytes.resize((2 * self.bytes.len()).max(self.end + more).max(LEAST), b'"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Stencil;
    use crate::value::{Arena, Keys, Member, Value};

    /// Objects of these members, each written with the stencil and without.
    fn assert_written(arena: &Arena, stencil: &mut Stencil, members: &[(&'static str, Value)], is_short: bool) {
        let members = members.iter().map(|(key, value)| Member { key, value: *value });
        let object = Value::object_of(arena, arena.alloc_slice_fill_iter(members), Keys::Constant);
        let Value::Object(members) = object else { panic!("{object:?}") };
        for before in [&b""[..], b"[1,"] {
            let mut out = before.to_vec();
            assert_eq!(stencil.write(members, &mut out), is_short, "{object:?}");
            if !is_short {
                object.write(&mut out);
            }
            assert_eq!(String::from_utf8_lossy(&out[before.len()..]), object.to_json());
            assert_eq!(out[..before.len()], *before);
        }
    }

    #[test]
    fn what_is_written_is_the_object() {
        let arena = Arena::new();
        let texts: Vec<String> = (0..70).map(|length| "x".repeat(length)).collect();
        for text in &texts {
            let mut stencil = Stencil::default();
            let number = Value::Int(i64::MIN >> (text.len() % 64));
            let raw = Value::from_text(&arena, arena.alloc_str(&format!("[{text:?}]")));
            let string = Value::text(&arena, text);
            let of_raw = text.len() <= 60;
            assert_written(&arena, &mut stencil, &[("a", number), ("of_12_bytes_", raw)], of_raw);
            assert_written(&arena, &mut stencil, &[("a", raw), ("b", number), ("", number)], of_raw);
            assert_written(&arena, &mut stencil, &[("a", string)], text.len() <= 64);
        }
    }

    #[test]
    fn keys_that_cannot_be_kept_are_left_alone() {
        let arena = Arena::new();
        let many: Vec<_> = ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map(|key| (key, Value::Null)).into();
        let numbers: Vec<_> = many.iter().map(|(key, _)| (*key, Value::Int(1))).collect();
        let mut stencil = Stencil::default();
        assert_written(&arena, &mut stencil, &[], false);
        assert_written(&arena, &mut stencil, &numbers[..8], true);
        assert_written(&arena, &mut stencil, &numbers, false);
        assert_written(&arena, &mut stencil, &many[..8], false);
        assert_written(&arena, &mut stencil, &[("of_13_bytes__", Value::Int(1))], false);
        assert_written(&arena, &mut stencil, &[("a", Value::text(&arena, "\n"))], false);
        // Who changes again and again is left alone in the end, but for the keys that were kept last.
        let mut alone = 0;
        for n in 0..200 {
            let mut out = Vec::new();
            let members = arena.alloc_slice_copy(&[Member { key: ["x", "y"][n % 2], value: Value::Int(1) }]);
            let Value::Object(object) = Value::object_of(&arena, members, Keys::Constant) else { panic!() };
            let written = stencil.write(object, &mut out);
            assert!(written || out.is_empty());
            assert!(written || n > 40, "{n}");
            alone += usize::from(!written);
        }
        assert!((50..100).contains(&alone), "{alone}");
    }
}

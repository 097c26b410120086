//! Equal keys in one object, found exactly.
//!
//! Flows in: keys as the walk comes by them, then, if need be, the tokens of a text that was found good. Flows out: whether
//! some object has a key twice, in decoded form. A [`Sieve`] lets most texts pass at a few instructions per key; only where
//! something sticks in it, or keys may hold escapes, [`Keys`] compares. It must never cost more than sorting the keys,
//! however the text was made.

use super::index::Index;
use super::strict::is_blank;
use super::trie::head;
use crate::value::text::unescape_owned;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

/// Two words per object with a bit in each per key: keys of an object whose bits were all there before *may* be equal.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    /// Whether anybody wants to know.
    pub on: bool,
    /// Whether something stuck: the text has to be looked through.
    pub suspect: bool,
    current: [u64; 2],
    /// The words of the objects around the current one.
    outer: Vec<[u64; 2]>,
}

impl Sieve {
    /// Prepares for another text.
    #[inline(always)]
    pub(super) fn start(&mut self) {
        self.suspect = false;
        self.current = [0; 2];
        self.outer.clear();
    }

    /// An object opens.
    #[inline(always)]
    pub(super) fn open(&mut self) {
        if self.on {
            self.outer.push(std::mem::take(&mut self.current));
        }
    }

    /// An object closes.
    #[inline(always)]
    pub(super) fn close(&mut self) {
        if self.on {
            self.current = self.outer.pop().unwrap_or_default();
        }
    }

    /// The key whose opening quote and colon stand at these offsets comes by.
    #[inline(always)]
    pub(super) fn key(&mut self, text: &[u8], quote: u32, colon: u32) {
        if self.on {
            self.note(text, quote as usize, colon as usize);
        }
    }

    #[inline(always)]
    fn note(&mut self, text: &[u8], quote: usize, colon: usize) {
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        // The eight bytes before the closing quote, and it.
        let [before @ .., closing] = match text.get(colon.wrapping_sub(9)..colon).and_then(<[u8]>::first_chunk::<9>) {
            Some(nine) => *nine,
            None => first_bytes(&text[..colon]),
        };
        let length = colon - quote - 2;
        let last = u64::from_le_bytes(before).checked_shr(64 - 8 * length.min(8) as u32).unwrap_or(0);
        let first = match text.get(quote + 1..).and_then(<[u8]>::first_chunk) {
            Some(bytes) if length > 8 => u64::from_le_bytes(*bytes),
            _ => 0,
        };
        let hash = (last.wrapping_mul(FACTOR) ^ first ^ length as u64).wrapping_mul(FACTOR);
        let bits = [1 << (hash >> 58), 1 << (hash >> 52 & 63)];
        let seen = (self.current[0] & bits[0] != 0) & (self.current[1] & bits[1] != 0);
        // A blank before the colon falsifies the length.
        self.suspect |= seen | (closing != b'"');
        self.current = [self.current[0] | bits[0], self.current[1] | bits[1]];
    }
}

/// The text's very first key may have fewer bytes before it: zeros stand for those.
#[cold]
fn first_bytes(text: &[u8]) -> [u8; 9] {
    let mut nine = [0; 9];
    nine[9 - text.len()..].copy_from_slice(text);
    nine
}

/// The memory of the search, used again for every text.
#[derive(Debug, Default)]
pub(super) struct Keys {
    objects: Vec<Object>,
    keys: Vec<Key>,
}

/// An object that is open.
#[derive(Debug)]
struct Object {
    /// Index of its first key.
    first: usize,
    /// A bit per key seen, by hash.
    filter: u64,
    /// There are too many keys to compare each hit with all of them: they are sorted at the end.
    sort: bool,
}

#[derive(Clone, Copy, Debug)]
struct Key {
    hash: u64,
    start: u32,
    end: u32,
}

/// Up to this many keys, a hit in the filter is settled by comparing hashes one by one.
const COMPARED_MAX: usize = 32;

impl Keys {
    /// Whether an object of the text, whose tokens are those in `range`, has a key twice. `escapes`: the text has some.
    pub(super) fn repeat(&mut self, text: &str, index: &Index, range: Range<usize>, escapes: bool) -> bool {
        self.objects.clear();
        self.keys.clear();
        let (Some(classes), Some(positions)) = (index.classes.get(range.clone()), index.positions.get(range)) else {
            return false;
        };
        for (at, &class) in classes.iter().enumerate() {
            match class {
                b'{' => self.objects.push(Object { first: self.keys.len(), filter: 0, sort: false }),
                // What precedes a colon is a key.
                b':' => {
                    let (start, mut end) = (positions[at - 1] as usize + 1, positions[at] as usize);
                    while is_blank(text.as_bytes()[end - 1]) {
                        end -= 1;
                    }
                    if self.add(text, start, end - 1, escapes) {
                        return true;
                    }
                }
                b'}' => {
                    let Some(object) = self.objects.pop() else { continue };
                    if object.sort {
                        let keys = &mut self.keys[object.first..];
                        keys.sort_unstable_by(|left, right| compare(text, left, right));
                        if keys.windows(2).any(|pair| compare(text, &pair[0], &pair[1]) == Ordering::Equal) {
                            return true;
                        }
                    }
                    self.keys.truncate(object.first);
                }
                _ => {}
            }
        }
        false
    }

    /// Adds a key to the innermost object; whether it is certain to be there already.
    #[inline(always)]
    fn add(&mut self, text: &str, start: usize, end: usize, escapes: bool) -> bool {
        let Some(object) = self.objects.last_mut() else { return false };
        let hash = match escapes && text[start..end].contains('\\') {
            false => hash(text.as_bytes(), start, end),
            true => {
                let decoded = unescape_owned(&text[start..end]);
                hash(decoded.as_bytes(), 0, decoded.len())
            }
        };
        let key = Key { hash, start: start as u32, end: end as u32 };
        let bit = 1 << (hash >> 58);
        let mut found = false;
        if object.filter & bit != 0 {
            let earlier = &self.keys[object.first..];
            match earlier.len() {
                ..=COMPARED_MAX => found = earlier.iter().any(|other| compare(text, other, &key) == Ordering::Equal),
                _ => object.sort = true,
            }
        }
        object.filter |= bit;
        self.keys.push(key);
        found
    }
}

/// An order of keys in which exactly the equal ones are equal.
fn compare(text: &str, left: &Key, right: &Key) -> Ordering {
    let decoded = |key: &Key| -> Cow<'_, str> {
        let inside = &text[key.start as usize..key.end as usize];
        if inside.contains('\\') { unescape_owned(inside).into() } else { inside.into() }
    };
    left.hash.cmp(&right.hash).then_with(|| decoded(left).cmp(&decoded(right)))
}

/// A quick hash of the key `text[start..end]`, of its length, its first and its last eight bytes; collisions cost time,
/// never truth.
#[inline(always)]
fn hash(text: &[u8], start: usize, end: usize) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let length = end - start;
    let head = head(text, start, end);
    let tail = if length > 8 { self::head(text, end - 8, end) } else { 0 };
    ((head ^ length as u64).wrapping_mul(FACTOR) ^ tail).wrapping_mul(FACTOR)
}

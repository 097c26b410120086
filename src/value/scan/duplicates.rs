//! Equal keys in one object, found exactly.
//!
//! Flows in: the tokens of a text that was found good. Flows out: whether some object has a key twice, in decoded form. A
//! 64-bit filter per object answers for most; only a hit compares. It must never cost more than sorting the keys, however
//! the text was made.

use super::index::Index;
use super::strict::is_blank;
use crate::value::text::unescape_owned;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

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
        for at in range {
            match index.classes[at] {
                b'{' => self.objects.push(Object { first: self.keys.len(), filter: 0, sort: false }),
                b'"' if index.classes[at + 1] == b':' => {
                    let start = index.positions[at] as usize + 1;
                    let mut end = index.positions[at + 1] as usize;
                    while is_blank(text.as_bytes()[end - 1]) {
                        end -= 1;
                    }
                    if self.add(text, start..end - 1, escapes) {
                        return true;
                    }
                }
                b'}' => {
                    let Some(object) = self.objects.pop() else { continue };
                    let keys = &mut self.keys[object.first..];
                    if object.sort {
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
    fn add(&mut self, text: &str, inside: Range<usize>, escapes: bool) -> bool {
        let Some(object) = self.objects.last_mut() else { return false };
        let hash = match escapes && text[inside.clone()].contains('\\') {
            false => hash(&text.as_bytes()[inside.clone()]),
            true => hash(unescape_owned(&text[inside.clone()]).as_bytes()),
        };
        let key = Key { hash, start: inside.start as u32, end: inside.end as u32 };
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

/// A quick hash; collisions cost time, never truth.
fn hash(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = (bytes.len() as u64).wrapping_mul(FACTOR);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR).rotate_left(29);
    }
    let tail = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    (hash ^ tail).wrapping_mul(FACTOR)
}

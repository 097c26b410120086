//! Lines that are built like one before them: known to be good without being walked.
//!
//! Flows in: the tokens of a line. Flows out: what the walk would find, or nothing, and then the line is walked. Most files
//! hold events of few shapes: the same keys in the same order, around other strings and numbers. If a line has the
//! tokens of one that was good, and the same keys wherever keys matter, then all that can still be wrong with it, or
//! different, are its numbers, literals and escapes, and where its values stand. It must never take for good what the walk
//! would not, or fill a slot in another way.

use super::index::Index;
use super::number::{self, Short, Spelling};
use super::trie::{NodeId, Slot, SlotTrie};
use super::walk::{Cursor, Walked, is_escape, is_scalar, trimmed};
use crate::value::tree::Span;
use std::collections::BTreeMap;

/// How many shapes are known at once.
const KNOWN_MAX: usize = 4;

/// A longer line is walked.
const TOKENS_MAX: usize = 8192;

/// So many lines a shape should have told before it is replaced; else the data is irregular, and learning is put off.
const WORTH: u32 = 16;

/// Learning is never put off for longer than so many lines.
const PAUSE_MAX: u32 = 1023;

/// After so many lines that are not known it is asked whether comparing is worth it.
const COUNTED: u32 = 64;

/// So many classes, or bytes of a key, are compared at once.
const BLOCK: usize = size_of::<u128>();

/// The shapes that lines had lately.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    known: Vec<Shape>,
    /// The one that was met last; none while lines are not compared.
    last: usize,
    /// The one that is replaced next.
    oldest: usize,
    /// So many lines that were not known go by before one is learned; and as many did before the last one was.
    rest: u32,
    pause: u32,
    /// How many lines were not known since it was last counted; and how many had been known by then.
    misses: u32,
    hits: u32,
    /// What they hold for: a trie, and whether equal keys are looked for.
    plan: (u64, bool),
}

/// What good lines have in common.
#[derive(Debug, Default)]
struct Shape {
    blocks: Vec<Block>,
    /// How many tokens, the line's end included.
    tokens: usize,
    /// Which of them are numbers or literals, and of which kind.
    scalars: Vec<(u32, Kind)>,
    /// Keys that have to be as they are.
    near: Keys,
    /// Keys that may be any others of the same length, if nothing is escaped: nobody looks for one of that length there, or it is
    /// the only one of that length in its object. For each of them the token, and how many bytes there are to its colon.
    far: Keys,
    lengths: Vec<(u32, u32)>,
    slots: Vec<(u32, Place)>,
    /// How many lines had it.
    lines: u32,
}

/// Some classes, and which of them have to be as they are: numbers and literals may begin in any way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    pub classes: u128,
    pub mask: u128,
}

/// What a number or literal was when the shape was learned, or has turned out to be: what it will be again, most likely, is tried first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Number(Spelling),
    /// The same, perhaps with a sign.
    Signed(Spelling),
    Literal,
    Other,
}

/// Some keys.
#[derive(Debug, Default, PartialEq, Eq)]
struct Keys {
    keys: Vec<Key>,
    /// Of those that are longer than a block, which token it is, and the rest.
    tails: Vec<(u32, Box<[u8]>)>,
}

/// A key, as far as it is compared at once.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    token: u32,
    /// From its opening quote to its colon.
    bytes: u32,
    /// The first bytes, and which of them are the key's.
    head: u128,
    mask: u128,
}

/// What a slot holds.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// The same in all lines.
    Fixed(Slot),
    /// From a token to the end of what stands before the next.
    Before(u32),
    /// From a bracket to its partner.
    Brackets(u32, u32),
}

impl Shapes {
    /// Prepares for lines that are walked with this trie.
    pub(super) fn prepare(&mut self, trie: &SlotTrie, find_duplicates: bool) {
        let plan = (trie.id(), find_duplicates);
        if self.plan != plan {
            *self = Shapes { plan, ..Shapes::default() };
        }
    }

    /// As [`Walker::walk`](super::walk::Walker::walk) for the line that starts at `cursor`, if its shape is known; else slots
    /// are unspecified.
    #[inline(always)]
    pub(super) fn recognise(
        &mut self,
        text: &str,
        index: &Index,
        cursor: Cursor,
        slots: &mut [Slot],
    ) -> Option<Walked> {
        let last = self.known.get_mut(self.last)?;
        match last.recognise(text, index, cursor, slots) {
            Some(walked) => {
                last.lines = last.lines.saturating_add(1);
                Some(walked)
            }
            None => self.recognise_other(text, index, cursor, slots),
        }
    }

    #[inline(never)]
    fn recognise_other(&mut self, text: &str, index: &Index, cursor: Cursor, slots: &mut [Slot]) -> Option<Walked> {
        self.misses += 1;
        if self.misses == COUNTED {
            self.count();
        }
        if self.known.len() == 1 {
            return None;
        }
        for (n, shape) in self.known.iter_mut().enumerate().filter(|(n, _)| *n != self.last) {
            // Most that are not alike are not of the same length either.
            if index.classes.get(cursor.token + shape.tokens - 1) != Some(&b'\n') {
                continue;
            }
            if let Some(walked) = shape.recognise(text, index, cursor, slots) {
                shape.lines = shape.lines.saturating_add(1);
                self.last = n;
                return Some(walked);
            }
        }
        None
    }

    /// Stops comparing for a while, if few lines were known lately.
    #[cold]
    fn count(&mut self) {
        let hits = self.known.iter().fold(0u32, |sum, shape| sum.saturating_add(shape.lines));
        let new = hits.saturating_sub(self.hits);
        (self.misses, self.hits) = (0, hits);
        // Where the guide helps, walking costs little more than comparing.
        if new < if self.plan.1 { COUNTED } else { COUNTED / 4 } {
            self.last = usize::MAX;
            self.rest = self.rest.max(PAUSE_MAX);
        }
    }

    /// Takes notice of a line that was walked and found good, its slots filled.
    #[inline]
    pub(super) fn learn(
        &mut self,
        text: &str,
        index: &Index,
        first: usize,
        walked: &Walked,
        trie: &SlotTrie,
        slots: &[Slot],
    ) {
        match self.rest.checked_sub(1) {
            Some(rest) => self.rest = rest,
            None => self.learn_now(text, index, first, walked, trie, slots),
        }
    }

    #[cold]
    fn learn_now(&mut self, text: &str, index: &Index, first: usize, walked: &Walked, trie: &SlotTrie, slots: &[Slot]) {
        let Some(shape) = Shape::of(text, index, first, walked, (trie, self.plan.1), slots) else { return };
        // It was not recognised because too little follows it: at the end of a chunk, or alone.
        let known = self.known.iter().position(|known| known.is_like(&shape));
        let is_known = known.is_some();
        self.last = known.unwrap_or(self.oldest);
        if !is_known && self.known.len() < KNOWN_MAX {
            self.last = self.known.len();
            self.known.push(shape);
            return;
        }
        let in_vain = is_known || self.known[self.oldest].lines < WORTH;
        self.pause = if in_vain { (self.pause * 2 + 1).min(PAUSE_MAX) } else { 0 };
        self.rest = self.pause;
        if is_known {
            return;
        }
        self.known[self.oldest] = shape;
        self.oldest = (self.oldest + 1) % KNOWN_MAX;
    }
}

impl Shape {
    #[inline(always)]
    fn recognise(&mut self, text: &str, index: &Index, cursor: Cursor, slots: &mut [Slot]) -> Option<Walked> {
        let first = cursor.token;
        if !Block::are_at(&self.blocks, index.classes.get(first..)?) {
            return None;
        }
        let positions = index.positions.get(first..)?.get(..self.tokens)?;
        let &[start, .., closing, _] = positions else { return None };
        let (span, bytes) = (Span { start, end: closing + 1 }, text.as_bytes());
        let mut escape = cursor.escape;
        while *index.escapes.get(escape)? < span.end {
            if !is_escape(bytes, index.escapes[escape] as usize) {
                return None;
            }
            escape += 1;
        }
        let has_escapes = escape > cursor.escape;
        self.near.are_at(positions, bytes)?;
        if has_escapes {
            self.far.are_at(positions, bytes)?;
        }
        for &(token, length) in &self.lengths {
            let &[quote, colon] = pair(positions, token)?;
            if colon - quote != length || bytes.get(colon as usize - 1) != Some(&b'"') {
                return None;
            }
        }
        for (at, kind) in &mut self.scalars {
            let &[from, next] = pair(positions, *at)?;
            if !kind.is_at(text, from, next) {
                return None;
            }
        }
        for (slot, place) in &self.slots {
            let found = match *place {
                Place::Fixed(slot) => slot,
                Place::Before(at) => {
                    let &[from, next] = pair(positions, at)?;
                    let end = trimmed(text, next as usize) as u32;
                    Slot::Found(Span { start: from - start, end: end - start })
                }
                Place::Brackets(at, to) => {
                    let (from, to) = (*positions.get(at as usize)?, *positions.get(to as usize)?);
                    Slot::Found(Span { start: from - start, end: to + 1 - start })
                }
            };
            if let Some(entry) = slots.get_mut(*slot as usize) {
                *entry = found;
            }
        }
        Some(Walked { span, end: first + self.tokens - 1, escapes: has_escapes, suspect: false, followed: false })
    }

    /// Whether the same lines have it.
    fn is_like(&self, other: &Shape) -> bool {
        self.blocks == other.blocks && self.near == other.near && self.far == other.far
    }

    /// The shape of a line that was walked and found good; nothing if it should be walked again.
    fn of(
        text: &str,
        index: &Index,
        first: usize,
        walked: &Walked,
        (trie, find_duplicates): (&SlotTrie, bool),
        slots: &[Slot],
    ) -> Option<Shape> {
        let (classes, positions) = (&index.classes[first..=walked.end], &index.positions[first..=walked.end]);
        if walked.suspect || classes[0] != b'{' || classes.len() > TOKENS_MAX {
            return None;
        }
        let mut shape = Shape { tokens: classes.len(), ..Shape::default() };
        shape.blocks.resize(Block::count(classes.len()), Block::default());
        // For each container where it begins, whether it is an object that the trie leads into, and where; then what the next value
        // is.
        let mut containers: Vec<(usize, Option<NodeId>)> = Vec::new();
        // The keys, each with its object, and whether the trie leads on from there by some of their length.
        let mut keys: Vec<(usize, Key, &[u8], bool)> = Vec::new();
        let mut next = Some(NodeId::ROOT).filter(|root| trie.leads_on(*root));
        for (at, (&class, &position)) in classes.iter().zip(positions).enumerate() {
            let is_key = class == b'"' && classes.get(at + 1) == Some(&b':');
            match class {
                b'{' | b'[' => containers.push((at, next.take().filter(|_| class == b'{'))),
                b'}' | b']' => drop(containers.pop()),
                b'"' if is_key => {
                    let (object, node) = containers.last().copied()?;
                    if node.is_some() || find_duplicates {
                        let (key, tail) = Key::of(text, at, position as usize, positions[at + 1] as usize)?;
                        let (start, end) = (position as usize + 1, positions[at + 1] as usize - 1);
                        let child = node.and_then(|node| trie.child(node, text.as_bytes(), start, end));
                        next = child.filter(|child| trie.leads_on(*child));
                        let leads_on = node.is_some_and(|node| trie.has_length(node, end - start));
                        keys.push((object, key, tail, leads_on));
                    }
                }
                b'"' => next = None,
                b':' | b',' | b'\n' => {}
                _ => {
                    next = None;
                    let bytes = &text.as_bytes()[position as usize..positions[at + 1] as usize];
                    shape.scalars.push((at as u32, Kind::of(class, bytes)));
                    continue;
                }
            }
            Block::set(&mut shape.blocks, at, class);
        }
        let mut lengths = BTreeMap::new();
        for (object, key, ..) in &keys {
            *lengths.entry((*object, key.bytes)).or_insert(0) += 1;
        }
        for (object, key, tail, leads_on) in keys {
            // Where equal keys matter, two of different lengths are none.
            if leads_on || (find_duplicates && lengths[&(object, key.bytes)] > 1) {
                shape.near.push(key, tail);
            } else {
                shape.lengths.push((key.token, key.bytes));
                shape.far.push(key, tail);
            }
        }
        for (slot, found) in slots.iter().enumerate().take(trie.slots()) {
            let place = match *found {
                Slot::Found(span) => {
                    let (start, end) = (span.start + positions[0], span.end + positions[0]);
                    let from = positions.binary_search(&start).ok()?;
                    let to = positions.partition_point(|&position| position < end);
                    match classes[from] {
                        b'{' | b'[' => Place::Brackets(from as u32, to.checked_sub(1)? as u32),
                        _ => Place::Before(from as u32),
                    }
                }
                fixed => Place::Fixed(fixed),
            };
            shape.slots.push((slot as u32, place));
        }
        Some(shape)
    }
}

/// Where a token begins, and the next.
#[inline(always)]
fn pair(positions: &[u32], at: u32) -> Option<&[u32; 2]> {
    positions.get(at as usize..at as usize + 2)?.first_chunk()
}

impl Block {
    /// Whether all of these are there.
    #[inline(always)]
    pub(super) fn are_at(blocks: &[Block], classes: &[u8]) -> bool {
        let (classes, _) = classes.as_chunks();
        let Some(classes) = classes.get(..blocks.len()) else { return false };
        let differs =
            |(found, block): (&[u8; BLOCK], &Block)| (u128::from_le_bytes(*found) ^ block.classes) & block.mask != 0;
        !classes.iter().zip(blocks).any(differs)
    }

    /// The one at a place has to have a class there.
    pub(super) fn set(blocks: &mut [Block], at: usize, class: u8) {
        if let Some(block) = blocks.get_mut(at / BLOCK) {
            let shift = 8 * (at % BLOCK);
            block.classes |= u128::from(class) << shift;
            block.mask |= 0xff << shift;
        }
    }

    /// How many it takes for so many classes.
    pub(super) fn count(classes: usize) -> usize {
        classes.div_ceil(BLOCK)
    }
}

impl Kind {
    /// What a number or literal that begins with that byte is.
    pub(super) fn of(class: u8, text: &[u8]) -> Kind {
        match class {
            b'a'..=b'z' => Kind::Literal,
            b'-' => text.get(1..).and_then(Spelling::of).map_or(Kind::Other, Kind::Signed),
            _ => Spelling::of(text).map_or(Kind::Other, Kind::Number),
        }
    }

    /// Whether a number or literal stands there, of whichever kind: most likely a number with more decimals or fewer.
    #[inline(never)]
    fn is_any_at(text: &str, from: u32, next: u32) -> bool {
        number::short(text.as_bytes(), from as usize, next as usize).is_some_and(Short::is_decimal)
            || is_scalar(text, from, next)
    }

    /// Whether a number or literal stands there, before a token that starts at `next`: most likely one of this kind. Where a
    /// number turns out to have a sign now and then, it may have one from then on.
    #[inline(always)]
    pub(super) fn is_at(&mut self, text: &str, from: u32, next: u32) -> bool {
        self.is_as_before(text, from, next) || self.is_other(text, from, next)
    }

    /// The same of one that is not of this kind.
    #[inline(never)]
    fn is_other(&mut self, text: &str, from: u32, next: u32) -> bool {
        if let Kind::Number(spelling) = *self
            && Kind::Signed(spelling).is_as_before(text, from, next)
        {
            *self = Kind::Signed(spelling);
            return true;
        }
        Kind::is_any_at(text, from, next)
    }

    /// Whether one of this kind stands there.
    #[inline(always)]
    fn is_as_before(self, text: &str, from: u32, next: u32) -> bool {
        let spelling = match self {
            Kind::Number(spelling) | Kind::Signed(spelling) => spelling,
            Kind::Literal => {
                return number::short(text.as_bytes(), from as usize, next as usize).is_some_and(Short::is_literal);
            }
            Kind::Other => return false,
        };
        let has_sign = matches!(self, Kind::Signed(_)) & (text.as_bytes().get(from as usize) == Some(&b'-'));
        spelling.is_at(text.as_bytes(), from + u32::from(has_sign), next)
    }
}

impl Keys {
    fn push(&mut self, key: Key, tail: &[u8]) {
        if !tail.is_empty() {
            self.tails.push((key.token, tail.into()));
        }
        self.keys.push(key);
    }

    /// Whether all of these are there; nothing, if they are not.
    #[inline(always)]
    fn are_at(&self, positions: &[u32], bytes: &[u8]) -> Option<()> {
        for key in &self.keys {
            let &[quote, colon] = pair(positions, key.token)?;
            let first = quote as usize + 1;
            let head = u128::from_le_bytes(*bytes.get(first..first + BLOCK)?.first_chunk()?);
            // With nothing but the key's own bytes before the colon, and one more, that one closes it.
            if colon - quote != key.bytes || (head ^ key.head) & key.mask != 0 {
                return None;
            }
        }
        for (token, tail) in &self.tails {
            let &[quote, colon] = pair(positions, *token)?;
            if bytes.get(quote as usize + 1 + BLOCK..colon as usize - 1)? != &**tail {
                return None;
            }
        }
        Some(())
    }
}

impl Key {
    /// The key between a quote and a colon, and what is left of it behind the first block; nothing if blanks stand before the
    /// colon, or it holds escapes.
    fn of(text: &str, token: usize, quote: usize, colon: usize) -> Option<(Key, &[u8])> {
        let key = text.as_bytes().get(quote + 1..colon - 1).filter(|_| text.as_bytes()[colon - 1] == b'"')?;
        // Keys with escapes are equal to others that are spelled in another way.
        if key.contains(&b'\\') {
            return None;
        }
        let mut head = [0; BLOCK];
        let bytes = key.len().min(head.len());
        head[..bytes].copy_from_slice(&key[..bytes]);
        let known = Key {
            token: token as u32,
            bytes: (colon - quote) as u32,
            head: u128::from_le_bytes(head),
            mask: u128::MAX.checked_shr(128 - 8 * bytes as u32).unwrap_or(0),
        };
        Some((known, &key[bytes..]))
    }
}

#[cfg(test)]
mod tests;

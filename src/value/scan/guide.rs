//! Lines whose objects have the keys of objects in lines before, in the same order.
//!
//! Flows in: the tokens of a line. Flows out: what the walk would find, or nothing, and then the line is walked. Unlike the
//! shapes of whole lines, this goes member by member: arrays may be of any length, members may be absent, values of another
//! kind. For each place in the events at which objects stand it keeps their keys, in order; the elements of an array share
//! a place. Who comes by keys that are known, in that order, knows them to be distinct and where they lead, and may name them
//! without reading them again. It must never take for good what the walk would not, or fill a slot in another way.

mod alike;
mod piece;

use super::shape::Kind;
use super::trie::{NodeId, Slot, SlotId, SlotTrie};
use super::walk::{Tokens, is_scalar};
use crate::value::text::has_backslash;
use crate::value::tree::Span;
use alike::Alike;
use piece::Piece;

/// An object of more keys is walked.
const KEYS_MAX: usize = 64;

/// An object that lacks more keys in a row than that is walked.
const SKIPPED_MAX: usize = 16;

/// An object with a longer key is walked.
const KEY_BYTES_MAX: usize = 256;

/// So many places, and keys in all, are kept.
const PLACES_MAX: usize = 256;
const NAMES_MAX: usize = 2048;

/// A longer line is walked.
const TOKENS_MAX: usize = 1 << 16;

/// What is nested deeper is walked.
const LEVELS_MAX: usize = 64;

/// So many lines should have been followed between two that could not be; else the data is irregular, and the next ones are
/// walked.
const WORTH: u32 = 16;

/// No more lines are walked untried than so many.
const PAUSE_MAX: u32 = 1023;

/// So many objects of different build are known for each place; and where so many could not be, none is tried any more.
const ALIKE_MAX: usize = 4;
const VAIN_MAX: u32 = 64;

/// The keys that are known.
#[derive(Debug, Default)]
pub(super) struct Guide {
    places: Vec<Place>,
    /// Keys as text, by their numbers.
    names: Vec<Box<str>>,
    /// The keys of objects that are alike, by the numbers of how they are built.
    built: Vec<Box<[Box<str>]>>,
    /// Containers around the one at hand, outermost first.
    levels: Vec<Level>,
    /// The number of each key of the line, by its token, counted from the line's first; and for each object's bracket how it
    /// is built, counted from 1, or 0.
    known: Vec<u32>,
    /// The trie that the places' nodes are of.
    trie: u64,
    /// So many lines are walked untried, as many were before, and so many have been followed since.
    rest: u32,
    pause: u32,
    followed: u32,
}

/// A place at which objects stand.
#[derive(Debug)]
struct Place {
    keys: Vec<Known>,
    /// The trie's node for an object there, if it leads on.
    node: Option<NodeId>,
    /// How objects are built that stood there, and held no containers; and how many could not be taken notice of so.
    alike: Vec<Alike>,
    vain: u32,
    /// Which of them was met last.
    last: usize,
}

/// A key that objects at some place have.
#[derive(Debug)]
struct Known {
    /// It with its quotes and its colon: whoever comes by these bytes from a token on has come by these tokens.
    piece: Piece,
    /// Its number.
    name: u32,
    /// The place of objects that are its value, or in its value.
    inner: u32,
    /// Where it leads.
    goal: Option<Goal>,
    /// What its value was when it was a number or literal.
    kind: Kind,
}

/// Where a key leads: a node, and the slot there, if it is the only one.
#[derive(Clone, Copy, Debug)]
struct Goal {
    node: NodeId,
    slot: Option<SlotId>,
}

/// A container.
#[derive(Clone, Copy, Debug)]
struct Level {
    /// Its place; an array has that of the objects in it.
    place: u32,
    /// Which key is expected next.
    next: u32,
    is_object: bool,
    /// Whether slots may be filled by its members.
    leads: bool,
    /// The node that is filled when it closes.
    node: Option<NodeId>,
    /// Its first token behind its opening bracket.
    first: usize,
}

/// Where [`Guide::members`] or [`elements`] stopped.
enum Stop {
    /// At a key that is not the one expected.
    Key,
    /// At the bracket of a value that is a container: where its key leads, and its place.
    Open(Option<NodeId>, u32),
    /// Behind the last value.
    After,
    /// At something that the grammar forbids.
    Bad,
}

/// No place yet.
const NOWHERE: u32 = u32::MAX;

/// The keys of a line that was followed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys<'t>(&'t Guide);

impl<'t> Keys<'t> {
    /// The key at a token, which has to be a key's, of an object that is [built](Self::built) in no known way; tokens count
    /// from the line's first.
    #[inline(always)]
    pub(super) fn at(&self, token: usize) -> Option<&'t str> {
        Some(self.0.names.get(*self.0.known.get(token)? as usize)?)
    }

    /// All keys of the object at a token, if it is built in a known way: then all its values are strings, numbers and
    /// literals.
    #[inline(always)]
    pub(super) fn built(&self, token: usize) -> Option<&'t [Box<str>]> {
        let number = self.0.known.get(token)?.checked_sub(1)?;
        self.0.built.get(number as usize).map(|keys| &**keys)
    }
}

impl Guide {
    /// Prepares for lines that are walked with this trie.
    pub(super) fn prepare(&mut self, trie: &SlotTrie) {
        if self.trie != trie.id() {
            *self = Guide { trie: trie.id(), ..Guide::default() };
            self.places.push(Place::of(Some(NodeId::ROOT), trie));
        }
    }

    /// The keys of the line that was followed last.
    pub(super) fn keys(&self) -> Keys<'_> {
        Keys(self)
    }

    /// Follows the object at token `first`; the token behind it, or nothing if it has to be walked: then the slots below the
    /// root are unspecified.
    pub(super) fn follow(
        &mut self,
        tokens: &Tokens,
        first: usize,
        trie: &SlotTrie,
        slots: &mut [Slot],
    ) -> Option<usize> {
        if let Some(rest) = self.rest.checked_sub(1) {
            self.rest = rest;
            return None;
        }
        let count = memchr::memchr(b'\n', tokens.classes.get(first..)?).filter(|count| *count <= TOKENS_MAX)?;
        // A line that is cut short may seem to begin another member.
        if self.known.len() < count + 4 {
            self.known.resize(count + 4, 0);
        }
        trie.reset_below(NodeId::ROOT, true, slots);
        let behind = self.object(tokens, first, trie, slots);
        match behind {
            Some(_) => self.followed = self.followed.saturating_add(1),
            None => {
                self.pause = if self.followed < WORTH { (self.pause * 2 + 1).min(PAUSE_MAX) } else { 0 };
                (self.rest, self.followed) = (self.pause, 0);
            }
        }
        behind
    }

    #[inline(never)]
    fn object(&mut self, tokens: &Tokens, first: usize, trie: &SlotTrie, slots: &mut [Slot]) -> Option<usize> {
        let classes = tokens.classes;
        let base = tokens.positions[first];
        let leads = self.places.first()?.node.is_some();
        let mut level = Level { place: 0, next: 0, is_object: true, leads, node: None, first: first + 1 };
        // Where a key was looked for last: once is enough.
        let mut sought = 0;
        self.levels.clear();
        *self.known.first_mut()? = 0;
        let mut at = first + 1;
        'open: loop {
            // Token `at` is the first in a container.
            let mut empty = *classes.get(at)? == if level.is_object { b'}' } else { b']' };
            loop {
                loop {
                    if empty {
                        break;
                    }
                    let stop;
                    (at, stop) = match level.is_object {
                        true => self.members(tokens, (first, at), &mut level, trie, slots),
                        false => self.elements(tokens, (first, at), level.place),
                    };
                    let (child, inner) = match stop {
                        Stop::Open(child, inner) => (child, inner),
                        Stop::After => break,
                        Stop::Key => {
                            let &[key, colon] = tokens.positions.get(at..)?.first_chunk()?;
                            if *classes.get(at..)?.first_chunk()? != *b"\":" || sought == at {
                                return None;
                            }
                            sought = at;
                            self.find(&mut level, tokens, (key, colon, at + 2), trie)?;
                            continue;
                        }
                        Stop::Bad => return None,
                    };
                    let class = *classes.get(at)?;
                    let inner = match inner {
                        NOWHERE if level.is_object => self.new_place(&level, child, trie)?,
                        NOWHERE => level.place,
                        inner => inner,
                    };
                    if class == b'{'
                        && level.is_object
                        && let Some(behind) = self.known_object(tokens, (first, at), (child, inner), trie, slots)
                    {
                        at = behind;
                        if *classes.get(at)? != b',' {
                            break;
                        }
                        at += 1;
                        continue;
                    }
                    if self.levels.len() == LEVELS_MAX {
                        return None;
                    }
                    if let Some(node) = child {
                        trie.reset_below(node, class == b'{', slots);
                    }
                    self.levels.push(level);
                    let is_object = class == b'{';
                    let leads = is_object && child.is_some_and(|node| trie.leads_on(node));
                    *self.known.get_mut(at - first)? = 0;
                    at += 1;
                    level = Level { place: inner, next: 0, is_object, leads, node: child, first: at };
                    continue 'open;
                }
                // Closes this container and all that end with it.
                loop {
                    if *classes.get(at)? != if level.is_object { b'}' } else { b']' } {
                        return None;
                    }
                    at += 1;
                    let Some(outer) = self.levels.pop() else { return Some(at) };
                    if let Some(node) = level.node {
                        let (start, end) = (tokens.positions[level.first - 1], tokens.positions[at - 1] + 1);
                        trie.fill(node, Span { start: start - base, end: end - base }, slots);
                    }
                    if level.is_object {
                        self.learn(tokens, first, (level.first - 1, at), level.place);
                    }
                    level = outer;
                    if *classes.get(at)? == b',' {
                        at += 1;
                        break;
                    }
                }
                empty = false;
            }
        }
    }

    /// Goes over members of an object, from the key at token `at` on, as long as they have the keys expected, up to a value
    /// that is a container, or the last.
    #[inline(always)]
    fn members(
        &mut self,
        tokens: &Tokens,
        (first, mut at): (usize, usize),
        level: &mut Level,
        trie: &SlotTrie,
        slots: &mut [Slot],
    ) -> (usize, Stop) {
        let keys =
            self.places.get_mut(level.place as usize).and_then(|place| place.keys.get_mut(level.next as usize..));
        let base = tokens.positions[first];
        let (classes, positions) = (tokens.classes, &tokens.positions[..tokens.classes.len()]);
        for key in keys.unwrap_or_default().iter_mut() {
            // Each member is a key, its colon, its value and what follows; there always are four, as marks stand behind the
            // last token.
            let (Some(&[_, _, class, after]), Some(&[quote, _, start, next]), Some(known)) = (
                classes.get(at..at + 4).and_then(<[u8]>::first_chunk),
                positions.get(at..at + 4).and_then(<[u32]>::first_chunk),
                self.known.get_mut(at - first),
            ) else {
                return (at, Stop::Key);
            };
            if !key.piece.is_at(tokens.text.as_bytes(), quote) {
                return (at, Stop::Key);
            }
            *known = key.name;
            level.next += 1;
            if class != b'"' {
                if class | 0x20 == b'{' {
                    return (at + 2, Stop::Open(key.goal.filter(|_| level.leads).map(|goal| goal.node), key.inner));
                }
                if !key.kind.is_at(tokens.text, start, next) {
                    return (at, Stop::Bad);
                }
            }
            if let Some(goal) = key.goal
                && level.leads
            {
                goal.fill(tokens, Span { start, end: next }, base, trie, slots);
            }
            if after != b',' {
                return (at + 3, Stop::After);
            }
            at += 4;
        }
        (at, Stop::Key)
    }

    /// Goes over elements of an array, from that at token `at` on, up to one that is a container of unknown build, or the last.
    // Not a part of the loop over all that a line holds: that one has more to keep in mind than there are registers.
    #[inline(never)]
    fn elements(&mut self, tokens: &Tokens, (first, mut at): (usize, usize), place: u32) -> (usize, Stop) {
        let Some(place) = self.places.get_mut(place as usize) else { return (at, Stop::Bad) };
        let (text, classes, positions) = (tokens.text, tokens.classes, tokens.positions);
        loop {
            let Some(&[class, mut after]) = classes.get(at..).and_then(<[u8]>::first_chunk) else {
                return (at, Stop::Bad);
            };
            if class | 0x20 == b'{' {
                let Some(known) = self.known.get_mut(at - first) else { return (at, Stop::Bad) };
                let Some(alike) = place.alike_at((text, classes, positions), at) else {
                    return (at, Stop::Open(None, NOWHERE));
                };
                *known = alike.number + 1;
                at += alike.tokens() - 1;
                let Some(next) = classes.get(at + 1) else { return (at, Stop::Bad) };
                after = *next;
            } else if class != b'"' {
                let is_good = match positions.get(at..).and_then(<[u32]>::first_chunk) {
                    Some(&[start, next]) => is_scalar(text, start, next),
                    None => false,
                };
                if !is_good {
                    return (at, Stop::Bad);
                }
            }
            if after != b',' {
                return (at + 1, Stop::After);
            }
            at += 2;
        }
    }

    /// The token behind the object at a token, if it is like one before, its slots filled: it is the value of a key that leads
    /// to a node, or nowhere.
    #[inline(never)]
    fn known_object(
        &mut self,
        tokens: &Tokens,
        (first, at): (usize, usize),
        (node, place): (Option<NodeId>, u32),
        trie: &SlotTrie,
        slots: &mut [Slot],
    ) -> Option<usize> {
        let place = self.places.get_mut(place as usize)?;
        let alike = place.alike_at((tokens.text, tokens.classes, tokens.positions), at)?;
        *self.known.get_mut(at - first)? = alike.number + 1;
        let behind = at + alike.tokens();
        if let Some(node) = node {
            let positions = tokens.positions.get(at..behind)?;
            let base = tokens.positions[first];
            trie.reset_below(node, true, slots);
            trie.fill(node, Span { start: positions[0] - base, end: positions[positions.len() - 1] + 1 - base }, slots);
            if trie.leads_on(node) {
                for &(member, goal) in &alike.goals {
                    let &[start, next] = positions.get(4 * member + 3..)?.first_chunk()?;
                    goal.fill(tokens, Span { start, end: next }, base, trie, slots);
                }
            }
        }
        Some(behind)
    }

    /// Takes notice of an object that was followed from one token to another.
    fn learn(&mut self, tokens: &Tokens, first: usize, (from, to): (usize, usize), place: u32) {
        let Some(place) = self.places.get_mut(place as usize) else { return };
        if place.alike.len() == ALIKE_MAX || place.vain == VAIN_MAX {
            return;
        }
        let number = self.built.len() as u32;
        let Some(mut alike) = Alike::of(tokens, from..to, number) else {
            place.vain += 1;
            return;
        };
        let mut keys = Vec::new();
        for member in 0..alike.members() {
            let name = self.known.get(from - first + 1 + 4 * member);
            let Some(known) = place.keys.iter().find(|known| Some(&known.name) == name) else { return };
            let Some(key) = self.names.get(known.name as usize) else { return };
            keys.push(key.clone());
            alike.goals.extend(known.goal.map(|goal| (member, goal)));
        }
        self.built.push(keys.into());
        place.last = place.alike.len();
        place.alike.push(alike);
    }

    /// A key that is not the one expected: that is one of those that may follow, or a new one among them. Nothing if it
    /// stands in another order, for a second time, or is spelled in an unusual way; or if there are too many.
    #[inline(never)]
    fn find(
        &mut self,
        level: &mut Level,
        tokens: &Tokens,
        (quote, colon, value): (u32, u32, usize),
        trie: &SlotTrie,
    ) -> Option<()> {
        let text = tokens.text.as_bytes();
        let place = self.places.get_mut(level.place as usize)?;
        let expected = level.next as usize;
        let is_it = |known: &Known| known.piece.is_at(text, quote);
        if let Some(further) = place.keys.get(expected..)?.iter().take(SKIPPED_MAX).position(is_it) {
            level.next += further as u32;
            return Some(());
        }
        if place.keys.len() == KEYS_MAX || self.names.len() == NAMES_MAX || place.keys.iter().any(is_it) {
            return None;
        }
        let (start, end) = (quote as usize + 1, (colon as usize).checked_sub(1).filter(|end| *end > quote as usize)?);
        if end - start > KEY_BYTES_MAX {
            return None;
        }
        let key = text.get(start..end).filter(|key| text[end] == b'"' && !has_backslash(key))?;
        let piece = Piece::of(text.get(quote as usize..=colon as usize)?);
        // At the end of the text it could not be found again.
        if !piece.is_at(text, quote) {
            return None;
        }
        let &[from, to] = tokens.positions.get(value..)?.first_chunk()?;
        let child = place.node.and_then(|node| trie.child(node, text, start, end));
        let known = Known {
            piece,
            name: self.names.len() as u32,
            inner: NOWHERE,
            goal: child.map(|node| Goal { node, slot: trie.only_slot(node) }),
            kind: Kind::of(*tokens.classes.get(value)?, text.get(from as usize..to as usize)?),
        };
        self.names.push(std::str::from_utf8(key).ok()?.into());
        place.keys.insert(expected, known);
        Some(())
    }

    /// The place of objects in the value of the key that was met last.
    #[cold]
    fn new_place(&mut self, level: &Level, child: Option<NodeId>, trie: &SlotTrie) -> Option<u32> {
        let new = self.places.len();
        if new == PLACES_MAX {
            return None;
        }
        let known = self.places.get_mut(level.place as usize)?.keys.get_mut(level.next.checked_sub(1)? as usize)?;
        known.inner = new as u32;
        self.places.push(Place::of(child, trie));
        Some(new as u32)
    }
}

impl Place {
    /// A place of which nothing is known but where its objects lead.
    fn of(node: Option<NodeId>, trie: &SlotTrie) -> Place {
        let node = node.filter(|node| trie.leads_on(*node));
        Place { keys: Vec::new(), node, alike: Vec::new(), vain: 0, last: 0 }
    }

    /// How the element of an array is built that begins at a token, if it is like one before.
    #[inline(always)]
    fn alike_at(&mut self, tokens: (&str, &[u8], &[u32]), at: usize) -> Option<&Alike> {
        if !self.alike.get_mut(self.last)?.is_at(tokens, at) {
            self.last = self.other_at(tokens, at)?;
        }
        self.alike.get(self.last)
    }

    /// Which one other than the one met last it is. Apart, so that nothing is made ready for it where it is not needed.
    #[inline(never)]
    fn other_at(&mut self, tokens: (&str, &[u8], &[u32]), at: usize) -> Option<usize> {
        let mut others = self.alike.iter_mut().enumerate().filter(|(number, _)| *number != self.last);
        others.find_map(|(number, alike)| alike.is_at(tokens, at).then_some(number))
    }
}

impl Goal {
    /// Fills its slots with a scalar that stands between two tokens; slots count from `base`.
    #[inline(always)]
    fn fill(self, tokens: &Tokens, between: Span, base: u32, trie: &SlotTrie, slots: &mut [Slot]) {
        let end = tokens.trimmed(between.end as usize) as u32;
        let span = Span { start: between.start - base, end: end - base };
        match self.slot.and_then(|slot| slots.get_mut(slot.0 as usize)) {
            Some(slot) => *slot = Slot::Found(span),
            None => {
                trie.reset_below(self.node, false, slots);
                trie.fill(self.node, span, slots);
            }
        }
    }
}

#[cfg(test)]
mod tests;

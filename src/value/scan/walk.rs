//! The second pass: checks the tokens of one text against the grammar and keeps the bounds of what a trie asks for.
//!
//! Flows in: a text, its index, the token it starts at. Flows out: whether it is JSON, how it is spelled, and the slots.
//! It says only *that* a text is bad; where and why is for `strict`, so that this loop stays small. Objects that the trie
//! leads into are walked member by member; everything else is skipped with the class bytes alone, and the text is looked
//! at only for numbers, literals and the keys that may lead on. It must never recurse: a bit per level tells objects from
//! arrays.

use super::DEPTH_MAX;
use super::duplicates::Sieve;
use super::guide::Guide;
use super::index::Index;
use super::number;
use super::strict::is_blank;
use super::trie::{NodeId, Slot, SlotTrie, filter_bit};
use crate::value::text::unescape_owned;
use crate::value::tree::Span;

/// Where in an index the next text starts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    /// Index of its first token.
    pub token: usize,
    /// Index of its first escape.
    pub escape: usize,
}

/// What the walk over a good text found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walked {
    /// Bounds of the value, without blanks around it.
    pub span: Span,
    /// Index of the token that ends the text.
    pub end: usize,
    /// Some string holds an escape.
    pub escapes: bool,
    /// Some object may have a key twice; false if nobody looked.
    pub suspect: bool,
    /// It was not walked: the guide knows its keys.
    pub followed: bool,
}

/// The memory of a walk, used again for every text.
#[derive(Debug)]
pub(super) struct Walker {
    /// Objects that the trie led into, outermost first.
    frames: Vec<Frame>,
    /// Full words of the bit stack.
    words: [u64; WORDS],
    sieve: Sieve,
}

/// A word of the bit stack holds a bit per level below a mark.
const LEVELS_PER_WORD: usize = 63;
const WORDS: usize = DEPTH_MAX / LEVELS_PER_WORD + 1;

/// An object that the trie leads into.
#[derive(Clone, Copy, Debug)]
struct Frame {
    node: NodeId,
    /// Offset of its opening bracket.
    start: u32,
}

/// Why [`Walker::members`] or [`Walker::elements`] stopped, and at which token.
#[derive(Clone, Copy)]
enum Stop {
    /// At a key that may lead on, and is followed by its colon.
    Key,
    /// At the bracket of a value that is a container.
    Open,
    /// Behind a value that no comma follows.
    After,
    /// At something that the grammar forbids.
    Bad,
}

/// A text with its tokens.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'t> {
    pub text: &'t str,
    pub positions: &'t [u32],
    pub classes: &'t [u8],
    escapes: &'t [u32],
}

impl Tokens<'_> {
    /// The end of what stands before token `at`, blanks left out.
    #[inline(always)]
    fn end_before(&self, at: usize) -> usize {
        self.trimmed(self.positions[at] as usize)
    }

    /// `end` without the blanks before it.
    #[inline(always)]
    pub fn trimmed(&self, end: usize) -> usize {
        trimmed(self.text, end)
    }

    #[inline]
    fn start_of_escape(&self, escape: usize) -> usize {
        self.escapes[escape] as usize
    }

    /// Whether a byte of a string among the tokens from `first` to `last` belongs to a key.
    fn is_in_key(&self, first: usize, last: usize, position: u32) -> bool {
        let next = first + self.positions[first..last].partition_point(|&start| start <= position);
        self.classes[next] == b':'
    }

    /// The node that a key which may hold escapes leads to.
    #[cold]
    fn child(&self, trie: &SlotTrie, node: NodeId, start: usize, end: usize) -> Option<NodeId> {
        let key = unescape_owned(&self.text[start..end]);
        trie.child(node, key.as_bytes(), 0, key.len())
    }

    #[inline]
    fn start(&self, at: usize) -> usize {
        self.positions[at] as usize
    }

    /// Whether token `at` closes what `opening` opened; the closing bracket stands two after its partner in ASCII.
    #[inline]
    fn closes(&self, at: usize, opening: u8) -> bool {
        self.classes[at] == opening + 2
    }

    /// Four tokens from `at` on, looked up at once: a key, its colon, its value and what follows. There always are four, as
    /// marks stand behind the last token.
    #[inline(always)]
    pub fn four(&self, at: usize) -> Option<(&[u8; 4], &[u32; 4])> {
        Some((self.classes.get(at..)?.first_chunk()?, self.positions.get(at..)?.first_chunk()?))
    }
}

impl Walker {
    pub(super) fn new() -> Self {
        Walker { frames: Vec::new(), words: [0; WORDS], sieve: Sieve::default() }
    }

    /// Whether to find out, for [`Walked::suspect`], if keys may be equal; off at first.
    pub(super) fn look_for_duplicates(&mut self, on: bool) {
        self.sieve.on = on;
    }

    /// Walks over the text that starts at `cursor` and must end at a token of class `end`; `None` if it is not JSON.
    ///
    /// The index must not be bad. A guide, if there is one, is asked first. Slots that the trie has no path for are left alone; on a bad text all are unspecified.
    #[inline(always)]
    pub(super) fn walk(
        &mut self,
        text: &str,
        index: &Index,
        cursor: Cursor,
        end: u8,
        (trie, guide): (&SlotTrie, Option<&mut Guide>),
        slots: &mut [Slot],
    ) -> Option<Walked> {
        let tokens = Tokens { text, positions: &index.positions, classes: &index.classes, escapes: &index.escapes };
        let first = cursor.token;
        self.sieve.start();
        let is_object = tokens.classes[first] == b'{';
        let followed = match guide {
            Some(guide) if is_object => guide.follow(&tokens, first, trie, slots),
            _ => None,
        };
        if followed.is_none() {
            trie.reset_below(NodeId::ROOT, is_object, slots);
        }
        let last = match followed {
            Some(last) => last,
            None if is_object && trie.leads_on(NodeId::ROOT) => {
                self.object(&tokens, first, cursor.escape, trie, slots)?
            }
            None => {
                let (&[class, ..], &[start, next, ..]) = tokens.four(first)?;
                self.value(&tokens, first, class, start, next, 0)?
            }
        };
        if tokens.classes[last] != end {
            return None;
        }
        let span = Span { start: tokens.positions[first], end: tokens.end_before(last) as u32 };
        trie.fill(NodeId::ROOT, Span { start: 0, end: span.end - span.start }, slots);
        let mut escape = cursor.escape;
        while tokens.escapes[escape] < span.end {
            if !is_escape(text.as_bytes(), tokens.escapes[escape] as usize) {
                return None;
            }
            // The sieve compares keys as they are spelled; those that the guide knows hold no escapes.
            if followed.is_none() && self.sieve.on && tokens.is_in_key(first, last, tokens.escapes[escape]) {
                self.sieve.suspect = true;
            }
            escape += 1;
        }
        let escapes = escape > cursor.escape;
        Some(Walked { span, end: last, escapes, suspect: self.sieve.suspect, followed: followed.is_some() })
    }

    /// Walks over the object at token `first`, which the root of the trie leads into; returns the token after it.
    fn object(
        &mut self,
        tokens: &Tokens,
        first: usize,
        mut escape: usize,
        trie: &SlotTrie,
        slots: &mut [Slot],
    ) -> Option<usize> {
        let base = tokens.positions[first];
        let span = |start: u32, end: usize| Span { start: start - base, end: end as u32 - base };
        let mut frame = Frame { node: NodeId::ROOT, start: base };
        self.frames.clear();
        let mut next_escape = tokens.start_of_escape(escape);
        let mut at = first + 1;
        let mut empty = tokens.classes[at] == b'}';
        loop {
            if !empty {
                let stop;
                (at, stop) = self.members::<true>(tokens, at, trie.filter(frame.node), next_escape);
                match stop {
                    Stop::Key => {
                        let (&[.., class, _], &[key, colon, start, next]) = tokens.four(at)?;
                        self.sieve.key(tokens.text.as_bytes(), key, colon);
                        let (key, end) = (key as usize + 1, tokens.end_before(at + 1) - 1);
                        let child = match end <= next_escape {
                            true => trie.child(frame.node, tokens.text.as_bytes(), key, end),
                            false => {
                                // Escapes before this key were in strings that nobody asked for.
                                while tokens.start_of_escape(escape) < key {
                                    escape += 1;
                                }
                                next_escape = tokens.start_of_escape(escape);
                                tokens.child(trie, frame.node, key, end)
                            }
                        };
                        at += 2;
                        let is_object = class == b'{';
                        if let Some(node) = child {
                            // Also undoes what an earlier member of the same key left.
                            trie.reset_below(node, is_object, slots);
                            if is_object && trie.leads_on(node) {
                                self.sieve.open();
                                self.frames.push(frame);
                                if self.frames.len() == DEPTH_MAX {
                                    return None;
                                }
                                frame = Frame { node, start };
                                at += 1;
                                empty = tokens.classes[at] == b'}';
                                continue;
                            }
                        }
                        at = match class {
                            b'"' => at + 1,
                            _ => self.value(tokens, at, class, start, next, self.frames.len() + 1)?,
                        };
                        if let Some(node) = child {
                            trie.fill(node, span(start, tokens.end_before(at)), slots);
                        }
                    }
                    Stop::Open => at = self.container(tokens, at, self.frames.len() + 1)?,
                    Stop::After => {}
                    Stop::Bad => return None,
                }
                if tokens.classes[at] == b',' {
                    at += 1;
                    continue;
                }
            }
            // Closes this object and all that end with it.
            loop {
                if tokens.classes[at] != b'}' {
                    return None;
                }
                at += 1;
                self.sieve.close();
                let Some(outer) = self.frames.pop() else { return Some(at) };
                trie.fill(frame.node, span(frame.start, tokens.start(at - 1) + 1), slots);
                frame = outer;
                if tokens.classes[at] == b',' {
                    at += 1;
                    break;
                }
            }
            empty = false;
        }
    }

    /// Skips the value of the given class at token `at`, which starts at `start` and stands in `depth` containers; the token
    /// behind it starts at `next`. Returns the token after the value.
    #[inline(never)]
    fn value(&mut self, tokens: &Tokens, at: usize, class: u8, start: u32, next: u32, depth: usize) -> Option<usize> {
        match class {
            b'"' => Some(at + 1),
            b'{' | b'[' => self.container(tokens, at, depth),
            _ => is_scalar(tokens.text, start, next).then_some(at + 1),
        }
    }

    /// Goes over members of an object, from the key at token `at` on, up to a value that is a container, the last value, or,
    /// if any are `WANTED`, a key that may lead on: one whose bit is in `filter`, or that is not before `next_escape`.
    ///
    /// Most of reading is this loop, so it looks at as little as it can: four tokens at once, and the text only for
    /// numbers and for the ends of keys.
    #[inline(always)]
    fn members<const WANTED: bool>(
        &mut self,
        tokens: &Tokens,
        mut at: usize,
        filter: u64,
        next_escape: usize,
    ) -> (usize, Stop) {
        let (text, classes) = (tokens.text.as_bytes(), tokens.classes);
        let positions = &tokens.positions[..classes.len()];
        loop {
            // There always are four, as marks stand behind the last token.
            let Some(heads) = classes.get(at..at + 4) else { return (at, Stop::Bad) };
            let starts = &positions[at..at + 4];
            if heads[..2] != *b"\":" {
                return (at, Stop::Bad);
            }
            if WANTED {
                // The last byte of the key and its closing quote, unless blanks precede the colon.
                let colon = starts[1] as usize;
                let Some(&[last, quote]) = text.get(colon - 2..colon) else { return (at, Stop::Bad) };
                let bit = filter_bit(colon - 2 - starts[0] as usize, last);
                if filter >> bit & 1 != 0 || quote != b'"' || colon > next_escape {
                    return (at, Stop::Key);
                }
            }
            self.sieve.key(text, starts[0], starts[1]);
            let (class, after) = (heads[2], heads[3]);
            if class != b'"' {
                if class | 0x20 == b'{' {
                    return (at + 2, Stop::Open);
                }
                if !is_scalar(tokens.text, starts[2], starts[3]) {
                    return (at, Stop::Bad);
                }
            }
            if after != b',' {
                return (at + 3, Stop::After);
            }
            at += 4;
        }
    }

    /// Goes over elements of an array, from that at token `at` on, up to one that is a container, or the last.
    #[inline(always)]
    fn elements(&mut self, tokens: &Tokens, mut at: usize) -> (usize, Stop) {
        let classes = tokens.classes;
        let positions = &tokens.positions[..classes.len()];
        loop {
            let Some(heads) = classes.get(at..at + 2) else { return (at, Stop::Bad) };
            let starts = &positions[at..at + 2];
            let (class, after) = (heads[0], heads[1]);
            if class != b'"' {
                if class | 0x20 == b'{' {
                    return (at, Stop::Open);
                }
                if !is_scalar(tokens.text, starts[0], starts[1]) {
                    return (at, Stop::Bad);
                }
            }
            if after != b',' {
                return (at + 1, Stop::After);
            }
            at += 2;
        }
    }

    /// Skips the array or object at token `at`, which stands in `depth` containers; returns the token after it.
    #[inline(never)]
    fn container(&mut self, tokens: &Tokens, mut at: usize, depth: usize) -> Option<usize> {
        let mut room = DEPTH_MAX - depth;
        // A bit per open container below a mark, 1 for an object; a full word goes to `words`.
        let (mut bits, mut full) = (1_u64, 0_usize);
        'open: loop {
            // Token `at` opens a container.
            let mut opening = tokens.classes[at];
            if room == 0 {
                return None;
            }
            room -= 1;
            if bits >> LEVELS_PER_WORD != 0 {
                self.words[full] = bits;
                full += 1;
                bits = 1;
            }
            bits = bits << 1 | u64::from(opening == b'{');
            if opening == b'{' {
                self.sieve.open();
            }
            at += 1;
            let mut empty = tokens.closes(at, opening);
            loop {
                if !empty {
                    let stop;
                    (at, stop) = match opening {
                        b'{' => self.members::<false>(tokens, at, 0, 0),
                        _ => self.elements(tokens, at),
                    };
                    match stop {
                        Stop::Open => continue 'open,
                        Stop::After => {}
                        Stop::Key | Stop::Bad => return None,
                    }
                }
                // Closes this container and all that end with it.
                loop {
                    if !tokens.closes(at, opening) {
                        return None;
                    }
                    at += 1;
                    room += 1;
                    if opening == b'{' {
                        self.sieve.close();
                    }
                    bits >>= 1;
                    if bits == 1 {
                        if full == 0 {
                            return Some(at);
                        }
                        full -= 1;
                        bits = self.words[full];
                    }
                    opening = if bits & 1 == 1 { b'{' } else { b'[' };
                    if tokens.classes[at] == b',' {
                        at += 1;
                        break;
                    }
                }
                empty = false;
            }
        }
    }
}

/// Whether a number or literal stands between `start` and the next token, which starts at `next`.
#[inline(always)]
pub(super) fn is_scalar(text: &str, start: u32, next: u32) -> bool {
    match number::short(text.as_bytes(), start as usize, next as usize) {
        Some(short) if short.is_integer() || short.is_decimal() || short.is_literal() => true,
        _ => is_other_scalar(text, start as usize, next as usize),
    }
}

/// As [`is_scalar`], for anything but short integers, fractions and literals.
#[inline(never)]
fn is_other_scalar(text: &str, start: usize, next: usize) -> bool {
    // At a bracket or the end of the text, the end may lie before the start.
    text.as_bytes().get(start..trimmed(text, next)).is_some_and(number::is_scalar)
}

/// `end` without the blanks before it.
#[inline(always)]
pub(super) fn trimmed(text: &str, end: usize) -> usize {
    match text.as_bytes()[..end].last() {
        // Nearly always; all blanks are below.
        Some(b'!'..) => end,
        _ => trim(text, end),
    }
}

#[inline(never)]
fn trim(text: &str, end: usize) -> usize {
    text.as_bytes()[..end].iter().rposition(|&byte| !is_blank(byte)).map_or(0, |last| last + 1)
}

/// Whether the backslash at `at` starts an escape of JSON's.
pub(super) fn is_escape(text: &[u8], at: usize) -> bool {
    match text.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => true,
        Some(b'u') => text.get(at + 2..at + 6).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)),
        _ => false,
    }
}

//! A chunk of JSON Lines, line by line: the one door for events.
//!
//! Flows in: the bytes of a chunk that starts at the start of a line and ends at the end of one. Flows out: per line its
//! place in the chunk and either its checked text with slots, or that it is blank, or its fault. Each line fares as if it
//! stood alone, and nothing is read twice on account of another: if something makes a line unreadable before its grammar is
//! looked at (bytes that are not UTF-8, a string that is open at its end), the stretch of lines that is read as a whole
//! ends before it, and another begins behind it. It must never allocate once its scratch memory has grown to the size of
//! the chunks.

use super::TEXT_BYTES_MAX;
use super::document;
use super::duplicates::Keys;
use super::guide::Guide;
use super::index::{Engine, Index};
use super::open::Tokens;
use super::shape::Shapes;
use super::strict::{self, Fault, is_blank};
use super::trie::{Slot, SlotTrie};
use super::walk::{Cursor, Walked, Walker};
use crate::value::raw::Form;
use crate::value::tree::{Span, SyntaxError};

/// What to find out about each line.
#[derive(Clone, Debug)]
pub struct WalkPlan {
    /// The paths to fill slots for.
    pub trie: SlotTrie,
    /// Whether to look for equal keys, which costs about a tenth of the reading. Only who copies whole objects of an event
    /// into an output needs to know.
    pub find_duplicates: bool,
}

/// How a checked text is spelled: a set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct LineFlags(u32);

impl LineFlags {
    /// No bit set.
    pub const NONE: LineFlags = LineFlags(0);
    /// A blank stands outside strings.
    pub const WHITESPACE: LineFlags = LineFlags(1);
    /// A string, key or value, holds an escape.
    pub const ESCAPES: LineFlags = LineFlags(2);
    /// Some object has two keys that are equal once decoded.
    pub const DUPLICATES: LineFlags = LineFlags(16);
    /// Nobody looked for equal keys ([`WalkPlan::find_duplicates`] was off).
    pub const DUPLICATES_UNKNOWN: LineFlags = LineFlags(32);

    /// Whether all bits of `other` are set.
    pub fn has(self, other: LineFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Blanks and escapes have the same bits there; that keys may be equal has one of two here, and the others do not matter.
    #[inline(always)]
    fn form(self) -> Form {
        Form::from_bits(self.0 & 3 | (self.0 >> 2 | self.0 >> 3) & 4)
    }

    fn set(&mut self, other: LineFlags, on: bool) {
        self.0 |= other.0 * u32::from(on);
    }
}

/// A line, or a document, that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'c> {
    /// The JSON text without the blanks around it.
    pub text: &'c str,
    /// How it is spelled.
    pub flags: LineFlags,
}

impl<'c> Line<'c> {
    /// The text of the value in a slot that this line filled.
    pub fn slice(&self, slot: Slot) -> Option<&'c str> {
        match slot {
            Slot::Found(Span { start, end }) => self.text.get(start as usize..end as usize),
            _ => None,
        }
    }

    /// In what the text may differ from its compact form, for [`Value::raw`](crate::value::Value::raw).
    pub fn form(&self) -> Form {
        self.flags.form()
    }
}

/// One line of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<'c> {
    /// Byte offset of the line in the chunk.
    pub offset: usize,
    /// The line as it stood, without its `\n`.
    pub raw: &'c [u8],
    /// What it holds.
    pub record: Record<'c>,
}

/// What a line holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record<'c> {
    /// One JSON text; the slots were filled.
    Line(Line<'c>),
    /// Nothing but blanks.
    Blank,
    /// No JSON text; the offset counts from the start of the line. The slots are unspecified.
    Bad(SyntaxError),
}

/// What kind of line it is, without what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// One JSON text: [`Lines::line`].
    Json,
    /// Nothing but blanks.
    Blank,
    /// No JSON text: [`Lines::fault`].
    Bad,
}

/// The memory that reading needs, used again for every chunk or document; one per worker.
#[derive(Debug)]
pub struct Scratch {
    engine: Engine,
    index: Index,
    walker: Walker,
    keys: Keys,
    shapes: Shapes,
    guide: Guide,
    doubt: Doubt,
}

/// What is known of lines that are like none before them. It stands here and not with the lines themselves, so that the loop
/// over these may keep what it knows of them while one is looked at.
#[derive(Debug, Default)]
struct Doubt {
    /// Whether the last one was bad: then the next one probably is.
    wary: bool,
    /// What is wrong with the line at hand, where that is known already.
    fault: Option<Fault>,
}

impl Scratch {
    /// Empty memory for the machine's best engine.
    pub fn new() -> Self {
        Scratch::with_engine(Engine::best())
    }

    /// Empty memory for a given engine; all give the same answers.
    pub fn with_engine(engine: Engine) -> Self {
        Scratch {
            engine,
            index: Index::default(),
            walker: Walker::new(),
            keys: Keys::default(),
            shapes: Shapes::default(),
            guide: Guide::default(),
            doubt: Doubt::default(),
        }
    }

    /// Checks one document, which may span lines; as [`validate`](super::validate), with flags, and without allocating.
    ///
    /// # Errors
    /// As [`validate`](super::validate).
    pub fn document<'t>(&mut self, text: &'t [u8], find_duplicates: bool) -> Result<Line<'t>, SyntaxError> {
        self.walker.look_for_duplicates(find_duplicates);
        let (body, walked, _) = document::read(text, self.engine, &mut self.index, &mut self.walker)?;
        let flags = self.flags(body, 0, &walked, find_duplicates);
        Ok(Line { text: &body[walked.span.start as usize..walked.span.end as usize], flags })
    }

    /// How the walked text is spelled; its first token is `first`.
    #[inline(always)]
    fn flags(&mut self, text: &str, first: usize, walked: &Walked, find_duplicates: bool) -> LineFlags {
        let mut flags = LineFlags::NONE;
        if self.index.blanks {
            let mut starts = self.index.positions[first..walked.end].iter().skip(1);
            // Of what may stand before a token of a good text, only blanks are so low.
            flags.set(LineFlags::WHITESPACE, starts.any(|&start| text.as_bytes()[start as usize - 1] <= b' '));
        }
        flags.set(LineFlags::ESCAPES, walked.escapes);
        if find_duplicates {
            let repeat = walked.suspect && self.keys.repeat(text, &self.index, first..walked.end, walked.escapes);
            flags.set(LineFlags::DUPLICATES, repeat);
        } else {
            flags.set(LineFlags::DUPLICATES_UNKNOWN, true);
        }
        flags
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Scratch::new()
    }
}

/// Reads the lines of a chunk one after the other.
///
/// ```
/// use expressway::value::scan::{Lines, Record, Scratch, Slot, SlotTrie, WalkPlan};
/// let plan = WalkPlan { trie: SlotTrie::new(&[["Weather"]]), find_duplicates: false };
/// let (mut scratch, mut slots) = (Scratch::new(), [Slot::Absent]);
/// let mut lines = Lines::new(b"{\"id\":1,\"Weather\":\"COOL\"}\n\n[1,]\n", &mut scratch, &plan);
/// let first = lines.next(&mut slots).unwrap();
/// let Record::Line(line) = first.record else { panic!() };
/// assert_eq!(line.slice(slots[0]), Some("\"COOL\""));
/// assert_eq!(lines.next(&mut slots).unwrap().record, Record::Blank);
/// let third = lines.next(&mut slots).unwrap();
/// assert!(matches!(third.record, Record::Bad(error) if error.offset == 3) && third.offset == 27);
/// assert!(lines.next(&mut slots).is_none());
/// ```
#[derive(Debug)]
pub struct Lines<'c, 's> {
    chunk: &'c [u8],
    /// Lines of it that are known to be UTF-8, and where they start.
    valid: &'c str,
    valid_from: usize,
    /// The stretch at hand: its text, which the tokens count in and more lines may stand behind, and where that starts.
    source: &'c str,
    base: usize,
    /// Where the lines end that can be read of it, and where a line starts that cannot be read at all.
    readable: usize,
    unreadable: usize,
    scratch: &'s mut Scratch,
    plan: &'s WalkPlan,
    /// Offset of the next line.
    offset: usize,
    cursor: Cursor,
    /// Which of the escapes was the line at hand's first, and which of the tokens: the cursor stands behind them.
    // Apart, as the cursor's parts are moved on apart: whoever takes a word that was written in parts waits for them.
    first_escape: usize,
    /// Offset of the line at hand, and of its end.
    here: (usize, usize),
    /// Where in the stretch its text is, and how it is spelled.
    span: Span,
    flags: LineFlags,
    first_token: usize,
    /// Whether the guide knows its keys.
    followed: bool,
}

/// Longer lines are never checked byte by byte before anything is known to be wrong with them.
const WARY_BYTES_MAX: usize = 256;

impl<'c, 's> Lines<'c, 's> {
    /// Starts to read a chunk; a last line without `\n` is a line too.
    ///
    /// A byte order mark is a fault here: the reader of files skips it at their start.
    pub fn new(chunk: &'c [u8], scratch: &'s mut Scratch, plan: &'s WalkPlan) -> Self {
        scratch.walker.look_for_duplicates(plan.find_duplicates);
        scratch.shapes.prepare(&plan.trie, plan.find_duplicates);
        scratch.guide.prepare(&plan.trie);
        Lines {
            chunk,
            valid: "",
            valid_from: 0,
            source: "",
            base: 0,
            readable: 0,
            unreadable: usize::MAX,
            scratch,
            plan,
            offset: 0,
            cursor: Cursor::default(),
            here: (0, 0),
            span: Span { start: 0, end: 0 },
            flags: LineFlags::NONE,
            first_token: 0,
            first_escape: 0,
            followed: false,
        }
    }

    /// Goes on behind so many empty lines, which the chunk has to begin with; before the first line is asked for.
    pub(crate) fn behind(&mut self, empty_lines: usize) {
        debug_assert!(self.offset == 0 && self.chunk[..empty_lines].iter().all(|&byte| byte == b'\n'));
        // They belong to the stretch of the line behind them: each is a token there.
        self.begin_stretch();
        (self.offset, self.cursor.token) = (empty_lines, empty_lines);
    }

    /// The next line; `slots` has at least [`SlotTrie::slots`] entries. `None` after the last line.
    #[allow(clippy::should_implement_trait)] // An iterator cannot borrow slots from each caller.
    pub fn next(&mut self, slots: &mut [Slot]) -> Option<Item<'c>> {
        let record = match self.advance(slots)? {
            LineKind::Json => Record::Line(self.line()),
            LineKind::Blank => Record::Blank,
            LineKind::Bad => Record::Bad(self.fault()),
        };
        Some(Item { offset: self.offset(), raw: self.raw(), record })
    }

    /// Goes on to the next line, and says of what kind it is; what it holds is asked for afterwards. As [`Lines::next`],
    /// for those who read millions: what is not asked for is not put together.
    #[inline(always)]
    pub fn advance(&mut self, slots: &mut [Slot]) -> Option<LineKind> {
        if self.offset >= self.readable {
            match self.next_stretch()? {
                LineKind::Json => {}
                other => return Some(other),
            }
        }
        Some(self.next_of_stretch(slots))
    }

    /// Byte offset in the chunk of the line at hand.
    #[inline]
    pub fn offset(&self) -> usize {
        self.here.0
    }

    /// The line at hand as it stood, without its `\n`.
    #[inline]
    pub fn raw(&self) -> &'c [u8] {
        &self.chunk[self.here.0..self.here.1]
    }

    /// How many bytes that is.
    #[inline(always)]
    pub(crate) fn raw_bytes(&self) -> usize {
        self.here.1 - self.here.0
    }

    /// The line at hand, if it is [`LineKind::Json`].
    #[inline(always)]
    pub fn line(&self) -> Line<'c> {
        Line { text: &self.source[self.span.start as usize..self.span.end as usize], flags: self.flags }
    }

    /// What it was read of, and where in that it stands, if it is [`LineKind::Json`]: for those who can take a short value
    /// faster when it is not the last thing there is.
    #[inline(always)]
    pub fn around(&self) -> (&'c str, Span) {
        (self.source, self.span)
    }

    /// In what its text may differ from the compact form, if it is [`LineKind::Json`].
    #[inline(always)]
    pub fn form(&self) -> Form {
        self.flags.form()
    }

    /// The tokens of the line at hand, if it is [`LineKind::Json`], for those who want to look into its values.
    #[inline]
    pub fn tokens(&self) -> Tokens<'_> {
        let Index { positions, classes, escapes, .. } = &self.scratch.index;
        let end = self.cursor;
        let positions = &positions[self.first_token..end.token];
        Tokens {
            source: self.source,
            positions,
            classes: &classes[self.first_token..end.token],
            escapes: &escapes[self.first_escape..end.escape],
            start: positions.first().copied().unwrap_or_default(),
            form: self.form(),
            keys: self.followed.then(|| self.scratch.guide.keys()),
        }
    }

    /// What is wrong with the line at hand, if it is [`LineKind::Bad`].
    #[cold]
    pub fn fault(&self) -> SyntaxError {
        SyntaxError::of(self.first_fault(), self.raw())
    }

    /// The same in words, behind what is there: for those who have many such lines, and memory for the words of one.
    #[cold]
    pub fn fault_to(&self, out: &mut String) {
        self.first_fault().place_to(self.raw(), out);
    }

    /// The same as a JSON string.
    #[inline(always)]
    pub fn quote_fault_to(&self, out: &mut Vec<u8>) {
        self.first_fault().quote_to(self.raw(), out);
    }

    /// Whether the line at hand is known to be UTF-8.
    pub fn is_utf8(&self) -> bool {
        self.here.1 <= self.valid_from + self.valid.len()
    }

    #[inline]
    fn first_fault(&self) -> Fault {
        match self.scratch.doubt.fault {
            Some(fault) => fault,
            // Only the grammar is left to be wrong.
            None if self.is_utf8() => {
                strict::check(self.raw()).err().unwrap_or_else(|| document::first_fault(self.raw(), 0))
            }
            None => document::first_fault(self.raw(), 0),
        }
    }

    /// The next line of the stretch at hand.
    #[inline(always)]
    fn next_of_stretch(&mut self, slots: &mut [Slot]) -> LineKind {
        let (text, first) = (self.source, self.cursor.token);
        let Scratch { index, shapes, .. } = &mut *self.scratch;
        let walked = match index.classes[first] {
            b'\n' => Ok(None),
            _ => match shapes.recognise(text, index, self.cursor, slots) {
                Some(walked) => Ok(Some(walked)),
                None => self.check(text, slots).map(Some).ok_or(()),
            },
        };
        let index = &self.scratch.index;
        let end_token = match walked {
            Ok(None) => first,
            Ok(Some(walked)) => walked.end,
            // Every line of a chunk ends in a token, the last one too.
            Err(()) => first + index.classes[first..].iter().position(|&class| class == b'\n').unwrap_or(0),
        };
        let end = index.positions[end_token] as usize;
        self.here = (self.offset, self.base + end);
        self.offset = self.base + end + 1;
        (self.first_token, self.first_escape) = (first, self.cursor.escape);
        self.cursor.token = end_token + 1;
        while (index.escapes[self.cursor.escape] as usize) < end {
            self.cursor.escape += 1;
        }
        match walked {
            Ok(None) => LineKind::Blank,
            Ok(Some(walked)) => {
                (self.span, self.followed) = (walked.span, walked.followed);
                self.flags = self.scratch.flags(text, first, &walked, self.plan.find_duplicates);
                LineKind::Json
            }
            Err(()) => LineKind::Bad,
        }
    }

    /// Checks the line at the cursor, whose shape is not known.
    #[inline(never)]
    fn check(&mut self, text: &str, slots: &mut [Slot]) -> Option<Walked> {
        if self.scratch.doubt.wary && self.is_bad(text) { None } else { self.walk(text, slots) }
    }

    /// Whether a line that probably is bad is so: the walk says no more than that, and this says where at once.
    #[inline]
    fn is_bad(&mut self, text: &str) -> bool {
        let rest = &text.as_bytes()[self.offset - self.base..];
        let near = &rest[..rest.len().min(WARY_BYTES_MAX + 1)];
        let fault = memchr::memchr(b'\n', near).and_then(|end| strict::check(&near[..end]).err());
        self.scratch.doubt = Doubt { wary: fault.is_some(), fault };
        fault.is_some()
    }

    /// Walks over the line at the cursor.
    #[inline(never)]
    fn walk(&mut self, text: &str, slots: &mut [Slot]) -> Option<Walked> {
        let (Scratch { index, walker, shapes, guide, doubt, .. }, trie) = (&mut *self.scratch, &self.plan.trie);
        // Where nobody asks for equal keys, walking looks at few keys, and is faster.
        let guide = self.plan.find_duplicates.then_some(guide);
        let walked = walker.walk(text, index, self.cursor, b'\n', (trie, guide), slots);
        match &walked {
            Some(walked) => shapes.learn(text, index, self.cursor.token, walked, trie, slots),
            None => *doubt = Doubt { wary: true, fault: None },
        }
        walked
    }

    /// Begins another stretch, behind which there is something to be read ([`LineKind::Json`]), or passes over a line that
    /// cannot be; nothing behind the last line.
    #[inline(never)]
    fn next_stretch(&mut self) -> Option<LineKind> {
        if self.offset >= self.chunk.len() {
            return None;
        }
        if self.offset != self.unreadable {
            self.begin_stretch();
            if self.offset < self.readable {
                return Some(LineKind::Json);
            }
        }
        let rest = &self.chunk[self.offset..];
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        self.here = (self.offset, self.offset + length);
        self.scratch.doubt.fault = None;
        self.offset += length + 1;
        // A line that is longer than positions reach has not been looked at.
        match length > TEXT_BYTES_MAX && self.raw().iter().all(|&byte| is_blank(byte)) {
            true => Some(LineKind::Blank),
            false => Some(LineKind::Bad),
        }
    }

    /// Finds the tokens of the lines from here on, as many as can be read as a whole, which may be none.
    fn begin_stretch(&mut self) {
        if self.offset >= self.valid_from + self.valid.len() {
            (self.valid, self.valid_from) = (valid_lines(&self.chunk[self.offset..], self.offset == 0), self.offset);
        }
        let text = &self.valid[self.offset - self.valid_from..];
        (self.source, self.base, self.cursor) = (text, self.offset, Cursor::default());
        let lines = &text.as_bytes()[..stretch_bytes(text.as_bytes())];
        let Scratch { engine, index, .. } = &mut *self.scratch;
        engine.run(lines, true, index);
        let readable = match index.bad {
            None => lines.len(),
            Some(bad) => memchr::memrchr(b'\n', &lines[..bad]).map_or(0, |line_end| line_end + 1),
        };
        self.readable = self.base + readable;
        self.unreadable = if readable < lines.len() || lines.is_empty() { self.readable } else { usize::MAX };
    }
}

/// No more is looked at at once, if lines are not longer: so that what was found is still near when it is used.
const STRETCH_BYTES: usize = 128 << 10;

/// How many bytes of some lines are a stretch.
fn stretch_bytes(lines: &[u8]) -> usize {
    let Some(most) = lines.get(..STRETCH_BYTES) else { return lines.len() };
    let line_end = memchr::memrchr(b'\n', most)
        .or_else(|| memchr::memchr(b'\n', &lines[STRETCH_BYTES..]).map(|end| STRETCH_BYTES + end));
    line_end.map_or(lines.len(), |line_end| line_end + 1)
}

/// As many lines from the start on as are UTF-8, and no more than positions reach; none if the first one is not, or too long.
///
/// The vector instructions look at all of a text and say only whether it is UTF-8. So they are asked once, for a chunk
/// `whole`: behind a line that is not, asking them again for all the rest would go over a damaged chunk once for each such
/// line.
fn valid_lines(bytes: &[u8], whole: bool) -> &str {
    let in_reach = match bytes.get(..TEXT_BYTES_MAX) {
        Some(reached) if bytes.len() > TEXT_BYTES_MAX => whole_lines(reached),
        _ => bytes,
    };
    if whole && let Ok(text) = simdutf8::basic::from_utf8(in_reach) {
        return text;
    }
    // How far it is, takes another look.
    match std::str::from_utf8(in_reach) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(whole_lines(&in_reach[..error.valid_up_to()])).unwrap_or_default(),
    }
}

/// The lines that end in these bytes.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    &bytes[..memchr::memrchr(b'\n', bytes).map_or(0, |line_end| line_end + 1)]
}

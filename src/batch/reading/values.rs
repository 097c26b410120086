//! JSON values one behind the other, without line ends or over several lines, and arrays whose items are the events:
//! where each of them ends.
//!
//! Flows in: bytes, as they are read. Flows out: the bounds of records. An array at the outermost level is opened, and its
//! items are records; every other value is one. The grammar is checked only as far as the order of tokens goes: enough to
//! notice where a value that was cut off runs into the next, not enough to say that a value is JSON, which whoever runs it
//! finds out. Every byte that is not blank, a comma between items or a bracket around them is in some record. It must never
//! look back at bytes that it has seen.
//!
//! # Where a value is broken
//!
//! What follows belongs to the broken record, up to where another value surely begins: at a `{` right behind a value, where
//! no JSON has one (but not inside an outermost array, where single items may be broken in many ways); or at a `{` with
//! nothing but blanks before it on its line, in the column in which the broken one began.

use crate::value::scan::strict::Levels;
use memchr::memchr3;

/// Bounds of a record in the buffer that the bytes stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::batch) struct Record {
    pub start: usize,
    pub end: usize,
    /// What is wrong with the place that it stands in, if something is.
    pub stray: Option<Stray>,
}

/// What is wrong around a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::batch) enum Stray {
    /// A comma or bracket that belongs to nothing.
    Mark,
    /// There is no comma between this item and the one before.
    NoComma,
}

impl Stray {
    /// What is said of the record.
    pub fn reason(self) -> &'static str {
        match self {
            Stray::Mark => "a comma or bracket that belongs to no value",
            Stray::NoComma => "there is no comma before this item of the array",
        }
    }
}

/// The token before, inside a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Open,
    Comma,
    Key,
    Colon,
    /// A string, a number, a closed array or object.
    Value,
}

/// The bounds of the values in a text, one behind the other, without line ends or over several lines; of arrays at the
/// outermost level the items'. What is broken is among them.
///
/// ```
/// use expressway::batch::values_in;
/// assert_eq!(values_in(b"{\"a\": 1}{\"b\":\n2} [3, 4]"), [(0, 8), (8, 16), (18, 19), (21, 22)]);
/// ```
pub fn values_in(text: &[u8]) -> Vec<(usize, usize)> {
    let (mut values, mut records) = (Values::new(), Vec::new());
    values.feed(text, 0, &mut records);
    values.finish(text.len(), &mut records);
    records.into_iter().map(|record| (record.start, record.end)).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// No value.
    Nothing,
    /// An array or object that is a record.
    Container,
    /// A string, whether it stands alone or in a container.
    String,
    /// Behind a backslash in a string.
    Escape,
    /// A number or word, in a container or alone.
    Word,
    /// A record that is broken.
    Broken,
}

/// Finds records in bytes that come piece by piece.
pub(in crate::batch) struct Values {
    within: Within,
    levels: Levels,
    before: Before,
    /// Where the record began that is under way.
    start: usize,
    /// Whether an outermost array is open, where items stand; and whether one has been there since the last comma.
    in_array: bool,
    item_seen: bool,
    comma_seen: bool,
    stray: Option<Stray>,
    /// Bytes since the line began; whether all of them were blank; in which column the record under way began.
    column: usize,
    only_blanks: bool,
    start_column: usize,
    /// The byte before, in a broken record.
    last: u8,
}

impl Values {
    pub fn new() -> Values {
        Values {
            within: Within::Nothing,
            levels: Levels::new(),
            before: Before::Value,
            start: 0,
            in_array: false,
            item_seen: false,
            comma_seen: false,
            stray: None,
            column: 0,
            only_blanks: true,
            start_column: 0,
            last: 0,
        }
    }

    /// Where the record under way began, if one is.
    pub fn open(&self) -> Option<usize> {
        (self.within != Within::Nothing).then_some(self.start)
    }

    /// Whether an outermost array is open.
    pub fn in_array(&self) -> bool {
        self.in_array
    }

    /// Whether nothing has been found to be broken in the record under way.
    pub fn is_sound(&self) -> bool {
        self.within != Within::Broken
    }

    /// The buffer's first bytes are gone.
    pub fn rebase(&mut self, gone: usize) {
        self.start = self.start.saturating_sub(gone);
    }

    /// Goes on at `from`; adds the records that end before the buffer does.
    pub fn feed(&mut self, bytes: &[u8], from: usize, records: &mut Vec<Record>) {
        let mut at = from;
        while at < bytes.len() {
            let byte = bytes[at];
            let next = match self.within {
                Within::Nothing => self.outside(byte, at, records),
                Within::Container => self.inside(byte, at, records),
                Within::String => {
                    let found = memchr3(b'"', b'\\', b'\n', &bytes[at..]);
                    let next = found.map_or(bytes.len(), |found| at + found + 1);
                    match found.map(|found| bytes[at + found]) {
                        Some(b'"') => self.string_ends(next, records),
                        Some(b'\\') => self.within = Within::Escape,
                        // A string does not go over a line's end.
                        Some(_) => {
                            self.within = Within::Broken;
                            self.line();
                            self.last = b'\n';
                            at = next;
                            continue;
                        }
                        None => {}
                    }
                    next
                }
                Within::Escape => {
                    self.within = Within::String;
                    at + 1
                }
                Within::Word => match byte {
                    b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' | b'{' | b'}' | b'[' | b']' | b'"' => {
                        self.value_ends(at, Before::Value, records);
                        at
                    }
                    _ => at + 1,
                },
                Within::Broken => self.broken(byte, at, records),
            };
            match byte {
                b'\n' if next > at => self.line(),
                _ => {
                    self.column += next - at;
                    self.only_blanks &= next == at || matches!(byte, b' ' | b'\t' | b'\r');
                }
            }
            at = next;
        }
    }

    /// Nothing follows: a record under way ends here.
    pub fn finish(&mut self, end: usize, records: &mut Vec<Record>) {
        if self.within != Within::Nothing {
            self.record(end, records);
        }
    }

    fn line(&mut self) {
        (self.column, self.only_blanks) = (0, true);
    }

    fn record(&mut self, end: usize, records: &mut Vec<Record>) {
        records.push(Record { start: self.start, end, stray: self.stray.take() });
        (self.within, self.item_seen, self.comma_seen) = (Within::Nothing, true, false);
    }

    fn begin(&mut self, at: usize, within: Within) {
        (self.within, self.start, self.start_column, self.levels) = (within, at, self.column, Levels::new());
        if self.in_array && self.item_seen {
            self.stray = Some(Stray::NoComma);
        }
    }

    fn mark(&mut self, at: usize, records: &mut Vec<Record>) {
        records.push(Record { start: at, end: at + 1, stray: Some(Stray::Mark) });
    }

    /// Between values.
    fn outside(&mut self, byte: u8, at: usize, records: &mut Vec<Record>) -> usize {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b',' if self.in_array && self.item_seen => (self.item_seen, self.comma_seen) = (false, true),
            b']' if self.in_array => {
                if self.comma_seen {
                    self.mark(at, records);
                }
                self.in_array = false;
            }
            b',' | b']' | b'}' | b':' => self.mark(at, records),
            b'[' if !self.in_array => {
                (self.in_array, self.item_seen, self.comma_seen) = (true, false, false);
            }
            b'{' | b'[' => {
                self.begin(at, Within::Container);
                self.levels.open(byte == b'{');
                self.before = Before::Open;
            }
            b'"' => self.begin(at, Within::String),
            _ => self.begin(at, Within::Word),
        }
        at + 1
    }

    /// In an array or object, outside strings.
    fn inside(&mut self, byte: u8, at: usize, records: &mut Vec<Record>) -> usize {
        use Before::{Colon, Comma, Key, Open, Value};
        let object = self.levels.in_object() == Some(true);
        let value_may_begin = if object { self.before == Colon } else { matches!(self.before, Open | Comma) };
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'"' if value_may_begin || (object && matches!(self.before, Open | Comma)) => self.within = Within::String,
            b'{' | b'[' if value_may_begin && self.levels.open(byte == b'{') => self.before = Open,
            b'}' | b']' if matches!(self.before, Open | Value) && object == (byte == b'}') => {
                self.levels.close();
                self.before = Value;
                if self.levels.in_object().is_none() {
                    self.record(at + 1, records);
                }
            }
            b',' if self.before == Value => self.before = Comma,
            b':' if self.before == Key => self.before = Colon,
            b',' | b':' | b'}' | b']' | b'{' | b'[' | b'"' => return self.breaks(at),
            _ if value_may_begin => self.within = Within::Word,
            _ => return self.breaks(at),
        }
        at + 1
    }

    /// What stands here cannot follow what stood before. It is looked at again, as part of a broken record.
    fn breaks(&mut self, at: usize) -> usize {
        self.within = Within::Broken;
        self.last = if self.before == Before::Value { b'}' } else { 0 };
        at
    }

    fn string_ends(&mut self, end: usize, records: &mut Vec<Record>) {
        let key = self.levels.in_object() == Some(true) && self.before != Before::Colon;
        self.value_ends(end, if key { Before::Key } else { Before::Value }, records);
    }

    fn value_ends(&mut self, end: usize, what: Before, records: &mut Vec<Record>) {
        match self.levels.in_object() {
            None => self.record(end, records),
            Some(_) => (self.within, self.before) = (Within::Container, what),
        }
    }

    /// In a broken record: ends it where another value surely begins.
    fn broken(&mut self, byte: u8, at: usize, records: &mut Vec<Record>) -> usize {
        let behind_another = self.last == b'}' && !self.in_array;
        let below_another = self.only_blanks && self.column == self.start_column;
        if byte == b'{' && at > self.start && (behind_another || below_another) {
            self.record(at, records);
            // Whatever was lost of the record before, its comma is not missed.
            self.item_seen = false;
            return at;
        }
        self.last = byte;
        at + 1
    }
}

//! CSV (RFC 4180) and its relatives with tabs or semicolons: where records end, and what a row comes to as JSON.
//!
//! Flows in: bytes, as they are read; later the bytes of one record. Flows out: bounds of records; the object that a row is,
//! with the names of the header. A field that begins with a quote ends with one, and may hold line ends, separators and
//! doubled quotes; a quote anywhere else is a character. Cells are strings unless types were asked for. It must never make
//! up or drop a cell: a row of another length than the header's is no event.

use super::values::Record;
use crate::value::scan;
use crate::value::text::write_string;
use memchr::{memchr, memchr2};

/// Where a reader stands in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Nothing of the record has been seen.
    RecordStart,
    FieldStart,
    Plain,
    Quoted,
    /// Behind a quote in a quoted field: its end, or the first of two.
    Quote,
}

/// Finds rows in bytes that come piece by piece.
#[derive(Debug)]
pub(in crate::batch) struct Rows {
    separator: u8,
    at: At,
    start: usize,
}

impl Rows {
    pub fn new(separator: u8) -> Rows {
        Rows { separator, at: At::RecordStart, start: 0 }
    }

    /// Where the row under way began, if one is.
    pub fn open(&self) -> Option<usize> {
        (self.at != At::RecordStart).then_some(self.start)
    }

    /// The buffer's first bytes are gone.
    pub fn rebase(&mut self, gone: usize) {
        self.start = self.start.saturating_sub(gone);
    }

    /// Goes on at `from`; adds the rows that end before the buffer does, without their line ends. Empty lines are none.
    pub fn feed(&mut self, bytes: &[u8], from: usize, records: &mut Vec<Record>) {
        let mut at = from;
        while at < bytes.len() {
            let byte = bytes[at];
            match self.at {
                At::RecordStart if matches!(byte, b'\n' | b'\r') => at += 1,
                At::RecordStart => (self.start, self.at) = (at, At::FieldStart),
                At::FieldStart if byte == b'"' => (self.at, at) = (At::Quoted, at + 1),
                At::FieldStart => self.at = At::Plain,
                At::Plain => match memchr2(self.separator, b'\n', &bytes[at..]) {
                    Some(found) => at = self.mark(bytes, at + found, records),
                    None => at = bytes.len(),
                },
                At::Quoted => match memchr(b'"', &bytes[at..]) {
                    Some(found) => (self.at, at) = (At::Quote, at + found + 1),
                    None => at = bytes.len(),
                },
                At::Quote if byte == b'"' => (self.at, at) = (At::Quoted, at + 1),
                // What stands behind the quote belongs to the field, wrong as it is.
                At::Quote => self.at = At::Plain,
            }
        }
    }

    /// A separator or a line's end.
    fn mark(&mut self, bytes: &[u8], at: usize, records: &mut Vec<Record>) -> usize {
        if bytes[at] == b'\n' {
            let end = if at > self.start && bytes[at - 1] == b'\r' { at - 1 } else { at };
            records.push(Record { start: self.start, end, stray: None });
            self.at = At::RecordStart;
        } else {
            self.at = At::FieldStart;
        }
        at + 1
    }

    /// Nothing follows: a row under way ends here.
    pub fn finish(&mut self, end: usize, records: &mut Vec<Record>) {
        if self.open().is_some() {
            records.push(Record { start: self.start, end, stray: None });
            self.at = At::RecordStart;
        }
    }
}

/// The names of the columns, as JSON keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::batch) struct Header {
    separator: u8,
    keys: Vec<Vec<u8>>,
    typed: bool,
}

/// What separates the fields of a header: the first of these that it has, else a comma.
pub(in crate::batch) fn separator(header: &[u8]) -> u8 {
    let (mut quoted, mut found) = (false, b',');
    for byte in header {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => return b',',
            b'\t' | b';' if !quoted && found == b',' => found = *byte,
            b'\n' if !quoted => break,
            _ => {}
        }
    }
    found
}

impl Header {
    /// Reads the first row. With `typed`, cells that are JSON numbers, `true`, `false`, `null`, objects or arrays become
    /// such.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn read(row: &[u8], separator: u8, typed: bool) -> Result<Header, String> {
        let text = std::str::from_utf8(row).map_err(|_| "the header is no UTF-8".to_owned())?;
        let mut names: Vec<String> = Vec::new();
        let mut cells = Cells { text, separator, at: Some(0), cell: String::new() };
        while let Some(cell) = cells.next()? {
            let name = cell.trim().to_owned();
            if name.is_empty() {
                return Err(format!("column {} of the header has no name", names.len() + 1));
            }
            if names.contains(&name) {
                return Err(format!("the header names the column {name} twice"));
            }
            names.push(name);
        }
        let key = |name: &String| {
            let mut key = Vec::new();
            write_string(name, &mut key);
            key.push(b':');
            key
        };
        Ok(Header { separator, keys: names.iter().map(key).collect(), typed })
    }

    /// Writes a row as an object.
    ///
    /// # Errors
    ///
    /// Why it is none, in words; then nothing of use was written.
    pub fn write(&self, row: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let text = std::str::from_utf8(row).map_err(|error| format!("byte {} is no UTF-8", error.valid_up_to()))?;
        let mut cells = Cells { text, separator: self.separator, at: Some(0), cell: String::new() };
        let mut count = 0;
        while let Some(cell) = cells.next()? {
            if let Some(key) = self.keys.get(count) {
                out.push(if count == 0 { b'{' } else { b',' });
                out.extend_from_slice(key);
                match self.typed && is_typed(cell) {
                    true => out.extend(cell.bytes().map(|byte| if byte == b'\n' { b' ' } else { byte })),
                    false => write_string(cell, out),
                }
            }
            count += 1;
        }
        out.push(b'}');
        match count == self.keys.len() {
            true => Ok(()),
            false => Err(format!("the row has {count} cells, and the header has {}", self.keys.len())),
        }
    }
}

/// Whether a cell is JSON of another kind than a string.
fn is_typed(cell: &str) -> bool {
    matches!(cell.as_bytes().first(), Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'{' | b'['))
        && scan::validate(cell.as_bytes()).is_ok_and(|text| text.len() == cell.len())
}

/// The cells of a row, one after the other.
struct Cells<'t> {
    text: &'t str,
    separator: u8,
    /// Where the next one begins; none behind the last.
    at: Option<usize>,
    /// A cell that does not stand there as it reads.
    cell: String,
}

impl Cells<'_> {
    fn next(&mut self) -> Result<Option<&str>, String> {
        let Some(start) = self.at else { return Ok(None) };
        let bytes = self.text.as_bytes();
        if bytes.get(start) != Some(&b'"') {
            let end = memchr(self.separator, &bytes[start..]).map_or(bytes.len(), |found| start + found);
            self.at = (end < bytes.len()).then_some(end + 1);
            return Ok(Some(&self.text[start..end]));
        }
        self.cell.clear();
        let mut from = start + 1;
        loop {
            let Some(found) = memchr(b'"', &bytes[from..]) else {
                return Err(format!("the quote at byte {start} is never closed"));
            };
            let quote = from + found;
            self.cell.push_str(&self.text[from..quote]);
            match bytes.get(quote + 1) {
                Some(b'"') => {
                    self.cell.push('"');
                    from = quote + 2;
                }
                Some(byte) if *byte == self.separator => {
                    self.at = Some(quote + 2);
                    return Ok(Some(&self.cell));
                }
                None => {
                    self.at = None;
                    return Ok(Some(&self.cell));
                }
                Some(_) => return Err(format!("something stands behind the closing quote at byte {quote}")),
            }
        }
    }
}

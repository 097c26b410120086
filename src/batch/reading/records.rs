//! Bytes that come one after the other, cut where records end that are no lines: JSON values, rows of a table.
//!
//! Whoever holds the reading role takes the next chunk, as of a stream of lines: what was left over, then as much as there
//! is room for, up to the last record that ends in it. The bounds of the records are left in the buffer. Where reading
//! fails, the records in front of the place still come. It must never hold more of a record than the limit.

use super::table::{Header, Rows, separator};
use super::values::{Record, Values};
use crate::batch::chunk::{After, Buffer, LongLine, SHOWN_BYTES_MAX};
use crate::batch::ledger::Position;
use crate::batch::source::{BYTE_ORDER_MARK, SourceProblem};
use crate::batch::stream::{Cut, Unpacked};
use memchr::memchr;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How much is asked of a reader at once, at least.
const READ_BYTES: usize = 64 << 10;

/// What finds the ends of records.
enum Finder {
    Values(Box<Values>),
    /// Rows; what separates their fields is not known before the header has been seen.
    Rows {
        rows: Option<Rows>,
        typed: bool,
    },
}

/// A source of records that is read in turn.
pub(in crate::batch) struct RecordStream<'s> {
    from: Unpacked<'s>,
    live: bool,
    finder: Finder,
    /// The names of the columns, once they are known.
    header: Option<Arc<Header>>,
    /// What no chunk has had, how much of it has been looked through, and what was found there.
    rest: Vec<u8>,
    looked: usize,
    found: Vec<Record>,
    /// Offset of the first byte that no chunk has had.
    offset: u64,
    ended: bool,
    stored_before: u64,
    /// Where a run goes on that was stopped: records before are done with, and the first chunk ends there.
    done: u64,
    first_end: u64,
}

impl<'s> RecordStream<'s> {
    /// JSON values, or the items of arrays.
    pub fn values(from: Unpacked<'s>, live: bool) -> RecordStream<'s> {
        RecordStream::new(from, live, Finder::Values(Box::new(Values::new())))
    }

    /// Rows of a table, below a header; `typed` as [`Header::read`] has it.
    pub fn rows(from: Unpacked<'s>, live: bool, typed: bool) -> RecordStream<'s> {
        RecordStream::new(from, live, Finder::Rows { rows: None, typed })
    }

    fn new(from: Unpacked<'s>, live: bool, finder: Finder) -> RecordStream<'s> {
        RecordStream {
            from,
            live,
            finder,
            header: None,
            rest: Vec::new(),
            looked: 0,
            found: Vec::new(),
            offset: 0,
            ended: false,
            stored_before: 0,
            done: 0,
            first_end: 0,
        }
    }

    /// The names of the columns, of a table of which a chunk has been taken.
    pub fn header(&self) -> Option<Arc<Header>> {
        self.header.clone()
    }

    /// Goes on where a run was stopped. What lies before is read, and looked through, again.
    pub fn go_on(&mut self, from: &Position) {
        (self.done, self.first_end, self.stored_before) = (from.offset, from.until, from.stored);
    }

    /// The next records, about `chunk_bytes` of them; none after the last. Their bounds are in the buffer.
    pub fn next(&mut self, chunk_bytes: usize, record_bytes_max: usize, buffer: &mut Buffer) -> Option<Cut> {
        if self.ended {
            return None;
        }
        let mut filled = self.rest.len();
        buffer.grow(filled);
        buffer.bytes[..filled].copy_from_slice(&self.rest);
        self.rest.clear();
        buffer.records.clear();
        buffer.records.append(&mut self.found);
        let held_max = record_bytes_max.max(SHOWN_BYTES_MAX);
        loop {
            if let Err(reason) = self.look(filled, buffer) {
                let failed = io::Error::new(io::ErrorKind::InvalidData, reason);
                self.ended = true;
                return Some(self.cut(0, filled, Some(failed), buffer));
            }
            if let Some(cut) = self.enough(chunk_bytes, filled, buffer) {
                return Some(cut);
            }
            filled = self.forget_what_is_done(filled, buffer);
            let open = self.open();
            if buffer.records.is_empty()
                && let Some(start) = open.filter(|start| filled - start > held_max)
            {
                return Some(self.long_record(start, filled, buffer));
            }
            let room = filled.max(chunk_bytes) + READ_BYTES;
            buffer.grow(room);
            match self.from.reader.read(&mut buffer.bytes[filled..room]) {
                Ok(0) => {
                    self.ended = true;
                    let failed = self.finish(filled, &mut buffer.records);
                    return Some(self.cut(filled, filled, failed, buffer));
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    let end = buffer.records.last().map_or(0, |record| record.end);
                    return Some(self.cut(end, end, Some(error), buffer));
                }
            }
        }
    }

    /// Looks through what has come; the first row of a table is its header.
    fn look(&mut self, filled: usize, buffer: &mut Buffer) -> Result<(), String> {
        let Buffer { bytes, records, .. } = buffer;
        let bytes = &bytes[..filled];
        if self.offset == 0 && self.looked == 0 {
            if bytes.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(bytes) {
                return Ok(());
            }
            self.looked = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        }
        match &mut self.finder {
            Finder::Values(values) => values.feed(bytes, self.looked, records),
            Finder::Rows { rows, typed } => {
                if rows.is_none() {
                    // The header decides what separates fields, so its line has to be there.
                    let header = bytes[self.looked..].trim_ascii_start();
                    if memchr(b'\n', header).is_none() && filled <= READ_BYTES {
                        return Ok(());
                    }
                    *rows = Some(Rows::new(separator(header)));
                }
                if let Some(rows) = rows {
                    rows.feed(bytes, self.looked, records);
                }
                if self.header.is_none() && !records.is_empty() {
                    self.header = Some(header(bytes, records, *typed)?);
                }
            }
        }
        self.looked = filled;
        Ok(())
    }

    /// What is wrong with the end of all, if something is.
    fn finish(&mut self, end: usize, records: &mut Vec<Record>) -> Option<io::Error> {
        match &mut self.finder {
            Finder::Values(values) => {
                values.finish(end, records);
                let cut_off = || {
                    let what = "the array that it holds is never closed: what there is of it has been read";
                    io::Error::new(io::ErrorKind::UnexpectedEof, what)
                };
                values.in_array().then(cut_off)
            }
            Finder::Rows { rows: Some(rows), .. } => {
                rows.finish(end, records);
                None
            }
            // A header alone, without a line's end: no rows.
            Finder::Rows { rows: None, .. } => None,
        }
    }

    /// The chunk, if there is enough for one.
    fn enough(&mut self, chunk_bytes: usize, filled: usize, buffer: &mut Buffer) -> Option<Cut> {
        if self.first_end > 0 {
            let first_end = usize::try_from(self.first_end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
            if self.looked < first_end {
                return None;
            }
            self.first_end = 0;
            if first_end > 0 && buffer.records.iter().any(|record| self.offset + record.end as u64 > self.done) {
                return Some(self.cut(first_end, filled, None, buffer));
            }
        }
        let end = buffer.records.last()?.end;
        let new = self.offset + end as u64 > self.done;
        (new && (filled >= chunk_bytes || self.live)).then(|| self.cut(end, filled, None, buffer))
    }

    /// Makes room of what was dealt with before the run was stopped; gives how much is left.
    fn forget_what_is_done(&mut self, filled: usize, buffer: &mut Buffer) -> usize {
        let Some(end) = buffer.records.last().map(|record| record.end) else { return filled };
        if self.offset + end as u64 > self.done {
            return filled;
        }
        buffer.records.clear();
        buffer.bytes.copy_within(end..filled, 0);
        self.gone(end);
        self.offset += end as u64;
        filled - end
    }

    fn open(&self) -> Option<usize> {
        match &self.finder {
            Finder::Values(values) => values.open(),
            Finder::Rows { rows, .. } => rows.as_ref().and_then(Rows::open),
        }
    }

    /// The buffer's first bytes are handed out.
    fn gone(&mut self, bytes: usize) {
        self.looked = self.looked.saturating_sub(bytes);
        match &mut self.finder {
            Finder::Values(values) => values.rebase(bytes),
            Finder::Rows { rows, .. } => rows.iter_mut().for_each(|rows| rows.rebase(bytes)),
        }
    }

    /// Records up to `end`, and what is left over behind them.
    fn cut(&mut self, end: usize, filled: usize, failed: Option<io::Error>, buffer: &mut Buffer) -> Cut {
        self.rest.extend_from_slice(&buffer.bytes[end..filled]);
        let later = buffer.records.partition_point(|record| record.end <= end);
        self.found.extend(buffer.records.drain(later..).map(|record| Record {
            start: record.start.saturating_sub(end),
            end: record.end - end,
            ..record
        }));
        let (offset, done) = (self.offset, self.done);
        buffer.records.retain(|record| offset + record.start as u64 >= done);
        self.gone(end);
        self.offset += end as u64;
        let failed = failed.map(|error| (self.offset, SourceProblem::Read(error)));
        self.handed_out(offset, end, None, failed)
    }

    /// A record that is too long to be held: its beginning is kept, the rest of it only counted.
    fn long_record(&mut self, start: usize, filled: usize, buffer: &mut Buffer) -> Cut {
        let shown = buffer.bytes[start..start + SHOWN_BYTES_MAX].to_vec();
        let start = self.offset + start as u64;
        self.gone(filled);
        self.offset += filled as u64;
        self.looked = 0;
        let mut failed = None;
        buffer.grow(READ_BYTES);
        let (end, filled) = loop {
            match self.from.reader.read(&mut buffer.bytes[..READ_BYTES]) {
                Ok(0) => {
                    self.ended = true;
                    failed = self.finish(0, &mut buffer.records);
                    break (0, 0);
                }
                Ok(read) => {
                    match &mut self.finder {
                        Finder::Values(values) => values.feed(&buffer.bytes[..read], 0, &mut buffer.records),
                        Finder::Rows { rows, .. } => {
                            rows.iter_mut().for_each(|rows| rows.feed(&buffer.bytes[..read], 0, &mut buffer.records));
                        }
                    }
                    if let Some(record) = buffer.records.first() {
                        self.looked = read;
                        break (record.end, read);
                    }
                    self.gone(read);
                    self.offset += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    (self.ended, failed) = (true, Some(error));
                    break (0, 0);
                }
            }
        };
        if !buffer.records.is_empty() {
            buffer.records.remove(0);
        }
        let length = self.offset + end as u64 - start;
        let mut cut = self.cut(end, filled, failed, buffer);
        buffer.records.clear();
        cut.offset = start;
        cut.range = 0..0;
        if start >= self.done {
            cut.long = Some(LongLine { offset: start, length, start: shown });
        }
        cut
    }

    fn handed_out(
        &mut self,
        offset: u64,
        end: usize,
        long: Option<LongLine>,
        failed: Option<(u64, SourceProblem)>,
    ) -> Cut {
        let stored = self.from.stored.load(Ordering::Relaxed).max(self.stored_before);
        let stored_bytes = stored - std::mem::replace(&mut self.stored_before, stored);
        let read = self.offset + self.rest.len() as u64;
        let after = After { offset: self.offset, read, stored, ends: self.ended };
        Cut { offset, range: 0..end, long, failed, stored_bytes, after, live: self.live }
    }
}

/// Takes the first row away, as a header.
fn header(bytes: &[u8], records: &mut Vec<Record>, typed: bool) -> Result<Arc<Header>, String> {
    let Record { start, end, .. } = records.remove(0);
    let row = &bytes[start..end];
    Header::read(row, separator(row), typed).map(Arc::new)
}

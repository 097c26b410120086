//! A chunk: whole lines of one source, the unit that workers claim and that results come back in.
//!
//! Flows in: bytes, from whoever cuts a source at line ends. Flows out: the lines as one slice, with the place they had.
//! The bytes stand in the claiming worker's [`Buffer`], which is used again for the next chunk, or in memory of the
//! caller. It must never hold a line that is longer than the limit: such a line is a [`LongLine`], its beginning only.

use super::reading::{Origins, Record, Rejected};
use super::source::SourceError;
use super::wording::Place;
use std::ops::Range;

/// How much of a line that cannot be an event is kept to be shown.
pub(super) const SHOWN_BYTES_MAX: usize = 65_536;

/// A buffer that has grown beyond this is given back once its chunk is done.
const KEPT_BYTES_MAX: usize = 4 << 20;

/// Whole lines of one source.
#[derive(Debug)]
pub(super) struct Chunk<'s> {
    /// Its place among all chunks of the run, without gaps.
    pub sequence: u64,
    /// The source's number.
    pub source: usize,
    /// Offset of the first byte in the source's (decompressed) bytes.
    pub offset: u64,
    /// The lines.
    pub data: Data<'s>,
    /// Where each of them came from, if they were made of records that were none.
    pub origins: Option<Box<Origins>>,
    /// A line right behind them that is over the limit.
    pub long: Option<LongLine>,
    /// How many lines the source has before this chunk, where that is known already.
    pub lines_before: Option<u64>,
    /// How many bytes of the source, as they are stored, it took.
    pub stored_bytes: u64,
    /// Where a run would go on that is stopped right behind it.
    pub after: After,
    /// Whether its results are to be seen at once, because more lines may be long in coming.
    pub live: bool,
    /// Why the source could not be read on from here.
    pub failed: Option<SourceError>,
}

/// What is behind a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct After {
    /// Offset of what follows: no line of the chunk starts there or behind.
    pub offset: u64,
    /// How much of a stream has been read.
    pub read: u64,
    /// How many of its bytes, as they are stored, that took.
    pub stored: u64,
    /// Whether the source ends with the chunk.
    pub ends: bool,
}

/// Where a chunk's bytes are.
#[derive(Debug, Clone)]
pub(super) enum Data<'s> {
    /// In the worker's buffer.
    Buffered(Range<usize>),
    /// In memory that outlives the run.
    Borrowed(&'s [u8]),
    /// Made by the worker, in its buffer.
    Shaped(Range<usize>),
}

impl Chunk<'_> {
    /// The place of the line with this index, which begins at this byte of the chunk.
    #[inline]
    pub fn place(&self, at: usize, line_index: u64) -> Place {
        place(self.source, self.offset, self.origins.as_deref(), at, line_index)
    }

    /// Why that line is no event, where this was found when it was made.
    pub fn rejected(&self, line_index: u64) -> Option<&Rejected> {
        self.origins.as_ref()?.rejected(line_index)
    }
}

/// The place of a line of a chunk that begins at `offset` of its source.
#[inline]
pub(super) fn place(source: usize, offset: u64, origins: Option<&Origins>, at: usize, line_index: u64) -> Place {
    match origins {
        None => Place { source, offset: offset + at as u64, line_index },
        Some(origins) => Place { source, offset: origins.of(line_index).map_or(offset, |o| o.offset), line_index },
    }
}

impl<'s> Data<'s> {
    /// No bytes.
    pub const NONE: Data<'s> = Data::Borrowed(&[]);

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        match self {
            Data::Buffered(range) | Data::Shaped(range) => range.len(),
            Data::Borrowed(bytes) => bytes.len(),
        }
    }

    /// The bytes.
    pub fn bytes<'b>(&self, buffer: &'b Buffer) -> &'b [u8]
    where
        's: 'b,
    {
        match self {
            Data::Buffered(range) => &buffer.bytes[range.clone()],
            Data::Shaped(range) => &buffer.shaped[range.clone()],
            Data::Borrowed(bytes) => bytes,
        }
    }
}

/// A line over the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LongLine {
    /// Offset of its first byte in the source.
    pub offset: u64,
    /// Its length without the line end.
    pub length: u64,
    /// Its first bytes, [`SHOWN_BYTES_MAX`] of them if there are that many.
    pub start: Vec<u8>,
}

/// Memory to read into: all of it initialised, so that reading again costs no clearing.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    pub bytes: Vec<u8>,
    /// Bounds of records in it that are no lines.
    pub records: Vec<Record>,
    /// Lines made of it.
    pub shaped: Vec<u8>,
}

impl Buffer {
    /// Makes room for that many bytes; what is there stays.
    pub fn grow(&mut self, bytes: usize) {
        if self.bytes.len() < bytes {
            self.bytes.resize(bytes, 0);
        }
    }

    /// Gives memory back that one long line made it take.
    pub fn settle(&mut self) {
        if self.bytes.len() > KEPT_BYTES_MAX {
            self.bytes = Vec::new();
        }
        if self.shaped.capacity() > KEPT_BYTES_MAX {
            self.shaped = Vec::new();
        }
    }
}

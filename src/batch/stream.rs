//! Bytes that come one after the other, cut at line ends: pipes, readers, compressed files.
//!
//! Whoever holds the reading role takes the next chunk: what the chunk before left over, then as much as there is room
//! for, up to the last line end in it. Where reading fails, the lines in front of the place still come. It must never hold
//! more of a line than the limit.

use super::chunk::{After, Buffer, LongLine, SHOWN_BYTES_MAX};
use super::ledger::Position;
use super::source::{BYTE_ORDER_MARK, Format, SourceProblem};
use super::unpack::Unpack;
use memchr::{memchr, memrchr};
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How much is asked of a reader at once, at least.
const READ_BYTES: usize = 64 << 10;

/// What a source holds, unpacked if it was packed.
pub(super) struct Unpacked<'s> {
    pub reader: Box<dyn Read + Send + 's>,
    /// How many bytes have been read for it, as they are stored.
    pub stored: Arc<AtomicU64>,
}

impl<'s> Unpacked<'s> {
    /// What stored bytes hold.
    pub fn new(reader: Box<dyn Read + Send + 's>, format: Format) -> io::Result<Unpacked<'s>> {
        let stored = Arc::new(AtomicU64::new(0));
        let counted = Counted { reader, count: stored.clone() };
        let reader: Box<dyn Read + Send + 's> = match format {
            Format::Plain => Box::new(counted),
            Format::Gzip => Box::new(Unpack::gzip(counted)),
            Format::Zstd => Box::new(Unpack::zstandard(counted)?),
        };
        Ok(Unpacked { reader, stored })
    }
}

/// A source that is read in turn.
pub(super) struct Stream<'s> {
    reader: Box<dyn Read + Send + 's>,
    /// Whether what has arrived should be worked on rather than waited upon.
    live: bool,
    /// The beginning of a line, left over by the chunk before.
    rest: Vec<u8>,
    /// Offset of the first byte that no chunk has had.
    offset: u64,
    ended: bool,
    stored: Arc<AtomicU64>,
    stored_before: u64,
    /// How long the first chunk is, where one was under way when the run was stopped.
    first: usize,
}

/// Lines of a stream.
#[derive(Debug)]
pub(super) struct Cut {
    /// Offset of the first of them.
    pub offset: u64,
    /// Where they stand in the buffer.
    pub range: Range<usize>,
    /// A line behind them that is too long to be held.
    pub long: Option<LongLine>,
    /// Why the stream ends here, and the offset of the first byte that is missing.
    pub failed: Option<(u64, SourceProblem)>,
    /// How many bytes were read for it, as they are stored.
    pub stored_bytes: u64,
    /// What is behind it.
    pub after: After,
    /// Whether somebody may be waiting for the results, since more lines may be long in coming.
    pub live: bool,
}

impl<'s> Stream<'s> {
    /// A stream over lines.
    pub fn new(from: Unpacked<'s>, live: bool) -> Stream<'s> {
        let Unpacked { reader, stored } = from;
        Stream { reader, live, rest: Vec::new(), offset: 0, ended: false, stored, stored_before: 0, first: 0 }
    }

    /// The bytes, of a stream from which nothing has been taken.
    pub fn into_reader(self) -> Box<dyn Read + Send + 's> {
        self.reader
    }

    /// Goes to where a run was stopped, before anything else is read. What lies before is read, or unpacked, again.
    pub fn go_on(&mut self, from: &Position) -> io::Result<()> {
        let mut step = vec![0; READ_BYTES];
        while self.offset < from.read {
            let most = usize::try_from(from.read - self.offset).unwrap_or(usize::MAX).min(step.len());
            match self.reader.read(&mut step[..most]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    let skipped =
                        usize::try_from(from.offset.saturating_sub(self.offset)).unwrap_or(usize::MAX).min(read);
                    self.rest.extend_from_slice(&step[skipped..read]);
                    self.offset += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.offset = from.offset;
        self.first = usize::try_from(from.until - from.offset).unwrap_or(usize::MAX).min(self.rest.len());
        self.stored_before = from.stored;
        Ok(())
    }

    /// The next lines, about `chunk_bytes` of them; none after the last.
    pub fn next(&mut self, chunk_bytes: usize, line_bytes_max: usize, buffer: &mut Buffer) -> Option<Cut> {
        if self.ended {
            return None;
        }
        let mut filled = self.rest.len();
        buffer.grow(filled);
        buffer.bytes[..filled].copy_from_slice(&self.rest);
        self.rest.clear();
        let first = std::mem::take(&mut self.first);
        if first > 0 {
            return Some(self.cut(0..first, filled, None, buffer));
        }
        let mut looked = 0;
        let mut line_end = None;
        let mut skipped = 0;
        // A byte order mark is not part of the first line.
        let held_max = line_bytes_max.max(SHOWN_BYTES_MAX) + BYTE_ORDER_MARK.len();
        loop {
            if skipped == 0 {
                if let Some(at) = memrchr(b'\n', &buffer.bytes[looked..filled]) {
                    line_end = Some(looked + at + 1);
                }
                looked = filled;
                if let Some(end) = line_end
                    && (filled >= chunk_bytes || self.live)
                {
                    return Some(self.cut(0..end, filled, None, buffer));
                }
                if line_end.is_none() && filled > held_max {
                    // From here on its bytes are only counted: they go where its beginning has been shown already.
                    skipped = filled;
                    filled = SHOWN_BYTES_MAX + BYTE_ORDER_MARK.len();
                }
            }
            let room = filled.max(if skipped == 0 { chunk_bytes } else { 0 }) + READ_BYTES;
            buffer.grow(room);
            match self.reader.read(&mut buffer.bytes[filled..room]) {
                Ok(0) => {
                    self.ended = true;
                    if skipped > 0 {
                        return Some(self.long_line(skipped, filled, filled, buffer));
                    }
                    return Some(self.cut(0..filled, filled, None, buffer));
                }
                Ok(read) if skipped > 0 => {
                    if let Some(at) = memchr(b'\n', &buffer.bytes[filled..filled + read]) {
                        return Some(self.long_line(skipped + at, filled + at + 1, filled + read, buffer));
                    }
                    skipped += read;
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    let end = if skipped > 0 { 0 } else { line_end.unwrap_or(0) };
                    return Some(self.cut(0..end, end, Some(error), buffer));
                }
            }
        }
    }

    /// Lines in the buffer, and what is left over behind them.
    fn cut(&mut self, lines: Range<usize>, filled: usize, failed: Option<io::Error>, buffer: &Buffer) -> Cut {
        let mut range = lines;
        self.rest.extend_from_slice(&buffer.bytes[range.end..filled]);
        if self.offset == 0 && buffer.bytes[range.clone()].starts_with(BYTE_ORDER_MARK) {
            range.start = BYTE_ORDER_MARK.len();
        }
        let offset = self.offset + range.start as u64;
        self.offset += range.end as u64;
        let failed = failed.map(|error| (self.offset, SourceProblem::Read(error)));
        let (stored_bytes, after) = (self.stored_bytes(), self.after());
        Cut { offset, range, long: None, failed, stored_bytes, after, live: self.live }
    }

    /// A line that was too long: `rest..filled` in the buffer is behind its end.
    fn long_line(&mut self, length: usize, rest: usize, filled: usize, buffer: &Buffer) -> Cut {
        let mark = match self.offset == 0 && buffer.bytes.starts_with(BYTE_ORDER_MARK) {
            true => BYTE_ORDER_MARK.len(),
            false => 0,
        };
        let start = buffer.bytes[mark..mark + SHOWN_BYTES_MAX].to_vec();
        let offset = self.offset + mark as u64;
        self.rest.extend_from_slice(&buffer.bytes[rest..filled]);
        let line_end = u64::from(!self.ended);
        self.offset += length as u64 + line_end;
        let long = Some(LongLine { offset, length: (length - mark) as u64, start });
        let (stored_bytes, after) = (self.stored_bytes(), self.after());
        Cut { offset, range: 0..0, long, failed: None, stored_bytes, after, live: self.live }
    }

    /// How many bytes were read since this was asked last. A run that goes on may have read less ahead than was counted.
    fn stored_bytes(&mut self) -> u64 {
        let stored = self.stored.load(Ordering::Relaxed).max(self.stored_before);
        stored - std::mem::replace(&mut self.stored_before, stored)
    }

    fn after(&self) -> After {
        let read = self.offset + self.rest.len() as u64;
        After { offset: self.offset, read, stored: self.stored_before, ends: self.ended }
    }
}

/// Counts the bytes that are read.
struct Counted<R> {
    reader: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

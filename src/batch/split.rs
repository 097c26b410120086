//! Plain bytes in pieces that workers fetch by themselves, without knowing of one another.
//!
//! Piece k of C bytes owns the lines that *start* in it. So whoever reads it looks back at least one byte (a line starts behind a
//! line end), drops what belongs to the piece before, and reads on behind its own end until its last line is over. Every
//! line has one owner, whatever C is. It must never hold more of a line than the limit, nor trust that a file keeps its
//! length.

use super::chunk::{Buffer, LongLine, SHOWN_BYTES_MAX};
use super::source::{BYTE_ORDER_MARK, SourceProblem};
use memchr::{memchr, memrchr};
use std::io;
use std::ops::Range;

/// How much is read before a piece: one byte would do, but then the system could not copy from and to aligned memory.
const LEAD_BYTES: u64 = 64;
/// How much is read behind a piece's end at first: most lines are shorter.
const BEHIND_BYTES: usize = 8 << 10;
/// How much of a line that is too long is looked at at once.
const SKIP_BYTES: usize = 256 << 10;

/// Something of which pieces can be read at any place, by several threads at once.
pub trait ReadAt: Send + Sync {
    /// Reads some bytes from an offset; none at the end.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize>;
}

#[cfg(unix)]
impl ReadAt for std::fs::File {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, into, offset)
    }
}

/// Reads until `into` is full or the end is reached; gives how many bytes there were, and what stopped it before.
pub(super) fn fill(from: &(impl ReadAt + ?Sized), into: &mut [u8], offset: u64) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while filled < into.len() {
        match from.read_at(&mut into[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read.min(into.len() - filled),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

/// A piece of a source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    /// Offset of its first byte.
    pub start: u64,
    /// Offset behind its last byte.
    pub end: u64,
    /// The source's length when it was opened.
    pub length: u64,
    /// The longest line that is held.
    pub line_bytes_max: usize,
}

/// The lines that a piece owns.
#[derive(Debug)]
pub(super) struct Owned {
    /// Offset of the first of them.
    pub offset: u64,
    /// Where they stand in the buffer.
    pub range: Range<usize>,
    /// The last one, if it is too long to be held.
    pub long: Option<LongLine>,
    /// Why they may not be all, and the offset of the first byte that is missing.
    pub failed: Option<(u64, SourceProblem)>,
}

/// Fetches the lines that a piece owns.
pub(super) fn fetch(from: &(impl ReadAt + ?Sized), piece: Piece, buffer: &mut Buffer) -> Owned {
    let mut reader =
        Fetch { from, piece, base: piece.start.saturating_sub(LEAD_BYTES), filled: 0, end: None, failed: None };
    // Offsets in the buffer: of the piece's first byte, and of the first line end that is not in front of its last line.
    let own = (piece.start - reader.base) as usize;
    let last = (piece.end - 1 - reader.base) as usize;
    reader.read_to(last + 1 + BEHIND_BYTES, buffer);
    let first = match own {
        0 if buffer.bytes[..reader.filled].starts_with(BYTE_ORDER_MARK) => BYTE_ORDER_MARK.len(),
        0 => 0,
        _ => match buffer.bytes[..last.min(reader.filled)].get(own - 1..).and_then(|bytes| memchr(b'\n', bytes)) {
            Some(at) => own + at,
            None => return reader.incomplete(0..0, None),
        },
    };
    let mut looked = last;
    loop {
        let read = reader.filled;
        if let Some(at) = buffer.bytes.get(looked..read).and_then(|rest| memchr(b'\n', rest)) {
            return reader.owned(first..looked + at + 1);
        }
        let line = complete(&buffer.bytes, first, read);
        if reader.end.is_some_and(|end| end >= piece.length) {
            return reader.owned(first..read);
        }
        if reader.end.is_some() || reader.failed.is_some() {
            return reader.incomplete(first..line, None);
        }
        if read - line > piece.line_bytes_max.max(SHOWN_BYTES_MAX) {
            let long = reader.skip_line(line, buffer);
            return reader.incomplete(first..line, long);
        }
        looked = looked.max(read);
        reader.read_to(read + (read - line).max(BEHIND_BYTES), buffer);
    }
}

/// Where the lines end that are complete.
fn complete(bytes: &[u8], first: usize, filled: usize) -> usize {
    memrchr(b'\n', &bytes[first..filled]).map_or(first, |at| first + at + 1)
}

/// The reading of one piece. The buffer starts at the source's byte `base`.
struct Fetch<'r, R: ?Sized> {
    from: &'r R,
    piece: Piece,
    base: u64,
    filled: usize,
    /// Where the source ends, once it is known.
    end: Option<u64>,
    failed: Option<io::Error>,
}

impl<R: ReadAt + ?Sized> Fetch<'_, R> {
    /// Reads until that much is in the buffer, unless the source ends or fails before.
    fn read_to(&mut self, filled: usize, buffer: &mut Buffer) {
        buffer.grow(filled);
        let (read, failed) = fill(self.from, &mut buffer.bytes[self.filled..filled], self.base + self.filled as u64);
        self.filled += read;
        self.failed = failed;
        if self.filled < filled && self.failed.is_none() {
            self.end = Some(self.base + self.filled as u64);
        }
    }

    /// Goes through a line that is too long to be held; none if it could not be read to its end.
    fn skip_line(&mut self, line: usize, buffer: &mut Buffer) -> Option<LongLine> {
        let start = buffer.bytes[line..line + SHOWN_BYTES_MAX].to_vec();
        let line_at = self.base + line as u64;
        let mut at = self.base + self.filled as u64;
        buffer.grow(self.filled + SKIP_BYTES);
        loop {
            let piece = &mut buffer.bytes[self.filled..self.filled + SKIP_BYTES];
            let (read, failed) = fill(self.from, piece, at);
            let line_end = memchr(b'\n', &piece[..read]);
            at += line_end.unwrap_or(read) as u64;
            match (line_end, failed) {
                (Some(_), _) => return Some(LongLine { offset: line_at, length: at - line_at, start }),
                (None, Some(error)) => {
                    self.failed = Some(error);
                    return None;
                }
                (None, None) if read < SKIP_BYTES => {
                    self.end = Some(at);
                    return Some(LongLine { offset: line_at, length: at - line_at, start });
                }
                (None, None) => {}
            }
        }
    }

    /// All lines of the piece are there.
    fn owned(self, range: Range<usize>) -> Owned {
        Owned { offset: self.base + range.start as u64, range, long: None, failed: None }
    }

    /// What there is of a piece that may have failed, or ended too early.
    fn incomplete(self, range: Range<usize>, long: Option<LongLine>) -> Owned {
        let expected_bytes = self.piece.length;
        let problem = match (self.failed, self.end) {
            (Some(error), _) => Some(SourceProblem::Read(error)),
            (None, Some(end)) if end < expected_bytes => Some(SourceProblem::Shrunk { expected_bytes }),
            (None, _) => None,
        };
        let failed = problem.map(|problem| (self.base + range.end as u64, problem));
        Owned { offset: self.base + range.start as u64, range, long, failed }
    }
}

//! Lines of a file, each where it lies in a reused chunk. No line is copied, but for the one that a chunk ends in.

use std::fs::File;
use std::io::{self, Read};

/// What is asked of the file at once; a longer line makes the chunk longer.
const CHUNK_BYTES: usize = 256 << 10;

/// Bytes that may be read, but not written, behind every line: readers take whole vectors.
pub const PADDING_BYTES: usize = simd_json::INPUT_PADDING;

/// A line without its end, and behind it [`PADDING_BYTES`] of whatever comes next.
pub struct Line<'l> {
    pub padded: &'l mut [u8],
    pub len: usize,
}

impl<'l> Line<'l> {
    pub fn text(self) -> &'l mut [u8] {
        &mut self.padded[..self.len]
    }
}

pub struct Lines {
    file: File,
    chunk: Vec<u8>,
    /// Where the next line begins, and where what has been read ends.
    at: usize,
    end: usize,
    ended: bool,
}

impl Lines {
    pub fn new(file: File) -> Lines {
        Lines { file, chunk: vec![0; CHUNK_BYTES + PADDING_BYTES], at: 0, end: 0, ended: false }
    }

    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut searched = 0;
        loop {
            if let Some(len) = memchr::memchr(b'\n', &self.chunk[self.at + searched..self.end]) {
                let (start, len) = (self.at, searched + len);
                self.at += len + 1;
                return Ok(Some(Line { padded: &mut self.chunk[start..start + len + PADDING_BYTES], len }));
            }
            searched = self.end - self.at;
            if self.ended {
                let start = std::mem::replace(&mut self.at, self.end);
                let line = Line { padded: &mut self.chunk[start..start + searched + PADDING_BYTES], len: searched };
                return Ok((searched > 0).then_some(line));
            }
            self.fill()?;
        }
    }

    /// Moves what is left to the front and reads behind it.
    fn fill(&mut self) -> io::Result<()> {
        self.chunk.copy_within(self.at..self.end, 0);
        self.end -= std::mem::take(&mut self.at);
        if self.end + PADDING_BYTES == self.chunk.len() {
            self.chunk.resize(2 * self.chunk.len(), 0);
        }
        let room = self.chunk.len() - PADDING_BYTES;
        let read = self.file.read(&mut self.chunk[self.end..room])?;
        self.end += read;
        self.ended = read == 0;
        Ok(())
    }
}

//! Chunks, handed out in order to whichever worker asks next.
//!
//! Flows in: the sources. Flows out: chunks, numbered without gaps. A plain file's next piece is handed out under the
//! lock and read outside it; a stream is read under it, so that the reading role goes to whoever finds it free. Chunks are
//! only handed out when there is room for their results: waiting happens before a chunk is taken, so that the first
//! unfinished chunk always is in the hands of somebody who works on it. It must never run anything.
//!
//! A run that stops after so many records, or that writes out of order, has to know how many records or lines stand before
//! a chunk. Then all sources are read in turn, and lines are counted as they are handed out.

use super::chunk::{Buffer, Chunk, Data, LongLine};
use super::order::Order;
use super::source::{Opened, Source, SourceError, SourceProblem};
use super::split::{self, Piece, ReadAt};
use super::stream::Stream;
use memchr::{memchr, memchr_iter};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How sources are cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cutting {
    /// About how many bytes a chunk has.
    pub chunk_bytes: usize,
    /// The longest line that can be an event.
    pub line_bytes_max: usize,
    /// How many records are read at most.
    pub records_max: Option<u64>,
    /// Whether sources are read in turn and their lines are counted.
    pub counting: bool,
}

/// The sources of a run.
pub(super) struct Intake<'s> {
    cutting: Cutting,
    names: Vec<String>,
    state: Mutex<State<'s>>,
}

struct State<'s> {
    waiting: std::vec::IntoIter<Source<'s>>,
    /// How many sources have been opened.
    opened: usize,
    open: Option<Open<'s>>,
    /// How many chunks have been handed out.
    chunks: u64,
    /// How many lines of this source have, if they are counted.
    lines: u64,
    /// How many records still may be.
    records_left: u64,
    finished: bool,
}

enum Open<'s> {
    Pieces { from: Arc<dyn ReadAt + 's>, length: u64, next: u64 },
    Memory { bytes: &'s [u8], mark: u64, next: usize },
    Stream(Box<Stream<'s>>),
}

/// The lines of a chunk, from wherever they come.
struct Found<'s> {
    offset: u64,
    data: Data<'s>,
    long: Option<LongLine>,
    failed: Option<(u64, SourceProblem)>,
    stored_bytes: u64,
    live: bool,
}

impl<'s> Intake<'s> {
    /// Nothing has been read yet.
    pub fn new(sources: Vec<Source<'s>>, cutting: Cutting) -> Intake<'s> {
        let names = sources.iter().map(|source| source.name().to_owned()).collect();
        let state = State {
            waiting: sources.into_iter(),
            opened: 0,
            open: None,
            chunks: 0,
            lines: 0,
            records_left: cutting.records_max.unwrap_or(u64::MAX),
            finished: false,
        };
        Intake { cutting, names, state: Mutex::new(state) }
    }

    /// The names of the sources, by their numbers.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether all has been handed out.
    pub fn is_finished(&self) -> bool {
        self.lock().finished
    }

    /// The next chunk, as soon as there is room for its results; none when all have been handed out, or when the run is
    /// over.
    pub fn claim(&self, order: &Order, buffer: &mut Buffer) -> Option<Chunk<'s>> {
        let mut state = self.lock();
        loop {
            if state.records_left == 0 {
                state.finished = true;
            }
            if state.finished || !order.wait_for_room(state.chunks) {
                return None;
            }
            let source = state.opened.saturating_sub(1);
            match &mut state.open {
                None => {
                    let Some(next) = state.waiting.next() else {
                        state.finished = true;
                        return None;
                    };
                    state.opened += 1;
                    state.lines = 0;
                    match next.open(self.cutting.counting) {
                        Ok(opened) => state.open = Some(Open::new(opened)),
                        Err(error) => {
                            let found = Found::nothing(0);
                            let source = state.opened - 1;
                            return Some(Chunk { failed: Some(error), ..self.hand_out(&mut state, source, found) });
                        }
                    }
                }
                Some(Open::Pieces { from, length, next }) if *next < *length => {
                    let (from, start, length) = (from.clone(), *next, *length);
                    let end = length.min(start.saturating_add(self.cutting.chunk_bytes as u64));
                    *next = end;
                    let mut chunk = self.hand_out(&mut state, source, Found::nothing(start));
                    drop(state);
                    let piece = Piece { start, end, length, line_bytes_max: self.cutting.line_bytes_max };
                    let owned = split::fetch(&*from, piece, buffer);
                    chunk.offset = owned.offset;
                    chunk.data = Data::Buffered(owned.range);
                    chunk.long = owned.long;
                    chunk.failed = owned.failed.map(|(offset, problem)| self.failed(source, offset, problem));
                    chunk.stored_bytes = end - start;
                    return Some(chunk);
                }
                Some(Open::Memory { bytes, mark, next }) if *next < bytes.len() => {
                    let start = *next;
                    let least = bytes.len().min(start.saturating_add(self.cutting.chunk_bytes));
                    // The last byte of the chunk may be a line end itself.
                    let end = memchr(b'\n', &bytes[least - 1..]).map_or(bytes.len(), |at| least + at);
                    *next = end;
                    let found = Found {
                        data: Data::Borrowed(&bytes[start..end]),
                        stored_bytes: (end - start) as u64,
                        ..Found::nothing(*mark + start as u64)
                    };
                    return Some(self.hand_out(&mut state, source, found));
                }
                Some(Open::Stream(stream)) => {
                    match stream.next(self.cutting.chunk_bytes, self.cutting.line_bytes_max, buffer) {
                        Some(cut) => {
                            let found = Found {
                                offset: cut.offset,
                                data: Data::Buffered(cut.range),
                                long: cut.long,
                                failed: cut.failed,
                                stored_bytes: cut.stored_bytes,
                                live: cut.live,
                            };
                            let mut chunk = self.hand_out(&mut state, source, found);
                            if self.cutting.counting {
                                self.count(&mut state, &mut chunk, buffer);
                            }
                            return Some(chunk);
                        }
                        None => state.open = None,
                    }
                }
                Some(Open::Pieces { .. } | Open::Memory { .. }) => state.open = None,
            }
        }
    }

    /// Gives the next chunk its number.
    fn hand_out(&self, state: &mut State<'s>, source: usize, found: Found<'s>) -> Chunk<'s> {
        let sequence = state.chunks;
        state.chunks += 1;
        Chunk {
            sequence,
            source,
            offset: found.offset,
            data: found.data,
            long: found.long,
            lines_before: self.cutting.counting.then_some(state.lines),
            stored_bytes: found.stored_bytes,
            live: found.live,
            failed: found.failed.map(|(offset, problem)| self.failed(source, offset, problem)),
        }
    }

    /// Counts a chunk's lines, and cuts it where the last record stands that is still wanted.
    fn count(&self, state: &mut State<'s>, chunk: &mut Chunk<'s>, buffer: &Buffer) {
        let bytes = chunk.data.bytes(buffer);
        if self.cutting.records_max.is_none() {
            let unfinished = bytes.last().is_some_and(|last| *last != b'\n');
            state.lines += memchr_iter(b'\n', bytes).count() as u64;
            state.lines += u64::from(unfinished) + u64::from(chunk.long.is_some());
            return;
        }
        let mut at = 0;
        while at < bytes.len() && state.records_left > 0 {
            let line = &bytes[at..];
            let line = &line[..memchr(b'\n', line).unwrap_or(line.len())];
            at = bytes.len().min(at + line.len() + 1);
            state.lines += 1;
            let blank = line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
            state.records_left -= u64::from(!blank || line.len() > self.cutting.line_bytes_max);
        }
        if let Data::Buffered(range) = &mut chunk.data
            && at < range.len()
        {
            range.end = range.start + at;
            chunk.long = None;
            chunk.failed = None;
        }
        if chunk.long.is_some() {
            match state.records_left {
                0 => chunk.long = None,
                _ => state.records_left -= 1,
            }
            state.lines += 1;
        }
        if state.records_left == 0 {
            // What is wrong behind the last record that is wanted is nobody's concern.
            chunk.failed = None;
        }
    }

    fn failed(&self, source: usize, offset: u64, problem: SourceProblem) -> SourceError {
        SourceError { name: self.names[source].clone(), offset, problem }
    }

    fn lock(&self) -> MutexGuard<'_, State<'s>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'s> Open<'s> {
    fn new(opened: Opened<'s>) -> Open<'s> {
        match opened {
            Opened::Pieces(from, length) => Open::Pieces { from, length, next: 0 },
            Opened::Memory((bytes, mark)) => Open::Memory { bytes, mark, next: 0 },
            Opened::Stream(stream) => Open::Stream(stream),
        }
    }
}

impl Found<'_> {
    fn nothing(offset: u64) -> Self {
        Found { offset, data: Data::NONE, long: None, failed: None, stored_bytes: 0, live: false }
    }
}

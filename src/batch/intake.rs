//! Chunks, handed out in order to whichever worker asks next.
//!
//! Flows in: the sources. Flows out: chunks, numbered without gaps. A plain file's next piece is handed out under the
//! lock and read outside it; a stream is read under it, so that the reading role goes to whoever finds it free. Chunks are
//! only handed out when there is room for their results: waiting happens before a chunk is taken, so that the first
//! unfinished chunk always is in the hands of somebody who works on it. It must never run anything.
//!
//! A run that stops after so many records, or that writes out of order, has to know how many records or lines stand before
//! a chunk. Then all sources are read in turn, and lines are counted as they are handed out.

use super::chunk::{After, Buffer, Chunk, Data, LongLine};
use super::ledger::Position;
use super::order::Order;
use super::reading::{Reading, RecordStream, Shape, in_sample, shape};
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
    /// How many records are passed over before the first that is run.
    pub records_skipped: u64,
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
    /// How many records still are to be passed over.
    skips_left: u64,
    /// How many records still may be.
    records_left: u64,
    /// How the records of the source become events, if they are not that as they stand.
    reading: Option<Arc<Reading>>,
    /// Where the next source is to be gone on with, if a run was stopped in it.
    from: Option<Position>,
    finished: bool,
}

enum Open<'s> {
    Pieces { from: Arc<dyn ReadAt + 's>, length: u64, next: u64, first_end: u64 },
    Memory { bytes: &'s [u8], mark: u64, next: usize, first_end: usize },
    Stream(Box<Stream<'s>>),
    Records(Box<RecordStream<'s>>),
}

/// The lines of a chunk, from wherever they come.
struct Found<'s> {
    offset: u64,
    data: Data<'s>,
    long: Option<LongLine>,
    failed: Option<(u64, SourceProblem)>,
    stored_bytes: u64,
    after: After,
    live: bool,
}

/// What of a run has been dealt with before.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Done {
    /// Up to where.
    pub position: Position,
    /// Lines of the source before.
    pub lines: u64,
    /// Records of all sources before.
    pub records: u64,
}

impl<'s> Intake<'s> {
    /// All that has not been dealt with is still to be read.
    pub fn new(sources: Vec<Source<'s>>, cutting: Cutting, done: Done) -> Intake<'s> {
        let names = sources.iter().map(|source| source.name().to_owned()).collect();
        let mut waiting = sources.into_iter();
        waiting.by_ref().take(done.position.source).for_each(drop);
        let state = State {
            waiting,
            opened: done.position.source,
            open: None,
            chunks: 0,
            lines: done.lines,
            skips_left: cutting.records_skipped,
            reading: None,
            records_left: cutting.records_max.map_or(u64::MAX, |most| most.saturating_sub(done.records)),
            from: (done.position.read > 0 || done.position.until > 0).then_some(done.position),
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
        self.take(self.lock(), order, buffer).map(|(chunk, how)| self.shaped(chunk, how, buffer))
    }

    /// The same for somebody who must not wait: nothing if there is no room now.
    pub fn claim_now(&self, order: &Order, buffer: &mut Buffer) -> Option<Option<Chunk<'s>>> {
        let state = self.lock();
        let taken = order.room_now(state.chunks).then(|| self.take(state, order, buffer))?;
        Some(taken.map(|(chunk, how)| self.shaped(chunk, how, buffer)))
    }

    /// Puts the lines in the place of records that are none. Nobody waits for it, unless records are counted.
    fn shaped(&self, mut chunk: Chunk<'s>, how: Option<Shape>, buffer: &mut Buffer) -> Chunk<'s> {
        if let Some(how) = how {
            shape(&how, &mut chunk, buffer);
            chunk.long = chunk.long.take_if(|long| in_sample(&how, long.offset, &long.start));
        }
        chunk
    }

    /// How records of the source that is open become lines.
    fn how(&self, state: &State<'s>) -> Option<Shape> {
        let (bounded, header) = match &state.open {
            Some(Open::Records(records)) => (true, records.header()),
            _ => (false, None),
        };
        let reading = match &state.reading {
            Some(reading) if bounded || !reading.is_plain() => reading.clone(),
            _ => return None,
        };
        let source = state.opened.saturating_sub(1);
        Some(Shape { reading, header, source, bounded, event_bytes_max: self.cutting.line_bytes_max })
    }

    #[allow(clippy::type_complexity)]
    fn take(
        &self,
        mut state: MutexGuard<'_, State<'s>>,
        order: &Order,
        buffer: &mut Buffer,
    ) -> Option<(Chunk<'s>, Option<Shape>)> {
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
                    let from = state.from.take();
                    if from.is_none() {
                        state.lines = 0;
                    }
                    let source = state.opened - 1;
                    state.reading = next.reading();
                    let opened = next.open(self.cutting.counting).and_then(|opened| {
                        let at = from.map_or(0, |from| from.offset);
                        let failed = |error| self.failed(source, at, SourceProblem::Read(error));
                        Open::new(opened, from.as_ref()).map_err(failed)
                    });
                    match opened {
                        Ok(opened) => state.open = Some(opened),
                        Err(error) => {
                            let after = After { offset: error.offset, ends: true, ..After::default() };
                            let found = Found { after, ..Found::nothing(error.offset) };
                            let chunk = Chunk { failed: Some(error), ..self.hand_out(&mut state, source, found) };
                            return Some((chunk, None));
                        }
                    }
                }
                Some(Open::Pieces { from, length, next, first_end }) if *next < *length => {
                    let (from, start, length) = (from.clone(), *next, *length);
                    // The rest of a chunk that was under way has been counted with its beginning.
                    let counted = start < *first_end;
                    let end = if counted { *first_end } else { start.saturating_add(self.cutting.chunk_bytes as u64) };
                    let end = length.min(end);
                    *next = end;
                    let after = After { offset: end, ends: end == length, ..After::default() };
                    let mut chunk = self.hand_out(&mut state, source, Found { after, ..Found::nothing(start) });
                    let how = self.how(&state);
                    drop(state);
                    let piece = Piece { start, end, length, line_bytes_max: self.cutting.line_bytes_max };
                    let owned = split::fetch(&*from, piece, buffer);
                    chunk.offset = owned.offset;
                    chunk.data = Data::Buffered(owned.range);
                    chunk.long = owned.long;
                    chunk.failed = owned.failed.map(|(offset, problem)| self.failed(source, offset, problem));
                    chunk.stored_bytes = if counted { 0 } else { end - start };
                    return Some((chunk, how));
                }
                Some(Open::Memory { bytes, mark, next, first_end }) if *next < bytes.len() => {
                    let start = *next;
                    let counted = start < *first_end;
                    let least = if counted { *first_end } else { start.saturating_add(self.cutting.chunk_bytes) };
                    let least = bytes.len().min(least);
                    // The last byte of the chunk may be a line end itself.
                    let end = memchr(b'\n', &bytes[least - 1..]).map_or(bytes.len(), |at| least + at);
                    *next = end;
                    let found = Found {
                        data: Data::Borrowed(&bytes[start..end]),
                        stored_bytes: if counted { 0 } else { (end - start) as u64 },
                        after: After { offset: *mark + end as u64, ends: end == bytes.len(), ..After::default() },
                        ..Found::nothing(*mark + start as u64)
                    };
                    let chunk = self.hand_out(&mut state, source, found);
                    return Some((chunk, self.how(&state)));
                }
                Some(open @ (Open::Stream(_) | Open::Records(_))) => {
                    let Cutting { chunk_bytes, line_bytes_max, .. } = self.cutting;
                    let cut = match open {
                        Open::Records(records) => records.next(chunk_bytes, line_bytes_max, buffer),
                        Open::Stream(stream) => stream.next(chunk_bytes, line_bytes_max, buffer),
                        Open::Pieces { .. } | Open::Memory { .. } => None,
                    };
                    match cut {
                        Some(cut) => {
                            let found = Found {
                                offset: cut.offset,
                                data: Data::Buffered(cut.range),
                                long: cut.long,
                                failed: cut.failed,
                                stored_bytes: cut.stored_bytes,
                                after: cut.after,
                                live: cut.live,
                            };
                            let mut chunk = self.hand_out(&mut state, source, found);
                            let mut how = self.how(&state);
                            if self.cutting.counting {
                                // How many events there are is not known before.
                                chunk = self.shaped(chunk, how.take(), buffer);
                                self.count(&mut state, &mut chunk, buffer);
                            }
                            return Some((chunk, how));
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
            origins: None,
            long: found.long,
            lines_before: self.cutting.counting.then_some(state.lines),
            stored_bytes: found.stored_bytes,
            after: found.after,
            live: found.live,
            failed: found.failed.map(|(offset, problem)| self.failed(source, offset, problem)),
        }
    }

    /// Counts a chunk's lines, and cuts it where the last record stands that is still wanted.
    fn count(&self, state: &mut State<'s>, chunk: &mut Chunk<'s>, buffer: &Buffer) {
        if state.skips_left > 0 {
            self.skip(state, chunk, buffer);
        }
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
        if let Data::Buffered(range) | Data::Shaped(range) = &mut chunk.data
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

    /// Takes away the records that are to be passed over, and the blank lines among them.
    fn skip(&self, state: &mut State<'s>, chunk: &mut Chunk<'s>, buffer: &Buffer) {
        let bytes = chunk.data.bytes(buffer);
        let (mut at, mut lines) = (0, 0);
        while at < bytes.len() && state.skips_left > 0 {
            let line = &bytes[at..];
            let line = &line[..memchr(b'\n', line).unwrap_or(line.len())];
            at = bytes.len().min(at + line.len() + 1);
            lines += 1;
            let blank = line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
            state.skips_left -= u64::from(!blank || line.len() > self.cutting.line_bytes_max);
        }
        match &mut chunk.origins {
            Some(origins) => origins.skip(lines),
            None => chunk.offset += at as u64,
        }
        if let Data::Buffered(range) | Data::Shaped(range) = &mut chunk.data {
            range.start += at;
        }
        if chunk.long.is_some() && state.skips_left > 0 {
            (chunk.long, lines, state.skips_left) = (None, lines + 1, state.skips_left - 1);
        }
        state.lines += lines as u64;
        chunk.lines_before = chunk.lines_before.map(|before| before + lines as u64);
    }

    fn failed(&self, source: usize, offset: u64, problem: SourceProblem) -> SourceError {
        SourceError { name: self.names[source].clone(), offset, problem }
    }

    fn lock(&self) -> MutexGuard<'_, State<'s>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'s> Open<'s> {
    /// A source that has been opened, from its start or from where a run was stopped in it.
    fn new(opened: Opened<'s>, from: Option<&Position>) -> std::io::Result<Open<'s>> {
        let (next, first_end) = from.map_or((0, 0), |from| (from.offset, from.until));
        Ok(match opened {
            Opened::Pieces(pieces, length) => Open::Pieces { from: pieces, length, next, first_end },
            Opened::Memory((bytes, mark)) => {
                let at = |offset: u64| usize::try_from(offset.saturating_sub(mark)).unwrap_or(usize::MAX);
                Open::Memory { bytes, mark, next: at(next), first_end: at(first_end) }
            }
            Opened::Stream(mut stream) => {
                from.map_or(Ok(()), |from| stream.go_on(from))?;
                Open::Stream(stream)
            }
            Opened::Records(mut records) => {
                from.into_iter().for_each(|from| records.go_on(from));
                Open::Records(records)
            }
        })
    }
}

impl Found<'_> {
    fn nothing(offset: u64) -> Self {
        Found {
            offset,
            data: Data::NONE,
            long: None,
            failed: None,
            stored_bytes: 0,
            after: After::default(),
            live: false,
        }
    }
}

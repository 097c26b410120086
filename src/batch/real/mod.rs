//! Runs whose clock is real: a Wait waits, a function may take its time, and meanwhile thousands of other executions are
//! under way on the same thread.
//!
//! ```text
//! source → intake ─ chunks ─▶ feeder ──▶ worker (one per thread): futures of executions, woken by timers and functions
//!            ▲                               │ results of a chunk, once its last execution has ended
//!            └─────────── order ◀────────────┘
//! ```
//!
//! An execution under way is a future: what it holds, it holds for itself (its record, its arena), so that one that waits
//! costs memory and nothing else. Results are in the order of the records all the same. A function that does not say that
//! it waits keeps its whole thread while it answers. It must never run ahead without bounds: no more executions are begun
//! than were asked for, nor more chunks than [`OPEN_BYTES_MAX`] holds.
//!
//! | file | holds |
//! | --- | --- |
//! | `mod.rs` | the feeder, the workers, chunks under way |
//! | `tasks.rs` | futures on one thread: who is ready, when the next timer rings |
//! | `drive.rs` | one execution as a future |

mod drive;
mod tasks;

use super::Latency;
use super::chunk::{Buffer, Chunk};
use super::job::{Identity, Job, record_clock, too_long};
use super::order::Whereabouts;
use super::outputs::Results;
use super::pool::ThreadsError;
use super::wording::{Lines as Written, Place};
use super::worker::Guard;
use crate::value::scan::{Lines, Record, Scratch, Slot};
use crate::vm::{LimitHit, Seed, Tally};
use crossbeam::channel::{Receiver, TryRecvError, bounded};
use drive::{Begin, Clock};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tasks::Tasks;

/// Bytes of chunks that a worker may have under way.
const OPEN_BYTES_MAX: usize = 32 << 20;

/// A chunk with its bytes, on its way from the feeder.
struct Fed<'s> {
    chunk: Chunk<'s>,
    bytes: Vec<u8>,
}

/// What became of one line.
struct Ended {
    status: Ending,
    steps: u64,
    written: Written,
    took_ns: u64,
}

enum Ending {
    Succeeded,
    Failed(Option<String>),
    TimedOut(LimitHit),
}

/// A chunk under way.
struct Open {
    results: Results,
    bytes: usize,
    /// What its lines came to, in their order; those that have not ended yet are empty.
    ended: Vec<Option<Line>>,
    waiting: usize,
}

enum Line {
    Blank,
    Rejected(Written),
    Ran(Ended),
}

/// Runs all that the intake gives, up to `in_flight_max` executions at a time on each of so many threads.
///
/// # Errors
///
/// [`ThreadsError`] if there are not to be that many threads.
pub(super) fn run(job: &Job, threads: usize, in_flight_max: usize) -> Result<(), ThreadsError> {
    let (sender, receiver) = bounded(threads);
    let error = |source: std::io::Error| ThreadsError { threads, source: Box::new(source) };
    let began = Instant::now();
    std::thread::scope(|scope| {
        let mut workers = Vec::new();
        for n in 0..threads {
            let (receiver, name) = (receiver.clone(), format!("expressway-{n}"));
            let work = move || Worker::new(job, began, in_flight_max, receiver).run();
            match std::thread::Builder::new().name(name).spawn_scoped(scope, work) {
                Ok(worker) => workers.push(worker.thread().clone()),
                // The sender goes, and with it those that have been started.
                Err(source) => return Err(error(source)),
            }
        }
        drop(receiver);
        let mut buffer = Buffer::default();
        while let Some(chunk) = job.intake.claim(job.order, &mut buffer) {
            let bytes = chunk.data.bytes(&buffer).to_vec();
            if sender.send(Fed { chunk, bytes }).is_err() {
                break;
            }
            workers.iter().for_each(std::thread::Thread::unpark);
            buffer.settle();
        }
        drop(sender);
        workers.iter().for_each(std::thread::Thread::unpark);
        Ok(())
    })
}

struct Worker<'j, 'r, 's, 'w> {
    job: &'j Job<'r, 's, 'w>,
    began: Instant,
    in_flight_max: usize,
    fed: Receiver<Fed<'s>>,
    scratch: Scratch,
    slots: Vec<Slot>,
    /// Records that have not begun, each with its chunk and its line's index there.
    waiting: VecDeque<(u64, Begin)>,
    open: BTreeMap<u64, Open>,
    open_bytes: usize,
    over: bool,
}

impl<'j, 'r, 's, 'w> Worker<'j, 'r, 's, 'w> {
    fn new(job: &'j Job<'r, 's, 'w>, began: Instant, in_flight_max: usize, fed: Receiver<Fed<'s>>) -> Self {
        Worker {
            job,
            began,
            in_flight_max: in_flight_max.max(1),
            fed,
            scratch: Scratch::with_engine(job.scanner),
            slots: vec![Slot::Absent; job.plan.trie.slots()],
            waiting: VecDeque::new(),
            open: BTreeMap::new(),
            open_bytes: 0,
            over: false,
        }
    }

    fn run(mut self) {
        let job = self.job;
        let _guard = Guard { order: job.order };
        let visits = Tally::new(job.program);
        let clock = Clock::new(job, self.began, &visits);
        let mut tasks: Tasks<'_, (u64, usize, Ended)> = Tasks::new(&clock.timers);
        loop {
            if job.order.is_over() {
                break;
            }
            while tasks.len() < self.in_flight_max
                && let Some((sequence, begin)) = self.next(tasks.is_empty())
            {
                let (line, clock) = (begin.place.line_index as usize, &clock);
                tasks.spawn(Box::pin(async move { (sequence, line, drive::execute(begin, clock).await) }));
            }
            if tasks.is_empty() && self.over {
                break;
            }
            let more = tasks.len() < self.in_flight_max && self.has_room() && !self.fed.is_empty();
            tasks.turn(more, |(sequence, line, ended)| self.ended(sequence, line, ended));
        }
        drop(tasks);
        self.cut();
        job.order.count_visits(&visits);
    }

    /// The next record; waits for one only if there is nothing else to do.
    fn next(&mut self, idle: bool) -> Option<(u64, Begin)> {
        while self.waiting.is_empty() && !self.over && self.has_room() {
            let fed = match idle {
                true => self.fed.recv().map_err(|_| TryRecvError::Disconnected),
                false => self.fed.try_recv(),
            };
            match fed {
                Ok(fed) => self.open(fed),
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => self.over = true,
            }
        }
        self.waiting.pop_front()
    }

    fn has_room(&self) -> bool {
        self.open_bytes < OPEN_BYTES_MAX
    }

    /// Looks through a chunk: what is no event has its result at once.
    fn open(&mut self, fed: Fed<'s>) {
        let job = self.job;
        let Fed { mut chunk, bytes } = fed;
        let mut results = self.fresh(&chunk);
        (results.source, results.lines_before) = (chunk.source, chunk.lines_before);
        results.live = chunk.live;
        (results.stored_bytes, results.after) = (chunk.stored_bytes, chunk.after);
        results.failed = chunk.failed.take();
        let (mut ended, mut waiting) = (Vec::new(), 0);
        let mut lines = Lines::new(&bytes, &mut self.scratch, job.plan);
        while let Some(item) = lines.next(&mut self.slots) {
            let line_index = ended.len() as u64;
            let place = chunk.place(item.offset, line_index);
            let reject = |reason: &str| {
                let mut written = Written::default();
                let (reason, length, raw) = match chunk.rejected(line_index) {
                    None => (reason, item.raw.len() as u64, item.raw),
                    Some(known) => (&*known.reason, known.length, &*known.start),
                };
                job.wording.rejected(place, reason, length, raw, &mut written);
                Some(Line::Rejected(written))
            };
            ended.push(match &item.record {
                _ if item.raw.len() > job.line_bytes_max => {
                    reject(&too_long(job, item.raw.len() as u64, chunk.origins.is_some()))
                }
                Record::Blank => Some(Line::Blank),
                Record::Bad(error) => reject(&error.to_string()),
                Record::Line(line) => match record_clock(job.now_ms, job.now_path, line, &self.slots) {
                    Err(reason) => reject(&reason),
                    Ok(now_ms) => {
                        let seed = match job.identity {
                            Identity::Position => Seed::new(job.seed, place.source as u64, place.offset),
                            Identity::Content => Seed::of_content(job.seed, line.text),
                        };
                        // Where records do not carry their time, it is that of their beginning.
                        let start_ms = job.now_path.map(|_| now_ms);
                        let begin = Begin { place, text: line.text.into(), form: line.form(), seed, start_ms };
                        self.waiting.push_back((chunk.sequence, begin));
                        waiting += 1;
                        None
                    }
                },
            });
        }
        if let Some(long) = chunk.long.take() {
            let place = Place { source: chunk.source, offset: long.offset, line_index: ended.len() as u64 };
            let mut written = Written::default();
            job.wording.rejected(
                place,
                &too_long(job, long.length, chunk.origins.is_some()),
                long.length,
                &long.start,
                &mut written,
            );
            ended.push(Some(Line::Rejected(written)));
        }
        results.lines = ended.len() as u64;
        self.open_bytes += bytes.len();
        self.open.insert(chunk.sequence, Open { results, bytes: bytes.len(), ended, waiting });
        if waiting == 0 {
            self.close(chunk.sequence, false);
        }
    }

    /// Memory for the results of a chunk, whose place is told if all have to wait for it.
    fn fresh(&self, chunk: &Chunk) -> Results {
        let place = Arc::<Whereabouts>::default();
        place.source.store(chunk.source, Ordering::Relaxed);
        place.offset.store(chunk.offset, Ordering::Relaxed);
        let mut results = self.job.order.fresh(chunk.sequence, &place);
        // What is used again still says what it said last; states are counted for the whole run.
        (results.visits, results.lines, results.stored_bytes) = (Tally::default(), 0, 0);
        results.told.clear();
        results
    }

    fn ended(&mut self, sequence: u64, line: usize, ended: Ended) {
        let Some(open) = self.open.get_mut(&sequence) else { return };
        open.ended[line] = Some(Line::Ran(ended));
        open.waiting -= 1;
        if open.waiting == 0 {
            self.close(sequence, false);
        }
    }

    /// Hands in what a chunk has come to: up to the first line that has not ended.
    fn close(&mut self, sequence: u64, cut: bool) {
        let Some(Open { mut results, bytes, ended, .. }) = self.open.remove(&sequence) else { return };
        self.open_bytes -= bytes;
        results.cut = cut;
        let mut latencies = super::latency::Latencies::new();
        for line in ended.into_iter().map_while(|line| line) {
            let tally = &mut results.tally;
            let written = match line {
                Line::Blank => {
                    tally.blank += 1;
                    continue;
                }
                Line::Rejected(written) => {
                    tally.rejected += 1;
                    written
                }
                Line::Ran(ended) => {
                    tally.steps += ended.steps;
                    match ended.status {
                        Ending::Succeeded => tally.succeeded += 1,
                        Ending::Failed(error) => tally.failure(error.as_deref()),
                        Ending::TimedOut(limit) => tally.time_out(limit),
                    }
                    if self.job.latency != Latency::Off {
                        latencies.record(ended.took_ns);
                    }
                    ended.written
                }
            };
            results.text.results.append(&written.results);
            results.text.failures.append(&written.failures);
            results.text.dead_letters.append(&written.dead_letters);
        }
        self.job.latencies.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(&latencies);
        self.job.order.complete(sequence, results);
    }

    /// The run has been stopped: what has not ended by now never does, and nothing behind it counts.
    fn cut(&mut self) {
        for sequence in self.open.keys().copied().collect::<Vec<_>>() {
            self.close(sequence, true);
        }
        while let Ok(fed) = self.fed.recv() {
            let mut results = self.fresh(&fed.chunk);
            (results.source, results.cut) = (fed.chunk.source, true);
            self.job.order.complete(fed.chunk.sequence, results);
        }
    }
}

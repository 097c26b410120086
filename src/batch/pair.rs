//! Two machines over the same events: where do they come to something else?
//!
//! Flows in: two programs, each with who stands behind its tasks, and sources of JSON Lines. Flows out: a [`Comparison`]:
//! counts, and the first records on which they differ. Each record is read once and run by both, with the same seed and
//! clock. Results are compared as bytes; only those that differ are read again, as JSON, where the order of members does
//! not count, nor how a number is written, nor what is to be ignored. Ways are compared by a number that stands for the
//! states entered ([`Trail`]), if the programs count them. It must never depend on which thread ran what.

use super::chunk::{Buffer, Chunk};
use super::drive::Helpers;
use super::intake::{Cutting, Done, Intake};
use super::job::record_clock;
use super::once::{Once, Who};
use super::order::{Order, Window};
use super::outputs::Outputs;
use super::report::Progress;
use super::source::{Source, SourceError};
use super::worker::ARENA_BYTES_MAX;
use super::{CHUNK_BYTES, LINE_BYTES_MAX, NOW_MS, NowPathError, ThreadsError, WINDOW_BYTES, now_members, pool};
use crate::handler::Bound;
use crate::program::Program;
use crate::program::point::{Instrument, Trail};
use crate::value::difference::{Ignored, differences};
use crate::value::scan::{LineKind, Lines, Scratch, Slot, SlotTrie, WalkPlan};
use crate::value::{Arena, tree};
use crate::vm::shortcut::Shortcuts;
use crate::vm::{Seed, Settings, Tally};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many places are counted at most; if results differ at more, none are.
const PLACES_MAX: usize = 10_000;

/// One of the two machines.
#[derive(Clone, Copy)]
pub struct Side<'r> {
    /// Its program; ways are compared if both count the states that they enter.
    pub program: &'r Program,
    /// Who stands behind its tasks.
    pub bound: &'r Bound,
    /// Its limits and names.
    pub settings: &'r Settings,
}

/// A comparison about to be made.
#[must_use]
pub struct Pair<'r> {
    old: Side<'r>,
    new: Side<'r>,
    threads: usize,
    seed: u64,
    now_ms: i64,
    now_path: Option<(String, Vec<String>)>,
    records_skipped: u64,
    records_max: Option<u64>,
    shown_max: usize,
    chunk_bytes: usize,
    ignored: &'r [Ignored],
    stop: Option<&'r AtomicBool>,
    progress: Option<&'r (dyn Fn(Progress) + Sync)>,
}

/// How far a comparison has come.
#[derive(Default)]
struct Come {
    records: AtomicU64,
    stored_bytes: AtomicU64,
}

/// What a comparison came to.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Records: lines that are not blank.
    pub events: u64,
    /// Records that both sides refuse: they are no JSON, or tell no time.
    pub rejected: u64,
    /// Records on which both come to the same result.
    pub same: u64,
    /// Records on which they come to different results.
    pub different: u64,
    /// Of these, the ones that end with another status, by both statuses.
    pub statuses: BTreeMap<(&'static str, &'static str), u64>,
    /// Of these, the ones that fail or time out on both sides, but otherwise.
    pub failures: u64,
    /// Of these, the ones that succeed on both sides, with another output.
    pub outputs: u64,
    /// Records that go another way, whatever they come to.
    pub ways: u64,
    /// How many different results differ at each place of the result line; nothing if there are too many places.
    pub places: Option<BTreeMap<String, u64>>,
    /// The first records with different results.
    pub first_different: Vec<Differing>,
    /// The first records that come to the same, another way.
    pub first_other_way: Vec<Differing>,
    /// Sources that could not be read to their ends.
    pub source_errors: Vec<SourceError>,
    /// Whether the run was stopped before its end.
    pub partial: bool,
    /// How long it took.
    pub elapsed: Duration,
    /// How many threads worked.
    pub threads: usize,
}

/// A record on which two machines differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differing {
    /// The source's number, and its name.
    pub source: (usize, String),
    /// Offset of the record's first byte in its source.
    pub offset: u64,
    /// Its line, counted from 1.
    pub line_number: u64,
    /// Its JSON text.
    pub input: String,
    /// When its clock starts.
    pub now_ms: i64,
    /// Both result lines, as a run writes them.
    pub results: (String, String),
    /// Whether it goes another way.
    pub other_way: bool,
}

impl Differing {
    /// The seed of its executions.
    pub fn seed(&self, seed: u64) -> Seed {
        Seed::new(seed, self.source.0 as u64, self.offset)
    }
}

impl<'r> Pair<'r> {
    /// A comparison with everything as a [`Batch`](super::Batch) has it.
    pub fn new(old: Side<'r>, new: Side<'r>) -> Pair<'r> {
        Pair {
            old,
            new,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            seed: 0,
            now_ms: NOW_MS,
            now_path: None,
            records_skipped: 0,
            records_max: None,
            shown_max: 10,
            chunk_bytes: CHUNK_BYTES,
            ignored: &[],
            stop: None,
            progress: None,
        }
    }

    /// How many threads work.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// What random numbers derive from.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// When virtual time starts, in milliseconds since 1970.
    pub fn now(mut self, now_ms: i64) -> Self {
        (self.now_ms, self.now_path) = (now_ms, None);
        self
    }

    /// Where each record says when its virtual time starts.
    ///
    /// # Errors
    ///
    /// A path that is none, or that takes more than member names.
    pub fn now_path(mut self, path: &str) -> Result<Self, NowPathError> {
        self.now_path = Some((path.to_owned(), now_members(path)?));
        Ok(self)
    }

    /// Passes over the first records, as a run does.
    pub fn skip(mut self, records: u64) -> Self {
        self.records_skipped = records;
        self
    }

    /// Compares only the first records.
    pub fn limit(mut self, records_max: u64) -> Self {
        self.records_max = Some(records_max);
        self
    }

    /// How many differing records are kept to be shown.
    pub fn max_shown(mut self, records: usize) -> Self {
        self.shown_max = records;
        self
    }

    /// About how many bytes a worker takes at once; no result depends on it.
    pub fn chunk_bytes(mut self, bytes: usize) -> Self {
        self.chunk_bytes = bytes.max(super::CHUNK_BYTES_MIN);
        self
    }

    /// Places in result lines at which differences do not count.
    pub fn ignore(mut self, ignored: &'r [Ignored]) -> Self {
        self.ignored = ignored;
        self
    }

    /// Ends the comparison early once this is set.
    pub fn stop(mut self, stop: &'r AtomicBool) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Tells after each chunk how far it has come.
    pub fn progress(mut self, hook: &'r (dyn Fn(Progress) + Sync)) -> Self {
        self.progress = Some(hook);
        self
    }

    /// Runs both over the records of all sources.
    ///
    /// # Errors
    ///
    /// The threads could not be started. Sources that cannot be read are named in the comparison.
    pub fn run(self, sources: Vec<Source<'_>>) -> Result<Comparison, ThreadsError> {
        let started = Instant::now();
        let cutting = Cutting {
            chunk_bytes: self.chunk_bytes,
            line_bytes_max: LINE_BYTES_MAX,
            records_skipped: self.records_skipped,
            records_max: self.records_max,
            counting: self.records_max.is_some() || self.records_skipped > 0,
        };
        let intake = Intake::new(sources, cutting, Done::default());
        let sides = [self.old, self.new];
        let slots = sides.iter().flat_map(|side| side.program.slots());
        let mut paths: Vec<Vec<&str>> = slots.map(|path| path.iter().map(|key| &**key).collect()).collect();
        if let Some((_, members)) = &self.now_path {
            paths.push(members.iter().map(String::as_str).collect());
        }
        let find_duplicates = sides.iter().any(|side| side.program.copies_input());
        let plan = WalkPlan { trie: SlotTrie::new(&paths), find_duplicates };
        // Nothing is written while the two run, so nothing has to wait for its turn.
        let window = Window { chunks: u64::MAX, bytes: WINDOW_BYTES, spilled_chunks: 0, patience: Duration::ZERO };
        let order = Order::new(Outputs::default(), window, false, self.stop, None, None);
        let (found, come) = (Mutex::new(Vec::new()), Come::default());
        pool::run(self.threads, self.new.program, self.new.bound, &|helpers| {
            let part = Worker::new(&self, &plan, &come, helpers).work(&intake, &order);
            found.lock().unwrap_or_else(PoisonError::into_inner).push(part);
        })?;
        let parts = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut comparison = Part::put_together(parts, self.shown_max, intake.names());
        comparison.partial |= !intake.is_finished();
        (comparison.threads, comparison.elapsed) = (self.threads, started.elapsed());
        Ok(comparison)
    }
}

/// What one worker has found.
#[derive(Default)]
struct Part {
    counts: Comparison,
    /// Too many places.
    too_many: bool,
    places: BTreeMap<String, u64>,
    /// For each chunk: source, offset, and how many lines it has.
    lines: Vec<(usize, u64, u64)>,
    failed: Vec<(usize, SourceError)>,
}

/// A worker's own memory.
struct Worker<'p, 'r> {
    pair: &'p Pair<'r>,
    plan: &'p WalkPlan,
    come: &'p Come,
    helpers: &'p dyn Helpers,
    /// Both programs; for each end that executions are told by, the way there.
    sides: [(Once<'r>, Vec<Trail>); 2],
    tallies: [Tally; 2],
    arena: Arena,
    results: [Vec<u8>; 2],
    part: Part,
}

/// A record as both sides see it.
#[derive(Clone, Copy)]
struct Here {
    source: usize,
    offset: u64,
    line_index: u64,
    now_ms: i64,
}

impl<'p, 'r> Worker<'p, 'r> {
    fn new(pair: &'p Pair<'r>, plan: &'p WalkPlan, come: &'p Come, helpers: &'p dyn Helpers) -> Worker<'p, 'r> {
        let tallies = [Tally::new(pair.old.program), Tally::new(pair.new.program)];
        let (arena, results) = (Arena::new(), [Vec::new(), Vec::new()]);
        let sides = [pair.old, pair.new].map(|side| {
            let Side { program, bound, settings } = side;
            // The way of one with children is not the same for all that come to its end.
            let shortcuts = Shortcuts::new(program, settings).filter(|shortcuts| !shortcuts.has_children());
            let once = Once { program, bound, settings, shortcuts };
            (once, shortcuts.map_or_else(Vec::new, |shortcuts| ways(program, &shortcuts)))
        });
        Worker { pair, plan, come, helpers, sides, tallies, arena, results, part: Part::default() }
    }

    fn work(mut self, intake: &Intake, order: &Order) -> Part {
        let (mut buffer, mut scratch) = (Buffer::default(), Scratch::new());
        let mut slots = vec![Slot::Absent; self.plan.trie.slots()];
        while let Some(mut chunk) = intake.claim(order, &mut buffer) {
            let bytes = chunk.data.clone();
            let lines = Lines::new(bytes.bytes(&buffer), &mut scratch, self.plan);
            let before = self.part.counts.events;
            self.chunk(&mut chunk, lines, &mut slots, order);
            if let Some(tell) = self.pair.progress {
                let add = |to: &AtomicU64, more: u64| to.fetch_add(more, Ordering::Relaxed) + more;
                tell(Progress {
                    records: add(&self.come.records, self.part.counts.events - before),
                    stored_bytes: add(&self.come.stored_bytes, chunk.stored_bytes),
                });
            }
            buffer.settle();
        }
        self.part
    }

    fn chunk(&mut self, chunk: &mut Chunk, mut lines: Lines, slots: &mut [Slot], order: &Order) {
        let mut line_index = 0;
        while let Some(kind) = lines.advance(slots) {
            if order.is_over() {
                self.part.counts.partial = true;
                break;
            }
            let offset = chunk.place(lines.offset(), line_index).offset;
            let here = Here { source: chunk.source, offset, line_index, now_ms: 0 };
            line_index += 1;
            match kind {
                LineKind::Blank => continue,
                LineKind::Json if lines.raw().len() <= LINE_BYTES_MAX => {
                    let path = self.pair.now_path.as_ref().map(|(path, _)| path.as_str());
                    match record_clock(self.pair.now_ms, path, &lines.line(), slots) {
                        Ok(now_ms) => self.record(Here { now_ms, ..here }, &lines, slots),
                        Err(_) => self.reject(),
                    }
                }
                LineKind::Json | LineKind::Bad => self.reject(),
            }
        }
        if chunk.long.take().is_some() {
            self.reject();
            line_index += 1;
        }
        self.part.lines.push((chunk.source, chunk.offset, line_index));
        self.part.failed.extend(chunk.failed.take().map(|error| (chunk.source, error)));
    }

    fn reject(&mut self) {
        self.part.counts.events += 1;
        self.part.counts.rejected += 1;
    }

    fn record(&mut self, here: Here, lines: &Lines, slots: &[Slot]) {
        let mut statuses = [""; 2];
        let mut ways = [Trail::default(); 2];
        let mut first = 0;
        for (n, (once, ends)) in self.sides.iter().enumerate() {
            let own = &slots[first..first + once.program.slots().len()];
            first += own.len();
            let seed = Seed::new(self.pair.seed, here.source as u64, here.offset);
            let who = Who { seed, now_ms: here.now_ms, tally: &self.tallies[n], helpers: self.helpers };
            self.results[n].clear();
            let ended = once.run(lines, own, &self.arena, who, &mut self.results[n]);
            statuses[n] = ended.status;
            ways[n] = match ended.told {
                Some(end) => ends[end],
                None => self.tallies[n].take_trail(),
            };
        }
        self.arena.reset();
        if self.arena.allocated_bytes() > ARENA_BYTES_MAX {
            self.arena = Arena::new();
        }
        let counts = &mut self.part.counts;
        counts.events += 1;
        let other_way = ways[0] != ways[1];
        counts.ways += u64::from(other_way);
        if self.results[0] == self.results[1] || !self.differ() {
            self.part.counts.same += 1;
            if other_way && self.part.counts.first_other_way.len() < self.pair.shown_max {
                let shown = self.shown(here, lines, true);
                self.part.counts.first_other_way.push(shown);
            }
            return;
        }
        let counts = &mut self.part.counts;
        counts.different += 1;
        match statuses {
            [old, new] if old != new => *counts.statuses.entry((old, new)).or_default() += 1,
            ["SUCCEEDED", _] => counts.outputs += 1,
            _ => counts.failures += 1,
        }
        if counts.first_different.len() < self.pair.shown_max {
            let shown = self.shown(here, lines, other_way);
            self.part.counts.first_different.push(shown);
        }
    }

    /// Whether results that are not the same bytes differ in anything that counts; notes where.
    #[cold]
    fn differ(&mut self) -> bool {
        let [old, new] = [0, 1].map(|n| tree::parse(&result_line(&self.results[n])).ok());
        // What was written is JSON.
        let (Some(old), Some(new)) = (old, new) else { return true };
        let mut found = differences(&old, &new);
        found.retain(|difference| !self.pair.ignored.iter().any(|ignored| ignored.covers(difference)));
        let mut places: Vec<String> = found.iter().map(|difference| difference.general_path()).collect();
        places.sort_unstable();
        places.dedup();
        let differ = !places.is_empty();
        for place in places {
            if self.part.too_many {
                break;
            }
            *self.part.places.entry(place).or_default() += 1;
            self.part.too_many = self.part.places.len() > PLACES_MAX;
        }
        differ
    }

    #[cold]
    fn shown(&self, here: Here, lines: &Lines, other_way: bool) -> Differing {
        let [old, new] = [0, 1].map(|n| result_line(&self.results[n]));
        Differing {
            source: (here.source, String::new()),
            offset: here.offset,
            line_number: here.line_index + 1,
            input: lines.line().text.to_owned(),
            now_ms: here.now_ms,
            results: (old, new),
            other_way,
        }
    }
}

/// For each end the way there, as a program that is run counts it: the states of the machine itself.
fn ways(program: &Program, shortcuts: &Shortcuts) -> Vec<Trail> {
    let counts = program.instrument() == Instrument::Trail;
    let of = |end| {
        let states = shortcuts.visits(end).iter().map(|id| program.state(*id));
        let own = states.filter(|state| counts && state.within.is_none());
        own.fold(Trail::default(), |way, state| way.then(Trail::of(&state.name)))
    };
    (0..shortcuts.ends()).map(of).collect()
}

fn result_line(members: &[u8]) -> String {
    // What a writer of JSON writes is text.
    format!("{{{}}}", String::from_utf8_lossy(members))
}

impl Part {
    /// Adds up what the workers have found. The line numbers that they noted count from the start of a chunk.
    fn put_together(parts: Vec<Part>, shown_max: usize, names: &[String]) -> Comparison {
        let mut all = Part::default();
        for part in parts {
            let (sum, counts) = (&mut all.counts, part.counts);
            sum.events += counts.events;
            sum.rejected += counts.rejected;
            sum.same += counts.same;
            sum.different += counts.different;
            sum.failures += counts.failures;
            sum.outputs += counts.outputs;
            sum.ways += counts.ways;
            sum.partial |= counts.partial;
            for (statuses, count) in counts.statuses {
                *sum.statuses.entry(statuses).or_default() += count;
            }
            sum.first_different.extend(counts.first_different);
            sum.first_other_way.extend(counts.first_other_way);
            all.too_many |= part.too_many;
            for (place, count) in part.places {
                *all.places.entry(place).or_default() += count;
            }
            all.lines.extend(part.lines);
            all.failed.extend(part.failed);
        }
        let mut comparison = all.counts;
        all.lines.sort_unstable();
        for shown in [&mut comparison.first_different, &mut comparison.first_other_way] {
            shown.sort_by_key(|differing| (differing.source.0, differing.offset));
            shown.truncate(shown_max);
            for differing in shown {
                let source = differing.source.0;
                differing.source.1 = names[source].clone();
                let chunks = all.lines.iter().filter(|(of, offset, _)| *of == source && *offset <= differing.offset);
                let lines: Vec<u64> = chunks.map(|(.., lines)| *lines).collect();
                // The last of these chunks is its own.
                differing.line_number += lines[..lines.len().saturating_sub(1)].iter().sum::<u64>();
            }
        }
        comparison.places = (!all.too_many && all.places.len() <= PLACES_MAX).then_some(all.places);
        all.failed.sort_by_key(|(source, error)| (*source, error.offset));
        // A file that cannot be read fails in every piece; what counts is where that began.
        all.failed.dedup_by_key(|(source, _)| *source);
        comparison.source_errors = all.failed.into_iter().map(|(_, error)| error).collect();
        comparison
    }
}

//! Many executions: files in, results out, in order, counted.
//!
//! Flows in: a program, who stands behind its tasks, and sources of JSON Lines. Flows out: a result line per record, the
//! failures, the dead letters, and a [`Summary`]. For a given program, input, seed and clock the lines are the same bytes,
//! however many threads run and however the input is cut or compressed. It must never interpret the States Language, and a
//! line, a file or a handler that is bad must never keep the others from their results.
//!
//! ```text
//! source → intake ─ chunks ─▶ worker (one per thread): a line at a time through vm and handler
//!            ▲                     │ results of the chunk
//!            └── room ── order ◀───┘──▶ outputs: results, failures, dead letters, counts ──▶ report
//! ```
//!
//! | file | holds |
//! | --- | --- |
//! | `source.rs` | files, stdin, readers, memory; what their first bytes tell |
//! | `split.rs` | plain files in pieces, fetched by anybody |
//! | `stream.rs` | everything else, cut at line ends by one worker at a time |
//! | `intake.rs` | chunks handed out in order, while there is room |
//! | `chunk.rs`, `text.rs` | a chunk; its result lines, line numbers still missing |
//! | `worker.rs` | the loop over lines |
//! | [`drive`] | one execution, from its start to its end |
//! | `real/` | runs whose clock is real |
//! | `pool.rs` | threads, and children shared among idle ones |
//! | `wording.rs` | how results, failures and dead letters are written |
//! | `order.rs`, `outputs.rs`, `sink.rs` | results in order, to the three sinks |
//! | `tally.rs`, `latency.rs`, `report.rs` | counts, durations, the summary |

mod chunk;
pub mod drive;
mod intake;
mod latency;
mod order;
mod outputs;
mod pool;
mod real;
mod report;
mod sink;
mod source;
mod split;
mod stream;
mod tally;
mod text;
mod wording;
mod worker;

pub use latency::Quantiles;
pub use pool::ThreadsError;
pub use report::{Progress, Summary, Timing};
pub use sink::{Sink, SinkError};
pub use source::{Source, SourceError, SourceProblem};
pub use split::ReadAt;
pub use wording::Emit;
pub use worker::{Identity, Latency};

use crate::handler::Bound;
use crate::program::Program;
use crate::value::path::{Path, PathError};
use crate::value::scan::{SlotTrie, TEXT_BYTES_MAX, WalkPlan};
use crate::value::timestamp::Timestamp;
use crate::vm::{Settings, Tally};
use intake::{Cutting, Intake};
use latency::Latencies;
use order::{Order, Window};
use outputs::Outputs;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};
use wording::Wording;
use worker::Job;

/// When virtual time starts unless something else is said: 2020-01-01T00:00:00Z, in milliseconds since 1970.
pub const NOW_MS: i64 = 1_577_836_800_000;
/// The longest line that can be an event, unless something else is said.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// Chunks are of about this size: large enough that claiming one costs nothing, small enough to stay in a core's cache.
const CHUNK_BYTES: usize = 256 << 10;
/// Chunks that are smaller would own less than the marks that a file may start with.
const CHUNK_BYTES_MIN: usize = 64;
/// Results that may wait for their turn.
const WINDOW_BYTES: usize = 32 << 20;

/// A run over many events, about to start.
///
/// ```
/// use expressway::batch::{Batch, Sink, Source};
/// use expressway::definition::{Definition, ParseOptions};
/// use expressway::handler::Handlers;
/// let machine = r#"{"StartAt": "Coat", "States": {"Coat": {"Type": "Pass", "ResultPath": "$.coat", "Result": "warm", "End": true}}}"#;
/// let definition = Definition::parse(machine, "coat.asl.json", &ParseOptions::default()).unwrap();
/// let program = expressway::compile::compile(&definition, &Default::default()).unwrap();
/// let bound = Handlers::new().bind(&program).unwrap();
/// let mut results = Vec::new();
/// let summary = Batch::new(&program, &bound)
///     .results(Sink::new("memory", &mut results))
///     .run(vec![Source::memory("events", b"{\"id\": 1}\n{\"id\": 2}\n")])
///     .unwrap();
/// assert_eq!(summary.succeeded, 2);
/// assert_eq!(results.split(|b| *b == b'\n').next().unwrap(), br#"{"status":"SUCCEEDED","output":{"id":1,"coat":"warm"}}"#);
/// ```
#[must_use]
pub struct Batch<'r> {
    program: &'r Program,
    bound: &'r Bound,
    settings: Settings,
    threads: usize,
    seed: u64,
    identity: Identity,
    now_ms: i64,
    now_path: Option<(String, Vec<String>)>,
    records_max: Option<u64>,
    line_bytes_max: Option<usize>,
    chunk_bytes: usize,
    emit: Emit,
    position: bool,
    ordered: bool,
    skip_rejected: bool,
    latency: Latency,
    outputs: Outputs<'r>,
    stop: Option<&'r AtomicBool>,
    in_flight_max: Option<usize>,
}

/// Why a run could not go on to its end. A source that cannot be read is not among the reasons: the others go on, and the
/// [`Summary`] names it.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The threads could not be started.
    #[error(transparent)]
    Threads(#[from] ThreadsError),
    /// A sink takes no more. The summary counts what had been handed to the sinks before.
    #[error("{error}")]
    Sink {
        /// Which sink, and why.
        #[source]
        error: SinkError,
        /// What the run had come to.
        summary: Box<Summary>,
    },
}

/// A path that cannot tell when an event happened.
#[derive(Debug, thiserror::Error)]
pub enum NowPathError {
    /// It is no path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// It is one, but of another kind.
    #[error("{path}: the time's path may only consist of member names, such as $.detail.time")]
    NotMembers {
        /// The path.
        path: String,
    },
}

impl<'r> Batch<'r> {
    /// A run of a program with everything as it usually is: all cores, virtual time from [`NOW_MS`], results in order.
    pub fn new(program: &'r Program, bound: &'r Bound) -> Batch<'r> {
        Batch {
            program,
            bound,
            settings: Settings::default(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            seed: 0,
            identity: Identity::Position,
            now_ms: NOW_MS,
            now_path: None,
            records_max: None,
            line_bytes_max: Some(LINE_BYTES_MAX),
            chunk_bytes: CHUNK_BYTES,
            emit: Emit::Outcome,
            position: false,
            ordered: true,
            skip_rejected: false,
            latency: Latency::default(),
            outputs: Outputs::default(),
            stop: None,
            in_flight_max: None,
        }
    }

    /// How many threads work; with one, no thread is started.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// What all random numbers, UUIDs and names derive from, together with who an execution is.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Who an execution is.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = identity;
        self
    }

    /// Limits and names of all executions.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// When virtual time starts, in milliseconds since 1970.
    pub fn now(mut self, now_ms: i64) -> Self {
        (self.now_ms, self.now_path) = (now_ms, None);
        self
    }

    /// Lets time be real: a Wait waits, functions may take their time, and up to so many executions are under way at once
    /// on each thread. Clocks start at the time of day, unless [`now`](Self::now) says something else after this.
    ///
    /// What an execution sees of the time differs from run to run; all else stays as it is, and results are in the order
    /// of the records.
    pub fn real_time(mut self, in_flight_max: usize) -> Self {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.now_ms = i64::try_from(since_1970.as_millis()).unwrap_or(NOW_MS);
        self.in_flight_max = Some(in_flight_max.max(1));
        self
    }

    /// Where each record says when its virtual time starts: an RFC 3339 timestamp. A record without one is rejected.
    ///
    /// # Errors
    ///
    /// A path that is none, or that takes more than member names.
    pub fn now_path(mut self, path: &str) -> Result<Self, NowPathError> {
        let parsed = Path::parse(path)?;
        let Some(members) = parsed.as_members() else {
            return Err(NowPathError::NotMembers { path: path.to_owned() });
        };
        self.now_path = Some((path.to_owned(), members.into_iter().map(str::to_owned).collect()));
        Ok(self)
    }

    /// Runs only the first records, counted over all sources; blank lines do not count, lines that are rejected do.
    pub fn limit(mut self, records_max: u64) -> Self {
        self.records_max = Some(records_max);
        self
    }

    /// The longest line that can be an event; `None` lifts the limit up to 2 GiB.
    pub fn max_line_bytes(mut self, bytes: Option<usize>) -> Self {
        self.line_bytes_max = bytes;
        self
    }

    /// About how many bytes a worker takes at once; no result depends on it.
    pub fn chunk_bytes(mut self, bytes: usize) -> Self {
        self.chunk_bytes = bytes.clamp(CHUNK_BYTES_MIN, TEXT_BYTES_MAX);
        self
    }

    /// What results are written.
    pub fn emit(mut self, emit: Emit) -> Self {
        self.emit = emit;
        self
    }

    /// Whether outcomes say where their records stood: `source`, `offset`, `line`. Unordered ones always do.
    pub fn position(mut self, position: bool) -> Self {
        self.position = position;
        self
    }

    /// Writes results as they come rather than in the order of the records.
    pub fn unordered(mut self, unordered: bool) -> Self {
        self.ordered = !unordered;
        self
    }

    /// Leaves records that are dead letters out of the results.
    pub fn skip_rejected(mut self, skip: bool) -> Self {
        self.skip_rejected = skip;
        self
    }

    /// Which executions are timed.
    pub fn latency(mut self, latency: Latency) -> Self {
        self.latency = latency;
        self
    }

    /// Where results go; nowhere unless this is said.
    pub fn results(mut self, sink: Sink<'r>) -> Self {
        self.outputs.results = Some(sink);
        self
    }

    /// Where failed and timed-out executions go, with their inputs.
    pub fn failures(mut self, sink: Sink<'r>) -> Self {
        self.outputs.failures = Some(sink);
        self
    }

    /// Where lines go that could not be executed.
    pub fn dead_letters(mut self, sink: Sink<'r>) -> Self {
        self.outputs.dead_letters = Some(sink);
        self
    }

    /// Calls somebody whenever results have been written; the call should take next to no time.
    pub fn progress(mut self, hook: impl FnMut(Progress) + Send + 'r) -> Self {
        self.outputs.progress = Some(Box::new(hook));
        self
    }

    /// Ends the run early once this is set: executions under way are finished, and the results of all records up to some
    /// place are written, those of none behind it.
    pub fn stop(mut self, stop: &'r AtomicBool) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Runs the records of all sources, in the order of the sources.
    ///
    /// # Errors
    ///
    /// [`BatchError`]. Bad lines, failed executions and unreadable sources are none: the summary counts and names them.
    pub fn run(mut self, sources: Vec<Source<'_>>) -> Result<Summary, BatchError> {
        let started = Instant::now();
        let cutting = Cutting {
            chunk_bytes: self.chunk_bytes,
            line_bytes_max: self.line_bytes_max.unwrap_or(TEXT_BYTES_MAX).min(TEXT_BYTES_MAX),
            records_max: self.records_max,
            counting: self.records_max.is_some() || !self.ordered,
        };
        let intake = Intake::new(sources, cutting);
        let wording = Wording {
            emit: self.emit,
            position: self.position || !self.ordered,
            skip_rejected: self.skip_rejected,
            results: self.outputs.results.is_some(),
            failures: self.outputs.failures.is_some(),
            dead_letters: self.outputs.dead_letters.is_some(),
            ..Wording::new(intake.names())
        };
        let mut paths: Vec<Vec<&str>> =
            self.program.slots().iter().map(|path| path.iter().map(|key| &**key).collect()).collect();
        if let Some((_, members)) = &self.now_path {
            paths.push(members.iter().map(String::as_str).collect());
        }
        let plan = WalkPlan { trie: SlotTrie::new(&paths), find_duplicates: self.program.copies_input() };
        // Where chunks are as small as what has come in, as many have to be under way as executions may.
        let chunks = self.in_flight_max.map_or(4, |most| most.max(4)) as u64 * self.threads as u64 + 4;
        let window = Window { chunks, bytes: WINDOW_BYTES };
        self.outputs.visits = Tally::new(self.program);
        let order = Order::new(self.outputs, window, self.ordered, self.stop);
        let latencies = Mutex::new(Latencies::new());
        let job = Job {
            program: self.program,
            bound: self.bound,
            settings: &self.settings,
            intake: &intake,
            order: &order,
            wording: &wording,
            plan: &plan,
            seed: self.seed,
            identity: self.identity,
            now_ms: self.now_ms,
            now_path: self.now_path.as_ref().map(|(path, _)| &**path),
            line_bytes_max: cutting.line_bytes_max,
            latency: self.latency,
            latencies: &latencies,
        };
        match self.in_flight_max {
            Some(most) => real::run(&job, self.threads, most)?,
            None => pool::run(self.threads, self.program, self.bound, &|helpers| worker::run(&job, helpers))?,
        }
        let timing = Timing {
            seed: self.seed,
            now: match self.now_path {
                Some((path, _)) => path,
                None => Timestamp::from_millis(self.now_ms).to_rfc3339_millis(),
            },
            threads: self.threads,
            elapsed: started.elapsed(),
            latency: latencies.into_inner().unwrap_or_else(PoisonError::into_inner).quantiles(),
        };
        finish(self.program, order, &intake, timing, started)
    }
}

/// Closes the sinks and adds up.
fn finish(
    program: &Program,
    order: Order,
    intake: &Intake,
    timing: Timing,
    started: Instant,
) -> Result<Summary, BatchError> {
    let (mut outputs, failed, cut) = order.into_parts();
    // After a failure nothing more is written, not even what the other sinks still hold.
    let (result_bytes, failed) = match failed {
        Some(error) => (0, Some(error)),
        None => match outputs.close() {
            Ok(bytes) => (bytes, None),
            Err(error) => (0, Some(error)),
        },
    };
    let tally = outputs.tally;
    outputs.failed.sort_by_key(|(source, _)| *source);
    let summary = Summary {
        events: tally.records(),
        succeeded: tally.succeeded,
        failed: tally.failed,
        timed_out: tally.timed_out,
        rejected: tally.rejected,
        blank: tally.blank,
        errors: tally.errors.into_iter().map(|(name, (count, _))| (name, count)).collect(),
        errors_other: tally.errors_other,
        limits: tally.limits,
        steps: tally.steps,
        states: program.states().iter().map(|state| state.name.clone()).collect(),
        entered: outputs.visits.entered().collect(),
        retries: outputs.visits.retries(),
        caught: outputs.visits.caught(),
        stored_bytes: outputs.stored_bytes,
        result_bytes,
        source_errors: outputs.failed.into_iter().map(|(_, error)| error).collect(),
        partial: failed.is_some() || cut || !intake.is_finished(),
        timing: Timing { elapsed: started.elapsed(), ..timing },
    };
    match failed {
        Some(error) => Err(BatchError::Sink { error, summary: Box::new(summary) }),
        None => Ok(summary),
    }
}

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
//! | `unpack.rs` | compressed bytes, unpacked up to where they are damaged |
//! | `reading/` | events that are not lines as they stand: other formats, envelopes, parts, samples |
//! | [`lines`] | what becomes of the bytes of a line |
//! | `intake.rs` | chunks handed out in order, while there is room |
//! | `chunk.rs`, `text.rs` | a chunk; its result lines, line numbers still missing |
//! | `job.rs` | what all workers of a run share |
//! | `worker.rs`, `swift.rs`, `worker/asking.rs` | the loop over lines; over those that are told one after the other; where functions are called on the way |
//! | [`drive`] | one execution, from its start to its end |
//! | `once.rs` | a line through a program, its result written |
//! | `single.rs` | one execution with its history, for people to look at |
//! | [`pair`] | two machines over the same events |
//! | `real/` | runs whose clock is real |
//! | `pool.rs` | threads, and children shared among idle ones |
//! | `wording.rs` | how results, failures and dead letters are written |
//! | `order.rs`, `outputs.rs`, `sink.rs` | results in order, to the three sinks |
//! | `coverage.rs` | what was reached of the machine, if that is counted |
//! | [`disk`] | the calls to the file system that a ledger depends on |
//! | `ledger/`, `keeping.rs` | what a run has come to so far, so that it can be gone on with |
//! | `running.rs` | a run, from what it consists of to its summary |
//! | `spill.rs` | results that wait and have no room in memory |
//! | `sync.rs` | what `order.rs` is kept in step with, for a test to replace |
//! | `tally.rs`, `latency.rs`, `report.rs` | counts, durations, the summary |
//! | [`findings`] | examples and moments, for a report |

mod chunk;
mod coverage;
pub mod disk;
pub mod drive;
pub mod findings;
mod intake;
mod job;
mod keeping;
mod latency;
mod ledger;
mod once;
mod order;
mod outputs;
pub mod pair;
mod pool;
mod reading;
mod real;
mod report;
mod running;
mod single;
mod sink;
mod source;
mod spill;
mod split;
mod stream;
mod swift;
mod sync;
mod tally;
mod text;
mod unpack;
#[doc = include_str!("lines.md")]
pub mod lines {}
mod wording;
mod worker;

pub use coverage::{Coverage, Part, PartKind};
#[doc(hidden)]
pub use disk::Disk;
pub use findings::Findings;
pub use job::Identity;
pub use latency::{Bar, Latency, Quantiles, nanoseconds};
pub use ledger::{Ledger, LedgerError};
pub(crate) use once::{Once, Who, input, scanned};
pub use pool::ThreadsError;
#[doc(hidden)]
pub use pool::side_by_side;
pub use reading::{Envelope, Format, Pointer, PointerError, Reading};
#[doc(hidden)]
pub use reading::{unpacked_message, values_in};
pub use report::{Kept, Progress, StateCounts, Summary, Timing};
#[doc(hidden)]
pub use running::Turn;
pub use single::{Found, nth_record};
#[doc(hidden)]
pub use single::{Recorded, Single, read_all};
pub use sink::{Sink, SinkError};
pub use source::{Source, SourceError, SourceProblem};
pub use split::ReadAt;
pub use wording::Emit;

use crate::handler::Bound;
use crate::program::Program;
use crate::value::path::{Path, PathError};
use crate::value::scan::{Engine, TEXT_BYTES_MAX};
use crate::vm::Settings;
use outputs::Outputs;
use running::Hands;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

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
/// A chunk whose results outgrow this hands them in before it is done.
const RESULTS_BYTES_MAX: usize = 4 << 20;
/// Chunks that may wait for their turn, where their results need not stay in memory: what is known of each still does.
const SPILLED_CHUNKS: u64 = 1 << 14;
/// Before anything is spilled, the first chunk is waited for so long. Many systems put a thread aside for some milliseconds
/// when there is other work, while the others get through the whole window; to spill that costs more than to wait (`perf/rows
/// threads`). An event that takes longer than this makes others wait no longer than this.
const PATIENCE: Duration = Duration::from_millis(10);

/// Called with the name of a source and the offset of the event there that all wait for.
type WaitingFor<'r> = Box<dyn Fn(&str, u64) + Send + Sync + 'r>;

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
    records_skipped: u64,
    records_max: Option<u64>,
    line_bytes_max: Option<usize>,
    chunk_bytes: usize,
    emit: Emit,
    position: bool,
    ordered: bool,
    skip_rejected: bool,
    latency: Latency,
    scanner: Engine,
    shortcuts: bool,
    outputs: Outputs<'r>,
    ledger: Option<Ledger>,
    window_bytes: usize,
    spill: Option<(PathBuf, u64)>,
    waiting: Option<WaitingFor<'r>>,
    stop: Option<&'r AtomicBool>,
    in_flight_max: Option<usize>,
}

/// Why a run could not go on to its end. A source that cannot be read is not among the reasons: the others go on, and the
/// [`Summary`] names it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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
    /// A source cannot be read, in a run with a ledger: it is gone on with when it can. Compressed bytes that are damaged
    /// are no such reason, since they would be damaged again.
    #[error("{error}")]
    Source {
        /// Which source, and why.
        #[source]
        error: SourceError,
        /// What the run had come to.
        summary: Box<Summary>,
    },
    /// The run cannot be kept, or not be gone on with.
    #[error("{error}")]
    Ledger {
        /// Why.
        #[source]
        error: LedgerError,
        /// What the run had come to.
        summary: Box<Summary>,
    },
    /// Results that had been put aside cannot be read again.
    #[error("results that were put aside cannot be read again: {error}")]
    Spill {
        /// What the system says.
        #[source]
        error: std::io::Error,
        /// What the run had come to.
        summary: Box<Summary>,
    },
    /// Whoever says who is to go on said that nobody is.
    #[error("the run was given up")]
    GivenUp,
}

/// A path that cannot tell when an event happened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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

/// The names of the members that lead to where records say when their virtual time starts.
fn now_members(path: &str) -> Result<Vec<String>, NowPathError> {
    let parsed = Path::parse(path)?;
    let members = parsed.as_members().ok_or_else(|| NowPathError::NotMembers { path: path.to_owned() })?;
    Ok(members.into_iter().map(str::to_owned).collect())
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
            records_skipped: 0,
            records_max: None,
            line_bytes_max: Some(LINE_BYTES_MAX),
            chunk_bytes: CHUNK_BYTES,
            emit: Emit::Outcome,
            position: false,
            ordered: true,
            skip_rejected: false,
            latency: Latency::default(),
            scanner: Engine::best(),
            shortcuts: true,
            outputs: Outputs::default(),
            ledger: None,
            window_bytes: WINDOW_BYTES,
            spill: None,
            waiting: None,
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
        self.now_path = Some((path.to_owned(), now_members(path)?));
        Ok(self)
    }

    /// Runs only the first records, counted over all sources; blank lines do not count, lines that are rejected do.
    pub fn limit(mut self, records_max: u64) -> Self {
        self.records_max = Some(records_max);
        self
    }

    /// Passes over the first records, counted as for [`limit`](Self::limit); they are no records of the run. A ledger does
    /// not keep how many there were.
    pub fn skip(mut self, records: u64) -> Self {
        self.records_skipped = records;
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

    /// Which of the machine's scanners reads the lines, for whoever wants to see that all read the same; the fastest
    /// unless told otherwise. It must be [available](Engine::available).
    pub fn scanner(mut self, engine: Engine) -> Self {
        self.scanner = engine;
        self
    }

    /// Whether executions that only their input decides may be told without being run. No result depends on it; without
    /// it they take longer.
    pub fn shortcuts(mut self, shortcuts: bool) -> Self {
        self.shortcuts = shortcuts;
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

    /// Keeps the run in a ledger, so that it can be gone on with after a crash. Then the sinks have to be
    /// [kept](Sink::kept) files, and the sources files, memory or pieces.
    pub fn ledger(mut self, ledger: Ledger) -> Self {
        self.ledger = Some(ledger);
        self
    }

    /// About how many bytes of results may wait in memory for their turn, behind an event that takes long.
    pub fn window_bytes(mut self, bytes: usize) -> Self {
        self.window_bytes = bytes;
        self
    }

    /// Lets results that have no room in memory wait in a temporary file in a folder, of at most so many bytes. Without
    /// one, or when it is full, workers wait for the event that all wait for.
    pub fn spill(mut self, folder: impl Into<PathBuf>, bytes_max: u64) -> Self {
        self.spill = (bytes_max > 0).then(|| (folder.into(), bytes_max));
        self
    }

    /// Calls somebody with the source and offset of the event that all have been waiting for, for a second.
    pub fn waiting_for(mut self, hook: impl Fn(&str, u64) + Send + Sync + 'r) -> Self {
        self.waiting = Some(Box::new(hook));
        self
    }

    /// Keeps what a report shows besides the summary: see [`Summary::findings`]. All executions are then really run.
    pub fn observe(mut self) -> Self {
        self.outputs.findings = Some(Findings::new(self.program));
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
    pub fn run(self, sources: Vec<Source<'_>>) -> Result<Summary, BatchError> {
        self.execute(sources, Hands::Threads)
    }

    /// Does the same on the calling thread alone: as many workers as there were to be threads take turns, and `next` says
    /// who is to go on. With everything else the same, the same turns lead to the same run, up to every call of a
    /// [`Disk`]: this is for tests that let a seed decide.
    ///
    /// # Errors
    ///
    /// As [`Batch::run`]; [`BatchError::GivenUp`] if `next` says so.
    #[doc(hidden)]
    pub fn run_in_turns(self, sources: Vec<Source<'_>>, mut next: impl FnMut() -> Turn) -> Result<Summary, BatchError> {
        self.execute(sources, Hands::Turns(&mut next))
    }
}

//! One execution by itself, with its history: what a person looks at; and the record that it is made of.
//!
//! Flows in: a program, an input, who the execution is. Flows out: a [`Recorded`], which owns all that it holds. The
//! execution is the same one that a run over many events would make of that record, if seed and clock are the same. It
//! must never be used where many run: it copies everything.

use super::chunk::Buffer;
use super::coverage::Coverage;
use super::drive::{Alone, drive_moving};
use super::intake::{Cutting, Done, Intake};
use super::order::{Order, Window};
use super::outputs::Outputs;
use super::report::{StateCounts, Summary};
use super::source::{Source, SourceError};
use super::{CHUNK_BYTES, LINE_BYTES_MAX};
use crate::handler::Bound;
use crate::program::Program;
use crate::value::scan::{Lines, Record, Scratch, SlotTrie, WalkPlan};
use crate::value::{Arena, Value};
use crate::vm::{Event, Execution, Input, LimitHit, Note, Outcome, Seed, Settings, Start, Tally};

/// What an execution is to start from.
#[derive(Debug, Clone, Copy)]
pub struct Single<'r> {
    /// Its input, which must be one JSON text.
    pub input: &'r str,
    /// Where its random numbers come from.
    pub seed: Seed,
    /// Its clock, in milliseconds since 1970.
    pub now_ms: i64,
    /// Whether its history is kept.
    pub history: bool,
}

/// An execution that is over.
#[derive(Debug, Default)]
pub struct Recorded {
    /// `SUCCEEDED`, `FAILED` or `TIMED_OUT`.
    pub status: &'static str,
    /// The output as compact JSON, if it succeeded.
    pub output: Option<String>,
    /// Error, if it failed with one.
    pub error: Option<String>,
    /// Cause, if it failed with one.
    pub cause: Option<String>,
    /// The limit of ours that ended it, if one did.
    pub limit: Option<&'static str>,
    /// Its result line, as a run would write it, without the line end.
    pub line: String,
    /// Its history, if that was kept.
    pub events: Vec<Event>,
    /// What it decided, if the program was compiled to be watched.
    pub notes: Vec<Note>,
    /// What its clock showed at its end.
    pub end_ms: i64,
    /// Its ARN, and its role's, as the context object has them.
    pub names: (String, String),
    /// What it was counted as.
    pub tally: Tally,
}

impl Recorded {
    /// The execution as a run of one event: what a drawing of its way is made of. The transitions are in it if the program
    /// was compiled to count them.
    pub fn summary(&self, program: &Program) -> Summary {
        let one = |status| u64::from(self.status == status);
        Summary {
            events: 1,
            succeeded: one("SUCCEEDED"),
            failed: one("FAILED"),
            timed_out: one("TIMED_OUT"),
            steps: self.tally.entered().sum::<u64>() + self.tally.retries(),
            retries: self.tally.retries(),
            caught: self.tally.caught(),
            states: StateCounts::of(program, &self.tally),
            coverage: Coverage::of(program, &self.tally),
            ..Summary::default()
        }
    }
}

impl Single<'_> {
    /// Runs it to its end.
    pub fn run(&self, program: &Program, bound: &Bound, settings: &Settings) -> Recorded {
        let arena = Arena::new();
        let tally = Tally::new(program);
        let input = Input::whole(Value::from_text(&arena, self.input));
        let start = Start { input, seed: self.seed, now_ms: self.now_ms, history: self.history };
        let mut recorded = Recorded::default();
        let mut execution = Execution::new(program, settings, &arena, start);
        execution.count_in(&tally);
        drive_moving(execution, bound, &mut bound.counters_of(self.seed), &Alone, |execution, outcome, arena| {
            let mut line = b"{".to_vec();
            super::wording::write_outcome(&outcome, arena, &mut line);
            line.push(b'}');
            // What a writer of JSON writes is text.
            recorded.line = String::from_utf8(line).unwrap_or_default();
            recorded.names = execution.names();
            recorded.notes = execution.take_notes();
            recorded.events = execution.take_events();
            recorded.end_ms = execution.now_ms();
            match outcome {
                Outcome::Succeeded(value) => {
                    (recorded.status, recorded.output) = ("SUCCEEDED", Some(value.to_json()));
                }
                Outcome::Failed(failure) => {
                    recorded.status = "FAILED";
                    recorded.error = failure.error.map(str::to_owned);
                    recorded.cause = failure.cause_text(arena).map(str::to_owned);
                }
                Outcome::TimedOut(limit) => {
                    recorded.status = "TIMED_OUT";
                    recorded.limit = (!matches!(limit, LimitHit::TimeoutSeconds(_))).then(|| limit.name());
                }
            }
        });
        recorded.tally = tally;
        recorded
    }
}

/// A record, found by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The number of its source.
    pub source: usize,
    /// The source's name.
    pub name: String,
    /// Offset of its first byte in the source.
    pub offset: u64,
    /// Its line, counted from 1.
    pub line_number: u64,
    /// Its JSON text, or why it is none.
    pub text: Result<String, String>,
}

/// The record of that number, counted from 1 over all sources; blank lines do not count. Nothing, if there are fewer.
///
/// ```
/// use expressway::batch::{Source, nth_record};
/// let found = nth_record(vec![Source::memory("events", b"{\"id\": 1}\n\n{\"id\": 2}\n")], 2).unwrap().unwrap();
/// assert_eq!((found.offset, found.line_number, found.text.as_deref()), (11, 3, Ok("{\"id\": 2}")));
/// ```
///
/// # Errors
///
/// The first source that cannot be read, if the record does not stand before that place.
pub fn nth_record(sources: Vec<Source<'_>>, number: u64) -> Result<Option<Found>, SourceError> {
    let (intake, order) = reading(sources, 0);
    let plan = WalkPlan { trie: SlotTrie::empty(), find_duplicates: false };
    let (mut buffer, mut scratch) = (Buffer::default(), Scratch::new());
    let (mut left, mut source, mut lines_before) = (number, 0, 0);
    while let Some(chunk) = intake.claim(&order, &mut buffer) {
        if chunk.source != source {
            (source, lines_before) = (chunk.source, 0);
        }
        let lines_of_others = lines_before;
        let mut lines = Lines::new(chunk.data.bytes(&buffer), &mut scratch, &plan);
        while let Some(item) = lines.next(&mut []) {
            lines_before += 1;
            let text = match item.record {
                Record::Blank => continue,
                Record::Bad(error) => match chunk.rejected(lines_before - 1 - lines_of_others) {
                    Some(known) => Err(known.reason.clone()),
                    None => Err(error.to_string()),
                },
                Record::Line(line) => Ok(line.text.to_owned()),
            };
            left = left.saturating_sub(1);
            if left == 0 {
                let name = intake.names()[source].clone();
                let offset = chunk.place(item.offset, lines_before - 1 - lines_of_others).offset;
                return Ok(Some(Found { source, name, offset, line_number: lines_before, text }));
            }
        }
        if let Some(long) = chunk.long {
            lines_before += 1;
            left = left.saturating_sub(1);
            if left == 0 {
                let name = intake.names()[source].clone();
                let offset = long.offset;
                let text = Err(format!("a line of {} bytes is over the limit of {LINE_BYTES_MAX} bytes", long.length));
                return Ok(Some(Found { source, name, offset, line_number: lines_before, text }));
            }
        }
        if let Some(error) = chunk.failed {
            return Err(error);
        }
    }
    Ok(None)
}

/// All lines of all sources, decompressed, in memory, and of records that are none the lines that they become; but for
/// those over the limit, which are no events. So many records are passed over first.
///
/// # Errors
///
/// The first source that cannot be read.
pub fn read_all(sources: Vec<Source<'_>>, records_skipped: u64) -> Result<Vec<u8>, SourceError> {
    let (intake, order) = reading(sources, records_skipped);
    let (mut buffer, mut all) = (Buffer::default(), Vec::new());
    while let Some(chunk) = intake.claim(&order, &mut buffer) {
        all.extend_from_slice(chunk.data.bytes(&buffer));
        if all.last().is_some_and(|last| *last != b'\n') {
            all.push(b'\n');
        }
        if let Some(error) = chunk.failed {
            return Err(error);
        }
    }
    Ok(all)
}

/// Sources to be read by one thread, which writes nothing.
fn reading(sources: Vec<Source<'_>>, records_skipped: u64) -> (Intake<'_>, Order<'static>) {
    let cutting = Cutting {
        chunk_bytes: CHUNK_BYTES,
        line_bytes_max: LINE_BYTES_MAX,
        records_skipped,
        records_max: None,
        counting: records_skipped > 0,
    };
    let window = Window { chunks: u64::MAX, bytes: usize::MAX, spilled_chunks: 0, patience: std::time::Duration::ZERO };
    let order = Order::new(Outputs::default(), window, false, None, None, None);
    (Intake::new(sources, cutting, Done::default()), order)
}

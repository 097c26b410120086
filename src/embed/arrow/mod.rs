//! Columns of Apache Arrow in, columns out: what data pipelines call.
//!
//! Flows in: an array of JSON texts, or of structs that become JSON. Flows out: a [`RecordBatch`] with a row for each:
//!
//! | column | type | holds |
//! | --- | --- | --- |
//! | `status` | Utf8 | `SUCCEEDED`, `FAILED`, `TIMED_OUT`, `REJECTED` |
//! | `output` | Utf8, null | the output as compact JSON |
//! | `error`, `cause` | Utf8, null | as a batch's results have them |
//! | `duration_ns` | Int64 | from the end of the row before to the end of this one, by the wall clock |
//! | `steps` | Int64 | states entered |
//!
//! Types are those that every engine knows: no views, no dictionaries, nothing unsigned. Unless something else is said an
//! execution is known by its content, so that a row has the same result in whichever partition, process or attempt it is
//! run. It must never start a thread that was not asked for: engines count their own.
//!
//! | file | holds |
//! | --- | --- |
//! | `columns.rs` | the columns of a result under way |
//! | `rows.rs` | rows of any columns as JSON |

mod columns;
mod rows;

use super::executor::{Executor, InputError};
use crate::batch::Identity;
use crate::handler::{Handlers, MissingHandlers};
use crate::program::Program;
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use columns::Columns;
use rows::Rows;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

/// How rows are run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunOptions {
    /// Who an execution is. By position it is the number of its row, counted from [`first_row`](Self::first_row).
    pub identity: Identity,
    /// How many threads work; with one, no thread is started.
    pub threads: usize,
    /// The number of the array's first row, for identity by position.
    pub first_row: u64,
}

impl Default for RunOptions {
    fn default() -> Self {
        RunOptions { identity: Identity::Content, threads: 1, first_row: 0 }
    }
}

/// Why an array cannot be run. That a row cannot is no error: it is `REJECTED`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Tasks that nobody stands behind.
    #[error(transparent)]
    Missing(#[from] MissingHandlers),
    /// A type of which no JSON can be made.
    #[error(
        "{place}: a column of type {data_type} cannot be an event; cast it to a string, a number or a struct of them"
    )]
    Type {
        /// Which column, or part of one.
        place: String,
        /// Its type.
        data_type: Box<DataType>,
    },
    /// The texts of one result column take more than 2 GiB, which its offsets cannot count.
    #[error("the {column} column of {rows} rows takes more than 2 GiB: run fewer rows at a time")]
    TooLarge {
        /// Which column.
        column: &'static str,
        /// How many rows there are.
        rows: usize,
    },
    /// The result does not hold together: a mistake of ours.
    #[error("the result does not hold together (please report this): {0}")]
    Arrow(#[from] ArrowError),
}

/// The columns of every result.
pub fn schema() -> SchemaRef {
    columns::schema()
}

/// Runs a program that calls nobody over an array, on this thread.
///
/// # Errors
///
/// [`RunError`]: a type of which no JSON can be made, functions that are missing, too much output for one batch.
///
/// ```
/// use arrow_array::{Array, StringArray, cast::AsArray};
/// use expressway::Program;
/// let program = Program::compile(r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#)?;
/// let events = StringArray::from(vec![Some(r#"{"n": 1}"#), Some("{"), None]);
/// let results = expressway::arrow::run_batch(&program.into(), &events)?;
/// let status: Vec<_> = results.column(0).as_string::<i32>().iter().flatten().collect();
/// assert_eq!(status, ["SUCCEEDED", "REJECTED", "REJECTED"]);
/// assert_eq!(results.column(1).as_string::<i32>().value(0), r#"{"n":1}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run_batch(program: &Arc<Program>, events: &dyn Array) -> Result<RecordBatch, RunError> {
    Executor::new(Arc::clone(program), &Handlers::new())?.run_batch(events, &RunOptions::default())
}

impl Executor {
    /// Runs an execution for each row of an array: texts (Utf8, LargeUtf8, Utf8View) are JSON; of any other type JSON is
    /// made, a struct's fields becoming members. A null, a blank text and one that is no JSON are `REJECTED`.
    ///
    /// # Errors
    ///
    /// As [`run_batch`], functions excepted.
    pub fn run_batch(&self, events: &dyn Array, options: &RunOptions) -> Result<RecordBatch, RunError> {
        let rows = events.len();
        let texts = Texts::of(events)?;
        let threads = options.threads.clamp(1, rows.max(1));
        if threads == 1 {
            return self.rows(&texts, 0..rows, options).finish(rows);
        }
        let bounds = |n: usize| rows * n / threads;
        let parts: Vec<Columns> = std::thread::scope(|scope| {
            let work = |n: usize| {
                let (range, texts) = (bounds(n)..bounds(n + 1), &texts);
                scope.spawn(move || self.rows(texts, range, options))
            };
            let workers: Vec<_> = (0..threads).map(work).collect();
            // A mistake of ours goes on where somebody sees it.
            workers.into_iter().map(|w| w.join().unwrap_or_else(|p| std::panic::resume_unwind(p))).collect()
        });
        let mut all = Columns::with_capacity(rows);
        for part in parts {
            all.append(part);
        }
        all.finish(rows)
    }

    fn rows(&self, texts: &Texts, range: Range<usize>, options: &RunOptions) -> Columns {
        let mut session = self.session();
        let mut columns = Columns::with_capacity(range.len());
        let mut written = Vec::new();
        let mut before = Instant::now();
        for row in range {
            let text = texts.get(row, &mut written);
            let first = options.first_row.wrapping_add(row as u64);
            match text.map(|text| session.run_at(text, options.identity, 0, first)) {
                Some(Ok(ran)) => columns.ran(&ran),
                Some(Err(InputError::Blank)) => columns.rejected(&"the event is blank: a JSON text is expected"),
                Some(Err(error)) => columns.rejected(&error),
                None => columns.rejected(&"the event is null"),
            }
            let now = Instant::now();
            columns.took(now - before);
            before = now;
        }
        columns
    }
}

/// An array whose rows are texts, or become some.
enum Texts<'a> {
    Utf8(&'a arrow_array::StringArray),
    LargeUtf8(&'a arrow_array::LargeStringArray),
    Utf8View(&'a arrow_array::StringViewArray),
    Rows(Rows<'a>),
}

impl<'a> Texts<'a> {
    fn of(array: &'a dyn Array) -> Result<Texts<'a>, RunError> {
        Ok(match array.data_type() {
            DataType::Utf8 => Texts::Utf8(array.as_string()),
            DataType::LargeUtf8 => Texts::LargeUtf8(array.as_string()),
            DataType::Utf8View => Texts::Utf8View(array.as_string_view()),
            _ => Texts::Rows(Rows::new(array, "event")?),
        })
    }

    /// A row's text, if it is not null; `written` is for those that have to be made.
    fn get<'t>(&'t self, row: usize, written: &'t mut Vec<u8>) -> Option<&'t [u8]> {
        match self {
            Texts::Utf8(texts) => texts.is_valid(row).then(|| texts.value(row).as_bytes()),
            Texts::LargeUtf8(texts) => texts.is_valid(row).then(|| texts.value(row).as_bytes()),
            Texts::Utf8View(texts) => texts.is_valid(row).then(|| texts.value(row).as_bytes()),
            Texts::Rows(rows) => {
                written.clear();
                rows.is_valid(row).then(|| {
                    rows.write(row, written);
                    &written[..]
                })
            }
        }
    }
}

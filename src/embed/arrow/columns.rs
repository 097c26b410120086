//! The columns of a result under way: plain buffers, which become Arrow's without being copied.

use super::super::ended::Status;
use super::super::executor::Ran;
use super::RunError;
use crate::vm::Outcome;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use std::fmt::{Display, Write};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// What the columns are called and hold.
pub(super) fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let field = |name: &str, data_type: &DataType, null| Field::new(name, data_type.clone(), null);
        Arc::new(Schema::new(vec![
            field("status", &DataType::Utf8, false),
            field("output", &DataType::Utf8, true),
            field("error", &DataType::Utf8, true),
            field("cause", &DataType::Utf8, true),
            field("duration_ns", &DataType::Int64, false),
            field("steps", &DataType::Int64, false),
        ]))
    });
    Arc::clone(&SCHEMA)
}

/// The columns, row by row.
pub(super) struct Columns {
    status: Strings,
    output: Strings,
    error: Strings,
    cause: Strings,
    duration_ns: Vec<i64>,
    steps: Vec<i64>,
}

/// A column of texts that may be absent.
struct Strings {
    bytes: Vec<u8>,
    /// Where each text ends.
    ends: Vec<usize>,
    present: Vec<bool>,
}

impl Columns {
    /// No rows, with room for so many.
    pub fn with_capacity(rows: usize) -> Columns {
        let strings =
            || Strings { bytes: Vec::new(), ends: Vec::with_capacity(rows), present: Vec::with_capacity(rows) };
        Columns {
            status: strings(),
            output: strings(),
            error: strings(),
            cause: strings(),
            duration_ns: Vec::with_capacity(rows),
            steps: Vec::with_capacity(rows),
        }
    }

    /// Adds an execution that has come to its end.
    pub fn ran(&mut self, ran: &Ran) {
        self.status.add(Some(ran.status().as_str()));
        let present = ran.write_output(&mut self.output.bytes);
        self.output.end(present);
        let (error, cause) = ran.error_and_cause();
        self.error.add(error);
        match ran.outcome {
            // Lines of results name the limit; here is no column for it.
            Outcome::TimedOut(limit) if limit.is_ours() => {
                self.cause.add(Some(&format!("The limit {} was reached.", limit.name())));
            }
            _ => self.cause.add(cause),
        }
        self.steps.push(i64::try_from(ran.steps()).unwrap_or(i64::MAX));
    }

    /// Adds an event that could not be executed.
    pub fn rejected(&mut self, why: &dyn Display) {
        self.status.add(Some(Status::Rejected.as_str()));
        self.output.add(None);
        let mut text = String::new();
        // Writing into memory does not fail.
        let _ = write!(text, "{why}");
        self.error.add(Some(&text));
        self.cause.add(None);
        self.steps.push(0);
    }

    /// Says how long the row took.
    pub fn took(&mut self, duration: Duration) {
        self.duration_ns.push(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX));
    }

    /// Adds the rows of others behind these.
    pub fn append(&mut self, other: Columns) {
        self.status.append(other.status);
        self.output.append(other.output);
        self.error.append(other.error);
        self.cause.append(other.cause);
        self.duration_ns.extend(other.duration_ns);
        self.steps.extend(other.steps);
    }

    /// All of it as Arrow has it.
    ///
    /// # Errors
    ///
    /// Texts of more than 2 GiB in one column.
    pub fn finish(self, rows: usize) -> Result<RecordBatch, RunError> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.status.finish("status", rows)?),
            Arc::new(self.output.finish("output", rows)?),
            Arc::new(self.error.finish("error", rows)?),
            Arc::new(self.cause.finish("cause", rows)?),
            Arc::new(Int64Array::from(self.duration_ns)),
            Arc::new(Int64Array::from(self.steps)),
        ];
        Ok(RecordBatch::try_new(schema(), columns)?)
    }
}

impl Strings {
    fn add(&mut self, text: Option<&str>) {
        self.bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
        self.end(text.is_some());
    }

    /// What has been written since is a text of its own.
    fn end(&mut self, present: bool) {
        self.ends.push(self.bytes.len());
        self.present.push(present);
    }

    fn append(&mut self, other: Strings) {
        let before = self.bytes.len();
        self.bytes.extend_from_slice(&other.bytes);
        self.ends.extend(other.ends.into_iter().map(|end| before + end));
        self.present.extend(other.present);
    }

    fn finish(self, column: &'static str, rows: usize) -> Result<StringArray, RunError> {
        let offsets: Result<Vec<i32>, _> = [0].into_iter().chain(self.ends).map(i32::try_from).collect();
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets.map_err(|_| RunError::TooLarge { column, rows })?));
        let nulls = self.present.contains(&false).then(|| NullBuffer::from(self.present));
        Ok(StringArray::try_new(offsets, Buffer::from_vec(self.bytes), nulls)?)
    }
}

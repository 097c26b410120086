//! What executions on AWS left behind, made into something to be run again: events, recorded outcomes, expected results.
//!
//! Flows in: texts of CloudWatch Logs in any of the forms that they leave AWS in, and of GetExecutionHistory. Flows out, for
//! each execution that is whole, a line of events, a line of outcomes as [`Recorded`](crate::handler::recorded::Recorded)
//! reads them, and a line of what the execution came to, as a run writes it; for each that is not, a line that says why. So
//! a day's executions can be run again offline, by the same definition or another, and compared. It must never guess what
//! was not logged: an execution of which anything is missing or cut off is left out, counted and named.
//!
//! | file | holds |
//! | --- | --- |
//! | `texts.rs` | log records and history events, in whatever they are wrapped |
//! | `execution.rs` | one execution's events: its input, its tasks' outcomes, its end |
//! | `expect.rs` | results compared with what was expected, as they are written |
//!
//! # What is read
//!
//! Log records one behind the other; lines of an export to S3, or of `aws logs tail`, with a time before each record;
//! batches of a subscription (Firehose's files, a Lambda function's `awslogs`); what `filter-log-events`,
//! `get-log-events` and `get-query-results` answer; `get-execution-history`, one execution in a file. The log level has to
//! be ALL, with execution data.
//!
//! # What does not come back
//!
//! Execution names, start times and random values are those of the run, not of the day. A task's time is what passed between
//! its scheduling and its end; the rest of an execution takes none, as ever.

mod execution;
mod expect;
mod texts;

pub use execution::Reason;
pub use expect::{Compare, Compared, Unlike};

use crate::value::text::write_string;
use execution::{Event, Execution, Replay};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// Makes events, outcomes and expectations of the texts that it is given.
///
/// ```
/// use expressway::import::Importer;
/// let record = |id: u32, kind: &str, details: &str| format!(
///     r#"{{"id":"{id}","type":"{kind}","details":{details},"previous_event_id":"{}","event_timestamp":"0","execution_arn":"arn:x"}}"#,
///     id - 1
/// );
/// let logs = record(1, "ExecutionStarted", r#"{"input":"{\"n\":1}"}"#) + &record(2, "ExecutionSucceeded", r#"{"output":"2"}"#);
/// let (mut events, mut recorded, mut expected, mut left_out) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
/// let mut importer = Importer::new(&mut events, &mut recorded, &mut expected, &mut left_out);
/// importer.read("log", logs.as_bytes())?;
/// let counts = importer.finish()?;
/// assert_eq!((counts.executions, events), (1, b"{\"n\":1}\n".to_vec()));
/// assert_eq!(String::from_utf8(expected).unwrap(), "{\"status\":\"SUCCEEDED\",\"output\":2}\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Importer<'o> {
    events: &'o mut dyn Write,
    recorded: &'o mut dyn Write,
    expected: &'o mut dyn Write,
    left_out: &'o mut dyn Write,
    /// Executions of which not all has been seen.
    open: BTreeMap<String, Execution>,
    /// Those that have been written: a record may come twice.
    done: BTreeSet<String>,
    /// Where the next event stands in the file of events.
    offset: u64,
    counts: Counts,
}

/// What an import came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Log records and history events that were read.
    pub records: u64,
    /// Executions that can be run again.
    pub executions: u64,
    /// Tasks whose outcomes were recorded.
    pub outcomes: u64,
    /// Executions that were left out, by the reason.
    pub left_out: BTreeMap<Reason, u64>,
    /// The first of them.
    pub named: Vec<(String, Reason)>,
    /// Texts that are neither a record nor anything that holds records.
    pub unreadable: u64,
    /// The first of them: the file, the offset there, and what is wrong.
    pub unreadable_at: Vec<(String, u64, String)>,
}

/// How many of those that were left out are named.
const NAMED_MAX: usize = 10;

impl<'o> Importer<'o> {
    /// Writes events, recorded outcomes, expected results, and what was left out, a line each.
    pub fn new(
        events: &'o mut dyn Write,
        recorded: &'o mut dyn Write,
        expected: &'o mut dyn Write,
        left_out: &'o mut dyn Write,
    ) -> Importer<'o> {
        let (open, done, counts) = (BTreeMap::new(), BTreeSet::new(), Counts::default());
        Importer { events, recorded, expected, left_out, open, done, offset: 0, counts }
    }

    /// Reads a file, unpacked, of that name.
    ///
    /// # Errors
    ///
    /// Something cannot be written. What cannot be read is counted.
    pub fn read(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut failed = Ok(());
        texts::records(name, bytes, &mut |found| {
            if failed.is_ok() {
                failed = match found {
                    Ok((execution, event)) => self.take(execution, event),
                    Err((offset, reason)) => self.unreadable(name, offset, reason),
                };
            }
        });
        failed
    }

    /// Leaves out what is not whole.
    ///
    /// # Errors
    ///
    /// Something cannot be written.
    pub fn finish(mut self) -> io::Result<Counts> {
        for (name, execution) in std::mem::take(&mut self.open) {
            let reason = execution.why_not_whole();
            self.leave_out(name, reason)?;
        }
        for out in [self.events, self.recorded, self.expected, self.left_out] {
            out.flush()?;
        }
        Ok(self.counts)
    }

    fn take(&mut self, name: String, event: Event) -> io::Result<()> {
        self.counts.records += 1;
        if self.done.contains(&name) {
            return Ok(());
        }
        let execution = self.open.entry(name.clone()).or_default();
        execution.take(event);
        if !execution.is_whole() {
            return Ok(());
        }
        let Some(execution) = self.open.remove(&name) else { return Ok(()) };
        self.done.insert(name.clone());
        match execution.replay() {
            Ok(replay) => self.write(&name, &replay),
            Err(reason) => self.leave_out(name, reason),
        }
    }

    fn write(&mut self, name: &str, replay: &Replay) -> io::Result<()> {
        let mut line = Vec::new();
        write!(line, "{{\"offset\":{},\"execution\":", self.offset)?;
        write_string(name, &mut line);
        replay.write_outcomes(&mut line);
        line.extend_from_slice(b"}\n");
        self.recorded.write_all(&line)?;
        self.events.write_all(replay.input.as_bytes())?;
        self.events.write_all(b"\n")?;
        self.offset += replay.input.len() as u64 + 1;
        self.expected.write_all(replay.expected.as_bytes())?;
        self.expected.write_all(b"\n")?;
        self.counts.executions += 1;
        self.counts.outcomes += replay.outcomes() as u64;
        Ok(())
    }

    fn leave_out(&mut self, name: String, reason: Reason) -> io::Result<()> {
        *self.counts.left_out.entry(reason).or_default() += 1;
        let mut line = b"{\"execution\":".to_vec();
        write_string(&name, &mut line);
        line.extend_from_slice(b",\"reason\":");
        write_string(&reason.to_string(), &mut line);
        line.extend_from_slice(b"}\n");
        if self.counts.named.len() < NAMED_MAX {
            self.counts.named.push((name, reason));
        }
        self.left_out.write_all(&line)
    }

    fn unreadable(&mut self, name: &str, offset: u64, reason: String) -> io::Result<()> {
        self.counts.unreadable += 1;
        let mut line = b"{\"file\":".to_vec();
        write_string(name, &mut line);
        write!(line, ",\"offset\":{offset},\"reason\":")?;
        write_string(&reason, &mut line);
        line.extend_from_slice(b"}\n");
        if self.counts.unreadable_at.len() < NAMED_MAX {
            self.counts.unreadable_at.push((name.to_owned(), offset, reason));
        }
        self.left_out.write_all(&line)
    }
}

impl Counts {
    /// The counts in words, a line each.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "records         {}\nexecutions      {}\noutcomes        {}\n",
            self.records, self.executions, self.outcomes
        );
        let mut lines = Vec::new();
        for (reason, count) in &self.left_out {
            lines.push(format!("left out        {count}: {reason}\n"));
            let of_it = self.named.iter().filter(|(_, known)| known == reason);
            lines.extend(of_it.map(|(name, _)| format!("  {name}\n")));
        }
        if self.unreadable > 0 {
            lines.push(format!("unreadable      {}\n", self.unreadable));
            let places = self.unreadable_at.iter();
            lines.extend(places.map(|(file, offset, reason)| format!("  {file}, byte {offset}: {reason}\n")));
        }
        text.push_str(&lines.concat());
        text
    }
}

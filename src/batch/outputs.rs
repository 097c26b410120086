//! What a run writes, and what it counts: the three sinks and the totals.
//!
//! Flows in: the results of one chunk after the other. Flows out: bytes in sinks, counts in the summary. Here line numbers
//! become known, since all lines before have come by. It must never be called out of order in a run that keeps order.

use super::findings::{Findings, Notes};
use super::report::Progress;
use super::sink::{Sink, SinkError};
use super::source::SourceError;
use super::tally::Tally;
use super::text::Text;
use super::wording::Lines;
use crate::vm;
use std::time::Instant;

/// Memory that results keep when they are used again.
const KEPT_BYTES_MAX: usize = 2 << 20;

/// What a chunk has come to.
#[derive(Debug, Default)]
pub(super) struct Results {
    pub source: usize,
    /// How many lines the chunk has.
    pub lines: u64,
    /// How many lines the source has before it, where the intake has counted them.
    pub lines_before: Option<u64>,
    /// How many bytes of the source it took.
    pub stored_bytes: u64,
    /// Whether the results are to be seen at once.
    pub live: bool,
    pub text: Lines,
    pub tally: Tally,
    /// What its executions went through.
    pub visits: vm::Tally,
    /// How many executions were told without being run, by the end that they came to.
    pub told: Vec<u64>,
    pub failed: Option<SourceError>,
    /// What was noted of single executions, if a report is asked for.
    pub notes: Option<Box<Notes>>,
    /// Whether the run was stopped before all of its records had been run.
    pub cut: bool,
}

impl Results {
    /// How many bytes of results there are.
    pub fn bytes(&self) -> usize {
        self.text.results.bytes.len() + self.text.failures.bytes.len() + self.text.dead_letters.bytes.len()
    }

    /// Forgets the lines, not the counts.
    pub fn clear_lines(&mut self) {
        for text in [&mut self.text.results, &mut self.text.failures, &mut self.text.dead_letters] {
            text.clear(KEPT_BYTES_MAX);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.clear_lines();
        self.tally = Tally::default();
        (self.failed, self.cut) = (None, false);
    }
}

/// Called now and then with how far a run has come.
pub(super) type ProgressHook<'w> = Box<dyn FnMut(Progress) + Send + 'w>;

/// The sinks and the totals of a run.
#[derive(Default)]
pub(super) struct Outputs<'w> {
    pub results: Option<Sink<'w>>,
    pub failures: Option<Sink<'w>>,
    pub dead_letters: Option<Sink<'w>>,
    pub progress: Option<ProgressHook<'w>>,
    pub tally: Tally,
    pub visits: vm::Tally,
    pub stored_bytes: u64,
    /// What a report shows, if one is asked for, and when the run began.
    pub findings: Option<Findings>,
    pub started: Option<Instant>,
    /// Sources that could not be read to their ends, by their numbers.
    pub failed: Vec<(usize, SourceError)>,
    source: usize,
    lines: u64,
}

impl Outputs<'_> {
    /// Writes lines of the chunk whose turn it is; `whole` if they are its last, so that its counts count.
    ///
    /// # Errors
    ///
    /// The first sink's that fails.
    pub fn write(&mut self, results: &mut Results, whole: bool) -> Result<(), SinkError> {
        if self.source != results.source {
            (self.source, self.lines) = (results.source, 0);
        }
        let before = results.lines_before.unwrap_or(self.lines);
        put(&mut self.results, &results.text.results, before)?;
        put(&mut self.failures, &results.text.failures, before)?;
        put(&mut self.dead_letters, &results.text.dead_letters, before)?;
        if results.live {
            for sink in [&mut self.results, &mut self.failures, &mut self.dead_letters].into_iter().flatten() {
                sink.flush()?;
            }
        }
        if whole {
            self.lines += results.lines;
            self.stored_bytes += results.stored_bytes;
            self.tally.add(&results.tally);
            self.visits.add(&results.visits);
            // A file that cannot be read fails in every piece; what counts is where that began.
            if let Some(failed) = results.failed.take()
                && !self.failed.iter().any(|(source, _)| *source == results.source)
            {
                self.failed.push((results.source, failed));
            }
            if let Some(findings) = &mut self.findings {
                if let Some(notes) = results.notes.take() {
                    findings.add(*notes, before);
                }
                if let Some(started) = self.started {
                    findings.moment(started.elapsed(), self.tally.records());
                }
            }
            if let Some(progress) = &mut self.progress {
                progress(Progress { records: self.tally.records(), stored_bytes: self.stored_bytes });
            }
        }
        Ok(())
    }

    /// Closes the sinks; gives how many bytes of results were written.
    ///
    /// # Errors
    ///
    /// The first sink's that fails; the others are closed all the same.
    pub fn close(&mut self) -> Result<u64, SinkError> {
        let closed = [self.results.take(), self.failures.take(), self.dead_letters.take()]
            .map(|sink| sink.map_or(Ok(0), Sink::close));
        let [results, failures, dead_letters] = closed;
        let written = results?;
        failures?;
        dead_letters?;
        Ok(written)
    }
}

fn put(sink: &mut Option<Sink>, text: &Text, lines_before: u64) -> Result<(), SinkError> {
    match sink {
        Some(sink) => text.pieces(lines_before, |piece| sink.put(piece)),
        None => Ok(()),
    }
}

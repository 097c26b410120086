//! What a run writes, and what it counts: the three sinks and the totals.
//!
//! Flows in: the results of one chunk after the other. Flows out: bytes in sinks, counts in the summary. Here line numbers
//! become known, since all lines before have come by. It must never be called out of order in a run that keeps order.

use super::chunk::After;
use super::findings::{Findings, Notes};
use super::intake::Done;
use super::keeping::Keeping;
use super::ledger::LedgerError;
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
    /// Where the first of them stands that was not.
    pub cut_at: Option<u64>,
    /// What is behind the chunk.
    pub after: After,
}

impl Results {
    /// Memory for results of about so many bytes.
    pub fn sized(bytes: usize) -> Results {
        let mut results = Results::default();
        results.text.results.bytes.reserve((bytes + bytes / 8).min(KEPT_BYTES_MAX));
        results
    }

    /// How many bytes of results there are.
    pub fn bytes(&self) -> usize {
        self.text.results.bytes.len() + self.text.failures.bytes.len() + self.text.dead_letters.bytes.len()
    }

    /// What lines of the same chunk are put into that come back from elsewhere.
    pub fn part(&self) -> Results {
        let (source, lines_before, live) = (self.source, self.lines_before, self.live);
        Results { source, lines_before, live, ..Results::default() }
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
        (self.failed, self.cut, self.cut_at) = (None, false, None);
    }
}

/// What ends a run before its end.
#[derive(Debug)]
pub(super) enum Failure {
    /// A sink takes no more.
    Sink(SinkError),
    /// A source cannot be read, for the moment, in a run that can be gone on with.
    Source(SourceError),
    /// The ledger cannot be written.
    Ledger(LedgerError),
    /// Results that were put aside cannot be read again.
    Spill(std::io::Error),
}

impl From<SinkError> for Failure {
    fn from(error: SinkError) -> Failure {
        Failure::Sink(error)
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Failure {
        Failure::Ledger(error)
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
    /// What a run with a ledger carries along.
    pub keeping: Option<Keeping>,
    source: usize,
    lines: u64,
}

impl<'w> Outputs<'w> {
    /// Writes lines of the chunk whose turn it is; `whole` if they are its last, so that its counts count.
    ///
    /// # Errors
    ///
    /// The first sink's that fails, the ledger's, or the source's in a run that can be gone on with.
    pub fn write(&mut self, results: &mut Results, whole: bool) -> Result<(), Failure> {
        if self.keeping.is_some()
            && let Some(failed) = results.failed.take_if(|failed| whole && !failed.problem.is_lasting())
        {
            // What was read of the chunk is run again, when the source can be read.
            return Err(Failure::Source(failed));
        }
        if self.source != results.source {
            (self.source, self.lines) = (results.source, 0);
        }
        let before = results.lines_before.unwrap_or(self.lines);
        put(&mut self.results, &results.text.results, before)?;
        put(&mut self.failures, &results.text.failures, before)?;
        put(&mut self.dead_letters, &results.text.dead_letters, before)?;
        if results.live {
            for sink in self.sinks().into_iter().flatten() {
                sink.flush()?;
            }
        }
        if whole {
            self.lines += results.lines;
            self.stored_bytes += results.stored_bytes;
            self.tally.add(&results.tally);
            self.visits.add(&results.visits);
            // A file that cannot be read fails in every piece; what counts is where that began.
            if let Some(failed) = results.failed.take_if(|_| !results.cut)
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
            if self.keeping.is_some() {
                self.keep(results)?;
            }
        }
        Ok(())
    }

    /// Notes in the ledger, if it is time, that all of a chunk is there.
    fn keep(&mut self, results: &Results) -> Result<(), Failure> {
        let taken = self.sinks().map(|sink| sink.as_ref().map_or(0, Sink::taken));
        let Some(mut keeping) = self.keeping.take() else { return Ok(()) };
        keeping.reached(results, taken);
        let outcome = match keeping.is_due() {
            Ok(false) => Ok(()),
            Ok(true) => self.flush().map(|()| {
                let entry = keeping.entry(self, false, true);
                keeping.offer(entry);
            }),
            Err(error) => Err(error.into()),
        };
        self.keeping = Some(keeping);
        outcome
    }

    fn flush(&mut self) -> Result<(), Failure> {
        for sink in self.sinks().into_iter().flatten() {
            sink.flush()?;
        }
        Ok(())
    }

    /// Makes the files that are made when the run begins.
    pub fn begin(&mut self) -> Result<(), SinkError> {
        self.sinks().into_iter().flatten().try_for_each(Sink::begin)
    }

    /// Goes on with what was counted before.
    pub fn take_over(
        &mut self,
        tally: Tally,
        visits: vm::Tally,
        stored_bytes: u64,
        failed: Vec<(usize, SourceError)>,
        done: Done,
    ) {
        (self.tally, self.visits) = (tally, visits);
        (self.stored_bytes, self.failed) = (stored_bytes, failed);
        (self.source, self.lines) = (done.position.source, done.lines);
    }

    /// The sinks: results, failures, dead letters.
    pub fn sinks(&mut self) -> [&mut Option<Sink<'w>>; 3] {
        [&mut self.results, &mut self.failures, &mut self.dead_letters]
    }

    /// The source that lines were last written of.
    pub fn source(&self) -> usize {
        self.source
    }

    /// How many lines of it have been dealt with.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Writes the last entry of a run with a ledger: all is `done`, or it can be gone on with from here.
    ///
    /// # Errors
    ///
    /// A sink's or the ledger's. Then the entry before stands.
    pub fn end(&mut self, done: bool) -> Result<(), Failure> {
        let Some(keeping) = self.keeping.take() else { return Ok(()) };
        let outcome = self.flush().and_then(|()| Ok(keeping.end(self, done)?));
        self.keeping = Some(keeping);
        outcome
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
        Some(sink) => sink.put_text(text, lines_before),
        None => Ok(()),
    }
}

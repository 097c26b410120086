//! A run that is kept in a ledger: how it begins, goes on and ends.
//!
//! Flows in: a [`Ledger`] and what the run consists of. Flows out: outputs that are opened and stand where they should,
//! and from then on an entry now and then. It must never change a file before everything has been found to be as it was.

use super::disk::{again, folder_of};
use super::intake::Done;
use super::latency::Latencies;
use super::ledger::{
    Claimed, Claims, Committer, Entry, Journal, Ledger, LedgerError, Likeness, OutputMark, Position, Record,
};
use super::outputs::{Outputs, Results};
use super::report::Kept;
use super::sink::Sink;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a run with a ledger carries along.
pub(super) struct Keeping {
    ledger: Ledger,
    likeness: Likeness,
    journal: Journal,
    pub committer: Arc<Committer>,
    /// Where the run has got to, and how many bytes of each output belong to that.
    position: Position,
    taken: [u64; 3],
    started: Instant,
    elapsed_before: Duration,
    latencies: Arc<Mutex<Latencies>>,
    pub claims: Option<Arc<Claims>>,
}

/// A run that has begun or goes on.
pub(super) enum Begun {
    /// There is something to do.
    Running {
        /// What has been done.
        done: Done,
        /// What must not be run again.
        claimed: Claimed,
    },
    /// There is nothing left to do.
    Ended,
}

impl Keeping {
    /// Begins a run, or goes on with one: opens the outputs, and takes over what has been counted.
    pub fn begin(
        mut ledger: Ledger,
        likeness: Likeness,
        states: usize,
        latencies: Arc<Mutex<Latencies>>,
        outputs: &mut Outputs,
    ) -> Result<Begun, LedgerError> {
        refuse_what_cannot_be_kept(&ledger, outputs)?;
        let earlier = ledger.earlier.take();
        if let Some(record) = &earlier {
            check(&ledger, record, &likeness, states, outputs)?;
        }
        let ended = earlier.as_ref().is_some_and(|record| record.done);
        let goes_on = earlier.is_some();
        let (mut done, mut marks) = (Done::default(), [None; 3]);
        if let Some(record) = &earlier {
            done = Done { position: record.position, lines: record.lines, records: record.tally.records() };
            marks = record.outputs.each_ref().map(|mark| mark.as_ref().map(|mark| mark.bytes));
        }
        let kept = Kept { events: done.records, result_bytes: marks[0].unwrap_or(0) };
        let committer = Arc::new(Committer::new(ledger.disk.clone(), &ledger.path, kept));
        let mut keeping = Keeping {
            journal: Journal::new(committer.clone(), ledger.every),
            committer,
            position: done.position,
            taken: marks.map(Option::unwrap_or_default),
            started: Instant::now(),
            elapsed_before: Duration::ZERO,
            latencies,
            claims: None,
            likeness,
            ledger,
        };
        if let Some(record) = earlier {
            keeping.elapsed_before = Duration::from_nanos(record.elapsed_ns);
            if let Some(measured) = &record.latencies {
                keeping.latencies.lock().unwrap_or_else(PoisonError::into_inner).add(measured);
            }
            outputs.take_over(record.tally, record.visits, record.stored_bytes, record.failed, done);
        }
        let mut claimed = Claimed::default();
        if !ended {
            let (disk, path) = (keeping.ledger.disk.clone(), keeping.ledger.path.clone());
            if keeping.ledger.once && goes_on {
                let (claims, before) = Claims::reopen(&*disk, &path, done.position)?;
                (keeping.claims, claimed) = (Some(Arc::new(claims)), before);
            } else if keeping.ledger.once {
                keeping.claims = Some(Arc::new(Claims::create(&*disk, &path)?));
            }
            if !goes_on {
                // From here on there is something to go on with, whatever happens.
                let entry = keeping.entry(outputs, false, false);
                keeping.committer.finish(&entry)?;
            }
            keeping.open(outputs, marks)?;
        }
        outputs.keeping = Some(keeping);
        Ok(if ended { Begun::Ended } else { Begun::Running { done, claimed } })
    }

    /// Opens the outputs, made anew or cut back.
    fn open(&self, outputs: &mut Outputs, marks: [Option<u64>; 3]) -> Result<(), LedgerError> {
        for (sink, mark) in outputs.sinks().into_iter().zip(marks) {
            let Some(sink) = sink else { continue };
            let Some((disk, path)) = sink.place().map(|(disk, path)| (disk.clone(), path.to_owned())) else { continue };
            let mark = mark.unwrap_or(0);
            // Before anything was written to it, it may not have been made.
            let file = if mark == 0 {
                again(|| disk.create(&path)).map_err(LedgerError::io(&path, "cannot be created"))?
            } else {
                let file = again(|| disk.open(&path)).map_err(LedgerError::io(&path, "cannot be opened"))?;
                let length = again(|| file.length()).map_err(LedgerError::io(&path, "cannot be looked at"))?;
                if length.is_some_and(|length| length > mark) && !self.ledger.keeps_tails {
                    again(|| file.truncate(mark)).map_err(LedgerError::io(&path, "cannot be cut back"))?;
                }
                file
            };
            let folder = folder_of(&path);
            again(|| disk.sync_folder(folder)).map_err(LedgerError::io(folder, "cannot be made to last"))?;
            sink.go_on(file, mark);
        }
        Ok(())
    }

    /// Notes that all of a chunk, or its beginning if it was cut, is in the sinks.
    pub fn reached(&mut self, results: &Results, taken: [u64; 3]) {
        let after = results.after;
        self.taken = taken;
        self.position = match results.cut_at {
            Some(offset) => Position {
                source: results.source,
                offset,
                until: after.offset.max(offset),
                read: after.read,
                stored: after.stored,
            },
            None if after.ends => Position { source: results.source + 1, ..Position::default() },
            None => Position {
                source: results.source,
                offset: after.offset,
                until: after.offset,
                read: after.read,
                stored: after.stored,
            },
        };
    }

    /// Whether it is time for an entry.
    pub fn is_due(&self) -> Result<bool, LedgerError> {
        self.journal.is_due()
    }

    /// Hands an entry over.
    pub fn offer(&mut self, entry: Entry) {
        self.journal.offer(entry);
    }

    /// What is to be written down now; `done` if there is nothing left to do.
    pub fn entry(&self, outputs: &mut Outputs, done: bool, opened: bool) -> Entry {
        let (mut files, mut marks) = (Vec::new(), [None, None, None]);
        for ((sink, mark), bytes) in outputs.sinks().into_iter().zip(&mut marks).zip(self.taken) {
            let Some(sink) = sink else { continue };
            let path = sink.name().to_owned();
            if let Some(file) = sink.out_file().filter(|_| opened) {
                files.push((path.clone(), file.clone()));
            }
            *mark = Some(OutputMark { path, bytes });
        }
        let elapsed = self.elapsed();
        // The counts are lent to the record, and taken back: a copy would cost more.
        let lines = if self.position.source == outputs.source() { outputs.lines() } else { 0 };
        let record = Record {
            done,
            folder: self.ledger.folder.clone(),
            arguments: self.ledger.arguments.clone(),
            once: self.ledger.once,
            likeness: self.likeness.clone(),
            position: self.position,
            lines,
            outputs: marks,
            tally: std::mem::take(&mut outputs.tally),
            visits: std::mem::take(&mut outputs.visits),
            stored_bytes: outputs.stored_bytes,
            failed: std::mem::take(&mut outputs.failed),
            elapsed_ns: u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX),
            latencies: Some(self.latencies.lock().unwrap_or_else(PoisonError::into_inner).clone()),
        };
        let text = record.to_bytes();
        let kept = Kept { events: record.tally.records(), result_bytes: self.taken[0] };
        (outputs.tally, outputs.visits, outputs.failed) = (record.tally, record.visits, record.failed);
        Entry { text, files, kept }
    }

    /// Once all that is to be written has been: the last entry, and no more claims if all is done.
    pub fn end(&self, outputs: &mut Outputs, done: bool) -> Result<(), LedgerError> {
        let entry = self.entry(outputs, done, true);
        self.committer.finish(&entry)?;
        if done && self.ledger.once {
            Claims::remove(&*self.ledger.disk, &self.ledger.path)?;
        }
        Ok(())
    }

    /// How long the run has taken, with the time before it was gone on with.
    pub fn elapsed(&self) -> Duration {
        self.elapsed_before + self.started.elapsed()
    }
}

fn refuse_what_cannot_be_kept(ledger: &Ledger, outputs: &mut Outputs) -> Result<(), LedgerError> {
    let mut names: Vec<&Path> = vec![&ledger.path];
    let unkept = |what: String| Err(LedgerError::Unkept { what });
    let sinks = outputs.sinks();
    for sink in sinks.iter().filter_map(|sink| sink.as_ref()) {
        match sink.place() {
            None => {
                let name = sink.name();
                return unkept(format!("cannot write to {name}, from which nothing can be taken back: name a file"));
            }
            Some((_, path)) if names.contains(&path) => {
                return unkept(format!("needs a file of its own for each output: {} is named twice", path.display()));
            }
            Some((_, path)) => names.push(path),
        }
    }
    Ok(())
}

/// Whether all is as the ledger says it was.
fn check(
    ledger: &Ledger,
    record: &Record,
    likeness: &Likeness,
    states: usize,
    outputs: &mut Outputs,
) -> Result<(), LedgerError> {
    let changed = |what: String| LedgerError::Changed { path: ledger.path.display().to_string(), what };
    if let Some(what) = likeness.differs_from(&record.likeness) {
        return Err(changed(what));
    }
    if record.visits.entered().count() != states {
        return Err(changed("it counts other states".to_owned()));
    }
    for (sink, mark) in outputs.sinks().into_iter().zip(&record.outputs) {
        match (sink, mark) {
            (Some(sink), Some(mark)) if sink.name() == mark.path => check_output(sink, mark, record.done, &changed)?,
            (None, None) => {}
            _ => return Err(changed("the outputs are not those it was begun with".to_owned())),
        }
    }
    Ok(())
}

fn check_output(
    sink: &Sink,
    mark: &OutputMark,
    done: bool,
    changed: &dyn Fn(String) -> LedgerError,
) -> Result<(), LedgerError> {
    // What a run has come to an end with may have been moved away; what holds nothing may not have been made.
    let Some((disk, path)) = sink.place().filter(|_| !done && mark.bytes > 0) else { return Ok(()) };
    let length = match again(|| disk.open(path)).and_then(|file| again(|| file.length())) {
        Ok(length) => length,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(changed(format!("{} is gone", mark.path)));
        }
        Err(error) => return Err(LedgerError::io(path, "cannot be opened")(error)),
    };
    match length {
        Some(length) if length < mark.bytes => {
            Err(changed(format!("{} has {length} bytes, and {} were written to it", mark.path, mark.bytes)))
        }
        _ => Ok(()),
    }
}

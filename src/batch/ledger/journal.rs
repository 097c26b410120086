//! The entries of a ledger, made while a run goes on.
//!
//! Flows in: at the end of a chunk, when it is time, what the run has come to ([`Journal::offer`]). Flows out: the ledger,
//! replaced. Taking down what there is takes microseconds and is done by whoever writes results; syncing takes as long as
//! the disk does, and is done beside the run by the [`Committer`]: if it has not come to its end, the next entry waits, not
//! the run. It must never write a ledger before all that it speaks of is synced.

use super::super::disk::{Disk, OutFile, again, append_all, folder_of};
use super::super::report::Kept;
use super::LedgerError;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One state of the ledger, about to be made to last.
pub(in crate::batch) struct Entry {
    pub text: Vec<u8>,
    /// What has to be synced before.
    pub files: Vec<(String, Arc<dyn OutFile>)>,
    pub kept: Kept,
}

/// Where entries are handed over, shared by who makes them and who makes them last.
pub(in crate::batch) struct Committer {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Option<Entry>,
    /// Whether one is being written.
    working: bool,
    closed: bool,
    kept: Kept,
    failed: Option<LedgerError>,
}

impl Committer {
    pub fn new(disk: Arc<dyn Disk>, path: &Path, kept: Kept) -> Committer {
        let state = State { kept, ..State::default() };
        Committer { disk, path: path.to_owned(), state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Makes entries last until there will be no more.
    pub fn run(&self) {
        let mut state = self.lock();
        loop {
            if state.waiting.is_some() {
                drop(state);
                self.step();
                state = self.lock();
            } else if state.closed {
                return;
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Makes an entry last, if one waits; whether there was one.
    pub fn step(&self) -> bool {
        let Some(entry) = ({
            let mut state = self.lock();
            let entry = state.waiting.take();
            state.working = entry.is_some();
            entry
        }) else {
            return false;
        };
        let outcome = self.write(&entry);
        let mut state = self.lock();
        state.working = false;
        match outcome {
            Ok(()) => state.kept = entry.kept,
            Err(error) => {
                state.failed.get_or_insert(error);
            }
        }
        true
    }

    /// There will be no more entries.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Syncs what an entry speaks of, then puts it in the ledger's place.
    fn write(&self, entry: &Entry) -> Result<(), LedgerError> {
        for (name, file) in &entry.files {
            again(|| file.sync()).map_err(LedgerError::io(Path::new(name), "cannot be made to last"))?;
        }
        let mut new = self.path.clone().into_os_string();
        new.push(".new");
        let new = PathBuf::from(new);
        let file = again(|| self.disk.create(&new)).map_err(LedgerError::io(&new, "cannot be created"))?;
        append_all(&*file, &entry.text).map_err(LedgerError::io(&new, "cannot be written to"))?;
        again(|| file.sync()).map_err(LedgerError::io(&new, "cannot be made to last"))?;
        drop(file);
        again(|| self.disk.rename(&new, &self.path)).map_err(LedgerError::io(&self.path, "cannot be replaced"))?;
        let folder = folder_of(&self.path);
        again(|| self.disk.sync_folder(folder)).map_err(LedgerError::io(folder, "cannot be made to last"))
    }

    /// What is safe so far.
    pub fn kept(&self) -> Kept {
        self.lock().kept
    }

    /// Makes the last entry last, on the spot; no other is under way any more.
    ///
    /// # Errors
    ///
    /// This entry's, or that of one before, after which none may follow.
    pub fn finish(&self, entry: &Entry) -> Result<(), LedgerError> {
        let failed = self.lock().failed.take();
        failed.map_or(Ok(()), Err)?;
        self.write(entry)?;
        self.lock().kept = entry.kept;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When it is time for an entry.
pub(in crate::batch) struct Journal {
    committer: Arc<Committer>,
    every: Duration,
    last: Instant,
}

impl Journal {
    pub fn new(committer: Arc<Committer>, every: Duration) -> Journal {
        Journal { committer, every, last: Instant::now() }
    }

    /// Whether an entry is to be made now.
    ///
    /// # Errors
    ///
    /// That of an entry before, after which the run cannot go on.
    pub fn is_due(&self) -> Result<bool, LedgerError> {
        if self.last.elapsed() < self.every {
            return Ok(false);
        }
        let mut state = self.committer.lock();
        match state.failed.take() {
            Some(error) => Err(error),
            None => Ok(state.waiting.is_none() && !state.working),
        }
    }

    /// Hands an entry over.
    pub fn offer(&mut self, entry: Entry) {
        self.last = Instant::now();
        self.committer.lock().waiting = Some(entry);
        self.committer.changed.notify_all();
    }
}

//! A disk in memory that fails when it is told to, and that forgets what was not synced.
//!
//! Every call has a number, counted over all files. One of them, or all from one on, can fail in a given way. A crash of
//! the process leaves what was written; a crash of the computer leaves what was synced, and of the rest some beginning:
//! bytes behind a file's synced ones, names in the order they were given. It must never lose what was synced.

use expressway::batch::ReadAt;
use expressway::batch::disk::{Disk, OutFile};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// With the system's error of this number: 5 (input/output error) or 28 (no space left).
    Error(i32),
    /// It is interrupted before anything was done.
    Interrupted,
    /// Less is written, or read, than was asked for.
    Short,
}

/// Which calls fail, and how.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub fault: Fault,
    /// The first that fails.
    pub call: usize,
    /// Whether all behind it fail too.
    pub lasting: bool,
}

#[derive(Default)]
struct State {
    names: BTreeMap<PathBuf, usize>,
    files: Vec<Content>,
    /// The names that outlive a crash, and the changes that may.
    synced_names: BTreeMap<PathBuf, usize>,
    changes: Vec<Change>,
    calls: usize,
    plan: Option<Plan>,
    /// How many calls have failed, and how many of them were not reading a source.
    failed: usize,
    failed_writing: usize,
}

#[derive(Clone, Default)]
struct Content {
    bytes: Vec<u8>,
    synced: Vec<u8>,
}

enum Change {
    Made(PathBuf, usize),
    Renamed(PathBuf, PathBuf),
    Removed(PathBuf),
}

/// The disk; its clones are the same disk.
#[derive(Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<State>>);

struct MemoryFile {
    disk: MemoryDisk,
    number: usize,
}

impl MemoryDisk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Lets calls fail from now on, counted from 0.
    pub fn plan(&self, plan: Option<Plan>) {
        let mut state = self.lock();
        (state.plan, state.calls, state.failed, state.failed_writing) = (plan, 0, 0, 0);
    }

    /// How many calls have failed.
    pub fn failed(&self) -> usize {
        self.lock().failed
    }

    /// How many of them were calls of a [`Disk`], rather than the reading of a source.
    pub fn failed_writing(&self) -> usize {
        self.lock().failed_writing
    }

    /// What a file holds now.
    pub fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
        let state = self.lock();
        state.names.get(path).map(|number| state.files[*number].bytes.clone())
    }

    /// Writes a file without its being a call.
    pub fn put(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.lock();
        let number = state.files.len();
        state.files.push(Content { bytes: bytes.to_vec(), synced: bytes.to_vec() });
        state.names.insert(path.to_owned(), number);
        state.synced_names.insert(path.to_owned(), number);
    }

    /// The computer crashes: what was not synced is kept only as far as `draw` says, which gives a number below another.
    pub fn crash(&self, draw: &mut dyn FnMut(usize) -> usize) {
        let mut state = self.lock();
        let mut names = std::mem::take(&mut state.synced_names);
        let changes = std::mem::take(&mut state.changes);
        let kept = draw(changes.len() + 1);
        for change in changes.into_iter().take(kept) {
            change.apply(&mut names);
        }
        for content in &mut state.files {
            if let Some(more) = content.bytes.strip_prefix(&content.synced[..]) {
                let kept = draw(more.len() + 1);
                content.synced.extend_from_slice(&more[..kept]);
            } else if draw(2) == 1 {
                // It was cut back, and then perhaps written to.
                let common = content.bytes.iter().zip(&content.synced).take_while(|(a, b)| a == b).count();
                content.synced.truncate(common);
            }
            content.bytes = content.synced.clone();
        }
        (state.names, state.synced_names) = (names.clone(), names);
    }

    /// Counts a call; what is to happen instead of it, if anything.
    fn call(&self) -> io::Result<bool> {
        let mut state = self.lock();
        let call = state.calls;
        state.calls += 1;
        let Some(plan) = state.plan.filter(|plan| plan.call == call || plan.lasting && plan.call < call) else {
            return Ok(false);
        };
        state.failed += 1;
        state.failed_writing += 1;
        match plan.fault {
            Fault::Error(number) => Err(io::Error::from_raw_os_error(number)),
            Fault::Interrupted => Err(ErrorKind::Interrupted.into()),
            Fault::Short => Ok(true),
        }
    }
}

impl Change {
    fn apply(self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Change::Made(path, number) => {
                names.insert(path, number);
            }
            Change::Renamed(from, to) => {
                if let Some(number) = names.remove(&from) {
                    names.insert(to, number);
                }
            }
            Change::Removed(path) => {
                names.remove(&path);
            }
        }
    }
}

impl Disk for MemoryDisk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.call()?;
        self.bytes(path).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn OutFile>> {
        self.call()?;
        let mut state = self.lock();
        let number = match state.names.get(path) {
            Some(number) => *number,
            None => {
                state.files.push(Content::default());
                let number = state.files.len() - 1;
                state.names.insert(path.to_owned(), number);
                state.changes.push(Change::Made(path.to_owned(), number));
                number
            }
        };
        state.files[number].bytes.clear();
        Ok(Arc::new(MemoryFile { disk: self.clone(), number }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn OutFile>> {
        self.call()?;
        match self.lock().names.get(path) {
            Some(number) => Ok(Arc::new(MemoryFile { disk: self.clone(), number: *number })),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call()?;
        let mut state = self.lock();
        let number = state.names.remove(from).ok_or(ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), number);
        state.changes.push(Change::Renamed(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call()?;
        let mut state = self.lock();
        state.names.remove(path).ok_or(ErrorKind::NotFound)?;
        state.changes.push(Change::Removed(path.to_owned()));
        Ok(())
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        self.call()?;
        let mut state = self.lock();
        state.changes.clear();
        state.synced_names = state.names.clone();
        Ok(())
    }
}

impl OutFile for MemoryFile {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        let short = self.disk.call()?;
        let count = if short { bytes.len().div_ceil(2) } else { bytes.len() };
        self.disk.lock().files[self.number].bytes.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn length(&self) -> io::Result<Option<u64>> {
        self.disk.call()?;
        Ok(Some(self.disk.lock().files[self.number].bytes.len() as u64))
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.disk.call()?;
        self.disk.lock().files[self.number].bytes.truncate(length as usize);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.call()?;
        let mut state = self.disk.lock();
        let content = &mut state.files[self.number];
        content.synced = content.bytes.clone();
        Ok(())
    }
}

/// A source whose reading is a call too.
pub struct Reading {
    pub disk: MemoryDisk,
    pub bytes: Arc<Vec<u8>>,
}

impl ReadAt for Reading {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let before = self.disk.failed_writing();
        let call = self.disk.call();
        self.disk.lock().failed_writing = before;
        let short = call?;
        let rest = self.bytes.get(offset as usize..).unwrap_or_default();
        let most = rest.len().min(into.len());
        let count = if short { most.div_ceil(2) } else { most };
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

//! The calls to the file system that a run with a ledger depends on, behind a trait.
//!
//! All that has to survive a crash goes through [`Disk`]: the outputs, the ledger, the claims. So tests can let any call
//! fail, and can lose what was not yet synced. [`System`] is the real one. It must never hide an error: what is given back
//! as done is done, and an interrupted call is the caller's to repeat (`again`).

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;

/// A file system, as far as a run with a ledger uses it.
pub trait Disk: Send + Sync {
    /// Reads a whole file.
    ///
    /// # Errors
    ///
    /// What the system says; `NotFound` if there is no such file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Makes a file anew, or empties one that is there.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn OutFile>>;

    /// Opens a file that is there, to be written on behind its end.
    ///
    /// # Errors
    ///
    /// What the system says; `NotFound` if there is no such file.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn OutFile>>;

    /// Gives a file another name, in one step, in place of whatever has that name.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// What the system says; `NotFound` if there is no such file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder survive a crash of the computer.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// A file that is written to.
pub trait OutFile: Send + Sync {
    /// Writes some bytes behind the end; gives how many.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn append(&self, bytes: &[u8]) -> io::Result<usize>;

    /// How long it is; nothing if it is not a plain file, so that nothing can be taken back from it.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn length(&self) -> io::Result<Option<u64>>;

    /// Cuts it off behind so many bytes.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn truncate(&self, length: u64) -> io::Result<()>;

    /// Makes what was written survive a crash of the computer.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn sync(&self) -> io::Result<()>;
}

/// The file system of the computer.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Disk for System {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn OutFile>> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let opened = Opened::new(file)?;
        if opened.plain {
            opened.file.set_len(0)?;
        }
        Ok(Arc::new(opened))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn OutFile>> {
        Ok(Arc::new(Opened::new(OpenOptions::new().append(true).open(path)?)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // A folder can only be opened, and so synced, where the system lets it be read like a file.
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        #[cfg(not(unix))]
        let _ = folder;
        Ok(())
    }
}

/// A file of the computer's.
struct Opened {
    file: File,
    plain: bool,
}

impl Opened {
    fn new(file: File) -> io::Result<Opened> {
        let plain = file.metadata()?.is_file();
        Ok(Opened { file, plain })
    }
}

impl OutFile for Opened {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        (&self.file).write(bytes)
    }

    fn length(&self) -> io::Result<Option<u64>> {
        Ok(if self.plain { Some(self.file.metadata()?.len()) } else { None })
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        // A device such as /dev/null has nothing to keep.
        if self.plain { self.file.sync_all() } else { Ok(()) }
    }
}

/// Repeats a call for as long as it is interrupted.
pub(super) fn again<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Writes all bytes behind a file's end.
pub(super) fn append_all(file: &dyn OutFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match again(|| file.append(bytes))? {
            0 => return Err(ErrorKind::WriteZero.into()),
            taken => bytes = &bytes[taken.min(bytes.len())..],
        }
    }
    Ok(())
}

/// The folder that a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

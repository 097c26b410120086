//! The ledger: what a run has come to so far, kept so that it can be gone on with after any crash.
//!
//! About once a second the run writes down how far all has been dealt with, without gaps: the place in the sources, the
//! bytes of each output that belong to it, and all counts. The outputs are synced before the ledger says so, and the
//! ledger is replaced in one step. A run that goes on cuts the outputs back to what the ledger says, and runs again what
//! stands behind it. So the outputs are the same bytes as if nothing had happened; functions may be called again for the
//! events since the last entry. It must never trust a ledger that is not whole, or cut anything before all has been
//! checked.
//!
//! | file | holds |
//! | --- | --- |
//! | `record.rs` | what a ledger says, as text and back |
//! | `likeness.rs` | what has to be the same for a run to go on |
//! | `journal.rs` | the entries, made while a run goes on |
//! | `claims.rs` | chunks that were begun, for functions that must not be called twice |

mod claims;
mod journal;
mod likeness;
mod record;

pub(super) use claims::{Claimed, Claims};
pub(super) use journal::{Committer, Entry, Journal};
pub(super) use likeness::{digest, source_likeness};
pub(super) use record::{Likeness, OutputMark, Position, Record, SourceLikeness};

use super::disk::{Disk, System, again};
use record::Unreadable;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What the ledger of a run is called in a folder.
const FILE_NAME: &str = "expressway.ledger";
/// How long it takes until the next entry, unless something else is said.
const EVERY: Duration = Duration::from_secs(1);

/// The ledger of a run, about to be written or gone on with.
///
/// ```
/// use expressway::batch::Ledger;
/// let path = std::env::temp_dir().join(format!("doc-{}.ledger", std::process::id()));
/// let ledger = Ledger::new(&path).unwrap();
/// assert!(!ledger.is_done());
/// assert_eq!(Ledger::resume(&path).err().unwrap().to_string(), format!("{}: there is no such ledger", path.display()));
/// ```
pub struct Ledger {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) path: PathBuf,
    pub(super) folder: String,
    pub(super) arguments: Vec<String>,
    pub(super) once: bool,
    pub(super) every: Duration,
    /// What was written down, if the run is gone on with.
    pub(super) earlier: Option<Record>,
    pub(super) keeps_tails: bool,
}

/// Why a run cannot be kept, or cannot be gone on with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// There is nothing to go on with.
    #[error("{path}: there is no such ledger")]
    Absent {
        /// The ledger.
        path: String,
    },
    /// A run that has not come to its end is kept there.
    #[error(
        "{path}: keeps a run that has not come to its end: go on with it (resume), or remove the ledger to give it up"
    )]
    Unfinished {
        /// The ledger.
        path: String,
    },
    /// It is not what was written.
    #[error("{path}: the ledger is damaged: {reason}; nothing was changed")]
    Damaged {
        /// The ledger.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It was written in another form.
    #[error("{path}: the ledger has schema {schema}, and this version reads schema 1; nothing was changed")]
    Schema {
        /// The ledger.
        path: String,
        /// Its form.
        schema: u64,
    },
    /// Something is not what it was when the run began.
    #[error("{path}: cannot be gone on with: {what}; nothing was changed")]
    Changed {
        /// The ledger.
        path: String,
        /// What has changed, and how.
        what: String,
    },
    /// Something of the run cannot be kept.
    #[error("a run with a ledger {what}")]
    Unkept {
        /// What, and why.
        what: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {what}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What failed.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

impl LedgerError {
    /// Whether there is no space left.
    pub fn is_full(&self) -> bool {
        use ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        matches!(self, LedgerError::Io { source, .. } if matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge))
    }

    /// Whether a file could not be read or written, rather than something being wrong with the run or the ledger.
    pub fn is_io(&self) -> bool {
        matches!(self, LedgerError::Io { .. })
    }

    pub(super) fn io(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> LedgerError {
        let path = path.display().to_string();
        move |source| LedgerError::Io { path, what, source }
    }
}

impl Ledger {
    /// The ledger of a new run: a file, or a folder that it is to be in.
    ///
    /// # Errors
    ///
    /// There is one already that belongs to a run that has not come to its end, or that cannot be read: nobody's work is
    /// given up unasked.
    pub fn new(path: impl AsRef<Path>) -> Result<Ledger, LedgerError> {
        Ledger::new_on(Arc::new(System), &in_folder(path.as_ref()))
    }

    /// As [`Ledger::new`], on a given file system, and always a file.
    ///
    /// # Errors
    ///
    /// As [`Ledger::new`].
    #[doc(hidden)]
    pub fn new_on(disk: Arc<dyn Disk>, path: &Path) -> Result<Ledger, LedgerError> {
        match read(&*disk, path) {
            Err(LedgerError::Absent { .. }) => {}
            Ok(record) if record.done => {}
            Ok(_) => return Err(LedgerError::Unfinished { path: path.display().to_string() }),
            Err(error) => return Err(error),
        }
        Ok(Ledger {
            disk,
            path: path.to_owned(),
            folder: String::new(),
            arguments: Vec::new(),
            once: false,
            every: EVERY,
            earlier: None,
            keeps_tails: false,
        })
    }

    /// The ledger of a run that is to be gone on with.
    ///
    /// # Errors
    ///
    /// There is none, or it is damaged, or of another form. Whether it fits the run is seen when that goes on.
    pub fn resume(path: impl AsRef<Path>) -> Result<Ledger, LedgerError> {
        Ledger::resume_on(Arc::new(System), &in_folder(path.as_ref()))
    }

    /// As [`Ledger::resume`], on a given file system, and always a file.
    ///
    /// # Errors
    ///
    /// As [`Ledger::resume`].
    #[doc(hidden)]
    pub fn resume_on(disk: Arc<dyn Disk>, path: &Path) -> Result<Ledger, LedgerError> {
        let mut record = read(&*disk, path)?;
        let (folder, arguments) = (std::mem::take(&mut record.folder), std::mem::take(&mut record.arguments));
        let once = record.once;
        let (path, earlier) = (path.to_owned(), Some(record));
        Ok(Ledger { disk, path, folder, arguments, once, every: EVERY, earlier, keeps_tails: false })
    }

    /// What is written down for whoever goes on: the folder that the run is started in, and its arguments.
    #[must_use]
    pub fn started_as(mut self, folder: String, arguments: Vec<String>) -> Ledger {
        (self.folder, self.arguments) = (folder, arguments);
        self
    }

    /// Claims each chunk before its first event is run. An event of a claim that was not dealt with when the run is gone
    /// on with becomes a dead letter, so that no function is ever called twice for it but by Retry. Each claim is synced,
    /// which takes about a millisecond on most disks.
    #[must_use]
    pub fn once(mut self, once: bool) -> Ledger {
        self.once = once;
        self
    }

    /// How long it takes at least until the next entry.
    #[must_use]
    pub fn every(mut self, every: Duration) -> Ledger {
        self.every = every;
        self
    }

    /// Leaves what stands in the outputs behind the last entry where it is, which makes them wrong: so that a test can
    /// show that it would notice.
    #[doc(hidden)]
    #[must_use]
    pub fn keep_tails_for_a_test(mut self) -> Ledger {
        self.keeps_tails = true;
        self
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that the run was started in.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// The arguments that the run was started with.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// Whether the run that it keeps has come to its end.
    pub fn is_done(&self) -> bool {
        self.earlier.as_ref().is_some_and(|record| record.done)
    }
}

/// The file that a name stands for.
fn in_folder(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() }
}

fn read(disk: &dyn Disk, path: &Path) -> Result<Record, LedgerError> {
    let name = || path.display().to_string();
    let bytes = again(|| disk.read(path)).map_err(|error| match error.kind() {
        ErrorKind::NotFound => LedgerError::Absent { path: name() },
        _ => LedgerError::io(path, "the ledger cannot be read")(error),
    })?;
    Record::from_bytes(&bytes).map_err(|unreadable| match unreadable {
        Unreadable::Damaged(reason) => LedgerError::Damaged { path: name(), reason },
        Unreadable::Schema(schema) => LedgerError::Schema { path: name(), schema },
    })
}

//! Where bytes go: a file, stdout, or anything that can be written to.
//!
//! Flows in: finished lines. Flows out: few large writes (256 KiB and more), because a write costs far more than an
//! execution. Every failure says which sink it was and how many bytes the sink had taken. It must never write again after
//! a failure, and never take a short write for a whole one.

use super::disk::{Disk, OutFile, System};
use super::text::{Text, write_number};
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many bytes are gathered before they are written.
const BLOCK_BYTES: usize = 64 << 10;

/// A named place that bytes are written to, in large blocks.
///
/// ```
/// use expressway::batch::Sink;
/// let mut bytes = Vec::new();
/// let mut sink = Sink::new("memory", &mut bytes);
/// sink.put(b"{}\n").unwrap();
/// assert_eq!(sink.close().unwrap(), 3);
/// assert_eq!(bytes, b"{}\n");
/// ```
pub struct Sink<'w> {
    name: String,
    target: Target<'w>,
    buffer: Vec<u8>,
    written: u64,
}

enum Target<'w> {
    Writer(Box<dyn Write + Send + 'w>),
    /// A file that a ledger can keep; opened when the run begins, which knows whether it goes on.
    Kept {
        disk: Arc<dyn Disk>,
        path: PathBuf,
        file: Option<Arc<dyn OutFile>>,
    },
}

/// Why a sink takes no more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// The file could not be made.
    #[error("{name}: cannot be created: {source}")]
    Create {
        /// The sink.
        name: String,
        /// What the system says.
        source: io::Error,
    },
    /// Whoever read from the pipe has gone: no fault of anybody's.
    #[error("{name}: nobody reads any more, after {written} bytes")]
    Closed {
        /// The sink.
        name: String,
        /// How many bytes it had taken.
        written: u64,
    },
    /// No space is left: the disk, a quota, or the largest size of a file.
    #[error("{name}: no space is left, after {written} bytes: {source}")]
    Full {
        /// The sink.
        name: String,
        /// How many bytes it had taken.
        written: u64,
        /// What the system says.
        source: io::Error,
    },
    /// Any other failure.
    #[error("{name}: cannot be written to, after {written} bytes: {source}")]
    Write {
        /// The sink.
        name: String,
        /// How many bytes it had taken.
        written: u64,
        /// What the system says.
        source: io::Error,
    },
}

impl<'w> Sink<'w> {
    /// A sink over anything that can be written to; the name is for messages.
    pub fn new(name: impl Into<String>, target: impl Write + Send + 'w) -> Sink<'w> {
        Sink { name: name.into(), target: Target::Writer(Box::new(target)), buffer: Vec::new(), written: 0 }
    }

    /// A file that a run with a ledger can go on with. It is made anew when the run begins, or cut back to what the
    /// ledger says when the run is gone on with; before, nothing is touched.
    pub fn kept(path: &Path) -> Sink<'static> {
        Sink::kept_on(Arc::new(System), path)
    }

    /// As [`Sink::kept`], on a given file system.
    #[doc(hidden)]
    pub fn kept_on(disk: Arc<dyn Disk>, path: &Path) -> Sink<'static> {
        let target = Target::Kept { disk, path: path.to_owned(), file: None };
        Sink { name: path.display().to_string(), target, buffer: Vec::new(), written: 0 }
    }

    /// A file, made anew.
    ///
    /// # Errors
    ///
    /// [`SinkError::Create`].
    pub fn file(path: &Path) -> Result<Sink<'static>, SinkError> {
        let name = path.display().to_string();
        match File::create(path) {
            Ok(file) => Ok(Sink::new(name, file)),
            Err(source) => Err(SinkError::Create { name, source }),
        }
    }

    /// Standard output, without the standard library's line buffer.
    ///
    /// # Errors
    ///
    /// [`SinkError::Create`] if the process has none.
    pub fn stdout() -> Result<Sink<'static>, SinkError> {
        let name = "standard output".to_owned();
        #[cfg(unix)]
        {
            use std::os::fd::AsFd;
            match io::stdout().as_fd().try_clone_to_owned() {
                Ok(handle) => Ok(Sink::new(name, File::from(handle))),
                Err(source) => Err(SinkError::Create { name, source }),
            }
        }
        #[cfg(not(unix))]
        Ok(Sink::new(name, io::stdout()))
    }

    /// The name, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file system and path of a file that a ledger can keep.
    pub(super) fn place(&self) -> Option<(&Arc<dyn Disk>, &Path)> {
        match &self.target {
            Target::Kept { disk, path, .. } => Some((disk, path)),
            Target::Writer(_) => None,
        }
    }

    /// The file, once it is open.
    pub(super) fn out_file(&self) -> Option<&Arc<dyn OutFile>> {
        match &self.target {
            Target::Kept { file, .. } => file.as_ref(),
            Target::Writer(_) => None,
        }
    }

    /// Goes on with a file that has been opened, behind so many bytes.
    pub(super) fn go_on(&mut self, opened: Arc<dyn OutFile>, length: u64) {
        if let Target::Kept { file, .. } = &mut self.target {
            *file = Some(opened);
            self.written = length;
        }
    }

    /// How many bytes it has been given, written or not.
    pub(super) fn taken(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Makes a file anew that is only made when the run begins.
    pub(super) fn begin(&mut self) -> Result<(), SinkError> {
        if let Target::Kept { disk, path, file } = &mut self.target
            && file.is_none()
        {
            match super::disk::again(|| disk.create(path)) {
                Ok(made) => *file = Some(made),
                Err(source) => return Err(SinkError::Create { name: self.name.clone(), source }),
            }
        }
        Ok(())
    }

    /// Takes bytes, and writes them when enough have come together.
    ///
    /// # Errors
    ///
    /// Any [`SinkError`] but `Create`. The sink must not be used after one.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), SinkError> {
        if bytes.len() >= BLOCK_BYTES {
            self.write_buffered()?;
            return self.write_all(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        match self.buffer.len() >= BLOCK_BYTES {
            true => self.write_buffered(),
            false => Ok(()),
        }
    }

    /// Takes a text with the numbers of lines that follow `lines_before` others.
    ///
    /// # Errors
    ///
    /// As [`Sink::put`].
    pub(super) fn put_text(&mut self, text: &Text, lines_before: u64) -> Result<(), SinkError> {
        let mut from = 0;
        for &(at, line_index) in text.gaps() {
            let piece = &text.bytes[from..at];
            if self.buffer.len() + piece.len() >= BLOCK_BYTES {
                self.put(piece)?;
            } else {
                self.buffer.extend_from_slice(piece);
            }
            // Numbers are for people, and count from 1.
            write_number(lines_before + line_index + 1, &mut self.buffer);
            from = at;
        }
        if from < text.bytes.len() { self.put(&text.bytes[from..]) } else { Ok(()) }
    }

    /// Writes all that has been taken, so that others can see it.
    ///
    /// # Errors
    ///
    /// As [`Sink::put`].
    pub fn flush(&mut self) -> Result<(), SinkError> {
        self.write_buffered()?;
        loop {
            let Target::Writer(target) = &mut self.target else { return Ok(()) };
            match target.flush() {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    /// Writes the rest and closes; gives how many bytes were written in all.
    ///
    /// # Errors
    ///
    /// As [`Sink::put`].
    pub fn close(mut self) -> Result<u64, SinkError> {
        self.flush()?;
        Ok(self.written)
    }

    fn write_buffered(&mut self) -> Result<(), SinkError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let outcome = self.write_all(&buffer);
        buffer.clear();
        self.buffer = buffer;
        outcome
    }

    fn write_all(&mut self, mut bytes: &[u8]) -> Result<(), SinkError> {
        while !bytes.is_empty() {
            let outcome = match &mut self.target {
                Target::Writer(target) => target.write(bytes),
                Target::Kept { file: Some(file), .. } => file.append(bytes),
                // A sink is written to once the run has begun.
                Target::Kept { file: None, .. } => Err(ErrorKind::NotConnected.into()),
            };
            match outcome {
                Ok(0) => return Err(self.failed(ErrorKind::WriteZero.into())),
                Ok(taken) => {
                    self.written += taken as u64;
                    bytes = &bytes[taken.min(bytes.len())..];
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(())
    }

    fn failed(&self, source: io::Error) -> SinkError {
        let (name, written) = (self.name.clone(), self.written);
        match source.kind() {
            ErrorKind::BrokenPipe => SinkError::Closed { name, written },
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                SinkError::Full { name, written, source }
            }
            _ => SinkError::Write { name, written, source },
        }
    }
}

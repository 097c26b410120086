//! Where bytes go: a file, stdout, or anything that can be written to.
//!
//! Flows in: finished lines. Flows out: few large writes (256 KiB and more), because a write costs far more than an
//! execution. Every failure says which sink it was and how many bytes the sink had taken. It must never write again after
//! a failure, and never take a short write for a whole one.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// How many bytes are gathered before they are written.
const BLOCK_BYTES: usize = 256 << 10;

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
    target: Box<dyn Write + Send + 'w>,
    buffer: Vec<u8>,
    written: u64,
}

/// Why a sink takes no more.
#[derive(Debug, thiserror::Error)]
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
        Sink { name: name.into(), target: Box::new(target), buffer: Vec::new(), written: 0 }
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

    /// Writes all that has been taken, so that others can see it.
    ///
    /// # Errors
    ///
    /// As [`Sink::put`].
    pub fn flush(&mut self) -> Result<(), SinkError> {
        self.write_buffered()?;
        loop {
            match self.target.flush() {
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
            match self.target.write(bytes) {
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

//! Where events come from: files, standard input, readers, memory.
//!
//! A source is opened when its turn comes. Whether it is compressed is told by its first bytes, not by its name. A plain
//! file is read in pieces that any worker can fetch by itself; everything else is a stream, read by one worker at a time.
//! It must never follow a path that the caller did not give.

use super::disk::again;
use super::ledger::{LedgerError, SourceLikeness, source_likeness};
use super::split::ReadAt;
use super::stream::Stream;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// A place that events are read from.
///
/// ```
/// use expressway::batch::Source;
/// assert_eq!(Source::file("events.jsonl").name(), "events.jsonl");
/// assert_eq!(Source::memory("two", b"1\n2\n").name(), "two");
/// ```
pub struct Source<'s> {
    name: String,
    kind: Kind<'s>,
}

enum Kind<'s> {
    File(PathBuf),
    Stdin,
    Reader(Box<dyn Read + Send + 's>),
    Memory(&'s [u8]),
    Pieces(Arc<dyn ReadAt + 's>, u64),
}

/// Why a source could not be read to its end. What stands before the place has been processed.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {problem} (at byte {offset})")]
pub struct SourceError {
    /// The source.
    pub name: String,
    /// The offset, in its decompressed bytes, of the first byte that was not processed.
    pub offset: u64,
    /// What was wrong.
    pub problem: SourceProblem,
}

/// What can be wrong with a source.
#[derive(Debug, thiserror::Error)]
pub enum SourceProblem {
    /// It cannot be opened.
    #[error("cannot be opened: {0}")]
    Open(io::Error),
    /// It cannot be read on: an I/O error, or compressed bytes that are damaged or end too early.
    #[error("cannot be read on: {0}")]
    Read(io::Error),
    /// It is shorter than when it was opened.
    #[error("the file has become shorter than the {expected_bytes} bytes it had")]
    Shrunk {
        /// Its length when it was opened.
        expected_bytes: u64,
    },
    /// What was written down before a run was gone on with.
    #[error("{0}")]
    Earlier(String),
}

impl SourceProblem {
    /// Whether it is what the source holds that is wrong, so that it would be again. Compressed bytes that are damaged
    /// are; an I/O error may be gone when the run is gone on with.
    pub(super) fn is_lasting(&self) -> bool {
        use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
        match self {
            // The decompressors report damage as one of these; the system's own errors are none of them.
            SourceProblem::Read(error) => {
                error.raw_os_error().is_none()
                    && matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof | Other)
            }
            SourceProblem::Open(_) | SourceProblem::Shrunk { .. } => false,
            SourceProblem::Earlier(_) => true,
        }
    }
}

impl<'s> Source<'s> {
    /// A file: plain, gzip (any number of members) or Zstandard.
    pub fn file(path: impl AsRef<Path>) -> Source<'s> {
        let path = path.as_ref().to_owned();
        Source { name: path.display().to_string(), kind: Kind::File(path) }
    }

    /// Standard input, named `-`.
    pub fn stdin() -> Source<'s> {
        Source { name: "-".to_owned(), kind: Kind::Stdin }
    }

    /// Anything that can be read from; compressed or not, as a file.
    pub fn reader(name: impl Into<String>, reader: impl Read + Send + 's) -> Source<'s> {
        Source { name: name.into(), kind: Kind::Reader(Box::new(reader)) }
    }

    /// Bytes in memory, which are not copied; compressed or not, as a file.
    pub fn memory(name: impl Into<String>, bytes: &'s [u8]) -> Source<'s> {
        Source { name: name.into(), kind: Kind::Memory(bytes) }
    }

    /// Anything of a known length of which pieces can be read at any place, as from a plain file.
    pub fn pieces(name: impl Into<String>, pieces: impl ReadAt + 's, length_bytes: u64) -> Source<'s> {
        Source { name: name.into(), kind: Kind::Pieces(Arc::new(pieces), length_bytes) }
    }

    /// The name, as results give it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is known by in a ledger, if it can be read again from its start.
    pub(super) fn likeness(&mut self) -> Result<SourceLikeness, LedgerError> {
        let name = &self.name;
        let unkept = |why: &str| LedgerError::Unkept { what: format!("cannot read {name}: {why}") };
        let io = |source| LedgerError::Io { path: name.clone(), what: "cannot be read", source };
        match &self.kind {
            #[cfg(unix)]
            Kind::File(path) => {
                let file = again(|| File::open(path)).map_err(io)?;
                let metadata = again(|| file.metadata()).map_err(io)?;
                if !metadata.is_file() {
                    return Err(unkept("it is not a plain file, and could not be read again"));
                }
                source_likeness(name, &file, metadata.len()).map_err(io)
            }
            #[cfg(not(unix))]
            Kind::File(_) => Err(unkept("pieces of files cannot be read on this system")),
            Kind::Memory(bytes) => source_likeness(name, &InMemory(bytes), bytes.len() as u64).map_err(io),
            Kind::Pieces(pieces, length) => source_likeness(name, &**pieces, *length).map_err(io),
            Kind::Stdin => Err(unkept("standard input could not be read again; write it to a file first")),
            Kind::Reader(_) => Err(unkept("a reader could not be read again")),
        }
    }

    /// Opens it; `in_turn` asks for a stream whatever it is.
    pub(super) fn open(self, in_turn: bool) -> Result<Opened<'s>, SourceError> {
        let name = self.name;
        let opened = match self.kind {
            Kind::File(path) => open_file(&path, in_turn),
            Kind::Stdin => open_stdin(),
            Kind::Reader(reader) => stream(reader, false),
            Kind::Memory(bytes) if in_turn || is_compressed(bytes) => stream(Box::new(bytes), false),
            Kind::Memory(bytes) => Ok(Opened::Memory(without_mark(bytes))),
            Kind::Pieces(pieces, length) if in_turn => stream(Box::new(InTurn { pieces, at: 0, length }), false),
            Kind::Pieces(pieces, length) => Ok(Opened::Pieces(pieces, length)),
        };
        opened.map_err(|error| SourceError { name, offset: 0, problem: SourceProblem::Open(error) })
    }
}

/// What some editors put at the start of a UTF-8 file.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A source whose turn has come.
pub(super) enum Opened<'s> {
    /// Pieces that any worker can fetch, and the length when it was opened.
    Pieces(Arc<dyn ReadAt + 's>, u64),
    /// Bytes, and how many of them are a byte order mark.
    Memory((&'s [u8], u64)),
    /// Bytes that come one after the other.
    Stream(Box<Stream<'s>>),
}

fn without_mark(bytes: &[u8]) -> (&[u8], u64) {
    match bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => (rest, BYTE_ORDER_MARK.len() as u64),
        None => (bytes, 0),
    }
}

fn open_file<'s>(path: &Path, in_turn: bool) -> io::Result<Opened<'s>> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    // What the system makes up as it is read has no length.
    #[cfg(unix)]
    if metadata.is_file() && metadata.len() > 0 && !in_turn {
        let mut head = [0; 4];
        // If even this fails, so will the reading, which can say where.
        let (known, _) = super::split::fill(&file, &mut head, 0);
        if !is_compressed(&head[..known]) {
            return Ok(Opened::Pieces(Arc::new(file), metadata.len()));
        }
    }
    stream(Box::new(file), !metadata.is_file())
}

/// Standard input, without the standard library's buffer and lock.
fn open_stdin<'s>() -> io::Result<Opened<'s>> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let live = !file.metadata()?.is_file();
        stream(Box::new(file), live)
    }
    #[cfg(not(unix))]
    stream(Box::new(io::stdin()), true)
}

/// A stream over a reader, decompressed if it starts like one that has to be.
fn stream<'s>(mut reader: Box<dyn Read + Send + 's>, live: bool) -> io::Result<Opened<'s>> {
    let mut head = [0; 4];
    let mut known = 0;
    // A reader that fails at once fails as a stream: what it gave before counts.
    let mut failed = None;
    // No more than it takes to tell: the first line of a pipe may be shorter, and nothing may follow it for long.
    while known < head.len() && may_be_compressed(&head[..known]) {
        match reader.read(&mut head[known..]) {
            Ok(0) => break,
            Ok(read) => known += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    let head = &head[..known];
    let format = match () {
        () if head.starts_with(GZIP) => Format::Gzip,
        () if is_zstd(head) => Format::Zstd,
        () => Format::Plain,
    };
    let whole = io::Cursor::new(head.to_vec()).chain(Failing(failed)).chain(reader);
    Ok(Opened::Stream(Box::new(Stream::new(Box::new(whole), format, live)?)))
}

/// How a stream is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Plain,
    Gzip,
    Zstd,
}

fn is_compressed(head: &[u8]) -> bool {
    head.starts_with(GZIP) || is_zstd(head)
}

/// Whether bytes that begin so may turn out to be compressed, or have already.
fn may_be_compressed(head: &[u8]) -> bool {
    let begins = |mark: &[u8]| mark.iter().zip(head).all(|(mark, byte)| mark == byte);
    begins(GZIP) || begins(ZSTD) || {
        let skippable = head.first().is_none_or(|first| (0x50..=0x5f).contains(first));
        skippable && head.iter().skip(1).zip(&[0x2a, 0x4d, 0x18]).all(|(byte, mark)| byte == mark)
    }
}

/// A frame, or a skippable frame before the first one, as parallel compressors write it.
fn is_zstd(head: &[u8]) -> bool {
    head.starts_with(ZSTD) || matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// Fails once, if there is something to fail with; else it is empty.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Pieces of memory.
struct InMemory<'m>(&'m [u8]);

impl ReadAt for InMemory<'_> {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.0.get(offset..)).unwrap_or_default();
        let read = rest.len().min(into.len());
        into[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }
}

/// Pieces, read one after the other.
struct InTurn<'s> {
    pieces: Arc<dyn ReadAt + 's>,
    at: u64,
    length: u64,
}

impl Read for InTurn<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.length - self.at).unwrap_or(usize::MAX).min(into.len());
        let read = self.pieces.read_at(&mut into[..most], self.at)?;
        if read == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += read as u64;
        Ok(read)
    }
}

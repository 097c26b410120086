//! Where events come from: files, standard input, readers, memory.
//!
//! A source is opened when its turn comes. Whether it is compressed is told by its first bytes, not by its name. A plain
//! file is read in pieces that any worker can fetch by itself; everything else is a stream, read by one worker at a time.
//! It must never follow a path that the caller did not give.

use super::disk::again;
use super::ledger::{LedgerError, SourceLikeness, source_likeness};
use super::reading::{self, HEAD_BYTES, Reading, RecordStream};
use super::split::ReadAt;
use super::stream::{Stream, Unpacked};
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
    /// How its bytes become events, if they are not lines that are.
    reading: Option<Arc<Reading>>,
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
#[non_exhaustive]
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
#[non_exhaustive]
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
        Source::new(path.display().to_string(), Kind::File(path))
    }

    /// Standard input, named `-`.
    pub fn stdin() -> Source<'s> {
        Source::new("-".to_owned(), Kind::Stdin)
    }

    /// Anything that can be read from; compressed or not, as a file.
    pub fn reader(name: impl Into<String>, reader: impl Read + Send + 's) -> Source<'s> {
        Source::new(name.into(), Kind::Reader(Box::new(reader)))
    }

    /// Bytes in memory, which are not copied; compressed or not, as a file.
    pub fn memory(name: impl Into<String>, bytes: &'s [u8]) -> Source<'s> {
        Source::new(name.into(), Kind::Memory(bytes))
    }

    /// Anything of a known length of which pieces can be read at any place, as from a plain file.
    pub fn pieces(name: impl Into<String>, pieces: impl ReadAt + 's, length_bytes: u64) -> Source<'s> {
        Source::new(name.into(), Kind::Pieces(Arc::new(pieces), length_bytes))
    }

    fn new(name: String, kind: Kind<'s>) -> Source<'s> {
        Source { name, kind, reading: None }
    }

    /// Says how its bytes become events, if they are not JSON Lines, or not each of the lines is one.
    pub fn read_as(mut self, reading: &Reading) -> Source<'s> {
        self.reading = (*reading != Reading::default()).then(|| Arc::new(reading.clone()));
        self
    }

    /// How its bytes become events, if its records are not that as they stand.
    pub(super) fn reading(&self) -> Option<Arc<Reading>> {
        self.reading.clone()
    }

    /// The name, as results give it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All that it holds, unpacked, in memory: for what is no stream of events.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or not be read to its end.
    pub fn read_whole(self) -> Result<Vec<u8>, SourceError> {
        let name = self.name.clone();
        let Opened::Stream(stream) = Source { reading: None, ..self }.open(true)? else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        match stream.into_reader().read_to_end(&mut all) {
            Ok(_) => Ok(all),
            Err(error) => Err(SourceError { name, offset: all.len() as u64, problem: SourceProblem::Read(error) }),
        }
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
        let Source { name, mut kind, reading } = self;
        let how = How { name: &name, reading: reading.as_deref() };
        let in_turn = in_turn || !how.lines_alone(&mut kind);
        let opened = match kind {
            Kind::File(path) => open_file(&path, in_turn, how),
            Kind::Stdin => open_stdin(how),
            Kind::Reader(reader) => stream(reader, false, how),
            Kind::Memory(bytes) if in_turn || is_compressed(bytes) => stream(Box::new(bytes), false, how),
            Kind::Memory(bytes) => Ok(Opened::Memory(without_mark(bytes))),
            Kind::Pieces(pieces, length) if in_turn => stream(Box::new(InTurn { pieces, at: 0, length }), false, how),
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
    /// The same, of records that are no lines.
    Records(Box<RecordStream<'s>>),
}

/// What a source is called, and how its bytes become events.
#[derive(Clone, Copy)]
struct How<'h> {
    name: &'h str,
    reading: Option<&'h Reading>,
}

impl How<'_> {
    fn format(self) -> reading::Format {
        self.reading.map_or(reading::Format::Lines, |reading| reading.format)
    }

    /// Whether what can be read in pieces holds lines, which may be cut anywhere. What cannot be looked at is opened as
    /// whatever it is, and fails then.
    fn lines_alone(self, kind: &mut Kind) -> bool {
        match (self.format(), kind) {
            (reading::Format::Lines, _) => true,
            (reading::Format::Auto, Kind::File(path)) => {
                // A pipe must not be opened to be looked at: whoever writes to it would find it closed again.
                match std::fs::metadata(&path) {
                    Ok(metadata) if metadata.is_file() => {}
                    Ok(_) => return false,
                    Err(_) => return true,
                }
                File::open(path).map_or(true, |file| self.begins_with_lines(file))
            }
            (reading::Format::Auto, Kind::Memory(bytes)) => self.begins_with_lines(*bytes),
            (reading::Format::Auto, Kind::Pieces(pieces, length)) => {
                self.begins_with_lines(InTurn { pieces: pieces.clone(), at: 0, length: *length })
            }
            _ => false,
        }
    }

    fn begins_with_lines(self, from: impl Read) -> bool {
        let mut head = Vec::new();
        // If even this fails, so will the reading, which can say where.
        let _ = from.take(HEAD_BYTES as u64).read_to_end(&mut head);
        let whole = head.len() < HEAD_BYTES;
        is_compressed(&head) || reading::look(&head, whole, self.name) == reading::Format::Lines
    }
}

fn without_mark(bytes: &[u8]) -> (&[u8], u64) {
    match bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => (rest, BYTE_ORDER_MARK.len() as u64),
        None => (bytes, 0),
    }
}

fn open_file<'s>(path: &Path, in_turn: bool, how: How) -> io::Result<Opened<'s>> {
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
    stream(Box::new(file), !metadata.is_file(), how)
}

/// Standard input, without the standard library's buffer and lock.
fn open_stdin<'s>(how: How) -> io::Result<Opened<'s>> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let live = !file.metadata()?.is_file();
        stream(Box::new(file), live, how)
    }
    #[cfg(not(unix))]
    stream(Box::new(io::stdin()), true, how)
}

/// A stream over a reader, decompressed if it starts like one that has to be.
fn stream<'s>(mut reader: Box<dyn Read + Send + 's>, live: bool, how: How) -> io::Result<Opened<'s>> {
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
    let mut unpacked = Unpacked::new(Box::new(whole), format)?;
    let records = match how.format() {
        reading::Format::Auto => look(&mut unpacked, how.name),
        format => format,
    };
    let typed = how.reading.is_some_and(|reading| reading.typed);
    Ok(match records {
        reading::Format::Auto | reading::Format::Lines => Opened::Stream(Box::new(Stream::new(unpacked, live))),
        reading::Format::Json => Opened::Records(Box::new(RecordStream::values(unpacked, live))),
        reading::Format::Csv => Opened::Records(Box::new(RecordStream::rows(unpacked, live, typed))),
        #[cfg(feature = "parquet")]
        reading::Format::Parquet => {
            let Unpacked { reader, stored } = unpacked;
            let reader = Box::new(reading::ParquetLines::new(reader)?);
            Opened::Stream(Box::new(Stream::new(Unpacked { reader, stored }, false)))
        }
        #[cfg(not(feature = "parquet"))]
        reading::Format::Parquet => {
            let what = "it is Parquet, which this build does not read: build it with the feature parquet";
            return Err(io::Error::new(io::ErrorKind::Unsupported, what));
        }
    })
}

/// Tells what a stream holds by its beginning, which is put back.
fn look(unpacked: &mut Unpacked, name: &str) -> reading::Format {
    let mut head = vec![0; HEAD_BYTES];
    let (mut known, mut whole, mut failed) = (0, false, None);
    while !reading::is_enough(&head[..known]) {
        match unpacked.reader.read(&mut head[known..]) {
            Ok(0) => {
                whole = true;
                break;
            }
            Ok(read) => known += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    head.truncate(known);
    let format = reading::look(&head, whole, name);
    let rest = std::mem::replace(&mut unpacked.reader, Box::new(io::empty()));
    unpacked.reader = Box::new(io::Cursor::new(head).chain(Failing(failed)).chain(rest));
    format
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

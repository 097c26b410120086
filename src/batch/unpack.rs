//! Compressed bytes, unpacked: gzip in any number of members, Zstandard in any number of frames.
//!
//! Flows in: stored bytes. Flows out: what they hold, and where they are damaged, cut off or lie about themselves, an
//! error *behind* every byte that could still be told. The readers that the libraries offer drop what they have unpacked in
//! the call that fails, so this goes a level deeper: the gzip library counts what it has written, and the Zstandard library
//! is never given a block and what follows it in one call. It must never hold more than one piece of input.

use flate2::{Crc, Decompress, FlushDecompress, Status};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

/// How much is asked of the stored bytes at once.
const PIECE_BYTES: usize = 64 << 10;
/// What a Zstandard block is announced with.
const BLOCK_HEADER_BYTES: usize = 3;
/// What a Zstandard frame begins with, at least.
const FRAME_HEADER_BYTES: usize = 5;

/// A reader of what compressed bytes hold.
pub(super) struct Unpack<R> {
    input: BufReader<R>,
    format: Packed,
    /// What is wrong behind the bytes that were given last.
    failed: Option<io::Error>,
}

enum Packed {
    Gzip(Gzip),
    Zstandard(Zstandard),
}

impl<R: Read> Unpack<R> {
    /// What gzip members hold.
    pub fn gzip(reader: R) -> Unpack<R> {
        Unpack::new(reader, Packed::Gzip(Gzip { inflate: Decompress::new(false), crc: Crc::new(), at: Part::First }))
    }

    /// What Zstandard frames hold.
    ///
    /// # Errors
    /// There is no memory for a decoder.
    pub fn zstandard(reader: R) -> io::Result<Unpack<R>> {
        let frames = Zstandard { decoder: Decoder::new()?, wanted: FRAME_HEADER_BYTES, between_frames: true };
        Ok(Unpack::new(reader, Packed::Zstandard(frames)))
    }

    fn new(reader: R, format: Packed) -> Unpack<R> {
        Unpack { input: BufReader::with_capacity(PIECE_BYTES, reader), format, failed: None }
    }
}

impl<R: Read> Read for Unpack<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if into.is_empty() {
            return Ok(0);
        }
        let (unpacked, failed) = match &mut self.format {
            Packed::Gzip(members) => members.unpack(&mut self.input, into),
            Packed::Zstandard(frames) => frames.unpack(&mut self.input, into),
        };
        match failed {
            Some(error) if unpacked == 0 => Err(error),
            failed => {
                self.failed = failed;
                Ok(unpacked)
            }
        }
    }
}

/// How many bytes were unpacked, and what was wrong behind them; neither at the end.
type Unpacked = (usize, Option<io::Error>);

struct Gzip {
    inflate: Decompress,
    crc: Crc,
    at: Part,
}

/// What comes next of a gzip file.
#[derive(Clone, Copy)]
enum Part {
    /// The header of the first member.
    First,
    /// The header of another member, or the end.
    Next,
    Body,
    Trailer,
}

impl Gzip {
    fn unpack(&mut self, input: &mut impl BufRead, into: &mut [u8]) -> Unpacked {
        loop {
            let done = match self.at {
                Part::Next if matches!(fill(input), Ok([])) => return (0, None),
                Part::First | Part::Next => self.header(input),
                Part::Body => match self.body(input, into) {
                    (0, None) => Ok(()),
                    unpacked => return unpacked,
                },
                Part::Trailer => self.trailer(input),
            };
            if let Err(error) = done {
                return (0, Some(error));
            }
        }
    }

    fn header(&mut self, input: &mut impl BufRead) -> io::Result<()> {
        let [magic, more_magic, method, flags, ..] = bytes::<10>(input)?;
        if (magic, more_magic) != (0x1f, 0x8b) {
            return Err(damaged("what follows a gzip member is no other one"));
        }
        if method != 8 || flags & 0xe0 != 0 {
            return Err(damaged("a gzip member is stored in a way that gzip does not have"));
        }
        let [checked, extra, name, comment] = [2, 4, 8, 16].map(|flag| flags & flag != 0);
        if extra {
            for _ in 0..u16::from_le_bytes(bytes(input)?) {
                bytes::<1>(input)?;
            }
        }
        for _ in 0..u8::from(name) + u8::from(comment) {
            while bytes::<1>(input)? != [0] {}
        }
        if checked {
            bytes::<2>(input)?;
        }
        self.inflate.reset(false);
        self.crc.reset();
        self.at = Part::Body;
        Ok(())
    }

    fn body(&mut self, input: &mut impl BufRead, into: &mut [u8]) -> Unpacked {
        let stored = match fill(input) {
            Ok(stored) => stored,
            Err(error) => return (0, Some(error)),
        };
        let (ended, read, written) = (stored.is_empty(), self.inflate.total_in(), self.inflate.total_out());
        let result = self.inflate.decompress(stored, into, FlushDecompress::None);
        let read = (self.inflate.total_in() - read) as usize;
        let written = (self.inflate.total_out() - written) as usize;
        input.consume(read);
        self.crc.update(&into[..written]);
        let failed = match result {
            Ok(Status::StreamEnd) => {
                self.at = Part::Trailer;
                None
            }
            Ok(_) if written == 0 && ended => Some(cut_off()),
            Ok(_) if written == 0 && read == 0 => Some(damaged("a gzip member leads nowhere")),
            Ok(_) => None,
            Err(_) => Some(damaged("a gzip member is damaged")),
        };
        (written, failed)
    }

    fn trailer(&mut self, input: &mut impl BufRead) -> io::Result<()> {
        let [a, b, c, d, length @ ..] = bytes::<8>(input)?;
        if u32::from_le_bytes([a, b, c, d]) != self.crc.sum() {
            return Err(damaged("the checksum of a gzip member does not fit what it holds"));
        }
        if u32::from_le_bytes(length) != self.crc.amount() {
            return Err(damaged("the length of a gzip member does not fit what it holds"));
        }
        self.at = Part::Next;
        Ok(())
    }
}

struct Zstandard {
    decoder: Decoder<'static>,
    /// How many bytes the decoder can make use of.
    wanted: usize,
    between_frames: bool,
}

impl Zstandard {
    fn unpack(&mut self, input: &mut impl BufRead, into: &mut [u8]) -> Unpacked {
        loop {
            let stored = match fill(input) {
                Ok(stored) => stored,
                Err(error) => return (0, Some(error)),
            };
            // What is wanted of a block counts the next one's header. Were that damaged, the call would fail, and nobody
            // could tell what it has unpacked before.
            let wanted = self.wanted.checked_sub(BLOCK_HEADER_BYTES).filter(|bytes| *bytes > 0).unwrap_or(self.wanted);
            let ended = stored.is_empty();
            let mut piece = InBuffer::around(&stored[..stored.len().min(wanted.max(1))]);
            let mut out = OutBuffer::around(&mut *into);
            let result = self.decoder.run(&mut piece, &mut out);
            let (read, written) = (piece.pos(), out.pos());
            input.consume(read);
            match result {
                Err(error) => return (0, Some(damaged(&format!("a Zstandard frame is damaged: {error}")))),
                Ok(0) => (self.wanted, self.between_frames) = (FRAME_HEADER_BYTES, true),
                // Having nothing to go on with, it still wants the beginning of another frame.
                Ok(_) if ended && self.between_frames => {}
                Ok(wanted) => (self.wanted, self.between_frames) = (wanted, false),
            }
            if written > 0 {
                return (written, None);
            }
            if ended {
                return (0, (!self.between_frames).then(cut_off));
            }
        }
    }
}

/// What there is of the stored bytes; none at their end.
fn fill(input: &mut impl BufRead) -> io::Result<&[u8]> {
    while let Err(error) = input.fill_buf() {
        if error.kind() != ErrorKind::Interrupted {
            return Err(error);
        }
    }
    // Filled already: this gives it once more.
    input.fill_buf()
}

/// So many of the stored bytes.
fn bytes<const N: usize>(input: &mut impl BufRead) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    match input.read_exact(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(cut_off()),
        Err(error) => Err(error),
    }
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

fn cut_off() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "the compressed bytes are cut off")
}

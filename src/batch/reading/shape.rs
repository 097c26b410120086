//! The records of a chunk as lines, each with where it came from: what is done to a chunk before a worker looks at it.
//!
//! Flows in: a chunk's bytes and the bounds of its records. Flows out: lines, one for each event, and an [`Origin`] for each
//! line. What cannot become an event has a line too, which is no JSON, and a [`Rejected`] that says why: so it is counted,
//! told and shown like any line that is no event. Workers do this side by side. It must never lose a record without a word:
//! only blank ones, those that are not in the sample, and what an envelope says is no message.

use super::envelope::{Content, Envelope};
use super::table::Header;
use super::values::Record;
use super::{Pointer, Reading, Sample};
use crate::batch::chunk::{Buffer, Chunk, Data, SHOWN_BYTES_MAX};
use crate::batch::unpack::Unpack;
use crate::value::raw::{BLANKS, Elements, unquote};
use crate::value::scan::Scratch;
use crate::value::text::unescape_owned;
use crate::vm::Seed;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memchr;
use std::io::Read;
use std::sync::Arc;

/// What packed data may come to.
const UNPACKED_BYTES_MAX: u64 = 64 << 20;

/// What stands for a record that is no event: a line that is no JSON.
const NO_EVENT: &[u8] = b"!";

/// How the records of a source become events.
#[derive(Debug, Clone)]
pub(in crate::batch) struct Shape {
    pub reading: Arc<Reading>,
    /// How the records are written: as JSON, or as rows of a table.
    pub header: Option<Arc<Header>>,
    /// The source's number.
    pub source: usize,
    /// Whether the bounds of the records are known; else they are lines.
    pub bounded: bool,
    /// The largest event.
    pub event_bytes_max: usize,
}

/// Where an event came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::batch) struct Origin {
    /// Offset of its record, or of its part of the record, in the source. No two events have the same.
    pub offset: u64,
    /// Whether it is the first of its record.
    pub first: bool,
}

/// A record, or a part of one, that is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::batch) struct Rejected {
    pub reason: String,
    /// How long it is in the source.
    pub length: u64,
    /// Its first bytes.
    pub start: Vec<u8>,
}

/// Where the lines of a chunk came from.
#[derive(Debug, Default)]
pub(in crate::batch) struct Origins {
    list: Vec<Origin>,
    /// What is no event, by its line's index.
    rejected: Vec<(usize, Rejected)>,
}

impl Origins {
    /// Where that line came from.
    pub fn of(&self, line_index: u64) -> Option<Origin> {
        self.list.get(usize::try_from(line_index).ok()?).copied()
    }

    /// Whether it is the first of its record.
    pub fn begins(&self, line_index: u64) -> bool {
        self.of(line_index).is_none_or(|origin| origin.first)
    }

    /// Why that line is no event, where this was found when it was made.
    pub fn rejected(&self, line_index: u64) -> Option<&Rejected> {
        let index = usize::try_from(line_index).ok()?;
        let at = self.rejected.binary_search_by_key(&index, |(at, _)| *at).ok()?;
        Some(&self.rejected[at].1)
    }

    /// Forgets the first lines.
    pub fn skip(&mut self, lines: usize) {
        self.list.drain(..lines.min(self.list.len()));
        self.rejected.retain(|(at, _)| *at >= lines);
        self.rejected.iter_mut().for_each(|(at, _)| *at -= lines);
    }
}

/// Something that may become an event.
#[derive(Clone, Copy)]
struct Piece<'p> {
    text: &'p str,
    /// Where it came from.
    offset: u64,
    /// Offset in the source that stands for the text's first byte.
    base: u64,
    /// Whether it has no bytes in the source that could tell its parts apart: then they are counted.
    packed: bool,
    /// The bytes of the source that show it, if it has to be shown; and whether the text is no slice of them.
    shown: (&'p [u8], u64),
    decoded: bool,
}

/// One step on the way from record to event.
enum Step<'s> {
    Unwrap(&'s Envelope),
    Explode(&'s Pointer),
    Select(&'s Pointer),
}

/// Puts lines in the place of a chunk's bytes.
pub(in crate::batch) fn shape(shape: &Shape, chunk: &mut Chunk, buffer: &mut Buffer) {
    let mut out = std::mem::take(&mut buffer.shaped);
    out.clear();
    let reading = &*shape.reading;
    let steps: Vec<Step> = (reading.unwrap.iter().map(Step::Unwrap))
        .chain(reading.explode.iter().map(Step::Explode))
        .chain(reading.select.iter().map(Step::Select))
        .collect();
    let mut shaper = Shaper {
        shape,
        steps,
        out,
        origins: Origins::default(),
        scratch: Scratch::new(),
        offset: chunk.offset,
        first: true,
        counted: 0,
    };
    let bytes = chunk.data.bytes(buffer);
    if shape.bounded {
        for record in &buffer.records {
            shaper.record(bytes, *record);
        }
    } else {
        let mut at = 0;
        while at < bytes.len() {
            let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |found| at + found);
            shaper.record(bytes, Record { start: at, end, stray: None });
            at = end + 1;
        }
    }
    let Shaper { out, origins, .. } = shaper;
    chunk.data = Data::Shaped(0..out.len());
    chunk.origins = Some(Box::new(origins));
    buffer.shaped = out;
}

struct Shaper<'s> {
    shape: &'s Shape,
    steps: Vec<Step<'s>>,
    out: Vec<u8>,
    origins: Origins,
    scratch: Scratch,
    /// The chunk's.
    offset: u64,
    /// Whether nothing has come of the record yet.
    first: bool,
    /// How many packed events have.
    counted: u64,
}

impl Shaper<'_> {
    /// Makes lines of a record.
    fn record(&mut self, bytes: &[u8], record: Record) {
        (self.first, self.counted) = (true, 0);
        let bounded = self.shape.bounded;
        let raw = &bytes[record.start..record.end];
        // What is broken may have blanks behind it. A line is shown as it stands.
        let raw = if bounded && self.shape.header.is_none() { raw.trim_ascii_end() } else { raw };
        let offset = self.offset + record.start as u64;
        let shown = (raw, offset);
        if let Some(stray) = record.stray {
            return self.reject(offset, shown, stray.reason());
        }
        if raw.len() > self.shape.event_bytes_max {
            let (length, most) = (raw.len(), self.shape.event_bytes_max);
            return self.reject(
                offset,
                shown,
                &format!("a record of {length} bytes is over the limit of {most} bytes"),
            );
        }
        if let Some(header) = self.shape.header.clone() {
            let mut row = Vec::new();
            return match header.write(raw, &mut row).map(|()| std::str::from_utf8(&row)) {
                Ok(Ok(text)) => self.piece(Piece { text, offset, base: offset, packed: true, shown, decoded: true }, 0),
                Ok(Err(_)) => self.reject(offset, shown, "the row is no UTF-8"),
                Err(reason) => self.reject(offset, shown, &reason),
            };
        }
        if !bounded && raw.trim_ascii().is_empty() {
            // It is counted as what it is.
            if self.shape.reading.sample.is_none() {
                self.line(offset, b"");
            }
            return;
        }
        if self.steps.is_empty() && (!bounded || memchr(b'\n', raw).is_none()) {
            // Whether it is JSON is found out when it is run.
            if self.in_sample(offset, raw) {
                self.line(offset, raw);
            }
            return;
        }
        match self.scratch.document(raw, false) {
            Ok(line) => {
                let base = offset + within(raw, line.text.as_bytes()) as u64;
                self.piece(Piece { text: line.text, offset, base, packed: false, shown, decoded: false }, 0);
            }
            Err(error) => self.reject(offset, shown, &error.to_string()),
        }
    }

    /// Goes on with something from that step on.
    fn piece(&mut self, piece: Piece, step: usize) {
        match self.steps.get(step) {
            None => self.event(piece),
            Some(&Step::Select(part)) => match part.find(piece.text) {
                Some(text) => self.piece(Piece { text, base: piece.place(text), ..piece }, step + 1),
                None => self.reject(piece.offset, piece.shown, &format!("there is nothing at {}", part.text())),
            },
            Some(&Step::Explode(part)) => match part.find(piece.text) {
                Some(array) if array.starts_with('[') => {
                    for item in Elements::new(array) {
                        let item = piece.item(item);
                        self.piece(item, step + 1);
                    }
                }
                Some(_) => self.reject(piece.offset, piece.shown, &format!("{} is no array", part.text())),
                None => self.reject(piece.offset, piece.shown, &format!("there is no array at {}", part.text())),
            },
            Some(&Step::Unwrap(envelope)) => {
                envelope.open(piece.text, &mut |inner| match inner {
                    Ok(inner) => self.content(&piece, piece.item(inner.item), inner.content, step + 1),
                    Err((item, reason)) => {
                        let item = piece.item(item);
                        self.reject(item.offset, item.shown, reason);
                    }
                });
            }
        }
    }

    /// Goes on with what an item of an envelope holds.
    fn content(&mut self, envelope: &Piece, item: Piece, content: Content, step: usize) {
        let (literal, packed, decoded) = match content {
            Content::Plain(text) => {
                return self.piece(Piece { text, base: envelope.place(text), ..item }, step);
            }
            Content::Text(literal) => (literal, false, Ok(unescape_owned(unquote(literal)).into_bytes())),
            Content::Base64(literal) => {
                let text = unescape_owned(unquote(literal));
                // What gzip begins with, in base64.
                (literal, text.starts_with("H4s"), unpacked_message(&text))
            }
        };
        let bytes = match decoded {
            Ok(bytes) => bytes,
            Err(reason) => return self.reject(item.offset, item.shown, &reason),
        };
        match self.scratch.document(&bytes, false) {
            Ok(line) => {
                // Behind the quote; a text never has fewer bytes than what it says, unless it is packed.
                let base = envelope.place(literal) + u64::from(!envelope.packed);
                let packed = packed || envelope.packed;
                self.piece(Piece { text: line.text, base, packed, decoded: true, ..item }, step);
            }
            Err(error) => self.reject(item.offset, item.shown, &format!("the message is no JSON: {error}")),
        }
    }

    fn event(&mut self, piece: Piece) {
        let offset = if piece.packed { piece.base + self.counted } else { piece.offset };
        self.counted += u64::from(piece.packed);
        let (length, most) = (piece.text.len(), self.shape.event_bytes_max);
        if length > most {
            let reason = format!("an event of {length} bytes is over the limit of {most} bytes");
            self.reject(offset, piece.shown, &reason);
        } else if self.in_sample(offset, piece.text.as_bytes()) {
            self.line(offset, piece.text.as_bytes());
        }
    }

    fn line(&mut self, offset: u64, text: &[u8]) {
        let start = self.out.len();
        self.out.extend_from_slice(text);
        // JSON has line ends between tokens only, where a blank is as good.
        let mut at = start;
        while let Some(found) = memchr(b'\n', &self.out[at..]) {
            at += found;
            self.out[at] = b' ';
        }
        self.out.push(b'\n');
        self.origins.list.push(Origin { offset, first: std::mem::take(&mut self.first) });
    }

    #[cold]
    fn reject(&mut self, offset: u64, (bytes, at): (&[u8], u64), reason: &str) {
        if !self.in_sample(offset, bytes) {
            return;
        }
        let start = bytes[..bytes.len().min(SHOWN_BYTES_MAX)].to_vec();
        let rejected = Rejected { reason: reason.to_owned(), length: bytes.len() as u64, start };
        self.origins.rejected.push((self.origins.list.len(), rejected));
        // It is told where it stands, which may be around the place that an event would have had.
        self.line(at, NO_EVENT);
    }

    fn in_sample(&self, offset: u64, text: &[u8]) -> bool {
        in_sample(self.shape, offset, text)
    }
}

/// Whether something is in the sample, which only who it is decides.
pub(in crate::batch) fn in_sample(shape: &Shape, offset: u64, text: &[u8]) -> bool {
    /// Who is in the sample should have nothing to do with the random numbers of who is.
    const OTHER_NUMBERS: u64 = 0x5A_4D17E;
    let Some(Sample { share, seed, by_content }) = shape.reading.sample else { return true };
    let seed = seed ^ OTHER_NUMBERS;
    let mut numbers = match by_content {
        false => Seed::new(seed, shape.source as u64, offset),
        true => Seed::of_content(seed, String::from_utf8_lossy(text).trim_matches(BLANKS)),
    };
    numbers.fraction() < share
}

impl<'p> Piece<'p> {
    /// Which place in the source a part of the text stands for.
    fn place(&self, part: &str) -> u64 {
        self.base + if self.packed { 0 } else { within(self.text.as_bytes(), part.as_bytes()) } as u64
    }

    /// A part of the text that is something of its own: the whole, or one of several.
    fn item<'i>(&self, item: &'i str) -> Piece<'i>
    where
        'p: 'i,
    {
        if item.len() == self.text.len() {
            return Piece { text: item, ..*self };
        }
        let offset = self.place(item);
        let shown = if self.decoded { self.shown } else { (item.as_bytes(), offset) };
        Piece { text: item, offset, base: offset, shown, ..*self }
    }
}

/// Where a slice begins in what it is a slice of.
fn within(whole: &[u8], part: &[u8]) -> usize {
    (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize).min(whole.len())
}

/// What a message holds that is stored in base64, perhaps packed by gzip.
///
/// # Errors
///
/// Why it holds nothing, in words.
pub fn unpacked_message(text: &str) -> Result<Vec<u8>, String> {
    let bytes = STANDARD.decode(text).map_err(|error| format!("the message is no base64: {error}"))?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    let read = Unpack::gzip(&*bytes).take(UNPACKED_BYTES_MAX + 1).read_to_end(&mut unpacked);
    match read {
        Ok(_) if unpacked.len() as u64 > UNPACKED_BYTES_MAX => {
            Err(format!("the message is packed, and over the limit of {UNPACKED_BYTES_MAX} bytes"))
        }
        Ok(_) => Ok(unpacked),
        Err(error) => Err(format!("the message is packed, and damaged: {error}")),
    }
}

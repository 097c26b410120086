//! How the bytes of a source become events, where they are not lines that are events as they stand.
//!
//! Flows in: the bytes of a source, and a [`Reading`]. Flows out: lines of JSON with the places that they came from; from
//! there on all is as for lines that were there. What is no event has its place too, and becomes a dead letter whose source,
//! offset and length cut it out again. It must never cost anything where events are lines.
//!
//! ```text
//! source ─ unpacked ─▶ records (lines, values, rows) ─▶ --unwrap ─▶ --explode ─▶ --select ─▶ --sample ─▶ lines
//!                      found by whoever reads            done by whoever runs the chunk
//! ```
//!
//! | file | holds |
//! | --- | --- |
//! | `look.rs` | what a source holds, told by its first bytes |
//! | `values.rs` | JSON values without line ends, arrays of events |
//! | `table.rs` | CSV: rows and their cells |
//! | `parquet.rs` | Parquet, read as the lines that its rows come to (feature `parquet`) |
//! | `records.rs` | a source cut where such records end |
//! | `envelope.rs`, `pointer.rs` | what is around events, and what of them is wanted |
//! | `shape.rs` | the records of a chunk as lines |
//!
//! # Who an event is
//!
//! An event is known by its source's number and an offset there, as a line is: that of its record's first byte; of one of
//! several items, that of the item's. An item inside a string (an SQS message's body) has the offset of the string and as many
//! bytes more as the item has before it in what the string says. `line` counts events, and what was none, from 1.

mod envelope;
mod look;
#[cfg(feature = "parquet")]
mod parquet;
mod pointer;
mod records;
mod shape;
mod table;
mod values;

pub use envelope::Envelope;
pub(super) use look::{HEAD_BYTES, is_enough, look};
#[cfg(feature = "parquet")]
pub(super) use parquet::ParquetLines;
pub use pointer::{Pointer, PointerError};
pub(super) use records::RecordStream;
pub use shape::unpacked_message;
pub(super) use shape::{Origins, Rejected, Shape, in_sample, shape};
pub(super) use values::Record;
pub use values::values_in;

/// How the records of a source are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Format {
    /// Told by its first bytes, or its name: lines, whenever the first line could be an event.
    Auto,
    /// JSON Lines: each line is an event.
    #[default]
    Lines,
    /// JSON values one behind the other, over several lines or without line ends. The items of arrays at the outermost
    /// level are the events.
    Json,
    /// A table with a header, separated by commas, or by tabs or semicolons if the header has no comma.
    Csv,
    /// Parquet; each row is an object.
    Parquet,
}

/// How the bytes of a source become events.
///
/// ```
/// use expressway::batch::{Envelope, Format, Pointer, Reading, Source, nth_record};
/// let reading = Reading::new(Format::Auto).unwrap_from([Envelope::Sqs]).select(Pointer::parse("$.order").unwrap());
/// let batch = br#"{"Records": [{"body": "{\"order\": {\"id\": 1}}"}, {"body": "{\"order\": {\"id\": 2}}"}]}"#;
/// let found = nth_record(vec![Source::memory("batch", batch).read_as(&reading)], 2).unwrap().unwrap();
/// assert_eq!(found.text.as_deref(), Ok(r#"{"id": 2}"#));
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    pub(super) format: Format,
    pub(super) typed: bool,
    pub(super) unwrap: Vec<Envelope>,
    pub(super) explode: Option<Pointer>,
    pub(super) select: Option<Pointer>,
    pub(super) sample: Option<Sample>,
}

/// Which events are taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    pub share: f64,
    pub seed: u64,
    pub by_content: bool,
}

impl Reading {
    /// Records of that format, each of which is an event.
    pub fn new(format: Format) -> Reading {
        Reading { format, ..Reading::default() }
    }

    /// Lets cells of a table that are JSON numbers, `true`, `false`, `null`, objects or arrays be such; otherwise all are
    /// strings.
    pub fn typed_cells(mut self, typed: bool) -> Reading {
        self.typed = typed;
        self
    }

    /// Takes messages out of envelopes, the outermost first.
    pub fn unwrap_from(mut self, envelopes: impl IntoIterator<Item = Envelope>) -> Reading {
        self.unwrap.extend(envelopes);
        self
    }

    /// Makes an event of each item of an array; an empty one has none. This comes after unwrapping.
    pub fn explode(mut self, pointer: Pointer) -> Reading {
        self.explode = Some(pointer);
        self
    }

    /// Takes a part of what has become of each record. This comes last.
    pub fn select(mut self, pointer: Pointer) -> Reading {
        self.select = Some(pointer);
        self
    }

    /// Takes only a share of the events, from 0 to 1. Who is taken depends on the seed and on who an event is, or, with
    /// `by_content`, on what it says; on nothing else. What is not taken is not counted.
    pub fn sample(mut self, share: f64, seed: u64, by_content: bool) -> Reading {
        self.sample = Some(Sample { share, seed, by_content });
        self
    }

    /// Whether records are events as they stand.
    pub(super) fn is_plain(&self) -> bool {
        self.unwrap.is_empty() && self.explode.is_none() && self.select.is_none() && self.sample.is_none()
    }

    /// What has to be the same for a run to go on.
    pub(super) fn describe(&self) -> String {
        format!("{self:?}")
    }
}

//! What is written of each record: its result line, and its line among the failures or the dead letters.
//!
//! Flows in: a record's place and what became of it. Flows out: JSON Lines, appended to the buffers of the record's chunk.
//! Nothing is made up in between: values write themselves. It must never look at a clock.
//!
//! ```text
//! results        {"status":"SUCCEEDED","output":…}            one line per record, or the bare outputs
//! failures       {"source":…,"offset":…,"line":…,"status":…,"error":…,"cause":…,"input":…}
//! dead letters   {"source":…,"offset":…,"line":…,"length":…,"reason":…,"text":…}
//! ```

use super::chunk::SHOWN_BYTES_MAX;
use super::text::{Text, write_number};
use crate::value::Arena;
use crate::value::scan;
use crate::value::text::{write_json_of, write_string};
use crate::vm::{LimitHit, Outcome};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How the members of an execution that succeeded begin; the output follows.
pub(super) const SUCCEEDED: &str = "\"status\":\"SUCCEEDED\",\"output\":";

/// What results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Emit {
    /// A line per record, with its status: output line n is what became of record n.
    #[default]
    Outcome,
    /// The bare outputs of the executions that succeeded.
    Output,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The source's number.
    pub source: usize,
    /// Its first byte's offset in the source.
    pub offset: u64,
    /// Which line of its chunk it is, from 0.
    pub line_index: u64,
}

/// The lines that one chunk's records come to.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub results: Text,
    pub failures: Text,
    pub dead_letters: Text,
}

/// What is to be written, for the whole run.
#[derive(Debug)]
pub(super) struct Wording {
    pub emit: Emit,
    /// Whether outcomes say where their records stood.
    pub position: bool,
    /// Whether records that are dead letters have no line among the results.
    pub skip_rejected: bool,
    /// Which of the three are wanted at all.
    pub results: bool,
    pub failures: bool,
    pub dead_letters: bool,
    /// For each source, how a line that names it begins.
    pub heads: Vec<Vec<u8>>,
}

impl Wording {
    /// The wording for sources of these names.
    pub fn new(names: &[String]) -> Wording {
        let head = |name: &String| {
            let mut head = b"{\"source\":".to_vec();
            write_string(name, &mut head);
            head.extend_from_slice(b",\"offset\":");
            head
        };
        Wording {
            emit: Emit::Outcome,
            position: false,
            skip_rejected: false,
            results: true,
            failures: false,
            dead_letters: false,
            heads: names.iter().map(head).collect(),
        }
    }

    /// Writes what an execution came to; `input` is its record's JSON text.
    pub fn outcome(&self, place: Place, outcome: &Outcome, arena: &Arena, input: &str, lines: &mut Lines) {
        if self.results {
            let out = &mut lines.results;
            match (self.emit, outcome) {
                (Emit::Output, Outcome::Succeeded(value)) => {
                    value.write(&mut out.bytes);
                    out.bytes.push(b'\n');
                }
                (Emit::Output, _) => {}
                (Emit::Outcome, _) => {
                    self.open(place, out);
                    write_outcome(outcome, arena, &mut out.bytes);
                    out.bytes.extend_from_slice(b"}\n");
                }
            }
        }
        if self.failures && !matches!(outcome, Outcome::Succeeded(_)) {
            let out = &mut lines.failures;
            self.place(place, out);
            write_outcome(outcome, arena, &mut out.bytes);
            out.bytes.extend_from_slice(b",\"input\":");
            out.bytes.extend_from_slice(input.as_bytes());
            out.bytes.extend_from_slice(b"}\n");
        }
    }

    /// Writes that an execution succeeded, with an output that writes itself.
    #[inline]
    pub fn success(&self, place: Place, lines: &mut Lines, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.results {
            return;
        }
        let out = &mut lines.results;
        match self.emit {
            Emit::Output => {
                write(&mut out.bytes);
                out.bytes.push(b'\n');
            }
            Emit::Outcome => {
                self.open(place, out);
                out.bytes.extend_from_slice(SUCCEEDED.as_bytes());
                write(&mut out.bytes);
                out.bytes.extend_from_slice(b"}\n");
            }
        }
    }

    /// Writes that a line could not become an event: `length` is the line's, `start` as much of it as there is to show.
    pub fn rejected(&self, place: Place, reason: &str, length: u64, start: &[u8], lines: &mut Lines) {
        let Lines { results, dead_letters, .. } = lines;
        if self.tells_rejected() {
            self.open(place, results);
        }
        let quote = |out: &mut Vec<u8>| write_string(reason, out);
        self.reject(place, quote, (length, start, false), &mut results.bytes, dead_letters);
    }

    /// The same of the line at hand, which is no JSON, where results do not say where their records stood.
    pub fn spoilt(&self, place: Place, line: &scan::Lines, results: &mut Vec<u8>, dead_letters: &mut Text) {
        if self.tells_rejected() {
            results.push(b'{');
        }
        let quote = |out: &mut Vec<u8>| line.quote_fault_to(out);
        let shown = (line.raw().len() as u64, line.raw(), line.is_utf8());
        self.reject(place, quote, shown, results, dead_letters);
    }

    /// Whether records that are dead letters have a line among the results.
    fn tells_rejected(&self) -> bool {
        self.results && self.emit == Emit::Outcome && !self.skip_rejected
    }

    /// Writes the rest of a line of the results that has been begun, and a dead letter: a reason that writes itself as a JSON
    /// string, the line's length, as much of it as there is to show, and whether that is known to be UTF-8.
    #[inline(always)]
    fn reject(
        &self,
        place: Place,
        quote_reason: impl FnOnce(&mut Vec<u8>),
        (length, start, is_utf8): (u64, &[u8], bool),
        results: &mut Vec<u8>,
        dead_letters: &mut Text,
    ) {
        let before = results.len();
        results.extend_from_slice(b"\"status\":\"REJECTED\",\"error\":");
        let quoted = results.len();
        quote_reason(results);
        if self.dead_letters {
            self.place(place, dead_letters);
            let out = &mut dead_letters.bytes;
            out.extend_from_slice(b"\"length\":");
            write_number(length, out);
            out.extend_from_slice(b",\"reason\":");
            out.extend_from_slice(&results[quoted..]);
            write_shown(length, start, is_utf8, out);
            out.extend_from_slice(b"}\n");
        }
        match self.tells_rejected() {
            true => results.extend_from_slice(b"}\n"),
            false => results.truncate(before),
        }
    }

    /// Begins a line of the results.
    fn open(&self, place: Place, out: &mut Text) {
        if self.position { self.place(place, out) } else { out.bytes.push(b'{') }
    }

    /// Begins a line that says where its record stood.
    #[inline]
    fn place(&self, place: Place, out: &mut Text) {
        out.bytes.extend_from_slice(&self.heads[place.source]);
        out.number(place.offset);
        out.bytes.extend_from_slice(b",\"line\":");
        out.line_number(place.line_index);
        out.bytes.push(b',');
    }
}

/// Writes the members that tell what an execution came to.
pub(super) fn write_outcome(outcome: &Outcome, arena: &Arena, out: &mut Vec<u8>) {
    match outcome {
        Outcome::Succeeded(value) => {
            out.extend_from_slice(SUCCEEDED.as_bytes());
            value.write(out);
        }
        Outcome::Failed(failure) => {
            out.extend_from_slice(b"\"status\":\"FAILED\"");
            if let Some(error) = failure.error {
                out.extend_from_slice(b",\"error\":");
                write_string(error, out);
            }
            if let Some(cause) = failure.cause_text(arena) {
                out.extend_from_slice(b",\"cause\":");
                write_string(cause, out);
            }
        }
        Outcome::TimedOut(limit) => {
            out.extend_from_slice(b"\"status\":\"TIMED_OUT\",\"error\":\"States.Timeout\"");
            // The machine's own limit is what its author wanted; ours have to say that it was them.
            if !matches!(limit, LimitHit::TimeoutSeconds(_)) {
                out.extend_from_slice(b",\"limit\":");
                write_string(limit.name(), out);
            }
        }
    }
}

/// Shows a line's bytes, or as many as a dead letter holds; source, offset and length cut out the rest again. They may be
/// known to be UTF-8.
#[inline(always)]
fn write_shown(length: u64, start: &[u8], is_utf8: bool, out: &mut Vec<u8>) {
    let shown = &start[..start.len().min(SHOWN_BYTES_MAX)];
    let cut = (shown.len() as u64) < length;
    if !cut && (is_utf8 || shown.is_ascii()) {
        // Nearly always.
        out.extend_from_slice(b",\"text\":");
        return write_json_of(shown, out);
    }
    write_odd(shown, cut, out);
}

/// Shows bytes that are not all of a line, or not all of one character each.
#[inline(never)]
fn write_odd(shown: &[u8], cut: bool, out: &mut Vec<u8>) {
    let text = std::str::from_utf8(shown).or_else(|error| match cut && error.error_len().is_none() {
        // It was cut inside a character.
        true => std::str::from_utf8(&shown[..error.valid_up_to()]),
        false => Err(error),
    });
    match text {
        Ok(text) => {
            out.extend_from_slice(b",\"text\":");
            write_string(text, out);
        }
        Err(_) => {
            out.extend_from_slice(b",\"bytes\":\"");
            write_base64(shown, out);
            out.push(b'"');
        }
    }
    if cut {
        out.extend_from_slice(b",\"truncated\":true");
    }
}

/// Writes bytes in base64, a piece at a time: three bytes are four letters.
fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    let mut letters = [0; 1024];
    for piece in bytes.chunks(letters.len() / 4 * 3) {
        // A piece never has more letters than there is room for.
        let written = STANDARD.encode_slice(piece, &mut letters).unwrap_or_default();
        out.extend_from_slice(&letters[..written]);
    }
}

//! What a source holds, told by its first bytes: for whoever does not say.
//!
//! Flows in: the beginning of a source, unpacked. Flows out: a [`Format`]. Lines are taken for lines whenever the first one
//! could be an event: a file is never read in another way than before because of what stands further down. It must never
//! take anything for a table by its content, since any text might be one: there the name decides.

use super::Format;
use super::values::Values;
use crate::batch::source::BYTE_ORDER_MARK;
use crate::value::scan;
use memchr::memchr;

/// How much is looked at, at most.
pub(in crate::batch) const HEAD_BYTES: usize = 64 << 10;

/// What Parquet files begin with.
const PARQUET: &[u8] = b"PAR1";

/// The format of what begins like this; `whole` if nothing follows.
pub(in crate::batch) fn look(head: &[u8], whole: bool, name: &str) -> Format {
    if head.starts_with(PARQUET) {
        return Format::Parquet;
    }
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    if name.ends_with(".csv") || name.ends_with(".tsv") {
        return Format::Csv;
    }
    let body = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head).trim_ascii_start();
    let line_end = memchr(b'\n', body);
    let line = &body[..line_end.unwrap_or(body.len())];
    let first_is_there = line_end.is_some() || whole;
    if body.is_empty() || (first_is_there && scan::validate(line).is_ok()) {
        return Format::Lines;
    }
    // The first line is no event. It is the beginning of values if the first two are sound.
    let mut records = Vec::new();
    let mut values = Values::new();
    values.feed(body, 0, &mut records);
    if whole {
        values.finish(body.len(), &mut records);
    }
    let sound = |record: &super::values::Record| {
        record.stray.is_none()
            && matches!(body[record.start], b'{' | b'[')
            && scan::validate(&body[record.start..record.end]).is_ok()
    };
    match records.is_empty() {
        // One value that is longer than what was looked at: an object over several lines (on one, it is a long line like
        // any other), or an array, which is more likely to hold events than to be one.
        true if !whole && body.len() > HEAD_BYTES / 2 && values.is_sound() => match body[0] {
            b'[' => Format::Json,
            b'{' if line_end.is_some() => Format::Json,
            _ => Format::Lines,
        },
        true => Format::Lines,
        // What is broken further down is no reason to take the rest for something else.
        false if records.iter().take(2).all(sound) => Format::Json,
        false => Format::Lines,
    }
}

/// Whether that is enough to tell: a line is there that could be an event, or could begin nothing else. Somebody may be
/// waiting for what comes of it.
pub(in crate::batch) fn is_enough(head: &[u8]) -> bool {
    let body = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head).trim_ascii_start();
    let begins_more = matches!(body.first(), Some(b'{' | b'['));
    head.len() >= HEAD_BYTES
        || memchr(b'\n', body).is_some_and(|end| !begins_more || scan::validate(&body[..end]).is_ok())
}

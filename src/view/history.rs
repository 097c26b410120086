//! A history as GetExecutionHistory gives it, and as a table for people.

use super::details::{self, Content};
use super::json::{self, ObjectWriter};
use crate::value::timestamp::Timestamp;
use crate::vm::{Event, EventKind};
use std::fmt::Write;

/// The events as a JSON array, in the shape of GetExecutionHistory's `events`. `role` is the ARN that the first event
/// names.
pub fn to_json(events: &[Event], role: &str) -> String {
    json::array(events.iter().map(|event| {
        let mut object = ObjectWriter::new();
        object.raw("timestamp", &seconds(event.time_ms));
        object.text("type", &event.kind.name()).plain("id", event.id).plain("previousEventId", event.previous);
        if let Some(list) = details::details(&event.kind) {
            let role = matches!(event.kind, EventKind::ExecutionStarted { .. }).then_some(role);
            object.raw(&member(&event.kind), &details::write(&list, true, role));
        }
        object.finish()
    }))
}

/// Seconds since 1970 with three digits for the milliseconds.
fn seconds(time_ms: i64) -> String {
    format!("{}{}.{:03}", if time_ms < 0 { "-" } else { "" }, time_ms.abs() / 1_000, time_ms.abs() % 1_000)
}

/// The name of the member that holds an event's details.
fn member(kind: &EventKind) -> String {
    match kind {
        EventKind::Entered { .. } => "stateEnteredEventDetails".to_owned(),
        EventKind::Exited { .. } => "stateExitedEventDetails".to_owned(),
        other => {
            let name = other.name();
            let (first, rest) = name.split_at(1);
            format!("{}{rest}EventDetails", first.to_lowercase())
        }
    }
}

/// The events as a table: id, the event before, the clock, the type, and what it took or gave.
pub fn to_table(events: &[Event]) -> String {
    let mut out = String::new();
    let start_ms = events.first().map_or(0, |e| e.time_ms);
    let width = events.iter().map(|e| e.kind.name().len()).max().unwrap_or(0);
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{:>5} {:>5} {:>10}  {:<width$}  details", "id", "prev", "time", "type");
    for event in events {
        let after = (event.time_ms - start_ms) as f64 / 1_000.0;
        let mut line = format!("{:>5} {:>5} {after:>9.3}s  {:<width$} ", event.id, event.previous, event.kind.name());
        for detail in details::details(&event.kind).unwrap_or_default() {
            let value = match detail.value {
                Content::Text(text) | Content::Data(text) | Content::Json(text) => text.to_owned(),
                Content::Number(number) => number.to_string(),
                Content::Variables(variables) => {
                    variables.iter().map(|(name, value)| format!("${name} = {value}")).collect::<Vec<_>>().join(", ")
                }
            };
            let _ = write!(line, " {}={}", detail.name, shortened(&value));
        }
        let _ = writeln!(out, "{line}");
    }
    if let Some(first) = events.first() {
        let _ = writeln!(out, "clock started at {}", Timestamp::from_millis(first.time_ms).to_rfc3339_millis());
    }
    out
}

/// A value cut to what a line of a table can hold.
fn shortened(value: &str) -> String {
    const CHARACTERS_MAX: usize = 160;
    match value.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}… ({} bytes)", &value[..end], value.len()),
        None => value.to_owned(),
    }
}

//! Log records and history events, in whatever they are wrapped.
//!
//! Flows in: the text of a file. Flows out: each event with the name of its execution, or the offset of what is none and
//! why. It must never take one thing for another: what does not look like one of the known forms is told.

use super::execution::Event;
use crate::batch::{unpacked_message, values_in};
use crate::value::timestamp::Timestamp;
use crate::value::tree::{self, Kind, Node};
use memchr::memchr;

/// An event with its execution's name; or the offset of what is none, and why.
pub(super) type Found = Result<(String, Event), (u64, String)>;

/// Hands out all events of a file.
pub(super) fn records(name: &str, bytes: &[u8], take: &mut dyn FnMut(Found)) {
    let mut reader = Reader { name, histories: 0, last_id: 0, take };
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let before = bytes.len() - body.len();
    if matches!(body.trim_ascii_start().first(), Some(b'{' | b'[') | None) {
        for (start, end) in values_in(body) {
            reader.text(&body[start..end], (before + start) as u64);
        }
        return;
    }
    // A time, and perhaps the stream's name, before each record.
    let mut at = 0;
    while at < body.len() {
        let end = memchr(b'\n', &body[at..]).map_or(body.len(), |found| at + found);
        let line = &body[at..end];
        match memchr(b'{', line) {
            Some(brace) => reader.text(&line[brace..], (before + at + brace) as u64),
            None if line.trim_ascii().is_empty() => {}
            None => reader.fail((before + at) as u64, "there is no log record in this line"),
        }
        at = end + 1;
    }
}

struct Reader<'r> {
    name: &'r str,
    /// How many histories the file has had, and the last one's last event.
    histories: usize,
    last_id: u32,
    take: &'r mut dyn FnMut(Found),
}

impl Reader<'_> {
    fn fail(&mut self, offset: u64, reason: &str) {
        (self.take)(Err((offset, reason.to_owned())));
    }

    fn text(&mut self, text: &[u8], offset: u64) {
        match tree::parse_bytes(text) {
            Ok(node) => self.node(&node, offset),
            Err(error) => self.fail(offset, &format!("it is not JSON: {error}")),
        }
    }

    fn node(&mut self, node: &Node, offset: u64) {
        let array = |key: &str| node.get(key).and_then(Node::as_array);
        if node.get("execution_arn").is_some() {
            return self.log_record(node, offset);
        }
        if text(node, "messageType") == Some("CONTROL_MESSAGE") {
            return;
        }
        if let Some(events) = array("logEvents").or_else(|| array("events")) {
            for event in events {
                match text(event, "message") {
                    Some(message) => self.message(message, offset),
                    None if event.get("previousEventId").is_some() => self.history_event(event, offset),
                    None => self.fail(offset, "an item of its events is neither a log event nor one of a history"),
                }
            }
        } else if let Some(rows) = array("results") {
            for row in rows {
                let fields = row.as_array().unwrap_or_default();
                let message = fields.iter().find(|field| text(field, "field") == Some("@message"));
                match message.and_then(|field| text(field, "value")) {
                    Some(message) => self.message(message, offset),
                    None => self.fail(offset, "a row of its results has no @message: query for that field"),
                }
            }
        } else if let Some(data) = node.get("awslogs").and_then(|inner| text(inner, "data")) {
            match unpacked_message(data) {
                Ok(bytes) => self.text(&bytes, offset),
                Err(reason) => self.fail(offset, &reason),
            }
        } else {
            self.fail(offset, "it is neither a log record nor anything that holds records");
        }
    }

    /// A log event's message, which may have something before its record.
    fn message(&mut self, message: &str, offset: u64) {
        match message.find('{') {
            Some(brace) => self.text(&message.as_bytes()[brace..], offset),
            None => self.fail(offset, "a log event's message holds no record"),
        }
    }

    fn log_record(&mut self, node: &Node, offset: u64) {
        let number = |key: &str| text(node, key)?.parse::<i64>().ok();
        let id = |key: &str| number(key).and_then(|id| u32::try_from(id).ok());
        let event = || {
            Some(Event {
                id: id("id")?,
                previous: id("previous_event_id")?,
                time_ms: number("event_timestamp")?,
                kind: text(node, "type")?.to_owned(),
                details: node.get("details").cloned(),
            })
        };
        match (text(node, "execution_arn"), event()) {
            (Some(execution), Some(event)) => (self.take)(Ok((execution.to_owned(), event))),
            _ => {
                self.fail(offset, "its id, previous_event_id, event_timestamp, type or execution_arn is no such thing")
            }
        }
    }

    /// An event of a history, which is known by the file that it is in.
    fn history_event(&mut self, node: &Node, offset: u64) {
        let id = |key: &str| number(node.get(key)?)?.parse::<u32>().ok();
        let (Some(id), Some(previous), Some(kind)) = (id("id"), id("previousEventId"), text(node, "type")) else {
            return self.fail(offset, "an event of the history lacks id, previousEventId or type");
        };
        let Some(time_ms) = node.get("timestamp").and_then(time_ms) else {
            return self.fail(offset, "an event of the history has no timestamp");
        };
        if kind == "ExecutionStarted" && self.last_id > 0 {
            self.histories += 1;
        }
        self.last_id = id;
        let details = node.members().iter().find(|member| member.key.ends_with("EventDetails"));
        let details = details.map(|member| member.value.clone());
        let execution = match self.histories {
            0 => self.name.to_owned(),
            more => format!("{}#{}", self.name, more + 1),
        };
        (self.take)(Ok((execution, Event { id, previous, time_ms, kind: kind.to_owned(), details })));
    }
}

fn text<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key).and_then(Node::as_str)
}

/// The digits of a number, which may be written as a string.
fn number(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Number(text) | Kind::String(text) => Some(text),
        _ => None,
    }
}

/// Seconds since 1970, or RFC 3339.
fn time_ms(node: &Node) -> Option<i64> {
    match &node.kind {
        Kind::Number(text) => {
            let seconds: f64 = text.parse().ok()?;
            Some((seconds * 1_000.0).round() as i64)
        }
        Kind::String(text) => Timestamp::parse(text).ok().map(Timestamp::as_millis),
        _ => None,
    }
}

//! What an execution came to, for people's own programs: owned, or as a line of results that is looked into.

use crate::handler::decode::decode;
use crate::value::raw::{Members, unquote};
use crate::value::text::{unescape_owned, write_string};
use crate::value::{Arena, Value};
use crate::vm::{Event, Limits, Outcome};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// How an event ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// The execution succeeded.
    Succeeded,
    /// It failed.
    Failed,
    /// It ran into the machine's TimeoutSeconds or a limit.
    TimedOut,
    /// It never began: the event is no JSON, or too long.
    Rejected,
}

impl Status {
    /// As results have it: `SUCCEEDED`, `FAILED`, `TIMED_OUT`, `REJECTED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Succeeded => "SUCCEEDED",
            Status::Failed => "FAILED",
            Status::TimedOut => "TIMED_OUT",
            Status::Rejected => "REJECTED",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no status: expected SUCCEEDED, FAILED, TIMED_OUT or REJECTED")]
pub struct NotAStatus(String);

impl FromStr for Status {
    type Err = NotAStatus;

    fn from_str(text: &str) -> Result<Status, NotAStatus> {
        [Status::Succeeded, Status::Failed, Status::TimedOut, Status::Rejected]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| NotAStatus(text.to_owned()))
    }
}

/// What an execution came to, owned.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Ended {
    /// How it ended.
    pub status: Status,
    /// Its output as compact JSON, if it succeeded.
    pub output: Option<String>,
    /// The name of the error, if it has one.
    pub error: Option<String>,
    /// The cause, if there is one.
    pub cause: Option<String>,
    /// The limit that ended it, if it was one of ours.
    pub limit: Option<&'static str>,
    /// States that it entered, retries and children included.
    pub steps: u64,
    /// Its clock at the end, in milliseconds since 1970.
    pub ended_ms: i64,
    /// Its events, if they were asked for; [`view::history`](crate::view::history) writes them as AWS does.
    pub history: Vec<Event>,
}

impl Ended {
    pub(super) fn empty(status: Status) -> Ended {
        let (output, error, cause, limit) = (None, None, None, None);
        Ended { status, output, error, cause, limit, steps: 0, ended_ms: 0, history: Vec::new() }
    }

    pub(super) fn of(outcome: &Outcome, arena: &Arena, limits: &Limits, steps_left: u64) -> Ended {
        let mut ended = Ended::empty(Status::Succeeded);
        ended.steps = limits.steps.saturating_sub(steps_left);
        match outcome {
            Outcome::Succeeded(value) => ended.output = Some(value.to_json()),
            Outcome::Failed(failure) => {
                ended.status = Status::Failed;
                ended.error = failure.error.map(str::to_owned);
                ended.cause = failure.cause_text(arena).map(str::to_owned);
            }
            Outcome::TimedOut(limit) => {
                ended.status = Status::TimedOut;
                ended.error = Some("States.Timeout".to_owned());
                ended.limit = limit.is_ours().then(|| limit.name());
            }
        }
        ended
    }

    /// The output as a type of one's own; nothing, if it did not succeed.
    ///
    /// # Errors
    ///
    /// What does not fit, in the reader's words.
    pub fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<Option<T>, ReadError> {
        self.output.as_deref().map(read).transpose()
    }

    /// As a line of results, without its end.
    pub fn to_json(&self) -> String {
        let mut out = format!("{{\"status\":\"{}\"", self.status).into_bytes();
        if let Some(output) = &self.output {
            out.extend_from_slice(b",\"output\":");
            out.extend_from_slice(output.as_bytes());
        }
        for (key, text) in [("error", self.error.as_deref()), ("cause", self.cause.as_deref()), ("limit", self.limit)] {
            if let Some(text) = text {
                out.extend_from_slice(format!(",\"{key}\":").as_bytes());
                write_string(text, &mut out);
            }
        }
        out.push(b'}');
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// A text is not of the type that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ReadError(String);

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, ReadError> {
    let arena = Arena::new();
    decode(Value::from_text(&arena, text), &arena).map_err(|error| ReadError(error.to_string()))
}

/// One line of results, looked into where it stands.
///
/// ```
/// use expressway::{ResultLine, Status};
/// let line = ResultLine::new(r#"{"status":"FAILED","error":"E","cause":"said \"no\""}"#);
/// assert_eq!((line.status(), line.error().as_deref()), (Some(Status::Failed), Some("E")));
/// assert_eq!(line.cause().as_deref(), Some("said \"no\""));
/// assert_eq!(line.output(), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultLine<'t> {
    text: &'t str,
}

impl<'t> ResultLine<'t> {
    /// A line as a batch writes it, without its end.
    pub fn new(text: &'t str) -> ResultLine<'t> {
        ResultLine { text }
    }

    /// The line itself.
    pub fn text(self) -> &'t str {
        self.text
    }

    /// How the event ended; nothing for a bare output.
    pub fn status(self) -> Option<Status> {
        unquote(self.member("status")?).parse().ok()
    }

    /// The output's JSON text, if the execution succeeded.
    pub fn output(self) -> Option<&'t str> {
        self.member("output")
    }

    /// The output as a type of one's own; nothing, if the execution did not succeed.
    ///
    /// # Errors
    ///
    /// What does not fit, in the reader's words.
    pub fn parse<T: serde::de::DeserializeOwned>(self) -> Result<Option<T>, ReadError> {
        self.output().map(read).transpose()
    }

    /// The name of the error, or why the record was rejected.
    pub fn error(self) -> Option<Cow<'t, str>> {
        self.string("error")
    }

    /// The cause.
    pub fn cause(self) -> Option<Cow<'t, str>> {
        self.string("cause")
    }

    /// The source, if results say where their records stood.
    pub fn source(self) -> Option<Cow<'t, str>> {
        self.string("source")
    }

    /// The record's offset in its source, in bytes, if results say so.
    pub fn offset_bytes(self) -> Option<u64> {
        self.member("offset")?.parse().ok()
    }

    /// The number of the record's line in its source, from 1, if results say so.
    pub fn line_number(self) -> Option<u64> {
        self.member("line")?.parse().ok()
    }

    fn member(self, name: &str) -> Option<&'t str> {
        // What a batch writes comes first, and no key comes twice.
        Members::new(self.text).find(|(key, _)| key.is(name)).map(|(_, value)| value)
    }

    fn string(self, name: &str) -> Option<Cow<'t, str>> {
        let text = unquote(self.member(name)?);
        Some(if text.contains('\\') { Cow::Owned(unescape_owned(text)) } else { Cow::Borrowed(text) })
    }
}

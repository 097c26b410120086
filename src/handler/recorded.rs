//! What became of the tasks of executions that have been: for each execution the outcomes that it had, in its own order.
//!
//! Flows in: JSON Lines, one for each execution, as `import` writes them. Flows out: replies. It must never answer one
//! execution with what another had: an execution of which nothing was recorded fails at its first task, and says so.
//!
//! ```text
//! {"offset":0,"execution":"arn:…","states":{"Charge":[{"Throw":{"Error":"E","Cause":"c"},"took_ms":35},{"Return":{"paid":true},"took_ms":12}]}}
//! ```
//!
//! `offset` is that of the execution's event in the file of events, which must be the first source; `states` has, by the name
//! of a Task state, the outcomes of its invocations. Inside Maps each has the `items` that it was made for, the outermost
//! Map's first: `"items":[2,0]`. Those for the same items stand in the order in which they were made. `Return` is the task's raw result, `Throw` its failure (`States.Timeout` alone is a time-out), and
//! `{"Lost": true}` an answer that never came: the task lasts until something else ends it. `took_ms` moves the clock. With
//! `"cut": true` something ended before its time (a Parallel whose branch failed, say), and every invocation that is not
//! there is lost; otherwise it fails, with States.Runtime.

use crate::value::Value;
use crate::value::raw::{Elements, Form, Members, unquote};
use crate::value::scan;
use crate::value::text::unescape;
use crate::value::{Arena, text};
use crate::vm::{Reply, Seed, TaskRequest};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::ops::Range;

/// How long an answer is waited for that never comes: longer than any limit of time.
const FOR_EVER_MS: i64 = 400 * 86_400_000;

/// The outcomes of many executions.
#[derive(Clone)]
pub struct Recorded {
    text: String,
    /// Who the executions are, and where their outcomes stand, by who they are.
    executions: Vec<(u64, Range<usize>)>,
    states: BTreeSet<Box<str>>,
    digest: String,
}

/// Why outcomes cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordedError {
    /// A line is not JSON.
    #[error("line {line_number} is not JSON: {reason}")]
    Syntax {
        /// The line, counted from 1.
        line_number: usize,
        /// Why.
        reason: String,
    },
    /// A line lacks something, or has it in another form.
    #[error("line {line_number} has no {what}")]
    Missing {
        /// The line, counted from 1.
        line_number: usize,
        /// What is missing.
        what: &'static str,
    },
    /// Two lines speak of one execution.
    #[error("line {line_number} is about the same event as another: offset {offset}")]
    Twice {
        /// The line, counted from 1.
        line_number: usize,
        /// The event's offset.
        offset: u64,
    },
}

impl std::fmt::Debug for Recorded {
    /// Not the outcomes, of which there may be very many: what tells them apart from others.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recorded({} executions, {})", self.executions.len(), self.digest)
    }
}

impl Recorded {
    /// Whether a text looks like recorded outcomes: its first line is one execution's.
    pub fn is_such(text: &str) -> bool {
        let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        scan::validate(line.as_bytes())
            .is_ok_and(|line| member(line, "offset").is_some() && member(line, "states").is_some())
    }

    /// Reads the outcomes of executions that a run with this seed makes.
    ///
    /// # Errors
    ///
    /// The first line that is wrong, and why.
    pub fn read(text: &str, seed: u64) -> Result<Recorded, RecordedError> {
        let mut recorded = Recorded {
            text: text.to_owned(),
            executions: Vec::new(),
            states: BTreeSet::new(),
            digest: format!("{:x?}", Sha256::digest(text.as_bytes())),
        };
        let mut offsets = BTreeSet::new();
        let mut at = 0;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let (line_number, start) = (index + 1, at);
            at += line.len();
            if line.trim().is_empty() {
                continue;
            }
            let line = scan::validate(line.as_bytes())
                .map_err(|error| RecordedError::Syntax { line_number, reason: error.to_string() })?;
            let missing = |what| RecordedError::Missing { line_number, what };
            let offset = member(line, "offset").and_then(|text| text.parse().ok()).ok_or(missing("offset"))?;
            let states = member(line, "states").filter(|s| s.starts_with('{')).ok_or(missing("object states"))?;
            for (state, outcomes) in Members::new(states) {
                let known = |outcome| ["Return", "Throw", "Lost"].iter().any(|name| member(outcome, name).is_some());
                if !outcomes.starts_with('[') || !Elements::new(outcomes).all(known) {
                    return Err(missing("list of outcomes, each with Return, Throw or Lost, for one of its states"));
                }
                recorded.states.insert(text::unescape_owned(state.text).into());
            }
            if !offsets.insert(offset) {
                return Err(RecordedError::Twice { line_number, offset });
            }
            let from = start + within(&text[start..], line);
            recorded.executions.push((Seed::new(seed, 0, offset).key(), from..from + line.len()));
        }
        recorded.executions.sort_unstable_by_key(|(key, _)| *key);
        Ok(recorded)
    }

    /// How many executions there are.
    pub fn executions(&self) -> usize {
        self.executions.len()
    }

    /// Whether some execution had an outcome of that state.
    pub(super) fn answers(&self, state: &str) -> bool {
        self.states.contains(state)
    }

    /// The outcome of that invocation for those items of the Maps around, of an execution with that seed.
    pub(super) fn reply<'a>(
        &self,
        request: &TaskRequest<'a>,
        execution: Seed,
        items: &[u32],
        number: u32,
    ) -> Reply<'a> {
        let arena = request.arena();
        let failed =
            |cause: String| Reply::Failed { error: Some("States.Runtime"), cause: Some(&*arena.alloc_str(&cause)) };
        let key = execution.key();
        let Ok(at) = self.executions.binary_search_by_key(&key, |(known, _)| *known) else {
            return failed(format!(
                "Nothing was recorded of this execution, in which state '{}' has a task to be done: its event is not at an offset that was recorded.",
                request.state()
            ));
        };
        let line = &self.text[self.executions[at].1.clone()];
        let outcomes = member(line, "states").and_then(|states| member(states, request.state()));
        let of_items = |outcome: &&str| {
            let mut own = member(outcome, "items").map(Elements::new).into_iter().flatten();
            items.iter().all(|item| own.next().is_some_and(|text| text.parse() == Ok(*item))) && own.next().is_none()
        };
        let outcome = outcomes.and_then(|list| Elements::new(list).filter(of_items).nth(number as usize));
        let Some(outcome) = outcome else {
            if member(line, "cut") == Some("true") {
                // Whatever ended the others ended this one before it began.
                return Reply::After(FOR_EVER_MS, arena.alloc(Reply::TimedOut));
            }
            return failed(format!(
                "Of this execution no outcome was recorded for invocation number {number} of state '{}'.",
                request.state()
            ));
        };
        let took_ms = member(outcome, "took_ms").and_then(|text| text.parse().ok());
        let (reply, took_ms) = match (member(outcome, "Return"), member(outcome, "Throw")) {
            (Some(json), _) => (Reply::Result(Value::raw(arena, arena.alloc_str(json), Form::of(json))), took_ms),
            (None, Some(failure)) => (failure_of(failure, arena), took_ms),
            (None, None) => (Reply::TimedOut, Some(FOR_EVER_MS)),
        };
        match took_ms {
            None | Some(0) => reply,
            Some(ms) => Reply::After(ms.max(0), arena.alloc(reply)),
        }
    }
}

fn failure_of<'a>(failure: &str, arena: &'a Arena) -> Reply<'a> {
    let part = |name| match member(failure, name) {
        None | Some("null") => None,
        Some(text) if text.starts_with('"') => Some(unescape(unquote(arena.alloc_str(text)), arena)),
        Some(other) => Some(&*arena.alloc_str(other)),
    };
    match (part("Error"), part("Cause")) {
        (Some("States.Timeout"), None) => Reply::TimedOut,
        (error, cause) => Reply::Failed { error, cause },
    }
}

/// The last member of that name.
fn member<'t>(object: &'t str, name: &str) -> Option<&'t str> {
    Members::new(object).filter(|(key, _)| key.is(name)).last().map(|(_, value)| value)
}

/// Where a slice begins in what it is a slice of.
fn within(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize).min(whole.len())
}

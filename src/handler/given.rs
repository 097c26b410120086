//! Replies that have been given already: an execution that was told halfway is run from its beginning, and its calls are
//! answered as they were.
//!
//! Flows in: the calls of an execution with their replies, in memory that may be given back. Flows out: the same replies,
//! each to the same call once. It must never answer any other call.

use crate::value::Value;
use crate::value::raw::Form;
use crate::vm::shortcut::GivenReplies;
use crate::vm::{Reply, TaskRequest};
use std::collections::BTreeMap;

/// The replies by who called, and by how many calls that one had made before.
#[derive(Debug, Clone, Default)]
pub(super) struct Given(BTreeMap<(u64, u32), Owned>);

/// A reply of a function.
#[derive(Debug, Clone)]
enum Owned {
    Returned(String),
    Raised { error: String, message: String },
    Reported { error: String, report: String },
    Failed { error: Option<String>, cause: Option<String> },
    TimedOut,
}

impl Given {
    /// Keeps what these calls came to.
    pub fn keep(&mut self, calls: GivenReplies) {
        for (request, reply) in calls {
            if let Some(reply) = Owned::of(reply) {
                self.0.insert(request.caller().key(), reply);
            }
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The reply that this call has had, if it has been made.
    pub fn take<'a>(&mut self, request: &TaskRequest<'a>) -> Option<Reply<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let (reply, arena) = (self.0.remove(&request.caller().key())?, request.arena());
        let text = |text: String| &*arena.alloc_str(&text);
        let json = |json: String| {
            let json = text(json);
            Value::raw(arena, json, Form::of(json))
        };
        Some(match reply {
            Owned::Returned(value) => Reply::Returned(json(value)),
            Owned::Raised { error, message } => Reply::Raised { error: text(error), message: text(message) },
            Owned::Reported { error, report } => Reply::Reported { error: text(error), report: json(report) },
            Owned::Failed { error, cause } => Reply::Failed { error: error.map(text), cause: cause.map(text) },
            Owned::TimedOut => Reply::TimedOut,
        })
    }
}

impl Owned {
    /// Nothing for what no function replies.
    fn of(reply: Reply) -> Option<Owned> {
        Some(match reply {
            Reply::Returned(value) => Owned::Returned(value.to_json()),
            Reply::Raised { error, message } => Owned::Raised { error: error.to_owned(), message: message.to_owned() },
            Reply::Reported { error, report } => {
                // As it is written: its blanks may matter.
                let report = if let Value::Raw(raw) = report { raw.text.to_owned() } else { report.to_json() };
                Owned::Reported { error: error.to_owned(), report }
            }
            Reply::Failed { error, cause } => {
                Owned::Failed { error: error.map(str::to_owned), cause: cause.map(str::to_owned) }
            }
            Reply::TimedOut => Owned::TimedOut,
            Reply::Result(_) | Reply::After(..) => return None,
        })
    }
}

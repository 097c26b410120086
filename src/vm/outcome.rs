//! How an execution ends: with an output, or with the language's own kind of failure.
//!
//! A failure here is data of the language ({Error, Cause}); it is not a Rust error, and it costs nothing until it happens.

use crate::value::{Arena, Value};

/// The end of an execution.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// It succeeded, with this output.
    Succeeded(Value<'a>),
    /// It failed.
    Failed(Failure<'a>),
    /// It ran into the machine's TimeoutSeconds or one of the [limits](super::Limits).
    TimedOut(LimitHit),
}

/// A failure: a name and a cause, each of which may be absent. What AWS does with those that are longer than its API
/// takes (256 and 32,768 characters) is not recorded: they are kept whole.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Failure<'a> {
    /// Error.
    pub error: Option<&'a str>,
    /// Cause, without the sentence that says where it happened.
    pub cause: Option<&'a str>,
    /// Where it happened, if the cause has to say so.
    pub origin: Option<Origin<'a>>,
    /// Whether Retry and Catch look at it at all.
    pub catchable: bool,
}

/// The state that a failure names: "An error occurred while executing the state …".
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The state's name.
    pub state: &'a str,
    /// The id of its Entered event, in the numbering of the execution that holds the failure.
    pub entered: u32,
}

/// What ended an execution that had not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitHit {
    /// The machine's own TimeoutSeconds.
    TimeoutSeconds(u64),
    /// The limit on virtual time, in seconds.
    VirtualSeconds(u64),
    /// The limit on steps.
    Steps(u64),
    /// The limit on the bytes that an execution makes.
    ExecutionBytes(u64),
}

impl LimitHit {
    /// Whether it is one of ours, rather than what the machine's author wanted.
    pub fn is_ours(self) -> bool {
        !matches!(self, LimitHit::TimeoutSeconds(_))
    }

    /// The limit's name in summaries.
    pub fn name(self) -> &'static str {
        match self {
            LimitHit::TimeoutSeconds(_) => "TimeoutSeconds",
            LimitHit::VirtualSeconds(_) => "virtual-seconds",
            LimitHit::Steps(_) => "steps",
            LimitHit::ExecutionBytes(_) => "execution-bytes",
        }
    }

    /// Whether it ends all that is left of an execution, wherever in virtual time the others stand.
    pub(super) fn ends_all(self) -> bool {
        matches!(self, LimitHit::Steps(_) | LimitHit::ExecutionBytes(_))
    }
}

impl<'a> Failure<'a> {
    /// A failure that somebody reported; `States.Runtime` is the one name that nothing catches.
    pub fn reported(error: Option<&'a str>, cause: Option<&'a str>) -> Failure<'a> {
        Failure { error, cause, origin: None, catchable: error != Some("States.Runtime") }
    }

    /// The whole cause, with the sentence that says where it happened.
    pub fn cause_text(&self, arena: &'a Arena) -> Option<&'a str> {
        match (self.cause, self.origin) {
            (Some(cause), Some(origin)) => Some(arena.alloc_str(&format!(
                "An error occurred while executing the state '{}' (entered at the event id #{}). {cause}",
                origin.state, origin.entered
            ))),
            (cause, _) => cause,
        }
    }
}

//! What an execution asks of whoever drives it, and what comes back.

use super::fan_out::Children;
use super::outcome::Failure;
use crate::program::HandlerId;
use crate::program::work::Task;
use crate::value::{Arena, Value};

/// What an execution needs in order to go on.
#[derive(Debug)]
pub enum Request<'a> {
    /// A task is to be done: answer with [`Execution::answer`](super::Execution::answer).
    Task(&'a TaskRequest<'a>),
    /// Nothing is to be done until this time, in milliseconds since 1970 on the execution's clock: then
    /// [`Execution::wake`](super::Execution::wake).
    WaitUntil(i64),
    /// Children are to be run: answer with [`Execution::join`](super::Execution::join).
    Children(&'a Children<'a>),
    /// The arena has filled up, with what the execution no longer needs for the most part:
    /// [park](super::Execution::park) it and let it go on over fresh memory, or just let it run on, if there is memory.
    Room,
}

/// A task to be done.
#[derive(Clone, Copy, Debug)]
pub struct TaskRequest<'a> {
    /// What the program says of it.
    pub task: &'a Task,
    /// The state's name.
    pub state: &'a str,
    /// Who stands behind it, where the program knows.
    pub handler: Option<HandlerId>,
    /// The name of the function or resource.
    pub name: &'a str,
    /// The arguments, as the state gives them.
    pub arguments: Value<'a>,
    /// The event of a Lambda function: the arguments, or the Payload among them.
    pub payload: Value<'a>,
    /// ClientContext of an Invoke request.
    pub client_context: Option<&'a str>,
    /// The version or alias that is called for.
    pub qualifier: Option<&'a str>,
    /// The token of a `.waitForTaskToken` task.
    pub token: Option<&'a str>,
    /// How often the state has been tried before in this visit.
    pub retry_count: u32,
    /// The execution's clock, in milliseconds since 1970.
    pub now_ms: i64,
    /// The task's time limit in milliseconds.
    pub timeout_ms: Option<i64>,
    /// Where a reply can be put.
    pub arena: &'a Arena,
}

/// How a task ended.
#[derive(Clone, Copy, Debug)]
pub enum Reply<'a> {
    /// A Lambda function returned this; the machine wraps it as its integration does.
    Returned(Value<'a>),
    /// A Lambda function failed: the name of the error and its message.
    Raised {
        /// errorType.
        error: &'a str,
        /// errorMessage.
        message: &'a str,
    },
    /// The task's raw result, as the resource answers it.
    Result(Value<'a>),
    /// The resource failed; either may be absent.
    Failed {
        /// Error.
        error: Option<&'a str>,
        /// Cause.
        cause: Option<&'a str>,
    },
    /// The time limit or heartbeat lapsed.
    TimedOut,
    /// The clock moves by so many milliseconds first: as long as whoever answers says that it took.
    After(i64, &'a Reply<'a>),
}

impl<'a> Reply<'a> {
    /// What a handler written in ASL comes to that has failed: a Fail state is what the function raises, anything else
    /// that goes wrong inside is its runtime's failure, Lambda.Unknown: what AWS says of each kind of those is not
    /// recorded.
    pub(super) fn of_failure(failure: &Failure<'a>) -> Reply<'a> {
        if failure.origin.is_none() && failure.catchable {
            let message = failure.cause.unwrap_or_default();
            Reply::Raised { error: failure.error.unwrap_or("Lambda.Unknown"), message }
        } else {
            Reply::Failed { error: Some("Lambda.Unknown"), cause: failure.cause }
        }
    }
}

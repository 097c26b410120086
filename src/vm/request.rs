//! What an execution asks of whoever drives it, and what comes back.

use super::fan_out::Children;
use super::outcome::Failure;
use super::seed::Stream;
use crate::program::work::{Integration, Task, function_name};
use crate::program::{HandlerId, Program, TaskId};
use crate::value::scan::Tokens;
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
    /// Who calls: what the call's id derives from.
    pub caller: CallerId<'a>,
    /// The tokens of the event that the arguments may be parts of, if they are there.
    pub(crate) tokens: Option<&'a Tokens<'a>>,
    /// Where a reply can be put.
    pub arena: &'a Arena,
}

/// A call that an execution is about to make.
pub(super) struct Calling<'a> {
    pub arguments: Value<'a>,
    pub payload: Value<'a>,
    pub token: Option<&'a str>,
    pub retry_count: u32,
    pub now_ms: i64,
    pub timeout_ms: Option<i64>,
    pub seed: Stream<'a>,
    pub calls: u32,
}

/// Who calls, for the call's id.
#[derive(Clone, Copy, Debug)]
pub struct CallerId<'a> {
    /// The execution's stream of numbers, as it stands.
    pub(super) seed: Stream<'a>,
    /// How many calls it had made before.
    pub(super) calls: u32,
    /// Whether the reply will be wrapped, with the id among its metadata.
    pub(super) wrapped: bool,
}

impl CallerId<'_> {
    /// The id of the request to a function: a UUID that is the same whenever the same execution makes the same call, and
    /// that `lambda:invoke` gives as RequestId.
    pub fn request_id(self) -> String {
        let mut seed = self.seed.get();
        if self.wrapped { seed.uuid() } else { seed.child(u64::from(self.calls)).uuid() }
    }

    /// A number that stands for the execution, or the child of one, that calls; and how many calls it had made before.
    pub(crate) fn key(self) -> (u64, u32) {
        (self.seed.get().key(), self.calls)
    }

    /// The same for those who outlive the event.
    pub(crate) fn kept(self) -> CallerId<'static> {
        CallerId { seed: self.seed.get().into(), calls: self.calls, wrapped: self.wrapped }
    }
}

impl<'a> TaskRequest<'a> {
    /// The request that a task of a program comes to.
    pub(super) fn of(program: &'a Program, id: TaskId, calling: Calling<'a>, arena: &'a Arena) -> TaskRequest<'a> {
        let Calling { arguments, payload, token, retry_count, now_ms, timeout_ms, seed, calls } = calling;
        let task = program.task(id);
        let text = |key| arguments.get(arena, key).and_then(|v| v.as_str(arena));
        let wrapped = task.integration == Integration::LambdaInvoke;
        let name = match task.handler {
            Some(handler) => &*program.handler(handler).name,
            None => text("FunctionName").map(function_name).unwrap_or_default(),
        };
        TaskRequest {
            task,
            state: &program.state(task.state).name,
            handler: task.handler,
            name,
            arguments,
            payload,
            client_context: if wrapped { text("ClientContext") } else { None },
            qualifier: if wrapped { text("Qualifier") } else { None },
            token,
            retry_count,
            now_ms,
            timeout_ms,
            caller: CallerId { seed, calls, wrapped },
            tokens: None,
            arena,
        }
    }

    /// What the state calls, in its own words: an ARN, or what an Invoke request has as FunctionName.
    pub fn resource(&self) -> &'a str {
        match self.task.integration {
            Integration::LambdaInvoke => {
                let named = self.arguments.get(self.arena, "FunctionName");
                named.and_then(|name| name.as_str(self.arena)).unwrap_or(self.name)
            }
            _ => &self.task.resource,
        }
    }
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
    /// A Lambda function failed, and its runtime has told of it.
    Reported {
        /// errorType.
        error: &'a str,
        /// The whole report, JSON text: `lambda:invoke` gives it without blanks, the function's ARN as it came.
        report: Value<'a>,
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

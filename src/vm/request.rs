//! What an execution asks of whoever drives it, and what comes back.

use super::fan_out::Children;
use super::outcome::Failure;
use super::seed::Stream;
use crate::program::work::{Integration, Task, function_name};
use crate::program::{HandlerId, Program, TaskId};
use crate::value::scan::LineView;
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

/// A task to be done. What the program says of it is looked up when somebody asks: most functions only want their event.
#[derive(Clone, Copy, Debug)]
pub struct TaskRequest<'a> {
    program: &'a Program,
    id: TaskId,
    /// How often the state has been tried before in this visit.
    pub retry_count: u32,
    /// The arguments, as the state gives them.
    pub arguments: Value<'a>,
    /// The event of a Lambda function: the arguments, or the Payload among them.
    pub payload: Value<'a>,
    /// The execution's clock, in milliseconds since 1970.
    pub now_ms: i64,
    seed: Stream<'a>,
    calls: u32,
    /// What few requests have.
    rare: Option<&'a Rare<'a>>,
    /// The line of the event that the arguments may be parts of, if it is there.
    pub(crate) view: Option<&'a LineView<'a>>,
    /// Where a reply can be put.
    pub arena: &'a Arena,
}

/// What few requests have.
#[derive(Clone, Copy, Debug)]
struct Rare<'a> {
    token: Option<&'a str>,
    timeout_ms: Option<i64>,
}

/// A call that an execution is about to make.
pub(super) struct Calling<'a> {
    pub arguments: Value<'a>,
    pub payload: Value<'a>,
    pub retry_count: u32,
    pub now_ms: i64,
    pub seed: Stream<'a>,
    pub calls: u32,
    /// The token and the time limit in milliseconds; nothing, if there is no token and the limit is what the task says.
    pub rest: Option<(Option<&'a str>, Option<i64>)>,
    pub view: Option<&'a LineView<'a>>,
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
    #[inline(always)]
    pub(super) fn of(program: &'a Program, id: TaskId, calling: Calling<'a>, arena: &'a Arena) -> TaskRequest<'a> {
        let Calling { arguments, payload, retry_count, now_ms, seed, calls, rest, view } = calling;
        let rare = rest.map(|(token, timeout_ms)| &*arena.alloc(Rare { token, timeout_ms }));
        TaskRequest { program, id, retry_count, arguments, payload, now_ms, seed, calls, rare, view, arena }
    }

    /// What the program says of the task.
    pub fn task(&self) -> &'a Task {
        self.program.task(self.id)
    }

    /// The state's name.
    pub fn state(&self) -> &'a str {
        &self.program.state(self.task().state).name
    }

    /// Who stands behind it, where the program knows.
    pub fn handler(&self) -> Option<HandlerId> {
        self.task().handler
    }

    /// The name of the function or resource.
    pub fn name(&self) -> &'a str {
        match self.task().handler {
            Some(handler) => &self.program.handler(handler).name,
            None => self.argument("FunctionName").map(function_name).unwrap_or_default(),
        }
    }

    /// ClientContext of an Invoke request.
    pub fn client_context(&self) -> Option<&'a str> {
        if self.is_wrapped() { self.argument("ClientContext") } else { None }
    }

    /// The version or alias that is called for.
    pub fn qualifier(&self) -> Option<&'a str> {
        if self.is_wrapped() { self.argument("Qualifier") } else { None }
    }

    /// The token of a `.waitForTaskToken` task.
    pub fn token(&self) -> Option<&'a str> {
        self.rare.and_then(|rare| rare.token)
    }

    /// The task's time limit in milliseconds.
    pub fn timeout_ms(&self) -> Option<i64> {
        self.rare.map_or_else(|| self.task().timeout_ms(), |rare| rare.timeout_ms)
    }

    /// Who calls: what the call's id derives from.
    pub fn caller(&self) -> CallerId<'a> {
        CallerId { seed: self.seed, calls: self.calls, wrapped: self.is_wrapped() }
    }

    /// What the state calls, in its own words: an ARN, or what an Invoke request has as FunctionName.
    pub fn resource(&self) -> &'a str {
        match self.is_wrapped() {
            true => self.argument("FunctionName").unwrap_or_else(|| self.name()),
            false => &self.task().resource,
        }
    }

    /// Whether the reply will be wrapped, as `lambda:invoke` does it.
    fn is_wrapped(&self) -> bool {
        self.task().integration == Integration::LambdaInvoke
    }

    fn argument(&self, name: &str) -> Option<&'a str> {
        self.arguments.get(self.arena, name).and_then(|value| value.as_str(self.arena))
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

//! What an execution asks of whoever drives it, and what comes back.

use super::fan_out::Children;
use super::outcome::Failure;
use super::seed::{Seed, Stream};
use crate::program::shortcut::{CallSite, Offspring, Operand};
use crate::program::work::{Integration, Task, function_name};
use crate::program::{HandlerId, Program};
use crate::value::scan::LineView;
use crate::value::{Arena, Member, Object, Raw, Value};

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
    arguments: Arguments<'a>,
    /// The event of a Lambda function: the arguments, or the Payload among them.
    pub payload: Value<'a>,
    /// The payload's text, if it is nothing but text.
    // Beside the payload, which is put down in two halves: whoever reads it as a whole right after that waits for both.
    text: Option<&'a Raw<'a>>,
    /// The execution's clock, in milliseconds since 1970.
    pub now_ms: i64,
    site: &'a CallSite,
    asker: &'a Asker<'a>,
    /// Which child of the execution asks, if it is not itself.
    child: Option<&'a Child<'a>>,
    /// What few requests have.
    rare: Option<&'a Rare<'a>>,
}

/// The arguments of a task, in no more than a value takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arguments<'a> {
    /// The payload.
    Payload,
    /// The payload as Payload, among constants of the program.
    Around(&'a [(Box<str>, Operand)]),
    /// These.
    Value(Value<'a>),
}

/// What few requests have.
#[derive(Clone, Copy, Debug)]
struct Rare<'a> {
    token: Option<&'a str>,
    timeout_ms: Option<i64>,
}

/// Who asks for tasks to be done: an execution, for all its requests.
#[derive(Debug)]
pub(crate) struct Asker<'a> {
    program: &'a Program,
    /// The execution's stream of numbers: before the first was drawn, or as it stands.
    who: Stream<'a>,
    around: Around<'a>,
}

/// A branch or an item: a child of an execution, or of another child.
#[derive(Debug)]
pub(super) struct Child<'a> {
    pub parent: Option<&'a Child<'a>>,
    pub who: Offspring,
}

impl Child<'_> {
    /// Its stream of numbers, of which nothing has been drawn; the execution's is that. Children are not deeper in one another
    /// than Maps and Parallels are in the program.
    fn seed(&self, root: Seed) -> Seed {
        let Offspring { fork, draws, index } = self.who;
        let parent = self.parent.map_or(root, |parent| parent.seed(root));
        parent.after(draws).child(u64::from(fork.0)).child(u64::from(index))
    }
}

/// Where the values of an execution are.
#[derive(Debug)]
pub(crate) struct Around<'a> {
    /// Where values are made.
    pub arena: &'a Arena,
    /// The line of the event that values may be parts of, if it is there.
    pub view: Option<LineView<'a>>,
}

impl<'a> Around<'a> {
    /// A member of an object that is not open, if it has been found already.
    #[inline(always)]
    pub fn known_member(&self, object: &Raw<'a>, key: &str) -> Option<&'a Raw<'a>> {
        self.view.as_ref()?.known_member(object, key, self.arena)
    }
}

impl<'a> Asker<'a> {
    /// An execution of that program, which is known by that stream, of which nothing has been drawn; its input is that line.
    #[inline(always)]
    pub fn new(program: &'a Program, who: Stream<'a>, arena: &'a Arena, view: LineView<'a>) -> Asker<'a> {
        Asker { program, who, around: Around { arena, view: Some(view) } }
    }

    /// Where values are made.
    pub fn arena(&self) -> &'a Arena {
        self.around.arena
    }

    /// The text of the execution's input.
    #[inline(always)]
    pub fn input(&self) -> &'a str {
        self.around.view.as_ref().map_or("null", LineView::text)
    }

    /// The request that a call comes to, of the execution or of a child.
    #[inline(always)]
    pub(super) fn request(
        &'a self,
        site: &'a CallSite,
        (arguments, payload): (Arguments<'a>, Value<'a>),
        now_ms: i64,
        child: Option<&'a Child<'a>>,
    ) -> TaskRequest<'a> {
        TaskRequest { arguments, payload, text: text_of(payload), now_ms, site, asker: self, child, rare: None }
    }
}

/// A call that an execution is about to make.
pub(super) struct Calling<'a> {
    pub arguments: Value<'a>,
    pub payload: Value<'a>,
    pub now_ms: i64,
    pub seed: Stream<'a>,
    pub site: CallSite,
    /// The token and the time limit in milliseconds; nothing, if there is no token and the limit is what the task says.
    pub rest: Option<(Option<&'a str>, Option<i64>)>,
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
    pub(super) fn of(program: &'a Program, calling: Calling<'a>, arena: &'a Arena) -> TaskRequest<'a> {
        let Calling { arguments, payload, now_ms, seed, site, rest } = calling;
        let rare = rest.map(|(token, timeout_ms)| &*arena.alloc(Rare { token, timeout_ms }));
        let asker = arena.alloc(Asker { program, who: seed, around: Around { arena, view: None } });
        let arguments = Arguments::Value(arguments);
        let (text, site) = (text_of(payload), arena.alloc(site));
        TaskRequest { arguments, payload, text, now_ms, site, asker, child: None, rare }
    }

    /// Where a reply can be put.
    #[inline(always)]
    pub fn arena(&self) -> &'a Arena {
        self.asker.around.arena
    }

    /// The arguments, as the state gives them.
    pub fn arguments(&self) -> Value<'a> {
        match self.arguments {
            Arguments::Payload => self.payload,
            Arguments::Value(arguments) => arguments,
            Arguments::Around(members) => {
                let (program, arena) = (self.asker.program, self.arena());
                let members = members.iter().map(|(key, operand)| {
                    let value = match operand {
                        Operand::Const(constant) => {
                            let constant = program.constant(*constant);
                            Value::raw(arena, &constant.text, constant.form)
                        }
                        _ => self.payload,
                    };
                    Member { key, value }
                });
                Value::object(arena, arena.alloc_slice_fill_iter(members))
            }
        }
    }

    /// The payload, and where its values are.
    #[inline(always)]
    pub(crate) fn event(&self) -> (Value<'a>, &'a Around<'a>) {
        (self.text.map_or(self.payload, Value::Raw), &self.asker.around)
    }

    /// How often the state has been tried before in this visit.
    pub fn retry_count(&self) -> u32 {
        self.site.retry_count
    }

    /// What the program says of the task.
    pub fn task(&self) -> &'a Task {
        self.asker.program.task(self.site.task)
    }

    /// The state's name.
    pub fn state(&self) -> &'a str {
        &self.asker.program.state(self.task().state).name
    }

    /// Who stands behind it, where the program knows.
    #[inline(always)]
    pub fn handler(&self) -> Option<HandlerId> {
        self.site.handler
    }

    /// The name of the function or resource.
    pub fn name(&self) -> &'a str {
        match self.handler() {
            Some(handler) => &self.asker.program.handler(handler).name,
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
        let who = self.child.map_or(self.asker.who, |child| child.seed(self.asker.who.get()).into());
        CallerId { seed: who.after(self.site.draws), calls: self.site.calls, wrapped: self.is_wrapped() }
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
        self.arguments().get(self.arena(), name).and_then(|value| value.as_str(self.arena()))
    }
}

/// The text of a value that is nothing else.
#[inline(always)]
fn text_of<'a>(value: Value<'a>) -> Option<&'a Raw<'a>> {
    match value {
        Value::Raw(raw) => Some(raw),
        _ => None,
    }
}

/// How a task ended, in no more than a value takes: most functions return one.
// Most of them an object, which has a variant of its own: a value is written in two halves, and whoever reads it as a whole right
// after that waits until both have arrived. What is told apart is moved half by half.
#[derive(Clone, Copy, Debug)]
pub enum Answered<'a> {
    /// An object that was put together, as [`Reply::Returned`].
    Object(&'a Object<'a>),
    /// Any other value, as [`Reply::Returned`].
    Returned(Value<'a>),
    /// In any other way.
    Otherwise(&'a Reply<'a>),
}

const _: () = assert!(size_of::<Answered<'static>>() == 16);

impl<'a> From<Answered<'a>> for Reply<'a> {
    fn from(answered: Answered<'a>) -> Reply<'a> {
        match answered {
            Answered::Object(object) => Reply::Returned(Value::Object(object)),
            Answered::Returned(value) => Reply::Returned(value),
            Answered::Otherwise(reply) => *reply,
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

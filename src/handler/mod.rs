//! What stands behind a Task: functions by name, resources by name, mocks; and the fence that keeps their panics in.
//!
//! Flows in: a [`TaskRequest`] of an execution. Flows out: a [`Reply`]. Who answers is settled before the first event:
//! [`Handlers::bind`] looks at every task of a program and names all that nobody stands behind. It must never know of
//! batches or files.
//!
//! | file | holds |
//! | --- | --- |
//! | [`function`] | functions in Rust, and what they see of a call |
//! | `decode` | values into types of one's own |
//! | `fence` | panics of functions kept in |
//! | `given` | replies that have been given already |
//! | [`waiting`] | functions whose replies come later |
//! | [`lambda`] | functions for Python and Node in processes of their own, and behind an Invoke API |
//! | [`mock`] | Step Functions Local's `MockConfigFile.json` |
//! | [`recorded`] | what became of the tasks of executions that have been |
//! | [`watch`] | functions that panic, or give no answer |
//! | [`written`] | functions that write their replies |

pub(crate) mod decode;
mod fence;
pub mod function;
pub(crate) mod given;
pub mod lambda;
pub mod mock;
pub mod recorded;
pub mod waiting;
pub mod watch;
pub mod written;

use crate::program::{HandlerId, Program};
use crate::value::raw::Form;
use crate::value::{Arena, Value};
use crate::vm::shortcut::Answers;
use crate::vm::{Answered, Reply, Seed, Stream, TaskRequest};
use fence::{Behind, failed, panicked};
use function::{Call, Event, Function, FunctionError};
use mock::{Counters, Mock};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use waiting::{CallDetails, Pending, Waiting};
use watch::Watch;
use written::{Writer, Writing, Written};

/// The functions and resources that a run can call, by name.
///
/// ```
/// use expressway::handler::Handlers;
/// let handlers = Handlers::new().lambda("greet", |event, call| {
///     let who = event.get("who").and_then(|w| w.as_str()).unwrap_or("nobody");
///     Ok(call.text(&format!("Hello, {who}!")))
/// });
/// assert!(handlers.has_lambda("greet"));
/// ```
#[derive(Clone, Default)]
pub struct Handlers {
    lambdas: BTreeMap<String, Behind>,
    resources: BTreeMap<String, Behind>,
    otherwise: Option<Behind>,
    mock: Option<Arc<Mock>>,
}

impl Handlers {
    /// Nobody behind anything.
    pub fn new() -> Handlers {
        Handlers::default()
    }

    /// Puts a function behind a Lambda function's name: its own name, without account, region or version.
    #[must_use]
    pub fn lambda<F>(self, name: &str, function: F) -> Handlers
    where
        F: for<'a> Fn(Event<'a>, &Call<'a>) -> Result<Value<'a>, FunctionError> + Send + Sync + 'static,
    {
        self.function(name, Arc::new(function))
    }

    /// Puts a function that writes its replies behind a Lambda function's name: where the reply is what an execution comes to, it
    /// is written right behind the results before it, and no value is made of it.
    ///
    /// ```
    /// use expressway::handler::Handlers;
    /// use expressway::value::Value;
    /// let handlers = Handlers::new().written("label", |event, _call, reply| {
    ///     let id = event.get("id").map_or(Value::Null, |id| id.value());
    ///     Ok(reply.record([("id", id), ("label", expressway::constant!("new"))]))
    /// });
    /// ```
    #[must_use]
    pub fn written<F>(self, name: &str, function: F) -> Handlers
    where
        F: for<'a, 'w> Fn(Event<'a>, &Call<'a>, Writer<'w>) -> Result<Written<'w>, FunctionError>
            + Send
            + Sync
            + 'static,
    {
        self.function(name, Arc::new(Writing(function)))
    }

    /// Puts a function behind a resource: `dynamodb:putItem`, `aws-sdk:s3:getObject`, an activity's name. It sees the
    /// state's arguments and gives the task's raw result.
    #[must_use]
    pub fn resource<F>(self, name: &str, function: F) -> Handlers
    where
        F: for<'a> Fn(Event<'a>, &Call<'a>) -> Result<Value<'a>, FunctionError> + Send + Sync + 'static,
    {
        self.resource_function(name, Arc::new(function))
    }

    /// Puts a function of one's own types behind a Lambda function's name: the event is read into its first argument,
    /// what it returns is written. A type that borrows from the event takes [`lambda`](Self::lambda) and
    /// [`Event::parse`].
    ///
    /// ```
    /// use expressway::handler::{Handlers, function::FunctionError};
    /// #[derive(serde::Deserialize)]
    /// struct Order { items: Vec<f64> }
    /// #[derive(serde::Serialize)]
    /// struct Total { total: f64 }
    /// let handlers = Handlers::new().typed("total", |order: Order, _call| {
    ///     if order.items.is_empty() {
    ///         return Err(FunctionError::new("EmptyOrder", "there is nothing to add up"));
    ///     }
    ///     Ok(Total { total: order.items.iter().sum() })
    /// });
    /// ```
    #[must_use]
    pub fn typed<I, O, E, F>(self, name: &str, function: F) -> Handlers
    where
        I: DeserializeOwned,
        O: Serialize,
        E: Into<FunctionError>,
        F: Fn(I, &Call<'_>) -> Result<O, E> + Send + Sync + 'static,
    {
        self.lambda(name, move |event, call| call.json(&function(event.parse()?, call).map_err(Into::into)?))
    }

    /// Puts a function that waits behind a Lambda function's name: it makes a future of each call, of any runtime. In a
    /// run whose clock is real, thousands of them are under way on each thread; where time is virtual the thread waits.
    ///
    /// ```
    /// use expressway::handler::{Handlers, function::FunctionError};
    /// let handlers = Handlers::new().waiting("price", |item: String, _call| async move {
    ///     // Here one would ask somebody.
    ///     Ok::<_, FunctionError>(item.len())
    /// });
    /// ```
    #[must_use]
    pub fn waiting<I, O, E, F, R>(self, name: &str, function: F) -> Handlers
    where
        I: DeserializeOwned + 'static,
        O: Serialize,
        E: Into<FunctionError>,
        F: Fn(I, CallDetails) -> R + Send + Sync + 'static,
        R: Future<Output = Result<O, E>> + Send + 'static,
    {
        self.function(name, Arc::new(Waiting::new(function)))
    }

    /// Puts anything that is a [`Function`] behind a Lambda function's name.
    #[must_use]
    pub fn function(mut self, name: &str, function: Arc<dyn Function>) -> Handlers {
        self.lambdas.insert(name.to_owned(), Behind::new(function));
        self
    }

    /// Puts anything that is a [`Function`] behind a resource's name.
    #[must_use]
    pub fn resource_function(mut self, name: &str, function: Arc<dyn Function>) -> Handlers {
        self.resources.insert(name.to_owned(), Behind::new(function));
        self
    }

    /// Puts something behind the names of all Lambda functions that nobody else stands behind, also those that only an
    /// event names: an [endpoint](lambda::Endpoint), say. It is told the name with each call.
    #[must_use]
    pub fn otherwise(mut self, function: Arc<dyn Function>) -> Handlers {
        self.otherwise = Some(Behind::new(function));
        self
    }

    /// Answers the states of a mock's test case before anybody else is asked.
    #[must_use]
    pub fn mock(mut self, mock: Mock) -> Handlers {
        self.mock = Some(Arc::new(mock));
        self
    }

    /// Whether a mock answers a state's tasks.
    pub fn has_mock(&self, state: &str) -> bool {
        self.mock.as_ref().is_some_and(|mock| mock.answers(state))
    }

    /// Lets all functions that are there now be watched, but for those that are watched already.
    #[must_use]
    pub fn watched(mut self, watch: &Arc<Watch>) -> Handlers {
        for (name, function) in self.lambdas.iter_mut().chain(&mut self.resources) {
            function.watch(|| Watch::mark(watch, name));
        }
        if let Some(function) = &mut self.otherwise {
            function.watch(|| Watch::mark(watch, "the functions of others"));
        }
        self
    }

    /// Whether somebody stands behind a Lambda function's name.
    pub fn has_lambda(&self, name: &str) -> bool {
        self.lambdas.contains_key(name)
    }

    /// The names of all functions that are there, of Lambda's and of other resources.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.lambdas.keys().chain(self.resources.keys()).map(String::as_str)
    }

    /// Looks up who stands behind each task of a program, and lets the tasks be that nobody stands behind: such a task
    /// fails when it is reached. For a single execution with mocks, where most tasks are never reached.
    pub fn bind_loosely(&self, program: &Program) -> Bound {
        let behind = program.handlers().iter().map(|handler| match handler.lambda {
            true => self.lambdas.get(&*handler.name).or(self.otherwise.as_ref()).cloned(),
            false => self.resources.get(&*handler.name).cloned(),
        });
        Bound {
            behind: behind.collect(),
            lambdas: self.lambdas.clone(),
            otherwise: self.otherwise.clone(),
            mock: self.mock.clone(),
        }
    }

    /// Looks up who stands behind each task of a program.
    ///
    /// # Errors
    ///
    /// The names that nobody stands behind, each with the states that call it.
    pub fn bind(&self, program: &Program) -> Result<Bound, MissingHandlers> {
        let bound = self.bind_loosely(program);
        let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for task in program.tasks() {
            let state = program.state(task.state);
            let Some(handler) = task.handler.filter(|h| bound.function(*h).is_none()) else { continue };
            // What no recorded execution has come to may never be come to.
            if self.mock.as_ref().is_some_and(|mock| mock.answers(&state.name) || mock.is_recorded()) {
                continue;
            }
            missing.entry(program.handler(handler).name.to_string()).or_default().push(state.name.to_string());
        }
        if !missing.is_empty() {
            return Err(MissingHandlers { missing });
        }
        Ok(bound)
    }
}

/// Names that nobody stands behind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingHandlers {
    /// Each name, with the states that call it.
    pub missing: BTreeMap<String, Vec<String>>,
}

impl std::error::Error for MissingHandlers {}

impl std::fmt::Display for MissingHandlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nobody stands behind these:")?;
        for (name, states) in &self.missing {
            write!(f, "\n  {name}, called by {}", states.join(", "))?;
        }
        Ok(())
    }
}

/// Who stands behind each task of one program.
pub struct Bound {
    behind: Vec<Option<Behind>>,
    lambdas: BTreeMap<String, Behind>,
    otherwise: Option<Behind>,
    mock: Option<Arc<Mock>>,
}

impl Bound {
    /// Whether invocations are counted, so that the order of children matters.
    pub fn counts(&self) -> bool {
        self.mock.is_some()
    }

    /// Who does tasks at once, for executions that are told and not run: nobody, if invocations are counted, as that is done
    /// in the order in which executions are run.
    #[inline]
    pub(crate) fn answers(&self) -> Option<&dyn Answers> {
        (!self.counts()).then_some(self)
    }

    /// Who stands behind the tasks, in words: the same for the same names and mocks. What a function does, nobody can say.
    pub fn describe(&self) -> String {
        let behind: Vec<bool> = self.behind.iter().map(Option::is_some).collect();
        format!("{behind:?} {:?} {:?}", self.lambdas.keys(), self.mock)
    }

    /// Counters for one execution and all its children. Its seed, of which nothing has been drawn, says which it is.
    pub fn counters_of(&self, execution: Seed) -> Counters {
        Counters::new(execution)
    }

    /// The same for one of which nobody may ever ask who it is.
    #[inline]
    pub(crate) fn counters_for(&self, execution: Stream) -> Counters {
        // Only what was recorded is found by who asks.
        Counters::new(if self.counts() { execution.get() } else { Seed::NOBODY })
    }

    /// Counters for one execution of which nothing was recorded, and all its children.
    pub fn counters(&self) -> Counters {
        Counters::new(Seed::new(0, u64::MAX, u64::MAX))
    }

    /// Does a task, and waits for whoever takes time over it.
    pub fn answer<'a>(&self, request: &'a TaskRequest<'a>, counters: &mut Counters) -> Reply<'a> {
        if let Some(reply) = counters.given(request) {
            return reply;
        }
        if let Some(reply) = self.mock.as_ref().and_then(|mock| mock.reply(request, counters)) {
            return reply;
        }
        self.behind(request).map_or_else(|| nobody(request), |behind| behind.reply(request))
    }

    /// Does a task, or begins it if whoever does it takes time over it.
    pub fn begin<'a>(&self, request: &'a TaskRequest<'a>, counters: &mut Counters) -> Answer<'a> {
        if let Some(reply) = self.mock.as_ref().and_then(|mock| mock.reply(request, counters)) {
            return Answer::Now(reply);
        }
        self.behind(request).map_or_else(|| Answer::Now(nobody(request)), |behind| behind.begin(request))
    }

    /// Who does a task.
    #[inline(always)]
    fn behind(&self, request: &TaskRequest) -> Option<&Behind> {
        match request.handler() {
            Some(handler) => self.function(handler),
            None => self.behind_name(request.name()),
        }
    }

    #[inline(never)]
    fn behind_name(&self, name: &str) -> Option<&Behind> {
        self.lambdas.get(name).or(self.otherwise.as_ref())
    }

    #[inline(always)]
    fn function(&self, handler: HandlerId) -> Option<&Behind> {
        self.behind.get(handler.index()).and_then(Option::as_ref)
    }
}

impl Answers for Bound {
    fn answer<'a>(&self, request: &'a TaskRequest<'a>, ended: &Cell<Answered<'a>>) -> bool {
        self.behind(request).map(|behind| behind.answer(request, ended)).is_some()
    }

    fn write<'a>(&self, request: &'a TaskRequest<'a>, out: &mut Vec<u8>, ended: &Cell<Answered<'a>>) -> Option<bool> {
        Some(self.behind(request)?.write(request, out, ended))
    }
}

/// How a task goes on.
pub enum Answer<'a> {
    /// It is done.
    Now(Reply<'a>),
    /// Its reply is still to come.
    Later(Pending),
}

/// What a reply that came later means to the execution that waited for it.
pub(crate) fn settle<'a>(reply: std::thread::Result<Result<String, FunctionError>>, arena: &'a Arena) -> Reply<'a> {
    match reply {
        Ok(Ok(text)) => Reply::Returned(Value::raw(arena, arena.alloc_str(&text), Form::of(&text))),
        Ok(Err(error)) => failed(&error, arena),
        Err(panic) => panicked(&*panic, arena),
    }
}

/// What becomes of a task that nobody does.
#[cold]
fn nobody<'a>(request: &TaskRequest<'a>) -> Reply<'a> {
    let name = request.name();
    let (error, cause) = match request.handler() {
        Some(_) => ("States.Runtime", format!("Nobody stands behind {name}, which state '{}' calls.", request.state())),
        // A name that the input gives: all others can be looked up before the first event.
        None => (
            "Lambda.ResourceNotFoundException",
            format!(
                "Function not found: {name} (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Proxy: null)"
            ),
        ),
    };
    Reply::Failed { error: Some(error), cause: Some(request.arena().alloc_str(&cause)) }
}

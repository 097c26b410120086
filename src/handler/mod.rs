//! What stands behind a Task: functions by name, resources by name, mocks; and the fence that keeps their panics in.
//!
//! Flows in: a [`TaskRequest`] of an execution. Flows out: a [`Reply`]. Who answers is settled before the first event:
//! [`Handlers::bind`] looks at every task of a program and names all that nobody stands behind. It must never know of
//! batches or files.
//!
//! | file | holds |
//! | --- | --- |
//! | [`function`] | functions in Rust, and what they see of a call |
//! | [`mock`] | Step Functions Local's `MockConfigFile.json` |
//! | [`watch`] | functions that panic, or give no answer |

pub mod function;
pub mod mock;
pub mod watch;

use crate::program::{HandlerId, Program};
use crate::value::Value;
use crate::vm::{Reply, TaskRequest};
use function::{Call, Event, Function, FunctionError};
use mock::{Counters, Mock};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use watch::Watch;

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
    lambdas: BTreeMap<String, Arc<dyn Function>>,
    resources: BTreeMap<String, Arc<dyn Function>>,
    mock: Option<Arc<Mock>>,
}

impl Handlers {
    /// Nobody behind anything.
    pub fn new() -> Handlers {
        Handlers::default()
    }

    /// Puts a function behind a Lambda function's name: its own name, without account, region or version.
    #[must_use]
    pub fn lambda<F>(mut self, name: &str, function: F) -> Handlers
    where
        F: for<'a> Fn(Event<'a>, &Call<'a>) -> Result<Value<'a>, FunctionError> + Send + Sync + 'static,
    {
        self.lambdas.insert(name.to_owned(), Arc::new(function));
        self
    }

    /// Puts a function behind a resource: `dynamodb:putItem`, `aws-sdk:s3:getObject`, an activity's name. It sees the
    /// state's arguments and gives the task's raw result.
    #[must_use]
    pub fn resource<F>(mut self, name: &str, function: F) -> Handlers
    where
        F: for<'a> Fn(Event<'a>, &Call<'a>) -> Result<Value<'a>, FunctionError> + Send + Sync + 'static,
    {
        self.resources.insert(name.to_owned(), Arc::new(function));
        self
    }

    /// Answers the states of a mock's test case before anybody else is asked.
    #[must_use]
    pub fn mock(mut self, mock: Mock) -> Handlers {
        self.mock = Some(Arc::new(mock));
        self
    }

    /// Lets all functions that are there now be watched.
    #[must_use]
    pub fn watched(mut self, watch: &Arc<Watch>) -> Handlers {
        for (name, function) in self.lambdas.iter_mut().chain(&mut self.resources) {
            *function = Watch::around(watch, name, Arc::clone(function));
        }
        self
    }

    /// Whether somebody stands behind a Lambda function's name.
    pub fn has_lambda(&self, name: &str) -> bool {
        self.lambdas.contains_key(name)
    }

    /// Looks up who stands behind each task of a program, and lets the tasks be that nobody stands behind: such a task
    /// fails when it is reached. For a single execution with mocks, where most tasks are never reached.
    pub fn bind_loosely(&self, program: &Program) -> Bound {
        let behind = program.handlers().iter().map(|handler| {
            let pool = if handler.lambda { &self.lambdas } else { &self.resources };
            pool.get(&*handler.name).cloned()
        });
        Bound { behind: behind.collect(), lambdas: self.lambdas.clone(), mock: self.mock.clone() }
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
            if self.mock.as_ref().is_some_and(|mock| mock.answers(&state.name)) {
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
    behind: Vec<Option<Arc<dyn Function>>>,
    lambdas: BTreeMap<String, Arc<dyn Function>>,
    mock: Option<Arc<Mock>>,
}

impl Bound {
    /// Whether invocations are counted, so that the order of children matters.
    pub fn counts(&self) -> bool {
        self.mock.is_some()
    }

    /// Who stands behind the tasks, in words: the same for the same names and mocks. What a function does, nobody can say.
    pub fn describe(&self) -> String {
        let behind: Vec<bool> = self.behind.iter().map(Option::is_some).collect();
        format!("{behind:?} {:?} {:?}", self.lambdas.keys(), self.mock)
    }

    /// Counters for one execution and all its children.
    pub fn counters(&self) -> Counters {
        Counters::default()
    }

    /// Does a task.
    pub fn answer<'a>(&self, request: &TaskRequest<'a>, counters: &mut Counters) -> Reply<'a> {
        if let Some(reply) = self.mock.as_ref().and_then(|mock| mock.reply(request, counters)) {
            return reply;
        }
        let function = match request.handler {
            Some(handler) => self.function(handler),
            None => self.lambdas.get(request.name),
        };
        match function {
            Some(function) => call(&**function, request),
            None if request.handler.is_some() => {
                let cause = format!("Nobody stands behind {}, which state '{}' calls.", request.name, request.state);
                Reply::Failed { error: Some("States.Runtime"), cause: Some(request.arena.alloc_str(&cause)) }
            }
            None => {
                // A name that the input gives: all others can be looked up before the first event.
                let cause = format!(
                    "Function not found: {} (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Proxy: null)",
                    request.name
                );
                Reply::Failed {
                    error: Some("Lambda.ResourceNotFoundException"),
                    cause: Some(request.arena.alloc_str(&cause)),
                }
            }
        }
    }

    fn function(&self, handler: HandlerId) -> Option<&Arc<dyn Function>> {
        self.behind.get(handler.index()).and_then(Option::as_ref)
    }
}

/// Calls a function behind the fence: a panic is that call's failure, and the caller can catch it.
fn call<'a>(function: &dyn Function, request: &TaskRequest<'a>) -> Reply<'a> {
    let call = Call::new(request);
    let event = Event::new(request.payload, request.arena);
    // The arena only ever gets further values: whatever a panic leaves there half made, nobody can reach.
    match catch_unwind(AssertUnwindSafe(|| function.call(event, &call))) {
        Ok(Ok(value)) => Reply::Returned(value),
        Ok(Err(FunctionError::Raised { error, message })) => {
            Reply::Raised { error: request.arena.alloc_str(&error), message: request.arena.alloc_str(&message) }
        }
        Ok(Err(FunctionError::Failed { error, cause })) => Reply::Failed {
            error: error.map(|e| &*request.arena.alloc_str(&e)),
            cause: cause.map(|c| &*request.arena.alloc_str(&c)),
        },
        Ok(Err(FunctionError::TimedOut)) => Reply::TimedOut,
        Err(panic) => {
            let text = request.arena.alloc_str(watch::said(&*panic));
            Reply::Failed { error: Some("Lambda.Unknown"), cause: Some(text) }
        }
    }
}

//! Real Lambda code: functions for Python and Node, unmodified, in processes that speak Lambda's Runtime API with us; and
//! functions behind somebody else's Invoke API.
//!
//! Flows in: an event. Flows out: the function's reply, or the error that its runtime reports, whose name ErrorEquals
//! matches and whose report is the Cause. A function has as many workers as calls may be under way; each is one process,
//! started when it is first needed and used again. It must never give an event to two workers, and never run a shell.
//!
//! Functions take no virtual time; their time limit is one of the clock on the wall: the state's TimeoutSeconds, which
//! fails the task with States.Timeout, or the function's own ([`Options::timeout`]), which is Lambda.Unknown. In both
//! cases the worker is ended, and the next call gets a fresh one. What a function does is outside every promise of equal
//! results; the ids of its requests are not: they derive from who the execution is. The Runtime API knows no passwords:
//! whoever can run programs on the machine can speak to a worker's port, as on Lambda itself.
//!
//! | file | holds |
//! | --- | --- |
//! | `code.rs` | where a function's code is |
//! | `worker.rs` | one process, and the Runtime API |
//! | `bootstrap.js` | what runs functions for Node |
//! | `endpoint.rs` | a client of the Invoke API |
//! | `answer.rs` | what replies mean |
//! | `http.rs` | messages on a connection |
//! | `log.rs` | what functions print |
//! | `aside.rs` | calls for drivers that do not wait |

mod answer;
mod aside;
mod code;
mod endpoint;
mod http;
mod log;
mod worker;

pub use code::{Code, CodeError, Runtime};
pub use endpoint::{Endpoint, EndpointError};
pub use log::Logs;

use super::function::{Call, Event, Function as Behind, FunctionError};
use super::waiting::Pending;
use crate::value::Value;
use crate::value::raw::Form;
use aside::Aside;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use log::Log;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use worker::{Broken, Worker};

/// The longest that a function may take, as on Lambda, unless something else is said.
pub const TIMEOUT: Duration = Duration::from_secs(900);

/// How functions are run.
#[derive(Debug, Clone)]
#[must_use]
pub struct Options {
    workers: usize,
    timeout: Duration,
    python: OsString,
    node: OsString,
    logs: Logs,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            timeout: TIMEOUT,
            python: "python3".into(),
            node: "node".into(),
            logs: Logs::Off,
        }
    }
}

impl Options {
    /// As many workers as there are cores, [`TIMEOUT`], `python3` and `node` as they are found, no logs.
    pub fn new() -> Options {
        Options::default()
    }

    /// How many processes a function has at most: so many of its calls are under way at once.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers.max(1);
        self
    }

    /// The longest that a call may take, by the clock on the wall.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The Python to run functions with; it has to have the package awslambdaric.
    pub fn python(mut self, program: impl Into<OsString>) -> Self {
        self.python = program.into();
        self
    }

    /// The Node.js to run functions with.
    pub fn node(mut self, program: impl Into<OsString>) -> Self {
        self.node = program.into();
        self
    }

    /// Where what functions print goes.
    pub fn logs(mut self, logs: Logs) -> Self {
        self.logs = logs;
        self
    }
}

/// Why a function cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Its folder is not there.
    #[error("{code}: there is no folder {}", folder.display())]
    Folder {
        /// The code.
        code: String,
        /// The folder.
        folder: PathBuf,
    },
    /// The log cannot be written.
    #[error("what {name} prints cannot be written down: {error}")]
    Log {
        /// The function.
        name: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// No port can be had.
    #[error("no port of the loopback interface can be had: {error}")]
    Loopback {
        /// What the system says.
        error: std::io::Error,
    },
    /// The runtime's program cannot be started.
    #[error("{} cannot be started: {error}", program.display())]
    Program {
        /// The program.
        program: OsString,
        /// What the system says.
        error: std::io::Error,
    },
    /// Python lacks Lambda's client.
    #[error("{0} has no awslambdaric: install it with '{0} -m pip install awslambdaric', or name another Python", python.display())]
    NoClient {
        /// Which Python.
        python: OsString,
    },
    /// The function cannot be loaded.
    #[error("{function} cannot be loaded: {report}")]
    Init {
        /// The function.
        function: String,
        /// What its runtime says.
        report: String,
    },
    /// Its process ended before it asked for an event.
    #[error("{function} has ended before its first event: {ended}\n{printed}")]
    Ended {
        /// The function.
        function: String,
        /// How.
        ended: String,
        /// The last that it printed.
        printed: String,
    },
    /// It does not ask for an event.
    #[error("{function} has not asked for an event within {} seconds\n{printed}", worker::INIT_MAX.as_secs())]
    Late {
        /// The function.
        function: String,
        /// The last that it printed.
        printed: String,
    },
}

/// A Lambda function's own code behind a name.
///
/// ```no_run
/// use expressway::Handlers;
/// use expressway::handler::lambda::{LambdaFunction, Options};
/// let code = "python:functions/app.wear_heavy_coat".parse()?;
/// let coat = LambdaFunction::start("wear_heavy_coat", code, &Options::new().workers(4))?;
/// let handlers = Handlers::new().function("wear_heavy_coat", coat.into());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LambdaFunction {
    crew: Arc<Crew>,
    aside: Aside,
}

impl LambdaFunction {
    /// Starts a function's first worker, so that what is wrong with it is known before the first event; further workers
    /// are started when they are needed. All are ended when this is dropped.
    ///
    /// # Errors
    ///
    /// [`StartError`]: a program, package or module that is not there, code that fails as it is loaded.
    pub fn start(name: &str, code: Code, options: &Options) -> Result<LambdaFunction, StartError> {
        let folder = std::path::absolute(code.folder()).unwrap_or_else(|_| code.folder().to_path_buf());
        if !folder.is_dir() {
            return Err(StartError::Folder { code: code.to_string(), folder });
        }
        let log = Log::open(name, &options.logs).map_err(|error| StartError::Log { name: name.to_owned(), error })?;
        let function = Function {
            name: name.to_owned(),
            program: match code.runtime() {
                Runtime::Python => options.python.clone(),
                Runtime::Node => options.node.clone(),
            },
            folder,
            code,
            log: Arc::new(log),
        };
        let first = Worker::start(&function)?;
        let places = Places { idle: vec![first], free: options.workers - 1 };
        let crew = Crew { function, timeout: options.timeout, places: Mutex::new(places), freed: Condvar::new() };
        Ok(LambdaFunction { crew: Arc::new(crew), aside: Aside::new(options.workers) })
    }
}

impl From<LambdaFunction> for Arc<dyn Behind> {
    fn from(function: LambdaFunction) -> Arc<dyn Behind> {
        Arc::new(function)
    }
}

impl Behind for LambdaFunction {
    fn call<'a>(&self, event: Event<'a>, call: &Call<'a>) -> Result<Value<'a>, FunctionError> {
        placed(self.crew.invoke(&Invocation::of(event, call, self.crew.timeout)), call)
    }

    fn begin(&self, event: Event<'_>, call: &Call<'_>) -> Option<Pending> {
        Some(self.aside.begin(&self.crew, Invocation::of(event, call, self.crew.timeout)))
    }
}

/// A reply where its call takes it.
fn placed<'a>(reply: Result<String, FunctionError>, call: &Call<'a>) -> Result<Value<'a>, FunctionError> {
    let text = call.place(&reply?);
    Ok(Value::raw(call.arena(), text, Form::of(text)))
}

/// Something that a call can be handed to, and that takes its time.
trait Invoke: Send + Sync + 'static {
    fn invoke(&self, call: &Invocation) -> Result<String, FunctionError>;
}

/// A call, owned.
struct Invocation {
    id: String,
    name: String,
    arn: String,
    qualifier: Option<String>,
    event: String,
    /// JSON on one line, in ASCII.
    client_context: Option<String>,
    limit: Duration,
    /// Whether it is the state whose time is up then.
    of_state: bool,
}

impl Invocation {
    fn of(event: Event, call: &Call, timeout: Duration) -> Invocation {
        let of_state = call.timeout_ms().and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis);
        let resource = call.resource();
        let arn = match resource.starts_with("arn:") {
            true => resource.to_owned(),
            false => format!("arn:aws:lambda:us-east-1:123456789012:function:{}", call.name()),
        };
        Invocation {
            id: call.request_id(),
            name: call.name().to_owned(),
            arn,
            qualifier: call.qualifier().map(str::to_owned),
            event: event.value().to_json(),
            client_context: call.client_context().and_then(context_header),
            limit: of_state.map_or(timeout, |limit| limit.min(timeout)),
            of_state: of_state.is_some_and(|limit| limit <= timeout),
        }
    }

    /// What becomes of it when its time is up.
    fn late(&self) -> FunctionError {
        match self.of_state {
            true => FunctionError::TimedOut,
            false => answer::died(&self.id, &format!("Task timed out after {:.2} seconds", self.limit.as_secs_f64())),
        }
    }
}

/// A client context as a header holds it; nothing, if it is no JSON in Base64.
fn context_header(context: &str) -> Option<String> {
    let text = String::from_utf8(STANDARD.decode(context).ok()?).ok()?;
    let node = crate::value::tree::parse(&text).ok()?;
    let mut header = String::new();
    for c in node.to_json().chars() {
        match c.is_ascii() {
            true => header.push(c),
            false => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| header.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    Some(header)
}

/// A function's workers.
struct Crew {
    function: Function,
    timeout: Duration,
    places: Mutex<Places>,
    /// Somebody has given a worker back.
    freed: Condvar,
}

struct Places {
    idle: Vec<Worker>,
    /// How many further workers there may be.
    free: usize,
}

/// The right to one of a function's workers; whatever happens, it is given back.
struct Place<'c> {
    crew: &'c Crew,
    worker: Option<Worker>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let worker = self.worker.take();
        let mut places = self.crew.places.lock().unwrap_or_else(PoisonError::into_inner);
        match worker {
            Some(worker) => places.idle.push(worker),
            None => places.free += 1,
        }
        drop(places);
        self.crew.freed.notify_one();
    }
}

impl Crew {
    fn place(&self) -> Place<'_> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(worker) = places.idle.pop() {
                return Place { crew: self, worker: Some(worker) };
            }
            if places.free > 0 {
                places.free -= 1;
                return Place { crew: self, worker: None };
            }
            places = self.freed.wait(places).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Invoke for Crew {
    fn invoke(&self, call: &Invocation) -> Result<String, FunctionError> {
        let mut place = self.place();
        loop {
            let (mut worker, fresh) = match place.worker.take() {
                Some(worker) => (worker, false),
                None => match Worker::start(&self.function) {
                    Ok(worker) => (worker, true),
                    Err(error) => return Err(answer::unknown(&error.to_string())),
                },
            };
            match worker.invoke(call) {
                Ok(reply) => {
                    place.worker = Some(worker);
                    return reply;
                }
                // It had ended while it was idle: a fresh one gets the event, once.
                Err(Broken::Before) if !fresh => {}
                Err(Broken::Before) => return Err(answer::died(&call.id, "Runtime exited before it took the event")),
                Err(Broken::During(what)) => return Err(answer::died(&call.id, &what)),
                Err(Broken::Late) => return Err(call.late()),
            }
        }
    }
}

/// A function as its processes are started.
struct Function {
    name: String,
    program: OsString,
    folder: PathBuf,
    code: Code,
    log: Arc<Log>,
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.code)
    }
}

impl Function {
    fn program(&self) -> &OsStr {
        &self.program
    }

    fn log(&self) -> &Arc<Log> {
        &self.log
    }

    /// What the program is to read from stdin.
    fn script(&self) -> Option<&'static str> {
        (self.code.runtime() == Runtime::Node).then_some(include_str!("bootstrap.js"))
    }

    /// The process, in the function's folder, with the environment that Lambda gives; all else is inherited.
    fn command(&self, api: SocketAddr) -> Command {
        let mut command = Command::new(&self.program);
        match self.code.runtime() {
            Runtime::Python => command.args(["-m", "awslambdaric", self.code.handler()]),
            Runtime::Node => command.args(["-", self.code.handler()]),
        };
        for region in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            if std::env::var_os(region).is_none() {
                command.env(region, "us-east-1");
            }
        }
        command
            .current_dir(&self.folder)
            .env("AWS_LAMBDA_RUNTIME_API", api.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", &self.name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", self.name))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "expressway")
            .env("LAMBDA_TASK_ROOT", &self.folder)
            .env("_HANDLER", self.code.handler())
            .env("TZ", ":UTC");
        command
    }
}

//! Real Lambda code: functions for Python and Node.js in processes, and a service behind Lambda's Invoke API.
//!
//! Python is the one that `EXPRESSWAY_LAMBDA_PYTHON` names, else `python3`; it has to have the package awslambdaric. What
//! is not there is skipped with a line that says so, wherever this runs.

#[path = "lambda/endpoint.rs"]
mod endpoint;
#[path = "lambda/functions.rs"]
mod functions;
#[path = "lambda/moto.rs"]
mod moto;

use expressway::batch::{Sink, Source};
use expressway::handler::lambda::{LambdaFunction, Logs, Options, StartError};
use expressway::{Executor, Handlers, Program};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Calls a function by its ARN, or by way of `lambda:invoke`.
const MACHINE: &str = r#"{"StartAt": "How", "States": {
  "How": {"Type": "Choice", "Choices": [{"And": [{"Variable": "$.via", "IsPresent": true},
    {"Variable": "$.via", "StringEquals": "invoke"}], "Next": "Invoke"}], "Default": "Direct"},
  "Direct": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:act:live", "End": true},
  "Invoke": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "OutputPath": "$.Payload",
    "Parameters": {"FunctionName": "act", "Payload.$": "$", "ClientContext": "eyJjdXN0b20iOiB7ImsiOiAiZ3LDvMOfIn19"},
    "Catch": [{"ErrorEquals": ["Lambda.Unknown"], "ResultPath": "$.caught", "Next": "Caught"}], "End": true},
  "Caught": {"Type": "Pass", "Parameters": {"caught.$": "$.caught.Error"}, "End": true}}}"#;

fn main() -> ExitCode {
    let only = std::env::args().nth(1).filter(|name| !name.starts_with('-')).unwrap_or_default();
    let python = std::env::var("EXPRESSWAY_LAMBDA_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let python_has_client = succeeds(Command::new(&python).args(["-c", "import awslambdaric"]));
    let node = succeeds(Command::new("node").arg("--version"));
    let run = |name: &str, test: &dyn Fn()| {
        if name.contains(&only) {
            test();
            println!("test {name} ... ok");
        }
    };
    for (name, test) in endpoint::TESTS {
        run(&format!("endpoint::{name}"), test);
    }
    match moto::Server::start() {
        Some(server) => moto::TESTS.iter().for_each(|(name, test)| run(&format!("moto::{name}"), &|| test(&server))),
        None => println!("test moto ... SKIPPED: EXPRESSWAY_MOTO names no moto_server"),
    }
    run("what_cannot_be_started", &what_cannot_be_started);
    run("what_the_command_refuses", &what_the_command_refuses);
    let runtimes = [
        (python_has_client, Tried { code: "python", handler: "app.act", python: python.clone() }, "awslambdaric"),
        (node, Tried { code: "node", handler: "index.act", python: python.clone() }, "Node.js"),
    ];
    for (is_there, tried, lacking) in runtimes {
        let runtime = tried.code;
        if !is_there {
            println!("test {runtime} ... SKIPPED: there is no {lacking}");
            continue;
        }
        for (name, test) in functions::TESTS {
            run(&format!("{runtime}::{name}"), &|| test(&tried));
        }
        let own = if runtime == "node" { functions::NODE } else { functions::PYTHON };
        for (name, test) in own {
            run(&format!("{runtime}::{name}"), &|| test(&tried));
        }
    }
    ExitCode::SUCCESS
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// The runtime that is tried.
struct Tried {
    code: &'static str,
    handler: &'static str,
    python: String,
}

impl Tried {
    /// A function of `tests/lambda` as an option names it.
    fn code(&self, handler: &str) -> String {
        format!("{}:{}/{handler}", self.code, folder().display())
    }

    fn options(&self) -> Options {
        Options::new().python(&self.python)
    }

    fn start(&self, handler: &str, options: Options) -> LambdaFunction {
        LambdaFunction::start("act", self.code(handler).parse().expect("it names code"), &options).expect("it starts")
    }

    /// The machine with the function that does what its event says.
    fn executor(&self, options: Options) -> Executor {
        executor(MACHINE, self.start(self.handler, options).into())
    }
}

fn executor(machine: &str, function: std::sync::Arc<dyn expressway::handler::function::Function>) -> Executor {
    let program = Program::compile(machine).expect("a machine");
    Executor::new(program, &Handlers::new().function("act", function)).expect("all functions are there")
}

/// Where the functions are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lambda")
}

/// The result lines of a run.
fn lines(executor: &Executor, events: &[String], threads: usize) -> Vec<Value> {
    let mut out = Vec::new();
    let batch = executor.batch().threads(threads).results(Sink::new("memory", &mut out));
    batch.run(vec![Source::memory("events", events.join("\n").as_bytes())]).expect("it runs");
    read(&out)
}

fn read(lines: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(lines).expect("results are text");
    text.lines().map(|line| serde_json::from_str(line).expect("results are JSON")).collect()
}

/// A Cause that is JSON.
fn cause(line: &Value) -> Value {
    serde_json::from_str(line["cause"].as_str().expect("there is a cause")).expect("the cause is JSON")
}

/// Each mistake is told before the first event, with what to do about it.
fn what_cannot_be_started() {
    let start = |code: &str, options: Options| {
        let code = code.parse().expect("it names code");
        LambdaFunction::start("act", code, &options).map(drop).expect_err("it cannot be started")
    };
    let error = start("node:/no/such/folder/index.handler", Options::new());
    assert!(matches!(error, StartError::Folder { .. }), "{error}");
    let here = folder().join("app.act").display().to_string();
    let error = start(&format!("python:{here}"), Options::new().python("/no/such/python"));
    assert!(error.to_string().contains("/no/such/python"), "{error}");
    // What stands in for Python here has no such package, as a Python would say.
    let bare = folder().join("bare_python.sh");
    let error = start(&format!("python:{here}"), Options::new().python(&bare));
    assert!(matches!(error, StartError::NoClient { .. }) && error.to_string().contains("pip install"), "{error}");
    let error = start(&format!("python:{here}"), Options::new().python("true"));
    assert!(matches!(error, StartError::Ended { .. }), "{error}");
    let logs = Logs::Folder(here.replace("app.act", "app.py").into());
    let error = start(&format!("node:{here}"), Options::new().logs(logs));
    assert!(matches!(error, StartError::Log { .. }), "{error}");
}

/// What is wrong with an option is told with the option, and nothing is run.
fn what_the_command_refuses() {
    let refused = |options: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expressway"));
        command.args(["run", "corpora/is-teacher"]).args(options).current_dir(env!("CARGO_MANIFEST_DIR"));
        let output = command.output().expect("the command starts");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{options:?}");
        String::from_utf8(output.stderr).expect("the command writes text")
    };
    for (options, words) in [
        (&["--lambda", "hello"][..], "--lambda hello: expected NAME=CODE"),
        (&["--lambda", "hello=app.act"], "expected python:PATH/MODULE.FUNCTION or node:PATH/FILE.FUNCTION"),
        (&["--lambda", "hello=python:tests/lambda/app.py"], "'app.py' names no function"),
        (&["--lambda", "../hello=node:tests/lambda/index.act"], "'../hello' is no function's name"),
        (&["--lambda", "a=node:x/i.a", "--lambda", "arn:aws:lambda:r:1:function:a=node:x/i.b"], "a is given twice"),
        (&["--lambda", "hello=node:/no/such/index.act"], "there is no folder /no/such"),
        (&["--lambda", "hello=node:tests/lambda/index.act", "--lambda-node", "/no/node"], "/no/node cannot be started"),
        (&["--lambda", "hello=node:tests/lambda/index.act", "--lambda-timeout", "0"], "--lambda-timeout 0"),
        (&["--lambda-workers", "0"], "--lambda-workers"),
        (&["--lambda-endpoint", "https://localhost"], "http://HOST:PORT"),
    ] {
        let said = refused(options);
        assert!(said.contains(words), "{options:?}: {said}");
    }
}

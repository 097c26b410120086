//! `--lambda` and what belongs to it: functions for Python and Node, and somebody else's Invoke API.

use super::CliError;
use super::console::remark;
use crate::handler::Handlers;
use crate::handler::lambda::{Code, Endpoint, LambdaFunction, Logs, Options, StartError};
use crate::program::work::function_name;
use clap::Args;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Where real Lambda functions are.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Lambda functions")]
pub(super) struct LambdaArguments {
    /// A function's own code, run in processes: NAME=python:PATH/MODULE.FUNCTION (needs the package awslambdaric) or
    /// NAME=node:PATH/FILE.FUNCTION; NAME is the function's name or ARN; may be given several times
    #[arg(long, value_name = "NAME=CODE")]
    pub lambda: Vec<String>,
    /// Ask this service for functions that are nowhere else, by Lambda's Invoke API: LocalStack, SAM's start-lambda
    #[arg(long, value_name = "URL")]
    pub lambda_endpoint: Option<String>,
    /// The most processes for each function [default: as many as threads work]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub lambda_workers: Option<u16>,
    /// The longest that a call may take, by the clock on the wall; a state's TimeoutSeconds counts too, if it is shorter
    /// [default: 900]
    #[arg(long, value_name = "SECONDS")]
    pub lambda_timeout: Option<f64>,
    /// Where what functions print goes: off, stderr, or a folder for a NAME.log each [default: off; stderr with exec]
    #[arg(long, value_name = "WHERE")]
    pub lambda_logs: Option<OsString>,
    /// The Python to run functions with [default: $EXPRESSWAY_LAMBDA_PYTHON, else python3]
    #[arg(long, value_name = "PROGRAM")]
    pub lambda_python: Option<OsString>,
    /// The Node.js to run functions with [default: $EXPRESSWAY_LAMBDA_NODE, else node]
    #[arg(long, value_name = "PROGRAM")]
    pub lambda_node: Option<OsString>,
}

impl LambdaArguments {
    /// Starts the functions and puts them behind their names. What a program of somebody's own has behind a name stays
    /// there. `threads` is how many the command was asked for; `logs` is where logs go unless it is said.
    pub fn attach(&self, mut handlers: Handlers, threads: Option<usize>, logs: Logs) -> Result<Handlers, CliError> {
        if self.lambda.is_empty() && self.lambda_endpoint.is_none() {
            return Ok(handlers);
        }
        let options = self.options(threads, logs)?;
        for (name, code) in self.functions()? {
            if handlers.has_lambda(&name) {
                remark(&format!("this program has a function {name} of its own, which goes before --lambda"));
                continue;
            }
            let function = LambdaFunction::start(&name, code, &options).map_err(|error| {
                let hint = match error {
                    StartError::Program { .. } | StartError::NoClient { .. } => {
                        "\n--lambda-python and --lambda-node name the programs to run functions with"
                    }
                    _ => "",
                };
                CliError::Usage(format!("--lambda {name}: {error}{hint}"))
            })?;
            handlers = handlers.function(&name, function.into());
        }
        if let Some(url) = &self.lambda_endpoint {
            let endpoint = Endpoint::new(url, &options);
            let endpoint = endpoint.map_err(|error| CliError::Usage(format!("--lambda-endpoint: {error}")))?;
            handlers = handlers.otherwise(endpoint.into());
        }
        Ok(handlers)
    }

    /// The functions by name.
    fn functions(&self) -> Result<BTreeMap<String, Code>, CliError> {
        let mut functions = BTreeMap::new();
        for text in &self.lambda {
            let wrong = |what: String| CliError::Usage(format!("--lambda {text}: {what}"));
            let (name, code) = text.split_once('=').ok_or_else(|| wrong("expected NAME=CODE".to_owned()))?;
            let name = function_name(name);
            let known = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            if name.is_empty() || !name.chars().all(known) {
                return Err(wrong(format!("'{name}' is no function's name: letters, digits, - and _")));
            }
            let code: Code =
                code.parse().map_err(|error: crate::handler::lambda::CodeError| wrong(error.to_string()))?;
            if functions.insert(name.to_owned(), code).is_some() {
                return Err(wrong(format!("{name} is given twice")));
            }
        }
        Ok(functions)
    }

    fn options(&self, threads: Option<usize>, logs: Logs) -> Result<Options, CliError> {
        let mut options = Options::new();
        if let Some(workers) = self.lambda_workers.map(usize::from).or(threads) {
            options = options.workers(workers);
        }
        if let Some(seconds) = self.lambda_timeout {
            let limit = Duration::try_from_secs_f64(seconds).ok().filter(|limit| !limit.is_zero());
            let limit =
                limit.ok_or_else(|| CliError::Usage(format!("--lambda-timeout {seconds}: expected seconds")))?;
            options = options.timeout(limit);
        }
        if let Some(python) = self.lambda_python.clone().or_else(|| std::env::var_os("EXPRESSWAY_LAMBDA_PYTHON")) {
            options = options.python(program(python));
        }
        if let Some(node) = self.lambda_node.clone().or_else(|| std::env::var_os("EXPRESSWAY_LAMBDA_NODE")) {
            options = options.node(program(node));
        }
        Ok(options.logs(match &self.lambda_logs {
            None => logs,
            Some(place) if place == "off" => Logs::Off,
            Some(place) if place == "stderr" => Logs::Stderr,
            Some(folder) => Logs::Folder(PathBuf::from(folder)),
        }))
    }
}

/// A program as it is found from any folder: workers are started in that of their code.
fn program(name: OsString) -> OsString {
    let path = PathBuf::from(&name);
    match path.components().count() > 1 {
        true => std::path::absolute(&path).map_or(name, PathBuf::into_os_string),
        false => name,
    }
}

//! The command: arguments and wording only.
//!
//! Flows in: arguments, files. Flows out: data on stdout, everything else on stderr, an exit code. It must never hold
//! logic: what a subcommand does is a call into the library.
//!
//! Exit codes: 0 done · 1 a finding (`check` that fails) · 2 wrong usage, or a definition refused by `run` or `exec` ·
//! 3 input or output failed · 4 out of space · 5 handlers gave no answer · 130, 141, 143 signals.

mod bench;
mod check;
mod compile;
mod coverage;
mod diff;
mod events;
mod exec;
mod expect;
mod glob;
mod graph;
mod import;
mod json;
mod jsonata;
mod lambda;
mod machine;
mod mocks;
mod replay;
mod resume;
mod run;
mod signals;
mod step;
mod test;

use crate::handler::Handlers;
use clap::{Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs AWS Step Functions state machines over files of events, at the speed of the machine it runs on.
#[derive(Parser, Debug)]
#[command(name = "expressway", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run a machine over files of events: the main job
    Run(Box<run::Arguments>),
    /// Go on with a run that was stopped or that crashed, from its ledger
    Resume(resume::Arguments),
    /// Run one execution and look at it: its history, what was decided and why
    #[command(after_help = exec::EXAMPLES)]
    Exec(Box<exec::Arguments>),
    /// Check a definition by all rules that AWS applies at creation
    Check(check::Arguments),
    /// What the events reach of a machine, and what they never reach
    #[command(after_help = coverage::EXAMPLES)]
    Coverage(Box<coverage::Arguments>),
    /// Two definitions over the same events: where do they come to something else?
    #[command(after_help = diff::EXAMPLES)]
    Diff(Box<diff::Arguments>),
    /// Run test suites of a definition
    #[command(after_help = test::EXAMPLES)]
    Test(test::Arguments),
    /// How fast a machine runs over events, and whether that has changed
    #[command(after_help = bench::EXAMPLES)]
    Bench(Box<bench::Arguments>),
    /// Make events, tasks' outcomes and expected results of Express logs and execution histories
    #[command(after_help = import::EXAMPLES)]
    Import(import::Arguments),
    /// Print the compiled program
    Compile(compile::Arguments),
    /// Draw a machine: SVG, HTML, Mermaid or DOT
    Graph(graph::Arguments),
    /// The value reader's verdict on JSON files
    Json(json::Arguments),
    /// Evaluate JSONata expressions
    Jsonata(jsonata::Arguments),
}

/// The two types of workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum WorkflowType {
    /// The whole language
    Standard,
    /// Up to five minutes, without callbacks and jobs
    Express,
}

/// What ends a subcommand early.
#[derive(Debug, thiserror::Error)]
enum CliError {
    /// Wrong usage, or a definition that is refused.
    #[error("{0}")]
    Usage(String),
    /// A file that cannot be read or written.
    #[error("{path}: {error}")]
    Io { path: String, error: std::io::Error },
}

impl CliError {
    fn exit_code(&self) -> ExitCode {
        match self {
            CliError::Usage(_) => ExitCode::from(2),
            CliError::Io { error, .. } if error.kind() == std::io::ErrorKind::StorageFull => ExitCode::from(4),
            CliError::Io { .. } => ExitCode::from(3),
        }
    }
}

/// Runs the command with the given arguments, the program's name first, and functions to stand behind its tasks.
pub fn main(arguments: impl IntoIterator<Item = OsString>, handlers: Handlers) -> ExitCode {
    let given: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&given) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Where even that cannot be printed there is nobody to tell.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let program = given.first().map_or_else(|| "expressway".into(), |name| name.to_string_lossy());
    let result = match arguments.command {
        Command::Run(arguments) => {
            let called = run::Called { program: &program, arguments: as_text(&given) };
            run::run(&arguments, handlers, &called, None)
        }
        Command::Resume(arguments) => resume::run(&arguments, handlers, &program),
        Command::Exec(arguments) => exec::run(&arguments, handlers),
        Command::Check(arguments) => check::run(&arguments),
        Command::Coverage(arguments) => coverage::run(&arguments, &handlers),
        Command::Diff(arguments) => diff::run(&arguments, &handlers),
        Command::Test(arguments) => test::run(&arguments, &handlers),
        Command::Bench(arguments) => bench::run(&arguments, &handlers),
        Command::Import(arguments) => import::run(&arguments),
        Command::Compile(arguments) => compile::run(&arguments, &handlers),
        Command::Graph(arguments) => graph::run(&arguments),
        Command::Json(arguments) => json::run(&arguments),
        Command::Jsonata(arguments) => jsonata::run(&arguments),
    };
    result.unwrap_or_else(|error| {
        eprintln!("expressway: {error}");
        error.exit_code()
    })
}

/// Writes a text that ends its own lines, to a file or to stdout.
fn write_out(path: &std::path::Path, text: &str) -> Result<(), CliError> {
    if path == std::path::Path::new("-") {
        return print(text.strip_suffix('\n').unwrap_or(text));
    }
    std::fs::write(path, text).map_err(|error| CliError::Io { path: path.display().to_string(), error })
}

/// The arguments behind the program's name, if they are text.
fn as_text(given: &[OsString]) -> Option<Vec<String>> {
    given.iter().skip(1).map(|argument| argument.to_str().map(str::to_owned)).collect()
}

/// Writes a line to stdout. A reader that has gone away is no error.
fn print(text: &str) -> Result<(), CliError> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CliError::Io { path: "stdout".to_owned(), error })
        }
        _ => Ok(()),
    }
}

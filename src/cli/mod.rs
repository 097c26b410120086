//! The command: arguments and wording only.
//!
//! Flows in: arguments, files. Flows out: data on stdout, everything else on stderr, an exit code. It must never hold
//! logic: what a subcommand does is a call into the library.
//!
//! Options come from the command line, from the environment and from files (`settings`). Exit codes are in one table,
//! `help::EXIT_CODES`, which `--help` prints.

mod bench;
mod check;
mod compile;
mod console;
mod coverage;
mod diff;
mod events;
mod exec;
mod expect;
mod glob;
mod graph;
mod help;
mod import;
mod json;
mod jsonata;
mod lambda;
mod machine;
mod mocks;
mod progress;
mod replay;
mod resume;
mod run;
mod settings;
mod shell;
mod signals;
mod step;
mod test;

use crate::handler::Handlers;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use console::{Console, When};
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// Runs AWS Step Functions state machines over files of events, at the speed of the machine it runs on.
#[derive(Parser, Debug)]
#[command(name = "expressway", version, max_term_width = 100, after_help = help::after())]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    console: Console,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run a machine over files of events: the main job
    #[command(after_help = help::RUN)]
    Run(Box<run::Arguments>),
    /// Go on with a run that was stopped or that crashed, from its ledger
    #[command(after_help = help::RESUME)]
    Resume(resume::Arguments),
    /// Run one execution and look at it: its history, what was decided and why
    #[command(after_help = exec::EXAMPLES)]
    Exec(Box<exec::Arguments>),
    /// Check a definition by all rules that AWS applies at creation
    #[command(after_help = help::CHECK)]
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
    #[command(after_help = help::COMPILE)]
    Compile(compile::Arguments),
    /// Draw a machine: SVG, HTML, Mermaid or DOT
    #[command(after_help = help::GRAPH)]
    Graph(graph::Arguments),
    /// The value reader's verdict on JSON files
    #[command(after_help = help::JSON)]
    Json(json::Arguments),
    /// Evaluate JSONata expressions
    #[command(after_help = help::JSONATA)]
    Jsonata(jsonata::Arguments),
    /// Print a script that completes this command's words in a shell
    #[command(after_help = shell::COMPLETIONS_EXAMPLES)]
    Completions(shell::CompletionsArguments),
    /// Print the manual, or write its pages into a folder
    #[command(after_help = shell::MAN_EXAMPLES)]
    Man(shell::ManArguments),
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
    #[error("{path}: {error}{}", console::perhaps(path, error))]
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
    let colour = When::asked_for(&given);
    colour.hold();
    let name = given.first().and_then(|name| Path::new(name).file_stem()).and_then(|name| name.to_str());
    let name = name.unwrap_or("expressway").to_owned();
    let described = help::with_headings(Arguments::command()).color(colour.for_help());
    let (arguments, words) = match understood(&described, given) {
        Ok(found) => found,
        Err(Refusal::Arguments(error)) => {
            let error = help::with_meant(error, &described);
            // Where even that cannot be printed there is nobody to tell.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
        Err(Refusal::Settings(error)) => {
            console::complain(&error);
            return error.exit_code();
        }
    };
    let console = &arguments.console;
    let program = words.first().map_or_else(|| "expressway".into(), |name| name.to_string_lossy());
    let result = match arguments.command {
        Command::Run(arguments) => {
            let called = run::Called { program: &program, arguments: as_text(&words) };
            run::run(&arguments, handlers, &called, None, console)
        }
        Command::Resume(arguments) => resume::run(&arguments, handlers, &program),
        Command::Exec(arguments) => exec::run(&arguments, handlers),
        Command::Check(arguments) => check::run(&arguments),
        Command::Coverage(arguments) => coverage::run(&arguments, &handlers, console),
        Command::Diff(arguments) => diff::run(&arguments, &handlers, console),
        Command::Test(arguments) => test::run(&arguments, &handlers),
        Command::Bench(arguments) => bench::run(&arguments, &handlers),
        Command::Import(arguments) => import::run(&arguments, console),
        Command::Compile(arguments) => compile::run(&arguments, &handlers),
        Command::Graph(arguments) => graph::run(&arguments),
        Command::Json(arguments) => json::run(&arguments),
        Command::Jsonata(arguments) => jsonata::run(&arguments),
        Command::Completions(arguments) => shell::completions(&arguments, described, &name),
        Command::Man(arguments) => shell::man(&arguments, described),
    };
    result.unwrap_or_else(|error| {
        console::complain(&error);
        error.exit_code()
    })
}

/// Why a command line is not understood.
enum Refusal {
    Arguments(clap::Error),
    Settings(CliError),
}

/// What is asked for, by the command line and, where that says nothing, by settings; and the words that say all of it.
fn understood(described: &clap::Command, given: Vec<OsString>) -> Result<(Arguments, Vec<OsString>), Refusal> {
    let matches = described.clone().try_get_matches_from(&given).map_err(Refusal::Arguments)?;
    let complete = settings::complete(described, given, matches).map_err(Refusal::Settings)?;
    let arguments = from_matches(&complete.matches).map_err(Refusal::Arguments)?;
    arguments.console.color.hold();
    if arguments.console.verbose {
        complete.remarks.iter().for_each(|remark| console::remark(remark));
    }
    Ok((arguments, complete.words))
}

fn from_matches(matches: &ArgMatches) -> Result<Arguments, clap::Error> {
    Arguments::from_arg_matches(matches).map_err(|error| error.format(&mut Arguments::command()))
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

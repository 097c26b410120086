//! `exec`: one execution, to be looked at: its history, what was decided and why, step by step if need be.

use super::check::diagnostics_json;
use super::events::{EventArguments, EventFormat, HEADING, sources};
use super::graph::title;
use super::lambda::LambdaArguments;
use super::machine::{Machine, MachineArguments, missing, read_text};
use super::mocks::Wanted;
use super::replay::compile_instrumented;
use super::step::{Course, walk};
use super::{CliError, print, write_out};
use crate::batch::{Recorded, Single, nth_record};
use crate::compile::instrument::Instrument;
use crate::definition::MachineType;
use crate::handler::Handlers;
use crate::handler::lambda::Logs;
use crate::value::scan;
use crate::value::timestamp::Timestamp;
use crate::view::graph::{Graph, Overlay, svg};
use crate::view::json::ObjectWriter;
use crate::view::{explain, history, logs, visit};
use crate::vm::{Limits, Names, Seed, Settings};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

/// What `exec --help` ends with.
pub(super) const EXAMPLES: &str = "\
Examples:
  expressway exec orders/ --input order.json      its history as a table
  expressway exec orders/ --at 17 --explain       event 17 of events.jsonl: what went in and came out
                                                  of each state, which rule decided, who answered
                                                  errors
  expressway exec orders/ --at 17 --step          one state at a time; `h` tells the keys
  expressway exec orders/ --at 17 --svg way.svg   the machine drawn with the way of this event
  expressway exec orders/ --input order.json --json --history
                                                  events as GetExecutionHistory gives them

The execution of --at N is the one that `run` makes of that event: the same random numbers, UUIDs
and clock.";

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    machine: MachineArguments,
    /// File with the input, `-` for stdin [default: {}]
    #[arg(long, value_name = "FILE", conflicts_with = "at")]
    input: Option<PathBuf>,
    /// Take the N-th event, counted from 1, of the events instead
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    at: Option<u64>,
    /// Files that --at counts in, as for `run`; may be given several times [default: events.jsonl in the machine's folder]
    #[arg(long, value_name = "FILE", requires = "at")]
    events: Vec<PathBuf>,
    /// How the events are written that --at counts
    #[arg(long, visible_alias = "event-format", value_name = "FORMAT", default_value = "auto", help_heading = HEADING)]
    format: EventFormat,
    #[command(flatten)]
    reading: EventArguments,
    /// Tell for each state what went in and came out, what was decided, called and caught
    #[arg(long, conflicts_with_all = ["json", "history"])]
    explain: bool,
    /// Walk through the execution, one state at a time
    #[arg(long, conflicts_with_all = ["json", "history", "explain"])]
    step: bool,
    /// Draw the machine with the way that the execution took
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
    /// Mocks, in the form of Step Functions Local's MockConfigFile.json, or, for --at, recorded outcomes as `import`
    /// writes them [default: mocks.json in the machine's folder]
    #[arg(long, value_name = "FILE")]
    mock: Option<PathBuf>,
    /// Which of the mock file's test cases
    #[arg(long, value_name = "NAME")]
    test_case: Option<String>,
    /// The machine's name, in mocks and in the context object
    #[arg(long, value_name = "NAME", default_value = "Machine")]
    machine_name: String,
    /// File with members for the context object: {"Execution": {…}, "StateMachine": {…}}
    #[arg(long, value_name = "FILE")]
    context: Option<PathBuf>,
    /// Where the clock starts
    #[arg(long, value_name = "RFC3339", default_value = "2020-01-01T00:00:00Z")]
    now: String,
    /// Where random numbers and UUIDs come from
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Give the history's events too
    #[arg(long)]
    history: bool,
    /// Give the CloudWatch Logs records of that level too
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<Level>,
    /// Let log records hold inputs and outputs
    #[arg(long)]
    include_execution_data: bool,
    #[command(flatten)]
    lambda: LambdaArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "UPPER")]
enum Level {
    All,
    Error,
    Fatal,
    Off,
}

pub(super) fn run(arguments: &Arguments, mut handlers: Handlers) -> Result<ExitCode, CliError> {
    let machine = arguments.machine.read()?;
    if machine.definition.is_none() && arguments.json {
        let mut object = ObjectWriter::new();
        object.raw("diagnostics", &diagnostics_json(&machine.diagnostics));
        print(&object.finish())?;
    }
    let definition = machine.accepted()?;
    let beside = machine.folder.join("mocks.json");
    // For one execution a choice among mocks has to be made.
    let mock = arguments.mock.clone().or_else(|| beside.is_file().then_some(beside));
    let mocked = mock.is_some();
    let wanted = Wanted {
        mock: mock.as_deref(),
        test_case: arguments.test_case.as_deref(),
        machine_name: &arguments.machine_name,
        seed: arguments.seed,
        by_content: false,
        real: false,
    };
    if let Some(mock) = wanted.read(&machine.folder)? {
        handlers = handlers.mock(mock);
    }
    let watched = match (arguments.explain || arguments.step, arguments.svg.is_some()) {
        (true, _) => Instrument::Watch,
        (false, true) => Instrument::Coverage,
        (false, false) => Instrument::Plain,
    };
    let handlers = arguments.lambda.attach(handlers, Some(1), Logs::Stderr)?;
    let asl = arguments.machine.asl_handlers(&machine)?;
    let program = compile_instrumented(definition, &asl, &handlers, watched)?;
    let bound = match mocked {
        true => handlers.bind_loosely(&program),
        false => handlers.bind(&program).map_err(|found| missing(&found, &handlers, &asl))?,
    };

    let express = machine.machine_type == MachineType::Express;
    let now = Timestamp::parse(&arguments.now).map_err(|error| CliError::Usage(format!("--now: {error}")))?;
    let context = match &arguments.context {
        Some(path) => Some(json_text(path)?),
        None => None,
    };
    let settings = Settings {
        limits: if express { Limits::EXPRESS } else { Limits::STANDARD },
        names: Names { machine: arguments.machine_name.clone(), express, context, ..Names::default() },
    };
    let (input, seed) = input(arguments, &machine)?;
    let now_ms = now.as_millis();
    let history = arguments.history || arguments.log_level.is_some() || !arguments.json;
    let recorded = Single { input: &input, seed, now_ms, history }.run(&program, &bound, &settings);
    if let Some(file) = &arguments.svg {
        let graph = Graph::new(definition, &title(&arguments.machine.machine));
        let overlay = Overlay::from_summary(&recorded.summary(&program).to_json(), &graph)
            .map_err(|error| CliError::Usage(error.to_string()))?;
        write_out(file, &svg::draw(&graph, Some(&overlay)))?;
    }
    if arguments.json {
        print(&as_json(arguments, &recorded))?;
        return Ok(ExitCode::SUCCESS);
    }
    let outcome = outcome(&recorded).finish();
    if arguments.explain || arguments.step {
        let visits = visit::visits(&program, &recorded.events, &recorded.notes);
        if arguments.step {
            let course = Course { program: &program, visits: &visits, start_ms: now_ms, outcome: &outcome };
            return walk(&course, arguments.input.as_deref() != Some(std::path::Path::new("-")));
        }
        print(explain::to_text(&program, &visits, now_ms).trim_end())?;
    } else {
        print(history::to_table(&recorded.events).trim_end())?;
    }
    print(&outcome)?;
    Ok(ExitCode::SUCCESS)
}

/// The input, and where its random numbers come from.
fn input(arguments: &Arguments, machine: &Machine) -> Result<(String, Seed), CliError> {
    let Some(number) = arguments.at else {
        let text = match &arguments.input {
            Some(path) => json_text(path)?,
            None => "{}".to_owned(),
        };
        return Ok((text, Seed::new(arguments.seed, 0, 0)));
    };
    let reading = arguments.reading.reading(arguments.format, arguments.seed, false);
    let sources = sources(&arguments.events, &machine.folder, &reading)?;
    let sources = sources.into_iter().map(|(source, _)| source).collect();
    let found = nth_record(sources, number.saturating_add(arguments.reading.skip))
        .map_err(|error| CliError::Usage(error.to_string()))?
        .ok_or_else(|| CliError::Usage(format!("--at {number}: there are fewer events")))?;
    let seed = Seed::new(arguments.seed, found.source as u64, found.offset);
    match found.text {
        Ok(text) => Ok((text, seed)),
        Err(reason) => {
            let place = format!("{}:{}", found.name, found.line_number);
            Err(CliError::Usage(format!("--at {number}: {place} is no event, and `run` rejects it: {reason}")))
        }
    }
}

fn outcome(recorded: &Recorded) -> ObjectWriter {
    let mut object = ObjectWriter::new();
    object.text("status", recorded.status);
    if let Some(output) = &recorded.output {
        object.raw("output", output);
    }
    object.optional_text("error", recorded.error.as_deref()).optional_text("cause", recorded.cause.as_deref());
    object
}

fn as_json(arguments: &Arguments, recorded: &Recorded) -> String {
    let mut object = outcome(recorded);
    let (execution_arn, role) = &recorded.names;
    if arguments.history {
        object.raw("events", &history::to_json(&recorded.events, role));
    }
    if let Some(level) = arguments.log_level {
        let level = match level {
            Level::All => logs::LogLevel::All,
            Level::Error => logs::LogLevel::Error,
            Level::Fatal => logs::LogLevel::Fatal,
            Level::Off => logs::LogLevel::Off,
        };
        let data = arguments.include_execution_data;
        object.raw("logEvents", &logs::to_json(&recorded.events, level, data, execution_arn, role));
    }
    object.finish()
}

/// Reads a file that must hold one JSON text.
fn json_text(path: &std::path::Path) -> Result<String, CliError> {
    let text = read_text(path)?;
    match scan::validate(text.as_bytes()) {
        Ok(_) => Ok(text),
        Err(error) => Err(CliError::Usage(format!("{} is not JSON: {error}", path.display()))),
    }
}

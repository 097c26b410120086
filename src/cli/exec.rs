//! `exec`: one execution, with its history.

use super::check::diagnostics_json;
use super::machine::{MachineArguments, compile_program, read_text};
use super::{CliError, print};
use crate::batch::drive::{Alone, drive_moving};
use crate::definition::MachineType;
use crate::handler::Handlers;
use crate::handler::mock::Mock;
use crate::value::timestamp::Timestamp;
use crate::value::{Arena, Value, scan};
use crate::view::json::ObjectWriter;
use crate::view::{history, logs};
use crate::vm::{Execution, Input, Limits, Names, Outcome, Seed, Settings, Start};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    machine: MachineArguments,
    /// File with the input, `-` for stdin [default: {}]
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
    /// Mocks, in the form of Step Functions Local's MockConfigFile.json [default: mocks.json in the machine's folder]
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
    let mock = arguments.mock.clone().or_else(|| beside.is_file().then_some(beside));
    let mocked = mock.is_some();
    if let Some(path) = mock {
        let mock = Mock::read(&read_text(&path)?, &arguments.machine_name, arguments.test_case.as_deref())
            .map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?;
        handlers = handlers.mock(mock);
    }
    let program = compile_program(definition, &arguments.machine.asl_handlers(&machine)?, &handlers)?;
    let bound = match mocked {
        true => handlers.bind_loosely(&program),
        false => handlers.bind(&program).map_err(|missing| CliError::Usage(missing.to_string()))?,
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
    let input = match &arguments.input {
        Some(path) => json_text(path)?,
        None => "{}".to_owned(),
    };
    let arena = Arena::new();
    let start = Start {
        input: Input::whole(Value::from_text(&arena, &input)),
        seed: Seed::new(arguments.seed, 0, 0),
        now_ms: now.as_millis(),
        history: arguments.history || arguments.log_level.is_some() || !arguments.json,
    };
    let execution = Execution::new(&program, &settings, &arena, start);
    let mut object = ObjectWriter::new();
    let (execution_arn, role, events) =
        drive_moving(execution, &bound, &mut bound.counters(), &Alone, |execution, outcome, arena| {
            match outcome {
                Outcome::Succeeded(value) => {
                    object.text("status", "SUCCEEDED").raw("output", &value.to_json());
                }
                Outcome::Failed(failure) => {
                    object.text("status", "FAILED").optional_text("error", failure.error);
                    object.optional_text("cause", failure.cause_text(arena));
                }
                Outcome::TimedOut(_) => {
                    object.text("status", "TIMED_OUT");
                }
            }
            let (execution_arn, role) = execution.names();
            (execution_arn, role, execution.take_events())
        });
    if !arguments.json {
        print(history::to_table(&events).trim_end())?;
        print(&object.finish())?;
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.history {
        object.raw("events", &history::to_json(&events, &role));
    }
    if let Some(level) = arguments.log_level {
        let level = match level {
            Level::All => logs::LogLevel::All,
            Level::Error => logs::LogLevel::Error,
            Level::Fatal => logs::LogLevel::Fatal,
            Level::Off => logs::LogLevel::Off,
        };
        object
            .raw("logEvents", &logs::to_json(&events, level, arguments.include_execution_data, &execution_arn, &role));
    }
    print(&object.finish())?;
    Ok(ExitCode::SUCCESS)
}

/// Reads a file that must hold one JSON text.
fn json_text(path: &std::path::Path) -> Result<String, CliError> {
    let text = read_text(path)?;
    match scan::validate(text.as_bytes()) {
        Ok(_) => Ok(text),
        Err(error) => Err(CliError::Usage(format!("{} is not JSON: {error}", path.display()))),
    }
}

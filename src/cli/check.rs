//! `check`: a definition by all rules that AWS applies at creation.

use super::console::on_stdout;
use super::machine::MachineArguments;
use super::{CliError, print};
use crate::definition::{Diagnostic, Severity};
use crate::view::json::{self, ObjectWriter};
use clap::{Args, ValueEnum};
use std::process::ExitCode;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    machine: MachineArguments,
    /// Answer as ValidateStateMachineDefinition does
    #[arg(long)]
    json: bool,
    /// The least that is told of [default: error with --json, as ValidateStateMachineDefinition; else warning]
    #[arg(long, value_name = "SEVERITY")]
    severity: Option<Least>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Least {
    Error,
    Warning,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let mut machine = arguments.machine.read()?;
    let failed = machine.diagnostics.iter().any(Diagnostic::is_error);
    let least = arguments.severity.unwrap_or(if arguments.json { Least::Error } else { Least::Warning });
    if least == Least::Error {
        machine.diagnostics.retain(Diagnostic::is_error);
    }
    let found = &machine.diagnostics;
    if arguments.json {
        let mut object = ObjectWriter::new();
        object.text("result", if failed { "FAIL" } else { "OK" }).raw("diagnostics", &diagnostics_json(found));
        print(&object.finish())?;
    } else if found.is_empty() {
        print(&format!("{}: nothing to remark", machine.source.file_name()))?;
    } else {
        print(machine.draw(on_stdout()).trim_end())?;
    }
    Ok(ExitCode::from(u8::from(failed)))
}

/// Diagnostics in the shape of ValidateStateMachineDefinition's.
pub(super) fn diagnostics_json(diagnostics: &[Diagnostic]) -> String {
    json::array(diagnostics.iter().map(|diagnostic| {
        let mut object = ObjectWriter::new();
        let severity = match diagnostic.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
        };
        object.text("severity", severity).text("code", diagnostic.code.as_str()).text("message", &diagnostic.message);
        object.optional_text("location", diagnostic.location.as_deref());
        object.finish()
    }))
}

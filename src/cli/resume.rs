//! `resume`: goes on with a run that was stopped, or that crashed, from its ledger.

use super::console::remark;
use super::run::{self, Called};
use super::{Arguments as Whole, CliError, Command};
use crate::batch::Ledger;
use crate::handler::Handlers;
use clap::{Args, Parser};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The ledger, or the folder that holds expressway.ledger
    ledger: PathBuf,
}

/// Reads the ledger, goes to the folder that the run was started in, and runs with the arguments of then.
pub(super) fn run(arguments: &Arguments, handlers: Handlers, program: &str) -> Result<ExitCode, CliError> {
    // The folder is about to change.
    let path = std::path::absolute(&arguments.ledger)
        .map_err(|error| CliError::Io { path: arguments.ledger.display().to_string(), error })?;
    let ledger = Ledger::resume(&path).map_err(run::refused)?;
    let begun = std::iter::once(program).chain(ledger.arguments().iter().map(String::as_str));
    let (command, console) = match Whole::try_parse_from(begun) {
        Ok(Whole { command: Command::Run(command), console }) => (command, console),
        _ => {
            let message = format!("{}: its arguments are none of this version's run", path.display());
            return Err(CliError::Usage(message));
        }
    };
    let folder = ledger.folder().to_owned();
    std::env::set_current_dir(&folder).map_err(|error| CliError::Io { path: folder, error })?;
    if ledger.is_done() {
        remark(&format!("{}: the run has come to its end; there is nothing to go on with", path.display()));
    }
    let called = Called { program, arguments: Some(ledger.arguments().to_vec()) };
    run::run(&command, handlers, &called, Some(ledger), &console)
}

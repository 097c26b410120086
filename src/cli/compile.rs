//! `compile`: the compiled program, for people.

use super::machine::{MachineArguments, compile_program};
use super::{CliError, print};
use crate::handler::Handlers;
use crate::program::listing;
use clap::Args;
use std::process::ExitCode;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    machine: Option<MachineArguments>,
    /// Print the instruction set instead
    #[arg(long)]
    instructions: bool,
}

pub(super) fn run(arguments: &Arguments, handlers: &Handlers) -> Result<ExitCode, CliError> {
    if arguments.instructions {
        print(listing::instruction_table().trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(place) = &arguments.machine else {
        return Err(CliError::Usage("name a machine, or give --instructions".to_owned()));
    };
    let machine = place.read()?;
    let program = compile_program(machine.accepted()?, &place.asl_handlers(&machine)?, handlers)?;
    print(listing::listing(&program).trim_end())?;
    Ok(ExitCode::SUCCESS)
}

//! `completions` and `man`: what shells and the manual's readers want to know of the command.
//!
//! Flows in: the command as it describes itself. Flows out: scripts and manual pages. They are made from the same
//! description as `--help`, and it must never be otherwise: then they cannot say anything else.

use super::{CliError, print};
use clap::{Args, Command};
use clap_complete::Shell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What `completions --help` ends with.
pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  expressway completions bash > ~/.local/share/bash-completion/completions/expressway
  expressway completions fish > ~/.config/fish/completions/expressway.fish
  expressway completions zsh > ~/.zfunc/_expressway
                                        with fpath+=~/.zfunc before compinit in .zshrc";

/// What `man --help` ends with.
pub(super) const MAN_EXAMPLES: &str = "\
Examples:
  expressway man | man -l -             reads the page of the whole command
  expressway man ~/.local/share/man/man1
                                        a page for each command: man expressway-run";

#[derive(Args, Debug)]
pub(super) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

#[derive(Args, Debug)]
pub(super) struct ManArguments {
    /// Where pages go, one for each command [default: the whole command's page to stdout]
    folder: Option<PathBuf>,
}

/// A script for a shell.
pub(super) fn completions(
    arguments: &CompletionsArguments,
    mut command: Command,
    name: &str,
) -> Result<ExitCode, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, name, &mut script);
    print(String::from_utf8_lossy(&script).trim_end())?;
    Ok(ExitCode::SUCCESS)
}

/// The manual.
pub(super) fn man(arguments: &ManArguments, mut command: Command) -> Result<ExitCode, CliError> {
    command.build();
    let Some(folder) = &arguments.folder else {
        print(page(&command, Path::new("stdout"))?.trim_end())?;
        return Ok(ExitCode::SUCCESS);
    };
    let io = |path: &Path| {
        let path = path.display().to_string();
        |error| CliError::Io { path, error }
    };
    std::fs::create_dir_all(folder).map_err(io(folder))?;
    let name = command.get_name().to_owned();
    let parts = command.get_subcommands().filter(|part| part.get_name() != "help").map(|part| {
        let whole = format!("{name}-{}", part.get_name());
        part.clone().name(whole)
    });
    for part in std::iter::once(command.clone()).chain(parts) {
        let file = folder.join(format!("{}.1", part.get_name()));
        std::fs::write(&file, page(&part, &file)?).map_err(io(&file))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn page(command: &Command, file: &Path) -> Result<String, CliError> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .map_err(|error| CliError::Io { path: file.display().to_string(), error })?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

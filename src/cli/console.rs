//! The options that every command has, and how the command speaks to a terminal.
//!
//! Flows in: `--color`, `--quiet`, `--verbose`, the environment's wishes about colour. Flows out: who may be coloured, what
//! is said on stderr. It must never write anything to stdout: that is for data.

use crate::definition::diagnostic::render::Style;
use crate::view::paint::Paint;
use anstream::{AutoStream, ColorChoice};
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What every command understands.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Everywhere")]
pub(super) struct Console {
    /// Say nothing but errors: no summary, no progress
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more: which settings were taken from where; after a run, how often each state was entered
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// When to use colours; auto asks the terminal, NO_COLOR, CLICOLOR and CLICOLOR_FORCE
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: When,
    /// Take settings from this file alone [default: expressway.toml in the machine's folder, then the user's own]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Take settings from no file
    #[arg(long, global = true, conflicts_with = "config")]
    pub no_config: bool,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On terminals, unless the environment says otherwise
    Auto,
    /// Everywhere, also in files
    Always,
    /// Nowhere
    Never,
}

impl When {
    /// What a command line, or the environment, asks for, before either is known to be right.
    pub fn asked_for(given: &[OsString]) -> When {
        let named = |value: &str| When::from_str(value, false).ok();
        let mut asked = std::env::var("EXPRESSWAY_COLOR").ok().and_then(|value| named(&value));
        let mut words = given.iter().map(|word| word.to_str().unwrap_or_default()).take_while(|word| *word != "--");
        while let Some(word) = words.next() {
            match word.strip_prefix("--color") {
                Some("") => asked = words.next().and_then(named).or(asked),
                Some(value) => asked = value.strip_prefix('=').and_then(named).or(asked),
                None => {}
            }
        }
        asked.unwrap_or(When::Auto)
    }

    /// Holds from now on, for everything that this process writes.
    pub fn hold(self) {
        let choice = match self {
            When::Auto => ColorChoice::Auto,
            When::Always => ColorChoice::AlwaysAnsi,
            When::Never => ColorChoice::Never,
        };
        choice.write_global();
    }

    /// The same, as the reader of arguments has it.
    pub fn for_help(self) -> clap::ColorChoice {
        match self {
            When::Auto => clap::ColorChoice::Auto,
            When::Always => clap::ColorChoice::Always,
            When::Never => clap::ColorChoice::Never,
        }
    }
}

/// Whether what is written to stdout is coloured.
pub(super) fn on_stdout() -> Paint {
    Paint::when(AutoStream::choice(&std::io::stdout()) != ColorChoice::Never)
}

/// Whether what is written there is coloured: stdout as it is, files only if colours are asked for everywhere.
pub(super) fn painted(path: &Path) -> Paint {
    match path == Path::new("-") {
        true => on_stdout(),
        false => Paint::when(ColorChoice::global() == ColorChoice::AlwaysAnsi),
    }
}

/// Whether what is written to stderr is coloured.
pub(super) fn on_stderr() -> Paint {
    Paint::when(AutoStream::choice(&std::io::stderr()) != ColorChoice::Never)
}

/// The same for diagnostics.
pub(super) fn style(paint: Paint) -> Style {
    if paint.is_on() { Style::Colour } else { Style::Plain }
}

/// Tells what went wrong.
pub(super) fn complain(error: &dyn std::fmt::Display) {
    eprintln!("{} {error}", on_stderr().bad("expressway:"));
}

/// Tells something that is no error.
pub(super) fn remark(text: &dyn std::fmt::Display) {
    eprintln!("{} {text}", on_stderr().faint("expressway:"));
}

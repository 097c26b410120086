//! The options that every command has, and how the command speaks to a terminal.
//!
//! Flows in: `--color`, `--quiet`, `--verbose`, the environment's wishes about colour. Flows out: who may be coloured, what
//! is said on stderr. It must never write anything to stdout: that is for data.

use crate::definition::diagnostic::render::Style;
use crate::definition::nearest;
use crate::view::paint::Paint;
use anstream::{AutoStream, ColorChoice};
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::io::ErrorKind;
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

/// What can be said of a file that is not there: that its folder is not, or which other one was perhaps meant.
pub(super) fn perhaps(path: &str, error: &std::io::Error) -> String {
    let path = Path::new(path);
    let (Some(name), ErrorKind::NotFound) = (path.file_name().and_then(|name| name.to_str()), error.kind()) else {
        return String::new();
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let shown = if folder == Path::new("") { Path::new(".") } else { folder };
    let Ok(entries) = std::fs::read_dir(shown) else { return format!("; there is no folder {}", shown.display()) };
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    match nearest(name, names.iter().map(String::as_str)) {
        Some(meant) => format!("; did you mean {}?", folder.join(meant).display()),
        None => String::new(),
    }
}

/// Tells what went wrong.
pub(super) fn complain(error: &dyn std::fmt::Display) {
    eprintln!("{} {error}", on_stderr().bad("expressway:"));
}

/// Tells something that is no error.
pub(super) fn remark(text: &dyn std::fmt::Display) {
    eprintln!("{} {text}", on_stderr().faint("expressway:"));
}

//! Files of settings: TOML, with keys for all commands on top and a table for each command that has its own.
//!
//! Flows in: a file's text and what options there are. Flows out: the settings for one command, with their lines. Every
//! key of the file is looked at, also those of other commands: what no command knows is refused.

use super::{Origin, Said, Setting, is_path, options};
use crate::cli::CliError;
use crate::cli::machine::read_text;
use crate::definition::nearest;
use clap::{Arg, ArgAction, Command};
use std::ffi::OsString;
use std::path::Path;
use toml_span::value::{Table, ValueInner};

/// Reads a file's settings for one of the commands; a command's own table wins over what is said for all.
pub(super) fn read(path: &Path, program: &Command, wanted: &Command) -> Result<Vec<Setting>, CliError> {
    let text = read_text(path)?;
    let file = File { path, text: &text, program };
    let mut root = toml_span::parse(&text)
        .map_err(|error| file.wrong(error.span.start, &format!("it is no TOML: {}", plain(&error.to_string()))))?;
    // A file is a table, whatever is in it.
    let ValueInner::Table(root) = root.take() else { return Ok(Vec::new()) };
    let (mut own, mut general) = (Vec::new(), Vec::new());
    for (key, mut value) in root {
        match value.take() {
            ValueInner::Table(table) => {
                let Some(command) = program.find_subcommand(&*key.name) else {
                    let names = program.get_subcommands().map(Command::get_name);
                    let hint = did_you_mean(&key.name, names, "[", "]");
                    return Err(file.wrong(key.span.start, &format!("there is no command '{}'{hint}", key.name)));
                };
                let settings = file.table(table, command)?;
                if command.get_name() == wanted.get_name() {
                    own = settings;
                }
            }
            inner => {
                let arg = file.option_of_any(&key.name, key.span.start)?;
                let setting = file.setting(arg, inner, key.span.start)?;
                if options(wanted).any(|arg| arg.get_long() == Some(&setting.option)) {
                    general.push(setting);
                }
            }
        }
    }
    own.extend(general);
    Ok(own)
}

struct File<'f> {
    path: &'f Path,
    text: &'f str,
    program: &'f Command,
}

impl<'f> File<'f> {
    fn table(&self, table: Table<'_>, command: &'f Command) -> Result<Vec<Setting>, CliError> {
        let mut settings = Vec::new();
        for (key, mut value) in table {
            let name = long_name(&key.name);
            let Some(arg) = options(command).find(|arg| arg.get_long() == Some(&name)) else {
                let hint = did_you_mean(&name, options(command).filter_map(Arg::get_long), "'", "'");
                let text = format!("`{}` has no option '{}'{hint}", command.get_name(), key.name);
                return Err(self.wrong(key.span.start, &text));
            };
            settings.push(self.setting(arg, value.take(), key.span.start)?);
        }
        Ok(settings)
    }

    /// An option that at least one command has.
    fn option_of_any(&self, key: &str, offset: usize) -> Result<&'f Arg, CliError> {
        let name = long_name(key);
        let all = || self.program.get_subcommands().flat_map(options);
        all().find(|arg| arg.get_long() == Some(&name)).ok_or_else(|| {
            let mut names: Vec<&str> = all().filter_map(Arg::get_long).collect();
            names.sort_unstable();
            names.dedup();
            let hint = did_you_mean(&name, names, "'", "'");
            self.wrong(offset, &format!("no command has an option '{key}'{hint}"))
        })
    }

    fn setting(&self, arg: &Arg, value: ValueInner<'_>, offset: usize) -> Result<Setting, CliError> {
        let option = arg.get_long().unwrap_or_default().to_owned();
        let said = match (arg.get_action(), value) {
            (ArgAction::Append, ValueInner::Array(items)) => {
                let values = items.into_iter().map(|mut item| self.value(arg, item.take(), offset));
                Said::Values(values.collect::<Result<_, _>>()?)
            }
            (action, value) if action.takes_values() => Said::Values(vec![self.value(arg, value, offset)?]),
            (_, ValueInner::Boolean(flag)) => Said::Flag(flag),
            (_, other) => {
                let text = format!("'{option}' is true or false, and no {}", other.type_str());
                return Err(self.wrong(offset, &text));
            }
        };
        Ok(Setting { option, said, origin: self.origin(offset) })
    }

    /// One value as a word of the command line. Names of files are meant from the file's own folder.
    fn value(&self, arg: &Arg, value: ValueInner<'_>, offset: usize) -> Result<OsString, CliError> {
        match value {
            ValueInner::String(text) if is_path(arg) && text != "-" => {
                Ok(self.path.parent().unwrap_or(Path::new("")).join(&*text).into_os_string())
            }
            ValueInner::String(text) => Ok(OsString::from(text.into_owned())),
            ValueInner::Integer(number) => Ok(number.to_string().into()),
            ValueInner::Float(number) => Ok(number.to_string().into()),
            other => {
                let option = arg.get_long().unwrap_or_default();
                let text = format!("'{option}' takes a text or a number, and no {}", other.type_str());
                Err(self.wrong(offset, &text))
            }
        }
    }

    fn origin(&self, offset: usize) -> Origin {
        let before = self.text.get(..offset).unwrap_or(self.text);
        Origin::File { path: self.path.to_path_buf(), line_number: 1 + before.matches('\n').count() }
    }

    fn wrong(&self, offset: usize, what: &str) -> CliError {
        CliError::Usage(format!("{}: {what}", self.origin(offset)))
    }
}

/// Keys may be written as TOML's users write them, with `_`.
fn long_name(key: &str) -> String {
    key.replace('_', "-")
}

fn did_you_mean<'n>(word: &str, names: impl IntoIterator<Item = &'n str>, open: &str, close: &str) -> String {
    nearest(word, names).map(|meant| format!("; did you mean {open}{meant}{close}?")).unwrap_or_default()
}

/// A reason on one line.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

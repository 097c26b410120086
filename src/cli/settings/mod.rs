//! Settings: what the environment and files say where the command line says nothing.
//!
//! Flows in: a command line that has been understood, `EXPRESSWAY_…` variables, and files called `expressway.toml`. Flows
//! out: the same command line with what was taken from there behind it, and where each came from. The command line wins
//! over the environment, the environment over the file in the machine's folder, that over the user's own. A setting that
//! the command line rules out, or that needs an option which is not there, is left out. It must never take what it does
//! not know: an unknown key is an error with its file and line, since a setting that is silently without effect is worse.

mod file;

use super::CliError;
use crate::definition::nearest;
use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Command, ValueHint, parser::ValueSource};
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// What settings files are called.
const FILE_NAME: &str = "expressway.toml";
/// What variables of the environment begin with.
const PREFIX: &str = "EXPRESSWAY_";
/// Options that say which settings there are, and so cannot be settings themselves.
const NOT_SETTINGS: [&str; 4] = ["config", "no-config", "help", "version"];
/// Arguments that name a machine, in whose folder settings may stand.
const MACHINES: [&str; 3] = ["machine", "old", "suites"];

/// Where a setting stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    Variable(String),
    File { path: PathBuf, line_number: usize },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Variable(name) => f.write_str(name),
            Origin::File { path, line_number } => write!(f, "{}:{line_number}", path.display()),
        }
    }
}

/// What a setting says.
#[derive(Debug, Clone, PartialEq)]
enum Said {
    /// A flag is set, or is not.
    Flag(bool),
    /// An option's values.
    Values(Vec<OsString>),
}

/// One setting for the command at hand.
#[derive(Debug, Clone)]
struct Setting {
    option: String,
    said: Said,
    origin: Origin,
}

impl Setting {
    /// As it would stand on the command line.
    fn arguments(&self) -> Vec<OsString> {
        match &self.said {
            Said::Flag(true) => vec![format!("--{}", self.option).into()],
            Said::Flag(false) => Vec::new(),
            Said::Values(values) => {
                let option = |value: &OsString| {
                    let mut word = OsString::from(format!("--{}=", self.option));
                    word.push(value);
                    word
                };
                values.iter().map(option).collect()
            }
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.arguments();
        let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        match words.is_empty() {
            true => write!(f, "no --{} ({})", self.option, self.origin),
            false => write!(f, "{} ({})", words.join(" "), self.origin),
        }
    }
}

/// A command line with all that was taken from elsewhere.
pub(super) struct Complete {
    /// As it is understood now.
    pub matches: ArgMatches,
    /// Its words, the program's name first.
    pub words: Vec<OsString>,
    /// What was taken, and what was not, a line each.
    pub remarks: Vec<String>,
}

/// Takes what the command line does not say from the environment and from files.
pub(super) fn complete(command: &Command, words: Vec<OsString>, matches: ArgMatches) -> Result<Complete, CliError> {
    let mut built = command.clone();
    built.build();
    let Some((name, given)) = matches.subcommand() else {
        return Ok(Complete { matches, words, remarks: Vec::new() });
    };
    let Some(subcommand) = built.find_subcommand(name) else {
        return Ok(Complete { matches, words, remarks: Vec::new() });
    };
    let known: Vec<&Arg> = options(subcommand).collect();
    let mut remarks = Vec::new();
    let mut settings = from_environment(&known, &mut remarks)?;
    for path in files(given) {
        settings.extend(file::read(&path, &built, subcommand)?);
    }
    // The first to speak wins.
    let mut heard: Vec<String> = Vec::new();
    settings.retain(|setting| {
        let is_first = !heard.contains(&setting.option);
        heard.push(setting.option.clone());
        let id = known.iter().find(|arg| arg.get_long() == Some(&setting.option)).map(|arg| arg.get_id().as_str());
        is_first && id.is_some_and(|id| given.value_source(id) != Some(ValueSource::CommandLine))
    });
    let mut complete = Complete { matches, words, remarks };
    let mut taken = true;
    // One setting may be what another needs.
    while taken && !settings.is_empty() {
        taken = false;
        let mut left = Vec::new();
        for setting in settings {
            match complete.take(command, &setting)? {
                Ok(()) => taken = true,
                Err(why) => left.push((setting, why)),
            }
        }
        if !taken {
            complete.remarks.extend(left.iter().map(|(setting, why)| format!("not taken: {setting}, which {why}")));
        }
        settings = left.into_iter().map(|(setting, _)| setting).collect();
    }
    Ok(complete)
}

impl Complete {
    /// Takes a setting if the command line lets it; else says why not.
    fn take(&mut self, command: &Command, setting: &Setting) -> Result<Result<(), &'static str>, CliError> {
        let mut words = self.words.clone();
        // Behind two dashes there are no options.
        let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
        words.splice(end..end, setting.arguments());
        match command.clone().try_get_matches_from(&words) {
            Ok(matches) => {
                self.remarks.push(format!("taken: {setting}"));
                (self.matches, self.words) = (matches, words);
                Ok(Ok(()))
            }
            Err(error) => match error.kind() {
                ErrorKind::ArgumentConflict => Ok(Err("another option rules out")),
                ErrorKind::MissingRequiredArgument => Ok(Err("has no effect without another option")),
                _ => {
                    let text = error.to_string();
                    let first = text.lines().next().unwrap_or_default();
                    let reason = first.strip_prefix("error: ").unwrap_or(first);
                    Err(CliError::Usage(format!("{}: {reason}", setting.origin)))
                }
            },
        }
    }
}

/// The options that settings may give.
fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| arg.get_long().is_some_and(|long| !NOT_SETTINGS.contains(&long)))
}

/// Whether an option's value is the name of a file or a folder.
fn is_path(arg: &Arg) -> bool {
    matches!(arg.get_value_hint(), ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath)
}

/// The files that hold settings, those that win first.
fn files(given: &ArgMatches) -> Vec<PathBuf> {
    if let Some(path) = given.get_one::<PathBuf>("config") {
        return vec![path.clone()];
    }
    if given.get_flag("no_config") {
        return Vec::new();
    }
    if let Some(path) = std::env::var_os("EXPRESSWAY_CONFIG").filter(|path| !path.is_empty()) {
        return vec![PathBuf::from(path)];
    }
    let machine = MACHINES.iter().find_map(|id| given.try_get_raw(id).ok().flatten()?.next());
    let beside = machine.map(Path::new).map(|machine| match machine.is_dir() {
        true => machine.join(FILE_NAME),
        false => machine.with_file_name(FILE_NAME),
    });
    let home = || std::env::var_os("HOME").filter(|home| !home.is_empty()).map(|home| Path::new(&home).join(".config"));
    let own = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let own = own.or_else(home).map(|folder| folder.join("expressway").join(FILE_NAME));
    [beside, own].into_iter().flatten().filter(|path| path.is_file()).collect()
}

/// What variables say, in the order of their names.
fn from_environment(known: &[&Arg], remarks: &mut Vec<String>) -> Result<Vec<Setting>, CliError> {
    let mut variables: Vec<(String, OsString)> =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect();
    variables.sort();
    let mut settings = Vec::new();
    for (name, value) in variables {
        let Some(key) = name.strip_prefix(PREFIX) else { continue };
        let option = key.to_ascii_lowercase().replace('_', "-");
        if ["config", "scanner"].contains(&&*option) {
            continue;
        }
        let Some(arg) = known.iter().find(|arg| arg.get_long() == Some(&option)) else {
            // It may be meant for another command, or for another program altogether.
            let meant = nearest(&option, known.iter().filter_map(|arg| arg.get_long()));
            let meant = meant.map(|meant| format!("; did you mean {PREFIX}{}?", variable(meant))).unwrap_or_default();
            remarks.push(format!("not taken: {name}: this command has no --{option}{meant}"));
            continue;
        };
        let said = match arg.get_action().takes_values() {
            true => Said::Values(vec![value]),
            false => match value.to_str().map(str::to_ascii_lowercase).as_deref() {
                Some("1" | "true" | "yes" | "on") => Said::Flag(true),
                Some("" | "0" | "false" | "no" | "off") => Said::Flag(false),
                _ => {
                    let value = value.to_string_lossy();
                    return Err(CliError::Usage(format!("{name}: {value:?} is neither true nor false")));
                }
            },
        };
        settings.push(Setting { option, said, origin: Origin::Variable(name) });
    }
    Ok(settings)
}

/// An option's name as variables have it.
fn variable(option: &str) -> String {
    option.to_ascii_uppercase().replace('-', "_")
}

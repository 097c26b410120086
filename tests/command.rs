//! The command as a whole, run as a person runs it: help, settings, completions, the manual, and how it behaves on a terminal.

#[path = "command/help.rs"]
mod help;
#[path = "command/settings.rs"]
mod settings;
#[path = "command/terminal.rs"]
mod terminal;

use std::path::{Path, PathBuf};
use std::process::Command;

/// What a command came to.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

/// The command, with nothing in its environment that could be a setting.
fn bare(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_expressway"));
    let known = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("EXPRESSWAY_"));
    for (name, _) in known {
        command.env_remove(name);
    }
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI", "XDG_CONFIG_HOME"] {
        command.env_remove(name);
    }
    command.env("HOME", folder).env("TERM", "xterm-256color").current_dir(folder);
    command
}

fn ran(command: &mut Command) -> Ran {
    let output = command.output().expect("the command runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the command writes text");
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// A folder of a test's own, removed in the end.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("expressway-command-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the folder can be made");
        Folder { path }
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path.join(name);
        std::fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the folder can be made");
        std::fs::write(path, text).expect("the file can be written");
    }

    fn run(&self, words: &[&str]) -> Ran {
        ran(bare(&self.path).args(words))
    }

    fn run_with(&self, variables: &[(&str, &str)], words: &[&str]) -> Ran {
        ran(bare(&self.path).envs(variables.iter().copied()).args(words))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// A machine whose one function doubles a number, and events.
fn doubling(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write(
        "m/machine.asl.json",
        r#"{"StartAt": "Double", "States": {"Double": {"Type": "Task",
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:double", "End": true}}}"#,
    );
    folder.write(
        "m/handlers/double.asl.json",
        r#"{"StartAt": "Add", "States": {"Add": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, $.n)"}, "End": true}}}"#,
    );
    folder.write("m/events.jsonl", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
    folder
}

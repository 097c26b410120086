//! Where a machine comes from: a file, or a folder that stands for its parts; and who stands behind its tasks.

use super::{CliError, WorkflowType};
use crate::compile::{self, Options};
use crate::definition::diagnostic::render::{Style, render};
use crate::definition::{Definition, Diagnostic, MachineType, ParseOptions, Source};
use crate::handler::Handlers;
use crate::program::Program;
use clap::Args;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The machine and its handlers.
#[derive(Args, Debug, Clone)]
pub(super) struct MachineArguments {
    /// The definition: ASL as JSON or YAML, a SAM or CloudFormation template, or a folder that holds
    /// machine.asl.json (or template.yaml), handlers/ and mocks.json
    pub machine: PathBuf,
    /// The type of workflow [default: the template's, else standard]
    #[arg(long = "type", value_name = "TYPE")]
    pub workflow_type: Option<WorkflowType>,
    /// Folder of handlers written in ASL, FUNCTION.asl.json each [default: handlers/ beside the machine]
    #[arg(long, value_name = "DIR")]
    pub handlers: Option<PathBuf>,
}

/// A machine's definition, read.
pub(super) struct Machine {
    pub text: String,
    pub file_name: String,
    pub folder: PathBuf,
    pub machine_type: MachineType,
}

impl MachineArguments {
    /// Finds and reads the definition.
    pub fn read(&self) -> Result<Machine, CliError> {
        let file = if self.machine.is_dir() {
            let candidates = ["machine.asl.json", "machine.asl.yaml", "template.yaml", "template.yml", "template.json"];
            let found = candidates.iter().map(|name| self.machine.join(name)).find(|path| path.is_file());
            found.ok_or_else(|| {
                CliError::Usage(format!("{} holds none of {}", self.machine.display(), candidates.join(", ")))
            })?
        } else {
            self.machine.clone()
        };
        let text = read_text(&file)?;
        let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
        let machine_type = match self.workflow_type {
            Some(WorkflowType::Express) => MachineType::Express,
            Some(WorkflowType::Standard) | None => MachineType::Standard,
        };
        Ok(Machine { text, file_name: file.display().to_string(), folder, machine_type })
    }

    /// The handlers written in ASL, by function name.
    pub fn asl_handlers(&self, machine: &Machine) -> Result<BTreeMap<String, Definition>, CliError> {
        let folder = match &self.handlers {
            Some(folder) => folder.clone(),
            None => {
                let folder = machine.folder.join("handlers");
                if !folder.is_dir() {
                    return Ok(BTreeMap::new());
                }
                folder
            }
        };
        let mut handlers = BTreeMap::new();
        let io = |error| CliError::Io { path: folder.display().to_string(), error };
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(&folder).map_err(io)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>().map_err(io)?;
        files.sort();
        for file in files {
            let Some(name) = file.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_suffix(".asl.json")) else {
                continue;
            };
            let text = read_text(&file)?;
            let file_name = file.display().to_string();
            let definition = Definition::parse(&text, &file_name, &ParseOptions::default())
                .map_err(|diagnostics| refused(&diagnostics, &text, &file_name))?;
            handlers.insert(name.to_owned(), definition);
        }
        Ok(handlers)
    }
}

impl Machine {
    /// Parses the definition by all rules of creation.
    pub fn definition(&self) -> Result<Definition, Vec<Diagnostic>> {
        Definition::parse(&self.text, &self.file_name, &ParseOptions { machine_type: self.machine_type, ..ParseOptions::default() })
    }

    /// The diagnostics drawn with the source.
    pub fn draw(&self, diagnostics: &[Diagnostic]) -> String {
        draw(diagnostics, &self.text, &self.file_name)
    }
}

/// Compiles a definition; what this engine does not run is told like a refused definition.
pub(super) fn compile_program(
    definition: &Definition,
    asl_handlers: &BTreeMap<String, Definition>,
    handlers: &Handlers,
) -> Result<Program, CliError> {
    let bound = |name: &str| handlers.has_lambda(name);
    let options = Options { handlers: Some(asl_handlers), bound: Some(&bound) };
    compile::compile(definition, &options).map_err(|errors| {
        CliError::Usage(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

fn draw(diagnostics: &[Diagnostic], text: &str, file_name: &str) -> String {
    render(diagnostics, &Source::new(text, file_name), Style::Plain)
}

/// A definition that is refused.
pub(super) fn refused(diagnostics: &[Diagnostic], text: &str, file_name: &str) -> CliError {
    CliError::Usage(format!("the definition is refused\n{}", draw(diagnostics, text, file_name)))
}

/// Reads a whole file that must be text; `-` is stdin.
pub(super) fn read_text(path: &Path) -> Result<String, CliError> {
    let io = |error| CliError::Io { path: path.display().to_string(), error };
    if path == Path::new("-") {
        return std::io::read_to_string(std::io::stdin()).map_err(io);
    }
    std::fs::read_to_string(path).map_err(io)
}

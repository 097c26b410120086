//! Where a machine comes from: a file, or a folder that stands for its parts; and who stands behind its tasks.

use super::console::{on_stderr, style};
use super::replay::compile_instrumented;
use super::{CliError, WorkflowType};
use crate::compile::instrument::Instrument;
use crate::definition::diagnostic::render::render;
use crate::definition::template::{Refused, is_template};
use crate::definition::{Definition, Diagnostic, MachineType, Source, nearest};
use crate::embed::place::{self, MACHINE_FILES, Reading};
use crate::handler::{Handlers, MissingHandlers};
use crate::program::Program;
use crate::view::paint::Paint;
use clap::Args;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// Which state machine of a template, by its logical id [default: the only one]
    #[arg(long, value_name = "LOGICAL_ID")]
    pub resource: Option<String>,
    /// Value for ${NAME} in the definition; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    pub substitute: Vec<String>,
}

/// A machine's definition, read and checked.
pub(super) struct Machine {
    /// The definition, if it breaks no rule of creation.
    pub definition: Option<Definition>,
    /// Everything that was remarked, warnings included.
    pub diagnostics: Vec<Diagnostic>,
    /// The text that the diagnostics speak of.
    pub source: Arc<Source>,
    /// The folder that it was found in.
    pub folder: PathBuf,
    /// Its type: as asked for, else the template's, else standard.
    pub machine_type: MachineType,
}

impl MachineArguments {
    /// Finds, reads and checks the definition.
    pub fn read(&self) -> Result<Machine, CliError> {
        let file = place::machine_file(&self.machine).ok_or_else(|| {
            CliError::Usage(format!("{} holds none of {}", self.machine.display(), MACHINE_FILES.join(", ")))
        })?;
        let text = read_text(&file)?;
        let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
        let file_name = file.display().to_string();
        let asked = self.workflow_type.map(|workflow_type| match workflow_type {
            WorkflowType::Express => MachineType::Express,
            WorkflowType::Standard => MachineType::Standard,
        });
        let values = self.substitutions()?;
        if self.resource.is_some() && !is_template(&text, &file_name) {
            return Err(CliError::Usage(format!("--resource names a resource of a template, and {file_name} is none")));
        }
        let reading = Reading {
            file_name: &file_name,
            machine_type: asked,
            resource: self.resource.as_deref(),
            values: &values,
            open: &|path| place::read_inside(&folder, path),
        };
        let result = reading.definition(&text);
        let own = result.as_ref().ok().and_then(|definition| definition.machine_type);
        Ok(Machine::of(result, folder, asked.or(own).unwrap_or_default()))
    }

    fn substitutions(&self) -> Result<BTreeMap<String, String>, CliError> {
        let split = |pair: &String| match pair.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(CliError::Usage(format!("--substitute {pair}: expected NAME=VALUE"))),
        };
        self.substitute.iter().map(split).collect()
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
        for (name, file) in place::handler_files(&folder).map_err(io)? {
            let handler = place::handler(&read_text(&file)?, &file.display().to_string());
            let handler =
                handler.map_err(|(_, picture)| CliError::Usage(format!("the handler {name} is refused\n{picture}")))?;
            handlers.insert(name, handler);
        }
        Ok(handlers)
    }
}

impl Machine {
    fn of(result: Result<Definition, Refused>, folder: PathBuf, machine_type: MachineType) -> Machine {
        match result {
            Ok(definition) => Machine {
                diagnostics: definition.warnings.clone(),
                source: Arc::clone(&definition.source),
                definition: Some(definition),
                folder,
                machine_type,
            },
            Err(Refused { diagnostics, source }) => {
                Machine { definition: None, diagnostics, source, folder, machine_type }
            }
        }
    }

    /// The definition, or the refusal drawn with the source.
    pub fn accepted(&self) -> Result<&Definition, CliError> {
        let refused = || CliError::Usage(format!("the definition is refused\n{}", self.draw(on_stderr())));
        self.definition.as_ref().ok_or_else(refused)
    }

    /// The diagnostics drawn with the source.
    pub fn draw(&self, paint: Paint) -> String {
        render(&self.diagnostics, &self.source, style(paint))
    }
}

/// Tells which functions are missing, which were perhaps meant, and what can be done.
pub(super) fn missing(
    found: &MissingHandlers,
    handlers: &Handlers,
    asl_handlers: &BTreeMap<String, Definition>,
) -> CliError {
    let mut text = found.to_string();
    let known = || handlers.names().chain(asl_handlers.keys().map(String::as_str));
    for name in found.missing.keys() {
        if let Some(meant) = nearest(name, known()) {
            text.push_str(&format!("\nthere is a function '{meant}'; is that what {name} should be?"));
        }
    }
    text.push_str(
        "\nPut a FUNCTION.asl.json for each into a folder and name it with --handlers, name their code with --lambda, or mock their states with --mock",
    );
    CliError::Usage(text)
}

/// Compiles a definition; what this engine does not run is told like a refused definition.
pub(super) fn compile_program(
    definition: &Definition,
    asl_handlers: &BTreeMap<String, Definition>,
    handlers: &Handlers,
) -> Result<Program, CliError> {
    compile_instrumented(definition, asl_handlers, handlers, Instrument::Plain)
}

/// Reads a whole file that must be text; `-` is stdin.
pub(super) fn read_text(path: &Path) -> Result<String, CliError> {
    let io = |error| CliError::Io { path: path.display().to_string(), error };
    if path == Path::new("-") {
        return std::io::read_to_string(std::io::stdin()).map_err(io);
    }
    std::fs::read_to_string(path).map_err(io)
}

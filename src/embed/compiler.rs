//! From a definition's text to a program in one call.
//!
//! Flows in: the text of a machine or of a template that declares one, functions written in ASL, values to put in.
//! Flows out: a [`Program`], or everything that is wrong, drawn with its source. It must never touch a file but where it
//! is given a path.

use super::place::{self, MACHINE_FILES, Reading};
use crate::compile::{self, CompileError, Options};
use crate::definition::diagnostic::render::{Style, render};
use crate::definition::template::Refused;
use crate::definition::{Definition, Diagnostic, MachineType};
use crate::handler::Handlers;
use crate::program::Program;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

/// What a program is compiled from besides its text: all that the command's options say of it.
///
/// ```
/// use expressway::Compiler;
/// let program = Compiler::new()
///     .substitute("Function", "arn:aws:lambda:us-east-1:123456789012:function:greet")
///     .asl_handler("greet", r#"{"StartAt": "R", "States": {"R": {"Type": "Pass", "Result": "Hello!", "End": true}}}"#)
///     .compile(r#"{"StartAt": "G", "States": {"G": {"Type": "Task", "Resource": "${Function}", "End": true}}}"#)?;
/// assert_eq!(program.states().len(), 2);
/// # Ok::<(), expressway::embed::CompileFailure>(())
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Compiler {
    file_name: Option<String>,
    machine_type: Option<MachineType>,
    resource: Option<String>,
    values: BTreeMap<String, String>,
    /// Functions written in ASL: each one's text, and what messages call it.
    asl: BTreeMap<String, (String, String)>,
    native: Option<Handlers>,
}

/// Why there is no program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileFailure {
    /// The definition breaks rules of creation.
    #[error("the definition is refused\n{picture}")]
    Definition {
        /// Every diagnostic, warnings included.
        diagnostics: Vec<Diagnostic>,
        /// The same, drawn with the source.
        picture: String,
    },
    /// A function written in ASL breaks them.
    #[error("the handler {name} is refused\n{picture}")]
    Handler {
        /// The function.
        name: String,
        /// Every diagnostic, warnings included.
        diagnostics: Vec<Diagnostic>,
        /// The same, drawn with the source.
        picture: String,
    },
    /// It asks for what this engine does not run.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Unsupported(Vec<CompileError>),
    /// A file cannot be read.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
}

impl Program {
    /// Compiles a definition: JSON, or YAML if it is not, or a SAM or CloudFormation template with one state machine.
    /// [`Compiler`] takes all else that may be said.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, not only the first thing.
    ///
    /// ```
    /// use expressway::Program;
    /// let program = Program::compile(r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#).unwrap();
    /// assert_eq!(&*program.states()[0].name, "A");
    /// let refused = Program::compile(r#"{"StartAt": "A"}"#).unwrap_err();
    /// assert!(refused.to_string().contains("These fields are required: [States]"));
    /// ```
    pub fn compile(text: &str) -> Result<Program, CompileFailure> {
        Compiler::new().compile(text)
    }
}

impl Compiler {
    /// A Standard workflow, or what the template says, with nothing put in.
    pub fn new() -> Compiler {
        Compiler::default()
    }

    /// What messages call the text; its extension tells YAML from JSON.
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// The type of workflow whose rules it is held to; a template's own unless this is said.
    pub fn machine_type(mut self, machine_type: MachineType) -> Self {
        self.machine_type = Some(machine_type);
        self
    }

    /// Which state machine of a template, by its logical id.
    pub fn resource(mut self, logical_id: impl Into<String>) -> Self {
        self.resource = Some(logical_id.into());
        self
    }

    /// A value for `${NAME}` in the definition.
    pub fn substitute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }

    /// The body of a Lambda function, written as a small state machine; it is compiled in.
    pub fn asl_handler(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        let name = name.into();
        let file_name = format!("{name}.asl.json");
        self.asl.insert(name, (text.into(), file_name));
        self
    }

    /// The functions that the program will run with: those win over functions of the same names written in ASL.
    pub fn handlers(mut self, handlers: &Handlers) -> Self {
        self.native = Some(handlers.clone());
        self
    }

    /// Compiles a text.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, or with the functions written in ASL. A template's files cannot be read from
    /// here: [`compile_file`](Self::compile_file) can.
    pub fn compile(&self, text: &str) -> Result<Program, CompileFailure> {
        let guessed = if text.trim_start().starts_with('{') { "machine.asl.json" } else { "machine.asl.yaml" };
        let open = |_: &Path| Err(std::io::Error::other("it is beside a template that was given as text only"));
        self.finish(self.definition(text, self.file_name.as_deref().unwrap_or(guessed), &open)?)
    }

    /// Compiles a file; or a folder with `machine.asl.json` (or `.yaml`, or `template.yaml`), with the functions that are
    /// in its `handlers/` as `FUNCTION.asl.json`.
    ///
    /// # Errors
    ///
    /// Files that cannot be read, and everything that is wrong with what is in them.
    pub fn compile_file(&self, path: impl AsRef<Path>) -> Result<Program, CompileFailure> {
        let path = path.as_ref();
        let mut compiler = self.clone();
        // If there is none, it is the first that is missed.
        let file = place::machine_file(path).unwrap_or_else(|| path.join(MACHINE_FILES[0]));
        let folder = file.parent().map(Path::to_owned).unwrap_or_default();
        compiler.add_asl_handlers(&folder.join("handlers"))?;
        let open = |path: &Path| place::read_inside(&folder, path);
        let name = file.display().to_string();
        compiler.finish(compiler.definition(&read(&file)?, compiler.file_name.as_deref().unwrap_or(&name), &open)?)
    }

    fn add_asl_handlers(&mut self, folder: &Path) -> Result<(), CompileFailure> {
        if !folder.is_dir() {
            return Ok(());
        }
        let io = |error| CompileFailure::File { path: folder.to_owned(), error };
        for (name, path) in place::handler_files(folder).map_err(io)? {
            if let Entry::Vacant(place) = self.asl.entry(name) {
                place.insert((read(&path)?, path.display().to_string()));
            }
        }
        Ok(())
    }

    fn definition(
        &self,
        text: &str,
        file_name: &str,
        open: &dyn Fn(&Path) -> std::io::Result<String>,
    ) -> Result<Definition, CompileFailure> {
        let Compiler { machine_type, resource, values, .. } = self;
        let reading = Reading { file_name, machine_type: *machine_type, resource: resource.as_deref(), values, open };
        reading.definition(text).map_err(|Refused { diagnostics, source }| {
            let picture = render(&diagnostics, &source, Style::Plain);
            CompileFailure::Definition { diagnostics, picture }
        })
    }

    fn finish(&self, definition: Definition) -> Result<Program, CompileFailure> {
        let mut asl = BTreeMap::new();
        for (name, (text, file_name)) in &self.asl {
            let refused = |(diagnostics, picture)| CompileFailure::Handler { name: name.clone(), diagnostics, picture };
            asl.insert(name.clone(), place::handler(text, file_name).map_err(refused)?);
        }
        let bound = |name: &str| self.native.as_ref().is_some_and(|native| native.has_lambda(name));
        let options = Options { handlers: Some(&asl), bound: Some(&bound) };
        compile::compile(&definition, &options).map_err(CompileFailure::Unsupported)
    }
}

fn read(path: &Path) -> Result<String, CompileFailure> {
    std::fs::read_to_string(path).map_err(|error| CompileFailure::File { path: path.to_owned(), error })
}

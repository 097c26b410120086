//! Definition → program: paths, templates, comparators and patterns become instructions; nothing is left to be read from
//! text at run time.
//!
//! Flows in: a [`Definition`] that has passed the rules of creation, and the definitions of handlers written in ASL.
//! Flows out: a verified [`Program`]. It must never run anything, and never look at an event.
//!
//! | file | holds |
//! | --- | --- |
//! | `scope` | states in order, transitions, the steps that all state types share |
//! | `state` | Pass, Wait, Succeed, Fail |
//! | `choice` | rules to jumps, runs of StringEquals to tables |
//! | `task` | Task: resources, handlers, limits; Retry and Catch |
//! | `fan_out` | Map and Parallel |
//! | [`instrument`] | programs that count where executions come by, or note what they decide |
//! | `template` | payload templates, paths and intrinsic functions to stack code |
//! | `provenance` | where a state's document is still the execution's input, word for word |
//! | `shortcut` | ways that only the input decides, followed to their ends |

mod choice;
mod fan_out;
pub mod instrument;
pub mod jsonata;
mod provenance;
mod scope;
mod shortcut;
mod state;
mod task;
mod template;

use crate::definition::Definition;
use crate::program::verify::VerifyError;
use crate::program::{Addr, Builder, HandlerId, Program, Register, VariableId};
use instrument::{Instrument, Mark};
use std::collections::{BTreeMap, HashMap};

/// What a program is compiled from besides the machine itself.
#[derive(Clone, Copy, Default)]
pub struct Options<'d> {
    /// Handlers written in ASL, by function name: they are compiled in and need nobody behind them.
    pub handlers: Option<&'d BTreeMap<String, Definition>>,
    /// Names that somebody else stands behind already (a mock, a native function): an ASL handler of that name is left
    /// out.
    pub bound: Option<&'d dyn Fn(&str) -> bool>,
}

/// Why a definition cannot be compiled although it breaks no rule of the language.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// Something this engine does not run.
    #[error("{location}: {what}")]
    Unsupported {
        /// Where: `/States/X/ItemReader`.
        location: String,
        /// What, and what to do instead.
        what: String,
    },
    /// The compiled program does not hold together: a mistake of ours.
    #[error("the compiled program is not sound (please report this): {0}")]
    Verify(#[from] VerifyError),
}

/// Compiles a machine, with the handlers that are written in ASL.
///
/// # Errors
///
/// Everything in the machine or its handlers that this engine does not run, not only the first thing.
pub fn compile(definition: &Definition, options: &Options) -> Result<Program, Vec<CompileError>> {
    compile_with(definition, options, Instrument::Plain, None)
}

/// Compiles with that instrumentation; handlers written in ASL are left out of states that are mocked.
fn compile_with<'d>(
    definition: &'d Definition,
    options: &Options<'d>,
    instrument: Instrument,
    mocked: Option<&'d dyn Fn(&str) -> bool>,
) -> Result<Program, Vec<CompileError>> {
    let mut compiler = Compiler {
        builder: Builder::default(),
        options: *options,
        instrument,
        mocked,
        errors: Vec::new(),
        functions: HashMap::new(),
        waiting: Vec::new(),
        documents: Documents::default(),
        handler: None,
    };
    compiler.builder.timeout_seconds = definition.timeout_seconds;
    compiler.builder.instrument = instrument;
    compiler.machine(definition);
    if !compiler.errors.is_empty() {
        return Err(compiler.errors);
    }
    let mut program = compiler.builder.finish().map_err(|e| vec![CompileError::Verify(e)])?;
    // What is told without being run comes by nothing that could be counted, but for the states that it enters.
    if !instrument.covers() {
        shortcut::add(&mut program);
    }
    Ok(program)
}

/// A variable of the machine, or of one of its handlers.
fn scoped_variable(builder: &mut Builder, handler: Option<&str>, name: &str) -> VariableId {
    match handler {
        Some(handler) => builder.variable(&format!("{name} of {handler}")),
        None => builder.variable(name),
    }
}

/// A compilation under way.
struct Compiler<'d> {
    builder: Builder,
    options: Options<'d>,
    instrument: Instrument,
    /// States whose tasks somebody else answers, whatever function they name.
    mocked: Option<&'d dyn Fn(&str) -> bool>,
    errors: Vec<CompileError>,
    /// Where the code of ASL handlers begins, by name and by whether their event is the execution's input.
    functions: HashMap<(String, bool), Addr>,
    /// Scopes that are still to be compiled: branches, item processors, handlers.
    waiting: Vec<Waiting<'d>>,
    /// Which registers hold the execution's input word for word, at the instruction being emitted.
    documents: Documents,
    /// The handler written in ASL whose code is being emitted.
    handler: Option<Box<str>>,
}

/// Which document registers hold the execution's input, word for word.
#[derive(Clone, Copy, Default, Debug)]
struct Documents {
    doc: bool,
    eff: bool,
    res: bool,
}

impl Documents {
    fn holds(self, register: Register) -> bool {
        match register {
            Register::Doc => self.doc,
            Register::Eff => self.eff,
            Register::Res => self.res,
            Register::Out => false,
        }
    }
}

/// A scope whose code comes later.
struct Waiting<'d> {
    scope: &'d crate::definition::Scope,
    source: &'d crate::definition::Source,
    entry: Addr,
    within: Option<HandlerId>,
    /// What is counted when it begins.
    mark: Option<Mark>,
    /// Whether its first document is the execution's input.
    input: bool,
}

impl<'d> Compiler<'d> {
    /// A variable. Those of a handler are its own: it sees none of its caller's.
    fn variable(&mut self, name: &str) -> VariableId {
        scoped_variable(&mut self.builder, self.handler.as_deref(), name)
    }

    fn unsupported(&mut self, location: &str, what: impl Into<String>) {
        self.errors.push(CompileError::Unsupported { location: location.to_owned(), what: what.into() });
    }
}

#[cfg(test)]
mod tests;

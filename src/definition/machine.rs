//! A state machine as it was written: scopes of states with everything that the language says about each.
//!
//! Flows in: what the readers of [`super`] made of a text. Flows out: [`Definition`] and [`State`], which `compile`
//! turns into a program. Nothing here is executed and nothing refers to bytecode; a definition that exists has passed
//! every rule of creation, so that whoever reads one needs no error path for what the rules exclude.

use std::sync::Arc;

use super::choice::Choice;
use super::diagnostic::Diagnostic;
use super::fail::Fail;
use super::fan_out::{Map, Parallel};
use super::path::PathField;
use super::payload::{Assign, Template};
use super::source::Source;
use super::task::Task;
use super::wait::Wait;
use crate::value::tree::{Node, Span};

/// Which language the dynamic fields of a state are written in (`QueryLanguage`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum QueryLanguage {
    /// Paths, payload templates and intrinsic functions; the default.
    #[default]
    JsonPath,
    /// JSONata expressions between `{%` and `%}`.
    Jsonata,
}

impl QueryLanguage {
    /// The name as the language writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            QueryLanguage::JsonPath => "JSONPath",
            QueryLanguage::Jsonata => "JSONata",
        }
    }
}

/// The two kinds of state machine that AWS knows; some rules of creation differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum MachineType {
    /// `STANDARD`: the whole language.
    #[default]
    Standard,
    /// `EXPRESS`: no callbacks, no `.sync`, no activities, no distributed Map.
    Express,
}

impl MachineType {
    /// The name as AWS writes it: `STANDARD` or `EXPRESS`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            MachineType::Standard => "STANDARD",
            MachineType::Express => "EXPRESS",
        }
    }
}

/// A whole state machine that has passed every rule of creation.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The top level `Comment`.
    pub comment: Option<Box<str>>,
    /// The top level `Version`; `"1.0"` where given.
    pub version: Option<Box<str>>,
    /// The limit of a whole execution in seconds (top level `TimeoutSeconds`; 0 is legal here).
    pub timeout_seconds: Option<u64>,
    /// The top level `QueryLanguage`: what states without their own use.
    pub query_language: QueryLanguage,
    /// The outermost `States` block.
    pub root: Scope,
    /// The text that it was read from, to turn spans into lines.
    pub source: Arc<Source>,
    /// The type that a SAM or CloudFormation template gave, if it came from one.
    pub machine_type: Option<MachineType>,
    /// What is suspicious but legal.
    pub warnings: Vec<Diagnostic>,
}

/// The position of a state in the `states` of its own [`Scope`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateIndex(u32);

impl StateIndex {
    pub(super) fn new(index: usize) -> Self {
        // A definition text is at most 4 GiB (spans are 32 bit), so it cannot hold more states than this counts.
        StateIndex(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The index into [`Scope::states`].
    #[must_use]
    pub fn get(self) -> usize {
        self.0 as usize
    }
}

/// One `States` block with its `StartAt`: the machine itself, a branch, or an item processor.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The state in which it begins.
    pub start_at: StateIndex,
    /// The states in the order of the text; transitions point into this list only.
    pub states: Vec<State>,
    /// Where the object stood that holds `StartAt` and `States`.
    pub span: Span,
    /// Its location: empty for the machine, `/States/P/Branches[0]` for a branch.
    pub location: Box<str>,
    /// The scope's own `Comment`.
    pub comment: Option<Box<str>>,
}

impl Scope {
    /// The state of that index; `None` only for an index of another scope.
    #[must_use]
    pub fn state(&self, index: StateIndex) -> Option<&State> {
        self.states.get(index.get())
    }
}

/// One state.
#[derive(Clone, Debug)]
pub struct State {
    /// Its name, unique over the whole machine.
    pub name: Box<str>,
    /// Where it is, as AWS writes locations: `/States/M/ItemProcessor/States/P`.
    pub location: Box<str>,
    /// Where its object stood in the text.
    pub span: Span,
    /// Where its name stood in the text.
    pub name_span: Span,
    /// The language of its dynamic fields: its own, or else the machine's (never the enclosing Map's or Parallel's).
    pub query_language: QueryLanguage,
    /// Its `Comment`.
    pub comment: Option<Box<str>>,
    /// What it does.
    pub kind: StateKind,
    /// Where it goes on.
    pub flow: Flow,
    /// `InputPath` (JSONPath; `Default` on Fail, which has none).
    pub input_path: PathField,
    /// `OutputPath` (JSONPath; `Default` on Fail, which has none).
    pub output_path: PathField,
    /// `Assign` of a JSONPath state. For a Choice it is what applies when `Default` is taken.
    pub assign: Option<Assign>,
    /// The fields that only a JSONata state has; `None` for a JSONPath state.
    pub jsonata: Option<Box<JsonataFields>>,
}

/// Where a state goes on when its work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// `Next`
    Next(StateIndex),
    /// `"End": true`
    End,
    /// The kind itself says it: Choice, Succeed, Fail.
    None,
}

/// The eight kinds of state with what is special to each.
#[derive(Clone, Debug)]
pub enum StateKind {
    /// Copies, or makes a value.
    Pass(Box<Pass>),
    /// Calls a resource.
    Task(Box<Task>),
    /// Decides where to go.
    Choice(Box<Choice>),
    /// Lets time pass.
    Wait(Box<Wait>),
    /// Ends its scope well.
    Succeed,
    /// Ends its scope with an error.
    Fail(Box<Fail>),
    /// Runs branches side by side.
    Parallel(Box<Parallel>),
    /// Runs one processor over many items.
    Map(Box<Map>),
}

impl StateKind {
    /// The name as `Type` has it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            StateKind::Pass(_) => "Pass",
            StateKind::Task(_) => "Task",
            StateKind::Choice(_) => "Choice",
            StateKind::Wait(_) => "Wait",
            StateKind::Succeed => "Succeed",
            StateKind::Fail(_) => "Fail",
            StateKind::Parallel(_) => "Parallel",
            StateKind::Map(_) => "Map",
        }
    }
}

/// What a Pass state adds to the common fields.
#[derive(Clone, Debug, Default)]
pub struct Pass {
    /// `Parameters`
    pub parameters: Option<Template>,
    /// `Result`: copied as it stands, keys ending in `.$` included.
    pub result: Option<Node>,
    /// `ResultPath`
    pub result_path: PathField,
}

/// The fields of JSONata states, catchers and choice rules, as the JSON that was written.
///
/// A string that begins with `{%` and ends with `%}` anywhere inside is an expression, everything else is literal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JsonataFields {
    /// `Arguments` of Task and Parallel.
    pub arguments: Option<Node>,
    /// `Output`
    pub output: Option<Node>,
    /// `Assign`: an object, name to value.
    pub assign: Option<Node>,
    /// `Items` of Map: an expression or a literal array.
    pub items: Option<Node>,
    /// `ItemSelector` of Map.
    pub item_selector: Option<Node>,
}

/// A string field of a JSONata state that holds an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// The text between `{%` and `%}`, trimmed.
    pub text: Box<str>,
    /// Where the string stood, quotes included.
    pub span: Span,
}

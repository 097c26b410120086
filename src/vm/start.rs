//! What an execution starts with.
//!
//! Flows in: from whoever drives executions, for each of them. It must never hold anything that one execution leaves to
//! the next.

use super::budget::Limits;
use super::context::Names;
use super::seed::Seed;
use crate::value::Value;
use crate::value::raw::Form;
use crate::value::scan::{Slot, Tokens};

/// What an execution starts from: a document, and what a scanner already knows of it.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The document as a whole.
    pub value: Value<'a>,
    /// Its text, if the slots are known.
    pub text: &'a str,
    /// In what the text may differ from the compact form.
    pub form: Form,
    /// The values of the program's [slots](crate::program::Program::slots), as bounds in `text`; empty if no scanner has looked for
    /// them: then they are looked up when they are wanted.
    pub slots: &'a [Slot],
    /// The tokens of the text, if a scanner has left them: values are opened by them where they are looked into.
    pub tokens: Option<Tokens<'a>>,
}

impl<'a> Input<'a> {
    /// A document of which no slots are known.
    pub fn whole(value: Value<'a>) -> Input<'a> {
        Input { value, text: "", form: Form::COMPACT, slots: &[], tokens: None }
    }
}

/// What all executions of a run share.
///
/// ```
/// use expressway::vm::{Limits, Names, Settings};
/// use expressway::{Executor, Handlers, Program};
/// let program = Program::compile(r#"{"StartAt": "A", "States": {"A": {"Type": "Pass",
///     "Parameters": {"of.$": "$$.StateMachine.Name"}, "Next": "B"}, "B": {"Type": "Succeed"}}}"#)?;
/// let names = Names { machine: "two".to_owned(), ..Names::default() };
/// let executor = Executor::new(program, &Handlers::new())?;
/// let named = executor.clone().settings(Settings { names, ..Settings::default() });
/// assert_eq!(named.run("{}")?.output.as_deref(), Some(r#"{"of":"two"}"#));
/// let limits = Limits { steps: 1, ..Limits::EXPRESS };
/// let short = executor.settings(Settings { limits, ..Settings::default() });
/// assert_eq!(short.run("{}")?.limit, Some("steps"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The limits.
    pub limits: Limits,
    /// Who the machine and its executions are, for the context object.
    pub names: Names,
}

/// What one execution starts with.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// The input.
    pub input: Input<'a>,
    /// Where its random numbers come from.
    pub seed: Seed,
    /// Its clock, in milliseconds since 1970.
    pub now_ms: i64,
    /// Whether its history is kept.
    pub history: bool,
}

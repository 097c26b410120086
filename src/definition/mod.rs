//! Amazon States Language text → typed definition with positions, and every diagnostic.
//!
//! Flows in: a JSON or YAML text (or a SAM/CloudFormation template that holds one). Flows out: a [`Definition`] that has
//! passed all rules of creation, or every [`Diagnostic`] at once, never only the first. It must never know of bytecode,
//! run anything, or touch a file: whoever has the text gives it.
//!
//! | module | holds |
//! | --- | --- |
//! | [`machine`], [`task`], [`choice`], [`wait`], [`fail`], [`fan_out`] | the types, one file for each kind of state |
//! | [`jsonata`] | JSONata expressions
//! | [`path`], [`payload`] | paths and payload templates as fields hold them |
//! | [`diagnostic`], [`source`] | what is wrong, where, and how it is drawn |
//! | `text`, `yaml` | a text → a tree: JSON or YAML, and what is said of a text that is neither |
//! | [`template`] | SAM and CloudFormation templates that hold machines |
//! | `read` | a tree → the types, with the rules of creation, one file for each family of fields |

pub mod choice;
pub mod diagnostic;
pub mod fail;
pub mod fan_out;
pub mod jsonata;
pub mod machine;
pub mod path;
pub mod payload;
mod read;
pub mod source;
pub mod task;
pub mod template;
mod text;
pub mod wait;
mod yaml;

use std::sync::Arc;

pub use choice::{Choice, ChoiceRule, Comparator, Condition, DataTest, Operand};
pub use diagnostic::{Code, Diagnostic, Severity};
pub use fail::{Fail, FailText};
pub use fan_out::{Count, ItemBatcher, Map, Parallel, Percentage, ProcessorMode, ResultWriter, Transformation};
pub use machine::{
    Definition, Expression, Flow, JsonataFields, MachineType, Pass, QueryLanguage, Scope, State, StateIndex, StateKind,
};
pub use path::{Head, NotAPath, PathExpr, PathField};
pub use payload::{Assign, Intrinsic, IntrinsicArg, Template, TemplateMember};
pub(crate) use read::suggest::nearest;
pub use read::vocabulary::{Vocabulary, vocabulary};
pub use source::{Position, Source};
pub use task::{Catcher, JitterStrategy, Pattern, Resource, Retrier, Task, TimeLimit};
pub use wait::Wait;

use crate::value::tree::Node;

/// What a definition is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ParseOptions {
    /// The kind of machine: EXPRESS refuses callbacks, `.sync`, activities and distributed Maps.
    pub machine_type: MachineType,
}

/// Reads a JSON or YAML text as a tree, as definitions are read; `file_name` tells which of the two it is.
///
/// ```
/// let tree = expressway::definition::read_document("a: [1, yes]", "x.yaml").unwrap();
/// assert_eq!(tree.to_json(), r#"{"a":[1,"yes"]}"#);
/// ```
///
/// # Errors
/// The diagnostic that says where reading stopped.
pub fn read_document(text: &str, file_name: &str) -> Result<Node, Box<Diagnostic>> {
    text::tree(text, file_name)
}

impl Definition {
    /// Reads a definition; `file_name` is only shown, and its extension tells YAML from JSON.
    ///
    /// # Errors
    /// Every diagnostic, warnings included, if one of them is an error.
    ///
    /// ```
    /// use expressway::definition::{Definition, ParseOptions};
    /// let text = r#"{"StartAt": "Coat", "States": {"Coat": {"Type": "Pass", "Result": "warm", "End": true}}}"#;
    /// let definition = Definition::parse(text, "coat.asl.json", &ParseOptions::default()).unwrap();
    /// assert_eq!(&*definition.root.states[0].name, "Coat");
    ///
    /// let wrong = Definition::parse(r#"{"StartAt": "Coat"}"#, "coat.asl.json", &ParseOptions::default());
    /// assert_eq!(wrong.unwrap_err()[0].message, "These fields are required: [States]");
    /// ```
    pub fn parse(text: &str, file_name: &str, options: &ParseOptions) -> Result<Definition, Vec<Diagnostic>> {
        let tree = text::tree(text, file_name).map_err(|diagnostic| vec![*diagnostic])?;
        Definition::from_tree(tree, Arc::new(Source::new(text, file_name)), options)
    }

    /// Reads a definition from a tree whose spans point into `source`.
    ///
    /// # Errors
    /// Every diagnostic, warnings included, if one of them is an error.
    pub fn from_tree(tree: Node, source: Arc<Source>, options: &ParseOptions) -> Result<Definition, Vec<Diagnostic>> {
        let (top, diagnostics) = examine(tree, options);
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err(diagnostics);
        }
        // Without an error there is a root: its absence is always diagnosed.
        let Some(root) = top.root else {
            return Err(diagnostics);
        };
        Ok(Definition {
            comment: top.comment,
            version: top.version,
            timeout_seconds: top.timeout_seconds,
            query_language: top.query_language,
            root,
            source,
            machine_type: None,
            warnings: diagnostics,
        })
    }
}

/// Everything that is wrong with a definition, or suspicious, in AWS's order: errors as AWS's validation reports them,
/// then warnings.
///
/// ```
/// use expressway::definition::{ParseOptions, check};
/// let found = check(r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"}}}"#, "a.json", &ParseOptions::default());
/// assert_eq!(found[0].message, "Missing 'Next' target: B");
/// assert_eq!(found[0].location.as_deref(), Some("/States/A/Next"));
/// ```
#[must_use]
pub fn check(text: &str, file_name: &str, options: &ParseOptions) -> Vec<Diagnostic> {
    match text::tree(text, file_name) {
        Ok(tree) => examine(tree, options).1,
        Err(diagnostic) => vec![*diagnostic],
    }
}

fn examine(mut tree: Node, options: &ParseOptions) -> (read::TopLevel, Vec<Diagnostic>) {
    let warnings = read::tidy::tidy(&mut tree);
    let (top, mut diagnostics) = read::read(&tree, options.machine_type);
    diagnostics.extend(warnings);
    diagnostics.sort_by_key(|diagnostic| !diagnostic.is_error());
    (top, diagnostics)
}

#[cfg(test)]
mod tests;

//! Payload templates: JSON in which members whose name ends in `.$` are computed (`Parameters`, `ResultSelector`,
//! `ItemSelector`, `Assign`), and the intrinsic functions that such members may call.
//!
//! Flows in: a JSON node of a JSONPath state. Flows out: a [`Template`] tree whose parts without anything to compute are
//! collapsed into [`Template::Literal`]. Nothing here is evaluated.

use super::path::PathExpr;
use crate::value::tree::{Node, Span};

/// A payload template.
#[derive(Clone, Debug, PartialEq)]
pub enum Template {
    /// Copied as it stands.
    Literal(Node),
    /// An object with at least one computed part, members in the order of the text.
    Object(Vec<TemplateMember>),
    /// An array with at least one computed part.
    Array(Vec<Template>),
    /// The value of a `.$` member that starts with `$`.
    Path(PathExpr),
    /// The value of any other `.$` member.
    Intrinsic(Intrinsic),
}

/// One member of a template object.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateMember {
    /// The key of the result: without `.$`.
    pub key: Box<str>,
    /// The key as it was written, which run-time errors name.
    pub field: Box<str>,
    /// Where the key stood.
    pub key_span: Span,
    /// The value.
    pub value: Template,
}

/// `Assign` of a JSONPath state: variable names in the order of the text, each with its template.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Assign {
    /// The assignments; [`TemplateMember::key`] is the variable's name without `$`.
    pub variables: Vec<TemplateMember>,
    /// Where the object stood.
    pub span: Span,
}

/// A call of an intrinsic function.
#[derive(Clone, Debug, PartialEq)]
pub struct Intrinsic {
    /// The full name, `States.Format`; always one of the eighteen.
    pub function: Box<str>,
    /// The arguments; their number and types are checked when it runs, as AWS does.
    pub args: Vec<IntrinsicArg>,
    /// The call as it was written.
    pub text: Box<str>,
    /// Where the string that holds the outermost call stood, quotes included.
    pub span: Span,
}

/// One argument of an intrinsic function.
#[derive(Clone, Debug, PartialEq)]
pub enum IntrinsicArg {
    /// A string literal.
    String {
        /// All escapes resolved: `\'`, `\{`, `\}`, `\\`.
        text: Box<str>,
        /// As it was written between the quotes: `States.Format` needs to tell `\{` from `{`.
        raw: Box<str>,
    },
    /// A number, as it was written.
    Number(Box<str>),
    /// `true` or `false`
    Bool(bool),
    /// `null`
    Null,
    /// A path.
    Path(PathExpr),
    /// A nested call.
    Call(Intrinsic),
}

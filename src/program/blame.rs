//! What an error text says of the expression that failed: the field and the text as the author wrote them.
//!
//! Kept apart from the instructions because it is only looked at when something has failed.

/// Whose fault a failed expression is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// A path of a payload template, or ErrorPath and CausePath.
    Template {
        /// The field, suffix included: `k.$`.
        field: Box<str>,
        /// The path as written.
        path: Box<str>,
    },
    /// A path that is an argument of an intrinsic function.
    Argument {
        /// The outermost call as written.
        call: Box<str>,
        /// The path as written.
        path: Box<str>,
    },
    /// An intrinsic function that refused its arguments.
    Call {
        /// The outermost call as written.
        call: Box<str>,
    },
    /// InputPath, OutputPath, TimeoutSecondsPath, HeartbeatSecondsPath and others that take a plain path.
    Field {
        /// The field's name.
        field: Box<str>,
        /// The path as written.
        path: Box<str>,
    },
    /// ItemsPath.
    Items {
        /// The path as written.
        path: Box<str>,
    },
    /// A JSONata expression.
    Expression {
        /// The field, with the way to it: `Output/a[0]`, `Choices[1]/Condition`.
        field: Box<str>,
        /// The text between `{%` and `%}`, trimmed.
        text: Box<str>,
    },
    /// The input of a JSONata Map that has no Items.
    MapInput,
    /// Variable of a Choice rule, or the operand of a comparator that takes a path.
    Condition {
        /// The path as written.
        path: Box<str>,
    },
}

impl std::fmt::Display for Blame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Blame::Template { field, path } => write!(f, "'{field}' {path}"),
            Blame::Argument { call, path } => write!(f, "{path} in {call}"),
            Blame::Call { call } => f.write_str(call),
            Blame::Field { field, path } => write!(f, "{field} {path}"),
            Blame::Expression { field, .. } => f.write_str(field),
            Blame::MapInput => f.write_str("Map state input"),
            Blame::Items { path } => write!(f, "ItemsPath {path}"),
            Blame::Condition { path } => write!(f, "Variable {path}"),
        }
    }
}

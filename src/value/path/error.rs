//! Why a text is no path, and where.
//!
//! It must never hold more than the reason: who shows it knows the text.

/// A text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset} of the path")]
pub struct PathError {
    /// Byte offset into the text at which it stops being a path.
    pub offset: usize,
    /// What is wrong there.
    pub kind: PathErrorKind,
}

impl PathError {
    /// What is wrong, in words, without the offset.
    pub fn message(&self) -> String {
        self.kind.to_string()
    }
}

/// The ways in which a text fails to be a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathErrorKind {
    /// It does not begin with `$`.
    #[error("a path begins with '$'")]
    Head,
    /// Something else than `.` or `[` stands between two steps.
    #[error("expected '.' or '['")]
    Separator,
    /// It ends in `.` or `..`.
    #[error("a path cannot end with '.'")]
    EndsWithDot,
    /// A step begins with nothing that can be a name.
    #[error("expected a member name")]
    Name,
    /// A name outside brackets holds a blank.
    #[error("a member name with blanks needs brackets and quotes, as in ['my name']")]
    BlankInName,
    /// A bracket holds nothing that can stand there.
    #[error("expected a quoted name, an index, a slice, '*' or '?(' in brackets")]
    Bracket,
    /// A bracket, quote or parenthesis is never closed.
    #[error("never closed")]
    Unclosed,
    /// An index is not a 32-bit integer.
    #[error("an index is an integer of 32 bits")]
    Index,
    /// Something follows a function call, or the call has arguments that are not closed.
    #[error("a function call can only be the last step")]
    Function,
    /// A filter's operand is neither a path nor a literal.
    #[error("expected a path beginning with '@' or '$', or a literal")]
    Operand,
    /// A filter has a literal where only a comparison or a path can stand.
    #[error("expected a comparison or a path")]
    Condition,
    /// A filter's operator is not one of the dialect.
    #[error("no operator of filters")]
    Operator,
    /// A regular expression, which Step Functions does not support.
    #[error("regular expressions are not supported in filters")]
    RegularExpression,
    /// More than 1,024 steps, or filters and parentheses nested deeper than 64.
    #[error("nested too deeply, or too many steps")]
    TooDeep,
}

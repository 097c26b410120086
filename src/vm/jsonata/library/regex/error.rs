//! Why a regular expression is refused.

use crate::vm::jsonata::library::LibraryError;
use crate::vm::jsonata::library::fault::Fault;

/// A regular expression that cannot be compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}, at character {offset}")]
pub struct RegexError {
    /// Where, in characters of the pattern from 0.
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a regular expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Problem {
    #[error("a group is not closed")]
    UnclosedGroup,
    #[error("a closing parenthesis has no opening one")]
    UnopenedGroup,
    #[error("a group begins with '(?' and is of no known kind")]
    UnknownGroup,
    #[error("a group has no valid name, one that another has, or none has the name")]
    GroupName,
    #[error("a character class is not closed")]
    UnclosedClass,
    #[error("a range of characters is out of order")]
    RangeOrder,
    #[error("there is nothing to repeat")]
    NothingToRepeat,
    #[error("the numbers of a quantifier are out of order")]
    QuantifierOrder,
    #[error("the pattern ends with a backslash")]
    TrailingBackslash,
    #[error("groups are nested deeper than {}", super::syntax::DEPTH_MAX)]
    TooDeep,
    #[error("a flag other than 'i' and 'm'")]
    UnknownFlag,
}

impl From<RegexError> for LibraryError {
    fn from(error: RegexError) -> LibraryError {
        Fault::Regex(error).into()
    }
}

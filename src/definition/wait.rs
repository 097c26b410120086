//! Wait states: how long, or until when.
//!
//! Flows in: nothing by itself, the readers fill these types. Flows out: [`Wait`].

use super::machine::Expression;
use super::path::PathExpr;

/// What a Wait state adds to the common fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Wait {
    /// `Seconds`, 0 to 99,999,999.
    Seconds(u64),
    /// `SecondsPath`
    SecondsPath(PathExpr),
    /// `Timestamp`, RFC 3339, as it was written.
    Timestamp(Box<str>),
    /// `TimestampPath`
    TimestampPath(PathExpr),
    /// `Seconds` of a JSONata state.
    SecondsExpression(Expression),
    /// `Timestamp` of a JSONata state.
    TimestampExpression(Expression),
    /// A placeholder such as `${Delay}` was left in: there is a warning, and nothing to wait for.
    Placeholder(Box<str>),
}

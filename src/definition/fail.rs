//! Fail states: the error they end with.
//!
//! Flows in: nothing by itself, the readers fill these types. Flows out: [`Fail`].

use super::machine::Expression;
use super::path::PathExpr;
use super::payload::Intrinsic;

/// What a Fail state adds to the common fields.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Fail {
    /// `Error` or `ErrorPath`
    pub error: Option<FailText>,
    /// `Cause` or `CausePath`
    pub cause: Option<FailText>,
}

/// A text that a Fail state gives.
#[derive(Clone, Debug, PartialEq)]
pub enum FailText {
    /// Written out.
    Literal(Box<str>),
    /// Read from the state's input, the context object or a variable.
    Path(PathExpr),
    /// Computed.
    Intrinsic(Intrinsic),
    /// JSONata.
    Expression(Expression),
}

//! Choice states: rules, conditions, comparators.
//!
//! Flows in: nothing by itself, the readers fill these types. Flows out: [`Choice`] with its rules in order. Every
//! comparator of the language is one [`Comparator`] with one [`Operand`], a literal or a path.

use super::machine::{Expression, JsonataFields, StateIndex};
use super::path::PathExpr;
use super::payload::Assign;
use crate::value::tree::Span;

/// What a Choice state adds to the common fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The rules; never empty; the first that holds decides.
    pub rules: Vec<ChoiceRule>,
    /// Where to go when none holds.
    pub default: Option<StateIndex>,
}

/// One entry of `Choices`.
#[derive(Clone, Debug, PartialEq)]
pub struct ChoiceRule {
    /// When it holds.
    pub condition: Condition,
    /// Where it leads.
    pub next: StateIndex,
    /// `Assign` (JSONPath).
    pub assign: Option<Assign>,
    /// `Output` and `Assign` of a JSONata state.
    pub jsonata: Option<Box<JsonataFields>>,
    /// Where the object stood.
    pub span: Span,
    /// Its location, `/States/C/Choices[0]`.
    pub location: Box<str>,
}

/// When a rule holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// All hold; evaluated left to right until one does not. Never empty.
    And(Vec<Condition>),
    /// One holds; evaluated left to right until one does. Never empty.
    Or(Vec<Condition>),
    /// The inner one does not hold.
    Not(Box<Condition>),
    /// A comparison.
    Test(DataTest),
    /// JSONata `Condition` given as `true` or `false`.
    Constant(bool),
    /// JSONata `Condition`.
    Expression(Expression),
}

/// `Variable` against one comparator.
#[derive(Clone, Debug, PartialEq)]
pub struct DataTest {
    /// What is looked at.
    pub variable: PathExpr,
    /// How.
    pub comparator: Comparator,
    /// With what.
    pub operand: Operand,
    /// Where the rule's object stood.
    pub span: Span,
}

/// The relations of the language, without the `Path` suffix: whether the operand is a path is the [`Operand`]'s matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each is the language's own name
pub enum Comparator {
    StringEquals,
    StringLessThan,
    StringGreaterThan,
    StringLessThanEquals,
    StringGreaterThanEquals,
    StringMatches,
    NumericEquals,
    NumericLessThan,
    NumericGreaterThan,
    NumericLessThanEquals,
    NumericGreaterThanEquals,
    BooleanEquals,
    TimestampEquals,
    TimestampLessThan,
    TimestampGreaterThan,
    TimestampLessThanEquals,
    TimestampGreaterThanEquals,
    IsNull,
    IsPresent,
    IsString,
    IsNumeric,
    IsBoolean,
    IsTimestamp,
}

/// What a comparator compares with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A string, or the pattern of StringMatches.
    String(Box<str>),
    /// A number, as it was written.
    Number(Box<str>),
    /// A boolean, or the outcome that an `Is…` test expects.
    Bool(bool),
    /// An RFC 3339 time, as it was written (a text with a placeholder may have been left in).
    Timestamp(Box<str>),
    /// The value found there (`…Path` comparators).
    Path(PathExpr),
}

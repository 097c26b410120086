//! How an evaluation fails: JSONata's codes and wording, and the limits.
//!
//! Flows in: a code and what it is about. Flows out: the message as JSONata 2.0.6 words it. It must never decide whether
//! something fails.

use super::library::LibraryError;

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct EvaluationError {
    /// JSONata's code, such as `T2001`; `U1001` for limits.
    pub code: &'static str,
    /// What is wrong, in words.
    pub message: String,
    /// Where in the expression: characters from its start, behind the token at fault.
    pub position: Option<usize>,
}

impl EvaluationError {
    /// An error about a token (an operator, a function's name) and a value, written as text.
    pub(super) fn new(code: &'static str, token: &str, value: &str) -> Box<EvaluationError> {
        Box::new(EvaluationError { code, message: wording(code, token, value), position: None })
    }

    /// An error with a message of its own.
    pub(super) fn said(code: &'static str, message: String) -> Box<EvaluationError> {
        Box::new(EvaluationError { code, message, position: None })
    }
}

impl From<LibraryError> for Box<EvaluationError> {
    fn from(error: LibraryError) -> Self {
        EvaluationError::said(error.code, error.message)
    }
}

fn wording(code: &str, token: &str, value: &str) -> String {
    match code {
        "D1001" => format!("Number out of range: {value}"),
        "D1002" => format!("Cannot negate a non-numeric value: {value}"),
        "D1009" => format!("Multiple key definitions evaluate to same key: {value}"),
        "D2014" => format!("The size of the sequence allocated by the range operator (..) must not exceed 1e6.  Attempted to allocate {value}."),
        "D3001" => "Attempting to invoke string function on Infinity or NaN".to_owned(),
        "D3012" => "Attempted to replace a matched string with a non-string value".to_owned(),
        "D3020" => "Third argument of split function must evaluate to a positive number".to_owned(),
        "D3040" => "Third argument of match function must evaluate to a positive number".to_owned(),
        "D3050" => "The second argument of reduce function must be a function with at least two arguments".to_owned(),
        "D3070" => "The single argument form of the sort function can only be applied to an array of strings or an array of numbers.  Use the second argument to specify a comparison function".to_owned(),
        "D3120" => format!("Syntax error in expression passed to function eval: {value}"),
        "D3121" => format!("Dynamic error evaluating the expression passed to function eval: {value}"),
        "D3138" => "The $single() function expected exactly 1 matching result.  Instead it matched more.".to_owned(),
        "D3139" => "The $single() function expected exactly 1 matching result.  Instead it matched 0.".to_owned(),
        "T0410" => format!("Argument {value} of function \"{token}\" does not match function signature"),
        "T0411" => format!("Context value is not a compatible type with argument {value} of function \"{token}\""),
        "T0412" => format!("Argument {value} of function \"{token}\" must be an array of the type that its signature says"),
        "T1003" => format!("Key in object structure must evaluate to a string; got: {value}"),
        "T1005" => format!("Attempted to invoke a non-function. Did you mean ${token}?"),
        "T1006" => "Attempted to invoke a non-function".to_owned(),
        "T1007" => format!("Attempted to partially apply a non-function. Did you mean ${token}?"),
        "T1008" => "Attempted to partially apply a non-function".to_owned(),
        "T1010" => {
            format!("The matcher function argument passed to function \"{token}\" does not return the correct object structure")
        }
        "T2001" => format!("The left side of the \"{token}\" operator must evaluate to a number"),
        "T2002" => format!("The right side of the \"{token}\" operator must evaluate to a number"),
        "T2003" => "The left side of the range operator (..) must evaluate to an integer".to_owned(),
        "T2004" => "The right side of the range operator (..) must evaluate to an integer".to_owned(),
        "T2006" => "The right side of the function application operator ~> must be a function".to_owned(),
        "T2007" => format!("Type mismatch when comparing values {value} in order-by clause"),
        "T2008" => "The expressions within an order-by clause must evaluate to numeric or string values".to_owned(),
        "T2009" => format!("The values {value} either side of operator \"{token}\" must be of the same data type"),
        "T2010" => format!("The expressions either side of operator \"{token}\" must evaluate to numeric or string values"),
        "T2011" => format!("The insert/update clause of the transform expression must evaluate to an object: {value}"),
        "T2012" => {
            format!("The delete clause of the transform expression must evaluate to a string or array of strings: {value}")
        }
        "U1001" => format!("The evaluation exceeds a limit: {value}"),
        _ => value.to_owned(),
    }
}

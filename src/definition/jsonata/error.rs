//! What is wrong with the text of an expression: JSONata's own codes and wording, with the place.
//!
//! Flows in: a code and what it is about. Flows out: the message as JSONata 2.0.6 words it. It must never stop anything.

/// Why a text is not a JSONata expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct SyntaxError {
    /// JSONata's code, such as `S0202`.
    pub code: &'static str,
    /// What is wrong, in words.
    pub message: String,
    /// Where, in characters from the start of the text: behind the token that was read last.
    pub position: usize,
}

impl SyntaxError {
    /// An error at a place, about a token and what was expected in its stead.
    pub(super) fn new(code: &'static str, position: usize, token: &str, wanted: &str) -> SyntaxError {
        SyntaxError { code, message: wording(code, token, wanted), position }
    }
}

fn wording(code: &str, token: &str, wanted: &str) -> String {
    match code {
        "S0101" => "String literal must be terminated by a matching quote".to_owned(),
        "S0102" => format!("Number out of range: {token}"),
        "S0103" => format!("Unsupported escape sequence: \\{token}"),
        "S0104" => "The escape sequence \\u must be followed by 4 hex digits".to_owned(),
        "S0105" => "Quoted property name must be terminated with a backquote (`)".to_owned(),
        "S0106" => "Comment has no closing tag".to_owned(),
        "S0201" => format!("Syntax error: \"{token}\""),
        "S0202" => format!("Expected \"{wanted}\", got \"{token}\""),
        "S0203" => format!("Expected \"{wanted}\" before end of expression"),
        "S0204" => format!("Unknown operator: \"{token}\""),
        "S0205" => format!("Unexpected token: {token}"),
        "S0206" => format!("Unknown expression type: {token}"),
        "S0207" => "Unexpected end of expression".to_owned(),
        "S0208" => format!("Parameter {wanted} of function definition must be a variable name (start with $)"),
        "S0209" => "A predicate cannot follow a grouping expression in a step".to_owned(),
        "S0210" => "Each step can only have one grouping expression".to_owned(),
        "S0211" => format!("The symbol \"{token}\" cannot be used as a unary operator"),
        "S0212" => "The left side of := must be a variable name (start with $)".to_owned(),
        "S0213" => format!("The literal value \"{token}\" cannot be used as a step within a path expression"),
        "S0214" => format!("The right side of \"{token}\" must be a variable name (start with $)"),
        "S0215" => "A context variable binding must precede any predicates on a step".to_owned(),
        "S0216" => "A context variable binding must precede the 'order-by' clause on a step".to_owned(),
        "S0217" => {
            format!("The object representing the 'parent' cannot be derived from this expression ({token})")
        }
        "S0301" => "Empty regular expressions are not allowed".to_owned(),
        "S0302" => "No terminating / in regular expression".to_owned(),
        "S0401" => "Type parameters can only be applied to functions and arrays".to_owned(),
        "S0402" => "Choice groups containing parameterized types are not supported".to_owned(),
        _ => format!("The expression is nested more deeply than {wanted} levels"),
    }
}

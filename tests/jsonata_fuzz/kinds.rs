//! Kinds of disagreement: which are known, and why each is as it is.
//!
//! A kind says what must be true of the two answers and of the expression; no expression is excused by itself.

use super::engines::Answer;

/// A kind of disagreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// None of the others.
    Unknown,
    /// The reference has no code for the error: it fell over something that it had not foreseen.
    Uncoded,
    /// The reference does not end.
    Hang,
    /// Both give an error, of several that there are.
    Several,
    /// A partial application, whose function asks for no signature.
    Unfit,
    /// A term of `^(…)` that the reference never computes.
    Term,
    /// A transform that changes an object inside another that it changes.
    Nested,
    /// A time with parts left out, which are taken from the clock.
    Clock,
    /// A number's picture that is none.
    Picture,
    /// A text that is not in Base64.
    Base64,
    /// `$clone`, which in the reference cuts numbers to 15 digits.
    Digits,
    /// Undefined among the elements of a sequence.
    Holes,
    /// The word "undefined" for what is undefined.
    Word,
    /// The reference cannot apply a function of its own partially if a parameter of it has a default.
    Default,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Kind::Unknown => "unknown",
            Kind::Several => {
                "another of several errors: the reference evaluates the parts of arrays and objects side by side, and what \
                 fails after fewer turns of its scheduler comes first; ours goes from left to right"
            }
            Kind::Unfit => {
                "a partial application asks for no signature: what the reference's functions make of arguments of other \
                 kinds is JavaScript's doing"
            }
            Kind::Term => {
                "ours computes all terms of an order for all elements first; the reference computes a second term only \
                 where the first is equal, and the first never for a single element"
            }
            Kind::Nested => {
                "the reference changes objects in place, so that an object inside one that was changed before is seen \
                 changed; ours computes all changes from the document as it was"
            }
            Kind::Clock => "parts of a time that a picture leaves out come from the clock, which ours is given",
            Kind::Picture => "pictures of numbers that are none: ours refuses or writes what is sensible",
            Kind::Digits => "the reference clones by way of text, which cuts numbers to 15 digits",
            Kind::Holes => {
                "the reference can leave undefined among the elements of a sequence, where a predicate holds whatever the \
                 element; ours never does"
            }
            Kind::Word => "the reference writes the word \"undefined\" for a replacement that is not there",
            Kind::Base64 => "what is not Base64: Node stops at some letters and skips others",
            Kind::Default => {
                "S0208 at run time: the reference reads its own source for parameters, and cannot read defaults there"
            }
            Kind::Hang => "no end, where ours has an answer",
            Kind::Uncoded => "an error without a code, where ours has a code or a value",
        })
    }
}

/// In what two answers differ; none if they agree.
pub fn kind(expression: &str, ours: &Answer, theirs: &Answer, _reference: bool) -> Option<Kind> {
    let agree = match (ours, theirs) {
        (Answer::Value(a), Answer::Value(b)) => same(a, b),
        (Answer::Error(a, _), Answer::Error(b, _)) => a == b,
        (a, b) => a == b,
    };
    if agree {
        return None;
    }
    Some(match (ours, theirs) {
        (_, Answer::Error(code, _)) if code.is_empty() => Kind::Uncoded,
        (_, Answer::Hang) => Kind::Hang,
        (_, Answer::Error(code, _)) if code == "S0208" && expression.contains("(?") => Kind::Default,
        (Answer::Error(a, _), Answer::Error(b, _)) if runtime(a) && runtime(b) && expression.contains(['[', '{']) => {
            Kind::Several
        }
        _ if expression.contains("(?") || expression.contains("?)") => Kind::Unfit,
        _ if expression.contains("^(") && (failed(ours) || failed(theirs)) => Kind::Term,
        _ if expression.contains("~> |") || expression.contains("~>|") => Kind::Nested,
        _ if expression.contains("Millis(") => Kind::Clock,
        _ if expression.contains("$formatInteger(") || expression.contains("$formatNumber(") => Kind::Picture,
        _ if expression.contains("$parseInteger(") => Kind::Picture,
        _ if expression.contains("$base64decode(") => Kind::Base64,
        _ if expression.contains("$clone(") => Kind::Digits,
        (_, Answer::Value(value)) if expression.contains("$replace(") && value.to_string().contains("undefined") => {
            Kind::Word
        }
        (Answer::Nothing, _) if expression.contains('[') => Kind::Holes,
        _ => Kind::Unknown,
    })
}

fn failed(answer: &Answer) -> bool {
    matches!(answer, Answer::Error(..))
}

/// Whether a code is one of evaluation, not of reading.
fn runtime(code: &str) -> bool {
    code.starts_with(['T', 'D'])
}

/// Whether two values are equal, numbers as doubles but for their last digit, which serde_json may read otherwise.
fn same(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value as V;
    match (a, b) {
        (V::Number(a), V::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            (a - b).abs() <= a.abs() * f64::EPSILON
        }
        (V::Array(a), V::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (V::Object(a), V::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

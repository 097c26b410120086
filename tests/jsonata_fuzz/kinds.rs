//! Kinds of disagreement with jsonata 2.0.6: which are known, and why each is as it is.
//!
//! No expression is excused by itself. Where it can be tried, it is: the reference is asked again with one of its mistakes
//! mended (`judge.js`), and if it then says what ours says, that is the reason. For the rest a kind says what must be true of
//! the two answers and of the expression.

use super::engines::Answer;
use expressway::program::expression::Builtin;

/// A kind of disagreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// None of the others.
    Unknown,
    /// Settled by trying: `order` is mended.
    Order,
    /// Settled by trying: `holes` is mended.
    Holes,
    /// Settled by trying: `same` is mended.
    Same,
    /// Settled by trying: `terms` is mended.
    Terms,
    /// Settled by trying: `sorted` is mended.
    Sorted,
    /// Settled by trying: only mending all of these at once does it.
    Several,
    /// The reference has no code for the error: it fell over something that it had not foreseen.
    Uncoded,
    /// The reference does not end.
    Hang,
    /// The members of what the reference has for a function.
    West,
    Inside,
    /// The order of members whose keys are whole numbers, in values or in texts made of them.
    Keys,
    /// A partial application, whose function asks for no signature.
    Unfit,
    /// A transform that changes an object inside another that it changes.
    Nested,
    /// A number's picture that is none, or a text that does not fit it.
    Picture,
    /// A time's picture that is none, or a time.
    Time,
    /// A function that was handed to a function, where it counts as false. Settled by trying where `handed` does it.
    Handed,
    /// A text that is not in Base64.
    Base64,
    /// `$clone`, which in the reference cuts numbers to 15 digits.
    Digits,
    /// The word "undefined" for what is undefined. Settled by trying where `words` does it.
    Word,
    /// The reference cannot apply a function of its own partially if a parameter of it has a default.
    Default,
}

/// What can be mended in the reference, by the names that `judge.js` has for it.
pub const MENDS: &[(&[&str], Kind)] = &[
    (&["order"], Kind::Order),
    (&["holes"], Kind::Holes),
    (&["same"], Kind::Same),
    (&["terms"], Kind::Terms),
    (&["words"], Kind::Word),
    (&["handed"], Kind::Handed),
    (&["sorted"], Kind::Sorted),
    (&["order", "holes", "same", "terms", "words", "handed", "sorted"], Kind::Several),
];

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Kind::Unknown => "unknown",
            Kind::Order => {
                "theirs: the parts of arrays and objects are evaluated side by side, and what fails after fewer turns of the \
                 scheduler comes first; ours goes from left to right (the same once theirs does)"
            }
            Kind::Holes => {
                "theirs: undefined among the elements of a sequence, where a predicate holds whatever the element; ours never \
                 has any (the same once theirs leaves them out)"
            }
            Kind::Same => {
                "choice: `in` finds arrays and objects by what they hold; theirs by which they are in memory (the same once \
                 theirs compares)"
            }
            Kind::Terms => {
                "choice: ours computes all terms of an order for all elements first; theirs a second term only where the first \
                 is equal (the same once theirs does)"
            }
            Kind::Sorted => {
                "theirs: tuples that have been sorted are grouped as if they were values, which shows what they are made of (the \
                 same once theirs knows them)"
            }
            Kind::Several => "several of these at once (the same once theirs does as ours in all of them)",
            Kind::Nested => {
                "theirs: objects are changed in place, so that an object inside one that was changed before is seen changed; \
                 ours computes all changes from the document as it was"
            }
            Kind::West => {
                "choice: offsets of hours and minutes west of UTC: theirs takes the hours down and the minutes off once more"
            }
            Kind::Inside => "theirs: `*` and `**` find members in a function",
            Kind::Keys => "theirs: members whose keys are whole numbers come first; ours keep their order",
            Kind::Unfit => {
                "theirs: a partial application asks for no signature: what functions make of arguments of other kinds is \
                 JavaScript's doing"
            }
            Kind::Picture => "theirs: pictures of numbers that are none, texts that do not fit them: ours refuses or writes NaN",
            Kind::Time => {
                "theirs: pictures and zones of times that are none, times beyond what there is: ours refuses them, by other codes \
                 or at all, and counts the days of a year on into the next"
            }
            Kind::Handed => "theirs: a function that was handed to a function counts as false there, and elsewhere as true",
            Kind::Digits => "theirs: clones by way of text, which cuts numbers to 15 digits",
            Kind::Word => "theirs: the word \"undefined\", or a function's source, for a replacement that is not there or no text",
            Kind::Base64 => "choice: what is not Base64: Node stops at some letters and skips others",
            Kind::Default => "theirs: S0208 at run time, for it reads its own source for parameters, and cannot read defaults",
            Kind::Hang => "theirs: no end",
            Kind::Uncoded => "theirs: an error without a code, where ours has a code or a value",
        })
    }
}

/// Whether two answers are the same: values as JSON has them, errors by their codes.
pub fn agree(ours: &Answer, theirs: &Answer) -> bool {
    match (ours, theirs) {
        (Answer::Value(a), Answer::Value(b)) => same(a, b, false),
        (Answer::Error(a, _), Answer::Error(b, _)) => a == b,
        (a, b) => a == b,
    }
}

/// In what ours and the reference differ, as far as the expression and the two answers tell.
pub fn kind(expression: &str, ours: &Answer, theirs: &Answer) -> Kind {
    let has = |part: &str| expression.contains(part);
    match (ours, theirs) {
        (_, Answer::Error(code, _)) if code.is_empty() => Kind::Uncoded,
        (_, Answer::Hang) => Kind::Hang,
        (_, Answer::Error(code, _)) if code == "S0208" && has("(?") => Kind::Default,
        _ if has("(?") || has("?)") => Kind::Unfit,
        _ if has("~> |") || has("~>|") => Kind::Nested,
        _ if has("$formatInteger(") || has("$formatNumber(") || has("$parseInteger(") => Kind::Picture,
        (Answer::Error(code, _), _) if has("Millis(") && code.starts_with("D313") => Kind::Time,
        // Refused here; there no number, whatever becomes of that.
        (Answer::Error(code, _), _) if has("$toMillis(") && code == "D3110" => Kind::Time,
        (_, Answer::Value(value)) if has("$fromMillis(") && value.to_string().contains("NaN") => Kind::Time,
        // What is no time is no number, which JSON has as null.
        (_, Answer::Value(value)) if has("$toMillis(") && value.to_string().contains("null") => Kind::Time,
        (Answer::Value(_), Answer::Value(_)) if has("$toMillis(") && has("'[d]'") => Kind::Time,
        _ if has("$fromMillis(") && (bracket_in_bracket(expression) || is_no_part(expression)) => Kind::Time,
        (Answer::Value(_), Answer::Value(_)) if has("$fromMillis(") && has("'-") => Kind::West,
        _ if ["$single(", "$spread(", "$distinct("].iter().any(|hands_on| has(hands_on))
            && (has("function(") || names_function(expression)) =>
        {
            Kind::Handed
        }
        _ if has("$base64decode(") => Kind::Base64,
        _ if has("$clone(") => Kind::Digits,
        (_, Answer::Value(value)) if has("$replace(") && value.to_string().contains("undefined") => Kind::Word,
        (Answer::Value(a), Answer::Value(b)) if same(a, b, true) => Kind::Keys,
        // A function that is looked into: `$string.*`, `$f.**`.
        _ if has("*") && (has("function(") || names_function(expression)) => Kind::Inside,
        _ => Kind::Unknown,
    }
}

/// Whether a function of the library is named where no call of it follows.
fn names_function(expression: &str) -> bool {
    expression.split('$').skip(1).any(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        Builtin::from_name(&rest[..end]).is_some() && !rest[end..].starts_with('(')
    })
}

/// Whether a picture in the expression has a part of which nobody knows how it is presented: `[function]`.
fn is_no_part(expression: &str) -> bool {
    expression.split('[').skip(1).any(|rest| {
        let second = rest.chars().nth(1).filter(char::is_ascii_alphabetic);
        second.is_some_and(|second| !"aAiIwWNn".contains(second))
    })
}

/// Whether a picture in the expression begins a part within a part.
fn bracket_in_bracket(expression: &str) -> bool {
    expression.split('\'').skip(1).step_by(2).any(|text| {
        let mut open = false;
        text.chars().any(|c| {
            let again = open && c == '[';
            open = c == '[' || (open && c != ']');
            again
        })
    })
}

/// Whether two values are equal, numbers as doubles but for their last digit, which serde_json may read otherwise;
/// `anyhow` says that the order of elements does not matter, nor that of members in a text that is JSON.
fn same(a: &serde_json::Value, b: &serde_json::Value, anyhow: bool) -> bool {
    use serde_json::Value as V;
    match (a, b) {
        (V::Number(a), V::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            (a - b).abs() <= a.abs() * f64::EPSILON
        }
        (V::String(a), V::String(b)) if anyhow && a.contains('{') => {
            let sorted = |text: &str| {
                let mut bytes = text.as_bytes().to_vec();
                bytes.sort_unstable();
                bytes
            };
            sorted(a) == sorted(b)
        }
        (V::Array(a), V::Array(b)) if anyhow => {
            let mut left: Vec<&V> = b.iter().collect();
            a.len() == b.len()
                && a.iter().all(|a| {
                    let place = left.iter().position(|b| same(a, b, true));
                    place.map(|place| left.swap_remove(place)).is_some()
                })
        }
        (V::Array(a), V::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, false)),
        (V::Object(a), V::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b, anyhow)))
        }
        _ => a == b,
    }
}

//! How a function of the library fails: the code that JSONata documents, and the text beside it.
//!
//! The texts appear in the causes of failed executions (`… threw an error during evaluation. D3030: Unable to …`), where
//! people match on them; they therefore read as the language's reference engine has them. Codes that begin with `U` are
//! limits. It must never hold a code that the language's own list gives another meaning.

use super::regex::RegexError;
use super::{TEXT_BYTES_MAX, number};
use crate::value::text::write_string;

/// A failed function: a code such as `D3030`, and what went wrong.
///
/// ```
/// use expressway::vm::jsonata::library::number;
/// let error = number::parse("twelve").unwrap_err();
/// assert_eq!(error.code, "D3030");
/// assert_eq!(error.to_string(), r#"Unable to cast value to a number: "twelve""#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LibraryError {
    /// The language's code.
    pub code: &'static str,
    /// The text without the code.
    pub message: String,
}

impl LibraryError {
    /// Whether a limit was struck, rather than a rule of the language broken.
    pub fn is_limit(&self) -> bool {
        self.code == LIMIT
    }
}

/// The code of every limit.
pub const LIMIT: &str = "U1001";

/// What can go wrong, before it is put into words.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Fault<'t> {
    #[error("Number out of range: {}", number::plain(*.0))]
    OutOfRange(f64),
    #[error("Regular expression matches zero length string")]
    EmptyMatch,
    #[error("Attempting to invoke string function on Infinity or NaN")]
    StringOfInfinite,
    #[error("Second argument of replace function cannot be an empty string")]
    ReplaceEmptyPattern,
    #[error("Fourth argument of replace function must evaluate to a positive number")]
    ReplaceLimit,
    #[error("Third argument of split function must evaluate to a positive number")]
    SplitLimit,
    #[error("Unable to cast value to a number: {}", quoted(.0))]
    NotANumber(&'t str),
    #[error("Third argument of match function must evaluate to a positive number")]
    MatchLimit,
    #[error("The sqrt function cannot be applied to a negative number: {}", number::plain(*.0))]
    SqrtOfNegative(f64),
    #[error(
        "The power function has resulted in a value that cannot be represented as a JSON number: base={}, exponent={}",
        number::plain(*.base), number::plain(*.exponent)
    )]
    PowerTooLarge { base: f64, exponent: f64 },
    #[error("{}", .0.message())]
    NumberPicture(NumberPicture),
    #[error("The radix of the formatBase function must be between 2 and 36.  It was given {}", number::plain(*.0))]
    Radix(f64),
    #[error("The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given {}", quoted(.0))]
    NotATimestamp(&'t str),
    #[error(
        "Formatting or parsing an integer as a sequence starting with {} is not supported by this implementation",
        quoted(.0)
    )]
    Sequence(&'t str),
    #[error("In a decimal digit pattern, all digits must be from the same decimal group")]
    MixedDigits,
    #[error("Unknown component specifier {} in date/time picture string", quoted(.0))]
    UnknownComponent(&'t str),
    #[error(
        "The 'name' modifier can only be applied to months and days in the date/time picture string, not {}",
        quoted(.0)
    )]
    NameOfComponent(&'t str),
    #[error("The timezone integer format specifier cannot have more than four digits")]
    TimezoneDigits,
    #[error("No matching closing bracket ']' in date/time picture string")]
    NoClosingBracket,
    #[error("The date/time picture string is missing specifiers required to parse the timestamp")]
    MissingSpecifiers,
    #[error("Malformed URL passed to ${function}(): {}", quoted(.value))]
    MalformedUrl { function: &'static str, value: &'t str },
    #[error("a function may make at most {TEXT_BYTES_MAX} bytes of text")]
    TextTooLong,
    #[error("there are too many ways to read the text")]
    TooManySteps,
    #[error("Invalid regular expression: {0}")]
    Regex(RegexError),
    #[error("a regular expression took too many steps")]
    RegexBudget,
}

/// What is wrong with a picture of `$formatNumber`: the codes D3080 to D3093, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberPicture {
    ThreeSubPictures,
    TwoDecimalSeparators,
    TwoPercents,
    TwoPerMilles,
    PercentAndPerMille,
    NoDigitInMantissa,
    PassiveBetweenActives,
    GroupingBesideDecimal,
    GroupingAtEnd,
    GroupingTwice,
    OptionalAfterDigit,
    DigitAfterOptional,
    PercentWithExponent,
    NotADigitInExponent,
}

impl NumberPicture {
    fn code_and_message(self) -> (&'static str, &'static str) {
        use NumberPicture::*;
        match self {
            ThreeSubPictures => ("D3080", "The picture string must only contain a maximum of two sub-pictures"),
            TwoDecimalSeparators => (
                "D3081",
                "The sub-picture must not contain more than one instance of the 'decimal-separator' character",
            ),
            TwoPercents => {
                ("D3082", "The sub-picture must not contain more than one instance of the 'percent' character")
            }
            TwoPerMilles => {
                ("D3083", "The sub-picture must not contain more than one instance of the 'per-mille' character")
            }
            PercentAndPerMille => {
                ("D3084", "The sub-picture must not contain both a 'percent' and a 'per-mille' character")
            }
            NoDigitInMantissa => (
                "D3085",
                "The mantissa part of a sub-picture must contain at least one character that is either an 'optional digit character' or a member of the 'decimal digit family'",
            ),
            PassiveBetweenActives => (
                "D3086",
                "The sub-picture must not contain a passive character that is preceded by an active character and that is followed by another active character",
            ),
            GroupingBesideDecimal => (
                "D3087",
                "The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a 'decimal-separator' character",
            ),
            GroupingAtEnd => {
                ("D3088", "The sub-picture must not contain a 'grouping-separator' at the end of the integer part")
            }
            GroupingTwice => (
                "D3089",
                "The sub-picture must not contain two adjacent instances of the 'grouping-separator' character",
            ),
            OptionalAfterDigit => (
                "D3090",
                "The integer part of the sub-picture must not contain a member of the 'decimal digit family' that is followed by an instance of the 'optional digit character'",
            ),
            DigitAfterOptional => (
                "D3091",
                "The fractional part of the sub-picture must not contain an instance of the 'optional digit character' that is followed by a member of the 'decimal digit family'",
            ),
            PercentWithExponent => (
                "D3092",
                "A sub-picture that contains a 'percent' or 'per-mille' character must not contain a character treated as an 'exponent-separator'",
            ),
            NotADigitInExponent => (
                "D3093",
                "The exponent part of the sub-picture must comprise only of one or more characters that are members of the 'decimal digit family'",
            ),
        }
    }

    fn message(self) -> &'static str {
        self.code_and_message().1
    }
}

impl Fault<'_> {
    fn code(&self) -> &'static str {
        match self {
            Fault::OutOfRange(_) => "D1001",
            Fault::EmptyMatch => "D1004",
            Fault::StringOfInfinite => "D3001",
            Fault::ReplaceEmptyPattern => "D3010",
            Fault::ReplaceLimit => "D3011",
            Fault::SplitLimit => "D3020",
            Fault::NotANumber(_) => "D3030",
            Fault::MatchLimit => "D3040",
            Fault::SqrtOfNegative(_) => "D3060",
            Fault::PowerTooLarge { .. } => "D3061",
            Fault::NumberPicture(fault) => fault.code_and_message().0,
            Fault::Radix(_) => "D3100",
            Fault::NotATimestamp(_) => "D3110",
            Fault::Sequence(_) => "D3130",
            Fault::MixedDigits => "D3131",
            Fault::UnknownComponent(_) => "D3132",
            Fault::NameOfComponent(_) => "D3133",
            Fault::TimezoneDigits => "D3134",
            Fault::NoClosingBracket => "D3135",
            Fault::MissingSpecifiers => "D3136",
            Fault::MalformedUrl { .. } => "D3140",
            // The reference has no code for it: its host language throws an error of its own.
            Fault::Regex(_) => "S0303",
            Fault::TextTooLong | Fault::TooManySteps | Fault::RegexBudget => LIMIT,
        }
    }
}

impl From<Fault<'_>> for LibraryError {
    fn from(fault: Fault<'_>) -> LibraryError {
        LibraryError { code: fault.code(), message: fault.to_string() }
    }
}

/// A string as JSON text: how the reference shows a value inside a message.
fn quoted(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    write_string(text, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

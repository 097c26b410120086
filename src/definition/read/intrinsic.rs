//! The grammar of intrinsic function calls.
//!
//! Flows in: the text of a `.$` member, `ErrorPath` or `CausePath`. Flows out: an [`Intrinsic`] or [`NotACall`]. Only
//! what AWS refuses at creation is refused here: unknown functions, escapes that do not exist, text that does not parse.
//! The number and the types of arguments are a matter of run time. Source: section "Intrinsic Functions".

use super::suggest::nearest;
use crate::definition::path::PathExpr;
use crate::definition::payload::{Intrinsic, IntrinsicArg};
use crate::value::tree::Span;

/// How deep calls may be nested in calls. Where AWS holds to it is not recorded: here, at creation.
const NESTING_MAX: u32 = 10;

/// The functions of the language.
pub(super) const FUNCTIONS: [&str; 18] = [
    "States.Array",
    "States.ArrayContains",
    "States.ArrayGetItem",
    "States.ArrayLength",
    "States.ArrayPartition",
    "States.ArrayRange",
    "States.ArrayUnique",
    "States.Base64Decode",
    "States.Base64Encode",
    "States.Format",
    "States.Hash",
    "States.JsonMerge",
    "States.JsonToString",
    "States.MathAdd",
    "States.MathRandom",
    "States.StringSplit",
    "States.StringToJson",
    "States.UUID",
];

/// Why a text is not a call of an intrinsic function; offsets count bytes of the text from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum NotACall {
    UnknownFunction(Box<str>),
    NoCall,
    Expected { expected: &'static str, offset: usize },
    Argument { offset: usize },
    Escape { offset: usize },
    Path { offset: usize, why: String },
    TooDeep,
}

impl std::fmt::Display for NotACall {
    /// What could have stood there.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NotACall::UnknownFunction(name) => {
                write!(out, "one of the language's functions, not `{name}`")?;
                match nearest(name, FUNCTIONS) {
                    Some(function) => write!(out, "; did you mean `{function}`?"),
                    None => Ok(()),
                }
            }
            NotACall::NoCall => {
                out.write_str("a path that starts with `$`, or a call such as `States.Format('{}', $.n)`")
            }
            NotACall::Expected { expected, offset } => write!(out, "`{expected}` at byte {offset} of the call"),
            NotACall::Argument { offset } => write!(
                out,
                "an argument at byte {offset} of the call: 'text', a number, true, false, null, a path or a call"
            ),
            NotACall::Escape { offset } => {
                write!(out, r"one of the escapes \' \{{ \}} \\\ at byte {offset} of the call")
            }
            NotACall::Path { offset, why } => write!(out, "a path at byte {offset} of the call: {why}"),
            NotACall::TooDeep => write!(out, "calls nested at most {NESTING_MAX} deep"),
        }
    }
}

/// Reads a call; `span` is where the string stood.
pub(super) fn parse(text: &str, span: Span) -> Result<Intrinsic, NotACall> {
    let mut parser = Parser { text, at: 0, span };
    let call = parser.call(1)?;
    parser.blanks();
    if parser.at < text.len() {
        return Err(NotACall::Expected { expected: "the end", offset: parser.at + 1 });
    }
    Ok(call)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    span: Span,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn eat(&mut self, expected: &'static str) -> Result<(), NotACall> {
        if !self.rest().starts_with(expected) {
            return Err(NotACall::Expected { expected, offset: self.at + 1 });
        }
        self.at += expected.len();
        Ok(())
    }

    fn call(&mut self, depth: u32) -> Result<Intrinsic, NotACall> {
        if depth > NESTING_MAX {
            return Err(NotACall::TooDeep);
        }
        let start = self.at;
        let length = self
            .rest()
            .find(|character: char| !character.is_ascii_alphanumeric() && character != '.' && character != '_')
            .unwrap_or(self.rest().len());
        let name = &self.rest()[..length];
        if !name.starts_with("States.") {
            return Err(NotACall::NoCall);
        }
        let Some(&function) = FUNCTIONS.iter().find(|function| **function == name) else {
            return Err(NotACall::UnknownFunction(name.into()));
        };
        self.at += length;
        self.eat("(")?;
        let mut args = Vec::new();
        self.blanks();
        if !self.rest().starts_with(')') {
            loop {
                self.blanks();
                args.push(self.argument(depth)?);
                self.blanks();
                if !self.rest().starts_with(',') {
                    break;
                }
                self.at += 1;
            }
        }
        self.eat(")")?;
        Ok(Intrinsic { function: function.into(), args, text: self.text[start..self.at].into(), span: self.span })
    }

    fn argument(&mut self, depth: u32) -> Result<IntrinsicArg, NotACall> {
        let rest = self.rest();
        match rest.as_bytes().first() {
            Some(b'\'') => self.string(),
            Some(b'$') => self.path(),
            Some(b'S') => self.call(depth + 1).map(IntrinsicArg::Call),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                for (word, arg) in [
                    ("true", IntrinsicArg::Bool(true)),
                    ("false", IntrinsicArg::Bool(false)),
                    ("null", IntrinsicArg::Null),
                ] {
                    if rest.starts_with(word) {
                        self.at += word.len();
                        return Ok(arg);
                    }
                }
                Err(NotACall::Argument { offset: self.at + 1 })
            }
        }
    }

    fn string(&mut self) -> Result<IntrinsicArg, NotACall> {
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let mut text = String::new();
        let mut copied = start;
        let mut at = start;
        loop {
            match bytes.get(at) {
                Some(b'\'') => break,
                Some(b'\\') => {
                    if !matches!(bytes.get(at + 1), Some(b'\'' | b'{' | b'}' | b'\\')) {
                        return Err(NotACall::Escape { offset: at + 1 });
                    }
                    text.push_str(&self.text[copied..at]);
                    copied = at + 1;
                    at += 2;
                }
                Some(_) => at += 1,
                None => return Err(NotACall::Expected { expected: "'", offset: at + 1 }),
            }
        }
        text.push_str(&self.text[copied..at]);
        self.at = at + 1;
        Ok(IntrinsicArg::String { text: text.into(), raw: self.text[start..at].into() })
    }

    fn number(&mut self) -> Result<IntrinsicArg, NotACall> {
        let rest = self.rest();
        let length = rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        let text = &rest[..length];
        if !is_number(text) {
            return Err(NotACall::Argument { offset: self.at + 1 });
        }
        self.at += length;
        Ok(IntrinsicArg::Number(text.into()))
    }

    /// A path ends at the comma or parenthesis that is not inside its own brackets, parentheses or quotes.
    fn path(&mut self) -> Result<IntrinsicArg, NotACall> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut open = 0usize;
        let mut at = start;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'[' | b'(' => open += 1,
                b')' | b',' if open == 0 => break,
                b']' | b')' => open = open.saturating_sub(1),
                b'\'' | b'"' if open > 0 => {
                    at += 1;
                    while bytes.get(at).is_some_and(|&inner| inner != byte) {
                        at += if bytes[at] == b'\\' { 2 } else { 1 };
                    }
                }
                _ => {}
            }
            at += 1;
        }
        // A quote or an escape may have led beyond the end.
        let at = at.min(self.text.len());
        let text = self.text[start..at].trim_end();
        self.at = at;
        PathExpr::parse(text, self.span)
            .map(IntrinsicArg::Path)
            .map_err(|error| NotACall::Path { offset: start + 1, why: error.to_string() })
    }
}

/// Whether a text is a number as JSON writes them.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && fraction.is_none_or(digits) && exponent.is_none_or(digits)
}

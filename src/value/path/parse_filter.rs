//! The text in `[?(…)]` to a condition.
//!
//! Flows in: a parser that stands after `[?(`. Flows out: the condition, the parser at the closing parenthesis. The
//! grammar, loosest first: `a || b`, `a && b`, `!a`, `(a)`, `operand operator operand`, a path alone (existence). It
//! must never recurse deeper than 64 levels.

use super::Path;
use super::error::{PathError, PathErrorKind as Kind};
use super::filter::{Filter, Literal, Operand, Operator};
use super::parse::Parser;
use crate::value::text;

/// Parentheses, negations, filters in filters and arrays in literals may nest so deep.
const DEPTH_MAX: u32 = 64;

/// Reads a condition.
pub(super) fn condition(parser: &mut Parser) -> Result<Filter, PathError> {
    deeper(parser, |parser| {
        let mut parts = vec![conjunction(parser)?];
        while taken(parser, "||") {
            parts.push(conjunction(parser)?);
        }
        Ok(one_or(parts, Filter::Or))
    })
}

fn conjunction(parser: &mut Parser) -> Result<Filter, PathError> {
    let mut parts = vec![negation(parser)?];
    while taken(parser, "&&") {
        parts.push(negation(parser)?);
    }
    Ok(one_or(parts, Filter::And))
}

fn negation(parser: &mut Parser) -> Result<Filter, PathError> {
    parser.skip_blanks();
    if parser.take(b'!') {
        return deeper(parser, |parser| Ok(Filter::Not(Box::new(negation(parser)?))));
    }
    if parser.take(b'(') {
        let inner = condition(parser)?;
        parser.skip_blanks();
        return if parser.take(b')') { Ok(inner) } else { Err(parser.fail(Kind::Operator)) };
    }
    comparison(parser)
}

fn comparison(parser: &mut Parser) -> Result<Filter, PathError> {
    let start = parser.at;
    let left = operand(parser)?;
    parser.skip_blanks();
    let after_left = parser.at;
    let Some(operator) = operator(parser)? else {
        parser.at = after_left;
        return match left {
            Operand::Literal(_) => {
                parser.at = start;
                Err(parser.fail(Kind::Condition))
            }
            path => Ok(Filter::Exists(path)),
        };
    };
    parser.skip_blanks();
    let right = operand(parser)?;
    Ok(Filter::Compare(left, operator, right))
}

/// The operator that comes next; none at the end of a condition.
fn operator(parser: &mut Parser) -> Result<Option<Operator>, PathError> {
    let rest = parser.rest();
    if rest.is_empty() || rest.starts_with(')') || rest.starts_with("&&") || rest.starts_with("||") {
        return Ok(None);
    }
    if rest.starts_with("=~") {
        return Err(parser.fail(Kind::RegularExpression));
    }
    // Longer ones first, so that none hides behind a prefix of it.
    const SIGNS: [(&str, Operator); 8] = [
        ("===", Operator::SameEqual),
        ("!==", Operator::NotSameEqual),
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ];
    for (sign, operator) in SIGNS {
        if rest.starts_with(sign) {
            parser.at += sign.len();
            return Ok(Some(operator));
        }
    }
    const WORDS: [(&str, Operator); 9] = [
        ("in", Operator::In),
        ("nin", Operator::NotIn),
        ("contains", Operator::Contains),
        ("all", Operator::All),
        ("size", Operator::Size),
        ("empty", Operator::Empty),
        ("subsetof", Operator::SubsetOf),
        ("anyof", Operator::AnyOf),
        ("noneof", Operator::NoneOf),
    ];
    let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let word = rest.get(..length).unwrap_or("");
    match WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) {
        Some((_, operator)) => {
            parser.at += length;
            Ok(Some(*operator))
        }
        None => Err(parser.fail(Kind::Operator)),
    }
}

fn operand(parser: &mut Parser) -> Result<Operand, PathError> {
    let start = parser.at;
    match parser.peek() {
        Some(head @ (b'@' | b'$')) => {
            parser.at += 1;
            let steps = deeper(parser, |parser| parser.steps(true))?;
            let text = parser.text.get(start..parser.at).unwrap_or("");
            let path = Box::new(Path::from_steps(steps, text));
            Ok(if head == b'@' { Operand::Item(path) } else { Operand::Document(path) })
        }
        Some(b'/') => Err(parser.fail(Kind::RegularExpression)),
        _ => Ok(Operand::Literal(literal(parser)?)),
    }
}

fn literal(parser: &mut Parser) -> Result<Literal, PathError> {
    match parser.peek() {
        Some(quote @ (b'\'' | b'"')) => Ok(Literal::String(string(parser, quote)?.into())),
        Some(b'[' | b'{') => {
            let mut json = Vec::new();
            tree(parser, &mut json)?;
            // Written by us from parts of a string, hence text.
            String::from_utf8(json).map(|json| Literal::Json(json.into())).map_err(|_| parser.fail(Kind::Operand))
        }
        _ => word(parser),
    }
}

/// `true`, `false`, `null` or a number.
fn word(parser: &mut Parser) -> Result<Literal, PathError> {
    let rest = parser.rest();
    let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.')).count();
    let word = rest.get(..length).unwrap_or("");
    let literal = match word {
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        "null" => Literal::Null,
        number if is_number(number) => match number.parse::<i64>() {
            Ok(integer) if integer.to_string() == number => Literal::Integer(integer),
            _ => Literal::Number(number.into()),
        },
        _ => return Err(parser.fail(Kind::Operand)),
    };
    parser.at += length;
    Ok(literal)
}

/// Whether the text is a number of JSON's grammar.
fn is_number(text: &str) -> bool {
    fn digits(text: &str) -> Option<&str> {
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        (rest.len() < text.len()).then_some(rest)
    }
    fn tail(text: &str) -> Option<&str> {
        let text = text.strip_prefix('-').unwrap_or(text);
        let rest = match text.strip_prefix('0') {
            Some(rest) => rest,
            None => digits(text)?,
        };
        let rest = match rest.strip_prefix('.') {
            Some(fraction) => digits(fraction)?,
            None => rest,
        };
        match rest.strip_prefix(['e', 'E']) {
            Some(exponent) => digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
            None => Some(rest),
        }
    }
    tail(text) == Some("")
}

/// A string in quotes of either kind, with Java's escapes.
fn string(parser: &mut Parser, quote: u8) -> Result<String, PathError> {
    let open = parser.at;
    parser.at += 1;
    while let Some(byte) = parser.peek() {
        if byte == quote {
            let inner = parser.text.get(open + 1..parser.at).unwrap_or("");
            parser.at += 1;
            return Ok(text::unescape_owned(inner));
        }
        parser.at += if byte == b'\\' { 2 } else { 1 };
    }
    parser.at = open;
    Err(parser.fail(Kind::Unclosed))
}

/// An array or object as JSON, except that strings may stand in either kind of quotes; written out compact.
fn tree(parser: &mut Parser, json: &mut Vec<u8>) -> Result<(), PathError> {
    let (open, close) = match parser.peek() {
        Some(b'[') => (b'[', b']'),
        Some(b'{') => (b'{', b'}'),
        _ => {
            match literal(parser)? {
                Literal::String(string) => text::write_string(&string, json),
                Literal::Integer(integer) => json.extend_from_slice(integer.to_string().as_bytes()),
                Literal::Number(number) => json.extend_from_slice(number.as_bytes()),
                Literal::Bool(true) => json.extend_from_slice(b"true"),
                Literal::Bool(false) => json.extend_from_slice(b"false"),
                Literal::Null => json.extend_from_slice(b"null"),
                Literal::Json(text) => json.extend_from_slice(text.as_bytes()),
            }
            return Ok(());
        }
    };
    parser.at += 1;
    json.push(open);
    deeper(parser, |parser| {
        parser.skip_blanks();
        if parser.take(close) {
            return Ok(());
        }
        loop {
            parser.skip_blanks();
            if open == b'{' {
                match literal(parser)? {
                    Literal::String(key) => text::write_string(&key, json),
                    _ => return Err(parser.fail(Kind::Operand)),
                }
                parser.skip_blanks();
                if !parser.take(b':') {
                    return Err(parser.fail(Kind::Operand));
                }
                json.push(b':');
                parser.skip_blanks();
            }
            tree(parser, json)?;
            parser.skip_blanks();
            if parser.take(close) {
                return Ok(());
            }
            if !parser.take(b',') {
                return Err(parser.fail(Kind::Unclosed));
            }
            json.push(b',');
        }
    })?;
    json.push(close);
    Ok(())
}

fn taken(parser: &mut Parser, sign: &str) -> bool {
    parser.skip_blanks();
    let found = parser.rest().starts_with(sign);
    parser.at += if found { sign.len() } else { 0 };
    found
}

fn one_or(mut parts: Vec<Filter>, many: fn(Box<[Filter]>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            many(parts.into())
        }
    }
}

fn deeper<'t, T>(
    parser: &mut Parser<'t>,
    read: impl FnOnce(&mut Parser<'t>) -> Result<T, PathError>,
) -> Result<T, PathError> {
    if parser.depth >= DEPTH_MAX {
        return Err(parser.fail(Kind::TooDeep));
    }
    parser.depth += 1;
    let read = read(parser);
    parser.depth -= 1;
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::path::Step;

    #[test]
    fn numbers_are_those_of_json() {
        for number in ["0", "-0", "12", "1.5", "1e3", "1E-3", "-0.0e+9"] {
            assert!(is_number(number), "{number}");
        }
        for other in ["", "-", "01", "1.", ".5", "+1", "1e", "1x", "e3", "--1"] {
            assert!(!is_number(other), "{other}");
        }
    }

    #[test]
    fn literals_become_compact_json() {
        let path = Path::parse(r#"$[?(@.a in ['x', "y\"z", 1.50, [ null ], {'k': true}])]"#).expect("a path");
        let [Step::Filter(filter)] = path.steps() else { panic!("{path:?}") };
        let Filter::Compare(_, Operator::In, Operand::Literal(Literal::Json(json))) = &**filter else {
            panic!("{filter:?}")
        };
        assert_eq!(&**json, r#"["x","y\"z",1.50,[null],{"k":true}]"#);
    }
}

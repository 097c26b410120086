//! The text of an expression → tokens, one at a time.
//!
//! Flows in: the text, and whether an operator may stand at this place (a slash then divides; elsewhere it opens a regular
//! expression). Flows out: the next token. The reader looks at characters once and never goes back.

use super::error::SyntaxError;

/// A token, and the place behind it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub kind: TokenKind,
    /// Characters from the start of the text to the end of the token.
    pub end: usize,
}

/// The kinds of token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    End,
    Name(Box<str>),
    Variable(Box<str>),
    /// An operator or a punctuation mark; `and`, `or` and `in` count as such.
    Mark(&'static str),
    String(Box<str>),
    /// A number as it was written.
    Number(Box<str>),
    /// `true`, `false`, `null`.
    Value(&'static str),
    Regex {
        pattern: Box<str>,
        flags: Box<str>,
    },
}

impl TokenKind {
    /// The token as error texts quote it.
    pub fn text(&self) -> &str {
        match self {
            TokenKind::End => "(end)",
            TokenKind::Name(text) | TokenKind::Variable(text) | TokenKind::String(text) | TokenKind::Number(text) => {
                text
            }
            TokenKind::Mark(mark) | TokenKind::Value(mark) => mark,
            TokenKind::Regex { pattern, .. } => pattern,
        }
    }
}

const TWO: [&str; 7] = ["..", ":=", "!=", ">=", "<=", "**", "~>"];
const ONE: [&str; 25] = [
    ".", "[", "]", "{", "}", "(", ")", ",", "@", "#", ";", ":", "?", "+", "-", "*", "/", "%", "|", "=", "<", ">", "^",
    "&", "!",
];

fn mark(c: char) -> Option<&'static str> {
    let mut bytes = [0; 4];
    let text: &str = c.encode_utf8(&mut bytes);
    // The tilde alone is no operator, but it ends a name.
    if c == '~' { Some("~") } else { ONE.iter().copied().find(|m| *m == text) }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}')
}

pub(super) struct Lexer<'t> {
    text: &'t str,
    /// Bytes read so far.
    at: usize,
    /// Characters read so far.
    count: usize,
}

impl<'t> Lexer<'t> {
    pub fn new(text: &'t str) -> Lexer<'t> {
        Lexer { text, at: 0, count: 0 }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        self.count += 1;
        Some(c)
    }

    /// Takes so many bytes of the text, which end between two characters.
    fn take(&mut self, bytes: usize) -> &'t str {
        let taken = &self.text[self.at..self.at + bytes];
        self.at += bytes;
        self.count += taken.chars().count();
        taken
    }

    fn error(&self, code: &'static str, token: &str) -> SyntaxError {
        SyntaxError::new(code, self.count, token, "")
    }

    fn token(&self, kind: TokenKind) -> Token {
        Token { kind, end: self.count }
    }

    /// The next token; `operand` says whether one is wanted here rather than an operator.
    pub fn next(&mut self, operand: bool) -> Result<Token, SyntaxError> {
        self.skip()?;
        let Some(c) = self.peek() else {
            return Ok(self.token(TokenKind::End));
        };
        if c == '/' && operand {
            self.bump();
            return self.regex();
        }
        if let Some(two) = TWO.iter().copied().find(|two| self.rest().starts_with(two)) {
            self.take(2);
            return Ok(self.token(TokenKind::Mark(two)));
        }
        if let Some(one) = mark(c) {
            self.bump();
            // These two are operators only in front of others.
            if matches!(one, "!" | "~") {
                return Err(self.error("S0204", one));
            }
            return Ok(self.token(TokenKind::Mark(one)));
        }
        match c {
            '"' | '\'' => self.string(c),
            '`' => self.quoted_name(),
            '0'..='9' => self.number(),
            _ => Ok(self.name()),
        }
    }

    fn skip(&mut self) -> Result<(), SyntaxError> {
        loop {
            let rest = self.rest();
            let blanks = rest.find(|c| !is_blank(c)).unwrap_or(rest.len());
            self.take(blanks);
            if !self.rest().starts_with("/*") {
                return Ok(());
            }
            let start = self.count;
            match self.rest()[2..].find("*/") {
                Some(length) => self.take(length + 4),
                None => return Err(SyntaxError::new("S0106", start, "", "")),
            };
        }
    }

    fn string(&mut self, quote: char) -> Result<Token, SyntaxError> {
        self.bump();
        let mut out = String::new();
        loop {
            match self.bump() {
                None => return Err(self.error("S0101", "")),
                Some(c) if c == quote => return Ok(self.token(TokenKind::String(out.into()))),
                Some('\\') => self.escape(&mut out)?,
                Some(c) => out.push(c),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), SyntaxError> {
        let c = self.bump();
        out.push(match c {
            Some(c @ ('"' | '\'' | '\\' | '/')) => c,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => self.unicode()?,
            Some(other) => return Err(self.error("S0103", other.encode_utf8(&mut [0; 4]))),
            None => return Err(self.error("S0101", "")),
        });
        Ok(())
    }

    /// The character of `\uXXXX`; two that make a surrogate pair are one, a lone one becomes U+FFFD.
    fn unicode(&mut self) -> Result<char, SyntaxError> {
        let first = self.four_digits()?;
        if (0xD800..0xDC00).contains(&first) && self.rest().starts_with("\\u") {
            let (at, count) = (self.at, self.count);
            self.take(2);
            let second = self.four_digits()?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            (self.at, self.count) = (at, count);
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> Result<u32, SyntaxError> {
        let digits = self.rest().get(..4).filter(|four| four.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|four| u32::from_str_radix(four, 16).ok());
        let code = code.ok_or_else(|| self.error("S0104", ""))?;
        self.take(4);
        Ok(code)
    }

    fn quoted_name(&mut self) -> Result<Token, SyntaxError> {
        self.bump();
        match self.rest().find('`') {
            Some(length) => {
                let name = self.take(length);
                self.bump();
                Ok(self.token(TokenKind::Name(name.into())))
            }
            None => {
                self.take(self.rest().len());
                Err(self.error("S0105", ""))
            }
        }
    }

    fn number(&mut self) -> Result<Token, SyntaxError> {
        let bytes = self.rest().as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        // A leading zero stands alone: what follows it is the next token.
        let mut length = if bytes[0] == b'0' { 1 } else { digits(0) };
        if bytes.get(length) == Some(&b'.') && digits(length + 1) > 0 {
            length += 1 + digits(length + 1);
        }
        if matches!(bytes.get(length), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
            let start = length + 1 + sign;
            if start <= bytes.len() && digits(start) > 0 {
                length = start + digits(start);
            }
        }
        let text = self.take(length);
        if text.parse::<f64>().is_ok_and(f64::is_finite) {
            Ok(self.token(TokenKind::Number(text.into())))
        } else {
            Err(self.error("S0102", text))
        }
    }

    fn name(&mut self) -> Token {
        let rest = self.rest();
        let length = rest.find(|c| is_blank(c) || mark(c).is_some()).unwrap_or(rest.len());
        let name = self.take(length);
        let kind = match name {
            "and" => TokenKind::Mark("and"),
            "or" => TokenKind::Mark("or"),
            "in" => TokenKind::Mark("in"),
            "true" => TokenKind::Value("true"),
            "false" => TokenKind::Value("false"),
            "null" => TokenKind::Value("null"),
            _ => match name.strip_prefix('$') {
                Some(variable) => TokenKind::Variable(variable.into()),
                None => TokenKind::Name(name.into()),
            },
        };
        self.token(kind)
    }

    /// A regular expression, behind its opening slash.
    fn regex(&mut self) -> Result<Token, SyntaxError> {
        let (start, mut depth, mut previous, mut backslashes) = (self.at, 0i64, '\0', 0usize);
        loop {
            let Some(c) = self.bump() else {
                return Err(self.error("S0302", ""));
            };
            match c {
                '/' if depth == 0 && backslashes % 2 == 0 => break,
                '(' | '[' | '{' if previous != '\\' => depth += 1,
                ')' | ']' | '}' if previous != '\\' => depth -= 1,
                _ => {}
            }
            backslashes = if c == '\\' { backslashes + 1 } else { 0 };
            previous = c;
        }
        let pattern = &self.text[start..self.at - 1];
        if pattern.is_empty() {
            return Err(self.error("S0301", ""));
        }
        let length = self.rest().bytes().take_while(|b| matches!(b, b'i' | b'm')).count();
        let flags = self.take(length);
        Ok(self.token(TokenKind::Regex { pattern: pattern.into(), flags: flags.into() }))
    }
}

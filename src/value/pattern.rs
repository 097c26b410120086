//! String patterns: what `StringMatches` compares with (States Language, "Choice State").
//!
//! Flows in: a pattern, later a string. Flows out: whether the whole string matches. `*` stands for any run of
//! characters, the empty one and line ends included; `\*` is a star, `\\` a backslash, and a backslash before anything
//! else stands for itself. Nothing else is special. (That a star stands for line ends too, and what a backslash before
//! anything else does on AWS, is not recorded.)
//!
//! A pattern is cut at its stars. The first piece must begin the string and the last must end it; those between are
//! searched one after the other, each as far to the left as it can be, which is right because whatever a later piece
//! needs can only lie further to the right. So matching is linear in the string, whatever the pattern: a matcher that
//! tries again behind every star took 200 ms for a string of 256 KiB that this one settles in a quarter of one. It must
//! never backtrack.

use super::Raw;
use super::raw::Form;
use super::text::same;
use memchr::memmem::Finder;

/// A compiled pattern.
///
/// ```
/// use expressway::value::pattern::Pattern;
/// let pattern = Pattern::parse(r"log-*.txt");
/// assert!(pattern.matches("log-2024-01-31.txt"));
/// assert!(!pattern.matches("log-2024-01-31.txt.gz"));
/// assert!(Pattern::parse(r"100\*").matches("100*"));
/// ```
#[derive(Clone, Debug)]
pub struct Pattern {
    /// What the string begins with; all of it if there is no star.
    first: Box<str>,
    /// Whether that is spelled in JSON as it is.
    plain: bool,
    /// What lies behind the first star, if there is one.
    rest: Option<Rest>,
}

#[derive(Clone, Debug)]
struct Rest {
    /// What lies between two stars, none of it empty.
    between: Box<[Piece]>,
    /// What the string ends with.
    last: Box<str>,
}

#[derive(Clone, Debug)]
enum Piece {
    /// A single byte: a prepared search would take a hundred times its room.
    Byte(u8),
    Text(Box<Finder<'static>>),
}

impl Pattern {
    /// Compiles a pattern; every text is one.
    pub fn parse(text: &str) -> Pattern {
        let mut pieces = vec![String::new()];
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let literal = match c {
                '*' => {
                    pieces.push(String::new());
                    continue;
                }
                '\\' => chars.next_if(|next| matches!(next, '*' | '\\')).unwrap_or('\\'),
                other => other,
            };
            if let Some(piece) = pieces.last_mut() {
                piece.push(literal);
            }
        }
        let mut pieces = pieces.into_iter();
        let first = pieces.next().unwrap_or_default();
        let rest = pieces.next_back().map(|last| Rest {
            between: pieces.filter(|piece| !piece.is_empty()).map(|piece| Piece::new(&piece)).collect(),
            last: last.into(),
        });
        let plain = !first.bytes().any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\'));
        Pattern { first: first.into(), plain, rest }
    }

    /// Whether JSON text is surely no string that matches, as far as its first characters tell; no more than a hint.
    #[inline(always)]
    pub(crate) fn excludes(&self, raw: &Raw) -> bool {
        // Then there is but one way to spell a string.
        raw.form == Form::COMPACT
            && self.plain
            && !raw.text.as_bytes().get(1..=self.first.len()).is_some_and(|start| same(start, self.first.as_bytes()))
    }

    /// Whether the whole string matches, case and all.
    pub fn matches(&self, text: &str) -> bool {
        // Bytes will do: UTF-8 lets no character begin inside another.
        let text = text.as_bytes();
        let first = self.first.as_bytes();
        let Some(rest) = &self.rest else { return same(text, first) };
        let Some((start, text)) = text.split_at_checked(first.len()) else { return false };
        if !same(start, first) {
            return false;
        }
        let Some(mut text) = text.strip_suffix(rest.last.as_bytes()) else { return false };
        for piece in &rest.between {
            match piece.end_in(text) {
                Some(end) => text = &text[end..],
                None => return false,
            }
        }
        true
    }
}

/// The pattern as text, with as many stars as it needs.
impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let literal = |text: &str| text.replace('\\', r"\\").replace('*', r"\*");
        f.write_str(&literal(&self.first))?;
        let Some(rest) = &self.rest else { return Ok(()) };
        for piece in &rest.between {
            let text = match piece {
                Piece::Byte(byte) => String::from_utf8_lossy(&[*byte]).into_owned(),
                Piece::Text(finder) => String::from_utf8_lossy(finder.needle()).into_owned(),
            };
            write!(f, "*{}", literal(&text))?;
        }
        write!(f, "*{}", literal(&rest.last))
    }
}

impl Piece {
    fn new(text: &str) -> Piece {
        match text.as_bytes() {
            [byte] => Piece::Byte(*byte),
            bytes => Piece::Text(Box::new(Finder::new(bytes).into_owned())),
        }
    }

    /// Where the first occurrence ends.
    fn end_in(&self, text: &[u8]) -> Option<usize> {
        match self {
            Piece::Byte(byte) => memchr::memchr(*byte, text).map(|at| at + 1),
            Piece::Text(finder) => finder.find(text).map(|at| at + finder.needle().len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn shown_as_written() {
        for text in ["", "a", "*", "a*b", r"100\*", "a*b*cd*", r"\\*"] {
            assert_eq!(Pattern::parse(text).to_string(), text);
        }
        assert_eq!(Pattern::parse("a**b").to_string(), "a*b");
    }

    #[test]
    fn table() {
        let cases: &[(&str, &str, bool)] = &[
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "any\nthing", true),
            ("a*", "a", true),
            ("*a", "ba", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("ab*ba", "aba", false),
            ("*b*", "abc", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("A*", "a", false),
            (r"a\*b", "a*b", true),
            (r"a\*b", "axb", false),
            (r"a\\b", r"a\b", true),
            (r"a\\*", r"a\bc", true),
            (r"a\b", r"a\b", true),
            ("a\\", "a\\", true),
            ("a?[b]", "a?[b]", true),
            ("a?", "ab", false),
            ("*ü*", "für", true),
            ("*😀", "x😀", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Pattern::parse(pattern).matches(text), *expected, "{pattern} on {text}");
        }
    }

    /// The definition itself: a star takes nothing, or one character and goes on.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], text) => text.is_empty(),
            ([b'*', rest @ ..], text) => naive(rest, text) || (!text.is_empty() && naive(pattern, &text[1..])),
            ([b'\\', escaped @ (b'*' | b'\\'), rest @ ..], [first, text @ ..]) => first == escaped && naive(rest, text),
            ([b'\\', b'*' | b'\\', ..], []) => false,
            ([literal, rest @ ..], [first, text @ ..]) => first == literal && naive(rest, text),
            (_, []) => false,
        }
    }

    fn words(alphabet: &[u8], length_max: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut from = 0;
        for _ in 0..length_max {
            let until = all.len();
            for at in from..until {
                for letter in alphabet {
                    all.push(format!("{}{}", all[at], *letter as char));
                }
            }
            from = until;
        }
        all
    }

    #[test]
    fn agrees_with_the_definition_on_all_small_cases() {
        let texts = words(b"ab*\\", 4);
        for pattern in words(b"ab*\\", 5) {
            let compiled = Pattern::parse(&pattern);
            for text in &texts {
                let expected = naive(pattern.as_bytes(), text.as_bytes());
                assert_eq!(compiled.matches(text), expected, "{pattern} on {text}");
            }
        }
    }

    #[test]
    fn adverse_patterns_take_no_longer_than_others() {
        let text = "a".repeat(1 << 18);
        let cases = [
            (format!("*{}b*", "a".repeat(1000)), false),
            (format!("*{}b", "a*".repeat(100_000)), false),
            ("a*".repeat(131_072), true),
            ("aa*".repeat(87_000), true),
            (format!("*{}*{}*", "ab".repeat(60_000), "a".repeat(60_000)), false),
        ];
        let patterns: Vec<_> = cases.iter().map(|(text, expected)| (Pattern::parse(text), expected)).collect();
        // No clock here: were one of them quadratic, the test would take minutes.
        for (pattern, expected) in patterns.iter().cycle().take(50) {
            assert_eq!(pattern.matches(&text), **expected);
        }
    }
}

//! Functions on strings that take no regular expression (JSONata, "String functions").
//!
//! Strings flow in as slices; what is a part of them flows out as a slice of them. Positions and lengths arrive as the
//! doubles that they are in the language and are cut towards zero. It must never cut a code point in two.

use super::fault::Fault;
use super::{LibraryError, check_bytes};
use std::borrow::Cow;
use std::cmp::Ordering;

/// `$length(str)`: code points.
pub fn length(text: &str) -> usize {
    text.chars().count()
}

/// `$substring(str, start[, length])`: positions are code points; a negative start counts from the end, and one before
/// the beginning is the beginning.
///
/// ```
/// use expressway::vm::jsonata::library::string::substring;
/// assert_eq!(substring("expressway", -3.0, Some(2.0)), "wa");
/// ```
pub fn substring(text: &str, start: f64, length: Option<f64>) -> &str {
    let count = self::length(text) as f64;
    let start = if count + start < 0.0 { 0.0 } else { start };
    let end = match length {
        Some(length) if length <= 0.0 => return "",
        Some(length) if start >= 0.0 => start + length,
        Some(length) => count + start + length,
        None => count,
    };
    let from = if start <= -1.0 { count + start.trunc() } else { start };
    // Conversion cuts towards zero and saturates.
    let (from, end) = (byte_index(text, from as usize), byte_index(text, end as usize));
    text.get(from..end).unwrap_or("")
}

/// Where the code point of that number begins; the length of the text if there are fewer.
fn byte_index(text: &str, code_point: usize) -> usize {
    if text.is_ascii() {
        return code_point.min(text.len());
    }
    text.char_indices().nth(code_point).map_or(text.len(), |(at, _)| at)
}

/// `$substringBefore(str, chars)`: what stands before the first occurrence; all, if there is none.
pub fn substring_before<'t>(text: &'t str, part: &str) -> &'t str {
    text.find(part).map_or(text, |at| &text[..at])
}

/// `$substringAfter(str, chars)`: what stands after the first occurrence; all, if there is none.
pub fn substring_after<'t>(text: &'t str, part: &str) -> &'t str {
    text.find(part).map_or(text, |at| &text[at + part.len()..])
}

/// `$uppercase(str)`: Unicode's full mapping, which can make a text longer.
pub fn uppercase(text: &str) -> String {
    text.to_uppercase()
}

/// `$lowercase(str)`: Unicode's full mapping.
pub fn lowercase(text: &str) -> String {
    text.to_lowercase()
}

/// `$trim(str)`: runs of spaces, tabs and line ends become one space, and none is left at either end.
///
/// ```
/// use expressway::vm::jsonata::library::string::trim;
/// assert_eq!(trim("\n two \t\r\n words "), "two words");
/// ```
pub fn trim(text: &str) -> Cow<'_, str> {
    const BLANK: [char; 4] = [' ', '\t', '\n', '\r'];
    let bare = text.trim_matches(BLANK);
    let bytes = bare.as_bytes();
    let is_blank = |byte: u8| BLANK.contains(&char::from(byte));
    let tidy = bytes.iter().all(|b| !matches!(b, b'\t' | b'\n' | b'\r'))
        && bytes.windows(2).all(|pair| !(is_blank(pair[0]) && is_blank(pair[1])));
    if tidy {
        return Cow::Borrowed(bare);
    }
    let mut out = String::with_capacity(bare.len());
    for word in bare.split(BLANK).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    Cow::Owned(out)
}

/// `$pad(str, width[, char])`: filled to so many code points, on the right, or on the left if the width is negative;
/// with spaces unless `fill` says otherwise, which repeats and is cut to fit.
///
/// ```
/// use expressway::vm::jsonata::library::string::pad;
/// assert_eq!(pad("7", -3.0, Some("0"))?, "007");
/// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
/// ```
///
/// # Errors
/// U1001: the text would be too long.
pub fn pad<'t>(text: &'t str, width: f64, fill: Option<&str>) -> Result<Cow<'t, str>, LibraryError> {
    let fill = fill.filter(|fill| !fill.is_empty()).unwrap_or(" ");
    let missing = (width.abs() as usize).saturating_sub(length(text));
    if missing == 0 {
        return Ok(Cow::Borrowed(text));
    }
    let widest = fill.chars().map(char::len_utf8).max().unwrap_or(1);
    check_bytes(missing.saturating_mul(widest).saturating_add(text.len()))?;
    let filling = fill.chars().cycle().take(missing);
    let mut out = String::with_capacity(text.len() + missing * widest);
    if width > 0.0 {
        out.push_str(text);
        out.extend(filling);
    } else {
        out.extend(filling);
        out.push_str(text);
    }
    Ok(Cow::Owned(out))
}

/// `$contains(str, part)` with a string.
pub fn contains(text: &str, part: &str) -> bool {
    text.contains(part)
}

/// `$split(str, separator[, limit])` with a string; an empty one splits between code points. At most `limit` parts, cut
/// towards zero; what is left over is dropped.
///
/// ```
/// use expressway::vm::jsonata::library::string::split;
/// assert_eq!(split("a,b,c", ",", Some(2.0))?, ["a", "b"]);
/// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
/// ```
///
/// # Errors
/// D3020: the limit is negative.
pub fn split<'t>(text: &'t str, separator: &str, limit: Option<f64>) -> Result<Vec<&'t str>, LibraryError> {
    let limit = match limit {
        Some(limit) if limit < 0.0 => return Err(Fault::SplitLimit.into()),
        Some(limit) => limit as usize,
        None => usize::MAX,
    };
    if separator.is_empty() {
        return Ok(text.char_indices().take(limit).map(|(at, c)| &text[at..at + c.len_utf8()]).collect());
    }
    Ok(text.split(separator).take(limit).collect())
}

/// `$join(array[, separator])`.
///
/// # Errors
/// U1001: the text would be too long.
pub fn join<'t>(parts: impl IntoIterator<Item = &'t str>, separator: &str) -> Result<String, LibraryError> {
    let mut out = String::new();
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        check_bytes(out.len() + part.len() + separator.len())?;
        out.push_str(part);
    }
    Ok(out)
}

/// `$replace(str, pattern, replacement[, limit])` with a string as the pattern; `$` means nothing in the replacement.
///
/// ```
/// use expressway::vm::jsonata::library::string::replace;
/// assert_eq!(replace("1-2-3", "-", "$1", Some(1.0))?, "1$12-3");
/// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
/// ```
///
/// # Errors
/// D3010: an empty pattern. D3011: a negative limit. U1001: the text would be too long.
pub fn replace(text: &str, pattern: &str, replacement: &str, limit: Option<f64>) -> Result<String, LibraryError> {
    if pattern.is_empty() {
        return Err(Fault::ReplaceEmptyPattern.into());
    }
    check_replace_limit(limit)?;
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut count) = (text, 0.0);
    while limit.is_none_or(|limit| count < limit)
        && let Some(at) = rest.find(pattern)
    {
        check_bytes(out.len() + at + replacement.len())?;
        out.push_str(&rest[..at]);
        out.push_str(replacement);
        rest = &rest[at + pattern.len()..];
        count += 1.0;
    }
    check_bytes(out.len() + rest.len())?;
    out.push_str(rest);
    Ok(out)
}

/// The rule for the limit of `$replace`, whatever the pattern is.
///
/// # Errors
/// D3011: it is negative.
pub fn check_replace_limit(limit: Option<f64>) -> Result<(), LibraryError> {
    if limit.is_some_and(|limit| limit < 0.0) { Err(Fault::ReplaceLimit.into()) } else { Ok(()) }
}

/// How `<` and `$sort` order strings: by UTF-16 units, so that U+1F600 comes before U+FF5E.
///
/// ```
/// use expressway::vm::jsonata::library::string::compare;
/// assert!(compare("\u{1F600}", "\u{FF5E}").is_lt());
/// ```
pub fn compare(left: &str, right: &str) -> Ordering {
    // Bytes of UTF-8 have the order of code points. UTF-16 differs only where a code point beyond U+FFFF, whose first
    // unit is U+D800 to U+DBFF, meets one from U+E000 on.
    let at = left.bytes().zip(right.bytes()).position(|(l, r)| l != r);
    let Some(at) = at else { return left.len().cmp(&right.len()) };
    let rank = |byte: u8| match byte {
        0xF0.. => byte - 2,
        0xEE | 0xEF => byte + 0x10,
        _ => byte,
    };
    let (l, r) = (left.as_bytes()[at], right.as_bytes()[at]);
    // Where the first differing byte is inside a code point, both begin alike, and continuation bytes are below 0xC0.
    rank(l).cmp(&rank(r))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substrings() {
        let cases: &[(&str, f64, Option<f64>, &str)] = &[
            ("marmalade", 0.0, None, "marmalade"),
            ("marmalade", 6.0, None, "ade"),
            ("marmalade", 9.0, None, ""),
            ("marmalade", 40.0, Some(1.0), ""),
            ("marmalade", -3.0, None, "ade"),
            ("marmalade", -3.0, Some(2.0), "ad"),
            ("marmalade", -30.0, Some(3.0), "mar"),
            ("marmalade", 2.0, Some(0.0), ""),
            ("marmalade", 2.0, Some(-1.0), ""),
            ("marmalade", 2.9, Some(1.0), "r"),
            ("marmalade", 1.5, Some(2.5), "arm"),
            ("marmalade", -2.5, Some(1.0), ""),
            ("marmalade", -0.5, None, "marmalade"),
            ("marmalade", 0.0, Some(1e300), "marmalade"),
            ("añb🦀c", 1.0, Some(3.0), "ñb🦀"),
            ("añb🦀c", -2.0, Some(1.0), "🦀"),
            ("", 0.0, Some(3.0), ""),
        ];
        for (text, start, length, expected) in cases {
            assert_eq!(substring(text, *start, *length), *expected, "{text} {start} {length:?}");
        }
    }

    #[test]
    fn before_and_after() {
        for (text, part, before, after) in [
            ("key=value=x", "=", "key", "value=x"),
            ("key", "=", "key", "key"),
            ("key", "", "", "key"),
            ("ключ→знач", "→", "ключ", "знач"),
        ] {
            assert_eq!((substring_before(text, part), substring_after(text, part)), (before, after), "{text}");
        }
    }

    #[test]
    fn trimmed() {
        for (text, expected) in [
            ("plain", "plain"),
            ("two words", "two words"),
            ("  two   words\t", "two words"),
            ("two\nwords", "two words"),
            (" \r\n\t ", ""),
            ("", ""),
            ("\u{A0}kept\u{A0}", "\u{A0}kept\u{A0}"),
        ] {
            assert_eq!(trim(text), expected, "{text:?}");
        }
    }

    #[test]
    fn padded() {
        let cases: &[(&str, f64, Option<&str>, &str)] = &[
            ("ox", 4.0, None, "ox  "),
            ("ox", -4.0, None, "  ox"),
            ("ox", 2.0, Some("-"), "ox"),
            ("ox", -1.0, Some("-"), "ox"),
            ("ox", 7.0, Some("ab"), "oxababa"),
            ("ox", -7.0, Some("ab"), "ababaox"),
            ("ox", 4.9, Some("🦀"), "ox🦀🦀"),
            ("🐂", 3.0, Some(""), "🐂  "),
            ("ox", 0.0, None, "ox"),
        ];
        for (text, width, fill, expected) in cases {
            assert_eq!(pad(text, *width, *fill).unwrap(), *expected, "{text} {width} {fill:?}");
        }
        for width in [3e9, -3e9, 1e300] {
            assert!(pad("x", width, None).unwrap_err().is_limit());
        }
    }

    #[test]
    fn parted_and_joined() {
        let cases: &[(&str, &str, Option<f64>, &[&str])] = &[
            ("a|b||c", "|", None, &["a", "b", "", "c"]),
            ("a|b||c", "|", Some(2.9), &["a", "b"]),
            ("a|b||c", "|", Some(0.5), &[]),
            ("a|b||c", "|", Some(99.0), &["a", "b", "", "c"]),
            ("", "|", None, &[""]),
            ("", "", None, &[]),
            ("a🦀b", "", None, &["a", "🦀", "b"]),
            ("a🦀b", "", Some(2.0), &["a", "🦀"]),
        ];
        for (text, separator, limit, expected) in cases {
            assert_eq!(split(text, separator, *limit).unwrap(), *expected, "{text} {separator}");
        }
        assert_eq!(split("a", "b", Some(-0.5)).unwrap_err().code, "D3020");
        assert_eq!(join(["a", "b", "c"], "; ").unwrap(), "a; b; c");
        assert_eq!(join([], "; ").unwrap(), "");
    }

    #[test]
    fn replaced() {
        let cases: &[(&str, &str, &str, Option<f64>, &str)] = &[
            ("banana", "an", "o", None, "booa"),
            ("banana", "an", "o", Some(1.0), "boana"),
            ("banana", "an", "o", Some(0.0), "banana"),
            ("banana", "an", "o", Some(1.5), "booa"),
            ("banana", "x", "o", None, "banana"),
            ("banana", "ana", "$0", None, "b$0na"),
        ];
        for (text, pattern, replacement, limit, expected) in cases {
            assert_eq!(replace(text, pattern, replacement, *limit).unwrap(), *expected, "{text} {pattern}");
        }
        assert_eq!(replace("a", "", "b", None).unwrap_err().code, "D3010");
        assert_eq!(replace("a", "a", "b", Some(-1.0)).unwrap_err().code, "D3011");
        let long = "a".repeat(10_000);
        assert!(replace(&long, "a", &long, None).unwrap_err().is_limit());
    }

    #[test]
    fn order_is_that_of_utf16() {
        let words =
            ["", "a", "ab", "b", "é", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10000}", "\u{1F600}", "\u{10FFFF}"];
        for left in words {
            for right in words {
                let expected = left.encode_utf16().cmp(right.encode_utf16());
                assert_eq!(compare(left, right), expected, "{left:?} {right:?}");
                let (left, right) = (format!("x{left}y"), format!("x{right}z"));
                assert_eq!(compare(&left, &right), left.encode_utf16().cmp(right.encode_utf16()), "{left:?} {right:?}");
            }
        }
    }
}

//! The matches of a text one after the other, and what `$split`, `$replace` and `$match` make of them.
//!
//! Flows in: a compiled expression, a text, a limit. Flows out: parts of the text, or a new one. As in the language's
//! reference the next match begins where the last one ended, and one that takes nothing is only allowed as the first: a
//! second one would never end, and is an error.

use super::{Match, Regex, steps_for};
use crate::vm::jsonata::library::fault::Fault;
use crate::vm::jsonata::library::integer::leading_integer;
use crate::vm::jsonata::library::string::check_replace_limit;
use crate::vm::jsonata::library::{LibraryError, check_bytes, number};

/// The matches of a text, each where it is. The budget of steps is for all of them together.
///
/// ```
/// use expressway::vm::jsonata::library::regex::Regex;
/// let regex = Regex::new("[aeiou]", "")?;
/// let mut matches = regex.matches("\u{1F980} crab");
/// let found = matches.next().unwrap()?;
/// assert_eq!((found.start, matches.index(found.start)), (7, 5));
/// assert!(matches.next().is_none());
/// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
/// ```
pub struct Matches<'r, 't> {
    regex: &'r Regex,
    text: &'t str,
    /// Where the next match may begin; none when there is none any more.
    next: Option<usize>,
    is_first: bool,
    steps: u64,
    /// A place in bytes and in UTF-16 units, from which to count on.
    counted: (usize, usize),
}

impl<'r, 't> Matches<'r, 't> {
    pub(super) fn new(regex: &'r Regex, text: &'t str) -> Matches<'r, 't> {
        Matches { regex, text, next: Some(0), is_first: true, steps: steps_for(text), counted: (0, 0) }
    }

    /// A byte offset of the text in UTF-16 units, as `$match` gives it. Cheapest if asked from left to right.
    pub fn index(&mut self, offset: usize) -> usize {
        let (bytes, units) = if offset < self.counted.0 { (0, 0) } else { self.counted };
        let between = self.text.get(bytes..offset).unwrap_or("");
        self.counted = (bytes + between.len(), units + between.encode_utf16().count());
        self.counted.1
    }
}

impl Iterator for Matches<'_, '_> {
    type Item = Result<Match, LibraryError>;

    /// The next match. An error is the last item: D1004 if a match after the first takes nothing, U1001 if our matcher
    /// has taken too many steps.
    fn next(&mut self) -> Option<Result<Match, LibraryError>> {
        let from = self.next.take()?;
        let found = match self.regex.find(self.text, from, &mut self.steps).transpose()? {
            Ok(found) => found,
            Err(error) => return Some(Err(error)),
        };
        if !self.is_first && found.start == found.end {
            return Some(Err(Fault::EmptyMatch.into()));
        }
        self.is_first = false;
        self.next = Some(found.end).filter(|end| *end < self.text.len());
        Some(Ok(found))
    }
}

/// The rule for the limit of `$match`.
///
/// # Errors
/// D3040: it is negative.
pub fn check_match_limit(limit: Option<f64>) -> Result<(), LibraryError> {
    if limit.is_some_and(|limit| limit < 0.0) { Err(Fault::MatchLimit.into()) } else { Ok(()) }
}

/// `$split(str, regex[, limit])`: what stands between the matches, at most `limit` parts.
///
/// ```
/// use expressway::vm::jsonata::library::regex::{Regex, split};
/// assert_eq!(split(&Regex::new(r"\s*,\s*", "")?, "a , b,c", None)?, ["a", "b", "c"]);
/// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
/// ```
///
/// # Errors
/// D3020: a negative limit; and as [`Matches`] ends.
pub fn split<'t>(regex: &Regex, text: &'t str, limit: Option<f64>) -> Result<Vec<&'t str>, LibraryError> {
    if limit.is_some_and(|limit| limit < 0.0) {
        return Err(Fault::SplitLimit.into());
    }
    let below_limit = |count: usize| limit.is_none_or(|limit| (count as f64) < limit);
    let mut parts = Vec::new();
    if !below_limit(0) {
        return Ok(parts);
    }
    let mut matches = regex.matches(text);
    let (mut start, mut found) = (0, matches.next().transpose()?);
    while let Some(this) = found.filter(|_| below_limit(parts.len())) {
        parts.push(&text[start..this.start]);
        start = this.end;
        found = matches.next().transpose()?;
    }
    if below_limit(parts.len()) {
        parts.push(&text[start..]);
    }
    Ok(parts)
}

/// `$replace(str, regex, replacement[, limit])` with a string as the replacement, see [`expand`].
///
/// ```
/// use expressway::vm::jsonata::library::regex::{Regex, replace};
/// let dates = Regex::new(r"(\d+)/(\d+)", "")?;
/// assert_eq!(replace(&dates, "7/12 and 8/12", "$2-$1 ($$0: $0)", Some(1.0))?, "12-7 ($0: 7/12) and 8/12");
/// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
/// ```
///
/// # Errors
/// D3011: a negative limit. U1001: the text would be too long. And as [`Matches`] ends.
pub fn replace(regex: &Regex, text: &str, replacement: &str, limit: Option<f64>) -> Result<String, LibraryError> {
    check_replace_limit(limit)?;
    let below_limit = |count: f64| limit.is_none_or(|limit| count < limit);
    if !below_limit(0.0) {
        return Ok(text.to_owned());
    }
    let mut out = String::with_capacity(text.len());
    let mut matches = regex.matches(text);
    let (mut start, mut count, mut found) = (0, 0.0, matches.next().transpose()?);
    while let Some(this) = found.filter(|_| below_limit(count)) {
        out.push_str(&text[start..this.start]);
        expand(replacement, text, &this, &mut out)?;
        start = this.end;
        count += 1.0;
        found = matches.next().transpose()?;
    }
    check_bytes(out.len() + text.len() - start)?;
    out.push_str(&text[start..]);
    Ok(out)
}

/// Appends a replacement: `$0` is the match, `$1` and on its groups, `$$` a dollar sign, and any other dollar sign stands
/// for itself. A number takes as many digits as that of groups has; one fewer if there is no group of that number. A group
/// that does not exist or took no part is nothing.
///
/// # Errors
/// U1001: the text would be too long.
pub fn expand(replacement: &str, text: &str, found: &Match, out: &mut String) -> Result<(), LibraryError> {
    let count = found.groups.len();
    let digits_max = count.checked_ilog10().unwrap_or(0) as usize + 1;
    let mut rest = replacement;
    while let Some(dollar) = rest.find('$') {
        out.push_str(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('0') {
            out.push_str(text.get(found.start..found.end).unwrap_or(""));
            rest = after;
        } else {
            let number_of = |digits: usize| leading_integer(&rest[..char_offset(rest, digits)]);
            let mut number = number_of(digits_max);
            if digits_max > 1 && number.is_some_and(|number| number > count as f64) {
                number = number_of(digits_max - 1);
            }
            match number {
                Some(number) => {
                    // Conversion saturates, and there is no group 0 or below.
                    if let Some(Some((start, end))) =
                        (number as usize).checked_sub(1).and_then(|at| found.groups.get(at))
                    {
                        out.push_str(text.get(*start..*end).unwrap_or(""));
                    }
                    rest = &rest[char_offset(rest, number::plain(number).len())..];
                }
                None => out.push('$'),
            }
        }
        check_bytes(out.len())?;
    }
    out.push_str(rest);
    check_bytes(out.len())
}

/// Where the character of that number begins.
fn char_offset(text: &str, index: usize) -> usize {
    text.char_indices().nth(index).map_or(text.len(), |(at, _)| at)
}

//! Regular expressions: `/…/` literals, and `$match`, `$contains`, `$split`, `$replace` with them.
//!
//! Flows in: a pattern in JavaScript's syntax, with the flags `i` and `m`, compiled once; then texts. Flows out: matches.
//! Most patterns are handed to the `regex` crate, which takes time linear in the text. Those that it cannot match as
//! JavaScript would (look-around, back-references, and a few repetitions) go to a matcher of ours, which tries one way
//! after the other within a budget of steps; so no pattern runs for ever.
//!
//! | file | holds |
//! | --- | --- |
//! | `syntax.rs`, `set.rs` | the pattern as a tree, its classes |
//! | `translate.rs` | the tree for the crate |
//! | `program.rs`, `backtrack.rs` | the tree for our matcher, and that |
//! | `matching.rs` | the functions |
//! | `error.rs` | why a pattern is refused |
//!
//! Text is code points here, where JavaScript without its `u` flag sees UTF-16 units: `.` takes a whole emoji. Positions are
//! byte offsets; [`Matches::index`] gives them as the language has them.

mod backtrack;
mod error;
mod matching;
mod program;
mod set;
mod syntax;
#[cfg(test)]
mod tests;
mod translate;

pub use error::{Problem, RegexError};
pub use matching::{Matches, check_match_limit, expand, replace, split};

use super::LibraryError;
use program::Program;
use syntax::{Assertion, Flags, Node};

/// So many steps, and so many more for each byte of the text, are spent on one text: a few seconds at worst.
const STEPS_MIN: u64 = 10_000_000;
const STEPS_A_BYTE: u64 = 64;
const STEPS_MAX: u64 = 200_000_000;

/// A pattern that the crate needs more memory for is matched by ours, which has a budget: "linear" is the length of the
/// text times the size of the pattern, and `\w{5000}` takes seconds for every 10,000 characters.
const LINEAR_BYTES_MAX: usize = 128 << 10;
/// The crate's memory grows with the number of groups times the size of the pattern.
const LINEAR_GROUPS_MAX: usize = 99;

/// A compiled regular expression.
///
/// ```
/// use expressway::vm::jsonata::library::regex::Regex;
/// let regex = Regex::new(r"(\w)\1", "i")?;
/// let found = regex.find_at("see Aachen", 1)?.unwrap();
/// assert_eq!((found.start, found.end, found.groups), (1, 3, vec![Some((1, 2))]));
/// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
/// ```
#[derive(Debug)]
pub struct Regex {
    linear: Option<regex::Regex>,
    /// There unless the linear one will always do.
    backtracking: Option<Program>,
    ignore_case: bool,
}

/// A match: where it is, and where its groups are, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What each group captured, from the first on; none if it took no part.
    pub groups: Vec<Option<(usize, usize)>>,
}

impl Regex {
    /// Compiles the text between the slashes, with the flags after the second.
    ///
    /// # Errors
    /// [`RegexError`]: the syntax, or a flag other than `i` and `m`.
    pub fn new(pattern: &str, flags: &str) -> Result<Regex, RegexError> {
        if flags.chars().any(|flag| !"im".contains(flag)) {
            return Err(RegexError { offset: pattern.chars().count(), problem: Problem::UnknownFlag });
        }
        let flags = Flags { ignore_case: flags.contains('i'), multi_line: flags.contains('m') };
        let pattern = syntax::parse(pattern, flags)?;
        let linear = translate::translate(&pattern.node).filter(|_| pattern.group_count <= LINEAR_GROUPS_MAX);
        // What the crate refuses is too large for it.
        let build = |text: String| regex::RegexBuilder::new(&text).size_limit(LINEAR_BYTES_MAX).build().ok();
        let linear = linear.and_then(build);
        let backtracking = (linear.is_none() || has_line_assertion(&pattern.node)).then(|| Program::compile(&pattern));
        Ok(Regex { linear, backtracking, ignore_case: flags.ignore_case })
    }

    /// The leftmost match that begins at a byte offset or after it; none if the offset is none of the text's.
    ///
    /// # Errors
    /// U1001: our matcher has taken too many steps.
    pub fn find_at(&self, text: &str, offset: usize) -> Result<Option<Match>, LibraryError> {
        self.find(text, offset, &mut steps_for(text))
    }

    /// Whether there is a match: `$contains` with a regular expression.
    ///
    /// # Errors
    /// U1001: our matcher has taken too many steps.
    pub fn is_match(&self, text: &str) -> Result<bool, LibraryError> {
        match self.linear_for(text) {
            Some(linear) => Ok(linear.is_match(text)),
            None => Ok(self.find_at(text, 0)?.is_some()),
        }
    }

    /// The matches of a text, one after the other.
    pub fn matches<'r, 't>(&'r self, text: &'t str) -> Matches<'r, 't> {
        Matches::new(self, text)
    }

    fn find(&self, text: &str, offset: usize, steps: &mut u64) -> Result<Option<Match>, LibraryError> {
        if !text.is_char_boundary(offset) {
            return Ok(None);
        }
        if let Some(linear) = self.linear_for(text) {
            if linear.captures_len() == 1 {
                let found = linear.find_at(text, offset);
                return Ok(found.map(|found| Match { start: found.start(), end: found.end(), groups: Vec::new() }));
            }
            let Some(found) = linear.captures_at(text, offset) else { return Ok(None) };
            let mut groups = found.iter().map(|group| group.map(|group| (group.start(), group.end())));
            // The first is the whole match.
            return Ok(groups.next().flatten().map(|(start, end)| Match { start, end, groups: groups.collect() }));
        }
        match &self.backtracking {
            Some(program) => backtrack::find(program, text, offset, self.ignore_case, steps),
            None => Ok(None),
        }
    }

    /// The linear matcher, if it will do for the text: to the crate only a line feed ends a line.
    fn linear_for(&self, text: &str) -> Option<&regex::Regex> {
        let linear = self.linear.as_ref()?;
        let by_line = self.backtracking.is_some();
        (!by_line || !text.contains(['\r', '\u{2028}', '\u{2029}'])).then_some(linear)
    }
}

/// What may be spent on a text.
fn steps_for(text: &str) -> u64 {
    (STEPS_MIN + STEPS_A_BYTE * text.len() as u64).min(STEPS_MAX)
}

fn has_line_assertion(node: &Node) -> bool {
    match node {
        Node::Assertion(Assertion::LineStart | Assertion::LineEnd) => true,
        Node::Group(_, node) | Node::Look { node, .. } | Node::Repeat { node, .. } => has_line_assertion(node),
        Node::Concat(nodes) | Node::Alternate(nodes) => nodes.iter().any(has_line_assertion),
        _ => false,
    }
}

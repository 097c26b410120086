//! What tells two JSON documents apart: the places at which they differ, and the paths at which that does not count.
//!
//! Flows in: two documents as trees. Flows out: [`Difference`]s in document order. Objects are compared by key, whatever
//! the order of their members; numbers by value, however they are written (`1.0` is `1`); arrays place by place. It must
//! never go deeper than the documents, whose depth the reader has bounded.

use super::number::Number;
use super::path::{Path, PathError, Step};
use super::tree::{Kind, Node};

/// A step towards a place in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A member.
    Member(Box<str>),
    /// An element.
    Index(usize),
}

/// A place at which two documents differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The place.
    pub at: Vec<Key>,
    /// What the first document has there, as compact JSON; nothing, if it has nothing.
    pub old: Option<String>,
    /// What the second has there.
    pub new: Option<String>,
}

/// Where two documents differ.
///
/// ```
/// use expressway::value::difference::differences;
/// use expressway::value::tree::parse;
/// let (old, new) = (parse(r#"{"a": 1, "b": [1, 2]}"#)?, parse(r#"{"b": [1, 3], "a": 1.0}"#)?);
/// let found = differences(&old, &new);
/// assert_eq!(found.len(), 1);
/// assert_eq!(found[0].to_string(), "$.b[1]: 2 → 3");
/// # Ok::<(), expressway::value::tree::SyntaxError>(())
/// ```
pub fn differences(old: &Node, new: &Node) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(old, new, &mut Vec::new(), &mut found);
    found
}

/// Where a document does not hold what is asked for: objects may have further members, arrays may not have further
/// elements.
pub fn missing(asked: &Node, given: &Node) -> Vec<Difference> {
    let mut found = differences(asked, given);
    // What only the second document has was not asked about, unless it is an element.
    found.retain(|difference| difference.old.is_some() || matches!(difference.at.last(), Some(Key::Index(_))));
    found
}

fn compare(old: &Node, new: &Node, at: &mut Vec<Key>, found: &mut Vec<Difference>) {
    match (&old.kind, &new.kind) {
        (Kind::Object(_), Kind::Object(_)) => {
            for (n, member) in old.members().iter().enumerate() {
                if is_last(old, n) {
                    at.push(Key::Member(member.key.clone()));
                    both(Some(&member.value), new.get(&member.key), at, found);
                    at.pop();
                }
            }
            for (n, member) in new.members().iter().enumerate() {
                if is_last(new, n) && old.get(&member.key).is_none() {
                    at.push(Key::Member(member.key.clone()));
                    both(None, Some(&member.value), at, found);
                    at.pop();
                }
            }
        }
        (Kind::Array(ours), Kind::Array(theirs)) => {
            for n in 0..ours.len().max(theirs.len()) {
                at.push(Key::Index(n));
                both(ours.get(n), theirs.get(n), at, found);
                at.pop();
            }
        }
        (Kind::Number(a), Kind::Number(b)) if Number::Text(a).compare(Number::Text(b)).is_eq() => {}
        (ours, theirs) if ours == theirs => {}
        _ => found.push(Difference { at: at.clone(), old: Some(old.to_json()), new: Some(new.to_json()) }),
    }
}

fn both(old: Option<&Node>, new: Option<&Node>, at: &mut Vec<Key>, found: &mut Vec<Difference>) {
    match (old, new) {
        (Some(old), Some(new)) => compare(old, new, at, found),
        (old, new) => {
            found.push(Difference { at: at.clone(), old: old.map(Node::to_json), new: new.map(Node::to_json) })
        }
    }
}

/// Whether a member is the one that counts among those of its key.
fn is_last(object: &Node, n: usize) -> bool {
    let members = object.members();
    !members[n + 1..].iter().any(|later| later.key == members[n].key)
}

impl Difference {
    /// The place as a path: `$.a['odd key'][0]`.
    pub fn path(&self) -> String {
        path(&self.at, false)
    }

    /// The place, with `[*]` for every element: what equal differences in many documents have in common.
    pub fn general_path(&self) -> String {
        path(&self.at, true)
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
        write!(f, "{}: {} → {}", self.path(), side(&self.old), side(&self.new))
    }
}

fn path(at: &[Key], general: bool) -> String {
    let mut out = "$".to_owned();
    for key in at {
        match key {
            Key::Member(name) if is_plain(name) => {
                out.push('.');
                out.push_str(name);
            }
            Key::Member(name) => {
                out.push_str("['");
                out.push_str(&name.replace('\\', "\\\\").replace('\'', "\\'"));
                out.push_str("']");
            }
            Key::Index(_) if general => out.push_str("[*]"),
            Key::Index(n) => {
                out.push('[');
                out.push_str(&n.to_string());
                out.push(']');
            }
        }
    }
    out
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_numeric())
}

/// Places that do not count: a path, and all that is below what it selects.
///
/// ```
/// use expressway::value::difference::{Ignored, differences};
/// use expressway::value::tree::parse;
/// let (old, new) = (parse(r#"{"rows": [{"at": 1}]}"#)?, parse(r#"{"rows": [{"at": 2}]}"#)?);
/// let found = differences(&old, &new);
/// assert!(Ignored::parse("$.rows[*].at").unwrap().covers(&found[0]));
/// assert!(Ignored::parse("$..at").unwrap().covers(&found[0]));
/// # Ok::<(), expressway::value::tree::SyntaxError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ignored {
    steps: Vec<Step>,
}

/// A path that cannot say what is to be ignored.
#[derive(Debug, thiserror::Error)]
pub enum IgnoredError {
    /// It is none.
    #[error("{path} is not a path: {error}")]
    Path {
        /// The text.
        path: String,
        /// What is wrong.
        error: PathError,
    },
    /// It has a step that does not tell a place from its neighbours without looking at the document.
    #[error("{path}: {step} cannot be ignored; take members, indices from the start, * and ..")]
    Step {
        /// The text.
        path: String,
        /// The step.
        step: String,
    },
}

impl Ignored {
    /// Reads a path.
    ///
    /// # Errors
    ///
    /// [`IgnoredError`]: no path, or one with filters, slices, functions or indices from the end.
    pub fn parse(text: &str) -> Result<Ignored, IgnoredError> {
        let path = Path::parse(text).map_err(|error| IgnoredError::Path { path: text.to_owned(), error })?;
        let unfit = path.steps().iter().find(|step| match step {
            Step::Member(_) | Step::Members(_) | Step::Wildcard | Step::DeepScan => false,
            Step::Index(index) => *index < 0,
            Step::Indices(indices) => indices.iter().any(|index| *index < 0),
            Step::Slice { .. } | Step::Filter(_) | Step::Function(_) => true,
        });
        match unfit {
            Some(step) => Err(IgnoredError::Step { path: text.to_owned(), step: step.to_string() }),
            None => Ok(Ignored { steps: path.steps().to_vec() }),
        }
    }

    /// Whether a difference lies there.
    pub fn covers(&self, difference: &Difference) -> bool {
        leads_to(&self.steps, &difference.at)
    }
}

/// Whether the steps select the place, or something that it lies in.
fn leads_to(steps: &[Step], at: &[Key]) -> bool {
    let Some((step, rest)) = steps.split_first() else { return true };
    if let Step::DeepScan = step {
        return (0..=at.len()).any(|skipped| leads_to(rest, &at[skipped..]));
    }
    let Some((key, below)) = at.split_first() else { return false };
    let takes = match (step, key) {
        (Step::Member(name), Key::Member(key)) => name == key,
        (Step::Members(names), Key::Member(key)) => names.contains(key),
        (Step::Index(index), Key::Index(n)) => usize::try_from(*index) == Ok(*n),
        (Step::Indices(indices), Key::Index(n)) => indices.iter().any(|index| usize::try_from(*index) == Ok(*n)),
        (Step::Wildcard, _) => true,
        _ => false,
    };
    takes && leads_to(rest, below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::tree::parse;

    fn shown(old: &str, new: &str) -> Vec<String> {
        differences(&parse(old).unwrap(), &parse(new).unwrap()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn places_are_named_in_order() {
        let none: [&str; 0] = [];
        assert_eq!(shown(r#"{"a":1,"b":2e1}"#, r#"{"b":20,"a":1.0}"#), none);
        assert_eq!(shown("[1,2,3]", "[1,3]"), ["$[1]: 2 → 3", "$[2]: 3 → nothing"]);
        assert_eq!(
            shown(r#"{"a":{"b c":null},"d":[]}"#, r#"{"a":{"b c":0,"it's":1},"d":{}}"#),
            ["$.a['b c']: null → 0", "$.a['it\\'s']: nothing → 1", "$.d: [] → {}"]
        );
        assert_eq!(shown(r#"{"a":1,"a":2}"#, r#"{"a":2}"#), none, "of equal keys the last counts");
        assert_eq!(shown("1", "\"1\""), ["$: 1 → \"1\""]);
    }

    #[test]
    fn what_is_not_asked_about_may_be_there() {
        let of = |asked: &str, given: &str| missing(&parse(asked).unwrap(), &parse(given).unwrap()).len();
        assert_eq!(of(r#"{"a":{"b":1}}"#, r#"{"a":{"b":1,"c":2},"d":3}"#), 0);
        assert_eq!(of(r#"{"a":{"b":1}}"#, r#"{"a":{"c":1}}"#), 1);
        assert_eq!(of(r#"{"a":[1]}"#, r#"{"a":[1,2]}"#), 1);
        assert_eq!(of(r#"{"a":[{"b":1}]}"#, r#"{"a":[{"b":1,"c":2}]}"#), 0);
    }

    #[test]
    fn paths_that_are_ignored() {
        let covers = |path: &str, at: &[Key]| {
            let difference = Difference { at: at.to_vec(), old: None, new: None };
            Ignored::parse(path).unwrap().covers(&difference)
        };
        let member = |name: &str| Key::Member(name.into());
        let place = [member("a"), Key::Index(2), member("b")];
        for path in ["$", "$.a", "$.a[2]", "$.a[2].b", "$.*", "$..b", "$.a[*]", "$..[2]", "$['x','a']", "$.a[0,2].b"] {
            assert!(covers(path, &place), "{path}");
        }
        for path in ["$.b", "$.a[1]", "$.a[2].b.c", "$..c", "$.a.b"] {
            assert!(!covers(path, &place), "{path}");
        }
        for path in ["$.a[-1]", "$.a[1:]", "$.a[?(@.b)]", "a"] {
            assert!(Ignored::parse(path).is_err(), "{path}");
        }
    }
}

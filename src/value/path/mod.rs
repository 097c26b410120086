//! Paths: the JSONPath dialect that AWS evaluates, compiled once and run against values.
//!
//! Flows in: the text of a path with its head written as `$` (the callers take `$$` and `$name` off), later a value.
//! Flows out: a [`Path`], then the value it selects or a [`PathMiss`] that can say, in AWS's own words, what was not
//! there. The dialect is that of the Java library that AWS uses, as far as recorded answers and measurements show it:
//! a *definite* path (members and single indices only) gives the bare value, any other an array of all matches in
//! document order. The parts:
//!
//! | file | holds |
//! | --- | --- |
//! | `mod.rs` | the compiled path and what can be asked of it |
//! | `parse.rs`, `parse_filter.rs`, `error.rs` | text to path, and why a text is none |
//! | `eval.rs`, `scan.rs` | running a path: step by step, and `..` |
//! | `column.rs` | one member of many objects, which most of those that are not definite select |
//! | `filter.rs`, `compare.rs` | `[?(…)]`: its operands and the rules for comparing them |
//! | `cursor.rs` | a place in a value, reached without making handles on the way |
//! | `miss.rs` | the path found nothing: AWS's texts |
//! | `place.rs` | writing at a reference path: ResultPath |
//!
//! It must never change a number's text, recurse deeper than a path has steps, or visit more nodes than its budget.

mod column;
mod compare;
mod cursor;
mod error;
mod eval;
mod filter;
mod miss;
mod parse;
mod parse_filter;
mod place;
mod scan;

pub(crate) use column::Spot;
pub use error::{PathError, PathErrorKind};
pub(crate) use eval::Reach;
pub use filter::{Filter, Literal, Operand, Operator};
pub use miss::{Miss, PathMiss};
pub use place::{PlaceError, PlaceProblem};

/// A compiled path. Two paths are equal if they select the same things, however they were spelled.
///
/// ```
/// use expressway::value::{Arena, Value, path::{NodeBudget, Path}};
/// let arena = Arena::new();
/// let order = Value::from_text(&arena, r#"{"lines":[{"sku":"a","n":1},{"sku":"b","n":2}]}"#);
/// let mut budget = NodeBudget::default();
/// let path = Path::parse("$.lines[?(@.n > 1)].sku")?;
/// assert_eq!(path.eval(order, &arena, &mut budget).unwrap().to_json(), r#"["b"]"#);
/// let path = Path::parse("$.lines[0].price")?;
/// let miss = path.eval(order, &arena, &mut budget).unwrap_err();
/// assert_eq!(miss.to_string(), "No results for path: $['lines'][0]['price']");
/// # Ok::<(), expressway::value::path::PathError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Path {
    steps: Box<[Step]>,
    text: Box<str>,
    definite: bool,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// `.name` or `['name']`: the member of that name.
    Member(Box<str>),
    /// `['a','b']`: as the last step an object of those members that exist; before other steps each of them in turn.
    Members(Box<[Box<str>]>),
    /// `[2]`, `[-1]`: one element, negative counted from the end.
    Index(i32),
    /// `[0,2]`: the elements in the order asked for.
    Indices(Box<[i32]>),
    /// `[1:3]`, `[:2]`, `[-2:]`: a run of elements, the end excluded; at least one bound is there.
    Slice {
        /// The first element.
        from: Option<i32>,
        /// The element after the last.
        to: Option<i32>,
    },
    /// `.*`, `[*]`: all members or elements.
    Wildcard,
    /// `..`: the value and everything below it; never the last step.
    DeepScan,
    /// `[?(…)]`: the elements, or the object itself, for which the condition holds.
    Filter(Box<Filter>),
    /// `.length()` and its like, which AWS accepts and never finds; always the last step.
    Function(Box<str>),
}

impl Path {
    /// Compiles the text of a path whose head is `$`.
    ///
    /// # Errors
    /// [`PathError`] with the byte offset at which the text stops being a path.
    pub fn parse(text: &str) -> Result<Path, PathError> {
        Ok(Path::from_steps(parse::path(text)?, text))
    }

    fn from_steps(steps: Vec<Step>, text: &str) -> Path {
        let definite = steps.iter().enumerate().all(|(n, step)| match step {
            Step::Member(_) | Step::Index(_) | Step::Function(_) => true,
            // Several names at the end make one object.
            Step::Members(_) => n + 1 == steps.len(),
            _ => false,
        });
        Path { definite, steps: steps.into_boxed_slice(), text: text.into() }
    }

    /// A path of these steps, which need not come from any text.
    pub(crate) fn of_steps(steps: Vec<Step>) -> Path {
        let mut path = Path::from_steps(steps, "");
        path.text = path.to_string().into();
        path
    }

    /// The path of the steps after the first `taken` ones.
    pub(crate) fn rest(&self, taken: usize) -> Path {
        Path::of_steps(self.steps[taken..].to_vec())
    }

    /// Whether a condition in it looks at the document that it starts from: then it cannot start elsewhere.
    pub(crate) fn asks_for_document(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Filter(filter) if filter.asks_for_document()))
    }

    /// The text it was compiled from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The steps after the head.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether it is `$` alone.
    pub fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether it selects one thing (and so gives the bare value, or a miss) rather than an array of all matches.
    pub fn is_definite(&self) -> bool {
        self.definite
    }

    /// Whether it is a reference path: members and single indices only. ResultPath, ItemsPath and the numeric `…Path`
    /// fields want one.
    pub fn is_reference(&self) -> bool {
        self.steps.iter().all(|s| matches!(s, Step::Member(_) | Step::Index(_)))
    }

    /// The member names, if every step is a plain member; empty for `$`.
    pub fn as_members(&self) -> Option<Vec<&str>> {
        self.steps
            .iter()
            .map(|step| match step {
                Step::Member(name) => Some(&**name),
                _ => None,
            })
            .collect()
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Path) -> bool {
        self.steps == other.steps
    }
}

impl Eq for Path {}

impl std::hash::Hash for Path {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.steps.hash(state);
    }
}

/// The form in which AWS's messages name a path: `$['a']['b'][0]`.
impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("$")?;
        self.steps.iter().try_for_each(|step| step.fmt(f))
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        fn list<T: std::fmt::Display>(f: &mut std::fmt::Formatter, parts: &[T], quote: &str) -> std::fmt::Result {
            for (n, part) in parts.iter().enumerate() {
                write!(f, "{}{quote}{part}{quote}", if n == 0 { "[" } else { "," })?;
            }
            f.write_str("]")
        }
        match self {
            Step::Member(name) => write!(f, "['{name}']"),
            Step::Members(names) => list(f, names, "'"),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Indices(indices) => list(f, indices, ""),
            Step::Slice { from, to } => {
                f.write_str("[")?;
                from.map_or(Ok(()), |from| from.fmt(f))?;
                f.write_str(":")?;
                to.map_or(Ok(()), |to| to.fmt(f))?;
                f.write_str("]")
            }
            Step::Wildcard => f.write_str("[*]"),
            Step::DeepScan => f.write_str(".."),
            Step::Filter(_) => f.write_str("[?]"),
            Step::Function(name) => write!(f, ".{name}()"),
        }
    }
}

/// How many nodes of a document paths may still visit: what keeps `$..*..*` from running for ever.
///
/// Definite paths are linear in the document and take nothing from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeBudget {
    left: u32,
    full: u32,
}

impl NodeBudget {
    /// What an evaluation has by default.
    pub const NODES_MAX: u32 = 1_000_000;

    /// A budget of so many nodes.
    pub fn new(nodes: u32) -> NodeBudget {
        NodeBudget { left: nodes, full: nodes }
    }

    /// How many nodes it began with.
    pub fn full(self) -> u32 {
        self.full
    }

    /// How many are left.
    pub fn left(self) -> u32 {
        self.left
    }

    #[inline]
    fn visits(&mut self, nodes: u64) -> Result<(), BudgetExceeded> {
        match u32::try_from(nodes).ok().and_then(|nodes| self.left.checked_sub(nodes)) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(BudgetExceeded { nodes_max: self.full }),
        }
    }
}

impl Default for NodeBudget {
    fn default() -> NodeBudget {
        NodeBudget::new(NodeBudget::NODES_MAX)
    }
}

/// A path visited more nodes than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path visits more than {nodes_max} nodes of the document")]
pub struct BudgetExceeded {
    /// How many it may visit.
    pub nodes_max: u32,
}

#[cfg(test)]
mod tests;

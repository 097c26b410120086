//! A place in a document: what `--select` and `--explode` name.
//!
//! Flows in: a JSON pointer (`/detail/items`) or a path of member names and indices (`$.detail.items[0]`). Flows out: the
//! text that stands there, as a slice of the document. It must never decode what it goes past.

use crate::value::path::{Path, PathError, Step};
use crate::value::raw::{Elements, Members};

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    steps: Vec<Step>,
    text: String,
}

/// A text that names no place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PointerError {
    /// It is no path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// It may name several places, or none of its own.
    #[error("{text}: a path here may only have member names and indices, such as $.detail.items[0]")]
    Several {
        /// The text.
        text: String,
    },
    /// It is neither a pointer nor a path.
    #[error("{text}: expected a path such as $.detail.items, or a pointer such as /detail/items")]
    Neither {
        /// The text.
        text: String,
    },
}

impl Pointer {
    /// Reads a pointer or a path.
    ///
    /// ```
    /// use expressway::batch::Pointer;
    /// let document = r#"{"detail": {"items": [{"sku": "a"}, {"sku": "b"}]}}"#;
    /// assert_eq!(Pointer::parse("$.detail.items[1]").unwrap().find(document), Some(r#"{"sku": "b"}"#));
    /// assert_eq!(Pointer::parse("/detail/items/0/sku").unwrap().find(document), Some(r#""a""#));
    /// assert_eq!(Pointer::parse("/detail/none").unwrap().find(document), None);
    /// ```
    ///
    /// # Errors
    ///
    /// [`PointerError`], with what was expected.
    pub fn parse(text: &str) -> Result<Pointer, PointerError> {
        let steps = if text.starts_with('$') {
            let path = Path::parse(text)?;
            let plain = path.steps().iter().all(|step| matches!(step, Step::Member(_) | Step::Index(_)));
            if !plain {
                return Err(PointerError::Several { text: text.to_owned() });
            }
            path.steps().to_vec()
        } else if text.is_empty() || text.starts_with('/') {
            text.split('/')
                .skip(1)
                .map(|name| Step::Member(name.replace("~1", "/").replace("~0", "~").into()))
                .collect()
        } else {
            return Err(PointerError::Neither { text: text.to_owned() });
        };
        Ok(Pointer { steps, text: text.to_owned() })
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands there in a document, which must be JSON; of equal keys the last counts.
    pub fn find<'t>(&self, document: &'t str) -> Option<&'t str> {
        let mut here = document.trim_matches(crate::value::raw::BLANKS);
        for step in &self.steps {
            here = match step {
                Step::Index(index) => element(here, *index),
                // A pointer does not tell whether a number is a name or an index.
                Step::Member(name) if here.starts_with('[') && !self.text.starts_with('$') => {
                    element(here, name.parse().ok()?)
                }
                Step::Member(name) => member(here, name),
                _ => None,
            }?;
        }
        Some(here)
    }
}

/// The member of that name; of several the last.
pub(super) fn member<'t>(object: &'t str, name: &str) -> Option<&'t str> {
    Members::new(object).filter(|(key, _)| key.is(name)).last().map(|(_, value)| value)
}

fn element(array: &str, index: i32) -> Option<&str> {
    let length = if index < 0 { Elements::new(array).count() as i64 } else { 0 };
    let index = usize::try_from(i64::from(index) + length).ok()?;
    Elements::new(array).nth(index)
}

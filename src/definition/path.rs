//! Paths as fields hold them: a head that names the document, and the JSONPath below it.
//!
//! Flows in: the text of a path field. Flows out: a [`PathExpr`]. The JSONPath grammar itself lives in
//! [`crate::value::path`]; here is only what the States Language adds: `$$` for the context object, `$name` for
//! variables, and `null` as a value of its own for `InputPath`, `ResultPath` and `OutputPath`.

use std::borrow::Cow;

use crate::value::path::{Path, PathError};
use crate::value::tree::Span;

/// The document that a path starts from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Head {
    /// `$`: the document at hand.
    Document,
    /// `$$`: the context object.
    Context,
    /// `$name`: a variable, named without the dollar sign.
    Variable(Box<str>),
}

/// A path as a field holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct PathExpr {
    /// Where it starts.
    pub head: Head,
    /// What follows the head, compiled as if it followed `$`.
    pub path: Path,
    /// The whole text as it was written, `$` included.
    pub text: Box<str>,
    /// Where the string stood, quotes included.
    pub span: Span,
}

/// `InputPath`, `OutputPath` and `ResultPath`: absence and `null` mean different things.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum PathField {
    /// Not given: the whole document.
    #[default]
    Default,
    /// `null`: an empty object for InputPath and OutputPath; for ResultPath, drop the result.
    Null,
    /// A path.
    Path(PathExpr),
}

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotAPath {
    /// It does not begin with a dollar sign.
    #[error("expected a path, which begins with `$`")]
    NoDollar,
    /// What follows the head is not JSONPath.
    #[error("{0}")]
    Syntax(PathError),
}

impl PathExpr {
    /// Reads a path; `span` is where the string stood, for later messages.
    ///
    /// # Errors
    /// [`NotAPath`] when the text has no dollar sign or does not follow the JSONPath grammar.
    ///
    /// ```
    /// use expressway::definition::{Head, PathExpr};
    /// let path = PathExpr::parse("$order.items[0]", Default::default())?;
    /// assert_eq!(path.head, Head::Variable("order".into()));
    /// assert_eq!(PathExpr::parse("$$.Execution.Id", Default::default())?.head, Head::Context);
    /// # Ok::<(), expressway::definition::NotAPath>(())
    /// ```
    pub fn parse(text: &str, span: Span) -> Result<PathExpr, NotAPath> {
        let after = text.strip_prefix('$').ok_or(NotAPath::NoDollar)?;
        let (head, rest) = if let Some(rest) = after.strip_prefix('$') {
            (Head::Context, rest)
        } else if after.starts_with(begins_name) {
            let end = after.find(|c: char| !continues_name(c)).unwrap_or(after.len());
            let (name, rest) = after.split_at(end);
            (Head::Variable(name.into()), rest)
        } else {
            (Head::Document, after)
        };
        // The grammar knows only one head.
        let plain = if head == Head::Document { Cow::Borrowed(text) } else { Cow::Owned(format!("${rest}")) };
        let path = Path::parse(&plain).map_err(NotAPath::Syntax)?;
        Ok(PathExpr { head, path, text: text.into(), span })
    }
}

/// Whether a variable's name may begin with this character.
pub(super) fn begins_name(character: char) -> bool {
    character.is_alphabetic() || character == '_'
}

/// Whether a variable's name may go on with this character.
pub(super) fn continues_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

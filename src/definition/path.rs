//! Paths as fields hold them: a head that names the document, and the JSONPath below it.
//!
//! Flows in: the text of a path field. Flows out: a [`PathExpr`]. The JSONPath grammar itself lives in
//! [`crate::value::path`]; here is only what the States Language adds: `$$` for the context object, `$name` for
//! variables, and `null` as a value of its own for `InputPath`, `ResultPath` and `OutputPath`.

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
    /// What follows the head.
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

/// Stand-in for `crate::value::path::Path` until that module is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Path(pub Box<str>);

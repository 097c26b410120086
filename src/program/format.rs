//! Templates of `States.Format`, taken apart.
//!
//! Flows in: a template. Flows out: its texts and placeholders in order, or the brace that stands alone. Nothing else than
//! `{}` is a placeholder: after `{` there must be `}`; `\{`, `\}`, `\'` and `\\` stand for the character after the backslash, any
//! other backslash for itself. It must never know of arguments.

/// One half of a placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brace {
    /// `{`
    Open,
    /// `}`
    Close,
}

impl Brace {
    /// The other half.
    pub fn other(self) -> Brace {
        match self {
            Brace::Open => Brace::Close,
            Brace::Close => Brace::Open,
        }
    }
}

impl std::fmt::Display for Brace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Brace::Open => "'{'",
            Brace::Close => "'}'",
        })
    }
}

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Text; neighbours of it may be text as well.
    Text(&'t str),
    /// Where the text of the next argument goes.
    Placeholder,
}

/// The pieces of a template; behind a brace that stands alone, what follows is of no meaning.
///
/// ```
/// use expressway::program::format::{Brace, Piece, Pieces};
/// let pieces: Result<Vec<_>, _> = Pieces::new(r"a \{{}").collect();
/// assert_eq!(pieces, Ok(vec![Piece::Text("a "), Piece::Text("{"), Piece::Placeholder]));
/// assert_eq!(Pieces::new("{").next(), Some(Err(Brace::Open)));
/// ```
#[derive(Clone, Debug)]
pub struct Pieces<'t> {
    rest: &'t str,
}

impl<'t> Pieces<'t> {
    /// Starts at the template's first piece.
    pub fn new(template: &'t str) -> Pieces<'t> {
        Pieces { rest: template }
    }

    fn take(&mut self, bytes: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }
}

impl<'t> Iterator for Pieces<'t> {
    type Item = Result<Piece<'t>, Brace>;

    fn next(&mut self) -> Option<Result<Piece<'t>, Brace>> {
        let special = self.rest.bytes().position(|byte| matches!(byte, b'\\' | b'{' | b'}'));
        Some(match special {
            None if self.rest.is_empty() => return None,
            None => Ok(Piece::Text(self.take(self.rest.len()))),
            // What stands between the characters that mean something is one piece.
            Some(at @ 1..) => Ok(Piece::Text(self.take(at))),
            Some(0) => match (self.take(1), self.rest.bytes().next()) {
                ("{", Some(b'}')) => {
                    self.take(1);
                    Ok(Piece::Placeholder)
                }
                ("{", _) => Err(Brace::Open),
                ("}", _) => Err(Brace::Close),
                (_, Some(b'{' | b'}' | b'\'' | b'\\')) => Ok(Piece::Text(self.take(1))),
                (backslash, _) => Ok(Piece::Text(backslash)),
            },
        })
    }
}

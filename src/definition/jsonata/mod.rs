//! JSONata: the text of an expression → its tree, with the errors of JSONata 2.0.6.
//!
//! Flows in: the text between `{%` and `%}`. Flows out: an [`Ast`] for the compiler, or the first thing that is wrong, as
//! JSONata codes and words it. Nothing is evaluated here, and names are not looked up.
//!
//! | file | holds |
//! | --- | --- |
//! | `lexer.rs` | text → tokens |
//! | `parser.rs` | tokens → operators with their operands (`syntax.rs`) |
//! | `shape.rs` | operators → paths, steps, predicates ([`ast`]) |
//! | `ancestry.rs` | what each `%` refers to |
//! | [`names`] | what an expression refers to outside itself |
//! | [`error`] | codes and messages |

mod ancestry;
pub mod ast;
pub mod error;
mod lexer;
pub mod names;
mod parser;
mod shape;
mod syntax;

pub use ast::{Ancestor, Group, Kind, Node, Stage};
pub use error::SyntaxError;
pub use parser::DEPTH_MAX;

/// An expression that has been read.
#[derive(Clone, Debug)]
pub struct Ast {
    /// The expression.
    pub root: Node,
    labels: Vec<usize>,
}

impl Ast {
    /// Reads an expression.
    ///
    /// # Errors
    /// The first thing that is wrong, with JSONata's code and the place.
    ///
    /// ```
    /// use expressway::definition::jsonata::Ast;
    /// assert!(Ast::parse("$sum(order.items.(price * quantity))").is_ok());
    /// assert_eq!(Ast::parse("[1, 2").unwrap_err().code, "S0203");
    /// ```
    pub fn parse(text: &str) -> Result<Ast, SyntaxError> {
        let shaped = shape::shape(parser::parse(text)?)?;
        Ok(Ast { root: shaped.root, labels: shaped.labels })
    }

    /// The label that a `%` and the step that it refers to have in common.
    pub fn label(&self, parent: Ancestor) -> usize {
        self.labels[parent.0]
    }
}

#[cfg(test)]
mod tests;

//! The rules of creation for JSONata expressions: that they parse, and that what they name exists where they stand.
//!
//! Flows in: the text of an expression and where it stands. Flows out: diagnostics in AWS's words.

use super::place::Place;
use super::values::{NOT_AN_EXPRESSION, expression};
use super::{Reader, has_placeholder};
use crate::definition::diagnostic::Code;
use crate::definition::jsonata::Ast;
use crate::definition::jsonata::names::{Outside, outside};
use crate::value::tree::{Kind, Node, Span};

/// What `$states` has besides the input and the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Nothing,
    Result,
    ErrorOutput,
}

impl Reader<'_> {
    /// Says what is wrong with an expression.
    pub(super) fn check_expression(&mut self, text: &str, span: Span, place: &Place<'_>, known: Known) {
        // What a placeholder will be replaced by, nobody knows.
        if has_placeholder(text) {
            return;
        }
        let ast = match Ast::parse(text) {
            Ok(ast) => ast,
            Err(error) => {
                self.record(Code::InvalidJsonataExpression, place, span, error.message);
                return;
            }
        };
        let wrong = outside(&ast.root).into_iter().find_map(|reference| match reference {
            Outside::Document(name) => Some(format!("Reference to '{name}' at the top level is not supported.")),
            Outside::States("input" | "context") => None,
            Outside::States("result") if known == Known::Result => None,
            Outside::States("errorOutput") if known == Known::ErrorOutput => None,
            Outside::States(name) => Some(format!("Field '$states.{name}' does not exist.")),
        });
        if let Some(message) = wrong {
            self.record(Code::UnsupportedJsonataExpression, place, span, message);
        }
    }

    /// Checks the expressions of a field, and says of every string that opens one and does not close it; warns of keys
    /// that JSONPath would evaluate.
    pub(super) fn check_expressions(&mut self, node: &Node, place: &Place<'_>, known: Known) {
        match &node.kind {
            Kind::String(text) if text.starts_with("{%") => match expression(text, node.span) {
                Some(expression) => self.check_expression(&expression.text, node.span, place, known),
                None => {
                    self.schema(place, node.span, NOT_AN_EXPRESSION);
                }
            },
            Kind::Object(members) => {
                for member in members {
                    let place = place.key(&member.key);
                    if member.key.ends_with(".$") {
                        let message = format!("'{}' is not evaluated: this state uses JSONata", member.key);
                        self.warn(Code::NoPath, &place, member.key_span, message).hint =
                            Some("write the value as an expression, `{% … %}`".to_owned());
                    }
                    self.check_expressions(&member.value, &place, known);
                }
            }
            Kind::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.check_expressions(element, &place.index(index), known);
                }
            }
            _ => {}
        }
    }
}

//! Path fields: which take any path, which only reference paths, and which documents they may start from.
//!
//! Flows in: the node of a path field. Flows out: a [`PathExpr`], or a diagnostic in AWS's words. Source: sections
//! "Paths", "Reference Paths" and the context object of the States Language.

use super::place::Place;
use super::{Reader, has_placeholder};
use crate::definition::path::{Head, PathExpr, PathField};
use crate::value::tree::{Kind, Node};

/// What a path field accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accepts {
    /// Any path, from any document.
    AnyPath,
    /// A reference path, from any document. Whether AWS takes wildcards and filters in a Choice's `Variable` is not
    /// recorded; here it is held to what the documentation says.
    Reference,
    /// A reference path into the document at hand or a variable, not into the context object.
    NoContext,
    /// A reference path into the document at hand: nothing else can be written to.
    Writable,
}

const NOT_A_PATH: &str = "Value must be a valid JSONPath.";
const NOT_A_REFERENCE: &str = "Value is not a Reference Path";

impl Reader<'_> {
    /// A field that may be absent, `null`, or a path.
    pub(super) fn path_field(&mut self, node: Option<&Node>, place: &Place<'_>, accepts: Accepts) -> PathField {
        match node {
            None => PathField::Default,
            Some(Node { kind: Kind::Null, .. }) => PathField::Null,
            Some(node) => self.path(node, place, accepts).map_or(PathField::Default, PathField::Path),
        }
    }

    /// A field that holds a path; `None` after a diagnostic, or for a placeholder.
    pub(super) fn path(&mut self, node: &Node, place: &Place<'_>, accepts: Accepts) -> Option<PathExpr> {
        let Kind::String(text) = &node.kind else {
            self.schema(place, node.span, NOT_A_PATH);
            return None;
        };
        let path = match PathExpr::parse(text, node.span) {
            Ok(path) => path,
            Err(_) if has_placeholder(text) => return None,
            Err(error) => {
                let detail = error.to_string();
                let detail = detail.strip_prefix("expected ").unwrap_or(&detail).to_owned();
                self.schema(place, node.span, NOT_A_PATH).expected = Some(detail);
                return None;
            }
        };
        let reference = path.path.is_reference();
        let head_fits = match accepts {
            Accepts::AnyPath => return Some(path),
            Accepts::Reference => true,
            Accepts::NoContext => path.head != Head::Context,
            Accepts::Writable => path.head == Head::Document,
        };
        if reference && head_fits {
            return Some(path);
        }
        let expected = if reference { "a path that starts with `$.`" } else { "a path that names exactly one place" };
        self.schema(place, node.span, NOT_A_REFERENCE).expected = Some(expected.to_owned());
        None
    }

    /// `Variable` and the `…Path` comparators of a choice rule, which have words of their own for what is no path.
    pub(super) fn rule_path(&mut self, node: &Node, place: &Place<'_>) -> Option<PathExpr> {
        let text = self.string(node, place)?;
        if !text.starts_with('$') {
            self.schema(place, node.span, format!("{NOT_A_REFERENCE}: Reference path didn't start with '$'"));
            return None;
        }
        self.path(node, place, Accepts::Reference)
    }
}

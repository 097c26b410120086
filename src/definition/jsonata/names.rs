//! What an expression refers to outside itself: fields of a context that may not be there, and members of `$states`.
//!
//! Flows in: an expression's tree. Flows out: references, in the order of the text, for the rules of creation. Inside a
//! path, a predicate, a group or a transform there is always a context; elsewhere the context is the document, which the
//! States Language does not give to expressions.

use super::ast::{Group, Kind, Node, Stage};

/// Something that an expression refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outside<'n> {
    /// A field of the document, or `$` or `$$` for the document itself.
    Document(&'n str),
    /// `$states.name`
    States(&'n str),
}

/// Everything that an expression refers to outside itself.
///
/// ```
/// use expressway::definition::jsonata::{Ast, names::{Outside, outside}};
/// let ast = Ast::parse("$states.input.items[price > 5] ~> $count() + total").unwrap();
/// assert_eq!(outside(&ast.root), [Outside::States("input"), Outside::Document("total")]);
/// ```
pub fn outside(node: &Node) -> Vec<Outside<'_>> {
    let mut found = Vec::new();
    walk(node, true, &mut found);
    found
}

fn walk<'n>(node: &'n Node, top: bool, found: &mut Vec<Outside<'n>>) {
    match &node.kind {
        Kind::Path { steps, .. } => {
            if let [first, second, ..] = &steps[..]
                && let (Kind::Variable(variable), Kind::Name(name)) = (&first.kind, &second.kind)
                && &**variable == "states"
            {
                found.push(Outside::States(name));
            }
            for (n, step) in steps.iter().enumerate() {
                walk(step, top && n == 0, found);
            }
        }
        Kind::Name(name) if top => found.push(Outside::Document(name)),
        Kind::Variable(name) if top && name.is_empty() => found.push(Outside::Document("$")),
        Kind::Variable(name) if top && &**name == "$" => found.push(Outside::Document("$$")),
        Kind::Array(parts) | Kind::Block(parts) => parts.iter().for_each(|part| walk(part, top, found)),
        Kind::Negate(part) | Kind::Bind(_, part) | Kind::Lambda { body: part, .. } => walk(part, top, found),
        Kind::Range(a, b) | Kind::Binary(_, a, b) | Kind::Apply(a, b) => {
            walk(a, top, found);
            walk(b, top, found);
        }
        Kind::Object(group) => pairs(group, top, found),
        Kind::Condition(a, b, c) => {
            walk(a, top, found);
            walk(b, top, found);
            c.iter().for_each(|c| walk(c, top, found));
        }
        Kind::Call(procedure, arguments) | Kind::Partial(procedure, arguments) => {
            walk(procedure, top, found);
            arguments.iter().for_each(|argument| walk(argument, top, found));
        }
        Kind::Transform { pattern, update, delete } => {
            walk(pattern, false, found);
            walk(update, false, found);
            delete.iter().for_each(|delete| walk(delete, false, found));
        }
        Kind::Sort(terms) => terms.iter().for_each(|(term, _)| walk(term, false, found)),
        _ => {}
    }
    for stage in node.predicates.iter().chain(&node.stages) {
        if let Stage::Filter(filter) = stage {
            walk(filter, false, found);
        }
    }
    if let Some(group) = &node.group {
        pairs(group, false, found);
    }
}

fn pairs<'n>(group: &'n Group, top: bool, found: &mut Vec<Outside<'n>>) {
    for (key, value) in &group.pairs {
        walk(key, top, found);
        walk(value, top, found);
    }
}

//! Reading payload templates of JSONPath states: `Parameters`, `ResultSelector`, `ItemSelector`, `Credentials`, `Assign`.
//!
//! Flows in: a JSON node. Flows out: a [`Template`]; parts in which nothing is computed stay the literal they are. Source:
//! section "Payload Template" of the States Language, and AWS's recorded refusals for the words.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::place::Place;
use super::{Fields, Reader, has_placeholder, intrinsic};
use crate::definition::diagnostic::Code;
use crate::definition::path::PathExpr;
use crate::definition::payload::{Template, TemplateMember};
use crate::value::tree::{Kind, Member, Node};

impl Reader<'_> {
    /// A payload template.
    pub(super) fn template(&mut self, node: &Node, place: &Place<'_>) -> Template {
        if !is_computed(node) {
            self.warn_of_forgotten_dollars(node, place);
            return Template::Literal(node.clone());
        }
        match &node.kind {
            Kind::Object(members) => {
                Template::Object(self.template_members(&Fields { members, span: node.span, place }))
            }
            Kind::Array(elements) => Template::Array(
                elements
                    .iter()
                    .enumerate()
                    .map(|(index, element)| self.template(element, &place.index(index)))
                    .collect(),
            ),
            _ => Template::Literal(node.clone()),
        }
    }

    /// The members of a template object; of `a` and `a.$`, which give the same key, the later counts. AWS's answer is not
    /// recorded.
    pub(super) fn template_members(&mut self, fields: &Fields<'_, '_>) -> Vec<TemplateMember> {
        let mut members: Vec<TemplateMember> = Vec::with_capacity(fields.members.len());
        let mut known: HashMap<&str, usize> = HashMap::with_capacity(fields.members.len());
        for member in fields.members {
            let computed = member.key.strip_suffix(".$");
            let value = match computed {
                Some(_) => self.computed(member, fields.place),
                None => {
                    let place = fields.place.key(&member.key);
                    if let Kind::String(text) = &member.value.kind {
                        self.warn_of_a_forgotten_dollar(text, member, &place);
                    }
                    self.template(&member.value, &place)
                }
            };
            let read = TemplateMember {
                key: computed.unwrap_or(&member.key).into(),
                field: member.key.clone(),
                key_span: member.key_span,
                value,
            };
            // Only a key with and a key without `.$` can meet here: equal keys were settled before.
            match known.entry(computed.unwrap_or(&member.key)) {
                Entry::Occupied(entry) => {
                    let earlier = &mut members[*entry.get()];
                    let message =
                        format!("'{}' and '{}' give the same field; the last counts", earlier.field, read.field);
                    *earlier = read;
                    self.warn(Code::DuplicateKey, fields.place, member.key_span, message);
                }
                Entry::Vacant(entry) => {
                    entry.insert(members.len());
                    members.push(read);
                }
            }
        }
        members
    }

    /// The value of a member whose key ends in `.$`.
    fn computed(&mut self, member: &Member, place: &Place<'_>) -> Template {
        let span = member.value.span;
        let Kind::String(text) = &member.value.kind else {
            let message = format!(
                "The value for the field '{}' must be a STRING that contains a JSONPath but was {}",
                member.key,
                java_type(&member.value.kind)
            );
            self.schema(place, span, message);
            return Template::Literal(member.value.clone());
        };
        let (read, why) = if text.starts_with('$') {
            match PathExpr::parse(text, span) {
                Ok(path) => (Some(Template::Path(path)), None),
                Err(error) => (None, Some(error.to_string())),
            }
        } else {
            match intrinsic::parse(text, span) {
                Ok(call) => (Some(Template::Intrinsic(call)), None),
                Err(error) => (None, Some(error.to_string())),
            }
        };
        if let Some(template) = read {
            return template;
        }
        if !has_placeholder(text) {
            let message = format!(
                "The value for the field '{}' must be a valid JSONPath or a valid intrinsic function call",
                member.key
            );
            let why = why.map(|why| why.strip_prefix("expected ").unwrap_or(&why).to_owned());
            self.schema(place, span, message).expected = why;
        }
        Template::Literal(member.value.clone())
    }

    fn warn_of_forgotten_dollars(&mut self, node: &Node, place: &Place<'_>) {
        match &node.kind {
            Kind::Object(members) => {
                for member in members {
                    let place = place.key(&member.key);
                    match &member.value.kind {
                        Kind::String(text) => self.warn_of_a_forgotten_dollar(text, member, &place),
                        _ => self.warn_of_forgotten_dollars(&member.value, &place),
                    }
                }
            }
            Kind::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.warn_of_forgotten_dollars(element, &place.index(index));
                }
            }
            _ => {}
        }
    }

    fn warn_of_a_forgotten_dollar(&mut self, text: &str, member: &Member, place: &Place<'_>) {
        if looks_computed(text) {
            let message = format!("The value of '{}' looks like a path but is taken as text", member.key);
            let hint = format!("name the field `{}.$` to have it evaluated", member.key);
            self.warn(Code::NoDollar, place, member.value.span, message).hint = Some(hint);
        }
    }
}

/// Whether anything inside a template is computed.
fn is_computed(node: &Node) -> bool {
    match &node.kind {
        Kind::Object(members) => members.iter().any(|member| member.key.ends_with(".$") || is_computed(&member.value)),
        Kind::Array(elements) => elements.iter().any(is_computed),
        _ => false,
    }
}

/// Whether a text that is not evaluated was probably meant to be: a path of at least one step, or a call that parses.
pub(super) fn looks_computed(text: &str) -> bool {
    let path = ["$.", "$$.", "$["].iter().any(|start| text.starts_with(start));
    (path && PathExpr::parse(text, Default::default()).is_ok())
        || (text.starts_with("States.") && intrinsic::parse(text, Default::default()).is_ok())
}

/// The kind of value in the words of AWS's Java library, with its article.
fn java_type(kind: &Kind) -> &'static str {
    match kind {
        Kind::Null => "a NULL",
        Kind::Bool(_) => "a BOOLEAN",
        Kind::Number(_) => "a NUMBER",
        Kind::String(_) => "a STRING",
        Kind::Array(_) => "an ARRAY",
        Kind::Object(_) => "an OBJECT",
    }
}

//! Reading single values: each function takes a node and its place, says what is wrong with it, and gives what it can.
//!
//! A value that is wrong yields `None` after its diagnostic was recorded, so callers go on with a default and every other
//! problem of the document is still found. A string with a placeholder such as `${Delay}` is accepted wherever a value is
//! expected: `tidy` has already warned of it.

use super::place::Place;
use super::{Fields, Reader, has_placeholder};
use crate::definition::diagnostic::{Code, Diagnostic};
use crate::definition::machine::{Expression, QueryLanguage};
use crate::value::tree::{Kind, Member, Node, Span};

/// The greatest number of seconds that fields of the language take.
pub(super) const SECONDS_MAX: u64 = 99_999_999;

/// A literal, an expression, or nothing that can be used.
pub(super) enum Dynamic<T> {
    Literal(T),
    Expression(Expression),
    /// A placeholder, or a value that was diagnosed.
    Nothing,
}

/// In which states a field is legal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    Both,
    JsonPath,
    Jsonata,
}

/// The legal fields of one kind of object.
pub(super) type Legal = [(&'static str, For)];

impl Reader<'_> {
    /// Records an error at a place.
    pub(super) fn schema(&mut self, place: &Place<'_>, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.record(Code::SchemaValidationFailed, place, span, message)
    }

    /// The members, if the node is an object.
    pub(super) fn object<'n, 'p>(&mut self, node: &'n Node, place: &'p Place<'p>) -> Option<Fields<'n, 'p>> {
        match &node.kind {
            Kind::Object(members) => Some(Fields { members, span: node.span, place }),
            _ => {
                self.wrong_type(node, place, "[OBJECT]");
                None
            }
        }
    }

    /// The elements, if the node is an array.
    pub(super) fn array<'n>(&mut self, node: &'n Node, place: &Place<'_>) -> Option<&'n [Node]> {
        match &node.kind {
            Kind::Array(elements) => Some(elements),
            _ => {
                self.wrong_type(node, place, "[ARRAY]");
                None
            }
        }
    }

    /// The elements, if the node is an array that has some.
    pub(super) fn filled_array<'n>(&mut self, node: &'n Node, place: &Place<'_>) -> Option<&'n [Node]> {
        let elements = self.array(node, place)?;
        if elements.is_empty() {
            self.schema(place, node.span, "Value cannot be empty");
            return None;
        }
        Some(elements)
    }

    /// The text, if the node is a string.
    pub(super) fn string<'n>(&mut self, node: &'n Node, place: &Place<'_>) -> Option<&'n str> {
        match &node.kind {
            Kind::String(text) => Some(text),
            _ => {
                self.wrong_type(node, place, "[STRING]");
                None
            }
        }
    }

    /// The truth value, if the node is one.
    pub(super) fn boolean(&mut self, node: &Node, place: &Place<'_>) -> Option<bool> {
        match &node.kind {
            Kind::Bool(value) => Some(*value),
            _ => {
                self.wrong_type(node, place, "[BOOLEAN]");
                None
            }
        }
    }

    /// A whole number within bounds; without an upper bound, numbers beyond 64 bits count as the greatest.
    pub(super) fn whole(&mut self, node: &Node, place: &Place<'_>, least: u64, most: Option<u64>) -> Option<u64> {
        let text = match &node.kind {
            Kind::Number(text) if !text.contains(['.', 'e', 'E']) => text,
            _ => {
                self.wrong_type(node, place, "Integer");
                return None;
            }
        };
        // `-0` is zero; every other negative number lies below any least value.
        let value = match text.strip_prefix('-') {
            Some(digits) if digits.bytes().any(|digit| digit != b'0') => None,
            Some(_) => Some(0),
            None => Some(text.parse::<u64>().unwrap_or(u64::MAX)),
        };
        match (value, most) {
            (Some(value), Some(most)) if value > most => {
                self.schema(place, node.span, format!("Maximum value is {most}")).expected =
                    Some(format!("a whole number from {least} to {most}"));
                None
            }
            (Some(value), _) if value >= least => Some(value),
            _ => {
                self.schema(place, node.span, format!("Minimum value is {least}")).expected = Some(match most {
                    Some(most) => format!("a whole number from {least} to {most}"),
                    None => format!("a whole number from {least}"),
                });
                None
            }
        }
    }

    /// A finite number.
    pub(super) fn number(&mut self, node: &Node, place: &Place<'_>) -> Option<f64> {
        if let Kind::Number(text) = &node.kind
            && let Some(value) = text.parse::<f64>().ok().filter(|value| value.is_finite())
        {
            return Some(value);
        }
        self.wrong_type(node, place, "[NUMBER]");
        None
    }

    /// A string out of a list; the index in it.
    pub(super) fn one_of(&mut self, node: &Node, place: &Place<'_>, values: &[&'static str]) -> Option<usize> {
        let text = self.string(node, place)?;
        let found = values.iter().position(|value| *value == text);
        if found.is_none() && !has_placeholder(text) {
            let hint = self.hint(text, values.iter().copied());
            let message = format!("Value should be one of the following: [{}]", values.join(", "));
            self.schema(place, node.span, message).hint = hint;
        }
        found
    }

    /// A whole number, or in a JSONata state an expression.
    pub(super) fn dynamic_whole(
        &mut self,
        node: &Node,
        place: &Place<'_>,
        language: QueryLanguage,
        (least, most): (u64, Option<u64>),
    ) -> Dynamic<u64> {
        if let (Kind::String(text), QueryLanguage::Jsonata) = (&node.kind, language) {
            return self.expression_only(node, text, place);
        }
        self.whole(node, place, least, most).map_or(Dynamic::Nothing, Dynamic::Literal)
    }

    /// A string that must be an expression.
    pub(super) fn expression_only<T>(&mut self, node: &Node, text: &str, place: &Place<'_>) -> Dynamic<T> {
        match expression(text, node.span) {
            Some(expression) => {
                self.check_expression(&expression.text, node.span, place, super::jsonata::Known::Nothing);
                Dynamic::Expression(expression)
            }
            None if has_placeholder(text) => Dynamic::Nothing,
            None => {
                self.schema(place, node.span, NOT_AN_EXPRESSION);
                Dynamic::Nothing
            }
        }
    }

    /// Says that a value has the wrong type; AWS names types in brackets as its JSON library does, but `Integer`.
    fn wrong_type(&mut self, node: &Node, place: &Place<'_>, wanted: &str) {
        if matches!(&node.kind, Kind::String(text) if has_placeholder(text)) {
            return;
        }
        self.schema(place, node.span, format!("Expected value of type {wanted}"));
    }

    /// Says of every field that is unknown, or belongs to the other language, that it cannot be here. `language` may be
    /// `None` where it is itself in question.
    pub(super) fn check_fields(
        &mut self,
        fields: &Fields<'_, '_>,
        legal: &[&Legal],
        language: impl Into<Option<QueryLanguage>>,
    ) {
        let language = language.into();
        for member in fields.members {
            let rule = legal.iter().flat_map(|table| table.iter()).find(|(name, _)| *name == &*member.key);
            let Some((_, belongs)) = rule else {
                let known = legal.iter().flat_map(|table| table.iter()).map(|(name, _)| *name);
                let hint = self.hint(&member.key, known);
                let message = format!("Field '{}' is not supported", member.key);
                self.schema(fields.place, member.key_span, message).hint = hint;
                continue;
            };
            match (belongs, language) {
                (For::JsonPath, Some(QueryLanguage::Jsonata)) => {
                    self.other_language(fields, member, QueryLanguage::Jsonata, QueryLanguage::JsonPath);
                }
                (For::Jsonata, Some(QueryLanguage::JsonPath)) => {
                    self.other_language(fields, member, QueryLanguage::JsonPath, QueryLanguage::Jsonata);
                }
                _ => {}
            }
        }
    }

    /// Says of a field that it belongs to the other language.
    pub(super) fn other_language(
        &mut self,
        fields: &Fields<'_, '_>,
        member: &Member,
        language: QueryLanguage,
        other: QueryLanguage,
    ) {
        let message = format!(
            "The QueryLanguage is set to '{}', but field '{}' is only supported for the '{}' QueryLanguage",
            language.as_str(),
            member.key,
            other.as_str()
        );
        self.schema(fields.place, member.key_span, message);
    }

    /// Says which of the required fields are missing; whether none is.
    pub(super) fn require(&mut self, fields: &Fields<'_, '_>, names: &[&str]) -> bool {
        let missing: Vec<&str> = names.iter().copied().filter(|name| fields.get(name).is_none()).collect();
        if !missing.is_empty() {
            self.schema(fields.place, fields.span, format!("These fields are required: [{}]", missing.join(", ")));
        }
        missing.is_empty()
    }

    /// Says so if more than one of the fields is there; how many are.
    pub(super) fn at_most_one(&mut self, fields: &Fields<'_, '_>, names: &[&str]) -> usize {
        let present = names.iter().filter_map(|name| fields.get(name)).collect::<Vec<_>>();
        if let [_, second, ..] = present[..] {
            let message = format!("There should only be one of the following fields: [{}]", names.join(", "));
            self.schema(fields.place, second.key_span, message);
        }
        present.len()
    }

    /// Says so unless exactly one of the fields is there; whether one is.
    pub(super) fn exactly_one(&mut self, fields: &Fields<'_, '_>, names: &[&str]) -> bool {
        let count = self.at_most_one(fields, names);
        if count == 0 {
            let message = format!("This object should have only one of the following fields: [{}]", names.join(", "));
            self.schema(fields.place, fields.span, message);
        }
        count == 1
    }
}

/// AWS's words for a string that must be an expression and is none.
pub(super) const NOT_AN_EXPRESSION: &str = "JSONata string must start with {% and end with %}";

/// The expression in a string that begins with `{%` and ends with `%}`.
pub(super) fn expression(text: &str, span: Span) -> Option<Expression> {
    let inner = text.strip_prefix("{%")?.strip_suffix("%}")?;
    Some(Expression { text: inner.trim().into(), span })
}

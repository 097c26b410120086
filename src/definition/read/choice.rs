//! Choice states: their rules, and the comparators.
//!
//! Flows in: the fields of a Choice state. Flows out: a [`Choice`]. Source: section "Choice State".

use super::jsonata::Known;
use super::place::Place;
use super::scope::Surroundings;
use super::values::{Dynamic, For, Legal};
use super::{Fields, Reader, has_placeholder, legal};
use crate::definition::choice::{Choice, ChoiceRule, Comparator, Condition, DataTest, Operand};
use crate::definition::machine::{JsonataFields, QueryLanguage, StateIndex};
use crate::value::tree::{Kind, Member, Node};

/// What the operand of a comparator must be.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Family {
    String,
    Numeric,
    Boolean,
    Timestamp,
}

/// Every comparator with its family and whether it has a `Path` form.
pub(super) const COMPARATORS: [(&str, Comparator, Family, bool); 23] = [
    ("StringEquals", Comparator::StringEquals, Family::String, true),
    ("StringLessThan", Comparator::StringLessThan, Family::String, true),
    ("StringGreaterThan", Comparator::StringGreaterThan, Family::String, true),
    ("StringLessThanEquals", Comparator::StringLessThanEquals, Family::String, true),
    ("StringGreaterThanEquals", Comparator::StringGreaterThanEquals, Family::String, true),
    ("StringMatches", Comparator::StringMatches, Family::String, false),
    ("NumericEquals", Comparator::NumericEquals, Family::Numeric, true),
    ("NumericLessThan", Comparator::NumericLessThan, Family::Numeric, true),
    ("NumericGreaterThan", Comparator::NumericGreaterThan, Family::Numeric, true),
    ("NumericLessThanEquals", Comparator::NumericLessThanEquals, Family::Numeric, true),
    ("NumericGreaterThanEquals", Comparator::NumericGreaterThanEquals, Family::Numeric, true),
    ("BooleanEquals", Comparator::BooleanEquals, Family::Boolean, true),
    ("TimestampEquals", Comparator::TimestampEquals, Family::Timestamp, true),
    ("TimestampLessThan", Comparator::TimestampLessThan, Family::Timestamp, true),
    ("TimestampGreaterThan", Comparator::TimestampGreaterThan, Family::Timestamp, true),
    ("TimestampLessThanEquals", Comparator::TimestampLessThanEquals, Family::Timestamp, true),
    ("TimestampGreaterThanEquals", Comparator::TimestampGreaterThanEquals, Family::Timestamp, true),
    ("IsNull", Comparator::IsNull, Family::Boolean, false),
    ("IsPresent", Comparator::IsPresent, Family::Boolean, false),
    ("IsString", Comparator::IsString, Family::Boolean, false),
    ("IsNumeric", Comparator::IsNumeric, Family::Boolean, false),
    ("IsBoolean", Comparator::IsBoolean, Family::Boolean, false),
    ("IsTimestamp", Comparator::IsTimestamp, Family::Boolean, false),
];

/// The comparator that a field names, its family, and whether the operand is a path.
fn comparator(field: &str) -> Option<(Comparator, Family, bool)> {
    COMPARATORS.iter().find_map(|&(name, comparator, family, has_path)| match field.strip_prefix(name) {
        Some("") => Some((comparator, family, false)),
        Some("Path") if has_path => Some((comparator, family, true)),
        _ => None,
    })
}

impl Comparator {
    /// The field that names it, without `Path`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        // The table holds every comparator.
        COMPARATORS.iter().find(|row| row.1 == self).map_or("", |row| row.0)
    }
}

/// The fields of which a rule has exactly one.
const SELECTORS: [&str; 5] = ["And", "Or", "Not", "Variable", "Condition"];

impl<'d> Reader<'d> {
    /// What is special to a Choice state.
    pub(super) fn choice(
        &mut self,
        fields: &Fields<'d, '_>,
        language: QueryLanguage,
        around: &mut Surroundings<'_>,
    ) -> Choice {
        self.require(fields, &["Choices"]);
        let mut rules = Vec::new();
        if let Some(node) = fields.value("Choices") {
            let place = fields.place.key("Choices");
            for (index, node) in self.filled_array(node, &place).unwrap_or_default().iter().enumerate() {
                let place = place.index(index);
                if let Some(rule) = self.outermost_rule(node, &place, language, around) {
                    rules.push(rule);
                }
            }
        }
        let default = fields.value("Default").map(|node| self.target(node, &fields.place.key("Default"), around));
        Choice { rules, default }
    }

    fn outermost_rule(
        &mut self,
        node: &'d Node,
        place: &Place<'_>,
        language: QueryLanguage,
        around: &mut Surroundings<'_>,
    ) -> Option<ChoiceRule> {
        let fields = self.object(node, place)?;
        self.check_rule_fields(&fields, &[legal::RULE, legal::OUTERMOST_RULE], language);
        let condition = self.condition(&fields, language);
        self.require(&fields, &["Next"]);
        let next = match fields.value("Next") {
            Some(node) => self.target(node, &place.key("Next"), around),
            None => {
                around.graph.give_up();
                StateIndex::new(0)
            }
        };
        let assign = self.assign(&fields, language, around);
        let jsonata =
            (language == QueryLanguage::Jsonata).then(|| Box::new(self.outcome_fields(&fields, Known::Nothing)));
        Some(ChoiceRule { condition, next, assign, jsonata, span: node.span, location: place.location() })
    }

    /// `Output` and `Assign` of a rule or catcher of a JSONata state.
    pub(super) fn outcome_fields(&mut self, fields: &Fields<'_, '_>, known: Known) -> JsonataFields {
        for name in ["Output", "Assign"] {
            if let Some(node) = fields.value(name) {
                self.check_expressions(node, &fields.place.key(name), known);
            }
        }
        JsonataFields {
            output: fields.value("Output").cloned(),
            assign: fields.value("Assign").cloned(),
            ..JsonataFields::default()
        }
    }

    /// Comparators are legal fields of JSONPath rules; everything else is in the tables.
    fn check_rule_fields(&mut self, fields: &Fields<'_, '_>, tables: &[&Legal], language: QueryLanguage) {
        for member in fields.members {
            let rule = tables.iter().flat_map(|table| table.iter()).find(|(name, _)| *name == &*member.key);
            let belongs = match rule {
                Some(&(_, belongs)) => belongs,
                None if comparator(&member.key).is_some() => For::JsonPath,
                None => {
                    let known = tables.iter().flat_map(|table| table.iter()).map(|(name, _)| *name);
                    let known = known.chain(COMPARATORS.iter().map(|row| row.0));
                    let hint = self.hint(&member.key, known);
                    let message = format!("Field '{}' is not supported", member.key);
                    self.schema(fields.place, member.key_span, message).hint = hint;
                    continue;
                }
            };
            let other = match (belongs, language) {
                (For::JsonPath, QueryLanguage::Jsonata) => QueryLanguage::JsonPath,
                (For::Jsonata, QueryLanguage::JsonPath) => QueryLanguage::Jsonata,
                _ => continue,
            };
            self.other_language(fields, member, language, other);
        }
    }

    /// The condition of a rule; the constant `false` after a diagnostic, or where a placeholder was left.
    fn condition(&mut self, fields: &Fields<'d, '_>, language: QueryLanguage) -> Condition {
        let nothing = Condition::Constant(false);
        let mut present = SELECTORS.iter().filter_map(|name| fields.get(name));
        let (Some(selector), None) = (present.next(), present.next()) else {
            let message = format!("The object must have only one of the following fields, [{}]", SELECTORS.join(", "));
            self.schema(fields.place, fields.span, message);
            return nothing;
        };
        let place = fields.place.key(&selector.key);
        match (&*selector.key, language) {
            ("Condition", QueryLanguage::Jsonata) => self.jsonata_condition(&selector.value, &place),
            ("And", QueryLanguage::JsonPath) => Condition::And(self.conditions(&selector.value, &place)),
            ("Or", QueryLanguage::JsonPath) => Condition::Or(self.conditions(&selector.value, &place)),
            ("Not", QueryLanguage::JsonPath) => Condition::Not(Box::new(self.inner(&selector.value, &place))),
            ("Variable", QueryLanguage::JsonPath) => self.data_test(fields, selector).map_or(nothing, Condition::Test),
            _ => nothing, // of the other language: already said
        }
    }

    fn jsonata_condition(&mut self, node: &Node, place: &Place<'_>) -> Condition {
        match &node.kind {
            Kind::Bool(value) => Condition::Constant(*value),
            Kind::String(text) => match self.expression_only::<()>(node, text, place) {
                Dynamic::Expression(expression) => Condition::Expression(expression),
                _ => Condition::Constant(false),
            },
            _ => {
                self.boolean(node, place);
                Condition::Constant(false)
            }
        }
    }

    fn conditions(&mut self, node: &'d Node, place: &Place<'_>) -> Vec<Condition> {
        let elements = self.filled_array(node, place).unwrap_or_default();
        elements.iter().enumerate().map(|(index, node)| self.inner(node, &place.index(index))).collect()
    }

    /// A rule inside And, Or, Not: no `Next`.
    fn inner(&mut self, node: &'d Node, place: &Place<'_>) -> Condition {
        let Some(fields) = self.object(node, place) else {
            return Condition::Constant(false);
        };
        self.check_rule_fields(&fields, &[legal::RULE], QueryLanguage::JsonPath);
        self.condition(&fields, QueryLanguage::JsonPath)
    }

    fn data_test(&mut self, fields: &Fields<'d, '_>, variable: &'d Member) -> Option<DataTest> {
        let mut found = fields.members.iter().filter_map(|member| Some((member, comparator(&member.key)?)));
        let Some((member, (comparator, family, by_path))) = found.next() else {
            let names: Vec<&str> = COMPARATORS.iter().map(|row| row.0).collect();
            let message = format!("This object should have only one of the following fields: [{}]", names.join(", "));
            self.schema(fields.place, fields.span, message);
            return None;
        };
        let others: Vec<&str> = found.map(|(member, _)| &*member.key).collect();
        if !others.is_empty() {
            let message =
                format!("There should only be one of the following fields: [{}, {}]", member.key, others.join(", "));
            self.schema(fields.place, fields.span, message);
        }
        let variable = self.rule_path(&variable.value, &fields.place.key("Variable"));
        let place = fields.place.key(&member.key);
        let operand = if by_path {
            self.rule_path(&member.value, &place).map(Operand::Path)
        } else {
            self.operand(&member.value, &place, family)
        };
        Some(DataTest { variable: variable?, comparator, operand: operand?, span: fields.span })
    }

    fn operand(&mut self, node: &Node, place: &Place<'_>, family: Family) -> Option<Operand> {
        match family {
            Family::String => self.string(node, place).map(|text| Operand::String(text.into())),
            Family::Numeric => match &node.kind {
                Kind::Number(text) => Some(Operand::Number(text.clone())),
                _ => {
                    self.number(node, place);
                    None
                }
            },
            Family::Boolean => self.boolean(node, place).map(Operand::Bool),
            Family::Timestamp => {
                let text = self.string(node, place)?;
                let known = self.timestamp(text, node, place);
                (known || has_placeholder(text)).then(|| Operand::Timestamp(text.into()))
            }
        }
    }
}

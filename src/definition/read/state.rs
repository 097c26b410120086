//! States: what all have in common, and the kinds that are small: Pass, Wait, Succeed, Fail.
//!
//! Flows in: one member of `States`. Flows out: a [`State`]. Source: sections "State Types" and following.

use super::jsonata::Known;
use super::paths::Accepts;
use super::place::Place;
use super::scope::Surroundings;
use super::timestamp::is_timestamp;
use super::values::{Dynamic, SECONDS_MAX, expression};
use super::{Fields, Reader, has_placeholder, intrinsic, legal, payload};
use crate::definition::diagnostic::Code;
use crate::definition::fail::{Fail, FailText};
use crate::definition::machine::{Flow, JsonataFields, Pass, QueryLanguage, State, StateKind};
use crate::definition::path::PathField;
use crate::definition::payload::Template;
use crate::definition::wait::Wait;
use crate::value::tree::{Kind, Member, Node};

impl<'d> Reader<'d> {
    /// One state; `None` if it cannot even be told what kind it is.
    pub(super) fn state(
        &mut self,
        member: &'d Member,
        place: &Place<'_>,
        around: &mut Surroundings<'_>,
    ) -> Option<State> {
        let fields = self.object(&member.value, place)?;
        let type_name = self.type_name(&fields)?;
        let (language, settled) = self.language_of(&fields);
        self.check_fields(&fields, legal::of_type(type_name), settled.then_some(language));
        if let Some(node) = fields.value("QueryLanguage") {
            self.query_language(node, &place.key("QueryLanguage"));
        }
        let comment = self.comment(&fields);
        // Fields of the other language were refused above; reading them by its rules would only add noise.
        let fields = &fields;
        let in_path = language == QueryLanguage::JsonPath;
        let only = |name: &str| if in_path { fields.value(name) } else { None };
        let input_path = self.path_field(only("InputPath"), &place.key("InputPath"), Accepts::AnyPath);
        let output_path = self.path_field(only("OutputPath"), &place.key("OutputPath"), Accepts::AnyPath);
        let flow = match type_name {
            "Choice" => Flow::None,
            "Succeed" | "Fail" => {
                around.graph.end();
                Flow::None
            }
            _ => self.flow(fields, around),
        };
        let kind = match type_name {
            "Pass" => StateKind::Pass(Box::new(self.pass(fields, language))),
            "Task" => StateKind::Task(Box::new(self.task(fields, language, around))),
            "Choice" => StateKind::Choice(Box::new(self.choice(fields, language, around))),
            "Wait" => StateKind::Wait(Box::new(self.wait(fields, language))),
            "Succeed" => StateKind::Succeed,
            "Fail" => StateKind::Fail(Box::new(self.fail(fields, language))),
            "Parallel" => StateKind::Parallel(Box::new(self.parallel(fields, language, around))),
            _ => StateKind::Map(Box::new(self.map(fields, language, around)?)),
        };
        let assigns = !matches!(type_name, "Succeed" | "Fail");
        let assign = if assigns { self.assign(fields, language, around) } else { None };
        Some(State {
            name: member.key.clone(),
            location: place.location(),
            span: member.value.span,
            name_span: member.key_span,
            query_language: language,
            comment,
            kind,
            flow,
            input_path,
            output_path,
            assign,
            jsonata: (!in_path).then(|| Box::new(self.jsonata_fields(fields))),
        })
    }

    fn type_name(&mut self, fields: &Fields<'d, '_>) -> Option<&'d str> {
        if !self.require(fields, &["Type"]) {
            return None;
        }
        let node = fields.value("Type")?;
        let name = node.as_str();
        if let Some(name) = name.filter(|name| legal::TYPES.contains(name)) {
            return Some(name);
        }
        let message = format!("The field 'Type' should have one of these values: [{}]", legal::TYPES.join(", "));
        let hint = name.and_then(|name| self.hint(name, legal::TYPES));
        self.schema(&fields.place.key("Type"), node.span, message).hint = hint;
        None
    }

    /// The state's own language, or else the machine's; that of an enclosing Map or Parallel does not count. Whether it
    /// is settled: of a state that goes back to JSONPath where it cannot, AWS says nothing more about languages.
    fn language_of(&mut self, fields: &Fields<'_, '_>) -> (QueryLanguage, bool) {
        let Some(member) = fields.get("QueryLanguage") else {
            return (self.top_language, true);
        };
        if member.value.as_str() != Some("JSONPath") {
            return (QueryLanguage::Jsonata, true);
        }
        if self.top_language == QueryLanguage::JsonPath {
            return (QueryLanguage::JsonPath, true);
        }
        let message = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
        self.schema(fields.place, member.key_span, message);
        (QueryLanguage::JsonPath, false)
    }

    /// `Next` and `End`; `"End": false` says nothing.
    fn flow(&mut self, fields: &Fields<'_, '_>, around: &mut Surroundings<'_>) -> Flow {
        const NAMES: &str = "[Next, End]";
        let end = fields.value("End").and_then(|node| self.boolean(node, &fields.place.key("End")));
        let ends = fields.get("End").filter(|_| end != Some(false));
        let next = fields.value("Next").map(|node| self.target(node, &fields.place.key("Next"), around));
        match (next, ends) {
            (Some(next), None) => Flow::Next(next),
            (None, Some(_)) => {
                around.graph.end();
                Flow::End
            }
            (next, ends) => {
                let (message, span) = match ends {
                    Some(member) => {
                        (format!("There should only be one of the following fields: {NAMES}"), member.key_span)
                    }
                    None => (format!("This object should have only one of the following fields: {NAMES}"), fields.span),
                };
                self.schema(fields.place, span, message);
                around.graph.give_up();
                next.map_or(Flow::End, Flow::Next)
            }
        }
    }

    fn pass(&mut self, fields: &Fields<'_, '_>, language: QueryLanguage) -> Pass {
        if language == QueryLanguage::Jsonata {
            return Pass::default();
        }
        let result = fields.value("Result");
        if let Some(node) = result {
            self.warn_of_static_result(node, &fields.place.key("Result"));
        }
        Pass {
            parameters: self.template_field(fields, "Parameters", language),
            result: result.cloned(),
            result_path: self.result_path(fields, language),
        }
    }

    /// Warns where a literal result looks as if it were to be evaluated.
    fn warn_of_static_result(&mut self, node: &Node, place: &Place<'_>) {
        let suspicious = match &node.kind {
            Kind::String(text) => payload::looks_computed(text),
            Kind::Object(members) => {
                for member in members {
                    let place = place.key(&member.key);
                    if member.key.ends_with(".$") {
                        let message =
                            format!("'{}' is not evaluated: a Pass state's Result is copied as it is", member.key);
                        let warning = self.warn(Code::PassResultIsStatic, &place, member.key_span, message);
                        warning.hint = Some("use `Parameters` to compute a value".to_owned());
                    } else {
                        self.warn_of_static_result(&member.value, &place);
                    }
                }
                false
            }
            Kind::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.warn_of_static_result(element, &place.index(index));
                }
                false
            }
            _ => false,
        };
        if suspicious {
            let message = "This is not evaluated: a Pass state's Result is copied as it is";
            let warning = self.warn(Code::PassResultIsStatic, place, node.span, message);
            warning.hint = Some("use `Parameters` to compute a value".to_owned());
        }
    }

    /// A payload template in a field of a JSONPath state.
    pub(super) fn template_field(
        &mut self,
        fields: &Fields<'_, '_>,
        name: &str,
        language: QueryLanguage,
    ) -> Option<Template> {
        let node = fields.value(name).filter(|_| language == QueryLanguage::JsonPath)?;
        Some(self.template(node, &fields.place.key(name)))
    }

    /// `ResultPath`
    pub(super) fn result_path(&mut self, fields: &Fields<'_, '_>, language: QueryLanguage) -> PathField {
        let node = fields.value("ResultPath").filter(|_| language == QueryLanguage::JsonPath);
        self.path_field(node, &fields.place.key("ResultPath"), Accepts::Writable)
    }

    fn wait(&mut self, fields: &Fields<'_, '_>, language: QueryLanguage) -> Wait {
        self.exactly_one(fields, &["SecondsPath", "Seconds", "TimestampPath", "Timestamp"]);
        let in_path = language == QueryLanguage::JsonPath;
        let mut wait = Wait::Placeholder("".into());
        for (name, legal_here) in
            [("Seconds", true), ("Timestamp", true), ("SecondsPath", in_path), ("TimestampPath", in_path)]
        {
            let Some(node) = fields.value(name).filter(|_| legal_here) else {
                continue;
            };
            let place = fields.place.key(name);
            let read = match name {
                "Seconds" => match self.dynamic_whole(node, &place, language, (0, Some(SECONDS_MAX))) {
                    Dynamic::Literal(seconds) => Some(Wait::Seconds(seconds)),
                    Dynamic::Expression(expression) => Some(Wait::SecondsExpression(expression)),
                    Dynamic::Nothing => None,
                },
                "Timestamp" => self.wait_timestamp(node, &place, language),
                "SecondsPath" => self.path(node, &place, Accepts::Reference).map(Wait::SecondsPath),
                _ => self.path(node, &place, Accepts::Reference).map(Wait::TimestampPath),
            };
            wait = read.unwrap_or_else(|| Wait::Placeholder(node.as_str().unwrap_or_default().into()));
        }
        wait
    }

    fn wait_timestamp(&mut self, node: &Node, place: &Place<'_>, language: QueryLanguage) -> Option<Wait> {
        let text = self.string(node, place)?;
        if language == QueryLanguage::Jsonata
            && let Some(expression) = expression(text, node.span)
        {
            self.check_expression(&expression.text, node.span, place, Known::Nothing);
            return Some(Wait::TimestampExpression(expression));
        }
        self.timestamp(text, node, place).then(|| Wait::Timestamp(text.into()))
    }

    /// Whether a text is a time; says so if it is not. A text with a placeholder is none, but no fault either.
    pub(super) fn timestamp(&mut self, text: &str, node: &Node, place: &Place<'_>) -> bool {
        let valid = is_timestamp(text);
        if !valid && !has_placeholder(text) {
            self.schema(place, node.span, "String does not match RFC3339 timestamp").expected =
                Some("a time such as 2026-01-31T09:08:07Z".to_owned());
        }
        valid
    }

    fn fail(&mut self, fields: &Fields<'_, '_>, language: QueryLanguage) -> Fail {
        self.at_most_one(fields, &["Error", "ErrorPath"]);
        self.at_most_one(fields, &["Cause", "CausePath"]);
        Fail {
            error: self.fail_text(fields, "Error", "ErrorPath", language),
            cause: self.fail_text(fields, "Cause", "CausePath", language),
        }
    }

    fn fail_text(
        &mut self,
        fields: &Fields<'_, '_>,
        name: &str,
        path_name: &str,
        language: QueryLanguage,
    ) -> Option<FailText> {
        if let Some(node) = fields.value(name) {
            let text = self.string(node, &fields.place.key(name))?;
            let expression = expression(text, node.span).filter(|_| language == QueryLanguage::Jsonata);
            if let Some(expression) = &expression {
                self.check_expression(&expression.text, node.span, &fields.place.key(name), Known::Nothing);
            }
            return Some(expression.map_or_else(|| FailText::Literal(text.into()), FailText::Expression));
        }
        let node = fields.value(path_name).filter(|_| language == QueryLanguage::JsonPath)?;
        if let Some(call) = node.as_str().and_then(|text| intrinsic::parse(text, node.span).ok()) {
            return Some(FailText::Intrinsic(call));
        }
        self.path(node, &fields.place.key(path_name), Accepts::AnyPath).map(FailText::Path)
    }

    /// The JSONata fields as they were written, with their strings checked.
    fn jsonata_fields(&mut self, fields: &Fields<'_, '_>) -> JsonataFields {
        let works = matches!(fields.value("Type").and_then(Node::as_str), Some("Task" | "Map" | "Parallel"));
        let after = if works { Known::Result } else { Known::Nothing };
        for (name, known) in [
            ("Arguments", Known::Nothing),
            ("Output", after),
            ("Assign", after),
            ("Items", Known::Nothing),
            ("ItemSelector", Known::Nothing),
        ] {
            if let Some(node) = fields.value(name) {
                self.check_expressions(node, &fields.place.key(name), known);
            }
        }
        if let Some(node) = fields.value("Items") {
            let place = fields.place.key("Items");
            match &node.kind {
                Kind::String(text) if !text.starts_with("{%") => {
                    self.expression_only::<()>(node, text, &place);
                }
                Kind::String(_) | Kind::Array(_) | Kind::Object(_) => {}
                _ => {
                    self.array(node, &place);
                }
            }
        }
        JsonataFields {
            arguments: fields.value("Arguments").cloned(),
            output: fields.value("Output").cloned(),
            assign: fields.value("Assign").cloned(),
            items: fields.value("Items").cloned(),
            item_selector: fields.value("ItemSelector").cloned(),
        }
    }
}

//! Parallel and Map states.
//!
//! Flows in: the fields of such a state. Flows out: a [`Parallel`] or [`Map`] with its scopes read. Source: sections
//! "Parallel State" and "Map State".

use super::paths::Accepts;
use super::place::Place;
use super::scope::Surroundings;
use super::values::Dynamic;
use super::{Fields, Reader, legal};
use crate::definition::diagnostic::Code;
use crate::definition::fan_out::{Count, Map, Parallel, Percentage, ProcessorMode};
use crate::definition::machine::{MachineType, QueryLanguage};
use crate::value::tree::{Kind, Node};

/// The longest label, in characters.
const LABEL_MAX: usize = 40;

impl<'d> Reader<'d> {
    /// What is special to a Parallel state.
    pub(super) fn parallel(
        &mut self,
        fields: &Fields<'d, '_>,
        language: QueryLanguage,
        around: &mut Surroundings<'_>,
    ) -> Parallel {
        self.require(fields, &["Branches"]);
        let mut branches = Vec::new();
        if let Some(node) = fields.value("Branches") {
            let place = fields.place.key("Branches");
            for (index, node) in self.filled_array(node, &place).unwrap_or_default().iter().enumerate() {
                let place = place.index(index);
                if let Some(branch) = self.object(node, &place) {
                    self.check_fields(&branch, &[legal::BRANCH], language);
                    let variables = self.variables.open(Some(around.here()));
                    branches.extend(self.scope(&branch, variables));
                }
            }
        }
        Parallel {
            branches,
            parameters: self.template_field(fields, "Parameters", language),
            result_selector: self.template_field(fields, "ResultSelector", language),
            result_path: self.result_path(fields, language),
            retry: self.retry(fields, language),
            catch: self.catch(fields, language, around),
        }
    }

    /// What is special to a Map state; `None` if it has no processor.
    pub(super) fn map(
        &mut self,
        fields: &Fields<'d, '_>,
        language: QueryLanguage,
        around: &mut Surroundings<'_>,
    ) -> Option<Map> {
        let in_path = language == QueryLanguage::JsonPath;
        self.exactly_one(fields, &["ItemProcessor", "Iterator"]);
        for name in ["MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage"] {
            self.at_most_one(fields, &[name, &format!("{name}Path")]);
        }
        let item_selector_field =
            if in_path && fields.get("ItemSelector").is_none() && fields.get("Parameters").is_some() {
                "Parameters"
            } else {
                "ItemSelector"
            };
        if in_path {
            // How AWS words this is not recorded.
            self.at_most_one(fields, &["ItemSelector", "Parameters"]);
        }
        let items_path = fields.value("ItemsPath").filter(|_| in_path);
        let items_path = self.path_field(items_path, &fields.place.key("ItemsPath"), Accepts::Reference);
        let item_selector = self.template_field(fields, item_selector_field, language);
        let max_concurrency = self.count(fields, "MaxConcurrency", language);
        let tolerated_failure_count = self.count(fields, "ToleratedFailureCount", language);
        let tolerated_failure_percentage = self.percentage(fields, language);
        let label = self.label(fields);
        // Every field is looked at before the processor is given up.
        let result_selector = self.template_field(fields, "ResultSelector", language);
        let result_path = self.result_path(fields, language);
        let retry = self.retry(fields, language);
        let catch = self.catch(fields, language, around);

        let member = fields.get("ItemProcessor").or_else(|| fields.get("Iterator"))?;
        let place = fields.place.key(&member.key);
        let processor = self.object(&member.value, &place)?;
        self.check_fields(&processor, &[legal::PROCESSOR], language);
        let mode = self.processor_mode(&processor);
        let (item_batcher, result_writer) = self.distributed_fields(fields, mode, language);
        let (outer, outer_type) = match mode {
            ProcessorMode::Inline => (Some(around.here()), self.machine_type),
            // Its items are executions of their own, of their own type and with variables of their own.
            ProcessorMode::Distributed { execution_type } => {
                (None, std::mem::replace(&mut self.machine_type, execution_type))
            }
        };
        let variables = self.variables.open(outer);
        let scope = self.scope(&processor, variables);
        self.machine_type = outer_type;
        Some(Map {
            items_path,
            item_selector,
            item_selector_field,
            processor: scope?,
            mode,
            max_concurrency,
            tolerated_failure_count,
            tolerated_failure_percentage,
            label,
            item_reader: fields.value("ItemReader").cloned(),
            item_batcher,
            result_writer,
            result_selector,
            result_path,
            retry,
            catch,
        })
    }

    /// `ProcessorConfig`
    fn processor_mode(&mut self, processor: &Fields<'_, '_>) -> ProcessorMode {
        let Some(node) = processor.value("ProcessorConfig") else {
            return ProcessorMode::Inline;
        };
        let place = processor.place.key("ProcessorConfig");
        let Some(config) = self.object(node, &place) else {
            return ProcessorMode::Inline;
        };
        self.check_fields(&config, &[legal::PROCESSOR_CONFIG], QueryLanguage::JsonPath);
        let mode = config.value("Mode").and_then(|node| {
            let place = place.key("Mode");
            let mode = self.one_of(node, &place, &["INLINE", "DISTRIBUTED"]);
            if mode == Some(1) && self.machine_type == MachineType::Express {
                let message =
                    "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines";
                self.schema(&place, node.span, message);
            }
            mode
        });
        if mode == Some(1) {
            self.require(&config, &["ExecutionType"]);
        }
        let execution_type = config.get("ExecutionType").and_then(|member| {
            if mode != Some(1) && config.get("Mode").is_none_or(|mode| mode.value.as_str() == Some("INLINE")) {
                self.schema(&place, member.key_span, "Field 'ExecutionType' is not supported");
                return None;
            }
            self.one_of(&member.value, &place.key("ExecutionType"), &["STANDARD", "EXPRESS"])
        });
        match mode {
            Some(1) => ProcessorMode::Distributed {
                execution_type: if execution_type == Some(1) { MachineType::Express } else { MachineType::Standard },
            },
            _ => ProcessorMode::Inline,
        }
    }

    /// A whole number with its path form.
    pub(super) fn count(&mut self, fields: &Fields<'_, '_>, name: &str, language: QueryLanguage) -> Count {
        self.count_up_to(fields, name, language, None)
    }

    /// A whole number with its path form, which may be so large at most.
    pub(super) fn count_up_to(
        &mut self,
        fields: &Fields<'_, '_>,
        name: &str,
        language: QueryLanguage,
        most: Option<u64>,
    ) -> Count {
        if let Some(node) = fields.value(name) {
            return match self.dynamic_whole(node, &fields.place.key(name), language, (0, most)) {
                Dynamic::Literal(value) => Count::Literal(value),
                Dynamic::Expression(expression) => Count::Expression(expression),
                Dynamic::Nothing => Count::Default,
            };
        }
        self.path_form(fields, name, language).map_or(Count::Default, Count::Path)
    }

    /// The `…Path` form of a field of Map, which may not look at the context object.
    fn path_form(
        &mut self,
        fields: &Fields<'_, '_>,
        name: &str,
        language: QueryLanguage,
    ) -> Option<crate::definition::path::PathExpr> {
        let name = format!("{name}Path");
        let node = fields.value(&name).filter(|_| language == QueryLanguage::JsonPath)?;
        self.path(node, &fields.place.key(&name), Accepts::NoContext)
    }

    fn percentage(&mut self, fields: &Fields<'_, '_>, language: QueryLanguage) -> Percentage {
        const NAME: &str = "ToleratedFailurePercentage";
        let Some(node) = fields.value(NAME) else {
            return self.path_form(fields, NAME, language).map_or(Percentage::Default, Percentage::Path);
        };
        let place = fields.place.key(NAME);
        if let (Kind::String(text), QueryLanguage::Jsonata) = (&node.kind, language) {
            return match self.expression_only::<()>(node, text, &place) {
                Dynamic::Expression(expression) => Percentage::Expression(expression),
                _ => Percentage::Default,
            };
        }
        let message = match self.number(node, &place) {
            Some(value) if (0.0..=100.0).contains(&value) => return Percentage::Literal(value),
            Some(value) if value < 0.0 => "Minimum value is 0.0",
            Some(_) => "Maximum value is 100.0",
            None => return Percentage::Default,
        };
        self.schema(&place, node.span, message).expected = Some("a number from 0 to 100".to_owned());
        Percentage::Default
    }

    fn label(&mut self, fields: &Fields<'d, '_>) -> Option<Box<str>> {
        let node: &'d Node = fields.value("Label")?;
        let place: Place<'_> = fields.place.key("Label");
        let text = self.string(node, &place)?;
        if text.chars().count() > LABEL_MAX {
            let message = format!("Label '{text}' exceeds the {LABEL_MAX}-character limit allowed by the service");
            self.record(Code::InvalidLabelName, &place, node.span, message);
        } else if text.contains(|c: char| c.is_whitespace() || c.is_control() || "?*<>{}[]\"#%\\^|~`$&,;:/".contains(c))
            && !super::has_placeholder(text)
        {
            let message = format!("Invalid Label name: {text}");
            self.record(Code::InvalidLabelName, &place, node.span, message);
        }
        if !self.labels.insert(text) {
            let message = format!("Duplicate Label name: {text}");
            self.record(Code::DuplicateLabelName, &place, node.span, message);
        }
        Some(text.into())
    }
}

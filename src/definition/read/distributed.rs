//! The fields of a distributed Map: `ItemReader`, `ItemBatcher`, `ResultWriter`.
//!
//! Flows in: the fields of a Map state. Flows out: an [`ItemBatcher`], a [`ResultWriter`], and diagnostics; a reader is
//! only checked. What the output is where results are written elsewhere is documented, not recorded; here nothing is written,
//! and the results are the output. Source: section "Map State" of the developer guide, and the measured rules for readers.

use super::jsonata::Known;
use super::paths::Accepts;
use super::place::Place;
use super::values::Dynamic;
use super::{Fields, Reader, legal};
use crate::definition::diagnostic::Code;
use crate::definition::fan_out::{ItemBatcher, ProcessorMode, ResultWriter, Transformation};
use crate::definition::machine::QueryLanguage;
use crate::value::tree::Node;

/// Fields that only a distributed Map has.
const DISTRIBUTED_ONLY: [&str; 3] = ["ItemReader", "ItemBatcher", "ResultWriter"];

/// The most items that a reader may be told to read.
const MAX_ITEMS: u64 = 100_000_000;

/// The most bytes that a batch may be told to hold.
const MAX_BATCH_BYTES: u64 = 262_144;

impl Reader<'_> {
    /// Checks the fields that read, batch and write items.
    pub(super) fn distributed_fields(
        &mut self,
        fields: &Fields<'_, '_>,
        mode: ProcessorMode,
        language: QueryLanguage,
    ) -> (Option<ItemBatcher>, Option<ResultWriter>) {
        let (mut batcher, mut writer) = (None, None);
        for name in DISTRIBUTED_ONLY {
            if let (Some(member), ProcessorMode::Inline) = (fields.get(name), mode) {
                // AWS takes it at creation, and then does not use it.
                let message = format!("'{name}' is used by a Map in DISTRIBUTED mode only");
                self.warn(Code::SchemaValidationFailed, fields.place, member.key_span, message);
            }
            if let Some(node) = fields.value(name) {
                let place = fields.place.key(name);
                match name {
                    "ItemReader" => self.item_reader(node, &place, language),
                    "ItemBatcher" => batcher = self.item_batcher(node, &place, language),
                    _ => writer = self.result_writer(node, &place, language),
                }
            }
        }
        (batcher, writer)
    }

    fn item_reader(&mut self, node: &Node, place: &Place<'_>, language: QueryLanguage) {
        let Some(fields) = self.object(node, place) else {
            return;
        };
        self.check_fields(&fields, &[legal::ITEM_READER], language);
        self.require(&fields, &["Resource"]);
        self.s3_resource(&fields, &["s3:getObject", "s3:listObjectsV2"]);
        self.request(&fields, language);
        let Some(node) = fields.value("ReaderConfig") else {
            return;
        };
        let place = place.key("ReaderConfig");
        let Some(config) = self.object(node, &place) else {
            return;
        };
        self.check_fields(&config, &[legal::READER_CONFIG], language);
        self.at_most_one(&config, &["MaxItems", "MaxItemsPath"]);
        let input_types = ["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"];
        let input_type = self.choose(&config, "InputType", &input_types);
        self.choose(&config, "CSVDelimiter", &["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"]);
        let header = self.choose(&config, "CSVHeaderLocation", &["FIRST_ROW", "GIVEN"]);
        self.choose(&config, "Transformation", &["NONE", "LOAD_AND_FLATTEN"]);
        if input_type == Some(0) && config.get("CSVHeaderLocation").is_none() {
            self.schema(&place, config.span, "The field 'CSVHeaderLocation' is required");
        }
        if let (Some(1), Some(member)) = (input_type, config.get("CSVHeaderLocation")) {
            self.schema(&place, member.key_span, "Field 'CSVHeaderLocation' is not supported");
        }
        if header == Some(1) {
            self.require(&config, &["CSVHeaders"]);
        }
        if let Some(node) = config.value("CSVHeaders") {
            self.array(node, &place.key("CSVHeaders"));
        }
        self.limit(&config, "MaxItems", language, Some(MAX_ITEMS));
    }

    fn item_batcher(&mut self, node: &Node, place: &Place<'_>, language: QueryLanguage) -> Option<ItemBatcher> {
        let fields = self.object(node, place)?;
        self.check_fields(&fields, &[legal::ITEM_BATCHER], language);
        self.at_most_one(&fields, &["MaxItemsPerBatch", "MaxItemsPerBatchPath"]);
        self.at_most_one(&fields, &["MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"]);
        let max_items = self.count(&fields, "MaxItemsPerBatch", language);
        let max_input_bytes = self.count_up_to(&fields, "MaxInputBytesPerBatch", language, Some(MAX_BATCH_BYTES));
        let limited = fields.members.iter().any(|member| member.key.starts_with("Max"));
        if !limited {
            let message = "This object should have at least one of the following fields: \
                           [MaxItemsPerBatch, MaxItemsPerBatchPath, MaxInputBytesPerBatch, MaxInputBytesPerBatchPath]";
            self.schema(place, fields.span, message);
        }
        let (mut batch_input, mut batch_input_jsonata) = (None, None);
        if let Some(node) = fields.value("BatchInput") {
            let place = place.key("BatchInput");
            match language {
                QueryLanguage::JsonPath => batch_input = Some(self.template(node, &place)),
                QueryLanguage::Jsonata => {
                    self.check_expressions(node, &place, Known::Nothing);
                    batch_input_jsonata = Some(node.clone());
                }
            }
        }
        Some(ItemBatcher { max_items, max_input_bytes, batch_input, batch_input_jsonata })
    }

    fn result_writer(&mut self, node: &Node, place: &Place<'_>, language: QueryLanguage) -> Option<ResultWriter> {
        let fields = self.object(node, place)?;
        self.check_fields(&fields, &[legal::RESULT_WRITER], language);
        if fields.get("Resource").is_none() && fields.get("WriterConfig").is_none() {
            self.require(&fields, &["Resource"]);
        }
        if let Some(member) = fields.get("Resource") {
            self.require(&fields, &[if language == QueryLanguage::JsonPath { "Parameters" } else { "Arguments" }]);
            let message = "Nothing is written here: the Map's results are its output, whatever 'ResultWriter' says";
            self.warn(Code::SchemaValidationFailed, place, member.key_span, message);
        }
        self.s3_resource(&fields, &["s3:putObject"]);
        self.request(&fields, language);
        let mut writer = ResultWriter { exports: fields.get("Resource").is_some(), transformation: None, lines: false };
        let config_place = place.key("WriterConfig");
        if let Some(config) = fields.value("WriterConfig").and_then(|node| self.object(node, &config_place)) {
            self.check_fields(&config, &[legal::WRITER_CONFIG], language);
            self.require(&config, &["Transformation", "OutputType"]);
            writer.lines = self.choose(&config, "OutputType", &["JSON", "JSONL"]) == Some(1);
            writer.transformation = match self.choose(&config, "Transformation", &["NONE", "COMPACT", "FLATTEN"]) {
                Some(0) => Some(Transformation::None),
                Some(1) => Some(Transformation::Compact),
                Some(_) => Some(Transformation::Flatten),
                None => None,
            };
        }
        Some(writer)
    }

    /// `Resource` of a reader or writer: one of few.
    fn s3_resource(&mut self, fields: &Fields<'_, '_>, actions: &[&str]) {
        let Some(node) = fields.value("Resource") else {
            return;
        };
        let place = fields.place.key("Resource");
        let Some(text) = self.string(node, &place) else {
            return;
        };
        let action = text.split_once(":states:::").map(|(_, action)| action);
        if !action.is_some_and(|action| actions.contains(&action)) && !super::has_placeholder(text) {
            let wanted = actions.iter().map(|action| format!("arn:aws:states:::{action}")).collect::<Vec<_>>();
            self.schema(&place, node.span, "The field 'Resource' does not match any of the allowed values").expected =
                Some(wanted.join(" or "));
        }
    }

    fn choose(&mut self, fields: &Fields<'_, '_>, name: &str, values: &[&'static str]) -> Option<usize> {
        let node = fields.value(name)?;
        self.one_of(node, &fields.place.key(name), values)
    }

    /// `Parameters` or `Arguments` of a reader or writer.
    fn request(&mut self, fields: &Fields<'_, '_>, language: QueryLanguage) {
        let name = if language == QueryLanguage::JsonPath { "Parameters" } else { "Arguments" };
        if let Some(node) = fields.value(name) {
            self.dynamic_value(node, &fields.place.key(name), language);
        }
    }

    fn dynamic_value(&mut self, node: &Node, place: &Place<'_>, language: QueryLanguage) {
        match language {
            QueryLanguage::JsonPath => {
                self.template(node, place);
            }
            QueryLanguage::Jsonata => self.check_expressions(node, place, Known::Nothing),
        }
    }

    fn limit(&mut self, fields: &Fields<'_, '_>, name: &str, language: QueryLanguage, most: Option<u64>) {
        if let Some(node) = fields.value(name) {
            let _: Dynamic<u64> = self.dynamic_whole(node, &fields.place.key(name), language, (0, most));
        }
        let name = format!("{name}Path");
        if let Some(node) = fields.value(&name).filter(|_| language == QueryLanguage::JsonPath) {
            self.path(node, &fields.place.key(&name), Accepts::NoContext);
        }
    }
}

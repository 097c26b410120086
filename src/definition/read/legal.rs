//! Which fields are legal where: one table for each kind of object of the language.
//!
//! Flows in: nothing. Flows out: tables that [`check_fields`](super::Reader::check_fields) compares objects with. Source:
//! the measured tables of legal fields; fields of one query language only are marked so.

use super::values::For::{Both, JsonPath, Jsonata};
use super::values::Legal;

/// The names of the state types, in the order in which AWS lists them.
pub(super) const TYPES: [&str; 8] = ["Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map"];

pub(super) const TOP_LEVEL: &Legal = &[
    ("StartAt", Both),
    ("States", Both),
    ("Comment", Both),
    ("Version", Both),
    ("TimeoutSeconds", Both),
    ("QueryLanguage", Both),
];

pub(super) const BRANCH: &Legal = &[("StartAt", Both), ("States", Both), ("Comment", Both)];

pub(super) const PROCESSOR: &Legal =
    &[("StartAt", Both), ("States", Both), ("Comment", Both), ("ProcessorConfig", Both)];

pub(super) const PROCESSOR_CONFIG: &Legal = &[("Mode", Both), ("ExecutionType", Both)];

/// Fields that every state may have.
pub(super) const STATE: &Legal = &[("Type", Both), ("Comment", Both), ("QueryLanguage", Both)];

/// Fields of every state but Fail.
const DATA: &Legal = &[("InputPath", JsonPath), ("OutputPath", JsonPath), ("Output", Jsonata)];

/// Fields of states that go on to another.
const FLOW: &Legal = &[("Next", Both), ("End", Both), ("Assign", Both)];

/// Fields of states that can fail and try again.
const RESILIENT: &Legal = &[("Retry", Both), ("Catch", Both)];

/// Fields of states that shape a result.
const RESULT: &Legal = &[("ResultSelector", JsonPath), ("ResultPath", JsonPath)];

const PASS: &Legal = &[("Result", JsonPath), ("ResultPath", JsonPath), ("Parameters", JsonPath)];

const TASK: &Legal = &[
    ("Resource", Both),
    ("Credentials", Both),
    ("TimeoutSeconds", Both),
    ("TimeoutSecondsPath", JsonPath),
    ("HeartbeatSeconds", Both),
    ("HeartbeatSecondsPath", JsonPath),
    ("Parameters", JsonPath),
    ("Arguments", Jsonata),
];

const CHOICE: &Legal = &[("Choices", Both), ("Default", Both), ("Assign", Both)];

const WAIT: &Legal = &[("Seconds", Both), ("Timestamp", Both), ("SecondsPath", JsonPath), ("TimestampPath", JsonPath)];

const FAIL: &Legal = &[("Error", Both), ("Cause", Both), ("ErrorPath", JsonPath), ("CausePath", JsonPath)];

const PARALLEL: &Legal = &[("Branches", Both), ("Parameters", JsonPath), ("Arguments", Jsonata)];

const MAP: &Legal = &[
    ("ItemProcessor", Both),
    ("Iterator", Both),
    ("ItemsPath", JsonPath),
    ("Items", Jsonata),
    ("ItemSelector", Both),
    ("Parameters", JsonPath),
    ("MaxConcurrency", Both),
    ("MaxConcurrencyPath", JsonPath),
    ("ToleratedFailureCount", Both),
    ("ToleratedFailureCountPath", JsonPath),
    ("ToleratedFailurePercentage", Both),
    ("ToleratedFailurePercentagePath", JsonPath),
    ("Label", Both),
    ("ItemReader", Both),
    ("ItemBatcher", Both),
    ("ResultWriter", Both),
];

/// The tables of a state type.
pub(super) fn of_type(name: &str) -> &'static [&'static Legal] {
    match name {
        "Pass" => &[STATE, DATA, FLOW, PASS],
        "Task" => &[STATE, DATA, FLOW, RESULT, RESILIENT, TASK],
        "Choice" => &[STATE, DATA, CHOICE],
        "Wait" => &[STATE, DATA, FLOW, WAIT],
        "Succeed" => &[STATE, DATA],
        "Fail" => &[STATE, FAIL],
        "Parallel" => &[STATE, DATA, FLOW, RESULT, RESILIENT, PARALLEL],
        _ => &[STATE, DATA, FLOW, RESULT, RESILIENT, MAP],
    }
}

pub(super) const RETRIER: &Legal = &[
    ("ErrorEquals", Both),
    ("IntervalSeconds", Both),
    ("MaxAttempts", Both),
    ("BackoffRate", Both),
    ("MaxDelaySeconds", Both),
    ("JitterStrategy", Both),
    ("Comment", Both),
];

pub(super) const CATCHER: &Legal = &[
    ("ErrorEquals", Both),
    ("Next", Both),
    ("ResultPath", JsonPath),
    ("Output", Jsonata),
    ("Assign", Both),
    ("Comment", Both),
];

/// Fields of a choice rule besides its comparators; `Next`, `Assign` and `Output` only on the outermost.
pub(super) const RULE: &Legal = &[
    ("Variable", JsonPath),
    ("And", JsonPath),
    ("Or", JsonPath),
    ("Not", JsonPath),
    ("Condition", Jsonata),
    ("Comment", Both),
];

pub(super) const OUTERMOST_RULE: &Legal = &[("Next", Both), ("Assign", Both), ("Output", Jsonata)];

pub(super) const ITEM_READER: &Legal =
    &[("Resource", Both), ("ReaderConfig", Both), ("Parameters", JsonPath), ("Arguments", Jsonata)];

pub(super) const READER_CONFIG: &Legal = &[
    ("InputType", Both),
    ("CSVHeaderLocation", Both),
    ("CSVHeaders", Both),
    ("CSVDelimiter", Both),
    ("MaxItems", Both),
    ("MaxItemsPath", JsonPath),
    ("ItemsPointer", Both),
    ("ManifestType", Both),
    ("Transformation", Both),
];

pub(super) const ITEM_BATCHER: &Legal = &[
    ("MaxItemsPerBatch", Both),
    ("MaxItemsPerBatchPath", JsonPath),
    ("MaxInputBytesPerBatch", Both),
    ("MaxInputBytesPerBatchPath", JsonPath),
    ("BatchInput", Both),
];

pub(super) const RESULT_WRITER: &Legal =
    &[("Resource", Both), ("WriterConfig", Both), ("Parameters", JsonPath), ("Arguments", Jsonata)];

pub(super) const WRITER_CONFIG: &Legal = &[("OutputType", Both), ("Transformation", Both)];

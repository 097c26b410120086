//! A history as CloudWatch Logs records, as AWS writes them for a machine's LoggingConfiguration.
//!
//! All numbers are strings, and ids count the events that a level leaves out too.

use super::details;
use super::json::{self, ObjectWriter};
use crate::vm::{Event, EventKind};

/// LoggingConfiguration's level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Every event.
    All,
    /// Failures of any kind.
    Error,
    /// Failures of the execution.
    Fatal,
    /// Nothing.
    Off,
}

/// The records of the events that the level shows, as a JSON array.
pub fn to_json(events: &[Event], level: LogLevel, data: bool, execution_arn: &str, role: &str) -> String {
    json::array(events.iter().filter(|event| shows(level, &event.kind)).map(|event| {
        let list = details::details(&event.kind).unwrap_or_default();
        let role = matches!(event.kind, EventKind::ExecutionStarted { .. }).then_some(role);
        let mut object = ObjectWriter::new();
        object
            .text("id", &event.id.to_string())
            .text("type", &event.kind.name())
            .raw("details", &details::write(&list, data, role))
            .text("previous_event_id", &event.previous.to_string())
            .text("event_timestamp", &event.time_ms.to_string())
            .text("execution_arn", execution_arn)
            .text("redrive_count", "0");
        object.finish()
    }))
}

fn shows(level: LogLevel, kind: &EventKind) -> bool {
    let name = kind.name();
    let fatal = matches!(&*name, "ExecutionAborted" | "ExecutionFailed" | "ExecutionTimedOut");
    match level {
        LogLevel::All => true,
        LogLevel::Off => false,
        LogLevel::Fatal => fatal,
        LogLevel::Error => {
            fatal
                || name == "FailStateEntered"
                || ["Failed", "TimedOut", "Aborted"].iter().any(|suffix| name.ends_with(suffix))
        }
    }
}

//! The details of a history event: the names and values that GetExecutionHistory and the logs show.

use super::json::ObjectWriter;
use crate::vm::EventKind;

/// One member of an event's details.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail<'e> {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: Content<'e>,
}

/// The value of a detail.
#[derive(Clone, Debug, PartialEq)]
pub enum Content<'e> {
    /// A name, an error, a cause.
    Text(&'e str),
    /// JSON that the execution worked on, as text; left out where data are not to be shown.
    Data(&'e str),
    /// A number.
    Number(u64),
    /// An object of JSON texts by name: assigned variables.
    Variables(&'e [(String, String)]),
    /// JSON, as it is.
    Json(&'e str),
}

/// The details of an event; none for types that have none.
pub fn details(kind: &EventKind) -> Option<Vec<Detail<'_>>> {
    use EventKind as E;
    let mut list = Vec::new();
    let text = |name, value| Detail { name, value: Content::Text(value) };
    let data = |name, value| Detail { name, value: Content::Data(value) };
    let number = |name, value| Detail { name, value: Content::Number(value) };
    match kind {
        E::ExecutionStarted { input } => list.push(data("input", input)),
        E::ExecutionSucceeded { output } => list.push(data("output", output)),
        E::ExecutionFailed { error, cause }
        | E::LambdaFunctionFailed { error, cause }
        | E::ActivityFailed { error, cause }
        | E::MapRunFailed { error, cause } => {
            list.extend(error.as_deref().map(|e| text("error", e)));
            list.extend(cause.as_deref().map(|c| text("cause", c)));
        }
        E::EvaluationFailed { error, cause, location, state } => {
            list.extend([text("error", error), text("cause", cause)]);
            list.extend(location.as_deref().map(|l| text("location", l)));
            list.push(text("state", state));
        }
        E::ExecutionTimedOut { error } | E::LambdaFunctionTimedOut { error } | E::ActivityTimedOut { error } => {
            list.push(text("error", error));
        }
        E::Entered { name, input, .. } => list.extend([text("name", name), data("input", input)]),
        E::Exited { name, output, assigned, .. } => {
            list.extend([text("name", name), data("output", output)]);
            if !assigned.is_empty() {
                list.push(Detail { name: "assignedVariables", value: Content::Variables(assigned) });
            }
        }
        E::MapStarted { length } => list.push(number("length", *length as u64)),
        E::MapIterationStarted { name, index }
        | E::MapIterationSucceeded { name, index }
        | E::MapIterationFailed { name, index }
        | E::MapIterationAborted { name, index } => list.extend([text("name", name), number("index", *index as u64)]),
        E::MapRunStarted { arn } => list.push(text("mapRunArn", arn)),
        E::LambdaFunctionScheduled { resource, input, timeout, credentials } => {
            list.extend([text("resource", resource), data("input", input)]);
            list.extend(timeout.map(|t| number("timeoutInSeconds", t)));
            list.extend(credentials.as_deref().map(|c| Detail { name: "taskCredentials", value: Content::Json(c) }));
        }
        E::LambdaFunctionSucceeded { output } | E::ActivitySucceeded { output } => list.push(data("output", output)),
        E::ActivityScheduled { resource, input, timeout, heartbeat } => {
            list.extend([text("resource", resource), data("input", input)]);
            list.extend(timeout.map(|t| number("timeoutInSeconds", t)));
            list.extend(heartbeat.map(|t| number("heartbeatInSeconds", t)));
        }
        E::TaskScheduled { service, action, region, parameters, timeout, heartbeat, credentials } => {
            list.extend([text("resourceType", service), text("resource", action), text("region", region)]);
            list.push(data("parameters", parameters));
            list.extend(timeout.map(|t| number("timeoutInSeconds", t)));
            list.extend(heartbeat.map(|t| number("heartbeatInSeconds", t)));
            list.extend(credentials.as_deref().map(|c| Detail { name: "taskCredentials", value: Content::Json(c) }));
        }
        E::TaskStarted { service, action } => {
            list.extend([text("resourceType", service), text("resource", action)]);
        }
        E::TaskSubmitted { service, action, output } | E::TaskSucceeded { service, action, output } => {
            list.extend([text("resourceType", service), text("resource", action), data("output", output)]);
        }
        E::TaskFailed { service, action, error, cause } => {
            list.extend([text("resourceType", service), text("resource", action)]);
            list.extend(error.as_deref().map(|e| text("error", e)));
            list.extend(cause.as_deref().map(|c| text("cause", c)));
        }
        E::TaskTimedOut { service, action, error } => {
            list.extend([text("resourceType", service), text("resource", action), text("error", error)]);
        }
        E::Aborted { .. }
        | E::ParallelStarted
        | E::Succeeded { .. }
        | E::Failed { .. }
        | E::MapRunSucceeded
        | E::LambdaFunctionStarted
        | E::ActivityStarted => return None,
    }
    Some(list)
}

/// Writes details as a JSON object; with `data` also what the execution worked on.
pub fn write(details: &[Detail<'_>], data: bool, role: Option<&str>) -> String {
    let mut object = ObjectWriter::new();
    for detail in details {
        match detail.value {
            Content::Text(text) => {
                object.text(detail.name, text);
            }
            Content::Number(number) => {
                object.plain(detail.name, number);
            }
            Content::Json(json) => {
                object.raw(detail.name, json);
            }
            Content::Data(_) | Content::Variables(_) if !data => {}
            Content::Data(json) => {
                object.text(detail.name, json);
                let about = match detail.name {
                    "input" => Some("inputDetails"),
                    "output" => Some("outputDetails"),
                    _ => None,
                };
                if let Some(about) = about {
                    object.raw(about, "{\"truncated\":false}");
                }
            }
            Content::Variables(variables) => {
                let mut inner = ObjectWriter::new();
                for (name, json) in variables {
                    inner.text(name, json);
                }
                object.raw(detail.name, &inner.finish());
                object.raw("assignedVariablesDetails", "{\"truncated\":false}");
            }
        }
    }
    object.optional_text("roleArn", role);
    object.finish()
}

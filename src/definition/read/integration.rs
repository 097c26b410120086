//! What optimised integrations demand of their `Parameters` or `Arguments`.
//!
//! Flows in: the fields of a Task and its resource. Flows out: diagnostics only. Source: the measured table of required
//! request fields.

use super::{Fields, Reader};
use crate::definition::machine::QueryLanguage;
use crate::definition::task::{Pattern, Resource};
use crate::value::tree::Kind;

/// Integrations whose request must have certain fields.
const REQUIRED: [(&str, &str, &[&str]); 11] = [
    ("lambda", "invoke", &["FunctionName"]),
    ("sqs", "sendMessage", &["QueueUrl", "MessageBody"]),
    ("sns", "publish", &["Message"]),
    ("dynamodb", "putItem", &["TableName", "Item"]),
    ("dynamodb", "getItem", &["TableName", "Key"]),
    ("dynamodb", "updateItem", &["TableName", "Key"]),
    ("dynamodb", "deleteItem", &["TableName", "Key"]),
    ("states", "startExecution", &["StateMachineArn"]),
    ("events", "putEvents", &["Entries"]),
    ("ecs", "runTask", &["TaskDefinition"]),
    ("glue", "startJobRun", &["JobName"]),
];

/// The request of `lambda:invoke`.
const LAMBDA_REQUEST: [&str; 8] = [
    "FunctionName",
    "Payload",
    "InvocationType",
    "Qualifier",
    "ClientContext",
    "LogType",
    "TenantId",
    "DurableExecutionName",
];

impl Reader<'_> {
    /// Says what a request lacks.
    pub(super) fn check_integration(&mut self, fields: &Fields<'_, '_>, resource: &Resource, language: QueryLanguage) {
        let Resource::Service { service, action, pattern, .. } = resource else {
            return;
        };
        let Some((_, _, required)) = REQUIRED.iter().find(|row| row.0 == &**service && row.1 == &**action) else {
            return;
        };
        let in_path = language == QueryLanguage::JsonPath;
        let name = if in_path { "Parameters" } else { "Arguments" };
        let Some(request) = fields.value(name) else {
            let message = format!(
                "{name} field is required for resource ARN: arn:aws:states:::{service}:{action}{}",
                Pattern::suffix(*pattern)
            );
            self.schema(fields.place, fields.span, message);
            return;
        };
        // Anything but an object is computed, or a matter of run time.
        let Kind::Object(members) = &request.kind else {
            return;
        };
        let place = fields.place.key(name);
        let plain = |key: &'_ str| -> Box<str> { key.strip_suffix(".$").filter(|_| in_path).unwrap_or(key).into() };
        for wanted in *required {
            if !members.iter().any(|member| *plain(&member.key) == **wanted) {
                let message = format!("The field '{wanted}' is required but was missing");
                self.schema(&place, request.span, message);
            }
        }
        if &**service == "lambda" {
            for member in members {
                let key = plain(&member.key);
                if !LAMBDA_REQUEST.contains(&&*key) {
                    // The sentence is from memory of others: it is not recorded.
                    let message = format!("The field \"{key}\" is not supported by Step Functions");
                    let hint = self.hint(&key, LAMBDA_REQUEST);
                    self.schema(&place, member.key_span, message).hint = hint;
                }
            }
        }
    }
}

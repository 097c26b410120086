//! `Resource` strings: what a Task calls, taken apart.
//!
//! Flows in: an ARN. Flows out: a [`Resource`]. Only services whose actions are known to be few are held to their list;
//! services that AWS adds tomorrow are accepted. Source: the developer guide's lists of optimised integrations, and AWS's
//! recorded refusals.

use super::place::Place;
use super::{Reader, has_placeholder};
use crate::definition::machine::MachineType;
use crate::definition::task::{Pattern, Resource};
use crate::value::tree::{Node, Span};

/// Services whose whole list of optimised actions is known.
const OPTIMISED: [(&str, &[&str]); 13] = [
    ("apigateway", &["invoke"]),
    ("athena", &["startQueryExecution", "stopQueryExecution", "getQueryExecution", "getQueryResults"]),
    ("batch", &["submitJob"]),
    ("databrew", &["startJobRun"]),
    ("dynamodb", &["getItem", "putItem", "updateItem", "deleteItem"]),
    ("ecs", &["runTask"]),
    ("events", &["putEvents"]),
    ("glue", &["startJobRun"]),
    ("http", &["invoke"]),
    ("lambda", &["invoke"]),
    ("sns", &["publish"]),
    ("sqs", &["sendMessage"]),
    ("states", &["startExecution"]),
];

/// Services of which no action can wait for a job.
const NEVER_SYNC: [&str; 9] =
    ["lambda", "sns", "sqs", "dynamodb", "events", "apigateway", "http", "aws-sdk", "bedrock-agentcore"];

/// Services of which no action can wait for a token.
const NEVER_TOKEN: [&str; 12] = [
    "athena",
    "batch",
    "codebuild",
    "elasticmapreduce",
    "emr-containers",
    "emr-serverless",
    "glue",
    "databrew",
    "mediaconvert",
    "sagemaker",
    "dynamodb",
    "bedrock-agentcore",
];

/// Why a text is not a resource.
enum Refusal {
    /// It is not an ARN at all.
    NoArn,
    /// It is an ARN of something that cannot be called.
    Unrecognised,
}

impl Reader<'_> {
    /// `Resource`
    pub(super) fn resource(&mut self, node: &Node, place: &Place<'_>) -> Resource {
        let Some(text) = self.string(node, place) else {
            return Resource::Unknown("".into());
        };
        match parse(text) {
            Ok(resource) => {
                self.check_express(&resource, place, node.span);
                resource
            }
            Err(_) if has_placeholder(text) => Resource::Unknown(text.into()),
            Err(Refusal::NoArn) => {
                self.schema(place, node.span, "Value is not a valid resource ARN").expected =
                    Some("an ARN such as arn:aws:states:::lambda:invoke".to_owned());
                Resource::Unknown(text.into())
            }
            Err(Refusal::Unrecognised) => {
                let message = format!(
                    "The resource provided {text} is not recognized. The value is not a valid resource ARN, \
                     or the resource is not available in this region."
                );
                self.schema(place, node.span, message);
                Resource::Unknown(text.into())
            }
        }
    }

    /// What an EXPRESS machine, or the EXPRESS executions of a distributed Map, cannot call.
    fn check_express(&mut self, resource: &Resource, place: &Place<'_>, span: Span) {
        if self.machine_type != MachineType::Express {
            return;
        }
        let message = match resource {
            Resource::Activity { .. } => "Express state machine does not support Activity ARN",
            Resource::Service { pattern, .. } | Resource::AwsSdk { pattern, .. } => match pattern {
                Pattern::RequestResponse => return,
                Pattern::Sync | Pattern::Sync2 => "Express state machine does not support '.sync' service integration",
                // The blank at the end is AWS's.
                Pattern::WaitForTaskToken => {
                    "Express state machine does not support '.waitForTaskToken' service integration "
                }
            },
            Resource::LambdaFunction { .. } | Resource::Unknown(_) => return,
        };
        self.schema(place, span, message);
    }
}

/// Takes an ARN apart.
fn parse(text: &str) -> Result<Resource, Refusal> {
    // The one placeholder that says nothing about what is called.
    let plain = text.replacen("arn:${AWS::Partition}:", "arn:aws:", 1);
    let Some(after) = plain.strip_prefix("arn:") else {
        return Err(Refusal::NoArn);
    };
    let mut parts = after.splitn(5, ':');
    let (Some(_partition), Some(service), Some(_region), Some(_account), Some(name)) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refusal::NoArn);
    };
    match service {
        "lambda" => lambda(name, text),
        "states" => match name.strip_prefix("activity:") {
            Some(activity) if !activity.is_empty() => {
                Ok(Resource::Activity { name: activity.into(), arn: text.into() })
            }
            Some(_) => Err(Refusal::Unrecognised),
            None => integration(name, text),
        },
        _ => Err(Refusal::Unrecognised),
    }
}

/// What follows the account in a Lambda ARN: `function:NAME` or `function:NAME:QUALIFIER`.
fn lambda(name: &str, text: &str) -> Result<Resource, Refusal> {
    let Some(rest) = name.strip_prefix("function:") else {
        return Err(Refusal::Unrecognised);
    };
    // A name that is still a placeholder may hold colons, `${AWS::StackName}-coat`.
    if has_placeholder(rest) {
        return Ok(Resource::LambdaFunction { arn: text.into(), function: rest.into(), qualifier: None });
    }
    let (function, qualifier) = match rest.split_once(':') {
        Some((function, qualifier)) => (function, Some(qualifier)),
        None => (rest, None),
    };
    if function.is_empty() || qualifier.is_some_and(|qualifier| qualifier.is_empty() || qualifier.contains(':')) {
        return Err(Refusal::Unrecognised);
    }
    Ok(Resource::LambdaFunction { arn: text.into(), function: function.into(), qualifier: qualifier.map(Into::into) })
}

/// What follows `states:::` in the ARN of a service integration.
fn integration(name: &str, text: &str) -> Result<Resource, Refusal> {
    let (name, pattern) = [Pattern::WaitForTaskToken, Pattern::Sync2, Pattern::Sync]
        .into_iter()
        .find_map(|pattern| name.strip_suffix(pattern.suffix()).map(|rest| (rest, pattern)))
        .unwrap_or((name, Pattern::RequestResponse));
    let words: Vec<&str> = name.split(':').collect();
    let known_word = |word: &&str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if !words.iter().all(known_word) {
        return Err(Refusal::Unrecognised);
    }
    let refused = |service: &str| match pattern {
        Pattern::Sync => NEVER_SYNC.contains(&service),
        Pattern::Sync2 => service != "states",
        Pattern::WaitForTaskToken => NEVER_TOKEN.contains(&service),
        Pattern::RequestResponse => false,
    };
    match words[..] {
        ["aws-sdk", service, action] if !refused("aws-sdk") => {
            Ok(Resource::AwsSdk { service: service.into(), action: action.into(), pattern, text: text.into() })
        }
        [service, action] if service != "aws-sdk" && !refused(service) => {
            let known = OPTIMISED.iter().find(|(known, _)| *known == service);
            if known.is_some_and(|(_, actions)| !actions.contains(&action)) {
                return Err(Refusal::Unrecognised);
            }
            Ok(Resource::Service { service: service.into(), action: action.into(), pattern, text: text.into() })
        }
        _ => Err(Refusal::Unrecognised),
    }
}

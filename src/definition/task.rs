//! Task states: what is called, with what, for how long, and what happens when it fails.
//!
//! Flows in: nothing by itself, the readers fill these types. Flows out: [`Task`], [`Resource`], [`Retrier`],
//! [`Catcher`], with AWS's defaults resolved.

use super::machine::{Expression, JsonataFields, StateIndex};
use super::path::{PathExpr, PathField};
use super::payload::{Assign, Template};
use crate::value::tree::{Node, Span};

/// What a Task state adds to the common fields.
#[derive(Clone, Debug)]
pub struct Task {
    /// What is called.
    pub resource: Resource,
    /// Where the `Resource` string stood.
    pub resource_span: Span,
    /// `Parameters`
    pub parameters: Option<Template>,
    /// `ResultSelector`
    pub result_selector: Option<Template>,
    /// `ResultPath`
    pub result_path: PathField,
    /// `TimeoutSeconds` or `TimeoutSecondsPath`
    pub timeout: TimeLimit,
    /// `HeartbeatSeconds` or `HeartbeatSecondsPath`
    pub heartbeat: TimeLimit,
    /// `Credentials` of a JSONPath state.
    pub credentials: Option<Template>,
    /// `Credentials` of a JSONata state.
    pub credentials_jsonata: Option<Node>,
    /// `Retry`, in order.
    pub retry: Vec<Retrier>,
    /// `Catch`, in order.
    pub catch: Vec<Catcher>,
}

/// What a Task calls (`Resource`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// A Lambda function called by its ARN.
    LambdaFunction {
        /// The whole ARN.
        arn: Box<str>,
        /// The function's name.
        function: Box<str>,
        /// Version or alias, where the ARN has one.
        qualifier: Option<Box<str>>,
    },
    /// An optimised integration: `arn:aws:states:::lambda:invoke`.
    Service {
        /// `lambda`
        service: Box<str>,
        /// `invoke`, without the pattern's suffix.
        action: Box<str>,
        /// How the state waits.
        pattern: Pattern,
        /// The whole ARN.
        text: Box<str>,
    },
    /// Any API action: `arn:aws:states:::aws-sdk:s3:getObject`.
    AwsSdk {
        /// `s3`
        service: Box<str>,
        /// `getObject`, without the pattern's suffix.
        action: Box<str>,
        /// How the state waits.
        pattern: Pattern,
        /// The whole ARN.
        text: Box<str>,
    },
    /// An activity that a worker polls.
    Activity {
        /// The activity's name.
        name: Box<str>,
        /// The whole ARN.
        arn: Box<str>,
    },
    /// A text in which a placeholder such as `${FunctionArn}` was left.
    Unknown(Box<str>),
}

impl Resource {
    /// The `Resource` string as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Resource::LambdaFunction { arn, .. } | Resource::Activity { arn, .. } => arn,
            Resource::Service { text, .. } | Resource::AwsSdk { text, .. } | Resource::Unknown(text) => text,
        }
    }
}

/// How a Task waits for a service integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// Goes on with the service's answer.
    RequestResponse,
    /// `.sync`: waits for the job to end.
    Sync,
    /// `.sync:2`: as `.sync`, with the output parsed.
    Sync2,
    /// `.waitForTaskToken`: waits until somebody returns the token.
    WaitForTaskToken,
}

impl Pattern {
    /// The suffix of the ARN, empty for request and response.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Pattern::RequestResponse => "",
            Pattern::Sync => ".sync",
            Pattern::Sync2 => ".sync:2",
            Pattern::WaitForTaskToken => ".waitForTaskToken",
        }
    }
}

/// `TimeoutSeconds` and `HeartbeatSeconds` with their path forms.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum TimeLimit {
    /// Not given.
    #[default]
    None,
    /// Seconds, 1 to 99,999,999.
    Seconds(u64),
    /// Read from the effective input.
    Path(PathExpr),
    /// JSONata.
    Expression(Expression),
}

/// One entry of `Retry`.
#[derive(Clone, Debug, PartialEq)]
pub struct Retrier {
    /// `ErrorEquals`; never empty.
    pub error_equals: Vec<Box<str>>,
    /// `IntervalSeconds`; 1 unless given.
    pub interval_seconds: u64,
    /// `MaxAttempts`: retries, not tries; 3 unless given, 0 for never.
    pub max_attempts: u64,
    /// `BackoffRate`; 2.0 unless given, at least 1.
    pub backoff_rate: f64,
    /// `MaxDelaySeconds`
    pub max_delay_seconds: Option<u64>,
    /// `JitterStrategy`
    pub jitter: JitterStrategy,
    /// Where the object stood.
    pub span: Span,
    /// Its location, `/States/A/Retry[0]`.
    pub location: Box<str>,
}

/// How a retrier spreads its delays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum JitterStrategy {
    /// Not at all.
    #[default]
    None,
    /// Anywhere between 0 and the computed delay.
    Full,
}

/// One entry of `Catch`.
#[derive(Clone, Debug, PartialEq)]
pub struct Catcher {
    /// `ErrorEquals`; never empty.
    pub error_equals: Vec<Box<str>>,
    /// Where to go.
    pub next: StateIndex,
    /// `ResultPath` (JSONPath).
    pub result_path: PathField,
    /// `Assign` (JSONPath).
    pub assign: Option<Assign>,
    /// `Output` and `Assign` of a JSONata state.
    pub jsonata: Option<Box<JsonataFields>>,
    /// Where the object stood.
    pub span: Span,
    /// Its location, `/States/A/Catch[0]`.
    pub location: Box<str>,
}

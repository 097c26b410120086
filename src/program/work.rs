//! What Task, Map, Parallel and Wait states ask whoever drives the machine for.

use super::{Addr, BlameId, HandlerId, Program, StateId};
use crate::value::timestamp::Timestamp;

/// How a resource is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integration {
    /// A Lambda function by its ARN: the arguments are the event, the result is what the function returns.
    Function,
    /// `lambda:invoke`: the arguments are a request to Invoke, the result is its response.
    LambdaInvoke,
    /// Any other service's action.
    Service,
    /// An activity.
    Activity,
}

/// When a task is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// When the resource has answered.
    Response,
    /// `.sync`: when the job has ended.
    Job,
    /// `.waitForTaskToken`: when somebody has come back with the token.
    TaskToken,
}

/// A limit that is absent, written down, or read from the input: then its value is on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// No such field.
    None,
    /// A literal.
    Literal(u64),
    /// A path's value, popped; what to say if it will not do.
    Popped(BlameId),
}

impl Limit {
    fn is_popped(self) -> u32 {
        u32::from(matches!(self, Limit::Popped(_)))
    }
}

/// What a Task state calls, and how.
#[derive(Debug)]
pub struct Task {
    /// The state.
    pub state: StateId,
    /// Resource, as the definition has it.
    pub resource: Box<str>,
    /// How it is called.
    pub integration: Integration,
    /// `resourceType` in events: `lambda`, `sqs`, `aws-sdk:s3`.
    pub service: Box<str>,
    /// `resource` in events: `invoke`, `sendMessage.waitForTaskToken`.
    pub action: Box<str>,
    /// When it is over.
    pub completion: Completion,
    /// Who stands behind it; none if the name is known only at run time (a FunctionName from the input).
    pub handler: Option<HandlerId>,
    /// The code of the handler, if it was written in ASL and compiled in.
    pub inlined: Option<Addr>,
    /// Whether Credentials are on the stack.
    pub credentials: bool,
    /// TimeoutSeconds.
    pub timeout: Limit,
    /// HeartbeatSeconds.
    pub heartbeat: Limit,
}

impl Task {
    /// TimeoutSeconds in milliseconds, if the definition gives it as a number.
    pub fn timeout_ms(&self) -> Option<i64> {
        match self.timeout {
            Limit::Literal(seconds) => Some(limit_ms(seconds)),
            Limit::None | Limit::Popped(_) => None,
        }
    }

    pub(super) fn stack_length(&self) -> u32 {
        1 + u32::from(self.credentials) + self.timeout.is_popped() + self.heartbeat.is_popped()
    }

    pub(super) fn show(&self, program: &Program) -> String {
        let behind = match (self.inlined, self.handler) {
            (Some(at), _) => format!(" inlined @{}", at.0),
            (None, Some(handler)) => format!(" handler {}", program.handler(handler)),
            (None, None) => " handler by name at run time".to_owned(),
        };
        format!("{}{behind}", self.resource)
    }
}

/// A time limit in milliseconds; it saturates.
pub fn limit_ms(seconds: u64) -> i64 {
    i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX)
}

/// The most items of an inline Map that run at once.
pub const CONCURRENCY_MAX: usize = 40;

/// What a Map or Parallel state runs.
#[derive(Debug)]
pub struct Fork {
    /// The state.
    pub state: StateId,
    /// Its children.
    pub children: Children,
    /// Whether no time passes in any child, whatever happens: none waits, none retries. Set when the program is
    /// finished.
    pub timeless: bool,
}

/// The children of a fork.
#[derive(Debug)]
pub enum Children {
    /// A Parallel's branches, one after the other.
    Branches(Box<[Addr]>),
    /// A Map's item processor.
    Items {
        /// Where an item starts: at its ItemSelector, if there is one.
        entry: Addr,
        /// ItemsPath as it was written, for error texts.
        items: BlameId,
        /// MaxConcurrency; 0 is no limit of its own.
        concurrency: Limit,
        /// ToleratedFailureCount.
        tolerated_count: Limit,
        /// ToleratedFailurePercentage; a literal is in hundredths of a percent.
        tolerated_percentage: Limit,
        /// Label, which names a distributed Map's run.
        label: Option<Box<str>>,
        /// Mode DISTRIBUTED: every item is an execution of its own, without the outer variables.
        distributed: bool,
        /// ItemBatcher.
        batch: Option<Batch>,
        /// Whether outputs that are arrays are taken apart: Transformation FLATTEN.
        flatten: bool,
    },
    /// Items of which ItemSelector makes others, which ItemBatcher then puts together. Nothing of it shows.
    Selected {
        /// Where an item starts.
        entry: Addr,
        /// ItemsPath as it was written, for error texts.
        items: BlameId,
    },
}

/// How items are put together.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// Whether BatchInput is on the stack.
    pub input: bool,
    /// MaxItemsPerBatch; 0 is no limit.
    pub max_items: Limit,
    /// MaxInputBytesPerBatch; 0 is no limit.
    pub max_bytes: Limit,
}

impl Fork {
    pub(super) fn stack_length(&self) -> u32 {
        match &self.children {
            Children::Branches(_) => 1,
            Children::Items { concurrency, tolerated_count, tolerated_percentage, batch, .. } => {
                let batch = batch.map_or(0, |b| u32::from(b.input) + b.max_items.is_popped() + b.max_bytes.is_popped());
                1 + concurrency.is_popped() + tolerated_count.is_popped() + tolerated_percentage.is_popped() + batch
            }
            Children::Selected { .. } => 1,
        }
    }

    pub(super) fn show(&self, _: &Program) -> String {
        match &self.children {
            Children::Branches(entries) => {
                let all: Vec<_> = entries.iter().map(|at| format!("@{}", at.0)).collect();
                format!("branches {}", all.join(" "))
            }
            Children::Items { entry, batch: None, .. } => format!("items @{}", entry.0),
            Children::Items { entry, .. } => format!("batches of items @{}", entry.0),
            Children::Selected { entry, .. } => format!("selected items @{}", entry.0),
        }
    }

    /// Where its children start.
    pub fn entries(&self) -> &[Addr] {
        match &self.children {
            Children::Branches(entries) => entries,
            Children::Items { entry, .. } | Children::Selected { entry, .. } => std::slice::from_ref(entry),
        }
    }
}

/// How long a Wait state waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Seconds.
    Seconds(u64),
    /// Timestamp.
    Until(Timestamp),
    /// SecondsPath: the value is popped.
    SecondsPopped(BlameId),
    /// TimestampPath: the value is popped.
    UntilPopped(BlameId),
}

impl Wait {
    /// Whether its value is on the stack.
    pub fn is_dynamic(self) -> bool {
        matches!(self, Wait::SecondsPopped(_) | Wait::UntilPopped(_))
    }
}

impl std::fmt::Display for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Wait::Seconds(seconds) => write!(f, "{seconds} s"),
            Wait::Until(time) => write!(f, "until {}", time.to_rfc3339_millis()),
            Wait::SecondsPopped(_) => f.write_str("popped seconds"),
            Wait::UntilPopped(_) => f.write_str("until popped time"),
        }
    }
}

/// A Lambda function's own name, of its name, partial ARN or ARN, with or without a version or alias.
///
/// ```
/// use expressway::program::work::function_name;
/// assert_eq!(function_name("arn:aws:lambda:us-east-2:123456789012:function:my-function:1"), "my-function");
/// assert_eq!(function_name("123456789012:function:my-function"), "my-function");
/// assert_eq!(function_name("my-function:live"), "my-function");
/// assert_eq!(function_name("${FunctionArn}"), "FunctionArn");
/// ```
pub fn function_name(text: &str) -> &str {
    if let Some(placeholder) = text.strip_prefix("${").and_then(|t| t.strip_suffix('}')) {
        return placeholder;
    }
    let name = match text.find(":function:") {
        Some(at) => &text[at + ":function:".len()..],
        None => text.strip_prefix("function:").unwrap_or(text),
    };
    name.split(':').next().unwrap_or(name)
}

//! History events as values: what GetExecutionHistory would show, kept only where somebody wants to see it.
//!
//! Ids are counted always, recorded or not; an event's own content is made only if it is recorded. It must never decide
//! anything: an execution runs the same whether it is watched or not.

/// A history event. Ids of a child's events are its own until the children are joined.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The id, from 1.
    pub id: u32,
    /// previousEventId; 0 for none, in a child for what started it.
    pub previous: u32,
    /// Milliseconds since 1970 on the execution's clock.
    pub time_ms: i64,
    /// The type and the details.
    pub kind: EventKind,
}

/// The types of events, with their details; JSON values are compact text.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
#[non_exhaustive]
pub enum EventKind {
    ExecutionStarted {
        input: String,
    },
    ExecutionSucceeded {
        output: String,
    },
    ExecutionFailed {
        error: Option<String>,
        cause: Option<String>,
    },
    ExecutionTimedOut {
        error: String,
    },
    /// *X*StateEntered.
    Entered {
        state_type: &'static str,
        name: String,
        input: String,
    },
    /// *X*StateExited.
    Exited {
        state_type: &'static str,
        name: String,
        output: String,
        assigned: Vec<(String, String)>,
    },
    /// *X*StateAborted.
    Aborted {
        state_type: &'static str,
    },
    /// ParallelStateStarted.
    ParallelStarted,
    /// ParallelStateSucceeded, MapStateSucceeded.
    Succeeded {
        state_type: &'static str,
    },
    /// ParallelStateFailed, MapStateFailed.
    Failed {
        state_type: &'static str,
    },
    /// MapStateStarted.
    MapStarted {
        length: usize,
    },
    MapIterationStarted {
        name: String,
        index: usize,
    },
    MapIterationSucceeded {
        name: String,
        index: usize,
    },
    MapIterationFailed {
        name: String,
        index: usize,
    },
    MapIterationAborted {
        name: String,
        index: usize,
    },
    MapRunStarted {
        arn: String,
    },
    MapRunSucceeded,
    MapRunFailed {
        error: Option<String>,
        cause: Option<String>,
    },
    EvaluationFailed {
        error: String,
        cause: String,
        location: Option<String>,
        state: String,
    },
    LambdaFunctionScheduled {
        resource: String,
        input: String,
        timeout: Option<u64>,
        credentials: Option<String>,
    },
    LambdaFunctionStarted,
    LambdaFunctionSucceeded {
        output: String,
    },
    LambdaFunctionFailed {
        error: Option<String>,
        cause: Option<String>,
    },
    LambdaFunctionTimedOut {
        error: String,
    },
    ActivityScheduled {
        resource: String,
        input: String,
        timeout: Option<u64>,
        heartbeat: Option<u64>,
    },
    ActivityStarted,
    ActivitySucceeded {
        output: String,
    },
    ActivityFailed {
        error: Option<String>,
        cause: Option<String>,
    },
    ActivityTimedOut {
        error: String,
    },
    TaskScheduled {
        service: String,
        action: String,
        region: String,
        parameters: String,
        timeout: Option<u64>,
        heartbeat: Option<u64>,
        credentials: Option<String>,
    },
    TaskStarted {
        service: String,
        action: String,
    },
    TaskSubmitted {
        service: String,
        action: String,
        output: String,
    },
    TaskSucceeded {
        service: String,
        action: String,
        output: String,
    },
    TaskFailed {
        service: String,
        action: String,
        error: Option<String>,
        cause: Option<String>,
    },
    TaskTimedOut {
        service: String,
        action: String,
        error: String,
    },
}

impl EventKind {
    /// The type's name, as GetExecutionHistory gives it.
    pub fn name(&self) -> String {
        match self {
            EventKind::Entered { state_type, .. } => format!("{state_type}StateEntered"),
            EventKind::Exited { state_type, .. } => format!("{state_type}StateExited"),
            EventKind::Aborted { state_type } => format!("{state_type}StateAborted"),
            EventKind::Succeeded { state_type } => format!("{state_type}StateSucceeded"),
            EventKind::Failed { state_type } => format!("{state_type}StateFailed"),
            EventKind::ParallelStarted => "ParallelStateStarted".to_owned(),
            EventKind::MapStarted { .. } => "MapStateStarted".to_owned(),
            other => {
                // The variant's own name is the type's.
                let text = format!("{other:?}");
                text.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
            }
        }
    }
}

//! What a running machine knows of a state besides its instructions.

use super::{Addr, HandlerId};
use crate::value::text::same;

/// The eight types of state, which name their events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum StateType {
    Pass,
    Task,
    Choice,
    Wait,
    Succeed,
    Fail,
    Parallel,
    Map,
}

impl StateType {
    /// The name in the States Language, which begins the names of its events.
    pub fn name(self) -> &'static str {
        match self {
            StateType::Pass => "Pass",
            StateType::Task => "Task",
            StateType::Choice => "Choice",
            StateType::Wait => "Wait",
            StateType::Succeed => "Succeed",
            StateType::Fail => "Fail",
            StateType::Parallel => "Parallel",
            StateType::Map => "Map",
        }
    }
}

/// A state, as errors, events and counts name it.
#[derive(Debug)]
pub struct State {
    /// The name.
    pub name: Box<str>,
    /// The type.
    pub kind: StateType,
    /// Where in the definition: `/States/M/ItemProcessor/States/P`.
    pub location: Box<str>,
    /// The line of the definition's text on which it begins, counted from 1.
    pub line_number: u32,
    /// The handler whose body it belongs to, if it is not the machine's own.
    pub within: Option<HandlerId>,
    /// Whether it is a Task whose arguments may hold a token: one that is not over when the resource has answered.
    pub task_token: bool,
    /// Where a retry goes on: after the Entered event, before the input is looked at.
    pub attempt: Addr,
    /// Retry, in order.
    pub retriers: Box<[Retrier]>,
    /// Catch, in order.
    pub catchers: Box<[Catcher]>,
}

/// One entry of Retry.
#[derive(Clone, Debug, PartialEq)]
pub struct Retrier {
    /// ErrorEquals.
    pub errors: Box<[Box<str>]>,
    /// IntervalSeconds.
    pub interval_seconds: u64,
    /// MaxAttempts: retries, not tries.
    pub max_attempts: u32,
    /// BackoffRate.
    pub backoff_rate: f64,
    /// MaxDelaySeconds.
    pub max_delay_seconds: Option<u64>,
    /// JitterStrategy FULL.
    pub full_jitter: bool,
    /// Where the retry goes on: the state's `attempt`, or code that counts the retry first.
    pub at: Addr,
}

impl Retrier {
    /// How long it waits when it has been used so often, in seconds: IntervalSeconds × BackoffRate^used, at most
    /// MaxDelaySeconds.
    pub fn seconds(&self, used: u32) -> f64 {
        let seconds = self.interval_seconds as f64 * self.backoff_rate.powi(used.min(10_000) as i32);
        self.max_delay_seconds.map_or(seconds, |most| seconds.min(most as f64))
    }
}

/// One entry of Catch.
#[derive(Clone, Debug, PartialEq)]
pub struct Catcher {
    /// ErrorEquals.
    pub errors: Box<[Box<str>]>,
    /// The catcher's code, which finds the error output in `res`.
    pub at: Addr,
}

/// Whether an error's name is one of those that an ErrorEquals lists, wildcards included (States Language, Errors).
///
/// Whether `States.TaskFailed` matches States.DataLimitExceeded and States.QueryEvaluationError is not recorded; here it
/// does, as the documentation has it. A failure without a name is matched by `States.ALL` alone. `States.Runtime` is matched by nothing, and never gets here.
pub fn matches(listed: &[Box<str>], error: Option<&str>) -> bool {
    listed.iter().any(|entry| match error {
        // Most names that are listed are those of one error.
        Some(name) => same(entry.as_bytes(), name.as_bytes()) || entry.starts_with("States.") && includes(entry, name),
        None => &**entry == "States.ALL",
    })
}

/// Whether an entry that stands for several errors stands for that one.
fn includes(entry: &str, name: &str) -> bool {
    match entry {
        "States.ALL" => true,
        "States.TaskFailed" => !matches!(name, "States.Timeout" | "States.HeartbeatTimeout"),
        // A lapsed heartbeat is a time-out too.
        "States.Timeout" => name == "States.HeartbeatTimeout",
        _ => false,
    }
}

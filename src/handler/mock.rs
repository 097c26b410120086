//! Step Functions Local's `MockConfigFile.json`: outcomes of tasks by state and number of invocation.
//!
//! ```json
//! {"StateMachines": {"Orders": {"TestCases": {"Happy": {"Charge": "ChargeOk"}}}},
//!  "MockedResponses": {"ChargeOk": {"0": {"Throw": {"Error": "E", "Cause": "c"}}, "1-2": {"Return": {"paid": true}}}}}
//! ```
//!
//! Every invocation of a state counts, from 0: retries, iterations of a Map and later visits included, in depth-first
//! order, once for each execution. `Return` is the task's raw result; a `Throw` of `States.Timeout` is a time-out. A
//! number that the response does not have fails the execution. (In which order AWS's own tool counts the items of a Map
//! is not recorded.)

use super::given::Given;
use super::recorded::Recorded;
use crate::value::Value;
use crate::value::raw::Form;
use crate::value::tree::{self, Kind, Node};
use crate::vm::shortcut::GivenReplies;
use crate::vm::{Reply, Seed, TaskRequest};
use std::collections::BTreeMap;

/// One test case of a mock file, or what was recorded of executions.
#[derive(Debug, Clone, Default)]
pub struct Mock {
    states: BTreeMap<String, Vec<Range>>,
    /// Of executions that have been: then nothing else answers.
    recorded: Option<Recorded>,
}

/// The outcome of some invocations.
#[derive(Debug, Clone)]
struct Range {
    first: u32,
    last: u32,
    outcome: Outcome,
}

#[derive(Debug, Clone)]
enum Outcome {
    Return(Box<str>),
    Throw { error: Option<Box<str>>, cause: Option<Box<str>> },
}

/// How often each state has been invoked in one execution, and whose that is.
#[derive(Debug, Clone)]
pub struct Counters {
    invoked: BTreeMap<Box<str>, u32>,
    /// The same for each item of the Maps around, where outcomes are recorded.
    invoked_by_item: BTreeMap<(Box<str>, Vec<u32>), u32>,
    /// The items of the Maps around, the outermost first.
    items: Vec<u32>,
    execution: Seed,
    /// What calls have come to that were made before it was run.
    given: Given,
}

impl Counters {
    /// Those of an execution that has not begun.
    pub(super) fn new(execution: Seed) -> Counters {
        Counters {
            invoked: BTreeMap::new(),
            invoked_by_item: BTreeMap::new(),
            items: Vec::new(),
            execution,
            given: Given::default(),
        }
    }

    /// These calls have been made already: they are answered as they were.
    pub(crate) fn give_again(&mut self, calls: GivenReplies) {
        self.given.keep(calls);
    }

    /// Whether there are calls to be answered as they were.
    pub(crate) fn gives_again(&self) -> bool {
        !self.given.is_empty()
    }

    /// The reply that this call has had, if it has been made.
    pub(super) fn given<'a>(&mut self, request: &TaskRequest<'a>) -> Option<Reply<'a>> {
        self.given.take(request)
    }

    /// What comes now is done for that item of a Map.
    pub fn enter(&mut self, item: u32) {
        self.items.push(item);
    }

    /// That item is dealt with.
    pub fn leave(&mut self) {
        self.items.pop();
    }
}

/// Why a mock file cannot be used.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum MockError {
    /// It is not JSON.
    #[error("the mock file is not JSON: {0}")]
    Syntax(#[from] tree::SyntaxError),
    /// Something that must be there is not, or is of another kind.
    #[error("the mock file has no {what} at {location}")]
    Missing {
        /// What is missing.
        what: &'static str,
        /// Where: a JSON pointer.
        location: String,
    },
    /// No case was named, and there is not exactly one.
    #[error("the mock file has several test cases for {machine}; name one with --test-case: {}", cases.join(", "))]
    Ambiguous {
        /// The machine.
        machine: String,
        /// The cases there are.
        cases: Vec<String>,
    },
    /// The key of an outcome is neither a number nor a range.
    #[error("{location}: {key} is neither a number of an invocation nor a range such as 1-2")]
    Key {
        /// Where.
        location: String,
        /// The key.
        key: String,
    },
}

impl Mock {
    /// Reads one test case; without a name the only one there is. Without a machine of that name the only machine.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, and where.
    pub fn read(text: &str, machine: &str, case: Option<&str>) -> Result<Mock, MockError> {
        let root = tree::parse(text)?;
        let missing = |what, location: String| MockError::Missing { what, location };
        let machines = root.get("StateMachines").ok_or_else(|| missing("StateMachines", "/".into()))?;
        let machine_node = match (machines.get(machine), machines.members()) {
            (Some(node), _) => node,
            (None, [only]) => &only.value,
            (None, _) => return Err(missing("machine of that name", format!("/StateMachines/{machine}"))),
        };
        let location = format!("/StateMachines/{machine}/TestCases");
        let cases = machine_node.get("TestCases").ok_or_else(|| missing("TestCases", location.clone()))?;
        let states = match (case, cases.members()) {
            (Some(case), _) => {
                cases.get(case).ok_or_else(|| missing("test case of that name", format!("{location}/{case}")))?
            }
            (None, [only]) => &only.value,
            (None, all) => {
                let cases = all.iter().map(|m| m.key.to_string()).collect();
                return Err(MockError::Ambiguous { machine: machine.to_owned(), cases });
            }
        };
        let mut mock = Mock::default();
        for member in states.members() {
            let name = member
                .value
                .as_str()
                .ok_or_else(|| missing("name of a response", format!("{location}/{}", member.key)))?;
            let location = format!("/MockedResponses/{name}");
            let response = root
                .get("MockedResponses")
                .and_then(|r| r.get(name))
                .ok_or_else(|| missing("response", location.clone()))?;
            mock.states.insert(member.key.to_string(), ranges(response, &location)?);
        }
        Ok(mock)
    }

    /// Outcomes that executions had: each gets its own again.
    pub fn of_recorded(recorded: Recorded) -> Mock {
        Mock { states: BTreeMap::new(), recorded: Some(recorded) }
    }

    /// Whether it is outcomes that executions had.
    pub fn is_recorded(&self) -> bool {
        self.recorded.is_some()
    }

    /// Whether it answers a state's tasks.
    pub fn answers(&self, state: &str) -> bool {
        self.recorded.as_ref().map_or_else(|| self.states.contains_key(state), |recorded| recorded.answers(state))
    }

    /// The outcome of a state's next invocation, if the state is mocked.
    pub(super) fn reply<'a>(&self, request: &TaskRequest<'a>, counters: &mut Counters) -> Option<Reply<'a>> {
        if let Some(recorded) = self.recorded.as_ref().filter(|recorded| recorded.answers(request.state())) {
            let invoked = counters.invoked_by_item.entry((request.state().into(), counters.items.clone())).or_default();
            let number = std::mem::replace(invoked, *invoked + 1);
            return Some(recorded.reply(request, counters.execution, &counters.items, number));
        }
        let ranges = self.states.get(request.state())?;
        let number = match counters.invoked.get_mut(request.state()) {
            Some(count) => {
                *count += 1;
                *count
            }
            None => {
                counters.invoked.insert(request.state().into(), 0);
                0
            }
        };
        let arena = request.arena();
        let outcome = ranges.iter().find(|r| (r.first..=r.last).contains(&number)).map(|r| &r.outcome);
        Some(match outcome {
            Some(Outcome::Return(json)) => Reply::Result(Value::raw(arena, arena.alloc_str(json), Form::of(json))),
            Some(Outcome::Throw { error: Some(error), cause: None }) if &**error == "States.Timeout" => Reply::TimedOut,
            Some(Outcome::Throw { error, cause }) => Reply::Failed {
                error: error.as_ref().map(|e| &*arena.alloc_str(e)),
                cause: cause.as_ref().map(|c| &*arena.alloc_str(c)),
            },
            None => {
                let cause =
                    format!("The mock of state '{}' has no outcome for invocation number {number}.", request.state());
                Reply::Failed { error: Some("States.Runtime"), cause: Some(arena.alloc_str(&cause)) }
            }
        })
    }
}

fn ranges(response: &Node, location: &str) -> Result<Vec<Range>, MockError> {
    let mut ranges = Vec::new();
    for member in response.members() {
        let bad = || MockError::Key { location: location.to_owned(), key: member.key.to_string() };
        let (first, last) = member.key.split_once('-').unwrap_or((&member.key, &member.key));
        let (first, last) = (first.parse().map_err(|_| bad())?, last.parse().map_err(|_| bad())?);
        let outcome = match (member.value.get("Return"), member.value.get("Throw")) {
            (Some(node), _) => Outcome::Return(node.to_json().into()),
            (None, Some(throw)) => {
                let text = |key| {
                    throw.get(key).and_then(|n| match &n.kind {
                        Kind::Null => None,
                        Kind::String(text) => Some(text.clone()),
                        _ => Some(n.to_json().into()),
                    })
                };
                Outcome::Throw { error: text("Error"), cause: text("Cause") }
            }
            (None, None) => {
                return Err(MockError::Missing {
                    what: "Return or Throw",
                    location: format!("{location}/{}", member.key),
                });
            }
        };
        ranges.push(Range { first, last, outcome });
    }
    Ok(ranges)
}

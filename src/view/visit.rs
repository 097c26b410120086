//! A history as visits of states: what a person asks about an execution, instead of its events.
//!
//! Flows in: events, and notes where the program was watched. Flows out: [`Visit`]s in the order in which states were
//! entered, each with what went in and came out, what it called, and what was decided. Which visit an event belongs to is
//! told by the chain of events alone. It must never change what it shows.

use super::details::{Content, details};
use crate::program::Program;
use crate::value::difference::differences;
use crate::value::tree;
use crate::vm::{Event, EventKind, Note};

/// A state, from its Entered event until it is left.
#[derive(Debug, Clone)]
pub struct Visit<'e> {
    /// The state's name.
    pub state: &'e str,
    /// Its type, as the language has it.
    pub kind: &'e str,
    /// The id of its Entered event.
    pub entered: u32,
    /// What the clock showed then.
    pub time_ms: i64,
    /// What went in: compact JSON.
    pub input: &'e str,
    /// What came out, and when; nothing, if it was never left.
    pub left: Option<Left<'e>>,
    /// The visit of the Map or Parallel that it belongs to, as a position in the list.
    pub parent: Option<usize>,
    /// The item of a Map that it belongs to.
    pub item: Option<usize>,
    /// How deep it lies in Maps and Parallels.
    pub depth: usize,
    /// Its calls, in order.
    pub calls: Vec<Call<'e>>,
    /// What was decided, in order.
    pub notes: Vec<&'e Note>,
    /// All its own events, Entered and Exited included.
    pub events: Vec<&'e Event>,
}

/// How a visit ended.
#[derive(Debug, Clone, Copy)]
pub struct Left<'e> {
    /// What came out: compact JSON.
    pub output: &'e str,
    /// The variables that it assigned.
    pub assigned: &'e [(String, String)],
    /// What the clock showed.
    pub time_ms: i64,
}

/// A call that a Task made.
#[derive(Debug, Clone)]
pub struct Call<'e> {
    /// The id of the event that began it.
    pub scheduled: u32,
    /// The resource: a function's ARN, or service and action.
    pub resource: String,
    /// What was given: compact JSON.
    pub input: &'e str,
    /// What came back.
    pub answer: Option<Answer<'e>>,
}

/// What came of a call.
#[derive(Debug, Clone, Copy)]
pub enum Answer<'e> {
    /// A result: compact JSON.
    Result(&'e str),
    /// An error, and its cause.
    Error(Option<&'e str>, Option<&'e str>),
}

/// The visits of an execution.
pub fn visits<'e>(program: &'e Program, events: &'e [Event], notes: &'e [Note]) -> Vec<Visit<'e>> {
    let mut reader = Reader { visits: Vec::new(), inside: vec![None], items: vec![None] };
    for event in events {
        reader.event(event);
    }
    for note in notes {
        let at = reader.inside.get(note.previous as usize).copied().flatten();
        if let Some(visit) = reader.visit_of(at, &program.state(note.state).name) {
            reader.visits[visit].notes.push(note);
        }
    }
    reader.visits
}

struct Reader<'e> {
    visits: Vec<Visit<'e>>,
    /// By event id: the visit that the execution is in after the event.
    inside: Vec<Option<usize>>,
    /// By event id: the item of a Map.
    items: Vec<Option<usize>>,
}

impl<'e> Reader<'e> {
    fn event(&mut self, event: &'e Event) {
        let before = event.previous as usize;
        let at = self.inside.get(before).copied().flatten();
        let mut item = self.items.get(before).copied().flatten();
        let inside = match &event.kind {
            EventKind::Entered { state_type, name, input } => {
                self.visits.push(Visit {
                    state: name,
                    kind: state_type,
                    entered: event.id,
                    time_ms: event.time_ms,
                    input,
                    left: None,
                    parent: at,
                    item,
                    depth: at.map_or(0, |parent| self.visits[parent].depth + 1),
                    calls: Vec::new(),
                    notes: Vec::new(),
                    events: vec![event],
                });
                Some(self.visits.len() - 1)
            }
            EventKind::Exited { name, output, assigned, .. } => {
                let visit = self.visit_of(at, name);
                if let Some(visit) = visit {
                    self.visits[visit].left = Some(Left { output, assigned, time_ms: event.time_ms });
                    self.visits[visit].events.push(event);
                    item = self.visits[visit].item;
                }
                visit.and_then(|visit| self.visits[visit].parent)
            }
            // It may point past the Entered event of its own state.
            EventKind::EvaluationFailed { state, .. } => {
                let open = |visit: &Visit| visit.state == state.as_str() && visit.left.is_none();
                let visit = self.visits.iter().rposition(open).or(at);
                if let Some(visit) = visit {
                    self.visits[visit].events.push(event);
                    item = self.visits[visit].item;
                }
                visit
            }
            EventKind::MapIterationStarted { name, index } => {
                item = Some(*index);
                self.visit_of(at, name)
            }
            _ => {
                if let Some(visit) = at {
                    self.visits[visit].events.push(event);
                    call(&mut self.visits[visit], event);
                }
                at
            }
        };
        let id = event.id as usize;
        self.inside.resize(self.inside.len().max(id + 1), None);
        self.items.resize(self.items.len().max(id + 1), None);
        (self.inside[id], self.items[id]) = (inside, item);
    }

    /// The visit of that state, at a visit or around it.
    fn visit_of(&self, mut at: Option<usize>, name: &str) -> Option<usize> {
        while let Some(visit) = at {
            if self.visits[visit].state == name {
                return Some(visit);
            }
            at = self.visits[visit].parent;
        }
        None
    }
}

fn call<'e>(visit: &mut Visit<'e>, event: &'e Event) {
    let kind = &event.kind;
    use EventKind as E;
    let begun = match kind {
        E::LambdaFunctionScheduled { resource, input, .. } | E::ActivityScheduled { resource, input, .. } => {
            Some((resource.clone(), input))
        }
        E::TaskScheduled { service, action, parameters, .. } => Some((format!("{service}:{action}"), parameters)),
        _ => None,
    };
    if let Some((resource, input)) = begun {
        visit.calls.push(Call { scheduled: event.id, resource, input, answer: None });
        return;
    }
    let answer = match kind {
        E::LambdaFunctionSucceeded { output } | E::ActivitySucceeded { output } | E::TaskSucceeded { output, .. } => {
            Answer::Result(output)
        }
        E::LambdaFunctionFailed { .. }
        | E::LambdaFunctionTimedOut { .. }
        | E::ActivityFailed { .. }
        | E::ActivityTimedOut { .. }
        | E::TaskFailed { .. }
        | E::TaskTimedOut { .. } => {
            let list = details(kind).unwrap_or_default();
            let text = |name| {
                list.iter().find_map(|detail| match detail.value {
                    Content::Text(text) if detail.name == name => Some(text),
                    _ => None,
                })
            };
            Answer::Error(text("error"), text("cause"))
        }
        _ => return,
    };
    if let Some(call) = visit.calls.last_mut() {
        call.answer = Some(answer);
    }
}

/// Where the ways of two executions part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parting {
    /// The first state on the way that both share whose output differs.
    pub data: Option<String>,
    /// Where the ways part, if they do: the last state that both enter, and where each goes on.
    pub way: Option<(Option<String>, Option<String>, Option<String>)>,
}

/// Whether two visits leave the same document, whatever the order of its members; or both leave none.
fn same_output(old: &Visit, new: &Visit) -> bool {
    match (old.left, new.left) {
        (Some(old), Some(new)) if old.output == new.output => true,
        (Some(old), Some(new)) => match (tree::parse(old.output), tree::parse(new.output)) {
            (Ok(old), Ok(new)) => differences(&old, &new).is_empty(),
            _ => false,
        },
        (old, new) => old.is_none() && new.is_none(),
    }
}

/// Compares two executions state by state.
pub fn parting(old: &[Visit], new: &[Visit]) -> Parting {
    let shared = old.iter().zip(new).take_while(|(old, new)| old.state == new.state).count();
    let data = (0..shared).find(|n| !same_output(&old[*n], &new[*n])).map(|n| old[n].state.to_owned());
    let name = |visits: &[Visit], n: usize| visits.get(n).map(|visit| visit.state.to_owned());
    let part = old.len() > shared || new.len() > shared;
    let last = shared.checked_sub(1).and_then(|n| name(old, n));
    Parting { data, way: part.then(|| (last, name(old, shared), name(new, shared))) }
}

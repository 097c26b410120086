//! One execution's events: its input, what became of its tasks, how it ended.
//!
//! Flows in: events in any order. Flows out: a [`Replay`], or why there is none. Which state an outcome belongs to, and which
//! items of Maps, follows from the events' previous ones: back to the state that scheduled it, and to what is around that. It must never use an event's place in the log, which says nothing.

use crate::value::scan;
use crate::value::text::write_string;
use crate::value::tree::Node;
use std::collections::BTreeMap;
use std::io::Write;

/// An event of a history.
#[derive(Debug)]
pub(super) struct Event {
    pub id: u32,
    pub previous: u32,
    pub time_ms: i64,
    /// The type, as AWS calls it.
    pub kind: String,
    pub details: Option<Node>,
}

/// Why an execution cannot be run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Reason {
    /// Inputs and outputs were not logged.
    #[error("inputs and outputs were not logged: includeExecutionData has to be on")]
    NoData,
    /// An input or output was cut off.
    #[error("an input or output was too long for the log, and is truncated")]
    Truncated,
    /// Some events are not there.
    #[error("events are missing: the log level has to be ALL, and all files have to be given")]
    Incomplete,
    /// Its end is not there.
    #[error("it had not ended, or its end is in another file")]
    Unfinished,
    /// Somebody stopped it.
    #[error("it was aborted from outside")]
    Aborted,
    /// An event is not as it should be.
    #[error("an event has other members than AWS gives it, or text that is no JSON")]
    Odd,
}

/// An execution of which events come in.
#[derive(Debug, Default)]
pub(super) struct Execution {
    events: BTreeMap<u32, Event>,
    /// The id of the last event, once it has come.
    last: Option<u32>,
}

/// What is needed to run an execution again.
pub(super) struct Replay {
    pub input: String,
    /// The result line, as a run writes it.
    pub expected: String,
    /// By state, the outcomes; those for the same items in their order.
    states: BTreeMap<String, Vec<Outcome>>,
    /// Whether something was cut short, so that tasks may be asked for that were never begun.
    cut: bool,
}

#[derive(Debug)]
struct Outcome {
    items: Vec<u32>,
    result: Ended,
    took_ms: i64,
}

#[derive(Debug)]
enum Ended {
    /// The result's text.
    Returned(String),
    /// Error and cause.
    Threw(Option<String>, Option<String>),
    TimedOut,
    Lost,
}

/// Which of a state's tasks it is: the items of the Maps around it, the outermost first; then the event that scheduled it.
type Turn = (Vec<u32>, u32);

impl Execution {
    pub fn take(&mut self, event: Event) {
        if matches!(&*event.kind, "ExecutionSucceeded" | "ExecutionFailed" | "ExecutionTimedOut" | "ExecutionAborted") {
            self.last = Some(event.id);
        }
        self.events.insert(event.id, event);
    }

    /// Whether all events are there: ids are counted from 1, without gaps.
    pub fn is_whole(&self) -> bool {
        self.last.is_some_and(|last| self.events.len() == last as usize && self.events.contains_key(&1))
    }

    /// Why it is not whole.
    pub fn why_not_whole(&self) -> Reason {
        if self.last.is_none() && self.events.contains_key(&1) { Reason::Unfinished } else { Reason::Incomplete }
    }

    /// What is needed to run it again.
    pub fn replay(&self) -> Result<Replay, Reason> {
        let first = self.events.get(&1).filter(|event| event.kind == "ExecutionStarted").ok_or(Reason::Odd)?;
        let input = data(first, "input")?;
        let last = self.events.values().next_back().ok_or(Reason::Odd)?;
        let mut expected = Vec::new();
        match &*last.kind {
            "ExecutionSucceeded" => {
                expected.extend_from_slice(b"{\"status\":\"SUCCEEDED\",\"output\":");
                expected.extend_from_slice(data(last, "output")?.as_bytes());
            }
            "ExecutionFailed" => {
                expected.extend_from_slice(b"{\"status\":\"FAILED\"");
                for name in ["error", "cause"] {
                    if let Some(text) = text(last, name) {
                        expected.extend_from_slice(format!(",\"{name}\":").as_bytes());
                        write_string(text, &mut expected);
                    }
                }
            }
            "ExecutionTimedOut" => {
                expected.extend_from_slice(b"{\"status\":\"TIMED_OUT\",\"error\":\"States.Timeout\"")
            }
            "ExecutionAborted" => return Err(Reason::Aborted),
            _ => return Err(Reason::Odd),
        }
        expected.push(b'}');
        let mut outcomes: Vec<(String, Turn, Outcome)> = self.outcomes()?;
        outcomes.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        let lost = outcomes.iter().any(|(.., outcome)| matches!(outcome.result, Ended::Lost));
        let cut = lost
            || self.events.values().any(|event| {
                let kind = &*event.kind;
                kind.ends_with("Aborted")
                    || matches!(kind, "MapStateFailed" | "ParallelStateFailed" | "ExecutionTimedOut")
            });
        let mut states: BTreeMap<String, Vec<Outcome>> = BTreeMap::new();
        for (state, _, outcome) in outcomes {
            states.entry(state).or_default().push(outcome);
        }
        // What was put together of texts is one.
        Ok(Replay { input, expected: String::from_utf8(expected).unwrap_or_default(), states, cut })
    }

    /// What became of each task.
    fn outcomes(&self) -> Result<Vec<(String, Turn, Outcome)>, Reason> {
        let mut ends: BTreeMap<u32, &Event> = BTreeMap::new();
        let mut begun: Vec<&Event> = Vec::new();
        for event in self.events.values() {
            if is_scheduled(&event.kind) {
                begun.push(event);
            } else if is_end(&event.kind) {
                // What could not even be scheduled is its own beginning.
                let scheduled = self.before(event).find(|event| is_scheduled(&event.kind) || is_entered(&event.kind));
                match scheduled.filter(|event| is_scheduled(&event.kind)) {
                    Some(scheduled) if !ends.contains_key(&scheduled.id) => {
                        ends.insert(scheduled.id, event);
                    }
                    _ => {
                        ends.insert(event.id, event);
                        begun.push(event);
                    }
                }
            }
        }
        let mut outcomes = Vec::new();
        for event in begun {
            let entered = self.before(event).find(|event| is_entered(&event.kind)).ok_or(Reason::Odd)?;
            let state = text(entered, "name").ok_or(Reason::Odd)?.to_owned();
            let items = self.items_around(event)?;
            let (result, took_ms) = match ends.get(&event.id) {
                None => (Ended::Lost, 0),
                Some(end) => (ended(end)?, (end.time_ms - event.time_ms).max(0)),
            };
            outcomes.push((state, (items.clone(), event.id), Outcome { items, result, took_ms }));
        }
        Ok(outcomes)
    }

    /// The events before one, back to the beginning.
    fn before<'e>(&'e self, event: &Event) -> impl Iterator<Item = &'e Event> {
        let earlier = |id: u32, than: u32| (id < than).then(|| self.events.get(&id)).flatten();
        // Each has a smaller id than the one behind it, so this ends.
        std::iter::successors(earlier(event.previous, event.id), move |event| earlier(event.previous, event.id))
    }

    /// The items of Maps that an event is in, the outermost first.
    fn items_around(&self, event: &Event) -> Result<Vec<u32>, Reason> {
        let mut around = Vec::new();
        // The index of an item, and its Map's name.
        let mut item: Option<(u32, &str)> = None;
        // What was left is gone past, and so are earlier attempts: up to where that state was entered.
        let mut past: Option<(&str, Option<&str>)> = None;
        for event in self.before(event) {
            let name = text(event, "name");
            if let Some((kind, of)) = past {
                if event.kind == kind && (of.is_none() || name == of) {
                    past = None;
                }
                continue;
            }
            match &*event.kind {
                "MapStateExited" => past = Some(("MapStateEntered", name)),
                "ParallelStateExited" => past = Some(("ParallelStateEntered", name)),
                // An item may begin where another one ends: the first that is met is the one around.
                "MapIterationStarted" if item.is_none() => {
                    let index = event.details.as_ref().and_then(|details| details.get("index"));
                    let index = index.and_then(|index| index.to_json().parse().ok());
                    item = Some((index.ok_or(Reason::Odd)?, name.ok_or(Reason::Odd)?));
                }
                "MapStateStarted" => {
                    if let Some((index, name)) = item.take() {
                        around.push(index);
                        past = Some(("MapStateEntered", Some(name)));
                    }
                }
                "ParallelStateStarted" => past = Some(("ParallelStateEntered", None)),
                _ => {}
            }
        }
        around.reverse();
        Ok(around)
    }
}

impl Replay {
    /// How many outcomes there are.
    pub fn outcomes(&self) -> usize {
        self.states.values().map(Vec::len).sum()
    }

    /// Writes the members that say what became of the tasks.
    pub fn write_outcomes(&self, out: &mut Vec<u8>) {
        if self.cut {
            out.extend_from_slice(b",\"cut\":true");
        }
        out.extend_from_slice(b",\"states\":{");
        for (n, (state, outcomes)) in self.states.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            write_string(state, out);
            out.extend_from_slice(b":[");
            for (n, outcome) in outcomes.iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                outcome.write(out);
            }
            out.push(b']');
        }
        out.push(b'}');
    }
}

impl Outcome {
    fn write(&self, out: &mut Vec<u8>) {
        match &self.result {
            Ended::Lost => out.extend_from_slice(b"{\"Lost\":true"),
            Ended::Returned(json) => {
                out.extend_from_slice(b"{\"Return\":");
                out.extend_from_slice(json.as_bytes());
            }
            Ended::TimedOut => out.extend_from_slice(b"{\"Throw\":{\"Error\":\"States.Timeout\"}"),
            Ended::Threw(error, cause) => {
                out.extend_from_slice(b"{\"Throw\":{");
                let members = [("Error", error), ("Cause", cause)];
                for (n, (name, text)) in members.iter().filter(|(_, text)| text.is_some()).enumerate() {
                    out.extend_from_slice(if n > 0 { b",\"" } else { b"\"" });
                    out.extend_from_slice(name.as_bytes());
                    out.extend_from_slice(b"\":");
                    write_string(text.as_deref().unwrap_or_default(), out);
                }
                out.push(b'}');
            }
        }
        // Writing to memory cannot fail.
        if !self.items.is_empty() {
            let _ = write!(out, ",\"items\":{:?}", self.items);
        }
        if self.took_ms > 0 {
            let _ = write!(out, ",\"took_ms\":{}", self.took_ms);
        }
        out.push(b'}');
    }
}

fn is_scheduled(kind: &str) -> bool {
    matches!(kind, "LambdaFunctionScheduled" | "TaskScheduled" | "ActivityScheduled")
}

fn is_entered(kind: &str) -> bool {
    kind.ends_with("StateEntered")
}

fn is_end(kind: &str) -> bool {
    let rest = ["LambdaFunction", "Task", "Activity"].iter().find_map(|whose| kind.strip_prefix(whose));
    rest.is_some_and(|rest| {
        matches!(rest, "Succeeded" | "Failed" | "TimedOut" | "ScheduleFailed" | "StartFailed" | "SubmitFailed")
    })
}

/// What a task came to.
fn ended(end: &Event) -> Result<Ended, Reason> {
    let owned = |name| text(end, name).map(str::to_owned);
    if end.kind.ends_with("Succeeded") {
        return Ok(Ended::Returned(data(end, "output")?));
    }
    Ok(match (owned("error"), owned("cause")) {
        (None, None) if end.kind.ends_with("TimedOut") => Ended::TimedOut,
        (Some(error), None) if error == "States.Timeout" => Ended::TimedOut,
        (error, cause) => Ended::Threw(error, cause),
    })
}

fn text<'e>(event: &'e Event, name: &str) -> Option<&'e str> {
    event.details.as_ref()?.get(name)?.as_str()
}

/// JSON that the execution worked on, on one line.
fn data(event: &Event, name: &str) -> Result<String, Reason> {
    let about = event.details.as_ref().and_then(|details| details.get(&format!("{name}Details")));
    if about.and_then(|about| about.get("truncated")).and_then(Node::as_bool) == Some(true) {
        return Err(Reason::Truncated);
    }
    let json = text(event, name).ok_or(Reason::NoData)?;
    let json = scan::validate(json.as_bytes()).map_err(|_| Reason::Odd)?;
    // JSON has line ends between tokens only, where a blank is as good.
    Ok(json.replace(['\n', '\r'], " "))
}

//! A case run, and what came of it held against what should.
//!
//! Flows in: a machine and a case. Flows out: a [`Verdict`], which says what is wrong in lines that a person can
//! act on. It must never stop at the first thing that is wrong.

use super::{Case, Expect, ExpectedCall};
use crate::batch::{Recorded, Single};
use crate::compile::Options;
use crate::compile::instrument::{Instrument, compile_mocked};
use crate::definition::Definition;
use crate::handler::Handlers;
use crate::handler::mock::{Mock, MockError};
use crate::program::work::function_name;
use crate::value::difference::{Difference, differences, missing};
use crate::value::tree::{self, Node};
use crate::view::difference::line;
use crate::view::explain::brief;
use crate::view::visit::{Visit, visits};
use crate::vm::{Seed, Settings};
use std::collections::BTreeMap;

/// What cases are run on.
pub struct Subject<'s> {
    /// The machine.
    pub definition: &'s Definition,
    /// Functions that are written in ASL.
    pub functions: &'s BTreeMap<String, Definition>,
    /// Who stands behind its tasks, where no outcome is given.
    pub handlers: &'s Handlers,
    /// Its limits and names.
    pub settings: &'s Settings,
    /// The text of the mock file, if there is one.
    pub mocks: Option<&'s str>,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The case's name.
    pub name: String,
    /// What is wrong, a line each; nothing, if the case holds.
    pub faults: Vec<String>,
    /// The result line of the execution.
    pub result: String,
}

impl Verdict {
    /// Whether the case holds.
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }
}

impl Subject<'_> {
    /// Runs a case.
    pub fn judge(&self, case: &Case) -> Verdict {
        let verdict = |faults, result| Verdict { name: case.name.clone(), faults, result };
        let handlers = match self.mock(case) {
            Ok(None) => self.handlers.clone(),
            Ok(Some(mock)) => self.handlers.clone().mock(mock),
            Err(error) => return verdict(vec![error], String::new()),
        };
        let has_lambda = |name: &str| handlers.has_lambda(name);
        let options = Options { handlers: Some(self.functions), bound: Some(&has_lambda) };
        // Compiled for each case, since what it mocks is not compiled in.
        let mocked = |state: &str| handlers.has_mock(state);
        let program = match compile_mocked(self.definition, &options, Instrument::Plain, &mocked) {
            Ok(program) => program,
            Err(errors) => return verdict(errors.iter().map(ToString::to_string).collect(), String::new()),
        };
        // Tasks that nobody stands behind fail when they are reached, and say so.
        let bound = handlers.bind_loosely(&program);
        let seed = Seed::new(case.seed, 0, 0);
        let single = Single { input: &case.input, seed, now_ms: case.now_ms, history: true };
        let recorded = single.run(&program, &bound, self.settings);
        let visits = visits(&program, &recorded.events, &recorded.notes);
        verdict(faults(&case.expect, &recorded, &visits), recorded.line.clone())
    }

    fn mock(&self, case: &Case) -> Result<Option<Mock>, String> {
        let read = |text: &str, name: Option<&str>| {
            let mock = Mock::read(text, &self.settings.names.machine, name);
            mock.map(Some).map_err(|error: MockError| error.to_string())
        };
        match (&case.outcomes, &case.mock, self.mocks) {
            (Some(outcomes), ..) => read(outcomes, None),
            (None, Some(name), Some(text)) => read(text, Some(name)),
            (None, Some(name), None) => Err(format!("the case names the mock {name:?}, and there is no mock file")),
            (None, None, _) => Ok(None),
        }
    }
}

fn faults(expect: &Expect, recorded: &Recorded, visits: &[Visit]) -> Vec<String> {
    let mut faults = Vec::new();
    if expect.sound && recorded.error.as_deref() == Some("States.Runtime") {
        faults.push(format!("States.Runtime: {}", recorded.cause.as_deref().unwrap_or_default()));
    }
    if let Some(status) = expect.status.as_deref().filter(|status| *status != recorded.status) {
        let why = match (&recorded.error, &recorded.cause) {
            (None, None) => String::new(),
            (error, cause) => {
                format!(": {} {}", error.as_deref().unwrap_or("(no name)"), brief(cause.as_deref().unwrap_or_default()))
            }
        };
        faults.push(format!("status {}, expected {status}{why}", recorded.status));
    }
    let output = recorded.output.as_deref().and_then(|output| tree::parse(output).ok());
    type Compare = fn(&Node, &Node) -> Vec<Difference>;
    let wanted: [(&Option<Node>, Compare); 2] = [(&expect.output, differences), (&expect.output_contains, missing)];
    for (wanted, compare) in wanted {
        if let (Some(wanted), Some(output)) = (wanted, &output) {
            let found = compare(wanted, output);
            let counting = found.iter().filter(|found| !expect.ignore.iter().any(|ignored| ignored.covers(found)));
            faults.extend(counting.map(|found| format!("output {}", line(found))));
        }
    }
    for (name, wanted, given) in [("error", &expect.error, &recorded.error), ("cause", &expect.cause, &recorded.cause)]
    {
        if let Some(wanted) = wanted.as_deref().filter(|wanted| Some(*wanted) != given.as_deref()) {
            faults.push(format!("{name} {:?}, expected {wanted:?}", given.as_deref().unwrap_or("(none)")));
        }
    }
    if let Some(part) = &expect.cause_contains
        && !recorded.cause.as_deref().unwrap_or_default().contains(part.as_str())
    {
        let given = recorded.cause.as_deref().unwrap_or("(none)");
        faults.push(format!("cause {given:?}, expected {part:?} in it"));
    }
    if let Some(wanted) = &expect.path {
        let entered: Vec<&str> = visits.iter().map(|visit| visit.state).collect();
        if entered != *wanted {
            let shared = entered.iter().zip(wanted).take_while(|(entered, wanted)| *entered == wanted).count();
            let name = |state: Option<&str>| state.map_or("the end".to_owned(), |state| format!("'{state}'"));
            let at = (entered.get(shared).copied(), wanted.get(shared).map(String::as_str));
            faults.push(format!(
                "path: {} at place {}, expected {} (entered: {})",
                name(at.0),
                shared + 1,
                name(at.1),
                entered.join(", ")
            ));
        }
    }
    let made = calls(visits);
    for wanted in &expect.calls {
        called(wanted, &made, &mut faults);
    }
    faults
}

fn called(wanted: &ExpectedCall, made: &[(String, Node)], faults: &mut Vec<String>) {
    let own: Vec<&Node> = made.iter().filter(|(name, _)| *name == wanted.name).map(|(_, payload)| payload).collect();
    if let Some(count) = wanted.count.filter(|count| *count != own.len()) {
        faults.push(format!("{} was called {} times, expected {count}", wanted.name, own.len()));
    }
    if let Some(payload) = &wanted.payload
        && !own.iter().any(|given| missing(payload, given).is_empty())
    {
        let given = own.iter().map(|given| brief(&given.to_json())).collect::<Vec<_>>().join(", ");
        let given = if given.is_empty() { "no payload at all".to_owned() } else { given };
        faults.push(format!("{} was called with {given}, expected {}", wanted.name, brief(&payload.to_json())));
    }
}

/// The calls that were made: name and payload.
fn calls(visits: &[Visit]) -> Vec<(String, Node)> {
    let mut made = Vec::new();
    for call in visits.iter().flat_map(|visit| &visit.calls) {
        let Ok(input) = tree::parse(call.input) else { continue };
        let invoked = call.resource.strip_prefix("lambda:invoke");
        match (invoked, input.get("FunctionName").and_then(Node::as_str)) {
            (Some(_), Some(name)) => {
                let payload = input.get("Payload").cloned().unwrap_or(Node { kind: tree::Kind::Null, ..input.clone() });
                made.push((function_name(name).to_owned(), payload));
            }
            _ if call.resource.starts_with("arn:") => made.push((function_name(&call.resource).to_owned(), input)),
            _ => made.push((call.resource.clone(), input)),
        }
    }
    made
}

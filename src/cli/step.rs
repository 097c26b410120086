//! `exec --step`: a walk through an execution, one state at a time, forwards and backwards.
//!
//! Flows in: an execution that is over, and commands from a person. Flows out: what they ask about. The execution has been
//! run before the walk begins: its time is virtual and its functions have answered, so that nothing depends on how long
//! somebody looks, and going back is as easy as going on. It must never run anything again.

use super::{CliError, print};
use crate::program::Program;
use crate::value::tree;
use crate::view::{explain, history, visit::Visit};
use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

/// What is walked through.
pub(super) struct Course<'c> {
    pub program: &'c Program,
    pub visits: &'c [Visit<'c>],
    pub start_ms: i64,
    /// What the execution came to, as JSON.
    pub outcome: &'c str,
}

const KEYS: &str = "\
  Enter, n   the next state            b          the state before
  g NAME     the next visit of a state c          to the end, showing each state
  i          what went in, in full     o          what came out, in full
  v          the variables             e          the state's events
  h          these keys                q          quit";

/// Walks until the end of the execution, or of the commands; `free` says that stdin is not taken already.
pub(super) fn walk(course: &Course, free: bool) -> Result<ExitCode, CliError> {
    if !free {
        return Err(CliError::Usage("--step reads its commands from stdin: give the input as a file".to_owned()));
    }
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        print(&format!("{} states; Enter goes on, h tells the keys", course.visits.len()))?;
    }
    let mut at = 0;
    show(course, at)?;
    let mut commands = stdin.lock().lines();
    loop {
        prompt(course, at);
        let Some(command) = commands.next() else { return Ok(ExitCode::SUCCESS) };
        let command = command.map_err(|error| CliError::Io { path: "stdin".to_owned(), error })?;
        let (word, rest) = command.trim().split_once(' ').unwrap_or((command.trim(), ""));
        match word {
            "" | "n" | "next" => {
                at = (at + 1).min(course.visits.len());
                show(course, at)?;
            }
            "b" | "back" => {
                at = at.saturating_sub(1);
                show(course, at)?;
            }
            "c" | "continue" => {
                while at < course.visits.len() {
                    at += 1;
                    show(course, at)?;
                }
            }
            "g" | "go" => match (at + 1..course.visits.len()).find(|n| course.visits[*n].state == rest.trim()) {
                Some(found) => {
                    at = found;
                    show(course, at)?;
                }
                None => print(&format!("no visit of '{}' from here on", rest.trim()))?,
            },
            "i" | "input" => print(&visit(course, at, |visit| pretty(visit.input)))?,
            "o" | "output" => print(&visit(course, at, |visit| match visit.left {
                Some(left) => pretty(left.output),
                None => "it is never left".to_owned(),
            }))?,
            "v" | "variables" => print(&variables(course, at))?,
            "e" | "events" => print(&visit(course, at, |visit| {
                let events: Vec<_> = visit.events.iter().map(|event| (*event).clone()).collect();
                history::to_table(&events).trim_end().to_owned()
            }))?,
            "h" | "help" | "?" => print(KEYS)?,
            "q" | "quit" => return Ok(ExitCode::SUCCESS),
            other => print(&format!("{other}: no such key\n{KEYS}"))?,
        }
        if at >= course.visits.len() {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// Shows where the walk stands: a state, or behind the last the outcome.
fn show(course: &Course, at: usize) -> Result<(), CliError> {
    match at < course.visits.len() {
        true => print(explain::visit(course.program, course.visits, at, course.start_ms).trim_end()),
        false => print(course.outcome),
    }
}

/// On stderr, so that what is written to stdout can be kept.
fn prompt(course: &Course, at: usize) {
    eprint!("{}/{}> ", at + 1, course.visits.len());
    // Where the prompt cannot be shown, commands are taken all the same.
    let _ = std::io::stderr().flush();
}

fn visit(course: &Course, at: usize, show: impl Fn(&Visit) -> String) -> String {
    course.visits.get(at).map_or_else(String::new, show)
}

/// The variables as the state at hand sees them: those that states before it have assigned, around it or on its own way.
fn variables(course: &Course, at: usize) -> String {
    let mut around = Vec::new();
    let mut scope = course.visits.get(at).and_then(|visit| visit.parent);
    while let Some(visit) = scope {
        around.push(Some(visit));
        scope = course.visits[visit].parent;
    }
    around.push(None);
    let mine = course.visits.get(at);
    if let Some(visit) = mine {
        around.push(visit.parent);
    }
    let mut known: Vec<(&str, &str)> = Vec::new();
    for visit in course.visits[..at.min(course.visits.len())].iter().filter(|visit| around.contains(&visit.parent)) {
        // What another item of a Map assigned is that item's own.
        if mine.is_some_and(|mine| mine.parent == visit.parent && mine.item != visit.item) {
            continue;
        }
        for (name, value) in visit.left.iter().flat_map(|left| left.assigned) {
            known.retain(|(known, _)| *known != name.as_str());
            known.push((name, value));
        }
    }
    if known.is_empty() {
        return "no variables".to_owned();
    }
    known.iter().map(|(name, value)| format!("${name} = {value}")).collect::<Vec<_>>().join("\n")
}

/// JSON with a line for each member.
fn pretty(json: &str) -> String {
    match tree::parse(json) {
        Ok(node) => {
            let mut out = String::new();
            write(&node, 0, &mut out);
            out
        }
        Err(_) => json.to_owned(),
    }
}

fn write(node: &tree::Node, depth: usize, out: &mut String) {
    let margin = |depth: usize| "  ".repeat(depth);
    let (open, close, parts): (char, char, Vec<(String, &tree::Node)>) = match &node.kind {
        tree::Kind::Object(members) if !members.is_empty() => {
            let key = |member: &tree::Member| format!("{}: ", crate::view::json::quoted(&member.key));
            ('{', '}', members.iter().map(|member| (key(member), &member.value)).collect())
        }
        tree::Kind::Array(items) if !items.is_empty() => {
            ('[', ']', items.iter().map(|item| (String::new(), item)).collect())
        }
        _ => return out.push_str(&node.to_json()),
    };
    out.push(open);
    for (n, (key, value)) in parts.iter().enumerate() {
        out.push_str(if n > 0 { ",\n" } else { "\n" });
        out.push_str(&margin(depth + 1));
        out.push_str(key);
        write(value, depth + 1, out);
    }
    out.push('\n');
    out.push_str(&margin(depth));
    out.push(close);
}

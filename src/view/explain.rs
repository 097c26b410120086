//! An execution explained: state by state what went in and came out, which rule decided and why the others did not, what
//! was called, and who answered errors.
//!
//! Flows in: a watched program and the visits of an execution. Flows out: text. Values are cut to what a line can hold. It
//! must never evaluate anything again: what rules saw was noted when they looked.

use super::visit::{Answer, Call, Visit};
use crate::program::choice::{Comparison, Test, TypeTest};
use crate::program::point::PointKind;
use crate::program::{Blame, BlameId, Op, PointId, Program};
use crate::value::difference::differences;
use crate::value::tree;
use crate::vm::{EventKind, NoteKind};
use std::fmt::Write;

/// How many characters of a value are shown.
const CHARACTERS_MAX: usize = 160;
/// How many places of one difference are shown.
const PLACES_MAX: usize = 12;

/// All visits of an execution that started at that time.
pub fn to_text(program: &Program, visits: &[Visit], start_ms: i64) -> String {
    let mut out = String::new();
    for n in 0..visits.len() {
        out.push_str(&visit(program, visits, n, start_ms));
    }
    out
}

/// One visit.
pub fn visit(program: &Program, visits: &[Visit], n: usize, start_ms: i64) -> String {
    let visit = &visits[n];
    let margin = "  ".repeat(visit.depth);
    let after = (visit.time_ms - start_ms) as f64 / 1_000.0;
    let item = visit.item.map(|item| format!("  item {item}")).unwrap_or_default();
    let mut out = String::new();
    // Writing to a string cannot fail; so in all of this file.
    let _ = writeln!(out, "{:>3}  {after:>8.3}s  {margin}{}  {}{item}", n + 1, visit.state, visit.kind);
    let mut line = |text: &str| {
        let _ = writeln!(out, "{:15}{margin}  {text}", "");
    };
    line(&format!("in     {}", brief(visit.input)));
    decisions(program, visits, n, &mut line);
    // Calls, and what was done about their errors, in the order of the events.
    let calls = visit.calls.iter().map(|call| (call.scheduled, call_lines(call)));
    let notes = visit.notes.iter().map(|note| (note.after, rescue_line(&note.what)));
    let failed = visit.events.iter().filter_map(|event| match &event.kind {
        EventKind::EvaluationFailed { error, cause, .. } => Some((event.id, vec![format!("fails  {error}: {cause}")])),
        _ => None,
    });
    let mut acts: Vec<(u32, Vec<String>)> = calls.chain(notes).chain(failed).collect();
    acts.sort_by_key(|(event, _)| *event);
    acts.iter().flat_map(|(_, lines)| lines).for_each(|text| line(text));
    match visit.left {
        None => line("out    it is never left"),
        Some(left) => {
            for (n, change) in changes(visit.input, left.output).iter().enumerate() {
                line(&format!("{}  {change}", if n == 0 { "out  " } else { "     " }));
            }
            for (name, value) in left.assigned {
                line(&format!("assign ${name} = {}", brief(value)));
            }
        }
    }
    out
}

/// A call, and what came of it.
fn call_lines(call: &Call) -> Vec<String> {
    let mut lines = vec![format!("call   {} {}", call.resource, brief(call.input))];
    match call.answer {
        Some(Answer::Result(result)) => lines.push(format!("       gives {}", brief(result))),
        Some(Answer::Error(error, cause)) => {
            lines.push(format!("       fails: {} {}", error.unwrap_or("(no name)"), brief(cause.unwrap_or_default())));
        }
        None => {}
    }
    lines
}

/// What a retrier or a catcher did.
fn rescue_line(what: &NoteKind) -> Vec<String> {
    let name = |error: &Option<String>| error.clone().unwrap_or_else(|| "(no name)".to_owned());
    match what {
        NoteKind::Retried { retrier, count, error, delay_ms } => vec![format!(
            "retry  Retry[{retrier}] answers {}: tried again after {:.3} s, time {count}",
            name(error),
            *delay_ms as f64 / 1_000.0
        )],
        NoteKind::Caught { catcher, error } => vec![format!("catch  Catch[{catcher}] takes {}", name(error))],
        NoteKind::Point(_) | NoteKind::Tested { .. } => Vec::new(),
    }
}

/// The rules of a Choice: what each saw, and which decided.
fn decisions(program: &Program, visits: &[Visit], n: usize, line: &mut dyn FnMut(&str)) {
    let mut rule: Option<(u32, Vec<String>)> = None;
    let mut close = |rule: &mut Option<(u32, Vec<String>)>, verdict: &str| {
        if let Some((n, seen)) = rule.take() {
            line(&format!("rule   Choices[{n}] {verdict:<7}  {}", seen.join("; ")));
        }
    };
    let mut fails = visits[n].events.iter().any(|event| matches!(event.kind, EventKind::EvaluationFailed { .. }));
    for note in &visits[n].notes {
        match &note.what {
            NoteKind::Point(point) => match program.point(*point).kind {
                PointKind::Tried(at) => {
                    close(&mut rule, "no");
                    rule = Some((at, condition(program, *point, visits, n)));
                }
                PointKind::Rule(_) => close(&mut rule, "decides"),
                PointKind::Default => close(&mut rule, "no"),
                _ => {}
            },
            NoteKind::Tested { test, value, other, holds } => {
                fails |= holds.is_none();
                if let Some((_, seen)) = &mut rule {
                    let held = match holds {
                        Some(true) => "yes",
                        Some(false) => "no",
                        None => "fails",
                    };
                    let text = tested(program, program.test(*test), value.as_deref(), other.as_deref());
                    seen.push(format!("{text}: {held}"));
                }
            }
            NoteKind::Retried { .. } | NoteKind::Caught { .. } => {}
        }
    }
    close(&mut rule, if fails { "fails" } else { "no" });
    let by_default = visits[n].notes.iter().any(|note| match note.what {
        NoteKind::Point(point) => program.point(point).kind == PointKind::Default,
        _ => false,
    });
    if by_default {
        line("rule   Default decides");
    }
}

/// A comparison and what it saw.
fn tested(program: &Program, test: &Test, value: Option<&str>, other: Option<&str>) -> String {
    let seen = |value: Option<&str>| value.map_or_else(|| "nothing".to_owned(), brief);
    let variable = written(program, test.blame);
    let asked = match &test.comparison {
        Comparison::Text(relation, text) => format!("String{relation:?} {}", super::json::quoted(text)),
        Comparison::Number(relation, number) => format!("Numeric{relation:?} {number}"),
        Comparison::Bool(b) => format!("BooleanEquals {b}"),
        Comparison::Time(relation, time) => format!("Timestamp{relation:?} {}", time.to_rfc3339_millis()),
        Comparison::Matches(pattern) => format!("StringMatches {}", super::json::quoted(&pattern.to_string())),
        Comparison::Against(domain, relation, _, _, blame) => {
            let path = written(program, *blame);
            return format!("{variable} = {} {domain:?}{relation:?} {path} = {}", seen(value), seen(other));
        }
        Comparison::Is(TypeTest::IsPresent, expected) => format!("IsPresent {expected}"),
        Comparison::Is(test, expected) => format!("{test:?} {expected}"),
    };
    format!("{variable} = {} {asked}", seen(value))
}

/// A path as it was written.
fn written(program: &Program, blame: BlameId) -> &str {
    match program.blame(blame) {
        Blame::Condition { path } => path,
        _ => "",
    }
}

/// The Condition of a JSONata rule, with what its references to the input and to variables stand for; nothing for a
/// JSONPath rule, whose comparisons are noted one by one.
fn condition(program: &Program, tried: PointId, visits: &[Visit], n: usize) -> Vec<String> {
    let at = program.ops().iter().position(|op| *op == Op::Count { point: tried });
    let Some(Op::Evaluate { expression, .. }) = at.and_then(|at| program.ops().get(at + 1)) else { return Vec::new() };
    let text = &*program.expression(*expression).text;
    let mut seen = vec![format!("{{% {text} %}}")];
    let input = tree::parse(visits[n].input).ok();
    for reference in references(text) {
        let value = match reference.strip_prefix("$states.input") {
            Some(members) => members
                .split('.')
                .filter(|name| !name.is_empty())
                .try_fold(input.clone(), |node, name| node.map(|node| node.get(name).cloned()))
                .flatten()
                .map(|node| node.to_json()),
            None => {
                let assigned = visits[..n].iter().filter_map(|visit| visit.left);
                let mut values = assigned.flat_map(|left| left.assigned);
                values.rfind(|(name, _)| *name == reference[1..]).map(|(_, value)| value.clone())
            }
        };
        if let Some(value) = value {
            seen.push(format!("{reference} = {}", brief(&value)));
        }
    }
    seen
}

/// The references in an expression to the state's input and to variables, each once.
fn references(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    for (at, _) in text.match_indices('$') {
        let rest = &text[at + 1..];
        let inside = rest.strip_prefix("states.input");
        let length = match inside {
            Some(members) => {
                let end = members.find(|c: char| !is_name(c) && c != '.').unwrap_or(members.len());
                "states.input".len() + members[..end].trim_end_matches('.').len()
            }
            None => rest.find(|c: char| !is_name(c)).unwrap_or(rest.len()),
        };
        let reference = format!("${}", &rest[..length]);
        // A function's name is followed by its arguments.
        if length > 0 && reference != "$states" && !rest[length..].starts_with('(') && !found.contains(&reference) {
            found.push(reference);
        }
    }
    found
}

/// What an output has made of an input, a line a place; the output itself if it has little to do with the input.
pub fn changes(input: &str, output: &str) -> Vec<String> {
    if input == output {
        return vec!["as it came in".to_owned()];
    }
    let (Ok(old), Ok(new)) = (tree::parse(input), tree::parse(output)) else { return vec![brief(output)] };
    let found = differences(&old, &new);
    if found.is_empty() {
        return vec!["as it came in".to_owned()];
    }
    if found.len() > PLACES_MAX || found.iter().any(|difference| difference.at.is_empty()) {
        return vec![brief(output)];
    }
    // Where most of the input is gone, what is there instead says more.
    if found.iter().filter(|difference| difference.new.is_none()).count() >= old.members().len().max(1) {
        return vec![brief(output)];
    }
    found.iter().map(super::difference::line).collect()
}

/// A value cut to what a line can hold.
pub fn brief(value: &str) -> String {
    match value.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}… ({} bytes)", &value[..end], value.len()),
        None => value.to_owned(),
    }
}

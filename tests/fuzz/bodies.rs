//! What the fuzz targets do with a text: none may panic, run for ever, or take memory without end, and what has two ways
//! to be computed comes to the same both ways.
//!
//! The targets feed these with made-up texts for hours; `tests/finds.rs` feeds them every kept find, as part of the
//! ordinary tests. Nothing here may depend on a fuzzer.

use expressway::batch::drive::{Alone, drive, drive_moving};
use expressway::compile::jsonata::{Resolver, compile as compile_expression};
use expressway::compile::{Options, compile};
use expressway::definition::jsonata::Ast;
use expressway::definition::template::{StackTemplate, is_template};
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::Handlers;
use expressway::program::expression::{Builtin, Expression, Global};
use expressway::program::verify::verify;
use expressway::value::path::{NodeBudget, Path};
use expressway::value::pattern::Pattern;
use expressway::value::{Arena, Value, scan};
use expressway::vm::jsonata::{self, EvaluationError, Host, evaluate};
use expressway::vm::{Execution, Input, Limits, Outcome, Seed, Settings, Start};
use std::collections::BTreeMap;

/// Two parts of a text: the first line, and the rest.
fn parts(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

/// A JSON text to work on: the given one, if it is one.
fn document<'t>(text: &'t str, usual: &'t str) -> &'t str {
    match scan::validate(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => usual,
    }
}

fn is_json(text: &str) {
    assert!(scan::validate(text.as_bytes()).is_ok(), "not JSON: {text}");
}

const USUAL: &str =
    r#"{"a":[1,{"b":"x","c":null},[2,3.5e1]],"b":{"a":"\u00e9\n","":-0},"c":"text","d":1e400,"e":[],"f":{}}"#;

/// A path, and a document to look into. Raw and built, a document gives the same.
pub fn path(text: &str) {
    let (path, json) = parts(text);
    let Ok(path) = Path::parse(path) else { return };
    let again = Path::parse(path.text()).expect("it was a path");
    assert_eq!(again.text(), path.text());
    let json = document(json, USUAL);
    let arena = Arena::new();
    let found = |arena, value| {
        let mut budget = NodeBudget::new(10_000);
        match path.eval(value, arena, &mut budget) {
            Ok(found) if found.size().bytes_max < 1 << 20 => Ok(found.to_json()),
            Ok(_) => Ok("large".to_owned()),
            Err(miss) => Err(miss.to_string()),
        }
    };
    let raw = Value::from_text(&arena, json);
    let written = raw.to_json();
    is_json(&written);
    let compact = found(&arena, Value::from_text(&arena, &written));
    assert_eq!(found(&arena, raw), compact);
    if let Ok(found) = &compact
        && found != "large"
    {
        is_json(found);
    }
    if path.is_reference()
        && let Ok(placed) = path.place(raw, Value::Int(7), &arena)
    {
        is_json(&placed.to_json());
        let mut budget = NodeBudget::default();
        let back = path.eval(placed, &arena, &mut budget).expect("what was placed is there");
        assert_eq!(back.to_json(), "7");
    }
}

/// A pattern, and a text that may match it; the answer is that of a matcher which tries everything.
pub fn pattern(text: &str) {
    let (pattern, subject) = parts(text);
    let compiled = Pattern::parse(pattern);
    let quick = compiled.matches(subject);
    if pattern.len() * subject.len() < 1 << 16 {
        assert_eq!(quick, matches_slowly(pattern, subject), "{pattern:?} {subject:?}");
    }
}

/// Which lengths of the text the pattern so far may have matched, star by star.
fn matches_slowly(pattern: &str, subject: &str) -> bool {
    let subject: Vec<char> = subject.chars().collect();
    let mut reached = vec![false; subject.len() + 1];
    reached[0] = true;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        let literal = match c {
            '*' => {
                let first = reached.iter().position(|here| *here).unwrap_or(reached.len());
                reached[first..].fill(true);
                continue;
            }
            '\\' => chars.next_if(|next| matches!(next, '*' | '\\')).unwrap_or('\\'),
            other => other,
        };
        for at in (0..subject.len()).rev() {
            reached[at + 1] = reached[at] && subject[at] == literal;
        }
        reached[0] = false;
    }
    reached[subject.len()]
}

/// A call of intrinsic functions in a Pass state, and the document that it finds.
pub fn intrinsic(text: &str) {
    let (call, json) = parts(text);
    let quoted = Value::text(&Arena::new(), call).to_json();
    let field =
        format!(r#"{{"StartAt":"A","States":{{"A":{{"Type":"Pass","Parameters":{{"v.$":{quoted}}},"End":true}}}}}}"#);
    run(&field, document(json, USUAL));
}

/// A whole machine behind the event that it gets.
pub fn machine(text: &str) {
    let (event, definition) = parts(text);
    run(definition, document(event, USUAL));
}

/// Runs a definition, if it is one: watched or not, on memory made fresh again and again or not, it comes to the same.
fn run(definition: &str, event: &str) {
    let Ok(definition) = Definition::parse(definition, "machine", &ParseOptions::default()) else { return };
    let Ok(program) = compile(&definition, &Options::default()) else { return };
    verify(&program).expect("what is compiled is sound");
    let bound = Handlers::new().bind_loosely(&program);
    let limits = Limits { steps: 300, path_nodes: 5_000, execution_bytes: 4 << 20, ..Limits::STANDARD };
    let mut told = Vec::new();
    for (history, crowded_bytes) in [(false, 64 << 20), (true, 64 << 20), (false, 0)] {
        let settings = Settings { limits: Limits { crowded_bytes, ..limits }, ..Settings::default() };
        let arena = Arena::new();
        let input = Input::whole(Value::from_text(&arena, event));
        let start = Start { input, seed: Seed::new(1, 2, 3), now_ms: 0, history };
        let mut execution = Execution::new(&program, &settings, &arena, start);
        let counters = &mut bound.counters();

        told.push(match crowded_bytes {
            0 => drive_moving(execution, &bound, counters, &Alone, |execution, outcome, arena| {
                end(execution, &outcome, arena)
            }),
            _ => {
                let outcome = drive(&mut execution, &bound, counters, &Alone);
                end(&execution, &outcome, &arena)
            }
        });
    }
    assert!(told.iter().all(|end| *end == told[0]), "{told:?}");
}

fn end<'a>(execution: &Execution<'a>, outcome: &Outcome<'a>, arena: &'a Arena) -> String {
    format!("{} {} {}", tell(outcome, arena), execution.now_ms(), execution.event_count())
}

fn tell<'a>(outcome: &Outcome<'a>, arena: &'a Arena) -> String {
    match outcome {
        Outcome::Succeeded(value) => {
            let json = value.to_json();
            is_json(&json);
            json
        }
        Outcome::Failed(failure) => format!("{:?} {:?}", failure.error, failure.cause_text(arena)),
        Outcome::TimedOut(limit) => format!("{limit:?}"),
    }
}

/// A template, and a definition beside it.
pub fn template(text: &str) {
    let beside = r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#;
    for name in ["template.yaml", "template.json", "template"] {
        let Ok(template) = StackTemplate::read(text, name) else { continue };
        assert!(is_template(text, name));
        let values = BTreeMap::from([("A".to_owned(), "\"${B}\"\n".to_owned()), ("B".to_owned(), "1".to_owned())]);
        let open = |path: &std::path::Path| {
            let inside = |part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir);
            assert!(path.components().all(inside), "it asked for {}", path.display());
            Ok(beside.to_owned())
        };
        for machine in template.machines() {
            let Ok(definition) = template.definition(Some(&machine.logical_id), &values, &open) else { continue };
            let _ = compile(&definition, &Options::default());
        }
    }
}

/// A world with functions and nothing else.
struct Bare;

impl Resolver for Bare {
    fn global(&mut self, name: &str) -> Global {
        Builtin::from_name(name).map_or(Global::None, Global::Builtin)
    }
    fn states(&mut self, _: &[&str]) -> Option<(Global, usize)> {
        None
    }
}

impl<'a> Host<'a> for Bare {
    fn global(&mut self, _: Global) -> Option<Value<'a>> {
        None
    }
    fn now_ms(&mut self) -> i64 {
        1_577_836_800_000
    }
    fn draw(&mut self) -> u64 {
        4
    }
    fn compile(&mut self, _: &str) -> Option<Result<&'a Expression, EvaluationError>> {
        None
    }
}

/// A JSONata expression, and its input.
pub fn expression(text: &str) {
    let (text, json) = parts(text);
    let Ok(ast) = Ast::parse(text) else { return };
    let expression = compile_expression(&ast, text, &mut Bare);
    let limits =
        jsonata::Limits { fuel: 200_000, depth: 100, length: 10_000, bytes: 16 << 20, ..jsonata::Limits::STATE };
    let json = document(json, USUAL);
    let outcome = || {
        let arena = Arena::new();
        match evaluate(&expression, Value::from_text(&arena, json), &mut Bare, limits, &arena) {
            Ok(Value::Undefined | Value::Function(_)) => "nothing".to_owned(),
            Ok(value) if value.size().bytes_max > 1 << 20 => "large".to_owned(),
            Ok(value) => {
                let json = value.to_json();
                is_json(&json);
                json
            }
            Err(error) => error.code.to_owned(),
        }
    };
    assert_eq!(outcome(), outcome());
}

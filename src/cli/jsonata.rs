//! `jsonata --json --suite`: evaluates expressions that come as JSON Lines, for JSONata's own test suite.
//!
//! Each line has `expr`, and may have `data`, `bindings`, `timelimit` (milliseconds) and `depth`; each answer is one line:
//! `{"result": …}`, `{"undefined": true}` or `{"error": {"code", "message", "position"?}}`. Here alone `$eval` exists.

use super::CliError;
use crate::compile::jsonata::{Resolver, compile};
use crate::definition::jsonata::{Ast, SyntaxError};
use crate::program::expression::{Builtin, Expression, Global};
use crate::value::raw::Form;
use crate::value::{Arena, Member, Value, scan};
use crate::view::json::ObjectWriter;
use crate::vm::Seed;
use crate::vm::jsonata::{EvaluationError, Host, Limits, evaluate};
use clap::Args;
use std::io::{BufRead, Write};
use std::process::ExitCode;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Requests and answers are JSON, one a line
    #[arg(long, required = true)]
    json: bool,
    /// Evaluate as JSONata's test suite does: `$eval` exists, limits come with each request
    #[arg(long, required = true)]
    suite: bool,
}

/// Fuel for a millisecond of a request's time limit: about what a slow machine does.
const FUEL_PER_MS: u64 = 30_000;

/// The reference counts three levels for a call inside a call.
const LEVELS_PER_CALL: u32 = 3;

pub(super) fn run(_: &Arguments) -> Result<ExitCode, CliError> {
    let io = |error| CliError::Io { path: "standard input".to_owned(), error };
    let mut out = std::io::stdout().lock();
    let mut arena = Arena::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(io)?;
        let answer = answer(&line, &arena);
        writeln!(out, "{answer}").and_then(|()| out.flush()).map_err(io)?;
        arena.reset();
    }
    Ok(ExitCode::SUCCESS)
}

fn answer(line: &str, arena: &Arena) -> String {
    let mut object = ObjectWriter::new();
    match evaluated(line, arena) {
        Ok(Value::Undefined | Value::Function(_)) => object.plain("undefined", true),
        Ok(value) => object.plain("result", value.to_json()),
        Err(error) => {
            let mut details = ObjectWriter::new();
            details.text("code", error.code).text("message", &error.message);
            if let Some(position) = error.position {
                details.plain("position", position);
            }
            object.plain("error", details.finish())
        }
    };
    object.finish()
}

fn evaluated<'a>(line: &str, arena: &'a Arena) -> Result<Value<'a>, EvaluationError> {
    let refuse = |message: String| EvaluationError { code: "U0001", message, position: None };
    scan::validate(line.as_bytes()).map_err(|error| refuse(error.message.to_string()))?;
    let line = arena.alloc_str(line.trim());
    let request = Value::raw(arena, line, Form::of(line));
    let member = |key| request.get(arena, key);
    let text = member("expr").and_then(|expr| expr.as_str(arena));
    let text = text.ok_or_else(|| refuse("the request has no \"expr\"".to_owned()))?;
    let bindings = member("bindings").and_then(|b| b.members(arena)).unwrap_or_default();
    let number = |key| member(key).and_then(Value::as_number).and_then(|n| n.as_i64());
    let mut limits = Limits { length: 10_000_000, bytes: 1 << 30, fuel: 2_000_000_000, ..Limits::STATE };
    if let Some(ms) = number("timelimit") {
        limits.fuel = u64::try_from(ms).unwrap_or(0).saturating_mul(FUEL_PER_MS);
    }
    if let Some(depth) = number("depth") {
        limits.depth = u32::try_from(depth).unwrap_or(0) / LEVELS_PER_CALL;
    }
    let expression = compiled(text, bindings, arena).map_err(|error| EvaluationError {
        code: error.code,
        message: error.message,
        position: Some(error.position),
    })?;
    let mut host = SuiteHost { bindings, arena, seed: Seed::new(0, 0, 0) };
    let input = member("data").unwrap_or(Value::Undefined);
    evaluate(expression, input, &mut host, limits, arena).map_err(|error| *error)
}

fn compiled<'a>(text: &str, bindings: &'a [Member<'a>], arena: &'a Arena) -> Result<&'a Expression, SyntaxError> {
    let ast = Ast::parse(text)?;
    // The arena drops nothing: a request's code stays until the command ends, which is short.
    Ok(arena.alloc(compile(&ast, text, &mut SuiteNames { bindings })))
}

struct SuiteNames<'a> {
    bindings: &'a [Member<'a>],
}

impl Resolver for SuiteNames<'_> {
    fn global(&mut self, name: &str) -> Global {
        match self.bindings.iter().position(|binding| binding.key == name) {
            Some(index) => Global::Binding(u32::try_from(index).unwrap_or(u32::MAX)),
            None => Builtin::from_name(name).map_or(Global::None, Global::Builtin),
        }
    }

    fn states(&mut self, _: &[&str]) -> Option<(Global, usize)> {
        None
    }
}

struct SuiteHost<'a> {
    bindings: &'a [Member<'a>],
    arena: &'a Arena,
    seed: Seed,
}

impl<'a> Host<'a> for SuiteHost<'a> {
    fn global(&mut self, global: Global) -> Option<Value<'a>> {
        match global {
            Global::Binding(index) => self.bindings.get(index as usize).map(|binding| binding.value),
            _ => None,
        }
    }

    fn now_ms(&mut self) -> i64 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
    }

    fn draw(&mut self) -> u64 {
        self.seed.draw()
    }

    fn compile(&mut self, text: &str) -> Option<Result<&'a Expression, EvaluationError>> {
        Some(compiled(text, self.bindings, self.arena).map_err(|error| EvaluationError {
            code: error.code,
            message: error.message,
            position: Some(error.position),
        }))
    }
}

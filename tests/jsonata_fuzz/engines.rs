//! The engines that are compared, and what they answer.
//!
//! Each is given an expression and a document and gives a value, nothing, a function or an error. Ours has limits that no
//! drawn expression should reach; the others run in processes of their own (`peer.rs`), and what crashes one is an answer,
//! too.

use expressway::compile::jsonata::{Resolver, compile};
use expressway::definition::jsonata::Ast;
use expressway::program::expression::{Builtin, Expression, Global};
use expressway::value::{Arena, Value};
use expressway::vm::jsonata::{EvaluationError, Host, Limits, evaluate};
use jsonata_core::evaluator::Evaluator;
use jsonata_core::value::JValue;
use serde_json::json;

/// What an expression came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A value.
    Value(serde_json::Value),
    /// Undefined.
    Nothing,
    /// A function, or a value with one inside.
    Function,
    /// An error: its code (empty where it has none) and its place.
    Error(String, Option<u64>),
    /// A panic, or the end of the process.
    Crash,
    /// No answer within some seconds.
    Hang,
}

impl Answer {
    /// As a line between processes: see [`Answer::read`].
    pub fn line(&self) -> String {
        match self {
            Answer::Value(value) => json!({ "result": value }),
            Answer::Nothing => json!({ "undefined": true }),
            Answer::Function => json!({ "function": true }),
            Answer::Error(code, at) => json!({ "error": code, "position": at }),
            Answer::Crash => json!({ "crash": true }),
            Answer::Hang => json!({ "hang": true }),
        }
        .to_string()
    }

    /// The answer that a line is.
    pub fn read(line: &str) -> Answer {
        let answer: serde_json::Value = serde_json::from_str(line).expect("it answers in JSON");
        let says = |name: &str| answer.get(name).is_some();
        match answer.get("error").and_then(serde_json::Value::as_str) {
            Some(code) => Answer::Error(code.to_owned(), answer.get("position").and_then(serde_json::Value::as_u64)),
            None if says("result") => Answer::Value(answer["result"].clone()),
            None if says("hang") => Answer::Hang,
            None if says("crash") => Answer::Crash,
            None if says("function") => Answer::Function,
            None => Answer::Nothing,
        }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Answer::Value(value) => write!(f, "{value}"),
            Answer::Nothing => f.write_str("nothing"),
            Answer::Function => f.write_str("a function"),
            Answer::Error(code, at) => write!(f, "error {code:?} at {at:?}"),
            Answer::Crash => f.write_str("a crash"),
            Answer::Hang => f.write_str("no end"),
        }
    }
}

/// A world with functions and nothing else.
struct Bare;

impl Resolver for Bare {
    fn global(&mut self, name: &str) -> Global {
        let standard = Builtin::from_name(name).filter(|builtin| !builtin.is_added() && *builtin != Builtin::Eval);
        standard.map_or(Global::None, Global::Builtin)
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
        0
    }
    fn draw(&mut self) -> u64 {
        0
    }
    fn compile(&mut self, _: &str) -> Option<Result<&'a Expression, EvaluationError>> {
        None
    }
}

/// What ours answers.
pub fn ours(expression: &str, document: &str) -> Answer {
    std::panic::catch_unwind(|| answered(expression, document)).unwrap_or(Answer::Crash)
}

fn answered(expression: &str, document: &str) -> Answer {
    let arena = Arena::new();
    let ast = match Ast::parse(expression) {
        Ok(ast) => ast,
        Err(error) => return Answer::Error(error.code.to_owned(), Some(error.position as u64)),
    };
    let compiled = compile(&ast, expression, &mut Bare);
    let input = Value::from_text(&arena, document);
    match evaluate(&compiled, input, &mut Bare, Limits::STATE, &arena) {
        Ok(value) => match holds_function(value) {
            true => Answer::Function,
            false if matches!(value, Value::Undefined) => Answer::Nothing,
            false => {
                serde_json::from_str(&value.to_json()).map_or(Answer::Error("no JSON".to_owned(), None), Answer::Value)
            }
        },
        Err(error) => Answer::Error(error.code.to_owned(), error.position.map(|at| at as u64)),
    }
}

fn holds_function(value: Value) -> bool {
    match value {
        Value::Function(_) => true,
        Value::Array(array) => array.items.iter().any(|item| holds_function(*item)),
        Value::Object(object) => object.members.iter().any(|member| holds_function(member.value)),
        _ => false,
    }
}

/// jsonata-core, in this process.
pub struct Core;

impl Core {
    /// What it answers, in this process.
    pub fn answer(expression: &str, document: &str) -> Answer {
        let answer = || {
            let ast = match jsonata_core::parser::parse(expression) {
                Ok(ast) => ast,
                Err(error) => return Answer::Error(code_in(&error.to_string()), None),
            };
            let data = JValue::from_json_str(document).expect("documents are JSON");
            match Evaluator::new().evaluate(&ast, &data) {
                Ok(value) if value.is_undefined() => Answer::Nothing,
                Ok(value) if holds_core_function(&value) => Answer::Function,
                Ok(value) => Answer::Value((&value).into()),
                Err(error) => {
                    let code = error.code().map_or_else(|| code_in(error.message()), str::to_owned);
                    Answer::Error(code, None)
                }
            }
        };
        std::panic::catch_unwind(answer).unwrap_or(Answer::Crash)
    }
}

fn holds_core_function(value: &JValue) -> bool {
    value.is_function()
        || value.is_regex()
        || value.as_array().is_some_and(|items| items.iter().any(holds_core_function))
        || value.as_object().is_some_and(|members| members.values().any(holds_core_function))
}

/// A code such as `S0201` within a message.
fn code_in(message: &str) -> String {
    let is_code = |word: &&str| {
        let bytes = word.as_bytes();
        bytes.len() == 5 && matches!(bytes[0], b'S' | b'T' | b'D' | b'U') && bytes[1..].iter().all(u8::is_ascii_digit)
    };
    message.split(|c: char| !c.is_ascii_alphanumeric()).find(is_code).unwrap_or_default().to_owned()
}

//! The machine that all tests run, and a run with its three outputs as text.
//!
//! What an event does depends on its `do`: `pass`, `name` (the execution's name, which derives from its seed), `fail`,
//! `loop` (until the limit on steps), `task` (a function: `reply` bytes long), `map` (over `items`, some of which may
//! wait), `each` (over `items`, without any time passing); anything else is no rule's. It must never depend on the order in which tests run.

use expressway::batch::{Batch, BatchError, Sink, Source, Summary};
use expressway::compile::compile;
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::function::FunctionError;
use expressway::handler::{Bound, Handlers};
use expressway::program::Program;
use expressway::vm::{Limits, Settings};

const MACHINE: &str = r#"{
  "StartAt": "What",
  "States": {
    "What": {"Type": "Choice", "Choices": [
      {"Variable": "$.do", "StringEquals": "pass", "Next": "Pass"},
      {"Variable": "$.do", "StringEquals": "name", "Next": "Name"},
      {"Variable": "$.do", "StringEquals": "fail", "Next": "Fail"},
      {"Variable": "$.do", "StringEquals": "loop", "Next": "Loop"},
      {"Variable": "$.do", "StringEquals": "task", "Next": "Task"},
      {"Variable": "$.do", "StringEquals": "each", "Next": "Each"},
      {"Variable": "$.do", "StringEquals": "map", "Next": "Map"}]},
    "Pass": {"Type": "Pass", "Result": 1, "ResultPath": "$.done", "End": true},
    "Name": {"Type": "Pass", "Parameters": {"name.$": "$$.Execution.Name",
                                            "time.$": "$$.Execution.StartTime"}, "End": true},
    "Fail": {"Type": "Fail", "ErrorPath": "$.error", "CausePath": "$.cause"},
    "Loop": {"Type": "Pass", "Next": "Loop"},
    "Task": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:repeat", "End": true},
    "Map": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": {"StartAt": "Item", "States": {
      "Item": {"Type": "Choice", "Choices": [
        {"Variable": "$", "NumericLessThan": 0, "Next": "Negative"},
        {"Variable": "$", "NumericGreaterThan": 3000000, "Next": "Longer"},
        {"Variable": "$", "NumericGreaterThan": 2000000, "Next": "Doomed"},
        {"Variable": "$", "NumericGreaterThan": 1000000, "Next": "Later"}], "Default": "Work"},
      "Longer": {"Type": "Wait", "Seconds": 10, "Next": "Work"},
      "Doomed": {"Type": "Wait", "Seconds": 6, "Next": "Negative"},
      "Negative": {"Type": "Fail", "Error": "Negative", "Cause": "an item is negative"},
      "Later": {"Type": "Wait", "Seconds": 5, "Next": "Work"},
      "Work": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:square", "End": true}}},
      "ResultPath": "$.squares", "End": true},
    "Each": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": {"StartAt": "Sign", "States": {
      "Sign": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericLessThan": 0, "Next": "Below"}], "Default": "Square"},
      "Below": {"Type": "Fail", "Error": "Negative", "Cause": "an item is negative"},
      "Square": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:square", "End": true}}},
      "ResultPath": "$.squares", "End": true}
  }
}"#;

/// An item that takes real time, in which other threads run out of work.
pub const SLOW: i64 = 999_999;

/// The machine, compiled.
pub fn program() -> Program {
    let definition = Definition::parse(MACHINE, "machine.asl.json", &ParseOptions::default()).expect("a definition");
    compile(&definition, &Default::default()).expect("a program")
}

/// Who stands behind its tasks.
pub fn bound(program: &Program) -> Bound {
    let handlers = Handlers::new()
        .lambda("repeat", |event, call| {
            let length = event.get("reply").and_then(|n| n.as_i64()).unwrap_or(0);
            Ok(call.text(&"x".repeat(length as usize)))
        })
        .lambda("square", |event, call| {
            let n = event.as_i64().ok_or_else(|| FunctionError::new("NotANumber", "an item is not a number"))?;
            if n == SLOW {
                std::thread::sleep(std::time::Duration::from_millis(4));
            }
            // Long enough for children to be worth sharing.
            let spin = (0..2_000u64).fold(n as u64, |a, b| a.wrapping_mul(31).wrapping_add(b));
            call.json(&(n.wrapping_mul(n), spin))
        });
    handlers.bind(program).expect("all are bound")
}

/// What a run wrote, and what it came to.
#[derive(Debug)]
pub struct Ran {
    pub results: String,
    pub failures: String,
    pub dead_letters: String,
    pub summary: Result<Summary, BatchError>,
}

impl Ran {
    /// The summary of a run that went through.
    pub fn summary(&self) -> &Summary {
        self.summary.as_ref().expect("a summary")
    }

    /// All that has to be the same however the run went.
    pub fn same(&self) -> (String, String, String, String) {
        let json = self.summary().to_json();
        // How many bytes were read depends on the compression, how many were written on the names of the sources, and
        // `timing` on everything.
        let counts = json.split(",\"bytes_read\":").next().unwrap_or_default().to_owned();
        (self.results.clone(), self.failures.clone(), self.dead_letters.clone(), counts)
    }
}

/// Runs sources with the batch that `set` makes of the usual one.
pub fn run<'s>(sources: Vec<Source<'s>>, set: impl FnOnce(Batch) -> Batch) -> Ran {
    let program = program();
    let bound = bound(&program);
    let (mut results, mut failures, mut dead_letters) = (Vec::new(), Vec::new(), Vec::new());
    let limits = Limits { steps: 200, ..Limits::STANDARD };
    let batch = Batch::new(&program, &bound)
        .settings(Settings { limits, ..Settings::default() })
        .results(Sink::new("results", &mut results))
        .failures(Sink::new("failures", &mut failures))
        .dead_letters(Sink::new("dead letters", &mut dead_letters));
    let summary = set(batch).run(sources);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ran { results: text(results), failures: text(failures), dead_letters: text(dead_letters), summary }
}

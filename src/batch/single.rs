//! One execution by itself, with its history: what a person looks at.
//!
//! Flows in: a program, an input, who the execution is. Flows out: a [`Recorded`], which owns all that it holds. The
//! execution is the same one that a run over many events would make of that record, if seed and clock are the same. It
//! must never be used where many run: it copies everything.

use super::drive::{Alone, drive};
use crate::handler::Bound;
use crate::program::Program;
use crate::value::{Arena, Value};
use crate::vm::{Event, Execution, Input, LimitHit, Note, Outcome, Seed, Settings, Start, Tally};

/// What an execution is to start from.
#[derive(Debug, Clone, Copy)]
pub struct Single<'r> {
    /// Its input, which must be one JSON text.
    pub input: &'r str,
    /// Where its random numbers come from.
    pub seed: Seed,
    /// Its clock, in milliseconds since 1970.
    pub now_ms: i64,
    /// Whether its history is kept.
    pub history: bool,
}

/// An execution that is over.
#[derive(Debug, Default)]
pub struct Recorded {
    /// `SUCCEEDED`, `FAILED` or `TIMED_OUT`.
    pub status: &'static str,
    /// The output as compact JSON, if it succeeded.
    pub output: Option<String>,
    /// Error, if it failed with one.
    pub error: Option<String>,
    /// Cause, if it failed with one.
    pub cause: Option<String>,
    /// The limit of ours that ended it, if one did.
    pub limit: Option<&'static str>,
    /// Its result line, as a run would write it, without the line end.
    pub line: String,
    /// Its history, if that was kept.
    pub events: Vec<Event>,
    /// What it decided, if the program was compiled to be watched.
    pub notes: Vec<Note>,
    /// What its clock showed at its end.
    pub end_ms: i64,
    /// Its ARN, and its role's, as the context object has them.
    pub names: (String, String),
    /// What it was counted as.
    pub tally: Tally,
}

impl Single<'_> {
    /// Runs it to its end.
    pub fn run(&self, program: &Program, bound: &Bound, settings: &Settings) -> Recorded {
        let arena = Arena::new();
        let tally = Tally::new(program);
        let input = Input::whole(Value::from_text(&arena, self.input));
        let start = Start { input, seed: self.seed, now_ms: self.now_ms, history: self.history };
        let mut recorded = Recorded::default();
        {
            let mut execution = Execution::new(program, settings, &arena, start);
            execution.count_in(&tally);
            let outcome = drive(&mut execution, bound, &mut bound.counters(), &Alone);
            let mut line = b"{".to_vec();
            super::wording::write_outcome(&outcome, &arena, &mut line);
            line.push(b'}');
            // What a writer of JSON writes is text.
            recorded.line = String::from_utf8(line).unwrap_or_default();
            recorded.names = execution.names();
            recorded.notes = execution.take_notes();
            recorded.events = execution.take_events();
            recorded.end_ms = execution.now_ms();
            match outcome {
                Outcome::Succeeded(value) => {
                    (recorded.status, recorded.output) = ("SUCCEEDED", Some(value.to_json()));
                }
                Outcome::Failed(failure) => {
                    recorded.status = "FAILED";
                    recorded.error = failure.error.map(str::to_owned);
                    recorded.cause = failure.cause_text(&arena).map(str::to_owned);
                }
                Outcome::TimedOut(limit) => {
                    recorded.status = "TIMED_OUT";
                    recorded.limit = (!matches!(limit, LimitHit::TimeoutSeconds(_))).then(|| limit.name());
                }
            }
        }
        recorded.tally = tally;
        recorded
    }
}

//! One line through one program, its result written down: what comparisons and measurements share.
//!
//! It does to a line what a worker of a run does, told or run, and gives the same bytes; only counts and sinks are not its
//! matter. It must never allocate but in the arena and in what it writes to.

use super::drive::{Helpers, drive_moving};
use super::wording::{SUCCEEDED, write_outcome};
use crate::handler::Bound;
use crate::program::Program;
use crate::value::scan::{LineView, Lines, Slot};
use crate::value::tree::Span;
use crate::value::{Arena, Value};
use crate::vm::shortcut::{Calls, Scanned, Shortcuts};
use crate::vm::{Asker, Execution, Input, Outcome, Seed, Settings, Start, Tally};

/// A program and all that its executions share.
#[derive(Clone, Copy)]
pub(crate) struct Once<'r> {
    pub program: &'r Program,
    pub bound: &'r Bound,
    pub settings: &'r Settings,
    /// Its ways on which only the input decides, if they may be taken.
    pub shortcuts: Option<Shortcuts<'r>>,
}

/// Who an execution is, and where it is counted.
#[derive(Clone, Copy)]
pub(crate) struct Who<'w> {
    pub seed: Seed,
    pub now_ms: i64,
    pub tally: &'w Tally,
    pub helpers: &'w dyn Helpers,
}

/// What an execution came to, beside what was written.
#[derive(Clone, Copy)]
pub(crate) struct Ended {
    /// `SUCCEEDED`, `FAILED` or `TIMED_OUT`.
    pub status: &'static str,
    /// The end that it was told by, if it was not run.
    pub told: Option<usize>,
}

impl Once<'_> {
    /// Executes the line at hand, which is JSON and has filled the slots; writes the members of its result line.
    #[inline]
    pub fn run(&self, lines: &Lines, slots: &[Slot], arena: &Arena, who: Who, out: &mut Vec<u8>) -> Ended {
        let view = LineView::new(lines, slots, self.program.slots());
        let asker = Asker::new(self.program, who.seed.into(), arena, view);
        let mut calls = Calls::of(self.bound.answers(), &asker);
        if let Some(shortcuts) = self.shortcuts {
            let input = scanned(&shortcuts, lines, slots, who.now_ms);
            if let Some(told) = shortcuts.tell(&input, arena, who.helpers, &mut calls) {
                let ended = |status| Ended { status, told: Some(told.index) };
                if told.succeeds() {
                    out.extend_from_slice(SUCCEEDED.as_bytes());
                    told.write((&input, None), out);
                    return ended("SUCCEEDED");
                }
                if let Some(failure) = told.failure(self.program, &input, arena) {
                    write_outcome(&Outcome::Failed(failure), arena, out);
                    return ended("FAILED");
                }
            }
        }
        let input = input(self.program, lines, slots, arena);
        let start = Start { input, seed: who.seed, now_ms: who.now_ms, history: false };
        let mut execution = Execution::new(self.program, self.settings, arena, start);
        execution.count_in(who.tally);
        let mut counters = self.bound.counters_of(who.seed);
        counters.give_again(calls.given());
        let status = drive_moving(execution, self.bound, &mut counters, who.helpers, |_, outcome, arena| {
            write_outcome(&outcome, arena, out);
            match outcome {
                Outcome::Succeeded(_) => "SUCCEEDED",
                Outcome::Failed(_) => "FAILED",
                Outcome::TimedOut(_) => "TIMED_OUT",
            }
        });
        Ended { status, told: None }
    }
}

/// The line at hand as it is told without being run.
#[inline(always)]
pub(crate) fn scanned<'a>(shortcuts: &Shortcuts, lines: &'a Lines, slots: &'a [Slot], now_ms: i64) -> Scanned<'a> {
    let (source, span) = lines.around();
    let tokens = shortcuts.opens().then(|| lines.tokens());
    Scanned { source, span, form: lines.form(), slots, tokens, now_ms }
}

/// The line at hand as an execution takes it: opened, if its program looks into documents.
#[inline]
pub(crate) fn input<'a>(program: &Program, lines: &'a Lines, slots: &'a [Slot], arena: &'a Arena) -> Input<'a> {
    let (line, tokens) = (lines.line(), lines.tokens());
    let form = line.form();
    let value = match program.opens_input() {
        true => tokens.open(Span { start: 0, end: line.text.len() as u32 }, arena),
        false => Value::raw(arena, line.text, form),
    };
    Input { value, text: line.text, form, slots, tokens: Some(tokens) }
}

//! Programs that count: the same machine with instructions in between that say where an execution has come by.
//!
//! The plain program has none of them and pays nothing. What an execution comes to is the same either way: counting
//! instructions take no step, no time and no event. It must never change what is compiled but by adding them, and, where
//! rules are watched, by looking at each rule by itself instead of through a table.

use super::scope::Place;
use super::{CompileError, Compiler, Options};
use crate::definition::{Choice, Definition, Flow, Retrier};
use crate::program::point::{Point, PointKind, step};
use crate::program::{Addr, Op, Program, StateId, TestId};
use crate::value::tree::Span;

pub use crate::program::point::Instrument;

/// Compiles a machine as [`compile`](super::compile) does, with instructions that count.
///
/// ```
/// use expressway::compile::instrument::{Instrument, compile};
/// use expressway::definition::{Definition, ParseOptions};
/// let text = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}}}"#;
/// let definition = Definition::parse(text, "two.asl.json", &ParseOptions::default()).unwrap();
/// let program = compile(&definition, &Default::default(), Instrument::Coverage).unwrap();
/// assert_eq!(program.points().len(), 2);
/// ```
///
/// # Errors
///
/// As [`compile`](super::compile).
pub fn compile(
    definition: &Definition,
    options: &Options,
    instrument: Instrument,
) -> Result<Program, Vec<CompileError>> {
    super::compile_with(definition, options, instrument, None)
}

/// Compiles a machine of which some states' tasks are answered by mocks: the functions that these name are not compiled in,
/// though they be written in ASL.
///
/// # Errors
///
/// As [`compile`](super::compile).
pub fn compile_mocked(
    definition: &Definition,
    options: &Options,
    instrument: Instrument,
    mocked: &dyn Fn(&str) -> bool,
) -> Result<Program, Vec<CompileError>> {
    super::compile_with(definition, options, instrument, Some(mocked))
}

/// A place to be counted whose code comes later.
pub(super) struct Mark {
    pub state: StateId,
    kind: PointKind,
    line_number: u32,
}

impl<'d> Compiler<'d> {
    fn covers(&self) -> bool {
        self.instrument.covers()
    }

    /// A place that is to be counted, if such places are.
    pub(super) fn mark_of(&self, place: &Place, state: StateId, span: Span, kind: PointKind) -> Option<Mark> {
        let line_number = place.source.position(span.start).line_number;
        self.covers().then_some(Mark { state, kind, line_number })
    }

    /// Counts a place.
    pub(super) fn mark(&mut self, mark: Mark) {
        let Mark { state, kind, line_number } = mark;
        let step = if kind == PointKind::Entered { step(&self.builder.state_mut(state).name) } else { 0 };
        let point = self.builder.point(Point { kind, state, line_number, step });
        self.builder.emit(Op::Count { point });
    }

    /// Counts a place, if such places are counted.
    pub(super) fn mark_here(&mut self, place: &Place, state: StateId, span: Span, kind: PointKind) {
        if let Some(mark) = self.mark_of(place, state, span, kind) {
            self.mark(mark);
        }
    }

    /// Counts that a state of the machine itself was entered, if that is what is counted.
    pub(super) fn mark_entered(&mut self, place: &Place, state: StateId) {
        if self.instrument == Instrument::Trail && place.within.is_none() {
            self.mark(Mark { state, kind: PointKind::Entered, line_number: 0 });
        }
    }

    /// Notes that a rule is about to be tried, if rules are watched.
    pub(super) fn mark_tried(&mut self, place: &Place, state: StateId, choice: &Choice, n: usize) {
        if self.instrument == Instrument::Watch {
            self.mark_here(place, state, choice.rules[n].span, PointKind::Tried(n as u32));
        }
    }

    /// Notes what a comparison will see, if rules are watched.
    pub(super) fn watch(&mut self, test: TestId) {
        if self.instrument == Instrument::Watch {
            self.builder.emit(Op::Watch { test });
        }
    }

    /// Leaves a state, and counts the transition once it is made: what fails on leaving has gone nowhere.
    pub(super) fn leave_counted(&mut self, place: &Place, state: StateId, flow: Flow, leave: Op) {
        let Op::Leave { with, to, .. } = leave else { return self.builder.emit(leave) };
        if !self.covers() {
            return self.builder.emit(leave);
        }
        let name = match flow {
            Flow::Next(next) => place.scope.state(next).map(|state| state.name.clone()),
            Flow::End | Flow::None => None,
        };
        let counted = self.builder.label();
        self.builder.emit(Op::Leave { state, with, to: counted });
        self.builder.place(counted);
        let line_number = self.builder.state_mut(state).line_number;
        self.mark(Mark { state, kind: PointKind::Transition(name), line_number });
        self.builder.emit(Op::Jump { to });
    }

    /// Where a retry goes on: where the state's attempt begins, by way of its count.
    pub(super) fn retry_entry(&mut self, place: &Place, state: StateId, retrier: &Retrier, n: usize) -> Addr {
        let attempt = self.builder.attempt_of(state);
        // One that allows no retry is there for the errors that it keeps from others.
        if retrier.max_attempts == 0 {
            return attempt;
        }
        match self.mark_of(place, state, retrier.span, PointKind::Retrier(n as u32)) {
            None => attempt,
            Some(mark) => {
                let entry = self.builder.here();
                self.mark(mark);
                self.builder.emit(Op::Jump { to: attempt });
                entry
            }
        }
    }
}

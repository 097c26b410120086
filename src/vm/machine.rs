//! The execution and its loop.
//!
//! The loop trusts the program: the verifier has seen to it that operands are in their pools, jumps land, and the stack
//! never runs dry. What an instruction cannot do becomes a [`Failure`], which Retry, Catch and the enclosing scopes look
//! at (`rescue.rs`). Registers and stack are values on the arena: an execution allocates nothing else.

use super::context::{MapItem, Wanted};
use super::event::{Event, EventKind};
use super::history::History;
use super::outcome::{Failure, LimitHit, Origin, Outcome};
use super::request::Request;
use super::room::Room;
use super::seed::Stream;
use super::start::{Input, Settings, Start};
use super::tally::Tally;
use super::watch::notes_of;
use crate::program::{Addr, AssignId, Op, Program, Register, Root, StateId, TaskId};
use crate::value::{Arena, Value};

/// What [`Execution::run`] came to.
#[derive(Debug)]
pub enum Step<'a> {
    /// The execution is over.
    Done(Outcome<'a>),
    /// It needs something.
    Request(Request<'a>),
}

/// One execution, or one child of one.
pub struct Execution<'a> {
    pub(super) program: &'a Program,
    pub(super) settings: &'a Settings,
    pub(super) arena: &'a Arena,
    pub(super) input: Input<'a>,
    pub(super) pc: Addr,
    pub(super) doc: Value<'a>,
    pub(super) eff: Value<'a>,
    pub(super) res: Value<'a>,
    pub(super) out: Value<'a>,
    pub(super) stack: bumpalo::collections::Vec<'a, Value<'a>>,
    pub(super) variables: &'a mut [Option<Value<'a>>],
    pub(super) assigned: Option<(AssignId, &'a [Value<'a>])>,
    pub(super) visit: Visit<'a>,
    /// The caller's state while a handler written in ASL runs.
    pub(super) caller: Option<&'a Caller<'a>>,
    /// The task, and its arguments, whose handler's one state is being evaluated in its place.
    pub(super) inside: Option<(TaskId, Value<'a>)>,
    pub(super) waiting: Waiting<'a>,
    pub(super) family: Family<'a>,
    /// Whether what it does belongs to no history: a handler written in ASL has none, nor has the selection of items for
    /// batches.
    pub(super) quiet: bool,
    /// Where states, retries and catches are counted, if somebody counts them.
    pub(super) tally: Option<&'a Tally>,
    /// A failure that came from outside, for the next run to look at.
    pub(super) pending: Option<Stop<'a>>,
    /// Whether the Map or Parallel at hand has started its children.
    pub(super) forked: bool,
    pub(super) seed: Stream<'a>,
    /// How many calls it has made, its children's not counted.
    pub(super) calls: u32,
    /// Where the execution's made-up name comes from: the same however many numbers have been drawn.
    pub(super) name_seed: Stream<'a>,
    pub(super) started_ms: i64,
    pub(super) now_ms: i64,
    pub(super) deadline_ms: i64,
    pub(super) steps: u64,
    pub(super) room: Room,
    pub(super) history: History,
}

/// The visit of a state: from its Entered event until it is left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visit<'a> {
    pub state: Option<StateId>,
    pub entered: u32,
    pub entered_ms: i64,
    pub retry_count: u32,
    /// What only few visits have.
    pub rare: Option<&'a Rare<'a>>,
}

/// What only few visits have.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rare<'a> {
    /// How often each retrier has been used; empty until one is.
    pub used: &'a [u32],
    /// The token of a `.waitForTaskToken` task, while its arguments are evaluated and it runs.
    pub token: Option<&'a str>,
    /// Whether a catcher has taken over: what fails there, nothing of this state catches or tries again.
    pub caught: bool,
}

/// A caller of a handler written in ASL.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    pub pc: Addr,
    pub doc: Value<'a>,
    pub eff: Value<'a>,
    pub visit: Visit<'a>,
    pub task: TaskId,
    pub arguments: Value<'a>,
    pub stack: usize,
    pub called_ms: i64,
    pub timeout_ms: Option<i64>,
    /// Whether it has no history either.
    pub quiet: bool,
}

/// What an execution that stands still is waiting for.
#[derive(Clone, Copy)]
pub(super) enum Waiting<'a> {
    Nothing,
    Task { task: TaskId, arguments: Value<'a>, called_ms: i64, timeout_ms: Option<i64> },
    Time { until_ms: i64 },
    Children,
}

/// Where an execution stands among others.
#[derive(Clone, Copy)]
pub(super) enum Family<'a> {
    /// It stands alone: its ids are those of the history.
    Root,
    /// It is a child: its ids count from 1 and are placed when it is joined.
    Child {
        /// The input of the Map state, for ItemSelector.
        outer: Value<'a>,
        /// The item of the innermost Map that it belongs to.
        item: Option<MapItem<'a>>,
        /// Whether it is an item of a Map, rather than a branch.
        iteration: bool,
        /// The Map or Parallel state, which an ItemSelector's failure names.
        state: Origin<'a>,
        /// What it knows of the execution that it belongs to.
        execution: ExecutionBasics<'a>,
    },
}

/// What a child knows of the execution that it belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExecutionBasics<'a> {
    pub input: Value<'a>,
    pub started_ms: i64,
    pub name_seed: Stream<'a>,
}

impl<'a> Execution<'a> {
    /// An execution of a whole machine, about to run.
    pub fn new(program: &'a Program, settings: &'a Settings, arena: &'a Arena, start: Start<'a>) -> Execution<'a> {
        let machine = program.timeout_seconds().map(|s| s.saturating_mul(1_000).min(i64::MAX as u64 / 2) as i64);
        let limit = settings.limits.virtual_ms;
        let run_ms = machine.unwrap_or(i64::MAX).min(limit.unwrap_or(i64::MAX));
        // The first state's Entered event does not point at ExecutionStarted, whose id is 1.
        let started = |input: Value| {
            let kind = EventKind::ExecutionStarted { input: input.to_json() };
            vec![Event { id: 1, previous: 0, time_ms: start.now_ms, kind }]
        };
        let events = start.history.then(|| started(start.input.value));
        // Made where the caller wants it: nothing may be done to it here, or it would be copied.
        Execution {
            program,
            settings,
            arena,
            input: start.input,
            pc: Addr(0),
            doc: start.input.value,
            eff: start.input.value,
            res: Value::Null,
            out: Value::Null,
            stack: bumpalo::collections::Vec::with_capacity_in(program.stack_max() as usize, arena),
            variables: arena.alloc_slice_fill_copy(program.variables().len(), None),
            assigned: None,
            visit: Visit::NONE,
            caller: None,
            inside: None,
            waiting: Waiting::Nothing,
            family: Family::Root,
            quiet: false,
            tally: None,
            pending: None,
            forked: false,
            seed: start.seed.into(),
            calls: 0,
            name_seed: start.seed.into(),
            started_ms: start.now_ms,
            now_ms: start.now_ms,
            deadline_ms: start.now_ms.saturating_add(run_ms),
            steps: settings.limits.steps,
            room: Room::new(&settings.limits, settings.limits.execution_bytes, arena),
            history: History { count: 1, events, notes: notes_of(program, start.history), ..History::default() },
        }
    }

    /// Makes it one that is known by what its input says, whatever it started with; before it has run.
    #[inline]
    pub(crate) fn known_by(&mut self, stream: Stream<'a>) {
        (self.seed, self.name_seed) = (stream, stream);
    }

    /// Runs until the execution is over or needs something. Must not be called again before it has got what it asked
    /// for, nor after its end.
    pub fn run(&mut self) -> Step<'a> {
        debug_assert!(matches!(self.waiting, Waiting::Nothing), "asked to run while it waits for an answer");
        if self.now_ms >= self.deadline_ms {
            return Step::Done(self.timed_out(self.time_is_over()));
        }
        if let Some(request) = self.make_room() {
            return Step::Request(request);
        }
        loop {
            let turn = match self.pending.take() {
                Some(stop) => Err(stop),
                None => self.advance(),
            };
            match turn {
                Ok(Turn::Request(request)) => return Step::Request(request),
                Ok(Turn::End(value)) => match self.end(value) {
                    Some(outcome) => return Step::Done(outcome),
                    None => continue,
                },
                Err(Stop(Reason::Limit(limit))) => return Step::Done(self.timed_out(*limit)),
                Err(Stop(Reason::Crowded)) => return Step::Request(self.again_with_room()),
                Err(Stop(Reason::Failure(failure))) => match self.rescue(*failure) {
                    Rescue::Going => {}
                    Rescue::Wait(until_ms) => {
                        if let Some(request) = self.wait_until(until_ms) {
                            return Step::Request(request);
                        }
                    }
                    Rescue::Fails(outcome) => return Step::Done(outcome),
                },
            }
        }
    }

    /// The time that was waited for has come.
    pub fn wake(&mut self) {
        if let Waiting::Time { until_ms } = self.waiting {
            self.set_clock(until_ms);
            self.waiting = Waiting::Nothing;
        }
    }

    /// Lets real time pass while the execution stands still: a task that takes longer than its TimeoutSeconds has lapsed
    /// when it is answered.
    pub fn pass_time(&mut self, now_ms: i64) {
        self.set_clock(now_ms);
    }

    /// The history so far, if it was kept.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.history.events.take().unwrap_or_default()
    }

    /// How many events there have been.
    pub fn event_count(&self) -> u32 {
        self.history.count
    }

    /// How many steps are left of the limit.
    pub fn steps_left(&self) -> u64 {
        self.steps
    }

    /// Counts what the execution goes through.
    pub fn count_in(&mut self, tally: &'a Tally) {
        self.tally = Some(tally);
    }

    /// Where it is counted, for its children.
    pub fn tally(&self) -> Option<&'a Tally> {
        self.tally
    }

    /// The arena that its values live in.
    pub fn arena(&self) -> &'a Arena {
        self.arena
    }

    /// The execution's clock, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    fn advance(&mut self) -> Result<Turn<'a>, Stop<'a>> {
        let ops = self.program.ops();
        loop {
            let op = &ops[self.pc.index()];
            self.pc = Addr(self.pc.0 + 1);
            // Matched in its place: only the operands that are wanted are copied.
            match *op {
                Op::Enter { state } => self.enter(state)?,
                Op::Leave { state, with, to } => self.leave(state, with, to)?,
                Op::Jump { to } => self.pc = to,
                Op::Finish {} => return Ok(Turn::End(self.doc)),
                Op::Fail { error, cause } => return Err(self.fail_state(error, cause)),
                Op::Const { value } => {
                    let constant = self.program.constant(value);
                    self.stack.push(Value::raw(self.arena, &constant.text, constant.form));
                }
                Op::Load { from } => {
                    let value = self.load(from);
                    self.stack.push(value);
                }
                Op::Path { from, path, blame } => {
                    let value = self.path(from, path, blame)?;
                    self.stack.push(value);
                }
                Op::Object { shape } => self.object(shape)?,
                Op::Array { length } => self.array(length)?,
                Op::Call { function, arguments, blame } => self.call(function, arguments, blame)?,
                Op::Evaluate { expression, blame } => self.evaluate(expression, blame)?,
                Op::Expect { kind, blame } => self.expect(kind, blame)?,
                Op::WhenTrue { to } => {
                    if self.pop().as_bool() == Some(true) {
                        self.pc = to;
                    }
                }
                Op::Store { to } => {
                    let value = self.pop();
                    *self.register(to) = value;
                }
                Op::Move { to, from } => {
                    let value = *self.register(from);
                    *self.register(to) = value;
                }
                Op::Place { path, blame } => self.place(path, blame)?,
                Op::Assign { variables } => {
                    let count = self.program.assign(variables).len();
                    let values = self.pop_many(count);
                    self.assigned = Some((variables, values));
                }
                Op::When { test, to } => {
                    if self.holds(test)? {
                        self.pc = to;
                    }
                }
                Op::Switch { table } => self.switch(table)?,
                Op::NoMatch {} => {
                    let text = "Failed to transition out of the state. The state does not point to a next state.";
                    return Err(self.stop(self.runtime(text)));
                }
                Op::Wait { wait } => {
                    let until_ms = self.wait_end(*self.program.wait(wait))?;
                    if let Some(request) = self.wait_until(until_ms) {
                        return Ok(Turn::Request(request));
                    }
                }
                Op::Invoke { task } => {
                    if let Some(request) = self.invoke(task)? {
                        return Ok(Turn::Request(request));
                    }
                }
                Op::Begin { task, body } => self.begin(task, body)?,
                Op::Return { task } => {
                    let value = self.pop();
                    self.end_call(task, value);
                    if let Some(stop) = self.pending.take() {
                        return Err(stop);
                    }
                }
                Op::Count { point } => self.count(point),
                Op::Watch { test } => self.watch(test),
                Op::Fork { fork } => {
                    let children = self.fork(fork)?;
                    self.waiting = Waiting::Children;
                    return Ok(Turn::Request(Request::Children(self.arena.alloc(children))));
                }
                Op::Detach {} => self.detach(),
            }
        }
    }

    /// Counts a state that is entered.
    pub(super) fn step(&mut self, state: StateId) -> Result<(), Stop<'a>> {
        self.spend_step()?;
        if let Some(tally) = self.tally {
            tally.enter(state);
        }
        Ok(())
    }

    fn enter(&mut self, state: StateId) -> Result<(), Stop<'a>> {
        self.enter_with_room()?;
        self.step(state)?;
        self.eff = self.doc;
        self.event(|e| {
            let info = e.program.state(state);
            EventKind::Entered { state_type: info.kind.name(), name: info.name.to_string(), input: e.doc.to_json() }
        });
        self.visit = Visit { state: Some(state), entered: self.history.count, entered_ms: self.now_ms, ..Visit::NONE };
        self.within_history()
    }

    /// Counts a step that is no new state: a retry.
    pub(super) fn step_again(&mut self) -> Result<(), Stop<'a>> {
        self.spend_step()?;
        self.within_history()
    }

    fn spend_step(&mut self) -> Result<(), Stop<'a>> {
        if self.steps == 0 {
            return Err(self.stop_at(LimitHit::Steps(self.settings.limits.steps)));
        }
        self.steps -= 1;
        Ok(())
    }

    fn leave(&mut self, state: StateId, with: Register, to: Addr) -> Result<(), Stop<'a>> {
        let out = *self.register(with);
        if out.size().bytes_max > self.settings.limits.between_states() {
            self.leaves_with(state, out)?;
        }
        let assigned = self.assigned.take();
        if let Some((variables, values)) = assigned {
            self.assigns(state, variables, values)?;
            for (variable, value) in self.program.assign(variables).iter().zip(values) {
                self.variables[variable.index()] = Some(*value);
            }
        }
        self.doc = out;
        self.event(|e| {
            let info = e.program.state(state);
            let assigned = assigned.map_or_else(Vec::new, |(variables, values)| {
                let names = e.program.assign(variables).iter().map(|v| e.program.variable(*v).to_owned());
                names.zip(values.iter().map(|v| v.to_json())).collect()
            });
            EventKind::Exited {
                state_type: info.kind.name(),
                name: info.name.to_string(),
                output: e.doc.to_json(),
                assigned,
            }
        });
        self.pc = to;
        Ok(())
    }

    /// The end of a scope: the execution's, or that of a handler written in ASL, whose caller goes on.
    fn end(&mut self, value: Value<'a>) -> Option<Outcome<'a>> {
        if self.caller.is_some() {
            self.return_to_caller(Ok(value));
            return None;
        }
        if matches!(self.family, Family::Root) {
            self.event(|_| EventKind::ExecutionSucceeded { output: value.to_json() });
        }
        Some(Outcome::Succeeded(value))
    }

    fn timed_out(&mut self, limit: LimitHit) -> Outcome<'a> {
        Tally::time_out(self.tally, self.visit.state);
        if let Some(caller) = self.caller.take() {
            self.quiet = caller.quiet;
        }
        if matches!(self.family, Family::Root) {
            self.history.previous = 0;
            self.event(|_| EventKind::ExecutionTimedOut { error: "States.Timeout".to_owned() });
        }
        Outcome::TimedOut(limit)
    }

    fn fail_state(&mut self, error: bool, cause: bool) -> Stop<'a> {
        let cause = cause.then(|| self.pop());
        let error = error.then(|| self.pop());
        let mut texts = [None, None];
        for (text, (value, field)) in texts.iter_mut().zip([(error, "ErrorPath"), (cause, "CausePath")]) {
            let Some(value) = value else { continue };
            match value.as_str(self.arena) {
                Some(string) => *text = Some(string),
                // What AWS says of it is not recorded.
                None => {
                    let message = format!("The {field} parameter does not reference a string: {}", value.to_json());
                    return self.stop(self.runtime(&message));
                }
            }
        }
        self.stop(Failure::reported(texts[0], texts[1]))
    }
    pub(super) fn pop(&mut self) -> Value<'a> {
        // The verifier has followed every way through the program: there is a value.
        self.stack.pop().unwrap_or(Value::Null)
    }

    pub(super) fn pop_many(&mut self, count: usize) -> &'a [Value<'a>] {
        let at = self.stack.len().saturating_sub(count);
        let values = self.arena.alloc_slice_copy(&self.stack[at..]);
        self.stack.truncate(at);
        values
    }

    pub(super) fn register(&mut self, register: Register) -> &mut Value<'a> {
        match register {
            Register::Doc => &mut self.doc,
            Register::Eff => &mut self.eff,
            Register::Res => &mut self.res,
            Register::Out => &mut self.out,
        }
    }

    fn load(&mut self, from: Root) -> Value<'a> {
        match from {
            Root::Register(register) => *self.register(register),
            Root::Outer => self.outer(),
            Root::Context => self.context(Wanted::ALL),
            Root::Variable(variable) => self.variables[variable.index()].unwrap_or(Value::Null),
            Root::Slot(_) => self.input.value,
        }
    }

    pub(super) fn outer(&self) -> Value<'a> {
        match self.family {
            Family::Child { outer, .. } => outer,
            Family::Root => self.eff,
        }
    }
}

impl<'a> Visit<'a> {
    /// What only few visits have; nothing, where there is none.
    pub fn rare(&self) -> Rare<'a> {
        self.rare.copied().unwrap_or_default()
    }

    pub(super) const NONE: Visit<'static> =
        Visit { state: None, entered: 0, entered_ms: 0, retry_count: 0, rare: None };
}

/// What a stretch of instructions came to.
pub(super) enum Turn<'a> {
    Request(Request<'a>),
    End(Value<'a>),
}

/// Why a stretch of instructions stopped: one word, so that what does not stop pays nothing for it.
#[derive(Clone, Copy)]
pub(super) struct Stop<'a>(pub(super) &'a Reason<'a>);

/// What stopped a stretch of instructions.
pub(super) enum Reason<'a> {
    Failure(Failure<'a>),
    Limit(LimitHit),
    Crowded,
}

/// What became of a failure.
pub(super) enum Rescue<'a> {
    /// The execution goes on, at a catcher or in a caller.
    Going,
    /// It is tried again at this time.
    Wait(i64),
    /// Nothing helped.
    Fails(Outcome<'a>),
}

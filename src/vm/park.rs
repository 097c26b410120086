//! Executions that stand still, owned: they can be kept, sent to another thread, and go on there over fresh memory.
//!
//! Inside an execution values borrow; parking turns those that it still needs into compact text, and the history into
//! itself. What the scanner knew of the input is given up: slots are looked up in the text when they are wanted.
//!
//! It must never change what the execution goes on to do: parked or not, the outcome is the same.

use super::context::MapItem;
use super::event::Event;
use super::history::History;
use super::machine::{Caller, Execution, ExecutionBasics, Family, Rare, Visit, Waiting};
use super::outcome::Origin;
use super::room::Room;
use super::seed::Seed;
use super::start::{Input, Settings};
use super::watch::{Note, Notes};
use crate::program::{Addr, AssignId, Program, StateId, TaskId};
use crate::value::raw::Form;
use crate::value::{Arena, Value};

/// An execution that waits for a task or for a time, owned.
#[derive(Debug, Clone)]
pub struct Parked {
    input: Text,
    pc: Addr,
    doc: Text,
    eff: Text,
    res: Text,
    out: Text,
    stack: Vec<Text>,
    variables: Vec<Option<Text>>,
    assigned: Option<(AssignId, Vec<Text>)>,
    visit: ParkedVisit,
    caller: Option<ParkedCaller>,
    waiting: ParkedWaiting,
    family: Option<ParkedFamily>,
    quiet: bool,
    forked: bool,
    seed: Seed,
    calls: u32,
    name_seed: Seed,
    started_ms: i64,
    now_ms: i64,
    deadline_ms: i64,
    steps: u64,
    bytes: u64,
    count: u32,
    previous: u32,
    pace: Vec<(i64, u32)>,
    events: Option<Vec<Event>>,
    notes: Option<Vec<Note>>,
}

/// Compact JSON text.
#[derive(Debug, Clone)]
struct Text(Box<str>);

#[derive(Debug, Clone)]
struct ParkedVisit {
    state: Option<StateId>,
    entered: u32,
    entered_ms: i64,
    retry_count: u32,
    used: Vec<u32>,
    token: Option<Box<str>>,
}

#[derive(Debug, Clone)]
struct ParkedCaller {
    pc: Addr,
    doc: Text,
    eff: Text,
    visit: ParkedVisit,
    task: TaskId,
    arguments: Text,
    stack: usize,
    called_ms: i64,
    timeout_ms: Option<i64>,
    quiet: bool,
}

#[derive(Debug, Clone)]
enum ParkedWaiting {
    Nothing,
    Task { task: TaskId, arguments: Text, called_ms: i64, timeout_ms: Option<i64> },
    Time { until_ms: i64 },
    Children,
}

#[derive(Debug, Clone)]
struct ParkedFamily {
    outer: Text,
    item: Option<(usize, Text)>,
    iteration: bool,
    state: (Box<str>, u32),
    input: Text,
    started_ms: i64,
    name_seed: Seed,
}

/// Why an execution cannot be parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the execution has been answered and not run since: run it before parking it")]
pub struct NotAtRest;

impl<'a> Execution<'a> {
    /// Everything that the execution needs in order to go on, owned.
    ///
    /// # Errors
    ///
    /// It is not at rest: a failure that an answer brought is still to be looked at by [`Execution::run`].
    pub fn park(self) -> Result<Parked, NotAtRest> {
        match self.pending {
            Some(_) => Err(NotAtRest),
            None => Ok(self.leave_memory()),
        }
    }

    /// The program that it runs.
    pub fn program(&self) -> &'a Program {
        self.program
    }

    /// What it runs with.
    pub fn settings(&self) -> &'a Settings {
        self.settings
    }

    /// The same for one that has just asked for [`Request::Room`](super::Request), which nothing does with a failure pending.
    pub(crate) fn leave_memory(mut self) -> Parked {
        Parked {
            input: own(self.input.value),
            pc: self.pc,
            doc: own(self.doc),
            eff: own(self.eff),
            res: own(self.res),
            out: own(self.out),
            stack: self.stack.iter().map(|v| own(*v)).collect(),
            variables: self.variables.iter().map(|v| v.map(own)).collect(),
            assigned: self.assigned.map(|(id, values)| (id, values.iter().map(|v| own(*v)).collect())),
            visit: ParkedVisit::of(&self.visit),
            caller: self.caller.map(|caller| ParkedCaller {
                pc: caller.pc,
                doc: own(caller.doc),
                eff: own(caller.eff),
                visit: ParkedVisit::of(&caller.visit),
                task: caller.task,
                arguments: own(caller.arguments),
                stack: caller.stack,
                called_ms: caller.called_ms,
                timeout_ms: caller.timeout_ms,
                quiet: caller.quiet,
            }),
            waiting: match self.waiting {
                Waiting::Nothing => ParkedWaiting::Nothing,
                Waiting::Task { task, arguments, called_ms, timeout_ms } => {
                    ParkedWaiting::Task { task, arguments: own(arguments), called_ms, timeout_ms }
                }
                Waiting::Time { until_ms } => ParkedWaiting::Time { until_ms },
                Waiting::Children => ParkedWaiting::Children,
            },
            family: match self.family {
                Family::Root => None,
                Family::Child { outer, item, iteration, state, execution } => Some(ParkedFamily {
                    outer: own(outer),
                    item: item.map(|item| (item.index, own(item.value))),
                    iteration,
                    state: (state.state.into(), state.entered),
                    input: own(execution.input),
                    started_ms: execution.started_ms,
                    name_seed: execution.name_seed.get(),
                }),
            },
            quiet: self.quiet,
            forked: self.forked,
            seed: self.seed.get(),
            calls: self.calls,
            name_seed: self.name_seed.get(),
            started_ms: self.started_ms,
            now_ms: self.now_ms,
            deadline_ms: self.deadline_ms,
            steps: self.steps,
            count: self.history.count,
            previous: self.history.previous,
            bytes: self.room.whole,
            pace: std::mem::take(&mut self.history.pace),
            events: self.history.events.take(),
            notes: self.history.notes.take().map(|notes| notes.list),
        }
    }
}

impl Parked {
    /// The execution again, over an arena and a program that may be on another thread. The program and the settings must
    /// be those that it was parked under.
    pub fn resume<'a>(self, program: &'a Program, settings: &'a Settings, arena: &'a Arena) -> Execution<'a> {
        let mut stack =
            bumpalo::collections::Vec::with_capacity_in(self.stack.len().max(program.stack_max() as usize), arena);
        stack.extend(self.stack.iter().map(|t| t.borrow(arena)));
        let borrowed = |texts: &[Text]| -> &'a [Value<'a>] {
            arena.alloc_slice_fill_iter(texts.iter().map(|t| t.borrow(arena)).collect::<Vec<_>>())
        };
        let mut execution = Execution {
            program,
            settings,
            arena,
            input: Input::whole(self.input.borrow(arena)),
            pc: self.pc,
            doc: self.doc.borrow(arena),
            eff: self.eff.borrow(arena),
            res: self.res.borrow(arena),
            out: self.out.borrow(arena),
            stack,
            variables: arena.alloc_slice_fill_iter(
                self.variables.iter().map(|v| v.as_ref().map(|t| t.borrow(arena))).collect::<Vec<_>>(),
            ),
            assigned: self.assigned.map(|(id, values)| (id, borrowed(&values))),
            visit: self.visit.borrow(arena),
            caller: self.caller.map(|caller| {
                &*arena.alloc(Caller {
                    pc: caller.pc,
                    doc: caller.doc.borrow(arena),
                    eff: caller.eff.borrow(arena),
                    visit: caller.visit.borrow(arena),
                    task: caller.task,
                    arguments: caller.arguments.borrow(arena),
                    stack: caller.stack,
                    called_ms: caller.called_ms,
                    timeout_ms: caller.timeout_ms,
                    quiet: caller.quiet,
                })
            }),
            inside: None,
            waiting: match self.waiting {
                ParkedWaiting::Nothing => Waiting::Nothing,
                ParkedWaiting::Task { task, arguments, called_ms, timeout_ms } => {
                    Waiting::Task { task, arguments: arguments.borrow(arena), called_ms, timeout_ms }
                }
                ParkedWaiting::Time { until_ms } => Waiting::Time { until_ms },
                ParkedWaiting::Children => Waiting::Children,
            },
            family: match self.family {
                None => Family::Root,
                Some(family) => Family::Child {
                    outer: family.outer.borrow(arena),
                    item: family.item.map(|(index, value)| MapItem { index, value: value.borrow(arena) }),
                    iteration: family.iteration,
                    state: Origin { state: arena.alloc_str(&family.state.0), entered: family.state.1 },
                    execution: ExecutionBasics {
                        input: family.input.borrow(arena),
                        started_ms: family.started_ms,
                        name_seed: family.name_seed.into(),
                    },
                },
            },
            quiet: self.quiet,
            tally: None,
            pending: None,
            forked: self.forked,
            seed: self.seed.into(),
            calls: self.calls,
            name_seed: self.name_seed.into(),
            started_ms: self.started_ms,
            now_ms: self.now_ms,
            deadline_ms: self.deadline_ms,
            steps: self.steps,
            room: Room::NONE,
            history: History {
                count: self.count,
                previous: self.previous,
                pace: self.pace,
                events: self.events,
                notes: self.notes.map(|list| Box::new(Notes { list })),
            },
        };
        // What it has brought along is no reason to ask again.
        execution.room = Room::new(&settings.limits, self.bytes, arena);
        execution
    }
}

impl ParkedVisit {
    fn of(visit: &Visit) -> ParkedVisit {
        ParkedVisit {
            state: visit.state,
            entered: visit.entered,
            entered_ms: visit.entered_ms,
            retry_count: visit.retry_count,
            used: visit.rare().used.to_vec(),
            token: visit.rare().token.map(Into::into),
        }
    }

    fn borrow<'a>(&self, arena: &'a Arena) -> Visit<'a> {
        Visit {
            state: self.state,
            entered: self.entered,
            entered_ms: self.entered_ms,
            retry_count: self.retry_count,
            rare: (!self.used.is_empty() || self.token.is_some()).then(|| {
                let token = self.token.as_ref().map(|t| &*arena.alloc_str(t));
                // A catcher asks for nothing, so that none is parked.
                &*arena.alloc(Rare { used: arena.alloc_slice_copy(&self.used), token, caught: false })
            }),
        }
    }
}

fn own(value: Value) -> Text {
    Text(value.to_json().into())
}

impl Text {
    fn borrow<'a>(&self, arena: &'a Arena) -> Value<'a> {
        Value::raw(arena, arena.alloc_str(&self.0), Form::of(&self.0))
    }
}

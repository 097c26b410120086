//! Executions one at a time: the whole of an event's way, without files, threads or lines.
//!
//! Flows in: JSON text, bytes, or anything that serde can serialize. Flows out: an [`Ended`], or for those who count
//! nanoseconds a [`Ran`] that borrows. It must never share an arena among executions that are under way.

use super::ended::{Ended, Status};
use crate::batch::drive::{Alone, drive};
use crate::batch::{Batch, Identity, NOW_MS, input as input_of, scanned};
use crate::definition::MachineType;
use crate::handler::{Bound, Handlers, MissingHandlers};
use crate::program::Program;
use crate::value::raw::Form;
use crate::value::scan::{LineKind, LineView, Lines, Scratch, Slot, SlotTrie, WalkPlan};
use crate::value::tree::SyntaxError;
use crate::value::{Arena, Value};
use crate::vm::shortcut::{Called, Calls, GivenReplies, Nobody, Shortcuts, Stencils};
use crate::vm::{Asker, Execution, Input, Limits, Outcome, Seed, Settings, Start, Stream};
use serde::Serialize;
use std::sync::Arc;

/// An arena that has grown beyond this is not kept.
const ARENA_BYTES_MAX: usize = 1 << 20;

/// What stands behind the line of an execution by itself: a block of bytes that are tokens.
const BLOCK_BYTES: usize = 16;

/// What may have to stand before it.
const WORD_BYTES: usize = 8;

/// Longer lines are not copied in order to be recognised: what that saves is little beside reading them.
const PADDED_BYTES_MAX: usize = 1 << 12;

/// A program with those who stand behind its tasks, ready to run; cheap to clone, and to share among threads.
///
/// ```
/// use expressway::{Executor, Handlers, Program};
/// #[derive(serde::Serialize)]
/// struct Event { n: u32 }
/// let program = Program::compile(r#"{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": true}}}"#)?;
/// let executor = Executor::new(program, &Handlers::new())?.seed(7);
/// let ended = executor.run_json(&Event { n: 1 })?;
/// assert_eq!(ended.output.as_deref(), Some(r#"{"n":1}"#));
/// assert_eq!(ended.ended_ms - expressway::batch::NOW_MS, 60_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Executor {
    pub(super) program: Arc<Program>,
    pub(super) bound: Arc<Bound>,
    pub(super) settings: Settings,
    pub(super) seed: u64,
    pub(super) now_ms: i64,
    pub(super) shortcuts: bool,
}

/// Why an execution never began.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The input is no JSON text.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// There is nothing but blanks.
    #[error("the input is blank: a JSON text is expected")]
    Blank,
    /// The input cannot be written as JSON.
    #[error("the input cannot be written as JSON: {0}")]
    Unwritable(String),
}

impl Executor {
    /// A program with the functions that its tasks call.
    ///
    /// # Errors
    ///
    /// The names that nobody stands behind, each with the states that call it.
    pub fn new(program: impl Into<Arc<Program>>, handlers: &Handlers) -> Result<Executor, MissingHandlers> {
        let program = program.into();
        let bound = Arc::new(handlers.bind(&program)?);
        Ok(Executor { program, bound, settings: Settings::default(), seed: 0, now_ms: NOW_MS, shortcuts: true })
    }

    /// As [`new`](Self::new), but tasks that nobody stands behind fail when they are reached.
    pub fn new_loosely(program: impl Into<Arc<Program>>, handlers: &Handlers) -> Executor {
        let program = program.into();
        let bound = Arc::new(handlers.bind_loosely(&program));
        Executor { program, bound, settings: Settings::default(), seed: 0, now_ms: NOW_MS, shortcuts: true }
    }

    /// What all random numbers, UUIDs and names derive from, together with who an execution is.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// When virtual time starts, in milliseconds since 1970.
    pub fn now(mut self, now_ms: i64) -> Self {
        self.now_ms = now_ms;
        self
    }

    /// The limits and the context object of a type of workflow: five minutes for Express, 25,000 events for Standard.
    pub fn machine_type(mut self, machine_type: MachineType) -> Self {
        let express = machine_type == MachineType::Express;
        self.settings.limits = if express { Limits::EXPRESS } else { Limits::STANDARD };
        self.settings.names.express = express;
        self
    }

    /// Limits and names of all executions.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Whether executions that only their input decides may be told without being run. No result depends on it; without
    /// it they take longer.
    pub fn shortcuts(mut self, shortcuts: bool) -> Self {
        self.shortcuts = shortcuts;
        self
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Runs one execution with this JSON text as its input.
    ///
    /// # Errors
    ///
    /// A text that is no JSON. What the execution comes to is no error.
    pub fn run(&self, input: &str) -> Result<Ended, InputError> {
        self.run_bytes(input.as_bytes())
    }

    /// As [`run`](Self::run), for bytes that may not even be text.
    ///
    /// # Errors
    ///
    /// Bytes that are no JSON text in UTF-8.
    pub fn run_bytes(&self, input: &[u8]) -> Result<Ended, InputError> {
        self.run_one(input, false)
    }

    /// As [`run`](Self::run), for anything that serde can serialize.
    ///
    /// # Errors
    ///
    /// What cannot be JSON.
    pub fn run_json<T: Serialize>(&self, input: &T) -> Result<Ended, InputError> {
        let bytes = simd_json::serde::to_vec(input).map_err(|error| InputError::Unwritable(error.to_string()))?;
        self.run_one(&bytes, false)
    }

    /// As [`run`](Self::run), with the execution's [history](Ended::history).
    ///
    /// # Errors
    ///
    /// A text that is no JSON.
    pub fn run_with_history(&self, input: &str) -> Result<Ended, InputError> {
        self.run_one(input.as_bytes(), true)
    }

    fn run_one(&self, input: &[u8], history: bool) -> Result<Ended, InputError> {
        let mut session = self.session();
        session.history = history;
        if history {
            // What is told without being run has none.
            session.shortcuts = None;
        }
        let mut ran = session.run_as(input, Seed::new(self.seed, 0, 0))?;
        let events = ran.execution.as_mut().map(Execution::take_events).unwrap_or_default();
        Ok(Ended { history: events, ..ran.to_ended() })
    }

    /// Executions one after the other, in memory that is used again.
    pub fn session(&self) -> Session<'_> {
        let program = &*self.program;
        let paths: Vec<Vec<&str>> =
            program.slots().iter().map(|path| path.iter().map(|key| &**key).collect()).collect();
        let trie = SlotTrie::new(&paths);
        Session {
            executor: self,
            slots: vec![Slot::Absent; trie.slots()],
            plan: WalkPlan { trie, find_duplicates: program.copies_input() },
            scratch: Scratch::new(),
            arena: Arena::new(),
            history: false,
            shortcuts: Shortcuts::new(program, &self.settings).filter(|_| self.shortcuts),
            told: Vec::new(),
            stencils: Stencils::default(),
        }
    }

    /// A run over many events on all cores, with this seed, clock, limits and names.
    pub fn batch(&self) -> Batch<'_> {
        let batch = Batch::new(&self.program, &self.bound).seed(self.seed).now(self.now_ms);
        batch.settings(self.settings.clone()).shortcuts(self.shortcuts)
    }
}

/// Executions one after the other on one thread, in memory that is used again: in the steady state none is asked for.
///
/// Who an execution is, it is by its content, as in a batch with [`Identity::Content`]; [`run_as`](Self::run_as) takes any
/// other seed.
///
/// ```
/// use expressway::{Executor, Handlers, Program, Status};
/// let program = Program::compile(r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#)?;
/// let executor = Executor::new(program, &Handlers::new())?;
/// let mut session = executor.session();
/// for text in ["1", "[2]"] {
///     let ran = session.run(text.as_bytes())?;
///     assert_eq!((ran.status(), ran.to_ended().output.as_deref()), (Status::Succeeded, Some(text)));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Session<'e> {
    executor: &'e Executor,
    plan: WalkPlan,
    slots: Vec<Slot>,
    scratch: Scratch,
    arena: Arena,
    history: bool,
    /// The ways on which only the input decides, if they may be taken.
    shortcuts: Option<Shortcuts<'e>>,
    /// The output of an execution that was told.
    told: Vec<u8>,
    /// How replies have been spelled before.
    stencils: Stencils,
}

/// An execution that has come to its end, borrowed from its session.
pub struct Ran<'s> {
    /// How it ended.
    pub outcome: Outcome<'s>,
    arena: &'s Arena,
    /// Nothing if it was told without being run.
    execution: Option<Execution<'s>>,
    steps_left: u64,
    ended_ms: i64,
    settings: &'s Settings,
}

impl Session<'_> {
    /// Runs one execution, known by what its input says.
    ///
    /// # Errors
    ///
    /// Bytes that are no JSON text in UTF-8.
    pub fn run<'s>(&'s mut self, input: &'s [u8]) -> Result<Ran<'s>, InputError> {
        let seed = self.executor.seed;
        self.start(input, |text| Stream::of_content(seed, text))
    }

    /// Runs one execution whose random numbers, UUIDs and name derive from this seed.
    ///
    /// # Errors
    ///
    /// Bytes that are no JSON text in UTF-8.
    pub fn run_as<'s>(&'s mut self, input: &'s [u8], seed: Seed) -> Result<Ran<'s>, InputError> {
        self.start(input, |_| seed.into())
    }

    /// Runs one execution as a batch would that identifies its records so; `source` and `offset` say where it stood.
    ///
    /// # Errors
    ///
    /// Bytes that are no JSON text in UTF-8.
    pub fn run_at<'s>(
        &'s mut self,
        input: &'s [u8],
        identity: Identity,
        source: u64,
        offset: u64,
    ) -> Result<Ran<'s>, InputError> {
        let seed = self.executor.seed;
        match identity {
            Identity::Position => self.start(input, |_| Seed::new(seed, source, offset).into()),
            Identity::Content => self.start(input, |text| Stream::of_content(seed, text)),
        }
    }

    fn start<'s>(
        &'s mut self,
        input: &'s [u8],
        who: impl FnOnce(&'s str) -> Stream<'s>,
    ) -> Result<Ran<'s>, InputError> {
        let Session { executor, plan, slots, scratch, arena, history, shortcuts, told, stencils } = self;
        arena.reset();
        if arena.allocated_bytes() > ARENA_BYTES_MAX {
            *arena = Arena::new();
        }
        let (arena, executor): (&'s Arena, &'s Executor) = (arena, executor);
        // Most texts are one line, of which the scanner keeps what the program reads; others are checked as a whole.
        if memchr::memchr(b'\n', input).is_none() {
            // In the arena both live as long as what looks into them.
            let (text, before) = match input.len() <= PADDED_BYTES_MAX {
                true => padded(input, plan.find_duplicates, arena),
                false => (input, 0),
            };
            let lines = arena.alloc(Lines::new(text, scratch, plan));
            lines.behind(before);
            match lines.advance(slots) {
                Some(LineKind::Json) => {}
                Some(LineKind::Bad) => return Err(lines.fault().into()),
                Some(LineKind::Blank) | None => return Err(InputError::Blank),
            }
            let (lines, slots) = (&*lines, &slots[..executor.program.slots().len()]);
            let who = who(lines.line().text);
            let view = LineView::new(lines, slots, executor.program.slots());
            let asker = arena.alloc(Asker::new(&executor.program, who, arena, view));
            let mut calls = Calls::of(executor.bound.answers(), asker).with(stencils);
            if let Some(shortcuts) = shortcuts
                && let Some(ran) = executor.tell(shortcuts, (lines, slots), asker, (told, stencils), &mut calls)
            {
                return Ok(ran);
            }
            let input = input_of(&executor.program, lines, slots, arena);
            return Ok(executor.execute(input, who, *history, arena, calls.given()));
        }
        if input.iter().all(u8::is_ascii_whitespace) {
            return Err(InputError::Blank);
        }
        let line = scratch.document(input, plan.find_duplicates)?;
        let value = Value::raw(arena, line.text, line.form());
        let input = Input { form: Form::COMPACT, ..Input::whole(value) };
        Ok(executor.execute(input, who(line.text), *history, arena, GivenReplies::default()))
    }
}

/// A line among empty ones. What it is built like is learned and recognised by whole blocks of tokens and words of bytes,
/// which a lone line has too few of: behind it, and where keys are compared, before it. Gives how many stand before it.
fn padded<'a>(line: &[u8], find_duplicates: bool, arena: &'a Arena) -> (&'a [u8], usize) {
    let before = if find_duplicates { WORD_BYTES } else { 0 };
    let text = arena.alloc_slice_fill_copy(before + line.len() + 1 + BLOCK_BYTES, b'\n');
    text[before..][..line.len()].copy_from_slice(line);
    (text, before)
}

impl Executor {
    /// What the line at hand comes to, if that can be told without running it.
    fn tell<'s>(
        &'s self,
        shortcuts: &Shortcuts<'s>,
        (lines, slots): (&'s Lines<'s, 's>, &'s [Slot]),
        asker: &'s Asker<'s>,
        (text, stencils): (&'s mut Vec<u8>, &Stencils),
        calls: &mut Calls<'_, 's>,
    ) -> Option<Ran<'s>> {
        let (seen, arena) = (scanned(shortcuts, lines, slots, self.now_ms), asker.arena());
        let mut begun = None;
        if shortcuts.asks()
            && let (Some(answers), Some(alone)) = (self.bound.answers(), shortcuts.alone(&seen))
        {
            text.clear();
            match shortcuts.call(alone, &seen, (answers, asker), arena, text) {
                Called::Written => {
                    let text = std::str::from_utf8(text).unwrap_or("null");
                    let outcome = Outcome::Succeeded(Value::raw(arena, text, Form::COMPACT));
                    return Some(self.told(shortcuts.steps(alone.end), outcome, self.now_ms, arena));
                }
                Called::Answered(given) => {
                    calls.go_on_from(given);
                    begun = Some(alone);
                }
                Called::ByNobody => {}
            }
        }
        let told = match begun {
            Some(alone) => shortcuts.go_on(alone, &seen, arena, &Nobody, calls)?,
            None => shortcuts.tell(&seen, arena, &Nobody, calls)?,
        };
        let outcome = match told.succeeds() {
            true => {
                text.clear();
                told.write((&seen, Some(stencils)), text);
                // What a writer of JSON writes is text; were it not, the machine would run.
                Outcome::Succeeded(Value::raw(arena, std::str::from_utf8(text).ok()?, Form::COMPACT))
            }
            false => Outcome::Failed(told.failure(&self.program, &seen, arena)?),
        };
        let items = told.items.iter().map(|item| shortcuts.steps(*item as usize));
        let steps = shortcuts.steps(told.index) + items.sum::<u64>();
        Some(self.told(steps, outcome, told.ended_ms, arena))
    }

    /// An execution that has been told.
    fn told<'s>(&'s self, steps: u64, outcome: Outcome<'s>, ended_ms: i64, arena: &'s Arena) -> Ran<'s> {
        let steps_left = self.settings.limits.steps.saturating_sub(steps);
        Ran { outcome, arena, execution: None, steps_left, ended_ms, settings: &self.settings }
    }

    fn execute<'s>(
        &'s self,
        input: Input<'s>,
        who: Stream<'s>,
        history: bool,
        arena: &'s Arena,
        given: GivenReplies,
    ) -> Ran<'s> {
        let counters = &mut self.bound.counters_for(who);
        counters.give_again(given);
        let start = Start { input, seed: Seed::NOBODY, now_ms: self.now_ms, history };
        let mut execution = Execution::new(&self.program, &self.settings, arena, start);
        execution.known_by(who);
        let outcome = drive(&mut execution, &self.bound, counters, &Alone);
        let (steps_left, ended_ms) = (execution.steps_left(), execution.now_ms());
        Ran { outcome, arena, execution: Some(execution), steps_left, ended_ms, settings: &self.settings }
    }
}

impl Ran<'_> {
    /// How it ended.
    pub fn status(&self) -> Status {
        match self.outcome {
            Outcome::Succeeded(_) => Status::Succeeded,
            Outcome::Failed(_) => Status::Failed,
            Outcome::TimedOut(_) => Status::TimedOut,
        }
    }

    /// States that it entered, retries and children included.
    pub fn steps(&self) -> u64 {
        self.settings.limits.steps.saturating_sub(self.steps_left)
    }

    /// Appends its output as compact JSON; whether there is one.
    pub fn write_output(&self, out: &mut Vec<u8>) -> bool {
        match self.outcome {
            Outcome::Succeeded(value) => {
                value.write(out);
                true
            }
            Outcome::Failed(_) | Outcome::TimedOut(_) => false,
        }
    }

    /// The name of its error and its cause, as results have them.
    pub fn error_and_cause(&self) -> (Option<&str>, Option<&str>) {
        match &self.outcome {
            Outcome::Succeeded(_) => (None, None),
            Outcome::Failed(failure) => (failure.error, failure.cause_text(self.arena)),
            Outcome::TimedOut(_) => (Some("States.Timeout"), None),
        }
    }

    /// All of it, owned.
    pub fn to_ended(&self) -> Ended {
        let limits = &self.settings.limits;
        Ended { ended_ms: self.ended_ms, ..Ended::of(&self.outcome, self.arena, limits, self.steps_left) }
    }
}

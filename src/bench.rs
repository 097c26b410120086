//! One's own machine, functions and events as something to be measured, with criterion or any other harness.
//!
//! Flows in: texts, or a folder that holds them. Flows out: a [`Fixture`], which runs one event or all of them whenever it
//! is asked to. Reading, executing and writing the result are all in it, as in a run; files and threads' starts are not
//! in [`Fixture::run_one`]. It must never measure anything itself.
//!
//! ```
//! use expressway::bench::Fixture;
//! use expressway::handler::Handlers;
//! # struct Criterion;
//! # struct Bencher;
//! # impl Criterion { fn bench_function(&mut self, _: &str, mut f: impl FnMut(&mut Bencher)) { f(&mut Bencher) } }
//! # impl Bencher { fn iter<T>(&mut self, mut f: impl FnMut() -> T) { f(); } }
//! fn greetings(c: &mut Criterion) {
//!     let greet = Handlers::new().lambda("greet", |event, _| Ok(event.value()));
//!     let machine = r#"{"StartAt": "G", "States": {"G": {"Type": "Task", "End": true,
//!         "Resource": "arn:aws:lambda:us-east-1:123456789012:function:greet"}}}"#;
//!     let mut fixture = Fixture::new(machine, "{\"who\": \"Ada\"}\n", greet).unwrap();
//!     c.bench_function("greet", |b| b.iter(|| fixture.run_one().len()));
//! }
//! # greetings(&mut Criterion);
//! ```

use crate::batch::drive::Alone;
use crate::batch::{Batch, BatchError, NOW_MS, Once, Sink, Source, Summary, Who};
use crate::compile::{CompileError, Options, compile};
use crate::definition::{Definition, Diagnostic, MachineType, ParseOptions};
use crate::handler::{Bound, Handlers, MissingHandlers};
use crate::program::Program;
use crate::value::Arena;
use crate::value::scan::{LineKind, Lines, Scratch, Slot, SlotTrie, WalkPlan};
use crate::vm::shortcut::Shortcuts;
use crate::vm::{Limits, Seed, Settings, Tally};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// A machine, its functions and its events, ready to be run as often as somebody likes.
pub struct Fixture {
    program: Program,
    bound: Bound,
    settings: Settings,
    events: Vec<u8>,
    /// Where the lines that are events stand.
    lines: Vec<Range<usize>>,
    next: usize,
    plan: WalkPlan,
    scratch: Scratch,
    slots: Vec<Slot>,
    arena: Arena,
    result: Vec<u8>,
    succeeded: bool,
    /// Whether each state is to be run, so that its time can be taken.
    timed: bool,
    tally: Tally,
}

/// Why a fixture cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum FixtureError {
    /// A file cannot be read.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// A definition is refused.
    #[error("{file} is refused: {}", diagnostics.iter().map(|d| d.message.as_str()).collect::<Vec<_>>().join("; "))]
    Refused {
        /// Which.
        file: String,
        /// Why.
        diagnostics: Vec<Diagnostic>,
    },
    /// A definition holds what this engine does not run.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Compile(Vec<CompileError>),
    /// Nobody stands behind a task.
    #[error(transparent)]
    Missing(#[from] MissingHandlers),
    /// There is no event.
    #[error("there are no events: all lines are blank")]
    Empty,
}

impl Fixture {
    /// A machine of that text over events in JSON Lines.
    ///
    /// # Errors
    ///
    /// [`FixtureError`]: a definition that is refused, a function that is missing, or no event at all.
    pub fn new(machine: &str, events: impl Into<Vec<u8>>, handlers: Handlers) -> Result<Fixture, FixtureError> {
        Fixture::with_functions(machine, &BTreeMap::new(), events, handlers)
    }

    /// A machine with functions that are written as small state machines, by name.
    ///
    /// # Errors
    ///
    /// As [`Fixture::new`].
    pub fn with_functions(
        machine: &str,
        functions: &BTreeMap<String, String>,
        events: impl Into<Vec<u8>>,
        handlers: Handlers,
    ) -> Result<Fixture, FixtureError> {
        let parse = |file: &str, text: &str| {
            let options = ParseOptions { machine_type: MachineType::Standard };
            Definition::parse(text, file, &options)
                .map_err(|diagnostics| FixtureError::Refused { file: file.to_owned(), diagnostics })
        };
        let functions: BTreeMap<String, Definition> = functions
            .iter()
            .map(|(name, text)| Ok((name.clone(), parse(&format!("{name}.asl.json"), text)?)))
            .collect::<Result<_, FixtureError>>()?;
        let bound = |name: &str| handlers.has_lambda(name);
        let options = Options { handlers: Some(&functions), bound: Some(&bound) };
        let program = compile(&parse("machine.asl.json", machine)?, &options).map_err(FixtureError::Compile)?;
        let bound = handlers.bind(&program)?;
        Fixture::of(program, bound, Settings { limits: Limits::STANDARD, ..Settings::default() }, events.into())
    }

    /// A folder with `machine.asl.json`, `events.jsonl` and, where there are any, `handlers/FUNCTION.asl.json`.
    ///
    /// # Errors
    ///
    /// As [`Fixture::new`], and files that cannot be read.
    pub fn open(folder: impl AsRef<Path>, handlers: Handlers) -> Result<Fixture, FixtureError> {
        let folder = folder.as_ref();
        let io = |path: &Path| {
            let path = path.display().to_string();
            move |error| FixtureError::Io { path, error }
        };
        let text = |path: &Path| std::fs::read_to_string(path).map_err(io(path));
        let beside = folder.join("handlers");
        let mut functions = BTreeMap::new();
        if beside.is_dir() {
            for entry in std::fs::read_dir(&beside).map_err(io(&beside))? {
                let path = entry.map_err(io(&beside))?.path();
                let name = path.file_name().and_then(|name| name.to_str()).and_then(|n| n.strip_suffix(".asl.json"));
                if let Some(name) = name {
                    functions.insert(name.to_owned(), text(&path)?);
                }
            }
        }
        let events = folder.join("events.jsonl");
        let events = std::fs::read(&events).map_err(io(&events))?;
        Fixture::with_functions(&text(&folder.join("machine.asl.json"))?, &functions, events, handlers)
    }

    /// A program that is compiled already.
    ///
    /// # Errors
    ///
    /// [`FixtureError::Empty`].
    pub fn of(program: Program, bound: Bound, settings: Settings, events: Vec<u8>) -> Result<Fixture, FixtureError> {
        let mut lines = Vec::new();
        let mut at = 0;
        for line in events.split_inclusive(|byte| *byte == b'\n') {
            if !line.trim_ascii().is_empty() {
                lines.push(at..at + line.len());
            }
            at += line.len();
        }
        if lines.is_empty() {
            return Err(FixtureError::Empty);
        }
        let trie = SlotTrie::new(program.slots());
        let slots = vec![Slot::Absent; trie.slots()];
        Ok(Fixture {
            lines,
            next: 0,
            plan: WalkPlan { trie, find_duplicates: program.copies_input() },
            scratch: Scratch::new(),
            slots,
            arena: Arena::new(),
            result: Vec::new(),
            succeeded: false,
            timed: false,
            tally: Tally::new(&program),
            program,
            bound,
            settings,
            events,
        })
    }

    /// How many events there are.
    pub fn events(&self) -> usize {
        self.lines.len()
    }

    /// Runs the next event, after the last the first again; its result line, or nothing for a line that is no event.
    pub fn run_one(&mut self) -> &[u8] {
        let range = self.lines[self.next].clone();
        self.next = (self.next + 1) % self.lines.len();
        self.result.clear();
        self.succeeded = false;
        let mut lines = Lines::new(&self.events[range.clone()], &mut self.scratch, &self.plan);
        if let Some(LineKind::Json) = lines.advance(&mut self.slots) {
            let shortcuts = Shortcuts::new(&self.program, &self.settings).filter(|_| !self.timed);
            let (program, bound, settings) = (&self.program, &self.bound, &self.settings);
            let once = Once { program, bound, settings, shortcuts };
            let seed = Seed::new(0, 0, range.start as u64);
            let who = Who { seed, now_ms: NOW_MS, tally: &self.tally, helpers: &Alone };
            self.result.push(b'{');
            let ended = once.run(&lines, &self.slots, &self.arena, who, &mut self.result);
            self.result.push(b'}');
            self.succeeded = ended.status == "SUCCEEDED";
            self.tally.stop_clock();
        }
        self.arena.reset();
        &self.result
    }

    /// Whether the event that was run last succeeded.
    pub fn succeeded(&self) -> bool {
        self.succeeded
    }

    /// Runs all events once, on so many threads, and throws the results away.
    ///
    /// # Errors
    ///
    /// [`BatchError`], if the threads cannot be started.
    pub fn run_all(&self, threads: usize) -> Result<Summary, BatchError> {
        Batch::new(&self.program, &self.bound)
            .settings(self.settings.clone())
            .threads(threads)
            .results(Sink::new("nowhere", std::io::sink()))
            .run(vec![Source::memory("events", &self.events)])
    }

    /// From here on takes the time of each state, by a clock that gives nanoseconds; the program must count the states
    /// that it enters ([`Instrument::Trail`](crate::compile::instrument::Instrument)).
    pub fn take_times(&mut self, clock: fn() -> u64) {
        (self.tally, self.timed) = (Tally::timed(&self.program, clock), true);
    }

    /// For each state of the machine: name, type, how often it was entered, and how many nanoseconds went by in it.
    pub fn times(&self) -> Vec<(&str, &'static str, u64, u64)> {
        let states = self.program.states().iter().zip(self.tally.entered()).zip(self.tally.spent_ns());
        let own = states.filter(|((state, _), _)| state.within.is_none());
        own.map(|((state, entered), ns)| (&*state.name, state.kind.name(), entered, ns)).collect()
    }
}

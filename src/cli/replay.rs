//! What the commands share that run a machine over files of events without being `run`: `coverage`, `diff`, `bench`.
//!
//! Flows in: the options that decide what an execution comes to: seed, clock, mocks. They mean what they mean to `run`, so
//! that the executions are the same ones. It must never write anything.

use super::CliError;
use super::events::{self, EventArguments, EventFormat, HEADING};
use super::lambda::LambdaArguments;
use super::machine::{Machine, MachineArguments, missing};
use super::mocks::Wanted;
use crate::batch::{Batch, Source};
use crate::compile::Options;
use crate::compile::instrument::{self, Instrument};
use crate::definition::{Definition, MachineType};
use crate::handler::lambda::Logs;
use crate::handler::{Bound, Handlers};
use crate::program::Program;
use crate::value::timestamp::Timestamp;
use crate::vm::{Limits, Names, Settings};
use clap::Args;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What decides what an execution comes to.
#[derive(Args, Debug, Clone)]
pub(super) struct ReplayArguments {
    /// Threads that work [default: as many as there are cores]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// Where random numbers and UUIDs come from, together with each event's place
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Where virtual time starts
    #[arg(long, value_name = "RFC3339", default_value = "2020-01-01T00:00:00Z", conflicts_with = "now_path")]
    pub now: String,
    /// Where each event says when its virtual time starts
    #[arg(long, value_name = "PATH")]
    pub now_path: Option<String>,
    /// How the events are written
    #[arg(long, value_name = "FORMAT", default_value = "auto", help_heading = HEADING)]
    pub event_format: EventFormat,
    #[command(flatten)]
    pub reading: EventArguments,
    /// Run only the first records, behind those that are skipped
    #[arg(long, value_name = "N", help_heading = HEADING)]
    pub limit: Option<u64>,
    /// Mocks, in the form of Step Functions Local's MockConfigFile.json, or recorded outcomes as `import` writes them
    /// [default: mocks.json in the machine's folder]
    #[arg(long, value_name = "FILE")]
    pub mock: Option<PathBuf>,
    /// Which of the mock file's test cases
    #[arg(long, value_name = "NAME")]
    pub test_case: Option<String>,
    /// The machine's name, in mocks and in the context object
    #[arg(long, value_name = "NAME", default_value = "Machine")]
    pub machine_name: String,
    #[command(flatten)]
    pub lambda: LambdaArguments,
}

/// How many threads: at least one.
pub(super) fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads @ 1..=4_096) => Ok(threads),
        _ => Err("expected a number from 1 to 4096".to_owned()),
    }
}

/// A machine that is ready to run.
pub(super) struct Prepared {
    pub machine: Machine,
    /// Its handlers written in ASL.
    pub asl: BTreeMap<String, Definition>,
    pub program: Program,
    pub bound: Bound,
    pub settings: Settings,
}

impl ReplayArguments {
    /// Starts the functions that run in processes, for all that is prepared afterwards.
    pub fn attach(&self, handlers: &Handlers) -> Result<Handlers, CliError> {
        self.lambda.attach(handlers.clone(), self.threads, Logs::Off)
    }

    /// Reads and compiles a machine, and looks up who stands behind its tasks.
    pub fn prepare(
        &self,
        place: &MachineArguments,
        handlers: &Handlers,
        instrument: Instrument,
    ) -> Result<Prepared, CliError> {
        let machine = place.read()?;
        let handlers = self.handlers(handlers.clone(), &machine.folder)?;
        let asl = place.asl_handlers(&machine)?;
        let program = compile_instrumented(machine.accepted()?, &asl, &handlers, instrument)?;
        let bound = handlers.bind(&program).map_err(|found| missing(&found, &handlers, &asl))?;
        let express = machine.machine_type == MachineType::Express;
        let settings = Settings {
            limits: if express { Limits::EXPRESS } else { Limits::STANDARD },
            names: Names { machine: self.machine_name.clone(), express, ..Names::default() },
        };
        Ok(Prepared { machine, asl, program, bound, settings })
    }

    /// Whether a mock file can be used as it is.
    pub fn reads(&self, mocks: &Path) -> bool {
        self.wanted(Some(mocks)).read(Path::new("")).is_ok()
    }

    fn wanted<'w>(&'w self, mock: Option<&'w Path>) -> Wanted<'w> {
        let (test_case, machine_name) = (self.test_case.as_deref(), &*self.machine_name);
        Wanted { mock, test_case, machine_name, seed: self.seed, by_content: false, real: false }
    }

    /// The handlers with the mocks that apply.
    fn handlers(&self, handlers: Handlers, folder: &Path) -> Result<Handlers, CliError> {
        Ok(match self.wanted(self.mock.as_deref()).read(folder)? {
            Some(mock) => handlers.mock(mock),
            None => handlers,
        })
    }

    /// The events: of these files, or beside the machine.
    pub fn sources(&self, files: &[PathBuf], folder: &Path) -> Result<(Vec<Source<'static>>, u64), CliError> {
        let reading = self.reading.reading(self.event_format, self.seed, false);
        let sources = events::sources(files, folder, &reading)?;
        let bytes = sources.iter().map(|(_, bytes)| bytes.unwrap_or(0)).sum();
        Ok((sources.into_iter().map(|(source, _)| source).collect(), bytes))
    }

    /// A batch with these options, of the records that are left when those have been skipped that are to be.
    pub fn batch<'r>(&self, prepared: &'r Prepared) -> Result<Batch<'r>, CliError> {
        let mut batch =
            Batch::new(&prepared.program, &prepared.bound).settings(prepared.settings.clone()).seed(self.seed);
        if let Some(threads) = self.threads {
            batch = batch.threads(threads);
        }
        if let Some(records) = self.limit {
            batch = batch.limit(records);
        }
        match &self.now_path {
            Some(path) => batch.now_path(path).map_err(|error| CliError::Usage(format!("--now-path: {error}"))),
            None => Ok(batch.now(self.now_ms()?)),
        }
    }

    /// When virtual time starts, unless events say so.
    pub fn now_ms(&self) -> Result<i64, CliError> {
        let now = Timestamp::parse(&self.now).map_err(|error| CliError::Usage(format!("--now: {error}")))?;
        Ok(now.as_millis())
    }
}

/// Compiles a definition, instrumented; what this engine does not run is told like a refused definition.
pub(super) fn compile_instrumented(
    definition: &Definition,
    asl_handlers: &BTreeMap<String, Definition>,
    handlers: &Handlers,
    instrument: Instrument,
) -> Result<Program, CliError> {
    let bound = |name: &str| handlers.has_lambda(name);
    let options = Options { handlers: Some(asl_handlers), bound: Some(&bound) };
    instrument::compile_mocked(definition, &options, instrument, &|state| handlers.has_mock(state))
        .map_err(|errors| CliError::Usage(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

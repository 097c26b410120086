//! `diff`: two definitions over the same events: where do they come to something else?

use super::console::{Console, complain, painted};
use super::machine::MachineArguments;
use super::progress::Bar;
use super::replay::{Prepared, ReplayArguments};
use super::signals::Signals;
use super::{CliError, WorkflowType, write_out};
use crate::batch::Single;
use crate::batch::pair::{Differing, Pair, Side};
use crate::compile::instrument::Instrument;
use crate::handler::Handlers;
use crate::value::difference::Ignored;
use crate::view::difference::{self, Shown};
use crate::view::visit::{parting, visits};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What `diff --help` ends with.
pub(super) const EXAMPLES: &str = "\
Examples:
  expressway diff orders/ orders/new.asl.json      events.jsonl beside the old machine
  expressway diff old.json new.json may.jsonl.gz --fail-on diff
                                                   exit code 1 if any result differs
  expressway diff old.json new.json may.jsonl --ignore '$.output.at' --ignore '$..requestId'

Results are compared as `run` writes them, so paths to ignore begin at a result line: $.status,
$.output.x, $.error, $.cause. The order of members does not count, nor does how a number is
written. A way is the list of states that an execution enters; another way with the same result is
counted, and is a difference only to --fail-on way. Both machines get the same seed, clock and
mocks; where the new one has no handlers or mocks beside it, it is given the old one's. Lines that
are no events are rejected by both, and not compared. Random values inside a Map or Parallel
depend on how many of these a machine has before it.";

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The old definition: a file or a folder, as for `run`
    old: PathBuf,
    /// The new definition
    new: PathBuf,
    /// Files of events, as for `run`; `-` for stdin [default: events.jsonl in the old machine's folder]
    events: Vec<PathBuf>,
    /// Where differences in result lines do not count; may be given several times
    #[arg(long, value_name = "PATH")]
    ignore: Vec<String>,
    /// End with exit code 1 if results differ, or if results or ways do
    #[arg(long, value_name = "WHAT")]
    fail_on: Option<FailOn>,
    /// How many differing events to show
    #[arg(long, value_name = "N", default_value_t = 10)]
    max_shown: usize,
    /// What to write
    #[arg(long, value_name = "FORM", default_value = "text")]
    format: Form,
    /// Where to, `-` for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// The type of workflow of both [default: a template's, else standard]
    #[arg(long = "type", value_name = "TYPE")]
    workflow_type: Option<WorkflowType>,
    /// Folder of handlers written in ASL, for both [default: handlers/ beside each machine]
    #[arg(long, value_name = "DIR")]
    handlers: Option<PathBuf>,
    /// Which state machine of a template, by its logical id [default: the only one]
    #[arg(long, value_name = "LOGICAL_ID")]
    resource: Option<String>,
    /// Value for ${NAME} in both definitions; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    substitute: Vec<String>,
    #[command(flatten)]
    replay: ReplayArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Another result
    Diff,
    /// Another result, or the same by another way
    Way,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// Counts, and the first differences
    Text,
    /// The same for programs
    Json,
}

impl Arguments {
    fn machine(&self, path: &Path, handlers: Option<PathBuf>) -> MachineArguments {
        MachineArguments {
            machine: path.to_path_buf(),
            workflow_type: self.workflow_type,
            handlers,
            resource: self.resource.clone(),
            substitute: self.substitute.clone(),
        }
    }

    /// The folder that the new machine stands in.
    fn new_folder(&self) -> PathBuf {
        if self.new.is_dir() { self.new.clone() } else { self.new.with_file_name("") }
    }

    /// The handlers' folder of the new machine: its own, or the old one's.
    fn new_handlers(&self, old: &Prepared) -> Option<PathBuf> {
        let (own, old) = (self.new_folder().join("handlers"), old.machine.folder.join("handlers"));
        self.handlers.clone().or_else(|| (!own.is_dir() && old.is_dir()).then_some(old))
    }
}

pub(super) fn run(arguments: &Arguments, handlers: &Handlers, console: &Console) -> Result<ExitCode, CliError> {
    let ignored = arguments
        .ignore
        .iter()
        .map(|path| Ignored::parse(path).map_err(|error| CliError::Usage(format!("--ignore: {error}"))))
        .collect::<Result<Vec<_>, _>>()?;
    let replay = &arguments.replay;
    let handlers = &replay.attach(handlers)?;
    let place = arguments.machine(&arguments.old, arguments.handlers.clone());
    let old = replay.prepare(&place, handlers, Instrument::Trail)?;
    let mut for_new = replay.clone();
    let beside = |folder: &Path| Some(folder.join("mocks.json")).filter(|mocks| mocks.is_file());
    if for_new.mock.is_none() && beside(&arguments.new_folder()).is_none() {
        // As for the old one: mocks among which there is a choice to be made are taken only if it was made.
        let usable = |mocks: &PathBuf| replay.test_case.is_some() || replay.reads(mocks);
        for_new.mock = beside(&old.machine.folder).filter(usable);
    }
    let place = arguments.machine(&arguments.new, arguments.new_handlers(&old));
    let new = for_new.prepare(&place, handlers, Instrument::Trail)?;
    let (sources, bytes) = replay.sources(&arguments.events, &old.machine.folder)?;

    let signals = Signals::watch();
    let mut pair = Pair::new(side(&old), side(&new))
        .seed(replay.seed)
        .skip(replay.reading.skip)
        .max_shown(arguments.max_shown)
        .ignore(&ignored)
        .stop(&signals.stop);
    if let Some(threads) = replay.threads {
        pair = pair.threads(threads);
    }
    if let Some(records) = replay.limit {
        pair = pair.limit(records);
    }
    pair = match &replay.now_path {
        Some(path) => pair.now_path(path).map_err(|error| CliError::Usage(format!("--now-path: {error}")))?,
        None => pair.now(replay.now_ms()?),
    };
    let bar = Bar::on_terminal(console, bytes);
    let tell = |progress| bar.iter().for_each(|bar| bar.show(progress));
    if bar.is_some() {
        pair = pair.progress(&tell);
    }
    let comparison = pair.run(sources).map_err(|error| CliError::Usage(error.to_string()));
    if let Some(bar) = &bar {
        bar.clear();
    }
    let comparison = comparison?;
    for error in &comparison.source_errors {
        complain(&format!("not read to its end: {error}"));
    }
    let all = comparison.first_different.iter().chain(&comparison.first_other_way);
    let shown: Vec<Shown> =
        all.take(arguments.max_shown).map(|differing| show(differing, &old, &new, replay.seed)).collect();
    let text = match arguments.format {
        Form::Text => difference::to_text(&comparison, &shown, &ignored, painted(&arguments.output)),
        Form::Json => difference::to_json(&comparison, &shown, &ignored),
    };
    write_out(&arguments.output, &text)?;
    if let Some(code) = signals.exit_code() {
        return Ok(code);
    }
    if !comparison.source_errors.is_empty() {
        return Ok(ExitCode::from(3));
    }
    let found = match arguments.fail_on {
        None => false,
        Some(FailOn::Diff) => comparison.different > 0,
        Some(FailOn::Way) => comparison.different > 0 || comparison.ways > 0,
    };
    Ok(ExitCode::from(u8::from(found)))
}

fn side(prepared: &Prepared) -> Side<'_> {
    Side { program: &prepared.program, bound: &prepared.bound, settings: &prepared.settings }
}

/// Runs a record again on both sides, with history this time.
fn show<'c>(differing: &'c Differing, old: &Prepared, new: &Prepared, seed: u64) -> Shown<'c> {
    let (seed, now_ms) = (differing.seed(seed), differing.now_ms);
    let single = Single { input: &differing.input, seed, now_ms, history: true };
    let [one, other] = [old, new].map(|side| single.run(&side.program, &side.bound, &side.settings));
    let ways = (visits(&old.program, &one.events, &[]), visits(&new.program, &other.events, &[]));
    Shown { differing, parting: parting(&ways.0, &ways.1) }
}

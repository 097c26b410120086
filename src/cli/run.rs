//! `run`: the main job: a machine, files of events, results; and what `resume` goes on with.

use super::console::{Console, complain, on_stderr, remark};
use super::coverage::{covered, falls_short};
use super::events::{EventArguments, EventFormat, HEADING, sources};
use super::expect::{self, ExpectArguments};
use super::lambda::LambdaArguments;
use super::machine::{MachineArguments, missing};
use super::mocks::Wanted;
use super::progress::Bar;
use super::replay::compile_instrumented;
use super::signals::Signals;
use super::{CliError, write_out};
use crate::batch::findings::{Again, Example};
use crate::batch::{Batch, BatchError, Emit, Identity, Latency, Ledger, LedgerError};
use crate::batch::{Sink, SinkError, Summary};
use crate::compile::instrument::Instrument;
use crate::definition::MachineType;
use crate::handler::Handlers;
use crate::handler::lambda::Logs;
use crate::handler::watch::{STUCK_MAX, Watch};
use crate::value::scan::Engine;
use crate::value::timestamp::Timestamp;
use crate::view;
use crate::view::graph::{Graph, Overlay};
use crate::view::report::{Report, Shown};
use crate::vm::{Limits, Names, Settings};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    machine: MachineArguments,
    /// Files of events, plain, .gz or .zst, or patterns such as 'logs/**/*.gz'; `-` for stdin [default: events.jsonl in
    /// the machine's folder]
    events: Vec<PathBuf>,
    /// How the events are written
    #[arg(long, visible_alias = "event-format", value_name = "FORMAT", default_value = "auto", help_heading = HEADING)]
    format: EventFormat,
    #[command(flatten)]
    reading: EventArguments,
    /// Where results go, `-` for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// What results are: a line per record with its outcome, or the bare outputs of successes
    #[arg(long, value_name = "FORM", default_value = "outcome")]
    emit: EmitForm,
    /// Let outcomes say where their records stood: source, offset, line
    #[arg(long)]
    position: bool,
    /// Leave rejected records out of the results
    #[arg(long)]
    skip_rejected: bool,
    /// Write results as they come
    #[arg(long)]
    unordered: bool,
    /// Where failed executions go, with their inputs
    #[arg(long, value_name = "FILE")]
    failures: Option<PathBuf>,
    /// Where lines go that are no events
    #[arg(long, value_name = "FILE")]
    dead_letters: Option<PathBuf>,
    /// Where the summary goes as JSON
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// Keep the run in a ledger, so that it can be gone on with after a crash (`resume`); a folder stands for
    /// expressway.ledger in it
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// How long it takes at least until the ledger is written again
    #[arg(long, value_name = "SECONDS", requires = "ledger", default_value = "1")]
    ledger_every: Seconds,
    /// Run no event twice, not even after a crash: what was under way becomes a dead letter
    #[arg(long, requires = "ledger")]
    once: bool,
    /// Where a page about the run goes, `-` for stdout: outcomes, speed, the machine with its counts, errors with
    /// examples. Every execution is run and timed for it, unless --latency says otherwise; a ledger does not keep
    /// what it shows
    #[arg(long, value_name = "FILE", conflicts_with = "ledger")]
    report: Option<PathBuf>,
    /// Threads that work [default: as many as there are cores]
    #[arg(long, value_name = "N", value_parser = super::replay::threads)]
    threads: Option<usize>,
    /// Where random numbers and UUIDs come from, together with each event's place
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Who an execution is: its event's place in its file, or its content
    #[arg(long, value_name = "WHAT", default_value = "position")]
    identity: IdentityForm,
    /// Where time starts [default: 2020-01-01T00:00:00Z, or the time of day if the clock is real]
    #[arg(long, value_name = "RFC3339", conflicts_with = "now_path")]
    now: Option<String>,
    /// Where each event says when its virtual time starts
    #[arg(long, value_name = "PATH")]
    now_path: Option<String>,
    /// Whose time it is: virtual, of which waiting takes none, or real
    #[arg(long, value_name = "CLOCK", default_value = "virtual")]
    clock: ClockForm,
    /// How many executions may be under way at once on each thread, if the clock is real
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    in_flight: usize,
    /// Run only the first records, behind those that are skipped
    #[arg(long, value_name = "N", help_heading = HEADING)]
    limit: Option<u64>,
    /// Which executions are timed: one in 64, or all [default: sampled, or all with --report]
    #[arg(long, value_name = "WHICH")]
    latency: Option<LatencyForm>,
    /// Where results wait that have no room in memory, behind an event that takes long [default: the system's folder
    /// for temporary files]
    #[arg(long, value_name = "DIR")]
    spill_dir: Option<PathBuf>,
    /// The most bytes that wait there; 0 for none
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 30)]
    max_spill_bytes: u64,
    /// Give up calls of handlers in Rust that take longer than this, by the clock on the wall; their tasks fail with
    /// States.Timeout
    #[arg(long, value_name = "SECONDS")]
    handler_timeout: Option<Seconds>,
    /// Mocks, in the form of Step Functions Local's MockConfigFile.json, or recorded outcomes as `import` writes them
    /// [default: mocks.json in the machine's folder]
    #[arg(long, value_name = "FILE")]
    mock: Option<PathBuf>,
    /// Which of the mock file's test cases
    #[arg(long, value_name = "NAME")]
    test_case: Option<String>,
    /// The machine's name, in mocks and in the context object
    #[arg(long, value_name = "NAME", default_value = "Machine")]
    machine_name: String,
    /// The longest line that can be an event; `off` lifts the limit
    #[arg(long, value_name = "BYTES", default_value = "1048576")]
    max_line_bytes: Limit,
    /// The largest document between states; `off` lifts the limit
    #[arg(long, value_name = "BYTES", default_value = "262144")]
    max_state_bytes: Limit,
    /// The longest an execution may take on its own clock; `off` lifts the limit [default: 300 for express, else off]
    #[arg(long, value_name = "SECONDS")]
    max_virtual_seconds: Option<Limit>,
    /// The most events in an execution's history; `off` lifts the limit [default: 25000 for standard, else off]
    #[arg(long, value_name = "N")]
    max_events: Option<Limit>,
    /// The most states an execution may enter; `off` lifts the limit
    #[arg(long, value_name = "N", default_value = "1000000")]
    max_steps: Limit,
    /// The most bytes of values that an execution may make in one state; `off` lifts the limit
    #[arg(long, value_name = "BYTES", default_value = "268435456")]
    max_execution_bytes: Limit,
    /// Count what is reached of the machine: a table with the summary, or JSON into a file; a ledger does not keep it
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, conflicts_with = "ledger")]
    coverage: Option<Option<PathBuf>>,
    /// End with exit code 1 if less than this share of the machine is reached
    #[arg(long, value_name = "PERCENT", requires = "coverage", value_parser = super::coverage::percent)]
    fail_under: Option<f64>,
    #[command(flatten)]
    expected: ExpectArguments,
    #[command(flatten)]
    lambda: LambdaArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EmitForm {
    Outcome,
    Output,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum IdentityForm {
    Position,
    Content,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ClockForm {
    Virtual,
    Real,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LatencyForm {
    Sampled,
    All,
    Off,
}

/// A number of seconds, perhaps with a fraction.
#[derive(Clone, Copy, Debug)]
struct Seconds(Duration);

impl std::str::FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Seconds, String> {
        let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds".to_owned())?;
        Duration::try_from_secs_f64(seconds).map(Seconds).map_err(|error| error.to_string())
    }
}

/// A limit's number, or none.
#[derive(Clone, Copy, Debug)]
struct Limit(Option<u64>);

impl std::str::FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Limit, String> {
        match text {
            "off" => Ok(Limit(None)),
            number => number.parse().map(|n| Limit(Some(n))).map_err(|_| "expected a number, or off".to_owned()),
        }
    }
}

/// How the command was called: the program, then its arguments.
pub(super) struct Called<'c> {
    pub program: &'c str,
    /// None if they are no text, which a ledger could not hold.
    pub arguments: Option<Vec<String>>,
}

/// Runs, from the start or from where a ledger says.
pub(super) fn run(
    arguments: &Arguments,
    mut handlers: Handlers,
    called: &Called,
    earlier: Option<Ledger>,
    console: &Console,
) -> Result<ExitCode, CliError> {
    let machine = arguments.machine.read()?;
    let definition = machine.accepted()?;
    let by_content = matches!(arguments.identity, IdentityForm::Content);
    let wanted = Wanted {
        mock: arguments.mock.as_deref(),
        test_case: arguments.test_case.as_deref(),
        machine_name: &arguments.machine_name,
        seed: arguments.seed,
        by_content,
        real: arguments.clock == ClockForm::Real,
    };
    if let Some(mock) = wanted.read(&machine.folder)? {
        handlers = handlers.mock(mock);
    }
    let signals = Signals::watch();
    let limit = arguments.handler_timeout.map(|limit| limit.0);
    let watch = Arc::new(Watch::new(limit, Arc::clone(&signals.stop)));
    Watch::hush(&watch);
    // Functions in processes have a time limit of their own.
    let handlers = arguments.lambda.attach(handlers.watched(&watch), arguments.threads, Logs::Off)?;
    let instrument = match (&arguments.coverage, &arguments.report) {
        (Some(_), _) => Instrument::Coverage,
        // A report says how long states take.
        (None, Some(_)) => Instrument::Trail,
        (None, None) => Instrument::Plain,
    };
    let asl = arguments.machine.asl_handlers(&machine)?;
    let program = compile_instrumented(definition, &asl, &handlers, instrument)?;
    let bound = handlers.bind(&program).map_err(|found| missing(&found, &handlers, &asl))?;
    let ledger = match (earlier, &arguments.ledger) {
        (Some(ledger), _) => Some(ledger),
        (None, Some(path)) => Some(new_ledger(arguments, path, called)?),
        (None, None) => None,
    };
    let resume = ledger.as_ref().map(|ledger| format!("{} resume {}", called.program, ledger.path().display()));
    let reading = arguments.reading.reading(arguments.format, arguments.seed, by_content);
    let sources = sources(&arguments.events, &machine.folder, &reading)?;
    let total_bytes: u64 = sources.iter().map(|(_, bytes)| bytes.unwrap_or(0)).sum();

    if let Some(path) = arguments.report.as_ref().filter(|path| *path != Path::new("-")) {
        // A page that cannot be written is told before the first event runs, not after the last.
        std::fs::File::create(path).map_err(|error| CliError::Io { path: path.display().to_string(), error })?;
    }

    let settings = settings(arguments, machine.machine_type == MachineType::Express);
    let mut batch = Batch::new(&program, &bound)
        .settings(settings.clone())
        .seed(arguments.seed)
        .identity(match arguments.identity {
            IdentityForm::Position => Identity::Position,
            IdentityForm::Content => Identity::Content,
        })
        .max_line_bytes(arguments.max_line_bytes.0.map(|n| usize::try_from(n).unwrap_or(usize::MAX)))
        .emit(match arguments.emit {
            EmitForm::Outcome => Emit::Outcome,
            EmitForm::Output => Emit::Output,
        })
        .position(arguments.position)
        .skip_rejected(arguments.skip_rejected)
        .unordered(arguments.unordered)
        .latency(match (arguments.latency, &arguments.report) {
            (Some(LatencyForm::All), _) | (None, Some(_)) => Latency::All,
            (Some(LatencyForm::Sampled), _) | (None, None) => Latency::default(),
            (Some(LatencyForm::Off), _) => Latency::Off,
        });
    if arguments.report.is_some() {
        batch = batch.observe();
    }
    if let Some(engine) = scanner()? {
        batch = batch.scanner(engine);
    }
    if let Some(threads) = arguments.threads {
        batch = batch.threads(threads);
    }
    batch = batch.skip(arguments.reading.skip);
    if let Some(records) = arguments.limit {
        batch = batch.limit(records);
    }
    if arguments.clock == ClockForm::Real {
        batch = batch.real_time(arguments.in_flight);
    }
    batch = match (&arguments.now_path, &arguments.now) {
        (Some(path), _) => batch.now_path(path).map_err(|error| CliError::Usage(format!("--now-path: {error}")))?,
        (None, Some(now)) => {
            let now = Timestamp::parse(now).map_err(|error| CliError::Usage(format!("--now: {error}")))?;
            batch.now(now.as_millis())
        }
        (None, None) => batch,
    };
    let sink = |path: &Path| sink(path, ledger.is_some());
    let (results, comparing) = arguments.expected.around(&arguments.output, sink)?;
    batch = batch.results(results);
    if let Some(path) = &arguments.failures {
        batch = batch.failures(sink(path)?);
    }
    if let Some(path) = &arguments.dead_letters {
        batch = batch.dead_letters(sink(path)?);
    }
    if let Some(ledger) = ledger {
        batch = batch.ledger(ledger.every(arguments.ledger_every.0));
    }
    batch = batch.stop(&signals.stop);
    batch = batch.spill(arguments.spill_dir.clone().unwrap_or_else(std::env::temp_dir), arguments.max_spill_bytes);
    batch = batch.waiting_for(|source, offset| {
        remark(&format!("everything waits for the event at byte {offset} of {source}, which takes long"));
    });
    let bar = Bar::on_terminal(console, total_bytes);
    if let Some(bar) = bar.clone() {
        batch = batch.progress(move |progress| bar.show(progress));
    }
    let names: Vec<String> = sources.iter().map(|(source, _)| source.name().to_owned()).collect();
    let result = batch.run(sources.into_iter().map(|(source, _)| source).collect());
    if let Some(bar) = bar {
        bar.clear();
    }
    let (mut summary, code) = match result {
        Ok(summary) => {
            let code = match (watch.unanswered(), summary.source_errors.len()) {
                (0, 0) => 0,
                (0, _) => 3,
                _ => 5,
            };
            (summary, signals.exit_code().unwrap_or(ExitCode::from(code)))
        }
        Err(error @ (BatchError::Threads(_) | BatchError::GivenUp)) => return Err(CliError::Usage(error.to_string())),
        // Nothing was run yet.
        Err(BatchError::Ledger { error, summary }) if !error.is_io() || summary.states.is_empty() => {
            return Err(refused(error));
        }
        Err(BatchError::Sink { error: SinkError::Closed { .. }, .. }) => return Ok(ExitCode::from(141)),
        Err(BatchError::Sink { error, summary }) => {
            let full = matches!(error, SinkError::Full { .. });
            stopped(&error, full, *summary, resume.is_none())
        }
        Err(BatchError::Source { error, summary }) => stopped(&error, false, *summary, false),
        Err(BatchError::Spill { error, summary }) => {
            let error = format!("results that were put aside cannot be read again: {error}");
            stopped(&error, false, *summary, false)
        }
        Err(BatchError::Ledger { error, summary }) => stopped(&error, error.is_full(), *summary, false),
    };
    if let (Some(resume), Some(kept)) = (resume, summary.kept.filter(|_| summary.partial)) {
        let (events, bytes) = (kept.events, kept.result_bytes);
        remark(&format!("{events} events and {bytes} bytes of results are safe; go on with: {resume}"));
    }
    summary.timing.unanswered = watch.unanswered();
    tell(&watch);
    report(arguments, &summary, console)?;
    let unlike = expect::tell(&comparing, arguments.limit.is_some(), console.quiet);
    if let Some(path) = &arguments.report {
        let graph = Graph::new(definition, &super::graph::title(&arguments.machine.machine));
        let page = report_page(&graph, &summary, &names, |example| example.run_again(&program, &bound, &settings))?;
        if path == Path::new("-") {
            super::print(page.trim_end())?;
        } else {
            std::fs::write(path, page).map_err(|error| CliError::Io { path: path.display().to_string(), error })?;
        }
    }
    if let (Some(coverage), Some(file)) = (&summary.coverage, &arguments.coverage) {
        if let Some(file) = file {
            write_out(file, &view::coverage::to_json(coverage))?;
        } else if !console.quiet {
            eprint!("{}", view::coverage::to_text(coverage, &covered(definition, &asl), on_stderr()));
        }
        if falls_short(coverage, arguments.fail_under) && code == ExitCode::SUCCESS {
            return Ok(ExitCode::from(1));
        }
    }
    Ok(if unlike && code == ExitCode::SUCCESS { ExitCode::from(1) } else { code })
}

/// Tells how handlers misbehaved.
fn tell(watch: &Watch) {
    if watch.panics() > 1 {
        complain(&format!("calls of handlers panicked {} times", watch.panics()));
    }
    if watch.gave_up() {
        complain(&format!("stopped: more than {STUCK_MAX} threads are stuck in handlers that give no answer"));
    }
}

/// Tells why a run was stopped; the exit code with what it had come to.
fn stopped(error: &dyn std::fmt::Display, full: bool, summary: Summary, hint: bool) -> (Summary, ExitCode) {
    complain(error);
    if full && hint {
        remark(&"make room and run it again; with --ledger FILE it could be gone on with");
    }
    (summary, ExitCode::from(if full { 4 } else { 3 }))
}

/// The ledger of a new run.
fn new_ledger(arguments: &Arguments, path: &Path, called: &Called) -> Result<Ledger, CliError> {
    let ledger = Ledger::new(path).map_err(refused)?;
    let folder = std::env::current_dir().map_err(|error| CliError::Io { path: ".".to_owned(), error })?;
    let (Some(folder), Some(texts)) = (folder.to_str(), &called.arguments) else {
        let message = "--ledger: the arguments and the name of the working folder have to be UTF-8";
        return Err(CliError::Usage(message.to_owned()));
    };
    Ok(ledger.started_as(folder.to_owned(), texts.clone()).once(arguments.once))
}

/// Why a ledger cannot be used.
pub(super) fn refused(error: LedgerError) -> CliError {
    match error {
        LedgerError::Io { path, source, .. } => CliError::Io { path, error: source },
        other => CliError::Usage(other.to_string()),
    }
}

/// The scanner that the environment asks for: all give the same, which tests hold them to.
fn scanner() -> Result<Option<Engine>, CliError> {
    let Ok(name) = std::env::var("EXPRESSWAY_SCANNER") else { return Ok(None) };
    let engine = match &*name {
        "scalar" => Engine::Scalar,
        "avx2" => Engine::Avx2,
        "avx512" => Engine::Avx512,
        _ => return Err(CliError::Usage(format!("EXPRESSWAY_SCANNER={name}: expected scalar, avx2 or avx512"))),
    };
    match Engine::available().contains(&engine) {
        true => Ok(Some(engine)),
        false => Err(CliError::Usage(format!("EXPRESSWAY_SCANNER={name}: this machine has no such instructions"))),
    }
}

fn settings(arguments: &Arguments, express: bool) -> Settings {
    let mut limits = if express { Limits::EXPRESS } else { Limits::STANDARD };
    limits.state_bytes = arguments.max_state_bytes.0.unwrap_or(u64::MAX);
    limits.steps = arguments.max_steps.0.unwrap_or(u64::MAX);
    limits.execution_bytes = arguments.max_execution_bytes.0.unwrap_or(u64::MAX);
    if let Some(Limit(seconds)) = arguments.max_virtual_seconds {
        limits.virtual_ms = seconds.map(|s| i64::try_from(s.saturating_mul(1_000)).unwrap_or(i64::MAX));
    }
    if let Some(Limit(events)) = arguments.max_events {
        limits.events = events.map_or(u32::MAX, |n| u32::try_from(n).unwrap_or(u32::MAX));
    }
    Settings { limits, names: Names { machine: arguments.machine_name.clone(), express, ..Names::default() } }
}

/// Where bytes go; a run with a ledger makes its files itself, or cuts them back.
fn sink(path: &Path, kept: bool) -> Result<Sink<'static>, CliError> {
    let sink = match path == Path::new("-") {
        true => Sink::stdout(),
        false if kept => return Ok(Sink::kept(path)),
        false => Sink::file(path),
    };
    sink.map_err(|error| match error {
        SinkError::Create { name, source } => CliError::Io { path: name, error: source },
        other => CliError::Usage(other.to_string()),
    })
}

fn report(arguments: &Arguments, summary: &Summary, console: &Console) -> Result<(), CliError> {
    if let Some(path) = &arguments.summary {
        let io = |error| CliError::Io { path: path.display().to_string(), error };
        if path == Path::new("-") {
            super::print(summary.to_json().trim_end())?;
        } else {
            std::fs::write(path, summary.to_json()).map_err(io)?;
        }
    }
    if console.quiet {
        return Ok(());
    }
    let mut text = summary.to_text();
    if console.verbose {
        text.push_str("states entered\n");
        for state in &summary.states {
            let within = state.handler.as_ref().map(|handler| format!(" in handler {handler}"));
            text.push_str(&format!("  {:>14}  {}{}\n", state.entered, state.name, within.unwrap_or_default()));
        }
    }
    eprint!("{text}");
    Ok(())
}

/// The page about a run, with its examples run again.
fn report_page(
    graph: &Graph,
    summary: &Summary,
    sources: &[String],
    run_again: impl Fn(&Example) -> Option<Again>,
) -> Result<String, CliError> {
    let overlay = Overlay::from_summary(&summary.to_json(), graph)
        .map_err(|error| CliError::Usage(format!("--report: {error}")))?;
    let shown = |error: Option<&str>, example: &Example| Shown {
        error: error.map(str::to_owned),
        position: example.position,
        again: run_again(example),
    };
    let mut examples = Vec::new();
    if let Some(findings) = &summary.findings {
        let errors = findings.errors.iter().flat_map(|(error, list)| list.iter().map(move |e| (Some(&**error), e)));
        examples.extend(errors.map(|(error, example)| shown(error, example)));
        // One event may be the first to have entered several states.
        for example in findings.success.iter().chain(findings.states.iter().flatten()) {
            if !examples.iter().any(|known: &Shown| known.position == example.position) {
                examples.push(shown(None, example));
            }
        }
    }
    Ok(Report { graph, overlay: &overlay, summary, sources, examples: &examples }.to_html())
}

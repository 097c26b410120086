//! `coverage`: what the events reach of a machine, and what they never reach.

use super::console::{Console, complain, painted};
use super::machine::MachineArguments;
use super::progress::Bar;
use super::replay::ReplayArguments;
use super::{CliError, write_out};
use crate::batch::{Coverage, Latency};
use crate::compile::instrument::Instrument;
use crate::definition::Definition;
use crate::handler::Handlers;
use crate::view::coverage::{self, Covered};
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// What `coverage --help` ends with.
pub(super) const EXAMPLES: &str = "\
Examples:
  expressway coverage orders/                   events.jsonl beside the machine; what was missed
  expressway coverage orders/ may.jsonl.gz --fail-under 90
                                                exit code 1 if less than 90 % is reached
  expressway coverage orders/ --format lcov -o lcov.info
  expressway coverage orders/ --format html -o coverage.html

Parts are states, transitions (the end of a scope is one), Choice rules and Default, retriers,
catchers, and the branches of Parallel and Map. Handlers written in ASL count under their own
names.";

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    machine: MachineArguments,
    /// Files of events, as for `run`; `-` for stdin [default: events.jsonl in the machine's folder]
    events: Vec<PathBuf>,
    /// What to write
    #[arg(long, value_name = "FORM", default_value = "text")]
    format: Form,
    /// Where to, `-` for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// End with exit code 1 if less than this share of all parts is reached
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    fail_under: Option<f64>,
    #[command(flatten)]
    replay: ReplayArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// A table, and what was never reached
    Text,
    /// Every part with its count
    Json,
    /// A tracefile for lcov and what reads its form
    Lcov,
    /// A page of the source
    Html,
}

/// A share as it is given on the command line.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    let number: f64 = text.trim_end_matches(['%', ' ']).parse().map_err(|_| "expected a number from 0 to 100")?;
    if (0.0..=100.0).contains(&number) { Ok(number) } else { Err("expected a number from 0 to 100".to_owned()) }
}

pub(super) fn run(arguments: &Arguments, handlers: &Handlers, console: &Console) -> Result<ExitCode, CliError> {
    let handlers = &arguments.replay.attach(handlers)?;
    let prepared = arguments.replay.prepare(&arguments.machine, handlers, Instrument::Coverage)?;
    let (sources, bytes) = arguments.replay.sources(&arguments.events, &prepared.machine.folder)?;
    let mut batch = arguments.replay.batch(&prepared)?.skip(arguments.replay.reading.skip).latency(Latency::Off);
    let bar = Bar::on_terminal(console, bytes);
    if let Some(bar) = bar.clone() {
        batch = batch.progress(move |progress| bar.show(progress));
    }
    let summary = batch.run(sources).map_err(|error| CliError::Usage(error.to_string()));
    if let Some(bar) = bar {
        bar.clear();
    }
    let summary = summary?;
    for error in &summary.source_errors {
        complain(&format!("not read to its end: {error}"));
    }
    let coverage = summary.coverage.unwrap_or_default();
    let covered = covered(prepared.machine.accepted()?, &prepared.asl);
    let text = match arguments.format {
        Form::Text => coverage::to_text(&coverage, &covered, painted(&arguments.output)),
        Form::Json => coverage::to_json(&coverage),
        Form::Lcov => coverage::to_lcov(&coverage, &covered),
        Form::Html => coverage::to_html(&coverage, &covered),
    };
    write_out(&arguments.output, &text)?;
    if !summary.source_errors.is_empty() {
        return Ok(ExitCode::from(3));
    }
    Ok(ExitCode::from(u8::from(falls_short(&coverage, arguments.fail_under))))
}

/// Whether the coverage is under what was asked for; then it says so.
pub(super) fn falls_short(coverage: &Coverage, least: Option<f64>) -> bool {
    let Some(least) = least.filter(|least| coverage.percent() < *least) else { return false };
    complain(&format!("{:.2} % of all parts were reached, and {least} % are asked for", coverage.percent()));
    true
}

/// The texts that the parts stand in.
pub(super) fn covered<'d>(machine: &'d Definition, asl: &'d BTreeMap<String, Definition>) -> Vec<Covered<'d>> {
    let handlers = asl.iter().map(|(name, handler)| Covered { handler: Some(name), source: &handler.source });
    [Covered { handler: None, source: &machine.source }].into_iter().chain(handlers).collect()
}

//! Where events come from and how they are written: the options that all commands over events share.
//!
//! Flows in: files, patterns, options. Flows out: sources that are read as the options say. It must never read more of a
//! file than it takes to see that it is there.

use super::{CliError, glob};
use crate::batch::{Envelope, Format, Pointer, Reading, Source};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// What these options stand under in a command's help.
pub(super) const HEADING: &str = "Events";

/// How records become events.
#[derive(Args, Debug, Clone)]
pub(super) struct EventArguments {
    /// Let cells of CSV that are JSON numbers, true, false, null, objects or arrays be such, rather than strings
    #[arg(long, help_heading = HEADING)]
    csv_types: bool,
    /// Take messages out of what a service wraps around them, the outermost first: json, sqs, sns, eventbridge, s3,
    /// records, kinesis, firehose, kafka, logs, awslogs, http; or a path to where they stand, as JSON or as a string that
    /// holds JSON
    #[arg(long, value_name = "ENVELOPES", value_delimiter = ',', value_parser = envelope, help_heading = HEADING)]
    unwrap: Vec<Envelope>,
    /// Make an event of each item of the array there: $.items, or /items; after --unwrap
    #[arg(long, value_name = "PATH", value_parser = pointer, help_heading = HEADING)]
    explode: Option<Pointer>,
    /// Take only what stands there as the event: $.detail, or /detail; after --explode
    #[arg(long, value_name = "PATH", value_parser = pointer, help_heading = HEADING)]
    select: Option<Pointer>,
    /// Pass over the first records
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = HEADING)]
    pub skip: u64,
    /// Take a share of the events: 1% or 0.01; the seed and who an event is decide which. What is left out counts
    /// neither for --skip nor for --limit
    #[arg(long, value_name = "SHARE", value_parser = share, help_heading = HEADING)]
    sample: Option<f64>,
}

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum EventFormat {
    /// Told by the first bytes (CSV by the file's name): lines, if the first line is JSON
    Auto,
    /// JSON Lines: each line is an event
    Lines,
    /// JSON values over several lines or without line ends; items of outermost arrays are the events
    Json,
    /// A table with a header; separated by commas, or by tabs or semicolons if the header has no comma
    Csv,
    /// Parquet; each row is an object (if built with the feature `parquet`)
    Parquet,
}

fn envelope(name: &str) -> Result<Envelope, String> {
    if name.starts_with(['$', '/']) {
        return pointer(name).map(Envelope::At);
    }
    let all = || Envelope::ALL.map(|(name, _)| name).join(", ");
    Envelope::named(name).ok_or_else(|| format!("expected a path, or one of {}", all()))
}

fn pointer(text: &str) -> Result<Pointer, String> {
    Pointer::parse(text).map_err(|error| error.to_string())
}

fn share(text: &str) -> Result<f64, String> {
    let (number, parts) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    let share = number.trim().parse::<f64>().map_err(|_| "expected a share such as 1% or 0.01")? / parts;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("expected a share from 0 to 1, or 0% to 100%".to_owned()) }
}

impl EventArguments {
    /// How a source is to be read.
    pub fn reading(&self, format: EventFormat, seed: u64, by_content: bool) -> Reading {
        let mut reading = Reading::new(match format {
            EventFormat::Auto => Format::Auto,
            EventFormat::Lines => Format::Lines,
            EventFormat::Json => Format::Json,
            EventFormat::Csv => Format::Csv,
            EventFormat::Parquet => Format::Parquet,
        })
        .typed_cells(self.csv_types)
        .unwrap_from(self.unwrap.iter().cloned());
        if let Some(pointer) = &self.explode {
            reading = reading.explode(pointer.clone());
        }
        if let Some(pointer) = &self.select {
            reading = reading.select(pointer.clone());
        }
        match self.sample {
            Some(share) => reading.sample(share, seed, by_content),
            None => reading,
        }
    }
}

/// The sources, each with its length where that is known.
pub(super) fn sources(
    events: &[PathBuf],
    folder: &Path,
    reading: &Reading,
) -> Result<Vec<(Source<'static>, Option<u64>)>, CliError> {
    let mut files = Vec::new();
    for path in events {
        files.extend(glob::expand(path)?);
    }
    if events.is_empty() {
        let names = ["events.jsonl", "events.json", "events.csv", "events.parquet"];
        let candidates = names.iter().flat_map(|name| ["", ".gz", ".zst"].map(|packed| format!("{name}{packed}")));
        let found = candidates.map(|name| folder.join(name)).find(|path| path.is_file());
        files.push(found.ok_or_else(|| {
            CliError::Usage(format!(
                "name a file of events, or `-` for stdin: {} holds no events.jsonl",
                folder.display()
            ))
        })?);
    }
    files.into_iter().map(|path| source(&path).map(|(source, bytes)| (source.read_as(reading), bytes))).collect()
}

fn source(path: &Path) -> Result<(Source<'static>, Option<u64>), CliError> {
    if path == Path::new("-") {
        return Ok((Source::stdin(), None));
    }
    // Opened once now, so that a wrong name is told before the first event runs.
    let file = std::fs::File::open(path);
    let metadata = file.and_then(|file| file.metadata());
    match metadata {
        Ok(metadata) if metadata.is_dir() => {
            let name = path.display();
            Err(CliError::Usage(format!("{name} is a folder; name its files, or a pattern such as '{name}/*.jsonl'")))
        }
        Ok(metadata) => Ok((Source::file(path), metadata.is_file().then_some(metadata.len()))),
        Err(error) => Err(CliError::Io { path: path.display().to_string(), error }),
    }
}

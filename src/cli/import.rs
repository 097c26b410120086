//! `import`: executions that AWS has run, as events to run again, with their tasks' outcomes and their results.

use super::console::{Console, complain};
use super::{CliError, glob};
use crate::batch::Source;
use crate::import::Importer;
use clap::Args;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What `import --help` ends with.
pub(super) const EXAMPLES: &str = "\
Examples:
  expressway import 'export/**/*.gz' --out may/         an export of a log group to S3, as it lies there
  expressway run orders/ may/events.jsonl --mock may/recorded.jsonl --expect may/expected.jsonl -o /dev/null
                                                        does the definition here do what the one there did?
  expressway diff orders/ new.asl.json may/events.jsonl --mock may/recorded.jsonl
                                                        and what would the new one do?
  aws logs filter-log-events --log-group-name G | expressway import - --out today/
  aws stepfunctions get-execution-history --execution-arn A > one.json; expressway import one.json --out one/

Read are log records one behind the other, lines with a time before each (an export, `aws logs tail`), batches of a
subscription (Firehose's files), answers of filter-log-events, get-log-events and get-query-results (@message), and
histories, all plain, .gz or .zst. The machine has to log with level ALL and includeExecutionData. An execution of which
anything is missing or truncated is left out, and named in left-out.jsonl.";

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Files of logs or histories, or patterns of them; `-` for stdin
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The folder for events.jsonl, recorded.jsonl, expected.jsonl and left-out.jsonl; it is made if need be
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<ExitCode, CliError> {
    let mut files = Vec::new();
    for path in &arguments.files {
        files.extend(glob::expand(path)?);
    }
    let folder = &arguments.out;
    std::fs::create_dir_all(folder).map_err(|error| CliError::Io { path: folder.display().to_string(), error })?;
    let create = |name: &str| {
        let path = folder.join(name);
        File::create(&path)
            .map(BufWriter::new)
            .map_err(|error| CliError::Io { path: path.display().to_string(), error })
    };
    let (mut events, mut recorded) = (create("events.jsonl")?, create("recorded.jsonl")?);
    let (mut expected, mut left_out) = (create("expected.jsonl")?, create("left-out.jsonl")?);
    let mut importer = Importer::new(&mut events, &mut recorded, &mut expected, &mut left_out);
    let written = |error| CliError::Io { path: folder.display().to_string(), error };
    let mut failed = false;
    for path in &files {
        let source = if path == Path::new("-") { Source::stdin() } else { Source::file(path) };
        let name = source.name().to_owned();
        match source.read_whole() {
            Ok(bytes) => importer.read(&name, &bytes).map_err(written)?,
            Err(error) => {
                failed = true;
                complain(&error);
            }
        }
    }
    let counts = importer.finish().map_err(written)?;
    for out in [events, recorded, expected, left_out] {
        out.into_inner().map_err(|error| written(error.into_error()))?.flush().map_err(written)?;
    }
    if !console.quiet {
        eprint!("{}", counts.to_text());
        if counts.executions > 0 {
            let folder = folder.display();
            eprintln!(
                "run them with    expressway run MACHINE {folder}/events.jsonl --mock {folder}/recorded.jsonl --expect {folder}/expected.jsonl"
            );
        }
    }
    Ok(ExitCode::from(match (failed, counts.executions) {
        (true, _) => 3,
        (false, 0) => 1,
        (false, _) => 0,
    }))
}

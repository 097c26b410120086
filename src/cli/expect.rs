//! `run --expect`: results compared with what was expected, on their way to where they go.

use super::CliError;
use crate::batch::Sink;
use crate::import::{Compare, Compared};
use crate::value::difference::Ignored;
use clap::Args;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What is expected of results.
#[derive(Args, Debug)]
pub(super) struct ExpectArguments {
    /// Compare the results, line by line, with those of a file, such as another run's, or expected.jsonl of `import`; end
    /// with exit code 1 if any differ
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["ledger", "position", "skip_rejected", "unordered", "skip", "sample"]
    )]
    expect: Option<PathBuf>,
    /// Where differences from what is expected do not count: $.output.at; may be given several times
    #[arg(long, value_name = "PATH", requires = "expect")]
    ignore: Vec<String>,
}

/// A comparison under way.
pub(super) type Comparing = Option<Arc<Mutex<Compared>>>;

impl ExpectArguments {
    /// Where results go, compared on the way if that was asked for.
    pub fn around(
        &self,
        path: &Path,
        plain: impl FnOnce(&Path) -> Result<Sink<'static>, CliError>,
    ) -> Result<(Sink<'static>, Comparing), CliError> {
        let Some(expected) = &self.expect else { return Ok((plain(path)?, None)) };
        let io = |path: &Path, error| CliError::Io { path: path.display().to_string(), error };
        let ignored = self
            .ignore
            .iter()
            .map(|path| Ignored::parse(path).map_err(|error| CliError::Usage(format!("--ignore: {error}"))))
            .collect::<Result<Vec<_>, _>>()?;
        let expected = BufReader::new(File::open(expected).map_err(|error| io(expected, error))?);
        let out: Box<dyn Write + Send> = match path == Path::new("-") {
            true => Box::new(std::io::stdout()),
            false => Box::new(File::create(path).map_err(|error| io(path, error))?),
        };
        let (compare, compared) = Compare::new(out, expected, ignored);
        Ok((Sink::new(path.display().to_string(), compare), Some(compared)))
    }
}

/// Tells what the comparison came to; whether something differs. Of a part of the events not all results are missed.
pub(super) fn tell(comparing: &Comparing, only_a_part: bool, quiet: bool) -> bool {
    let Some(compared) = comparing else { return false };
    let mut compared = compared.lock().unwrap_or_else(PoisonError::into_inner);
    if only_a_part {
        compared.missing = 0;
    }
    if !quiet {
        eprint!("{}", compared.to_text());
    }
    compared.different + compared.beyond + compared.missing > 0
}

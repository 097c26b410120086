//! Which mocks answer tasks: those that were named, or those beside the machine.

use super::CliError;
use super::machine::read_text;
use crate::handler::mock::Mock;
use crate::handler::recorded::Recorded;
use std::path::Path;

/// What was asked for.
pub(super) struct Wanted<'w> {
    /// The file, if one was named.
    pub mock: Option<&'w Path>,
    pub test_case: Option<&'w str>,
    pub machine_name: &'w str,
    /// The run's seed, and whether executions are known by what their events say.
    pub seed: u64,
    pub by_content: bool,
    /// Whether time is real.
    pub real: bool,
}

impl Wanted<'_> {
    /// Reads the mocks, if there are any. Those beside the machine are taken without being asked for only if there is no
    /// choice to be made among them.
    pub fn read(&self, folder: &Path) -> Result<Option<Mock>, CliError> {
        let beside = folder.join("mocks.json");
        let path = match self.mock {
            Some(path) => path,
            None if beside.is_file() => &beside,
            None => return Ok(None),
        };
        let wrong = |why: String| CliError::Usage(format!("{}: {why}", path.display()));
        let text = read_text(path)?;
        if Recorded::is_such(&text) {
            if self.by_content {
                let why = "recorded outcomes belong to places in the events' file: --identity content knows none";
                return Err(wrong(why.to_owned()));
            }
            if self.real {
                let why = "recorded outcomes come with the time that they took: they cannot be had with --clock real";
                return Err(wrong(why.to_owned()));
            }
            let recorded = Recorded::read(&text, self.seed).map_err(|error| wrong(error.to_string()))?;
            return Ok(Some(Mock::of_recorded(recorded)));
        }
        match Mock::read(&text, self.machine_name, self.test_case) {
            Ok(mock) => Ok(Some(mock)),
            Err(_) if self.mock.is_none() && self.test_case.is_none() => Ok(None),
            Err(error) => Err(wrong(error.to_string())),
        }
    }
}

//! `json --check`: the value reader's verdict on whole files.

use super::{CliError, print};
use crate::value::scan;
use crate::view::json::ObjectWriter;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Say of each file whether it is one valid JSON text, and if not, at which byte it stops being one
    #[arg(long, required = true)]
    check: bool,
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let mut code = ExitCode::SUCCESS;
    for path in &arguments.files {
        let bytes = std::fs::read(path).map_err(|error| CliError::Io { path: path.display().to_string(), error })?;
        let mut object = ObjectWriter::new();
        object.text("file", &path.display().to_string());
        match scan::validate(&bytes) {
            Ok(_) => {
                object.plain("valid", true);
            }
            Err(error) => {
                code = ExitCode::from(1);
                object.plain("valid", false).plain("offset", error.offset).text("reason", &error.message);
            }
        }
        print(&object.finish())?;
    }
    Ok(code)
}

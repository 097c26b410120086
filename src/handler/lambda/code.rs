//! Where a function's code is: `python:path/app.handler`, `node:path/index.handler`.
//!
//! It must never start anything, and looks at no file but to see that it is there.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Which runtime a function is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Runtime {
    /// Python, by way of the package awslambdaric, which Lambda itself runs.
    Python,
    /// Node.js, by way of a bootstrap of ours.
    Node,
}

/// A function's code: its runtime, the folder it lies in, and its handler there.
///
/// ```
/// use expressway::handler::lambda::{Code, Runtime};
/// let code: Code = "python:functions/coat/app.wear_heavy_coat".parse()?;
/// assert_eq!((code.runtime(), code.handler()), (Runtime::Python, "app.wear_heavy_coat"));
/// assert_eq!(code.folder(), std::path::Path::new("functions/coat"));
/// # Ok::<(), expressway::handler::lambda::CodeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    runtime: Runtime,
    folder: PathBuf,
    handler: String,
}

/// Why a text does not say where a function's code is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// It does not begin with a runtime's name.
    #[error("{text}: expected python:PATH/MODULE.FUNCTION or node:PATH/FILE.FUNCTION")]
    Runtime {
        /// The text.
        text: String,
    },
    /// What follows is no handler.
    #[error(
        "{text}: '{handler}' names no function: after the file's name, without its ending, comes a dot and the function"
    )]
    Handler {
        /// The text.
        text: String,
        /// The part that should be a handler.
        handler: String,
    },
}

impl Code {
    /// Which runtime it is for.
    pub fn runtime(&self) -> Runtime {
        self.runtime
    }

    /// The folder, in which the function is started.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The handler, as Lambda has it: `app.handler`.
    pub fn handler(&self) -> &str {
        &self.handler
    }
}

impl FromStr for Code {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Code, CodeError> {
        let (runtime, path) = match text.split_once(':') {
            Some(("python", path)) => (Runtime::Python, path),
            Some(("node", path)) => (Runtime::Node, path),
            _ => return Err(CodeError::Runtime { text: text.to_owned() }),
        };
        let (folder, handler) = match path.rsplit_once('/') {
            Some(("", handler)) => ("/", handler),
            Some((folder, handler)) => (folder, handler),
            None => (".", path),
        };
        let named = handler.split_once('.').is_some_and(|(file, function)| !file.is_empty() && !function.is_empty());
        // `app.py` is the file, of which the function is missing.
        if !named || [".py", ".js", ".mjs", ".cjs"].iter().any(|ending| handler.ends_with(ending)) {
            return Err(CodeError::Handler { text: text.to_owned(), handler: handler.to_owned() });
        }
        Ok(Code { runtime, folder: PathBuf::from(folder), handler: handler.to_owned() })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runtime = match self.runtime {
            Runtime::Python => "python",
            Runtime::Node => "node",
        };
        write!(f, "{runtime}:{}/{}", self.folder.display(), self.handler)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_a_runtime_a_folder_and_a_handler() {
        let parts = |text: &str| text.parse::<Code>().map(|code| (code.folder.display().to_string(), code.handler));
        let code = |folder: &str, handler: &str| Ok((folder.to_owned(), handler.to_owned()));
        assert_eq!(parts("python:app.handler"), code(".", "app.handler"));
        assert_eq!(parts("node:/opt/a b/index.a.b"), code("/opt/a b", "index.a.b"));
        assert_eq!(parts("node:/index.handler"), code("/", "index.handler"));
        for wrong in ["app.handler", "ruby:app.handler", "python:", "python:app", "python:a/.x", "python:app.py"] {
            let error = parts(wrong).expect_err(wrong);
            assert!(error.to_string().contains(wrong), "{error}");
        }
    }
}

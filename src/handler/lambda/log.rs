//! What functions print: captured line by line, kept for error messages, shown or written where somebody wants it.
//!
//! Each worker has one pipe for stdout and stderr, and a thread that reads it, so that a function never waits for
//! somebody to look. It must never let a line of one worker break into another's.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, PipeReader, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How many lines are kept for error messages,
const LINES_KEPT: usize = 20;
/// and how many bytes of each line.
const LINE_BYTES_KEPT: usize = 2_000;
/// How long to wait for the rest of what a worker that has ended printed: a process of its own may hold the pipe open.
const REST_MAX: Duration = Duration::from_secs(1);

/// Where what functions print goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Logs {
    /// Nowhere; the last lines are told if a function cannot be started.
    #[default]
    Off,
    /// To stderr, each line with the function's name in front.
    Stderr,
    /// To the file `NAME.log` in this folder, which is made if need be.
    Folder(PathBuf),
}

/// Where the lines of one function go.
pub(super) struct Log {
    name: String,
    to: To,
}

enum To {
    Nowhere,
    Stderr,
    File(Mutex<File>),
}

impl Log {
    /// Opens it.
    pub fn open(name: &str, logs: &Logs) -> io::Result<Log> {
        let to = match logs {
            Logs::Off => To::Nowhere,
            Logs::Stderr => To::Stderr,
            Logs::Folder(folder) => {
                std::fs::create_dir_all(folder)?;
                // A name is no path.
                let file = name.replace(|c: char| !c.is_alphanumeric() && !"-_".contains(c), "_");
                To::File(Mutex::new(File::create(folder.join(format!("{file}.log")))?))
            }
        };
        Ok(Log { name: name.to_owned(), to })
    }

    fn put(&self, line: &[u8]) {
        // Whoever cannot write a line of a log goes on: the line is not worth an execution.
        let _ = match &self.to {
            To::Nowhere => Ok(()),
            To::Stderr => {
                let mut whole = format!("[{}] ", self.name).into_bytes();
                whole.extend_from_slice(line);
                whole.push(b'\n');
                io::stderr().lock().write_all(&whole)
            }
            To::File(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.write_all(&[line, b"\n"].concat())
            }
        };
    }
}

/// What one worker prints.
pub(super) struct Printed {
    last: Arc<Mutex<VecDeque<String>>>,
    ended: Receiver<()>,
}

impl Printed {
    /// Reads a worker's pipe from now on, until its other end is closed.
    pub fn follow(pipe: PipeReader, log: Arc<Log>) -> io::Result<Printed> {
        let last = Arc::new(Mutex::new(VecDeque::new()));
        let (end, ended) = channel();
        let kept = Arc::clone(&last);
        std::thread::Builder::new().name("expressway-log".to_owned()).spawn(move || {
            let _end = end;
            let (mut pipe, mut line) = (BufReader::new(pipe), Vec::new());
            while pipe.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                // Python's runtime writes the lines of a traceback as one line of Lambda's log.
                for text in line.trim_ascii_end().split(|byte| *byte == b'\r') {
                    log.put(text);
                    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    if kept.len() == LINES_KEPT {
                        kept.pop_front();
                    }
                    let text = &text[..text.len().min(LINE_BYTES_KEPT)];
                    kept.push_back(String::from_utf8_lossy(text).into_owned());
                }
                line.clear();
            }
        })?;
        Ok(Printed { last, ended })
    }

    /// Waits until all has been read that a worker printed which has ended.
    pub fn settle(&self) {
        // The sender is dropped, never used: either way the waiting is over.
        let _ = self.ended.recv_timeout(REST_MAX);
    }

    /// The last lines.
    pub fn last(&self) -> String {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

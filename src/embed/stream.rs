//! Results of many executions as people's programs want them: handed to a closure, or pulled out of an iterator; and
//! events from iterators.
//!
//! Here is no pool and no queue of executions: a [`Batch`] runs as it always does, and its sink is a closure or a
//! channel. It must never let results that nobody takes pile up.

use super::ended::{Ended, ResultLine, Status};
use super::executor::Executor;
use crate::batch::{Batch, BatchError, Sink, Source, Summary};
use crate::value::scan;
use memchr::memchr;
use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Blocks of results that may wait for whoever iterates.
const BLOCKS_MAX: usize = 8;

/// A byte that no JSON text may hold, in place of one that would make two records of one.
const NEVER_JSON: u8 = 0x01;

impl Batch<'_> {
    /// Runs the records of all sources, and calls somebody with each result, in the order of the records: on the thread
    /// whose turn it is to write, one call at a time.
    ///
    /// # Errors
    ///
    /// As [`run`](Batch::run).
    ///
    /// ```
    /// use expressway::{Executor, Handlers, Program, Source};
    /// let program = Program::compile(r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#)?;
    /// let executor = Executor::new(program, &Handlers::new())?;
    /// let mut seen = 0;
    /// executor.batch().each(vec![Source::texts("three", ["1", "2", "3"])], |result| {
    ///     seen += result.output().unwrap_or_default().parse::<i32>().unwrap_or_default();
    /// })?;
    /// assert_eq!(seen, 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn each(
        self,
        sources: Vec<Source<'_>>,
        mut take: impl FnMut(ResultLine<'_>) + Send,
    ) -> Result<Summary, BatchError> {
        let lines = EachLine { take: |line: &str| take(ResultLine::new(line)), rest: Vec::new() };
        // Whatever the sink still holds at the end is a whole number of lines.
        Batch::results(self, Sink::new("closure", lines)).run(sources)
    }
}

/// Cuts what is written into lines.
struct EachLine<F> {
    take: F,
    /// A line that has begun.
    rest: Vec<u8>,
}

impl<F: FnMut(&str)> Write for EachLine<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut at = 0;
        while let Some(length) = memchr(b'\n', &bytes[at..]) {
            let line = &bytes[at..at + length];
            at += length + 1;
            if self.rest.is_empty() {
                self.take_line(line)?;
            } else {
                let mut whole = std::mem::take(&mut self.rest);
                whole.extend_from_slice(line);
                self.take_line(&whole)?;
            }
        }
        self.rest.extend_from_slice(&bytes[at..]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<F: FnMut(&str)> EachLine<F> {
    fn take_line(&mut self, line: &[u8]) -> io::Result<()> {
        (self.take)(std::str::from_utf8(line).map_err(io::Error::other)?);
        Ok(())
    }
}

impl<'s> Source<'s> {
    /// JSON texts from anything that can be iterated, a record each, blank ones included: those are rejected. A text may
    /// span lines.
    ///
    /// ```
    /// use expressway::{Executor, Handlers, Program, Source};
    /// let program = Program::compile(r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#)?;
    /// let executor = Executor::new(program, &Handlers::new())?;
    /// let numbers = (0..100).map(|n| n.to_string());
    /// let summary = executor.batch().run(vec![Source::texts("numbers", numbers)])?;
    /// assert_eq!(summary.succeeded, 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn texts<I>(name: impl Into<String>, texts: I) -> Source<'s>
    where
        I: IntoIterator,
        I::IntoIter: Send + 's,
        I::Item: AsRef<[u8]>,
    {
        Source::reader(name, Texts { texts: texts.into_iter(), line: Vec::new(), at: 0, begun: false })
    }
}

/// Texts as lines.
struct Texts<I> {
    texts: I,
    line: Vec<u8>,
    at: usize,
    begun: bool,
}

impl<I> Read for Texts<I>
where
    I: Iterator,
    I::Item: AsRef<[u8]>,
{
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < into.len() {
            if self.at == self.line.len() {
                let Some(text) = self.texts.next() else { break };
                self.line.clear();
                self.at = 0;
                write_line(text.as_ref(), !self.begun, &mut self.line);
                self.begun = true;
            }
            let length = (self.line.len() - self.at).min(into.len() - written);
            into[written..written + length].copy_from_slice(&self.line[self.at..self.at + length]);
            (self.at, written) = (self.at + length, written + length);
        }
        Ok(written)
    }
}

/// Writes a text as one line, which is the record that the text is and never two.
pub(super) fn write_line(text: &[u8], first: bool, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(text);
    if memchr(b'\n', text).is_some() {
        // Blanks between the parts of a JSON text can be spaces as well; any other text stays what no reader takes.
        let instead = if scan::validate(text).is_ok() { b' ' } else { NEVER_JSON };
        out[start..].iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = instead);
    }
    if text.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
        out.push(NEVER_JSON);
    }
    // The first bytes of a source may say that it is compressed. No JSON text has them.
    if first && matches!(text, [0x1f, 0x8b, ..] | [0x28, 0xb5, ..] | [0x50..=0x5f, 0x2a, ..]) {
        out[start] = NEVER_JSON;
    }
    out.push(b'\n');
}

/// The results of a run as they come, in the order of the records; the run goes on in the background, as far ahead as
/// a few blocks of results. When it is dropped, the run ends.
///
/// ```
/// use expressway::{Executor, Handlers, Program, Source};
/// let program = Program::compile(r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#)?;
/// let executor = Executor::new(program, &Handlers::new())?;
/// let endless = Source::texts("numbers", (0u64..).map(|n| n.to_string()));
/// let stream = executor.stream(vec![endless], |batch| batch.threads(2));
/// let outputs: Vec<String> = stream.take(3).map(|result| result.unwrap().output.unwrap()).collect();
/// assert_eq!(outputs, ["0", "1", "2"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Stream {
    blocks: Option<Receiver<Vec<u8>>>,
    block: Vec<u8>,
    at: usize,
    /// A line that began in the block before.
    rest: Vec<u8>,
    run: Option<JoinHandle<Result<Summary, BatchError>>>,
    summary: Option<Summary>,
}

impl Executor {
    /// Starts a run whose results are pulled out of an iterator; `set` says all else of the batch.
    pub fn stream(
        &self,
        sources: Vec<Source<'static>>,
        set: impl for<'b> FnOnce(Batch<'b>) -> Batch<'b> + Send + 'static,
    ) -> Stream {
        let (executor, (sender, receiver)) = (self.clone(), sync_channel(BLOCKS_MAX));
        let run = std::thread::spawn(move || {
            set(executor.batch()).results(Sink::new("stream", Blocks { sender })).run(sources)
        });
        Stream { blocks: Some(receiver), block: Vec::new(), at: 0, rest: Vec::new(), run: Some(run), summary: None }
    }
}

/// Hands what is written to whoever iterates.
struct Blocks {
    sender: SyncSender<Vec<u8>>,
}

impl Write for Blocks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.sender.send(bytes.to_vec()) {
            Ok(()) => Ok(bytes.len()),
            Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream {
    /// What the run came to, once the iterator has given its last result.
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// The next line of results.
    fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(length) = memchr(b'\n', &self.block[self.at..]) {
                let mut line = std::mem::take(&mut self.rest);
                line.extend_from_slice(&self.block[self.at..self.at + length]);
                self.at += length + 1;
                return Some(line);
            }
            self.rest.extend_from_slice(&self.block[self.at..]);
            (self.block, self.at) = (self.blocks.as_ref()?.recv().ok()?, 0);
        }
    }

    /// The end of the run.
    fn end(&mut self) -> Option<BatchError> {
        self.blocks = None;
        match self.run.take()?.join() {
            Ok(Ok(summary)) => {
                self.summary = Some(summary);
                None
            }
            Ok(Err(error)) => Some(error),
            // A mistake of ours goes on where somebody sees it.
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

impl Iterator for Stream {
    type Item = Result<Ended, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.line() {
            Some(line) => Some(Ok(Ended::of_line(&String::from_utf8_lossy(&line)))),
            None => self.end().map(Err),
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // Nobody reads any more: the run's next write fails, which ends it.
        self.blocks = None;
        if let Some(run) = self.run.take() {
            let _ = run.join();
        }
    }
}

impl Ended {
    /// A line of results, owned; a bare output is a success. Steps, time and history are not in a line.
    fn of_line(text: &str) -> Ended {
        let line = ResultLine::new(text);
        let own = |text: Option<std::borrow::Cow<str>>| text.map(std::borrow::Cow::into_owned);
        let status = line.status();
        let output = if status.is_none() { Some(text) } else { line.output() };
        let mut ended = Ended::empty(status.unwrap_or(Status::Succeeded));
        (ended.output, ended.error, ended.cause) = (output.map(str::to_owned), own(line.error()), own(line.cause()));
        ended
    }
}

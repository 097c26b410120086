//! Results compared with what was expected, as they are written.
//!
//! Flows in: result lines, in order, on their way to where they go; and the lines that were expected. Flows out: the same
//! bytes, and how many were alike. Lines are compared as JSON: the order of members does not count, nor how a number is
//! written, nor which limit of ours ended an execution. It must never hold back or change a result.

use crate::value::difference::{Difference, Ignored, Key, differences};
use crate::value::tree;
use memchr::memchr;
use std::io::{self, BufRead, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// How many differing lines are kept to be shown.
const SHOWN_MAX: usize = 10;

/// What a comparison has come to.
#[derive(Debug, Default)]
pub struct Compared {
    /// Lines that say the same.
    pub same: u64,
    /// Lines that do not.
    pub different: u64,
    /// Results of which nothing was expected.
    pub beyond: u64,
    /// What was expected behind the last result; known once all has been written.
    pub missing: u64,
    /// The first lines that differ.
    pub shown: Vec<Unlike>,
}

/// A line that differs from what was expected.
#[derive(Debug)]
pub struct Unlike {
    /// Its number, counted from 1.
    pub line_number: u64,
    /// What differs.
    pub differences: Vec<Difference>,
    /// The line, if it or what was expected is no JSON.
    pub text: Option<String>,
}

/// Hands bytes on, and compares their lines.
pub struct Compare<W, R: BufRead> {
    out: W,
    expected: R,
    ignored: Vec<Ignored>,
    /// A line of which the end has not come.
    line: Vec<u8>,
    wanted: Vec<u8>,
    lines: u64,
    compared: Arc<Mutex<Compared>>,
}

impl<W: Write, R: BufRead> Compare<W, R> {
    /// Compares what is written to `out` with the lines of `expected`; the counts can be read while it is under way.
    pub fn new(out: W, expected: R, ignored: Vec<Ignored>) -> (Compare<W, R>, Arc<Mutex<Compared>>) {
        let compared = Arc::new(Mutex::new(Compared::default()));
        let counts = Arc::clone(&compared);
        (Compare { out, expected, ignored, line: Vec::new(), wanted: Vec::new(), lines: 0, compared }, counts)
    }

    fn compare(&mut self, line: &[u8]) -> io::Result<()> {
        self.lines += 1;
        self.wanted.clear();
        self.expected.read_until(b'\n', &mut self.wanted)?;
        let mut compared = self.compared.lock().unwrap_or_else(PoisonError::into_inner);
        if self.wanted.is_empty() {
            compared.beyond += 1;
            return Ok(());
        }
        let wanted = self.wanted.strip_suffix(b"\n").unwrap_or(&self.wanted);
        let unlike = if wanted == line { None } else { self.unlike(wanted, line) };
        match unlike {
            None => compared.same += 1,
            Some(unlike) => {
                compared.different += 1;
                if compared.shown.len() < SHOWN_MAX {
                    compared.shown.push(unlike);
                }
            }
        }
        Ok(())
    }

    /// How lines differ that are not the same bytes, if in anything that counts.
    fn unlike(&self, wanted: &[u8], line: &[u8]) -> Option<Unlike> {
        let line_number = self.lines;
        let (Ok(wanted), Ok(found)) = (tree::parse_bytes(wanted), tree::parse_bytes(line)) else {
            let text = String::from_utf8_lossy(line).into_owned();
            return Some(Unlike { line_number, differences: Vec::new(), text: Some(text) });
        };
        let mut found = differences(&wanted, &found);
        let limit = [Key::Member("limit".into())];
        found.retain(|difference| {
            difference.at != limit && !self.ignored.iter().any(|ignored| ignored.covers(difference))
        });
        (!found.is_empty()).then_some(Unlike { line_number, differences: found, text: None })
    }
}

impl<W: Write, R: BufRead> Write for Compare<W, R> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.out.write(bytes)?;
        let mut rest = &bytes[..taken];
        while let Some(end) = memchr(b'\n', rest) {
            let mut line = std::mem::take(&mut self.line);
            line.extend_from_slice(&rest[..end]);
            self.compare(&line)?;
            line.clear();
            self.line = line;
            rest = &rest[end + 1..];
        }
        self.line.extend_from_slice(rest);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// What is left of what was expected has no result.
impl<W, R: BufRead> Drop for Compare<W, R> {
    fn drop(&mut self) {
        let mut missing = 0;
        loop {
            self.wanted.clear();
            match self.expected.read_until(b'\n', &mut self.wanted) {
                Ok(read) if read > 0 => missing += 1,
                _ => break,
            }
        }
        self.compared.lock().unwrap_or_else(PoisonError::into_inner).missing = missing;
    }
}

impl Compared {
    /// The counts in words, with what differs in the first lines that do.
    pub fn to_text(&self) -> String {
        let all = (self.same + self.different).max(1) as f64;
        let share = |count: u64| format!("{:.2} %", count as f64 * 100.0 / all);
        let mut text = format!("as expected     {}  {}\n", self.same, share(self.same));
        if self.different > 0 {
            text.push_str(&format!("different       {}  {}\n", self.different, share(self.different)));
        }
        if self.beyond > 0 {
            text.push_str(&format!("not expected    {}: the file of expected results has fewer lines\n", self.beyond));
        }
        if self.missing > 0 {
            text.push_str(&format!(
                "without result  {}: fewer events were run than results are expected\n",
                self.missing
            ));
        }
        for unlike in &self.shown {
            text.push_str(&format!("  line {}\n", unlike.line_number));
            for difference in &unlike.differences {
                text.push_str(&format!("    {difference}\n"));
            }
            if let Some(line) = &unlike.text {
                text.push_str(&format!("    one of them is no JSON: {line}\n"));
            }
        }
        text
    }
}

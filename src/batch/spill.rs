//! Results that wait for their turn and have no room in memory: a temporary file of a bounded size.
//!
//! Flows in: the lines of a chunk that is done before its turn. Flows out: the same lines, when it has come. Chunks lie in
//! the file one behind the other; once none is left in it, it is empty again. That is soon after the event has been dealt
//! with that all were waiting for, so that no better use of the room is needed. The file has no name where the system lets
//! an open file be without one, so that it goes with the process. A spill that cannot be written is full: then workers
//! wait, and nothing is lost. It must never hold a chunk whose lines are not all in it.

use super::text::Text;
use super::wording::Lines;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Tells the files of one process apart.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// A temporary file that is made when it is first needed.
#[derive(Debug)]
pub(super) struct Spill {
    folder: PathBuf,
    bytes_max: u64,
    file: OnceLock<io::Result<File>>,
}

/// How much of a spill is in use.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Use {
    chunks: u64,
    end: u64,
    /// Whether it takes no more, until it has been emptied.
    full: bool,
}

/// Where the lines of a chunk are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored {
    at: u64,
    /// Gaps and bytes of results, failures and dead letters.
    lengths: [(usize, usize); 3],
}

impl Spill {
    /// A file in that folder, of at most so many bytes.
    pub fn new(folder: PathBuf, bytes_max: u64) -> Spill {
        Spill { folder, bytes_max, file: OnceLock::new() }
    }

    /// Whether more may be put there.
    pub fn has_room(&self, of: &Use) -> bool {
        !of.full && of.end < self.bytes_max
    }

    /// Room for the lines of a chunk; whoever gets it puts them there, or gives it back.
    pub fn reserve(&self, of: &mut Use, lines: &Lines) -> Option<Stored> {
        let lengths = texts(lines).map(|text| (text.gaps().len(), text.bytes.len()));
        let bytes: u64 = lengths.iter().map(|(gaps, bytes)| (gaps * GAP_BYTES + bytes) as u64).sum();
        if !self.has_room(of) || of.end.saturating_add(bytes) > self.bytes_max {
            of.full = true;
            return None;
        }
        let at = of.end;
        of.end += bytes;
        of.chunks += 1;
        Some(Stored { at, lengths })
    }

    /// Puts lines where room was reserved for them.
    pub fn put(&self, stored: &Stored, lines: &Lines) -> io::Result<()> {
        let file = self.file()?;
        let mut at = stored.at;
        let mut buffer = Vec::new();
        for text in texts(lines) {
            buffer.clear();
            for (place, line_index) in text.gaps() {
                buffer.extend_from_slice(&(*place as u64).to_le_bytes());
                buffer.extend_from_slice(&line_index.to_le_bytes());
            }
            for bytes in [&buffer, &text.bytes] {
                write_at(file, bytes, at)?;
                at += bytes.len() as u64;
            }
        }
        Ok(())
    }

    /// Takes lines back.
    pub fn take(&self, stored: &Stored, lines: &mut Lines) -> io::Result<()> {
        let file = self.file()?;
        let mut at = stored.at;
        let mut buffer = Vec::new();
        let Lines { results, failures, dead_letters } = lines;
        for (text, (gaps, bytes)) in [results, failures, dead_letters].into_iter().zip(stored.lengths) {
            buffer.resize(gaps * GAP_BYTES, 0);
            read_at(file, &mut buffer, at)?;
            let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
            let gaps = buffer.chunks_exact(GAP_BYTES).map(|gap| {
                let (place, line_index) = gap.split_at(GAP_BYTES / 2);
                (number(place) as usize, number(line_index))
            });
            text.restore(gaps);
            text.bytes.resize(bytes, 0);
            read_at(file, &mut text.bytes, at + buffer.len() as u64)?;
            at += (buffer.len() + bytes) as u64;
        }
        Ok(())
    }

    /// Gives room back in which nothing could be put: the spill takes no more until it has been emptied.
    pub fn refuse(&self, of: &mut Use) {
        of.full = true;
        of.chunks -= 1;
    }

    /// Notes that a chunk is no longer needed there.
    pub fn free(&self, of: &mut Use) {
        of.chunks -= 1;
        if of.chunks == 0 && !matches!(self.file.get(), Some(Err(_))) {
            *of = Use::default();
            // What cannot be made shorter is written over.
            if let Some(Ok(file)) = self.file.get() {
                let _ = file.set_len(0);
            }
        }
    }

    fn file(&self) -> io::Result<&File> {
        let made = self.file.get_or_init(|| {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = self.folder.join(format!("expressway-{}-{number}.spill", std::process::id()));
            let file = File::options().read(true).write(true).create_new(true).open(&path)?;
            // Where an open file cannot be without a name, somebody else has to tidy up after a crash.
            let _ = std::fs::remove_file(&path);
            Ok(file)
        });
        made.as_ref().map_err(|error| io::Error::new(error.kind(), error.to_string()))
    }
}

/// What a gap takes in the file.
const GAP_BYTES: usize = 16;

fn texts(lines: &Lines) -> [&Text; 3] {
    [&lines.results, &lines.failures, &lines.dead_letters]
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(unix)]
fn read_at(file: &File, into: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, at)
}

#[cfg(not(unix))]
fn write_at(_: &File, _: &[u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn read_at(_: &File, _: &mut [u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Sink;

    fn lines(n: u64) -> Lines {
        let mut lines = Lines::default();
        for (text, count) in [(&mut lines.results, n), (&mut lines.failures, n % 3), (&mut lines.dead_letters, n % 2)] {
            for line in 0..count {
                text.bytes.extend_from_slice(format!("{n} {line} ").as_bytes());
                text.line_number(line);
            }
        }
        lines
    }

    fn written(lines: &Lines) -> Vec<u8> {
        let mut all = Vec::new();
        let mut sink = Sink::new("memory", &mut all);
        for text in texts(lines) {
            sink.put_text(text, 7).unwrap();
            sink.put(b"\n").unwrap();
        }
        sink.close().unwrap();
        all
    }

    #[test]
    fn what_was_put_is_taken_back_and_the_bound_holds() {
        let spill = Spill::new(std::env::temp_dir(), 2_000);
        let mut of = Use::default();
        for _ in 0..2 {
            let mut stored = Vec::new();
            for n in 0.. {
                let lines = lines(n);
                let Some(place) = spill.reserve(&mut of, &lines) else { break };
                spill.put(&place, &lines).unwrap();
                stored.push((n, place));
            }
            assert!(stored.len() > 5 && of.end <= 2_000 && !spill.has_room(&of));
            let mut back = Lines::default();
            for (n, place) in stored.iter().rev() {
                spill.take(place, &mut back).unwrap();
                assert_eq!(written(&back), written(&lines(*n)));
                spill.free(&mut of);
            }
            assert!(spill.has_room(&of));
        }
    }

    #[test]
    fn a_folder_that_is_not_there() {
        let spill = Spill::new("/nowhere".into(), 2_000);
        let place = spill.reserve(&mut Use::default(), &lines(3)).unwrap();
        assert!(spill.put(&place, &lines(3)).is_err());
    }
}

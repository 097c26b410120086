//! Chunks that were begun, for functions that must not be called twice.
//!
//! Beside the ledger stands a file that grows by a line for each chunk, synced before the chunk's first event is run:
//! `claim SOURCE FROM TO CHECKSUM`, where a line of the source belongs to the claim if it starts there. A chunk that is
//! given up on orderly terms gives its rest back, as `free …`. It must never let an event run whose claim is not on the
//! disk.

use super::super::disk::{Disk, OutFile, again, append_all, folder_of};
use super::LedgerError;
use super::record::{Position, hex};
use sha2::{Digest, Sha256};
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The claims of a run, as they are made.
pub(in crate::batch) struct Claims {
    path: PathBuf,
    file: Mutex<Arc<dyn OutFile>>,
}

/// Places that were claimed and not dealt with, before a run was gone on with.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::batch) struct Claimed {
    /// For each source apart, in order.
    places: Vec<(usize, Range<u64>)>,
}

/// The file of a ledger's claims.
fn path_of(ledger: &Path) -> PathBuf {
    let mut path = ledger.to_owned().into_os_string();
    path.push(".claims");
    PathBuf::from(path)
}

impl Claims {
    /// The claims of a new run.
    pub fn create(disk: &dyn Disk, ledger: &Path) -> Result<Claims, LedgerError> {
        let path = path_of(ledger);
        let file = again(|| disk.create(&path)).map_err(LedgerError::io(&path, "cannot be created"))?;
        let folder = folder_of(&path);
        again(|| disk.sync_folder(folder)).map_err(LedgerError::io(folder, "cannot be made to last"))?;
        Ok(Claims { path, file: Mutex::new(file) })
    }

    /// The claims of a run that is gone on with, and what of them was not dealt with. What stands behind the last whole
    /// line was being written when the run ended, so that nothing of it has been begun.
    pub fn reopen(disk: &dyn Disk, ledger: &Path, done: Position) -> Result<(Claims, Claimed), LedgerError> {
        let path = path_of(ledger);
        let bytes = match again(|| disk.read(&path)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok((Claims::create(disk, ledger)?, Claimed::default()));
            }
            Err(error) => return Err(LedgerError::io(&path, "cannot be read")(error)),
        };
        let (claimed, whole) = Claimed::read(&bytes, done)
            .map_err(|reason| LedgerError::Damaged { path: path.display().to_string(), reason })?;
        let file = again(|| disk.open(&path)).map_err(LedgerError::io(&path, "cannot be opened"))?;
        again(|| file.truncate(whole as u64)).map_err(LedgerError::io(&path, "cannot be written to"))?;
        Ok((Claims { path, file: Mutex::new(file) }, claimed))
    }

    /// Claims the lines of a source that start in a range.
    pub fn claim(&self, source: usize, range: Range<u64>) -> Result<(), LedgerError> {
        self.note("claim", source, range)
    }

    /// Gives lines back that were not begun.
    pub fn free(&self, source: usize, range: Range<u64>) -> Result<(), LedgerError> {
        self.note("free", source, range)
    }

    /// Removes a ledger's claims, once the run has come to its end.
    pub fn remove(disk: &dyn Disk, ledger: &Path) -> Result<(), LedgerError> {
        let path = path_of(ledger);
        match again(|| disk.remove(&path)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(LedgerError::io(&path, "cannot be removed")(error))
            }
            _ => Ok(()),
        }
    }

    fn note(&self, what: &str, source: usize, range: Range<u64>) -> Result<(), LedgerError> {
        if range.is_empty() {
            return Ok(());
        }
        let text = format!("{what} {source} {} {}", range.start, range.end);
        let line = format!("{text} {}\n", checksum(&text));
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        append_all(&**file, line.as_bytes()).map_err(LedgerError::io(&self.path, "cannot be written to"))?;
        again(|| file.sync()).map_err(LedgerError::io(&self.path, "cannot be made to last"))
    }
}

impl Claimed {
    /// Reads claims; gives with them how many bytes the whole lines have.
    fn read(bytes: &[u8], done: Position) -> Result<(Claimed, usize), String> {
        let mut claimed = Claimed::default();
        let mut whole = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            match parse(line) {
                Some((freed, source, range)) => {
                    whole += line.len();
                    if freed { claimed.remove(source, range) } else { claimed.places.push((source, range)) }
                }
                // Only the last line can be half written: the one before it was synced.
                None if whole + line.len() == bytes.len() => break,
                None => return Err(format!("the claim at byte {whole} is none")),
            }
        }
        claimed.places.retain(|(source, _)| *source >= done.source);
        claimed.remove(done.source, 0..done.offset);
        claimed.places.sort_by_key(|(source, range)| (*source, range.start));
        // A run that was gone on with before has claimed some of them again.
        claimed.places.dedup_by(|(source, range), (before, longer)| {
            let touch = source == before && range.start <= longer.end;
            if touch {
                longer.end = longer.end.max(range.end);
            }
            touch
        });
        Ok((claimed, whole))
    }

    /// Takes a range out.
    fn remove(&mut self, source: usize, out: Range<u64>) {
        let all = std::mem::take(&mut self.places);
        for (of, range) in all {
            if of != source || range.end <= out.start || out.end <= range.start {
                self.places.push((of, range));
                continue;
            }
            self.places.extend(
                [range.start..out.start, out.end..range.end].into_iter().filter(|r| r.start < r.end).map(|r| (of, r)),
            );
        }
    }

    /// Whether nothing is claimed.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether a line that starts there is claimed.
    pub fn holds(&self, source: usize, offset: u64) -> bool {
        let behind = self.places.partition_point(|(of, range)| (*of, range.start) <= (source, offset));
        self.places[..behind].last().is_some_and(|(of, range)| *of == source && range.contains(&offset))
    }
}

fn checksum(text: &str) -> String {
    let mut digits = hex(&Sha256::digest(text.as_bytes()));
    digits.truncate(16);
    digits
}

fn parse(line: &[u8]) -> Option<(bool, usize, Range<u64>)> {
    let (text, sum) = std::str::from_utf8(line).ok()?.strip_suffix('\n')?.rsplit_once(' ')?;
    if sum != checksum(text) {
        return None;
    }
    let mut words = text.split(' ');
    let freed = match words.next()? {
        "claim" => false,
        "free" => true,
        _ => return None,
    };
    Some((freed, words.next()?.parse().ok()?, words.next()?.parse().ok()?..words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> String {
        format!("{text} {}\n", checksum(text))
    }

    #[test]
    fn what_was_not_dealt_with_is_left() {
        let all = [
            line("claim 0 0 100"),
            line("claim 0 100 200"),
            line("claim 1 0 50"),
            line("claim 0 200 300"),
            line("free 0 250 300"),
        ];
        let done = Position { source: 0, offset: 150, ..Position::default() };
        let torn = [all.concat(), "claim 0 300 4".to_owned()].concat();
        let (claimed, whole) = Claimed::read(torn.as_bytes(), done).unwrap();
        assert_eq!(claimed.places, [(0, 150..250), (1, 0..50)]);
        assert_eq!(whole, all.concat().len());
        for (source, offset, wanted) in
            [(0, 149, false), (0, 150, true), (0, 249, true), (0, 250, false), (1, 49, true), (1, 50, false)]
        {
            assert_eq!(claimed.holds(source, offset), wanted, "{source} {offset}");
        }
        let broken = [all[0].replace("100", "101"), all[1].clone()].concat();
        assert!(Claimed::read(broken.as_bytes(), done).is_err());
    }
}

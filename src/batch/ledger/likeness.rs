//! What has to be the same for a run to go on: the program, the functions, the settings, the sources.
//!
//! Flows in: a run about to start. Flows out: digests, and what differs between two of them, in words. A source is known
//! by its length and its first and last 64 KiB: enough to notice another file or one that grew, without reading it all. It
//! must never depend on anything that a second run of the same command would see differently.

use super::record::{Likeness, SourceLikeness, hex};
use crate::batch::split::{ReadAt, fill};
use sha2::{Digest, Sha256};
use std::io;

/// How much of each end of a source is looked at.
const ENDS_BYTES: usize = 64 << 10;

/// The digest of a text.
pub(in crate::batch) fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// What a source of which any part can be read is known by.
pub(in crate::batch) fn source_likeness(name: &str, from: &dyn ReadAt, bytes: u64) -> io::Result<SourceLikeness> {
    let mut hasher = Sha256::new();
    let mut end = vec![0; ENDS_BYTES];
    for start in [0, bytes.saturating_sub(ENDS_BYTES as u64)] {
        let (read, failed) = fill(from, &mut end, start);
        if let Some(error) = failed {
            return Err(error);
        }
        hasher.update(&end[..read]);
    }
    Ok(SourceLikeness { name: name.to_owned(), bytes, digest: hex(&hasher.finalize()) })
}

impl Likeness {
    /// What differs from how it was, in words; nothing if all is the same.
    pub fn differs_from(&self, earlier: &Likeness) -> Option<String> {
        if self.version != earlier.version {
            return Some(format!("it was begun by version {}, and this is {}", earlier.version, self.version));
        }
        let digests = [
            (&self.program, &earlier.program, "the definition, or a handler written in ASL, has changed"),
            (&self.handlers, &earlier.handlers, "the functions or mocks are not those it was begun with"),
            (&self.settings, &earlier.settings, "the settings are not those it was begun with"),
        ];
        if let Some((.., what)) = digests.into_iter().find(|(now, then, _)| now != then) {
            return Some(what.to_owned());
        }
        if self.sources.len() != earlier.sources.len() {
            return Some(format!("it had {} sources, and now has {}", earlier.sources.len(), self.sources.len()));
        }
        self.sources.iter().zip(&earlier.sources).find_map(|(now, then)| {
            if now.name != then.name {
                Some(format!("the source {} is in the place of {}", now.name, then.name))
            } else if now.bytes != then.bytes {
                Some(format!("{} had {} bytes, and now has {}", then.name, then.bytes, now.bytes))
            } else if now.digest != then.digest {
                Some(format!("{} holds other bytes than it did", then.name))
            } else {
                None
            }
        })
    }
}

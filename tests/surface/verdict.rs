//! What a surface is compared with, and what the comparison comes to. It must never touch a file.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The three numbers of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Version([u64; 3]);

impl Version {
    /// The number a break has to raise: the minor one below 1.0.
    fn breaking(self) -> (u64, u64) {
        let [major, minor, _] = self.0;
        (major, if major == 0 { minor } else { 0 })
    }

    /// The least version that may break what this one has.
    pub fn next_breaking(self) -> Version {
        match self.0 {
            [0, minor, _] => Version([0, minor + 1, 0]),
            [major, ..] => Version([major + 1, 0, 0]),
        }
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Version, String> {
        let numbers: Result<Vec<u64>, _> = text.split('.').map(str::parse).collect();
        let numbers = numbers.map_err(|_| format!("{text} is no version of three numbers"))?;
        numbers.try_into().map(Version).map_err(|_| format!("{text} is no version of three numbers"))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// A surface with the version that had it.
#[derive(Debug, Default)]
pub struct Kept {
    pub version: Version,
    pub facts: BTreeSet<String>,
}

const HEAD: &str = "# The public surface that is held to, of version ";

impl Kept {
    /// A file as it is written here; one that is not there is a surface without facts.
    pub fn parse(text: &str) -> Kept {
        let mut kept = Kept::default();
        for line in text.lines() {
            match line.strip_prefix(HEAD) {
                Some(version) => kept.version = version.parse().expect("the file names its version"),
                None if line.starts_with("# ") || line.is_empty() => {}
                None => drop(kept.facts.insert(line.to_owned())),
            }
        }
        kept
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}{}", self.version)?;
        writeln!(f, "# Written by the test `surface`, which says how; not by hand.")?;
        self.facts.iter().try_for_each(|fact| writeln!(f, "{fact}"))
    }
}

/// What has become of a surface.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing has.
    Same,
    /// There is more of it.
    Grown { new: Vec<String> },
    /// Facts are gone, as the version may.
    Raised { gone: Vec<String>, new: Vec<String> },
    /// Facts are gone, and the version does not say so.
    Broken { gone: Vec<String>, new: Vec<String> },
}

impl Verdict {
    pub fn of(kept: &Kept, now: &BTreeSet<String>, version: Version) -> Verdict {
        let gone: Vec<String> = kept.facts.difference(now).cloned().collect();
        let new: Vec<String> = now.difference(&kept.facts).cloned().collect();
        match (gone.is_empty(), new.is_empty()) {
            (true, true) => Verdict::Same,
            (true, false) => Verdict::Grown { new },
            (false, _) if version.breaking() > kept.version.breaking() => Verdict::Raised { gone, new },
            (false, _) => Verdict::Broken { gone, new },
        }
    }

    /// One line for each fact that came or went.
    pub fn changes(&self) -> String {
        let (gone, new): (&[String], &[String]) = match self {
            Verdict::Same => (&[], &[]),
            Verdict::Grown { new } => (&[], new),
            Verdict::Raised { gone, new } | Verdict::Broken { gone, new } => (gone, new),
        };
        let gone = gone.iter().map(|fact| format!("- {fact}\n"));
        gone.chain(new.iter().map(|fact| format!("+ {fact}\n"))).collect()
    }
}

//! The check checked: small crates before and after a change, with what has to be said of it.
//!
//! Each is written by the nightly rustdoc, as the crate itself. It must never look at the crate itself.

use super::facts::{Failed, facts};
use super::run_unbound;
use super::verdict::{Kept, Verdict, Version};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const BEFORE: &str = "
pub struct Open { pub a: u8 }
pub struct Closed { a: u8 }
#[non_exhaustive] pub struct Growing { pub a: u8 }
pub struct Unit;
pub enum Word { A, B { x: u8 } }
#[non_exhaustive] pub enum Kind { A }
pub trait Act { fn act(&self); fn may(&self) {} }
#[derive(Clone)] pub struct Many(pub u8);
pub fn add(a: u8, b: u8) -> u8 { a + b }
pub mod part { pub fn held() {} }
pub mod workings { pub fn free() {} }
impl Closed { pub fn a(&self) -> u8 { self.a } }
";

/// A change, and whether it breaks those who use what was there; none: nothing that they can see.
const CHANGES: [(&str, &str, Option<bool>); 20] = [
    ("pub fn add(a: u8, b: u8) -> u8 { a + b }", "", Some(true)),
    ("add(a: u8, b: u8) -> u8", "add(a: u8, b: u8) -> u16", Some(true)),
    ("add(a: u8, b: u8) -> u8 { a + b }", "add(a: u8, b: u8, c: u8) -> u8 { a + b + c }", Some(true)),
    ("Open { pub a: u8 }", "Open { pub a: u8, pub b: u8 }", Some(true)),
    ("Open { pub a: u8 }", "Open { pub a: u8, b: u8 }", Some(true)),
    ("pub struct Open", "#[non_exhaustive] pub struct Open", Some(true)),
    ("pub struct Unit;", "pub struct Unit {}", Some(true)),
    ("A, B { x: u8 }", "A, B { x: u8 }, C", Some(true)),
    ("B { x: u8 }", "B { x: u8, y: u8 }", Some(true)),
    ("fn act(&self);", "fn act(&self); fn more(&self);", Some(true)),
    ("#[derive(Clone)]", "", Some(true)),
    ("pub struct Many", "#[non_exhaustive] pub struct Many", Some(true)),
    ("Closed { a: u8 }", "Closed { a: u8, b: std::rc::Rc<u8> }", Some(true)),
    ("pub fn held() {}", "", Some(true)),
    ("Growing { pub a: u8 }", "Growing { pub a: u8, pub b: u8 }", Some(false)),
    ("Kind { A }", "Kind { A, B }", Some(false)),
    ("fn may(&self) {}", "fn may(&self) {} fn more(&self) {}", Some(false)),
    ("#[non_exhaustive] pub enum", "pub enum", Some(false)),
    ("Closed { a: u8 }", "Closed { a: u8, b: u8 }", None),
    ("pub fn free() {}", "", None),
];

/// Holds the check to what it has to say of each change.
pub fn hold() -> Result<(), Failed> {
    let folder = std::env::temp_dir().join(format!("expressway-surface-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| Failed::NotWritten(error.to_string()))?;
    let held = told(&folder);
    std::fs::remove_dir_all(&folder).ok();
    held
}

fn told(folder: &Path) -> Result<(), Failed> {
    let version: Version = "0.3.1".parse().expect("three numbers");
    let before = written(folder, BEFORE)?;
    let kept = Kept::parse(&Kept { version, facts: before.clone() }.to_string());
    assert_eq!(kept.facts, before, "what is kept is read as it was written");
    for (old, new, breaks) in CHANGES {
        assert!(BEFORE.contains(old), "{old}");
        let now = written(folder, &BEFORE.replace(old, new))?;
        let verdict = Verdict::of(&kept, &now, version);
        let said = match &verdict {
            Verdict::Same => None,
            Verdict::Grown { .. } => Some(false),
            Verdict::Broken { .. } => Some(true),
            Verdict::Raised { .. } => panic!("the version is the same"),
        };
        assert_eq!(said, breaks, "{old} to {new}:\n{}", verdict.changes());
        assert_eq!(breaks.is_none(), verdict.changes().is_empty(), "{old} to {new}");
        let raised = Verdict::of(&kept, &now, kept.version.next_breaking());
        assert_eq!(matches!(raised, Verdict::Raised { .. }), breaks == Some(true), "{old} to {new}");
        let patched = Verdict::of(&kept, &now, "0.3.9".parse().expect("three numbers"));
        assert_eq!(matches!(patched, Verdict::Broken { .. }), breaks == Some(true), "{old} to {new}");
    }
    println!("test surface: {} changes of a sample told as they are", CHANGES.len());
    Ok(())
}

fn written(folder: &Path, text: &str) -> Result<BTreeSet<String>, Failed> {
    let source: PathBuf = folder.join("sample.rs");
    std::fs::write(&source, text).map_err(|error| Failed::NotWritten(error.to_string()))?;
    let mut rustdoc = Command::new("rustdoc");
    rustdoc.args(["+nightly", "-Zunstable-options", "--output-format", "json", "--edition", "2024"]);
    rustdoc.args(["--crate-name", "sample", "--crate-type", "lib", "--out-dir"]).arg(folder).arg(&source);
    run_unbound(&mut rustdoc)?;
    facts(&folder.join("sample.json"), &["sample::part".to_owned(), "sample".to_owned()])
}

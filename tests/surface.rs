//! The public surface against the one that is kept in `tests/surface/kept.txt`: what users have built on goes away only
//! with a version that says so.
//!
//! The nightly rustdoc writes the surface down, so a machine without it skips this, and says so. It must never renew what
//! is kept by itself, nor ask the network for anything.
//!
//! ```text
//! EXPRESSWAY_SURFACE=check cargo test --test surface --features arrow,parquet    what continuous integration does
//! EXPRESSWAY_SURFACE=renew cargo test --test surface --features arrow,parquet    keeps the surface as it is now
//! ```
//!
//! Renewing refuses where something has gone away or changed and the version in `Cargo.toml` is not raised: below 1.0
//! the minor number, from then on the major one. A surface that only grew is renewed without.
//!
//! Not all that is public is held to: the docs of the crate say which parts are. Every fact is a line, written so that
//! what breaks a user takes a line away: where a struct may be written out with all its fields, or an enum matched
//! whole, or a trait implemented, the line that says so names the fields, variants and methods.

#[path = "surface/facts.rs"]
mod facts;
#[path = "surface/samples.rs"]
mod samples;
#[path = "surface/verdict.rs"]
mod verdict;

use facts::{Failed, facts};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use verdict::{Kept, Verdict, Version};

const KEPT: &str = "tests/surface/kept.txt";
const RENEW: &str = "EXPRESSWAY_SURFACE=renew cargo test --test surface --features arrow,parquet";

fn main() -> ExitCode {
    let wanted = std::env::var("EXPRESSWAY_SURFACE").unwrap_or_default();
    if !["check", "renew"].contains(&wanted.as_str()) {
        println!("test surface ... SKIPPED: it takes a minute; EXPRESSWAY_SURFACE=check asks for it");
        return ExitCode::SUCCESS;
    }
    match Command::new("cargo").args(["+nightly", "--version"]).env_remove("RUSTUP_TOOLCHAIN").output() {
        Ok(output) if output.status.success() => {}
        _ => {
            println!("test surface ... SKIPPED: there is no nightly compiler");
            return ExitCode::SUCCESS;
        }
    }
    match samples::hold().and_then(|()| surface()) {
        Ok(now) => answer(wanted == "renew", &now),
        Err(Failed::OtherForm(error)) => {
            println!("test surface ... SKIPPED: this nightly writes a form that is not read here: {error}");
            ExitCode::SUCCESS
        }
        Err(Failed::NotWritten(error)) => {
            println!("test surface ... FAILED: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The surface as it is now, of the parts that are held to.
fn surface() -> Result<BTreeSet<String>, Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = root.join("target/surface");
    let mut cargo = Command::new("cargo");
    cargo.args(["+nightly", "rustdoc", "--locked", "--offline", "--quiet", "--lib", "--features", "arrow,parquet"]);
    cargo.arg("--target-dir").arg(&target).args(["--", "-Zunstable-options", "--output-format", "json"]);
    cargo.args(["--cap-lints", "allow"]).current_dir(root);
    run_unbound(&mut cargo)?;
    facts(&target.join("doc/expressway.json"), &held())
}

/// Runs what the proxies of rustup find, whatever toolchain this test runs under.
fn run_unbound(command: &mut Command) -> Result<(), Failed> {
    for name in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS", "RUSTDOCFLAGS"] {
        command.env_remove(name);
    }
    let output = command.output().map_err(|error| Failed::NotWritten(format!("{command:?}: {error}")))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Failed::NotWritten(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

/// The modules and items that are held to, as the list in the docs of the crate says.
fn held() -> Vec<String> {
    let docs = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("the crate is here");
    let lines = docs.lines().skip_while(|line| !line.starts_with("//! # What is held to"));
    let list = lines
        .skip(1)
        .take_while(|line| !line.starts_with("//! # "))
        .filter(|line| line.starts_with("//! * ") || line.starts_with("//!   "));
    let names = list.flat_map(|line| line.split('`').skip(1).step_by(2).map(|name| format!("expressway::{name}")));
    let held: Vec<String> = names.chain(["expressway".to_owned()]).collect();
    assert!(held.len() > 5, "the list of what is held to was not found in the docs of the crate");
    held
}

fn answer(renews: bool, now: &BTreeSet<String>) -> ExitCode {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(KEPT);
    let kept = Kept::parse(&fs::read_to_string(&path).unwrap_or_default());
    let version: Version = env!("CARGO_PKG_VERSION").parse().expect("cargo has read it");
    let verdict = Verdict::of(&kept, now, version);
    print!("{}", verdict.changes());
    match (&verdict, renews) {
        (Verdict::Same, _) => println!("test surface ... ok ({} facts)", now.len()),
        (Verdict::Broken { .. }, _) => {
            let wanted = kept.version.next_breaking();
            println!(
                "test surface ... FAILED: lines that begin with - are what users of {} have, and go away. Keep them, or \
                 raise the version in Cargo.toml to {wanted} and then renew what is kept: {RENEW}",
                kept.version
            );
            return ExitCode::FAILURE;
        }
        (Verdict::Raised { .. } | Verdict::Grown { .. }, false) => {
            println!(
                "test surface ... FAILED: nothing is lost that version {version} has to keep; keep the surface as it is \
                 now: {RENEW}"
            );
            return ExitCode::FAILURE;
        }
        (Verdict::Raised { .. } | Verdict::Grown { .. }, true) => {
            fs::write(&path, Kept { version, facts: now.clone() }.to_string()).expect("what is kept can be written");
            println!("test surface ... renewed: {KEPT}, {} facts", now.len());
        }
    }
    ExitCode::SUCCESS
}

//! What the crate is built from: licences, origins and bans, from the lock file and from what cargo knows of it offline.
//!
//! It must never need the network: what is not here is not looked at, and that is said.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Licences that may be combined with ours (MIT or Apache-2.0) and ask for no more than their text.
const ALLOWED: [&str; 10] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "0BSD",
    "CC0-1.0",
];

/// Packages that must not come in, from which version on they may (none: never), and why.
const BANNED: [(&str, Option<[u64; 3]>, &str); 10] = [
    ("serde_yml", None, "unsound, given up (RUSTSEC-2025-0068)"),
    ("serde_yaml", None, "given up"),
    ("crossbeam-epoch", Some([0, 9, 20]), "RUSTSEC-2026-0204"),
    ("bumpalo", Some([3, 11, 1]), "use after free (RUSTSEC-2022-0078)"),
    ("simd-json", Some([0, 1, 15]), "out of bounds (RUSTSEC-2019-0008)"),
    ("memmap2", None, "a file that shrinks kills the process"),
    ("memmap", None, "a file that shrinks kills the process"),
    ("openssl-sys", None, "nothing here speaks to a network"),
    ("reqwest", None, "nothing here speaks to a network"),
    ("tokio", None, "executions are driven without a runtime"),
];

/// How many packages there may be in what is shipped, for the platform that is tested.
const PACKAGES_MAX: usize = 97;

/// What cargo says without the network; nothing where packages for other platforms or of other members of the workspace
/// have never been fetched: `cargo fetch --locked` does that, and continuous integration begins with it.
fn cargo(arguments: &[&str]) -> Option<String> {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let error = String::from_utf8_lossy(&output.stderr);
    if error.contains("failed to download") {
        eprintln!("SKIPPED, since `cargo fetch --locked` has not been run here: {error}");
        return None;
    }
    assert!(output.status.success(), "{error}");
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

/// Whether a licence expression can be met with what is allowed: one side of every OR, both of every AND.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let (mut depth, mut cut) = (0usize, None);
    let bytes = expression.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b' ' if depth == 0 && expression[at..].starts_with(" OR ") => {
                return is_allowed(&expression[..at]) || is_allowed(&expression[at + 4..]);
            }
            b' ' if depth == 0 && expression[at..].starts_with(" AND ") && cut.is_none() => cut = Some(at),
            _ => {}
        }
    }
    match cut {
        Some(at) => is_allowed(&expression[..at]) && is_allowed(&expression[at + 5..]),
        None => match expression.trim().strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
            Some(inner) => is_allowed(inner),
            None => ALLOWED.contains(&expression.trim()),
        },
    }
}

#[test]
fn licence_expressions() {
    for allowed in [
        "MIT",
        "MIT/Apache-2.0",
        "GPL-3.0 OR MIT",
        "(MIT OR GPL-3.0) AND Unicode-3.0",
        "MIT OR Apache-2.0 OR LGPL-2.1-or-later",
    ] {
        assert!(is_allowed(allowed), "{allowed}");
    }
    for refused in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Zlib) AND MPL-2.0", "", "SSPL-1.0 OR GPL-3.0"] {
        assert!(!is_allowed(refused), "{refused}");
    }
}

#[test]
fn licences_and_origins() {
    let Some(metadata) = cargo(&["metadata", "--format-version", "1"]) else { return };
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 50, "{} packages", packages.len());
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(is_allowed(licence), "{name}: {licence:?} is not among {ALLOWED:?}");
        let source = package["source"].as_str();
        let is_ours = ["expressway", "expressway-python"].contains(&name) && source.is_none();
        assert!(is_ours || source.is_some_and(|s| s.starts_with("registry+")), "{name} comes from {source:?}");
    }
}

#[test]
fn bans() {
    for lock in ["Cargo.lock", "tests/fuzz/Cargo.lock", "perf/hand/Cargo.lock"] {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(lock)).expect("a lock file");
        let mut seen = 0;
        for package in text.split("[[package]]").skip(1) {
            let field = |key: &str| {
                let line = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
                line.map(|value| value.trim_matches('"').to_owned())
            };
            let (name, version) = (field("name").expect("a name"), field("version").expect("a version"));
            seen += 1;
            if let Some(source) = field("source") {
                assert!(source.starts_with("registry+"), "{lock}: {name} comes from {source}");
                assert!(field("checksum").is_some(), "{lock}: {name} has no checksum");
            }
            let number: Vec<u64> = version.split(['.', '-', '+']).take(3).map(|n| n.parse().unwrap_or(0)).collect();
            for (banned, from, why) in BANNED.iter().filter(|(banned, ..)| *banned == name) {
                assert!(from.is_some_and(|from| number[..] >= from[..]), "{lock}: {banned} {version}: {why}");
            }
        }
        assert!(seen > 20, "{lock}: {seen} packages");
    }
}

#[test]
fn what_is_shipped_stays_small() {
    let asked = ["tree", "-e", "normal", "--prefix", "none", "--target", "x86_64-unknown-linux-gnu"];
    let Some(tree) = cargo(&asked) else { return };
    let packages: BTreeSet<String> = tree
        .lines()
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect();
    println!("{} packages", packages.len());
    assert!(packages.len() <= PACKAGES_MAX, "{} packages: {packages:#?}", packages.len());
}

//! Ledgers that must not be gone on with: damaged, of another form, of another run. Nothing is changed by trying.

use crate::disk::MemoryDisk;
use crate::killed::{Folder, command};
use crate::world::{Chance, LEDGER, OUTPUTS, Shape, World};
use expressway::batch::{BatchError, Disk, Ledger, LedgerError, Turn};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// A run that was given up midway.
fn midway() -> World {
    let world = World::new(&mut Chance(5), Shape::default(), 200);
    let mut turns = world.in_order();
    let mut left = 90;
    let ran = world.run(world.new_ledger(), || {
        left -= 1;
        if left == 0 { Turn::End } else { turns() }
    });
    assert!(matches!(ran, Err(BatchError::GivenUp)));
    let results = world.disk.bytes(Path::new(OUTPUTS[0])).unwrap();
    assert!(!results.is_empty());
    world
}

fn ledger(world: &World) -> Vec<u8> {
    world.disk.bytes(Path::new(LEDGER)).unwrap()
}

fn outputs(world: &World) -> [Option<Vec<u8>>; 3] {
    OUTPUTS.map(|name| world.disk.bytes(Path::new(name)))
}

/// A ledger of other contents whose checksum fits.
fn resealed(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let line = text.lines().next().unwrap();
    assert!(line.contains(from), "{from} in {line}");
    let line = format!("{}\n", line.replace(from, to));
    let sum: String = Sha256::digest(line.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{line}{sum}\n").into_bytes()
}

/// Whatever bit of whatever byte is another, and wherever the ledger ends too early: it is refused.
#[test]
fn damage_anywhere() {
    let world = midway();
    let good = ledger(&world);
    let before = outputs(&world);
    let disk = MemoryDisk::default();
    let path = Path::new("other");
    let refused = |bytes: &[u8], what: &dyn Fn() -> String| {
        disk.put(path, bytes);
        match Ledger::resume_on(Arc::new(disk.clone()), path) {
            Err(LedgerError::Damaged { .. }) => {}
            Err(other) => panic!("{}: {other}", what()),
            Ok(_) => panic!("{}: not noticed", what()),
        }
    };
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            refused(&bytes, &|| format!("bit {bit} of byte {at}"));
        }
        refused(&good[..at], &|| format!("cut at {at}"));
    }
    refused(&[&good[..], b"\n"].concat(), &|| "a byte too many".to_owned());
    refused(&resealed(&good, "\"retries\":", "\"retried\":"), &|| "another member".to_owned());
    refused(&resealed(&good, "\"until\":", "\"until\":-"), &|| "a negative number".to_owned());
    assert!(outputs(&world) == before);
}

/// What is well formed, but not of this run.
#[test]
fn another_form_or_another_run() {
    let world = midway();
    let good = ledger(&world);
    let before = outputs(&world);
    let attempt = |bytes: &[u8]| {
        world.disk.put(Path::new(LEDGER), bytes);
        let ran = world.run(world.resumed(), || Turn::End);
        assert!(outputs(&world) == before);
        match ran {
            Err(BatchError::Ledger { error, .. }) => error.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let digest = |name: &str| {
        let ledger: serde_json::Value =
            serde_json::from_slice(good.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
        ledger[name].as_str().unwrap().to_owned()
    };
    let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    let zeros = "0".repeat(64);
    let cases = [
        ("\"schema\":1".to_owned(), "\"schema\":2".to_owned(), "has schema 2"),
        (version, "\"version\":\"0.0.9\"".to_owned(), "begun by version 0.0.9"),
        (digest("program"), zeros.clone(), "the definition, or a handler written in ASL, has changed"),
        (digest("handlers"), zeros.clone(), "the functions or mocks are not those"),
        (digest("settings"), zeros, "the settings are not those"),
        ("\"name\":\"first\",\"bytes\":".to_owned(), "\"name\":\"first\",\"bytes\":1".to_owned(), "first had 1"),
        ("\"digest\":\"".to_owned(), "\"digest\":\"0".to_owned(), "first holds other bytes than it did"),
        (
            "\"name\":\"second\"".to_owned(),
            "\"name\":\"third\"".to_owned(),
            "the source second is in the place of third",
        ),
        (
            "\"path\":\"failures\",\"bytes\":".to_owned(),
            "\"path\":\"failures\",\"bytes\":9".to_owned(),
            "were written to it",
        ),
        ("\"path\":\"results\"".to_owned(), "\"path\":\"elsewhere\"".to_owned(), "the outputs are not those"),
    ];
    for (from, to, wanted) in cases {
        let message = attempt(&resealed(&good, &from, &to));
        assert!(message.contains(wanted) && message.contains("nothing was changed"), "{wanted}: {message}");
    }
    // An output that is gone, and a ledger that is there although a new run is to begin.
    world.disk.put(Path::new(LEDGER), &good);
    assert!(matches!(world.new_ledger(), Err(LedgerError::Unfinished { .. })));
    world.disk.remove(Path::new(OUTPUTS[0])).unwrap();
    match world.run(world.resumed(), || Turn::End) {
        Err(BatchError::Ledger { error, .. }) => assert!(error.to_string().contains("results is gone"), "{error}"),
        other => panic!("{other:?}"),
    }
}

/// A run that has come to its end says so, and gives its summary again.
#[test]
fn gone_on_with_after_its_end() {
    let world = World::new(&mut Chance(5), Shape::default(), 100);
    let wanted = world.undisturbed();
    assert!(world.resumed().unwrap().is_done());
    let summary = world.run(world.resumed(), || Turn::End).unwrap();
    assert!(world.written(&summary) == wanted);
    // A new run may take its place.
    assert!(!world.new_ledger().unwrap().is_done());
}

/// The command's words and exit codes.
#[cfg(unix)]
#[test]
fn the_command_refuses() {
    let folder = Folder::new("refused");
    let folder = &folder.0;
    fs::write(folder.join("machine.json"), r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#)
        .unwrap();
    fs::write(folder.join("events"), "1\n2\n3\n").unwrap();
    fs::write(folder.join("broken.ledger"), "{}\nabc\n").unwrap();
    let told = |arguments: &str| {
        let output = command(folder).args(arguments.split(' ')).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let cases = [
        ("run machine.json - -o out --ledger l", "standard input could not be read again"),
        ("run machine.json events --ledger l", "cannot write to standard output"),
        ("run machine.json events -o out --ledger l --unordered", "cannot be unordered"),
        ("run machine.json events -o out --failures out --ledger l", "out is named twice"),
        ("run machine.json events -o l --ledger l", "l is named twice"),
        ("run machine.json events -o out --ledger broken.ledger", "the ledger is damaged"),
        ("resume broken.ledger", "the ledger is damaged"),
        ("resume nowhere", "there is no such ledger"),
        ("run machine.json events -o out --once", "--ledger"),
    ];
    for (arguments, wanted) in cases {
        let (code, message) = told(arguments);
        assert!(code == Some(2) && message.contains(wanted), "{arguments}: {code:?} {message}");
        assert!(!folder.join("out").exists() && !folder.join("l").exists(), "{arguments}");
    }
    assert_eq!(told("run machine.json events -o out --ledger . -q"), (Some(0), String::new()));
    let (code, message) = told("resume .");
    assert!(code == Some(0) && message.contains("has come to its end"), "{message}");
    // The folder is the one of then, wherever the command is.
    fs::create_dir(folder.join("below")).unwrap();
    fs::remove_file(folder.join("expressway.ledger")).unwrap();
    let (code, _) = told("run machine.json events -o out --ledger below -q");
    assert_eq!(code, Some(0));
    let output = command(&folder.join("below")).args(["resume", "."]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

//! The command on full disks, behind closed pipes, and told to end: it says what is safe, and can be gone on with.

use crate::killed::{Folder, command, written};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const MACHINE: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"},
  "B": {"Type": "Pass", "Parameters": {"id.$": "$.id", "name.$": "$$.Execution.Name"}, "End": true}}}"#;
const RUN: &str = "run machine.json events -o out --failures failures --dead-letters dead --summary summary.json -q";
const KEPT: &str = "--ledger run.ledger --ledger-every 0.01";

fn prepared(name: &str, events: usize) -> Folder {
    let folder = Folder::new(name);
    fs::write(folder.0.join("machine.json"), MACHINE).unwrap();
    let text: String = (0..events).map(|n| format!("{{\"id\":{n},\"rest\":\"{}\"}}\n", "z".repeat(n % 50))).collect();
    fs::write(folder.0.join("events"), text).unwrap();
    folder
}

fn done(folder: &Path, arguments: &str) -> Output {
    command(folder).args(arguments.split(' ')).output().unwrap()
}

fn stderr(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!text.contains("panicked"), "{text}");
    text
}

/// What an undisturbed run writes; its files are gone afterwards.
fn undisturbed(folder: &Path) -> [Vec<u8>; 4] {
    assert!(done(folder, RUN).status.success());
    let wanted = written(folder);
    for name in ["out", "failures", "dead", "summary.json"] {
        fs::remove_file(folder.join(name)).unwrap();
    }
    wanted
}

fn gone_on_with(folder: &Path, wanted: &[Vec<u8>; 4]) {
    let output = done(folder, "resume run.ledger");
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(written(folder) == *wanted);
}

#[test]
fn a_device_without_space() {
    let folder = prepared("full", 20_000);
    let output = done(&folder.0, "run machine.json events -o /dev/full -q");
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr(&output).contains("/dev/full: no space is left, after 0 bytes"));
    let output = done(&folder.0, "run machine.json events -o /dev/full -q --ledger run.ledger");
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(4));
    assert!(text.contains("0 events and 0 bytes of results are safe; go on with: "), "{text}");
    assert!(text.contains("resume run.ledger"), "{text}");
    // As before, and again.
    assert_eq!(done(&folder.0, "resume run.ledger").status.code(), Some(4));
}

/// A file that reaches the largest size that the process may write.
#[test]
fn a_file_that_may_not_grow() {
    let folder = prepared("size", 20_000);
    let folder = &folder.0;
    let wanted = undisturbed(folder);
    let limited = |blocks: usize, arguments: &str| {
        let script = format!("ulimit -f {blocks}; exec \"$0\" {arguments}");
        let mut command = Command::new("bash");
        command.current_dir(folder).args(["-c", &script, env!("CARGO_BIN_EXE_expressway")]);
        command.output().unwrap()
    };
    // In blocks of 1,024 bytes.
    let output = limited(500, &format!("{RUN} {KEPT}"));
    let text = stderr(&output);
    assert_eq!((output.status.code(), output.status.signal()), (Some(4), None), "{text}");
    assert!(text.contains("out: no space is left, after 512000 bytes"), "{text}");
    assert!(text.contains("are safe; go on with: ") && text.contains(" resume run.ledger"), "{text}");
    assert_eq!(limited(700, "resume run.ledger").status.code(), Some(4));
    gone_on_with(folder, &wanted);
}

/// A small file system that fills up, and is given room.
#[test]
fn a_disk_that_is_full() {
    let folder = prepared("tmpfs", 20_000);
    let folder = &folder.0;
    let wanted = undisturbed(folder);
    let mounted = folder.join("small");
    fs::create_dir(&mounted).unwrap();
    let small = mounted.to_str().unwrap();
    let mount = |options: &str| {
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs", small]).output();
        status.is_ok_and(|output| output.status.success())
    };
    if !mount("size=1m") {
        eprintln!("skipped: a file system cannot be mounted here");
        return;
    }
    struct Mounted<'p>(&'p str);
    impl Drop for Mounted<'_> {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg(self.0).status();
        }
    }
    let _mounted = Mounted(small);
    let there = "run machine.json events -o small/out --failures small/failures --dead-letters small/dead -q";
    let output =
        done(folder, &format!("{there} --summary small/summary.json --ledger small/run.ledger --ledger-every 0.01"));
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(4), "{text}");
    // Whichever file meets the end of the space first is named.
    assert!(text.contains("small/") && text.contains("go on with: "), "{text}");
    assert!(mount("remount,size=20m"));
    let output = done(folder, "resume small/run.ledger");
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(written(&mounted) == wanted);
}

/// Told to end, it finishes what is under way, writes the ledger, and says how it was ended.
#[test]
fn signals() {
    let folder = prepared("signals", 60_000);
    let folder = &folder.0;
    let wanted = undisturbed(folder);
    let mut stopped = 0;
    for (n, (signal, code)) in [("INT", 130), ("TERM", 143)].into_iter().cycle().take(8).enumerate() {
        let mut child = command(folder).args(RUN.split(' ')).args(KEPT.split(' ')).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(8 + 17 * n as u64));
        let _ = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).output();
        let mut text = String::new();
        child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        let status = child.wait().unwrap();
        // Before the signals are watched, and after the end, there is nothing to go on with.
        if status.code() == Some(code) && text.contains("are safe; go on with: ") {
            stopped += 1;
            gone_on_with(folder, &wanted);
        }
        assert!(status.signal().is_some() || [Some(code), Some(0)].contains(&status.code()), "{status}: {text}");
        for name in ["out", "failures", "dead", "summary.json", "run.ledger"] {
            let _ = fs::remove_file(folder.join(name));
        }
    }
    assert!(stopped > 0, "no signal came midway");
}

/// Nobody reads any more: it ends without a word, as other programs do.
#[test]
fn a_pipe_that_is_closed() {
    let folder = prepared("pipe", 60_000);
    let mut child =
        command(&folder.0).args(["run", "machine.json", "events", "-q"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut start = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(141), ""));
}

/// An input that cannot be read in the middle of a run with a ledger: fixed, it is gone on with.
#[test]
fn an_input_that_is_gone_for_a_while() {
    let folder = prepared("gone", 2_000);
    let folder = &folder.0;
    let wanted = undisturbed(folder);
    // The run is stopped at once, so that all is still to be done.
    let mut child = command(folder).args(RUN.split(' ')).args(KEPT.split(' ')).spawn().unwrap();
    while !folder.join("run.ledger").exists() {
        std::thread::sleep(Duration::from_millis(1));
        if child.try_wait().unwrap().is_some() {
            break;
        }
    }
    let _ = child.kill();
    child.wait().unwrap();
    fs::rename(folder.join("events"), folder.join("elsewhere")).unwrap();
    let output = done(folder, "resume run.ledger");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    File::create(folder.join("events")).unwrap();
    let output = done(folder, "resume run.ledger");
    assert!(output.status.code() == Some(2) && stderr(&output).contains("events had "), "{}", stderr(&output));
    fs::rename(folder.join("elsewhere"), folder.join("events")).unwrap();
    gone_on_with(folder, &wanted);
}

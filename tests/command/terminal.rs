//! On a terminal: a progress line that is drawn and goes away, colours, walking through an execution.

use crate::{Folder, bare, doubling};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

/// What of the command is the terminal; all else is a pipe.
#[derive(Clone, Copy, PartialEq)]
enum Terminal {
    Whole,
    OnlyStdout,
}

/// Runs the command on a pseudo-terminal, and gives the exit code and all that was shown on it.
fn shown(
    folder: &Folder,
    terminal: Terminal,
    variables: &[(&str, &str)],
    words: &[&str],
    typed: &str,
) -> (i32, String) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there are pseudo-terminals");
    grantpt(&master).expect("it may be used");
    unlockpt(&master).expect("it can be unlocked");
    tcsetwinsize(&master, Winsize { ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 }).expect("it has a size");
    let name = ptsname(&master, Vec::new()).expect("it has a name");
    let open = || -> File {
        let path = OsStr::from_bytes(name.as_bytes());
        OpenOptions::new().read(true).write(true).open(path).expect("its other end can be opened")
    };
    let mut command = bare(&folder.path);
    command.envs(variables.iter().copied()).args(words).stdout(open());
    match terminal {
        Terminal::Whole => command.stdin(open()).stderr(open()),
        Terminal::OnlyStdout => command.stdin(Stdio::null()).stderr(Stdio::null()),
    };
    let mut child = command.spawn().expect("the command starts");
    // It holds the terminal's other end: as long as that is open, reading has no end.
    drop(command);
    let mut master = File::from(master);
    master.write_all(typed.as_bytes()).expect("keys can be pressed");
    let mut seen = Vec::new();
    let mut some = [0; 4096];
    // Once nobody has the other end any more, reading fails.
    while let Ok(read @ 1..) = master.read(&mut some) {
        seen.extend_from_slice(&some[..read]);
    }
    let code = child.wait().expect("the command ends").code().unwrap_or(-1);
    (code, String::from_utf8_lossy(&seen).into_owned())
}

/// Events enough for several pieces.
fn many(folder: &Folder) {
    folder.write("m/events.jsonl", &"{\"n\":20000000000000000000000001}\n".repeat(60_000));
}

#[test]
fn progress_is_drawn_and_goes_away() {
    let folder = doubling("progress");
    many(&folder);
    for words in [
        &["run", "m", "-o", "out.jsonl"][..],
        &["coverage", "m", "--format", "json"],
        &["diff", "m", "m", "--format", "json"],
    ] {
        let (code, seen) = shown(&folder, Terminal::Whole, &[], words, "");
        assert_eq!(code, 0, "{seen}");
        let (line, after) = seen.rsplit_once("\x1b[2K").unwrap_or_else(|| panic!("nothing was taken away: {seen:?}"));
        assert!(line.contains(" events, ") && line.contains(" a second, ") && line.contains(" left"), "{line:?}");
        assert!(!after.contains(" left"), "{after:?}");
        let (_, seen) = shown(&folder, Terminal::Whole, &[], &[words, &["--quiet"]].concat(), "");
        assert!(!seen.contains(" left") && !seen.contains('\x1b'), "{words:?}: {seen:?}");
    }
    // Where stderr is no terminal there is none, whatever stdout is.
    let (code, seen) = shown(&folder, Terminal::OnlyStdout, &[], &["run", "m", "--limit", "3"], "");
    assert!(code == 0 && !seen.contains('\x1b'), "{seen:?}");
}

#[test]
fn colours_are_for_terminals_unless_somebody_says_otherwise() {
    let folder = doubling("colours");
    folder.write("bad.json", r#"{"StartAt": "A", "States": {"A": {"Type": "Pass"}}}"#);
    folder.write("m/tests.yaml", "cases: [{name: a, input: {n: 1}, expect: {output: {n: 3}}}]");
    let has = |variables: &[(&str, &str)], words: &[&str]| {
        shown(&folder, Terminal::Whole, variables, words, "").1.contains("\x1b[")
    };
    for words in [
        &["check", "bad.json"][..],
        &["run", "bad.json"],
        &["test", "m"],
        &["coverage", "m", "-q"],
        &["diff", "m", "bad2.json"],
        &["--help"],
        &["runn"],
    ] {
        assert!(has(&[], words), "{words:?}");
        assert!(!has(&[("NO_COLOR", "1")], words), "{words:?} with NO_COLOR");
        assert!(!has(&[("CLICOLOR", "0")], words), "{words:?} with CLICOLOR=0");
        assert!(!has(&[("TERM", "dumb")], words), "{words:?} on a dumb terminal");
        assert!(!has(&[("EXPRESSWAY_COLOR", "never")], words), "{words:?} with EXPRESSWAY_COLOR");
        assert!(!has(&[], &[words, &["--color", "never"]].concat()), "{words:?} --color never");
        // The command line wins, whatever the environment says.
        assert!(has(&[("NO_COLOR", "1")], &[words, &["--color=always"]].concat()), "{words:?} --color=always");
        let piped = folder.run(words);
        assert!(!piped.out.contains('\x1b') && !piped.err.contains('\x1b'), "{words:?} in a pipe");
        let piped = folder.run_with(&[("CLICOLOR_FORCE", "1")], words);
        assert!((piped.out + &piped.err).contains('\x1b'), "{words:?} with CLICOLOR_FORCE");
    }
    // Data never is.
    let piped = folder.run(&["run", "m", "--color", "always"]);
    assert!(!piped.out.contains('\x1b'));
}

#[test]
fn an_execution_is_walked_through() {
    let folder = doubling("step");
    let (code, seen) = shown(&folder, Terminal::Whole, &[], &["exec", "m", "--at", "2", "--step"], "i\nh\nwhat\n\n");
    assert_eq!(code, 0, "{seen}");
    for part in ["Enter goes on, h tells the keys", "1/1> ", "{\r\n  \"n\": 2\r\n}", "the next state", "no such key"] {
        assert!(seen.contains(part), "no {part:?} in {seen}");
    }
    assert!(seen.trim_end().ends_with(r#"{"status":"SUCCEEDED","output":{"n":4}}"#), "{seen}");
    let (code, seen) = shown(&folder, Terminal::Whole, &[], &["exec", "m", "--at", "1", "--step"], "q\n");
    assert!(code == 0 && !seen.contains("SUCCEEDED"), "{seen}");
}

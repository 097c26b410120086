//! The command as a stage of a pipe: an event that has arrived is answered, although the input goes on later or never.
//!
//! Each test keeps the pipe open and reads the answer, or waits for ever: what ends it then is a watchdog, whose time
//! limit is far beyond what anything here takes.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long nothing may happen until the test gives up.
const WATCHDOG: Duration = Duration::from_secs(30);

/// The command with its stdin open.
struct Stage {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Stage {
    fn start(options: &[&str]) -> Stage {
        let mut child = Command::new(env!("CARGO_BIN_EXE_expressway"))
            .args(["run", "corpora/which-coat", "-", "--quiet"])
            .args(options)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let out = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        Stage { input: child.stdin.take(), child, lines }
    }

    fn write(&mut self, text: &str) {
        let input = self.input.as_mut().expect("stdin is open");
        input.write_all(text.as_bytes()).expect("the command reads");
    }

    /// The next line of its output.
    fn line(&self) -> String {
        self.lines.recv_timeout(WATCHDOG).expect("an event that has arrived is answered")
    }

    /// Whether it has said all that it has to say.
    fn is_silent(&self) -> bool {
        self.lines.try_recv().is_err()
    }

    /// Closes the pipe, and waits for the end.
    fn end(mut self) -> (ExitStatus, Vec<String>) {
        self.input = None;
        let rest = self.lines.iter().collect();
        (self.child.wait().expect("it ends"), rest)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const COLD: &str = "{\"Weather\": \"FREEZING\"}\n";

/// Ways to run that handle results differently.
const WAYS: &[&[&str]] = &[
    &["--threads", "1"],
    &["--threads", "4"],
    &["--threads", "4", "--unordered"],
    &["--clock", "real"],
    &["--clock", "real", "--unordered", "--threads", "1"],
    &["--limit", "1000"],
];

#[test]
fn each_event_is_answered_while_the_pipe_stays_open() {
    for way in WAYS {
        let mut stage = Stage::start(way);
        for _ in 0..3 {
            stage.write(COLD);
            assert!(stage.line().contains("You should wear a heavy coat today."), "{way:?}");
        }
        // Several at once, and the beginning of another.
        stage.write(&format!("{COLD}{COLD}{}", &COLD[..10]));
        assert!(stage.line().contains("SUCCEEDED") && stage.line().contains("SUCCEEDED"), "{way:?}");
        assert!(stage.is_silent(), "{way:?}: what has no end is no event yet");
        stage.write(&COLD[10..]);
        assert!(stage.line().contains("SUCCEEDED"), "{way:?}");
        // What is no event is told just as soon.
        stage.write("{\n");
        assert!(stage.line().contains("REJECTED"), "{way:?}");
        stage.write(COLD.trim_end());
        let (status, rest) = stage.end();
        assert!(status.success() && rest.len() == 1 && rest[0].contains("SUCCEEDED"), "{way:?}: {rest:?}");
    }
}

/// Nothing has to follow for a first line to be known, however short it is.
#[test]
fn the_shortest_first_line_is_answered() {
    for first in ["1\n", "{}\n", "[]\n", "(\n", "P\n"] {
        let mut stage = Stage::start(&[]);
        stage.write(first);
        let wanted = if ["(\n", "P\n"].contains(&first) { "REJECTED" } else { "FAILED" };
        assert!(stage.line().contains(wanted), "{first:?}");
    }
}

#[test]
fn a_run_of_so_many_events_ends_with_the_last_of_them() {
    let mut stage = Stage::start(&["--limit", "2"]);
    stage.write(COLD);
    stage.line();
    stage.write(COLD);
    stage.line();
    let began = Instant::now();
    while stage.child.try_wait().expect("it can be asked").is_none() {
        assert!(began.elapsed() < WATCHDOG, "it waits for more than it wants");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A folder of a test's own, removed in the end.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn other_files_are_written_as_soon() {
    let folder = Folder(std::env::temp_dir().join(format!("expressway-pipes-{}", std::process::id())));
    std::fs::create_dir_all(&folder.0).expect("the folder can be made");
    let (failures, letters) = (folder.0.join("failures"), folder.0.join("letters"));
    let path = |path: &Path| path.display().to_string();
    let mut stage = Stage::start(&["--failures", &path(&failures), "--dead-letters", &path(&letters)]);
    stage.write("{\"Weather\": \"HOT\"}\nnothing\n");
    let began = Instant::now();
    while [&failures, &letters].iter().any(|file| std::fs::metadata(file).map_or(0, |about| about.len()) == 0) {
        assert!(began.elapsed() < WATCHDOG, "the files are not written");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Two stages in a row, as a shell has them.
#[test]
fn stages_can_follow_one_another() {
    let mut first = Stage::start(&["--emit", "output"]);
    let mut second = Stage::start(&["--emit", "output"]);
    for _ in 0..2 {
        first.write(COLD);
        let line = first.line();
        second.write(&format!("{line}\n"));
        assert_eq!(second.line(), line);
    }
}

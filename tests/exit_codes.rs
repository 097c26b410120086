//! Every exit code that `--help` names, provoked.
//!
//! This test is a command of its own around a function that gives no answer, and runs itself: with a variable set it is
//! the command, without it tests.

use expressway::Runner;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

const IS_COMMAND: &str = "EXIT_CODES_COMMAND";

const MACHINE: &str = r#"{"StartAt": "Act", "States": {"Act": {"Type": "Task",
    "Resource": "arn:aws:lambda:us-east-1:123456789012:function:act", "End": true}}}"#;

fn main() -> ExitCode {
    if std::env::var_os(IS_COMMAND).is_some() {
        return Runner::new()
            .lambda("act", |event, _| {
                if event.get("hang").is_some() {
                    std::thread::sleep(Duration::from_secs(3_600));
                }
                Ok(event.value())
            })
            .cli();
    }
    let folder = std::env::temp_dir().join(format!("expressway-codes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let world = World { folder: folder.clone() };
    let provoked = world.provoke();
    let told = world.told();
    std::fs::remove_dir_all(&folder).expect("the folder is there");
    assert_eq!(provoked, told, "what happens, and what --help tells");
    println!("test exit_codes ... ok");
    ExitCode::SUCCESS
}

struct World {
    folder: PathBuf,
}

impl World {
    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join(name), text).expect("the file can be written");
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(words).current_dir(&self.folder).env(IS_COMMAND, "yes");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Runs the command, which has to end with that code.
    fn ends(&self, code: i32, words: &[&str]) -> i32 {
        let output = self.command(words).stderr(Stdio::piped()).output().expect("it runs");
        assert_eq!(output.status.code(), Some(code), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        code
    }

    /// The codes of the table in the help.
    fn told(&self) -> BTreeSet<i32> {
        let output = self.command(&["--help"]).stdout(Stdio::piped()).output().expect("it runs");
        let help = String::from_utf8(output.stdout).expect("text");
        let (_, table) = help.split_once("Exit codes:\n").expect("the table");
        table.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect()
    }

    fn provoke(&self) -> BTreeSet<i32> {
        self.write("m.json", MACHINE);
        self.write("bad.json", r#"{"StartAt": "Nowhere", "States": {}}"#);
        self.write("events", "{}\n{\"fail\":1}\n");
        self.write("hang", "{\"hang\":1}\n");
        self.write("tests.yaml", "{machine: m.json, cases: [{name: a, input: {}, expect: {output: 1}}]}");
        self.write(
            "other.json",
            r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 1, "Next": "B"}, "B": {"Type": "Fail"}}}"#,
        );
        let mut codes = BTreeSet::new();
        for (code, words) in [
            (0, &["run", "m.json", "events"][..]),
            // Executions that fail are results.
            (0, &["run", "other.json", "events"]),
            (0, &["diff", "m.json", "other.json", "events"]),
            (1, &["check", "bad.json"]),
            (1, &["test", "tests.yaml"]),
            (1, &["diff", "m.json", "other.json", "events", "--fail-on", "diff"]),
            (1, &["coverage", "other.json", "events", "--fail-under", "100.0", "--limit", "0"]),
            (2, &["run", "m.json", "events", "--threads", "some"]),
            (2, &["run", "bad.json", "events"]),
            (2, &["coverage", "bad.json", "events"]),
            (3, &["run", "m.json", "nowhere"]),
            (3, &["run", "m.json", "events", "-o", "no/folder/here"]),
            (4, &["run", "m.json", "events", "-o", "/dev/full"]),
            (4, &["coverage", "m.json", "events", "-o", "/dev/full"]),
            (5, &["run", "m.json", "hang", "--handler-timeout", "0.1"]),
        ] {
            codes.insert(self.ends(code, words));
        }
        codes.insert(self.nobody_reads());
        for (signal, code) in [("INT", 130), ("TERM", 143)] {
            codes.insert(self.stopped(signal, code));
        }
        codes
    }

    /// Whoever reads the results goes away.
    fn nobody_reads(&self) -> i32 {
        self.write("many", &"{\"some\":\"text that fills a pipe before long\"}\n".repeat(50_000));
        let mut child = self.command(&["run", "m.json", "many"]).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut first = [0; 10];
        child.stdout.take().expect("piped").read_exact(&mut first).expect("results");
        let code = child.wait().expect("it ends").code();
        assert_eq!(code, Some(141));
        141
    }

    /// A signal comes while it waits for events: what has come in is dealt with.
    fn stopped(&self, signal: &str, code: i32) -> i32 {
        let mut command = self.command(&["run", "m.json", "-", "-q"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut events = child.stdin.take().expect("piped");
        let mut results = BufReader::new(child.stdout.take().expect("piped"));
        events.write_all(b"{\"a\":1}\n").and_then(|()| events.flush()).expect("an event");
        let mut result = String::new();
        results.read_line(&mut result).expect("its result");
        assert_eq!(result, "{\"status\":\"SUCCEEDED\",\"output\":{\"a\":1}}\n");
        let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the signal is sent");
        // What it waits for is more events: one more, and it sees that it is to stop.
        let _ = events.write_all(b"{\"a\":2}\n");
        drop(events);
        assert_eq!(child.wait().expect("it ends").code(), Some(code), "{signal}");
        code
    }
}

//! Handlers that misbehave: they panic, or give no answer. The rest of the run is right, and it ends.
//!
//! This test is a command of its own around such handlers, and runs itself: with `run` as its first argument it is the
//! command, else it tests. 100,000 events of which 10,000 panic are run; on demand a million and a tenth of that:
//!
//! ```text
//! EXPRESSWAY_EVENTS=1000000 cargo test --release --test misbehaving
//! ```

use expressway::Runner;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Output};
use std::time::Duration;

const MACHINE: &str = r#"{"StartAt": "Which", "States": {
  "Which": {"Type": "Choice", "Choices": [{"And": [{"Variable": "$.catch", "IsPresent": true},
    {"Variable": "$.catch", "BooleanEquals": true}], "Next": "Caught"}], "Default": "Bare"},
  "Bare": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:act", "End": true},
  "Caught": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:act", "End": true,
    "Catch": [{"ErrorEquals": ["Lambda.Unknown", "States.Timeout"], "Next": "Told"}]},
  "Told": {"Type": "Pass", "Parameters": {"told.$": "$.Cause"}, "End": true}}}"#;

fn main() -> ExitCode {
    if std::env::args().nth(1).is_some_and(|first| ["run", "resume"].contains(&first.as_str())) {
        return Runner::new()
            .lambda("act", |event, call| {
                match event.get("do").and_then(|what| what.as_str()) {
                    Some("panic") => {
                        panic!("event {} is too much", event.get("id").and_then(|n| n.as_i64()).unwrap_or(-1))
                    }
                    Some("hang") => std::thread::sleep(Duration::from_secs(3_600)),
                    _ => {}
                }
                Ok(call.object(&[("state", call.text(call.state())), ("event", event.value())]))
            })
            .cli();
    }
    for (name, test) in
        [("panics", panics as fn()), ("no_answer", no_answer), ("too_many", too_many), ("all_answer", all_answer)]
    {
        test();
        println!("test {name} ... ok");
    }
    ExitCode::SUCCESS
}

/// Runs this program as the command over events, in a folder of its own.
fn run(events: &[String], arguments: &str) -> (Output, Vec<String>, serde_json::Value) {
    let folder = std::env::temp_dir().join(format!("expressway-misbehaving-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("machine.json"), MACHINE).unwrap();
    fs::write(folder.join("events"), events.concat()).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.current_dir(&folder).args(["run", "machine.json", "events", "-o", "out", "--summary", "summary", "-q"]);
    let output = command.args(arguments.split_whitespace()).output().unwrap();
    let read = |name: &str| fs::read_to_string(Path::new(&folder).join(name)).unwrap();
    let lines = read("out").lines().map(str::to_owned).collect();
    let summary = serde_json::from_str(&read("summary")).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    (output, lines, summary)
}

fn ok(id: usize) -> String {
    format!(r#"{{"status":"SUCCEEDED","output":{{"state":"Bare","event":{{"do":"well","id":{id}}}}}}}"#)
}

/// A tenth of all calls panic: each is the failure of its own execution, and only the first is told.
fn panics() {
    let count: usize = std::env::var("EXPRESSWAY_EVENTS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let events: Vec<String> = (0..count)
        .map(|id| match id % 10 {
            3 => format!("{{\"do\":\"panic\",\"id\":{id},\"catch\":{}}}\n", id % 20 == 3),
            _ => format!("{{\"do\":\"well\",\"id\":{id}}}\n"),
        })
        .collect();
    let (output, lines, summary) = run(&events, "--threads 3");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stderr.matches(" is too much").count(), 1, "{stderr}");
    assert!(stderr.contains("the handler act panicked at tests/misbehaving.rs:"), "{stderr}");
    assert!(stderr.contains(&format!("calls of handlers panicked {} times", count / 10)), "{stderr}");
    assert_eq!(lines.len(), count);
    for (id, line) in lines.iter().enumerate() {
        let wanted = match id % 20 {
            3 => format!(r#"{{"status":"SUCCEEDED","output":{{"told":"event {id} is too much"}}}}"#),
            13 => format!(r#"{{"status":"FAILED","error":"Lambda.Unknown","cause":"event {id} is too much"}}"#),
            _ => ok(id),
        };
        assert_eq!(*line, wanted);
    }
    assert_eq!(summary["errors"]["Lambda.Unknown"], count / 20);
    assert_eq!((&summary["failed"], &summary["timing"]["threads"]), (&(count / 20).into(), &3.into()));
}

/// Some calls never come back: they are given up, and all others are answered.
fn no_answer() {
    let events: Vec<String> = (0..200)
        .map(|id| match id % 50 {
            7 => format!("{{\"do\":\"hang\",\"catch\":{}}}\n", id > 100),
            _ => format!("{{\"do\":\"well\",\"id\":{id}}}\n"),
        })
        .collect();
    let (output, lines, summary) = run(&events, "--threads 2 --handler-timeout 0.5");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{stderr}");
    let cause = "the handler act gave no answer within 0.5 s";
    for (id, line) in lines.iter().enumerate() {
        let wanted = match id {
            7 | 57 => format!(r#"{{"status":"FAILED","error":"States.Timeout","cause":"{cause}"}}"#),
            107 | 157 => format!(r#"{{"status":"SUCCEEDED","output":{{"told":"{cause}"}}}}"#),
            _ => ok(id),
        };
        assert_eq!(*line, wanted);
    }
    assert_eq!(lines.len(), 200);
    assert_eq!(summary["timing"]["handler_timeouts"], 4);
}

/// More calls hang than there may be threads for: the run stops and says why.
fn too_many() {
    let events: Vec<String> = (0..40).map(|_| "{\"do\":\"hang\"}\n".to_owned()).collect();
    let (output, lines, summary) = run(&events, "--threads 2 --handler-timeout 0.05");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{stderr}");
    assert!(stderr.contains("more than 16 threads are stuck in handlers"), "{stderr}");
    assert!(lines.len() < 40 && lines.iter().all(|line| line.contains("gave no answer")), "{lines:?}");
    assert_eq!(summary["partial"], true);
}

/// A time limit that nobody reaches changes nothing but the time it takes.
fn all_answer() {
    let events: Vec<String> = (0..2_000).map(|id| format!("{{\"do\":\"well\",\"id\":{id}}}\n")).collect();
    let (output, lines, summary) = run(&events, "--threads 2 --handler-timeout 60");
    assert!(output.status.success());
    assert!(lines.iter().enumerate().all(|(id, line)| *line == ok(id)) && lines.len() == 2_000);
    assert!(summary["timing"].get("handler_timeouts").is_none());
}

//! `import`, and `run --expect` with what it wrote, as a person runs them.

use super::leaving_out;
use std::path::PathBuf;
use std::process::{Command, Output};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("expressway-import-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("logs/deep")).unwrap();
        Folder(folder)
    }

    fn run(&self, arguments: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expressway"));
        command.current_dir(&self.0).args(arguments.split(' ')).output().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_day_is_run_again() {
    let folder = Folder::new("day");
    let machine = r#"{"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "OutputPath": "$.x", "Next": "U"},
        "U": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "One"}], "Default": "V"},
        "V": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn": "t", "Message": "m"}, "End": true}, "One": {"Type": "Pass", "Result": 2, "End": true}}}"#;
    std::fs::write(folder.0.join("m.asl.json"), machine).unwrap();
    for (name, execution) in [("logs/a.jsonl", "a"), ("logs/deep/b.jsonl.gz", "b")] {
        let log = leaving_out::log_of(execution).into_bytes();
        let bytes = if name.ends_with(".gz") { gzip(&log) } else { log };
        std::fs::write(folder.0.join(name), bytes).unwrap();
    }
    let imported = folder.run("import logs/**/*.jsonl* --out day");
    let told = String::from_utf8(imported.stderr).unwrap();
    assert!(
        imported.status.success() && told.starts_with("records         14\nexecutions      2\noutcomes        2\n"),
        "{told}"
    );
    // The state V, whose task nobody stands behind, is never come to.
    let run = "run m.asl.json day/events.jsonl --mock day/recorded.jsonl --expect day/expected.jsonl";
    let ran = folder.run(run);
    let told = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success() && told.contains("as expected     2  100.00 %"), "{told}");
    assert_eq!(ran.stdout, b"{\"status\":\"SUCCEEDED\",\"output\":2}\n{\"status\":\"SUCCEEDED\",\"output\":2}\n");

    std::fs::write(folder.0.join("m.asl.json"), machine.replace("\"Result\": 2", "\"Result\": {\"at\": 3}")).unwrap();
    let ran = folder.run(run);
    let told = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1), "{told}");
    assert!(told.contains("different       2  100.00 %\n  line 1\n    $.output: 2 → {\"at\":3}\n"), "{told}");
    let ran = folder.run(&format!("{run} --ignore $.output -q"));
    assert_eq!((ran.status.code(), ran.stderr.len()), (Some(0), 0));

    // Results that are missing are missed, unless only some events were to be run.
    std::fs::write(folder.0.join("more.jsonl"), "{\"status\":\"SUCCEEDED\",\"output\":{\"at\":3}}\n".repeat(3))
        .unwrap();
    let run = "run m.asl.json day/events.jsonl --mock day/recorded.jsonl --expect more.jsonl -o out";
    let ran = folder.run(run);
    let told = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1), "{told}");
    assert!(told.contains("as expected     2  100.00 %\nwithout result  1: fewer events were run"), "{told}");
    assert_eq!(folder.run(&format!("{run} --limit 1 -q")).status.code(), Some(0));

    // Outcomes belong to the places of their events.
    std::fs::write(folder.0.join("moved.jsonl"), "\n{\"n\":1}\n").unwrap();
    let ran = folder.run("run m.asl.json moved.jsonl --mock day/recorded.jsonl -q");
    let told = String::from_utf8(ran.stdout).unwrap();
    assert!(
        told.contains("Nothing was recorded of this execution, in which state 'T' has a task to be done"),
        "{told}"
    );
    let ran = folder.run("run m.asl.json day/events.jsonl --mock day/recorded.jsonl --identity content");
    assert_eq!(ran.status.code(), Some(2));
}

#[test]
fn nothing_to_import() {
    let folder = Folder::new("nothing");
    std::fs::write(folder.0.join("log"), "{\"x\":1}").unwrap();
    let ran = folder.run("import log --out day");
    assert_eq!(ran.status.code(), Some(1));
    let ran = folder.run("import none --out day");
    assert_eq!(ran.status.code(), Some(3));
    let ran = folder.run("import none* --out day");
    assert_eq!(ran.status.code(), Some(2));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

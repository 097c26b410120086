//! What a text may reach: a template no file outside its folder, a definition or an event no code that was not registered.
//!
//! The command is run for each, as a person would run it. It must never be enough that the command fails: what lies
//! outside must not show in what it says either.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What stands outside, and must never be seen.
const SECRET: &str = "ThisStandsOutside";

/// A folder of its own, gone with its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("expressway-reach-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn machine(state: &str) -> String {
    format!(r#"{{"StartAt":"{state}","States":{{"{state}":{{"Type":"Pass","Result":1,"End":true}}}}}}"#)
}

/// The exit code, and everything that the command said.
fn said(arguments: &[&str], folder: &Path) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_expressway"))
        .args(arguments)
        .current_dir(folder)
        .stdin(std::process::Stdio::null())
        .output()
        .expect("the command runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text)
}

fn template(uri: &str) -> String {
    format!("Resources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      DefinitionUri: {uri}\n")
}

#[cfg(unix)]
#[test]
fn a_template_reaches_no_file_outside_its_folder() {
    use std::os::unix::fs::symlink;
    let outer = Folder::new("template");
    let inside = outer.0.join("inside");
    fs::create_dir_all(inside.join("sub")).expect("a folder");
    fs::write(outer.0.join("outside.asl.json"), machine(SECRET)).expect("a file");
    fs::write(inside.join("own.asl.json"), machine("Own")).expect("a file");
    fs::write(inside.join("sub/own.asl.json"), machine("Own")).expect("a file");
    let absolute = outer.0.join("outside.asl.json");
    symlink(&absolute, inside.join("link.asl.json")).expect("a link");
    symlink("../outside.asl.json", inside.join("relative.asl.json")).expect("a link");
    symlink("link.asl.json", inside.join("second.asl.json")).expect("a link");
    symlink("..", inside.join("up")).expect("a link");
    symlink("/", inside.join("root")).expect("a link");
    symlink("itself.asl.json", inside.join("itself.asl.json")).expect("a link");
    symlink("nowhere.asl.json", inside.join("dangling.asl.json")).expect("a link");
    symlink("/dev/zero", inside.join("zero.asl.json")).expect("a link");
    symlink("own.asl.json", inside.join("fine.asl.json")).expect("a link");
    let fifo = inside.join("fifo.asl.json");
    let made = Command::new("mkfifo").arg(&fifo).status().is_ok_and(|status| status.success());
    assert!(made, "mkfifo");
    fs::write(inside.join("binary.asl.json"), [0xff, 0xfe, 0x00]).expect("a file");
    let long = "a/".repeat(5_000);
    let absolute = absolute.display().to_string();
    let refused = [
        "../outside.asl.json",
        "sub/../../outside.asl.json",
        "./../outside.asl.json",
        "..",
        ".",
        "''",
        "sub",
        "up/outside.asl.json",
        "root/etc/passwd",
        "link.asl.json",
        "relative.asl.json",
        "second.asl.json",
        "itself.asl.json",
        "dangling.asl.json",
        "zero.asl.json",
        "fifo.asl.json",
        "binary.asl.json",
        &absolute,
        "/etc/passwd",
        "/dev/zero",
        "/dev/stdin",
        "/proc/self/environ",
        "//etc/passwd",
        "file:///etc/passwd",
        "http://127.0.0.1:9/m.asl.json",
        "https://example.org/m.asl.json",
        "s3://bucket/m.asl.json",
        "'\"own.asl.json\\0\"'",
        "\"own.asl.json\\0.png\"",
        "'..\\outside.asl.json'",
        "'C:\\outside.asl.json'",
        "'~/outside.asl.json'",
        "'$HOME/outside.asl.json'",
        "'own.asl.json|cat /etc/passwd'",
        "'%2e%2e/outside.asl.json'",
        "!Sub '${AWS::Region}/../../outside.asl.json'",
        "!Join ['', ['..', '/outside.asl.json']]",
        "{Bucket: b, Key: k}",
        &long,
    ];
    for uri in refused {
        fs::write(inside.join("template.yaml"), template(uri)).expect("a file");
        let (code, text) = said(&["check", "template.yaml"], &inside);
        assert_eq!(code, 1, "{uri:.80}: {text:.500}");
        assert!(!text.contains(SECRET) && !text.contains("root:"), "{uri:.80}: {text:.500}");
        assert!(
            text.contains("DefinitionUri") || text.contains("Cannot read") || text.contains("template's"),
            "{uri:.80}: {text:.500}"
        );
    }
    for uri in [
        "own.asl.json",
        "./own.asl.json",
        "sub/own.asl.json",
        "./sub/./own.asl.json",
        "fine.asl.json",
        "up/inside/own.asl.json",
    ] {
        fs::write(inside.join("template.yaml"), template(uri)).expect("a file");
        let (code, text) = said(&["check", "template.yaml"], &inside);
        assert_eq!(code, 0, "{uri}: {text}");
    }
}

/// Names that look like code, paths or commands.
const NAMES: [&str; 12] = [
    "unregistered",
    "../handlers/registered",
    "/bin/sh",
    "registered.asl.json",
    "registered; touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "libc.so.6",
    "registered\\u0000",
    "registered ",
    "REGISTERED",
    "",
];

#[test]
fn nobody_names_code_that_was_not_registered() {
    let folder = Folder::new("names");
    fs::create_dir_all(folder.0.join("handlers")).expect("a folder");
    fs::write(folder.0.join("handlers/registered.asl.json"), machine("Ran")).expect("a file");
    fs::write(folder.0.join(format!("{SECRET}.asl.json")), machine("Ran")).expect("a file");
    let task = |resource: &str, rest: &str| {
        format!(r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{resource}",{rest}"End":true}}}}}}"#)
    };
    let invoke =
        |name: &str| task("arn:aws:states:::lambda:invoke", &format!(r#""Parameters":{{"FunctionName{name}}},"#));
    // The definition names it: refused before the first event runs.
    fs::write(folder.0.join("events.jsonl"), "1\n").expect("a file");
    for name in NAMES.into_iter().chain([&*format!("../{SECRET}"), SECRET]) {
        for text in [
            invoke(&format!("\":\"{name}\"")),
            task(&format!("arn:aws:lambda:us-east-1:123456789012:function:{name}"), ""),
        ] {
            fs::write(folder.0.join("machine.asl.json"), text).expect("a file");
            let (code, text) = said(&["run", "."], &folder.0);
            assert_eq!(code, 2, "{name}: {text}");
            assert!(!text.contains("SUCCEEDED"), "{name}: {text}");
        }
    }
    // The event names it: that execution fails, the others go on. A handler written in ASL is part of the program only
    // where the definition names it.
    fs::write(folder.0.join("machine.asl.json"), invoke(".$\":\"$.f\"")).expect("a file");
    let mut events: String = NAMES.iter().map(|name| format!("{{\"f\":\"{name}\"}}\n")).collect();
    events.push_str(&format!(
        "{{\"f\":\"../{SECRET}\"}}\n{{\"f\":[\"registered\"]}}\n{{\"f\":null}}\n{{\"f\":\"registered\"}}\n"
    ));
    fs::write(folder.0.join("events.jsonl"), &events).expect("a file");
    let (code, text) = said(&["run", ".", "-q"], &folder.0);
    assert_eq!(code, 0, "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), events.lines().count(), "{text}");
    for line in lines {
        assert!(line.contains("FAILED"), "{line}");
    }
    assert!(!folder.0.join("pwned").exists());
}

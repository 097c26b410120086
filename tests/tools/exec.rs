//! One execution looked at: the event of that number, the explanation, the walk.

use crate::{Folder, expressway, expressway_with, json};
use std::process::Command;

const MACHINE: &str = r#"{"StartAt": "Size", "States": {
    "Size": {"Type": "Choice", "Choices": [
        {"Variable": "$.n", "NumericGreaterThan": 100, "Next": "Ask"},
        {"And": [{"Variable": "$.kind", "IsPresent": true}, {"Variable": "$.kind", "StringMatches": "b*g"}], "Next": "Ask"}],
        "Default": "Small"},
    "Ask": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:ask", "ResultPath": "$.answer",
        "Assign": {"asked.$": "$$.State.Name"},
        "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 3, "MaxAttempts": 1}],
        "Catch": [{"ErrorEquals": ["Busy"], "ResultPath": "$.problem", "Next": "Small"}], "Next": "Each"},
    "Each": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 1, "ResultPath": null,
        "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": true}}}, "Next": "Small"},
    "Small": {"Type": "Succeed"}}}"#;

const MOCKS: &str = r#"{"StateMachines": {"M": {"TestCases": {"Busy": {"Ask": "Busy"}, "Once": {"Ask": "Once"}}}},
    "MockedResponses": {"Busy": {"0-9": {"Throw": {"Error": "Busy", "Cause": "later"}}},
        "Once": {"0": {"Throw": {"Error": "Busy", "Cause": "later"}}, "1": {"Return": "well"}}}}"#;

const EVENTS: &str = "{\"n\":1}\n\n{\"n\":500,\"items\":[7,8]}\n{\"n\":2,\"kind\":\"big\"}\n[}\n";

fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("machine.asl.json", MACHINE);
    folder.write("events.jsonl", EVENTS);
    folder.write("mock.json", MOCKS);
    folder
}

/// Lines without the blanks around them and between words.
fn tight(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn decisions_are_explained() {
    let folder = folder("explain");
    let (place, mock) = (folder.path.display().to_string(), folder.file("mock.json"));
    let exec = |arguments: &[&str]| {
        expressway(&[&["exec", &place, "--mock", &mock, "--machine-name", "M", "--explain"], arguments].concat())
    };
    let ran = exec(&["--at", "1", "--test-case", "Once"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let expected = [
        "1 0.000s Size Choice",
        r#"in {"n":1}"#,
        "rule Choices[0] no $.n = 1 NumericGreaterThan 100: no",
        "rule Choices[1] no $.kind = nothing IsPresent true: no",
        "rule Default decides",
        "out as it came in",
        "2 0.000s Small Succeed",
        r#"in {"n":1}"#,
        "out as it came in",
        r#"{"status":"SUCCEEDED","output":{"n":1}}"#,
    ];
    assert_eq!(tight(&ran.out), expected);

    let ran = exec(&["--at", "2", "--test-case", "Once"]);
    let event = r#"{"n":500,"items":[7,8]}"#;
    let answered = r#"{"n":500,"items":[7,8],"answer":"well"}"#;
    let expected = [
        "1 0.000s Size Choice",
        &format!("in {event}"),
        "rule Choices[0] decides $.n = 500 NumericGreaterThan 100: yes",
        "out as it came in",
        "2 0.000s Ask Task",
        &format!("in {event}"),
        &format!("call arn:aws:lambda:us-east-1:123456789012:function:ask {event}"),
        "fails: Busy later",
        "retry Retry[0] answers Busy: tried again after 3.000 s, time 1",
        &format!("call arn:aws:lambda:us-east-1:123456789012:function:ask {event}"),
        "gives \"well\"",
        "out + $.answer \"well\"",
        "assign $asked = \"Ask\"",
        "3 3.000s Each Map",
        &format!("in {answered}"),
        "out as it came in",
        "4 3.000s One Pass item 0",
        "in 7",
        "out as it came in",
        "5 3.000s One Pass item 1",
        "in 8",
        "out as it came in",
        "6 3.000s Small Succeed",
        &format!("in {answered}"),
        "out as it came in",
        &format!("{{\"status\":\"SUCCEEDED\",\"output\":{answered}}}"),
    ];
    assert_eq!(tight(&ran.out), expected);

    let ran = exec(&["--at", "3", "--test-case", "Busy"]);
    for line in [
        r#"rule Choices[1] decides $.kind = "big" IsPresent true: yes; $.kind = "big" StringMatches "b*g": yes"#,
        "catch Catch[0] takes Busy",
        r#"out + $.problem {"Error":"Busy","Cause":"later"}"#,
    ] {
        assert!(tight(&ran.out).iter().any(|l| l == line), "{line:?} is not in\n{}", ran.out);
    }

    let ran = exec(&["--at", "4", "--test-case", "Once"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("events.jsonl:5 is no event, and `run` rejects it"), "{}", ran.err);
    let ran = exec(&["--at", "5", "--test-case", "Once"]);
    assert!(ran.code == 2 && ran.err.contains("there are fewer events"), "{}", ran.err);
}

#[test]
fn expressions_are_explained_with_what_they_saw() {
    let folder = Folder::new("explain-jsonata");
    let machine = r#"{"QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": {"Type": "Pass", "Assign": {"least": 5}, "Next": "C"},
        "C": {"Type": "Choice", "Choices": [
            {"Condition": "{% $states.input.n < $least %}", "Next": "A2"},
            {"Condition": "{% $number($states.input.deep.m) >= $least and $exists($states.input.n) %}", "Next": "A2"}]},
        "A2": {"Type": "Succeed"}}}"#;
    let machine = folder.write("machine.asl.json", machine);
    let input = folder.write("input.json", r#"{"n":6,"deep":{"m":"7"}}"#);
    let ran = expressway(&["exec", &machine, "--input", &input, "--explain"]);
    for line in [
        "rule Choices[0] no {% $states.input.n < $least %}; $states.input.n = 6; $least = 5",
        r#"rule Choices[1] decides {% $number($states.input.deep.m) >= $least and $exists($states.input.n) %}; $states.input.deep.m = "7"; $least = 5; $states.input.n = 6"#,
    ] {
        assert!(tight(&ran.out).iter().any(|l| l == line), "{line:?} is not in\n{}\n{}", ran.out, ran.err);
    }
    let input = folder.write("wrong.json", r#"{"n":6,"deep":{"m":"x"}}"#);
    let ran = expressway(&["exec", &machine, "--input", &input, "--explain"]);
    assert!(tight(&ran.out).iter().any(|line| line.starts_with("rule Choices[1] fails")), "{}", ran.out);
}

/// What `exec --at N` shows is what `run` makes of event N, random numbers and all.
#[test]
fn the_event_of_that_number_is_the_same_execution() {
    let folder = Folder::new("at");
    let machine = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"id.$": "States.UUID()", "n.$": "$.n"}, "End": true}}}"#;
    folder.write("machine.asl.json", machine);
    folder.write("events.jsonl", "{\"n\":1}\n\n{\"n\":2}\n{\"n\":3}\n");
    let place = folder.path.display().to_string();
    let lines = expressway(&["run", &place, "-q", "--seed", "9"]).out;
    for (n, line) in lines.lines().enumerate() {
        let number = (n + 1).to_string();
        let ran = expressway(&["exec", &place, "--at", &number, "--seed", "9", "--json"]);
        assert_eq!(json(&ran.out), json(line));
        let ran = expressway(&["exec", &place, "--at", &number, "--seed", "9", "--explain"]);
        assert_eq!(ran.out.lines().last(), Some(line));
    }
}

#[test]
fn a_walk_goes_on_and_back() {
    let folder = folder("step");
    let (place, mock) = (folder.path.display().to_string(), folder.file("mock.json"));
    let arguments =
        ["exec", &place, "--mock", &mock, "--machine-name", "M", "--test-case", "Once", "--at", "2", "--step"];
    let walk = |keys: &str| expressway_with(&arguments, keys);
    let ran = walk("\n\n\nb\nq\n");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let states: Vec<_> = tight(&ran.out)
        .into_iter()
        .filter(|line| line.contains("s ") && line.contains(" 3.000s ") || line.contains(" 0.000s "))
        .collect();
    assert_eq!(
        states,
        [
            "1 0.000s Size Choice",
            "2 0.000s Ask Task",
            "3 3.000s Each Map",
            "4 3.000s One Pass item 0",
            "3 3.000s Each Map"
        ]
    );
    assert_eq!(ran.err, "1/6> 2/6> 3/6> 4/6> 3/6> ");
    let ran = walk("v\ng Small\nv\ni\no\ne\nx\ng Nowhere\n\n");
    for part in [
        "no variables",
        "$asked = \"Ask\"",
        "{\n  \"n\": 500,\n  \"items\": [\n    7,\n    8\n  ],\n  \"answer\": \"well\"\n}",
        "SucceedStateEntered",
        "x: no such key",
        "no visit of 'Nowhere' from here on",
        "{\"status\":\"SUCCEEDED\"",
    ] {
        assert!(ran.out.contains(part), "{part:?} is not in\n{}", ran.out);
    }
    let ran = walk("c\n");
    assert!(ran.out.lines().last().is_some_and(|line| line.starts_with("{\"status\"")), "{}", ran.out);
}

/// On a terminal the walk greets, prompts, and answers keys one after the other.
#[test]
fn a_walk_on_a_terminal() {
    let folder = folder("pty");
    let script = r#"
import os, pty, sys
pid, master = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
def until(text):
    global seen
    while text not in seen:
        try:
            more = os.read(master, 4096)
        except OSError:
            more = b""
        if not more:
            sys.exit("waited for %r, got %r" % (text, seen))
        seen += more
for wait, keys in [(b"h tells the keys", b""), (b"1/2> ", b"h\r"), (b"q          quit", b""), (b"1/2> ", b"i\r"),
                   (b'"n": 1', b""), (b"1/2> ", b"\r"), (b"Small", b""), (b"2/2> ", b"\r"), (b"SUCCEEDED", b"")]:
    until(wait)
    seen = seen[seen.index(wait) + len(wait):]
    os.write(master, keys)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;
    let output = Command::new("python3")
        .args(["-c", script, env!("CARGO_BIN_EXE_expressway"), "exec"])
        .arg(&folder.path)
        .args([
            "--mock",
            &folder.file("mock.json"),
            "--machine-name",
            "M",
            "--test-case",
            "Once",
            "--at",
            "1",
            "--step",
        ])
        .output()
        .expect("python3 is needed for a terminal of its own");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The drawing shows the way that was taken, and drawing it changes nothing.
#[test]
fn the_way_is_drawn() {
    let folder = folder("drawn");
    let (place, mock, svg) = (folder.path.display().to_string(), folder.file("mock.json"), folder.file("way.svg"));
    let plain = [
        "exec",
        &place,
        "--mock",
        &mock,
        "--machine-name",
        "M",
        "--test-case",
        "Once",
        "--at",
        "2",
        "--json",
        "--history",
    ];
    let ran = expressway(&[&plain[..], &["--svg", &svg]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out, expressway(&plain).out);
    let drawing = std::fs::read_to_string(&svg).expect("it was written");
    assert!(drawing.contains("<svg") && drawing.contains(">Ask<"), "{drawing}");
    // Another way, another drawing.
    let other = folder.file("other.svg");
    let ran = expressway(&[
        "exec",
        &place,
        "--mock",
        &mock,
        "--machine-name",
        "M",
        "--test-case",
        "Once",
        "--at",
        "1",
        "--svg",
        &other,
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_ne!(std::fs::read_to_string(&other).expect("it was written"), drawing);
}

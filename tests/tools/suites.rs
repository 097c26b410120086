//! Suites: every kind of expectation, met and not; forms, errors, and the suites beside the workflows of `corpora/`.

use crate::{Folder, corpora, expressway};

const MACHINE: &str = r#"{"StartAt": "Ask", "States": {
    "Ask": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "OutputPath": "$.Payload",
        "Parameters": {"FunctionName": "ask", "Payload.$": "$"}, "Next": "Store"},
    "Store": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem",
        "Parameters": {"TableName": "t", "Item.$": "$"}, "ResultPath": null, "End": true}}}"#;

fn suite(cases: &str) -> String {
    let indented: Vec<String> = cases.trim().lines().map(|line| format!("  {line}")).collect();
    format!("machine: m.asl.json\ncases:\n{}\n", indented.join("\n"))
}

#[test]
fn every_expectation_can_be_met_and_missed() {
    let folder = Folder::new("suites");
    folder.write("m.asl.json", MACHINE);
    let outcomes = r#"outcomes: {Ask: {Return: {"Payload": {"a": 1, "b": [1, 2]}}}, Store: {Return: {}}}"#;
    let table = [
        ("status: SUCCEEDED", None),
        ("status: FAILED", Some("status SUCCEEDED, expected FAILED")),
        (r#"output: {"b": [1.0, 2], "a": 1}"#, None),
        (r#"output: {"b": [1, 3]}"#, Some("output ~ $.b[1]  3 → 2")),
        (r#"output: {"b": [1, 3]}, ignore: ["$.a", "$.b[*]"]"#, None),
        (r#"output_contains: {"a": 1}"#, None),
        (r#"output_contains: {"b": [1]}"#, Some("output + $.b[1]  2")),
        (r#"output_contains: {"c": 1}"#, Some("output - $.c  1")),
        ("path: [Ask, Store]", None),
        ("path: [Ask]", Some("path: 'Store' at place 2, expected the end (entered: Ask, Store)")),
        ("calls: {ask: 1, 'dynamodb:putItem': 1}", None),
        ("calls: {ask: 2}", Some("ask was called 1 times, expected 2")),
        (r#"calls: {ask: {payload: {"n": 5}}}"#, None),
        (
            r#"calls: {ask: {count: 1, payload: {"n": 6}}}"#,
            Some(r#"ask was called with {"n":5,"m":0}, expected {"n":6}"#),
        ),
        (r#"calls: {"dynamodb:putItem": {payload: {"Item": {"a": 1}}}}"#, None),
        (r#"calls: {other: {payload: {}}}"#, Some("other was called with no payload at all, expected {}")),
        ("error: E", Some("status SUCCEEDED, expected FAILED")),
    ];
    for (expect, fault) in table {
        let case = format!("- name: it\n  input: {{\"n\": 5, \"m\": 0}}\n  {outcomes}\n  expect: {{{expect}}}");
        let file = folder.write("tests.yaml", &suite(&case));
        let ran = expressway(&["test", &file]);
        assert_eq!(ran.code, i32::from(fault.is_some()), "{expect}: {}{}", ran.out, ran.err);
        if let Some(fault) = fault {
            assert!(ran.out.contains(fault), "{expect}: {fault:?} is not in\n{}", ran.out);
        }
    }
    let failing = "outcomes: {Ask: {Throw: {Error: Busy, Cause: try again}}}";
    for (expect, fault) in [
        ("error: Busy", None),
        ("error: Other", Some(r#"error "Busy", expected "Other""#)),
        ("cause: try again", None),
        ("cause: again", Some(r#"cause "try again", expected "again""#)),
        ("cause_contains: again", None),
        ("cause_contains: soon", Some(r#"expected "soon" in it"#)),
        ("output: 1", Some("status FAILED, expected SUCCEEDED: Busy try again")),
    ] {
        let file = folder.write("tests.yaml", &suite(&format!("- name: it\n  {failing}\n  expect: {{{expect}}}")));
        let ran = expressway(&["test", &file]);
        assert_eq!(ran.code, i32::from(fault.is_some()), "{expect}: {}", ran.out);
        assert!(fault.is_none_or(|fault| ran.out.contains(fault)), "{expect}: {}", ran.out);
    }
}

#[test]
fn mistakes_in_a_suite_are_named() {
    let folder = Folder::new("mistakes");
    folder.write("m.asl.json", MACHINE);
    for (cases, error) in [
        ("- name: a\n  expect: {}", "cases[0].expect: expected at least one thing to look at"),
        ("- name: a", "cases[0].expect: expected what is to come of the case"),
        ("- expect: {status: FAILED}", "cases[0].name: expected a name"),
        ("- name: a\n  expect: {state: X}", "cases[0].expect.state: expected one of status, output"),
        ("- name: a\n  expect: {status: GOOD}", "cases[0].expect.status: expected SUCCEEDED, FAILED or TIMED_OUT"),
        ("- name: a\n  now: soon\n  expect: {status: FAILED}", "cases[0].now: expected a time such as"),
        ("- name: a\n  seed: x\n  expect: {status: FAILED}", "cases[0].seed: expected a whole number"),
        (
            "- name: a\n  expect: {output: 1, ignore: [\"$[-1]\"]}",
            "cases[0].expect.ignore[0]: $[-1]: [-1] cannot be ignored",
        ),
        ("- name: a\n  expect: {path: A}", "cases[0].expect.path: expected a list"),
        ("- name: a\n  expect: {calls: {f: x}}", "cases[0].expect.calls.f: expected a whole number"),
        ("- name: a\n  expect: {output: 1, error: E}", "expected an output or a failure, not both"),
        ("- name: a\n  outcomes: {Ask: 1}\n  expect: {status: FAILED}", "cases[0].outcomes.Ask: expected outcomes"),
        ("- name: a\n  expect: {status: FAILED}\n- name: a\n  expect: {status: FAILED}", "one case named \"a\""),
        ("- name: [", "This is not YAML"),
    ] {
        let file = folder.write("tests.yaml", &suite(cases));
        let ran = expressway(&["test", &file]);
        assert_eq!(ran.code, 2, "{cases}: {}", ran.out);
        assert!(ran.err.contains(error), "{cases}: {error:?} is not in {}", ran.err);
    }
    let ran = expressway(&["test", &folder.path.join("nothing").display().to_string()]);
    assert_eq!(ran.code, 3);
}

#[test]
fn cases_are_chosen_listed_and_reported() {
    let folder = Folder::new("report");
    folder.write("m.asl.json", MACHINE);
    let cases: Vec<String> = (0..20)
        .map(|n| {
            let outcomes = r#"{Ask: {Return: {"Payload": "<&\">"}}, Store: {Return: {}}}"#;
            format!(
                "- name: case {n}\n  outcomes: {outcomes}\n  expect: {{output: {}}}",
                if n == 7 { "1" } else { "\"<&\\\">\"" }
            )
        })
        .collect();
    let file = folder.write("tests.yaml", &suite(&cases.join("\n")));
    let junit = folder.file("report.xml");
    let all: Vec<_> = ["1", "4"]
        .iter()
        .map(|threads| expressway(&["test", &file, "--threads", threads, "--junit", &junit]))
        .collect();
    assert_eq!((all[0].code, &all[0].out), (1, &all[1].out));
    assert!(
        all[0].out.contains("  FAILED  case 7\n          output ~ $  1 → \"<&\\\">\"\n  ok      case 8\n"),
        "{}",
        all[0].out
    );
    assert!(all[0].out.ends_with("1 of 20 cases fail\n"), "{}", all[0].out);
    let xml = std::fs::read_to_string(junit).expect("it was written");
    assert!(xml.contains("tests=\"20\" failures=\"1\""), "{xml}");
    assert!(xml.contains("<failure message=\"output ~ $  1 → &quot;&lt;&amp;\\&quot;&gt;&quot;\">"), "{xml}");
    assert_eq!(xml.matches("<testcase").count(), 20);

    let ran = expressway(&["test", &file, "--filter", "case 1"]);
    assert!(ran.code == 0 && ran.out.ends_with("11 cases hold\n"), "{}", ran.out);
    let ran = expressway(&["test", &file, "--filter", "case 7", "--list"]);
    assert_eq!((ran.code, ran.out), (0, format!("{file}: case 7\n")));
    assert_eq!(expressway(&["test", &file, "--filter", "none"]).code, 2);
}

#[test]
fn test_cases_of_a_mock_file() {
    let folder = Folder::new("mockfile");
    folder.write("machine.asl.json", MACHINE);
    let file = folder.write(
        "MockConfigFile.json",
        r#"{"StateMachines": {"Any": {"TestCases": {
            "Happy": {"Ask": "Answer", "Store": "Stored"}, "Refused": {"Ask": "Refusal"}, "Forgotten": {"Ask": "Answer", "Store": "Short"}}}},
        "MockedResponses": {"Answer": {"0": {"Return": {"Payload": {}}}}, "Stored": {"0": {"Return": {}}},
            "Refusal": {"0": {"Throw": {"Error": "No", "Cause": "never"}}}, "Short": {"1": {"Return": {}}}}}"#,
    );
    let ran = expressway(&["test", &file]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    for line in ["  ok      Happy", "  ok      Refused", "  FAILED  Forgotten"] {
        assert!(ran.out.lines().any(|l| l == line), "{line:?} is not in\n{}", ran.out);
    }
    assert!(ran.out.contains("The mock of state 'Store' has no outcome for invocation number 0."), "{}", ran.out);
    // And named by a case.
    let cases = "- name: it\n  mock: Refused\n  expect: {error: \"No\"}\n- name: other\n  mock: Lost\n  expect: {error: \"No\"}";
    let text = suite(cases).replace("machine: m.asl.json", "mocks: MockConfigFile.json\nmachine_name: Any");
    let ran = expressway(&["test", &folder.write("tests.yaml", &text)]);
    assert!(ran.out.contains("  ok      it\n  FAILED  other\n"), "{}", ran.out);
    assert!(ran.out.contains("no test case of that name at /StateMachines/Any/TestCases/Lost"), "{}", ran.out);
}

#[test]
fn suites_of_the_corpora_hold() {
    let suites: Vec<String> = corpora()
        .iter()
        .map(|folder| folder.join("tests.yaml"))
        .filter(|file| file.is_file())
        .map(|file| file.display().to_string())
        .collect();
    assert!(suites.len() >= 2);
    let arguments: Vec<&str> = std::iter::once("test").chain(suites.iter().map(String::as_str)).collect();
    let ran = expressway(&arguments);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

//! Functions as they run on Lambda, by way of both runtimes.

use super::{MACHINE, Tried, cause, executor, folder, lines, read};
use expressway::batch::{Sink, Source};
use expressway::handler::lambda::Logs;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

type Test = (&'static str, fn(&Tried));

/// What both runtimes have to do.
pub const TESTS: &[Test] = &[
    ("replies_are_results", replies_are_results),
    ("errors_are_lambdas_json", errors_are_lambdas_json),
    ("a_worker_that_dies_is_replaced", a_worker_that_dies_is_replaced),
    ("time_limits_strike", time_limits_strike),
    ("functions_see_their_context", functions_see_their_context),
    ("what_is_printed_is_kept", what_is_printed_is_kept),
    ("calls_in_real_time", calls_in_real_time),
    ("every_command_takes_them", every_command_takes_them),
];

/// What only Python does.
pub const PYTHON: &[Test] = &[
    ("a_worker_is_used_again", a_worker_is_used_again),
    ("mistakes_while_loading", mistakes_in_python),
    ("coats", coats),
];

/// What only Node.js does.
pub const NODE: &[Test] = &[
    ("older_ways_to_reply", older_ways_to_reply),
    ("modules", modules),
    ("mistakes_while_loading", mistakes_in_node),
    ("greeting", greeting),
];

fn event(what: &str, via: &str) -> String {
    json!({"do": what, "via": via}).to_string()
}

fn replies_are_results(tried: &Tried) {
    let events: Vec<String> = (0..200)
        .map(|n| {
            json!({"n": n, "via": if n % 2 == 0 { "arn" } else { "invoke" }, "big": 12345678901234567u64}).to_string()
        })
        .collect();
    let wanted: Vec<Value> = events
        .iter()
        .map(|event| {
            let got: Value = serde_json::from_str(event).unwrap();
            json!({"status": "SUCCEEDED", "output": {"got": got, "text": "grüß Gott"}})
        })
        .collect();
    for (threads, workers) in [(1, 1), (3, 2)] {
        let mut got = lines(&tried.executor(tried.options().workers(workers)), &events, threads);
        if tried.code == "node" {
            // JavaScript has no integers of that size.
            got.iter_mut().for_each(|line| line["output"]["got"]["big"] = json!(12345678901234567u64));
        }
        assert_eq!(got, wanted);
    }
    let nothing = lines(&tried.executor(tried.options()), &[event("nothing", "arn"), event("nothing", "invoke")], 1);
    assert!(nothing.iter().all(|line| *line == json!({"status": "SUCCEEDED", "output": null})), "{nothing:?}");
}

fn errors_are_lambdas_json(tried: &Tried) {
    let executor = tried.executor(tried.options());
    let events = [event("raise", "arn"), event("raise", "invoke"), event("raise", "arn")];
    let lines = lines(&executor, &events, 2);
    for line in &lines {
        assert_eq!((&line["status"], &line["error"]), (&json!("FAILED"), &json!("DoublesRolled")));
        let cause = cause(line);
        assert_eq!((&cause["errorType"], &cause["errorMessage"]), (&json!("DoublesRolled"), &json!("six and six")));
        let trace = if tried.code == "node" { &cause["trace"] } else { &cause["stackTrace"] };
        assert!(trace.as_array().is_some_and(|trace| !trace.is_empty()), "{cause}");
        assert!(!trace.to_string().contains("[stdin]"), "{cause}");
    }
    // Python writes blanks, which come through by way of the ARN alone.
    assert!(!lines[1]["cause"].as_str().unwrap().contains("\": "));
    if tried.code == "python" {
        assert!(lines[0]["cause"].as_str().unwrap().starts_with("{\"errorMessage\": \"six and six\", "));
        let id = |line: &Value| cause(line)["requestId"].clone();
        assert_ne!(id(&lines[0]), id(&lines[2]), "calls of different executions have different ids");
    }
    let large = super::lines(&executor, &[event("large", "arn")], 1);
    assert_eq!(large[0]["error"], "Function.ResponseSizeTooLarge");
}

fn a_worker_that_dies_is_replaced(tried: &Tried) {
    let executor = tried.executor(tried.options().workers(1));
    let events: Vec<String> = ["die", "fine", "die", "die", "fine"].iter().map(|what| event(what, "arn")).collect();
    let lines = lines(&executor, &events, 1);
    let statuses: Vec<_> = lines.iter().map(|line| line["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["FAILED", "SUCCEEDED", "FAILED", "FAILED", "SUCCEEDED"]);
    assert_eq!(lines[0]["error"], "Lambda.Unknown");
    let text = lines[0]["cause"].as_str().unwrap();
    assert!(text.contains("Runtime exited with error: exit status 3"), "{text}");
    let caught = super::lines(&executor, &[event("die", "invoke")], 1);
    assert_eq!(caught, [json!({"status": "SUCCEEDED", "output": {"caught": "Lambda.Unknown"}})]);
}

fn time_limits_strike(tried: &Tried) {
    let limit = Duration::from_millis(300);
    let lines =
        lines(&tried.executor(tried.options().timeout(limit)), &[event("hang", "arn"), event("fine", "arn")], 1);
    assert_eq!(lines[0]["error"], "Lambda.Unknown");
    let text = lines[0]["cause"].as_str().unwrap();
    assert!(text.contains("Task timed out after 0.30 seconds"), "{text}");
    assert_eq!(lines[1]["status"], "SUCCEEDED");
    // The state's own limit is the shorter one.
    let machine = MACHINE.replace("function:act:live\",", "function:act:live\", \"TimeoutSeconds\": 1,");
    let function = tried.start(tried.handler, tried.options());
    let lines = super::lines(&executor(&machine, function.into()), &[event("hang", "arn")], 1);
    assert_eq!(lines, [json!({"status": "FAILED", "error": "States.Timeout"})]);
}

fn functions_see_their_context(tried: &Tried) {
    let told = |seed: u64| {
        let executor = tried.executor(tried.options()).seed(seed);
        lines(&executor, &[event("tell", "arn"), event("tell", "invoke")], 1)
    };
    let lines = told(7);
    let [direct, invoked] = [&lines[0]["output"], &lines[1]["output"]];
    assert_eq!(direct["arn"], "arn:aws:lambda:eu-west-1:111122223333:function:act:live");
    assert_eq!(invoked["arn"], "arn:aws:lambda:us-east-1:123456789012:function:act");
    assert_eq!((&direct["client"], &invoked["client"]), (&json!(null), &json!({"k": "grüß"})));
    for output in [direct, invoked] {
        assert_eq!((&output["function"], &output["in_time"]), (&json!("act"), &json!(true)));
        assert_eq!((&output["root"], &output["handler"]), (&json!("lambda"), &json!(tried.handler)));
        assert_eq!(output["id"].as_str().map(str::len), Some(36));
    }
    assert_ne!(direct["id"], invoked["id"]);
    assert_eq!(told(7), lines, "ids derive from who the execution is");
    assert_ne!(told(8)[0]["output"]["id"], direct["id"]);
}

fn what_is_printed_is_kept(tried: &Tried) {
    let logs = std::env::temp_dir().join(format!("expressway-logs-{}-{}", tried.code, std::process::id()));
    let executor = tried.executor(tried.options().workers(2).logs(Logs::Folder(logs.clone())));
    let events: Vec<String> = (0..40).map(|n| event(&format!("n{n}"), "arn")).collect();
    lines(&executor, &events, 2);
    // All is read once the workers have been ended.
    drop(executor);
    let text = std::fs::read_to_string(logs.join("act.log")).expect("there is a log");
    let mut printed: Vec<&str> = text.lines().collect();
    printed.sort_unstable();
    let mut wanted: Vec<String> = (0..40).map(|n| format!("act n{n}")).collect();
    wanted.sort_unstable();
    assert_eq!(printed, wanted);
    std::fs::remove_dir_all(&logs).expect("the folder goes");
}

/// Where time is real, more executions are under way than there are workers.
fn calls_in_real_time(tried: &Tried) {
    let executor = tried.executor(tried.options().workers(2));
    let events: Vec<String> = (0..50).map(|n| event(["fine", "raise", "die"][n % 3], "arn")).collect();
    let mut out = Vec::new();
    let batch = executor.batch().threads(1).real_time(20).results(Sink::new("memory", &mut out));
    batch.run(vec![Source::memory("events", events.join("\n").as_bytes())]).expect("it runs");
    let lines = read(&out);
    let errors: Vec<Option<&str>> = lines.iter().map(|line| line["error"].as_str()).collect();
    let wanted: Vec<Option<&str>> =
        (0..50).map(|n| [None, Some("DoublesRolled"), Some("Lambda.Unknown")][n % 3]).collect();
    assert_eq!(errors, wanted);
}

fn every_command_takes_them(tried: &Tried) {
    let place = std::env::temp_dir().join(format!("expressway-lambda-{}-{}", tried.code, std::process::id()));
    std::fs::create_dir_all(&place).expect("the folder can be made");
    let write = |name: &str, text: &str| std::fs::write(place.join(name), text).expect("it can be written");
    write("machine.asl.json", MACHINE);
    write("events.jsonl", &[event("fine", "arn"), event("raise", "arn"), event("fine", "invoke")].join("\n"));
    write("tests.yaml", "cases:\n  - name: fine\n    input: {\"do\": \"fine\"}\n    expect: {status: SUCCEEDED}\n");
    let command = |arguments: &[&str]| {
        let code = tried.code(tried.handler);
        let path = folder();
        // A path as a person writes it, from the folder at hand.
        let code = code.replace(&path.display().to_string(), "tests/lambda");
        let output = Command::new(env!("CARGO_BIN_EXE_expressway"))
            .args(arguments)
            .args(["--lambda", &format!("arn:aws:lambda:eu-west-1:111122223333:function:act={code}")])
            .args(["--lambda-python", &tried.python, "--lambda-workers", "1"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("the command starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the command writes text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let folder = place.display().to_string();
    let machine = place.join("machine.asl.json").display().to_string();
    let (code, out, err) = command(&["run", &folder]);
    let statuses: Vec<Value> = read(out.as_bytes()).into_iter().map(|line| line["status"].clone()).collect();
    assert_eq!((code, statuses), (Some(0), vec![json!("SUCCEEDED"), json!("FAILED"), json!("SUCCEEDED")]), "{err}");
    let (code, out, err) = command(&["exec", &folder, "--at", "2"]);
    assert!(code == Some(0) && out.contains("DoublesRolled") && err.contains("[act] act raise"), "{out}{err}");
    let (code, out, err) = command(&["test", &folder]);
    assert!(code == Some(0) && out.contains("1 case"), "{out}{err}");
    let (code, out, err) = command(&["diff", &folder, &machine]);
    assert!(code == Some(0) && out.contains("same result                             3"), "{out}{err}");
    let (code, out, err) = command(&["coverage", &folder]);
    assert!(code == Some(0) && out.contains("never reached"), "{out}{err}");
    let (code, out, err) =
        command(&["bench", &folder, "--rounds", "1", "--warm-up", "0", "--round-time", "0", "--limit", "20"]);
    assert!(code == Some(0) && out.contains("executions"), "{out}{err}");
    std::fs::remove_dir_all(&place).expect("the folder goes");
}

fn a_worker_is_used_again(tried: &Tried) {
    let executor = executor(MACHINE, tried.start("app.count", tried.options().workers(1)).into());
    let lines = lines(&executor, &["{}".to_owned(), "{}".to_owned()], 1);
    assert_eq!(lines, [json!({"status": "SUCCEEDED", "output": 0}), json!({"status": "SUCCEEDED", "output": 0})]);
}

fn mistakes_in_python(tried: &Tried) {
    tell(tried, "nowhere.act", &["Runtime.ImportModuleError", "No module named 'nowhere'"]);
    tell(tried, "app.nobody", &["Runtime.HandlerNotFound", "'nobody'"]);
    tell(tried, "broken.act", &["ValueError: no table", "broken.py"]);
}

fn mistakes_in_node(tried: &Tried) {
    tell(tried, "nowhere.act", &["Runtime.ImportModuleError", "'nowhere'"]);
    tell(tried, "index.nobody", &["Runtime.HandlerNotFound", "index.nobody"]);
}

/// What is said of a function that cannot be loaded.
fn tell(tried: &Tried, handler: &str, words: &[&str]) {
    let code = tried.code(handler).parse().expect("it names code");
    let started = expressway::handler::lambda::LambdaFunction::start("act", code, &tried.options());
    let error = started.map(drop).expect_err("it cannot be loaded").to_string();
    assert!(words.iter().all(|word| error.contains(word)), "{error}");
}

fn older_ways_to_reply(tried: &Tried) {
    let one = |handler: &str| {
        let executor = executor(MACHINE, tried.start(handler, tried.options().workers(1)).into());
        let mut lines = lines(&executor, &[r#"{"who": "Ada"}"#.to_owned(), r#"{"who": "Ben"}"#.to_owned()], 1);
        lines.swap_remove(1)
    };
    let succeeded = |output: Value| json!({"status": "SUCCEEDED", "output": output});
    assert_eq!(one("index.back"), succeeded(json!("Hello, Ben!")));
    assert_eq!(one("index.done"), succeeded(json!(["Ben"])));
    assert_eq!(one("index.silent"), succeeded(json!(null)));
    assert_eq!(one("index.nested.deep.function"), succeeded(json!("deep")));
    assert_eq!(one("index.failBack")["error"], "DoublesRolled");
    assert_eq!(one("index.late")["error"], "DoublesRolled");
    let thrown = one("index.thrown");
    assert_eq!((&thrown["error"], &cause(&thrown)["errorMessage"]), (&json!("string"), &json!("a text")));
}

/// Runs a machine of `corpora` with its functions as real code, whose results have to be those that the corpus expects.
fn corpus(tried: &Tried, name: &str, functions: &[(&str, &str)], takes: impl Fn(&Value) -> bool) {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let bytes = |file: &str| std::fs::read(root.join("corpora").join(name).join(file)).expect("it is there");
    let (events, expected) = (bytes("events.jsonl"), bytes("expected.jsonl"));
    let events = String::from_utf8_lossy(&events);
    // A blank line has no result, and what is no text is rejected.
    let cases: Vec<(&str, Value)> = events
        .lines()
        .filter(|line| !line.trim().is_empty())
        .zip(read(&expected))
        .filter(|(_, expected)| expected["status"] != "REJECTED")
        .filter(|(event, _)| serde_json::from_str(event).is_ok_and(|event: Value| takes(&event)))
        .take(60)
        .collect();
    assert!(cases.len() >= 2, "{name}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_expressway"));
    command.args(["run", &format!("corpora/{name}"), "-", "--quiet", "--lambda-python", &tried.python]);
    command.args(["--lambda-workers", "1"]).current_dir(root);
    for (function, handler) in functions {
        command.args(["--lambda", &format!("{function}={}", tried.code(handler))]);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = command.spawn().expect("the command starts");
    let lines: String = cases.iter().map(|(event, _)| format!("{event}\n")).collect();
    // The events fit into a pipe, and its end closes it.
    running.stdin.take().expect("it is ours").write_all(lines.as_bytes()).expect("it is read");
    let output = running.wait_with_output().expect("it ends");
    let expected: Vec<Value> = cases.into_iter().map(|(_, expected)| expected).collect();
    assert_eq!(read(&output.stdout), expected, "{name}");
}

fn coats(tried: &Tried) {
    let functions = ["wear_heavy_coat", "wear_light_jacket", "no_coat"];
    let handlers = functions.map(|name| format!("coats.{name}"));
    let functions: Vec<_> = functions.into_iter().zip(handlers.iter().map(String::as_str)).collect();
    corpus(tried, "which-coat", &functions, |event| event["Weather"].is_string());
}

fn greeting(tried: &Tried) {
    // What is no text, JavaScript writes in a way of its own.
    corpus(tried, "is-teacher", &[("hello", "index.back")], |event| event["who"].is_string());
}

fn modules(tried: &Tried) {
    let executor = executor(MACHINE, tried.start("module.greet", tried.options()).into());
    let lines = lines(&executor, &[r#"{"who": "Ada"}"#.to_owned()], 1);
    assert_eq!(lines, [json!({"status": "SUCCEEDED", "output": "Hello, Ada!"})]);
}

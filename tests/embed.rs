//! The library's front, as other programs use it: compiling, single executions, typed and waiting functions, closures and
//! iterators of results.

use expressway::definition::MachineType;
use expressway::embed::{CompileFailure, InputError};
use expressway::handler::waiting::CallDetails;
use expressway::vm::{Limits, Names, Seed, Settings};
use expressway::{Compiler, Executor, FunctionError, Handlers, Program, Sink, Source, Status};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

const CALL: &str = r#"{"StartAt": "Call", "States": {"Call": {"Type": "Task",
    "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f", "End": true}}}"#;
const PASS: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#;

fn executor(text: &str, handlers: &Handlers) -> Executor {
    Executor::new(Compiler::new().handlers(handlers).compile(text).unwrap(), handlers).unwrap()
}

fn output(executor: &Executor, input: &str) -> String {
    let ended = executor.run(input).unwrap();
    ended.output.unwrap_or_else(|| format!("{}: {}", ended.error.unwrap_or_default(), ended.cause.unwrap_or_default()))
}

#[derive(Deserialize, Serialize, Debug, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Mixed { red: u8, blue: u8 },
    Named(String),
}

#[derive(Deserialize, Serialize, Debug, PartialEq)]
struct Everything<'e> {
    text: &'e str,
    #[serde(borrow)]
    maybe: Option<std::borrow::Cow<'e, str>>,
    small: i8,
    large: u64,
    larger: u128,
    real: f64,
    flag: bool,
    list: Vec<(u8, char)>,
    by_number: BTreeMap<i32, bool>,
    colours: Vec<Colour>,
    unit: (),
}

#[test]
fn an_event_is_read_into_types_that_borrow_from_it_and_written_back_the_same() {
    let handlers = Handlers::new().lambda("f", |event, call| {
        let all: Everything = event.parse()?;
        assert_eq!(all.text.as_ptr(), event.get("text").unwrap().as_str().unwrap().as_ptr(), "the text was copied");
        call.json(&all)
    });
    let text = concat!(
        r#"{"text":"täxt","maybe":"a\n\"b\"","small":-128,"large":18446744073709551615,"#,
        r#""larger":340282366920938463463374607431768211455,"real":1.5,"flag":true,"list":[[1,"a"],[2,"ß"]],"#,
        r#""by_number":{"-7":true,"12":false},"colours":["red",{"mixed":{"red":1,"blue":2}},{"named":"teal"}],"unit":null}"#
    );
    assert_eq!(output(&executor(CALL, &handlers), text), text);
}

#[test]
fn of_equal_keys_the_last_counts_for_typed_functions_too() {
    #[derive(Deserialize)]
    struct One {
        n: i64,
    }
    let handlers = Handlers::new().typed("f", |one: One, _| Ok::<_, FunctionError>(one.n));
    assert_eq!(output(&executor(CALL, &handlers), r#"{"n":1,"x":0,"n":2}"#), "2");
}

#[test]
fn what_does_not_fit_a_type_is_an_error_that_the_caller_can_catch() {
    let handlers = Handlers::new().typed("f", |numbers: (u8, u8), call| {
        assert_eq!((call.name(), call.state(), call.retry_count()), ("f", "Call", 0));
        numbers.0.checked_sub(numbers.1).ok_or_else(|| FunctionError::new("Negative", "the first must be larger"))
    });
    let executor = executor(CALL, &handlers);
    assert_eq!(output(&executor, "[3, 1]"), "2");
    for (input, expected) in [
        ("[1, 3]", r#"Negative: {"errorMessage": "the first must be larger", "errorType": "Negative"#),
        ("[1]", r#"InvalidEvent: {"errorMessage": "invalid length 1, expected a tuple of size 2"#),
        ("[1,2,3]", r#"InvalidEvent: {"errorMessage": "invalid length 3, expected an array of 2 elements"#),
        ("[1, 256]", r#"InvalidEvent: {"errorMessage": "invalid value: integer `256`, expected u8"#),
        (r#"[1, "x"]"#, r#"InvalidEvent: {"errorMessage": "invalid type: string \"x\", expected u8"#),
        ("{}", r#"InvalidEvent: {"errorMessage": "invalid type: map, expected a tuple of size 2"#),
    ] {
        let given = output(&executor, input);
        assert!(given.starts_with(expected), "{input}: {given}");
    }
}

#[test]
fn any_error_of_rust_has_its_types_name() {
    let handlers = Handlers::new().typed("f", |text: String, _| text.parse::<u8>());
    assert_eq!(output(&executor(CALL, &handlers), r#""7""#), "7");
    let given = output(&executor(CALL, &handlers), r#""seven""#);
    assert!(given.starts_with(r#"ParseIntError: {"errorMessage": "invalid digit found in string""#), "{given}");
}

#[test]
fn a_reply_that_cannot_be_json_is_an_error() {
    let handlers = Handlers::new().typed("f", |_: (), _| Ok::<_, FunctionError>(BTreeMap::from([((1, 2), 3)])));
    let given = output(&executor(CALL, &handlers), "null");
    assert!(given.starts_with("InvalidReply: "), "{given}");
    let handlers = Handlers::new().typed("f", |_: (), _| Ok::<_, FunctionError>(vec![f64::NAN, f64::INFINITY, 0.5]));
    assert_eq!(output(&executor(CALL, &handlers), "null"), "[null,null,0.5]");
}

/// What serde writes in its own way, or writes twice, comes to the same however it is handed over.
#[test]
fn a_reply_is_spelled_alike_whether_it_is_made_or_written() {
    #[derive(serde::Serialize, Clone)]
    struct Odd {
        text: &'static str,
        numbers: (f64, f64, u64, Option<i8>),
        #[serde(flatten)]
        rest: BTreeMap<&'static str, &'static str>,
    }
    let odd = |text, key| Odd {
        text,
        numbers: (1.0, 1e300, u64::MAX, None),
        rest: BTreeMap::from([(key, "last"), ("\u{1f}\\\"/\u{7f}é\u{2028}", "\u{0}\t\n\u{b}😀")]),
    };
    for reply in [odd("plain", "more"), odd("\u{1}\r\u{8}\u{c}</script>", "more"), odd("first", "text")] {
        let (one, other, third) = (reply.clone(), reply.clone(), reply);
        let ways = [
            Handlers::new().typed("f", move |_: (), _| Ok::<_, FunctionError>(one.clone())),
            Handlers::new().lambda("f", move |_, call| call.json(&other)),
            Handlers::new().written("f", move |_, _, reply| reply.json(&third)),
        ];
        let [typed, made, written] = ways.map(|handlers| output(&executor(CALL, &handlers), "null"));
        assert_eq!((&typed, &made), (&made, &written));
        assert_eq!(typed.matches("\"text\":").count(), 1, "{typed}");
    }
}

/// A future that is woken by another thread.
fn later<T: Send + Clone + Unpin + 'static>(value: T, after: Duration) -> impl Future<Output = T> + Send {
    let slot: Arc<std::sync::Mutex<(bool, Option<Waker>)>> = Arc::default();
    let mut begun = false;
    std::future::poll_fn(move |context| {
        let mut state = slot.lock().unwrap();
        if state.0 {
            return Poll::Ready(value.clone());
        }
        state.1 = Some(context.waker().clone());
        if !begun {
            begun = true;
            let slot = Arc::clone(&slot);
            std::thread::spawn(move || {
                std::thread::sleep(after);
                let mut state = slot.lock().unwrap();
                state.0 = true;
                state.1.take().unwrap().wake();
            });
        }
        Poll::Pending
    })
}

#[test]
fn a_function_that_waits_answers_where_time_is_virtual_and_takes_none() {
    let handlers = Handlers::new().waiting("f", |n: i64, call: CallDetails| async move {
        assert_eq!((&*call.name, &*call.state), ("f", "Call"));
        match n {
            0 => Err(FunctionError::new("Zero", "there is none")),
            1 => panic!("one is too many"),
            n => Ok(later(n + 1, Duration::from_millis(2)).await),
        }
    });
    let executor = executor(CALL, &handlers);
    let ended = executor.run("41").unwrap();
    assert_eq!((ended.output.as_deref(), ended.ended_ms), (Some("42"), expressway::batch::NOW_MS));
    assert!(output(&executor, "0").starts_with(r#"Zero: {"errorMessage": "there is none""#));
    assert!(output(&executor, "1").starts_with("Lambda.Unknown: "), "{}", output(&executor, "1"));
    assert!(output(&executor, "{}").starts_with("InvalidEvent: "));
}

#[test]
fn a_refused_definition_says_all_that_is_wrong_with_it() {
    let Err(CompileFailure::Definition { diagnostics, picture }) =
        Program::compile(r#"{"StartAt": "B", "States": {}}"#)
    else {
        panic!("it was not refused")
    };
    assert!(!diagnostics.is_empty() && picture.contains("machine.asl.json"), "{picture}");
    let failure = Compiler::new().asl_handler("f", "{}").compile(CALL).err().unwrap();
    assert!(failure.to_string().starts_with("the handler f is refused\n"), "{failure}");
    let failure = Compiler::new().compile_file("tests/nowhere.asl.json").err().unwrap();
    assert!(failure.to_string().starts_with("tests/nowhere.asl.json: "), "{failure}");
    let missing = Executor::new(Program::compile(CALL).unwrap(), &Handlers::new()).err().unwrap();
    assert!(missing.to_string().contains("f, called by Call"), "{missing}");
}

#[test]
fn texts_templates_and_folders_compile() {
    let yaml = "StartAt: A\nStates:\n  A:\n    Type: Pass\n    Result: ${What}\n    End: true\n";
    let program = Compiler::new().substitute("What", "warm").compile(yaml).unwrap();
    assert_eq!(output(&Executor::new(program, &Handlers::new()).unwrap(), "{}"), r#""warm""#);

    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpora/which-coat");
    let program = Compiler::new().compile_file(folder).unwrap();
    let executor = Executor::new(program, &Handlers::new()).unwrap();
    let events = std::fs::read(format!("{folder}/events.jsonl")).unwrap();
    let mut results = Vec::new();
    executor.batch().results(Sink::new("memory", &mut results)).run(vec![Source::memory("events", &events)]).unwrap();
    assert!(results == std::fs::read(format!("{folder}/expected.jsonl")).unwrap(), "results differ from the recorded");
}

#[test]
fn native_functions_win_over_functions_written_in_asl() {
    let asl = r#"{"StartAt": "R", "States": {"R": {"Type": "Pass", "Result": "ASL", "End": true}}}"#;
    let native = Handlers::new().lambda("f", |_, call| Ok(call.text("native")));
    for (handlers, expected) in [(Handlers::new(), r#""ASL""#), (native, r#""native""#)] {
        let program = Compiler::new().asl_handler("f", asl).handlers(&handlers).compile(CALL).unwrap();
        assert_eq!(output(&Executor::new(program, &handlers).unwrap(), "{}"), expected);
    }
}

#[test]
fn inputs_of_every_form() {
    let executor = executor(PASS, &Handlers::new());
    assert_eq!(output(&executor, "{\n  \"a\": [1,\n 2.50]\n}\n"), r#"{"a":[1,2.50]}"#);
    assert_eq!(executor.run_json(&(1, "x", None::<u8>)).unwrap().output.unwrap(), r#"[1,"x",null]"#);
    assert!(matches!(executor.run(" \n "), Err(InputError::Blank)));
    assert!(matches!(executor.run(""), Err(InputError::Blank)));
    assert!(matches!(executor.run("{"), Err(InputError::Syntax(error)) if error.offset == 1));
    assert!(matches!(executor.run("1\n2"), Err(InputError::Syntax(_))));
    assert!(matches!(executor.run_bytes(b"\"\xff\""), Err(InputError::Syntax(_))));
}

#[test]
fn a_history_is_what_the_command_prints() {
    let ended = executor(PASS, &Handlers::new()).run_with_history("1").unwrap();
    let types: Vec<_> = ended.history.iter().map(|event| (event.id, event.previous)).collect();
    assert_eq!(types, [(1, 0), (2, 0), (3, 2), (4, 3)]);
    assert!(expressway::view::history::to_json(&ended.history, "role").contains("ExecutionSucceeded"));
}

#[test]
fn limits_and_names_reach_the_execution() {
    let endless = r#"{"StartAt": "A", "States": {"A": {"Type": "Choice", "Default": "A",
        "Choices": [{"Variable": "$.stop", "IsPresent": true, "Next": "B"}]}, "B": {"Type": "Succeed"}}}"#;
    let limits = Limits { steps: 10, ..Limits::EXPRESS };
    let settings = Settings { limits, names: Names { machine: "M".to_owned(), ..Names::default() } };
    let ended = executor(endless, &Handlers::new()).settings(settings).run("{}").unwrap();
    assert_eq!((ended.status, ended.limit, ended.steps), (Status::TimedOut, Some("steps"), 10));
    assert_eq!(ended.to_json(), r#"{"status":"TIMED_OUT","error":"States.Timeout","limit":"steps"}"#);

    let wait = r#"{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 301, "End": true}}}"#;
    let of = |machine_type| executor(wait, &Handlers::new()).machine_type(machine_type).run("{}").unwrap().status;
    assert_eq!([of(MachineType::Standard), of(MachineType::Express)], [Status::Succeeded, Status::TimedOut]);
}

#[test]
fn a_session_gives_what_a_batch_by_content_gives() {
    let random = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters":
        {"id.$": "States.UUID()", "n.$": "$.n"}, "End": true}}}"#;
    let executor = executor(random, &Handlers::new()).seed(5);
    let texts: Vec<String> = (0..50).map(|n| format!(" {{\"n\": {}}} ", n % 7)).collect();
    let mut expected = Vec::new();
    executor
        .batch()
        .identity(expressway::batch::Identity::Content)
        .each(vec![Source::texts("texts", &texts)], |line| expected.push(line.output().unwrap().to_owned()))
        .unwrap();
    let mut session = executor.session();
    let given: Vec<String> =
        texts.iter().map(|text| session.run(text.as_bytes()).unwrap().to_ended().output.unwrap()).collect();
    assert_eq!(given, expected);
    assert_eq!(given[0], given[7]);
    assert_ne!(given[0], given[1]);
}

/// Who an execution is, is worked out when somebody asks: a function, a name, a child, a delay, a token.
#[test]
fn whoever_asks_first_who_an_execution_is_hears_the_same() {
    let asked = r#"{"StartAt": "How", "States": {
        "How": {"Type": "Choice", "Choices": [
            {"Variable": "$.how", "StringEquals": "task", "Next": "Task"},
            {"Variable": "$.how", "StringEquals": "name", "Next": "Name"},
            {"Variable": "$.how", "StringEquals": "map", "Next": "Map"},
            {"Variable": "$.how", "StringEquals": "retry", "Next": "Retry"}], "Default": "Draw"},
        "Task": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:who", "Next": "Invoke"},
        "Invoke": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "Draw", "ResultPath": "$.invoked",
            "Parameters": {"FunctionName": "who", "Payload.$": "$"}},
        "Name": {"Type": "Pass", "Parameters": {"id.$": "$$.Execution.Id", "how.$": "$.how"}, "Next": "Draw"},
        "Map": {"Type": "Map", "ItemsPath": "$.items", "ResultPath": "$.items", "Next": "Draw", "ItemProcessor": {
            "StartAt": "Item", "States": {"Item": {"Type": "Pass", "End": true,
                "Parameters": {"drawn.$": "States.UUID()", "id.$": "$$.Execution.Name"}}}}},
        "Retry": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:busy", "Next": "Draw",
            "Retry": [{"ErrorEquals": ["Busy"], "JitterStrategy": "FULL", "IntervalSeconds": 9}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Time"}]},
        "Time": {"Type": "Pass", "Parameters": {"time.$": "$$.State.EnteredTime"}, "ResultPath": "$.at", "Next": "Draw"},
        "Draw": {"Type": "Pass", "End": true, "Parameters": {"n.$": "States.MathRandom(0, 1000000000)",
            "text.$": "States.Format('{}', $.how)", "id.$": "$$.Execution.Id", "before.$": "$"}}}}"#;
    let handlers = Handlers::new()
        .lambda("who", |event, call| {
            let id = call.text(&call.request_id());
            Ok(call.object(&[("how", event.get("how").expect("it is given").value()), ("id", id)]))
        })
        .lambda("busy", |_, call| Err(FunctionError::new("Busy", call.request_id())));
    let executor = executor(asked, &handlers).seed(11);
    let texts: Vec<String> = ["task", "name", "map", "retry", "draw"]
        .map(|how| format!("{{\"how\": \"{how}\", \"items\": [1, [2], {{\"a\": \"b\"}}]}}"))
        .into();
    let mut session = executor.session();
    let lazy: Vec<_> = texts.iter().map(|text| session.run(text.as_bytes()).unwrap().to_ended().to_json()).collect();
    let known: Vec<_> = texts
        .iter()
        .map(|text| session.run_as(text.as_bytes(), Seed::of_content(11, text)).unwrap().to_ended().to_json())
        .collect();
    assert_eq!(lazy, known);
    let mut of_batch = Vec::new();
    let batch = executor.batch().identity(expressway::batch::Identity::Content).threads(2);
    batch.each(vec![Source::texts("texts", &texts)], |line| of_batch.push(line.text().to_owned())).unwrap();
    assert_eq!(lazy, of_batch);
    assert!(lazy.iter().all(|line| line.contains("SUCCEEDED")), "{lazy:?}");
    // Nobody is like anybody else, nor what another seed gives.
    let other = executor.clone().seed(12);
    assert!(texts.iter().zip(&lazy).all(|(text, line)| other.run(text).unwrap().to_json() != *line));
}

/// A line is read among empty ones, so that what it is built like is recognised; its faults are told where they are.
#[test]
fn a_session_reads_a_line_as_it_stands() {
    let executor = executor(PASS, &Handlers::new());
    let mut session = executor.session();
    let long = format!("{{\"a\": \"{}\", \"b\": 1}}", "x".repeat(5_000));
    for _ in 0..3 {
        for text in [r#"{"a":1,"b":"c"}"#, r#"{"a":-2.5,"b":"other"}"#, "7", "\"\"", &*long, "  [1] "] {
            let ended = session.run(text.as_bytes()).unwrap().to_ended();
            let compact: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::from_str::<serde_json::Value>(&ended.output.unwrap()).unwrap(), compact);
        }
        for (text, offset) in [(r#"{"a":1,"b":"c}"#, 14), (r#"{"a":1,"b":}"#, 11), ("[1,", 3), (r#"{"a":1 "b":2}"#, 7)]
        {
            let error = session.run(text.as_bytes()).map(|_| ()).unwrap_err();
            assert!(matches!(&error, InputError::Syntax(error) if error.offset == offset), "{text}: {error}");
        }
        for text in ["", " ", "\t\r"] {
            assert!(matches!(session.run(text.as_bytes()).map(|_| ()), Err(InputError::Blank)), "{text:?}");
        }
    }
}

#[test]
fn each_text_of_an_iterator_is_one_record_whatever_is_in_it() {
    let executor = executor(PASS, &Handlers::new());
    let texts: [&[u8]; 9] =
        [b"\x1f\x8b1", b"1\n2", b"{\n\"a\"\n:\n1}", b"", b" \n ", b"\"a\nb\"", b"\"\xff\"", b"{\"a\":1}\n", b"[1"];
    for threads in [1, 3] {
        let (mut statuses, mut outputs) = (Vec::new(), Vec::new());
        let batch = executor.batch().threads(threads).chunk_bytes(64);
        let summary = batch
            .each(vec![Source::texts("texts", texts)], |line| {
                statuses.push(line.status().unwrap());
                outputs.extend(line.output().map(str::to_owned));
            })
            .unwrap();
        let good: Vec<usize> = (0..texts.len()).filter(|n| statuses[*n] == Status::Succeeded).collect();
        assert_eq!((statuses.len(), good), (9, vec![2, 7]));
        assert_eq!(outputs, [r#"{"a":1}"#, r#"{"a":1}"#]);
        assert_eq!((summary.events, summary.rejected), (9, 7));
    }
}

#[test]
fn a_stream_gives_results_in_order_and_then_the_summary() {
    let executor = executor(PASS, &Handlers::new());
    let numbers = Source::texts("numbers", (0..20_000).map(|n| n.to_string()));
    let mut stream = executor.stream(vec![numbers], |batch| batch.threads(3).chunk_bytes(1_000));
    for n in 0..20_000 {
        assert_eq!(stream.next().unwrap().unwrap().output.unwrap(), n.to_string());
    }
    assert!(stream.summary().is_none());
    assert!(stream.next().is_none());
    assert_eq!(stream.summary().unwrap().succeeded, 20_000);
    assert!(stream.next().is_none());
}

#[test]
fn a_stream_that_is_dropped_ends_its_run() {
    let executor = executor(PASS, &Handlers::new());
    let endless = Source::texts("numbers", (0u64..).map(|n| n.to_string()));
    let mut stream = executor.stream(vec![endless], |batch| batch.threads(2));
    assert_eq!(stream.next().unwrap().unwrap().output.as_deref(), Some("0"));
    drop(stream);
}

/// Executions that only their input decides are not run; nobody can tell but by the time it takes.
#[test]
fn what_is_told_is_what_would_have_been() {
    let corpora = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora");
    let mut folders: Vec<_> = std::fs::read_dir(&corpora).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    let mut told = 0;
    for folder in folders {
        let program = Arc::new(Compiler::new().compile_file(&folder).unwrap());
        for limits in
            [Limits::STANDARD, Limits { state_bytes: 60, ..Limits::STANDARD }, Limits { steps: 1, ..Limits::EXPRESS }]
        {
            let settings = Settings { limits, ..Settings::default() };
            let executor = Executor::new_loosely(Arc::clone(&program), &Handlers::new()).settings(settings).seed(3);
            let machine = executor.clone().shortcuts(false);
            let (mut quick, mut slow) = (executor.session(), machine.session());
            let all = |ended: expressway::Ended| format!("{ended:?}");
            for line in std::fs::read(folder.join("events.jsonl")).unwrap().split(|byte| *byte == b'\n') {
                let (quick, slow) = (quick.run(line), slow.run(line));
                let (quick, slow) = match (quick, slow) {
                    (Ok(quick), Ok(slow)) => (quick, slow),
                    (quick, slow) => {
                        assert_eq!(quick.err().map(|e| e.to_string()), slow.err().map(|e| e.to_string()));
                        continue;
                    }
                };
                let [mut written, mut wanted] = [Vec::new(), Vec::new()];
                assert_eq!(quick.write_output(&mut written), slow.write_output(&mut wanted));
                assert_eq!(written, wanted);
                assert_eq!((quick.steps(), quick.error_and_cause()), (slow.steps(), slow.error_and_cause()));
                assert_eq!(all(quick.to_ended()), all(slow.to_ended()), "{}", folder.display());
                let text = std::str::from_utf8(line).unwrap();
                assert_eq!(all(executor.run(text).unwrap()), all(machine.run(text).unwrap()));
                let history = executor.run_with_history(text).unwrap();
                assert!(!history.history.is_empty(), "a history is kept of what is asked for with one");
                let mut bare = history;
                bare.history.clear();
                assert_eq!(all(bare), all(executor.run(text).unwrap()));
                told += 1;
            }
        }
    }
    assert!(told > 1_000, "only {told} executions were compared");
}

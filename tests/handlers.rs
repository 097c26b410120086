//! Who stands behind a Task: functions that answer, fail, panic; names that nobody stands behind.

use expressway::batch::{Batch, Sink, Source};
use expressway::compile::{Options, compile};
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::Handlers;
use expressway::handler::function::FunctionError;
use expressway::handler::mock::{Mock, MockError};
use expressway::program::Program;
use expressway::value::Value;

fn program(text: &str) -> Program {
    let definition = Definition::parse(text, "machine", &ParseOptions::default()).expect("a definition");
    compile(&definition, &Options::default()).expect("a program")
}

fn results(program: &Program, handlers: &Handlers, events: &str, threads: usize) -> Vec<String> {
    let bound = handlers.bind(program).unwrap();
    let mut out = Vec::new();
    let batch = Batch::new(program, &bound).threads(threads).results(Sink::new("memory", &mut out));
    batch.run(vec![Source::memory("events", events.as_bytes())]).unwrap();
    String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
}

const CALL: &str = r#"{"StartAt": "Call", "States": {"Call": {
    "Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:divide:live",
    "Catch": [{"ErrorEquals": ["Lambda.Unknown"], "ResultPath": "$.caught", "Next": "Caught"}], "End": true},
    "Caught": {"Type": "Pass", "Parameters": {"because.$": "$.caught.Cause"}, "End": true}}}"#;

fn divide() -> Handlers {
    Handlers::new().lambda("divide", |event, call| {
        let part = |key: &str| event.get(key).and_then(|v| v.as_i64());
        match (part("a"), part("b")) {
            // Dividing by zero panics, as a mistake in a function would.
            (Some(a), Some(b)) => call.json(&(a / b)),
            _ => Err(FunctionError::new("BadEvent", "a and b must be integers")),
        }
    })
}

#[test]
fn a_panic_is_the_failure_of_its_own_execution_alone() {
    let program = program(CALL);
    let events: String = (0..300).map(|n| format!("{{\"a\":{n},\"b\":{}}}\n", n % 3)).collect();
    for threads in [1, 2, 8] {
        let results = results(&program, &divide(), &events, threads);
        assert_eq!(results.len(), 300);
        for (n, line) in results.iter().enumerate() {
            let expected = match n % 3 {
                0 => r#"{"because":"attempt to divide by zero"}"#.to_owned(),
                divisor => (n / divisor).to_string(),
            };
            assert_eq!(*line, format!("{{\"status\":\"SUCCEEDED\",\"output\":{expected}}}"));
        }
    }
}

/// Keys that a function knows may be anything: a reply is written as JSON says, alone and among the outputs of a Map.
#[test]
fn replies_put_together_of_known_keys_and_pieces_are_written_as_json() {
    let handlers = Handlers::new().lambda("divide", |event, call| {
        let text = event.value().as_str(&Default::default()).unwrap_or_default().to_owned();
        let pieces = call.concat(&["<", &text, ">"]);
        Ok(call.record([("plain", event.value()), ("a\"b", pieces), ("", call.text(&text)), ("tab\there", pieces)]))
    });
    let map = r#"{"StartAt": "Each", "States": {"Each": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "Call",
        "States": {"Call": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:divide", "End": true}}}}}}"#;
    let alone = r#"{"StartAt": "Call", "States": {
        "Call": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:divide", "End": true}}}"#;
    let long = "x".repeat(70);
    let texts = ["", "a", "\"", "é\n", "short enough", "ends with \\", "\u{1}", "sixteen bytes...", &long];
    let spelled = |text: &str| serde_json::to_string(text).unwrap();
    let reply = |text: &str| {
        let (text, pieces) = (spelled(text), spelled(&format!("<{text}>")));
        format!(r#"{{"plain":{text},"a\"b":{pieces},"":{text},"tab\there":{pieces}}}"#)
    };
    let (alone, map) = (program(alone), program(map));
    let events: String = texts.iter().map(|text| spelled(text) + "\n").collect();
    let wanted: Vec<String> =
        texts.iter().map(|text| format!(r#"{{"status":"SUCCEEDED","output":{}}}"#, reply(text))).collect();
    assert_eq!(results(&alone, &handlers, &events, 1), wanted);
    let event = format!("[{}]\n", texts.map(spelled).join(","));
    let wanted = format!(r#"{{"status":"SUCCEEDED","output":[{}]}}"#, texts.map(reply).join(","));
    assert_eq!(results(&map, &handlers, &event, 1), [wanted]);
}

/// Whatever a function looks at and hands on, and however that is spelled: what it sees is what the text says.
#[test]
fn what_a_function_goes_over_is_what_the_event_says() {
    #[derive(serde::Deserialize)]
    struct Item {
        name: String,
        n: Option<f64>,
        #[serde(default)]
        tags: Vec<Option<String>>,
    }
    let handlers = Handlers::new()
        .lambda("parse", |event, call| {
            let items: Vec<Item> = event.get("items").ok_or(std::fmt::Error)?.parse()?;
            let told = items.iter().map(|item| format!("{} {:?} {:?}", item.name, item.n, item.tags));
            Ok(call.text(&told.collect::<Vec<_>>().join(", ")))
        })
        .lambda("whole", |event, call| {
            let whole: std::collections::BTreeMap<String, serde_json::Value> = event.parse()?;
            call.json(&whole)
        })
        .lambda("each", |event, call| {
            let items: Vec<_> = event.get("items").ok_or(std::fmt::Error)?.elements().collect();
            let names: Vec<_> = items.iter().filter_map(|item| Some(item.get("name")?.value())).collect();
            let last = items.last().map_or(Value::Null, |item| item.value());
            Ok(call.record([("names", call.array(&names)), ("last", last)]))
        });
    let items = [
        r#"{"name":"a","n":1}"#,
        r#"{"name":"\u00e9\/\n","n":-1.50,"tags":["x","\"",null]}"#,
        r#"{ "n" : 1e2 , "name" : "b" , "more" : { "a" : [ 1 , { } ] } }"#,
        r#"{"name":"first","n":null,"name":"last"}"#,
    ];
    let mut events = String::new();
    for n in 0..64 {
        let some: Vec<_> = (0..n % 5).map(|at| items[(n / 5 + at * (1 + n / 20)) % items.len()]).collect();
        events += &format!("{{\"items\":[{}],\"n\":{n}}}\n", some.join(","));
    }
    for function in ["parse", "whole", "each"] {
        let program = program(&CALL.replace("divide", function));
        let bound = handlers.bind(&program).unwrap();
        let outputs = |shortcuts: bool| {
            let mut results = Vec::new();
            let batch = Batch::new(&program, &bound).shortcuts(shortcuts).threads(1);
            batch
                .results(Sink::new("results", &mut results))
                .run(vec![Source::memory("events", events.as_bytes())])
                .unwrap();
            String::from_utf8(results).unwrap()
        };
        // Run by the machine, a function sees the text itself.
        let (told, ran) = (outputs(true), outputs(false));
        assert_eq!(told, ran, "{function}");
        assert_eq!(told.matches("SUCCEEDED").count(), 64 - told.matches("duplicate field").count(), "{told}");
    }
}

#[test]
fn what_a_function_raises_is_lambdas_json() {
    let program = program(CALL);
    let results = results(&program, &divide(), "{}\n", 1);
    let start = r#"{"status":"FAILED","error":"BadEvent","cause":"{\"errorMessage\": \"a and b must be integers\", \"errorType\": \"BadEvent\","#;
    assert!(results[0].starts_with(start), "{}", results[0]);
}

#[test]
fn names_that_nobody_stands_behind_are_told_before_the_first_event() {
    let program = program(
        r#"{"StartAt": "A", "States": {
          "A": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Parameters": {"TableName": "t", "Item": {}}, "Next": "B"},
          "B": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f:1"}, "Next": "C"},
          "C": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true}}}"#,
    );
    let missing = Handlers::new().bind(&program).err().unwrap();
    assert_eq!(
        missing.to_string(),
        "nobody stands behind these:\n  dynamodb:putItem, called by A\n  f, called by B, C"
    );
    let some = Handlers::new().lambda("f", |event, _| Ok(event.value()));
    assert_eq!(some.bind(&program).err().unwrap().missing.len(), 1);
    let all = some.resource("dynamodb:putItem", |_, call| Ok(call.object(&[])));
    assert!(all.bind(&program).is_ok());
}

#[test]
fn a_name_that_only_the_event_gives_fails_its_task() {
    let program = program(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName.$": "$.f", "Payload.$": "$"}, "OutputPath": "$.Payload.f", "End": true}}}"#,
    );
    let handlers = Handlers::new().lambda("known", |event, _| Ok(event.value()));
    let events = "{\"f\":\"arn:aws:lambda:us-east-1:123456789012:function:known:7\"}\n{\"f\":\"other\"}\n";
    let results = results(&program, &handlers, events, 1);
    assert!(
        results[0].ends_with(r#""output":"arn:aws:lambda:us-east-1:123456789012:function:known:7"}"#),
        "{}",
        results[0]
    );
    assert!(results[1].contains(r#""error":"Lambda.ResourceNotFoundException""#), "{}", results[1]);
}

#[test]
fn mock_files_are_read_with_every_mistake_named() {
    let file = r#"{"StateMachines": {"M": {"TestCases": {"One": {"A": "R"}, "Two": {"A": "S"}}}},
                   "MockedResponses": {"R": {"0-1": {"Return": 1}, "2": {"Throw": {"Error": "E"}}}}}"#;
    assert!(Mock::read(file, "M", Some("One")).unwrap().answers("A"));
    let cases = [
        (file, Some("Two"), "the mock file has no response at /MockedResponses/S"),
        (file, None, "the mock file has several test cases for M; name one with --test-case: One, Two"),
        (file, Some("Three"), "the mock file has no test case of that name at /StateMachines/M/TestCases/Three"),
        ("{}", None, "the mock file has no StateMachines at /"),
        (
            r#"{"StateMachines": {"M": {"TestCases": {"One": {"A": "R"}}}}, "MockedResponses": {"R": {"x": {"Return": 1}}}}"#,
            None,
            "/MockedResponses/R: x is neither a number of an invocation nor a range such as 1-2",
        ),
        (
            r#"{"StateMachines": {"M": {"TestCases": {"One": {"A": "R"}}}}, "MockedResponses": {"R": {"0": {}}}}"#,
            None,
            "the mock file has no Return or Throw at /MockedResponses/R/0",
        ),
    ];
    for (file, case, expected) in cases {
        assert_eq!(Mock::read(file, "M", case).err().unwrap().to_string(), expected);
    }
    assert!(matches!(Mock::read("{", "M", None), Err(MockError::Syntax(_))));
}

#[test]
fn an_invoke_request_reaches_the_function_with_all_that_it_says() {
    let program = program(
        r#"{"StartAt": "A", "States": {
          "A": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "f", "Qualifier": "7", "ClientContext": "eyJhIjoxfQ==", "Payload.$": "$"},
            "ResultSelector": {"said.$": "$.Payload", "version.$": "$.ExecutedVersion", "status.$": "$.StatusCode"},
            "ResultPath": "$.first", "Next": "B"},
          "B": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "f", "InvocationType": "Event", "Payload": {"who": "nobody"}},
            "ResultSelector": {"status.$": "$.StatusCode"}, "ResultPath": "$.second", "End": true}}}"#,
    );
    let handlers = Handlers::new().lambda("f", |event, call| {
        let text = |part: Option<&str>| call.text(part.unwrap_or("none"));
        let who = event.get("who").map_or(call.text("?"), |who| who.value());
        Ok(call.array(&[who, text(call.qualifier()), text(call.client_context()), call.text(call.state())]))
    });
    let results = results(&program, &handlers, "{\"who\":\"Ada\"}\n", 1);
    assert_eq!(
        results[0],
        r#"{"status":"SUCCEEDED","output":{"who":"Ada","first":{"said":["Ada","7","eyJhIjoxfQ==","A"],"version":"7","status":200},"second":{"status":202}}}"#
    );
}

//! Somebody else's program: it names everything of the front that one would, so that a change of any of it is seen here.

use expressway::batch::{Emit, Identity, Latency};
use expressway::embed::{CompileFailure, InputError, Ran, ReadError, Stream};
use expressway::handler::MissingHandlers;
use expressway::handler::function::{Call, Event};
use expressway::handler::waiting::CallDetails;
use expressway::value::Value;
use expressway::vm::{Limits, Names, Settings};
use expressway::{
    Batch, Compiler, Ended, Executor, FunctionError, Handlers, Program, ResultLine, Runner, Session, Sink, Source, Status,
};
use serde::{Deserialize, Serialize};
use std::error::Error;

const MACHINE: &str = r#"{"StartAt": "Greet", "States": {
    "Greet": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:greet", "ResultPath": "$.said", "Next": "Add"},
    "Add": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:add", "ResultPath": "$.sum", "Next": "Ask"},
    "Ask": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:ask", "ResultPath": "$.asked", "End": true}}}"#;

#[derive(Deserialize)]
struct Numbers {
    a: i64,
    b: i64,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Sum {
    sum: i64,
}

fn greet<'a>(event: Event<'a>, call: &Call<'a>) -> Result<Value<'a>, FunctionError> {
    #[derive(Deserialize)]
    struct Who<'e> {
        who: &'e str,
    }
    let Who { who } = event.parse()?;
    Ok(call.text(&format!("Hello, {who}!")))
}

fn handlers() -> Handlers {
    Handlers::new()
        .lambda("greet", greet)
        .typed("add", |numbers: Numbers, _: &Call<'_>| match numbers.a.checked_add(numbers.b) {
            Some(sum) => Ok(Sum { sum }),
            None => Err(FunctionError::new("Overflow", "too large")),
        })
        .waiting("ask", |_: serde::de::IgnoredAny, call: CallDetails| async move {
            Ok::<_, FunctionError>(format!("{} of {}", call.state, call.name))
        })
}

fn texts() -> impl Iterator<Item = String> + Send {
    (0..100).map(|n| format!("{{\"who\":\"p{n}\",\"a\":{n},\"b\":1}}"))
}

fn main() -> Result<(), Box<dyn Error>> {
    let handlers = handlers();
    let _: fn(&str) -> Result<Program, CompileFailure> = Program::compile;
    let program = Compiler::new().file_name("greet.asl.json").handlers(&handlers).compile(MACHINE)?;
    let executor: Result<Executor, MissingHandlers> = Executor::new(program, &handlers);
    let settings = Settings { limits: Limits::EXPRESS, names: Names { machine: "Greet".into(), ..Names::default() } };
    let executor = executor?.seed(1).now(0).settings(settings);

    let ended: Result<Ended, InputError> = executor.run(r#"{"who": "Ada", "a": 1, "b": 2}"#);
    let ended = ended?;
    assert_eq!(ended.status, Status::Succeeded, "{}", ended.to_json());
    #[derive(Deserialize)]
    struct Output {
        said: String,
        sum: Sum,
        asked: String,
    }
    let output: Result<Option<Output>, ReadError> = ended.parse();
    let output = output?.ok_or("there is no output")?;
    assert_eq!((&*output.said, output.sum, &*output.asked), ("Hello, Ada!", Sum { sum: 3 }, "Ask of ask"));
    assert!(!executor.run_with_history(r#"{"who": "Ada", "a": 1, "b": 2}"#)?.history.is_empty());

    let mut session: Session = executor.session();
    for text in texts() {
        let ran: Ran = session.run(text.as_bytes())?;
        assert_eq!((ran.status(), ran.steps()), (Status::Succeeded, 3));
    }

    let batch = |executor: &Executor| -> usize {
        let mut seen = 0;
        let batch: Batch = executor.batch().threads(2).identity(Identity::Content).emit(Emit::Outcome);
        let batch = batch.latency(Latency::All).position(true).limit(50);
        let count = |line: ResultLine| seen += usize::from(line.line_number().is_some() && line.output().is_some());
        let summary = batch.each(vec![Source::texts("texts", texts())], count).expect("the closure takes everything");
        assert_eq!(summary.succeeded, 50);
        seen
    };
    assert_eq!(batch(&executor), 50);

    let mut results = Vec::new();
    executor.batch().real_time(10).results(Sink::new("memory", &mut results)).run(vec![Source::texts("t", texts())])?;
    assert_eq!(results.iter().filter(|byte| **byte == b'\n').count(), 100);

    let stream: Stream = executor.stream(vec![Source::texts("texts", texts())], |batch| batch.threads(2));
    let statuses: Result<Vec<Status>, _> = stream.map(|ended| ended.map(|ended| ended.status)).collect();
    assert_eq!(statuses?, vec![Status::Succeeded; 100]);

    let _ = Runner::new().handlers(handlers);
    println!("somebody else's program does what it should");
    Ok(())
}

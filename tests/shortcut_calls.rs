//! Executions that are told call the functions that they call when they are run: the same ones, once each, in the same
//! words; and what they reply comes to the same results, failures and counts, byte for byte. Where the machine has to take
//! over behind a call, the function is not called again.

#[path = "shortcut_calls/lines.rs"]
mod lines;
#[path = "oracle/mod.rs"]
mod oracle;

use expressway::batch::{Batch, Identity, Sink, Source};
use expressway::compile::{Options, compile};
use expressway::constant;
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::Handlers;
use expressway::handler::function::{Call, Event, Function, FunctionError};
use expressway::handler::written::{Writer, Written};
use expressway::program::Program;
use expressway::program::shortcut::Node;
use expressway::value::Value;
use expressway::vm::{Limits, Settings};
use expressway::{Executor, Status};
use oracle::generate;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once};

/// What the functions were asked, and how often the same.
type Asked = Arc<Mutex<BTreeMap<String, u32>>>;

fn about(event: Event, call: &Call) -> String {
    format!(
        "{} {:?} {:?} {:?} {} {} {} {:?} {:?} {}",
        call.name(),
        call.state(),
        call.resource(),
        (call.qualifier(), call.client_context()),
        call.retry_count(),
        call.now_ms(),
        call.request_id(),
        call.timeout_ms(),
        call.token(),
        event.value().to_json()
    )
}

/// What panics in a function says nothing: it is meant to.
fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload().downcast_ref() != Some(&NINE) {
                before(panic);
            }
        }));
    });
}

const NINE: &str = "number nine";

/// Functions of every temper, which write down what they are asked.
fn handlers(asked: &Asked) -> Handlers {
    hush();
    let noting = |asked: &Asked| {
        let asked = Arc::clone(asked);
        move |event: Event, call: &Call| {
            let about = about(event, call);
            *asked.lock().expect("no panic while it is held").entry(about.clone()).or_default() += 1;
            about
        }
    };
    let (echo, pass, moody, other) = (noting(asked), noting(asked), noting(asked), noting(asked));
    let writer = noting(asked);
    Handlers::new()
        .lambda("echo", move |event, call| {
            let about = echo(event, call);
            Ok(call.object(&[("about", call.text(&about)), ("n", event.get("n").map_or(Value::Null, Event::value))]))
        })
        .lambda("pass", move |event, call| {
            pass(event, call);
            Ok(event.value())
        })
        .lambda("moody", move |event, call| {
            moody(event, call);
            reply_by_number(event, call)
        })
        .written("writer", move |event, call, reply| {
            writer(event, call);
            written_by_number(event, call, reply)
        })
        .resource("dynamodb:putItem", move |event, call| call.json(&other(event, call)))
}

/// Every kind of reply, by the number in the event.
fn reply_by_number<'a>(event: Event<'a>, call: &Call<'a>) -> Result<Value<'a>, FunctionError> {
    let number = event.get("n").and_then(Event::as_i64);
    match number.map(|n| n.rem_euclid(12)) {
        None => Ok(call.text("no number")),
        Some(tries @ 0..=4) if i64::from(call.retry_count()) < tries => {
            Err(FunctionError::new("Busy", "not \"now\" \u{1}"))
        }
        Some(5) => Err(FunctionError::new("Gone", "for good")),
        Some(6) => Err(FunctionError::TimedOut),
        Some(7) => Err(FunctionError::Failed { error: Some("Busy".to_owned()), cause: None }),
        Some(8) => Err(FunctionError::new(&"E".repeat(300), "a long name")),
        Some(9) => std::panic::panic_any(NINE),
        Some(10) => call.json_text(&format!("{}1{}", "[".repeat(40), "]".repeat(40))),
        Some(11) => Ok(call.text(&"x".repeat(262_143))),
        Some(3) => {
            Ok(call.record([("n", event.get("n").map_or(Value::Null, Event::value)), ("said", call.text("three"))]))
        }
        Some(4) => Ok(call.record([("n", Value::Int(4)), ("said", call.text(&"four ".repeat(20)))])),
        Some(_) => call.json_text(r#" { "s" : "a\u0062" , "n" : 1.50, "o":{"x":[1, 2]}, "n" : 7 } "#),
    }
}

/// Every kind of reply that is written, and failures that come when a part of it has been.
fn written_by_number<'w>(event: Event, call: &Call, reply: Writer<'w>) -> Result<Written<'w>, FunctionError> {
    let number = event.get("n").and_then(Event::as_i64);
    let (n, text) = (event.get("n").map_or(Value::Null, Event::value), constant!("of the program"));
    match number.map(|n| n.rem_euclid(12)) {
        None => Ok(reply.text("no \"number\" \u{1}")),
        Some(tries @ 0..=2) if i64::from(call.retry_count()) < tries => {
            drop(reply.record([("half", text)]));
            Err(FunctionError::new("Busy", "when half of it was written"))
        }
        Some(3) => {
            drop(reply.record([("half", text)]));
            std::panic::panic_any(NINE)
        }
        Some(4) => reply.json(&BTreeMap::from([(vec![1], 2)])),
        Some(5) => Ok(reply.text(&"x".repeat(262_143))),
        Some(6) => Ok(reply.record([("n", n), ("said", text), ("n", Value::Int(6))])),
        Some(7) => Ok(reply.record([("a \"key\"", n), ("of_12_bytes_", text), ("of_13_bytes__", n)])),
        Some(8) => Ok(reply.record([])),
        Some(9) => Ok(reply.value(event.value())),
        Some(10) => reply.json(&(Some("text"), [1.5, 2.0], BTreeMap::from([("n", 10)]))),
        Some(11) => Ok(reply.record([("all", event.value()), ("long", call.text(&"four\n".repeat(20)))])),
        Some(_) => Ok(reply.record([("n", n), ("s", call.text("ab")), ("message", text)])),
    }
}

/// A function whose reply hangs on all that it is asked, but for who asks.
struct Moods(Asked);

impl Function for Moods {
    fn call<'a>(&self, event: Event<'a>, call: &Call<'a>) -> Result<Value<'a>, FunctionError> {
        *self.0.lock().expect("no panic while it is held").entry(about(event, call)).or_default() += 1;
        let mood =
            event.value().to_json().bytes().fold(call.retry_count(), |sum, byte| sum * 31 % 1009 + u32::from(byte));
        match mood % 8 {
            0 => Err(FunctionError::new("Busy", "because")),
            1 => Err(FunctionError::new("Broken", "\"because\"")),
            2 => Ok(call.object(&[("a", event.value()), ("b", call.text("\u{e9}\n"))])),
            6 => {
                Ok(call.record([("mood", Value::Int(mood.into())), ("of", event.value()), ("said", call.text("well"))]))
            }
            7 if mood % 2 == 0 => {
                Ok(call.record([("mood", Value::Int(-1)), ("a key of 17 bytes", call.text("\"so\""))]))
            }
            3 => call.json_text("{\"a\": [1, {\"b\": 2.50}], \"c\": \"\\u0061\"}"),
            4 if mood % 3 == 0 => Err(FunctionError::TimedOut),
            5 if mood % 5 == 0 => Err(FunctionError::Failed { error: Some("Lambda.Unknown".to_owned()), cause: None }),
            _ => Ok(event.value()),
        }
    }

    fn writes(&self) -> bool {
        true
    }

    fn write<'a, 'w>(
        &self,
        event: Event<'a>,
        call: &Call<'a>,
        reply: Writer<'w>,
    ) -> Result<Written<'w>, FunctionError> {
        match self.call(event, call) {
            Ok(value) => Ok(reply.value(value)),
            Err(error) => {
                drop(reply.text("half of it"));
                Err(error)
            }
        }
    }
}

/// Results, failures and the summary without what depends on the clock.
fn run(
    program: &Program,
    handlers: &Handlers,
    events: &str,
    (limits, threads, identity): (Limits, usize, Identity),
    shortcuts: bool,
) -> [String; 3] {
    let bound = handlers.bind(program).expect("everybody is there");
    let [mut results, mut failures] = [const { Vec::new() }; 2];
    let summary = Batch::new(program, &bound)
        .settings(Settings { limits, ..Settings::default() })
        .shortcuts(shortcuts)
        .threads(threads)
        .identity(identity)
        .results(Sink::new("results", &mut results))
        .failures(Sink::new("failures", &mut failures))
        .run(vec![Source::memory("events", events.as_bytes())])
        .expect("writing to memory");
    let json = summary.to_json();
    let counts = json[..json.find(",\"timing\"").expect("a timing member")].to_owned();
    let [results, failures] = [results, failures].map(|bytes| String::from_utf8(bytes).expect("text"));
    [results, failures, counts]
}

fn compiled(text: &str) -> Program {
    let parse = |text: &str| Definition::parse(text, "machine", &ParseOptions::default()).expect(text);
    let inline = parse(
        r#"{"StartAt":"C","States":{
        "C":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericEquals":3,"Next":"F"}],"Default":"P"},
        "F":{"Type":"Fail","Error":"Busy","Cause":"in words"},"P":{"Type":"Pass","End":true}}}"#,
    );
    let inline = BTreeMap::from([("inline".to_owned(), inline)]);
    compile(&parse(text), &Options { handlers: Some(&inline), ..Options::default() }).expect("it compiles")
}

fn same(title: &str, program: &Program, events: &str, how: (Limits, usize, Identity)) -> usize {
    same_behind(title, program, &handlers, events, how)
}

fn same_behind(
    title: &str,
    program: &Program,
    handlers: &dyn Fn(&Asked) -> Handlers,
    events: &str,
    how: (Limits, usize, Identity),
) -> usize {
    let both = [true, false].map(|shortcuts| {
        let asked = Asked::default();
        let came = run(program, &handlers(&asked), events, how, shortcuts);
        let asked = std::mem::take(&mut *asked.lock().expect("all calls are over"));
        (came, asked)
    });
    let [(told, told_asked), (ran, ran_asked)] = both;
    for (kind, (told, ran)) in ["results", "failures", "summary"].iter().zip(told.iter().zip(&ran)) {
        if let Some((n, (told, ran))) = told.lines().zip(ran.lines()).enumerate().find(|(_, (told, ran))| told != ran) {
            let cut = |text: &str| text.chars().take(1_500).collect::<String>();
            panic!("{title}: {kind}, line {n}:\n told {}\n run  {}", cut(told), cut(ran));
        }
        assert_eq!(told.len(), ran.len(), "{title}: {kind}");
    }
    for (one, other, who) in [(&told_asked, &ran_asked, "told"), (&ran_asked, &told_asked, "run")] {
        for (about, count) in one {
            // With several threads a child may have begun elsewhere that does not count, since one before it has failed.
            let wanted = if how.1 > 1 { other.get(about).or(Some(count)) } else { other.get(about) };
            assert_eq!(wanted, Some(count), "{title}: only when it is {who}, or more often: {about}");
        }
    }
    told_asked.len()
}

const MACHINES: &[(&str, &str)] = &[
    (
        "one call",
        r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:echo","TimeoutSeconds":7,"End":true}}}"#,
    ),
    (
        "one call of those that are chosen from",
        r#"{"StartAt":"C","States":{
        "C":{"Type":"Choice","Choices":[{"Variable":"$.s","StringEquals":"ab","Next":"W"},{"Variable":"$.s","StringEquals":"x","Next":"A"}],"Default":"A"},
        "A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:moody",
             "Retry":[{"ErrorEquals":["Busy"],"IntervalSeconds":2,"MaxAttempts":1}],
             "Catch":[{"ErrorEquals":["Busy","Gone"],"ResultPath":"$.problem","Next":"W"}],"End":true},
        "W":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:writer",
             "Retry":[{"ErrorEquals":["Busy"],"IntervalSeconds":2,"MaxAttempts":1}],
             "Catch":[{"ErrorEquals":["Busy","InvalidReply"],"ResultPath":"$.problem","Next":"Why"}],"End":true},
        "Why":{"Type":"Pass","Parameters":{"why.$":"$.problem.Error","at.$":"$$.State.EnteredTime"},"End":true}}}"#,
    ),
    (
        "one call that writes",
        r#"{"StartAt":"W","States":{
        "W":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:writer",
             "Retry":[{"ErrorEquals":["Busy"],"IntervalSeconds":2,"MaxAttempts":1}],"End":true}}}"#,
    ),
    (
        "calls that write, on the way and for items",
        r#"{"StartAt":"W","States":{
        "W":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:writer","ResultPath":"$.w",
             "Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.problem","Next":"M"}],"Next":"M"},
        "M":{"Type":"Map","ItemsPath":"$.l","ItemSelector":{"n.$":"$$.Map.Item.Value","i.$":"$$.Map.Item.Index"},"ItemProcessor":{"StartAt":"A","States":{
                "A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:writer",
                    "Retry":[{"ErrorEquals":["Busy"],"MaxAttempts":3}],"End":true}}},
            "Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.e","Next":"V"}],"ResultPath":"$.m","Next":"V"},
        "V":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"writer","Payload.$":"$"},
            "ResultSelector":{"it.$":"$.Payload"},"End":true}}}"#,
    ),
    (
        "by way of the service",
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"echo:live","Qualifier":"live",
             "ClientContext":"e30=","Payload":{"n.$":"$.n","all.$":"$","at.$":"$$.State.EnteredTime"}},
             "ResultSelector":{"it.$":"$.Payload","n.$":"$.Payload.n"},"ResultPath":"$.first","Next":"B"},
        "B":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"echo","Payload.$":"$.first.it"},
             "ResultSelector":{"two.$":"$.Payload"},"End":true}}}"#,
    ),
    (
        "every temper",
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:moody",
             "Retry":[{"ErrorEquals":["Never"],"MaxAttempts":9},{"ErrorEquals":["Busy"],"IntervalSeconds":2,"MaxAttempts":2},
                      {"ErrorEquals":["States.TaskFailed"],"MaxAttempts":0}],
             "Catch":[{"ErrorEquals":["Gone"],"ResultPath":"$.problem","Next":"Gone"},{"ErrorEquals":["Busy","States.Timeout"],"Next":"Busy"}],
             "ResultPath":"$.a","Next":"B"},
        "B":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:echo","End":true},
        "Gone":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:echo",
             "Parameters":{"why.$":"$.problem.Error","n.$":"$.n","tries.$":"$$.State.RetryCount","at.$":"$$.State.EnteredTime"},"End":true},
        "Busy":{"Type":"Pass","Parameters":{"e.$":"$.Error"},"End":true}}}"#,
    ),
    (
        "every temper, by way of the service",
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"moody","Payload.$":"$"},
             "Retry":[{"ErrorEquals":["Busy","States.Timeout"],"IntervalSeconds":1,"BackoffRate":3,"MaxAttempts":3}],
             "Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.problem","Next":"Why"}],
             "OutputPath":"$.Payload","Next":"B"},
        "B":{"Type":"Pass","Parameters":{"it.$":"$","at.$":"$$.State.EnteredTime"},"End":true},
        "Why":{"Type":"Choice","Choices":[{"Variable":"$.problem.Error","StringEquals":"Busy","Next":"Fails"}],"Default":"Cause"},
        "Fails":{"Type":"Fail","ErrorPath":"$.problem.Error","Cause":"it is busy"},
        "Cause":{"Type":"Pass","Parameters":{"why.$":"$.problem.Cause"},"End":true}}}"#,
    ),
    (
        "nobody catches",
        r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:moody","Next":"B"},
        "B":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:pass","Next":"C"},
        "C":{"Type":"Choice","Choices":[{"Variable":"$.s","StringEquals":"ab","Next":"D"}],"Default":"E"},
        "D":{"Type":"Succeed"},"E":{"Type":"Pass","Parameters":{"x.$":"$.o.x"},"End":true}}}"#,
    ),
    (
        "the machine takes over behind calls",
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:echo","ResultPath":"$.a","Next":"B"},
        "B":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:moody","ResultPath":"$.b",
             "Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.problem","Next":"C"}],"Next":"C"},
        "C":{"Type":"Pass","Parameters":{"a.$":"$.a.about","late.$":"$.b.n","id.$":"$$.State.EnteredTime"},"Next":"D"},
        "D":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:echo","End":true}}}"#,
    ),
    (
        "branches",
        r#"{"StartAt":"P","States":{
        "P":{"Type":"Parallel","Branches":[
            {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:echo","Next":"W"},
                "W":{"Type":"Wait","Seconds":4,"Next":"A2"},
                "A2":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"echo","Payload.$":"$"},"OutputPath":"$.Payload","End":true}}},
            {"StartAt":"I","States":{"I":{"Type":"Parallel","Branches":[
                {"StartAt":"B","States":{"B":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:moody",
                    "Retry":[{"ErrorEquals":["Busy"],"MaxAttempts":4}],"ResultPath":"$.moody","End":true}}},
                {"StartAt":"C","States":{"C":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:echo","End":true}}}],"Next":"J"},
                "J":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:pass","End":true}}}],
            "Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.problem","Next":"E"}],"ResultPath":"$.p","Next":"E"},
        "E":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:echo","Next":"F"},
        "F":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"pass","Payload.$":"$"},"ResultSelector":{"x.$":"$.Payload"},"End":true}}}"#,
    ),
    (
        "items",
        r#"{"StartAt":"B","States":{
        "B":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"pass","Payload.$":"$"},"OutputPath":"$.Payload","Next":"M"},
        "M":{"Type":"Map","ItemsPath":"$.l","ItemSelector":{"n.$":"$$.Map.Item.Value","i.$":"$$.Map.Item.Index","s.$":"$.s"},"MaxConcurrency":2,
            "ItemProcessor":{"StartAt":"A","States":{
                "A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:moody",
                    "Retry":[{"ErrorEquals":["Busy"],"IntervalSeconds":2,"MaxAttempts":3}],
                    "Catch":[{"ErrorEquals":["Busy","Gone"],"ResultPath":"$.problem","Next":"Why"}],"ResultPath":"$.it","Next":"In"},
                "Why":{"Type":"Pass","Parameters":{"n.$":"$.n","why.$":"$.problem.Error"},"Next":"Ask"},
                "Ask":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:echo","End":true},
                "In":{"Type":"Map","ItemsPath":"$.s","ItemProcessor":{"StartAt":"Q","States":{
                    "Q":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"echo","Payload.$":"$"},"OutputPath":"$.Payload","Next":"Q2"},
                    "Q2":{"Type":"Task","Resource":"arn:aws:states:::dynamodb:putItem","Parameters":{"TableName":"T","Item":{"k":{"S.$":"$.about"}}},"End":true}}},"ResultPath":"$.in","Next":"After"},
                "After":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:echo","End":true}}},
            "Catch":[{"ErrorEquals":["States.ALL"],"Next":"E"}],"ResultPath":"$.m","Next":"E"},
        "E":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:echo","End":true}}}"#,
    ),
    (
        "items that are nothing but a call",
        r#"{"StartAt":"M","States":{
        "M":{"Type":"Map","ItemsPath":"$.l","ItemSelector":{"n.$":"$$.Map.Item.Value","i.$":"$$.Map.Item.Index"},"MaxConcurrency":2,
            "ItemProcessor":{"StartAt":"A","States":{
                "A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:moody",
                    "Retry":[{"ErrorEquals":["Busy"],"IntervalSeconds":2,"MaxAttempts":3}],
                    "Catch":[{"ErrorEquals":["Busy","Gone"],"ResultPath":"$.problem","Next":"Why"}],"End":true},
                "Why":{"Type":"Pass","Parameters":{"n.$":"$.n","why.$":"$.problem.Error"},"End":true}}},"ResultPath":"$.m","Next":"N"},
        "N":{"Type":"Map","ItemsPath":"$.m","ItemProcessor":{"StartAt":"B","States":{
                "B":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:moody","End":true}}},
            "Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.e","Next":"E"}],"ResultPath":"$.e","Next":"E"},
        "E":{"Type":"Pass","Parameters":{"all.$":"$.e","said.$":"$.m[0].said","at.$":"$$.State.EnteredTime"},"End":true}}}"#,
    ),
    (
        "a function in the program beside one that is called",
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"inline","Payload.$":"$"},
             "Retry":[{"ErrorEquals":["Busy"],"MaxAttempts":1}],
             "Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.problem","Next":"B"}],"ResultPath":null,"Next":"B"},
        "B":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"echo","Payload":{"n.$":"$.n"}},
             "ResultSelector":{"x.$":"$.Payload"},"End":true}}}"#,
    ),
    (
        "in JSONata",
        r#"{"QueryLanguage":"JSONata","StartAt":"A","States":{
        "A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:moody","Arguments":{"n":"{% $states.input.n %}"},
             "Retry":[{"ErrorEquals":["Busy"],"MaxAttempts":2}],
             "Catch":[{"ErrorEquals":["Gone","Busy"],"Output":{"why":"{% $states.errorOutput.Error %}","n":"{% $states.input.n %}"},"Next":"B"},
                      {"ErrorEquals":["States.Timeout"],"Assign":{"late":"{% $states.errorOutput %}"},"Next":"C"}],
             "Output":{"n":"{% $states.result.n %}"},"Next":"B"},
        "B":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"echo","Payload":{"n":"{% $states.input.n %}"}},
             "Output":"{% $states.result.Payload.about %}","End":true},
        "C":{"Type":"Succeed","Output":"{% $late.Error %}"}}}"#,
    ),
    (
        "variables and a loop",
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:echo","Assign":{"about.$":"$.about","left":2},"ResultPath":null,"Next":"L"},
        "L":{"Type":"Choice","Choices":[{"Variable":"$left","NumericEquals":0,"Next":"E"}],"Default":"B"},
        "B":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:pass","Parameters":{"n.$":"$.n","left.$":"$left"},
             "Assign":{"left.$":"States.MathAdd($left, -1)"},"ResultPath":"$.last","Next":"L"},
        "E":{"Type":"Pass","Parameters":{"about.$":"$about","last.$":"$.last"},"End":true}}}"#,
    ),
];

fn events() -> String {
    let mut lines = vec![
        "{}".to_owned(),
        "3".to_owned(),
        "[1,2]".to_owned(),
        "{\"n\":".to_owned(),
        r#"{"n":1,"n":5}"#.to_owned(),
        r#" { "n" : 2 , "s" : [ "\u00e9" ] , "l" : [ ] } "#.to_owned(),
    ];
    for n in 0..30 {
        lines.push(format!(r#"{{"n":{n}}}"#));
        lines.push(format!(r#"{{"s":["a\"",{n}],"n":{n},"l":[{n},{},4],"o":{{"x":{n}}}}}"#, n % 5));
        lines.push(format!(r#"{{"n":{n},"s":"ab","l":[0,1,2,3,{n}]}}"#));
        lines.push(format!(r#"{{"a":{n},"s":[],"l":[1,{n}, 2 ],"n":"{n}"}}"#));
    }
    lines.join("\n")
}

#[test]
fn calls_are_the_same_told_or_run() {
    let events = events();
    for (title, machine) in MACHINES {
        let program = compiled(machine);
        let asks = program.shortcut().nodes.iter().any(|node| matches!(node, Node::Ask(_)));
        assert!(asks, "{title}: nothing is asked by a shortcut");
        for limits in [Limits::STANDARD, Limits::EXPRESS] {
            for identity in [Identity::Position, Identity::Content] {
                let calls = same(title, &program, &events, (limits, 1, identity));
                assert!(calls > 40, "{title}: {calls} calls");
            }
        }
        same(title, &program, &events, (Limits::STANDARD, 3, Identity::Position));
    }
}

/// A function that counts how often it was asked to write.
struct Asks(Arc<AtomicUsize>);

impl Function for Asks {
    fn call<'a>(&self, event: Event<'a>, _: &Call<'a>) -> Result<Value<'a>, FunctionError> {
        Ok(event.value())
    }

    fn writes(&self) -> bool {
        true
    }

    fn write<'a, 'w>(
        &self,
        event: Event<'a>,
        call: &Call<'a>,
        reply: Writer<'w>,
    ) -> Result<Written<'w>, FunctionError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(reply.value(self.call(event, call)?))
    }
}

#[test]
fn executions_that_are_one_call_are_written_at_once() {
    for (title, written) in [
        ("one call", 40),
        ("one call that writes", 40),
        ("one call of those that are chosen from", 20),
        ("calls that write, on the way and for items", 0),
        ("by way of the service", 0),
    ] {
        let (_, machine) = MACHINES.iter().find(|(known, _)| *known == title).expect(title);
        let (program, count) = (compiled(machine), Arc::new(AtomicUsize::new(0)));
        let handlers = program.handlers().iter().fold(Handlers::new(), |handlers, handler| {
            handlers.function(&handler.name, Arc::new(Asks(Arc::clone(&count))))
        });
        let events = events();
        run(&program, &handlers, &events, (Limits::STANDARD, 1, Identity::Position), true);
        let in_a_batch = count.swap(0, Ordering::Relaxed);
        assert!(in_a_batch >= written && (written > 0 || in_a_batch == 0), "{title}: {in_a_batch}");
        let executor = Executor::new(program, &handlers).expect("everybody is there");
        for line in events.lines().filter(|line| !line.ends_with(':')) {
            executor.session().run(line.as_bytes()).map(|ran| ran.to_ended()).expect(line);
        }
        // In a batch those that are timed are told in another way.
        let in_sessions = count.load(Ordering::Relaxed);
        assert!(in_sessions >= in_a_batch && (written > 0 || in_sessions == 0), "{title}: {in_sessions} in sessions");
    }
}

#[test]
fn limits_strike_all_the_same() {
    let (events, standard) = (events(), Limits::STANDARD);
    for (title, machine) in MACHINES {
        let program = compiled(machine);
        for limits in [
            Limits { steps: 2, ..standard },
            Limits { steps: 9, ..standard },
            Limits { events: 12, ..standard },
            Limits { events: 60, ..standard },
            Limits { depth: 2, ..standard },
            Limits { virtual_ms: Some(0), ..standard },
            Limits { virtual_ms: Some(3_000), ..standard },
            Limits { crowded_bytes: 100, ..standard },
            Limits { crowded_bytes: 40_000, ..standard },
            Limits { path_nodes: 2, ..standard },
            Limits { execution_bytes: 20_000, ..standard },
            Limits { state_bytes: 90, ..standard },
            Limits { state_bytes: 400, ..standard },
        ] {
            same(title, &program, &events, (limits, 1, Identity::Position));
        }
    }
}

/// Long rows of calls are the machine's, which shares them out; what was called before them is not called again.
#[test]
fn calls_for_the_items_of_a_long_map() {
    let program = compiled(
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:pass","Next":"M"},
        "M":{"Type":"Map","ItemsPath":"$.l","ItemProcessor":{"StartAt":"Q","States":{
            "Q":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:echo","End":true}}},"Next":"B"},
        "B":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:pass","End":true}}}"#,
    );
    for count in [63, 64, 65, 200, 1_100] {
        let items: Vec<String> = (0..count).map(|n| format!("{{\"n\":{n}}}")).collect();
        let event = format!("{{\"l\":[{}]}}", items.join(","));
        let limits = Limits { state_bytes: u64::MAX, ..Limits::STANDARD };
        for threads in [1, 3] {
            let calls = same("a long map", &program, &event, (limits, threads, Identity::Position));
            assert_eq!(calls, count + 2);
        }
    }
}

/// A session asks the same, and an execution by itself with its history too.
#[test]
fn a_session_asks_the_same() {
    for (title, machine) in MACHINES {
        let asked = Asked::default();
        let executor = Executor::new(compiled(machine), &handlers(&asked)).expect("everybody is there");
        let take = || std::mem::take(&mut *asked.lock().expect("all calls are over"));
        for line in events().lines().filter(|line| !line.ends_with(':')) {
            let told = executor.session().run(line.as_bytes()).map(|ran| ran.to_ended()).expect(line);
            let told_asked = take();
            let ran = executor.clone().shortcuts(false).session().run(line.as_bytes()).map(|ran| ran.to_ended());
            let ran = ran.expect(line);
            assert_eq!(
                (told.status, told.output, told.error, told.cause),
                (ran.status, ran.output, ran.error, ran.cause)
            );
            assert_eq!((told.ended_ms, told.steps), (ran.ended_ms, ran.steps), "{title}: {line}");
            assert_eq!(told_asked, take(), "{title}: {line}");
            assert!(told_asked.values().all(|count| *count == 1), "{title}: {line}");
            assert!(told.status != Status::Succeeded || !told_asked.is_empty(), "{title}: {line}");
        }
    }
}

/// Machines from a seed whose tasks are functions here: what they reply hangs on what they are asked.
#[test]
fn generated_machines_ask_the_same() {
    let (mut machines, mut with_calls) = (0, 0);
    for seed in 0..3_000 {
        let pair = generate::pair(seed);
        let text = pair.definition.print();
        if !text.contains("\"Task\"") {
            continue;
        }
        let parse = |text: &str| Definition::parse(text, "machine", &ParseOptions::default()).expect(text);
        let inline: BTreeMap<String, Definition> =
            pair.functions.iter().map(|(name, machine)| (name.clone(), parse(&machine.print()))).collect();
        let program = compile(&parse(&text), &Options { handlers: Some(&inline), ..Options::default() });
        let program = program.expect(&text);
        machines += 1;
        with_calls += usize::from(program.shortcut().nodes.iter().any(|node| matches!(node, Node::Ask(_))));
        let events: String = (0..4).map(|n| generate::pair(seed + n * 1_000_003).input.print() + "\n").collect();
        let behind = |asked: &Asked| {
            program.handlers().iter().fold(Handlers::new(), |handlers, handler| match handler.lambda {
                true => handlers.function(&handler.name, Arc::new(Moods(Arc::clone(asked)))),
                false => handlers.resource_function(&handler.name, Arc::new(Moods(Arc::clone(asked)))),
            })
        };
        same_behind(
            &format!("seed {seed}: {text}"),
            &program,
            &behind,
            &events,
            (Limits::STANDARD, 1, Identity::Position),
        );
    }
    assert!(machines > 2_000 && with_calls > 200, "{with_calls} of {machines} machines ask");
}

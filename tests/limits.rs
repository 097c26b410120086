//! What keeps hostile definitions and values from taking memory or time without end: each limit strikes where it says, to
//! the byte where AWS has one, and is named. What a loop may build and drop has no limit, and takes no memory either.

use expressway::batch::drive::{Alone, drive, drive_moving};
use expressway::batch::{Batch, Sink, Source};
use expressway::compile::{Options, compile};
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::Handlers;
use expressway::program::Program;
use expressway::value::{Arena, Value};
use expressway::vm::{Execution, Input, LimitHit, Limits, Outcome, Request, Seed, Settings, Start, Step};

/// What AWS allows between states.
const STATE_BYTES: usize = 262_144;

fn program(text: &str) -> Program {
    let definition = Definition::parse(text, "machine", &ParseOptions::default()).expect("a definition");
    compile(&definition, &Options::default()).expect("a program")
}

fn start<'a>(arena: &'a Arena, input: &str) -> Start<'a> {
    let input = Input::whole(Value::from_text(arena, arena.alloc_str(input)));
    Start { input, seed: Seed::new(0, 0, 0), now_ms: 0, history: false }
}

fn told<'a>(outcome: &Outcome<'a>, arena: &'a Arena) -> String {
    match outcome {
        Outcome::Succeeded(value) => value.to_json(),
        Outcome::Failed(failure) => {
            format!("{}: {}", failure.error.unwrap_or_default(), failure.cause_text(arena).unwrap_or_default())
        }
        Outcome::TimedOut(limit) => format!("{limit:?}"),
    }
}

/// Runs a machine whose functions give a text as long as their event says.
fn ran(machine: &str, input: &str, limits: Limits) -> String {
    let (program, settings, arena) = (program(machine), Settings { limits, ..Settings::default() }, Arena::new());
    let handlers = Handlers::new().lambda("text", |event, call| {
        let bytes = event.as_i64().expect("a length") as usize;
        Ok(call.text(&"x".repeat(bytes - 2)))
    });
    let bound = handlers.bind(&program).expect("all are bound");
    let execution = Execution::new(&program, &settings, &arena, start(&arena, input));
    drive_moving(execution, &bound, &mut bound.counters(), &Alone, |_, outcome, arena| told(&outcome, arena))
}

/// Counts to `$.times`, building a text of 200 KB every time round.
const BUILDING: &str = r#"{"StartAt": "Build", "States": {
    "Build": {"Type": "Pass", "Parameters": {"times.$": "$.times", "left.$": "States.MathAdd($.left, -1)", "of.$": "$.of",
              "text.$": "States.Format('{}{}', $.of, $.left)"}, "Next": "Again"},
    "Again": {"Type": "Choice", "Choices": [{"Variable": "$.left", "NumericGreaterThan": 0, "Next": "Build"}], "Default": "Done"},
    "Done": {"Type": "Pass", "InputPath": "$.left", "End": true}}}"#;

fn building(times: usize) -> String {
    format!(r#"{{"times":{times},"left":{times},"of":"{}"}}"#, "x".repeat(100_000))
}

#[test]
fn a_loop_may_build_and_drop_as_much_as_it_likes() {
    let (program, settings) = (program(BUILDING), Settings::default());
    let (mut moves, mut most, first) = (0, 0, Arena::new());
    let mut execution = Execution::new(&program, &settings, &first, start(&first, &building(2_000)));
    assert!(matches!(execution.run(), Step::Request(Request::Room)));
    let mut parked = execution.park().expect("at rest");
    loop {
        let arena = Arena::new();
        let mut execution = parked.resume(&program, &settings, &arena);
        let step = execution.run();
        most = most.max(arena.allocated_bytes());
        match step {
            Step::Done(outcome) => {
                assert_eq!(told(&outcome, &arena), "0");
                break;
            }
            Step::Request(Request::Room) => moves += 1,
            Step::Request(other) => panic!("{other:?}"),
        }
        parked = execution.park().expect("at rest");
    }
    // Some 400 MB went through it.
    assert!(moves > 10 && most < 64 << 20, "{moves} moves, {most} bytes at most");
}

#[test]
fn whoever_has_memory_need_not_move() {
    let (program, settings, arena) = (program(BUILDING), Settings::default(), Arena::new());
    let bound = Handlers::new().bind(&program).expect("no tasks");
    let mut execution = Execution::new(&program, &settings, &arena, start(&arena, &building(200)));
    let outcome = drive(&mut execution, &bound, &mut bound.counters(), &Alone);
    assert_eq!(told(&outcome, &arena), "0");
}

#[test]
fn what_children_drop_does_not_stay() {
    let machine = format!(
        r#"{{"StartAt": "Each", "States": {{"Each": {{"Type": "Map", "ItemsPath": "$.items",
            "ItemSelector": {{"times": 5, "left": 5, "of.$": "$.of"}}, "ItemProcessor": {BUILDING}, "End": true}}}}}}"#
    );
    let (program, settings, arena) = (program(&machine), Settings::default(), Arena::new());
    let bound = Handlers::new().bind(&program).expect("no tasks");
    let items = vec!["1"; 500].join(",");
    let input = format!(r#"{{"items":[{items}],"of":"{}"}}"#, "x".repeat(100_000));
    let mut execution = Execution::new(&program, &settings, &arena, start(&arena, &input));
    let outcome = drive(&mut execution, &bound, &mut bound.counters(), &Alone);
    assert_eq!(told(&outcome, &arena), format!("[{}]", vec!["0"; 500].join(",")));
    let held = arena.allocated_bytes();
    assert!(held < 64 << 20, "{held} bytes for children that made some 500 MB");
}

/// So many fields, each a text of 1,000 bytes that is made anew.
fn fields(count: usize) -> String {
    let fields: Vec<_> = (0..count).map(|n| format!(r#""f{n}.$": "States.Format('{{}}', $)""#)).collect();
    format!(
        r#"{{"StartAt": "Make", "States": {{"Make": {{"Type": "Pass", "Parameters": {{{}}}, "ResultPath": null, "End": true}}}}}}"#,
        fields.join(",")
    )
}

#[test]
fn what_one_state_makes_has_a_limit() {
    let limits = Limits { execution_bytes: 64_000, ..Limits::STANDARD };
    let input = format!("\"{}\"", "x".repeat(1_000));
    // 1,016 bytes for each text, and 48 and 32 a member for the object that holds them.
    assert_eq!(ran(&fields(61), &input, limits), input);
    assert_eq!(ran(&fields(62), &input, limits), format!("{:?}", LimitHit::ExecutionBytes(64_000)));
    let lifted = Limits { execution_bytes: u64::MAX, ..limits };
    assert_eq!(ran(&fields(62), &input, lifted), input);
    // Every state may make as much again, whether its memory has been made fresh or not.
    for crowded_bytes in [0, 8 << 20] {
        let limits = Limits { execution_bytes: 400_000, crowded_bytes, ..Limits::STANDARD };
        assert_eq!(ran(BUILDING, &building(50), limits), "0");
    }
}

const EACH: &str = r#"{"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemProcessor": {
    "StartAt": "Text", "States": {"Text": {"Type": "Task",
    "Resource": "arn:aws:lambda:us-east-1:123456789012:function:text", "End": true}}}, "ResultSelector": {"n.$": "States.ArrayLength($)"}, "End": true}}}"#;

#[test]
fn what_children_come_to_has_a_limit() {
    let limits = Limits { execution_bytes: 100_000, ..Limits::STANDARD };
    let ten = |last| format!("[{},{last}]", ["10000"; 9].join(","));
    assert_eq!(ran(EACH, &ten(9_000), limits), r#"{"n":10}"#);
    // Opening the items counts too: 40 bytes for each.
    assert_eq!(ran(EACH, &ten(9_600), limits), r#"{"n":10}"#);
    assert_eq!(ran(EACH, &ten(9_601), limits), format!("{:?}", LimitHit::ExecutionBytes(100_000)));
}

#[test]
fn limits_on_bytes_strike_alike_at_any_number_of_threads() {
    let program = program(EACH);
    let bound = Handlers::new()
        .lambda("text", |event, call| {
            // Long enough for children to be worth sharing.
            let bytes = event.as_i64().expect("a length") as usize;
            let spun = (0..20_000u64).fold(bytes as u64, |a, b| a.wrapping_mul(31).wrapping_add(b));
            Ok(call.text(&format!("{spun:020}{}", "x".repeat(bytes))))
        })
        .bind(&program)
        .expect("all are bound");
    let events: String = (0..40)
        .map(|n| {
            format!("[{}]\n", (0..40).map(|m| (10 * n + 2_000 * (m % 2)).to_string()).collect::<Vec<_>>().join(","))
        })
        .collect();
    let limits = Limits { execution_bytes: 50_000, ..Limits::STANDARD };
    let mut first = None;
    for threads in [1, 2, 8] {
        let (mut results, settings) = (Vec::new(), Settings { limits, ..Settings::default() });
        let batch = Batch::new(&program, &bound).settings(settings).threads(threads);
        let summary =
            batch.results(Sink::new("results", &mut results)).run(vec![Source::memory("events", events.as_bytes())]);
        let json = summary.expect("a run").to_json();
        let counts = json.split(",\"bytes_read\":").next().unwrap_or_default().to_owned();
        let found = (String::from_utf8(results).expect("UTF-8"), counts);
        let first = first.get_or_insert_with(|| found.clone());
        assert!(found.0.contains("execution-bytes") && found.0.contains("SUCCEEDED"), "{}", found.0);
        assert_eq!(first, &found, "{threads} threads");
    }
}

/// A text that takes so many bytes as JSON.
fn text(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes - 2))
}

fn machine(states: &str) -> String {
    format!(r#"{{"StartAt": "A", "States": {{{states}}}}}"#)
}

#[test]
fn documents_stop_at_262144_bytes_to_the_byte() {
    let task = r#""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:text""#;
    // What it is, the machine, the input for a document of so many bytes, and who is blamed.
    type Case = (&'static str, String, fn(usize) -> String, &'static str);
    let cases: Vec<Case> = vec![
        ("a Pass's output", machine(r#""A": {"Type": "Pass", "End": true}"#), text, "'A' returned"),
        (
            "what Format makes",
            machine(
                r#""A": {"Type": "Pass", "Parameters": {"t.$": "States.Format('{}{}', $, 'yyyyyyyyyy')"}, "End": true}"#,
            ),
            // {"t":"…yyyyyyyyyy"} is 18 bytes around the text.
            |bytes| text(bytes - 16),
            "'A' returned",
        ),
        (
            "what ResultPath adds to",
            machine(r#""A": {"Type": "Pass", "Result": 1, "ResultPath": "$.r", "End": true}"#),
            |bytes| format!(r#"{{"t":{}}}"#, text(bytes - 12)),
            "'A' returned",
        ),
        (
            "escapes, as they are written",
            machine(r#""A": {"Type": "Pass", "Parameters": {"t.$": "$"}, "End": true}"#),
            |bytes| format!(r#""\u0041\n{}""#, "x".repeat(bytes - 11)),
            "'A' returned",
        ),
        (
            "a document in Unicode",
            machine(r#""A": {"Type": "Pass", "End": true}"#),
            |bytes| format!("\"{}{}\"", "é".repeat(100_000), "x".repeat(bytes - 200_002)),
            "'A' returned",
        ),
        ("a Wait's output", machine(r#""A": {"Type": "Wait", "Seconds": 1, "End": true}"#), text, "'A' returned"),
        (
            "a Choice's output",
            machine(
                r#""A": {"Type": "Choice", "Choices": [{"Variable": "$", "IsString": true, "Next": "B"}]}, "B": {"Type": "Succeed"}"#,
            ),
            text,
            "'A' returned",
        ),
        (
            "a task's result",
            machine(&format!(r#""A": {{{task}, "ResultPath": null, "End": true}}"#)),
            |bytes| bytes.to_string(),
            "function:text' returned",
        ),
        (
            "a Map's output",
            machine(&format!(
                r#""A": {{"Type": "Map", "ItemProcessor": {{"StartAt": "I", "States": {{"I": {{{task}, "End": true}}}}}}, "End": true}}"#
            )),
            |bytes| format!("[100000,100000,{}]", bytes - 200_004),
            "'A' returned",
        ),
        (
            "a Parallel's output",
            machine(
                r#""A": {"Type": "Parallel", "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Pass", "End": true}}}], "End": true}"#,
            ),
            |bytes| text(bytes - 2),
            "'A' returned",
        ),
        (
            "JSONata's output",
            machine(
                r#""A": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input & 'yy' %}", "End": true}"#,
            ),
            |bytes| text(bytes - 2),
            "'A' returned",
        ),
        (
            "an Assign",
            machine(
                r#""A": {"Type": "Pass", "Assign": {"v.$": "$[0]", "w.$": "$[1]"}, "OutputPath": "$[0]", "End": true}"#,
            ),
            |bytes| format!("[{},{}]", text(1_000), text(bytes - 1_000)),
            "'A' assigns",
        ),
    ];
    for (what, machine, input, blamed) in cases {
        let limits = Limits::STANDARD;
        // An array may hold more than an Assign: the input of a state is no output.
        let fits = ran(&machine, &input(STATE_BYTES), limits);
        assert!(!fits.contains("DataLimit"), "{what} of {STATE_BYTES} bytes: {:.300}", fits);
        let over = ran(&machine, &input(STATE_BYTES + 1), limits);
        assert!(over.starts_with("States.DataLimitExceeded: "), "{what} of {} bytes: {:.300}", STATE_BYTES + 1, over);
        assert!(over.contains(blamed), "{what}: {over:.300}");
        let lifted = ran(&machine, &input(STATE_BYTES + 1), Limits { state_bytes: u64::MAX, ..limits });
        assert!(!lifted.contains("Limit"), "{what}, the limit lifted: {lifted:.300}");
    }
}

#[test]
fn variables_stop_at_ten_mebibytes_in_all() {
    // Forty variables of 256 KiB are as many as fit; one state assigns each.
    let machine = |last: usize| {
        let state = |n: usize, next: &str| {
            let of = if n == 40 { "$.last" } else { "$.each" };
            format!(r#""S{n}": {{"Type": "Pass", "Assign": {{"v{n}.$": "{of}"}}, {next}}}"#)
        };
        let states: Vec<_> = (1..=40)
            .map(|n| state(n, &if n < 40 { format!(r#""Next": "S{}""#, n + 1) } else { r#""End": true"#.to_owned() }))
            .collect();
        let machine = format!(r#"{{"StartAt": "S1", "States": {{{}}}}}"#, states.join(","));
        let input = format!(r#"{{"each":{},"last":{}}}"#, text(1_000), text(last));
        ran(&machine, &input, Limits { state_bytes: 1_000, execution_bytes: 1 << 20, ..Limits::STANDARD })
    };
    // The input itself is over such a limit, so only what is assigned is looked at first.
    assert!(machine(1_000).contains("'S1' returned"));
    let growing = r#"{"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Assign": {"v1.$": "$"}, "Next": "B"}, "B": {"Type": "Pass", "Assign": {"v2.$": "$v1"}, "End": true}}}"#;
    assert_eq!(ran(growing, &text(1_000), Limits { state_bytes: 1_000, ..Limits::STANDARD }), text(1_000));
    let many: Vec<_> = (0..41)
        .map(|n| {
            format!(
                r#""S{n}": {{"Type": "Pass", "Assign": {{"v{n}.$": "$"}}, {}}}"#,
                match n {
                    40 => r#""End": true"#.to_owned(),
                    n => format!(r#""Next": "S{}""#, n + 1),
                }
            )
        })
        .collect();
    let many = format!(r#"{{"StartAt": "S0", "States": {{{}}}}}"#, many.join(","));
    let over = ran(&many, &text(1_000), Limits { state_bytes: 1_000, ..Limits::STANDARD });
    assert!(
        over.starts_with("States.DataLimitExceeded: ") && over.contains("'S40'") && over.contains("40000 bytes"),
        "{over:.300}"
    );
    let lifted = ran(&many, &text(1_000), Limits::STANDARD);
    assert_eq!(lifted, text(1_000));
}

/// Goes to A again and again; what might lead elsewhere never does.
const LOOP: &str = r#""L": {"Type": "Choice", "Choices": [{"Variable": "$$.Execution.Id", "IsNull": true, "Next": "Z"}], "Default": "A"},
    "Z": {"Type": "Succeed"}"#;

#[test]
fn what_a_loop_doubles_ends() {
    let document = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"t.$": "States.Format('{}{}', $.t, $.t)"}, "Next": "L"}, LOOP}}"#;
    let variable = r#"{"StartAt": "F", "States": {"F": {"Type": "Pass", "Assign": {"v.$": "$"}, "Next": "A"},
        "A": {"Type": "Pass", "Assign": {"v.$": "States.Array($v, $v)"}, "Next": "L"}, LOOP}}"#;
    let added = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"x.$": "$", "y.$": "$"}, "ResultPath": "$.t", "Next": "L"}, LOOP}}"#;
    for (machine, blamed) in [(document, "'A' returned"), (variable, "'A' assigns"), (added, "'A' returned")] {
        let machine = &machine.replace("LOOP", LOOP);
        let over = ran(machine, r#"{"t":"x"}"#, Limits::STANDARD);
        assert!(over.starts_with("States.DataLimitExceeded: ") && over.contains(blamed), "{over:.300}");
        // With that limit lifted, the one on what an execution may make is left.
        let limits = Limits { state_bytes: u64::MAX, execution_bytes: 1 << 20, ..Limits::STANDARD };
        assert_eq!(ran(machine, r#"{"t":"x"}"#, limits), format!("{:?}", LimitHit::ExecutionBytes(1 << 20)));
    }
}

#[test]
fn what_a_loop_wraps_ends() {
    for (field, document) in [("\"$.deep\"", false), ("\"$\"", true)] {
        let machine = format!(
            r#"{{"StartAt": "A", "States": {{"A": {{"Type": "Pass", "Parameters": {{"deep.$": {field}}}, "Next": "L"}}, {LOOP}}}}}"#
        );
        let limits = Limits { steps: 5_000, ..Limits::STANDARD };
        let end = ran(&machine, r#"{"deep":1}"#, limits);
        match document {
            true => assert!(end.contains("nested more than 1024 levels deep (limit depth)"), "{end:.300}"),
            false => assert_eq!(end, format!("{:?}", LimitHit::Steps(5_000))),
        }
    }
}

#[test]
fn a_path_that_visits_too_much_says_so() {
    let wide = format!("[{}]", vec!["[1,2,3,4,5,6,7,8]"; 2_000].join(","));
    let limits = Limits { path_nodes: 10_000, ..Limits::STANDARD };
    let text = "is too costly: the path visits more than 10000 nodes of the document (limit path-nodes).";
    let fields = [
        r#""A": {"Type": "Pass", "InputPath": "$..*..*", "End": true}"#,
        r#""A": {"Type": "Pass", "Parameters": {"n.$": "$..*..*..*"}, "End": true}"#,
        r#""A": {"Type": "Pass", "Parameters": {"n.$": "States.ArrayLength($..*..*)"}, "End": true}"#,
    ];
    for states in fields {
        let end = ran(&machine(states), &wide, limits);
        assert!(end.contains(text) && end.starts_with("States.Runtime: "), "{states}\n{end:.300}");
    }
}

#[test]
fn patterns_are_linear_in_text_and_pattern() {
    // 256 KiB against 256 KiB, in shapes that make others take years: only that it ends is held here.
    let long = "a".repeat(STATE_BYTES - 30);
    let stars = "*a".repeat(50_000);
    for (pattern, matches) in [
        (format!("*{}*", "a".repeat(100_000)), true),
        (format!("*{}b", "a".repeat(100_000)), false),
        (stars.clone(), true),
        (format!("{stars}b"), false),
        (format!("{stars}*"), true),
        ("*".repeat(200_000), true),
        (format!("{}b*", "*a".repeat(100_000)), false),
    ] {
        let machine = machine(&format!(
            r#""A": {{"Type": "Choice", "Choices": [{{"Variable": "$", "StringMatches": "{pattern}", "Next": "Y"}}], "Default": "N"}},
               "Y": {{"Type": "Pass", "Result": true, "End": true}}, "N": {{"Type": "Pass", "Result": false, "End": true}}"#
        ));
        assert_eq!(ran(&machine, &format!("\"{long}\""), Limits::STANDARD), matches.to_string(), "{pattern:.50}");
    }
}

#[test]
fn loops_for_ever_end_and_the_others_go_on() {
    // Round and round without time passing, and round and round in time.
    let text = r#"{"StartAt": "W", "States": {
        "W": {"Type": "Choice", "Choices": [{"Variable": "$.do", "StringEquals": "spin", "Next": "S"},
                                            {"Variable": "$.do", "StringEquals": "wait", "Next": "T"}], "Default": "D"},
        "S": {"Type": "Choice", "Choices": [{"Variable": "$.never", "IsPresent": true, "Next": "D"}], "Default": "W"},
        "T": {"Type": "Wait", "Seconds": 1, "Next": "W"},
        "D": {"Type": "Succeed"}}}"#;
    let program = program(text);
    let bound = Handlers::new().bind(&program).expect("no tasks");
    let events: String = (0..2_000)
        .map(|n| {
            format!("{{\"do\":\"{}\"}}\n", ["pass", "spin", "pass", "wait"][n % 200 % 4 * usize::from(n % 200 < 4)])
        })
        .collect();
    let limits = Limits { steps: 50_000, ..Limits::EXPRESS };
    let mut first = None;
    for threads in [1, 3] {
        let (mut results, settings) = (Vec::new(), Settings { limits, ..Settings::default() });
        let batch = Batch::new(&program, &bound).settings(settings).threads(threads);
        let summary =
            batch.results(Sink::new("results", &mut results)).run(vec![Source::memory("events", events.as_bytes())]);
        assert!(summary.is_ok());
        let text = String::from_utf8(results).expect("UTF-8");
        assert_eq!(text.matches(r#""limit":"steps""#).count(), 10);
        assert_eq!(text.matches(r#""limit":"virtual-seconds""#).count(), 10);
        assert_eq!(text.matches("SUCCEEDED").count(), 1_980);
        assert_eq!(first.get_or_insert_with(|| text.clone()), &text);
    }
}

#[test]
fn keys_that_are_chosen_cost_no_more_than_others() {
    // Equal keys, keys that differ at their ends only, keys in other escapes: all in one object, all opened.
    let machine = machine(
        r#""A": {"Type": "Pass", "InputPath": "$.*", "Parameters": {"n.$": "States.ArrayLength($)"}, "End": true}"#,
    );
    let object = |key: &dyn Fn(usize) -> String| {
        format!("{{{}}}", (0..20_000).map(|n| format!("\"{}\":1", key(n))).collect::<Vec<_>>().join(","))
    };
    for (object, distinct) in [
        (object(&|n| format!("{:08x}", n.wrapping_mul(2_654_435_761) as u32)), 20_000),
        (object(&|_| "same".to_owned()), 1),
        (object(&|n| format!("{}{n}", "a".repeat(64))), 20_000),
        (object(&|n| format!("{n}{}", "a".repeat(64))), 20_000),
        (object(&|n| (if n % 2 == 0 { "k\\u0061" } else { "ka" }).to_owned()), 1),
        (object(&|n| format!("\\u0000{n}")), 20_000),
    ] {
        assert_eq!(ran(&machine, &object, Limits::STANDARD), format!("{{\"n\":{distinct}}}"), "{object:.60}");
    }
}

//! An execution as a value: asked, parked, moved to another thread, joined from another arena, fed by a scanner. Whatever
//! is done to it, the outcome is that of an undisturbed run.

use expressway::batch::drive::{Alone, drive};
use expressway::compile::{Options, compile};
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::Handlers;
use expressway::program::Program;
use expressway::value::scan::{Lines, Record, Scratch, Slot, SlotTrie, WalkPlan};
use expressway::value::{Arena, Value};
use expressway::vm::{Execution, Input, Join, Outcome, Parked, Reply, Request, Seed, Settings, Start, Step};

fn program(text: &str) -> Program {
    let definition = Definition::parse(text, "machine", &ParseOptions::default()).expect("a definition");
    compile(&definition, &Options::default()).expect("a program")
}

fn start(value: Value) -> Start {
    Start { input: Input::whole(value), seed: Seed::new(1, 0, 0), now_ms: 1_577_836_800_000, history: true }
}

fn told(outcome: Outcome, arena: &Arena) -> String {
    match outcome {
        Outcome::Succeeded(value) => value.to_json(),
        Outcome::Failed(failure) => format!("{:?} {:?}", failure.error, failure.cause_text(arena)),
        Outcome::TimedOut(limit) => format!("{limit:?}"),
    }
}

/// Variables, waits, retries, catches, a Map in a Map and a Parallel: everything that an execution carries with it.
const ERRAND: &str = r#"{
  "StartAt": "Note", "States": {
    "Note": {"Type": "Pass", "Assign": {"who.$": "$.who", "id.$": "States.UUID()"}, "Next": "Ask"},
    "Ask": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 100,
            "Parameters": {"FunctionName": "ask", "Payload": {"who.$": "$who", "n.$": "$$.State.RetryCount"}},
            "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 7, "MaxAttempts": 2, "JitterStrategy": "FULL"}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.caught", "Next": "Rest"}],
            "ResultSelector": {"answer.$": "$.Payload"}, "ResultPath": "$.asked", "Next": "Rest"},
    "Rest": {"Type": "Wait", "SecondsPath": "$.rest", "Next": "Each"},
    "Each": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2,
             "ItemSelector": {"v.$": "$$.Map.Item.Value", "who.$": "$.who"},
             "ItemProcessor": {"StartAt": "Nap", "States": {
               "Nap": {"Type": "Wait", "SecondsPath": "$.v", "Next": "Both"},
               "Both": {"Type": "Parallel", "Branches": [
                 {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}},
                 {"StartAt": "B", "States": {"B": {"Type": "Pass", "Parameters": {"id.$": "$id", "at.$": "$$.State.EnteredTime"}, "End": true}}}
               ], "End": true}}},
             "ResultPath": "$.each", "End": true}}}"#;

const EVENT: &str = r#"{"who": "Ada", "rest": 5, "items": [3, 0, 2]}"#;

/// Answers the n-th call: busy twice, then an answer.
fn reply<'a>(calls: &mut u32, request: &expressway::vm::TaskRequest<'a>) -> Reply<'a> {
    *calls += 1;
    match *calls {
        1 | 2 => Reply::Raised { error: "Busy", message: "later" },
        _ => Reply::Returned(request.payload.get(request.arena(), "n").unwrap_or(Value::Null)),
    }
}

/// Runs an execution to its end; `rest` is called wherever it stands still, and gives back what goes on.
fn run_with(program: &Program, settings: &Settings, mut rest: impl FnMut(Parked) -> Parked) -> (String, Vec<String>) {
    fn go<'a>(
        mut execution: Execution<'a>,
        arena: &'a Arena,
        program: &'a Program,
        settings: &'a Settings,
        calls: &mut u32,
        rest: &mut dyn FnMut(Parked) -> Parked,
    ) -> (Outcome<'a>, Execution<'a>) {
        loop {
            let step = execution.run();
            let mut parked =
                |execution: Execution<'a>| rest(execution.park().unwrap()).resume(program, settings, arena);
            match step {
                Step::Done(outcome) => return (outcome, execution),
                Step::Request(Request::Task(request)) => {
                    execution = parked(execution);
                    let reply = reply(calls, request);
                    execution.answer(reply);
                }
                Step::Request(Request::WaitUntil(_)) => {
                    execution = parked(execution);
                    execution.wake();
                }
                Step::Request(Request::Children(children)) => {
                    execution = parked(execution);
                    let mut join = Join::new(children);
                    while let Some(next) = join.next_child() {
                        let child = join.children().child(next, arena);
                        let (outcome, mut child) = go(child, arena, program, settings, calls, rest);
                        join.add(child.finish(outcome));
                    }
                    execution.join(join);
                }
                Step::Request(Request::Room) => execution = parked(execution),
            }
        }
    }
    let arena = Arena::new();
    let execution = Execution::new(program, settings, &arena, start(Value::from_text(&arena, EVENT)));
    let (outcome, mut execution) = go(execution, &arena, program, settings, &mut 0, &mut rest);
    let outcome = told(outcome, &arena);
    (outcome, execution.take_events().iter().map(|event| format!("{event:?}")).collect())
}

#[test]
fn a_parked_execution_goes_on_elsewhere_as_if_nothing_had_happened() {
    let (program, settings) = (program(ERRAND), Settings::default());
    let (undisturbed, events) = run_with(&program, &settings, |parked| parked);
    assert!(undisturbed.contains(r#""answer":2"#), "{undisturbed}");
    let mut moved = 0;
    let (elsewhere, same) = run_with(&program, &settings, |parked| {
        moved += 1;
        // Another thread resumes it over an arena of its own, and parks it again.
        std::thread::scope(|scope| {
            let there = scope.spawn(|| {
                let arena = Arena::new();
                parked.resume(&program, &settings, &arena).park().unwrap()
            });
            there.join().unwrap()
        })
    });
    assert!(moved > 8, "the execution stood still {moved} times only");
    assert_eq!(undisturbed, elsewhere);
    assert_eq!(events, same);
}

const FAN: &str = r#"{"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemsPath": "$.items",
    "ItemSelector": {"item.$": "$$.Map.Item.Value", "all.$": "$.items", "id.$": "States.UUID()"},
    "ItemProcessor": {"StartAt": "Sort", "States": {
      "Sort": {"Type": "Choice", "Choices": [{"Variable": "$.item", "NumericGreaterThan": 90, "Next": "Bad"}], "Default": "Good"},
      "Good": {"Type": "Pass", "End": true},
      "Bad": {"Type": "Fail", "Error": "TooMuch", "Cause": "over ninety"}}},
    "End": true}}}"#;

#[test]
fn a_child_may_run_on_another_thread_over_an_arena_of_its_own() {
    for (event, fails) in [(r#"{"items":[1,2,3,4,5,6,7,8]}"#, false), (r#"{"items":[1,91,3,92]}"#, true)] {
        let (program, settings) = (program(FAN), Settings::default());
        let run = |stolen: bool| {
            let arena = Arena::new();
            let start = Start { history: false, ..start(Value::from_text(&arena, event)) };
            let mut execution = Execution::new(&program, &settings, &arena, start);
            let Step::Request(Request::Children(children)) = execution.run() else { panic!("no children") };
            assert!(children.are_independent());
            let mut join = Join::new(children);
            if stolen {
                // All at once, each borrowing the parent's input; taken in, in the order of their indices.
                let finished = std::thread::scope(|scope| {
                    let join = &join;
                    let threads: Vec<_> = (0..join.children().len())
                        .map(|index| {
                            scope.spawn(move || {
                                let arena = Arena::new();
                                let mut child = join.children().child(join.children().independent(index), &arena);
                                match child.run() {
                                    Step::Done(outcome) => child.finish(outcome).into_owned(),
                                    Step::Request(request) => panic!("{request:?}"),
                                }
                            })
                        })
                        .collect();
                    threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
                });
                for finished in finished {
                    join.add_from_elsewhere(finished, &arena);
                }
            } else {
                while let Some(next) = join.next_child() {
                    let mut child = join.children().child(next, &arena);
                    let Step::Done(outcome) = child.run() else { panic!("a child asked for something") };
                    join.add(child.finish(outcome));
                }
            }
            execution.join(join);
            let Step::Done(outcome) = execution.run() else { panic!("the parent asked for something") };
            (told(outcome, &arena), execution.event_count(), execution.steps_left())
        };
        let (alone, together) = (run(false), run(true));
        assert_eq!(alone.0.contains("TooMuch"), fails, "{}", alone.0);
        assert_eq!((alone.0, alone.1), (together.0, together.1));
    }
}

const SLOTS: &str = r#"{"StartAt": "Kind", "States": {
    "Kind": {"Type": "Choice", "Choices": [
      {"Variable": "$.kind", "StringEquals": "a", "Next": "Take"}, {"Variable": "$.kind", "StringEquals": "b", "Next": "Take"}], "Default": "Take"},
    "Take": {"Type": "Pass", "Parameters": {"id.$": "$.detail.id", "kind.$": "$.kind"}, "End": true}}}"#;

#[test]
fn an_event_of_which_only_slots_are_read_gives_what_the_whole_gives() {
    let (program, settings) = (program(SLOTS), Settings::default());
    assert_eq!(program.slots().len(), 2, "{:?}", program.slots());
    let events = [
        r#"{"kind":"a","detail":{"id":7,"rest":[1,2]}}"#,
        r#" {"detail" : {"id" : 1, "id" : "\u0041"}, "k\u0069nd" : "b"} "#,
        r#"{"kind":"a"}"#,
        r#"{"kind":"a","detail":[]}"#,
        r#"{"detail":{"id":7}}"#,
        r#"[]"#,
        "3",
    ];
    let chunk = events.join("\n") + "\n";
    let plan = WalkPlan { trie: SlotTrie::new(program.slots()), find_duplicates: true };
    let (mut scratch, mut slots) = (Scratch::new(), vec![Slot::default(); program.slots().len()]);
    let mut lines = Lines::new(chunk.as_bytes(), &mut scratch, &plan);
    let mut seen = 0;
    while let Some(item) = lines.next(&mut slots) {
        let Record::Line(line) = item.record else { panic!("{item:?}") };
        let arena = Arena::new();
        let run = |input| {
            let mut execution = Execution::new(&program, &settings, &arena, Start { input, ..start(Value::Null) });
            let Step::Done(outcome) = execution.run() else { panic!("it asked for something") };
            told(outcome, &arena)
        };
        let value = Value::raw(&arena, line.text, line.form());
        let fed = run(Input { value, text: line.text, form: line.form(), slots: &slots, tokens: None });
        assert_eq!(fed, run(Input::whole(value)), "{}", line.text);
        seen += 1;
    }
    assert_eq!(seen, events.len());
}

#[test]
fn the_driver_comes_to_the_same_end() {
    let (program, settings) = (program(ERRAND), Settings::default());
    let calls = std::sync::atomic::AtomicU32::new(0);
    let handlers = Handlers::new().lambda("ask", move |event, call| {
        match calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 | 1 => Err(expressway::handler::function::FunctionError::new("Busy", "later")),
            _ => Ok(event.get("n").map_or(call.text("?"), |n| n.value())),
        }
    });
    let bound = handlers.bind(&program).unwrap();
    let arena = Arena::new();
    let mut execution = Execution::new(&program, &settings, &arena, start(Value::from_text(&arena, EVENT)));
    let outcome = drive(&mut execution, &bound, &mut bound.counters(), &Alone);
    assert_eq!(told(outcome, &arena), run_with(&program, &settings, |parked| parked).0);
}

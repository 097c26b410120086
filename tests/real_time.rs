//! Runs whose clock is real: thousands of executions under way on one thread, timers, limits, panics, and the same results
//! in the same order as where time is virtual. Nothing here says how long something may take: what must be under way at
//! once waits for one another.

use expressway::batch::Emit;
use expressway::handler::waiting::CallDetails;
use expressway::{Compiler, Executor, FunctionError, Handlers, Source, Status};
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

fn task(more: &str) -> String {
    format!(r#""Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f"{more}"#)
}

fn executor(text: &str, handlers: &Handlers) -> Executor {
    Executor::new(Compiler::new().handlers(handlers).compile(text).unwrap(), handlers).unwrap()
}

/// Lets nobody pass before so many have come; knows how many are inside at most.
#[derive(Clone)]
struct Gate {
    wanted: usize,
    state: Arc<Mutex<(usize, Vec<Waker>)>>,
    inside: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Gate {
    fn new(wanted: usize) -> Gate {
        Gate { wanted, state: Arc::default(), inside: Arc::default(), most: Arc::default() }
    }

    async fn pass(self) {
        self.most.fetch_max(self.inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let mut mine = None;
        poll_fn(|context| {
            let mut state = self.state.lock().unwrap();
            let number = *mine.get_or_insert_with(|| {
                state.0 += 1;
                state.0 - 1
            });
            if state.0 >= (number / self.wanted + 1) * self.wanted {
                // Woken from another thread, as a runtime would.
                let wakers = std::mem::take(&mut state.1);
                if !wakers.is_empty() {
                    std::thread::spawn(move || wakers.into_iter().for_each(Waker::wake));
                }
                return Poll::Ready(());
            }
            state.1.push(context.waker().clone());
            Poll::Pending
        })
        .await;
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }

    fn handlers(&self) -> Handlers {
        let gate = self.clone();
        Handlers::new().waiting("f", move |n: u64, _: CallDetails| {
            let gate = gate.clone();
            async move {
                gate.pass().await;
                Ok::<_, FunctionError>(n + 1)
            }
        })
    }
}

#[test]
fn five_thousand_executions_are_under_way_on_one_thread_at_once() {
    let gate = Gate::new(5_000);
    let machine = format!(r#"{{"StartAt": "T", "States": {{"T": {{{}}}}}}}"#, task(r#", "End": true"#));
    let executor = executor(&machine, &gate.handlers());
    let mut outputs: Vec<u64> = Vec::new();
    let numbers = (0..10_000u64).map(|n| n.to_string());
    let batch = executor.batch().threads(1).real_time(5_000).chunk_bytes(4_096);
    let summary = batch
        .each(vec![Source::texts("numbers", numbers)], |line| outputs.push(line.output().unwrap().parse().unwrap()))
        .unwrap();
    assert_eq!((summary.succeeded, gate.most.load(Ordering::SeqCst)), (10_000, 5_000));
    assert_eq!(summary.states.iter().map(|state| state.entered).collect::<Vec<_>>(), [10_000]);
    assert!(outputs.iter().copied().eq(1..=10_000u64), "results are out of order");
}

#[test]
fn no_more_are_under_way_than_were_asked_for() {
    let gate = Gate::new(3);
    let machine = format!(r#"{{"StartAt": "T", "States": {{"T": {{{}}}}}}}"#, task(r#", "End": true"#));
    let executor = executor(&machine, &gate.handlers());
    let numbers = Source::texts("numbers", (0..300).map(|n| n.to_string()));
    let summary = executor.batch().threads(1).real_time(3).run(vec![numbers]).unwrap();
    assert_eq!((summary.succeeded, gate.most.load(Ordering::SeqCst)), (300, 3));
}

#[test]
fn a_maps_items_are_under_way_side_by_side_up_to_its_limit() {
    let gate = Gate::new(4);
    let machine = format!(
        r#"{{"StartAt": "M", "States": {{"M": {{"Type": "Map", "MaxConcurrency": 4, "End": true, "ItemProcessor":
            {{"StartAt": "T", "States": {{"T": {{{}}}}}}}}}}}}}"#,
        task(r#", "End": true"#)
    );
    let executor = executor(&machine, &gate.handlers());
    let mut outputs = Vec::new();
    let events = ["[0,1,2,3,4,5,6,7]", "[]"];
    let batch = executor.batch().threads(1).real_time(10);
    batch.each(vec![Source::texts("lists", events)], |line| outputs.push(line.output().unwrap().to_owned())).unwrap();
    assert_eq!(outputs, ["[1,2,3,4,5,6,7,8]", "[]"]);
    assert_eq!(gate.most.load(Ordering::SeqCst), 4);
}

/// Never ready; says when it is dropped.
struct Never(Arc<AtomicBool>);

impl Drop for Never {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn never() -> (Handlers, Arc<AtomicBool>) {
    let dropped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&dropped);
    let handlers = Handlers::new().waiting("f", move |_: (), _: CallDetails| {
        let never = Never(Arc::clone(&flag));
        async move {
            let _never = never;
            std::future::pending::<Result<(), FunctionError>>().await
        }
    });
    (handlers, dropped)
}

#[test]
fn a_branch_that_fails_ends_the_others() {
    let (handlers, dropped) = never();
    let machine = format!(
        r#"{{"StartAt": "P", "States": {{
            "P": {{"Type": "Parallel", "End": true, "Catch": [{{"ErrorEquals": ["Bad"], "Next": "Caught"}}], "Branches": [
                {{"StartAt": "W", "States": {{"W": {{"Type": "Wait", "Seconds": 86400, "End": true}}}}}},
                {{"StartAt": "T", "States": {{"T": {{{}}}}}}},
                {{"StartAt": "F", "States": {{"F": {{"Type": "Fail", "Error": "Bad"}}}}}}]}},
            "Caught": {{"Type": "Pass", "OutputPath": "$.Error", "End": true}}}}}}"#,
        task(r#", "End": true"#)
    );
    let mut outputs = Vec::new();
    executor(&machine, &handlers)
        .batch()
        .real_time(10)
        .each(vec![Source::texts("one", ["null"])], |line| outputs.push(line.output().unwrap().to_owned()))
        .unwrap();
    assert_eq!((outputs, dropped.load(Ordering::SeqCst)), (vec![r#""Bad""#.to_owned()], true));
}

#[test]
fn a_task_whose_time_is_over_has_lapsed_and_its_future_is_dropped() {
    let (handlers, dropped) = never();
    let machine = format!(
        r#"{{"StartAt": "T", "States": {{"T": {{{}}}}}}}"#,
        task(r#", "TimeoutSeconds": 1, "Retry": [{"ErrorEquals": ["X"]}], "End": true"#)
    );
    let mut errors = Vec::new();
    let batch = executor(&machine, &handlers);
    let summary = batch
        .batch()
        .real_time(10)
        .each(vec![Source::texts("one", ["null"])], |line| {
            errors.push((line.status().unwrap(), line.error().map(|e| e.into_owned())));
        })
        .unwrap();
    assert_eq!(errors, [(Status::Failed, Some("States.Timeout".to_owned()))]);
    assert!(dropped.load(Ordering::SeqCst) && summary.failed == 1);

    // The machine's own limit ends the whole execution.
    let machine =
        format!(r#"{{"TimeoutSeconds": 1, "StartAt": "T", "States": {{"T": {{{}}}}}}}"#, task(r#", "End": true"#));
    let batch = executor(&machine, &handlers);
    let summary = batch.batch().real_time(10).run(vec![Source::texts("one", ["null"])]).unwrap();
    assert_eq!(summary.timed_out, 1);
}

#[test]
fn a_wait_waits_and_shorter_ones_do_not_wait_for_longer_ones() {
    let machine = r#"{"StartAt": "W", "States": {
        "W": {"Type": "Wait", "SecondsPath": "$.s", "Next": "P"},
        "P": {"Type": "Pass", "Parameters": {"at.$": "$$.State.EnteredTime", "from.$": "$$.Execution.StartTime"}, "End": true}}}"#;
    let executor = executor(machine, &Handlers::new());
    let (mut order, mut outputs) = (Vec::new(), Vec::new());
    let events = ["{\"s\":2}", "{\"s\":0}", "{\"s\":1}"];
    let batch = executor.batch().threads(1).real_time(10).now(0).emit(Emit::Output);
    batch
        .each(vec![Source::texts("waits", events)], |line| {
            order.push(line.text().to_owned());
            outputs.push(line.text()[7..].get(..19).unwrap_or_default().to_owned());
        })
        .unwrap();
    // In the order of the records, whoever ended first; the clock started at `now`.
    let seconds: Vec<&str> = outputs.iter().map(|time| &time[..]).collect();
    assert!(seconds[0] >= "1970-01-01T00:00:02" && seconds[2] >= "1970-01-01T00:00:01", "{order:?}");
    assert!(seconds[1] < seconds[0], "{order:?}");
}

#[test]
fn a_future_that_panics_fails_its_own_execution_alone() {
    let handlers = Handlers::new().waiting("f", |n: u64, _: CallDetails| async move {
        assert!(!n.is_multiple_of(3), "three times {}", n / 3);
        if n % 3 == 1 { Err(FunctionError::new("One", "left over")) } else { Ok(n) }
    });
    let machine = format!(r#"{{"StartAt": "T", "States": {{"T": {{{}}}}}}}"#, task(r#", "End": true"#));
    let executor = executor(&machine, &handlers);
    let mut lines = Vec::new();
    let numbers = Source::texts("numbers", (0..60).map(|n| n.to_string()));
    let summary = executor.batch().real_time(7).each(vec![numbers], |line| lines.push(line.text().to_owned())).unwrap();
    assert_eq!((summary.succeeded, summary.failed), (20, 40));
    assert!(lines[6].contains("\"error\":\"Lambda.Unknown\"") && lines[6].contains("three times 2"), "{}", lines[6]);
    assert!(lines[7].contains("\"error\":\"One\""), "{}", lines[7]);
}

#[test]
fn results_are_those_of_virtual_time_where_time_does_not_matter() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpora/which-coat");
    let executor = Executor::new(Compiler::new().compile_file(folder).unwrap(), &Handlers::new()).unwrap();
    let events = std::fs::read(format!("{folder}/events.jsonl")).unwrap();
    let run = |real: bool, threads: usize, chunk_bytes: usize| {
        let (mut results, mut failures, mut dead) = (Vec::new(), Vec::new(), Vec::new());
        let batch = executor.batch().threads(threads).chunk_bytes(chunk_bytes).position(true);
        let batch = if real { batch.real_time(5).now(expressway::batch::NOW_MS) } else { batch };
        let summary = batch
            .results(expressway::Sink::new("results", &mut results))
            .failures(expressway::Sink::new("failures", &mut failures))
            .dead_letters(expressway::Sink::new("dead letters", &mut dead))
            .run(vec![Source::memory("events", &events)])
            .unwrap();
        let counts = (summary.events, summary.blank, summary.rejected, summary.steps, summary.states, summary.errors);
        (results, failures, dead, counts)
    };
    let expected = run(false, 1, 1 << 18);
    for (threads, chunk_bytes) in [(1, 1 << 18), (1, 64), (3, 300), (4, 2_000)] {
        assert!(run(true, threads, chunk_bytes) == expected, "{threads} threads, chunks of {chunk_bytes} bytes");
    }
}

#[test]
fn a_run_that_is_stopped_leaves_what_waits_and_keeps_what_came_before_it() {
    let machine = r#"{"StartAt": "W", "States": {"W": {"Type": "Wait", "SecondsPath": "$", "End": true}}}"#;
    let executor = executor(machine, &Handlers::new());
    let stop = AtomicBool::new(false);
    let mut lines = Vec::new();
    let ended = executor
        .batch()
        .threads(2)
        .real_time(100)
        .stop(&stop)
        .progress(|progress| stop.store(progress.records >= 2, Ordering::SeqCst))
        .chunk_bytes(64)
        .each(
            vec![
                Source::memory("first", b"0\n0\n"),
                Source::memory("second", b"0\n86400\n0\n"),
                Source::texts("third", (0..1_000).map(|_| "0")),
            ],
            |line| lines.push(line.output().unwrap().to_owned()),
        )
        .unwrap();
    assert!(ended.partial && (2..=3).contains(&ended.succeeded), "{}", ended.succeeded);
    assert_eq!(lines.len() as u64, ended.succeeded);
}

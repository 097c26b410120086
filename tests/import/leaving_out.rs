//! What cannot be run again is left out and named; what is no record is told with its place.

use super::import;
use expressway::import::Reason;
use serde_json::{Value, json};

/// An execution with one task, as it is logged.
fn execution(name: &str) -> Vec<Value> {
    let record = |id: u32, previous: u32, kind: &str, details: Value| {
        json!({"id": id.to_string(), "type": kind, "details": details, "previous_event_id": previous.to_string(),
            "event_timestamp": (1_000 * id).to_string(), "execution_arn": format!("arn:{name}"), "redrive_count": "0"})
    };
    vec![
        record(1, 0, "ExecutionStarted", json!({"input": "{\n \"n\": 1}", "inputDetails": {"truncated": false}})),
        record(2, 0, "TaskStateEntered", json!({"name": "T", "input": "{}"})),
        record(3, 2, "LambdaFunctionScheduled", json!({"resource": "arn", "input": "{}"})),
        record(4, 3, "LambdaFunctionStarted", json!({})),
        record(5, 4, "LambdaFunctionSucceeded", json!({"output": "{\"x\":1}", "outputDetails": {"truncated": false}})),
        record(6, 5, "TaskStateExited", json!({"name": "T", "output": "{}"})),
        record(7, 6, "ExecutionSucceeded", json!({"output": "2", "outputDetails": {"truncated": false}})),
    ]
}

fn text(records: &[Value]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect()
}

#[test]
fn a_whole_one_is_written() {
    let imported = import(&[("log", text(&execution("a")).as_bytes())]);
    assert_eq!(imported.events, "{  \"n\": 1}\n");
    assert_eq!(imported.expected, "{\"status\":\"SUCCEEDED\",\"output\":2}\n");
    assert_eq!(
        imported.recorded,
        "{\"offset\":0,\"execution\":\"arn:a\",\"states\":{\"T\":[{\"Return\":{\"x\":1},\"took_ms\":2000}]}}\n"
    );
    assert_eq!((imported.counts.records, imported.counts.outcomes, &*imported.left_out), (7, 1, ""));
}

#[test]
fn what_is_not_whole_is_left_out() {
    type Change = fn(&mut Vec<Value>);
    let changes: [(&str, Reason, Change); 9] = [
        ("no data in the input", Reason::NoData, |records| records[0]["details"] = json!({"roleArn": "r"})),
        ("no data in a task's output", Reason::NoData, |records| records[4]["details"] = json!({})),
        ("a truncated input", Reason::Truncated, |records| {
            records[0]["details"]["inputDetails"]["truncated"] = true.into()
        }),
        ("a truncated output", Reason::Truncated, |records| {
            records[4]["details"]["outputDetails"]["truncated"] = true.into()
        }),
        ("a missing event", Reason::Incomplete, |records| drop(records.remove(2))),
        ("level ERROR", Reason::Incomplete, |records| drop(records.drain(..6))),
        ("no end", Reason::Unfinished, |records| drop(records.pop())),
        ("aborted", Reason::Aborted, |records| records[6]["type"] = "ExecutionAborted".into()),
        ("text that is no JSON", Reason::Odd, |records| records[4]["details"]["output"] = "{".into()),
    ];
    for (name, reason, change) in changes {
        let mut records = execution("b");
        change(&mut records);
        let log = text(&execution("a")) + &text(&records) + &text(&execution("c"));
        let imported = import(&[("log", log.as_bytes())]);
        assert_eq!(imported.counts.executions, 2, "{name}");
        assert_eq!(imported.counts.left_out.get(&reason), Some(&1), "{name}: {:?}", imported.counts);
        let named: Value = serde_json::from_str(&imported.left_out).unwrap();
        assert_eq!(named, json!({"execution": "arn:b", "reason": reason.to_string()}), "{name}");
    }
}

/// Executions need not be in one file.
#[test]
fn in_two_files() {
    let records = execution("a");
    let (one, other) = records.split_at(3);
    let imported = import(&[("one", text(other).as_bytes()), ("two", text(one).as_bytes())]);
    assert_eq!(imported.counts.executions, 1);
}

#[test]
fn what_is_no_record_is_told() {
    let good = text(&execution("a"));
    let cases = [
        ("{\"x\":1}", 0, "it is neither a log record nor anything that holds records"),
        ("{\"events\":[{}]}", 0, "an item of its events is neither a log event nor one of a history"),
        ("{\"events\":[{\"message\":\"START RequestId\"}]}", 0, "a log event's message holds no record"),
        ("{\"results\":[[]]}", 0, "a row of its results has no @message: query for that field"),
        ("{\"awslogs\":{\"data\":\"!\"}}", 0, "the message is no base64: Invalid symbol 33, offset 0."),
        (
            "{\"execution_arn\":\"a\",\"id\":1}",
            0,
            "its id, previous_event_id, event_timestamp, type or execution_arn is no such thing",
        ),
        ("2026-01-01T00:00:00Z START", 0, "there is no log record in this line"),
        (
            "2026-01-01T00:00:00Z {\"x\"",
            21,
            "it is not JSON: expected `:` after the key, found the end of the text at byte 4",
        ),
    ];
    for (bad, at, reason) in cases {
        let timed = bad.starts_with('2');
        let good = if timed { good.replace("{\"details", "T {\"details") } else { good.clone() };
        let log = format!("{bad}\n{good}");
        let imported = import(&[("log", log.as_bytes())]);
        assert_eq!(imported.counts.executions, 1, "{bad}: {:?}", imported.counts);
        let told: Value = serde_json::from_str(&imported.left_out).unwrap();
        assert_eq!(told, json!({"file": "log", "offset": at, "reason": reason}), "{bad}");
    }
}

/// Whatever is done to a log, reading it comes to an end, and what is not damaged is read.
#[test]
fn damaged_logs() {
    let whole = text(&execution("a")) + &text(&execution("b"));
    for at in (0..whole.len()).step_by(7) {
        import(&[("log", &whole.as_bytes()[..at])]);
        let mut damaged = whole.clone().into_bytes();
        damaged[at] ^= 0x15;
        import(&[("log", &damaged)]);
    }
}

/// The log of a whole execution.
pub fn log_of(name: &str) -> String {
    text(&execution(name))
}

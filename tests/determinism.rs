//! The same bytes, however a run goes: results, failures, dead letters and the summary of a hundred runs are compared.
//!
//! The runs differ in threads, in the size of chunks, in how the events are stored, in the scanner, and in how often
//! executions move to fresh memory. What they run draws random numbers, retries after random delays, has Maps whose items
//! wait for one another, and fails now and then.

use expressway::batch::{Batch, Sink, Source};
use expressway::compile::{Options, compile};
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::Handlers;
use expressway::handler::function::FunctionError;
use expressway::program::Program;
use expressway::value::scan::Engine;
use expressway::vm::{Limits, Settings};
use std::io::Write;
use std::process::Command;

const MACHINE: &str = r#"{
  "StartAt": "Draw", "States": {
    "Draw": {"Type": "Pass", "Assign": {"id.$": "States.UUID()", "n.$": "States.MathRandom(0, 100)"}, "Next": "Call"},
    "Call": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:flaky",
             "Parameters": {"n.$": "$n", "try.$": "$$.State.RetryCount", "bad.$": "$.bad"}, "ResultPath": "$.called",
             "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 3, "MaxAttempts": 4, "JitterStrategy": "FULL"}],
             "Catch": [{"ErrorEquals": ["Worse"], "ResultPath": "$.caught", "Next": "Each"}], "Next": "Each"},
    "Each": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2,
             "ItemSelector": {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index"},
             "ItemProcessor": {"StartAt": "Nap", "States": {
               "Nap": {"Type": "Wait", "SecondsPath": "$.v", "Next": "Both"},
               "Both": {"Type": "Parallel", "Branches": [
                 {"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"r.$": "States.MathRandom(0, 1000)"}, "End": true}}},
                 {"StartAt": "B", "States": {"B": {"Type": "Choice", "Choices": [
                     {"Variable": "$.v", "NumericGreaterThan": 90, "Next": "C"}], "Default": "D"},
                   "C": {"Type": "Fail", "Error": "TooLong", "CausePath": "$$.Execution.Name"},
                   "D": {"Type": "Pass", "Parameters": {"at.$": "$$.State.EnteredTime", "id.$": "$id"}, "End": true}}}], "End": true}}},
             "ResultPath": "$.each", "Next": "Wrap"},
    "Wrap": {"Type": "Pass", "QueryLanguage": "JSONata",
             "Output": "{% $merge([$states.input, {'sum': $sum($states.input.each[0].r), 'by': $random() < 2, 'now': $now()}]) %}", "End": true}}}"#;

fn event(n: usize) -> Vec<u8> {
    match n % 11 {
        0 => b"{\"items\":[1,2,\n".to_vec(),
        1 => b" \r\n".to_vec(),
        2 => format!("{{\"bad\":\"Worse\",\"items\":[{n},1]}}\n").into_bytes(),
        3 => format!("{{ \"items\" : [ 3 , {} ] , \"bad\" : null }}\r\n", n % 100).into_bytes(),
        4 => b"\xff\n".to_vec(),
        5 => format!("{{\"bad\":\"Other\",\"items\":[],\"\\u0061\":{n}}}\n").into_bytes(),
        _ => {
            format!("{{\"bad\":null,\"items\":[{},{},{}],\"text\":\"{}\"}}\n", n % 3, n % 7, n % 5, "é".repeat(n % 90))
                .into_bytes()
        }
    }
}

fn program() -> Program {
    let definition = Definition::parse(MACHINE, "machine", &ParseOptions::default()).expect("a definition");
    compile(&definition, &Options::default()).expect("a program")
}

fn stored(bytes: &[u8], form: &str) -> Vec<u8> {
    match form {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).expect("in memory");
            encoder.finish().expect("in memory")
        }
        "zstd" => zstd::encode_all(bytes, 1).expect("in memory"),
        _ => bytes.to_vec(),
    }
}

#[test]
fn a_hundred_runs_write_the_same() {
    let program = program();
    let bound = Handlers::new()
        .lambda("flaky", |event, call| {
            let number = |key| event.get(key).and_then(|n| n.as_i64()).unwrap_or(0);
            match event.get("bad").and_then(|bad| bad.as_str()) {
                Some(error) => Err(FunctionError::new(error, "asked for")),
                None if (number("n") + number("try")) % 3 == 0 => Err(FunctionError::new("Busy", "later")),
                None => call.json(&number("n")),
            }
        })
        .bind(&program)
        .expect("all are bound");
    let bytes: Vec<u8> = (0..900).flat_map(event).collect();
    let forms = ["memory", "reader", "gzip", "zstd"].map(|form| (form, stored(&bytes, form)));
    let engines = Engine::available();
    let mut first = None;
    for run in 0..100 {
        let (form, stored) = &forms[run % 4];
        let threads = [1, 2, 3, 8, 64][run / 4 % 5];
        let chunk_bytes = [64, 1 << 12, 1 << 18][run % 3];
        let engine = engines[run / 3 % engines.len()];
        let crowded_bytes = [0, 8 << 20, 1 << 12][run / 5 % 3];
        let what =
            format!("{form}, {threads} threads, chunks of {chunk_bytes}, {engine:?}, crowded at {crowded_bytes}");
        let (mut results, mut failures, mut dead) = (Vec::new(), Vec::new(), Vec::new());
        let limits = Limits { crowded_bytes, ..Limits::STANDARD };
        let batch = Batch::new(&program, &bound)
            .settings(Settings { limits, ..Settings::default() })
            .seed(7)
            .threads(threads)
            .chunk_bytes(chunk_bytes)
            .scanner(engine)
            .position(true)
            .results(Sink::new("results", &mut results))
            .failures(Sink::new("failures", &mut failures))
            .dead_letters(Sink::new("dead letters", &mut dead));
        let source = match *form {
            "memory" => Source::memory("events", stored),
            _ => Source::reader("events", &stored[..]),
        };
        let summary = batch.run(vec![source]).expect("a run").to_json();
        // How many bytes were read depends on how they are stored, and `timing` on everything.
        let counts = summary.split(",\"bytes_read\":").next().unwrap_or_default().to_owned();
        let found = (results, failures, dead, counts);
        let first = first.get_or_insert_with(|| found.clone());
        assert!(first == &found, "{what}: not what the first run wrote");
    }
    let (results, failures, dead, counts) = first.expect("runs");
    let text = String::from_utf8_lossy(&results);
    // It was worth comparing.
    for status in ["SUCCEEDED", "FAILED", "REJECTED", "TooLong", "\"caught\"", "Other"] {
        assert!(text.contains(status) || counts.contains(status), "no {status}: {counts}");
    }
    assert!(!failures.is_empty() && !dead.is_empty());
}

#[test]
fn the_command_writes_the_same_with_each_scanner() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/orders");
    let ran = |scanner: Option<&str>, threads: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expressway"));
        command.args(["run", ".", "-q", "--threads", threads]).current_dir(&folder).env_remove("EXPRESSWAY_SCANNER");
        if let Some(name) = scanner {
            command.env("EXPRESSWAY_SCANNER", name);
        }
        command.output().expect("the command runs")
    };
    let usual = ran(None, "1");
    assert!(usual.status.success() && !usual.stdout.is_empty());
    for engine in Engine::available() {
        let name = match engine {
            Engine::Scalar => "scalar",
            Engine::Avx2 => "avx2",
            Engine::Avx512 => "avx512",
        };
        for threads in ["1", "3"] {
            assert!(ran(Some(name), threads).stdout == usual.stdout, "{name}, {threads} threads");
        }
    }
    let unknown = ran(Some("neon"), "1");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("expected scalar, avx2 or avx512"));
}

//! A service that speaks Lambda's Invoke API, made up here: what it is asked, and what its answers come to.

use super::{MACHINE, cause, read};
use expressway::batch::{Sink, Source};
use expressway::handler::lambda::{Endpoint, Options};
use expressway::{Executor, Handlers, Program};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a service has to be good for.
pub const TESTS: &[(&str, fn())] = &[
    ("answers_are_results", answers_are_results),
    ("connections_are_used_again", connections_are_used_again),
    ("time_limits_strike", time_limits_strike),
    ("the_command_takes_it", the_command_takes_it),
];

/// A service, and what it has seen.
struct Service {
    url: String,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<Vec<String>>>>,
}

/// Starts it; its threads end with the test.
fn service() -> Service {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let service = Service { url, connections: Arc::clone(&connections), requests: Arc::clone(&requests) };
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            connections.fetch_add(1, Ordering::SeqCst);
            let requests = Arc::clone(&requests);
            std::thread::spawn(move || serve(stream.expect("somebody connects"), &requests));
        }
    });
    service
}

fn serve(mut stream: TcpStream, requests: &Mutex<Vec<Vec<String>>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("it can be read"));
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let length = head.iter().find_map(|line| line.strip_prefix("Content-Length: ")).expect("there is a length");
        let mut body = vec![0; length.parse().expect("it is a number")];
        reader.read_exact(&mut body).expect("the body comes");
        let event: Value = serde_json::from_slice(&body).expect("the body is JSON");
        requests.lock().expect("nobody has panicked").push(head);
        let answer = |status: &str, headers: &str, body: &str| {
            format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
        };
        let failed = r#"{"errorMessage": "six and six", "errorType": "DoublesRolled", "stackTrace": []}"#;
        let text = match event["do"].as_str().unwrap_or_default() {
            "raise" => answer("200 OK", "X-Amz-Function-Error: Unhandled\r\n", failed),
            "missing" => answer(
                "404 Not Found",
                "x-amzn-ErrorType: ResourceNotFoundException:http://x/\r\n",
                r#"{"Message": "Function not found: act"}"#,
            ),
            "busy" => answer(
                "429 Too Many Requests",
                "",
                r#"{"__type": "TooManyRequestsException", "message": "Rate exceeded"}"#,
            ),
            "broken" => answer("500 Internal Server Error", "", "oops"),
            "chunks" => {
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n".to_owned()
            }
            "close" => answer("200 OK", "Connection: close\r\n", "\"closed\""),
            "vanish" => return,
            "hang" => {
                std::thread::sleep(Duration::from_secs(3_600));
                return;
            }
            _ => answer("200 OK", "Content-Type: application/json\r\n", &String::from_utf8_lossy(&body)),
        };
        stream.write_all(text.as_bytes()).expect("it is read");
        if text.contains("Connection: close") {
            return;
        }
    }
}

fn executor(url: &str, options: &Options) -> Executor {
    let endpoint = Endpoint::new(url, options).expect("it is an address");
    let program = Program::compile(MACHINE).expect("a machine");
    Executor::new(program, &Handlers::new().otherwise(endpoint.into())).expect("all functions are there")
}

fn run(executor: &Executor, events: &[Value], threads: usize) -> Vec<Value> {
    let text: String = events.iter().map(|event| format!("{event}\n")).collect();
    let mut out = Vec::new();
    let batch = executor.batch().threads(threads).results(Sink::new("memory", &mut out));
    batch.run(vec![Source::memory("events", text.as_bytes())]).expect("it runs");
    read(&out)
}

fn answers_are_results() {
    let service = service();
    let executor = executor(&service.url, &Options::new());
    let names = ["fine", "raise", "missing", "busy", "broken", "chunks", "close", "vanish", "fine"];
    let events: Vec<Value> = names.iter().map(|what| json!({"do": what})).collect();
    let lines = run(&executor, &events, 1);
    let errors: Vec<Option<&str>> = lines.iter().map(|line| line["error"].as_str()).collect();
    let wanted = [
        None,
        Some("DoublesRolled"),
        Some("Lambda.ResourceNotFoundException"),
        Some("Lambda.TooManyRequestsException"),
        Some("Lambda.ServiceException"),
        None,
        None,
        Some("Lambda.SdkClientException"),
        None,
    ];
    assert_eq!(errors, wanted);
    assert_eq!(lines[0]["output"], events[0]);
    assert_eq!(cause(&lines[1])["errorMessage"], "six and six");
    let text = lines[2]["cause"].as_str().expect("there is a cause");
    let begins =
        "Function not found: act (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; ";
    assert!(text.starts_with(begins), "{text}");
    assert_eq!((&lines[5]["output"], &lines[6]["output"]), (&json!([1, 2]), &json!("closed")));
    let invoked = run(&executor, &[json!({"via": "invoke"})], 1);
    assert_eq!(invoked[0]["output"], json!({"via": "invoke"}));
    let requests = service.requests.lock().expect("nobody has panicked");
    assert_eq!(requests[0][0], "POST /2015-03-31/functions/act/invocations HTTP/1.1");
    let last = requests.last().expect("there are requests");
    assert!(last.iter().any(|line| line.starts_with("X-Amz-Client-Context: ey")), "{last:?}");
    // A state that names no region, and one that does.
    for (request, region) in [(last, "us-east-1"), (&requests[0], "eu-west-1")] {
        let scope = format!("Authorization: AWS4-HMAC-SHA256 Credential=test/20200101/{region}/lambda/aws4_request, ");
        assert!(request.iter().any(|line| line.starts_with(&scope)), "{request:?}");
    }
}

fn connections_are_used_again() {
    let service = service();
    let executor = executor(&service.url, &Options::new());
    let events: Vec<Value> = (0..200).map(|n| json!({"n": n})).collect();
    let lines = run(&executor, &events, 2);
    assert!(lines.iter().zip(&events).all(|(line, event)| line["output"] == *event));
    assert!(service.connections.load(Ordering::SeqCst) <= 2);
    let mut out = Vec::new();
    let text: String = events.iter().map(|event| format!("{event}\n")).collect();
    let batch = executor.batch().threads(1).real_time(50).results(Sink::new("memory", &mut out));
    batch.run(vec![Source::memory("events", text.as_bytes())]).expect("it runs");
    assert!(read(&out).iter().zip(&events).all(|(line, event)| line["output"] == *event));
}

fn time_limits_strike() {
    let service = service();
    let executor = executor(&service.url, &Options::new().timeout(Duration::from_millis(200)));
    let lines = run(&executor, &[json!({"do": "hang"}), json!({"do": "fine"})], 1);
    assert_eq!((&lines[0]["error"], &lines[1]["status"]), (&json!("Lambda.Unknown"), &json!("SUCCEEDED")));
}

fn the_command_takes_it() {
    let service = service();
    let place = std::env::temp_dir().join(format!("expressway-endpoint-{}", std::process::id()));
    std::fs::create_dir_all(&place).expect("the folder can be made");
    std::fs::write(place.join("machine.asl.json"), MACHINE).expect("it can be written");
    std::fs::write(place.join("events.jsonl"), "{\"n\": 1}\n").expect("it can be written");
    let run = |url: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expressway"));
        command.arg("run").arg(&place).args(["--lambda-endpoint", url]).output().expect("the command starts")
    };
    let output = run(&service.url);
    assert_eq!(read(&output.stdout), [json!({"status": "SUCCEEDED", "output": {"n": 1}})]);
    let output = run("localhost:4566");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("http://HOST:PORT"));
    std::fs::remove_dir_all(&place).expect("the folder goes");
}

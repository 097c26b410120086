//! moto's Invoke API: somebody else's, which answers without containers what it has been told to answer, or the event.
//!
//! `EXPRESSWAY_MOTO` names its `moto_server`, from the package `moto[server,awslambda]`. It must never be asked for
//! functions that run: those need containers.

use super::{MACHINE, lines};
use expressway::handler::lambda::{Endpoint, Options};
use expressway::{Executor, Handlers, Program};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A test, with its name.
type Test = (&'static str, fn(&Server));

/// What is asked of it.
pub const TESTS: &[Test] =
    &[("functions_that_are_not_there", functions_that_are_not_there), ("answers_are_results", answers_are_results)];

/// The server, which ends with this.
pub struct Server {
    process: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts it, if there is one.
    pub fn start() -> Option<Server> {
        let program = std::env::var_os("EXPRESSWAY_MOTO")?;
        let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = free.local_addr().expect("it has an address").port();
        drop(free);
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Server { process: command.spawn().expect("moto starts"), port };
        // However long that takes.
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(server.process.try_wait().expect("it is our child").is_none(), "moto has ended");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    /// Tells it something.
    fn tell(&self, path: &str, what: &Value) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it is there");
        let body = what.to_string();
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.split(' ').nth(1).is_some_and(|status| status.starts_with('2')), "{answer}");
    }

    fn executor(&self) -> Executor {
        let endpoint = Endpoint::new(&format!("http://127.0.0.1:{}", self.port), &Options::new()).expect("an address");
        let program = Program::compile(MACHINE).expect("a machine");
        Executor::new(program, &Handlers::new().otherwise(endpoint.into())).expect("all functions are there")
    }
}

fn functions_that_are_not_there(server: &Server) {
    server.tell("/moto-api/config", &json!({"lambda": {"use_docker": true}}));
    let lines = lines(&server.executor(), &["{}".to_owned(), r#"{"via": "invoke"}"#.to_owned()], 1);
    for line in lines {
        assert_eq!(line["error"], "Lambda.ResourceNotFoundException", "{line}");
        let cause = line["cause"].as_str().expect("there is a cause");
        assert!(
            cause.contains("(Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException;"),
            "{cause}"
        );
    }
}

fn answers_are_results(server: &Server) {
    server.tell("/moto-api/config", &json!({"lambda": {"use_docker": false}}));
    let answers = |region: &str, results: &[&str]| {
        let what = json!({"results": results, "region": region, "account_id": "123456789012"});
        server.tell("/moto-api/static/lambda-simple/response", &what);
    };
    // Over six million bytes are what the service itself refuses, as a function's error.
    let large = format!("\"{}\"", "x".repeat(6_000_100));
    answers("eu-west-1", &[r#"{"is": 2}"#, "no JSON", "null", &large]);
    // A state that names no region asks in another one, where nothing has been told: the event comes back.
    answers("us-east-1", &[r#"{"is": "another"}"#]);
    let events: Vec<String> = (0..5).map(|n| json!({"n": n}).to_string()).collect();
    let lines = lines(&server.executor(), &events, 1);
    assert_eq!(lines[0]["output"], json!({"is": 2}));
    assert_eq!(lines[1]["error"], "Lambda.Unknown");
    assert_eq!((&lines[2]["status"], &lines[2]["output"]), (&json!("SUCCEEDED"), &Value::Null));
    assert_eq!(lines[3]["error"], "Function.ResponseSizeTooLarge");
    assert_eq!(lines[4]["output"], json!({"n": 4}));
    let invoked = super::lines(&server.executor(), &[r#"{"via": "invoke"}"#.to_owned()], 1);
    assert_eq!(invoked[0]["output"], json!({"is": "another"}));
}

//! One process that runs a function, and the Runtime API that it speaks with us.
//!
//! ```text
//! worker                                   whoever calls, on the caller's own thread
//!   GET  …/runtime/invocation/next   ──▶
//!                                    ◀──   the event
//!   POST …/invocation/ID/response    ──▶   the result
//!   POST …/invocation/ID/error       ──▶   the error's report
//! ```
//!
//! Each worker has a port of its own on the loopback interface, and one connection at a time, as the runtimes of Python
//! and Node have it. There is no thread in between: a call writes the event and reads the reply itself. It must never
//! wait beyond its deadline, hand one event out twice, or leave a process behind.

use super::super::function::FunctionError;
use super::answer;
use super::http::{Connection, Message, header_text, is_late};
use super::log::Printed;
use super::{Function, Invocation, StartError};
use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long a function may take until it asks for its first event.
pub(super) const INIT_MAX: Duration = Duration::from_secs(120);
/// How often a worker is looked for that has yet to connect.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// How long a process may take to end that has closed its connection.
const END_MAX: Duration = Duration::from_secs(2);

const API: &str = "/2018-06-01/runtime/";
const TAKEN: &[u8] =
    b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n";
const NO_SUCH: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

/// A process that is ready for an event, or soon will be.
pub(super) struct Worker {
    child: Child,
    listener: TcpListener,
    connection: Option<Connection>,
    /// Whether it has asked for an event that it has not been given.
    asks: bool,
    printed: Printed,
}

/// Why an event has come to nothing.
pub(super) enum Broken {
    /// The worker had gone before it was given the event, which may be given to another one.
    Before,
    /// It went while it had it, so.
    During(String),
    /// It had not answered when its time was up.
    Late,
}

impl Worker {
    /// Starts a process, and waits until it asks for its first event.
    pub fn start(function: &Function) -> Result<Worker, StartError> {
        let listen = |error| StartError::Loopback { error };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (child, printed) = spawn(function, address)?;
        let mut worker = Worker { child, listener, connection: None, asks: false, printed };
        let deadline = Instant::now() + INIT_MAX;
        loop {
            let message = match worker.receive(deadline) {
                Ok(message) => message,
                Err(error) if is_late(&error) => {
                    return Err(StartError::Late { function: function.to_string(), printed: worker.printed.last() });
                }
                Err(error) => return Err(worker.not_begun(function, &error)),
            };
            match message.first.split(' ').nth(1).and_then(|path| path.strip_prefix(API)) {
                Some("invocation/next") => {
                    worker.asks = true;
                    return Ok(worker);
                }
                Some("init/error") => {
                    // It is told, and ends.
                    let _ = worker.send(TAKEN, deadline);
                    let function = function.to_string();
                    let report = String::from_utf8_lossy(&message.body).into_owned();
                    return Err(StartError::Init { function, report: readable(&report) });
                }
                _ => worker.send(NO_SUCH, deadline).map_err(|error| worker.not_begun(function, &error))?,
            }
        }
    }

    /// Why a process has not come so far as to ask for an event.
    fn not_begun(&mut self, function: &Function, error: &io::Error) -> StartError {
        let ended = match self.ended() {
            Some(status) => words(status),
            None => error.to_string(),
        };
        self.printed.settle();
        let printed = self.printed.last();
        if printed.contains("No module named awslambdaric") || printed.contains("No module named 'awslambdaric'") {
            return StartError::NoClient { python: function.program().to_owned() };
        }
        StartError::Ended { function: function.to_string(), ended, printed }
    }

    /// Gives it an event, and waits for the reply until the time is up.
    pub fn invoke(&mut self, call: &Invocation) -> Result<Result<String, FunctionError>, Broken> {
        let deadline = Instant::now() + call.limit;
        let given = self.hand_out(call, deadline);
        given.map_err(|error| if is_late(&error) { Broken::Late } else { Broken::Before })?;
        loop {
            let message = self.receive(deadline).map_err(|error| self.broken(&error))?;
            let path = message.first.split(' ').nth(1).and_then(|path| path.strip_prefix(API)).unwrap_or_default();
            let mine = path.strip_prefix("invocation/").and_then(|path| path.strip_prefix(&*call.id));
            let reply = match mine {
                Some("/response") => answer::result(message.body, message.oversized),
                Some("/error") => {
                    let named = message.header("lambda-runtime-function-error-type").map(str::to_owned);
                    Err(answer::report(message.body, named.as_deref()))
                }
                _ if path == "invocation/next" => {
                    // It has lost the event: a mistake of the runtime's.
                    self.asks = true;
                    return Err(Broken::During("Runtime asked for the next event without a reply".to_owned()));
                }
                _ => {
                    self.send(NO_SUCH, deadline).map_err(|error| self.broken(&error))?;
                    continue;
                }
            };
            // What it has said is said, even if it ends before it hears of it.
            let _ = self.send(TAKEN, deadline);
            return Ok(reply);
        }
    }

    /// Why there is no reply.
    fn broken(&mut self, error: &io::Error) -> Broken {
        if is_late(error) {
            return Broken::Late;
        }
        Broken::During(match self.ended() {
            Some(status) => words(status),
            None => format!("Runtime spoke no HTTP: {error}"),
        })
    }

    /// Answers its question for an event, once it has asked.
    fn hand_out(&mut self, call: &Invocation, deadline: Instant) -> io::Result<()> {
        while !self.asks {
            let message = self.receive(deadline)?;
            match message.first.split(' ').nth(1).and_then(|path| path.strip_prefix(API)) {
                Some("invocation/next") => self.asks = true,
                _ => self.send(NO_SUCH, deadline)?,
            }
        }
        let until = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + call.limit;
        let mut text = Vec::with_capacity(call.event.len() + 512);
        // Writing into memory does not fail.
        let _ = write!(
            text,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Lambda-Runtime-Aws-Request-Id: {}\r\nLambda-Runtime-Deadline-Ms: {}\r\n\
             Lambda-Runtime-Invoked-Function-Arn: {}\r\n",
            call.event.len(),
            call.id,
            until.as_millis(),
            header_text(&call.arn),
        );
        if let Some(context) = &call.client_context {
            let _ = write!(text, "Lambda-Runtime-Client-Context: {}\r\n", header_text(context));
        }
        text.extend_from_slice(b"\r\n");
        text.extend_from_slice(call.event.as_bytes());
        self.send(&text, deadline)?;
        self.asks = false;
        Ok(())
    }

    fn send(&mut self, bytes: &[u8], deadline: Instant) -> io::Result<()> {
        match &mut self.connection {
            Some(connection) => connection.send(bytes, deadline),
            None => Err(ErrorKind::NotConnected.into()),
        }
    }

    /// The next message, of whichever connection.
    fn receive(&mut self, deadline: Instant) -> io::Result<Message> {
        loop {
            if let Some(connection) = &mut self.connection {
                match connection.receive(deadline) {
                    Ok(Some(message)) => return Ok(message),
                    // It may come back on another one.
                    Ok(None) => self.connection = None,
                    Err(error) if error.kind() == ErrorKind::ConnectionReset => self.connection = None,
                    Err(error) => return Err(error),
                }
            }
            self.connection = Some(self.accept(deadline)?);
        }
    }

    fn accept(&mut self, deadline: Instant) -> io::Result<Connection> {
        loop {
            match self.listener.accept() {
                Ok((stream, from)) if from.ip().is_loopback() => return Connection::new(stream),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.child.try_wait()?.is_some() {
                        return Err(ErrorKind::BrokenPipe.into());
                    }
                    if Instant::now() >= deadline {
                        return Err(ErrorKind::TimedOut.into());
                    }
                    std::thread::sleep(LOOK_EVERY);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// How the process ended, if it did; one that is about to is waited for.
    fn ended(&mut self) -> Option<ExitStatus> {
        let deadline = Instant::now() + END_MAX;
        loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < deadline => std::thread::sleep(LOOK_EVERY),
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.printed.settle();
    }
}

/// Starts the process: no shell, its own process group, one pipe for what it prints.
fn spawn(function: &Function, address: SocketAddr) -> Result<(Child, Printed), StartError> {
    let failed = |error| StartError::Program { program: function.program().to_owned(), error };
    let (read, write) = io::pipe().map_err(failed)?;
    let mut command = function.command(address);
    command.stdout(write.try_clone().map_err(failed)?).stderr(write);
    let script = function.script();
    command.stdin(if script.is_some() { Stdio::piped() } else { Stdio::null() });
    #[cfg(unix)]
    {
        // Ctrl-C lets a run come to its end, for which it needs its workers.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
    }
    let mut child = command.spawn().map_err(failed)?;
    if let (Some(script), Some(mut stdin)) = (script, child.stdin.take()) {
        // One that ends before it has read its script is found to have ended.
        let _ = stdin.write_all(script.as_bytes());
    }
    // Our ends of the pipe that are for writing close with the command.
    drop(command);
    match Printed::follow(read, Arc::clone(function.log())) {
        Ok(printed) => Ok((child, printed)),
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(failed(error))
        }
    }
}

/// How a process ended, in Lambda's words.
fn words(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("Runtime exited with error: signal: {signal}");
    }
    match status.code() {
        Some(0) | None => "Runtime exited without providing a reason".to_owned(),
        Some(code) => format!("Runtime exited with error: exit status {code}"),
    }
}

/// A report of an error as a person reads it.
fn readable(report: &str) -> String {
    let Ok(node) = crate::value::tree::parse(report) else { return report.to_owned() };
    let text = |key| node.get(key).and_then(|value| value.as_str());
    let mut words = match (text("errorType"), text("errorMessage")) {
        (Some(error), Some(message)) => format!("{error}: {message}"),
        _ => return report.to_owned(),
    };
    let trace = node.get("stackTrace").or_else(|| node.get("trace")).and_then(|trace| trace.as_array());
    let first = words.clone();
    for line in trace.unwrap_or_default().iter().filter_map(|line| line.as_str()).filter(|line| *line != first) {
        words.push_str(&format!("\n{}", line.trim_end()));
    }
    words
}

//! Task: the call, its completion, and handlers written in ASL, which run inside the execution.
//!
//! A handler written in ASL is a function: it has no history, sees no variables, and its failures come back to the caller
//! as a Lambda function's do. Its steps and its waiting count as the caller's.

use super::event::EventKind;
use super::machine::{Caller, Execution, Stop, Visit, Waiting};
use super::outcome::Failure;
use super::request::{Calling, Reply, Request, TaskRequest};
use crate::program::shortcut::CallSite;
use crate::program::work::{Completion, Integration, Limit, Task, limit_ms};
use crate::program::{StateId, TaskId};
use crate::value::{Member, Value};

impl<'a> Execution<'a> {
    /// Begins a call whose handler's one state is evaluated in its place.
    pub(super) fn begin(&mut self, id: TaskId, body: StateId) -> Result<(), Stop<'a>> {
        let task = self.program.task(id);
        let heartbeat = self.seconds(task.heartbeat)?;
        let timeout = self.seconds(task.timeout)?;
        let credentials = task.credentials.then(|| self.pop());
        let arguments = self.pop();
        self.scheduled(task, arguments, timeout, heartbeat, credentials);
        self.inside = Some((id, arguments));
        self.step(body)
    }

    /// Ends it with what the state has come to.
    pub(super) fn end_call(&mut self, id: TaskId, value: Value<'a>) {
        let Some((_, arguments)) = self.inside.take() else { return };
        if self.program.task(id).integration == Integration::Function {
            self.complete(id, value);
        } else {
            self.settle(id, arguments, Reply::Returned(value));
        }
    }

    /// Ends it with what has gone wrong; whether there was a call under way.
    pub(super) fn fail_call(&mut self, failure: &Failure<'a>) -> bool {
        let Some((id, arguments)) = self.inside.take() else { return false };
        self.settle(id, arguments, Reply::of_failure(failure));
        true
    }

    /// Schedules a task: a request, or nothing if its handler's code is in the program and runs next.
    pub(super) fn invoke(&mut self, id: TaskId) -> Result<Option<Request<'a>>, Stop<'a>> {
        let task = self.program.task(id);
        let heartbeat = self.seconds(task.heartbeat)?;
        let timeout = self.seconds(task.timeout)?;
        let credentials = task.credentials.then(|| self.pop());
        let arguments = self.pop();
        self.scheduled(task, arguments, timeout, heartbeat, credentials);
        let timeout_ms = timeout.map(limit_ms);
        // Which event a function gets without a Payload is not recorded: an empty object.
        let payload = match task.integration {
            Integration::LambdaInvoke => arguments.get(self.arena, "Payload").unwrap_or_else(Value::empty_object),
            _ => arguments,
        };
        if let Some(entry) = task.inlined {
            let caller = Caller {
                pc: self.pc,
                doc: self.doc,
                eff: self.eff,
                visit: self.visit,
                task: id,
                arguments,
                stack: self.stack.len(),
                called_ms: self.now_ms,
                timeout_ms,
                quiet: self.quiet,
            };
            self.caller = Some(self.arena.alloc(caller));
            self.quiet = true;
            self.visit = Visit::NONE;
            self.doc = payload;
            self.pc = entry;
            return Ok(None);
        }
        self.waiting = Waiting::Task { task: id, arguments, called_ms: self.now_ms, timeout_ms };
        let token = self.visit.rare().token;
        let calling = Calling {
            arguments,
            payload,
            now_ms: self.now_ms,
            seed: self.seed,
            site: CallSite {
                task: id,
                handler: task.handler,
                retry_count: self.visit.retry_count,
                // Those that have been drawn are not in the stream as it stands.
                draws: 0,
                calls: self.calls,
            },
            rest: (token.is_some() || timeout_ms != task.timeout_ms()).then_some((token, timeout_ms)),
        };
        self.calls += 1;
        Ok(Some(Request::Task(self.arena.alloc(TaskRequest::of(self.program, calling, self.arena)))))
    }

    /// The task has ended: [`Execution::run`] goes on from here.
    pub fn answer(&mut self, reply: Reply<'a>) {
        let Waiting::Task { task, arguments, called_ms, timeout_ms } = self.waiting else { return };
        self.waiting = Waiting::Nothing;
        let mut reply = reply;
        while let Reply::After(ms, then) = reply {
            let end_ms = self.now_ms.saturating_add(ms);
            // A task that takes longer is given up when its time is over.
            let lapse_ms = timeout_ms.map(|ms| called_ms.saturating_add(ms));
            let lapses = lapse_ms.is_some_and(|lapse_ms| end_ms > lapse_ms);
            self.set_clock(lapse_ms.filter(|_| lapses).unwrap_or(end_ms));
            reply = if lapses { Reply::TimedOut } else { *then };
        }
        let lapsed = timeout_ms.is_some_and(|ms| self.now_ms > called_ms.saturating_add(ms));
        let reply = if lapsed { Reply::TimedOut } else { reply };
        self.settle(task, arguments, reply);
    }

    /// What a handler written in ASL comes to: back in its caller, the task is complete.
    pub(super) fn return_to_caller(&mut self, outcome: Result<Value<'a>, Failure<'a>>) {
        let Some(caller) = self.caller.take() else { return };
        self.pc = caller.pc;
        self.doc = caller.doc;
        self.eff = caller.eff;
        self.visit = caller.visit;
        self.quiet = caller.quiet;
        self.stack.truncate(caller.stack);
        self.assigned = None;
        let lapsed = caller.lapse_ms().filter(|end| self.now_ms > *end);
        let reply = match (lapsed, outcome) {
            (None, Ok(value)) if self.program.task(caller.task).integration == Integration::Function => {
                return self.complete(caller.task, value);
            }
            (Some(end_ms), _) => {
                // The task was given up while its handler still waited.
                self.now_ms = end_ms;
                Reply::TimedOut
            }
            (None, Ok(value)) => Reply::Returned(value),
            (None, Err(failure)) => Reply::of_failure(&failure),
        };
        self.settle(caller.task, caller.arguments, reply);
    }

    /// Ends a task as the reply says.
    fn settle(&mut self, id: TaskId, arguments: Value<'a>, reply: Reply<'a>) {
        match self.result_of(id, arguments, reply) {
            Ok(value) => self.complete(id, value),
            Err(failure) => self.give_up(id, failure),
        }
    }

    /// A reply as the task's result, in the shape that its integration gives it.
    fn result_of(&mut self, id: TaskId, arguments: Value<'a>, reply: Reply<'a>) -> Result<Value<'a>, Failure<'a>> {
        let task = self.program.task(id);
        let event = task.integration == Integration::LambdaInvoke
            && arguments.get(self.arena, "InvocationType").and_then(|v| v.as_str(self.arena)) == Some("Event")
            && task.completion == Completion::Response;
        match reply {
            // The state goes on as soon as Lambda has taken the event in; what becomes of it nobody hears.
            Reply::Returned(_) | Reply::Raised { .. } | Reply::Reported { .. } if event => Ok(self.accepted()),
            Reply::Returned(value)
                if task.integration == Integration::LambdaInvoke && task.completion == Completion::Response =>
            {
                Ok(self.invoke_response(arguments, value))
            }
            Reply::Returned(value) | Reply::Result(value) => Ok(value),
            Reply::Raised { error, message } => {
                let cause = self.raised_cause(task.integration, error, message);
                Err(Failure::reported(Some(error), Some(cause)))
            }
            Reply::Reported { error, report } => {
                let cause = match (task.integration, report) {
                    (Integration::Function, Value::Raw(raw)) => raw.text,
                    _ => self.arena.alloc_str(&report.to_json()),
                };
                // The report holds the id that would be drawn here: the next call has another.
                self.seed.known().uuid();
                Err(Failure::reported(Some(error), Some(cause)))
            }
            Reply::Failed { error, cause } => Err(Failure::reported(error, cause)),
            Reply::TimedOut | Reply::After(..) => Err(Failure::reported(Some("States.Timeout"), None)),
        }
    }

    /// What `lambda:invoke` answers.
    fn invoke_response(&mut self, arguments: Value<'a>, payload: Value<'a>) -> Value<'a> {
        let text = |key| arguments.get(self.arena, key).and_then(|v| v.as_str(self.arena)).unwrap_or_default();
        let named = text("FunctionName").rsplit(':').next().filter(|v| is_version(v));
        let version = Some(text("Qualifier")).filter(|v| is_version(v)).or(named).unwrap_or("$LATEST");
        let length = payload.to_json().len();
        let length = itoa::Buffer::new().format(length).to_owned();
        let id = self.seed.known().uuid();
        let head = [
            "{\"AllHttpHeaders\":{\"X-Amz-Executed-Version\":[\"",
            version,
            "\"],\"x-amzn-RequestId\":[\"",
            &id,
            "\"],\"Content-Length\":[\"",
            &length,
            "\"],\"Content-Type\":[\"application/json\"]},\"HttpHeaders\":{\"Content-Length\":\"",
            &length,
            "\",\"Content-Type\":\"application/json\",\"X-Amz-Executed-Version\":\"",
            version,
            "\",\"x-amzn-RequestId\":\"",
            &id,
            "\"},\"HttpStatusCode\":200}",
        ];
        let compact = |parts: &[&str]| {
            Value::raw(self.arena, self.arena.alloc_str(&parts.concat()), crate::value::raw::Form::COMPACT)
        };
        let metadata = compact(&head);
        let request = compact(&["{\"RequestId\":\"", &id, "\"}"]);
        let members = [
            Member { key: "ExecutedVersion", value: Value::text(self.arena, version) },
            Member { key: "Payload", value: payload },
            Member { key: "SdkHttpMetadata", value: metadata },
            Member { key: "SdkResponseMetadata", value: request },
            Member { key: "StatusCode", value: Value::Int(200) },
        ];
        Value::object(self.arena, self.arena.alloc_slice_copy(&members))
    }

    /// What `lambda:invoke` answers to an event that nobody waits for. AWS's answer is not recorded: it holds no output
    /// here, so that reading one fails loudly.
    fn accepted(&mut self) -> Value<'a> {
        let id = self.seed.known().uuid();
        let text = format!(
            "{{\"SdkHttpMetadata\":{{\"HttpStatusCode\":202}},\"SdkResponseMetadata\":{{\"RequestId\":\"{id}\"}},\"StatusCode\":202}}"
        );
        Value::raw(self.arena, self.arena.alloc_str(&text), crate::value::raw::Form::COMPACT)
    }

    /// The JSON text that Lambda gives as the cause when a function has raised an error; compact by way of
    /// `lambda:invoke`, with blanks as Python writes them by way of the function's ARN.
    fn raised_cause(&mut self, integration: Integration, error: &str, message: &str) -> &'a str {
        let id = self.seed.known().uuid();
        let (comma, colon) = if integration == Integration::Function { (", ", ": ") } else { (",", ":") };
        let mut cause = Vec::with_capacity(error.len() + message.len() + 120);
        let mut member = |before: &[&str], text: &str| {
            before.iter().for_each(|part| cause.extend_from_slice(part.as_bytes()));
            crate::value::text::write_string(text, &mut cause);
        };
        member(&["{\"errorMessage\"", colon], message);
        member(&[comma, "\"errorType\"", colon], error);
        member(&[comma, "\"requestId\"", colon], &id);
        [comma, "\"stackTrace\"", colon, "[]}"].iter().for_each(|part| cause.extend_from_slice(part.as_bytes()));
        self.arena.alloc_str(&String::from_utf8_lossy(&cause))
    }

    /// Ends a task with its result, in `res`.
    fn complete(&mut self, id: TaskId, value: Value<'a>) {
        let task = self.program.task(id);
        let limit = self.settings.limits.state_bytes;
        if value.size().bytes_max > limit && !value.fits(limit) {
            let named = if task.integration == Integration::Function { &task.resource } else { &task.service };
            return self.give_up(id, self.too_large(named));
        }
        self.succeeded(task, value);
        self.res = value;
    }

    /// Ends a task with a failure, for Retry and Catch.
    #[cold]
    fn give_up(&mut self, id: TaskId, failure: Failure<'a>) {
        self.failed(self.program.task(id), &failure);
        self.pending = Some(self.stop(failure));
    }

    fn scheduled(
        &mut self,
        task: &'a Task,
        arguments: Value<'a>,
        timeout: Option<u64>,
        heartbeat: Option<u64>,
        credentials: Option<Value<'a>>,
    ) {
        let arena = self.arena;
        let credentials = move || {
            let role = credentials.map(|c| c.get(arena, "RoleArn").unwrap_or(Value::Null));
            role.map(|role| format!("{{\"roleArn\":{}}}", role.to_json()))
        };
        match task.integration {
            Integration::Function => {
                self.event(|_| EventKind::LambdaFunctionScheduled {
                    resource: task.resource.to_string(),
                    input: arguments.to_json(),
                    timeout,
                    credentials: credentials(),
                });
                self.event(|_| EventKind::LambdaFunctionStarted);
            }
            Integration::Activity => {
                self.event(|_| EventKind::ActivityScheduled {
                    resource: task.resource.to_string(),
                    input: arguments.to_json(),
                    timeout,
                    heartbeat,
                });
                self.event(|_| EventKind::ActivityStarted);
            }
            Integration::LambdaInvoke | Integration::Service => {
                self.event(|e| EventKind::TaskScheduled {
                    service: task.service.to_string(),
                    action: task.action.to_string(),
                    region: e.settings.names.region().to_owned(),
                    parameters: arguments.to_json(),
                    timeout,
                    heartbeat,
                    credentials: credentials(),
                });
                self.event(|_| EventKind::TaskStarted {
                    service: task.service.to_string(),
                    action: task.action.to_string(),
                });
            }
        }
    }

    /// `.sync` and `.waitForTaskToken` tell what the service answered before the task is over.
    fn submitted(&mut self, task: &'a Task) {
        if task.completion != Completion::Response && task.integration != Integration::Activity {
            self.event(|_| EventKind::TaskSubmitted {
                service: task.service.to_string(),
                action: task.action.to_string(),
                output: "{}".to_owned(),
            });
        }
    }

    fn succeeded(&mut self, task: &'a Task, value: Value<'a>) {
        self.submitted(task);
        self.event(|_| match task.integration {
            Integration::Function => EventKind::LambdaFunctionSucceeded { output: value.to_json() },
            Integration::Activity => EventKind::ActivitySucceeded { output: value.to_json() },
            Integration::LambdaInvoke | Integration::Service => EventKind::TaskSucceeded {
                service: task.service.to_string(),
                action: task.action.to_string(),
                output: value.to_json(),
            },
        });
    }

    fn failed(&mut self, task: &'a Task, failure: &Failure<'a>) {
        self.submitted(task);
        let (error, cause) = (failure.error.map(str::to_owned), failure.cause.map(str::to_owned));
        let timed_out = matches!(failure.error, Some("States.Timeout" | "States.HeartbeatTimeout"));
        self.event(|_| match (task.integration, timed_out) {
            (Integration::Function, true) => EventKind::LambdaFunctionTimedOut { error: "States.Timeout".to_owned() },
            (Integration::Activity, true) => EventKind::ActivityTimedOut { error: "States.Timeout".to_owned() },
            (_, true) => EventKind::TaskTimedOut {
                service: task.service.to_string(),
                action: task.action.to_string(),
                error: "States.Timeout".to_owned(),
            },
            (Integration::Function, false) => EventKind::LambdaFunctionFailed { error, cause },
            (Integration::Activity, false) => EventKind::ActivityFailed { error, cause },
            (_, false) => EventKind::TaskFailed {
                service: task.service.to_string(),
                action: task.action.to_string(),
                error,
                cause,
            },
        });
    }

    /// A time limit in seconds; one that was read from the input must be a positive integer.
    fn seconds(&mut self, limit: Limit) -> Result<Option<u64>, Stop<'a>> {
        match limit {
            Limit::None => Ok(None),
            Limit::Literal(seconds) => Ok(Some(seconds)),
            Limit::Popped(blame) => {
                let value = self.pop();
                if let Some(whole) = self.whole_query(blame, value) {
                    return whole.map(Some);
                }
                match value.as_number().and_then(|n| n.as_i64()).and_then(|n| u64::try_from(n).ok()) {
                    Some(seconds @ 1..=99_999_999) => Ok(Some(seconds)),
                    _ => Err(self.stop(self.bad_limit(blame, value))),
                }
            }
        }
    }
}

impl Caller<'_> {
    /// The last moment at which the handler is still in time.
    pub fn lapse_ms(&self) -> Option<i64> {
        self.timeout_ms.map(|ms| self.called_ms.saturating_add(ms))
    }
}

/// Whether a qualifier is a version's number: what an alias stands for only Lambda knows.
fn is_version(qualifier: &str) -> bool {
    !qualifier.is_empty() && qualifier.bytes().all(|b| b.is_ascii_digit())
}

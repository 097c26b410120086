//! Tasks of the second interpreter: what is scheduled, what it comes to, and which events tell of it.

use super::history::{Details, History, Told, is};
use super::interpreter::{Cause, Failure, Fault, Mocked, Run, Visit, told};
use super::json::Json;
use std::collections::BTreeMap;

/// How a resource is told of in the history.
enum Family {
    Function,
    Activity,
    Service(String, String),
}

fn family(resource: &str) -> Family {
    if resource.contains(":function:") {
        return Family::Function;
    }
    if resource.contains(":activity:") {
        return Family::Activity;
    }
    let action = resource.trim_start_matches("arn:aws:states:::");
    // aws-sdk:service:action has a service of two parts.
    let (service, action) = action.rsplit_once(':').unwrap_or_default();
    let (service, action) = match service.rsplit_once(':') {
        // startExecution.sync:2
        Some((service, name)) if name.ends_with(".sync") => (service, format!("{name}:{action}")),
        _ => (service, action.to_owned()),
    };
    Family::Service(service.to_owned(), action)
}

impl Run<'_, '_> {
    /// A task, with its arguments: its result.
    pub(super) fn task(&mut self, visit: &Visit, arguments: Json) -> Result<Json, Fault> {
        let resource = visit.text("Resource").unwrap_or_default();
        let credentials = match visit.state.get("Credentials") {
            Some(template) => Some(self.template(visit, template, &visit.eff)?),
            None => None,
        };
        let [timeout, heartbeat] = self.limits(visit)?;
        let family = family(resource);
        let mut scheduled = match &family {
            Family::Function | Family::Activity => vec![is("resource", resource), is("input", arguments.print())],
            Family::Service(service, action) => {
                let region = is("region", "us-east-1");
                vec![
                    is("resourceType", &**service),
                    is("resource", &**action),
                    region,
                    is("parameters", arguments.print()),
                ]
            }
        };
        scheduled.extend(timeout.map(|seconds| is("timeoutInSeconds", seconds.to_string())));
        if !matches!(family, Family::Function) {
            scheduled.extend(heartbeat.map(|seconds| is("heartbeatInSeconds", seconds.to_string())));
        }
        if let Some(role) = credentials.as_ref().and_then(|credentials| credentials.get("RoleArn")) {
            scheduled.push(is("taskCredentials", Json::object([("roleArn", role.clone())]).print()));
        }
        let (event, about) = match &family {
            Family::Function => ("LambdaFunction", Vec::new()),
            Family::Activity => ("Activity", Vec::new()),
            Family::Service(service, action) => {
                ("Task", vec![is("resourceType", &**service), is("resource", &**action)])
            }
        };
        self.event(format!("{event}Scheduled"), scheduled);
        // Who works on an activity, nobody says.
        self.event(format!("{event}Started"), about.clone());
        let outcome = self.outcome(visit, resource, arguments, timeout)?;
        if resource.contains(".sync") || resource.ends_with(".waitForTaskToken") {
            self.event(format!("{event}Submitted"), with(&about, vec![("output", Told::Any)]));
        }
        match outcome {
            Ok(value) => {
                self.event(format!("{event}Succeeded"), with(&about, vec![is("output", value.print())]));
                Ok(value)
            }
            Err((error, cause)) => {
                let timed_out = error.as_deref() == Some("States.Timeout");
                let ending = if timed_out { "TimedOut" } else { "Failed" };
                let cause_told = if timed_out { Cause::Absent } else { cause.clone() };
                self.event(format!("{event}{ending}"), with(&about, told(error.as_deref(), &cause_told)));
                let catchable = error.as_deref() != Some("States.Runtime");
                Err(Failure { error, cause, origin: None, catchable }.into())
            }
        }
    }

    /// TimeoutSeconds and HeartbeatSeconds, wherever they stand.
    fn limits(&self, visit: &Visit) -> Result<[Option<i64>; 2], Fault> {
        let mut limits = [None, None];
        let mut odd = false;
        for (limit, field) in limits.iter_mut().zip(["TimeoutSeconds", "HeartbeatSeconds"]) {
            let value = match visit.state.get(&format!("{field}Path")) {
                Some(path) => Some(self.field(visit, path, &visit.eff)?),
                None => visit.state.get(field).cloned(),
            };
            let Some(value) = value else { continue };
            if value.is_whole_but_written_otherwise() {
                return Err(Fault::Undefined);
            }
            *limit = value.print().parse().ok().filter(|seconds| (1..=99_999_999).contains(seconds));
            odd |= limit.is_none();
        }
        // What is said of a number that will not do is not recorded.
        if odd { Err(self.runtime(visit, Cause::Any).into()) } else { Ok(limits) }
    }

    #[allow(clippy::type_complexity)]
    fn outcome(
        &mut self,
        visit: &Visit,
        resource: &str,
        arguments: Json,
        timeout: Option<i64>,
    ) -> Result<Result<Json, (Option<String>, Cause)>, Fault> {
        let function = resource.rsplit(':').next().unwrap_or_default();
        if let (true, Some(machine)) = (resource.contains(":function:"), self.world.functions.get(function)) {
            return self.function(machine, arguments, timeout);
        }
        let asked = self.world.asked.entry(visit.name.to_owned()).or_insert(0);
        let outcomes = &self.world.tasks[visit.name];
        let outcome = outcomes[(*asked).min(outcomes.len() - 1)].clone();
        *asked += 1;
        Ok(match outcome {
            Mocked::Return(value) => Ok(value),
            Mocked::Throw(error, cause) => Err((error, cause.map_or(Cause::Absent, Cause::Text))),
        })
    }

    /// A function that is a machine: no history, no variables, no context; its waiting counts.
    #[allow(clippy::type_complexity)]
    fn function(
        &mut self,
        machine: &Json,
        event: Json,
        timeout: Option<i64>,
    ) -> Result<Result<Json, (Option<String>, Cause)>, Fault> {
        let lapse_ms = timeout.map_or(i64::MAX - 1, |seconds| self.now_ms + seconds * 1_000);
        let mut inside = Run {
            world: &mut *self.world,
            input: event.clone(),
            started_ms: self.now_ms,
            variables: BTreeMap::new(),
            now_ms: self.now_ms,
            // What is over in time is over at the very end of it too.
            deadline_ms: self.deadline_ms.min(lapse_ms + 1),
            history: History::default(),
            item: None,
            branch: false,
        };
        let end = inside.scope("function", machine, event);
        let now_ms = inside.now_ms;
        match end {
            Err(Fault::Stopped) if lapse_ms < self.deadline_ms => {
                self.now_ms = lapse_ms;
                Ok(Err((Some("States.Timeout".to_owned()), Cause::Absent)))
            }
            Err(Fault::Failed(failure)) => {
                self.now_ms = now_ms;
                // A Fail state is what the function raises; anything else that goes wrong is its runtime's failure.
                let own = failure.origin.is_none() && failure.catchable;
                let error = failure.error.filter(|_| own).unwrap_or_else(|| "Lambda.Unknown".to_owned());
                Ok(Err((Some(error), Cause::Any)))
            }
            other => {
                self.now_ms = now_ms;
                other.map(Ok)
            }
        }
    }
}

fn with(about: &Details, more: Details) -> Details {
    about.iter().cloned().chain(more).collect()
}

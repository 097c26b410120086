//! The second interpreter: JSONPath states, straight from the language's description, over definitions that are plain JSON.
//!
//! Flows in: a definition, an input, what each task comes to. Flows out: how it ends, its history, its clock, and a count
//! of every word of the language that it came across. It knows no bytecode, no arena and no budget. What no reference
//! defines it calls [`End::Undefined`], or [`Cause::Any`] where only the wording is unknown.

use super::history::{Details, Event, History, Told, is};
use super::json::Json;
use super::time;
use std::collections::BTreeMap;

/// What a task's invocation comes to.
#[derive(Clone, Debug)]
pub enum Mocked {
    Return(Json),
    Throw(Option<String>, Option<String>),
}

/// How an execution ends.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Succeeded(String),
    Failed(Option<String>, Cause),
    TimedOut,
    Undefined,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    Absent,
    Text(String),
    /// There is one, whose wording no recording shows.
    Any,
}

impl From<String> for Cause {
    fn from(text: String) -> Cause {
        Cause::Text(text)
    }
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    pub end: End,
    pub events: Vec<Event>,
    pub now_ms: i64,
    pub seen: Seen,
}

/// How often each word of the language was met where it counts: by kind of object, then by field.
pub type Seen = BTreeMap<&'static str, BTreeMap<String, u64>>;

/// Why a scope does not go on.
pub(super) enum Fault {
    Failed(Failure),
    /// The clock has reached the scope's deadline.
    Stopped,
    Undefined,
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Fault {
        Fault::Failed(failure)
    }
}

#[derive(Clone)]
pub(super) struct Failure {
    pub(super) error: Option<String>,
    pub(super) cause: Cause,
    /// The state whose evaluation failed, and the number of its Entered event, from 1 within the scope.
    pub(super) origin: Option<(String, usize)>,
    pub(super) catchable: bool,
}

/// A whole run: what tasks come to, how often each has been asked, and what has been met.
pub(super) struct World<'d> {
    pub(super) tasks: &'d BTreeMap<String, Vec<Mocked>>,
    /// Functions that are machines themselves.
    pub(super) functions: &'d BTreeMap<String, Json>,
    pub(super) asked: BTreeMap<String, usize>,
    pub(super) seen: Seen,
    /// Something has been done of which no reference says what it gives.
    pub(super) undefined: bool,
}

impl World<'_> {
    pub(super) fn seen(&mut self, object: &'static str, field: &str) {
        let fields = self.seen.entry(object).or_default();
        match fields.get_mut(field) {
            Some(count) => *count += 1,
            None => {
                fields.insert(field.to_owned(), 1);
            }
        }
    }

    pub(super) fn seen_all(&mut self, object: &'static str, json: &Json) {
        let Json::Object(members) = json else { return };
        members.iter().for_each(|(field, _)| self.seen(object, field));
    }
}

/// A scope that is running: the machine, a branch, an iteration, a function.
pub(super) struct Run<'w, 'd> {
    pub(super) world: &'w mut World<'d>,
    /// The execution's input and start.
    pub(super) input: Json,
    pub(super) started_ms: i64,
    pub(super) variables: BTreeMap<String, Json>,
    pub(super) now_ms: i64,
    pub(super) deadline_ms: i64,
    pub(super) history: History,
    pub(super) item: Option<(usize, Json)>,
    /// A branch, rather than an iteration or the machine.
    pub(super) branch: bool,
}

/// The visit of a state.
pub(super) struct Visit<'s> {
    pub(super) name: &'s str,
    pub(super) state: &'s Json,
    pub(super) entered: usize,
    pub(super) entered_ms: i64,
    pub(super) retries: usize,
    pub(super) raw: Json,
    pub(super) eff: Json,
}

impl<'s> Visit<'s> {
    pub(super) fn kind(&self) -> &'static str {
        let of = self.state.get("Type").and_then(Json::as_text).unwrap_or_default();
        let known = ["Task", "Map", "Parallel", "Pass", "Choice", "Wait", "Succeed", "Fail"];
        known.into_iter().find(|kind| *kind == of).unwrap_or("Pass")
    }

    pub(super) fn list(&self, field: &str) -> &'s [Json] {
        self.state.get(field).and_then(Json::as_list).unwrap_or_default()
    }

    pub(super) fn text(&self, field: &str) -> Option<&'s str> {
        self.state.get(field).and_then(Json::as_text)
    }
}

/// What a state's work comes to: its output, what is next, what is assigned.
type Done = (Json, Option<String>, Vec<(String, Json)>);

/// Runs a machine.
pub fn run(
    definition: &Json,
    input: &Json,
    tasks: &BTreeMap<String, Vec<Mocked>>,
    functions: &BTreeMap<String, Json>,
) -> Ran {
    let mut world = World { tasks, functions, asked: BTreeMap::new(), seen: Seen::new(), undefined: false };
    let limit = definition.get("TimeoutSeconds").and_then(Json::as_f64).map(|s| (s * 1_000.0) as i64);
    let mut run = Run {
        world: &mut world,
        input: input.clone(),
        started_ms: 0,
        variables: BTreeMap::new(),
        now_ms: 0,
        deadline_ms: limit.unwrap_or(i64::MAX),
        history: History::default(),
        item: None,
        branch: false,
    };
    // The first state does not point at it.
    run.history.side(0, 0, "ExecutionStarted", vec![is("input", input.print())]);
    let end = match run.scope("machine", definition, input.clone()) {
        Ok(output) => {
            run.event("ExecutionSucceeded", vec![is("output", output.print())]);
            End::Succeeded(output.print())
        }
        Err(Fault::Stopped) => {
            run.history.side(0, run.now_ms, "ExecutionTimedOut", vec![is("error", "States.Timeout")]);
            End::TimedOut
        }
        Err(Fault::Undefined) => End::Undefined,
        Err(Fault::Failed(failure)) => {
            let cause = failure.whole_cause();
            run.event("ExecutionFailed", told(failure.error.as_deref(), &cause));
            End::Failed(failure.error, cause)
        }
    };
    let (events, now_ms) = (std::mem::take(&mut run.history.events), run.now_ms);
    let end = if world.undefined { End::Undefined } else { end };
    Ran { end, events, now_ms, seen: world.seen }
}

/// Error and Cause, as far as there are any.
pub(super) fn told(error: Option<&str>, cause: &Cause) -> Details {
    let cause = match cause {
        Cause::Absent => None,
        Cause::Text(text) => Some(is("cause", text.as_str())),
        Cause::Any => Some(("cause", Told::Any)),
    };
    error.map(|error| is("error", error)).into_iter().chain(cause).collect()
}

impl Failure {
    pub(super) fn whole_cause(&self) -> Cause {
        match (&self.cause, &self.origin) {
            (Cause::Text(text), Some((state, id))) => Cause::Text(format!(
                "An error occurred while executing the state '{state}' (entered at the event id #{id}). {text}"
            )),
            (cause, _) => cause.clone(),
        }
    }
}

fn matches_error(entries: &Json, error: Option<&str>) -> bool {
    entries.as_list().unwrap_or_default().iter().filter_map(Json::as_text).any(|entry| match entry {
        "States.ALL" => true,
        "States.TaskFailed" => error.is_some_and(|e| e != "States.Timeout"),
        entry => error == Some(entry),
    })
}

/// The first retrier or catcher that matches.
fn first_match(list: &[Json], error: Option<&str>) -> Option<usize> {
    list.iter().position(|entry| entry.get("ErrorEquals").is_some_and(|errors| matches_error(errors, error)))
}

impl Run<'_, '_> {
    pub(super) fn event(&mut self, kind: impl Into<String>, details: Details) {
        self.history.event(self.now_ms, kind, details);
    }

    pub(super) fn wait_until(&mut self, until_ms: i64) -> Result<(), Fault> {
        if until_ms >= self.deadline_ms && until_ms > self.now_ms {
            self.now_ms = self.deadline_ms;
            return Err(Fault::Stopped);
        }
        self.now_ms = self.now_ms.max(until_ms);
        Ok(())
    }

    pub(super) fn scope(&mut self, object: &'static str, scope: &Json, input: Json) -> Result<Json, Fault> {
        self.world.seen_all(object, scope);
        let mut name = scope.get("StartAt").and_then(Json::as_text).unwrap_or_default().to_owned();
        let mut document = input;
        if self.now_ms >= self.deadline_ms {
            return Err(Fault::Stopped);
        }
        loop {
            let state = scope.get("States").and_then(|s| s.get(&name)).unwrap_or(&Json::Null);
            let mut visit = Visit {
                name: &name,
                state,
                entered: 0,
                entered_ms: self.now_ms,
                retries: 0,
                raw: document.clone(),
                eff: document,
            };
            let kind = visit.kind();
            self.event(format!("{kind}StateEntered"), vec![is("name", &*name), is("input", visit.raw.print())]);
            visit.entered = self.history.events.len();
            self.world.seen_all(kind, state);
            let done = self.visit(visit);
            if let (Err(Fault::Failed(_)), true, "Task") = (&done, self.branch, kind) {
                // Whatever failed in it, its work or its catcher.
                let chain = self.history.chain;
                self.history.side(chain, self.now_ms, "TaskStateAborted", Vec::new());
            }
            let (output, next, assigned) = done?;
            let mut details = vec![is("name", &*name), is("output", output.print())];
            if !assigned.is_empty() {
                let texts = assigned.iter().map(|(name, value)| (name.clone(), Json::Text(value.print())));
                details.push(is("assignedVariables", Json::Object(texts.collect()).print()));
            }
            self.variables.extend(assigned);
            self.event(format!("{kind}StateExited"), details);
            document = output;
            match next {
                Some(next) => name = next,
                None => return Ok(document),
            }
        }
    }

    /// One state: retries, then catchers.
    fn visit(&mut self, mut visit: Visit) -> Result<Done, Fault> {
        let mut used: Vec<f64> = vec![0.0; visit.list("Retry").len()];
        loop {
            let (failure, started) = match self.attempt(&mut visit) {
                Ok(done) => return Ok(done),
                Err((Fault::Failed(failure), started)) => (failure, started),
                Err((fault, _)) => return Err(fault),
            };
            let error = failure.error.as_deref();
            let retriers = visit.list("Retry");
            if let Some(n) = first_match(retriers, error).filter(|_| failure.catchable) {
                self.world.seen_all("Retrier", &retriers[n]);
                let number = |field, default| retriers[n].get(field).and_then(Json::as_f64).unwrap_or(default);
                if used[n] < number("MaxAttempts", 3.0) {
                    let delay = number("IntervalSeconds", 1.0) * number("BackoffRate", 2.0).powf(used[n]);
                    let delay = delay.min(number("MaxDelaySeconds", f64::INFINITY));
                    let full = retriers[n].get("JitterStrategy").and_then(Json::as_text) == Some("FULL");
                    if full && delay > 0.0 {
                        return Err(Fault::Undefined);
                    }
                    used[n] += 1.0;
                    visit.retries += 1;
                    self.wait_until(self.now_ms + (delay * 1_000.0) as i64)?;
                    continue;
                }
            }
            let kind = visit.kind();
            if started && matches!(kind, "Map" | "Parallel") {
                self.event(format!("{kind}StateFailed"), Vec::new());
            }
            let catchers = visit.list("Catch");
            let Some(n) = first_match(catchers, error).filter(|_| failure.catchable) else {
                return Err(Fault::Failed(failure));
            };
            return self.caught(&visit, &catchers[n], &failure);
        }
    }

    fn caught(&mut self, visit: &Visit, catcher: &Json, failure: &Failure) -> Result<Done, Fault> {
        self.world.seen_all("Catcher", catcher);
        let text = |text: Option<&str>| text.map_or(Json::Null, Json::text);
        let error = failure.error.as_deref();
        let cause = match failure.whole_cause() {
            Cause::Any => return Err(Fault::Undefined),
            Cause::Text(cause) => Json::Text(cause),
            Cause::Absent if error == Some("States.Timeout") => Json::text(""),
            Cause::Absent => Json::Null,
        };
        let output = Json::object([("Error", text(error)), ("Cause", cause)]);
        let assigned = self.assigned(visit, catcher.get("Assign"), &output)?;
        // What fails in a catcher, nothing of its state catches.
        let output = self.place(visit, catcher.get("ResultPath"), output)?;
        Ok((output, catcher.get("Next").and_then(Json::as_text).map(str::to_owned), assigned))
    }

    fn assigned(
        &mut self,
        visit: &Visit,
        assign: Option<&Json>,
        document: &Json,
    ) -> Result<Vec<(String, Json)>, Failure> {
        match assign.map(|assign| self.template(visit, assign, document)).transpose()? {
            Some(Json::Object(members)) => Ok(members),
            _ => Ok(Vec::new()),
        }
    }

    /// One try of a state's work, or the fault, and whether children had begun.
    fn attempt(&mut self, visit: &mut Visit) -> Result<Done, (Fault, bool)> {
        let early = |fault: Fault| (fault, false);
        let state = visit.state;
        let kind = visit.kind();
        if kind == "Fail" {
            return Err(early(self.fail(visit)));
        }
        visit.eff = match state.get("InputPath") {
            Some(path) => self.field(visit, path, &visit.raw).map_err(|f| early(f.into()))?,
            None => visit.raw.clone(),
        };
        let mut next = visit.text("Next").map(str::to_owned);
        let mut assign = state.get("Assign");
        let mut result = visit.eff.clone();
        if let Some(template) = state.get("Parameters").filter(|_| kind != "Map") {
            result = self.template(visit, template, &visit.eff).map_err(|f| early(f.into()))?;
        }
        match kind {
            "Pass" => result = state.get("Result").cloned().unwrap_or(result),
            "Wait" => {
                let until_ms = self.wait_end(visit).map_err(|f| early(f.into()))?;
                self.wait_until(until_ms).map_err(early)?;
            }
            "Choice" => {
                next = visit.text("Default").map(str::to_owned);
                for rule in visit.list("Choices") {
                    if self.holds(visit, rule).map_err(|f| early(f.into()))? {
                        next = rule.get("Next").and_then(Json::as_text).map(str::to_owned);
                        assign = rule.get("Assign");
                        break;
                    }
                }
                if next.is_none() {
                    let text = "Failed to transition out of the state. The state does not point to a next state.";
                    return Err(early(self.runtime(visit, text.to_owned()).into()));
                }
            }
            "Task" => result = self.task(visit, result).map_err(early)?,
            "Parallel" => result = self.parallel(visit, result).map_err(|fault| (fault, true))?,
            "Map" => result = self.map(visit)?,
            _ => {}
        }
        let assigned = self.assigned(visit, assign, &result).map_err(|f| early(f.into()))?;
        if let Some(selector) = state.get("ResultSelector") {
            result = self.template(visit, selector, &result).map_err(|f| early(f.into()))?;
        }
        let output = match kind {
            "Pass" | "Task" | "Map" | "Parallel" => {
                self.place(visit, state.get("ResultPath"), result).map_err(|f| early(f.into()))?
            }
            _ => visit.eff.clone(),
        };
        let output = match state.get("OutputPath") {
            Some(path) => self.field(visit, path, &output).map_err(|f| early(f.into()))?,
            None => output,
        };
        Ok((output, next, assigned))
    }

    /// A Fail state: literals, or a path or call that must come to a string.
    fn fail(&mut self, visit: &Visit) -> Fault {
        let mut texts = [None, None];
        let mut odd = false;
        for (text, (literal, path)) in texts.iter_mut().zip([("Error", "ErrorPath"), ("Cause", "CausePath")]) {
            *text = visit.text(literal).map(str::to_owned);
            let Some(written) = visit.text(path) else { continue };
            match self.expression(visit, path, written, &visit.raw) {
                Err(failure) => return failure.into(),
                Ok(Json::Text(found)) => *text = Some(found),
                Ok(_) => odd = true,
            }
        }
        if odd {
            return self.runtime(visit, Cause::Any).into();
        }
        let [error, cause] = texts;
        let cause = cause.map_or(Cause::Absent, Cause::Text);
        Fault::Failed(Failure { error, cause, origin: None, catchable: true })
    }

    fn wait_end(&self, visit: &Visit) -> Result<i64, Failure> {
        if let Some(seconds) = visit.state.get("Seconds").and_then(Json::as_f64) {
            return Ok(self.now_ms + seconds as i64 * 1_000);
        }
        if let Some(time) = visit.text("Timestamp") {
            return time::instant(time).ok_or_else(|| self.runtime(visit, Cause::Any));
        }
        let (field, path) = ["SecondsPath", "TimestampPath"]
            .into_iter()
            .find_map(|field| visit.text(field).map(|path| (field, path)))
            .unwrap_or_default();
        let Ok(value) = self.find(visit, path, &visit.eff, false) else {
            let text = format!("The {field} parameter does not reference an input value: {path}");
            return Err(match field {
                "SecondsPath" => self.runtime(visit, text),
                // Said of SecondsPath only.
                _ => self.runtime(visit, Cause::Any),
            });
        };
        let plain = value.as_text().map_or_else(|| value.print(), str::to_owned);
        let problem = match (&value, field) {
            (Json::Text(text), "TimestampPath") => match time::instant(text) {
                Some(ms) => return Ok(ms),
                None => "does not reference a valid ISO-8601 extended offset date-time format string",
            },
            (_, "TimestampPath") => "does not reference a valid ISO-8601 extended offset date-time format string",
            (Json::Number(n), _) if !n.contains('.') => match n.parse::<i64>() {
                Ok(seconds) if seconds >= 0 => return Ok(self.now_ms + seconds * 1_000),
                _ => "references a negative value",
            },
            _ => "cannot be parsed as a long value",
        };
        Err(self.runtime(visit, format!("The {field} parameter {problem}: {path} == {plain}")))
    }

    /// ResultPath into the raw input, making what is missing.
    fn place(&self, visit: &Visit, path: Option<&Json>, result: Json) -> Result<Json, Failure> {
        let path = match path {
            None => return Ok(result),
            Some(Json::Text(path)) => path,
            Some(_) => return Ok(visit.raw.clone()),
        };
        fn put(into: &Json, steps: &[&str], result: Json) -> Option<Json> {
            let [step, rest @ ..] = steps else { return Some(result) };
            let mut out = into.clone();
            match (&mut out, step.parse::<usize>()) {
                (Json::List(items), Ok(index)) => {
                    let item = items.get_mut(index)?;
                    *item = put(item, rest, result)?;
                }
                (Json::Object(_), Err(_)) => {
                    let below = into.get(step).cloned().unwrap_or(Json::Object(Vec::new()));
                    out.set(step, put(&below, rest, result)?);
                }
                _ => return None,
            }
            Some(out)
        }
        let plain = path.replace("['", ".").replace("']", "").replace('[', ".").replace(']', "");
        let steps: Vec<&str> = plain.split('.').skip(1).collect();
        put(&visit.raw, &steps, result).ok_or_else(|| {
            let error = Some("States.ResultPathMatchFailure".to_owned());
            Failure { error, catchable: true, ..self.runtime(visit, Cause::Any) }
        })
    }
}

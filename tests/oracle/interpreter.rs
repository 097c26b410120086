//! The second interpreter: JSONPath states, straight from the language's description, over definitions that are plain JSON.
//!
//! Flows in: a definition, an input, what each task comes to. Flows out: an [`End`]. It counts events and keeps a clock,
//! because causes name event ids and failures are ordered by time; it knows no bytecode, no arena and no budget. What no
//! reference defines it calls [`End::Undefined`], and such a pair is not compared.

use super::json::Json;
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
    /// Error, Cause; a cause that no recording shows is `None` inside.
    Failed(Option<String>, Cause),
    TimedOut,
    Undefined,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    Absent,
    Text(String),
    Any,
}

/// Why a scope does not go on.
pub(super) enum Fault {
    Failed(Failure),
    /// The clock has reached the scope's deadline.
    Stopped,
    Undefined,
}

#[derive(Clone)]
pub(super) struct Failure {
    pub(super) error: Option<String>,
    pub(super) cause: Cause,
    /// The state whose evaluation failed, and the number of its Entered event, from 1 within the scope.
    pub(super) origin: Option<(String, usize)>,
    pub(super) catchable: bool,
}

pub(super) type Variables = BTreeMap<String, Json>;

/// A whole run: what tasks come to, and how often each has been asked.
pub(super) struct World<'d> {
    pub(super) tasks: &'d BTreeMap<String, Vec<Mocked>>,
    pub(super) asked: BTreeMap<String, usize>,
    pub(super) input: &'d Json,
}

/// A scope that is running: the machine, a branch, an iteration.
pub(super) struct Run<'w, 'd> {
    pub(super) world: &'w mut World<'d>,
    pub(super) variables: Variables,
    pub(super) now_ms: i64,
    pub(super) deadline_ms: i64,
    /// When each event happened.
    pub(super) events: Vec<i64>,
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

/// Runs a machine: its end, the count of its events, and its clock.
pub fn run(definition: &Json, input: &Json, tasks: &BTreeMap<String, Vec<Mocked>>) -> (End, usize, i64) {
    let mut world = World { tasks, asked: BTreeMap::new(), input };
    let limit = definition.get("TimeoutSeconds").and_then(Json::as_f64).map(|s| (s * 1_000.0) as i64);
    let mut run = Run {
        world: &mut world,
        variables: Variables::new(),
        now_ms: 0,
        deadline_ms: limit.unwrap_or(i64::MAX),
        events: vec![0],
        item: None,
        branch: false,
    };
    let end = run.scope(definition, input.clone());
    run.event();
    let (count, now_ms) = (run.events.len(), run.now_ms);
    let end = match end {
        Ok(output) => End::Succeeded(output.print()),
        Err(Fault::Stopped) => End::TimedOut,
        Err(Fault::Undefined) => End::Undefined,
        Err(Fault::Failed(failure)) => {
            let (error, cause) = (failure.error.clone(), failure.whole_cause());
            End::Failed(error, cause)
        }
    };
    (end, count, now_ms)
}

impl Failure {
    fn whole_cause(&self) -> Cause {
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

impl Run<'_, '_> {
    fn event(&mut self) {
        self.events.push(self.now_ms);
    }

    fn wait_until(&mut self, until_ms: i64) -> Result<(), Fault> {
        if until_ms >= self.deadline_ms && until_ms > self.now_ms {
            self.now_ms = self.deadline_ms;
            return Err(Fault::Stopped);
        }
        self.now_ms = self.now_ms.max(until_ms);
        Ok(())
    }

    fn scope(&mut self, scope: &Json, input: Json) -> Result<Json, Fault> {
        let mut name = scope.get("StartAt").and_then(Json::as_text).unwrap_or_default().to_owned();
        let mut document = input;
        if self.now_ms >= self.deadline_ms {
            return Err(Fault::Stopped);
        }
        loop {
            let state = scope.get("States").and_then(|s| s.get(&name)).unwrap_or(&Json::Null);
            self.event();
            let visit = Visit {
                name: &name,
                state,
                entered: self.events.len(),
                entered_ms: self.now_ms,
                retries: 0,
                raw: document.clone(),
                eff: document,
            };
            let (output, next) = self.visit(visit)?;
            document = output;
            match next {
                Some(next) => name = next,
                None => return Ok(document),
            }
        }
    }

    /// One state, from Entered to Exited: retries, then catchers.
    fn visit(&mut self, mut visit: Visit) -> Result<(Json, Option<String>), Fault> {
        let mut used: Vec<f64> = Vec::new();
        loop {
            let failure = match self.attempt(&mut visit) {
                Ok((output, next, assigned)) => {
                    self.variables.extend(assigned);
                    self.event();
                    return Ok((output, next));
                }
                Err((Fault::Failed(failure), started)) => (failure, started),
                Err((fault, _)) => return Err(fault),
            };
            let (failure, started) = failure;
            let error = failure.error.as_deref();
            let list = |field: &str| visit.state.get(field).and_then(Json::as_list).unwrap_or_default().to_vec();
            if failure.catchable {
                let retriers = list("Retry");
                used.resize(retriers.len(), 0.0);
                let first = retriers.iter().position(|r| r.get("ErrorEquals").is_some_and(|e| matches_error(e, error)));
                if let Some(n) = first {
                    let number = |field, default| retriers[n].get(field).and_then(Json::as_f64).unwrap_or(default);
                    if used[n] < number("MaxAttempts", 3.0) {
                        let delay = number("IntervalSeconds", 1.0) * number("BackoffRate", 2.0).powf(used[n]);
                        let delay = delay.min(number("MaxDelaySeconds", f64::INFINITY));
                        used[n] += 1.0;
                        visit.retries += 1;
                        self.wait_until(self.now_ms + (delay * 1_000.0) as i64)?;
                        continue;
                    }
                }
            }
            let is = visit.state.get("Type").and_then(Json::as_text).unwrap_or_default();
            if started && matches!(is, "Map" | "Parallel") {
                self.event();
            }
            let catchers = list("Catch");
            let catcher = catchers
                .iter()
                .find(|c| failure.catchable && c.get("ErrorEquals").is_some_and(|e| matches_error(e, error)));
            let Some(catcher) = catcher else {
                if self.branch && is == "Task" {
                    // Placed behind the failure itself, whose id nothing names.
                    self.event();
                }
                return Err(Fault::Failed(failure));
            };
            let text = |text: Option<&str>| text.map_or(Json::Null, Json::text);
            let cause = match failure.whole_cause() {
                Cause::Any => return Err(Fault::Undefined),
                Cause::Text(cause) => Json::Text(cause),
                Cause::Absent if error == Some("States.Timeout") => Json::text(""),
                Cause::Absent => Json::Null,
            };
            let caught = Json::object([("Error", text(error)), ("Cause", cause)]);
            let assigned = match catcher.get("Assign") {
                Some(assign) => self.template(&visit, assign, &caught).map_err(Fault::Failed)?,
                None => Json::Null,
            };
            let output = place(catcher.get("ResultPath"), &visit.raw, caught)?;
            self.assign(assigned);
            self.event();
            return Ok((output, catcher.get("Next").and_then(Json::as_text).map(str::to_owned)));
        }
    }

    fn assign(&mut self, assigned: Json) {
        if let Json::Object(members) = assigned {
            self.variables.extend(members);
        }
    }

    /// One try of a state's work: the output, what is next, what is assigned; or the fault, and whether children had begun.
    #[allow(clippy::type_complexity)]
    fn attempt(&mut self, visit: &mut Visit) -> Result<(Json, Option<String>, Variables), (Fault, bool)> {
        let state = visit.state;
        let is = state.get("Type").and_then(Json::as_text).unwrap_or_default();
        let plain = |failure: Failure| (Fault::Failed(failure), false);
        if is == "Fail" {
            let literal = |field: &str| state.get(field).and_then(Json::as_text).map(str::to_owned);
            let cause = literal("Cause").map_or(Cause::Absent, Cause::Text);
            return Err(plain(Failure { error: literal("Error"), cause, origin: None, catchable: true }));
        }
        visit.eff = match state.get("InputPath") {
            Some(path) => self.field(visit, path, &visit.raw).map_err(plain)?,
            None => visit.raw.clone(),
        };
        let mut next = state.get("Next").and_then(Json::as_text).map(str::to_owned);
        let mut assign = state.get("Assign").cloned();
        let mut result = visit.eff.clone();
        let parameters = match state.get("Parameters") {
            Some(template) if is != "Map" => Some(self.template(visit, template, &visit.eff).map_err(plain)?),
            _ => None,
        };
        match is {
            "Pass" => result = state.get("Result").cloned().or(parameters).unwrap_or(result),
            "Wait" => {
                let seconds = self.wait_seconds(visit, state).map_err(plain)?;
                self.wait_until(self.now_ms + seconds * 1_000).map_err(|fault| (fault, false))?;
            }
            "Choice" => {
                let rules = state.get("Choices").and_then(Json::as_list).unwrap_or_default();
                next = None;
                for rule in rules {
                    if self.holds(visit, rule).map_err(plain)? {
                        next = rule.get("Next").and_then(Json::as_text).map(str::to_owned);
                        assign = rule.get("Assign").cloned();
                        break;
                    }
                }
                if next.is_none() {
                    next = state.get("Default").and_then(Json::as_text).map(str::to_owned);
                    if next.is_none() {
                        let text = "Failed to transition out of the state. The state does not point to a next state.";
                        return Err(plain(self.runtime(visit, text.to_owned())));
                    }
                }
            }
            "Task" => result = self.task(visit).map_err(plain)?,
            "Parallel" => {
                let branches = state.get("Branches").and_then(Json::as_list).unwrap_or_default().to_vec();
                let input = parameters.unwrap_or(result);
                self.event();
                let inputs = vec![input; branches.len()];
                result = self.children(visit, &branches, inputs, usize::MAX, None).map_err(|fault| (fault, true))?;
            }
            "Map" => {
                let items = match state.get("ItemsPath").and_then(Json::as_text) {
                    Some(path) => self.items(visit, path).map_err(|fault| (fault, false))?,
                    None => visit.eff.clone(),
                };
                let Json::List(items) = items else {
                    let path = state.get("ItemsPath").and_then(Json::as_text).unwrap_or("$");
                    let path = path.strip_prefix("$$").map_or(path.to_owned(), |p| format!("${p}"));
                    let text = format!("Reference path \"{path}\" must point to array.");
                    return Err(plain(self.runtime(visit, text)));
                };
                let most = state.get("MaxConcurrency").and_then(Json::as_f64).unwrap_or(0.0) as usize;
                let most = if most == 0 { 40 } else { most.min(40) };
                let processor = state.get("ItemProcessor").cloned().unwrap_or(Json::Null);
                let scopes = vec![processor; items.len()];
                self.event();
                let selector = state.get("ItemSelector").cloned();
                result = self.children(visit, &scopes, items, most, Some(selector)).map_err(|fault| (fault, true))?;
            }
            _ => {}
        }
        let assigned = match assign {
            Some(assign) => self.template(visit, &assign, &result).map_err(plain)?,
            None => Json::Null,
        };
        if let Some(selector) = state.get("ResultSelector") {
            result = self.template(visit, selector, &result).map_err(plain)?;
        }
        let output = match is {
            "Pass" | "Task" | "Map" | "Parallel" => {
                place(state.get("ResultPath"), &visit.raw, result).map_err(|fault| (fault, false))?
            }
            _ => visit.eff.clone(),
        };
        let output = match state.get("OutputPath") {
            Some(path) => self.field(visit, path, &output).map_err(plain)?,
            None => output,
        };
        let assigned =
            if let Json::Object(members) = assigned { members.into_iter().collect() } else { Variables::new() };
        Ok((output, next, assigned))
    }

    fn task(&mut self, visit: &Visit) -> Result<Json, Failure> {
        // Scheduled, Started, and what became of it.
        self.events.extend([self.now_ms; 3]);
        let asked = self.world.asked.entry(visit.name.to_owned()).or_insert(0);
        let outcomes = &self.world.tasks[visit.name];
        let outcome = outcomes[(*asked).min(outcomes.len() - 1)].clone();
        *asked += 1;
        match outcome {
            Mocked::Return(value) => Ok(value),
            Mocked::Throw(error, cause) => {
                let catchable = error.as_deref() != Some("States.Runtime");
                Err(Failure { error, cause: cause.map_or(Cause::Absent, Cause::Text), origin: None, catchable })
            }
        }
    }

    fn wait_seconds(&self, visit: &Visit, state: &Json) -> Result<i64, Failure> {
        if let Some(seconds) = state.get("Seconds").and_then(Json::as_f64) {
            return Ok(seconds as i64);
        }
        let path = state.get("SecondsPath").and_then(Json::as_text).unwrap_or_default();
        let text = match self.find(visit, path, &visit.eff, false) {
            Err(_) => format!("The SecondsPath parameter does not reference an input value: {path}"),
            Ok(Json::Number(n)) if n.contains('.') => {
                format!("The SecondsPath parameter cannot be parsed as a long value: {path} == {n}")
            }
            Ok(Json::Number(n)) if n.starts_with('-') => {
                format!("The SecondsPath parameter references a negative value: {path} == {n}")
            }
            Ok(Json::Number(n)) => return Ok(n.parse().unwrap_or(0)),
            Ok(_) => return Err(Failure { cause: Cause::Any, ..self.runtime(visit, String::new()) }),
        };
        Err(self.runtime(visit, text))
    }

    /// Runs children on a virtual schedule; with a selector they are a Map's iterations.
    fn children(
        &mut self,
        visit: &Visit,
        scopes: &[Json],
        inputs: Vec<Json>,
        places: usize,
        selector: Option<Option<Json>>,
    ) -> Result<Json, Fault> {
        let (start_ms, before) = (self.now_ms, self.events.len());
        let (mut free, mut failed): (Vec<i64>, Option<(i64, usize)>) = (Vec::new(), None);
        let mut ended: Vec<(Result<Json, Fault>, i64, Vec<i64>)> = Vec::new();
        for (index, input) in inputs.into_iter().enumerate() {
            let place = if free.len() < places { None } else { (0..free.len()).min_by_key(|p| (free[*p], *p)) };
            let begin = place.map_or(start_ms, |p| free[p]);
            let deadline = failed.map_or(self.deadline_ms, |(time, _)| time.min(self.deadline_ms));
            if begin >= deadline {
                break;
            }
            let map = selector.is_some();
            let mut child = Run {
                world: &mut *self.world,
                variables: self.variables.clone(),
                now_ms: begin,
                deadline_ms: deadline,
                events: if map { vec![begin] } else { Vec::new() },
                item: if map { Some((index, input.clone())) } else { self.item.clone() },
                branch: !map,
            };
            let selected = match selector.as_ref().and_then(Option::as_ref) {
                Some(template) => child.template(visit, template, &visit.eff).map_err(Fault::Failed),
                None => Ok(input),
            };
            let end = selected.and_then(|input| child.scope(&scopes[index], input));
            if map && !matches!(end, Err(Fault::Stopped)) {
                child.event();
            }
            let (end_ms, events) = (child.now_ms, std::mem::take(&mut child.events));
            match place {
                Some(p) => free[p] = end_ms,
                None => free.push(end_ms),
            }
            match &end {
                Err(Fault::Undefined) => return Err(Fault::Undefined),
                Err(Fault::Failed(_)) if failed.is_none_or(|(time, _)| end_ms < time) => failed = Some((end_ms, index)),
                _ => {}
            }
            ended.push((end, end_ms, events));
        }
        // What comes after the failure that counts appears nowhere.
        let seen = |index: usize, time: i64| match failed {
            Some((end, first)) if index != first => time < end || (time == end && index < first),
            _ => true,
        };
        let mut order: Vec<(i64, usize, usize)> = Vec::new();
        for (index, (_, _, events)) in ended.iter().enumerate() {
            let kept = events.iter().enumerate().filter(|(_, time)| seen(index, **time));
            order.extend(kept.map(|(n, time)| (*time, index, n)));
        }
        order.sort_unstable();
        self.events.extend(order.iter().map(|(time, ..)| *time));
        if let Some((end_ms, first)) = failed {
            self.now_ms = end_ms;
            let Err(Fault::Failed(mut failure)) = ended.swap_remove(first).0 else { return Err(Fault::Undefined) };
            if let Some((state, id)) = &mut failure.origin
                && state != visit.name
            {
                let rank = order.iter().position(|(_, index, n)| *index == first && *n + 1 == *id);
                *id = before + rank.map_or(usize::MAX / 2, |rank| rank + 1);
            }
            return Err(Fault::Failed(failure));
        }
        let end_ms = ended.iter().map(|(_, end_ms, _)| *end_ms).max().unwrap_or(start_ms);
        let mut outputs = Vec::new();
        let complete = ended.len() == scopes.len();
        for (end, ..) in ended {
            match end {
                Ok(output) => outputs.push(output),
                Err(_) => {
                    self.now_ms = self.deadline_ms;
                    return Err(Fault::Stopped);
                }
            }
        }
        if !complete {
            self.now_ms = self.deadline_ms;
            return Err(Fault::Stopped);
        }
        self.now_ms = end_ms;
        self.event();
        Ok(Json::List(outputs))
    }
}

/// ResultPath: `$.a.b` into an object, making what is missing.
fn place(path: Option<&Json>, raw: &Json, result: Json) -> Result<Json, Fault> {
    let path = match path {
        None => return Ok(result),
        Some(Json::Text(path)) => path,
        Some(_) => return Ok(raw.clone()),
    };
    fn put(into: &Json, names: &[&str], result: Json) -> Option<Json> {
        let [name, rest @ ..] = names else { return Some(result) };
        let Json::Object(_) = into else { return None };
        let mut out = into.clone();
        let below = into.get(name).cloned().unwrap_or(Json::Object(Vec::new()));
        out.set(name, put(&below, rest, result)?);
        Some(out)
    }
    let names: Vec<&str> = path.split('.').skip(1).collect();
    put(raw, &names, result).ok_or(Fault::Undefined)
}

//! The evaluation half of the second interpreter: what paths and templates come to in a state's visit, and the words in
//! which they fail. It must never move the clock or count an event.

use super::interpreter::{Cause, Failure, Fault, Run, Visit};
use super::intrinsic::{self, CallFault};
use super::json::Json;
use super::path::{self, Miss};
use super::time;

impl Run<'_, '_> {
    pub(super) fn runtime(&self, visit: &Visit, cause: impl Into<Cause>) -> Failure {
        Failure {
            error: Some("States.Runtime".to_owned()),
            cause: cause.into(),
            origin: Some((visit.name.to_owned(), visit.entered)),
            catchable: false,
        }
    }

    /// What a path finds, whatever its head.
    pub(super) fn find(&self, visit: &Visit, path: &str, document: &Json, existing: bool) -> Result<Json, Miss> {
        if let Some(rest) = path.strip_prefix("$$") {
            return path::find(&self.context(visit), rest, existing);
        }
        let rest = &path[1..];
        match rest.find(['.', '[']).unwrap_or(rest.len()) {
            0 => path::find(document, rest, existing),
            end => match self.variables.get(&rest[..end]) {
                Some(value) => path::find(value, &rest[end..], existing),
                None => Err(Miss::Other),
            },
        }
    }

    /// Whether a path starts at a variable that has no value: how that is told is not recorded.
    fn unassigned(&self, path: &str) -> bool {
        let rest = &path[1..];
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        end > 0 && !rest.starts_with('$') && !self.variables.contains_key(&rest[..end])
    }

    pub(super) fn context(&self, visit: &Visit) -> Json {
        let mut state = Json::object([("Name", Json::text(visit.name))]);
        state.set("EnteredTime", Json::Text(time::print(visit.entered_ms)));
        if matches!(visit.state.get("Type").and_then(Json::as_text), Some("Task" | "Map" | "Parallel")) {
            state.set("RetryCount", Json::int(visit.retries as i64));
        }
        let execution = Json::object([
            ("Input", self.input.clone()),
            ("StartTime", Json::Text(time::print(self.started_ms))),
            ("RedriveCount", Json::int(0)),
        ]);
        let mut context = Json::object([("Execution", execution), ("State", state)]);
        if visit.state.get("Resource").and_then(Json::as_text).is_some_and(|r| r.ends_with(".waitForTaskToken")) {
            context.set("Task", Json::object([("Token", Json::text("a token"))]));
        }
        if let Some((index, value)) = &self.item {
            let item = Json::object([("Index", Json::int(*index as i64)), ("Value", value.clone())]);
            context.set("Map", Json::object([("Item", item)]));
        }
        context
    }

    /// InputPath, OutputPath, TimeoutSecondsPath, HeartbeatSecondsPath.
    pub(super) fn field(&self, visit: &Visit, path: &Json, document: &Json) -> Result<Json, Failure> {
        let Json::Text(path) = path else { return Ok(Json::Object(Vec::new())) };
        self.find(visit, path, document, false).map_err(|miss| {
            let cause = match miss {
                Miss::Last(steps) => {
                    Cause::Text(format!("Invalid path '{path}' : No results for path: ${}", steps.concat()))
                }
                Miss::Earlier(steps) => {
                    Cause::Text(format!("Invalid path '{path}' : Missing property in path ${}", steps.concat()))
                }
                Miss::Other => Cause::Any,
            };
            self.runtime(visit, cause)
        })
    }

    pub(super) fn items(&self, visit: &Visit, path: &str) -> Result<Json, Fault> {
        self.find(visit, path, &visit.eff, false).map_err(|miss| {
            let cause = match miss {
                Miss::Last(steps) | Miss::Earlier(steps) if !path.starts_with("$$") => {
                    let step = steps.last().map(|s| s.trim_matches(['[', ']', '\'']).to_owned()).unwrap_or_default();
                    Cause::Text(format!("Unable to apply step \"{step}\" to input {}", visit.eff.print()))
                }
                _ => Cause::Any,
            };
            let error = Some("States.ReferencePathConflict".to_owned());
            Fault::Failed(Failure { error, catchable: true, ..self.runtime(visit, cause) })
        })
    }

    pub(super) fn template(&mut self, visit: &Visit, template: &Json, document: &Json) -> Result<Json, Failure> {
        match template {
            Json::List(items) => {
                let items = items.iter().map(|item| self.template(visit, item, document));
                Ok(Json::List(items.collect::<Result<_, _>>()?))
            }
            Json::Object(members) => {
                let mut out = Vec::new();
                for (key, value) in members {
                    match (key.strip_suffix(".$"), value) {
                        (Some(short), Json::Text(text)) => {
                            out.push((short.to_owned(), self.expression(visit, key, text, document)?));
                        }
                        _ => out.push((key.clone(), self.template(visit, value, document)?)),
                    }
                }
                Ok(Json::Object(out))
            }
            other => Ok(other.clone()),
        }
    }

    /// A path or a call, as templates, ErrorPath and CausePath hold them.
    pub(super) fn expression(
        &mut self,
        visit: &Visit,
        field: &str,
        text: &str,
        document: &Json,
    ) -> Result<Json, Failure> {
        if text.starts_with('$') {
            return self.find(visit, text, document, false).map_err(|_| match self.unassigned(text) {
                true => self.runtime(visit, Cause::Any),
                false => {
                    let input = shown(text, visit, document);
                    let message = format!(
                        "The JSONPath '{text}' specified for the field '{field}' could not be found in the input '{input}'"
                    );
                    self.runtime(visit, message)
                }
            });
        }
        let mut world = Lookup { run: self, visit, document };
        intrinsic::call(text, &mut world).map_err(|fault| match fault {
            CallFault::Missing(path) if self.unassigned(&path) => self.runtime(visit, Cause::Any),
            CallFault::Missing(path) => {
                let input = shown(&path, visit, document);
                let message = format!(
                    "The function '{text}' had the following error: The JsonPath argument for the field '{path}' could not be found in the input '{input}'"
                );
                self.runtime(visit, message)
            }
            CallFault::Rejected(why) => {
                let message = format!("There was an error while evaluating the intrinsic function: {text}. {why}");
                self.runtime(visit, message)
            }
            CallFault::Undefined => {
                self.world.undefined = true;
                self.runtime(visit, Cause::Any)
            }
        })
    }
}

/// The document that a message about a path shows: the state's own wherever the path starts elsewhere.
fn shown(path: &str, visit: &Visit, document: &Json) -> String {
    let own = path.starts_with("$.") || path.starts_with("$[");
    if own { document.print() } else { visit.eff.print() }
}

/// What a call in a template may ask for.
struct Lookup<'l, 'w, 'd, 's> {
    run: &'l mut Run<'w, 'd>,
    visit: &'l Visit<'s>,
    document: &'l Json,
}

impl intrinsic::World for Lookup<'_, '_, '_, '_> {
    fn lookup(&mut self, path: &str) -> Option<Json> {
        self.run.find(self.visit, path, self.document, true).ok()
    }

    fn called(&mut self, name: &str) {
        self.run.world.seen("intrinsic", name);
    }
}

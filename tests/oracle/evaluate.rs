//! The evaluation half of the second interpreter: what paths, templates and Choice rules come to in a state's visit, and the
//! words in which they fail. It must never move the clock or count an event.

use super::interpreter::{Cause, Failure, Fault, Run, Visit};
use super::json::Json;
use super::path::{self, CallFault, Miss};

impl Run<'_, '_> {
    pub(super) fn runtime(&self, visit: &Visit, text: String) -> Failure {
        Failure {
            error: Some("States.Runtime".to_owned()),
            cause: Cause::Text(text),
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

    pub(super) fn context(&self, visit: &Visit) -> Json {
        let mut state = Json::object([("Name", Json::text(visit.name))]);
        let seconds = visit.entered_ms / 1_000;
        let (ms, s, m, h) = (visit.entered_ms % 1_000, seconds % 60, seconds / 60 % 60, seconds / 3_600);
        // No generated machine runs for a day.
        state.set("EnteredTime", Json::text(format!("2020-01-01T{h:02}:{m:02}:{s:02}.{ms:03}Z")));
        if matches!(visit.state.get("Type").and_then(Json::as_text), Some("Task" | "Map" | "Parallel")) {
            state.set("RetryCount", Json::int(visit.retries as i64));
        }
        let execution = Json::object([("Input", self.world.input.clone())]);
        let mut context = Json::object([("Execution", execution), ("State", state)]);
        if let Some((index, value)) = &self.item {
            let item = Json::object([("Index", Json::int(*index as i64)), ("Value", value.clone())]);
            context.set("Map", Json::object([("Item", item)]));
        }
        context
    }

    /// InputPath and OutputPath.
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
            Failure { cause, ..self.runtime(visit, String::new()) }
        })
    }

    pub(super) fn items(&self, visit: &Visit, path: &str) -> Result<Json, Fault> {
        self.find(visit, path, &visit.eff, false).map_err(|miss| {
            let (Miss::Last(steps) | Miss::Earlier(steps)) = miss else { return Fault::Undefined };
            if path.starts_with("$$") {
                return Fault::Undefined;
            }
            let step = steps.last().map(|s| s.trim_matches(['[', ']', '\'']).to_owned()).unwrap_or_default();
            let text = format!("Unable to apply step \"{step}\" to input {}", visit.eff.print());
            let failure = self.runtime(visit, text);
            let error = Some("States.ReferencePathConflict".to_owned());
            Fault::Failed(Failure { error, catchable: true, ..failure })
        })
    }

    pub(super) fn template(&self, visit: &Visit, template: &Json, document: &Json) -> Result<Json, Failure> {
        match template {
            Json::List(items) => {
                Ok(Json::List(items.iter().map(|i| self.template(visit, i, document)).collect::<Result<_, _>>()?))
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

    pub(super) fn expression(&self, visit: &Visit, field: &str, text: &str, document: &Json) -> Result<Json, Failure> {
        let shown = |path: &str| {
            let own = path.starts_with("$.") || path.starts_with("$[");
            if own { document.print() } else { visit.eff.print() }
        };
        if text.starts_with('$') {
            return self.find(visit, text, document, false).map_err(|_| {
                let input = shown(text);
                let message = format!(
                    "The JSONPath '{text}' specified for the field '{field}' could not be found in the input '{input}'"
                );
                self.runtime(visit, message)
            });
        }
        path::call(text, &|path| self.find(visit, path, document, true).ok()).map_err(|fault| {
            let message = match fault {
                CallFault::Missing(path) => format!(
                    "The function '{text}' had the following error: The JsonPath argument for the field '{path}' could not be found in the input '{}'",
                    shown(&path)
                ),
                CallFault::Rejected(why) => {
                    format!("There was an error while evaluating the intrinsic function: {text}. {why}")
                }
                CallFault::Undefined => return Failure { cause: Cause::Any, ..self.runtime(visit, String::new()) },
            };
            self.runtime(visit, message)
        })
    }

    /// A Choice rule.
    pub(super) fn holds(&self, visit: &Visit, rule: &Json) -> Result<bool, Failure> {
        let rules = |key: &str| rule.get(key).and_then(Json::as_list);
        if let Some(all) = rules("And") {
            for rule in all {
                if !self.holds(visit, rule)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        if let Some(any) = rules("Or") {
            for rule in any {
                if self.holds(visit, rule)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        if let Some(rule) = rule.get("Not") {
            return self.holds(visit, rule).map(|holds| !holds);
        }
        let Json::Object(members) = rule else { return Ok(false) };
        let path = rule.get("Variable").and_then(Json::as_text).unwrap_or_default();
        let Some((operator, operand)) = members.iter().find(|(k, _)| !matches!(&**k, "Variable" | "Next" | "Assign"))
        else {
            return Ok(false);
        };
        let look = |path: &str| {
            self.find(visit, path, &visit.eff, false).map_err(|_| {
                let text =
                    format!("Invalid path '{path}': The choice state's condition path references an invalid value.");
                self.runtime(visit, text)
            })
        };
        if operator == "IsPresent" {
            return Ok(Json::Bool(look(path).is_ok()) == *operand);
        }
        let value = look(path)?;
        let (operator, operand) = match operator.strip_suffix("Path") {
            Some(short) => (short, look(operand.as_text().unwrap_or_default())?),
            None => (&**operator, operand.clone()),
        };
        Ok(compare(operator, &value, &operand))
    }
}

/// The instant of a timestamp as text that sorts by time. Those that are generated, and those of the context object: nothing
/// else that is generated looks like them.
fn instant(text: &str) -> Option<String> {
    let at = text.strip_suffix('Z').filter(|_| text.starts_with("20"))?;
    match at.len() {
        19 => Some(format!("{at}.000")),
        23 => Some(at.to_owned()),
        _ => None,
    }
}

fn compare(operator: &str, value: &Json, operand: &Json) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    if let Some(of) = operator.strip_prefix("Is") {
        let is = match of {
            "Null" => *value == Json::Null,
            "String" => value.as_text().is_some(),
            "Numeric" => value.as_f64().is_some(),
            "Boolean" => matches!(value, Json::Bool(_)),
            _ => value.as_text().and_then(instant).is_some(),
        };
        return Json::Bool(is) == *operand;
    }
    let (order, relation) = match (value, operand) {
        (Json::Text(v), Json::Text(pattern)) if operator == "StringMatches" => return glob(v, pattern),
        (Json::Text(a), Json::Text(b)) if operator.starts_with("String") => (a.cmp(b), &operator[6..]),
        (Json::Text(a), Json::Text(b)) if operator.starts_with("Timestamp") => match (instant(a), instant(b)) {
            (Some(a), Some(b)) => (a.cmp(&b), &operator[9..]),
            _ => return false,
        },
        (Json::Bool(a), Json::Bool(b)) if operator == "BooleanEquals" => return a == b,
        (Json::Number(_), Json::Number(_)) if operator.starts_with("Numeric") => {
            let (a, b) = (value.as_f64().unwrap_or(0.0), operand.as_f64().unwrap_or(0.0));
            (a.partial_cmp(&b).unwrap_or(Equal), &operator[7..])
        }
        _ => return false,
    };
    match relation {
        "Equals" => order == Equal,
        "LessThan" => order == Less,
        "GreaterThan" => order == Greater,
        "LessThanEquals" => order != Greater,
        _ => order != Less,
    }
}

fn glob(text: &str, pattern: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => (0..=text.len()).filter(|n| text.is_char_boundary(*n)).any(|n| glob(&text[n..], &pattern[1..])),
        Some(c) => text.strip_prefix(c).is_some_and(|rest| glob(rest, &pattern[c.len_utf8()..])),
    }
}

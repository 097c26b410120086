//! Choice rules of the second interpreter. It must never move the clock or count an event.

use super::interpreter::{Failure, Run, Visit};
use super::json::Json;
use super::time;

impl Run<'_, '_> {
    /// Whether a rule holds.
    pub(super) fn holds(&mut self, visit: &Visit, rule: &Json) -> Result<bool, Failure> {
        let rules = |key: &str| rule.get(key).and_then(Json::as_list);
        let Json::Object(members) = rule else { return Ok(false) };
        for (key, _) in members {
            self.world.seen("Rule", key);
        }
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
        let path = rule.get("Variable").and_then(Json::as_text).unwrap_or_default();
        let beside = ["Variable", "Next", "Assign", "Comment"];
        let Some((operator, operand)) = members.iter().find(|(k, _)| !beside.contains(&&**k)) else {
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

fn compare(operator: &str, value: &Json, operand: &Json) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    if let Some(of) = operator.strip_prefix("Is") {
        let is = match of {
            "Null" => *value == Json::Null,
            "String" => value.as_text().is_some(),
            "Numeric" => value.as_f64().is_some(),
            "Boolean" => matches!(value, Json::Bool(_)),
            _ => value.as_text().and_then(time::instant).is_some(),
        };
        return Json::Bool(is) == *operand;
    }
    let (order, relation) = match (value, operand) {
        (Json::Text(v), Json::Text(pattern)) if operator == "StringMatches" => return glob(v, pattern),
        (Json::Text(a), Json::Text(b)) if operator.starts_with("String") => (a.cmp(b), &operator[6..]),
        (Json::Text(a), Json::Text(b)) if operator.starts_with("Timestamp") => {
            match (time::instant(a), time::instant(b)) {
                (Some(a), Some(b)) => (a.cmp(&b), &operator[9..]),
                _ => return false,
            }
        }
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

/// `*` is any characters; after a backslash a star or a backslash is itself.
fn glob(text: &str, pattern: &str) -> bool {
    let mut marks = pattern.chars();
    let literal = |c: char, rest: &str| text.strip_prefix(c).is_some_and(|text| glob(text, rest));
    match marks.next() {
        None => text.is_empty(),
        Some('*') => (0..=text.len()).filter(|n| text.is_char_boundary(*n)).any(|n| glob(&text[n..], marks.as_str())),
        Some('\\') => marks.next().is_some_and(|c| literal(c, marks.as_str())),
        Some(c) => literal(c, marks.as_str()),
    }
}

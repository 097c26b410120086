//! Paths and intrinsic functions of the second interpreter: the part of both that its machines use, read from their text
//! each time they are evaluated. Slow and plain on purpose.

use super::json::Json;

/// Why a path finds nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Miss {
    /// The last of these steps is not there.
    Last(Vec<String>),
    /// A step before the last is not there.
    Earlier(Vec<String>),
    /// Something else, whose wording no recording shows.
    Other,
}

/// A path without its head, as steps: names, indexes, `*` and `..name`.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Name(String),
    Index(usize),
    All,
    Deep(String),
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(deep) = rest.strip_prefix("..") {
            let end = deep.find(['.', '[']).unwrap_or(deep.len());
            steps.push(Step::Deep(deep[..end].to_owned()));
            rest = &deep[end..];
        } else if let Some(name) = rest.strip_prefix('.') {
            let end = name.find(['.', '[']).unwrap_or(name.len());
            steps.push(if &name[..end] == "*" { Step::All } else { Step::Name(name[..end].to_owned()) });
            rest = &name[end..];
        } else {
            let end = rest.find(']').unwrap_or(rest.len() - 1);
            steps.push(match &rest[1..end] {
                "*" => Step::All,
                index => Step::Index(index.parse().unwrap_or(usize::MAX)),
            });
            rest = &rest[end + 1..];
        }
    }
    steps
}

/// What a path finds below a root; an index past an array's end gives null, or nothing if `existing` is asked for.
pub fn find(root: &Json, text: &str, existing: bool) -> Result<Json, Miss> {
    let steps = steps(text);
    if steps.iter().any(|s| matches!(s, Step::All | Step::Deep(_))) {
        let mut found = vec![root.clone()];
        for step in &steps {
            found = found.iter().flat_map(|value| matches(value, step)).collect();
        }
        return Ok(Json::List(found));
    }
    let mut value = root.clone();
    for (n, step) in steps.iter().enumerate() {
        let last = n + 1 == steps.len();
        value = match (step, &value) {
            (Step::Name(name), Json::Object(_)) => match value.get(name) {
                Some(found) => found.clone(),
                None => {
                    let names = steps[..=n].iter().map(|s| match s {
                        Step::Name(name) => format!("['{name}']"),
                        Step::Index(index) => format!("[{index}]"),
                        Step::All | Step::Deep(_) => String::new(),
                    });
                    let names = names.collect();
                    return Err(if last { Miss::Last(names) } else { Miss::Earlier(names) });
                }
            },
            (Step::Index(index), Json::List(items)) => match items.get(*index) {
                Some(found) => found.clone(),
                // The null of a missing element has no members.
                None if existing || !last => return Err(Miss::Other),
                None => Json::Null,
            },
            _ => return Err(Miss::Other),
        };
    }
    Ok(value)
}

fn matches(value: &Json, step: &Step) -> Vec<Json> {
    match (step, value) {
        (Step::Name(name), _) => value.get(name).cloned().into_iter().collect(),
        (Step::Index(index), Json::List(items)) => vec![items.get(*index).cloned().unwrap_or(Json::Null)],
        (Step::All, Json::List(items)) => items.clone(),
        (Step::All, Json::Object(members)) => members.iter().map(|(_, v)| v.clone()).collect(),
        (Step::Deep(name), _) => {
            let mut found: Vec<Json> = value.get(name).cloned().into_iter().collect();
            let children: Vec<&Json> = match value {
                Json::List(items) => items.iter().collect(),
                Json::Object(members) => members.iter().map(|(_, v)| v).collect(),
                _ => Vec::new(),
            };
            found.extend(children.into_iter().flat_map(|child| matches(child, step)));
            found
        }
        _ => Vec::new(),
    }
}

/// An argument of an intrinsic function.
enum Argument<'t> {
    Literal(Json),
    Path(&'t str),
    Call(&'t str),
}

/// Why a call fails.
pub enum CallFault {
    /// A path found nothing.
    Missing(String),
    /// A function refused its arguments: the sentence after the call.
    Rejected(String),
    /// No reference says.
    Undefined,
}

/// Evaluates a call; `lookup` finds paths.
pub fn call(text: &str, lookup: &dyn Fn(&str) -> Option<Json>) -> Result<Json, CallFault> {
    let open = text.find('(').unwrap_or(text.len());
    let (name, inside) = (&text[..open], &text[open + 1..text.len() - 1]);
    let mut values = Vec::new();
    for argument in arguments(inside) {
        values.push(match argument {
            Argument::Literal(value) => value,
            Argument::Path(path) => lookup(path).ok_or_else(|| CallFault::Missing(path.to_owned()))?,
            Argument::Call(inner) => call(inner, lookup)?,
        });
    }
    match apply(name, &values) {
        Ok(value) => Ok(value),
        Err(true) => Err(CallFault::Rejected(format!("Invalid arguments in {name}"))),
        Err(false) => Err(CallFault::Undefined),
    }
}

fn arguments(text: &str) -> Vec<Argument<'_>> {
    let (mut parts, mut depth, mut quoted, mut start) = (Vec::new(), 0, false, 0);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| match part {
            "true" => Argument::Literal(Json::Bool(true)),
            "false" => Argument::Literal(Json::Bool(false)),
            "null" => Argument::Literal(Json::Null),
            _ if part.starts_with('\'') => Argument::Literal(Json::text(&part[1..part.len() - 1])),
            _ if part.starts_with('$') => Argument::Path(part),
            _ if part.starts_with("States.") => Argument::Call(part),
            number => Argument::Literal(Json::Number(number.to_owned())),
        })
        .collect()
}

/// One function; `Err(true)` if it refuses, `Err(false)` if nothing says what it does.
fn apply(name: &str, arguments: &[Json]) -> Result<Json, bool> {
    let whole = |json: &Json| json.as_f64().ok_or(true).map(|n| n.trunc() as i64);
    match (name, arguments) {
        ("States.Format", [Json::Text(template), rest @ ..]) => {
            let pieces: Vec<&str> = template.split("{}").collect();
            if template.replace("{}", "").contains(['{', '}']) {
                return Err(false);
            }
            if pieces.len() != rest.len() + 1 {
                return Err(true);
            }
            let mut out = pieces[0].to_owned();
            for (value, piece) in rest.iter().zip(&pieces[1..]) {
                out.push_str(&value.java());
                out.push_str(piece);
            }
            Ok(Json::Text(out))
        }
        ("States.Array", values) => Ok(Json::List(values.to_vec())),
        ("States.ArrayLength", [Json::List(items)]) => Ok(Json::int(items.len() as i64)),
        ("States.ArrayGetItem", [Json::List(items), index]) => {
            let index = whole(index)?;
            match usize::try_from(index).ok().and_then(|i| items.get(i)) {
                Some(item) => Ok(item.clone()),
                // Seen recorded, for an empty array only.
                None if items.is_empty() && index >= 0 => Ok(Json::Null),
                None => Err(true),
            }
        }
        ("States.ArrayContains", [Json::List(items), wanted]) => {
            Ok(Json::Bool(items.iter().any(|item| item.java() == wanted.java())))
        }
        ("States.ArrayPartition", [Json::List(items), size]) => match usize::try_from(whole(size)?) {
            Ok(size) if size > 0 => {
                Ok(Json::List(items.chunks(size).map(|chunk| Json::List(chunk.to_vec())).collect()))
            }
            _ => Err(true),
        },
        ("States.ArrayRange", [from, to, step]) => {
            let (from, to, step) = (whole(from)?, whole(to)?, whole(step)?);
            if step == 0 {
                return Err(true);
            }
            let (mut at, mut out) = (from, Vec::new());
            while (step > 0 && at <= to) || (step < 0 && at >= to) {
                out.push(Json::int(at));
                at += step;
                if out.len() > 1_000 {
                    return Err(true);
                }
            }
            Ok(Json::List(out))
        }
        ("States.MathAdd", [a, b]) => {
            let half_up = |json: &Json| json.as_f64().map(|n| (n + 0.5).floor() as i64).ok_or(true);
            let sum = half_up(a)? + half_up(b)?;
            i32::try_from(sum).map(|sum| Json::int(i64::from(sum))).map_err(|_| true)
        }
        ("States.JsonToString", [value]) => Ok(Json::Text(value.print())),
        ("States.StringSplit", [Json::Text(text), Json::Text(marks)]) => {
            let pieces = text.split(|c| marks.contains(c)).filter(|piece| !piece.is_empty());
            Ok(Json::List(pieces.map(Json::text).collect()))
        }
        // Anything but true is false.
        ("States.JsonMerge", [a @ Json::Object(_), Json::Object(b), deep]) if *deep != Json::Bool(true) => {
            let mut merged = a.clone();
            for (key, value) in b {
                merged.set(key, value.clone());
            }
            Ok(merged)
        }
        _ => Err(true),
    }
}

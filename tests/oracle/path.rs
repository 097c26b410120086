//! Paths of the second interpreter: read from their text each time they are evaluated. Slow and plain on purpose.
//!
//! Flows in: a path without its head, and a document. Flows out: a value, or why there is none. Source: the dialect's table
//! of measured results.

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

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Name(String),
    /// `['a','b']`: an object of those that there are.
    Names(Vec<String>),
    Index(i64),
    Indexes(Vec<i64>),
    Slice(Option<i64>, Option<i64>),
    All,
    Deep(String),
    Filter(Vec<Term>),
}

/// `@.name`, or `@.name operator literal`.
#[derive(Debug, Clone, PartialEq)]
struct Term {
    name: String,
    test: Option<(String, Json)>,
}

impl Step {
    fn is_definite(&self) -> bool {
        matches!(self, Step::Name(_) | Step::Names(_) | Step::Index(_))
    }

    fn show(&self) -> String {
        match self {
            Step::Name(name) => format!("['{name}']"),
            Step::Index(index) => format!("[{index}]"),
            _ => String::new(),
        }
    }
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
        } else if let Some(filter) = rest.strip_prefix("[?(") {
            let end = filter.find(")]").unwrap_or(filter.len() - 2);
            steps.push(Step::Filter(filter[..end].split("&&").map(|term| read_term(term.trim())).collect()));
            rest = &filter[end + 2..];
        } else {
            let end = rest.find(']').unwrap_or(rest.len() - 1);
            steps.push(bracket(&rest[1..end]));
            rest = &rest[end + 1..];
        }
    }
    steps
}

fn bracket(inside: &str) -> Step {
    let number = |text: &str| text.parse::<i64>().unwrap_or(i64::MAX);
    let unquoted = |text: &str| text.trim().trim_matches('\'').to_owned();
    if inside == "*" {
        Step::All
    } else if inside.starts_with('\'') && inside.contains(',') {
        Step::Names(inside.split(',').map(unquoted).collect())
    } else if inside.starts_with('\'') {
        Step::Name(unquoted(inside))
    } else if let Some((from, to)) = inside.split_once(':') {
        let end = |text: &str| (!text.is_empty()).then(|| number(text));
        Step::Slice(end(from), end(to))
    } else if inside.contains(',') {
        Step::Indexes(inside.split(',').map(number).collect())
    } else {
        Step::Index(number(inside))
    }
}

fn read_term(text: &str) -> Term {
    let mut words = text.splitn(3, ' ');
    let name = words.next().unwrap_or_default().trim_start_matches("@.").to_owned();
    let test = words.next().map(|operator| {
        let literal = words.next().unwrap_or_default();
        let literal = match literal.strip_prefix('\'') {
            Some(text) => Json::text(text.trim_end_matches('\'')),
            None => Json::Number(literal.to_owned()),
        };
        (operator.to_owned(), literal)
    });
    Term { name, test }
}

/// What a path finds below a root; an index past an array's end gives null, or nothing if `existing` is asked for.
pub fn find(root: &Json, text: &str, existing: bool) -> Result<Json, Miss> {
    let steps = steps(text);
    // A path that may select several things selects what there is: nothing is missing, wherever it leads.
    let definite = steps.iter().all(Step::is_definite);
    let mut found = vec![root.clone()];
    for (n, step) in steps.iter().enumerate() {
        let last = n + 1 == steps.len();
        let miss = |last: bool| {
            let names = steps[..=n].iter().map(Step::show).collect();
            if last { Miss::Last(names) } else { Miss::Earlier(names) }
        };
        let mut next = Vec::new();
        for value in &found {
            match take(value, step) {
                Taken::Found(mut values) => next.append(&mut values),
                // The null of a missing element has no members.
                Taken::Beyond if definite && (existing || !last) => return Err(Miss::Other),
                Taken::Beyond => next.push(Json::Null),
                Taken::Nothing if definite => return Err(miss(last)),
                Taken::Impossible if definite => return Err(Miss::Other),
                Taken::Nothing | Taken::Impossible => {}
            }
        }
        found = next;
    }
    if definite { found.pop().ok_or(Miss::Other) } else { Ok(Json::List(found)) }
}

enum Taken {
    Found(Vec<Json>),
    /// There is no such member.
    Nothing,
    /// There is no such element.
    Beyond,
    /// The value is of another kind than the step is for.
    Impossible,
}

fn take(value: &Json, step: &Step) -> Taken {
    match (step, value) {
        (Step::Name(name), Json::Object(_)) => {
            value.get(name).map_or(Taken::Nothing, |found| Taken::Found(vec![found.clone()]))
        }
        (Step::Names(names), Json::Object(_)) => {
            let kept = names.iter().filter_map(|name| value.get(name).map(|v| (name.clone(), v.clone())));
            Taken::Found(vec![Json::Object(kept.collect())])
        }
        (Step::Index(index), Json::List(items)) => {
            element(items, *index).map_or(Taken::Beyond, |found| Taken::Found(vec![found.clone()]))
        }
        (Step::Indexes(indexes), Json::List(items)) => {
            Taken::Found(indexes.iter().map(|index| element(items, *index).cloned().unwrap_or(Json::Null)).collect())
        }
        (Step::Slice(from, to), Json::List(items)) => {
            let length = items.len() as i64;
            let place = |at: i64| if at < 0 { length + at } else { at }.clamp(0, length) as usize;
            let (from, to) = (place(from.unwrap_or(0)), place(to.unwrap_or(length)));
            Taken::Found(items.get(from..to).map(<[Json]>::to_vec).unwrap_or_default())
        }
        (Step::All, Json::List(items)) => Taken::Found(items.clone()),
        (Step::All, Json::Object(members)) => Taken::Found(members.iter().map(|(_, v)| v.clone()).collect()),
        (Step::All, _) => Taken::Found(Vec::new()),
        (Step::Deep(name), _) => Taken::Found(deep(value, name)),
        (Step::Filter(terms), Json::List(items)) => {
            Taken::Found(items.iter().filter(|item| terms.iter().all(|term| holds(term, item))).cloned().collect())
        }
        (Step::Filter(terms), Json::Object(_)) => {
            let kept = terms.iter().all(|term| holds(term, value));
            Taken::Found(kept.then(|| value.clone()).into_iter().collect())
        }
        _ => Taken::Impossible,
    }
}

fn element(items: &[Json], index: i64) -> Option<&Json> {
    let index = if index < 0 { items.len() as i64 + index } else { index };
    usize::try_from(index).ok().and_then(|index| items.get(index))
}

/// A node's own member before those of its children.
fn deep(value: &Json, name: &str) -> Vec<Json> {
    let mut found: Vec<Json> = value.get(name).cloned().into_iter().collect();
    let children: Vec<&Json> = match value {
        Json::List(items) => items.iter().collect(),
        Json::Object(members) => members.iter().map(|(_, v)| v).collect(),
        _ => Vec::new(),
    };
    found.extend(children.into_iter().flat_map(|child| deep(child, name)));
    found
}

/// Only numbers are compared with numbers here, and texts with texts: no generated text is a number.
fn holds(term: &Term, item: &Json) -> bool {
    let found = item.get(&term.name);
    let Some((operator, literal)) = &term.test else { return found.is_some() };
    let order = found.and_then(|found| match (found, literal) {
        (Json::Number(_), Json::Number(_)) => found.as_f64().partial_cmp(&literal.as_f64()),
        (Json::Text(a), Json::Text(b)) => Some(a.cmp(b)),
        _ => None,
    });
    match &**operator {
        "==" => order.is_some_and(|o| o.is_eq()),
        "!=" => !order.is_some_and(|o| o.is_eq()),
        ">" => order.is_some_and(|o| o.is_gt()),
        "<" => order.is_some_and(|o| o.is_lt()),
        ">=" => order.is_some_and(|o| o.is_ge()),
        _ => order.is_some_and(|o| o.is_le()),
    }
}

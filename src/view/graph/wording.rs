//! Fields of states in a few readable words: conditions as one would say them, what a Task calls, when it is tried again.
//!
//! `{"And": [{"Variable": "$.total", "NumericGreaterThan": 100}, …]}` reads `$.total > 100 and $.vip`. It must never
//! leave out a part of a condition: whoever has no room for it shortens the text, and says so with an ellipsis.

use crate::definition::{
    Comparator, Condition, Count, DataTest, JitterStrategy, Operand, Percentage, ProcessorMode, Resource, Retrier, Wait,
};

/// A condition.
///
/// ```
/// use expressway::definition::{Definition, ParseOptions, StateKind};
/// use expressway::view::graph::wording::condition;
/// let text = r#"{"StartAt": "C", "States": {"C": {"Type": "Choice", "Default": "E", "Choices": [{"Next": "E", "And": [
///     {"Variable": "$.total", "NumericGreaterThan": 100}, {"Variable": "$.vip", "BooleanEquals": true}]}]},
///     "E": {"Type": "Succeed"}}}"#;
/// let definition = Definition::parse(text, "c.asl.json", &ParseOptions::default()).unwrap();
/// let StateKind::Choice(choice) = &definition.root.states[0].kind else { panic!() };
/// assert_eq!(condition(&choice.rules[0].condition), "$.total > 100 and $.vip");
/// ```
pub fn condition(condition: &Condition) -> String {
    written(condition, Binding::Or)
}

/// How tightly the words around a condition bind, the loosest first.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Or,
    And,
    Not,
}

fn written(condition: &Condition, outer: Binding) -> String {
    let list = |parts: &[Condition], word: &str, binding: Binding| {
        if let [only] = parts {
            return written(only, outer);
        }
        let text = parts.iter().map(|part| written(part, binding)).collect::<Vec<_>>().join(word);
        if outer > binding { format!("({text})") } else { text }
    };
    match condition {
        Condition::And(parts) => list(parts, " and ", Binding::And),
        Condition::Or(parts) => list(parts, " or ", Binding::Or),
        Condition::Not(inner) => match &**inner {
            Condition::Not(inner) => written(inner, outer),
            Condition::Test(test) => data_test(test, true),
            inner => format!("not {}", written(inner, Binding::Not)),
        },
        Condition::Test(test) => data_test(test, false),
        Condition::Constant(true) => "always".to_owned(),
        Condition::Constant(false) => "never".to_owned(),
        Condition::Expression(expression) => one_line(&expression.text),
    }
}

fn data_test(test: &DataTest, negated: bool) -> String {
    use Comparator as C;
    let variable = &test.variable.text;
    // Of what it expects, and a Not around it, one truth value is left.
    if let Operand::Bool(expected) = test.operand {
        let holds = expected != negated;
        let is = |what: &str| format!("{variable} {} {what}", if holds { "is" } else { "is not" });
        return match test.comparator {
            C::BooleanEquals if holds => variable.to_string(),
            C::IsPresent => format!("{variable} is {}", if holds { "present" } else { "absent" }),
            C::IsNull => is("null"),
            C::IsString => is("a string"),
            C::IsNumeric => is("a number"),
            C::IsBoolean => is("a boolean"),
            C::IsTimestamp => is("a timestamp"),
            _ => format!("not {variable}"),
        };
    }
    let relation = match test.comparator {
        C::StringLessThan | C::NumericLessThan | C::TimestampLessThan => "<",
        C::StringGreaterThan | C::NumericGreaterThan | C::TimestampGreaterThan => ">",
        C::StringLessThanEquals | C::NumericLessThanEquals | C::TimestampLessThanEquals => "≤",
        C::StringGreaterThanEquals | C::NumericGreaterThanEquals | C::TimestampGreaterThanEquals => "≥",
        C::StringMatches => "matches",
        _ if negated => "≠",
        _ => "=",
    };
    let operand = match &test.operand {
        Operand::String(text) => format!("\"{text}\""),
        Operand::Number(text) | Operand::Timestamp(text) => text.to_string(),
        Operand::Path(path) => path.text.to_string(),
        Operand::Bool(value) => value.to_string(),
    };
    let text = format!("{variable} {relation} {operand}");
    if negated && relation != "≠" { format!("not {text}") } else { text }
}

/// What a Task calls, without what every ARN has.
pub fn resource(resource: &Resource) -> String {
    match resource {
        Resource::LambdaFunction { function, qualifier, .. } => match qualifier {
            Some(qualifier) => format!("λ {function}:{qualifier}"),
            None => format!("λ {function}"),
        },
        Resource::Service { service, action, pattern, .. } => format!("{service}:{action}{}", pattern.suffix()),
        Resource::AwsSdk { service, action, pattern, .. } => format!("{service}:{action}{}", pattern.suffix()),
        Resource::Activity { name, .. } => format!("activity {name}"),
        Resource::Unknown(text) => text.to_string(),
    }
}

/// How long a Wait state waits.
pub fn wait(wait: &Wait) -> String {
    match wait {
        Wait::Seconds(seconds) => format!("wait {}", duration(*seconds)),
        Wait::SecondsPath(path) => format!("wait {} seconds", path.text),
        Wait::SecondsExpression(expression) => format!("wait {} seconds", one_line(&expression.text)),
        Wait::Timestamp(text) => format!("until {text}"),
        Wait::TimestampPath(path) => format!("until {}", path.text),
        Wait::TimestampExpression(expression) => format!("until {}", one_line(&expression.text)),
        Wait::Placeholder(text) => format!("wait {text}"),
    }
}

/// Seconds in the largest units that leave nothing over.
fn duration(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "min")];
    match units.into_iter().find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit)) {
        Some((unit, "min")) => format!("{} min", seconds / unit),
        Some((unit, name)) if seconds == unit => format!("1 {name}"),
        Some((unit, name)) => format!("{} {name}s", seconds / unit),
        None => format!("{seconds} s"),
    }
}

/// How many items a Map runs at a time, and where.
pub fn map(max_concurrency: &Count, mode: ProcessorMode) -> String {
    let mut text = match mode {
        ProcessorMode::Inline => "for each item".to_owned(),
        ProcessorMode::Distributed { .. } => "for each item, distributed".to_owned(),
    };
    match max_concurrency {
        Count::Default | Count::Literal(0) => {}
        Count::Literal(1) => text.push_str(", one at a time"),
        Count::Literal(n) => text.push_str(&format!(", {n} at a time")),
        Count::Path(path) => text.push_str(&format!(", {} at a time", path.text)),
        Count::Expression(expression) => text.push_str(&format!(", {} at a time", one_line(&expression.text))),
    }
    text
}

/// How many failed items a Map bears; nothing if none.
pub fn tolerance(count: &Count, percentage: &Percentage) -> Option<String> {
    let count = match count {
        Count::Default | Count::Literal(0) => None,
        Count::Literal(n) => Some(n.to_string()),
        Count::Path(path) => Some(path.text.to_string()),
        Count::Expression(expression) => Some(one_line(&expression.text)),
    };
    let percentage = match percentage {
        Percentage::Default => None,
        Percentage::Literal(share) if *share == 0.0 => None,
        Percentage::Literal(share) => Some(format!("{share} %")),
        Percentage::Path(path) => Some(format!("{} %", path.text)),
        Percentage::Expression(expression) => Some(format!("{} %", one_line(&expression.text))),
    };
    let parts: Vec<String> = count.into_iter().chain(percentage).collect();
    (!parts.is_empty()).then(|| format!("bears {} failed items", parts.join(" or ")))
}

/// When a Retrier tries again.
pub fn retrier(retrier: &Retrier) -> String {
    let errors = retrier.error_equals.join(", ");
    if retrier.max_attempts == 0 {
        return format!("{errors}: never tried again");
    }
    let times = if retrier.max_attempts == 1 { "once".to_owned() } else { format!("{} times", retrier.max_attempts) };
    let mut text = format!("{errors}: tried again {times}, after {}", duration(retrier.interval_seconds));
    if retrier.max_attempts > 1 && retrier.backoff_rate != 1.0 {
        text.push_str(&format!(", then × {}", retrier.backoff_rate));
    }
    if let Some(most) = retrier.max_delay_seconds {
        text.push_str(&format!(", at most {}", duration(most)));
    }
    if retrier.jitter == JitterStrategy::Full {
        text.push_str(", with jitter");
    }
    text
}

/// An expression on one line, blanks in a row made one.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{Definition, ParseOptions, StateKind};

    fn worded(rule: &str) -> String {
        let text = format!(
            r#"{{"StartAt":"C","States":{{"C":{{"Type":"Choice","Choices":[{{{rule},"Next":"E"}}]}},"E":{{"Type":"Succeed"}}}}}}"#
        );
        let definition = Definition::parse(&text, "c.asl.json", &ParseOptions::default()).unwrap();
        let StateKind::Choice(choice) = &definition.root.states[0].kind else { panic!("{text}") };
        condition(&choice.rules[0].condition)
    }

    #[test]
    fn conditions_read_as_one_would_say_them() {
        for (rule, words) in [
            (r#""Variable":"$.a","StringEquals":"x""#, "$.a = \"x\""),
            (r#""Not":{"Variable":"$.a","StringEquals":"x"}"#, "$.a ≠ \"x\""),
            (r#""Not":{"Variable":"$.a","NumericLessThan":3}"#, "not $.a < 3"),
            (r#""Variable":"$.a","BooleanEquals":false"#, "not $.a"),
            (r#""Variable":"$.a","IsPresent":false"#, "$.a is absent"),
            (r#""Not":{"Variable":"$.a","IsNull":true}"#, "$.a is not null"),
            (r#""Variable":"$.a","NumericGreaterThanEqualsPath":"$.b""#, "$.a ≥ $.b"),
            (r#""Variable":"$.a","StringMatches":"log-*.txt""#, "$.a matches \"log-*.txt\""),
            (
                r#""And":[{"Or":[{"Variable":"$.a","IsNumeric":true},{"Variable":"$.b","BooleanEquals":true}]},{"Variable":"$.c","NumericEquals":1.50}]"#,
                "($.a is a number or $.b) and $.c = 1.50",
            ),
            (
                r#""Not":{"And":[{"Variable":"$.a","BooleanEquals":true},{"Variable":"$.b","BooleanEquals":true}]}"#,
                "not ($.a and $.b)",
            ),
        ] {
            assert_eq!(worded(rule), words);
        }
    }
}

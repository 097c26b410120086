//! Runs the tables of cases beside this file: definitions and what is said of them.
//!
//! `rules.txt` holds one case a paragraph. Its first line is a title that begins with `#`; the next gives the definition:
//! `machine` and a whole one, or `state` and the body of a state `S` that is the only one of a machine (`express` before
//! either makes it an EXPRESS machine). The lines that follow are what `check` must say, and nothing else:
//! `E location | message` for an error with the code SCHEMA_VALIDATION_FAILED, `E CODE location | message` for others,
//! `W …` for warnings.

mod drawing;
mod template;
mod yaml;

use super::{Definition, Diagnostic, MachineType, ParseOptions, check};

fn show(diagnostic: &Diagnostic) -> String {
    let severity = if diagnostic.is_error() { "E" } else { "W" };
    let code = match diagnostic.code.as_str() {
        "SCHEMA_VALIDATION_FAILED" => String::new(),
        code => format!("{code} "),
    };
    let location = diagnostic.location.as_deref().unwrap_or("null");
    format!("{severity} {code}{location} | {}", diagnostic.message)
}

#[test]
fn rules_of_creation() {
    let mut count = 0;
    for paragraph in include_str!("rules.txt").split("\n\n") {
        let mut lines = paragraph.lines().filter(|line| !line.is_empty());
        let (Some(title), Some(definition)) = (lines.next(), lines.next()) else { continue };
        assert!(title.starts_with("# "), "a case begins with its title: {title}");
        let (machine_type, definition) = match definition.strip_prefix("express ") {
            Some(rest) => (MachineType::Express, rest),
            None => (MachineType::Standard, definition),
        };
        let text = match definition.split_once(' ') {
            Some(("machine", text)) => text.to_owned(),
            Some(("state", body)) => format!(r#"{{"StartAt":"S","States":{{"S":{body}}}}}"#),
            _ => panic!("{title}: neither machine nor state: {definition}"),
        };
        let options = ParseOptions { machine_type };
        let found = check(&text, "case.asl.json", &options);
        let shown: Vec<String> = found.iter().map(show).collect();
        assert_eq!(shown.join("\n"), lines.collect::<Vec<_>>().join("\n"), "{title}\n{text}");
        assert_eq!(
            Definition::parse(&text, "case.asl.json", &options).is_ok(),
            !found.iter().any(Diagnostic::is_error),
            "{title}: check and parse agree"
        );
        for diagnostic in &found {
            let inside = diagnostic.span.is_none_or(|span| span.start <= span.end && span.end as usize <= text.len());
            assert!(inside, "{title}: a span outside the text");
        }
        count += 1;
    }
    assert!(count > 70, "{count} cases were read");
}

#[test]
fn deep_nesting_is_refused_quickly() {
    let open = "[".repeat(1_000_000);
    let found = check(&open, "deep.json", &ParseOptions::default());
    assert_eq!(found[0].code.as_str(), "INVALID_JSON_DESCRIPTION");
    // Maps in Maps, nearly as deep as the reader of JSON lets through.
    let mut text = String::from(r#"{"Type":"Pass","End":true}"#);
    for level in 0..250 {
        text = format!(
            r#"{{"Type":"Map","End":true,"ItemProcessor":{{"StartAt":"s{level}","States":{{"s{level}":{text}}}}}}}"#
        );
    }
    let text = format!(r#"{{"StartAt":"top","States":{{"top":{text}}}}}"#);
    let found = check(&text, "deep.json", &ParseOptions::default());
    assert_eq!(found.iter().map(|d| d.code.as_str()).collect::<Vec<_>>(), ["TOO_DEEPLY_NESTED"]);
    // Negations in negations.
    let rule = format!("{}{}{}", r#"{"Not":"#.repeat(900), r#"{"Variable":"$.a","IsNull":true}"#, "}".repeat(900));
    let rule = rule.replacen('{', r#"{"Next":"A","#, 1);
    let text = format!(
        r#"{{"StartAt":"C","States":{{"C":{{"Type":"Choice","Choices":[{rule}]}},"A":{{"Type":"Succeed"}}}}}}"#
    );
    assert_eq!(check(&text, "deep.json", &ParseOptions::default()), []);
}

#[test]
fn damaged_texts_never_panic() {
    let text = r#"{"StartAt":"S","States":{"S":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"f","P.$":"States.Format('\\'{}', $.a['b'], States.Array(1, -2.5e3))"},"Retry":[{"ErrorEquals":["A"],"BackoffRate":1.5}],"Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.e","Next":"C"}],"Next":"C"},"C":{"Type":"Choice","Choices":[{"And":[{"Variable":"$$.x","IsString":true}],"Next":"W"}],"Default":"W"},"W":{"Type":"Wait","Timestamp":"2026-01-01T00:00:00Z","End":true}}}"#;
    for at in 0..text.len() {
        for put in ["", "\"", "{", "]", "é", "$", "'", "\\", "0", ",null,"] {
            let damaged = format!("{}{put}{}", &text[..at], &text[at + 1..]);
            let _ = check(&damaged, "damaged.json", &ParseOptions::default());
        }
        let _ = check(&text[..at], "cut.json", &ParseOptions::default());
    }
}

//! Verdicts for people, a line a case, and as the XML that JUnit writes and CI systems read.
//!
//! Flows in: verdicts, by suite. Flows out: text. No duration is in it, so that the same suites give the same bytes. It must
//! never hold a character that XML cannot.

use super::Verdict;
use crate::view::paint::Paint;
use std::fmt::Write;

/// The verdicts of one suite.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The suite's name: its file.
    pub suite: String,
    /// Its verdicts, in the order of the cases.
    pub verdicts: Vec<Verdict>,
}

/// A line for each case, with what is wrong below it, and a count.
pub fn to_text(judged: &[Judged], paint: Paint) -> String {
    let mut out = String::new();
    for suite in judged {
        // Writing to a string cannot fail; so in all of this file.
        let _ = writeln!(out, "{}", suite.suite);
        for verdict in &suite.verdicts {
            let word = if verdict.holds() { paint.good("ok    ") } else { paint.bad("FAILED") };
            let _ = writeln!(out, "  {word}  {}", verdict.name);
            for fault in &verdict.faults {
                let _ = writeln!(out, "          {fault}");
            }
        }
    }
    let (all, failed) = counts(judged);
    let _ = match failed {
        0 => writeln!(out, "{}", paint.good(&format!("{all} cases hold"))),
        failed => writeln!(out, "{}", paint.bad(&format!("{failed} of {all} cases fail"))),
    };
    out
}

/// How many cases there are, and how many of them fail.
pub fn counts(judged: &[Judged]) -> (usize, usize) {
    let all = || judged.iter().flat_map(|suite| &suite.verdicts);
    (all().count(), all().filter(|verdict| !verdict.holds()).count())
}

/// JUnit's XML.
pub fn to_junit(judged: &[Judged]) -> String {
    let (all, failed) = counts(judged);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"expressway\" tests=\"{all}\" failures=\"{failed}\">\n"
    );
    for suite in judged {
        let failed = suite.verdicts.iter().filter(|verdict| !verdict.holds()).count();
        let name = escaped(&suite.suite);
        let _ = writeln!(
            out,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\">",
            suite.verdicts.len()
        );
        for verdict in &suite.verdicts {
            let case = escaped(&verdict.name);
            if verdict.holds() {
                let _ = writeln!(out, "    <testcase classname=\"{name}\" name=\"{case}\"/>");
                continue;
            }
            let first = verdict.faults.first().map(String::as_str).unwrap_or_default();
            let _ = writeln!(out, "    <testcase classname=\"{name}\" name=\"{case}\">");
            let _ =
                writeln!(out, "      <failure message=\"{}\">{}", escaped(first), escaped(&verdict.faults.join("\n")));
            let _ = writeln!(out, "\nresult: {}</failure>\n    </testcase>", escaped(&verdict.result));
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// A text as it may stand in XML, in attributes too.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

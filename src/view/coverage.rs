//! Coverage for people and for other programs: a table with what was never reached, JSON, lcov, and a page of the source.
//!
//! Flows in: the [`Coverage`] of a run and the texts that the machine and its handlers were read from. Flows out: text. It
//! must never need anything but itself to be looked at: the page fetches nothing.

use super::json::quoted;
use super::paint::Paint;
use crate::batch::{Coverage, Part, PartKind};
use crate::definition::Source;
use std::fmt::Write;

/// A text that parts of the coverage stand in.
#[derive(Debug, Clone, Copy)]
pub struct Covered<'s> {
    /// The handler whose definition it is; none for the machine's.
    pub handler: Option<&'s str>,
    /// The text.
    pub source: &'s Source,
}

impl Covered<'_> {
    fn parts<'c>(&self, coverage: &'c Coverage) -> impl Iterator<Item = &'c Part> {
        let handler = self.handler.map(str::to_owned);
        coverage.parts.iter().filter(move |part| part.handler.as_deref() == handler.as_deref())
    }
}

/// A table of the groups, then what was never reached, with file and line.
pub fn to_text(coverage: &Coverage, sources: &[Covered], paint: Paint) -> String {
    let mut out = String::new();
    let mut row = |name: &str, (reached, all): (usize, usize)| {
        let percent = if all == 0 { 100.0 } else { reached as f64 * 100.0 / all as f64 };
        // Writing to a string cannot fail; so in all of this file.
        let share = format!("{percent:>6.2} %");
        let share = if reached == all { paint.good(&share) } else { paint.changed(&share) };
        let _ = writeln!(out, "{name:<12} {reached:>5} of {all:>5}  {share}");
    };
    for (group, name) in PartKind::GROUPS.iter().enumerate() {
        let counts = coverage.reached_of(group);
        if counts.1 > 0 {
            row(name, counts);
        }
    }
    row("all", coverage.reached());
    if coverage.missed().next().is_some() {
        out.push_str(&paint.strong("never reached"));
        out.push('\n');
        for covered in sources {
            for part in covered.parts(coverage).filter(|part| part.count == 0) {
                let place = paint.faint(&format!("{}:{}", covered.source.file_name(), part.line_number));
                let _ = writeln!(out, "  {place}  {}", paint.gone(&part.to_string()));
            }
        }
    }
    out
}

/// All parts with their counts, as one JSON object with `"schema": 1`.
pub fn to_json(coverage: &Coverage) -> String {
    let (reached, all) = coverage.reached();
    let mut out = String::from("{\"schema\":1,");
    let _ = write!(out, "\"reached\":{reached},\"parts\":{all},\"percent\":{:.2}", coverage.percent());
    for (group, name) in PartKind::GROUPS.iter().enumerate() {
        let _ = write!(out, ",\"{name}\":");
        coverage.write_group(group, &mut out);
    }
    out.push_str(",\"missed\":[");
    for (n, part) in coverage.missed().enumerate() {
        out.push_str(if n > 0 { "," } else { "" });
        out.push_str(&quoted(&part.to_string()));
    }
    out.push_str("]}\n");
    out
}

/// An lcov tracefile: states are functions, everything with an alternative is a branch, and lines are those on which a
/// part begins.
pub fn to_lcov(coverage: &Coverage, sources: &[Covered]) -> String {
    let mut out = String::new();
    for covered in sources {
        let parts: Vec<&Part> = covered.parts(coverage).collect();
        if parts.is_empty() {
            continue;
        }
        let _ = writeln!(out, "TN:\nSF:{}", covered.source.file_name());
        let states: Vec<&&Part> = parts.iter().filter(|part| part.kind == PartKind::State).collect();
        for state in &states {
            let _ = writeln!(out, "FN:{},{}", state.line_number, state.state);
        }
        for state in &states {
            let _ = writeln!(out, "FNDA:{},{}", state.count, state.state);
        }
        let hit = states.iter().filter(|state| state.count > 0).count();
        let _ = writeln!(out, "FNF:{}\nFNH:{hit}", states.len());
        let branches: Vec<&&Part> = parts.iter().filter(|part| part.kind != PartKind::State).collect();
        for (n, branch) in branches.iter().enumerate() {
            let entered = states.iter().find(|state| state.location == branch.location).map_or(0, |state| state.count);
            // A dash stands for a branch that nobody came near.
            let taken = if entered == 0 { "-".to_owned() } else { branch.count.to_string() };
            let _ = writeln!(out, "BRDA:{},0,{n},{taken}", branch.line_number);
        }
        let hit = branches.iter().filter(|branch| branch.count > 0).count();
        let _ = writeln!(out, "BRF:{}\nBRH:{hit}", branches.len());
        let mut lines: Vec<(u32, u64)> = Vec::new();
        // A transition has no line of its own.
        for part in parts.iter().filter(|part| !matches!(part.kind, PartKind::Transition(_))) {
            match lines.iter_mut().find(|(line_number, _)| *line_number == part.line_number) {
                Some((_, count)) => *count = (*count).max(part.count),
                None => lines.push((part.line_number, part.count)),
            }
        }
        lines.sort_unstable();
        for (line_number, count) in &lines {
            let _ = writeln!(out, "DA:{line_number},{count}");
        }
        let hit = lines.iter().filter(|(_, count)| *count > 0).count();
        let _ = writeln!(out, "LF:{}\nLH:{hit}\nend_of_record", lines.len());
    }
    out
}

/// A page of its own: the table, what was never reached, and the texts with what was reached beside each line.
pub fn to_html(coverage: &Coverage, sources: &[Covered]) -> String {
    let mut out = String::from(HEAD);
    let (reached, all) = coverage.reached();
    let _ = writeln!(out, "<h1>Coverage <b>{:.2} %</b></h1><p>{reached} of {all} parts were reached.</p>", {
        coverage.percent()
    });
    out.push_str("<table><tr><th>part</th><th>reached</th><th>of</th><th></th></tr>\n");
    for (group, name) in PartKind::GROUPS.iter().enumerate() {
        let (reached, all) = coverage.reached_of(group);
        if all > 0 {
            let _ = writeln!(
                out,
                "<tr><td>{name}</td><td>{reached}</td><td>{all}</td><td><meter max=\"{all}\" value=\"{reached}\">{reached} of {all}</meter></td></tr>"
            );
        }
    }
    out.push_str("</table>\n");
    for (n, covered) in sources.iter().enumerate() {
        let parts: Vec<&Part> = covered.parts(coverage).collect();
        if !parts.is_empty() {
            file(n, covered, &parts, &mut out);
        }
    }
    out.push_str("</body></html>\n");
    out
}

fn file(n: usize, covered: &Covered, parts: &[&Part], out: &mut String) {
    let _ = writeln!(out, "<h2>{}</h2>", escaped(covered.source.file_name()));
    let missed: Vec<&&Part> = parts.iter().filter(|part| part.count == 0).collect();
    if !missed.is_empty() {
        out.push_str("<p>Never reached:</p><ul>\n");
        for part in missed {
            let line = part.line_number;
            let _ = writeln!(out, "<li><a href=\"#f{n}l{line}\">line {line}</a> {}</li>", escaped(&part.to_string()));
        }
        out.push_str("</ul>\n");
    }
    out.push_str("<pre>\n");
    let mut line_number = 1;
    while let Some(line) = covered.source.line(line_number) {
        let here: Vec<&&Part> = parts.iter().filter(|part| part.line_number == line_number).collect();
        let reached = here.iter().filter(|part| part.count > 0).count();
        let class = match (here.len(), reached) {
            (0, _) => "plain",
            (_, 0) => "missed",
            (all, reached) if reached < all => "partly",
            _ => "reached",
        };
        let count = here.iter().map(|part| part.count).max().map_or_else(String::new, |count| count.to_string());
        let title: Vec<String> = here.iter().map(|part| format!("{part}: {}", part.count)).collect();
        let _ = writeln!(
            out,
            "<span id=\"f{n}l{line_number}\" class=\"{class}\" title=\"{}\"><i>{line_number:>5}</i><i>{count:>10}</i> {}</span>",
            escaped(&title.join("\n")),
            escaped(line)
        );
        line_number += 1;
    }
    out.push_str("</pre>\n");
}

/// A text as it may stand in HTML, in attributes too.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

const HEAD: &str = "<!DOCTYPE html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Coverage</title><style>
:root { color-scheme: light dark; --hit: #d7f2dc; --some: #fdf0c4; --miss: #fbd9d7; }
@media (prefers-color-scheme: dark) { :root { --hit: #17391f; --some: #463a0c; --miss: #4c1d1a; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
td, th { padding: 0 1rem 0 0; text-align: left; }
pre { font: 13px/1.5 ui-monospace, monospace; overflow-x: auto; }
pre span { display: block; } pre i { font-style: normal; opacity: .6; user-select: none; }
.reached { background: var(--hit); } .partly { background: var(--some); } .missed { background: var(--miss); }
</style></head><body>
";

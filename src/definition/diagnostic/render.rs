//! Draws diagnostics for people: the line of the text, a caret under what is meant, what was expected, and help.
//!
//! Flows in: diagnostics and the text that they speak of. Flows out: plain text, with colours on request. The picture is
//! our own; whatever a definition holds, no control character of it reaches the terminal.

use std::fmt::Write as _;

use super::{Diagnostic, Severity};
use crate::definition::source::Source;
use crate::value::tree::Span;

/// Whether pictures are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Style {
    /// Text alone.
    #[default]
    Plain,
    /// With ANSI colours, for a terminal.
    Colour,
}

/// How much of a line is shown, in characters: machines are often written on one line.
const WIDTH_MAX: usize = 100;

/// Draws diagnostics one after the other, with a blank line between.
///
/// ```
/// use expressway::definition::{ParseOptions, Source, check, diagnostic::render::{Style, render}};
/// let text = "{\n  \"StartAt\": \"A\",\n  \"States\": {\"A\": {\"Type\": \"Pass\", \"Edn\": true, \"End\": true}}\n}";
/// let found = check(text, "a.json", &ParseOptions::default());
/// let picture = render(&found, &Source::new(text, "a.json"), Style::Plain);
/// assert!(picture.starts_with("error[SCHEMA_VALIDATION_FAILED]: Field 'Edn' is not supported\n --> a.json:3:"));
/// assert!(picture.contains("= help: did you mean `End`?"));
/// ```
#[must_use]
pub fn render(diagnostics: &[Diagnostic], source: &Source, style: Style) -> String {
    let mut out = String::new();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        draw(&mut out, diagnostic, source, style);
    }
    out
}

/// One line that counts them: `2 errors, 1 warning`; empty if there are none.
#[must_use]
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let count = |number: usize, what: &str| match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{number} {what}s")),
    };
    let parts = [count(errors, "error"), count(diagnostics.len() - errors, "warning")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn draw(out: &mut String, diagnostic: &Diagnostic, source: &Source, style: Style) {
    let (word, colour) = match diagnostic.severity {
        Severity::Error => ("error", "31"),
        Severity::Warning => ("warning", "33"),
    };
    let paint = |text: &str, code: &str| match style {
        Style::Plain => text.to_owned(),
        Style::Colour => format!("\x1b[{code}m{text}\x1b[0m"),
    };
    // The further lines of a message only repeat the place, in the notation of AWS's JSON library.
    let message = visible(diagnostic.message.lines().next().unwrap_or_default());
    let head = paint(&format!("{word}[{}]", diagnostic.code.as_str()), &format!("1;{colour}"));
    let _ = writeln!(out, "{head}{}", paint(&format!(": {message}"), "1"));

    let place = diagnostic.span.map(|span| (span, source.position(span.start)));
    let gutter = place.map_or(1, |(_, position)| position.line_number.to_string().len());
    let mut whereabouts = visible(source.file_name());
    if let Some((_, position)) = place {
        let _ = write!(whereabouts, ":{}:{}", position.line_number, position.column_number);
    }
    // A location that does not begin with a slash is the JSON library's, which the line above already gives.
    if let Some(location) = diagnostic.location.as_deref().filter(|location| location.starts_with('/')) {
        let _ = write!(whereabouts, "  {}", visible(location));
    }
    let _ = writeln!(out, "{:gutter$}{} {whereabouts}", "", paint("-->", "34"));
    let bar = paint("|", "34");
    if let Some((span, position)) = place
        && let Some((line, before, marked)) = excerpt(source, span)
    {
        let number = paint(&format!("{:>gutter$}", position.line_number), "34");
        let _ = writeln!(out, "{:gutter$} {bar}", "");
        let _ = writeln!(out, "{number} {bar} {line}");
        let carets = paint(&"^".repeat(marked), &format!("1;{colour}"));
        let _ = writeln!(out, "{:gutter$} {bar} {:before$}{carets}", "", "");
    }
    for (label, text) in [("expected", &diagnostic.expected), ("help", &diagnostic.hint)] {
        if let Some(text) = text {
            let _ = writeln!(out, "{:gutter$} {} {}: {}", "", paint("=", "34"), paint(label, "1"), visible(text));
        }
    }
}

/// The line in which a span begins, or the part of it that fits; how many characters stand before the span and how many
/// of it are on the line.
fn excerpt(source: &Source, span: Span) -> Option<(String, usize, usize)> {
    let start = source.position(span.start);
    let line: Vec<char> = source.line(start.line_number)?.chars().collect();
    let column = (start.column_number as usize - 1).min(line.len());
    let end = source.position(span.end.max(span.start));
    let end_column = if end.line_number == start.line_number { end.column_number as usize - 1 } else { line.len() };
    let marked = end_column.clamp(column + 1, line.len().max(column + 1)) - column;
    let (from, to) = window(line.len(), column, marked);
    let mut text = String::new();
    if from > 0 {
        text.push('…');
    }
    text.extend(line[from..to].iter().map(|&c| if c.is_control() { ' ' } else { c }));
    if to < line.len() {
        text.push('…');
    }
    let before = column - from + usize::from(from > 0);
    Some((text.trim_end().to_owned(), before, marked.min((to - column.min(to)).max(1))))
}

/// Which characters of a line are shown so that the marked ones are among them.
fn window(length: usize, column: usize, marked: usize) -> (usize, usize) {
    if length <= WIDTH_MAX {
        return (0, length);
    }
    let lead = WIDTH_MAX.saturating_sub(marked.min(WIDTH_MAX)) / 2;
    let from = column.saturating_sub(lead).min(length - WIDTH_MAX);
    (from, from + WIDTH_MAX)
}

/// A text without control characters.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            let _ = write!(out, "{}", c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

//! A text → a tree, and what is said of a text that is none.
//!
//! Flows in: the text of a definition. Flows out: its [`Node`] tree, or the one [`Diagnostic`] that says where reading
//! stopped, in the words of AWS's JSON library where they were recorded.

use super::diagnostic::{Code, Diagnostic};
use super::source::Source;
use super::yaml;
use crate::value::tree::{Kind, Node, Span, SyntaxError, parse};

/// The longest text that is read at all: a template may hold more than AWS takes of one definition.
const TEXT_MAX: usize = 16 << 20;

/// How much of the text AWS's message quotes, in characters.
const QUOTED_MAX: usize = 500;

/// Reads a text; its name and its first character tell whether it is JSON or YAML.
pub(super) fn tree(text: &str, file_name: &str) -> Result<Node, Box<Diagnostic>> {
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        let message = "Definition must be a valid JSON object";
        return Err(Box::new(Diagnostic::error(Code::SchemaValidationFailed, message)));
    }
    if text.len() > TEXT_MAX {
        let message = format!("The text is {} bytes long; at most {TEXT_MAX} are read", text.len());
        return Err(Box::new(Diagnostic::error(Code::InvalidJsonDescription, message)));
    }
    let json = parse(text);
    match (json, looks_like_yaml(text, file_name)) {
        (Ok(node), _) => Ok(node),
        (Err(_), true) => yaml::tree(text).map(version_as_text),
        (Err(error), false) => Err(Box::new(not_json(text, &error))),
    }
}

/// `Version: 1.0` is a number to YAML and a text to the language.
fn version_as_text(mut root: Node) -> Node {
    if let Kind::Object(members) = &mut root.kind {
        for member in members.iter_mut().filter(|member| &*member.key == "Version") {
            if let Kind::Number(text) = &mut member.value.kind {
                member.value.kind = Kind::String(std::mem::take(text));
            }
        }
    }
    root
}

/// Whether a text that is not JSON is meant to be YAML: its name says so, or, where the name says nothing, it does not
/// begin as an object does.
fn looks_like_yaml(text: &str, file_name: &str) -> bool {
    let name = file_name.to_ascii_lowercase();
    let ends = |extension: &str| name.ends_with(extension);
    if ends(".yaml") || ends(".yml") || ends(".template") {
        return true;
    }
    !ends(".json") && !text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with(['{', '['])
}

fn not_json(text: &str, error: &SyntaxError) -> Diagnostic {
    let offset = error.offset as usize;
    let token = unquoted_token(text, offset);
    let position = match token {
        // AWS's library stops behind the token that it does not know.
        Some((start, end)) => Source::new(text, "").position(u32::try_from(end).unwrap_or(start as u32)),
        None => Source::new(text, "").position(error.offset),
    };
    let mut quoted: String = text.chars().take(QUOTED_MAX).collect();
    let left = text[quoted.len()..].chars().count();
    quoted = format!("\"{quoted}\"");
    if left > 0 {
        quoted.push_str(&format!("[truncated {left} chars]"));
    }
    let location =
        format!("[Source: (String){quoted}; line: {}, column: {}]", position.line_number, position.column_number);
    let what = match token {
        Some((start, end)) => format!(
            "Unrecognized token '{}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
            &text[start..end]
        ),
        None => error.message.clone(),
    };
    let span = match token {
        Some((start, end)) => Span { start: start as u32, end: end as u32 },
        None => {
            let length = text.get(offset..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
            Span { start: error.offset, end: error.offset + length as u32 }
        }
    };
    let diagnostic = Diagnostic::error(Code::InvalidJsonDescription, format!("{what}\n at {location}"));
    let diagnostic = diagnostic.at(location).spanning(span);
    match error.message.strip_prefix("expected ") {
        Some(expected) if token.is_some() => diagnostic.expecting(expected),
        _ => diagnostic,
    }
}

/// Where a bare word stands that reading stopped at or inside of (`nul`, `not`).
fn unquoted_token(text: &str, offset: usize) -> Option<(usize, usize)> {
    let in_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let rest = text.get(offset..)?;
    let end = offset + rest.find(|c| !in_word(c)).unwrap_or(rest.len());
    let before = &text[..offset];
    let start =
        before.rfind(|c| !in_word(c)).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let word = &text[start..end];
    // Only where a value can stand: behind nothing, a bracket, a comma or a colon.
    let lead = before[..start].trim_end().chars().next_back();
    let value_place = matches!(lead, None | Some('[' | ',' | ':'));
    (value_place && word.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$')).then_some((start, end))
}

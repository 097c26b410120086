//! From rustdoc's JSON to facts, one a line. A fact that goes away breaks somebody; one that comes breaks nobody.
//!
//! It must never depend on the order or the numbers of rustdoc's items.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Why there is no surface.
#[derive(Debug)]
pub enum Failed {
    /// Rustdoc has written nothing.
    NotWritten(String),
    /// What it has written is of another time.
    OtherForm(String),
}

/// What is said of the crate at `path`, of the modules and items in `held`.
pub fn facts(path: &Path, held: &[String]) -> Result<BTreeSet<String>, Failed> {
    let builder = public_api::Builder::from_rustdoc_json(path).omit_blanket_impls(true);
    let api = builder.build().map_err(|error| Failed::OtherForm(error.to_string()))?;
    let text = fs::read_to_string(path).map_err(|error| Failed::NotWritten(error.to_string()))?;
    let json: Value = serde_json::from_str(&text).map_err(|error| Failed::OtherForm(error.to_string()))?;
    let index = &json["index"];
    let modules: BTreeSet<String> = api
        .items()
        .filter_map(|item| Some(item.to_string().strip_prefix("pub mod ")?.to_owned()))
        .chain(held.iter().take(1).filter_map(|name| Some(name.split("::").next()?.to_owned())))
        .collect();
    let root = held.first().and_then(|name| name.split("::").next()).unwrap_or_default();
    let mut facts = BTreeSet::new();
    for item in api.items() {
        let line = item.to_string();
        let Some(subject) = subject(&line, root) else { continue };
        if !is_held(subject, &modules, held) {
            continue;
        }
        let of = &index[item.id().0.to_string()];
        let parent = item.parent_id().map_or(&Value::Null, |id| &index[id.0.to_string()]);
        if is_said_elsewhere(&line, parent) {
            continue;
        }
        facts.extend(whole(&line, subject, of, index));
        // Who may grow is said by what may not be done with it.
        facts.insert(line.trim_start_matches("#[non_exhaustive] ").to_owned());
    }
    Ok(facts)
}

/// Whom a line is about: for an implementation the type that has it, else what it names first.
fn subject<'l>(line: &'l str, root: &str) -> Option<&'l str> {
    let start = format!("{root}::");
    let after_for = match line.starts_with("impl") || line.starts_with("unsafe impl") {
        true => line.rfind(" for ").map_or(0, |at| at + " for ".len()),
        false => 0,
    };
    let begins = |from: usize| {
        let rest = &line[from..];
        rest.match_indices(&start).map(|(at, _)| from + at).find(|&at| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
        })
    };
    let at = begins(after_for).or_else(|| begins(0))?;
    let rest = &line[at..];
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
    // A field's colon is no part of its name.
    Some(rest[..end].trim_end_matches(':'))
}

/// Whether the module that has it is held to, or the item itself.
fn is_held(subject: &str, modules: &BTreeSet<String>, held: &[String]) -> bool {
    let mut module = subject;
    while !modules.contains(module) {
        match module.rsplit_once("::") {
            Some((above, _)) => module = above,
            None => return false,
        }
    }
    let is_listed = |name: &str| held.iter().any(|held| held == name);
    let item = subject[module.len()..].trim_start_matches("::").split("::").next().unwrap_or_default();
    is_listed(module) || is_listed(&format!("{module}::{item}"))
}

/// Lines that follow from others: the members of a foreign trait's implementation but for its types, the heads of
/// implementations, and traits that nobody asks for by name.
fn is_said_elsewhere(line: &str, parent: &Value) -> bool {
    let is_impl = line.starts_with("impl") || line.starts_with("unsafe impl");
    let unasked = ["Freeze", "UnsafeUnpin", "StructuralPartialEq"].map(|name| format!("core::marker::{name} for "));
    if is_impl {
        let has_trait = line.contains(" for ");
        // Nor does what a type is not, today: it may become so.
        let is_denied = line.contains("impl !") || line.contains("> !");
        return !has_trait || is_denied || unasked.iter().any(|name| line.contains(name));
    }
    let in_trait = parent["inner"]["impl"]["trait"].is_object();
    in_trait && !line.starts_with("pub type ")
}

/// What users may do only as long as nothing is added.
fn whole(line: &str, subject: &str, item: &Value, index: &Value) -> Option<String> {
    let is_open = |item: &Value| item["attrs"].as_array().is_some_and(|all| all.iter().any(|a| a == "non_exhaustive"));
    if is_open(item) || line.starts_with("impl") {
        return None;
    }
    let name = |id: &Value| index[id.to_string()]["name"].as_str().unwrap_or("?").to_owned();
    let names = |ids: &Value| ids.as_array().into_iter().flatten().map(name).collect::<Vec<_>>().join(", ");
    let inner = &item["inner"];
    let fields = |plain: &Value| (plain["has_stripped_fields"] == false).then(|| names(&plain["fields"]));
    if let Some(plain) = inner["struct"]["kind"].get("plain") {
        return fields(plain).map(|fields| format!("{subject} may be written out: {{{fields}}}"));
    }
    if inner["struct"]["kind"] == "unit" {
        return Some(format!("{subject} may be written out"));
    }
    if let Some(fields) = inner["struct"]["kind"]["tuple"].as_array() {
        // A field that nobody else sees has no number.
        let is_whole = !fields.is_empty() && fields.iter().all(|id| !id.is_null());
        return is_whole.then(|| format!("{subject} may be written out: ({})", fields.len()));
    }
    if let Some(plain) = inner["variant"]["kind"].get("struct") {
        return fields(plain).map(|fields| format!("{subject} may be written out: {{{fields}}}"));
    }
    if let Some(variants) = inner["enum"].get("variants").filter(|_| inner["enum"]["has_stripped_variants"] == false) {
        return Some(format!("{subject} may be matched whole: {{{}}}", names(variants)));
    }
    let items = inner["trait"]["items"].as_array()?;
    let has_default = |id: &Value| {
        let inner = &index[id.to_string()]["inner"];
        let given = |kind: &str, member: &str| inner[kind].get(member).is_some_and(|d| !d.is_null());
        inner["function"]["has_body"] == true || given("assoc_type", "type") || given("assoc_const", "value")
    };
    let mut asked: Vec<String> = items.iter().filter(|id| !has_default(id)).map(name).collect();
    asked.sort();
    Some(format!("{subject} may be implemented: {{{}}}", asked.join(", ")))
}

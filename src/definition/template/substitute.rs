//! `DefinitionSubstitutions`: `${Name}` in a definition is replaced by the value of that name.
//!
//! Flows in: the values, then a tree or a text. Flows out: the same with its placeholders replaced; one without a value
//! stays as it is. Inside strings it is the parsed text that is replaced in, so that no value can break the JSON; where a
//! placeholder stands for a whole value, the text is replaced in before it is parsed, so that a number stays one. The
//! `Payload` of a function call that becomes a JSON text is handed over as that JSON.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::value::tree::{Kind, Member, Node, parse};

/// How many bytes placeholders may grow to: each of many may be long.
const INSERTED_MAX: usize = 16 << 20;

/// The placeholders of one definition would make it too long.
#[derive(Debug)]
pub(super) struct TooLong;

/// What becomes of placeholders inside the strings of a text.
#[derive(Clone, Copy)]
pub(super) enum InStrings {
    /// They are replaced by the value as a JSON string writes it.
    Escape,
    /// They are left for the tree that the text is parsed into.
    Leave,
}

/// Values by name.
pub(super) struct Substitutions {
    values: BTreeMap<Box<str>, Box<str>>,
}

impl Substitutions {
    /// Begins with values from outside, which win over those of the template.
    pub(super) fn new(values: &BTreeMap<String, String>) -> Self {
        let values = values.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into())).collect();
        Substitutions { values }
    }

    /// Adds a value of the template.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.values.entry(name.into()).or_insert_with(|| value.into());
    }

    /// Replaces in every string of a tree, keys included.
    pub(super) fn in_tree(&self, root: &mut Node) -> Result<(), TooLong> {
        if self.values.is_empty() {
            return Ok(());
        }
        let mut left = INSERTED_MAX;
        self.walk(root, &mut left)
    }

    fn walk(&self, node: &mut Node, left: &mut usize) -> Result<(), TooLong> {
        match &mut node.kind {
            Kind::String(text) => {
                if let Some(replaced) = self.replaced(text, left)? {
                    *text = replaced;
                }
            }
            Kind::Array(elements) => {
                for element in elements {
                    self.walk(element, left)?;
                }
            }
            Kind::Object(members) => {
                let calls = members.iter().any(|member| matches!(&*member.key, "FunctionName" | "FunctionName.$"));
                for member in members {
                    if let Some(replaced) = self.replaced(&member.key, left)? {
                        member.key = replaced;
                    }
                    let before = member.value.as_str().map(str::len);
                    let had_placeholder = member.value.as_str().is_some_and(|text| text.contains("${"));
                    self.walk(&mut member.value, left)?;
                    if calls && &*member.key == "Payload" && before.is_some() && had_placeholder {
                        hand_over_json(member);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A text with its placeholders replaced; `None` if there were none with a value.
    fn replaced(&self, text: &str, left: &mut usize) -> Result<Option<Box<str>>, TooLong> {
        let mut out = String::new();
        let mut copied = 0;
        for (place, value) in self.places(text) {
            *left = left.checked_sub(value.len()).ok_or(TooLong)?;
            out.push_str(&text[copied..place.start]);
            out.push_str(value);
            copied = place.end;
        }
        if copied == 0 {
            return Ok(None);
        }
        out.push_str(&text[copied..]);
        Ok(Some(out.into()))
    }

    /// Replaces in a text that is to be JSON.
    pub(super) fn in_text(&self, text: &str, strings: InStrings) -> Result<String, TooLong> {
        let mut left = INSERTED_MAX;
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        let mut inside = Inside::default();
        for (place, value) in self.places(text) {
            let between = &text[copied..place.start];
            inside.pass(between);
            out.push_str(between);
            let before = out.len();
            match (inside.string, strings) {
                (false, _) => out.push_str(value),
                (true, InStrings::Escape) => escape_into(value, &mut out),
                (true, InStrings::Leave) => out.push_str(&text[place.clone()]),
            }
            left = left.checked_sub(out.len() - before).ok_or(TooLong)?;
            copied = place.end;
        }
        out.push_str(&text[copied..]);
        Ok(out)
    }

    /// The placeholders with a value, in order.
    fn places<'s>(&'s self, text: &'s str) -> impl Iterator<Item = (Range<usize>, &'s str)> {
        let mut free_from = 0;
        text.match_indices("${").filter_map(move |(start, _)| {
            if start < free_from {
                return None;
            }
            let rest = &text[start + 2..];
            // A name is short: looking for its end must not read the whole text again and again.
            let length = rest.bytes().take(256).position(|byte| byte == b'}')?;
            let value = self.values.get(rest.get(..length)?)?;
            free_from = start + 2 + length + 1;
            Some((start..free_from, &**value))
        })
    }
}

/// Whether the end of the text so far is inside a JSON string.
#[derive(Default)]
struct Inside {
    string: bool,
    escaped: bool,
}

impl Inside {
    fn pass(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.string => self.escaped = true,
                b'"' => self.string = !self.string,
                _ => {}
            }
        }
    }
}

/// A value as it stands between the quotes of a JSON string.
pub(super) fn escape_into(value: &str, out: &mut String) {
    let quoted = Node { span: Default::default(), kind: Kind::String(value.into()) }.to_json();
    out.push_str(&quoted[1..quoted.len() - 1]);
}

/// A payload that is the text of a JSON object or array becomes that object or array.
fn hand_over_json(member: &mut Member) {
    let Some(text) = member.value.as_str() else {
        return;
    };
    if let Ok(Node { kind: kind @ (Kind::Object(_) | Kind::Array(_)), .. }) = parse(text) {
        let mut node = Node { span: member.value.span, kind };
        settle_spans(&mut node, member.value.span);
        member.value = node;
    }
}

/// What was read from a value has no place in the definition but that of its placeholder.
fn settle_spans(node: &mut Node, span: crate::value::tree::Span) {
    node.span = span;
    match &mut node.kind {
        Kind::Array(elements) => elements.iter_mut().for_each(|element| settle_spans(element, span)),
        Kind::Object(members) => members.iter_mut().for_each(|member| {
            member.key_span = span;
            settle_spans(&mut member.value, span);
        }),
        _ => {}
    }
}

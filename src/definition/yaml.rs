//! YAML → the same tree that JSON is read into, with positions in the YAML text.
//!
//! Flows in: one YAML document. Flows out: a [`Node`] tree whose spans are byte offsets. Scalars follow the core schema
//! of YAML 1.2, so that `yes`, `on` and times stay text; short tags such as `!Sub` become the objects that CloudFormation
//! writes them as in JSON; `<<` merges. Two things in a small text can grow without end, and are refused before or while
//! they do: nesting, because trees are dropped and copied level by level, and aliases, because each copies what it
//! stands for.

use std::collections::HashSet;

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, ScalarStyle, Tag, YamlData};

use super::diagnostic::{Code, Diagnostic};
use crate::value::tree::{Kind, Member, Node, Span};

/// How far the first word of a line may stand to the right, dashes included. A level of nesting takes a column, or
/// shares one with the key above it, so this bounds the depth; brackets are bounded by the reader itself, to 255.
const INDENT_MAX: usize = 300;

/// How many bytes of text all anchors together may have to copy: each keeps a copy of what it names.
const ANCHOR_BYTES_MAX: usize = 8 << 20;

/// How many nodes a tree may have: what aliases add is limited by the reader, what merges add is limited here.
const NODES_MAX: u32 = 2_000_000;

/// Reads a document.
///
/// # Errors
/// One diagnostic with the place where reading stopped.
pub(super) fn tree(text: &str) -> Result<Node, Box<Diagnostic>> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder =
        Builder { text: body, offsets: Offsets::new(body, text.len() - body.len()), nodes_left: NODES_MAX };
    if let Some(line_number) = indented_too_far(body) {
        return Err(builder.refuse(format!("Line {line_number} is nested too deep"), 0, 0));
    }
    if anchors(body).saturating_mul(body.len()) > ANCHOR_BYTES_MAX {
        return Err(builder.refuse("There are too many anchors for a text of this size".to_owned(), 0, 0));
    }
    let documents = match MarkedYaml::load_from_str(body) {
        Ok(documents) => documents,
        Err(error) => {
            let (at, line, column) = (error.marker().index(), error.marker().line(), error.marker().col() + 1);
            let message = format!("This is not YAML: {}, at line {line}, column {column}", error.info());
            return Err(builder.refuse(message, at, at + 1));
        }
    };
    match &documents[..] {
        [document] => builder.node(document),
        [_, second, ..] => {
            let message = format!("A definition is one YAML document, and these are {}", documents.len());
            let at = second.span.start.index();
            Err(builder.refuse(message, at, at))
        }
        [] => Err(builder.refuse("There is no YAML document".to_owned(), 0, 0)),
    }
}

/// The first line whose first word stands too far to the right, from 1.
fn indented_too_far(text: &str) -> Option<usize> {
    let prefix = |line: &str| line.bytes().take_while(|byte| b" \t-?:".contains(byte)).count();
    text.lines().position(|line| line.len() > INDENT_MAX && prefix(line) > INDENT_MAX).map(|index| index + 1)
}

/// At least as many as there are anchors: words that begin with `&` where a value can begin.
fn anchors(text: &str) -> usize {
    let bytes = text.as_bytes();
    let begins = |at: usize| at == 0 || b" \t\r\n[{,".contains(&bytes[at - 1]);
    let named = |at: usize| bytes.get(at + 1).is_some_and(|byte| !byte.is_ascii_whitespace() && *byte != b'&');
    memchr::memchr_iter(b'&', bytes).filter(|&at| begins(at) && named(at)).count()
}

/// Byte offsets of characters, which is what saphyr counts.
struct Offsets {
    /// Where each character begins; empty where characters are bytes.
    bytes: Vec<u32>,
    length: u32,
    /// What was left out at the beginning.
    skipped: u32,
}

impl Offsets {
    fn new(text: &str, skipped: usize) -> Self {
        let narrow = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        let bytes =
            if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(offset, _)| narrow(offset)).collect() };
        Offsets { bytes, length: narrow(text.len()), skipped: narrow(skipped) }
    }

    /// The offset of a character in what was read.
    fn within(&self, character: usize) -> u32 {
        if self.bytes.is_empty() {
            return u32::try_from(character).unwrap_or(u32::MAX).min(self.length);
        }
        self.bytes.get(character).copied().unwrap_or(self.length)
    }
}

/// The members of a mapping while it is read.
struct Members {
    given: Vec<Member>,
    /// Keys that a merge brought: what the mapping itself says of them later replaces it.
    merged: HashSet<Box<str>>,
}

struct Builder<'t> {
    text: &'t str,
    offsets: Offsets,
    nodes_left: u32,
}

impl Builder<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        let (start, end) = (self.offsets.within(start), self.offsets.within(end));
        Span { start: start + self.offsets.skipped, end: end.max(start) + self.offsets.skipped }
    }

    fn refuse(&self, message: String, start: usize, end: usize) -> Box<Diagnostic> {
        Box::new(Diagnostic::error(Code::InvalidJsonDescription, message).spanning(self.span(start, end)))
    }

    fn refuse_node(&self, message: &str, node: &MarkedYaml<'_>) -> Box<Diagnostic> {
        self.refuse(message.to_owned(), node.span.start.index(), node.span.end.index())
    }

    fn node(&mut self, yaml: &MarkedYaml<'_>) -> Result<Node, Box<Diagnostic>> {
        self.nodes_left = self
            .nodes_left
            .checked_sub(1)
            .ok_or_else(|| self.refuse_node("Aliases and merges make this document too large", yaml))?;
        let span = self.span(yaml.span.start.index(), yaml.span.end.index());
        let kind = match &yaml.data {
            YamlData::Value(scalar) => self.scalar(scalar, yaml),
            YamlData::Representation(text, ScalarStyle::Plain, _) if text.is_empty() => Kind::Null,
            YamlData::Representation(text, ..) => Kind::String(text.as_ref().into()),
            YamlData::Sequence(elements) => {
                Kind::Array(elements.iter().map(|element| self.node(element)).collect::<Result<_, _>>()?)
            }
            YamlData::Mapping(members) => {
                let mut read = Members { given: Vec::with_capacity(members.len()), merged: HashSet::new() };
                for (key, value) in members {
                    self.member(key, value, &mut read)?;
                }
                Kind::Object(read.given)
            }
            YamlData::Tagged(tag, inner) => return self.tagged(tag, inner, span),
            YamlData::Alias(_) | YamlData::BadValue => {
                return Err(self.refuse_node("A value does not fit its tag, or an alias has no anchor", yaml));
            }
        };
        Ok(Node { span, kind })
    }

    fn member(
        &mut self,
        key: &MarkedYaml<'_>,
        value: &MarkedYaml<'_>,
        members: &mut Members,
    ) -> Result<(), Box<Diagnostic>> {
        let key_node = self.node(key)?;
        let name: Box<str> = match key_node.kind {
            Kind::String(name) => name,
            // Keys are text, whatever they look like: `404:`, `true:`.
            Kind::Number(_) | Kind::Bool(_) | Kind::Null => self.written(key).into(),
            Kind::Array(_) | Kind::Object(_) => return Err(self.refuse_node("A key must be text", key)),
        };
        let value_node = self.node(value)?;
        if &*name == "<<" && self.written(key) == "<<" {
            return self.merge(value_node, value, members);
        }
        let member = Member { key: name, key_span: key_node.span, value: value_node };
        if members.merged.remove(&member.key)
            && let Some(given) = members.given.iter_mut().find(|given| given.key == member.key)
        {
            *given = member;
            return Ok(());
        }
        members.given.push(member);
        Ok(())
    }

    /// `<<`: the members of another mapping, or of several, that are not given here.
    fn merge(&mut self, node: Node, yaml: &MarkedYaml<'_>, members: &mut Members) -> Result<(), Box<Diagnostic>> {
        let sources = match node.kind {
            Kind::Array(sources) => sources,
            kind => vec![Node { span: node.span, kind }],
        };
        for source in sources {
            let Kind::Object(merged) = source.kind else {
                return Err(self.refuse_node("`<<` merges mappings only", yaml));
            };
            let mut known: HashSet<Box<str>> = members.given.iter().map(|member| member.key.clone()).collect();
            for member in merged {
                if known.insert(member.key.clone()) {
                    members.merged.insert(member.key.clone());
                    members.given.push(member);
                }
            }
        }
        Ok(())
    }

    /// The text of a scalar as it was written.
    fn written(&self, yaml: &MarkedYaml<'_>) -> &str {
        let (start, end) = (yaml.span.start.index(), yaml.span.end.index());
        let (start, end) = (self.offsets.within(start) as usize, self.offsets.within(end) as usize);
        self.text.get(start..end).unwrap_or_default().trim()
    }

    fn scalar(&self, scalar: &Scalar<'_>, yaml: &MarkedYaml<'_>) -> Kind {
        match scalar {
            Scalar::Null => Kind::Null,
            Scalar::Boolean(value) => Kind::Bool(*value),
            Scalar::String(text) => Kind::String(text.as_ref().into()),
            Scalar::Integer(value) => self.number(yaml, || value.to_string()),
            Scalar::FloatingPoint(value) if value.is_finite() => self.number(yaml, || value.to_string()),
            // JSON has no infinity: it stays the text it is.
            Scalar::FloatingPoint(_) => Kind::String(self.written(yaml).into()),
        }
    }

    /// A number as it was written, or (where JSON writes it otherwise: `0x10`, `.5`, `+1`) by its value.
    fn number(&self, yaml: &MarkedYaml<'_>, value: impl FnOnce() -> String) -> Kind {
        let written = self.written(yaml);
        let as_json = crate::value::tree::parse(written).ok().filter(|node| matches!(node.kind, Kind::Number(_)));
        Kind::Number(if as_json.is_some() { written.into() } else { value().into() })
    }

    /// A short tag as the object that CloudFormation writes it as in JSON.
    fn tagged(&mut self, tag: &Tag, inner: &MarkedYaml<'_>, span: Span) -> Result<Node, Box<Diagnostic>> {
        let mut value = self.node(inner)?;
        // saphyr gives the place of a tagged scalar to the tag.
        if value.span.end <= self.offsets.skipped {
            value.span = span;
        }
        if &*tag.suffix == "GetAtt"
            && let Kind::String(text) = &value.kind
            && let Some((resource, attribute)) = text.split_once('.')
        {
            let part = |text: &str| Node { span: value.span, kind: Kind::String(text.into()) };
            value.kind = Kind::Array(vec![part(resource), part(attribute)]);
        }
        let key = match &*tag.suffix {
            name @ ("Ref" | "Condition") => name.into(),
            name => format!("Fn::{name}").into(),
        };
        Ok(Node { span, kind: Kind::Object(vec![Member { key, key_span: span, value }]) })
    }
}

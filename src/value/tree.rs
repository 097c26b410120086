//! A JSON document as an owned tree that remembers where everything stood: what definitions, templates and mock files
//! are read into.
//!
//! Flows in: a JSON text (or, from the YAML reader, nodes with the positions of a YAML text). Flows out: [`Node`]s, each
//! with its byte span, or a [`SyntaxError`] with the offset at which reading stopped. Events never come this way: they
//! are borrowed [`Value`](crate::value::Value)s over the chunk they arrived in. It must never know of states.

use super::scan;
use super::scan::strict::{Fault, Rule};
use super::text::{unescape_owned, write_string};

/// A half-open range of byte offsets into the text a document was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

/// One JSON value and where it stood.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where the value stood, quotes and brackets included.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of JSON value; numbers keep their text, objects keep their order and their duplicate keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written.
    Number(Box<str>),
    /// A string, escapes resolved.
    String(Box<str>),
    /// An array.
    Array(Vec<Node>),
    /// An object's members in the order of the text. A key may occur twice: readers take the last.
    Object(Vec<Member>),
}

/// One member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The key, escapes resolved.
    pub key: Box<str>,
    /// Where the key stood, quotes included.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

/// Why a text is not JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {offset}")]
pub struct SyntaxError {
    /// Byte offset of the first byte that cannot belong to a JSON text.
    pub offset: u32,
    /// What was found, and what could have stood there.
    pub message: String,
}

/// Reads one JSON text (RFC 8259, nested at most 1,024 levels); a byte order mark at its very start is skipped.
///
/// A number keeps its text, an object its duplicate keys. Half a surrogate pair in an escape becomes U+FFFD. Spans count
/// from the start of `text`, a byte order mark included.
///
/// # Errors
/// The first byte that cannot belong to a JSON text, with what could have stood there.
///
/// ```
/// use expressway::value::tree::parse;
/// let node = parse(r#"{"StartAt": "Coat", "States": {}}"#)?;
/// assert_eq!(node.get("StartAt").and_then(|start| start.as_str()), Some("Coat"));
/// assert_eq!(parse("[1, 2,]").unwrap_err().to_string(), "expected a value, found `]` at byte 6");
/// # Ok::<(), expressway::value::tree::SyntaxError>(())
/// ```
pub fn parse(text: &str) -> Result<Node, SyntaxError> {
    let mut builder = Builder { text, open: Vec::new(), key: None, root: None };
    scan::tokens(text.as_bytes(), |class, start, end| builder.token(class, start, end))?;
    // The grammar was checked: there is exactly one value, and it was closed.
    Ok(builder.root.unwrap_or(Node { span: Span::default(), kind: Kind::Null }))
}

/// Reads one JSON text from bytes, which must be UTF-8; otherwise as [`parse`].
///
/// # Errors
/// As [`parse`]; the first byte that is not UTF-8 is such a byte too.
pub fn parse_bytes(bytes: &[u8]) -> Result<Node, SyntaxError> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            // Something else may be wrong before the first bad byte.
            scan::validate(bytes)?;
            return Err(SyntaxError::of(Fault { offset: error.valid_up_to(), rule: Rule::NotUtf8 }, bytes));
        }
    };
    parse(text)
}

impl SyntaxError {
    /// The error for a fault found in `text`.
    pub(crate) fn of(fault: Fault, text: &[u8]) -> Self {
        SyntaxError { offset: fault.offset as u32, message: fault.describe(text) }
    }
}

impl Node {
    /// The value of the last member called `key`, if this is an object that has one.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.members().iter().rev().find(|member| &*member.key == key).map(|member| &member.value)
    }

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The elements, if this is an array.
    pub fn as_array(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The members in the order of the text, if this is an object; otherwise none.
    pub fn members(&self) -> &[Member] {
        match &self.kind {
            Kind::Object(members) => members,
            _ => &[],
        }
    }

    /// The value as compact JSON: no blanks, numbers as they were written, duplicate keys kept.
    ///
    /// ```
    /// let node = expressway::value::tree::parse(r#" { "a" : [ 1.10, "\u00e9" ] } "#)?;
    /// assert_eq!(node.to_json(), r#"{"a":[1.10,"é"]}"#);
    /// # Ok::<(), expressway::value::tree::SyntaxError>(())
    /// ```
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        self.write_json(&mut out);
        // Only whole strings were appended.
        String::from_utf8(out).unwrap_or_default()
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        match &self.kind {
            Kind::Null => out.extend_from_slice(b"null"),
            Kind::Bool(true) => out.extend_from_slice(b"true"),
            Kind::Bool(false) => out.extend_from_slice(b"false"),
            Kind::Number(text) => out.extend_from_slice(text.as_bytes()),
            Kind::String(text) => write_string(text, out),
            Kind::Array(elements) => {
                out.push(b'[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    element.write_json(out);
                }
                out.push(b']');
            }
            Kind::Object(members) => {
                out.push(b'{');
                for (index, member) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    write_string(&member.key, out);
                    out.push(b':');
                    member.value.write_json(out);
                }
                out.push(b'}');
            }
        }
    }
}

/// Turns the tokens of a text whose grammar is being checked into nodes.
struct Builder<'t> {
    text: &'t str,
    /// Containers that are open, outermost first, each with the key it will stand under.
    open: Vec<(Option<Key>, Node)>,
    /// The key that the next value belongs to.
    key: Option<Key>,
    root: Option<Node>,
}

/// A member's key and where it stood.
type Key = (Box<str>, Span);

impl Builder<'_> {
    fn token(&mut self, class: u8, start: usize, end: usize) {
        // The text has fewer than 2^31 bytes.
        let span = Span { start: start as u32, end: end as u32 };
        let kind = match class {
            b',' | b':' => return,
            b'{' | b'[' => {
                let kind = if class == b'{' { Kind::Object(Vec::new()) } else { Kind::Array(Vec::new()) };
                self.open.push((self.key.take(), Node { span, kind }));
                return;
            }
            b'}' | b']' => {
                if let Some((key, mut node)) = self.open.pop() {
                    node.span.end = span.end;
                    self.key = key;
                    self.value(node);
                }
                return;
            }
            b'"' => {
                let text = unescape_owned(&self.text[start + 1..end - 1]).into();
                if self.key.is_none() && matches!(self.open.last(), Some((_, Node { kind: Kind::Object(_), .. }))) {
                    self.key = Some((text, span));
                    return;
                }
                Kind::String(text)
            }
            b't' => Kind::Bool(true),
            b'f' => Kind::Bool(false),
            b'n' => Kind::Null,
            _ => Kind::Number(self.text[start..end].into()),
        };
        self.value(Node { span, kind });
    }

    /// Puts a finished value where it belongs.
    fn value(&mut self, value: Node) {
        match self.open.last_mut().map(|(_, node)| &mut node.kind) {
            Some(Kind::Object(members)) => {
                if let Some((key, key_span)) = self.key.take() {
                    members.push(Member { key, key_span, value });
                }
            }
            Some(Kind::Array(elements)) => elements.push(value),
            _ => self.root = Some(value),
        }
    }
}

#[cfg(test)]
mod tests;

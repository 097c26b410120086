//! A JSON document as an owned tree that remembers where everything stood: what definitions, templates and mock files
//! are read into.
//!
//! Flows in: a JSON text (or, from the YAML reader, nodes with the positions of a YAML text). Flows out: [`Node`]s, each
//! with its byte span, or a [`SyntaxError`] with the offset at which reading stopped. Events never come this way: they
//! are borrowed [`Value`](crate::value::Value)s over the chunk they arrived in. It must never know of states.

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

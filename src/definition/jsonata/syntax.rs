//! The tree that the parser makes: operators with their operands, nothing interpreted yet.
//!
//! Flows in: what the parser has read. Flows out: a tree for `shape.rs`, which turns operators into paths, steps and
//! their conditions. Its depth is bounded: every node counts the levels below it.

use crate::value::signature::Signature;

/// A node.
#[derive(Clone, Debug)]
pub(super) struct Syntax {
    /// Where it was read: characters from the start of the text to the end of its token.
    pub at: usize,
    /// Whether `[]` was written behind it.
    pub keep_array: bool,
    /// Levels of nodes, this one included.
    pub depth: usize,
    pub kind: SyntaxKind,
}

/// The kinds of node.
#[derive(Clone, Debug)]
pub(super) enum SyntaxKind {
    Number(Box<str>),
    String(Box<str>),
    Value(&'static str),
    Regex {
        pattern: Box<str>,
        flags: Box<str>,
    },
    Name(Box<str>),
    Variable(Box<str>),
    Wildcard,
    Descendant,
    Parent,
    /// `?` as an argument.
    Hole,
    /// Nothing: the text ended where an operand had to stand.
    End,
    Negate(Box<Syntax>),
    Array(Vec<Syntax>),
    Range(Box<Syntax>, Box<Syntax>),
    Object(Vec<(Syntax, Syntax)>),
    Block(Vec<Syntax>),
    /// `lhs op rhs` of the arithmetic, comparing and joining operators, of `.`, `~>` and `[`.
    Binary(&'static str, Box<Syntax>, Box<Syntax>),
    /// `lhs{…}`
    Group(Box<Syntax>, Vec<(Syntax, Syntax)>),
    /// `lhs^(…)`; each term with whether it descends.
    Sort(Box<Syntax>, Vec<(Syntax, bool)>),
    /// `lhs@$name`
    Focus(Box<Syntax>, Box<str>),
    /// `lhs#$name`
    Index(Box<Syntax>, Box<str>),
    Bind(Box<str>, Box<Syntax>),
    Condition(Box<Syntax>, Box<Syntax>, Option<Box<Syntax>>),
    /// A call, or with a hole among its arguments a partial application.
    Call(Box<Syntax>, Vec<Syntax>),
    Lambda {
        parameters: Vec<Box<str>>,
        signature: Option<Signature>,
        body: Box<Syntax>,
    },
    Transform {
        pattern: Box<Syntax>,
        update: Box<Syntax>,
        delete: Option<Box<Syntax>>,
    },
}

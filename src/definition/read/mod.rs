//! The reader: a JSON tree → typed definition, with every rule of creation checked on the way.
//!
//! Flows in: the [`Node`] tree of a definition and the kind of machine it is to be. Flows out: the machine's outermost
//! scope, if nothing is wrong with it, and every diagnostic in AWS's order: first what the fields say, then what the
//! graph of states says. It never stops at the first problem: a value that is wrong is replaced by a default, so that
//! what stands beside it is still looked at; the tree that results is thrown away when there was an error.

mod assign;
mod choice;
mod distributed;
mod fan_out;
mod graph;
mod integration;
mod intrinsic;
mod jsonata;
mod legal;
mod paths;
mod payload;
mod place;
mod resource;
mod retry;
mod scope;
mod state;
pub(super) mod suggest;
mod task;
pub(super) mod tidy;
mod timestamp;
mod values;
pub(super) mod vocabulary;

use std::collections::HashSet;

use super::diagnostic::{Code, Diagnostic};
use super::machine::{MachineType, QueryLanguage, Scope};
use crate::value::tree::{Member, Node, Span};
use graph::Findings;
use place::Place;

/// How deep scopes may be nested in scopes.
const SCOPE_DEPTH_MAX: u32 = 100;

/// How many hints are looked for: comparing words is dear, and nobody reads more.
const HINTS_MAX: u32 = 100;

/// The longest state name, in characters.
const STATE_NAME_MAX: usize = 80;

/// The members of an object, with the place it has in the document.
pub(super) struct Fields<'n, 'p> {
    members: &'n [Member],
    span: Span,
    place: &'p Place<'p>,
}

impl<'n> Fields<'n, '_> {
    /// The member of that name. Objects of the language are small, so this looks at one after the other.
    fn get(&self, name: &str) -> Option<&'n Member> {
        self.members.iter().find(|member| &*member.key == name)
    }

    /// The value of the member of that name.
    fn value(&self, name: &str) -> Option<&'n Node> {
        self.get(name).map(|member| &member.value)
    }
}

/// What the top level says besides its states.
#[derive(Default)]
pub(super) struct TopLevel {
    pub(super) comment: Option<Box<str>>,
    pub(super) version: Option<Box<str>>,
    pub(super) timeout_seconds: Option<u64>,
    pub(super) query_language: QueryLanguage,
    pub(super) root: Option<Scope>,
}

/// Reads one definition.
pub(super) struct Reader<'d> {
    /// What was found about fields, in the order of the text.
    diagnostics: Vec<Diagnostic>,
    /// What was found about the graph of states.
    findings: Findings,
    /// The top level `QueryLanguage`.
    top_language: QueryLanguage,
    /// The kind of the machine, or of the distributed processor, that is being read.
    machine_type: MachineType,
    /// Every state name so far.
    names: HashSet<&'d str>,
    /// Every label so far.
    labels: HashSet<&'d str>,
    /// Variables and where they are assigned.
    variables: assign::Variables,
    /// How many scopes are open.
    depth: u32,
    /// How many hints may still be looked for.
    hints_left: u32,
}

/// Reads the tree of a definition; the diagnostics come in AWS's order.
pub(super) fn read(root: &Node, machine_type: MachineType) -> (TopLevel, Vec<Diagnostic>) {
    let mut reader = Reader {
        diagnostics: Vec::new(),
        findings: Findings::default(),
        top_language: QueryLanguage::default(),
        machine_type,
        names: HashSet::new(),
        labels: HashSet::new(),
        variables: assign::Variables::default(),
        depth: 0,
        hints_left: HINTS_MAX,
    };
    let top = reader.top_level(root);
    reader.check_variables();
    let Reader { mut diagnostics, findings, .. } = reader;
    diagnostics.extend(findings.in_order());
    (top, diagnostics)
}

impl Reader<'_> {
    /// The hint that a misspelt word was meant to be one of these.
    fn hint<'c>(&mut self, word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
        self.hints_left = self.hints_left.checked_sub(1)?;
        suggest::nearest(word, candidates).map(|meant| format!("did you mean `{meant}`?"))
    }

    /// Records an error at a place; the caller may add to it.
    fn record(&mut self, code: Code, place: &Place<'_>, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.push(Diagnostic::error(code, message).at(place.location()).spanning(span))
    }

    /// Records a warning at a place; the caller may add to it.
    fn warn(&mut self, code: Code, place: &Place<'_>, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.push(Diagnostic::warning(code, message).at(place.location()).spanning(span))
    }

    fn push(&mut self, diagnostic: Diagnostic) -> &mut Diagnostic {
        let index = self.diagnostics.len();
        self.diagnostics.push(diagnostic);
        &mut self.diagnostics[index]
    }
}

/// Whether a text holds a placeholder, `${Name}`, as templates and Terraform leave them.
pub(super) fn has_placeholder(text: &str) -> bool {
    placeholders(text).next().is_some()
}

/// The names of the placeholders in a text, in order.
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("${").filter_map(move |(start, _)| {
        let rest = &text[start + 2..];
        // Only what can be in a name is looked at, so that a text full of `${` is still read once.
        let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"_-.:".contains(byte)).count();
        (length > 0 && rest.as_bytes().get(length) == Some(&b'}')).then(|| &rest[..length])
    })
}

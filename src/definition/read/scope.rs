//! The top level and every `States` block below it.
//!
//! Flows in: an object with `StartAt` and `States`. Flows out: a [`Scope`], with its transitions resolved to indexes and
//! its graph checked. Source: sections "States" and "Transitions" of the States Language.

use std::collections::HashMap;

use super::graph::{Graph, Start};
use super::place::Place;
use super::{Fields, Reader, SCOPE_DEPTH_MAX, STATE_NAME_MAX, TopLevel, legal};
use crate::definition::diagnostic::{Code, Diagnostic};
use crate::definition::machine::{QueryLanguage, Scope, StateIndex};
use crate::value::tree::{Kind, Node};

/// The scope that is being read: what its states may refer to, and what they did.
pub(super) struct Surroundings<'n> {
    /// The states of the scope by name.
    names: HashMap<&'n str, usize>,
    /// What is known of the ways between them.
    pub(super) graph: Graph,
    /// The scope's number in [`Variables`](super::assign::Variables).
    variables: usize,
}

impl Surroundings<'_> {
    /// The scope's number and the state's index in it: what variables are kept under.
    pub(super) fn here(&self) -> (usize, usize) {
        (self.variables, self.graph.here())
    }
}

impl<'d> Reader<'d> {
    /// The whole document.
    pub(super) fn top_level(&mut self, root: &'d Node) -> TopLevel {
        let place = Place::ROOT;
        let Kind::Object(members) = &root.kind else {
            let diagnostic = Diagnostic::error(Code::SchemaValidationFailed, "Definition must be a valid JSON object");
            self.push(diagnostic.spanning(root.span));
            return TopLevel::default();
        };
        let fields = Fields { members, span: root.span, place: &place };
        let mut top = TopLevel::default();
        self.check_fields(&fields, &[legal::TOP_LEVEL], QueryLanguage::JsonPath);
        if let Some(node) = fields.value("QueryLanguage") {
            top.query_language = self.query_language(node, &place.key("QueryLanguage"));
            self.top_language = top.query_language;
        }
        top.comment = self.comment(&fields);
        if let Some(node) = fields.value("Version") {
            let version = self.one_of(node, &place.key("Version"), &["1.0"]);
            top.version = version.map(|_| "1.0".into());
        }
        if let Some(node) = fields.value("TimeoutSeconds") {
            let most = Some(super::values::SECONDS_MAX);
            top.timeout_seconds = self.whole(node, &place.key("TimeoutSeconds"), 0, most);
        }
        let variables = self.variables.open(None);
        top.root = self.scope(&fields, variables);
        if let Some(root) = &mut top.root {
            root.location = "".into();
        }
        top
    }

    /// `QueryLanguage`: only its exact name selects JSONPath; whatever else is there is read as JSONata.
    pub(super) fn query_language(&mut self, node: &Node, place: &Place<'_>) -> QueryLanguage {
        match self.one_of(node, place, &["JSONPath", "JSONata"]) {
            Some(0) => QueryLanguage::JsonPath,
            _ => QueryLanguage::Jsonata,
        }
    }

    /// `Comment`
    pub(super) fn comment(&mut self, fields: &Fields<'_, '_>) -> Option<Box<str>> {
        let node = fields.value("Comment")?;
        self.string(node, &fields.place.key("Comment")).map(Into::into)
    }

    /// An object with `StartAt` and `States`; `variables` is the number of its scope of variables.
    pub(super) fn scope(&mut self, fields: &Fields<'d, '_>, variables: usize) -> Option<Scope> {
        self.require(fields, &["States", "StartAt"]);
        let states_node = fields.value("States")?;
        let states_place = fields.place.key("States");
        if self.depth >= SCOPE_DEPTH_MAX {
            let message = format!("States are nested more than {SCOPE_DEPTH_MAX} levels deep");
            self.record(Code::TooDeeplyNested, &states_place, states_node.span, message);
            return None;
        }
        let states = self.object(states_node, &states_place)?;
        if states.members.is_empty() {
            self.schema(&states_place, states.span, "Value cannot be empty");
            return None;
        }
        let mut around = Surroundings {
            names: states.members.iter().enumerate().map(|(index, member)| (&*member.key, index)).collect(),
            graph: Graph::new(states.members.len()),
            variables,
        };
        let start = self.start_at(fields, &mut around);
        self.depth += 1;
        let mut read = Vec::with_capacity(states.members.len());
        for (index, member) in states.members.iter().enumerate() {
            let place = states_place.key(&member.key);
            self.check_name(&member.key, &place, member.key_span);
            around.graph.enter(index);
            match self.state(member, &place, &mut around) {
                Some(state) => read.push(state),
                None => around.graph.give_up(),
            }
        }
        self.depth -= 1;
        for finding in around.graph.check(start, &states, self.depth == 0) {
            self.findings.add(finding);
        }
        self.variables.close(variables, around.graph);
        Some(Scope {
            start_at: StateIndex::new(if let Start::At(state) = start { state } else { 0 }),
            states: read,
            span: fields.span,
            location: fields.place.location(),
            comment: self.comment_unless_top(fields),
        })
    }

    fn comment_unless_top(&mut self, fields: &Fields<'_, '_>) -> Option<Box<str>> {
        if self.depth == 0 {
            return None; // the definition holds it
        }
        self.comment(fields)
    }

    fn start_at(&mut self, fields: &Fields<'_, '_>, around: &mut Surroundings<'_>) -> Start {
        let Some(node) = fields.value("StartAt") else {
            return Start::Unsaid;
        };
        let place = fields.place.key("StartAt");
        let Some(name) = self.string(node, &place) else {
            return Start::Unsaid;
        };
        match around.names.get(name) {
            Some(&state) => Start::At(state),
            None => {
                self.missing_target(name, node, &place, around);
                Start::Nowhere
            }
        }
    }

    /// A transition: the index of the state that it names.
    pub(super) fn target(&mut self, node: &Node, place: &Place<'_>, around: &mut Surroundings<'_>) -> StateIndex {
        let Some(name) = self.string(node, place) else {
            around.graph.give_up();
            return StateIndex::new(0);
        };
        match around.names.get(name) {
            Some(&index) => {
                around.graph.way_to(index);
                StateIndex::new(index)
            }
            None => {
                self.missing_target(name, node, place, around);
                StateIndex::new(0)
            }
        }
    }

    fn missing_target(&mut self, name: &str, node: &Node, place: &Place<'_>, around: &Surroundings<'_>) {
        let mut diagnostic = Diagnostic::error(Code::MissingTransitionTarget, format!("Missing 'Next' target: {name}"))
            .at(place.location())
            .spanning(node.span)
            .expecting("the name of a state in the same `States` object");
        // Comparing with every state of a huge machine is dear.
        if around.names.len() <= 1_000 {
            diagnostic.hint = self.hint(name, around.names.keys().copied());
        }
        self.findings.target(diagnostic);
    }

    fn check_name(&mut self, name: &'d str, place: &Place<'_>, span: crate::value::tree::Span) {
        if name.chars().count() > STATE_NAME_MAX {
            let message =
                format!("State name '{name}' exceeds the {STATE_NAME_MAX}-character limit allowed by the service");
            self.record(Code::InvalidStateName, place, span, message);
        }
        if !self.names.insert(name) {
            self.record(Code::DuplicateStateName, place, span, format!("Duplicate State name: {name}"));
        }
    }
}

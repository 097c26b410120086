//! Variables: their names, and which scopes assign them.
//!
//! Flows in: `Assign` objects. Flows out: an [`Assign`] for JSONPath states, and diagnostics for names that cannot be
//! assigned where they are: reserved, malformed, or taken in an outer scope. Source: section "Variables".

use std::collections::HashMap;

use super::graph::Graph;
use super::scope::Surroundings;
use super::{Fields, Reader};
use crate::definition::diagnostic::{Code, Diagnostic};
use crate::definition::machine::QueryLanguage;
use crate::definition::path::{begins_name, continues_name};
use crate::definition::payload::Assign;
use crate::value::tree::{Kind, Span};

/// How many states and ways are looked at to tell what comes before what. Where thousands of Maps follow one another, what
/// is left then counts as in order: it is a rule that AWS states and no recording shows.
const STEPS_MAX: usize = 3_000_000;

/// The longest variable name, in characters.
const NAME_MAX: usize = 80;

/// The scopes of variables and what is assigned in each.
#[derive(Default)]
pub(super) struct Variables {
    scopes: Vec<VariableScope>,
}

#[derive(Default)]
struct VariableScope {
    /// The scope around and the index of the state there that holds this scope, if the variables there are seen here.
    outer: Option<(usize, usize)>,
    /// The states that assign each variable.
    assigned: HashMap<Box<str>, Vec<usize>>,
    /// Where each was assigned: only in scopes that have an outer one is this needed.
    places: Vec<(Box<str>, Box<str>, Span)>,
    /// The ways from state to state.
    graph: Graph,
}

impl Variables {
    /// A new scope; the items of a distributed Map see no outer variables, so theirs has no outer one.
    pub(super) fn open(&mut self, outer: Option<(usize, usize)>) -> usize {
        self.scopes.push(VariableScope { outer, ..VariableScope::default() });
        self.scopes.len() - 1
    }

    /// The scope was read: this is how its states follow one another.
    pub(super) fn close(&mut self, scope: usize, graph: Graph) {
        if let Some(scope) = self.scopes.get_mut(scope) {
            scope.graph = graph;
        }
    }
}

impl Reader<'_> {
    /// `Assign` of a state, a catcher or a choice rule; for JSONata its names are checked and `None` is the answer.
    pub(super) fn assign(
        &mut self,
        fields: &Fields<'_, '_>,
        language: QueryLanguage,
        around: &Surroundings<'_>,
    ) -> Option<Assign> {
        let node = fields.value("Assign")?;
        let place = fields.place.key("Assign");
        if language == QueryLanguage::Jsonata && matches!(node.kind, Kind::String(_)) {
            self.object(node, &place);
            return None;
        }
        let object = self.object(node, &place)?;
        for member in object.members {
            let name = match language {
                QueryLanguage::JsonPath => member.key.strip_suffix(".$").unwrap_or(&member.key),
                QueryLanguage::Jsonata => &member.key,
            };
            self.check_variable_name(name, &object, member.key_span, around.here());
        }
        match language {
            QueryLanguage::JsonPath => Some(Assign { variables: self.template_members(&object), span: node.span }),
            QueryLanguage::Jsonata => None,
        }
    }

    fn check_variable_name(
        &mut self,
        name: &str,
        object: &Fields<'_, '_>,
        span: Span,
        (variables, state): (usize, usize),
    ) {
        if name == "states" {
            let message = "Cannot assign to reserved variable '$states'.";
            self.record(Code::ReservedVariableName, object.place, span, message);
            return;
        }
        let characters = name.chars().count();
        let valid = name.starts_with(begins_name) && name.chars().all(continues_name);
        if !valid {
            let message = format!("Invalid variable name '{name}': the variable name contains invalid characters.");
            self.record(Code::InvalidVariableName, object.place, span, message).expected =
                Some("a letter, then letters, digits and `_`".to_owned());
            return;
        }
        if characters > NAME_MAX {
            let message = format!("Invalid variable name '{name}': the variable name exceeds {NAME_MAX} characters.");
            self.record(Code::InvalidVariableName, object.place, span, message);
            return;
        }
        if let Some(scope) = self.variables.scopes.get_mut(variables) {
            if scope.outer.is_some() {
                scope.places.push((name.into(), object.place.location(), span));
            }
            scope.assigned.entry(name.into()).or_default().push(state);
        }
    }

    /// Says of every variable that an outer scope has assigned before the inner one runs.
    ///
    /// What a Parallel or Map state assigns itself, in `Assign` or a catcher, comes after its scopes and is allowed to
    /// have a name of theirs, as AWS's recordings show. Only possible when all scopes were read.
    pub(super) fn check_variables(&mut self) {
        let mut found = Vec::new();
        let mut before: HashMap<(usize, usize), Vec<bool>> = HashMap::new();
        let mut steps_left = STEPS_MAX;
        for scope in &self.variables.scopes {
            for (name, location, span) in &scope.places {
                let mut outer = scope.outer;
                while let Some((index, holder)) = outer {
                    let Some(around) = self.variables.scopes.get(index) else {
                        break;
                    };
                    if let Some(states) = around.assigned.get(name) {
                        let before = before.entry((index, holder)).or_insert_with(|| {
                            steps_left = steps_left.saturating_sub(around.graph.size());
                            if steps_left == 0 { Vec::new() } else { around.graph.before(holder) }
                        });
                        if states.iter().any(|&state| before.get(state) == Some(&true)) {
                            let message = format!("The variable name '{name}' was already defined in a parent scope.");
                            let diagnostic = Diagnostic::error(Code::InvalidVariableName, message);
                            found.push(diagnostic.at(location.clone()).spanning(*span));
                            break;
                        }
                    }
                    outer = around.outer;
                }
            }
        }
        self.diagnostics.extend(found);
    }
}

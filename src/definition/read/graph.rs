//! The graph of one scope: every state can be reached, and some state ends it.
//!
//! Flows in: the ways from state to state, noted while the states are read. Flows out: [`Finding`]s in AWS's order. Where
//! a state could not be read its ways are unknown, so nothing is said of reaching or ending: a second error would only
//! follow from the first.

use super::Fields;
use crate::definition::diagnostic::{Code, Diagnostic, Severity};

/// The ways between the states of a scope.
#[derive(Default)]
pub(super) struct Graph {
    ways: Vec<Vec<usize>>,
    ends: bool,
    unknown: bool,
    here: usize,
}

/// One thing that is wrong with a graph.
pub(super) enum Finding {
    /// Nothing ends the scope.
    NoEnd(Diagnostic),
    /// A state is never reached.
    Unreachable(Diagnostic),
}

/// Where a scope starts.
#[derive(Clone, Copy)]
pub(super) enum Start {
    /// In this state.
    At(usize),
    /// In a state that does not exist: nothing is reached.
    Nowhere,
    /// It does not say: nothing can be told.
    Unsaid,
}

/// What was found about all graphs, in AWS's order: targets, ends, reach.
#[derive(Default)]
pub(super) struct Findings {
    targets: Vec<Diagnostic>,
    ends: Vec<Diagnostic>,
    unreachable: Vec<Diagnostic>,
}

impl Findings {
    /// A transition that leads nowhere.
    pub(super) fn target(&mut self, diagnostic: Diagnostic) {
        self.targets.push(diagnostic);
    }

    pub(super) fn add(&mut self, finding: Finding) {
        match finding {
            Finding::NoEnd(diagnostic) => self.ends.push(diagnostic),
            Finding::Unreachable(diagnostic) => self.unreachable.push(diagnostic),
        }
    }

    /// All of them, dangling targets before unreachable states.
    pub(super) fn in_order(self) -> impl Iterator<Item = Diagnostic> {
        self.targets.into_iter().chain(self.ends).chain(self.unreachable)
    }
}

impl Graph {
    pub(super) fn new(states: usize) -> Self {
        Graph { ways: vec![Vec::new(); states], ends: false, unknown: false, here: 0 }
    }

    /// What follows is about this state.
    pub(super) fn enter(&mut self, state: usize) {
        self.here = state;
    }

    /// The current state can lead to that one.
    pub(super) fn way_to(&mut self, state: usize) {
        if let Some(ways) = self.ways.get_mut(self.here) {
            ways.push(state);
        }
    }

    /// The current state ends the scope.
    pub(super) fn end(&mut self) {
        self.ends = true;
    }

    /// Where the current state leads is unknown.
    pub(super) fn give_up(&mut self) {
        self.unknown = true;
    }

    /// How many states and ways there are.
    pub(super) fn size(&self) -> usize {
        self.ways.len() + self.ways.iter().map(Vec::len).sum::<usize>()
    }

    /// The state that is being read.
    pub(super) fn here(&self) -> usize {
        self.here
    }

    /// Of every state, whether it can only run before the given one: it leads there, and there does not lead back.
    pub(super) fn before(&self, state: usize) -> Vec<bool> {
        let mut from: Vec<Vec<usize>> = vec![Vec::new(); self.ways.len()];
        for (start, ends) in self.ways.iter().enumerate() {
            for &end in ends {
                from[end].push(start);
            }
        }
        let mut before = reach(&from, state);
        for (index, after) in reach(&self.ways, state).into_iter().enumerate() {
            before[index] &= !after;
        }
        before
    }

    /// What is wrong, given where the scope starts.
    ///
    /// AWS demands an end of the machine only. A branch or an item processor without one can never succeed, which is
    /// worth a warning.
    pub(super) fn check(&self, start: Start, states: &Fields<'_, '_>, outermost: bool) -> Vec<Finding> {
        if self.unknown {
            return Vec::new();
        }
        let mut found = Vec::new();
        if !self.ends {
            let diagnostic = Diagnostic::error(Code::MissingEndState, "Workflow has no terminal state")
                .spanning(states.span)
                .expecting("a state with `\"End\": true`, a Succeed or a Fail state");
            if outermost {
                return vec![Finding::NoEnd(diagnostic)];
            }
            found.push(Finding::NoEnd(Diagnostic { severity: Severity::Warning, ..diagnostic }));
        }
        let reached = match start {
            Start::At(state) => reach(&self.ways, state),
            Start::Nowhere => vec![false; self.ways.len()],
            Start::Unsaid => return found,
        };
        let unreached = states.members.iter().zip(&reached).filter(|(_, reached)| !**reached);
        found.extend(unreached.map(|(member, _)| {
            let message = format!("State \"{}\" is not reachable.", member.key);
            let place = states.place.key(&member.key);
            let diagnostic = Diagnostic::error(Code::MissingTransitionTarget, message);
            Finding::Unreachable(diagnostic.at(place.location()).spanning(member.key_span))
        }));
        found
    }
}

/// The states that can be reached from one, itself included.
fn reach(ways: &[Vec<usize>], start: usize) -> Vec<bool> {
    let mut reached = vec![false; ways.len()];
    let mut open = vec![start];
    while let Some(state) = open.pop() {
        if let Some(seen) = reached.get_mut(state)
            && !std::mem::replace(seen, true)
        {
            open.extend(ways[state].iter().copied());
        }
    }
    reached
}

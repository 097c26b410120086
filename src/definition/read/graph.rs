//! The graph of one scope: every state can be reached, and some state ends it.
//!
//! Flows in: the ways from state to state, noted while the states are read. Flows out: [`Finding`]s in AWS's order. Where
//! a state could not be read its ways are unknown, so nothing is said of reaching or ending: a second error would only
//! follow from the first.

use super::Fields;
use crate::definition::diagnostic::{Code, Diagnostic};

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

    /// What is wrong, given the state that the scope starts in.
    pub(super) fn check(&self, start_at: Option<usize>, states: &Fields<'_, '_>) -> Vec<Finding> {
        if self.unknown {
            return Vec::new();
        }
        if !self.ends {
            let diagnostic = Diagnostic::error(Code::MissingEndState, "Workflow has no terminal state")
                .spanning(states.span)
                .expecting("a state with `\"End\": true`, a Succeed or a Fail state");
            return vec![Finding::NoEnd(diagnostic)];
        }
        let Some(start_at) = start_at else {
            return Vec::new();
        };
        let reached = reach(&self.ways, start_at);
        let unreached = states.members.iter().zip(&reached).filter(|(_, reached)| !**reached);
        unreached
            .map(|(member, _)| {
                let message = format!("State \"{}\" is not reachable.", member.key);
                let place = states.place.key(&member.key);
                let diagnostic = Diagnostic::error(Code::MissingTransitionTarget, message);
                Finding::Unreachable(diagnostic.at(place.location()).spanning(member.key_span))
            })
            .collect()
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

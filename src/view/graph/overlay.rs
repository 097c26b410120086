//! A run drawn onto a graph: how often each state was entered, failed and was tried again, how often each way was taken.
//!
//! Flows in: the JSON that `run --summary` or `bench --save` writes. Flows out: counts by state, which are the summary's own, and by edge:
//! those of the summary's `transitions` if it has them, else what follows from the states' counts. What does not follow is
//! unknown and not shown: no count here is a guess.

use super::model::{Edge, EdgeKind, Graph, Node, NodeKind, Scope};
use crate::value::tree::{self, Node as Json, SyntaxError};
use std::collections::BTreeMap;

/// Counts of one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct StateCounts {
    /// How often it was entered.
    pub entered: u64,
    /// How often it failed for good: nothing tried it again or caught the error.
    pub failed: u64,
    /// How often a limit ended an execution there.
    pub timed_out: u64,
    /// How often it was tried again.
    pub retries: u64,
    /// How often one of its Catchers took an error.
    pub caught: u64,
    /// Nanoseconds spent there in all, if that was measured.
    pub ns: Option<u64>,
}

/// A run's counts, for one graph.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// Executions of the machine.
    pub executions: u64,
    /// How many of them succeeded.
    pub succeeded: u64,
    /// How many failed.
    pub failed: u64,
    /// How many a limit ended.
    pub timed_out: u64,
    /// Counts by the states' locations.
    states: BTreeMap<String, StateCounts>,
    /// Counts by the scopes' locations and the edges' positions.
    edges: BTreeMap<(String, usize), u64>,
    entered_max: u64,
    edge_max: u64,
}

/// A transition whose count is known.
#[derive(Clone, Copy, Debug)]
pub struct Way<'g> {
    /// The node that it leaves.
    pub from: &'g Node,
    /// The node that it reaches.
    pub to: &'g Node,
    /// When it is taken.
    pub labels: &'g [String],
    /// How often it was.
    pub taken: u64,
}

/// Why a text is not a summary of a run of this machine.
#[derive(Debug, thiserror::Error)]
pub enum OverlayError {
    /// It is not JSON.
    #[error("the summary is not JSON: {0}")]
    Json(#[from] SyntaxError),
    /// It is JSON of another kind.
    #[error("this is not what `run --summary FILE` or `bench --save FILE` writes: it has no \"{0}\"")]
    Missing(&'static str),
    /// None of its states are in the machine.
    #[error("the summary is of another machine: of its states ({found}) none is in this one ({wanted})")]
    OtherMachine {
        /// The first states of the summary.
        found: String,
        /// The first states of the machine.
        wanted: String,
    },
}

impl Overlay {
    /// Reads a summary for a graph.
    ///
    /// # Errors
    ///
    /// [`OverlayError`], if it is no summary, or one of another machine.
    pub fn from_summary(text: &str, graph: &Graph) -> Result<Overlay, OverlayError> {
        let json = tree::parse(text)?;
        let number = |node: &Json, key: &'static str| node.get(key).and_then(count);
        // A measurement has times by state, and does not say what executions came to.
        let is_bench = json.get("executions_per_second").is_some();
        let needed = |key: &'static str| match number(&json, key) {
            None if !is_bench => Err(OverlayError::Missing(key)),
            found => Ok(found.unwrap_or(0)),
        };
        let (succeeded, failed, timed_out) = (needed("succeeded")?, needed("failed")?, needed("timed_out")?);
        let times = json.get("timing").and_then(|timing| timing.get("state_ns"));
        let listed = json.get("states").and_then(Json::as_array).ok_or(OverlayError::Missing("states"))?;
        let known = graph.states();
        let mut overlay =
            Overlay { executions: succeeded + failed + timed_out, succeeded, failed, timed_out, ..Overlay::default() };
        // States of handlers are not in the machine, though their names may be.
        for state in listed.iter().filter(|state| state.get("handler").is_none()) {
            let text = |key: &str| state.get(key).and_then(Json::as_str);
            let node = known.iter().find(|node| match text("location") {
                Some(location) => node.location == location,
                None => text("name") == Some(&node.name),
            });
            let Some(node) = node else { continue };
            let counts = StateCounts {
                entered: number(state, "entered").ok_or(OverlayError::Missing("entered"))?,
                failed: number(state, "failed").unwrap_or(0),
                timed_out: number(state, "timed_out").unwrap_or(0),
                retries: number(state, "retries").unwrap_or(0),
                caught: number(state, "caught").unwrap_or(0),
                ns: number(state, "ns").or_else(|| times?.get(&node.location).and_then(count)),
            };
            overlay.entered_max = overlay.entered_max.max(counts.entered);
            overlay.states.insert(node.location.clone(), counts);
        }
        if overlay.states.is_empty() && !known.is_empty() {
            let names: Vec<&str> = listed.iter().filter_map(|state| state.get("name")?.as_str()).take(4).collect();
            let wanted: Vec<&str> = known.iter().map(|node| &*node.name).take(4).collect();
            return Err(OverlayError::OtherMachine { found: names.join(", "), wanted: wanted.join(", ") });
        }
        let transitions = json.get("transitions").and_then(Json::as_array).unwrap_or_default();
        let started = (!is_bench).then_some(overlay.executions);
        overlay.follow(&graph.root, transitions, started, timed_out == 0 && !is_bench);
        overlay.edge_max = overlay.edges.values().copied().max().unwrap_or(0);
        Ok(overlay)
    }

    /// A state's counts; none if the summary does not have it.
    pub fn state(&self, node: &Node) -> Option<StateCounts> {
        self.states.get(&node.location).copied()
    }

    /// The counts of the state at a location; none if the summary does not have it.
    pub fn counts(&self, location: &str) -> Option<StateCounts> {
        self.states.get(location).copied()
    }

    /// All transitions whose counts are known, scope by scope.
    pub fn ways<'g>(&self, graph: &'g Graph) -> Vec<Way<'g>> {
        fn visit<'g>(overlay: &Overlay, scope: &'g Scope, out: &mut Vec<Way<'g>>) {
            for (n, edge) in scope.edges.iter().enumerate() {
                if let Some(taken) = overlay.edge(scope, n) {
                    let (from, to) = (&scope.nodes[edge.from], &scope.nodes[edge.to]);
                    out.push(Way { from, to, labels: &edge.labels, taken });
                }
            }
            scope.nodes.iter().flat_map(|node| &node.scopes).for_each(|inner| visit(overlay, inner, out));
        }
        let mut out = Vec::new();
        visit(self, &graph.root, &mut out);
        out
    }

    /// How often an edge was taken, if that is known.
    pub fn edge(&self, scope: &Scope, index: usize) -> Option<u64> {
        self.edges.get(&(scope.location.clone(), index)).copied()
    }

    /// How often the state was entered that was entered most.
    pub fn entered_max(&self) -> u64 {
        self.entered_max
    }

    /// Where a state stands on the scale from never to most often, logarithmically: 0 to 1.
    pub fn heat(&self, node: &Node) -> f64 {
        scaled(self.state(node).map_or(0, |counts| counts.entered), self.entered_max)
    }

    /// Where an edge's count stands on the scale of all edges.
    pub fn flow(&self, taken: u64) -> f64 {
        scaled(taken, self.edge_max)
    }

    /// How often a state was entered, in words.
    pub fn hits_text(&self, node: &Node) -> String {
        match self.state(node) {
            None => "not in the summary".to_owned(),
            Some(counts) if counts.entered == 0 => "never reached".to_owned(),
            Some(counts) => {
                let mut text = thousands(counts.entered);
                if self.executions > 0 && node.location.matches("/States/").count() == 1 {
                    text.push_str(&format!(" · {}", percent(counts.entered, self.executions)));
                }
                if let Some(ns) = counts.ns {
                    text.push_str(&format!(" · {} each", duration(ns / counts.entered.max(1))));
                }
                text
            }
        }
    }

    /// What went wrong in a state, in words; nothing if nothing did.
    pub fn trouble_text(&self, node: &Node) -> Option<String> {
        let counts = self.state(node)?;
        let parts = [
            (counts.failed, "failed"),
            (counts.timed_out, "timed out"),
            (counts.retries, "retried"),
            (counts.caught, "caught"),
        ];
        let parts: Vec<String> =
            parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", thousands(*n))).collect();
        (!parts.is_empty()).then(|| parts.join(" · "))
    }

    /// How often an edge was taken, in words.
    pub fn edge_text(&self, scope: &Scope, index: usize) -> Option<String> {
        self.edge(scope, index).map(thousands)
    }

    /// Counts the edges of a scope, then of those inside it. `started` is how often the scope was, if that is known;
    /// `calm` says that no execution of it was ended from outside, so that every state entered was left or failed.
    fn follow(&mut self, scope: &Scope, transitions: &[Json], started: Option<u64>, calm: bool) {
        let mut known = vec![None; scope.edges.len()];
        let mut sums = self.sums(scope, started, calm);
        for (n, edge) in scope.edges.iter().enumerate().filter(|(_, edge)| scope.nodes[edge.from].kind.is_state()) {
            let (from, to) = (&scope.nodes[edge.from], &scope.nodes[edge.to]);
            let listed = |t: &&Json| t.get("handler").is_none() && names(t, "from", from) && names(t, "to", to);
            let taken: Vec<u64> =
                transitions.iter().filter(listed).filter_map(|t| t.get("count").and_then(count)).collect();
            // Two edges may lead from one state to the same other, a rule and the default; a summary has them as one.
            let same = |other: &Edge| (other.from, other.to) == (edge.from, edge.to);
            if !taken.is_empty() && scope.edges.iter().position(same) == Some(n) {
                let edges = scope.edges.iter().enumerate().filter(|(_, other)| same(other)).map(|(n, _)| n).collect();
                // What was counted comes before what follows.
                sums.insert(0, (taken.iter().sum(), edges));
            }
        }
        let mut changed = true;
        while changed {
            changed = false;
            for (total, edges) in &sums {
                let open: Vec<usize> = edges.iter().copied().filter(|edge| known[*edge].is_none()).collect();
                let taken: u64 = edges.iter().filter_map(|edge| known[*edge]).sum();
                let Some(left) = total.checked_sub(taken) else { continue };
                if !open.is_empty() && (open.len() == 1 || left == 0) {
                    open.iter().for_each(|edge| known[*edge] = Some(left));
                    changed = true;
                }
            }
        }
        for (n, taken) in known.into_iter().enumerate() {
            if let Some(taken) = taken {
                self.edges.insert((scope.location.clone(), n), taken);
            }
        }
        for node in &scope.nodes {
            let counts = self.state(node).unwrap_or_default();
            let calm = calm && counts.failed + counts.timed_out + counts.retries + counts.caught == 0;
            // A branch is started as often as its Parallel; nobody knows how many items a Map had.
            let started = (node.kind == NodeKind::Parallel && calm).then_some(counts.entered);
            node.scopes.iter().for_each(|inner| self.follow(inner, transitions, started, calm));
        }
    }

    /// What is known to add up: totals, and the edges that they are of.
    fn sums(&self, scope: &Scope, started: Option<u64>, calm: bool) -> Vec<(u64, Vec<usize>)> {
        let edges = |wanted: &dyn Fn(&Edge) -> bool| -> Vec<usize> {
            scope.edges.iter().enumerate().filter(|(_, edge)| wanted(edge)).map(|(n, _)| n).collect()
        };
        let mut sums = Vec::new();
        for (n, node) in scope.nodes.iter().enumerate() {
            match node.kind {
                NodeKind::Start => sums.extend(started.map(|total| (total, edges(&|edge| edge.from == n)))),
                NodeKind::End => {}
                _ => {
                    let Some(counts) = self.state(node) else { continue };
                    sums.push((counts.entered, edges(&|edge| edge.to == n)));
                    let caught = |edge: &Edge| edge.kind == EdgeKind::Catch;
                    sums.push((counts.caught, edges(&|edge| edge.from == n && caught(edge))));
                    let ended = counts.failed + counts.timed_out + counts.caught;
                    if let Some(left) = counts.entered.checked_sub(ended).filter(|left| calm || *left == 0) {
                        sums.push((left, edges(&|edge| edge.from == n && !caught(edge))));
                    }
                }
            }
        }
        sums
    }
}

/// Whether a transition names a node: by its location or its name, an end by null or by nothing.
fn names(transition: &Json, key: &str, node: &Node) -> bool {
    match (transition.get(key).and_then(Json::as_str), node.kind) {
        (None, NodeKind::End) => key == "to",
        (Some(text), NodeKind::End) => text == "End",
        (Some(text), _) => text == node.location || text == node.name,
        (None, _) => false,
    }
}

fn count(node: &Json) -> Option<u64> {
    match &node.kind {
        tree::Kind::Number(text) => text.parse().ok(),
        _ => None,
    }
}

fn scaled(count: u64, most: u64) -> f64 {
    if count == 0 || most == 0 { 0.0 } else { (1.0 + count as f64).ln() / (1.0 + most as f64).ln() }
}

/// A number with its thousands set apart.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A part of a whole in percent, with as many digits as say something.
pub(in crate::view) fn percent(part: u64, whole: u64) -> String {
    let share = part as f64 * 100.0 / whole.max(1) as f64;
    match share {
        share if part == whole => format!("{share:.0} %"),
        share if share >= 10.0 => format!("{share:.1} %"),
        share if share >= 0.01 || part == 0 => format!("{share:.2} %"),
        _ => "< 0.01 %".to_owned(),
    }
}

/// Nanoseconds in the unit that gives them one to three digits before the point.
pub(in crate::view) fn duration(ns: u64) -> String {
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{:.1} µs", ns as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} ms", ns as f64 / 1e6),
        _ => format!("{:.2} s", ns as f64 / 1e9),
    }
}

//! Links cut into pieces that reach from one layer to the next.
//!
//! Rank r is layer 2r + 1; on the even layers between stand labels, and the turns of links that lead back. Where a link
//! passes a layer it has a vertex there; links of one class to one target share these vertices once they have met, and
//! those of one source to the further rows of a broken row share them until they part.

use super::rank::Ranks;
use super::{Link, Size};
use std::collections::{BTreeMap, BTreeSet};

/// Something that has a place on a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Vertex {
    pub kind: Kind,
    pub size: Size,
    pub layer: usize,
}

/// What a vertex is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A node.
    Node(usize),
    /// The label of a link.
    Label,
    /// A link on its way.
    Pass,
    /// Where a link that leads back turns: below its source, above its target.
    Turn,
}

/// Vertices on layers, and the pieces of links between neighbouring layers.
pub(super) struct Layered {
    pub vertices: Vec<Vertex>,
    /// The vertices of each layer, from left to right.
    pub layers: Vec<Vec<usize>>,
    /// For each vertex its neighbours on the layer above.
    pub above: Vec<Vec<usize>>,
    /// For each vertex its neighbours on the layer below.
    pub below: Vec<Vec<usize>>,
    /// For each link the vertices that it leads through, its nodes included.
    pub ways: Vec<Vec<usize>>,
    /// For each link the vertex of its label.
    pub labels: Vec<Option<usize>>,
    /// Pieces, upper end first, that lead beside the normal course: those of exceptions, and of what leads back.
    pub aside: BTreeSet<(usize, usize)>,
    /// Whether rows were broken, so that there are trunks which lead past them.
    pub broken: bool,
}

const NOTHING: Size = Size { width: 0.0, height: 0.0 };

/// Cuts links into pieces. The order within layers is that of walking from the top, and only a beginning.
pub(super) fn build(nodes: &[Size], links: &[Link], ranks: &Ranks) -> Layered {
    let top = ranks.of.iter().copied().max().unwrap_or(0);
    let mut layered = Layered {
        vertices: Vec::new(),
        layers: vec![Vec::new(); 2 * top + 3],
        above: Vec::new(),
        below: Vec::new(),
        ways: Vec::new(),
        labels: Vec::new(),
        aside: BTreeSet::new(),
        broken: ranks.moved.iter().any(|lines| *lines > 0),
    };
    let mut normal = BTreeSet::new();
    for (node, size) in nodes.iter().enumerate() {
        layered.vertex(Kind::Node(node), *size, 2 * ranks.of[node] + 1);
    }
    let (mut shared, mut together) = (BTreeMap::new(), BTreeMap::new());
    let mut towards: BTreeMap<(usize, bool), usize> = BTreeMap::new();
    for (_, link) in links.iter().enumerate().filter(|(n, _)| !ranks.back[*n]) {
        *towards.entry((link.to, link.exception)).or_default() += 1;
    }
    for (n, link) in links.iter().enumerate() {
        let (from, to) = (2 * ranks.of[link.from] + 1, 2 * ranks.of[link.to] + 1);
        let back = ranks.back[n];
        let passed: Vec<usize> = if back { (to..=from).rev().collect() } else { (from + 1..to).collect() };
        // A label stands where its link is still alone: before it meets others, else next to the target.
        let alone = towards.get(&(link.to, link.exception)) == Some(&1);
        let broken = ranks.moved[link.to] > 0 && !back;
        let last = (alone || broken) && !back;
        let label_layer = link.label.and_then(|_| if last { passed.last() } else { passed.first() }).copied();
        let mut way = vec![link.from];
        if back {
            way.push(layered.vertex(Kind::Turn, NOTHING, from + 1));
        }
        let mut label = None;
        for layer in passed {
            if label_layer == Some(layer) {
                let vertex = layered.vertex(Kind::Label, link.label.unwrap_or_default(), layer);
                label = Some(vertex);
                way.push(vertex);
                continue;
            }
            // To the rows of a broken row the links of a source go together, and part right above their row.
            if broken && layer + 1 < to {
                let key = (link.from, link.exception, layer);
                way.push(*together.entry(key).or_insert_with(|| layered.vertex(Kind::Pass, NOTHING, layer)));
                continue;
            }
            let key = (link.to, link.exception, back, layer);
            // Before its label a link cannot share: whose label would it be?
            let may_share = label.is_some() || label_layer.is_none();
            let vertex = match shared.get(&key).filter(|_| may_share) {
                Some(vertex) => *vertex,
                None => layered.vertex(Kind::Pass, NOTHING, layer),
            };
            if may_share {
                shared.insert(key, vertex);
            }
            way.push(vertex);
        }
        if back {
            let key = (link.to, link.exception, back, to - 1);
            let turn = *shared.entry(key).or_insert_with(|| layered.vertex(Kind::Turn, NOTHING, to - 1));
            way.push(turn);
        }
        way.push(link.to);
        for pair in way.windows(2) {
            let piece = layered.join(pair[0], pair[1]);
            let pieces = if link.exception || back { &mut layered.aside } else { &mut normal };
            pieces.insert(piece);
        }
        layered.ways.push(way);
        layered.labels.push(label);
    }
    layered.aside = layered.aside.difference(&normal).copied().collect();
    layered.fill();
    layered
}

impl Layered {
    fn vertex(&mut self, kind: Kind, size: Size, layer: usize) -> usize {
        self.vertices.push(Vertex { kind, size, layer });
        self.above.push(Vec::new());
        self.below.push(Vec::new());
        self.vertices.len() - 1
    }

    /// Joins two neighbours; gives them the upper one first.
    fn join(&mut self, one: usize, other: usize) -> (usize, usize) {
        let (upper, lower) =
            if self.vertices[one].layer < self.vertices[other].layer { (one, other) } else { (other, one) };
        if !self.below[upper].contains(&lower) {
            self.below[upper].push(lower);
            self.above[lower].push(upper);
        }
        (upper, lower)
    }

    /// Puts every vertex onto its layer, in the order of a walk from the top.
    fn fill(&mut self) {
        let mut seen = vec![false; self.vertices.len()];
        let mut starts: Vec<usize> = (0..self.vertices.len()).collect();
        starts.sort_by_key(|vertex| self.vertices[*vertex].layer);
        for start in starts {
            let mut open = vec![start];
            while let Some(vertex) = open.pop() {
                if std::mem::replace(&mut seen[vertex], true) {
                    continue;
                }
                self.layers[self.vertices[vertex].layer].push(vertex);
                open.extend(self.below[vertex].iter().rev().filter(|next| !seen[**next]));
            }
        }
    }
}

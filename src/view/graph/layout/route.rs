//! Vertical places, and the curves that links are drawn as.
//!
//! A curve bends only between layers; where it passes one it is a vertical line through a place of its own. So it can
//! cross another curve, but never a node or a label. Normal links leave and arrive in the middle of a node, exceptions and
//! links that lead back beside it.

use super::layers::{Kind, Layered};
use super::{Layout, Link, Piece, Point, Rect, Size, Stretch};
use std::collections::BTreeMap;

/// Between two layers of which one holds neither a label nor a node.
const GAP: f64 = 22.0;
/// How much more room there is for a curve that leads far to the side.
const SLOPE: f64 = 0.07;
const SLOPE_MAX: f64 = 56.0;
/// How far a curve that turns bends.
const TURN_RADIUS: f64 = 9.0;
/// What an arrow head takes above a node.
pub(super) const ARROW: f64 = 7.0;

struct Bands {
    top: Vec<f64>,
    bottom: Vec<f64>,
}

/// Puts all together.
pub(super) fn finish(nodes: usize, links: &[Link], layered: &Layered, xs: &[f64]) -> Layout {
    let turns = turns(layered);
    let bands = bands(layered, xs, &turns);
    let rect = |vertex: usize| {
        let size = layered.vertices[vertex].size;
        let y = bands.top[layered.vertices[vertex].layer];
        Rect { x: rounded(xs[vertex] - size.width / 2.0), y: rounded(y), width: size.width, height: size.height }
    };
    let width = xs.iter().zip(&layered.vertices).map(|(x, v)| x + v.size.width / 2.0).fold(0.0, f64::max);
    let height = bands.bottom.last().copied().unwrap_or(0.0);
    let mut drawing = Drawing { layered, xs, bands: &bands, turns: &turns, links, ports: BTreeMap::new() };
    drawing.assign_ports();
    Layout {
        size: Size { width: rounded(width), height: rounded(height) },
        nodes: (0..nodes).map(rect).collect(),
        labels: layered.labels.iter().map(|label| label.map(rect)).collect(),
        stretches: drawing.stretches(),
    }
}

/// To a tenth of a pixel: what follows from that is the same on every machine.
fn rounded(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// For each vertex that is a turn its number among those between the same two layers, and how many there are.
fn turns(layered: &Layered) -> Vec<Option<(usize, usize)>> {
    let mut found = vec![None; layered.vertices.len()];
    for layer in &layered.layers {
        // A turn below its source has its neighbours above it, and the other way round.
        for below in [true, false] {
            let here: Vec<usize> = layer
                .iter()
                .copied()
                .filter(|v| layered.vertices[*v].kind == Kind::Turn && layered.above[*v].is_empty() != below)
                .collect();
            for (n, vertex) in here.iter().enumerate() {
                found[*vertex] = Some((n, here.len()));
            }
        }
    }
    found
}

fn bands(layered: &Layered, xs: &[f64], turns: &[Option<(usize, usize)>]) -> Bands {
    let (mut top, mut bottom) = (Vec::new(), Vec::new());
    let mut y = 0.0;
    for (n, layer) in layered.layers.iter().enumerate() {
        let height = layer.iter().map(|v| layered.vertices[*v].size.height).fold(0.0, f64::max);
        top.push(y);
        bottom.push(y + height);
        let far = layer
            .iter()
            .flat_map(|v| layered.below[*v].iter().map(|below| (xs[*v] - xs[*below]).abs()))
            .fold(0.0, f64::max);
        let next = layered.layers.get(n + 1).map_or(&[][..], |layer| layer);
        let turning = |v: &&usize, below: bool| turns[**v].is_some() && layered.above[**v].is_empty() != below;
        let turned =
            layer.iter().filter(|v| turning(v, false)).count().max(next.iter().filter(|v| turning(v, true)).count());
        let outermost = n == 0 || n + 2 == layered.layers.len();
        y += height;
        y += match (outermost, turned) {
            // Nothing is there but what leads back.
            (true, 0) => 0.0,
            (_, 0) => GAP + (far * SLOPE).min(SLOPE_MAX),
            (_, turned) => GAP + (far * SLOPE).min(SLOPE_MAX) + 8.0 * turned as f64,
        };
    }
    Bands { top, bottom }
}

struct Drawing<'l> {
    layered: &'l Layered,
    xs: &'l [f64],
    bands: &'l Bands,
    turns: &'l [Option<(usize, usize)>],
    links: &'l [Link],
    /// For a node, the vertex beside it on the way, and whether it is left, where a curve touches the node.
    ports: BTreeMap<(usize, usize, bool), f64>,
}

impl Drawing<'_> {
    /// Says where on each node's edges links leave and arrive: the normal course in the middle.
    fn assign_ports(&mut self) {
        let mut users: BTreeMap<(usize, bool), Vec<(usize, bool)>> = BTreeMap::new();
        for (link, way) in self.links.iter().zip(&self.layered.ways) {
            let last = way.len() - 1;
            let ends = [(way[0], way[1], true), (way[last], way[last - 1], false)];
            let back = |vertex: usize| self.layered.vertices[vertex].kind == Kind::Turn;
            for (node, beside, leaves) in ends {
                let list = users.entry((node, leaves)).or_default();
                let aside = link.exception || back(beside);
                if !list.contains(&(beside, aside)) {
                    list.push((beside, aside));
                }
            }
        }
        for ((node, leaves), mut list) in users {
            let (x, width) = (self.xs[node], self.layered.vertices[node].size.width);
            list.sort_by(|one, other| self.xs[one.0].total_cmp(&self.xs[other.0]).then(one.0.cmp(&other.0)));
            let alone = list.len() == 1;
            let left: Vec<usize> =
                list.iter().filter(|(v, aside)| *aside && self.xs[*v] < x).map(|(v, _)| *v).collect();
            let right: Vec<usize> =
                list.iter().filter(|(v, aside)| *aside && self.xs[*v] >= x).map(|(v, _)| *v).collect();
            let step = |count: usize| (width * 0.36 / count.max(1) as f64).min(26.0);
            for (beside, aside) in &list {
                let offset = if !*aside || (alone && self.layered.vertices[*beside].kind != Kind::Turn) {
                    0.0
                } else if let Some(n) = left.iter().position(|v| v == beside) {
                    -step(left.len()) * (left.len() - n) as f64
                } else {
                    let n = right.iter().position(|v| v == beside).unwrap_or(0);
                    step(right.len()) * (n + 1) as f64
                };
                self.ports.insert((node, *beside, leaves), x + offset);
            }
        }
    }

    fn stretches(&self) -> Vec<Stretch> {
        // Which links take each piece of way; a piece is known by its ends and by the kind of link.
        let mut takers: BTreeMap<(usize, usize, bool), Vec<usize>> = BTreeMap::new();
        for (n, (link, way)) in self.links.iter().zip(&self.layered.ways).enumerate() {
            for pair in way.windows(2) {
                takers.entry((pair[0], pair[1], link.exception)).or_default().push(n);
            }
        }
        let mut drawn = std::collections::BTreeSet::new();
        let mut stretches = Vec::new();
        for (link, way) in self.links.iter().zip(&self.layered.ways) {
            let key = |n: usize| (way[n], way[n + 1], link.exception);
            let mut n = 0;
            while n + 1 < way.len() {
                let mut end = n + 1;
                // A turn is drawn in one go: where links meet there, each draws what is behind it.
                let turns = |n: usize| self.layered.vertices[way[n]].kind == Kind::Turn;
                while end + 1 < way.len() && (turns(end) || takers.get(&key(end)) == takers.get(&key(n))) {
                    end += 1;
                }
                if drawn.insert(key(n)) {
                    let links = takers.get(&key(n)).cloned().unwrap_or_default();
                    stretches.push(Stretch { links, pieces: self.pieces(way, n, end), arrives: end + 1 == way.len() });
                }
                n = end;
            }
        }
        stretches
    }

    /// The curve along a way from its `start`-th vertex to its `end`-th.
    fn pieces(&self, way: &[usize], start: usize, end: usize) -> Vec<Piece> {
        let mut pen = Pen::default();
        let last = way.len() - 1;
        for n in start..=end {
            let vertex = way[n];
            let info = self.layered.vertices[vertex];
            let (top, bottom) = (self.bands.top[info.layer], self.bands.bottom[info.layer]);
            let x = self.xs[vertex];
            match info.kind {
                Kind::Node(_) if n == 0 => {
                    let x = self.ports.get(&(vertex, way[1], true)).copied().unwrap_or(x);
                    pen.go(Point { x, y: top + info.size.height });
                    pen.line(Point { x, y: bottom });
                }
                Kind::Node(_) => {
                    let x = self.ports.get(&(vertex, way[last - 1], false)).copied().unwrap_or(x);
                    pen.bend(Point { x, y: top - ARROW });
                    pen.line(Point { x, y: top - ARROW + 0.5 });
                }
                Kind::Label if self.upwards(way, n) => {
                    pen.bend(Point { x, y: bottom });
                    pen.line(Point { x, y: top + info.size.height });
                    pen.go(Point { x, y: top });
                }
                Kind::Label => {
                    pen.bend(Point { x, y: top });
                    pen.go(Point { x, y: top + info.size.height });
                    pen.line(Point { x, y: bottom });
                }
                // Two shared stretches meet in the middle of a layer, so that neither leaves a gap.
                Kind::Pass => {
                    let (enter, leave) = if self.upwards(way, n) { (bottom, top) } else { (top, bottom) };
                    if n == start {
                        pen.go(Point { x, y: enter });
                    } else {
                        pen.bend(Point { x, y: enter });
                    }
                    if n != end {
                        pen.line(Point { x, y: leave });
                    }
                }
                // A way is never cut at a turn: there is a vertex behind it.
                Kind::Turn => pen.turn(self.turn_y(vertex, n == 1), self.behind(way, n), n == 1),
            }
        }
        pen.pieces
    }

    /// Whether a way leads upwards where its n-th vertex is.
    fn upwards(&self, way: &[usize], n: usize) -> bool {
        let layer = |n: usize| self.layered.vertices[way[n]].layer;
        n > 0 && layer(n) < layer(n - 1)
    }

    /// Where a way stands behind a turn.
    fn behind(&self, way: &[usize], turn: usize) -> f64 {
        let Some(&vertex) = way.get(turn + 1) else { return self.xs[way[turn]] };
        self.ports.get(&(vertex, way[turn], false)).copied().unwrap_or(self.xs[vertex])
    }

    /// The height at which a turn runs: each in a lane of its own.
    fn turn_y(&self, vertex: usize, below: bool) -> f64 {
        let layer = self.layered.vertices[vertex].layer;
        let (n, count) = self.turns[vertex].unwrap_or((0, 1));
        let part = (n + 1) as f64 / (count + 1) as f64;
        if below {
            let (from, to) = (self.bands.bottom[layer - 1], self.bands.top[layer]);
            from + (to - from).max(GAP) * part
        } else {
            let (from, to) = (self.bands.bottom[layer], self.bands.top[layer + 1] - ARROW);
            to - (to - from) * part
        }
    }
}

/// Draws pieces one behind the other.
#[derive(Default)]
struct Pen {
    pieces: Vec<Piece>,
    at: Point,
}

impl Pen {
    fn go(&mut self, to: Point) {
        self.put(to, Piece::Move);
    }

    fn line(&mut self, to: Point) {
        if self.at != rounded_point(to) {
            self.put(to, Piece::Line);
        }
    }

    /// A curve that begins and ends vertically.
    fn bend(&mut self, to: Point) {
        let from = self.at;
        if (from.x - to.x).abs() < 0.05 {
            return self.line(to);
        }
        let middle = (from.y + to.y) / 2.0;
        let (one, other) = (Point { x: from.x, y: middle }, Point { x: to.x, y: middle });
        self.put(to, |to| Piece::Curve(rounded_point(one), rounded_point(other), to));
    }

    /// From the vertical line at the pen along a horizontal one at `y` back onto a vertical one at `x`; `below` if the
    /// pen comes from above.
    fn turn(&mut self, y: f64, x: f64, below: bool) {
        let from = self.at.x;
        let radius = TURN_RADIUS.min((y - self.at.y).abs()).min((x - from).abs() / 2.0);
        let (side, edge) = (if x > from { radius } else { -radius }, if below { y - radius } else { y + radius });
        self.line(Point { x: from, y: edge });
        self.corner(Point { x: from, y }, Point { x: from + side, y });
        self.line(Point { x: x - side, y });
        self.corner(Point { x, y }, Point { x, y: edge });
    }

    fn corner(&mut self, around: Point, to: Point) {
        let around = rounded_point(around);
        self.put(to, |to| Piece::Curve(around, around, to));
    }

    fn put(&mut self, to: Point, piece: impl FnOnce(Point) -> Piece) {
        self.at = rounded_point(to);
        self.pieces.push(piece(self.at));
    }
}

fn rounded_point(point: Point) -> Point {
    Point { x: rounded(point.x), y: rounded(point.y) }
}

//! A graph with places: how large each node is drawn, what its lines of text are, where everything in it stands.
//!
//! The innermost scopes are laid out first; a Map or Parallel is then one large node of the scope around it. Every text in
//! a scene fits its box in any common font ([`measure`](super::measure)).

use super::layout::{Layout, Link, Point, Rect, Size, lay_out};
use super::measure::{CODE, Font, NAME, NOTE, shortened, width, wrapped};
use super::model::{EdgeKind, Graph, Node, NodeKind, Scope};
use super::overlay::Overlay;

/// The height of a line of a name, of a note, of a label.
pub(super) const NAME_LINE: f64 = 17.0;
pub(super) const NOTE_LINE: f64 = 15.0;
pub(super) const LABEL_LINE: f64 = 15.0;
/// From a box's edge to what is in it.
pub(super) const PADDING: f64 = 10.0;
/// What the symbol takes beside a node's texts.
pub(super) const SYMBOL: f64 = 34.0;
/// Around all.
pub(super) const MARGIN: f64 = 24.0;

const NAME_WIDTH_MAX: f64 = 190.0;
const NOTE_WIDTH_MAX: f64 = 210.0;
const LABEL_WIDTH_MAX: f64 = 230.0;
const LABEL_LINES_MAX: usize = 6;
const LANE_PADDING: f64 = 14.0;
const LANE_GAP: f64 = 12.0;
/// Branches that fit into this stand side by side, however different their heights.
const ROW_WIDTH: f64 = 1_300.0;

/// A graph with places.
#[derive(Debug)]
pub struct Scene<'g> {
    /// How large the drawing is, margins included.
    pub size: Size,
    /// The machine's own scope.
    pub root: PlacedScope<'g>,
}

/// A scope with places, which count from the drawing's top left corner.
#[derive(Debug)]
pub struct PlacedScope<'g> {
    /// The scope.
    pub scope: &'g Scope,
    /// The box that a branch or item processor is drawn in; for the machine itself, all of the drawing.
    pub lane: Rect,
    /// Its nodes, in the scope's order.
    pub nodes: Vec<PlacedNode<'g>>,
    /// Its edges' labels, in the scope's order.
    pub labels: Vec<Option<PlacedLabel>>,
    /// Ways, with the scope's edges as links.
    pub layout: Layout,
    /// Where the layout's own corner is.
    pub origin: Point,
}

/// A node with its place.
#[derive(Debug)]
pub struct PlacedNode<'g> {
    /// The node.
    pub node: &'g Node,
    /// Its box.
    pub rect: Rect,
    /// Its lines of text.
    pub lines: Vec<Line>,
    /// What it holds.
    pub scopes: Vec<PlacedScope<'g>>,
}

/// A line of text in a node.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The text.
    pub text: String,
    /// What it says.
    pub role: Role,
}

/// What a line of text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The state's name, or a part of it.
    Name,
    /// What the state does.
    Note,
    /// How often it was entered.
    Hits,
    /// What went wrong there.
    Trouble,
}

/// A label with its place.
#[derive(Debug, Clone)]
pub struct PlacedLabel {
    /// Its box.
    pub rect: Rect,
    /// Its lines.
    pub lines: Vec<String>,
    /// How often the edge was taken, if that is known and says something.
    pub count: Option<String>,
}

impl<'g> Scene<'g> {
    /// Lays out a graph, with a run's counts in it if there is one.
    pub fn new(graph: &'g Graph, overlay: Option<&Overlay>) -> Scene<'g> {
        let (mut root, size) = place(&graph.root, overlay);
        root.shift(MARGIN, MARGIN);
        let size = Size { width: size.width + 2.0 * MARGIN, height: size.height + 2.0 * MARGIN };
        root.lane = Rect { x: 0.0, y: 0.0, width: size.width, height: size.height };
        Scene { size, root }
    }
}

impl<'g> PlacedScope<'g> {
    fn shift(&mut self, x: f64, y: f64) {
        let move_rect = |rect: &mut Rect| (rect.x, rect.y) = (rect.x + x, rect.y + y);
        move_rect(&mut self.lane);
        (self.origin.x, self.origin.y) = (self.origin.x + x, self.origin.y + y);
        self.labels.iter_mut().flatten().for_each(|label| move_rect(&mut label.rect));
        for node in &mut self.nodes {
            move_rect(&mut node.rect);
            node.scopes.iter_mut().for_each(|scope| scope.shift(x, y));
        }
    }

    /// All scopes, this one first.
    pub fn all(&self) -> Vec<&PlacedScope<'g>> {
        let mut out = vec![self];
        for node in &self.nodes {
            out.extend(node.scopes.iter().flat_map(PlacedScope::all));
        }
        out
    }
}

/// Lays out a scope with its corner at 0, 0.
fn place<'g>(scope: &'g Scope, overlay: Option<&Overlay>) -> (PlacedScope<'g>, Size) {
    let mut nodes: Vec<PlacedNode> = scope.nodes.iter().map(|node| sized(node, scope, overlay)).collect();
    let labels: Vec<Option<PlacedLabel>> = (0..scope.edges.len()).map(|edge| label(scope, edge, overlay)).collect();
    let sizes: Vec<Size> = nodes.iter().map(|node| Size { width: node.rect.width, height: node.rect.height }).collect();
    let links: Vec<Link> = scope
        .edges
        .iter()
        .zip(&labels)
        .map(|(edge, label)| Link {
            from: edge.from,
            to: edge.to,
            label: label.as_ref().map(|label| Size { width: label.rect.width, height: label.rect.height }),
            exception: edge.kind == EdgeKind::Catch,
        })
        .collect();
    let layout = lay_out(&sizes, &links);
    for (node, rect) in nodes.iter_mut().zip(&layout.nodes) {
        node.rect = *rect;
        node.scopes.iter_mut().for_each(|inner| inner.shift(rect.x, rect.y));
    }
    let labels = labels
        .into_iter()
        .zip(&layout.labels)
        .map(|(label, rect)| label.zip(*rect).map(|(label, rect)| PlacedLabel { rect, ..label }))
        .collect();
    let size = layout.size;
    let lane = Rect { x: 0.0, y: 0.0, width: size.width, height: size.height };
    (PlacedScope { scope, lane, nodes, labels, layout, origin: Point::default() }, size)
}

/// A node with its texts and its size, and what it holds placed inside it.
fn sized<'g>(node: &'g Node, scope: &Scope, overlay: Option<&Overlay>) -> PlacedNode<'g> {
    if !node.kind.is_state() {
        let nested = !scope.location.is_empty();
        let (width, height) = if nested { (16.0, 16.0) } else { (66.0, 26.0) };
        let lines = if nested { Vec::new() } else { vec![Line { text: node.name.clone(), role: Role::Name }] };
        return PlacedNode { node, rect: Rect { width, height, ..Rect::default() }, lines, scopes: Vec::new() };
    }
    let mut lines: Vec<Line> =
        wrapped(&node.name, NAME, NAME_WIDTH_MAX, 3).into_iter().map(|text| Line { text, role: Role::Name }).collect();
    let line = |text: &str, role| Line { text: shortened(text, NOTE, NOTE_WIDTH_MAX), role };
    lines.push(line(&node.note, Role::Note));
    if let Some(overlay) = overlay {
        lines.push(line(&overlay.hits_text(node), Role::Hits));
        lines.extend(overlay.trouble_text(node).map(|text| line(&text, Role::Trouble)));
    }
    let badge = node.retry.as_ref().map_or(0.0, |text| width(text, NOTE) + 20.0);
    let beside = |line: &Line| if line.role == Role::Note { badge } else { 0.0 };
    let text_width = lines.iter().map(|line| width(&line.text, line.role.font()) + beside(line)).fold(0.0, f64::max);
    let header = Size {
        width: (SYMBOL + PADDING * 2.0 + text_width).ceil().max(110.0),
        height: lines.iter().map(|line| line.role.height()).sum::<f64>() + PADDING * 1.6,
    };
    let mut scopes: Vec<(PlacedScope, Size)> = node.scopes.iter().map(|inner| place(inner, overlay)).collect();
    let inside = pack(&mut scopes, header);
    let rect = Rect { x: 0.0, y: 0.0, width: header.width.max(inside.width), height: header.height + inside.height };
    PlacedNode { node, rect, lines, scopes: scopes.into_iter().map(|(scope, _)| scope).collect() }
}

impl Role {
    pub(super) fn font(self) -> Font {
        match self {
            Role::Name => NAME,
            Role::Hits => Font { bold: true, ..NOTE },
            Role::Note | Role::Trouble => NOTE,
        }
    }

    pub(super) fn height(self) -> f64 {
        if self == Role::Name { NAME_LINE } else { NOTE_LINE }
    }
}

/// Puts scopes below a header, side by side, in rows if there are many; how large all of it is.
fn pack(scopes: &mut [(PlacedScope, Size)], header: Size) -> Size {
    if scopes.is_empty() {
        return Size::default();
    }
    let lane = |size: &Size| Size { width: size.width + 2.0 * LANE_PADDING, height: size.height + 2.0 * LANE_PADDING };
    let area: f64 = scopes.iter().map(|(_, size)| lane(size).width * lane(size).height).sum();
    let widest = scopes.iter().map(|(_, size)| lane(size).width).fold(0.0, f64::max);
    let abreast: f64 = scopes.iter().map(|(_, size)| lane(size).width + LANE_GAP).sum();
    let row_width = (area * 2.5).sqrt().max(widest).max(header.width).max(abreast.min(ROW_WIDTH));
    let (mut x, mut y, mut row_height, mut right) = (LANE_GAP, header.height, 0.0f64, 0.0f64);
    let mut row_start = 0;
    for n in 0..scopes.len() {
        let size = lane(&scopes[n].1);
        if x > LANE_GAP && x + size.width > row_width + LANE_GAP {
            (x, y, row_height, row_start) = (LANE_GAP, y + row_height + LANE_GAP, 0.0, n);
        }
        let scope = &mut scopes[n].0;
        scope.shift(x + LANE_PADDING, y + LANE_PADDING);
        scope.lane = Rect { x, y, width: size.width, height: size.height };
        x += size.width + LANE_GAP;
        row_height = row_height.max(size.height);
        right = right.max(x);
        // Lanes of a row are equally high.
        scopes[row_start..=n].iter_mut().for_each(|(scope, _)| scope.lane.height = row_height);
    }
    // Where a header is wider than all, what it holds stands in its middle.
    let spare = ((header.width - right) / 2.0).max(0.0).floor();
    scopes.iter_mut().for_each(|(scope, _)| scope.shift(spare, 0.0));
    Size { width: right.max(header.width), height: y + row_height + LANE_GAP - header.height }
}

fn label(scope: &Scope, index: usize, overlay: Option<&Overlay>) -> Option<PlacedLabel> {
    let edge = &scope.edges[index];
    let mut lines: Vec<String> = Vec::new();
    for text in &edge.labels {
        if lines.len() + 1 >= LABEL_LINES_MAX && edge.labels.len() > LABEL_LINES_MAX {
            lines.push(format!("… and {} more", edge.labels.len() - (LABEL_LINES_MAX - 1)));
            break;
        }
        let each = if edge.labels.len() > 1 { 1 } else { 3 };
        lines.extend(wrapped(text, CODE, LABEL_WIDTH_MAX, each));
    }
    // Where a node has one way out, how often it was taken says nothing new.
    let ways_out = scope.edges.iter().filter(|other| other.from == edge.from).count();
    let branches = ways_out > 1 && scope.nodes[edge.from].kind != NodeKind::Start;
    let count = overlay.filter(|_| branches).and_then(|overlay| overlay.edge_text(scope, index));
    if lines.is_empty() && count.is_none() {
        return None;
    }
    let text_width = lines.iter().map(|line| width(line, CODE)).fold(0.0, f64::max);
    let count_width = count.as_ref().map_or(0.0, |text| width(text, Font { bold: true, ..NOTE }));
    let rect = Rect {
        x: 0.0,
        y: 0.0,
        width: (text_width.max(count_width) + 14.0).ceil(),
        height: (lines.len() + usize::from(count.is_some())) as f64 * LABEL_LINE + 6.0,
    };
    Some(PlacedLabel { rect, lines, count })
}

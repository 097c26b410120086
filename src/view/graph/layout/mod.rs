//! Where everything goes: a layered layout of one scope, the same for the same input wherever it is made.
//!
//! Flows in: how large nodes are, what links them, how large the labels of links are. Flows out: rectangles and curves.
//! The steps are those of Sugiyama's method: ranks (`rank.rs`), links cut into pieces that reach from one layer to the next
//! (`layers.rs`), an order with few crossings (`order.rs`), horizontal places (`place.rs`), curves (`route.rs`).
//!
//! Nodes stand on odd layers, labels on even ones, so that a label is laid out like a node and nothing can overlap it. A
//! link that leads upwards leaves its node at the bottom and enters the other at the top, as all do, and goes up between.
//! Links of one class to one target share their way once they have met: a hundred catchers of one handler are one trunk.
//! It must never know what nodes and links stand for, nor let a float's last bits or a hash map's order decide.

mod layers;
mod order;
mod place;
mod rank;
mod route;

/// How large something is, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
#[allow(missing_docs)]
pub struct Size {
    pub width: f64,
    pub height: f64,
}

/// A place, in pixels from the top left corner.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
#[allow(missing_docs)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

/// A rectangle by its top left corner and its size.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
#[allow(missing_docs)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    /// The right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// The bottom edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// Whether the two share more than their edges.
    pub fn overlaps(&self, other: &Rect) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    /// Whether a point is inside, not just on the edge.
    pub fn holds(&self, point: Point) -> bool {
        self.x < point.x && point.x < self.right() && self.y < point.y && point.y < self.bottom()
    }
}

/// A link between two nodes, by their positions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Where it leaves.
    pub from: usize,
    /// Where it arrives.
    pub to: usize,
    /// How large its label is, if it has one.
    pub label: Option<Size>,
    /// Whether it is an exception rather than a normal course: the two kinds never share a way.
    pub exception: bool,
}

/// A part of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece {
    /// Goes on from another place.
    Move(Point),
    /// A straight line to a place.
    Line(Point),
    /// A cubic Bézier curve: two control points, then the place that it leads to.
    Curve(Point, Point, Point),
}

impl Piece {
    /// Where it ends.
    pub fn end(&self) -> Point {
        match self {
            Piece::Move(end) | Piece::Line(end) | Piece::Curve(_, _, end) => *end,
        }
    }
}

/// A stretch of way that the same links take.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// The links, by their positions.
    pub links: Vec<usize>,
    /// The way; it begins with a [`Piece::Move`].
    pub pieces: Vec<Piece>,
    /// Whether it ends at a node, always from above, where an arrow head belongs.
    pub arrives: bool,
}

/// Where everything went.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Layout {
    /// How large all of it is; the top left corner is at 0, 0.
    pub size: Size,
    /// A rectangle for each node.
    pub nodes: Vec<Rect>,
    /// A rectangle for each link that has a label.
    pub labels: Vec<Option<Rect>>,
    /// The ways.
    pub stretches: Vec<Stretch>,
}

/// What each node takes in its row: its own width, or that of the widest label above it.
fn row_widths(nodes: &[Size], links: &[Link]) -> Vec<f64> {
    let mut widths: Vec<f64> = nodes.iter().map(|node| node.width).collect();
    for link in links {
        widths[link.to] = widths[link.to].max(link.label.map_or(0.0, |label| label.width));
    }
    widths.iter().map(|width| width + place::GAP_BETWEEN_NODES).collect()
}

/// Lays out nodes and the links between them. Nodes of one rank stand side by side; where there are too many of them for
/// that, in several rows.
///
/// ```
/// use expressway::view::graph::layout::{Link, Size, lay_out};
/// let size = Size { width: 100.0, height: 40.0 };
/// let link = Link { from: 0, to: 1, label: None, exception: false };
/// let layout = lay_out(&[size, size], &[link]);
/// assert_eq!(layout.nodes[0].x, layout.nodes[1].x);
/// assert!(layout.nodes[0].bottom() < layout.nodes[1].y);
/// ```
pub fn lay_out(nodes: &[Size], links: &[Link]) -> Layout {
    let ends: Vec<(usize, usize)> = links.iter().map(|link| (link.from, link.to)).collect();
    let ranks = rank::ranks(&row_widths(nodes, links), &ends);
    let mut layered = layers::build(nodes, links, &ranks);
    order::arrange(&mut layered);
    let xs = place::places(&layered);
    route::finish(nodes.len(), links, &layered, &xs)
}

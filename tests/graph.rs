//! Drawings of machines: their geometry, that they are always the same, and what they say.
//!
//! Boxes and labels never overlap, ways never cross a box or somebody else's label, every text fits its box; over made-up
//! machines of 3 to 150 states and over all definitions of this project. What a browser makes of them is `browser.rs`'s.

#[path = "graph/generate.rs"]
mod generate;

use expressway::definition::{Definition, ParseOptions};
use expressway::view::graph::layout::{Piece, Point, Rect};
use expressway::view::graph::scene::{PlacedScope, Scene};
use expressway::view::graph::{Graph, svg};
use std::fs;
use std::path::Path;

fn graph(text: &str) -> Graph {
    let definition = Definition::parse(text, "made.asl.json", &ParseOptions::default())
        .unwrap_or_else(|diagnostics| panic!("{:?}\n{text}", diagnostics[0]));
    Graph::new(&definition, "made")
}

/// Points along a way, close to one another.
fn points(pieces: &[Piece]) -> Vec<Point> {
    let mut out: Vec<Point> = Vec::new();
    for piece in pieces {
        let from = out.last().copied().unwrap_or_default();
        match *piece {
            Piece::Move(to) => out.push(to),
            Piece::Line(to) => {
                let steps = ((to.x - from.x).hypot(to.y - from.y) / 3.0).ceil().max(1.0);
                out.extend((1..=steps as usize).map(|n| {
                    let t = n as f64 / steps;
                    Point { x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t }
                }));
            }
            Piece::Curve(a, b, to) => out.extend((1..=40).map(|n| {
                let (t, u) = (f64::from(n) / 40.0, 1.0 - f64::from(n) / 40.0);
                let mix = |p: f64, a: f64, b: f64, q: f64| {
                    u * u * u * p + 3.0 * u * u * t * a + 3.0 * u * t * t * b + t * t * t * q
                };
                Point { x: mix(from.x, a.x, b.x, to.x), y: mix(from.y, a.y, b.y, to.y) }
            })),
        }
    }
    out
}

fn check(scope: &PlacedScope, about: &str) {
    let shrunk =
        |rect: &Rect| Rect { x: rect.x + 0.2, y: rect.y + 0.2, width: rect.width - 0.4, height: rect.height - 0.4 };
    let mut boxes: Vec<(String, Rect, Option<usize>)> =
        scope.nodes.iter().map(|node| (node.node.name.clone(), shrunk(&node.rect), None)).collect();
    for (n, label) in scope.labels.iter().enumerate() {
        boxes.extend(label.as_ref().map(|label| (format!("label {:?}", label.lines), shrunk(&label.rect), Some(n))));
    }
    for (n, (name, rect, _)) in boxes.iter().enumerate() {
        for (other, other_rect, _) in &boxes[..n] {
            assert!(!rect.overlaps(other_rect), "{about}: {name} and {other} overlap\n{rect:?}\n{other_rect:?}");
        }
        let lane = &scope.lane;
        let inside =
            rect.x >= lane.x && rect.right() <= lane.right() && rect.y >= lane.y && rect.bottom() <= lane.bottom();
        assert!(inside, "{about}: {name} is outside its scope\n{rect:?}\n{lane:?}");
    }
    for stretch in &scope.layout.stretches {
        for point in points(&stretch.pieces) {
            let point = Point { x: point.x + scope.origin.x, y: point.y + scope.origin.y };
            for (name, rect, _) in &boxes {
                assert!(!rect.holds(point), "{about}: a way of {:?} crosses {name}", stretch.links);
            }
        }
    }
    // Each edge leaves at its node's bottom and arrives at the top of the other.
    for (n, edge) in scope.scope.edges.iter().enumerate() {
        let of: Vec<_> = scope.layout.stretches.iter().filter(|stretch| stretch.links.contains(&n)).collect();
        let at = |point: Point| Point { x: point.x + scope.origin.x, y: point.y + scope.origin.y };
        let touches = |rect: &Rect, p: Point, y: f64| p.x >= rect.x && p.x <= rect.right() && (p.y - y).abs() < 8.0;
        let from = &scope.nodes[edge.from].rect;
        let to = &scope.nodes[edge.to].rect;
        let leaves = of.iter().any(|s| touches(from, at(s.pieces[0].end()), from.bottom()));
        let arrives = of.iter().any(|s| s.arrives && touches(to, at(s.pieces[s.pieces.len() - 1].end()), to.y));
        assert!(leaves && arrives, "{about}: {edge:?} does not lead from node to node ({leaves}, {arrives})");
    }
    for node in &scope.nodes {
        for inner in &node.scopes {
            let (lane, rect) = (&inner.lane, &node.rect);
            let inside =
                lane.x > rect.x && lane.right() < rect.right() && lane.y > rect.y && lane.bottom() < rect.bottom();
            assert!(inside, "{about}: a scope of {} is outside its box\n{lane:?}\n{rect:?}", node.node.name);
            check(inner, about);
        }
    }
}

#[test]
fn nothing_overlaps_in_made_up_machines() {
    for states in [3, 4, 5, 7, 9, 12, 16, 20, 28, 40, 60, 100, 150] {
        for seed in 0..12 {
            let text = generate::machine(seed, states);
            let graph = graph(&text);
            check(&Scene::new(&graph, None).root, &format!("{states} states, seed {seed}"));
        }
    }
}

#[test]
fn nothing_overlaps_in_definitions_of_this_project() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut drawn = 0;
    for folder in [root.join("tests/definitions"), root.join("corpora")] {
        let files = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
        for file in files.map(|path| if path.is_dir() { path.join("machine.asl.json") } else { path }) {
            let name = file.display().to_string();
            if !name.contains(".asl.") {
                continue;
            }
            let Ok(text) = fs::read_to_string(&file) else { continue };
            let definition = Definition::parse(&text, &name, &ParseOptions::default()).unwrap();
            check(&Scene::new(&Graph::new(&definition, &name), None).root, &name);
            drawn += 1;
        }
    }
    assert!(drawn > 20, "{drawn}");
}

#[test]
fn the_same_definition_gives_the_same_bytes() {
    let text = generate::machine(5, 60);
    assert_eq!(svg::draw(&graph(&text), None), svg::draw(&graph(&text), None));
}

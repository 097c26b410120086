//! A scene as SVG: self-contained, light and dark as the reader's system is, texts as text.
//!
//! Every box, label and way is an element that scripts and tests can find: nodes carry `data-state` and `data-location`,
//! labels `data-edge`. What is cut to fit stands whole in a `<title>`, which browsers show as a tooltip. It must never
//! put a text of the definition between tags unescaped.

use super::layout::{Piece, Point, Rect, Stretch};
use super::measure::{NOTE, width};
use super::model::{EdgeKind, Graph, NodeKind};
use super::overlay::{Overlay, StateCounts, thousands};
use super::scene::{LABEL_LINE, PADDING, PlacedNode, PlacedScope, Role, SYMBOL, Scene};
use std::fmt::Write;

/// Colours and fonts of drawings, as CSS.
pub const STYLE: &str = include_str!("style.css");

const LEGEND_HEIGHT: f64 = 52.0;
const LEGEND_WIDTH: f64 = 640.0;

/// The graph as an SVG document.
///
/// ```
/// use expressway::definition::{Definition, ParseOptions};
/// use expressway::view::graph::{Graph, svg};
/// let text = r#"{"StartAt": "Coat", "States": {"Coat": {"Type": "Pass", "End": true}}}"#;
/// let definition = Definition::parse(text, "coat.asl.json", &ParseOptions::default()).unwrap();
/// let drawing = svg::draw(&Graph::new(&definition, "coat"), None);
/// assert!(drawing.starts_with("<svg") && drawing.contains(">Coat</text>"));
/// ```
pub fn draw(graph: &Graph, overlay: Option<&Overlay>) -> String {
    write(graph, overlay, false)
}

/// The graph as an `<svg>` element for a page that lets its reader choose states; the page has to bring [`STYLE`].
pub(in crate::view) fn inline(graph: &Graph, overlay: Option<&Overlay>) -> String {
    write(graph, overlay, true)
}

fn write(graph: &Graph, overlay: Option<&Overlay>, page: bool) -> String {
    let scene = Scene::new(graph, overlay);
    let mut size = scene.size;
    if overlay.is_some() {
        (size.width, size.height) = (size.width.max(LEGEND_WIDTH), size.height + LEGEND_HEIGHT);
    }
    let mut pen = Pen { out: String::new(), overlay, page };
    let (w, h) = (number(size.width), number(size.height));
    let role = if page { "group" } else { "img" };
    let _ = write!(
        pen.out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"xw\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
         role=\"{role}\" aria-labelledby=\"xw-title xw-desc\"><title id=\"xw-title\">{}</title><desc id=\"xw-desc\">{}</desc>",
        escape(&graph.title),
        escape(&description(graph, overlay))
    );
    if !page {
        // Style sheets in a drawing are read as XML: what they hold must not end them.
        let _ = write!(pen.out, "<style>{STYLE}</style>");
    }
    let _ = write!(pen.out, "<rect class=\"ground\" width=\"{w}\" height=\"{h}\"/>");
    // A drawing that is narrower than its legend stands in the middle.
    let aside = ((size.width - scene.size.width) / 2.0).floor();
    let _ = write!(pen.out, "<g transform=\"translate({} 0)\">", number(aside));
    pen.scope(&scene.root);
    pen.out.push_str("</g>");
    if let Some(overlay) = overlay {
        pen.legend(overlay, scene.size.height);
    }
    pen.out.push_str("</svg>\n");
    pen.out
}

/// What the drawing shows, for those who cannot see it.
fn description(graph: &Graph, overlay: Option<&Overlay>) -> String {
    let states = graph.states();
    let mut text = format!("State machine with {} states", states.len());
    if let Some(first) = graph.root.edges.first().and_then(|edge| graph.root.nodes.get(edge.to)) {
        let _ = write!(text, ", starting at {}", first.name);
    }
    if let Some(overlay) = overlay {
        let never = states.iter().filter(|state| overlay.state(state).is_some_and(|c| c.entered == 0)).count();
        let _ = write!(
            text,
            "; {} executions, of which {} failed; {never} states never reached",
            thousands(overlay.executions),
            thousands(overlay.failed)
        );
    }
    text.push('.');
    if let Some(comment) = &graph.comment {
        let _ = write!(text, " {comment}");
    }
    text
}

struct Pen<'o> {
    out: String,
    overlay: Option<&'o Overlay>,
    page: bool,
}

impl Pen<'_> {
    fn scope(&mut self, placed: &PlacedScope) {
        // The longest ways come first, so that heads and short ways stay on top.
        for stretch in &placed.layout.stretches {
            self.stretch(placed, stretch);
        }
        for (index, label) in placed.labels.iter().enumerate() {
            let Some(label) = label else { continue };
            let edge = &placed.scope.edges[index];
            let (from, to) = (&placed.scope.nodes[edge.from].name, &placed.scope.nodes[edge.to].name);
            let _ = write!(
                self.out,
                "<g class=\"label {}\" data-edge=\"{}\"><title>{}</title>",
                class(edge.kind),
                escape(&format!("{from} → {to}")),
                escape(&format!("{from} → {to}\n{}", edge.labels.join("\n")))
            );
            self.rect(&label.rect, 7.0, "");
            let mut y = label.rect.y + 3.0;
            for line in &label.lines {
                self.text(label.rect.x + 7.0, y + 11.0, "code", line);
                y += LABEL_LINE;
            }
            if let Some(count) = &label.count {
                self.text(label.rect.x + 7.0, y + 11.0, "count", count);
            }
            self.out.push_str("</g>");
        }
        placed.nodes.iter().for_each(|node| self.node(node));
    }

    fn stretch(&mut self, placed: &PlacedScope, stretch: &Stretch) {
        let kinds: Vec<EdgeKind> = stretch.links.iter().map(|link| placed.scope.edges[*link].kind).collect();
        let catch = kinds.contains(&EdgeKind::Catch);
        let mut classes = String::from(if catch { "catch " } else { "" });
        let taken: Option<u64> =
            self.overlay.and_then(|overlay| stretch.links.iter().map(|link| overlay.edge(placed.scope, *link)).sum());
        let mut width = 1.5;
        if let (Some(overlay), Some(taken)) = (self.overlay, taken) {
            if taken == 0 {
                classes.push_str("untaken ");
            } else {
                width = 1.2 + 3.3 * overlay.flow(taken);
            }
        }
        let at = |point: Point| format!("{} {}", number(point.x + placed.origin.x), number(point.y + placed.origin.y));
        let mut path = String::new();
        for piece in &stretch.pieces {
            match piece {
                Piece::Move(to) => path.push_str(&format!("M{}", at(*to))),
                Piece::Line(to) => path.push_str(&format!("L{}", at(*to))),
                Piece::Curve(one, other, to) => path.push_str(&format!("C{} {} {}", at(*one), at(*other), at(*to))),
            }
        }
        let _ = write!(self.out, "<path class=\"{classes}way\" d=\"{path}\" stroke-width=\"{}\">", number(width));
        let ends = |link: &usize| {
            let edge = &placed.scope.edges[*link];
            format!("{} → {}", placed.scope.nodes[edge.from].name, placed.scope.nodes[edge.to].name)
        };
        let mut about = stretch.links.iter().map(ends).collect::<Vec<_>>().join("\n");
        if let Some(taken) = taken {
            about = format!("{} times\n{about}", thousands(taken));
        }
        let _ = write!(self.out, "<title>{}</title></path>", escape(&about));
        if let Some(end) = stretch.pieces.last().map(Piece::end).filter(|_| stretch.arrives) {
            let left = Point { x: end.x - 4.5, y: end.y - 1.5 };
            let right = Point { x: end.x + 4.5, y: end.y - 1.5 };
            let tip = Point { x: end.x, y: end.y + 6.0 };
            let _ = write!(self.out, "<path class=\"{classes}head\" d=\"M{}L{}L{}Z\"/>", at(left), at(right), at(tip));
        }
    }

    fn node(&mut self, placed: &PlacedNode) {
        let (node, rect) = (placed.node, &placed.rect);
        if !node.kind.is_state() {
            return self.terminal(placed);
        }
        let counts = self.overlay.and_then(|overlay| overlay.state(node));
        let never = counts.is_some_and(|counts| counts.entered == 0);
        let reach = if self.page { " tabindex=\"0\" role=\"button\"" } else { "" };
        let _ = write!(
            self.out,
            "<g class=\"node {}{}\" data-state=\"{}\" data-location=\"{}\"{reach}><title>{}</title>",
            node.kind.name().to_ascii_lowercase(),
            if never { " never" } else { "" },
            escape(&node.name),
            escape(&node.location),
            escape(&format!("{}\n{}", node.name, node.details.join("\n")))
        );
        self.rect(rect, 9.0, "box");
        if let Some(overlay) = self.overlay.filter(|_| !never) {
            self.heat(placed, overlay.heat(node));
        }
        if let Some(counts) = counts {
            self.bar(placed, counts);
        }
        self.symbol(placed);
        let mut y = rect.y + PADDING * 0.8;
        let x = rect.x + PADDING + SYMBOL;
        for line in &placed.lines {
            let class = match line.role {
                Role::Name => "name",
                Role::Note => "note",
                Role::Hits => "hits",
                Role::Trouble if counts.is_some_and(|counts| counts.failed + counts.timed_out == 0) => "trouble mild",
                Role::Trouble => "trouble",
            };
            let baseline = if line.role == Role::Name { 13.0 } else { 11.0 };
            self.text(x, y + baseline, class, &line.text);
            if let Some(retry) = node.retry.as_ref().filter(|_| line.role == Role::Note) {
                let at = x + width(&line.text, NOTE) + 8.0;
                let badge = Rect { x: at, y: y + 0.5, width: (width(retry, NOTE) + 10.0).ceil(), height: 14.0 };
                self.rect(&badge, 7.0, "badge");
                self.text(at + 5.0, y + 11.0, "badge-text", retry);
            }
            y += line.role.height();
        }
        for inner in &placed.scopes {
            self.rect(&inner.lane, 7.0, "lane");
            self.scope(inner);
        }
        self.out.push_str("</g>");
    }

    /// The header of a node in the colour of how often it was entered.
    fn heat(&mut self, placed: &PlacedNode, heat: f64) {
        let opacity = format!(" fill-opacity=\"{:.2}\"", heat_opacity(heat));
        if placed.scopes.is_empty() {
            return self.rect_with(&placed.rect, 9.0, "heat", &opacity);
        }
        // Round above, where the box ends, and straight below, where it goes on.
        let (x, y, w) = (placed.rect.x, placed.rect.y, placed.rect.width);
        let [left, inner_left, inner_right, right] = [x, x + 9.0, x + w - 9.0, x + w].map(number);
        let [top, below_top, bottom] = [y, y + 9.0, y + header_height(placed)].map(number);
        let _ = write!(
            self.out,
            "<path class=\"heat\" d=\"M{left} {bottom}V{below_top}Q{left} {top} {inner_left} {top}H{inner_right}Q{right} {top} {right} {below_top}V{bottom}Z\"{opacity}/>"
        );
    }

    fn terminal(&mut self, placed: &PlacedNode) {
        let rect = &placed.rect;
        let (x, y) = (rect.x + rect.width / 2.0, rect.y + rect.height / 2.0);
        let is_end = placed.node.kind == NodeKind::End;
        let _ = write!(self.out, "<g class=\"terminal\" data-location=\"{}\">", escape(&placed.node.location));
        match placed.lines.first() {
            Some(line) => {
                self.rect(rect, rect.height / 2.0, "pill");
                self.text(x, y + 4.0, "pill-text", &line.text);
            }
            None => {
                let (cx, cy) = (number(x), number(y));
                let _ = write!(
                    self.out,
                    "<title>{}</title><circle class=\"end\" cx=\"{cx}\" cy=\"{cy}\" r=\"{}\"/>",
                    placed.node.name,
                    if is_end { "4" } else { "6" }
                );
                if is_end {
                    let _ = write!(self.out, "<circle class=\"ring\" cx=\"{cx}\" cy=\"{cy}\" r=\"7.2\"/>");
                }
            }
        }
        self.out.push_str("</g>");
    }

    /// How a state's visits ended, along the lower edge of its header: failed, caught, well.
    fn bar(&mut self, placed: &PlacedNode, counts: StateCounts) {
        let bad = counts.failed + counts.timed_out;
        if counts.entered == 0 || bad + counts.caught == 0 {
            return;
        }
        let whole = placed.rect.width - 2.0 * PADDING;
        let part = |n: u64| if n == 0 { 0.0 } else { (whole * n as f64 / counts.entered as f64).clamp(3.0, whole) };
        let (failed, caught) = (part(bad), part(counts.caught));
        let caught = caught.min(whole - failed);
        let y = placed.rect.y + header_height(placed) - 6.0;
        let mut x = placed.rect.x + PADDING;
        for (width, class) in [(failed, "bar-failed"), (caught, "bar-caught"), (whole - failed - caught, "bar-good")] {
            if width > 0.0 {
                self.rect(&Rect { x, y, width, height: 3.0 }, 0.0, class);
                x += width;
            }
        }
    }

    fn symbol(&mut self, placed: &PlacedNode) {
        let lines = placed.lines.iter().filter(|line| matches!(line.role, Role::Name | Role::Note));
        let height: f64 = lines.map(|line| line.role.height()).sum();
        let y = placed.rect.y + PADDING * 0.8 + (height - 26.0) / 2.0;
        let tile = Rect { x: placed.rect.x + PADDING - 1.0, y, width: 26.0, height: 26.0 };
        self.rect(&tile, 7.0, "tile");
        let path = match placed.node.kind {
            NodeKind::Task if placed.node.note.starts_with('λ') => "M5.5 4h3l6 12M10 9.5L5.5 16",
            NodeKind::Task => "M10 3l6 3.4v7.2L10 17l-6-3.4V6.4zM4 6.4l6 3.5 6-3.5M10 9.9V17",
            NodeKind::Choice => "M10 3l7 7-7 7-7-7z",
            NodeKind::Wait => "M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14M10 6v4.2l3 1.8",
            NodeKind::Pass => "M4 10h12M11.5 5.5L16 10l-4.5 4.5",
            NodeKind::Succeed => "M4 10.5l4 4 8-9",
            NodeKind::Fail => "M5 5l10 10M15 5L5 15",
            NodeKind::Parallel => "M10 3v4M10 7c0 4-5 3-5 7v3M10 7c0 4 5 3 5 7v3",
            NodeKind::Map => "M7 4h9v9M4 7h9v9H4z",
            NodeKind::Start | NodeKind::End => "",
        };
        let (x, y) = (number(tile.x + 3.0), number(tile.y + 3.0));
        let _ = write!(self.out, "<path class=\"symbol\" transform=\"translate({x} {y})\" d=\"{path}\"/>");
    }

    fn legend(&mut self, overlay: &Overlay, top: f64) {
        let y = top + 8.0;
        self.out.push_str("<g class=\"legend\">");
        let mut x = 24.0;
        self.text(x, y + 10.0, "note", "entered");
        x += 56.0;
        for step in 0..5 {
            let opacity = format!(" fill-opacity=\"{:.2}\"", heat_opacity(f64::from(step) / 4.0));
            self.rect_with(&Rect { x, y, width: 22.0, height: 12.0 }, 0.0, "heat", &opacity);
            x += 22.0;
        }
        x += 8.0;
        let scale = format!("1 … {}", thousands(overlay.entered_max()));
        self.text(x, y + 10.0, "note", &scale);
        x += width(&scale, NOTE) + 26.0;
        for (class, text) in [("bar-failed", "failed"), ("bar-caught", "caught"), ("bar-good", "went on")] {
            self.rect(&Rect { x, y: y + 4.0, width: 18.0, height: 3.0 }, 0.0, class);
            self.text(x + 24.0, y + 10.0, "note", text);
            x += 38.0 + width(text, NOTE);
        }
        let (from, to) = (number(x + 6.0), number(x + 32.0));
        let level = number(y + 6.0);
        let _ =
            write!(self.out, "<path class=\"untaken way\" stroke-width=\"1.5\" d=\"M{from} {level}L{to} {level}\"/>");
        self.text(x + 38.0, y + 10.0, "note", "never");
        let totals = format!(
            "{} executions · {} succeeded · {} failed · {} timed out",
            thousands(overlay.executions),
            thousands(overlay.succeeded),
            thousands(overlay.failed),
            thousands(overlay.timed_out)
        );
        self.text(24.0, y + 30.0, "note", &totals);
        self.out.push_str("</g>");
    }

    fn rect(&mut self, rect: &Rect, radius: f64, class: &str) {
        self.rect_with(rect, radius, class, "");
    }

    fn rect_with(&mut self, rect: &Rect, radius: f64, class: &str, more: &str) {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let radius = if radius > 0.0 { format!(" rx=\"{}\"", number(radius)) } else { String::new() };
        let [x, y, w, h] = [rect.x, rect.y, rect.width, rect.height].map(number);
        let _ = write!(self.out, "<rect{class} x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"{radius}{more}/>");
    }

    fn text(&mut self, x: f64, y: f64, class: &str, text: &str) {
        let (x, y) = (number(x), number(y));
        let _ = write!(self.out, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escape(text));
    }
}

fn header_height(placed: &PlacedNode) -> f64 {
    placed.lines.iter().map(|line| line.role.height()).sum::<f64>() + PADDING * 1.6
}

/// How much of its colour heat shows: little enough for texts on it to be read.
fn heat_opacity(heat: f64) -> f64 {
    0.03 + 0.22 * heat
}

fn class(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::Next => "next",
        EdgeKind::Rule => "rule",
        EdgeKind::Default => "default",
        EdgeKind::Catch => "catch",
    }
}

/// A number with at most one digit behind the point.
fn number(number: f64) -> String {
    let text = format!("{number:.1}");
    let short = text.strip_suffix(".0").unwrap_or(&text);
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// A text between tags or in quotes; characters that no XML may hold become U+FFFD.
pub(in crate::view) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

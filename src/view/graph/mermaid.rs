//! A graph as a Mermaid flowchart, which code hosts and wikis draw.
//!
//! Nodes are named by number, so that no name of a state can be taken for a word of Mermaid's.

use super::measure::{CODE, shortened};
use super::model::{EdgeKind, Graph, Node, NodeKind, Scope};
use super::overlay::Overlay;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The graph as a flowchart.
pub fn write(graph: &Graph, overlay: Option<&Overlay>) -> String {
    let mut writer = Writer { out: String::from("flowchart TD\n"), ids: BTreeMap::new(), overlay };
    writer.scope(&graph.root, 1);
    for (class, colours) in [
        ("choice", "stroke:#8250df"),
        ("fail", "stroke:#cf222e"),
        ("succeed", "stroke:#1a7f37"),
        ("never", "stroke-dasharray:5 4"),
    ] {
        let _ = writeln!(writer.out, "  classDef {class} {colours}");
    }
    writer.out
}

struct Writer<'o> {
    out: String,
    /// Numbers by location.
    ids: BTreeMap<String, usize>,
    overlay: Option<&'o Overlay>,
}

impl Writer<'_> {
    fn id(&mut self, node: &Node) -> String {
        let next = self.ids.len();
        format!("n{}", self.ids.entry(node.location.clone()).or_insert(next))
    }

    fn scope(&mut self, scope: &Scope, depth: usize) {
        let indent = "  ".repeat(depth);
        for node in &scope.nodes {
            let id = self.id(node);
            let text = self.text(node);
            if !node.scopes.is_empty() {
                let _ = writeln!(self.out, "{indent}subgraph {id}[\"{text}\"]");
                for (n, inner) in node.scopes.iter().enumerate() {
                    if node.scopes.len() > 1 {
                        let _ = writeln!(self.out, "{indent}  subgraph {id}b{n}[\" \"]");
                        self.scope(inner, depth + 2);
                        let _ = writeln!(self.out, "{indent}  end");
                    } else {
                        self.scope(inner, depth + 1);
                    }
                }
                let _ = writeln!(self.out, "{indent}end");
                continue;
            }
            let (open, close) = match node.kind {
                NodeKind::Start | NodeKind::End => ("([", "])"),
                NodeKind::Choice => ("{{", "}}"),
                _ => ("[", "]"),
            };
            let never = self.overlay.and_then(|o| o.state(node)).is_some_and(|counts| counts.entered == 0);
            let class = match node.kind {
                _ if never => ":::never",
                NodeKind::Choice => ":::choice",
                NodeKind::Fail => ":::fail",
                NodeKind::Succeed => ":::succeed",
                _ => "",
            };
            let _ = writeln!(self.out, "{indent}{id}{open}\"{text}\"{close}{class}");
        }
        for (n, edge) in scope.edges.iter().enumerate() {
            let (from, to) = (self.id(&scope.nodes[edge.from]), self.id(&scope.nodes[edge.to]));
            let mut lines: Vec<String> =
                edge.labels.iter().map(|line| escaped(&shortened(line, CODE, 400.0))).collect();
            lines.extend(self.overlay.and_then(|overlay| overlay.edge_text(scope, n)));
            let arrow = if edge.kind == EdgeKind::Catch { "-.->" } else { "-->" };
            let label = if lines.is_empty() { String::new() } else { format!("|\"{}\"|", lines.join("<br/>")) };
            let _ = writeln!(self.out, "{indent}{from} {arrow}{label} {to}");
        }
    }

    fn text(&self, node: &Node) -> String {
        let mut lines = vec![escaped(&node.name)];
        if node.kind.is_state() && node.kind != NodeKind::Choice {
            let retry = node.retry.as_ref().map(|retry| format!(" {retry}")).unwrap_or_default();
            lines.push(format!("<small>{}{retry}</small>", escaped(&shortened(&node.note, CODE, 400.0))));
        }
        if let Some(overlay) = self.overlay.filter(|_| node.kind.is_state()) {
            lines.push(escaped(&overlay.hits_text(node)));
            lines.extend(overlay.trouble_text(node).map(|text| escaped(&text)));
        }
        lines.join("<br/>")
    }
}

/// A text between quotes: what Mermaid or HTML would take for more than text becomes its number.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '#' | '&' | '<' | '>' | ';' | '`' | '\\' | '|' | '{' | '}' | '[' | ']' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

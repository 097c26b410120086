//! A graph in Graphviz's DOT language.
//!
//! A Map or Parallel is a cluster. Clusters cannot be ends of edges, so an edge to one leads to the first point in it, and
//! is cut at its border by `lhead`; one from it leaves where its first scope ends.

use super::measure::{CODE, shortened};
use super::model::{EdgeKind, Graph, Node, NodeKind, Scope};
use super::overlay::Overlay;
use std::fmt::Write;

/// The graph as a digraph.
pub fn write(graph: &Graph, overlay: Option<&Overlay>) -> String {
    let mut out = String::from("digraph {\n");
    let _ = writeln!(out, "  label={}; labelloc=t; compound=true; fontname=\"Helvetica\";", quoted(&graph.title));
    out.push_str("  node [shape=box, style=rounded, fontname=\"Helvetica\", fontsize=11];\n");
    out.push_str("  edge [fontname=\"Courier\", fontsize=9];\n");
    scope(&graph.root, overlay, 1, &mut out);
    out.push_str("}\n");
    out
}

fn scope(block: &Scope, overlay: Option<&Overlay>, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for node in &block.nodes {
        let name = quoted(&node.location);
        if !node.scopes.is_empty() {
            let _ = writeln!(out, "{indent}subgraph {} {{", quoted(&format!("cluster{}", node.location)));
            let _ = writeln!(out, "{indent}  label={}; style=rounded;", quoted(&text(node, overlay)));
            for inner in &node.scopes {
                let _ = writeln!(out, "{indent}  subgraph {} {{", quoted(&format!("cluster{}", inner.location)));
                let _ = writeln!(out, "{indent}    label=\"\"; style=\"rounded,dashed\";");
                scope(inner, overlay, depth + 2, out);
                let _ = writeln!(out, "{indent}  }}");
            }
            let _ = writeln!(out, "{indent}}}");
            continue;
        }
        let inner = !block.location.is_empty();
        let shape = match node.kind {
            NodeKind::Start if inner => "shape=point, width=0.12, ".to_owned(),
            NodeKind::End if inner => "shape=doublecircle, width=0.08, label=\"\", ".to_owned(),
            NodeKind::Start | NodeKind::End => "shape=oval, ".to_owned(),
            NodeKind::Choice => "shape=diamond, style=\"\", ".to_owned(),
            NodeKind::Fail => "color=\"#cf222e\", ".to_owned(),
            NodeKind::Succeed => "color=\"#1a7f37\", ".to_owned(),
            _ => String::new(),
        };
        let never = overlay.and_then(|o| o.state(node)).is_some_and(|counts| counts.entered == 0);
        let dashed = if never { "style=\"rounded,dashed\", " } else { "" };
        let label = if node.kind.is_state() || !inner {
            format!("label={}, ", quoted(&text(node, overlay)))
        } else {
            String::new()
        };
        let tooltip = quoted(&node.details.join("\n"));
        let _ = writeln!(out, "{indent}{name} [{shape}{dashed}{label}tooltip={tooltip}];");
    }
    for (n, edge) in block.edges.iter().enumerate() {
        let (from, to) = (&block.nodes[edge.from], &block.nodes[edge.to]);
        let mut lines: Vec<String> = edge.labels.iter().map(|line| shortened(line, CODE, 400.0)).collect();
        let taken = overlay.and_then(|overlay| overlay.edge(block, n));
        lines.extend(overlay.and_then(|overlay| overlay.edge_text(block, n)));
        let mut attributes = Vec::new();
        if !lines.is_empty() {
            attributes.push(format!("label={}", quoted(&lines.join("\n"))));
        }
        if let (Some(overlay), Some(taken)) = (overlay, taken) {
            attributes.push(format!("penwidth={:.1}", 1.0 + 3.0 * overlay.flow(taken)));
        }
        if edge.kind == EdgeKind::Catch {
            attributes.push("style=dashed, color=\"#bc4c00\", fontcolor=\"#bc4c00\"".to_owned());
        } else if taken == Some(0) {
            attributes.push("style=dotted".to_owned());
        }
        // Of a cluster that leads to itself nothing can be cut: Graphviz would say so, and draw it whole.
        let around = edge.from == edge.to;
        if !to.scopes.is_empty() && !around {
            attributes.push(format!("lhead={}", quoted(&format!("cluster{}", to.location))));
        }
        if !from.scopes.is_empty() && !around {
            attributes.push(format!("ltail={}", quoted(&format!("cluster{}", from.location))));
        }
        let (from, to) = (quoted(&anchor(from, false)), quoted(&anchor(to, true)));
        let _ = writeln!(out, "{indent}{from} -> {to} [{}];", attributes.join(", "));
    }
}

/// The location of the point that stands for a node as an end of an edge.
fn anchor(node: &Node, entering: bool) -> String {
    let Some(inner) = node.scopes.first() else { return node.location.clone() };
    let wanted = if entering { NodeKind::Start } else { NodeKind::End };
    let found = inner.nodes.iter().find(|node| node.kind == wanted).or(inner.nodes.first());
    found.map_or_else(|| node.location.clone(), |found| anchor(found, entering))
}

fn text(node: &Node, overlay: Option<&Overlay>) -> String {
    let mut lines = vec![node.name.clone()];
    if node.kind.is_state() {
        let retry = node.retry.as_ref().map(|retry| format!("  {retry}")).unwrap_or_default();
        lines.push(format!("{}{retry}", node.note));
        if let Some(overlay) = overlay {
            lines.push(overlay.hits_text(node));
            lines.extend(overlay.trouble_text(node));
        }
    }
    lines.join("\n")
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

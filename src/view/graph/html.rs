//! A graph as a page: the drawing, a search, and a panel that tells all about the state that is clicked.
//!
//! The page is one file that loads nothing. Its data stand in one JSON island, its script makes text nodes of them and
//! never markup, and a content security policy forbids every other script and style, and all that would be loaded.

use super::model::{Graph, Node};
use super::overlay::{Overlay, duration};
use super::svg::{self, STYLE, escape};
use crate::view::json::{self, ObjectWriter};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const PAGE_STYLE: &str = include_str!("page.css");
/// What makes a drawing on a page answer.
pub(in crate::view) const SCRIPT: &str = include_str!("page.js");

/// The graph as a page.
pub fn write(graph: &Graph, overlay: Option<&Overlay>) -> String {
    let mut object = ObjectWriter::new();
    object.raw("states", &states(graph, overlay));
    let body = format!("<header><h1>{}</h1>{}</header>{}", escape(&graph.title), comment(graph), board(graph, overlay));
    page(&graph.title, "graph-page", "", &body, &object.finish(), SCRIPT)
}

/// The graph's Comment as a paragraph.
pub(in crate::view) fn comment(graph: &Graph) -> String {
    graph.comment.as_ref().map(|text| format!("<p class=\"comment\">{}</p>", escape(text))).unwrap_or_default()
}

/// The drawing with its tools and its panel.
pub(in crate::view) fn board(graph: &Graph, overlay: Option<&Overlay>) -> String {
    format!(
        "<div class=\"tools\"><input id=\"search\" type=\"search\" placeholder=\"Find a state\" aria-label=\"Find a state\">\
         <span id=\"found\" class=\"found\" role=\"status\"></span><button id=\"further\" aria-label=\"Smaller\">−</button>\
         <button id=\"closer\" aria-label=\"Larger\">+</button><button id=\"fit\">Fit</button><button id=\"full\">100 %</button></div>\
         <div class=\"board\"><div class=\"canvas\" tabindex=\"0\" aria-label=\"State machine\">{}</div>\
         <aside class=\"panel\" aria-live=\"polite\"><p class=\"comment\">Click a state to read what it is.</p></aside></div>",
        svg::inline(graph, overlay)
    )
}

/// All states as a JSON array, for the script.
pub(in crate::view) fn states(graph: &Graph, overlay: Option<&Overlay>) -> String {
    json::array(graph.states().into_iter().map(|node| state(node, overlay)))
}

fn state(node: &Node, overlay: Option<&Overlay>) -> String {
    let mut object = ObjectWriter::new();
    object.text("name", &node.name).text("location", &node.location).text("source", &node.source);
    object.raw("details", &json::array(node.details.iter().map(|line| json::quoted(line))));
    if let Some(counts) = overlay.and_then(|overlay| overlay.state(node)) {
        let mut inner = ObjectWriter::new();
        inner.plain("entered", counts.entered).plain("failed", counts.failed).plain("timed_out", counts.timed_out);
        inner.plain("retries", counts.retries).plain("caught", counts.caught);
        if let Some(ns) = counts.ns.filter(|_| counts.entered > 0) {
            inner.text("time", &format!("{} in all, {} a visit", duration(ns), duration(ns / counts.entered)));
        }
        object.raw("counts", &inner.finish());
    }
    object.finish()
}

/// A whole page: nothing in it comes from elsewhere.
pub(in crate::view) fn page(title: &str, class: &str, style: &str, body: &str, data: &str, script: &str) -> String {
    // In an island of data only this character could begin the tag that ends it.
    let data = data.replace('<', "\\u003c");
    let style = format!("{PAGE_STYLE}{STYLE}{style}");
    let policy = format!("default-src 'none'; script-src {}; style-src {}", fingerprint(script), fingerprint(&style));
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title>\
         <style>{style}</style></head><body class=\"{class}\">{body}\
         <script type=\"application/json\" id=\"data\">{data}</script><script>{script}</script></body></html>\n",
        escape(title)
    )
}

/// What a content security policy knows a script or a style sheet by.
fn fingerprint(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

//! A run as one page: what it came to, how fast it was, where it failed, with the machine drawn in the middle.
//!
//! Flows in: a [`Summary`] with findings, the machine's [`Graph`], examples that were run again. Flows out: HTML that loads
//! nothing. Its numbers are the summary's; what the page does when it is clicked is in `report.js`, which makes text nodes
//! of data and never markup. It must never show an event's data but in examples, and those shortened.

mod charts;

use super::details::{self, Content};
use super::graph::html::{SCRIPT, board, comment, page, states};
use super::graph::overlay::{duration, percent, thousands};
use super::graph::svg::escape;
use super::graph::{Graph, Overlay};
use super::json::{self, ObjectWriter};
use crate::batch::Summary;
use crate::batch::findings::{Again, Position};
use crate::vm::{Event, EventKind};
use std::fmt::Write;

const STYLE: &str = include_str!("report.css");
const REPORT_SCRIPT: &str = include_str!("report.js");

/// How many characters of a value an example shows.
const VALUE_CHARACTERS_MAX: usize = 600;
/// How many events of a history an example shows.
const EVENTS_MAX: usize = 200;

/// An example of a report: an event that was run again.
#[derive(Debug)]
pub struct Shown {
    /// Why it is shown: an error's name, or nothing.
    pub error: Option<String>,
    /// Where its event stands.
    pub position: Position,
    /// What it came to, unless its text was too long to be kept.
    pub again: Option<Again>,
}

/// All that a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct Report<'r> {
    /// The machine.
    pub graph: &'r Graph,
    /// The run drawn onto it.
    pub overlay: &'r Overlay,
    /// What the run came to.
    pub summary: &'r Summary,
    /// The names of the sources, by their numbers.
    pub sources: &'r [String],
    /// Examples.
    pub examples: &'r [Shown],
}

impl Report<'_> {
    /// The page.
    pub fn to_html(&self) -> String {
        let title = format!("{} · run", self.graph.title);
        let mut body = format!("<header><h1>{}</h1>{}</header>", escape(&self.graph.title), comment(self.graph));
        body.push_str("<main>");
        self.outcomes(&mut body);
        self.pace(&mut body);
        body.push_str("<section class=\"wide\" id=\"machine\"><h2>The machine</h2>");
        body.push_str(&board(self.graph, Some(self.overlay)));
        body.push_str("</section>");
        self.errors(&mut body);
        self.slowest(&mut body);
        self.coverage(&mut body);
        self.setup(&mut body);
        body.push_str("</main>");
        let script = format!("{SCRIPT}{REPORT_SCRIPT}");
        page(&title, "report-page", STYLE, &body, &self.data(), &script)
    }

    fn outcomes(&self, out: &mut String) {
        let summary = self.summary;
        out.push_str("<section class=\"wide\" id=\"outcomes\"><div class=\"cards\">");
        let mut card = |class: &str, label: &str, count: u64, note: String| {
            let _ = write!(
                out,
                "<div class=\"card {class}\"><span class=\"label\">{label}</span><b data-total=\"{class}\">{}</b><span class=\"share\">{note}</span></div>",
                thousands(count)
            );
        };
        let seconds = summary.timing.elapsed.as_secs_f64();
        let rate = summary.timing.events_per_second(summary.events) as u64;
        card("events", "events", summary.events, format!("{seconds:.2} s · {} events/s", thousands(rate)));
        for (class, label, count) in [
            ("succeeded", "succeeded", summary.succeeded),
            ("failed", "failed", summary.failed),
            ("timed_out", "timed out", summary.timed_out),
            ("rejected", "rejected", summary.rejected),
        ] {
            card(class, label, count, percent(count, summary.events));
        }
        out.push_str("</div>");
        let parts = [
            ("succeeded", summary.succeeded),
            ("failed", summary.failed),
            ("timed_out", summary.timed_out),
            ("rejected", summary.rejected),
        ];
        out.push_str("<svg class=\"stack\" viewBox=\"0 0 1000 8\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"shares of outcomes\">");
        let mut x = 0.0;
        for (class, count) in parts.into_iter().filter(|(_, count)| *count > 0) {
            let width = 1_000.0 * count as f64 / summary.events.max(1) as f64;
            // What happened at all is to be seen, however seldom.
            let seen = width.max(3.0);
            let _ = write!(
                out,
                "<rect class=\"{class}\" x=\"{:.1}\" width=\"{seen:.1}\" height=\"8\"/>",
                x - (seen - width)
            );
            x += width;
        }
        out.push_str("</svg>");
        if summary.partial {
            out.push_str(
                "<p class=\"warning\">The run was stopped before its end: these are the events up to there.</p>",
            );
        }
        for error in &summary.source_errors {
            let _ = write!(out, "<p class=\"warning\">Not read to its end: {}</p>", escape(&error.to_string()));
        }
        out.push_str("</section>");
    }

    fn pace(&self, out: &mut String) {
        let Some(findings) = &self.summary.findings else { return };
        out.push_str("<section id=\"throughput\"><h2>Events per second</h2>");
        out.push_str(&charts::throughput(&findings.moments));
        out.push_str("</section><section id=\"latency\"><h2>Time of an execution</h2>");
        out.push_str(&charts::latencies(&findings.latencies, self.summary.timing.latency));
        if let Some(quantiles) = self.summary.timing.latency {
            let of = [
                ("p50", quantiles.p50_ns),
                ("p90", quantiles.p90_ns),
                ("p99", quantiles.p99_ns),
                ("p99.9", quantiles.p999_ns),
                ("max", quantiles.max_ns),
            ];
            out.push_str("<p class=\"quantiles\">");
            for (name, ns) in of {
                let _ = write!(out, "<span><b>{}</b> {name}</span>", duration(ns));
            }
            let _ = write!(out, "<span>{} timed</span></p>", thousands(quantiles.measured));
        }
        out.push_str("</section>");
    }

    fn errors(&self, out: &mut String) {
        let summary = self.summary;
        let mut rows: Vec<(&str, u64)> = summary.errors.iter().map(|(name, count)| (&**name, *count)).collect();
        if summary.timed_out > 0 {
            rows.push((crate::batch::findings::TIMED_OUT, summary.timed_out));
        }
        rows.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        out.push_str("<section class=\"wide\" id=\"errors\"><h2>Errors</h2>");
        if rows.is_empty() {
            out.push_str("<p class=\"comment\">No execution failed.</p>");
        } else {
            out.push_str("<table><tr><th>error</th><th class=\"n\">executions</th><th class=\"n\">share</th><th>examples</th></tr>");
            for (name, count) in rows {
                let _ = write!(
                    out,
                    "<tr data-error=\"{0}\"><td class=\"code\">{0}</td><td class=\"n\">{1}</td><td class=\"n\">{2}</td><td>",
                    escape(name),
                    thousands(count),
                    percent(count, summary.events)
                );
                for (n, shown) in
                    self.examples.iter().enumerate().filter(|(_, shown)| shown.error.as_deref() == Some(name))
                {
                    let _ = write!(out, "{} ", self.example_button(n, &shown.position));
                }
                out.push_str("</td></tr>");
            }
            out.push_str("</table>");
            if summary.errors_other > 0 {
                let _ =
                    write!(out, "<p class=\"comment\">{} more with other names</p>", thousands(summary.errors_other));
            }
        }
        let rejected = summary.findings.as_ref().map_or(&[][..], |findings| &findings.rejected);
        if !rejected.is_empty() {
            out.push_str("<h2>Lines that are no events</h2><table><tr><th>line</th><th>why</th></tr>");
            for rejected in rejected {
                let (place, reason) = (self.place(&rejected.position), escape(&rejected.reason));
                let _ = write!(out, "<tr><td>{}</td><td>{reason}</td></tr>", escape(&place));
            }
            out.push_str("</table>");
            let left = summary.rejected.saturating_sub(rejected.len() as u64);
            if left > 0 {
                let _ = write!(out, "<p class=\"comment\">and {} more</p>", thousands(left));
            }
        }
        out.push_str("</section>");
    }

    fn slowest(&self, out: &mut String) {
        let slowest = self.summary.findings.as_ref().map_or(&[][..], |findings| &findings.slowest);
        out.push_str("<section id=\"slowest\"><h2>Slowest executions</h2>");
        if slowest.is_empty() {
            out.push_str("<p class=\"comment\">No execution was timed.</p></section>");
            return;
        }
        out.push_str("<table><tr><th class=\"n\">took</th><th>event</th><th class=\"n\">offset</th></tr>");
        for slow in slowest {
            let _ = write!(
                out,
                "<tr><td class=\"n\">{}</td><td>{}</td><td class=\"n\">{}</td></tr>",
                duration(slow.ns),
                escape(&self.place(&slow.position)),
                thousands(slow.position.offset)
            );
        }
        out.push_str("</table><p class=\"comment\">Real time, of the executions that were timed; it differs from run to run.</p></section>");
    }

    fn coverage(&self, out: &mut String) {
        let states = self.graph.states();
        let entered = |location: &str| self.overlay.counts(location).is_some_and(|counts| counts.entered > 0);
        let reached = states.iter().filter(|state| entered(&state.location)).count();
        let _ = write!(
            out,
            "<section id=\"coverage\"><h2>Coverage</h2><p><b data-total=\"reached\">{reached}</b> of {} states were reached, {}.</p>",
            states.len(),
            percent(reached as u64, states.len() as u64)
        );
        let ways = self.overlay.ways(self.graph);
        if !ways.is_empty() {
            let taken = ways.iter().filter(|way| way.taken > 0).count();
            let _ = write!(out, "<p>{taken} of {} transitions whose counts are known were taken.</p>", ways.len());
        }
        let never: Vec<_> = states.iter().filter(|state| !entered(&state.location)).collect();
        if !never.is_empty() {
            out.push_str("<table><tr><th>never reached</th><th class=\"n\">line</th></tr>");
            for state in never {
                let _ = write!(
                    out,
                    "<tr><td><button class=\"link\" data-choose=\"{}\">{}</button></td><td class=\"n\">{}</td></tr>",
                    escape(&state.location),
                    escape(&state.name),
                    state.line_number
                );
            }
            out.push_str("</table>");
        }
        let untaken: Vec<_> = ways
            .iter()
            .filter(|way| way.taken == 0 && entered(&way.from.location) && way.from.kind.is_state())
            .collect();
        if !untaken.is_empty() {
            out.push_str("<table><tr><th>never taken</th><th>when</th></tr>");
            for way in untaken {
                let _ = write!(
                    out,
                    "<tr><td>{} → {}</td><td class=\"code\">{}</td></tr>",
                    escape(&way.from.name),
                    escape(&way.to.name),
                    escape(&way.labels.join("; "))
                );
            }
            out.push_str("</table>");
        }
        out.push_str("</section>");
    }

    fn setup(&self, out: &mut String) {
        let timing = &self.summary.timing;
        out.push_str("<section class=\"wide\" id=\"setup\"><h2>How it was run</h2><table>");
        let mut row = |label: &str, value: String| {
            let _ = write!(out, "<tr><th>{label}</th><td>{}</td></tr>", escape(&value));
        };
        row("events from", self.sources.join(", "));
        row("threads", timing.threads.to_string());
        row("seed", timing.seed.to_string());
        row("clock from", timing.now.clone());
        row("states entered", thousands(self.summary.steps));
        row("retries", thousands(self.summary.retries));
        row("caught", thousands(self.summary.caught));
        for (limit, count) in &self.summary.limits {
            row(&format!("limit: {}", escape(limit)), thousands(*count));
        }
        row("read", format!("{} bytes", thousands(self.summary.stored_bytes)));
        row("written", format!("{} bytes", thousands(self.summary.result_bytes)));
        row("by", concat!("expressway ", env!("CARGO_PKG_VERSION")).to_owned());
        out.push_str("</table></section>");
    }

    /// Where a record stands, as editors and compilers write it.
    fn place(&self, position: &Position) -> String {
        format!("{}:{}", self.sources.get(position.source).map_or("?", |name| name), position.line_number)
    }

    fn example_button(&self, n: usize, position: &Position) -> String {
        let offset = position.offset;
        format!(
            "<button class=\"link\" data-example=\"{n}\" title=\"at byte {offset}\">{}</button>",
            escape(&self.place(position))
        )
    }

    fn data(&self) -> String {
        let mut object = ObjectWriter::new();
        object.raw("states", &states(self.graph, Some(self.overlay)));
        object.raw("examples", &json::array(self.examples.iter().map(|shown| self.example(shown))));
        object.finish()
    }

    fn example(&self, shown: &Shown) -> String {
        let mut object = ObjectWriter::new();
        object.text("place", &self.place(&shown.position)).plain("offset", shown.position.offset);
        if let Some(again) = &shown.again {
            object.text("status", again.status).text("result", &shortened(&again.result));
            object.text("input", &shortened(&again.input)).plain("length", again.events.len());
            let start_ms = again.events.first().map_or(0, |event| event.time_ms);
            let events = again.events.iter().take(EVENTS_MAX);
            object.raw("events", &json::array(events.map(|event| event_json(event, start_ms))));
        }
        object.finish()
    }
}

/// An event of a history: id, type, milliseconds since the start, the state that it names, what it tells.
fn event_json(event: &Event, start_ms: i64) -> String {
    let mut object = ObjectWriter::new();
    object.plain("id", event.id).text("type", &event.kind.name()).plain("ms", event.time_ms - start_ms);
    if let EventKind::Entered { name, .. } | EventKind::Exited { name, .. } = &event.kind {
        object.text("state", name);
    }
    let mut details = ObjectWriter::new();
    for detail in details::details(&event.kind).unwrap_or_default().into_iter().filter(|detail| detail.name != "name") {
        match detail.value {
            Content::Text(text) | Content::Data(text) | Content::Json(text) => {
                details.text(detail.name, &shortened(text))
            }
            Content::Number(number) => details.text(detail.name, &number.to_string()),
            Content::Variables(variables) => {
                let all: Vec<String> = variables.iter().map(|(name, value)| format!("${name} = {value}")).collect();
                details.text(detail.name, &shortened(&all.join(", ")))
            }
        };
    }
    object.raw("details", &details.finish());
    object.finish()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(VALUE_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

//! What a run came to: for people on stderr, for programs as JSON.
//!
//! Flows in: the totals of a run. Flows out: text. All that depends on the clock or on how the run was set up stands in one
//! member, `timing`, so that the rest of two summaries of one input can be compared byte by byte. It must never hold
//! anything of a single event but the names of errors.

use super::coverage::Coverage;
use super::findings::Findings;
use super::latency::Quantiles;
use super::source::SourceError;
use crate::program::Program;
use crate::value::text::write_string;
use crate::vm::{self, Troubles};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Progress {
    /// Records whose results have been handed to the sinks.
    pub records: u64,
    /// Bytes of the sources, as they are stored.
    pub stored_bytes: u64,
}

/// What a run came to.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Summary {
    /// Records: all lines that are not blank.
    pub events: u64,
    /// Executions that succeeded.
    pub succeeded: u64,
    /// Executions that failed.
    pub failed: u64,
    /// Executions that a limit ended.
    pub timed_out: u64,
    /// Records that could not be executed: the dead letters.
    pub rejected: u64,
    /// Lines of nothing but blanks, which are not records.
    pub blank: u64,
    /// Failed executions by the name of their error.
    pub errors: BTreeMap<Box<str>, u64>,
    /// Failed executions whose error's name is not among those listed, because there were too many names.
    pub errors_other: u64,
    /// Executions that one of our own limits ended, by the limit's name.
    pub limits: BTreeMap<&'static str, u64>,
    /// States entered, retries included, in all executions.
    pub steps: u64,
    /// Tries of states after their first.
    pub retries: u64,
    /// Errors that a Catcher took.
    pub caught: u64,
    /// The program's states, in the order of their ids.
    pub states: Vec<StateCounts>,
    /// What was reached of the machine, if the program was compiled to count it.
    pub coverage: Option<Coverage>,
    /// Bytes read from the sources, as they are stored.
    pub stored_bytes: u64,
    /// Bytes of results written.
    pub result_bytes: u64,
    /// Sources that could not be read to their ends; all that stands before has been processed.
    pub source_errors: Vec<SourceError>,
    /// Whether the run was stopped before its end.
    pub partial: bool,
    /// What a report shows besides, if the run was [observed](super::Batch::observe).
    pub findings: Option<Findings>,
    /// How much of it outlives any crash; nothing if the run keeps no ledger.
    pub kept: Option<Kept>,
    /// What depends on the clock, or on how the run was set up.
    pub timing: Timing,
}

/// What a state came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct StateCounts {
    /// Its name.
    pub name: Box<str>,
    /// Where it is in the definition: `/States/Each/ItemProcessor/States/Ship`.
    pub location: Box<str>,
    /// The handler written in ASL that it belongs to, if it is not the machine's own; two may have states of one name.
    pub handler: Option<Box<str>>,
    /// How often it was entered.
    pub entered: u64,
    /// What went wrong there.
    pub troubles: Troubles,
}

impl StateCounts {
    /// The counts of a program's states.
    pub(super) fn of(program: &Program, tally: &vm::Tally) -> Vec<StateCounts> {
        let counts = tally.entered().zip(tally.troubles());
        let states = program.states().iter().zip(counts).map(|(state, (entered, troubles))| StateCounts {
            name: state.name.clone(),
            location: state.location.clone(),
            handler: state.within.map(|handler| program.handler(handler).name.clone()),
            entered,
            troubles,
        });
        states.collect()
    }

    /// As a JSON object; what did not happen is left out, but for `entered`.
    fn write(&self, out: &mut String) {
        let _ = write!(out, "{{\"name\":{},\"location\":{}", quoted(&self.name), quoted(&self.location));
        if let Some(handler) = &self.handler {
            let _ = write!(out, ",\"handler\":{}", quoted(handler));
        }
        let _ = write!(out, ",\"entered\":{}", self.entered);
        let Troubles { failed, timed_out, retries, caught } = self.troubles;
        for (key, count) in [("failed", failed), ("timed_out", timed_out), ("retries", retries), ("caught", caught)] {
            if count > 0 {
                let _ = write!(out, ",\"{key}\":{count}");
            }
        }
        out.push('}');
    }
}

/// How much of a run outlives any crash: what its ledger says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Kept {
    /// Records.
    pub events: u64,
    /// Bytes of results.
    pub result_bytes: u64,
}

/// How a run was set up, and how long it took.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Timing {
    /// The seed.
    pub seed: u64,
    /// What the executions' clocks showed at their start: a time, or the path of it in each record.
    pub now: String,
    /// How many threads worked.
    pub threads: usize,
    /// How long it took.
    pub elapsed: Duration,
    /// How long executions took, if any were timed.
    pub latency: Option<Quantiles>,
    /// Nanoseconds spent in each state, in the order of [`Summary::states`], if that was measured: its functions'
    /// included, what it holds not.
    pub state_ns: Vec<u64>,
    /// Calls of functions that gave no answer within the time limit on the clock on the wall.
    pub unanswered: u64,
}

impl Timing {
    /// Events for each second that went by.
    pub fn events_per_second(&self, events: u64) -> f64 {
        events as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }
}

impl Summary {
    /// The summary for people: aligned, a row per fact, rows of nothing left out.
    pub fn to_text(&self) -> String {
        let mut rows: Vec<(String, u64, String)> = Vec::new();
        let mut row = |label: &str, count: u64, note: String| rows.push((label.to_owned(), count, note));
        row("events", self.events, String::new());
        for (label, count) in [("succeeded", self.succeeded), ("failed", self.failed), ("timed out", self.timed_out)] {
            if count > 0 || label == "succeeded" {
                row(label, count, share(count, self.events));
            }
        }
        if self.rejected > 0 {
            row("rejected", self.rejected, share(self.rejected, self.events));
        }
        if self.blank > 0 {
            row("blank lines", self.blank, String::new());
        }
        let mut errors: Vec<_> = self.errors.iter().collect();
        errors.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
        for (name, count) in errors {
            row(&format!("  {name}"), *count, share(*count, self.events));
        }
        if self.errors_other > 0 {
            row("  (other)", self.errors_other, share(self.errors_other, self.events));
        }
        for (name, count) in &self.limits {
            row(&format!("  limit: {name}"), *count, share(*count, self.events));
        }
        row("states entered", self.steps, String::new());
        for (label, count) in [("retries", self.retries), ("caught", self.caught)] {
            if count > 0 {
                row(label, count, String::new());
            }
        }
        let label_width = rows.iter().map(|(label, ..)| label.chars().count()).max().unwrap_or(0);
        let count_width = rows.iter().map(|(_, count, _)| thousands(*count).len()).max().unwrap_or(0);
        let mut text = String::new();
        for (label, count, note) in rows {
            let line = format!("{label:label_width$}  {:>count_width$}  {note}", thousands(count));
            text.push_str(line.trim_end());
            text.push('\n');
        }
        self.write_timing(&mut text, label_width);
        for error in &self.source_errors {
            // A String takes everything.
            let _ = writeln!(text, "not read to its end: {error}");
        }
        if self.partial {
            text.push_str("stopped before the end\n");
        }
        text
    }

    /// The summary for programs: one JSON object with `"schema": 1`, members in a fixed order, a line end behind it.
    pub fn to_json(&self) -> String {
        let mut out = String::from("{\"schema\":1");
        for (key, count) in [
            ("events", self.events),
            ("succeeded", self.succeeded),
            ("failed", self.failed),
            ("timed_out", self.timed_out),
            ("rejected", self.rejected),
            ("blank", self.blank),
        ] {
            let _ = write!(out, ",\"{key}\":{count}");
        }
        out.push_str(",\"errors\":{");
        let other = (self.errors_other > 0).then_some(("(other)", self.errors_other));
        let errors = self.errors.iter().map(|(name, count)| (&**name, *count)).chain(other);
        members(errors, &mut out);
        out.push_str("},\"limits\":{");
        members(self.limits.iter().map(|(name, count)| (*name, *count)), &mut out);
        let (steps, retries, caught) = (self.steps, self.retries, self.caught);
        let _ = write!(out, "}},\"steps\":{steps},\"retries\":{retries},\"caught\":{caught},\"states\":[");
        for (n, state) in self.states.iter().enumerate() {
            out.push_str(if n > 0 { "," } else { "" });
            state.write(&mut out);
        }
        out.push(']');
        if let Some(coverage) = &self.coverage {
            coverage.write_members(&mut out);
        }
        let _ = write!(out, ",\"bytes_read\":{},\"bytes_written\":{}", self.stored_bytes, self.result_bytes);
        out.push_str(",\"source_errors\":[");
        for (n, error) in self.source_errors.iter().enumerate() {
            out.push_str(if n > 0 { ",{\"source\":" } else { "{\"source\":" });
            out.push_str(&quoted(&error.name));
            let _ = write!(out, ",\"offset\":{},\"reason\":{}}}", error.offset, quoted(&error.problem.to_string()));
        }
        let _ = write!(out, "],\"partial\":{}", self.partial);
        let timing = &self.timing;
        let _ = write!(
            out,
            ",\"timing\":{{\"seed\":{},\"now\":{},\"threads\":{},\"seconds\":{:.6},\"events_per_second\":{:.0}",
            timing.seed,
            quoted(&timing.now),
            timing.threads,
            timing.elapsed.as_secs_f64(),
            timing.events_per_second(self.events)
        );
        if let Some(q) = timing.latency {
            let _ = write!(
                out,
                ",\"latency_ns\":{{\"measured\":{},\"p50\":{},\"p90\":{},\"p99\":{},\"p99.9\":{},\"max\":{}}}",
                q.measured, q.p50_ns, q.p90_ns, q.p99_ns, q.p999_ns, q.max_ns
            );
        }
        if !timing.state_ns.is_empty() {
            out.push_str(",\"state_ns\":{");
            // Handlers' states are not told apart from the states that call them.
            let own = self.states.iter().zip(&timing.state_ns).filter(|(state, _)| state.handler.is_none());
            members(own.map(|(state, ns)| (&*state.location, *ns)), &mut out);
            out.push('}');
        }
        if timing.unanswered > 0 {
            let _ = write!(out, ",\"handler_timeouts\":{}", timing.unanswered);
        }
        out.push_str("}}\n");
        out
    }

    fn write_timing(&self, text: &mut String, label_width: usize) {
        let timing = &self.timing;
        let threads = if timing.threads == 1 { "thread" } else { "threads" };
        let rate = thousands(timing.events_per_second(self.events) as u64);
        let _ = writeln!(
            text,
            "{:label_width$}  {:.3} s on {} {threads}, {rate} events/s",
            "took",
            timing.elapsed.as_secs_f64(),
            timing.threads
        );
        if let Some(q) = timing.latency {
            let of = [("p50", q.p50_ns), ("p90", q.p90_ns), ("p99", q.p99_ns), ("p99.9", q.p999_ns), ("max", q.max_ns)];
            let shown: Vec<String> = of.iter().map(|(name, ns)| format!("{name} {}", duration(*ns))).collect();
            let _ = writeln!(text, "{:label_width$}  {}", "latency", shown.join("  "));
        }
        if timing.unanswered > 0 {
            let calls = thousands(timing.unanswered);
            let _ = writeln!(text, "{:label_width$}  {calls} calls of handlers", "no answer");
        }
        let _ = writeln!(text, "{:label_width$}  seed {}, clock from {}", "started with", timing.seed, timing.now);
    }
}

fn members<'m>(of: impl Iterator<Item = (&'m str, u64)>, out: &mut String) {
    for (n, (name, count)) in of.enumerate() {
        if n > 0 {
            out.push(',');
        }
        let _ = write!(out, "{}:{count}", quoted(name));
    }
}

pub(super) fn quoted(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    write_string(text, &mut out);
    // What a writer of strings makes of a string is UTF-8.
    String::from_utf8_lossy(&out).into_owned()
}

/// Part of a whole, in percent.
fn share(part: u64, whole: u64) -> String {
    if whole == 0 { String::new() } else { format!("{:.2} %", part as f64 * 100.0 / whole as f64) }
}

/// A number with its thousands set apart.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A duration in the unit that gives it one to three digits before the point.
fn duration(ns: u64) -> String {
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{:.1} µs", ns as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} ms", ns as f64 / 1e6),
        _ => format!("{:.2} s", ns as f64 / 1e9),
    }
}

//! Differences for people and programs: of two documents, and of two machines over the same events.
//!
//! Flows in: differences, a [`Comparison`], and where the ways of the shown records part. Flows out: text, or one JSON
//! object. It must never show more of a value than a line can hold, but in JSON, where values are whole.

use super::explain::brief;
use super::json::{self, ObjectWriter};
use super::paint::Paint;
use super::visit::Parting;
use crate::batch::pair::{Comparison, Differing};
use crate::value::difference::{Difference, Ignored, differences};
use crate::value::tree;
use std::fmt::Write;

/// How many places of one record are shown.
const PLACES_MAX: usize = 20;
/// How many places are listed with their counts.
const LISTED_MAX: usize = 15;

/// A difference as a line: `~` for another value, `+` for a new one, `-` for one that is gone.
pub fn line(difference: &Difference) -> String {
    painted(difference, Paint::PLAIN)
}

fn painted(difference: &Difference, paint: Paint) -> String {
    let path = difference.path();
    match (&difference.old, &difference.new) {
        (Some(old), Some(new)) => paint.changed(&format!("~ {path}  {} → {}", brief(old), brief(new))),
        (None, Some(new)) => paint.good(&format!("+ {path}  {}", brief(new))),
        (Some(old), None) => paint.gone(&format!("- {path}  {}", brief(old))),
        (None, None) => path,
    }
}

/// The differences of two JSON texts that count.
pub fn of_texts(old: &str, new: &str, ignored: &[Ignored]) -> Vec<Difference> {
    let (Ok(old), Ok(new)) = (tree::parse(old), tree::parse(new)) else { return Vec::new() };
    let mut found = differences(&old, &new);
    found.retain(|difference| !ignored.iter().any(|ignored| ignored.covers(difference)));
    found
}

/// A record that is shown, and where its two executions part.
pub struct Shown<'c> {
    /// The record.
    pub differing: &'c Differing,
    /// Where they part.
    pub parting: Parting,
}

/// A comparison for people.
pub fn to_text(comparison: &Comparison, shown: &[Shown], ignored: &[Ignored], paint: Paint) -> String {
    let mut out = String::new();
    let compared = comparison.same + comparison.different;
    let mut row = |label: &str, count: u64| {
        let share = if compared == 0 { 0.0 } else { count as f64 * 100.0 / compared as f64 };
        // Writing to a string cannot fail; so in all of this file.
        let _ = writeln!(out, "{label:<28} {count:>12}  {share:>6.2} %");
    };
    row("same result", comparison.same);
    row("different result", comparison.different);
    for ((old, new), count) in &comparison.statuses {
        row(&format!("  {old} → {new}"), *count);
    }
    for (label, count) in [("  another output", comparison.outputs), ("  another failure", comparison.failures)] {
        if count > 0 {
            row(label, count);
        }
    }
    row("another way", comparison.ways);
    if comparison.rejected > 0 {
        let _ = writeln!(out, "{:<28} {:>12}", "rejected, not compared", comparison.rejected);
    }
    match &comparison.places {
        Some(places) if !places.is_empty() => {
            out.push_str("where results differ\n");
            let mut places: Vec<_> = places.iter().collect();
            places.sort_by_key(|(place, count)| (std::cmp::Reverse(**count), (*place).clone()));
            for (place, count) in places.iter().take(LISTED_MAX) {
                let _ = writeln!(out, "  {place:<26} {count:>12}");
            }
            if places.len() > LISTED_MAX {
                let _ = writeln!(out, "  and at {} more places", places.len() - LISTED_MAX);
            }
        }
        Some(_) => {}
        None => out.push_str("results differ at too many places to list them\n"),
    }
    for shown in shown {
        record(shown, ignored, paint, &mut out);
    }
    if comparison.partial {
        out.push_str("stopped before the end\n");
    }
    out
}

fn record(shown: &Shown, ignored: &[Ignored], paint: Paint, out: &mut String) {
    let differing = shown.differing;
    let place = paint.strong(&format!("{}:{}", differing.source.1, differing.line_number));
    let _ = writeln!(out, "\n{place}  {}", brief(&differing.input));
    let found = of_texts(&differing.results.0, &differing.results.1, ignored);
    for difference in found.iter().take(PLACES_MAX) {
        let _ = writeln!(out, "  {}", painted(difference, paint));
    }
    if found.len() > PLACES_MAX {
        let _ = writeln!(out, "  and at {} more places", found.len() - PLACES_MAX);
    }
    if let Some((last, old, new)) = &shown.parting.way {
        let name = |state: &Option<String>| state.as_ref().map_or("its end".to_owned(), |state| format!("'{state}'"));
        let from = last.as_ref().map_or("at the start".to_owned(), |state| format!("after '{state}'"));
        let _ = writeln!(out, "  the ways part {from}: old goes on to {}, new to {}", name(old), name(new));
    }
    if let Some(state) = &shown.parting.data {
        let _ = writeln!(out, "  the first state with another output is '{state}'");
    }
}

/// A comparison for programs: one JSON object with `"schema": 1`.
pub fn to_json(comparison: &Comparison, shown: &[Shown], ignored: &[Ignored]) -> String {
    let mut object = ObjectWriter::new();
    object.plain("schema", 1).plain("events", comparison.events).plain("rejected", comparison.rejected);
    object.plain("same", comparison.same).plain("different", comparison.different);
    let statuses = comparison.statuses.iter().map(|((old, new), count)| {
        let mut entry = ObjectWriter::new();
        entry.text("old", old).text("new", new).plain("count", count);
        entry.finish()
    });
    object.raw("statuses", &json::array(statuses));
    object.plain("outputs", comparison.outputs).plain("failures", comparison.failures).plain("ways", comparison.ways);
    match &comparison.places {
        Some(places) => {
            let mut entry = ObjectWriter::new();
            for (place, count) in places {
                entry.plain(place, count);
            }
            object.raw("places", &entry.finish());
        }
        None => {
            object.raw("places", "null");
        }
    }
    object.raw("shown", &json::array(shown.iter().map(|shown| record_json(shown, ignored))));
    let unread = comparison.source_errors.iter().map(|error| json::quoted(&error.to_string()));
    object.raw("source_errors", &json::array(unread)).plain("partial", comparison.partial);
    let mut timing = ObjectWriter::new();
    let seconds = comparison.elapsed.as_secs_f64();
    timing.plain("threads", comparison.threads).raw("seconds", &format!("{seconds:.6}"));
    timing.raw("events_per_second", &format!("{:.0}", comparison.events as f64 / seconds.max(1e-9)));
    object.raw("timing", &timing.finish());
    object.finish() + "\n"
}

fn record_json(shown: &Shown, ignored: &[Ignored]) -> String {
    let differing = shown.differing;
    let mut object = ObjectWriter::new();
    object.text("source", &differing.source.1).plain("offset", differing.offset).plain("line", differing.line_number);
    object.raw("input", &differing.input).raw("old", &differing.results.0).raw("new", &differing.results.1);
    let found = of_texts(&differing.results.0, &differing.results.1, ignored);
    let differences = found.iter().map(|difference| {
        let mut entry = ObjectWriter::new();
        entry.text("path", &difference.path());
        for (key, value) in [("old", &difference.old), ("new", &difference.new)] {
            if let Some(value) = value {
                entry.raw(key, value);
            }
        }
        entry.finish()
    });
    object.raw("differences", &json::array(differences));
    object.plain("other_way", differing.other_way);
    if let Some((last, old, new)) = &shown.parting.way {
        let mut way = ObjectWriter::new();
        way.optional_text("after", last.as_deref());
        way.optional_text("old", old.as_deref()).optional_text("new", new.as_deref());
        object.raw("ways_part", &way.finish());
    }
    object.optional_text("first_other_output", shown.parting.data.as_deref());
    object.finish()
}

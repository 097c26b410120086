//! A measurement for people and for programs, beside the one that it is compared with.
//!
//! Flows in: rounds, durations, times by state. Flows out: text, or one JSON object that can be read back as a
//! [`Baseline`]. It must never call a difference a change that the rounds' own spread could have made.

use super::json::{self, ObjectWriter};
use crate::batch::Quantiles;
use crate::value::tree::{Kind, Node};
use std::fmt::Write;

/// What was measured.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// How many events there are.
    pub events: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many threads worked.
    pub threads: usize,
    /// The rounds, in order.
    pub rounds: Vec<Round>,
    /// How long executions took, in a round of its own.
    pub latency: Option<Quantiles>,
    /// Time by state, in a round of its own.
    pub states: Vec<StateTime>,
}

/// A round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// How many executions it had.
    pub executions: u64,
    /// How long it took.
    pub seconds: f64,
    /// What it took of the processors' time, where that can be told.
    pub cpu_seconds: Option<f64>,
}

/// The time that went by in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateTime {
    /// The state's name.
    pub name: String,
    /// Its type.
    pub kind: &'static str,
    /// How often it was entered.
    pub entered: u64,
    /// Nanoseconds in all.
    pub ns: u64,
}

/// The middle of several rounds, in executions a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Baseline {
    /// Half of the rounds are slower.
    pub median: f64,
    /// A quarter of the rounds are slower.
    pub lower: f64,
    /// A quarter of the rounds are faster.
    pub upper: f64,
}

impl Measured {
    fn rates(&self) -> Vec<f64> {
        let mut rates: Vec<f64> =
            self.rounds.iter().map(|round| round.executions as f64 / round.seconds.max(1e-9)).collect();
        rates.sort_by(f64::total_cmp);
        rates
    }

    /// The middle of the rounds.
    pub fn middle(&self) -> Baseline {
        let rates = self.rates();
        Baseline { median: quantile(&rates, 0.5), lower: quantile(&rates, 0.25), upper: quantile(&rates, 0.75) }
    }

    /// Nanoseconds of the processors' time for each execution, over all rounds.
    pub fn cpu_ns(&self) -> Option<f64> {
        let cpu: Option<f64> = self.rounds.iter().map(|round| round.cpu_seconds).sum();
        let executions: u64 = self.rounds.iter().map(|round| round.executions).sum();
        cpu.map(|cpu| cpu * 1e9 / executions.max(1) as f64)
    }
}

/// A quantile of values in order, between two of them in proportion.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = part * last as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

/// How much faster it is than the baseline, in percent; less than 0 for slower.
pub fn change_percent(measured: &Measured, baseline: &Baseline) -> f64 {
    (measured.middle().median / baseline.median.max(1e-9) - 1.0) * 100.0
}

/// Whether the middle halves of the rounds overlap, so that nobody can tell a change from chance.
fn overlap(one: &Baseline, other: &Baseline) -> bool {
    one.lower <= other.upper && other.lower <= one.upper
}

/// Aligned rows.
pub fn to_text(measured: &Measured, baseline: Option<&Baseline>) -> String {
    let mut out = String::new();
    let (middle, rates) = (measured.middle(), measured.rates());
    // Writing to a string cannot fail; so in all of this.
    let mut row = |label: &str, text: String| {
        let _ = writeln!(out, "{label:<19}  {text}");
    };
    row("events", format!("{} in {} bytes", thousands(measured.events as f64), thousands(measured.bytes as f64)));
    let longest = measured.rounds.iter().map(|round| round.seconds).fold(0.0, f64::max);
    let threads = if measured.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", measured.threads) };
    row("rounds", format!("{} on {threads}, of {longest:.2} s at most", measured.rounds.len()));
    let spread = (middle.upper - middle.lower) / middle.median.max(1e-9) * 100.0;
    let (least, most) = (rates.first().copied().unwrap_or(0.0), rates.last().copied().unwrap_or(0.0));
    row(
        "executions/s",
        format!(
            "median {}  from {} to {}, middle half within {spread:.1} %",
            thousands(middle.median),
            thousands(least),
            thousands(most)
        ),
    );
    if let Some(ns) = measured.cpu_ns() {
        row("CPU per execution", duration(ns));
    }
    if let Some(q) = measured.latency {
        let of = [("p50", q.p50_ns), ("p90", q.p90_ns), ("p99", q.p99_ns), ("p99.9", q.p999_ns), ("max", q.max_ns)];
        let shown: Vec<String> = of.iter().map(|(name, ns)| format!("{name} {}", duration(*ns as f64))).collect();
        row("latency", shown.join("  "));
    }
    if let Some(baseline) = baseline {
        let change = change_percent(measured, baseline);
        let verdict = match overlap(&middle, baseline) {
            true => "no change that could be told from chance",
            false if change > 0.0 => "faster",
            false => "slower",
        };
        row("against baseline", format!("{change:+.1} % of {}: {verdict}", thousands(baseline.median)));
    }
    let all: u64 = measured.states.iter().map(|state| state.ns).sum();
    if all > 0 {
        out.push_str("time by state\n");
        let width = measured.states.iter().map(|state| state.name.chars().count()).max().unwrap_or(0);
        for state in by_time(&measured.states) {
            let share = state.ns as f64 * 100.0 / all as f64;
            let visit = duration(state.ns as f64 / state.entered.max(1) as f64);
            let _ = writeln!(out, "  {:<width$}  {:<8} {share:>6.2} %  {visit:>9} a visit", state.name, state.kind);
        }
    }
    out
}

/// States in the order of their time, those never entered left out.
fn by_time(states: &[StateTime]) -> Vec<&StateTime> {
    let mut sorted: Vec<&StateTime> = states.iter().filter(|state| state.entered > 0).collect();
    sorted.sort_by_key(|state| std::cmp::Reverse(state.ns));
    sorted
}

/// One JSON object with `"schema": 1`, a line end behind it.
pub fn to_json(measured: &Measured, baseline: Option<&Baseline>) -> String {
    let mut object = ObjectWriter::new();
    object.plain("schema", 1).plain("events", measured.events).plain("bytes", measured.bytes);
    object.plain("threads", measured.threads).raw("executions_per_second", &middle_json(&measured.middle()));
    if let Some(ns) = measured.cpu_ns() {
        object.raw("cpu_ns_per_execution", &format!("{ns:.1}"));
    }
    if let Some(q) = measured.latency {
        let mut latency = ObjectWriter::new();
        latency.plain("measured", q.measured).plain("p50", q.p50_ns).plain("p90", q.p90_ns).plain("p99", q.p99_ns);
        latency.plain("p99.9", q.p999_ns).plain("max", q.max_ns);
        object.raw("latency_ns", &latency.finish());
    }
    let rounds = measured.rounds.iter().map(|round| {
        let mut entry = ObjectWriter::new();
        entry.plain("executions", round.executions).raw("seconds", &format!("{:.6}", round.seconds));
        if let Some(cpu) = round.cpu_seconds {
            entry.raw("cpu_seconds", &format!("{cpu:.2}"));
        }
        entry.finish()
    });
    object.raw("rounds", &json::array(rounds));
    let all: u64 = measured.states.iter().map(|state| state.ns).sum();
    let states = measured.states.iter().map(|state| {
        let mut entry = ObjectWriter::new();
        entry.text("name", &state.name).text("type", state.kind).plain("entered", state.entered);
        entry.plain("ns", state.ns).raw("share", &format!("{:.4}", state.ns as f64 / all.max(1) as f64));
        entry.finish()
    });
    object.raw("states", &json::array(states));
    if let Some(baseline) = baseline {
        let mut entry = ObjectWriter::new();
        entry.raw("executions_per_second", &middle_json(baseline));
        entry.raw("change_percent", &format!("{:.2}", change_percent(measured, baseline)));
        entry.plain("overlap", overlap(&measured.middle(), baseline));
        object.raw("baseline", &entry.finish());
    }
    object.finish() + "\n"
}

fn middle_json(middle: &Baseline) -> String {
    format!("{{\"median\":{:.1},\"lower\":{:.1},\"upper\":{:.1}}}", middle.median, middle.lower, middle.upper)
}

/// Reads back what [`to_json`] has written.
pub fn read_baseline(root: &Node) -> Option<Baseline> {
    let middle = root.get("executions_per_second")?;
    let number = |key| match &middle.get(key)?.kind {
        Kind::Number(text) => text.parse::<f64>().ok(),
        _ => None,
    };
    Some(Baseline { median: number("median")?, lower: number("lower")?, upper: number("upper")? })
}

/// A number with its thousands set apart.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A duration in the unit that gives it one to three digits before the point.
fn duration(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e6 => format!("{:.1} µs", ns / 1e3),
        ns if ns < 1e9 => format!("{:.1} ms", ns / 1e6),
        ns => format!("{:.2} s", ns / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(rates: &[u64]) -> Measured {
        let rounds = rates.iter().map(|rate| Round { executions: *rate, seconds: 1.0, cpu_seconds: Some(0.5) });
        Measured { rounds: rounds.collect(), ..Measured::default() }
    }

    #[test]
    fn a_measurement_is_read_back_and_compared() {
        let before = measured(&[100, 104, 102, 98, 96]);
        let saved = crate::value::tree::parse(&to_json(&before, None)).unwrap();
        let baseline = read_baseline(&saved).unwrap();
        assert_eq!(baseline, Baseline { median: 100.0, lower: 98.0, upper: 102.0 });
        assert_eq!(before.cpu_ns(), Some(5e6));
        for (rates, change, verdict) in [
            ([101, 103, 99, 100, 102], 1.0, "no change"),
            ([120, 121, 119, 118, 122], 20.0, "faster"),
            ([50, 51, 49, 48, 52], -50.0, "slower"),
        ] {
            let after = measured(&rates);
            assert!((change_percent(&after, &baseline) - change).abs() < 1e-9);
            assert!(to_text(&after, Some(&baseline)).contains(verdict), "{verdict}");
        }
    }
}

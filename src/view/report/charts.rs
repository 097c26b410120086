//! Two plots as SVG: events per second over time, and how long executions took.
//!
//! Texts and colours come from the page's style; numbers beside axes are round ones.

use crate::batch::findings::Moment;
use crate::batch::{Bar, Quantiles};
use crate::view::graph::overlay::{duration, percent, thousands};
use std::fmt::Write;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 30.0;
/// About how many points or bars a plot shows.
const POINTS: usize = 80;

fn open(label: &str) -> String {
    format!("<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">")
}

fn height(share: f64) -> f64 {
    TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - share)
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    // Writing to a string cannot fail; so in all of this file.
    let _ = write!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
}

/// The least of 1, 2, 2.5, 5 times a power of ten that is no less than a number.
fn round_up(number: f64) -> f64 {
    let magnitude = 10f64.powf(number.max(1e-9).log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|step| step * magnitude >= number * 0.999_999);
    step.unwrap_or(10.0) * magnitude
}

/// A number with one letter for its thousands: `2.5 M`.
fn short(number: f64) -> String {
    let (unit, by) = match number {
        n if n >= 1e9 => (" G", 1e9),
        n if n >= 1e6 => (" M", 1e6),
        n if n >= 1e3 => (" k", 1e3),
        _ => ("", 1.0),
    };
    let text = format!("{:.2}", number / by);
    format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Lines for 0, ¼ … of the highest value on the axis, each with its value.
fn grid(out: &mut String, most: f64) {
    for quarter in 0..=4 {
        let share = f64::from(quarter) / 4.0;
        let y = height(share);
        let _ = write!(out, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{}\"/>", WIDTH - RIGHT);
        text(out, LEFT - 8.0, y + 4.0, "end", &short(most * share));
    }
}

/// Events per second between moments.
pub(super) fn throughput(moments: &[Moment]) -> String {
    let total = moments.last().map_or(0.0, |last| last.elapsed.as_secs_f64());
    if total <= 0.0 {
        return "<p class=\"comment\">Nothing was measured.</p>".to_owned();
    }
    // Slices of equal length: within one, as many records as were written between the moments around it.
    let records_at = |seconds: f64| {
        let mut before = (0.0, 0.0);
        for moment in moments {
            let here = (moment.elapsed.as_secs_f64(), moment.records as f64);
            if here.0 >= seconds {
                let span = here.0 - before.0;
                let part = if span > 0.0 { (seconds - before.0) / span } else { 1.0 };
                return before.1 + (here.1 - before.1) * part;
            }
            before = here;
        }
        before.1
    };
    let slices = moments.len().clamp(1, POINTS);
    let width = total / slices as f64;
    let rates: Vec<f64> = (0..slices)
        .map(|n| (records_at((n + 1) as f64 * width) - records_at(n as f64 * width)).max(0.0) / width)
        .collect();
    let most = round_up(rates.iter().copied().fold(1.0, f64::max));
    let mut out = open("events per second over the time of the run");
    grid(&mut out, most);
    let x = |seconds: f64| LEFT + (WIDTH - LEFT - RIGHT) * seconds / total;
    let mut line = String::new();
    for (n, rate) in rates.iter().enumerate() {
        let (from, to, y) = (x(n as f64 * width), x((n + 1) as f64 * width), height(rate / most));
        let _ = write!(line, "{}{from:.1} {y:.1}H{to:.1}", if n == 0 { "M" } else { "L" });
    }
    let base = height(0.0);
    let _ = write!(out, "<path class=\"area\" d=\"{line}V{base:.1}H{LEFT}Z\"/><path class=\"line\" d=\"{line}\"/>");
    for quarter in 0..=4 {
        let seconds = total * f64::from(quarter) / 4.0;
        let anchor = ["start", "middle", "middle", "middle", "end"][quarter as usize];
        let label = if quarter == 0 { "0".to_owned() } else { duration((seconds * 1e9) as u64) };
        text(&mut out, x(seconds), HEIGHT - 8.0, anchor, &label);
    }
    out.push_str("</svg>");
    out
}

/// How many executions took how long; the axis of durations is logarithmic.
pub(super) fn latencies(bars: &[Bar], quantiles: Option<Quantiles>) -> String {
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else {
        return "<p class=\"comment\">No execution was timed.</p>".to_owned();
    };
    let log = |ns: u64| (ns.max(1) as f64).log2();
    let (low, high) = (log(first.from_ns), log(last.to_ns).max(log(first.from_ns) + 1.0));
    let x = |ns: u64| LEFT + (WIDTH - LEFT - RIGHT) * (log(ns) - low) / (high - low);
    let total: u64 = bars.iter().map(|bar| bar.count).sum();
    let most = round_up(bars.iter().map(|bar| bar.count).max().unwrap_or(1) as f64);
    let mut out = open("histogram of execution times, logarithmic");
    grid(&mut out, most);
    for bar in bars.iter().filter(|bar| bar.count > 0) {
        let (from, to) = (x(bar.from_ns), x(bar.to_ns));
        // What happened at all is to be seen, however seldom.
        let y = height(bar.count as f64 / most).min(height(0.0) - 1.0);
        let _ = write!(
            out,
            "<rect class=\"bar\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{} to {}: {} executions, {}</title></rect>",
            from + 0.5,
            (to - from - 1.0).max(1.0),
            height(0.0) - y,
            duration(bar.from_ns),
            duration(bar.to_ns),
            thousands(bar.count),
            percent(bar.count, total)
        );
    }
    if let Some(quantiles) = quantiles {
        for (name, ns) in [("p50", quantiles.p50_ns), ("p99", quantiles.p99_ns)] {
            let at = x(ns).clamp(LEFT, WIDTH - RIGHT);
            let _ = write!(out, "<path class=\"mark\" d=\"M{at:.1} {TOP}V{:.1}\"/>", height(0.0));
            let (anchor, aside) = if at > WIDTH - 60.0 { ("end", -4.0) } else { ("start", 4.0) };
            text(&mut out, at + aside, TOP + if name == "p50" { 10.0 } else { 24.0 }, anchor, name);
        }
    }
    // Powers of ten, and of two between them if there are few.
    let mut ticks: Vec<u64> = (0..19).map(|n| 10u64.pow(n)).filter(|ns| (low..=high).contains(&log(*ns))).collect();
    if ticks.len() < 2 {
        ticks = (0..63).map(|n| 1u64 << n).filter(|ns| (low..=high).contains(&log(*ns))).collect();
    }
    for ns in ticks {
        let at = x(ns);
        let anchor = if at > WIDTH - 40.0 { "end" } else { "middle" };
        let _ = write!(out, "<path class=\"grid\" d=\"M{at:.1} {:.1}v4\"/>", height(0.0));
        text(&mut out, at, HEIGHT - 8.0, anchor, &duration(ns));
    }
    out.push_str("</svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn axes_end_at_round_numbers() {
        for (number, round) in [(0.7, 1.0), (1.0, 1.0), (1.2, 2.0), (2.3, 2.5), (4_999.0, 5_000.0), (5_001.0, 10_000.0)]
        {
            assert!((round_up(number) - round).abs() < 1e-9, "{number}: {}", round_up(number));
        }
        assert_eq!((short(2_500_000.0), short(0.0), short(750.0)), ("2.5 M".into(), "0".into(), "750".into()));
    }

    #[test]
    fn a_steady_run_is_a_flat_line() {
        let moments: Vec<Moment> =
            (1..=10).map(|n| Moment { elapsed: Duration::from_millis(n * 100), records: n * 1_000 }).collect();
        let plot = throughput(&moments);
        let line = plot.split("class=\"line\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        let heights: std::collections::BTreeSet<&str> =
            line.split(['M', 'L', 'H']).filter_map(|part| part.split_once(' ').map(|(_, y)| y)).collect();
        assert_eq!(heights.len(), 1, "{line}");
    }
}

//! How long executions take: counts per bucket, cheap enough to be kept while millions run.
//!
//! Flows in: nanoseconds. Flows out: quantiles, through a histogram of the `hdrhistogram` crate that is made once, at the
//! end. A bucket is at most 1/32 wide: finer than real time repeats itself on any machine. It must never cost more than
//! an addition per execution.

use crate::value::scan::{ticks, ticks_are_steady};
use hdrhistogram::Histogram;
use std::sync::OnceLock;
use std::time::Instant;

/// Which executions are timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Latency {
    /// None.
    Off,
    /// One in so many, on each thread.
    Sampled(u32),
    /// All. Those that are told without being run are measured from the end of the one before, by the processor's clock if
    /// it has one that can be relied on. Where they take less than a few hundred of its ticks, so that reading it would be a
    /// good part of their time, four are measured together, and each is counted with a quarter of what they took.
    All,
}

impl Default for Latency {
    fn default() -> Self {
        Latency::Sampled(64)
    }
}

/// Each power of two is cut into so many buckets, as a power of two.
const PARTS_BITS: u32 = 5;
const PARTS: usize = 1 << PARTS_BITS;
const BUCKETS: usize = (64 - PARTS_BITS as usize + 1) * PARTS;

/// Nanoseconds since somebody first asked: the clock that times by state are taken by.
pub fn nanoseconds() -> u64 {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    u64::try_from(FIRST.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Durations by the processor's clock, which is read much faster than the system's: counted in its ticks, until it is known
/// how long a tick is.
#[derive(Debug)]
pub(super) struct Laps {
    counts: Latencies,
    /// Two clocks at the same time, to find out the length of a tick.
    since: Instant,
    since_ticks: u64,
    /// When the executions at hand began, how many of them have ended, and how many are measured together.
    began: u64,
    ended: u32,
    together: u32,
}

/// Executions that take fewer ticks than this are measured [together](SHORT_TOGETHER).
const SHORT_TICKS: u64 = 512;
/// So many.
const SHORT_TOGETHER: u32 = 4;

impl Laps {
    /// Nothing measured yet; none if the processor has no clock that can be relied on.
    pub fn new() -> Option<Laps> {
        ticks_are_steady().then(|| {
            let (counts, since_ticks) = (Latencies::new(), ticks());
            Laps { counts, since: Instant::now(), since_ticks, began: since_ticks, ended: 0, together: 1 }
        })
    }

    /// An execution begins now.
    #[inline]
    pub fn begin(&mut self) {
        (self.began, self.ended) = (ticks(), 0);
    }

    /// An execution has ended, and another begins.
    #[inline(always)]
    pub fn lap(&mut self) {
        self.ended += 1;
        if self.ended >= self.together {
            self.end();
        }
    }

    /// An execution has ended that is measured by itself: it may have taken far longer than others.
    #[inline]
    pub fn lap_alone(&mut self) {
        self.ended += 1;
        self.end();
    }

    /// The last of some executions has ended: those that have not been counted yet are counted.
    #[inline]
    pub fn end(&mut self) {
        let (now, ended) = (ticks(), u64::from(self.ended));
        let passed = now.saturating_sub(self.began);
        if let Some(each) = passed.checked_div(ended) {
            self.counts.record_many(each, ended);
            self.together = if each < SHORT_TICKS { SHORT_TOGETHER } else { 1 };
        }
        (self.began, self.ended) = (now, 0);
    }

    /// Hands over what was counted.
    pub fn hand_in(&mut self, latencies: &mut Latencies) {
        let passed = ticks().saturating_sub(self.since_ticks);
        if passed > 0 {
            latencies.add_scaled(&self.counts, self.since.elapsed().as_nanos() as f64 / passed as f64);
            self.counts.clear();
        }
    }
}

/// Counts of durations.
#[derive(Debug, Clone)]
pub(super) struct Latencies {
    counts: Box<[u64]>,
}

/// What half, and almost all, executions stay below: nanoseconds of real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Quantiles {
    /// How many executions were measured.
    pub measured: u64,
    /// The median.
    pub p50_ns: u64,
    /// Nine of ten.
    pub p90_ns: u64,
    /// 99 of 100.
    pub p99_ns: u64,
    /// 999 of 1,000.
    pub p999_ns: u64,
    /// The longest that was measured.
    pub max_ns: u64,
}

/// How many executions took about as long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bar {
    /// The shortest duration that counts here, in nanoseconds.
    pub from_ns: u64,
    /// The shortest one that does not any more.
    pub to_ns: u64,
    /// How many.
    pub count: u64,
}

/// Into how many bars a power of two is cut.
const BARS: usize = 4;

impl Latencies {
    /// Nothing measured yet.
    pub fn new() -> Latencies {
        Latencies { counts: vec![0; BUCKETS].into_boxed_slice() }
    }

    /// Counts a duration.
    #[inline]
    pub fn record(&mut self, ns: u64) {
        self.record_many(ns, 1);
    }

    /// Counts a duration that so many took.
    #[inline]
    fn record_many(&mut self, ns: u64, count: u64) {
        self.counts[bucket(ns)] += count;
    }

    /// Takes in durations that were counted in units of so many nanoseconds.
    pub fn add_scaled(&mut self, other: &Latencies, unit_ns: f64) {
        for (index, count) in other.counts() {
            self.counts[bucket((middle(index) as f64 * unit_ns) as u64)] += count;
        }
    }

    /// Takes in what another worker has counted.
    pub fn add(&mut self, other: &Latencies) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
    }

    /// The counts as bars, four to a power of two, from the first that is not empty to the last.
    pub fn bars(&self) -> Vec<Bar> {
        let part = PARTS / BARS;
        let bars: Vec<Bar> = (0..BUCKETS / part)
            .map(|n| Bar {
                from_ns: lowest(n * part),
                to_ns: if (n + 1) * part < BUCKETS { lowest((n + 1) * part) } else { u64::MAX },
                count: self.counts[n * part..(n + 1) * part].iter().sum(),
            })
            .collect();
        let taken = |bar: &Bar| bar.count > 0;
        match (bars.iter().position(taken), bars.iter().rposition(taken)) {
            (Some(first), Some(last)) => bars[first..=last].to_vec(),
            _ => Vec::new(),
        }
    }

    /// The counts that are not zero, each with its bucket's number.
    pub fn counts(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.counts.iter().copied().enumerate().filter(|(_, count)| *count > 0)
    }

    /// Adds a count that was written down before; none if there is no such bucket.
    pub fn restore(&mut self, bucket: u64, count: u64) -> Option<()> {
        *self.counts.get_mut(usize::try_from(bucket).ok()?)? += count;
        Some(())
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.counts.fill(0);
    }

    /// The quantiles; none if nothing was measured.
    pub fn quantiles(&self) -> Option<Quantiles> {
        let mut histogram = Histogram::<u64>::new(3).ok()?;
        for (index, &count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            histogram.record_n(middle(index), count).ok()?;
        }
        (!histogram.is_empty()).then(|| Quantiles {
            measured: histogram.len(),
            p50_ns: histogram.value_at_quantile(0.5),
            p90_ns: histogram.value_at_quantile(0.9),
            p99_ns: histogram.value_at_quantile(0.99),
            p999_ns: histogram.value_at_quantile(0.999),
            max_ns: histogram.max(),
        })
    }
}

/// The bucket of a duration: exact below [`PARTS`], then by the top bits.
fn bucket(ns: u64) -> usize {
    let shift = (64 - PARTS_BITS - 1).saturating_sub(ns.leading_zeros());
    shift as usize * PARTS + (ns >> shift) as usize
}

/// The shortest duration of a bucket.
fn lowest(index: usize) -> u64 {
    let shift = (index / PARTS).saturating_sub(1) as u32;
    ((index - shift as usize * PARTS) as u64) << shift
}

/// A duration in the middle of a bucket.
fn middle(index: usize) -> u64 {
    let shift = (index / PARTS).saturating_sub(1) as u32;
    let parts = (index - shift as usize * PARTS) as u64;
    (parts << shift) + ((1u64 << shift) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_its_own_middle_and_is_narrow() {
        for ns in [0, 1, 31, 32, 33, 63, 64, 100, 1_000, 22_000, 1_000_000_007, u64::MAX / 2, u64::MAX] {
            let index = bucket(ns);
            assert!(index < BUCKETS, "{ns}");
            assert_eq!(bucket(middle(index)), index, "{ns}");
            assert!(middle(index).abs_diff(ns) <= ns / 32, "{ns}: {}", middle(index));
        }
    }

    #[test]
    fn laps_come_to_what_the_system_measures() {
        let Some(mut laps) = Laps::new() else { return };
        let began = Instant::now();
        laps.begin();
        (0..999).for_each(|_| laps.lap());
        std::thread::sleep(std::time::Duration::from_millis(1));
        laps.lap();
        laps.end();
        let most = began.elapsed().as_nanos() as u64;
        let mut latencies = Latencies::new();
        laps.hand_in(&mut latencies);
        let counted: Vec<(usize, u64)> = latencies.counts().collect();
        assert_eq!(counted.iter().map(|(_, count)| count).sum::<u64>(), 1_000);
        let total: u64 = counted.iter().map(|(index, count)| lowest(*index) * count).sum();
        // The two clocks are read one after the other.
        assert!(total <= most + most / 2, "{total} of {most}");
        laps.hand_in(&mut latencies);
        assert_eq!(latencies.counts().map(|(_, count)| count).sum::<u64>(), 1_000);
    }

    #[test]
    fn bars_hold_all_and_lie_side_by_side() {
        let mut latencies = Latencies::new();
        let all = [3, 90, 91, 1_000, 1_100, 7_000_000, 7_000_001];
        all.iter().for_each(|ns| latencies.record(*ns));
        let bars = latencies.bars();
        assert_eq!(bars.iter().map(|bar| bar.count).sum::<u64>(), all.len() as u64);
        assert!(bars.windows(2).all(|two| two[0].to_ns == two[1].from_ns), "{bars:?}");
        for ns in all {
            assert!(bars.iter().any(|bar| bar.from_ns <= ns && ns < bar.to_ns && bar.count > 0), "{ns}");
        }
    }

    #[test]
    fn quantiles_of_a_hundred() {
        let (mut one, mut other) = (Latencies::new(), Latencies::new());
        for ns in 1..=100 {
            if ns % 2 == 0 { one.record(ns * 1_000) } else { other.record(ns * 1_000) }
        }
        one.add(&other);
        let quantiles = one.quantiles().unwrap();
        assert_eq!(quantiles.measured, 100);
        for (got, wanted) in [(quantiles.p50_ns, 50_000), (quantiles.p99_ns, 99_000), (quantiles.max_ns, 100_000)] {
            assert!(got.abs_diff(wanted) <= wanted / 32, "{got} for {wanted}");
        }
        assert_eq!(Latencies::new().quantiles(), None);
    }
}

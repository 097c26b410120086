//! Counts: of one chunk while it is worked on, of the whole run once chunks are added up in order.
//!
//! A chunk's counts travel with its results and count only when these are written, so that the summary of a run that was
//! stopped speaks of exactly the lines that are there. It must never allocate for an execution that succeeds.

use crate::vm::LimitHit;
use std::collections::BTreeMap;

/// How many different error names a summary lists; names beyond come together in one row.
pub(super) const ERROR_NAMES_MAX: usize = 1_000;

/// What failures without a name are counted as.
const NAMELESS: &str = "(no name)";

/// Counts of records and how they ended.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub succeeded: u64,
    pub failed: u64,
    pub timed_out: u64,
    pub rejected: u64,
    pub blank: u64,
    /// States entered, retries included.
    pub steps: u64,
    /// Failures by name, with the place of the name's first failure among the names.
    pub errors: BTreeMap<Box<str>, (u64, usize)>,
    /// Failures whose names are not listed.
    pub errors_other: u64,
    /// Executions that a limit of ours ended, by its name.
    pub limits: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// How many records there were: executions, and lines that could not be one.
    pub fn records(&self) -> u64 {
        self.succeeded + self.failed + self.timed_out + self.rejected
    }

    /// Counts a failed execution.
    pub fn failure(&mut self, error: Option<&str>) {
        self.failed += 1;
        self.error(error.unwrap_or(NAMELESS), 1, usize::MAX);
    }

    /// Counts an execution that a time limit or another limit ended.
    pub fn time_out(&mut self, limit: LimitHit) {
        self.timed_out += 1;
        if !matches!(limit, LimitHit::TimeoutSeconds(_)) {
            *self.limits.entry(limit.name()).or_default() += 1;
        }
    }

    /// Adds the counts of the chunk that comes next. Which names are listed depends on the order of the records alone.
    pub fn add(&mut self, chunk: &Tally) {
        self.succeeded += chunk.succeeded;
        self.failed += chunk.failed;
        self.timed_out += chunk.timed_out;
        self.rejected += chunk.rejected;
        self.blank += chunk.blank;
        self.steps += chunk.steps;
        self.errors_other += chunk.errors_other;
        let mut errors: Vec<_> = chunk.errors.iter().collect();
        errors.sort_unstable_by_key(|(_, (_, place))| *place);
        for (name, (count, _)) in errors {
            self.error(name, *count, ERROR_NAMES_MAX);
        }
        for (name, count) in &chunk.limits {
            *self.limits.entry(name).or_default() += count;
        }
    }

    fn error(&mut self, name: &str, count: u64, names_max: usize) {
        let place = self.errors.len();
        match self.errors.get_mut(name) {
            Some((known, _)) => *known += count,
            None if place >= names_max => self.errors_other += count,
            None => {
                self.errors.insert(name.into(), (count, place));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However the failures are cut into chunks, the same names are listed.
    #[test]
    fn listed_names_depend_on_order_alone() {
        let names: Vec<String> =
            (0..ERROR_NAMES_MAX + 500).map(|n| format!("E{}", n * 7_919 % (ERROR_NAMES_MAX + 300))).collect();
        let totals = [1, 7, 100, 5_000].map(|chunk| {
            let mut total = Tally::default();
            for part in names.chunks(chunk) {
                let mut tally = Tally::default();
                part.iter().for_each(|name| tally.failure(Some(name)));
                total.add(&tally);
            }
            total
        });
        for total in &totals {
            assert_eq!(total.errors.len(), ERROR_NAMES_MAX);
            assert_eq!(total.failed, names.len() as u64);
            assert_eq!((&total.errors, total.errors_other), (&totals[0].errors, totals[0].errors_other));
        }
    }
}

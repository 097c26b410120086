//! Lines that are told one after the other where functions are called on the way.
//!
//! As in [`Swift`](super::super::swift::Swift), with what calls ask for: who each execution is, where it is if a call takes
//! long, and after each whether the run is over. What has been replied cannot be asked for again: so an execution that fails,
//! or that the machine has to run, is dealt with here and not left to whoever comes back for the line. It must never call a
//! function for a line and then leave that line to others.

use super::super::once;
use super::super::outputs::Results;
use super::super::swift::Swift;
use super::super::wording::Place;
use super::{Worker, count_ends};
use crate::value::scan::{LineKind, LineView, Lines, Slot};
use crate::vm::Asker;
use crate::vm::shortcut::Calls;
use std::sync::atomic::Ordering;

impl Worker<'_, '_, '_, '_> {
    /// Executes lines, `most` of them, up to the first that is no event or before which it is time to look up; of what kind
    /// the line behind them is, which has been read. `origin` is where the lines are counted from.
    // A function of its own, for the reason that the loop in `Swift` is one.
    #[inline(never)]
    pub(super) fn ask_on(
        &mut self,
        swift: &Swift,
        (lines, slots): (&mut Lines, &mut [Slot]),
        results: &mut Results,
        (origin, line_index): (Place, &mut u64),
        most: u64,
    ) -> Option<LineKind> {
        let job = self.job;
        let (shortcuts, now_ms) = (swift.shortcuts(), swift.now_ms());
        let known = shortcuts.slots().min(slots.len());
        let end = line_index.saturating_add(most);
        if let Some(laps) = &mut self.laps {
            laps.begin();
        }
        let behind = loop {
            let kind = lines.advance(slots);
            if *line_index == end
                || kind != Some(LineKind::Json)
                || lines.raw().len() > job.line_bytes_max
                || results.bytes() > job.results_bytes_max
            {
                break kind;
            }
            if job.order.is_over() {
                self.look_up_at = 0;
                break kind;
            }
            let place = Place { offset: origin.offset + lines.offset() as u64, line_index: *line_index, ..origin };
            self.place.offset.store(place.offset, Ordering::Relaxed);
            *line_index += 1;
            let slots = &slots[..known];
            let who = job.who(place, || lines.line().text);
            let seen = once::scanned(shortcuts, lines, slots, now_ms);
            let view = LineView::new(lines, slots, job.program.slots());
            let asker = Asker::new(job.program, who, &self.arena, view);
            let mut calls = Calls::of(job.bound.answers(), &asker).with(&self.stencils);
            let told = shortcuts.tell(&seen, &self.arena, self.helpers, &mut calls);
            let line = told.and_then(|told| Some((told, swift.line(told.index)?)));
            if let Some((told, parts)) = line {
                told.write_parts(parts, (&seen, Some(&self.stencils)), &mut results.text.results.bytes);
                count_ends(&told, &mut results.told);
            } else if !told.is_some_and(|told| self.take_down(place, &told, &seen, results)) {
                let counters = &mut job.bound.counters_for(who);
                counters.give_again(calls.given());
                self.run(place, (lines, slots), (who, now_ms), counters, results);
            }
            self.tidy();
            if let Some(laps) = &mut self.laps {
                laps.lap_alone();
            }
        };
        if let Some(laps) = &mut self.laps {
            laps.end();
        }
        behind
    }
}

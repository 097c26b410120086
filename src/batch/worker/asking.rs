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
use crate::handler::mock::Counters;
use crate::value::scan::{LineKind, LineView, Lines, Slot};
use crate::vm::shortcut::{Alone, Called, Calls, GivenReplies};
use crate::vm::{Answered, Asker, Stream};
use std::sync::atomic::Ordering;

/// The call that an execution has begun with, and how it was answered.
type Begun<'a> = (Alone<'a>, GivenReplies<'a>);

/// So many executions that are one call may go by before the arena is emptied.
const UNTIDY_MAX: u32 = 8;

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
                || lines.raw_bytes() > job.line_bytes_max
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
            let view = LineView::new(lines, slots, job.program.slots());
            let asker = Asker::new(job.program, who, &self.arena, view);
            let begun = match self.call(swift, (lines, slots), &asker, results) {
                Ok(()) => {
                    self.untidy += 1;
                    if self.untidy >= UNTIDY_MAX {
                        self.tidy();
                    }
                    if let Some(laps) = &mut self.laps {
                        laps.lap_alone();
                    }
                    continue;
                }
                Err(begun) => begun,
            };
            if let Some(mut counters) = self.walk_on(swift, (lines, slots), (&asker, begun), (place, who), results) {
                self.run(place, (lines, slots), (who, now_ms), &mut counters, results);
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

    /// Executes the line at hand if that is one call, and writes down what it comes to. Else, which call it has begun with, if it
    /// has begun.
    #[inline(always)]
    fn call<'a>(
        &'a self,
        swift: &Swift<'a>,
        (lines, slots): (&'a Lines<'a, 'a>, &'a [Slot]),
        asker: &'a Asker<'a>,
        results: &mut Results,
    ) -> Result<(), Option<Begun<'a>>> {
        let (shortcuts, arena) = (swift.shortcuts(), &self.arena);
        let seen = once::scanned(shortcuts, lines, slots, swift.now_ms());
        let answers = self.job.bound.answers().ok_or(None)?;
        let alone = shortcuts.alone(&seen).ok_or(None)?;
        let (head, tail) = swift.around(alone.end).ok_or(None)?;
        let out = &mut results.text.results.bytes;
        let start = out.len();
        if !head.as_str().is_empty() {
            head.write(out);
        }
        let begun = match shortcuts.call(alone, &seen, (answers, asker), arena, out) {
            Called::Written => None,
            Called::ByNobody => Some(None),
            Called::Answered(given) => match shortcuts.output_of(given, &seen, arena) {
                Some(Answered::Object(object)) => {
                    self.stencils.write(alone.register(), object, out);
                    None
                }
                Some(Answered::Returned(value)) => {
                    value.write(out);
                    None
                }
                Some(Answered::Otherwise(_)) | None => Some(Some((alone, given))),
            },
        };
        if let Some(begun) = begun {
            out.truncate(start);
            return Err(begun);
        }
        tail.write(out);
        results.told[alone.end] += 1;
        Ok(())
    }

    /// Walks an execution, from the call on that it has begun with, or from its beginning, and writes down what it comes to.
    /// Where the machine has to run it, what calls have come to by then.
    // A function of its own, so that executions that are one call have the loop for themselves.
    #[inline(never)]
    fn walk_on<'a>(
        &'a self,
        swift: &Swift<'a>,
        (lines, slots): (&'a Lines<'a, 'a>, &'a [Slot]),
        (asker, begun): (&'a Asker<'a>, Option<Begun<'a>>),
        (place, who): (Place, Stream),
        results: &mut Results,
    ) -> Option<Counters> {
        let (job, arena, shortcuts) = (self.job, &self.arena, swift.shortcuts());
        let seen = once::scanned(shortcuts, lines, slots, swift.now_ms());
        let mut calls = Calls::of(job.bound.answers(), asker).with(&self.stencils);
        let told = match begun {
            Some((alone, given)) => {
                calls.go_on_from(given);
                shortcuts.go_on(alone, &seen, arena, self.helpers, &mut calls)
            }
            None => shortcuts.tell(&seen, arena, self.helpers, &mut calls),
        };
        if let Some(told) = told {
            if let Some(parts) = swift.line(told.index) {
                told.write_parts(parts, (&seen, Some(&self.stencils)), &mut results.text.results.bytes);
                count_ends(&told, &mut results.told);
                return None;
            }
            if self.take_down(place, &told, &seen, results) {
                return None;
            }
        }
        let mut counters = job.bound.counters_for(who);
        counters.give_again(calls.given());
        Some(counters)
    }
}

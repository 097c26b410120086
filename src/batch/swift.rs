//! Lines that are told one after the other: the innermost loop of most runs.
//!
//! Flows in: the lines of a chunk, a program's shortcut. Flows out: result lines, and how often each end was come to. All
//! that can be known before the run is known here: how a result line begins and ends is part of the texts that it is put
//! together of. Lines that are no JSON are put among the dead letters on the way, as leaving and coming back for each would
//! cost a damaged file more than their own lines do. The first line that calls for anything more (that the machine has to
//! run, that fails) is left to the worker. It must never write or count what the worker would not.

use super::latency::Laps;
use super::once;
use super::text;
use super::wording::{Emit, Place, SUCCEEDED, Wording};
use crate::program::shortcut::{Operand, Part, Text};
use crate::value::Arena;
use crate::value::scan::{LineKind, Lines, Slot};
use crate::vm::shortcut::{Calls, Company, Shortcuts};

/// How a run's lines are told.
pub(super) struct Swift<'r> {
    shortcuts: Shortcuts<'r>,
    /// For each end, what its result line is put together of; nothing for one that fails.
    lines: Vec<Option<Box<[Part]>>>,
    /// For each end at which nothing but what is in one register is written, what goes around that.
    around: Vec<Option<(Text, Text)>>,
    line_bytes_max: usize,
    results_bytes_max: usize,
    /// The clock at which executions start.
    now_ms: i64,
}

/// What is counted and written meanwhile.
pub(super) struct Telling<'t> {
    pub arena: &'t mut Arena,
    pub out: &'t mut Vec<u8>,
    /// How many executions have come to each end.
    pub ends: &'t mut [u64],
    /// Where durations are counted, if each is measured: from the end of one execution to the end of the next, so that the
    /// clock is read once for each.
    pub laps: Option<&'t mut Laps>,
    /// Who may have time to help.
    pub company: &'t dyn Company,
}

/// Where lines stand that are no JSON, and how many of them there were.
pub(super) struct Spoilt<'t> {
    pub wording: &'t Wording,
    /// Where the lines' offsets are counted from, and how many lines of the chunk there were before those that are told.
    pub origin: Place,
    pub dead_letters: &'t mut text::Text,
    pub count: u64,
}

impl<'r> Swift<'r> {
    /// Nothing if result lines say more than what the execution has come to.
    pub fn new(
        shortcuts: Shortcuts<'r>,
        wording: &Wording,
        line_bytes_max: usize,
        results_bytes_max: usize,
        now_ms: i64,
    ) -> Option<Swift<'r>> {
        let (head, tail) = match wording.emit {
            Emit::Output => (String::new(), "\n"),
            Emit::Outcome if wording.position => return None,
            Emit::Outcome => (format!("{{{SUCCEEDED}"), "}\n"),
        };
        let line = |output: &[Part]| -> Box<[Part]> {
            if !wording.results {
                return Box::default();
            }
            let mut parts = output.to_vec();
            match parts.first_mut() {
                Some(Part::Text(text) | Part::Before { text, .. }) => {
                    *text = Text::new(&[&head, text.as_str()].concat());
                }
                _ if head.is_empty() => {}
                _ => parts.insert(0, Part::Text(Text::new(&head))),
            }
            match parts.last_mut() {
                Some(Part::Text(text)) => *text = Text::new(&[text.as_str(), tail].concat()),
                _ => parts.push(Part::Text(Text::new(tail))),
            }
            parts.into()
        };
        let around = |output: &[Part]| match output {
            [Part::Value(Operand::Register(_))] if wording.results => Some((Text::new(&head), Text::new(tail))),
            _ => None,
        };
        let around = (0..shortcuts.ends()).map(|end| shortcuts.output(end).and_then(around)).collect();
        let lines = (0..shortcuts.ends()).map(|end| shortcuts.output(end).map(line)).collect();
        Some(Swift { shortcuts, lines, around, line_bytes_max, results_bytes_max, now_ms })
    }

    /// Whether functions are called on the way: then lines are not told [here](Swift::tell).
    pub fn asks(&self) -> bool {
        self.shortcuts.asks()
    }

    /// The ways that are gone.
    pub fn shortcuts(&self) -> &Shortcuts<'r> {
        &self.shortcuts
    }

    /// What the result line of an execution with this end is put together of; nothing, if it fails.
    #[inline(always)]
    pub fn line(&self, end: usize) -> Option<&[Part]> {
        self.lines.get(end)?.as_deref()
    }

    /// What goes around the result of an execution with this end; nothing, if more is written than what is in one register, or
    /// nothing at all.
    #[inline(always)]
    pub fn around(&self, end: usize) -> Option<&(Text, Text)> {
        self.around.get(end)?.as_ref()
    }

    /// The clock at which executions start.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Tells lines, `most` of them, up to the first that calls for more; how many, those that are no JSON among them, and of
    /// what kind the line behind them is, which has been read. Without `spoilt`, more is asked of lines that are no JSON.
    #[inline(always)]
    pub fn tell(
        &self,
        lines: &mut Lines,
        slots: &mut [Slot],
        most: u64,
        telling: &mut Telling,
        spoilt: &mut Option<Spoilt>,
    ) -> (u64, Option<LineKind>) {
        let mut told = 0;
        loop {
            let (more, behind) = self.tell_good(lines, slots, most - told, telling);
            told += more;
            match spoilt {
                Some(spoilt) if behind == Some(LineKind::Bad) && told < most => {
                    if !self.reject(lines, told, telling.out, spoilt) {
                        return (told, behind);
                    }
                    told += 1;
                }
                _ => return (told, behind),
            }
        }
    }

    /// The same up to the first that is no JSON. A function of its own, so that nothing of what is done with others takes
    /// registers from it.
    #[inline(never)]
    fn tell_good(
        &self,
        lines: &mut Lines,
        slots: &mut [Slot],
        most: u64,
        telling: &mut Telling,
    ) -> (u64, Option<LineKind>) {
        let Telling { arena, out, ends, laps, company } = telling;
        if let Some(laps) = laps {
            laps.begin();
        }
        let known = self.shortcuts.slots().min(slots.len());
        let mut told = 0;
        let behind = loop {
            let kind = lines.advance(slots);
            if told == most
                || kind != Some(LineKind::Json)
                || lines.raw_bytes() > self.line_bytes_max
                || out.len() > self.results_bytes_max
            {
                break kind;
            }
            {
                let seen = once::scanned(&self.shortcuts, lines, &slots[..known], self.now_ms);
                let Some(execution) = self.shortcuts.tell(&seen, arena, *company, &mut Calls::none()) else {
                    break kind;
                };
                let Some(parts) = self.line(execution.index) else { break kind };
                execution.write_parts(parts, (&seen, None), out);
                ends[execution.index] += 1;
                for item in execution.items {
                    ends[*item as usize] += 1;
                }
            }
            told += 1;
            if self.shortcuts.computes() {
                arena.reset();
            }
            if let Some(laps) = laps {
                laps.lap();
            }
        };
        if let Some(laps) = laps {
            laps.end();
        }
        (told, behind)
    }

    /// Writes that the line at hand is no JSON; whether it has.
    #[inline(never)]
    fn reject(&self, lines: &Lines, told: u64, results: &mut Vec<u8>, spoilt: &mut Spoilt) -> bool {
        let bytes = results.len() + spoilt.dead_letters.bytes.len();
        if lines.raw_bytes() > self.line_bytes_max || bytes > self.results_bytes_max {
            return false;
        }
        let Place { source, offset, line_index } = spoilt.origin;
        let place = Place { source, offset: offset + lines.offset() as u64, line_index: line_index + told };
        spoilt.wording.spoilt(place, lines, results, spoilt.dead_letters);
        spoilt.count += 1;
        true
    }
}

//! Children that are told: a Map's items, and the time at which branches begin and end.
//!
//! A Map's items are scheduled onto its places as [`Join`](crate::vm::Join) does it: one begins when the first place is
//! free. What they come to is written down at once, as most of it will be in the end. A long Map is walked in parts, each
//! over memory that is given back, and on other threads where those have time: of a part only the text is kept. It must
//! never go on where an item needs the machine: then the whole execution does.

use super::writing::{Made, Written};
use super::{Calls, REGISTER_DEPTH_MAX, Scanned, Shortcuts, Spare, Walk};
use crate::program::shortcut::{BranchTurn, Each, Ending, Offspring, Part as TextPart};
use crate::program::work::CONCURRENCY_MAX;
use crate::value::raw::Form;
use crate::value::{Arena, Raw, Value};
use std::ops::Range;

/// What the machine counts for each item that is opened, and more than it needs.
const ITEM_BYTES: u64 = 64;
/// So many items are handed over at once.
const PART: usize = 64;
/// After so many items it is looked again whether others have time.
const STRETCH: usize = 256 * PART;
/// Room that is made for what an item comes to.
const LIKELY_BYTES: usize = 64;
/// Maps of more items are walked in parts, whoever has time.
pub(super) const LONG: usize = 1_024;

/// Threads that may have time to help.
pub trait Company: Sync {
    /// Whether anybody has.
    fn has_time(&self) -> bool;

    /// Fills in what the parts of a job come to, some of them perhaps on other threads. A part is told its number and gets an
    /// arena that is empty, in which it may leave anything.
    fn share(&self, parts: &mut [Option<Part>], part: &(dyn Fn(usize, &Arena) -> Option<Part> + Sync));
}

/// No threads at all.
pub struct Nobody;

impl Company for Nobody {
    fn has_time(&self) -> bool {
        false
    }

    fn share(&self, parts: &mut [Option<Part>], part: &(dyn Fn(usize, &Arena) -> Option<Part> + Sync)) {
        let mut arena = Arena::new();
        for (n, done) in parts.iter_mut().enumerate() {
            *done = part(n, &arena);
            arena.reset();
        }
    }
}

/// What some items in a row have come to elsewhere.
pub struct Part {
    /// Their outputs, one after the other, each with a comma behind it.
    text: String,
    /// For each where its output ends, which end it has come to, and when.
    items: Vec<(usize, u32, i64)>,
    /// The ends that items of Maps inside have come to.
    inner: Vec<u32>,
    left: Spare,
}

/// An output that was written down elsewhere: the item's number, and where it is in the text of all.
type Late = (usize, Range<usize>);

/// The places of a Map on which its items run.
struct Places {
    starts_ms: i64,
    latest_ms: i64,
    /// When each becomes free; nobody looks if there is one for each item.
    free_ms: [i64; CONCURRENCY_MAX],
    count: usize,
    scarce: bool,
}

impl Places {
    fn new(each: &Each, items: usize, starts_ms: i64) -> Places {
        let count = (each.concurrency as usize).clamp(1, CONCURRENCY_MAX);
        let free_ms = [starts_ms; CONCURRENCY_MAX];
        Places { starts_ms, latest_ms: starts_ms, free_ms, count, scarce: count < items }
    }

    /// Which place an item takes, and when it begins there.
    fn take(&self, index: usize) -> (usize, i64) {
        let places = self.free_ms[..self.count].iter().copied().enumerate();
        match self.scarce && self.latest_ms > self.starts_ms {
            true => places.min_by_key(|(_, free_ms)| *free_ms).unwrap_or((0, self.starts_ms)),
            // As long as no time has passed all are free at once.
            false => (index % self.count, self.starts_ms),
        }
    }

    fn give_back(&mut self, place: usize, at_ms: i64) {
        self.free_ms[place] = at_ms;
        self.latest_ms = self.latest_ms.max(at_ms);
    }
}

impl<'p: 'a, 'a> Walk<'p, '_, '_, 'a> {
    /// Walks the tree for each item; nothing if the machine has to.
    #[inline(never)]
    pub(super) fn each(&mut self, each: &'p Each) -> Option<()> {
        let array = self.value(each.items);
        let items = array.elements(self.arena)?;
        // No item is larger than all of them.
        self.largest = self.largest.max(array.size().bytes_max);
        // Calls may take long, and a long row of them the machine shares out.
        if each.asks && items.len() > PART && (items.len() > LONG || self.company.has_time()) {
            return None;
        }
        let count = items.len() as u64;
        self.spare.steps = self.spare.steps.checked_sub(each.steps.checked_mul(count)?)?;
        self.spare.events = self.spare.events.checked_sub(u64::from(each.events).checked_mul(count)?)?;
        self.spare.take(ITEM_BYTES.checked_mul(count)?)?;

        let mut places = Places::new(each, items.len(), self.now_ms);
        let mut results = bumpalo::collections::Vec::with_capacity_in(items.len(), self.arena);
        self.items.reserve(items.len());
        let mut text = Vec::with_capacity(items.len().min(LONG) * LIKELY_BYTES + 2);
        text.push(b'[');
        let mut late: Vec<Late> = Vec::new();
        let independent = (each.timeless || !places.scarce) && !each.asks;
        let parent = each.asks.then(|| self.calls.parent());
        let crowded_bytes = self.arena.allocated_bytes() + self.shortcuts.crowded_bytes;
        for begin in (0..items.len()).step_by(STRETCH) {
            let stretch = begin..items.len().min(begin + STRETCH);
            // As much for each of the others as for those before.
            if let Some(each) = text.len().checked_div(begin) {
                text.reserve((each + 1) * (items.len() - begin));
            }
            let helped = stretch.len() > 2 * PART && self.company.has_time();
            if independent && (helped || items.len() > LONG) {
                self.in_parts(each, items, (stretch, helped), &mut places, (&mut results, &mut late, &mut text))?;
                continue;
            }
            for index in stretch {
                let (place, starts_ms) = places.take(index);
                if let Some(parent) = parent {
                    self.calls.enter(parent, Offspring { index: index as u32, ..each.who });
                }
                let (end, output, parts) = self.item(each, (index, items[index]), starts_ms)?;
                places.give_back(place, self.now_ms);
                self.spare.take(output.size().bytes_max)?;
                self.items.push(end);
                Made { arena: self.arena, registers: self.registers, written: &self.written }.write(parts, self.input, &mut text);
                text.push(b',');
                results.push(output);
                if self.arena.allocated_bytes() > crowded_bytes {
                    return None;
                }
            }
        }
        if let Some(parent) = parent {
            self.calls.leave(parent.key());
        }
        self.now_ms = places.latest_ms;
        if !results.is_empty() {
            text.pop();
        }
        text.push(b']');
        let text: &'a [u8] = match late.is_empty() {
            true => self.arena.alloc_slice_copy(&text),
            false => {
                let text = self.arena.alloc_str(std::str::from_utf8(&text).ok()?);
                for (index, range) in late {
                    results[index] = Value::raw(self.arena, text.get(range)?, Form::COMPACT);
                }
                text.as_bytes()
            }
        };
        let results = Value::measured_array(self.arena, results.into_bump_slice(), text.len() as u64);
        if let Value::Array(array) = results {
            self.note(Written { register: each.results, array, text });
        }
        (self.keep(each.results, results) <= REGISTER_DEPTH_MAX).then_some(())
    }

    /// Walks the tree for one item: which end it comes to, its output, and the parts of the output's text.
    #[inline(always)]
    fn item(
        &mut self,
        each: &Each,
        (index, item): (usize, Value<'a>),
        starts_ms: i64,
    ) -> Option<(u32, Value<'a>, &'p [TextPart])> {
        self.registers[each.item as usize] = match item {
            Value::Raw(raw) => self.item_opened(raw),
            item => item,
        };
        self.registers[each.index as usize] = Value::Int(index as i64);
        self.now_ms = starts_ms;
        let end = self.run(each.body)?;
        match &self.shortcuts.shortcut.ends[end].result {
            Ending::Item { output, text } => Some((end as u32, self.value(*output), text)),
            _ => None,
        }
    }

    /// Walks the tree for some items in parts, together with whoever has time if somebody has.
    #[inline(never)]
    fn in_parts(
        &mut self,
        each: &Each,
        items: &[Value<'a>],
        (stretch, helped): (Range<usize>, bool),
        places: &mut Places,
        (results, late, text): (&mut bumpalo::collections::Vec<'a, Value<'a>>, &mut Vec<Late>, &mut Vec<u8>),
    ) -> Option<()> {
        let count = stretch.len().div_ceil(PART);
        let mut parts: Vec<Option<Part>> = Vec::new();
        parts.resize_with(count, || None);
        let (shortcuts, input, spare, starts_ms) = (self.shortcuts, self.input, self.spare, places.starts_ms);
        let registers: &[Value] = self.registers;
        let largest = self.largest;
        let company: &dyn Company = if helped { self.company } else { &Nobody };
        company.share(&mut parts, &|n, arena| {
            let first = stretch.start + n * PART;
            let range = first..stretch.end.min(first + PART);
            part(shortcuts, input, (registers, largest), (each, items, range), (starts_ms, spare), arena)
        });
        for part in parts {
            let Part { text: outputs, items, inner, left } = part?;
            self.spare.take_as(spare, left)?;
            self.items.extend_from_slice(&inner);
            let before = text.len();
            text.extend_from_slice(outputs.as_bytes());
            let mut from = 0;
            for (to, end, ended_ms) in items {
                places.latest_ms = places.latest_ms.max(ended_ms);
                self.spare.take((to - from) as u64)?;
                self.items.push(end);
                late.push((results.len(), before + from..before + to));
                results.push(Value::Null);
                from = to + 1;
            }
        }
        Some(())
    }

    /// An item that is still text: of a long array, which was not opened as a whole, or a scalar.
    #[inline(never)]
    fn item_opened(&self, raw: &'a Raw<'a>) -> Value<'a> {
        match &self.input.tokens {
            Some(tokens) if raw.text.starts_with(['{', '[']) => tokens.open_part(raw, self.arena),
            _ => Value::Raw(raw),
        }
    }

    /// Takes down what a Map has come to as text, in the place of what it came to before.
    fn note(&mut self, new: Written<'a>) {
        match self.written.iter_mut().find(|written| written.register == new.register) {
            Some(written) => *written = new,
            None => self.written.push(new),
        }
    }

    /// A branch begins, or all have ended.
    pub(super) fn turn(&mut self, register: usize, turn: BranchTurn, who: Offspring) {
        let time = |value: Value| if let Value::Int(ms) = value { ms } else { 0 };
        let (start, latest) = (time(self.registers[register]), time(self.registers[register + 1]));
        match turn {
            BranchTurn::First => {
                self.registers[register] = Value::Int(self.now_ms);
                self.registers[register + 1] = Value::Int(self.now_ms);
            }
            BranchTurn::Next => {
                self.registers[register + 1] = Value::Int(latest.max(self.now_ms));
                self.now_ms = start;
            }
            BranchTurn::Joined => self.now_ms = latest.max(self.now_ms),
        }
        if self.shortcuts.asks {
            self.turn_to(register + 2, turn, who);
        }
    }
}

impl Walk<'_, '_, '_, '_> {
    /// It is about another branch from here on, or about its parent, whose key is kept in the register.
    fn turn_to(&mut self, register: usize, turn: BranchTurn, who: Offspring) {
        if turn == BranchTurn::First {
            self.registers[register] = Value::Int(self.calls.parent().key() as i64);
        }
        let key = if let Value::Int(key) = self.registers[register] { key as u64 } else { 0 };
        self.calls.leave(key);
        if turn != BranchTurn::Joined {
            let parent = self.calls.parent();
            self.calls.enter(parent, who);
        }
    }
}

/// Walks the tree for some items on whichever thread this is, over an arena of its own.
fn part(
    shortcuts: &Shortcuts,
    input: &Scanned,
    (registers, largest): (&[Value], u64),
    (each, items, range): (&Each, &[Value], Range<usize>),
    (starts_ms, spare): (i64, Spare),
    arena: &Arena,
) -> Option<Part> {
    let mut calls = Calls::none(arena);
    let mut walk = Walk {
        calls: &mut calls,
        shortcuts,
        input,
        arena,
        company: &Nobody,
        registers: arena.alloc_slice_copy(registers),
        now_ms: starts_ms,
        spare,
        largest,
        written: bumpalo::collections::Vec::new_in(arena),
        items: bumpalo::collections::Vec::new_in(arena),
    };
    let crowded_bytes = arena.allocated_bytes() + shortcuts.crowded_bytes;
    let (mut text, mut done) = (Vec::new(), Vec::with_capacity(range.len()));
    let items = &items[range.clone()];
    let opened = input.tokens.as_ref().and_then(|tokens| tokens.open_run(items, arena));
    for (index, item) in range.zip(opened.unwrap_or(items)) {
        let (end, _, parts) = walk.item(each, (index, *item), starts_ms)?;
        Made { arena, registers: walk.registers, written: &walk.written }.write(parts, input, &mut text);
        done.push((text.len(), end, walk.now_ms));
        text.push(b',');
        if arena.allocated_bytes() > crowded_bytes {
            return None;
        }
    }
    Some(Part { text: String::from_utf8(text).ok()?, items: done, inner: walk.items.to_vec(), left: walk.spare })
}

impl Spare {
    /// Takes bytes, if there are so many.
    fn take(&mut self, bytes: u64) -> Option<()> {
        self.bytes = self.bytes.checked_sub(bytes)?;
        Some(())
    }

    /// Takes as much as has been taken between two others.
    fn take_as(&mut self, before: Spare, after: Spare) -> Option<()> {
        self.steps = self.steps.checked_sub(before.steps - after.steps)?;
        self.events = self.events.checked_sub(before.events - after.events)?;
        self.take(before.bytes - after.bytes)
    }
}

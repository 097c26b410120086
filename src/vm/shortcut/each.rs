//! Children that are told: a Map's items, and the time at which branches begin and end.
//!
//! A Map's items are scheduled onto its places as [`Join`](crate::vm::Join) does it: one begins when the first place is
//! free. A long Map is walked in parts, each over memory that is given back, and on other threads where those have time: of a
//! part only the text is kept. What becomes of the outputs is in `outputs.rs`. It must never go on where an item needs the
//! machine: then the whole execution does.

use super::outputs::{Column, Outputs};
use super::writing::{Made, Written};
use super::{Calls, Scanned, Shortcuts, Spare, Walk};
use crate::program::shortcut::{BranchTurn, Each, Ending, Item, NodeId, Offspring};
use crate::program::work::CONCURRENCY_MAX;
use crate::value::path::Spot;
use crate::value::{Arena, Raw, Value};
use crate::vm::request::Child;
use std::ops::Range;

/// What the machine counts for each item that is opened, and more than it needs.
const ITEM_BYTES: u64 = 64;
/// So many items are handed over at once.
const PART: usize = 64;
/// After so many items it is looked again whether others have time.
const STRETCH: usize = 256 * PART;

/// After so many items it is asked again whether somebody has time.
const LOOKED_UP: usize = 8;

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
    pub(super) text: String,
    /// Of the members that are kept on their own, the same.
    pub(super) columns: Vec<Column>,
    /// For each where its output ends, which end it has come to, and when.
    pub(super) items: Vec<(usize, u32, i64)>,
    /// How deep the deepest output would be if it were built.
    pub(super) deepest: u32,
    /// The ends that items of Maps inside have come to.
    inner: Vec<u32>,
    left: Spare,
}

/// The places of a Map on which its items run.
pub(super) struct Places {
    pub starts_ms: i64,
    pub latest_ms: i64,
    /// When each becomes free; nobody looks if there is one for each item.
    free_ms: [i64; CONCURRENCY_MAX],
    count: usize,
    scarce: bool,
    /// Which is next as long as all are free.
    next: usize,
}

impl Places {
    fn new(each: &Each, items: usize, starts_ms: i64) -> Places {
        let count = (each.concurrency as usize).clamp(1, CONCURRENCY_MAX);
        let free_ms = [starts_ms; CONCURRENCY_MAX];
        Places { starts_ms, latest_ms: starts_ms, free_ms, count, scarce: count < items, next: 0 }
    }

    /// Which place an item takes, and when it begins there.
    #[inline(always)]
    fn take(&mut self) -> (usize, i64) {
        if self.scarce && self.latest_ms > self.starts_ms {
            let places = self.free_ms[..self.count].iter().copied().enumerate();
            return places.min_by_key(|(_, free_ms)| *free_ms).unwrap_or((0, self.starts_ms));
        }
        // As long as no time has passed all are free at once.
        let place = self.next;
        self.next = if place + 1 == self.count { 0 } else { place + 1 };
        (place, self.starts_ms)
    }

    #[inline(always)]
    pub fn give_back(&mut self, place: usize, at_ms: i64) {
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
        if each.asks && items.len() > LONG {
            return None;
        }
        let count = items.len() as u64;
        self.spare.steps = self.spare.steps.checked_sub(each.steps.checked_mul(count)?)?;
        self.spare.events = self.spare.events.checked_sub(u64::from(each.events).checked_mul(count)?)?;
        self.spare.take(ITEM_BYTES.checked_mul(count)?)?;

        let mut places = Places::new(each, items.len(), self.now_ms);
        self.items.reserve(items.len());
        if let Some(lone) = self.lone(each) {
            return self.lone_items(lone, each, items, &mut places);
        }
        let mut outputs = Outputs::new(each, items.len().min(LONG), self.arena);
        let independent = (each.timeless || !places.scarce) && !each.asks;
        let parent = self.calls.child;
        let crowded_bytes = self.arena.allocated_bytes() + self.shortcuts.crowded_bytes;
        for begin in (0..items.len()).step_by(STRETCH) {
            let stretch = begin..items.len().min(begin + STRETCH);
            // As much for each of the others as for those before.
            if let Some(each) = outputs.text.len().checked_div(begin) {
                outputs.text.reserve((each + 1) * (items.len() - begin));
            }
            let helped = stretch.len() > 2 * PART && self.company.has_time();
            if independent && (helped || items.len() > LONG) {
                self.in_parts(each, items, (stretch, helped), &mut places, &mut outputs)?;
                continue;
            }
            for index in stretch {
                let (place, starts_ms) = self.begin(each, (index, items.len()), parent, &mut places)?;
                let (end, item) = self.item(each, (index, items[index]), starts_ms)?;
                if !each.timeless {
                    places.give_back(place, self.now_ms);
                }
                self.items.push(end);
                let bytes = outputs.take(item, self.made(), self.deepest, self.input)?;
                if let Some(values) = &mut outputs.values {
                    values.push(self.value(item.output));
                }
                self.spare.take(bytes)?;
                if self.arena.allocated_bytes() > crowded_bytes {
                    return None;
                }
            }
        }
        self.calls.child = parent;
        self.now_ms = places.latest_ms;
        self.keep_outputs(each, outputs)
    }

    /// Begins an item, of so many: on which place it runs, and since when. Nothing if the machine should go on.
    #[inline(always)]
    pub(super) fn begin(
        &mut self,
        each: &Each,
        (index, items): (usize, usize),
        parent: Option<&'a Child<'a>>,
        places: &mut Places,
    ) -> Option<(usize, i64)> {
        if each.asks {
            // Somebody may have got time meanwhile; what has been replied, the machine is given.
            if index.is_multiple_of(LOOKED_UP) && items - index > PART && self.company.has_time() {
                return None;
            }
            self.calls.enter(parent, Offspring { index: index as u32, ..each.who }, self.arena);
        }
        // Where no time passes, nobody has to know which place is free.
        Some(if each.timeless { (0, places.starts_ms) } else { places.take() })
    }

    /// Walks the tree for one item: which end it comes to, and what that is.
    #[inline(always)]
    fn item(&mut self, each: &Each, (index, item): (usize, Value<'a>), starts_ms: i64) -> Option<(u32, &'p Item)> {
        self.put_item(each, (index, item));
        if let Value::Raw(raw) = item {
            self.registers[each.item as usize] = self.item_opened(raw);
        }
        self.now_ms = starts_ms;
        self.item_from(each.body)
    }

    /// Puts down an item where it is looked for.
    #[inline(always)]
    pub(super) fn put_item(&mut self, each: &Each, (index, item): (usize, Value<'a>)) {
        // As a whole, since it will be read as one.
        self.registers[each.item as usize] = item;
        self.registers[each.index as usize] = Value::Int(index as i64);
    }

    /// Walks the tree from a node of an item on: which end it comes to, and what that is.
    #[inline(always)]
    pub(super) fn item_from(&mut self, node: NodeId) -> Option<(u32, &'p Item)> {
        let end = self.run(node)?;
        match &self.shortcuts.shortcut.ends[end].result {
            Ending::Item(item) => Some((end as u32, item)),
            _ => None,
        }
    }

    /// What has been computed.
    #[inline(always)]
    pub(super) fn made(&self) -> Made<'_, 'a> {
        Made { arena: self.arena, registers: self.registers, written: &self.written, stencils: self.calls.stencils }
    }

    /// Walks the tree for some items in parts, together with whoever has time if somebody has.
    #[inline(never)]
    fn in_parts(
        &mut self,
        each: &Each,
        items: &[Value<'a>],
        (stretch, helped): (Range<usize>, bool),
        places: &mut Places,
        outputs: &mut Outputs<'a>,
    ) -> Option<()> {
        let count = stretch.len().div_ceil(PART);
        let mut parts: Vec<Option<Part>> = Vec::new();
        parts.resize_with(count, || None);
        let (shortcuts, input, spare, starts_ms) = (self.shortcuts, self.input, self.spare, places.starts_ms);
        // What comes before may be in the items' outputs; of some of that there is nothing but text.
        let (registers, written): (&[Value], &[Written]) = (self.registers, &self.written);
        let sizes = (self.largest, self.deepest);
        let company: &dyn Company = if helped { self.company } else { &Nobody };
        company.share(&mut parts, &|n, arena| {
            let first = stretch.start + n * PART;
            let range = first..stretch.end.min(first + PART);
            part(shortcuts, input, (registers, written, sizes), (each, items, range), (starts_ms, spare), arena)
        });
        for part in parts {
            let part = part?;
            self.spare.take_as(spare, part.left)?;
            self.items.extend_from_slice(&part.inner);
            for (_, end, ended_ms) in &part.items {
                places.latest_ms = places.latest_ms.max(*ended_ms);
                self.items.push(*end);
            }
            self.spare.take(part.text.len() as u64)?;
            outputs.take_part(&part);
        }
        Some(())
    }

    /// An item that is still text: of a long array, which was not opened as a whole, or a scalar.
    #[inline(never)]
    pub(super) fn item_opened(&self, raw: &'a Raw<'a>) -> Value<'a> {
        match &self.input.tokens {
            Some(tokens) if raw.text.starts_with(['{', '[']) => tokens.open_part(raw, self.arena),
            _ => Value::Raw(raw),
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
            let above = self.calls.child.and_then(|child| child.parent);
            match turn {
                BranchTurn::First => self.calls.enter(self.calls.child, who, self.arena),
                BranchTurn::Next => self.calls.enter(above, who, self.arena),
                BranchTurn::Joined => self.calls.child = above,
            }
        }
    }
}

/// Walks the tree for some items on whichever thread this is, over an arena of its own.
fn part(
    shortcuts: &Shortcuts,
    input: &Scanned,
    (registers, written, (largest, deepest)): (&[Value], &[Written], (u64, u32)),
    (each, items, range): (&Each, &[Value], Range<usize>),
    (starts_ms, spare): (i64, Spare),
    arena: &Arena,
) -> Option<Part> {
    let mut calls = Calls::none();
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
        deepest,
        roomy: shortcuts.roomy(input.bytes()),
        places: arena.alloc_slice_fill_copy(shortcuts.shortcut.names.len(), Spot::NOWHERE),
        written: bumpalo::collections::Vec::from_iter_in(written.iter().copied(), arena),
        items: bumpalo::collections::Vec::new_in(arena),
    };
    let crowded_bytes = arena.allocated_bytes() + shortcuts.crowded_bytes;
    let (mut outputs, mut done) = (Outputs::part(each), Vec::with_capacity(range.len()));
    let items = &items[range.clone()];
    let opened = input.tokens.as_ref().and_then(|tokens| tokens.open_run(items, arena));
    for (index, item) in range.zip(opened.unwrap_or(items)) {
        let (end, item) = walk.item(each, (index, *item), starts_ms)?;
        let made = Made { arena, registers: walk.registers, written: &walk.written, stencils: None };
        outputs.take(item, made, walk.deepest, input)?;
        done.push((outputs.text.len() - 1, end, walk.now_ms));
        if arena.allocated_bytes() > crowded_bytes {
            return None;
        }
    }
    let Outputs { text, columns, deepest, .. } = outputs;
    let (text, inner) = (String::from_utf8(text).ok()?, walk.items.to_vec());
    Some(Part { text, columns, items: done, deepest, inner, left: walk.spare })
}

impl Spare {
    /// Takes bytes, if there are so many.
    #[inline(always)]
    pub(super) fn take(&mut self, bytes: u64) -> Option<()> {
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

//! Children that are told: a Map's items, one after the other, and the time at which branches begin and end.
//!
//! A Map's items are scheduled onto its places as [`Join`](crate::vm::Join) does it: one begins when the first place is
//! free. It must never go on where an item needs the machine: then the whole execution does.

use super::{REGISTER_DEPTH_MAX, Walk};
use crate::program::shortcut::{BranchTurn, Each, Ending};
use crate::program::work::CONCURRENCY_MAX;
use crate::value::Value;

/// What the machine counts for each item that is opened, and more than it needs.
const ITEM_BYTES: u64 = 64;

impl<'p: 'a, 'a> Walk<'p, '_, 'a> {
    /// Walks the tree for each item; nothing if the machine has to.
    #[inline(never)]
    pub(super) fn each(&mut self, each: &'p Each) -> Option<()> {
        let items = self.value(each.items).elements(self.arena)?;
        let count = items.len() as u64;
        if items.len() > self.shortcuts.items_max {
            return None;
        }
        self.spare.steps = self.spare.steps.checked_sub(each.steps.checked_mul(count)?)?;
        self.spare.events = self.spare.events.checked_sub(u64::from(each.events).checked_mul(count)?)?;
        self.spare.bytes = self.spare.bytes.checked_sub(ITEM_BYTES.checked_mul(count)?)?;

        let starts_ms = self.now_ms;
        let mut latest_ms = starts_ms;
        // When each place becomes free; where there is one for each item, nobody has to look.
        let mut places = [starts_ms; CONCURRENCY_MAX];
        let places = &mut places[..(each.concurrency as usize).min(CONCURRENCY_MAX)];
        let scarce = places.len() < items.len();
        let mut results = bumpalo::collections::Vec::with_capacity_in(items.len(), self.arena);
        for (index, item) in items.iter().enumerate() {
            self.registers[each.item as usize] = *item;
            self.registers[each.index as usize] = Value::Int(index as i64);
            // As long as no time has passed all places are free at once.
            let place = match scarce && latest_ms > starts_ms {
                true => places.iter_mut().min_by_key(|free_ms| **free_ms),
                false => None,
            };
            self.now_ms = place.as_deref().copied().unwrap_or(starts_ms);
            let end = self.run(each.body)?;
            match place {
                Some(free_ms) => *free_ms = self.now_ms,
                None if scarce => places[index % places.len()] = self.now_ms,
                None => {}
            }
            latest_ms = latest_ms.max(self.now_ms);
            let Ending::Item(output) = self.shortcuts.shortcut.ends[end].result else { return None };
            let output = self.value(output);
            self.spare.bytes = self.spare.bytes.checked_sub(output.size().bytes_max)?;
            self.items.push(end as u32);
            results.push(output);
        }
        self.now_ms = latest_ms;
        let results = Value::array(self.arena, results.into_bump_slice());
        if results.size().depth > REGISTER_DEPTH_MAX {
            return None;
        }
        self.registers[each.results as usize] = results;
        Some(())
    }

    /// A branch begins, or all have ended.
    pub(super) fn turn(&mut self, register: usize, turn: BranchTurn) {
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
    }
}

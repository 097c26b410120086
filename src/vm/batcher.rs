//! ItemBatcher: a distributed Map's items put together, so that each child runs on several.
//!
//! A child's input is `{"BatchInput": …, "Items": […]}`, without BatchInput where the state has none. What is chosen here
//! because AWS's answer is not recorded: the bytes that MaxInputBytesPerBatch limits are those of that whole input as compact
//! text, an item that is too large for it by itself makes a batch alone, a limit of 0 is none, the Map's length is that of
//! its items, and a batch that fails is so many failed items.

use super::fan_out::{Children, Items};
use super::machine::{Execution, Stop};
use crate::program::work::{self, Batch};
use crate::value::{Arena, Member, Value};

/// The limits and the BatchInput of one visit.
pub(super) struct Batching<'a> {
    input: Option<Value<'a>>,
    items_max: usize,
    bytes_max: usize,
}

impl<'a> Execution<'a> {
    /// Takes from the stack how items are put together.
    pub(super) fn batching(&mut self, batch: Batch) -> Result<Batching<'a>, Stop<'a>> {
        let (bytes, items) = (self.popped(batch.max_bytes), self.popped(batch.max_items));
        let input = batch.input.then(|| self.pop());
        let items_max = self.whole_limit(batch.max_items, items, "MaxItemsPerBatch")?;
        let bytes_max = self.whole_limit(batch.max_bytes, bytes, "MaxInputBytesPerBatch")?;
        let unlimited = |n: usize| if n == 0 { usize::MAX } else { n };
        Ok(Batching { input, items_max: unlimited(items_max), bytes_max: unlimited(bytes_max) })
    }
}

impl<'a> Batching<'a> {
    /// The children's inputs.
    pub fn put_together(&self, items: &'a [Value<'a>], arena: &'a Arena) -> &'a [Value<'a>] {
        let around = self.batch(&[], arena).to_json().len();
        let mut batches = bumpalo::collections::Vec::new_in(arena);
        let (mut from, mut bytes) = (0, around);
        for (at, item) in items.iter().enumerate() {
            // Only where it is limited is the size worth being found out.
            let own = if self.bytes_max == usize::MAX { 0 } else { item.to_json().len() };
            let with_comma = own + usize::from(at > from);
            let full = at - from >= self.items_max || bytes.saturating_add(with_comma) > self.bytes_max;
            if at > from && full {
                batches.push(self.batch(&items[from..at], arena));
                (from, bytes) = (at, around + own);
            } else {
                bytes = bytes.saturating_add(with_comma);
            }
        }
        if from < items.len() {
            batches.push(self.batch(&items[from..], arena));
        }
        batches.into_bump_slice()
    }

    fn batch(&self, items: &'a [Value<'a>], arena: &'a Arena) -> Value<'a> {
        let input = self.input.map(|value| Member { key: "BatchInput", value });
        let items = Member { key: "Items", value: Value::array(arena, items) };
        let mut members = bumpalo::collections::Vec::with_capacity_in(2, arena);
        members.extend(input.into_iter().chain([items]));
        Value::object(arena, members.into_bump_slice())
    }
}

impl Children<'_> {
    /// How many of the Map's items a child stands for.
    pub(super) fn items_in(&self, index: usize) -> usize {
        let batched = matches!(self.fork.children, work::Children::Items { batch: Some(_), .. });
        match self.items {
            // A batch was built above: its last member is Items, an array.
            Items::Each(batches) if batched => match batches[index] {
                Value::Object(batch) => match batch.members.last().map(|items| items.value) {
                    Some(Value::Array(items)) => items.items.len(),
                    _ => 1,
                },
                _ => 1,
            },
            _ => 1,
        }
    }
}

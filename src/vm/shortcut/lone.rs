//! Items of Maps that are nothing but a call: what most Maps are for.
//!
//! Flows in: a Map whose items call one function, and whose outputs are what that replies. Flows out: what `each.rs` would come
//! to, without a walk for each item. An item whose call fails is walked from there on. It must never go on where an item has
//! come to anything that a walk would leave to the machine.

use super::Walk;
use super::asking::Given;
use super::each::Places;
use crate::program::shortcut::{Arguments, Ask, Each, Ending, Item, Keeps, Node, Operand, Payload, REGISTER_DEPTH_MAX};
use crate::value::Value;
use crate::value::write::Page;
use crate::vm::request::Answered;

/// The call that items are.
#[derive(Clone, Copy)]
pub(super) struct Lone<'p> {
    ask: &'p Ask,
    /// Which end they come to if it replies, and that end.
    end: u32,
    item: &'p Item,
}

impl<'p: 'a, 'a> Walk<'p, '_, '_, 'a> {
    /// The call that a Map's items are, if they are nothing else, and nothing but the text of all outputs is kept, or nothing but
    /// the outputs themselves.
    pub(super) fn lone(&self, each: &Each) -> Option<Lone<'p>> {
        // Who tells but one execution has none.
        self.calls.stencils?;
        let shortcut = self.shortcuts.shortcut;
        let mut at = each.body;
        let ask = loop {
            match shortcut.nodes.get(at as usize)? {
                // As in a walk: what no value is larger than, does not have to be looked at.
                Node::Room { then, .. } if self.largest <= self.roomy => at = *then,
                Node::Ask(ask) => break ask,
                _ => return None,
            }
        };
        let end = ask.tail?;
        let Ending::Item(item) = &shortcut.ends.get(end as usize)?.result else { return None };
        let reply = Operand::Register(ask.register);
        let is_kept = match &each.keeps {
            Keeps::Whole => item.output == reply,
            Keeps::Text(columns) => columns.is_empty(),
        };
        // What an item is, is put down only where something is built of it.
        let is_given = match (&ask.payload, &ask.arguments) {
            (_, Arguments::Value(_)) => false,
            (Payload::Object(_), _) => true,
            (Payload::Value(value), _) => *value == Operand::Register(each.item),
        };
        (is_given && is_kept).then_some(Lone { ask, end, item })
    }

    /// Makes the calls that items are, and keeps what they come to; nothing if the machine has to go on.
    // A function of its own, so that nothing of what other items need takes registers from it.
    #[inline(never)]
    pub(super) fn lone_items(
        &mut self,
        lone: Lone<'p>,
        each: &'p Each,
        items: &[Value<'a>],
        places: &mut Places,
    ) -> Option<()> {
        let (asked, stencils) = (self.calls.asked?, self.calls.stencils?);
        let Lone { ask, .. } = lone;
        let parent = self.calls.child;
        let mut page = stencils.page();
        page.begin(b'[');
        let keeps_values = each.keeps == Keeps::Whole;
        let kept = if keeps_values { items.len() } else { 0 };
        let mut values = bumpalo::collections::Vec::with_capacity_in(kept, self.arena);
        let mut deepest = 0;
        for (index, item) in items.iter().enumerate() {
            let place;
            (place, self.now_ms) = self.begin(each, (index, items.len()), parent, places)?;
            let item = match *item {
                Value::Raw(raw) => self.item_opened(raw),
                item => item,
            };
            let given = match &ask.payload {
                Payload::Object(members) => {
                    self.put_item(each, (index, item));
                    self.make_built(asked, ask, members)?
                }
                Payload::Value(_) => self.make(asked, ask, item)?,
            };
            let before = page.len();
            let reply = match given.reply() {
                Answered::Object(object) => {
                    stencils.write_on(ask.register, object, &mut page);
                    Some(Value::Object(object))
                }
                Answered::Returned(value) => {
                    page.write(value);
                    Some(value)
                }
                Answered::Otherwise(_) => None,
            };
            let (end, levels) = match reply {
                Some(reply) => {
                    let size = reply.size();
                    self.largest = self.largest.max(size.bytes_max);
                    self.deepest = self.deepest.max(size.depth);
                    if size.depth > REGISTER_DEPTH_MAX || self.largest > self.roomy {
                        return None;
                    }
                    if keeps_values {
                        values.push(reply);
                    }
                    (lone.end, lone.item.levels)
                }
                None => {
                    let (end, item) = self.failed_item((each, lone), (index, item), given, &mut page)?;
                    if keeps_values {
                        values.push(self.value(item.output));
                    }
                    (end, item.levels)
                }
            };
            self.spare.take((page.len() - before) as u64 + 1)?;
            page.push(b',');
            deepest = deepest.max(self.deepest + levels);
            if !keeps_values && deepest >= REGISTER_DEPTH_MAX {
                return None;
            }
            if !each.timeless {
                places.give_back(place, self.now_ms);
            }
            self.items.push(end);
        }
        self.calls.child = parent;
        self.now_ms = places.latest_ms;
        match items.is_empty() {
            true => page.push(b']'),
            false => page.replace_last(b']'),
        }
        let kept = match keeps_values {
            true => {
                let text = self.arena.alloc_slice_copy(page.text());
                self.keep_values(each.results, values.into_bump_slice(), text)
            }
            false => {
                self.deepest = self.deepest.max(deepest + 1);
                self.keep_text(each.results, page.text());
                Some(())
            }
        };
        stencils.put_back(page);
        kept
    }

    /// Walks on where an item's call has failed; which end it comes to, whose text is appended.
    #[inline(never)]
    fn failed_item(
        &mut self,
        (each, lone): (&Each, Lone<'p>),
        item: (usize, Value<'a>),
        given: &'a Given<'a>,
        page: &mut Page,
    ) -> Option<(u32, &'p Item)> {
        self.put_item(each, item);
        let node = self.led(lone.ask, given)?;
        let (end, item) = self.item_from(node)?;
        page.write_aside(|aside| self.made().write(&item.text, self.input, aside));
        Some((end, item))
    }
}

//! What the items of a Map come to.
//!
//! Each output is written down at once, as most of it will be in the end. Where nobody looks at anything else
//! ([`Keeps::Text`]) that is all; the members that are wanted of all outputs are copied beside it. Else the values are
//! kept as well. It must never hand on a value that somebody looks into without its elements.

use super::each::Part as PartOfMap;
use super::writing::{Made, Written};
use super::{Scanned, Walk};
use crate::program::shortcut::{Each, Item, Keeps, Operand, Part, REGISTER_DEPTH_MAX};
use crate::value::raw::Form;
use crate::value::text::append;
use crate::value::{Arena, Raw, Value};
use std::ops::Range;

/// Room that is made for what an item comes to.
const LIKELY_BYTES: usize = 64;

/// And for one member of that.
const LIKELY_VALUE_BYTES: usize = 24;

/// An output that was written down elsewhere: the item's number, and where it is in the text of all.
type Late = (usize, Range<usize>);

/// The values of one member, as text, each with a comma behind it.
#[derive(Debug, Default)]
pub(super) struct Column {
    pub text: Vec<u8>,
    pub count: usize,
}

/// The outputs of a Map, or of some of its items.
pub(super) struct Outputs<'a> {
    /// The text of all, each with a comma behind it.
    pub text: Vec<u8>,
    pub columns: Vec<Column>,
    /// The values, if they are kept.
    pub values: Option<bumpalo::collections::Vec<'a, Value<'a>>>,
    late: Vec<Late>,
    count: usize,
    /// How deep the deepest would be if it were built.
    pub deepest: u32,
}

impl<'a> Outputs<'a> {
    /// No outputs yet, with room for so many.
    pub fn new(each: &Each, items: usize, arena: &'a Arena) -> Outputs<'a> {
        let mut text = Vec::with_capacity(items * LIKELY_BYTES + 2);
        text.push(b'[');
        let (values, columns) = match &each.keeps {
            Keeps::Whole => (Some(bumpalo::collections::Vec::with_capacity_in(items, arena)), 0),
            Keeps::Text(columns) => (None, columns.len()),
        };
        let column = |_| {
            let mut text = Vec::with_capacity(items * LIKELY_VALUE_BYTES + 2);
            text.push(b'[');
            Column { text, count: 0 }
        };
        let columns = (0..columns).map(column).collect();
        Outputs { text, columns, values, late: Vec::new(), count: 0, deepest: 0 }
    }

    /// The same for a part of the items, of which nothing but text is kept: it is only a piece of the whole.
    pub fn part(each: &Each) -> Outputs<'a> {
        let columns = if let Keeps::Text(columns) = &each.keeps { columns.len() } else { 0 };
        let columns = (0..columns).map(|_| Column::default()).collect();
        Outputs { text: Vec::new(), columns, values: None, late: Vec::new(), count: 0, deepest: 0 }
    }

    /// Takes down what an item has come to, over these values; how many bytes it takes. Nothing if it is too deep.
    #[inline(always)]
    pub fn take(&mut self, item: &Item, made: Made<'_, 'a>, deepest: u32, input: &Scanned<'a>) -> Option<u64> {
        let before = self.text.len();
        self.deepest = self.deepest.max(deepest + item.levels);
        match *item.text {
            // Most often what a function replied.
            [Part::Value(Operand::Register(register))] => made.put_register(register, input, &mut self.text),
            _ if item.members.is_empty() => made.write(&item.text, input, &mut self.text),
            _ => self.take_members(item, made, input),
        }
        self.text.push(b',');
        self.count += 1;
        (self.values.is_some() || self.deepest < REGISTER_DEPTH_MAX).then_some((self.text.len() - before) as u64)
    }

    fn take_members(&mut self, item: &Item, made: Made<'_, 'a>, input: &Scanned<'a>) {
        let (columns, mut members, mut begun) = (&mut self.columns, item.members.iter(), None);
        made.write_marked(&item.text, input, &mut self.text, |text| {
            let Some(start) = begun.take() else {
                begun = Some(text.len());
                return;
            };
            if let Some(column) = members.next().and_then(|column| columns.get_mut(*column as usize)) {
                column.text.extend_from_slice(&text[start..]);
                column.text.push(b',');
                column.count += 1;
            }
        });
    }

    /// Takes over what a part of the items has come to elsewhere.
    pub fn take_part(&mut self, part: &PartOfMap) {
        let before = self.text.len();
        self.text.extend_from_slice(part.text.as_bytes());
        self.deepest = self.deepest.max(part.deepest);
        for (column, more) in self.columns.iter_mut().zip(&part.columns) {
            column.text.extend_from_slice(&more.text);
            column.count += more.count;
        }
        let mut from = 0;
        for (to, ..) in &part.items {
            if let Some(values) = &mut self.values {
                self.late.push((values.len(), before + from..before + to));
                values.push(Value::Null);
            }
            (from, self.count) = (to + 1, self.count + 1);
        }
    }
}

impl<'p: 'a, 'a> Walk<'p, '_, '_, 'a> {
    /// Keeps what the items of a Map have come to; nothing if it is too deep.
    pub(super) fn keep_outputs(&mut self, each: &'p Each, outputs: Outputs<'a>) -> Option<()> {
        let Outputs { mut text, columns, values, late, count, deepest } = outputs;
        close(&mut text, count);
        let Keeps::Text(registers) = &each.keeps else {
            let mut values = values?;
            let text: &'a [u8] = match late.is_empty() {
                true => self.arena.alloc_slice_copy(&text),
                false => {
                    let text = self.arena.alloc_str(std::str::from_utf8(&text).ok()?);
                    for (index, range) in late {
                        values[index] = Value::raw(self.arena, text.get(range)?, Form::COMPACT);
                    }
                    text.as_bytes()
                }
            };
            return self.keep_values(each.results, values.into_bump_slice(), text);
        };
        self.deepest = self.deepest.max(deepest + 1);
        for (column, register) in columns.into_iter().zip(registers) {
            let Column { text: mut values, count: found } = column;
            close(&mut values, found);
            self.keep_text(*register, &values);
            // A path visits each output, and each member that it finds.
            self.registers[*register as usize + 1] = Value::Int((count + found) as i64);
        }
        self.keep_text(each.results, &text);
        Some(())
    }

    /// Keeps an array of values whose text that is; nothing if it is too deep.
    pub(super) fn keep_values(&mut self, register: u32, values: &'a [Value<'a>], text: &'a [u8]) -> Option<()> {
        let results = Value::measured_array(self.arena, values, text.len() as u64);
        self.note(register, results, text);
        (self.keep(register, results) <= REGISTER_DEPTH_MAX).then_some(())
    }

    /// Keeps the text of an array that is cut into arrays; nothing if it is none, or if it would be too deep.
    #[inline(never)]
    pub(super) fn partition(&mut self, array: Operand, size: usize, register: u32) -> Option<()> {
        let array = self.value(array);
        let items = array.elements(self.arena)?;
        let mut text = Vec::with_capacity(items.len() * LIKELY_VALUE_BYTES + 4);
        text.push(b'[');
        let mut parts = items.chunks(size).peekable();
        while let Some(part) = parts.next() {
            text.push(b'[');
            for item in part {
                match item {
                    Value::Raw(Raw { text: item, form: Form::COMPACT }) => append(item.as_bytes(), &mut text),
                    item => item.write(&mut text),
                }
                text.push(b',');
            }
            // No part is empty.
            text.pop();
            text.extend_from_slice(if parts.peek().is_some() { b"]," } else { b"]" });
        }
        text.push(b']');
        // Another level, or two around elements that are not built.
        let depth = array.size().depth.max(1) + 1;
        self.deepest = self.deepest.max(depth);
        self.keep_text(register, &text);
        (depth <= REGISTER_DEPTH_MAX).then_some(())
    }

    /// Keeps an array of which nobody wants more than the text.
    pub(super) fn keep_text(&mut self, register: u32, text: &[u8]) {
        let array = Value::measured_array(self.arena, &[], text.len() as u64);
        self.note(register, array, self.arena.alloc_slice_copy(text));
        self.keep(register, array);
    }

    /// Takes down the text of an array in a register, in the place of what was there before.
    fn note(&mut self, register: u32, value: Value<'a>, text: &'a [u8]) {
        let Value::Array(array) = value else { return };
        let new = Written { register, array, text };
        match self.written.iter_mut().find(|written| written.register == register) {
            Some(written) => *written = new,
            None => self.written.push(new),
        }
    }
}

/// Ends an array of so many elements, the last of which has a comma behind it.
fn close(text: &mut Vec<u8>, count: usize) {
    if count > 0 {
        text.pop();
    }
    text.push(b']');
}

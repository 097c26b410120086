//! One walk through a tree.
//!
//! Flows in: the tree, an input, registers that nothing has been put into. Flows out: the end at which the walk has come, what
//! has been computed on the way, the time. It must never go on where the machine would do anything else.

use super::asking::Calls;
use super::each::Company;
use super::writing::Written;
use super::{Scanned, Shortcuts, Spare};
use crate::program::choice::Comparison;
use crate::program::shortcut::{Compute, Node, NodeId, Operand, REGISTER_DEPTH_MAX};
use crate::program::{Function, Program, SlotId};
use crate::value::path::Spot;
use crate::value::raw::Form;
use crate::value::scan::Slot;
use crate::value::{Arena, Raw, Size, Value};
use crate::vm::{choice, intrinsic};

/// What nothing takes more than that is no text.
pub(super) const SCALAR_BYTES_MAX: u64 = 32;

/// A walk, and what it has come by.
pub(super) struct Walk<'p, 'i, 'c, 'a> {
    pub(super) shortcuts: &'i Shortcuts<'p>,
    pub(super) input: &'i Scanned<'a>,
    pub(super) arena: &'a Arena,
    pub(super) company: &'i dyn Company,
    pub(super) calls: &'i mut Calls<'c, 'a>,
    pub(super) registers: &'a mut [Value<'a>],
    pub(super) now_ms: i64,
    pub(super) spare: Spare,
    /// What no value in a register is larger than when it is written.
    pub(super) largest: u64,
    /// How deep the deepest of them was built.
    pub(super) deepest: u32,
    /// As long as nothing is larger, no document is too large.
    pub(super) roomy: u64,
    /// Where members have been found.
    pub(super) places: &'a mut [Spot<'a>],
    /// What the items of Maps have come to, as text.
    pub(super) written: bumpalo::collections::Vec<'a, Written<'a>>,
    /// The ends that items have come to.
    pub(super) items: bumpalo::collections::Vec<'a, u32>,
}

impl<'p: 'a, 'a> Walk<'p, '_, '_, 'a> {
    #[inline(always)]
    pub(super) fn run(&mut self, root: NodeId) -> Option<usize> {
        let nodes: &'p [Node] = &self.shortcuts.shortcut.nodes;
        let mut at = root;
        loop {
            at = match &nodes[at as usize] {
                Node::Machine => return None,
                Node::End(end) => return Some(*end as usize),
                Node::Found { slot, then } => match self.input.slots[slot.index()] {
                    Slot::Found(_) => *then,
                    _ => return None,
                },
                Node::Absent { slot, then } => match self.input.slots[slot.index()] {
                    Slot::Absent => *then,
                    _ => return None,
                },
                Node::Present { slot, yes, no } => match self.input.slots[slot.index()] {
                    Slot::Found(_) => *yes,
                    _ => *no,
                },
                Node::Switch { value: Operand::Slot(slot), table, otherwise } => {
                    let spelled = match self.input.slots[slot.index()] {
                        Slot::Found(span) => {
                            table.find_within(self.input.ahead(span), (span.end - span.start) as usize)
                        }
                        _ => None,
                    };
                    let to = match spelled {
                        None if self.input.form.has(Form::ESCAPED) => {
                            choice::lead(table, self.value(Operand::Slot(*slot)), self.arena)
                        }
                        to => to,
                    };
                    to.map_or(*otherwise, |to| to.0)
                }
                Node::Switch { value, table, otherwise } => {
                    choice::lead(table, self.value(*value), self.arena).map_or(*otherwise, |to| to.0)
                }
                Node::Holds { test, value, other, yes, no } => {
                    let comparison = &self.shortcuts.program.test(*test).comparison;
                    // Most strings are told from a pattern by how they begin.
                    let excluded = match (comparison, value) {
                        (Comparison::Matches(pattern), Operand::Register(register)) => {
                            matches!(self.registers[*register as usize], Value::Raw(raw) if pattern.excludes(raw))
                        }
                        _ => false,
                    };
                    if !excluded && self.holds(comparison, *value, *other) { *yes } else { *no }
                }
                Node::Text { value, then } => {
                    self.value(*value).as_str(self.arena)?;
                    *then
                }
                Node::Pass { ms, then } => {
                    self.now_ms = self.now_ms.saturating_add(*ms);
                    // Whatever is over then, the machine knows.
                    if self.now_ms >= self.input.now_ms.saturating_add(self.shortcuts.run_ms) {
                        return None;
                    }
                    *then
                }
                Node::Branch { register, turn, who, then } => {
                    self.turn(*register as usize, *turn, *who);
                    *then
                }
                Node::Each(each) => {
                    self.each(each)?;
                    each.then
                }
                Node::Ask(ask) => self.ask(ask)?,
                Node::Member { from, name, path, taken, register, then } => {
                    match self.same_place(*from, *name) {
                        Some(value) => self.registers[*register as usize] = value,
                        None => self.member(*register, (*from, *name), *path, *taken).ok()?,
                    }
                    *then
                }
                Node::Has { from, name, path, taken, register, yes, no } => match self.same_place(*from, *name) {
                    Some(value) => {
                        self.registers[*register as usize] = value;
                        *yes
                    }
                    None if self.lacks(*from, *name) => *no,
                    None => match self.member(*register, (*from, *name), *path, *taken) {
                        Ok(()) => *yes,
                        Err(limit) if limit => return None,
                        Err(_) => *no,
                    },
                },
                Node::Column { from, taken, register, then } => {
                    self.registers[*register as usize] = self.column(*from, *taken)?;
                    *then
                }
                Node::Partition { array, size, register, then } => {
                    self.partition(*array, *size as usize, *register)?;
                    *then
                }
                Node::Leads { from, path, taken, register, yes, no } => {
                    match self.select(*register, *from, *path, false, *taken) {
                        Ok(()) => *yes,
                        Err(limit) if limit => return None,
                        Err(_) => *no,
                    }
                }
                Node::Compute { register, what: Compute::Select { from, path, existing, taken }, then } => {
                    self.select(*register, *from, *path, *existing, *taken).ok()?;
                    *then
                }
                Node::Compute { register, what: Compute::Add { terms: [a, b] }, then } => {
                    // No larger and no deeper than any scalar.
                    self.registers[*register as usize] = match (self.value(*a), self.value(*b)) {
                        (Value::Int(a), Value::Int(b)) => Value::Int(intrinsic::sum(a, b)?),
                        _ => self.call(Function::MathAdd, &[*a, *b])?,
                    };
                    *then
                }
                Node::Compute { register, what: Compute::Object(members), then } => {
                    if self.object(*register, members) > REGISTER_DEPTH_MAX {
                        return None;
                    }
                    *then
                }
                Node::Compute { register, what, then } => {
                    let value = self.compute(what)?;
                    // So that what the compiler has counted with holds.
                    if self.keep(*register, value) > REGISTER_DEPTH_MAX {
                        return None;
                    }
                    *then
                }
                Node::Room { registers, inputs, bytes, then } => {
                    if self.largest <= self.roomy {
                        at = *then;
                        continue;
                    }
                    let mut bytes = inputs.saturating_mul(self.input.bytes()).saturating_add(*bytes);
                    let most = self.largest.saturating_mul(registers.len() as u64);
                    if bytes.saturating_add(most) <= self.shortcuts.state_bytes {
                        at = *then;
                        continue;
                    }
                    for register in registers {
                        bytes = bytes.saturating_add(self.registers[*register as usize].size().bytes_max);
                    }
                    if bytes > self.shortcuts.state_bytes {
                        return None;
                    }
                    *then
                }
            };
        }
    }

    /// Whether a comparison holds. What is looked at is not kept.
    #[inline(never)]
    fn holds(&self, comparison: &Comparison, value: Operand, other: Option<Operand>) -> bool {
        let (mut left, mut right) = (Raw::NULL, Raw::NULL);
        let value = self.seen(value, &mut left);
        let other = other.map(|other| self.seen(other, &mut right));
        choice::holds(comparison, value, other, self.arena)
    }

    #[inline(always)]
    fn seen<'v>(&self, operand: Operand, place: &'v mut Raw<'a>) -> Value<'v>
    where
        'a: 'v,
    {
        *place = match operand {
            Operand::Slot(slot) => slot_text(self.input, slot),
            Operand::Const(constant) => {
                let constant = self.shortcuts.program.constant(constant);
                Raw { text: &constant.text, form: constant.form }
            }
            other => return self.value(other),
        };
        Value::Raw(place)
    }

    /// Keeps a value in a register; how deep it is.
    #[inline(always)]
    pub(super) fn keep(&mut self, register: u32, value: Value<'a>) -> u32 {
        self.keep_sized(register, value, value.size())
    }

    /// The same of one whose size is known.
    #[inline(always)]
    pub(super) fn keep_sized(&mut self, register: u32, value: Value<'a>, size: Size) -> u32 {
        self.largest = self.largest.max(size.bytes_max);
        self.deepest = self.deepest.max(size.depth);
        self.registers[register as usize] = value;
        size.depth
    }

    #[inline(always)]
    pub(super) fn value(&self, operand: Operand) -> Value<'a> {
        match operand {
            Operand::Register(register) => return self.registers[register as usize],
            Operand::Int(number) => return Value::Int(i64::from(number)),
            _ => {}
        }
        value(self.shortcuts.program, self.input, self.registers, self.arena, operand)
    }
}

#[inline(never)]
pub(super) fn value<'p: 'a, 'a>(
    program: &'p Program,
    input: &Scanned<'a>,
    registers: &[Value<'a>],
    arena: &'a Arena,
    operand: Operand,
) -> Value<'a> {
    match operand {
        Operand::Input => Value::raw(arena, input.text(), input.form),
        Operand::Slot(slot) => {
            let raw = slot_text(input, slot);
            Value::raw(arena, raw.text, raw.form)
        }
        Operand::Const(constant) => {
            let constant = program.constant(constant);
            Value::raw(arena, &constant.text, constant.form)
        }
        Operand::Register(register) => registers[register as usize],
        Operand::Int(number) => Value::Int(i64::from(number)),
        Operand::Null => Value::Null,
    }
}

/// What is in a slot that has been found to hold something.
#[inline(always)]
pub(super) fn slot_text<'a>(input: &Scanned<'a>, slot: SlotId) -> Raw<'a> {
    let text = match input.slots[slot.index()] {
        Slot::Found(span) => {
            let from = input.span.start;
            &input.source[(from + span.start) as usize..(from + span.end) as usize]
        }
        _ => "null",
    };
    Raw { text, form: input.form.of_part(text) }
}

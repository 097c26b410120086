//! Outputs as text, put together of parts.
//!
//! Flows in: the parts that the compiler has made of an output, the values in the slots and registers. Flows out: compact
//! text. What the items of a Map have come to has been written down once, and is copied. It must never write anything but
//! what the machine's output would be written as.

use super::{Scanned, slot_text};
use crate::program::shortcut::{Operand, Part};
use crate::value::raw::Form;
use crate::value::scan::Slot;
use crate::value::text::{has_backslash, write_string};
use crate::value::write::{Page, Stencil};
use crate::value::{Arena, Array, Object, Raw, Value};
use crate::vm::intrinsic;
use std::cell::{Cell, RefCell, RefMut};

/// So many bytes are copied for a short value.
const BLOCK: usize = 32;

/// What has been computed.
#[derive(Clone, Copy)]
pub(super) struct Made<'m, 'a> {
    pub arena: &'a Arena,
    pub registers: &'m [Value<'a>],
    pub written: &'m [Written<'a>],
    pub stencils: Option<&'m Stencils>,
}

/// The text of a value that has been written down already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'a> {
    /// In which register the value was put; another may be there by now.
    pub register: u32,
    /// The value.
    pub array: &'a Array<'a>,
    /// Compact, and put together of nothing but strings.
    pub text: &'a [u8],
}

impl Made<'_, '_> {
    /// Appends parts of a text.
    #[inline(always)]
    pub fn write(&self, parts: &[Part], input: &Scanned, out: &mut Vec<u8>) {
        self.write_marked(parts, input, out, |_| {});
    }

    /// The same; at each mark, what has been written by then is handed on.
    #[inline(always)]
    pub fn write_marked(&self, parts: &[Part], input: &Scanned, out: &mut Vec<u8>, mut mark: impl FnMut(&[u8])) {
        for part in parts {
            match part {
                Part::Text(text) => text.write(out),
                Part::Value(Operand::Slot(slot)) => {
                    if let Slot::Found(span) = input.slots[slot.index()]
                        && let Some(block) = input.ahead(span).first_chunk::<BLOCK>()
                        && let length = (span.end - span.start) as usize
                        && length <= BLOCK
                        && is_compact(input.form, &block[..length])
                    {
                        // As `Text::write`: a whole block, and what is too much is cut off.
                        let end = out.len() + length;
                        out.extend_from_slice(block);
                        out.truncate(end);
                    } else {
                        self.put(Operand::Slot(*slot), input, out);
                    }
                }
                Part::Before { text, register, inside } => {
                    text.write(out);
                    match inside {
                        false => self.put_register(*register, input, out),
                        true => intrinsic::write_inside(self.registers[*register as usize], self.arena, out),
                    }
                }
                Part::Mark => mark(out),
                Part::Value(Operand::Register(register)) => self.put_register(*register, input, out),
                Part::Inside(Operand::Register(register)) => {
                    intrinsic::write_inside(self.registers[*register as usize], self.arena, out);
                }
                Part::Value(operand) => self.put(*operand, input, out),
                Part::Inside(operand) => self.put_inside(*operand, input, out),
                Part::Members(operand) => {
                    self.put(*operand, input, out);
                    // It stays open for the members that follow.
                    out.pop();
                    if out.last() != Some(&b'{') {
                        out.push(b',');
                    }
                }
            }
        }
    }

    #[inline(always)]
    pub fn put_register(&self, register: u32, input: &Scanned, out: &mut Vec<u8>) {
        match self.registers[register as usize] {
            Value::Raw(Raw { text, form: Form::COMPACT }) => out.extend_from_slice(text.as_bytes()),
            Value::Text(text) => write_string(text, out),
            // Only arrays have been written down.
            Value::Object(object) => self.put_object(register, object, out),
            _ => self.put(Operand::Register(register), input, out),
        }
    }

    /// Appends an object that is in a register.
    #[inline(always)]
    pub fn put_object(&self, register: u32, object: &Object, out: &mut Vec<u8>) {
        match self.stencils {
            Some(stencils) => stencils.write(register, object, out),
            None => Value::Object(object).write(out),
        }
    }

    /// Appends the text form of what is not in a register.
    #[inline(never)]
    fn put_inside(&self, operand: Operand, input: &Scanned, out: &mut Vec<u8>) {
        let raw = match operand {
            Operand::Slot(slot) => slot_text(input, slot),
            Operand::Input => Raw { text: input.text(), form: input.form },
            // Those are known when the program is compiled.
            Operand::Register(_) | Operand::Const(_) | Operand::Int(_) | Operand::Null => return,
        };
        intrinsic::write_inside(Value::Raw(&raw), self.arena, out);
    }

    #[inline(never)]
    fn put(&self, operand: Operand, input: &Scanned, out: &mut Vec<u8>) {
        let raw = match operand {
            Operand::Slot(slot) => slot_text(input, slot),
            Operand::Input => Raw { text: input.text(), form: input.form },
            Operand::Register(register) => {
                let value = self.registers[register as usize];
                if let Value::Array(array) = value
                    && let Some(written) = self.written.iter().find(|written| std::ptr::eq(written.array, array))
                {
                    return out.extend_from_slice(written.text);
                }
                return value.write(out);
            }
            // Texts are put together when the program is compiled.
            Operand::Const(_) | Operand::Int(_) | Operand::Null => return,
        };
        match raw.form == Form::COMPACT {
            true => out.extend_from_slice(raw.text.as_bytes()),
            false => Value::Raw(&raw).write(out),
        }
    }
}

/// How objects that are written are spelled, by the registers that they are in: what comes from one place mostly is alike.
/// One for several registers that are not near one another.
#[derive(Default)]
pub struct Stencils {
    of_registers: [RefCell<Stencil>; 4],
    page: Cell<Page>,
}

impl Stencils {
    /// Appends an object that comes from that register, or might have.
    #[inline(always)]
    pub fn write(&self, register: u32, object: &Object, out: &mut Vec<u8>) {
        self.of(register).write(object, out);
    }

    /// How what is in that register is spelled. Nobody has it who calls for another.
    #[inline(always)]
    fn of(&self, register: u32) -> RefMut<'_, Stencil> {
        self.of_registers[register as usize % self.of_registers.len()].borrow_mut()
    }

    /// Appends the same to a page.
    #[inline(always)]
    pub(super) fn write_on(&self, register: u32, object: &Object, page: &mut Page) {
        page.write_object(object, &mut self.of(register));
    }

    /// A page to write on.
    pub(super) fn page(&self) -> Page {
        self.page.take()
    }

    /// Gives back a page for the next.
    pub(super) fn put_back(&self, page: Page) {
        if !page.is_large() {
            self.page.set(page);
        }
    }
}

/// Whether a short part of a text of that form is compact: only arrays and objects have blanks and keys inside.
#[inline(always)]
fn is_compact(form: Form, part: &[u8]) -> bool {
    form == Form::COMPACT
        || part.first().is_some_and(|first| first | 0x20 != b'{') && (!form.has(Form::ESCAPED) || !has_backslash(part))
}

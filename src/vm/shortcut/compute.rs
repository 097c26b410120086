//! Values that are computed on the way.
//!
//! Every rule is the machine's, whose code is called; what is here gathers what that is given. It must never compute what
//! the machine would not, and where the machine would fail it gives nothing.

use super::Walk;
use super::each::LONG;
use crate::program::shortcut::{Compute, Operand, Piece};
use crate::program::{Function, PathId};
use crate::value::path::{Miss, NodeBudget, Path, Reach};
use crate::value::scan::Slot;
use crate::value::timestamp::Timestamp;
use crate::value::tree::Span;
use crate::value::{Kind, Member, Value};
use crate::vm::intrinsic::{self, Bit};
use crate::vm::seed::Seed;

/// Room that is made for a piece of a text that nothing is known of.
const LIKELY_BYTES: usize = 32;

impl<'p: 'a, 'a> Walk<'p, '_, '_, 'a> {
    #[inline(always)]
    pub(super) fn compute(&mut self, what: &'p Compute) -> Option<Value<'a>> {
        match what {
            Compute::Select { from, path, existing, taken } => self.select(*from, *path, *existing, *taken).ok(),
            Compute::Call { function, arguments } => self.call(*function, arguments),
            Compute::Format { pieces } => self.format(pieces),
            Compute::Object { members } => Some(self.object(members)),
            other => self.compute_other(other),
        }
    }

    #[inline(never)]
    fn call(&self, function: Function, arguments: &[Operand]) -> Option<Value<'a>> {
        // No function that draws is ever called here.
        let draws = &mut Seed::NOBODY.clone();
        match *arguments {
            [one] => intrinsic::call(function, &[self.value(one)], self.arena, draws).ok(),
            [one, other] => intrinsic::call(function, &[self.value(one), self.value(other)], self.arena, draws).ok(),
            _ => {
                let arguments = arguments.iter().map(|operand| self.value(*operand));
                intrinsic::call(function, self.arena.alloc_slice_fill_iter(arguments), self.arena, draws).ok()
            }
        }
    }

    #[inline(never)]
    fn format(&self, pieces: &'p [Piece]) -> Option<Value<'a>> {
        let likely = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.len(),
            Piece::Value(Operand::Register(register)) => intrinsic::likely_bytes(self.registers[*register as usize]),
            Piece::Value(_) => LIKELY_BYTES,
        });
        let bits = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Bit::Text(text),
            Piece::Value(operand) => Bit::Value(self.value(*operand)),
        });
        intrinsic::put_together(likely.sum(), bits, self.arena)
    }

    #[inline(never)]
    fn object(&self, members: &'p [(Box<str>, Operand)]) -> Value<'a> {
        let members = members.iter().map(|(key, operand)| Member { key, value: self.value(*operand) });
        Value::object(self.arena, self.arena.alloc_slice_fill_iter(members))
    }

    #[inline(never)]
    fn compute_other(&mut self, what: &'p Compute) -> Option<Value<'a>> {
        let (program, arena) = (self.shortcuts.program, self.arena);
        match what {
            Compute::Now => {
                let time = Timestamp::from_millis(self.now_ms).to_rfc3339_millis();
                Some(Value::copy_str(arena, &time))
            }
            // Where an array is on the way its elements' members are meant, which the machine finds.
            Compute::Members { from, names } => {
                let inner = |value: Value<'a>, name: &Box<str>| match value.kind() {
                    Kind::Object => value.get(arena, name),
                    _ => None,
                };
                names.iter().try_fold(self.value(*from), inner)
            }
            Compute::Array { items } => {
                let items = items.iter().map(|operand| self.value(*operand));
                Some(Value::array(arena, arena.alloc_slice_fill_iter(items)))
            }
            Compute::Open { from, items } => {
                let Some(tokens) = self.input.tokens else { return Some(self.value(*from)) };
                let span = match from {
                    Operand::Input => Span { start: 0, end: self.input.bytes() as u32 },
                    Operand::Slot(slot) => match self.input.slots[slot.index()] {
                        Slot::Found(span) => span,
                        _ => return None,
                    },
                    other => return Some(self.value(*other)),
                };
                Some(if *items { tokens.open_items(span, LONG, arena) } else { tokens.open(span, arena) })
            }
            Compute::Place { base, path, value } => {
                program.path(*path).place(self.value(*base), self.value(*value), arena).ok()
            }
            other => self.compute(other),
        }
    }

    /// What the rest of a path leads to; if to nothing, whether that is because it has cost too much.
    #[inline(always)]
    pub(super) fn select(&self, from: Operand, path: PathId, existing: bool, taken: u32) -> Result<Value<'a>, bool> {
        let (root, path) = (self.value(from), self.shortcuts.program.path(path));
        // Definite paths cost nothing.
        match path.reach(root) {
            Reach::Found(found) => Ok(found),
            Reach::Nowhere => Err(false),
            Reach::Unknown => self.evaluate(root, path, existing, taken),
        }
    }

    #[inline(never)]
    fn evaluate(&self, root: Value<'a>, path: &'p Path, existing: bool, taken: u32) -> Result<Value<'a>, bool> {
        let mut budget = NodeBudget::new(self.shortcuts.path_nodes.saturating_sub(taken));
        let found = match existing {
            true => path.eval_existing(root, self.arena, &mut budget),
            false => path.eval(root, self.arena, &mut budget),
        };
        found.map_err(|miss| matches!(miss.miss, Miss::Budget(_)))
    }
}

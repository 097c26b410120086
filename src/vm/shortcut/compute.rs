//! Values that are computed on the way.
//!
//! Every rule is the machine's, whose code is called; what is here gathers what that is given. It must never compute what
//! the machine would not, and where the machine would fail it gives nothing.

use super::Walk;
use super::each::LONG;
use crate::program::shortcut::{Compute, Members, Operand, Piece, REGISTER_DEPTH_MAX};
use crate::program::{Function, PathId};
use crate::value::path::{Miss, NodeBudget, Path, Reach};
use crate::value::scan::Slot;
use crate::value::timestamp::Timestamp;
use crate::value::tree::Span;
use crate::value::{Kind, Member, Size, Value};
use crate::vm::intrinsic::{self, Bit};
use crate::vm::seed::Seed;

/// How long the text of a time is.
const TIME_BYTES: usize = "2020-01-01T00:00:00.000Z".len();
/// Room that is made for a text: most are no longer.
const LIKELY_BYTES: usize = 64;

impl<'p: 'a, 'a> Walk<'p, '_, '_, 'a> {
    #[inline(always)]
    pub(super) fn compute(&mut self, what: &'p Compute) -> Option<Value<'a>> {
        match what {
            Compute::Call { function, arguments } => self.call(*function, arguments),
            Compute::Format { pieces } => self.format(pieces),
            other => self.compute_other(other),
        }
    }

    #[inline(never)]
    pub(super) fn call(&self, function: Function, arguments: &[Operand]) -> Option<Value<'a>> {
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
        let bits = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Bit::Text(text),
            Piece::Value(operand) => Bit::Value(self.value(*operand)),
        });
        intrinsic::put_together(LIKELY_BYTES, bits, self.arena)
    }

    /// Keeps an object in a register; how deep it is.
    #[inline(never)]
    pub(super) fn object(&mut self, register: u32, members: &'p Members) -> u32 {
        let (value, size) = self.built(members);
        self.keep_sized(register, value, size)
    }

    /// An object, and how large and deep it is: its values are measured while they are put together.
    #[inline(always)]
    pub(super) fn built(&self, of: &'p Members) -> (Value<'a>, Size) {
        if of.fetches {
            return self.built_fetched(of);
        }
        let registers = &*self.registers;
        self.built_of(of, |operand| match operand {
            Operand::Register(register) => registers[register as usize],
            Operand::Int(number) => Value::Int(i64::from(number)),
            // Those would be fetched.
            _ => Value::Null,
        })
    }

    #[inline(never)]
    fn built_fetched(&self, of: &'p Members) -> (Value<'a>, Size) {
        self.built_of(of, |operand| self.value(operand))
    }

    #[inline(always)]
    fn built_of(&self, of: &'p Members, value: impl Fn(Operand) -> Value<'a>) -> (Value<'a>, Size) {
        let mut size = Size { bytes_max: of.keys, depth: 0 };
        let members = self.arena.alloc_slice_fill_with(of.members.len(), |n| {
            let (key, operand) = &of.members[n];
            let value = value(*operand);
            size.add(value.size());
            Member { key, value }
        });
        size.depth += 1;
        (Value::measured_object(self.arena, members, size, of.names), size)
    }

    #[inline(never)]
    fn compute_other(&mut self, what: &'p Compute) -> Option<Value<'a>> {
        let (program, arena) = (self.shortcuts.program, self.arena);
        match what {
            Compute::Now => {
                let mut time = bumpalo::collections::String::with_capacity_in(TIME_BYTES, arena);
                Timestamp::from_millis(self.now_ms).write_rfc3339_millis(&mut time).ok()?;
                Some(Value::text(arena, time.into_bump_str()))
            }
            // Where an array is on the way its elements' members are meant, which the machine finds.
            Compute::Members { from, names } => {
                let inner = |value: Value<'a>, name: &str| match value.kind() {
                    Kind::Object => value.get(arena, name),
                    _ => None,
                };
                names.iter().map(|name| &**name).try_fold(self.value(*from), inner)
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
            // Those never come here: they have functions of their own.
            Compute::Call { .. }
            | Compute::Add { .. }
            | Compute::Format { .. }
            | Compute::Select { .. }
            | Compute::Object(_) => None,
        }
    }

    /// The member of an object in a register, if it is where the last of that name was.
    #[inline(always)]
    pub(super) fn same_place(&self, from: u32, name: u32) -> Option<Value<'a>> {
        match self.registers[from as usize] {
            Value::Object(object) => self.places[name as usize].here(object),
            _ => None,
        }
    }

    /// Whether there is an object in a register none of whose keys is as long as that name.
    #[inline(always)]
    pub(super) fn lacks(&self, from: u32, name: u32) -> bool {
        let length = self.shortcuts.shortcut.names[name as usize].len();
        match self.registers[from as usize] {
            Value::Object(object) => object.members.iter().all(|member| member.key.len() != length),
            _ => false,
        }
    }

    /// As [`select`](Self::select), of the member of that name, which the path is.
    #[inline(never)]
    pub(super) fn member(
        &mut self,
        register: u32,
        (from, name): (u32, u32),
        path: PathId,
        taken: u32,
    ) -> Result<(), bool> {
        let Value::Object(object) = self.registers[from as usize] else {
            return self.select(register, Operand::Register(from), path, false, taken);
        };
        let name = name as usize;
        let found = self.places[name].find(object, &self.shortcuts.shortcut.names[name]);
        self.registers[register as usize] = found.ok_or(false)?;
        Ok(())
    }

    /// One member of all of a Map's outputs, if a path may visit so many.
    pub(super) fn column(&self, from: u32, taken: u32) -> Option<Value<'a>> {
        let Value::Int(visits) = self.registers[from as usize + 1] else { return None };
        let most = self.shortcuts.path_nodes.saturating_sub(taken);
        (visits <= i64::from(most)).then_some(self.registers[from as usize])
    }

    /// Keeps in a register what the rest of a path leads to; if it leads to nothing, whether the machine has to say why.
    #[inline(always)]
    pub(super) fn select(
        &mut self,
        register: u32,
        from: Operand,
        path: PathId,
        existing: bool,
        taken: u32,
    ) -> Result<(), bool> {
        let (root, path) = (self.value(from), self.shortcuts.program.path(path));
        // Definite paths cost nothing, and a part is neither larger nor deeper than the whole.
        match path.reach(root) {
            Reach::Found(found) if matches!(from, Operand::Register(_)) => {
                self.registers[register as usize] = found;
                return Ok(());
            }
            Reach::Nowhere => return Err(false),
            Reach::Found(_) | Reach::Unknown => {}
        }
        let value = self.evaluate(root, path, existing, taken)?;
        if self.keep(register, value) > REGISTER_DEPTH_MAX { Err(true) } else { Ok(()) }
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

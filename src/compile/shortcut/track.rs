//! Where a way through the program has come to: the machine's registers, in symbols, and what is known by then.
//!
//! It must never hold what depends on another way: where ways part, each goes on with a copy.

use super::asking::Replied;
use super::children::Frame;
use super::failing::Visit;
use super::symbol::Symbol;
use super::{Followed, Lost};
use crate::program::shortcut::{Operand, Piece, Trouble};
use crate::program::{Addr, AssignId, PathId, Program, Register, SlotId, StateId, TaskId};
use std::rc::Rc;

/// Where a way has come to.
#[derive(Clone)]
pub(super) struct Track {
    pub(super) pc: Addr,
    pub(super) doc: Symbol,
    pub(super) eff: Symbol,
    pub(super) res: Symbol,
    pub(super) out: Symbol,
    pub(super) stack: Vec<Symbol>,
    pub(super) variables: Vec<Option<Symbol>>,
    pub(super) assigned: Option<(AssignId, Vec<Symbol>)>,
    pub(super) caller: Option<Box<Caller>>,
    /// The call whose handler's one state is evaluated in its place.
    pub(super) inside: Option<TaskId>,
    pub(super) visit: Visit,
    /// The Parallel states whose branches it is in, the innermost last.
    pub(super) frames: Vec<Frame>,
    /// The Map whose item it is about: the registers of the item and of its index.
    pub(super) item: Option<(u32, u32)>,
    /// The Map's input, for its ItemSelector.
    pub(super) outer: Option<Symbol>,
    /// How many Maps it is in.
    pub(super) maps: u32,
    /// Slots that are known to hold something, or to be absent.
    pub(super) found: Vec<SlotId>,
    pub(super) absent: Vec<SlotId>,
    pub(super) visits: Vec<StateId>,
    pub(super) troubles: Vec<(StateId, Trouble)>,
    pub(super) registers: u32,
    /// What has been opened, and into which register.
    pub(super) opened: Vec<(Operand, u32)>,
    /// Texts that have been put together, and in which register they are.
    pub(super) made: Vec<(Rc<[Piece]>, u32)>,
    /// What paths have led to, and in which register it is.
    pub(super) selected: Vec<(Selected, u32)>,
    pub(super) ops: u32,
    pub(super) events: u32,
    /// How many numbers the execution, or this child of it, has drawn, and how many calls it has made.
    pub(super) draws: u64,
    pub(super) calls: u32,
    /// What has to come next where a reply leads.
    pub(super) replied: Option<Replied>,
}

/// A path that has been taken: from where, and whether an index past an array's end found nothing.
pub(super) type Selected = (Operand, PathId, bool);

#[derive(Clone)]
pub(super) struct Caller {
    pub(super) pc: Addr,
    pub(super) doc: Symbol,
    pub(super) eff: Symbol,
    pub(super) stack: usize,
    pub(super) task: TaskId,
    pub(super) visit: Visit,
}

impl Track {
    pub(super) fn new(program: &Program) -> Track {
        Track {
            pc: Addr(0),
            doc: Symbol::Input,
            eff: Symbol::Input,
            res: Symbol::Null,
            out: Symbol::Null,
            stack: Vec::new(),
            variables: vec![None; program.variables().len()],
            assigned: None,
            caller: None,
            inside: None,
            visit: Visit::default(),
            frames: Vec::new(),
            item: None,
            outer: None,
            maps: 0,
            found: Vec::new(),
            absent: Vec::new(),
            visits: Vec::new(),
            troubles: Vec::new(),
            registers: 0,
            opened: Vec::new(),
            made: Vec::new(),
            selected: Vec::new(),
            ops: 0,
            events: 1,
            draws: 0,
            calls: 0,
            replied: None,
        }
    }

    /// A register that nothing on the way uses yet.
    pub(super) fn new_register(&mut self) -> u32 {
        self.registers += 1;
        self.registers - 1
    }

    /// Takes over what is known where the ways part.
    pub(super) fn know_as(&mut self, other: &Track) {
        self.found.clone_from(&other.found);
        self.opened.clone_from(&other.opened);
        self.made.clone_from(&other.made);
        self.selected.clone_from(&other.selected);
        self.registers = other.registers;
    }

    pub(super) fn register(&mut self, register: Register) -> &mut Symbol {
        match register {
            Register::Doc => &mut self.doc,
            Register::Eff => &mut self.eff,
            Register::Res => &mut self.res,
            Register::Out => &mut self.out,
        }
    }

    pub(super) fn pop(&mut self) -> Followed<Symbol> {
        self.stack.pop().ok_or(Lost)
    }

    pub(super) fn pop_many(&mut self, count: usize) -> Followed<Vec<Symbol>> {
        let at = self.stack.len().checked_sub(count).ok_or(Lost)?;
        Ok(self.stack.split_off(at))
    }

    /// Back in the caller of a handler; what the handler has come to.
    pub(super) fn return_to(&mut self, caller: Caller) -> Symbol {
        let value = std::mem::replace(&mut self.doc, caller.doc);
        (self.pc, self.eff, self.visit, self.assigned) = (caller.pc, caller.eff, caller.visit, None);
        self.stack.truncate(caller.stack);
        value
    }
}

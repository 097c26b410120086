//! Ways through a program on which only the input decides, worked out beforehand.
//!
//! Many executions only look at a few values of their input, choose, and put those values and some constants together.
//! What such an execution comes to can be told without being one: a [`Shortcut`] holds, as a tree of decisions over the
//! input's slots, every way that the compiler could follow to its end, and at each end what is written. Wherever
//! anything else is met (a value that is missing, an error, a handler that has to be asked, time that passes), the tree says
//! [`Node::Machine`]: then the program is run from its beginning, as if nothing had been tried, since nothing on the way
//! had an effect.
//!
//! Flows in: from `compile`, which follows the instructions. Flows out: to `vm`, which walks the tree. It must never
//! come to anything that the machine would not come to.

use super::choice::{Comparison, Table};
use super::id::*;
use super::{Function, Program};
use std::fmt::Write;

/// The position of a node.
pub type NodeId = u32;

/// A decision tree with what executions come to at its ends.
#[derive(Debug, Default)]
pub struct Shortcut {
    /// The nodes.
    pub nodes: Box<[Node]>,
    /// Where the walk begins.
    pub root: NodeId,
    /// What executions come to.
    pub ends: Box<[End]>,
    /// How many values are computed on the longest way.
    pub registers: u32,
    /// What has to hold for the limits, so that none of them strikes on any way.
    pub needs: Needs,
}

/// What no way exceeds, beside what nodes check.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// How often the input's text may be in one document, at most.
    pub inputs: u64,
    /// The bytes of constants that may stand beside it.
    pub bytes: u64,
    /// Levels of built values.
    pub depth: u32,
    /// States that are entered.
    pub steps: u64,
    /// History events, generously counted.
    pub events: u32,
}

/// The most levels that a computed value may have.
pub const REGISTER_DEPTH_MAX: u32 = 32;

/// One step of the walk.
#[derive(Debug)]
pub enum Node {
    /// The machine has to run this.
    Machine,
    /// The end of a way.
    End(u32),
    /// Something has to be at the slot's path; else the machine.
    Found {
        /// The slot.
        slot: SlotId,
        /// The next node.
        then: NodeId,
    },
    /// There must be an object that lacks the last name of the slot's path; else the machine.
    Absent {
        /// The slot.
        slot: SlotId,
        /// The next node.
        then: NodeId,
    },
    /// A value is computed; the machine, if that fails.
    Compute {
        /// Where it is kept.
        register: u32,
        /// How.
        what: Compute,
        /// The next node.
        then: NodeId,
    },
    /// A document with computed values has to keep the limit on its size; else the machine.
    Room {
        /// The computed values in it.
        registers: Box<[u32]>,
        /// How often the input's text may be in it.
        inputs: u64,
        /// Bytes of all else.
        bytes: u64,
        /// The next node.
        then: NodeId,
    },
    /// Whether something is at the slot's path.
    Present {
        /// The slot.
        slot: SlotId,
        /// If so.
        yes: NodeId,
        /// If not.
        no: NodeId,
    },
    /// Whether a comparison holds.
    Holds {
        /// The rule's test.
        test: TestId,
        /// Variable.
        value: Operand,
        /// The other operand, if it is a path's value.
        other: Option<Operand>,
        /// If so.
        yes: NodeId,
        /// If not.
        no: NodeId,
    },
    /// Where a string leads; its addresses are nodes.
    Switch {
        /// The string.
        value: Operand,
        /// The table.
        table: Table,
        /// If it has no such string.
        otherwise: NodeId,
    },
}

/// A value on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// The whole input.
    Input,
    /// What is at a slot's path; it has been found.
    Slot(SlotId),
    /// A constant.
    Const(ConstId),
    /// A computed value.
    Register(u32),
    /// `null`
    Null,
}

/// How a value is computed.
#[derive(Debug)]
pub enum Compute {
    /// By an intrinsic function that draws no random numbers.
    Call {
        /// The function.
        function: Function,
        /// What it is given.
        arguments: Box<[Operand]>,
    },
    /// By the rest of a path.
    Select {
        /// Where the rest starts.
        from: Operand,
        /// The rest.
        path: PathId,
        /// Whether an index past an array's end finds nothing.
        existing: bool,
        /// How many steps were taken before.
        taken: u32,
    },
    /// By building an object.
    Object {
        /// Its members.
        members: Box<[(Box<str>, Operand)]>,
    },
    /// By building an array.
    Array {
        /// Its elements.
        items: Box<[Operand]>,
    },
    /// By opening the input, or what is in a slot, to be looked into.
    Open {
        /// Which.
        from: Operand,
    },
    /// By writing a value into a document.
    Place {
        /// The document.
        base: Operand,
        /// Where.
        path: PathId,
        /// The value.
        value: Operand,
    },
}

/// What an execution comes to.
#[derive(Debug)]
pub struct End {
    /// How it ends.
    pub result: Ending,
    /// The states on the way, as often as they are entered.
    pub visits: Box<[StateId]>,
}

/// How an execution ends.
#[derive(Debug)]
pub enum Ending {
    /// With an output, put together of these.
    Succeeded(Box<[Part]>),
    /// In a Fail state, with strings.
    Failed {
        /// Error.
        error: Option<Operand>,
        /// Cause.
        cause: Option<Operand>,
    },
}

/// A part of an output's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text.
    Text(Text),
    /// A value.
    Value(Operand),
    /// An object that is not closed, with a comma if it has members: more follow.
    Members(Operand),
}

/// A text that is copied often. A short one is copied as a whole block, whatever its length, and what is too much cut
/// off again: a copy whose length nobody can foresee costs a mispredicted branch, which is more than the copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    text: Box<str>,
    block: [u8; Text::BLOCK],
}

impl Text {
    const BLOCK: usize = 64;

    /// The text.
    pub fn new(text: &str) -> Text {
        let mut block = [0; Text::BLOCK];
        let start = text.len().min(Text::BLOCK);
        block[..start].copy_from_slice(&text.as_bytes()[..start]);
        Text { text: text.into(), block }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Appends the text.
    #[inline]
    pub fn write(&self, out: &mut Vec<u8>) {
        if self.text.len() <= Text::BLOCK {
            let end = out.len() + self.text.len();
            out.extend_from_slice(&self.block);
            out.truncate(end);
        } else {
            out.extend_from_slice(self.text.as_bytes());
        }
    }
}

impl Shortcut {
    /// Whether any way leads to an end.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The tree for people.
    pub(super) fn show(&self, program: &Program, out: &mut String) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "\n; shortcut: {} nodes, {} ends, begins at #{}",
            self.nodes.len(),
            self.ends.len(),
            self.root
        );
        for (at, node) in self.nodes.iter().enumerate() {
            let _ = writeln!(out, "{:>4}#  {}", at, self.show_node(node, program));
        }
    }

    fn show_node(&self, node: &Node, program: &Program) -> String {
        let slot = |slot: &SlotId| format!("slot {} {}", slot.0, program.slot(*slot).join("."));
        let value = |operand: &Operand| match operand {
            Operand::Slot(id) => slot(id),
            Operand::Const(id) => program.constant(*id).text.to_string(),
            Operand::Register(register) => format!("r{register}"),
            Operand::Input => "$".to_owned(),
            Operand::Null => "null".to_owned(),
        };
        let values = |operands: &mut dyn Iterator<Item = &Operand>| operands.map(value).collect::<Vec<_>>().join(", ");
        match node {
            Node::Machine => "machine".to_owned(),
            Node::End(end) => match &self.ends[*end as usize].result {
                Ending::Succeeded(parts) => {
                    let parts: Vec<String> = parts
                        .iter()
                        .map(|part| match part {
                            Part::Text(text) => text.as_str().to_owned(),
                            Part::Value(operand) => format!("«{}»", value(operand)),
                            Part::Members(operand) => format!("«{}», ", value(operand)),
                        })
                        .collect();
                    format!("succeed  {}", parts.concat())
                }
                Ending::Failed { error, cause } => {
                    format!("fail     {}", values(&mut error.iter().chain(cause)))
                }
            },
            Node::Found { slot: id, then } => format!("found    {}  then=#{then}", slot(id)),
            Node::Absent { slot: id, then } => format!("absent   {}  then=#{then}", slot(id)),
            Node::Compute { register, what, then } => {
                let what = match what {
                    Compute::Call { function, arguments } => {
                        format!("States.{}({})", function.name(), values(&mut arguments.iter()))
                    }
                    Compute::Select { from, path, .. } => format!("{} of {}", program.path(*path), value(from)),
                    Compute::Object { members } => {
                        let members: Vec<_> = members.iter().map(|(key, of)| format!("{key}: {}", value(of))).collect();
                        format!("{{{}}}", members.join(", "))
                    }
                    Compute::Array { items } => format!("[{}]", values(&mut items.iter())),
                    Compute::Open { from } => format!("opened {}", value(from)),
                    Compute::Place { base, path, value: put } => {
                        format!("{} with {} at {}", value(base), value(put), program.path(*path))
                    }
                };
                format!("compute  r{register} = {what}  then=#{then}")
            }
            Node::Room { registers, then, .. } => {
                format!("room     for {} computed values  then=#{then}", registers.len())
            }
            Node::Present { slot: id, yes, no } => format!("present  {}  yes=#{yes}  no=#{no}", slot(id)),
            Node::Holds { test, value: of, yes, no, .. } => {
                let test = match &program.test(*test).comparison {
                    Comparison::Is(test, expected) => format!("{test:?} {expected}"),
                    _ => program.test(*test).show(program),
                };
                format!("holds    {}: {test}  yes=#{yes}  no=#{no}", value(of))
            }
            Node::Switch { value: of, table, otherwise } => {
                let entries: Vec<_> = table.entries.iter().map(|(text, to)| format!("{text}: #{}", to.0)).collect();
                format!("switch   {}  {{{}}}  otherwise=#{otherwise}", value(of), entries.join(", "))
            }
        }
    }
}

//! Ways through a program on which only the input decides, worked out beforehand.
//!
//! Many executions only look at a few values of their input, choose, and put those values and some constants together.
//! What such an execution comes to can be told without being one: a [`Shortcut`] holds, as a tree of decisions over the
//! input's slots, every way that the compiler could follow to its end, and at each end what is written. Wherever
//! anything else is met (a value that is missing, an error that nothing in the program takes up), the tree says
//! [`Node::Machine`]: then the program is run from its beginning, as if nothing had been tried. Functions are called on the
//! way ([`Node::Ask`]); what they replied is kept for the machine, so that none is called twice. The items of a Map are a
//! tree of their own, walked once for each ([`Node::Each`]); virtual time is a number that nodes add to.
//!
//! Flows in: from `compile`, which follows the instructions. Flows out: to `vm`, which walks the tree. It must never
//! come to anything that the machine would not come to.

use super::Function;
use super::choice::Table;
use super::id::*;
use crate::value::Keys;

mod ask;
mod show;
mod ways;

pub use ask::{Arguments, Ask, CallSite, Payload};

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
    /// The names of members that are looked for in values that have been opened or computed.
    pub names: Box<[Box<str>]>,
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
    /// Whether the context object is looked into: nobody may have given another.
    pub context: bool,
    /// Whether children are gone through, which others could help with.
    pub children: bool,
}

/// The most levels that a computed value may have.
pub const REGISTER_DEPTH_MAX: u32 = 32;

/// The most members of a Map's outputs that are kept on their own.
pub const COLUMNS_MAX: usize = 8;

/// Longer names of errors are left to the machine, so that what a cause may take is bounded.
pub const ERROR_BYTES_MAX: usize = 200;

/// One step of the walk.
// The tag takes a word of its own: which node it is decides where the walk goes, and nothing has to be worked out for that.
#[derive(Debug)]
#[repr(u32)]
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
    /// There must be a member in an object that has been opened or computed; else the machine.
    Member {
        /// The register of the object.
        from: u32,
        /// The member's name: a position among the shortcut's names.
        name: u32,
        /// The path of that one step.
        path: PathId,
        /// How many steps were taken before.
        taken: u32,
        /// Where its value is kept.
        register: u32,
        /// The next node.
        then: NodeId,
    },
    /// A member of each of a Map's outputs that has it, as text; the machine, if a path may not visit so many.
    Column {
        /// The column's register.
        from: u32,
        /// How many steps were taken before.
        taken: u32,
        /// Where it is kept.
        register: u32,
        /// The next node.
        then: NodeId,
    },
    /// An array is cut into arrays of so many elements, as `States.ArrayPartition` does, of which only the text is kept.
    Partition {
        /// The array; the machine, if it is none.
        array: Operand,
        /// How many elements; one at least.
        size: u32,
        /// Where they are kept.
        register: u32,
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
    /// A value has to be a string; else the machine.
    Text {
        /// The value.
        value: Operand,
        /// The next node.
        then: NodeId,
    },
    /// Time passes.
    Pass {
        /// How much, in milliseconds.
        ms: i64,
        /// The next node.
        then: NodeId,
    },
    /// A branch of a Parallel begins, or all have ended.
    Branch {
        /// Where the time at which all begin is kept; behind it, the latest end.
        register: u32,
        /// Which of the two.
        turn: BranchTurn,
        /// Who the branch is.
        who: Offspring,
        /// The next node.
        then: NodeId,
    },
    /// A Map: a tree is walked for each item.
    Each(Box<Each>),
    /// A function is called.
    Ask(Box<Ask>),
    /// Whether a path leads anywhere; what it leads to is kept.
    Leads {
        /// Where it starts.
        from: Operand,
        /// The path.
        path: PathId,
        /// How many steps were taken before.
        taken: u32,
        /// Where the value is kept.
        register: u32,
        /// If so.
        yes: NodeId,
        /// If not.
        no: NodeId,
    },
    /// Whether an object that has been opened or computed has a member, whose value is kept; as of [`Node::Member`].
    Has {
        /// The register of the object.
        from: u32,
        /// The member's name.
        name: u32,
        /// The path of that one step.
        path: PathId,
        /// How many steps were taken before.
        taken: u32,
        /// Where its value is kept.
        register: u32,
        /// If so.
        yes: NodeId,
        /// If not.
        no: NodeId,
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
        table: Box<Table>,
        /// If it has no such string.
        otherwise: NodeId,
    },
}

/// A Map's items, for each of which a tree is walked.
#[derive(Debug)]
pub struct Each {
    /// The items.
    pub items: Operand,
    /// Where the item at hand is kept.
    pub item: u32,
    /// Where its index is kept.
    pub index: u32,
    /// The tree; its ends are [`Ending::Item`]s.
    pub body: NodeId,
    /// Where the outputs are kept, as an array.
    pub results: u32,
    /// What of the outputs anybody looks at.
    pub keeps: Keeps,
    /// How many items run at once.
    pub concurrency: u32,
    /// Whether no time passes in an item.
    pub timeless: bool,
    /// Whether functions are called in an item.
    pub asks: bool,
    /// Who the first item is.
    pub who: Offspring,
    /// States that an item enters, at most.
    pub steps: u64,
    /// History events that an item makes, at most.
    pub events: u32,
    /// The next node.
    pub then: NodeId,
}

/// What of a Map's outputs anybody looks at. Most only become a part of a document's text, and then they are nothing else
/// from the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeps {
    /// The outputs themselves.
    Whole,
    /// Their text; of these members all values on their own, in the register given, behind which is kept how many outputs
    /// there are and how many of them have the member.
    Text(Box<[u32]>),
}

/// Who a child is, as far as the way there tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offspring {
    /// The Map or Parallel.
    pub fork: ForkId,
    /// How many numbers the parent has drawn before.
    pub draws: u64,
    /// The child's number.
    pub index: u32,
}

/// Where the branches of a Parallel stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BranchTurn {
    /// The first begins.
    First,
    /// Another begins, at the same time as the first.
    Next,
    /// All have ended; the latest end counts.
    Joined,
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
    /// A number.
    Int(u32),
    /// `null`
    Null,
}

impl Operand {
    /// Whether the value is neither in a register nor known by the operand alone.
    #[inline(always)]
    pub fn is_fetched(self) -> bool {
        !matches!(self, Operand::Register(_) | Operand::Int(_))
    }
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
    /// By adding two integers, as `States.MathAdd` does.
    Add {
        /// The two.
        terms: [Operand; 2],
    },
    /// By putting a text together, as `States.Format` does.
    Format {
        /// What of, in order.
        pieces: Box<[Piece]>,
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
    /// By members of objects inside one another, all of which must be there.
    Members {
        /// Where it starts.
        from: Operand,
        /// Their names.
        names: Box<[Box<str>]>,
    },
    /// By building an object.
    Object(Members),
    /// By building an array.
    Array {
        /// Its elements.
        items: Box<[Operand]>,
    },
    /// By opening the input, or what is in a slot, to be looked into.
    Open {
        /// Which.
        from: Operand,
        /// Whether it is for a Map: then the elements of a long array are opened each in its turn.
        items: bool,
    },
    /// By telling the time.
    Now,
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

/// The members of an object that is built.
#[derive(Debug)]
pub struct Members {
    /// Their keys and values.
    pub members: Box<[(Box<str>, Operand)]>,
    /// What is known of the keys.
    pub(crate) names: Keys,
    /// The most that it takes beside its members' values when it is written.
    pub keys: u64,
    /// Whether any value is [fetched](Operand::is_fetched).
    pub fetches: bool,
}

/// A piece of a computed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text.
    Text(Box<str>),
    /// The text form of a value.
    Value(Operand),
}

/// What an execution comes to.
#[derive(Debug)]
pub struct End {
    /// How it ends.
    pub result: Ending,
    /// The states on the way, as often as they are entered.
    pub visits: Box<[StateId]>,
    /// What went wrong on the way, in which states.
    pub troubles: Box<[(StateId, Trouble)]>,
}

/// Something that went wrong and was taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// A state of a handler failed.
    Failed,
    /// The state was tried again.
    Retried,
    /// A Catcher of the state took the error.
    Caught,
}

/// How an execution ends.
#[derive(Debug)]
pub enum Ending {
    /// With an output, put together of these.
    Succeeded(Box<[Part]>),
    /// An item of a Map.
    Item(Item),
    /// In a Fail state, with strings.
    Failed {
        /// Error.
        error: Option<Operand>,
        /// Cause.
        cause: Option<Operand>,
    },
}

/// What an item of a Map comes to.
#[derive(Debug)]
pub struct Item {
    /// Its output; nothing is built of which only the text is [kept](Keeps::Text).
    pub output: Operand,
    /// How many levels are built around computed values in it.
    pub levels: u32,
    /// The output's text, put together of these.
    pub text: Box<[Part]>,
    /// The columns of the members that are kept on their own, in the order in which they are marked in the text.
    pub members: Box<[u32]>,
}

/// A part of an output's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text.
    Text(Text),
    /// A value.
    Value(Operand),
    /// The text form of a value, within a string.
    Inside(Operand),
    /// Text, and behind it what is in a register: the value, or its text form if that is within a string.
    Before {
        /// The text.
        text: Text,
        /// The register.
        register: u32,
        /// Whether it is within a string.
        inside: bool,
    },
    /// An object that is not closed, with a comma if it has members: more follow.
    Members(Operand),
    /// The value of a member that is [kept](Keeps::Text) on its own begins or ends here.
    Mark,
}

impl Part {
    /// The same parts, each text together with the register that follows it.
    pub fn paired(parts: Vec<Part>) -> Vec<Part> {
        let mut paired: Vec<Part> = Vec::with_capacity(parts.len());
        for part in parts {
            let (register, inside) = match part {
                Part::Value(Operand::Register(register)) => (register, false),
                Part::Inside(Operand::Register(register)) => (register, true),
                other => {
                    paired.push(other);
                    continue;
                }
            };
            match paired.pop() {
                Some(Part::Text(text)) => paired.push(Part::Before { text, register, inside }),
                before => {
                    paired.extend(before);
                    paired.push(part);
                }
            }
        }
        paired
    }
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
    const SHORT: usize = 16;

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
        let end = out.len() + self.text.len();
        if self.text.len() <= Text::SHORT {
            out.extend_from_slice(&self.block[..Text::SHORT]);
            out.truncate(end);
        } else if self.text.len() <= Text::BLOCK {
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
}

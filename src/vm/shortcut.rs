//! Executions that only their input decides, told without being run.
//!
//! Flows in: a program's [`Shortcut`], an input whose slots a scanner has filled. Flows out: what the execution comes to,
//! to be written; or nothing, and then the machine has to run it. Walking has no effect but the calls of functions, whose
//! replies are kept for the machine, so that nothing is lost by trying. It must never come to anything that the machine
//! would not come to, byte for byte.
//!
//! States Language: none of its own; every rule is the machine's, whose code is called wherever there is something to
//! compute or to compare.

mod alone;
mod asking;
mod compute;
mod each;
mod lone;
mod outputs;
mod walk;
mod writing;

pub use alone::{Alone, Called};
pub use asking::{Answers, Calls, GivenReplies};
pub use each::{Company, Nobody, Part as PartOfMap};
use walk::{SCALAR_BYTES_MAX, Walk, slot_text, value};
pub use writing::Stencils;
use writing::{Made, Written};

use super::intrinsic::TEXT_BYTES_MAX;
use super::outcome::Failure;
use super::start::{Input, Settings};
use crate::program::choice::Table;
use crate::program::shortcut::{
    Compute, End, Ending, Node, NodeId, Operand, Part, REGISTER_DEPTH_MAX, Shortcut, Trouble,
};
use crate::program::{Program, SlotId, StateId};
use crate::value::path::Spot;
use crate::value::raw::Form;
use crate::value::scan::{Slot, Tokens};
use crate::value::tree::Span;
use crate::value::{Arena, Value};

/// What a scanner has seen of an event.
#[derive(Clone, Copy, Debug)]
pub struct Scanned<'a> {
    /// A text that the event's is a part of. What is around that is of no meaning; but where something follows, a short value
    /// can be taken as a block of a fixed size.
    pub source: &'a str,
    /// Where the event's text is.
    pub span: Span,
    /// In what it may differ from the compact form.
    pub form: Form,
    /// As of an [`Input`].
    pub slots: &'a [Slot],
    /// As of an [`Input`].
    pub tokens: Option<Tokens<'a>>,
    /// The execution's clock when it starts, in milliseconds since 1970.
    pub now_ms: i64,
}

impl<'a> Scanned<'a> {
    /// What is known of an execution's input.
    pub fn of(input: &Input<'a>, now_ms: i64) -> Scanned<'a> {
        let Input { text, form, slots, tokens, .. } = *input;
        Scanned { source: text, span: Span { start: 0, end: text.len() as u32 }, form, slots, tokens, now_ms }
    }

    /// The event's text.
    #[inline]
    pub fn text(&self) -> &'a str {
        &self.source[self.span.start as usize..self.span.end as usize]
    }

    #[inline(always)]
    fn bytes(&self) -> u64 {
        u64::from(self.span.end - self.span.start)
    }

    /// What the value in a slot starts with, and all that follows.
    #[inline(always)]
    fn ahead(&self, value: Span) -> &'a [u8] {
        &self.source.as_bytes()[(self.span.start + value.start) as usize..]
    }
}

/// A program's shortcut under the limits of a run.
#[derive(Debug, Clone, Copy)]
pub struct Shortcuts<'p> {
    program: &'p Program,
    shortcut: &'p Shortcut,
    /// The longest input that keeps the limit on documents on every way.
    input_bytes_max: u64,
    /// The most that a document may take, or any text on the way.
    state_bytes: u64,
    path_nodes: u32,
    opens: bool,
    asks: bool,
    /// How long an execution may run, in milliseconds.
    run_ms: i64,
    /// What is left of the limits for the items of Maps.
    spare: Spare,
    rooms: Rooms,
    /// What computed values may take beside any input that is not larger than most.
    roomy: u64,
    /// How full the arena may become.
    crowded_bytes: usize,
    /// If all begins with where one string leads: the slot that holds it, and the table.
    first: Option<(SlotId, &'p Table)>,
}

/// The most that any document with computed values is made of.
#[derive(Debug, Clone, Copy)]
struct Rooms {
    /// How many computed values; one at least.
    registers: u64,
    /// How often the input's text.
    inputs: u64,
    /// Bytes of all else.
    bytes: u64,
}

/// Most inputs are no larger.
const LIKELY_INPUT_BYTES: u64 = 4 << 10;

impl Rooms {
    /// What computed values may take beside an input of that size so that every document keeps the limit, whatever it is made
    /// of: the larger the input, the less.
    fn left(self, state_bytes: u64, input_bytes: u64) -> u64 {
        let taken = self.inputs.saturating_mul(input_bytes).saturating_add(self.bytes);
        state_bytes.saturating_sub(taken) / self.registers
    }

    fn of(nodes: &[Node]) -> Rooms {
        let mut most = Rooms { registers: 1, inputs: 0, bytes: 0 };
        for node in nodes {
            if let Node::Room { registers, inputs, bytes, .. } = node {
                most.registers = most.registers.max(registers.len() as u64);
                (most.inputs, most.bytes) = (most.inputs.max(*inputs), most.bytes.max(*bytes));
            }
        }
        most
    }
}

/// What Maps may use up.
#[derive(Debug, Clone, Copy)]
struct Spare {
    steps: u64,
    events: u64,
    bytes: u64,
}

/// An execution that has been told.
#[derive(Debug, Clone, Copy)]
pub struct Told<'p, 'a> {
    /// Which end it comes to: a position among the shortcut's ends.
    pub index: usize,
    /// Which ends the items of its Maps come to.
    pub items: &'a [u32],
    /// Its clock at the end, in milliseconds since 1970.
    pub ended_ms: i64,
    end: &'p End,
    arena: &'a Arena,
    registers: &'a [Value<'a>],
    written: &'a [Written<'a>],
}

impl<'p> Shortcuts<'p> {
    /// The program's shortcut; nothing if it has none, or if a limit could strike on it.
    pub fn new(program: &'p Program, settings: &Settings) -> Option<Shortcuts<'p>> {
        let limits = &settings.limits;
        let shortcut = program.shortcut();
        let needs = shortcut.needs;
        let time = limits.virtual_ms.is_none_or(|ms| ms > 0) && program.timeout_seconds() != Some(0);
        let within = needs.steps <= limits.steps && needs.events < limits.events && needs.depth <= limits.depth;
        let known = !needs.context || settings.names.context.is_none();
        // What is made on the way to documents of that size stays far within what an execution may make.
        let state_bytes = limits.state_bytes.min(TEXT_BYTES_MAX);
        let document = state_bytes.min(limits.execution_bytes / 64);
        let input_bytes_max = document.checked_sub(needs.bytes)? / needs.inputs.max(1);
        let first = match shortcut.nodes.get(shortcut.root as usize) {
            Some(Node::Found { slot, then }) => match &shortcut.nodes[*then as usize] {
                Node::Switch { value: Operand::Slot(other), table, .. } if other == slot => Some((*slot, &**table)),
                _ => None,
            },
            _ => None,
        };
        let whole_ms = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        let machine_ms = program.timeout_seconds().map_or(i64::MAX, |seconds| whole_ms(seconds.saturating_mul(1_000)));
        let rooms = Rooms::of(&shortcut.nodes);
        (!shortcut.is_empty() && time && within && known).then_some(Shortcuts {
            run_ms: machine_ms.min(limits.virtual_ms.unwrap_or(i64::MAX)),
            crowded_bytes: limits.crowded_bytes,
            spare: Spare {
                steps: limits.steps.saturating_sub(needs.steps),
                events: u64::from(limits.events.saturating_sub(needs.events)),
                bytes: document,
            },
            first,
            program,
            shortcut,
            input_bytes_max,
            state_bytes,
            path_nodes: limits.path_nodes,
            rooms,
            roomy: rooms.left(state_bytes, LIKELY_INPUT_BYTES),
            asks: shortcut.nodes.iter().any(|node| matches!(node, Node::Ask(_))),
            opens: shortcut.nodes.iter().any(|node| matches!(node, Node::Compute { what: Compute::Open { .. }, .. })),
        })
    }

    /// What computed values may take so that every document of the tree keeps the limit, whatever it is made of.
    #[inline(always)]
    fn roomy(&self, input_bytes: u64) -> u64 {
        // A division takes as long as all else that is done here.
        if input_bytes <= LIKELY_INPUT_BYTES { self.roomy } else { self.rooms.left(self.state_bytes, input_bytes) }
    }

    /// Whether Maps or Parallels are gone through on any way.
    pub fn has_children(&self) -> bool {
        self.shortcut.needs.children
    }

    /// Whether any way looks into the input by its [tokens](Input::tokens): if not, nobody has to bring them.
    pub fn opens(&self) -> bool {
        self.opens
    }

    /// Whether functions are called on any way.
    pub fn asks(&self) -> bool {
        self.asks
    }

    /// How many slots of the program's it needs to know.
    pub fn slots(&self) -> usize {
        self.program.slots().len()
    }

    /// Whether values are computed on any way, which lie in the arena.
    pub fn computes(&self) -> bool {
        self.shortcut.registers > 0
    }

    /// How many ends there are.
    pub fn ends(&self) -> usize {
        self.shortcut.ends.len()
    }

    /// The output of an execution with this end, in parts; nothing if it fails.
    pub fn output(&self, index: usize) -> Option<&'p [Part]> {
        match &self.shortcut.ends[index].result {
            Ending::Succeeded(parts) => Some(parts),
            Ending::Failed { .. } | Ending::Item(_) => None,
        }
    }

    /// Whether this is an end of a Map's items, and not of executions.
    pub fn is_item(&self, index: usize) -> bool {
        matches!(self.shortcut.ends[index].result, Ending::Item(_))
    }

    /// What went wrong on the way to this end and was taken up, and in which states.
    pub fn troubles(&self, index: usize) -> &'p [(StateId, Trouble)] {
        &self.shortcut.ends[index].troubles
    }

    /// How many steps an execution with this end takes, its Maps' items not counted.
    pub fn steps(&self, index: usize) -> u64 {
        let end = &self.shortcut.ends[index];
        let retries = end.troubles.iter().filter(|(_, trouble)| *trouble == Trouble::Retried).count();
        (end.visits.len() + retries) as u64
    }

    /// The states that an execution with this end enters, as often as it does.
    pub fn visits(&self, index: usize) -> &'p [StateId] {
        &self.shortcut.ends[index].visits
    }

    /// The state that an execution with this end fails in, if it fails: the last one.
    pub fn fails_in(&self, index: usize) -> Option<StateId> {
        let end = &self.shortcut.ends[index];
        end.visits.last().copied().filter(|_| matches!(end.result, Ending::Failed { .. }))
    }

    /// What an execution comes to; nothing, if the machine has to run it: then the calls that have been made are to be
    /// answered as before. Who has time may help with long Maps.
    #[inline(always)]
    pub fn tell<'a>(
        &self,
        input: &Scanned<'a>,
        arena: &'a Arena,
        company: &dyn Company,
        calls: &mut Calls<'_, 'a>,
    ) -> Option<Told<'p, 'a>>
    where
        'p: 'a,
    {
        if !self.is_within(input) {
            return None;
        }
        let root = self.first_node(input);
        if let Node::End(index) = self.shortcut.nodes[root as usize] {
            let index = index as usize;
            let (end, ended_ms) = (&self.shortcut.ends[index], input.now_ms);
            return Some(Told { index, end, arena, items: &[], ended_ms, registers: &[], written: &[] });
        }
        self.told(self.walk(input, arena, company, calls), root)
    }

    /// Whether an input keeps the limits on every way.
    #[inline(always)]
    fn is_within(&self, input: &Scanned) -> bool {
        input.bytes() <= self.input_bytes_max && input.slots.len() >= self.program.slots().len()
    }

    /// Where a walk begins: where the first decision leads, if that is soon found.
    #[inline(always)]
    fn first_node(&self, input: &Scanned) -> NodeId {
        if let Some((slot, table)) = self.first
            && let Slot::Found(span) = input.slots[slot.index()]
            // A text that is spelled as a constant is that string, whatever else there is.
            && let Some(to) = table.find_within(input.ahead(span), (span.end - span.start) as usize)
        {
            return to.0;
        }
        self.shortcut.root
    }

    /// A walk that has not begun.
    #[inline(always)]
    fn walk<'i, 'c, 'a>(
        &'i self,
        input: &'i Scanned<'a>,
        arena: &'a Arena,
        company: &'i dyn Company,
        calls: &'i mut Calls<'c, 'a>,
    ) -> Walk<'p, 'i, 'c, 'a>
    where
        'p: 'a,
    {
        let mut walk = Walk {
            shortcuts: self,
            input,
            arena,
            company,
            calls,
            registers: &mut [],
            now_ms: input.now_ms,
            spare: self.spare,
            largest: SCALAR_BYTES_MAX,
            deepest: 0,
            roomy: self.roomy(input.bytes()),
            places: &mut [],
            written: bumpalo::collections::Vec::new_in(arena),
            items: bumpalo::collections::Vec::new_in(arena),
        };
        if self.shortcut.registers > 0 {
            walk.registers = arena.alloc_slice_fill_copy(self.shortcut.registers as usize, Value::Null);
        }
        if !self.shortcut.names.is_empty() {
            walk.places = arena.alloc_slice_fill_copy(self.shortcut.names.len(), Spot::NOWHERE);
        }
        walk
    }

    /// What a walk comes to from that node on.
    #[inline(always)]
    fn told<'a>(&self, mut walk: Walk<'p, '_, '_, 'a>, from: NodeId) -> Option<Told<'p, 'a>>
    where
        'p: 'a,
    {
        let index = walk.run(from)?;
        let (end, arena) = (&self.shortcut.ends[index], walk.arena);
        let (items, written) = (walk.items.into_bump_slice(), walk.written.into_bump_slice());
        Some(Told { index, end, arena, items, ended_ms: walk.now_ms, registers: walk.registers, written })
    }
}

impl<'p, 'a> Told<'p, 'a> {
    /// Whether values had to be computed for it, which lie in the arena.
    pub fn computes(&self) -> bool {
        !self.registers.is_empty()
    }

    /// Whether it succeeds.
    pub fn succeeds(&self) -> bool {
        matches!(self.end.result, Ending::Succeeded(_))
    }

    /// Appends its output, if it succeeds.
    #[inline]
    pub fn write(&self, by: (&Scanned<'a>, Option<&Stencils>), out: &mut Vec<u8>) {
        if let Ending::Succeeded(parts) = &self.end.result {
            self.write_parts(parts, by, out);
        }
    }

    /// Appends these parts: those of its output, with more text around them or without.
    #[inline(always)]
    pub fn write_parts(&self, parts: &[Part], (input, stencils): (&Scanned<'a>, Option<&Stencils>), out: &mut Vec<u8>) {
        let (arena, registers, written) = (self.arena, self.registers, self.written);
        Made { arena, registers, written, stencils }.write(parts, input, out);
    }

    /// The failure, if it fails; nothing if the machine has to tell it.
    pub fn failure(&self, program: &'a Program, input: &Scanned<'a>, arena: &'a Arena) -> Option<Failure<'a>> {
        let Ending::Failed { error, cause } = &self.end.result else { return None };
        let text = |operand: &Option<Operand>| match operand {
            None => Some(None),
            Some(operand) => value(program, input, self.registers, arena, *operand).as_str(arena).map(Some),
        };
        Some(Failure::reported(text(error)?, text(cause)?))
    }
}

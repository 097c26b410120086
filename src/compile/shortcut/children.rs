//! Map and Parallel, in symbols.
//!
//! A Parallel's branches are followed one after the other on the same way: what each comes to is a symbol, and the time is set
//! back for the next. A Map's items are one tree, in which the item is a register; what the items come to is an array that
//! is only known when it is run. It must never follow a child that fails: which of several failures counts, the machine
//! knows.

use super::failing::Visit;
use super::symbol::Symbol;
use super::{Followed, Link, Lost, MACHINE, Most, OP_EVENTS_MAX, Tracer, Track};
use crate::program::shortcut::{BranchTurn, Each, Keeps, NodeId, Offspring};
use crate::program::work::{CONCURRENCY_MAX, Children, Limit};
use crate::program::{Addr, AssignId, ForkId};

/// Maps inside one another that are followed.
const MAPS_MAX: u32 = 4;

/// How often a Map's items are followed again because there was something to be opened before.
const ROUNDS_MAX: u32 = 8;

/// A Parallel whose branches are being followed.
#[derive(Clone)]
pub(super) struct Frame {
    fork: ForkId,
    input: Symbol,
    outputs: Vec<Symbol>,
    /// Where the time is kept.
    register: u32,
    pc: Addr,
    doc: Symbol,
    eff: Symbol,
    stack: Vec<Symbol>,
    variables: Vec<Option<Symbol>>,
    assigned: Option<(AssignId, Vec<Symbol>)>,
    visit: Visit,
    draws: u64,
    calls: u32,
}

impl Tracer<'_> {
    /// A Map's or Parallel's children begin.
    pub(super) fn fork(&mut self, track: &mut Track, links: &mut Vec<Link>, id: ForkId, depth: u32) -> Followed<()> {
        if track.caller.is_some() || track.inside.is_some() {
            return Err(Lost);
        }
        track.events += OP_EVENTS_MAX;
        self.needs.children = true;
        match &self.program.fork(id).children {
            Children::Branches(entries) => {
                let input = track.pop()?;
                let first = *entries.first().ok_or(Lost)?;
                let register = track.new_register();
                track.registers += 1;
                let who = Offspring { fork: id, draws: track.draws, index: 0 };
                links.push(Link::Branch { register, turn: BranchTurn::First, who });
                // Who the children are.
                track.draws += 1;
                track.frames.push(Frame {
                    fork: id,
                    input: input.clone(),
                    outputs: Vec::new(),
                    register,
                    pc: track.pc,
                    doc: track.doc.clone(),
                    eff: track.eff.clone(),
                    stack: std::mem::take(&mut track.stack),
                    variables: track.variables.clone(),
                    assigned: track.assigned.take(),
                    visit: std::mem::take(&mut track.visit),
                    draws: track.draws,
                    calls: track.calls,
                });
                track.begin(first, input);
                Ok(())
            }
            Children::Items {
                entry,
                concurrency,
                tolerated_count: Limit::None,
                tolerated_percentage: Limit::None,
                distributed: false,
                batch: None,
                flatten: false,
                ..
            } => {
                let concurrency = match *concurrency {
                    Limit::None | Limit::Literal(0) => CONCURRENCY_MAX as u64,
                    Limit::Literal(most) => most.min(CONCURRENCY_MAX as u64),
                    Limit::Popped(_) => return Err(Lost),
                };
                self.each(track, links, (id, *entry), concurrency as u32, depth)
            }
            _ => Err(Lost),
        }
    }

    /// A branch has come to its end: the next begins, or their parent goes on.
    pub(super) fn end_branch(&mut self, track: &mut Track, links: &mut Vec<Link>) -> Followed<()> {
        let mut frame = track.frames.pop().ok_or(Lost)?;
        let entries = self.program.fork(frame.fork).entries();
        frame.outputs.push(track.doc.clone());
        track.events += OP_EVENTS_MAX;
        track.variables.clone_from(&frame.variables);
        track.assigned = None;
        if let Some(entry) = entries.get(frame.outputs.len()) {
            let (register, turn, index) = (frame.register, BranchTurn::Next, frame.outputs.len() as u32);
            let who = Offspring { fork: frame.fork, draws: frame.draws - 1, index };
            links.push(Link::Branch { register, turn, who });
            track.visit = Visit::default();
            track.begin(*entry, frame.input.clone());
            track.frames.push(frame);
            return Ok(());
        }
        let who = Offspring { fork: frame.fork, draws: frame.draws - 1, index: 0 };
        links.push(Link::Branch { register: frame.register, turn: BranchTurn::Joined, who });
        (track.draws, track.calls) = (frame.draws, frame.calls);
        (track.pc, track.doc, track.eff) = (frame.pc, frame.doc, frame.eff);
        (track.stack, track.assigned) = (frame.stack, frame.assigned);
        track.visit = Visit { is_fresh: false, ..frame.visit };
        track.res = Symbol::Array(frame.outputs.into());
        Ok(())
    }

    /// A Map: its items are followed as a tree of their own.
    fn each(
        &mut self,
        track: &mut Track,
        links: &mut Vec<Link>,
        (fork, entry): (ForkId, Addr),
        concurrency: u32,
        depth: u32,
    ) -> Followed<()> {
        if track.maps >= MAPS_MAX {
            return Err(Lost);
        }
        let items = match track.pop()? {
            items @ (Symbol::Slot(_) | Symbol::Input) => self.opened_for(track, links, items, true)?,
            items => self.operand(track, links, items)?,
        };
        let (item, index, results) = (track.new_register(), track.new_register(), track.new_register());
        let wished = std::mem::take(&mut self.wishes);
        let (nodes, ends) = (self.nodes.len(), self.ends.len());
        let mut rounds = 0;
        let followed = loop {
            let followed = self.body(track, entry, (item, index), depth);
            let wishes = std::mem::take(&mut self.wishes);
            if wishes.is_empty() || rounds == ROUNDS_MAX {
                break followed;
            }
            // What all items look into is opened before the first, and then they are followed again.
            self.nodes.truncate(nodes);
            self.ends.truncate(ends);
            self.outputs.truncate(ends);
            self.builds.retain(|build| (*build as usize) < nodes);
            rounds += 1;
            for wish in wishes {
                if self.opened(track, links, wish).is_err() {
                    self.wishes.extend(wished);
                    return Err(Lost);
                }
            }
        };
        self.wishes = wished;
        let (body, Most { registers, steps, events, passes, asks }) = followed;
        if body == MACHINE {
            return Err(Lost);
        }
        track.registers = track.registers.max(registers);
        (self.most.passes, self.most.asks) = (self.most.passes | passes, self.most.asks | asks);
        let who = Offspring { fork, draws: track.draws, index: 0 };
        // Who the items are.
        track.draws += 1;
        links.push(Link::Each(Box::new(Each {
            items,
            item,
            index,
            body,
            results,
            keeps: Keeps::Whole,
            concurrency,
            timeless: !passes,
            asks,
            who,
            steps,
            events,
            then: MACHINE,
        })));
        track.res = Symbol::Register(results);
        track.visit.is_fresh = false;
        Ok(())
    }

    /// Follows what a Map's items do; where that begins, and what it takes.
    fn body(&mut self, track: &Track, entry: Addr, (item, index): (u32, u32), depth: u32) -> (NodeId, Most) {
        let mut child = Track {
            // An item's ItemSelector belongs to the Map's own visit and document.
            visit: Visit { is_fresh: false, used: Vec::new(), ..track.visit.clone() },
            outer: Some(track.eff.clone()),
            item: Some((item, index)),
            maps: track.maps + 1,
            frames: Vec::new(),
            visits: Vec::new(),
            troubles: Vec::new(),
            ops: 0,
            // It starts, and it succeeds.
            events: 2,
            ..track.clone()
        };
        child.begin(entry, Symbol::Register(item));
        child.eff = track.eff.clone();
        let most = std::mem::take(&mut self.most);
        let body = self.follow(child, depth + 1);
        (body, std::mem::replace(&mut self.most, most))
    }
}

impl Track {
    /// A child begins.
    fn begin(&mut self, entry: Addr, input: Symbol) {
        (self.pc, self.doc, self.eff) = (entry, input.clone(), input);
        (self.res, self.out) = (Symbol::Null, Symbol::Null);
        (self.draws, self.calls) = (0, 0);
        self.stack.clear();
        self.assigned = None;
    }
}

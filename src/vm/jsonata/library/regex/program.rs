//! Programs for the matcher that tries one way after the other.
//!
//! Flows in: a parsed pattern. Flows out: a flat list of instructions, of which some go backwards through the text (the
//! inside of look-behind). Slots hold what an attempt remembers: two for each group, then the counters and places of
//! repetitions.

use super::set::CharSet;
use super::syntax::{Assertion, Node, Pattern};
use super::translate::is_nullable;

/// One instruction; what does not match gives way to the latest alternative that is open.
#[derive(Debug)]
pub(super) enum Op {
    /// Takes one character of the set.
    Set {
        set: CharSet,
        back: bool,
    },
    /// Takes this character.
    Char {
        c: char,
        back: bool,
    },
    /// Takes what the group captured; nothing if it has captured nothing.
    BackReference {
        group: usize,
        back: bool,
    },
    Assertion(Assertion),
    /// Goes on at the first address, with the second as an alternative.
    Split(usize, usize),
    Jump(usize),
    /// Remembers the place in a slot.
    Place {
        slot: usize,
    },
    /// Forgets what these groups captured: from the first up to and without the second.
    Forget(usize, usize),
    /// Fails if nothing was taken since the place was remembered, unless the round was one of those that have to be.
    Progress {
        place: usize,
        counter: Option<(usize, u32)>,
    },
    /// Sets a counter to zero.
    Zero {
        counter: usize,
    },
    /// Adds one.
    Count {
        counter: usize,
    },
    /// Another round: it has to be below `min`, cannot be from `max` on, and is tried first in between if `greedy`.
    Round {
        counter: usize,
        min: u32,
        max: Option<u32>,
        greedy: bool,
        exit: usize,
    },
    /// Tries what follows up to [`Op::LookEnd`] on its own, then goes on at `exit` from here.
    Look {
        negative: bool,
        exit: usize,
    },
    LookEnd,
    Match,
}

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) ops: Vec<Op>,
    pub(super) slot_count: usize,
    pub(super) group_count: usize,
}

impl Program {
    pub(super) fn compile(pattern: &Pattern) -> Program {
        let mut compiler = Compiler { ops: Vec::new(), slot_count: pattern.group_count * 2 };
        compiler.node(&pattern.node, false);
        compiler.ops.push(Op::Match);
        Program { ops: compiler.ops, slot_count: compiler.slot_count, group_count: pattern.group_count }
    }
}

/// The slots of a group: where it starts and ends.
pub(super) fn group_slots(group: usize) -> (usize, usize) {
    (group * 2 - 2, group * 2 - 1)
}

struct Compiler {
    ops: Vec<Op>,
    slot_count: usize,
}

impl Compiler {
    fn slot(&mut self) -> usize {
        self.slot_count += 1;
        self.slot_count - 1
    }

    /// Appends the instructions of a node, to be run forwards or backwards through the text.
    fn node(&mut self, node: &Node, back: bool) {
        match node {
            Node::Empty => {}
            Node::Char(c) => self.ops.push(Op::Char { c: *c, back }),
            Node::Set(set) => self.ops.push(Op::Set { set: set.clone(), back }),
            Node::Assertion(assertion) => self.ops.push(Op::Assertion(*assertion)),
            Node::BackReference(group) => self.ops.push(Op::BackReference { group: *group, back }),
            Node::Group(group, node) => {
                let (start, end) = group_slots(*group);
                self.ops.push(Op::Place { slot: if back { end } else { start } });
                self.node(node, back);
                self.ops.push(Op::Place { slot: if back { start } else { end } });
            }
            Node::Look { behind, negative, node } => {
                let look = self.ops.len();
                self.ops.push(Op::Look { negative: *negative, exit: 0 });
                self.node(node, *behind);
                self.ops.push(Op::LookEnd);
                let end = self.ops.len();
                if let Op::Look { exit, .. } = &mut self.ops[look] {
                    *exit = end;
                }
            }
            Node::Concat(nodes) if back => nodes.iter().rev().for_each(|node| self.node(node, back)),
            Node::Concat(nodes) => nodes.iter().for_each(|node| self.node(node, back)),
            Node::Alternate(nodes) => self.alternate(nodes, back),
            Node::Repeat { node, min, max, greedy, groups } => self.repeat(node, *min, *max, *greedy, *groups, back),
        }
    }

    fn alternate(&mut self, nodes: &[Node], back: bool) {
        let mut exits = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let split = self.ops.len();
            let is_last = index + 1 == nodes.len();
            if !is_last {
                self.ops.push(Op::Split(split + 1, 0));
            }
            self.node(node, back);
            if !is_last {
                exits.push(self.ops.len());
                self.ops.push(Op::Jump(0));
                let next = self.ops.len();
                self.ops[split] = Op::Split(split + 1, next);
            }
        }
        let end = self.ops.len();
        exits.into_iter().for_each(|exit| self.ops[exit] = Op::Jump(end));
    }

    fn repeat(&mut self, node: &Node, min: u32, max: Option<u32>, greedy: bool, groups: (usize, usize), back: bool) {
        let place = is_nullable(node).then(|| self.slot());
        // Rounds need no counting where any number will do, or one or none.
        let counted = min > 0 || max.is_some_and(|max| max > 1);
        let counter = counted.then(|| self.slot());
        if let Some(counter) = counter {
            self.ops.push(Op::Zero { counter });
        }
        let head = self.ops.len();
        // Its addresses are filled in at the end.
        self.ops.push(Op::Jump(0));
        let body = self.ops.len();
        if let Some(slot) = place {
            self.ops.push(Op::Place { slot });
        }
        if groups.0 < groups.1 {
            self.ops.push(Op::Forget(groups.0, groups.1));
        }
        self.node(node, back);
        if let Some(place) = place {
            self.ops.push(Op::Progress { place, counter: counter.map(|counter| (counter, min)) });
        }
        if let Some(counter) = counter {
            self.ops.push(Op::Count { counter });
        }
        if max != Some(1) || counted {
            self.ops.push(Op::Jump(head));
        }
        let exit = self.ops.len();
        self.ops[head] = match counter {
            Some(counter) => Op::Round { counter, min, max, greedy, exit },
            None if max == Some(0) => Op::Jump(exit),
            None if greedy => Op::Split(body, exit),
            None => Op::Split(exit, body),
        };
    }
}

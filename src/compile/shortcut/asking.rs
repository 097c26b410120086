//! Functions that are called on the way, and what becomes of their replies, in symbols.
//!
//! What a function returns is a value in a register, as if it had been computed. Of an error that it raises neither name nor
//! message are known beforehand, but what can take it up is: each Retrier that has tries left and each Catcher of the state is
//! a way of its own, and so is what is returned by another try. Whatever else a function replies, the machine deals with,
//! which is told what was replied before. It must never let a function be called that the machine would not call.

use super::symbol::Symbol;
use super::{Followed, Link, Lost, MACHINE, OP_EVENTS_MAX, OPS_MAX, Tracer, Track, Turn, UUID_DRAWS};
use crate::program::TaskId;
use crate::program::shortcut::{Arguments, Ask, CallSite, Node, NodeId, Operand, Payload};
use crate::program::work::Integration;

/// With so many instructions followed, errors are left to the machine: each try doubles what follows it.
const RAISED_OPS_MAX: u32 = OPS_MAX / 16;

/// What comes of a reply, to be done where its way begins.
#[derive(Clone)]
pub(super) enum Replied {
    /// A task's result is in this register.
    Returned(TaskId, u32),
    /// So many milliseconds pass until the next try.
    Retried(i64),
}

/// The ways on which an error is taken up.
pub(super) struct Raised {
    /// For each Retrier of the state: one that is used up has none, and one that draws its delay is lost.
    pub retriers: Vec<Option<Followed<Track>>>,
    /// For each Catcher.
    pub catchers: Vec<Track>,
}

impl Tracer<'_> {
    /// A function is called.
    pub(super) fn ask(&mut self, track: &mut Track, links: &mut Vec<Link>, id: TaskId) -> Followed<Turn> {
        let task = self.program.task(id);
        let here = track.visit.state == Some(task.state) && !track.visit.is_caught;
        if task.handler.is_none() || track.caller.is_some() || track.inside.is_some() || !here {
            return Err(Lost);
        }
        let arguments = track.stack.last().cloned().ok_or(Lost)?;
        let payload = self.payload(track, id)?;
        let around = match arguments {
            Symbol::Object(members) if task.integration == Integration::LambdaInvoke => Some(members),
            _ => None,
        };
        let known = |(key, value): &(Box<str>, Symbol)| match (&**key, value) {
            ("Payload", _) => Some((key.clone(), Operand::Null)),
            (_, Symbol::Const(constant)) => Some((key.clone(), Operand::Const(*constant))),
            _ => None,
        };
        let arguments = match &around {
            None => Some(Arguments::Payload),
            Some(members) => members.iter().map(known).collect::<Option<_>>().map(Arguments::Around),
        };
        let (payload, arguments) = match (payload, arguments) {
            (Symbol::Object(members), Some(arguments)) => {
                (Payload::Object(self.members(track, links, &members)?), arguments)
            }
            (payload, arguments) => {
                let payload = self.operand(track, links, payload)?;
                let arguments = match (arguments, around) {
                    (Some(arguments), _) => arguments,
                    (None, members) => {
                        let put = as_symbol(payload);
                        let members = members.iter().flat_map(|members| members.iter());
                        let members = members.map(|(key, value)| match &**key {
                            "Payload" => (key.clone(), put.clone()),
                            _ => (key.clone(), value.clone()),
                        });
                        Arguments::Value(self.operand(track, links, Symbol::Object(members.collect()))?)
                    }
                };
                (Payload::Value(payload), arguments)
            }
        };
        let register = track.new_register();
        // Behind it, the name of an error and its message.
        track.registers += 2;
        track.events += OP_EVENTS_MAX;
        self.most.asks = true;
        let (retry_count, draws, calls) = (track.visit.retry_count, track.draws, track.calls);
        track.calls += 1;
        let returned = Box::new(Track { replied: Some(Replied::Returned(id, register)), ..track.clone() });
        let raised = Box::new(self.raised(track, register)?);
        let ask = Box::new(Ask {
            site: CallSite { task: id, handler: task.handler, retry_count, draws, calls },
            payload,
            arguments,
            register,
            then: MACHINE,
            tail: None,
            retriers: Box::default(),
            catchers: Box::default(),
        });
        Ok(Turn::Ask { ask, returned, raised })
    }

    /// The ways on which the state at hand takes up an error.
    fn raised(&self, track: &mut Track, register: u32) -> Followed<Raised> {
        let state = track.visit.state.ok_or(Lost)?;
        let info = self.program.state(state);
        track.stack.clear();
        track.assigned = None;
        // The id in the cause.
        track.draws += UUID_DRAWS;
        let retrier = |n: usize| {
            let (retrier, used) = (&info.retriers[n], track.visit.used[n]);
            (used < retrier.max_attempts).then(|| {
                if retrier.full_jitter {
                    return Err(Lost);
                }
                let mut track = track.clone();
                let ms = track.try_again(state, n, retrier);
                track.replied = Some(Replied::Retried(ms));
                Ok(track)
            })
        };
        let catcher = |n: usize| {
            let mut track = track.clone();
            let (error, message) = (Symbol::Register(register + 1), Symbol::Register(register + 2));
            track.be_caught(state, info.catchers[n].at, error, message);
            track
        };
        let retriers = (0..info.retriers.len()).map(retrier).collect();
        Ok(Raised { retriers, catchers: (0..info.catchers.len()).map(catcher).collect() })
    }

    /// Does what a reply comes to where its way begins.
    pub(super) fn settle(&mut self, track: &mut Track, links: &mut Vec<Link>) -> Followed<()> {
        match track.replied.take() {
            None => {}
            Some(Replied::Returned(task, register)) => {
                track.res = self.reply(track, task, Symbol::Register(register), links)?;
            }
            Some(Replied::Retried(ms)) => self.pass(track, links, ms),
        }
        Ok(())
    }

    /// Follows all ways from a call; the node at which they begin.
    pub(super) fn follow_replies(&mut self, ask: Ask, returned: Track, raised: Raised, depth: u32) -> NodeId {
        let then = self.follow(returned, depth);
        if then == MACHINE {
            return MACHINE;
        }
        let mut follow = |track: Track| match self.ops < RAISED_OPS_MAX {
            true => self.follow(track, depth),
            false => MACHINE,
        };
        let retriers = raised.retriers.into_iter().map(|way| way.map(|way| way.map_or(MACHINE, &mut follow)));
        let retriers = retriers.collect();
        let catchers = raised.catchers.into_iter().map(&mut follow).collect();
        self.node(Node::Ask(Box::new(Ask { then, retriers, catchers, ..ask })))
    }
}

impl Tracer<'_> {
    /// Finds out which calls' replies nothing is done with but to write them, when all else is known.
    pub(super) fn find_tails(&mut self) {
        for at in 0..self.nodes.len() {
            let Node::Ask(ask) = &self.nodes[at] else { continue };
            let tail = ask.find_tail(&self.nodes, &self.ends);
            if let Node::Ask(ask) = &mut self.nodes[at] {
                ask.tail = tail;
            }
        }
    }
}

/// An operand as a symbol again, so that what has been built is not built twice.
fn as_symbol(operand: Operand) -> Symbol {
    match operand {
        Operand::Input => Symbol::Input,
        Operand::Slot(slot) => Symbol::Slot(slot),
        Operand::Const(constant) => Symbol::Const(constant),
        Operand::Register(register) => Symbol::Register(register),
        Operand::Int(number) => Symbol::Int(number),
        Operand::Null => Symbol::Null,
    }
}

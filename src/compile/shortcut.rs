//! Follows a finished program to the ends that only its input decides, for the [`Shortcut`].
//!
//! The instructions are followed from the first one on with *symbols* in the place of values: the input, a slot, a
//! constant, an object built of symbols. Where the program branches on a value, both ways are followed. Objects that are
//! built only to be taken apart again, as a handler's event is, are never built: their members are the symbols that went
//! into them. Branches are followed one after the other, a Map's items once for all of them. What cannot be followed
//! (drawing random numbers, a child that fails) ends in [`Node::Machine`], and so does, when it is met at
//! run time, whatever would be an error, but for what a handler fails with on purpose.
//!
//! It must never change what the program does: a way that is not followed exactly is not followed at all.

mod asking;
mod calling;
mod children;
mod data;
mod failing;
mod kept;
mod symbol;
mod track;

use crate::program::choice::{Comparison, Subject, Table, TypeTest};
use crate::program::shortcut::{
    Ask, BranchTurn, Compute, Each, End, Ending, Item, Needs, Node, NodeId, Offspring, Operand, Part,
    REGISTER_DEPTH_MAX, Shortcut,
};
use crate::program::work::{Completion, Integration, Limit, Wait};
use crate::program::{Addr, Op, PathId, Program, Root, SlotId, TaskId, TestId};
use crate::value::path::Path;
use crate::value::text::write_string;
use asking::Raised;
use failing::Visit;
use std::rc::Rc;
use symbol::{Extent, Symbol};
use track::{Caller, Track};

/// The most instructions of one way; a loop that the input decides is unrolled up to here.
const WAY_OPS_MAX: u32 = 1_000;
/// The most decisions on one way.
const DECISIONS_MAX: u32 = 200;
/// With so many nodes nothing more is followed, but what leads there is still linked up.
const NODES_MAX: usize = 8_192;
/// The most instructions of all ways together, those that lead nowhere included.
const OPS_MAX: u32 = 200_000;
/// The most slots, the program's own included, that are looked for in each event.
const SLOTS_MAX: usize = 64;
/// What Lambda's answer to Invoke holds beside the payload, generously.
const RESPONSE_BYTES: u64 = 4_096;
/// How many numbers a UUID is made of.
const UUID_DRAWS: u64 = 2;
/// The most history events that one instruction stands for, if it stands for any.
const OP_EVENTS_MAX: u32 = 5;

const MACHINE: NodeId = 0;

/// Works out the program's shortcut; adds the slots and paths that it needs. Nothing is added if no way leads to an end.
pub(super) fn add(program: &mut Program) {
    let mut tracer = Tracer {
        slots: program.slots.to_vec(),
        paths: Vec::new(),
        nodes: vec![Node::Machine],
        ends: Vec::new(),
        outputs: Vec::new(),
        builds: Vec::new(),
        names: Vec::new(),
        most: Most::default(),
        needs: Needs::default(),
        ops: 0,
        wishes: Vec::new(),
        program,
    };
    let root = tracer.follow(Track::new(tracer.program), 0);
    if root == MACHINE {
        return;
    }
    tracer.keep_what_is_looked_at();
    tracer.find_tails();
    let Tracer { slots: all_slots, paths: more_paths, nodes, ends, names, most, mut needs, .. } = tracer;
    (needs.steps, needs.events) = (most.steps, most.events);
    let (registers, names) = (most.registers, names.into());
    program.slots = all_slots.into();
    program.paths = std::mem::take(&mut program.paths).into_vec().into_iter().chain(more_paths).collect();
    program.shortcut = Shortcut { nodes: nodes.into(), root, ends: ends.into(), registers, names, needs };
}

struct Tracer<'p> {
    program: &'p Program,
    slots: Vec<Box<[Box<str>]>>,
    paths: Vec<Path>,
    nodes: Vec<Node>,
    ends: Vec<End>,
    /// For each end the document there: of a Map's item, its output.
    outputs: Vec<Symbol>,
    /// Nodes that build no more than the output of a Map's item.
    builds: Vec<NodeId>,
    names: Vec<Box<str>>,
    most: Most,
    needs: Needs,
    ops: u32,
    /// What has to be opened before a Map begins, since all its items look into it.
    wishes: Vec<Symbol>,
}

/// What the ways of a tree take, at most.
#[derive(Default)]
struct Most {
    registers: u32,
    steps: u64,
    events: u32,
    /// Whether time passes.
    passes: bool,
    /// Whether functions are called.
    asks: bool,
}

/// A node that leads to one other, which is not known yet.
enum Link {
    Found(SlotId),
    Absent(SlotId),
    Compute {
        register: u32,
        what: Compute,
    },
    /// The same, for nothing but the output of a Map's item.
    Build {
        register: u32,
        what: Compute,
    },
    Member {
        from: u32,
        name: u32,
        path: PathId,
        taken: u32,
        register: u32,
    },
    Room {
        registers: Box<[u32]>,
        inputs: u64,
        bytes: u64,
    },
    Text(Operand),
    Pass(i64),
    Branch {
        register: u32,
        turn: BranchTurn,
        who: Offspring,
    },
    Each(Box<Each>),
}

/// The way cannot be followed.
struct Lost;

type Followed<T> = Result<T, Lost>;

/// How a stretch without decisions ends.
enum Turn {
    /// At a node that has been made.
    At(NodeId),
    /// At a decision between two ways.
    Either { node: Box<dyn FnOnce(NodeId, NodeId) -> Node>, ways: Box<(Track, Track)> },
    /// At a call, with the way on which something is returned and those of errors that are taken up.
    Ask { ask: Box<Ask>, returned: Box<Track>, raised: Box<Raised> },
    /// At a table.
    Switch { value: Operand, table: Table, track: Box<Track> },
}

impl Tracer<'_> {
    /// Follows all ways from here; the node at which they begin.
    fn follow(&mut self, mut track: Track, depth: u32) -> NodeId {
        let mut links = Vec::new();
        let last = match self.stretch(&mut track, &mut links, depth) {
            Err(Lost) => MACHINE,
            Ok(Turn::At(node)) => node,
            Ok(_) if depth >= DECISIONS_MAX => MACHINE,
            Ok(Turn::Either { node, ways }) => {
                let (yes, no) = *ways;
                let yes = self.follow(yes, depth + 1);
                let no = self.follow(no, depth + 1);
                if yes == MACHINE && no == MACHINE { MACHINE } else { self.node(node(yes, no)) }
            }
            Ok(Turn::Ask { ask, returned, raised }) => self.follow_replies(*ask, *returned, *raised, depth + 1),
            Ok(Turn::Switch { value, mut table, track }) => {
                let mut any = false;
                table.retarget(|to| {
                    let node = self.follow(Track { pc: to, ..(*track).clone() }, depth + 1);
                    any |= node != MACHINE;
                    Addr(node)
                });
                let otherwise = self.follow(*track, depth + 1);
                match any || otherwise != MACHINE {
                    true => self.node(Node::Switch { value, table: Box::new(table), otherwise }),
                    false => MACHINE,
                }
            }
        };
        if last == MACHINE {
            return MACHINE;
        }
        links.into_iter().rev().fold(last, |then, link| {
            if matches!(link, Link::Build { .. }) {
                self.builds.push(self.nodes.len() as NodeId);
            }
            self.node(match link {
                Link::Found(slot) => Node::Found { slot, then },
                Link::Absent(slot) => Node::Absent { slot, then },
                Link::Compute { register, what } | Link::Build { register, what } => {
                    Node::Compute { register, what, then }
                }
                Link::Member { from, name, path, taken, register } => {
                    Node::Member { from, name, path, taken, register, then }
                }
                Link::Room { registers, inputs, bytes } => Node::Room { registers, inputs, bytes, then },
                Link::Text(value) => Node::Text { value, then },
                Link::Pass(ms) => Node::Pass { ms, then },
                Link::Branch { register, turn, who } => Node::Branch { register, turn, who, then },
                Link::Each(each) => Node::Each(Box::new(Each { then, ..*each })),
            })
        })
    }

    fn node(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        (self.nodes.len() - 1) as NodeId
    }

    /// Follows the one way from here up to a decision or its end.
    fn stretch(&mut self, track: &mut Track, links: &mut Vec<Link>, depth: u32) -> Followed<Turn> {
        let program = self.program;
        self.settle(track, links)?;
        loop {
            (track.ops, self.ops) = (track.ops + 1, self.ops + 1);
            if track.ops > WAY_OPS_MAX || self.ops > OPS_MAX || self.nodes.len() >= NODES_MAX {
                return Err(Lost);
            }
            let op = program.ops()[track.pc.index()];
            track.pc = Addr(track.pc.0 + 1);
            match op {
                Op::Enter { state } => {
                    // A token is made when the state is entered.
                    if program.state(state).task_token {
                        return Err(Lost);
                    }
                    track.visits.push(state);
                    track.eff = track.doc.clone();
                    track.visit = Visit::of(state, program.state(state).retriers.len());
                    track.events += 1;
                }
                Op::Leave { with, to, .. } => {
                    track.events += 1;
                    let out = track.register(with).clone();
                    self.hold_to_limit(&out, 0, links)?;
                    if let Some((variables, values)) = track.assigned.take() {
                        for (variable, value) in program.assign(variables).iter().zip(values) {
                            track.variables[variable.index()] = Some(value);
                        }
                    }
                    track.doc = out;
                    track.pc = to;
                }
                Op::Jump { to } => track.pc = to,
                // The states of a way are known.
                Op::Count { .. } => {}
                Op::Finish {} => {
                    if let Some(caller) = track.caller.take() {
                        let task = caller.task;
                        let value = track.return_to(*caller);
                        track.res = self.reply(track, task, value, links)?;
                        track.events += OP_EVENTS_MAX;
                    } else if !track.frames.is_empty() {
                        self.end_branch(track, links)?;
                    } else if track.maps > 0 {
                        let (before, levels) = (links.len(), track.doc.levels());
                        let output = self.operand(track, links, track.doc.clone())?;
                        for link in &mut links[before..] {
                            if let Link::Compute { register, what } = link {
                                let what = std::mem::replace(what, Compute::Now);
                                *link = Link::Build { register: *register, what };
                            }
                        }
                        let text = track.doc.clone().into_parts(program)?.into();
                        return self.end(track, Ending::Item(Item { output, levels, text, members: Box::default() }));
                    } else {
                        let parts = track.doc.clone().into_parts(program)?;
                        return self.end(track, Ending::Succeeded(parts.into()));
                    }
                }
                Op::Fail { error, cause } => {
                    let cause = if cause { Some(track.pop()?) } else { None };
                    let error = if error { Some(track.pop()?) } else { None };
                    if track.caller.is_some() {
                        self.fail_handler(track, links, error, cause)?;
                        continue;
                    }
                    if track.maps > 0 || !track.frames.is_empty() {
                        return Err(Lost);
                    }
                    let error = self.operands(track, links, error)?.pop();
                    let cause = self.operands(track, links, cause)?.pop();
                    return self.end(track, Ending::Failed { error, cause });
                }
                Op::Const { value } => track.stack.push(Symbol::Const(value)),
                Op::Load { from } => {
                    let value = self.load(track, from)?;
                    track.stack.push(value);
                }
                Op::Path { from, path, blame } => {
                    let value = self.find(track, links, from, path, blame)?;
                    track.stack.push(value);
                }
                Op::Evaluate { expression, .. } => {
                    let value = self.query(track, links, expression)?;
                    track.stack.push(value);
                }
                Op::Object { shape } => {
                    let keys = program.shape(shape);
                    let values = track.pop_many(keys.len())?;
                    let object = Symbol::Object(keys.iter().cloned().zip(values).collect());
                    self.built(&object)?;
                    track.stack.push(object);
                }
                Op::Array { length } => {
                    let array = Symbol::Array(track.pop_many(length as usize)?.into());
                    self.built(&array)?;
                    track.stack.push(array);
                }
                Op::Call { function, arguments, .. } => {
                    let arguments = track.pop_many(usize::from(arguments))?;
                    let value = self.call(track, links, function, arguments)?;
                    track.stack.push(value);
                }
                Op::Store { to } => {
                    let value = track.pop()?;
                    *track.register(to) = value;
                }
                Op::Move { to, from } => {
                    let value = track.register(from).clone();
                    *track.register(to) = value;
                }
                Op::Place { path, .. } => {
                    let (base, value) = (track.doc.clone(), track.res.clone());
                    track.out = self.place(track, links, base, program.path(path).steps(), value)?;
                    let out = track.out.clone();
                    self.built(&out)?;
                }
                Op::Assign { variables } => {
                    let values = track.pop_many(program.assign(variables).len())?;
                    track.assigned = Some((variables, values));
                }
                Op::When { test, to } => {
                    let (mut yes, mut no) = (track.clone(), track.clone());
                    yes.pc = to;
                    if let Some(turn) = self.decide(track, links, test, &mut yes, &mut no)? {
                        return Ok(turn);
                    }
                }
                Op::Switch { table } => {
                    let table = program.table(table);
                    let value = match table.subject {
                        Subject::Path(from, path, blame) => self.find(track, links, from, path, blame)?,
                        Subject::Query(expression) => self.query(track, links, expression)?,
                    };
                    let value = self.operand(track, links, value)?;
                    return Ok(Turn::Switch { value, table: table.clone(), track: Box::new(track.clone()) });
                }
                Op::Invoke { task } => {
                    let Some(entry) = program.task(task).inlined else { return self.ask(track, links, task) };
                    let payload = self.payload(track, task)?;
                    let (doc, eff) = (track.doc.clone(), track.eff.clone());
                    let visit = std::mem::take(&mut track.visit);
                    let caller = Caller { pc: track.pc, doc, eff, stack: track.stack.len(), task, visit };
                    track.caller = Some(Box::new(caller));
                    track.events += OP_EVENTS_MAX;
                    (track.doc, track.pc) = (payload, entry);
                }
                Op::Begin { task, body } => {
                    self.payload(track, task)?;
                    track.inside = Some(task);
                    track.visits.push(body);
                    track.events += OP_EVENTS_MAX;
                }
                Op::Return { task } => {
                    let value = track.pop()?;
                    track.inside.take().ok_or(Lost)?;
                    track.res = self.reply(track, task, value, links)?;
                    track.events += OP_EVENTS_MAX;
                }
                Op::Fork { fork } => self.fork(track, links, fork, depth)?,
                // What a handler that takes long comes to, its task's limit decides.
                Op::Wait { wait } if track.caller.is_none() => match *program.wait(wait) {
                    Wait::Seconds(seconds) => {
                        let ms = i64::try_from(seconds.saturating_mul(1_000)).map_err(|_| Lost)?;
                        self.pass(track, links, ms);
                    }
                    _ => return Err(Lost),
                },
                // Only a failure leads here, or it is done by the machine alone.
                _ => return Err(Lost),
            }
        }
    }

    /// The end of a way.
    fn end(&mut self, track: &Track, result: Ending) -> Followed<Turn> {
        let most = &mut self.most;
        most.registers = most.registers.max(track.registers);
        // A retry is a step as well.
        most.steps = most.steps.max((track.visits.len() + track.troubles.len()) as u64);
        most.events = most.events.max(track.events);
        let (visits, troubles) = (track.visits.clone().into(), track.troubles.clone().into());
        self.ends.push(End { result, visits, troubles });
        self.outputs.push(track.doc.clone());
        let end = (self.ends.len() - 1) as u32;
        Ok(Turn::At(self.node(Node::End(end))))
    }

    /// Takes a task's arguments; what its handler is given.
    fn payload(&mut self, track: &mut Track, id: TaskId) -> Followed<Symbol> {
        let task = self.program.task(id);
        let simple = matches!(task.timeout, Limit::None | Limit::Literal(_))
            && matches!(task.heartbeat, Limit::None | Limit::Literal(_))
            && !task.credentials
            && task.completion == Completion::Response;
        if !simple {
            return Err(Lost);
        }
        let arguments = track.pop()?;
        match (task.integration, &arguments) {
            (Integration::Function | Integration::Service | Integration::Activity, _) => Ok(arguments),
            (Integration::LambdaInvoke, Symbol::Object(members))
                if members.iter().all(|(key, _)| &**key != "InvocationType") =>
            {
                members.iter().find(|(key, _)| &**key == "Payload").map(|(_, value)| value.clone()).ok_or(Lost)
            }
            _ => Err(Lost),
        }
    }

    /// A handler's reply as the task's result.
    fn reply(&mut self, track: &mut Track, task: TaskId, value: Symbol, links: &mut Vec<Link>) -> Followed<Symbol> {
        match self.program.task(task).integration {
            Integration::Function | Integration::Service | Integration::Activity => {
                self.hold_to_limit(&value, 0, links)?;
                Ok(value)
            }
            Integration::LambdaInvoke => {
                self.hold_to_limit(&value, RESPONSE_BYTES, links)?;
                // The id of the request.
                track.draws += UUID_DRAWS;
                Ok(Symbol::Response(Rc::new(value)))
            }
        }
    }

    /// Sees to it that a document keeps the limit on its size.
    fn hold_to_limit(&mut self, document: &Symbol, more: u64, links: &mut Vec<Link>) -> Followed<()> {
        let Extent { inputs, bytes, registers, .. } = document.extent(self.program)?;
        let bytes = bytes.saturating_add(more);
        if registers.is_empty() {
            self.needs.inputs = self.needs.inputs.max(inputs);
            self.needs.bytes = self.needs.bytes.max(bytes);
        } else {
            // Earlier documents that are parts of this one need not be looked at, unless functions are called in between:
            // they must not be if a document is too large.
            let called = links.iter().rposition(|link| matches!(link, Link::Each(each) if each.asks));
            let mut at = 0;
            links.retain(|link| {
                at += 1;
                match link {
                    Link::Room { registers: part, inputs: part_inputs, bytes: part_bytes } => {
                        called.is_some_and(|called| at <= called)
                            || *part_inputs > inputs
                            || *part_bytes > bytes
                            || part.iter().any(|r| !registers.contains(r))
                    }
                    _ => true,
                }
            });
            links.push(Link::Room { registers: registers.into(), inputs, bytes });
        }
        Ok(())
    }

    /// Sees to it that a value keeps the limit on nesting.
    fn built(&mut self, value: &Symbol) -> Followed<()> {
        let depth = value.extent(self.program)?.depth;
        self.needs.depth = self.needs.depth.max(depth);
        Ok(())
    }

    /// A decision on a test; nothing, if it is decided already and `track` goes on.
    fn decide(
        &mut self,
        track: &mut Track,
        links: &mut Vec<Link>,
        id: TestId,
        yes: &mut Track,
        no: &mut Track,
    ) -> Followed<Option<Turn>> {
        let test = self.program.test(id);
        if let Comparison::Is(TypeTest::IsPresent, expected) = test.comparison {
            let path = self.program.path(test.path);
            let slot = match test.from {
                Root::Slot(slot) => Some(slot),
                from => match self.load(track, from).and_then(|root| self.descend(root, test.path, 0))? {
                    (Symbol::Slot(slot), taken) if taken == path.steps().len() => Some(slot),
                    (_, taken) if taken == path.steps().len() => None,
                    (Symbol::Object(_), _) if path.is_reference() => {
                        *track = if expected { no.clone() } else { yes.clone() };
                        return Ok(None);
                    }
                    (Symbol::Register(from), taken) => {
                        return self.leads(track, (Operand::Register(from), test.path, taken), expected, yes, no);
                    }
                    _ => return Err(Lost),
                },
            };
            let known = match slot {
                None => Some(true),
                Some(slot) if track.found.contains(&slot) => Some(true),
                Some(slot) if track.absent.contains(&slot) => Some(false),
                Some(_) => None,
            };
            return match (known, slot) {
                (Some(present), _) => {
                    *track = if present == expected { yes.clone() } else { no.clone() };
                    Ok(None)
                }
                (None, Some(slot)) => {
                    let (present, absent) = if expected { (yes, no) } else { (no, yes) };
                    present.found.push(slot);
                    let ways = Box::new((present.clone(), absent.clone()));
                    let node = Box::new(move |yes, no| Node::Present { slot, yes, no });
                    Ok(Some(Turn::Either { node, ways }))
                }
                (None, None) => Err(Lost),
            };
        }
        let mut ask = |tracer: &mut Self, from, path, blame| {
            let value = tracer.find(track, links, from, path, blame)?;
            tracer.operand(track, links, value)
        };
        let value = ask(self, test.from, test.path, test.blame)?;
        let other = match test.comparison {
            Comparison::Against(_, _, root, path, blame) => Some(ask(self, root, path, blame)?),
            _ => None,
        };
        yes.know_as(track);
        no.know_as(track);
        let node = Box::new(move |yes, no| Node::Holds { test: id, value, other, yes, no });
        Ok(Some(Turn::Either { node, ways: Box::new((yes.clone(), no.clone())) }))
    }
}

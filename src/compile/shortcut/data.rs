//! Paths, ResultPath and built values, in symbols.
//!
//! What a path leads to is told as far as symbols go; from there on it is computed at run time. It must never tell of
//! something that is not there: what may be missing is asked for first ([`Link::Found`], [`Link::Absent`]).

use super::symbol::Symbol;
use super::{Followed, Link, Lost, SLOTS_MAX, Tracer, Track, Turn};
use crate::program::expression::Global;
use crate::program::shortcut::{Compute, Members, Node, Operand};
use crate::program::state::StateType;
use crate::program::{Blame, BlameId, ExpressionId, PathId, Root, SlotId};
use crate::value::path::{Path, Step};
use crate::value::text::needs_escape;
use crate::value::{Keys, Value};
use std::rc::Rc;

impl Tracer<'_> {
    pub(super) fn load(&mut self, track: &mut Track, from: Root) -> Followed<Symbol> {
        match from {
            Root::Register(register) => Ok(track.register(register).clone()),
            Root::Variable(variable) => track.variables[variable.index()].clone().ok_or(Lost),
            Root::Slot(_) => Ok(Symbol::Input),
            Root::Outer => track.outer.clone().ok_or(Lost),
            Root::Context => Err(Lost),
        }
    }

    /// What a path finds; where it would find nothing the machine is asked.
    pub(super) fn find(
        &mut self,
        track: &mut Track,
        links: &mut Vec<Link>,
        from: Root,
        path: PathId,
        blame: BlameId,
    ) -> Followed<Symbol> {
        if let Root::Slot(slot) = from {
            self.need(track, links, slot);
            return Ok(Symbol::Slot(slot));
        }
        let program = self.program;
        let whole = program.path(path);
        let (root, first) = match from {
            Root::Context => self.context(track, links, whole.steps())?,
            _ => (self.load(track, from)?, 0),
        };
        let (here, taken) = self.descend(root, path, first)?;
        let rest = &whole.steps()[taken..];
        match (&here, rest) {
            (Symbol::Slot(slot), []) => {
                self.need(track, links, *slot);
                Ok(here)
            }
            (_, []) => Ok(here),
            // As the last step, several names give an object of those that are there.
            (Symbol::Object(members), [Step::Members(names)])
                if names.iter().all(|name| members.iter().any(|(key, _)| key == name)) =>
            {
                let mut picked: Vec<(Box<str>, Symbol)> = Vec::new();
                for name in names {
                    if let Some(member) = members.iter().find(|(key, _)| key == name)
                        && picked.iter().all(|(key, _)| key != name)
                    {
                        picked.push(member.clone());
                    }
                }
                Ok(Symbol::Object(picked.into()))
            }
            // A member that an object of known members lacks is an error, which the machine tells of.
            (Symbol::Object(_), [Step::Member(_), ..]) => Err(Lost),
            _ => {
                if taken > 0 && whole.asks_for_document() {
                    return Err(Lost);
                }
                let from = match here {
                    Symbol::Slot(_) | Symbol::Input => self.opened(track, links, here)?,
                    _ => self.operand(track, links, here)?,
                };
                // An index past an array's end gives null everywhere but to an intrinsic function.
                let existing = matches!(program.blame(blame), Blame::Argument { .. })
                    && matches!(whole.steps().last(), Some(Step::Index(_)));
                let rest = if taken == 0 { path } else { self.path(whole.rest(taken)) };
                let selected = (from, rest, existing);
                if let Some((_, register)) = track.selected.iter().find(|(known, _)| *known == selected) {
                    return Ok(Symbol::Register(*register));
                }
                let taken = taken as u32;
                let value = match (from, self.member(rest)) {
                    (Operand::Register(from), Some(name)) => {
                        let register = track.new_register();
                        links.push(Link::Member { from, name, path: rest, taken, register });
                        Symbol::Register(register)
                    }
                    _ => self.compute(track, links, Compute::Select { from, path: rest, existing, taken }),
                };
                if let Symbol::Register(register) = value {
                    track.selected.push((selected, register));
                }
                Ok(value)
            }
        }
    }

    /// What a JSONata expression finds that is nothing but a path; where it would find nothing the machine is asked, and
    /// so it is where an array is on the way, whose elements' fields are meant then.
    pub(super) fn query(
        &mut self,
        track: &mut Track,
        links: &mut Vec<Link>,
        expression: ExpressionId,
    ) -> Followed<Symbol> {
        let (global, names) = self.program.expression(expression).bare().ok_or(Lost)?;
        let root = match global {
            Global::Root(Root::Slot(slot)) => Symbol::Slot(slot),
            Global::Root(root) => self.load(track, root)?,
            Global::Variable(variable) => self.load(track, Root::Variable(variable))?,
            _ => return Err(Lost),
        };
        let mut found = root;
        for (n, name) in names.iter().enumerate() {
            if let Symbol::Object(members) | Symbol::Extended(_, members) = &found
                && let Some((_, value)) = members.iter().find(|(key, _)| key == name)
            {
                found = value.clone();
                continue;
            }
            found = match &found {
                Symbol::Input | Symbol::Slot(_) => self.slot_below(&found, name).map(Symbol::Slot).ok_or(Lost)?,
                Symbol::Extended(base, _) => self.slot_below(base, name).map(Symbol::Slot).ok_or(Lost)?,
                Symbol::Response(payload) if &**name == "Payload" => (**payload).clone(),
                Symbol::Register(register) => {
                    let (from, names) = (Operand::Register(*register), names[n..].into());
                    return Ok(self.compute(track, links, Compute::Members { from, names }));
                }
                _ => return Err(Lost),
            };
        }
        if let Symbol::Slot(slot) = found {
            self.need(track, links, slot);
        }
        Ok(found)
    }

    /// What the context object has at the beginning of a path, and how many steps of it that takes.
    fn context(&mut self, track: &mut Track, links: &mut Vec<Link>, steps: &[Step]) -> Followed<(Symbol, usize)> {
        let mut names = steps.iter().map_while(|step| match step {
            Step::Member(name) => Some(&**name),
            _ => None,
        });
        self.needs.context = true;
        match [names.next(), names.next(), names.next()] {
            [Some("Map"), Some("Item"), Some(part @ ("Index" | "Value"))] => {
                let (item, index) = track.item.ok_or(Lost)?;
                Ok((Symbol::Register(if part == "Index" { index } else { item }), 3))
            }
            [Some("State"), Some("RetryCount"), _] => {
                let kind = self.program.state(track.visit.state.ok_or(Lost)?).kind;
                match kind {
                    StateType::Task | StateType::Map | StateType::Parallel => {
                        Ok((Symbol::Int(track.visit.retry_count), 2))
                    }
                    _ => Err(Lost),
                }
            }
            [Some("State"), Some("EnteredTime"), _] if track.visit.state.is_some() && track.visit.is_fresh => {
                Ok((self.compute(track, links, Compute::Now), 2))
            }
            [Some("Execution"), Some("Input"), _] => Ok((Symbol::Input, 2)),
            _ => Err(Lost),
        }
    }

    /// A decision on whether a path leads anywhere from a computed value; nothing, if that is known.
    pub(super) fn leads(
        &mut self,
        track: &mut Track,
        (from, path, taken): (Operand, PathId, usize),
        expected: bool,
        yes: &mut Track,
        no: &mut Track,
    ) -> Followed<Option<Turn>> {
        let whole = self.program.path(path);
        if taken > 0 && whole.asks_for_document() {
            return Err(Lost);
        }
        let path = if taken == 0 { path } else { self.path(whole.rest(taken)) };
        let selected = (from, path, false);
        let (present, absent) = if expected { (yes, no) } else { (no, yes) };
        if track.selected.iter().any(|(known, _)| *known == selected) {
            *track = present.clone();
            return Ok(None);
        }
        let register = track.new_register();
        present.know_as(track);
        absent.know_as(track);
        present.selected.push((selected, register));
        let taken = taken as u32;
        let ways = (present.clone(), absent.clone());
        let ways = Box::new(if expected { ways } else { (ways.1, ways.0) });
        let name = self.member(path);
        let node = Box::new(move |yes, no| {
            let (yes, no) = if expected { (yes, no) } else { (no, yes) };
            match (from, name) {
                (Operand::Register(from), Some(name)) => Node::Has { from, name, path, taken, register, yes, no },
                _ => Node::Leads { from, path, taken, register, yes, no },
            }
        });
        Ok(Some(Turn::Either { node, ways }))
    }

    /// Takes the steps of a path that lead to a symbol, after the first so many; which, and how many steps that takes.
    pub(super) fn descend(&mut self, root: Symbol, path: PathId, first: usize) -> Followed<(Symbol, usize)> {
        let program = self.program;
        let steps = program.path(path).steps();
        let mut here = root;
        for (taken, step) in steps.iter().enumerate().skip(first) {
            if let (Symbol::Array(items), Step::Index(index)) = (&here, step) {
                let item = usize::try_from(*index).ok().and_then(|index| items.get(index)).ok_or(Lost)?;
                here = item.clone();
                continue;
            }
            let Step::Member(name) = step else { return Ok((here, taken)) };
            let next = match &here {
                Symbol::Input | Symbol::Slot(_) => match self.slot_below(&here, name) {
                    Some(slot) => Symbol::Slot(slot),
                    None => return Ok((here, taken)),
                },
                Symbol::Object(members) => match members.iter().find(|(key, _)| key == name) {
                    Some((_, value)) => value.clone(),
                    None => return Ok((here, taken)),
                },
                Symbol::Extended(base, members) => match members.iter().find(|(key, _)| key == name) {
                    Some((_, value)) => value.clone(),
                    None => match self.slot_below(base, name) {
                        Some(slot) => Symbol::Slot(slot),
                        None => return Err(Lost),
                    },
                },
                Symbol::Response(payload) if &**name == "Payload" => (**payload).clone(),
                Symbol::Const(_) | Symbol::Register(_) => return Ok((here, taken)),
                Symbol::Response(_)
                | Symbol::Array(_)
                | Symbol::Null
                | Symbol::Int(_)
                | Symbol::Text(_)
                | Symbol::Cause(_) => return Err(Lost),
            };
            here = next;
        }
        Ok((here, steps.len()))
    }

    /// The slot of a member of what the input or a slot holds.
    fn slot_below(&mut self, base: &Symbol, name: &str) -> Option<SlotId> {
        let mut names: Vec<Box<str>> = match base {
            Symbol::Input => Vec::new(),
            Symbol::Slot(slot) => self.slots[slot.index()].to_vec(),
            _ => return None,
        };
        names.push(name.into());
        let known = self.slots.iter().position(|slot| **slot == *names);
        if known.is_none() && self.slots.len() >= SLOTS_MAX {
            return None;
        }
        let at = known.unwrap_or_else(|| {
            self.slots.push(names.into());
            self.slots.len() - 1
        });
        Some(SlotId(at as u32))
    }

    fn need(&mut self, track: &mut Track, links: &mut Vec<Link>, slot: SlotId) {
        if !track.found.contains(&slot) {
            track.found.push(slot);
            links.push(Link::Found(slot));
        }
    }

    /// The input, or what is in a slot, to be looked into: opened once on each way, and not for each item of a Map.
    pub(super) fn opened(&mut self, track: &mut Track, links: &mut Vec<Link>, symbol: Symbol) -> Followed<Operand> {
        self.opened_for(track, links, symbol, false)
    }

    /// The same, perhaps for the items of a Map.
    pub(super) fn opened_for(
        &mut self,
        track: &mut Track,
        links: &mut Vec<Link>,
        symbol: Symbol,
        items: bool,
    ) -> Followed<Operand> {
        if let Symbol::Slot(slot) = symbol {
            self.need(track, links, slot);
        }
        let from = self.operand(track, links, symbol.clone())?;
        if let Some((_, register)) = track.opened.iter().find(|(known, _)| *known == from) {
            return Ok(Operand::Register(*register));
        }
        if track.maps > 0 {
            self.wishes.push(symbol);
            return Err(Lost);
        }
        let opened = self.built_operand(track, links, Compute::Open { from, items });
        if let Operand::Register(register) = opened {
            track.opened.push((from, register));
        }
        Ok(opened)
    }

    /// A document with a value written into it.
    pub(super) fn place(
        &mut self,
        track: &mut Track,
        links: &mut Vec<Link>,
        base: Symbol,
        steps: &[Step],
        value: Symbol,
    ) -> Followed<Symbol> {
        let Some((step, rest)) = steps.split_first() else { return Ok(value) };
        let Step::Member(name) = step else { return Err(Lost) };
        match base {
            Symbol::Object(members) => {
                let mut members = members.to_vec();
                match members.iter_mut().find(|(key, _)| key == name) {
                    Some((_, inner)) => *inner = self.place(track, links, inner.clone(), rest, value)?,
                    None => members.push((name.clone(), nested(rest, value)?)),
                }
                Ok(Symbol::Object(members.into()))
            }
            Symbol::Input | Symbol::Slot(_) => {
                self.extend(track, links, &base, name)?;
                Ok(Symbol::Extended(Rc::new(base), [(name.clone(), nested(rest, value)?)].into()))
            }
            Symbol::Extended(base, members) => {
                let mut members = members.to_vec();
                match members.iter_mut().find(|(key, _)| key == name) {
                    Some((_, inner)) => *inner = self.place(track, links, inner.clone(), rest, value)?,
                    None => {
                        self.extend(track, links, &base, name)?;
                        members.push((name.clone(), nested(rest, value)?));
                    }
                }
                Ok(Symbol::Extended(base, members.into()))
            }
            Symbol::Register(_) | Symbol::Const(_) => {
                let path = self.path(Path::of_steps(steps.to_vec()));
                let base = self.operand(track, links, base)?;
                let value = self.operand(track, links, value)?;
                Ok(self.compute(track, links, Compute::Place { base, path, value }))
            }
            Symbol::Array(_)
            | Symbol::Response(_)
            | Symbol::Null
            | Symbol::Int(_)
            | Symbol::Text(_)
            | Symbol::Cause(_) => Err(Lost),
        }
    }

    /// Sees to it that the input, or what is in a slot, is an object without such a member.
    fn extend(&mut self, track: &mut Track, links: &mut Vec<Link>, base: &Symbol, name: &str) -> Followed<()> {
        let slot = self.slot_below(base, name).ok_or(Lost)?;
        if track.found.contains(&slot) {
            return Err(Lost);
        }
        if !track.absent.contains(&slot) {
            track.absent.push(slot);
            links.push(Link::Absent(slot));
        }
        Ok(())
    }

    /// The name of the member that a path leads to, if that is all of it.
    fn member(&mut self, path: PathId) -> Option<u32> {
        let [Step::Member(name)] = self.path_of(path).steps() else { return None };
        let name = name.clone();
        let at = self.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        Some(at as u32)
    }

    /// A path of the program's or of the tree's own.
    pub(super) fn path_of(&self, path: PathId) -> &Path {
        let known = self.program.paths.len();
        path.index().checked_sub(known).map_or_else(|| self.program.path(path), |own| &self.paths[own])
    }

    pub(super) fn path(&mut self, path: Path) -> PathId {
        let at = self.paths.iter().position(|known| *known == path).unwrap_or_else(|| {
            self.paths.push(path);
            self.paths.len() - 1
        });
        PathId((self.program.paths.len() + at) as u32)
    }

    pub(super) fn compute(&mut self, track: &mut Track, links: &mut Vec<Link>, what: Compute) -> Symbol {
        let register = track.new_register();
        links.push(Link::Compute { register, what });
        Symbol::Register(register)
    }

    pub(super) fn operands(
        &mut self,
        track: &mut Track,
        links: &mut Vec<Link>,
        symbols: impl IntoIterator<Item = Symbol>,
    ) -> Followed<Vec<Operand>> {
        symbols.into_iter().map(|symbol| self.operand(track, links, symbol)).collect()
    }

    /// The members of an object that is to be built.
    pub(super) fn members(
        &mut self,
        track: &mut Track,
        links: &mut Vec<Link>,
        symbols: &[(Box<str>, Symbol)],
    ) -> Followed<Members> {
        let mut members = Vec::with_capacity(symbols.len());
        for (key, value) in symbols {
            members.push((key.clone(), self.operand(track, links, value.clone())?));
        }
        let keys = Value::bytes_around(members.iter().map(|(key, _)| &**key));
        let fetches = members.iter().any(|(_, operand)| operand.is_fetched());
        let is_plain = members.iter().all(|(key, _)| !needs_escape(key.as_bytes()));
        let names = if is_plain { Keys::Constant } else { Keys::Any };
        Ok(Members { members: members.into(), names, keys, fetches })
    }

    /// A symbol as a value: what is put together of others is built.
    pub(super) fn operand(&mut self, track: &mut Track, links: &mut Vec<Link>, symbol: Symbol) -> Followed<Operand> {
        Ok(match symbol {
            Symbol::Input => Operand::Input,
            Symbol::Slot(slot) => Operand::Slot(slot),
            Symbol::Const(constant) => Operand::Const(constant),
            Symbol::Register(register) => Operand::Register(register),
            Symbol::Int(number) => Operand::Int(number),
            Symbol::Null => Operand::Null,
            Symbol::Text(pieces) => {
                if let Some((_, register)) = track.made.iter().find(|(known, _)| Rc::ptr_eq(known, &pieces)) {
                    return Ok(Operand::Register(*register));
                }
                let made = self.built_operand(track, links, Compute::Format { pieces: (*pieces).into() });
                if let Operand::Register(register) = made {
                    track.made.push((pieces, register));
                }
                made
            }
            Symbol::Object(members) => {
                let members = self.members(track, links, &members)?;
                self.built_operand(track, links, Compute::Object(members))
            }
            Symbol::Array(items) => {
                let items = self.operands(track, links, items.iter().cloned())?.into();
                self.built_operand(track, links, Compute::Array { items })
            }
            Symbol::Extended(base, members) => {
                let mut base = self.operand(track, links, (*base).clone())?;
                for (key, value) in members.iter() {
                    let value = self.operand(track, links, value.clone())?;
                    let path = self.path(Path::of_steps(vec![Step::Member(key.clone())]));
                    base = self.built_operand(track, links, Compute::Place { base, path, value });
                }
                base
            }
            Symbol::Response(_) | Symbol::Cause(_) => return Err(Lost),
        })
    }

    fn built_operand(&mut self, track: &mut Track, links: &mut Vec<Link>, what: Compute) -> Operand {
        match self.compute(track, links, what) {
            Symbol::Register(register) => Operand::Register(register),
            _ => Operand::Null,
        }
    }
}

/// What ResultPath makes where nothing was: objects around the value.
fn nested(steps: &[Step], value: Symbol) -> Followed<Symbol> {
    steps.iter().rev().try_fold(value, |value, step| match step {
        Step::Member(name) => Ok(Symbol::Object([(name.clone(), value)].into())),
        _ => Err(Lost),
    })
}

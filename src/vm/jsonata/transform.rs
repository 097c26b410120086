//! `|pattern|update, delete|`: a copy of a value with changes where the pattern leads.
//!
//! The copy consists of built objects, so that an object that the pattern finds is known by its address; changes are
//! noted by address, and the result is put together at the end. A match sees what the matches before it have changed.

use super::error::EvaluationError;
use super::frame::Frame;
use super::machine::{Asked, Flow, Machine, Scope};
use super::query::{self, List, letter};
use super::{Evaluated, text};
use crate::program::expression::Expression;
use crate::value::{Arena, Member, Object, Value};
use std::collections::HashMap;

/// A transform under way.
pub(super) struct Transforming<'a> {
    id: u32,
    /// The registers to restore.
    code: &'a Expression,
    pc: usize,
    scope: Option<&'a Scope<'a>>,
    context: Value<'a>,
    /// The scope that its bodies see.
    inner: Option<&'a Scope<'a>>,
    copy: Value<'a>,
    matches: &'a [Value<'a>],
    next: usize,
    stage: Stage,
    changed: HashMap<usize, Value<'a>>,
    asked: Asked,
}

#[derive(Clone, Copy)]
enum Stage {
    Pattern,
    Update,
    Delete,
}

impl<'a> Machine<'a, '_> {
    pub fn transform(
        &mut self,
        code: &'a Expression,
        id: u32,
        inner: Option<&'a Scope<'a>>,
        _context: Value<'a>,
        arguments: &'a [Value<'a>],
        asked: Asked,
    ) -> Evaluated<Flow<'a>> {
        let value = arguments.first().copied().unwrap_or(Value::Undefined);
        if matches!(value, Value::Undefined) {
            return Ok(Flow::Return(value, asked));
        }
        if arguments.len() > 1 || !matches!(letter(value), b'o' | b'a') {
            return Err(EvaluationError::new("T0410", "", if arguments.len() > 1 { "2" } else { "1" }));
        }
        self.burn(1 + value.size().bytes_max / 16)?;
        let copy = copy(value, self.arena);
        let frame = Transforming {
            id,
            code: self.code,
            pc: self.pc,
            scope: self.scope,
            context: self.context,
            inner,
            copy,
            matches: &[],
            next: 0,
            stage: Stage::Pattern,
            changed: HashMap::new(),
            asked,
        };
        self.frames.push(Frame::Transform(Box::new(frame)));
        (self.code, self.scope, self.context) = (code, inner, copy);
        self.pc = code.transforms[id as usize].pattern.0 as usize;
        Ok(Flow::Code)
    }

    pub fn transformed(&mut self, value: Option<Value<'a>>) -> Evaluated<Flow<'a>> {
        let arena = self.arena;
        let Some(Frame::Transform(mut frame)) = self.frames.pop() else { return Ok(Flow::Code) };
        let value = value.unwrap_or(Value::Undefined);
        let bodies = &self.code.transforms[frame.id as usize];
        let mut stage = Stage::Update;
        match frame.stage {
            Stage::Pattern => {
                frame.matches = match value {
                    Value::Undefined => &[],
                    _ => query::items(value, arena),
                };
            }
            Stage::Update => {
                frame.update(value, arena)?;
                match bodies.delete {
                    Some(_) => stage = Stage::Delete,
                    None => frame.next += 1,
                }
            }
            Stage::Delete => {
                frame.delete(value, arena)?;
                frame.next += 1;
            }
        }
        self.burn(1)?;
        match frame.matches.get(frame.next) {
            Some(found) => {
                self.context = renewed(*found, &frame.changed, arena);
                self.scope = frame.inner;
                let body = match (stage, bodies.delete) {
                    (Stage::Delete, Some(delete)) => delete,
                    _ => bodies.update,
                };
                self.pc = body.0 as usize;
                frame.stage = stage;
                self.frames.push(Frame::Transform(frame));
                Ok(Flow::Code)
            }
            None => {
                (self.code, self.pc, self.scope, self.context) = (frame.code, frame.pc, frame.scope, frame.context);
                let result = self.built(renewed(frame.copy, &frame.changed, arena))?;
                Ok(Flow::Return(result, frame.asked))
            }
        }
    }
}

impl<'a> Transforming<'a> {
    /// The object that is being changed, and where it is known.
    fn target(&self, arena: &'a Arena) -> Option<(usize, &'a [Member<'a>])> {
        let Value::Object(object) = self.matches.get(self.next)? else { return None };
        let at = address(object);
        Some((at, self.changed.get(&at).copied().unwrap_or(Value::Object(object)).members(arena)?))
    }

    fn update(&mut self, value: Value<'a>, arena: &'a Arena) -> Evaluated<()> {
        match letter(value) {
            b'm' => return Ok(()),
            b'o' => {}
            _ => return Err(EvaluationError::new("T2011", "", &text::quoted(value, arena))),
        }
        if let (Some((at, members)), Some(new)) = (self.target(arena), value.members(arena)) {
            // A copy, so that nothing that is noted as changed can come to lie within itself.
            let new = new.iter().map(|m| Member { key: m.key, value: copy(m.value, arena) });
            let merged = query::object(members.iter().copied().chain(new), arena);
            self.changed.insert(at, merged);
        }
        Ok(())
    }

    fn delete(&mut self, value: Value<'a>, arena: &'a Arena) -> Evaluated<()> {
        if matches!(value, Value::Undefined) {
            return Ok(());
        }
        let names: Option<Vec<&str>> = query::items(value, arena).iter().map(|name| name.as_str(arena)).collect();
        let Some(names) = names else {
            return Err(EvaluationError::new("T2012", "", &text::quoted(value, arena)));
        };
        if let Some((at, members)) = self.target(arena) {
            let rest = members.iter().copied().filter(|m| !names.contains(&m.key));
            self.changed.insert(at, query::object(rest, arena));
        }
        Ok(())
    }
}

fn address(object: &Object) -> usize {
    std::ptr::from_ref(object) as usize
}

/// The value made of built nodes, every object at an address of its own.
fn copy<'a>(value: Value<'a>, arena: &'a Arena) -> Value<'a> {
    if let Some(elements) = value.elements(arena) {
        let mut items = List::with_capacity_in(elements.len(), arena);
        items.extend(elements.iter().map(|element| copy(*element, arena)));
        return Value::flagged(arena, items.into_bump_slice(), query::flags(value));
    }
    match value.members(arena) {
        Some(members) => {
            let copied = members.iter().map(|m| Member { key: m.key, value: copy(m.value, arena) });
            Value::object(arena, arena.alloc_slice_fill_iter(copied.collect::<Vec<_>>()))
        }
        None => value,
    }
}

/// The value with the noted changes in their places.
fn renewed<'a>(value: Value<'a>, changed: &HashMap<usize, Value<'a>>, arena: &'a Arena) -> Value<'a> {
    if changed.is_empty() {
        return value;
    }
    match value {
        Value::Array(array) => {
            let mut items = List::with_capacity_in(array.items.len(), arena);
            items.extend(array.items.iter().map(|item| renewed(*item, changed, arena)));
            Value::flagged(arena, items.into_bump_slice(), array.flags)
        }
        Value::Object(object) => {
            let now = changed.get(&address(object)).copied().unwrap_or(value);
            let members = now.members(arena).unwrap_or_default();
            let mut renewed_members = bumpalo::collections::Vec::with_capacity_in(members.len(), arena);
            renewed_members
                .extend(members.iter().map(|m| Member { key: m.key, value: renewed(m.value, changed, arena) }));
            Value::object(arena, renewed_members.into_bump_slice())
        }
        other => other,
    }
}

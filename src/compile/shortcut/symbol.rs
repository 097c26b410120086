//! What stands for a value while a program is followed.

use super::{Followed, Lost, Operand, Part, REGISTER_DEPTH_MAX, write_string};
use crate::program::shortcut::{Piece, Text};
use crate::program::{ConstId, Program, SlotId};
use crate::value::{Arena, Value};
use std::rc::Rc;

/// The members of an object whose keys are known.
pub(super) type Members = Rc<[(Box<str>, Symbol)]>;

/// A value that is known by where it comes from.
#[derive(Clone, Debug)]
pub(super) enum Symbol {
    /// The whole input.
    Input,
    /// What is at a slot's path, which has been found.
    Slot(SlotId),
    /// A constant.
    Const(ConstId),
    /// A computed value.
    Register(u32),
    /// `null`
    Null,
    /// A number.
    Int(u32),
    /// The cause that Lambda gives for an error with this message, which has an id in it that is made up: nobody may look.
    Cause(Rc<Symbol>),
    /// A text of these, none of them a constant, which is put together where somebody looks at it.
    Text(Rc<[Piece]>),
    /// An object of these members.
    Object(Members),
    /// An array.
    Array(Rc<[Symbol]>),
    /// The input, or the object in a slot, with more members, which it is known to lack.
    Extended(Rc<Symbol>, Members),
    /// Lambda's answer to Invoke, with this payload; as a whole it holds random numbers.
    Response(Rc<Symbol>),
}

/// How large a symbol's value can be.
#[derive(Clone, Debug, Default)]
pub(super) struct Extent {
    /// How often the input's text may be in it.
    pub inputs: u64,
    /// Bytes of all else, computed values not counted.
    pub bytes: u64,
    /// Levels of built values.
    pub depth: u32,
    /// The computed values in it.
    pub registers: Vec<u32>,
}

impl Extent {
    fn add(&mut self, other: Extent) {
        self.inputs = self.inputs.saturating_add(other.inputs);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.depth = self.depth.max(other.depth);
        self.registers.extend(other.registers);
    }

    fn member(&mut self, key: &str, value: &Symbol, program: &Program) -> Followed<()> {
        // A character takes at most six bytes.
        self.bytes = self.bytes.saturating_add(6 * key.len() as u64 + 4);
        self.add(value.extent(program)?);
        Ok(())
    }
}

/// Nesting that is not followed further.
const DEPTH_MAX: u32 = 64;
/// More members and elements than this are not followed.
const NODES_MAX: usize = 4_096;

impl Symbol {
    /// How large the value can be.
    pub fn extent(&self, program: &Program) -> Followed<Extent> {
        let mut extent = Extent::default();
        match self {
            Symbol::Input | Symbol::Slot(_) => extent.inputs = 1,
            Symbol::Const(id) => extent.bytes = program.constant(*id).text.len() as u64,
            Symbol::Null => extent.bytes = 4,
            Symbol::Int(_) => extent.bytes = 10,
            Symbol::Cause(message) => {
                // A text in a text: a character of it takes at most seven bytes, of six that were counted.
                let message = message.extent(program)?;
                extent.bytes = message.bytes.saturating_mul(8);
                extent.add(message.clone());
                extent.add(message);
                extent.bytes = extent.bytes.saturating_add(super::RESPONSE_BYTES);
            }
            Symbol::Register(register) => {
                extent.registers.push(*register);
                extent.depth = REGISTER_DEPTH_MAX;
            }
            Symbol::Text(pieces) => {
                extent.bytes = 2;
                for piece in pieces.iter() {
                    match piece {
                        Piece::Text(text) => extent.bytes = extent.bytes.saturating_add(6 * text.len() as u64),
                        // The text form of an array has more blanks in it than its JSON.
                        Piece::Value(Operand::Register(register)) => extent.registers.extend([*register; 2]),
                        Piece::Value(_) => extent.inputs = extent.inputs.saturating_add(2),
                    }
                }
            }
            Symbol::Object(members) => {
                extent.bytes = 2;
                for (key, value) in members.iter() {
                    extent.member(key, value, program)?;
                }
                extent.depth += 1;
            }
            Symbol::Array(items) => {
                extent.bytes = 2 + items.len() as u64;
                for item in items.iter() {
                    extent.add(item.extent(program)?);
                }
                extent.depth += 1;
            }
            Symbol::Extended(base, members) => {
                extent.add(base.extent(program)?);
                for (key, value) in members.iter() {
                    extent.member(key, value, program)?;
                }
                // Each member that ResultPath sets is a level.
                extent.depth += members.len() as u32;
            }
            Symbol::Response(payload) => {
                extent.add(payload.extent(program)?);
                extent.bytes = extent.bytes.saturating_add(super::RESPONSE_BYTES);
                extent.depth += 1;
            }
        }
        match extent.depth > DEPTH_MAX + REGISTER_DEPTH_MAX || extent.registers.len() > NODES_MAX {
            true => Err(Lost),
            false => Ok(extent),
        }
    }

    /// How many levels are built around values in registers, texts and constants.
    pub fn levels(&self) -> u32 {
        let most = |levels: &mut dyn Iterator<Item = u32>| levels.max().unwrap_or(0);
        match self {
            Symbol::Object(members) => 1 + most(&mut members.iter().map(|(_, value)| value.levels())),
            Symbol::Array(items) => 1 + most(&mut items.iter().map(Symbol::levels)),
            // Each member is a level.
            Symbol::Extended(base, members) => {
                let inner = most(&mut members.iter().map(|(_, value)| value.levels()));
                members.len() as u32 + inner.max(base.levels())
            }
            Symbol::Response(payload) => 1 + payload.levels(),
            _ => 0,
        }
    }

    /// The parts of the value's text; neighbouring texts are one.
    pub fn into_parts(self, program: &Program) -> Followed<Vec<Part>> {
        let mut parts = Vec::new();
        self.write(program, &mut parts)?;
        Ok(Part::paired(parts))
    }

    /// As [`into_parts`](Self::into_parts), with marks around the values of those members of an object that have these
    /// names; and which names those are, in the order of the marks.
    pub fn marked_parts(&self, names: &[&str], program: &Program) -> Followed<(Vec<Part>, Vec<u32>)> {
        let (mut parts, mut marked) = (Vec::new(), Vec::new());
        let Symbol::Object(members) = self else { return Ok((self.clone().into_parts(program)?, marked)) };
        text(&mut parts, "{");
        for (n, (key, value)) in members.iter().enumerate() {
            text(&mut parts, if n > 0 { "," } else { "" });
            text(&mut parts, &format!("{}:", quoted(key)));
            let name = names.iter().position(|name| **name == **key);
            parts.extend(name.map(|_| Part::Mark));
            value.write(program, &mut parts)?;
            parts.extend(name.map(|_| Part::Mark));
            marked.extend(name.map(|name| name as u32));
        }
        text(&mut parts, "}");
        Ok((Part::paired(parts), marked))
    }

    fn write(&self, program: &Program, parts: &mut Vec<Part>) -> Followed<()> {
        match self {
            Symbol::Input => parts.push(Part::Value(Operand::Input)),
            Symbol::Slot(slot) => parts.push(Part::Value(Operand::Slot(*slot))),
            Symbol::Register(register) => parts.push(Part::Value(Operand::Register(*register))),
            Symbol::Null => text(parts, "null"),
            Symbol::Int(number) => text(parts, &number.to_string()),
            Symbol::Const(id) => {
                let constant = program.constant(*id);
                let arena = Arena::new();
                text(parts, &Value::raw(&arena, &constant.text, constant.form).to_json());
            }
            Symbol::Text(pieces) => {
                text(parts, "\"");
                for piece in pieces.iter() {
                    match piece {
                        Piece::Text(known) => {
                            let quoted = quoted(known);
                            text(parts, quoted.get(1..quoted.len() - 1).unwrap_or_default());
                        }
                        Piece::Value(operand) => parts.push(Part::Inside(*operand)),
                    }
                }
                text(parts, "\"");
            }
            Symbol::Object(members) => {
                text(parts, "{");
                write_members(members, program, parts)?;
                text(parts, "}");
            }
            Symbol::Array(items) => {
                text(parts, "[");
                for (n, item) in items.iter().enumerate() {
                    text(parts, if n > 0 { "," } else { "" });
                    item.write(program, parts)?;
                }
                text(parts, "]");
            }
            Symbol::Extended(base, members) => {
                let operand = match **base {
                    Symbol::Input => Operand::Input,
                    Symbol::Slot(slot) => Operand::Slot(slot),
                    _ => return Err(Lost),
                };
                parts.push(Part::Members(operand));
                write_members(members, program, parts)?;
                text(parts, "}");
            }
            Symbol::Response(_) | Symbol::Cause(_) => return Err(Lost),
        }
        Ok(())
    }
}

fn write_members(members: &Members, program: &Program, parts: &mut Vec<Part>) -> Followed<()> {
    for (n, (key, value)) in members.iter().enumerate() {
        text(parts, if n > 0 { "," } else { "" });
        text(parts, &quoted(key));
        text(parts, ":");
        value.write(program, parts)?;
    }
    Ok(())
}

/// A string as it is written.
fn quoted(string: &str) -> String {
    let mut quoted = Vec::new();
    write_string(string, &mut quoted);
    String::from_utf8_lossy(&quoted).into_owned()
}

/// Adds text, to the text before it if there is some.
fn text(parts: &mut Vec<Part>, more: &str) {
    match parts.last_mut() {
        Some(Part::Text(text)) => *text = Text::new(&format!("{}{more}", text.as_str())),
        _ if more.is_empty() => {}
        _ => parts.push(Part::Text(Text::new(more))),
    }
}

//! Comparisons of Choice rules (States Language, "Choice"): a value of another type is simply not equal, and a missing
//! one fails the state, but for IsPresent.

use super::data_flow::Missing;
use super::machine::{Execution, Stop};
use crate::program::choice::{Comparison, Domain, Relation, Subject, Table, Test, TypeTest};
use crate::program::{Addr, BlameId, PathId, Root, TableId, TestId};
use crate::value::number::Number;
use crate::value::raw::Form;
use crate::value::timestamp::Timestamp;
use crate::value::{Arena, Kind, Value, text};
use std::cmp::Ordering;

impl<'a> Execution<'a> {
    /// Whether a data test holds.
    pub(super) fn holds(&mut self, id: TestId) -> Result<bool, Stop<'a>> {
        let test: &'a Test = self.program.test(id);
        if let Comparison::Is(TypeTest::IsPresent, expected) = test.comparison {
            let present = match self.look_up(test.from, test.path, false) {
                Ok(_) => true,
                Err(limit) if limit.is_limit() => return Err(self.unknown(limit, test.from, test.blame)),
                Err(Missing::Path(_) | Missing::Unassigned | Missing::Room) => false,
            };
            return Ok(present == expected);
        }
        let value = self.operand(test.from, test.path, test.blame)?;
        let other = match &test.comparison {
            Comparison::Against(_, _, root, path, blame) => Some(self.operand(*root, *path, *blame)?),
            _ => None,
        };
        Ok(holds(&test.comparison, value, other, self.arena))
    }

    /// Goes where the table leads, or on to the next instruction.
    pub(super) fn switch(&mut self, id: TableId) -> Result<(), Stop<'a>> {
        let table = self.program.table(id);
        let value = match table.subject {
            Subject::Path(from, path, blame) => self.operand(from, path, blame)?,
            Subject::Query(expression) => self.queried(expression),
        };
        let to = lead(table, value, self.arena);
        if let Some(to) = to {
            self.pc = to;
        }
        Ok(())
    }

    fn operand(&mut self, from: Root, path: PathId, blame: BlameId) -> Result<Value<'a>, Stop<'a>> {
        self.path(from, path, blame)
    }
}

/// Whether a comparison holds of a value; IsPresent does, since there is one.
#[inline(always)]
pub(super) fn holds<'a>(comparison: &Comparison, value: Value<'a>, other: Option<Value<'a>>, arena: &'a Arena) -> bool {
    match comparison {
        Comparison::Text(relation, constant) => value.as_str(arena).is_some_and(|text| match relation {
            Relation::Equals => *text == **constant,
            _ => relation.holds(utf16_order(text, constant)),
        }),
        Comparison::Number(relation, constant) => {
            value.as_number().is_some_and(|n| relation.holds(n.compare(Number::Text(constant))))
        }
        Comparison::Bool(constant) => value.as_bool() == Some(*constant),
        Comparison::Time(relation, constant) => {
            timestamp(value, arena).is_some_and(|time| relation.holds(time.cmp(constant)))
        }
        Comparison::Matches(pattern) => value.as_str(arena).is_some_and(|text| pattern.matches(text)),
        Comparison::Against(domain, relation, ..) => {
            other.and_then(|other| compare(*domain, value, other, arena)).is_some_and(|order| relation.holds(order))
        }
        Comparison::Is(type_test, expected) => is(*type_test, value, arena) == *expected,
    }
}

/// Where a table leads from a value, if it has it.
pub(super) fn lead<'a>(table: &Table, value: Value<'a>, arena: &'a Arena) -> Option<Addr> {
    match value {
        Value::Raw(raw) if !raw.form.has(Form::ESCAPED) => table.find(raw.text),
        _ => value.as_str(arena).and_then(|string| {
            let mut quoted = Vec::with_capacity(string.len() + 2);
            text::write_string(string, &mut quoted);
            table.find(&String::from_utf8_lossy(&quoted))
        }),
    }
}

fn compare<'a>(domain: Domain, value: Value<'a>, other: Value<'a>, arena: &'a Arena) -> Option<Ordering> {
    match domain {
        Domain::Text => Some(utf16_order(value.as_str(arena)?, other.as_str(arena)?)),
        Domain::Number => Some(value.as_number()?.compare(other.as_number()?)),
        Domain::Bool => Some(value.as_bool()?.cmp(&other.as_bool()?)),
        Domain::Time => Some(timestamp(value, arena)?.cmp(&timestamp(other, arena)?)),
    }
}

fn timestamp<'a>(value: Value<'a>, arena: &'a Arena) -> Option<Timestamp> {
    Timestamp::parse(value.as_str(arena)?).ok()
}

fn is<'a>(type_test: TypeTest, value: Value<'a>, arena: &'a Arena) -> bool {
    match type_test {
        TypeTest::IsNull => value.is_null(),
        TypeTest::IsPresent => true,
        TypeTest::IsString => value.kind() == Kind::String,
        TypeTest::IsNumeric => value.kind() == Kind::Number,
        TypeTest::IsBoolean => value.kind() == Kind::Bool,
        TypeTest::IsTimestamp => timestamp(value, arena).is_some(),
    }
}

/// The order of Java's strings: by UTF-16 code units, which differs from that of code points above U+FFFF.
fn utf16_order(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
}

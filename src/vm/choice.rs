//! Comparisons of Choice rules (States Language, "Choice"): a value of another type is simply not equal, and a missing
//! one fails the state, but for IsPresent.

use super::data_flow::Missing;
use super::machine::{Execution, Stop};
use crate::program::choice::{Comparison, Domain, Relation, Test, TypeTest};
use crate::program::{BlameId, PathId, Root, TableId, TestId};
use crate::value::number::Number;
use crate::value::raw::Form;
use crate::value::timestamp::Timestamp;
use crate::value::{Kind, Value, text};
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
        Ok(match &test.comparison {
            Comparison::Text(relation, constant) => self.compare_text(value, *relation, constant),
            Comparison::Number(relation, constant) => {
                value.as_number().is_some_and(|n| relation.holds(n.compare(Number::Text(constant))))
            }
            Comparison::Bool(constant) => value.as_bool() == Some(*constant),
            Comparison::Time(relation, constant) => {
                self.timestamp(value).is_some_and(|time| relation.holds(time.cmp(constant)))
            }
            Comparison::Matches(pattern) => value.as_str(self.arena).is_some_and(|text| pattern.matches(text)),
            Comparison::Against(domain, relation, root, path, blame) => {
                let other = self.operand(*root, *path, *blame)?;
                self.compare(*domain, value, other).is_some_and(|order| relation.holds(order))
            }
            Comparison::Is(type_test, expected) => self.is(*type_test, value) == *expected,
        })
    }

    /// Goes where the table leads, or on to the next instruction.
    pub(super) fn switch(&mut self, id: TableId) -> Result<(), Stop<'a>> {
        let table = self.program.table(id);
        let value = self.operand(table.from, table.path, table.blame)?;
        let to = match value {
            Value::Raw(raw) if !raw.form.has(Form::ESCAPED) => table.find(raw.text),
            _ => value.as_str(self.arena).and_then(|string| {
                let mut quoted = Vec::with_capacity(string.len() + 2);
                text::write_string(string, &mut quoted);
                table.find(&String::from_utf8_lossy(&quoted))
            }),
        };
        if let Some(to) = to {
            self.pc = to;
        }
        Ok(())
    }

    fn operand(&mut self, from: Root, path: PathId, blame: BlameId) -> Result<Value<'a>, Stop<'a>> {
        self.path(from, path, blame)
    }

    fn compare_text(&self, value: Value<'a>, relation: Relation, constant: &str) -> bool {
        value.as_str(self.arena).is_some_and(|text| {
            if relation == Relation::Equals { text == constant } else { relation.holds(utf16_order(text, constant)) }
        })
    }

    fn compare(&self, domain: Domain, value: Value<'a>, other: Value<'a>) -> Option<Ordering> {
        match domain {
            Domain::Text => Some(utf16_order(value.as_str(self.arena)?, other.as_str(self.arena)?)),
            Domain::Number => Some(value.as_number()?.compare(other.as_number()?)),
            Domain::Bool => Some(value.as_bool()?.cmp(&other.as_bool()?)),
            Domain::Time => Some(self.timestamp(value)?.cmp(&self.timestamp(other)?)),
        }
    }

    fn timestamp(&self, value: Value<'a>) -> Option<Timestamp> {
        Timestamp::parse(value.as_str(self.arena)?).ok()
    }

    fn is(&self, type_test: TypeTest, value: Value<'a>) -> bool {
        match type_test {
            TypeTest::IsNull => value.is_null(),
            TypeTest::IsPresent => true,
            TypeTest::IsString => value.kind() == Kind::String,
            TypeTest::IsNumeric => value.kind() == Kind::Number,
            TypeTest::IsBoolean => value.kind() == Kind::Bool,
            TypeTest::IsTimestamp => self.timestamp(value).is_some(),
        }
    }
}

/// The order of Java's strings: by UTF-16 code units, which differs from that of code points above U+FFFF.
fn utf16_order(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
}

//! Choice rules, compiled: single comparisons, and dispatch tables for runs of StringEquals on one path.

use super::op::Operand;
use super::{Addr, BlameId, ExpressionId, PathId, Program, Root};
use crate::value::pattern::Pattern;
use crate::value::text;
use crate::value::timestamp::Timestamp;
use std::cmp::Ordering;

/// One data test of a Choice rule.
#[derive(Debug)]
pub struct Test {
    /// Where Variable starts.
    pub from: Root,
    /// Variable.
    pub path: PathId,
    /// What to say when Variable finds nothing.
    pub blame: BlameId,
    /// What must hold of it.
    pub comparison: Comparison,
}

/// What a data test asks.
#[derive(Debug)]
pub enum Comparison {
    /// StringEquals and its kin, with a constant.
    Text(Relation, Box<str>),
    /// NumericEquals and its kin, with a constant: the number as it was written.
    Number(Relation, Box<str>),
    /// BooleanEquals with a constant.
    Bool(bool),
    /// TimestampEquals and its kin, with a constant.
    Time(Relation, Timestamp),
    /// StringMatches.
    Matches(Pattern),
    /// Any comparator whose operand is a path.
    Against(Domain, Relation, Root, PathId, BlameId),
    /// IsNull, IsPresent and so on, and the answer that is asked for.
    Is(TypeTest, bool),
}

/// The order that a comparator demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Relation {
    Equals,
    LessThan,
    GreaterThan,
    LessThanEquals,
    GreaterThanEquals,
}

impl Relation {
    /// Whether two values that stand in this order satisfy it.
    pub fn holds(self, order: Ordering) -> bool {
        match self {
            Relation::Equals => order.is_eq(),
            Relation::LessThan => order.is_lt(),
            Relation::GreaterThan => order.is_gt(),
            Relation::LessThanEquals => order.is_le(),
            Relation::GreaterThanEquals => order.is_ge(),
        }
    }
}

/// What kind of values a comparator compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Domain {
    Text,
    Number,
    Bool,
    Time,
}

/// The type tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum TypeTest {
    IsNull,
    IsPresent,
    IsString,
    IsNumeric,
    IsBoolean,
    IsTimestamp,
}

impl Test {
    pub(super) fn show(&self, program: &Program) -> String {
        let variable = if matches!(self.from, Root::Slot(_)) {
            self.from.show(program)
        } else {
            format!("{} {}", self.from.show(program), program.path(self.path))
        };
        let asked = match &self.comparison {
            Comparison::Text(relation, text) => format!("String{relation:?} {text:?}"),
            Comparison::Number(relation, number) => format!("Numeric{relation:?} {number}"),
            Comparison::Bool(b) => format!("BooleanEquals {b}"),
            Comparison::Time(relation, time) => format!("Timestamp{relation:?} {time:?}"),
            Comparison::Matches(pattern) => format!("StringMatches {pattern:?}"),
            Comparison::Against(domain, relation, root, path, _) => {
                format!("{domain:?} {relation:?} {} {}", root.show(program), program.path(*path))
            }
            Comparison::Is(test, expected) => format!("{test:?} {expected}"),
        };
        format!("{variable} {asked}")
    }
}

/// A dispatch table: the string at a path decides where to go on.
///
/// Constants are kept as JSON text with their quotes, so that one comparison of bytes checks type and value; a string
/// that holds escapes is decoded first. Looked up by the first bytes and the length, then verified.
#[derive(Debug, Clone)]
pub struct Table {
    /// What is looked up.
    pub subject: Subject,
    /// The constants, and where each leads; of equal constants the first is kept.
    pub entries: Box<[(Box<str>, Addr)]>,
    prints: Box<[Print]>,
    /// Positions in `entries` by hash; a power of two in length, at least twice as long as `entries`.
    buckets: Box<[u16]>,
}

/// What a dispatch table looks up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Variable: where it starts, its path, and what to say when it finds nothing.
    Path(Root, PathId, BlameId),
    /// A JSONata expression that is nothing but a path: when it finds nothing, the execution goes on behind the table.
    Query(ExpressionId),
}

const EMPTY: u16 = u16::MAX;

/// The first 16 bytes of a text and its length: told apart by that, texts that differ only behind are rare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Print {
    low: u64,
    high: u64,
    length: u64,
}

impl Print {
    fn of(text: &[u8]) -> Print {
        let word = |at: usize| text[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let half = |at: usize| text[at..].first_chunk().map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)));
        let length = text.len();
        // Parts overlap rather than being cut to size: that takes no loop.
        let (low, high) = match length {
            16.. => (word(0), word(8)),
            8..16 => (word(0), word(length - 8)),
            4..8 => (half(0), half(length - 4)),
            _ => (text.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)), 0),
        };
        Print { low, high, length: length as u64 }
    }
}

impl Table {
    /// The most entries of one table; a longer run of rules becomes several tables.
    pub const ENTRIES_MAX: usize = 32_768;

    /// Builds the table; `constants` are strings, escapes resolved, with the address that each leads to.
    pub fn new(subject: Subject, constants: &[(Box<str>, Addr)]) -> Table {
        let mut table = Table { subject, entries: Box::new([]), prints: Box::new([]), buckets: Box::new([]) };
        let mut entries: Vec<(Box<str>, Addr)> = Vec::new();
        table.buckets = vec![EMPTY; (constants.len() * 2).next_power_of_two().max(2)].into();
        for (constant, to) in constants.iter().take(Self::ENTRIES_MAX) {
            let mut quoted = Vec::new();
            text::write_string(constant, &mut quoted);
            let quoted: Box<str> = String::from_utf8_lossy(&quoted).into();
            let mut at = table.bucket(Print::of(quoted.as_bytes()));
            while table.buckets[at] != EMPTY && entries[usize::from(table.buckets[at])].0 != quoted {
                at = (at + 1) & (table.buckets.len() - 1);
            }
            if table.buckets[at] == EMPTY {
                table.buckets[at] = entries.len() as u16;
                entries.push((quoted, *to));
            }
        }
        table.prints = entries.iter().map(|(constant, _)| Print::of(constant.as_bytes())).collect();
        table.entries = entries.into();
        table
    }

    /// Where a string leads, given as JSON text with its quotes and without escapes that could be spelled otherwise.
    pub fn find(&self, quoted: &str) -> Option<Addr> {
        let print = Print::of(quoted.as_bytes());
        let mut at = self.bucket(print);
        while self.buckets[at] != EMPTY {
            let entry = usize::from(self.buckets[at]);
            let (constant, to) = &self.entries[entry];
            // Up to 16 bytes the print is the text itself.
            if self.prints[entry] == print && (quoted.len() <= 16 || **constant == *quoted) {
                return Some(*to);
            }
            at = (at + 1) & (self.buckets.len() - 1);
        }
        None
    }

    fn bucket(&self, print: Print) -> usize {
        let mixed = (print.low ^ print.high.rotate_left(23) ^ print.length).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> 40) as usize & (self.buckets.len() - 1)
    }

    pub(super) fn show(&self, program: &Program) -> String {
        let mut out = match self.subject {
            Subject::Path(from, path, _) => format!("{} {} {{", from.show(program), program.path(path)),
            Subject::Query(expression) => format!("{} {{", expression.show(program)),
        };
        for (n, (constant, to)) in self.entries.iter().enumerate() {
            if n == 8 {
                out.push_str(&format!(", … {} in all", self.entries.len()));
                break;
            }
            out.push_str(&format!("{}{constant}: @{}", if n > 0 { ", " } else { "" }, to.0));
        }
        out + "}"
    }

    pub(super) fn jumps(&self) -> impl Iterator<Item = Addr> + '_ {
        self.entries.iter().map(|(_, to)| *to)
    }

    /// Moves every address on, for code that is placed after other code.
    pub(crate) fn retarget(&mut self, mut to: impl FnMut(Addr) -> Addr) {
        for entry in &mut self.entries {
            entry.1 = to(entry.1);
        }
    }
}

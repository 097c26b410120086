//! Choice rules, compiled: single comparisons, and dispatch tables for runs of StringEquals on one path.

use super::op::Operand;
use super::{Addr, BlameId, ExpressionId, PathId, Program, Root};
use crate::value::pattern::Pattern;
use crate::value::text;
use crate::value::timestamp::Timestamp;
use std::cmp::Ordering;
use std::collections::HashSet;

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
    /// What the hash multiplies by.
    factor: u64,
    /// The entries by hash; a power of two in length, at least twice as long as `entries`.
    buckets: Box<[Bucket]>,
}

/// What a dispatch table looks up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Variable: where it starts, its path, and what to say when it finds nothing.
    Path(Root, PathId, BlameId),
    /// A JSONata expression that is nothing but a path: when it finds nothing, the execution goes on behind the table.
    Query(ExpressionId),
}

/// The first bytes of a text, in one word, and its length: texts of no more bytes are told apart by that alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Print {
    head: u128,
    length: u64,
}

/// So many bytes of a text are in its print.
const HEAD: usize = 16;

/// What to keep of a word for each length of a text.
const MASKS: [u128; HEAD + 1] = {
    let mut masks = [u128::MAX; HEAD + 1];
    let mut length = 0;
    while length < HEAD {
        masks[length] = (1 << (8 * length)) - 1;
        length += 1;
    }
    masks
};

impl Print {
    fn of(text: &[u8]) -> Print {
        let mut head = [0; HEAD];
        let bytes = text.len().min(HEAD);
        head[..bytes].copy_from_slice(&text[..bytes]);
        Print { head: u128::from_le_bytes(head), length: text.len() as u64 }
    }

    /// As of a text of that length which `ahead` starts with, when more follows: this takes no branch on the length, which
    /// nobody can foresee. Nothing if the text is longer than a print, or too little follows.
    #[inline(always)]
    fn within(ahead: &[u8], length: usize) -> Option<Print> {
        let head = u128::from_le_bytes(*ahead.first_chunk()?);
        Some(Print { head: head & MASKS.get(length)?, length: length as u64 })
    }

    #[inline(always)]
    fn hash(self, factor: u64) -> usize {
        let (low, high) = (self.head as u64, (self.head >> 64) as u64);
        ((low ^ high.rotate_left(23) ^ self.length).wrapping_mul(factor) >> 40) as usize
    }
}

/// A place in a table.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    print: Print,
    /// Which entry, and where it leads.
    entry: u32,
    to: Addr,
}

/// No text is so long.
const EMPTY: Bucket = Bucket { print: Print { head: 0, length: u64::MAX }, entry: 0, to: Addr(0) };

/// How many hash functions are tried for one that gives each entry a bucket of its own, with a given number of buckets.
const TRIES: u64 = 64;

impl Table {
    /// The most entries of one table; a longer run of rules becomes several tables.
    pub const ENTRIES_MAX: usize = 32_768;

    /// Builds the table; `constants` are strings, escapes resolved, with the address that each leads to.
    pub fn new(subject: Subject, constants: &[(Box<str>, Addr)]) -> Table {
        let mut entries: Vec<(Box<str>, Addr)> = Vec::new();
        let mut known = HashSet::new();
        for (constant, to) in constants.iter().take(Self::ENTRIES_MAX) {
            let mut quoted = Vec::new();
            text::write_string(constant, &mut quoted);
            let quoted: Box<str> = String::from_utf8_lossy(&quoted).into();
            if known.insert(quoted.clone()) {
                entries.push((quoted, *to));
            }
        }
        let fewest = (entries.len() * 2).next_power_of_two().max(2);
        // With few entries a hash without collisions is soon found, and then looking up takes no branch on the text.
        let mut tried =
            [fewest, fewest * 2, fewest * 4].into_iter().flat_map(|size| (0..TRIES).map(move |n| (size, n)));
        let (factor, buckets) = tried
            .by_ref()
            .take_while(|_| entries.len() <= 64)
            .find_map(|(size, n)| fill(&entries, size, factor(n), false))
            .or_else(|| fill(&entries, fewest, factor(0), true))
            // Filling fails only when it must not go past a bucket that is taken.
            .unwrap_or_default();
        Table { subject, entries: entries.into(), factor, buckets }
    }

    /// Where a string leads, given as JSON text with its quotes and without escapes that could be spelled otherwise.
    pub fn find(&self, quoted: &str) -> Option<Addr> {
        self.look_up(Print::of(quoted.as_bytes()), |constant| quoted.len() <= HEAD || constant == quoted)
    }

    /// As [`Table::find`], for a text of that length which `ahead` starts with: what follows it does not matter, but that
    /// something does makes looking up faster.
    #[inline(always)]
    pub fn find_within(&self, ahead: &[u8], length: usize) -> Option<Addr> {
        match Print::within(ahead, length) {
            Some(print) => self.look_up(print, |_| true),
            None => self.find_slowly(ahead.get(..length)?),
        }
    }

    #[inline(never)]
    fn find_slowly(&self, quoted: &[u8]) -> Option<Addr> {
        self.look_up(Print::of(quoted), |constant| quoted.len() <= HEAD || constant.as_bytes() == quoted)
    }

    #[inline(always)]
    fn look_up(&self, print: Print, same: impl Fn(&str) -> bool) -> Option<Addr> {
        let mut at = print.hash(self.factor);
        loop {
            // As many buckets as a power of two, half of them empty at least.
            let bucket = &self.buckets[at & (self.buckets.len() - 1)];
            if bucket.print == print && same(&self.entries[bucket.entry as usize].0) {
                return Some(bucket.to);
            }
            if bucket.print == EMPTY.print {
                return None;
            }
            at += 1;
        }
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
        for bucket in &mut self.buckets {
            bucket.to = self.entries.get(bucket.entry as usize).map_or(Addr(0), |entry| entry.1);
        }
    }
}

/// The n-th factor to try: odd, with bits everywhere.
fn factor(n: u64) -> u64 {
    (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1
}

/// Buckets of the entries; nothing if two want the same one, unless the later may go on to the next.
fn fill(entries: &[(Box<str>, Addr)], size: usize, factor: u64, go_on: bool) -> Option<(u64, Box<[Bucket]>)> {
    let mut buckets = vec![EMPTY; size];
    for (entry, (constant, to)) in entries.iter().enumerate() {
        let print = Print::of(constant.as_bytes());
        let mut at = print.hash(factor) & (size - 1);
        while buckets[at].print != EMPTY.print {
            if !go_on {
                return None;
            }
            at = (at + 1) & (size - 1);
        }
        buckets[at] = Bucket { print, entry: entry as u32, to: *to };
    }
    Some((factor, buckets.into()))
}

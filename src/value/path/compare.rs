//! What a filter's operators mean.
//!
//! Flows in: two things of a condition. Flows out: whether the operator holds. The rules are those of the library AWS
//! uses: a number on the left equals a numeric string, a string on the left equals the text of a number, nothing else
//! equals a thing of another kind; order exists between two numbers and between two strings (by UTF-16 units, as Java
//! has it); what is undefined equals nothing and is unequal to everything. It must never build a value.

use std::cmp::Ordering;

use super::cursor::{Children, Cursor};
use super::filter::Operator;
use super::{BudgetExceeded, NodeBudget};
use crate::value::{Arena, Kind, Value, number::Number, raw, text};

/// A thing that a condition compares.
#[derive(Clone, Copy)]
pub(super) enum Datum<'m> {
    /// A path that led nowhere.
    Undefined,
    Null,
    Bool(bool),
    Number(Number<'m>),
    String(&'m str),
    /// An array or an object.
    Tree(Value<'m>),
}

impl<'m> Datum<'m> {
    #[inline]
    pub fn of(place: Cursor<'m>, arena: &'m Arena) -> Datum<'m> {
        match (place, place.kind()) {
            (_, Kind::Null) => Datum::Null,
            (Cursor::Text(text, _), Kind::Bool) => Datum::Bool(text == "true"),
            (Cursor::Text(text, _), Kind::Number) => Datum::Number(Number::Text(text)),
            (Cursor::Text(text, _), Kind::String) => Datum::String(text::unescape(raw::unquote(text), arena)),
            (Cursor::Node(Value::Bool(b)), _) => Datum::Bool(b),
            (Cursor::Node(Value::Int(i)), _) => Datum::Number(Number::Int(i)),
            (Cursor::Node(Value::Float(f)), _) => Datum::Number(Number::Float(f)),
            (Cursor::Node(Value::Text(text)), _) => Datum::String(text),
            _ => Datum::Tree(place.value(arena)),
        }
    }

    /// The elements, if it is an array.
    fn list(self, arena: &'m Arena) -> Option<Children<'m>> {
        match self {
            Datum::Tree(value) if value.kind() == Kind::Array => Some(Cursor::new(value).children(arena)),
            _ => None,
        }
    }

    fn is_empty_list(self, arena: &'m Arena) -> bool {
        self.list(arena).is_some_and(|mut list| list.next().is_none())
    }
}

/// Whether `left operator right` holds.
pub(super) fn holds<'m>(
    operator: Operator,
    left: Datum<'m>,
    right: Datum<'m>,
    arena: &'m Arena,
    budget: &mut NodeBudget,
) -> Result<bool, BudgetExceeded> {
    Ok(match operator {
        Operator::Equal => equal(left, right, arena, budget)?,
        Operator::NotEqual => !equal(left, right, arena, budget)?,
        Operator::SameEqual => same_kind(left, right) && equal(left, right, arena, budget)?,
        Operator::NotSameEqual => !(same_kind(left, right) && equal(left, right, arena, budget)?),
        Operator::Less => order(left, right).is_some_and(Ordering::is_lt),
        Operator::LessOrEqual => order(left, right).is_some_and(Ordering::is_le),
        Operator::Greater => order(left, right).is_some_and(Ordering::is_gt),
        Operator::GreaterOrEqual => order(left, right).is_some_and(Ordering::is_ge),
        Operator::In => is_in(left, right, arena, budget)?,
        Operator::NotIn => !is_in(left, right, arena, budget)?,
        Operator::Contains => match (left, right) {
            (Datum::String(whole), Datum::String(piece)) => {
                memchr::memmem::find(whole.as_bytes(), piece.as_bytes()).is_some()
            }
            _ => is_in(right, left, arena, budget)?,
        },
        Operator::All => each_in(right, left, arena, budget)? == Some(Share::All),
        Operator::SubsetOf => each_in(left, right, arena, budget)? == Some(Share::All),
        Operator::AnyOf => match each_in(left, right, arena, budget)? {
            Some(Share::All) => !left.is_empty_list(arena),
            Some(Share::Some) => true,
            _ => false,
        },
        Operator::NoneOf => match each_in(left, right, arena, budget)? {
            Some(Share::All) => left.is_empty_list(arena),
            Some(Share::None) => true,
            _ => false,
        },
        Operator::Size => size(left, right, arena),
        Operator::Empty => empty(left, right, arena),
    })
}

fn same_kind(left: Datum, right: Datum) -> bool {
    std::mem::discriminant(&left) == std::mem::discriminant(&right)
}

fn equal<'m>(
    left: Datum<'m>,
    right: Datum<'m>,
    arena: &'m Arena,
    budget: &mut NodeBudget,
) -> Result<bool, BudgetExceeded> {
    Ok(match (left, right) {
        (Datum::Null, Datum::Null) => true,
        (Datum::Bool(a), Datum::Bool(b)) => a == b,
        (Datum::Number(a), Datum::Number(b)) => a.compare(b).is_eq(),
        (Datum::Number(a), Datum::String(b)) => decimal(b).is_some_and(|b| a.compare(b).is_eq()),
        (Datum::String(a), Datum::Number(b)) => {
            let mut text = Vec::new();
            b.write(&mut text);
            a.as_bytes() == text
        }
        (Datum::String(a), Datum::String(b)) => a == b,
        (Datum::Tree(a), Datum::Tree(b)) => {
            // Roughly a visit a node, whichever of the two is larger.
            let bytes = a.size().bytes_max.max(b.size().bytes_max);
            budget.visits(bytes / 8)?;
            a.equals(b, arena)
        }
        _ => false,
    })
}

/// The number that a string means to Java's BigDecimal: JSON's numbers, and also `+1`, `.5`, `1.` and `007`.
fn decimal(text: &str) -> Option<Number<'_>> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (digits.get(..at)?, digits.get(at + 1..)?),
        None => (digits, "0"),
    };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let ok = is_digits(whole)
        && is_digits(fraction)
        && whole.len() + fraction.len() > 0
        && is_digits(exponent)
        && !exponent.is_empty();
    ok.then_some(Number::Text(text))
}

fn order(left: Datum, right: Datum) -> Option<Ordering> {
    match (left, right) {
        (Datum::Number(a), Datum::Number(b)) => Some(a.compare(b)),
        (Datum::String(a), Datum::String(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
        _ => None,
    }
}

fn is_in<'m>(
    item: Datum<'m>,
    list: Datum<'m>,
    arena: &'m Arena,
    budget: &mut NodeBudget,
) -> Result<bool, BudgetExceeded> {
    for element in list.list(arena).into_iter().flatten() {
        budget.visits(1)?;
        let same = match (item, element) {
            // The common case, without decoding or copying the element.
            (Datum::String(wanted), Cursor::Text(text, _)) if text.starts_with('"') => {
                let inner = raw::unquote(text);
                if inner.contains('\\') { text::unescaped_eq(inner, wanted) } else { inner == wanted }
            }
            _ => equal(item, Datum::of(element, arena), arena, budget)?,
        };
        if same {
            return Ok(true);
        }
    }
    Ok(false)
}

#[derive(PartialEq, Eq)]
enum Share {
    None,
    Some,
    All,
}

/// How many of the elements of `items` are in `list`; nothing if either is no array. Of an empty array, all are.
fn each_in<'m>(
    items: Datum<'m>,
    list: Datum<'m>,
    arena: &'m Arena,
    budget: &mut NodeBudget,
) -> Result<Option<Share>, BudgetExceeded> {
    let (Some(items), Some(_)) = (items.list(arena), list.list(arena)) else {
        return Ok(None);
    };
    let (mut found, mut count) = (0u32, 0u32);
    for item in items {
        budget.visits(1)?;
        count += 1;
        found += u32::from(is_in(Datum::of(item, arena), list, arena, budget)?);
    }
    Ok(Some(match found {
        all if all == count => Share::All,
        0 => Share::None,
        _ => Share::Some,
    }))
}

fn size<'m>(left: Datum<'m>, right: Datum<'m>, arena: &'m Arena) -> bool {
    let Datum::Number(wanted) = right else { return false };
    let size = match left {
        Datum::String(text) => Some(text.encode_utf16().count()),
        Datum::Tree(_) => left.list(arena).map(Children::count),
        _ => None,
    };
    size.is_some_and(|size| wanted.as_i64() == i64::try_from(size).ok())
}

fn empty<'m>(left: Datum<'m>, right: Datum<'m>, arena: &'m Arena) -> bool {
    let Datum::Bool(wanted) = right else { return false };
    let is_empty = match left {
        Datum::String(text) => text.is_empty(),
        Datum::Tree(tree) => Cursor::new(tree).children(arena).next().is_none(),
        _ => return false,
    };
    is_empty == wanted
}

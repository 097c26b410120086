//! Filters: the condition in `[?(…)]`, and whether it holds for an item.
//!
//! Flows in: a compiled condition, an item (`@`) and the document (`$`). Flows out: yes or no. Nothing in a condition can
//! fail: what is missing is *undefined* and equals nothing. AWS's answer for `@` that is no object is not recorded (its
//! documentation says that it does not work): scalars are compared, as the library does that AWS uses. The rules of comparing are in `compare.rs`.

use super::compare::{self, Datum};
use super::cursor::Cursor;
use super::{BudgetExceeded, Miss, NodeBudget, Path, Reach};
use crate::value::number::Number;
use crate::value::raw::Form;
use crate::value::{Arena, Value};
use std::cell::RefCell;
use std::cmp::Ordering;

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Filter {
    /// `a || b`
    Or(Box<[Filter]>),
    /// `a && b`
    And(Box<[Filter]>),
    /// `!(a)`
    Not(Box<Filter>),
    /// `@.a`: something is there, `null` included.
    Exists(Operand),
    /// `@.a == 1`
    Compare(Operand, Operator, Operand),
}

impl Filter {
    /// Whether it looks at the document that the path starts from, beside the item.
    pub(crate) fn asks_for_document(&self) -> bool {
        let operand = |operand: &Operand| match operand {
            Operand::Document(_) => true,
            Operand::Item(path) => path.asks_for_document(),
            Operand::Literal(_) => false,
        };
        match self {
            Filter::Or(all) | Filter::And(all) => all.iter().any(Filter::asks_for_document),
            Filter::Not(inner) => inner.asks_for_document(),
            Filter::Exists(of) => operand(of),
            Filter::Compare(a, _, b) => operand(a) || operand(b),
        }
    }
}

/// What a condition compares.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// `@.a`: a path from the item.
    Item(Box<Path>),
    /// `$.a`: a path from the document.
    Document(Box<Path>),
    /// A literal.
    Literal(Literal),
}

/// A literal of a filter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number that is written as integers are.
    Integer(i64),
    /// Any other number, as it was written.
    Number(Box<str>),
    /// `'text'` or `"text"`, escapes resolved.
    String(Box<str>),
    /// An array or object, as compact JSON text.
    Json(Box<str>),
}

/// How a condition compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `==`: numbers by value, a number also with a numeric string.
    Equal,
    /// `!=`: not `==`, so that something missing is unequal to everything.
    NotEqual,
    /// `===`: `==` between things of one kind.
    SameEqual,
    /// `!==`: not `===`.
    NotSameEqual,
    /// `<`: two numbers or two strings.
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `in`: the left is an element of the right.
    In,
    /// `nin`: not `in`.
    NotIn,
    /// `contains`: the right is an element, or a piece of the string, on the left.
    Contains,
    /// `all`: every element of the right is one of the left.
    All,
    /// `size`: the left is an array of so many elements, or a string of so many UTF-16 units.
    Size,
    /// `empty`: whether the array, object or string on the left is empty is as the right says.
    Empty,
    /// `subsetof`: every element of the left is one of the right.
    SubsetOf,
    /// `anyof`: some element of the left is one of the right.
    AnyOf,
    /// `noneof`: no element of the left is one of the right.
    NoneOf,
}

impl Operator {
    /// Whether it holds between two numbers that stand in this order, if that is all it asks for.
    #[inline(always)]
    pub(super) fn holds_of(self, order: Ordering) -> Option<bool> {
        match self {
            Operator::Equal | Operator::SameEqual => Some(order.is_eq()),
            Operator::NotEqual | Operator::NotSameEqual => Some(order.is_ne()),
            Operator::Less => Some(order.is_lt()),
            Operator::LessOrEqual => Some(order.is_le()),
            Operator::Greater => Some(order.is_gt()),
            Operator::GreaterOrEqual => Some(order.is_ge()),
            _ => None,
        }
    }
}

/// What a condition is evaluated in.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a, 'c> {
    document: Cursor<'a>,
    pub arena: &'a Arena,
    known: &'c Known<'a>,
}

/// Where paths from the document have led, so that a condition on every item does not search it every time: the address
/// of the path, which cannot move during an evaluation, and the place.
#[derive(Default)]
pub(super) struct Known<'a>(RefCell<Vec<(usize, Option<Cursor<'a>>)>>);

impl<'a, 'c> Scene<'a, 'c> {
    pub fn new(root: Value<'a>, arena: &'a Arena, known: &'c Known<'a>) -> Scene<'a, 'c> {
        Scene { document: Cursor::new(root), arena, known }
    }

    /// Where a path from the document leads.
    #[inline(never)]
    fn look_up(self, path: &Path, budget: &mut NodeBudget) -> Result<Option<Cursor<'a>>, BudgetExceeded> {
        let address = std::ptr::from_ref::<Path>(path) as usize;
        let known = self.known.0.borrow().iter().find(|(known, _)| *known == address).map(|(_, found)| *found);
        match known {
            Some(found) => Ok(found),
            None => {
                let found = find(path, self.document, self, budget)?;
                self.known.0.borrow_mut().push((address, found));
                Ok(found)
            }
        }
    }
}

impl Filter {
    /// Whether the condition holds for `item`.
    pub(super) fn holds<'a>(
        &self,
        item: Cursor<'a>,
        scene: Scene<'a, '_>,
        budget: &mut NodeBudget,
    ) -> Result<bool, BudgetExceeded> {
        match self {
            Filter::Or(parts) => {
                for part in parts {
                    if part.holds(item, scene, budget)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Filter::And(parts) => {
                for part in parts {
                    if !part.holds(item, scene, budget)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Filter::Not(part) => Ok(!part.holds(item, scene, budget)?),
            // An indefinite path always gives an array, so that it always exists.
            Filter::Exists(operand) => Ok(!matches!(operand.resolve(item, scene, budget)?, Datum::Undefined)),
            // An item's number and another need no more than their order.
            Filter::Compare(Operand::Item(path), operator, Operand::Literal(literal @ Literal::Integer(wanted))) => {
                let found = find(path, item, scene, budget)?;
                if let Some(Cursor::Text(text, _)) = found
                    && text.starts_with(|first: char| first.is_ascii_digit())
                    && let Some(number) = Number::Text(text).as_written_integer()
                    && let Some(holds) = operator.holds_of(number.cmp(wanted))
                {
                    return Ok(holds);
                }
                let left = found.map_or(Datum::Undefined, |found| Datum::of(found, scene.arena));
                compare::holds(*operator, left, literal.datum(scene.arena), scene.arena, budget)
            }
            Filter::Compare(left, operator, right) => {
                let left = left.resolve(item, scene, budget)?;
                let right = right.resolve(item, scene, budget)?;
                compare::holds(*operator, left, right, scene.arena, budget)
            }
        }
    }
}

impl Operand {
    #[inline(always)]
    fn resolve<'p, 'a: 'p>(
        &'p self,
        item: Cursor<'a>,
        scene: Scene<'a, '_>,
        budget: &mut NodeBudget,
    ) -> Result<Datum<'p>, BudgetExceeded> {
        let found = match self {
            Operand::Item(path) => find(path, item, scene, budget)?,
            Operand::Document(path) => scene.look_up(path, budget)?,
            Operand::Literal(literal) => return Ok(literal.datum(scene.arena)),
        };
        Ok(found.map_or(Datum::Undefined, |found| Datum::of(found, scene.arena)))
    }
}

#[inline(always)]
fn find<'a>(
    path: &Path,
    from: Cursor<'a>,
    scene: Scene<'a, '_>,
    budget: &mut NodeBudget,
) -> Result<Option<Cursor<'a>>, BudgetExceeded> {
    budget.visits(1)?;
    if path.is_definite() {
        let reach = if let Cursor::Node(value) = from { path.reach(value) } else { Reach::Unknown };
        return Ok(match reach {
            Reach::Found(found) => Some(Cursor::new(found)),
            Reach::Nowhere => None,
            Reach::Unknown => path.walk(from, scene.arena).ok(),
        });
    }
    find_all(path, from, scene, budget)
}

#[inline(never)]
fn find_all<'a>(
    path: &Path,
    from: Cursor<'a>,
    scene: Scene<'a, '_>,
    budget: &mut NodeBudget,
) -> Result<Option<Cursor<'a>>, BudgetExceeded> {
    match path.eval_all(from, scene, budget) {
        Ok(matches) => Ok(Some(Cursor::Node(matches))),
        Err(miss) => match miss.miss {
            Miss::Budget(exceeded) => Err(exceeded),
            // No other miss comes of an indefinite path.
            _ => Ok(None),
        },
    }
}

impl Literal {
    fn datum<'p>(&'p self, arena: &'p Arena) -> Datum<'p> {
        match self {
            Literal::Null => Datum::Null,
            Literal::Bool(b) => Datum::Bool(*b),
            Literal::Integer(integer) => Datum::Number(Number::Int(*integer)),
            Literal::Number(text) => Datum::Number(Number::Text(text)),
            Literal::String(text) => Datum::String(text),
            Literal::Json(text) => Datum::Tree(Value::raw(arena, text, Form::COMPACT)),
        }
    }
}

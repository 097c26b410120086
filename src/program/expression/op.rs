//! The instructions of expressions, declared once.
//!
//! They work on a stack of values, with three registers beside it: the *context* (`$`), the *scope* (bound variables) and
//! the place in the code. A body (of a step, a predicate, a function) is entered by the instruction that names it, leaves
//! one value, and ends with [`ExprOp::Yield`], which hands the value to whatever is under way: so nothing recurses.
//!
//! Results of queries are *sequences* until [`ExprOp::Unwrap`] or [`ExprOp::Keep`] has seen them: then one of a single
//! element is that element, one of none is undefined.

use super::Builtin;

/// A place in an expression's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct At(pub u32);

/// One instruction. Notation: what is taken from the stack → what is left there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ExprOp {
    /// → a string.
    Text(u32),
    /// → a number.
    Number(u32),
    /// → `true` or `false`.
    Bool(bool),
    /// → `null`.
    Null,
    /// → undefined.
    Undefined,
    /// → the context: `$`.
    Context,
    /// → the context as paths start from it: a whole document that is an array counts as one element.
    Start,
    /// → the whole input: `$$`.
    Root,
    /// → a variable, by its reference.
    Load(u32),
    /// v → v: binds a variable, in the scope so many outwards, in that slot.
    Bind(u16, u16),
    /// →: opens a scope with so many variables.
    Enter(u32),
    /// →: closes it.
    Leave,
    /// v →: drops it.
    Pop,
    /// → a function written here, with the scope and context that it sees.
    Lambda(u32),
    /// → a regular expression as a function.
    Regex(u32),
    /// → a transform as a function.
    Transform(u32),

    /// v → the member of that name, of each element if v is an array.
    Field(u32),
    /// v → all members or elements, arrays flattened: `*`.
    Wildcard,
    /// v → v and all that is in it: `**`.
    Descendants,
    /// v → s: runs the body that follows for each element as context, then goes on at `done`. The first step of a path
    /// runs for an undefined context, too; the last may leave a plain array.
    #[allow(missing_docs)]
    Each { done: At, first: bool, last: bool },
    /// v → s: keeps the elements for which the body that follows holds, or whose index it gives; the names that tuples
    /// bind, if v is a stream of tuples.
    Filter(At, Option<u32>),
    /// v → s: the element of that index (a number constant), from the end if negative.
    Index(u32),
    /// s → v: the single element of a sequence, undefined for an empty one.
    Unwrap,
    /// s → v: as `Unwrap`, but a single element stays in an array; whether a bare value is put into one, too.
    Keep(bool),
    /// v → t: a stream of tuples, one an element; whether the path begins here.
    Tuples(bool),
    /// t → t: runs the body that follows for each tuple, then goes on at the place.
    TupleStep(u32, At),
    /// t → t: numbers the tuples, under that name.
    TupleIndex(u32),
    /// t → s: the items of the tuples.
    TupleItems,
    /// v → s: puts elements in order; goes on at the place.
    Sort(u32, At),
    /// v → object: groups elements by key; goes on at the place.
    Group(u32, At),

    /// →: makes what the context groups to the context of an object's values.
    GroupContext,
    /// v… → object of those that are defined; the context is what it was.
    Object(u32),
    /// v… → array of so many parts, each flattened; whether its path must not flatten it.
    Array(u32, bool),
    /// v → an array of it: a constructed array stays an element.
    Wrap,
    /// a b → the whole numbers from a to b.
    Range,

    /// a → −a.
    Negate,
    /// a b → a + b.
    Add,
    /// a b → a − b.
    Subtract,
    /// a b → a × b.
    Multiply,
    /// a b → a ÷ b.
    Divide,
    /// a b → the remainder.
    Modulo,
    /// a b → the strings of both, joined.
    Concat,
    /// a b → whether they are equal.
    Equal,
    /// a b → whether they are not.
    NotEqual,
    /// a b → whether a < b.
    Less,
    /// a b → whether a ≤ b.
    LessEqual,
    /// a b → whether a > b.
    Greater,
    /// a b → whether a ≥ b.
    GreaterEqual,
    /// a b → whether a is an element of b.
    In,
    /// a → whether it counts as true.
    Truth,
    /// a →: goes on at the place if a counts as false, and then leaves `false`.
    And(At),
    /// a →: goes on at the place if a counts as true, and then leaves `true`.
    Or(At),
    /// a →: goes on at the place if a counts as false.
    Unless(At),
    /// →: goes on at the place.
    Jump(At),

    /// f a… → result of so many arguments; the name for error texts.
    Call(u16, u32),
    /// f a… → result, as the last act of a function: its frame is given up first.
    TailCall(u16, u32),
    /// a… → result of a function known beforehand.
    CallBuiltin(Builtin, u16),
    /// f a… → f with the arguments that are not holes bound; `Hole` stands for those that are.
    Partial(u16, u32),
    /// → a hole among the arguments of a partial application.
    Hole,
    /// a f → f(a), or if a is a function the two in a row: `~>`.
    Apply,
    /// v →: ends a body with v.
    Yield,
}

const _: () = assert!(size_of::<ExprOp>() <= 12);

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

/// An operator of arithmetic or of comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Operator {
    /// The operator written so, if it is one of these.
    ///
    /// ```
    /// use expressway::program::expression::Operator;
    /// assert_eq!(Operator::from_token("<="), Some(Operator::LessEqual));
    /// assert_eq!(Operator::from_token("&"), None);
    /// ```
    pub fn from_token(token: &str) -> Option<Operator> {
        Self::ALL.iter().copied().find(|operator| operator.token() == token)
    }

    /// How it is written.
    pub fn token(self) -> &'static str {
        match self {
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Modulo => "%",
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterEqual => ">=",
        }
    }

    const ALL: &[Operator] = &[
        Operator::Add,
        Operator::Subtract,
        Operator::Multiply,
        Operator::Divide,
        Operator::Modulo,
        Operator::Equal,
        Operator::NotEqual,
        Operator::Less,
        Operator::LessEqual,
        Operator::Greater,
        Operator::GreaterEqual,
    ];
}

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
    /// → the parameter of a function, so many scopes outwards, in that slot: it is always bound.
    Parameter(u16, u16),
    /// → what a variable's fields lead to, by the path; unwrapped if it says so.
    Path(u32, bool),
    /// → the context's member of that name, as `Start` and `Field`; unwrapped if it says so.
    StartField(u32, bool),
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
    /// v → v: what a path's variable stands for, as the path goes on from it: a constructed array is one element.
    Whole,
    /// v → v: goes on at the place if v is a built array without elements.
    Stop(At),
    /// v → s: keeps the elements for which the body that follows holds, or whose index it gives.
    Filter(At),
    /// t → t: the same of a stream of tuples, which bind these names.
    FilterTuples(At, u32),
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
    /// a b → a op b.
    By(Operator),
    /// a b → the strings of both, joined.
    Concat,
    /// a → a op a constant number.
    ByNumber(Operator, u32),
    /// a → a op the parameter of a function, as `Parameter`.
    ByParameter(Operator, u16, u16),
    /// a → a op what a variable's fields lead to, unwrapped.
    ByPath(Operator, u32),
    /// a → a op the context's member of that name, unwrapped.
    ByField(Operator, u32),
    /// a → whether a compares so with a constant string.
    ByText(Operator, u32),
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
    /// →: the context becomes what the last act of a function has for one: that of whoever has called.
    CallerContext,
    /// a… → result of a function known beforehand.
    CallBuiltin(Builtin, u16),
    /// a → result of a function known beforehand that calls the function whose body follows, and then goes on behind it; if
    /// it starts with a value of its own, that is above a.
    #[allow(missing_docs)]
    Over { builtin: Builtin, starts: bool, lambda: u32 },
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

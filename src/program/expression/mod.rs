//! A compiled JSONata expression: flat instructions of their own, over the same values as the rest of the program.
//!
//! Flows in: instructions from `compile::jsonata`. Flows out: instructions to `vm::jsonata`. Bodies (of steps, predicates,
//! functions, sort terms, groups) are ranges of the same code that end with [`ExprOp::Yield`]. It must never hold a
//! value that belongs to an execution.
//!
//! | file | holds |
//! | --- | --- |
//! | [`op`] | the instructions |
//! | [`builtin`] | the functions, with their signatures |

pub mod builtin;
pub mod op;

pub use builtin::Builtin;
pub use op::{At, ExprOp, Operator};

use super::{Root, VariableId};
use crate::value::once::Once;
use crate::value::signature::Signature;

/// A compiled expression.
#[derive(Debug, Default)]
pub struct Expression {
    /// The text between `{%` and `%}`, trimmed.
    pub text: Box<str>,
    /// The instructions.
    pub ops: Box<[ExprOp]>,
    /// For each instruction the place in the text: characters from its start.
    pub positions: Box<[u32]>,
    /// Strings: constants, field names and what error texts quote.
    pub texts: Box<[Box<str>]>,
    /// Numbers.
    pub numbers: Box<[Number]>,
    /// Where variables may be found.
    pub references: Box<[Reference]>,
    /// Variables with the fields behind them.
    pub paths: Box<[Path]>,
    /// Functions written in the expression.
    pub lambdas: Box<[Lambda]>,
    /// Regular expressions.
    pub regexes: Box<[Regex]>,
    /// Keys of objects whose keys are all known.
    pub shapes: Box<[Box<[Box<str>]>]>,
    /// Groups, sort steps, tuple steps and transforms.
    pub groups: Box<[Group]>,
    /// Sort steps.
    pub sorts: Box<[Sort]>,
    /// Names that tuples bind.
    pub names: Box<[Box<[Box<str>]>]>,
    /// Steps that make tuples.
    pub tuples: Box<[TupleStep]>,
    /// Transforms.
    pub transforms: Box<[Transform]>,
    /// How many variables the outermost scope holds.
    pub slots: u32,
    /// Whether it may give a value with functions inside.
    pub functions: bool,
}

impl Expression {
    /// The path that the expression is, if it is nothing but the fields of something around it: such an expression
    /// cannot fail, and needs no machine.
    pub fn bare(&self) -> Option<(Global, &[Box<str>])> {
        let (from, names) = match self.ops[..] {
            [ExprOp::Path(path, true), ExprOp::Yield] => {
                let path = &self.paths[path as usize];
                (&path.from, &path.names[..])
            }
            [ExprOp::Load(reference), ExprOp::Yield] => (&self.references[reference as usize], &[][..]),
            _ => return None,
        };
        let known = from.places.is_empty() && !matches!(from.global, Global::Builtin(_));
        known.then_some((from.global, names))
    }

    /// Whether it looks into a whole document, rather than handing it on or reading the scanner's slots.
    pub fn looks_into_documents(&self) -> bool {
        let whole =
            |global: Global| matches!(global, Global::Root(Root::Register(_) | Root::Outer) | Global::States { .. });
        match self.bare() {
            Some((global, names)) => !names.is_empty() && whole(global),
            None => self.references.iter().chain(self.paths.iter().map(|path| &path.from)).any(|r| whole(r.global)),
        }
    }
}

/// A number of an expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// As it was written.
    pub text: Box<str>,
    /// Its value as a double.
    pub value: f64,
}

/// A variable with the fields behind it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    /// The variable.
    pub from: Reference,
    /// The names of the fields.
    pub names: Box<[Box<str>]>,
}

/// Where a variable is looked for, nearest first: the first place where it has been bound counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// Scopes outwards, and the slot there.
    pub places: Box<[(u16, u16)]>,
    /// Where else.
    pub global: Global,
}

/// What a name stands for that the expression does not bind itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Global {
    /// Nothing.
    None,
    /// A document of the state, or a part of one.
    Root(Root),
    /// `$states` as a whole: where its input is, and what the state's work has left.
    States {
        /// The input.
        input: Root,
        /// What `res` holds.
        left: Left,
    },
    /// A variable of the machine.
    Variable(VariableId),
    /// What the host has bound under a number.
    Binding(u32),
    /// A function.
    Builtin(Builtin),
}

/// What the work of a state has left for `$states`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Left {
    /// Nothing: there was no work, or it has not been done.
    Nothing,
    /// `$states.result`
    Result,
    /// `$states.errorOutput`
    ErrorOutput,
}

/// A function written in the expression.
#[derive(Debug)]
pub struct Lambda {
    /// The slot of each parameter.
    pub parameters: Box<[u16]>,
    /// How many variables its scope holds.
    pub slots: u32,
    /// What it takes, if it says so.
    pub signature: Option<Signature>,
    /// Where its body begins.
    pub body: At,
    /// What follows its body.
    pub end: At,
    /// Whether a call's variables can outlive it: its body makes functions, which hold on to them.
    pub captured: bool,
}

/// A regular expression as it was written.
#[derive(Debug)]
pub struct Regex {
    /// The pattern.
    pub pattern: Box<str>,
    /// Of `i` and `m`.
    pub flags: Box<str>,
    /// What the machine makes of it.
    pub compiled: Once,
}

/// `{…}`: pairs of bodies.
#[derive(Debug)]
pub struct Group {
    /// Where each key's body and each value's body begins.
    pub pairs: Box<[(At, At)]>,
    /// The names that tuples bind, if it groups tuples.
    pub names: Option<u32>,
}

/// `^(…)`.
#[derive(Debug)]
pub struct Sort {
    /// Where each term's body begins, and whether it descends.
    pub terms: Box<[(At, bool)]>,
    /// The names that tuples bind, if it sorts tuples.
    pub names: Option<u32>,
}

/// A step that makes tuples of tuples.
#[derive(Debug)]
pub struct TupleStep {
    /// The names that are bound in its body.
    pub names: u32,
    /// The variable of `@`.
    pub focus: Option<Box<str>>,
    /// The variable of `#`.
    pub index: Option<Box<str>>,
    /// The label of what the step was taken from.
    pub ancestor: Option<Box<str>>,
}

/// `|…|…|`: bodies.
#[derive(Debug)]
pub struct Transform {
    /// What is to be changed.
    pub pattern: At,
    /// The members to set.
    pub update: At,
    /// The names to take away.
    pub delete: Option<At>,
}

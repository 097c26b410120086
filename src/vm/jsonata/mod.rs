//! JSONata, the language of `{% … %}` (States Language, "JSONata"; JSONata 2.0.6).
//!
//! Flows in: a compiled expression, a [`Host`] that knows the names around it, limits. Flows out: a value, undefined
//! included, or a coded error. An evaluation is a machine of its own with a stack of frames, so nothing recurses on the
//! native stack however deep functions call each other; fuel, depth, length and memory are counted. It must never draw
//! randomness or read a clock by itself, and no function value may leave it.
//!
//! | file | holds |
//! | --- | --- |
//! | `machine.rs` | the registers and the loop over instructions |
//! | `frame.rs` | bodies under way: steps, predicates, calls |
//! | `tuple.rs`, `order.rs`, `group.rs`, `transform.rs` | tuples, sorting, grouping, transforms |
//! | `call.rs` | functions as values, signatures, calls |
//! | `higher.rs` | functions that call functions |
//! | `builtin/` | functions that do not |
//! | `query.rs`, `operate.rs`, `text.rs` | values: reading, operators, text |
//! | [`library`] | what functions compute, apart from values |
//! | [`error`] | codes and messages |

mod builtin;
mod call;
pub mod error;
mod frame;
mod group;
mod higher;
pub mod library;
mod machine;
mod operate;
mod order;
mod query;
mod text;
mod transform;
mod tuple;

pub use error::EvaluationError;

use crate::program::expression::{Expression, Global};
use crate::value::{Arena, Value};

/// What an expression can ask of the world around it.
pub trait Host<'a> {
    /// What a name stands for that the expression does not bind; none if nothing.
    fn global(&mut self, global: Global) -> Option<Value<'a>>;

    /// The fields behind such a name, not unwrapped; undefined if there are none.
    fn path(&mut self, global: Global, names: &[Box<str>], arena: &'a Arena) -> Value<'a> {
        let value = self.global(global).unwrap_or(Value::Undefined);
        fields(value, names.iter().map(|name| &**name), arena)
    }

    /// The clock, in milliseconds since 1970.
    fn now_ms(&mut self) -> i64;

    /// The next number of the execution's stream, uniform over 64 bits.
    fn draw(&mut self) -> u64;

    /// Compiles the text given to `$eval`; none where that function does not exist.
    fn compile(&mut self, text: &str) -> Option<Result<&'a Expression, EvaluationError>>;
}

/// What ends an evaluation that would not end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps of work: instructions, elements, bytes of text.
    pub fuel: u64,
    /// Calls inside calls.
    pub depth: u32,
    /// Numbers of a range.
    pub length: u64,
    /// Bytes of arena.
    pub bytes: usize,
    /// Levels of nesting of a built value.
    pub nesting: u32,
}

impl Limits {
    /// For states of a machine. The length is what AWS has been seen to accept; depth and the others are ours.
    pub const STATE: Limits =
        Limits { fuel: 50_000_000, depth: 1_000, length: 873_782, bytes: 256 << 20, nesting: 1_024 };
}

type Evaluated<T> = Result<T, Box<EvaluationError>>;

/// Evaluates an expression with `input` as `$` and `$$`.
///
/// # Errors
/// What JSONata calls an error, or a limit that was reached.
pub fn evaluate<'a>(
    expression: &'a Expression,
    input: Value<'a>,
    host: &mut dyn Host<'a>,
    limits: Limits,
    arena: &'a Arena,
) -> Result<Value<'a>, Box<EvaluationError>> {
    if let Some((global, names)) = expression.bare() {
        return Ok(follow(host, global, names, arena));
    }
    let mut machine = machine::Machine::new(expression, input, host, limits, arena);
    machine.run()
}

/// The value of an expression that is nothing but a path.
pub(super) fn follow<'a>(host: &mut dyn Host<'a>, global: Global, names: &[Box<str>], arena: &'a Arena) -> Value<'a> {
    query::unwrap(host.path(global, names, arena))
}

/// The fields that a path of names leads to, as a path of an expression finds them.
pub(super) fn fields<'a, 'n>(value: Value<'a>, names: impl Iterator<Item = &'n str>, arena: &'a Arena) -> Value<'a> {
    names.fold(value, |value, name| query::field(value, name, arena))
}

/// A number of an expression as it was written.
fn constant_number<'a>(text: &'a str, arena: &'a Arena) -> Value<'a> {
    Value::raw(arena, text, crate::value::raw::Form::COMPACT)
}

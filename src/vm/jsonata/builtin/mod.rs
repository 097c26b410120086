//! The functions that need no call of another: from values to what the library computes, and back.
//!
//! Flows in: arguments that fit the function's signature, so that kinds need no second check; most functions of an
//! undefined first argument are undefined. Flows out: the value, or a frame for those that call functions.
//!
//! | file | functions |
//! | --- | --- |
//! | `mod.rs` | which function is where; time and chance |
//! | `collection.rs` | arrays and objects |
//! | `number.rs` | numbers |
//! | `string.rs` | strings |
//! | `matching.rs` | regular expressions |

mod collection;
mod matching;
mod number;
mod string;

pub(super) use matching::Matching;

use super::error::EvaluationError;
use super::library;
use super::machine::{Asked, Flow, Machine};
use super::query::{self, letter};
use super::{Evaluated, text};
use crate::program::expression::Builtin;
use crate::value::{Arena, Value};

/// The arguments of a function, behind which everything is undefined.
#[derive(Clone, Copy)]
struct Arguments<'a> {
    values: &'a [Value<'a>],
    arena: &'a Arena,
}

impl<'a> Arguments<'a> {
    fn at(self, index: usize) -> Value<'a> {
        self.values.get(index).copied().unwrap_or(Value::Undefined)
    }

    fn text(self, index: usize) -> Option<&'a str> {
        self.at(index).as_str(self.arena)
    }

    fn number(self, index: usize) -> Option<f64> {
        query::number(self.at(index))
    }

    fn items(self, index: usize) -> &'a [Value<'a>] {
        query::items(self.at(index), self.arena)
    }
}

impl<'a> Machine<'a, '_> {
    /// Calls a function, its arguments checked.
    pub fn builtin(&mut self, builtin: Builtin, values: &'a [Value<'a>], asked: Asked) -> Evaluated<Flow<'a>> {
        let arguments = Arguments { values, arena: self.arena };
        let undefined = matches!(arguments.at(0), Value::Undefined);
        let value = match builtin {
            Builtin::Map | Builtin::Filter | Builtin::Reduce | Builtin::Sift | Builtin::Each => {
                return self.start_higher(builtin, values, asked);
            }
            Builtin::Sort | Builtin::Single if letter(arguments.at(1)) == b'f' => {
                return self.start_higher(builtin, values, asked);
            }
            Builtin::Match | Builtin::Contains | Builtin::Split | Builtin::Replace if !undefined => {
                return self.matching(builtin, values, asked);
            }
            Builtin::Eval => return self.eval(arguments, asked),

            Builtin::Random => match arguments.number(0) {
                Some(seed) => Value::Float(library::service::random(seed)),
                None => Value::Float((self.host.draw() >> 11) as f64 / (1u64 << 53) as f64),
            },
            Builtin::Uuid => {
                let (high, low) = (self.host.draw(), self.host.draw());
                Value::copy_str(self.arena, &library::service::uuid(high, low))
            }
            Builtin::Shuffle if !undefined => self.shuffle(arguments),
            Builtin::Millis => Value::Float(self.now() as f64),
            Builtin::Now => {
                let now = self.now() as f64;
                string::from_millis(now, arguments.text(0), arguments.text(1), self.arena)?
            }
            Builtin::FromMillis => match arguments.number(0) {
                Some(millis) => string::from_millis(millis, arguments.text(1), arguments.text(2), self.arena)?,
                None => Value::Undefined,
            },
            Builtin::ToMillis => match arguments.text(0) {
                Some(text) => {
                    let now = self.now() as f64;
                    library::date::to_millis(text, arguments.text(1), now)?.map_or(Value::Undefined, Value::Float)
                }
                None => Value::Undefined,
            },
            Builtin::RangeOf | Builtin::Partition => collection::made(builtin, arguments, self.limits.length)?,

            Builtin::Count => match undefined {
                true => Value::Int(0),
                false => Value::Int(arguments.items(0).len() as i64),
            },
            Builtin::Exists => Value::Bool(!undefined),
            Builtin::Append => query::append(arguments.at(0), arguments.at(1), self.arena),
            Builtin::Zip => collection::zip(arguments),
            Builtin::Error => {
                let message = arguments.text(0).unwrap_or("$error() function evaluated");
                return Err(EvaluationError::said("D3137", message.to_owned()));
            }
            Builtin::Assert => {
                if !query::truth(arguments.at(0), self.arena) {
                    let message = arguments.text(1).unwrap_or("$assert() statement failed");
                    return Err(EvaluationError::said("D3141", message.to_owned()));
                }
                Value::Undefined
            }
            Builtin::Single if !undefined => match arguments.items(0) {
                [] => return Err(EvaluationError::new("D3139", "single", "")),
                [one] => *one,
                _ => return Err(EvaluationError::new("D3138", "single", "")),
            },

            // No names, which a call in the last place of a function hands on as they are.
            Builtin::Keys if undefined => query::sequence(query::List::new_in(self.arena), self.arena),
            _ if undefined => Value::Undefined,
            // A function counts as true in a condition, and as false when these are asked.
            Builtin::Not | Builtin::Boolean => {
                let truth = letter(arguments.at(0)) != b'f' && query::truth(arguments.at(0), self.arena);
                Value::Bool(truth == (builtin == Builtin::Boolean))
            }
            Builtin::Type => Value::text(
                self.arena,
                match letter(arguments.at(0)) {
                    b'l' => "null",
                    b'b' => "boolean",
                    b'n' => "number",
                    b's' => "string",
                    b'a' => "array",
                    b'o' => "object",
                    _ => "function",
                },
            ),
            Builtin::String => {
                let written = text::string(arguments.at(0), query::truth(arguments.at(1), self.arena), self.arena)?;
                written.map_or(Value::Undefined, |text| Value::text(self.arena, text))
            }
            _ => match collection::call(builtin, arguments)? {
                Some(value) => value,
                None => match number::call(builtin, arguments)? {
                    Some(value) => value,
                    None => string::call(builtin, arguments)?,
                },
            },
        };
        let value = self.built(value)?;
        self.burn(1 + value.size().bytes_max / 64)?;
        Ok(Flow::Return(value, asked))
    }

    fn now(&mut self) -> i64 {
        let host = &mut *self.host;
        *self.now_ms.get_or_insert_with(|| host.now_ms())
    }

    fn shuffle(&mut self, arguments: Arguments<'a>) -> Value<'a> {
        let items = self.arena.alloc_slice_copy(arguments.items(0));
        for last in (1..items.len()).rev() {
            let other = (self.host.draw() % (last as u64 + 1)) as usize;
            items.swap(last, other);
        }
        Value::array(self.arena, items)
    }

    /// `$eval`, where the host has it.
    fn eval(&mut self, arguments: Arguments<'a>, asked: Asked) -> Evaluated<Flow<'a>> {
        let Some(source) = arguments.text(0) else { return Ok(Flow::Return(Value::Undefined, asked)) };
        let compiled = match self.host.compile(source) {
            None => return Err(EvaluationError::new("T1006", "eval", "")),
            Some(Ok(compiled)) => compiled,
            Some(Err(error)) => {
                let mut error = EvaluationError::new("D3120", "eval", &error.message);
                error.position = None;
                return Err(error);
            }
        };
        let input = match arguments.at(1) {
            Value::Undefined => self.context,
            input => input,
        };
        // The inner evaluation is a machine of its own; that it can hold another is a matter of tests only, where
        // nobody nests it deeply. Its depth is taken from what is left here.
        let limits =
            super::Limits { fuel: self.fuel, depth: self.limits.depth.saturating_sub(self.depth + 100), ..self.limits };
        if limits.depth == 0 {
            return Err(EvaluationError::new("U1001", "eval", "calls inside calls"));
        }
        match super::evaluate(compiled, input, &mut *self.host, limits, self.arena) {
            Ok(Value::Function(_)) => Ok(Flow::Return(Value::Undefined, asked)),
            Ok(value) => Ok(Flow::Return(value, asked)),
            Err(error) => Err(EvaluationError::new("D3121", "eval", &error.message)),
        }
    }
}

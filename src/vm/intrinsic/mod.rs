//! The 18 intrinsic functions (States Language, "Intrinsic Functions").
//!
//! Flows in: a function, the values of its arguments, a source of numbers for what is random. Flows out: a value, or that
//! the arguments were rejected. How many arguments there are and of what kinds is checked here, because AWS checks it
//! here too: only when the call runs. The service is a Java program and shows it in many places; what is Java in a result
//! (text forms, hash order, the generator behind a seed) is in `java.rs`, and each rule names what it stands on.
//!
//! | file | holds |
//! | --- | --- |
//! | `mod.rs` | the call, arguments, what a rejection says |
//! | `text.rs` | Format, StringSplit, UUID |
//! | `array.rs` | Array and the functions on arrays |
//! | `unique.rs` | ArrayUnique |
//! | `math.rs` | MathAdd, MathRandom |
//! | `hash.rs` | Hash, Base64Encode, Base64Decode |
//! | `json.rs` | StringToJson, JsonToString, JsonMerge |
//! | `java.rs` | what results owe to Java |
//!
//! It must never draw randomness from anywhere but [`Draws`], and must never write more text than [`TEXT_BYTES_MAX`].

mod array;
mod hash;
mod java;
mod json;
mod math;
mod text;
mod unique;

pub(super) use hash::{decoded_bytes, hex_digest, six_bits_of_either};
pub(super) use math::sum;
pub(super) use text::{put_together, write_inside};

use crate::program::Function;
pub use crate::program::format::Brace;
use crate::value::number::Number;
use crate::value::{Arena, Value};

/// Where random numbers come from: the machine derives them from the identity of the event, so that a run can be
/// repeated.
pub trait Draws {
    /// The next number, uniform over 64 bits.
    fn draw(&mut self) -> u64;
}

/// A function makes at most so many bytes of text. Nested calls could otherwise double a text at every level, and a
/// value that holds one part many times takes far less room than its text.
pub const TEXT_BYTES_MAX: u64 = 64 << 20;

/// An array made by `States.ArrayRange` has at most so many elements.
const ELEMENTS_MAX: usize = 1_000;

/// Arguments of `States.Hash` and the Base64 functions have at most so many UTF-16 units.
const CHARACTERS_MAX: usize = 10_000;

/// The arguments were rejected. Its `Display` is what AWS's cause ends with, after
/// `There was an error while evaluating the intrinsic function: <call>. `.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Wrong number, wrong kind or out of range.
    #[error("Invalid arguments in {}", .function.name())]
    InvalidArguments {
        /// The function that was called.
        function: Function,
    },
    /// The template of `States.Format` has a brace without its other half.
    #[error("Invalid template in States.Format: matching {} not found for {}.", .lone.other(), .lone)]
    InvalidTemplate {
        /// The brace that stands alone.
        lone: Brace,
    },
    /// The text would be longer than [`TEXT_BYTES_MAX`]; a limit of ours, which no value within AWS's reaches.
    #[error("{} would make more than {bytes_max} bytes of text", .function.name())]
    TextTooLong {
        /// The function that was called.
        function: Function,
        /// The limit.
        bytes_max: u64,
    },
}

/// What a text is put together of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bit<'t, 'a> {
    /// Text.
    Text(&'t str),
    /// The text form of a value.
    Value(Value<'a>),
}

/// Calls a function.
///
/// The first argument of `States.Format` is a template in which `{}` is a placeholder and `\{`, `\}`, `\'`, `\\` stand
/// for the character after the backslash; any other backslash stands for itself. A literal is therefore handed over as
/// it was written between its quotes, escapes and all; a string that a path selected, as it is. Every other string
/// argument is handed over with its escapes resolved.
///
/// ```
/// use expressway::program::Function;
/// use expressway::value::{Arena, Value};
/// use expressway::vm::{Seed, intrinsic};
/// let arena = Arena::new();
/// let arguments = [Value::from_text(&arena, r#"{"n":[1,2]}"#), Value::Int(5)];
/// let [object, five] = arguments;
/// let template = Value::text(&arena, r"\{{}\} and {}");
/// let text = intrinsic::call(Function::Format, &[template, object, five], &arena, &mut Seed::new(0, 0, 0))?;
/// assert_eq!(text.as_str(&arena), Some("{{n=[1, 2]}} and 5"));
/// let rejected = intrinsic::call(Function::ArrayLength, &[five], &arena, &mut Seed::new(0, 0, 0)).unwrap_err();
/// assert_eq!(rejected.to_string(), "Invalid arguments in States.ArrayLength");
/// # Ok::<(), intrinsic::Rejected>(())
/// ```
///
/// # Errors
/// [`Rejected`]; the machine turns it into States.Runtime.
pub fn call<'a>(
    function: Function,
    arguments: &[Value<'a>],
    arena: &'a Arena,
    draws: &mut dyn Draws,
) -> Result<Value<'a>, Rejected> {
    let call = Call { function, arguments, arena };
    match function {
        Function::Format => text::format(&call),
        Function::StringSplit => text::split(&call),
        Function::UUID => text::uuid(&call, draws),
        Function::Array => Ok(array::array(&call)),
        Function::ArrayPartition => array::partition(&call),
        Function::ArrayContains => array::contains(&call),
        Function::ArrayRange => array::range(&call),
        Function::ArrayGetItem => array::item(&call),
        Function::ArrayLength => array::length(&call),
        Function::ArrayUnique => unique::unique(&call),
        Function::MathAdd => math::add(&call),
        Function::MathRandom => math::random(&call, draws),
        Function::Hash => hash::hash(&call),
        Function::Base64Encode => hash::encode(&call),
        Function::Base64Decode => hash::decode(&call),
        Function::StringToJson => json::parse(&call),
        Function::JsonToString => json::write(&call),
        Function::JsonMerge => json::merge(&call),
    }
}

/// The first `nextDouble()` of Java's generator with a seed.
pub(super) fn seeded_fraction(seed: i64) -> f64 {
    java::Random::new(seed).next_double()
}

/// A call while it runs, and how its arguments are read.
struct Call<'s, 'a> {
    function: Function,
    arguments: &'s [Value<'a>],
    arena: &'a Arena,
}

impl<'a> Call<'_, 'a> {
    fn rejected(&self) -> Rejected {
        Rejected::InvalidArguments { function: self.function }
    }

    /// The arguments, if there are exactly so many.
    fn exactly<const N: usize>(&self) -> Result<[Value<'a>; N], Rejected> {
        self.arguments.try_into().map_err(|_| self.rejected())
    }

    fn string(&self, value: Value<'a>) -> Result<&'a str, Rejected> {
        value.as_str(self.arena).ok_or(self.rejected())
    }

    /// A string, or anything else as text, of at most [`CHARACTERS_MAX`] characters.
    fn short(&self, text: &'a str) -> Result<&'a str, Rejected> {
        // A UTF-16 unit takes one to three bytes.
        if text.len() > CHARACTERS_MAX && text.encode_utf16().count() > CHARACTERS_MAX {
            return Err(self.rejected());
        }
        Ok(text)
    }

    fn elements(&self, value: Value<'a>) -> Result<&'a [Value<'a>], Rejected> {
        value.elements(self.arena).ok_or(self.rejected())
    }

    fn number(&self, value: Value<'a>) -> Result<Number<'a>, Rejected> {
        value.as_number().ok_or(self.rejected())
    }

    /// A number without its fraction, held to 64 bits: what every function but MathAdd does with fractions.
    fn truncated(&self, value: Value<'a>) -> Result<i64, Rejected> {
        let number = self.number(value)?;
        // The conversion of a double saturates, and makes 0 of what is no number.
        Ok(number.as_written_integer().unwrap_or_else(|| number.as_f64() as i64))
    }

    /// That the text of the value, which the caller is about to write, is not too long.
    fn fits(&self, value: Value<'a>) -> Result<(), Rejected> {
        if value.fits(TEXT_BYTES_MAX) { Ok(()) } else { Err(self.too_long()) }
    }

    fn too_long(&self) -> Rejected {
        Rejected::TextTooLong { function: self.function, bytes_max: TEXT_BYTES_MAX }
    }
}

#[cfg(test)]
mod tests;

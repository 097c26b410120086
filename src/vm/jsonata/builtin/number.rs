//! Functions of numbers.

use super::Arguments;
use crate::program::expression::Builtin;
use crate::value::Value;
use crate::vm::jsonata::Evaluated;
use crate::vm::jsonata::library::decimal::{self, DecimalFormat};
use crate::vm::jsonata::library::{integer, number};
use crate::vm::jsonata::query::letter;

/// The function's value; none if it is not one of numbers.
pub(super) fn call<'a>(builtin: Builtin, arguments: Arguments<'a>) -> Evaluated<Option<Value<'a>>> {
    let arena = arguments.arena;
    let first = arguments.at(0);
    if builtin == Builtin::Number {
        return Ok(Some(match letter(first) {
            b'n' => first,
            b'b' => Value::Int(i64::from(first.as_bool() == Some(true))),
            _ => Value::Float(number::parse(arguments.text(0).unwrap_or_default())?),
        }));
    }
    let Some(n) = arguments.number(0) else { return Ok(None) };
    Ok(Some(match builtin {
        Builtin::Floor => Value::Float(n.floor()),
        Builtin::Ceil => Value::Float(n.ceil()),
        Builtin::Abs => Value::Float(n.abs()),
        Builtin::Round => Value::Float(number::round(n, arguments.number(1).unwrap_or(0.0))),
        Builtin::Sqrt => Value::Float(number::sqrt(n)?),
        Builtin::Power => match arguments.number(1) {
            Some(exponent) => Value::Float(number::power(n, exponent)?),
            None => Value::Float(number::power(n, f64::NAN)?),
        },
        Builtin::FormatBase => Value::copy_str(arena, &number::format_base(n, arguments.number(1))?),
        Builtin::FormatInteger => {
            Value::copy_str(arena, &integer::format_integer(n, arguments.text(1).unwrap_or_default())?)
        }
        Builtin::FormatNumber => {
            let mut format = DecimalFormat::default();
            for member in arguments.at(2).members(arena).unwrap_or_default() {
                format.set(member.key, member.value.as_str(arena).unwrap_or_default());
            }
            Value::copy_str(arena, &decimal::format_number(n, arguments.text(1).unwrap_or_default(), &format)?)
        }
        _ => return Ok(None),
    }))
}

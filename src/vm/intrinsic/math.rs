//! MathAdd, MathRandom.

use super::{Call, Draws, Rejected, java};
use crate::value::Value;
use crate::value::number::Number;

/// `States.MathAdd(a, b)`: both rounded to the nearest integer, halves up, then added; all three must fit 32 bits.
pub(super) fn add<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let [a, b] = call.exactly()?;
    let (a, b) = (rounded(call.number(a)?), rounded(call.number(b)?));
    let sum = a.zip(b).and_then(|(a, b)| a.checked_add(b)).ok_or(call.rejected())?;
    Ok(Value::Int(i64::from(sum)))
}

/// The sum of two integers, if all three fit 32 bits.
#[inline(always)]
pub(in crate::vm) fn sum(a: i64, b: i64) -> Option<i64> {
    let sum = i32::try_from(a).ok()?.checked_add(i32::try_from(b).ok()?)?;
    Some(i64::from(sum))
}

/// The nearest integer, halves towards the larger: 1.5 is 2, -1.5 is -1.
fn rounded(number: Number) -> Option<i32> {
    if let Some(integer) = number.as_written_integer() {
        return i32::try_from(integer).ok();
    }
    let real = number.as_f64();
    let below = real.floor();
    let nearest = if real - below >= 0.5 { below + 1.0 } else { below };
    (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&nearest).then_some(nearest as i32)
}

/// `States.MathRandom(from, to[, seed])`: an integer that is at least `from` and less than `to`, fractions cut off, both
/// of 32 bits. A seed gives the number that Java's generator gives for it.
pub(super) fn random<'a>(call: &Call<'_, 'a>, draws: &mut dyn Draws) -> Result<Value<'a>, Rejected> {
    let (from, to, seed) = match *call.arguments {
        [from, to] => (from, to, None),
        [from, to, seed] => (from, to, Some(call.truncated(seed)?)),
        _ => return Err(call.rejected()),
    };
    let bound = |value| i32::try_from(call.truncated(value)?).map_err(|_| call.rejected());
    let (from, to) = (bound(from)?, bound(to)?);
    if from >= to {
        return Err(call.rejected());
    }
    let number = match seed {
        Some(seed) => i64::from(java::Random::new(seed).between(from, to)),
        None => {
            let width = i64::from(to) - i64::from(from);
            // The high half of the product is uniform over the width, to one part in 2^32 and better.
            let offset = (u128::from(draws.draw()) * u128::from(width.unsigned_abs())) >> 64;
            i64::from(from) + offset as i64
        }
    };
    Ok(Value::Int(number))
}

//! Numbers to text and back, rounding, powers, radixes (JSONata, "Numeric functions").
//!
//! Numbers are doubles; text is what JavaScript writes for them, which is what the language means by a number's text. It
//! must never give NaN or an infinity: what cannot be represented in JSON is an error.

use super::fault::Fault;
use super::{LibraryError, check_finite};

/// Below 2^53 every whole number is a double.
const INTEGER_MAX: f64 = 9_007_199_254_740_992.0;

/// The text of a number as JSON.stringify writes it: shortest digits, exponents from 1e21 up and below 1e-6, no `-0`.
///
/// ```
/// use expressway::vm::jsonata::library::number::plain;
/// assert_eq!([plain(1e21), plain(-0.0), plain(2.5e-7)], ["1e+21", "0", "2.5e-7"]);
/// ```
pub fn plain(number: f64) -> String {
    if !number.is_finite() {
        return "null".to_owned();
    }
    if number.fract() == 0.0 && number.abs() < INTEGER_MAX {
        // Zero has no sign here.
        return itoa::Buffer::new().format(number as i64).to_owned();
    }
    // `d.ddde±x`, the shortest digits that read back as the number.
    let scientific = format!("{:e}", number.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    // The number is 0.digits × 10^point.
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    let mut out = String::with_capacity(24);
    if number < 0.0 {
        out.push('-');
    }
    let length = digits.len() as i32;
    let zeros = |count: i32| "0".repeat(count.max(0) as usize);
    match point {
        _ if length <= point && point <= 21 => {
            out.push_str(&digits);
            out.push_str(&zeros(point - length));
        }
        1..=21 => {
            let (whole, fraction) = digits.split_at(point as usize);
            out.extend([whole, ".", fraction]);
        }
        -5..=0 => out.extend(["0.", &zeros(-point), &digits]),
        _ => {
            let (first, rest) = digits.split_at(1);
            let sign = if point > 0 { "+" } else { "-" };
            let dot = if rest.is_empty() { "" } else { "." };
            out.extend([first, dot, rest, "e", sign, &(point - 1).abs().to_string()]);
        }
    }
    out
}

/// `$string(number)`, also inside arrays and objects: a number with a fraction is rounded to 15 significant digits
/// first, which hides what is left of binary fractions; a whole number keeps all of its digits.
///
/// ```
/// use expressway::vm::jsonata::library::number::to_text;
/// assert_eq!(to_text(0.1 + 0.2)?, "0.3");
/// assert_eq!(to_text(9007199254740991.0)?, "9007199254740991");
/// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
/// ```
///
/// # Errors
/// D3001: infinite, or not a number.
pub fn to_text(number: f64) -> Result<String, LibraryError> {
    if number.is_finite() { Ok(plain(rounded_to_15_digits(number))) } else { Err(Fault::StringOfInfinite.into()) }
}

/// The number of 15 significant digits that is nearest; of two as near, the larger in size. Whole numbers stay.
pub fn rounded_to_15_digits(number: f64) -> f64 {
    if number.fract() == 0.0 || !number.is_finite() {
        return number;
    }
    let shortest = format!("{number:e}");
    let digits = shortest.bytes().take_while(|byte| *byte != b'e').filter(u8::is_ascii_digit).count();
    // A double tells any two numbers of 15 digits apart.
    if digits <= 15 {
        return number;
    }
    let exact = format!("{number:.80e}");
    let (mantissa, exponent) = exact.split_once('e').unwrap_or((&exact, "0"));
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    // 15 digits are below 10^15, and one more can be added to that.
    let kept = digits.iter().take(15).fold(0u64, |kept, digit| kept * 10 + u64::from(*digit));
    let kept = kept + u64::from(digits.get(15).is_some_and(|digit| *digit >= 5));
    let exponent = exponent.parse::<i32>().unwrap_or(0) - 14;
    format!("{sign}{kept}e{exponent}").parse().unwrap_or(number)
}

/// `$number(str)`: a number as JSON has it, but with leading zeros allowed, or whole after `0x`, `0o` or `0b`.
///
/// ```
/// use expressway::vm::jsonata::library::number::parse;
/// assert_eq!([parse("-01.5e1")?, parse("0xFF")?, parse("0b101")?], [-15.0, 255.0, 5.0]);
/// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
/// ```
///
/// # Errors
/// D3030: another text, or too large a number.
pub fn parse(text: &str) -> Result<f64, LibraryError> {
    let number = if is_decimal(text.as_bytes()) { text.parse().ok() } else { parse_radix(text) };
    number.filter(|number: &f64| number.is_finite()).ok_or_else(|| Fault::NotANumber(text).into())
}

/// `-?digits(.digits)?([eE][+-]?digits)?`
fn is_decimal(text: &[u8]) -> bool {
    /// What follows one digit or more.
    fn after_digits(text: &[u8]) -> Option<&[u8]> {
        let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 { None } else { Some(&text[count..]) }
    }
    let Some(mut rest) = after_digits(text.strip_prefix(b"-").unwrap_or(text)) else { return false };
    if let [b'.', fraction @ ..] = rest {
        let Some(after) = after_digits(fraction) else { return false };
        rest = after;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', digits @ ..] => digits,
            digits => digits,
        };
        let Some(after) = after_digits(exponent) else { return false };
        rest = after;
    }
    rest.is_empty()
}

/// The number after `0x`, `0o` or `0b`; rounded once, to even, if it has too many digits for a double.
fn parse_radix(text: &str) -> Option<f64> {
    let (prefix, digits) = text.split_at_checked(2)?;
    let bits = match prefix {
        "0x" | "0X" => 4,
        "0o" | "0O" => 3,
        "0b" | "0B" => 1,
        _ => return None,
    };
    if digits.is_empty() {
        return None;
    }
    let (mut mantissa, mut dropped_bits, mut sticky) = (0u64, 0u32, false);
    for digit in digits.chars() {
        let digit = u64::from(digit.to_digit(1 << bits)?);
        if mantissa >> (64 - bits) == 0 {
            mantissa = mantissa << bits | digit;
        } else {
            dropped_bits = dropped_bits.saturating_add(bits);
            sticky |= digit != 0;
        }
    }
    // Once digits are dropped the mantissa has at least 61 bits: its last one is far below a double's and may stand for
    // whether anything follows.
    mantissa |= u64::from(sticky);
    Some(mantissa as f64 * 2f64.powi(dropped_bits.min(2000) as i32))
}

/// `$round(number[, precision])`: to so many decimal places (before the point if negative), halves to even. The point is
/// moved in the decimal text, so that 4.515 to two places is the 4.52 that a person expects.
///
/// ```
/// use expressway::vm::jsonata::library::number::round;
/// assert_eq!([round(2.5, 0.0), round(4.515, 2.0), round(1250.0, -2.0)], [2.0, 4.52, 1200.0]);
/// ```
pub fn round(number: f64, precision: f64) -> f64 {
    if precision.fract() != 0.0 {
        // The point moves by whole digits only: such a number cannot be written.
        return f64::NAN;
    }
    let places = precision.clamp(-1000.0, 1000.0) as i32;
    let moved = shifted(number, places);
    // So far the point cannot be moved: the way back leads nowhere.
    if !moved.is_finite() {
        return f64::NAN;
    }
    let rounded = shifted(moved.round_ties_even(), -places);
    // Zero has no sign.
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// The number with its decimal point moved.
fn shifted(number: f64, places: i32) -> f64 {
    if places == 0 {
        return number;
    }
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent = exponent.parse::<i32>().unwrap_or(0) + places;
    format!("{mantissa}e{exponent}").parse().unwrap_or(f64::NAN)
}

/// `$power(base, exponent)`.
///
/// # Errors
/// D3061: the result is no JSON number (too large, or a root of a negative number).
pub fn power(base: f64, exponent: f64) -> Result<f64, LibraryError> {
    // One to the power of what is no number is one in Rust, and no number in JavaScript.
    let power = if exponent.is_nan() { exponent } else { base.powf(exponent) };
    Some(power).filter(|p| p.is_finite()).ok_or(Fault::PowerTooLarge { base, exponent }.into())
}

/// `$sqrt(number)`.
///
/// # Errors
/// D3060: of a negative number.
pub fn sqrt(number: f64) -> Result<f64, LibraryError> {
    if number < 0.0 { Err(Fault::SqrtOfNegative(number).into()) } else { Ok(number.sqrt()) }
}

/// `$formatBase(number[, radix])`: rounded to a whole number, then in the radix (rounded too, 10 by default), with small
/// letters. Digits beyond those of a double are zeros.
///
/// ```
/// use expressway::vm::jsonata::library::number::format_base;
/// assert_eq!(format_base(-255.4, Some(16.0))?, "-ff");
/// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
/// ```
///
/// # Errors
/// D3100: the radix is not between 2 and 36. D1001: no finite number.
pub fn format_base(number: f64, radix: Option<f64>) -> Result<String, LibraryError> {
    let radix = radix.map_or(10.0, |radix| round(radix, 0.0));
    if !(2.0..=36.0).contains(&radix) {
        return Err(Fault::Radix(radix).into());
    }
    check_finite(number)?;
    let number = round(number, 0.0);
    if radix == 10.0 {
        return Ok(plain(number));
    }
    let mut digits = Vec::new();
    let mut rest = number.abs();
    while rest >= INTEGER_MAX {
        digits.push('0');
        rest /= radix;
    }
    let (mut rest, radix) = (rest as u64, radix as u32);
    loop {
        // The remainder is below the radix, and that is at most 36.
        digits.push(char::from_digit((rest % u64::from(radix)) as u32, radix).unwrap_or('0'));
        rest /= u64::from(radix);
        if rest == 0 {
            break;
        }
    }
    if number < 0.0 {
        digits.push('-');
    }
    Ok(digits.into_iter().rev().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_numbers() {
        let cases: &[(f64, &str)] = &[
            (0.0, "0"),
            (-0.0, "0"),
            (7.0, "7"),
            (-12.5, "-12.5"),
            (1e20, "100000000000000000000"),
            (123456789012345680000.0, "123456789012345680000"),
            (1e21, "1e+21"),
            (-1.25e300, "-1.25e+300"),
            (1e-6, "0.000001"),
            (1.5e-6, "0.0000015"),
            (1e-7, "1e-7"),
            (-2.5e-10, "-2.5e-10"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (9007199254740993.0, "9007199254740992"),
            (1.0 / 3.0, "0.3333333333333333"),
        ];
        for (number, text) in cases {
            assert_eq!(plain(*number), *text);
        }
    }

    #[test]
    fn texts_of_fifteen_digits() {
        let cases: &[(f64, &str)] = &[
            (1.0 / 3.0, "0.333333333333333"),
            (2.0 / 3.0, "0.666666666666667"),
            (0.1 + 0.2, "0.3"),
            (-1e-7 / 3.0, "-3.33333333333333e-8"),
            (0.9999999999999999, "1"),
            // Exactly between two: away from zero.
            (12345678901.03125, "12345678901.0313"),
            (-12345678901.03125, "-12345678901.0313"),
            (123456789012345678.0, "123456789012345680"),
            (4321012345678901.0, "4321012345678901"),
            (5e-324, "5e-324"),
        ];
        for (number, text) in cases {
            assert_eq!(to_text(*number).unwrap(), *text);
        }
        for number in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert_eq!(to_text(number).unwrap_err().code, "D3001");
        }
    }

    #[test]
    fn numbers_from_text() {
        let cases: &[(&str, f64)] = &[
            ("0", 0.0),
            ("-17", -17.0),
            ("007", 7.0),
            ("3.25", 3.25),
            ("1E3", 1000.0),
            ("1e+3", 1000.0),
            ("25e-1", 2.5),
            ("0xfF", 255.0),
            ("0O17", 15.0),
            ("0b11", 3.0),
            ("0x0000000000000000000000001", 1.0),
            ("0x20000000000001", 9007199254740992.0),
            ("0x20000000000003", 9007199254740996.0),
            ("0x200000000000010000000001", 9007199254740994.0 * 1099511627776.0),
            ("0x10000000000000000000", 75557863725914323419136.0),
        ];
        for (text, number) in cases {
            assert_eq!(parse(text).unwrap(), *number, "{text}");
        }
        let long = format!("0x{}", "f".repeat(400));
        let bad = [
            "", " 1", "1 ", "+1", ".5", "5.", "1e", "1e+", "--1", "1,000", "Infinity", "NaN", "1e999", "0x", "0xg",
            "-0x1", "0b2", "0o8", "1_000", "one", "١", "0x1p3", &long,
        ];
        for text in bad {
            assert_eq!(parse(text).unwrap_err().code, "D3030", "{text}");
        }
    }

    #[test]
    fn rounded() {
        let cases: &[(f64, f64, f64)] = &[
            (0.5, 0.0, 0.0),
            (1.5, 0.0, 2.0),
            (-1.5, 0.0, -2.0),
            (-0.4, 0.0, 0.0),
            (0.49999999999999994, 0.0, 0.0),
            (2.345, 2.0, 2.34),
            (2.355, 2.0, 2.36),
            (1.005, 2.0, 1.0),
            (8.75, 1.0, 8.8),
            (15.0, -1.0, 20.0),
            (25.0, -1.0, 20.0),
            (1e300, 7.0, 1e300),
            (1e-300, 5.0, 0.0),
            (5.0, -400.0, 0.0),
        ];
        for (number, places, expected) in cases {
            let rounded = round(*number, *places);
            assert_eq!(rounded, *expected, "{number} {places}");
            assert!(rounded != 0.0 || rounded.is_sign_positive());
        }
        // The decimal point is moved in the text, so that what no double can hold on the way is no number at the end.
        assert!(round(1e300, 20.0).is_nan() && round(123.456, 1.9).is_nan());
    }

    #[test]
    fn powers_and_roots() {
        assert_eq!(power(3.0, 4.0), Ok(81.0));
        assert_eq!(power(9.0, -0.5), Ok(1.0 / 3.0));
        for (base, exponent) in [(10.0, 400.0), (-8.0, 0.5), (0.0, -1.0)] {
            assert_eq!(power(base, exponent).unwrap_err().code, "D3061", "{base} {exponent}");
        }
        assert_eq!(sqrt(6.25), Ok(2.5));
        assert_eq!(sqrt(-1.0).unwrap_err().code, "D3060");
    }

    #[test]
    fn radixes() {
        let cases: &[(f64, Option<f64>, &str)] = &[
            (255.0, None, "255"),
            (255.0, Some(2.0), "11111111"),
            (-35.5, Some(36.0), "-10"),
            (35.0, Some(35.6), "z"),
            (0.2, Some(8.0), "0"),
            (-0.2, Some(8.0), "0"),
            (1e21, Some(10.0), "1e+21"),
            (1152921504606846976.0, Some(2.0), &format!("1{}", "0".repeat(60))),
        ];
        for (number, radix, expected) in cases {
            assert_eq!(format_base(*number, *radix).unwrap(), *expected, "{number} {radix:?}");
        }
        assert_eq!(format_base(f64::INFINITY, Some(3.0)).unwrap_err().code, "D1001");
        for radix in [1.4, 36.51, -2.0, f64::NAN] {
            assert_eq!(format_base(1.0, Some(radix)).unwrap_err().code, "D3100");
        }
    }
}

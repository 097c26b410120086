//! Numbers as they were written: comparing them and converting them without losing a digit.
//!
//! A number that nobody computes with is never converted: its text is copied through. Comparing goes by value: `1`, `1.0`
//! and `10e-1` are equal, and digits beyond those of a double count. It must never panic on any text that a JSON scanner
//! accepts, `1e999999999999` included. What AWS does with integers beyond 64 bits and with extreme exponents is not
//! recorded: they keep their text.

use std::cmp::Ordering;

/// A number: computed, or text of JSON's number grammar.
#[derive(Clone, Copy, Debug)]
pub enum Number<'a> {
    /// A computed integer.
    Int(i64),
    /// A computed real number.
    Float(f64),
    /// A number as it was written.
    Text(&'a str),
}

impl<'a> Number<'a> {
    /// The number as an integer, if it is one and fits, however it is written (`1.0` and `1e2` are integers).
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Number::Int(i) => Some(i),
            Number::Float(f) => whole(f),
            Number::Text(text) => written_integer(text).or_else(|| whole(text.parse::<f64>().ok()?)),
        }
    }

    /// The number as an integer if it is *written* as one: no fraction, no exponent.
    #[inline]
    pub fn as_written_integer(self) -> Option<i64> {
        match self {
            Number::Int(i) => Some(i),
            Number::Float(_) => None,
            Number::Text(text) => written_integer(text),
        }
    }

    /// The nearest double; too large a number is infinite.
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Int(i) => i as f64,
            Number::Float(f) => f,
            Number::Text(text) => short(text).unwrap_or_else(|| text.parse().unwrap_or(f64::NAN)),
        }
    }

    /// Compares by value, exactly.
    pub fn compare(self, other: Number) -> Ordering {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => a.cmp(&b),
            _ => {
                if let (Some(a), Some(b)) = (self.as_written_integer(), other.as_written_integer()) {
                    return a.cmp(&b);
                }
                if let (Number::Text(a), Number::Text(b)) = (self, other)
                    && a == b
                {
                    return Ordering::Equal;
                }
                let (a, b) = (self.as_f64(), other.as_f64());
                // Doubles that differ by more than rounding decide; near or beyond their limits the digits do.
                if (a - b).abs() > (a.abs() + b.abs()) * 1e-14 && a.is_finite() && b.is_finite() {
                    return a.total_cmp(&b);
                }
                let (mut left, mut right) = (Vec::new(), Vec::new());
                self.write(&mut left);
                other.write(&mut right);
                Decimal::of(&left).compare(&Decimal::of(&right))
            }
        }
    }

    /// Writes the number; text as it stood.
    pub fn write(self, out: &mut Vec<u8>) {
        match self {
            Number::Int(i) => out.extend_from_slice(itoa::Buffer::new().format(i).as_bytes()),
            Number::Float(f) => write_f64(f, out),
            Number::Text(text) => out.extend_from_slice(text.as_bytes()),
        }
    }
}

/// Whether there is a minus, and what is behind it.
#[inline(always)]
fn without_sign(text: &[u8]) -> (bool, &[u8]) {
    match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, text),
    }
}

#[inline(always)]
fn written_integer(text: &str) -> Option<i64> {
    integer(text).or_else(|| text.parse().ok())
}

/// The integer of at most 18 digits, which is what most are; nothing for any other text.
#[inline(never)]
pub(crate) fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = without_sign(text.as_bytes());
    let length = digits.len();
    let whole = match (digits.first_chunk(), digits.last_chunk()) {
        (Some(first), Some(last)) if length <= 8 => {
            i64::from(eight_digits(u32::from_le_bytes(*first), u32::from_le_bytes(*last), length as u32)?)
        }
        (None, _) if length > 0 => {
            // How many there are of so few nobody can guess: what is not there, or is there twice, counts for nothing.
            const WORTH: [(i64, i64); 4] = [(0, 0), (0, 0), (10, 0), (100, 10)];
            let [first, middle, last] =
                [digits[0], digits[length / 2], digits[length - 1]].map(|byte| byte.wrapping_sub(b'0'));
            if first.max(middle).max(last) > 9 {
                return None;
            }
            let (of_first, of_middle) = WORTH[length % WORTH.len()];
            i64::from(first) * of_first + i64::from(middle) * of_middle + i64::from(last)
        }
        _ => many_digits(digits)?,
    };
    Some(if negative { -whole } else { whole })
}

#[inline(never)]
fn many_digits(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0, |whole, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| whole * 10 + i64::from(digit))
    })
}

/// The number that four to eight digits are, of which the first four and the last four are given; nothing if not all are
/// digits.
fn eight_digits(first: u32, last: u32, length: u32) -> Option<u32> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    // Eight bytes, the first digit lowest, filled up with zeros before it.
    let missing = 8 * (8 - length);
    let before = u64::from(first) << missing & 0xffff_ffff | ZEROS & ((1 << missing) - 1);
    let bytes = (u64::from(last) << 32 | before) ^ ZEROS;
    // What is above nine reaches the top bit of its byte, or is there already.
    if (bytes.wrapping_add(0x7676_7676_7676_7676) | bytes) & TOPS != 0 {
        return None;
    }
    // Neighbours make numbers of two digits, those of four, and those of eight: each product has them in its upper half.
    let twos = bytes.wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = twos.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    Some((fours.wrapping_mul(10_000 << 32 | 1) >> 32) as u32)
}

/// The double of a number of at most 15 digits without an exponent, which is what most are: the digits and the power of ten
/// below the point are both doubles exactly, so that one division rounds as it must.
fn short(text: &str) -> Option<f64> {
    const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let (negative, digits) = without_sign(text.as_bytes());
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let (mut whole, mut at) = (0i64, 0);
    let mut read = |at: &mut usize| {
        while let Some(digit @ b'0'..=b'9') = digits.get(*at) {
            whole = whole * 10 + i64::from(digit - b'0');
            *at += 1;
        }
        whole as f64
    };
    let mut value = read(&mut at);
    match digits.get(at) {
        None if at > 15 => return None,
        None => {}
        Some(b'.') => {
            let point = at;
            at += 1;
            value = read(&mut at) / POWERS[digits.len() - 1 - point];
            if at < digits.len() {
                return None;
            }
        }
        Some(_) => return None,
    }
    Some(if negative { -value } else { value })
}

/// The integer that a double is exactly, if it is one.
fn whole(f: f64) -> Option<i64> {
    // 2^63 is a double, i64::MAX is not: hence the open end.
    (f.fract() == 0.0 && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&f)).then_some(f as i64)
}

/// Writes a double as the shortest text that reads back as it, whole numbers without a fraction.
pub fn write_f64(f: f64, out: &mut Vec<u8>) {
    use std::io::Write;
    if let Some(i) = whole(f).filter(|i| i.abs() < 1 << 53) {
        out.extend_from_slice(itoa::Buffer::new().format(i).as_bytes());
    } else if f != 0.0 && (f.abs() >= 1e21 || f.abs() < 1e-6) {
        // Writing to a vector cannot fail.
        let _ = write!(out, "{f:e}");
    } else {
        let _ = write!(out, "{f}");
    }
}

/// A number's digits without leading or trailing zeros, and where the point stands: 0.d1d2d3… × 10^exponent.
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    fn of(text: &[u8]) -> Decimal {
        let (negative, text) = without_sign(text);
        let mantissa_end = text.iter().position(|b| matches!(b, b'e' | b'E')).unwrap_or(text.len());
        let written: &[u8] = text.get(mantissa_end + 1..).unwrap_or(b"");
        let (mut digits, mut exponent, mut after_point) = (Vec::with_capacity(mantissa_end), exponent(written), false);
        for &byte in &text[..mantissa_end] {
            match byte {
                b'.' => after_point = true,
                b'0' if digits.is_empty() => exponent -= i64::from(after_point),
                digit => {
                    digits.push(digit);
                    exponent += i64::from(!after_point);
                }
            }
        }
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        Decimal { negative: negative && !digits.is_empty(), digits, exponent }
    }

    fn compare(&self, other: &Decimal) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.compare_size(other),
            (true, true) => other.compare_size(self),
        }
    }

    fn compare_size(&self, other: &Decimal) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits)),
        }
    }
}

/// The value of an exponent's text, held to ±10^17 so that sums of it cannot overflow.
fn exponent(text: &[u8]) -> i64 {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let mut value = 0i64;
    for digit in digits {
        value = (value * 10 + i64::from(digit.wrapping_sub(b'0'))).min(100_000_000_000_000_000);
    }
    if negative { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_as_all_others_are() {
        let alphabet = b"0123456789/:.-+e\x00\x7f\xc2";
        let mut seed = 1u64;
        let mut draw = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for round in 0..200_000 {
            let kinds = if round % 2 == 0 { 10 } else { alphabet.len() as u64 };
            let mut text: Vec<u8> = (0..draw(11)).map(|_| alphabet[draw(kinds) as usize]).collect();
            if draw(4) == 0 {
                text.insert(0, b'-');
            }
            let Ok(text) = String::from_utf8(text) else { continue };
            let digits = text.strip_prefix('-').unwrap_or(&text);
            let is_one = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let expected: Option<i64> = if is_one { text.parse().ok() } else { None };
            assert_eq!(integer(&text), expected, "{text:?}");
        }
    }

    #[test]
    fn short_numbers_are_read_as_all_others_are() {
        let mut seed = 1u64;
        let mut draw = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..100_000 {
            let digits: String = (0..=draw(18)).map(|_| char::from(b'0' + draw(10) as u8)).collect();
            let at = draw(digits.len() as u64 + 1) as usize;
            let sign = if draw(2) == 0 { "-" } else { "" };
            let text =
                if at == 0 { format!("{sign}{digits}") } else { format!("{sign}{}.{}", &digits[..at], &digits[at..]) };
            if let Some(value) = short(text.trim_end_matches('.')) {
                let expected: f64 = text.trim_end_matches('.').parse().unwrap();
                assert_eq!(value.to_bits(), expected.to_bits(), "{text}");
            }
        }
        assert_eq!(short("-0").map(f64::to_bits), Some((-0.0f64).to_bits()));
        assert_eq!(short("123456789012345"), Some(123_456_789_012_345.0));
        for text in ["", "-", "1e5", "1234567890123456", "1.2.3"] {
            assert_eq!(short(text), None, "{text}");
        }
    }
}

//! The grammar of JSON's numbers.
//!
//! Flows in: the text between a number's first byte and the next token. Flows out: whether it is a number, and whether it
//! is spelled in a way that a writer of doubles would not use. It must never convert anything.

/// How a number is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// An integer other than `-0`, or a short decimal fraction: reading it as a double and writing that gives it back.
    Plain,
    /// Anything else: `-0`, `1.10`, `1e3`, `0.0001`, a fraction of more than 15 digits.
    Odd,
}

/// Whether `text[start..end]` is an integer of one to eight digits without a sign: most numbers are.
///
/// It takes no branch on the digits or how many there are: a loop over them costs a mispredicted branch for each number,
/// which is more than everything else about it.
#[inline(always)]
pub(super) fn is_short_integer(text: &[u8], start: usize, end: usize) -> bool {
    let length = end.wrapping_sub(start);
    let Some(word) = text.get(start..).and_then(|rest| rest.first_chunk::<8>()) else { return false };
    if length.wrapping_sub(1) >= 8 {
        return false;
    }
    let word = u64::from_le_bytes(*word);
    (others(word, length as u32) == 0) & ((length == 1) | (word & 0xff != u64::from(b'0')))
}

/// How `text[start..end]` is spelled if it is one JSON number and nothing else; `start < end`, both within `text`.
#[inline]
pub(super) fn spelling(text: &[u8], start: usize, end: usize) -> Option<Spelling> {
    let negative = usize::from(text[start] == b'-');
    let length = end - start - negative;
    match text[start + negative..].first_chunk::<8>() {
        Some(word) if (1..=8).contains(&length) => {
            short_fraction(u64::from_le_bytes(*word), length as u32).or_else(|| any(&text[start..end]))
        }
        _ => any(&text[start..end]),
    }
}

/// The top bit of each of the first `length` bytes (1 to 8, the lowest first) that is not a digit.
#[inline(always)]
fn others(word: u64, length: u32) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = ONES << 7;
    // Without their top bits no sum reaches into the next byte.
    let low = word & !TOPS;
    let above_nine = low + (0x7f - b'9' as u64) * ONES;
    let from_zero = low + (0x80 - b'0' as u64) * ONES;
    (above_nine | !from_zero | word) & (TOPS >> (64 - 8 * length))
}

/// As [`spelling`], without a branch, for a plain decimal fraction of `length` bytes (1 to 8) without its sign; `None` if
/// it is anything else.
#[inline]
fn short_fraction(word: u64, length: u32) -> Option<Spelling> {
    let zero = u64::from(b'0');
    // Exactly one byte is not a digit, and that is a point with a digit on either side.
    let others = others(word, length);
    let point = others.trailing_zeros() / 8;
    let good = (others & others.wrapping_sub(1) == 0)
        & (word >> (point * 8 % 64) & 0xff == u64::from(b'.'))
        & (point >= 1)
        & (point + 1 < length)
        & ((point == 1) | (word & 0xff != zero));
    if !good {
        return None;
    }
    let ends_in_zero = word >> (length * 8 - 8) & 0xff == zero;
    let tiny = word & 0xff_ffff_ffff == u64::from_le_bytes(*b"0.000\0\0\0");
    Some(if tiny | (ends_in_zero & (length - point > 2)) { Spelling::Odd } else { Spelling::Plain })
}

/// As [`spelling`], for any number.
fn any(text: &[u8]) -> Option<Spelling> {
    let negative = text.first() == Some(&b'-');
    let unsigned = &text[usize::from(negative)..];
    let integer = digits(unsigned);
    if integer == 0 || (integer > 1 && unsigned[0] == b'0') {
        return None;
    }
    if integer == unsigned.len() {
        return Some(if negative && unsigned == b"0" { Spelling::Odd } else { Spelling::Plain });
    }
    real(unsigned, integer)
}

/// The rest of a number after the digits of its integer part.
fn real(unsigned: &[u8], integer: usize) -> Option<Spelling> {
    let mut rest = &unsigned[integer..];
    let mut odd = false;
    if let [b'.', fraction @ ..] = rest {
        let count = digits(fraction);
        if count == 0 {
            return None;
        }
        // Java, which writes AWS's outputs, spells doubles below 0.001 and from ten million on with an exponent.
        odd = integer + count > 15
            || integer > 7
            || (count > 1 && fraction[count - 1] == b'0')
            || (unsigned[0] == b'0' && fraction.starts_with(b"000"));
        rest = &fraction[count..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let signed = usize::from(matches!(exponent.first(), Some(b'+' | b'-')));
        let count = digits(&exponent[signed..]);
        if count == 0 {
            return None;
        }
        odd = true;
        rest = &exponent[signed + count..];
    }
    rest.is_empty().then_some(if odd { Spelling::Odd } else { Spelling::Plain })
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use super::{Spelling, any, is_short_integer, spelling};

    /// Judges a number at the end of a text and, which is another way, in the middle.
    fn check(number: &str, wanted: Option<Spelling>) {
        let long = format!("[{number},\"0123456789\"]");
        assert_eq!(any(number.as_bytes()), wanted, "{number}");
        if !number.is_empty() {
            assert_eq!(spelling(number.as_bytes(), 0, number.len()), wanted, "{number}");
            assert_eq!(spelling(long.as_bytes(), 1, 1 + number.len()), wanted, "{number}");
            let integer = number.len() <= 8 && number.bytes().all(|byte| byte.is_ascii_digit()) && wanted.is_some();
            assert_eq!(is_short_integer(long.as_bytes(), 1, 1 + number.len()), integer, "{number}");
        }
    }

    #[test]
    fn the_two_ways_agree_on_all_short_texts() {
        let alphabet = b"019.-+eE/:x\x80";
        for length in 1..=6_u32 {
            for number in 0..(alphabet.len() as u32).pow(length) {
                let mut text = *b"                ";
                let mut rest = number as usize;
                for byte in &mut text[..length as usize] {
                    *byte = alphabet[rest % alphabet.len()];
                    rest /= alphabet.len();
                }
                let wanted = any(&text[..length as usize]);
                assert_eq!(spelling(&text, 0, length as usize), wanted, "{:?}", &text[..length as usize]);
            }
        }
    }

    #[test]
    fn numbers_are_told_from_other_text() {
        let plain = ["0", "7", "-1", "12345678901234567890", "1.5", "-0.25", "1.0", "0.001", "1234567.5"];
        let odd = ["-0", "-0.00", "1e3", "1E+2", "1.10", "0.0001", "12345678.5", "0.1234567890123456", "1e-999999"];
        let bad = ["", "-", "01", "-01", "1.", ".5", "1.e2", "1e", "1e+", "+1", "1x", "1.5.5", "1e5e5", "0x1", "--1"];
        for text in plain {
            check(text, Some(Spelling::Plain));
        }
        for text in odd {
            check(text, Some(Spelling::Odd));
        }
        for text in bad {
            check(text, None);
        }
    }
}

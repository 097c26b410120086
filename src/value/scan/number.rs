//! The grammar of JSON's numbers and literals.
//!
//! Flows in: the text between a token and the next. Flows out: whether it is a number or a literal. It must never convert
//! anything: how a number is spelled is how it is written again.

/// The first eight bytes from `start` on, if so many are left and the text up to `end` has one to eight.
#[inline(always)]
pub(super) fn short(text: &[u8], start: usize, end: usize) -> Option<Short> {
    let length = end.wrapping_sub(start);
    let word = u64::from_le_bytes(*text.get(start..)?.first_chunk()?);
    (length.wrapping_sub(1) < 8).then_some(Short { word, length: length as u32 })
}

/// A text of one to eight bytes in one word, the first byte lowest, with whatever follows it.
///
/// Nearly all numbers are that short. Judging them takes no branch on their bytes or how many there are: a loop over
/// digits costs a mispredicted branch for each number, which is more than everything else about it.
#[derive(Clone, Copy)]
pub(super) struct Short {
    word: u64,
    length: u32,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = ONES << 7;

impl Short {
    /// The top bit of each byte of the whole word that is not a digit, perhaps those of digits behind one, and unspecified
    /// other bits.
    #[inline(always)]
    fn others(self) -> u64 {
        // What was a digit is at most nine now, and nothing else is. A byte that carries into the next has its top bit set
        // or reaches it, and so has been found already.
        let values = self.word ^ (b'0' as u64 * ONES);
        values.wrapping_add((0x7f - 9) * ONES) | values
    }

    /// Whether the first byte is a zero.
    #[inline(always)]
    fn has_leading_zero(self) -> bool {
        self.word as u8 == b'0'
    }

    /// Whether this is an integer without a sign, as most numbers are.
    #[inline(always)]
    pub(super) fn is_integer(self) -> bool {
        // Bytes behind the text are shifted out.
        let others = self.others() << (64 - 8 * self.length);
        (others & TOPS == 0) & ((self.length == 1) | !self.has_leading_zero())
    }

    /// Whether this is an integer or a decimal fraction, with or without a sign; numbers with an exponent are for [`is_scalar`].
    #[inline(always)]
    pub(super) fn is_decimal(self) -> bool {
        let sign = u32::from(self.word as u8 == b'-');
        let unsigned = Short { word: self.word >> (8 * sign), length: self.length - sign };
        let Short { word, length } = unsigned;
        let others = unsigned.others() & (TOPS >> ((64 - 8 * length) & 63));
        // None, or exactly one, and that a point with a digit on either side.
        let point = others.trailing_zeros() / 8;
        let is_fraction = (others & others.wrapping_sub(1) == 0)
            & ((word >> (point * 8 % 64)) as u8 == b'.')
            & (point >= 1)
            & (point + 1 < length);
        let digits_before = point.min(length);
        ((others == 0) | is_fraction) & ((digits_before == 1) | !unsigned.has_leading_zero()) & (length > 0)
    }

    /// Whether this is `true`, `false` or `null`.
    #[inline(always)]
    pub(super) fn is_literal(self) -> bool {
        // The length counts: a NUL behind a literal looks like the end of the word.
        let used = (self.word & (!0 >> (64 - 8 * self.length)), self.length);
        let is = |literal: &[u8; 8], bytes: u32| used == (u64::from_le_bytes(*literal), bytes);
        is(b"true\0\0\0\0", 4) | is(b"null\0\0\0\0", 4) | is(b"false\0\0\0", 5)
    }
}

/// How a number is spelled that has no sign, no exponent and at most eight bytes: how many digits stand behind its point,
/// if it has one. Numbers in the same place mostly have that in common, and to tell whether one has it takes half the time
/// of finding out what it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spelling {
    /// What the last eight bytes of a long one are if all digits are zeros.
    zeros: u64,
    /// What may be added to each byte's difference from that without reaching its top bit.
    room: u64,
    /// The least bytes: with that many, a zero may be the first. And how many more there may be.
    least: u32,
    spare: u32,
}

impl Spelling {
    /// How a number is spelled, if it is in such a way.
    pub(super) fn of(number: &[u8]) -> Option<Spelling> {
        let is_short = (1..=8).contains(&number.len()) && number[0] != b'-' && is_number(number);
        if !is_short || number.iter().any(|byte| byte | 0x20 == b'e') {
            return None;
        }
        let integer = Spelling { zeros: b'0' as u64 * ONES, room: (0x7f - 9) * ONES, least: 1, spare: 7 };
        let Some(point) = number.iter().position(|byte| *byte == b'.') else { return Some(integer) };
        let decimals = (number.len() - point - 1) as u32;
        let at = 8 * (7 - decimals);
        // A digit differs from zero by nine at most, and a point does not differ from one.
        Some(Spelling {
            zeros: integer.zeros ^ u64::from(b'0' ^ b'.') << at,
            room: integer.room + (9 << at),
            least: decimals + 2,
            spare: 6 - decimals,
        })
    }

    /// Whether a number that is spelled so stands between a token and the next.
    #[inline(always)]
    pub(super) fn is_at(self, text: &[u8], start: u32, next: u32) -> bool {
        let (from, more) = (start as usize, next.wrapping_sub(start).wrapping_sub(self.least));
        let Some(word) = text.get(from..from + 8).and_then(<[u8]>::first_chunk) else { return false };
        if more > self.spare {
            return false;
        }
        let word = u64::from_le_bytes(*word);
        // The number moves to the upper end, and zeros come in below.
        let below = 64 - 8 * (more + self.least);
        let differences = (word << below) ^ self.zeros;
        let beyond = differences.wrapping_add(self.room) | differences;
        beyond & (TOPS << below) == 0 && (word as u8 != b'0' || more == 0)
    }
}

/// Whether `text` is one JSON number and nothing else, or one of the three literals.
pub(super) fn is_scalar(text: &[u8]) -> bool {
    matches!(text, b"true" | b"false" | b"null") || is_number(text)
}

fn is_number(text: &[u8]) -> bool {
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    let integer = digits(unsigned);
    if integer == 0 || (integer > 1 && unsigned[0] == b'0') {
        return false;
    }
    let mut rest = &unsigned[integer..];
    if let [b'.', fraction @ ..] = rest {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let signed = usize::from(matches!(exponent.first(), Some(b'+' | b'-')));
        let count = digits(&exponent[signed..]);
        if count == 0 {
            return false;
        }
        rest = &exponent[signed + count..];
    }
    rest.is_empty()
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use super::{Spelling, is_scalar, short};

    /// Judges a text in all ways that apply: as it is, and, if short, within a word.
    fn check(text: &str, wanted: bool) {
        assert_eq!(is_scalar(text.as_bytes()), wanted, "{text}");
        let within = format!("[{text},\"0123456789\"]");
        let found = short(within.as_bytes(), 1, 1 + text.len());
        assert_eq!(found.is_some(), (1..=8).contains(&text.len()), "{text}");
        let Some(found) = found else { return };
        let is_integer = text.bytes().all(|byte| byte.is_ascii_digit()) && wanted;
        assert_eq!(found.is_integer(), is_integer, "{text}");
        let is_literal = matches!(text, "true" | "false" | "null");
        assert_eq!(found.is_literal(), is_literal, "{text}");
        // A word knows no exponents.
        if !is_literal && !text.contains(['e', 'E']) {
            assert_eq!(found.is_decimal(), wanted, "{text}");
        }
    }

    #[test]
    fn words_are_judged_as_texts_are() {
        let alphabet = b"019.-eE/:x\x80";
        let like = ["1", "0.1", "1.12", "1.123", "1.12345", "1.123456"];
        let spellings = like.map(|number| Spelling::of(number.as_bytes()).expect("short"));
        for length in 1..=6_u32 {
            for number in 0..(alphabet.len()).pow(length) {
                let (mut text, mut rest) = (*b"        ", number);
                for byte in &mut text[..length as usize] {
                    *byte = alphabet[rest % alphabet.len()];
                    rest /= alphabet.len();
                }
                let text = &text[..length as usize];
                let padded = [text, b",         "].concat();
                let found = short(&padded, 0, text.len()).expect("short");
                let is_integer = text.iter().all(u8::is_ascii_digit) && is_scalar(text);
                assert_eq!(found.is_integer(), is_integer, "{text:?}");
                for spelling in &spellings {
                    let is_spelled_so = Spelling::of(text).is_some_and(|own| own.least == spelling.least);
                    let next = text.len() as u32;
                    assert_eq!(spelling.is_at(&padded, 0, next), is_spelled_so, "{text:?} as {spelling:?}");
                }
                let has_exponent = text.iter().any(|byte| b"eE".contains(byte));
                assert_eq!(found.is_decimal(), is_scalar(text) && !has_exponent, "{text:?}");
            }
        }
    }

    #[test]
    fn numbers_are_told_from_other_text() {
        let good = [
            "true",
            "false",
            "null",
            "0",
            "7",
            "-1",
            "12345678901234567890",
            "1.5",
            "-0.25",
            "1.0",
            "0.001",
            "1234567.5",
            "-0",
            "-0.00",
            "1e3",
            "1E+2",
            "1.10",
            "0.0001",
            "12345678.5",
            "0.1234567890123456",
            "1e-999999",
        ];
        let bad = [
            "tru", "truer", "True", "nul", "nulls", "falsy", "truefals", "", "-", "01", "-01", "1.", ".5", "1.e2",
            "1e", "1e+", "+1", "1x", "1.5.5", "1e5e5", "0x1", "--1", "-.5", "-1.", "1-1", "1.-1",
        ];
        for text in good {
            check(text, true);
        }
        for text in bad {
            check(text, false);
        }
    }
}

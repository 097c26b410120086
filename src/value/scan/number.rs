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

const ZERO: u64 = b'0' as u64;

impl Short {
    /// Whether this is an integer without a sign, as most numbers are.
    #[inline(always)]
    pub(super) fn is_integer(self) -> bool {
        const SIX: u64 = 0x0606_0606_0606_0606;
        const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
        // The high half of a digit is 3, and stays 3 when six is added; both halves of a byte of `halves` are 3 then. What
        // an addition carries into the next byte comes from a byte that is no digit.
        let halves = self.word & HIGH | (self.word.wrapping_add(SIX) & HIGH) >> 4;
        let others = (halves ^ 0x3333_3333_3333_3333) << (64 - 8 * self.length);
        (others == 0) & ((self.length == 1) | (self.word & 0xff != ZERO))
    }

    /// Whether this is an integer or a decimal fraction, with or without a sign; numbers with an exponent are for [`is_scalar`].
    #[inline(always)]
    pub(super) fn is_decimal(self) -> bool {
        const ONES: u64 = 0x0101_0101_0101_0101;
        const TOPS: u64 = ONES << 7;
        let negative = u32::from(self.word & 0xff == u64::from(b'-'));
        let (word, length) = (self.word >> (8 * negative), self.length - negative);
        // The top bit of each byte that is not a digit. Without their top bits no sum reaches into the next byte.
        let low = word & !TOPS;
        let above_nine = low + (0x7f - b'9' as u64) * ONES;
        let from_zero = low + (0x80 - ZERO) * ONES;
        let others = (above_nine | !from_zero | word) & (TOPS >> ((64 - 8 * length) & 63));
        // None, or exactly one, and that a point with a digit on either side.
        let point = others.trailing_zeros() / 8;
        let is_fraction = (others & others.wrapping_sub(1) == 0)
            & (word >> (point * 8 % 64) & 0xff == u64::from(b'.'))
            & (point >= 1)
            & (point + 1 < length);
        let digits_before = point.min(length);
        ((others == 0) | is_fraction) & ((digits_before == 1) | (word & 0xff != ZERO)) & (length > 0)
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
    use super::{is_scalar, short};

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

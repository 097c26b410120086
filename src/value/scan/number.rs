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

/// How `text` is spelled if it is one JSON number and nothing else.
pub(super) fn spelling(text: &[u8]) -> Option<Spelling> {
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
    use super::{Spelling, spelling};

    #[test]
    fn numbers_are_told_from_other_text() {
        let plain = ["0", "7", "-1", "12345678901234567890", "1.5", "-0.25", "1.0", "0.001", "1234567.5"];
        let odd = ["-0", "-0.00", "1e3", "1E+2", "1.10", "0.0001", "12345678.5", "0.1234567890123456", "1e-999999"];
        let bad = ["", "-", "01", "-01", "1.", ".5", "1.e2", "1e", "1e+", "+1", "1x", "1.5.5", "1e5e5", "0x1", "--1"];
        for text in plain {
            assert_eq!(spelling(text.as_bytes()), Some(Spelling::Plain), "{text}");
        }
        for text in odd {
            assert_eq!(spelling(text.as_bytes()), Some(Spelling::Odd), "{text}");
        }
        for text in bad {
            assert_eq!(spelling(text.as_bytes()), None, "{text}");
        }
    }
}

//! Whole numbers in other forms than decimal digits: English words, Roman numerals, letters; and the digits of other
//! scripts (XPath and XQuery Functions 3.1, "fn:format-integer").
//!
//! Flows in: a whole number that is not negative, as a double, or a text. Flows out: the text, or the number. Words have a
//! capital each; changing case is the caller's business. It must never loop for longer than the text it makes.

use super::{LibraryError, check_bytes};

const UNITS: [&str; 20] = [
    "Zero",
    "One",
    "Two",
    "Three",
    "Four",
    "Five",
    "Six",
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
    "Thirteen",
    "Fourteen",
    "Fifteen",
    "Sixteen",
    "Seventeen",
    "Eighteen",
    "Nineteen",
];
const UNIT_ORDINALS: [&str; 20] = [
    "Zeroth",
    "First",
    "Second",
    "Third",
    "Fourth",
    "Fifth",
    "Sixth",
    "Seventh",
    "Eighth",
    "Ninth",
    "Tenth",
    "Eleventh",
    "Twelfth",
    "Thirteenth",
    "Fourteenth",
    "Fifteenth",
    "Sixteenth",
    "Seventeenth",
    "Eighteenth",
    "Nineteenth",
];
/// From twenty on.
const TENS: [&str; 8] = ["Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety"];
/// The powers of a thousand that have a name, greatest first; beyond them the greatest repeats.
const MAGNITUDES: [(f64, &str); 4] = [(1e12, "Trillion"), (1e9, "Billion"), (1e6, "Million"), (1e3, "Thousand")];

/// The number in British English words, `One Hundred and First` if ordinal.
pub(super) fn to_words(number: f64, ordinal: bool) -> String {
    let mut out = String::new();
    write_words(number, false, ordinal, &mut out);
    out
}

/// Appends the words of a number, joined to what stands before them. Recurses once for each factor of 10^12, that is 26
/// times at most, and within each to the four magnitudes.
fn write_words(number: f64, joined: bool, ordinal: bool, out: &mut String) {
    if number < 100.0 {
        out.push_str(if joined { " and " } else { "" });
        // Whole and below 100.
        write_below_hundred(number as usize, ordinal, out);
        return;
    }
    out.push_str(if joined { ", " } else { "" });
    let rest = if number < 1000.0 {
        let hundreds = number as usize / 100;
        out.push_str(UNITS[hundreds]);
        out.push_str(" Hundred");
        number % 100.0
    } else {
        let (worth, name) = MAGNITUDES.into_iter().find(|(worth, _)| number >= *worth).unwrap_or(MAGNITUDES[3]);
        let count = (number / worth).floor();
        write_words(count, false, false, out);
        out.push(' ');
        out.push_str(name);
        // Beyond 2^53 not the exact remainder, which would show that 1e46 is not ten to the 46th.
        number - count * worth
    };
    if rest > 0.0 {
        write_words(rest, true, ordinal, out);
    } else if ordinal {
        out.push_str("th");
    }
}

fn write_below_hundred(number: usize, ordinal: bool, out: &mut String) {
    let units = if ordinal { &UNIT_ORDINALS } else { &UNITS };
    if let Some(word) = units.get(number) {
        out.push_str(word);
        return;
    }
    let tens = TENS[number / 10 - 2];
    match number % 10 {
        0 if ordinal => out.extend([&tens[..tens.len() - 1], "ieth"]),
        0 => out.push_str(tens),
        unit => out.extend([tens, "-", units[unit]]),
    }
}

/// The value of one word, cardinal or ordinal, in any case.
pub(super) fn word_value(word: &str) -> Option<f64> {
    let is = |name: &str| name.eq_ignore_ascii_case(word);
    let is_with = |name: &str, ending: &str| {
        word.len() == name.len() + ending.len()
            && word.is_char_boundary(name.len())
            && name.eq_ignore_ascii_case(&word[..name.len()])
            && ending.eq_ignore_ascii_case(&word[name.len()..])
    };
    for (value, (unit, ordinal)) in UNITS.iter().zip(UNIT_ORDINALS).enumerate() {
        if is(unit) || is(ordinal) {
            return Some(value as f64);
        }
    }
    for (value, tens) in (2..).zip(TENS) {
        if is(tens) || is_with(&tens[..tens.len() - 1], "ieth") {
            return Some(f64::from(value * 10));
        }
    }
    if is("hundred") || is("hundredth") {
        return Some(100.0);
    }
    MAGNITUDES.into_iter().find(|(_, name)| is(name) || is_with(name, "th")).map(|(worth, _)| worth)
}

/// The longest word of a number at the beginning of the text, or one of `and`, `-`, `,` and space between them: how many
/// bytes it has.
pub(super) fn word_length(text: &str) -> Option<usize> {
    if text.starts_with(['-', ',', ' ']) {
        return Some(1);
    }
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    // No word is longer than that.
    let longest = letters.min("seventeenth".len());
    let is_word = |length: &usize| {
        let word = &text[..*length];
        word.eq_ignore_ascii_case("and") || word_value(word).is_some()
    };
    (3..=longest).rev().find(is_word)
}

/// The number that words stand for; none if a part is no word of a number. Parts are separated by a space, `, `, ` and `,
/// a hyphen or a backslash.
pub(super) fn from_words(text: &str) -> Option<f64> {
    // Groups of below a thousand, each with its magnitude, greatest first.
    let (mut closed, mut open) = (0.0, 0.0);
    let mut rest = Some(text);
    while let Some(current) = rest {
        let (word, after) = next_word(current);
        rest = after;
        let value = word_value(word)?;
        if value >= 100.0 {
            open *= value;
        } else if open >= 1000.0 {
            closed += open;
            open = value;
        } else {
            open += value;
        }
    }
    Some(closed + open)
}

/// The part before the first separator, and what follows it.
fn next_word(text: &str) -> (&str, Option<&str>) {
    for (at, c) in text.char_indices() {
        let after = &text[at + c.len_utf8()..];
        if c == ',' {
            if let Some(space) = after.chars().next().filter(|c| c.is_whitespace()) {
                return (&text[..at], Some(&after[space.len_utf8()..]));
            }
        } else if c.is_whitespace() || matches!(c, '-' | '\\') {
            let and = after.get(..3).filter(|and| c.is_whitespace() && and.eq_ignore_ascii_case("and"));
            let space = and.and_then(|_| after[3..].chars().next()).filter(|c| c.is_whitespace());
            let skipped = space.map_or(0, |space| 3 + space.len_utf8());
            return (&text[..at], Some(&after[skipped..]));
        }
    }
    (text, None)
}

const ROMAN: [(f64, &str); 13] = [
    (1000.0, "m"),
    (900.0, "cm"),
    (500.0, "d"),
    (400.0, "cd"),
    (100.0, "c"),
    (90.0, "xc"),
    (50.0, "l"),
    (40.0, "xl"),
    (10.0, "x"),
    (9.0, "ix"),
    (5.0, "v"),
    (4.0, "iv"),
    (1.0, "i"),
];

/// The number in small Roman numerals; zero is the empty text.
pub(super) fn to_roman(number: f64) -> Result<String, LibraryError> {
    // The thousands are what is unbounded; the rest is `dccclxxxviii` at most. Conversion saturates.
    let thousands = (number / 1000.0) as usize;
    check_bytes(thousands.saturating_add(12))?;
    let mut out = "m".repeat(thousands);
    let mut rest = number % 1000.0;
    for (value, numeral) in ROMAN {
        while rest >= value {
            out.push_str(numeral);
            rest -= value;
        }
    }
    Ok(out)
}

/// The number of Roman numerals in any case: a numeral before a greater one counts as less. None if there is another
/// character.
pub(super) fn from_roman(text: &str) -> Option<f64> {
    let (mut number, mut greatest) = (0.0, 0.0);
    for c in text.chars().rev() {
        let value = match c.to_ascii_lowercase() {
            'm' => 1000.0,
            'd' => 500.0,
            'c' => 100.0,
            'l' => 50.0,
            'x' => 10.0,
            'v' => 5.0,
            'i' => 1.0,
            _ => return None,
        };
        if value < greatest {
            number -= value;
        } else {
            greatest = value;
            number += value;
        }
    }
    Some(number)
}

/// The number in letters from `a`: `z` is followed by `aa`. Zero is the empty text.
pub(super) fn to_letters(number: f64, a: u8) -> String {
    let mut letters = Vec::new();
    let mut rest = number;
    while rest >= 1.0 {
        // A remainder below 26.
        letters.push(char::from(a + ((rest - 1.0) % 26.0) as u8));
        rest = ((rest - 1.0) / 26.0).floor();
    }
    letters.into_iter().rev().collect()
}

/// The number of letters from `a`; none if there is another character.
pub(super) fn from_letters(text: &str, a: u8) -> Option<f64> {
    text.bytes().try_fold(0.0, |number, byte| {
        let digit = byte.checked_sub(a).filter(|digit| *digit < 26)?;
        Some(number * 26.0 + f64::from(digit + 1))
    })
}

/// The zeros of the families of decimal digits in the Basic Multilingual Plane (Unicode, general category Nd).
const ZEROS: [u16; 37] = [
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
    0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
];

/// The zero of the family that a digit belongs to.
pub(super) fn zero_of(digit: char) -> Option<char> {
    let code = u16::try_from(u32::from(digit)).ok()?;
    let zero = ZEROS[..ZEROS.partition_point(|zero| *zero <= code)].last()?;
    if code - zero < 10 { char::from_u32(u32::from(*zero)) } else { None }
}

/// The ASCII digit for a digit of the family with that zero.
pub(super) fn ascii_digit(digit: char, zero: char) -> Option<char> {
    char::from_digit(u32::from(digit).checked_sub(u32::from(zero))?, 10)
}

/// The digit of the family for an ASCII digit; other characters stay.
pub(super) fn family_digit(digit: char, zero: char) -> char {
    digit.to_digit(10).and_then(|value| char::from_u32(u32::from(zero) + value)).unwrap_or(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_back() {
        let cases: &[(f64, &str, &str)] = &[
            (0.0, "Zero", "Zeroth"),
            (13.0, "Thirteen", "Thirteenth"),
            (40.0, "Forty", "Fortieth"),
            (85.0, "Eighty-Five", "Eighty-Fifth"),
            (300.0, "Three Hundred", "Three Hundredth"),
            (308.0, "Three Hundred and Eight", "Three Hundred and Eighth"),
            (1000.0, "One Thousand", "One Thousandth"),
            (2012.0, "Two Thousand and Twelve", "Two Thousand and Twelfth"),
            (60_120.0, "Sixty Thousand, One Hundred and Twenty", "Sixty Thousand, One Hundred and Twentieth"),
            (7_000_006.0, "Seven Million and Six", "Seven Million and Sixth"),
        ];
        for (number, cardinal, ordinal) in cases {
            assert_eq!(to_words(*number, false), *cardinal);
            assert_eq!(to_words(*number, true), *ordinal);
            assert_eq!(from_words(cardinal), Some(*number));
            assert_eq!(from_words(&ordinal.to_uppercase()), Some(*number));
        }
        assert_eq!(to_words(2e24, false), "Two Trillion Trillion");
        assert!(to_words(f64::MAX, true).len() < 1000);
        for (text, number) in [("eighteen hundred and sixty", 1860.0), ("two-thousand", 2000.0)] {
            assert_eq!(from_words(text), Some(number));
        }
        for text in ["", "two  three", "two and", "dozen", "twenty,two", "and", "é"] {
            assert_eq!(from_words(text), None, "{text}");
        }
        for (text, length) in [("seventeenth", 11), ("Sevenfold", 5), ("android", 3), ("-x", 1), ("x", 0), ("tenty", 3)]
        {
            assert_eq!(word_length(text).unwrap_or(0), length, "{text}");
        }
    }

    #[test]
    fn roman_and_back() {
        for (number, roman) in [(0.0, ""), (4.0, "iv"), (49.0, "xlix"), (1666.0, "mdclxvi"), (3999.0, "mmmcmxcix")] {
            assert_eq!(to_roman(number).unwrap(), roman);
            assert_eq!(from_roman(roman), Some(number));
            assert_eq!(from_roman(&roman.to_uppercase()), Some(number));
        }
        assert_eq!(from_roman("xyz"), None);
        assert!(to_roman(1e300).unwrap_err().is_limit());
    }

    #[test]
    fn letters_and_back() {
        for (number, letters) in [(0.0, ""), (1.0, "a"), (26.0, "z"), (27.0, "aa"), (702.0, "zz"), (703.0, "aaa")] {
            assert_eq!(to_letters(number, b'a'), letters);
            assert_eq!(from_letters(letters, b'a'), Some(number));
            assert_eq!(from_letters(&letters.to_uppercase(), b'A'), Some(number));
        }
        assert_eq!(from_letters("aB", b'a'), None);
        assert!(!to_letters(f64::MAX, b'A').is_empty());
    }

    #[test]
    fn families_of_digits() {
        for (digit, zero) in
            [('7', Some('0')), ('٣', Some('٠')), ('９', Some('０')), ('a', None), (':', None), ('🦀', None)]
        {
            assert_eq!(zero_of(digit), zero, "{digit}");
        }
        assert_eq!(ascii_digit('٣', '٠'), Some('3'));
        assert_eq!(ascii_digit('3', '٠'), None);
        assert_eq!(family_digit('3', '٠'), '٣');
        assert_eq!(family_digit('-', '٠'), '-');
    }
}

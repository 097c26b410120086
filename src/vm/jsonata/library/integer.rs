//! Pictures of whole numbers: `$formatInteger`, `$parseInteger`, and the numbers inside date pictures (XPath and XQuery
//! Functions 3.1, "fn:format-integer").
//!
//! Flows in: a picture such as `#,##0`, `I` or `w;o`, and a number or a text. Flows out: the text or the number. Where the
//! language's reference puts a separator before the first digit of a short number, or reads only `,` as a regular one, the
//! specification is followed instead. It must never write more text than the limit, whatever width is asked for.

use super::fault::Fault;
use super::{LibraryError, check_bytes, check_finite, numeral};

/// `$formatInteger(number, picture)`: the number is rounded down.
///
/// ```
/// use expressway::vm::jsonata::library::integer::format_integer;
/// assert_eq!(format_integer(1492.0, "#,##0")?, "1,492");
/// assert_eq!(format_integer(1492.0, "I")?, "MCDXCII");
/// assert_eq!(format_integer(22.0, "Ww;o")?, "Twenty-Second");
/// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
/// ```
///
/// # Errors
/// D3130: a numbering that is not supported. D3131: digits of several scripts. D1001: no finite number. U1001: the text
/// would be too long.
pub fn format_integer(number: f64, picture: &str) -> Result<String, LibraryError> {
    IntegerPicture::parse(picture)?.format(number.floor())
}

/// `$parseInteger(text, picture)`: none where the text is no number of that form, which the language's reference gives as
/// NaN. Digits end at the first character that is none.
///
/// ```
/// use expressway::vm::jsonata::library::integer::parse_integer;
/// assert_eq!(parse_integer("one thousand and one", "w")?, Some(1001.0));
/// assert_eq!(parse_integer("no number", "0")?, None);
/// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
/// ```
///
/// # Errors
/// D3130, D3131 as [`format_integer`].
pub fn parse_integer(text: &str, picture: &str) -> Result<Option<f64>, LibraryError> {
    IntegerPicture::parse(picture)?.read(text)
}

/// A picture of a whole number, understood.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct IntegerPicture {
    pub(super) form: Form,
    /// `1st`, `first`.
    pub(super) ordinal: bool,
}

/// How the number is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    /// Letters, from this one on.
    Letters(u8),
    Roman(Case),
    Words(Case),
    Digits(Digits),
    /// A numbering of another kind, as it was written: an error once it is used.
    Sequence(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Lower,
    Upper,
    Title,
}

/// A picture of decimal digits.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Digits {
    /// The zero of the family.
    pub(super) zero: char,
    /// As many digits are written at least.
    pub(super) mandatory: usize,
    /// How many `#` there are.
    pub(super) optional: usize,
    pub(super) grouping: Grouping,
}

/// Where separators stand.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Grouping {
    /// One after every so many digits, at least one, counted from the right.
    Every(usize, char),
    /// Separators, each with the number of digits to the right of it, from right to left.
    At(Vec<(usize, char)>),
}

impl IntegerPicture {
    /// Reads `primary[;modifier]`.
    pub(super) fn parse(picture: &str) -> Result<IntegerPicture, LibraryError> {
        let (primary, modifier) = picture.rsplit_once(';').unwrap_or((picture, ""));
        let form = match primary {
            "A" => Form::Letters(b'A'),
            "a" => Form::Letters(b'a'),
            "I" => Form::Roman(Case::Upper),
            "i" => Form::Roman(Case::Lower),
            "W" => Form::Words(Case::Upper),
            "w" => Form::Words(Case::Lower),
            "Ww" => Form::Words(Case::Title),
            _ => digits(primary)?.map_or_else(|| Form::Sequence(primary.to_owned()), Form::Digits),
        };
        Ok(IntegerPicture { form, ordinal: modifier.starts_with('o') })
    }

    /// The picture's digits, if it is one of digits.
    pub(super) fn digits(&self) -> Option<&Digits> {
        match &self.form {
            Form::Digits(digits) => Some(digits),
            _ => None,
        }
    }

    /// The picture's digits, to be changed.
    pub(super) fn digits_mut(&mut self) -> Option<&mut Digits> {
        match &mut self.form {
            Form::Digits(digits) => Some(digits),
            _ => None,
        }
    }

    /// Writes a whole number.
    pub(super) fn format(&self, number: f64) -> Result<String, LibraryError> {
        check_finite(number)?;
        let size = number.abs();
        let text = match &self.form {
            Form::Letters(a) => numeral::to_letters(size, *a),
            Form::Roman(case) => case.apply(numeral::to_roman(size)?),
            Form::Words(case) => case.apply(numeral::to_words(size, self.ordinal)),
            Form::Digits(digits) => {
                let mut text = digits.format(size)?;
                if self.ordinal {
                    text.push_str(digits.ordinal_suffix(size));
                }
                text
            }
            Form::Sequence(written) => return Err(Fault::Sequence(written).into()),
        };
        Ok(if number < 0.0 { format!("-{text}") } else { text })
    }

    /// Reads a number, see [`parse_integer`].
    pub(super) fn read(&self, text: &str) -> Result<Option<f64>, LibraryError> {
        Ok(match &self.form {
            Form::Letters(a) => numeral::from_letters(text, *a),
            Form::Roman(_) => numeral::from_roman(text),
            Form::Words(_) => numeral::from_words(text),
            Form::Digits(digits) => digits.read(if self.ordinal { without_suffix(text) } else { text }),
            Form::Sequence(written) => return Err(Fault::Sequence(written).into()),
        })
    }
}

/// The text without its last two characters.
fn without_suffix(text: &str) -> &str {
    text.char_indices().nth_back(1).map_or("", |(at, _)| &text[..at])
}

impl Case {
    /// Changes a text that has a capital at the beginning of each word, or none.
    fn apply(self, text: String) -> String {
        match self {
            Case::Lower => text.to_ascii_lowercase(),
            Case::Upper => text.to_ascii_uppercase(),
            Case::Title => text,
        }
    }
}

/// A picture of digits, `#` and separators; none if there is no digit.
fn digits(picture: &str) -> Result<Option<Digits>, LibraryError> {
    let (mut zero, mut mandatory, mut optional) = (None, 0, 0);
    let mut separators = Vec::new();
    for c in picture.chars().rev() {
        match numeral::zero_of(c) {
            Some(family) if *zero.get_or_insert(family) == family => mandatory += 1,
            Some(_) => return Err(Fault::MixedDigits.into()),
            None if c == '#' => optional += 1,
            None => separators.push((mandatory + optional, c)),
        }
    }
    Ok(zero.map(|zero| Digits { zero, mandatory, optional, grouping: Grouping::of(separators) }))
}

/// The interval at which positions repeat without a gap, if they do.
pub(super) fn regular_interval(positions: &[usize]) -> Option<usize> {
    fn common(a: usize, b: usize) -> usize {
        if b == 0 { a } else { common(b, a % b) }
    }
    let interval = positions.iter().copied().reduce(common).filter(|interval| *interval > 0)?;
    // Distinct multiples of the interval up to the count are all of them there are.
    let mut sorted = positions.to_vec();
    sorted.sort_unstable();
    sorted.iter().zip(1..).all(|(position, index)| *position == interval * index).then_some(interval)
}

impl Grouping {
    fn of(separators: Vec<(usize, char)>) -> Grouping {
        let positions: Vec<usize> = separators.iter().map(|(position, _)| *position).collect();
        let sign = separators.first().map(|(_, sign)| *sign).filter(|sign| separators.iter().all(|(_, s)| s == sign));
        match (sign, regular_interval(&positions)) {
            (Some(sign), Some(interval)) => Grouping::Every(interval, sign),
            _ => Grouping::At(separators),
        }
    }

    /// The separators with so many digits to their right, from right to left; `rest` is what of the list is to the left.
    fn signs<'g>(
        &'g self,
        digits_right: usize,
        rest: &mut &'g [(usize, char)],
    ) -> impl Iterator<Item = char> + use<'g> {
        let regular = match self {
            Grouping::Every(interval, sign) => {
                Some(*sign).filter(|_| digits_right > 0 && digits_right.is_multiple_of(*interval))
            }
            Grouping::At(_) => None,
        };
        let here = rest.iter().take_while(|(position, _)| *position == digits_right).count();
        let (these, others) = rest.split_at(here);
        *rest = others;
        regular.into_iter().chain(these.iter().map(|(_, sign)| *sign))
    }
}

impl Digits {
    /// The digits, padded and grouped, of a number that is not negative.
    fn format(&self, number: f64) -> Result<String, LibraryError> {
        // Never an exponent: zeros follow the digits that a double has.
        let plain = format!("{number}");
        let zeros = self.mandatory.saturating_sub(plain.len());
        // A digit and a separator after it are seven bytes at most.
        check_bytes(self.mandatory.max(plain.len()).saturating_mul(7))?;
        let all = plain.chars().rev().chain(std::iter::repeat_n('0', zeros));
        let mut rest: &[(usize, char)] = match &self.grouping {
            Grouping::At(separators) => separators,
            Grouping::Every(..) => &[],
        };
        let mut backwards = Vec::with_capacity(plain.len() + zeros);
        for (digits_right, digit) in all.enumerate() {
            backwards.extend(self.grouping.signs(digits_right, &mut rest));
            backwards.push(numeral::family_digit(digit, self.zero));
        }
        Ok(backwards.into_iter().rev().collect())
    }

    /// `st`, `nd`, `rd` or `th`; digits of other scripts have `th` only.
    fn ordinal_suffix(&self, number: f64) -> &'static str {
        if self.zero != '0' || (10.0..20.0).contains(&(number % 100.0)) {
            return "th";
        }
        match (number % 10.0) as u8 {
            1 => "st",
            2 => "nd",
            3 => "rd",
            _ => "th",
        }
    }

    fn read(&self, text: &str) -> Option<f64> {
        let is_separator = |c: char| match &self.grouping {
            Grouping::Every(_, sign) => *sign == c,
            Grouping::At(separators) => separators.iter().any(|(_, sign)| *sign == c),
        };
        let digits: String = text
            .chars()
            .filter(|c| !is_separator(*c))
            .map(|c| numeral::ascii_digit(c, self.zero).unwrap_or(c))
            .collect();
        leading_integer(&digits)
    }
}

/// The integer that a text begins with, after blanks and a sign.
pub(super) fn leading_integer(text: &str) -> Option<f64> {
    let text = text.trim_start();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = &unsigned[..unsigned.bytes().take_while(u8::is_ascii_digit).count()];
    let number: f64 = digits.parse().ok()?;
    Some(if text.starts_with('-') { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatted_and_read_back() {
        let cases: &[(f64, &str, &str)] = &[
            (5.0, "1", "5"),
            (5.0, "001", "005"),
            (-5.0, "001", "-005"),
            (1_234_567.0, "#,##0", "1,234,567"),
            (1_234_567.0, "#.##0", "1.234.567"),
            (1_234_567.0, "#'##'##0", "12'34'567"),
            (7.0, "0,000", "0,007"),
            (7.0, "#,##,000", "007"),
            (86_400.0, "##-0:00", "86-4:00"),
            (42.0, "#٠", "٤٢"),
            (11.0, "0;o", "11th"),
            (111.0, "0;o", "111th"),
            (21.0, "0;o", "21st"),
            (3.0, "0;o", "3rd"),
            (9.0, "0;c", "9"),
            (19.0, "i", "xix"),
            (2024.0, "I", "MMXXIV"),
            (53.0, "A", "BA"),
            (53.0, "a", "ba"),
            (61.0, "w", "sixty-one"),
            (61.0, "W;o", "SIXTY-FIRST"),
            (61.0, "Ww", "Sixty-One"),
            (1e22, "0", "10000000000000000000000"),
        ];
        for (number, picture, text) in cases {
            assert_eq!(format_integer(*number, picture).unwrap(), *text, "{number} {picture}");
            assert_eq!(parse_integer(text, picture).unwrap(), Some(*number), "{text} {picture}");
        }
        assert_eq!(format_integer(2.9, "0").unwrap(), "2");
        assert_eq!(format_integer(-2.1, "0").unwrap(), "-3");
        assert_eq!(format_integer(4.0, "0,").unwrap(), "4,");
        assert_eq!(format_integer(4.0, "٠;o").unwrap(), "٤th");
    }

    #[test]
    fn what_is_no_number() {
        for (text, picture) in
            [("x1", "0"), ("", "#0"), ("forty twelveteen", "w"), ("iq", "i"), ("a1", "a"), ("s", "0;o")]
        {
            assert_eq!(parse_integer(text, picture).unwrap(), None, "{text} {picture}");
        }
        for (text, number) in [("12 bottles", 12.0), (" -3.5", -3.0), ("+8", 8.0)] {
            assert_eq!(parse_integer(text, "0").unwrap(), Some(number));
        }
    }

    #[test]
    fn refused_pictures() {
        let long = "0".repeat(4 << 20);
        let cases: &[(&str, &str)] =
            &[("", "D3130"), ("#", "D3130"), ("β", "D3130"), ("iI", "D3130"), ("0٠", "D3131"), (&long, "U1001")];
        for (picture, code) in cases {
            assert_eq!(format_integer(1.0, picture).unwrap_err().code, *code);
        }
        assert_eq!(
            format_integer(1.0, "β").unwrap_err().message,
            "Formatting or parsing an integer as a sequence starting with \"β\" is not supported by this implementation"
        );
        assert!(format_integer(1e300, "I").unwrap_err().is_limit());
    }
}

//! Pictures of numbers: `$formatNumber` (XPath and XQuery Functions 3.1, "fn:format-number").
//!
//! Flows in: a number, a picture such as `#,##0.00;(0)`, the characters that have a meaning in it. Flows out: the text.
//! The path is the specification's: split the picture, check it, analyse it, scale and round the number, lay out its
//! digits. Where the language's reference leaves separators without digits beside them, or writes numbers from 10^21 on
//! as JavaScript does, the specification is followed instead.

use super::fault::{Fault, NumberPicture};
use super::integer::regular_interval;
use super::{LibraryError, check_finite, number, numeral};

/// The characters of a picture: the third argument of `$formatNumber`.
#[derive(Clone, Debug, PartialEq)]
pub struct DecimalFormat {
    decimal_separator: char,
    grouping_separator: char,
    exponent_separator: char,
    minus_sign: String,
    percent: char,
    per_mille: char,
    zero_digit: char,
    digit: char,
    pattern_separator: char,
}

impl Default for DecimalFormat {
    fn default() -> DecimalFormat {
        DecimalFormat {
            decimal_separator: '.',
            grouping_separator: ',',
            exponent_separator: 'e',
            minus_sign: "-".to_owned(),
            percent: '%',
            per_mille: '\u{2030}',
            zero_digit: '0',
            digit: '#',
            pattern_separator: ';',
        }
    }
}

impl DecimalFormat {
    /// Sets a property by its name in the language, such as `decimal-separator`. All but `minus-sign` are one character,
    /// so that the first one counts; an empty text and an unknown name change nothing.
    ///
    /// ```
    /// use expressway::vm::jsonata::library::decimal::{DecimalFormat, format_number};
    /// let mut format = DecimalFormat::default();
    /// format.set("decimal-separator", ",");
    /// format.set("grouping-separator", ".");
    /// assert_eq!(format_number(1234.5, "#.##0,00", &format)?, "1.234,50");
    /// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
    /// ```
    pub fn set(&mut self, property: &str, text: &str) {
        let Some(first) = text.chars().next() else { return };
        match property {
            "decimal-separator" => self.decimal_separator = first,
            "grouping-separator" => self.grouping_separator = first,
            "exponent-separator" => self.exponent_separator = first,
            "minus-sign" => text.clone_into(&mut self.minus_sign),
            "percent" => self.percent = first,
            "per-mille" => self.per_mille = first,
            "zero-digit" => self.zero_digit = first,
            "digit" => self.digit = first,
            "pattern-separator" => self.pattern_separator = first,
            _ => {}
        }
    }

    /// A member of the decimal digit family: the zero digit and the nine characters after it.
    fn is_digit(&self, c: char) -> bool {
        numeral::ascii_digit(c, self.zero_digit).is_some()
    }

    fn is_digit_or_optional(&self, c: char) -> bool {
        self.is_digit(c) || c == self.digit
    }

    /// For each separator, how many digits come before it; ascending.
    fn group_positions<'p>(&self, part: impl Iterator<Item = &'p char>) -> Vec<usize> {
        let (mut positions, mut digits) = (Vec::new(), 0);
        for c in part {
            digits += usize::from(self.is_digit_or_optional(*c));
            if *c == self.grouping_separator {
                positions.push(digits);
            }
        }
        positions
    }

    /// A character with a meaning, the exponent separator left out, which has one only between others.
    fn is_active(&self, c: char) -> bool {
        self.is_digit_or_optional(c)
            || [self.decimal_separator, self.grouping_separator, self.pattern_separator].contains(&c)
    }
}

/// `$formatNumber(number, picture[, options])`.
///
/// ```
/// use expressway::vm::jsonata::library::decimal::{DecimalFormat, format_number};
/// let format = DecimalFormat::default();
/// assert_eq!(format_number(1234.5, "#,##0.00", &format)?, "1,234.50");
/// assert_eq!(format_number(-0.125, "0.0%;(0.0%)", &format)?, "(12.5%)");
/// assert_eq!(format_number(1234.5, "0.00e0", &format)?, "1.23e3");
/// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
/// ```
///
/// # Errors
/// D3080 to D3093: the picture breaks a rule; of several the last. D1001: the number is too large, as a percentage.
pub fn format_number(number: f64, picture: &str, format: &DecimalFormat) -> Result<String, LibraryError> {
    let mut pictures = Vec::with_capacity(2);
    for text in picture.split(format.pattern_separator) {
        if pictures.len() == 2 {
            return Err(Fault::NumberPicture(NumberPicture::ThreeSubPictures).into());
        }
        pictures.push(SubPicture::split(text.chars().collect(), format));
    }
    for picture in &pictures {
        if let Some(fault) = picture.fault(format) {
            return Err(Fault::NumberPicture(fault).into());
        }
    }
    match (number < 0.0, &pictures[..]) {
        (true, [_, for_negatives]) => for_negatives.format(number, format),
        (true, [only, ..]) => Ok(format!("{}{}", format.minus_sign, only.format(number, format)?)),
        (false, [first, ..]) => first.format(number, format),
        // Splitting always gives one part or more.
        (_, []) => Ok(String::new()),
    }
}

/// A sub-picture, taken apart.
struct SubPicture {
    all: Vec<char>,
    /// How many characters stand before the first active one.
    prefix: usize,
    /// Where the characters after the last active one begin.
    suffix: usize,
    integer: Vec<char>,
    fraction: Vec<char>,
    exponent: Option<Vec<char>>,
}

impl SubPicture {
    fn split(all: Vec<char>, format: &DecimalFormat) -> SubPicture {
        let prefix = all.iter().position(|c| format.is_active(*c)).unwrap_or(0);
        let suffix = all.iter().rposition(|c| format.is_active(*c)).map_or(all.len(), |last| last + 1);
        let active = &all[prefix..suffix];
        // Right after the last active character it still counts, to be refused for its missing digits.
        let mantissa_end = all[prefix..].iter().position(|c| *c == format.exponent_separator);
        let mantissa_end = mantissa_end.filter(|at| *at <= active.len());
        let mantissa = &active[..mantissa_end.unwrap_or(active.len())];
        let exponent = mantissa_end.map(|end| active.get(end + 1..).unwrap_or(&[]).to_vec());
        let point = mantissa.iter().position(|c| *c == format.decimal_separator);
        let integer = mantissa[..point.unwrap_or(mantissa.len())].to_vec();
        let fraction = point.map_or(Vec::new(), |point| mantissa[point + 1..].to_vec());
        SubPicture { prefix, suffix, integer, fraction, exponent, all }
    }

    /// The last of the rules that the sub-picture breaks.
    fn fault(&self, format: &DecimalFormat) -> Option<NumberPicture> {
        let count = |sign: char| self.all.iter().filter(|c| **c == sign).count();
        let (percents, per_milles) = (count(format.percent), count(format.per_mille));
        let is_grouping = |c: Option<&char>| c == Some(&format.grouping_separator);
        let point = self.all.iter().position(|c| *c == format.decimal_separator);
        let beside_point = point.is_some_and(|at| {
            is_grouping(at.checked_sub(1).and_then(|before| self.all.get(before))) || is_grouping(self.all.get(at + 1))
        });
        let mut mantissa = self.integer.iter().chain(&self.fraction);
        let active = &self.all[self.prefix..self.suffix];
        let is_passive = |c: &char| !format.is_active(*c) && *c != format.exponent_separator;
        let is_digit = |c: &char| format.is_digit(*c);
        let first_optional = self.integer.iter().position(|c| *c == format.digit).unwrap_or(0);
        let last_optional = self.fraction.iter().rposition(|c| *c == format.digit).unwrap_or(self.fraction.len());
        let rules = [
            (count(format.decimal_separator) > 1, NumberPicture::TwoDecimalSeparators),
            (percents > 1, NumberPicture::TwoPercents),
            (per_milles > 1, NumberPicture::TwoPerMilles),
            (percents > 0 && per_milles > 0, NumberPicture::PercentAndPerMille),
            (!mantissa.any(|c| format.is_digit_or_optional(*c)), NumberPicture::NoDigitInMantissa),
            (active.iter().any(is_passive), NumberPicture::PassiveBetweenActives),
            (beside_point, NumberPicture::GroupingBesideDecimal),
            (point.is_none() && is_grouping(self.integer.last()), NumberPicture::GroupingAtEnd),
            (self.all.windows(2).any(|two| *two == [format.grouping_separator; 2]), NumberPicture::GroupingTwice),
            (self.integer[..first_optional].iter().any(is_digit), NumberPicture::OptionalAfterDigit),
            (self.fraction[last_optional..].iter().any(is_digit), NumberPicture::DigitAfterOptional),
            (
                self.exponent.as_ref().is_some_and(|e| !e.is_empty() && percents + per_milles > 0),
                NumberPicture::PercentWithExponent,
            ),
            (
                self.exponent.as_ref().is_some_and(|e| e.is_empty() || !e.iter().all(is_digit)),
                NumberPicture::NotADigitInExponent,
            ),
        ];
        rules.into_iter().rev().find_map(|(broken, fault)| broken.then_some(fault))
    }

    /// Writes the size of the number.
    fn format(&self, number: f64, format: &DecimalFormat) -> Result<String, LibraryError> {
        let sizes = Sizes::of(self, format);
        let has = |sign: char| self.all.contains(&sign);
        let factor = if has(format.percent) {
            100.0
        } else if has(format.per_mille) {
            1000.0
        } else {
            1.0
        };
        let scaled = number.abs() * factor;
        check_finite(scaled)?;
        let (mantissa, exponent) = match self.exponent {
            Some(_) => split_exponent(scaled, sizes.scale),
            None => (scaled, 0),
        };
        let rounded = number::round(mantissa, sizes.fraction_max as f64);
        // A double has no more than 1,074 decimal places; further ones are zeros, which are dropped next anyway.
        let text = format!("{rounded:.*}", sizes.fraction_max.min(1_074));
        let (integer, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let (integer, fraction) = (integer.trim_start_matches('0'), fraction.trim_end_matches('0'));

        let mut out: String = self.all[..self.prefix].iter().collect();
        let digit = |c: char| numeral::family_digit(c, format.zero_digit);
        let length = integer.len().max(sizes.integer_min);
        let padded = std::iter::repeat_n('0', length - integer.len()).chain(integer.chars());
        for (index, c) in padded.enumerate() {
            if index > 0 && sizes.integer_grouping.stands_before(length - index) {
                out.push(format.grouping_separator);
            }
            out.push(digit(c));
        }
        let length = fraction.len().max(sizes.fraction_min);
        let padded = fraction.chars().chain(std::iter::repeat_n('0', length - fraction.len()));
        for (index, c) in padded.enumerate() {
            if index == 0 {
                out.push(format.decimal_separator);
            } else if sizes.fraction_groups.binary_search(&index).is_ok() {
                out.push(format.grouping_separator);
            }
            out.push(digit(c));
        }
        if let Some(places) = &self.exponent {
            out.push(format.exponent_separator);
            if exponent < 0 {
                out.push_str(&format.minus_sign);
            }
            out.extend(
                format!("{:0width$}", exponent.unsigned_abs(), width = places.len().min(1_000)).chars().map(digit),
            );
        }
        out.extend(&self.all[self.suffix..]);
        Ok(out)
    }
}

/// The number as mantissa and power of ten, with so many digits before the point. An exact power of ten keeps one more,
/// as the language's reference has it.
fn split_exponent(number: f64, digits_before_point: usize) -> (f64, i32) {
    if number == 0.0 {
        return (number, 0);
    }
    let text = format!("{number:e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power = power.parse::<i32>().unwrap_or(0);
    let scale = i32::try_from(digits_before_point.min(1_000)).unwrap_or(1_000);
    let before_point = if digits == "1" && power >= scale { scale } else { scale - 1 };
    // 1 to 10, times a power of ten within a double's.
    let mantissa = format!("{digits}e{before_point}").parse().unwrap_or(number);
    (mantissa, power - before_point)
}

/// What a sub-picture says about sizes.
struct Sizes {
    integer_min: usize,
    fraction_min: usize,
    fraction_max: usize,
    /// How many digits of the mantissa stand before the point, where there is an exponent.
    scale: usize,
    integer_grouping: Groups,
    /// Before a separator stand so many digits of the fraction.
    fraction_groups: Vec<usize>,
}

enum Groups {
    Every(usize),
    At(Vec<usize>),
}

impl Groups {
    /// Whether a separator stands before the last so many digits.
    fn stands_before(&self, digits_right: usize) -> bool {
        match self {
            Groups::Every(interval) => digits_right.is_multiple_of(*interval),
            Groups::At(positions) => positions.binary_search(&digits_right).is_ok(),
        }
    }
}

impl Sizes {
    fn of(picture: &SubPicture, format: &DecimalFormat) -> Sizes {
        let digits = |part: &[char]| part.iter().filter(|c| format.is_digit_or_optional(**c)).count();
        let mandatory = |part: &[char]| part.iter().filter(|c| format.is_digit(**c)).count();

        let (integer, fraction) = (&picture.integer[..], &picture.fraction[..]);
        let positions = format.group_positions(integer.iter().rev());
        let fraction_groups = format.group_positions(fraction.iter());
        let integer_grouping = regular_interval(&positions).map_or_else(|| Groups::At(positions), Groups::Every);

        let scale = mandatory(integer);
        let (mut integer_min, mut fraction_min, mut fraction_max) = (scale, mandatory(fraction), digits(fraction));
        if integer_min == 0 && fraction_max == 0 {
            if picture.exponent.is_some() {
                (fraction_min, fraction_max) = (1, 1);
            } else {
                integer_min = 1;
            }
        }
        if picture.exponent.is_some() && integer_min == 0 && integer.contains(&format.digit) {
            integer_min = 1;
        }
        if integer_min == 0 && fraction_min == 0 {
            fraction_min = 1;
        }
        Sizes { integer_min, fraction_min, fraction_max, scale, integer_grouping, fraction_groups }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatted() {
        let cases: &[(f64, &str, &str)] = &[
            (7.0, "0", "7"),
            (7.0, "000", "007"),
            (7.0, "#", "7"),
            (0.0, "#", "0"),
            (0.0, "#.#", ".0"),
            (0.25, "#.##", ".25"),
            (0.5, "#", "0"),
            (1.5, "0", "2"),
            (-7.5, "0.00", "-7.50"),
            (-7.5, "0.00;minus 0.00", "minus 7.50"),
            (-0.0, "0", "0"),
            (1e6, "#,##0", "1,000,000"),
            (1e7, "#,####,##0", "1,0000,000"),
            (12.0, "#,#,##0", "12"),
            (1e6, "0,0.0,0,0#", "1,0,0,0,0,0,0.0,0,0"),
            (0.375, "#0.0%", "37.5%"),
            (0.375, "0‰ of it", "375‰ of it"),
            (90125.0, "0.0e0", "9.0e4"),
            (90125.0, "#0.0##e00", "9.012e04"),
            (0.00025, "0.0e0", "2.5e-4"),
            (-42.0, "0e0", "-4e1"),
            (0.0, "0.0e0", "0.0e0"),
            (100.0, "00e0", "100e0"),
            (5.0, "n0e0", "n5e0"),
            (5.0, "#e0", "0.5e1"),
            (3.0, "about 0 eggs", "about 3 eggs"),
            (1e22, "#,##0", "10,000,000,000,000,000,000,000"),
        ];
        for (number, picture, text) in cases {
            assert_eq!(
                format_number(*number, picture, &DecimalFormat::default()).unwrap(),
                *text,
                "{number} {picture}"
            );
        }
    }

    #[test]
    fn other_characters() {
        let mut format = DecimalFormat::default();
        for (property, text) in
            [("zero-digit", "٠"), ("decimal-separator", "٫"), ("minus-sign", "less "), ("NaN", "?"), ("digit", "")]
        {
            format.set(property, text);
        }
        assert_eq!(format_number(-12.5, "#٠٫٠٠", &format).unwrap(), "less ١٢٫٥٠");
        assert_eq!(format_number(1.0, "0", &format).unwrap_err().code, "D3086");
    }

    #[test]
    fn numbers_out_of_range() {
        for (number, picture) in [(1e308, "0%"), (f64::NAN, "0"), (f64::NEG_INFINITY, "0")] {
            assert_eq!(format_number(number, picture, &DecimalFormat::default()).unwrap_err().code, "D1001");
        }
        assert_eq!(format_number(f64::MAX, "0e0", &DecimalFormat::default()).unwrap(), "2e308");
    }

    #[test]
    fn refused() {
        let cases: &[(&str, &str)] = &[
            ("0;0;0", "D3080"),
            ("0.0.", "D3081"),
            ("%0%", "D3082"),
            ("‰0‰", "D3083"),
            ("%0‰", "D3084"),
            ("", "D3085"),
            ("words", "D3086"),
            ("0 0", "D3086"),
            ("0,.0", "D3087"),
            ("0.,0", "D3087"),
            ("0,", "D3088"),
            ("#,,0", "D3089"),
            ("0#", "D3090"),
            ("0.#0", "D3091"),
            ("0e0%", "D3092"),
            ("0e", "D3093"),
            ("0e#", "D3093"),
            ("0;0e", "D3093"),
        ];
        for (picture, code) in cases {
            assert_eq!(format_number(1.0, picture, &DecimalFormat::default()).unwrap_err().code, *code, "{picture}");
        }
    }
}

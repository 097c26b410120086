//! Finding the parts of a text by a picture.
//!
//! Flows in: a text and a picture. Flows out: what each marker stands for, if the whole text has the picture's form. A
//! part takes as much as it can and gives back what the parts after it need; a failed place of a part is remembered, so
//! that the time grows with the square of the text's length and the number of parts, and ends at a limit. Capitals mean nothing in literals.

use super::picture::{Component, Marker, Part, Picture, Style};
use super::{DAYS, LibraryError, MONTHS};
use crate::vm::jsonata::library::fault::Fault;
use crate::vm::jsonata::library::integer::{Form, Grouping, IntegerPicture};
use crate::vm::jsonata::library::numeral;
use std::collections::HashSet;

/// At most so many ends of parts are looked at, about a tenth of a second.
const ENDS_MAX: usize = 1 << 22;

/// The numbers that were found, by component; a component that occurs twice has its last one.
#[derive(Debug, Default)]
pub(super) struct Found {
    numbers: Vec<(Component, Reading)>,
}

/// What a part of the text turned out to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reading {
    Number(f64),
    /// A name that nothing has: as if the part was not there.
    Unknown,
    /// Not a number after all.
    Nonsense,
}

impl Found {
    pub(super) fn get(&self, component: Component) -> Option<Reading> {
        let same = self.numbers.iter().rev().find(|(found, _)| *found == component)?.1;
        Some(same).filter(|reading| *reading != Reading::Unknown)
    }
}

/// Reads a text; none if it has another form or the picture has no markers.
pub(super) fn scan(text: &str, picture: &Picture) -> Result<Option<Found>, LibraryError> {
    for part in &picture.parts {
        if let Part::Marker(marker) = part {
            check_readable(marker)?;
        }
    }
    let Some(ends) = find_ends(text, picture)? else { return Ok(None) };
    let mut found = Found::default();
    let mut start = 0;
    for (part, end) in picture.parts.iter().zip(ends) {
        if let Part::Marker(marker) = part {
            found.numbers.push((marker.component, marker.read(&text[start..end])?));
        }
        start = end;
    }
    Ok(Some(found).filter(|found| !found.numbers.is_empty()))
}

/// Whether a marker can be read at all.
fn check_readable(marker: &Marker) -> Result<(), LibraryError> {
    match (&marker.style, marker.component) {
        (_, Component::Zone | Component::ZoneName) => Ok(()),
        (Style::Number(IntegerPicture { form: Form::Sequence(written), .. }), _) => {
            Err(Fault::Sequence(written).into())
        }
        (Style::Number(_), _) => Ok(()),
        (_, Component::Month | Component::MonthOfWeek | Component::DayOfWeek | Component::HalfDay) => Ok(()),
        (_, component) => Err(Fault::NameOfComponent(&component.letter()).into()),
    }
}

/// Where each part ends, if together they are the whole text.
fn find_ends(text: &str, picture: &Picture) -> Result<Option<Vec<usize>>, LibraryError> {
    let mut failed = HashSet::new();
    // For each part so far, the ends that are still to be tried; the last of them is the one that is being tried.
    let mut open: Vec<Vec<usize>> = Vec::new();
    let (mut start, mut looked_at) = (0, 0);
    loop {
        let index = open.len();
        match picture.parts.get(index) {
            None if start == text.len() => {
                return Ok(Some(open.iter().filter_map(|ends| ends.last().copied()).collect()));
            }
            Some(part) if !failed.contains(&(index, start)) => {
                let mut ends = part.ends(text, start);
                looked_at += ends.len() + 1;
                ends.reverse();
                open.push(ends);
            }
            // No part is left for what is left of the text, or it has failed here before: the one before gives way.
            _ => {
                let Some(ends) = open.last_mut() else { return Ok(None) };
                ends.pop();
            }
        }
        while let Some(ends) = open.last() {
            if let Some(end) = ends.last() {
                start = *end;
                break;
            }
            open.pop();
            let place = open.last().and_then(|ends| ends.last().copied()).unwrap_or(0);
            failed.insert((open.len(), place));
            if let Some(before) = open.last_mut() {
                before.pop();
            }
        }
        if open.is_empty() {
            return Ok(None);
        }
        if looked_at > ENDS_MAX {
            return Err(Fault::TooManySteps.into());
        }
    }
}

impl Part {
    /// Where the part can end if it begins there, the best first.
    fn ends(&self, text: &str, start: usize) -> Vec<usize> {
        let rest = &text[start..];
        match self {
            Part::Literal(literal) => prefix_length(rest, literal).into_iter().map(|length| start + length).collect(),
            Part::Marker(marker) => marker.ends(rest).into_iter().map(|length| start + length).collect(),
        }
    }
}

/// How many bytes the literal takes of the text that begins with it, whatever the case of either.
fn prefix_length(text: &str, literal: &str) -> Option<usize> {
    let mut chars = text.chars();
    for wanted in literal.chars() {
        let c = chars.next()?;
        if c != wanted && !c.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
    }
    Some(text.len() - chars.as_str().len())
}

/// The lengths of a run of bytes, the longest first.
fn run(text: &str, is_in: impl Fn(u8) -> bool) -> Vec<usize> {
    (1..=text.bytes().take_while(|byte| is_in(*byte)).count()).rev().collect()
}

impl Marker {
    fn ends(&self, text: &str) -> Vec<usize> {
        match (self.component, &self.style) {
            (Component::Zone | Component::ZoneName, Style::Number(number)) => {
                zone_ends(text, self.component == Component::ZoneName, zone_separator(number))
            }
            (_, Style::Number(number)) => match &number.form {
                Form::Letters(_) => run(text, |byte| byte.is_ascii_alphabetic()),
                Form::Roman(_) => run(text, |byte| b"mdclxvi".contains(&byte.to_ascii_lowercase())),
                Form::Words(_) => words_ends(text),
                Form::Digits(digits) => {
                    let mut ends = digit_ends(text, digits.zero);
                    if let Some(width) = self.read_width {
                        ends = ends.into_iter().rev().skip(width - 1).take(1).collect();
                    }
                    if number.ordinal {
                        ends.retain(|end| has_ordinal_suffix(&text[*end..]));
                        ends.iter_mut().for_each(|end| *end += 2);
                    }
                    ends
                }
                // Refused before.
                Form::Sequence(_) => Vec::new(),
            },
            _ => run(text, |byte| byte.is_ascii_alphabetic()),
        }
    }

    fn read(&self, text: &str) -> Result<Reading, LibraryError> {
        let number = match (self.component, &self.style) {
            (Component::Zone | Component::ZoneName, Style::Number(number)) => {
                zone_minutes(text, zone_separator(number))
            }
            (Component::Fraction, Style::Number(IntegerPicture { form: Form::Digits(digits), ordinal: false })) => {
                Some(millis_of_fraction(text, digits.zero))
            }
            (_, Style::Number(number)) => match number.form {
                Form::Letters(_) => numeral::from_letters(&text.to_ascii_lowercase(), b'a'),
                _ => number.read(text)?,
            },
            (Component::HalfDay, _) => match text {
                "am" | "AM" => Some(0.0),
                "pm" | "PM" => Some(1.0),
                _ => return Ok(Reading::Unknown),
            },
            (component, _) => {
                let names: &[&str] = if component == Component::DayOfWeek { &DAYS } else { &MONTHS };
                let width = self.width_max.filter(|width| *width > 0).unwrap_or(usize::MAX);
                // Of names that are cut to the same text the last one counts.
                let Some(index) = names.iter().rposition(|name| name[..width.min(name.len())] == *text) else {
                    return Ok(Reading::Unknown);
                };
                Some((index + 1) as f64)
            }
        };
        Ok(number.map_or(Reading::Nonsense, Reading::Number))
    }
}

/// The lengths of a run of digits of a family, the longest first.
fn digit_ends(text: &str, zero: char) -> Vec<usize> {
    let digits = text.chars().take_while(|c| numeral::ascii_digit(*c, zero).is_some());
    let mut ends: Vec<usize> = digits
        .scan(0, |end, digit| {
            *end += digit.len_utf8();
            Some(*end)
        })
        .collect();
    ends.reverse();
    ends
}

fn has_ordinal_suffix(text: &str) -> bool {
    let suffix = text.as_bytes().get(..2).unwrap_or(b"");
    [b"st", b"nd", b"rd", b"th"].iter().any(|known| known.eq_ignore_ascii_case(suffix))
}

/// The lengths of a run of number words and what joins them, the longest first.
fn words_ends(text: &str) -> Vec<usize> {
    let (mut ends, mut end) = (Vec::new(), 0);
    while let Some(length) = numeral::word_length(&text[end..]) {
        end += length;
        ends.push(end);
    }
    ends.reverse();
    ends
}

/// What stands between hours and minutes.
fn zone_separator(number: &IntegerPicture) -> Option<char> {
    match &number.form {
        Form::Digits(digits) => match digits.grouping {
            Grouping::Every(_, separator) => Some(separator),
            Grouping::At(_) => None,
        },
        _ => None,
    }
}

fn zone_ends(text: &str, named: bool, separator: Option<char>) -> Vec<usize> {
    let name = if named { prefix_length(text, "GMT") } else { Some(0) };
    let Some(name) = name else { return Vec::new() };
    if !text[name..].starts_with(['+', '-']) {
        return Vec::new();
    }
    let digits = run(&text[name + 1..], |byte| byte.is_ascii_digit());
    let hours_end = name + 1 + digits.first().copied().unwrap_or(0);
    match separator {
        Some(separator) if !digits.is_empty() && text[hours_end..].starts_with(separator) => {
            let minutes = hours_end + separator.len_utf8();
            run(&text[minutes..], |byte| byte.is_ascii_digit()).into_iter().map(|length| minutes + length).collect()
        }
        Some(_) => Vec::new(),
        None => digits.into_iter().map(|length| name + 1 + length).collect(),
    }
}

/// The minutes of an offset: hours and minutes apart, or up to two digits for hours and the others for minutes.
fn zone_minutes(text: &str, separator: Option<char>) -> Option<f64> {
    let sign = text.find(['+', '-'])?;
    let digits = &text[sign + 1..];
    let (hours, minutes) = match separator {
        Some(separator) => digits.split_once(separator)?,
        None => digits.split_at(digits.len().min(2)),
    };
    let minutes = if minutes.is_empty() { 0.0 } else { minutes.parse().ok()? };
    let offset = hours.parse::<f64>().ok()? * 60.0 + minutes;
    Some(if text[sign..].starts_with('-') { -offset } else { offset })
}

/// Milliseconds of the digits of a fraction; further digits are dropped.
fn millis_of_fraction(digits: &str, zero: char) -> f64 {
    let mut values = digits.chars().filter_map(|c| numeral::ascii_digit(c, zero)).filter_map(|c| c.to_digit(10));
    [100, 10, 1].into_iter().map(|worth| f64::from(worth * values.next().unwrap_or(0))).sum()
}

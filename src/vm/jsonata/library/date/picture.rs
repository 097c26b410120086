//! Pictures of dates and times: literal text and markers such as `[Y0001]`, `[MNn,3-3]`, `[D1o]` (XPath and XQuery
//! Functions 3.1, "The picture string").
//!
//! Flows in: the picture's text. Flows out: its parts, with every modifier understood and every default filled in. It must
//! never refuse what only writing or only reading cannot do: whoever does it says so.

use super::LibraryError;
use crate::vm::jsonata::library::TEXT_BYTES_MAX;
use crate::vm::jsonata::library::fault::Fault;
use crate::vm::jsonata::library::integer::{Digits, IntegerPicture, leading_integer};

/// What a marker stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Component {
    Year,
    Month,
    Day,
    DayOfYear,
    DayOfWeek,
    WeekOfYear,
    WeekOfMonth,
    YearOfWeek,
    MonthOfWeek,
    Hour,
    /// 1 to 12.
    HalfDayHour,
    /// am and pm.
    HalfDay,
    Minute,
    Second,
    Fraction,
    Zone,
    /// The zone with `GMT` before it.
    ZoneName,
    Calendar,
    Era,
}

/// Every component: its letter and the presentation that it has without one of its own.
const COMPONENTS: [(char, Component, &str); 19] = [
    ('Y', Component::Year, "1"),
    ('M', Component::Month, "1"),
    ('D', Component::Day, "1"),
    ('d', Component::DayOfYear, "1"),
    ('F', Component::DayOfWeek, "n"),
    ('W', Component::WeekOfYear, "1"),
    ('w', Component::WeekOfMonth, "1"),
    ('X', Component::YearOfWeek, "1"),
    ('x', Component::MonthOfWeek, "1"),
    ('H', Component::Hour, "1"),
    ('h', Component::HalfDayHour, "1"),
    ('P', Component::HalfDay, "n"),
    ('m', Component::Minute, "01"),
    ('s', Component::Second, "01"),
    ('f', Component::Fraction, "1"),
    ('Z', Component::Zone, "01:01"),
    ('z', Component::ZoneName, "01:01"),
    ('C', Component::Calendar, "n"),
    ('E', Component::Era, "n"),
];

impl Component {
    /// The letter, for messages.
    pub(super) fn letter(self) -> String {
        COMPONENTS.iter().filter(|(_, component, _)| *component == self).map(|(letter, ..)| *letter).collect()
    }

    /// Whether it is written as a number unless names are asked for.
    fn is_number(self) -> bool {
        !matches!(
            self,
            Component::HalfDay | Component::Zone | Component::ZoneName | Component::Calendar | Component::Era
        )
    }
}

/// A picture, understood.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) parts: Vec<Part>,
}

#[derive(Debug)]
pub(super) enum Part {
    Literal(String),
    Marker(Marker),
}

/// A marker with its modifiers.
#[derive(Debug)]
pub(super) struct Marker {
    pub(super) component: Component,
    pub(super) style: Style,
    /// No name is longer; years have no more digits.
    pub(super) width_max: Option<usize>,
    /// Years are written by so many of their last digits.
    pub(super) year_digits: Option<usize>,
    /// A zone is `Z` where the offset is zero.
    pub(super) zulu: bool,
    /// Exactly so many digits are read, because more follow at once.
    pub(super) read_width: Option<usize>,
}

/// How a component is written.
#[derive(Debug)]
pub(super) enum Style {
    Names(NameCase),
    Number(IntegerPicture),
    /// By a form of its own: am and pm, the calendar.
    Fixed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameCase {
    Lower,
    Upper,
    Title,
}

impl Picture {
    /// Reads a picture. `[[` and `]]` stand for brackets; blanks inside a marker mean nothing.
    pub(super) fn parse(text: &str) -> Result<Picture, LibraryError> {
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = text;
        loop {
            let open = rest.find('[').unwrap_or(rest.len());
            if open > 0 {
                parts.push(Part::Literal(rest[..open].replace("]]", "]")));
            }
            rest = &rest[open..];
            if rest.is_empty() {
                return Ok(Picture { parts });
            }
            if let Some(after) = rest.strip_prefix("[[") {
                parts.push(Part::Literal("[".to_owned()));
                rest = after;
                continue;
            }
            let (marker, after) = rest[1..].split_once(']').ok_or(Fault::NoClosingBracket)?;
            let marker = Marker::parse(marker)?;
            if marker.component.is_number()
                && matches!(marker.style, Style::Number(_))
                && let Some(Part::Marker(before)) = parts.last_mut()
            {
                before.read_width = before.digits().map(|digits| digits.mandatory).filter(|width| *width > 0);
            }
            parts.push(Part::Marker(marker));
            rest = after;
        }
    }
}

impl Marker {
    /// Reads `component[presentation[modifier]][,width]`.
    fn parse(text: &str) -> Result<Marker, LibraryError> {
        let text: String = text.split_whitespace().collect();
        let mut chars = text.chars();
        let letter = chars.next();
        let known = COMPONENTS.iter().find(|(known, ..)| Some(*known) == letter);
        let Some((_, component, default)) = known else {
            let letter = letter.map_or(String::new(), String::from);
            return Err(Fault::UnknownComponent(&letter).into());
        };
        let component = *component;
        let (presentation, width) = match chars.as_str().rsplit_once(',') {
            Some((presentation, width)) => (presentation, width),
            None => (chars.as_str(), ""),
        };
        let (width_min, width_max) = width.split_once('-').unwrap_or((width, ""));
        // `*` and whatever else is no number set no width.
        // Larger widths than any text may have are as good as that one, and their sum must not overflow.
        let size = |text: &str| leading_integer(text).filter(|w| *w >= 0.0).map(|w| (w as usize).min(TEXT_BYTES_MAX));
        let (width_min, width_max) = (size(width_min), size(width_max));

        // One character alone is never a modifier: `[Da]` is letters.
        let modifier = presentation.chars().last().filter(|c| "atco".contains(*c) && presentation.len() > 1);
        let (first, modifier) = match modifier {
            Some(modifier) => (&presentation[..presentation.len() - 1], modifier.to_string()),
            None if presentation.is_empty() => (*default, String::new()),
            None => (presentation, String::new()),
        };
        let style = if matches!(component, Component::Zone | Component::ZoneName) {
            Style::Number(IntegerPicture::parse(first)?)
        } else if let Some(case) = NameCase::of(first) {
            Style::Names(case)
        } else if component.is_number() {
            let separator = if modifier.is_empty() { "" } else { ";" };
            Style::Number(IntegerPicture::parse(&format!("{first}{separator}{modifier}"))?)
        } else {
            Style::Fixed
        };
        let zulu = modifier == "t";
        let mut marker = Marker { component, style, width_max, year_digits: None, zulu, read_width: None };
        if component.is_number() {
            marker.set_widths(width_min);
        }
        Ok(marker)
    }

    /// Lets widths bear on the number of digits.
    fn set_widths(&mut self, width_min: Option<usize>) {
        let width_max = self.width_max;
        if let Some(digits) = self.digits_mut() {
            digits.mandatory = digits.mandatory.max(width_min.unwrap_or(0));
        }
        if self.component != Component::Year || matches!(self.style, Style::Names(_)) {
            return;
        }
        self.year_digits = match width_max {
            Some(width) => {
                if let Some(digits) = self.digits_mut() {
                    digits.mandatory = width;
                }
                Some(width)
            }
            None => self.digits().map(|digits| digits.mandatory + digits.optional).filter(|width| *width >= 2),
        };
    }

    fn digits(&self) -> Option<&Digits> {
        match &self.style {
            Style::Number(number) => number.digits(),
            _ => None,
        }
    }

    fn digits_mut(&mut self) -> Option<&mut Digits> {
        match &mut self.style {
            Style::Number(number) => number.digits_mut(),
            _ => None,
        }
    }
}

impl NameCase {
    /// What `n`, `N` and `Nn` ask for.
    fn of(presentation: &str) -> Option<NameCase> {
        match presentation.as_bytes() {
            [b'n', ..] => Some(NameCase::Lower),
            [b'N', b'n', ..] => Some(NameCase::Title),
            [b'N', ..] => Some(NameCase::Upper),
            _ => None,
        }
    }
}

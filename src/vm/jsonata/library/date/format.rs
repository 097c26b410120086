//! Writing an instant by a picture (XPath and XQuery Functions 3.1, "fn:format-dateTime").
//!
//! Flows in: milliseconds, the parts of a picture, an offset. Flows out: the text, or the error of a marker that asks for
//! what its component has not.

use super::calendar::Moment;
use super::picture::{Component, Marker, NameCase, Part, Picture, Style};
use super::{DAYS, LibraryError, MONTHS};
use crate::vm::jsonata::library::check_bytes;
use crate::vm::jsonata::library::fault::Fault;
use crate::vm::jsonata::library::integer::{Form, Grouping, IntegerPicture, leading_integer};

/// Writes the time so many minutes east of UTC.
pub(super) fn format(millis: i64, picture: &Picture, zone_minutes: i64) -> Result<String, LibraryError> {
    let moment = Moment::of(millis + zone_minutes * 60_000);
    let mut out = String::new();
    for part in &picture.parts {
        match part {
            Part::Literal(text) => out.push_str(text),
            Part::Marker(marker) => out.push_str(&write(marker, &moment, zone_minutes)?),
        }
        check_bytes(out.len())?;
    }
    Ok(out)
}

/// The minutes of an offset written as `±hhmm`; what follows the digits is left out.
pub(super) fn zone_minutes(text: &str) -> Result<i64, LibraryError> {
    let offset = leading_integer(text).filter(|offset| offset.abs() < 10_000.0).ok_or(Fault::TimezoneDigits)? as i64;
    Ok(offset / 100 * 60 + offset % 100)
}

fn write(marker: &Marker, moment: &Moment, zone_minutes: i64) -> Result<String, LibraryError> {
    match (marker.component, &marker.style) {
        (Component::Calendar | Component::Era, _) => Ok("ISO".to_owned()),
        (Component::Zone | Component::ZoneName, Style::Number(number)) => write_zone(marker, number, zone_minutes),
        (Component::HalfDay, style) => {
            let text = if moment.number(Component::HalfDay) == Some(1) { "pm" } else { "am" };
            let upper = matches!(style, Style::Names(NameCase::Upper));
            Ok(if upper { text.to_uppercase() } else { text.to_owned() })
        }
        (component, Style::Names(case)) => {
            let name = match component {
                Component::Month | Component::MonthOfWeek => name(&MONTHS, moment.number(component)),
                Component::DayOfWeek => name(&DAYS, moment.number(component)),
                _ => return Err(Fault::NameOfComponent(&component.letter()).into()),
            };
            let name = match case {
                NameCase::Lower => name.to_lowercase(),
                NameCase::Upper => name.to_uppercase(),
                NameCase::Title => name.to_owned(),
            };
            // The names are ASCII.
            Ok(name[..marker.width_max.unwrap_or(name.len()).min(name.len())].to_owned())
        }
        (component, Style::Number(number)) => {
            let value = moment.number(component).unwrap_or(0) as f64;
            number.format(match marker.year_digits {
                // No year has as many digits as 10^300, which must not overflow.
                Some(digits) => value % 10f64.powi(digits.min(300) as i32),
                None => value,
            })
        }
        (component, Style::Fixed) => Err(Fault::UnknownComponent(&component.letter()).into()),
    }
}

/// The name of that number, from 1 on.
fn name(names: &[&'static str], number: Option<i64>) -> &'static str {
    let index = number.and_then(|number| usize::try_from(number - 1).ok());
    index.and_then(|index| names.get(index)).copied().unwrap_or("")
}

/// An offset: `+01:00`, `+0100`, `+1`, `+5:30`, by the number of digits and separators in the picture.
fn write_zone(marker: &Marker, number: &IntegerPicture, minutes: i64) -> Result<String, LibraryError> {
    let Form::Digits(digits) = &number.form else { return Err(Fault::TimezoneDigits.into()) };
    if minutes == 0 && marker.zulu {
        return Ok("Z".to_owned());
    }
    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
    let text = match (&digits.grouping, digits.mandatory) {
        (Grouping::Every(..), _) | (_, 3 | 4) => number.format((hours * 100 + rest) as f64)?,
        (_, 1 | 2) if rest == 0 => number.format(hours as f64)?,
        (_, 1 | 2) => format!("{}:{rest:02}", number.format(hours as f64)?),
        _ => return Err(Fault::TimezoneDigits.into()),
    };
    let name = if marker.component == Component::ZoneName { "GMT" } else { "" };
    let sign = if minutes < 0 { '-' } else { '+' };
    Ok(format!("{name}{sign}{text}"))
}

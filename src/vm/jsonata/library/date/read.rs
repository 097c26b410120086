//! Making an instant of the parts that were found in a text (JSONata, `$toMillis`).
//!
//! A date is given by year, month and day, or year and day of the year; a time by hour, minute, second and fraction, with
//! am and pm or without. Of these, greatest first, what is missing before the first part found is taken from now, what is
//! missing after the last is the least possible; what is missing between makes the picture useless. Weeks tell a date too,
//! but the language does not read them.

use super::LibraryError;
use super::calendar::{self, Moment};
use super::picture::Component;
use super::scan::{Found, Reading};
use crate::vm::jsonata::library::fault::Fault;

const BY_MONTH: [Component; 3] = [Component::Year, Component::Month, Component::Day];
/// The day stands here although it is not given: so a time of day cannot follow a day of the year, which is odd, and so
/// in the language's reference.
const BY_DAY_OF_YEAR: [Component; 2] = [Component::Year, Component::Day];
const BY_WEEK: [&[Component]; 2] = [
    &[Component::YearOfWeek, Component::MonthOfWeek, Component::WeekOfMonth],
    &[Component::YearOfWeek, Component::WeekOfYear],
];
const DATE: [Component; 8] = [
    Component::Year,
    Component::Month,
    Component::Day,
    Component::DayOfYear,
    Component::YearOfWeek,
    Component::MonthOfWeek,
    Component::WeekOfYear,
    Component::WeekOfMonth,
];
const WHOLE_DAY: [Component; 4] = [Component::Hour, Component::Minute, Component::Second, Component::Fraction];
const HALF_DAY: [Component; 5] =
    [Component::HalfDay, Component::HalfDayHour, Component::Minute, Component::Second, Component::Fraction];
const TIME: [Component; 6] = [
    Component::HalfDay,
    Component::Hour,
    Component::HalfDayHour,
    Component::Minute,
    Component::Second,
    Component::Fraction,
];

/// The instant; none if a part is no number, or there is no such time.
pub(super) fn instant(found: &Found, now: &Moment) -> Result<Option<f64>, LibraryError> {
    let all_in = |all: &[Component], set: &[Component]| {
        // Zero counts as not there: it never decides between ways of telling a date or time.
        let mut there =
            all.iter().filter(|c| matches!(found.get(**c), Some(Reading::Number(n)) if n != 0.0)).peekable();
        there.peek().is_some() && there.all(|component| set.contains(component))
    };
    if BY_WEEK.iter().any(|set| all_in(&DATE, set)) {
        return Err(Fault::MissingSpecifiers.into());
    }
    let by_day_of_year = !all_in(&DATE, &BY_MONTH) && all_in(&DATE, &[Component::Year, Component::DayOfYear]);
    let half_day = !all_in(&TIME, &WHOLE_DAY) && all_in(&TIME, &HALF_DAY);
    let date: &[Component] = if by_day_of_year { &BY_DAY_OF_YEAR } else { &BY_MONTH };
    let time: &[Component] = if half_day { &HALF_DAY } else { &WHOLE_DAY };

    let (mut begun, mut ended) = (false, false);
    let mut numbers = Vec::with_capacity(8);
    for component in date.iter().chain(time) {
        let number = match found.get(*component) {
            Some(_) if ended => return Err(Fault::MissingSpecifiers.into()),
            Some(Reading::Number(number)) => {
                begun = true;
                number
            }
            Some(_) => return Ok(None),
            None if begun => {
                ended = true;
                f64::from(u8::from(matches!(component, Component::Month | Component::Day)))
            }
            // Half a day taken from now is the first one.
            None if *component == Component::HalfDay => 0.0,
            None => now.number(*component).unwrap_or(0) as f64,
        };
        numbers.push((*component, number));
    }
    let get = |wanted: Component| numbers.iter().find(|(component, _)| *component == wanted).map_or(0.0, |(_, n)| *n);
    let (mut month, mut day) = (get(Component::Month).max(1.0), get(Component::Day));
    if by_day_of_year {
        let Some(Reading::Number(day_of_year)) = found.get(Component::DayOfYear) else { return Ok(None) };
        (month, day) = (1.0, day_of_year);
    }
    let hour = match (half_day, get(Component::HalfDayHour)) {
        (false, _) => get(Component::Hour),
        (true, hour) => (if hour == 12.0 { 0.0 } else { hour }) + 12.0 * f64::from(get(Component::HalfDay) == 1.0),
    };
    let offset_minutes = match [Component::Zone, Component::ZoneName].map(|zone| found.get(zone)) {
        [Some(Reading::Number(minutes)), _] if minutes != 0.0 => minutes,
        [_, Some(Reading::Number(minutes))] => minutes,
        [Some(Reading::Nonsense), _] | [_, Some(Reading::Nonsense)] => return Ok(None),
        _ => 0.0,
    };
    let parts = [
        get(Component::Year),
        month,
        day,
        hour,
        get(Component::Minute),
        get(Component::Second),
        get(Component::Fraction),
    ];
    // An offset of hundreds of digits leaves no time.
    Ok(calendar::instant(parts).map(|millis| millis - offset_minutes * 60_000.0).filter(|millis| millis.is_finite()))
}

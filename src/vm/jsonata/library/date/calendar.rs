//! An instant taken apart into the numbers that pictures write (ISO 8601 for weeks).
//!
//! Flows in: milliseconds since 1970. Flows out: year, month, day, week and so on. It must never know of offsets: they
//! are added before.

use super::picture::Component;
use crate::value::timestamp::{civil, days_since_epoch};

const MILLIS_A_DAY: i64 = 86_400_000;

/// An instant by its calendar date and time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Days since 1970-01-01.
    days: i64,
    /// Milliseconds since midnight.
    of_day: i64,
    year: i64,
    /// From 1.
    month: i64,
    /// From 1.
    day: i64,
}

impl Moment {
    pub(super) fn of(millis: i64) -> Moment {
        let days = millis.div_euclid(MILLIS_A_DAY);
        let (year, month, day) = civil(days);
        Moment { days, of_day: millis.rem_euclid(MILLIS_A_DAY), year, month, day }
    }

    /// The number that a component stands for; none for those that are no numbers.
    pub(super) fn number(&self, component: Component) -> Option<i64> {
        let hour = self.of_day / 3_600_000;
        Some(match component {
            Component::Year => self.year,
            Component::Month => self.month,
            Component::Day => self.day,
            Component::DayOfYear => self.days - days_since_epoch(self.year, 1, 1) + 1,
            Component::DayOfWeek => weekday(self.days),
            Component::WeekOfYear => self.week(Period::Year(self.year)).1,
            Component::WeekOfMonth => self.week(self.this_month()).1,
            Component::YearOfWeek => match self.week(Period::Year(self.year)).0 {
                Period::Year(year) => year,
                Period::Month(year, _) => year,
            },
            Component::MonthOfWeek => match self.week(self.this_month()).0 {
                Period::Month(_, month) => month + 1,
                Period::Year(_) => 1,
            },
            Component::Hour => hour,
            Component::HalfDayHour => (hour + 11) % 12 + 1,
            Component::Minute => self.of_day / 60_000 % 60,
            Component::Second => self.of_day / 1000 % 60,
            Component::Fraction => self.of_day % 1000,
            Component::HalfDay => i64::from(hour >= 12),
            Component::Zone | Component::ZoneName | Component::Calendar | Component::Era => return None,
        })
    }

    fn this_month(&self) -> Period {
        Period::Month(self.year, self.month - 1)
    }

    /// The week of a year or month that the day lies in, counted from 1, and which period it belongs to: that one, or
    /// one beside it. A week belongs to where its Thursday is.
    fn week(&self, period: Period) -> (Period, i64) {
        let next = period.plus(1);
        let period = if self.days >= next.first_monday() {
            next
        } else if self.days < period.first_monday() {
            period.plus(-1)
        } else {
            period
        };
        (period, (self.days - period.first_monday()) / 7 + 1)
    }
}

/// Monday is 1, Sunday 7.
fn weekday(days: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    (days + 3).rem_euclid(7) + 1
}

/// What weeks are counted in.
#[derive(Clone, Copy)]
enum Period {
    Year(i64),
    /// A year and a month of it, from 0.
    Month(i64, i64),
}

impl Period {
    fn plus(self, count: i64) -> Period {
        match self {
            Period::Year(year) => Period::Year(year + count),
            Period::Month(year, month) => {
                Period::Month(year + (month + count).div_euclid(12), (month + count).rem_euclid(12))
            }
        }
    }

    /// The Monday of the first week, in days since 1970: the week that the first Thursday lies in.
    fn first_monday(self) -> i64 {
        let first = match self {
            Period::Year(year) => days_since_epoch(year, 1, 1),
            Period::Month(year, month) => days_since_epoch(year, month + 1, 1),
        };
        match weekday(first) {
            monday_to_thursday @ 1..=4 => first + 1 - monday_to_thursday,
            friday_to_sunday => first + 8 - friday_to_sunday,
        }
    }
}

/// The instant of a date and time whose numbers may be beyond their ranges, which carries over: the 14th month, the 0th
/// day. None if it is beyond ±8.64e15. A year from 0 to 99 is one of the twentieth century, as JavaScript has it.
pub(super) fn instant([year, month, day, hour, minute, second, milli]: [f64; 7]) -> Option<f64> {
    let parts = [year, month, day, hour, minute, second, milli];
    // So that nothing below overflows; any time in range is made of smaller numbers, or sums that cancel out.
    if parts.iter().any(|part| !part.is_finite() || part.abs() > 1e15) {
        return None;
    }
    let whole = |part: f64| part.trunc() as i64;
    let year = if (0.0..=99.0).contains(&year.trunc()) { whole(year) + 1900 } else { whole(year) };
    let months = whole(month) - 1;
    let year = year + months.div_euclid(12);
    if year.abs() > 1_000_000 {
        return None;
    }
    let days = days_since_epoch(year, months.rem_euclid(12) + 1, 1) + whole(day) - 1;
    let millis = days as f64 * MILLIS_A_DAY as f64
        + (hour.trunc() * 3_600_000.0 + minute.trunc() * 60_000.0 + second.trunc() * 1000.0 + milli.trunc());
    (millis.abs() <= super::MILLIS_MAX).then_some(millis)
}

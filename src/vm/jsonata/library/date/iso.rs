//! ISO 8601 as `$toMillis` reads it without a picture: a year, a month or a day, a time of day, a fraction, an offset.
//!
//! Flows in: a text. Flows out: milliseconds since 1970, or nothing. A day up to the 31st of a shorter month is one of the
//! next, and 24:00:00 is the next midnight, as in JavaScript; a time without an offset is UTC, as on a server.

use crate::value::timestamp::days_since_epoch;

/// Reads `YYYY[-MM[-DD]][Z]` or `YYYY[-MM[-DD]]Thh:mm:ss[.fraction][Z|±hh[:]mm]`.
pub(super) fn parse(text: &str) -> Option<f64> {
    let mut rest = text.as_bytes();
    let year = number(&mut rest, 4, 0, 9999)?;
    let (mut month, mut day) = (1, 1);
    if skip(&mut rest, b'-') {
        // What follows is no offset: `2018-01` is January, as a date has to go on with a month.
        month = number(&mut rest, 2, 1, 12)?;
        if skip(&mut rest, b'-') {
            day = number(&mut rest, 2, 1, 31)?;
        }
    }
    let (mut hour, mut minute, mut second, mut milli) = (0, 0, 0, 0);
    let has_time = skip(&mut rest, b'T');
    if has_time {
        hour = number(&mut rest, 2, 0, 24)?;
        minute = skip(&mut rest, b':').then(|| number(&mut rest, 2, 0, 59))??;
        second = skip(&mut rest, b':').then(|| number(&mut rest, 2, 0, 59))??;
        if skip(&mut rest, b'.') {
            milli = fraction(&mut rest)?;
        }
        if hour == 24 && minute + second + milli > 0 {
            return None;
        }
    }
    let offset_minutes = match rest.split_first() {
        None | Some((b'Z', [])) => 0,
        Some((sign @ (b'+' | b'-'), mut offset)) if has_time => {
            let hours = number(&mut offset, 2, 0, 23)?;
            skip(&mut offset, b':');
            let minutes = hours * 60 + number(&mut offset, 2, 0, 59)?;
            if !offset.is_empty() {
                return None;
            }
            if *sign == b'-' { -minutes } else { minutes }
        }
        Some(_) => return None,
    };
    // A year is what is written: only numbers in a picture mean the twentieth century by two digits. All of them are too
    // small to be beyond the range of times.
    let days = days_since_epoch(i64::from(year), i64::from(month), 1) + i64::from(day) - 1;
    let minutes = i64::from(hour * 60 + minute - offset_minutes);
    Some(((days * 1440 + minutes) * 60_000 + i64::from(second * 1000 + milli)) as f64)
}

fn skip(rest: &mut &[u8], byte: u8) -> bool {
    let found = rest.strip_prefix(&[byte]);
    *rest = found.unwrap_or(rest);
    found.is_some()
}

/// Exactly so many digits of a number within bounds.
fn number(rest: &mut &[u8], digits: usize, min: i32, max: i32) -> Option<i32> {
    let (text, after) = rest.split_at_checked(digits)?;
    *rest = after;
    let value =
        text.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i32::from(byte - b'0')))?;
    (min..=max).contains(&value).then_some(value)
}

/// Milliseconds of a fraction of any length; further digits are dropped.
fn fraction(rest: &mut &[u8]) -> Option<i32> {
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, after) = rest.split_at(count);
    *rest = after;
    let digit = |at: usize| digits.get(at).map_or(0, |byte| i32::from(byte - b'0'));
    (count > 0).then(|| digit(0) * 100 + digit(1) * 10 + digit(2))
}

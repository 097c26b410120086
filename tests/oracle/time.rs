//! Timestamps of the second interpreter: milliseconds since the execution started, which is 2020-01-01T00:00:00Z.

/// The day on which executions start, counted as [`days`] counts.
const START_DAY: i64 = days(2020, 1, 1);

/// Days since a day long ago (Gregorian, March first in the year).
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day
}

/// The instant of an RFC 3339 timestamp.
pub fn instant(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    };
    let marks = [(4, '-'), (7, '-'), (10, 'T'), (13, ':'), (16, ':')];
    if !marks.iter().all(|(at, mark)| text.get(*at..at + 1).is_some_and(|c| c.starts_with(*mark))) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let mut rest = text.get(19..)?;
    let mut ms = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
        ms = format!("{:0<3}", &fraction[..length]).get(..3)?.parse().ok()?;
        rest = &fraction[length..];
    }
    let offset = match rest.as_bytes() {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), zone @ ..] if zone.len() == 5 => {
            let zone = std::str::from_utf8(zone).ok()?;
            let minutes = zone[..2].parse::<i64>().ok()? * 60 + zone[3..].parse::<i64>().ok()?;
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    let minutes = ((days(year, month, day) - START_DAY) * 24 + hour) * 60 + minute - offset;
    Some((minutes * 60 + second) * 1_000 + ms)
}

/// The timestamp of an instant of the first day; no generated machine runs for longer.
pub fn print(ms: i64) -> String {
    let seconds = ms / 1_000;
    let (s, m, h) = (seconds % 60, seconds / 60 % 60, seconds / 3_600);
    format!("2020-01-01T{h:02}:{m:02}:{s:02}.{:03}Z", ms % 1_000)
}

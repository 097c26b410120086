//! Times as the language writes them: RFC 3339 with a capital `T`, and `Z` or an offset (States Language, "Timestamps").
//!
//! Flows in: a string, or milliseconds from a clock reading. Flows out: an instant that compares, or a string. What is
//! no time here is none for Java's `OffsetDateTime` either: no 30th of February, no leap second, no offset beyond 18
//! hours. (That a Wait refuses such days is recorded; what IsTimestamp says of them is not recorded.) Java would also take lower-case letters and times without seconds; the language's grammar does not. It must
//! never ask for the time.

/// An instant, to the nanosecond. Later ones compare greater.
///
/// ```
/// use expressway::value::timestamp::Timestamp;
/// let here = Timestamp::parse("2024-02-29T13:00:00.5+01:00")?;
/// let there = Timestamp::parse("2024-02-29T12:00:00.50Z")?;
/// assert_eq!(here, there);
/// assert_eq!(here.to_rfc3339_millis(), "2024-02-29T12:00:00.500Z");
/// # Ok::<(), expressway::value::timestamp::NotATimestamp>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    seconds: i64,
    /// Nanoseconds after them, less than 10^9.
    nanos: u32,
}

/// A text is not a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as 2026-01-31T09:08:07Z, with 'T' and with 'Z' or an offset; problem at byte {offset}")]
pub struct NotATimestamp {
    /// Byte offset of the part that does not fit.
    pub offset: usize,
}

const SECONDS_A_DAY: i64 = 86_400;
const NANOS_A_SECOND: u32 = 1_000_000_000;
/// Java's limit for offsets from UTC.
const OFFSET_HOURS_MAX: i64 = 18;

impl Timestamp {
    /// Reads `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)`; digits of the fraction beyond the ninth are dropped.
    ///
    /// # Errors
    /// [`NotATimestamp`]: another form, or a day or time that does not exist.
    pub fn parse(text: &str) -> Result<Timestamp, NotATimestamp> {
        let mut reader = Reader { bytes: text.as_bytes(), at: 0 };
        let year = reader.number(4, 0, 9999)?;
        reader.expect(b'-')?;
        let month = reader.number(2, 1, 12)?;
        reader.expect(b'-')?;
        let day = reader.number(2, 1, days_in_month(year, month))?;
        reader.expect(b'T')?;
        let hour = reader.number(2, 0, 23)?;
        reader.expect(b':')?;
        let minute = reader.number(2, 0, 59)?;
        reader.expect(b':')?;
        let second = reader.number(2, 0, 59)?;
        let nanos = reader.fraction()?;
        let offset_seconds = reader.offset()?;
        if reader.at != reader.bytes.len() {
            return Err(NotATimestamp { offset: reader.at });
        }
        let days = days_since_epoch(year, month, day);
        let seconds = days * SECONDS_A_DAY + hour * 3600 + minute * 60 + second - offset_seconds;
        Ok(Timestamp { seconds, nanos })
    }

    /// The instant so many milliseconds after 1970-01-01T00:00:00Z.
    pub fn from_millis(millis: i64) -> Timestamp {
        // The remainder is 0 to 999, so that the product fits.
        Timestamp { seconds: millis.div_euclid(1000), nanos: millis.rem_euclid(1000) as u32 * 1_000_000 }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn as_millis(self) -> i64 {
        self.seconds.saturating_mul(1000).saturating_add(i64::from(self.nanos / 1_000_000))
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after the whole second.
    pub fn nanos(self) -> u32 {
        self.nanos
    }

    /// The form of the context object's times: UTC, three digits after the point, `Z`.
    pub fn to_rfc3339_millis(self) -> String {
        let mut text = String::with_capacity(24);
        // Writing into memory does not fail.
        let _ = self.write_rfc3339_millis(&mut text);
        text
    }

    /// Writes the form of the context object's times. Years of four digits take a tenth of what formatting would.
    ///
    /// # Errors
    ///
    /// What the target says.
    pub fn write_rfc3339_millis(self, out: &mut impl std::fmt::Write) -> std::fmt::Result {
        let (year, month, day) = civil(self.seconds.div_euclid(SECONDS_A_DAY));
        let second = self.seconds.rem_euclid(SECONDS_A_DAY);
        let Some(century) = u8::try_from(year / 100).ok().filter(|century| *century < 100 && year >= 0) else {
            write!(out, "{year:04}")?;
            return self.write_after_year(out, month, day, second);
        };
        out.write_str(two_digits(century))?;
        out.write_str(two_digits((year % 100) as u8))?;
        self.write_after_year(out, month, day, second)
    }

    /// All parts here are below 100 or, the milliseconds, below 1,000.
    fn write_after_year(self, out: &mut impl std::fmt::Write, month: i64, day: i64, second: i64) -> std::fmt::Result {
        let parts = [("-", month), ("-", day), ("T", second / 3600), (":", second / 60 % 60), (":", second % 60)];
        for (before, number) in parts {
            out.write_str(before)?;
            out.write_str(two_digits(number as u8))?;
        }
        let millis = self.nanos / 1_000_000;
        out.write_str(".")?;
        out.write_str(&two_digits((millis / 100) as u8)[1..])?;
        out.write_str(two_digits((millis % 100) as u8))?;
        out.write_str("Z")
    }
}

/// A number below 100, as it stands in dates.
fn two_digits(number: u8) -> &'static str {
    const DIGITS: &str = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445\
                          46474849505152535455565758596061626364656667686970717273747576777879808182838485868788899091\
                          9293949596979899";
    let at = 2 * usize::from(number % 100);
    &DIGITS[at..at + 2]
}

struct Reader<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn expect(&mut self, byte: u8) -> Result<(), NotATimestamp> {
        if self.bytes.get(self.at) != Some(&byte) {
            return Err(NotATimestamp { offset: self.at });
        }
        self.at += 1;
        Ok(())
    }

    /// Exactly so many digits, of a number within bounds.
    fn number(&mut self, digits: usize, min: i64, max: i64) -> Result<i64, NotATimestamp> {
        let start = self.at;
        let bad = NotATimestamp { offset: start };
        let mut number = 0;
        for byte in self.bytes.get(start..start + digits).ok_or(bad)? {
            if !byte.is_ascii_digit() {
                return Err(bad);
            }
            number = number * 10 + i64::from(byte - b'0');
        }
        self.at += digits;
        if (min..=max).contains(&number) { Ok(number) } else { Err(bad) }
    }

    /// `.` and at least one digit, or nothing.
    fn fraction(&mut self) -> Result<u32, NotATimestamp> {
        if self.bytes.get(self.at) != Some(&b'.') {
            return Ok(0);
        }
        self.at += 1;
        let start = self.at;
        let (mut nanos, mut worth) = (0, NANOS_A_SECOND);
        while let Some(byte) = self.bytes.get(self.at).filter(|byte| byte.is_ascii_digit()) {
            worth /= 10;
            nanos += u32::from(byte - b'0') * worth;
            self.at += 1;
        }
        if self.at == start { Err(NotATimestamp { offset: start }) } else { Ok(nanos) }
    }

    /// Seconds east of UTC.
    fn offset(&mut self) -> Result<i64, NotATimestamp> {
        let start = self.at;
        let sign = match self.bytes.get(start) {
            Some(b'Z') => {
                self.at += 1;
                return Ok(0);
            }
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(NotATimestamp { offset: start }),
        };
        self.at += 1;
        let hours = self.number(2, 0, OFFSET_HOURS_MAX)?;
        self.expect(b':')?;
        let minutes = self.number(2, 0, if hours == OFFSET_HOURS_MAX { 0 } else { 59 })?;
        Ok(sign * (hours * 3600 + minutes * 60))
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

const YEARS_AN_ERA: i64 = 400;
const DAYS_AN_ERA: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;

/// Days from 1970-01-01 in the proleptic Gregorian calendar. Years are counted from March, so that the leap day is the
/// last of its year and the months before a date have a length that a line through (153 m + 2) / 5 gives.
pub(crate) fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(YEARS_AN_ERA);
    let year_of_era = year.rem_euclid(YEARS_AN_ERA);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_AN_ERA + day_of_era - DAYS_TO_EPOCH
}

/// The date so many days after 1970-01-01: the way back.
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_EPOCH;
    let day_of_era = days.rem_euclid(DAYS_AN_ERA);
    // The leap days of 4, 100 and 400 years are taken out before dividing by 365.
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = days.div_euclid(DAYS_AN_ERA) * YEARS_AN_ERA + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_timestamp() {
        let cases: &[(&str, i64, u32)] = &[
            ("1970-01-01T00:00:00Z", 0, 0),
            ("1969-12-31T23:59:59.25Z", -1, 250_000_000),
            ("2024-01-01T00:00:00.00Z", 1_704_067_200, 0),
            ("2024-01-01T00:00:00.000000Z", 1_704_067_200, 0),
            ("2024-01-01T01:00:00+01:00", 1_704_067_200, 0),
            ("2023-12-31T18:30:00-05:30", 1_704_067_200, 0),
            ("2024-01-01T00:00:00-00:00", 1_704_067_200, 0),
            ("2024-01-01T18:00:00+18:00", 1_704_067_200, 0),
            ("2024-02-29T00:00:00Z", 1_709_164_800, 0),
            ("2000-02-29T00:00:00.123456789Z", 951_782_400, 123_456_789),
            ("2000-02-29T00:00:00.1234567899999Z", 951_782_400, 123_456_789),
            ("0000-01-01T00:00:00Z", -62_167_219_200, 0),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799, 999_000_000),
        ];
        for (text, seconds, nanos) in cases {
            assert_eq!(Timestamp::parse(text), Ok(Timestamp { seconds: *seconds, nanos: *nanos }), "{text}");
        }
    }

    #[test]
    fn what_is_none() {
        let cases: &[(&str, usize)] = &[
            ("", 0),
            (" 2024-01-01T00:00:00Z", 0),
            ("2024-01-01T00:00:00Z ", 20),
            ("2024-01-01", 10),
            ("2024-01-01 00:00:00Z", 10),
            ("2024-01-01t00:00:00Z", 10),
            ("2024-01-01T00:00:00z", 19),
            ("2024-01-01T00:00:00", 19),
            ("2024-01-01T00:00:00.000000", 26),
            ("2024-01-01T00:00:00.Z", 20),
            ("2024-01-01T00:00:00,5Z", 19),
            ("2024-01-01T00:00Z", 16),
            ("2024-01-01T24:00:00Z", 11),
            ("2024-01-01T00:60:00Z", 14),
            ("2016-12-31T23:59:60Z", 17),
            ("2024-13-01T00:00:00Z", 5),
            ("2024-00-01T00:00:00Z", 5),
            ("2024-01-00T00:00:00Z", 8),
            ("2024-04-31T00:00:00Z", 8),
            ("2026-02-29T00:00:00Z", 8),
            ("1900-02-29T00:00:00Z", 8),
            ("24-01-01T00:00:00Z", 0),
            ("+12024-01-01T00:00:00Z", 0),
            ("2024-1-1T00:00:00Z", 5),
            ("2024-01-01T00:00:00+0100", 22),
            ("2024-01-01T00:00:00+01", 22),
            ("2024-01-01T00:00:00+18:01", 23),
            ("2024-01-01T00:00:00+19:00", 20),
            ("2024-01-01T00:00:00+01:00:00", 25),
            ("٢٠٢٤-01-01T00:00:00Z", 0),
            ("1704067200", 4),
        ];
        for (text, offset) in cases {
            assert_eq!(Timestamp::parse(text), Err(NotATimestamp { offset: *offset }), "{text}");
        }
    }

    #[test]
    fn order_is_that_of_instants() {
        let ascending = [
            "2012-10-09T19:00:54.9Z",
            "2012-10-09T19:00:55Z",
            "2012-10-09T19:00:55.000000001Z",
            "2012-10-09T15:00:56-04:00",
            "2012-10-10T19:00:55Z",
        ];
        for pair in ascending.windows(2) {
            assert!(Timestamp::parse(pair[0]).unwrap() < Timestamp::parse(pair[1]).unwrap(), "{pair:?}");
        }
    }

    #[test]
    fn every_day_comes_back_as_itself() {
        let mut seconds = Timestamp::parse("0000-01-01T00:00:00Z").unwrap().seconds;
        for year in 0..=9999 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month) {
                    assert_eq!(days_since_epoch(year, month, day) * SECONDS_A_DAY, seconds);
                    assert_eq!(civil(seconds.div_euclid(SECONDS_A_DAY)), (year, month, day));
                    seconds += SECONDS_A_DAY;
                }
            }
        }
    }

    #[test]
    fn written_in_utc_with_milliseconds() {
        let cases: &[(i64, &str)] = &[
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (1_769_850_487_123, "2026-01-31T09:08:07.123Z"),
            (1_577_836_800_000, "2020-01-01T00:00:00.000Z"),
        ];
        for (millis, text) in cases {
            let time = Timestamp::from_millis(*millis);
            assert_eq!(time.to_rfc3339_millis(), *text);
            assert_eq!(Timestamp::parse(text), Ok(time));
            assert_eq!(time.as_millis(), *millis);
        }
        for millis in [i64::MIN, i64::MAX] {
            assert!(!Timestamp::from_millis(millis).to_rfc3339_millis().is_empty());
        }
    }
}

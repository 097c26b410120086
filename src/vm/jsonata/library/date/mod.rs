//! Times as text and back: `$fromMillis`, `$toMillis`, and with the evaluation's own time `$now` (JSONata, "Date/Time
//! functions"; XPath and XQuery Functions 3.1, "Date and time formatting").
//!
//! Flows in: milliseconds since 1970-01-01T00:00:00Z, a picture such as `[Y0001]-[M01]-[D01]`, an offset from UTC. Flows
//! out: a text, or milliseconds. The calendar is the Gregorian one, carried back and forward without end; all times are
//! UTC unless an offset says otherwise.
//!
//! | file | holds |
//! | --- | --- |
//! | `calendar.rs` | an instant taken apart; weeks |
//! | `picture.rs` | pictures |
//! | `format.rs` | writing by a picture |
//! | `scan.rs` | finding the parts of a text by a picture |
//! | `read.rs` | making an instant of the parts |
//! | `iso.rs` | ISO 8601, which is what is read and written without a picture |
//!
//! Two things that the language's reference gets wrong are right here: offsets of hours and minutes west of UTC, and
//! fractions of a second with more or fewer than three digits. It must never ask for the time.

mod calendar;
mod format;
mod iso;
mod picture;
mod read;
mod scan;
#[cfg(test)]
mod tests;

use super::LibraryError;
use super::fault::Fault;
use crate::value::timestamp::Timestamp;
use picture::Picture;

/// The language's range of times: a hundred million days around 1970.
const MILLIS_MAX: f64 = 8.64e15;

/// The last millisecond before the year 10000.
const MILLIS_OF_10_000: f64 = 253_402_300_799_999.0;

/// What `$fromMillis` writes without a picture.
const ISO: &str = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]";

/// `$fromMillis(milliseconds[, picture[, timezone]])`, and `$now(picture, timezone)` with the evaluation's time. The zone
/// is an offset as a number of hours and minutes, `+0100` or `-330`.
///
/// ```
/// use expressway::vm::jsonata::library::date::from_millis;
/// assert_eq!(from_millis(0.0, None, None)?, "1970-01-01T00:00:00.000Z");
/// assert_eq!(from_millis(0.0, Some("[FNn] [D1o] [MNn], [h]:[m01] [PN] [z]"), Some("-0930"))?,
///     "Wednesday 31st December, 2:30 PM GMT-09:30");
/// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
/// ```
///
/// # Errors
/// D1001: beyond the range of times. D3130 to D3135: a picture, or an offset that is no number of up to four digits.
/// U1001: the text would be too long.
pub fn from_millis(millis: f64, picture: Option<&str>, zone: Option<&str>) -> Result<String, LibraryError> {
    if !(-MILLIS_MAX..=MILLIS_MAX).contains(&millis) {
        return Err(Fault::OutOfRange(millis).into());
    }
    if let (None, None, 0.0..=MILLIS_OF_10_000) = (picture, zone, millis) {
        return Ok(Timestamp::from_millis(millis as i64).to_rfc3339_millis());
    }
    let picture = Picture::parse(picture.unwrap_or(ISO))?;
    format::format(millis as i64, &picture, zone.map_or(Ok(0), format::zone_minutes)?)
}

/// `$toMillis(text[, picture])`: none if the text does not have the picture's form or names no time. Without a picture
/// the text is ISO 8601. What the picture leaves out before its greatest part is taken from `now_millis`, what it leaves
/// out after its smallest is the least possible.
///
/// ```
/// use expressway::vm::jsonata::library::date::to_millis;
/// assert_eq!(to_millis("1970-01-01T00:00:01Z", None, 0.0)?, Some(1000.0));
/// assert_eq!(to_millis("1st March 1970", Some("[D1o] [MNn] [Y]"), 0.0)?, Some(59.0 * 86_400e3));
/// assert_eq!(to_millis("soon", Some("[Y]"), 0.0)?, None);
/// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
/// ```
///
/// # Errors
/// D3110: no picture, and not ISO 8601. D3130 to D3135: the picture. D3136: the picture has gaps, or names a time by
/// weeks, which is not supported. U1001: the text could be read in too many ways.
pub fn to_millis(text: &str, picture: Option<&str>, now_millis: f64) -> Result<Option<f64>, LibraryError> {
    match picture {
        None => iso::parse(text).map(Some).ok_or_else(|| Fault::NotATimestamp(text).into()),
        Some(picture) => {
            let picture = Picture::parse(picture)?;
            // Conversion saturates, and a time beyond the range would be read from another clock than ours.
            let now = calendar::Moment::of(now_millis.clamp(-MILLIS_MAX, MILLIS_MAX) as i64);
            Ok(match scan::scan(text, &picture)? {
                Some(found) => read::instant(&found, &now)?,
                None => None,
            })
        }
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// From Monday on, which is day 1.
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

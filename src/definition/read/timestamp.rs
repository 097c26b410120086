//! The profile of RFC 3339 that the language takes for times: `2026-01-31T09:08:07.5Z`, uppercase `T` and `Z`.
//!
//! Flows in: a string. Flows out: whether it is such a time, impossible dates excluded.

/// Whether a string is a time as `Timestamp` and the Timestamp comparators take it.
pub(super) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<u32> {
        let digits = bytes.get(from..to)?;
        digits.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u32::from(digit - b'0')))
    };
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|&(at, wanted)| bytes.get(at) != Some(&wanted)) {
        return false;
    }
    let fields = (number(0, 4), number(5, 7), number(8, 10), number(11, 13), number(14, 16), number(17, 19));
    let (Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)) = fields else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => 0,
    };
    if day == 0 || day > days || hour > 23 || minute > 59 || second > 59 {
        return false;
    }
    let mut at = 19;
    if bytes.get(at) == Some(&b'.') {
        let digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return false;
        }
        at += 1 + digits;
    }
    match &bytes[at..] {
        b"Z" => true,
        [b'+' | b'-', _, _, b':', _, _] => {
            number(at + 1, at + 3).is_some_and(|hours| hours <= 23)
                && number(at + 4, at + 6).is_some_and(|minutes| minutes <= 59)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_timestamp;

    #[test]
    fn times() {
        for text in [
            "2026-01-31T09:08:07Z",
            "2026-01-31T09:08:07.123456789Z",
            "2024-02-29T00:00:00+05:30",
            "2000-02-29T23:59:59-00:00",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "",
            "2026-01-31",
            "2026-01-31T09:08:07",
            "2026-01-31t09:08:07Z",
            "2026-01-31T09:08:07z",
            "2026-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+0530",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00Zé",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}

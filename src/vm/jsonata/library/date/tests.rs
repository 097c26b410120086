//! Tables of times, pictures and texts.

use super::*;

/// 2024-02-29T17:05:09.042Z, a Thursday.
const LEAP: f64 = 1_709_226_309_042.0;

#[test]
fn written_by_pictures() {
    let cases: &[(f64, &str, &str)] = &[
        (LEAP, "", ""),
        (LEAP, "no markers", "no markers"),
        (LEAP, "[[Y]] ]", "[Y] ]"),
        (LEAP, "[Y]/[M]/[D]", "2024/2/29"),
        (LEAP, "[Y0001]-[M01]-[D01]", "2024-02-29"),
        (LEAP, "[Y,2-2] [Y01] [Y##1] [Y]", "24 24 24 2024"),
        (LEAP, "[ M 0 1 ]", "02"),
        (LEAP, "[MNn] [MN] [Mn] [MNn,3-3] [Mn,*-1]", "February FEBRUARY february Feb f"),
        (LEAP, "[F] [FNn,*-2] [F1] [F0]", "thursday Th 4 4"),
        (LEAP, "[D1o] [Dwo] [DW] [DWw] [Di] [DA]", "29th twenty-ninth TWENTY-NINE Twenty-Nine xxix AC"),
        (LEAP, "[d] [d001]", "60 060"),
        (LEAP, "[H]:[m]:[s].[f001]", "17:05:09.042"),
        (LEAP, "[h01].[m1].[s1] [P] [PN] [PNn]", "05.5.9 pm PM pm"),
        (LEAP, "[f] [f0001] [f,2]", "42 0042 42"),
        (LEAP, "[W] [w] [X] [x] [xNn]", "9 5 2024 2 February"),
        (LEAP, "[C] [E] [CN,1]", "ISO ISO ISO"),
        (LEAP, "[Z] [Z0101] [Z0] [z] [Z01:01t]", "+00:00 +0000 +0 GMT+00:00 Z"),
        (0.0, "[h]", "12"),
        (-1.0, "[Y] [f]", "1969 999"),
        (1.9, "[f]", "1"),
        (-62_198_755_200_000.0, "[Y] [Y0001] [Y,2]", "-1 -0001 -01"),
        (253_402_300_800_000.0, "[Y0001] [Y]", "0000 10000"),
    ];
    for (millis, picture, text) in cases {
        assert_eq!(from_millis(*millis, Some(picture), None).unwrap(), *text, "{picture}");
    }
}

#[test]
fn weeks_belong_to_their_thursday() {
    let cases: &[(&str, &str)] = &[
        ("1998-12-31", "1998-W53-4 of 12"),
        ("1999-01-03", "1998-W53-7 of 12"),
        ("1999-01-04", "1999-W1-1 of 1"),
        ("2001-12-30", "2001-W52-7 of 12"),
        ("2001-12-31", "2002-W1-1 of 1"),
        ("2024-03-31", "2024-W13-7 of 3"),
        ("2024-06-30", "2024-W26-7 of 6"),
        ("2024-07-01", "2024-W27-1 of 7"),
        ("2024-09-01", "2024-W35-7 of 8"),
    ];
    for (day, week) in cases {
        let millis = to_millis(day, None, 0.0).unwrap().unwrap();
        assert_eq!(from_millis(millis, Some("[X]-W[W]-[F1] of [x]"), None).unwrap(), *week, "{day}");
    }
}

#[test]
fn written_with_offsets() {
    let cases: &[(&str, &str, &str)] = &[
        ("0100", "[H01][m01] [Z] [z] [Z0] [Z0001]", "1805 +01:00 GMT+01:00 +1 +0100"),
        ("+0545", "[H01][m01] [Z] [Z1] [Z01]", "2250 +05:45 +5:45 +05:45"),
        ("-0330", "[H01][m01] [Z] [Z1] [Z0001]", "1335 -03:30 -3:30 -0330"),
        ("-0030", "[H01][m01] [Z] [Z1]", "1635 -00:30 -0:30"),
        ("-1100", "[D] [H01] [Z01:01t]", "29 06 -11:00"),
        ("0000", "[Z01t] [z0001t]", "Z Z"),
        ("1200 east", "[D] [H]", "1 5"),
    ];
    for (zone, picture, text) in cases {
        assert_eq!(from_millis(LEAP, Some(picture), Some(zone)).unwrap(), *text, "{zone} {picture}");
    }
    assert_eq!(from_millis(LEAP, None, Some("-0800")).unwrap(), "2024-02-29T09:05:09.042-08:00");
}

#[test]
fn read_without_picture() {
    let cases: &[(&str, f64)] = &[
        ("2024-02-29T17:05:09.042Z", LEAP),
        ("2024-02-29T17:05:09.042", LEAP),
        ("2024-02-29T18:05:09.0429999+01:00", LEAP),
        ("2024-02-29T12:35:09.042-0430", LEAP),
        ("1970", 0.0),
        ("1970-02", 31.0 * 86_400e3),
        ("1970-01-02", 86_400e3),
        ("1970-01-02Z", 86_400e3),
        ("1970T00:00:01.5Z", 1500.0),
        ("1970-02-31", 61.0 * 86_400e3),
        ("1970-01-01T24:00:00Z", 86_400e3),
        ("0001-01-01", -62_135_596_800_000.0),
    ];
    for (text, millis) in cases {
        assert_eq!(to_millis(text, None, 0.0).unwrap(), Some(*millis), "{text}");
    }
    let bad = [
        "",
        "70",
        "1970-1-1",
        "1970-13",
        "1970-00",
        "1970-01-32",
        "1970-01-01T25:00:00",
        "1970-01-01T24:00:01",
        "1970-01-01T10:00",
        "1970-01-01 10:00:00",
        "1970-01-01T10:00:60Z",
        "1970-01-01T10:00:00.Z",
        "1970-01-01T10:00:00+1",
        "1970-01-01T10:00:00+24:00",
        "1970-01-01T10:00:00z",
        "1970-01-01+01:00",
        "1970.5",
        "+1970",
        "１９７０",
        "yesterday",
    ];
    for text in bad {
        let error = to_millis(text, None, 0.0).unwrap_err();
        assert_eq!(error.code, "D3110", "{text}");
        assert!(error.message.ends_with(&format!("Given \"{text}\"")));
    }
}

#[test]
fn read_by_pictures() {
    // The text, the picture, and the time as it is written without one.
    let cases: &[(&str, &str, &str)] = &[
        ("29.2.2024", "[D].[M].[Y]", "2024-02-29T00:00:00.000Z"),
        ("20240229170509042", "[Y0001][M01][D01][H01][m01][s01][f001]", "2024-02-29T17:05:09.042Z"),
        ("february 29th, 2024", "FEBRUARY [d1o], [Y]", "2024-01-29T00:00:00.000Z"),
        ("Feb 29, 2024", "[MNn,3-3] [D], [Y]", "2024-02-29T00:00:00.000Z"),
        ("Thu Feb 29", "[FNn,*-3] [MNn,*-3] [D]", "2021-03-01T00:00:00.000Z"),
        ("twenty-ninth day of 2024", "[dwo] day of [Y]", "2024-01-29T00:00:00.000Z"),
        ("2024-060", "[Y]-[d]", "2024-02-29T00:00:00.000Z"),
        ("XXIX.ii.MMXXIV", "[DI].[Mi].[YI]", "2024-02-29T00:00:00.000Z"),
        ("AC of b", "[DA] of [Ma]", "2021-03-01T00:00:00.000Z"),
        ("two thousand and twenty-four, second month", "[Yw], [Mwo] month", "2024-02-01T00:00:00.000Z"),
        ("17:05", "[H]:[m]", "2021-06-15T17:05:00.000Z"),
        ("05", "[m]", "2021-06-15T12:05:00.000Z"),
        ("5:05 pm", "[h]:[m] [P]", "2021-06-15T17:05:00.000Z"),
        ("12:05 AM", "[h]:[m] [P]", "2021-06-15T00:05:00.000Z"),
        ("5:05", "[h]:[m]", "2021-06-15T05:05:00.000Z"),
        ("0:05 2024", "[H]:[m] [Y]", "none"),
        ("1970 +02:30", "[Y] [Z]", "1969-12-31T21:30:00.000Z"),
        ("1970 -02:30", "[Y] [Z]", "1970-01-01T02:30:00.000Z"),
        ("1970 gmt-3", "[Y] [z1]", "1970-01-01T03:00:00.000Z"),
        ("1970 +0930", "[Y] [Z0001]", "1969-12-31T14:30:00.000Z"),
        ("1970 12.5", "[Y] [s].[f]", "none"),
        ("12.5", "[s].[f]", "2021-06-15T12:30:12.500Z"),
        ("1970-14-00", "[Y]-[M]-[D]", "1971-01-31T00:00:00.000Z"),
        ("69", "[Y]", "1969-01-01T00:00:00.000Z"),
        ("٢٠٢٤", "[Y٠٠٠١]", "2024-01-01T00:00:00.000Z"),
    ];
    let now = to_millis("2021-06-15T12:30:45.678Z", None, 0.0).unwrap().unwrap();
    for (text, picture, expected) in cases {
        let read = match to_millis(text, Some(picture), now) {
            Ok(Some(millis)) => from_millis(millis, None, None).unwrap(),
            other => format!("{other:?}"),
        };
        if *expected == "none" {
            assert!(read.contains("D3136"), "{text} {picture} {read}");
        } else {
            assert_eq!(read, *expected, "{text} {picture}");
        }
    }
    let nothing: &[(&str, &str)] = &[
        ("2024", "[Y]-[M]"),
        ("2024-", "[Y]"),
        ("", "[Y]"),
        ("same", "same"),
        ("1,970", "[Y9,999]"),
        ("two  thousand", "[Yw]"),
        ("99999999999999999999", "[Y]"),
        ("300000", "[Y]"),
        (&format!("2024 +{}", "9".repeat(400)), "[Y] [Z1]"),
        ("4", "[D1o]"),
    ];
    for (text, picture) in nothing {
        assert_eq!(to_millis(text, Some(picture), now), Ok(None), "{text} {picture}");
    }
}

#[test]
fn refused() {
    let writing: &[(&str, &str)] = &[
        ("[Y", "D3135"),
        ("[]", "D3132"),
        ("[q]", "D3132"),
        ("[é1]", "D3132"),
        ("[Yn]", "D3133"),
        ("[HN]", "D3133"),
        ("[fn]", "D3133"),
        ("[Yβ]", "D3130"),
        ("[Y0٠]", "D3131"),
        ("[Z00000]", "D3134"),
        ("[ZN]", "D3134"),
        ("[Y,999999999]", "U1001"),
        ("[Y#1,99999999999999999999999]", "U1001"),
    ];
    for (picture, code) in writing {
        assert_eq!(from_millis(0.0, Some(picture), None).unwrap_err().code, *code, "{picture}");
    }
    let reading: &[(&str, &str)] = &[
        ("[Y", "D3135"),
        ("[C]", "D3133"),
        ("[sn]", "D3133"),
        ("[Yβ]", "D3130"),
        ("[X1]-[W1]", "D3136"),
        ("[Y]-[D]", "D3136"),
    ];
    for (picture, code) in reading {
        assert_eq!(to_millis("2024-05", Some(picture), 0.0).unwrap_err().code, *code, "{picture}");
    }
    for millis in [8.64e15 + 1.0, f64::NAN, f64::NEG_INFINITY] {
        assert_eq!(from_millis(millis, None, None).unwrap_err().code, "D1001");
    }
    for zone in ["", "UTC", "+12345"] {
        assert_eq!(from_millis(0.0, Some("[Y]"), Some(zone)).unwrap_err().code, "D3134", "{zone}");
    }
}

#[test]
fn no_text_takes_long() {
    let picture = format!("{}!", "[MNn][FNn]".repeat(10));
    assert_eq!(to_millis(&"a".repeat(400), Some(&picture), 0.0), Ok(None));
    let error = to_millis(&"a".repeat(200_000), Some(&picture), 0.0);
    assert!(error.is_err_and(|error| error.is_limit()));
}

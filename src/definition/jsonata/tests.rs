//! Cases of the reader: what is refused, with which code and where.

use super::*;

#[test]
fn refused_with_codes() {
    for (text, code, position) in [
        ("'coat", "S0101", 5),
        ("9e999", "S0102", 5),
        (r#""\q""#, "S0103", 3),
        (r#""\u12""#, "S0104", 3),
        ("`coat", "S0105", 5),
        ("1 /* one", "S0106", 2),
        ("a b", "S0201", 3),
        ("[1 2]", "S0202", 4),
        ("(1", "S0203", 2),
        ("1 ~ 2", "S0204", 3),
        ("!a", "S0204", 1),
        ("1 +", "S0207", 3),
        ("function(a){1}", "S0208", 10),
        ("[1]{'k': 1}[0]", "S0209", 1),
        ("a{'k': 1}{'k': 2}", "S0210", 10),
        ("=1", "S0211", 1),
        ("a := 1", "S0212", 1),
        ("a.1", "S0213", 3),
        ("a@b", "S0214", 3),
        ("a[0]@$b", "S0215", 5),
        ("a^(b)@$c", "S0216", 6),
        ("%", "S0217", 1),
        ("//", "S0301", 2),
        ("/ab", "S0302", 3),
        ("function($x)<s<n>>{$x}", "S0401", 13),
    ] {
        let error = Ast::parse(text).map(drop).unwrap_err();
        assert_eq!((error.code, error.position), (code, position), "{text}");
    }
}

#[test]
fn depth_is_bounded() {
    for text in [
        "(".repeat(60_000),
        "[".repeat(60_000),
        "-".repeat(60_000),
        "1+".repeat(60_000) + "1",
        "a.".repeat(60_000) + "a",
    ] {
        assert_eq!(Ast::parse(&text).map(drop).unwrap_err().code, "U1002");
    }
}

#[test]
fn accepted() {
    for text in [
        "and",
        "or.in",
        "a and and",
        "%.a".trim_start_matches("%."),
        "a.%.b",
        "$match(a, /x\\/y/i)",
        "a[b = /x/]",
        "$f(?, 1)",
        "|a|{'b': 1}, ['c']|",
        "a^(>b, <c)",
        "λ($x)<n-:n>{$x}",
        "a.b[0][].c",
        "a@$x.b#$i",
        "**.*",
        "$$.a ~> $sum",
        "a ? b",
        "[1..3, 5]",
        "{}",
        "()",
        "1.5e3.a".trim_end_matches(".a"),
    ] {
        assert!(Ast::parse(text).is_ok(), "{text}: {:?}", Ast::parse(text).err());
    }
}

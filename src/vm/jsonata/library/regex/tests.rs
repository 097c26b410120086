//! Tables of patterns and texts.

use super::*;

/// The first match and its groups, as text: `match|group|-` where a group took no part; `none` without a match.
fn first(pattern: &str, flags: &str, text: &str) -> String {
    let regex = Regex::new(pattern, flags).unwrap_or_else(|error| panic!("/{pattern}/: {error}"));
    match regex.find_at(text, 0).unwrap() {
        None => "none".to_owned(),
        Some(found) => {
            let groups = found.groups.iter().map(|group| group.map_or("-", |(start, end)| &text[start..end]));
            std::iter::once(&text[found.start..found.end]).chain(groups).collect::<Vec<_>>().join("|")
        }
    }
}

#[test]
fn matched() {
    let cases: &[(&str, &str, &str, &str)] = &[
        // Characters and escapes.
        ("a.c", "", "abc", "abc"),
        ("a.c", "", "a\nc", "none"),
        ("a.c", "", "a\u{2028}c", "none"),
        ("^.$", "", "🦀", "🦀"),
        (r"\t\n\v\f\r\0", "", "\t\n\u{B}\u{C}\r\0", "\t\n\u{B}\u{C}\r\0"),
        (r"\x41\u0042\103\cJ", "", "ABC\n", "ABC\n"),
        (r"\u{3}", "", "uuu", "uuu"),
        (r"\uD83E\uDD80", "", "🦀", "🦀"),
        (r"[\uD83E\uDD80]", "", "🦀", "🦀"),
        (r"\x4", "", "x4", "x4"),
        (r"\/\-\@\é", "", "/-@é", "/-@é"),
        (r"\c1", "", r"\c1", r"\c1"),
        (r"\8\9", "", "89", "89"),
        (r"\377\400", "", "\u{FF} 0", "\u{FF} 0"),
        (r"\400", "", " 0", " 0"),
        (r"a{,2}b{c}{", "", "a{,2}b{c}{", "a{,2}b{c}{"),
        (r"]}", "", "]}", "]}"),
        // Classes.
        (r"[a-c\d_]+", "", "xb2_z", "b2_"),
        (r"[^a-c]", "", "abxc", "x"),
        (r"[]", "", "a", "none"),
        (r"[^]", "", "\n", "\n"),
        (r"[\]\\^-]+", "", r"a]\^-b", r"]\^-"),
        (r"[\w-.]+", "", "!a-.b", "a-.b"),
        (r"[-a]+[a-]", "", "-a-", "-a-"),
        (r"[\b]", "", "\u{8}", "\u{8}"),
        (r"[\c1\n]", "", "\u{11}", "\u{11}"),
        (r"[[]", "", "[", "["),
        (r"\d+", "", "٣3", "3"),
        (r"\w+", "", "é_9", "_9"),
        (r"\s\S", "", "\u{FEFF}x", "\u{FEFF}x"),
        (r"\D\W", "", "1a-", "a-"),
        // Case.
        ("hÉ[a-c]", "i", "HéB", "HéB"),
        ("k", "i", "\u{212A}", "none"),
        ("s", "i", "\u{17F}", "none"),
        ("[^x]", "i", "X", "none"),
        ("σ+", "i", "Σσς", "Σσς"),
        // Anchors.
        ("^b", "", "a\nb", "none"),
        ("^b$", "m", "a\nb\nc", "b"),
        ("^b$", "m", "a\r\nb\r\nc", "b"),
        ("a$", "", "a\n", "none"),
        (r"\bcat\b", "", "concat cat", "cat"),
        (r"\Bcat", "", "cat concat", "cat"),
        (r"\bé", "", "aé", "é"),
        // Repetitions and alternatives.
        ("a{2}b{1,}c{0,2}", "", "aabbbccc", "aabbbcc"),
        ("a+?b??", "", "aab", "a"),
        ("(1|12)(3|234)(4*)", "", "1234", "1234|1|234|"),
        ("ab|a|", "", "b", ""),
        ("(?:)", "", "x", ""),
        ("(a)|(b)", "", "b", "b|-|b"),
        ("(?<year>\\d+)-(?<month>\\d+)", "", "2024-06", "2024-06|2024|06"),
        // Rounds forget what they captured, and have to move on.
        ("(?:(a)|b)*", "", "ab", "ab|-"),
        ("(a*)*", "", "b", "|-"),
        ("(a*)?", "", "b", "|-"),
        ("(?:|a)*", "", "aaa", "aaa"),
        ("(?:a*?)*", "", "aaa", "aaa"),
        ("(q)((m)?(n)?(o))*", "", "qmonomo", "qmonomo|q|mo|m|-|o"),
        ("(a?){3}", "", "a", "a|"),
        ("(?:a|b){0}c", "", "abc", "c"),
        // Back-references.
        (r"(a*)b\1", "", "aabaa", "aabaa|aa"),
        (r"\1(a)", "", "a", "a|a"),
        (r"(?<q>['`]).*?\k<q>", "", "say `it's`", "`it's`|`"),
        (r"(é)\1", "i", "éÉ", "éÉ|é"),
        (r"\k", "", "k", "k"),
        // Look-around.
        (r"\d+(?= EUR)", "", "5 USD 7 EUR", "7"),
        (r"\d+(?! ?USD)\b", "", "5 USD 7 EUR", "7"),
        (r"(?<=\$)\d+", "", "5 $7", "7"),
        (r"(?<!\$)\b\d+", "", "$5 7", "7"),
        (r"(?=(x+))x*y\1", "", "yxxyxz", "xyx|x"),
        (r"(.)(?!(\1+)x)\2z", "", "aaxbz", "bz|b|-"),
        (r"(?<=([ab]+)([bc]+))$", "", "abc", "|a|bc"),
        (r"(?<=(\d{2})(x))y", "", "12xy", "y|12|x"),
        (r"(?<=a|bc)d", "", "bcd", "d"),
        (r"(?<=^|,)x", "", "y,x", "x"),
        (r"(?=a)*b", "", "b", "b"),
        (r"(?<=\1(a))b", "", "aab", "b|a"),
        (r"^(?!.*foo).*$", "", "a bar", "a bar"),
        (r"^(?=.*\d)(?=.*[a-z]).{4,8}$", "", "pass9", "pass9"),
    ];
    for (pattern, flags, text, expected) in cases {
        assert_eq!(first(pattern, flags, text), *expected, "/{pattern}/{flags} in {text:?}");
    }
}

#[test]
fn both_matchers_agree() {
    let cases: &[(&str, &str, &str)] = &[
        (r"(\w+)\s(\w+)", "", "John  Smith Jr"),
        (r"a.*?b|c{2,3}?", "i", "xCCCaab"),
        (r"[^\s,]+(?:,|$)", "", "one two, three"),
        (r"^(\d+)(?:\.(\d+))?$", "m", "1\n22.5\nx"),
        (r"\b\w\B", "", "to be"),
        (r"(?:é|[α-ω])+", "i", "xÉΩÀ"),
        (r"x*", "", "aax"),
        (r"(ab?){2,}c", "", "abaababc"),
    ];
    for (pattern, flags, text) in cases {
        let linear = Regex::new(pattern, flags).unwrap();
        assert!(linear.linear.is_some(), "/{pattern}/");
        let flags = Flags { ignore_case: flags.contains('i'), multi_line: flags.contains('m') };
        let program = Program::compile(&syntax::parse(pattern, flags).unwrap());
        for offset in 0..=text.len() {
            if text.is_char_boundary(offset) {
                let tried = backtrack::find(&program, text, offset, flags.ignore_case, &mut 100_000).unwrap();
                assert_eq!(tried, linear.find_at(text, offset).unwrap(), "/{pattern}/ in {text:?} from {offset}");
            }
        }
    }
}

#[test]
fn refused() {
    let cases: &[(&str, Problem)] = &[
        ("(a", Problem::UnclosedGroup),
        ("a)", Problem::UnopenedGroup),
        ("(?a)", Problem::UnknownGroup),
        ("(?<1>a)", Problem::GroupName),
        ("(?<a>x)(?<a>y)", Problem::GroupName),
        (r"(?<a>x)\k<b>", Problem::GroupName),
        ("[a", Problem::UnclosedClass),
        (r"[a\", Problem::UnclosedClass),
        ("[b-a]", Problem::RangeOrder),
        ("*a", Problem::NothingToRepeat),
        ("a**", Problem::NothingToRepeat),
        ("{1}", Problem::NothingToRepeat),
        ("^*", Problem::NothingToRepeat),
        ("(?<=a)*", Problem::NothingToRepeat),
        ("a{2,1}", Problem::QuantifierOrder),
        (r"a\", Problem::TrailingBackslash),
    ];
    for (pattern, problem) in cases {
        assert_eq!(Regex::new(pattern, "").map(|_| ()).unwrap_err().problem, *problem, "/{pattern}/");
    }
    let deep = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Regex::new(&deep(150), "").is_ok());
    assert_eq!(Regex::new(&deep(100_000), "").unwrap_err().problem, Problem::TooDeep);
    assert_eq!(Regex::new("a", "g").unwrap_err().problem, Problem::UnknownFlag);
}

#[test]
fn no_pattern_runs_for_ever() {
    let text = "a".repeat(40) + "!";
    assert_eq!(Regex::new("^(a+)+$", "").unwrap().find_at(&text, 0).unwrap(), None);
    let hopeless = Regex::new(r"^(?=(a+)+$)", "").unwrap();
    assert!(hopeless.is_match(&text).unwrap_err().is_limit());
    assert!(Regex::new(r"(?=(x*)*)(?:y{0,1000}){1000}\1z", "").unwrap().find_at(&"y".repeat(2000), 0).is_err());
    // Too large for the crate, and too many groups.
    assert_eq!(first(r"\w{5000}(-)\w{5000}", "", &format!("{0}-{0}", "x".repeat(5000))).len(), 10_003);
    let groups = Regex::new(&"(a)".repeat(3000), "").unwrap();
    assert_eq!(groups.find_at(&"a".repeat(3001), 1).unwrap().map(|found| found.groups.len()), Some(3000));
    assert_eq!(first("(?:[α-ω]{1000}){1000}|x", "", "x"), "x");
}

#[test]
fn all_matches() {
    let cases: &[(&str, &str, &[&str])] = &[
        (r"\d+", "1 22 333", &["0-1", "2-4", "5-8"]),
        (r"🦀", "a🦀b🦀", &["1-3", "4-6"]),
        ("x", "abc", &[]),
        ("$", "abc", &["3-3"]),
        ("x*", "", &["0-0"]),
        (r"\b", "ab", &["0-0", "D1004"]),
        ("b*", "abb", &["0-0", "D1004"]),
    ];
    for (pattern, text, expected) in cases {
        let regex = Regex::new(pattern, "").unwrap();
        let mut matches = regex.matches(text);
        let mut found = Vec::new();
        while let Some(this) = matches.next() {
            found.push(match this {
                Ok(this) => format!("{}-{}", matches.index(this.start), matches.index(this.end)),
                Err(error) => error.code.to_owned(),
            });
        }
        // A boundary at the start is found again at once, though another one is at the end.
        assert_eq!(found, *expected, "/{pattern}/");
    }
}

#[test]
fn parted() {
    let cases: &[(&str, &str, Option<f64>, &[&str])] = &[
        (",|;", "a,b;c", None, &["a", "b", "c"]),
        (",|;", "a,b;c", Some(2.0), &["a", "b"]),
        (",|;", "a,b;c", Some(2.5), &["a", "b", "c"]),
        (",|;", "a,b;c", Some(0.0), &[]),
        (",|;", ",a,", None, &["", "a", ""]),
        ("x", "", None, &[""]),
        ("(?=[A-Z])x?", "aB", Some(9.0), &["D1004"]),
    ];
    for (pattern, text, limit, expected) in cases {
        let parts = split(&Regex::new(pattern, "").unwrap(), text, *limit);
        assert_eq!(parts.unwrap_or_else(|error| vec![error.code]), *expected, "/{pattern}/ {text}");
    }
    assert_eq!(split(&Regex::new("x", "").unwrap(), "", Some(-1.0)).unwrap_err().code, "D3020");
    assert_eq!(check_match_limit(Some(-1.0)).unwrap_err().code, "D3040");
}

#[test]
fn replaced() {
    let eleven = "(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)";
    let cases: &[(&str, &str, &str, Option<f64>, &str)] = &[
        ("o", "foo", "0", None, "f00"),
        ("o", "foo", "0", Some(1.0), "f0o"),
        ("o", "foo", "0", Some(0.0), "foo"),
        ("(o)(x)?", "foo", "<$1$2>", None, "f<o><o>"),
        ("o", "foo", "$1$9", None, "f"),
        ("o", "foo", "$", None, "f$$"),
        ("o", "foo", "$a$$1", None, "f$a$1$a$1"),
        ("(o)", "foo", "$12", None, "fo2o2"),
        (eleven, "abcdefghijk", "$11$12$1x$123", None, "ka2axa23"),
        ("(é)", "é", "$1é$", None, "éé$"),
        ("^", "foo", ">", None, "D1004"),
        ("$", "foo", "<", None, "foo<"),
    ];
    for (pattern, text, replacement, limit, expected) in cases {
        let replaced = replace(&Regex::new(pattern, "").unwrap(), text, replacement, *limit);
        assert_eq!(replaced.unwrap_or_else(|error| error.code.to_owned()), *expected, "/{pattern}/ {replacement}");
    }
    let regex = Regex::new("a", "").unwrap();
    assert_eq!(replace(&regex, "a", "b", Some(-1.0)).unwrap_err().code, "D3011");
    let long = "a".repeat(10_000);
    assert!(replace(&regex, &long, &long, None).unwrap_err().is_limit());
}

//! Tables of texts with the trees and the errors they give.

use super::{parse, parse_bytes};

/// A text and its compact form after reading.
const ROUND_TRIPS: &[(&str, &str)] = &[
    ("null", "null"),
    (" [ true , false ] ", "[true,false]"),
    ("\u{feff}{}", "{}"),
    (r#"{"a":{"b":[1,2.50,-0,1E400]},"a":""}"#, r#"{"a":{"b":[1,2.50,-0,1E400]},"a":""}"#),
    (r#""\u0057eather\/\u00e9\n\u0001""#, r#""Weather/é\n\u0001""#),
    (r#""\ud83d\ude00 \ud83d \ude00\ud83d""#, "\"\u{1f600} \u{fffd} \u{fffd}\u{fffd}\""),
    (r#""\ud83dA\ud83d\u0041""#, "\"\u{fffd}A\u{fffd}A\""),
];

/// A text, the offset of its fault, and the message.
const FAULTS: &[(&str, u32, &str)] = &[
    ("", 0, "expected a value, found the end of the text"),
    ("\u{feff}", 3, "expected a value, found the end of the text"),
    ("{,}", 1, "expected a key in double quotes or `}`, found `,`"),
    (r#"{"a" 1}"#, 5, "expected `:` after the key, found `1`"),
    (r#"{"a":1,}"#, 7, "expected a key in double quotes, found `}`"),
    (r#"{"a":1 "b":2}"#, 7, "expected `,` or `}`, found `\"`"),
    ("[1 2]", 3, "expected `,` or `]`, found `2`"),
    ("[1,é]", 3, "expected a value, found `é`"),
    ("[1}", 2, "expected `,` or `]`, found `}`"),
    ("1 2", 2, "expected nothing after the value, found `2`"),
    ("tru", 3, "expected `true`, found the end of the text"),
    ("nulx", 3, "expected `null`, found `x`"),
    ("-", 1, "expected a digit, found the end of the text"),
    ("1.e5", 2, "expected a digit, found `e`"),
    ("012", 1, "a number must not start with a zero that is followed by a digit"),
    ("\"a\tb\"", 2, "byte 0x09 inside a string must be written as an escape"),
    (r#"["a]"#, 4, "the string that opens at byte 1 is not closed"),
    (r#""\x""#, 2, "expected one of `\"\\/bfnrtu` after a backslash, found `x`"),
    (r#""\u12g4""#, 5, "expected four hexadecimal digits after `\\u`, found `g`"),
];

#[test]
fn texts_become_trees() {
    for (text, compact) in ROUND_TRIPS {
        let node = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(node.to_json(), *compact, "{text}");
    }
}

#[test]
fn faults_say_where_and_why() {
    for (text, offset, message) in FAULTS {
        let error = parse(text).expect_err(text);
        assert_eq!((error.offset, error.message.as_str()), (*offset, *message), "{text}");
    }
    let error = parse_bytes(b"[\"a\xff\"]").expect_err("not UTF-8");
    assert_eq!((error.offset, error.message.as_str()), (3, "byte 0xff is not UTF-8"));
}

#[test]
fn spans_cover_quotes_and_brackets() {
    let text = r#" {"key" : [ "x" ] } "#;
    let node = parse(text).expect("valid");
    let slice = |span: super::Span| &text[span.start as usize..span.end as usize];
    assert_eq!(slice(node.span), r#"{"key" : [ "x" ] }"#);
    let member = &node.members()[0];
    assert_eq!(slice(member.key_span), r#""key""#);
    assert_eq!(slice(member.value.span), r#"[ "x" ]"#);
    assert_eq!(member.value.as_array().map(|elements| slice(elements[0].span)), Some(r#""x""#));
}

#[test]
fn the_last_of_equal_keys_is_found() {
    let node = parse(r#"{"a":1,"\u0061":2}"#).expect("valid");
    assert_eq!(node.get("a").map(|value| value.to_json()).as_deref(), Some("2"));
    assert_eq!(node.get("b"), None);
}

#[test]
fn depth_is_limited_to_1024_levels() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(&nested(1024)).is_ok());
    let error = parse(&nested(1025)).expect_err("too deep");
    assert_eq!((error.offset, error.message.contains("1024")), (1024, true));
    assert_eq!(parse(&"[".repeat(1_000_000)).expect_err("too deep").offset, 1024);
}

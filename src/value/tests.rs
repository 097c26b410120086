//! Cases of the value handle: reading, writing, sizes, equality.

use super::*;

/// Blanks go wherever they may stand and nowhere else; what is no JSON gives some text, and no panic.
#[test]
fn blanks_are_left_out_and_escapes_spelled_as_they_should_be() {
    let arena = Arena::new();
    let cases = [
        (
            " { \"a b\" : [ 1 , -2.50 ,\t\"\\u0041 \\\\\\\" x\" ] ,\r\n\"ö\":{ } , \"e\" : null }",
            r#"{"a b":[1,-2.50,"A \\\" x"],"ö":{},"e":null}"#,
        ),
        (r#""\\""#, r#""\\""#),
        (r#"[ "\/" , "" , " " ]"#, r#"["/",""," "]"#),
    ];
    for (text, written) in cases {
        let form = raw::Form::SPACED | raw::Form::ESCAPED;
        assert_eq!(Value::raw(&arena, text.trim(), form).to_json(), written);
    }
    for text in ["\"", "\"a", "\"a\\", "\"ö\\ö", "[\"", "{\"a\":\"\\u00\"", "\\"] {
        Value::raw(&arena, text, raw::Form::SPACED | raw::Form::ESCAPED).to_json();
    }
}

#[test]
fn text_is_written_compact() {
    let cases = [
        (r#" { "a" : [ 1 , 2.50 , -0 ] , "b" : "x y" } "#, r#"{"a":[1,2.50,-0],"b":"x y"}"#),
        (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
        (r#"{"\u0061":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
        (r#"["\/","\u00e9","\ud83d\ude00","\u0001","\ud800"]"#, "[\"/\",\"é\",\"😀\",\"\\u0001\",\"\u{fffd}\"]"),
        (r#"[]"#, r#"[]"#),
        ("{ }", "{}"),
        ("[ ]", "[]"),
        ("[[], [ [ ] ], {}]", "[[],[[]],{}]"),
        (r#"{"a":{"b":1,"b":{"c":1,"c":2}}}"#, r#"{"a":{"b":{"c":2}}}"#),
        ("  12e3 ", "12e3"),
    ];
    for (text, expected) in cases {
        let arena = Arena::new();
        let value = Value::from_text(&arena, text);
        assert_eq!(value.to_json(), expected, "{text}");
        assert!(value.fits(expected.len() as u64), "size of {text}");
        assert!(!value.fits(expected.len() as u64 - 1), "size of {text}");
        let members = value.members(&arena).map(|m| Value::object(&arena, m));
        let elements = value.elements(&arena).map(|e| Value::array(&arena, e));
        for opened in members.into_iter().chain(elements) {
            assert_eq!(opened.to_json(), expected, "{text}, opened");
            assert!(opened.fits(expected.len() as u64), "size of {text}, opened");
            assert!(!opened.fits(expected.len() as u64 - 1), "size of {text}, opened");
            assert!(opened.equals(value, &arena));
        }
    }
}

#[test]
fn overlays_replace_in_place_and_add_at_the_end() {
    let cases = [
        (r#"{"a":1,"b":2}"#, "a", r#"{"a":true,"b":2}"#),
        (r#"{"a":1,"b":2}"#, "c", r#"{"a":1,"b":2,"c":true}"#),
        (r#"{}"#, "c", r#"{"c":true}"#),
        (r#"{ "a" : {"b":1} }"#, "b", r#"{"a":{"b":1},"b":true}"#),
        (r#"{"\"":1}"#, "\"", r#"{"\"":true}"#),
    ];
    for (text, key, expected) in cases {
        let arena = Arena::new();
        let base = Value::from_text(&arena, text);
        let set = Value::overlay(&arena, base, key, Value::Bool(true));
        assert_eq!(set.to_json(), expected);
        assert_eq!(set.get(&arena, key).and_then(Value::as_bool), Some(true));
        assert_eq!(Value::object(&arena, set.members(&arena).unwrap()).to_json(), expected);
        let twice = Value::overlay(&arena, set, key, Value::Int(7));
        assert_eq!(twice.to_json(), expected.replace("true", "7"));
    }
}

#[test]
fn members_and_elements_are_found() {
    let arena = Arena::new();
    let value = Value::from_text(&arena, r#"{"a":{"x":[1,"]",{"y":"}"}]},"k\"":null,"a b":false}"#);
    let inner = value.get(&arena, "a").unwrap().get(&arena, "x").unwrap();
    assert_eq!(inner.element(&arena, 1).unwrap().as_str(&arena), Some("]"));
    assert_eq!(inner.element(&arena, 2).unwrap().get(&arena, "y").unwrap().as_str(&arena), Some("}"));
    assert!(inner.element(&arena, 3).is_none());
    assert!(value.get(&arena, "k\"").unwrap().is_null());
    assert_eq!(value.get(&arena, "a b").unwrap().as_bool(), Some(false));
    assert!(value.get(&arena, "zz").is_none());
    assert!(inner.get(&arena, "a").is_none());
}

#[test]
fn numbers_compare_by_value() {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let cases = [
        ("1", "1.0", Equal),
        ("10e-1", "1", Equal),
        ("0", "-0.0", Equal),
        ("2", "10", Less),
        ("-2", "-10", Greater),
        ("9007199254740993", "9007199254740992", Greater),
        ("12345678901234567890123", "12345678901234567890124", Less),
        ("1e400", "1e401", Less),
        ("-1e400", "1e-400", Less),
        ("1e400", "10e399", Equal),
        ("0.1", "0.10000000000000000001", Less),
        ("1e999999999999999999999", "1", Greater),
        ("0.000", "0e5", Equal),
        ("1.5", "1.25", Greater),
    ];
    for (a, b, expected) in cases {
        let (a, b) = (number::Number::Text(a), number::Number::Text(b));
        assert_eq!(a.compare(b), expected, "{a:?} {b:?}");
        assert_eq!(b.compare(a), expected.reverse(), "{b:?} {a:?}");
    }
}

#[test]
fn hostile_text_never_panics() {
    let arena = Arena::new();
    for text in [
        "",
        "{",
        "[",
        "\"",
        "{\"a",
        "{\"a\":",
        "{\"a\"",
        "[1,",
        "{,}",
        "[,]",
        "}",
        "{\"a\\",
        "[\"é",
        "{\"a\" 1}",
        "tru",
    ] {
        let value = Value::from_text(&arena, text);
        let _ = (
            value.to_json(),
            value.get(&arena, "a"),
            value.elements(&arena),
            value.members(&arena),
            value.as_str(&arena),
        );
    }
}

#[test]
fn shared_parts_do_not_cost_more_than_the_limit() {
    let arena = Arena::new();
    let mut value = Value::from_text(&arena, "[1]");
    for _ in 0..60 {
        value = Value::array(&arena, arena.alloc_slice_copy(&[value, value]));
    }
    assert!(!value.fits(262_144));
}

#[test]
fn members_are_written_alike_whatever_their_length_and_the_room_there_is() {
    let arena = Arena::new();
    let text = "abcdefghijklmnopqrstuvwxyz".repeat(4);
    for key_bytes in 0..20 {
        for special in ["", "\"", "\\", "\n", "é", "/"] {
            for at in 0..=key_bytes.min(18) {
                let key = format!("{}{special}{}", &text[..at], &text[at..key_bytes]);
                for value_bytes in [1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 90] {
                    let raw = Raw { text: &text[..value_bytes], form: raw::Form::COMPACT };
                    let values = [Value::Raw(&raw), Value::Int(-7), Value::Null, Value::Bool(true), Value::Text(&"z")];
                    for value in values {
                        let members = [Member { key: &key, value }, Member { key: "last", value }];
                        let object = Value::object(&arena, arena.alloc_slice_copy(&members));
                        let value = match value {
                            Value::Raw(raw) => raw.text,
                            Value::Int(_) => "-7",
                            Value::Null => "null",
                            Value::Bool(_) => "true",
                            _ => "\"z\"",
                        };
                        let wanted = format!("{{{}:{value},\"last\":{value}}}", serde_json::to_string(&key).unwrap());
                        for room in [0, wanted.len(), 200, 4_096] {
                            let mut out = Vec::with_capacity(room);
                            object.write(&mut out);
                            assert_eq!(String::from_utf8(out).unwrap(), wanted);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn members_that_are_strings_are_written_alike_wherever_something_must_be_escaped() {
    let arena = Arena::new();
    let text = "abcdefghijklmnopqrstuvwxyz".repeat(4);
    for bytes in 0..70 {
        for special in ["", "\"", "\\", "\n", "é"] {
            for at in 0..=bytes {
                let string = format!("{}{special}{}", &text[..at], &text[at..bytes]);
                let value = Value::copy_str(&arena, &string);
                let members = [Member { key: "k", value }, Member { key: "longer", value }];
                let object = Value::object(&arena, arena.alloc_slice_copy(&members));
                let spelled = serde_json::to_string(&string).unwrap();
                let wanted = format!("{{\"k\":{spelled},\"longer\":{spelled}}}");
                for room in [0, wanted.len() + 100, 4_096] {
                    let mut out = Vec::with_capacity(room);
                    object.write(&mut out);
                    assert_eq!(String::from_utf8(out).unwrap(), wanted);
                }
            }
        }
    }
}

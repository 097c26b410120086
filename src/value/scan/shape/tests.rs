//! Shapes of lines held against the walk.
//!
//! It must never take for granted what a shape says: each line that is recognised is walked as well.

use super::*;
use crate::value::scan::walk::Walker;
use crate::value::scan::{Engine, Index};

const PATHS: &[&[&str]] = &[&["a"], &["b", "c"], &["b"], &["x"]];
const LINE: &str = r#"{"a":1,"b":{"c":[true,"x"],"d":-1.5},"much longer than a word is":null}"#;

/// What is recognised of a line once another has been learned: the slots' texts.
fn recognised(learned: &str, line: &str, find_duplicates: bool) -> Option<Vec<Option<String>>> {
    let (trie, mut shapes, mut slots) = (SlotTrie::new(PATHS), Shapes::default(), [Slot::Absent; 4]);
    let (mut index, mut walker) = (Index::default(), Walker::new());
    shapes.prepare(&trie, find_duplicates);
    walker.look_for_duplicates(find_duplicates);
    // Classes and keys are compared by blocks, and equal keys looked for by words: something has to be around a line.
    let [learned, line] =
        [learned, line].map(|line| format!("        {line}\n{}", "{\"a line\":\"behind it\"}\n".repeat(8)));
    Engine::Scalar.run(learned.as_bytes(), true, &mut index);
    let walked = walker.walk(&learned, &index, Cursor::default(), b'\n', (&trie, None), &mut slots)?;
    shapes.learn(&learned, &index, 0, &walked, &trie, &slots);
    Engine::Scalar.run(line.as_bytes(), true, &mut index);
    let found = shapes.recognise(&line, &index, Cursor::default(), &mut slots)?;
    let mut wanted = [Slot::Absent; 4];
    let walked = walker.walk(&line, &index, Cursor::default(), b'\n', (&trie, None), &mut wanted)?;
    assert_eq!((found.span, found.end, found.escapes), (walked.span, walked.end, walked.escapes));
    assert_eq!(slots, wanted);
    let text = |slot: &Slot| match *slot {
        Slot::Found(span) => {
            let line = &line[found.span.start as usize..];
            Some(line[span.start as usize..span.end as usize].to_owned())
        }
        _ => None,
    };
    Some(slots.iter().map(text).collect())
}

#[test]
fn a_line_with_other_values_is_recognised() {
    let same = [
        LINE,
        r#"{"a":-20e7,"b":{"c":[null,"a much longer text"],"d":0},"much longer than a word is":7}"#,
        r#"{"a":1,"b":{"c":[true,"\u0041"],"d":-1.5},"much longer than a word is":null}"#,
        r#"{"a":1,"b":{"c":[true,"x"],"d":-1.5},"of the same length, at all":null}"#,
        r#" {"a" : 1, "b": {"c":[true,"\u0041"],"e":-1.5},"much longer than a word is":null} "#,
    ];
    for (line, blanks) in same.iter().zip([false, false, false, false, true]) {
        // Keys before which or behind which blanks stand are left to the walk.
        assert_eq!(recognised(LINE, line, false).is_some(), !blanks, "{line}");
    }
    let slots = recognised(LINE, same[1], true).expect("recognised");
    assert_eq!(slots[0].as_deref(), Some("-20e7"));
    assert_eq!(slots[1].as_deref(), Some(r#"[null,"a much longer text"]"#));
    assert_eq!(slots[3], None);
}

#[test]
fn anything_else_is_left_to_the_walk() {
    let other = [
        r#"{"x":1,"b":{"c":[true,"x"],"d":-1.5},"much longer than a word is":null}"#,
        r#"{"a":1,"b":{"d":[true,"x"],"d":-1.5},"much longer than a word is":null}"#,
        r#"{"a":1,"b":{"c":[true,"x"],"d":-1.5},"b"                         :null}"#,
        r#"{"a":1,"b":{"c":[true,"x"],"d":-1.5},"much longer than a iz":null}"#,
        r#"{"a":"","b":{"c":[true,"x"],"d":-1.5},"much longer than a word is":null}"#,
        r#"{"a":01,"b":{"c":[true,"x"],"d":-1.5},"much longer than a word is":null}"#,
        r#"{"a":1,"b":{"c":[truth,"x"],"d":-1.5},"much longer than a word is":null}"#,
        r#"{"a":1,"b":{"c":[true,"\x"],"d":-1.5},"much longer than a word is":null}"#,
        r#"{"\u0061":1,"b":{"c":[true,"x"],"d":-1.5},"much longer than a word is":null}"#,
        r#"{"a":1,"b":{"c":[true,"x"],"d":-1.5},"much longer than a word is":null}]"#,
        r#"{"a":1,"b":{"c":[true,"x"],"d":-1.5},"much longer than a word is":[]}"#,
    ];
    for line in other {
        assert_eq!(recognised(LINE, line, false), None, "{line}");
    }
    // Where equal keys matter, all keys have to be the same, not only those on the way to what is looked for.
    let deep = r#"{"a":1,"b":{"c":[true,"x"],"c":-1.5},"much longer than a word is":null}"#;
    let nested = r#"{"a":1,"z":{"c":2,"d":3}}"#;
    assert_eq!(recognised(LINE, deep, true), None);
    assert!(recognised(nested, r#"{"a":1,"z":{"c":2,"c":3}}"#, false).is_some());
    assert_eq!(recognised(nested, r#"{"a":1,"z":{"c":2,"c":3}}"#, true), None);
}

#[test]
fn keys_are_told_as_the_walk_tells_them() {
    // Of one length, of others; one that is another once it is decoded, one that seems longer than it is.
    let keys = ["a", "b", "x", "y", "aa", "ab", "\\u0061", "\\u0079", "abcdef", "abcdeg"];
    let values = ["1", "\"s\"", "{\"c\":1,\"d\":2}", "{\"d\":1,\"c\":2}", "{\"c\":1,\"c\":2}", "[{\"a\":1,\"a\":2}]"];
    let mut seed = 1_u64;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let (mut known, mut with_others) = (0, 0);
    for _ in 0..20_000 {
        let values: Vec<&str> = (0..1 + draw(4)).map(|_| values[draw(values.len())]).collect();
        let mut line = |blanks: &[&str]| {
            let members = values.iter().map(|value| {
                let (key, blank) = (keys[draw(keys.len())], blanks[draw(blanks.len())]);
                format!("\"{key}\"{blank}:{value}")
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        };
        let (learned, other) = (line(&[""]), line(&["", "", "", "     "]));
        let decoded = |line: &str| line.replace("\\u0061", "a").replace("\\u0079", "y");
        for find_duplicates in [false, true] {
            // What is recognised is compared with the walk there.
            if recognised(&learned, &other, find_duplicates).is_none() {
                continue;
            }
            (known, with_others) = (known + 1, with_others + usize::from(learned != other));
            if find_duplicates {
                let mut own: Vec<_> = decoded(&other).split(['{', ',']).map(str::to_owned).collect();
                own.retain(|member| {
                    member.starts_with('"') && !member.starts_with("\"c\"") && !member.starts_with("\"d\"")
                });
                let names: Vec<&str> = own.iter().filter_map(|member| member.split(':').next()).collect();
                let distinct: std::collections::BTreeSet<&str> = names.iter().map(|name| name.trim()).collect();
                assert_eq!(distinct.len(), names.len(), "{other} as {learned}");
                assert!(!other.contains("\"c\":1,\"c\"") && !other.contains("\"a\":1,\"a\""), "{other}");
            }
        }
    }
    assert!(known > 400 && with_others > 200, "{known} {with_others}");
}

#[test]
fn a_kind_says_only_what_is_tried_first() {
    let texts = "0 7 12345678 123456789 0.5 12.25 -1 -0 -0.5 -12.25 1e5 true false null 00 01 -01 - -- -.5 .5 1. -1. 1.5.5 tru nul";
    for learned in texts.split(' ').filter(|text| number::is_scalar(text.as_bytes())) {
        let kind = Kind::of(learned.as_bytes()[0], learned.as_bytes());
        let mut changed = kind;
        for text in texts.split(' ') {
            let next = 1 + text.len() as u32;
            for within in [format!("[{text},\"0123456789\"]"), format!("[{text}]")] {
                let wanted = number::is_scalar(text.as_bytes());
                assert_eq!({ kind }.is_at(&within, 1, next), wanted, "{text} where {learned} was");
                assert_eq!(changed.is_at(&within, 1, next), wanted, "{text} where {changed:?} was");
            }
        }
    }
}

#[test]
fn a_shape_is_learned_once() {
    let (trie, mut shapes) = (SlotTrie::new(PATHS), Shapes::default());
    let (mut index, mut walker, mut slots) = (Index::default(), Walker::new(), [Slot::Absent; 4]);
    shapes.prepare(&trie, false);
    // Too little follows the last key for any of them to be recognised.
    for number in 0..9 {
        let line = format!("{{\"a\":{number}}}\n");
        Engine::Scalar.run(line.as_bytes(), true, &mut index);
        assert!(shapes.recognise(&line, &index, Cursor::default(), &mut slots).is_none());
        let walked = walker.walk(&line, &index, Cursor::default(), b'\n', (&trie, None), &mut slots).expect("good");
        shapes.learn(&line, &index, 0, &walked, &trie, &slots);
    }
    assert_eq!(shapes.known.len(), 1);
}

#[test]
fn learning_is_put_off_where_no_line_is_like_another() {
    let (trie, mut shapes) = (SlotTrie::new(PATHS), Shapes::default());
    let (mut index, mut walker, mut slots) = (Index::default(), Walker::new(), [Slot::Absent; 4]);
    shapes.prepare(&trie, false);
    for members in 0..200 {
        let line = format!("{{\"a\":[{}0]}}\n", "0,".repeat(members));
        Engine::Scalar.run(line.as_bytes(), true, &mut index);
        assert!(shapes.recognise(&line, &index, Cursor::default(), &mut slots).is_none());
        let walked = walker.walk(&line, &index, Cursor::default(), b'\n', (&trie, None), &mut slots).expect("good");
        shapes.learn(&line, &index, 0, &walked, &trie, &slots);
    }
    assert!(shapes.known.len() == KNOWN_MAX && shapes.pause >= 31, "{}", shapes.pause);
    assert_eq!(shapes.last, usize::MAX, "nor are lines compared any more");
    // Another program looks for something else.
    shapes.prepare(&SlotTrie::new(PATHS), false);
    assert!(shapes.known.is_empty());
}

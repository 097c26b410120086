//! Lines that are followed, beside the same lines walked: slots, ends, keys and opened values have to be the same.

use super::*;
use crate::value::Arena;
use crate::value::raw::Form;
use crate::value::scan::duplicates;
use crate::value::scan::index::{Engine, Index};
use crate::value::scan::open;
use crate::value::scan::walk::{Cursor, Walker};

const PATHS: &[&[&str]] = &[&["id"], &["who", "name"], &["who"], &["items"], &["items", "sku"], &["none", "such"]];

/// Something behind the line, as keys are compared by blocks.
const BEHIND: &str = "{\"a line\":\"behind it, which is long enough\"}\n";

/// Follows lines one after the other, and says of each whether it was followed. What is found is compared with walking.
fn followed(lines: &[String]) -> Vec<bool> {
    let (trie, mut guide, mut index) = (SlotTrie::new(PATHS), Guide::default(), Index::default());
    guide.prepare(&trie);
    let follow = |line: &String| {
        let text = format!("        {line}\n{BEHIND}");
        Engine::Scalar.run(text.as_bytes(), true, &mut index);
        assert!(index.bad.is_none(), "{line}");
        let (mut slots, mut wanted) = ([Slot::Absent; PATHS.len()], [Slot::Absent; PATHS.len()]);
        let mut walker = Walker::new();
        walker.look_for_duplicates(true);
        let walked = walker.walk(&text, &index, Cursor::default(), b'\n', (&trie, None), &mut wanted);
        let found = walker.walk(&text, &index, Cursor::default(), b'\n', (&trie, Some(&mut guide)), &mut slots);
        assert_eq!(found.is_some(), walked.is_some(), "{line}");
        let (Some(found), Some(walked)) = (found, walked) else { return false };
        assert_eq!((found.span, found.end, found.escapes), (walked.span, walked.end, walked.escapes), "{line}");
        assert_eq!(slots, wanted, "{line}");
        if found.followed {
            let repeats = duplicates::Keys::default().repeat(&text, &index, 0..found.end, found.escapes);
            assert!(!repeats && !found.suspect, "{line}");
            opens_alike(&text, &index, &guide, &found);
        }
        found.followed
    };
    lines.iter().map(follow).collect()
}

/// What is opened by known keys is what is opened without them.
fn opens_alike(text: &str, index: &Index, guide: &Guide, found: &super::super::walk::Walked) {
    let arena = Arena::new();
    let form = Form::from_bits(u32::from(index.blanks) | u32::from(found.escapes) << 1);
    let tokens = |keys| open::Tokens {
        source: text,
        positions: &index.positions[..=found.end],
        classes: &index.classes[..=found.end],
        escapes: &index.escapes[..index.escapes.len() - 1],
        start: index.positions[0],
        form,
        keys,
    };
    // The whole, and each container in it.
    let mut opened = Vec::new();
    for (at, class) in index.classes[..found.end].iter().enumerate() {
        match class {
            b'{' | b'[' => opened.push(at),
            b'}' | b']' => {
                let (from, to) = (index.positions[opened.pop().expect("opened")], index.positions[at] + 1);
                let span = Span { start: from - index.positions[0], end: to - index.positions[0] };
                let by_keys = tokens(Some(guide.keys())).open(span, &arena);
                let by_text = tokens(None).open(span, &arena);
                assert_eq!(
                    format!("{by_keys:?}"),
                    format!("{by_text:?}"),
                    "{} in {text}",
                    &text[from as usize..to as usize]
                );
            }
            _ => {}
        }
    }
}

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn lines_with_known_keys_are_followed() {
    let long = "\"a key that is longer than what is compared at once\"";
    let all = lines(&[
        r#"{"id":1,"who":{"name":"A","since":2000},"items":[{"sku":"x","n":1},{"sku":"y","n":2.5,"busy":true}],"z":null}"#,
        r#"{"id":-1.5e3,"who":{"name":"\"B\"","since":0},"items":[{"sku":"z","n":3}],"z":[1,"a",null,{},[]]}"#,
        r#"{"id":null,"who":{},"items":[],"z":{"sku":[{"n":1}]}}"#,
        r#"{"who":"none","items":{"sku":["x"],"n":1},"z":""}"#,
        r#"{"id":[[{"a":1},{"a":"\u00e9","b":{"c":1}}],[{"b":2}]],"who":[1],"items":[[{"sku":1}],{"sku":2,"busy":"no"}]}"#,
        r#"{ "id" : 1 , "who":{"name":"blanks stand before a colon"}}"#,
        &format!("{{\"id\":1,{long}:2}}"),
        &format!("{{\"id\":1,{long}:3}}"),
        r#"{}"#,
    ]);
    // The line behind one that has to be walked is not tried.
    assert_eq!(followed(&all), [true, true, true, true, true, false, false, true, true]);
}

#[test]
fn what_is_unusual_is_walked() {
    let first = r#"{"id":1,"who":{"name":"A"},"items":[{"sku":"x","n":1}]}"#;
    for (line, why) in [
        (r#"{"who":{"name":"A"},"id":1}"#, "another order"),
        (r#"{"id":1,"id":2}"#, "a key twice"),
        (r#"{"id":1,"items":[{"sku":1,"n":1,"sku":2}]}"#, "a key twice further inside"),
        (r#"{"i\u0064":1}"#, "a key with an escape"),
        (r#"{"id":1,"\\":2}"#, "a key that is one"),
        (r#"{"id":01}"#, "no number"),
        (r#"{"id":1,"items":[{"sku":"x","n":tru}]}"#, "no literal"),
        (r#"{"id":1,"items":[{"sku":"x","n":1},]}"#, "no element"),
        (r#"{"id":1,"items":[{"sku":"x","n":1}}"#, "another bracket"),
        (r#"{"id":1,"items":[{"sku":"x","n":1]]}"#, "another bracket further inside"),
        (r#"{"id":1"who":2}"#, "no comma"),
        (r#"{"id":1,}"#, "no member"),
        (r#"{"id"}"#, "no value"),
        (r#"{"id":}"#, "no value behind the colon"),
        (r#"{"id":1"#, "no end"),
        (r#"[{"id":1}]"#, "no object"),
        ("7", "no container"),
    ] {
        assert_eq!(followed(&lines(&[first, line])), [true, false], "{why}");
    }
    let deep = |levels: usize| format!("{{\"id\":{}1{}}}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(followed(&[deep(LEVELS_MAX), deep(LEVELS_MAX + 1), deep(2000)]), [true, false, false]);
    let wide = |keys: usize| format!("{{\"id\":0{}}}", (1..keys).map(|n| format!(",\"k{n}\":{n}")).collect::<String>());
    assert_eq!(followed(&[wide(KEYS_MAX), wide(KEYS_MAX + 1)]), [true, false]);
}

#[test]
fn irregular_lines_are_mostly_walked_untried() {
    let other = |n: u32| format!("{{\"k{n}\":1,\"k{}\":2,\"k{}\":3}}", n + 1, n + 2);
    let all: Vec<String> = (0..3000).rev().map(other).collect();
    let (trie, mut guide) = (SlotTrie::new(PATHS), Guide::default());
    guide.prepare(&trie);
    let followed = followed(&all).into_iter().filter(|followed| *followed).count();
    assert!(followed < 100, "{followed}");
}

#[test]
fn generated_lines_are_as_if_walked() {
    let number = |name| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let rounds = number("EXPRESSWAY_FUZZ_LINES").unwrap_or(8_000) / 40;
    let mut state = number("EXPRESSWAY_FUZZ_SEED").unwrap_or(1).wrapping_mul(0x2545_f491_4f6c_dd1d) | 1;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % below
    };
    let scalars = [
        "1",
        "0",
        "-2",
        "3.5",
        "-0.25",
        "1e5",
        "12345678901",
        "true",
        "false",
        "null",
        "\"\"",
        "\"text\"",
        "\"\\n\"",
        "\"é\"",
        "[]",
        "{}",
    ];
    let (mut many, mut tried) = (0, 0);
    for _ in 0..rounds {
        let mut all = Vec::new();
        for _ in 0..40 {
            let object =
                |keys: &[&str], next: &mut dyn FnMut(usize) -> usize, inner: Option<&dyn Fn(usize) -> String>| {
                    let mut members = Vec::new();
                    for key in keys {
                        let value = match inner {
                            Some(inner) if next(3) == 0 => inner(next(1000)),
                            _ => scalars[next(scalars.len())].to_owned(),
                        };
                        if next(6) > 0 {
                            members.push(format!("\"{key}\":{value}"));
                        }
                    }
                    if next(40) == 0 && members.len() > 1 {
                        members.rotate_left(1);
                    }
                    if next(60) == 0 && !members.is_empty() {
                        members.push(members[0].clone());
                    }
                    format!("{{{}}}", members.join(","))
                };
            let items: Vec<String> = (0..next(5)).map(|_| object(&["sku", "n", "busy"], &mut next, None)).collect();
            let items = format!("[{}]", items.join(","));
            let who = object(&["name", "since"], &mut next, None);
            let inner = |n: usize| if n.is_multiple_of(2) { items.clone() } else { who.clone() };
            let mut line = object(&["id", "who", "items", "a longer key than most"], &mut next, Some(&inner));
            // Damaged lines as well, as long as no string is open and nothing is spelled in a way that the index refuses.
            if next(10) == 0 {
                let at = next(line.len());
                if line.is_char_boundary(at)
                    && !b"\"\\nutex".contains(&line.as_bytes()[at])
                    && line.as_bytes()[at].is_ascii()
                {
                    line.replace_range(at..=at, ["", ",", "}", "]", "{", "[", ":", " "][next(8)]);
                }
            }
            let mut index = Index::default();
            Engine::Scalar.run(format!("{line}\n").as_bytes(), true, &mut index);
            if index.bad.is_none() {
                all.push(line);
            }
        }
        tried += all.len();
        many += followed(&all).into_iter().filter(|followed| *followed).count();
    }
    assert!(many > tried / 2, "{many} of {tried}");
}

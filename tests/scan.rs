//! The reader of JSON held against serde_json, on lines made from a seed and then damaged.
//!
//! Every line is read alone, in a chunk between neighbours, and as a document, by every engine that this machine has. What
//! serde_json says about each line (is it JSON, what stands at a path) is what ours must say. 200,000 lines by default;
//! `EXPRESSWAY_FUZZ_LINES=10000000` asks for more, `EXPRESSWAY_FUZZ_SEED` for others.

#[path = "scan/oracle.rs"]
mod oracle;

use expressway::value::scan::{Engine, Index, LineFlags, Lines, Record, Scratch, Slot, SlotTrie, WalkPlan, validate};
use oracle::{Counts, PATHS, compare_engines, is_json, read};
use std::env;

/// Keys as they are spelled in the text; some are equal once decoded.
const KEYS: &[&str] = &[
    "a",
    "b",
    "c",
    "a",
    "b",
    "c",
    "",
    "é",
    "\\u0061",
    "\\u00e9",
    "\\u0062",
    "quo\\\"te",
    "quo\\u0022te",
    "z",
    "x y",
    "\\/",
    "/",
    "a much longer key than the others have",
    "\\ud83d\\ude00",
    "😀",
    "\\n",
];

const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "1",
    "42",
    "-7",
    "1.5",
    "0.1",
    "1.10",
    "-0.0",
    "1e3",
    "1E-7",
    "1e+400",
    "18446744073709551616",
    "123456789012345678901234567890",
    "0.12345678901234567890",
    "1.0",
    "1234567890.5",
    "0.0001",
];

const STRINGS: &[&str] = &[
    "",
    "x",
    "SUNNY",
    "{\\\"a\\\":1}",
    "[]{},:",
    "\\\\",
    "\\\\\\\\",
    "\\\"",
    "\\u0041\\ud83d\\ude00",
    "héllo",
    "日本",
    "😀",
    "a string that is longer than one block of the widest engine that this reader has, by some bytes",
    "\\/\\b\\f",
    "\u{7f}",
    "tab\\tend",
];

/// What damage inserts.
const FRAGMENTS: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"\"",
    b"\\",
    b"\\\"",
    b"\\\\",
    b"\\u12",
    b"0",
    b"-",
    b".",
    b"e",
    b"true",
    b"nul",
    b" ",
    b"\t",
    b"\r",
    b"\n",
    b"\x0b",
    b"\x00",
    b"\x1f",
    b"\x7f",
    b"\xc3",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"/",
    b"'",
    b"{}",
    b"[]",
    b"\"a\":1,",
    b",\"a\":2",
    b"1 2",
    b"NaN",
];

const BLANKS: &[&str] = &[" ", "  ", "\t", "\r", "\t "];

/// Numbers from a seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

/// Appends a value; `spaced` puts blanks around tokens now and then.
fn value(random: &mut Random, depth: usize, spaced: bool, out: &mut String) {
    let blank = |random: &mut Random, out: &mut String| {
        if spaced && random.one_in(3) {
            out.push_str(random.pick(BLANKS));
        }
    };
    blank(random, out);
    match random.below(if depth > 5 { 5 } else { 9 }) {
        0 | 1 => out.push_str(random.pick(NUMBERS)),
        2 => out.push_str(random.pick(&["true", "false", "null"])),
        3 | 4 => {
            out.push('"');
            out.push_str(random.pick(STRINGS));
            out.push('"');
        }
        5 => {
            out.push('[');
            for index in 0..random.below(4) {
                if index > 0 {
                    out.push(',');
                }
                value(random, depth + 1, spaced, out);
            }
            blank(random, out);
            out.push(']');
        }
        _ => {
            out.push('{');
            let members = if random.one_in(50) { 60 } else { random.below(6) };
            for index in 0..members {
                if index > 0 {
                    out.push(',');
                }
                blank(random, out);
                out.push('"');
                out.push_str(random.pick(KEYS));
                if members > 10 {
                    out.push_str(&random.below(10_000).to_string());
                }
                out.push('"');
                blank(random, out);
                out.push(':');
                value(random, depth + 1 + members / 10, spaced, out);
            }
            blank(random, out);
            out.push('}');
        }
    }
    blank(random, out);
}

/// Cuts pieces out of `line` and puts fragments in.
fn damage(random: &mut Random, line: &mut Vec<u8>) {
    for _ in 0..1 + random.below(3) {
        let at = random.below(line.len() + 1);
        match random.below(4) {
            0 => drop(line.drain(at..(at + 1 + random.below(3)).min(line.len()))),
            1 if at < line.len() => line[at] = random.below(256) as u8,
            2 => {
                let piece = line[at..(at + random.below(12)).min(line.len())].to_vec();
                let to = random.below(line.len() + 1);
                line.splice(to..to, piece);
            }
            _ => drop(line.splice(at..at, random.pick(FRAGMENTS).iter().copied())),
        }
    }
}

/// The line with other strings, numbers and literals in the places of its own, seldom with another key.
fn relative(random: &mut Random, line: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some(first) = rest.chars().next() {
        let is_scalar = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let length = match first {
            '"' => {
                let mut escaped = true;
                let end = rest.find(|c| {
                    let ends = c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    ends
                });
                end.expect("a string ends") + 1
            }
            c if is_scalar(c) => rest.find(|c| !is_scalar(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        let is_key = behind.trim_start().starts_with(':');
        match first {
            '"' if is_key && !random.one_in(40) => out.push_str(token),
            '"' if random.one_in(2) => {
                out.push_str(&format!("\"{}\"", random.pick(if is_key { KEYS } else { STRINGS })));
            }
            c if is_scalar(c) && random.one_in(2) => {
                out.push_str(if random.one_in(4) {
                    random.pick(&["true", "false", "null"])
                } else {
                    random.pick(NUMBERS)
                });
            }
            _ => out.push_str(token),
        }
        rest = behind;
    }
    out
}

#[test]
fn lines_that_are_built_alike_are_read_as_serde_json_reads_them() {
    let total = number_from("EXPRESSWAY_FUZZ_LINES", 200_000) as usize;
    let mut random = Random(number_from("EXPRESSWAY_FUZZ_SEED", 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut counts = Counts::default();
    let mut made = 0;
    while made < total {
        let plan = WalkPlan { trie: SlotTrie::new(PATHS), find_duplicates: true };
        let engines = Engine::available();
        // What is learned of lines lasts as long as the scratch.
        let mut scratch = Scratch::with_engine(random.pick(&engines));
        let spaced = random.one_in(3);
        let mut kinds = Vec::new();
        for _ in 0..1 + random.below(6) {
            let mut line = String::from("{\"a\":");
            value(&mut random, 0, spaced, &mut line);
            line.push_str(",\"b\":");
            value(&mut random, 1, spaced, &mut line);
            line.push_str(random.pick(&[
                "}",
                "} ",
                ",\"é\":0}",
                ",\"b\":{\"c\":1}}",
                ",\"a much longer key than the others have\":\"\"}",
            ]));
            kinds.push(line);
        }
        let mut chunk = Vec::new();
        for _ in 0..40 {
            let kind = random.below(kinds.len());
            let mut line = relative(&mut random, &kinds[kind]).into_bytes();
            if random.one_in(6) {
                damage(&mut random, &mut line);
            }
            chunk.extend(line);
            chunk.push(b'\n');
            made += 1;
        }
        read(&chunk, &mut scratch, &plan, &mut counts);
    }
    println!("{made} lines: {counts:?}");
    assert!(counts.good > total / 2 && counts.bad > total / 20 && counts.slots > total / 2, "{counts:?}");
}

fn number_from(name: &str, otherwise: u64) -> u64 {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn lines_are_read_as_serde_json_reads_them() {
    let total = number_from("EXPRESSWAY_FUZZ_LINES", 200_000) as usize;
    let mut random = Random(number_from("EXPRESSWAY_FUZZ_SEED", 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let plan = WalkPlan { trie: SlotTrie::new(PATHS), find_duplicates: true };
    let mut scratches: Vec<Scratch> = Engine::available().into_iter().map(Scratch::with_engine).collect();
    let (mut oracle, mut other) = (Index::default(), Index::default());
    let (mut alone, mut packed) = (Counts::default(), Counts::default());
    let mut made = 0;
    while made < total {
        let mut chunk = Vec::new();
        let damaged_one_in = random.pick(&[1, 2, 20, usize::MAX]);
        let spaced = random.one_in(3);
        for _ in 0..1 + random.below(24) {
            let mut text = String::new();
            if !random.one_in(40) {
                value(&mut random, 0, spaced, &mut text);
            }
            let mut line = text.into_bytes();
            if random.one_in(damaged_one_in) {
                damage(&mut random, &mut line);
            }
            let engine = random.below(scratches.len());
            if !line.contains(&b'\n') && !line.is_empty() {
                read(&line, &mut scratches[engine], &plan, &mut alone);
            }
            let document = scratches[engine].document(&line, true);
            // A byte order mark may start a document, but not a line.
            if !line.starts_with(b"\xef\xbb\xbf") {
                assert_eq!(document.is_ok(), is_json(&line), "{}", String::from_utf8_lossy(&line));
            }
            assert_eq!(document.map(|checked| checked.text), validate(&line));
            chunk.extend(line);
            chunk.push(b'\n');
            made += 1;
        }
        if random.one_in(4) {
            chunk.pop();
        }
        for scratch in &mut scratches {
            read(&chunk, scratch, &plan, &mut packed);
        }
        compare_engines(&chunk, &mut oracle, &mut other);
    }
    println!("{made} lines; alone: {alone:?}; in chunks, by all engines: {packed:?}");
    for counts in [alone, packed] {
        assert!(counts.good > total / 4 && counts.bad > total / 8, "the generator makes too few of a kind: {counts:?}");
        assert!(counts.slots > total / 6, "{counts:?}");
    }
}

#[test]
fn engines_agree_on_any_bytes() {
    let mut random = Random(7);
    let (mut oracle, mut other) = (Index::default(), Index::default());
    let common = b"{}[]:,\"\"\"\\\\ \n\t\r1at\x00\x80";
    for length in (0..400).chain([1000, 4096, 4097]) {
        for kind in 0..6 {
            let text: Vec<u8> = (0..length)
                .map(|_| match kind {
                    0 => random.below(256) as u8,
                    1 => random.pick(common),
                    2 => random.pick(b"\\\\\\\"a"),
                    // Dense in tokens; escapes only where they are legal.
                    3 => random.pick(b"{}[]:,1 \n"),
                    4 => random.pick(b"1 \n,a"),
                    _ => random.pick(b"abc def\xc3\xa9"),
                })
                .collect();
            compare_engines(&text, &mut oracle, &mut other);
            let mut quoted = b"\"".to_vec();
            quoted.extend(text.iter().map(|byte| if *byte < 0x20 { b'\\' } else { *byte }));
            quoted.extend(b"\\\\\",[1,\"\\\\\\\"\"]");
            compare_engines(&quoted, &mut oracle, &mut other);
        }
    }
}

/// A line, a path, and what its slot must hold: some value's text, or why there is none.
const SLOTS: &[(&str, &[&str], Result<&str, Slot>)] = &[
    (r#"{"a":1}"#, &["a"], Ok("1")),
    (r#" { "a" : [ 1 , 2 ] } "#, &["a"], Ok("[ 1 , 2 ]")),
    (r#"{"a":1,"a":"x"}"#, &["a"], Ok(r#""x""#)),
    (r#"{"\u0061":true}"#, &["a"], Ok("true")),
    (r#"{"a":{"b":{"c":[]}}}"#, &["a", "b", "c"], Ok("[]")),
    (r#"{"a":{"b":1},"a":{"c":2}}"#, &["a", "b"], Err(Slot::Absent)),
    (r#"{"a":{"b":{"c":1}},"a":{"b":2}}"#, &["a", "b", "c"], Err(Slot::NotObject { step: 2 })),
    (r#"{"a":{"b":{"c":1}},"a":null}"#, &["a", "b", "c"], Err(Slot::NotObject { step: 1 })),
    (r#"{"b":1}"#, &["a", "b"], Err(Slot::Missing { step: 0 })),
    (r#"{"a":{}}"#, &["a", "b", "c"], Err(Slot::Missing { step: 1 })),
    (r#"{}"#, &["a"], Err(Slot::Absent)),
    (r#"[{"a":1}]"#, &["a"], Err(Slot::NotObject { step: 0 })),
    (r#""a""#, &["a", "b"], Err(Slot::NotObject { step: 0 })),
    (r#" 12 "#, &[], Ok("12")),
    (r#"{"a":{"a":{"a":5}},"b":{"a":6}}"#, &["b", "a"], Ok("6")),
];

/// No more than 128 KiB of lines are looked at at once, or one line: so chunks are several times as long here, and lines end
/// everywhere around the borders between.
#[test]
fn chunks_are_read_to_their_end_however_long_lines_are() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let plan = WalkPlan { trie: SlotTrie::new(PATHS), find_duplicates: true };
    let mut counts = Counts::default();
    for round in 0..12 {
        let mut chunk = Vec::new();
        while chunk.len() < 700 << 10 {
            // Some are longer than what is looked at at once, some end where that does.
            let length = match random.below(8) {
                0 if round % 3 == 0 => 200 << 10,
                1 if round % 3 == 1 => (128usize << 10).saturating_sub(chunk.len() % (128 << 10)).max(1),
                2 => 0,
                _ => random.below(20_000),
            };
            let mut line = Vec::new();
            if length > 0 {
                let inner = length.saturating_sub(40);
                line.extend(format!("{{\"id\":{},\"a\":\"{}\"}}", chunk.len(), "é".repeat(inner / 2)).bytes());
                if random.one_in(6) {
                    damage(&mut random, &mut line);
                }
                if random.one_in(30) {
                    let at = random.below(line.len());
                    line.insert(at, b'\x01');
                }
            }
            chunk.extend(line);
            chunk.push(b'\n');
        }
        if round % 2 == 0 {
            chunk.pop();
        }
        for engine in Engine::available() {
            read(&chunk, &mut Scratch::with_engine(engine), &plan, &mut counts);
        }
    }
    assert!(counts.good > 500 && counts.bad > 50, "{counts:?}");
}

#[test]
fn slots_hold_the_value_or_the_reason_why_not() {
    for engine in Engine::available() {
        let mut scratch = Scratch::with_engine(engine);
        for (text, path, wanted) in SLOTS {
            let plan = WalkPlan { trie: SlotTrie::new(&[path]), find_duplicates: false };
            let mut slots = [Slot::Absent];
            let item = Lines::new(text.as_bytes(), &mut scratch, &plan).next(&mut slots).expect("a line");
            let Record::Line(line) = item.record else { panic!("{text}: {:?}", item.record) };
            assert_eq!(line.slice(slots[0]).ok_or(slots[0]), *wanted, "{path:?} of {text}");
        }
    }
}

#[test]
fn one_bad_line_leaves_its_neighbours_alone() {
    let bad: &[&[u8]] = &[
        b"\"open",
        b"[1",
        b"\\\"",
        b"{\"a\":\"\x01\"}",
        b"\"\xff\"",
        b"\"\\x\"",
        b"{\"a\":1}}",
        b"\"\"\0x",
        b"\0",
        b"\xef\xbb\xbf{}",
        b"tru",
    ];
    let plan = WalkPlan { trie: SlotTrie::new(&[["a"]]), find_duplicates: true };
    for engine in Engine::available() {
        let mut scratch = Scratch::with_engine(engine);
        for line in bad {
            let chunk = [b"{\"a\":1}\r\n", *line, b"\n \r\n{\"a\":\"\xc3\xa9\"}"].concat();
            let mut slots = [Slot::Absent];
            let mut lines = Lines::new(&chunk, &mut scratch, &plan);
            let mut texts = Vec::new();
            while let Some(item) = lines.next(&mut slots) {
                texts.push(match item.record {
                    Record::Line(line) => line.slice(slots[0]).unwrap_or("?"),
                    Record::Blank => "blank",
                    Record::Bad(_) => "bad",
                });
            }
            assert_eq!(texts, ["1", "bad", "blank", "\"é\""], "{}", String::from_utf8_lossy(line));
        }
    }
}

#[test]
fn depth_is_limited_wherever_the_trie_leads() {
    let path = vec!["a"; 2000];
    for (paths, open, close) in [
        (vec![], "{\"a\":", "}"),
        (vec![], "[", "]"),
        (vec![&path[..1]], "{\"a\":", "}"),
        (vec![&path[..700]], "{\"a\":", "}"),
        (vec![&path[..]], "{\"a\":", "}"),
    ] {
        let plan = WalkPlan { trie: SlotTrie::new(&paths), find_duplicates: true };
        let mut slots = vec![Slot::Absent; plan.trie.slots()];
        let mut scratch = Scratch::new();
        for (depth, good) in [
            (62, true),
            (63, true),
            (64, true),
            (127, true),
            (1023, true),
            (1024, true),
            (1025, false),
            (100_000, false),
        ] {
            let inner = if open == "[" { "" } else { "1" };
            let text = open.repeat(depth) + inner + &close.repeat(depth);
            let item = Lines::new(text.as_bytes(), &mut scratch, &plan).next(&mut slots).expect("a line");
            assert_eq!(matches!(item.record, Record::Line(_)), good, "{depth} levels of {open}");
        }
    }
}

#[test]
fn many_equal_hashes_or_keys_cost_no_more_than_sorting() {
    let mut text = String::from("{");
    for key in 0..200_000 {
        text.push_str(&format!("\"k{key}\":0,"));
    }
    let unique = text.clone() + "\"last\":0}";
    let twice = text + "\"k\\u0037\":0}";
    let mut scratch = Scratch::new();
    for (text, repeats) in [(unique, false), (twice, true)] {
        let line = scratch.document(text.as_bytes(), true).expect("valid");
        assert_eq!(line.flags.has(LineFlags::DUPLICATES), repeats);
    }
}

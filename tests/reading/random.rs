//! Texts put together by chance: nothing is lost, whatever is wrong with them.

use super::{every_way, run};
use expressway::batch::{Format, Reading, Source};

/// Numbers from a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

const PARTS: [&str; 24] = [
    "{\"a\":1}",
    "{\"b\":[{\"c\":2},{}]}",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\",
    "\n",
    "\n{",
    " ",
    "x",
    "1",
    "true",
    "\"s{[\"",
    "{\"d\":\n  {\"e\":3}\n}",
    "{\"f\":\"g",
    "},{",
    "}{",
    "\u{e9}",
    "[{\"h\":4},\n{\"i\":5}]\n",
    "{\"j\":6}\n",
];

/// Every byte that is more than a blank, a comma or a bracket around records is in an event or in a dead letter.
#[test]
fn nothing_is_lost() {
    for seed in 0..300 {
        let mut chance = Chance(seed);
        let text: String = (0..1 + chance.below(20)).map(|_| PARTS[chance.below(PARTS.len())]).collect();
        let written = every_way(&text, "events", text.as_bytes(), &Reading::new(Format::Json));
        let mut seen = vec![false; text.len()];
        let dead = written.dead.iter().map(|dead| (dead["offset"].as_u64().unwrap(), dead["length"].as_u64().unwrap()));
        let mut spans: Vec<(usize, usize)> = dead.map(|(offset, length)| (offset as usize, length as usize)).collect();
        for (offset, value) in &written.events {
            // An event ends where a reader of JSON says that a value does.
            let rest = &text[*offset as usize..];
            let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<serde_json::Value>();
            assert_eq!(stream.next().unwrap().unwrap(), *value, "{text}");
            spans.push((*offset as usize, stream.byte_offset()));
        }
        for (offset, length) in spans {
            for place in &mut seen[offset..offset + length] {
                assert!(!std::mem::replace(place, true), "{text}: twice at {offset}");
            }
        }
        for (at, byte) in text.bytes().enumerate() {
            let between = matches!(byte, b' ' | b'\n' | b',' | b'[' | b']');
            assert!(seen[at] || between, "seed {seed}, byte {at} of {text}");
        }
    }
}

/// Sound values are all found, however they are written one behind the other.
#[test]
fn sound_values_are_all_found() {
    const VALUES: [&str; 6] =
        ["{\"a\":1}", "{ \"b\" : [ 1 , {\n} ] }", "\"t]\\\"ext\"", "12.5e3", "null", "{\"c\":\"}{\"}"];
    for seed in 0..200 {
        let mut chance = Chance(seed);
        let (mut text, mut wanted) = (String::new(), Vec::new());
        for _ in 0..chance.below(12) {
            let array = chance.below(3) == 0;
            let count = if array { chance.below(4) } else { 1 };
            let values: Vec<&str> = (0..count).map(|_| VALUES[chance.below(VALUES.len())]).collect();
            wanted.extend(values.iter().map(|value| serde_json::from_str::<serde_json::Value>(value).unwrap()));
            match array {
                true => text.push_str(&format!("[{}]", values.join([",", " ,\n", "\n,"][chance.below(3)]))),
                false => text.push_str(values[0]),
            }
            // Words have to be kept apart.
            text.push_str([" ", "\n", "\r\n\t"][chance.below(3)]);
        }
        let written = every_way(&text, "events", text.as_bytes(), &Reading::new(Format::Json));
        let found: Vec<_> = written.events.into_iter().map(|(_, value)| value).collect();
        assert_eq!((found, written.dead.len(), written.wrong.len()), (wanted, 0, 0), "{text}");
    }
}

/// A table read by this reader says what the same table says cell by cell, whatever its cells hold.
#[test]
fn tables_come_back() {
    const CELLS: [&str; 7] = ["", "a", "a,b", "\"", "x\ny", "\r\n", "1.50"];
    for seed in 0..200 {
        let mut chance = Chance(seed);
        let (columns, rows) = (1 + chance.below(4), chance.below(6));
        let mut text: String = (0..columns).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",") + "\n";
        let mut wanted = Vec::new();
        for _ in 0..rows {
            // A row of one empty cell would be an empty line.
            let cells: Vec<&str> =
                (0..columns).map(|_| if columns == 1 { "a\"\n" } else { CELLS[chance.below(CELLS.len())] }).collect();
            let quoted = |cell: &&str| match cell.contains([',', '"', '\n', '\r']) {
                true => format!("\"{}\"", cell.replace('"', "\"\"")),
                false => (*cell).to_owned(),
            };
            text.push_str(&cells.iter().map(quoted).collect::<Vec<_>>().join(","));
            text.push_str(["\n", "\r\n"][chance.below(2)]);
            let row = cells.iter().enumerate().map(|(n, cell)| (format!("c{n}"), (*cell).into()));
            wanted.push(serde_json::Value::Object(row.collect()));
        }
        let source = Source::memory("t.csv", text.as_bytes()).read_as(&Reading::new(Format::Auto));
        let (written, _) = run(vec![source], |batch| batch.chunk_bytes(64));
        let found: Vec<_> = written.events.into_iter().map(|(_, value)| value).collect();
        assert_eq!((found, written.dead.len()), (wanted, 0), "seed {seed}: {text:?}");
    }
}

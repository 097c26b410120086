//! What serde_json says of a line, and whether ours says the same; for the tests and for the fuzzer.
//!
//! Flows in: chunks of lines, good or bad. Flows out: nothing, or a panic that shows the line. It must never take anything
//! from the reader that it judges, but for the tree, which is compared with serde_json itself.

use expressway::value::scan::{Engine, Index, LineFlags, Lines, Record, Scratch, Slot, WalkPlan, index};
use expressway::value::tree::{Kind, Node, parse};
use serde::de::IgnoredAny;
use serde_json::Value;
use std::collections::HashSet;

/// Paths whose slots are compared: some start others, one is there twice, one is the whole line.
pub const PATHS: &[&[&str]] = &[
    &["a"],
    &["b", "c"],
    &["b"],
    &["b", "c", "a"],
    &[],
    &["a"],
    &["é"],
    &["", "b"],
    &["b", "quo\"te", "a"],
    &["a much longer key than the others have"],
];

/// Whether serde_json and the standard library take `text`.
pub fn is_json(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok() && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// Whether every byte is a blank.
fn is_blank(text: &[u8]) -> bool {
    text.iter().all(|byte| b" \t\r\n".contains(byte))
}

/// What a path's slot must hold, by serde_json's account of the line.
fn wanted(root: &Value, path: &[&str]) -> Result<Value, Slot> {
    let mut value = root;
    for (step, key) in path.iter().enumerate() {
        let number = step as u16;
        let members = value.as_object().ok_or(Slot::NotObject { step: number })?;
        let missing = if step + 1 == path.len() { Slot::Absent } else { Slot::Missing { step: number } };
        value = members.get(*key).ok_or(missing)?;
    }
    Ok(value.clone())
}

/// Whether some object below `node` has a key twice.
fn has_duplicates(node: &Node) -> bool {
    match &node.kind {
        Kind::Array(elements) => elements.iter().any(has_duplicates),
        Kind::Object(members) => {
            let mut seen = HashSet::new();
            members.iter().any(|member| !seen.insert(&member.key) || has_duplicates(&member.value))
        }
        _ => false,
    }
}

/// Whether a blank stands outside the strings of a valid text.
fn has_blanks(text: &str) -> bool {
    let (mut inside, mut bytes) = (false, text.bytes());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => inside = !inside,
            b'\\' => drop(bytes.next()),
            b' ' | b'\t' | b'\r' | b'\n' if !inside => return true,
            _ => {}
        }
    }
    false
}

/// How many lines were compared, by what they were.
#[derive(Debug, Default)]
pub struct Counts {
    /// Lines of JSON.
    pub good: usize,
    /// Lines of something else.
    pub bad: usize,
    /// Lines of nothing.
    pub blank: usize,
    /// Lines whose slots could be compared.
    pub slots: usize,
}

/// Compares one line's record with serde_json's account of it.
pub fn compare(raw: &[u8], record: &Record, slots: &[Slot], counts: &mut Counts) {
    let shown = String::from_utf8_lossy(raw);
    let line = match record {
        Record::Blank => {
            assert!(is_blank(raw), "taken for blank: {shown}");
            counts.blank += 1;
            return;
        }
        Record::Bad(error) => {
            assert!(!is_json(raw) && !is_blank(raw), "refused: {shown}: {error}");
            assert!(error.offset as usize <= raw.len(), "{shown}: {error}");
            counts.bad += 1;
            return;
        }
        Record::Line(line) => line,
    };
    assert!(is_json(raw), "accepted: {shown}");
    counts.good += 1;
    assert_eq!(line.text, shown.trim_matches([' ', '\t', '\r', '\n']));
    let tree = parse(line.text).expect("accepted as a line");
    for (flag, is_set) in [
        (LineFlags::ESCAPES, line.text.contains('\\')),
        (LineFlags::WHITESPACE, has_blanks(line.text)),
        (LineFlags::DUPLICATES, has_duplicates(&tree)),
        (LineFlags::DUPLICATES_UNKNOWN, false),
    ] {
        assert_eq!(line.flags.has(flag), is_set, "{flag:?} of {shown}");
    }
    // serde_json cannot hold 1e400 or half a surrogate pair; such lines are compared by our tree alone, elsewhere.
    let Ok(root) = serde_json::from_str::<Value>(line.text) else { return };
    counts.slots += 1;
    for (path, &slot) in PATHS.iter().zip(slots) {
        let found = match line.slice(slot) {
            Some(text) => Ok(serde_json::from_str(text).unwrap_or_else(|error| panic!("{shown}: {text}: {error}"))),
            None => Err(slot),
        };
        assert_eq!(found, wanted(&root, path), "{path:?} of {shown}");
    }
}

/// Reads a chunk with one engine and compares each of its lines.
pub fn read(chunk: &[u8], scratch: &mut Scratch, plan: &WalkPlan, counts: &mut Counts) {
    let mut slots = vec![Slot::Absent; plan.trie.slots()];
    let mut lines = Lines::new(chunk, scratch, plan);
    let mut offset = 0;
    let whole = chunk.strip_suffix(b"\n").unwrap_or(chunk);
    for raw in whole.split(|&byte| byte == b'\n').take_while(|_| !chunk.is_empty()) {
        let item = lines.next(&mut slots).expect("a line for each line");
        assert_eq!((item.offset, item.raw), (offset, raw));
        compare(raw, &item.record, &slots, counts);
        offset += raw.len() + 1;
    }
    assert_eq!(lines.next(&mut slots), None);
}

/// Every engine must find the same tokens.
pub fn compare_engines(text: &[u8], oracle: &mut Index, other: &mut Index) {
    index(text, Engine::Scalar, oracle);
    for engine in Engine::available() {
        index(text, engine, other);
        let shown = || format!("{engine:?} on {}", String::from_utf8_lossy(text));
        assert_eq!(oracle.bad_at(), other.bad_at(), "{}", shown());
        // Of a bad text, only the lines before the bad one are listed.
        let good = oracle.bad_at().map_or(text.len() + 1, |at| {
            text[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |line_end| line_end + 1)
        });
        let listed = |positions: &[u32]| positions.partition_point(|&position| (position as usize) < good);
        let tokens = listed(oracle.positions());
        assert_eq!(tokens, listed(other.positions()), "{}", shown());
        assert_eq!(oracle.classes()[..tokens], other.classes()[..tokens], "{}", shown());
        assert_eq!(oracle.positions()[..tokens], other.positions()[..tokens], "{}", shown());
        let escapes = listed(oracle.escapes());
        assert_eq!(oracle.escapes()[..escapes], other.escapes()[..listed(other.escapes())], "{}", shown());
        if oracle.bad_at().is_none() {
            assert_eq!(oracle.has_blanks(), other.has_blanks(), "{}", shown());
        }
    }
}

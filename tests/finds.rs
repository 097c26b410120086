//! Every text that a fuzzer has broken something with is kept, and is fed to the same code again here.
//!
//! A find is a file `tests/fuzz/cases/TARGET/NAME`: it takes no line of code to add one. Beside them lie a few texts for
//! each target that are worth trying first; a fuzzer begins with these. Here they are also spoilt a few hundred times each,
//! always in the same ways: far less than what a fuzzer does, but wherever there is no nightly compiler to build one.
//! `EXPRESSWAY_LONG_TESTS=1` spoils each of them 50,000 times.

#[path = "fuzz/bodies.rs"]
mod bodies;

use std::fs;
use std::path::Path;

fn each(target: &str, body: impl Fn(&str)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/cases").join(target);
    let mut texts = Vec::new();
    for entry in fs::read_dir(&folder).expect("the cases are there") {
        let path = entry.expect("an entry").path();
        // Names are shown when something breaks.
        println!("{}", path.display());
        let text = fs::read_to_string(&path).expect("text");
        body(&text);
        texts.push(text);
    }
    let rounds = if std::env::var_os("EXPRESSWAY_LONG_TESTS").is_some() { 50_000 } else { 300 };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..rounds * texts.len() {
        let spoilt = spoil(&texts[round % texts.len()], &texts[random.below(texts.len())], &mut random);
        let shown = Shown(&spoilt);
        body(&spoilt);
        std::mem::forget(shown);
    }
    let seen = texts.len();
    assert!(seen > 0, "no cases in {}", folder.display());
}

/// Shows a text if something panics over it.
struct Shown<'t>(&'t str);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        println!("---- the text that broke it\n{}\n----", self.0);
    }
}

/// Numbers that are the same on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// A text with some of it taken out, put in twice, put in from elsewhere, or replaced by something that means something.
fn spoil(text: &str, other: &str, random: &mut Random) -> String {
    const WORDS: [&str; 24] = [
        "$",
        "$$",
        "$.a",
        "..",
        "*",
        "[0]",
        "[?(@.a)]",
        "States.Array(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\\",
        "'",
        "-1",
        "1e999",
        "null",
        "true",
        "{}",
        "\u{e9}",
        "\u{0}",
        "99999999999",
    ];
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..1 + random.below(4) {
        let (from, length) = (random.below(chars.len() + 1), random.below(8));
        let to = chars.len().min(from + length);
        let put: Vec<char> = match random.below(5) {
            0 => Vec::new(),
            1 => [&chars[from..to], &chars[from..to]].concat(),
            2 => WORDS[random.below(WORDS.len())].chars().collect(),
            3 => other.chars().skip(random.below(other.len())).take(random.below(40)).collect(),
            _ => vec![char::from(random.below(128) as u8)],
        };
        chars.splice(from..to, put);
    }
    chars.into_iter().collect()
}

#[test]
fn paths() {
    each("path", bodies::path);
}

#[test]
fn patterns() {
    each("pattern", bodies::pattern);
}

#[test]
fn intrinsics() {
    each("intrinsic", bodies::intrinsic);
}

#[test]
fn templates() {
    each("template", bodies::template);
}

#[test]
fn expressions() {
    each("expression", bodies::expression);
}

#[test]
fn machines() {
    each("machine", bodies::machine);
}

//! Every text that a fuzzer has broken something with is kept, and is fed to the same code again here.
//!
//! A find is a file `tests/fuzz/cases/TARGET/NAME`: it takes no line of code to add one. Beside them lie a few texts for
//! each target that are worth trying first; a fuzzer begins with these.

#[path = "fuzz/bodies.rs"]
mod bodies;

use std::fs;
use std::path::Path;

fn each(target: &str, body: impl Fn(&str)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/cases").join(target);
    let mut seen = 0;
    for entry in fs::read_dir(&folder).expect("the cases are there") {
        let path = entry.expect("an entry").path();
        // Names are shown when something breaks.
        println!("{}", path.display());
        body(&fs::read_to_string(&path).expect("text"));
        seen += 1;
    }
    assert!(seen > 0, "no cases in {}", folder.display());
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

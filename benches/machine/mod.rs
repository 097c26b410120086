//! A workflow of `corpora/` as the benches run it: its machine, with its handlers compiled in.

use expressway::compile::{Options, compile};
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::{Bound, Handlers};
use expressway::program::Program;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Reads and compiles `corpora/<name>`.
pub fn corpus(name: &str) -> (Program, Bound) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora").join(name);
    let mut handlers = BTreeMap::new();
    for entry in fs::read_dir(folder.join("handlers")).into_iter().flatten().flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        if let Some(function) = file.strip_suffix(".asl.json") {
            handlers.insert(function.to_owned(), parse(&entry.path()));
        }
    }
    let machine = parse(&folder.join("machine.asl.json"));
    let program = compile(&machine, &Options { handlers: Some(&handlers), bound: None }).expect("it compiles");
    let bound = Handlers::new().bind(&program).expect("every function has its handler");
    (program, bound)
}

fn parse(file: &PathBuf) -> Definition {
    let text = fs::read_to_string(file).expect("it can be read");
    Definition::parse(&text, &file.display().to_string(), &ParseOptions::default()).expect("it breaks no rule")
}

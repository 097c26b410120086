//! The listing covers every instruction: each that exists comes up in some program here, and each that is in a program has
//! its line, with all of its operands and nothing that is not there.

use crate::oracle::generate::pair;
use crate::program;
use expressway::compile::instrument::{self, Instrument};
use expressway::compile::{Options, compile};
use expressway::definition::{Definition, ParseOptions};
use expressway::program::Program;
use expressway::program::listing::listing;
use expressway::program::op::INSTRUCTIONS;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Instructions that no generated machine has: those of JSONata, and of a handler of one state.
const JSONATA: &str = r#"{"StartAt": "C", "QueryLanguage": "JSONata", "States": {
  "C": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input.n > 1 %}", "Next": "W"}], "Default": "W"},
  "W": {"Type": "Wait", "Seconds": "{% $states.input.n %}", "Next": "P"},
  "P": {"Type": "Pass", "Output": {"l": ["{% $states.input.n %}", 1]}, "End": true}}}"#;

fn definitions() -> Vec<(String, Program)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in [root.join("tests/definitions"), root.join("corpora")] {
        let entries = fs::read_dir(folder).expect("part of the sources").flatten().map(|entry| entry.path());
        files.extend(entries.map(|path| if path.is_dir() { path.join("machine.asl.json") } else { path }));
    }
    files.retain(|path| path.to_string_lossy().ends_with(".asl.json") && path.is_file());
    files.sort();
    let mut programs = Vec::new();
    for file in files {
        let read = |path: &Path| {
            let text = fs::read_to_string(path).expect("it can be read");
            Definition::parse(&text, &path.display().to_string(), &ParseOptions::default()).ok()
        };
        // Definitions with placeholders are for others.
        let Some(definition) = read(&file) else { continue };
        let mut handlers = BTreeMap::new();
        let folder = file.parent().map(|parent| parent.join("handlers"));
        for entry in folder.into_iter().flat_map(fs::read_dir).flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let (Some(name), Some(handler)) = (name.strip_suffix(".asl.json"), read(&entry.path())) {
                handlers.insert(name.to_owned(), handler);
            }
        }
        let options = Options { handlers: Some(&handlers), bound: None };
        if let Ok(program) = compile(&definition, &options) {
            programs.push((file.display().to_string(), program));
        }
    }
    let jsonata = Definition::parse(JSONATA, "jsonata", &ParseOptions::default()).expect("a definition");
    programs.push(("jsonata".to_owned(), compile(&jsonata, &Options::default()).expect("a program")));
    let counted = pair(1).definition.print();
    let counted = Definition::parse(&counted, "counted", &ParseOptions::default()).expect("a definition");
    for instrument in [Instrument::Trail, Instrument::Coverage, Instrument::Watch] {
        // Without its functions the machine calls them by name.
        let program = instrument::compile(&counted, &Options::default(), instrument).expect("a program");
        programs.push((format!("{instrument:?}"), program));
    }
    programs.extend((0..400).filter_map(|seed| Some((format!("seed {seed}"), program(&pair(seed)).ok()?))));
    programs
}

#[test]
fn every_instruction_has_its_line() {
    let mut met = BTreeSet::new();
    for (name, program) in definitions() {
        let listing = listing(&program);
        // Other parts of the listing number their lines otherwise.
        let numbered = |line: &&str| line.split_whitespace().next().is_some_and(|word| word.parse::<u32>().is_ok());
        let mut lines = listing.lines().filter(numbered);
        for (address, op) in program.ops().iter().enumerate() {
            let line = lines.next().unwrap_or_else(|| panic!("{name}: no line for {address}\n{listing}"));
            let mut words = line.split_whitespace();
            assert_eq!(words.next(), Some(&*address.to_string()), "{name}: {line}");
            assert_eq!(words.next(), Some(op.mnemonic()), "{name}: {line}");
            op.operands(&mut |operand, value| {
                let shown = value.show(&program);
                assert!(line.contains(&format!("{operand}={shown}")), "{name}: no {operand} in {line}");
                assert!(!shown.contains("out of range"), "{name}: {line}");
                if let Some(to) = value.jump() {
                    assert!(to.index() < program.ops().len(), "{name}: {line} leads nowhere");
                }
            });
            met.insert(op.mnemonic());
        }
        assert_eq!(lines.next(), None, "{name}: a line too many");
    }
    let unmet: Vec<_> = INSTRUCTIONS.iter().map(|row| row.mnemonic).filter(|name| !met.contains(name)).collect();
    assert!(unmet.is_empty(), "no program here has {}", unmet.join(", "));
}

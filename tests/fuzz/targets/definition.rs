//! Definitions: any text, as JSON and as YAML, gets diagnostics and no panic; and what passes the rules of creation
//! compiles to a program that the verifier lets pass, or is told to be unsupported.
#![no_main]

use expressway::compile::{CompileError, Options, compile};
use expressway::definition::diagnostic::render::{Style, render};
use expressway::definition::{Definition, ParseOptions, Source, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let options = ParseOptions::default();
    for name in ["machine.asl.json", "machine.asl.yaml"] {
        let found = check(text, name, &options);
        let _ = render(&found, &Source::new(text, name), Style::default());
        let parsed = Definition::parse(text, name, &options);
        assert_eq!(parsed.is_ok(), !found.iter().any(|diagnostic| diagnostic.is_error()));
        let Ok(definition) = parsed else { continue };
        let errors = compile(&definition, &Options::default()).err().unwrap_or_default();
        let unsound = errors.iter().find(|error| matches!(error, CompileError::Verify(_)));
        assert!(unsound.is_none(), "{unsound:?}");
    }
});

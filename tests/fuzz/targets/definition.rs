//! Definitions: any text, as JSON and as YAML, gets diagnostics and no panic; and what creation lets pass compiles to a
//! program that the verifier lets pass.
#![no_main]

use expressway::definition::diagnostic::{Style, render};
use expressway::definition::{Definition, ParseOptions, Source, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let options = ParseOptions::default();
    for name in ["machine.asl.json", "machine.asl.yaml"] {
        let found = check(text, name, &options);
        render(&found, &Source::new(text, name), Style::default());
        let parsed = Definition::parse(text, name, &options);
        assert_eq!(parsed.is_ok(), !found.iter().any(|diagnostic| diagnostic.is_error()));
        let Ok(definition) = parsed else { continue };
        let compiled = expressway::compile::compile(&definition, &Default::default());
        if let Ok(program) = compiled {
            expressway::program::verify::verify(&program).expect("a compiled program is sound");
        }
    }
});

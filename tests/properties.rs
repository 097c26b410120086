//! Things that hold whatever the machine and the event: on generated definitions, mutilated ones, and documents.
//!
//! Flows in: seeds. Flows out: the seed for which something does not hold. It must never compare with a recorded answer:
//! what one machine comes to is for `tests/language/` to say.

#[path = "properties/determinism.rs"]
mod determinism;
#[path = "properties/listing.rs"]
mod listing;
#[path = "properties/mutation.rs"]
mod mutation;
#[path = "oracle/mod.rs"]
mod oracle;
#[path = "properties/placing.rs"]
mod placing;

use expressway::compile::{CompileError, Options, compile};
use expressway::definition::{Definition, ParseOptions};
use expressway::program::Program;
use oracle::generate::Pair;
use std::collections::BTreeMap;

/// A pair's machine, with the functions that are machines compiled in.
fn program(pair: &Pair) -> Result<Program, Vec<CompileError>> {
    let parsed = |text: &str| {
        let read = Definition::parse(text, "machine", &ParseOptions::default());
        read.unwrap_or_else(|found| panic!("refused: {found:?}\n{text}"))
    };
    let functions: BTreeMap<String, Definition> =
        pair.functions.iter().map(|(name, machine)| (name.clone(), parsed(&machine.print()))).collect();
    compile(&parsed(&pair.definition.print()), &Options { handlers: Some(&functions), bound: None })
}

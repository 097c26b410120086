//! A program for people: address, instruction, operands by name, and the state each came from.
//!
//! What `expressway compile` prints. It must never be parsed by anything of ours: its form may change.

use super::op::INSTRUCTIONS;
use super::{Addr, Program};
use std::fmt::Write;

/// Writes the listing of a program.
pub fn listing(program: &Program) -> String {
    let mut out = String::new();
    let counts = [
        ("instructions", program.ops.len()),
        ("states", program.states.len()),
        ("constants", program.constants.len()),
        ("paths", program.paths.len()),
        ("slots", program.slots.len()),
        ("handlers", program.handlers.len()),
    ];
    let summary: Vec<_> = counts.iter().map(|(name, n)| format!("{n} {name}")).collect();
    // Writing to a string cannot fail; so in all of this file.
    let _ = writeln!(out, "; {}, stack {}", summary.join(", "), program.stack_max);
    if let Some(seconds) = program.timeout_seconds {
        let _ = writeln!(out, "; TimeoutSeconds {seconds}");
    }
    for (i, slot) in program.slots.iter().enumerate() {
        let _ = writeln!(out, "; slot {i}: $.{}", slot.join("."));
    }
    let mut before = None;
    for (at, op) in program.ops.iter().enumerate() {
        let origin = program.origin(Addr(at as u32));
        if origin != before {
            before = origin;
            let _ = match origin.map(|id| program.state(id)) {
                Some(state) => match state.within {
                    Some(handler) => writeln!(
                        out,
                        "\n; {} {} in handler {}",
                        state.kind.name(),
                        state.location,
                        program.handler(handler)
                    ),
                    None => writeln!(out, "\n; {} {} line {}", state.kind.name(), state.location, state.line_number),
                },
                None => writeln!(out),
            };
        }
        let mut operands = Vec::new();
        op.operands(&mut |name, operand| operands.push(format!("{name}={}", operand.show(program))));
        let _ = writeln!(out, "{:>5}  {:<8} {}", at, op.mnemonic(), operands.join("  "));
    }
    for state in program.states.iter() {
        for (n, retrier) in state.retriers.iter().enumerate() {
            let _ = writeln!(
                out,
                "; '{}' Retry[{n}] {} → @{} up to {} times after {} s × {}",
                state.name,
                retrier.errors.join(", "),
                retrier.at.0,
                retrier.max_attempts,
                retrier.interval_seconds,
                retrier.backoff_rate
            );
        }
        for (n, catcher) in state.catchers.iter().enumerate() {
            let _ = writeln!(out, "; '{}' Catch[{n}] {} → @{}", state.name, catcher.errors.join(", "), catcher.at.0);
        }
    }
    if !program.shortcut.is_empty() {
        program.shortcut.show(program, &mut out);
    }
    out
}

/// Writes the table of the instruction set.
pub fn instruction_table() -> String {
    let mut out = String::from("instruction  operands                                  effect\n");
    for row in INSTRUCTIONS {
        let operands: Vec<_> = row.operands.iter().map(|(name, kind)| format!("{name}: {kind}")).collect();
        let _ = writeln!(out, "{:<12} {:<41} {}", row.mnemonic, operands.join(", "), row.effect);
        let _ = writeln!(out, "{:<54} from {}, as in {}", "", row.origin, row.example);
    }
    out
}

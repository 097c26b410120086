//! The reader of JSON: from bytes to checked lines and documents, and to the few values that somebody asked for.
//!
//! Flows in: a chunk of JSON Lines (64 to 256 KiB, cut at line ends) or one document. Flows out: per line its checked
//! text, how it is spelled ([`LineFlags`]) and a [`Slot`] for each path of a [`SlotTrie`]; or a
//! [`SyntaxError`](super::tree::SyntaxError) with its offset. It must never know of states, open files, recurse on the
//! native stack, or let one bad line harm its neighbours.
//!
//! A chunk is read twice. The first pass ([`index`]) finds the tokens of all its lines at once, many bytes at a time. The
//! second walks over the tokens of one line, checks them against the grammar and keeps the bounds of what the program
//! reads; the rest stays text. Both are an order cheaper than building values, and most events are only looked at.
//!
//! | file | holds |
//! | --- | --- |
//! | `index.rs` | what the first pass hands to the second, and which engine makes it |
//! | `scalar.rs` | the first pass in plain Rust, which the others are compared with |
//! | `x86.rs` | the same with AVX-512 and AVX2; the processor's clock |
//! | `trie.rs` | the paths to look for, the slots to fill |
//! | `walk.rs` | the second pass over one text |
//! | `shape.rs` | lines like one before, which need no walk |
//! | `guide.rs` | lines whose keys are known, followed member by member |
//! | `number.rs` | the grammar of numbers |
//! | `duplicates.rs` | equal keys in one object |
//! | `lines.rs` | a chunk, line by line |
//! | `document.rs` | one text that may span lines |
//! | `open.rs` | checked text as built values |
//! | `member.rs` | one member of an object in it |
//! | `strict.rs` | where and why a text is bad |

mod document;
mod duplicates;
mod guide;
mod index;
mod lines;
mod member;
mod number;
mod open;
mod scalar;
mod shape;
pub(crate) mod strict;
mod trie;
mod walk;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use document::tokens;
pub use document::validate;
pub use index::{Engine, Index, index};
pub use lines::{Item, Line, LineFlags, LineKind, Lines, Record, Scratch, WalkPlan};
pub use member::{LineView, Paths};
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{escape, ticks, ticks_are_steady};

/// Writes text with its escapes, where there are instructions for that; else false.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn escape(_: &[u8], _: &mut Vec<u8>) -> bool {
    false
}

/// The processor's clock, where it is known how to read it.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn ticks() -> u64 {
    0
}

/// Whether it can be relied on.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn ticks_are_steady() -> bool {
    false
}

pub use open::Tokens;
pub use trie::{Slot, SlotId, SlotTrie};

/// How many levels of arrays and objects a text may nest.
pub const DEPTH_MAX: usize = 1024;

/// How many bytes a text may have: positions are 32 bits wide, and half of that leaves room for arithmetic.
pub const TEXT_BYTES_MAX: usize = (1 << 31) - 1;

//! The reader of JSON texts: from bytes to validated tokens.
//!
//! Flows in: bytes. Flows out: positions of tokens, or where and why the bytes are no JSON text. It must never know of
//! states, open files, or recurse on the native stack.

pub(crate) mod strict;

/// How many levels of arrays and objects a text may nest.
pub const DEPTH_MAX: usize = 1024;

/// How many bytes a text may have: positions are 32 bits wide, and half of that leaves room for arithmetic.
pub const TEXT_BYTES_MAX: usize = (1 << 31) - 1;

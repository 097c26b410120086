//! Cases of the compiler.

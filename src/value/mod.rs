//! JSON values.
pub mod tree;

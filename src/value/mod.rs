//! JSON values.
pub mod scan;
pub mod tree;

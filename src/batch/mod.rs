//! Many executions: files in, results out.
pub mod drive;

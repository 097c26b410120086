//! expressway: a high-throughput batch executor for AWS Step Functions Express-style workloads.
#![deny(unsafe_code)]
pub mod compile;
pub mod definition;
pub mod program;
pub mod value;
pub mod vm;

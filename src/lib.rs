//! expressway: a high-throughput batch executor for AWS Step Functions Express-style workloads.
#![deny(unsafe_code)]
pub mod definition;
pub mod value;

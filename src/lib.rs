//! expressway: a high-throughput batch executor for AWS Step Functions Express-style workloads.
#![deny(unsafe_code)]

pub mod batch;
mod cli;
pub mod compile;
pub mod definition;
pub mod handler;
pub mod program;
mod runner;
pub mod value;
pub mod view;
pub mod vm;

pub use runner::Runner;

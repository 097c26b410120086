//! The second interpreter and the machines that it is given, as one module for whoever compares: nothing in it knows the
//! engine, and a test of the tree holds it to that.

#![allow(dead_code)]

mod children;
mod choice;
mod evaluate;
pub mod generate;
pub mod history;
pub mod interpreter;
mod intrinsic;
pub mod json;
pub mod mocks;
mod path;
mod task;
mod time;

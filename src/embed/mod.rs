//! The library's front: compiling from text, single executions, results as streams.
//!
//! Everything here is also at the top of the crate. It must never interpret the States Language: what it does is to put
//! the other parts together as most programs want them.
//!
//! | wanted | take |
//! | --- | --- |
//! | a program from a text or file | [`Program::compile`](crate::Program::compile), [`Compiler`] |
//! | functions behind its tasks | [`Handlers`](crate::Handlers): `lambda` (views, nothing copied), `typed` (serde), `waiting` (futures) |
//! | one execution, with its history if wanted | [`Executor::run`], [`Executor::run_with_history`] |
//! | many on one thread, in one's own loop | [`Executor::session`] |
//! | many on all cores: files, readers, iterators | [`Executor::batch`], whose results go to a [`Sink`](crate::Sink) or to [`each`](crate::Batch::each) |
//! | the same as an iterator | [`Executor::stream`] |
//! | columns of Apache Arrow in and out | `arrow::run_batch` (feature `arrow`) |
//! | the whole command | [`Runner`](crate::Runner) |
//! | a driver of one's own | [`vm::Execution`](crate::vm::Execution): it asks, one answers |
//!
//! | file | holds |
//! | --- | --- |
//! | `compiler.rs` | text to program |
//! | `place.rs` | what paths stand for, for the command too |
//! | `executor.rs` | single executions |
//! | `ended.rs` | what they come to |
//! | `stream.rs` | many, by closure and iterator |
//! | `arrow/` | many, by column |

#[cfg(feature = "arrow")]
pub mod arrow;
mod compiler;
mod ended;
mod executor;
pub(crate) mod place;
mod stream;

pub use compiler::{CompileFailure, Compiler};
pub use ended::{Ended, NotAStatus, ReadError, ResultLine, Status};
pub use executor::{Executor, InputError, Ran, Session};
pub use stream::Stream;

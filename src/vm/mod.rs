//! One execution as a resumable machine: a program, an input, a clock reading and a seed in, an outcome or a request out.
//!
//! An [`Execution`] runs until it has an [`Outcome`] or needs something that only the world can give; then it returns a
//! [`Request`] and stands still. Whoever drives it answers and lets it run on:
//!
//! | it returns | the driver |
//! | --- | --- |
//! | [`Step::Done`] | takes the outcome; the execution is over |
//! | [`Request::Task`] | asks a handler, then [`Execution::answer`] |
//! | [`Request::WaitUntil`] | lets the (virtual or real) time pass, then [`Execution::wake`] |
//! | [`Request::Children`] | runs every child as an execution of its own, then [`Execution::join`] |
//! | [`Request::Room`] | parks it and resumes it over fresh memory; or just runs it on |
//!
//! Any execution that stands still can be [`park`](Execution::park)ed: owned, sendable, to be resumed elsewhere.
//!
//! It must never do I/O, sleep, spawn, lock, ask for the time, or draw from the operating system's randomness: the same
//! program, input, clock and seed always give the same outcome. Wherever a definition runs for ever or a value grows
//! without end, a limit ([`Limits`]) ends it.
//!
//! | file | holds |
//! | --- | --- |
//! | `start.rs`, `machine.rs` | what an execution starts with; the execution and its loop |
//! | [`request`], [`outcome`] | what goes out and what comes back |
//! | `data_flow.rs` | paths, templates, ResultPath, sizes |
//! | `choice.rs` | comparisons |
//! | `clock.rs`, `history.rs` | the clock; counting events |
//! | [`context`] | the context object |
//! | [`choices`] | choices where AWS's answer is not recorded |
//! | `rescue.rs` | Retry and Catch |
//! | `room.rs` | how much an execution may make and hold, and when it wants fresh memory |
//! | `task.rs` | Task: the call, its completion, handlers written in ASL |
//! | [`fan_out`] | Map and Parallel: children, virtual schedule, join |
//! | `batcher.rs` | ItemBatcher |
//! | [`join`] | what children come to, put together |
//! | [`park`] | executions that stand still, owned |
//! | [`event`] | history events as values |
//! | [`budget`] | limits |
//! | [`seed`] | what stands in for randomness |
//! | [`shortcut`] | executions that only their input decides, told without being run |
//! | [`tally`] | counts |
//! | [`watch`] | what an execution decides, noted |
//! | [`intrinsic`] | the 18 intrinsic functions |
//! | [`jsonata`] | JSONata |
//! | `expression.rs` | JSONata in the fields of states |

mod batcher;
pub mod budget;
mod choice;
pub mod choices;
mod clock;
pub mod context;
mod data_flow;
pub mod event;
mod expression;
pub mod fan_out;
mod history;
pub mod intrinsic;
pub mod join;
pub mod jsonata;
mod machine;
pub mod outcome;
pub mod park;
pub mod request;
mod rescue;
mod room;
pub mod seed;
pub mod shortcut;
mod start;
pub mod tally;
mod task;
pub mod watch;

pub use budget::Limits;
pub use context::Names;
pub use event::{Event, EventKind};
pub use fan_out::{Children, Next};
pub use join::{Finished, Join};
pub use machine::{Execution, Step};
pub use outcome::{Failure, LimitHit, Outcome};
pub use park::Parked;

pub use request::{Answered, CallerId, Reply, Request, TaskRequest};
pub(crate) use request::{Around, Asker};
pub use seed::Seed;
pub(crate) use seed::Stream;
pub use start::{Input, Settings, Start};
pub use tally::{Tally, Troubles};
pub use watch::{Note, NoteKind};

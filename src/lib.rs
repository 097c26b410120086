//! expressway runs AWS Step Functions state machines over files of events: millions of short executions of one machine,
//! each an Express-style workflow, as fast as the machine it runs on can read the file.
//!
//! A definition in the Amazon States Language is compiled once to a flat program; a pool of threads then runs executions
//! of it over the lines of event files. Lambda functions are Rust functions, small state machines, or mocks, called
//! inline; or the Python and Node.js code itself, in processes of its own. Time is virtual: a Wait of a day costs nothing. The same program, events and seed give the same bytes on any
//! number of threads.
//!
//! [`guide`] has pages for those who use it; this page is the map of the code.
//!
//! # What an event goes through
//!
//! ```text
//!  machine.asl.json | .yaml | SAM template          events.jsonl[.gz|.zst] …
//!         │ definition: parse, diagnose                      │ batch: line-aligned chunks
//!         ▼                                                  ▼
//!    Definition ──compile──▶ Program ───────────────▶ value::scan: index, validating walk, slots
//!                 (bytecode, paths, tables)                  ▼
//!                                               vm: one execution, no I/O ◀──requests──▶ handler (Rust fn, ASL, mock, Lambda code)
//!                                                            ▼
//!                                          batch: order, sinks, dead letters, report
//! ```
//!
//! # The map
//!
//! Each folder's own docs go further. Imports follow the last column, and a test holds them to it.
//!
//! | folder | holds | must never | may use |
//! | --- | --- | --- | --- |
//! | [`value`] | JSON values over borrowed text and an arena; scanner, paths, numbers, writer | know of states | – |
//! | [`definition`] | ASL text (JSON, YAML, SAM/CloudFormation) to a typed definition with positions; diagnostics | know bytecode | value |
//! | [`program`] | the instruction set (declared once), pools, verifier, listing | see `definition` | value |
//! | [`compile`] | definition to program; which paths each state reads; inlining of ASL handlers | run anything | definition, program, value |
//! | [`vm`] | one execution as a resumable machine | do I/O, sleep, spawn, lock, ask the time | program, value |
//! | [`handler`] | what stands behind a Task: functions, mocks, Lambda code in processes, the panic fence | know of batches | vm, program, value |
//! | [`batch`] | many executions: sources, pool, order, sinks, dead letters, report | interpret ASL | handler, vm, program, value |
//! | [`view`] | histories and reports for people and programs | read files | definition, program, vm, batch, value |
//! | [`suite`] | test suites of definitions: cases, verdicts | read files, print | definition, compile, program, vm, handler, batch, view, value |
//! | [`import`] | executions that have been: logs and histories to events, outcomes, expected results | read files, run anything | batch, value |
//! | `bench` | a machine and its events, to be measured | measure | definition, compile, program, vm, handler, batch, value |
//! | [`embed`] | the library's front: compiling from text, single executions, streams of results | interpret ASL | definition, compile, program, vm, handler, batch, view, value |
//! | [`guide`] | pages for readers | hold code | – |
//! | `cli` | arguments and wording | hold logic | definition, compile, program, vm, handler, batch, view, suite, import, bench, embed, value |
//! | `runner` | the command around one's own functions | hold logic | cli, handler, value |
//! | `python` | the Python package: a crate of its own around this one | hold logic | – |
//!
//! # Where do I change …
//!
//! * what a state does → `compile/` says which instructions it becomes, `vm/` what they do; a new instruction is one entry
//!   in [`program::op`] and one arm in `vm/machine.rs`;
//! * what AWS refuses at creation → `definition/`, whose rules carry their message and location;
//! * what is done where AWS's answer is not recorded → the table in [`vm::choices`] says where;
//! * how an error text reads → [`program::blame`] and `vm/data_flow.rs`;
//! * how events are read → [`value::scan`];
//! * what users have built on → `tests/surface.rs` says how what is kept of it is renewed;
//! * what the command prints → `cli/` and [`view`]; where options come from besides the command line → `cli/settings`.
//!
//! # In your own program
//!
//! ```
//! use expressway::{Executor, Handlers, Program, Source, Status};
//!
//! let program = Program::compile(r#"{"StartAt": "Greet", "States": {"Greet": {
//!     "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:greet", "End": true}}}"#)?;
//! let handlers = Handlers::new().lambda("greet", |event, call| {
//!     let who = event.get("who").and_then(|w| w.as_str()).unwrap_or("nobody");
//!     Ok(call.text(&format!("Hello, {who}!")))
//! });
//! let executor = Executor::new(program, &handlers)?;
//!
//! // One execution:
//! let ended = executor.run(r#"{"who": "Ada"}"#)?;
//! assert_eq!((ended.status, ended.output.as_deref()), (Status::Succeeded, Some(r#""Hello, Ada!""#)));
//!
//! // Many, on all cores, results in order:
//! let events = ["{\"who\": \"Ben\"}", "{}"];
//! let mut outputs = Vec::new();
//! let summary = executor.batch().each(vec![Source::texts("events", events)], |result| {
//!     outputs.push(result.output().unwrap_or_default().to_owned());
//! })?;
//! assert_eq!((summary.succeeded, outputs.join(" ")), (2, r#""Hello, Ben!" "Hello, nobody!""#.to_owned()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`embed`] says what else there is: typed and waiting functions, histories, streams, Arrow. [`Runner`] is the whole
//! command around one's own functions. A driver of one's own takes an [`vm::Execution`] and answers its requests.
//!
//! # What is held to
//!
//! Other programs may build on what stands at the top of the crate and on the modules and items of this list; of a
//! module its own items, not those of the modules in it. What goes away there, or changes, does so with a version that
//! says so (below 1.0 the minor number), and a test holds the list to that: `tests/surface.rs`. All other modules are
//! public for drivers, tools and tests of one's own, and may change with any version.
//!
//! * to run: `embed`, `embed::arrow`, `arrow`, `batch`
//! * functions: `handler`, `handler::function`, `handler::lambda`, `handler::mock`, `handler::recorded`, `handler::waiting`, `handler::written`
//! * what an execution is given and comes to: `value::Value`, `value::Kind`, `value::Arena`, `vm::Settings`, `vm::Limits`,
//!   `vm::Names`, `vm::Seed`, `vm::Outcome`, `vm::Failure`, `vm::LimitHit`, `vm::Event`, `vm::EventKind`
//! * of definitions: `definition::MachineType`, `definition::Diagnostic`, `definition::Severity`, `definition::Position`
//!
//! # What holds everywhere
//!
//! * No `unsafe` but in `value/scan/x86.rs`, behind one safe function.
//! * Nothing of an event is copied unless its text has to change; numbers keep the digits they came with.
//! * Every loop, queue and buffer has a limit with a name, and what strikes it says so.
//! * No clock, no randomness and no order of a hash map reaches an output by itself.

#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod batch;
pub mod bench;
mod cli;
pub mod compile;
pub mod definition;
pub mod embed;
pub mod guide;
pub mod handler;
pub mod import;
pub mod program;
mod runner;
pub mod suite;
pub mod value;
pub mod view;
pub mod vm;

pub use batch::{Batch, Sink, Source};
#[cfg(feature = "arrow")]
pub use embed::arrow;
pub use embed::{Compiler, Ended, Executor, ResultLine, Session, Status};
pub use handler::Handlers;
pub use handler::function::FunctionError;
pub use program::Program;
pub use runner::Runner;

/// The README's examples, so that they are held to compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

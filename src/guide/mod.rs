//! Pages for people who use expressway, each about one job.
//!
//! | page | is about |
//! | --- | --- |
//! | [`handlers`] | functions behind tasks: written as state machines, in Rust, as they run on Lambda, as mocks |
//! | [`replaying`] | running an archive of events, and finding out what it came to |
//! | [`recovery`] | runs that survive crashes and full disks |
//! | [`comparing`] | what a new definition would have done; coverage and test suites |
//! | [`benchmarking`] | how fast a machine is, and whether that has changed |
//! | [`command`] | settings, exit codes, terminals, shells |
//! | [`differences`] | limits, what is not here, and where AWS's answer is not known |
//!
//! Examples in Rust are compiled and run as tests of the documentation; shell examples are run by `tests/guide.rs`, in a
//! folder with a copy of `corpora/`, and what they print is compared with what the page shows. There `…` stands for
//! anything. It must never hold code.

#[doc = include_str!("handlers.md")]
pub mod handlers {}

#[doc = include_str!("replaying.md")]
pub mod replaying {}

#[doc = include_str!("recovery.md")]
pub mod recovery {}

#[doc = include_str!("comparing.md")]
pub mod comparing {}

#[doc = include_str!("benchmarking.md")]
pub mod benchmarking {}

#[doc = include_str!("command.md")]
pub mod command {}

#[doc = include_str!("differences.md")]
pub mod differences {}

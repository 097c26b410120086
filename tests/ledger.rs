//! Runs that are kept in a ledger: whatever happens to them, they can be gone on with, and what they write is the same.
//!
//! | module | holds |
//! | --- | --- |
//! | `disk`, `world` | a disk that fails and forgets; runs on it |
//! | `calls` | every call fails once, in every way |
//! | `refused` | ledgers that must not be gone on with |
//! | `once` | events that must not be run twice |
//! | `killed` | the command, killed at any moment |
//! | `stopped` | the command on full disks, behind closed pipes, and told to end |

#[path = "batch/bench.rs"]
#[allow(dead_code)]
mod bench;
#[path = "ledger/calls.rs"]
mod calls;
#[path = "ledger/disk.rs"]
mod disk;
#[cfg(unix)]
#[path = "ledger/killed.rs"]
mod killed;
#[path = "ledger/once.rs"]
mod once;
#[path = "ledger/refused.rs"]
mod refused;
#[cfg(target_os = "linux")]
#[path = "ledger/stopped.rs"]
mod stopped;
#[path = "ledger/world.rs"]
mod world;

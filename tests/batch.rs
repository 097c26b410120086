//! Batches: the same bytes whatever the threads, the chunks and the compression; bad lines, bad files and bad sinks.
//!
//! | module | holds |
//! | --- | --- |
//! | `bench` | the machine that all run, and a run with its three outputs as text |
//! | `same` | one input, many ways to run it |
//! | `lines` | what becomes of a line, as tables |
//! | `faults` | sources and sinks that fail |
//! | `damaged` | lines that are no events, compressed files that are damaged |
//! | `share` | Maps whose items run on several threads |
//! | `window` | events that take long |

#[path = "batch/bench.rs"]
mod bench;
#[path = "batch/damaged.rs"]
mod damaged;
#[path = "batch/faults.rs"]
mod faults;
#[path = "batch/lines.rs"]
mod lines;
#[path = "batch/same.rs"]
mod same;
#[path = "batch/share.rs"]
mod share;
#[path = "batch/window.rs"]
mod window;

//! Test suites of a definition: cases with an input and what is to come of it, for CI.
//!
//! Flows in: the text of a suite, and the machine that it tests. Flows out: a [`Verdict`] for each case. It must never
//! read files or print: whoever has the texts gives them, so that a suite can be run from a Rust test as well.
//!
//! ```yaml
//! machine: machine.asl.json        # beside the suite, as the other files
//! handlers: handlers               # functions written as small state machines
//! mocks: MockConfigFile.json       # outcomes of tasks, for cases that name one of its test cases
//! machine_name: Orders             # in mocks and in the context object
//! type: express                    # or standard
//! cases:
//!   - name: a cold day
//!     input: {"Weather": "FREEZING"}
//!     now: 2024-01-31T12:00:00Z    # where the clock starts
//!     seed: 7                      # where random numbers come from
//!     mock: HappyPath              # a test case of the mock file
//!     outcomes:                    # or outcomes of tasks by state, in the order of the invocations
//!       Charge:
//!         - Throw: {Error: Busy, Cause: try again}
//!         - Return: {"paid": true}
//!     expect:
//!       status: SUCCEEDED
//!       output: {"Weather": "FREEZING", "Message": "You should wear a heavy coat today."}
//!       output_contains: {"Message": "You should wear a heavy coat today."}
//!       ignore: [$.at, $..id]      # places in the output that do not count
//!       error: Order.Malformed
//!       cause: no items            # the whole cause
//!       cause_contains: items
//!       path: [Which coat?, Heavy] # the states entered, in order
//!       calls:
//!         charge: 2                # how often a function was called
//!         reserve: {count: 1, payload: {"sku": "a"}}
//! ```
//!
//! | file | holds |
//! | --- | --- |
//! | `read.rs` | a suite's text → [`Suite`] |
//! | `judge.rs` | a case run, and what it came to held against what it should |
//! | [`report`] | verdicts for people, and as JUnit's XML |

mod judge;
mod read;
pub mod report;

pub use judge::{Subject, Verdict};
pub use read::SuiteError;

use crate::value::difference::Ignored;
use crate::value::tree::Node;

/// A suite.
#[derive(Debug, Clone, Default)]
pub struct Suite {
    /// The machine's file, if the suite names it.
    pub machine: Option<String>,
    /// The folder of handlers, if the suite names it.
    pub handlers: Option<String>,
    /// The mock file, if the suite names one.
    pub mocks: Option<String>,
    /// The machine's name.
    pub machine_name: Option<String>,
    /// Whether it is an Express workflow, if the suite says so.
    pub express: Option<bool>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// A case.
#[derive(Debug, Clone, Default)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The input, as JSON.
    pub input: String,
    /// Where the clock starts, in milliseconds since 1970.
    pub now_ms: i64,
    /// Where random numbers come from.
    pub seed: u64,
    /// The mock file's test case that answers tasks.
    pub mock: Option<String>,
    /// Outcomes of tasks by state, as a mock file of its own.
    pub outcomes: Option<String>,
    /// What is to come of it.
    pub expect: Expect,
}

/// What is to come of a case; what is not said is not looked at.
#[derive(Debug, Clone, Default)]
pub struct Expect {
    /// The status.
    pub status: Option<String>,
    /// The output.
    pub output: Option<Node>,
    /// What the output has among others.
    pub output_contains: Option<Node>,
    /// Places in the output that do not count.
    pub ignore: Vec<Ignored>,
    /// The error's name.
    pub error: Option<String>,
    /// The whole cause.
    pub cause: Option<String>,
    /// What the cause has in it.
    pub cause_contains: Option<String>,
    /// The states entered, in order.
    pub path: Option<Vec<String>>,
    /// Calls.
    pub calls: Vec<ExpectedCall>,
    /// Whether only this counts: that no task lacked an outcome, and nothing failed that no machine can catch.
    pub sound: bool,
}

/// A call that is to be made.
#[derive(Debug, Clone)]
pub struct ExpectedCall {
    /// The function, or `service:action`.
    pub name: String,
    /// How often.
    pub count: Option<usize>,
    /// What the payload of one of the calls has among others.
    pub payload: Option<Node>,
}

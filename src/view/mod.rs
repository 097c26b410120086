//! Histories and reports for people and for other programs.
//!
//! | file | holds |
//! | --- | --- |
//! | [`json`] | writing JSON objects member by member |
//! | [`details`] | the details of an event: names and values |
//! | [`history`] | GetExecutionHistory's form, and a table |
//! | [`coverage`] | what a run has reached: table, JSON, lcov, a page |
//! | [`visit`], [`explain`] | an execution state by state: what went in and came out, what was decided |
//! | [`difference`] | what differs: documents, machines |
//! | [`bench`](mod@bench) | measurements |
//! | [`logs`] | the CloudWatch Logs form |
//! | [`graph`] | a machine as a drawing |
//! | [`paint`] | colours of texts |
//! | [`report`] | a run as a page |
//!
//! It must never read files, and never change what it shows.

pub mod bench;
pub mod coverage;
pub mod details;
pub mod difference;
pub mod explain;
pub mod graph;
pub mod history;
pub mod json;
pub mod logs;
pub mod paint;
pub mod report;
pub mod visit;

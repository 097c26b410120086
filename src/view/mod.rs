//! Histories and reports for people and for other programs.
//!
//! | file | holds |
//! | --- | --- |
//! | [`json`] | writing JSON objects member by member |
//! | [`details`] | the details of an event: names and values |
//! | [`history`] | GetExecutionHistory's form, and a table |
//! | [`logs`] | the CloudWatch Logs form |
//! | [`graph`] | a machine as a drawing |
//! | [`report`] | a run as a page |
//!
//! It must never read files, and never change what it shows.

pub mod details;
pub mod graph;
pub mod history;
pub mod json;
pub mod logs;
pub mod report;

//! What ends an execution that would not end by itself.

/// The limits of one execution. Each is named, with its number, where it strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a document between states and of a task's result, in compact form; `u64::MAX` lifts it.
    pub state_bytes: u64,
    /// States entered, retries included, in the execution with all its children.
    pub steps: u64,
    /// Events of the history; the last one says that the limit was reached.
    pub events: u32,
    /// Milliseconds of the execution's own clock.
    pub virtual_ms: Option<i64>,
    /// Levels of nesting that built values may reach.
    pub depth: u32,
    /// Nodes that one evaluation of a path may visit.
    pub path_nodes: u32,
    /// Bytes of values that a visit of a state may make, and that the children of a Map or Parallel may come to in all;
    /// `u64::MAX` lifts it. Counted, not measured, so that it strikes at the same place wherever an execution runs.
    pub execution_bytes: u64,
    /// How full its memory may become before an execution asks for fresh memory ([`Request::Room`](super::Request)).
    /// No limit: nothing that an execution comes to depends on it.
    pub crowded_bytes: usize,
}

impl Limits {
    /// AWS's limits for Standard workflows, where AWS has one, and our own for what would otherwise run for ever.
    pub const STANDARD: Limits = Limits {
        state_bytes: 262_144,
        steps: 1_000_000,
        events: 25_000,
        virtual_ms: None,
        depth: 1_024,
        path_nodes: 1_000_000,
        execution_bytes: 256 << 20,
        crowded_bytes: 8 << 20,
    };

    /// AWS's limits for Express workflows: five minutes, and no limit on events.
    pub const EXPRESS: Limits = Limits { events: u32::MAX, virtual_ms: Some(300_000), ..Limits::STANDARD };

    /// The most bytes of a document between states, whichever limit says so.
    pub(super) fn between_states(&self) -> u64 {
        self.state_bytes.min(self.execution_bytes)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits::STANDARD
    }
}

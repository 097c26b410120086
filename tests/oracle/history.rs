//! What the second interpreter writes down of a scope: its events, in the words of GetExecutionHistory.
//!
//! An event's id is its place in the list, from 1, within its own scope until the scope is put into its parent's. What no
//! reference tells is [`Told::Any`]: there must be something, whatever it is.

/// One event.
#[derive(Clone, Debug)]
pub struct Event {
    /// previousEventId: 0 for none, in a child for what started it.
    pub previous: usize,
    pub time_ms: i64,
    pub kind: String,
    pub details: Details,
}

pub type Details = Vec<(&'static str, Told)>;

/// The value of a detail.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Is(String),
    Any,
}

/// A detail whose value is known.
pub fn is(name: &'static str, value: impl Into<String>) -> (&'static str, Told) {
    (name, Told::Is(value.into()))
}

/// The events of a scope so far.
#[derive(Debug, Default)]
pub struct History {
    pub events: Vec<Event>,
    /// The event that the next one points at.
    pub chain: usize,
}

impl History {
    /// An event that the next one points at.
    pub fn event(&mut self, time_ms: i64, kind: impl Into<String>, details: Details) {
        self.side(self.chain, time_ms, kind, details);
        self.chain = self.events.len();
    }

    /// An event that the next one does not point at.
    pub fn side(&mut self, previous: usize, time_ms: i64, kind: impl Into<String>, details: Details) {
        self.events.push(Event { previous, time_ms, kind: kind.into(), details });
    }
}

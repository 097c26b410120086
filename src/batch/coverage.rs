//! Coverage: which parts of a machine the executions of a run have come by, and how often.
//!
//! Flows in: an instrumented program and the counts of a run. Flows out: one [`Part`] for each state, transition, Choice
//! rule, retrier, catcher and branch, as the definition has them: what was compiled twice (a handler that two states call)
//! is one part. The order is that of the definition, so that reports of one machine can be compared line by line. It must
//! never leave out what was never reached: that is what people look for.

use super::report::quoted;
use crate::program::Program;
use crate::program::point::PointKind;
use crate::vm::Tally;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What a run has reached of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Coverage {
    /// All parts: the machine's own first, then those of each handler; by line, a state before its parts.
    pub parts: Vec<Part>,
}

/// A part of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// The name of the state that it is, or belongs to.
    pub state: Box<str>,
    /// Where that state is: `/States/M/ItemProcessor/States/P`.
    pub location: Box<str>,
    /// The handler written in ASL that it belongs to, if it is not the machine's own.
    pub handler: Option<Box<str>>,
    /// Its line in the definition's text, counted from 1.
    pub line_number: u32,
    /// How often it was reached.
    pub count: u64,
}

/// The kinds of part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PartKind {
    /// A state: how often it was entered.
    State,
    /// The Choice rule of that index: how often it decided.
    Rule(u32),
    /// Default: how often no rule did.
    Default,
    /// The retrier of that index: how often it let the state be tried again.
    Retrier(u32),
    /// The catcher of that index: how often it took an error.
    Catcher(u32),
    /// The branch of a Parallel.
    Branch(u32),
    /// The processor of a Map: how many items.
    Item,
    /// The way from a state to another, or to the end of its scope.
    Transition(Option<Box<str>>),
}

impl PartKind {
    /// The kinds' names in reports, in the order of [`PartKind::group`].
    pub const GROUPS: [&'static str; 6] = ["states", "transitions", "rules", "retriers", "catchers", "branches"];

    /// Which of the groups it belongs to.
    pub fn group(&self) -> usize {
        match self {
            PartKind::State => 0,
            PartKind::Transition(_) => 1,
            PartKind::Rule(_) | PartKind::Default => 2,
            PartKind::Retrier(_) => 3,
            PartKind::Catcher(_) => 4,
            PartKind::Branch(_) | PartKind::Item => 5,
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = &self.state;
        match &self.kind {
            PartKind::State => write!(f, "state '{state}'"),
            PartKind::Rule(n) => write!(f, "Choices[{n}] of '{state}'"),
            PartKind::Default => write!(f, "Default of '{state}'"),
            PartKind::Retrier(n) => write!(f, "Retry[{n}] of '{state}'"),
            PartKind::Catcher(n) => write!(f, "Catch[{n}] of '{state}'"),
            PartKind::Branch(n) => write!(f, "Branches[{n}] of '{state}'"),
            PartKind::Item => write!(f, "items of '{state}'"),
            PartKind::Transition(Some(to)) => write!(f, "transition '{state}' → '{to}'"),
            PartKind::Transition(None) => write!(f, "end at '{state}'"),
        }
    }
}

impl Coverage {
    /// What the counts say; nothing for a program that does not count.
    pub(super) fn of(program: &Program, tally: &Tally) -> Option<Coverage> {
        if !program.instrument().covers() {
            return None;
        }
        let mut parts: BTreeMap<_, Part> = BTreeMap::new();
        let mut add = |state: usize, kind: PartKind, line_number: u32, count: u64| {
            let state = &program.states()[state];
            let handler = state.within.map(|handler| program.handler(handler).name.clone());
            let key = (handler.clone(), state.line_number, state.location.clone(), kind.clone());
            let part = parts.entry(key).or_insert_with(|| Part {
                kind,
                state: state.name.clone(),
                location: state.location.clone(),
                handler,
                line_number,
                count: 0,
            });
            part.count += count;
        };
        for (n, count) in tally.entered().enumerate() {
            add(n, PartKind::State, program.states()[n].line_number, count);
        }
        for (point, count) in program.points().iter().zip(tally.points()) {
            let kind = match &point.kind {
                PointKind::Rule(n) => PartKind::Rule(*n),
                PointKind::Default => PartKind::Default,
                PointKind::Retrier(n) => PartKind::Retrier(*n),
                PointKind::Catcher(n) => PartKind::Catcher(*n),
                PointKind::Branch(n) => PartKind::Branch(*n),
                PointKind::Item => PartKind::Item,
                PointKind::Transition(to) => PartKind::Transition(to.clone()),
                PointKind::Entered | PointKind::Tried(_) => continue,
            };
            add(point.state.index(), kind, point.line_number, count);
        }
        Some(Coverage { parts: parts.into_values().collect() })
    }

    /// How many parts were reached, and how many there are.
    pub fn reached(&self) -> (usize, usize) {
        (self.parts.iter().filter(|part| part.count > 0).count(), self.parts.len())
    }

    /// How many parts of a group were reached, and how many there are.
    pub fn reached_of(&self, group: usize) -> (usize, usize) {
        let of = || self.parts.iter().filter(|part| part.kind.group() == group);
        (of().filter(|part| part.count > 0).count(), of().count())
    }

    /// Parts reached, of a hundred; 100 for a machine without parts.
    pub fn percent(&self) -> f64 {
        match self.reached() {
            (_, 0) => 100.0,
            (reached, all) => reached as f64 * 100.0 / all as f64,
        }
    }

    /// The parts that were never reached.
    pub fn missed(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.count == 0)
    }

    /// The members that a summary gets: `coverage`, then a list for each group but the states, each entry with its
    /// state, line and count.
    pub(super) fn write_members(&self, out: &mut String) {
        let (reached, all) = self.reached();
        // Writing to a string cannot fail; so in all of this.
        let _ =
            write!(out, ",\"coverage\":{{\"reached\":{reached},\"parts\":{all},\"percent\":{:.2}}}", self.percent());
        for (group, name) in PartKind::GROUPS.iter().enumerate().skip(1) {
            let _ = write!(out, ",\"{name}\":");
            self.write_group(group, out);
        }
    }

    /// A group's parts as a JSON array.
    pub fn write_group(&self, group: usize, out: &mut String) {
        out.push('[');
        for (n, part) in self.parts.iter().filter(|part| part.kind.group() == group).enumerate() {
            out.push_str(if n > 0 { ",{" } else { "{" });
            let state = quoted(&part.state);
            let _ = match &part.kind {
                PartKind::State => write!(out, "\"name\":{state}"),
                PartKind::Transition(None) => write!(out, "\"from\":{state},\"to\":null"),
                PartKind::Transition(Some(to)) => write!(out, "\"from\":{state},\"to\":{}", quoted(to)),
                PartKind::Rule(n) => write!(out, "\"state\":{state},\"rule\":{n}"),
                PartKind::Default => write!(out, "\"state\":{state},\"rule\":\"Default\""),
                PartKind::Retrier(n) => write!(out, "\"state\":{state},\"retrier\":{n}"),
                PartKind::Catcher(n) => write!(out, "\"state\":{state},\"catcher\":{n}"),
                PartKind::Branch(n) => write!(out, "\"state\":{state},\"branch\":{n}"),
                PartKind::Item => write!(out, "\"state\":{state},\"branch\":\"items\""),
            };
            if let Some(handler) = &part.handler {
                let _ = write!(out, ",\"handler\":{}", quoted(handler));
            }
            let _ = write!(out, ",\"line\":{},\"count\":{}}}", part.line_number, part.count);
        }
        out.push(']');
    }
}

//! The places that an instrumented program counts: what coverage speaks of.
//!
//! A plain program has none, and pays nothing for them. Of one place there is one entry for each state id that it was
//! compiled under: a handler that is called from two states may be there twice. It must never know who counts.

use super::{Program, StateId};

/// What a program counts or notes besides running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Instrument {
    /// Nothing.
    #[default]
    Plain,
    /// The states of the machine itself as they are entered, in their order: the way that an execution takes.
    Trail,
    /// Transitions, Choice rules, retriers, catchers, branches.
    Coverage,
    /// All of these, and for executions whose history is kept what each Choice rule saw.
    Watch,
}

impl Instrument {
    /// Whether it counts all that coverage speaks of.
    pub fn covers(self) -> bool {
        matches!(self, Instrument::Coverage | Instrument::Watch)
    }
}

/// A place in a program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Point {
    /// What it is.
    pub kind: PointKind,
    /// The state that it belongs to.
    pub state: StateId,
    /// The line of the definition's text on which it begins, counted from 1.
    pub line_number: u32,
    /// For a state that is entered what stands for its name in a [`Trail`]; else 0.
    pub step: u64,
}

/// A way through a machine as one number: which states were entered, and in which order.
///
/// Ways can be put behind one another without knowing their states, so that children that ran elsewhere count as if they
/// had run in their turn. Two different ways have the same number by chance alone, once in 10¹⁸.
///
/// ```
/// use expressway::program::point::Trail;
/// let way = |names: &[&str]| names.iter().fold(Trail::default(), |way, name| way.then(Trail::of(name)));
/// assert_eq!(way(&["A"]).then(way(&["B", "C"])), way(&["A", "B", "C"]));
/// assert_ne!(way(&["A", "B"]), way(&["B", "A"]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trail {
    sum: u64,
    scale: u64,
}

/// A prime, so that sums keep all they know.
const MODULUS: u64 = (1 << 61) - 1;
/// What a state's place in the order is worth.
const BASE: u64 = 0x0f3c_5a1b_97d2_4e65;

impl Trail {
    /// The way into one state.
    pub fn of(name: &str) -> Trail {
        Trail::step(step(name))
    }

    /// The way into the state that a point's `step` stands for.
    pub fn step(step: u64) -> Trail {
        Trail { sum: step, scale: BASE }
    }

    /// This way, then another.
    #[must_use]
    pub fn then(self, next: Trail) -> Trail {
        let product = |a: u64, b: u64| (u128::from(a) * u128::from(b) % u128::from(MODULUS)) as u64;
        let sum = (product(self.sum, next.scale) + next.sum) % MODULUS;
        Trail { sum, scale: product(self.scale, next.scale) }
    }
}

/// No state at all.
impl Default for Trail {
    fn default() -> Trail {
        Trail { sum: 0, scale: 1 }
    }
}

/// What stands for a state's name: never 0.
pub fn step(name: &str) -> u64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        let mixed = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        mixed ^ mixed >> 29
    });
    hash % (MODULUS - 1) + 1
}

/// What a place is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PointKind {
    /// The state is entered.
    Entered,
    /// The state is left for another, or for the end of its scope.
    Transition(Option<Box<str>>),
    /// The Choice rule of that index is tried.
    Tried(u32),
    /// The Choice rule of that index decides.
    Rule(u32),
    /// No rule decides, and Default does.
    Default,
    /// The retrier of that index lets the state be tried again.
    Retrier(u32),
    /// The catcher of that index takes an error.
    Catcher(u32),
    /// The branch of that index begins.
    Branch(u32),
    /// An item of a Map begins.
    Item,
}

impl Point {
    pub(super) fn show(&self, program: &Program) -> String {
        let what = match &self.kind {
            PointKind::Entered => "entered".to_owned(),
            PointKind::Transition(Some(to)) => format!("to '{to}'"),
            PointKind::Transition(None) => "to the end".to_owned(),
            PointKind::Tried(n) => format!("Choices[{n}] tried"),
            PointKind::Rule(n) => format!("Choices[{n}]"),
            PointKind::Default => "Default".to_owned(),
            PointKind::Retrier(n) => format!("Retry[{n}]"),
            PointKind::Catcher(n) => format!("Catch[{n}]"),
            PointKind::Branch(n) => format!("Branches[{n}]"),
            PointKind::Item => "item".to_owned(),
        };
        format!("'{}' {what}", program.state(self.state).name)
    }
}

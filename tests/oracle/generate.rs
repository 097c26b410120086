//! Machines and inputs from a seed: every one is accepted at creation, most run deep, some fail in every way there is.
//!
//! Flows in: a seed. Flows out: a [`Pair`]. What is made is held against the language's vocabulary by whoever runs the
//! pairs: a word that never comes up fails there.

#[path = "generate/states.rs"]
mod states;
#[path = "generate/words.rs"]
mod words;

use super::interpreter::Mocked;
use super::json::Json;
use std::collections::BTreeMap;

/// A machine, an input, and what its tasks come to.
pub struct Pair {
    pub definition: Json,
    pub input: Json,
    pub tasks: BTreeMap<String, Vec<Mocked>>,
    /// Functions that are machines themselves, by name.
    pub functions: BTreeMap<String, Json>,
}

/// Numbers from a seed (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.roll() % n as u64) as usize
    }

    /// Whether a thing happens that happens so many times in a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.roll() % 100 < percent
    }

    pub fn pick<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[self.below(choices.len())]
    }
}

struct Maker {
    dice: Dice,
    states: usize,
    /// Variables that have a value for sure, and those that may have one.
    variables: Vec<String>,
    maybe: Vec<String>,
    tasks: BTreeMap<String, Vec<Mocked>>,
    functions: BTreeMap<String, Json>,
    in_map: bool,
    /// Inside an EXPRESS child, where less is allowed.
    express: bool,
    /// Which scope is being made, and how many have been.
    scope_number: usize,
    scopes_made: usize,
    labels_made: usize,
}

impl Maker {
    fn new(seed: u64) -> Maker {
        Maker {
            dice: Dice(seed),
            states: 0,
            variables: Vec::new(),
            maybe: Vec::new(),
            tasks: BTreeMap::new(),
            functions: BTreeMap::new(),
            in_map: false,
            express: false,
            scope_number: 0,
            scopes_made: 0,
            labels_made: 0,
        }
    }
}

pub fn pair(seed: u64) -> Pair {
    let mut maker = Maker::new(seed);
    let mut definition = maker.scope(0);
    if maker.dice.chance(8) {
        let seconds = 1 + maker.dice.below(6) as i64;
        definition.set("TimeoutSeconds", Json::int(seconds));
    }
    for (field, value) in [("Comment", "a machine"), ("Version", "1.0"), ("QueryLanguage", "JSONPath")] {
        if maker.dice.chance(5) {
            definition.set(field, Json::text(value));
        }
    }
    let input = maker.document(0);
    Pair { definition, input, tasks: maker.tasks, functions: maker.functions }
}

/// A document alone.
pub fn document(seed: u64) -> Json {
    Maker::new(seed).document(0)
}

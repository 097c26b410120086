//! Texts, each kept once, under the number that the code has for it.
//!
//! Flows in: texts. Flows out: numbers, and at the end the table. Numbers follow the order in which texts are first met, so
//! that the same expression always has the same code.

use std::collections::HashMap;

/// A table of texts in the making.
#[derive(Default)]
pub(super) struct Interned {
    /// The texts, each at its number.
    pub entries: Vec<Box<str>>,
    ids: HashMap<Box<str>, u32>,
}

impl Interned {
    /// The number of a text, which it gets when it is first asked for.
    pub fn id(&mut self, text: &str) -> u32 {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = self.entries.len() as u32;
        self.entries.push(text.into());
        self.ids.insert(text.into(), id);
        id
    }
}

//! A path that selects nothing: what was missing, and AWS's texts for it.
//!
//! Flows in: where an evaluation stopped. Flows out: a text, made only when somebody asks for it. The texts are those of
//! the Java library that AWS uses, Java class names and all; of the class names no recorded answer exists.

use super::{BudgetExceeded, Path, Step};
use crate::value::{Kind, Value};

/// Where a path stopped, and why. Its `Display` is the text that AWS puts after `Invalid path '…' : `.
#[derive(Clone, Copy, Debug)]
pub struct PathMiss<'p> {
    /// The path.
    pub path: &'p Path,
    /// The step that could not be taken, counted from 0.
    pub at: usize,
    /// What was missing.
    pub miss: Miss<'p>,
}

/// What was missing.
#[derive(Clone, Copy, Debug)]
pub enum Miss<'p> {
    /// The last step's member.
    NoResults,
    /// An earlier step's member.
    MissingProperty,
    /// An object to take a member from.
    NotAnObject {
        /// What stood there; nothing if it was beyond an array's end.
        found: Option<Value<'p>>,
    },
    /// An array to take an element from.
    NotAnArray {
        /// What stood there.
        found: Value<'p>,
    },
    /// An array to take an element from, beyond another array's end.
    NullIndex,
    /// Nodes that the path may still visit.
    Budget(BudgetExceeded),
}

impl PathMiss<'_> {
    /// The step that could not be taken.
    pub fn step(&self) -> Option<&Step> {
        self.path.steps().get(self.at)
    }

    fn write_prefix(&self, f: &mut std::fmt::Formatter, steps: usize) -> std::fmt::Result {
        f.write_str("$")?;
        self.path.steps().iter().take(steps).try_for_each(|step| write!(f, "{step}"))
    }

    /// The failing step and, as the library prints it, all after it.
    fn write_rest(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        self.path.steps().iter().skip(self.at).try_for_each(|step| write!(f, "{step}"))
    }
}

impl std::fmt::Display for PathMiss<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self.miss {
            Miss::NoResults => write!(f, "No results for path: {}", self.path),
            Miss::MissingProperty => {
                f.write_str("Missing property in path ")?;
                self.write_prefix(f, self.at + 1)
            }
            Miss::NotAnObject { found } => {
                f.write_str("Expected to find an object with property ")?;
                if let Some(step) = self.step() {
                    write!(f, "{step}")?;
                }
                f.write_str(" in path ")?;
                self.write_prefix(f, self.at)?;
                write!(
                    f,
                    " but found '{}'. This is not a json object according to the JsonProvider: \
                     'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'.",
                    found.map_or("null", java_class)
                )
            }
            Miss::NotAnArray { found } => {
                f.write_str("Filter: ")?;
                self.write_rest(f)?;
                write!(f, " can only be applied to arrays. Current context is: {}", found.to_json())
            }
            Miss::NullIndex => {
                f.write_str("The path ")?;
                self.write_prefix(f, self.at)?;
                f.write_str(" is null")
            }
            Miss::Budget(exceeded) => exceeded.fmt(f),
        }
    }
}

impl std::error::Error for PathMiss<'_> {}

/// The class that a value has in the Java library's tree.
fn java_class(value: Value) -> &'static str {
    match value.kind() {
        Kind::Null => "com.fasterxml.jackson.databind.node.NullNode",
        Kind::Bool => "com.fasterxml.jackson.databind.node.BooleanNode",
        Kind::String => "com.fasterxml.jackson.databind.node.TextNode",
        Kind::Array => "com.fasterxml.jackson.databind.node.ArrayNode",
        Kind::Object => "com.fasterxml.jackson.databind.node.ObjectNode",
        Kind::Number => {
            let mut text = Vec::new();
            if let Some(number) = value.as_number() {
                number.write(&mut text);
            }
            let integer = !text.iter().any(|b| matches!(b, b'.' | b'e' | b'E'));
            match std::str::from_utf8(&text).ok().and_then(|text| text.parse::<i64>().ok()) {
                Some(i) if i32::try_from(i).is_ok() => "com.fasterxml.jackson.databind.node.IntNode",
                Some(_) => "com.fasterxml.jackson.databind.node.LongNode",
                None if integer => "com.fasterxml.jackson.databind.node.BigIntegerNode",
                None => "com.fasterxml.jackson.databind.node.DoubleNode",
            }
        }
    }
}

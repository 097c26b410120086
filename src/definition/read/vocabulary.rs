//! The words of the language as data: which fields each kind of object may have, and the comparators.
//!
//! Flows in: nothing. Flows out: lists made from the very tables that definitions are checked with, so that what counts
//! or completes them (a test's coverage, an editor) cannot fall behind. It must never hold a list of its own.

use super::choice::COMPARATORS;
use super::legal;
use super::values::{For, Legal};
use crate::definition::machine::QueryLanguage;

/// A kind of object, and the fields that are legal in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// The kind: a state type's name, or `machine`, `Branch`, `ItemProcessor`, `Retrier`, `Catcher`, `Rule`, ….
    pub object: &'static str,
    /// The fields' names.
    pub fields: Vec<String>,
}

/// Every kind of object of the language with the fields that it may have in one query language; those of a choice rule
/// include the comparators, `Path` forms and all.
///
/// ```
/// use expressway::definition::{QueryLanguage, vocabulary};
/// let all = vocabulary(QueryLanguage::JsonPath);
/// let wait = all.iter().find(|entry| entry.object == "Wait").unwrap();
/// assert!(wait.fields.iter().any(|field| field == "TimestampPath"));
/// ```
#[must_use]
pub fn vocabulary(language: QueryLanguage) -> Vec<Vocabulary> {
    let entry = |object, tables: &[&Legal]| Vocabulary {
        object,
        fields: tables
            .iter()
            .flat_map(|table| table.iter())
            .filter(|(_, of)| match of {
                For::Both => true,
                For::JsonPath => language == QueryLanguage::JsonPath,
                For::Jsonata => language == QueryLanguage::Jsonata,
            })
            .map(|(name, _)| (*name).to_owned())
            .collect(),
    };
    let mut all = vec![
        entry("machine", &[legal::TOP_LEVEL]),
        entry("Branch", &[legal::BRANCH]),
        entry("ItemProcessor", &[legal::PROCESSOR]),
        entry("ProcessorConfig", &[legal::PROCESSOR_CONFIG]),
        entry("Retrier", &[legal::RETRIER]),
        entry("Catcher", &[legal::CATCHER]),
        entry("Rule", &[legal::RULE, legal::OUTERMOST_RULE]),
        entry("ItemReader", &[legal::ITEM_READER]),
        entry("ReaderConfig", &[legal::READER_CONFIG]),
        entry("ItemBatcher", &[legal::ITEM_BATCHER]),
        entry("ResultWriter", &[legal::RESULT_WRITER]),
        entry("WriterConfig", &[legal::WRITER_CONFIG]),
    ];
    all.extend(legal::TYPES.map(|name| entry(name, legal::of_type(name))));
    if language == QueryLanguage::JsonPath
        && let Some(rule) = all.iter_mut().find(|entry| entry.object == "Rule")
    {
        for (name, _, _, has_path) in COMPARATORS {
            rule.fields.push(name.to_owned());
            rule.fields.extend(has_path.then(|| format!("{name}Path")));
        }
    }
    all
}

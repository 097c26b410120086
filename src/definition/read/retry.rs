//! `Retry` and `Catch`.
//!
//! Flows in: the fields of a Task, Parallel or Map state. Flows out: [`Retrier`]s and [`Catcher`]s with AWS's defaults.
//! Source: section "Errors" of the States Language. Whether AWS refuses names of its own that it does not know
//! (`States.Whatever`) is not recorded: they are taken.

use super::jsonata::Known;
use super::paths::Accepts;
use super::place::Place;
use super::scope::Surroundings;
use super::values::SECONDS_MAX;
use super::{Fields, Reader, legal};
use crate::definition::machine::{QueryLanguage, StateIndex};
use crate::definition::task::{Catcher, JitterStrategy, Retrier};
use crate::value::tree::Node;

/// The longest delay that a retrier may be capped to: 366 days in seconds.
const DELAY_MAX: u64 = 31_622_400;

impl<'d> Reader<'d> {
    /// `Retry`
    pub(super) fn retry(&mut self, fields: &Fields<'d, '_>, language: QueryLanguage) -> Vec<Retrier> {
        let Some(node) = fields.value("Retry") else {
            return Vec::new();
        };
        let place = fields.place.key("Retry");
        let elements = self.array(node, &place).unwrap_or_default();
        let count = elements.len();
        let read = elements.iter().enumerate();
        read.filter_map(|(index, node)| self.retrier(node, &place.index(index), language, index + 1 == count)).collect()
    }

    fn retrier(&mut self, node: &Node, place: &Place<'_>, language: QueryLanguage, last: bool) -> Option<Retrier> {
        let fields = self.object(node, place)?;
        self.check_fields(&fields, &[legal::RETRIER], language);
        self.require(&fields, &["ErrorEquals"]);
        let error_equals = self.error_equals(&fields, last);
        let mut whole = |name: &str, least, most| {
            fields.value(name).and_then(|node| self.whole(node, &place.key(name), least, Some(most)))
        };
        let interval_seconds = whole("IntervalSeconds", 0, SECONDS_MAX).unwrap_or(1);
        let max_attempts = whole("MaxAttempts", 0, SECONDS_MAX).unwrap_or(3);
        let max_delay_seconds = whole("MaxDelaySeconds", 1, DELAY_MAX);
        let mut backoff_rate = 2.0;
        if let Some(node) = fields.value("BackoffRate") {
            let place = place.key("BackoffRate");
            match self.number(node, &place) {
                Some(rate) if rate >= 1.0 => backoff_rate = rate,
                Some(_) => {
                    self.schema(&place, node.span, "Minimum value is 1").expected =
                        Some("a number from 1.0".to_owned());
                }
                None => {}
            }
        }
        let mut jitter = JitterStrategy::None;
        if let Some(node) = fields.value("JitterStrategy")
            && self.one_of(node, &place.key("JitterStrategy"), &["NONE", "FULL"]) == Some(1)
        {
            jitter = JitterStrategy::Full;
        }
        self.comment(&fields);
        Some(Retrier {
            error_equals,
            interval_seconds,
            max_attempts,
            backoff_rate,
            max_delay_seconds,
            jitter,
            span: node.span,
            location: place.location(),
        })
    }

    /// `ErrorEquals`; `last` says that the entry is the last of its list.
    fn error_equals(&mut self, fields: &Fields<'_, '_>, last: bool) -> Vec<Box<str>> {
        let Some(node) = fields.value("ErrorEquals") else {
            return Vec::new();
        };
        let place = fields.place.key("ErrorEquals");
        let elements = self.filled_array(node, &place).unwrap_or_default();
        let mut names: Vec<Box<str>> = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            if let Some(name) = self.string(element, &place.index(index)) {
                names.push(name.into());
            }
        }
        let all = elements.iter().any(|element| element.as_str() == Some("States.ALL"));
        if all && (elements.len() > 1 || !last) {
            self.schema(&place, node.span, "States.ALL must appear alone and at end of list");
        }
        names
    }

    /// `Catch`
    pub(super) fn catch(
        &mut self,
        fields: &Fields<'d, '_>,
        language: QueryLanguage,
        around: &mut Surroundings<'_>,
    ) -> Vec<Catcher> {
        let Some(node) = fields.value("Catch") else {
            return Vec::new();
        };
        let place = fields.place.key("Catch");
        let elements = self.array(node, &place).unwrap_or_default();
        let count = elements.len();
        let mut catchers = Vec::with_capacity(count);
        for (index, node) in elements.iter().enumerate() {
            catchers.extend(self.catcher(node, &place.index(index), language, index + 1 == count, around));
        }
        catchers
    }

    fn catcher(
        &mut self,
        node: &Node,
        place: &Place<'_>,
        language: QueryLanguage,
        last: bool,
        around: &mut Surroundings<'_>,
    ) -> Option<Catcher> {
        let fields = self.object(node, place)?;
        self.check_fields(&fields, &[legal::CATCHER], language);
        self.require(&fields, &["ErrorEquals", "Next"]);
        let error_equals = self.error_equals(&fields, last);
        let next = match fields.value("Next") {
            Some(node) => self.target(node, &place.key("Next"), around),
            None => {
                around.graph.give_up();
                StateIndex::new(0)
            }
        };
        let in_path = language == QueryLanguage::JsonPath;
        let result_path = fields.value("ResultPath").filter(|_| in_path);
        let result_path = self.path_field(result_path, &place.key("ResultPath"), Accepts::Writable);
        let assign = self.assign(&fields, language, around);
        self.comment(&fields);
        let jsonata = (!in_path).then(|| Box::new(self.outcome_fields(&fields, Known::ErrorOutput)));
        Some(Catcher { error_equals, next, result_path, assign, jsonata, span: node.span, location: place.location() })
    }
}

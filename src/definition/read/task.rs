//! Task states.
//!
//! Flows in: the fields of a Task state. Flows out: a [`Task`]. Source: section "Task State".

use super::jsonata::Known;
use super::paths::Accepts;
use super::scope::Surroundings;
use super::values::{Dynamic, SECONDS_MAX};
use super::{Fields, Reader};
use crate::definition::machine::QueryLanguage;
use crate::definition::payload::Template;
use crate::definition::task::{Resource, Task, TimeLimit};
use crate::value::tree::{Kind, Node, Span};

impl<'d> Reader<'d> {
    /// What is special to a Task state.
    pub(super) fn task(
        &mut self,
        fields: &Fields<'d, '_>,
        language: QueryLanguage,
        around: &mut Surroundings<'_>,
    ) -> Task {
        self.require(fields, &["Resource"]);
        let (resource, resource_span) = match fields.value("Resource") {
            Some(node) => (self.resource(node, &fields.place.key("Resource")), node.span),
            None => (Resource::Unknown("".into()), Span::default()),
        };
        self.at_most_one(fields, &["TimeoutSeconds", "TimeoutSecondsPath"]);
        self.at_most_one(fields, &["HeartbeatSeconds", "HeartbeatSecondsPath"]);
        let timeout = self.time_limit(fields, "TimeoutSeconds", "TimeoutSecondsPath", language);
        let heartbeat = self.time_limit(fields, "HeartbeatSeconds", "HeartbeatSecondsPath", language);
        if let (TimeLimit::Seconds(timeout), TimeLimit::Seconds(heartbeat)) = (&timeout, &heartbeat)
            && heartbeat >= timeout
        {
            let member = fields.get("HeartbeatSeconds");
            let span = member.map_or(fields.span, |member| member.value.span);
            let message = "HeartbeatSeconds must be smaller than TimeoutSeconds";
            self.schema(fields.place, span, message);
        }
        self.check_integration(fields, &resource, language);
        let (credentials, credentials_jsonata) = self.credentials(fields, &resource, language);
        Task {
            resource,
            resource_span,
            parameters: self.template_field(fields, "Parameters", language),
            result_selector: self.template_field(fields, "ResultSelector", language),
            result_path: self.result_path(fields, language),
            timeout,
            heartbeat,
            credentials,
            credentials_jsonata,
            retry: self.retry(fields, language),
            catch: self.catch(fields, language, around),
        }
    }

    fn time_limit(
        &mut self,
        fields: &Fields<'_, '_>,
        name: &str,
        path_name: &str,
        language: QueryLanguage,
    ) -> TimeLimit {
        if let Some(node) = fields.value(name) {
            let bounds = (1, Some(SECONDS_MAX));
            return match self.dynamic_whole(node, &fields.place.key(name), language, bounds) {
                Dynamic::Literal(seconds) => TimeLimit::Seconds(seconds),
                Dynamic::Expression(expression) => TimeLimit::Expression(expression),
                Dynamic::Nothing => TimeLimit::None,
            };
        }
        match fields.value(path_name).filter(|_| language == QueryLanguage::JsonPath) {
            Some(node) => self
                .path(node, &fields.place.key(path_name), Accepts::Reference)
                .map_or(TimeLimit::None, TimeLimit::Path),
            None => TimeLimit::None,
        }
    }

    fn credentials(
        &mut self,
        fields: &Fields<'_, '_>,
        resource: &Resource,
        language: QueryLanguage,
    ) -> (Option<Template>, Option<Node>) {
        let Some(node) = fields.value("Credentials") else {
            return (None, None);
        };
        let place = fields.place.key("Credentials");
        if matches!(resource, Resource::Activity { .. }) {
            self.schema(&place, node.span, "The field 'Credentials' is not supported for activities");
        }
        if language == QueryLanguage::Jsonata && matches!(node.kind, Kind::String(_)) {
            self.check_expressions(node, &place, Known::Nothing);
            return (None, Some(node.clone()));
        }
        let Some(object) = self.object(node, &place) else {
            return (None, None);
        };
        let in_path = language == QueryLanguage::JsonPath;
        let given = object.get("RoleArn").is_some() || (in_path && object.get("RoleArn.$").is_some());
        if !given {
            self.schema(&place, node.span, "The field 'RoleArn' is required but was missing");
        }
        if in_path {
            (Some(self.template(node, &place)), None)
        } else {
            self.check_expressions(node, &place, Known::Nothing);
            (None, Some(node.clone()))
        }
    }
}

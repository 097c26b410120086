//! Task: resources, who stands behind them, limits; Retry and Catch, which Map and Parallel share.

use super::scope::Place;
use super::{Compiler, Waiting};
use crate::definition::{self, Pattern, Resource, State, Template, TimeLimit};
use crate::program::state::{Catcher, Retrier};
use crate::program::work::{Completion, Integration, Limit, Task};
use crate::program::{Blame, Handler, Op, Register, Root, StateId};

impl<'d> Compiler<'d> {
    pub(super) fn task(&mut self, place: &mut Place<'d>, state: &'d State, id: StateId, task: &'d definition::Task) {
        if place.within.is_some() {
            return self.unsupported(
                &state.location,
                "a Task state inside a handler written in ASL: call the function from the machine instead",
            );
        }
        let callee = callee(&task.resource, task.parameters.as_ref());
        self.builder.state_mut(id).task_token = callee.completion != Completion::Response;
        let effective = Root::Register(Register::Eff);
        let mut event_is_input = self.documents.eff;
        match &task.parameters {
            Some(parameters) => {
                self.template(parameters, effective, "Parameters");
                event_is_input &= is_lambda_invoke(&task.resource) && payload_is_document(parameters);
            }
            None => {
                self.builder.emit(Op::Load { from: effective });
                event_is_input &= matches!(task.resource, Resource::LambdaFunction { .. });
            }
        }
        let documents = self.documents;
        if let Some(credentials) = &task.credentials {
            self.template(credentials, effective, "Credentials");
        }
        let timeout = self.time_limit(&task.timeout, "TimeoutSecondsPath", &state.location);
        let heartbeat = self.time_limit(&task.heartbeat, "HeartbeatSecondsPath", &state.location);
        let inlined = callee.handler.as_ref().and_then(|handler| self.function(handler, event_is_input));
        if inlined.is_none() && task.parameters.is_none() {
            self.builder.copies_input |= documents.eff;
        }
        let handler = callee.handler.filter(|_| inlined.is_none()).map(|handler| self.builder.handler(handler));
        let task_id = self.builder.task(Task {
            state: id,
            resource: task.resource.text().into(),
            integration: callee.integration,
            service: callee.service,
            action: callee.action,
            completion: callee.completion,
            handler,
            inlined,
            credentials: task.credentials.is_some(),
            timeout,
            heartbeat,
        });
        self.builder.emit(Op::Invoke { task: task_id });
        self.finish_work(place, state, id, task.result_selector.as_ref(), &task.result_path);
        self.rescue(place, id, &task.retry, &task.catch);
    }

    /// What follows the work of Task, Map and Parallel: Assign, ResultSelector, ResultPath, OutputPath, Exited.
    pub(super) fn finish_work(
        &mut self,
        place: &mut Place<'d>,
        state: &'d State,
        id: StateId,
        selector: Option<&'d Template>,
        result_path: &'d definition::PathField,
    ) {
        self.assign(&state.assign, Register::Res);
        if let Some(selector) = selector {
            self.template(selector, Root::Register(Register::Res), "ResultSelector");
            self.builder.emit(Op::Store { to: Register::Res });
        }
        let with = self.result_path(result_path);
        let with = self.output_path(&state.output_path, with);
        self.leave(place, id, state.flow, with);
    }

    /// Retry and Catch: what the machine looks up, and the catchers' code. A catcher writes the error output into the
    /// document that entered the state; the state's own ResultSelector, ResultPath and OutputPath do not apply.
    pub(super) fn rescue(
        &mut self,
        place: &mut Place<'d>,
        id: StateId,
        retry: &'d [definition::Retrier],
        catch: &'d [definition::Catcher],
    ) {
        let retriers = retry.iter().map(|retrier| Retrier {
            errors: retrier.error_equals.clone().into(),
            interval_seconds: retrier.interval_seconds,
            max_attempts: u32::try_from(retrier.max_attempts).unwrap_or(u32::MAX),
            backoff_rate: retrier.backoff_rate,
            max_delay_seconds: retrier.max_delay_seconds,
            full_jitter: retrier.jitter == definition::JitterStrategy::Full,
        });
        self.builder.state_mut(id).retriers = retriers.collect();
        let mut catchers = Vec::new();
        for catcher in catch {
            let at = self.builder.here();
            catchers.push(Catcher { errors: catcher.error_equals.clone().into(), at });
            self.assign(&catcher.assign, Register::Res);
            let with = self.result_path(&catcher.result_path);
            self.leave(place, id, definition::Flow::Next(catcher.next), with);
        }
        self.builder.state_mut(id).catchers = catchers.into();
    }

    fn time_limit(&mut self, limit: &'d TimeLimit, field: &str, location: &str) -> Limit {
        match limit {
            TimeLimit::None => Limit::None,
            TimeLimit::Seconds(seconds) => Limit::Literal(*seconds),
            TimeLimit::Path(path) => {
                let blame = Blame::Field { field: field.into(), path: path.text.clone() };
                Limit::Popped(self.path(path, Root::Register(Register::Eff), blame))
            }
            TimeLimit::Expression(_) => {
                self.unsupported(location, "JSONata expressions cannot be run yet");
                Limit::None
            }
        }
    }

    /// The code of a handler that is written in ASL, if there is one and nobody else stands behind the name.
    fn function(&mut self, handler: &Handler, input: bool) -> Option<crate::program::Addr> {
        let definitions = self.options.handlers?;
        if !handler.lambda || self.options.bound.is_some_and(|bound| bound(&handler.name)) {
            return None;
        }
        let definition = definitions.get(&*handler.name)?;
        let key = (handler.name.to_string(), input);
        if let Some(entry) = self.functions.get(&key) {
            return Some(*entry);
        }
        let (entry, within) = (self.builder.label(), Some(self.builder.handler(handler.clone())));
        self.functions.insert(key, entry);
        let scope = &definition.root;
        self.waiting.push(Waiting { scope, source: &definition.source, entry, within, input });
        Some(entry)
    }
}

/// What the Resource of a Task comes to.
struct Callee {
    integration: Integration,
    service: Box<str>,
    action: Box<str>,
    completion: Completion,
    handler: Option<Handler>,
}

fn callee(resource: &Resource, parameters: Option<&Template>) -> Callee {
    let named = |name: &str, lambda| Some(Handler { name: name.into(), lambda });
    match resource {
        Resource::LambdaFunction { function, .. } => Callee {
            integration: Integration::Function,
            service: "lambda".into(),
            action: "function".into(),
            completion: Completion::Response,
            handler: named(function, true),
        },
        Resource::Activity { name, .. } => Callee {
            integration: Integration::Activity,
            service: "activity".into(),
            action: name.clone(),
            completion: Completion::TaskToken,
            handler: named(name, false),
        },
        Resource::Service { service, action, pattern, .. } => {
            let invoke = is_lambda_invoke(resource);
            let handler = match invoke {
                true => function_name(parameters).and_then(|name| named(name, true)),
                false => named(&format!("{service}:{action}"), false),
            };
            Callee {
                integration: if invoke { Integration::LambdaInvoke } else { Integration::Service },
                service: service.clone(),
                action: format!("{action}{}", pattern.suffix()).into(),
                completion: completion(*pattern),
                handler,
            }
        }
        Resource::AwsSdk { service, action, pattern, .. } => Callee {
            integration: Integration::Service,
            service: format!("aws-sdk:{service}").into(),
            action: format!("{action}{}", pattern.suffix()).into(),
            completion: completion(*pattern),
            handler: named(&format!("aws-sdk:{service}:{action}"), false),
        },
        // A placeholder, most often for a Lambda function's ARN.
        Resource::Unknown(text) => Callee {
            integration: Integration::Function,
            service: "lambda".into(),
            action: "function".into(),
            completion: Completion::Response,
            handler: named(text.trim_start_matches("${").trim_end_matches('}'), true),
        },
    }
}

fn completion(pattern: Pattern) -> Completion {
    match pattern {
        Pattern::RequestResponse => Completion::Response,
        Pattern::Sync | Pattern::Sync2 => Completion::Job,
        Pattern::WaitForTaskToken => Completion::TaskToken,
    }
}

fn is_lambda_invoke(resource: &Resource) -> bool {
    matches!(resource, Resource::Service { service, action, .. } if &**service == "lambda" && &**action == "invoke")
}

/// FunctionName, where it is written down.
fn function_name(parameters: Option<&Template>) -> Option<&str> {
    let text = match parameters? {
        Template::Literal(node) => node.get("FunctionName")?.as_str()?,
        Template::Object(members) => match &members.iter().rfind(|m| &*m.key == "FunctionName")?.value {
            Template::Literal(node) => node.as_str()?,
            _ => return None,
        },
        _ => return None,
    };
    Some(crate::program::work::function_name(text))
}

/// Whether the Payload of an Invoke request is the document itself, word for word.
fn payload_is_document(parameters: &Template) -> bool {
    match parameters {
        Template::Object(members) => members
            .iter()
            .rfind(|m| &*m.key == "Payload")
            .is_some_and(|member| matches!(&member.value, Template::Path(path) if path.is_document())),
        _ => false,
    }
}

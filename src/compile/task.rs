//! Task: resources, who stands behind them, limits; Retry and Catch, which Map and Parallel share.

use super::jsonata::states::Setting;
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
        let arguments = state.jsonata.as_ref().and_then(|fields| fields.arguments.as_ref());
        let named = match arguments {
            Some(arguments) => {
                arguments.get("FunctionName").and_then(|name| name.as_str()).filter(|n| !n.starts_with("{%"))
            }
            None => task.parameters.as_ref().and_then(function_name),
        };
        let callee = callee(&task.resource, named.map(crate::program::work::function_name));
        self.builder.state_mut(id).task_token = callee.completion != Completion::Response;
        let effective = Root::Register(Register::Eff);
        let mut event_is_input = self.documents.eff;
        match (&task.parameters, arguments) {
            (_, Some(arguments)) => {
                self.json(arguments, "Arguments", Setting::ENTRY);
                event_is_input = false;
            }
            (Some(parameters), None) => {
                self.template(parameters, effective, "Parameters");
                event_is_input &= is_lambda_invoke(&task.resource) && payload_is_document(parameters);
            }
            (None, None) => {
                self.builder.emit(Op::Load { from: effective });
                event_is_input &= matches!(task.resource, Resource::LambdaFunction { .. });
            }
        }
        let documents = self.documents;
        if let Some(credentials) = &task.credentials {
            self.template(credentials, effective, "Credentials");
        } else if let Some(credentials) = &task.credentials_jsonata {
            self.json(credentials, "Credentials", Setting::ENTRY);
        }
        let timeout = self.time_limit(&task.timeout, "TimeoutSecondsPath");
        let heartbeat = self.time_limit(&task.heartbeat, "HeartbeatSecondsPath");
        let inlined = callee.handler.as_ref().and_then(|handler| self.function(handler, event_is_input));
        if inlined.is_none() && task.parameters.is_none() && arguments.is_none() {
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
            credentials: task.credentials.is_some() || task.credentials_jsonata.is_some(),
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
        if let Some(fields) = &state.jsonata {
            let with = self.outcome(fields, "", Setting::RESULT, Register::Res);
            return self.leave(place, id, state.flow, with);
        }
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
        for (n, catcher) in catch.iter().enumerate() {
            let at = self.builder.here();
            catchers.push(Catcher { errors: catcher.error_equals.clone().into(), at });
            if let Some(fields) = &catcher.jsonata {
                let with = self.outcome(fields, &format!("Catch[{n}]/"), Setting::CAUGHT, Register::Res);
                self.leave(place, id, definition::Flow::Next(catcher.next), with);
                continue;
            }
            self.assign(&catcher.assign, Register::Res);
            let with = self.result_path(&catcher.result_path);
            self.leave(place, id, definition::Flow::Next(catcher.next), with);
        }
        self.builder.state_mut(id).catchers = catchers.into();
    }

    fn time_limit(&mut self, limit: &'d TimeLimit, field: &str) -> Limit {
        match limit {
            TimeLimit::None => Limit::None,
            TimeLimit::Seconds(seconds) => Limit::Literal(*seconds),
            TimeLimit::Path(path) => {
                let blame = Blame::Field { field: field.into(), path: path.text.clone() };
                Limit::Popped(self.path(path, Root::Register(Register::Eff), blame))
            }
            TimeLimit::Expression(expression) => self.number(&expression.text, field.trim_end_matches("Path")),
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

fn callee(resource: &Resource, function_name: Option<&str>) -> Callee {
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
                true => function_name.and_then(|name| named(name, true)),
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
fn function_name(parameters: &Template) -> Option<&str> {
    match parameters {
        Template::Literal(node) => node.get("FunctionName")?.as_str(),
        Template::Object(members) => match &members.iter().rfind(|m| &*m.key == "FunctionName")?.value {
            Template::Literal(node) => node.as_str(),
            _ => None,
        },
        _ => None,
    }
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

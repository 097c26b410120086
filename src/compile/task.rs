//! Task: resources, who stands behind them, limits; Retry and Catch, which Map and Parallel share.

use super::jsonata::states::{Setting, reads_input_alone};
use super::scope::Place;
use super::{Compiler, Waiting};
use crate::definition::{self, Definition, PathField, Pattern, Resource, State, Template, TimeLimit};
use crate::program::point::PointKind;
use crate::program::state::{Catcher, Retrier, StateType};
use crate::program::work::{Completion, Integration, Limit, Task};
use crate::program::{self, Addr, Blame, Handler, Op, Register, Root, StateId, TaskId};
use crate::value::tree::Node;

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
        // Whether the function's event is the effective input.
        let event_is_input = match (&task.parameters, arguments) {
            (_, Some(arguments)) => {
                self.json(arguments, "Arguments", Setting::ENTRY);
                is_lambda_invoke(&task.resource) && payload_is_input(arguments)
            }
            (Some(parameters), None) => {
                self.template(parameters, effective, "Parameters");
                is_lambda_invoke(&task.resource) && payload_is_document(parameters)
            }
            (None, None) => {
                self.builder.emit(Op::Load { from: effective });
                matches!(task.resource, Resource::LambdaFunction { .. })
            }
        };
        if let Some(credentials) = &task.credentials {
            self.template(credentials, effective, "Credentials");
        } else if let Some(credentials) = &task.credentials_jsonata {
            self.json(credentials, "Credentials", Setting::ENTRY);
        }
        let timeout = self.time_limit(&task.timeout, "TimeoutSecondsPath");
        let heartbeat = self.time_limit(&task.heartbeat, "HeartbeatSecondsPath");
        let function = callee.handler.as_ref().and_then(|handler| self.asl_handler(handler, &state.name));
        let body = function.filter(|_| event_is_input).and_then(single_pass);
        let inlined = match (&callee.handler, function) {
            (Some(handler), Some(function)) if body.is_none() => {
                Some(self.function(handler, function, event_is_input && self.documents.eff))
            }
            _ => None,
        };
        if function.is_none() && task.parameters.is_none() && arguments.is_none() {
            self.copied(Register::Eff);
        }
        let body = body.zip(callee.handler.clone());
        let handler = callee.handler.filter(|_| function.is_none()).map(|handler| self.builder.handler(handler));
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
        match body {
            Some((body, handler)) => self.body(task_id, id, body, handler),
            None => self.builder.emit(Op::Invoke { task: task_id }),
        }
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
        let retriers = retry.iter().enumerate().map(|(n, retrier)| Retrier {
            errors: retrier.error_equals.clone().into(),
            interval_seconds: retrier.interval_seconds,
            max_attempts: u32::try_from(retrier.max_attempts).unwrap_or(u32::MAX),
            backoff_rate: retrier.backoff_rate,
            max_delay_seconds: retrier.max_delay_seconds,
            full_jitter: retrier.jitter == definition::JitterStrategy::Full,
            at: self.retry_entry(place, id, retrier, n),
        });
        let retriers = retriers.collect();
        self.builder.state_mut(id).retriers = retriers;
        let mut catchers = Vec::new();
        for (n, catcher) in catch.iter().enumerate() {
            let at = self.builder.here();
            catchers.push(Catcher { errors: catcher.error_equals.clone().into(), at });
            self.mark_here(place, id, catcher.span, PointKind::Catcher(n as u32));
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

    /// The handler of that name that is written in ASL, if there is one and nobody else stands behind the name, nor answers
    /// the state.
    fn asl_handler(&self, handler: &Handler, state: &str) -> Option<&'d Definition> {
        let mocked = self.mocked.is_some_and(|mocked| mocked(state));
        if mocked || !handler.lambda || self.options.bound.is_some_and(|bound| bound(&handler.name)) {
            return None;
        }
        self.options.handlers?.get(&*handler.name)
    }

    /// The code of a handler that is written in ASL; `input` says whether its event is the execution's input.
    fn function(&mut self, handler: &Handler, definition: &'d Definition, input: bool) -> Addr {
        let key = (handler.name.to_string(), input);
        if let Some(entry) = self.functions.get(&key) {
            return *entry;
        }
        let (entry, within) = (self.builder.label(), Some(self.builder.handler(handler.clone())));
        self.functions.insert(key, entry);
        let scope = &definition.root;
        self.waiting.push(Waiting { scope, source: &definition.source, entry, within, mark: None, input });
        entry
    }

    /// A handler whose body is one Pass state, evaluated in the place of its call: no frame has to be made for it.
    fn body(&mut self, task: TaskId, caller: StateId, body: Body<'d>, handler: Handler) {
        let within = self.builder.handler(handler);
        let state = self.builder.state(program::State {
            name: body.state.name.clone(),
            kind: StateType::Pass,
            location: body.state.location.clone(),
            line_number: body.source.position(body.state.span.start).line_number,
            within: Some(within),
            task_token: false,
            attempt: self.builder.attempt_of(caller),
            retriers: Box::new([]),
            catchers: Box::new([]),
        });
        self.builder.emit(Op::Begin { task, body: state });
        self.builder.set_origin(Some(state));
        self.handler = Some(self.builder.handler_name(within).into());
        let output = body.state.jsonata.as_ref().and_then(|fields| fields.output.as_ref());
        match (&body.pass.result, &body.pass.parameters) {
            _ if output.is_some() => output.iter().for_each(|output| self.json(output, "Output", Setting::BODY)),
            (None, Some(parameters)) => self.template(parameters, Root::Register(Register::Eff), "Parameters"),
            (result, _) => {
                let text = result.as_ref().map_or_else(|| "null".to_owned(), |node| node.to_json());
                let value = self.builder.constant(&text);
                self.builder.emit(Op::Const { value });
            }
        }
        self.handler = None;
        self.builder.set_origin(Some(caller));
        self.builder.emit(Op::Return { task });
    }
}

/// A handler's body of one Pass state that makes its reply of its event, or of nothing.
struct Body<'d> {
    state: &'d State,
    pass: &'d definition::Pass,
    source: &'d definition::Source,
}

fn single_pass(definition: &Definition) -> Option<Body<'_>> {
    let [state] = &definition.root.states[..] else { return None };
    let definition::StateKind::Pass(pass) = &state.kind else { return None };
    let whole = |field: &PathField| match field {
        PathField::Default => true,
        PathField::Null => false,
        PathField::Path(path) => path.is_document(),
    };
    let found = Body { state, pass, source: &definition.source };
    if let Some(fields) = &state.jsonata {
        let assigns = fields.assign.as_ref().is_some_and(|assign| !assign.members().is_empty());
        // The context object would be the caller's.
        let input_alone = fields.output.as_ref().is_some_and(reads_input_alone);
        return (input_alone && !assigns).then_some(found);
    }
    let plain = whole(&state.input_path) && whole(&pass.result_path) && whole(&state.output_path);
    let makes = pass.result.is_some() || pass.parameters.is_some();
    (plain && makes && state.assign.is_none()).then_some(found)
}

/// Whether the Payload of a JSONata Task's Arguments is the state's input, word for word.
fn payload_is_input(arguments: &Node) -> bool {
    let text = arguments.get("Payload").and_then(|payload| payload.as_str());
    text.and_then(|text| text.strip_prefix("{%")?.strip_suffix("%}")).is_some_and(|text| text.trim() == "$states.input")
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

//! Functions in Rust: what they see of a call, and how they answer.
//!
//! A function reads its event through [`Event`], a view that copies nothing, and makes its reply with [`Call`], or hands
//! over anything that serde can serialize. Its errors are a name, which ErrorEquals matches, and a message.

use super::decode::decode;
use super::waiting::Pending;
use crate::value::raw::Form;
use crate::value::scan::Tokens;
use crate::value::text::same;
use crate::value::timestamp::Timestamp;
use crate::value::{Arena, Kind, Member, Value};
use crate::vm::{CallerId, TaskRequest};
use serde::{Deserialize, Serialize};

/// A function behind a Task.
pub trait Function: Send + Sync {
    /// Does one call.
    ///
    /// # Errors
    ///
    /// What the caller's Retry and Catch will see.
    fn call<'a>(&self, event: Event<'a>, call: &Call<'a>) -> Result<Value<'a>, FunctionError>;

    /// Begins a call whose reply may take its time, for a driver that does other work meanwhile; nothing, if the function
    /// answers at once. Only functions that wait say anything here.
    fn begin(&self, event: Event<'_>, call: &Call<'_>) -> Option<Pending> {
        let _ = (event, call);
        None
    }
}

impl<F> Function for F
where
    F: for<'a> Fn(Event<'a>, &Call<'a>) -> Result<Value<'a>, FunctionError> + Send + Sync,
{
    fn call<'a>(&self, event: Event<'a>, call: &Call<'a>) -> Result<Value<'a>, FunctionError> {
        self(event, call)
    }
}

/// How a function fails.
///
/// Any error of Rust becomes one with `?`: its type's name is what ErrorEquals matches, as in AWS's own runtime.
///
/// ```
/// use expressway::handler::function::FunctionError;
/// fn parse(text: &str) -> Result<u8, FunctionError> {
///     Ok(text.parse()?)
/// }
/// let error = parse("x").unwrap_err();
/// assert_eq!(error, FunctionError::new("ParseIntError", "invalid digit found in string"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FunctionError {
    /// It raises an error: the caller's Error is the name, its Cause Lambda's JSON around both.
    Raised {
        /// errorType.
        error: String,
        /// errorMessage.
        message: String,
    },
    /// The runtime of a Lambda function tells of an error: the caller's Error is the name, its Cause the report.
    Reported {
        /// errorType.
        error: String,
        /// The report: JSON text, which the runtime should not have got wrong.
        report: String,
    },
    /// The service fails, in its own words.
    Failed {
        /// Error.
        error: Option<String>,
        /// Cause.
        cause: Option<String>,
    },
    /// Its time limit lapses.
    TimedOut,
}

impl FunctionError {
    /// An error of that name and message.
    pub fn new(error: &str, message: impl Into<String>) -> FunctionError {
        FunctionError::Raised { error: error.to_owned(), message: message.into() }
    }
}

impl<E: std::error::Error> From<E> for FunctionError {
    fn from(error: E) -> FunctionError {
        let path = std::any::type_name::<E>();
        let bare = path.split('<').next().unwrap_or(path);
        FunctionError::new(bare.rsplit("::").next().unwrap_or(bare), error.to_string())
    }
}

/// A view of an event, or of a part of it.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    value: Value<'a>,
    arena: &'a Arena,
    /// Those of the execution's input, of which the value may be a part.
    tokens: Option<&'a Tokens<'a>>,
}

impl<'a> Event<'a> {
    pub(super) fn new(value: Value<'a>, arena: &'a Arena) -> Event<'a> {
        Event { value, arena, tokens: None }
    }

    /// What a function is given.
    pub(super) fn of(request: &TaskRequest<'a>) -> Event<'a> {
        Event { value: request.payload, arena: request.arena, tokens: request.tokens }
    }

    /// The value itself, to be handed on.
    pub fn value(self) -> Value<'a> {
        self.value
    }

    /// The member of that name, if it is an object that has one.
    pub fn get(self, key: &str) -> Option<Event<'a>> {
        if let (Value::Raw(raw), Some(tokens)) = (self.value, self.tokens)
            && let Some(found) = tokens.member(raw.text, key)
        {
            return found.map(|text| Event { value: Value::raw(self.arena, text, raw.form.of_part(text)), ..self });
        }
        self.value.get(self.arena, key).map(|value| Event { value, ..self })
    }

    /// The element at that index, if it is an array that has one.
    pub fn at(self, index: usize) -> Option<Event<'a>> {
        self.value.element(self.arena, index).map(|value| Event { value, ..self })
    }

    /// The elements, if it is an array; else none.
    pub fn elements(self) -> impl Iterator<Item = Event<'a>> {
        self.value.elements(self.arena).unwrap_or_default().iter().map(move |value| Event { value: *value, ..self })
    }

    /// The string, if it is one.
    pub fn as_str(self) -> Option<&'a str> {
        self.value.as_str(self.arena)
    }

    /// The integer, if it is one and fits.
    pub fn as_i64(self) -> Option<i64> {
        self.value.as_number().and_then(|n| n.as_i64())
    }

    /// The nearest double, if it is a number.
    pub fn as_f64(self) -> Option<f64> {
        self.value.as_number().map(|n| n.as_f64())
    }

    /// The boolean, if it is one.
    pub fn as_bool(self) -> Option<bool> {
        self.value.as_bool()
    }

    /// The kind of value.
    pub fn kind(self) -> Kind {
        self.value.kind()
    }

    /// Reads it into a type of one's own, which may borrow from the event: a `&str` of a field without escapes is the
    /// event's own text.
    ///
    /// ```
    /// #[derive(serde::Deserialize)]
    /// struct Order<'e> {
    ///     id: &'e str,
    ///     total: f64,
    /// }
    /// let handlers = expressway::handler::Handlers::new().lambda("label", |event, call| {
    ///     let order: Order = event.parse()?;
    ///     Ok(call.text(&format!("{} ({})", order.id, order.total)))
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// An event that does not fit, as the error `InvalidEvent`, with serde's message.
    pub fn parse<T: Deserialize<'a>>(self) -> Result<T, FunctionError> {
        decode(self.value, self.arena).map_err(|e| FunctionError::new("InvalidEvent", e.to_string()))
    }
}

/// One call: what is known of it, and where its reply is made.
pub struct Call<'a> {
    request: Seen<'a>,
}

/// What a function can ask about its call.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub name: &'a str,
    pub state: &'a str,
    pub token: Option<&'a str>,
    pub retry_count: u32,
    pub now_ms: i64,
    pub qualifier: Option<&'a str>,
    pub client_context: Option<&'a str>,
    pub timeout_ms: Option<i64>,
    pub caller: CallerId<'a>,
    pub resource: Resource<'a>,
    pub arena: &'a Arena,
}

/// What the state calls, in its own words.
#[derive(Clone, Copy)]
pub(super) enum Resource<'a> {
    /// As the request says, whoever asks.
    Asked(&'a TaskRequest<'a>),
    /// As was found out.
    Known(&'a str),
}

impl<'a> Call<'a> {
    pub(super) fn new(request: &'a TaskRequest<'a>) -> Call<'a> {
        let TaskRequest { name, state, token, retry_count, now_ms, qualifier, client_context, .. } = *request;
        let TaskRequest { timeout_ms, caller, arena, .. } = *request;
        let resource = Resource::Asked(request);
        Call::seen(Seen {
            name,
            state,
            token,
            retry_count,
            now_ms,
            qualifier,
            client_context,
            timeout_ms,
            caller,
            resource,
            arena,
        })
    }

    pub(super) fn seen(request: Seen<'a>) -> Call<'a> {
        Call { request }
    }

    /// Where replies are made.
    pub(super) fn arena(&self) -> &'a Arena {
        self.request.arena
    }

    /// A copy of a text that lives as long as the call's values.
    pub(super) fn place(&self, text: &str) -> &'a str {
        self.request.arena.alloc_str(text)
    }

    /// The name of the function or resource.
    pub fn name(&self) -> &'a str {
        self.request.name
    }

    /// The state that calls.
    pub fn state(&self) -> &'a str {
        self.request.state
    }

    /// The task's token, if the state waits for it to come back.
    pub fn token(&self) -> Option<&'a str> {
        self.request.token
    }

    /// How often the state has been tried before.
    pub fn retry_count(&self) -> u32 {
        self.request.retry_count
    }

    /// The execution's clock, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.request.now_ms
    }

    /// The version or alias that is called for.
    pub fn qualifier(&self) -> Option<&'a str> {
        self.request.qualifier
    }

    /// ClientContext of an Invoke request, as it was given.
    pub fn client_context(&self) -> Option<&'a str> {
        self.request.client_context
    }

    /// What the state calls, in its own words: an ARN, or what an Invoke request has as FunctionName.
    pub fn resource(&self) -> &'a str {
        match self.request.resource {
            Resource::Asked(request) => request.resource(),
            Resource::Known(resource) => resource,
        }
    }

    /// The state's time limit, in milliseconds.
    pub fn timeout_ms(&self) -> Option<i64> {
        self.request.timeout_ms
    }

    /// The id of the request: a UUID that is the same whenever the same execution makes the same call.
    pub fn request_id(&self) -> String {
        self.request.caller.request_id()
    }

    pub(super) fn caller(&self) -> CallerId<'a> {
        self.request.caller
    }

    /// The execution's clock as JSON has it: `"2020-01-01T00:00:00.000Z"`.
    pub fn time(&self) -> Value<'a> {
        let arena = self.request.arena;
        let mut text = bumpalo::collections::String::with_capacity_in(24, arena);
        // Writing into memory does not fail.
        let _ = Timestamp::from_millis(self.request.now_ms).write_rfc3339_millis(&mut text);
        Value::text(arena, text.into_bump_str())
    }

    /// A string.
    pub fn text(&self, text: &str) -> Value<'a> {
        Value::copy_str(self.request.arena, text)
    }

    /// An object of these members; of equal keys the last counts.
    pub fn object(&self, members: &[(&str, Value<'a>)]) -> Value<'a> {
        let arena = self.request.arena;
        let is_last = |n: usize| !members[n + 1..].iter().any(|(key, _)| same(key.as_bytes(), members[n].0.as_bytes()));
        let member = |(key, value): &(&str, Value<'a>)| Member { key: arena.alloc_str(key), value: *value };
        // Nearly always the keys are distinct.
        let built: &[Member] = match (0..members.len()).all(is_last) {
            true => arena.alloc_slice_fill_iter(members.iter().map(member)),
            false => {
                let mut built = bumpalo::collections::Vec::with_capacity_in(members.len(), arena);
                built.extend((0..members.len()).filter(|n| is_last(*n)).map(|n| member(&members[n])));
                built.into_bump_slice()
            }
        };
        Value::object(arena, built)
    }

    /// An array of these elements.
    pub fn array(&self, items: &[Value<'a>]) -> Value<'a> {
        Value::array(self.request.arena, self.request.arena.alloc_slice_copy(items))
    }

    /// Anything that serde can serialize.
    ///
    /// # Errors
    ///
    /// What cannot be JSON (a map whose keys are not strings, say), as the error `InvalidReply`.
    pub fn json<T: Serialize>(&self, reply: &T) -> Result<Value<'a>, FunctionError> {
        let arena = self.request.arena;
        let mut bytes = bumpalo::collections::Vec::new_in(arena);
        let invalid = |why: String| FunctionError::new("InvalidReply", why);
        simd_json::serde::to_writer(&mut bytes, reply).map_err(|e| invalid(e.to_string()))?;
        let text = std::str::from_utf8(bytes.into_bump_slice()).map_err(|e| invalid(e.to_string()))?;
        Ok(Value::raw(arena, text, Form::of(text)))
    }

    /// JSON text, checked.
    ///
    /// # Errors
    ///
    /// Text that is not JSON, as the error `InvalidReply`.
    pub fn json_text(&self, text: &str) -> Result<Value<'a>, FunctionError> {
        crate::value::scan::validate(text.as_bytes()).map_err(|e| FunctionError::new("InvalidReply", e.to_string()))?;
        Ok(Value::from_text(self.request.arena, self.request.arena.alloc_str(text)))
    }
}

//! Functions in Rust: what they see of a call, and how they answer.
//!
//! A function reads its event through [`Event`], a view that copies nothing, and makes its reply with [`Call`], or hands
//! over anything that serde can serialize. Its errors are a name, which ErrorEquals matches, and a message.

use super::decode::decode;
use super::waiting::{CallDetails, Pending};
use super::written::{Writer, Written};
use crate::value::name::first_of_name;
use crate::value::number::{self, Number};
use crate::value::raw::{self, Form};
use crate::value::text::{is_plain, same};
use crate::value::timestamp::Timestamp;
use crate::value::{Arena, Keys, Kind, Member, Overlay, Raw, Value};
use crate::vm::{Around, CallerId, TaskRequest};
use serde::{Deserialize, Serialize};

/// A function behind a Task.
pub trait Function: Send + Sync {
    /// Does one call.
    ///
    /// # Errors
    ///
    /// What the caller's Retry and Catch will see.
    fn call<'a>(&self, event: Event<'a>, call: &Call<'a>) -> Result<Value<'a>, FunctionError>;

    /// Whether the function would rather [write](Function::write) its reply than make a value of it. Always the same.
    fn writes(&self) -> bool {
        false
    }

    /// Does one call, and writes what it replies. Where the call fails, what has been written by then is cut off.
    ///
    /// # Errors
    ///
    /// As of [`call`](Function::call).
    fn write<'a, 'w>(
        &self,
        event: Event<'a>,
        call: &Call<'a>,
        reply: Writer<'w>,
    ) -> Result<Written<'w>, FunctionError> {
        Ok(reply.value(self.call(event, call)?))
    }

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

/// A longer text is not opened for a function: what it is opened to takes several times as much memory.
const OPENED_BYTES_MAX: usize = 64 << 10;

/// A view of an event, or of a part of it.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    value: Value<'a>,
    around: &'a Around<'a>,
}

impl<'a> Event<'a> {
    pub(super) fn new(value: Value<'a>, around: &'a Around<'a>) -> Event<'a> {
        Event { value, around }
    }

    /// What a function is given.
    #[inline(always)]
    pub(super) fn of(request: &TaskRequest<'a>) -> Event<'a> {
        let (value, around) = request.event();
        Event { value, around }
    }

    /// The value itself, to be handed on.
    #[inline]
    pub fn value(self) -> Value<'a> {
        self.value
    }

    /// The member of that name, if it is an object that has one.
    // Nothing is handed on but what the value refers to, and nothing is given back but where the member is: so neither event
    // need be anywhere in memory. Where the name is known, how it is compared is worked out when the program is compiled.
    #[inline(always)]
    pub fn get(self, key: &str) -> Option<Event<'a>> {
        let value = match self.value {
            Value::Object(object) => first_of_name(object.members, |member| member.key, key)?.value,
            Value::Raw(raw) => Value::Raw(match self.around.known_member(raw, key) {
                Some(known) => known,
                None => member_of_text(raw, self.around, key)?,
            }),
            Value::Overlay(overlay) => *member_of_overlay(overlay, self.around, key)?,
            _ => return None,
        };
        Some(Event { value, ..self })
    }

    /// The element at that index, if it is an array that has one.
    pub fn at(self, index: usize) -> Option<Event<'a>> {
        self.value.element(self.around.arena, index).map(|value| Event { value, ..self })
    }

    /// The elements, if it is an array; else none.
    pub fn elements(self) -> impl Iterator<Item = Event<'a>> {
        let elements = self.opened().elements(self.around.arena).unwrap_or_default();
        elements.iter().map(move |value| Event { value: *value, ..self })
    }

    /// The value, opened where that costs less than to go over its text: somebody is about to look at all of it.
    fn opened(self) -> Value<'a> {
        match (self.value, &self.around.view) {
            (Value::Raw(raw), Some(view)) if raw.text.len() <= OPENED_BYTES_MAX => view.opened(raw, self.around.arena),
            (value, _) => value,
        }
    }

    /// The string, if it is one.
    #[inline]
    pub fn as_str(self) -> Option<&'a str> {
        self.value.as_str(self.around.arena)
    }

    /// The integer, if it is one and fits.
    #[inline(always)]
    pub fn as_i64(self) -> Option<i64> {
        match self.value {
            Value::Int(number) => Some(number),
            Value::Raw(raw) => number::integer(raw.text).or_else(|| integer_of_text(raw)),
            Value::Float(number) => Number::Float(number).as_i64(),
            _ => None,
        }
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
        decode(self.opened(), self.around.arena).map_err(|e| FunctionError::new("InvalidEvent", e.to_string()))
    }
}

/// The member of that name of an object that is not open.
#[inline(never)]
fn member_of_text<'a>(raw: &'a Raw<'a>, around: &'a Around<'a>, key: &str) -> Option<&'a Raw<'a>> {
    let Around { arena, view } = around;
    if let Some(view) = view
        && let Some(found) = view.member_inside(raw.text, raw.form, key)
    {
        return found.map(|(text, form)| &*arena.alloc(Raw { text, form }));
    }
    match Value::Raw(raw).get(arena, key)? {
        Value::Raw(member) => Some(member),
        // What is text is so in all its parts.
        _ => None,
    }
}

/// The same of one in which a member has been set.
#[inline(never)]
fn member_of_overlay<'a>(overlay: &'a Overlay<'a>, around: &'a Around<'a>, key: &str) -> Option<&'a Value<'a>> {
    Value::Overlay(overlay).get(around.arena, key).map(|value| &*around.arena.alloc(value))
}

/// The integer that a text is, if it is one and fits.
#[inline(never)]
fn integer_of_text(raw: &Raw) -> Option<i64> {
    match raw::kind(raw.text) {
        Kind::Number => Number::Text(raw.text).as_i64(),
        _ => None,
    }
}

/// One call: what is known of it, and where its reply is made.
pub struct Call<'a> {
    about: About<'a>,
    arena: &'a Arena,
}

/// What a function can ask about its call.
#[derive(Clone, Copy)]
enum About<'a> {
    /// As the request says, whoever asks.
    Asked(&'a TaskRequest<'a>),
    /// As was found out, for another thread.
    Known(&'a CallDetails),
}

impl<'a> Call<'a> {
    #[inline(always)]
    pub(super) fn new(request: &'a TaskRequest<'a>) -> Call<'a> {
        Call { about: About::Asked(request), arena: request.arena() }
    }

    pub(super) fn known(details: &'a CallDetails, arena: &'a Arena) -> Call<'a> {
        Call { about: About::Known(details), arena }
    }

    /// Where replies are made.
    pub(super) fn arena(&self) -> &'a Arena {
        self.arena
    }

    /// A copy of a text that lives as long as the call's values.
    pub(super) fn place(&self, text: &str) -> &'a str {
        self.arena.alloc_str(text)
    }

    /// The name of the function or resource.
    pub fn name(&self) -> &'a str {
        match self.about {
            About::Asked(request) => request.name(),
            About::Known(call) => &call.name,
        }
    }

    /// The state that calls.
    pub fn state(&self) -> &'a str {
        match self.about {
            About::Asked(request) => request.state(),
            About::Known(call) => &call.state,
        }
    }

    /// The task's token, if the state waits for it to come back.
    pub fn token(&self) -> Option<&'a str> {
        match self.about {
            About::Asked(request) => request.token(),
            About::Known(call) => call.token.as_deref(),
        }
    }

    /// How often the state has been tried before.
    pub fn retry_count(&self) -> u32 {
        match self.about {
            About::Asked(request) => request.retry_count(),
            About::Known(call) => call.retry_count,
        }
    }

    /// The execution's clock, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        match self.about {
            About::Asked(request) => request.now_ms,
            About::Known(call) => call.now_ms,
        }
    }

    /// The version or alias that is called for.
    pub fn qualifier(&self) -> Option<&'a str> {
        match self.about {
            About::Asked(request) => request.qualifier(),
            About::Known(call) => call.qualifier.as_deref(),
        }
    }

    /// ClientContext of an Invoke request, as it was given.
    pub fn client_context(&self) -> Option<&'a str> {
        match self.about {
            About::Asked(request) => request.client_context(),
            About::Known(call) => call.client_context.as_deref(),
        }
    }

    /// What the state calls, in its own words: an ARN, or what an Invoke request has as FunctionName.
    pub fn resource(&self) -> &'a str {
        match self.about {
            About::Asked(request) => request.resource(),
            About::Known(call) => &call.resource,
        }
    }

    /// The state's time limit, in milliseconds.
    pub fn timeout_ms(&self) -> Option<i64> {
        match self.about {
            About::Asked(request) => request.timeout_ms(),
            About::Known(call) => call.timeout_ms,
        }
    }

    /// The id of the request: a UUID that is the same whenever the same execution makes the same call.
    pub fn request_id(&self) -> String {
        self.caller().request_id()
    }

    pub(super) fn caller(&self) -> CallerId<'a> {
        match self.about {
            About::Asked(request) => request.caller(),
            About::Known(call) => call.caller,
        }
    }

    /// The execution's clock as JSON has it: `"2020-01-01T00:00:00.000Z"`.
    pub fn time(&self) -> Value<'a> {
        let arena = self.arena;
        let mut text = bumpalo::collections::String::with_capacity_in(24, arena);
        // Writing into memory does not fail.
        let _ = Timestamp::from_millis(self.now_ms()).write_rfc3339_millis(&mut text);
        Value::text(arena, text.into_bump_str())
    }

    /// A string.
    #[inline]
    pub fn text(&self, text: &str) -> Value<'a> {
        Value::copy_str(self.arena, text)
    }

    /// A string that is put together of others, which costs no more than one of them.
    ///
    /// ```
    /// let handlers = expressway::handler::Handlers::new().lambda("label", |event, call| {
    ///     let who = event.get("who").and_then(|who| who.as_str()).unwrap_or("nobody");
    ///     Ok(call.concat(&["Hello, ", who, "!"]))
    /// });
    /// ```
    // Where it is called, it is known how many there are.
    #[inline(always)]
    pub fn concat(&self, pieces: &[&str]) -> Value<'a> {
        let bytes = pieces.iter().map(|piece| piece.len()).sum();
        let mut text = bumpalo::collections::String::with_capacity_in(bytes, self.arena);
        for piece in pieces {
            text.push_str(piece);
        }
        Value::text(self.arena, text.into_bump_str())
    }

    /// An object whose keys the program knows: nothing of them is copied. As everywhere, of equal keys the last counts.
    ///
    /// ```
    /// let handlers = expressway::handler::Handlers::new().lambda("label", |event, call| {
    ///     Ok(call.record([("label", call.text("new")), ("of", event.value())]))
    /// });
    /// ```
    // Where it is called, the keys are compared and measured when the program is compiled.
    #[inline(always)]
    pub fn record<const N: usize>(&self, members: [(&'static str, Value<'a>); N]) -> Value<'a> {
        if has_twins(&members) {
            return self.object_of_last(&members);
        }
        let keys = if are_plain(&members) { Keys::Constant } else { Keys::Any };
        let members: &'a [Member<'a>; N] = self.arena.alloc(members.map(|(key, value)| Member { key, value }));
        Value::object_of(self.arena, members, keys)
    }

    /// An object of these members; of equal keys the last counts.
    // Where it is called, the keys are known: there they are compared and measured when the program is compiled.
    #[inline(always)]
    pub fn object(&self, members: &[(&str, Value<'a>)]) -> Value<'a> {
        if has_twins(members) {
            return self.object_of_last(members);
        }
        let member = |(key, value): &(&str, Value<'a>)| Member { key: self.arena.alloc_str(key), value: *value };
        Value::object_of(self.arena, self.arena.alloc_slice_fill_iter(members.iter().map(member)), Keys::Any)
    }

    /// The same where keys are equal.
    #[cold]
    #[inline(never)]
    fn object_of_last(&self, members: &[(&str, Value<'a>)]) -> Value<'a> {
        let mut built = bumpalo::collections::Vec::with_capacity_in(members.len(), self.arena);
        for (n, (key, value)) in members.iter().enumerate() {
            if members[n + 1..].iter().all(|(other, _)| other != key) {
                built.push(Member { key: self.arena.alloc_str(key), value: *value });
            }
        }
        Value::object(self.arena, built.into_bump_slice())
    }

    /// An array of these elements.
    pub fn array(&self, items: &[Value<'a>]) -> Value<'a> {
        Value::array(self.arena, self.arena.alloc_slice_copy(items))
    }

    /// Anything that serde can serialize.
    ///
    /// # Errors
    ///
    /// What cannot be JSON (a map whose keys are not strings, say), as the error `InvalidReply`.
    pub fn json<T: Serialize>(&self, reply: &T) -> Result<Value<'a>, FunctionError> {
        let arena = self.arena;
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
        Ok(Value::from_text(self.arena, self.arena.alloc_str(text)))
    }
}

/// A string that the program knows, as a [`Value`]: nothing of it is copied for a call, or looked at when it is written.
///
/// ```
/// use expressway::constant;
/// let handlers = expressway::handler::Handlers::new()
///     .lambda("coat", |event, call| Ok(call.record([("coat", constant!("heavy")), ("of", event.value())])));
/// ```
///
/// What would have to be escaped does not compile; [`Call::text`] takes any text.
///
/// ```compile_fail
/// let quoted = expressway::constant!("a \"heavy\" coat");
/// ```
///
/// [`Call::text`]: crate::handler::function::Call::text
/// [`Value`]: crate::value::Value
#[macro_export]
macro_rules! constant {
    ($text:literal) => {{
        const TEXT: $crate::value::Raw<'static> = $crate::value::Raw::quoted(concat!("\"", $text, "\""));
        $crate::value::Value::Raw(&TEXT)
    }};
}

/// Whether two members have the same key, which hardly ever is so. What few there are is compared one by one, so that nothing
/// is left to do where the keys are known to the compiler.
#[inline(always)]
pub(super) fn has_twins(members: &[(&str, Value)]) -> bool {
    match members {
        [] | [_] => false,
        [(a, _), (b, _)] => a == b,
        [(a, _), (b, _), (c, _)] => a == b || a == c || b == c,
        [(a, _), (b, _), (c, _), (d, _)] => a == b || a == c || a == d || b == c || b == d || c == d,
        many => any_twins(many),
    }
}

/// Whether no key needs an escape, if that is known; of few members, for the same reason.
#[inline(always)]
pub(super) fn are_plain(members: &[(&str, Value)]) -> bool {
    let plain = |member: &(&str, Value)| is_plain(member.0.as_bytes());
    match members {
        [] => true,
        [a] => plain(a),
        [a, b] => plain(a) && plain(b),
        [a, b, c] => plain(a) && plain(b) && plain(c),
        [a, b, c, d] => plain(a) && plain(b) && plain(c) && plain(d),
        _ => false,
    }
}

#[inline(never)]
fn any_twins(members: &[(&str, Value)]) -> bool {
    let is_known = |n: usize| members[..n].iter().any(|(key, _)| same(key.as_bytes(), members[n].0.as_bytes()));
    (1..members.len()).any(is_known)
}

//! Functions that write their replies instead of making values of them.
//!
//! Flows in: what a function says. Flows out: compact JSON text, where it is wanted: where an execution is one call, right behind the
//! results of those before it; elsewhere it becomes a value. It must never write anything but one JSON value, whose objects have
//! each key once. If the function fails after all, whoever called it cuts off what it has written.

use super::function::{Call, Event, Function, FunctionError, are_plain, has_twins};
use crate::value::raw::Form;
use crate::value::text::{SHORT_MAX, write_string};
use crate::value::write::{write_head, write_short};
use crate::value::{Arena, Raw, Value};
use serde::Serialize;
use std::marker::PhantomData;

/// A place for one reply: whatever is written there takes it up, and gives proof of that.
///
/// ```
/// use expressway::handler::Handlers;
/// use expressway::handler::function::FunctionError;
/// use expressway::value::Value;
/// let handlers = Handlers::new().written("half", |event, _call, reply| match event.as_i64() {
///     Some(n) => Ok(reply.value(Value::Int(n / 2))),
///     None => Err(FunctionError::new("TypeError", "no integer")),
/// });
/// ```
#[derive(Debug)]
pub struct Writer<'w> {
    out: &'w mut Vec<u8>,
}

/// That a reply has been written.
#[must_use = "a function gives it back"]
#[derive(Debug)]
pub struct Written<'w>(PhantomData<&'w mut ()>);

impl<'w> Writer<'w> {
    pub(super) fn new(out: &'w mut Vec<u8>) -> Writer<'w> {
        Writer { out }
    }

    /// A value: the event, a part of it, what [`Call`] makes.
    pub fn value(self, value: Value) -> Written<'w> {
        value.write(self.out);
        Written(PhantomData)
    }

    /// A string.
    pub fn text(self, text: &str) -> Written<'w> {
        write_string(text, self.out);
        Written(PhantomData)
    }

    /// An object whose keys the program knows. As everywhere, of equal keys the last counts.
    // Where it is called, the keys are compared, measured and put together when the program is compiled.
    #[inline(always)]
    pub fn record<const N: usize>(self, members: [(&'static str, Value<'_>); N]) -> Written<'w> {
        if has_twins(&members) || !are_plain(&members) || members.is_empty() {
            return self.any_record(&members);
        }
        for (n, (key, value)) in members.iter().enumerate() {
            write_head(key, n == 0, self.out);
            write_short(value, self.out);
        }
        self.out.push(b'}');
        Written(PhantomData)
    }

    /// The same of any keys.
    #[cold]
    #[inline(never)]
    fn any_record(self, members: &[(&'static str, Value<'_>)]) -> Written<'w> {
        let start = self.out.len();
        for (n, (key, value)) in members.iter().enumerate() {
            if members[n + 1..].iter().all(|(other, _)| other != key) {
                self.out.push(if self.out.len() == start { b'{' } else { b',' });
                write_string(key, self.out);
                self.out.push(b':');
                value.write(self.out);
            }
        }
        self.out.extend_from_slice(if self.out.len() == start { b"{}" } else { b"}" });
        Written(PhantomData)
    }

    /// Anything that serde can serialize, spelled as [`Call::json`] has it.
    ///
    /// # Errors
    ///
    /// What cannot be JSON (a map whose keys are not strings, say), as the error `InvalidReply`.
    pub fn json<T: Serialize>(self, reply: &T) -> Result<Written<'w>, FunctionError> {
        let Writer { out } = self;
        let start = out.len();
        let invalid = |why: String| FunctionError::new("InvalidReply", why);
        simd_json::serde::to_writer(&mut *out, reply).map_err(|error| invalid(error.to_string()))?;
        let text = std::str::from_utf8(&out[start..]).map_err(|error| invalid(error.to_string()))?;
        let form = Form::of(text);
        if form != Form::COMPACT {
            let text = text.to_owned();
            out.truncate(start);
            Value::Raw(&Raw { text: &text, form }).write(out);
        }
        Ok(Written(PhantomData))
    }
}

/// A function that writes its replies.
pub(super) struct Writing<F>(pub F);

impl<F> Function for Writing<F>
where
    F: for<'a, 'w> Fn(Event<'a>, &Call<'a>, Writer<'w>) -> Result<Written<'w>, FunctionError> + Send + Sync,
{
    fn call<'a>(&self, event: Event<'a>, call: &Call<'a>) -> Result<Value<'a>, FunctionError> {
        let mut text = Vec::with_capacity(4 * SHORT_MAX);
        let Written(_) = self.write(event, call, Writer::new(&mut text))?;
        Ok(text_of(&text, call.arena()))
    }

    fn writes(&self) -> bool {
        true
    }

    // The one place where the function is called, so that it may become a part of this.
    #[inline(never)]
    fn write<'a, 'w>(
        &self,
        event: Event<'a>,
        call: &Call<'a>,
        reply: Writer<'w>,
    ) -> Result<Written<'w>, FunctionError> {
        self.0(event, call, reply)
    }
}

/// What has been written, as a value: compact JSON text.
fn text_of<'a>(written: &[u8], arena: &'a Arena) -> Value<'a> {
    // Whatever writes there writes text.
    let text = std::str::from_utf8(written).unwrap_or("null");
    Value::raw(arena, arena.alloc_str(text), Form::COMPACT)
}

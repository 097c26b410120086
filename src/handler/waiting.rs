//! Functions that wait: a reply that comes later, as a future.
//!
//! Any future will do, of whatever runtime: it is polled where the execution is driven, and woken through its waker. A
//! driver of real time has thousands of them under way on one thread; where time is virtual the thread waits for the one
//! at hand, which takes no time of the execution's clock. It must never poll a future after its end.

use super::decode::decode;
use super::function::{Call, Event, Function, FunctionError};
use crate::value::Value;
use crate::value::raw::Form;
use crate::vm::CallerId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

/// A reply that is still to come: JSON text, or how the function fails.
pub type Pending = Pin<Box<dyn Future<Output = Result<String, FunctionError>> + Send>>;

/// What is known of a call, owned, for a function that outlives it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CallDetails {
    /// The name of the function or resource.
    pub name: String,
    /// The state that calls.
    pub state: String,
    /// The task's token, if the state waits for it to come back.
    pub token: Option<String>,
    /// How often the state has been tried before.
    pub retry_count: u32,
    /// The execution's clock, in milliseconds since 1970.
    pub now_ms: i64,
    /// The version or alias that is called for.
    pub qualifier: Option<String>,
    /// ClientContext of an Invoke request, as it was given.
    pub client_context: Option<String>,
    /// The state's time limit, in milliseconds.
    pub timeout_ms: Option<i64>,
    /// What the state calls, in its own words: an ARN, or what an Invoke request has as FunctionName.
    pub resource: String,
    pub(super) caller: CallerId<'static>,
}

impl CallDetails {
    pub(super) fn of(call: &Call) -> CallDetails {
        let own = |text: Option<&str>| text.map(str::to_owned);
        CallDetails {
            name: call.name().to_owned(),
            state: call.state().to_owned(),
            token: own(call.token()),
            retry_count: call.retry_count(),
            now_ms: call.now_ms(),
            qualifier: own(call.qualifier()),
            client_context: own(call.client_context()),
            timeout_ms: call.timeout_ms(),
            resource: call.resource().to_owned(),
            caller: call.caller().kept(),
        }
    }

    /// The id of the request, as [`Call::request_id`].
    pub fn request_id(&self) -> String {
        self.caller.request_id()
    }
}

/// A function that makes a future of each call.
pub(super) struct Waiting<F, I> {
    make: F,
    input: PhantomData<fn(I)>,
}

impl<F, I> Waiting<F, I> {
    pub fn new(make: F) -> Waiting<F, I> {
        Waiting { make, input: PhantomData }
    }
}

impl<F, I, Fut, O, E> Function for Waiting<F, I>
where
    F: Fn(I, CallDetails) -> Fut + Send + Sync,
    I: DeserializeOwned,
    Fut: Future<Output = Result<O, E>> + Send + 'static,
    O: Serialize,
    E: Into<FunctionError>,
{
    fn call<'a>(&self, event: Event<'a>, call: &Call<'a>) -> Result<Value<'a>, FunctionError> {
        let text = match self.begin(event, call) {
            Some(pending) => wait_for(pending)?,
            None => return Ok(Value::Null),
        };
        let arena = call.arena();
        Ok(Value::raw(arena, arena.alloc_str(&text), Form::of(&text)))
    }

    fn begin(&self, event: Event<'_>, call: &Call<'_>) -> Option<Pending> {
        let input = match decode(event.value(), call.arena()) {
            Ok(input) => input,
            Err(error) => {
                let error = FunctionError::new("InvalidEvent", error.to_string());
                return Some(Box::pin(std::future::ready(Err(error))));
            }
        };
        let reply = (self.make)(input, CallDetails::of(call));
        Some(Box::pin(async move {
            let reply = reply.await.map_err(Into::into)?;
            simd_json::serde::to_string(&reply).map_err(|e| FunctionError::new("InvalidReply", e.to_string()))
        }))
    }
}

/// Lets the thread wait until the future is ready.
fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let (mut context, mut future) = (Context::from_waker(&waker), pin!(future));
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

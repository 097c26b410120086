//! Functions that misbehave: panics counted and told once, calls that give no answer given up.
//!
//! Flows in: the functions of a run, each of which is given a mark ([`Handlers::watched`](super::Handlers::watched)). Flows
//! out: their replies, or a failure of that one call; and counts. A thread cannot be ended from outside. So a function
//! with a time limit is called on a thread of its own, which gets and gives owned text; if no answer comes in time, the
//! caller goes on without that thread, and the next call is made on another one. That costs some microseconds a call, and
//! nothing where there is no time limit. It must never leave a caller waiting for longer than the limit.

use super::function::{Call, Event, Function, FunctionError};
use super::waiting::{CallDetails, Pending};
use crate::value::raw::Form;
use crate::value::{Arena, Value};
use crate::vm::Around;
use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

/// How many threads may be left behind at a time with calls that give no answer.
pub const STUCK_MAX: usize = 16;

thread_local! {
    /// The number of the function that the thread is in, from 1; 0 outside. The hook for panics has no other way to tell a
    /// function's panic from one of ours; a constant start makes it as cheap as a plain variable.
    static INSIDE: Cell<usize> = const { Cell::new(0) };
}

/// What is seen of the functions of a run.
#[derive(Debug, Default)]
pub struct Watch {
    names: Mutex<Vec<String>>,
    limit: Option<Duration>,
    panics: AtomicU64,
    told: AtomicBool,
    unanswered: AtomicU64,
    stuck: AtomicUsize,
    /// Set when too many threads are stuck.
    stop: Arc<AtomicBool>,
    given_up: AtomicBool,
    idle: Mutex<Vec<Sender<Task>>>,
}

impl Watch {
    /// Watches functions. Without a time limit only panics are counted; `stop` is set when more than [`STUCK_MAX`]
    /// threads are left behind.
    pub fn new(limit: Option<Duration>, stop: Arc<AtomicBool>) -> Watch {
        Watch { limit, stop, ..Watch::default() }
    }

    /// How many calls have panicked.
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// How many calls gave no answer in time.
    pub fn unanswered(&self) -> u64 {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// Whether too many threads were stuck for the run to go on.
    pub fn gave_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Lets the process say nothing of panics in functions but of the first one, which is told with the function's name.
    /// Panics elsewhere are told as before. The hook belongs to the whole process: this is for whoever owns `main`.
    pub fn hush(watch: &Arc<Watch>) {
        let (watch, before) = (Arc::clone(watch), std::panic::take_hook());
        std::panic::set_hook(Box::new(move |panic| match INSIDE.get() {
            0 => before(panic),
            number => watch.tell(number, panic),
        }));
    }

    /// Tells of the first panic in a function.
    fn tell(&self, number: usize, panic: &PanicHookInfo) {
        if self.told.swap(true, Ordering::Relaxed) {
            return;
        }
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let name = names.get(number - 1).map_or("?", String::as_str);
        let place = panic.location().map(|place| format!(" at {place}")).unwrap_or_default();
        let message = said(panic.payload());
        eprintln!("expressway: the handler {name} panicked{place}: {message}");
        eprintln!("expressway: its call has failed with Lambda.Unknown; further panics are only counted");
    }

    /// Gives a function of that name a number.
    pub(super) fn mark(watch: &Arc<Watch>, name: &str) -> Mark {
        let mut names = watch.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.push(name.to_owned());
        Mark { number: names.len(), watch: Arc::clone(watch) }
    }
}

/// What a panic says.
pub(super) fn said(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("the handler panicked")
}

/// By which a function that is watched is known, and who watches it.
#[derive(Clone)]
pub(super) struct Mark {
    number: usize,
    watch: Arc<Watch>,
}

impl Mark {
    /// How long a call may take, if that is limited.
    #[inline]
    pub fn limit(&self) -> Option<Duration> {
        self.watch.limit
    }

    /// Does a part of the function's work on this thread; a panic is counted.
    #[inline(always)]
    pub fn inside<T>(&self, work: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
        let before = INSIDE.replace(self.number);
        // The arena only ever gets further values: whatever a panic leaves there half made, nobody can reach.
        let outcome = catch_unwind(AssertUnwindSafe(work));
        INSIDE.set(before);
        if outcome.is_err() {
            self.watch.panics.fetch_add(1, Ordering::Relaxed);
        }
        outcome
    }

    /// The same; a panic is the call's failure.
    fn fenced<T>(&self, work: impl FnOnce() -> T) -> Result<T, FunctionError> {
        self.inside(work).map_err(|panic| {
            let cause = Some(said(&*panic).to_owned());
            FunctionError::Failed { error: Some("Lambda.Unknown".to_owned()), cause }
        })
    }

    /// A reply that comes later, watched.
    pub fn around(self, mut pending: Pending) -> Pending {
        Box::pin(std::future::poll_fn(move |context| {
            // After a panic it is dropped, and never polled again.
            self.fenced(|| pending.as_mut().poll(context)).unwrap_or_else(|error| Poll::Ready(Err(error)))
        }))
    }

    /// Calls it on another thread, and waits for no longer than the limit.
    #[inline(never)]
    pub fn call_elsewhere<'a>(
        &self,
        function: &Arc<dyn Function>,
        event: Event<'a>,
        call: &Call<'a>,
        limit: Duration,
    ) -> Result<Value<'a>, FunctionError> {
        let watch = &self.watch;
        // Nothing is kept between the two: either the answer was taken, or the thread learns that it was not.
        let (answer, answered) = sync_channel(0);
        let (function, mark) = (Arc::clone(function), self.clone());
        let mut task = Task { function, mark, event: event.value().to_json(), about: CallDetails::of(call), answer };
        let helper = loop {
            let idle = watch.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let helper = match idle {
                Some(helper) => helper,
                None => helper().map_err(|error| {
                    let cause = format!("no thread can be started to call {}: {error}", call.name());
                    FunctionError::Failed { error: Some("States.Runtime".to_owned()), cause: Some(cause) }
                })?,
            };
            match helper.send(task) {
                Ok(()) => break helper,
                // Its thread has gone.
                Err(unsent) => task = unsent.0,
            }
        };
        match answered.recv_timeout(limit) {
            Ok(reply) => {
                watch.idle.lock().unwrap_or_else(PoisonError::into_inner).push(helper);
                let text = call.place(&reply?);
                Ok(Value::raw(call.arena(), text, Form::of(text)))
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                watch.unanswered.fetch_add(1, Ordering::Relaxed);
                if watch.stuck.fetch_add(1, Ordering::Relaxed) >= STUCK_MAX {
                    watch.given_up.store(true, Ordering::Relaxed);
                    watch.stop.store(true, Ordering::Relaxed);
                }
                let cause = format!("the handler {} gave no answer within {} s", call.name(), limit.as_secs_f64());
                Err(FunctionError::Failed { error: Some("States.Timeout".to_owned()), cause: Some(cause) })
            }
        }
    }
}

/// A call, owned.
struct Task {
    function: Arc<dyn Function>,
    mark: Mark,
    event: String,
    about: CallDetails,
    answer: SyncSender<Result<String, FunctionError>>,
}

/// A thread that makes calls until nobody has any more.
fn helper() -> std::io::Result<Sender<Task>> {
    let (sender, tasks) = channel::<Task>();
    std::thread::Builder::new().name("expressway-call".to_owned()).spawn(move || {
        for task in tasks {
            let arena = Arena::new();
            let around = Around { arena: &arena, view: None };
            let event = Event::new(Value::raw(&arena, &task.event, Form::of(&task.event)), &around);
            let call = Call::known(&task.about, &arena);
            let reply = task.mark.fenced(|| task.function.call(event, &call));
            let reply = reply.and_then(|reply| reply).map(|value| value.to_json());
            if task.answer.send(reply).is_err() {
                // The caller has gone on without this thread, which is free again but not needed.
                task.mark.watch.stuck.fetch_sub(1, Ordering::Relaxed);
                return;
            }
        }
    })?;
    Ok(sender)
}

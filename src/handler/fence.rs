//! The fence around functions: a panic is the failure of that one call.
//!
//! Flows in: a function, a request. Flows out: the reply. There is one fence around a call, whoever watches the function, and
//! nothing but it between an execution and the function. It must never let a panic through.

use super::Answer;
use super::function::{Call, Event, Function, FunctionError};
use super::watch::{self, Mark};
use super::written::Writer;
use crate::value::raw::Form;
use crate::value::{Arena, Value};
use crate::vm::{Answered, Reply, TaskRequest};
use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// A function behind a name, and who watches it.
#[derive(Clone)]
pub(super) struct Behind {
    function: Arc<dyn Function>,
    writes: bool,
    mark: Option<Mark>,
}

impl Behind {
    /// A function that nobody watches.
    pub fn new(function: Arc<dyn Function>) -> Behind {
        Behind { writes: function.writes(), function, mark: None }
    }

    /// Lets it be watched, unless it is already.
    pub fn watch(&mut self, mark: impl FnOnce() -> Mark) {
        self.mark.get_or_insert_with(mark);
    }

    /// Does a task, and waits for whoever takes time over it; how it ended is put where it is wanted.
    #[inline(always)]
    pub fn answer<'a>(&self, request: &'a TaskRequest<'a>, ended: &Cell<Answered<'a>>) {
        if let Some(mark) = &self.mark
            && let Some(limit) = mark.limit()
        {
            return ended.set(self.answer_within(request, mark, limit));
        }
        let call = || match self.function.call(Event::of(request), &Call::new(request)) {
            Ok(Value::Object(object)) => ended.set(Answered::Object(object)),
            Ok(value) => ended.set(Answered::Returned(value)),
            Err(error) => ended.set(otherwise(error, request.arena())),
        };
        if let Err(panic) = self.inside(call) {
            ended.set(Answered::Otherwise(request.arena().alloc(panicked(&*panic, request.arena()))));
        }
    }

    /// The same, where the reply may be appended to a text: whether it has been, and then nothing is put where it is wanted. If
    /// not, a part of it may have been.
    #[inline(always)]
    pub fn write<'a>(&self, request: &'a TaskRequest<'a>, out: &mut Vec<u8>, ended: &Cell<Answered<'a>>) -> bool {
        let is_limited = self.mark.as_ref().is_some_and(|mark| mark.limit().is_some());
        if !self.writes || is_limited {
            self.answer(request, ended);
            return false;
        }
        let call = || match self.function.write(Event::of(request), &Call::new(request), Writer::new(out)) {
            Ok(_) => true,
            Err(error) => {
                ended.set(otherwise(error, request.arena()));
                false
            }
        };
        self.inside(call).unwrap_or_else(|panic| {
            ended.set(Answered::Otherwise(request.arena().alloc(panicked(&*panic, request.arena()))));
            false
        })
    }

    /// The same as a reply.
    pub fn reply<'a>(&self, request: &'a TaskRequest<'a>) -> Reply<'a> {
        let ended = Cell::new(Answered::Returned(Value::Null));
        self.answer(request, &ended);
        ended.get().into()
    }

    /// What a task ends with within that time.
    #[inline(never)]
    fn answer_within<'a>(&self, request: &'a TaskRequest<'a>, mark: &Mark, limit: Duration) -> Answered<'a> {
        match mark.call_elsewhere(&self.function, Event::of(request), &Call::new(request), limit) {
            Ok(value) => Answered::Returned(value),
            Err(error) => otherwise(error, request.arena()),
        }
    }

    /// Does a task, or begins it if whoever does it takes time over it.
    pub fn begin<'a>(&self, request: &'a TaskRequest<'a>) -> Answer<'a> {
        let (event, call) = (Event::of(request), Call::new(request));
        match self.inside(|| self.function.begin(event, &call)) {
            Ok(None) => Answer::Now(self.reply(request)),
            Ok(Some(pending)) => Answer::Later(match &self.mark {
                Some(mark) => mark.clone().around(pending),
                None => pending,
            }),
            Err(panic) => Answer::Now(panicked(&*panic, request.arena())),
        }
    }

    /// Does a part of the function's work on this thread; what it said, if it panicked.
    #[inline(always)]
    fn inside<T>(&self, work: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
        match &self.mark {
            Some(mark) => mark.inside(work),
            // The arena only ever gets further values: whatever a panic leaves there half made, nobody can reach.
            None => catch_unwind(AssertUnwindSafe(work)),
        }
    }
}

/// What an execution is told of a function that fails.
#[inline(never)]
fn otherwise<'a>(error: FunctionError, arena: &'a Arena) -> Answered<'a> {
    Answered::Otherwise(arena.alloc(failed(&error, arena)))
}

/// The same as a reply.
pub(super) fn failed<'a>(error: &FunctionError, arena: &'a Arena) -> Reply<'a> {
    let text = |text: &Option<String>| text.as_ref().map(|text| &*arena.alloc_str(text));
    match error {
        FunctionError::Raised { error, message } => {
            Reply::Raised { error: arena.alloc_str(error), message: arena.alloc_str(message) }
        }
        FunctionError::Reported { error, report } => {
            let text = arena.alloc_str(report);
            Reply::Reported { error: arena.alloc_str(error), report: Value::raw(arena, text, Form::of(text)) }
        }
        FunctionError::Failed { error, cause } => Reply::Failed { error: text(error), cause: text(cause) },
        FunctionError::TimedOut => Reply::TimedOut,
    }
}

/// The same of one that panics.
#[cold]
pub(super) fn panicked<'a>(panic: &(dyn Any + Send), arena: &'a Arena) -> Reply<'a> {
    let text = watch::said(panic);
    Reply::Failed { error: Some("Lambda.Unknown"), cause: Some(arena.alloc_str(text)) }
}

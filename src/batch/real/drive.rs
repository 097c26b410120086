//! One execution as a future: its clock is the wall's, its children are under way side by side.
//!
//! The rules are those of [`drive`](super::super::drive): only who waits, and how long, differs. A task that has a time
//! limit has lapsed when the limit has passed, and its future is dropped. Of children that fail the first ends the others,
//! as it would on the virtual clock.

use super::super::job::Job;
use super::super::wording::{Lines as Written, Place, Wording};
use super::tasks::Timers;
use super::{Ended, Ending};
use crate::handler::mock::Counters;
use crate::handler::waiting::Pending;
use crate::handler::{Answer, Bound, settle};
use crate::program::Program;
use crate::value::raw::Form;
use crate::value::{Arena, Value};
use crate::vm::join::FinishedElsewhere;
use crate::vm::{
    Children, Execution, Input, Join, LimitHit, Outcome, Parked, Reply, Request, Seed, Settings, Start, Step, Tally,
};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

/// The most children of one Map or Parallel that are under way at once, whatever it allows: each turn looks at all.
const CHILDREN_MAX: usize = 1_000;
/// Timers beyond this are never reached.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A record whose execution is about to begin.
pub(super) struct Begin {
    pub place: Place,
    pub text: Box<str>,
    pub form: Form,
    pub seed: Seed,
    /// What its clock shows then; the run's clock if nothing.
    pub start_ms: Option<i64>,
}

/// What the executions of one worker share.
pub(super) struct Clock<'c> {
    program: &'c Program,
    settings: &'c Settings,
    bound: &'c Bound,
    wording: &'c Wording,
    now_ms: i64,
    began: Instant,
    visits: &'c Tally,
    pub timers: Timers,
}

impl<'c> Clock<'c> {
    /// The clock of a run that began then.
    pub fn new(job: &Job<'c, '_, '_>, began: Instant, visits: &'c Tally) -> Clock<'c> {
        let (program, settings, bound, wording) = (job.program, job.settings, job.bound, job.wording);
        Clock { program, settings, bound, wording, now_ms: job.now_ms, began, visits, timers: Timers::default() }
    }
}

/// The clock of one execution.
#[derive(Clone, Copy)]
struct Own<'c> {
    bound: &'c Bound,
    timers: &'c Timers,
    counters: &'c RefCell<Counters>,
    began: Instant,
    start_ms: i64,
}

impl Own<'_> {
    fn now_ms(&self) -> i64 {
        self.start_ms.saturating_add(millis(self.began.elapsed()))
    }

    fn instant(&self, at_ms: i64) -> Instant {
        let after = u64::try_from(at_ms.saturating_sub(self.start_ms)).unwrap_or(0);
        self.began + Duration::from_millis(after).min(FOR_EVER)
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Runs a record's execution to its end.
pub(super) async fn execute(begin: Begin, clock: &Clock<'_>) -> Ended {
    let began = Instant::now();
    let counters = RefCell::new(clock.bound.counters_of(begin.seed));
    let start_ms = begin.start_ms.unwrap_or_else(|| clock.now_ms.saturating_add(millis(began - clock.began)));
    let own = Own { bound: clock.bound, timers: &clock.timers, counters: &counters, began, start_ms };
    let mut parked: Option<Parked> = None;
    loop {
        let arena = Arena::new();
        let mut execution = match parked.take() {
            Some(parked) => parked.resume(clock.program, clock.settings, &arena),
            None => {
                let input = Input::whole(Value::raw(&arena, &begin.text, begin.form));
                let start = Start { input, seed: begin.seed, now_ms: start_ms, history: false };
                Execution::new(clock.program, clock.settings, &arena, start)
            }
        };
        execution.count_in(clock.visits);
        let Some(outcome) = drive(&mut execution, own).await else {
            parked = Some(execution.leave_memory());
            continue;
        };
        let mut written = Written::default();
        clock.wording.outcome(begin.place, &outcome, &arena, &begin.text, &mut written);
        return Ended {
            status: match &outcome {
                Outcome::Succeeded(_) => Ending::Succeeded,
                Outcome::Failed(failure) => Ending::Failed(failure.error.map(str::to_owned)),
                Outcome::TimedOut(limit) => Ending::TimedOut(*limit),
            },
            steps: clock.settings.limits.steps.saturating_sub(execution.steps_left()),
            written,
            took_ns: u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX),
        };
    }
}

/// Runs an execution, or a child of one, to its end; or until its arena has filled up, which has no outcome.
fn drive<'f, 'a: 'f>(
    execution: &'f mut Execution<'a>,
    own: Own<'f>,
) -> Pin<Box<dyn Future<Output = Option<Outcome<'a>>> + 'f>> {
    Box::pin(async move {
        loop {
            match execution.run() {
                Step::Done(outcome) => return Some(outcome),
                Step::Request(Request::Room) => return None,
                Step::Request(Request::Task(request)) => {
                    // Nobody is waited for while the counters are borrowed.
                    let answer = own.bound.begin(request, &mut own.counters.borrow_mut());
                    let reply = match answer {
                        Answer::Now(reply) => reply,
                        Answer::Later(pending) => {
                            let limit_ms = request.timeout_ms().map(|ms| request.now_ms.saturating_add(ms));
                            let end_ms = limit_ms.unwrap_or(i64::MAX).min(execution.deadline_ms());
                            match within(fenced(pending), own.timers.until(own.instant(end_ms))).await {
                                Some(reply) => settle(reply, execution.arena()),
                                None => Reply::TimedOut,
                            }
                        }
                    };
                    execution.pass_time(own.now_ms());
                    execution.answer(reply);
                }
                Step::Request(Request::WaitUntil(until_ms)) => {
                    own.timers.until(own.instant(until_ms)).await;
                    execution.wake();
                    execution.pass_time(own.now_ms());
                }
                Step::Request(Request::Children(children)) => {
                    let join = run_children(children, execution.tally(), execution.arena(), own).await;
                    execution.join(join);
                    execution.pass_time(own.now_ms());
                }
            }
        }
    })
}

/// A function's future behind the fence: if it panics, that is its reply.
async fn fenced(mut pending: Pending) -> std::thread::Result<Result<String, crate::handler::function::FunctionError>> {
    poll_fn(move |context| {
        // After a panic it is dropped, and never polled again.
        match catch_unwind(AssertUnwindSafe(|| pending.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(reply)) => Poll::Ready(Ok(reply)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

/// What the future comes to, unless the other is ready before.
async fn within<T>(future: impl Future<Output = T>, end: impl Future<Output = ()>) -> Option<T> {
    let (mut future, mut end) = (pin!(future), pin!(end));
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => end.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// Runs children side by side, as many at once as their Map allows.
async fn run_children<'a>(
    children: &'a Children<'a>,
    tally: Option<&'a Tally>,
    arena: &'a Arena,
    own: Own<'_>,
) -> Join<'a> {
    let most = children.concurrency().clamp(1, CHILDREN_MAX);
    let (stopped, mut failures) = (Cell::new(false), 0);
    let mut finished: Vec<Option<FinishedElsewhere>> = Vec::new();
    let mut running = Vec::new();
    poll_fn(|context| {
        loop {
            while running.len() < most && finished.len() < children.len() && !stopped.get() {
                let index = finished.len();
                finished.push(None);
                running.push((index, Box::pin(run_child(children, index, tally, arena, own, &stopped))));
            }
            let before = running.len();
            running.retain_mut(|(index, child)| match child.as_mut().poll(context) {
                Poll::Pending => true,
                Poll::Ready((ending, done)) => {
                    failures += usize::from(ending == Came::Failed);
                    let ends_all = ending == Came::TimedOut || (ending == Came::Failed && !children.bears(failures));
                    stopped.set(stopped.get() || ends_all);
                    finished[*index] = Some(done);
                    false
                }
            });
            let all_begun = stopped.get() || finished.len() == children.len();
            match running.len() {
                0 if all_begun => return Poll::Ready(()),
                // Places are free, or others have to look whether they were stopped.
                now if now < before => {}
                _ => return Poll::Pending,
            }
        }
    })
    .await;
    let mut join = Join::new(children);
    for done in finished.into_iter().flatten() {
        join.add_from_elsewhere(done, arena);
    }
    join
}

/// How a child ended, for those beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    Well,
    Failed,
    TimedOut,
}

/// Runs one child, until it ends or the others have been stopped.
async fn run_child<'a>(
    children: &'a Children<'a>,
    index: usize,
    tally: Option<&'a Tally>,
    arena: &'a Arena,
    own: Own<'_>,
    stopped: &Cell<bool>,
) -> (Came, FinishedElsewhere) {
    let mut child = children.child(children.independent(index), arena);
    if let Some(tally) = tally {
        child.count_in(tally);
    }
    child.pass_time(own.now_ms());
    let outcome = {
        // A child stays in its parent's memory, however full that becomes: others are there too.
        let driven = async {
            loop {
                if let Some(outcome) = drive(&mut child, own).await {
                    return outcome;
                }
            }
        };
        let until_stopped = poll_fn(|_| if stopped.get() { Poll::Ready(()) } else { Poll::Pending });
        within(driven, until_stopped).await
    };
    let came = match outcome {
        Some(Outcome::Failed(_)) => Came::Failed,
        Some(Outcome::TimedOut(_)) => Came::TimedOut,
        Some(Outcome::Succeeded(_)) | None => Came::Well,
    };
    // One that was stopped counts as little as one whose time is over when another has failed.
    let outcome = outcome.unwrap_or(Outcome::TimedOut(LimitHit::VirtualSeconds(0)));
    (came, child.finish(outcome).into_owned())
}

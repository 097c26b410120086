//! Calls that take their time, made on threads of their own for drivers that go on meanwhile.
//!
//! Flows in: calls. Flows out: a future each, ready when its call has ended. There are as many threads as calls that can
//! be under way at once, started when they are first needed; further calls queue up. It must never make a call twice; one
//! whose future was dropped before its turn is not made at all.

use super::super::function::FunctionError;
use super::super::waiting::Pending;
use super::{Invocation, Invoke};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Poll, Waker};

/// A reply on its way; a panic of ours goes on where it is waited for.
#[derive(Default)]
struct Coming {
    reply: Option<std::thread::Result<Result<String, FunctionError>>>,
    waker: Option<Waker>,
}

struct Job {
    invocation: Invocation,
    /// Whoever waits holds the other end.
    coming: Weak<Mutex<Coming>>,
}

/// The threads and their queue.
pub(super) struct Aside {
    threads_max: usize,
    queue: Mutex<Option<Queue>>,
}

struct Queue {
    sender: Sender<Job>,
    receiver: Arc<Mutex<Receiver<Job>>>,
    threads: usize,
}

impl Aside {
    /// So many threads at most, none yet.
    pub fn new(threads_max: usize) -> Aside {
        Aside { threads_max: threads_max.max(1), queue: Mutex::new(None) }
    }

    /// Lets a call be made.
    pub fn begin<I: Invoke>(&self, to: &Arc<I>, invocation: Invocation) -> Pending {
        let coming = Arc::new(Mutex::new(Coming::default()));
        let job = Job { invocation, coming: Arc::downgrade(&coming) };
        if let Err(error) = self.hand_over(to, job) {
            let cause = format!("no thread can be started for a call: {error}");
            let failed = FunctionError::Failed { error: Some("States.Runtime".to_owned()), cause: Some(cause) };
            return Box::pin(std::future::ready(Err(failed)));
        }
        Box::pin(poll_fn(move |context| {
            let mut coming = coming.lock().unwrap_or_else(PoisonError::into_inner);
            match coming.reply.take() {
                Some(Ok(reply)) => Poll::Ready(reply),
                Some(Err(panic)) => resume_unwind(panic),
                None => {
                    coming.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        }))
    }

    fn hand_over<I: Invoke>(&self, to: &Arc<I>, job: Job) -> std::io::Result<()> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queue.get_or_insert_with(|| {
            let (sender, receiver) = channel();
            Queue { sender, receiver: Arc::new(Mutex::new(receiver)), threads: 0 }
        });
        if queue.threads < self.threads_max {
            let (receiver, to) = (Arc::clone(&queue.receiver), Arc::clone(to));
            let thread = std::thread::Builder::new().name("expressway-lambda".to_owned());
            match thread.spawn(move || work(&receiver, &*to)) {
                Ok(_) => queue.threads += 1,
                Err(error) if queue.threads == 0 => return Err(error),
                // Those that there are will do.
                Err(_) => {}
            }
        }
        // The receiver is ours: it cannot be gone.
        let _ = queue.sender.send(job);
        Ok(())
    }
}

/// Makes calls until nobody can ask for any more.
fn work<I: Invoke>(queue: &Mutex<Receiver<Job>>, to: &I) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        if job.coming.strong_count() == 0 {
            continue;
        }
        let reply = catch_unwind(AssertUnwindSafe(|| to.invoke(&job.invocation)));
        let Some(coming) = job.coming.upgrade() else { continue };
        let waker = {
            let mut coming = coming.lock().unwrap_or_else(PoisonError::into_inner);
            coming.reply = Some(reply);
            coming.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

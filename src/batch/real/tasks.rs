//! Futures on one thread: who is ready to go on, and when the next timer rings.
//!
//! A future is polled when it is new, when its waker was called (from any thread), or when a timer of its own rings; where
//! there is nothing to poll the thread sleeps. A future that is woken without need looks, and waits on. It must never poll
//! one after its end.

use crossbeam::queue::SegQueue;
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// The longest a thread sleeps: then it looks whether the run has been stopped.
const GLANCE: Duration = Duration::from_millis(50);

/// Timers of one thread.
#[derive(Default)]
pub(super) struct Timers {
    /// The next to ring is on top; the number tells those of one time apart.
    due: RefCell<BinaryHeap<Reverse<Due>>>,
    set: Cell<u64>,
}

struct Due {
    at: Instant,
    number: u64,
    waker: Waker,
}

impl PartialEq for Due {
    fn eq(&self, other: &Due) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Due) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Due) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl Timers {
    /// Ready at that time.
    pub fn until(&self, at: Instant) -> impl Future<Output = ()> + '_ {
        let mut set = false;
        std::future::poll_fn(move |context| {
            if Instant::now() >= at {
                return Poll::Ready(());
            }
            if !set {
                set = true;
                let number = self.set.get();
                self.set.set(number + 1);
                self.due.borrow_mut().push(Reverse(Due { at, number, waker: context.waker().clone() }));
            }
            Poll::Pending
        })
    }

    /// Wakes whoever's time has come; when the next one's comes.
    fn ring(&self) -> Option<Instant> {
        let mut due = self.due.borrow_mut();
        let now = Instant::now();
        while let Some(Reverse(next)) = due.peek() {
            if next.at > now {
                return Some(next.at);
            }
            if let Some(Reverse(rung)) = due.pop() {
                rung.waker.wake();
            }
        }
        None
    }
}

/// Futures under way.
pub(super) struct Tasks<'t, T> {
    timers: &'t Timers,
    tasks: Vec<Option<Task<'t, T>>>,
    free: Vec<usize>,
    ready: Arc<Ready>,
}

struct Task<'t, T> {
    future: Pin<Box<dyn Future<Output = T> + 't>>,
    wake: Arc<WakeTask>,
    waker: Waker,
}

/// Who is to be polled, by number, and the thread that does it.
struct Ready {
    queue: SegQueue<usize>,
    thread: Thread,
}

struct WakeTask {
    number: usize,
    queued: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for WakeTask {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.ready.queue.push(self.number);
            self.ready.thread.unpark();
        }
    }
}

impl<'t, T> Tasks<'t, T> {
    /// None yet. They are this thread's.
    pub fn new(timers: &'t Timers) -> Self {
        let ready = Arc::new(Ready { queue: SegQueue::new(), thread: std::thread::current() });
        Tasks { timers, tasks: Vec::new(), free: Vec::new(), ready }
    }

    /// How many are under way.
    pub fn len(&self) -> usize {
        self.tasks.len() - self.free.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes a future on; it is polled at the next turn.
    pub fn spawn(&mut self, future: Pin<Box<dyn Future<Output = T> + 't>>) {
        let number = self.free.pop().unwrap_or_else(|| {
            self.tasks.push(None);
            self.tasks.len() - 1
        });
        // Wakers of whoever had the number before may still be about: what they wake looks, and waits on.
        let wake = Arc::new(WakeTask { number, queued: AtomicBool::new(true), ready: Arc::clone(&self.ready) });
        let waker = Waker::from(Arc::clone(&wake));
        self.tasks[number] = Some(Task { future, wake, waker });
        self.ready.queue.push(number);
    }

    /// Polls all that are ready, and hands out what has ended. With nothing ready the thread sleeps until something is,
    /// or until somebody unparks it, unless there is other work to do.
    pub fn turn(&mut self, other_work: bool, mut ended: impl FnMut(T)) {
        let next = self.timers.ring();
        if self.ready.queue.is_empty() && !other_work {
            let until_next = next.map_or(GLANCE, |at| at.saturating_duration_since(Instant::now()));
            std::thread::park_timeout(until_next.min(GLANCE));
            self.timers.ring();
        }
        // Not for ever: what becomes ready meanwhile has its turn later, and timers ring in between.
        for _ in 0..self.ready.queue.len() {
            let Some(number) = self.ready.queue.pop() else { break };
            let Some(task) = &mut self.tasks[number] else { continue };
            task.wake.queued.store(false, Ordering::Release);
            if let Poll::Ready(value) = task.future.as_mut().poll(&mut Context::from_waker(&task.waker)) {
                self.tasks[number] = None;
                self.free.push(number);
                ended(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_end_in_the_order_of_their_timers_and_wakers() {
        let timers = Timers::default();
        let mut tasks = Tasks::new(&timers);
        let start = Instant::now();
        for n in [3, 1, 2] {
            let timers = &timers;
            tasks.spawn(Box::pin(async move {
                timers.until(start + Duration::from_millis(20 * n)).await;
                n
            }));
        }
        let mut ended = Vec::new();
        while !tasks.is_empty() {
            tasks.turn(false, |n| ended.push(n));
        }
        assert_eq!(ended, [1, 2, 3]);
        assert!(start.elapsed() >= Duration::from_millis(60));
    }

    #[test]
    fn a_number_is_used_again_and_old_wakers_do_no_harm() {
        let (timers, polled) = (Timers::default(), Cell::new(0));
        let kept: RefCell<Option<Waker>> = RefCell::new(None);
        let mut tasks = Tasks::new(&timers);
        let keep = |context: &mut Context| {
            *kept.borrow_mut() = Some(context.waker().clone());
            Poll::Ready(1)
        };
        tasks.spawn(Box::pin(std::future::poll_fn(keep)));
        tasks.turn(true, |n| assert_eq!(n, 1));
        let count = |_: &mut Context| {
            polled.set(polled.get() + 1);
            if polled.get() < 2 { Poll::Pending } else { Poll::Ready(2) }
        };
        tasks.spawn(Box::pin(std::future::poll_fn(count)));
        let mut ended = 0;
        for _ in 0..3 {
            tasks.turn(true, |n| ended = n);
            if let Some(waker) = kept.borrow().as_ref() {
                waker.wake_by_ref();
            }
        }
        assert_eq!(ended, 2);
    }
}

//! Work without the interpreter's lock, that Ctrl-C can end.
//!
//! The work has a thread of its own; the calling thread looks for signals now and then, because only Python's main thread
//! may handle them. It must never leave the work running when it returns.

use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long Ctrl-C may take to be seen.
const GLANCE: Duration = Duration::from_millis(50);

/// Does the work and gives what it came to; on Ctrl-C sets `stop`, waits for the work, and raises.
pub fn without_lock<T: Send>(py: Python<'_>, stop: &AtomicBool, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    let (done, caller) = (&AtomicBool::new(false), std::thread::current());
    std::thread::scope(|scope| {
        let worker = scope.spawn(move || {
            let result = work();
            done.store(true, Ordering::Release);
            caller.unpark();
            result
        });
        let mut raised = None;
        // A worker that panics never says that it is done.
        while !done.load(Ordering::Acquire) && !worker.is_finished() {
            py.detach(|| std::thread::park_timeout(GLANCE));
            if raised.is_none()
                && let Err(error) = py.check_signals()
            {
                stop.store(true, Ordering::Relaxed);
                raised = Some(error);
            }
        }
        let result = py.detach(|| worker.join());
        match (raised, result) {
            (Some(error), _) => Err(error),
            (None, Ok(result)) => Ok(result),
            (None, Err(panic)) => std::panic::resume_unwind(panic),
        }
    })
}

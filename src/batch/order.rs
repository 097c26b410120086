//! Results back into the order of their chunks, with a bound on what waits.
//!
//! Flows in: the results of chunks, in any order. Flows out: the same, in order, to the [`Outputs`]. There is no writing
//! thread: whoever completes the first unwritten chunk writes it and all that wait behind it. It must never let a worker
//! who holds the first unwritten chunk wait for room: that is why room is waited for before a chunk is taken
//! ([`Order::wait_for_room`]), and why only the first chunk may hand in parts ([`Order::relieve`]).

use super::outputs::{Outputs, Results};
use super::sink::SinkError;
use crate::vm;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How much may wait to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// Chunks that have been taken and not yet written.
    pub chunks: u64,
    /// Bytes of their results.
    pub bytes: usize,
}

/// The results of a run on their way out.
pub(super) struct Order<'w> {
    window: Window,
    ordered: bool,
    /// Somebody outside wants the run to end.
    stop: Option<&'w AtomicBool>,
    /// The run is over, whatever is left: a sink has failed, or a worker.
    over: AtomicBool,
    state: Mutex<State>,
    /// Something has been written.
    moved: Condvar,
    outputs: Mutex<Outputs<'w>>,
}

struct State {
    /// The first chunk that has not been written.
    head: u64,
    /// Results that wait: the first is the head's.
    done: VecDeque<Option<Results>>,
    bytes: usize,
    /// Whether somebody is writing.
    writing: bool,
    /// Whether a chunk was left unfinished, so that nothing behind it may be written.
    cut: bool,
    spare: Vec<Results>,
    error: Option<SinkError>,
}

impl<'w> Order<'w> {
    /// Nothing has been written.
    pub fn new(outputs: Outputs<'w>, window: Window, ordered: bool, stop: Option<&'w AtomicBool>) -> Order<'w> {
        let state = State {
            head: 0,
            done: VecDeque::new(),
            bytes: 0,
            writing: false,
            cut: false,
            spare: Vec::new(),
            error: None,
        };
        let (state, outputs) = (Mutex::new(state), Mutex::new(outputs));
        Order { window, ordered, stop, over: AtomicBool::new(false), state, moved: Condvar::new(), outputs }
    }

    /// Whether no more executions are to be started.
    #[inline]
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed) || self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// Waits until the results of a chunk may be made; whether they still are to be.
    pub fn wait_for_room(&self, sequence: u64) -> bool {
        let mut state = self.lock();
        // With no chunk under way there is room by definition.
        while self.ordered
            && sequence > state.head
            && (sequence - state.head >= self.window.chunks || state.bytes >= self.window.bytes)
            && !self.over.load(Ordering::Relaxed)
        {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !self.is_over()
    }

    /// Memory for the results of a chunk, used before if there is some.
    pub fn fresh(&self) -> Results {
        self.lock().spare.pop().unwrap_or_default()
    }

    /// Takes the results of a chunk, and writes all whose turn it is.
    pub fn complete(&self, sequence: u64, results: Results) {
        if !self.ordered {
            return self.write_now(results);
        }
        let mut state = self.lock();
        state.bytes += results.bytes();
        let place = (sequence - state.head) as usize;
        if state.done.len() <= place {
            state.done.resize_with(place + 1, || None);
        }
        state.done[place] = Some(results);
        if state.writing {
            // Whoever writes looks again before leaving.
            return;
        }
        state.writing = true;
        while let Some(mut results) = state.done.front_mut().and_then(Option::take) {
            let skip = state.cut || self.over.load(Ordering::Relaxed);
            state.cut |= results.cut;
            drop(state);
            let outcome = if skip { Ok(()) } else { self.write(&mut results, true) };
            state = self.lock();
            state.done.pop_front();
            state.head += 1;
            state.bytes -= results.bytes();
            self.recycle(&mut state, results);
            self.hold(&mut state, outcome);
            self.moved.notify_all();
        }
        state.writing = false;
    }

    /// Writes what a chunk has come to so far, once all before it has been written, and empties it: so that one chunk
    /// whose results are far larger than itself takes no more memory than others.
    pub fn relieve(&self, sequence: u64, results: &mut Results) {
        if self.ordered {
            let mut state = self.lock();
            while (state.head < sequence || state.writing) && !self.over.load(Ordering::Relaxed) {
                state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if !state.cut && !self.over.load(Ordering::Relaxed) {
                state.writing = true;
                drop(state);
                let outcome = self.write(results, false);
                let mut state = self.lock();
                state.writing = false;
                self.hold(&mut state, outcome);
                self.moved.notify_all();
            }
        } else {
            let outcome = self.write(results, false);
            self.hold(&mut self.lock(), outcome);
        }
        results.clear_lines();
    }

    /// Counts what executions went through that do not say so with their results.
    pub fn count_visits(&self, visits: &vm::Tally) {
        self.outputs.lock().unwrap_or_else(PoisonError::into_inner).visits.add(visits);
    }

    /// Ends the run at once: nothing more is written, nobody waits any longer.
    pub fn abandon(&self) {
        let _state = self.lock();
        self.over.store(true, Ordering::Relaxed);
        self.moved.notify_all();
    }

    /// Once no worker is left: the outputs, the failure that ended the run, and whether some chunk was left unfinished.
    pub fn into_parts(self) -> (Outputs<'w>, Option<SinkError>, bool) {
        let outputs = self.outputs.into_inner().unwrap_or_else(PoisonError::into_inner);
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        (outputs, state.error, state.cut)
    }

    fn write_now(&self, mut results: Results) {
        let over = self.over.load(Ordering::Relaxed);
        let outcome = if over { Ok(()) } else { self.write(&mut results, true) };
        let mut state = self.lock();
        state.head += 1;
        state.cut |= results.cut;
        self.recycle(&mut state, results);
        self.hold(&mut state, outcome);
    }

    fn write(&self, results: &mut Results, whole: bool) -> Result<(), SinkError> {
        self.outputs.lock().unwrap_or_else(PoisonError::into_inner).write(results, whole)
    }

    fn recycle(&self, state: &mut State, mut results: Results) {
        results.clear();
        state.spare.push(results);
    }

    fn hold(&self, state: &mut State, outcome: Result<(), SinkError>) {
        if let Err(error) = outcome {
            self.over.store(true, Ordering::Relaxed);
            state.error.get_or_insert(error);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

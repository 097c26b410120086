//! Results back into the order of their chunks, with a bound on what waits.
//!
//! Flows in: the results of chunks, in any order. Flows out: the same, in order, to the [`Outputs`]. There is no writing
//! thread: whoever completes the first unwritten chunk writes it and all that wait behind it. What waits beyond the bound
//! goes to the [`Spill`], if there is one and a moment's patience has not helped; when that is full too, workers wait, and
//! somebody is told for whom. It must never let a worker who holds the first unwritten chunk wait for room: that is why
//! room is waited for before a chunk is taken ([`Order::wait_for_room`]). A chunk may hand in parts of what it comes to
//! ([`Order::relieve`]): the first chunk to the outputs, any other to the spill; where there is none, or no room in it, it
//! waits for its turn.

use super::outputs::{Failure, Outputs, Results};
use super::spill::{Spill, Stored, Use};
use super::sync::{Arc, AtomicBool, AtomicU64, AtomicUsize, Condvar, Mutex, MutexGuard, Ordering, PoisonError};
use crate::vm;
use std::collections::VecDeque;
use std::sync::atomic::AtomicBool as Flag;
use std::time::Duration;

/// How much may wait to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// Chunks that have been taken and not yet written.
    pub chunks: u64,
    /// Bytes of their results.
    pub bytes: usize,
    /// Chunks that have been taken and not yet written, where more of them can be spilled.
    pub spilled_chunks: u64,
    /// For so long the first chunk may keep all others waiting before they are spilled behind it: a thread that the system
    /// has put aside comes back, and until then others have their work to do.
    pub patience: Duration,
}

/// How long everybody waits for one event before somebody is told.
const TOLD_AFTER: Duration = Duration::from_secs(1);

/// Where a worker is: the source, and the offset of the line that it runs.
#[derive(Debug, Default)]
pub(super) struct Whereabouts {
    pub source: AtomicUsize,
    pub offset: AtomicU64,
}

/// Called with the source and offset of the event that all wait for.
pub(super) type WaitingHook<'w> = Box<dyn Fn(usize, u64) + Send + Sync + 'w>;

/// The results of a run on their way out.
pub(super) struct Order<'w> {
    window: Window,
    ordered: bool,
    spill: Option<Spill>,
    waiting: Option<WaitingHook<'w>>,
    /// Somebody outside wants the run to end.
    stop: Option<&'w Flag>,
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
    /// Results that wait: the first is the head's. The lines of some may have been spilled.
    done: VecDeque<Option<(Results, Option<Stored>)>>,
    /// Bytes of those in memory.
    bytes: usize,
    /// Bytes that the last chunk has come to.
    usual: usize,
    spilled: Use,
    /// Parts of chunks that are still worked on, or wait: of each in the order in which they were handed in.
    parts: VecDeque<(u64, Stored)>,
    /// Who works on which chunk.
    under_way: Vec<(u64, Arc<Whereabouts>)>,
    /// The chunk for which all wait, as somebody was told.
    told: Option<u64>,
    /// The chunk for which it was waited in vain.
    slow: Option<u64>,
    /// Whether somebody is writing.
    writing: bool,
    /// How many wait until something has moved.
    waiters: usize,
    /// Whether a chunk was left unfinished, so that nothing behind it may be written.
    cut: bool,
    spare: Vec<Results>,
    error: Option<Failure>,
}

impl<'w> Order<'w> {
    /// Nothing has been written.
    pub fn new(
        outputs: Outputs<'w>,
        window: Window,
        ordered: bool,
        stop: Option<&'w Flag>,
        spill: Option<Spill>,
        waiting: Option<WaitingHook<'w>>,
    ) -> Order<'w> {
        let state = State {
            head: 0,
            done: VecDeque::new(),
            bytes: 0,
            usual: 0,
            spilled: Use::default(),
            parts: VecDeque::new(),
            under_way: Vec::new(),
            told: None,
            slow: None,
            writing: false,
            waiters: 0,
            cut: false,
            spare: Vec::new(),
            error: None,
        };
        let (state, outputs) = (Mutex::new(state), Mutex::new(outputs));
        let (over, moved) = (AtomicBool::new(false), Condvar::new());
        Order { window, ordered, spill, waiting, stop, over, state, moved, outputs }
    }

    /// Whether no more executions are to be started.
    #[inline]
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
            || self.stop.is_some_and(|stop| stop.load(std::sync::atomic::Ordering::Relaxed))
    }

    /// Waits until the results of a chunk may be made; whether they still are to be.
    pub fn wait_for_room(&self, sequence: u64) -> bool {
        let mut state = self.lock();
        while !self.has_room(&state, sequence) {
            state = self.wait(state);
        }
        let is_patient = !self.window.patience.is_zero();
        while is_patient && !self.has_room_in_memory(&state, sequence) && state.slow != Some(state.head) {
            let head = state.head;
            let timed_out;
            (state, timed_out) = self.wait_for(state, self.window.patience);
            if timed_out && state.head == head {
                state.slow = Some(head);
            }
        }
        !self.is_over()
    }

    /// Whether the results of a chunk may be made now, or never any more.
    pub fn room_now(&self, sequence: u64) -> bool {
        self.has_room(&self.lock(), sequence)
    }

    fn has_room(&self, state: &State, sequence: u64) -> bool {
        self.has_room_in_memory(state, sequence)
            || (sequence - state.head < self.window.spilled_chunks
                && self.spill.as_ref().is_some_and(|spill| spill.has_room(&state.spilled)))
    }

    /// Whether nothing need be spilled for it, or ever again.
    fn has_room_in_memory(&self, state: &State, sequence: u64) -> bool {
        // With no chunk under way there is room by definition.
        !self.ordered
            || sequence <= state.head
            || (sequence - state.head < self.window.chunks && state.bytes < self.window.bytes)
            || self.over.load(Ordering::Relaxed)
    }

    /// Waits until something has been written; where that takes long, somebody is told for whom.
    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        let head = state.head;
        let (mut state, timed_out) = self.wait_for(state, TOLD_AFTER);
        if timed_out && state.head == head && state.told != Some(head) {
            state.told = Some(head);
            self.tell(&state);
        }
        state
    }

    /// Waits until something has moved, but no longer than that; whether it was so long.
    fn wait_for<'s>(&self, mut state: MutexGuard<'s, State>, limit: Duration) -> (MutexGuard<'s, State>, bool) {
        state.waiters += 1;
        let (mut state, waited) = self.moved.wait_timeout(state, limit).unwrap_or_else(PoisonError::into_inner);
        state.waiters -= 1;
        (state, waited.timed_out())
    }

    /// Wakes all who wait, if anybody does: it takes a call of the kernel.
    fn wake(&self, state: &State) {
        if state.waiters > 0 {
            self.moved.notify_all();
        }
    }

    /// Tells for which event all wait.
    fn tell(&self, state: &State) {
        let first = state.under_way.iter().find(|(sequence, _)| *sequence == state.head);
        if let (Some(waiting), Some((_, place))) = (&self.waiting, first) {
            waiting(place.source.load(Ordering::Relaxed), place.offset.load(Ordering::Relaxed));
        }
    }

    /// Memory for the results of a chunk that somebody begins, used before if there is some.
    pub fn fresh(&self, sequence: u64, place: &Arc<Whereabouts>) -> Results {
        let mut state = self.lock();
        state.under_way.push((sequence, Arc::clone(place)));
        // Memory of the right size at once: what is outgrown on the way there stays with the allocator.
        state.spare.pop().unwrap_or_else(|| Results::sized(state.usual))
    }

    /// Takes the results of a chunk, and writes all whose turn it is.
    pub fn complete(&self, sequence: u64, mut results: Results) {
        if !self.ordered {
            return self.write_now(sequence, results);
        }
        let mut state = self.lock();
        state.usual = results.bytes();
        let mut stored = None;
        if let Some(spill) = self.spill.as_ref().filter(|_| self.is_crowded(&state, sequence, results.bytes()))
            && let Some(place) = spill.reserve(&mut state.spilled, &results.text)
        {
            drop(state);
            let outcome = spill.put(&place, &results.text);
            state = self.lock();
            match outcome {
                Ok(()) => {
                    // What waits keeps its counts alone; the memory of its lines goes to whoever needs some.
                    stored = Some(place);
                    let text = std::mem::take(&mut results.text);
                    self.recycle(&mut state, Results { text, ..Results::default() });
                }
                Err(_) => spill.refuse(&mut state.spilled),
            }
        }
        state.leave(sequence);
        state.bytes += results.bytes();
        let place = (sequence - state.head) as usize;
        if state.done.len() <= place {
            state.done.resize_with(place + 1, || None);
        }
        state.done[place] = Some((results, stored));
        if state.writing {
            // Whoever writes looks again before leaving.
            return;
        }
        state.writing = true;
        while let Some((mut results, stored)) = state.done.front_mut().and_then(Option::take) {
            let skip = state.cut || self.over.load(Ordering::Relaxed);
            state.cut |= results.cut;
            let bytes = results.bytes();
            if stored.is_some()
                && let Some(spare) = state.spare.pop()
            {
                results.text = spare.text;
            }
            let parts = state.take_parts();
            drop(state);
            let outcome = match skip {
                true => Ok(()),
                false => self.write_parts(&parts, &results).and_then(|()| {
                    if let Some((spill, place)) = self.spill.as_ref().zip(stored) {
                        spill.take(&place, &mut results.text).map_err(Failure::Spill)?;
                    }
                    self.write(&mut results, true)
                }),
            };
            state = self.lock();
            self.free(&mut state, parts.len());
            state.done.pop_front();
            state.head += 1;
            state.bytes -= bytes;
            if let Some((spill, _)) = self.spill.as_ref().zip(stored) {
                spill.free(&mut state.spilled);
            }
            self.recycle(&mut state, results);
            self.hold(&mut state, outcome);
            self.wake(&state);
        }
        state.writing = false;
    }

    /// Takes what a chunk has come to so far, and empties it: so that one chunk whose results are far larger than itself
    /// takes no more memory than others. Whether it did: if it `waits`, always.
    pub fn relieve(&self, sequence: u64, results: &mut Results, waits: bool) -> bool {
        if self.ordered {
            let mut state = self.lock();
            while (state.head < sequence || state.writing) && !self.over.load(Ordering::Relaxed) {
                let place = self.spill.as_ref().and_then(|spill| spill.reserve(&mut state.spilled, &results.text));
                if let Some((spill, place)) = self.spill.as_ref().zip(place) {
                    drop(state);
                    let outcome = spill.put(&place, &results.text);
                    state = self.lock();
                    match outcome {
                        // Nobody else hands in parts of this chunk, nor is it written before it is complete.
                        Ok(()) => {
                            state.parts.push_back((sequence, place));
                            results.clear_lines();
                            return true;
                        }
                        Err(_) => spill.refuse(&mut state.spilled),
                    }
                } else if waits {
                    state = self.wait(state);
                } else {
                    return false;
                }
            }
            if !state.cut && !self.over.load(Ordering::Relaxed) {
                state.writing = true;
                let parts = state.take_parts();
                drop(state);
                let outcome = self.write_parts(&parts, results).and_then(|()| self.write(results, false));
                let mut state = self.lock();
                self.free(&mut state, parts.len());
                state.writing = false;
                self.hold(&mut state, outcome);
                self.wake(&state);
            }
        } else {
            let outcome = self.write(results, false);
            self.hold(&mut self.lock(), outcome);
        }
        results.clear_lines();
        true
    }

    /// Writes the parts of the first chunk that were spilled; `results` is what it has come to since.
    fn write_parts(&self, parts: &[Stored], results: &Results) -> Result<(), Failure> {
        let Some(spill) = self.spill.as_ref().filter(|_| !parts.is_empty()) else { return Ok(()) };
        let mut part = results.part();
        parts.iter().try_for_each(|place| {
            spill.take(place, &mut part.text).map_err(Failure::Spill)?;
            self.write(&mut part, false)
        })
    }

    /// Gives back the room of so many parts.
    fn free(&self, state: &mut State, parts: usize) {
        if let Some(spill) = &self.spill {
            (0..parts).for_each(|_| spill.free(&mut state.spilled));
        }
    }

    /// Ends the run at once, for a reason.
    pub fn fail(&self, failure: Failure) {
        let mut state = self.lock();
        self.hold(&mut state, Err(failure));
        self.wake(&state);
    }

    /// Counts what executions went through that do not say so with their results.
    pub fn count_visits(&self, visits: &vm::Tally) {
        self.outputs.lock().unwrap_or_else(PoisonError::into_inner).visits.add(visits);
    }

    /// Ends the run at once: nothing more is written, nobody waits any longer.
    pub fn abandon(&self) {
        let state = self.lock();
        self.over.store(true, Ordering::Relaxed);
        self.wake(&state);
    }

    /// Once no worker is left: the outputs, the failure that ended the run, and whether some chunk was left unfinished.
    pub fn into_parts(self) -> (Outputs<'w>, Option<Failure>, bool) {
        let outputs = self.outputs.into_inner().unwrap_or_else(PoisonError::into_inner);
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        (outputs, state.error, state.cut)
    }

    /// Whether results of a chunk that is not the first would take more memory than there is to be.
    fn is_crowded(&self, state: &State, sequence: u64, bytes: usize) -> bool {
        let place = sequence - state.head;
        place > 0 && (place >= self.window.chunks || state.bytes + bytes > self.window.bytes)
    }

    fn write_now(&self, sequence: u64, mut results: Results) {
        let over = self.over.load(Ordering::Relaxed);
        let outcome = if over { Ok(()) } else { self.write(&mut results, true) };
        let mut state = self.lock();
        state.leave(sequence);
        state.head += 1;
        state.cut |= results.cut;
        self.recycle(&mut state, results);
        self.hold(&mut state, outcome);
    }

    fn write(&self, results: &mut Results, whole: bool) -> Result<(), Failure> {
        self.outputs.lock().unwrap_or_else(PoisonError::into_inner).write(results, whole)
    }

    fn recycle(&self, state: &mut State, mut results: Results) {
        // Once results have been spilled there would be more of them than can be under way. All others are kept, although
        // most of the time few are in use: given back to the allocator and asked for again on other threads, they came to
        // more (18 MiB in place of 16 on two busy threads).
        if (state.spare.len() as u64) < self.window.chunks {
            results.clear();
            state.spare.push(results);
        }
    }

    fn hold(&self, state: &mut State, outcome: Result<(), Failure>) {
        if let Err(error) = outcome {
            self.over.store(true, Ordering::Relaxed);
            state.error.get_or_insert(error);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The parts of the first chunk, for whoever writes it.
    fn take_parts(&mut self) -> Vec<Stored> {
        let head = self.head;
        let mut parts = Vec::new();
        if !self.parts.is_empty() {
            self.parts.retain(|(of, place)| {
                let take = *of == head;
                parts.extend(take.then_some(*place));
                !take
            });
        }
        parts
    }

    /// Nobody works on this chunk any more.
    fn leave(&mut self, sequence: u64) {
        self.under_way.retain(|(of, _)| *of != sequence);
    }
}

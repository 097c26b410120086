//! Retry and Catch: what becomes of a failure.
//!
//! States Language, "Errors": the first retrier that matches decides; when it is used up, Catch comes next, whatever
//! other retriers would match. A catcher's error output goes where its ResultPath says. What nothing catches ends the
//! scope: a handler written in ASL fails its caller's task, a child fails its parent's state, an execution fails.

use super::event::EventKind;
use super::machine::{Execution, Family, Rare, Reason, Rescue, Stop};
use super::outcome::{Failure, LimitHit, Origin, Outcome};
use crate::program::state::{self, Retrier, StateType};
use crate::value::{Member, Value};

impl<'a> Execution<'a> {
    pub(super) fn rescue(&mut self, failure: Failure<'a>) -> Rescue<'a> {
        self.assigned = None;
        self.stack.truncate(self.caller.map_or(0, |caller| caller.stack));
        if self.fail_call(&failure) {
            return Rescue::Going;
        }
        if let Some(id) = self.visit.state
            && failure.catchable
            && !self.visit.rare().caught
        {
            let info = self.program.state(id);
            if let Some(n) = info.retriers.iter().position(|r| state::matches(&r.errors, failure.error)) {
                let retrier = &info.retriers[n];
                let used = self.used(n, info.retriers.len());
                if used < retrier.max_attempts {
                    // A retry enters no state, but what retries for ever has to end as what loops for ever does.
                    if let Err(stop) = self.step_again() {
                        self.pending = Some(stop);
                        return Rescue::Going;
                    }
                    self.visit.retry_count += 1;
                    // Every attempt has a token of its own.
                    self.visit.rare = self.visit.rare.map(|rare| &*self.arena.alloc(Rare { token: None, ..*rare }));
                    if let Some(tally) = self.tally {
                        tally.retry(id);
                    }
                    self.pc = retrier.at;
                    self.eff = self.doc;
                    let delay_ms = self.delay_ms(retrier, used);
                    self.note_retry(id, n, used, delay_ms, &failure);
                    return Rescue::Wait(self.now_ms.saturating_add(delay_ms));
                }
            }
            if let Some(n) = info.catchers.iter().position(|c| state::matches(&c.errors, failure.error)) {
                self.close_work(info.kind);
                let rare = self.visit.rare();
                self.visit.rare = Some(self.arena.alloc(Rare { caught: true, ..rare }));
                if let Some(tally) = self.tally {
                    tally.catch(id);
                }
                self.res = self.error_output(&failure);
                self.note_catch(id, n, &failure);
                self.pc = info.catchers[n].at;
                return Rescue::Going;
            }
        }
        if let Some(id) = self.visit.state {
            if let Some(tally) = self.tally {
                tally.fail(id, self.visit.rare().caught);
            }
            self.close_work(self.program.state(id).kind);
        }
        if self.caller.is_some() {
            self.return_to_caller(Err(failure));
            return Rescue::Going;
        }
        if matches!(self.family, Family::Root) {
            self.event(|e| EventKind::ExecutionFailed {
                error: failure.error.map(str::to_owned),
                cause: failure.cause_text(e.arena).map(str::to_owned),
            });
        }
        Rescue::Fails(Outcome::Failed(failure))
    }

    /// A Map or Parallel that is not tried again says that it has failed.
    fn close_work(&mut self, kind: StateType) {
        if self.forked && matches!(kind, StateType::Map | StateType::Parallel) {
            self.forked = false;
            self.event(|_| EventKind::Failed { state_type: kind.name() });
        }
    }

    /// {Error, Cause}; a failure that has no name or no cause shows null. (Recorded of a callback that fails without
    /// either; of a Fail state it is not recorded.)
    fn error_output(&self, failure: &Failure<'a>) -> Value<'a> {
        let text = |text: Option<&'a str>| text.map_or(Value::Null, |t| Value::text(self.arena, t));
        let error = Member { key: "Error", value: text(failure.error) };
        let cause = match failure.cause_text(self.arena) {
            // A time-out has no cause, and a catcher sees it empty.
            None if failure.error == Some("States.Timeout") => Some(""),
            cause => cause,
        };
        let cause = Member { key: "Cause", value: text(cause) };
        Value::object(self.arena, self.arena.alloc_slice_copy(&[error, cause]))
    }

    /// Counts a use of the n-th retrier; how often it had been used before.
    fn used(&mut self, n: usize, retriers: usize) -> u32 {
        let rare = self.visit.rare();
        let counters = if rare.used.is_empty() {
            self.arena.alloc_slice_fill_copy(retriers, 0u32)
        } else {
            self.arena.alloc_slice_copy(rare.used)
        };
        let used = counters[n];
        counters[n] = used.saturating_add(1);
        self.visit.rare = Some(self.arena.alloc(Rare { used: counters, ..rare }));
        used
    }

    /// How long a retrier waits; FULL jitter takes a part of it.
    fn delay_ms(&mut self, retrier: &Retrier, used: u32) -> i64 {
        let mut seconds = retrier.seconds(used);
        if retrier.full_jitter {
            seconds *= self.seed.known().fraction();
        }
        // The conversion saturates, and NaN (0 × ∞) is no delay.
        (seconds * 1_000.0) as i64
    }

    /// A failure of the engine itself while it evaluates the state at hand: uncatchable, and it says where.
    pub(super) fn runtime(&self, text: &str) -> Failure<'a> {
        Failure {
            error: Some("States.Runtime"),
            cause: Some(self.arena.alloc_str(text)),
            origin: self.origin(),
            catchable: false,
        }
    }

    /// Stops with a failure.
    #[cold]
    pub(super) fn stop(&self, failure: Failure<'a>) -> Stop<'a> {
        Stop(self.arena.alloc(Reason::Failure(failure)))
    }

    /// Stops at a limit.
    #[cold]
    pub(super) fn stop_at(&self, limit: LimitHit) -> Stop<'a> {
        Stop(self.arena.alloc(Reason::Limit(limit)))
    }

    /// The state that a failure names.
    pub(super) fn origin(&self) -> Option<Origin<'a>> {
        match (self.visit.state, self.family) {
            (Some(state), _) => Some(Origin { state: &self.program.state(state).name, entered: self.visit.entered }),
            (None, Family::Child { state, .. }) => Some(state),
            (None, Family::Root) => None,
        }
    }

    /// The failure of a result or document over the limit, named by a resource or state.
    pub(super) fn too_large(&self, name: &str) -> Failure<'a> {
        let cause = format!(
            "The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service limit."
        );
        Failure::reported(Some("States.DataLimitExceeded"), Some(self.arena.alloc_str(&cause)))
    }
}

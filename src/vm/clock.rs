//! The execution's clock: how long states wait, and what ends an execution whose time is over.
//!
//! The clock only moves where somebody lets time pass; here nobody asks what time it is.

use super::machine::{Execution, Family, Stop, Waiting};
use super::outcome::LimitHit;
use super::request::Request;
use crate::program::work;

impl<'a> Execution<'a> {
    /// When a Wait state ends.
    pub(super) fn wait_end(&mut self, wait: work::Wait) -> Result<i64, Stop<'a>> {
        let until_ms = match wait {
            work::Wait::Seconds(seconds) => self.after_seconds(seconds),
            work::Wait::Until(time) => time.as_millis(),
            work::Wait::SecondsPopped(blame) => {
                let seconds = self.wait_seconds(blame)?;
                self.after_seconds(seconds)
            }
            work::Wait::UntilPopped(blame) => self.wait_timestamp(blame)?,
        };
        // 24,855 days, the most that seconds in 31 bits can say, are accepted; a day more is not.
        if until_ms.saturating_sub(self.now_ms) >= (1i64 << 31) * 1_000 {
            return Err(self.stop(self.runtime("Wait state delay is too long.")));
        }
        Ok(until_ms)
    }

    fn after_seconds(&self, seconds: u64) -> i64 {
        self.now_ms.saturating_add(i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX))
    }

    /// Asks to be woken, unless the time has come already.
    pub(super) fn wait_until(&mut self, until_ms: i64) -> Option<Request<'a>> {
        // A handler written in ASL that waits for longer than its task may take is given up as soon as that is over,
        // however long it would have waited.
        let until_ms = match self.caller.and_then(|caller| caller.lapse_ms()) {
            Some(lapse_ms) => until_ms.min(lapse_ms.saturating_add(1)),
            None => until_ms,
        };
        if until_ms <= self.now_ms {
            return None;
        }
        // Past its end nothing of the execution matters: it is woken there, and ends.
        let until_ms = until_ms.min(self.deadline_ms);
        self.waiting = Waiting::Time { until_ms };
        Some(Request::WaitUntil(until_ms))
    }

    /// When the execution's time is over, on its own clock; never is [`i64::MAX`].
    pub fn deadline_ms(&self) -> i64 {
        self.deadline_ms
    }

    /// Moves the clock on.
    pub(super) fn set_clock(&mut self, now_ms: i64) {
        if now_ms > self.now_ms {
            if !matches!(self.family, Family::Root) {
                self.history.pace.push((self.now_ms, self.history.count));
            }
            self.now_ms = now_ms;
        }
    }

    /// Which limit it is that the clock has reached.
    pub(super) fn time_is_over(&self) -> LimitHit {
        let run_ms = self.deadline_ms.saturating_sub(self.started_ms);
        let within = |seconds: &u64| i64::try_from(seconds.saturating_mul(1_000)).is_ok_and(|ms| ms <= run_ms);
        match self.program.timeout_seconds().filter(within) {
            Some(seconds) => LimitHit::TimeoutSeconds(seconds),
            None => LimitHit::VirtualSeconds(u64::try_from(run_ms / 1_000).unwrap_or(0)),
        }
    }
}

//! What a handler fails with on purpose, and what its caller's Retry and Catch make of it, in symbols.
//!
//! The error's name has to be known beforehand: then it is known as well which Retrier or Catcher takes it up, and how long a
//! retry waits. The cause that the caller's catchers see holds an id that is made up, so that nobody may look at it. It must
//! never follow a failure that nothing takes up.

use super::symbol::Symbol;
use super::{Followed, Link, Lost, Tracer, Track, UUID_DRAWS};
use crate::program::shortcut::{ERROR_BYTES_MAX, Trouble};
use crate::program::state::{self, Retrier};
use crate::program::{Addr, ConstId, StateId};
use crate::value::{Arena, Value};
use std::rc::Rc;

/// The visit of a state.
#[derive(Clone, Default)]
pub(super) struct Visit {
    pub state: Option<StateId>,
    pub retry_count: u32,
    /// How often each retrier has been used.
    pub used: Vec<u32>,
    /// Whether a catcher has taken over.
    pub is_caught: bool,
    /// Whether no time has passed since the state was entered.
    pub is_fresh: bool,
}

impl Visit {
    pub fn of(state: StateId, retriers: usize) -> Visit {
        Visit { state: Some(state), used: vec![0; retriers], is_fresh: true, ..Visit::default() }
    }
}

impl Track {
    /// The n-th Retrier of the state takes an error up; after how many milliseconds.
    pub(super) fn try_again(&mut self, state: StateId, n: usize, retrier: &Retrier) -> i64 {
        // The conversion saturates, as the machine's does.
        let ms = (retrier.seconds(self.visit.used[n]) * 1_000.0) as i64;
        self.visit.used[n] += 1;
        self.visit.retry_count += 1;
        self.troubles.push((state, Trouble::Retried));
        (self.pc, self.eff) = (retrier.at, self.doc.clone());
        ms
    }

    /// A Catcher of the state, which leads there, takes an error up.
    pub(super) fn be_caught(&mut self, state: StateId, at: Addr, error: Symbol, message: Symbol) {
        self.visit.is_caught = true;
        self.troubles.push((state, Trouble::Caught));
        let members = [("Error".into(), error), ("Cause".into(), Symbol::Cause(Rc::new(message)))];
        (self.res, self.pc) = (Symbol::Object(members.into()), at);
    }
}

impl Tracer<'_> {
    /// A handler's Fail state: the call has failed, and its caller goes on with a retry or a catcher.
    pub(super) fn fail_handler(
        &mut self,
        track: &mut Track,
        links: &mut Vec<Link>,
        error: Option<Symbol>,
        cause: Option<Symbol>,
    ) -> Followed<()> {
        let Some(Symbol::Const(name_id)) = error else { return Err(Lost) };
        let name = self.string(name_id).filter(|name| name.len() <= ERROR_BYTES_MAX).ok_or(Lost)?;
        let message = match cause {
            None => Symbol::Null,
            Some(Symbol::Const(id)) => self.string(id).map(|_| Symbol::Const(id)).ok_or(Lost)?,
            Some(cause @ (Symbol::Slot(_) | Symbol::Register(_))) => {
                // A cause that is no string is another failure.
                let value = self.operand(track, links, cause.clone())?;
                links.push(Link::Text(value));
                cause
            }
            Some(text @ Symbol::Text(_)) => text,
            Some(_) => return Err(Lost),
        };
        let failed = track.visit.state.ok_or(Lost)?;
        track.troubles.push((failed, Trouble::Failed));
        // The id in the cause.
        track.draws += UUID_DRAWS;
        let caller = track.caller.take().ok_or(Lost)?;
        track.return_to(*caller);
        track.stack.clear();
        track.events += super::OP_EVENTS_MAX;

        let state = track.visit.state.filter(|_| !track.visit.is_caught).ok_or(Lost)?;
        let info = self.program.state(state);
        if let Some(n) = info.retriers.iter().position(|r| state::matches(&r.errors, Some(&name))) {
            let (retrier, used) = (&info.retriers[n], track.visit.used[n]);
            if used < retrier.max_attempts {
                if retrier.full_jitter {
                    return Err(Lost);
                }
                let ms = track.try_again(state, n, retrier);
                self.pass(track, links, ms);
                return Ok(());
            }
        }
        let n = info.catchers.iter().position(|c| state::matches(&c.errors, Some(&name))).ok_or(Lost)?;
        track.be_caught(state, info.catchers[n].at, Symbol::Const(name_id), message);
        Ok(())
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, track: &mut Track, links: &mut Vec<Link>, ms: i64) {
        if ms > 0 {
            self.most.passes = true;
            track.visit.is_fresh = false;
            links.push(Link::Pass(ms));
        }
    }

    /// A constant's string, if it is one.
    fn string(&self, id: ConstId) -> Option<String> {
        let (constant, arena) = (self.program.constant(id), Arena::new());
        Value::raw(&arena, &constant.text, constant.form).as_str(&arena).map(str::to_owned)
    }
}

//! What children come to, and how it is put together.
//!
//! A [`Join`] takes what children come to in the order of their indices, and says which comes next and when it starts: a
//! Map's items are scheduled onto its places as in a list. Of several failures the one with the least (virtual time,
//! index) wins, and what happens after it in virtual time appears nowhere: `Placed` says which of the children's events
//! are kept, and where each comes to stand. It must never run anything.
//!
//! How AWS interleaves the events of children that run at one time is not recorded: they stand in the order of time,
//! index and sequence. Nor is which of the states that are stopped it shows as aborted: of those there is none.

use super::event::Event;
use super::fan_out::{Children, Next};
use super::outcome::{Failure, LimitHit, Origin, Outcome};
use super::watch::Note;
use crate::value::raw::Form;
use crate::value::{Arena, Value};

/// What a child came to.
#[derive(Debug)]
pub struct Finished<'a> {
    pub(super) outcome: Outcome<'a>,
    pub(super) end_ms: i64,
    pub(super) count: u32,
    /// The last event of the chain, and the last event of all.
    pub(super) chain: u32,
    pub(super) last: u32,
    pub(super) pace: Vec<(i64, u32)>,
    pub(super) events: Vec<Event>,
    pub(super) notes: Vec<Note>,
    pub(super) steps_left: u64,
}

/// What a child came to on another thread: nothing in it is borrowed.
#[derive(Debug)]
pub struct FinishedElsewhere {
    pub(super) outcome: OwnedOutcome,
    pub(super) end_ms: i64,
    pub(super) count: u32,
    pub(super) chain: u32,
    pub(super) last: u32,
    pub(super) pace: Vec<(i64, u32)>,
    pub(super) events: Vec<Event>,
    pub(super) notes: Vec<Note>,
    pub(super) steps_left: u64,
}

#[derive(Debug)]
pub(super) enum OwnedOutcome {
    Succeeded(Box<str>),
    Failed { error: Option<Box<str>>, cause: Option<Box<str>>, origin: Option<(Box<str>, u32)>, catchable: bool },
    TimedOut(LimitHit),
}

/// What children come to, in the order of their indices, and which comes next.
#[derive(Debug)]
pub struct Join<'a> {
    pub(super) children: &'a Children<'a>,
    pub(super) finished: Vec<Finished<'a>>,
    /// For each child, whose place it took over.
    pub(super) freed_by: Vec<Option<usize>>,
    /// When each place becomes free, and whose it was.
    pub(super) places: Vec<(i64, Option<usize>)>,
    /// When which children failed, in order of time.
    pub(super) failures: Vec<(i64, usize)>,
    /// The failure that is one too many.
    pub(super) failed: Option<(i64, usize)>,
    pub(super) limit: Option<LimitHit>,
    pub(super) steps_left: u64,
    held: Held,
}

/// What children have come to, in bytes.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// Room left behind those that have been measured.
    left: u64,
    /// How many of them have been.
    measured: usize,
    /// At most so much for the others.
    others_max: u64,
}

impl<'a> Join<'a> {
    /// Nothing has been run yet.
    pub fn new(children: &'a Children<'a>) -> Join<'a> {
        let steps_left = children.steps;
        Join {
            finished: Vec::with_capacity(children.len()),
            freed_by: Vec::with_capacity(children.len()),
            places: Vec::new(),
            failures: Vec::new(),
            failed: None,
            limit: None,
            steps_left,
            held: Held { left: children.bytes, measured: 0, others_max: 0 },
            children,
        }
    }

    /// The children.
    pub fn children(&self) -> &'a Children<'a> {
        self.children
    }

    /// The child that comes next; none when all have run, or when what is left can change nothing.
    pub fn next_child(&mut self) -> Option<Next> {
        let index = self.finished.len();
        if index >= self.children.len() || self.is_over() {
            return None;
        }
        let (start_ms, freed_by) = self.place();
        let deadline_ms =
            self.failed.map_or(self.children.deadline_ms, |(time, _)| time.min(self.children.deadline_ms));
        if start_ms >= deadline_ms {
            return None;
        }
        if self.freed_by.len() == index {
            self.freed_by.push(freed_by);
        }
        Some(Next { index, start_ms, deadline_ms, steps: self.steps_left })
    }

    /// Takes what the next child came to.
    pub fn add(&mut self, finished: Finished<'a>) {
        let index = self.finished.len();
        if self.freed_by.len() == index {
            let (_, freed_by) = self.place();
            self.freed_by.push(freed_by);
        }
        self.take_place(index, finished.end_ms);
        let used = self.children.steps.saturating_sub(finished.steps_left);
        self.steps_left = self.steps_left.min(finished.steps_left).min(self.children.steps.saturating_sub(used));
        match finished.outcome {
            Outcome::Succeeded(_) => {}
            Outcome::Failed(_) => {
                let failure = (finished.end_ms, index);
                let place = self.failures.partition_point(|other| *other < failure);
                // A batch that fails is so many failed items.
                let items = self.children.items_in(index);
                self.failures.splice(place..place, std::iter::repeat_n(failure, items));
                let failed = self.failures.get(self.children.tolerance.failures_max).copied();
                if failed != self.failed {
                    self.failed = failed;
                    // A child that fails before another has run out of time ends both.
                    self.limit = self.limit.filter(|limit| limit.ends_all());
                }
            }
            // Stopped at the time of a failure: it does not count.
            Outcome::TimedOut(_) if self.failed.is_some() => {}
            Outcome::TimedOut(limit) => self.limit = Some(limit),
        }
        if let Outcome::Succeeded(value) = finished.outcome {
            self.held.others_max = self.held.others_max.saturating_add(value.size().bytes_max);
        }
        self.finished.push(finished);
        if !self.is_over() && !self.has_room_for(0) {
            self.limit = Some(LimitHit::ExecutionBytes(self.children.settings.limits.execution_bytes));
        }
    }

    /// Whether a limit has been reached that ends the parent, whatever the others come to.
    pub fn is_over(&self) -> bool {
        self.limit.is_some_and(LimitHit::ends_all)
    }

    /// Whether results of so many bytes more may be held. They are only measured where a bound does not settle it, and
    /// each only once: the answer is the same whether they were built here or came as text from elsewhere.
    pub fn has_room_for(&mut self, bytes: u64) -> bool {
        let Held { left, others_max, .. } = self.held;
        if others_max.saturating_add(bytes) <= left {
            return true;
        }
        let unmeasured = self.finished[self.held.measured..].iter();
        let fits =
            unmeasured.filter_map(|finished| finished.output()).all(|value| value.take_from(&mut self.held.left));
        (self.held.measured, self.held.others_max) = (self.finished.len(), 0);
        if !fits {
            self.held.left = 0;
        }
        fits && bytes <= self.held.left
    }

    /// Takes what the next child came to in memory that is about to be given back.
    pub fn add_owned(&mut self, finished: FinishedElsewhere, arena: &'a Arena) {
        self.add(finished.into_arena(arena));
    }

    /// Takes what the next child came to on another thread.
    pub fn add_from_elsewhere(&mut self, finished: FinishedElsewhere, arena: &'a Arena) {
        if self.is_over() || self.failed.is_some_and(|(time, _)| self.children.start_ms >= time) {
            return;
        }
        let used = self.children.steps.saturating_sub(finished.steps_left);
        let mut finished = finished.into_arena(arena);
        if used > self.steps_left {
            finished.outcome = Outcome::TimedOut(LimitHit::Steps(self.children.settings.limits.steps));
        }
        finished.steps_left = self.steps_left.saturating_sub(used);
        self.add(finished);
    }

    fn place(&self) -> (i64, Option<usize>) {
        if self.places.len() < self.children.concurrency {
            return (self.children.start_ms, None);
        }
        self.places.iter().copied().min_by_key(|(end_ms, by)| (*end_ms, *by)).unwrap_or((self.children.start_ms, None))
    }

    fn take_place(&mut self, index: usize, end_ms: i64) {
        if self.places.len() < self.children.concurrency {
            if self.children.concurrency < self.children.len() {
                self.places.push((end_ms, Some(index)));
            }
        } else if let Some(place) = self.places.iter_mut().min_by_key(|(end_ms, by)| (*end_ms, *by)) {
            *place = (end_ms, Some(index));
        }
    }

    /// When the parent goes on: at the latest end, or when the failure that counts happened.
    pub(super) fn end_ms(&self) -> i64 {
        match self.failed {
            Some((time, _)) => time,
            None => self.finished.iter().map(|f| f.end_ms).max().unwrap_or(self.children.start_ms),
        }
    }
}

/// Where the children's events come to stand among one another.
pub(super) struct Placed<'j, 'a> {
    pub(super) finished: &'j [Finished<'a>],
    pub(super) failed: Option<(i64, usize)>,
}

impl Placed<'_, '_> {
    /// How many of a child's events appear at all.
    pub fn kept(&self, index: usize) -> u32 {
        match self.failed {
            Some((time, failed)) if index != failed => self.until(index, time, index < failed),
            _ => self.finished[index].count,
        }
    }

    /// How many events a child has before a time, or also at it.
    pub fn until(&self, index: usize, time: i64, inclusive: bool) -> u32 {
        let finished = &self.finished[index];
        let within = |t: i64| t < time || (inclusive && t == time);
        if within(finished.end_ms) {
            return finished.count;
        }
        finished.pace.iter().take_while(|(t, _)| within(*t)).last().map_or(0, |(_, count)| *count)
    }

    /// When a child's event happened.
    fn time(&self, index: usize, id: u32) -> i64 {
        let finished = &self.finished[index];
        finished.pace.iter().find(|(_, count)| id <= *count).map_or(finished.end_ms, |(time, _)| *time)
    }

    /// The place of a child's event among those of all children, from 1.
    pub fn id(&self, index: usize, id: u32) -> u32 {
        let time = self.time(index, id);
        let others = (0..self.finished.len()).filter(|other| *other != index);
        id + others.map(|other| self.until(other, time, other < index).min(self.kept(other))).sum::<u32>()
    }
}

impl Finished<'_> {
    /// What another thread can take.
    pub fn into_owned(self) -> FinishedElsewhere {
        FinishedElsewhere {
            outcome: match self.outcome {
                Outcome::Succeeded(value) => OwnedOutcome::Succeeded(value.to_json().into()),
                Outcome::Failed(f) => OwnedOutcome::Failed {
                    error: f.error.map(Into::into),
                    cause: f.cause.map(Into::into),
                    origin: f.origin.map(|o| (o.state.into(), o.entered)),
                    catchable: f.catchable,
                },
                Outcome::TimedOut(limit) => OwnedOutcome::TimedOut(limit),
            },
            end_ms: self.end_ms,
            count: self.count,
            chain: self.chain,
            last: self.last,
            pace: self.pace,
            events: self.events,
            notes: self.notes,
            steps_left: self.steps_left,
        }
    }
}

impl<'a> Finished<'a> {
    fn output(&self) -> Option<Value<'a>> {
        match self.outcome {
            Outcome::Succeeded(value) => Some(value),
            Outcome::Failed(_) | Outcome::TimedOut(_) => None,
        }
    }
}

impl FinishedElsewhere {
    /// How many bytes of output it came to.
    pub fn bytes(&self) -> u64 {
        match &self.outcome {
            OwnedOutcome::Succeeded(json) => json.len() as u64,
            OwnedOutcome::Failed { .. } | OwnedOutcome::TimedOut(_) => 0,
        }
    }

    /// Whether it ran into a limit that ends its parent, whatever the others come to.
    pub fn is_over(&self) -> bool {
        matches!(self.outcome, OwnedOutcome::TimedOut(limit) if limit.ends_all())
    }

    fn into_arena(self, arena: &Arena) -> Finished<'_> {
        let text = |t: Option<Box<str>>| t.map(|t| &*arena.alloc_str(&t));
        let outcome = match self.outcome {
            OwnedOutcome::Succeeded(json) => {
                Outcome::Succeeded(Value::raw(arena, arena.alloc_str(&json), Form::of(&json)))
            }
            OwnedOutcome::Failed { error, cause, origin, catchable } => Outcome::Failed(Failure {
                error: text(error),
                cause: text(cause),
                origin: origin.map(|(state, entered)| Origin { state: arena.alloc_str(&state), entered }),
                catchable,
            }),
            OwnedOutcome::TimedOut(limit) => Outcome::TimedOut(limit),
        };
        Finished {
            outcome,
            end_ms: self.end_ms,
            count: self.count,
            chain: self.chain,
            last: self.last,
            pace: self.pace,
            events: self.events,
            notes: self.notes,
            steps_left: self.steps_left,
        }
    }
}

//! Map and Parallel: children, the virtual schedule they run on, and the join.
//!
//! An execution that forks asks its driver to run [`Children`]; each is an [`Execution`] of its own, which borrows the
//! parent's values and starts at the parent's clock or, if a Map allows only so many at once, when a place becomes free.
//! A [`Join`] takes what they come to, in the order of their indices, and says which comes next; the parent goes on at
//! the latest end. Of several failures the one with the least (virtual time, index) wins, and what happens after it in
//! virtual time appears nowhere.
//!
//! Children are executed depth first in the order of their indices, whoever runs them; a driver with idle threads may run
//! several at a time where [`Children::are_independent`], and gets the same answer. Here is no thread, and no queue.

use super::context::MapItem;
use super::event::{Event, EventKind};
use super::machine::{Execution, ExecutionBasics, Family, History, Input, Settings, Stop, Visit, Waiting};
use super::outcome::{Failure, LimitHit, Origin, Outcome};
use super::seed::Seed;
use crate::program::state::StateType;
use crate::program::work::{self, Fork, Limit};
use crate::program::{Addr, ForkId, Program};
use crate::value::raw::Form;
use crate::value::{Arena, Kind, Value};

/// The most items of an inline Map that run at once.
pub const CONCURRENCY_MAX: usize = 40;

/// The children that an execution waits for.
#[derive(Debug)]
pub struct Children<'a> {
    program: &'a Program,
    settings: &'a Settings,
    /// What they run.
    pub fork: &'a Fork,
    items: Items<'a>,
    concurrency: usize,
    tolerance: Tolerance,
    variables: &'a [Option<Value<'a>>],
    outer: Value<'a>,
    item: Option<MapItem<'a>>,
    origin: Origin<'a>,
    visit: Visit<'a>,
    execution: ExecutionBasics<'a>,
    quiet: bool,
    history: bool,
    seed: Seed,
    start_ms: i64,
    deadline_ms: i64,
    steps: u64,
}

#[derive(Clone, Copy, Debug)]
enum Items<'a> {
    /// A Map's: each an input of its own.
    Each(&'a [Value<'a>]),
    /// A Parallel's branches: one input for all.
    Branches(Value<'a>, &'a [Addr]),
}

/// How many failed items a distributed Map bears.
#[derive(Clone, Copy, Debug)]
struct Tolerance {
    distributed: bool,
    failures_max: usize,
}

/// A child that is to be run next.
#[derive(Clone, Copy, Debug)]
pub struct Next {
    /// Its index.
    pub index: usize,
    start_ms: i64,
    deadline_ms: i64,
    steps: u64,
}

/// What a child came to.
#[derive(Debug)]
pub struct Finished<'a> {
    outcome: Outcome<'a>,
    end_ms: i64,
    count: u32,
    /// The last event of the chain, and the last event of all.
    chain: u32,
    last: u32,
    pace: Vec<(i64, u32)>,
    events: Vec<Event>,
    steps_left: u64,
}

/// What a child came to on another thread: nothing in it is borrowed.
#[derive(Debug)]
pub struct FinishedElsewhere {
    outcome: OwnedOutcome,
    end_ms: i64,
    count: u32,
    chain: u32,
    last: u32,
    pace: Vec<(i64, u32)>,
    steps_left: u64,
}

#[derive(Debug)]
enum OwnedOutcome {
    Succeeded(Box<str>),
    Failed { error: Option<Box<str>>, cause: Option<Box<str>>, origin: Option<(Box<str>, u32)>, catchable: bool },
    TimedOut(LimitHit),
}

impl<'a> Children<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self.items {
            Items::Each(items) => items.len(),
            Items::Branches(_, entries) => entries.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether each child's course is the same whatever the others do, so that they may run at the same time: no history
    /// is kept, and none has to wait for another's place for longer than no time at all.
    pub fn are_independent(&self) -> bool {
        !self.history && (self.len() <= self.concurrency || self.fork.timeless)
    }

    /// A child as if it were the only one, for a driver that runs several at a time.
    pub fn independent(&self, index: usize) -> Next {
        Next { index, start_ms: self.start_ms, deadline_ms: self.deadline_ms, steps: self.steps }
    }

    /// The child's execution, about to run in an arena of its own or in its parent's.
    pub fn child<'c>(&self, next: Next, arena: &'c Arena) -> Execution<'c>
    where
        'a: 'c,
    {
        // An item's ItemSelector belongs to the Map's own visit and document.
        let (entry, input, item, visit, eff) = match self.items {
            Items::Each(items) => {
                let value = items[next.index];
                let item = MapItem { index: next.index, value };
                (self.fork.entries()[0], value, Some(item), self.visit, self.outer)
            }
            Items::Branches(input, entries) => (entries[next.index], input, self.item, Visit::NONE, input),
        };
        let (program, mut seed): (&'c Program, Seed) = (self.program, self.seed);
        let basics = match self.tolerance.distributed {
            // Every item of a distributed Map is an execution of its own.
            true => ExecutionBasics { input, started_ms: next.start_ms, name_seed: seed.child(next.index as u64) },
            false => self.execution,
        };
        let mut child = Execution {
            program,
            settings: self.settings,
            arena,
            input: Input::whole(input),
            pc: entry,
            doc: input,
            eff,
            res: Value::Null,
            out: Value::Null,
            stack: bumpalo::collections::Vec::with_capacity_in(program.stack_max() as usize, arena),
            variables: arena.alloc_slice_copy(self.variables),
            assigned: None,
            visit,
            caller: None,
            waiting: Waiting::Nothing,
            family: Family::Child {
                outer: self.outer,
                item,
                iteration: matches!(self.items, Items::Each(_)),
                state: self.origin,
                execution: basics,
            },
            quiet: self.quiet || self.tolerance.distributed,
            tally: None,
            pending: None,
            forked: false,
            seed: seed.child(next.index as u64),
            name_seed: self.execution.name_seed,
            started_ms: self.start_ms,
            now_ms: next.start_ms,
            deadline_ms: next.deadline_ms,
            steps: next.steps,
            history: History { events: self.history.then(Vec::new), ..History::default() },
        };
        if matches!(self.items, Items::Each(_)) {
            let index = next.index;
            let name = self.origin.state;
            child.event(|_| EventKind::MapIterationStarted { name: name.to_owned(), index });
        }
        child
    }
}

impl<'a> Execution<'a> {
    /// Starts a Map's or Parallel's children.
    pub(super) fn fork(&mut self, id: ForkId) -> Result<Children<'a>, Stop<'a>> {
        let fork = self.program.fork(id);
        let mut concurrency = usize::MAX;
        let mut tolerance = Tolerance { distributed: false, failures_max: 0 };
        let items = match &fork.children {
            work::Children::Branches(entries) => {
                let input = self.pop();
                self.forked = true;
                self.event(|_| EventKind::ParallelStarted);
                Items::Branches(input, entries)
            }
            work::Children::Items {
                items,
                concurrency: limit,
                tolerated_count,
                tolerated_percentage,
                distributed,
                label,
                ..
            } => {
                let (percentage, count) = (self.popped(*tolerated_percentage), self.popped(*tolerated_count));
                let most = self.concurrency(*limit)?;
                let value = self.pop();
                let Some(values) = value.elements(self.arena) else {
                    let path = match self.program.blame(*items) {
                        crate::program::Blame::Items { path } => {
                            path.strip_prefix("$$").map_or_else(|| path.to_string(), |p| format!("${p}"))
                        }
                        _ => String::new(),
                    };
                    return Err(self.stop(self.runtime(&format!("Reference path \"{path}\" must point to array."))));
                };
                concurrency = match most {
                    0 if *distributed => usize::MAX,
                    0 => CONCURRENCY_MAX,
                    most if *distributed => most,
                    most => most.min(CONCURRENCY_MAX),
                };
                self.event(|_| EventKind::MapStarted { length: values.len() });
                // The Map has started by the time that AWS looks at what it tolerates.
                let percentage = self.percentage(*tolerated_percentage, percentage)?;
                let count = self.tolerated(*tolerated_count, count)?;
                let by_percentage = percentage.map(|hundredths| values.len() * hundredths / 10_000);
                tolerance = Tolerance {
                    distributed: *distributed,
                    failures_max: count.unwrap_or(0).max(by_percentage.unwrap_or(0)),
                };
                self.forked = true;
                if *distributed {
                    let arn = self.map_run_arn(label.as_deref());
                    self.event(|_| EventKind::MapRunStarted { arn });
                }
                Items::Each(values)
            }
        };
        let (item, distributed) = match self.family {
            Family::Child { item, .. } => (item, tolerance.distributed),
            Family::Root => (None, tolerance.distributed),
        };
        let variables: &'a [Option<Value<'a>>] = match distributed {
            true => self.arena.alloc_slice_fill_copy(self.variables.len(), None),
            false => self.arena.alloc_slice_copy(self.variables),
        };
        let seed = self.seed.child(u64::from(id.0));
        self.seed.draw();
        Ok(Children {
            program: self.program,
            settings: self.settings,
            fork,
            items,
            concurrency,
            tolerance,
            variables,
            outer: self.eff,
            item,
            origin: self.origin().unwrap_or(Origin { state: "", entered: 0 }),
            visit: Visit { rare: None, ..self.visit },
            execution: self.basics(),
            quiet: self.quiet,
            history: self.history.events.is_some(),
            seed,
            start_ms: self.now_ms,
            deadline_ms: self.deadline_ms,
            steps: self.steps,
        })
    }

    /// Takes what a child has come to.
    pub fn finish(&mut self, outcome: Outcome<'a>) -> Finished<'a> {
        let chain = self.history.previous;
        if let Family::Child { item: Some(item), state, .. } = self.family
            && self.is_map_child()
        {
            let (name, index) = (state.state, item.index);
            self.side_event(chain, |_| match outcome {
                Outcome::Succeeded(_) => EventKind::MapIterationSucceeded { name: name.to_owned(), index },
                Outcome::Failed(_) => EventKind::MapIterationFailed { name: name.to_owned(), index },
                Outcome::TimedOut(_) => EventKind::MapIterationAborted { name: name.to_owned(), index },
            });
        }
        // A branch that fails in a Task shows the state aborted; one that fails otherwise does not.
        if let (Outcome::Failed(_), Some(state), false) = (outcome, self.visit.state, self.is_map_child())
            && self.program.state(state).kind == StateType::Task
        {
            self.side_event(chain, |_| EventKind::Aborted { state_type: StateType::Task.name() });
        }
        Finished {
            outcome,
            end_ms: self.now_ms,
            count: self.history.count,
            chain,
            last: self.history.count,
            pace: std::mem::take(&mut self.history.pace),
            events: self.take_events(),
            steps_left: self.steps,
        }
    }

    /// The children have come to their ends: [`Execution::run`] goes on from here.
    pub fn join(&mut self, join: Join<'a>) {
        if !matches!(self.waiting, Waiting::Children) {
            return;
        }
        self.waiting = Waiting::Nothing;
        let distributed = join.children.tolerance.distributed;
        let map = matches!(join.children.items, Items::Each(_));
        let end_ms = join.end_ms();
        self.steps = join.steps_left;
        let placed = Placed { finished: &join.finished, failed: join.failed };
        if let Some(limit) = join.limit {
            self.place_events(&placed, &join, !distributed);
            self.set_clock(end_ms);
            self.pending = Some(self.stop_at(limit));
            return;
        }
        let base = self.history.count;
        self.place_events(&placed, &join, !distributed);
        self.set_clock(end_ms);
        match join.failed {
            None => {
                // The child that ends last is the one that the parent had to wait for.
                let latest = join.finished.iter().enumerate().max_by_key(|(i, f)| (f.end_ms, *i));
                if let Some((index, finished)) = latest.filter(|_| !self.quiet && !distributed) {
                    self.history.previous = base + placed.id(index, finished.last);
                }
                if distributed {
                    self.event(|_| EventKind::MapRunSucceeded);
                }
                let previous = self.history.previous;
                let state_type = if map { "Map" } else { "Parallel" };
                self.side_event(previous, |_| EventKind::Succeeded { state_type });
                let outputs = join.finished.iter().filter_map(|f| match f.outcome {
                    Outcome::Succeeded(value) => Some(value),
                    Outcome::Failed(_) | Outcome::TimedOut(_) => None,
                });
                let mut items = bumpalo::collections::Vec::with_capacity_in(join.finished.len(), self.arena);
                items.extend(outputs);
                self.res = Value::array(self.arena, items.into_bump_slice());
                self.forked = false;
            }
            Some((_, index)) => {
                let finished = &join.finished[index];
                let Outcome::Failed(mut failure) = finished.outcome else { return };
                if distributed {
                    failure = Failure::reported(
                        Some("States.ExceedToleratedFailureThreshold"),
                        Some("The specified tolerated failure threshold was exceeded"),
                    );
                    self.event(|_| EventKind::MapRunFailed {
                        error: failure.error.map(str::to_owned),
                        cause: failure.cause.map(str::to_owned),
                    });
                } else if !self.quiet {
                    self.history.previous = base + placed.id(index, finished.chain);
                    // A failed ItemSelector names the Map itself, whose id is the parent's already; names are unique.
                    if let Some(origin) = &mut failure.origin
                        && origin.state != join.children.origin.state
                    {
                        origin.entered = base + placed.id(index, origin.entered);
                    }
                }
                self.pending = Some(self.stop(failure));
            }
        }
    }

    /// Puts the children's events behind the parent's own, in the order of their time.
    fn place_events(&mut self, placed: &Placed<'_, 'a>, join: &Join<'a>, visible: bool) {
        if self.quiet || !visible {
            return;
        }
        let (base, link) = (self.history.count, self.history.previous);
        if let Some(events) = &mut self.history.events {
            let mut all: Vec<(i64, usize, u32, Event)> = Vec::new();
            for (index, finished) in join.finished.iter().enumerate() {
                let kept = placed.kept(index);
                for event in finished.events.iter().take(kept as usize) {
                    let mut event = event.clone();
                    event.previous = match (event.previous, join.freed_by[index]) {
                        (0, Some(before)) => base + placed.id(before, join.finished[before].chain),
                        (0, None) => link,
                        (previous, _) => base + placed.id(index, previous),
                    };
                    all.push((event.time_ms, index, event.id, event));
                }
            }
            all.sort_by_key(|(time_ms, index, id, _)| (*time_ms, *index, *id));
            for (n, (.., mut event)) in all.into_iter().enumerate() {
                event.id = base + n as u32 + 1;
                events.push(event);
            }
        }
        let count: u32 = (0..join.finished.len()).map(|index| placed.kept(index)).sum();
        if !matches!(self.family, Family::Root) {
            // The pace of a child that has children of its own is theirs too.
            let paces = join.finished.iter().flat_map(|f| f.pace.iter().map(|(time, _)| *time).chain([f.end_ms]));
            let mut times: Vec<i64> = paces.collect();
            times.sort_unstable();
            times.dedup();
            for time in times.into_iter().filter(|t| *t >= self.now_ms && *t < join.end_ms()) {
                let so_far: u32 =
                    (0..join.finished.len()).map(|index| placed.until(index, time, true).min(placed.kept(index))).sum();
                self.history.pace.push((time, base + so_far));
            }
            self.now_ms = self.now_ms.max(join.end_ms());
        }
        self.history.count = base + count;
    }

    /// Whether this is an item of a Map, rather than a branch somewhere inside one.
    fn is_map_child(&self) -> bool {
        matches!(self.family, Family::Child { iteration: true, .. })
    }

    /// The Map Run's ARN, which is named after the Map's Label, if it has one.
    fn map_run_arn(&mut self, label: Option<&str>) -> String {
        let context = self.context();
        let machine = context.get(self.arena, "StateMachine").and_then(|m| m.get(self.arena, "Id"));
        let machine = machine.and_then(|id| id.as_str(self.arena)).unwrap_or_default();
        let mut seed = self.seed;
        let (label, id) = (label.map_or_else(|| seed.uuid(), str::to_owned), seed.uuid());
        format!("{}/{label}:{id}", machine.replace(":stateMachine:", ":mapRun:"))
    }

    /// A limit's value, if it is on the stack.
    fn popped(&mut self, limit: Limit) -> Value<'a> {
        if matches!(limit, Limit::Popped(_)) { self.pop() } else { Value::Null }
    }

    /// MaxConcurrency.
    fn concurrency(&mut self, limit: Limit) -> Result<usize, Stop<'a>> {
        match limit {
            Limit::None => Ok(0),
            Limit::Literal(n) => Ok(usize::try_from(n).unwrap_or(usize::MAX)),
            Limit::Popped(blame) => {
                let value = self.pop();
                match value.as_number().and_then(|n| n.as_i64()) {
                    Some(n) => match usize::try_from(n) {
                        Ok(n) => Ok(n),
                        Err(_) => Err(self.stop(self.runtime("MaxConcurrency cannot be negative."))),
                    },
                    None => Err(self.stop(self.bad_limit(blame, value))),
                }
            }
        }
    }

    /// ToleratedFailureCount.
    fn tolerated(&mut self, limit: Limit, value: Value<'a>) -> Result<Option<usize>, Stop<'a>> {
        match limit {
            Limit::None => Ok(None),
            Limit::Literal(n) => Ok(usize::try_from(n).ok()),
            Limit::Popped(blame) => match value.as_number().and_then(|n| n.as_i64()) {
                Some(n) => match usize::try_from(n) {
                    Ok(n) => Ok(Some(n)),
                    Err(_) => Err(self.stop(self.runtime("ToleratedFailureCount cannot be negative."))),
                },
                None => Err(self.stop(self.bad_limit(blame, value))),
            },
        }
    }

    /// ToleratedFailurePercentage, in hundredths of a percent.
    fn percentage(&mut self, limit: Limit, value: Value<'a>) -> Result<Option<usize>, Stop<'a>> {
        match limit {
            Limit::None => Ok(None),
            Limit::Literal(hundredths) => Ok(usize::try_from(hundredths).ok()),
            Limit::Popped(blame) => {
                let Some(number) = value.as_number().filter(|_| value.kind() == Kind::Number) else {
                    return Err(self.stop(self.bad_limit(blame, value)));
                };
                match number.as_f64() {
                    percentage @ 0.0..=100.0 => Ok(Some((percentage * 100.0) as usize)),
                    _ => Err(self.stop(self.runtime("ToleratedFailurePercentage must be between 0 and 100."))),
                }
            }
        }
    }
}

/// What children come to, in the order of their indices, and which comes next.
#[derive(Debug)]
pub struct Join<'a> {
    children: &'a Children<'a>,
    finished: Vec<Finished<'a>>,
    /// For each child, whose place it took over.
    freed_by: Vec<Option<usize>>,
    /// When each place becomes free, and whose it was.
    places: Vec<(i64, Option<usize>)>,
    failures: usize,
    failed: Option<(i64, usize)>,
    limit: Option<LimitHit>,
    steps_left: u64,
}

impl<'a> Join<'a> {
    /// Nothing has been run yet.
    pub fn new(children: &'a Children<'a>) -> Join<'a> {
        let steps_left = children.steps;
        Join {
            finished: Vec::with_capacity(children.len()),
            freed_by: Vec::with_capacity(children.len()),
            places: Vec::new(),
            failures: 0,
            failed: None,
            limit: None,
            steps_left,
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
        if index >= self.children.len() || matches!(self.limit, Some(LimitHit::Steps(_))) {
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
                self.failures += 1;
                let earlier = self.failed.is_none_or(|(time, _)| finished.end_ms < time);
                if earlier
                    && (!self.children.tolerance.distributed || self.failures > self.children.tolerance.failures_max)
                {
                    self.failed = Some((finished.end_ms, index));
                    // A child that fails before another has run out of time ends both.
                    self.limit = self.limit.filter(|limit| matches!(limit, LimitHit::Steps(_)));
                }
            }
            // Stopped at the time of a failure: it does not count.
            Outcome::TimedOut(_) if self.failed.is_some() => {}
            Outcome::TimedOut(limit) => self.limit = Some(limit),
        }
        self.finished.push(finished);
    }

    /// Takes what the next child came to on another thread.
    pub fn add_from_elsewhere(&mut self, finished: FinishedElsewhere, arena: &'a Arena) {
        if matches!(self.limit, Some(LimitHit::Steps(_)))
            || self.failed.is_some_and(|(time, _)| self.children.start_ms >= time)
        {
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
    fn end_ms(&self) -> i64 {
        match self.failed {
            Some((time, _)) => time,
            None => self.finished.iter().map(|f| f.end_ms).max().unwrap_or(self.children.start_ms),
        }
    }
}

/// Where the children's events come to stand among one another.
struct Placed<'j, 'a> {
    finished: &'j [Finished<'a>],
    failed: Option<(i64, usize)>,
}

impl Placed<'_, '_> {
    /// How many of a child's events appear at all.
    fn kept(&self, index: usize) -> u32 {
        match self.failed {
            Some((time, failed)) if index != failed => self.until(index, time, index < failed),
            _ => self.finished[index].count,
        }
    }

    /// How many events a child has before a time, or also at it.
    fn until(&self, index: usize, time: i64, inclusive: bool) -> u32 {
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
    fn id(&self, index: usize, id: u32) -> u32 {
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
            steps_left: self.steps_left,
        }
    }
}

impl FinishedElsewhere {
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
            events: Vec::new(),
            steps_left: self.steps_left,
        }
    }
}

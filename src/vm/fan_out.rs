//! Map and Parallel: the fork, the children, and how their parent goes on.
//!
//! An execution that forks asks its driver to run [`Children`]; each is an [`Execution`] of its own, which borrows the
//! parent's values and starts at the parent's clock or, if a Map allows only so many at once, when a place becomes free.
//! The parent takes back a [`Join`] and goes on at the latest end.
//!
//! Children are executed depth first in the order of their indices, whoever runs them; a driver with idle threads may run
//! several at a time where [`Children::are_independent`], and gets the same answer. Here is no thread, and no queue.

use super::context::{MapItem, Wanted};
use super::event::{Event, EventKind};
use super::history::History;
use super::join::{Finished, Join, Placed};
use super::machine::{Execution, ExecutionBasics, Family, Stop, Visit, Waiting};
use super::outcome::{Failure, Origin, Outcome};
use super::room::{OPENED_BYTES, Room};
use super::seed::Seed;
use super::start::{Input, Settings};
use super::watch::{Note, notes_of};
use crate::program::state::StateType;
use crate::program::work::{self, CONCURRENCY_MAX, Fork, Limit};
use crate::program::{Addr, Blame, BlameId, ForkId, Program};
use crate::value::{Arena, Kind, Value};

/// The children that an execution waits for.
#[derive(Debug)]
pub struct Children<'a> {
    pub(super) program: &'a Program,
    pub(super) settings: &'a Settings,
    /// What they run.
    pub fork: &'a Fork,
    pub(super) items: Items<'a>,
    pub(super) concurrency: usize,
    pub(super) tolerance: Tolerance,
    pub(super) variables: &'a [Option<Value<'a>>],
    pub(super) outer: Value<'a>,
    pub(super) item: Option<MapItem<'a>>,
    pub(super) origin: Origin<'a>,
    visit: Visit<'a>,
    pub(super) execution: ExecutionBasics<'a>,
    pub(super) quiet: bool,
    pub(super) history: bool,
    pub(super) seed: Seed,
    pub(super) start_ms: i64,
    pub(super) deadline_ms: i64,
    pub(super) steps: u64,
    pub(super) bytes: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Items<'a> {
    /// A Map's: each an input of its own.
    Each(&'a [Value<'a>]),
    /// A Parallel's branches: one input for all.
    Branches(Value<'a>, &'a [Addr]),
}

/// How many failed items a distributed Map bears.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tolerance {
    pub(super) distributed: bool,
    pub(super) failures_max: usize,
}

/// A child that is to be run next.
#[derive(Clone, Copy, Debug)]
pub struct Next {
    /// Its index.
    pub index: usize,
    pub(super) start_ms: i64,
    pub(super) deadline_ms: i64,
    pub(super) steps: u64,
}

impl<'a> Children<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self.items {
            Items::Each(items) => items.len(),
            Items::Branches(_, entries) => entries.len(),
        }
    }

    /// Which item of a Map a child works on; none, if it is a branch of a Parallel.
    pub fn item(&self, child: Next) -> Option<u32> {
        match self.items {
            Items::Each(_) => u32::try_from(child.index).ok(),
            Items::Branches(..) => None,
        }
    }

    /// How many of them run at once.
    pub fn concurrency(&self) -> usize {
        self.concurrency.min(self.len())
    }

    /// Whether so many failed children do not end the others.
    pub fn bears(&self, failures: usize) -> bool {
        self.tolerance.distributed && failures <= self.tolerance.failures_max
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What they run with.
    pub fn settings(&self) -> &'a Settings {
        self.settings
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
            inside: None,
            waiting: Waiting::Nothing,
            family: Family::Child {
                outer: self.outer,
                item,
                iteration: matches!(self.items, Items::Each(_)),
                state: self.origin,
                execution: self.execution,
            },
            quiet: self.quiet,
            tally: None,
            pending: None,
            forked: false,
            seed: seed.child(next.index as u64).into(),
            calls: 0,
            name_seed: self.execution.name_seed,
            started_ms: self.start_ms,
            now_ms: next.start_ms,
            deadline_ms: next.deadline_ms,
            steps: next.steps,
            room: Room::new(&self.settings.limits, self.bytes, arena),
            // What is an execution of its own counts its own events, and shows none to its parent.
            history: History {
                events: (self.history && !self.tolerance.distributed).then(Vec::new),
                notes: notes_of(program, self.history && !self.tolerance.distributed),
                ..History::default()
            },
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
            work::Children::Selected { items, .. } => {
                let value = self.pop();
                Items::Each(self.elements(value, *items)?)
            }
            work::Children::Items {
                items,
                concurrency: limit,
                tolerated_count,
                tolerated_percentage,
                distributed,
                label,
                batch,
                ..
            } => {
                let batch = match batch {
                    Some(batch) => Some(self.batching(*batch)?),
                    None => None,
                };
                let (percentage, count) = (self.popped(*tolerated_percentage), self.popped(*tolerated_count));
                let most = self.concurrency(*limit)?;
                let value = self.pop();
                let values = self.elements(value, *items)?;
                concurrency = match most {
                    0 if *distributed => usize::MAX,
                    0 => CONCURRENCY_MAX,
                    most if *distributed => most,
                    most => most.min(CONCURRENCY_MAX),
                };
                self.make(values.len() as u64 * OPENED_BYTES)?;
                self.event(|_| EventKind::MapStarted { length: values.len() });
                // The Map has started by the time that AWS looks at what it tolerates.
                let percentage = self.percentage(*tolerated_percentage, percentage)?;
                let count = self.tolerated(*tolerated_count, count)?;
                let by_percentage = percentage.map(|hundredths| values.len() * hundredths / 10_000);
                // Both given: whichever is exceeded first fails the Map.
                let failures_max = match *distributed {
                    true => count.into_iter().chain(by_percentage).min().unwrap_or(0),
                    false => 0,
                };
                tolerance = Tolerance { distributed: *distributed, failures_max };
                self.forked = true;
                if *distributed {
                    let arn = self.map_run_arn(label.as_deref());
                    self.event(|_| EventKind::MapRunStarted { arn });
                }
                Items::Each(batch.map_or(values, |batch| batch.put_together(values, self.arena)))
            }
        };
        let item = match self.family {
            Family::Child { item, .. } => item,
            Family::Root => None,
        };
        let variables: &'a [Option<Value<'a>>] = self.arena.alloc_slice_copy(self.variables);
        let seed = self.seed.known().child(u64::from(id.0));
        self.seed.known().draw();
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
            quiet: self.quiet || matches!(fork.children, work::Children::Selected { .. }),
            history: self.history.events.is_some(),
            seed,
            start_ms: self.now_ms,
            deadline_ms: self.deadline_ms,
            steps: self.steps,
            bytes: self.room.left,
        })
    }

    /// Makes a distributed Map's item an execution of its own, once its input has been selected: it sees none of the
    /// outer variables, and `$$.Execution` is its own. What AWS makes of an ItemSelector that fails is not recorded: here
    /// its item has failed, and the results of the others are given without it.
    pub(super) fn detach(&mut self) {
        self.variables.fill(None);
        if let Family::Child { execution, .. } = &mut self.family {
            *execution = ExecutionBasics { input: self.doc, started_ms: self.now_ms, name_seed: self.seed };
        }
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
            notes: self.take_notes(),
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
        let (selected, flatten) = match join.children.fork.children {
            work::Children::Selected { .. } => (true, false),
            work::Children::Items { flatten, .. } => (false, flatten),
            work::Children::Branches(_) => (false, false),
        };
        let visible = !distributed && !selected && !self.quiet;
        let end_ms = join.end_ms();
        self.steps = join.steps_left;
        let placed = Placed { finished: &join.finished, failed: join.failed };
        if let Some(limit) = join.limit {
            self.place_events(&placed, &join, visible);
            self.set_clock(end_ms);
            self.pending = Some(self.stop_at(limit));
            return;
        }
        let base = self.history.count;
        self.place_events(&placed, &join, visible);
        self.set_clock(end_ms);
        match join.failed {
            None => {
                // The child that ends last is the one that the parent had to wait for.
                let latest = join.finished.iter().enumerate().max_by_key(|(i, f)| (f.end_ms, *i));
                if let Some((index, finished)) = latest.filter(|_| visible) {
                    self.history.previous = base + placed.id(index, finished.last);
                }
                if distributed {
                    self.event(|_| EventKind::MapRunSucceeded);
                }
                let previous = self.history.previous;
                let state_type = if map { "Map" } else { "Parallel" };
                if !selected {
                    self.side_event(previous, |_| EventKind::Succeeded { state_type });
                }
                let outputs = join.finished.iter().filter_map(|f| match f.outcome {
                    Outcome::Succeeded(value) => Some(value),
                    Outcome::Failed(_) | Outcome::TimedOut(_) => None,
                });
                let mut items = bumpalo::collections::Vec::with_capacity_in(join.finished.len(), self.arena);
                match flatten {
                    false => items.extend(outputs),
                    true => outputs.for_each(|value| match value.elements(self.arena) {
                        Some(elements) => items.extend_from_slice(elements),
                        None => items.push(value),
                    }),
                }
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
                } else if visible {
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
        if !visible {
            return;
        }
        let (base, link) = (self.history.count, self.history.previous);
        if let Some(notes) = &mut self.history.notes {
            let mut all: Vec<(u32, usize, Note)> = Vec::new();
            for (index, finished) in join.finished.iter().enumerate() {
                let kept = placed.kept(index);
                let at = |id: u32| if id == 0 { link } else { base + placed.id(index, id) };
                for note in finished.notes.iter().filter(|note| note.after <= kept) {
                    let note = Note { after: at(note.after), previous: at(note.previous), ..note.clone() };
                    all.push((note.after, index, note));
                }
            }
            all.sort_by_key(|(after, index, _)| (*after, *index));
            notes.list.extend(all.into_iter().map(|(.., note)| note));
        }
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
        let context = self.context(Wanted::ALL);
        let machine = context.get(self.arena, "StateMachine").and_then(|m| m.get(self.arena, "Id"));
        let machine = machine.and_then(|id| id.as_str(self.arena)).unwrap_or_default();
        let mut seed = self.seed.get();
        let (label, id) = (label.map_or_else(|| seed.uuid(), str::to_owned), seed.uuid());
        format!("{}/{label}:{id}", machine.replace(":stateMachine:", ":mapRun:"))
    }

    /// A Map's items. That an object has none is recorded; that it may have, one for each member, is documented since,
    /// and not recorded: here it fails.
    fn elements(&mut self, value: Value<'a>, items: BlameId) -> Result<&'a [Value<'a>], Stop<'a>> {
        if let Some(values) = value.elements(self.arena) {
            return Ok(values);
        }
        if let Blame::MapInput = self.program.blame(items) {
            let cause = format!("Map state input must be an array but was: {}", value.to_json());
            return Err(self.query_failed(None, &cause));
        }
        let path = match self.program.blame(items) {
            Blame::Items { path } => path.strip_prefix("$$").map_or_else(|| path.to_string(), |p| format!("${p}")),
            _ => String::new(),
        };
        Err(self.stop(self.runtime(&format!("Reference path \"{path}\" must point to array."))))
    }

    /// A limit's value, if it is on the stack.
    pub(super) fn popped(&mut self, limit: Limit) -> Value<'a> {
        if matches!(limit, Limit::Popped(_)) { self.pop() } else { Value::Null }
    }

    /// MaxConcurrency.
    fn concurrency(&mut self, limit: Limit) -> Result<usize, Stop<'a>> {
        let value = self.popped(limit);
        self.whole_limit(limit, value, "MaxConcurrency")
    }

    /// A whole number that is no less than 0; 0 where there is none. What AWS says of a negative one is not recorded, nor
    /// whether 1.0 will do, as it does here.
    pub(super) fn whole_limit(&mut self, limit: Limit, value: Value<'a>, field: &str) -> Result<usize, Stop<'a>> {
        match limit {
            Limit::None => Ok(0),
            Limit::Literal(n) => Ok(usize::try_from(n).unwrap_or(usize::MAX)),
            Limit::Popped(blame) => {
                if let Some(whole) = self.whole_query(blame, value) {
                    return whole.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
                }
                match value.as_number().and_then(|n| n.as_i64()) {
                    Some(n) => match usize::try_from(n) {
                        Ok(n) => Ok(n),
                        Err(_) => Err(self.stop(self.runtime(&format!("{field} cannot be negative.")))),
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
            Limit::Popped(blame) if self.is_query(blame) => match self.whole_query(blame, value) {
                Some(whole) => whole.map(|n| usize::try_from(n).ok()),
                None => Ok(None),
            },
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
                    _ if self.is_query(blame) => {
                        let cause = "ToleratedFailurePercentage must be between 0 and 100.";
                        Err(self.query_failed(Some("ToleratedFailurePercentage"), cause))
                    }
                    _ => Err(self.stop(self.runtime("ToleratedFailurePercentage must be between 0 and 100."))),
                }
            }
        }
    }
}

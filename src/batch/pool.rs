//! Threads: one long job on each, and help among them where a Map or Parallel is worth sharing.
//!
//! Each thread of the pool runs one job that claims chunks until none are left; that outer work is never stolen. What can
//! be stolen are halves of a Map's or Parallel's children, offered only while some thread has run out of chunks. So as long
//! as there are chunks every Map runs in sequence, which is cheapest; at the end of a run, or with one huge event, idle
//! threads help. Results are the same either way.
//!
//! Waking a thread takes about 12 µs, so that children are only shared if they look worth twice that; how long a child
//! takes is learned per Map or Parallel state. This is the only file that names rayon. It must never let a half run before
//! every thread has begun its own job: a thread that waits for a stolen half may take up whatever lies before it, and
//! that must not be a whole job.

use super::drive::{Alone, Ended, Helpers, Spare, next_child, run_apart};
use super::worker::ARENA_BYTES_MAX;
use crate::handler::Bound;
use crate::handler::mock::Counters;
use crate::program::{Program, work};
use crate::value::Arena;
use crate::vm::join::FinishedElsewhere;
use crate::vm::shortcut::{Company, PartOfMap};
use crate::vm::{Children, Join, Tally};
use crossbeam::queue::SegQueue;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::sync::atomic::{AtomicIsize, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

/// Children are shared if all of them look like taking at least this long: twice the time of waking a thread.
const WORTH_NS: u64 = 25_000;
/// The least that is worth handing over at once.
const GRAIN_NS: u64 = 5_000;
/// Virtual: only what is touched takes memory. A thread that waits for a half may run others on top.
const STACK_BYTES: usize = 8 << 20;

/// The threads could not be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start {threads} threads: {source}")]
#[non_exhaustive]
pub struct ThreadsError {
    /// How many were asked for.
    pub threads: usize,
    /// What the system says.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Runs a job on each of so many threads, and waits for all of them.
///
/// # Errors
///
/// [`ThreadsError`] if there are not to be that many threads.
pub(super) fn run(
    threads: usize,
    program: &Program,
    bound: &Bound,
    job: &(dyn Fn(&dyn Helpers) + Sync),
) -> Result<(), ThreadsError> {
    if threads <= 1 {
        job(&Alone);
        return Ok(());
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK_BYTES)
        .thread_name(|n| format!("expressway-{n}"))
        .build()
        .map_err(|error| ThreadsError { threads, source: Box::new(error) })?;
    let crew = Crew::new(threads, program, bound);
    pool.broadcast(|_| {
        crew.working.fetch_add(1, Ordering::Relaxed);
        job(&crew);
        crew.idle.fetch_add(1, Ordering::Relaxed);
    });
    Ok(())
}

/// Does so many jobs that have nothing to do with one another, each once; the answers in the order of the jobs.
///
/// ```
/// assert_eq!(expressway::batch::side_by_side(2, 3, &|n| n * n).unwrap(), [0, 1, 4]);
/// ```
///
/// # Errors
///
/// [`ThreadsError`] if there are not to be that many threads.
pub fn side_by_side<T: Send>(
    threads: usize,
    jobs: usize,
    job: &(dyn Fn(usize) -> T + Sync),
) -> Result<Vec<T>, ThreadsError> {
    if threads <= 1 {
        return Ok((0..jobs).map(job).collect());
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK_BYTES)
        .build()
        .map_err(|error| ThreadsError { threads, source: Box::new(error) })?;
    Ok(pool.install(|| (0..jobs).into_par_iter().map(job).collect()))
}

/// The threads of a run, as they help one another.
struct Crew<'r> {
    program: &'r Program,
    bound: &'r Bound,
    threads: usize,
    /// How many threads have begun their job.
    working: AtomicUsize,
    /// How many have nothing left to do.
    idle: AtomicIsize,
    /// Arenas for children that run elsewhere.
    arenas: SegQueue<Arena>,
    /// For each fork of the program how long a child of it takes, in nanoseconds; 0 if nobody knows.
    child_ns: Vec<AtomicU64>,
}

/// What some children in a row came to elsewhere.
struct Portion {
    children: Vec<Elsewhere>,
    /// Steps they took in all.
    steps: u64,
    /// What they went through, if that is counted.
    tally: Option<Tally>,
}

/// What a child came to elsewhere.
struct Elsewhere {
    finished: FinishedElsewhere,
    ended: Ended,
}

/// Children that are shared.
struct Share<'c, 'a> {
    children: &'c Children<'a>,
    /// The first of them.
    first: usize,
    /// How many make a portion: what a thread takes at once.
    portion: usize,
    /// The least index of a child that failed without any time having passed: later ones do not count.
    failed_at_once: AtomicUsize,
    counted: bool,
    /// What times by state are taken by, if they are.
    clock: Option<fn() -> u64>,
    estimate: &'c AtomicU64,
}

/// How far the children of a fork have come, in the order of their indices.
struct Standing<'a> {
    join: Join<'a>,
    tally: Option<&'a Tally>,
    arena: &'a Arena,
    /// When the earliest failure so far happened.
    failed_ms: Option<i64>,
    /// Steps that the next child may take; unknown before the first.
    steps_left: Option<u64>,
    spare: Spare,
}

impl Company for Crew<'_> {
    fn has_time(&self) -> bool {
        self.anybody_idle()
    }

    fn share(&self, parts: &mut [Option<PartOfMap>], part: &(dyn Fn(usize, &Arena) -> Option<PartOfMap> + Sync)) {
        self.parts(0, parts, part);
    }
}

impl Helpers for Crew<'_> {
    fn run<'a>(
        &self,
        children: &'a Children<'a>,
        tally: Option<&'a Tally>,
        arena: &'a Arena,
        counters: &mut Counters,
    ) -> Option<Join<'a>> {
        if children.len() < 2 || !children.are_independent() || bears_failures(children) {
            return None;
        }
        let estimate = self.estimate(children)?;
        let (join, spare) = (Join::new(children), Spare::default());
        let mut standing = Standing { join, tally, arena, failed_ms: None, steps_left: None, spare };
        // Threads become idle while a long Map runs: so each child may be the first that is shared.
        for done in 0.. {
            let idle = self.anybody_idle() && !counters.gives_again();
            // After a failure hardly anything that is left counts.
            if idle && standing.failed_ms.is_none() && worth_sharing(estimate, children.len() - done) {
                self.share(&mut standing, done, estimate, counters);
                break;
            }
            let started = idle.then(Instant::now);
            if !self.next_here(&mut standing, counters) {
                break;
            }
            if let Some(started) = started {
                learn(estimate, started, 1);
            }
        }
        Some(standing.join)
    }
}

impl<'r> Crew<'r> {
    fn new(threads: usize, program: &'r Program, bound: &'r Bound) -> Crew<'r> {
        Crew {
            program,
            bound,
            threads,
            working: AtomicUsize::new(0),
            idle: AtomicIsize::new(0),
            arenas: SegQueue::new(),
            child_ns: program.forks.iter().map(|_| AtomicU64::new(0)).collect(),
        }
    }

    fn estimate(&self, children: &Children) -> Option<&AtomicU64> {
        let index = self.program.forks.iter().position(|fork| std::ptr::eq(fork, children.fork))?;
        self.child_ns.get(index)
    }

    /// Whether some thread has nothing to do, and all have begun their own jobs.
    fn anybody_idle(&self) -> bool {
        self.idle.load(Ordering::Relaxed) > 0 && self.working.load(Ordering::Relaxed) == self.threads
    }

    /// Runs the next child in its parent's arena; whether there was one.
    fn next_here(&self, standing: &mut Standing, counters: &mut Counters) -> bool {
        let Standing { join, tally, arena, spare, .. } = standing;
        let Some(ended) = next_child(join, *tally, arena, spare, self.bound, counters, self) else { return false };
        if ended.failed {
            standing.failed(ended.end_ms);
        }
        standing.steps_left = Some(ended.steps_left);
        true
    }

    /// Runs the children from `first` on, together with whoever is idle; none before them has failed.
    fn share(&self, standing: &mut Standing, first: usize, estimate: &AtomicU64, counters: &mut Counters) {
        let (children, arena) = (standing.join.children(), standing.arena);
        let count = children.len() - first;
        let worthwhile = match estimate.load(Ordering::Relaxed) {
            0 => 1,
            known_ns => usize::try_from(GRAIN_NS.div_ceil(known_ns)).unwrap_or(usize::MAX),
        };
        // Where time passes, each child may have to be run again without the others.
        let portion = if children.fork.timeless { worthwhile.max(count / (4 * self.threads)).min(count) } else { 1 };
        let (failed_at_once, counted) = (AtomicUsize::new(usize::MAX), standing.tally.is_some());
        let clock = standing.tally.and_then(Tally::clock);
        // What goes by now is the children's time, and counted there.
        standing.tally.into_iter().for_each(Tally::stop_clock);
        let share = Share { children, first, portion, failed_at_once, counted, clock, estimate };
        let mut portions: Vec<Option<Portion>> = Vec::new();
        portions.resize_with(count.div_ceil(portion), || None);
        self.halves(&share, 0, &mut portions);
        for (n, portion) in portions.into_iter().enumerate() {
            match portion.filter(|portion| standing.would_be_the_same(portion, children, arena)) {
                Some(portion) => {
                    if let (Some(tally), Some(counts)) = (standing.tally, &portion.tally) {
                        tally.add(counts);
                    }
                    standing.steps_left = standing.steps_left.map(|left| left.saturating_sub(portion.steps));
                    // None has come to a limit that ends the others. One may have run out of virtual time; but one behind it may
                    // have failed before that, and all are counted.
                    for child in portion.children {
                        if child.ended.failed {
                            standing.failed(child.ended.end_ms);
                        }
                        standing.join.add_from_elsewhere(child.finished, arena);
                    }
                }
                None => {
                    let again = share.portion.min(count - n * share.portion);
                    if !(0..again).all(|_| self.next_here(standing, counters)) {
                        break;
                    }
                }
            }
        }
    }

    /// Runs some of the portions, a half perhaps on another thread; `first` is the number of the first.
    fn halves(&self, share: &Share, first: usize, portions: &mut [Option<Portion>]) {
        if let [portion] = portions {
            *portion = self.portion(share, first);
            return;
        }
        let middle = portions.len() / 2;
        let (left, right) = portions.split_at_mut(middle);
        self.both(|| self.halves(share, first, left), || self.halves(share, first + middle, right));
    }

    /// Does two things, the second perhaps on another thread.
    fn both(&self, first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
        rayon::join_context(
            |_| first(),
            |context| {
                // Whoever has come for this is idle no longer.
                let stolen = isize::from(context.migrated());
                self.idle.fetch_sub(stolen, Ordering::Relaxed);
                second();
                self.idle.fetch_add(stolen, Ordering::Relaxed);
            },
        );
    }

    /// Does some parts of a job, a half perhaps on another thread; `first` is the number of the first.
    fn parts(
        &self,
        first: usize,
        parts: &mut [Option<PartOfMap>],
        part: &(dyn Fn(usize, &Arena) -> Option<PartOfMap> + Sync),
    ) {
        if let [done] = parts {
            let mut arena = self.arenas.pop().unwrap_or_default();
            *done = part(first, &arena);
            arena.reset();
            if arena.allocated_bytes() <= ARENA_BYTES_MAX {
                self.arenas.push(arena);
            }
            return;
        }
        let middle = parts.len() / 2;
        let (left, right) = parts.split_at_mut(middle);
        if !right.is_empty() {
            self.both(|| self.parts(first, left, part), || self.parts(first + middle, right, part));
        }
    }

    /// Runs a portion on this thread, in an arena of its own; none if it cannot count any more.
    fn portion(&self, share: &Share, number: usize) -> Option<Portion> {
        let start = share.first + number * share.portion;
        let end = share.children.len().min(start + share.portion);
        if start > share.failed_at_once.load(Ordering::Relaxed) {
            return None;
        }
        let started = Instant::now();
        let mut arena = self.arenas.pop().unwrap_or_default();
        let tally = share.counted.then(|| Tally::with(self.program, share.clock));
        let mut portion = Portion { children: Vec::with_capacity(end - start), steps: 0, tally: None };
        for index in start..end {
            let (child, steps, at_once) = self.elsewhere(share.children, index, tally.as_ref(), &arena);
            portion.steps += steps;
            portion.children.push(child);
            arena.reset();
            if arena.allocated_bytes() > ARENA_BYTES_MAX {
                arena = Arena::new();
            }
            if at_once {
                share.failed_at_once.fetch_min(index, Ordering::Relaxed);
                break;
            }
        }
        tally.iter().for_each(Tally::stop_clock);
        self.arenas.push(arena);
        learn(share.estimate, started, portion.children.len());
        portion.tally = tally;
        Some(portion)
    }

    /// Runs a child as if it were the only one; how many steps it took, and whether it failed without any time passing.
    fn elsewhere(
        &self,
        children: &Children,
        index: usize,
        tally: Option<&Tally>,
        arena: &Arena,
    ) -> (Elsewhere, u64, bool) {
        let child = children.child(children.independent(index), arena);
        let (start_ms, steps) = (child.now_ms(), child.steps_left());
        let (ended, finished) = run_apart(child, tally, self.bound, &mut self.bound.counters(), self);
        let (steps, at_once) = (steps - ended.steps_left, ended.failed && ended.end_ms <= start_ms);
        (Elsewhere { finished, ended }, steps, at_once)
    }
}

impl<'a> Standing<'a> {
    /// Whether these children would have come to the same if they had been run in sequence, behind those before. There a
    /// child sees no further than to the earliest failure before it, and has only the steps that those before it left.
    fn would_be_the_same(&mut self, portion: &Portion, children: &Children<'a>, arena: &'a Arena) -> bool {
        let steps_left =
            *self.steps_left.get_or_insert_with(|| children.child(children.independent(0), arena).steps_left());
        portion.steps <= steps_left
            && portion
                .children
                .iter()
                .all(|child| self.failed_ms.is_none_or(|failed_ms| child.ended.end_ms < failed_ms))
            && portion.children.iter().all(|child| !child.finished.is_over())
            && self.join.has_room_for(portion.children.iter().map(|child| child.finished.bytes()).sum())
    }

    fn failed(&mut self, at_ms: i64) {
        self.failed_ms = Some(self.failed_ms.map_or(at_ms, |known| known.min(at_ms)));
    }
}

/// Whether some failed children do not end the others: then nobody knows from one failure what counts.
fn bears_failures(children: &Children) -> bool {
    match &children.fork.children {
        work::Children::Branches(_) | work::Children::Selected { .. } => false,
        work::Children::Items { tolerated_count, tolerated_percentage, .. } => {
            (*tolerated_count, *tolerated_percentage) != (work::Limit::None, work::Limit::None)
        }
    }
}

/// Whether so many children look like taking long enough. What nobody knows yet is tried: a mistake costs one waking.
fn worth_sharing(estimate: &AtomicU64, children: usize) -> bool {
    let known_ns = estimate.load(Ordering::Relaxed);
    children > 1 && (known_ns == 0 || known_ns.saturating_mul(children as u64) >= WORTH_NS)
}

/// Moves an estimate a quarter of the way to what has just been seen. Races lose a lesson, nothing else.
fn learn(estimate: &AtomicU64, started: Instant, children: usize) {
    let seen = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX) / children.max(1) as u64;
    let known = estimate.load(Ordering::Relaxed);
    let next = if known == 0 { seen } else { known - known / 4 + seen / 4 };
    estimate.store(next.max(1), Ordering::Relaxed);
}

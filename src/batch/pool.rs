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

use super::drive::{Alone, Helpers, drive};
use super::worker::ARENA_BYTES_MAX;
use crate::handler::Bound;
use crate::program::{Program, work};
use crate::value::Arena;
use crate::vm::fan_out::FinishedElsewhere;
use crate::vm::{Children, Join, Outcome};
use std::sync::atomic::{AtomicIsize, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
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
    arenas: Mutex<Vec<Arena>>,
    /// For each fork of the program how long a child of it takes, in nanoseconds; 0 if nobody knows.
    child_ns: Vec<AtomicU64>,
}

/// What a child came to elsewhere.
struct Elsewhere {
    finished: FinishedElsewhere,
    end_ms: i64,
    failed: bool,
    /// Whether it failed without any time having passed.
    failed_at_once: bool,
}

/// Children that are shared.
struct Share<'c, 'a> {
    children: &'c Children<'a>,
    /// How many a thread takes at once.
    grain: usize,
    /// The least index of a child that failed without any time having passed: later ones do not count.
    failed_at_once: AtomicUsize,
}

impl Helpers for Crew<'_> {
    fn run<'a>(&self, children: &'a Children<'a>, arena: &'a Arena) -> Option<Join<'a>> {
        if self.idle.load(Ordering::Relaxed) <= 0
            || self.working.load(Ordering::Relaxed) < self.threads
            || children.len() < 2
            || !children.are_independent()
            || bears_failures(children)
        {
            return None;
        }
        let estimate = self.estimate(children)?;
        let (known_ns, count) = (estimate.load(Ordering::Relaxed), children.len() as u64);
        // What nobody knows yet is tried: a mistake costs one waking.
        if known_ns > 0 && known_ns.saturating_mul(count) < WORTH_NS {
            let started = Instant::now();
            let join = self.one_by_one(children, arena);
            learn(estimate, started, count as usize);
            return Some(join);
        }
        let pieces = self.threads * 4;
        let least = if known_ns == 0 { 1 } else { GRAIN_NS.div_ceil(known_ns) as usize };
        let grain = least.max(children.len() / pieces).max(1);
        Some(self.shared(children, grain, estimate, arena))
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
            arenas: Mutex::new(Vec::new()),
            child_ns: program.forks.iter().map(|_| AtomicU64::new(0)).collect(),
        }
    }

    fn estimate(&self, children: &Children) -> Option<&AtomicU64> {
        let index = self.program.forks.iter().position(|fork| std::ptr::eq(fork, children.fork))?;
        self.child_ns.get(index)
    }

    /// Runs children in sequence, as if there were no other thread.
    fn one_by_one<'a>(&self, children: &'a Children<'a>, arena: &'a Arena) -> Join<'a> {
        let mut join = Join::new(children);
        while self.next_here(&mut join, arena).is_some() {}
        join
    }

    /// Runs the next child in its parent's arena; its failure's time, if it failed. None if there is no next one.
    fn next_here<'a>(&self, join: &mut Join<'a>, arena: &'a Arena) -> Option<Option<i64>> {
        let next = join.next()?;
        let mut child = join.children().child(next, arena);
        let outcome = drive(&mut child, self.bound, &mut self.bound.counters(), self);
        let failed_ms = matches!(outcome, Outcome::Failed(_)).then(|| child.now_ms());
        join.add(child.finish(outcome));
        Some(failed_ms)
    }

    fn shared<'a>(&self, children: &'a Children<'a>, grain: usize, estimate: &AtomicU64, arena: &'a Arena) -> Join<'a> {
        let mut results: Vec<Option<Elsewhere>> = Vec::new();
        results.resize_with(children.len(), || None);
        let share = Share { children, grain, failed_at_once: AtomicUsize::new(usize::MAX) };
        self.halves(&share, 0, &mut results, estimate);
        let mut join = Join::new(children);
        let mut failed_ms: Option<i64> = None;
        for result in results {
            // In sequence a child sees no further than to the earliest failure before it. One that went beyond, or that
            // was left out, is run again with that in sight; mostly it turns out not to count at all.
            let known = result.filter(|r| failed_ms.is_none_or(|failed_ms| r.end_ms < failed_ms));
            let failed = match known {
                Some(result) => {
                    join.add_from_elsewhere(result.finished, arena);
                    result.failed.then_some(result.end_ms)
                }
                None => match self.next_here(&mut join, arena) {
                    Some(failed) => failed,
                    None => break,
                },
            };
            failed_ms = failed_ms.into_iter().chain(failed).min();
        }
        join
    }

    /// Runs some of the children, a half perhaps on another thread.
    fn halves(&self, share: &Share, first: usize, results: &mut [Option<Elsewhere>], estimate: &AtomicU64) {
        if results.len() <= share.grain {
            return self.some(share, first, results, estimate);
        }
        let middle = results.len() / 2;
        let (left, right) = results.split_at_mut(middle);
        rayon::join_context(
            |_| self.halves(share, first, left, estimate),
            |context| {
                // Whoever has come for this is idle no longer.
                let stolen = isize::from(context.migrated());
                self.idle.fetch_sub(stolen, Ordering::Relaxed);
                self.halves(share, first + middle, right, estimate);
                self.idle.fetch_add(stolen, Ordering::Relaxed);
            },
        );
    }

    /// Runs some of the children on this thread, in an arena of their own.
    fn some(&self, share: &Share, first: usize, results: &mut [Option<Elsewhere>], estimate: &AtomicU64) {
        let started = Instant::now();
        let mut arena = self.arenas.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let count = results.len();
        for (index, result) in (first..).zip(results) {
            if index > share.failed_at_once.load(Ordering::Relaxed) {
                break;
            }
            let elsewhere = self.elsewhere(share.children, index, &arena);
            if elsewhere.failed_at_once {
                share.failed_at_once.fetch_min(index, Ordering::Relaxed);
            }
            *result = Some(elsewhere);
            arena.reset();
            if arena.allocated_bytes() > ARENA_BYTES_MAX {
                arena = Arena::new();
            }
        }
        self.arenas.lock().unwrap_or_else(PoisonError::into_inner).push(arena);
        learn(estimate, started, count);
    }

    fn elsewhere(&self, children: &Children, index: usize, arena: &Arena) -> Elsewhere {
        let mut child = children.child(children.independent(index), arena);
        let start_ms = child.now_ms();
        let outcome = drive(&mut child, self.bound, &mut self.bound.counters(), self);
        let (end_ms, failed) = (child.now_ms(), matches!(outcome, Outcome::Failed(_)));
        let finished = child.finish(outcome).into_owned();
        Elsewhere { finished, end_ms, failed, failed_at_once: failed && end_ms <= start_ms }
    }
}

/// Whether some failed children do not end the others: then nobody knows from one failure what counts.
fn bears_failures(children: &Children) -> bool {
    match &children.fork.children {
        work::Children::Branches(_) => false,
        work::Children::Items { tolerated_count, tolerated_percentage, .. } => {
            (*tolerated_count, *tolerated_percentage) != (work::Limit::None, work::Limit::None)
        }
    }
}

/// Moves an estimate a quarter of the way to what has just been seen. Races lose a lesson, nothing else.
fn learn(estimate: &AtomicU64, started: Instant, children: usize) {
    let seen = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX) / children.max(1) as u64;
    let known = estimate.load(Ordering::Relaxed);
    let next = if known == 0 { seen } else { known - known / 4 + seen / 4 };
    estimate.store(next.max(1), Ordering::Relaxed);
}

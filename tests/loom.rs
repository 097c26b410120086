//! The order of results, in every way in which a few threads can meet.
//!
//! The very file `src/batch/order.rs` is put on top of loom's locks, which try all orders in which its threads can go on;
//! what it writes to and spills to is made small. The rayon pool is not modelled: nothing here depends on it. Switches in
//! the middle of a thread are bounded, as is usual: two of them show nearly all that can go wrong.
//!
//! ```text
//! LOOM_MAX_PREEMPTIONS=3 cargo test --release --test loom
//! ```

#[allow(dead_code)]
#[path = "../src/batch/order.rs"]
mod order;

/// loom's in place of the standard library's.
mod sync {
    pub use loom::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
    pub use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
    pub use std::sync::PoisonError;
}

/// Counts that do not travel with results: none here.
mod vm {
    #[derive(Default)]
    pub struct Tally;

    impl Tally {
        pub fn add(&self, _: &Tally) {}
    }
}

/// Results are the number of their chunk and of their part; they are written to a list.
mod outputs {
    use std::sync::{Arc, Mutex};

    #[derive(Debug, PartialEq, Eq, Clone, Copy)]
    pub enum Failure {
        Written,
        #[allow(dead_code)] // The file names it where a spill fails.
        Spill(()),
    }

    #[derive(Default)]
    pub struct Results {
        pub text: Vec<(u64, u32)>,
        pub cut: bool,
    }

    impl Results {
        pub fn bytes(&self) -> usize {
            self.text.len()
        }
        pub fn sized(_: usize) -> Results {
            Results::default()
        }
        pub fn part(&self) -> Results {
            Results::default()
        }
        pub fn clear_lines(&mut self) {
            self.text.clear();
        }
        pub fn clear(&mut self) {
            *self = Results::default();
        }
    }

    /// What was written, and the chunk at which writing fails.
    pub struct Outputs<'w> {
        pub written: Arc<Mutex<Vec<(u64, u32)>>>,
        pub fails_at: Option<u64>,
        pub visits: crate::vm::Tally,
        pub of: std::marker::PhantomData<&'w ()>,
    }

    impl Outputs<'_> {
        pub fn write(&mut self, results: &mut Results, _: bool) -> Result<(), Failure> {
            if results.text.iter().any(|(chunk, _)| Some(*chunk) == self.fails_at) {
                return Err(Failure::Written);
            }
            self.written.lock().unwrap().extend(&results.text);
            Ok(())
        }
    }
}

/// A spill that holds a list of lists.
mod spill {
    use std::sync::Mutex;

    /// Lines of a chunk: of which, and how many.
    type Held = Vec<(u64, u32)>;

    #[derive(Default)]
    pub struct Spill {
        pub room: usize,
        pub held: Mutex<Vec<Option<Held>>>,
    }

    #[derive(Default)]
    pub struct Use {
        chunks: usize,
    }

    #[derive(Clone, Copy)]
    pub struct Stored(usize);

    impl Spill {
        pub fn has_room(&self, of: &Use) -> bool {
            of.chunks < self.room
        }
        pub fn reserve(&self, of: &mut Use, _: &[(u64, u32)]) -> Option<Stored> {
            if !self.has_room(of) {
                return None;
            }
            of.chunks += 1;
            let mut held = self.held.lock().unwrap();
            held.push(None);
            Some(Stored(held.len() - 1))
        }
        pub fn put(&self, stored: &Stored, text: &[(u64, u32)]) -> Result<(), ()> {
            self.held.lock().unwrap()[stored.0] = Some(text.to_vec());
            Ok(())
        }
        pub fn take(&self, stored: &Stored, text: &mut Vec<(u64, u32)>) -> Result<(), ()> {
            *text = self.held.lock().unwrap()[stored.0].take().expect("put before it is taken");
            Ok(())
        }
        pub fn refuse(&self, of: &mut Use) {
            of.chunks -= 1;
        }
        pub fn free(&self, of: &mut Use) {
            of.chunks -= 1;
        }
    }
}

use order::{Order, Window};
use outputs::{Failure, Outputs};
use std::marker::PhantomData;
use sync::{Arc, Mutex};

/// How a model is set up.
#[derive(Clone, Copy, Default)]
struct Model {
    chunks: u64,
    window: u64,
    spill: usize,
    /// Whether every chunk hands in a part before it is done.
    parts: bool,
    fails_at: Option<u64>,
    /// The chunk at which a worker ends the run without completing it.
    abandoned_at: Option<u64>,
}

/// Lets two workers take chunks as the intake hands them out; gives what was written, and the failure.
fn run(model: Model, check: impl Fn(&[(u64, u32)], Option<Failure>) + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(2));
    builder.check(move || {
        let written = std::sync::Arc::default();
        let outputs = Outputs {
            written: std::sync::Arc::clone(&written),
            fails_at: model.fails_at,
            visits: vm::Tally,
            of: PhantomData,
        };
        let window =
            Window { chunks: model.window, bytes: 100, spilled_chunks: 100, patience: std::time::Duration::ZERO };
        let spill = (model.spill > 0).then(|| spill::Spill { room: model.spill, ..Default::default() });
        let order = Arc::new(Order::new(outputs, window, true, None, spill, None));
        let next = Arc::new(Mutex::new(0));
        let worker = move |order: Arc<Order<'static>>, next: Arc<Mutex<u64>>| {
            let place = Arc::default();
            loop {
                let sequence = {
                    let mut next = next.lock().unwrap();
                    if *next == model.chunks || !order.wait_for_room(*next) {
                        return;
                    }
                    *next += 1;
                    *next - 1
                };
                let mut results = order.fresh(sequence, &place);
                if model.abandoned_at == Some(sequence) {
                    return order.abandon();
                }
                results.text.push((sequence, 0));
                if model.parts {
                    assert!(order.relieve(sequence, &mut results, true));
                    results.text.push((sequence, 1));
                }
                order.complete(sequence, results);
            }
        };
        let (other_order, other_next) = (Arc::clone(&order), Arc::clone(&next));
        let other = loom::thread::spawn(move || worker(other_order, other_next));
        worker(Arc::clone(&order), next);
        other.join().unwrap();
        let order = Arc::try_unwrap(order).ok().expect("both workers have ended");
        let (_, failed, _) = order.into_parts();
        check(&written.lock().unwrap(), failed);
    });
}

fn all(chunks: u64, parts: bool) -> Vec<(u64, u32)> {
    (0..chunks).flat_map(|chunk| (0..1 + u32::from(parts)).map(move |part| (chunk, part))).collect()
}

#[test]
fn everything_is_written_once_and_in_order() {
    for window in [1, 2, 3] {
        let model = Model { chunks: 3, window, ..Model::default() };
        run(model, |written, failed| {
            assert_eq!((written, failed), (&all(3, false)[..], None));
        });
    }
}

#[test]
fn parts_are_written_in_order() {
    let model = Model { chunks: 3, window: 2, parts: true, ..Model::default() };
    run(model, |written, failed| {
        assert_eq!((written, failed), (&all(3, true)[..], None));
    });
}

#[test]
fn what_was_spilled_comes_back_in_order() {
    for spill in [1, 2] {
        for parts in [false, true] {
            let model = Model { chunks: 3, window: 1, spill, parts, ..Model::default() };
            run(model, move |written, failed| {
                assert_eq!((written, failed), (&all(3, parts)[..], None));
            });
        }
    }
}

/// After a failure nothing more is written, and nobody waits for ever.
#[test]
fn a_failure_ends_it() {
    for parts in [false, true] {
        let model = Model { chunks: 3, window: 2, parts, fails_at: Some(1), ..Model::default() };
        run(model, move |written, failed| {
            assert!(written == all(1, parts), "{written:?}");
            assert_eq!(failed, Some(Failure::Written));
        });
    }
}

#[test]
fn a_worker_that_is_lost_ends_it() {
    for parts in [false, true] {
        let model = Model { chunks: 3, window: 1, parts, abandoned_at: Some(1), ..Model::default() };
        run(model, move |written, _| {
            assert!(all(1, parts).starts_with(written), "{written:?}");
        });
    }
}

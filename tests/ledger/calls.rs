//! Every call to the disk fails once, in every way: the run never says that it is done when it is not, and it can always
//! be gone on with.

use crate::disk::{Fault, Plan};
use crate::world::{Chance, Shape, World};
use expressway::batch::BatchError;
use std::path::Path;

/// Lets call after call fail, until a run comes through untouched; gives how many calls there are.
fn every_call(fault: Fault, lasting: bool, shape: Shape) -> usize {
    let mut world = World::new(&mut Chance(11), shape, 160);
    let wanted = world.undisturbed();
    for call in 0.. {
        world = world.afresh();
        let mut chance = Chance(call as u64);
        world.disk.plan(Some(Plan { fault, call, lasting }));
        let ran = world.run(world.new_ledger(), world.in_order());
        let touched = world.disk.failed() > 0;
        world.disk.plan(None);
        match ran {
            Ok(summary) => {
                assert!(!summary.partial, "{fault:?} at call {call}");
                let written = world.written(&summary);
                assert_eq!(written.1, wanted.1, "{fault:?} at call {call}");
                assert!(written == wanted, "{fault:?} at call {call}");
                assert!(world.resumed().unwrap().is_done());
                // A read that fails behind what is needed does no harm; everything else has to be noticed.
                let harmless = matches!(fault, Fault::Interrupted | Fault::Short);
                assert!(harmless || world.disk.failed_writing() == 0, "{fault:?} at call {call} was not noticed");
                if !touched {
                    return call;
                }
            }
            Err(BatchError::Sink { .. } | BatchError::Source { .. } | BatchError::Ledger { .. }) => {
                assert!(matches!(fault, Fault::Error(_)), "{fault:?} at call {call}");
                // Only where everything was written and merely the last step failed may the ledger say so.
                if world.resumed().is_ok_and(|ledger| ledger.is_done()) {
                    assert!(crate::world::OUTPUTS.map(|name| world.disk.bytes(Path::new(name)).unwrap()) == wanted.0);
                }
                // The process ends; every other time the computer goes with it.
                if call % 2 == 1 {
                    world.disk.crash(&mut |limit| chance.below(limit));
                }
                assert!(world.go_on() == wanted, "{fault:?} at call {call}");
            }
            Err(other) => panic!("{other}"),
        }
    }
    0
}

#[test]
fn errors_of_any_call() {
    for number in [5, 28] {
        for lasting in [false, true] {
            let calls = every_call(Fault::Error(number), lasting, Shape::default());
            assert!(calls > 80, "{calls}");
        }
    }
}

#[test]
fn errors_of_any_call_with_claims_and_compression() {
    let shape = Shape { gzip: true, workers: 3, ..Shape::default() };
    every_call(Fault::Error(28), true, shape);
    every_call(Fault::Error(5), false, Shape { limit: Some(200), ..shape });
}

#[test]
fn interruptions_and_short_writes_of_any_call() {
    every_call(Fault::Interrupted, false, Shape::default());
    every_call(Fault::Short, false, Shape::default());
    every_call(Fault::Short, false, Shape { gzip: true, once: true, ..Shape::default() });
}

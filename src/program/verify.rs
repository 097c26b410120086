//! The checks that the machine relies on, made once before a program runs.
//!
//! Flows in: a program. Flows out: how deep its stack can get, or the first thing that is wrong. A program that passes has
//! every operand in its pool, every jump on an instruction, no way off its end, and one stack depth at each address
//! however it is reached; so the loop in `vm` neither checks nor can go astray. A refusal is a mistake of the compiler.

use super::op::Operand;
use super::work::{Children, Limit, Wait};
use super::{Addr, Op, Program, choice::Comparison, choice::Subject};

/// Why a program must not run.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum VerifyError {
    /// An operand names an entry that its pool does not have.
    #[error("@{at} {mnemonic}: the operand {operand} is out of range")]
    Operand {
        /// Address of the instruction.
        at: u32,
        /// Its name.
        mnemonic: &'static str,
        /// The operand's name.
        operand: &'static str,
    },
    /// A pool's entry names something that is not there.
    #[error("{pool} {index}: names something that is not there")]
    Entry {
        /// The pool.
        pool: &'static str,
        /// The entry's position in it.
        index: u32,
    },
    /// The stack does not hold what an instruction takes.
    #[error("@{at} {mnemonic}: takes {pops} values from a stack of {depth}")]
    Underflow {
        /// Address of the instruction.
        at: u32,
        /// Its name.
        mnemonic: &'static str,
        /// How many values it takes.
        pops: u32,
        /// How many there are.
        depth: u32,
    },
    /// An address is reached with stacks of different depth.
    #[error("@{at}: reached with {one} and with {other} values on the stack")]
    Depths {
        /// The address.
        at: u32,
        /// One depth.
        one: u32,
        /// The other.
        other: u32,
    },
    /// Control runs off the end of the program.
    #[error("@{at}: control runs off the end")]
    End {
        /// The address past the end.
        at: u32,
    },
}

/// Checks the program; gives the greatest depth of its stack.
///
/// # Errors
///
/// The first thing that is wrong.
pub fn verify(program: &Program) -> Result<u32, VerifyError> {
    operands(program)?;
    entries(program)?;
    let machine = depth_from(program, std::iter::once(Addr(0)))?;
    let attempts = program.states().iter().map(|state| state.attempt);
    let retries = attempts.chain(program.states().iter().flat_map(|state| state.retriers.iter().map(|r| r.at)));
    let catchers = program.states().iter().flat_map(|state| state.catchers.iter().map(|c| c.at));
    let children = program.forks.iter().flat_map(|fork| fork.entries().iter().copied());
    let states = depth_from(program, retries.chain(catchers).chain(children))?;
    let functions = depth_from(program, program.tasks.iter().filter_map(|task| task.inlined))?;
    // A function's values lie above its caller's, and functions call none.
    Ok(machine.max(states) + functions)
}

fn operands(program: &Program) -> Result<(), VerifyError> {
    for (at, op) in program.ops().iter().enumerate() {
        let mut wrong = None;
        op.operands(&mut |name, operand| {
            if !operand.is_in(program) {
                wrong.get_or_insert(name);
            }
        });
        if let Some(operand) = wrong {
            return Err(VerifyError::Operand { at: at as u32, mnemonic: op.mnemonic(), operand });
        }
    }
    Ok(())
}

fn entries(program: &Program) -> Result<(), VerifyError> {
    let check = |pool: &'static str, index: usize, good: bool| {
        if good { Ok(()) } else { Err(VerifyError::Entry { pool, index: index as u32 }) }
    };
    let limit = |limit: Limit| match limit {
        Limit::Popped(blame) => blame.is_in(program),
        _ => true,
    };
    for (i, test) in program.tests.iter().enumerate() {
        let operand = match &test.comparison {
            Comparison::Against(_, _, root, path, blame) => {
                root.is_in(program) && path.is_in(program) && blame.is_in(program)
            }
            _ => true,
        };
        let variable = test.from.is_in(program) && test.path.is_in(program) && test.blame.is_in(program);
        check("test", i, variable && operand)?;
    }
    for (i, table) in program.tables.iter().enumerate() {
        let subject = match table.subject {
            Subject::Path(from, path, blame) => from.is_in(program) && path.is_in(program) && blame.is_in(program),
            Subject::Query(id) => id.is_in(program) && program.expression(id).bare().is_some(),
        };
        check("table", i, subject && table.jumps().all(|to| to.is_in(program)))?;
    }
    for (i, task) in program.tasks.iter().enumerate() {
        let behind = task.handler.is_none_or(|h| h.is_in(program)) && task.inlined.is_none_or(|at| at.is_in(program));
        check("task", i, task.state.is_in(program) && behind && limit(task.timeout) && limit(task.heartbeat))?;
    }
    for (i, fork) in program.forks.iter().enumerate() {
        let inside = match &fork.children {
            Children::Branches(_) => true,
            Children::Items { items, concurrency, tolerated_count, tolerated_percentage, batch, .. } => {
                let batch = batch.is_none_or(|batch| limit(batch.max_items) && limit(batch.max_bytes));
                let tolerated = limit(*tolerated_count) && limit(*tolerated_percentage);
                items.is_in(program) && limit(*concurrency) && tolerated && batch
            }
            Children::Selected { items, .. } => items.is_in(program),
        };
        check("fork", i, fork.state.is_in(program) && inside && fork.entries().iter().all(|at| at.is_in(program)))?;
    }
    for (i, wait) in program.waits.iter().enumerate() {
        let blame = match wait {
            Wait::SecondsPopped(blame) | Wait::UntilPopped(blame) => blame.is_in(program),
            Wait::Seconds(_) | Wait::Until(_) => true,
        };
        check("wait", i, blame)?;
    }
    for (i, assign) in program.assigns.iter().enumerate() {
        check("assign", i, assign.iter().all(|variable| variable.is_in(program)))?;
    }
    for (i, state) in program.states.iter().enumerate() {
        let catchers = state.catchers.iter().all(|catcher| catcher.at.is_in(program));
        let retriers = state.retriers.iter().all(|retrier| retrier.at.is_in(program));
        check("state", i, state.attempt.is_in(program) && catchers && retriers)?;
    }
    for (i, point) in program.points.iter().enumerate() {
        check("point", i, point.state.is_in(program))?;
    }
    Ok(())
}

/// Follows every way from the given addresses, which are reached with an empty stack; the greatest depth met.
fn depth_from(program: &Program, from: impl Iterator<Item = Addr>) -> Result<u32, VerifyError> {
    let mut depths: Vec<Option<u32>> = vec![None; program.ops().len()];
    let mut open: Vec<(Addr, u32)> = from.map(|at| (at, 0)).collect();
    let mut deepest = 0;
    while let Some((at, depth)) = open.pop() {
        let Some(known) = depths.get_mut(at.index()) else {
            return Err(VerifyError::End { at: at.0 });
        };
        match *known {
            Some(one) if one == depth => continue,
            Some(one) => return Err(VerifyError::Depths { at: at.0, one, other: depth }),
            None => *known = Some(depth),
        }
        let op = program.ops()[at.index()];
        let (pops, pushes) = op.stack(program);
        let Some(left) = depth.checked_sub(pops) else {
            return Err(VerifyError::Underflow { at: at.0, mnemonic: op.mnemonic(), pops, depth });
        };
        let after = left + pushes;
        deepest = deepest.max(after);
        op.operands(&mut |_, operand| open.extend(operand.jump().map(|to| (to, after))));
        if let Op::Switch { table } = op {
            open.extend(program.table(table).jumps().map(|to| (to, after)));
        }
        if !matches!(op, Op::Jump { .. } | Op::Leave { .. } | Op::Finish {} | Op::Fail { .. } | Op::NoMatch {}) {
            open.push((Addr(at.0 + 1), after));
        }
    }
    Ok(deepest)
}

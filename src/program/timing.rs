//! Where time can pass: forks whose children take none may run in any order and at any width.

use super::work::Children;
use super::{Addr, Op, Program};

/// Whether no time can pass from an address on, whatever happens: no Wait, nothing that is tried again, in the code and
/// in all that it calls. Handlers outside the program take no virtual time.
pub(super) fn is_timeless(program: &Program, from: &[Addr]) -> bool {
    let mut seen = vec![false; program.ops().len()];
    let mut open = from.to_vec();
    while let Some(at) = open.pop() {
        if std::mem::replace(&mut seen[at.index()], true) {
            continue;
        }
        let op = program.ops()[at.index()];
        op.operands(&mut |_, operand| open.extend(operand.jump()));
        match op {
            Op::Wait { .. } => return false,
            Op::Enter { state } => {
                let state = program.state(state);
                if !state.retriers.is_empty() {
                    return false;
                }
                open.extend(state.catchers.iter().map(|catcher| catcher.at));
            }
            Op::Switch { table } => open.extend(program.table(table).jumps()),
            Op::Invoke { task } => open.extend(program.task(task).inlined),
            Op::Fork { fork } => match &program.fork(fork).children {
                Children::Branches(entries) => open.extend(entries.iter()),
                Children::Items { entry, .. } | Children::Selected { entry, .. } => open.push(*entry),
            },
            _ => {}
        }
        if !matches!(op, Op::Jump { .. } | Op::Leave { .. } | Op::Finish {} | Op::Fail { .. } | Op::NoMatch {}) {
            open.push(Addr(at.0 + 1));
        }
    }
    true
}

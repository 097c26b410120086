//! Where a state's document is still the execution's input, word for word.
//!
//! There, a path of member names is a slot: the scanner keeps its place while it checks the line, and nothing is looked
//! up again. The answer is for the whole of a scope: a state's document is the input if every way into it hands the input
//! on unchanged. It must err on the side of "no".

use crate::definition::{Flow, JsonataFields, PathField, Scope, State, StateKind};

/// For each state of the scope, whether the document that enters it is the scope's first document, given that this is
/// the execution's input (`input`).
pub(super) fn verbatim(scope: &Scope, input: bool) -> Vec<bool> {
    let mut verbatim = vec![input; scope.states.len()];
    // What is handed on changed can only spread; each round that changes something clears at least one state, and a
    // state that was cleared is looked at once more.
    let mut changed: Vec<usize> = (0..scope.states.len()).collect();
    while let Some(index) = changed.pop() {
        let state = &scope.states[index];
        for (next, keeps) in ways_out(state) {
            let kept = keeps && verbatim[index];
            if !kept && verbatim[next] {
                verbatim[next] = false;
                changed.push(next);
            }
        }
    }
    verbatim
}

/// The states that one leads to, and whether each way hands the document on as it came.
fn ways_out(state: &State) -> Vec<(usize, bool)> {
    if state.jsonata.is_some() {
        return ways_out_of_jsonata(state);
    }
    let whole = is_whole(&state.output_path);
    let effective = whole && is_whole(&state.input_path);
    let (keeps, catch) = match &state.kind {
        StateKind::Choice(choice) => {
            let targets = choice.rules.iter().map(|rule| rule.next).chain(choice.default);
            return targets.map(|next| (next.get(), effective)).collect();
        }
        StateKind::Wait(_) => (effective, &[][..]),
        StateKind::Pass(pass) => {
            let identity = effective && pass.parameters.is_none() && pass.result.is_none();
            (whole && dropped(&pass.result_path) || identity && is_whole(&pass.result_path), &[][..])
        }
        StateKind::Task(task) => (whole && dropped(&task.result_path), &task.catch[..]),
        StateKind::Parallel(parallel) => (whole && dropped(&parallel.result_path), &parallel.catch[..]),
        StateKind::Map(map) => (whole && dropped(&map.result_path), &map.catch[..]),
        StateKind::Succeed | StateKind::Fail(_) => (false, &[][..]),
    };
    let next = match state.flow {
        Flow::Next(next) => Some((next.get(), keeps)),
        Flow::End | Flow::None => None,
    };
    next.into_iter().chain(catch.iter().map(|c| (c.next.get(), dropped(&c.result_path)))).collect()
}

/// The same of a JSONata state: without Output its input goes on, but a result where there is work, and an error output
/// from a catcher.
fn ways_out_of_jsonata(state: &State) -> Vec<(usize, bool)> {
    let whole = state.jsonata.as_ref().is_some_and(|fields| fields.output.is_none());
    let (keeps, catch) = match &state.kind {
        StateKind::Choice(choice) => {
            let bare = |fields: &Option<Box<JsonataFields>>| fields.as_ref().is_some_and(|f| f.output.is_none());
            let rules = choice.rules.iter().map(|rule| (rule.next.get(), bare(&rule.jsonata)));
            return rules.chain(choice.default.map(|next| (next.get(), whole))).collect();
        }
        StateKind::Pass(_) | StateKind::Wait(_) => (whole, &[][..]),
        StateKind::Task(task) => (false, &task.catch[..]),
        StateKind::Parallel(parallel) => (false, &parallel.catch[..]),
        StateKind::Map(map) => (false, &map.catch[..]),
        StateKind::Succeed | StateKind::Fail(_) => (false, &[][..]),
    };
    let next = match state.flow {
        Flow::Next(next) => Some((next.get(), keeps)),
        Flow::End | Flow::None => None,
    };
    next.into_iter().chain(catch.iter().map(|c| (c.next.get(), false))).collect()
}

fn is_whole(field: &PathField) -> bool {
    match field {
        PathField::Default => true,
        PathField::Null => false,
        PathField::Path(path) => path.is_document(),
    }
}

fn dropped(result_path: &PathField) -> bool {
    matches!(result_path, PathField::Null)
}

//! `..`: the next step is tried at a value and at everything below it, a node before its children.
//!
//! What the next step is decides where it is tried: a member only at objects that have it, an index or slice only at
//! arrays, `*` at both; a filter at those objects and arrays for which it holds itself (so that scalars are never found
//! this way). The walk keeps its own stack: it must never recurse with the document's depth.

use super::Step;
use super::cursor::Cursor;
use super::eval::Run;
use super::miss::PathMiss;
use crate::value::Kind;

/// Going over so many bytes of text counts as much as a node: a text nested a thousand levels deep is gone over a
/// thousand times.
const BYTES_A_VISIT: u64 = 512;

/// Runs the steps after the `..` at step `at` on `from` and everything below it.
pub(super) fn below<'p, 'a: 'p>(run: &mut Run<'p, 'a, '_>, at: usize, from: Cursor<'a>) -> Result<(), PathMiss<'p>> {
    let arena = run.scene.arena;
    let mut open = Vec::new();
    let mut next = Some(from);
    loop {
        if let Some(here) = next.take() {
            run.visit(at)?;
            if matches!(here.kind(), Kind::Object | Kind::Array) {
                if tried_at(run, at + 1, here)? {
                    run.step(at + 1, here)?;
                }
                // Finding where children end goes over all their text, at every level again.
                run.visits(at, here.bytes() / BYTES_A_VISIT)?;
                open.push(here.children(arena));
            }
        }
        let Some(children) = open.last_mut() else {
            return Ok(());
        };
        next = children.next();
        if next.is_none() {
            open.pop();
        }
    }
}

fn tried_at<'p, 'a: 'p>(run: &mut Run<'p, 'a, '_>, at: usize, here: Cursor<'a>) -> Result<bool, PathMiss<'p>> {
    let object = here.kind() == Kind::Object;
    Ok(match run.steps().get(at) {
        Some(Step::Member(name)) => object && here.member(name).is_some(),
        Some(Step::Members(names)) if at + 1 == run.steps().len() => {
            object && names.iter().all(|name| here.member(name).is_some())
        }
        Some(Step::Members(_)) => object,
        Some(Step::Index(_) | Step::Indices(_) | Step::Slice { .. }) => !object,
        Some(Step::Wildcard) => true,
        Some(Step::Filter(_)) => run.holds(at, here)?,
        _ => false,
    })
}

//! Running a path against a value.
//!
//! Flows in: a compiled path, a document. Flows out: what it selects. A step that has only definite steps before it may
//! fail (its miss is the evaluation's); after an indefinite one what does not fit is left out. Recursion is one frame a
//! step, and a path has at most 1,024 of them.

use bumpalo::collections::Vec;

use super::cursor::Cursor;
use super::filter::Scene;
use super::miss::{Miss, PathMiss};
use super::{NodeBudget, Path, Step, scan};
use crate::value::{Arena, Kind, Member, Value};

impl Path {
    /// What the path selects: the bare value if the path is definite, else an array of all matches.
    ///
    /// A definite path takes time linear in the document and makes at most one handle in the arena. An index beyond the
    /// end of an array gives `null`.
    ///
    /// # Errors
    /// A definite path, or the definite beginning of another, leads nowhere; or the budget is used up.
    pub fn eval<'p, 'a: 'p>(
        &'p self,
        root: Value<'a>,
        arena: &'a Arena,
        budget: &mut NodeBudget,
    ) -> Result<Value<'a>, PathMiss<'p>> {
        if self.is_root() {
            return Ok(root);
        }
        let document = Cursor::new(root);
        self.eval_from(document, Scene { document, arena }, budget)
    }

    /// As [`Path::eval`], from any place of a document.
    pub(super) fn eval_from<'p, 'a: 'p>(
        &'p self,
        from: Cursor<'a>,
        scene: Scene<'a>,
        budget: &mut NodeBudget,
    ) -> Result<Value<'a>, PathMiss<'p>> {
        if self.is_definite() {
            return self.eval_definite(from, scene.arena);
        }
        let mut run = Run { path: self, scene, budget, found: Vec::new_in(scene.arena) };
        run.step(0, from, true)?;
        Ok(Value::array(scene.arena, run.found.into_bump_slice()))
    }

    fn eval_definite<'p, 'a: 'p>(&'p self, from: Cursor<'a>, arena: &'a Arena) -> Result<Value<'a>, PathMiss<'p>> {
        let mut here = from;
        for (at, step) in self.steps().iter().enumerate() {
            let next = match step {
                Step::Member(name) => match here.member(name) {
                    Some(next) => next,
                    None => return Err(self.no_member(at, here, arena)),
                },
                Step::Index(index) if here.kind() == Kind::Array => here.element(*index),
                Step::Index(_) => return Err(self.no_array(at, here, arena)),
                Step::Members(names) if here.kind() == Kind::Object => return Ok(pick(here, names, arena)),
                Step::Members(_) => return Err(self.no_member(at, here, arena)),
                // A function is never found; the others are not definite.
                _ => return Err(self.miss(at, Miss::NoResults)),
            };
            here = next;
        }
        Ok(here.value(arena))
    }

    pub(super) fn miss<'p>(&'p self, at: usize, miss: Miss<'p>) -> PathMiss<'p> {
        PathMiss { path: self, at, miss }
    }

    fn no_member<'p, 'a: 'p>(&'p self, at: usize, here: Cursor<'a>, arena: &'a Arena) -> PathMiss<'p> {
        let miss = match here {
            Cursor::Beyond => Miss::NotAnObject { found: None },
            _ if here.kind() != Kind::Object => Miss::NotAnObject { found: Some(here.value(arena)) },
            _ if at + 1 == self.steps().len() => Miss::NoResults,
            _ => Miss::MissingProperty,
        };
        self.miss(at, miss)
    }

    fn no_array<'p, 'a: 'p>(&'p self, at: usize, here: Cursor<'a>, arena: &'a Arena) -> PathMiss<'p> {
        let miss = match here {
            Cursor::Beyond => Miss::NullIndex,
            _ => Miss::NotAnArray { found: here.value(arena) },
        };
        self.miss(at, miss)
    }
}

/// An object of those of the names that the object has, in the order of the names.
fn pick<'a>(here: Cursor<'a>, names: &[Box<str>], arena: &'a Arena) -> Value<'a> {
    let mut members: Vec<Member<'a>> = Vec::with_capacity_in(names.len(), arena);
    for name in names {
        if let Some(value) = here.member(name)
            && members.iter().all(|member| member.key != &**name)
        {
            members.push(Member { key: arena.alloc_str(name), value: value.value(arena) });
        }
    }
    Value::object(arena, members.into_bump_slice())
}

/// One evaluation of an indefinite path.
pub(super) struct Run<'p, 'a, 'b> {
    path: &'p Path,
    pub(super) scene: Scene<'a>,
    pub(super) budget: &'b mut NodeBudget,
    found: Vec<'a, Value<'a>>,
}

impl<'p, 'a: 'p> Run<'p, 'a, '_> {
    /// Takes step `at` and all after it from `here`. `strict`: only definite steps came before.
    pub(super) fn step(&mut self, at: usize, here: Cursor<'a>, strict: bool) -> Result<(), PathMiss<'p>> {
        let path = self.path;
        let arena = self.scene.arena;
        let Some(step) = path.steps().get(at) else {
            self.visit(at)?;
            self.found.push(here.value(arena));
            return Ok(());
        };
        match step {
            Step::Member(name) => match here.member(name) {
                Some(next) => self.step(at + 1, next, strict),
                None if strict => Err(path.no_member(at, here, arena)),
                None => Ok(()),
            },
            Step::Members(names) => self.members(at, names, here, strict),
            Step::Index(_) | Step::Indices(_) | Step::Slice { .. } => {
                if here.kind() == Kind::Array {
                    self.elements(at, step, here, strict)
                } else if strict {
                    Err(path.no_array(at, here, arena))
                } else {
                    Ok(())
                }
            }
            Step::Wildcard => {
                for child in here.children(arena) {
                    self.visit(at)?;
                    self.step(at + 1, child, false)?;
                }
                Ok(())
            }
            Step::DeepScan => scan::below(self, at, here),
            Step::Filter(_) => match here.kind() {
                Kind::Object => {
                    if self.holds(at, here)? {
                        self.step(at + 1, here, false)?;
                    }
                    Ok(())
                }
                Kind::Array => {
                    for item in here.children(arena) {
                        if self.holds(at, item)? {
                            self.step(at + 1, item, false)?;
                        }
                    }
                    Ok(())
                }
                _ if strict => Err(path.miss(at, Miss::NotFilterable { found: here.value(arena) })),
                _ => Ok(()),
            },
            Step::Function(_) if strict => Err(path.miss(at, Miss::NoResults)),
            Step::Function(_) => Ok(()),
        }
    }

    fn members(&mut self, at: usize, names: &[Box<str>], here: Cursor<'a>, strict: bool) -> Result<(), PathMiss<'p>> {
        let arena = self.scene.arena;
        if here.kind() != Kind::Object {
            return if strict { Err(self.path.no_member(at, here, arena)) } else { Ok(()) };
        }
        if at + 1 == self.path.steps().len() {
            self.visit(at)?;
            self.found.push(pick(here, names, arena));
            return Ok(());
        }
        for name in names {
            self.visit(at)?;
            if let Some(next) = here.member(name) {
                self.step(at + 1, next, false)?;
            }
        }
        Ok(())
    }

    /// `[n]`, `[n,m]`, `[n:m]` on an array, with the bounds of slices as the library takes them: a negative first bound
    /// without a last counts from the end; with one, both are taken as they are, and negative indices on the way count
    /// from the end.
    fn elements(&mut self, at: usize, step: &Step, here: Cursor<'a>, strict: bool) -> Result<(), PathMiss<'p>> {
        if let Step::Index(index) = step {
            return self.step(at + 1, here.element(*index), strict);
        }
        // Random access into text would be quadratic.
        let items: Vec<Cursor<'a>> = Vec::from_iter_in(here.children(self.scene.arena), self.scene.arena);
        let length = i32::try_from(items.len()).unwrap_or(i32::MAX);
        let (from, to) = match *step {
            Step::Slice { from: Some(from), to: None } => {
                (if from < 0 { length.saturating_add(from).max(0) } else { from }, length)
            }
            Step::Slice { from: Some(from), to: Some(to) } => (from, to.min(length)),
            Step::Slice { from: None, to: Some(to) } => {
                (0, if to < 0 { length.saturating_add(to) } else { to.min(length) })
            }
            _ => (0, 0),
        };
        let take = |run: &mut Self, index: i32| {
            run.visit(at)?;
            let index = if index < 0 { index.saturating_add(length) } else { index };
            let item = usize::try_from(index).ok().and_then(|index| items.get(index));
            run.step(at + 1, item.copied().unwrap_or(Cursor::Beyond), false)
        };
        if let Step::Indices(indices) = step {
            return indices.iter().try_for_each(|index| take(self, *index));
        }
        if length == 0 {
            return Ok(());
        }
        (from..to).try_for_each(|index| take(self, index))
    }

    pub(super) fn steps(&self) -> &'p [Step] {
        self.path.steps()
    }

    /// Whether the filter that is step `at` holds for an item.
    pub(super) fn holds(&mut self, at: usize, item: Cursor<'a>) -> Result<bool, PathMiss<'p>> {
        self.visit(at)?;
        let path = self.path;
        match path.steps().get(at) {
            Some(Step::Filter(filter)) => {
                filter.holds(item, self.scene, self.budget).map_err(|exceeded| path.miss(at, Miss::Budget(exceeded)))
            }
            _ => Ok(false),
        }
    }

    pub(super) fn visit(&mut self, at: usize) -> Result<(), PathMiss<'p>> {
        let path = self.path;
        self.budget.visit().map_err(|exceeded| path.miss(at, Miss::Budget(exceeded)))
    }
}

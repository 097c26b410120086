//! Running a path against a value.
//!
//! Flows in: a compiled path, a document. Flows out: what it selects. A definite path that does not fit is a miss; of an
//! indefinite one, what does not fit is left out, even where its definite beginning leads nowhere: AWS's recorded answer
//! to `$.items[*]` without items is `[]`. Recursion is one frame a step, and a path has at most 1,024 of them.

use bumpalo::collections::Vec;

use super::cursor::Cursor;
use super::filter::{Known, Scene};
use super::miss::{Miss, PathMiss};
use super::{NodeBudget, Path, Step, scan};
use crate::value::{Arena, Kind, Member, Value, text};

/// Room for so many matches is made before they are found.
const RESERVED_MAX: usize = 1_024;

impl Path {
    /// What the path selects: the bare value if the path is definite, else an array of all matches.
    ///
    /// A definite path takes time linear in the document and makes at most one handle in the arena. An index beyond the
    /// end of an array gives `null`.
    ///
    /// # Errors
    /// A definite path leads nowhere; or the budget is used up.
    pub fn eval<'p, 'a: 'p>(
        &'p self,
        root: Value<'a>,
        arena: &'a Arena,
        budget: &mut NodeBudget,
    ) -> Result<Value<'a>, PathMiss<'p>> {
        if let Reach::Found(found) = self.reach(root) {
            return Ok(found);
        }
        if !self.is_definite() {
            return self.eval_all(Cursor::new(root), Scene::new(root, arena, &Known::default()), budget);
        }
        match self.walk(Cursor::new(root), arena) {
            Ok(found) => Ok(found.value(arena)),
            Err((at, stuck)) => Err(self.miss_at(at, stuck, arena)),
        }
    }

    /// Where the path leads from a value if that takes nothing but members of objects that are built or opened.
    #[inline]
    pub(crate) fn reach<'a>(&self, root: Value<'a>) -> Reach<'a> {
        reach(&self.steps, root)
    }

    /// As [`Path::eval`], but an element beyond an array's end is a miss: how AWS takes the arguments of intrinsic
    /// functions.
    ///
    /// # Errors
    /// As [`Path::eval`], and [`Miss::NoResults`] for such an element.
    pub fn eval_existing<'p, 'a: 'p>(
        &'p self,
        root: Value<'a>,
        arena: &'a Arena,
        budget: &mut NodeBudget,
    ) -> Result<Value<'a>, PathMiss<'p>> {
        if !self.is_definite() || !matches!(self.steps().last(), Some(Step::Index(_))) {
            return self.eval(root, arena, budget);
        }
        match self.walk(Cursor::new(root), arena) {
            Ok(Cursor::Beyond) => Err(PathMiss { path: self, at: self.steps().len() - 1, miss: Miss::NoResults }),
            Ok(found) => Ok(found.value(arena)),
            Err((at, stuck)) => Err(self.miss_at(at, stuck, arena)),
        }
    }

    /// All matches of an indefinite path, from any place of a document.
    pub(super) fn eval_all<'p, 'a: 'p>(
        &'p self,
        from: Cursor<'a>,
        scene: Scene<'a, '_>,
        budget: &mut NodeBudget,
    ) -> Result<Value<'a>, PathMiss<'p>> {
        let mut run = Run { path: self, scene, budget, found: Vec::new_in(scene.arena) };
        match (from, &*self.steps) {
            (Cursor::Node(Value::Array(array)), [first @ (Step::Wildcard | Step::Filter(_)), Step::Member(name)]) => {
                run.found.reserve_exact(array.items.len().min(RESERVED_MAX));
                let filter = if let Step::Filter(filter) = first { Some(&**filter) } else { None };
                run.column(array.items, filter, name)?;
            }
            _ => run.step(0, from)?,
        }
        Ok(Value::array(scene.arena, run.found.into_bump_slice()))
    }

    /// Where a definite path leads; or the step that cannot be taken, and where it stands.
    pub(super) fn walk<'a>(&self, from: Cursor<'a>, arena: &'a Arena) -> Result<Cursor<'a>, (usize, Cursor<'a>)> {
        let mut here = from;
        for (at, step) in self.steps().iter().enumerate() {
            let next = match step {
                Step::Member(name) => here.member(name),
                Step::Index(index) if here.kind() == Kind::Array => Some(here.element(*index)),
                // Of a definite path only the last step can be this.
                Step::Members(names) if here.kind() == Kind::Object => Some(Cursor::Node(pick(here, names, arena))),
                // A function is never found; the others are not definite.
                _ => None,
            };
            here = next.ok_or((at, here))?;
        }
        Ok(here)
    }

    #[cold]
    fn miss_at<'p, 'a: 'p>(&'p self, at: usize, stuck: Cursor<'a>, arena: &'a Arena) -> PathMiss<'p> {
        let found = || stuck.value(arena);
        let miss = match (self.steps().get(at), stuck) {
            (Some(Step::Index(_)), Cursor::Beyond) => Miss::NullIndex,
            (Some(Step::Index(_)), _) => Miss::NotAnArray { found: found() },
            (Some(Step::Member(_) | Step::Members(_)), Cursor::Beyond) => Miss::NotAnObject { found: None },
            (Some(Step::Member(_) | Step::Members(_)), _) if stuck.kind() != Kind::Object => {
                Miss::NotAnObject { found: Some(found()) }
            }
            (Some(Step::Member(_)), _) if at + 1 < self.steps().len() => Miss::MissingProperty,
            _ => Miss::NoResults,
        };
        PathMiss { path: self, at, miss }
    }
}

/// Where members of built and opened objects lead.
#[derive(Clone, Copy)]
pub(crate) enum Reach<'a> {
    /// To a value.
    Found(Value<'a>),
    /// Nowhere: no object is on the way, or it has no such member.
    Nowhere,
    /// That takes more: there is text on the way, or a step of another kind.
    Unknown,
}

#[inline(always)]
fn reach<'a>(steps: &[Step], root: Value<'a>) -> Reach<'a> {
    let mut here = root;
    for step in steps {
        let Step::Member(name) = step else { return Reach::Unknown };
        here = loop {
            match here {
                Value::Object(object) => {
                    let mut members = object.members.iter();
                    break loop {
                        match members.next() {
                            Some(member) if text::same(member.key.as_bytes(), name.as_bytes()) => break member.value,
                            Some(_) => {}
                            None => return Reach::Nowhere,
                        }
                    };
                }
                Value::Overlay(overlay) if *overlay.member.key == **name => break overlay.member.value,
                Value::Overlay(overlay) => here = overlay.base,
                Value::Raw(_) => return Reach::Unknown,
                _ => return Reach::Nowhere,
            }
        };
    }
    Reach::Found(here)
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
    pub(super) scene: Scene<'a, 'b>,
    pub(super) budget: &'b mut NodeBudget,
    pub(super) found: Vec<'a, Value<'a>>,
}

impl<'p, 'a: 'p> Run<'p, 'a, '_> {
    /// Takes step `at` and all after it from `here`. What a step does not fit is left out.
    pub(super) fn step(&mut self, at: usize, here: Cursor<'a>) -> Result<(), PathMiss<'p>> {
        let arena = self.scene.arena;
        let Some(step) = self.path.steps().get(at) else {
            self.visit(at)?;
            self.found.push(here.value(arena));
            return Ok(());
        };
        match step {
            Step::Member(name) => here.member(name).map_or(Ok(()), |next| self.step(at + 1, next)),
            Step::Members(names) if here.kind() == Kind::Object => self.members(at, names, here),
            Step::Index(_) | Step::Indices(_) | Step::Slice { .. } if here.kind() == Kind::Array => {
                self.elements(at, step, here)
            }
            Step::Wildcard => {
                if let Cursor::Node(Value::Array(array)) = here {
                    self.found.reserve(array.items.len().min(RESERVED_MAX));
                    for item in array.items {
                        self.visit(at)?;
                        self.onward(at + 1, *item)?;
                    }
                    return Ok(());
                }
                for child in here.children(arena) {
                    self.visit(at)?;
                    self.step(at + 1, child)?;
                }
                Ok(())
            }
            Step::DeepScan => scan::below(self, at, here),
            Step::Filter(_) if here.kind() == Kind::Object => {
                if self.holds(at, here)? {
                    self.step(at + 1, here)?;
                }
                Ok(())
            }
            Step::Filter(_) if here.kind() == Kind::Array => {
                if let Cursor::Node(Value::Array(array)) = here {
                    for item in array.items {
                        if self.holds(at, Cursor::new(*item))? {
                            self.onward(at + 1, *item)?;
                        }
                    }
                    return Ok(());
                }
                for item in here.children(arena) {
                    if self.holds(at, item)? {
                        self.step(at + 1, item)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// As [`Run::step`] from a value: most that is looked into has been opened, and then no step needs a frame.
    #[inline(always)]
    pub(super) fn onward(&mut self, at: usize, here: Value<'a>) -> Result<(), PathMiss<'p>> {
        match reach(&self.path.steps[at..], here) {
            Reach::Found(found) => {
                self.visit(self.path.steps.len())?;
                self.found.push(found);
                Ok(())
            }
            Reach::Nowhere => Ok(()),
            Reach::Unknown => self.step(at, Cursor::new(here)),
        }
    }

    fn members(&mut self, at: usize, names: &[Box<str>], here: Cursor<'a>) -> Result<(), PathMiss<'p>> {
        if at + 1 == self.path.steps().len() {
            self.visit(at)?;
            self.found.push(pick(here, names, self.scene.arena));
            return Ok(());
        }
        for name in names {
            self.visit(at)?;
            if let Some(next) = here.member(name) {
                self.step(at + 1, next)?;
            }
        }
        Ok(())
    }

    /// `[n]`, `[n,m]`, `[n:m]` on an array, with the bounds of slices as the library takes them: a negative first bound
    /// without a last counts from the end; with one, both are taken as they are, and negative indices on the way count
    /// from the end.
    fn elements(&mut self, at: usize, step: &Step, here: Cursor<'a>) -> Result<(), PathMiss<'p>> {
        if let Step::Index(index) = step {
            return self.step(at + 1, here.element(*index));
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
            run.step(at + 1, item.copied().unwrap_or(Cursor::Beyond))
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
            Some(Step::Filter(filter)) => filter.holds(item, self.scene, self.budget).map_err(|exceeded| PathMiss {
                path,
                at,
                miss: Miss::Budget(exceeded),
            }),
            _ => Ok(false),
        }
    }

    #[inline(always)]
    pub(super) fn visit(&mut self, at: usize) -> Result<(), PathMiss<'p>> {
        self.visits(at, 1)
    }

    #[inline(always)]
    pub(super) fn visits(&mut self, at: usize, nodes: u64) -> Result<(), PathMiss<'p>> {
        let path = self.path;
        self.budget.visits(nodes).map_err(|exceeded| PathMiss { path, at, miss: Miss::Budget(exceeded) })
    }
}

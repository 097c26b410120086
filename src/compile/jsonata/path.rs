//! Paths: steps, their predicates and groups, and the tuples that `@`, `#` and `%` ask for.
//!
//! A step that is a name reads a field of what is on the stack; every other step runs its body for each element. From the
//! first step on that binds a variable, a path carries tuples, each an item with the variables bound on its way.

use super::{Compiler, last};
use crate::definition::jsonata::{Ast, Group, Kind, Node, Stage};
use crate::program::expression::{self as code, At, ExprOp, Reference};

impl<'c> Compiler<'c> {
    pub(super) fn path(&mut self, node: &'c Node, steps: &'c [Node], keep_singleton: bool) {
        let mut names = Vec::new();
        steps.iter().for_each(|step| step_names(self.ast, step, &mut names));
        let (mut tuples, tuples_ahead) = (false, steps.iter().any(|step| step.tuple));
        let mut stop = None;
        let mut rest = steps;
        if let Some((reference, used)) = self.root(steps) {
            let names: Vec<Box<str>> = steps[used..].iter().map_while(|step| Some(plain_name(step)?.into())).collect();
            rest = &steps[used + names.len()..];
            self.at = steps[used + names.len() - 1].at as u32;
            let (bound, bare) = (!reference.places.is_empty(), names.is_empty());
            self.load_path(reference, names);
            if bound && bare && !rest.is_empty() {
                self.emit(ExprOp::Whole);
            }
        }
        for (n, step) in rest.iter().enumerate() {
            let first = rest.len() == steps.len() && n == 0;
            let last_step = n + 1 == rest.len();
            self.at = step.at as u32;
            if first
                && !step.tuple
                && (step.constructed || matches!(step.kind, Kind::Variable(_)))
                && step.stages.is_empty()
            {
                self.node(step, false);
                if step.constructed && !last_step && (!tuples_ahead || node.group.is_none() && !node.tuple) {
                    // What is empty here is the value of the whole path, whatever it would have bound.
                    stop = Some(self.emit(ExprOp::Stop(At(0))));
                }
                if !step.constructed && !last_step {
                    self.emit(ExprOp::Whole);
                }
                continue;
            }
            if let (true, false, Some(name)) = (first, tuples, plain_name(step)) {
                let key = self.text(name);
                self.emit(ExprOp::StartField(key, false));
                continue;
            }
            if first {
                self.emit(ExprOp::Start);
            }
            if step.tuple && !tuples {
                tuples = true;
                if !matches!(step.kind, Kind::Sort(_)) {
                    if first && matches!(step.kind, Kind::Variable(_)) {
                        // A path that begins with a variable goes on from the context as one, even if that is an array.
                        self.emit(ExprOp::Wrap);
                    }
                    self.emit(ExprOp::Tuples(first));
                }
            }
            match (&step.kind, tuples) {
                (Kind::Sort(terms), _) => {
                    // Where the tuples begin with this step, plain elements are sorted and then numbered.
                    let begins = step.tuple && !rest[..n].iter().any(|s| s.tuple);
                    let stream = tuples && !begins;
                    self.sort(terms, stream.then_some(names.as_slice()));
                    if begins {
                        self.emit(ExprOp::Tuples(false));
                        if let Some(index) = &step.index {
                            let index = self.text(index);
                            self.emit(ExprOp::TupleIndex(index));
                        }
                    }
                    self.filters(&step.stages, tuples.then_some(names.as_slice()));
                }
                (_, true) => self.tuple_step(step, &names),
                (Kind::Name(name), false)
                    if step.stages.is_empty() && step.predicates.is_empty() && step.group.is_none() =>
                {
                    let key = self.text(name);
                    self.emit(ExprOp::Field(key));
                }
                _ => {
                    let each = self.emit(ExprOp::Each { done: At(0), first, last: last_step });
                    self.node(step, false);
                    self.filters(&step.stages, None);
                    self.emit(ExprOp::Yield);
                    self.code.ops[each] = ExprOp::Each { done: self.here(), first, last: last_step };
                }
            }
        }
        self.at = node.at as u32;
        if tuples {
            if let Some(group) = &node.group {
                self.group(group, Some(&names));
                return;
            }
            if node.tuple {
                return;
            }
            self.emit(ExprOp::TupleItems);
        }
        if let Some(stop) = stop {
            self.code.ops[stop] = ExprOp::Stop(self.here());
        }
        if keep_singleton {
            self.emit(ExprOp::Keep(true));
        }
        if let Some(group) = &node.group {
            self.group(group, None);
        } else if !keep_singleton && !node.keep_array {
            self.emit(ExprOp::Unwrap);
        }
    }

    /// The variable that a path begins with, and how many steps that covers.
    fn root(&mut self, steps: &'c [Node]) -> Option<(Reference, usize)> {
        if let Some(found) = self.states(steps) {
            return Some(found);
        }
        let first = steps.first()?;
        match &first.kind {
            Kind::Variable(name)
                if !matches!(&**name, "" | "$")
                    && first.predicates.is_empty()
                    && first.stages.is_empty()
                    && first.group.is_none()
                    && !first.keep_array
                    && !first.tuple =>
            {
                Some((self.reference(name), 1))
            }
            _ => None,
        }
    }

    /// `$states` and the members behind it, as far as they lead to a document of the state; how many steps that covers.
    fn states(&mut self, steps: &'c [Node]) -> Option<(Reference, usize)> {
        let plain =
            |step: &Node| step.predicates.is_empty() && step.stages.is_empty() && step.group.is_none() && !step.tuple;
        match &steps.first()?.kind {
            Kind::Variable(name) if &**name == "states" && plain(&steps[0]) && self.places(name).is_empty() => {}
            _ => return None,
        }
        let mut members = Vec::new();
        for step in &steps[1..] {
            match &step.kind {
                Kind::Name(name) if plain(step) => members.push(&**name),
                _ => break,
            }
        }
        let (global, covered) = self.resolver.states(&members)?;
        Some((Reference { places: Box::default(), global }, covered + 1))
    }

    /// Predicates, in their order; `names` if what is filtered are tuples.
    pub(super) fn filters(&mut self, stages: &'c [Stage], names: Option<&[Box<str>]>) {
        for stage in stages {
            match stage {
                Stage::Index(name) => {
                    let name = self.text(name);
                    self.emit(ExprOp::TupleIndex(name));
                }
                Stage::Filter(filter) => {
                    self.at = filter.at as u32;
                    if let (Kind::Number(text), true) = (&filter.kind, filter.predicates.is_empty()) {
                        let number = self.code.numbers.id(text);
                        self.emit(ExprOp::Index(number));
                        continue;
                    }
                    let id = names.map(|names| self.names(names));
                    let op = self.emit(ExprOp::Filter(At(0)));
                    self.open(names.unwrap_or_default().to_vec());
                    self.node(filter, false);
                    self.close();
                    self.emit(ExprOp::Yield);
                    let done = self.here();
                    self.code.ops[op] = match id {
                        Some(id) => ExprOp::FilterTuples(done, id),
                        None => ExprOp::Filter(done),
                    };
                }
            }
        }
    }

    fn names(&mut self, names: &[Box<str>]) -> u32 {
        let known = self.code.names.iter().position(|n| **n == *names);
        known.unwrap_or_else(|| {
            self.code.names.push(names.into());
            self.code.names.len() - 1
        }) as u32
    }

    fn tuple_step(&mut self, step: &'c Node, names: &[Box<str>]) {
        let names_id = self.names(names);
        let ancestor = step.ancestor.map(|parent| self.label(parent));
        self.code.tuples.push(code::TupleStep {
            names: names_id,
            focus: step.focus.clone(),
            index: step.index.clone(),
            ancestor,
        });
        let id = last(&self.code.tuples);
        let op = self.emit(ExprOp::TupleStep(id, At(0)));
        self.open(names.to_vec());
        self.node(step, false);
        self.close();
        self.emit(ExprOp::Yield);
        self.code.ops[op] = ExprOp::TupleStep(id, self.here());
        self.filters(&step.stages, Some(names));
    }

    fn sort(&mut self, terms: &'c [(Node, bool)], names: Option<&[Box<str>]>) {
        let id = self.code.sorts.len() as u32;
        let names_id = names.map(|names| self.names(names));
        self.code.sorts.push(code::Sort { terms: Box::default(), names: names_id });
        let op = self.emit(ExprOp::Sort(id, At(0)));
        self.open(names.unwrap_or_default().to_vec());
        let bodies = terms.iter().map(|(term, descending)| (self.body(term, false), *descending)).collect();
        self.close();
        self.code.sorts[id as usize].terms = bodies;
        self.code.ops[op] = ExprOp::Sort(id, self.here());
    }

    /// Groups what is on the stack.
    pub(super) fn group(&mut self, group: &'c Group, names: Option<&[Box<str>]>) {
        self.at = group.at as u32;
        let id = self.code.groups.len() as u32;
        let names_id = names.map(|names| self.names(names));
        self.code.groups.push(code::Group { pairs: Box::default(), names: names_id });
        let op = self.emit(ExprOp::Group(id, At(0)));
        self.open(names.unwrap_or_default().to_vec());
        let pairs = group.pairs.iter().map(|(key, value)| (self.body(key, false), self.body(value, false))).collect();
        self.close();
        self.code.groups[id as usize].pairs = pairs;
        self.code.ops[op] = ExprOp::Group(id, self.here());
    }
}

/// The name that a step is, if it is that and nothing more.
fn plain_name(step: &Node) -> Option<&str> {
    match &step.kind {
        Kind::Name(name)
            if step.stages.is_empty() && step.predicates.is_empty() && step.group.is_none() && !step.tuple =>
        {
            Some(name)
        }
        _ => None,
    }
}

/// The names that the tuples bind which a node yields, if it yields tuples.
pub(super) fn tuple_names(ast: &Ast, node: &Node) -> Option<Vec<Box<str>>> {
    let mut names = Vec::new();
    match &node.kind {
        Kind::Path { steps, .. } if node.tuple => steps.iter().for_each(|step| step_names(ast, step, &mut names)),
        Kind::Block(parts) if node.tuple => return tuple_names(ast, parts.last()?),
        _ => return None,
    }
    Some(names)
}

/// Adds the names that a step binds in its tuples.
fn step_names(ast: &Ast, step: &Node, names: &mut Vec<Box<str>>) {
    let mut add = |name: Box<str>| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    step.focus.iter().for_each(|name| add(name.clone()));
    step.index.iter().for_each(|name| add(name.clone()));
    for stage in &step.stages {
        if let Stage::Index(name) = stage {
            add(name.clone());
        }
    }
    if let Some(parent) = step.ancestor {
        add(format!("!{}", ast.label(parent)).into());
    }
    for name in tuple_names(ast, step).unwrap_or_default() {
        add(name);
    }
}

//! A JSONata expression → its code.
//!
//! Flows in: a tree that has been read, and a [`Resolver`] that knows what names stand for that the expression does not
//! bind itself. Flows out: an [`Expression`]. Every bound variable becomes a slot of a scope; every `%` a slot, too. It
//! must never evaluate anything; constants are written down as they stand.
//!
//! | file | holds |
//! | --- | --- |
//! | `mod.rs` | scopes, and every kind of node but paths |
//! | `function.rs` | calls, and functions written in the expression |
//! | `path.rs` | paths: steps, predicates, groups, tuples |
//! | `states.rs` | the fields of JSONata states |
//! | `condition.rs` | conditions of Choice rules that are look-ups |
//! | `interned.rs` | texts, each kept once |

mod condition;
mod function;
mod interned;
mod path;
pub(super) mod states;

use crate::definition::jsonata::{Ancestor, Ast, Group, Kind, Node, Stage};
use crate::program::expression::{self as code, At, ExprOp, Expression, Global, Operator, Reference};
use crate::value::once::Once;
use interned::Interned;
use std::cell::Cell;

/// What knows the names around an expression.
pub trait Resolver {
    /// What a name stands for that the expression does not bind.
    fn global(&mut self, name: &str) -> Global;

    /// What `$states` followed by these members stands for, and how many of them that covers; none if there is no
    /// `$states` here, or only as a whole.
    fn states(&mut self, members: &[&str]) -> Option<(Global, usize)>;
}

/// Compiles an expression; `text` is kept for error texts.
pub fn compile(ast: &Ast, text: &str, resolver: &mut dyn Resolver) -> Expression {
    compile_part(ast, &ast.root, text, resolver)
}

/// Compiles a part of an expression, as an expression of its own.
fn compile_part(ast: &Ast, root: &Node, text: &str, resolver: &mut dyn Resolver) -> Expression {
    let mut compiler =
        Compiler { ast, resolver, scopes: Vec::new(), at: 0, target: Cell::new(0), code: Code::default() };
    let mut names = Vec::new();
    bound(root, &mut names);
    let slots = names.len() as u32;
    compiler.open(names);
    compiler.node(root, false);
    compiler.emit(ExprOp::Yield);
    let Code {
        ops,
        positions,
        texts,
        numbers,
        references,
        paths,
        lambdas,
        regexes,
        shapes,
        groups,
        sorts,
        names,
        tuples,
        transforms,
    } = compiler.code;
    let loaded = references.iter().chain(paths.iter().map(|path| &path.from));
    let functions = loaded.into_iter().any(|r| matches!(r.global, Global::Builtin(_)))
        || !regexes.is_empty()
        || !transforms.is_empty()
        || ops.iter().any(|op| matches!(op, ExprOp::Lambda(_) | ExprOp::Partial(..)));
    Expression {
        functions,
        text: text.into(),
        ops: ops.into(),
        positions: positions.into(),
        texts: texts.entries.into(),
        numbers: numbers
            .entries
            .into_iter()
            .map(|text| code::Number { value: text.parse().unwrap_or(f64::NAN), text })
            .collect(),
        references: references.into(),
        paths: paths.into(),
        lambdas: lambdas.into(),
        regexes: regexes.into(),
        shapes: shapes.into(),
        groups: groups.into(),
        sorts: sorts.into(),
        names: names.into(),
        tuples: tuples.into(),
        transforms: transforms.into(),
        slots,
    }
}

/// Code in the making.
#[derive(Default)]
struct Code {
    ops: Vec<ExprOp>,
    positions: Vec<u32>,
    texts: Interned,
    numbers: Interned,
    references: Vec<Reference>,
    paths: Vec<code::Path>,
    lambdas: Vec<code::Lambda>,
    regexes: Vec<code::Regex>,
    shapes: Vec<Box<[Box<str>]>>,
    groups: Vec<code::Group>,
    sorts: Vec<code::Sort>,
    names: Vec<Box<[Box<str>]>>,
    tuples: Vec<code::TupleStep>,
    transforms: Vec<code::Transform>,
}

fn last<T>(entries: &[T]) -> u32 {
    (entries.len() - 1) as u32
}

struct Compiler<'c> {
    ast: &'c Ast,
    resolver: &'c mut dyn Resolver,
    /// The names bound in each scope, outermost first, and how many of the first of them are parameters, which are always
    /// bound; a scope without names does not exist when the code runs.
    scopes: Vec<(Vec<Box<str>>, usize)>,
    at: u32,
    /// Where something was last said to go on: what stands there must stay an instruction of its own.
    target: Cell<usize>,
    code: Code,
}

impl<'c> Compiler<'c> {
    fn emit(&mut self, op: ExprOp) -> usize {
        if op == ExprOp::Unwrap
            && self.target.get() < self.code.ops.len()
            && let Some(ExprOp::Path(_, unwrap) | ExprOp::StartField(_, unwrap)) = self.code.ops.last_mut()
        {
            *unwrap = true;
            return self.code.ops.len() - 1;
        }
        self.code.ops.push(op);
        self.code.positions.push(self.at);
        self.code.ops.len() - 1
    }

    fn here(&self) -> At {
        self.target.set(self.code.ops.len());
        At(self.code.ops.len() as u32)
    }

    /// Writes a body that ends with `Yield`; gives where it begins.
    fn body(&mut self, node: &'c Node, tail: bool) -> At {
        let at = self.here();
        self.node(node, tail);
        self.emit(ExprOp::Yield);
        at
    }

    fn text(&mut self, text: &str) -> u32 {
        self.code.texts.id(text)
    }

    fn open(&mut self, names: Vec<Box<str>>) {
        self.scopes.push((names, 0));
    }

    fn close(&mut self) {
        self.scopes.pop();
    }

    /// Where a name may have been bound, nearest first.
    fn places(&self, name: &str) -> Vec<(u16, u16)> {
        let scopes = self.scopes.iter().rev().filter(|(names, _)| !names.is_empty());
        let found = scopes.enumerate().filter_map(|(hops, (scope, _))| {
            let slot = scope.iter().position(|n| &**n == name)?;
            Some((hops as u16, slot as u16))
        });
        found.collect()
    }

    fn reference(&mut self, name: &str) -> Reference {
        Reference { places: self.places(name).into(), global: self.resolver.global(name) }
    }

    fn load(&mut self, reference: Reference) {
        if let Some((hops, slot)) = reference.places.first() {
            let mut scopes = self.scopes.iter().rev().filter(|(names, _)| !names.is_empty());
            if scopes.nth(usize::from(*hops)).is_some_and(|(_, parameters)| usize::from(*slot) < *parameters) {
                self.emit(ExprOp::Parameter(*hops, *slot));
                return;
            }
        }
        let known = self.code.references.iter().position(|r| *r == reference);
        let id = known.unwrap_or_else(|| {
            self.code.references.push(reference);
            self.code.references.len() - 1
        });
        self.emit(ExprOp::Load(id as u32));
    }

    /// What a path begins with: a variable, and fields of it if there are names behind.
    fn load_path(&mut self, from: Reference, names: Vec<Box<str>>) {
        let path = code::Path { from, names: names.into() };
        let known = self.code.paths.iter().position(|p| *p == path);
        let id = known.unwrap_or_else(|| {
            self.code.paths.push(path);
            self.code.paths.len() - 1
        });
        self.emit(ExprOp::Path(id as u32, false));
    }

    fn label(&self, parent: Ancestor) -> Box<str> {
        // No variable is called so: a name ends at `!`.
        format!("!{}", self.ast.label(parent)).into()
    }

    /// A node with its predicates and its group; `tail` says that its value is a function's.
    fn node(&mut self, node: &'c Node, tail: bool) {
        let plain = node.predicates.is_empty() && node.group.is_none() && !node.keep_array;
        let before = self.at;
        self.at = node.at as u32;
        self.kind(node, tail && plain);
        let names = path::tuple_names(self.ast, node);
        self.filters(&node.predicates, names.as_deref());
        if let (Some(group), false) = (&node.group, matches!(node.kind, Kind::Path { .. })) {
            self.group(group, names.as_deref());
        }
        let query =
            matches!(node.kind, Kind::Call(..) | Kind::Apply(..) | Kind::Name(_) | Kind::Wildcard | Kind::Descendant);
        if node.keep_array {
            self.emit(ExprOp::Keep(false));
        } else if !node.predicates.is_empty()
            || (query
                && !(tail
                    && plain
                    && matches!(node.kind, Kind::Call(..) | Kind::Name(_) | Kind::Wildcard | Kind::Descendant)))
        {
            self.emit(ExprOp::Unwrap);
        }
        self.at = before;
    }

    fn kind(&mut self, node: &'c Node, tail: bool) {
        match &node.kind {
            Kind::Path { steps, keep_singleton } => self.path(node, steps, *keep_singleton),
            Kind::Name(name) => {
                let key = self.text(name);
                self.emit(ExprOp::StartField(key, false));
            }
            Kind::String(text) => {
                let text = self.text(text);
                self.emit(ExprOp::Text(text));
            }
            Kind::Number(text) => {
                let number = self.code.numbers.id(text);
                self.emit(ExprOp::Number(number));
            }
            Kind::Value("true") => drop(self.emit(ExprOp::Bool(true))),
            Kind::Value("false") => drop(self.emit(ExprOp::Bool(false))),
            Kind::Value(_) => drop(self.emit(ExprOp::Null)),
            Kind::Regex { pattern, flags } => {
                self.code.regexes.push(code::Regex {
                    pattern: pattern.clone(),
                    flags: flags.clone(),
                    compiled: Once::default(),
                });
                let id = last(&self.code.regexes);
                self.emit(ExprOp::Regex(id));
            }
            Kind::Variable(name) => match &**name {
                "" => drop(self.emit(ExprOp::Context)),
                "$" => drop(self.emit(ExprOp::Root)),
                name => {
                    let reference = self.reference(name);
                    self.load(reference);
                }
            },
            Kind::Wildcard => {
                self.emit(ExprOp::Context);
                self.emit(ExprOp::Wildcard);
            }
            Kind::Descendant => {
                self.emit(ExprOp::Start);
                self.emit(ExprOp::Descendants);
            }
            Kind::Parent(parent) => {
                let name = self.label(*parent);
                let places = self.places(&name).into();
                self.load(Reference { places, global: Global::None });
                // A parent that is a whole document is wrapped.
                self.emit(ExprOp::Unwrap);
            }
            Kind::Hole => drop(self.emit(ExprOp::Hole)),
            Kind::Negate(operand) => {
                self.node(operand, false);
                self.emit(ExprOp::Negate);
            }
            Kind::Array(items) => {
                for item in items {
                    self.node(item, false);
                    if matches!(item.kind, Kind::Array(_)) {
                        self.emit(ExprOp::Wrap);
                    }
                }
                self.emit(ExprOp::Array(items.len() as u32, node.constructed));
            }
            Kind::Range(from, to) => {
                self.node(from, false);
                self.node(to, false);
                self.emit(ExprOp::Range);
            }
            Kind::Object(group) => self.object(group),
            Kind::Block(parts) => self.block(parts, tail),
            Kind::Binary(operator, left, right) => self.binary(operator, left, right),
            Kind::Bind(name, value) => {
                self.node(value, false);
                if let Some((hops, slot)) = self.places(name).first().copied() {
                    self.emit(ExprOp::Bind(hops, slot));
                }
            }
            Kind::Condition(condition, then, otherwise) => {
                self.node(condition, false);
                let unless = self.emit(ExprOp::Unless(At(0)));
                self.node(then, tail);
                let jump = self.emit(ExprOp::Jump(At(0)));
                self.code.ops[unless] = ExprOp::Unless(self.here());
                match otherwise {
                    Some(otherwise) => self.node(otherwise, tail),
                    None => drop(self.emit(ExprOp::Undefined)),
                }
                self.code.ops[jump] = ExprOp::Jump(self.here());
            }
            Kind::Call(procedure, arguments) => self.call(procedure, arguments, None, tail),
            Kind::Partial(procedure, arguments) => {
                self.node(procedure, false);
                arguments.iter().for_each(|argument| self.node(argument, false));
                let name = self.callee(procedure);
                self.emit(ExprOp::Partial(arguments.len() as u16, name));
            }
            Kind::Lambda { parameters, signature, body } => self.lambda(parameters, signature.clone(), body),
            Kind::Apply(left, right) => match &right.kind {
                Kind::Call(procedure, arguments)
                    if right.predicates.is_empty() && right.group.is_none() && right.stages.is_empty() =>
                {
                    self.at = right.at as u32;
                    self.call(procedure, arguments, Some(left), false);
                }
                _ => {
                    self.node(left, false);
                    self.node(right, false);
                    self.emit(ExprOp::Apply);
                }
            },
            Kind::Transform { pattern, update, delete } => {
                let jump = self.emit(ExprOp::Jump(At(0)));
                let transform = code::Transform {
                    pattern: self.body(pattern, false),
                    update: self.body(update, false),
                    delete: delete.as_ref().map(|delete| self.body(delete, false)),
                };
                self.code.ops[jump] = ExprOp::Jump(self.here());
                self.code.transforms.push(transform);
                let id = last(&self.code.transforms);
                self.emit(ExprOp::Transform(id));
            }
            // A sort step stands in a path, which compiles it.
            Kind::Sort(_) => drop(self.emit(ExprOp::Undefined)),
        }
    }

    fn block(&mut self, parts: &'c [Node], tail: bool) {
        let mut names = Vec::new();
        parts.iter().for_each(|part| bound(part, &mut names));
        let count = names.len() as u32;
        self.open(names);
        if count > 0 {
            self.emit(ExprOp::Enter(count));
        }
        for (n, part) in parts.iter().enumerate() {
            if n > 0 {
                self.emit(ExprOp::Pop);
            }
            self.node(part, tail && n + 1 == parts.len());
        }
        if parts.is_empty() {
            self.emit(ExprOp::Undefined);
        }
        if count > 0 {
            self.emit(ExprOp::Leave);
        }
        self.close();
    }

    fn binary(&mut self, operator: &str, left: &'c Node, right: &'c Node) {
        self.node(left, false);
        let short = match operator {
            "and" => Some(self.emit(ExprOp::And(At(0)))),
            "or" => Some(self.emit(ExprOp::Or(At(0)))),
            _ => None,
        };
        let constant = right.predicates.is_empty() && right.group.is_none() && !right.keep_array;
        match (Operator::from_token(operator), &right.kind) {
            (Some(operator), Kind::Number(text)) if constant => {
                let number = self.code.numbers.id(text);
                self.emit(ExprOp::ByNumber(operator, number));
            }
            (Some(operator), Kind::String(text)) if constant => {
                let text = self.text(text);
                self.emit(ExprOp::ByText(operator, text));
            }
            (by, _) => {
                let before = self.code.ops.len();
                self.node(right, false);
                let alone = self.code.ops.len() == before + 1;
                // A right side that is a single look-up needs not go over the stack.
                let fused = match (by, self.code.ops.last().filter(|_| alone)) {
                    (Some(by), Some(ExprOp::Path(path, true))) => Some(ExprOp::ByPath(by, *path)),
                    (Some(by), Some(ExprOp::StartField(key, true))) => Some(ExprOp::ByField(by, *key)),
                    (Some(by), Some(ExprOp::Parameter(hops, slot))) => Some(ExprOp::ByParameter(by, *hops, *slot)),
                    _ => None,
                };
                if let Some(fused) = fused {
                    self.code.ops.pop();
                    self.code.positions.pop();
                    self.emit(fused);
                } else {
                    self.emit(match (by, operator) {
                        (Some(by), _) => ExprOp::By(by),
                        (None, "&") => ExprOp::Concat,
                        (None, "in") => ExprOp::In,
                        _ => ExprOp::Truth,
                    });
                }
            }
        }
        if let Some(short) = short {
            let here = self.here();
            self.code.ops[short] = if operator == "and" { ExprOp::And(here) } else { ExprOp::Or(here) };
        }
    }

    fn object(&mut self, group: &'c Group) {
        let keys: Option<Vec<Box<str>>> = group
            .pairs
            .iter()
            .map(|(key, _)| match &key.kind {
                Kind::String(text) if key.predicates.is_empty() && key.group.is_none() => Some(text.clone()),
                _ => None,
            })
            .collect();
        let distinct = |keys: &Vec<Box<str>>| keys.iter().collect::<std::collections::HashSet<_>>().len() == keys.len();
        match keys.filter(distinct) {
            Some(keys) => {
                self.emit(ExprOp::GroupContext);
                group.pairs.iter().for_each(|(_, value)| self.node(value, false));
                self.code.shapes.push(keys.into());
                let id = last(&self.code.shapes);
                self.emit(ExprOp::Object(id));
            }
            None => {
                self.emit(ExprOp::Start);
                self.group(group, None);
            }
        }
    }
}

/// Adds the names that a node binds in the scope around it: those below blocks and functions are bound there.
fn bound(node: &Node, names: &mut Vec<Box<str>>) {
    if let Kind::Bind(name, _) = &node.kind
        && !names.contains(name)
    {
        names.push(name.clone());
    }
    each_part(node, &mut |part| bound(part, names));
}

/// Shows every node right below that is evaluated in the same scope.
fn each_part<'n>(node: &'n Node, visit: &mut dyn FnMut(&'n Node)) {
    for stage in node.predicates.iter().chain(&node.stages) {
        if let Stage::Filter(filter) = stage {
            visit(filter);
        }
    }
    let pairs = |group: &'n Group, visit: &mut dyn FnMut(&'n Node)| {
        for (key, value) in &group.pairs {
            visit(key);
            visit(value);
        }
    };
    if let Some(group) = &node.group {
        pairs(group, visit);
    }
    match &node.kind {
        Kind::Path { steps: parts, .. } | Kind::Array(parts) => parts.iter().for_each(visit),
        Kind::Negate(part) | Kind::Bind(_, part) => visit(part),
        Kind::Range(a, b) | Kind::Binary(_, a, b) | Kind::Apply(a, b) => {
            visit(a);
            visit(b);
        }
        Kind::Object(group) => pairs(group, visit),
        Kind::Condition(a, b, c) => {
            visit(a);
            visit(b);
            c.iter().for_each(|c| visit(c));
        }
        Kind::Call(procedure, arguments) | Kind::Partial(procedure, arguments) => {
            visit(procedure);
            arguments.iter().for_each(visit);
        }
        Kind::Transform { pattern, update, delete } => {
            visit(pattern);
            visit(update);
            delete.iter().for_each(|d| visit(d));
        }
        Kind::Sort(terms) => terms.iter().for_each(|(term, _)| visit(term)),
        Kind::Name(_)
        | Kind::String(_)
        | Kind::Number(_)
        | Kind::Value(_)
        | Kind::Regex { .. }
        | Kind::Variable(_)
        | Kind::Wildcard
        | Kind::Descendant
        | Kind::Parent(_)
        | Kind::Hole
        | Kind::Block(_)
        | Kind::Lambda { .. } => {}
    }
}

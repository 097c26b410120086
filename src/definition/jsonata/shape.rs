//! The tree of operators → paths, steps, predicates and groups.
//!
//! Flows in: a [`Syntax`] tree of bounded depth. Flows out: the [`Node`]s that are compiled; what a `%` refers to is
//! settled on the way (`ancestry.rs`). Only combinations that mean nothing are refused here.

use super::ancestry::Ancestry;
use super::ast::{Ancestor, Group, Kind, Node, Stage};
use super::error::SyntaxError;
use super::syntax::{Syntax, SyntaxKind};

/// What shaping makes of an expression.
pub(super) struct Shaped {
    pub root: Node,
    /// The label of each parent, by its number.
    pub labels: Vec<usize>,
}

/// Shapes a whole expression.
pub(super) fn shape(tree: Syntax) -> Result<Shaped, SyntaxError> {
    let mut shaper = Shaper { ancestry: Ancestry::default() };
    let root = shaper.node(tree)?;
    if matches!(root.kind, Kind::Parent(_)) || !root.seeking.is_empty() {
        return Err(SyntaxError::new("S0217", root.at, root.kind.name(), ""));
    }
    Ok(Shaped { root, labels: shaper.ancestry.labels() })
}

struct Shaper {
    ancestry: Ancestry,
}

type Shaping = Result<Node, SyntaxError>;

impl Node {
    pub(super) fn new(at: usize, kind: Kind) -> Node {
        Node {
            at,
            kind,
            predicates: Vec::new(),
            stages: Vec::new(),
            group: None,
            keep_array: false,
            constructed: false,
            focus: None,
            index: None,
            ancestor: None,
            tuple: false,
            seeking: Vec::new(),
        }
    }

    /// Takes over the parents that a part is still looking for.
    fn inherit(&mut self, part: &Node) {
        self.seeking.extend(&part.seeking);
        if let Kind::Parent(parent) = part.kind {
            self.seeking.push(parent);
        }
    }

    /// The last step of a path; of anything else the node itself.
    fn last_step(&mut self) -> &mut Node {
        if !matches!(&self.kind, Kind::Path { steps, .. } if !steps.is_empty()) {
            return self;
        }
        match &mut self.kind {
            Kind::Path { steps, .. } => {
                let last = steps.len() - 1;
                &mut steps[last]
            }
            _ => unreachable!("a path, as was just seen"),
        }
    }

    /// The node as a path: itself if it is one.
    fn into_path(self) -> Node {
        if matches!(self.kind, Kind::Path { .. }) {
            return self;
        }
        Node::new(self.at, Kind::Path { steps: vec![self], keep_singleton: false })
    }
}

impl Shaper {
    fn node(&mut self, syntax: Syntax) -> Shaping {
        let (at, keep_array) = (syntax.at, syntax.keep_array);
        let mut node = self.kind(at, keep_array, syntax.kind)?;
        node.keep_array |= keep_array;
        Ok(node)
    }

    fn boxed(&mut self, syntax: Syntax) -> Result<Box<Node>, SyntaxError> {
        self.node(syntax).map(Box::new)
    }

    fn many(&mut self, parts: Vec<Syntax>) -> Result<Vec<Node>, SyntaxError> {
        parts.into_iter().map(|part| self.node(part)).collect()
    }

    fn kind(&mut self, at: usize, keep_array: bool, kind: SyntaxKind) -> Shaping {
        let plain = |kind| Ok(Node::new(at, kind));
        match kind {
            SyntaxKind::Number(text) => plain(Kind::Number(text)),
            SyntaxKind::String(text) => plain(Kind::String(text)),
            SyntaxKind::Value(value) => plain(Kind::Value(value)),
            SyntaxKind::Regex { pattern, flags } => plain(Kind::Regex { pattern, flags }),
            SyntaxKind::Variable(name) => plain(Kind::Variable(name)),
            SyntaxKind::Wildcard => plain(Kind::Wildcard),
            SyntaxKind::Descendant => plain(Kind::Descendant),
            SyntaxKind::Hole => plain(Kind::Hole),
            SyntaxKind::End => Err(SyntaxError::new("S0207", at, "", "")),
            SyntaxKind::Name(name) => {
                let mut step = Node::new(at, Kind::Name(name));
                step.keep_array = keep_array;
                plain(Kind::Path { steps: vec![step], keep_singleton: keep_array })
            }
            SyntaxKind::Parent => {
                let parent = self.ancestry.parent();
                plain(Kind::Parent(parent))
            }
            SyntaxKind::Negate(operand) => self.negate(at, *operand),
            SyntaxKind::Array(items) => {
                let items = self.many(items)?;
                Ok(holding(at, items, Kind::Array))
            }
            SyntaxKind::Object(pairs) => {
                let pairs = self.pairs(pairs)?;
                let mut node = Node::new(at, Kind::Hole);
                for (key, value) in &pairs {
                    node.inherit(key);
                    node.inherit(value);
                }
                node.kind = Kind::Object(Box::new(Group { at, pairs }));
                Ok(node)
            }
            SyntaxKind::Block(parts) => {
                let parts = self.many(parts)?;
                let constructed = parts.iter().any(|part| {
                    part.constructed
                        || matches!(&part.kind, Kind::Path { steps, .. } if steps.first().is_some_and(|s| s.constructed))
                });
                let mut node = holding(at, parts, Kind::Block);
                node.constructed = constructed;
                Ok(node)
            }
            SyntaxKind::Range(from, to) => {
                let (from, to) = (self.boxed(*from)?, self.boxed(*to)?);
                let mut node = Node::new(at, Kind::Hole);
                node.inherit(&from);
                node.inherit(&to);
                node.kind = Kind::Range(from, to);
                Ok(node)
            }
            SyntaxKind::Binary(".", left, right) => self.step(at, *left, *right),
            SyntaxKind::Binary("[", left, right) => self.predicate(*left, *right),
            SyntaxKind::Binary("~>", left, right) => {
                let (left, right) = (self.boxed(*left)?, self.boxed(*right)?);
                let mut node = Node::new(at, Kind::Hole);
                node.keep_array = left.keep_array || right.keep_array;
                // A `%` in an operand of `~>` that has not found its step there never does: it is undefined.
                node.kind = Kind::Apply(left, right);
                Ok(node)
            }
            SyntaxKind::Binary(operator, left, right) => {
                let (left, right) = (self.boxed(*left)?, self.boxed(*right)?);
                let mut node = Node::new(at, Kind::Hole);
                node.inherit(&left);
                node.inherit(&right);
                node.kind = Kind::Binary(operator, left, right);
                Ok(node)
            }
            SyntaxKind::Group(left, pairs) => {
                let mut node = self.node(*left)?;
                if node.group.is_some() {
                    return Err(SyntaxError::new("S0210", at, "", ""));
                }
                node.group = Some(Box::new(Group { at, pairs: self.pairs(pairs)? }));
                Ok(node)
            }
            SyntaxKind::Sort(left, terms) => self.sort(at, *left, terms),
            SyntaxKind::Focus(left, name) => {
                let mut node = self.node(*left)?;
                let step = node.last_step();
                if !step.stages.is_empty() || !step.predicates.is_empty() {
                    return Err(SyntaxError::new("S0215", at, "", ""));
                }
                if matches!(step.kind, Kind::Sort(_)) {
                    return Err(SyntaxError::new("S0216", at, "", ""));
                }
                step.keep_array |= keep_array;
                step.focus = Some(name);
                step.tuple = true;
                Ok(node)
            }
            SyntaxKind::Index(left, name) => {
                let mut node = self.node(*left)?;
                if !matches!(node.kind, Kind::Path { .. }) {
                    node.stages = std::mem::take(&mut node.predicates);
                    node = node.into_path();
                }
                let step = node.last_step();
                if step.stages.is_empty() {
                    step.index = Some(name);
                } else {
                    step.stages.push(Stage::Index(name));
                }
                step.tuple = true;
                Ok(node)
            }
            SyntaxKind::Bind(name, value) => {
                let value = self.boxed(*value)?;
                let mut node = Node::new(at, Kind::Hole);
                node.inherit(&value);
                node.kind = Kind::Bind(name, value);
                Ok(node)
            }
            SyntaxKind::Condition(condition, then, otherwise) => {
                let (condition, then) = (self.boxed(*condition)?, self.boxed(*then)?);
                let otherwise = otherwise.map(|part| self.boxed(*part)).transpose()?;
                let mut node = Node::new(at, Kind::Hole);
                node.inherit(&condition);
                node.inherit(&then);
                otherwise.iter().for_each(|part| node.inherit(part));
                node.kind = Kind::Condition(condition, then, otherwise);
                Ok(node)
            }
            SyntaxKind::Call(procedure, arguments) => {
                let partial = arguments.iter().any(|a| matches!(a.kind, SyntaxKind::Hole));
                let arguments = self.many(arguments)?;
                let procedure = self.boxed(*procedure)?;
                Ok(holding(at, arguments, |arguments| {
                    if partial { Kind::Partial(procedure, arguments) } else { Kind::Call(procedure, arguments) }
                }))
            }
            SyntaxKind::Lambda { parameters, signature, body } => {
                plain(Kind::Lambda { parameters, signature, body: self.boxed(*body)? })
            }
            SyntaxKind::Transform { pattern, update, delete } => {
                let (pattern, update) = (self.boxed(*pattern)?, self.boxed(*update)?);
                let delete = delete.map(|part| self.boxed(*part)).transpose()?;
                plain(Kind::Transform { pattern, update, delete })
            }
        }
    }

    fn negate(&mut self, at: usize, operand: Syntax) -> Shaping {
        let operand = self.node(operand)?;
        if let Kind::Number(text) = &operand.kind {
            let text = text.strip_prefix('-').map_or_else(|| format!("-{text}"), str::to_owned);
            return Ok(Node { kind: Kind::Number(text.into()), ..operand });
        }
        let mut node = Node::new(at, Kind::Hole);
        node.inherit(&operand);
        node.kind = Kind::Negate(Box::new(operand));
        Ok(node)
    }

    fn pairs(&mut self, pairs: Vec<(Syntax, Syntax)>) -> Result<Vec<(Node, Node)>, SyntaxError> {
        pairs.into_iter().map(|(key, value)| Ok((self.node(key)?, self.node(value)?))).collect()
    }

    /// `left.right`
    fn step(&mut self, at: usize, left: Syntax, right: Syntax) -> Shaping {
        let left = self.node(left)?;
        let parent = match left.kind {
            Kind::Parent(parent) => Some(parent),
            _ => None,
        };
        let mut node = left.into_path();
        node.at = at;
        node.seeking.extend(parent);
        let mut right = self.node(right)?;
        let Kind::Path { steps, keep_singleton } = &mut node.kind else {
            // `into_path` has made it one.
            return Ok(node);
        };
        match right.kind {
            Kind::Path { steps: more, .. } => steps.extend(more),
            _ => {
                right.stages.append(&mut right.predicates);
                steps.push(right);
            }
        }
        for step in steps.iter_mut() {
            match &mut step.kind {
                Kind::Number(text) => return Err(SyntaxError::new("S0213", step.at, text, "")),
                Kind::Value(value) => return Err(SyntaxError::new("S0213", step.at, value, "")),
                Kind::String(text) => step.kind = Kind::Name(std::mem::take(text)),
                _ => {}
            }
        }
        *keep_singleton |= steps.iter().any(|step| step.keep_array);
        let last = steps.len() - 1;
        for at in [0, last] {
            steps[at].constructed |= matches!(steps[at].kind, Kind::Array(_));
        }
        self.ancestry.resolve(&mut node)?;
        Ok(node)
    }

    /// `left[right]`
    fn predicate(&mut self, left: Syntax, right: Syntax) -> Shaping {
        let mut node = self.node(left)?;
        let in_path = matches!(node.kind, Kind::Path { .. });
        if node.last_step().group.is_some() {
            return Err(SyntaxError::new("S0209", node.at, "", ""));
        }
        let predicate = self.node(right)?;
        // A predicate that is nothing but `%` looks for no step in the reference: it is undefined there, and so it is here.
        for parent in predicate.seeking.clone() {
            let step = node.last_step();
            if self.ancestry.level(parent) == 1 {
                self.ancestry.seek(step, parent)?;
            } else {
                self.ancestry.lower(parent);
            }
            step.seeking.push(parent);
        }
        let step = node.last_step();
        let stages = if in_path { &mut step.stages } else { &mut step.predicates };
        stages.push(Stage::Filter(predicate));
        Ok(node)
    }

    /// `left^(terms)`
    fn sort(&mut self, at: usize, left: Syntax, terms: Vec<(Syntax, bool)>) -> Shaping {
        let mut node = self.node(left)?.into_path();
        let mut step = Node::new(at, Kind::Hole);
        let mut shaped = Vec::with_capacity(terms.len());
        for (term, descending) in terms {
            let term = self.node(term)?;
            step.inherit(&term);
            shaped.push((term, descending));
        }
        step.kind = Kind::Sort(shaped);
        if let Kind::Path { steps, .. } = &mut node.kind {
            steps.push(step);
        }
        self.ancestry.resolve(&mut node)?;
        Ok(node)
    }
}

/// A node of many parts, which inherits what they are looking for.
fn holding(at: usize, parts: Vec<Node>, kind: impl FnOnce(Vec<Node>) -> Kind) -> Node {
    let mut node = Node::new(at, Kind::Hole);
    parts.iter().for_each(|part| node.inherit(part));
    node.kind = kind(parts);
    node
}

impl Node {
    /// Takes out what the node is still looking for, itself included if it is a `%`.
    pub(super) fn take_seeking(&mut self) -> Vec<Ancestor> {
        let mut seeking = std::mem::take(&mut self.seeking);
        if let Kind::Parent(parent) = self.kind {
            seeking.push(parent);
        }
        seeking
    }
}

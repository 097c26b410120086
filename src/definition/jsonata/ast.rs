//! An expression as it is evaluated: paths of steps, with predicates, groups and bindings in their places.
//!
//! Flows in: the tree of operators, by way of `shape.rs`. Flows out: nodes for the compiler. It must never know how they
//! are executed.

use crate::value::signature::Signature;

/// A node of an expression.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it was read: characters from the start of the text to the end of its token.
    pub at: usize,
    /// What it is.
    pub kind: Kind,
    /// Conditions on the node's own result.
    pub predicates: Vec<Stage>,
    /// Conditions on what it contributes to its path, as a step of one.
    pub stages: Vec<Stage>,
    /// `{…}` behind it.
    pub group: Option<Box<Group>>,
    /// Whether its result stays an array (`[]`).
    pub keep_array: bool,
    /// Whether it is an array constructor that its path must not flatten.
    pub constructed: bool,
    /// The variable of `@$name`.
    pub focus: Option<Box<str>>,
    /// The variable of `#$name`.
    pub index: Option<Box<str>>,
    /// The parent's label, if a `%` further on asks for what this step was taken from.
    pub ancestor: Option<Ancestor>,
    /// Whether it yields tuples: items with the variables bound on the way.
    pub tuple: bool,
    /// The `%` inside that have not found their step yet; empty when reading is over.
    pub(super) seeking: Vec<Ancestor>,
}

/// What a `%` stands for: a number among the expression's parents; several may have one label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ancestor(pub usize);

/// A condition or a numbering, in the order of a step.
#[derive(Clone, Debug)]
pub enum Stage {
    /// `[…]`
    Filter(Node),
    /// `#$name` behind a condition.
    Index(Box<str>),
}

/// `{key: value, …}` behind a step.
#[derive(Clone, Debug)]
pub struct Group {
    /// Where it stands.
    pub at: usize,
    /// Keys and values.
    pub pairs: Vec<(Node, Node)>,
}

/// The kinds of node.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Steps, each applied to what the one before has found; and whether one of them has `[]`.
    Path {
        /// The steps.
        steps: Vec<Node>,
        /// Whether a single result stays an array.
        keep_singleton: bool,
    },
    /// A field.
    Name(Box<str>),
    /// A string.
    String(Box<str>),
    /// A number as it was written, its sign included.
    Number(Box<str>),
    /// `true`, `false`, `null`
    Value(&'static str),
    /// `/…/`
    Regex {
        /// The pattern.
        pattern: Box<str>,
        /// Of `i` and `m`.
        flags: Box<str>,
    },
    /// `$name`; the context for the empty name, the root for `$`.
    Variable(Box<str>),
    /// `*`
    Wildcard,
    /// `**`
    Descendant,
    /// `%`
    Parent(Ancestor),
    /// `?` as an argument.
    Hole,
    /// `-x`
    Negate(Box<Node>),
    /// `[…]`
    Array(Vec<Node>),
    /// `a..b`
    Range(Box<Node>, Box<Node>),
    /// `{…}`
    Object(Box<Group>),
    /// `(…; …)`
    Block(Vec<Node>),
    /// An operator between two operands.
    Binary(&'static str, Box<Node>, Box<Node>),
    /// `$name := …`
    Bind(Box<str>, Box<Node>),
    /// `a ? b : c`
    Condition(Box<Node>, Box<Node>, Option<Box<Node>>),
    /// A call; the procedure first.
    Call(Box<Node>, Vec<Node>),
    /// A call with holes.
    Partial(Box<Node>, Vec<Node>),
    /// `function($a, …){…}`
    Lambda {
        /// The names of the parameters.
        parameters: Vec<Box<str>>,
        /// Its signature.
        signature: Option<Signature>,
        /// The body.
        body: Box<Node>,
    },
    /// `a ~> b`
    Apply(Box<Node>, Box<Node>),
    /// `|pattern|update, delete|`
    Transform {
        /// What is to be changed.
        pattern: Box<Node>,
        /// The members that are set.
        update: Box<Node>,
        /// The names of those that are taken away.
        delete: Option<Box<Node>>,
    },
    /// `^(…)` as a step: each term with whether it descends.
    Sort(Vec<(Node, bool)>),
}

impl Kind {
    /// The name that error texts use.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Kind::Path { .. } => "path",
            Kind::Name(_) => "name",
            Kind::String(_) => "string",
            Kind::Number(_) => "number",
            Kind::Value(_) => "value",
            Kind::Regex { .. } => "regex",
            Kind::Variable(_) => "variable",
            Kind::Wildcard => "wildcard",
            Kind::Descendant => "descendant",
            Kind::Parent(_) => "parent",
            Kind::Hole => "operator",
            Kind::Negate(_) | Kind::Array(_) | Kind::Object(_) => "unary",
            Kind::Range(..) | Kind::Binary(..) => "binary",
            Kind::Block(_) => "block",
            Kind::Bind(..) => "bind",
            Kind::Condition(..) => "condition",
            Kind::Call(..) => "function",
            Kind::Partial(..) => "partial",
            Kind::Lambda { .. } => "lambda",
            Kind::Apply(..) => "apply",
            Kind::Transform { .. } => "transform",
            Kind::Sort(_) => "sort",
        }
    }
}

//! A definition as nodes and edges, with everything that a drawing says in words.
//!
//! Flows in: a [`Definition`]. Flows out: a [`Graph`]: scopes that hold nodes and edges, nodes that hold scopes. Since no
//! transition crosses the border of a Map or Parallel, each scope is a graph of its own. Edges that lead from one state to
//! the same other for the same kind of reason are one edge, so that nothing is drawn twice.

use super::wording;
use crate::definition::{
    Catcher, Choice, Definition, FailText, Flow, Resource, Retrier, Scope as Block, State, StateIndex, StateKind, Task,
    Template,
};
use crate::value::tree::Node as Json;

/// A state machine as a graph.
///
/// A state goes by its name, which is unique in the whole machine, nested scopes included; its `location`
/// (`/States/Each/ItemProcessor/States/Ship`) is the same place that summaries and diagnostics name.
#[derive(Clone, Debug)]
pub struct Graph {
    /// What it is called: its file, or what its owner says.
    pub title: String,
    /// The definition's Comment.
    pub comment: Option<String>,
    /// The machine's own states.
    pub root: Scope,
}

/// The states of a machine, a branch or an item processor.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Where it is: empty for the machine, `/States/P/Branches[0]` for a branch.
    pub location: String,
    /// The states in the order of the text, behind them where the scope starts, then where it ends, if anything ends there.
    pub nodes: Vec<Node>,
    /// The transitions, state by state, in the order in which the language tries them.
    pub edges: Vec<Edge>,
}

/// A state, or one of a scope's ends.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// The state's name; `Start` and `End` for a scope's ends.
    pub name: String,
    /// Where it is; for a scope's ends the scope's location with `#start` or `#end` behind it.
    pub location: String,
    /// The line of the definition on which it begins, from 1; 0 for a scope's ends.
    pub line_number: u32,
    /// A few words of what it does.
    pub note: String,
    /// How often it is tried again at most, if ever: `↻ 3`.
    pub retry: Option<String>,
    /// All that is known of it, line by line.
    pub details: Vec<String>,
    /// How it was written.
    pub source: String,
    /// Branches, or the item processor.
    pub scopes: Vec<Scope>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum NodeKind {
    Start,
    End,
    Pass,
    Task,
    Choice,
    Wait,
    Succeed,
    Fail,
    Parallel,
    Map,
}

impl NodeKind {
    /// The name, as Type has it for states.
    pub fn name(self) -> &'static str {
        match self {
            NodeKind::Start => "Start",
            NodeKind::End => "End",
            NodeKind::Pass => "Pass",
            NodeKind::Task => "Task",
            NodeKind::Choice => "Choice",
            NodeKind::Wait => "Wait",
            NodeKind::Succeed => "Succeed",
            NodeKind::Fail => "Fail",
            NodeKind::Parallel => "Parallel",
            NodeKind::Map => "Map",
        }
    }

    /// Whether it is a state, rather than one of a scope's ends.
    pub fn is_state(self) -> bool {
        !matches!(self, NodeKind::Start | NodeKind::End)
    }
}

/// A transition.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The position of the node that it leaves, in its scope.
    pub from: usize,
    /// The position of the node that it reaches.
    pub to: usize,
    /// Why it is taken.
    pub kind: EdgeKind,
    /// When it is taken: a line for each rule or catcher that leads there.
    pub labels: Vec<String>,
}

/// Why a transition is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EdgeKind {
    /// The scope begins, `Next`, or the scope ends.
    Next,
    /// A Choice rule.
    Rule,
    /// A Choice's `Default`.
    Default,
    /// A Catcher.
    Catch,
}

impl Graph {
    /// The graph of a definition; `title` is what it is called.
    pub fn new(definition: &Definition, title: &str) -> Graph {
        let reader = Reader { definition };
        Graph {
            title: title.to_owned(),
            comment: definition.comment.as_deref().map(wording::one_line),
            root: reader.scope(&definition.root),
        }
    }

    /// All nodes that are states, a container before what it holds.
    pub fn states(&self) -> Vec<&Node> {
        fn visit<'g>(scope: &'g Scope, out: &mut Vec<&'g Node>) {
            for node in scope.nodes.iter().filter(|node| node.kind.is_state()) {
                out.push(node);
                node.scopes.iter().for_each(|inner| visit(inner, out));
            }
        }
        let mut out = Vec::new();
        visit(&self.root, &mut out);
        out
    }
}

struct Reader<'d> {
    definition: &'d Definition,
}

impl Reader<'_> {
    fn scope(&self, block: &Block) -> Scope {
        let mut nodes: Vec<Node> = block.states.iter().map(|state| self.node(state)).collect();
        let (start, end) = (nodes.len(), nodes.len() + 1);
        let mut edges =
            Edges(vec![Edge { from: start, to: block.start_at.get(), kind: EdgeKind::Next, labels: Vec::new() }]);
        for (from, state) in block.states.iter().enumerate() {
            edges.leave(from, state, end);
        }
        nodes.push(terminal(NodeKind::Start, &block.location, "#start"));
        if edges.0.iter().any(|edge| edge.to == end) {
            nodes.push(terminal(NodeKind::End, &block.location, "#end"));
        }
        Scope { location: block.location.to_string(), nodes, edges: edges.0 }
    }

    fn node(&self, state: &State) -> Node {
        let (retry, catch) = rescue(&state.kind);
        let (kind, note) = self.described(state);
        let source = &self.definition.source;
        let mut details =
            vec![format!("{} · line {}", kind.name(), source.position(state.name_span.start).line_number)];
        details.extend(state.comment.as_deref().map(wording::one_line));
        if let StateKind::Task(task) = &state.kind {
            details.push(format!("calls {}", task.resource.text()));
        }
        if let StateKind::Map(map) = &state.kind {
            details.extend(wording::tolerance(&map.tolerated_failure_count, &map.tolerated_failure_percentage));
        }
        details.extend(retry.iter().map(|retrier| format!("↻ {}", wording::retrier(retrier))));
        details.extend(catch.iter().map(|catcher| format!("catches {}", catcher.error_equals.join(", "))));
        let times = retry.iter().map(|retrier| retrier.max_attempts).max().filter(|times| *times > 0);
        let text = source.text().get(state.span.start as usize..state.span.end as usize).unwrap_or_default();
        Node {
            kind,
            name: state.name.to_string(),
            location: state.location.to_string(),
            line_number: source.position(state.name_span.start).line_number,
            note,
            retry: times.map(|times| format!("↻ {times}")),
            details,
            source: outdented(text),
            scopes: match &state.kind {
                StateKind::Parallel(parallel) => parallel.branches.iter().map(|branch| self.scope(branch)).collect(),
                StateKind::Map(map) => vec![self.scope(&map.processor)],
                _ => Vec::new(),
            },
        }
    }

    fn described(&self, state: &State) -> (NodeKind, String) {
        match &state.kind {
            StateKind::Pass(pass) if pass.result.is_some() => (NodeKind::Pass, "pass a result".to_owned()),
            StateKind::Pass(_) => (NodeKind::Pass, "pass".to_owned()),
            StateKind::Task(task) => (NodeKind::Task, called(task, state)),
            StateKind::Choice(choice) => {
                let rules = choice.rules.len();
                (NodeKind::Choice, if rules == 1 { "1 rule".to_owned() } else { format!("{rules} rules") })
            }
            StateKind::Wait(wait) => (NodeKind::Wait, wording::wait(wait)),
            StateKind::Succeed => (NodeKind::Succeed, "succeed".to_owned()),
            StateKind::Fail(fail) => (NodeKind::Fail, fail.error.as_ref().map_or_else(|| "fail".to_owned(), fail_text)),
            StateKind::Parallel(parallel) => {
                let count = parallel.branches.len();
                (NodeKind::Parallel, if count == 1 { "1 branch".to_owned() } else { format!("{count} branches") })
            }
            StateKind::Map(map) => (NodeKind::Map, wording::map(&map.max_concurrency, map.mode)),
        }
    }
}

fn terminal(kind: NodeKind, location: &str, suffix: &str) -> Node {
    Node {
        kind,
        name: kind.name().to_owned(),
        location: format!("{location}{suffix}"),
        line_number: 0,
        note: String::new(),
        retry: None,
        details: Vec::new(),
        source: String::new(),
        scopes: Vec::new(),
    }
}

/// What a Task calls; of an Invoke request the function that it names.
fn called(task: &Task, state: &State) -> String {
    let invoked = matches!(&task.resource, Resource::Service { service, action, .. } if &**service == "lambda" && &**action == "invoke");
    let arguments = state.jsonata.as_ref().and_then(|fields| fields.arguments.as_ref());
    let named = match &task.parameters {
        Some(Template::Literal(node)) => node.get("FunctionName").and_then(Json::as_str),
        Some(Template::Object(members)) => {
            members.iter().find(|m| &*m.field == "FunctionName").and_then(|member| match &member.value {
                Template::Literal(node) => node.as_str(),
                _ => None,
            })
        }
        _ => arguments.and_then(|node| node.get("FunctionName")).and_then(Json::as_str),
    };
    match named.filter(|name| invoked && !name.starts_with("{%")) {
        Some(name) => {
            // Of an ARN the function's name, of a name all of it.
            let function = name.split_once(":function:").map_or(name, |(_, rest)| rest);
            format!("λ {function}")
        }
        None => wording::resource(&task.resource),
    }
}

fn fail_text(text: &FailText) -> String {
    match text {
        FailText::Literal(text) => text.to_string(),
        FailText::Path(path) => path.text.to_string(),
        FailText::Intrinsic(call) => call.text.to_string(),
        FailText::Expression(expression) => wording::one_line(&expression.text),
    }
}

fn rescue(kind: &StateKind) -> (&[Retrier], &[Catcher]) {
    match kind {
        StateKind::Task(task) => (&task.retry, &task.catch),
        StateKind::Parallel(parallel) => (&parallel.retry, &parallel.catch),
        StateKind::Map(map) => (&map.retry, &map.catch),
        _ => (&[], &[]),
    }
}

/// A stretch of the definition with the blanks taken off that all its lines but the first begin with.
fn outdented(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let depth = text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let lines: Vec<&str> =
        text.lines().enumerate().map(|(n, line)| if n == 0 { line } else { line.get(depth..).unwrap_or("") }).collect();
    lines.join("\n").trim_end().to_owned()
}

/// Edges while they are gathered.
struct Edges(Vec<Edge>);

impl Edges {
    fn leave(&mut self, from: usize, state: &State, end: usize) {
        match (&state.kind, state.flow) {
            (StateKind::Choice(choice), _) => self.choice(from, choice),
            (_, Flow::Next(next)) => self.add(from, next.get(), EdgeKind::Next, None),
            (_, Flow::End) | (StateKind::Succeed, _) => self.add(from, end, EdgeKind::Next, None),
            _ => {}
        }
        for catcher in rescue(&state.kind).1 {
            self.add(from, catcher.next.get(), EdgeKind::Catch, Some(catcher.error_equals.join(", ")));
        }
    }

    fn choice(&mut self, from: usize, choice: &Choice) {
        let numbered = choice.rules.len() > 1;
        for (n, rule) in choice.rules.iter().enumerate() {
            let text = wording::condition(&rule.condition);
            let text = if numbered { format!("{}. {text}", n + 1) } else { text };
            self.add(from, rule.next.get(), EdgeKind::Rule, Some(text));
        }
        if let Some(default) = choice.default.map(StateIndex::get) {
            self.add(from, default, EdgeKind::Default, Some("Default".to_owned()));
        }
    }

    fn add(&mut self, from: usize, to: usize, kind: EdgeKind, label: Option<String>) {
        let same = |edge: &&mut Edge| (edge.from, edge.to, edge.kind) == (from, to, kind);
        match self.0.iter_mut().find(same) {
            Some(edge) => edge.labels.extend(label),
            None => self.0.push(Edge { from, to, kind, labels: label.into_iter().collect() }),
        }
    }
}

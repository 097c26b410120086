//! Pools while a program is being made, and labels for code that is not placed yet.
//!
//! Flows in: instructions and pool entries from `compile`. Flows out: a [`Program`] that has passed the verifier. While
//! building, every [`Addr`] is a *label* given out by [`Builder::label`]; [`Builder::finish`] puts the addresses in their
//! place, so nobody has to patch jumps by hand.

use super::verify::{self, VerifyError};
use super::*;
use std::collections::HashMap;
use std::hash::Hash;

/// A program in the making.
#[derive(Default)]
pub struct Builder {
    ops: Vec<Op>,
    origins: Vec<Option<StateId>>,
    origin: Option<StateId>,
    labels: Vec<Option<Addr>>,
    states: Vec<State>,
    constants: Pool<Box<str>>,
    paths: Pool<Path>,
    blames: Pool<Blame>,
    shapes: Pool<Box<[Box<str>]>>,
    tests: Vec<choice::Test>,
    tables: Vec<choice::Table>,
    tasks: Vec<work::Task>,
    forks: Vec<work::Fork>,
    waits: Vec<work::Wait>,
    expressions: Vec<expression::Expression>,
    assigns: Vec<Box<[VariableId]>>,
    variables: Pool<Box<str>>,
    slots: Pool<Box<[Box<str>]>>,
    handlers: Pool<Handler>,
    points: Pool<point::Point>,
    /// What is counted or noted.
    pub instrument: point::Instrument,
    /// The machine's own TimeoutSeconds.
    pub timeout_seconds: Option<u64>,
    /// Whether text of the execution's input can be copied to where somebody sees it.
    pub copies_input: bool,
}

/// Distinct entries, in the order in which they came.
struct Pool<T> {
    entries: Vec<T>,
    ids: HashMap<T, u32>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Pool { entries: Vec::new(), ids: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Pool<T> {
    fn id(&mut self, entry: T) -> u32 {
        let next = count(self.entries.len());
        *self.ids.entry(entry).or_insert_with_key(|entry| {
            self.entries.push(entry.clone());
            next
        })
    }
}

/// A pool's length as an id. A definition is at most a few MiB, and no pool outgrows its definition by more than a small
/// factor; were it ever otherwise, the saturated id would be out of range and the verifier would refuse the program.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Builder {
    /// A label for a place in the code, to be set with [`Builder::place`].
    pub fn label(&mut self) -> Addr {
        self.labels.push(None);
        Addr(count(self.labels.len() - 1))
    }

    /// Sets the label to the next instruction.
    pub fn place(&mut self, label: Addr) {
        self.labels[label.index()] = Some(Addr(count(self.ops.len())));
    }

    /// A label set to the next instruction.
    pub fn here(&mut self) -> Addr {
        let label = self.label();
        self.place(label);
        label
    }

    /// Says which state the following instructions come from.
    pub fn set_origin(&mut self, state: Option<StateId>) {
        self.origin = state;
    }

    /// Appends an instruction.
    pub fn emit(&mut self, op: Op) {
        self.ops.push(op);
        self.origins.push(self.origin);
    }

    /// Adds a state.
    pub fn state(&mut self, state: State) -> StateId {
        self.states.push(state);
        StateId(count(self.states.len() - 1))
    }

    /// The state, to be completed.
    pub fn state_mut(&mut self, id: StateId) -> &mut State {
        &mut self.states[id.index()]
    }

    /// Where a state's retry goes on.
    pub fn attempt_of(&self, id: StateId) -> Addr {
        self.states[id.index()].attempt
    }

    /// A constant: compact JSON text.
    pub fn constant(&mut self, text: &str) -> ConstId {
        ConstId(self.constants.id(text.into()))
    }

    /// A path; equal ones share an entry.
    pub fn path(&mut self, path: &Path) -> PathId {
        PathId(self.paths.id(path.clone()))
    }

    /// What an error text says.
    pub fn blame(&mut self, blame: Blame) -> BlameId {
        BlameId(self.blames.id(blame))
    }

    /// The keys of a built object.
    pub fn shape(&mut self, keys: Vec<Box<str>>) -> ShapeId {
        ShapeId(self.shapes.id(keys.into()))
    }

    /// A comparison.
    pub fn test(&mut self, test: choice::Test) -> TestId {
        self.tests.push(test);
        TestId(count(self.tests.len() - 1))
    }

    /// A dispatch table.
    pub fn table(&mut self, table: choice::Table) -> TableId {
        self.tables.push(table);
        TableId(count(self.tables.len() - 1))
    }

    /// A task.
    pub fn task(&mut self, task: work::Task) -> TaskId {
        self.tasks.push(task);
        TaskId(count(self.tasks.len() - 1))
    }

    /// A fork.
    pub fn fork(&mut self, fork: work::Fork) -> ForkId {
        self.forks.push(fork);
        ForkId(count(self.forks.len() - 1))
    }

    /// A wait.
    pub fn wait(&mut self, wait: work::Wait) -> WaitId {
        self.waits.push(wait);
        WaitId(count(self.waits.len() - 1))
    }

    /// A compiled JSONata expression.
    pub fn expression(&mut self, expression: expression::Expression) -> ExpressionId {
        self.expressions.push(expression);
        ExpressionId(count(self.expressions.len() - 1))
    }

    /// The variables of an Assign.
    pub fn assign(&mut self, variables: Vec<VariableId>) -> AssignId {
        self.assigns.push(variables.into());
        AssignId(count(self.assigns.len() - 1))
    }

    /// A variable, by its name.
    pub fn variable(&mut self, name: &str) -> VariableId {
        VariableId(self.variables.id(name.into()))
    }

    /// A path of the execution's input, by the members that lead there.
    pub fn slot(&mut self, members: Box<[Box<str>]>) -> SlotId {
        SlotId(self.slots.id(members))
    }

    /// A function or resource that a Task names.
    pub fn handler(&mut self, handler: Handler) -> HandlerId {
        HandlerId(self.handlers.id(handler))
    }

    /// A place that is counted.
    pub fn point(&mut self, point: point::Point) -> PointId {
        PointId(self.points.id(point))
    }

    /// A handler's name.
    pub fn handler_name(&self, id: HandlerId) -> &str {
        &self.handlers.entries[id.index()].name
    }

    /// Puts addresses in the place of labels, and verifies.
    ///
    /// # Errors
    ///
    /// A program that the verifier refuses: a mistake in the compiler, never of a definition.
    pub fn finish(mut self) -> Result<Program, VerifyError> {
        let labels = std::mem::take(&mut self.labels);
        // A label that was never set leads past the end, where the verifier finds it.
        let missing = Addr(count(self.ops.len()));
        let address = |label: Addr| labels.get(label.index()).copied().flatten().unwrap_or(missing);
        for op in &mut self.ops {
            if let Op::Jump { to } | Op::WhenTrue { to } | Op::Leave { to, .. } | Op::When { to, .. } = op {
                *to = address(*to);
            }
        }
        for table in &mut self.tables {
            table.retarget(address);
        }
        for task in &mut self.tasks {
            task.inlined = task.inlined.map(address);
        }
        for fork in &mut self.forks {
            match &mut fork.children {
                work::Children::Branches(entries) => entries.iter_mut().for_each(|at| *at = address(*at)),
                work::Children::Items { entry, .. } | work::Children::Selected { entry, .. } => {
                    *entry = address(*entry);
                }
            }
        }
        for state in &mut self.states {
            state.attempt = address(state.attempt);
            state.retriers.iter_mut().for_each(|retrier| retrier.at = address(retrier.at));
            state.catchers.iter_mut().for_each(|catcher| catcher.at = address(catcher.at));
        }
        let constants = self.constants.entries.into_iter().map(|text| Constant { form: Form::of(&text), text });
        let mut program = Program {
            ops: self.ops.into(),
            origins: self.origins.into(),
            states: self.states.into(),
            constants: constants.collect(),
            paths: self.paths.entries.into(),
            blames: self.blames.entries.into(),
            shapes: self.shapes.entries.into(),
            tests: self.tests.into(),
            tables: self.tables.into(),
            tasks: self.tasks.into(),
            forks: self.forks.into(),
            waits: self.waits.into(),
            expressions: self.expressions.into(),
            assigns: self.assigns.into(),
            variables: self.variables.entries.into(),
            slots: self.slots.entries.into(),
            handlers: self.handlers.entries.into(),
            points: self.points.entries.into(),
            instrument: self.instrument,
            timeout_seconds: self.timeout_seconds,
            copies_input: self.copies_input,
            opens_input: false,
            stack_max: 0,
            shortcut: shortcut::Shortcut::default(),
        };
        program.stack_max = verify::verify(&program)?;
        program.opens_input = program.ops.iter().any(|op| opens(&program, op));
        let timeless: Vec<bool> =
            program.forks.iter().map(|fork| timing::is_timeless(&program, fork.entries())).collect();
        for (fork, timeless) in program.forks.iter_mut().zip(timeless) {
            fork.timeless = timeless;
        }
        Ok(program)
    }
}

/// Whether an instruction looks into a document otherwise than by a slot.
fn opens(program: &Program, op: &Op) -> bool {
    let looks = |from: Root, path: PathId| match from {
        Root::Slot(_) | Root::Context => false,
        Root::Register(_) | Root::Outer | Root::Variable(_) => !program.path(path).is_root(),
    };
    match *op {
        Op::Path { from, path, .. } => looks(from, path),
        Op::When { test, .. } => looks(program.test(test).from, program.test(test).path),
        Op::Switch { table } => match program.table(table).subject {
            choice::Subject::Path(from, path, _) => looks(from, path),
            choice::Subject::Query(_) => false,
        },
        Op::Evaluate { expression, .. } => program.expression(expression).looks_into_documents(),
        Op::Fork { fork } => !matches!(program.fork(fork).children, work::Children::Branches(_)),
        Op::Place { .. } => true,
        _ => false,
    }
}

//! What is executed: a flat program, immutable, shared by all threads.
//!
//! Flows in: pools and instructions from `compile`, through a [`Builder`]; a program that does not pass the verifier is
//! never handed out. Flows out: instructions and pool entries to `vm`, a listing for people. It must never see a
//! definition: the names, texts and places that error texts and listings need are in its pools.
//!
//! | file | holds |
//! | --- | --- |
//! | [`op`] | the instruction set, declared once |
//! | [`id`] | index newtypes |
//! | [`state`] | what the machine knows of a state: names, Retriers, Catchers |
//! | [`choice`] | comparisons of Choice rules, and dispatch tables |
//! | [`work`] | what Task, Map, Parallel and Wait ask for |
//! | [`point`] | the places that an instrumented program counts |
//! | [`blame`] | what error texts say |
//! | [`expression`] | compiled JSONata expressions
//! | [`function`] | the names of the intrinsic functions |
//! | [`format`](mod@format) | templates of `States.Format` |
//! | [`builder`] | pools while a program is being made |
//! | [`verify`] | the checks that the machine relies on |
//! | `timing` | where time can pass |
//! | [`shortcut`] | ways on which only the input decides |
//! | [`listing`] | a program for people |

pub mod blame;
pub mod builder;
pub mod choice;
pub mod expression;
pub mod format;
pub mod function;
pub mod id;
pub mod listing;
pub mod op;
pub mod point;
pub mod shortcut;
pub mod state;
mod timing;
pub mod verify;
pub mod work;

pub use blame::Blame;
pub use builder::Builder;
pub use function::Function;
pub use id::*;
pub use op::{Expected, Op, Register, Root};
pub use state::State;

use crate::value::path::Path;
use crate::value::raw::Form;

/// A compiled state machine with the handlers that were compiled into it.
///
/// It has passed [`verify`]: every id is in its pool, every jump lands on an instruction, the stack's depth is known.
#[derive(Debug)]
pub struct Program {
    pub(crate) ops: Box<[Op]>,
    pub(crate) origins: Box<[Option<StateId>]>,
    pub(crate) states: Box<[State]>,
    pub(crate) constants: Box<[Constant]>,
    pub(crate) paths: Box<[Path]>,
    pub(crate) blames: Box<[Blame]>,
    pub(crate) shapes: Box<[Box<[Box<str>]>]>,
    pub(crate) tests: Box<[choice::Test]>,
    pub(crate) tables: Box<[choice::Table]>,
    pub(crate) tasks: Box<[work::Task]>,
    pub(crate) forks: Box<[work::Fork]>,
    pub(crate) waits: Box<[work::Wait]>,
    pub(crate) expressions: Box<[expression::Expression]>,
    pub(crate) assigns: Box<[Box<[VariableId]>]>,
    pub(crate) variables: Box<[Box<str>]>,
    pub(crate) slots: Box<[Box<[Box<str>]>]>,
    pub(crate) handlers: Box<[Handler]>,
    pub(crate) points: Box<[point::Point]>,
    pub(crate) instrument: point::Instrument,
    pub(crate) timeout_seconds: Option<u64>,
    pub(crate) copies_input: bool,
    pub(crate) opens_input: bool,
    pub(crate) stack_max: u32,
    pub(crate) shortcut: shortcut::Shortcut,
}

/// A constant: compact JSON text.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Constant {
    /// The text.
    pub text: Box<str>,
    pub(crate) form: Form,
}

/// A function that Task states name, and that somebody must stand behind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Handler {
    /// The name: a Lambda function's own name, or the resource (`dynamodb:putItem`, an activity's ARN).
    pub name: Box<str>,
    /// Whether it is a Lambda function.
    pub lambda: bool,
}

impl std::fmt::Display for Handler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

macro_rules! pools {
    ($($(#[$doc:meta])* $name:ident($id:ty) -> $kind:ty { $pool:ident })*) => {
        impl Program {$(
            $(#[$doc])*
            pub fn $name(&self, id: $id) -> &$kind {
                &self.$pool[id.index()]
            }
        )*}
    };
}

pools! {
    /// A state.
    state(StateId) -> State { states }
    /// A constant.
    constant(ConstId) -> Constant { constants }
    /// A compiled path.
    path(PathId) -> Path { paths }
    /// What an error text says.
    blame(BlameId) -> Blame { blames }
    /// The keys of a built object.
    shape(ShapeId) -> [Box<str>] { shapes }
    /// A comparison.
    test(TestId) -> choice::Test { tests }
    /// A dispatch table.
    table(TableId) -> choice::Table { tables }
    /// A task.
    task(TaskId) -> work::Task { tasks }
    /// A fork.
    fork(ForkId) -> work::Fork { forks }
    /// A wait.
    wait(WaitId) -> work::Wait { waits }
    /// A compiled JSONata expression.
    expression(ExpressionId) -> expression::Expression { expressions }
    /// The variables of an Assign.
    assign(AssignId) -> [VariableId] { assigns }
    /// A variable's name.
    variable(VariableId) -> str { variables }
    /// The member names that lead to a slot.
    slot(SlotId) -> [Box<str>] { slots }
    /// A handler's name.
    handler(HandlerId) -> Handler { handlers }
    /// A place that is counted.
    point(PointId) -> point::Point { points }
}

impl Program {
    /// The instructions.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// The states, in the order of their ids.
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// The functions and resources that Task states name, in the order of their ids: whoever runs the program looks up
    /// who stands behind each before the first event.
    pub fn handlers(&self) -> &[Handler] {
        &self.handlers
    }

    /// The tasks, in the order of their ids.
    pub fn tasks(&self) -> &[work::Task] {
        &self.tasks
    }

    /// The paths of the execution's input that the program reads, member names only, in the order of their slots.
    pub fn slots(&self) -> &[Box<[Box<str>]>] {
        &self.slots
    }

    /// The names of the machine's variables.
    pub fn variables(&self) -> &[Box<str>] {
        &self.variables
    }

    /// The places that the program counts, in the order of their ids; a plain program has none.
    pub fn points(&self) -> &[point::Point] {
        &self.points
    }

    /// What the program counts or notes besides running.
    pub fn instrument(&self) -> point::Instrument {
        self.instrument
    }

    /// The machine's own TimeoutSeconds.
    pub fn timeout_seconds(&self) -> Option<u64> {
        self.timeout_seconds
    }

    /// Whether the execution's input, or an object inside it, can be copied to where somebody sees it: an output, a
    /// handler, a built value. If not, nobody has to know beforehand whether its objects hold a key twice.
    pub fn copies_input(&self) -> bool {
        self.copies_input
    }

    /// Whether the program looks into documents by paths that are no slots, into their arrays, or writes into them: then
    /// an input that has been opened saves going over its text each time.
    pub fn opens_input(&self) -> bool {
        self.opens_input
    }

    /// The state that an instruction was compiled from; none for what belongs to the program as a whole.
    pub fn origin(&self, at: Addr) -> Option<StateId> {
        self.origins[at.index()]
    }

    /// The ways through the program on which only the input decides.
    pub fn shortcut(&self) -> &shortcut::Shortcut {
        &self.shortcut
    }

    /// How deep the stack of an execution can get.
    pub fn stack_max(&self) -> u32 {
        self.stack_max
    }
}

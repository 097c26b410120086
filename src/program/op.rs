//! THE instruction set, declared once.
//!
//! From the one declaration below come the enum, its size assertion, the mnemonics and operands of the listing, the
//! operand and stack checks of the verifier, and the table that `expressway compile --instructions` prints; so they
//! cannot drift apart. An instruction that is added here needs one more arm in `vm`, and nothing else.
//!
//! # What an instruction works on
//!
//! | register | holds |
//! | --- | --- |
//! | `doc` | the document that entered the state ("raw input") |
//! | `eff` | the effective input, after InputPath |
//! | `res` | the result of the state's work; in a Catcher's code the error output |
//! | `out` | the document that will leave the state |
//!
//! beside them a stack of values for expressions (its depth is known before the program runs), the variables, the
//! context object, and the execution's input, of which the scanner may already hold the parts that the program reads
//! ([`SlotId`]). No instruction recurses on the native stack; none allocates outside the arena; each counts the history
//! events that it stands for, recorded or not.

use super::id::*;
use super::{Function, Program};

/// The four document registers of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Register {
    /// The document that entered the state.
    Doc,
    /// The effective input.
    Eff,
    /// The result of the work, or the error output.
    Res,
    /// The document that will leave the state.
    Out,
}

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Root {
    /// At a document register.
    Register(Register),
    /// At the input of the Map state whose item is being selected.
    Outer,
    /// At the context object, `$$`.
    Context,
    /// At a variable, `$name`.
    Variable(VariableId),
    /// At the execution's input, of which the scanner has kept this very path.
    Slot(SlotId),
}

/// What kind of value a field takes, where an expression gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expected {
    /// Items.
    Array,
    /// Condition.
    Boolean,
    /// Seconds and the limits.
    Number,
    /// Timestamp, Error, Cause.
    String,
}

impl Expected {
    /// The name that error texts use.
    pub fn name(self) -> &'static str {
        match self {
            Expected::Array => "array",
            Expected::Boolean => "boolean",
            Expected::Number => "number",
            Expected::String => "string",
        }
    }
}

macro_rules! instruction_set {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident $mnemonic:literal { $($field:ident: $kind:ty),* }
        pops |$program:ident| $pops:expr; pushes $pushes:literal;
        effect $effect:literal; origin $origin:literal; example $example:literal;
    )*) => {
        /// One instruction.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum Op {
            $(
                $(#[doc = $doc])*
                #[doc = concat!("\n\n`", $effect, "` — from ", $origin, ", as in `", $example, "`.")]
                #[allow(missing_docs)]
                $name { $($field: $kind),* },
            )*
        }

        /// The instruction set as data, in the order of the declaration.
        pub const INSTRUCTIONS: &[Instruction] = &[
            $(Instruction {
                mnemonic: $mnemonic,
                operands: &[$((stringify!($field), stringify!($kind))),*],
                effect: $effect,
                origin: $origin,
                example: $example,
            }),*
        ];

        impl Op {
            /// The name in listings.
            pub fn mnemonic(&self) -> &'static str {
                match self { $(Op::$name { .. } => $mnemonic),* }
            }

            /// Shows every operand, with its name, to `visit`.
            pub fn operands(&self, visit: &mut dyn FnMut(&'static str, &dyn Operand)) {
                match self { $(Op::$name { $($field),* } => { $(visit(stringify!($field), $field);)* }),* }
            }

            /// How many values it takes from the stack and how many it leaves there.
            #[allow(unused_variables)]
            pub fn stack(&self, program: &Program) -> (u32, u32) {
                match *self { $(Op::$name { $($field),* } => { let $program = program; ($pops, $pushes) }),* }
            }
        }
    };
}

/// One row of the instruction set.
#[derive(Clone, Copy, Debug)]
pub struct Instruction {
    /// The name in listings.
    pub mnemonic: &'static str,
    /// The operands: name and type.
    pub operands: &'static [(&'static str, &'static str)],
    /// What it does, in one line of notation.
    pub effect: &'static str,
    /// The fields of the States Language that it comes from.
    pub origin: &'static str,
    /// JSON that produces it.
    pub example: &'static str,
}

/// An operand of an instruction: what the listing prints for it, and whether the program has what it names.
pub trait Operand {
    /// The operand for people, with names in place of numbers.
    fn show(&self, program: &Program) -> String;
    /// Whether the program holds it.
    fn is_in(&self, program: &Program) -> bool;
    /// The address it jumps to, if it is one.
    fn jump(&self) -> Option<Addr> {
        None
    }
}

instruction_set! {
    /// Begins a state: counts a step and the Entered event.
    Enter "enter" { state: StateId }
        pops |_p| 0; pushes 0;
        effect "eff ← doc; StateEntered"; origin "every state"; example "{\"Type\":\"Pass\"}";

    /// Leaves a state with a document: holds it to the size limit, makes assigned variables visible, counts the Exited
    /// event, and goes on where Next leads.
    Leave "leave" { state: StateId, with: Register, to: Addr }
        pops |_p| 0; pushes 0;
        effect "doc ← with; variables ← assigned; StateExited; pc ← to"; origin "every state but Fail"; example "{\"Next\":\"B\"}";

    /// Goes on elsewhere.
    Jump "jump" { to: Addr }
        pops |_p| 0; pushes 0;
        effect "pc ← to"; origin "Next, Default"; example "{\"Next\":\"B\"}";

    /// Ends the scope: the machine, a branch, an item or a handler, with `doc`.
    Finish "finish" {}
        pops |_p| 0; pushes 0;
        effect "scope ends with doc"; origin "End, Succeed"; example "{\"End\":true}";

    /// Ends the scope with a failure; takes the cause, then the error, as far as there are any.
    Fail "fail" { error: bool, cause: bool }
        pops |_p| u32::from(error) + u32::from(cause); pushes 0;
        effect "scope ends with pop cause, pop error"; origin "Fail"; example "{\"Type\":\"Fail\",\"Error\":\"E\"}";

    /// Puts a constant on the stack.
    Const "const" { value: ConstId }
        pops |_p| 0; pushes 1;
        effect "push value"; origin "Result, literals in templates"; example "{\"Result\":7}";

    /// Puts a whole document on the stack.
    Load "load" { from: Root }
        pops |_p| 0; pushes 1;
        effect "push from"; origin "`$`, `$$`, `$name`"; example "{\"a.$\":\"$\"}";

    /// Puts what a path finds on the stack; a miss fails the state as `blame` says.
    Path "path" { from: Root, path: PathId, blame: BlameId }
        pops |_p| 0; pushes 1;
        effect "push path(from)"; origin "InputPath, templates, ItemsPath, …Path"; example "{\"a.$\":\"$.b\"}";

    /// Builds an object of the values on the stack.
    Object "object" { shape: ShapeId }
        pops |p| p.shape(shape).len() as u32; pushes 1;
        effect "push {shape: popped values}"; origin "Parameters, ItemSelector, ResultSelector"; example "{\"a.$\":\"$.b\"}";

    /// Builds an array of the values on the stack.
    Array "array" { length: u32 }
        pops |_p| length; pushes 1;
        effect "push [popped values]"; origin "arrays in templates"; example "{\"a\":[{\"b.$\":\"$.c\"}]}";

    /// Calls an intrinsic function with the values on the stack.
    Call "call" { function: Function, arguments: u16, blame: BlameId }
        pops |_p| u32::from(arguments); pushes 1;
        effect "push function(popped values)"; origin "States.… in templates"; example "{\"a.$\":\"States.UUID()\"}";

    /// Puts the value of a JSONata expression on the stack; an error, or none, fails the state as `blame` says.
    Evaluate "evaluate" { expression: ExpressionId, blame: BlameId }
        pops |_p| 0; pushes 1;
        effect "push expression"; origin "`{% … %}`"; example "{\"Output\":\"{% $states.input.a %}\"}";

    /// Fails the state unless the value that an expression left on the stack is of that kind.
    Expect "expect" { kind: Expected, blame: BlameId }
        pops |_p| 1; pushes 1;
        effect "fail unless top is a kind"; origin "Condition, Items, Seconds, …"; example "{\"Condition\":\"{% true %}\"}";

    /// Goes on elsewhere if the top of the stack is `true`, which it takes.
    WhenTrue "when-true" { to: Addr }
        pops |_p| 1; pushes 0;
        effect "pc ← to if pop"; origin "Condition"; example "{\"Condition\":\"{% true %}\"}";

    /// Takes the top of the stack into a register.
    Store "store" { to: Register }
        pops |_p| 1; pushes 0;
        effect "to ← pop"; origin "InputPath, OutputPath, ResultSelector"; example "{\"InputPath\":\"$.a\"}";

    /// Copies a register.
    Move "move" { to: Register, from: Register }
        pops |_p| 0; pushes 0;
        effect "to ← from"; origin "absent InputPath, ResultPath, OutputPath"; example "{\"ResultPath\":null}";

    /// Writes the result into the document that entered the state.
    Place "place" { path: PathId, blame: BlameId }
        pops |_p| 0; pushes 0;
        effect "out ← doc with res at path"; origin "ResultPath"; example "{\"ResultPath\":\"$.r\"}";

    /// Takes the values of an Assign; they become visible when the state exits.
    Assign "assign" { variables: AssignId }
        pops |p| p.assign(variables).len() as u32; pushes 0;
        effect "assigned ← {variables: popped values}"; origin "Assign"; example "{\"Assign\":{\"x\":1}}";

    /// Goes on elsewhere if a comparison holds.
    When "when" { test: TestId, to: Addr }
        pops |_p| 0; pushes 0;
        effect "pc ← to if test"; origin "a Choice rule"; example "{\"Variable\":\"$.n\",\"IsNull\":true}";

    /// Goes on where the table has the string that its path finds; falls through where it has none.
    Switch "switch" { table: TableId }
        pops |_p| 0; pushes 0;
        effect "pc ← table[path] if there"; origin "a run of StringEquals rules on one path"; example "{\"Variable\":\"$.s\",\"StringEquals\":\"A\"}";

    /// Fails because no rule matched and there is no Default.
    NoMatch "nomatch" {}
        pops |_p| 0; pushes 0;
        effect "fail States.Runtime"; origin "a Choice without Default"; example "{\"Choices\":[…]}";

    /// Asks to be woken later; a time that is read from the input is on the stack.
    Wait "wait" { wait: WaitId }
        pops |p| u32::from(p.wait(wait).is_dynamic()); pushes 0;
        effect "request WaitUntil"; origin "Wait"; example "{\"Type\":\"Wait\",\"Seconds\":3}";

    /// Calls what a Task names, with the arguments on the stack; above them, as far as the task reads them from its
    /// input, its credentials, its time limit and its heartbeat.
    Invoke "invoke" { task: TaskId }
        pops |p| p.task(task).stack_length(); pushes 0;
        effect "request Task; res ← reply"; origin "Task"; example "{\"Type\":\"Task\",\"Resource\":\"arn:…\"}";

    /// Begins a call of a handler whose body is one Pass state: the body's expression follows in its place, its `$` the
    /// effective input. Takes from the stack what `Invoke` takes.
    Begin "begin" { task: TaskId, body: StateId }
        pops |p| p.task(task).stack_length(); pushes 0;
        effect "the task is scheduled"; origin "Task with a handler of one Pass state"; example "{\"Type\":\"Task\",\"Resource\":\"arn:…\"}";

    /// Ends the call that `Begin` began, with what its body has left on the stack.
    Return "return" { task: TaskId }
        pops |_p| 1; pushes 0;
        effect "res ← pop as the task's reply"; origin "Task with a handler of one Pass state"; example "{\"End\":true}";

    /// Runs the children of a Map or Parallel: items or branch input are on the stack.
    Fork "fork" { fork: ForkId }
        pops |p| p.fork(fork).stack_length(); pushes 0;
        effect "request Children; res ← results"; origin "Map, Parallel"; example "{\"Type\":\"Parallel\",\"Branches\":[…]}";

    /// Counts a place that the execution has come to. Only instrumented programs have it.
    Count "count" { point: PointId }
        pops |_p| 0; pushes 0;
        effect "count point"; origin "coverage"; example "{\"Next\":\"B\"}";

    /// Notes what the comparison that comes next will see. Only programs that are watched have it.
    Watch "watch" { test: TestId }
        pops |_p| 0; pushes 0;
        effect "note test"; origin "a Choice rule that is watched"; example "{\"Variable\":\"$.n\",\"IsNull\":true}";

    /// Makes an item of a distributed Map an execution of its own, with `doc` as its input.
    Detach "detach" {}
        pops |_p| 0; pushes 0;
        effect "execution's input ← doc; variables ← none"; origin "ProcessorConfig"; example "{\"Mode\":\"DISTRIBUTED\",…}";
}

// Three instructions to a cache line.
const _: () = assert!(size_of::<Op>() <= 20);

/// Operands that name an entry of a pool.
macro_rules! pool_operands {
    ($($id:ident in $pool:ident: |$program:ident, $at:ident| $show:expr;)*) => {$(
        impl Operand for $id {
            fn show(&self, $program: &Program) -> String {
                let $at = *self;
                if self.is_in($program) { $show } else { format!("{}({}) out of range", stringify!($id), self.0) }
            }
            fn is_in(&self, program: &Program) -> bool {
                self.index() < program.$pool.len()
            }
        }
    )*};
}

pool_operands! {
    StateId in states: |p, id| format!("'{}'", p.state(id).name);
    ConstId in constants: |p, id| brief(&p.constant(id).text);
    PathId in paths: |p, id| p.path(id).to_string();
    BlameId in blames: |p, id| p.blame(id).to_string();
    ShapeId in shapes: |p, id| format!("{{{}}}", p.shape(id).join(", "));
    TestId in tests: |p, id| p.test(id).show(p);
    TableId in tables: |p, id| p.table(id).show(p);
    TaskId in tasks: |p, id| p.task(id).show(p);
    ForkId in forks: |p, id| p.fork(id).show(p);
    ExpressionId in expressions: |p, id| brief(&p.expression(id).text);
    WaitId in waits: |p, id| p.wait(id).to_string();
    AssignId in assigns: |p, id| p.assign(id).iter().map(|v| format!("${}", p.variable(*v))).collect::<Vec<_>>().join(", ");
    VariableId in variables: |p, id| format!("${}", p.variable(id));
    SlotId in slots: |p, id| format!("slot {} {}", id.0, p.slot(id).join("."));
    HandlerId in handlers: |p, id| p.handler(id).to_string();
    PointId in points: |p, id| p.point(id).show(p);
}

impl Operand for Addr {
    fn show(&self, _: &Program) -> String {
        format!("@{}", self.0)
    }
    fn is_in(&self, program: &Program) -> bool {
        self.index() < program.ops.len()
    }
    fn jump(&self) -> Option<Addr> {
        Some(*self)
    }
}

impl Operand for Register {
    fn show(&self, _: &Program) -> String {
        match self {
            Register::Doc => "doc",
            Register::Eff => "eff",
            Register::Res => "res",
            Register::Out => "out",
        }
        .to_owned()
    }
    fn is_in(&self, _: &Program) -> bool {
        true
    }
}

impl Operand for Root {
    fn show(&self, program: &Program) -> String {
        match self {
            Root::Register(register) => register.show(program),
            Root::Outer => "outer".to_owned(),
            Root::Context => "$$".to_owned(),
            Root::Variable(variable) => variable.show(program),
            Root::Slot(slot) => slot.show(program),
        }
    }
    fn is_in(&self, program: &Program) -> bool {
        match self {
            Root::Variable(variable) => variable.is_in(program),
            Root::Slot(slot) => slot.is_in(program),
            _ => true,
        }
    }
}

impl Operand for Function {
    fn show(&self, _: &Program) -> String {
        self.name().to_owned()
    }
    fn is_in(&self, _: &Program) -> bool {
        true
    }
}

macro_rules! plain_operands {
    ($($kind:ty),*) => {$(
        impl Operand for $kind {
            fn show(&self, _: &Program) -> String {
                self.to_string()
            }
            fn is_in(&self, _: &Program) -> bool {
                true
            }
        }
    )*};
}

impl Operand for Expected {
    fn show(&self, _: &Program) -> String {
        self.name().to_owned()
    }
    fn is_in(&self, _: &Program) -> bool {
        true
    }
}

plain_operands!(bool, u16, u32);

/// A text cut to the width of a listing.
fn brief(text: &str) -> String {
    let mut short: String = text.chars().take(48).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

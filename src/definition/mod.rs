//! Amazon States Language text → typed definition with positions, and every diagnostic.
//!
//! Flows in: a JSON or YAML text (or a SAM/CloudFormation template that holds one). Flows out: a [`Definition`] that has
//! passed all rules of creation, or every [`Diagnostic`] at once, never only the first. It must never know of bytecode,
//! run anything, or touch a file: whoever has the text gives it.

pub mod choice;
pub mod diagnostic;
pub mod fail;
pub mod fan_out;
pub mod machine;
pub mod path;
pub mod payload;
pub mod source;
pub mod task;
pub mod wait;

pub use choice::{Choice, ChoiceRule, Comparator, Condition, DataTest, Operand};
pub use diagnostic::{Code, Diagnostic, Severity};
pub use fail::{Fail, FailText};
pub use fan_out::{Count, Map, Parallel, Percentage, ProcessorMode};
pub use machine::{
    Definition, Expression, Flow, JsonataFields, MachineType, Pass, QueryLanguage, Scope, State, StateIndex, StateKind,
};
pub use path::{Head, PathExpr, PathField};
pub use payload::{Assign, Intrinsic, IntrinsicArg, Template, TemplateMember};
pub use source::{Position, Source};
pub use task::{Catcher, JitterStrategy, Pattern, Resource, Retrier, Task, TimeLimit};
pub use wait::Wait;

//! Index newtypes: one for each pool of a program, 32 bits, made only by the pool that owns them.
//!
//! 32 bits are enough because a definition is at most 1 MiB and nothing in a program is larger than its definition by
//! more than a small factor; a pool that would outgrow them is refused while compiling. Ids of different pools can never
//! be mixed up or added to one another.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) u32);

        impl $name {
            /// The position in its pool.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// The address of an instruction.
    Addr,
    /// A state of the machine or of a handler written in ASL.
    StateId,
    /// A constant: JSON text.
    ConstId,
    /// A compiled JSONPath.
    PathId,
    /// What an error text says of an expression: which field, which text.
    BlameId,
    /// The keys of an object that a template builds.
    ShapeId,
    /// One comparison of a Choice rule.
    TestId,
    /// A dispatch table over the values of one string.
    TableId,
    /// What a Task state calls, and how.
    TaskId,
    /// What a Map or Parallel state runs.
    ForkId,
    /// A compiled JSONata expression.
    ExpressionId,
    /// How a Wait state waits.
    WaitId,
    /// The variables that one Assign sets.
    AssignId,
    /// A variable, by its name.
    VariableId,
    /// A path of the execution's input that the scanner keeps the place of.
    SlotId,
    /// A function that Task states name, whoever stands behind it.
    HandlerId,
    /// A place that an instrumented program counts.
    PointId,
}

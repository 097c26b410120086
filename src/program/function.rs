//! The intrinsic functions, by name: 18 in the States Language, "Intrinsic functions".

macro_rules! functions {
    ($($name:ident),*) => {
        /// An intrinsic function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum Function { $($name),* }

        impl Function {
            /// All of them.
            pub const ALL: &[Function] = &[$(Function::$name),*];

            /// The name as it is written, prefix included.
            pub fn name(self) -> &'static str {
                match self { $(Function::$name => concat!("States.", stringify!($name))),* }
            }
        }
    };
}

functions!(
    Format,
    StringToJson,
    JsonToString,
    Array,
    ArrayPartition,
    ArrayContains,
    ArrayRange,
    ArrayGetItem,
    ArrayLength,
    ArrayUnique,
    Base64Encode,
    Base64Decode,
    Hash,
    JsonMerge,
    MathRandom,
    MathAdd,
    StringSplit,
    UUID
);

impl Function {
    /// Whether it draws from the execution's numbers; for all others, nobody need know who the execution is.
    pub fn draws(self) -> bool {
        matches!(self, Function::UUID | Function::MathRandom)
    }

    /// The function of that name.
    ///
    /// ```
    /// use expressway::program::Function;
    /// assert_eq!(Function::from_name("States.MathAdd"), Some(Function::MathAdd));
    /// assert_eq!(Function::from_name("States.Nope"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Function> {
        Function::ALL.iter().copied().find(|f| f.name() == name)
    }
}

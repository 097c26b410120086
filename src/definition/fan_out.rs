//! Parallel and Map states: what runs side by side.
//!
//! Flows in: nothing by itself, the readers fill these types. Flows out: [`Parallel`], [`Map`], each with whole
//! [`Scope`]s inside.

use super::machine::{Expression, Scope};
use super::path::{PathExpr, PathField};
use super::payload::Template;
use super::task::{Catcher, Retrier};
use crate::value::tree::Node;

/// What a Parallel state adds to the common fields.
#[derive(Clone, Debug)]
pub struct Parallel {
    /// `Branches`; never empty.
    pub branches: Vec<Scope>,
    /// `Parameters`
    pub parameters: Option<Template>,
    /// `ResultSelector`
    pub result_selector: Option<Template>,
    /// `ResultPath`
    pub result_path: PathField,
    /// `Retry`, in order.
    pub retry: Vec<Retrier>,
    /// `Catch`, in order.
    pub catch: Vec<Catcher>,
}

/// What a Map state adds to the common fields.
#[derive(Clone, Debug)]
pub struct Map {
    /// `ItemsPath`; `Null` never occurs.
    pub items_path: PathField,
    /// `ItemSelector`, or its older name `Parameters`.
    pub item_selector: Option<Template>,
    /// Whether it was written as `Parameters`, which run-time messages may need to say.
    pub item_selector_field: &'static str,
    /// `ItemProcessor`, or its older name `Iterator`.
    pub processor: Scope,
    /// Where the items run.
    pub mode: ProcessorMode,
    /// `MaxConcurrency`; 0 means no limit of its own.
    pub max_concurrency: Count,
    /// `ToleratedFailureCount`
    pub tolerated_failure_count: Count,
    /// `ToleratedFailurePercentage`
    pub tolerated_failure_percentage: Percentage,
    /// `Label`
    pub label: Option<Box<str>>,
    /// `ItemReader`, checked, as it was written.
    pub item_reader: Option<Node>,
    /// `ItemBatcher`
    pub item_batcher: Option<ItemBatcher>,
    /// `ResultWriter`
    pub result_writer: Option<ResultWriter>,
    /// `ResultSelector`
    pub result_selector: Option<Template>,
    /// `ResultPath`
    pub result_path: PathField,
    /// `Retry`, in order.
    pub retry: Vec<Retrier>,
    /// `Catch`, in order.
    pub catch: Vec<Catcher>,
}

/// `ItemBatcher`: how items are put together, so that a child runs on several at once.
#[derive(Clone, Debug)]
pub struct ItemBatcher {
    /// `MaxItemsPerBatch`
    pub max_items: Count,
    /// `MaxInputBytesPerBatch`
    pub max_input_bytes: Count,
    /// `BatchInput` of a JSONPath state.
    pub batch_input: Option<Template>,
    /// `BatchInput` of a JSONata state, checked, as it was written.
    pub batch_input_jsonata: Option<Node>,
}

/// `ResultWriter`: where results go, and in which shape.
#[derive(Clone, Debug)]
pub struct ResultWriter {
    /// Whether it names a `Resource` to write to.
    pub exports: bool,
    /// `WriterConfig.Transformation`
    pub transformation: Option<Transformation>,
    /// Whether `WriterConfig.OutputType` is JSONL.
    pub lines: bool,
}

/// `WriterConfig.Transformation`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transformation {
    /// Outputs with what is known of the children.
    None,
    /// Outputs alone.
    Compact,
    /// Outputs alone, those that are arrays as their elements.
    Flatten,
}

/// `ProcessorConfig.Mode`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ProcessorMode {
    /// Items run inside the execution.
    #[default]
    Inline,
    /// Every item, or batch of items, is an execution of its own.
    Distributed {
        /// What kind of execution.
        execution_type: super::machine::MachineType,
    },
}

/// A whole number that may be read at run time.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Count {
    /// Not given.
    #[default]
    Default,
    /// Written out.
    Literal(u64),
    /// The `…Path` form.
    Path(PathExpr),
    /// JSONata.
    Expression(Expression),
}

/// A percentage that may be read at run time.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Percentage {
    /// Not given.
    #[default]
    Default,
    /// 0 to 100.
    Literal(f64),
    /// The `…Path` form.
    Path(PathExpr),
    /// JSONata.
    Expression(Expression),
}

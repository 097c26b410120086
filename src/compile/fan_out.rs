//! Map and Parallel: the fork, and the entries of the children.

use super::instrument::Mark;
use super::jsonata::states::Setting;
use super::scope::Place;
use super::{Compiler, Documents, Waiting};
use crate::definition::{
    self, Count, ItemBatcher, Map, Parallel, PathField, Percentage, ProcessorMode, Scope, State, Transformation,
};
use crate::program::point::PointKind;
use crate::program::work::{Batch, Children, Fork, Limit};
use crate::program::{Addr, Blame, BlameId, Expected, Op, Register, Root, StateId};
use crate::value::tree::{Kind, Node};

impl<'d> Compiler<'d> {
    pub(super) fn parallel(&mut self, place: &mut Place<'d>, state: &'d State, id: StateId, parallel: &'d Parallel) {
        let effective = Root::Register(Register::Eff);
        let arguments = state.jsonata.as_ref().and_then(|fields| fields.arguments.as_ref());
        match &parallel.parameters {
            None if arguments.is_some() => {
                arguments.iter().for_each(|arguments| self.json(arguments, "Arguments", Setting::ENTRY));
            }
            Some(parameters) => self.template(parameters, effective, "Parameters"),
            None => {
                self.copied(Register::Eff);
                self.builder.emit(Op::Load { from: effective });
            }
        }
        let branches = parallel.branches.iter().enumerate();
        let entries = branches
            .map(|(n, branch)| {
                let mark = self.mark_of(place, id, branch.span, PointKind::Branch(n as u32));
                self.child(place, branch, mark)
            })
            .collect();
        let fork = self.builder.fork(Fork { state: id, children: Children::Branches(entries), timeless: false });
        self.builder.emit(Op::Fork { fork });
        self.finish_work(place, state, id, parallel.result_selector.as_ref(), &parallel.result_path);
        self.rescue(place, id, &parallel.retry, &parallel.catch);
    }

    pub(super) fn map(&mut self, place: &mut Place<'d>, state: &'d State, id: StateId, map: &'d Map) {
        if map.item_reader.is_some() {
            let location = format!("{}/ItemReader", state.location);
            return self.unsupported(
                &location,
                "items are read from the state's input only: leave ItemReader out and give the items as input",
            );
        }
        if let Some(writer) = map.result_writer.as_ref().filter(|writer| !writer.exports) {
            let location = format!("{}/ResultWriter/WriterConfig", state.location);
            if writer.transformation == Some(Transformation::None) {
                self.unsupported(
                    &location,
                    "Transformation NONE shows what AWS knows of the children's executions, which there are none of \
                     here: use COMPACT or FLATTEN",
                );
            } else if writer.lines {
                self.unsupported(&location, "OutputType JSONL is for files, which are not written here: use JSON");
            }
        }
        let effective = Root::Register(Register::Eff);
        let items = match &map.items_path {
            _ if state.jsonata.is_some() => self.items(state),
            PathField::Path(path) => {
                let blame = Blame::Items { path: path.text.clone() };
                self.path(path, effective, blame)
            }
            PathField::Default | PathField::Null => {
                self.copied(Register::Eff);
                self.builder.emit(Op::Load { from: effective });
                self.builder.blame(Blame::Items { path: "$".into() })
            }
        };
        let batcher = map.item_batcher.as_ref().filter(|_| map.mode != ProcessorMode::Inline);
        let selects =
            map.item_selector.is_some() || state.jsonata.as_ref().is_some_and(|fields| fields.item_selector.is_some());
        let selected_before = batcher.filter(|_| selects).map(|_| {
            self.copied(Register::Eff);
            let entry = self.builder.label();
            let children = Children::Selected { entry, items };
            let fork = self.builder.fork(Fork { state: id, children, timeless: false });
            self.builder.emit(Op::Fork { fork });
            self.builder.emit(Op::Load { from: Root::Register(Register::Res) });
            entry
        });
        let concurrency = self.count(&map.max_concurrency, "MaxConcurrencyPath");
        let tolerated_count = self.count(&map.tolerated_failure_count, "ToleratedFailureCountPath");
        let tolerated_percentage = match &map.tolerated_failure_percentage {
            Percentage::Default => Limit::None,
            Percentage::Literal(percentage) => Limit::Literal((percentage * 100.0) as u64),
            Percentage::Path(path) => self.popped(path, "ToleratedFailurePercentagePath"),
            Percentage::Expression(expression) => self.number(&expression.text, "ToleratedFailurePercentage"),
        };
        let batch = batcher.map(|batcher| self.batch(batcher));
        // An ItemSelector reads the Map's whole input.
        self.copied(Register::Eff);
        let entry = self.builder.label();
        let children = Children::Items {
            entry,
            items,
            concurrency,
            tolerated_count,
            tolerated_percentage,
            label: map.label.clone(),
            distributed: map.mode != ProcessorMode::Inline,
            batch,
            flatten: map
                .result_writer
                .as_ref()
                .is_some_and(|writer| !writer.exports && writer.transformation == Some(Transformation::Flatten)),
        };
        let fork = self.builder.fork(Fork { state: id, children, timeless: false });
        self.builder.emit(Op::Fork { fork });
        self.finish_work(place, state, id, map.result_selector.as_ref(), &map.result_path);
        self.rescue(place, id, &map.retry, &map.catch);
        let start = self.child(place, &map.processor, None);
        self.builder.place(entry);
        if let Some(mark) = self.mark_of(place, id, map.processor.span, PointKind::Item) {
            self.mark(mark);
        }
        if selected_before.is_none() {
            self.select(state, map);
        }
        if map.mode != ProcessorMode::Inline {
            self.documents = Documents::default();
            self.builder.emit(Op::Detach {});
        }
        self.builder.emit(Op::Jump { to: start });
        if let Some(entry) = selected_before {
            self.builder.place(entry);
            self.select(state, map);
            self.builder.emit(Op::Finish {});
        }
    }

    /// ItemSelector: the item becomes what it selects.
    fn select(&mut self, state: &'d State, map: &'d Map) {
        if let Some(selector) = state.jsonata.as_ref().and_then(|fields| fields.item_selector.as_ref()) {
            self.documents = Documents::default();
            self.json(selector, map.item_selector_field, Setting::ITEM);
            self.builder.emit(Op::Store { to: Register::Doc });
        } else if let Some(selector) = &map.item_selector {
            self.documents = Documents::default();
            self.template(selector, Root::Outer, map.item_selector_field);
            self.builder.emit(Op::Store { to: Register::Doc });
        }
    }

    /// ItemBatcher: BatchInput and the limits, on the stack as far as they are read at run time.
    fn batch(&mut self, batcher: &'d ItemBatcher) -> Batch {
        if let Some(template) = &batcher.batch_input {
            self.template(template, Root::Register(Register::Eff), "BatchInput");
        } else if let Some(node) = &batcher.batch_input_jsonata {
            self.json(node, "ItemBatcher/BatchInput", Setting::ENTRY);
        }
        Batch {
            input: batcher.batch_input.is_some() || batcher.batch_input_jsonata.is_some(),
            max_items: self.count(&batcher.max_items, "MaxItemsPerBatchPath"),
            max_bytes: self.count(&batcher.max_input_bytes, "MaxInputBytesPerBatchPath"),
        }
    }

    /// Items of a JSONata Map: an expression, an array with expressions, or without the field the state's input.
    fn items(&mut self, state: &'d State) -> BlameId {
        let items = state.jsonata.as_ref().and_then(|fields| fields.items.as_ref());
        match items {
            Some(Node { kind: Kind::String(text), .. }) => {
                let inner = text.strip_prefix("{%").and_then(|t| t.strip_suffix("%}")).unwrap_or(text);
                self.expression(inner.trim(), "Items", Setting::ENTRY, Some(Expected::Array))
            }
            Some(items) => {
                self.json(items, "Items", Setting::ENTRY);
                self.builder.blame(Blame::MapInput)
            }
            None => {
                self.copied(Register::Eff);
                self.builder.emit(Op::Load { from: Root::Register(Register::Eff) });
                self.builder.blame(Blame::MapInput)
            }
        }
    }

    /// Leaves a scope inside for later; gives its entry.
    fn child(&mut self, place: &Place<'d>, scope: &'d Scope, mark: Option<Mark>) -> Addr {
        let entry = self.builder.label();
        self.waiting.push(Waiting { scope, source: place.source, entry, within: place.within, mark, input: false });
        entry
    }

    fn count(&mut self, count: &'d Count, field: &str) -> Limit {
        match count {
            Count::Default => Limit::None,
            Count::Literal(n) => Limit::Literal(*n),
            Count::Path(path) => self.popped(path, field),
            Count::Expression(expression) => self.number(&expression.text, field.trim_end_matches("Path")),
        }
    }

    fn popped(&mut self, path: &'d definition::PathExpr, field: &str) -> Limit {
        let blame = Blame::Field { field: field.into(), path: path.text.clone() };
        Limit::Popped(self.path(path, Root::Register(Register::Eff), blame))
    }
}

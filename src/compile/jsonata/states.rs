//! The fields of JSONata states: JSON in which strings between `{%` and `%}` are expressions.
//!
//! `$states.input` is the document that entered the state, so in a state that the execution's input reaches word for
//! word the fields that an expression reads of it are slots of the scanner.

use super::{Resolver, compile};
use crate::compile::{Compiler, Documents, scoped_variable};
use crate::definition::JsonataFields;
use crate::definition::jsonata::Ast;
use crate::definition::jsonata::names::{Outside, outside};
use crate::program::expression::{Builtin, Global, Left};
use crate::program::work::Limit;
use crate::program::{Blame, BlameId, Builder, Expected, Op, Register, Root};
use crate::value::tree::{Kind, Node};

/// Where the expressions of a field stand.
#[derive(Clone, Copy)]
pub(in crate::compile) struct Setting {
    /// `$states.input`
    pub input: Root,
    /// What else `$states` has.
    pub left: Left,
}

impl Setting {
    /// Before the state's work, or where there is none.
    pub const ENTRY: Setting = Setting { input: Root::Register(Register::Doc), left: Left::Nothing };
    /// After the work.
    pub const RESULT: Setting = Setting { left: Left::Result, ..Setting::ENTRY };
    /// In a catcher.
    pub const CAUGHT: Setting = Setting { left: Left::ErrorOutput, ..Setting::ENTRY };
    /// In a handler whose one state is evaluated in the place of its call.
    pub const BODY: Setting = Setting { input: Root::Register(Register::Eff), left: Left::Nothing };
    /// For each item of a Map.
    pub const ITEM: Setting = Setting { input: Root::Outer, left: Left::Nothing };
}

impl<'d> Compiler<'d> {
    /// A field's JSON, expressions evaluated: one value on the stack.
    pub(in crate::compile) fn json(&mut self, node: &'d Node, field: &str, setting: Setting) {
        if !is_dynamic(node) {
            let value = self.builder.constant(&node.to_json());
            self.builder.emit(Op::Const { value });
            return;
        }
        match &node.kind {
            Kind::Object(members) => {
                let mut keys: Vec<Box<str>> = Vec::new();
                for (n, member) in members.iter().enumerate() {
                    // Of equal keys the last counts.
                    if members[n + 1..].iter().any(|later| later.key == member.key) {
                        continue;
                    }
                    self.json(&member.value, &format!("{field}/{}", member.key), setting);
                    keys.push(member.key.clone());
                }
                let shape = self.builder.shape(keys);
                self.builder.emit(Op::Object { shape });
            }
            Kind::Array(elements) => {
                for (n, element) in elements.iter().enumerate() {
                    self.json(element, &format!("{field}[{n}]"), setting);
                }
                self.builder.emit(Op::Array { length: u32::try_from(elements.len()).unwrap_or(u32::MAX) });
            }
            Kind::String(text) => {
                let inner = text.strip_prefix("{%").and_then(|t| t.strip_suffix("%}")).unwrap_or(text);
                self.expression(inner.trim(), field, setting, None);
            }
            // Everything else is not dynamic.
            _ => {}
        }
    }

    /// An expression, its value on the stack, of the kind that the field takes.
    pub(in crate::compile) fn expression(
        &mut self,
        text: &str,
        field: &str,
        setting: Setting,
        expected: Option<Expected>,
    ) -> BlameId {
        let blame = self.builder.blame(Blame::Expression { field: field.into(), text: text.into() });
        let ast = match Ast::parse(text) {
            Ok(ast) => ast,
            Err(error) => {
                self.unsupported(field, error.message);
                return blame;
            }
        };
        if let Some(handler) = self.handler.clone()
            && outside(&ast.root).contains(&Outside::States("context"))
        {
            let what = "a handler sees no context object: give it what it needs in its event";
            self.unsupported(&format!("handler {handler}: {text}"), what);
        }
        let handler = self.handler.as_deref();
        let mut names = StateNames { builder: &mut self.builder, documents: self.documents, setting, handler };
        let compiled = compile(&ast, text, &mut names);
        let expression = self.builder.expression(compiled);
        self.builder.emit(Op::Evaluate { expression, blame });
        if let Some(kind) = expected {
            self.builder.emit(Op::Expect { kind, blame });
        }
        blame
    }

    /// A number that an expression gives.
    pub(in crate::compile) fn number(&mut self, text: &str, field: &str) -> Limit {
        Limit::Popped(self.expression(text, field, Setting::ENTRY, Some(Expected::Number)))
    }

    /// Assign and Output, below `at` (empty, or `Choices[0]/`): the register with the document that leaves.
    pub(in crate::compile) fn outcome(
        &mut self,
        fields: &'d JsonataFields,
        at: &str,
        setting: Setting,
        otherwise: Register,
    ) -> Register {
        if let Some(Node { kind: Kind::Object(members), .. }) = &fields.assign
            && !members.is_empty()
        {
            let mut variables = Vec::new();
            for (n, member) in members.iter().enumerate() {
                if members[n + 1..].iter().any(|later| later.key == member.key) {
                    continue;
                }
                self.json(&member.value, &format!("{at}Assign/{}", member.key), setting);
                variables.push(self.variable(&member.key));
            }
            let variables = self.builder.assign(variables);
            self.builder.emit(Op::Assign { variables });
        }
        match &fields.output {
            Some(output) => {
                self.json(output, &format!("{at}Output"), setting);
                self.builder.emit(Op::Store { to: Register::Out });
                Register::Out
            }
            None => otherwise,
        }
    }
}

/// Whether there is an expression in it.
fn is_dynamic(node: &Node) -> bool {
    match &node.kind {
        Kind::Object(members) => members.iter().any(|member| is_dynamic(&member.value)),
        Kind::Array(elements) => elements.iter().any(is_dynamic),
        Kind::String(text) => text.starts_with("{%") && text.ends_with("%}") && text.len() >= 4,
        _ => false,
    }
}

/// Whether the expressions in it read nothing of `$states` but its input.
pub(in crate::compile) fn reads_input_alone(node: &Node) -> bool {
    match &node.kind {
        Kind::Object(members) => members.iter().all(|member| reads_input_alone(&member.value)),
        Kind::Array(elements) => elements.iter().all(reads_input_alone),
        Kind::String(text) => text.split("$states").skip(1).all(|behind| behind.starts_with(".input")),
        _ => true,
    }
}

/// The names around an expression of a state.
pub(super) struct StateNames<'b> {
    pub builder: &'b mut Builder,
    pub documents: Documents,
    pub setting: Setting,
    /// The handler written in ASL that the state belongs to, whose variables are its own.
    pub handler: Option<&'b str>,
}

impl StateNames<'_> {
    fn reads(&mut self, root: Root) {
        match root {
            Root::Register(register) => self.builder.copies_input |= self.documents.holds(register),
            // What a Map's items are selected from was noted when the Map was entered.
            Root::Outer | Root::Slot(_) | Root::Variable(_) => {}
            Root::Context => self.builder.copies_input = true,
        }
    }
}

impl Resolver for StateNames<'_> {
    fn global(&mut self, name: &str) -> Global {
        if name == "states" {
            self.reads(self.setting.input);
            self.reads(Root::Context);
            return Global::States { input: self.setting.input, left: self.setting.left };
        }
        // `$eval` does not exist here: AWS has `$parse`.
        match Builtin::from_name(name).filter(|builtin| *builtin != Builtin::Eval) {
            Some(builtin) => Global::Builtin(builtin),
            None => Global::Variable(scoped_variable(self.builder, self.handler, name)),
        }
    }

    fn states(&mut self, members: &[&str]) -> Option<(Global, usize)> {
        let (first, rest) = members.split_first()?;
        let (root, covered) = match (*first, self.setting.left) {
            ("input", _) => {
                let input = self.setting.input;
                let verbatim = matches!(input, Root::Register(register) if self.documents.holds(register));
                if verbatim && !rest.is_empty() {
                    let slot = self.builder.slot(rest.iter().map(|name| (*name).into()).collect());
                    (Root::Slot(slot), members.len())
                } else {
                    (input, 1)
                }
            }
            ("result", Left::Result) | ("errorOutput", Left::ErrorOutput) => (Root::Register(Register::Res), 1),
            ("context", _) => (Root::Context, 1),
            _ => return None,
        };
        self.reads(root);
        Some((Global::Root(root), covered))
    }
}

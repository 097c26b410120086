//! Payload templates, paths and intrinsic functions to stack code.
//!
//! Every expression leaves one value on the stack. What contains nothing dynamic is one constant, whatever its size.

use super::Compiler;
use crate::definition::{Head, Intrinsic, IntrinsicArg, PathExpr, Template};
use crate::program::{Blame, BlameId, Function, Op, Register, Root};
use crate::value::text;

impl PathExpr {
    /// Whether it is `$` and nothing else.
    pub(super) fn is_document(&self) -> bool {
        self.head == Head::Document && &*self.text == "$"
    }
}

impl<'d> Compiler<'d> {
    /// A template, its `$` at `document`; `field` names it in error texts.
    pub(super) fn template(&mut self, template: &'d Template, document: Root, field: &str) {
        match template {
            Template::Literal(node) => {
                let value = self.builder.constant(&node.to_json());
                self.builder.emit(Op::Const { value });
            }
            Template::Object(members) => {
                let mut keys: Vec<Box<str>> = Vec::new();
                for (n, member) in members.iter().enumerate() {
                    // Of `k` and `k.$` in one object the last counts, as of equal keys.
                    if members[n + 1..].iter().any(|later| later.key == member.key) {
                        continue;
                    }
                    self.template(&member.value, document, &member.field);
                    keys.push(member.key.clone());
                }
                let shape = self.builder.shape(keys);
                self.builder.emit(Op::Object { shape });
            }
            Template::Array(items) => {
                for item in items {
                    self.template(item, document, field);
                }
                self.builder.emit(Op::Array { length: u32::try_from(items.len()).unwrap_or(u32::MAX) });
            }
            Template::Path(path) => {
                let blame = Blame::Template { field: field.into(), path: path.text.clone() };
                self.path(path, document, blame);
            }
            Template::Intrinsic(call) => self.intrinsic(call, document, &call.text),
        }
    }

    /// A path, its `$` at `document`; gives what was noted for its error texts.
    pub(super) fn path(&mut self, path: &'d PathExpr, document: Root, blame: Blame) -> BlameId {
        let blame = self.builder.blame(blame);
        if path.is_document() {
            if let Root::Register(register) = document {
                self.copied(register);
            }
            self.builder.emit(Op::Load { from: document });
            return blame;
        }
        let from = self.root(path, document);
        match from {
            // What no slot holds may be an object, or an array of them; the context holds the input as a whole.
            Root::Register(register) => self.copied(register),
            Root::Context => self.builder.copies_input = true,
            Root::Outer | Root::Variable(_) | Root::Slot(_) => {}
        }
        let path = self.builder.path(&path.path);
        self.builder.emit(Op::Path { from, path, blame });
        blame
    }

    /// Where a path starts; if that is the execution's input and the path is made of names alone, the scanner keeps it.
    pub(super) fn root(&mut self, path: &PathExpr, document: Root) -> Root {
        match &path.head {
            Head::Context => {
                if let Some(handler) = self.handler.clone() {
                    let what = "a handler sees no context object: give it what it needs in its event";
                    self.unsupported(&format!("handler {handler}: {}", path.text), what);
                }
                Root::Context
            }
            Head::Variable(name) => Root::Variable(self.variable(name)),
            Head::Document => {
                let verbatim = match document {
                    Root::Register(Register::Doc) => self.documents.doc,
                    Root::Register(Register::Eff) => self.documents.eff,
                    _ => false,
                };
                match path.path.as_members().filter(|members| verbatim && !members.is_empty()) {
                    Some(members) => Root::Slot(self.builder.slot(members.into_iter().map(Into::into).collect())),
                    None => document,
                }
            }
        }
    }

    /// A call; `outermost` is the text of the call that holds all others, which error texts quote.
    pub(super) fn intrinsic(&mut self, call: &'d Intrinsic, document: Root, outermost: &str) {
        let Some(function) = Function::from_name(&call.function) else {
            // The rules of creation have refused every other name.
            return self.unsupported("/", format!("{} is not an intrinsic function", call.function));
        };
        for (n, argument) in call.args.iter().enumerate() {
            match argument {
                IntrinsicArg::String { text, raw } => {
                    let text = if function == Function::Format && n == 0 { raw } else { text };
                    let mut quoted = Vec::new();
                    text::write_string(text, &mut quoted);
                    self.constant(&String::from_utf8_lossy(&quoted));
                }
                IntrinsicArg::Number(number) => self.constant(number),
                IntrinsicArg::Bool(b) => self.constant(if *b { "true" } else { "false" }),
                IntrinsicArg::Null => self.constant("null"),
                IntrinsicArg::Path(path) => {
                    let blame = Blame::Argument { call: outermost.into(), path: path.text.clone() };
                    self.path(path, document, blame);
                }
                IntrinsicArg::Call(inner) => self.intrinsic(inner, document, outermost),
            }
        }
        let blame = self.builder.blame(Blame::Call { call: outermost.into() });
        let arguments = u16::try_from(call.args.len()).unwrap_or(u16::MAX);
        self.builder.emit(Op::Call { function, arguments, blame });
    }

    fn constant(&mut self, json: &str) {
        let value = self.builder.constant(json);
        self.builder.emit(Op::Const { value });
    }
}

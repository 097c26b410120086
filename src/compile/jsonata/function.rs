//! Calls, and the functions that are written in the expression.
//!
//! A function of the library whose name nothing else can be bound to is called without being a value; so is one that is
//! written right where a function of the library calls it. All others are values, which a call takes from the stack.

use super::{Compiler, bound, last};
use crate::definition::jsonata::{Kind, Node};
use crate::program::expression::{self as code, At, Builtin, ExprOp, Global};
use crate::value::signature::Signature;

impl<'c> Compiler<'c> {
    pub(super) fn call(&mut self, procedure: &'c Node, arguments: &'c [Node], first: Option<&'c Node>, tail: bool) {
        let count = arguments.len() as u16 + u16::from(first.is_some());
        if let Some(builtin) = self.known(procedure) {
            if self.over(builtin, first, arguments) {
                return;
            }
            first.iter().for_each(|first| self.node(first, false));
            arguments.iter().for_each(|argument| self.node(argument, false));
            let parameters = &builtin.signature().parameters;
            if tail && usize::from(count) < parameters.len() && parameters.iter().any(|parameter| parameter.context) {
                self.emit(ExprOp::CallerContext);
            }
            self.emit(ExprOp::CallBuiltin(builtin, count));
            return;
        }
        self.node(procedure, false);
        first.iter().for_each(|first| self.node(first, false));
        arguments.iter().for_each(|argument| self.node(argument, false));
        let name = self.callee(procedure);
        self.emit(if tail { ExprOp::TailCall(count, name) } else { ExprOp::Call(count, name) });
    }

    /// A function of the library that calls one which is written right there, as most do: that one needs to be no value.
    fn over(&mut self, builtin: Builtin, first: Option<&'c Node>, arguments: &'c [Node]) -> bool {
        use Builtin::{Each, Filter, Map, Reduce, Sift, Single, Sort};
        let mut all = first.into_iter().chain(arguments);
        let (Some(source), Some(function), start, None) = (all.next(), all.next(), all.next(), all.next()) else {
            return false;
        };
        let takes_it = match builtin {
            Reduce => true,
            Map | Filter | Single | Sort | Sift | Each => start.is_none(),
            _ => false,
        };
        let plain = function.predicates.is_empty() && function.group.is_none() && !function.keep_array;
        let Kind::Lambda { parameters, signature: None, body } = &function.kind else { return false };
        if !takes_it || !plain {
            return false;
        }
        self.node(source, false);
        start.iter().for_each(|start| self.node(start, false));
        let over = self.emit(ExprOp::Jump(At(0)));
        let lambda = self.function(parameters, None, body);
        self.code.ops[over] = ExprOp::Over { builtin, starts: start.is_some(), lambda };
        true
    }

    /// The function that a name stands for, if nothing else can be bound to it.
    fn known(&mut self, procedure: &Node) -> Option<Builtin> {
        match &procedure.kind {
            Kind::Variable(name) if procedure.predicates.is_empty() && self.places(name).is_empty() => {
                match self.resolver.global(name) {
                    Global::Builtin(builtin) => Some(builtin),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The callee's name for error texts. A field that is called although a function of its name exists is written with
    /// a bar in front: then the `$` was forgotten.
    pub(super) fn callee(&mut self, procedure: &Node) -> u32 {
        let name = match &procedure.kind {
            Kind::Variable(name) => name.to_string(),
            Kind::Path { steps, .. } => match steps.first().map(|step| &step.kind) {
                Some(Kind::Name(name)) if steps.len() == 1 => {
                    let reference = self.reference(name);
                    let forgotten = !reference.places.is_empty() || reference.global != Global::None;
                    if forgotten { format!("|{name}") } else { name.to_string() }
                }
                _ => String::new(),
            },
            _ => String::new(),
        };
        self.text(&name)
    }

    pub(super) fn lambda(&mut self, parameters: &[Box<str>], signature: Option<Signature>, body: &'c Node) {
        let jump = self.emit(ExprOp::Jump(At(0)));
        let id = self.function(parameters, signature, body);
        self.code.ops[jump] = ExprOp::Jump(self.here());
        self.emit(ExprOp::Lambda(id));
    }

    /// Writes a function's body here; gives the function's number.
    fn function(&mut self, parameters: &[Box<str>], signature: Option<Signature>, body: &'c Node) -> u32 {
        let mut names: Vec<Box<str>> = Vec::new();
        for parameter in parameters {
            if !names.contains(parameter) {
                names.push(parameter.clone());
            }
        }
        let slots = parameters.iter().map(|p| names.iter().position(|n| n == p).unwrap_or(0) as u16).collect();
        let given = names.len();
        bound(body, &mut names);
        let count = names.len() as u32;
        self.scopes.push((names, given));
        let body = self.body(body, true);
        self.close();
        let makes = |op: &ExprOp| matches!(op, ExprOp::Lambda(_) | ExprOp::Transform(_));
        let captured = self.code.ops[body.0 as usize..].iter().any(makes);
        let end = self.here();
        self.code.lambdas.push(code::Lambda { parameters: slots, slots: count, signature, body, end, captured });
        last(&self.code.lambdas)
    }
}

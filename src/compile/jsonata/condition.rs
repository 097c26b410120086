//! Conditions of Choice rules that need no evaluating: whether the text at a path is one of some.
//!
//! `{% $states.input.kind = 'a' %}` holds if the path leads to that string, and does not if it leads anywhere else or
//! nowhere: no such comparison can fail, and its result is always a boolean. So a run of rules that compare one path becomes
//! a dispatch table, as a run of StringEquals does, and `and` and `or` between such comparisons become jumps. What is not
//! of this kind is left to the evaluator; nothing here may decide otherwise than it would.

use super::compile_part;
use super::states::{Setting, StateNames};
use crate::compile::Compiler;
use crate::definition::jsonata::names::{Outside, outside};
use crate::definition::jsonata::{Ast, Kind, Node};
use crate::definition::{ChoiceRule, Condition};
use crate::program::choice::{Subject, Table};
use crate::program::expression::{Builtin, Expression};
use crate::program::{Addr, Op};

/// A comparison of a path with a string.
struct Equality<'n> {
    path: &'n Node,
    constant: &'n str,
}

/// What such comparisons come to together.
enum Decision<'n> {
    Equal(Equality<'n>),
    Both(Box<Decision<'n>>, Box<Decision<'n>>),
    Either(Box<Decision<'n>>, Box<Decision<'n>>),
}

impl<'d> Compiler<'d> {
    /// Compiles the first rules as look-ups, as many as one table takes; how many, none if the first is not of this kind.
    pub(in crate::compile) fn decided(&mut self, rules: &'d [ChoiceRule], bodies: &[Addr]) -> Option<usize> {
        let first = read(rules.first()?)?;
        if self.handler.is_some() && outside(&first.root).contains(&Outside::States("context")) {
            // A handler sees no context object, which is said where other expressions are compiled.
            return None;
        }
        let Decision::Equal(equality) = decision(&first.root)? else {
            let no = self.builder.label();
            self.decide(&first, decision(&first.root)?, *bodies.first()?, no);
            self.builder.place(no);
            return Some(1);
        };
        let path = self.query(&first, equality.path);
        let mut constants = vec![(equality.constant.into(), *bodies.first()?)];
        for (rule, body) in rules.iter().zip(bodies).skip(1).take(Table::ENTRIES_MAX - 1) {
            let Some(ast) = read(rule) else { break };
            let Some(Decision::Equal(next)) = decision(&ast.root) else { break };
            if !same_path(next.path, equality.path) {
                break;
            }
            constants.push((next.constant.into(), *body));
        }
        self.look_up(path, &constants);
        Some(constants.len())
    }

    /// Code that goes on at `yes` if the decision holds, and falls through or jumps to `no` if it does not.
    fn decide(&mut self, ast: &Ast, decision: Decision, yes: Addr, no: Addr) {
        match decision {
            Decision::Equal(Equality { path, constant }) => {
                let path = self.query(ast, path);
                self.look_up(path, &[(constant.into(), yes)]);
                self.builder.emit(Op::Jump { to: no });
            }
            Decision::Both(left, right) => {
                let next = self.builder.label();
                self.decide(ast, *left, next, no);
                self.builder.place(next);
                self.decide(ast, *right, yes, no);
            }
            Decision::Either(left, right) => {
                let next = self.builder.label();
                self.decide(ast, *left, yes, next);
                self.builder.place(next);
                self.decide(ast, *right, yes, no);
            }
        }
    }

    fn look_up(&mut self, path: Expression, constants: &[(Box<str>, Addr)]) {
        let subject = Subject::Query(self.builder.expression(path));
        let table = self.builder.table(Table::new(subject, constants));
        self.builder.emit(Op::Switch { table });
    }

    /// The path as an expression of its own.
    fn query(&mut self, ast: &Ast, path: &Node) -> Expression {
        let handler = self.handler.as_deref();
        let setting = Setting::ENTRY;
        let mut names = StateNames { builder: &mut self.builder, documents: self.documents, setting, handler };
        compile_part(ast, path, &shown(path), &mut names)
    }
}

fn condition_text(rule: &ChoiceRule) -> Option<&str> {
    match &rule.condition {
        Condition::Expression(expression) => Some(&expression.text),
        _ => None,
    }
}

fn read(rule: &ChoiceRule) -> Option<Ast> {
    Ast::parse(condition_text(rule)?).ok()
}

/// What a node decides, if all of it is of this kind.
fn decision(node: &Node) -> Option<Decision<'_>> {
    if !is_bare(node) {
        return None;
    }
    match &node.kind {
        Kind::Binary("=", left, right) => match (constant(left), constant(right)) {
            (None, Some(constant)) if is_path(left) => Some(Decision::Equal(Equality { path: left, constant })),
            (Some(constant), None) if is_path(right) => Some(Decision::Equal(Equality { path: right, constant })),
            _ => None,
        },
        Kind::Binary("and", left, right) => Some(Decision::Both(decision(left)?.into(), decision(right)?.into())),
        Kind::Binary("or", left, right) => Some(Decision::Either(decision(left)?.into(), decision(right)?.into())),
        Kind::Block(parts) => match &parts[..] {
            [only] => decision(only),
            _ => None,
        },
        _ => None,
    }
}

/// Whether nothing hangs on a node that changes its value.
fn is_bare(node: &Node) -> bool {
    node.predicates.is_empty() && node.stages.is_empty() && node.group.is_none() && !node.keep_array && !node.tuple
}

fn constant(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::String(text) if is_bare(node) => Some(text),
        _ => None,
    }
}

/// Whether it is a variable with names behind it: such a path finds what it finds and cannot fail.
fn is_path(node: &Node) -> bool {
    let Kind::Path { steps, keep_singleton: false } = &node.kind else { return false };
    let Some((Node { kind: Kind::Variable(name), .. }, names)) = steps.split_first() else { return false };
    !matches!(&**name, "" | "$")
        && Builtin::from_name(name).is_none()
        && is_bare(node)
        && steps.iter().all(is_bare)
        && !names.is_empty()
        && names.iter().all(|step| matches!(step.kind, Kind::Name(_)))
}

/// A path of names as listings show it.
fn shown(path: &Node) -> String {
    match &path.kind {
        Kind::Path { steps, .. } => steps.iter().map(shown).collect::<Vec<_>>().join("."),
        Kind::Variable(name) => format!("${name}"),
        Kind::Name(name) => name.to_string(),
        _ => String::new(),
    }
}

/// Whether two paths are the same names.
fn same_path(a: &Node, b: &Node) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Path { steps: a, .. }, Kind::Path { steps: b, .. }) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_path(a, b))
        }
        (Kind::Name(a), Kind::Name(b)) | (Kind::Variable(a), Kind::Variable(b)) => a == b,
        _ => false,
    }
}

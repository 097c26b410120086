//! What of a Map's outputs anybody looks at.
//!
//! Most Maps' outputs only become a part of a document's text: then no item's output is built, and what is kept is the text.
//! A path that takes one member of all of them (`$[*].name`) is known beforehand as well, if only the text of that is wanted:
//! it is a *column*, gathered item by item. Works on the finished tree, in which every node has one that leads there. It must
//! never take for a text what a node looks into.

use super::symbol::Symbol;
use super::{Compute, Each, Ending, MACHINE, Node, NodeId, Operand, Tracer};
use crate::program::Function;
use crate::program::shortcut::{COLUMNS_MAX, Keeps, Part};
use crate::value::path::Step;

/// A node that takes one member of all outputs.
struct Taken {
    node: NodeId,
    name: Box<str>,
}

impl Tracer<'_> {
    /// Sees to it that of what nobody looks into nothing but text is kept.
    pub(super) fn keep_what_is_looked_at(&mut self) {
        // A Map leads on to nodes that were made before its own, and so do its items: the outer ones come first.
        for node in (0..self.nodes.len()).rev() {
            let Node::Each(each) = &self.nodes[node] else { continue };
            let (results, then, body) = (each.results, each.then, each.body);
            let Some(taken) = self.taken(results, then) else { continue };
            let mut names: Vec<Box<str>> = Vec::new();
            for Taken { name, .. } in &taken {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
            if names.len() <= COLUMNS_MAX && self.keep_text(body, &names) {
                let (columns, first) = (self.put_columns(&taken, &names), self.behind_builds(body));
                self.pass_over_builds(body);
                if let Node::Each(each) = &mut self.nodes[node] {
                    let Each { keeps, body, .. } = &mut **each;
                    (*keeps, *body) = (Keeps::Text(columns), first);
                }
            }
        }
        self.partition_texts();
    }

    /// Cuts arrays whose parts nobody looks into as nothing but text.
    fn partition_texts(&mut self) {
        for id in 0..self.nodes.len() {
            let Node::Compute { register, what: Compute::Call { function, arguments }, then } = &self.nodes[id] else {
                continue;
            };
            if let (Function::ArrayPartition, [array, Operand::Int(size @ 1..)]) = (function, &**arguments)
                && !self.is_looked_at(*register, *then)
            {
                let (array, size, register, then) = (*array, *size, *register, *then);
                self.nodes[id] = Node::Partition { array, size, register, then };
            }
        }
    }

    /// The nodes from there on that take columns of the value in a register; nothing if anything else looks at it.
    fn taken(&self, register: u32, from: NodeId) -> Option<Vec<Taken>> {
        let mut taken = Vec::new();
        for id in self.reached(from) {
            let node = &self.nodes[id as usize];
            match self.column_of(node, register) {
                Some((name, kept, then)) if !self.is_looked_at(kept, then) => {
                    taken.push(Taken { node: id, name: name.into() });
                }
                _ if self.looks(node, register) => return None,
                _ => {}
            }
        }
        Some(taken)
    }

    /// Which member of the outputs in a register a node takes, where it keeps them, and where it leads.
    fn column_of(&self, node: &Node, results: u32) -> Option<(&str, u32, NodeId)> {
        let Node::Compute { register, what: Compute::Select { from: Operand::Register(from), path, .. }, then } = node
        else {
            return None;
        };
        match self.path_of(*path).steps() {
            [Step::Wildcard, Step::Member(name)] if *from == results => Some((name, *register, *then)),
            _ => None,
        }
    }

    /// Whether any node from there on looks at the value in a register.
    fn is_looked_at(&self, register: u32, from: NodeId) -> bool {
        self.reached(from).into_iter().any(|id| self.looks(&self.nodes[id as usize], register))
    }

    fn looks(&self, node: &Node, register: u32) -> bool {
        let value = Operand::Register(register);
        // The text form of an array is not its text.
        let is_inside = |part: &Part| match part {
            Part::Inside(operand) => *operand == value,
            Part::Before { register: other, inside: true, .. } => *other == register,
            _ => false,
        };
        let inside = |parts: &[Part]| parts.iter().any(is_inside);
        let mut looks = false;
        node.look(|operand| looks |= operand == value);
        if let Node::End(end) = node {
            looks |= match &self.ends[*end as usize].result {
                Ending::Succeeded(parts) => inside(parts),
                Ending::Item(item) => item.output == value || inside(&item.text),
                Ending::Failed { error, cause } => [error, cause].into_iter().flatten().any(|of| *of == value),
            };
        }
        looks
    }

    /// All nodes to which a walk may come from there.
    fn reached(&self, from: NodeId) -> Vec<NodeId> {
        let (mut reached, mut next) = (Vec::new(), vec![from]);
        while let Some(id) = next.pop() {
            if id != MACHINE {
                reached.push(id);
                self.nodes[id as usize].leads(|id| next.push(id));
            }
        }
        reached
    }

    /// The nodes to which a walk for an item comes, without those for the items of Maps inside.
    fn reached_in(&self, body: NodeId) -> Vec<NodeId> {
        let (mut reached, mut next) = (Vec::new(), vec![body]);
        while let Some(id) = next.pop() {
            if id == MACHINE {
                continue;
            }
            reached.push(id);
            match &self.nodes[id as usize] {
                Node::Each(each) => next.push(each.then),
                node => node.leads(|id| next.push(id)),
            }
        }
        reached
    }

    /// Builds no output of a Map's items; whether it is known of each which of these members it has.
    fn keep_text(&mut self, body: NodeId, names: &[Box<str>]) -> bool {
        let nodes = self.reached_in(body);
        let ends: Vec<usize> = nodes
            .iter()
            .filter_map(|id| match self.nodes[*id as usize] {
                Node::End(end) => Some(end as usize),
                _ => None,
            })
            .collect();
        let is_known = |end: &usize| {
            matches!(
                self.outputs[*end],
                Symbol::Object(_) | Symbol::Text(_) | Symbol::Array(_) | Symbol::Null | Symbol::Int(_)
            )
        };
        if !names.is_empty() && !ends.iter().all(is_known) {
            return false;
        }
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        let mut texts = Vec::with_capacity(ends.len());
        for end in &ends {
            let Ok(text) = self.outputs[*end].marked_parts(&names, self.program) else { return false };
            texts.push(text);
        }
        for (end, (text, members)) in ends.into_iter().zip(texts) {
            if let Ending::Item(item) = &mut self.ends[end].result {
                (item.output, item.text, item.members) = (Operand::Null, text.into(), members.into());
            }
        }
        true
    }

    /// Takes what has been gathered in place of what nodes would gather; where that is kept.
    fn put_columns(&mut self, taken: &[Taken], names: &[Box<str>]) -> Box<[u32]> {
        let first = self.most.registers;
        self.most.registers += 2 * names.len() as u32;
        let columns: Box<[u32]> = (0..names.len() as u32).map(|n| first + 2 * n).collect();
        for Taken { node, name } in taken {
            if let Some(column) = names.iter().position(|known| known == name)
                && let Node::Compute { register, what: Compute::Select { taken, .. }, then } =
                    &self.nodes[*node as usize]
            {
                let (register, taken, then) = (*register, *taken, *then);
                self.nodes[*node as usize] = Node::Column { from: columns[column], taken, register, then };
            }
        }
        columns
    }

    /// The first node from there on that does more than build an output.
    fn behind_builds(&self, mut id: NodeId) -> NodeId {
        while self.builds.binary_search(&id).is_ok()
            && let Node::Compute { then, .. } = &self.nodes[id as usize]
        {
            id = *then;
        }
        id
    }

    /// Leads past those nodes for a Map's items that build outputs.
    fn pass_over_builds(&mut self, body: NodeId) {
        let nodes = self.reached_in(body);
        for id in &nodes {
            let mut node = std::mem::replace(&mut self.nodes[*id as usize], Node::Machine);
            node.lead(|next| self.behind_builds(next));
            self.nodes[*id as usize] = node;
        }
        for id in nodes {
            if self.builds.binary_search(&id).is_ok() {
                self.nodes[id as usize] = Node::Machine;
            }
        }
    }
}

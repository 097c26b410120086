//! The tree for people: a line for each node.
//!
//! It must never leave out what decides where a walk goes.

use super::{Ask, Compute, Each, Ending, Item, Keeps, Members, Node, NodeId, Operand, Part, Payload, Piece, Shortcut};
use crate::program::choice::Comparison;
use crate::program::{Program, SlotId};
use std::fmt::Write;

impl Shortcut {
    /// The tree for people.
    pub(in crate::program) fn show(&self, program: &Program, out: &mut String) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "\n; shortcut: {} nodes, {} ends, begins at #{}",
            self.nodes.len(),
            self.ends.len(),
            self.root
        );
        for (at, node) in self.nodes.iter().enumerate() {
            let _ = writeln!(out, "{:>4}#  {}", at, self.show_node(node, program));
        }
    }

    fn show_node(&self, node: &Node, program: &Program) -> String {
        let slot = |slot: &SlotId| format!("slot {} {}", slot.0, program.slot(*slot).join("."));
        let value = |operand: &Operand| match operand {
            Operand::Slot(id) => slot(id),
            Operand::Const(id) => program.constant(*id).text.to_string(),
            Operand::Register(register) => format!("r{register}"),
            Operand::Input => "$".to_owned(),
            Operand::Int(number) => number.to_string(),
            Operand::Null => "null".to_owned(),
        };
        let object = |Members { members, .. }: &Members| {
            let members: Vec<_> = members.iter().map(|(key, of)| format!("{key}: {}", value(of))).collect();
            format!("{{{}}}", members.join(", "))
        };
        let values = |operands: &mut dyn Iterator<Item = &Operand>| operands.map(value).collect::<Vec<_>>().join(", ");
        let written = |parts: &[Part]| -> String {
            let part = |part: &Part| match part {
                Part::Text(text) => text.as_str().to_owned(),
                Part::Value(operand) | Part::Inside(operand) => format!("«{}»", value(operand)),
                Part::Before { text, register, .. } => format!("{}«r{register}»", text.as_str()),
                Part::Members(operand) => format!("«{}», ", value(operand)),
                Part::Mark => String::new(),
            };
            parts.iter().map(part).collect()
        };
        match node {
            Node::Machine => "machine".to_owned(),
            Node::End(end) => match &self.ends[*end as usize].result {
                Ending::Succeeded(parts) => format!("succeed  {}", written(parts)),
                Ending::Item(Item { text, .. }) => format!("item     {}", written(text)),
                Ending::Failed { error, cause } => {
                    format!("fail     {}", values(&mut error.iter().chain(cause)))
                }
            },
            Node::Found { slot: id, then } => format!("found    {}  then=#{then}", slot(id)),
            Node::Absent { slot: id, then } => format!("absent   {}  then=#{then}", slot(id)),
            Node::Compute { register, what, then } => {
                let what = match what {
                    Compute::Call { function, arguments } => {
                        format!("{}({})", function.name(), values(&mut arguments.iter()))
                    }
                    Compute::Add { terms } => format!("{} + {}", value(&terms[0]), value(&terms[1])),
                    Compute::Format { pieces } => {
                        let pieces = pieces.iter().map(|piece| match piece {
                            Piece::Text(text) => text.to_string(),
                            Piece::Value(of) => format!("«{}»", value(of)),
                        });
                        format!("text {}", pieces.collect::<String>())
                    }
                    Compute::Select { from, path, .. } => format!("{} of {}", program.path(*path), value(from)),
                    Compute::Members { from, names } => format!("{} of {}", names.join("."), value(from)),
                    Compute::Object(of) => object(of),
                    Compute::Array { items } => format!("[{}]", values(&mut items.iter())),
                    Compute::Open { from, .. } => format!("opened {}", value(from)),
                    Compute::Now => "now".to_owned(),
                    Compute::Place { base, path, value: put } => {
                        format!("{} with {} at {}", value(base), value(put), program.path(*path))
                    }
                };
                format!("compute  r{register} = {what}  then=#{then}")
            }
            Node::Member { from, name, register, then, .. } => {
                format!("member   r{register} = {} of r{from}  then=#{then}", self.names[*name as usize])
            }
            Node::Column { from, register, then, .. } => format!("column   r{register} = r{from}  then=#{then}"),
            Node::Partition { array, size, register, then } => {
                format!("compute  r{register} = {} by {size}, as text  then=#{then}", value(array))
            }
            Node::Room { registers, then, .. } => {
                format!("room     for {} computed values  then=#{then}", registers.len())
            }
            Node::Text { value: of, then } => format!("text     {}  then=#{then}", value(of)),
            Node::Pass { ms, then } => format!("pass     {ms} ms  then=#{then}"),
            Node::Branch { register, turn, then, .. } => format!("branch   {turn:?} r{register}  then=#{then}"),
            Node::Each(each) => {
                let Each { items, item, index, body, results, concurrency, then, keeps, .. } = &**each;
                let items = value(items);
                let kept = match keeps {
                    Keeps::Whole => String::new(),
                    Keeps::Text(columns) => {
                        columns.iter().fold(" as text".to_owned(), |kept, c| format!("{kept}, r{c}"))
                    }
                };
                format!(
                    "each     r{results}{kept} = #{body} of r{item}, r{index} in {items}, {concurrency} at once  then=#{then}"
                )
            }
            Node::Ask(ask) => {
                let Ask { site, payload, register, then, retriers, catchers, .. } = &**ask;
                let name = site.handler.map_or("", |handler| &*program.handler(handler).name);
                let leads = |to: &NodeId| format!("#{to}");
                let retriers = retriers.iter().map(|to| to.as_ref().map_or("used up".to_owned(), leads));
                let raised: Vec<String> = retriers.chain(catchers.iter().map(leads)).collect();
                let raised = raised.join(", ");
                let payload = match payload {
                    Payload::Value(of) => value(of),
                    Payload::Object(of) => object(of),
                };
                format!("ask      r{register} = {name} of {payload}  then=#{then}  raised=[{raised}]")
            }
            Node::Leads { from, path, register, yes, no, .. } => {
                format!("leads    r{register} = {} of {}  yes=#{yes}  no=#{no}", program.path(*path), value(from))
            }
            Node::Has { from, name, register, yes, no, .. } => {
                format!("has      r{register} = {} of r{from}  yes=#{yes}  no=#{no}", self.names[*name as usize])
            }
            Node::Present { slot: id, yes, no } => format!("present  {}  yes=#{yes}  no=#{no}", slot(id)),
            Node::Holds { test, value: of, yes, no, .. } => {
                let test = match &program.test(*test).comparison {
                    Comparison::Is(test, expected) => format!("{test:?} {expected}"),
                    _ => program.test(*test).show(program),
                };
                format!("holds    {}: {test}  yes=#{yes}  no=#{no}", value(of))
            }
            Node::Switch { value: of, table, otherwise } => {
                let entries: Vec<_> = table.entries.iter().map(|(text, to)| format!("{text}: #{}", to.0)).collect();
                format!("switch   {}  {{{}}}  otherwise=#{otherwise}", value(of), entries.join(", "))
            }
        }
    }
}

//! Where nodes lead, and what they look at.
//!
//! Flows in: a node. Flows out: the nodes that come next, the values that have to be there. It must never pass over an
//! operand that a node reads: what nobody reads is not made.

use super::{Arguments, Ask, Compute, Members, Node, NodeId, Operand, Payload, Piece};
use crate::program::Addr;

impl Node {
    /// Leads elsewhere: each node that may come next is handed on, and what is given for it is put in its place. The items of
    /// a Map are not what comes next.
    pub(crate) fn lead(&mut self, mut to: impl FnMut(NodeId) -> NodeId) {
        match self {
            Node::Machine | Node::End(_) => {}
            Node::Found { then, .. }
            | Node::Absent { then, .. }
            | Node::Compute { then, .. }
            | Node::Member { then, .. }
            | Node::Column { then, .. }
            | Node::Partition { then, .. }
            | Node::Room { then, .. }
            | Node::Text { then, .. }
            | Node::Pass { then, .. }
            | Node::Branch { then, .. } => *then = to(*then),
            Node::Each(each) => each.then = to(each.then),
            Node::Ask(ask) => {
                let Ask { then, retriers, catchers, .. } = &mut **ask;
                *then = to(*then);
                retriers.iter_mut().flatten().chain(catchers).for_each(|next| *next = to(*next));
            }
            Node::Leads { yes, no, .. }
            | Node::Has { yes, no, .. }
            | Node::Present { yes, no, .. }
            | Node::Holds { yes, no, .. } => (*yes, *no) = (to(*yes), to(*no)),
            Node::Switch { table, otherwise, .. } => {
                table.retarget(|next| Addr(to(next.0)));
                *otherwise = to(*otherwise);
            }
        }
    }

    /// Hands on each node that may come next; those for a Map's items are among them.
    pub fn leads(&self, mut to: impl FnMut(NodeId)) {
        match self {
            Node::Machine | Node::End(_) => {}
            Node::Found { then, .. }
            | Node::Absent { then, .. }
            | Node::Compute { then, .. }
            | Node::Member { then, .. }
            | Node::Column { then, .. }
            | Node::Partition { then, .. }
            | Node::Room { then, .. }
            | Node::Text { then, .. }
            | Node::Pass { then, .. }
            | Node::Branch { then, .. } => to(*then),
            Node::Each(each) => [each.body, each.then].into_iter().for_each(to),
            Node::Ask(ask) => {
                to(ask.then);
                ask.retriers.iter().flatten().chain(&ask.catchers).for_each(|next| to(*next));
            }
            Node::Leads { yes, no, .. }
            | Node::Has { yes, no, .. }
            | Node::Present { yes, no, .. }
            | Node::Holds { yes, no, .. } => [*yes, *no].into_iter().for_each(to),
            Node::Switch { table, otherwise, .. } => {
                table.entries.iter().for_each(|(_, next)| to(next.0));
                to(*otherwise);
            }
        }
    }

    /// Hands on each value that the node looks at; how large one is may be asked nevertheless.
    pub fn look(&self, mut at: impl FnMut(Operand)) {
        match self {
            Node::Compute { what, .. } => what.look(at),
            Node::Member { from, .. } | Node::Has { from, .. } => at(Operand::Register(*from)),
            Node::Text { value, .. } | Node::Switch { value, .. } | Node::Leads { from: value, .. } => at(*value),
            Node::Each(each) => at(each.items),
            Node::Partition { array, .. } => at(*array),
            Node::Ask(ask) => {
                match &ask.payload {
                    Payload::Value(of) => at(*of),
                    Payload::Object(Members { members, .. }) => members.iter().for_each(|(_, of)| at(*of)),
                }
                match &ask.arguments {
                    Arguments::Payload | Arguments::Around(_) => {}
                    Arguments::Value(of) => at(*of),
                }
            }
            Node::Holds { value, other, .. } => {
                at(*value);
                other.iter().for_each(|other| at(*other));
            }
            Node::Machine
            | Node::End(_)
            | Node::Found { .. }
            | Node::Absent { .. }
            | Node::Column { .. }
            | Node::Room { .. }
            | Node::Pass { .. }
            | Node::Branch { .. }
            | Node::Present { .. } => {}
        }
    }
}

impl Compute {
    fn look(&self, mut at: impl FnMut(Operand)) {
        match self {
            Compute::Call { arguments: all, .. } | Compute::Array { items: all } => all.iter().for_each(|of| at(*of)),
            Compute::Add { terms } => terms.iter().for_each(|of| at(*of)),
            Compute::Format { pieces } => pieces.iter().for_each(|piece| match piece {
                Piece::Text(_) => {}
                Piece::Value(of) => at(*of),
            }),
            Compute::Select { from, .. } | Compute::Members { from, .. } | Compute::Open { from, .. } => at(*from),
            Compute::Object(Members { members, .. }) => members.iter().for_each(|(_, of)| at(*of)),
            Compute::Now => {}
            Compute::Place { base, value, .. } => {
                at(*base);
                at(*value);
            }
        }
    }
}

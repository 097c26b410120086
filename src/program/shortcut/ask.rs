//! Functions that are called on the way: which call it is, what is given, where the reply leads.
//!
//! Flows in: from `compile`. Flows out: to `vm`, which makes the calls. It must never hold anything that only an execution
//! knows.

use super::{End, Ending, Members, Node, NodeId, Operand, Part};
use crate::program::{HandlerId, TaskId};

/// A call of a function, as far as the way there tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallSite {
    /// The task.
    pub task: TaskId,
    /// Who stands behind it, where the program knows.
    pub handler: Option<HandlerId>,
    /// How often the state has been tried before.
    pub retry_count: u32,
    /// How many numbers the execution, or this child of it, has drawn before.
    pub draws: u64,
    /// How many calls it has made before.
    pub calls: u32,
}

/// A function that is called, and where its reply leads.
#[derive(Debug)]
pub struct Ask {
    /// Which call it is.
    pub site: CallSite,
    /// What the function is given.
    pub payload: Payload,
    /// The task's arguments.
    pub arguments: Arguments,
    /// Where what it returns is kept; behind it, the name of the error that it raises, and the message.
    pub register: u32,
    /// The next node, if it returns something.
    pub then: NodeId,
    /// The end that stands there, if what it returns is all that is written there: then nothing but room is between.
    pub tail: Option<u32>,
    /// For each Retrier of the state where the error leads that it takes up; nothing for one that is used up.
    pub retriers: Box<[Option<NodeId>]>,
    /// The same for each Catcher.
    pub catchers: Box<[NodeId]>,
}

/// What a function is given.
#[derive(Debug)]
pub enum Payload {
    /// A value.
    Value(Operand),
    /// An object that is built for the call, as by [`Compute::Object`](super::Compute::Object).
    Object(Members),
}

/// A task's arguments.
#[derive(Debug)]
pub enum Arguments {
    /// What the function is given.
    Payload,
    /// What the function is given as Payload, among constants: hardly anybody asks for them.
    Around(Box<[(Box<str>, Operand)]>),
    /// A value.
    Value(Operand),
}

impl Ask {
    /// The end of an execution that begins with the call, if that is all that there is to it: the input is given, and the reply
    /// is the output.
    #[inline(always)]
    pub fn alone(&self) -> Option<u32> {
        let is_given = matches!((&self.payload, &self.arguments), (Payload::Value(Operand::Input), Arguments::Payload));
        self.tail.filter(|_| is_given)
    }

    /// The end of a call that leads there, for [`Ask::tail`].
    pub(crate) fn find_tail(&self, nodes: &[Node], ends: &[End]) -> Option<u32> {
        let mut at = self.then;
        let end = loop {
            match nodes.get(at as usize)? {
                Node::Room { then, .. } => at = *then,
                Node::End(end) => break *end,
                _ => return None,
            }
        };
        let text = match &ends.get(end as usize)?.result {
            Ending::Succeeded(parts) => parts,
            Ending::Item(item) => &item.text,
            Ending::Failed { .. } => return None,
        };
        (**text == [Part::Value(Operand::Register(self.register))]).then_some(end)
    }
}

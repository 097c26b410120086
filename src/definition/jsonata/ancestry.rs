//! What each `%` refers to: the step whose input it stands for.
//!
//! Flows in: paths as they are put together. Flows out: steps marked as somebody's ancestor, with a label that the
//! compiler turns into a variable. A `%` looks backwards over the steps of its path, then of the path around it; each `%`
//! on the way makes it look one level further.

use super::ast::{Ancestor, Kind, Node};
use super::error::SyntaxError;

/// The parents of one expression, and how far each still has to look.
#[derive(Default)]
pub(super) struct Ancestry {
    levels: Vec<usize>,
    labels: Vec<usize>,
}

impl Ancestry {
    /// One more `%`.
    pub fn parent(&mut self) -> Ancestor {
        self.levels.push(1);
        self.labels.push(self.labels.len());
        Ancestor(self.levels.len() - 1)
    }

    pub fn level(&self, parent: Ancestor) -> usize {
        self.levels[parent.0]
    }

    pub fn lower(&mut self, parent: Ancestor) {
        self.levels[parent.0] = self.levels[parent.0].saturating_sub(1);
    }

    /// Which label each parent goes by.
    pub fn labels(self) -> Vec<usize> {
        self.labels
    }

    /// Lets `parent` look at one node.
    pub fn seek(&mut self, node: &mut Node, parent: Ancestor) -> Result<(), SyntaxError> {
        match &mut node.kind {
            Kind::Name(_) | Kind::Wildcard => {
                self.lower(parent);
                if self.level(parent) == 0 {
                    match node.ancestor {
                        None => node.ancestor = Some(parent),
                        Some(known) => self.labels[parent.0] = self.labels[known.0],
                    }
                    node.tuple = true;
                }
            }
            Kind::Parent(_) => self.levels[parent.0] += 1,
            Kind::Block(parts) => {
                if let Some(last) = parts.last_mut() {
                    node.tuple = true;
                    self.seek(last, parent)?;
                }
            }
            Kind::Path { steps, .. } => {
                node.tuple = true;
                let mut steps = steps.iter_mut().rev();
                if let Some(last) = steps.next() {
                    self.seek(last, parent)?;
                }
                while self.level(parent) > 0 {
                    let Some(step) = steps.next() else { break };
                    self.seek(step, parent)?;
                }
            }
            other => return Err(SyntaxError::new("S0217", node.at, other.name(), "")),
        }
        Ok(())
    }

    /// Lets the parents in the last step of a path look at the steps before it; who finds nothing looks on outside.
    pub fn resolve(&mut self, path: &mut Node) -> Result<(), SyntaxError> {
        let Kind::Path { steps, .. } = &mut path.kind else { return Ok(()) };
        let Some((last, before)) = steps.split_last_mut() else { return Ok(()) };
        for parent in last.take_seeking() {
            let mut index = before.len();
            while self.level(parent) > 0 {
                if index == 0 {
                    path.seeking.push(parent);
                    break;
                }
                index -= 1;
                // Steps that bind the focus leave the context where it was: a run of them counts as one.
                while index > 0 && before[index].focus.is_some() && before[index - 1].focus.is_some() {
                    index -= 1;
                }
                self.seek(&mut before[index], parent)?;
            }
        }
        Ok(())
    }
}

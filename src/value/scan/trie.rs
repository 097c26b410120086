//! The paths that a program reads of each event, and the slots that their values go to.
//!
//! Flows in: lists of keys. Flows out: a [`SlotTrie`] for the walk, which fills a [`Slot`] per path. Steps are keys of
//! objects only: whoever wants an array's element takes the array. It must never know what a path is for.

use crate::value::tree::Span;
use std::sync::atomic::{AtomicU64, Ordering};

/// Which slot: the position of its path in the list that the trie was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(pub u32);

/// What stands at a path in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Slot {
    /// Objects lead up to the last key, which the last of them does not have.
    #[default]
    Absent,
    /// The key of this step, which is not the last one, is missing; steps count from 0.
    Missing {
        /// The step.
        step: u16,
    },
    /// This step cannot be taken, because what the steps before it lead to is not an object.
    NotObject {
        /// The step.
        step: u16,
    },
    /// The value's bounds in the line's text, quotes and brackets included.
    Found(Span),
}

/// Which node of the trie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(u32);

impl NodeId {
    pub(super) const ROOT: NodeId = NodeId(0);
}

/// A list of paths, each of which has a slot of the same number; one may be the start of another, or equal to it.
///
/// ```
/// use expressway::value::scan::SlotTrie;
/// let trie = SlotTrie::new(&[vec!["Weather"], vec!["detail", "id"], vec!["detail"]]);
/// assert_eq!(trie.slots(), 3);
/// ```
#[derive(Clone, Debug)]
pub struct SlotTrie {
    nodes: Vec<Node>,
    slots: usize,
    /// Tells it from every trie of other paths.
    id: u64,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// How many steps lead here.
    depth: u16,
    /// The [`filter_bit`]s of the keys that lead on: most keys of an event are told apart by that.
    filter: u64,
    children: Vec<Child>,
    /// Slots of the paths that end here.
    ends: Vec<SlotId>,
    /// Slots of the paths that lead through here, each with what it holds while none of their steps is found.
    below: Vec<(SlotId, Slot)>,
}

/// A step from one node to another.
#[derive(Clone, Debug)]
struct Child {
    key: Box<[u8]>,
    /// The key's first eight bytes, see [`head`].
    head: u64,
    node: NodeId,
}

/// The first eight bytes of the key `text[start..end]` as a word, missing ones zero: most keys are told apart by that.
#[inline(always)]
pub(super) fn head(text: &[u8], start: usize, end: usize) -> u64 {
    let length = end - start;
    // Reading eight bytes where the key has fewer, and masking, is cheaper than a loop.
    match text[start..].first_chunk() {
        Some(bytes) if length < 8 => u64::from_le_bytes(*bytes) & ((1 << (length * 8)) - 1),
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => text[start..end].iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

/// Which of 64 bits a key of a length and a last byte has; the last byte of the empty key is its opening quote.
#[inline(always)]
pub(super) fn filter_bit(length: usize, last: u8) -> usize {
    (length + usize::from(last)) % 64
}

impl SlotTrie {
    /// The trie of some paths; the empty path is the line's whole value.
    pub fn new<P: AsRef<[K]>, K: AsRef<str>>(paths: &[P]) -> Self {
        let mut nodes = vec![Node::default()];
        for (index, path) in paths.iter().enumerate() {
            let slot = SlotId(index as u32);
            let steps = path.as_ref();
            let mut at = 0;
            for (step, key) in steps.iter().enumerate() {
                let step = clamp(step);
                let last = usize::from(step) + 1 == steps.len();
                nodes[at].below.push((slot, if last { Slot::Absent } else { Slot::Missing { step } }));
                let key = key.as_ref().as_bytes();
                at = match nodes[at].children.iter().find(|child| *child.key == *key) {
                    Some(child) => child.node.0 as usize,
                    None => {
                        let child = nodes.len();
                        nodes.push(Node { depth: step.saturating_add(1), ..Node::default() });
                        nodes[at].children.push(Child {
                            key: key.into(),
                            head: head(key, 0, key.len()),
                            node: NodeId(child as u32),
                        });
                        nodes[at].filter |= 1 << filter_bit(key.len(), key.last().copied().unwrap_or(b'"'));
                        child
                    }
                };
            }
            nodes[at].ends.push(slot);
        }
        static TRIES: AtomicU64 = AtomicU64::new(1);
        SlotTrie { nodes, slots: paths.len(), id: TRIES.fetch_add(1, Ordering::Relaxed) }
    }

    /// A number that no trie of other paths has, as long as the process lives; never 0.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// The trie of no path.
    pub fn empty() -> Self {
        SlotTrie::new::<[&str; 0], &str>(&[])
    }

    /// How many slots a line fills.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// The node that the key `text[start..end]` leads to; it must hold no escape.
    #[inline(always)]
    pub(super) fn child(&self, node: NodeId, text: &[u8], start: usize, end: usize) -> Option<NodeId> {
        let node = self.node(node);
        let length = end - start;
        let head = head(text, start, end);
        let is = |child: &&Child| {
            child.head == head && child.key.len() == length && (length <= 8 || child.key[8..] == text[start + 8..end])
        };
        node.children.iter().find(is).map(|child| child.node)
    }

    /// Whether a key of so many bytes leads on from here.
    pub(super) fn has_length(&self, node: NodeId, bytes: usize) -> bool {
        self.node(node).children.iter().any(|child| child.key.len() == bytes)
    }

    /// The [`filter_bit`]s of the keys that lead on from here.
    #[inline]
    pub(super) fn filter(&self, node: NodeId) -> u64 {
        self.node(node).filter
    }

    /// Whether any path leads on from here.
    #[inline]
    pub(super) fn leads_on(&self, node: NodeId) -> bool {
        self.node(node).filter != 0
    }

    /// Marks everything below `node` as not found yet, or, if its value is not an object, as out of reach.
    #[inline]
    pub(super) fn reset_below(&self, node: NodeId, is_object: bool, slots: &mut [Slot]) {
        let node = self.node(node);
        for &(slot, missing) in &node.below {
            let Some(entry) = slots.get_mut(slot.0 as usize) else { continue };
            *entry = if is_object { missing } else { Slot::NotObject { step: node.depth } };
        }
    }

    /// The slot of the path that ends at `node`, if that is the only one that ends there or leads through it.
    pub(super) fn only_slot(&self, node: NodeId) -> Option<SlotId> {
        let node = self.node(node);
        match (&*node.ends, &*node.below) {
            (&[slot], []) => Some(slot),
            _ => None,
        }
    }

    /// Fills the slots of the paths that end at `node`.
    #[inline]
    pub(super) fn fill(&self, node: NodeId, span: Span, slots: &mut [Slot]) {
        for slot in &self.node(node).ends {
            if let Some(entry) = slots.get_mut(slot.0 as usize) {
                *entry = Slot::Found(span);
            }
        }
    }

    #[inline]
    fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node.0 as usize]
    }
}

/// A step that does not fit has more keys before it than a text may have levels: it is never taken.
fn clamp(step: usize) -> u16 {
    u16::try_from(step).unwrap_or(u16::MAX)
}

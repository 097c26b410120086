//! Objects that are built like one before them: the elements of an array mostly are.
//!
//! Flows in: the tokens of an element. Flows out: whether it is an object with the keys of another, in their order, and strings
//! where that has strings, numbers or literals where it has those. Such objects hold no containers, so that where their
//! members stand follows from their number. It must never take for good what the walk would not.

use super::super::shape::{Block, Kind};
use super::super::walk::Tokens;
use super::Known;
use std::ops::Range;

/// Objects of more members are not compared.
const MEMBERS_MAX: usize = 15;

/// How objects are built.
#[derive(Debug)]
pub(super) struct Alike {
    /// Its number among all ways in which objects are built.
    pub number: u32,
    blocks: Vec<Block>,
    /// Keys, and of which kind their values are that are no strings.
    members: Vec<(Known, Option<Kind>)>,
}

impl Alike {
    /// How the object is built that has these tokens, whose keys are known by their tokens; nothing if it has containers in
    /// it, no members, or too many.
    pub fn of(
        tokens: &Tokens,
        range: Range<usize>,
        number: u32,
        known: impl Fn(usize) -> Option<Known>,
    ) -> Option<Alike> {
        let classes = tokens.classes.get(range.clone())?;
        if classes.len() < 2 || classes[1..].iter().any(|class| class | 0x20 == b'{') {
            return None;
        }
        let (heads, _) = classes[1..].as_chunks::<4>();
        if heads.is_empty() || heads.len() > MEMBERS_MAX {
            return None;
        }
        let (mut blocks, mut members) = (vec![Block::default(); Block::count(classes.len())], Vec::new());
        Block::set(&mut blocks, 0, classes[0]);
        for (n, [quote, colon, class, after]) in heads.iter().enumerate() {
            let at = 1 + 4 * n;
            for (place, class) in [(at, quote), (at + 1, colon), (at + 3, after)] {
                Block::set(&mut blocks, place, *class);
            }
            let kind = match class {
                b'"' => {
                    Block::set(&mut blocks, at + 2, *class);
                    None
                }
                _ => {
                    let starts = tokens.positions.get(range.start + at + 2..)?;
                    let text = tokens.text.as_bytes().get(starts[0] as usize..starts[1] as usize)?;
                    Some(Kind::of(*class, text))
                }
            };
            members.push((known(range.start + at)?, kind));
        }
        Some(Alike { number, blocks, members })
    }

    /// Its keys, each of which has to be there: they stand for members by their places.
    pub fn names(&self, names: &[Box<str>]) -> Option<Box<[Box<str>]>> {
        self.members.iter().map(|(key, _)| names.get(key.name as usize).cloned()).collect()
    }

    /// How many tokens such an object has, both brackets among them.
    #[inline(always)]
    pub fn tokens(&self) -> usize {
        1 + 4 * self.members.len()
    }

    /// Whether the value at token `at` is such an object.
    #[inline(always)]
    pub fn is_at(&self, tokens: &Tokens, at: usize, names: &[Box<str>]) -> bool {
        let (Some(classes), Some(positions)) = (tokens.classes.get(at..), tokens.positions.get(at + 1..)) else {
            return false;
        };
        // Each member is a key, its colon, its value and what follows.
        let Some(starts) = positions.as_chunks::<4>().0.get(..self.members.len()) else { return false };
        if !Block::are_at(&self.blocks, classes) {
            return false;
        }
        for ((key, kind), &[name, name_end, start, next]) in self.members.iter().zip(starts) {
            let is_scalar = || kind.is_none_or(|kind| kind.is_at(tokens.text, start, next));
            if !key.is_at(tokens.text.as_bytes(), name, name_end, names) || !is_scalar() {
                return false;
            }
        }
        true
    }
}

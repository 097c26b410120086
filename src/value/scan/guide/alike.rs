//! Objects that are built like one before them in the same place: most are, the elements of an array above all.
//!
//! Flows in: the tokens of an object. Flows out: whether it is an object with the keys of another, in their order, and strings
//! where that has strings, numbers or literals where it has those. Such objects hold no containers, so that where their
//! members stand follows from their number. It must never take for good what the walk would not.

use super::super::shape::Kind;
use super::super::walk::Tokens;
use super::Goal;
use super::piece::Piece;
use std::ops::Range;

/// Objects of more members are not compared.
const MEMBERS_MAX: usize = 15;

/// How objects are built.
#[derive(Debug)]
pub(super) struct Alike {
    /// Its number among all ways in which objects are built.
    pub number: u32,
    members: Vec<Member>,
    /// Which of them lead somewhere, if objects in that place are looked into.
    pub goals: Vec<(usize, Goal)>,
}

/// How a member is spelled.
#[derive(Debug)]
struct Member {
    /// All from the bracket or the comma before it to the start of its value; the quote of a string included. Whoever
    /// comes by these bytes from a token on has come by the same tokens: there is no need to look at them.
    piece: Piece,
    /// Where the value starts in it.
    value: u32,
    /// What the value is, if it is no string.
    kind: Option<Kind>,
}

impl Alike {
    /// How the object is built that has these tokens; nothing if it has containers in it, no members, or too many. Its keys
    /// have to be spelled without escapes, and without blanks before their colons.
    pub fn of(tokens: &Tokens, range: Range<usize>, number: u32) -> Option<Alike> {
        let (classes, positions) = (tokens.classes.get(range.clone())?, tokens.positions.get(range)?);
        if classes.len() < 2 || classes[1..].iter().any(|class| class | 0x20 == b'{') {
            return None;
        }
        let (heads, starts) = (classes[1..].as_chunks::<4>().0, positions[1..].as_chunks::<4>().0);
        if heads.is_empty() || heads.len() > MEMBERS_MAX {
            return None;
        }
        let (mut members, mut before) = (Vec::new(), positions[0]);
        for (&[.., class, _], &[.., start, next]) in heads.iter().zip(starts) {
            let is_string = class == b'"';
            let spelled = |from: u32, to: u32| tokens.text.as_bytes().get(from as usize..to as usize);
            members.push(Member {
                piece: Piece::of(spelled(before, start + u32::from(is_string))?),
                value: start - before,
                kind: if is_string { None } else { Some(Kind::of(class, spelled(start, next)?)) },
            });
            before = next;
        }
        Some(Alike { number, members, goals: Vec::new() })
    }

    /// How many members such an object has.
    pub fn members(&self) -> usize {
        self.members.len()
    }

    /// How many tokens such an object has, both brackets among them.
    #[inline(always)]
    pub fn tokens(&self) -> usize {
        1 + 4 * self.members.len()
    }

    /// Whether the value at token `at`, which is a container, is such an object.
    #[inline(always)]
    pub fn is_at(&mut self, (text, classes, positions): (&str, &[u8], &[u32]), at: usize) -> bool {
        let last = at + 4 * self.members.len();
        // With fewer or more members, something else stands there.
        if classes.get(last) != Some(&b'}') {
            return false;
        }
        let Some((&open, positions)) = positions.get(at..=last).and_then(<[u32]>::split_first) else { return false };
        let mut before = open;
        for (member, &[.., next]) in self.members.iter_mut().zip(positions.as_chunks::<4>().0) {
            let start = before + member.value;
            if !member.piece.is_at(text.as_bytes(), before) {
                return false;
            }
            let is_kind = match &mut member.kind {
                None => true,
                // Most that are no strings are numbers.
                Some(Kind::Number(spelling)) if spelling.is_at(text.as_bytes(), start, next) => true,
                Some(kind) => is_other(kind, text, start, next),
            };
            if !is_kind {
                return false;
            }
            before = next;
        }
        true
    }
}

/// The same of what is not a number as expected.
#[inline(never)]
fn is_other(kind: &mut Kind, text: &str, start: u32, next: u32) -> bool {
    kind.is_at(text, start, next)
}

//! A matcher that tries one way after the other, as JavaScript's own does (ECMAScript, "Pattern semantics"): for what the
//! linear one cannot do.
//!
//! Flows in: a program, a text, where to begin, a budget of steps. Flows out: the leftmost match, or that there is none, or
//! that the budget is used up, which is what a pattern that would run for ever comes to. It keeps its open alternatives in
//! a list and never recurses.

use super::Match;
use super::program::{Op, Program, group_slots};
use super::set::canonical;
use super::syntax::Assertion;
use crate::vm::jsonata::library::LibraryError;
use crate::vm::jsonata::library::fault::Fault;

/// A slot that holds nothing.
const NOTHING: usize = usize::MAX;

/// At most so many alternatives and changes are kept, some 50 MiB.
const OPEN_MAX: usize = 2 << 20;

/// An alternative that is still open.
struct Choice {
    op: usize,
    at: usize,
    /// How many changes had been made.
    changes: usize,
}

/// A look-around that is being tried.
struct Look {
    /// How many alternatives were open before; when no more are left it has failed.
    choices: usize,
    changes: usize,
    at: usize,
    negative: bool,
    exit: usize,
}

struct Attempt<'p, 't> {
    program: &'p Program,
    text: &'t str,
    ignore_case: bool,
    slots: Vec<usize>,
    choices: Vec<Choice>,
    looks: Vec<Look>,
    /// Slots that were changed and what they held, to be undone.
    changes: Vec<(usize, usize)>,
    /// What is left of the budget.
    steps: u64,
}

/// The leftmost match from a byte offset on, and the steps that are left.
pub(super) fn find(
    program: &Program,
    text: &str,
    from: usize,
    ignore_case: bool,
    steps: &mut u64,
) -> Result<Option<Match>, LibraryError> {
    let mut attempt = Attempt {
        program,
        text,
        ignore_case,
        slots: vec![NOTHING; program.slot_count],
        choices: Vec::new(),
        looks: Vec::new(),
        changes: Vec::new(),
        steps: *steps,
    };
    let mut start = from;
    loop {
        let ended = attempt.run(start);
        *steps = attempt.steps;
        if let Some(end) = ended? {
            let groups = (1..=program.group_count).map(|group| attempt.group(group)).collect();
            return Ok(Some(Match { start, end, groups }));
        }
        match text[start..].chars().next() {
            Some(c) => start += c.len_utf8(),
            None => return Ok(None),
        }
    }
}

impl Attempt<'_, '_> {
    /// What a group captured.
    fn group(&self, group: usize) -> Option<(usize, usize)> {
        let (start, end) = group_slots(group);
        let (start, end) = (self.slots[start], self.slots[end]);
        (start != NOTHING && end != NOTHING && start <= end).then_some((start, end))
    }

    fn set(&mut self, slot: usize, value: usize) {
        // With nothing to go back to there is nothing to undo.
        if !self.choices.is_empty() || !self.looks.is_empty() {
            self.changes.push((slot, self.slots[slot]));
        }
        self.slots[slot] = value;
    }

    /// Takes steps off the budget; the loop sees when none are left.
    fn spend(&mut self, steps: usize) {
        self.steps = self.steps.saturating_sub(steps as u64);
    }

    fn undo(&mut self, changes: usize) {
        for (slot, value) in self.changes.drain(changes..).rev() {
            self.slots[slot] = value;
        }
    }

    /// The character before or after a place.
    fn neighbour(&self, at: usize, back: bool) -> Option<char> {
        if back { self.text[..at].chars().next_back() } else { self.text[at..].chars().next() }
    }

    /// Where a match that begins right there ends.
    fn run(&mut self, start: usize) -> Result<Option<usize>, LibraryError> {
        self.spend(self.slots.len());
        self.slots.fill(NOTHING);
        self.choices.clear();
        self.looks.clear();
        self.changes.clear();
        let (mut op, mut at) = (0, start);
        loop {
            if self.steps == 0 || self.choices.len() + self.changes.len() > OPEN_MAX {
                return Err(Fault::RegexBudget.into());
            }
            self.spend(1);
            let next = match &self.program.ops[op] {
                Op::Match => return Ok(Some(at)),
                Op::LookEnd => self.leave_look(),
                other => self.step(other, op, at),
            };
            match next.or_else(|| self.give_way()) {
                Some(place) => (op, at) = place,
                None => return Ok(None),
            }
        }
    }

    /// The place of the latest alternative; none if none is left.
    fn give_way(&mut self) -> Option<(usize, usize)> {
        loop {
            if let Some(look) = self.looks.pop_if(|look| look.choices == self.choices.len()) {
                // Nothing is left to try inside: the look-around has failed.
                self.undo(look.changes);
                if look.negative {
                    return Some((look.exit, look.at));
                }
                continue;
            }
            let choice = self.choices.pop()?;
            self.undo(choice.changes);
            return Some((choice.op, choice.at));
        }
    }

    /// What follows a look-around whose inside has matched. Its alternatives are dropped; what a positive one captured
    /// stays, and can still be undone.
    fn leave_look(&mut self) -> Option<(usize, usize)> {
        let look = self.looks.pop()?;
        self.choices.truncate(look.choices);
        if look.negative {
            self.undo(look.changes);
            return None;
        }
        Some((look.exit, look.at))
    }

    fn choose(&mut self, first: usize, second: usize, at: usize) -> Option<(usize, usize)> {
        self.choices.push(Choice { op: second, at, changes: self.changes.len() });
        Some((first, at))
    }

    /// Runs an instruction: where to go on, or that it does not match.
    fn step(&mut self, instruction: &Op, op: usize, at: usize) -> Option<(usize, usize)> {
        let take = |c: char, back: bool| if back { at - c.len_utf8() } else { at + c.len_utf8() };
        let next = op + 1;
        match instruction {
            Op::Char { c, back } => {
                self.neighbour(at, *back).filter(|found| found == c).map(|c| (next, take(c, *back)))
            }
            Op::Set { set, back } => {
                let found = self.neighbour(at, *back).filter(|c| set.contains(u32::from(*c)));
                found.map(|c| (next, take(c, *back)))
            }
            Op::BackReference { group, back } => self.repeated(*group, at, *back).map(|at| (next, at)),
            Op::Assertion(assertion) => self.holds(*assertion, at).then_some((next, at)),
            Op::Split(first, second) => self.choose(*first, *second, at),
            Op::Jump(target) => Some((*target, at)),
            Op::Place { slot } => {
                self.set(*slot, at);
                Some((next, at))
            }
            Op::Forget(first, end) => {
                self.spend(end - first);
                for slot in group_slots(*first).0..group_slots(*end).0 {
                    if self.slots[slot] != NOTHING {
                        self.set(slot, NOTHING);
                    }
                }
                Some((next, at))
            }
            Op::Progress { place, counter } => {
                let has_to_be = counter.is_some_and(|(counter, min)| self.slots[counter] < min as usize);
                (has_to_be || self.slots[*place] != at).then_some((next, at))
            }
            Op::Zero { counter } => {
                self.set(*counter, 0);
                Some((next, at))
            }
            Op::Count { counter } => {
                self.set(*counter, self.slots[*counter].saturating_add(1));
                Some((next, at))
            }
            Op::Round { counter, min, max, greedy, exit } => {
                let rounds = self.slots[*counter];
                if rounds < *min as usize {
                    Some((next, at))
                } else if max.is_some_and(|max| rounds >= max as usize) {
                    Some((*exit, at))
                } else if *greedy {
                    self.choose(next, *exit, at)
                } else {
                    self.choose(*exit, next, at)
                }
            }
            Op::Look { negative, exit } => {
                let (choices, changes) = (self.choices.len(), self.changes.len());
                self.looks.push(Look { choices, changes, at, negative: *negative, exit: *exit });
                Some((next, at))
            }
            // Handled by the loop.
            Op::LookEnd | Op::Match => None,
        }
    }

    /// Where a place is after the text of a group, if that is what stands there.
    fn repeated(&mut self, group: usize, at: usize, back: bool) -> Option<usize> {
        let Some((start, end)) = self.group(group) else { return Some(at) };
        self.spend(end - start);
        let captured = &self.text[start..end];
        let equal = |a: char, b: char| a == b || (self.ignore_case && canonical(a) == canonical(b));
        if back {
            let mut before = self.text[..at].chars();
            captured
                .chars()
                .rev()
                .all(|c| before.next_back().is_some_and(|b| equal(b, c)))
                .then_some(before.as_str().len())
        } else {
            let mut after = self.text[at..].chars();
            let same = captured.chars().all(|c| after.next().is_some_and(|a| equal(a, c)));
            same.then_some(self.text.len() - after.as_str().len())
        }
    }

    fn holds(&self, assertion: Assertion, at: usize) -> bool {
        let ends_line = |c: Option<char>| matches!(c, None | Some('\n' | '\r' | '\u{2028}' | '\u{2029}'));
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        let (before, after) = (self.neighbour(at, true), self.neighbour(at, false));
        match assertion {
            Assertion::Start => at == 0,
            Assertion::End => at == self.text.len(),
            Assertion::LineStart => ends_line(before),
            Assertion::LineEnd => ends_line(after),
            Assertion::WordBoundary => is_word(before) != is_word(after),
            Assertion::NotWordBoundary => is_word(before) == is_word(after),
        }
    }
}

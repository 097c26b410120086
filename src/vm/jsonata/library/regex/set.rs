//! Sets of characters, as classes of regular expressions are (ECMAScript, "CharacterClass" and "Canonicalize").
//!
//! Flows in: ranges of code points. Flows out: whether a character is in the set, the set without gaps, its complement, the
//! set that ignoring case makes of it. Surrogates can be in a set, as a pattern may name them, but never in a text.

use std::collections::BTreeMap;

const LAST: u32 = 0x10_FFFF;

/// A set of code points: ranges with both ends in, ascending, neither touching nor overlapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CharSet {
    ranges: Vec<(u32, u32)>,
}

impl CharSet {
    pub(super) fn of(ranges: impl Into<Vec<(u32, u32)>>) -> CharSet {
        let mut set = CharSet { ranges: ranges.into() };
        set.tidy();
        set
    }

    /// `\d`
    pub(super) fn digits() -> CharSet {
        CharSet::of([(0x30, 0x39)])
    }

    /// `\w`
    pub(super) fn word() -> CharSet {
        CharSet::of([(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)])
    }

    /// `\s`: blanks and line ends of all scripts, and the byte order mark.
    pub(super) fn space() -> CharSet {
        CharSet::of([
            (0x09, 0x0D),
            (0x20, 0x20),
            (0xA0, 0xA0),
            (0x1680, 0x1680),
            (0x2000, 0x200A),
            (0x2028, 0x2029),
            (0x202F, 0x202F),
            (0x205F, 0x205F),
            (0x3000, 0x3000),
            (0xFEFF, 0xFEFF),
        ])
    }

    /// `.`: all but the four line ends.
    pub(super) fn dot() -> CharSet {
        CharSet::of([(0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029)]).complement()
    }

    pub(super) fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    pub(super) fn complement(&self) -> CharSet {
        let (mut ranges, mut next) = (Vec::with_capacity(self.ranges.len() + 1), 0);
        for (first, last) in &self.ranges {
            if *first > next {
                ranges.push((next, first - 1));
            }
            next = last + 1;
        }
        if next <= LAST {
            ranges.push((next, LAST));
        }
        CharSet { ranges }
    }

    pub(super) fn contains(&self, code_point: u32) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= code_point);
        after > 0 && self.ranges[after - 1].1 >= code_point
    }

    /// Restores the order of the ranges.
    fn tidy(&mut self) {
        self.ranges.sort_unstable();
        let mut tidy: Vec<(u32, u32)> = Vec::with_capacity(self.ranges.len());
        for (first, last) in &self.ranges {
            match tidy.last_mut() {
                Some((_, end)) if *first <= end.saturating_add(1) => *end = (*end).max(*last),
                _ => tidy.push((*first, *last)),
            }
        }
        self.ranges = tidy;
    }
}

/// The character by which characters are compared where case is ignored: the capital, if it is a single character of the
/// same kind; ASCII letters only ever equal ASCII letters, and characters beyond U+FFFF only themselves.
pub(super) fn canonical(c: char) -> char {
    if u32::from(c) > 0xFFFF {
        return c;
    }
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) if c.is_ascii() || !one.is_ascii() => one,
        _ => c,
    }
}

/// Makes sets that ignore case. The groups of equal letters are found once for a pattern, when first needed.
#[derive(Debug, Default)]
pub(super) struct CaseGroups {
    /// The characters with the same canonical one, it included.
    groups: Option<BTreeMap<char, Vec<char>>>,
}

impl CaseGroups {
    /// The characters that equal one, if there are others.
    pub(super) fn equal(&mut self, c: char) -> Option<CharSet> {
        if c.is_ascii() {
            let both = [c.to_ascii_lowercase(), c.to_ascii_uppercase()].map(|c| (u32::from(c), u32::from(c)));
            return c.is_ascii_alphabetic().then(|| CharSet::of(both));
        }
        let group = self.groups.get_or_insert_with(groups).get(&canonical(c))?;
        Some(CharSet::of(group.iter().map(|c| (u32::from(*c), u32::from(*c))).collect::<Vec<_>>()))
    }

    /// The set with every character that equals one of it.
    pub(super) fn close(&mut self, set: &CharSet) -> CharSet {
        let mut closed = set.clone();
        for letter in 'a'..='z' {
            let both = [letter, letter.to_ascii_uppercase()].map(u32::from);
            if both.iter().any(|letter| set.contains(*letter)) {
                closed.ranges.extend(both.map(|letter| (letter, letter)));
            }
        }
        if set.ranges.last().is_some_and(|(_, last)| *last > 0x7F) {
            for group in self.groups.get_or_insert_with(groups).values() {
                if group.iter().any(|c| set.contains(u32::from(*c))) {
                    closed.ranges.extend(group.iter().map(|c| (u32::from(*c), u32::from(*c))));
                }
            }
        }
        closed.tidy();
        closed
    }
}

fn groups() -> BTreeMap<char, Vec<char>> {
    let mut groups: BTreeMap<char, Vec<char>> = BTreeMap::new();
    for c in (0x80..=0xFFFF).filter_map(char::from_u32) {
        let canonical = canonical(c);
        if canonical != c {
            groups.entry(canonical).or_insert_with(|| vec![canonical]).push(c);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets() {
        let set = CharSet::of([(5, 9), (1, 2), (3, 3), (8, 12)]);
        assert_eq!(set.ranges(), [(1, 3), (5, 12)]);
        assert_eq!(set.complement().ranges(), [(0, 0), (4, 4), (13, LAST)]);
        assert_eq!(set.complement().complement(), set);
        assert!(set.contains(12) && !set.contains(4) && !set.contains(0));
        assert_eq!(CharSet::default().complement().ranges(), [(0, LAST)]);
    }

    #[test]
    fn ignoring_case() {
        let mut groups = CaseGroups::default();
        for (c, equals) in [
            ('k', "kK"),
            ('K', "kK"),
            ('σ', "Σσς"),
            ('é', "éÉ"),
            ('ß', "ß"),
            ('ſ', "ſ"),
            ('7', "7"),
            ('\u{10428}', "\u{10428}"),
        ] {
            let one = CharSet::of([(u32::from(c), u32::from(c))]);
            let closed = groups.close(&one);
            assert_eq!(groups.equal(c).unwrap_or(one), closed, "{c}");
            let count: u32 = closed.ranges().iter().map(|(first, last)| last - first + 1).sum();
            assert_eq!(count as usize, equals.chars().count(), "{c}");
            assert!(equals.chars().all(|equal| closed.contains(u32::from(equal))), "{c}");
        }
    }
}

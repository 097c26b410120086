//! One member of an object in checked text, by the tokens that were found when it was checked.
//!
//! Flows in: a line or its tokens, a text that may be a part of it, a key. Flows out: the text of the member's value. Values
//! between are stepped over token by token, and nothing is built but what somebody wants opened as a whole. It must never say
//! anything of a text that is not a part of the line, or of a key whose spelling it has not read.

use super::lines::Lines;
use super::open::Tokens;
use super::trie::Slot;
use crate::value::raw::{Form, Key};
use crate::value::text::same;
use crate::value::tree::Span;
use crate::value::{Arena, Raw, Value};
use std::cell::Cell;

/// The paths that slots are filled for, in their order: member names only.
pub type Paths = [Box<[Box<str>]>];

/// A line that has been read, for those who look for members of its objects.
#[derive(Debug)]
pub struct LineView<'a> {
    lines: &'a Lines<'a, 'a>,
    /// The line's text.
    line: &'a str,
    slots: &'a [Slot],
    paths: &'a Paths,
    /// The object that was looked into last: often it is the next one too.
    last: Cell<Place<'a>>,
}

/// Where an object is.
#[derive(Clone, Copy, Debug)]
struct Place<'t> {
    /// Where it begins in the source.
    start: usize,
    /// The token behind its bracket, counted from the line's first.
    first: usize,
    /// Whether nothing in it is escaped, and no key stands twice.
    is_plain: bool,
    /// Its keys, if they are known; then it has no containers in it.
    keys: &'t [Box<str>],
}

impl Place<'_> {
    const NOWHERE: Place<'static> = Place { start: usize::MAX, first: 0, is_plain: false, keys: &[] };
}

impl<'a> LineView<'a> {
    /// The line at hand, which is JSON, and the slots that it has filled for these paths.
    #[inline(always)]
    pub fn new(lines: &'a Lines<'a, 'a>, slots: &'a [Slot], paths: &'a Paths) -> LineView<'a> {
        LineView { lines, line: lines.line().text, slots, paths, last: Cell::new(Place::NOWHERE) }
    }

    /// The line's text.
    #[inline(always)]
    pub fn text(&self) -> &'a str {
        self.line
    }

    /// A member that has been found already: one of the line's own object that there is a slot for.
    // Where the name is known, how it is compared is worked out when the program is compiled.
    #[inline(always)]
    pub fn known_member(&self, object: &Raw<'a>, name: &str, arena: &'a Arena) -> Option<&'a Raw<'a>> {
        if !std::ptr::eq(object.text, self.line) {
            return None;
        }
        for (path, slot) in self.paths.iter().zip(self.slots) {
            if let [only] = &**path
                && let Slot::Found(span) = slot
                && same(only.as_bytes(), name.as_bytes())
            {
                return part_of(object, *span, arena);
            }
        }
        None
    }

    /// As [`Tokens::member`], of an object of that form; with the form of what is found.
    pub fn member_inside(&self, object: &'a str, form: Form, name: &str) -> Option<Option<(&'a str, Form)>> {
        // Nothing that is not a part of the source begins where a part of it does.
        let start = (object.as_ptr() as usize).wrapping_sub(self.lines.around().0.as_ptr() as usize);
        let (tokens, last) = (self.lines.tokens(), self.last.get());
        let place = match last.start == start {
            true => last,
            false => {
                let place = tokens.object(object)?;
                self.last.set(place);
                place
            }
        };
        if !place.is_plain {
            return Some(tokens.member_at(place, name)?.map(|text| (text, form.of_part(text))));
        }
        let found = tokens.member_at(place, name)?;
        // Nothing in it is escaped.
        let plain = |text: &'a str| match text.as_bytes().first() {
            Some(b'{' | b'[') => (text, form),
            _ => (text, Form::COMPACT),
        };
        Some(found.map(plain))
    }

    /// A text that is a part of the line, opened as far down as it goes ([`Tokens::open_part`]); any other stays text.
    pub fn opened(&self, part: &'a Raw<'a>, arena: &'a Arena) -> Value<'a> {
        self.lines.tokens().open_part(part, arena)
    }
}

/// A part of a text.
#[inline(never)]
fn part_of<'a>(text: &Raw<'a>, span: Span, arena: &'a Arena) -> Option<&'a Raw<'a>> {
    let part = text.text.get(span.start as usize..span.end as usize)?;
    Some(arena.alloc(Raw { text: part, form: text.form.of_part(part) }))
}

impl<'t> Tokens<'t> {
    /// The value of an object's member of that name: of equal keys the last counts. The outer nothing: the text is no object
    /// that is a part of this line.
    pub fn member(&self, object: &str, name: &str) -> Option<Option<&'t str>> {
        self.member_at(self.object(object)?, name)
    }

    /// The same of an object that stands there.
    #[inline(always)]
    fn member_at(&self, place: Place, name: &str) -> Option<Option<&'t str>> {
        if !place.keys.is_empty() {
            let Some(n) = place.keys.iter().position(|key| same(key.as_bytes(), name.as_bytes())) else {
                return Some(None);
            };
            // Each member is a key, its colon, its value and what follows.
            let value = place.first + 4 * n + 2;
            return Some(Some(self.value_at(value, value + 1)?));
        }
        if place.is_plain { self.plain_member(place.first, name) } else { self.odd_member(place.first, name) }
    }

    /// Where an object is, if the text is one that is a part of this line.
    fn object(&self, object: &str) -> Option<Place<'t>> {
        let start = self.place(object)?;
        let at = match *self.positions.first()? as usize == start {
            true => 0,
            false => self.positions.partition_point(|position| (*position as usize) < start),
        };
        if *self.positions.get(at)? as usize != start || *self.classes.get(at)? != b'{' {
            return None;
        }
        let is_escaped = || self.form.has(Form::ESCAPED) && memchr::memchr(b'\\', object.as_bytes()).is_some();
        let is_plain = !self.form.has(Form::REPEATED) && !is_escaped();
        let keys = self.keys.and_then(|keys| keys.built(at)).unwrap_or_default();
        Some(Place { start, first: at + 1, is_plain, keys })
    }

    /// The same from the first key on, in an object in which nothing is escaped and no key stands twice.
    #[inline(always)]
    fn plain_member(&self, mut at: usize, name: &str) -> Option<Option<&'t str>> {
        let bytes = self.source.as_bytes();
        while *self.classes.get(at)? == b'"' {
            let (key, colon) = (*self.positions.get(at)? as usize + 1, *self.positions.get(at + 1)?);
            // Nearly always the closing quote stands before the colon.
            let end = match bytes.get((colon as usize).wrapping_sub(1)) {
                Some(b'"') => colon as usize - 1,
                _ => self.trimmed(colon).checked_sub(1)?,
            };
            // Behind the key and its colon.
            let value = at + 2;
            at = self.behind(value)?;
            if end.wrapping_sub(key) == name.len() && same(bytes.get(key..end)?, name.as_bytes()) {
                return Some(Some(self.value_at(value, at)?));
            }
            if *self.classes.get(at)? == b',' {
                at += 1;
            }
        }
        Some(None)
    }

    /// The same in any text.
    #[inline(never)]
    fn odd_member(&self, mut at: usize, name: &str) -> Option<Option<&'t str>> {
        let mut found = None;
        while *self.classes.get(at)? == b'"' {
            let key = *self.positions.get(at)? as usize + 1;
            let text = self.source.get(key..self.trimmed(*self.positions.get(at + 1)?).checked_sub(1)?)?;
            let value = at + 2;
            at = self.behind(value)?;
            if (Key { text, escaped: text.contains('\\') }).is(name) {
                found = Some(self.value_at(value, at)?);
            }
            if *self.classes.get(at)? == b',' {
                at += 1;
            }
        }
        Some(found)
    }

    /// The value that begins at a token; behind it is that other.
    #[inline(always)]
    fn value_at(&self, value: usize, behind: usize) -> Option<&'t str> {
        self.source.get(*self.positions.get(value)? as usize..self.trimmed(*self.positions.get(behind)?))
    }

    /// Where a text begins in the source, if it is a part of it: nothing else can lie where the source does.
    pub(super) fn place(&self, part: &str) -> Option<usize> {
        let start = (part.as_ptr() as usize).checked_sub(self.source.as_ptr() as usize)?;
        (start < self.source.len()).then_some(start)
    }

    /// The token behind the value that begins at one: a comma or a bracket.
    #[inline(always)]
    pub(super) fn behind(&self, value: usize) -> Option<usize> {
        let (mut at, mut open) = (value, 0usize);
        loop {
            match *self.classes.get(at)? {
                b'{' | b'[' => open += 1,
                b'}' | b']' => open = open.checked_sub(1)?,
                _ => {}
            }
            at += 1;
            if open == 0 {
                return Some(at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LineView;
    use crate::value::scan::{Lines, Scratch, Slot, SlotTrie, WalkPlan};
    use crate::value::{Arena, Raw, Value, raw::Form};

    /// All members, and names that are none, of all objects in a line, as the text itself has them.
    fn compared(line: &str, names: &[&str]) -> usize {
        let paths: Vec<Box<[Box<str>]>> = [vec!["x"], vec!["a", "b"], vec!["a"], vec!["none"]]
            .map(|path| path.into_iter().map(Box::from).collect())
            .into();
        // The guide is asked where equal keys are looked for, and knows a line's keys once it has met them.
        let text = format!("\n{line}\n{line}\n{line}\n[1]\n");
        let counts = [(false, 1), (true, 1), (true, 3)].map(|(find_duplicates, nth)| {
            let plan = WalkPlan { trie: SlotTrie::new(&paths), find_duplicates };
            let mut slots = vec![Slot::Absent; paths.len()];
            let mut scratch = Scratch::new();
            let mut lines = Lines::new(text.as_bytes(), &mut scratch, &plan);
            // The first line is blank.
            (0..=nth).for_each(|_| assert!(lines.advance(&mut slots).is_some()));
            compared_at(&lines, (&slots, &paths), names)
        });
        assert!(counts.iter().all(|count| *count == counts[0]), "{line}: {counts:?}");
        counts[0]
    }

    /// The same of the line at hand.
    fn compared_at(lines: &Lines, (slots, paths): (&[Slot], &super::Paths), names: &[&str]) -> usize {
        let (arena, tokens) = (Arena::new(), lines.tokens());
        let view = LineView::new(lines, slots, paths);
        let whole = lines.line().text;
        let mut objects = vec![whole];
        let mut count = 0;
        while let Some(object) = objects.pop() {
            for name in names {
                let value = Value::raw(&arena, object, Form::of(object));
                let wanted = value.get(&arena, name).map(|value| value.to_json());
                let found = tokens.member(object, name).expect("an object of this line");
                let seen = view.member_inside(object, Form::of(object), name).expect("an object of this line");
                assert_eq!(seen.map(|(text, _)| text), found, "{name} in {object}");
                let has_slot = std::ptr::eq(object, whole) && ["x", "a"].contains(name);
                let known = view.known_member(&Raw { text: object, form: Form::of(object) }, name, &arena);
                assert_eq!(
                    known.map(|known| (known.text, known.form)),
                    seen.filter(|_| has_slot),
                    "{name} in {object}"
                );
                if let Some((text, form)) = seen {
                    assert!(form.has(Form::of(text)), "{text} of {object}");
                }
                let json = |text: &str| Value::raw(&arena, text, Form::of(text)).to_json();
                if let Some((text, form)) = seen {
                    let opened = view.opened(arena.alloc(Raw { text, form }), &arena);
                    assert_eq!(opened.to_json(), json(text), "{text} of {object}");
                }
                assert_eq!(found.map(json), wanted, "{name} in {object}");
                count += usize::from(found.is_some());
                objects.extend(found.filter(|text| text.starts_with('{')));
            }
        }
        let copy = String::from(whole);
        assert!(tokens.member(&copy, "a").is_none(), "another text of the same bytes");
        count
    }

    #[test]
    fn members_are_those_of_the_text() {
        let names = ["a", "b", "", "é", "a\"", "\\", "a\\", "x", "ab"];
        for (line, found) in [
            (r#"{}"#, 0),
            (r#"{"a":1,"b":{"a":[1,{"x":2}],"b":{"x":"}"}},"x":[{"a":3}]}"#, 6),
            (r#" { "b" : [ 1 , 2 ] , "a" : { "é" : null , "" : true } , "" : {} } "#, 5),
            (r#"{"a":1,"a":{"b":1,"b":2},"ab":3}"#, 3),
            (r#"{"\u0061":1,"a\"":2,"\\":3,"a\\":4,"\u00e9":5}"#, 5),
            (r#"{"a\"b":1,"a\\\"":2,"b\"":{"a":3}}"#, 0),
            (r#"{"\"":"\"","a":{"b":1,"x":"\\"},"b":{"a":[],"\u0078":{}},"x":{"ab":1},"ab":{}}"#, 9),
        ] {
            assert_eq!(compared(line, &names), found, "{line}");
        }
    }
}

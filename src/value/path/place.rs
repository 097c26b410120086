//! Writing at a reference path: what ResultPath does (States Language, "ResultPath").
//!
//! Flows in: a document, a value, a reference path. Flows out: the document with the value there. Objects that are
//! missing on the way are made, a value that is there is replaced, never merged; an array's element can only be replaced.
//! Nothing of the document is copied: an object becomes an overlay, and an overlay whose member is set again is made
//! anew rather than covered, so that a loop over one ResultPath does not pile them up. It must never change the document
//! it was given.

use super::cursor::Cursor;
use super::{Path, Step};
use crate::value::{Arena, Kind, Member, Value};

/// A value cannot be written at a path.
#[derive(Clone, Copy, Debug)]
pub struct PlaceError<'p> {
    /// The path.
    pub path: &'p Path,
    /// The step that could not be taken, counted from 0.
    pub at: usize,
    /// What stood there.
    pub found: Value<'p>,
    /// Why the step could not be taken.
    pub problem: PlaceProblem,
}

/// Why a step of a reference path cannot be taken for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceProblem {
    /// A member is to be written into something that is no object.
    NotAnObject,
    /// An element is to be written into something that is no array.
    NotAnArray,
    /// The array has no such element; arrays do not grow.
    NoSuchElement,
    /// The step is of no reference path (a definition that passed its checks has none).
    NotAReference,
}

impl std::fmt::Display for PlaceError<'_> {
    /// AWS's text for a reference path that does not fit, as recorded for ItemsPath.
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("Unable to apply step \"")?;
        match self.path.steps().get(self.at) {
            Some(Step::Member(name)) => f.write_str(name)?,
            Some(Step::Index(index)) => write!(f, "{index}")?,
            Some(step) => write!(f, "{step}")?,
            None => {}
        }
        write!(f, "\" to input {}", self.found.to_json())
    }
}

impl std::error::Error for PlaceError<'_> {}

impl Path {
    /// `root` with `value` written at the path.
    ///
    /// ```
    /// use expressway::value::{Arena, Value, path::Path};
    /// let arena = Arena::new();
    /// let root = Value::from_text(&arena, r#"{"a":{"x":1}}"#);
    /// let path = Path::parse("$.a.b.c")?;
    /// let placed = path.place(root, Value::Int(7), &arena).unwrap();
    /// assert_eq!(placed.to_json(), r#"{"a":{"x":1,"b":{"c":7}}}"#);
    /// # Ok::<(), expressway::value::path::PathError>(())
    /// ```
    ///
    /// # Errors
    /// A step does not fit what is there.
    pub fn place<'p, 'a: 'p>(
        &'p self,
        root: Value<'a>,
        value: Value<'a>,
        arena: &'a Arena,
    ) -> Result<Value<'a>, PlaceError<'p>> {
        self.place_at(0, Some(root), value, arena)
    }

    /// One frame a step, at most 1,024.
    fn place_at<'p, 'a: 'p>(
        &'p self,
        at: usize,
        here: Option<Value<'a>>,
        value: Value<'a>,
        arena: &'a Arena,
    ) -> Result<Value<'a>, PlaceError<'p>> {
        let Some(step) = self.steps().get(at) else {
            return Ok(value);
        };
        let fail = |found, problem| PlaceError { path: self, at, found, problem };
        match (step, here) {
            (Step::Member(name), None) => {
                let member = Member { key: arena.alloc_str(name), value: self.place_at(at + 1, None, value, arena)? };
                Ok(Value::object(arena, arena.alloc([member])))
            }
            (Step::Member(name), Some(here)) if here.kind() == Kind::Object => {
                let child = Cursor::new(here).member(name).map(|child| child.value(arena));
                let child = self.place_at(at + 1, child, value, arena)?;
                Ok(set(here, name, child, arena))
            }
            (Step::Member(_), Some(here)) => Err(fail(here, PlaceProblem::NotAnObject)),
            (Step::Index(index), Some(here)) => {
                let Some(items) = here.elements(arena) else {
                    return Err(fail(here, PlaceProblem::NotAnArray));
                };
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let index = i64::from(*index) + if *index < 0 { length } else { 0 };
                let items = arena.alloc_slice_copy(items);
                let Some(item) = usize::try_from(index).ok().and_then(|index| items.get_mut(index)) else {
                    return Err(fail(here, PlaceProblem::NoSuchElement));
                };
                *item = self.place_at(at + 1, Some(*item), value, arena)?;
                Ok(Value::array(arena, items))
            }
            (Step::Index(_), None) => Err(fail(Value::Null, PlaceProblem::NotAnArray)),
            (_, here) => Err(fail(here.unwrap_or(Value::Null), PlaceProblem::NotAReference)),
        }
    }
}

/// The object with one member set.
fn set<'a>(object: Value<'a>, key: &str, value: Value<'a>, arena: &'a Arena) -> Value<'a> {
    let mut above = Vec::new();
    let mut here = object;
    while let Value::Overlay(overlay) = here {
        if overlay.member.key == key {
            // Made anew with the same overlays above it, so that members keep their order.
            let set = Value::overlay(arena, overlay.base, overlay.member.key, value);
            return above
                .iter()
                .rev()
                .fold(set, |base, member: &&Member<'a>| Value::overlay(arena, base, member.key, member.value));
        }
        above.push(&overlay.member);
        here = overlay.base;
    }
    Value::overlay(arena, object, arena.alloc_str(key), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placing() {
        let arena = Arena::new();
        let cases: &[(&str, &str, &str)] = &[
            ("{}", "$", "7"),
            (r#"{"a":1}"#, "$.b", r#"{"a":1,"b":7}"#),
            (r#"{"a":1,"b":2}"#, "$.a", r#"{"a":7,"b":2}"#),
            (r#"{"a":{"x":1}}"#, "$.a", r#"{"a":7}"#),
            (r#"{"a":{"x":1}}"#, "$.a.b", r#"{"a":{"x":1,"b":7}}"#),
            (r#"{"a":{"x":1},"z":0}"#, "$.a.b.c", r#"{"a":{"x":1,"b":{"c":7}},"z":0}"#),
            ("{}", "$.a.b", r#"{"a":{"b":7}}"#),
            (r#"{"l":[1,2,3]}"#, "$.l[1]", r#"{"l":[1,7,3]}"#),
            (r#"{"l":[1,{"x":2}]}"#, "$.l[-1].y", r#"{"l":[1,{"x":2,"y":7}]}"#),
            ("[[1]]", "$[0][0]", "[[7]]"),
            (r#"{"a b":1}"#, "$['a b']", r#"{"a b":7}"#),
        ];
        for (root, path, expected) in cases {
            let path = Path::parse(path).unwrap();
            let placed = path.place(Value::from_text(&arena, root), Value::Int(7), &arena).unwrap();
            assert_eq!(placed.to_json(), *expected, "{path} in {root}");
        }
        let misfits: &[(&str, &str, PlaceProblem, &str)] = &[
            ("5", "$.a", PlaceProblem::NotAnObject, r#"Unable to apply step "a" to input 5"#),
            (r#"{"a":5}"#, "$.a.b", PlaceProblem::NotAnObject, r#"Unable to apply step "b" to input 5"#),
            (r#"{"a":[5]}"#, "$.a.b", PlaceProblem::NotAnObject, r#"Unable to apply step "b" to input [5]"#),
            (r#"{"a":[5]}"#, "$.a[1]", PlaceProblem::NoSuchElement, r#"Unable to apply step "1" to input [5]"#),
            (r#"{"a":[5]}"#, "$.a[-2]", PlaceProblem::NoSuchElement, r#"Unable to apply step "-2" to input [5]"#),
            (r#"{"a":{}}"#, "$.a[0]", PlaceProblem::NotAnArray, r#"Unable to apply step "0" to input {}"#),
            ("{}", "$.a[0]", PlaceProblem::NotAnArray, r#"Unable to apply step "0" to input null"#),
            ("{}", "$.*", PlaceProblem::NotAReference, r#"Unable to apply step "[*]" to input {}"#),
        ];
        for (root, path, problem, text) in misfits {
            let path = Path::parse(path).unwrap();
            let misfit = path.place(Value::from_text(&arena, root), Value::Int(7), &arena).unwrap_err();
            assert_eq!((misfit.problem, &*misfit.to_string()), (*problem, *text), "{path} in {root}");
        }
    }

    #[test]
    fn placing_again_does_not_pile_up() {
        let arena = Arena::new();
        let mut document = Value::from_text(&arena, r#"{"n":0,"z":1}"#);
        let (n, m) = (Path::parse("$.n").unwrap(), Path::parse("$.m.k").unwrap());
        for i in 0..100_000 {
            document = n.place(document, Value::Int(i), &arena).unwrap();
            document = m.place(document, Value::Int(i), &arena).unwrap();
        }
        assert_eq!(document.to_json(), r#"{"n":99999,"z":1,"m":{"k":99999}}"#);
        assert!(document.size().depth <= 4);
    }
}

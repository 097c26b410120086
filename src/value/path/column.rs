//! One member of many objects: `[*].name`, `[?(@.other > 1)].name`.
//!
//! Elements of an array are often alike, and those that were opened from text share the very same keys: what was found in
//! one object is looked for in the same place of the next, under the same address. Conditions that compare one member with a
//! literal are decided here where that takes no more than looking at a number or a string as it is spelled; everything
//! else is left to `eval.rs` and `filter.rs`, item by item. It must never decide what those would not.

use super::cursor::Cursor;
use super::eval::Run;
use super::filter::{Filter, Literal, Operand, Operator};
use super::{PathMiss, Step};
use crate::value::number::Number;
use crate::value::raw::{self, Form};
use crate::value::text::{has_backslash, same};
use crate::value::{Object, Raw, Value};

/// Where a member was found in an object: the next often has it in the same place, under the very same key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot<'a> {
    key: &'a str,
    at: usize,
}

impl<'a> Spot<'a> {
    /// Nothing has been found yet.
    pub const NOWHERE: Spot<'static> = Spot { key: "", at: usize::MAX };

    /// The member that was found before, if this object has it in the same place.
    #[inline(always)]
    pub fn here(&self, object: &Object<'a>) -> Option<Value<'a>> {
        let member = object.members.get(self.at)?;
        std::ptr::eq(member.key, self.key).then_some(member.value)
    }

    /// The member of that name; all lookups with one spot are for the same name.
    #[inline(always)]
    pub fn find(&mut self, object: &Object<'a>, name: &str) -> Option<Value<'a>> {
        match self.here(object) {
            Some(found) => Some(found),
            None => self.seek(object, name),
        }
    }

    #[inline(never)]
    fn seek(&mut self, object: &Object<'a>, name: &str) -> Option<Value<'a>> {
        // Its keys are distinct.
        let at = object.members.iter().position(|member| same(member.key.as_bytes(), name.as_bytes()))?;
        let member = &object.members[at];
        *self = Spot { key: member.key, at };
        Some(member.value)
    }
}

/// A condition that compares one member with a literal.
struct Test<'p> {
    name: &'p str,
    operator: Operator,
    literal: &'p Literal,
}

impl<'p> Test<'p> {
    fn of(filter: &'p Filter) -> Option<Test<'p>> {
        let Filter::Compare(Operand::Item(path), operator, Operand::Literal(literal)) = filter else { return None };
        match path.steps() {
            [Step::Member(name)] => Some(Test { name, operator: *operator, literal }),
            _ => None,
        }
    }

    /// Whether it holds for an object, if that can be told at once.
    #[inline(always)]
    fn holds<'a>(&self, object: &Object<'a>, spot: &mut Spot<'a>) -> Option<bool> {
        let Value::Raw(Raw { text, form: Form::COMPACT }) = spot.find(object, self.name)? else { return None };
        match self.literal {
            Literal::Integer(wanted) if text.as_bytes().first().is_some_and(u8::is_ascii_digit) => {
                self.operator.holds_of(Number::Text(text).as_written_integer()?.cmp(wanted))
            }
            Literal::String(wanted) if text.starts_with('"') && !has_backslash(text.as_bytes()) => {
                let equal = raw::unquote(text) == &**wanted;
                match self.operator {
                    Operator::Equal | Operator::SameEqual => Some(equal),
                    Operator::NotEqual | Operator::NotSameEqual => Some(!equal),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

impl<'p, 'a: 'p> Run<'p, 'a, '_> {
    /// Takes a path of two steps, the second of which is the member of that name, from the elements of an array: all, or those
    /// for which the filter holds.
    pub(super) fn column(
        &mut self,
        items: &'a [Value<'a>],
        filter: Option<&'p Filter>,
        name: &'p str,
    ) -> Result<(), PathMiss<'p>> {
        let (mut spot, mut tested) = (Spot::NOWHERE, Spot::NOWHERE);
        let test = filter.and_then(Test::of);
        // What is visited is taken down at the end, if there is surely enough for all.
        let most = items.len() as u64 * 3;
        let ample = u64::from(self.budget.left()) >= most;
        let mut visited = 0;
        let mut items = items.iter();
        if filter.is_none() && ample {
            // Nothing to be asked of most.
            while let Some(Value::Object(object)) = items.as_slice().first() {
                visited += 1;
                if let Some(found) = spot.find(object, name) {
                    visited += 1;
                    self.found.push(found);
                }
                items.next();
            }
        }
        for item in items {
            let at_once = match item {
                Value::Object(object) if ample => match (&test, filter) {
                    (Some(test), _) => test.holds(object, &mut tested).map(|holds| (object, holds, 2)),
                    (None, None) => Some((object, true, 1)),
                    (None, Some(_)) => None,
                },
                _ => None,
            };
            let Some((object, holds, visits)) = at_once else {
                self.visits(0, std::mem::take(&mut visited))?;
                self.element(filter, *item)?;
                continue;
            };
            visited += visits;
            if holds && let Some(found) = spot.find(object, name) {
                visited += 1;
                self.found.push(found);
            }
        }
        self.visits(0, visited)
    }

    /// The same for one element of any kind.
    #[inline(never)]
    fn element(&mut self, filter: Option<&'p Filter>, item: Value<'a>) -> Result<(), PathMiss<'p>> {
        match filter {
            Some(_) if !self.holds(0, Cursor::new(item))? => return Ok(()),
            Some(_) => {}
            None => self.visit(0)?,
        }
        self.onward(1, item)
    }
}

#[cfg(test)]
mod tests {
    use crate::value::path::{NodeBudget, Path};
    use crate::value::{Arena, Kind, Member, Value};
    use std::collections::BTreeSet;

    /// The same arrays and objects as nodes, equal keys under one address, scalars as they are spelled.
    fn opened<'a>(value: Value<'a>, keys: &mut BTreeSet<&'a str>, arena: &'a Arena) -> Value<'a> {
        match value.kind() {
            Kind::Array => {
                let items = value.elements(arena).unwrap_or_default().iter().map(|item| opened(*item, keys, arena));
                let items: Vec<_> = items.collect();
                Value::array(arena, arena.alloc_slice_copy(&items))
            }
            Kind::Object => {
                let mut members = Vec::new();
                for member in value.members(arena).unwrap_or_default() {
                    keys.insert(member.key);
                    let key = *keys.get(member.key).expect("it has been put there");
                    members.push(Member { key, value: opened(member.value, keys, arena) });
                }
                Value::object(arena, arena.alloc_slice_copy(&members))
            }
            _ => value,
        }
    }

    /// What objects that are alike come to is what their text comes to, at every budget.
    #[test]
    fn columns_are_what_every_element_comes_to() {
        let documents = [
            "[]",
            r#"[{"x":1,"y":"a"},{"x":2,"y":"b"},{"x":30,"y":"c"},{"x":4}]"#,
            r#"[{"x":1,"y":"a"},{"y":"b","x":2},{"z":0,"x":2.0,"y":"\u0062"},{"y":"b"},{"x":null,"y":null},{}]"#,
            r#"[{"x":-1,"y":"\""},3,{"x":"2","y":"b"},[{"x":2}],null,{"x":[2],"y":{"x":2}},{"x":{"y":2},"y":["b"]}]"#,
            r#"[{"xx":1},{"x":99999999999999999999,"y":"b"},{"x":2e0,"y":"bb"},{"x":0.5},{"x":true,"y":false},"b"]"#,
            r#"{"x":{"x":1},"y":{"x":2}}"#,
        ];
        let conditions = [
            "@.x > 1",
            "@.x <= 2",
            "@.x == 2",
            "@.x === 2",
            "@.x != 2",
            "@.x !== 2",
            "@.x < -5",
            "@.y == 'b'",
            "@.y === 'b'",
            "@.y != 'b'",
            "@.y !== 'b'",
            "@.y > 'a'",
            "@.y == '\"'",
            "@.x == '2'",
            "@.y == 2",
            "@.x == null",
            "@.x",
            "!(@.x)",
            "@.x > 1 && @.y == 'b'",
            "@.x in [1,2]",
            "@.z == 0",
            "@.x.y == 2",
            "@.x == $[0].x",
        ];
        let paths =
            conditions.iter().flat_map(|condition| ["x", "y", "gone"].map(|name| format!("$[?({condition})].{name}")));
        let paths = paths.chain(["$[*].x", "$[*].y", "$[*].gone", "$.*.x"].map(str::to_owned));
        for path in paths {
            let path = Path::parse(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
            for document in documents {
                let arena = Arena::new();
                let text = Value::from_text(&arena, document);
                let nodes = opened(text, &mut BTreeSet::new(), &arena);
                for nodes_max in (0..40).chain([NodeBudget::NODES_MAX]) {
                    let [from_text, from_nodes] = [text, nodes].map(|root| {
                        let mut budget = NodeBudget::new(nodes_max);
                        let found = path.eval(root, &arena, &mut budget);
                        found.map(|value| (value.to_json(), budget.left())).map_err(|miss| miss.to_string())
                    });
                    assert_eq!(from_nodes, from_text, "{} on {document}, {nodes_max} nodes", path.text());
                }
            }
        }
    }
}

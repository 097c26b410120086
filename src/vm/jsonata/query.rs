//! Reading values as JSONata does: kinds, truth, fields, wildcards, sequences.
//!
//! Flows in: values. Flows out: values on the arena. Nothing here runs code of an expression. Recursion follows the
//! nesting of values, which is bounded where values are read and where they are built.

use crate::value::{Arena, Flags, Kind, Member, Value};

/// A list that grows on the arena.
pub(super) type List<'a> = bumpalo::collections::Vec<'a, Value<'a>>;

/// The letter that signatures have for a value's kind.
#[inline]
pub(super) fn letter(value: Value) -> u8 {
    match value {
        Value::Undefined => b'm',
        Value::Function(_) => b'f',
        _ => match value.kind() {
            Kind::Null => b'l',
            Kind::Bool => b'b',
            Kind::Number => b'n',
            Kind::String => b's',
            Kind::Array => b'a',
            Kind::Object => b'o',
        },
    }
}

pub(super) fn is_array(value: Value) -> bool {
    letter(value) == b'a'
}

pub(super) fn flags(value: Value) -> Flags {
    match value {
        Value::Array(array) => array.flags,
        _ => Flags::NONE,
    }
}

/// A number's value; none for what is no number.
#[inline]
pub(super) fn number(value: Value) -> Option<f64> {
    match value {
        Value::Float(f) => Some(f),
        Value::Int(i) => Some(i as f64),
        _ => value.as_number().map(|n| n.as_f64()),
    }
}

/// The elements of an array; of anything else itself alone.
#[inline]
pub(super) fn items<'a>(value: Value<'a>, arena: &'a Arena) -> &'a [Value<'a>] {
    value.elements(arena).unwrap_or_else(|| arena.alloc_slice_copy(&[value]))
}

/// What counts as true; undefined does not.
#[inline]
pub(super) fn truth<'a>(value: Value<'a>, arena: &'a Arena) -> bool {
    match value {
        Value::Bool(value) => value,
        _ => counted(value, arena),
    }
}

fn counted<'a>(value: Value<'a>, arena: &'a Arena) -> bool {
    match letter(value) {
        b'b' => value.as_bool() == Some(true),
        b'n' => number(value).is_some_and(|n| n != 0.0 && !n.is_nan()),
        b's' => value.as_str(arena).is_some_and(|s| !s.is_empty()),
        b'o' => value.members(arena).is_some_and(|m| !m.is_empty()),
        b'a' => items(value, arena).iter().any(|item| truth(*item, arena)),
        b'f' => true,
        _ => false,
    }
}

/// Adds a step's result to a sequence: arrays are flattened unless they were constructed.
pub(super) fn flatten<'a>(out: &mut List<'a>, value: Value<'a>, arena: &'a Arena) {
    match value {
        Value::Undefined => {}
        Value::Array(array) if array.flags.has(Flags::CONSTRUCTED) => out.push(value),
        _ => match value.elements(arena) {
            Some(items) => out.extend_from_slice(items),
            None => out.push(value),
        },
    }
}

/// What a path that begins with a variable goes on from: a constructed array as one element, all else as it is.
pub(super) fn whole<'a>(value: Value<'a>, arena: &'a Arena) -> Value<'a> {
    match value {
        Value::Array(array) if array.flags.has(Flags::CONSTRUCTED) => {
            Value::flagged(arena, arena.alloc_slice_copy(&[value]), Flags::SEQUENCE)
        }
        _ => value,
    }
}

/// A sequence of what has been found.
pub(super) fn sequence<'a>(items: List<'a>, arena: &'a Arena) -> Value<'a> {
    Value::flagged(arena, items.into_bump_slice(), Flags::SEQUENCE)
}

/// A sequence as a value: undefined if it is empty, its element if there is one.
pub(super) fn unwrap(value: Value) -> Value {
    match value {
        Value::Array(array) if array.flags.has(Flags::SEQUENCE) && !array.flags.has(Flags::TUPLES) => match array.items
        {
            [] => Value::Undefined,
            [one] if !array.flags.has(Flags::KEEP) => *one,
            _ => value,
        },
        _ => value,
    }
}

/// The field of that name: of an object its member, of an array those of its elements, flattened.
pub(super) fn lookup<'a>(value: Value<'a>, key: &str, arena: &'a Arena) -> Value<'a> {
    unwrap(found(value, key, arena))
}

/// The same, where what an array gives is a sequence still.
pub(super) fn found<'a>(value: Value<'a>, key: &str, arena: &'a Arena) -> Value<'a> {
    let Some(elements) = value.elements(arena) else {
        return value.get(arena, key).unwrap_or(Value::Undefined);
    };
    let mut found = List::new_in(arena);
    for element in elements {
        let inner = lookup(*element, key, arena);
        match inner.elements(arena) {
            Some(many) => found.extend_from_slice(many),
            None if matches!(inner, Value::Undefined) => {}
            None => found.push(inner),
        }
    }
    sequence(found, arena)
}

/// A path's step that is a name, applied to what the step before has found.
pub(super) fn field<'a>(value: Value<'a>, key: &str, arena: &'a Arena) -> Value<'a> {
    let Some(elements) = value.elements(arena) else {
        return value.get(arena, key).unwrap_or(Value::Undefined);
    };
    // Most elements are objects, whose fields are single values: those go straight where they belong.
    let mut flat = List::with_capacity_in(elements.len(), arena);
    let (mut count, mut only) = (0usize, Value::Undefined);
    for element in elements {
        let found = match element {
            Value::Object(_) => element.get(arena, key).unwrap_or(Value::Undefined),
            _ => lookup(*element, key, arena),
        };
        if !matches!(found, Value::Undefined) {
            count += 1;
            only = found;
            match is_array(found) {
                true => flatten(&mut flat, found, arena),
                false => flat.push(found),
            }
        }
    }
    if count == 1 && is_array(only) && !flags(only).has(Flags::SEQUENCE) {
        return only;
    }
    flattened(flat, arena)
}

/// The results of a step as one: a plain array that is the only result of the last step stays as it is, all else is
/// flattened.
pub(super) fn step_result<'a>(results: List<'a>, last: bool, arena: &'a Arena) -> Value<'a> {
    if let ([one], true) = (&results[..], last)
        && is_array(*one)
        && !flags(*one).has(Flags::SEQUENCE)
    {
        return *one;
    }
    let mut flat = List::with_capacity_in(results.len(), arena);
    results.iter().for_each(|result| flatten(&mut flat, *result, arena));
    flattened(flat, arena)
}

/// The results of a step, arrays among them flattened, as one value.
fn flattened<'a>(flat: List<'a>, arena: &'a Arena) -> Value<'a> {
    match flat[..] {
        [] => Value::Undefined,
        // A bare value stands for the sequence of it; an array would be taken for its elements.
        [one] if !is_array(one) => one,
        _ => sequence(flat, arena),
    }
}

/// `*`: all members or elements, arrays in them flattened. Where there are arrays, their elements are appended, so that what
/// comes of it is a plain array and no sequence.
pub(super) fn wildcard<'a>(value: Value<'a>, arena: &'a Arena) -> Value<'a> {
    let value = match value {
        Value::Array(array) if array.flags.has(Flags::WRAPPER) => {
            array.items.first().copied().unwrap_or(Value::Undefined)
        }
        _ => value,
    };
    let mut found = List::new_in(arena);
    let mut plain = false;
    let mut add = |value: Value<'a>| match is_array(value) {
        true => {
            plain = true;
            flat(value, &mut found, arena);
        }
        false => found.push(value),
    };
    match (value.members(arena), value.elements(arena)) {
        (Some(members), _) => members.iter().for_each(|m| add(m.value)),
        (_, Some(elements)) => elements.iter().for_each(|e| add(*e)),
        _ => {}
    }
    if plain { Value::array(arena, found.into_bump_slice()) } else { sequence(found, arena) }
}

/// All elements, those of inner arrays included.
fn flat<'a>(value: Value<'a>, out: &mut List<'a>, arena: &'a Arena) {
    match value.elements(arena) {
        Some(elements) => elements.iter().for_each(|e| flat(*e, out, arena)),
        None => out.push(value),
    }
}

/// `**`: the value and all that is in it.
pub(super) fn descendants<'a>(value: Value<'a>, arena: &'a Arena) -> Value<'a> {
    fn collect<'a>(value: Value<'a>, out: &mut List<'a>, arena: &'a Arena) {
        match value.elements(arena) {
            Some(elements) => elements.iter().for_each(|e| collect(*e, out, arena)),
            None => {
                out.push(value);
                value.members(arena).unwrap_or_default().iter().for_each(|m| collect(m.value, out, arena));
            }
        }
    }
    let mut found = List::new_in(arena);
    if !matches!(value, Value::Undefined) {
        collect(value, &mut found, arena);
    }
    match found[..] {
        // One value is no sequence, so that `**[]` does not keep it in an array. An array is never by itself here.
        [one] => one,
        _ => sequence(found, arena),
    }
}

/// What counts as true for the comparison of `$sort`: there the reference asks JavaScript, for which arrays and objects
/// are always true.
pub(super) fn counts<'a>(value: Value<'a>, arena: &'a Arena) -> bool {
    matches!(letter(value), b'a' | b'o') || truth(value, arena)
}

/// `$append`: the elements of both in one plain array; what is undefined adds nothing.
pub(super) fn append<'a>(left: Value<'a>, right: Value<'a>, arena: &'a Arena) -> Value<'a> {
    match (left, right) {
        (Value::Undefined, one) | (one, Value::Undefined) => one,
        _ => {
            let (left, right) = (items(left, arena), items(right, arena));
            let mut all = List::with_capacity_in(left.len() + right.len(), arena);
            all.extend_from_slice(left);
            all.extend_from_slice(right);
            Value::array(arena, all.into_bump_slice())
        }
    }
}

/// Whether two values are equal: numbers as doubles, objects whatever the order of their members.
pub(super) fn equal<'a>(left: Value<'a>, right: Value<'a>, arena: &'a Arena) -> bool {
    match (letter(left), letter(right)) {
        (b'n', b'n') => number(left) == number(right),
        (b's', b's') => left.as_str(arena) == right.as_str(arena),
        (b'b', b'b') => left.as_bool() == right.as_bool(),
        (b'l', b'l') | (b'm', b'm') => true,
        (b'f', b'f') => matches!((left, right), (Value::Function(a), Value::Function(b)) if a == b),
        (b'a', b'a') => {
            let (a, b) = (items(left, arena), items(right, arena));
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(*a, *b, arena))
        }
        (b'o', b'o') => match (left.members(arena), right.members(arena)) {
            (Some(a), Some(b)) => {
                a.len() == b.len()
                    && a.iter().all(|m| right.get(arena, m.key).is_some_and(|v| equal(m.value, v, arena)))
            }
            _ => false,
        },
        _ => false,
    }
}

/// The object of these members; of equal keys the last value counts, at the place of the first.
pub(super) fn object<'a>(members: impl Iterator<Item = Member<'a>> + Clone, arena: &'a Arena) -> Value<'a> {
    /// Up to so many members, comparing all keys is cheaper than hashing them.
    const FEW: usize = 16;
    let mut distinct: bumpalo::collections::Vec<'a, Member<'a>> = bumpalo::collections::Vec::new_in(arena);
    if members.clone().nth(FEW).is_none() {
        for member in members {
            match distinct.iter_mut().find(|known| known.key == member.key) {
                Some(known) => *known = member,
                None => distinct.push(member),
            }
        }
        return Value::object(arena, distinct.into_bump_slice());
    }
    let mut seen = std::collections::HashMap::new();
    for member in members {
        match seen.entry(member.key) {
            std::collections::hash_map::Entry::Occupied(place) => {
                let place: usize = *place.get();
                distinct[place] = member;
            }
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(distinct.len());
                distinct.push(member);
            }
        }
    }
    Value::object(arena, distinct.into_bump_slice())
}

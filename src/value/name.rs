//! Things by their names.
//!
//! Flows in: things that have names, and one that is looked for. Flows out: the thing. Most names are so short that it is not
//! worth to call for a comparison: they are told by their first and last bytes, which are taken together. It must never loop
//! over the bytes of a short name, so that of one that is known nothing is left to do when the program runs.

/// The first of some things that is called so: the one that is, where their names are distinct. What the name is told by is
/// worked out once for all of them.
#[inline(always)]
pub(crate) fn first_of_name<'t, T>(things: &'t [T], name_of: impl Fn(&T) -> &str, name: &str) -> Option<&'t T> {
    fn ends<const N: usize>(text: &[u8]) -> Option<([u8; N], [u8; N])> {
        Some((*text.first_chunk()?, *text.last_chunk()?))
    }
    let name = name.as_bytes();
    let is_as_long = |thing: &T| name_of(thing).len() == name.len();
    match name.len() {
        0 => first(things, is_as_long),
        // The first, the last and the one in the middle are all that there are.
        1..4 => {
            let all = |text: &[u8]| Some((*text.first()?, *text.get(text.len() / 2)?, *text.last()?));
            let wanted = all(name);
            first(things, |thing| is_as_long(thing) && all(name_of(thing).as_bytes()) == wanted)
        }
        4..8 => {
            let wanted = ends::<4>(name);
            first(things, |thing| is_as_long(thing) && ends::<4>(name_of(thing).as_bytes()) == wanted)
        }
        8..=16 => {
            let wanted = ends::<8>(name);
            first(things, |thing| is_as_long(thing) && ends::<8>(name_of(thing).as_bytes()) == wanted)
        }
        _ => first(things, |thing| name_of(thing).as_bytes() == name),
    }
}

/// As [`Iterator::find`], which is not put in its place wherever that is called.
#[inline(always)]
#[allow(clippy::manual_find)]
fn first<T>(things: &[T], is_it: impl Fn(&T) -> bool) -> Option<&T> {
    for thing in things {
        if is_it(thing) {
            return Some(thing);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::first_of_name;

    #[test]
    fn the_first_of_a_name_is_found() {
        let names: Vec<String> = (0..40).flat_map(|n| ["x".repeat(n), "y".repeat(n) + "x"]).collect();
        let things: Vec<(&str, usize)> = names.iter().map(|name| &**name).zip(0..).collect();
        for (name, _) in &things {
            let first = things.iter().find(|(other, _)| other == name);
            assert_eq!(first_of_name(&things, |(name, _)| name, name), first);
            for at in 0..name.len() {
                let mut other = name.to_string();
                other.replace_range(at..=at, "z");
                assert_eq!(first_of_name(&things, |(name, _)| name, &other), None, "{other}");
            }
        }
    }
}

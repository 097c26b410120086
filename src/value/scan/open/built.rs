//! Objects whose keys the guide knows, as built values.
//!
//! Flows in: the tokens of an object, its keys. Flows out: the object. Nothing is looked at but where its values stand.
//! It must never open what the guide has not seen to be an object of these keys.

use super::super::guide::Keys;
use super::{Tokens, Values, respelled};
use crate::value::raw::Form;
use crate::value::{Arena, Member, Raw, Value};

impl<'t> Tokens<'t> {
    /// Collects elements from the container at a token on, as long as it is known how they are built, and until there are so
    /// many values; the token behind the last of them, or the same if there was none. Escapes before that are passed over.
    // Not a part of the loop over all that a line holds: that one has more to keep in mind than there are registers.
    #[inline(never)]
    pub(super) fn all_built<'a>(
        &self,
        mut at: usize,
        keys: Keys<'t>,
        most: usize,
        escapes: &mut &'t [u32],
        values: &mut Values<'a>,
        arena: &'a Arena,
    ) -> Option<usize>
    where
        't: 'a,
    {
        let mut end = at;
        while let Some(names) = keys.built(at) {
            values.push(Member { key: "", value: self.built(at, names, escapes, arena)? });
            end = at + 1 + 4 * names.len();
            if *self.classes.get(end..)?.first_chunk()? != *b",{" || values.len() >= most {
                break;
            }
            at = end + 1;
        }
        Some(end)
    }

    /// The object at a token, whose keys these are; it has no containers in it. Escapes before it are passed over.
    #[inline(always)]
    fn built<'a>(&self, at: usize, keys: &'t [Box<str>], escapes: &mut &'t [u32], arena: &'a Arena) -> Option<Value<'a>>
    where
        't: 'a,
    {
        // Behind the bracket each member is a key, its colon, its value and what follows.
        let (&open, rest) = self.positions.get(at..at + 1 + 4 * keys.len())?.split_first()?;
        let starts = rest.as_chunks::<4>().0;
        let close = starts.last()?[3];
        let text = self.source.get(open as usize..close as usize + 1)?;
        let raws = match self.form.has(Form::SPACED) {
            true => self.scalars(starts, |next| self.trimmed(next), arena),
            false => self.scalars(starts, |next| next as usize, arena),
        };
        let members = keys.iter().zip(raws).map(|(key, raw)| Member { key, value: Value::Raw(raw) });
        let members = arena.alloc_slice_fill_iter(members);
        if escapes.first().is_some_and(|escape| *escape < close) {
            self.respell(members, (open, starts), escapes, arena)?;
        }
        Some(Value::opened_object(arena, members, arena.alloc(Raw { text, form: self.form })))
    }

    /// The values of members, by where they start and what follows them does, and where they end that stand before that.
    #[inline(always)]
    fn scalars<'a>(&self, starts: &[[u32; 4]], end: impl Fn(u32) -> usize, arena: &'a Arena) -> &'a [Raw<'a>]
    where
        't: 'a,
    {
        arena.alloc_slice_fill_iter(starts.iter().map(|&[_, _, start, next]| {
            // Tokens begin where characters do, and what stands before one ends where one does.
            let text = self.source.get(start as usize..end(next)).unwrap_or_default();
            Raw { text, form: Form::COMPACT }
        }))
    }

    /// Spells the strings of an object that hold escapes as they will be written, and passes over the escapes before its end.
    #[inline(never)]
    fn respell<'a>(
        &self,
        members: &mut [Member<'a>],
        (open, starts): (u32, &[[u32; 4]]),
        escapes: &mut &'t [u32],
        arena: &'a Arena,
    ) -> Option<()>
    where
        't: 'a,
    {
        let close = starts.last()?[3];
        while let Some((escape, rest)) = escapes.split_first()
            && *escape < close
        {
            *escapes = rest;
            if *escape > open {
                let n = starts.partition_point(|[.., next]| next < escape);
                let [_, _, start, next] = *starts.get(n)?;
                members.get_mut(n)?.value = respelled(self.source.get(start as usize..self.trimmed(next))?, arena);
                *escapes = escapes.get(escapes.partition_point(|escape| *escape < next)..)?;
            }
        }
        Some(())
    }
}

//! Objects whose keys the guide knows, as built values.
//!
//! Flows in: the tokens of an object, its keys. Flows out: the object. Nothing is looked at but where its values stand, and memory
//! is asked for once for many. It must never open what the guide has not seen to be an object of these keys.

use super::super::guide::Keys;
use super::{Tokens, Values, respelled};
use crate::value::raw::Form;
use crate::value::{Arena, Member, Raw, Value};
use std::slice::IterMut;

/// Memory for objects whose keys are known.
#[derive(Default)]
struct Room<'a> {
    objects: usize,
    raws: IterMut<'a, Raw<'a>>,
    members: &'a mut [Member<'a>],
}

/// No more members are made room for at once than so many, or than one object has.
const ROOM_MAX: usize = 256;

impl<'a> Room<'a> {
    /// Room for the members of objects, one text more than these for each of them.
    #[inline(never)]
    fn new(objects: usize, members: usize, arena: &'a Arena) -> Room<'a> {
        Room {
            objects,
            raws: arena.alloc_slice_fill_copy(members + objects, Raw { text: "", form: Form::COMPACT }).iter_mut(),
            members: arena.alloc_slice_fill_copy(members, Member { key: "", value: Value::Null }),
        }
    }

    /// Whether there is room for an object of so many members.
    #[inline(always)]
    fn has(&self, members: usize) -> bool {
        self.objects > 0 && self.members.len() >= members
    }
}

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
        let (mut end, mut room) = (at, Room::default());
        while let Some(names) = keys.built(at) {
            if !room.has(names.len()) {
                room = self.room(at, (keys, names.len()), most.saturating_sub(values.len()), arena);
            }
            values.push(Member { key: "", value: self.built(at, names, (&mut room, escapes), arena)? });
            end = at + 1 + 4 * names.len();
            if *self.classes.get(end..)?.first_chunk()? != *b",{" || values.len() >= most {
                break;
            }
            at = end + 1;
        }
        Some(end)
    }

    /// Room for the object at a token, which has so many members, and for those behind it, if it is likely that they are
    /// built in known ways too; but for no more than so many.
    #[inline(never)]
    fn room<'a>(&self, at: usize, (keys, members): (Keys, usize), most: usize, arena: &'a Arena) -> Room<'a> {
        match keys.run(at) {
            Some(run) if most >= run.0 && (members..=ROOM_MAX).contains(&run.1) && run.0 <= run.1 => {
                Room::new(run.0.max(1), run.1, arena)
            }
            _ => {
                // As many as there are if all are alike.
                let objects = (self.positions.len() - at) / (2 + 4 * members);
                let objects = objects.min(ROOM_MAX / members).min(most).max(1);
                Room::new(objects, objects * members, arena)
            }
        }
    }

    /// The object at a token, whose keys these are; it has no containers in it. Escapes before it are passed over. There has to
    /// be room for it.
    #[inline(always)]
    fn built<'a>(
        &self,
        at: usize,
        keys: &'t [Box<str>],
        (room, escapes): (&mut Room<'a>, &mut &'t [u32]),
        arena: &'a Arena,
    ) -> Option<Value<'a>>
    where
        't: 'a,
    {
        // Behind the bracket each member is a key, its colon, its value and what follows.
        let (&open, rest) = self.positions.get(at..at + 1 + 4 * keys.len())?.split_first()?;
        let starts = rest.as_chunks::<4>().0;
        let close = starts.last()?[3];
        let source = room.raws.next()?;
        *source = Raw { text: self.source.get(open as usize..close as usize + 1)?, form: self.form };
        let (members, others) = std::mem::take(&mut room.members).split_at_mut_checked(keys.len())?;
        room.members = others;
        room.objects -= 1;
        let spaced = self.form.has(Form::SPACED);
        for ((member, key), &[_, _, start, next]) in members.iter_mut().zip(keys).zip(starts) {
            let end = if spaced { self.trimmed(next) } else { next as usize };
            let raw = room.raws.next()?;
            raw.text = self.source.get(start as usize..end)?;
            *member = Member { key, value: Value::Raw(raw) };
        }
        if escapes.first().is_some_and(|escape| *escape < close) {
            self.respell(members, (open, starts), escapes, arena)?;
        }
        Some(Value::opened_object(arena, members, source))
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

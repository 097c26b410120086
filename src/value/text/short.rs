//! Short texts: most are, and so short that it is not worth to call for a copy.
//!
//! Flows in: the text. Flows out: the same, put down by blocks of its beginning and its end, which may overlap, over room that
//! is larger. It must never loop over the bytes of a short text, so that of a constant nothing is left to do when the program
//! runs.

use super::{BLANKS, any_special, is_special};

/// The longest text that is written at once, and what it takes with quotes.
pub(crate) const SHORT_MAX: usize = 64;
pub(super) const BLOCK: usize = SHORT_MAX + 2;

/// The longest key that is written at once.
const SHORT_KEY_MAX: usize = 16;
/// A member: its key with quotes and colon, a short value, a comma.
const MEMBER: usize = SHORT_KEY_MAX + 3 + SHORT_MAX + 3;

/// Appends a member of an object and a comma behind it, if its key and the text of its value are short and there is room;
/// whether that was so. A key may be known to be plain. The value is a string, and then nothing in it must be escaped, or it is
/// the text of one.
#[inline(always)]
pub(crate) fn write_short_member<const STRING: bool>(key: &str, plain: bool, value: &str, out: &mut Vec<u8>) -> bool {
    let (key, value) = (key.as_bytes(), value.as_bytes());
    if key.len() > SHORT_KEY_MAX || value.len() > SHORT_MAX || out.capacity() - out.len() < MEMBER {
        return false;
    }
    // As with strings: a block of quotes, what goes between them, and what is too much is cut off.
    let start = out.len();
    out.extend_from_slice(&[b'"'; MEMBER]);
    let Some(room) = out.last_chunk_mut::<MEMBER>() else { return false };
    let quote = usize::from(STRING);
    let (behind_key, behind) = (key.len() + 2, key.len() + 3 + value.len() + 2 * quote);
    let is_clean = (plain || is_plain(key))
        && (!STRING || is_plain_value(value))
        && put_short(key, &mut room[1..])
        && put_short(value, &mut room[behind_key + 1 + quote..]);
    room[behind_key] = b':';
    room[behind] = b',';
    out.truncate(if is_clean { start + behind + 1 } else { start });
    is_clean
}

/// As [`is_plain`], of a longer text too.
#[inline(always)]
pub(super) fn is_plain_value(bytes: &[u8]) -> bool {
    let is_marked = |block: &[u8; 16]| any_marked(marks(block));
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            let between = || bytes.as_chunks().0.iter().skip(1).any(is_marked);
            !is_marked(first) && !is_marked(last) && (bytes.len() <= 32 || !between())
        }
        _ => is_plain(bytes),
    }
}

/// Whether a text of at most 16 bytes has nothing in it that must be escaped; of a longer one that is not known. There is no
/// loop in it, so that of a constant it is known when the program is compiled.
#[inline(always)]
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    if bytes.len() > 16 {
        false
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let both = u128::from(u64::from_le_bytes(*first)) | u128::from(u64::from_le_bytes(*last)) << 64;
        !any_marked(marks(&both.to_le_bytes()))
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        !any_special(u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let both = u64::from(u16::from_le_bytes(*first)) | u64::from(u16::from_le_bytes(*last)) << 16;
        !any_special(both | BLANKS << 32)
    } else {
        bytes.first().is_none_or(|byte| !is_special(*byte))
    }
}

/// Puts down a text, if it has at most 64 bytes; whether that was so. How long it is is hard to foresee, so that little is decided
/// by it.
#[inline(always)]
pub(crate) fn put_short(bytes: &[u8], room: &mut [u8]) -> bool {
    let Some(room) = room.first_chunk_mut::<SHORT_MAX>() else { return false };
    if bytes.len() >= 16 {
        return put_blocks::<16>(bytes, room);
    } else if bytes.len() >= 4 {
        return put_blocks::<4>(bytes, room);
    } else if let (Some(first), Some(last)) = (bytes.first(), bytes.last()) {
        // The one in the middle is one of them, if there are no more.
        (room[0], room[bytes.len() / 2], room[bytes.len() - 1]) = (*first, bytes[bytes.len() / 2], *last);
    }
    true
}

/// Puts down `N` to `4 * N` bytes as four blocks, which overlap as may be; whether there are so many.
#[inline(always)]
fn put_blocks<const N: usize>(bytes: &[u8], room: &mut [u8; SHORT_MAX]) -> bool {
    let Some(last) = bytes.len().checked_sub(N).filter(|last| *last <= 3 * N) else { return false };
    for at in [0, last.min(N), last.saturating_sub(N), last] {
        room[at..at + N].copy_from_slice(&bytes[at..at + N]);
    }
    true
}

/// Puts down a string with its quotes, if it is short and nothing in it must be escaped; whether that was so.
#[inline(always)]
pub(crate) fn put_short_string(bytes: &[u8], room: &mut [u8]) -> bool {
    room[0] = b'"';
    let is_put = put_short(bytes, &mut room[1..]) && is_plain_value(bytes);
    if is_put {
        room[bytes.len() + 1] = b'"';
    }
    is_put
}

/// Appends bytes as they are; most are so few that it is not worth to call for that.
#[inline(always)]
pub(crate) fn append(bytes: &[u8], out: &mut Vec<u8>) {
    let (start, length) = (out.len(), bytes.len());
    if out.capacity() - start < SHORT_MAX || length > SHORT_MAX {
        return out.extend_from_slice(bytes);
    }
    out.extend_from_slice(&[b' '; SHORT_MAX]);
    if let Some(room) = out.last_chunk_mut::<SHORT_MAX>() {
        put_short(bytes, room);
    }
    out.truncate(start + length);
}

/// Marks those of sixteen bytes that must be escaped: byte by byte, in operations that there are instructions for which do
/// it for all at once.
#[inline(always)]
pub(super) fn marks(bytes: &[u8; 16]) -> [u8; 16] {
    bytes.map(|byte| {
        let (quote, backslash) = (1u8.saturating_sub(byte ^ b'"'), 1u8.saturating_sub(byte ^ b'\\'));
        0x20u8.saturating_sub(byte) | quote | backslash
    })
}

pub(super) fn any_marked(marks: [u8; 16]) -> bool {
    u128::from_le_bytes(marks) != 0
}

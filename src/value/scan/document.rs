//! One JSON text that may span lines: a definition, a mock file, a handler's reply.
//!
//! Flows in: bytes. Flows out: the checked text, or its tokens, or the first fault with its offset. It must never treat a
//! line end as more than a blank.

use super::TEXT_BYTES_MAX;
use super::index::{END, Engine, Index};
use super::strict::{self, Fault, Rule};
use super::trie::SlotTrie;
use super::walk::{Cursor, Walked, Walker};
use crate::value::tree::SyntaxError;
use std::sync::LazyLock;

/// What some editors put at the start of a UTF-8 file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Nobody looks for paths in a document; kept, because making it would allocate.
static NO_PATHS: LazyLock<SlotTrie> = LazyLock::new(SlotTrie::empty);

/// Checks that `text` is one JSON text (RFC 8259, UTF-8, nested at most 1,024 levels) and returns it without the blanks
/// around it; a byte order mark at its very start is skipped.
///
/// # Errors
/// The first byte that cannot belong to a JSON text, counted from the start of `text`, and what could have stood there.
///
/// ```
/// use expressway::value::scan::validate;
/// assert_eq!(validate(b" [1,\n 2] "), Ok("[1,\n 2]"));
/// assert_eq!(validate(b"{\"a\":1").unwrap_err().to_string(), "expected `,` or `}`, found the end of the text at byte 6");
/// ```
pub fn validate(text: &[u8]) -> Result<&str, SyntaxError> {
    let mut index = Index::default();
    let (checked, walked, _) = read(text, Engine::best(), &mut index, &mut Walker::new())?;
    Ok(&checked[walked.span.start as usize..walked.span.end as usize])
}

/// Checks a text as [`validate`] does and hands each of its tokens to `token(first byte, start, end)` in order, strings
/// with their quotes; offsets count from the start of `text`.
pub(crate) fn tokens(text: &[u8], mut token: impl FnMut(u8, usize, usize)) -> Result<(), SyntaxError> {
    let mut index = Index::default();
    let (checked, _, skipped) = read(text, Engine::best(), &mut index, &mut Walker::new())?;
    for (at, &class) in index.classes().iter().enumerate() {
        let start = index.positions[at] as usize;
        let end = match class {
            b'{' | b'}' | b'[' | b']' | b',' | b':' => start + 1,
            _ => checked[..index.positions[at + 1] as usize].trim_end_matches(crate::value::raw::BLANKS).len(),
        };
        token(class, skipped + start, skipped + end);
    }
    Ok(())
}

/// Checks a document; returns it without its byte order mark, what the walk found, and the length of the mark.
pub(super) fn read<'t>(
    text: &'t [u8],
    engine: Engine,
    index: &mut Index,
    walker: &mut Walker,
) -> Result<(&'t str, Walked, usize), SyntaxError> {
    let body = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let skipped = text.len() - body.len();
    let walked = (body.len() <= TEXT_BYTES_MAX)
        .then(|| {
            engine.run(body, false, index);
            let body = std::str::from_utf8(body).ok().filter(|_| index.bad.is_none())?;
            let walked = walker.walk(body, index, Cursor::default(), END, (&NO_PATHS, None), &mut [])?;
            Some((body, walked, skipped))
        })
        .flatten();
    walked.ok_or_else(|| fault(text, skipped))
}

/// The first fault of a text that is known to be bad; its first `skipped` bytes are none of its business.
#[cold]
pub(super) fn fault(text: &[u8], skipped: usize) -> SyntaxError {
    SyntaxError::of(first_fault(text, skipped), text)
}

/// The first fault of a text that is known to be bad, not yet in words.
#[cold]
pub(super) fn first_fault(text: &[u8], skipped: usize) -> Fault {
    let body = &text[skipped..];
    // Most texts are ASCII, and then there is only one thing that can be wrong with them.
    if body.len() <= TEXT_BYTES_MAX
        && body.is_ascii()
        && let Err(fault) = strict::check(body)
    {
        return Fault { offset: fault.offset + skipped, ..fault };
    }
    let utf8 = std::str::from_utf8(body).err();
    let utf8 = utf8.map(|error| Fault { offset: error.valid_up_to(), rule: Rule::NotUtf8 });
    let grammar = strict::check(body).err();
    let long = (body.len() > TEXT_BYTES_MAX).then_some(Fault { offset: 0, rule: Rule::TooLong });
    let first = [long, utf8, grammar].into_iter().flatten().min_by_key(|fault| fault.offset);
    debug_assert!(first.is_some(), "the fast reader refused what the strict one takes");
    let first = first.unwrap_or(Fault { offset: 0, rule: Rule::Expected(strict::A_TEXT) });
    Fault { offset: first.offset + skipped, ..first }
}

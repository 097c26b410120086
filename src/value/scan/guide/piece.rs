//! Bytes that have to stand at some place of a text: a key, with what stands around it.
//!
//! Flows in: the bytes. Flows out: whether they stand somewhere, most of the time in two comparisons of words. It must never
//! say so of a place with fewer than a block of bytes behind it: there it does not look.

/// So many bytes are compared at once.
const BLOCK: usize = 16;

/// Some bytes.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// The first ones, in two words, and which bits of these words are theirs.
    head: [u64; 2],
    mask: [u64; 2],
    /// What is left of them.
    tail: Box<[u8]>,
    bytes: u32,
}

impl Piece {
    /// These bytes.
    pub fn of(bytes: &[u8]) -> Piece {
        let count = bytes.len().min(BLOCK);
        let mut head = [0; BLOCK];
        head[..count].copy_from_slice(&bytes[..count]);
        let mask = u128::MAX.checked_shr(128 - 8 * count as u32).unwrap_or(0);
        let words = |block: u128| [block as u64, (block >> 64) as u64];
        Piece {
            head: words(u128::from_le_bytes(head)),
            mask: words(mask),
            tail: bytes[count..].into(),
            bytes: bytes.len() as u32,
        }
    }

    /// Whether they stand there.
    #[inline(always)]
    pub fn is_at(&self, text: &[u8], at: u32) -> bool {
        let at = at as usize;
        let Some(block) = text.get(at..at + BLOCK).and_then(<[u8]>::first_chunk::<BLOCK>) else { return false };
        let block = u128::from_le_bytes(*block);
        let differs =
            (block as u64 ^ self.head[0]) & self.mask[0] | ((block >> 64) as u64 ^ self.head[1]) & self.mask[1];
        differs == 0 && (self.bytes as usize <= BLOCK || self.has_tail(text, at + BLOCK))
    }

    #[inline(never)]
    fn has_tail(&self, text: &[u8], at: usize) -> bool {
        text.get(at..).is_some_and(|rest| rest.starts_with(&self.tail))
    }
}

#[cfg(test)]
mod tests {
    use super::Piece;

    #[test]
    fn every_byte_counts() {
        let text: Vec<u8> = (b'!'..=b'~').collect();
        for (from, bytes) in (0..20).flat_map(|from| (0..50).map(move |bytes| (from, bytes))) {
            let piece = Piece::of(&text[from..from + bytes]);
            for at in 0..30 {
                assert_eq!(
                    piece.is_at(&text, at as u32),
                    at == from || bytes == 0,
                    "{bytes} bytes from {from} at {at}"
                );
            }
            for other in from..from + bytes {
                let mut text = text.clone();
                text[other] ^= 1;
                assert!(!piece.is_at(&text, from as u32), "byte {other} of {bytes} from {from}");
            }
        }
    }

    #[test]
    fn nothing_is_said_of_the_end_of_a_text() {
        let piece = Piece::of(b"abc");
        for bytes in 0..40 {
            let text = b"abc".repeat(bytes)[..bytes].to_vec();
            for at in (0..60).step_by(3) {
                assert_eq!(piece.is_at(&text, at), at as usize + 16 <= bytes, "{at} of {bytes}");
            }
        }
        assert!(!piece.is_at(b"abc", u32::MAX));
    }
}

//! Result lines in which the line numbers are still missing.
//!
//! A worker knows where its chunk is in the source, but not how many lines stand before it: that is known when all
//! earlier chunks are done. So it leaves gaps, and whoever writes the lines out fills them in. It must never be written
//! out but in the order of its chunk.

/// Bytes with gaps for line numbers.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// The bytes without the numbers.
    pub bytes: Vec<u8>,
    /// For each gap where it is, and the line's index in its chunk.
    gaps: Vec<(usize, u64)>,
}

impl Text {
    /// Leaves a gap for the number of a line, which has this index in its chunk.
    pub fn line_number(&mut self, line_index: u64) {
        self.gaps.push((self.bytes.len(), line_index));
    }

    /// Appends an integer.
    pub fn number(&mut self, number: u64) {
        self.bytes.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    /// Appends another text of the same chunk.
    pub fn append(&mut self, other: &Text) {
        let before = self.bytes.len();
        self.bytes.extend_from_slice(&other.bytes);
        self.gaps.extend(other.gaps.iter().map(|(at, line_index)| (before + at, *line_index)));
    }

    /// Hands out the bytes in pieces, with the numbers of lines that follow `lines_before` others.
    pub fn pieces<E>(&self, lines_before: u64, mut put: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut from = 0;
        for &(at, line_index) in &self.gaps {
            put(&self.bytes[from..at])?;
            // Numbers are for people, and count from 1.
            put(itoa::Buffer::new().format(lines_before + line_index + 1).as_bytes())?;
            from = at;
        }
        if from < self.bytes.len() { put(&self.bytes[from..]) } else { Ok(()) }
    }

    /// For each gap where it is, and the line's index in its chunk.
    pub fn gaps(&self) -> &[(usize, u64)] {
        &self.gaps
    }

    /// Sets the gaps of bytes that come back from elsewhere.
    pub fn restore(&mut self, gaps: impl Iterator<Item = (usize, u64)>) {
        self.gaps.clear();
        self.gaps.extend(gaps);
    }

    /// Forgets everything but the memory, and that too if it is more than usual.
    pub fn clear(&mut self, kept_bytes_max: usize) {
        self.bytes.clear();
        self.gaps.clear();
        if self.bytes.capacity() > kept_bytes_max {
            self.bytes = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_in_order() {
        let mut text = Text::default();
        text.line_number(0);
        text.bytes.extend_from_slice(b":a ");
        text.line_number(4);
        text.bytes.extend_from_slice(b":b");
        for (before, wanted) in [(0, "1:a 5:b"), (95, "96:a 100:b")] {
            let mut all = Vec::new();
            let outcome: Result<(), ()> = text.pieces(before, |piece| {
                all.extend_from_slice(piece);
                Ok(())
            });
            assert_eq!((outcome, String::from_utf8_lossy(&all).as_ref()), (Ok(()), wanted));
        }
    }
}

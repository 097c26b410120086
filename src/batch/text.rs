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
    #[inline]
    pub fn number(&mut self, number: u64) {
        write_number(number, &mut self.bytes);
    }

    /// Appends another text of the same chunk.
    pub fn append(&mut self, other: &Text) {
        let before = self.bytes.len();
        self.bytes.extend_from_slice(&other.bytes);
        self.gaps.extend(other.gaps.iter().map(|(at, line_index)| (before + at, *line_index)));
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

/// Appends an integer.
pub(super) fn write_number(number: u64, out: &mut Vec<u8>) {
    match number {
        // Lengths of short lines.
        10..100 => out.extend_from_slice(&[b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]),
        0..100_000_000 => {
            // What is there of eight digits, without a copy whose length nobody can guess.
            let (digits, unused) = eight_digits(number as u32);
            out.extend_from_slice(&digits);
            out.truncate(out.len() - unused);
        }
        _ => write_long_number(number, out),
    }
}

/// The same of a number of more digits: apart, so that others do not pay for its buffer.
#[cold]
fn write_long_number(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// A number of at most eight digits, and how many bytes behind its digits are none.
fn eight_digits(number: u32) -> ([u8; 8], usize) {
    const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
    // Two numbers of four digits, then four of two, then eight of one, the first digit lowest.
    let number = u64::from(number);
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = hundreds | ((fours - 100 * hundreds) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    let ones = tens | ((twos - 10 * tens) << 8);
    let unused = (ones.trailing_zeros() as usize / 8).min(7);
    (((ones | ZEROS) >> (8 * unused)).to_le_bytes(), unused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Sink;

    #[test]
    fn numbers_have_their_digits() {
        let steps = (0..100_000_000).step_by(9_973).chain((0..=9).map(|n| 10_u64.pow(n)));
        for number in steps.flat_map(|n| [n.saturating_sub(1), n, n * 11]) {
            let mut text = Text::default();
            text.number(number);
            assert_eq!(String::from_utf8_lossy(&text.bytes), number.to_string());
        }
    }

    #[test]
    fn gaps_are_filled_in_order() {
        let mut text = Text::default();
        text.line_number(0);
        text.bytes.extend_from_slice(b":a ");
        text.line_number(4);
        text.bytes.extend_from_slice(b":b");
        for (before, wanted) in [(0, "1:a 5:b"), (95, "96:a 100:b")] {
            let mut all = Vec::new();
            let mut sink = Sink::new("memory", &mut all);
            sink.put_text(&text, before).unwrap();
            sink.close().unwrap();
            assert_eq!(String::from_utf8_lossy(&all), wanted);
        }
    }
}

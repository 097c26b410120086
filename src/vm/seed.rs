//! What stands in for randomness: numbers derived from who an execution is, never from when or where it runs.
//!
//! An event's identity is its source and its byte offset there, so that the same file gives the same UUIDs, random
//! numbers and jitter on any number of threads. A child's seed derives from its parent's and its index.

use md5::{Digest, Md5};

/// A stream of numbers that depends on nothing but its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    key: u64,
    draws: u64,
}

impl Seed {
    /// For those who never draw.
    pub(crate) const NOBODY: Seed = Seed { key: 0, draws: 0 };

    /// The stream of one event: of the run's `--seed`, the number of the source, and the event's byte offset in it.
    ///
    /// ```
    /// use expressway::vm::Seed;
    /// assert_eq!(Seed::new(7, 0, 120).draw(), Seed::new(7, 0, 120).draw());
    /// assert_ne!(Seed::new(7, 0, 120).draw(), Seed::new(8, 0, 120).draw());
    /// ```
    pub fn new(seed: u64, source: u64, offset: u64) -> Seed {
        Seed { key: mix(mix(mix(seed ^ 0x5EED) ^ source) ^ offset), draws: 0 }
    }

    /// The stream of an event that is known by what it says: of the run's `--seed` and the event's JSON text, without the
    /// blanks around it. Equal events have equal streams, wherever they stand.
    pub fn of_content(seed: u64, text: &str) -> Seed {
        let digest = Md5::digest(text.as_bytes());
        let (high, low) = digest.split_at(8);
        let half = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        Seed::new(seed, half(high), half(low))
    }

    /// A number that stands for the stream: of who began it, as long as nobody has drawn from it.
    pub fn key(&self) -> u64 {
        self.key
    }

    /// The stream as it stands after so many more numbers.
    pub(super) fn after(self, draws: u64) -> Seed {
        Seed { draws: self.draws + draws, ..self }
    }

    /// The stream of a child.
    pub fn child(&mut self, index: u64) -> Seed {
        Seed { key: mix(mix(self.key ^ 0xC41D ^ self.draws) ^ index), draws: 0 }
    }

    /// The next number, uniform over 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.draws += 1;
        mix(self.key.wrapping_add(self.draws.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    /// The next number in [0, 1).
    pub fn fraction(&mut self) -> f64 {
        // The top 53 bits: as many as a double holds.
        (self.draw() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// The next UUID, of version 4, in lower case.
    pub fn uuid(&mut self) -> String {
        let high = self.draw();
        uuid_of(high, self.draw())
    }
}

/// A stream that need not be worked out before somebody draws from it: the digest of an event of a hundred bytes takes
/// longer than its execution, and few executions ask who they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream<'a> {
    /// The stream; until it has been worked out, its key is the run's seed.
    seed: Seed,
    /// Of what it is to be worked out.
    of: Of<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Of<'a> {
    /// It has been.
    Nothing,
    /// Of what the event says.
    Content(&'a str),
    /// Of the source, and where the event begins in it.
    Place(u64, u64),
}

impl<'a> Stream<'a> {
    /// As [`Seed::of_content`], later.
    pub(crate) fn of_content(seed: u64, text: &'a str) -> Stream<'a> {
        Stream { seed: Seed { key: seed, draws: 0 }, of: Of::Content(text) }
    }

    /// As [`Seed::new`], later.
    #[inline(always)]
    pub(crate) fn of_place(seed: u64, source: u64, offset: u64) -> Stream<'a> {
        Stream { seed: Seed { key: seed, draws: 0 }, of: Of::Place(source, offset) }
    }

    /// The stream as it stands. Copies of what has not been worked out yet are worked out one by one, and are equal.
    #[inline]
    pub(crate) fn get(self) -> Seed {
        match self.of {
            Of::Nothing => self.seed,
            Of::Content(text) => Seed::of_content(self.seed.key, text),
            Of::Place(source, offset) => Seed::new(self.seed.key, source, offset),
        }
    }

    /// The stream as it stands after so many more numbers; worked out only if there are any.
    #[inline]
    pub(super) fn after(self, draws: u64) -> Stream<'a> {
        if draws == 0 { self } else { self.get().after(draws).into() }
    }

    /// The stream, to be drawn from.
    #[inline]
    pub(crate) fn known(&mut self) -> &mut Seed {
        if !matches!(self.of, Of::Nothing) {
            *self = self.get().into();
        }
        &mut self.seed
    }
}

impl From<Seed> for Stream<'_> {
    #[inline]
    fn from(seed: Seed) -> Self {
        Stream { seed, of: Of::Nothing }
    }
}

/// The UUID of version 4, in lower case, that two random numbers make.
pub(super) fn uuid_of(high: u64, low: u64) -> String {
    let (high, low) = ((high & !0xF000) | 0x4000, (low >> 2) | (1 << 63));
    let mut uuid = String::with_capacity(36);
    for (n, byte) in high.to_be_bytes().into_iter().chain(low.to_be_bytes()).enumerate() {
        if matches!(n, 4 | 6 | 8 | 10) {
            uuid.push('-');
        }
        push_hex(byte, &mut uuid);
    }
    uuid
}

/// Appends a byte in hexadecimal, in lower case.
fn push_hex(byte: u8, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// A permutation of 64-bit numbers in which every bit of the input moves about half of the output (the finalizer of
/// splitmix64).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

//! The first pass on x86-64: 64 bytes at a time, with AVX-512 or AVX2. The only file with `unsafe` in this crate.
//!
//! Flows in: a text. Flows out: exactly the index that `scalar` makes; or the text with its escapes, as `value::text` writes
//! them. Each function asks the machine before it runs, so calling it is safe everywhere. Why `unsafe` at all: on 113-byte events this pass takes some 10 ns instead of 130, more
//! than the whole rest of an execution. What needs it is small: loads of whole blocks that lie inside the text, and
//! stores into capacity that was reserved for the worst case before.
//!
//! Per block, a bit per byte: which bytes are quotes, backslashes, brackets and so on ([`Masks`]); then arithmetic on
//! these words, the same for both instruction sets ([`State`]), says which bytes are tokens; then the bits become offsets.
#![allow(unsafe_code)]

use super::index::Index;
use crate::value::text::last_word;
use std::arch::x86_64::*;

/// Bytes per block: a bit each in a word.
const BLOCK: usize = 64;

/// Memory for tokens is reserved for this many bytes of text at a time, so that it follows what texts really hold.
const SLAB: usize = 128 * BLOCK;

/// What the bytes of one block are, a bit per byte.
#[derive(Clone, Copy)]
struct Masks {
    structural: u64,
    /// Space, tab, carriage return.
    blank: u64,
    line_end: u64,
    /// Below 0x20.
    control: u64,
}

/// What one block leaves behind for the next.
#[derive(Default)]
struct State {
    /// All ones inside a string.
    in_string: u64,
    /// 1 if the next byte is escaped by a backslash.
    escaped: u64,
    /// 1 if the last byte belonged to a number, a literal, or whatever else stands outside strings.
    in_run: u64,
    /// What is wrong in the last block, a bit per byte.
    bad: u64,
    blanks: u64,
}

impl State {
    /// Splits backslashes into those that start an escape (returned first) and the bytes that are escaped.
    #[inline(always)]
    fn escapes(&mut self, backslash: u64) -> (u64, u64) {
        if backslash == 0 {
            return (0, std::mem::take(&mut self.escaped));
        }
        // In a run of backslashes every second one starts an escape, counted from the first that is not escaped itself.
        // Subtracting the run's start from a word with all odd bits set turns over every second bit up to the run's end.
        const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
        let candidates = backslash & !self.escaped;
        let turned = ((candidates << 1) | ODD).wrapping_sub(candidates) ^ ODD;
        let escaped = turned ^ (backslash | self.escaped);
        let starts = turned & backslash;
        self.escaped = starts >> 63;
        (starts, escaped)
    }

    /// Which bytes are tokens. `inside` has a bit per byte that an odd number of quotes precedes or is; `used` has a bit
    /// per byte that is text and not padding, which is blank.
    #[inline(always)]
    fn tokens<const LINES: bool>(&mut self, masks: &Masks, quotes: u64, starts: u64, inside: u64, used: u64) -> u64 {
        let inside = inside ^ self.in_string;
        self.in_string = ((inside as i64) >> 63) as u64;
        let outside = !inside;
        let (marks, blank) = match LINES {
            true => (masks.structural | masks.line_end, masks.blank),
            false => (masks.structural, masks.blank | masks.line_end),
        };
        let run = outside & !(marks | blank | quotes);
        let run_starts = run & !(run << 1 | self.in_run);
        self.in_run = run >> 63;
        self.bad = (masks.control & inside) | (starts & outside);
        self.blanks |= blank & outside & used;
        (marks & outside) | (quotes & inside) | run_starts
    }

    /// Whether something is wrong in the block that was looked at last: then there is no use in looking at more.
    #[inline(always)]
    fn is_bad(&self) -> bool {
        self.bad != 0
    }

    /// `base` is the offset of the last block that was looked at, `end` that of the end of the text.
    fn finish(&self, index: &mut Index, base: u32, end: usize) {
        index.bad = match self.bad {
            0 => (self.in_string != 0).then_some(end),
            bad => Some(base as usize + bad.trailing_zeros() as usize),
        };
        index.blanks = self.blanks != 0;
    }
}

/// The bits of `count` bytes, at most a block.
#[inline(always)]
fn first_bits(count: usize) -> u64 {
    if count >= BLOCK { !0 } else { (1 << count) - 1 }
}

/// Seldom needed, and said to be so: with a call in the way, the loop over all blocks would keep nothing in registers.
#[cold]
#[inline(never)]
fn note_escapes(mut bits: u64, base: u32, escapes: &mut Vec<u32>) {
    while bits != 0 {
        escapes.push(base + bits.trailing_zeros());
        bits &= bits - 1;
    }
}

/// Cuts a text into blocks, the last one padded with blanks, and reserves memory ahead of them.
///
/// A macro and not a function: the body must be compiled with the instruction set of the function it stands in.
macro_rules! for_each_block {
    ($text:ident, $index:ident, |$block:ident, $used:ident, $base:ident| $body:block) => {
        let mut padded = [b' '; BLOCK];
        let mut $base = 0u32;
        for slab in $text.chunks(SLAB) {
            // A block adds at most a token per byte, and writes at most a block's worth behind the last one.
            $index.positions.reserve(slab.len() + 2 * BLOCK);
            $index.classes.reserve(slab.len() + 2 * BLOCK);
            let (blocks, rest) = slab.as_chunks::<BLOCK>();
            padded[..rest.len()].copy_from_slice(rest);
            let last = (!rest.is_empty()).then_some((&padded, first_bits(rest.len())));
            for ($block, $used) in blocks.iter().map(|block| (block, !0)).chain(last) {
                $body
                $base += BLOCK as u32;
            }
        }
    };
}

/// Finds the tokens of `text` with AVX-512; false, having done nothing, on a machine without it.
pub(super) fn index_avx512(text: &[u8], lines: bool, index: &mut Index) -> bool {
    let able = has_avx512();
    if able {
        // SAFETY: the machine has every feature that the function asks for.
        unsafe {
            match lines {
                true => avx512::<true>(text, index),
                false => avx512::<false>(text, index),
            }
        }
    }
    able
}

/// Finds the tokens of `text` with AVX2; false, having done nothing, on a machine without it.
pub(super) fn index_avx2(text: &[u8], lines: bool, index: &mut Index) -> bool {
    let able = has_avx2();
    if able {
        // SAFETY: the machine has every feature that the function asks for.
        unsafe {
            match lines {
                true => avx2::<true>(text, index),
                false => avx2::<false>(text, index),
            }
        }
    }
    able
}

/// Whether the machine has the AVX-512 extensions used here; `vpcompressb` (VBMI2) came with Ice Lake and Zen 4.
pub(super) fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("pclmulqdq")
        && is_x86_feature_detected!("popcnt")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
}

/// Whether the machine has AVX2 and carry-less multiplication.
pub(super) fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("pclmulqdq")
        && is_x86_feature_detected!("popcnt")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
}

/// Bit `i` of the result is the parity of bits `0..=i`: set from an opening quote up to before its closing one.
#[target_feature(enable = "pclmulqdq")]
#[inline]
fn parity(bits: u64) -> u64 {
    _mm_cvtsi128_si64(_mm_clmulepi64_si128::<0>(_mm_cvtsi64_si128(bits as i64), _mm_set1_epi8(-1))) as u64
}

/// A bit per kind of byte, for the table of AVX-512.
mod kind {
    pub const STRUCTURAL: u8 = 1;
    pub const BLANK: u8 = 2;
    pub const LINE_END: u8 = 4;
    pub const CONTROL: u8 = 8;
    pub const QUOTE: u8 = 16;
    pub const BACKSLASH: u8 = 32;
}

/// The kinds of the ASCII bytes.
static KINDS: [u8; 128] = {
    let mut kinds = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        kinds[byte] = match byte as u8 {
            b'\n' => kind::LINE_END | kind::CONTROL,
            b'\t' | b'\r' => kind::BLANK | kind::CONTROL,
            ..0x20 => kind::CONTROL,
            b' ' => kind::BLANK,
            b'{' | b'}' | b'[' | b']' | b':' | b',' => kind::STRUCTURAL,
            b'"' => kind::QUOTE,
            b'\\' => kind::BACKSLASH,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};

/// 0, 1, 2, … 63.
static IOTA: [u8; BLOCK] = {
    let mut iota = [0; BLOCK];
    let mut at = 0;
    while at < BLOCK {
        iota[at] = at as u8;
        at += 1;
    }
    iota
};

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,pclmulqdq,popcnt,bmi1,bmi2")]
fn avx512<const LINES: bool>(text: &[u8], index: &mut Index) {
    // SAFETY: both tables are as long as what is loaded from them.
    let (low, high, iota) = unsafe {
        (
            _mm512_loadu_si512(KINDS.as_ptr().cast()),
            _mm512_loadu_si512(KINDS.as_ptr().add(BLOCK).cast()),
            _mm512_loadu_si512(IOTA.as_ptr().cast()),
        )
    };
    let mut state = State::default();
    for_each_block!(text, index, |block, used, base| {
        // SAFETY: a block has 64 bytes.
        let bytes = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
        let beyond = _mm512_movepi8_mask(bytes);
        // The lookup goes by the low seven bits; bytes beyond ASCII are of no kind.
        let kinds = _mm512_maskz_permutex2var_epi8(!beyond, low, bytes, high);
        let of = |kind: u8| _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(kind as i8));
        let masks = Masks {
            structural: of(kind::STRUCTURAL),
            blank: of(kind::BLANK),
            line_end: of(kind::LINE_END),
            control: of(kind::CONTROL),
        };
        let (starts, escaped) = state.escapes(of(kind::BACKSLASH));
        let quotes = of(kind::QUOTE) & !escaped;
        let tokens = state.tokens::<LINES>(&masks, quotes, starts, parity(quotes), used);
        if starts != 0 {
            note_escapes(starts, base, &mut index.escapes);
        }
        let count = tokens.count_ones() as usize;
        let classes = _mm512_maskz_compress_epi8(tokens, bytes);
        let offsets = _mm512_maskz_compress_epi8(tokens, iota);
        let bases = _mm512_set1_epi32(base as i32);
        let (length, positions) = (index.positions.len(), &mut index.positions);
        debug_assert!(positions.capacity() >= length + BLOCK && index.classes.capacity() >= length + BLOCK);
        // SAFETY: behind the `length` tokens there is reserved memory for 64 more: `for_each_block` reserves a token per
        // byte of the slab and two blocks. Both lists have the same length. Of what is stored, `count` entries are
        // tokens, which the new lengths cover; all of them were written.
        unsafe {
            _mm512_storeu_si512(index.classes.as_mut_ptr().add(length).cast(), classes);
            let to = positions.as_mut_ptr().add(length).cast::<__m512i>();
            let first = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(offsets));
            let second = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<1>(offsets));
            _mm512_storeu_si512(to, _mm512_add_epi32(first, bases));
            _mm512_storeu_si512(to.add(1), _mm512_add_epi32(second, bases));
            if count > 32 {
                let third = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<2>(offsets));
                let fourth = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<3>(offsets));
                _mm512_storeu_si512(to.add(2), _mm512_add_epi32(third, bases));
                _mm512_storeu_si512(to.add(3), _mm512_add_epi32(fourth, bases));
            }
            positions.set_len(length + count);
            index.classes.set_len(length + count);
        }
        if state.is_bad() {
            return state.finish(index, base, text.len());
        }
    });
    state.finish(index, 0, text.len());
}

/// For each set of eight bits the numbers of those that are set, in order, counted from 0 and from 8; the rest is unspecified.
static BIT_NUMBERS: [[[u8; 8]; 256]; 2] = [bit_numbers(0), bit_numbers(8)];

const fn bit_numbers(first: u8) -> [[u8; 8]; 256] {
    let mut table = [[0; 8]; 256];
    let mut set = 0;
    while set < 256 {
        let (mut bit, mut count) = (0, 0);
        while bit < 8 {
            if set >> bit & 1 == 1 {
                table[set][count] = first + bit as u8;
                count += 1;
            }
            bit += 1;
        }
        set += 1;
    }
    table
}

#[target_feature(enable = "avx2,pclmulqdq,popcnt,bmi1,bmi2")]
fn avx2<const LINES: bool>(text: &[u8], index: &mut Index) {
    // Per low half of a byte, the one structural character that has it once 0x20 is set: that makes brackets braces.
    let structural = tables([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, b':', b'{', b',', b'}', 0, 0]);
    let blank =
        tables([b' ', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, b'\t', 0xff, 0xff, 0xff, b'\r', 0xff, 0xff]);
    let mut state = State::default();
    for_each_block!(text, index, |block, used, base| {
        // SAFETY: a block has 64 bytes.
        let (first, second) = unsafe {
            let from = block.as_ptr().cast::<__m256i>();
            (_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1)))
        };
        let equal = |byte: u8| {
            let with = _mm256_set1_epi8(byte as i8);
            mask(_mm256_cmpeq_epi8(first, with), _mm256_cmpeq_epi8(second, with))
        };
        // What a backslash is for is found out before anything else is, as less has to be kept meanwhile.
        let backslash = equal(b'\\');
        let (starts, escaped) = state.escapes(backslash);
        if starts != 0 {
            note_escapes(starts, base, &mut index.escapes);
        }
        let quote = equal(b'"');
        let quotes = quote & !escaped;
        let control = mask(is_control(first), is_control(second));
        let masks = Masks {
            // Two control characters look like a comma and a colon once 0x20 is set.
            structural: mask(is_structural(first, structural), is_structural(second, structural)) & !control,
            blank: mask(is_listed(first, blank), is_listed(second, blank)),
            line_end: equal(b'\n'),
            control,
        };
        let tokens = state.tokens::<LINES>(&masks, quotes, starts, parity(quotes), used);
        let mut length = index.positions.len();
        debug_assert!(index.positions.capacity() >= length + BLOCK && index.classes.capacity() >= length + BLOCK);
        let (positions, classes) = (index.positions.as_mut_ptr(), index.classes.as_mut_ptr());
        let mut start = _mm256_set1_epi32(base as i32);
        for (sixteenth, bytes) in block.as_chunks::<16>().0.iter().enumerate() {
            // SAFETY: an array of sixteen bytes is loaded.
            let bytes = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
            for (half, numbers) in BIT_NUMBERS.iter().enumerate() {
                let set = (tokens >> (sixteenth * 16 + half * 8)) as u8;
                // SAFETY: eight entries are stored behind the `length` tokens, and at most eight per step are kept; before
                // the first step there is reserved memory for 64 more (see `for_each_block`), so at the start of each
                // step for the eight of that step. The load is of eight bytes from an array of eight.
                unsafe {
                    let numbers = _mm_loadl_epi64(numbers[usize::from(set)].as_ptr().cast());
                    _mm_storel_epi64(classes.add(length).cast(), _mm_shuffle_epi8(bytes, numbers));
                    let offsets = _mm256_add_epi32(_mm256_cvtepu8_epi32(numbers), start);
                    _mm256_storeu_si256(positions.add(length).cast(), offsets);
                }
                length += set.count_ones() as usize;
            }
            start = _mm256_add_epi32(start, _mm256_set1_epi32(16));
        }
        // SAFETY: the steps above wrote every entry up to `length`, within the capacity.
        unsafe {
            index.positions.set_len(length);
            index.classes.set_len(length);
        }
        if state.is_bad() {
            return state.finish(index, base, text.len());
        }
    });
    state.finish(index, 0, text.len());
}

/// A table for both halves of a register.
#[target_feature(enable = "avx2")]
#[inline]
fn tables(table: [u8; 16]) -> __m256i {
    // SAFETY: the table has 16 bytes.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
}

/// The top bits of 64 bytes.
#[target_feature(enable = "avx2")]
#[inline]
fn mask(first: __m256i, second: __m256i) -> u64 {
    let (low, high) = (_mm256_movemask_epi8(first) as u32, _mm256_movemask_epi8(second) as u32);
    u64::from(low) | u64::from(high) << 32
}

/// Ones where a byte, or it with 0x20 set, is what the table has for its low half.
#[target_feature(enable = "avx2")]
#[inline]
fn is_structural(bytes: __m256i, table: __m256i) -> __m256i {
    let folded = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
    _mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, bytes), folded)
}

/// Ones where a byte is what the table has for its low half.
#[target_feature(enable = "avx2")]
#[inline]
fn is_listed(bytes: __m256i, table: __m256i) -> __m256i {
    _mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, bytes), bytes)
}

/// Ones where a byte is below 0x20.
#[target_feature(enable = "avx2")]
#[inline]
fn is_control(bytes: __m256i) -> __m256i {
    _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes)
}

/// Of eight bytes with a backslash behind them, for each set of those that need one: which byte stands where in what is
/// written. What is behind the last is cut off.
static ESCAPED: [[u8; 16]; 256] = {
    let mut table = [[0; 16]; 256];
    let mut set = 0;
    while set < 256 {
        let (mut bit, mut count) = (0, 0);
        while bit < 8 {
            if set >> bit & 1 == 1 {
                table[set][count] = 8;
                count += 1;
            }
            table[set][count] = bit as u8;
            count += 1;
            bit += 1;
        }
        set += 1;
    }
    table
};

/// Writes text with a backslash before each quote and backslash; false, having written nothing, if the text holds a control
/// character, or on a machine without AVX2.
#[inline]
pub(crate) fn escape(text: &[u8], out: &mut Vec<u8>) -> bool {
    // SAFETY: the machine has every feature that the function asks for.
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt") && unsafe { escape_avx2(text, out) }
}

#[target_feature(enable = "avx2,popcnt")]
fn escape_avx2(text: &[u8], out: &mut Vec<u8>) -> bool {
    let (words, rest) = text.as_chunks::<8>();
    let before = out.len();
    // Sixteen bytes are stored for each eight, all of which may be kept.
    out.reserve(16 * (words.len() + 1));
    let mut write = |word: u64| {
        let bytes = _mm_set_epi64x(i64::from(b'\\'), word as i64);
        let equal = |byte: u8| _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte as i8));
        let control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        let set = _mm_movemask_epi8(_mm_or_si128(equal(b'"'), equal(b'\\'))) as u8;
        let length = out.len();
        debug_assert!(out.capacity() >= length + 16);
        // SAFETY: at most two bytes are kept of each byte of text, and memory for these and sixteen more is reserved. The
        // table's rows have sixteen bytes. What the new length covers has been written.
        unsafe {
            let order = _mm_loadu_si128(ESCAPED[usize::from(set)].as_ptr().cast());
            _mm_storeu_si128(out.as_mut_ptr().add(length).cast(), _mm_shuffle_epi8(bytes, order));
            out.set_len(length + 8 + set.count_ones() as usize);
        }
        _mm_movemask_epi8(control) as u8 != 0
    };
    let mut controls = false;
    for word in words {
        controls |= write(u64::from_le_bytes(*word));
    }
    if !rest.is_empty() {
        controls |= write(last_word(text, rest));
        out.truncate(out.len() - (8 - rest.len()));
    }
    if controls {
        out.truncate(before);
    }
    !controls
}

/// What the processor's clock shows: ticks of a length that has to be found out, from a beginning that is unknown.
/// Asking the system takes longer (`perf/rows latency`).
#[inline(always)]
pub(crate) fn ticks() -> u64 {
    // SAFETY: every x86-64 processor has the instruction; reading the clock changes nothing.
    unsafe { _rdtsc() }
}

/// Whether that clock runs at the same rate all the time.
pub(crate) fn ticks_are_steady() -> bool {
    // Safe by now, but not with the oldest compiler that is supported.
    #[allow(unused_unsafe)]
    // SAFETY: every x86-64 processor has the instruction; the leaf is asked for only where there is one.
    unsafe {
        __cpuid(0x8000_0000).eax >= 0x8000_0007 && __cpuid(0x8000_0007).edx >> 8 & 1 == 1
    }
}

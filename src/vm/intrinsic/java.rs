//! What results owe to the service being a Java program: text forms, hash codes, the order of a hash set, the numbers
//! behind a seed.
//!
//! That the values behind AWS's functions are Java's plain ones (String, Integer, Boolean, List, Map, null), and not the
//! nodes of a JSON library, shows in the recorded orders of ArrayUnique: `null` stands first, and `true` after `false`.
//! It must never be used where no Java shows.

use crate::value::raw::Form;
use crate::value::{Arena, Kind, Raw, Value, number::Number, raw, text};

/// Text that is being made.
pub(super) type Text<'a> = bumpalo::collections::String<'a>;

/// Where a text form is written.
pub(super) trait Sink {
    /// Appends a text in which no character means anything to JSON.
    fn plain(&mut self, text: &str);

    /// Appends a digit.
    fn digit(&mut self, digit: u8);

    /// Appends any text.
    fn text(&mut self, text: &str);

    /// Appends what a string of JSON means.
    #[inline(always)]
    fn string(&mut self, raw: &Raw, arena: &Arena) {
        self.text(text::unescape(raw::unquote(raw.text), arena));
    }
}

impl Sink for Text<'_> {
    #[inline(always)]
    fn plain(&mut self, text: &str) {
        self.push_str(text);
    }

    #[inline(always)]
    fn digit(&mut self, digit: u8) {
        self.push(char::from(b'0' + digit));
    }

    #[inline(always)]
    fn text(&mut self, text: &str) {
        self.push_str(text);
    }
}

/// The inside of a string of JSON that is being written; at least its quote stands there already.
pub(super) struct Inside<'o>(pub &'o mut Vec<u8>);

impl Sink for Inside<'_> {
    #[inline(always)]
    fn plain(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    #[inline(always)]
    fn digit(&mut self, digit: u8) {
        self.0.push(b'0' + digit);
    }

    fn text(&mut self, text: &str) {
        // Written with its quotes, in the place of the first of which what stood there before is put back.
        let Some(before) = self.0.pop() else { return };
        let start = self.0.len();
        text::write_string(text, self.0);
        self.0.pop();
        self.0[start] = before;
    }

    #[inline(always)]
    fn string(&mut self, raw: &Raw, arena: &Arena) {
        let inner = raw::unquote(raw.text);
        match raw.form == Form::COMPACT {
            // It is spelled as it will be written.
            true => self.plain(inner),
            false => self.text(text::unescape(inner, arena)),
        }
    }
}

/// Appends the text form: a string bare, other scalars as JSON, arrays `[1, a]`, objects `{a=1, b=[]}`.
#[inline(always)]
pub(super) fn write_text<'a>(value: Value<'a>, arena: &'a Arena, out: &mut impl Sink) {
    match value {
        Value::Text(text) => out.text(text),
        Value::Int(digit @ 0..=9) => out.digit(digit as u8),
        Value::Int(integer) => out.plain(itoa::Buffer::new().format(integer)),
        Value::Bool(whether) => out.plain(if whether { "true" } else { "false" }),
        Value::Null => out.plain("null"),
        Value::Raw(raw) => match raw.text.as_bytes().first() {
            Some(b'"') => out.string(raw, arena),
            Some(b'[' | b'{') => write_tree(value, arena, out),
            _ => out.plain(raw.text),
        },
        _ => write_tree(value, arena, out),
    }
}

/// As [`write_text`], of what may have parts.
#[inline(never)]
fn write_tree<'a>(value: Value<'a>, arena: &'a Arena, out: &mut impl Sink) {
    if let Some(items) = value.elements(arena) {
        out.plain("[");
        for (n, item) in items.iter().enumerate() {
            out.plain(if n > 0 { ", " } else { "" });
            write_text(*item, arena, out);
        }
        out.plain("]");
    } else if let Some(members) = value.members(arena) {
        out.plain("{");
        for (n, member) in members.iter().enumerate() {
            out.plain(if n > 0 { ", " } else { "" });
            out.text(member.key);
            out.plain("=");
            write_text(member.value, arena, out);
        }
        out.plain("}");
    } else {
        out.text(&value.to_json());
    }
}

/// `Object.hashCode()` of the plain value. A number that is an integer hashes as one however it is written, because
/// `1` and `1.0` count as equal here; integers beyond 64 bits hash as doubles, which is ours.
pub(super) fn hash_code<'a>(value: Value<'a>, arena: &'a Arena) -> i32 {
    match value.kind() {
        Kind::Null => 0,
        Kind::Bool => {
            if value.as_bool() == Some(true) {
                1231
            } else {
                1237
            }
        }
        Kind::Number => value.as_number().map_or(0, number_hash),
        Kind::String => value.as_str(arena).map_or(0, string_hash),
        Kind::Array => value
            .elements(arena)
            .unwrap_or(&[])
            .iter()
            .fold(1i32, |hash, item| hash.wrapping_mul(31).wrapping_add(hash_code(*item, arena))),
        Kind::Object => value
            .members(arena)
            .unwrap_or(&[])
            .iter()
            .fold(0i32, |hash, member| hash.wrapping_add(string_hash(member.key) ^ hash_code(member.value, arena))),
    }
}

fn number_hash(number: Number) -> i32 {
    match number.as_i64() {
        Some(integer) => i32::try_from(integer).unwrap_or_else(|_| folded(integer)),
        None => folded(number.as_f64().to_bits() as i64),
    }
}

/// How Java makes 32 bits of 64.
fn folded(bits: i64) -> i32 {
    (bits ^ (bits >> 32)) as i32
}

fn string_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// The order in which `new HashSet<>(list)` iterates, given the hash codes of the distinct elements in the order of the
/// list and the list's length: by bucket, those of one bucket as they came. A bucket of more than eight may be a tree in
/// Java, which can put another element first; that is not imitated.
pub(super) fn hash_set_order(hashes: &[i32], list_length: usize) -> Vec<usize> {
    // Three quarters full at most, and a power of two.
    let capacity = (list_length * 4 / 3 + 1).max(16).next_power_of_two();
    let mut order: Vec<usize> = (0..hashes.len()).collect();
    order.sort_by_key(|&at| {
        let hash = hashes[at] as u32;
        (hash ^ (hash >> 16)) as usize & (capacity - 1)
    });
    order
}

/// `java.util.Random`: a linear congruential generator of 48 bits.
pub(super) struct Random {
    state: u64,
}

const MULTIPLIER: u64 = 0x5_DEEC_E66D;
const STATE_MASK: u64 = (1 << 48) - 1;

impl Random {
    pub(super) fn new(seed: i64) -> Random {
        Random { state: (seed as u64 ^ MULTIPLIER) & STATE_MASK }
    }

    /// The next number of so many bits, 32 at most, as a signed one.
    fn next(&mut self, bits: u32) -> i32 {
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(0xB) & STATE_MASK;
        (self.state >> (48 - bits)) as i32
    }

    /// `nextDouble()`: 53 random bits as a fraction, 0 ≤ x < 1.
    pub(super) fn next_double(&mut self) -> f64 {
        let (high, low) = (i64::from(self.next(26)), i64::from(self.next(27)));
        ((high << 27) + low) as f64 / (1u64 << 53) as f64
    }

    /// A number that is at least `from` and less than `to`: `from + nextInt(to - from)`, which gives AWS's recorded
    /// numbers for every seed seen; where the difference overflows, the next number that lies between.
    pub(super) fn between(&mut self, from: i32, to: i32) -> i32 {
        match to.checked_sub(from) {
            Some(width) => from + self.below(width),
            None => loop {
                let number = self.next(32);
                if (from..to).contains(&number) {
                    return number;
                }
            },
        }
    }

    /// `nextInt(bound)`, for a positive bound.
    fn below(&mut self, bound: i32) -> i32 {
        if bound & (bound - 1) == 0 {
            return ((i64::from(bound) * i64::from(self.next(31))) >> 31) as i32;
        }
        loop {
            let bits = self.next(31);
            let number = bits % bound;
            // The numbers above the last whole multiple of the bound are drawn again: there the sum overflows.
            if (bits - number).checked_add(bound - 1).is_some() {
                return number;
            }
        }
    }
}

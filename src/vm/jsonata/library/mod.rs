//! What JSONata's built-in functions compute: plain Rust in, plain Rust out.
//!
//! Flows in: strings as `&str`, numbers as `f64`, tables of options. Flows out: strings (borrowed where they are a part of
//! what came in), numbers, or a [`LibraryError`] with the code that the language gives to the failure. What needs an
//! evaluator, such as calling a function for every match, is left to the caller: the regular expressions hand out their
//! matches one by one.
//!
//! | file | functions of the language |
//! | --- | --- |
//! | [`string`] | `$length $substring $substringBefore $substringAfter $uppercase $lowercase $trim $pad $contains $split $join $replace`, `<` of strings |
//! | [`encode`] | `$base64encode $base64decode $encodeUrl $encodeUrlComponent $decodeUrl $decodeUrlComponent` |
//! | [`number`] | `$string` and `$number` of scalars, `$round $power $sqrt $formatBase` |
//! | [`decimal`] | `$formatNumber` |
//! | [`integer`] | `$formatInteger $parseInteger` |
//! | `numeral.rs` | words, Roman numerals, letters, digits of other scripts |
//! | [`date`] | `$fromMillis $toMillis $now` |
//! | [`regex`] | `/…/`, `$match`, and `$contains $split $replace` with it |
//! | [`service`] | what AWS adds: `$hash`, `$random(seed)`, `$uuid` |
//! | [`fault`] | codes and messages |
//!
//! Strings are counted in code points, as the language says, and compared by UTF-16 units, as its reference does. No
//! function asks for the time or draws randomness, and none makes more than [`TEXT_BYTES_MAX`] of text.

pub mod date;
pub mod decimal;
pub mod encode;
pub mod fault;
pub mod integer;
pub mod number;
mod numeral;
pub mod regex;
pub mod service;
pub mod string;

pub use fault::LibraryError;

use fault::Fault;

/// A function makes at most so many bytes of text, 16 MiB: sixty times what a state may hold. `$pad('x', 3e9)` is
/// three gigabytes without it.
pub const TEXT_BYTES_MAX: usize = 16 << 20;

/// Fails if a number is none that JSON could hold; evaluation never makes such numbers.
fn check_finite(number: f64) -> Result<(), LibraryError> {
    if number.is_finite() { Ok(()) } else { Err(Fault::OutOfRange(number).into()) }
}

/// Fails if a text of so many bytes would be too long.
fn check_bytes(bytes: usize) -> Result<(), LibraryError> {
    if bytes > TEXT_BYTES_MAX { Err(Fault::TextTooLong.into()) } else { Ok(()) }
}

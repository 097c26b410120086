//! What AWS adds to the language's functions and needs more than arithmetic: `$hash`, `$random(seed)`, `$uuid`.
//!
//! Randomness flows in as numbers already drawn or as a seed; it must never be drawn here.

use crate::vm::intrinsic;

/// `$hash(text, algorithm)`: the digest of the UTF-8 text, in lower-case hexadecimal; `None` for an algorithm other than
/// `MD5`, `SHA-1`, `SHA-256`, `SHA-384`, `SHA-512`.
///
/// ```
/// use expressway::vm::jsonata::library::service::hash;
/// assert_eq!(hash("", "MD5").as_deref(), Some("d41d8cd98f00b204e9800998ecf8427e"));
/// assert_eq!(hash("", "md5"), None);
/// ```
pub fn hash(text: &str, algorithm: &str) -> Option<String> {
    intrinsic::hex_digest(text.as_bytes(), algorithm)
}

/// `$random(seed)`: the first `nextDouble()` of Java's generator with that seed, cut to a whole number; 0 ≤ x < 1.
///
/// ```
/// use expressway::vm::jsonata::library::service::random;
/// assert_eq!(random(42.0), 0.7275636800328681);
/// ```
pub fn random(seed: f64) -> f64 {
    intrinsic::seeded_fraction(seed as i64)
}

/// `$uuid()`: a UUID of version 4 of two numbers, uniform over 64 bits each, whose bits stand in it from left to right
/// but for the six that say what it is.
///
/// ```
/// use expressway::vm::jsonata::library::service::uuid;
/// assert_eq!(uuid(0x0123_4567_89AB_CDEF, u64::MAX), "01234567-89ab-4def-bfff-ffffffffffff");
/// ```
pub fn uuid(high: u64, low: u64) -> String {
    let high = (high & !0xF000) | 0x4000;
    let low = (low & !(3 << 62)) | (1 << 63);
    let digits = format!("{high:016x}{low:016x}");
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests() {
        for (text, algorithm, digits) in [
            ("abc", "MD5", "900150983cd24fb0d6963f7d28e17f72"),
            ("abc", "SHA-1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("abc", "SHA-256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            assert_eq!(hash(text, algorithm).as_deref(), Some(digits));
        }
        for (algorithm, length) in [("SHA-384", 96), ("SHA-512", 128)] {
            assert_eq!(hash("é", algorithm).unwrap().len(), length);
        }
        assert_eq!(hash("abc", "SHA256"), None);
    }

    #[test]
    fn seeds() {
        assert_eq!(random(0.0), 0.730967787376657);
        assert_eq!(random(42.9), random(42.0));
        for seed in [-1.0, 1e300, f64::NAN] {
            assert!((0.0..1.0).contains(&random(seed)));
        }
    }
}

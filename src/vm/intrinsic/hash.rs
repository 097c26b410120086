//! Hash, Base64Encode, Base64Decode.

use super::{Call, Rejected, java};
use crate::value::{Kind, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest;

/// `States.Hash(data, algorithm)`: the digest in lower-case hexadecimal. What is no string is hashed as its text form.
pub(super) fn hash<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let [data, algorithm] = call.exactly()?;
    let algorithm = call.string(algorithm)?;
    let data = match data.kind() {
        Kind::String => call.string(data)?,
        _ => {
            call.fits(data)?;
            let mut text = java::Text::new_in(call.arena);
            java::write_text(data, call.arena, &mut text);
            text.into_bump_str()
        }
    };
    let data = call.short(data)?.as_bytes();
    digest(data, algorithm, |digest| Value::copy_str(call.arena, Hex::of(digest).text())).ok_or(call.rejected())
}

/// The digest in lower-case hexadecimal; none for an algorithm that AWS does not name.
pub(crate) fn hex_digest(data: &[u8], algorithm: &str) -> Option<String> {
    digest(data, algorithm, |digest| Hex::of(digest).text().to_owned())
}

/// What is made of the digest; nothing for an algorithm that AWS does not name.
fn digest<T>(data: &[u8], algorithm: &str, make: impl FnOnce(&[u8]) -> T) -> Option<T> {
    match algorithm {
        "MD5" => Some(make(&md5::Md5::digest(data))),
        "SHA-1" => Some(make(&sha1::Sha1::digest(data))),
        "SHA-256" => Some(make(&sha2::Sha256::digest(data))),
        "SHA-384" => Some(make(&sha2::Sha384::digest(data))),
        "SHA-512" => Some(make(&sha2::Sha512::digest(data))),
        _ => None,
    }
}

/// Bytes in lower-case hexadecimal, as many as the longest digest has.
struct Hex {
    digits: [u8; 128],
    length: usize,
}

/// The two digits of each byte.
const PAIRS: [[u8; 2]; 256] = {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let (mut pairs, mut byte) = ([[0; 2]; 256], 0);
    while byte < pairs.len() {
        pairs[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    pairs
};

impl Hex {
    fn of(bytes: &[u8]) -> Hex {
        let mut digits = [0; 128];
        let (pairs, _) = digits.as_chunks_mut();
        for (pair, byte) in pairs.iter_mut().zip(bytes) {
            *pair = PAIRS[usize::from(*byte)];
        }
        Hex { digits, length: digits.len().min(2 * bytes.len()) }
    }

    fn text(&self) -> &str {
        // All are digits.
        std::str::from_utf8(&self.digits[..self.length]).unwrap_or_default()
    }
}

/// `States.Base64Encode(text)`: of the text in UTF-8; padded, in one line.
pub(super) fn encode<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let [text] = call.exactly()?;
    let text = call.short(call.string(text)?)?;
    let encoded = call.arena.alloc_slice_fill_copy(text.len().div_ceil(3) * 4, 0);
    let length = STANDARD.encode_slice(text, encoded).map_err(|_| call.rejected())?;
    // All are characters of the alphabet.
    Ok(Value::text(call.arena, std::str::from_utf8(&encoded[..length]).map_err(|_| call.rejected())?))
}

/// `States.Base64Decode(text)`: lenient, as Java's MIME decoder is: characters that are not of the standard alphabet are
/// skipped, padding ends the text and may be missing, bits that make no whole byte are dropped. Bytes that are not UTF-8 become U+FFFD.
pub(super) fn decode<'a>(call: &Call<'_, 'a>) -> Result<Value<'a>, Rejected> {
    let [text] = call.exactly()?;
    let text = call.short(call.string(text)?)?;
    Ok(Value::copy_str(call.arena, &String::from_utf8_lossy(&decoded_bytes(text, six_bits))))
}

/// The bytes that a text in Base64 stands for, as leniently as [`decode`] says, in an alphabet.
pub(crate) fn decoded_bytes(text: &str, alphabet: fn(u8) -> Option<u8>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in text.bytes().take_while(|byte| *byte != b'=') {
        let Some(six) = alphabet(byte) else { continue };
        bits = bits << 6 | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}

/// The value of a character of the standard alphabet, or of the one for URLs.
pub(crate) fn six_bits_of_either(byte: u8) -> Option<u8> {
    match byte {
        b'-' => Some(62),
        b'_' => Some(63),
        other => six_bits(other),
    }
}

/// The value of a character of the standard alphabet.
fn six_bits(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

//! Base64 and percent-encoding (JSONata, "String functions").
//!
//! Flows in: a string. Flows out: a string. Base64 here is over the low bytes of UTF-16 units, as the language's
//! reference has it (its documentation: each character is a byte), so that text beyond U+00FF does not survive a round
//! trip; it must never be mixed up with the intrinsic functions' Base64, which is over UTF-8.

use super::LibraryError;
use super::fault::Fault;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// `$base64encode(str)`: padded, in one line.
///
/// ```
/// use expressway::vm::jsonata::library::encode::base64_encode;
/// assert_eq!(base64_encode("naïve"), "bmHvdmU=");
/// ```
pub fn base64_encode(text: &str) -> String {
    let bytes: Vec<u8> = text.encode_utf16().map(|unit| unit.to_be_bytes()[1]).collect();
    STANDARD.encode(bytes)
}

/// `$base64decode(str)`: lenient; characters of no alphabet are skipped, `=` ends the text, bits that make no whole byte
/// are dropped, and the alphabet for URLs is taken too. Every byte becomes the character of its number.
///
/// ```
/// use expressway::vm::jsonata::library::encode::base64_decode;
/// assert_eq!(base64_decode("bmHv\ndmU"), "naïve");
/// ```
pub fn base64_decode(text: &str) -> String {
    crate::vm::intrinsic::decoded_bytes(text, crate::vm::intrinsic::six_bits_of_either)
        .into_iter()
        .map(char::from)
        .collect()
}

/// What `$encodeUrlComponent` leaves as it is, beside letters and digits.
const UNRESERVED: &[u8] = b"-_.!~*'()";
/// What separates the parts of a URL: `$encodeUrl` leaves these as well, and `$decodeUrl` leaves them encoded.
const RESERVED: &[u8] = b";/?:@&=+$,#";

/// `$encodeUrl(str)`: percent-encodes what may stand nowhere in a URL.
///
/// ```
/// use expressway::vm::jsonata::library::encode::encode_url;
/// assert_eq!(encode_url("https://x.org/é?q=a b"), "https://x.org/%C3%A9?q=a%20b");
/// ```
pub fn encode_url(text: &str) -> String {
    encode(text, |byte| UNRESERVED.contains(&byte) || RESERVED.contains(&byte))
}

/// `$encodeUrlComponent(str)`: percent-encodes what separates the parts of a URL too.
///
/// ```
/// use expressway::vm::jsonata::library::encode::encode_url_component;
/// assert_eq!(encode_url_component("a&b=1"), "a%26b%3D1");
/// ```
pub fn encode_url_component(text: &str) -> String {
    encode(text, |byte| UNRESERVED.contains(&byte))
}

fn encode(text: &str, stays: impl Fn(u8) -> bool) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || stays(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(|digit| char::from(HEX[usize::from(digit)])));
        }
    }
    out
}

/// `$decodeUrl(str)`: escapes of characters that separate the parts of a URL stay escapes.
///
/// ```
/// use expressway::vm::jsonata::library::encode::decode_url;
/// assert_eq!(decode_url("a%20b%2Fc")?, "a b%2Fc");
/// # Ok::<(), expressway::vm::jsonata::library::LibraryError>(())
/// ```
///
/// # Errors
/// D3140: a `%` without two hexadecimal digits, or bytes that are not UTF-8.
pub fn decode_url(text: &str) -> Result<String, LibraryError> {
    decode(text, "decodeUrl", |byte| RESERVED.contains(&byte))
}

/// `$decodeUrlComponent(str)`.
///
/// # Errors
/// D3140: a `%` without two hexadecimal digits, or bytes that are not UTF-8.
pub fn decode_url_component(text: &str) -> Result<String, LibraryError> {
    decode(text, "decodeUrlComponent", |_| false)
}

fn decode(text: &str, function: &'static str, stays: impl Fn(u8) -> bool) -> Result<String, LibraryError> {
    let malformed = || LibraryError::from(Fault::MalformedUrl { function, value: text });
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte != b'%' {
            out.push(byte);
            at += 1;
            continue;
        }
        let Some([high, low]) = bytes.get(at + 1..at + 3) else { return Err(malformed()) };
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let (Some(high), Some(low)) = (digit(*high), digit(*low)) else { return Err(malformed()) };
        let decoded = (high << 4 | low) as u8;
        if stays(decoded) {
            out.extend_from_slice(&bytes[at..at + 3]);
        } else {
            // A byte of a longer character must not be completed by one that stands bare beside it; those are ASCII
            // or whole characters, so the check of the whole text finds that too.
            out.push(decoded);
        }
        at += 3;
    }
    String::from_utf8(out).map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64() {
        for (text, code) in [("", ""), ("f", "Zg=="), ("foo?>", "Zm9vPz4="), ("\u{0}ÿ", "AP8="), ("€", "rA==")] {
            assert_eq!(base64_encode(text), code, "{text}");
        }
        for (code, text) in [("Zg", "f"), ("Z g = =", "f"), ("_-8=", "ÿï"), ("Zg==Zg==", "f"), ("*", ""), ("Z", "")] {
            assert_eq!(base64_decode(code), text, "{code}");
        }
    }

    #[test]
    fn urls() {
        let cases: &[(&str, &str, &str)] = &[
            ("plain-_.!~*'()", "plain-_.!~*'()", "plain-_.!~*'()"),
            ("a b", "a%20b", "a%20b"),
            (";/?:@&=+$,#", ";/?:@&=+$,#", "%3B%2F%3F%3A%40%26%3D%2B%24%2C%23"),
            ("ü🦀", "%C3%BC%F0%9F%A6%80", "%C3%BC%F0%9F%A6%80"),
            ("100%", "100%25", "100%25"),
            ("[\"]", "%5B%22%5D", "%5B%22%5D"),
        ];
        for (text, url, component) in cases {
            assert_eq!(encode_url(text), *url);
            assert_eq!(encode_url_component(text), *component);
            assert_eq!(decode_url(url).unwrap(), *text);
            assert_eq!(decode_url_component(component).unwrap(), *text);
        }
        assert_eq!(decode_url("%3b%3C").unwrap(), "%3b<");
        for bad in ["%", "%2", "%zz", "%E0%A4%A", "%C3x", "%FF", "%+1", "é%C3"] {
            let error = decode_url(bad).unwrap_err();
            assert_eq!(
                (error.code, error.message),
                ("D3140", format!("Malformed URL passed to $decodeUrl(): \"{bad}\""))
            );
            assert_eq!(decode_url_component(bad).unwrap_err().code, "D3140");
        }
    }
}

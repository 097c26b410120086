//! Functions of strings, and of dates as strings.

use super::Arguments;
use crate::program::expression::Builtin;
use crate::value::raw::Form;
use crate::value::{Arena, Value};
use crate::vm::jsonata::Evaluated;
use crate::vm::jsonata::error::EvaluationError;
use crate::vm::jsonata::library::{self, encode, string};
use crate::vm::jsonata::query::List;

/// The function's value; undefined if nothing fits.
pub(super) fn call<'a>(builtin: Builtin, arguments: Arguments<'a>) -> Evaluated<Value<'a>> {
    let arena = arguments.arena;
    if builtin == Builtin::Join {
        let parts = arguments.items(0).iter().filter_map(|part| part.as_str(arena));
        return Ok(Value::copy_str(arena, &string::join(parts, arguments.text(1).unwrap_or_default())?));
    }
    let Some(text) = arguments.text(0) else { return Ok(Value::Undefined) };
    let owned = |text: String| Value::copy_str(arena, &text);
    Ok(match builtin {
        Builtin::Length => Value::Int(string::length(text) as i64),
        Builtin::Substring => match arguments.number(1) {
            Some(start) => Value::text(arena, string::substring(text, start, arguments.number(2))),
            // Nothing plus a length is no place to end at.
            None if arguments.number(2).is_some() => Value::text(arena, ""),
            None => Value::text(arena, text),
        },
        Builtin::SubstringBefore => {
            Value::text(arena, arguments.text(1).map_or(text, |part| string::substring_before(text, part)))
        }
        Builtin::SubstringAfter => {
            Value::text(arena, arguments.text(1).map_or(text, |part| string::substring_after(text, part)))
        }
        Builtin::Lowercase => owned(string::lowercase(text)),
        Builtin::Uppercase => owned(string::uppercase(text)),
        Builtin::Trim => owned(string::trim(text).into_owned()),
        Builtin::Pad => match arguments.number(1) {
            Some(width) => owned(string::pad(text, width, arguments.text(2))?.into_owned()),
            None => Value::text(arena, text),
        },
        Builtin::Base64Encode => owned(encode::base64_encode(text)),
        Builtin::Base64Decode => owned(encode::base64_decode(text)),
        Builtin::EncodeUrl => owned(encode::encode_url(text)),
        Builtin::EncodeUrlComponent => owned(encode::encode_url_component(text)),
        Builtin::DecodeUrl => owned(encode::decode_url(text)?),
        Builtin::DecodeUrlComponent => owned(encode::decode_url_component(text)?),
        Builtin::ParseInteger => library::integer::parse_integer(text, arguments.text(1).unwrap_or_default())?
            .map_or(Value::Float(f64::NAN), Value::Float),
        Builtin::Hash => {
            let algorithm = arguments.text(1).unwrap_or("SHA-256");
            match library::service::hash(text, algorithm) {
                Some(digest) => owned(digest),
                None => {
                    let message = format!("Unsupported hash algorithm: {algorithm}");
                    return Err(EvaluationError::said("D3137", message));
                }
            }
        }
        Builtin::Parse => match crate::value::scan::validate(text.as_bytes()) {
            Ok(_) => Value::raw(arena, text.trim_matches(crate::value::raw::BLANKS), Form::of(text)),
            Err(error) => {
                let message = format!("The text is not valid JSON at byte {}: {}", error.offset, error.message);
                return Err(EvaluationError::said("D3137", message));
            }
        },
        _ => Value::Undefined,
    })
}

/// `$fromMillis`, and `$now` with a picture.
pub(super) fn from_millis<'a>(
    millis: f64,
    picture: Option<&str>,
    zone: Option<&str>,
    arena: &'a Arena,
) -> Evaluated<Value<'a>> {
    Ok(Value::copy_str(arena, &library::date::from_millis(millis, picture, zone)?))
}

/// Pieces of text as an array of strings.
pub(super) fn strings<'a>(parts: impl IntoIterator<Item = &'a str>, arena: &'a Arena) -> Value<'a> {
    let mut out = List::new_in(arena);
    out.extend(parts.into_iter().map(|part| Value::text(arena, part)));
    Value::array(arena, out.into_bump_slice())
}

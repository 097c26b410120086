//! Values into types of one's own: serde's deserializer over a value, borrowing from it wherever the type does.
//!
//! Nothing is written out and read again: strings without escapes are handed over as they stand in the event. Numbers of
//! any size reach the type that was asked for, if they fit; of equal keys the last counts, as everywhere here. It must
//! never run out of stack: a value is as deep as its type asks, and no deeper than [`DEPTH_MAX`].

use crate::value::number::Number;
use crate::value::{Arena, Kind, Member, Value};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Levels of nesting that a type may follow: the scanner holds events to as many.
const DEPTH_MAX: u32 = 1_024;

/// Why a value is not of the type that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct DecodeError(String);

impl de::Error for DecodeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        DecodeError(message.to_string())
    }
}

/// Reads a value into a type.
///
/// # Errors
///
/// What does not fit, in serde's words.
pub(crate) fn decode<'a, T: de::Deserialize<'a>>(value: Value<'a>, arena: &'a Arena) -> Result<T, DecodeError> {
    T::deserialize(Decoder { value, arena, depth_left: DEPTH_MAX })
}

/// A value that is being read.
#[derive(Clone, Copy)]
struct Decoder<'a> {
    value: Value<'a>,
    arena: &'a Arena,
    depth_left: u32,
}

impl<'a> Decoder<'a> {
    fn inside(self, value: Value<'a>) -> Result<Decoder<'a>, DecodeError> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Decoder { value, depth_left, ..self }),
            None => Err(DecodeError(format!("it is nested more than {DEPTH_MAX} levels deep"))),
        }
    }

    fn number<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::Int(int) => visitor.visit_i64(int),
            // A computed number is written without a fraction if it has none.
            Value::Float(float) => match Number::Float(float).as_i64() {
                Some(int) => visitor.visit_i64(int),
                None => visitor.visit_f64(float),
            },
            Value::Raw(raw) => match (raw.text.parse::<i64>(), raw.text.parse::<u64>()) {
                (Ok(int), _) => visitor.visit_i64(int),
                (_, Ok(int)) => visitor.visit_u64(int),
                _ => visitor.visit_f64(Number::Text(raw.text).as_f64()),
            },
            _ => visitor.visit_unit(),
        }
    }

    /// An integer that only 128 bits may hold.
    fn long<T: std::str::FromStr>(self) -> Option<T> {
        match self.value {
            Value::Raw(raw) => raw.text.parse().ok(),
            Value::Int(int) => int.to_string().parse().ok(),
            _ => None,
        }
    }
}

impl<'a> Deserializer<'a> for Decoder<'a> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value.kind() {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool => visitor.visit_bool(self.value.as_bool() == Some(true)),
            Kind::Number => self.number(visitor),
            Kind::String => visitor.visit_borrowed_str(self.value.as_str(self.arena).unwrap_or_default()),
            Kind::Array => {
                let items = self.value.elements(self.arena).unwrap_or_default();
                let mut elements = Elements { of: self, items };
                let read = visitor.visit_seq(&mut elements)?;
                match elements.items.len() {
                    0 => Ok(read),
                    left => Err(de::Error::invalid_length(items.len(), &TooMany(items.len() - left))),
                }
            }
            Kind::Object => {
                let members = self.value.members(self.arena).unwrap_or_default();
                visitor.visit_map(Members { of: self, members, value: None })
            }
        }
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, _: &'static str, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if let Some(name) = self.value.as_str(self.arena) {
            return visitor.visit_enum(Variant { of: self, name, value: None });
        }
        match self.value.members(self.arena) {
            Some([only]) => visitor.visit_enum(Variant { of: self, name: only.key, value: Some(only.value) }),
            _ => Err(de::Error::invalid_type(de::Unexpected::Other("a value of another form"), &ONE_VARIANT)),
        }
    }

    fn deserialize_i128<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.long() {
            Some(int) => visitor.visit_i128(int),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_u128<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.long() {
            Some(int) => visitor.visit_u128(int),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { <V: Visitor<'a>>
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

const ONE_VARIANT: &str = "a string, or an object with one member, which is the variant";

/// What is said of an array with more elements than its type has places.
struct TooMany(usize);

impl de::Expected for TooMany {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "an array of {} elements", self.0)
    }
}

struct Elements<'a> {
    of: Decoder<'a>,
    items: &'a [Value<'a>],
}

impl<'a> SeqAccess<'a> for Elements<'a> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, DecodeError> {
        let Some((first, rest)) = self.items.split_first() else { return Ok(None) };
        self.items = rest;
        seed.deserialize(self.of.inside(*first)?).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Members<'a> {
    of: Decoder<'a>,
    members: &'a [Member<'a>],
    /// The value of the key that was read last.
    value: Option<Value<'a>>,
}

impl<'a> MapAccess<'a> for Members<'a> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some((first, rest)) = self.members.split_first() else { return Ok(None) };
        (self.members, self.value) = (rest, Some(first.value));
        seed.deserialize(Key(first.key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        seed.deserialize(self.of.inside(self.value.take().unwrap_or(Value::Null))?)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.members.len())
    }
}

/// A key, which may have to be a number: JSON has no other keys than strings.
struct Key<'a>(&'a str);

macro_rules! keys_as_numbers {
    ($($method:ident $visit:ident;)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            match self.0.parse() {
                Ok(number) => visitor.$visit(number),
                Err(_) => visitor.visit_borrowed_str(self.0),
            }
        }
    )*};
}

impl<'a> Deserializer<'a> for Key<'a> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_borrowed_str(self.0)
    }

    keys_as_numbers! {
        deserialize_bool visit_bool;
        deserialize_i8 visit_i8;
        deserialize_i16 visit_i16;
        deserialize_i32 visit_i32;
        deserialize_i64 visit_i64;
        deserialize_i128 visit_i128;
        deserialize_u8 visit_u8;
        deserialize_u16 visit_u16;
        deserialize_u32 visit_u32;
        deserialize_u64 visit_u64;
        deserialize_u128 visit_u128;
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, _: &'static str, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        BorrowedStrDeserializer::new(self.0).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! { <V: Visitor<'a>>
        f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

struct Variant<'a> {
    of: Decoder<'a>,
    name: &'a str,
    /// What the variant holds, if it was an object.
    value: Option<Value<'a>>,
}

impl<'a> EnumAccess<'a> for Variant<'a> {
    type Error = DecodeError;
    type Variant = Variant<'a>;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, Variant<'a>), DecodeError> {
        Ok((seed.deserialize(BorrowedStrDeserializer::<DecodeError>::new(self.name))?, self))
    }
}

impl<'a> VariantAccess<'a> for Variant<'a> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        match self.value {
            None | Some(Value::Null) => Ok(()),
            Some(value) if value.is_null() => Ok(()),
            Some(_) => Err(DecodeError(format!("the variant {} holds nothing", self.name))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, DecodeError> {
        let value = self.value.ok_or_else(|| DecodeError(format!("the variant {} must hold a value", self.name)))?;
        seed.deserialize(self.of.inside(value)?)
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        let value = self.value.unwrap_or(Value::Null);
        self.of.inside(value)?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'a>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, DecodeError> {
        let value = self.value.unwrap_or(Value::Null);
        self.of.inside(value)?.deserialize_any(visitor)
    }
}

//! Rows of any columns as JSON: structs as objects, lists as arrays, times as RFC 3339, bytes as base64.
//!
//! What is null is written as `null`, also within a struct: nothing of a row is left out. Numbers that JSON has not (NaN,
//! the infinities) are `null` too. Decimals keep all their digits. Types are looked at once for an array, not for each row.

use super::RunError;
use crate::value::Value;
use crate::value::text::write_string;
use crate::value::timestamp::Timestamp;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal128Type, Decimal256Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, downcast_dictionary_array};
use arrow_schema::{DataType, TimeUnit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::ops::Range;

/// Writes a value that is not null.
type Writer<'a> = Box<dyn Fn(usize, &mut Vec<u8>) + Send + Sync + 'a>;

/// An array whose rows are written as JSON.
pub(super) struct Rows<'a> {
    array: &'a dyn Array,
    write: Writer<'a>,
}

impl<'a> Rows<'a> {
    /// Looks at the types.
    ///
    /// # Errors
    ///
    /// [`RunError::Type`]; `place` is what it calls the array.
    pub fn new(array: &'a dyn Array, place: &str) -> Result<Rows<'a>, RunError> {
        Ok(Rows { array, write: writer(array, place)? })
    }

    /// Whether the row is not null.
    pub fn is_valid(&self, row: usize) -> bool {
        self.array.is_valid(row)
    }

    /// Appends the row.
    pub fn write(&self, row: usize, out: &mut Vec<u8>) {
        // A null type has no bitmap to say so.
        if self.array.is_null(row) { out.extend_from_slice(b"null") } else { (self.write)(row, out) }
    }
}

fn writer<'a>(array: &'a dyn Array, place: &str) -> Result<Writer<'a>, RunError> {
    macro_rules! integers {
        ($type:ty) => {{
            let values = array.as_primitive::<$type>();
            Box::new(move |row, out| out.extend_from_slice(itoa::Buffer::new().format(values.value(row)).as_bytes()))
        }};
    }
    macro_rules! reals {
        ($type:ty) => {{
            let values = array.as_primitive::<$type>();
            Box::new(move |row, out| real(f64::from(values.value(row)), out))
        }};
    }
    macro_rules! texts {
        ($values:expr) => {{
            let values = $values;
            Box::new(move |row, out| write_string(values.value(row), out))
        }};
    }
    macro_rules! bytes {
        ($values:expr) => {{
            let values = $values;
            Box::new(move |row, out| write_string(&STANDARD.encode(values.value(row)), out))
        }};
    }
    macro_rules! times {
        ($type:ty, $to_millis:expr, $write:expr) => {{
            let values = array.as_primitive::<$type>();
            Box::new(move |row, out| $write($to_millis(values.value(row)), out))
        }};
    }
    macro_rules! decimals {
        ($type:ty) => {{
            let values = array.as_primitive::<$type>();
            Box::new(move |row, out| out.extend_from_slice(values.value_as_string(row).as_bytes()))
        }};
    }
    Ok(match array.data_type() {
        DataType::Null => Box::new(|_, out| out.extend_from_slice(b"null")),
        DataType::Boolean => {
            let values = array.as_boolean();
            Box::new(move |row, out| out.extend_from_slice(if values.value(row) { b"true" } else { b"false" }))
        }
        DataType::Int8 => integers!(Int8Type),
        DataType::Int16 => integers!(Int16Type),
        DataType::Int32 => integers!(Int32Type),
        DataType::Int64 => integers!(Int64Type),
        DataType::UInt8 => integers!(UInt8Type),
        DataType::UInt16 => integers!(UInt16Type),
        DataType::UInt32 => integers!(UInt32Type),
        DataType::UInt64 => integers!(UInt64Type),
        DataType::Float16 => reals!(Float16Type),
        DataType::Float32 => {
            let values = array.as_primitive::<Float32Type>();
            // The digits that are its own: as a double it would have more.
            Box::new(move |row, out| match values.value(row) {
                number if number.is_finite() => real(number.to_string().parse().unwrap_or(f64::from(number)), out),
                _ => out.extend_from_slice(b"null"),
            })
        }
        DataType::Float64 => reals!(Float64Type),
        DataType::Decimal128(..) => decimals!(Decimal128Type),
        DataType::Decimal256(..) => decimals!(Decimal256Type),
        DataType::Utf8 => texts!(array.as_string::<i32>()),
        DataType::LargeUtf8 => texts!(array.as_string::<i64>()),
        DataType::Utf8View => texts!(array.as_string_view()),
        DataType::Binary => bytes!(array.as_binary::<i32>()),
        DataType::LargeBinary => bytes!(array.as_binary::<i64>()),
        DataType::BinaryView => bytes!(array.as_binary_view()),
        DataType::FixedSizeBinary(_) => bytes!(array.as_fixed_size_binary()),
        DataType::Date32 => times!(Date32Type, |days: i32| i64::from(days) * 86_400_000, day),
        DataType::Date64 => times!(Date64Type, |millis: i64| millis, day),
        DataType::Timestamp(TimeUnit::Second, _) => {
            times!(TimestampSecondType, |seconds: i64| seconds.saturating_mul(1_000), time)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => times!(TimestampMillisecondType, |millis: i64| millis, time),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            times!(TimestampMicrosecondType, |micros: i64| micros.div_euclid(1_000), time)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            times!(TimestampNanosecondType, |nanos: i64| nanos.div_euclid(1_000_000), time)
        }
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            let offsets = lists.value_offsets();
            list(lists.values(), place, move |row| offsets[row] as usize..offsets[row + 1] as usize)?
        }
        DataType::LargeList(_) => {
            let lists = array.as_list::<i64>();
            let offsets = lists.value_offsets();
            list(lists.values(), place, move |row| offsets[row] as usize..offsets[row + 1] as usize)?
        }
        DataType::FixedSizeList(_, length) => {
            let (lists, length) = (array.as_fixed_size_list(), *length as usize);
            let start = move |row| lists.value_offset(row) as usize;
            list(lists.values(), place, move |row| start(row)..start(row) + length)?
        }
        DataType::Struct(fields) => {
            let mut members = Vec::with_capacity(fields.len());
            for (field, column) in fields.iter().zip(array.as_struct().columns()) {
                let mut key = Vec::new();
                write_string(field.name(), &mut key);
                key.push(b':');
                members.push((key, Rows::new(&**column, &format!("{place}.{}", field.name()))?));
            }
            Box::new(move |row, out| {
                out.push(b'{');
                for (n, (key, value)) in members.iter().enumerate() {
                    out.extend_from_slice(if n == 0 { b"" } else { b"," });
                    out.extend_from_slice(key);
                    value.write(row, out);
                }
                out.push(b'}');
            })
        }
        DataType::Map(..) => {
            let maps = array.as_map();
            let (keys, values) = (Rows::new(&**maps.keys(), place)?, Rows::new(&**maps.values(), place)?);
            let offsets = maps.value_offsets();
            Box::new(move |row, out| {
                out.push(b'{');
                let range = offsets[row] as usize..offsets[row + 1] as usize;
                for at in range.clone() {
                    out.extend_from_slice(if at == range.start { b"" } else { b"," });
                    let start = out.len();
                    keys.write(at, out);
                    // Other keys than strings are written as strings.
                    if out[start] != b'"' {
                        out.insert(start, b'"');
                        out.push(b'"');
                    }
                    out.push(b':');
                    values.write(at, out);
                }
                out.push(b'}');
            })
        }
        DataType::Dictionary(..) => downcast_dictionary_array! {
            array => {
                let values = Rows::new(&**array.values(), place)?;
                Box::new(move |row, out| match array.key(row) {
                    Some(key) => values.write(key, out),
                    None => out.extend_from_slice(b"null"),
                })
            },
            other => return Err(unfit(place, other)),
        },
        other => return Err(unfit(place, other)),
    })
}

fn unfit(place: &str, data_type: &DataType) -> RunError {
    RunError::Type { place: place.to_owned(), data_type: Box::new(data_type.clone()) }
}

fn list<'a>(
    values: &'a dyn Array,
    place: &str,
    range: impl Fn(usize) -> Range<usize> + Send + Sync + 'a,
) -> Result<Writer<'a>, RunError> {
    let elements = Rows::new(values, &format!("{place}[]"))?;
    Ok(Box::new(move |row, out| {
        out.push(b'[');
        let range = range(row);
        for at in range.clone() {
            out.extend_from_slice(if at == range.start { b"" } else { b"," });
            elements.write(at, out);
        }
        out.push(b']');
    }))
}

fn real(number: f64, out: &mut Vec<u8>) {
    if number.is_finite() { Value::Float(number).write(out) } else { out.extend_from_slice(b"null") }
}

fn time(millis: i64, out: &mut Vec<u8>) {
    write_string(&Timestamp::from_millis(millis).to_rfc3339_millis(), out);
}

fn day(millis: i64, out: &mut Vec<u8>) {
    let text = Timestamp::from_millis(millis).to_rfc3339_millis();
    write_string(text.split_once('T').map_or(&*text, |(day, _)| day), out);
}

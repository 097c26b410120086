//! Parquet, read as if it were packed JSON Lines: each row is an object with the columns as members, in their order.
//!
//! Flows in: a whole Parquet file, which is held in memory as it is stored. Flows out: the lines that its rows come to, row
//! group after row group. So a row's offset is its line's in that text, and all else is as for lines. Numbers keep all
//! their digits; what JSON has no number for (NaN, infinities) is null; times are RFC 3339; bytes are text if they are
//! UTF-8, else base64. It must never hold more than one row as JSON at once.

use crate::value::text::write_string;
use crate::value::timestamp::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parquet::data_type::Decimal;
use parquet::file::reader::SerializedFileReader;
use parquet::file::serialized_reader::ReadOptionsBuilder;
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use std::io::{self, Read, Write};

/// A reader of the lines that a Parquet file's rows come to.
pub(in crate::batch) struct ParquetLines {
    rows: RowIter<'static>,
    line: Vec<u8>,
    at: usize,
}

impl ParquetLines {
    /// Reads the whole file, whose end says what is where.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is no Parquet.
    pub fn new(mut from: impl Read) -> io::Result<ParquetLines> {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes)?;
        let options = ReadOptionsBuilder::new().build();
        let reader = SerializedFileReader::new_with_options(bytes::Bytes::from(bytes), options).map_err(damaged)?;
        Ok(ParquetLines { rows: RowIter::from_file_into(Box::new(reader)), line: Vec::new(), at: 0 })
    }
}

impl Read for ParquetLines {
    fn read(&mut self, mut into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.line.len() {
            self.line.clear();
            self.at = 0;
            match self.rows.next() {
                None => return Ok(0),
                Some(row) => write_row(&row.map_err(damaged)?, &mut self.line),
            }
            self.line.push(b'\n');
        }
        let read = into.write(&self.line[self.at..]).unwrap_or(0);
        self.at += read;
        Ok(read)
    }
}

fn damaged(error: parquet::errors::ParquetError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the Parquet file is damaged: {error}"))
}

fn write_row(row: &Row, out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, (name, field)) in row.get_column_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(name, out);
        out.push(b':');
        write_field(field, out);
    }
    out.push(b'}');
}

fn write_field(field: &Field, out: &mut Vec<u8>) {
    match field {
        Field::Null => out.extend_from_slice(b"null"),
        Field::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
        Field::Byte(number) => write_plain(number, out),
        Field::Short(number) => write_plain(number, out),
        Field::Int(number) => write_plain(number, out),
        Field::Long(number) => write_plain(number, out),
        Field::UByte(number) => write_plain(number, out),
        Field::UShort(number) => write_plain(number, out),
        Field::UInt(number) => write_plain(number, out),
        Field::ULong(number) => write_plain(number, out),
        Field::Float16(number) => write_double(f64::from(*number), out),
        // The shortest digits that give this single again, not those of the double beside it.
        Field::Float(number) if number.is_finite() => write_plain(number, out),
        Field::Float(_) => out.extend_from_slice(b"null"),
        Field::Double(number) => write_double(*number, out),
        Field::Decimal(decimal) => write_decimal(decimal, out),
        Field::Str(text) => write_string(text, out),
        Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => write_string(text, out),
            Err(_) => write_string(&STANDARD.encode(bytes.data()), out),
        },
        Field::Date(days) => {
            let text = Timestamp::from_millis(i64::from(*days) * 86_400_000).to_rfc3339_millis();
            write_string(text.split('T').next().unwrap_or_default(), out);
        }
        Field::TimeMillis(ms) => write_time(i64::from(*ms) * 1_000, 3, out),
        Field::TimeMicros(us) => write_time(*us, 6, out),
        Field::TimestampMillis(ms) => write_string(&Timestamp::from_millis(*ms).to_rfc3339_millis(), out),
        Field::TimestampMicros(us) => {
            let text = Timestamp::from_millis(us.div_euclid(1_000_000) * 1_000).to_rfc3339_millis();
            let seconds = text.split('.').next().unwrap_or_default();
            write_string(&format!("{seconds}.{:06}Z", us.rem_euclid(1_000_000)), out);
        }
        Field::Group(row) => write_row(row, out),
        Field::ListInternal(list) => {
            out.push(b'[');
            for (index, item) in list.elements().iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_field(item, out);
            }
            out.push(b']');
        }
        Field::MapInternal(map) => {
            out.push(b'{');
            for (index, (key, value)) in map.entries().iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                match key {
                    Field::Str(text) => write_string(text, out),
                    // A key is a string, whatever it was.
                    other => {
                        let mut text = Vec::new();
                        write_field(other, &mut text);
                        write_string(String::from_utf8_lossy(&text).trim_matches('"'), out);
                    }
                }
                out.push(b':');
                write_field(value, out);
            }
            out.push(b'}');
        }
    }
}

fn write_plain(value: &impl std::fmt::Display, out: &mut Vec<u8>) {
    // Writing to memory cannot fail.
    let _ = write!(out, "{value}");
}

fn write_double(number: f64, out: &mut Vec<u8>) {
    match number.is_finite() {
        true => write_plain(&number, out),
        false => out.extend_from_slice(b"null"),
    }
}

/// Microseconds since midnight.
fn write_time(us: i64, digits: usize, out: &mut Vec<u8>) {
    let (seconds, fraction) = (us.div_euclid(1_000_000), us.rem_euclid(1_000_000));
    let fraction = &format!("{fraction:06}")[..digits];
    write_string(&format!("{:02}:{:02}:{:02}.{fraction}", seconds / 3_600, seconds / 60 % 60, seconds % 60), out);
}

/// All digits of a decimal, which is stored as a big-endian integer and a number of places.
fn write_decimal(decimal: &Decimal, out: &mut Vec<u8>) {
    let bytes = decimal.data();
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    // At most 16 bytes make 38 digits, which is what Parquet's decimals are limited to in practice.
    let number = bytes.iter().fold(if negative { -1i128 } else { 0 }, |number, byte| number << 8 | i128::from(*byte));
    let digits = number.unsigned_abs().to_string();
    let scale = usize::try_from(decimal.scale()).unwrap_or(0);
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, places) = digits.split_at(digits.len() - scale);
    let sign = if negative { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    write_plain(&format_args!("{sign}{whole}{point}{places}"), out);
}

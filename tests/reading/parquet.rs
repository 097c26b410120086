//! Parquet: rows of all kinds of columns, and files that are none. The files are written here, by the same library.

use super::{every_way, run};
use expressway::batch::{Envelope, Format, Pointer, Reading, Source};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::json;
use std::sync::Arc;

const SCHEMA: &str = "message rows {
    required int64 id;
    optional binary name (UTF8);
    required double score;
    required int32 day (DATE);
    required int64 at (TIMESTAMP_MILLIS);
    required int64 price (DECIMAL(12, 2));
    required binary event (UTF8);
}";

fn file(rows: i64, compression: Compression) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, properties).unwrap();
    // Two row groups.
    for half in [0..rows / 2, rows / 2..rows] {
        let ids: Vec<i64> = half.collect();
        let mut group = writer.next_row_group().unwrap();
        let mut number = 0;
        while let Some(mut column) = group.next_column().unwrap() {
            let texts = |text: &dyn Fn(i64) -> String| -> Vec<ByteArray> {
                ids.iter().map(|id| ByteArray::from(text(*id).into_bytes())).collect()
            };
            match number {
                0 => drop(column.typed::<Int64Type>().write_batch(&ids, None, None).unwrap()),
                1 => {
                    let levels: Vec<i16> = ids.iter().map(|id| i16::from(id % 3 != 0)).collect();
                    let mut names = texts(&|id| format!("n\"{id}"));
                    let mut level = levels.iter();
                    names.retain(|_| level.next() == Some(&1));
                    column.typed::<ByteArrayType>().write_batch(&names, Some(&levels), None).unwrap();
                }
                2 => {
                    let scores: Vec<f64> =
                        ids.iter().map(|id| if *id == 1 { f64::NAN } else { *id as f64 / 10.0 }).collect();
                    column.typed::<DoubleType>().write_batch(&scores, None, None).unwrap();
                }
                3 => {
                    let days: Vec<i32> = ids.iter().map(|id| *id as i32 + 18_262).collect();
                    column.typed::<Int32Type>().write_batch(&days, None, None).unwrap();
                }
                4 => {
                    let times: Vec<i64> = ids.iter().map(|id| 1_577_836_800_123 + id).collect();
                    column.typed::<Int64Type>().write_batch(&times, None, None).unwrap();
                }
                5 => {
                    let prices: Vec<i64> = ids.iter().map(|id| 5 - id * 7).collect();
                    column.typed::<Int64Type>().write_batch(&prices, None, None).unwrap();
                }
                _ => {
                    let events = texts(&|id| if id == 2 { "{".to_owned() } else { format!("{{\"x\":[{id}]}}") });
                    column.typed::<ByteArrayType>().write_batch(&events, None, None).unwrap();
                }
            }
            column.close().unwrap();
            number += 1;
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
    bytes
}

#[test]
fn rows_are_objects() {
    for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(Default::default())] {
        let bytes = file(4, compression);
        let source = Source::memory("rows", &bytes).read_as(&Reading::new(Format::Auto));
        let (written, summary) = run(vec![source], |batch| batch.chunk_bytes(64));
        assert_eq!((summary.events, written.dead.len()), (4, 0));
        let row = |id: i64, name: serde_json::Value, score: serde_json::Value, day: &str, price: &str, event: &str| {
            let at = format!("2020-01-01T00:00:00.{:03}Z", 123 + id);
            json!({"id": id, "name": name, "score": score, "day": day, "at": at, "price": price.parse::<f64>().unwrap(), "event": event})
        };
        let found: Vec<_> = written.events.into_iter().map(|(_, value)| value).collect();
        assert_eq!(
            found,
            [
                row(0, json!(null), json!(0), "2020-01-01", "0.05", "{\"x\":[0]}"),
                row(1, json!("n\"1"), json!(null), "2020-01-02", "-0.02", "{\"x\":[1]}"),
                row(2, json!("n\"2"), json!(0.2), "2020-01-03", "-0.09", "{"),
                row(3, json!(null), json!(0.3), "2020-01-04", "-0.16", "{\"x\":[3]}"),
            ]
        );
    }
}

/// A column of JSON texts; the same however it is cut.
#[test]
fn a_column_of_events() {
    let bytes = file(1_000, Compression::SNAPPY);
    let reading = Reading::new(Format::Parquet)
        .unwrap_from([Envelope::At(Pointer::parse("$.event").unwrap())])
        .select(Pointer::parse("$.x").unwrap());
    let ran = |threads, chunk_bytes| {
        let source = Source::memory("rows", &bytes).read_as(&reading);
        run(vec![source], |batch| batch.threads(threads).chunk_bytes(chunk_bytes)).0
    };
    let first = ran(1, 1 << 18);
    assert_eq!((first.events.len(), first.dead.len()), (999, 1));
    assert_eq!(first.events[998].1, json!([999]));
    assert_eq!(ran(2, 1_000), first);
}

#[test]
fn damaged_files() {
    let bytes = file(100, Compression::SNAPPY);
    for cut in [4, 8, bytes.len() / 2, bytes.len() - 1] {
        let source = Source::memory("rows", &bytes[..cut]).read_as(&Reading::new(Format::Auto));
        let (written, _) = run(vec![source], |batch| batch);
        assert_eq!((written.events.len(), written.wrong.len()), (0, 1), "{:?}", written.wrong);
        assert!(written.wrong[0].contains("the Parquet file is damaged"), "{:?}", written.wrong);
    }
    let written = every_way("text", "rows", b"{\"a\":1}\n", &Reading::new(Format::Auto));
    assert_eq!(written.events.len(), 1);
}

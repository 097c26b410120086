//! Columns of Apache Arrow in and out: the same results as a batch by content, whatever the columns' types, the threads and
//! the way that rows are cut.

use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int32Array, IntervalDayTimeArray, LargeStringArray, NullArray, RecordBatch, StringArray,
    StringViewArray, StructArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow_schema::{DataType, Field};
use expressway::arrow::{RunOptions, run_batch, schema};
use expressway::batch::Identity;
use expressway::{Executor, Handlers, Program, Source};
use std::sync::Arc;

const PASS: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#;
const CHOICE: &str = r#"{"StartAt": "C", "States": {
    "C": {"Type": "Choice", "Choices": [
        {"Variable": "$.n", "NumericLessThan": 5, "Next": "Low"},
        {"Variable": "$.n", "NumericEquals": 7, "Next": "Late"}], "Default": "Bad"},
    "Low": {"Type": "Pass", "Parameters": {"id.$": "States.UUID()", "n.$": "$.n"}, "End": true},
    "Late": {"Type": "Wait", "Seconds": 99999, "End": true},
    "Bad": {"Type": "Fail", "Error": "TooMany", "CausePath": "$.n_text"}}}"#;

fn pass(events: &dyn Array) -> RecordBatch {
    run_batch(&Arc::new(Program::compile(PASS).unwrap()), events).unwrap()
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let column = batch.column_by_name(column).unwrap().as_string::<i32>();
    column.iter().map(|text| text.map(str::to_owned)).collect()
}

fn untimed(batch: &RecordBatch) -> RecordBatch {
    batch.project(&[0, 1, 2, 3, 5]).unwrap()
}

#[test]
fn texts_of_all_three_types_give_the_same_and_what_is_no_event_is_rejected() {
    let events = [Some(r#"{"n":1}"#), None, Some("["), Some(" "), Some("[1,\n 2]"), Some("\"x\ny\"")];
    let expected = pass(&StringArray::from(events.to_vec()));
    assert_eq!(expected.schema(), schema());
    let status: Vec<_> = texts(&expected, "status").into_iter().flatten().collect();
    assert_eq!(status, ["SUCCEEDED", "REJECTED", "REJECTED", "REJECTED", "SUCCEEDED", "REJECTED"]);
    let output = [Some(r#"{"n":1}"#), None, None, None, Some("[1,2]"), None].map(|text| text.map(str::to_owned));
    assert_eq!(texts(&expected, "output"), output);
    assert_eq!(texts(&expected, "error")[1].as_deref(), Some("the event is null"));
    assert_eq!(texts(&expected, "error")[3].as_deref(), Some("the event is blank: a JSON text is expected"));
    assert_eq!(expected.column(5).as_primitive::<Int64Type>().values(), &[1, 0, 0, 0, 1, 0]);
    for events in [&LargeStringArray::from(events.to_vec()) as &dyn Array, &StringViewArray::from(events.to_vec())] {
        assert_eq!(untimed(&pass(events)), untimed(&expected));
    }
    // A slice starts elsewhere in the same buffers.
    let slice = StringArray::from(events.to_vec()).slice(4, 2);
    assert_eq!(untimed(&pass(&slice)), untimed(&expected).slice(4, 2));
    assert_eq!(pass(&StringArray::from(Vec::<&str>::new())).num_rows(), 0);
    assert_eq!(texts(&pass(&NullArray::new(2)), "status"), vec![Some("SUCCEEDED".to_owned()); 2]);
}

#[test]
fn rows_are_what_a_batch_by_content_gives_on_any_number_of_threads() {
    let events: Vec<String> =
        (0..1_000).map(|n| format!("{{\"n\": {}, \"n_text\": \"{n}\", \"id\": {}}}", n % 9, n % 400)).collect();
    let program = Arc::new(Program::compile(CHOICE).unwrap());
    let executor = Executor::new(program, &Handlers::new()).unwrap().seed(11);
    let mut expected = Vec::new();
    let batch = executor.batch().identity(Identity::Content);
    batch
        .each(vec![Source::texts("texts", &events)], |line| {
            let text = |text: Option<std::borrow::Cow<str>>| text.map(|text| text.into_owned());
            let status = line.status().unwrap().as_str().to_owned();
            expected.push((status, line.output().map(str::to_owned), text(line.error()), text(line.cause())));
        })
        .unwrap();
    let array = StringArray::from(events);
    let mut first = None;
    for threads in [1, 2, 3, 64] {
        let mut options = RunOptions::default();
        options.threads = threads;
        let results = executor.run_batch(&array, &options).unwrap();
        for (row, (status, output, error, cause)) in expected.iter().enumerate() {
            let of = |column| texts(&results, column)[row].clone();
            if row % 37 == 0 {
                assert_eq!(of("status").as_ref(), Some(status));
                assert_eq!((of("output"), of("error"), of("cause")), (output.clone(), error.clone(), cause.clone()));
            }
        }
        let column = |name| texts(&results, name);
        assert!(column("output").iter().eq(expected.iter().map(|(_, output, ..)| output)));
        let results = untimed(&results);
        assert_eq!(first.get_or_insert_with(|| results.clone()), &results);
        // What can be told without being run comes to the same.
        let run = executor.clone().shortcuts(false).run_batch(&array, &options).unwrap();
        assert_eq!(untimed(&run), results);
    }
}

#[test]
fn by_position_a_row_is_its_number() {
    let uuid =
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "End": true}}}"#;
    let executor = Executor::new(Program::compile(uuid).unwrap(), &Handlers::new()).unwrap();
    let array = StringArray::from(vec!["1"; 6]);
    let mut options = RunOptions::default();
    let same = texts(&executor.run_batch(&array, &options).unwrap(), "output");
    assert!(same.windows(2).all(|pair| pair[0] == pair[1]));
    options.identity = Identity::Position;
    let all = texts(&executor.run_batch(&array, &options).unwrap(), "output");
    assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
    options.first_row = 4;
    assert_eq!(texts(&executor.run_batch(&array.slice(4, 2), &options).unwrap(), "output"), all[4..]);
}

#[test]
fn structs_become_objects_with_every_field() {
    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value([Some(1), None, Some(3)]);
    lists.append_null();
    let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    maps.keys().append_value("k\"1");
    maps.values().append_value(1);
    maps.append(true).unwrap();
    maps.append(true).unwrap();
    let inner = StructArray::from(vec![(
        Arc::new(Field::new("deep", DataType::Utf8, true)),
        Arc::new(StringArray::from(vec![Some("tief"), None])) as ArrayRef,
    )]);
    let dictionary: DictionaryArray<arrow_array::types::Int8Type> = vec![Some("north"), None].into_iter().collect();
    let decimals = Decimal128Array::from(vec![Some(-12_345), Some(100)]).with_precision_and_scale(20, 2).unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("i", Arc::new(Int32Array::from(vec![Some(-1), None]))),
        ("u", Arc::new(UInt64Array::from(vec![u64::MAX, 0]))),
        ("f", Arc::new(Float64Array::from(vec![1.5, f64::NAN]))),
        ("f32", Arc::new(Float32Array::from(vec![0.1, f32::INFINITY]))),
        ("d", Arc::new(decimals)),
        ("b", Arc::new(BooleanArray::from(vec![true, false]))),
        ("bytes", Arc::new(BinaryArray::from(vec![&b"\x00\xff"[..], b""]))),
        ("day", Arc::new(Date32Array::from(vec![0, 18_262]))),
        ("time", Arc::new(TimestampMicrosecondArray::from(vec![-1, 1_577_836_800_123_999]).with_timezone("UTC"))),
        ("text \"1\"", Arc::new(StringViewArray::from(vec!["a\u{1}", "ü"]))),
        ("list", Arc::new(lists.finish())),
        ("map", Arc::new(maps.finish())),
        ("inner", Arc::new(inner)),
        ("side", Arc::new(dictionary)),
    ];
    let fields = columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), true));
    let fields: Vec<Field> = fields.collect();
    let events = StructArray::new(fields.into(), columns.into_iter().map(|(_, column)| column).collect(), None);
    let expected = [
        r#"{"i":-1,"u":18446744073709551615,"f":1.5,"f32":0.1,"d":-123.45,"b":true,"bytes":"AP8=","day":"1970-01-01","#,
        r#""time":"1969-12-31T23:59:59.999Z","text \"1\"":"a\u0001","list":[1,null,3],"map":{"k\"1":1},"#,
        r#""inner":{"deep":"tief"},"side":"north"}"#,
    ];
    let second = [
        r#"{"i":null,"u":0,"f":null,"f32":null,"d":1.00,"b":false,"bytes":"","day":"2020-01-01","#,
        r#""time":"2020-01-01T00:00:00.123Z","text \"1\"":"ü","list":null,"map":{},"inner":{"deep":null},"side":null}"#,
    ];
    let expected = [Some(expected.concat()), Some(second.concat())];
    assert_eq!(texts(&pass(&events), "output"), expected);
    assert_eq!(texts(&pass(&events.slice(1, 1)), "output"), expected[1..]);
}

#[test]
fn a_type_that_json_has_not_is_named_with_its_place() {
    let interval: ArrayRef = Arc::new(IntervalDayTimeArray::from(vec![None]));
    let events = StructArray::from(vec![(Arc::new(Field::new("gap", interval.data_type().clone(), true)), interval)]);
    let program = Arc::new(Program::compile(PASS).unwrap());
    let error = run_batch(&program, &events).unwrap_err().to_string();
    assert!(error.starts_with("event.gap: a column of type Interval(DayTime) cannot be an event"), "{error}");
}

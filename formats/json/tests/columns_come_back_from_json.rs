//! JSON as columns of a table.

#![cfg(feature = "table")]
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringViewBuilder};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
    Int8Array, Int16Array, Int32Array, Int64Array, IntervalYearMonthArray, RecordBatch,
    StringViewArray, StructArray, Time32MillisecondArray, TimestampMicrosecondArray,
    TimestampMillisecondArray,
};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use hurtig_connect::{DecodeFailure, DecodeInput, DecodeOutput};
use hurtig_format_json::table::JsonFactory;
use hurtig_table::RowBatch;
use hurtig_table::connector::{FormatFactory, FormatTable, TableOptions};
use hurtig_types::Result;
use proptest::prelude::*;

fn table(schema: &SchemaRef, options: &[(&str, &str)]) -> FormatTable {
    FormatTable {
        name: "t".to_string(),
        schema: Arc::clone(schema),
        projection: (0..schema.fields().len()).collect(),
        options: TableOptions::new("t", options.iter().copied()),
    }
}

fn encode(rows: &RowBatch, options: &[(&str, &str)]) -> Result<String> {
    let encoding = JsonFactory.encoding(&table(&rows.columns.schema(), options))?;
    let mut bytes = Vec::new();
    encoding
        .create_encoder()?
        .encode(std::slice::from_ref(rows), usize::MAX, &mut bytes)?;
    Ok(String::from_utf8(bytes).unwrap())
}

fn decode(table: &FormatTable, text: &[u8]) -> Result<(RecordBatch, Vec<DecodeFailure>)> {
    let decoding = JsonFactory.decoding(table)?;
    let (mut batches, mut failures) = (Vec::new(), Vec::new());
    let mut output = DecodeOutput::new(&mut batches, &mut failures, 100);
    let input = DecodeInput {
        bytes: text,
        last: true,
    };
    assert_eq!(
        decoding.create_decoder()?.decode(input, &mut output)?.bytes,
        text.len()
    );
    let schema = table.schema.project(&table.projection).unwrap();
    let rows = RowBatch::concat(batches)?.map(|rows| rows.columns);
    Ok((
        rows.unwrap_or_else(|| RecordBatch::new_empty(Arc::new(schema))),
        failures,
    ))
}

fn reasons(failures: &[DecodeFailure]) -> Vec<String> {
    failures
        .iter()
        .map(|failure| failure.reason.to_string())
        .collect()
}

/// Three rows of all types, the last of nulls.
fn all_types() -> RowBatch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(BooleanArray::from(vec![Some(true), Some(false), None])),
        Arc::new(Int8Array::from(vec![Some(i8::MIN), Some(i8::MAX), None])),
        Arc::new(Int16Array::from(vec![Some(i16::MIN), Some(i16::MAX), None])),
        Arc::new(Int32Array::from(vec![Some(i32::MIN), Some(i32::MAX), None])),
        Arc::new(Int64Array::from(vec![Some(i64::MIN), Some(i64::MAX), None])),
        Arc::new(Float32Array::from(vec![
            Some(0.1),
            Some(f32::INFINITY),
            None,
        ])),
        Arc::new(Float64Array::from(vec![Some(1e300), Some(-0.0), None])),
        Arc::new(
            Decimal128Array::from(vec![Some(10i128.pow(38) - 1), Some(-27), None])
                .with_precision_and_scale(38, 9)
                .unwrap(),
        ),
        Arc::new(StringViewArray::from(vec![
            Some("\"é\n\\\u{1}"),
            Some(""),
            None,
        ])),
        Arc::new(BinaryArray::from(vec![
            Some(&[0u8, 255][..]),
            Some(b""),
            None,
        ])),
        Arc::new(Date32Array::from(vec![Some(-1), Some(20_000), None])),
        Arc::new(Time32MillisecondArray::from(vec![
            Some(0),
            Some(86_399_999),
            None,
        ])),
        Arc::new(TimestampMillisecondArray::from(vec![
            Some(-1),
            Some(1_609_329_600_123),
            None,
        ])),
        Arc::new(
            TimestampMicrosecondArray::from(vec![Some(0), Some(1_609_329_600_123_456), None])
                .with_timezone("UTC"),
        ),
        Arc::new(IntervalYearMonthArray::from(vec![Some(-1), Some(14), None])),
        lists(),
        maps(),
    ];
    let mut named: Vec<_> = (0..)
        .zip(columns)
        .map(|(n, column)| (format!("f{n}"), column))
        .collect();
    let pair: Vec<_> = named
        .iter()
        .take(2)
        .map(|(name, column)| {
            (
                Arc::new(Field::new(name, column.data_type().clone(), true)),
                Arc::clone(column),
            )
        })
        .collect();
    let (fields, columns): (Vec<_>, Vec<_>) = pair.into_iter().unzip();
    let nulls = Some(vec![true, true, false].into());
    let row = StructArray::new(Fields::from(fields), columns, nulls);
    named.push(("row".to_string(), Arc::new(row)));
    let named = named.into_iter().map(|(name, column)| (name, column, true));
    RowBatch::inserts(RecordBatch::try_from_iter_with_nullable(named).unwrap())
}

fn lists() -> ArrayRef {
    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value([Some(1), None]);
    lists.append_value([]);
    lists.append_null();
    Arc::new(lists.finish())
}

fn maps() -> ArrayRef {
    let mut maps = MapBuilder::new(None, StringViewBuilder::new(), Int32Builder::new());
    for (key, value) in [("a", Some(1)), ("b", None)] {
        maps.keys().append_value(key);
        maps.values().append_option(value);
    }
    maps.append(true).unwrap();
    maps.append(true).unwrap();
    maps.append(false).unwrap();
    Arc::new(maps.finish())
}

#[test]
fn all_types_come_back() {
    let rows = all_types();
    for options in [
        &[][..],
        &[("timestamp-format.standard", "ISO-8601")],
        &[
            ("encode.decimal-as-plain-number", "true"),
            ("encode.ignore-null-fields", "true"),
        ],
    ] {
        let text = encode(&rows, options).unwrap();
        let decoding: Vec<_> = options
            .iter()
            .copied()
            .filter(|(key, _)| key.starts_with("timestamp"))
            .collect();
        let (back, failures) =
            decode(&table(&rows.columns.schema(), &decoding), text.as_bytes()).unwrap();
        assert_eq!(reasons(&failures), [""; 0], "{text}");
        assert_eq!(back, rows.columns, "{text}");
    }
}

#[test]
fn values_look_like_flinks() {
    let text = encode(&all_types(), &[]).unwrap();
    let second = text.lines().nth(1).unwrap();
    for part in [
        r#""f5":"Infinity""#,
        r#""f7":-2.7E-8"#,
        r#""f9":"""#,
        r#""f12":"2020-12-30 12:00:00.123""#,
        r#""f13":"2020-12-30 12:00:00.123456Z""#,
        r#""f16":{},"row":{"f0":false,"f1":127}"#,
    ] {
        assert!(second.contains(part), "{part}: {second}");
    }
    let plain = encode(&all_types(), &[("encode.ignore-null-fields", "true")]).unwrap();
    assert_eq!(plain.lines().nth(2), Some("{}"));
}

fn schema() -> SchemaRef {
    let inner = Fields::from(vec![Field::new("n", DataType::Int32, true)]);
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("text", DataType::Utf8View, true),
        Field::new("row", DataType::Struct(inner), true),
    ]))
}

const LINES: &[u8] = br#"{"id":1,"text":{"a":[1]},"row":{"n":2},"other":[{}]}
{"id":"2","text":1.50}

{"text":"id is missing"}
{"id":4,"row":{"n":"x"}}
{"id":5,"row":7}
{"id":6
{"id":7.5}
{"id":8,"id":9}
"#;

#[test]
fn what_cannot_be_read_is_told() {
    let (rows, failures) = decode(&table(&schema(), &[]), LINES).unwrap();
    assert_eq!(rows.num_rows(), 3);
    let expected = [
        "field `id`: it is missing, and the column is NOT NULL",
        "field `row.n`: `x` is not an INT",
        "field `row`: `7` is no object",
        "it is no JSON: `,` or the end of the list is due at column 8, and there is its end",
        "field `id`: `7.5` is not a BIGINT",
    ];
    assert_eq!(reasons(&failures), expected);
    let lines: Vec<_> = failures
        .iter()
        .map(|failure| failure.lines_before)
        .collect();
    assert_eq!(lines, [3, 4, 5, 6, 7]);
}

#[test]
fn what_cannot_be_read_is_null_or_left_out_where_that_is_asked_for() {
    let options = [("ignore-parse-errors", "true")];
    let (rows, failures) = decode(&table(&schema(), &options), LINES).unwrap();
    assert_eq!(failures.len(), 5, "all of them are counted");
    let ids = rows.column(0);
    let ids: &Int64Array = ids.as_any().downcast_ref().unwrap();
    assert_eq!(ids.values(), &[1, 2, 4, 5, 8]);
    let missing = [("fail-on-missing-field", "true")];
    let (_, failures) = decode(&table(&schema(), &missing), b"{\"id\":1}").unwrap();
    assert_eq!(reasons(&failures), ["field `text`: it is missing"]);
    let both = [missing[0], options[0]];
    assert!(decode(&table(&schema(), &both), b"").is_err());
}

#[test]
fn only_what_is_wanted_is_read() {
    let mut wanted = table(&schema(), &[]);
    wanted.projection = vec![1];
    let (rows, failures) = decode(&wanted, br#"{"id":"no number","text":"a"}"#).unwrap();
    assert_eq!(
        (rows.num_columns(), rows.num_rows(), failures.len()),
        (1, 1, 0)
    );
}

proptest! {
    #[test]
    fn garbage_is_no_panic_and_leaves_no_trace(lines in proptest::collection::vec("[\\[\\]{}:,\"idrown0-9. \\\\-]{0,40}", 0..20)) {
        let text = lines.join("\n");
        for options in [&[][..], &[("ignore-parse-errors", "true")]] {
            let (rows, failures) = decode(&table(&schema(), options), text.as_bytes()).unwrap();
            let blank = text.lines().filter(|line| line.trim().is_empty()).count();
            prop_assert!(rows.num_rows() + failures.len() + blank >= text.lines().count());
        }
    }

    #[test]
    fn rows_come_back_from_lines_cut_anywhere(numbers in proptest::collection::vec(any::<Option<i64>>(), 1..50), cut in 0usize..400) {
        let column: ArrayRef = Arc::new(Int64Array::from(numbers));
        let rows = RowBatch::inserts(RecordBatch::try_from_iter_with_nullable([("n", column, true)]).unwrap());
        let text = encode(&rows, &[]).unwrap();
        let mut decoder = JsonFactory.decoding(&table(&rows.columns.schema(), &[])).unwrap().create_decoder().unwrap();
        let (mut batches, mut failures) = (Vec::new(), Vec::new());
        let cut = cut.min(text.len());
        let mut taken = 0;
        for (end, last) in [(cut, false), (text.len(), true)] {
            let mut output = DecodeOutput::new(&mut batches, &mut failures, 100);
            let input = DecodeInput { bytes: &text.as_bytes()[taken..end], last };
            taken += decoder.decode(input, &mut output).unwrap().bytes;
        }
        let back = RowBatch::concat(batches).unwrap().unwrap();
        prop_assert_eq!(back.columns, rows.columns);
    }
}

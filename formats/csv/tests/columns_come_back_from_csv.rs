//! CSV as columns of a table.

#![cfg(feature = "table")]
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringViewArray, StructArray, TimestampMillisecondArray,
};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use hurtig_connect::{DecodeFailure, DecodeInput, DecodeOutput};
use hurtig_format_csv::table::CsvFactory;
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

fn encode(rows: &RecordBatch, options: &[(&str, &str)]) -> Result<String> {
    let rows = RowBatch::inserts(rows.clone());
    let encoding = CsvFactory.encoding(&table(&rows.columns.schema(), options))?;
    let mut bytes = Vec::new();
    encoding
        .create_encoder()?
        .encode(&[rows], usize::MAX, &mut bytes)?;
    Ok(String::from_utf8(bytes).unwrap())
}

fn decode(table: &FormatTable, text: &str) -> Result<(RecordBatch, Vec<DecodeFailure>)> {
    let mut decoder = CsvFactory.decoding(table)?.create_decoder()?;
    let (mut batches, mut failures) = (Vec::new(), Vec::new());
    let mut input = DecodeInput {
        bytes: text.as_bytes(),
        last: true,
    };
    let header = decoder.decode_header(input)?.unwrap();
    input.bytes = &text.as_bytes()[header.bytes..];
    decoder.decode(
        input,
        &mut DecodeOutput::new(&mut batches, &mut failures, 100),
    )?;
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

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let columns = columns
        .into_iter()
        .map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn all_types() -> RecordBatch {
    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value([Some(1), Some(2)]);
    lists.append_null();
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![Some(-5), Some(6)]));
    let texts: ArrayRef = Arc::new(StringViewArray::from(vec![Some("a,\"b\"\nc"), Some("")]));
    let fields = Fields::from(vec![
        Field::new("n", DataType::Int32, true),
        Field::new("t", DataType::Int32, true),
    ]);
    let row = StructArray::new(
        fields,
        vec![Arc::clone(&numbers), Arc::clone(&numbers)],
        None,
    );
    let decimals = Decimal128Array::from(vec![Some(-27), None]).with_precision_and_scale(10, 8);
    batch(vec![
        ("text", texts),
        ("n", numbers),
        ("flag", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        (
            "long",
            Arc::new(Int64Array::from(vec![Some(i64::MIN), None])),
        ),
        (
            "double",
            Arc::new(Float64Array::from(vec![Some(1e10), Some(0.5)])),
        ),
        ("decimal", Arc::new(decimals.unwrap())),
        ("day", Arc::new(Date32Array::from(vec![Some(31), None]))),
        (
            "at",
            Arc::new(TimestampMillisecondArray::from(vec![
                Some(1_609_329_600_120),
                None,
            ])),
        ),
        (
            "zoned",
            Arc::new(TimestampMillisecondArray::from(vec![Some(0), None]).with_timezone("UTC")),
        ),
        ("list", Arc::new(lists.finish())),
        ("row", Arc::new(row)),
    ])
}

#[test]
fn all_types_come_back() {
    let rows = all_types();
    for options in [
        &[][..],
        &[
            ("field-delimiter", ";"),
            ("array-element-delimiter", "|"),
            ("quote-character", "'"),
        ],
        &[("null-literal", "NULL"), ("escape-character", "\\")],
        &[
            ("field-delimiter", "\\t"),
            ("write-bigdecimal-in-scientific-notation", "false"),
        ],
    ] {
        let text = encode(&rows, options).unwrap();
        let (back, failures) = decode(&table(&rows.schema(), options), &text).unwrap();
        assert_eq!(reasons(&failures), [""; 0], "{text}");
        assert_eq!(back, rows, "{text}");
    }
    let text = encode(&rows, &[]).unwrap();
    let first = "\"a,\"\"b\"\"\nc\",-5,true,-9223372036854775808,1.0E10,-2.7E-7,1970-02-01,\
                 2020-12-30 12:00:00.12,1970-01-01 00:00:00Z,1;2,-5;-5\n";
    assert!(text.starts_with(first), "{text}");
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int32, false),
        Field::new("text", DataType::Utf8View, true),
        Field::new("at", DataType::Date32, true),
    ]))
}

const RECORDS: &str = "id,text,at\n# 1,2,3\n1,a,2020-01-01\n\n2,b\n3,c,today\nx,d,2020-01-01\n,e,\n4,f,2020-01-01,more\n5,,\n";

#[test]
fn what_cannot_be_read_is_told() {
    let options = [("skip-header", "true"), ("allow-comments", "true")];
    let (rows, failures) = decode(&table(&schema(), &options), RECORDS).unwrap();
    assert_eq!(rows.num_rows(), 2);
    let expected = [
        "it has 2 fields instead of 3",
        "field `at`: `today` is not a DATE",
        "field `id`: `x` is not an INT",
        "field `id`: it is null, and the column is NOT NULL",
        "it has 4 fields instead of 3",
    ];
    assert_eq!(reasons(&failures), expected);
}

#[test]
fn what_cannot_be_read_is_null_or_left_out_where_that_is_asked_for() {
    let options = [
        ("skip-header", "true"),
        ("allow-comments", "true"),
        ("ignore-parse-errors", "true"),
    ];
    let mut table = table(&schema(), &options);
    table.projection = vec![2, 0];
    let (rows, failures) = decode(&table, RECORDS).unwrap();
    assert_eq!(failures.len(), 5);
    let ids: &Int32Array = rows.column(1).as_any().downcast_ref().unwrap();
    assert_eq!(
        (ids.values().as_ref(), rows.column(0).null_count()),
        (&[1, 2, 3, 4, 5][..], 3)
    );
}

#[test]
fn options_that_make_no_sense_are_named() {
    for (options, expected) in [
        (
            &[("field-delimiter", ",,")][..],
            "'csv.field-delimiter' is ',,'",
        ),
        (
            &[
                ("disable-quote-character", "true"),
                ("quote-character", "'"),
            ],
            "left out where",
        ),
        (
            &[("array-element-delimiter", "")],
            "'csv.array-element-delimiter'",
        ),
        (
            &[("ignore-parse-errors", "maybe")],
            "'ignore-parse-errors' is 'maybe'",
        ),
    ] {
        let error = CsvFactory
            .decoding(&table(&schema(), options))
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
    let item = Arc::new(Field::new(
        "item",
        DataType::List(Arc::new(Field::new("item", DataType::Int32, true))),
        true,
    ));
    let deep = Arc::new(Schema::new(vec![Field::new(
        "l",
        DataType::List(item),
        true,
    )]));
    assert!(CsvFactory.decoding(&table(&deep, &[])).is_err());
}

proptest! {
    #[test]
    fn texts_come_back(texts in proptest::collection::vec("[a-c,\"\\n\\r;# é]{0,8}", 1..20), escape: bool) {
        let numbers = Int64Array::from_iter_values(0..texts.len() as i64);
        let texts = StringViewArray::from_iter_values(texts);
        let rows = batch(vec![("text", Arc::new(texts)), ("n", Arc::new(numbers))]);
        let escaped = [("escape-character", "!")];
        let options = if escape { &escaped[..] } else { &[] };
        let text = encode(&rows, options).unwrap();
        let (back, failures) = decode(&table(&rows.schema(), options), &text).unwrap();
        prop_assert_eq!((back, reasons(&failures)), (rows, Vec::new()), "{}", text);
    }

    #[test]
    fn garbage_is_no_panic(text in "[a-c,\"\\n0-9-]{0,80}") {
        for options in [&[][..], &[("ignore-parse-errors", "true"), ("skip-header", "true")]] {
            let _ = decode(&table(&schema(), options), &text).unwrap();
        }
    }
}

//! Random values and sequences of all types.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop where it fails"
)]

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int32Type, Int64Type, TimestampMillisecondType};
use arrow_schema::{DataType, Field, Fields, IntervalUnit, Schema, TimeUnit};
use hurtig_connector_datagen::DatagenFactory;
use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_env::World;
use hurtig_table::RowBatch;
use hurtig_table::connector::collect;
use hurtig_table::connector::{ScanRequest, TableDescription, TableFactory, TableOptions};
use hurtig_types::Result;

fn table(fields: Vec<Field>, options: &[(&str, &str)]) -> TableDescription {
    TableDescription {
        name: "t".to_string(),
        schema: Arc::new(Schema::new(fields)),
        metadata: Vec::new(),
        primary_key: Vec::new(),
        partition_keys: Vec::new(),
        options: TableOptions::new("t", options.iter().copied()),
    }
}

fn field(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

fn rows(table: &TableDescription, parallelism: u32) -> Result<RowBatch> {
    let scan = DatagenFactory.scan(table)?;
    assert!(scan.is_bounded());
    let world = World::simulated(7);
    let env = StreamExecutionEnvironment::in_world(world.clone());
    env.set_parallelism(parallelism);
    let request = ScanRequest {
        named: "datagen".into(),
        projection: (0..table.schema.fields().len()).collect(),
        limit: None,
        watermarks: None,
    };
    let (sink, mut reader) = collect();
    scan.stream(&env, request)?.sink_to("client", sink);
    env.execute("datagen")?;
    reader.end();
    let mut batches = Vec::new();
    while let Some(rows) = world.block_on(reader.next())?? {
        batches.push(rows);
    }
    Ok(RowBatch::concat(batches)?.unwrap())
}

fn error(fields: Vec<Field>, options: &[(&str, &str)]) -> String {
    let scan = DatagenFactory.scan(&table(fields, options));
    scan.err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

#[test]
fn there_are_values_of_all_types() {
    let text = field("text", DataType::Utf8View);
    let pair = Fields::from(vec![
        Field::new("key", DataType::Utf8View, false),
        field("value", DataType::Int32),
    ]);
    let entries = Field::new("entries", DataType::Struct(pair), false);
    let types = [
        DataType::Boolean,
        DataType::Int8,
        DataType::Int16,
        DataType::Int32,
        DataType::Int64,
        DataType::Float32,
        DataType::Float64,
        DataType::Decimal128(10, 2),
        DataType::Decimal128(38, 0),
        DataType::Utf8View,
        DataType::Binary,
        DataType::Date32,
        DataType::Time32(TimeUnit::Millisecond),
        DataType::Timestamp(TimeUnit::Millisecond, None),
        DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
        DataType::Interval(IntervalUnit::YearMonth),
        DataType::Interval(IntervalUnit::MonthDayNano),
        DataType::Struct(Fields::from(vec![
            text.clone(),
            field("n", DataType::Int64),
        ])),
        DataType::List(Arc::new(text)),
        DataType::Map(Arc::new(entries), false),
    ];
    let fields = (0..)
        .zip(types)
        .map(|(n, data_type)| field(&format!("f{n}"), data_type));
    let options = [
        ("number-of-rows", "500"),
        ("fields.f4.null-rate", "0.5"),
        ("fields.f18.length", "2"),
    ];
    let rows = rows(&table(fields.collect(), &options), 2).unwrap();
    assert_eq!(rows.rows(), 500);
    for (index, column) in rows.columns.columns().iter().enumerate() {
        let nulls = if index == 4 { 200..300 } else { 0..1 };
        assert!(
            nulls.contains(&column.null_count()),
            "{index}: {}",
            column.null_count()
        );
    }
    let lists = rows.columns.column(18).as_list::<i32>();
    assert!((0..500).all(|row| lists.value_length(row) == 2));
    let texts = rows.columns.column(9).as_string_view();
    assert!(texts.iter().flatten().all(|text| text.len() == 100));
}

#[test]
fn ranges_lengths_and_times_are_kept() {
    let varchar = HashMap::from([("flink.type".to_string(), "VARCHAR(5)".to_string())]);
    let fields = vec![
        field("price", DataType::Decimal128(6, 2)),
        field("n", DataType::Int32),
        field("at", DataType::Timestamp(TimeUnit::Millisecond, None)),
        field("short", DataType::Utf8View).with_metadata(varchar),
        field("text", DataType::Utf8View),
    ];
    let options = [
        ("number-of-rows", "1000"),
        ("rows-per-second", "1000000"),
        ("fields.price.min", "0.5"),
        ("fields.price.max", "1.25"),
        ("fields.n.min", "-1"),
        ("fields.n.max", "1"),
        ("fields.at.max-past", "1 min"),
        ("fields.text.length", "10"),
        ("fields.text.var-len", "true"),
    ];
    let rows = rows(&table(fields, &options), 1).unwrap();
    let [prices, numbers, times, short, texts] = rows.columns.columns() else {
        panic!("five columns")
    };
    let prices = prices.as_primitive::<Decimal128Type>().values();
    assert!(prices.iter().all(|price| (50..=125).contains(price)));
    let numbers = numbers.as_primitive::<Int32Type>().values();
    assert!((-1..=1).all(|n| numbers.contains(&n)) && numbers.iter().all(|n| n.abs() <= 1));
    let times = times.as_primitive::<TimestampMillisecondType>().values();
    let (first, last) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    assert!(
        (50_000..61_500).contains(&(last - first)),
        "{}",
        last - first
    );
    assert!(
        short
            .as_string_view()
            .iter()
            .flatten()
            .all(|text| text.len() == 5)
    );
    let mut lengths: Vec<_> = texts
        .as_string_view()
        .iter()
        .flatten()
        .map(str::len)
        .collect();
    lengths.sort_unstable();
    lengths.dedup();
    assert_eq!(lengths, (1..=10).collect::<Vec<_>>());
}

#[test]
fn a_sequence_has_each_number_once_whatever_the_parallelism() {
    for parallelism in [1, 3] {
        let fields = vec![
            field("id", DataType::Int64),
            field("name", DataType::Utf8View),
        ];
        let options = [
            ("fields.id.kind", "sequence"),
            ("fields.id.start", "5"),
            ("fields.id.end", "10004"),
            ("fields.name.kind", "sequence"),
            ("fields.name.start", "0"),
            ("fields.name.end", "99999"),
            ("rows-per-second", "100000"),
        ];
        let rows = rows(&table(fields, &options), parallelism).unwrap();
        let mut ids = rows
            .columns
            .column(0)
            .as_primitive::<Int64Type>()
            .values()
            .to_vec();
        let names = rows.columns.column(1).as_string_view();
        let pairs = ids.iter().zip(names.iter().flatten());
        assert!(
            pairs
                .clone()
                .all(|(id, name)| name.parse::<i64>() == Ok(id - 5))
        );
        ids.sort_unstable();
        assert_eq!(ids, (5..=10_004).collect::<Vec<_>>());
    }
}

#[test]
fn options_that_make_no_sense_are_named() {
    let number = || vec![field("n", DataType::Int8)];
    for (options, expected) in [
        (
            &[("fields.m.min", "0")][..],
            "'fields.m.min' is '0', and should be left out",
        ),
        (
            &[("fields.n.min", "-129")],
            "should be a number of the field's type",
        ),
        (
            &[("fields.n.min", "5"), ("fields.n.max", "4")],
            "no less than 'min'",
        ),
        (
            &[("fields.n.kind", "sequence")],
            "'fields.n.start' is 'not given'",
        ),
        (&[("fields.n.kind", "sequences")], "one of random, sequence"),
        (&[("fields.n.null-rate", "2")], "from 0 to 1"),
        (&[("fields.n.length", "2")], "should be left out"),
        (&[("rows-per-second", "0")], "a number above 0"),
        (&[("number-of-rows", "all")], "'number-of-rows' is 'all'"),
    ] {
        let error = error(number(), options);
        assert!(error.contains(expected), "{error}");
    }
    let never = vec![Field::new("n", DataType::Int8, false)];
    assert!(error(never, &[("fields.n.null-rate", "0.1")]).contains("NOT NULL"));
    let unknown = table(number(), &[("fields.n.maximum", "5")]);
    assert!(unknown.options.check(&DatagenFactory.options()).is_err());
}

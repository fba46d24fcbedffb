//! A row with each item of its array: UNNEST.

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringViewBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, Int64Array, ListArray, RecordBatch, StructArray, UInt32Array};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_table::RowBatch;
use hurtig_table::operators::correlate::*;
use hurtig_testing_rows::{HarnessOptions, RowHarness, batch, changes, column, text_of};
use hurtig_types::Result;

fn harness(
    output: SchemaRef,
    make: impl Fn(&OperatorContext) -> Result<Box<dyn StreamOperator>> + 'static,
) -> RowHarness {
    let options = HarnessOptions {
        parallelism: 1,
        keys: vec![None],
        output,
        sides: Vec::new(),
        backend: None,
    };
    RowHarness::new(options, make).unwrap()
}

/// The input's columns with others behind them.
fn with(input: &RowBatch, more: &[(&str, DataType)]) -> SchemaRef {
    let fields = input
        .columns
        .schema()
        .fields()
        .iter()
        .cloned()
        .collect::<Vec<_>>();
    let more = more
        .iter()
        .map(|(name, of)| Arc::new(Field::new(*name, of.clone(), true)));
    Arc::new(Schema::new(
        fields.into_iter().chain(more).collect::<Vec<_>>(),
    ))
}

/// What comes out, the last columns of it.
fn unnested(input: RowBatch, spec: UnnestSpec, columns: &[usize]) -> Vec<String> {
    let mut harness = harness(spec.output.clone(), move |context| {
        unnest(spec.clone(), context)
    });
    harness.push(0, input).unwrap();
    let Some(mut out) = harness.take_output().unwrap() else {
        return Vec::new();
    };
    out.columns = out.columns.project(columns).unwrap();
    text_of(&out)
}

fn arrays() -> ArrayRef {
    Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([
        Some(vec![Some(7), None]),
        None,
        Some(vec![]),
        Some(vec![Some(9)]),
    ]))
}

#[test]
fn each_item_of_an_array_stands_beside_its_row() {
    let input = batch([("id", column::of([1i64, 2, 3, 4])), ("items", arrays())]);
    let input = changes(input, &["+I", "+I", "+I", "-D"]).unwrap();
    let output = with(&input, &[("item", DataType::Int32), ("n", DataType::Int32)]);
    let spec = UnnestSpec {
        column: 1,
        multiset: false,
        with_ordinality: true,
        left: false,
        output,
    };
    let inner = unnested(input.clone(), spec.clone(), &[0, 2, 3]);
    assert_eq!(inner, ["+I[1, 7, 1]", "+I[1, NULL, 2]", "-D[4, 9, 1]"]);
    let left = unnested(input, UnnestSpec { left: true, ..spec }, &[0, 2, 3]);
    let expected = [
        "+I[1, 7, 1]",
        "+I[1, NULL, 2]",
        "+I[2, NULL, NULL]",
        "+I[3, NULL, NULL]",
        "-D[4, 9, 1]",
    ];
    assert_eq!(left, expected);
}

#[test]
fn an_item_that_is_a_row_makes_a_column_of_each_field() {
    let fields = vec![
        Field::new("a", DataType::Int64, true),
        Field::new("b", DataType::Int64, true),
    ];
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![1, 2, 3])),
        Arc::new(Int64Array::from(vec![10, 20, 30])),
    ];
    let nulls = NullBuffer::from(vec![true, false, true]);
    let structs = StructArray::new(fields.into(), columns, Some(nulls));
    let item = Arc::new(Field::new("item", structs.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths([2, 1]);
    let list: ArrayRef = Arc::new(ListArray::new(item, offsets, Arc::new(structs), None));
    let input = batch([("id", column::of([1i64, 2])), ("items", list)]);
    let spec = UnnestSpec {
        column: 1,
        multiset: false,
        with_ordinality: false,
        left: false,
        output: with(&input, &[("a", DataType::Int64), ("b", DataType::Int64)]),
    };
    let rows = unnested(input, spec, &[0, 2, 3]);
    assert_eq!(rows, ["+I[1, 1, 10]", "+I[1, NULL, NULL]", "+I[2, 3, 30]"]);
}

#[test]
fn a_map_makes_two_columns_and_a_multiset_counts() {
    let mut map = MapBuilder::new(None, StringViewBuilder::new(), Int32Builder::new());
    for (key, value) in [("a", 2), ("b", 1)] {
        map.keys().append_value(key);
        map.values().append_value(value);
    }
    map.append(true).unwrap();
    map.append(false).unwrap();
    let map: ArrayRef = Arc::new(map.finish());
    let input = batch([("id", column::of([1i64, 2])), ("items", map)]);
    let spec = UnnestSpec {
        column: 1,
        multiset: false,
        with_ordinality: false,
        left: false,
        output: with(
            &input,
            &[("key", DataType::Utf8View), ("value", DataType::Int32)],
        ),
    };
    let entries = unnested(input.clone(), spec.clone(), &[0, 2, 3]);
    assert_eq!(entries, ["+I[1, a, 2]", "+I[1, b, 1]"]);
    let multiset = UnnestSpec {
        multiset: true,
        with_ordinality: true,
        output: with(
            &input,
            &[("item", DataType::Utf8View), ("n", DataType::Int32)],
        ),
        ..spec
    };
    let items = unnested(input, multiset, &[0, 2, 3]);
    assert_eq!(items, ["+I[1, a, 1]", "+I[1, a, 2]", "+I[1, b, 3]"]);
}

#[test]
fn what_is_no_collection_is_refused() {
    let input = batch([("id", column::of([1i64]))]);
    let spec = UnnestSpec {
        column: 0,
        multiset: false,
        with_ordinality: false,
        left: false,
        output: with(&input, &[("item", DataType::Int64)]),
    };
    let options = HarnessOptions {
        parallelism: 1,
        keys: vec![None],
        output: spec.output.clone(),
        sides: Vec::new(),
        backend: None,
    };
    let error = RowHarness::new(options, move |context| unnest(spec.clone(), context));
    let error = error.err().unwrap().to_string();
    assert!(error.contains("no collection"), "{error}");
}

#[test]
fn very_many_items_come_slice_by_slice() {
    let mut list = ListBuilder::new(Int32Builder::new());
    for row in 0..3 {
        list.append_value((0..4000).map(|item| Some(item + row)));
    }
    let list: ArrayRef = Arc::new(list.finish());
    let input = batch([("id", column::of([1i64, 2, 3])), ("items", list)]);
    let spec = UnnestSpec {
        column: 1,
        multiset: false,
        with_ordinality: false,
        left: false,
        output: with(&input, &[("item", DataType::Int32)]),
    };
    let rows = unnested(input, spec, &[0, 2]);
    assert_eq!(
        (rows.len(), rows[4000].as_str(), rows[11_999].as_str()),
        (12_000, "+I[2, 1]", "+I[3, 4001]")
    );
}

/// Counts down from each number.
struct Countdown;

impl TableFunction for Countdown {
    fn call(&mut self, rows: &RecordBatch) -> Result<(RecordBatch, UInt32Array)> {
        let numbers: &Int64Array = rows.column(0).as_any().downcast_ref().unwrap();
        let pairs = numbers.values().iter().zip(0u32..);
        let pairs: Vec<(i64, u32)> = pairs
            .flat_map(|(number, row)| (1..=*number).rev().map(move |left| (left, row)))
            .collect();
        let left = Int64Array::from_iter_values(pairs.iter().map(|pair| pair.0));
        let batch = RecordBatch::try_from_iter([("left", Arc::new(left) as ArrayRef)]).unwrap();
        Ok((
            batch,
            UInt32Array::from_iter_values(pairs.iter().map(|pair| pair.1)),
        ))
    }
}

#[test]
fn a_table_function_makes_any_number_of_rows() {
    let input = batch([("number", column::of([2i64, 0, 1]))]);
    let output = with(&input, &[("left", DataType::Int64)]);
    for (left, expected) in [
        (false, &["+I[2, 2]", "+I[2, 1]", "+I[1, 1]"][..]),
        (true, &["+I[2, 2]", "+I[2, 1]", "+I[0, NULL]", "+I[1, 1]"]),
    ] {
        let schema = output.clone();
        let mut harness = harness(output.clone(), move |context| {
            correlate(Box::new(Countdown), left, schema.clone(), context)
        });
        harness.push(0, input.clone()).unwrap();
        assert_eq!(text_of(&harness.take_output().unwrap().unwrap()), expected);
    }
}

//! What tests of joins share.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use hurtig_table::operators::join::JoinCondition;
use hurtig_table::{KeyCodec, RowBatch};
use hurtig_testing_rows::{HarnessOptions, RowHarness, Table, batch, changes, column, text_of};
use hurtig_types::Result;

/// The columns of a side: a key, a number, a text.
pub(super) fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("k", DataType::Int64, true),
        Field::new("v", DataType::Int64, true),
        Field::new("s", DataType::Utf8View, true),
    ]))
}

pub(super) fn key() -> KeyCodec {
    KeyCodec::new(schema().fields(), &[0]).unwrap()
}

/// A key of two columns, one of them a text.
pub(super) fn wide_key() -> KeyCodec {
    KeyCodec::new(schema().fields(), &[0, 2]).unwrap()
}

/// A row of a side.
pub(super) type Cells = (Option<i64>, i64, &'static str);

/// A batch of changes.
pub(super) fn rows(rows: &[(&str, Cells)]) -> RowBatch {
    let keys = rows.iter().map(|(_, row)| row.0);
    let columns = batch([
        ("k", column::with_nulls(keys)),
        ("v", column::of(rows.iter().map(|(_, row)| row.1))),
        ("s", column::of(rows.iter().map(|(_, row)| row.2))),
    ]);
    let kinds: Vec<&str> = rows.iter().map(|(kind, _)| *kind).collect();
    changes(columns, &kinds).unwrap()
}

/// The left row's number is at most that of the right one.
pub(super) struct AtMost;

impl JoinCondition for AtMost {
    fn matches(&mut self, pairs: &RecordBatch) -> Result<BooleanArray> {
        assert_eq!(pairs.num_columns(), 6);
        let left = pairs.column(1).as_primitive::<Int64Type>();
        let right = pairs.column(4).as_primitive::<Int64Type>();
        // Null where the right one is 3: that counts as false.
        let holds = left.iter().zip(right.iter());
        let holds = holds.map(|(left, right)| (right != Some(3)).then_some(left <= right));
        Ok(holds.collect())
    }
}

pub(super) const fn at_most(left: i64, right: i64) -> bool {
    left <= right && right != 3
}

pub(super) fn options(parallelism: u32, key: &KeyCodec, output: &SchemaRef) -> HarnessOptions {
    HarnessOptions {
        parallelism,
        keys: vec![Some(key.clone()), Some(key.clone())],
        output: output.clone(),
        sides: Vec::new(),
        backend: None,
    }
}

/// What comes out, as text.
pub(super) fn said(harness: &mut RowHarness) -> Vec<String> {
    let output = harness.take_output().unwrap();
    output.map_or_else(Vec::new, |output| text_of(&output))
}

/// What comes out is applied.
pub(super) fn apply(harness: &mut RowHarness, table: &mut Table) {
    if let Some(output) = harness.take_output().unwrap() {
        assert!(output.rows() > 0 && output.columns.column(0).len() == output.rows());
        table.apply(&output);
    }
}

pub(super) fn text_of_row(row: Option<Cells>) -> Vec<String> {
    match row {
        None => vec!["NULL".to_string(); 3],
        Some((key, value, text)) => {
            let key = key.map_or_else(|| "NULL".to_string(), |key| key.to_string());
            vec![key, value.to_string(), text.to_string()]
        }
    }
}

//! What tests of joins by time share.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use hurtig_table::operators::join::JoinCondition;
use hurtig_table::{KeyCodec, RowBatch};
use hurtig_testing_rows::{Row, RowHarness, batch, changes, column, rows_of};
use hurtig_types::Result;

/// The columns of a side: a key, a time, a number.
pub(super) fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("k", DataType::Int64, true),
        Field::new("t", DataType::Timestamp(TimeUnit::Millisecond, None), true),
        Field::new("n", DataType::Int64, true),
    ]))
}

pub(super) fn key() -> KeyCodec {
    KeyCodec::new(schema().fields(), &[0]).unwrap()
}

/// A row of a side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Timed {
    pub(super) key: Option<i64>,
    pub(super) time: i64,
    pub(super) number: i64,
}

pub(super) const fn at(key: i64, time: i64, number: i64) -> Timed {
    Timed {
        key: Some(key),
        time,
        number,
    }
}

pub(super) fn rows(rows: &[Timed]) -> RowBatch {
    batch([
        ("k", column::with_nulls(rows.iter().map(|row| row.key))),
        ("t", column::times(rows.iter().map(|row| row.time))),
        ("n", column::of(rows.iter().map(|row| row.number))),
    ])
}

pub(super) fn changed(log: &[(&str, Timed)]) -> RowBatch {
    let all: Vec<Timed> = log.iter().map(|(_, row)| *row).collect();
    let kinds: Vec<&str> = log.iter().map(|(kind, _)| *kind).collect();
    changes(rows(&all), &kinds).unwrap()
}

/// The numbers of a pair are both even or both odd.
pub(super) struct Alike;

impl JoinCondition for Alike {
    fn matches(&mut self, pairs: &RecordBatch) -> Result<BooleanArray> {
        let left = pairs.column(2).as_primitive::<Int64Type>();
        let right = pairs.column(5).as_primitive::<Int64Type>();
        let pairs = left.iter().zip(right.iter());
        let alike = pairs.map(|(left, right)| Some(left? % 2 == right? % 2));
        Ok(alike.collect())
    }
}

pub(super) const fn alike(left: i64, right: i64) -> bool {
    left % 2 == right % 2
}

/// Pairs by key and number, as what came out is shown by [`taken`].
pub(super) type Pair = (Option<Timed>, Option<Timed>);

/// The keys and numbers of what comes out, sorted.
pub(super) fn taken(harness: &mut RowHarness) -> Vec<Row> {
    let output = harness.take_output().unwrap();
    let mut rows: Vec<Row> = output.map_or_else(Vec::new, |output| {
        let rows = rows_of(&output).into_iter();
        rows.map(|(kind, cells)| short(&kind.to_string(), &cells))
            .collect()
    });
    rows.sort();
    rows
}

fn short(kind: &str, cells: &[String]) -> Row {
    let sides = cells
        .chunks(3)
        .flat_map(|side| [side[0].clone(), side[2].clone()]);
    std::iter::once(kind.to_string()).chain(sides).collect()
}

pub(super) fn expected(kind: &str, pairs: &[Pair]) -> Vec<Row> {
    let text = |value: Option<i64>| value.map_or_else(|| "NULL".into(), |value| value.to_string());
    let cells = |row: Option<Timed>| {
        let key = row.and_then(|row| row.key);
        [text(key), String::new(), text(row.map(|row| row.number))]
    };
    let rows = pairs
        .iter()
        .map(|(left, right)| short(kind, &[cells(*left), cells(*right)].concat()));
    let mut rows: Vec<Row> = rows.collect();
    rows.sort();
    rows
}

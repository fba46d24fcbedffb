//! Joins of rows of the same window.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use hurtig_table::operators::join::{JoinCondition, JoinKind, WindowJoinSpec};
use hurtig_table::{KeyCodec, RowBatch};
use hurtig_testing_rows::{HarnessOptions, Row, RowHarness, SortedMaps, batch, column, rows_of};
use hurtig_types::Result;
use proptest::prelude::*;

use super::helpers::options;

const SIZE: i64 = 10;

fn schema() -> SchemaRef {
    let time = || DataType::Timestamp(TimeUnit::Millisecond, None);
    Arc::new(Schema::new(vec![
        Field::new("k", DataType::Int64, true),
        Field::new("n", DataType::Int64, true),
        Field::new("window_start", time(), true),
        Field::new("window_end", time(), true),
    ]))
}

/// A key, a number, the number of a window.
type Cells = (Option<i64>, i64, i64);

fn rows(rows: &[Cells]) -> RowBatch {
    batch([
        ("k", column::with_nulls(rows.iter().map(|row| row.0))),
        ("n", column::of(rows.iter().map(|row| row.1))),
        (
            "window_start",
            column::times(rows.iter().map(|row| row.2 * SIZE)),
        ),
        (
            "window_end",
            column::times(rows.iter().map(|row| (row.2 + 1) * SIZE)),
        ),
    ])
}

struct AtMost;

impl JoinCondition for AtMost {
    fn matches(&mut self, pairs: &RecordBatch) -> Result<BooleanArray> {
        let left = pairs.column(1).as_primitive::<Int64Type>();
        let right = pairs.column(5).as_primitive::<Int64Type>();
        Ok(left
            .iter()
            .zip(right.iter())
            .map(|(left, right)| Some(left <= right))
            .collect())
    }
}

#[derive(Clone, Copy)]
struct Case {
    kind: JoinKind,
    condition: bool,
    null_equals_null: bool,
    by_key: bool,
    stored: bool,
}

impl Case {
    fn key(self) -> KeyCodec {
        let columns: &[usize] = if self.by_key { &[0] } else { &[] };
        KeyCodec::new(schema().fields(), columns).unwrap()
    }

    fn spec(self) -> WindowJoinSpec {
        WindowJoinSpec {
            kind: self.kind,
            left_key: self.key(),
            right_key: self.key(),
            left: schema(),
            right: schema(),
            left_window: (2, 3),
            right_window: (2, 3),
            condition: if self.condition {
                Some(Box::new(AtMost))
            } else {
                None
            },
            null_equals_null: self.null_equals_null,
            output: self.kind.schema(&schema(), &schema()),
        }
    }

    fn harness(self) -> RowHarness {
        let options = HarnessOptions {
            backend: self.stored.then(SortedMaps::shared),
            ..options(2, &self.key(), &self.spec().output)
        };
        RowHarness::new(options, move |context| self.spec().operator(context)).unwrap()
    }

    fn is_pair(self, left: &Cells, right: &Cells) -> bool {
        let equal = left.0 == right.0 && (left.0.is_some() || self.null_equals_null);
        left.2 == right.2 && (equal || !self.by_key) && (!self.condition || left.1 <= right.1)
    }

    fn expected(self, left: &[Cells], right: &[Cells]) -> Vec<Row> {
        let mut all = Vec::new();
        for l in left {
            let pairs: Vec<_> = right.iter().filter(|r| self.is_pair(l, r)).collect();
            match self.kind {
                JoinKind::Semi | JoinKind::Anti => {
                    if pairs.is_empty() == (self.kind == JoinKind::Anti) {
                        all.push(text(Some(*l)));
                    }
                }
                kind => {
                    all.extend(
                        pairs
                            .iter()
                            .map(|r| [text(Some(*l)), text(Some(**r))].concat()),
                    );
                    if pairs.is_empty() && kind.pads_left() {
                        all.push([text(Some(*l)), text(None)].concat());
                    }
                }
            }
        }
        if self.kind.pads_right() {
            let lonely = right
                .iter()
                .filter(|r| !left.iter().any(|l| self.is_pair(l, r)));
            all.extend(lonely.map(|r| [text(None), text(Some(*r))].concat()));
        }
        all.sort();
        all
    }
}

fn text(row: Option<Cells>) -> Row {
    match row {
        None => vec!["NULL".to_string(); 2],
        Some((key, number, _)) => {
            let key = key.map_or_else(|| "NULL".to_string(), |key| key.to_string());
            vec![key, number.to_string()]
        }
    }
}

/// The keys and numbers of what came out, sorted.
fn taken(join: &mut RowHarness) -> Vec<Row> {
    let output = join.take_output().unwrap();
    let mut all: Vec<Row> = output.map_or_else(Vec::new, |output| {
        let rows = rows_of(&output).into_iter();
        let sides = rows.map(|(_, cells)| {
            let sides = cells.chunks(4);
            sides.flat_map(|side| side[..2].to_vec()).collect()
        });
        sides.collect()
    });
    all.sort();
    all
}

#[test]
fn rows_of_one_window_meet_when_it_is_over_and_late_ones_nobody() {
    let case = Case {
        kind: JoinKind::Full,
        condition: false,
        null_equals_null: false,
        by_key: true,
        stored: false,
    };
    let mut join = case.harness();
    join.push(0, rows(&[(Some(1), 1, 0), (Some(1), 2, 1)]))
        .unwrap();
    join.push(1, rows(&[(Some(1), 3, 0), (Some(1), 4, 2)]))
        .unwrap();
    join.watermark(8).unwrap();
    assert!(taken(&mut join).is_empty());
    join.watermark(9).unwrap();
    assert_eq!(taken(&mut join), [["1", "1", "1", "3"]]);
    join.restart(3).unwrap();
    join.push(0, rows(&[(Some(1), 5, 0)])).unwrap();
    join.end().unwrap();
    assert_eq!(
        taken(&mut join),
        [["1", "2", "NULL", "NULL"], ["NULL", "NULL", "1", "4"]]
    );
}

#[test]
fn a_large_window_is_said_in_slices() {
    for kind in [
        JoinKind::Inner,
        JoinKind::Full,
        JoinKind::Semi,
        JoinKind::Anti,
    ] {
        let case = Case {
            kind,
            condition: true,
            null_equals_null: false,
            by_key: false,
            stored: false,
        };
        let mut join = case.harness();
        let left: Vec<_> = (0..150).map(|i| (Some(i), i, 0)).collect();
        let right: Vec<_> = (0..130).map(|i| (None, i, 0)).collect();
        join.push(0, rows(&left)).unwrap();
        join.push(1, rows(&right)).unwrap();
        join.end().unwrap();
        assert_eq!(taken(&mut join), case.expected(&left, &right), "{kind:?}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Rows(usize, Vec<Cells>),
    Watermark(i64),
    Restart(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = prop_oneof![1 => Just(None), 4 => (0..3i64).prop_map(Some)];
    let rows = prop::collection::vec((key, 0..5i64, -1..3i64), 1..8);
    let step = prop_oneof![
        6 => (0..2usize, rows).prop_map(|(side, rows)| Step::Rows(side, rows)),
        3 => (1..15i64).prop_map(Step::Watermark),
        1 => (1..4u32).prop_map(Step::Restart),
    ];
    prop::collection::vec(step, 1..16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_window_join_is_the_join_of_each_window(
        kind in prop::sample::select(vec![
            JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full, JoinKind::Semi, JoinKind::Anti,
        ]),
        (condition, null_equals_null, by_key, stored) in any::<(bool, bool, bool, bool)>(),
        steps in steps(),
    ) {
        let case = Case { kind, condition, null_equals_null, by_key, stored };
        let mut join = case.harness();
        let (mut watermark, mut sides) = (-1, [Vec::new(), Vec::new()]);
        join.watermark(watermark).unwrap();
        for step in steps.into_iter().chain([Step::Watermark(1000)]) {
            let mut out = Vec::new();
            match step {
                Step::Rows(side, mut batch) => {
                    batch.iter_mut().for_each(|row| row.2 += watermark.div_euclid(SIZE));
                    join.push(side, rows(&batch)).unwrap();
                    let is_in_time = |row: &Cells| (row.2 + 1) * SIZE - 1 > watermark;
                    sides[side].extend(batch.into_iter().filter(is_in_time));
                }
                Step::Watermark(by) => {
                    watermark += by;
                    join.watermark(watermark).unwrap();
                    let is_over = |row: &mut Cells| (row.2 + 1) * SIZE - 1 <= watermark;
                    let [left, right] = &mut sides;
                    let left: Vec<_> = left.extract_if(.., is_over).collect();
                    let right: Vec<_> = right.extract_if(.., is_over).collect();
                    out = case.expected(&left, &right);
                }
                Step::Restart(parallelism) => join.restart(parallelism).unwrap(),
            }
            prop_assert_eq!(taken(&mut join), out);
        }
    }
}

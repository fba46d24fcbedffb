//! OVER windows: of rows in the order of time, and of tables that change.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, SchemaRef};
use hurtig_state::store::SharedBackend;
use hurtig_table::operators::aggregate::{AggregateCall, AggregateFunction};
use hurtig_table::operators::over::*;
use hurtig_table::operators::rank::SortColumn;
use hurtig_table::{KeyCodec, RowBatch};
use hurtig_testing_rows::{
    HarnessOptions, Row, RowHarness, SortedMaps, Table, batch, changes, column,
};
use proptest::prelude::*;

/// A row: partition, order (or time), value.
type Cells = (i64, i64, Option<i64>);

fn rows(cells: &[Cells]) -> RowBatch {
    batch([
        ("part", column::of(cells.iter().map(|it| it.0))),
        ("ord", column::times(cells.iter().map(|it| it.1))),
        ("value", column::with_nulls(cells.iter().map(|it| it.2))),
    ])
}

fn schema() -> SchemaRef {
    rows(&[]).columns.schema()
}

fn calls() -> Vec<AggregateCall> {
    let call = |function, argument| AggregateCall {
        function,
        argument,
        filter: None,
        distinct: false,
        output: Arc::new(Field::new("result", DataType::Int64, true)),
    };
    vec![
        call(AggregateFunction::CountStar, None),
        call(AggregateFunction::Sum, Some(2)),
        call(AggregateFunction::Max, Some(2)),
    ]
}

fn key() -> KeyCodec {
    KeyCodec::new(schema().fields(), &[0]).unwrap()
}

fn options(output: SchemaRef, backend: Option<SharedBackend>) -> HarnessOptions {
    HarnessOptions {
        parallelism: 1,
        keys: vec![Some(key())],
        output,
        sides: Vec::new(),
        backend,
    }
}

fn by_time(frame: OverFrame, time: OverTime, backend: Option<SharedBackend>) -> RowHarness {
    let spec = OverSpec {
        key: key(),
        calls: calls(),
        frame,
        time,
        input: schema(),
    };
    let output = spec.output();
    RowHarness::new(options(output, backend), move |context| {
        over_aggregate(&spec, context)
    })
    .unwrap()
}

fn changing(frame: OverFrame, backend: Option<SharedBackend>) -> RowHarness {
    let spec = ChangingOverSpec {
        key: key(),
        calls: calls(),
        frame,
        order: vec![SortColumn::ascending(1)],
        ttl: None,
        input: schema(),
    };
    let output = spec.output();
    RowHarness::new(options(output, backend), move |context| {
        changing_over(&spec, context)
    })
    .unwrap()
}

/// What SQL says of rows, of each partition in their order: `sorted` is by partition, order, arrival.
fn expected(frame: OverFrame, mut live: Vec<Cells>) -> Vec<Row> {
    live.sort_by_key(|it| (it.0, it.1));
    let mut out = Vec::new();
    let mut parts: BTreeMap<i64, Vec<Cells>> = BTreeMap::new();
    for row in live {
        parts.entry(row.0).or_default().push(row);
    }
    for rows in parts.values() {
        for (place, row) in rows.iter().enumerate() {
            let in_frame = |other: usize| match frame {
                OverFrame::UnboundedRows => other <= place,
                OverFrame::UnboundedRange => rows[other].1 <= row.1,
                OverFrame::Rows(preceding) => other <= place && place - other <= preceding as usize,
                OverFrame::RangeMs(range) => {
                    rows[other].1 <= row.1 && row.1 - rows[other].1 <= range
                }
            };
            let frame = (0..rows.len()).filter(|other| in_frame(*other));
            let values: Vec<Option<i64>> = frame.map(|other| rows[other].2).collect();
            let known = values.iter().flatten();
            let text = |value: Option<i64>| value.map_or("NULL".to_string(), |it| it.to_string());
            let sum = known.clone().copied().reduce(|a, b| a + b);
            let count = values.len().to_string();
            let ord = format!("1970-01-01T00:00:{:02}", row.1 / 1000);
            let max = text(known.copied().max());
            let shown = text(row.2);
            out.push(vec![row.0.to_string(), ord, shown, count, text(sum), max]);
        }
    }
    out.sort();
    out
}

fn frames() -> impl Strategy<Value = OverFrame> {
    prop_oneof![
        Just(OverFrame::UnboundedRows),
        Just(OverFrame::UnboundedRange),
        (0..4u64).prop_map(OverFrame::Rows),
        (0..4i64).prop_map(|seconds| OverFrame::RangeMs(seconds * 1000)),
    ]
}

fn cells() -> impl Strategy<Value = Cells> {
    let value = prop::option::weighted(0.85, -5..9i64);
    (0..3i64, 0..12i64, value).prop_map(|(part, second, value)| (part, second * 1000, value))
}

fn backend(stored: bool) -> Option<SharedBackend> {
    stored.then(SortedMaps::shared)
}

#[derive(Clone, Debug)]
enum Action {
    /// Rows, and whether (by number) one that is there goes instead.
    Batch(Vec<(Cells, Option<usize>)>),
    Watermark(i64),
    Restart(u32),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let row = (cells(), prop::option::weighted(0.4, 0..20usize));
    let action = prop_oneof![
        5 => prop::collection::vec(row, 0..10).prop_map(Action::Batch),
        2 => (0..12i64).prop_map(|second| Action::Watermark(second * 1000)),
        1 => (1..4u32).prop_map(Action::Restart),
    ];
    prop::collection::vec(action, 1..14)
}

proptest! {
    /// By event time each row comes out once, when the watermark has come to it, with the aggregates of the rows before it.
    #[test]
    fn in_the_order_of_time(frame in frames(), actions in actions(), stored in any::<bool>()) {
        let mut harness = by_time(frame, OverTime::Rowtime(1), backend(stored));
        let (mut live, mut table, mut watermark) = (Vec::<Cells>::new(), Table::new(), i64::MIN);
        for action in actions {
            match action {
                Action::Batch(cells) => {
                    let cells: Vec<Cells> = cells.into_iter().map(|(cells, _)| cells).collect();
                    live.extend(cells.iter().filter(|it| it.1 > watermark));
                    harness.push(0, rows(&cells)).unwrap();
                }
                Action::Watermark(time) => {
                    watermark = watermark.max(time);
                    harness.watermark(watermark).unwrap();
                }
                Action::Restart(parallelism) => harness.restart(parallelism).unwrap(),
            }
            if let Some(rows) = harness.take_output().unwrap() {
                table.apply(&rows);
            }
            let due: Vec<Cells> = live.iter().filter(|it| it.1 <= watermark).copied().collect();
            prop_assert_eq!(table.rows(), expected(frame, due));
        }
    }

    /// As rows come and go the output is what SQL says of those that are there, after every batch.
    #[test]
    fn of_a_table_that_changes(frame in frames(), actions in actions(), stored in any::<bool>()) {
        prop_assume!(!matches!(frame, OverFrame::RangeMs(_)));
        let mut harness = changing(frame, backend(stored));
        let (mut live, mut table) = (Vec::<Cells>::new(), Table::new());
        for action in actions {
            match action {
                Action::Batch(cells) => {
                    let mut kinds = Vec::new();
                    let mut sent = Vec::new();
                    for (cells, gone) in cells {
                        match gone.filter(|gone| *gone < live.len()) {
                            Some(gone) => {
                                let gone = live[gone];
                                let first = live.iter().position(|it| *it == gone).unwrap();
                                sent.push(live.remove(first));
                                kinds.push("-D");
                            }
                            None => {
                                live.push(cells);
                                sent.push(cells);
                                kinds.push("+I");
                            }
                        }
                    }
                    harness.push(0, changes(rows(&sent), &kinds).unwrap()).unwrap();
                }
                Action::Watermark(time) => harness.watermark(time).unwrap(),
                Action::Restart(parallelism) => harness.restart(parallelism).unwrap(),
            }
            if let Some(rows) = harness.take_output().unwrap() {
                table.apply(&rows);
            }
            prop_assert_eq!(table.rows(), expected(frame, live.clone()));
        }
    }
}

#[test]
fn by_the_clock_rows_come_out_at_once() {
    let mut harness = by_time(OverFrame::Rows(1), OverTime::Proctime, None);
    let input = [
        (1, 0, Some(5)),
        (2, 0, Some(1)),
        (1, 0, Some(7)),
        (1, 0, None),
    ];
    harness.push(0, rows(&input)).unwrap();
    let out = harness.take_output().unwrap().unwrap();
    let out = hurtig_testing_rows::text_of(&out);
    let expected = [
        "+I[1, 1970-01-01T00:00:00, 5, 1, 5, 5]",
        "+I[2, 1970-01-01T00:00:00, 1, 1, 1, 1]",
        "+I[1, 1970-01-01T00:00:00, 7, 2, 12, 7]",
        "+I[1, 1970-01-01T00:00:00, NULL, 2, 7, 7]",
    ];
    assert_eq!(out, expected);
}

//! ORDER BY time, LIMIT.

use arrow_schema::SchemaRef;
use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_state::store::SharedBackend;
use hurtig_table::operators::rank::{RankInput, SortColumn};
use hurtig_table::operators::sort::*;
use hurtig_table::{KeyCodec, RowBatch};
use hurtig_testing_rows::{
    HarnessOptions, RowHarness, SortedMaps, batch, changes, column, rows_of,
};
use hurtig_types::Result;
use proptest::prelude::*;

/// Rows by time and value.
fn rows(cells: &[(i64, i64)]) -> RowBatch {
    batch([
        ("time", column::times(cells.iter().map(|cells| cells.0))),
        ("value", column::of(cells.iter().map(|cells| cells.1))),
    ])
}

fn schema() -> SchemaRef {
    rows(&[]).columns.schema()
}

fn harness(
    backend: Option<SharedBackend>,
    make: impl Fn(&OperatorContext) -> Result<Box<dyn StreamOperator>> + 'static,
) -> RowHarness {
    let options = HarnessOptions {
        parallelism: 1,
        keys: vec![Some(KeyCodec::new(schema().fields(), &[]).unwrap())],
        output: schema(),
        sides: Vec::new(),
        backend,
    };
    RowHarness::new(options, make).unwrap()
}

/// The values of what comes out, with their kinds.
fn out(harness: &mut RowHarness) -> Vec<String> {
    let rows = harness.take_output().unwrap();
    let rows = rows.iter().flat_map(rows_of);
    rows.map(|(kind, row)| format!("{kind}{}", row[1]))
        .collect()
}

fn values(harness: &mut RowHarness) -> Vec<i64> {
    let rows = harness.take_output().unwrap();
    let rows = rows.iter().flat_map(rows_of);
    rows.map(|(_, row)| row[1].parse().unwrap()).collect()
}

fn by_time(backend: Option<SharedBackend>) -> RowHarness {
    let spec = TemporalSortSpec {
        rowtime: 0,
        then: vec![SortColumn::descending(1)],
        schema: schema(),
    };
    harness(backend, move |context| temporal_sort(spec.clone(), context))
}

#[test]
fn rows_wait_for_the_watermark_and_come_in_order() {
    let mut harness = by_time(None);
    harness.push(0, rows(&[(5, 1), (3, 2), (9, 3)])).unwrap();
    harness.push(0, rows(&[(3, 4), (5, 5), (4, 6)])).unwrap();
    harness.watermark(4).unwrap();
    assert_eq!(values(&mut harness), [4, 2, 6]);
    harness.restart(3).unwrap();
    // What would have to come before what is out is dropped; what is only behind the watermark is in order still.
    harness.watermark(4).unwrap();
    harness.push(0, rows(&[(4, 7), (5, 8), (12, 9)])).unwrap();
    harness.watermark(9).unwrap();
    assert_eq!(values(&mut harness), [8, 5, 1, 3]);
    harness.end().unwrap();
    assert_eq!(values(&mut harness), [9]);
    let update = changes(rows(&[(20, 1)]), &["+U"]).unwrap();
    let error = harness.push(0, update).unwrap_err();
    assert!(error.to_string().contains("+U"), "{error}");
}

#[test]
fn what_is_more_than_a_batch_comes_slice_by_slice() {
    let mut harness = by_time(None);
    let cells: Vec<(i64, i64)> = (0..10_000).map(|i| (i * 7919 % 10_000, i)).collect();
    for chunk in cells.chunks(999) {
        harness.push(0, rows(chunk)).unwrap();
    }
    harness.end().unwrap();
    let mut expected = cells;
    expected.sort();
    let expected: Vec<i64> = expected.into_iter().map(|cells| cells.1).collect();
    assert_eq!(values(&mut harness), expected);
}

#[derive(Clone, Debug)]
enum Action {
    Rows(Vec<(i64, i64)>),
    Watermark(i64),
    Restart(u32),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        4 => prop::collection::vec((0..40i64, 0..5i64), 0..8).prop_map(Action::Rows),
        2 => (0..15i64).prop_map(Action::Watermark),
        1 => (1..4u32).prop_map(Action::Restart),
    ];
    prop::collection::vec(action, 1..16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sorted_by_time_is_what_was_due(actions in actions(), stored in any::<bool>()) {
        let mut harness = by_time(stored.then(SortedMaps::shared));
        let (mut waiting, mut sorted): (Vec<(i64, i64)>, Vec<(i64, i64)>) = (Vec::new(), Vec::new());
        let (mut watermark, mut got) = (0, Vec::new());
        for action in actions.into_iter().chain([Action::Watermark(1000)]) {
            match action {
                Action::Rows(cells) => {
                    let last = sorted.last().map_or(i64::MIN, |last| last.0);
                    waiting.extend(cells.iter().filter(|cells| cells.0 > last));
                    harness.push(0, rows(&cells)).unwrap();
                    continue;
                }
                Action::Watermark(more) => watermark += more,
                Action::Restart(parallelism) => harness.restart(parallelism).unwrap(),
            }
            harness.watermark(watermark).unwrap();
            waiting.sort_by_key(|cells| (cells.0, -cells.1));
            let due = waiting.iter().take_while(|cells| cells.0 <= watermark).count();
            sorted.extend(waiting.drain(..due));
            got.extend(values(&mut harness));
            let expected: Vec<i64> = sorted.iter().map(|cells| cells.1).collect();
            prop_assert_eq!(&got, &expected);
        }
    }

    #[test]
    fn a_whole_sort_comes_at_the_end(
        actions in actions(),
        gone in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        offset in 0..4u64,
        limit in prop::option::of(0..20u64),
        stored in any::<bool>(),
    ) {
        let spec = SortSpec {
            order: vec![SortColumn::descending(1), SortColumn::ascending(0)],
            offset,
            limit,
            schema: schema(),
        };
        let mut harness = harness(stored.then(SortedMaps::shared), move |context| sort(spec.clone(), context));
        let mut all: Vec<(i64, i64)> = Vec::new();
        for action in actions {
            match action {
                Action::Rows(cells) => {
                    all.extend(&cells);
                    harness.push(0, rows(&cells)).unwrap();
                }
                Action::Restart(parallelism) => harness.restart(parallelism).unwrap(),
                Action::Watermark(_) => {}
            }
        }
        for gone in gone {
            if !all.is_empty() {
                let row = all.remove(gone.index(all.len()));
                harness.push(0, changes(rows(&[row]), &["-D"]).unwrap()).unwrap();
            }
        }
        prop_assert_eq!(harness.take_output().unwrap(), None);
        harness.end().unwrap();
        all.sort_by_key(|cells| (-cells.1, cells.0));
        let expected = all.iter().skip(offset as usize).take(limit.unwrap_or(u64::MAX) as usize);
        let expected: Vec<i64> = expected.map(|cells| cells.1).collect();
        prop_assert_eq!(values(&mut harness), expected);
    }
}

#[test]
fn the_first_rows_in_an_order_are_kept_up_to_date() {
    let spec = SortLimitSpec {
        order: vec![SortColumn::ascending(1)],
        offset: 1,
        limit: 2,
        input: RankInput::Append,
        generate_update_before: true,
        per_record: true,
        schema: schema(),
    };
    let mut harness = harness(None, move |context| sort_limit(spec.clone(), context));
    harness.push(0, rows(&[(0, 5), (0, 7), (0, 3)])).unwrap();
    assert_eq!(out(&mut harness), ["+I7", "+I5"]);
    harness.restart(2).unwrap();
    harness.push(0, rows(&[(0, 4)])).unwrap();
    assert_eq!(out(&mut harness), ["-D7", "+I4"]);
}

#[test]
fn a_limit_lets_the_first_rows_pass() {
    let spec = LimitSpec {
        offset: 2,
        limit: 3,
        append_only: true,
        schema: schema(),
    };
    let mut harness = harness(None, move |context| limit(spec.clone(), context));
    harness.push(0, rows(&[(0, 1)])).unwrap();
    harness.push(0, rows(&[(0, 2), (0, 3)])).unwrap();
    assert_eq!(out(&mut harness), ["+I3"]);
    harness.restart(2).unwrap();
    harness.push(0, rows(&[(0, 4), (0, 5), (0, 6)])).unwrap();
    assert_eq!(out(&mut harness), ["+I4", "+I5"]);
    harness.push(0, rows(&[(0, 7)])).unwrap();
    assert!(out(&mut harness).is_empty());
}

#[test]
fn where_rows_go_a_limit_takes_the_next() {
    let spec = LimitSpec {
        offset: 0,
        limit: 2,
        append_only: false,
        schema: schema(),
    };
    let mut harness = harness(None, move |context| limit(spec.clone(), context));
    harness
        .push(0, rows(&[(0, 9), (0, 8), (0, 7), (0, 6)]))
        .unwrap();
    assert_eq!(out(&mut harness), ["+I9", "+I8"]);
    harness.restart(2).unwrap();
    harness
        .push(0, changes(rows(&[(0, 9)]), &["-D"]).unwrap())
        .unwrap();
    assert_eq!(out(&mut harness), ["-D9", "+I7"]);
}

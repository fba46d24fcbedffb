//! Joins with versions of a table.

use hurtig_table::operators::join::{JoinKind, JoinTime, TemporalJoinSpec};
use hurtig_testing_rows::{HarnessOptions, RowHarness, SortedMaps};
use proptest::prelude::*;

use super::helpers::options;
use super::timed_helpers::*;

fn spec(kind: JoinKind, condition: bool, event_time: bool) -> TemporalJoinSpec {
    TemporalJoinSpec {
        kind,
        left_key: key(),
        right_key: key(),
        left: schema(),
        right: schema(),
        time: if event_time {
            JoinTime::Event { left: 1, right: 1 }
        } else {
            JoinTime::Processing
        },
        condition: if condition {
            Some(Box::new(Alike))
        } else {
            None
        },
        null_equals_null: false,
        output: kind.schema(&schema(), &schema()),
    }
}

fn harness(make: impl Fn() -> TemporalJoinSpec + 'static) -> RowHarness {
    harness_on(false, make)
}

fn harness_on(stored: bool, make: impl Fn() -> TemporalJoinSpec + 'static) -> RowHarness {
    let output = make().output;
    let options = HarnessOptions {
        backend: stored.then(SortedMaps::shared),
        ..options(2, &key(), &output)
    };
    RowHarness::new(options, move |context| make().operator(context)).unwrap()
}

#[test]
fn a_row_meets_the_version_that_was_valid_at_its_time_once_the_watermark_has_passed() {
    let mut join = harness(|| spec(JoinKind::Left, false, true));
    let rates = [
        ("+I", at(1, 10, 1)),
        ("-U", at(1, 10, 1)),
        ("+U", at(1, 20, 2)),
        ("-D", at(1, 30, 2)),
    ];
    join.push(1, changed(&rates)).unwrap();
    let orders: Vec<_> = [9, 10, 19, 20, 29, 30].map(|time| at(1, time, time)).into();
    join.push(0, rows(&orders)).unwrap();
    assert!(taken(&mut join).is_empty());
    join.restart(3).unwrap();
    join.watermark(19).unwrap();
    let first = [
        (Some(orders[0]), None),
        (Some(orders[1]), Some(at(1, 10, 1))),
        (Some(orders[2]), Some(at(1, 10, 1))),
    ];
    assert_eq!(taken(&mut join), expected("+I", &first));
    // A version that comes late holds for rows that wait still.
    join.push(1, changed(&[("+U", at(1, 15, 3))])).unwrap();
    join.push(0, rows(&[at(1, 16, 7)])).unwrap();
    join.watermark(40).unwrap();
    let second = [
        (Some(at(1, 16, 7)), Some(at(1, 15, 3))),
        (Some(orders[3]), Some(at(1, 20, 2))),
        (Some(orders[4]), Some(at(1, 20, 2))),
        (Some(orders[5]), None),
    ];
    assert_eq!(taken(&mut join), expected("+I", &second));
}

#[test]
fn more_rows_than_a_batch_that_come_due_at_once_meet_their_versions() {
    let mut join = harness(|| spec(JoinKind::Inner, false, true));
    let count = 2 * hurtig_table::BATCH_ROWS as i64 + 7;
    let versions: Vec<_> = (0..count).map(|time| ("+U", at(1, time, time))).collect();
    join.push(1, changed(&versions)).unwrap();
    let orders: Vec<_> = (0..count).map(|time| at(1, time, time)).collect();
    join.push(0, rows(&orders)).unwrap();
    join.watermark(i64::MAX).unwrap();
    assert_eq!(taken(&mut join).len(), orders.len());
}

#[test]
fn changes_of_left_rows_come_out_as_such() {
    for event_time in [true, false] {
        let mut join = harness(move || spec(JoinKind::Inner, false, event_time));
        join.push(1, changed(&[("+I", at(1, 10, 1))])).unwrap();
        join.push(0, changed(&[("-U", at(1, 11, 5)), ("+U", at(2, 12, 6))]))
            .unwrap();
        join.watermark(20).unwrap();
        let pair = [(Some(at(1, 11, 5)), Some(at(1, 10, 1)))];
        assert_eq!(taken(&mut join), expected("-U", &pair));
    }
}

#[test]
fn by_processing_time_a_row_meets_the_last_version_at_once() {
    let mut join = harness(|| spec(JoinKind::Left, true, false));
    join.push(0, rows(&[at(1, 0, 1)])).unwrap();
    assert_eq!(
        taken(&mut join),
        expected("+I", &[(Some(at(1, 0, 1)), None)])
    );
    join.push(
        1,
        changed(&[
            ("+I", at(1, 0, 2)),
            ("-U", at(1, 0, 2)),
            ("+U", at(1, 0, 3)),
        ]),
    )
    .unwrap();
    assert!(taken(&mut join).is_empty());
    join.restart(3).unwrap();
    let null = Timed {
        key: None,
        time: 0,
        number: 9,
    };
    join.push(0, rows(&[at(1, 0, 5), at(1, 0, 6), null]))
        .unwrap();
    let pairs = [
        (Some(at(1, 0, 5)), Some(at(1, 0, 3))),
        (Some(at(1, 0, 6)), None),
        (Some(null), None),
    ];
    assert_eq!(taken(&mut join), expected("+I", &pairs));
    join.push(1, changed(&[("-D", at(1, 0, 3))])).unwrap();
    join.push(0, rows(&[at(1, 0, 7)])).unwrap();
    assert_eq!(
        taken(&mut join),
        expected("+I", &[(Some(at(1, 0, 7)), None)])
    );
}

#[derive(Clone, Debug)]
enum Step {
    Left(Vec<Timed>),
    Right(Vec<(bool, Timed)>),
    Watermark(i64),
    Restart(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = prop_oneof![1 => Just(None), 6 => (0..3i64).prop_map(Some)];
    let row = |from| {
        (key.clone(), from..14i64, 0..4i64).prop_map(|(key, time, number)| Timed {
            key,
            time,
            number,
        })
    };
    let version = (prop::bool::weighted(0.25), row(-8));
    let step = prop_oneof![
        4 => prop::collection::vec(row(1), 1..6).prop_map(Step::Left),
        4 => prop::collection::vec(version, 1..6).prop_map(Step::Right),
        3 => (1..9i64).prop_map(Step::Watermark),
        1 => (1..4u32).prop_map(Step::Restart),
    ];
    prop::collection::vec(step, 1..16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn each_row_meets_the_last_version_that_is_not_later(
        kind in prop::sample::select(vec![JoinKind::Inner, JoinKind::Left]),
        condition: bool,
        stored: bool,
        steps in steps(),
    ) {
        let mut join = harness_on(stored, move || spec(kind, condition, true));
        let (mut watermark, mut waiting, mut versions) = (0, Vec::<Timed>::new(), Vec::new());
        for step in steps.into_iter().chain([Step::Watermark(1000)]) {
            let mut pairs: Vec<Pair> = Vec::new();
            match step {
                Step::Left(mut batch) => {
                    batch.iter_mut().for_each(|row| row.time += watermark);
                    join.push(0, rows(&batch)).unwrap();
                    for row in batch {
                        if row.key.is_some() {
                            waiting.push(row);
                        } else if kind == JoinKind::Left {
                            pairs.push((Some(row), None));
                        }
                    }
                }
                Step::Right(mut batch) => {
                    batch.iter_mut().for_each(|(_, row)| row.time += watermark);
                    let log: Vec<_> = batch.iter()
                        .map(|(goes, row)| (if *goes { "-D" } else { "+U" }, *row))
                        .collect();
                    join.push(1, changed(&log)).unwrap();
                    versions.extend(batch);
                }
                Step::Watermark(by) => {
                    watermark += by;
                    join.watermark(watermark).unwrap();
                    for row in waiting.extract_if(.., |row| row.time <= watermark) {
                        let valid = versions.iter()
                            .filter(|(_, it)| it.key == row.key && it.time <= row.time)
                            .max_by_key(|(_, it)| it.time);
                        let valid = valid.filter(|(goes, _)| !goes).map(|(_, it)| *it);
                        let valid = valid.filter(|it| !condition || alike(row.number, it.number));
                        if valid.is_some() || kind == JoinKind::Left {
                            pairs.push((Some(row), valid));
                        }
                    }
                }
                Step::Restart(parallelism) => join.restart(parallelism).unwrap(),
            }
            prop_assert_eq!(taken(&mut join), expected("+I", &pairs));
        }
    }
}

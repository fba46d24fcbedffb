//! Top-N and deduplication.

use std::collections::BTreeMap;
use std::time::Duration;

use arrow_schema::SchemaRef;
use hurtig_runtime::OperatorContext;
use hurtig_state::store::SharedBackend;
use hurtig_table::operators::rank::*;
use hurtig_table::{KeyCodec, RowBatch};
use hurtig_testing_rows::{
    HarnessOptions, Row, RowHarness, SortedMaps, Table, batch, changes, column, text_of,
};
use hurtig_types::Result;
use proptest::prelude::*;

/// A row: partition, value, number, time.
type Cells = (i64, Option<i64>, i64, i64);

fn rows(cells: &[Cells]) -> RowBatch {
    batch([
        ("part", column::of(cells.iter().map(|cells| cells.0))),
        (
            "value",
            column::with_nulls(cells.iter().map(|cells| cells.1)),
        ),
        ("id", column::of(cells.iter().map(|cells| cells.2))),
        ("time", column::times(cells.iter().map(|cells| cells.3))),
    ])
}

fn schema() -> SchemaRef {
    rows(&[]).columns.schema()
}

/// Rows without a time worth speaking of.
fn values(cells: &[(i64, i64, i64)]) -> RowBatch {
    let cells: Vec<Cells> = cells.iter().map(|it| (it.0, Some(it.1), it.2, 0)).collect();
    rows(&cells)
}

fn harness(
    key: &[usize],
    output: SchemaRef,
    backend: Option<SharedBackend>,
    make: impl Fn(&OperatorContext) -> Result<Box<dyn hurtig_runtime::StreamOperator>> + 'static,
) -> RowHarness {
    let options = HarnessOptions {
        parallelism: 1,
        keys: vec![Some(KeyCodec::new(schema().fields(), key).unwrap())],
        output,
        sides: Vec::new(),
        backend,
    };
    RowHarness::new(options, make).unwrap()
}

fn top_n_harness(spec: &TopNSpec, backend: Option<SharedBackend>) -> RowHarness {
    let made = spec.clone();
    harness(
        &spec.partition,
        spec.output_schema(),
        backend,
        move |context| top_n(made.clone(), context),
    )
}

/// What comes out, without the time.
fn out(harness: &mut RowHarness) -> Vec<String> {
    let Some(rows) = harness.take_output().unwrap() else {
        return Vec::new();
    };
    let text = text_of(&rows).into_iter();
    text.map(|row| row.replace(", 1970-01-01T00:00:00", ""))
        .collect()
}

fn top_2() -> TopNSpec {
    TopNSpec {
        partition: vec![0],
        order: vec![SortColumn::descending(1)],
        start: 1,
        end: RankEnd::Constant(2),
        output_rank: None,
        input: RankInput::Append,
        generate_update_before: true,
        per_record: true,
        ttl: None,
        schema: schema(),
    }
}

#[test]
fn without_ranks_rows_come_and_go() {
    let mut harness = top_n_harness(&top_2(), None);
    let input = values(&[(1, 5, 10), (1, 7, 11), (1, 6, 12), (2, 1, 13), (1, 6, 14)]);
    harness.push(0, input.clone()).unwrap();
    let each = [
        "+I[1, 5, 10]",
        "+I[1, 7, 11]",
        "-D[1, 5, 10]",
        "+I[1, 6, 12]",
        "+I[2, 1, 13]",
    ];
    assert_eq!(out(&mut harness), each);
    let mut harness = top_n_harness(
        &TopNSpec {
            per_record: false,
            ..top_2()
        },
        None,
    );
    harness.push(0, input).unwrap();
    assert_eq!(
        out(&mut harness),
        ["+I[1, 7, 11]", "+I[1, 6, 12]", "+I[2, 1, 13]"]
    );
    harness.restart(3).unwrap();
    harness
        .push(0, values(&[(1, 8, 15), (1, 9, 16), (1, 5, 17)]))
        .unwrap();
    let net = [
        "-D[1, 7, 11]",
        "-D[1, 6, 12]",
        "+I[1, 9, 16]",
        "+I[1, 8, 15]",
    ];
    assert_eq!(out(&mut harness), net);
}

#[test]
fn with_ranks_each_row_that_moves_is_an_update() {
    let spec = TopNSpec {
        output_rank: Some("rank".into()),
        ..top_2()
    };
    let mut harness = top_n_harness(&spec, None);
    harness
        .push(0, values(&[(1, 5, 10), (1, 7, 11), (1, 6, 12), (1, 1, 13)]))
        .unwrap();
    let each = [
        "+I[1, 5, 10, 1]",
        "-U[1, 5, 10, 1]",
        "+U[1, 7, 11, 1]",
        "+I[1, 5, 10, 2]",
        "-U[1, 5, 10, 2]",
        "+U[1, 6, 12, 2]",
    ];
    assert_eq!(out(&mut harness), each);
    let spec = TopNSpec {
        generate_update_before: false,
        per_record: false,
        ..spec
    };
    let mut harness = top_n_harness(&spec, None);
    harness.push(0, values(&[(1, 5, 10), (1, 7, 11)])).unwrap();
    out(&mut harness);
    harness.push(0, values(&[(1, 6, 12)])).unwrap();
    assert_eq!(out(&mut harness), ["+U[1, 6, 12, 2]"]);
}

#[test]
fn the_first_alone_is_updated() {
    let mut harness = top_n_harness(
        &TopNSpec {
            end: RankEnd::Constant(1),
            ..top_2()
        },
        None,
    );
    harness
        .push(0, values(&[(1, 5, 10), (1, 7, 11), (1, 7, 12)]))
        .unwrap();
    assert_eq!(
        out(&mut harness),
        ["+I[1, 5, 10]", "-U[1, 5, 10]", "+U[1, 7, 11]"]
    );
}

#[test]
fn what_was_behind_moves_up_when_a_row_is_taken_away() {
    let spec = TopNSpec {
        input: RankInput::Retract,
        ..top_2()
    };
    let mut harness = top_n_harness(&spec, None);
    harness
        .push(0, values(&[(1, 5, 10), (1, 7, 11), (1, 6, 12)]))
        .unwrap();
    out(&mut harness);
    harness.restart(2).unwrap();
    let input = changes(
        values(&[(1, 7, 11), (1, 9, 11), (1, 5, 10)]),
        &["-U", "+U", "-D"],
    );
    harness.push(0, input.unwrap()).unwrap();
    let each = [
        "-D[1, 7, 11]",
        "+I[1, 5, 10]",
        "-D[1, 5, 10]",
        "+I[1, 9, 11]",
    ];
    assert_eq!(out(&mut harness), each);
    let ranked = TopNSpec {
        output_rank: Some("rank".into()),
        ..spec
    };
    let mut harness = top_n_harness(&ranked, None);
    harness.push(0, values(&[(1, 5, 10), (1, 7, 11)])).unwrap();
    out(&mut harness);
    harness
        .push(0, changes(values(&[(1, 7, 11)]), &["-D"]).unwrap())
        .unwrap();
    assert_eq!(
        out(&mut harness),
        ["-U[1, 7, 11, 1]", "+U[1, 5, 10, 1]", "-D[1, 5, 10, 2]"]
    );
}

#[test]
fn an_update_changes_its_own_row() {
    let input = RankInput::Update {
        unique_key: vec![0, 2],
    };
    let mut harness = top_n_harness(&TopNSpec { input, ..top_2() }, None);
    harness
        .push(0, values(&[(1, 5, 10), (1, 7, 11), (1, 6, 12)]))
        .unwrap();
    out(&mut harness);
    harness
        .push(
            0,
            changes(values(&[(1, 8, 12), (1, 9, 10)]), &["+U", "+U"]).unwrap(),
        )
        .unwrap();
    let each = [
        "-U[1, 6, 12]",
        "+U[1, 8, 12]",
        "-D[1, 7, 11]",
        "+I[1, 9, 10]",
    ];
    assert_eq!(out(&mut harness), each);
    let deleted = changes(values(&[(1, 8, 12)]), &["-D"]).unwrap();
    let error = harness.push(0, deleted).unwrap_err();
    assert!(error.to_string().contains("-D"), "{error}");
}

#[test]
fn each_partition_says_how_many_rows_it_wants() {
    let spec = TopNSpec {
        end: RankEnd::Column(2),
        order: vec![SortColumn::ascending(1)],
        ..top_2()
    };
    let mut harness = top_n_harness(&spec, None);
    harness
        .push(
            0,
            values(&[
                (1, 5, 1),
                (1, 4, 1),
                (2, 3, 2),
                (2, 4, 2),
                (2, 9, 2),
                (3, 1, 0),
            ]),
        )
        .unwrap();
    let each = [
        "+I[1, 5, 1]",
        "-D[1, 5, 1]",
        "+I[1, 4, 1]",
        "+I[2, 3, 2]",
        "+I[2, 4, 2]",
    ];
    assert_eq!(out(&mut harness), each);
}

#[test]
fn a_partition_is_forgotten_in_time() {
    let ttl = Some(Duration::from_secs(1));
    let mut harness = top_n_harness(&TopNSpec { ttl, ..top_2() }, None);
    harness.push(0, values(&[(1, 5, 10), (1, 7, 11)])).unwrap();
    out(&mut harness);
    harness.set_time(999).unwrap();
    harness.push(0, values(&[(1, 6, 12)])).unwrap();
    assert_eq!(out(&mut harness), ["-D[1, 5, 10]", "+I[1, 6, 12]"]);
    harness.set_time(1999).unwrap();
    harness.push(0, values(&[(1, 1, 13)])).unwrap();
    assert_eq!(out(&mut harness), ["+I[1, 1, 13]"]);
}

/// What happens to a Top-N: rows come and go, or it starts again.
#[derive(Clone, Debug)]
enum Action {
    /// What each is, and whether (by number) a row that is there goes instead.
    Batch(Vec<(Cells, Option<usize>)>),
    Restart(u32),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let cells = (
        0..3i64,
        prop::option::weighted(0.9, -3..6i64),
        0..4i64,
        0..5i64,
    );
    let row = (cells, prop::option::weighted(0.4, 0..10usize));
    let action = prop_oneof![
        4 => prop::collection::vec(row, 0..12).prop_map(Action::Batch),
        1 => (1..4u32).prop_map(Action::Restart),
    ];
    prop::collection::vec(action, 1..12)
}

/// What SQL says of the rows that are there: of each partition the rows of some ranks.
fn ranked(
    live: &[Cells],
    order: impl Fn(&Cells) -> (i64, i64),
    start: usize,
    end: usize,
    rank: bool,
) -> Vec<Row> {
    let mut parts: BTreeMap<i64, Vec<Cells>> = BTreeMap::new();
    for row in live {
        parts.entry(row.0).or_default().push(*row);
    }
    let mut expected = Vec::new();
    for rows in parts.values_mut() {
        rows.sort_by_key(|row| order(row));
        for (index, row) in rows
            .iter()
            .enumerate()
            .skip(start - 1)
            .take(end + 1 - start)
        {
            let mut row = hurtig_testing_rows::rows_of(&self::rows(&[*row]))
                .remove(0)
                .1;
            row.extend(rank.then(|| (index + 1).to_string()));
            expected.push(row);
        }
    }
    expected.sort();
    expected
}

fn by_value(row: &Cells) -> (i64, i64) {
    (row.1.map_or(i64::MAX, |value| -value), 0)
}

/// Drives a Top-N and a list of rows, and compares them after each step. What a row says of itself may be changed before it comes.
fn check(
    spec: &TopNSpec,
    backend: Option<SharedBackend>,
    actions: &[Action],
    mut table: Table,
    (start, end): (usize, usize),
) -> std::result::Result<(), TestCaseError> {
    let mut harness = top_n_harness(spec, backend);
    let mut live: Vec<Cells> = Vec::new();
    for action in actions {
        match action {
            Action::Restart(parallelism) => harness.restart(*parallelism).unwrap(),
            Action::Batch(cells) => {
                let (mut batch, mut kinds) = (Vec::new(), Vec::new());
                for (row, gone) in cells {
                    match (gone, &spec.input) {
                        (Some(gone), RankInput::Retract) if !live.is_empty() => {
                            let row = live[gone % live.len()];
                            let place = live.iter().position(|there| *there == row).unwrap();
                            live.remove(place);
                            batch.push(row);
                            kinds.push("-D");
                        }
                        (_, RankInput::Update { .. }) => {
                            let (row, kind) = upsert(&mut live, *row);
                            batch.push(row);
                            kinds.push(kind);
                        }
                        _ => {
                            live.push(*row);
                            batch.push(*row);
                            kinds.push("+I");
                        }
                    }
                }
                harness
                    .push(0, changes(rows(&batch), &kinds).unwrap())
                    .unwrap();
            }
        }
        if let Some(out) = harness.take_output().unwrap() {
            table.apply(&out);
        }
        let expected = ranked(&live, by_value, start, end, spec.output_rank.is_some());
        prop_assert_eq!(table.rows(), expected);
    }
    Ok(())
}

/// A row by its partition and number, whose value only grows. One whose value stays keeps its place.
fn upsert(live: &mut Vec<Cells>, mut row: Cells) -> (Cells, &'static str) {
    row.1 = Some(row.1.unwrap_or(0));
    let Some(place) = live
        .iter()
        .position(|there| (there.0, there.2) == (row.0, row.2))
    else {
        live.push(row);
        return (row, "+I");
    };
    row.1 = row.1.max(live[place].1);
    if row.1 == live[place].1 {
        live[place] = row;
    } else {
        live.remove(place);
        live.push(row);
    }
    (row, "+U")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn top_n_is_what_sql_says_after_every_prefix(
        actions in actions(),
        kind in 0..3,
        start in 1..3usize,
        more in 0..4usize,
        ranks in any::<bool>(),
        per_record in any::<bool>(),
        text_key in any::<bool>(),
        stored in any::<bool>(),
    ) {
        let end = start + more;
        let input = match kind {
            0 => RankInput::Append,
            1 => RankInput::Retract,
            _ => RankInput::Update { unique_key: vec![0, 2] },
        };
        let spec = TopNSpec {
            start: start as u64,
            end: RankEnd::Constant(end as u64),
            output_rank: ranks.then(|| "rank".to_string()),
            // A key of two columns is bytes; the second says nothing new.
            partition: if text_key { vec![0, 0] } else { vec![0] },
            input,
            per_record,
            ..top_2()
        };
        let backend = || stored.then(SortedMaps::shared);
        check(&spec, backend(), &actions, Table::new(), (start, end))?;
        let key = if ranks { vec![0, 4] } else { vec![0, 2] };
        if ranks || kind == 2 && end > 1 {
            let spec = TopNSpec { generate_update_before: false, ..spec };
            check(&spec, backend(), &actions, Table::upserts(key), (start, end))?;
        }
    }
}

fn dedup(keep: Keep, order: TimeOrder) -> DeduplicateSpec {
    DeduplicateSpec {
        key: vec![0],
        keep,
        order,
        at_watermark: false,
        generate_update_before: true,
        generate_insert: true,
        per_record: true,
        ttl: None,
        schema: schema(),
    }
}

fn dedup_harness(spec: &DeduplicateSpec, backend: Option<SharedBackend>) -> RowHarness {
    let made = spec.clone();
    harness(&spec.key, schema(), backend, move |context| {
        deduplicate(made.clone(), context)
    })
}

const BY_TIME: TimeOrder = TimeOrder::RowTime { column: 3 };

/// Rows by key, number and time.
fn timed(cells: &[(i64, i64, i64)]) -> RowBatch {
    let cells: Vec<Cells> = cells.iter().map(|it| (it.0, None, it.1, it.2)).collect();
    rows(&cells)
}

fn ids_out(harness: &mut RowHarness) -> Vec<String> {
    let Some(rows) = harness.take_output().unwrap() else {
        return Vec::new();
    };
    let rows = hurtig_testing_rows::rows_of(&rows).into_iter();
    rows.map(|(kind, row)| format!("{kind} {} {}", row[0], row[2]))
        .collect()
}

#[test]
fn of_rows_of_one_key_the_first_or_the_last_stays() {
    let input = timed(&[(1, 10, 5), (1, 11, 3), (2, 12, 1), (1, 13, 3), (1, 14, 5)]);
    let cases: [(_, _, &[&str]); 4] = [
        (Keep::First, TimeOrder::ProcTime, &["+I 1 10", "+I 2 12"]),
        (
            Keep::First,
            BY_TIME,
            &["+I 1 10", "-U 1 10", "+U 1 11", "+I 2 12"],
        ),
        (
            Keep::Last,
            TimeOrder::ProcTime,
            &[
                "+I 1 10", "-U 1 10", "+U 1 11", "+I 2 12", "-U 1 11", "+U 1 13", "-U 1 13",
                "+U 1 14",
            ],
        ),
        (
            Keep::Last,
            BY_TIME,
            &["+I 1 10", "+I 2 12", "-U 1 10", "+U 1 14"],
        ),
    ];
    for (keep, order, expected) in cases {
        let mut harness = dedup_harness(&dedup(keep, order), None);
        harness.push(0, input.clone()).unwrap();
        assert_eq!(ids_out(&mut harness), expected, "{keep:?} {order:?}");
    }
}

#[test]
fn a_batch_makes_one_update_a_key() {
    let spec = DeduplicateSpec {
        per_record: false,
        ..dedup(Keep::Last, BY_TIME)
    };
    let mut harness = dedup_harness(&spec, None);
    harness.push(0, timed(&[(1, 10, 5), (1, 11, 6)])).unwrap();
    assert_eq!(ids_out(&mut harness), ["+I 1 11"]);
    harness
        .push(0, timed(&[(1, 12, 7), (1, 13, 4), (2, 14, 0)]))
        .unwrap();
    assert_eq!(ids_out(&mut harness), ["-U 1 11", "+U 1 12", "+I 2 14"]);
    let spec = DeduplicateSpec {
        generate_update_before: false,
        generate_insert: false,
        ..spec
    };
    let mut harness = dedup_harness(&spec, None);
    harness.push(0, timed(&[(1, 10, 5), (1, 11, 6)])).unwrap();
    assert_eq!(ids_out(&mut harness), ["+U 1 11"]);
}

#[test]
fn a_row_that_comes_again_is_no_change_unless_it_would_be_forgotten() {
    for (ttl, expected) in [
        (None, &[][..]),
        (Some(Duration::from_secs(9)), &["-U 1 10", "+U 1 10"]),
    ] {
        let spec = DeduplicateSpec {
            ttl,
            ..dedup(Keep::Last, TimeOrder::ProcTime)
        };
        let mut harness = dedup_harness(&spec, None);
        harness.push(0, timed(&[(1, 10, 5)])).unwrap();
        ids_out(&mut harness);
        harness.push(0, timed(&[(1, 10, 5)])).unwrap();
        assert_eq!(ids_out(&mut harness), expected);
    }
}

#[test]
fn deduplication_refuses_updates() {
    let mut harness = dedup_harness(&dedup(Keep::First, TimeOrder::ProcTime), None);
    let error = harness
        .push(0, changes(timed(&[(1, 10, 5)]), &["-U"]).unwrap())
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("-U in the input of a deduplication"),
        "{error}"
    );
}

#[test]
fn at_the_watermark_the_first_row_is_final() {
    let spec = DeduplicateSpec {
        at_watermark: true,
        ..dedup(Keep::First, BY_TIME)
    };
    let mut harness = dedup_harness(&spec, None);
    harness
        .push(0, timed(&[(1, 10, 5), (1, 11, 3), (2, 12, 9), (1, 13, 3)]))
        .unwrap();
    harness.watermark(2).unwrap();
    assert_eq!(ids_out(&mut harness), [""; 0]);
    harness.restart(2).unwrap();
    harness.watermark(3).unwrap();
    assert_eq!(ids_out(&mut harness), ["+I 1 11"]);
    // Late rows: of a key that is out they count for nothing; of one that is not, they are the first.
    harness.push(0, timed(&[(1, 14, 1), (2, 15, 2)])).unwrap();
    harness.end().unwrap();
    assert_eq!(ids_out(&mut harness), ["+I 2 15"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn one_row_a_key_stays_after_every_prefix(
        actions in actions(),
        last in any::<bool>(),
        by_time in any::<bool>(),
        per_record in any::<bool>(),
        before in any::<bool>(),
        stored in any::<bool>(),
    ) {
        let keep = if last { Keep::Last } else { Keep::First };
        let order = if by_time { BY_TIME } else { TimeOrder::ProcTime };
        let spec = DeduplicateSpec { per_record, generate_update_before: before, ..dedup(keep, order) };
        let mut harness = dedup_harness(&spec, stored.then(SortedMaps::shared));
        let mut table = if before { Table::new() } else { Table::upserts([0]) };
        let mut live: Vec<Cells> = Vec::new();
        for action in &actions {
            match action {
                Action::Restart(parallelism) => harness.restart(*parallelism).unwrap(),
                Action::Batch(cells) => {
                    let cells: Vec<Cells> = cells.iter().map(|row| row.0).collect();
                    live.extend(&cells);
                    harness.push(0, rows(&cells)).unwrap();
                }
            }
            if let Some(out) = harness.take_output().unwrap() {
                table.apply(&out);
            }
            // The last is the first of those that arrived the other way round.
            let mut arrived = live.clone();
            if last {
                arrived.reverse();
            }
            let time = |row: &Cells| if by_time { (if last { -row.3 } else { row.3 }, 0) } else { (0, 0) };
            prop_assert_eq!(table.rows(), ranked(&arrived, time, 1, 1, false));
        }
    }
}

fn window_harness(spec: &WindowTopNSpec, backend: Option<SharedBackend>) -> RowHarness {
    let made = spec.clone();
    harness(
        &spec.partition,
        spec.output_schema(),
        backend,
        move |context| window_top_n(made.clone(), context),
    )
}

fn top_2_of_windows() -> WindowTopNSpec {
    WindowTopNSpec {
        partition: vec![0, 3],
        window_end: WindowEnd::new(3),
        order: vec![SortColumn::descending(1)],
        start: 1,
        end: 2,
        output_rank: Some("rank".into()),
        schema: schema(),
    }
}

#[test]
fn a_window_puts_out_its_first_rows_when_it_ends() {
    let mut harness = window_harness(&top_2_of_windows(), None);
    let input = [
        (1, Some(5), 10, 20),
        (1, Some(7), 11, 20),
        (1, Some(6), 12, 20),
        (1, Some(1), 13, 40),
        (2, None, 14, 20),
    ];
    harness.push(0, rows(&input)).unwrap();
    harness.watermark(18).unwrap();
    assert_eq!(harness.take_output().unwrap(), None);
    harness.restart(2).unwrap();
    harness.watermark(19).unwrap();
    let mut rows_out = text_of(&harness.take_output().unwrap().unwrap());
    rows_out.sort();
    let window = "1970-01-01T00:00:00.020";
    let expected = [
        format!("+I[1, 6, 12, {window}, 2]"),
        format!("+I[1, 7, 11, {window}, 1]"),
        format!("+I[2, NULL, 14, {window}, 1]"),
    ];
    assert_eq!(rows_out, expected);
    // That window is over.
    harness.push(0, rows(&[(1, Some(9), 15, 20)])).unwrap();
    harness.end().unwrap();
    assert_eq!(text_of(&harness.take_output().unwrap().unwrap()).len(), 1);
}

#[test]
fn of_the_rows_of_a_window_the_first_or_the_last_stays() {
    // The window ends at what stands as the id.
    let input = batch([
        ("part", column::of([1i64, 1, 1, 1])),
        ("value", column::of([10i64, 11, 12, 13])),
        ("end", column::times([20, 20, 20, 20])),
        ("time", column::times([7, 5, 5, 7])),
    ]);
    for (keep, expected) in [(Keep::First, "11"), (Keep::Last, "13")] {
        let spec = WindowDeduplicateSpec {
            partition: vec![0, 2],
            window_end: WindowEnd::new(2),
            keep,
            rowtime: 3,
            output_rank: None,
            schema: input.columns.schema(),
        };
        let options = HarnessOptions {
            parallelism: 2,
            keys: vec![Some(
                KeyCodec::new(spec.schema.fields(), &spec.partition).unwrap(),
            )],
            output: spec.schema.clone(),
            sides: Vec::new(),
            backend: None,
        };
        let made = spec.clone();
        let mut harness = RowHarness::new(options, move |context| {
            window_deduplicate(made.clone(), context)
        })
        .unwrap();
        for row in 0..4 {
            harness.push(0, input.pick(&[row]).unwrap()).unwrap();
        }
        harness.end().unwrap();
        let out = hurtig_testing_rows::rows_of(&harness.take_output().unwrap().unwrap());
        assert_eq!((out.len(), out[0].1[1].as_str()), (1, expected), "{keep:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn windows_are_what_sql_says_of_the_rows_in_time(
        actions in actions(),
        watermarks in prop::collection::vec(0..6i64, 12),
        start in 1..3usize,
        more in 0..3usize,
        stored in any::<bool>(),
    ) {
        let end = start + more;
        let spec = WindowTopNSpec { start: start as u64, end: end as u64, ..top_2_of_windows() };
        let mut harness = window_harness(&spec, stored.then(SortedMaps::shared));
        let mut live: Vec<Cells> = Vec::new();
        let (mut table, mut watermark) = (Table::new(), i64::MIN);
        for (action, next) in actions.iter().zip(watermarks) {
            match action {
                Action::Restart(parallelism) => harness.restart(*parallelism).unwrap(),
                Action::Batch(cells) => {
                    let cells: Vec<Cells> = cells.iter().map(|row| row.0).collect();
                    live.extend(cells.iter().filter(|row| row.3 - 1 > watermark));
                    harness.push(0, rows(&cells)).unwrap();
                }
            }
            watermark = watermark.max(next);
            harness.watermark(watermark).unwrap();
            if let Some(out) = harness.take_output().unwrap() {
                table.apply(&out);
            }
            let mut expected = Vec::new();
            for window in 0..=watermark + 1 {
                let rows: Vec<Cells> = live.iter().filter(|row| row.3 == window).copied().collect();
                expected.extend(ranked(&rows, by_value, start, end, true));
            }
            expected.sort();
            prop_assert_eq!(table.rows(), expected);
        }
    }
}

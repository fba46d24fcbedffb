//! Changelogs made whole, and sinks kept from what they do not take.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::SchemaRef;
use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_state::store::SharedBackend;
use hurtig_table::operators::changelog::*;
use hurtig_table::{KeyCodec, RowBatch};
use hurtig_testing_rows::{
    HarnessOptions, RowHarness, SortedMaps, Table, batch, changes, column, rows_of, text_of,
};
use hurtig_types::Result;
use proptest::prelude::*;

type Cells = (i64, Option<&'static str>, i64);

fn rows(cells: &[Cells]) -> RowBatch {
    batch([
        ("id", column::of(cells.iter().map(|cells| cells.0))),
        (
            "name",
            column::with_nulls(cells.iter().map(|cells| cells.1)),
        ),
        ("value", column::of(cells.iter().map(|cells| cells.2))),
    ])
}

fn changed(cells: &[(&str, Cells)]) -> RowBatch {
    let (kinds, cells): (Vec<&str>, Vec<Cells>) = cells.iter().copied().unzip();
    changes(rows(&cells), &kinds).unwrap()
}

fn schema() -> SchemaRef {
    rows(&[]).columns.schema()
}

fn harness(
    key: Option<&[usize]>,
    backend: Option<SharedBackend>,
    make: impl Fn(&OperatorContext) -> Result<Box<dyn StreamOperator>> + 'static,
) -> RowHarness {
    let key = key.map(|key| KeyCodec::new(schema().fields(), key).unwrap());
    let options = HarnessOptions {
        parallelism: 1,
        keys: vec![key],
        output: schema(),
        sides: Vec::new(),
        backend,
    };
    RowHarness::new(options, make).unwrap()
}

fn out(harness: &mut RowHarness) -> Vec<String> {
    let rows = harness.take_output().unwrap();
    rows.iter().flat_map(text_of).collect()
}

fn normalized() -> ChangelogNormalizeSpec {
    ChangelogNormalizeSpec {
        key: vec![0],
        generate_update_before: true,
        emit_unchanged: false,
        per_record: true,
        ttl: None,
        schema: schema(),
    }
}

fn normalize(spec: ChangelogNormalizeSpec, backend: Option<SharedBackend>) -> RowHarness {
    harness(Some(&[0]), backend, move |context| {
        changelog_normalize(spec.clone(), None, context)
    })
}

#[test]
fn upserts_become_whole_changes() {
    let input = [
        ("+U", (1, Some("a"), 1)),
        ("+I", (2, Some("b"), 1)),
        ("-U", (1, Some("a"), 1)),
        ("+U", (1, Some("c"), 2)),
        ("+U", (1, Some("c"), 2)),
        ("-D", (2, None, 0)),
        ("-D", (3, None, 0)),
    ];
    let mut whole = normalize(normalized(), None);
    whole.push(0, changed(&input)).unwrap();
    let each = [
        "+I[1, a, 1]",
        "+I[2, b, 1]",
        "-U[1, a, 1]",
        "+U[1, c, 2]",
        "-D[2, b, 1]",
    ];
    assert_eq!(out(&mut whole), each);
    whole.restart(3).unwrap();
    whole
        .push(
            0,
            changed(&[("+I", (1, None, 2)), ("+I", (2, Some("d"), 2))]),
        )
        .unwrap();
    let mut after = out(&mut whole);
    after.sort();
    assert_eq!(after, ["+I[2, d, 2]", "+U[1, NULL, 2]", "-U[1, c, 2]"]);
    let spec = ChangelogNormalizeSpec {
        per_record: false,
        ..normalized()
    };
    let mut by_batch = normalize(spec, None);
    by_batch.push(0, changed(&input)).unwrap();
    assert_eq!(out(&mut by_batch), ["+I[1, c, 2]"]);
    let spec = ChangelogNormalizeSpec {
        emit_unchanged: true,
        ..normalized()
    };
    let mut unchanged = normalize(spec, None);
    unchanged
        .push(0, rows(&[(1, Some("a"), 1), (1, Some("a"), 1)]))
        .unwrap();
    assert_eq!(
        out(&mut unchanged),
        ["+I[1, a, 1]", "-U[1, a, 1]", "+U[1, a, 1]"]
    );
}

/// Rows whose value is positive.
struct Positive;

impl RowPredicate for Positive {
    fn evaluate(&mut self, rows: &RecordBatch) -> Result<BooleanArray> {
        let values = rows.column(2).as_primitive::<Int64Type>();
        Ok(values
            .iter()
            .map(|value| value.map(|value| value > 0))
            .collect())
    }
}

#[test]
fn what_is_filtered_out_is_gone() {
    let mut harness = harness(Some(&[0]), None, |context| {
        changelog_normalize(normalized(), Some(Box::new(Positive)), context)
    });
    harness
        .push(
            0,
            rows(&[(1, None, 1), (2, None, -1), (1, None, -2), (2, None, 3)]),
        )
        .unwrap();
    assert_eq!(
        out(&mut harness),
        ["+I[1, NULL, 1]", "-D[1, NULL, 1]", "+I[2, NULL, 3]"]
    );
}

/// Random upserts and deletes; restarts in between.
#[derive(Clone, Debug)]
enum Action {
    Batch(Vec<(bool, i64, &'static str, i64)>),
    Restart(u32),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let name = prop::sample::select(vec!["a", "b", "a name of more than twelve bytes"]);
    let row = (prop::bool::weighted(0.7), 0..5i64, name, 0..3i64);
    let action = prop_oneof![
        4 => prop::collection::vec(row, 0..10).prop_map(Action::Batch),
        1 => (1..4u32).prop_map(Action::Restart),
    ];
    prop::collection::vec(action, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_normalized_changelog_amounts_to_the_upserts(
        actions in actions(),
        per_record in any::<bool>(),
        before in any::<bool>(),
        stored in any::<bool>(),
    ) {
        let spec = ChangelogNormalizeSpec { per_record, generate_update_before: before, ..normalized() };
        let mut harness = normalize(spec, stored.then(SortedMaps::shared));
        let mut table = if before { Table::new() } else { Table::upserts([0]) };
        let mut model = BTreeMap::new();
        for action in &actions {
            match action {
                Action::Restart(parallelism) => harness.restart(*parallelism).unwrap(),
                Action::Batch(upserts) => {
                    let upserts = upserts.iter().map(|(adds, id, name, value)| {
                        if *adds {
                            model.insert(*id, vec![id.to_string(), name.to_string(), value.to_string()]);
                            ("+U", (*id, Some(*name), *value))
                        } else {
                            model.remove(id);
                            ("-D", (*id, None, 0))
                        }
                    });
                    let upserts: Vec<_> = upserts.collect();
                    harness.push(0, changed(&upserts)).unwrap();
                }
            }
            if let Some(out) = harness.take_output().unwrap() {
                table.apply(&out);
            }
            let mut expected: Vec<_> = model.values().cloned().collect();
            expected.sort();
            prop_assert_eq!(table.rows(), expected);
        }
    }
}

fn materialized() -> UpsertMaterializerSpec {
    UpsertMaterializerSpec {
        sink_key: vec![1],
        upsert_key: Some(vec![0]),
        per_record: true,
        ttl: None,
        schema: schema(),
    }
}

fn materialize(spec: UpsertMaterializerSpec, backend: Option<SharedBackend>) -> RowHarness {
    harness(Some(&[1]), backend, move |context| {
        sink_upsert_materializer(spec.clone(), context)
    })
}

#[test]
fn the_last_row_of_a_sinks_key_counts() {
    let mut whole = materialize(materialized(), None);
    let input = [
        ("+I", (1, Some("a"), 1)),
        ("+I", (2, Some("a"), 2)),
        // A change that has overtaken the one before it.
        ("-U", (1, Some("a"), 1)),
        ("+U", (2, Some("a"), 3)),
        ("+I", (3, Some("a"), 4)),
        ("-D", (3, Some("a"), 4)),
        ("-D", (9, Some("a"), 9)),
        ("-D", (2, Some("a"), 3)),
    ];
    whole.push(0, changed(&input[..3])).unwrap();
    assert_eq!(out(&mut whole), ["+I[1, a, 1]", "+U[2, a, 2]"]);
    whole.restart(2).unwrap();
    whole.push(0, changed(&input[3..])).unwrap();
    assert_eq!(
        out(&mut whole),
        ["+U[2, a, 3]", "+U[3, a, 4]", "+U[2, a, 3]", "-D[2, a, 3]"]
    );
    let spec = UpsertMaterializerSpec {
        upsert_key: None,
        ..materialized()
    };
    let mut by_row = materialize(spec, None);
    let equal = (1, Some("a"), 1);
    by_row
        .push(
            0,
            changed(&[("+I", equal), ("+I", equal), ("-D", equal), ("-D", equal)]),
        )
        .unwrap();
    assert_eq!(out(&mut by_row), ["+I[1, a, 1]", "-D[1, a, 1]"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Rows have a key, and move between keys of the sink; the changes of two keys come in any order, so that what leaves a key of the
    /// sink may
    /// go after what comes to it.
    #[test]
    fn no_row_is_lost_when_keys_change(
        actions in actions(),
        late in prop::collection::vec(any::<bool>(), 200),
        by_key in any::<bool>(),
        per_record in any::<bool>(),
        stored in any::<bool>(),
    ) {
        let upsert_key = by_key.then(|| vec![0]);
        let spec = UpsertMaterializerSpec { upsert_key, per_record, ..materialized() };
        let mut harness = materialize(spec, stored.then(SortedMaps::shared));
        let mut table = Table::upserts([1]);
        let mut model: BTreeMap<i64, Cells> = BTreeMap::new();
        let mut late = late.into_iter().cycle();
        for action in &actions {
            let Action::Batch(upserts) = action else {
                if let Action::Restart(parallelism) = action {
                    harness.restart(*parallelism).unwrap();
                }
                continue;
            };
            let (mut now, mut later) = (Vec::new(), Vec::new());
            for (adds, id, name, value) in upserts {
                let before = model.remove(id);
                let after = (*id, Some(*name), *value);
                // What goes from one key of the sink may be overtaken; what changes within one is in order.
                match before {
                    Some(before) if *adds && before.1 != after.1 && late.next() == Some(true)
                        && !later.iter().any(|(_, row): &(&str, Cells)| row.0 == *id) => later.push(("-U", before)),
                    Some(before) if later.iter().any(|(_, row)| row.0 == *id) => later.push(("-D", before)),
                    Some(before) => now.push(("-D", before)),
                    None => {}
                }
                let is_late = later.iter().any(|(_, row)| row.0 == *id && row.1 == after.1);
                if *adds && !is_late {
                    now.push(("+U", after));
                    model.insert(*id, after);
                }
            }
            now.extend(later);
            harness.push(0, changed(&now)).unwrap();
            if let Some(out) = harness.take_output().unwrap() {
                prop_assert!(out.kinds.iter().all(|kind| kind.symbol() != "-U"));
                table.apply(&out);
            }
            // Each name that some row has is there, with one of these rows; no other is.
            let there = table.rows();
            let mut names: Vec<_> = model.values().filter_map(|row| row.1).collect();
            names.sort_unstable();
            names.dedup();
            let mut got: Vec<_> = there.iter().map(|row| row[1].clone()).collect();
            got.sort();
            prop_assert_eq!(got, names);
            for row in &there {
                let is_model = |model: &Cells| *row == rows_of(&rows(&[*model]))[0].1;
                prop_assert!(model.values().any(is_model), "{:?}", row);
            }
        }
    }
}

#[test]
fn sinks_are_kept_from_what_they_do_not_take() {
    let input = [
        ("-U", (1, Some("a"), 1)),
        ("+U", (1, Some("b"), 2)),
        ("-D", (2, None, 3)),
    ];
    let mut upserts = harness(None, None, |_| Ok(drop_update_before()));
    upserts.push(0, changed(&input)).unwrap();
    assert_eq!(out(&mut upserts), ["+U[1, b, 2]", "-D[2, NULL, 3]"]);
    let mut inserts = harness(None, None, |_| Ok(inserts_only("files")));
    inserts.push(0, rows(&[(1, None, 1)])).unwrap();
    assert_eq!(out(&mut inserts), ["+I[1, NULL, 1]"]);
    let error = inserts.push(0, changed(&input)).unwrap_err();
    assert!(
        error.to_string().contains("-U for the sink `files`"),
        "{error}"
    );
}

#[test]
fn no_null_comes_to_a_column_that_takes_none() {
    let enforced = |enforcer| {
        let spec = NotNullSpec {
            columns: vec![1, 2],
            enforcer,
            schema: schema(),
        };
        harness(None, None, move |context| {
            not_null_enforcer(spec.clone(), context)
        })
    };
    let mut dropping = enforced(NotNullEnforcer::Drop);
    dropping
        .push(0, rows(&[(1, None, 1), (2, Some("b"), 2)]))
        .unwrap();
    assert_eq!(out(&mut dropping), ["+I[2, b, 2]"]);
    let mut failing = enforced(NotNullEnforcer::Error);
    failing.push(0, rows(&[(2, Some("b"), 2)])).unwrap();
    let error = failing.push(0, rows(&[(1, None, 1)])).unwrap_err();
    assert!(error.to_string().contains("`name`"), "{error}");
}

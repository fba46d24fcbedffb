//! Group aggregates: worked examples, and random changes against a recomputation.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arrow_schema::{DataType, Field, FieldRef, SchemaRef};
use hurtig_table::operators::aggregate::{
    AggregateCall, AggregateFunction as F, GroupAggregateSpec, group_aggregate,
};
use hurtig_table::{KeyCodec, RowBatch};
use hurtig_testing_rows::{
    HarnessOptions, Row, RowHarness, Table, batch, changes, column, text_of,
};
use proptest::prelude::*;

fn field(name: &str, data_type: DataType) -> FieldRef {
    Arc::new(Field::new(name, data_type, true))
}

pub(crate) fn long(function: F, argument: usize) -> AggregateCall {
    AggregateCall::new(function, Some(argument), field("l", DataType::Int64))
}

pub(crate) fn text(function: F, argument: usize) -> AggregateCall {
    AggregateCall::new(function, Some(argument), field("t", DataType::Utf8View))
}

pub(crate) fn count_star() -> AggregateCall {
    AggregateCall::new(F::CountStar, None, field("n", DataType::Int64))
}

fn list_agg(argument: usize) -> AggregateCall {
    let separator = ",".to_string();
    text(F::ListAgg { separator }, argument)
}

/// A row of the tests: a key, a number, a text, a flag.
type Item = (i64, Option<i64>, Option<&'static str>, Option<bool>);

fn rows(items: &[Item]) -> RowBatch {
    batch([
        ("k", column::of(items.iter().map(|it| it.0))),
        ("a", column::with_nulls(items.iter().map(|it| it.1))),
        ("s", column::with_nulls(items.iter().map(|it| it.2))),
        ("f", column::with_nulls(items.iter().map(|it| it.3))),
    ])
}

fn schema() -> SchemaRef {
    rows(&[]).columns.schema()
}

fn spec(keys: &[usize], calls: Vec<AggregateCall>) -> GroupAggregateSpec {
    let schema = schema();
    let key = KeyCodec::new(schema.fields(), keys).unwrap();
    GroupAggregateSpec::new(key, calls, schema)
}

fn retracting(keys: &[usize], calls: Vec<AggregateCall>) -> GroupAggregateSpec {
    GroupAggregateSpec {
        input_insert_only: false,
        ..spec(keys, calls)
    }
}

fn harness(spec: GroupAggregateSpec, parallelism: u32) -> RowHarness {
    let options = HarnessOptions {
        parallelism,
        keys: vec![Some(spec.key.clone())],
        output: spec.output(),
        sides: Vec::new(),
        backend: None,
    };
    RowHarness::new(options, move |context| group_aggregate(&spec, context)).unwrap()
}

fn output(harness: &mut RowHarness) -> Vec<String> {
    let out = harness.take_output().unwrap();
    out.map_or_else(Vec::new, |out| text_of(&out))
}

#[test]
fn a_batch_changes_each_group_once() {
    let calls = vec![count_star(), long(F::Sum, 1), text(F::Max, 2)];
    let mut groups = harness(spec(&[0], calls), 1);
    let items = [
        (1, Some(5), Some("b"), None),
        (2, None, None, None),
        (1, Some(7), Some("a"), None),
    ];
    groups.push(0, rows(&items)).unwrap();
    assert_eq!(
        output(&mut groups),
        ["+I[1, 2, 12, b]", "+I[2, 1, NULL, NULL]"]
    );
    groups
        .push(0, rows(&[(2, Some(1), Some("z"), None)]))
        .unwrap();
    assert_eq!(
        output(&mut groups),
        ["-U[2, 1, NULL, NULL]", "+U[2, 2, 1, z]"]
    );
}

#[test]
fn a_result_that_stays_is_not_said_again() {
    let mut groups = harness(spec(&[0], vec![long(F::Max, 1), long(F::Avg, 1)]), 1);
    groups.push(0, rows(&[(1, Some(5), None, None)])).unwrap();
    groups
        .push(0, rows(&[(1, Some(5), None, None), (1, None, None, None)]))
        .unwrap();
    assert_eq!(output(&mut groups), ["+I[1, 5, 5]"]);
}

#[test]
fn each_row_has_its_change_where_that_is_asked_for() {
    let spec = GroupAggregateSpec {
        per_record: true,
        generate_update_before: false,
        ..retracting(&[0], vec![count_star(), list_agg(2)])
    };
    let mut groups = harness(spec, 1);
    let items = [1, 2, 1, 1, 2].map(|key| (key, None, Some("x"), None));
    let input = changes(rows(&items), &["+I", "-D", "+I", "-D", "+I"]).unwrap();
    groups.push(0, input).unwrap();
    let expected = ["+I[1, 1, x]", "+U[1, 2, x,x]", "+U[1, 1, x]", "+I[2, 1, x]"];
    assert_eq!(output(&mut groups), expected);
    groups
        .push(0, changes(rows(&items[..1]), &["-D"]).unwrap())
        .unwrap();
    groups.push(0, rows(&items[..1])).unwrap();
    assert_eq!(output(&mut groups), ["-D[1, 1, x]", "+I[1, 1, x]"]);
}

#[test]
fn all_functions_answer_as_flink_does() {
    let double = |function| AggregateCall::new(function, Some(1), field("d", DataType::Float64));
    let list = DataType::List(field("item", DataType::Int64));
    let array = AggregateCall::new(F::ArrayAgg, Some(1), field("arr", list));
    let calls = vec![
        long(F::Count, 1).filter(3),
        long(F::Sum0, 1).filter(3),
        long(F::Avg, 1),
        double(F::Avg),
        double(F::StddevPop),
        double(F::VarSamp),
        text(F::FirstValue, 2),
        text(F::LastValue, 2),
        list_agg(2),
        list_agg(2).distinct(),
        array,
        AggregateCall::new(F::Min, Some(3), field("b", DataType::Boolean)),
    ];
    let items = [
        (1, Some(1), None, Some(true)),
        (1, Some(2), Some("b"), None),
        (1, Some(4), Some("a"), Some(false)),
        (1, None, Some("b"), Some(true)),
    ];
    for spec in [spec(&[0], calls.clone()), retracting(&[0], calls)] {
        let mut groups = harness(spec, 1);
        groups.push(0, rows(&items)).unwrap();
        groups.restart(2).unwrap();
        groups.push(0, rows(&items[..1])).unwrap();
        let last = output(&mut groups).pop().unwrap();
        let expected = "+U[1, 2, 2, 2, 2.0, 1.224744871391589, 2.0, b, b, b,a,b, b,a, [1, 2, 4, NULL, 1], false]";
        assert_eq!(last, expected);
    }
}

#[test]
fn whole_numbers_wrap_in_their_type_and_decimals_round() {
    let decimals = |values: Vec<i128>| {
        let array = arrow_array::Decimal128Array::from(values);
        Arc::new(array.with_precision_and_scale(10, 2).unwrap()) as arrow_array::ArrayRef
    };
    let input = batch([
        ("i", column::of([i32::MAX, 1])),
        ("d", decimals(vec![100, 201])),
    ]);
    let schema = input.columns.schema();
    let calls = vec![
        AggregateCall::new(F::Sum, Some(0), field("i", DataType::Int32)),
        AggregateCall::new(F::Sum, Some(1), field("s", DataType::Decimal128(38, 2))),
        AggregateCall::new(F::Avg, Some(1), field("a", DataType::Decimal128(38, 6))),
        AggregateCall::new(F::Max, Some(1), field("m", DataType::Decimal128(10, 2))),
    ];
    let key = KeyCodec::new(schema.fields(), &[]).unwrap();
    let mut groups = harness(GroupAggregateSpec::new(key, calls, schema), 1);
    groups.push(0, input).unwrap();
    assert_eq!(
        output(&mut groups),
        ["+I[-2147483648, 3.01, 1.505000, 2.01]"]
    );
}

#[test]
fn groups_are_forgotten_after_their_time_to_live() {
    let spec = GroupAggregateSpec {
        ttl: Some(Duration::from_millis(100)),
        ..spec(&[0], vec![count_star(), long(F::Count, 1).distinct()])
    };
    let mut groups = harness(spec, 1);
    let one = || rows(&[(1, Some(5), None, None)]);
    groups.push(0, one()).unwrap();
    groups.set_time(99).unwrap();
    groups.push(0, one()).unwrap();
    groups.restart(2).unwrap();
    groups.set_time(198).unwrap();
    groups.push(0, one()).unwrap();
    groups.set_time(298).unwrap();
    groups.push(0, one()).unwrap();
    let expected = [
        "+I[1, 1, 1]",
        "-U[1, 1, 1]",
        "+U[1, 2, 1]",
        "-U[1, 2, 1]",
        "+U[1, 3, 1]",
        "+I[1, 1, 1]",
    ];
    assert_eq!(output(&mut groups), expected);
}

#[test]
fn a_subquery_with_two_rows_fails() {
    let mut groups = harness(retracting(&[], vec![long(F::SingleValue, 1)]), 1);
    groups.push(0, rows(&[(1, Some(5), None, None)])).unwrap();
    assert_eq!(output(&mut groups), ["+I[5]"]);
    let error = groups
        .push(0, rows(&[(1, Some(6), None, None)]))
        .unwrap_err();
    assert!(
        error.to_string().contains("must have one row has 2"),
        "{error}"
    );
}

/// What the calls of the model are over these rows.
fn recompute(items: &[Item]) -> BTreeMap<i64, Row> {
    let mut groups: BTreeMap<i64, Vec<&Item>> = BTreeMap::new();
    items
        .iter()
        .for_each(|item| groups.entry(item.0).or_default().push(item));
    let result = |items: Vec<&Item>| {
        let numbers: Vec<i64> = items.iter().filter_map(|it| it.1).collect();
        let texts: Vec<&str> = items.iter().filter_map(|it| it.2).collect();
        let flagged = items.iter().filter(|it| it.3 == Some(true));
        let flagged: std::collections::BTreeSet<i64> = flagged.filter_map(|it| it.1).collect();
        let different: std::collections::BTreeSet<i64> = numbers.iter().copied().collect();
        let different_texts: std::collections::BTreeSet<&str> = texts.iter().copied().collect();
        let shown = |value: Option<String>| value.unwrap_or_else(|| "NULL".into());
        let sum = numbers.iter().sum::<i64>();
        let is_some = !numbers.is_empty();
        vec![
            items.len().to_string(),
            numbers.len().to_string(),
            shown(is_some.then(|| sum.to_string())),
            shown(is_some.then(|| (sum / numbers.len() as i64).to_string())),
            shown(numbers.iter().min().map(i64::to_string)),
            shown(numbers.iter().max().map(i64::to_string)),
            shown(texts.iter().min().map(|it| it.to_string())),
            different.len().to_string(),
            flagged.len().to_string(),
            shown(is_some.then(|| different.iter().sum::<i64>().to_string())),
            different_texts.len().to_string(),
        ]
    };
    groups
        .into_iter()
        .map(|(key, items)| (key, result(items)))
        .collect()
}

fn model_calls() -> Vec<AggregateCall> {
    vec![
        count_star(),
        long(F::Count, 1),
        long(F::Sum, 1),
        long(F::Avg, 1),
        long(F::Min, 1),
        long(F::Max, 1),
        text(F::Min, 2),
        long(F::Count, 1).distinct(),
        long(F::Count, 1).distinct().filter(3),
        long(F::Sum, 1).distinct(),
        long(F::Count, 2).distinct(),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Rows(Vec<(Item, bool, usize)>),
    Restart(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let number = prop_oneof![Just(None), (-3i64..4).prop_map(Some), Just(Some(1 << 40))];
    let texts = prop_oneof![
        Just(None),
        Just(Some("a")),
        Just(Some("b")),
        Just(Some("a long text that has no room"))
    ];
    let item = (0i64..5, number, texts, any::<Option<bool>>());
    let row = (
        item,
        prop::bool::weighted(0.4),
        any::<prop::sample::Index>(),
    );
    let row = row.prop_map(|(item, removes, which)| (item, removes, which.index(1 << 20)));
    let rows = prop::collection::vec(row, 0..12).prop_map(Step::Rows);
    let step = prop_oneof![5 => rows, 1 => (1u32..4).prop_map(Step::Restart)];
    prop::collection::vec(step, 1..12)
}

/// Makes rows of a step: some take away what is there.
fn play(step: &[(Item, bool, usize)], there: &mut Vec<Item>, retracts: bool) -> RowBatch {
    let mut items = Vec::new();
    let mut kinds = Vec::new();
    for (item, removes, which) in step {
        if *removes && retracts && !there.is_empty() {
            items.push(there.remove(which % there.len()));
            kinds.push(if which % 2 == 0 { "-D" } else { "-U" });
        } else {
            there.push(*item);
            items.push(*item);
            kinds.push(if retracts && which % 3 == 0 {
                "+U"
            } else {
                "+I"
            });
        }
    }
    changes(rows(&items), &kinds).unwrap()
}

fn equals_recomputation(spec: GroupAggregateSpec, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let retracts = !spec.input_insert_only;
    let is_keyed = !spec.key.columns().is_empty();
    let mut table = match spec.generate_update_before {
        true => Table::new(),
        false => Table::upserts([0]),
    };
    let mut groups = harness(spec, 1);
    let mut there = Vec::new();
    for step in steps {
        match step {
            Step::Restart(parallelism) => groups.restart(parallelism).unwrap(),
            Step::Rows(step) => groups.push(0, play(&step, &mut there, retracts)).unwrap(),
        }
        if let Some(out) = groups.take_output().unwrap() {
            table.apply(&out);
        }
        let expected: Vec<Row> = if is_keyed {
            let groups = recompute(&there).into_iter();
            groups
                .map(|(key, row)| [vec![key.to_string()], row].concat())
                .collect()
        } else {
            let all: Vec<Item> = there.iter().map(|it| (0, it.1, it.2, it.3)).collect();
            recompute(&all).into_values().collect()
        };
        let mut expected = expected;
        expected.sort();
        prop_assert_eq!(table.rows(), expected);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn inserts_amount_to_their_recomputation(steps in steps(), per_record: bool) {
        equals_recomputation(GroupAggregateSpec { per_record, ..spec(&[0], model_calls()) }, steps)?;
    }

    #[test]
    fn changes_amount_to_their_recomputation(steps in steps(), per_record: bool, generate_update_before: bool) {
        let spec = retracting(&[0], model_calls());
        equals_recomputation(GroupAggregateSpec { per_record, generate_update_before, ..spec }, steps)?;
    }

    #[test]
    fn changes_of_all_rows_amount_to_their_recomputation(steps in steps(), per_record: bool) {
        equals_recomputation(GroupAggregateSpec { per_record, ..retracting(&[], model_calls()) }, steps)?;
    }
}

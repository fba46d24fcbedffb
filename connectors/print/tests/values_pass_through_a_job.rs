//! Rows from memory to a client, with their kinds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop where it fails"
)]

use hurtig_connector_print::{BlackholeFactory, ValuesFactory};
use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_env::World;
use hurtig_table::RowBatch;
use hurtig_table::connector::collect;
use hurtig_table::connector::{
    ChangelogMode, ScanRequest, TableDescription, TableFactory, TableOptions,
};
use hurtig_testing_rows::{batch, changes, column, text_of};
use hurtig_types::Result;

fn table(options: &[(&str, &str)]) -> TableDescription {
    let rows = batch([("n", column::of([1i64])), ("text", column::of(["a"]))]);
    TableDescription {
        name: "t".to_string(),
        schema: rows.columns.schema(),
        metadata: Vec::new(),
        primary_key: Vec::new(),
        partition_keys: Vec::new(),
        options: TableOptions::new("t", options.iter().copied()),
    }
}

#[test]
fn kinds_and_order_stay() -> Result<()> {
    let rows = batch([
        ("n", column::of([1i64, 1, 2])),
        ("text", column::of(["a", "a", "b"])),
    ]);
    let rows = changes(rows, &["+I", "-U", "+U"])?;
    let factory = ValuesFactory::new();
    factory.register(
        "changes",
        vec![RowBatch::empty(rows.columns.schema()), rows],
    );
    let scan = factory.scan(&table(&[("data-id", "changes")]))?;
    assert_eq!(scan.changelog_mode(), ChangelogMode::UPDATES);
    let world = World::simulated(3);
    let env = StreamExecutionEnvironment::in_world(world.clone());
    env.set_parallelism(2);
    let request = ScanRequest {
        named: "values".into(),
        projection: vec![1, 0],
        limit: None,
        watermarks: None,
    };
    let stream = scan.stream(&env, request)?;
    let (sink, mut reader) = collect();
    stream.sink_to("client", sink);
    (BlackholeFactory.sink(&table(&[]))?.sink)(&stream, "blackhole".into());
    env.execute("values")?;
    reader.end();
    let rows = world.block_on(reader.next())??.unwrap();
    assert_eq!(text_of(&rows), ["+I[a, 1]", "-U[a, 1]", "+U[b, 2]"]);
    assert!(world.block_on(reader.next())??.is_none());
    Ok(())
}

#[test]
fn rows_of_another_name_or_type_are_refused() {
    let factory = ValuesFactory::new();
    factory.register("other", vec![batch([("n", column::of([1i64]))])]);
    for (id, expected) in [
        ("none", "'data-id' is 'none'"),
        ("other", "have other types"),
    ] {
        let error = factory
            .scan(&table(&[("data-id", id)]))
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
}

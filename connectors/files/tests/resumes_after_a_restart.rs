//! From a snapshot taken at any point, a reader gives exactly the rest.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::future::poll_fn;

use common::{Row, Running, compressed, csv, put, resume, row};
use hurtig_connect::{ReaderEvent, ReaderOutput, SourceSplit};
use hurtig_connector_files::FileSource;
use hurtig_env::World;
use hurtig_format_csv::CsvFormat;
use hurtig_types::batch_capacity;
use proptest::prelude::*;

/// Reads `batches` batches, then the rest from a snapshot; answers both.
fn in_two_runs(
    world: &World,
    source: &FileSource<Row, CsvFormat<Row>>,
    batches: usize,
) -> (Vec<Row>, Vec<Row>) {
    let mut running = Running::start(world, source, 1).unwrap();
    running
        .run_until(|output| output.origins.len() >= batches)
        .unwrap();
    let snapshot = running.snapshot();
    let before = running.output.records;
    // What was not assigned yet stays with the enumerator; here every file is one split.
    (before, resume(world, source, snapshot).unwrap())
}

#[test]
fn in_plain_and_compressed_files() {
    let rows = 5 * batch_capacity::<Row>() as u64 + 17;
    let text = csv(0..rows);
    let world = World::simulated(5);
    put(&world, "in/a.csv", &text);
    put(&world, "in/a.csv.gz", compressed::gzip(text.as_bytes()));
    put(&world, "in/a.csv.zst", compressed::zstd(text.as_bytes()));
    for file in ["in/a.csv", "in/a.csv.gz", "in/a.csv.zst"] {
        let source = FileSource::new(file).format(CsvFormat::new());
        for batches in 1..=6 {
            let (mut before, mut after) = in_two_runs(&world, &source, batches);
            assert!(!before.is_empty() && after.is_empty() == (batches == 6));
            before.append(&mut after);
            assert!(
                before == (0..rows).map(row).collect::<Vec<_>>(),
                "{file} after {batches}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn at_any_point_of_any_splits(
        rows in 1u64..4000, split in 1u64..60_000, polls in 0usize..12, seed in any::<u64>(),
        blank in any::<bool>(),
    ) {
        let world = World::simulated(seed);
        let text = csv(0..rows);
        let text = if blank { text.replace("\n1", "\r\n\r\n1") } else { text };
        put(&world, "in/a.csv", text);
        let source = FileSource::new("in/a.csv").split_size(split.max(200)).format(CsvFormat::new());
        let mut running = Running::start(&world, &source, 2).unwrap();
        running.run_until(|output| output.origins.len() >= polls).unwrap();
        let open = running.snapshot();
        let mut found = std::mem::take(&mut running.output.records);
        // The first run goes on with the splits that the readers did not have yet.
        for reader in &mut running.readers {
            reader.close().unwrap();
        }
        running.run_until(|_| false).unwrap();
        found.append(&mut running.output.records);
        found.extend(resume(&world, &source, open).unwrap());
        found.sort_by_key(|row: &Row| row.id);
        prop_assert!(found == (0..rows).map(row).collect::<Vec<_>>());
    }
}

#[test]
fn a_snapshot_holds_splits_that_were_not_begun_and_paused_ones() {
    let world = World::simulated(5);
    let source = FileSource::<Row>::new("in").format(CsvFormat::new());
    put(&world, "in/a.csv", csv(0..10));
    put(&world, "in/b.csv", csv(10..20));
    let mut reader = common::reader(&world, &source);
    reader.add_splits(common::splits(&world, &source)).unwrap();
    reader.set_paused("in/a.csv@0", true);
    let mut out = ReaderOutput::default();
    let event = world.block_on(poll_fn(|context| reader.poll_next(context, &mut out)));
    assert_eq!(event.unwrap().unwrap(), ReaderEvent::SplitFinished);
    assert_eq!(out.records.values, (10..20).map(row).collect::<Vec<_>>());

    let open = reader.snapshot();
    assert_eq!(
        open.iter().map(SourceSplit::id).collect::<Vec<_>>(),
        ["in/a.csv@0"]
    );
    assert_eq!(
        resume(&world, &source, open).unwrap(),
        (0..10).map(row).collect::<Vec<_>>()
    );

    // Paused it waits, and goes on when it may.
    let waits = world.block_on(poll_fn(|context| {
        out.clear();
        std::task::Poll::Ready(reader.poll_next(context, &mut out).is_pending())
    }));
    assert!(waits.unwrap());
    reader.set_paused("in/a.csv@0", false);
    world
        .block_on(poll_fn(|context| reader.poll_next(context, &mut out)))
        .unwrap()
        .unwrap();
    assert_eq!(out.records.len(), 10);
}

#[test]
fn a_file_that_became_shorter_or_vanished_is_named() {
    let world = World::simulated(5);
    let rows = 3 * batch_capacity::<Row>() as u64;
    for (file, bytes) in [
        ("in/a.csv", csv(0..rows).into_bytes()),
        ("in/a.csv.gz", compressed::gzip(csv(0..rows).as_bytes())),
    ] {
        put(&world, file, &bytes);
        let source = FileSource::<Row>::new(file).format(CsvFormat::new());
        let mut running = Running::start(&world, &source, 1).unwrap();
        running
            .run_until(|output| !output.origins.is_empty())
            .unwrap();
        let snapshot = running.snapshot();

        put(&world, file, &bytes[..20]);
        let error = resume(&world, &source, snapshot.clone()).unwrap_err();
        assert!(error.to_string().contains(file), "{error}");
        assert!(
            error.to_string().contains("cut short") || error.to_string().contains("20"),
            "{error}"
        );

        let place = world.storage().open(file).unwrap();
        use hurtig_env::object_store::ObjectStoreExt;
        world
            .block_on(place.store.delete(&place.path))
            .unwrap()
            .unwrap();
        let error = resume(&world, &source, snapshot).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{file}` vanished: it was there when files were listed")
        );
    }
}

//! Whatever a file is cut into, every line is read, and once.

// These tests look at the machine itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

mod common;

use common::{csv, put, read, row};
use hurtig_connect::TextFormat;
use hurtig_connector_files::FileSource;
use hurtig_env::World;
use hurtig_format_csv::CsvFormat;
use proptest::prelude::*;

fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<_> = text.split('\n').map(str::to_string).collect();
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
        .iter()
        .map(|line| line.strip_suffix('\r').unwrap_or(line).to_string())
        .collect()
}

/// Short and empty lines and some longer than a split, with either line end, with or without one at the end of the file.
fn text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        3 => "[a-c]{0,6}",
        1 => "[d-f]{20,60}",
    ];
    let end = prop_oneof![Just("\n"), Just("\r\n")];
    (prop::collection::vec((line, end), 0..40), any::<bool>()).prop_map(|(lines, ended)| {
        let mut text: String = lines.into_iter().map(|(line, end)| line + end).collect();
        if !ended {
            text.truncate(text.trim_end().len());
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn of_any_file_in_splits_of_any_size(
        text in text(), split in 1u64..80, parallelism in 1u32..4, seed in any::<u64>(),
    ) {
        let world = World::simulated(seed);
        put(&world, "in/a.txt", &text);
        let source = FileSource::new("in/a.txt").split_size(split).format(TextFormat::new());
        let mut found = read(&world, &source, parallelism).unwrap().records;
        let mut expected = lines(&text);
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn of_csv_with_its_header_in_every_part(rows in 0u64..60, split in 1u64..80, comments in 0usize..4) {
        let world = World::simulated(split);
        let text = "# a comment of some length\n".repeat(comments) + &csv(0..rows);
        put(&world, "in/a.csv", &text);
        let format = CsvFormat::new().comment("#");
        let source = FileSource::new("in/a.csv").split_size(split).format(format);
        let mut found = read(&world, &source, 2).unwrap().records;
        found.sort_by_key(|row: &common::Row| row.id);
        prop_assert_eq!(found, (0..rows).map(row).collect::<Vec<_>>());
    }
}

#[test]
fn of_files_that_are_empty_or_hold_only_a_header() {
    let world = World::simulated(1);
    for (text, count) in [
        ("", 0),
        ("id,name", 0),
        ("id,name\r\n", 0),
        ("\u{feff}id,name\n1,x", 1),
    ] {
        put(&world, "in/a.csv", text);
        let source = FileSource::<common::Row>::new("in").format(CsvFormat::new());
        assert_eq!(
            read(&world, &source, 1).unwrap().records.len(),
            count,
            "{text:?}"
        );
    }
}

#[test]
fn in_order_by_one_reader_in_full_batches() {
    let world = World::simulated(1);
    put(&world, "in/a.csv", csv(0..5000));
    let source = FileSource::<common::Row>::new("in/a.csv").format(CsvFormat::new());
    let output = read(&world, &source, 1).unwrap();
    assert_eq!(output.records, (0..5000).map(row).collect::<Vec<_>>());
    let shown: Vec<_> = output.origins.iter().map(ToString::to_string).collect();
    assert_eq!(shown[0], "in/a.csv line 2 to 1025");
    assert_eq!(shown[1], "in/a.csv line 1026 to 2049");
    assert_eq!(output.origins.len(), 5);
    let tenth = output.origins[1].at(10).unwrap();
    assert_eq!(tenth.to_string(), "in/a.csv line 1036");
}

#[test]
fn where_some_lines_are_no_records_only_the_range_of_lines_is_known() {
    let world = World::simulated(1);
    put(&world, "in/a.csv", "id,name\n1,a\n\n2,c\n");
    let source = FileSource::<common::Row>::new("in").format(CsvFormat::new());
    let output = read(&world, &source, 1).unwrap();
    assert_eq!(output.records.len(), 2);
    assert!(output.origins.iter().all(|origin| origin.at(0).is_none()));
}

#[test]
fn by_many_readers_of_many_parts_on_the_machine() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.csv");
    std::fs::write(&path, csv(0..20_000)).unwrap();
    let world = World::builder().compute_threads(1).io_threads(1).build();
    let source = FileSource::new(path.to_str().unwrap())
        .split_size(10_000)
        .format(CsvFormat::new());
    let output = read(&world, &source, 3).unwrap();
    let mut found = output.records;
    found.sort_by_key(|row: &common::Row| row.id);
    assert_eq!(found, (0..20_000).map(row).collect::<Vec<_>>());
    assert!(output.finished > 10);
    // Lines of a later part can't be counted, so it says bytes.
    assert!(
        output
            .origins
            .iter()
            .any(|origin| origin.to_string().contains("a.csv@10000 byte 100"))
    );
}

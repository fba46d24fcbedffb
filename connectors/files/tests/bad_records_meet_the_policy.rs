//! A record that can't be read is named by file, line and field, and goes where the policy says.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Row, Running, put, read};
use hurtig_connect::{BadRecordPolicy, TextFormat};
use hurtig_connector_files::FileSource;
use hurtig_env::World;
use hurtig_format_csv::CsvFormat;
use hurtig_format_json::JsonFormat;
use hurtig_metrics::names;
use hurtig_types::ErrorKind;

const CSV: &str = "id,name\n1,a\n\nx,b\n3,c\n4\n5,e\n";

fn source(policy: BadRecordPolicy) -> FileSource<Row, CsvFormat<Row>> {
    FileSource::new("in/a.csv")
        .format(CsvFormat::new())
        .on_bad_record(policy)
}

fn world() -> World {
    let world = World::simulated(1);
    put(&world, "in/a.csv", CSV);
    world
}

#[test]
fn fail_names_the_first() {
    let error = read(&world(), &source(BadRecordPolicy::Fail), 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRecord);
    assert_eq!(
        error.to_string(),
        "in/a.csv line 4, field `id`: `x` is not a whole number"
    );
}

#[test]
fn skip_reads_the_others_and_counts() {
    let world = world();
    let mut running = Running::start(&world, &source(BadRecordPolicy::Skip), 1).unwrap();
    running.run_until(|_| false).unwrap();
    let ids: Vec<_> = running.output.records.iter().map(|row| row.id).collect();
    assert_eq!(ids, [1, 3, 5]);
    assert!(running.output.bad.is_empty());
    assert_eq!(
        running.metrics.counter(names::NUM_RECORDS_IN_ERRORS).get(),
        2
    );
}

#[test]
fn skip_gets_past_a_file_of_nothing_else() {
    let world = World::simulated(1);
    put(
        &world,
        "in/a.csv",
        format!("id,name\n{}7,g\n", "x,y\n".repeat(400_000)),
    );
    let output = read(&world, &source(BadRecordPolicy::Skip), 1).unwrap();
    assert_eq!(output.records.len(), 1);
}

#[test]
fn side_output_hands_them_over_with_their_bytes() {
    let output = read(&world(), &source(BadRecordPolicy::SideOutput), 1).unwrap();
    assert_eq!(output.records.len(), 3);
    let shown: Vec<_> = output.bad.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "in/a.csv line 4, field `id`: `x` is not a whole number",
            "in/a.csv line 6: it has 1 fields instead of 2",
        ]
    );
    assert_eq!(output.bad[0].raw, b"x,b");
}

#[test]
fn in_a_later_part_the_byte_says_where() {
    let world = world();
    let output = read(
        &world,
        &source(BadRecordPolicy::SideOutput).split_size(9),
        1,
    )
    .unwrap();
    let x = output.bad.iter().find(|bad| bad.raw == b"x,b").unwrap();
    assert_eq!((x.split.as_str(), x.unit.as_str()), ("in/a.csv@9", "byte"));
    assert!(CSV[x.position as usize..].starts_with("x,b"));
}

#[test]
fn a_line_without_end_is_one_bad_record_and_bounded_memory() {
    let world = World::simulated(1);
    let long = "z".repeat(3_000_000);
    put(&world, "in/a.txt", format!("first\n{long}\nlast\n{long}"));
    let format = TextFormat::new().line_bytes_max(100_000);
    let source = FileSource::new("in")
        .format(format)
        .on_bad_record(BadRecordPolicy::SideOutput);
    let output = read(&world, &source, 1).unwrap();
    assert_eq!(output.records, ["first", "last"]);
    let shown: Vec<_> = output.bad.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "in/a.txt line 2: it is longer than 100000 bytes",
            "in/a.txt line 4: it is longer than 100000 bytes"
        ]
    );
    assert_eq!(output.bad[0].raw.len(), 4096);
}

#[test]
fn of_json_names_the_path_and_the_column() {
    let world = World::simulated(1);
    put(
        &world,
        "in/a.jsonl",
        "{\"id\":1,\"name\":\"a\"}\n{\"id\":-2,\"name\":\"b\"}\n",
    );
    let source = FileSource::<Row>::new("in").format(JsonFormat::new());
    let error = read(&world, &source, 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "in/a.jsonl line 2, field `id`: invalid value: integer `-2`, expected u64 (column 8)"
    );
}

#[test]
fn a_column_that_misses_is_named_with_those_there_are() {
    let world = World::simulated(1);
    put(&world, "in/a.csv", "id,nme\n1,a\n");
    let error = read(&world, &source(BadRecordPolicy::Fail), 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "in/a.csv line 2, field `name`: no column has this name; there are id, nme"
    );
}

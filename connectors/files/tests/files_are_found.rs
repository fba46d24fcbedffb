//! Paths, directories, globs: which files a source reads, and what it says when there are none.

// These tests look at the machine itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

mod common;

use std::time::Duration;

use common::{Running, put, read};
use hurtig_connect::{Boundedness, Source, TextFormat};
use hurtig_connector_files::{Compression, FileSource};
use hurtig_env::World;
use hurtig_types::ErrorKind;

/// A world with one line in each file: its name.
fn world() -> World {
    let world = World::simulated(7);
    for name in [
        "in/a.csv",
        "in/b.csv",
        "in/c.txt",
        "in/.hidden.csv",
        "in/_hidden.csv",
        "in/2013/a.csv",
        "in/2013/01/a.csv",
        "in/_tmp/a.csv",
        "in/2014/[x].csv",
        "else/a.csv",
    ] {
        put(&world, name, name);
    }
    world
}

fn lines(input: &str) -> FileSource<String, TextFormat> {
    FileSource::new(input).format(TextFormat::new())
}

fn found(input: &str) -> Vec<String> {
    read(&world(), &lines(input), 1).unwrap().records
}

fn complaint(source: &FileSource<String, TextFormat>) -> String {
    let world = world();
    let error = world.block_on(source.check(&world)).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    error.to_string()
}

#[test]
fn a_file_is_itself_even_a_hidden_one_or_one_named_like_a_pattern() {
    assert_eq!(found("in/a.csv"), ["in/a.csv"]);
    assert_eq!(found("/in/./a.csv"), ["in/a.csv"]);
    assert_eq!(found("in/.hidden.csv"), ["in/.hidden.csv"]);
    assert_eq!(found("in/2014/[x].csv"), ["in/2014/[x].csv"]);
}

#[test]
fn a_directory_is_all_files_below_it_but_the_hidden_ones() {
    let all = [
        "in/2013/01/a.csv",
        "in/2013/a.csv",
        "in/2014/[x].csv",
        "in/a.csv",
        "in/b.csv",
        "in/c.txt",
    ];
    assert_eq!(found("in"), all);
    assert_eq!(found("in/"), all);
    assert_eq!(found("in/_tmp"), ["in/_tmp/a.csv"]);
}

#[test]
fn a_glob_is_what_matches() {
    assert_eq!(found("in/*.csv"), ["in/a.csv", "in/b.csv"]);
    assert_eq!(
        found("in/**/a.csv"),
        ["in/2013/01/a.csv", "in/2013/a.csv", "in/a.csv"]
    );
    assert_eq!(
        found("in/20[0-9]3/**"),
        ["in/2013/01/a.csv", "in/2013/a.csv"]
    );
    assert_eq!(found("*/{a,c}.*"), ["else/a.csv", "in/a.csv", "in/c.txt"]);
    assert_eq!(found("in/_*.csv"), ["in/_hidden.csv"]);
    assert_eq!(found("in/*/*/*"), ["in/2013/01/a.csv"]);
}

#[test]
fn several_inputs_read_a_file_once() {
    let world = world();
    let source = lines("in/*.csv").and("/in/a.csv").and("else");
    let found = read(&world, &source, 1).unwrap().records;
    assert_eq!(found, ["else/a.csv", "in/a.csv", "in/b.csv"]);
}

#[test]
fn other_stores_are_read_alike() {
    let world = World::simulated(3);
    put(&world, "memory://lake/in/a.csv", "a");
    put(&world, "memory://other/in/a.csv", "b");
    let source = lines("memory://lake/in/*").and("memory://other/**/a.csv");
    assert_eq!(read(&world, &source, 1).unwrap().records, ["a", "b"]);
}

#[test]
fn nothing_found_is_said_before_the_job_starts() {
    assert_eq!(
        complaint(&lines("in/x.csv")),
        "there is no file `in/x.csv`, and no directory of that name with files in it"
    );
    assert_eq!(
        complaint(&lines("in/*.json")),
        "nothing matches `in/*.json` (3 passed over: names that begin with `.` or `_` are hidden)"
    );
    assert_eq!(
        complaint(&lines("in").and("nowhere/*")),
        "nothing matches `nowhere/*`"
    );
}

#[test]
fn options_that_make_no_sense_are_named() {
    let world = world();
    let kind = |source: &FileSource<String, TextFormat>| {
        let error = world.block_on(source.check(&world)).unwrap().unwrap_err();
        (error.kind(), error.to_string())
    };
    assert_eq!(kind(&lines("in/{a").and("in")).0, ErrorKind::Config);
    assert!(kind(&lines("in").split_size(0)).1.contains("split_size"));
    assert!(kind(&lines("in").watch(Duration::ZERO)).1.contains("watch"));
    put(&world, "zipped/a.csv.bz2", "x");
    assert_eq!(kind(&lines("zipped")).0, ErrorKind::Unsupported);
    let forced = lines("zipped").compression(Compression::None);
    assert_eq!(read(&world, &forced, 1).unwrap().records, ["x"]);
}

#[test]
fn a_directory_that_may_not_be_read_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a-file");
    std::fs::write(&path, "x").unwrap();
    // Below a file there is no directory: the nearest to a refusal that also stops root.
    let below = format!("{}/b/*.csv", path.display());
    let world = World::real();
    let error = world
        .block_on(lines(&below).check(&world))
        .unwrap()
        .unwrap_err();
    assert!(
        error.to_string().contains(&below) || error.to_string().contains("a-file"),
        "{error}"
    );
}

#[test]
fn watching_finds_new_files_once_and_never_ends() {
    let world = world();
    let source = lines("in/*.csv").watch(Duration::from_secs(10));
    assert_eq!(source.boundedness(), Boundedness::Unbounded);
    let mut running = Running::start(&world, &source, 2).unwrap();
    running
        .run_until(|output| output.records.len() >= 2)
        .unwrap();
    assert!(running.rediscover, "it wants to look again");

    put(&world, "in/d.csv", "first line\n");
    put(&world, "in/empty.csv", "");
    running.discover().unwrap();
    running
        .run_until(|output| output.records.len() >= 3)
        .unwrap();
    // A file that grows is not read again, one that was empty is.
    put(&world, "in/d.csv", "first line\nsecond line\n");
    put(&world, "in/empty.csv", "filled");
    running.discover().unwrap();
    running
        .run_until(|output| output.records.len() >= 4)
        .unwrap();
    let mut found = running.output.records.clone();
    found.sort();
    assert_eq!(found, ["filled", "first line", "in/a.csv", "in/b.csv"]);
    assert!(running.rediscover);
}

#[test]
fn watching_waits_for_the_first_file() {
    let world = World::simulated(1);
    let source = lines("later/*.csv").watch(Duration::from_secs(1));
    world.block_on(source.check(&world)).unwrap().unwrap();
    let mut running = Running::start(&world, &source, 1).unwrap();
    put(&world, "later/a.csv", "here");
    running.discover().unwrap();
    running
        .run_until(|output| !output.records.is_empty())
        .unwrap();
    assert_eq!(running.output.records, ["here"]);
}

//! When part files are finished, what they are called, and that no unfinished one is ever seen.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::Duration;

use common::compressed;
use common::{Writing, get, names, put};
use hurtig_connect::{Sink, TextFormat};
use hurtig_connector_files::{Compression, FileSink};
use hurtig_env::World;
use hurtig_types::{ErrorKind, Timestamp};

type Lines = FileSink<String, TextFormat>;

fn lines() -> Lines {
    FileSink::new("out").format(TextFormat::new())
}

fn text(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| format!("line {number:03}")).collect()
}

fn visible(world: &World) -> Vec<String> {
    let hidden = |name: &String| name.split('/').any(|part| part.starts_with('.'));
    names(world, "out")
        .into_iter()
        .filter(|name| !hidden(name))
        .collect()
}

#[test]
fn at_a_size() {
    let world = World::simulated(1);
    let sink = lines().roll_at_size(45);
    let mut writing = Writing::start(&world, &sink, 3).unwrap();
    writing.write(text(0..12)).unwrap();
    writing.finish().unwrap();
    // Nine bytes a line: the fifth reaches the limit.
    assert_eq!(
        visible(&world),
        ["part-3-0.txt", "part-3-1.txt", "part-3-2.txt"]
    );
    assert_eq!(get(&world, "out/part-3-0.txt").len(), 45);
    assert_eq!(get(&world, "out/part-3-2.txt"), b"line 010\nline 011\n");
}

#[test]
fn after_a_time() {
    let world = World::simulated(1);
    let sink = lines().roll_after(Duration::from_secs(10));
    let mut writing = Writing::start(&world, &sink, 0).unwrap();
    for second in 0..25 {
        writing.write(text(second..second + 1)).unwrap();
        writing.pass(Duration::from_secs(1)).unwrap();
    }
    assert_eq!(visible(&world), ["part-0-0.txt", "part-0-1.txt"]);
    assert_eq!(
        get(&world, "out/part-0-0.txt"),
        text(0..10)
            .join("\n")
            .into_bytes()
            .as_slice()
            .iter()
            .chain(b"\n")
            .copied()
            .collect::<Vec<_>>()
    );
    writing.finish().unwrap();
    assert_eq!(visible(&world).len(), 3);
}

#[test]
fn after_inactivity() {
    let world = World::simulated(1);
    let sink = lines()
        .roll_after(Duration::from_secs(1000))
        .roll_when_inactive(Duration::from_secs(5));
    let mut writing = Writing::start(&world, &sink, 0).unwrap();
    for second in 0..8 {
        writing.write(text(second..second + 1)).unwrap();
        writing.pass(Duration::from_secs(4)).unwrap();
        assert_eq!(visible(&world), Vec::<String>::new());
    }
    writing.pass(Duration::from_secs(2)).unwrap();
    assert_eq!(visible(&world), ["part-0-0.txt"]);
    assert_eq!(writing.writer.next_time(), None);
    writing.write(text(8..9)).unwrap();
    writing.finish().unwrap();
    assert_eq!(get(&world, "out/part-0-1.txt"), b"line 008\n");
}

#[test]
fn by_default_after_a_minute() {
    let world = World::simulated(1);
    let mut writing = Writing::start(&world, &lines(), 0).unwrap();
    let now = world.clock().wall_clock_ms();
    assert_eq!(writing.writer.next_time(), None);
    writing.write(text(0..1)).unwrap();
    assert_eq!(
        writing.writer.next_time(),
        Some(Timestamp::from_millis(now + 60_000))
    );
}

#[test]
fn into_buckets_of_the_records_choice() {
    let world = World::simulated(1);
    let sink = lines()
        .bucket_by(|line| format!("last={}", &line[7..]))
        .open_files_max(3);
    let mut writing = Writing::start(&world, &sink, 0).unwrap();
    writing.write(text(0..30)).unwrap();
    writing.finish().unwrap();
    let mut found = Vec::new();
    for name in visible(&world) {
        let digit = &name[5..6];
        for line in String::from_utf8(get(&world, &format!("out/{name}")))
            .unwrap()
            .lines()
        {
            assert!(
                name.starts_with("last=") && line.ends_with(digit),
                "{name}: {line}"
            );
            found.push(line.to_string());
        }
    }
    found.sort();
    assert_eq!(found, text(0..30));
}

#[test]
fn into_buckets_of_the_time() {
    let world = World::simulated(1);
    let sink = lines().bucket_by_time("'day='yyyy-MM-dd/HH");
    let mut writing = Writing::start(&world, &sink, 0).unwrap();
    let mut hours = Vec::new();
    for hour in 0..3 {
        let now = Timestamp::from_millis(world.clock().wall_clock_ms()).to_string();
        hours.push(format!("day={}/{}/part-0-0.txt", &now[..10], &now[11..13]));
        writing.write(text(hour..hour + 1)).unwrap();
        writing.pass(Duration::from_secs(3600)).unwrap();
    }
    writing.finish().unwrap();
    assert_eq!(visible(&world), hours);
}

#[test]
fn a_bucket_outside_of_the_directory_is_refused() {
    let world = World::simulated(1);
    let sink = lines().bucket_by(|_| "../elsewhere".to_string());
    let error = Writing::start(&world, &sink, 0)
        .unwrap()
        .write(text(0..1))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Function);
}

#[test]
fn names_of_earlier_runs_are_passed_over() {
    let world = World::simulated(1);
    put(&world, "out/part-0-7.txt", "old");
    put(&world, "out/part-0-x.txt", "other");
    put(&world, "out/part-00-9.txt", "other");
    let sink = lines().roll_at_size(1);
    for _ in 0..2 {
        let mut writing = Writing::start(&world, &sink, 0).unwrap();
        writing.write(text(0..2)).unwrap();
        writing.finish().unwrap();
    }
    let new: Vec<_> = visible(&world)
        .into_iter()
        .filter(|name| {
            name.starts_with("part-0-1") || name.ends_with("-8.txt") || name.ends_with("0-9.txt")
        })
        .collect();
    assert_eq!(
        new,
        [
            "part-0-10.txt",
            "part-0-11.txt",
            "part-0-8.txt",
            "part-0-9.txt",
            "part-00-9.txt"
        ]
    );
    assert_eq!(get(&world, "out/part-0-7.txt"), b"old");
}

#[test]
fn in_an_object_store_too() {
    let world = World::simulated(1);
    put(&world, "memory://lake/out/part-0-4.txt", "old");
    let sink = FileSink::new("memory://lake/out")
        .format(TextFormat::new())
        .roll_at_size(1_000_000);
    world.block_on(sink.check(&world)).unwrap().unwrap();
    let mut writing = Writing::start(&world, &sink, 0).unwrap();
    for _ in 0..4 {
        writing.write(vec!["x".repeat(999_999); 6]).unwrap();
    }
    writing.finish().unwrap();
    let names = names(&world, "memory://lake/out");
    assert_eq!(names.len(), 25);
    assert_eq!(
        get(&world, "memory://lake/out/part-0-28.txt").len(),
        1_000_000
    );
}

#[test]
fn with_prefix_suffix_and_compression() {
    let world = World::simulated(1);
    let sink = lines().prefix("flights").compression(Compression::Gzip);
    let mut writing = Writing::start(&world, &sink, 0).unwrap();
    writing.write(text(0..2)).unwrap();
    writing.finish().unwrap();
    assert_eq!(visible(&world), ["flights-0-0.txt.gz"]);
    assert_eq!(
        compressed::gunzip(&get(&world, "out/flights-0-0.txt.gz")),
        b"line 000\nline 001\n"
    );
    let sink = lines().suffix(".log").compression(Compression::Zstd);
    let mut writing = Writing::start(&world, &sink, 0).unwrap();
    writing.write(text(0..2)).unwrap();
    writing.finish().unwrap();
    assert_eq!(
        zstd::stream::decode_all(get(&world, "out/part-0-0.log").as_slice()).unwrap(),
        b"line 000\nline 001\n"
    );
}

#[test]
fn options_that_make_no_sense_are_named() {
    let world = World::simulated(1);
    let complaint = |sink: &Lines| {
        world
            .block_on(sink.check(&world))
            .unwrap()
            .unwrap_err()
            .to_string()
    };
    assert!(complaint(&lines().roll_at_size(0)).contains("0 bytes"));
    assert!(complaint(&lines().prefix("_x")).contains("`_x`"));
    assert!(complaint(&lines().bucket_by_time("YYYY")).contains("`YYYY`"));
    let single = |path: &str| FileSink::single_file(path).format(TextFormat::new());
    assert!(complaint(&single("out/")).contains("no path of a file"));
    assert!(complaint(&single("memory://x")).contains("no path of a file"));
    assert!(complaint(&single("x").bucket_by_time("HH")).contains("no buckets"));
}

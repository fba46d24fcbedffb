//! On a real file system: nothing unfinished is visible, what was given up leaves nothing behind, errors name the path.

// These tests look at the machine itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

mod common;

use std::future::poll_fn;
use std::path::Path;
use std::time::{Duration, Instant};

use common::{Row, Writing, names_on_disk, read, row};
use hurtig_connect::{Sink, TextFormat};
use hurtig_connector_files::{Compression, FileSink, FileSource};
use hurtig_env::World;
use hurtig_format_csv::CsvFormat;
use hurtig_format_json::JsonFormat;
use hurtig_types::{ErrorKind, Records};

fn world() -> World {
    World::builder().compute_threads(1).io_threads(1).build()
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(
            begin.elapsed() < Duration::from_secs(20),
            "waited in vain until {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn unfinished(directory: &Path) -> usize {
    names_on_disk(directory)
        .iter()
        .filter(|name| name.contains("inprogress"))
        .count()
}

#[test]
fn a_part_is_hidden_until_it_is_finished() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("a/b");
    let world = world();
    let sink = FileSink::new(out.to_str().unwrap()).format(TextFormat::new());
    world.block_on(sink.check(&world)).unwrap().unwrap();
    assert!(
        names_on_disk(&out).is_empty(),
        "the check leaves nothing behind"
    );

    let mut writing = Writing::start(&world, &sink, 0).unwrap();
    for _ in 0..10 {
        writing.write(vec!["x".repeat(99_999); 10]).unwrap();
    }
    wait_until("something is written", || unfinished(&out) == 1);
    assert!(names_on_disk(&out).iter().all(|name| name.starts_with('.')));
    writing.finish().unwrap();
    assert_eq!(names_on_disk(&out), ["part-0-0.txt"]);
    assert_eq!(
        std::fs::metadata(out.join("part-0-0.txt")).unwrap().len(),
        10_000_000
    );
}

#[test]
fn what_is_given_up_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let world = world();
    let sink = FileSink::new(directory.path().to_str().unwrap())
        .format(TextFormat::new())
        .roll_at_size(1_000_000);
    let mut writing = Writing::start(&world, &sink, 0).unwrap();
    writing.write(vec!["x".repeat(99_999); 15]).unwrap();
    wait_until("the first part is there", || {
        names_on_disk(directory.path()).contains(&"part-0-0.txt".to_string())
    });
    wait_until("the second is begun", || unfinished(directory.path()) == 1);
    writing.writer.close().unwrap();
    wait_until("it is removed", || {
        names_on_disk(directory.path()) == ["part-0-0.txt"]
    });
}

#[test]
fn a_single_file_replaces_the_old_one_in_one_step() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("result.jsonl");
    let name = path.to_str().unwrap();
    std::fs::write(&path, "old").unwrap();
    let world = world();
    let sink = FileSink::single_file(name).format(JsonFormat::<Row>::new());
    let mut writing = Writing::start(&world, &sink, 0).unwrap();
    writing.write((0..3).map(row).collect()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    writing.finish().unwrap();
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "{\"id\":0,\"name\":\"n0\"}\n{\"id\":1,\"name\":\"n1\"}\n{\"id\":2,\"name\":\"n4\"}\n"
    );
    assert_eq!(names_on_disk(directory.path()), ["result.jsonl"]);

    // Also when there is nothing to say.
    Writing::<Row>::start(&world, &sink, 0)
        .unwrap()
        .finish()
        .unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"");
    let Err(error) = Writing::<Row>::start(&world, &sink, 1) else {
        panic!("two write one file")
    };
    assert_eq!(error.kind(), ErrorKind::InvalidJob);
}

#[test]
fn what_is_written_is_read_back_equal() {
    let world = world();
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        let directory = tempfile::tempdir().unwrap();
        let out = directory.path().to_str().unwrap();
        let sink = FileSink::new(out)
            .format(CsvFormat::<Row>::new())
            .compression(compression)
            .roll_at_size(20_000)
            .bucket_by(|row: &Row| format!("id={}", row.id % 3));
        for subtask in 0..2 {
            let mut writing = Writing::start(&world, &sink, subtask).unwrap();
            for batch in 0..20 {
                let first = u64::from(subtask) * 20_000 + batch * 1000;
                writing
                    .write((first..first + 1000).map(row).collect())
                    .unwrap();
            }
            writing.finish().unwrap();
        }
        let source = FileSource::<Row>::new(out)
            .split_size(5000)
            .format(CsvFormat::new());
        let mut found = read(&world, &source, 2).unwrap().records;
        found.sort_by_key(|row| row.id);
        assert!(
            found == (0..40_000).map(row).collect::<Vec<_>>(),
            "{compression:?}"
        );
    }
}

#[test]
fn a_place_that_cannot_be_written_is_named_before_the_job_starts() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    let out = file.join("out");
    let world = world();
    let sink = FileSink::<String>::new(out.to_str().unwrap()).format(TextFormat::new());
    let error = world.block_on(sink.check(&world)).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    let message = error.to_string();
    assert!(
        message.starts_with(&format!("can't write to: `{}`: ", out.display())),
        "{message}"
    );
}

#[test]
fn a_write_that_fails_is_an_io_error_with_the_path() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    let world = world();
    let sink = FileSink::new(out.to_str().unwrap()).format(TextFormat::new());
    let mut writing = Writing::start(&world, &sink, 0).unwrap();
    std::fs::write(&out, "in the way").unwrap();
    let error = (0..1000)
        .find_map(|_| writing.write(vec!["x".repeat(99_999); 10]).err())
        .or_else(|| writing.finish().err())
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains(out.to_str().unwrap()), "{error}");
}

#[test]
fn a_slow_store_makes_writing_wait() {
    let directory = tempfile::tempdir().unwrap();
    let world = world();
    let sink = FileSink::new(directory.path().to_str().unwrap()).format(TextFormat::new());
    let mut writing = Writing::start(&world, &sink, 0).unwrap();
    // Without letting anybody wait: sooner or later it says Pending, and keeps what it has taken.
    let mut waited = false;
    let mut batch = Records::new();
    for _ in 0..2000 {
        if batch.is_empty() {
            batch = Records::from_values(vec!["x".repeat(99_999); 16]);
        }
        let polled = world.block_on(poll_fn(|context| {
            std::task::Poll::Ready(writing.writer.poll_write(context, &mut batch).is_pending())
        }));
        waited = polled.unwrap();
        if waited {
            break;
        }
    }
    assert!(waited, "3 GB were taken at once");
    world
        .block_on(poll_fn(|context| {
            writing.writer.poll_write(context, &mut batch)
        }))
        .unwrap()
        .unwrap();
    writing.finish().unwrap();
    let bytes = std::fs::metadata(directory.path().join("part-0-0.txt"))
        .unwrap()
        .len();
    assert_eq!(bytes % 1_600_000, 0);
}

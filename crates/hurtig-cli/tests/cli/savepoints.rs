//! Jobs that are ended with a savepoint, and go on from it.

use std::path::Path;
use std::time::Duration;

use crate::hurtig::{Running, sql};

const LAST: u64 = 30_000;

fn script(directory: &Path, rows_per_second: u64, filter: &str) -> String {
    let directory = directory.display();
    format!(
        "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '{rows_per_second}',
           'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '{LAST}');
         CREATE TABLE kept (n BIGINT) WITH ('connector' = 'filesystem', 'path' = '{directory}/kept', 'format' = 'csv');
         SET 'execution.checkpointing.interval' = '100 ms';
         SET 'execution.checkpointing.dir' = '{directory}/checkpoints';
         INSERT INTO kept SELECT n FROM numbers {filter};"
    )
}

/// All numbers that were written, in order.
fn kept(directory: &Path) -> Vec<u64> {
    let files = std::fs::read_dir(directory.join("kept")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let visible =
        files.filter(|path| !path.file_name().unwrap().to_string_lossy().starts_with('.'));
    let texts: Vec<_> = visible
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    let mut numbers: Vec<u64> = lines.map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

/// The script may change meanwhile: a filter comes, the rate is another.
#[test]
fn a_job_that_is_ended_goes_on_where_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let to = format!(
        "--savepoint-on-exit={}",
        directory.join("savepoints").display()
    );
    let mut running = Running::start(&["sql", "-e", &script(directory, 2000, ""), &to]);
    running.until("is running");
    std::thread::sleep(Duration::from_secs(1));
    running.interrupt();
    let ran = running.end();
    assert_eq!(ran.code, Some(130), "{}", ran.err);
    let path = ran
        .out
        .split("--restore ")
        .nth(1)
        .unwrap_or_else(|| panic!("{}", ran.out));
    let before = kept(directory);
    assert!(
        !before.is_empty() && before.len() < LAST as usize,
        "{}",
        before.len()
    );
    let filtered = script(directory, 1_000_000, "WHERE n > 0");
    let ran = sql(&["-e", &filtered, "--restore", path.trim()]).good();
    assert!(ran.contains("Complete execution"), "{ran}");
    let all: Vec<u64> = (1..=LAST).collect();
    assert!(kept(directory) == all, "{} rows", kept(directory).len());
}

#[test]
fn a_savepoint_needs_a_place_and_a_restore_a_savepoint() {
    let directory = tempfile::tempdir().unwrap();
    let script = script(directory.path(), 1_000_000, "");
    let error = sql(&["-e", &script, "--savepoint-on-exit"]).bad();
    assert!(
        error.contains("--savepoint-on-exit=DIR") && error.contains("savepoint-dir"),
        "{error}"
    );
    let error = sql(&["-e", &script, "--restore", "/nowhere/at/all"]).bad();
    assert!(error.contains("/nowhere/at/all"), "{error}");
    // Where there is no checkpoint yet, the newest is none.
    sql(&["-e", &script, "--restore", "latest"]).good();
    assert_eq!(kept(directory.path()).len(), LAST as usize);
}

//! The connectors that come with the binary.

use std::fs;

use crate::hurtig::sql;

fn csv(script: &str) -> String {
    sql(&["-e", script, "--output", "csv"]).good()
}

#[test]
fn rows_are_made_and_printed() {
    let script = "
        CREATE TABLE numbers (n BIGINT, t STRING) WITH ('connector' = 'datagen', 'number-of-rows' = '4',
            'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '4', 'fields.t.length' = '3');
        CREATE TABLE printed (n BIGINT, l INT) WITH ('connector' = 'print', 'print-identifier' = 'p');
        INSERT INTO printed SELECT n * 10, CHAR_LENGTH(t) FROM numbers;";
    let out = csv(script);
    let mut lines: Vec<_> = out.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "p> +I[10, 3]",
            "p> +I[20, 3]",
            "p> +I[30, 3]",
            "p> +I[40, 3]"
        ]
    );
}

#[test]
fn a_black_hole_takes_everything() {
    let script = "CREATE TABLE hole (n BIGINT) WITH ('connector' = 'blackhole');
                  INSERT INTO hole SELECT COUNT(*) FROM (VALUES (1), (2)) AS t(n) GROUP BY n";
    let ran = sql(&["-e", script]);
    assert!(
        ran.out.contains("is running") && ran.out.contains("Complete execution"),
        "{ran:?}"
    );
    ran.good();
}

#[test]
fn events_of_nexmark_are_read() {
    let script = "CREATE TABLE bid (auction BIGINT, price BIGINT, `dateTime` TIMESTAMP(3),
                      WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND)
                  WITH ('connector' = 'nexmark', 'nexmark.table' = 'bid', 'events.num' = '100000');
                  SELECT window_end, COUNT(*) AS c
                  FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '5' SECOND)) GROUP BY window_start, window_end";
    let expected =
        "op,window_end,c\n+I,2015-07-15 00:00:05.000,46000\n+I,2015-07-15 00:00:10.000,46000\n";
    assert_eq!(csv(script), expected);
}

/// A table of files, with rows that each format must take care of.
fn files(format: &str, directory: &str) -> String {
    format!(
        "CREATE TABLE files (n BIGINT, t STRING, ts TIMESTAMP(3), p STRING) PARTITIONED BY (p)
         WITH ('connector' = 'filesystem', 'path' = '{directory}', 'format' = '{format}');"
    )
}

fn written_and_read(format: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().display().to_string();
    let insert = "INSERT INTO files VALUES
        (1, 'plain', TIMESTAMP '2020-01-02 03:04:05.678', 'a'), (2, 'with, \"quotes\"', TIMESTAMP '1969-12-31 23:59:59', 'b'),
        (CAST(NULL AS BIGINT), 'ä', CAST(NULL AS TIMESTAMP(3)), 'a')";
    csv(&format!("{}{insert}", files(format, &path)));
    let mut directories: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    directories.sort_unstable();
    assert_eq!(directories, ["p=a", "p=b"]);
    let out = csv(&format!("{}SELECT * FROM files", files(format, &path)));
    let mut rows: Vec<_> = out.lines().skip(1).collect();
    rows.sort_unstable();
    let expected = [
        "+I,,ä,,a",
        "+I,1,plain,2020-01-02 03:04:05.678,a",
        "+I,2,\"with, \"\"quotes\"\"\",1969-12-31 23:59:59.000,b",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn files_of_csv_are_written_and_read() {
    written_and_read("csv");
}

#[test]
fn files_of_json_are_written_and_read() {
    written_and_read("json");
}

#[test]
fn an_unknown_connector_or_option_is_named_with_those_there_are() {
    let err = sql(&[
        "-e",
        "CREATE TABLE t (n INT) WITH ('connector' = 'kafak'); SELECT * FROM t",
    ])
    .bad();
    assert!(
        err.contains("kafak") && err.contains("'filesystem'") && err.contains("'nexmark'"),
        "{err}"
    );
    let err = sql(&[
        "-e",
        "CREATE TABLE t (n INT) WITH ('connector' = 'datagen', 'row-count' = '3'); SELECT * FROM t",
    ])
    .bad();
    assert!(
        err.contains("row-count") && err.contains("number-of-rows"),
        "{err}"
    );
}

#[cfg(feature = "rocksdb")]
#[test]
fn state_may_be_on_the_disk() {
    let script = "SELECT n, COUNT(*) AS c FROM (VALUES (1), (1)) AS t(n) GROUP BY n";
    let directory = tempfile::tempdir().unwrap();
    let local = format!(
        "state.backend.rocksdb.localdir={}",
        directory.path().display()
    );
    let args = [
        "-D",
        "state.backend.type=rocksdb",
        "-D",
        &local,
        "-e",
        script,
        "--output",
        "csv",
    ];
    let out = sql(&args).good();
    assert!(out.ends_with(",1,2\n"), "{out}");
}

//! How results are shown.

use serde_json::{Value, json};

use crate::hurtig::sql;

const ROW: &str = "SELECT CAST(NULL AS INT) AS nothing, TRUE AS yes, 1.50 AS d, 'a,\"b\"' AS t, CAST(2.5 AS DOUBLE) AS f, \
                   CAST('2020-01-02 03:04:05.678' AS TIMESTAMP(3)) AS ts, DATE '2020-01-02' AS `day`";

#[test]
fn the_tableau_has_a_frame_and_the_kind_of_each_change() {
    let out = sql(&["-e", "SELECT 1 AS one, CAST(NULL AS STRING) AS nothing"]).good();
    let mut lines = out.lines();
    let frame = "+----+-------------+--------------------------------+";
    assert_eq!(lines.next(), Some(frame), "{out}");
    assert_eq!(
        lines.next(),
        Some("| op |         one |                        nothing |")
    );
    assert_eq!(lines.next(), Some(frame));
    assert_eq!(
        lines.next(),
        Some("| +I |           1 |                         <NULL> |")
    );
    assert_eq!(lines.next(), Some(frame));
    let end = lines.next().unwrap();
    assert!(end.starts_with("Received a total of 1 row ("), "{end}");
    assert_eq!(lines.next(), None);
}

#[test]
fn changes_of_a_row_are_shown() {
    let out = sql(&[
        "-e",
        "SELECT SUM(n) AS s FROM (VALUES (1), (2)) AS t(n)",
        "--output",
        "csv",
    ])
    .good();
    assert!(out.ends_with("U,3\n") || out.ends_with("+I,3\n"), "{out}");
}

#[test]
fn json_is_an_object_for_each_change() {
    let out = sql(&["-e", ROW, "--output", "json"]).good();
    let change: Value = serde_json::from_str(&out).unwrap();
    let expected = json!({
        "nothing": null, "yes": true, "d": 1.5, "t": "a,\"b\"", "f": 2.5,
        "ts": "2020-01-02 03:04:05.678", "day": "2020-01-02",
    });
    assert_eq!(change, json!({"op": "+I", "row": expected}));
}

#[test]
fn csv_quotes_what_must_be() {
    let out = sql(&["-e", ROW, "--output", "csv"]).good();
    let expected = "op,nothing,yes,d,t,f,ts,day\n\
                    +I,,TRUE,1.50,\"a,\"\"b\"\"\",2.5,2020-01-02 03:04:05.678,2020-01-02\n";
    assert_eq!(out, expected);
}

#[test]
fn lists_are_shown_in_each_form() {
    let script = "CREATE VIEW v AS SELECT 1 AS one; SHOW VIEWS";
    let out = sql(&["-e", script]).good();
    assert!(out.contains("| v"), "{out}");
    assert!(out.contains("1 row in set"), "{out}");
    let out = sql(&["-e", script, "--output", "csv"]).good();
    assert!(out.ends_with("\nv\n"), "{out}");
    let out = sql(&["-e", script, "--output", "json"]).good();
    let row: Value = serde_json::from_str(&out).unwrap();
    assert!(
        row.as_object().unwrap().values().any(|value| value == "v"),
        "{out}"
    );
}

#[test]
fn what_is_for_people_is_not_between_rows_for_programs() {
    let script = "CREATE VIEW v AS SELECT 1 AS one; SELECT * FROM v";
    let ran = sql(&["-e", script, "--output", "csv"]);
    assert!(ran.err.contains("[INFO]"), "{ran:?}");
    assert_eq!(ran.good(), "op,one\n+I,1\n");
}

#[test]
fn plans_are_shown_as_they_are() {
    let out = sql(&["-e", "EXPLAIN SELECT 1 AS one", "--output", "csv"]).good();
    assert!(out.starts_with("== Abstract Syntax Tree =="), "{out}");
    assert!(out.contains("== Optimized Physical Plan =="), "{out}");
}

/// A batch answers once: there are no changes to be told apart.
#[test]
fn a_batch_shows_rows_and_no_changes() {
    let counted = "SELECT n % 2 AS odd, COUNT(*) AS c FROM (VALUES (1), (2), (3)) AS t (n) GROUP BY n % 2 ORDER BY odd";
    let out = sql(&["-e", counted, "-D", "execution.runtime-mode=batch"]).good();
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines[1].replace(' ', ""), "|odd|c|", "{out}");
    assert_eq!(lines.len(), 7, "{out}");
    assert!(out.contains("2 rows in set"), "{out}");
}

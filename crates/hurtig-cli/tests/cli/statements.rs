//! Where statements come from, and how a run of them ends.

use std::fs;

use crate::hurtig::{hurtig, sql};

const NUMBERS: &str = "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '3', \
                       'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '3')";

const CSV: [&str; 2] = ["--output", "csv"];

#[test]
fn a_statement_needs_no_semicolon_and_no_table() {
    let out = sql(&["-e", "SELECT 1 AS one, 'a' AS letter", "--output", "csv"]).good();
    assert_eq!(out, "op,one,letter\n+I,1,a\n");
}

#[test]
fn all_statements_of_a_run_share_a_session() {
    let script = format!("{NUMBERS}; SELECT SUM(n) AS s FROM numbers WHERE n > 2");
    let out = sql(&[&["-e", &script, "-e", "SELECT n FROM numbers"], &CSV[..]].concat()).good();
    assert!(out.starts_with("op,s\n+I,3\n"), "{out}");
    let mut rows: Vec<_> = out.lines().skip(3).collect();
    rows.sort_unstable();
    assert_eq!(rows, ["+I,1", "+I,2", "+I,3"]);
}

#[test]
fn a_script_runs_behind_the_initial_one() {
    let directory = tempfile::tempdir().unwrap();
    let (init, script) = (
        directory.path().join("init.sql"),
        directory.path().join("script.sql"),
    );
    fs::write(&init, format!("-- tables; all of them\n{NUMBERS};\n")).unwrap();
    fs::write(
        &script,
        "/* ; */ SELECT COUNT(*) AS c\nFROM numbers WHERE n > 2;\n",
    )
    .unwrap();
    let (init, script) = (init.display().to_string(), script.display().to_string());
    let out = sql(&[&["-i", &init, "-f", &script], &CSV[..]].concat()).good();
    assert_eq!(out, "op,c\n+I,1\n");
}

#[test]
fn options_are_those_of_the_session() {
    let out = sql(&[
        "-D",
        "parallelism.default=3",
        "-e",
        "SET",
        "--output",
        "csv",
    ])
    .good();
    assert!(out.contains("parallelism.default,3"), "{out}");
    let err = sql(&["-D", "paralelism.default=3", "-e", "SELECT 1"]).bad();
    assert!(
        err.contains("paralelism.default") && err.contains("parallelism.default"),
        "{err}"
    );
    let ran = sql(&["-D", "parallelism.default", "-e", "SELECT 1"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("KEY=VALUE"), "{}", ran.err);
}

#[test]
fn the_first_error_ends_a_run_and_says_where() {
    let script = "SELECT 1 AS one;\nSELECT nothing\nFROM nowhere;\nSELECT 2 AS two";
    let ran = sql(&[&["-e", script], &CSV[..]].concat());
    assert!(
        ran.out.contains("one") && !ran.out.contains("two"),
        "{ran:?}"
    );
    let err = ran.bad();
    assert!(err.starts_with("[ERROR]"), "{err}");
    assert!(err.contains("line 2") && err.contains("nowhere"), "{err}");
}

#[test]
fn what_cannot_be_parsed_says_its_place() {
    let err = sql(&["-e", "SELECT 1;\nSELECT FROM WHERE"]).bad();
    assert!(err.contains("line 2"), "{err}");
}

#[test]
fn what_fails_while_it_runs_is_an_error_too() {
    let script = "CREATE TABLE t (n INT) WITH ('connector' = 'filesystem', 'path' = '/nowhere/at/all.csv', 'format' = 'csv');
                  SELECT * FROM t";
    let err = sql(&["-e", script]).bad();
    assert!(err.contains("/nowhere/at/all.csv"), "{err}");
}

#[test]
fn a_file_that_is_not_there_is_named_before_anything_runs() {
    let ran = sql(&["-f", "/nowhere.sql", "-i", "/nowhere/either.sql"]);
    assert_eq!(ran.out, "");
    let err = ran.bad();
    assert!(err.contains("/nowhere"), "{err}");
}

#[test]
fn quit_ends_a_script() {
    let out = sql(&[&["-e", "QUIT; SELECT 1", "-e", "SELECT 2"], &CSV[..]].concat()).good();
    assert_eq!(out, "");
}

#[test]
fn help_names_the_commands() {
    let out = hurtig(&["--help"]).good();
    assert!(out.contains("sql") && out.contains("bench"), "{out}");
    let out = hurtig(&["sql", "--help"]).good();
    assert!(
        out.contains("--execute") && out.contains("--output"),
        "{out}"
    );
}

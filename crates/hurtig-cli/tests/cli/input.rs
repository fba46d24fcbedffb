//! Statements that are piped in.

use crate::hurtig::{Ran, with_input};

fn piped(input: &str) -> Ran {
    with_input(&["sql", "--output", "csv"], input)
}

#[test]
fn statements_span_lines_and_share_them() {
    let out =
        piped("CREATE VIEW v AS\n  SELECT 1 AS one; SELECT *\nFROM v; SELECT 2\n AS two;\n").good();
    assert_eq!(out, "op,one\n+I,1\nop,two\n+I,2\n");
}

#[test]
fn the_last_statement_needs_no_semicolon() {
    assert_eq!(piped("SELECT 1 AS one").good(), "op,one\n+I,1\n");
    assert_eq!(piped("\n\n").good(), "");
}

#[test]
fn semicolons_in_texts_and_comments_end_nothing() {
    let out =
        piped("-- a; comment\nSELECT 'a;\nb' AS t;\n/* SELECT 1;\n*/ SELECT 2 AS two;\n").good();
    assert_eq!(out, "op,t\n+I,\"a;\nb\"\nop,two\n+I,2\n");
}

#[test]
fn an_error_is_said_and_the_client_goes_on() {
    let ran = piped("SELECT x FROM nowhere;\nSELEC 1;\nSELECT 2 AS two;\n");
    assert_eq!(ran.err.matches("[ERROR]").count(), 2, "{ran:?}");
    assert!(ran.err.contains("nowhere"), "{ran:?}");
    assert_eq!(ran.out, "op,two\n+I,2\n");
    assert_eq!(ran.code, Some(1), "a script sees that something failed");
}

#[test]
fn quit_ends_the_client() {
    assert_eq!(piped("QUIT;\nSELECT 1;\n").good(), "");
    assert_eq!(piped("exit;\nSELECT 1;\n").good(), "");
}

#[test]
fn help_lists_the_commands() {
    let out = piped("help;\n").good();
    assert!(
        out.contains("CREATE TABLE") && out.contains("QUIT"),
        "{out}"
    );
}

#[test]
fn settings_last_for_the_session() {
    let out = piped("SET 'parallelism.default' = '2';\nSET;\n").good();
    assert!(out.contains("parallelism.default,2"), "{out}");
}

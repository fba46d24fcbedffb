//! Ctrl-C ends what runs; who reads no more ends the client.

use crate::hurtig::{Running, wait};

const ENDLESS: &str =
    "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000');";

#[test]
fn an_endless_query_of_a_script_ends_with_the_script() {
    let script = format!("{ENDLESS} SELECT 'row' AS t FROM numbers; SELECT 'behind' AS t");
    let mut running = Running::start(&["sql", "-e", &script, "-e", "SELECT 'behind' AS t"]);
    running.until("row");
    running.interrupt();
    let ran = running.end();
    assert_eq!(ran.code, Some(130), "{}", ran.err);
    assert!(
        ran.out.contains("Query terminated, received a total of"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("behind"), "{}", ran.out);
}

/// Its rows come faster than they can be shown.
#[test]
fn an_endless_query_without_a_pause_ends_too() {
    let script = "CREATE TABLE bid (auction BIGINT) WITH ('connector' = 'nexmark', 'nexmark.table' = 'bid'); SELECT auction FROM bid";
    let mut running = Running::start(&["sql", "-e", script, "--output", "csv"]);
    running.until("+I");
    running.interrupt();
    assert_eq!(running.end().code, Some(130));
}

#[test]
fn an_endless_insert_is_cancelled() {
    let script = format!(
        "{ENDLESS} CREATE TABLE hole (n BIGINT) WITH ('connector' = 'blackhole'); INSERT INTO hole SELECT n FROM numbers"
    );
    let mut running = Running::start(&["sql", "-e", &script]);
    running.until("is running");
    running.interrupt();
    let ran = running.end();
    assert_eq!(ran.code, Some(130), "{}", ran.err);
    assert!(ran.out.contains("is canceled"), "{}", ran.out);
    assert!(!ran.out.contains("Complete execution"), "{}", ran.out);
}

#[test]
fn the_client_goes_on_behind_a_query_that_was_ended() {
    let mut running = Running::start(&["sql"]);
    running.write(&format!("{ENDLESS}\nSELECT 'row' AS t FROM numbers;\n"));
    for _ in 0..2 {
        running.until("row");
        running.interrupt();
        running.until("Query terminated");
        running.write("SELECT 'row' AS t FROM numbers;\n");
    }
    running.until("row");
    running.interrupt();
    running.until("Query terminated");
    running.write("SELECT 'last' AS t;\n");
    let ran = running.end();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("last"), "{}", ran.out);
}

#[test]
fn where_nothing_runs_it_ends_the_client() {
    let mut running = Running::start(&["sql"]);
    running.write("SELECT 'row' AS t;\n");
    running.until("Received a total of 1 row");
    // The first may still find the statement at work.
    assert_eq!(running.interrupted_until_it_ends(), Some(130));
}

#[test]
fn a_query_whose_rows_nobody_reads_ends_quietly() {
    let script = format!("{ENDLESS} SELECT n FROM numbers");
    let mut running = Running::start(&["sql", "-e", &script]);
    running.until("+I");
    let mut child = running.close_output();
    assert_eq!(wait(&mut child), Some(141));
}

//! What is wrong is said, with what to write instead.

use super::session::Session;

#[test]
fn names_that_are_not_there() {
    let mut session = Session::new();
    let error = session.error("SELECT * FROM bid");
    assert!(
        error.contains(
            "there is no table or view default_catalog.default_database.bid; did you mean `bids`?"
        ),
        "{error}"
    );
    let error = session.error("SELECT prise FROM bids");
    assert!(error.contains("prise"), "{error}");
    let error = session.error("SELECT nofunction(price) FROM bids");
    assert!(error.contains("nofunction"), "{error}");
}

#[test]
fn options_of_tables() {
    let mut session = Session::new();
    let error = session.error("CREATE TABLE t (a INT) WITH ('connector' = 'kafkaa')");
    assert!(
        error.contains("there is no connector 'kafkaa'; there are 'blackhole', 'values'"),
        "{error}"
    );
    let error = session.error("CREATE TABLE t (a INT, WATERMARK FOR b AS b) WITH ('connector' = 'values', 'data-id' = 'x')");
    assert!(error.contains("no such column"), "{error}");
}

#[test]
fn queries_that_no_stream_can_answer() {
    let mut session = Session::new();
    let error = session
        .error("SELECT PERCENT_RANK() OVER (PARTITION BY auction ORDER BY price) AS r FROM bids");
    assert!(error.contains("percent_rank"), "{error}");
    let error = session
        .error("SELECT * FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(price), INTERVAL '1' SECOND))");
    assert!(
        error.contains("DESCRIPTOR(price) is no time attribute"),
        "{error}"
    );
    let error = session.error("SELECT 1 FROM");
    assert!(error.contains("line 1"), "{error}");
}

#[test]
fn sinks_that_take_no_updates() {
    let mut session = Session::new();
    let error = session.error("INSERT INTO auctions (id) SELECT COUNT(*) FROM bids");
    assert!(error.contains("cannot be written to"), "{error}");
    let error = session.error("INSERT INTO bids SELECT 1");
    assert!(error.contains("the query has 1 columns"), "{error}");
}

#[test]
fn a_query_that_fails_while_it_runs_says_why() {
    let mut session = Session::new();
    let outcome = session
        .0
        .execute("SELECT 1 / (price - price) FROM bids WHERE price > 0");
    let Ok(hurtig_sql::Outcome::Query(mut query)) = outcome else {
        panic!("it is refused");
    };
    let world = session.0.world().clone();
    let error = loop {
        match world.block_on(query.next()).unwrap() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it went well"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.to_lowercase().contains("divide by zero"), "{error}");
}

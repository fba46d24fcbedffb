//! Queries that go by time: OVER windows, versions of tables, tables outside; and collections.

use super::session::Session;

#[test]
fn aggregates_over_the_rows_before() {
    let mut session = Session::new();
    let rows = session.changes(
        "SELECT auction, price, SUM(price) OVER w, COUNT(*) OVER w
         FROM bids WINDOW w AS (PARTITION BY auction ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
    );
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort();
    assert_eq!(
        rows,
        [
            "+I[1, 5, 5, 1]",
            "+I[1, 9, 14, 2]",
            "+I[1, NULL, 9, 2]",
            "+I[2, 7, 7, 1]",
            "+I[2, 8, 15, 2]",
            "+I[3, 2, 2, 1]"
        ]
    );
    let rows = session.rows(
        "SELECT bidder, ts, MAX(price) OVER (PARTITION BY bidder ORDER BY ts RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW)
         FROM bids",
    );
    assert_eq!(
        rows,
        [
            "10, 1970-01-01T00:00:00, 5",
            "10, 1970-01-01T00:00:09, 5",
            "10, 1970-01-01T00:00:25, 8",
            "11, 1970-01-01T00:00:01, 7",
            "11, 1970-01-01T00:00:04, 9",
            "12, 1970-01-01T00:00:11, NULL"
        ]
    );
}

#[test]
fn several_frames_at_once_and_rows_that_are_numbered() {
    let rows = Session::new().rows(
        "SELECT auction, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY ts) AS n,
                SUM(price + 1) OVER (PARTITION BY auction ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS two,
                SUM(price) OVER (ORDER BY ts) AS all_of_them
         FROM bids",
    );
    assert_eq!(
        rows,
        [
            "1, 1, 6, 5",
            "1, 2, 16, 21",
            "1, 3, 10, 23",
            "2, 1, 8, 12",
            "2, 2, 17, 31",
            "3, 1, 3, 23"
        ]
    );
    let rows = Session::new().rows("SELECT auction, ROW_NUMBER() OVER (ORDER BY ts) FROM bids");
    assert_eq!(rows, ["1, 1", "1, 3", "1, 5", "2, 2", "2, 6", "3, 4"]);
}

#[test]
fn aggregates_over_a_table_that_changes() {
    let mut session = Session::new();
    let rows = session.rows(
        "SELECT channel, bidder, SUM(n) OVER (PARTITION BY channel ORDER BY bidder ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
         FROM (SELECT channel, bidder, COUNT(*) AS n FROM bids GROUP BY channel, bidder)",
    );
    assert_eq!(
        rows,
        ["a, 10, 2", "a, 11, 3", "b, 11, 1", "b, 12, 2", "c, 10, 1"]
    );
    let rows = session
        .rows("SELECT bidder, ROW_NUMBER() OVER (ORDER BY price DESC) FROM bids WHERE price > 6");
    assert_eq!(rows, ["10, 2", "11, 1", "11, 3"]);
}

#[test]
fn frames_that_no_stream_has_are_refused() {
    let error = Session::new().error("SELECT SUM(price) OVER (PARTITION BY bidder) FROM bids");
    assert!(error.contains("ORDER BY"), "{error}");
    let error = Session::new().error(
        "SELECT SUM(price) OVER (ORDER BY ts ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) FROM bids",
    );
    assert!(error.contains("CURRENT ROW"), "{error}");
}

const VERSIONS: &str = "
    CREATE VIEW prices AS SELECT auction, price, channel, ts FROM (
        SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY ts DESC) AS n FROM bids) WHERE n = 1";

#[test]
fn the_version_that_was_valid() {
    let mut session = Session::new();
    session.0.execute(VERSIONS).unwrap();
    let join = "SELECT a.id, a.item, p.price FROM (SELECT id, item, ts + INTERVAL '5' SECOND AS later, ts FROM auctions) a";
    let rows = session.rows(&format!(
        "{join} JOIN prices FOR SYSTEM_TIME AS OF a.ts AS p ON a.id = p.auction"
    ));
    assert_eq!(rows, ["1, pear, 5"]);
    let rows = session.rows(&format!(
        "{join} LEFT JOIN prices FOR SYSTEM_TIME AS OF a.ts AS p ON p.auction = a.id AND p.channel <> 'b'"
    ));
    assert_eq!(rows, ["1, pear, 5", "2, plum, NULL", "4, fig, NULL"]);
    let error = session.error(&format!(
        "{join} JOIN prices FOR SYSTEM_TIME AS OF a.later AS p ON a.id = p.auction"
    ));
    assert!(error.contains("no time attribute"), "{error}");
    let error = session.error(&format!(
        "{join} JOIN bids FOR SYSTEM_TIME AS OF a.ts AS p ON a.id = p.auction"
    ));
    assert!(error.contains("PRIMARY KEY"), "{error}");
    let error =
        session.error("SELECT * FROM prices FOR SYSTEM_TIME AS OF TIMESTAMP '2020-01-01 00:00:00'");
    assert!(error.contains("without a join"), "{error}");
}

#[test]
fn items_of_collections() {
    let mut session = Session::new();
    session
        .0
        .execute("CREATE VIEW sets AS SELECT channel, ARRAY_AGG(bidder) AS bidders FROM bids WHERE bidder > 10 GROUP BY channel")
        .unwrap();
    let rows = session.rows("SELECT channel, b FROM sets CROSS JOIN UNNEST(sets.bidders) AS u (b)");
    assert_eq!(rows, ["a, 11", "b, 11", "b, 12"]);
    let rows = session.rows(
        "SELECT channel, b, n FROM sets CROSS JOIN UNNEST(bidders) WITH ORDINALITY AS u (b, n) WHERE n > 1",
    );
    assert_eq!(rows, ["b, 12, 2"]);
    let rows = session.rows(
        "SELECT a.item, b, n FROM (SELECT item, bidders FROM auctions LEFT JOIN sets ON item = channel) a
         LEFT JOIN UNNEST(a.bidders) WITH ORDINALITY AS u (b, n) ON TRUE",
    );
    assert_eq!(
        rows,
        ["fig, NULL, NULL", "pear, NULL, NULL", "plum, NULL, NULL"]
    );
    let rows = session.rows(
        "SELECT channel, b FROM (SELECT channel, ARRAY_AGG(bidder) AS bidders FROM bids GROUP BY channel), UNNEST(bidders) AS u (b)
         WHERE b < 12",
    );
    assert_eq!(rows, ["a, 10", "a, 10", "a, 11", "b, 11", "c, 10"]);
}

#[test]
fn near_times_with_a_key_that_is_computed() {
    let rows = Session::new().rows(
        "SELECT a.item, b.price FROM bids b JOIN auctions a ON b.auction + 1 = a.id + 1
         AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '2' SECOND AND b.price < a.seller",
    );
    assert_eq!(rows, ["pear, 5", "plum, 7"]);
    let rows = Session::new().rows(
        "SELECT a.item, b.price FROM bids b JOIN auctions a ON b.auction + 1 = a.id + 1 AND b.price + 93 < a.seller",
    );
    assert_eq!(rows, ["pear, 5"]);
}

#[test]
fn windows_in_group_by() {
    let mut session = Session::new();
    let rows = session.changes(
        "SELECT TUMBLE_START(ts, INTERVAL '10' SECOND) AS s, TUMBLE_ROWTIME(ts, INTERVAL '10' SECOND) AS t, COUNT(*)
         FROM bids GROUP BY TUMBLE(ts, INTERVAL '10' SECOND)",
    );
    assert_eq!(
        rows,
        [
            "+I[1970-01-01T00:00:00, 1970-01-01T00:00:09.999, 4]",
            "+I[1970-01-01T00:00:10, 1970-01-01T00:00:19.999, 1]",
            "+I[1970-01-01T00:00:20, 1970-01-01T00:00:29.999, 1]",
        ]
    );
    let rows = session.rows(
        "SELECT auction, HOP_END(ts, INTERVAL '5' SECOND, INTERVAL '10' SECOND), COUNT(*) FROM bids
         GROUP BY auction, HOP(ts, INTERVAL '5' SECOND, INTERVAL '10' SECOND) HAVING COUNT(*) > 1
            AND HOP_START(ts, INTERVAL '5' SECOND, INTERVAL '10' SECOND) >= TIMESTAMP '1970-01-01 00:00:00'",
    );
    assert_eq!(rows, ["1, 1970-01-01T00:00:10, 2"]);
    let rows = session.rows(
        "SELECT bidder, SESSION_START(ts, INTERVAL '9' SECOND), SESSION_END(ts, INTERVAL '9' SECOND), COUNT(*) FROM bids
         GROUP BY bidder, SESSION(ts, INTERVAL '9' SECOND)",
    );
    assert_eq!(
        rows,
        [
            "10, 1970-01-01T00:00:00, 1970-01-01T00:00:18, 2",
            "10, 1970-01-01T00:00:25, 1970-01-01T00:00:34, 1",
            "11, 1970-01-01T00:00:01, 1970-01-01T00:00:13, 2",
            "12, 1970-01-01T00:00:11, 1970-01-01T00:00:20, 1"
        ]
    );
    let error = session.error("SELECT TUMBLE(ts, INTERVAL '1' SECOND) FROM bids");
    assert!(error.contains("GROUP BY"), "{error}");
}

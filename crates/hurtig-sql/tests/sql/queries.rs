//! Every kind of query, over tables that fit on a page.

use super::session::Session;

#[test]
fn a_query_without_a_table() {
    let rows =
        Session::new().changes("SELECT 1 AS a, 'x' AS b, 1 + 2 AS c, CAST(NULL AS INT) AS d");
    assert_eq!(rows, ["+I[1, x, 3, NULL]"]);
}

#[test]
fn values() {
    let rows = Session::new().rows("SELECT a + 1, b FROM (VALUES (1, 'x'), (2, 'y')) AS t (a, b)");
    assert_eq!(rows, ["2, x", "3, y"]);
}

#[test]
fn projection_and_filter() {
    let rows = Session::new().rows(
        "SELECT auction, price * 2 AS twice, CASE WHEN price > 7 THEN 'dear' ELSE 'cheap' END FROM bids WHERE price > 5",
    );
    assert_eq!(rows, ["1, 18, dear", "2, 14, cheap", "2, 16, dear"]);
}

#[test]
fn groups_change_as_rows_come() {
    let mut session = Session::new();
    let sql = "SELECT auction, COUNT(*) AS n, SUM(price) AS total, MAX(price) AS best FROM bids GROUP BY auction";
    assert_eq!(
        session.rows(sql),
        ["1, 3, 14, 9", "2, 2, 15, 8", "3, 1, 2, 2"]
    );
    let changes = session.changes("SELECT COUNT(*) FROM bids WHERE auction = 1");
    assert_eq!(changes, ["+I[1]", "-U[1]", "+U[2]", "-U[2]", "+U[3]"]);
}

#[test]
fn averages_are_of_the_arguments_type_and_distinct_counts_once() {
    let mut session = Session::new();
    let rows = session
        .rows("SELECT AVG(price), COUNT(price), COUNT(DISTINCT channel), MIN(channel) FROM bids");
    assert_eq!(rows, ["6, 5, 3, a"]);
    let rows = session.rows("SELECT COUNT(*) FILTER (WHERE price > 6), SUM(price) FROM bids");
    assert_eq!(rows, ["3, 31"]);
    let rows = session.rows("SELECT n, COUNT(*) FROM (SELECT auction, COUNT(*) AS n FROM bids GROUP BY auction) GROUP BY n");
    assert_eq!(rows, ["1, 1", "2, 1", "3, 1"]);
}

#[test]
fn distinct_and_having() {
    let mut session = Session::new();
    assert_eq!(
        session.rows("SELECT DISTINCT channel FROM bids"),
        ["a", "b", "c"]
    );
    let rows = session.rows("SELECT channel FROM bids GROUP BY channel HAVING COUNT(*) > 1");
    assert_eq!(rows, ["a", "b"]);
}

#[test]
fn tumbling_windows() {
    let rows = Session::new().changes(
        "SELECT window_start, window_end, COUNT(*) AS n, SUM(price) AS total
         FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end",
    );
    assert_eq!(
        rows,
        [
            "+I[1970-01-01T00:00:00, 1970-01-01T00:00:10, 4, 23]",
            "+I[1970-01-01T00:00:10, 1970-01-01T00:00:20, 1, NULL]",
            "+I[1970-01-01T00:00:20, 1970-01-01T00:00:30, 1, 8]",
        ]
    );
}

#[test]
fn hopping_windows_by_key() {
    let rows = Session::new().rows(
        "SELECT auction, window_end, COUNT(*) FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND))
         WHERE auction = 1 GROUP BY auction, window_start, window_end",
    );
    assert_eq!(
        rows,
        [
            "1, 1970-01-01T00:00:05, 2",
            "1, 1970-01-01T00:00:10, 2",
            "1, 1970-01-01T00:00:15, 1",
            "1, 1970-01-01T00:00:20, 1",
        ]
    );
}

#[test]
fn windows_of_windows() {
    let rows = Session::new().rows(
        "SELECT window_start, MAX(n) FROM (
             SELECT window_start, window_end, auction, COUNT(*) AS n
             FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, auction)
         GROUP BY window_start, window_end",
    );
    assert_eq!(
        rows,
        [
            "1970-01-01T00:00:00, 2",
            "1970-01-01T00:00:10, 1",
            "1970-01-01T00:00:20, 1"
        ]
    );
}

#[test]
fn the_first_rows_of_each_group() {
    let mut session = Session::new();
    let sql = "SELECT auction, price FROM (
        SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) AS rownum FROM bids) WHERE rownum <= 1";
    assert_eq!(session.rows(sql), ["1, 9", "2, 8", "3, 2"]);
    let sql = "SELECT auction, price, rownum FROM (
        SELECT *, ROW_NUMBER() OVER (PARTITION BY channel ORDER BY price DESC) AS rownum FROM bids) WHERE rownum <= 2";
    assert_eq!(
        session.rows(sql),
        ["1, 9, 1", "1, NULL, 2", "2, 7, 1", "2, 8, 2", "3, 2, 1"]
    );
}

#[test]
fn the_last_row_of_each_key() {
    let rows = Session::new().rows(
        "SELECT bidder, price FROM (
            SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder ORDER BY ts DESC) AS rownum FROM bids) WHERE rownum = 1",
    );
    assert_eq!(rows, ["10, 8", "11, 9", "12, NULL"]);
}

#[test]
fn joins() {
    let mut session = Session::new();
    let inner =
        "SELECT b.bidder, a.item FROM bids b JOIN auctions a ON b.auction = a.id WHERE b.price > 6";
    assert_eq!(session.rows(inner), ["10, plum", "11, pear", "11, plum"]);
    let left = "SELECT a.item, b.price FROM auctions a LEFT JOIN bids b ON a.id = b.auction AND b.price > 8";
    assert_eq!(session.rows(left), ["fig, NULL", "pear, 9", "plum, NULL"]);
    let full = "SELECT a.item, b.auction FROM auctions a FULL JOIN (SELECT DISTINCT auction FROM bids) b ON a.id = b.auction";
    assert_eq!(
        session.rows(full),
        ["NULL, 3", "fig, NULL", "pear, 1", "plum, 2"]
    );
}

#[test]
fn in_and_exists() {
    let mut session = Session::new();
    let rows = session.rows("SELECT item FROM auctions WHERE id IN (SELECT auction FROM bids)");
    assert_eq!(rows, ["pear", "plum"]);
    let rows = session.rows("SELECT item FROM auctions a WHERE NOT EXISTS (SELECT * FROM bids b WHERE b.auction = a.id)");
    assert_eq!(rows, ["fig"]);
}

#[test]
fn rows_of_near_times() {
    let rows = Session::new().rows(
        "SELECT a.item, b.price FROM bids b JOIN auctions a ON b.auction = a.id
         AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '2' SECOND",
    );
    assert_eq!(rows, ["pear, 5", "plum, 7"]);
}

#[test]
fn rows_of_one_window() {
    let rows = Session::new().rows(
        "SELECT l.price, r.item, l.window_end
         FROM (SELECT * FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '2' SECOND))) l
         JOIN (SELECT * FROM TABLE(TUMBLE(TABLE auctions, DESCRIPTOR(ts), INTERVAL '2' SECOND))) r
         ON l.auction = r.id AND l.window_start = r.window_start AND l.window_end = r.window_end",
    );
    assert_eq!(
        rows,
        [
            "5, pear, 1970-01-01T00:00:02",
            "7, plum, 1970-01-01T00:00:02"
        ]
    );
}

#[test]
fn unions_views_and_common_tables() {
    let mut session = Session::new();
    let rows =
        session.rows("SELECT id FROM auctions UNION ALL SELECT auction FROM bids WHERE price > 8");
    assert_eq!(rows, ["1", "1", "2", "4"]);
    let rows = session.rows("SELECT id FROM auctions UNION SELECT auction FROM bids");
    assert_eq!(rows, ["1", "2", "3", "4"]);
    session
        .0
        .execute("CREATE VIEW dear (auction, p) AS SELECT auction, price FROM bids WHERE price > 7")
        .unwrap();
    assert_eq!(session.rows("SELECT * FROM dear"), ["1, 9", "2, 8"]);
    let rows = session.rows(
        "WITH x AS (SELECT auction, COUNT(*) AS n FROM bids GROUP BY auction) SELECT MAX(n) FROM x",
    );
    assert_eq!(rows, ["3"]);
}

#[test]
fn order_and_limit() {
    let mut session = Session::new();
    let rows =
        session.rows("SELECT price FROM bids WHERE price IS NOT NULL ORDER BY price DESC LIMIT 2");
    assert_eq!(rows, ["8", "9"]);
    let rows = session.changes("SELECT price FROM bids ORDER BY ts");
    assert_eq!(
        rows,
        ["+I[5]", "+I[7]", "+I[9]", "+I[2]", "+I[NULL]", "+I[8]"]
    );
    assert_eq!(session.rows("SELECT price FROM bids LIMIT 2").len(), 2);
}

#[test]
fn inserts_and_statement_sets() {
    let mut session = Session::new();
    session
        .0
        .execute_script(
            "CREATE TABLE a (auction BIGINT, n BIGINT) WITH ('connector' = 'blackhole');
             CREATE TABLE b (price INT) WITH ('connector' = 'blackhole');
             INSERT INTO a SELECT auction, COUNT(*) FROM bids GROUP BY auction;
             INSERT INTO a (n) VALUES (1), (2);
             EXECUTE STATEMENT SET BEGIN INSERT INTO b SELECT price FROM bids; INSERT INTO a SELECT 1, 2; END;",
        )
        .unwrap();
}

#[test]
fn groups_of_several_sets() {
    let mut session = Session::new();
    let rows = session.rows(
        "SELECT channel, auction, COUNT(*), GROUPING(channel), GROUPING(channel, auction) FROM bids
         WHERE auction < 3 GROUP BY GROUPING SETS ((channel, auction), (channel), ())",
    );
    assert_eq!(
        rows,
        [
            "NULL, NULL, 5, 1, 3",
            "a, 1, 2, 0, 0",
            "a, 2, 1, 0, 0",
            "a, NULL, 3, 0, 1",
            "b, 1, 1, 0, 0",
            "b, 2, 1, 0, 0",
            "b, NULL, 2, 0, 1"
        ]
    );
    let rows = session.rows("SELECT channel, SUM(price) FROM bids GROUP BY ROLLUP (channel)");
    assert_eq!(rows, ["NULL, 31", "a, 22", "b, 7", "c, 2"]);
    let rows = session.rows("SELECT channel, bidder, COUNT(*) FROM bids WHERE auction = 1 GROUP BY CUBE (channel, bidder)");
    assert_eq!(
        rows,
        [
            "NULL, 10, 1",
            "NULL, 11, 1",
            "NULL, 12, 1",
            "NULL, NULL, 3",
            "a, 10, 1",
            "a, 11, 1",
            "a, NULL, 2",
            "b, 12, 1",
            "b, NULL, 1"
        ]
    );
}
